// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose request it is, among many trunks: what the index says is what one finds who reads
 * the list of trunks from its beginning, which is what a policy without an index does.
 */
#include <stdio.h>
#include <stdlib.h>

#include "call/route.h"
#include "call/trunk_state.h"
#include "kselftest_harness.h"

#define TRUNKS 600
#define ASKED 20000

FIXTURE(index) {
	struct call_policy *policy;
	u64 seed;
};

static u32 pick(u64 *seed, u32 n)
{
	*seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(*seed >> 33) % n;
}

/* Few networks, in one another and at the edges of bytes, so that many trunks have the same. */
static void some_address(u64 *seed, char text[64])
{
	if (pick(seed, 3))
		snprintf(text, 64, "10.%u.%u.%u", pick(seed, 4), 64 * pick(seed, 4),
			 pick(seed, 4));
	else
		snprintf(text, 64, "2001:db8:%x::%x", pick(seed, 4), pick(seed, 4));
}

static void some_prefix(u64 *seed, struct prefix *prefix)
{
	static const u8 bits[] = { 0, 7, 8, 15, 16, 17, 18, 24, 31, 32, 48, 127, 128 };
	char text[64], both[80];
	struct addr addr;
	u8 n;

	some_address(seed, text);
	addr_parse_ip(slice_str(text), &addr);
	do
		n = bits[pick(seed, sizeof(bits))];
	while (addr.family == AF_INET && n > 32);
	snprintf(both, sizeof(both), "%s/%u", text, n);
	prefix_parse(slice_str(both), prefix);
}

static char *some_name(u64 *seed, const char *what, u32 n)
{
	char *text;

	return asprintf(&text, "%s%u.Example", what, pick(seed, n)) < 0 ? NULL : text;
}

static void make_trunk(struct call_trunk *t, size_t i, u64 *seed)
{
	size_t n = pick(seed, 4);

	if (asprintf(&t->name, "trunk-%zu", i) < 0)
		exit(1);
	t->realm = pick(seed, 2);
	t->match = calloc(n + 1, sizeof(*t->match));
	while (t->nmatch < n)
		some_prefix(seed, &t->match[t->nmatch++]);
	t->tls_names = calloc(3, sizeof(*t->tls_names));
	for (n = pick(seed, 3); t->ntls_names < n;)
		t->tls_names[t->ntls_names++] = some_name(seed, "carrier", 200);
	if (pick(seed, 2))
		t->digest_user = some_name(seed, "user", 100);
	t->digest_domain = pick(seed, 2);
}

FIXTURE_SETUP(index)
{
	struct call_policy *p = calloc(1, sizeof(*p));
	size_t i;

	ASSERT_NE(p, NULL);
	self->seed = 7;
	p->nrealms = 2;
	p->realms = calloc(2, sizeof(*p->realms));
	p->realms[0].nlisteners = 1;
	p->realms[1] = (struct call_realm){ .first_listener = 1, .nlisteners = 1 };
	p->ndomains = 2;
	p->domains = calloc(2, sizeof(*p->domains));
	p->trunks = calloc(TRUNKS, sizeof(*p->trunks));
	for (i = 0; i < TRUNKS; i++)
		make_trunk(&p->trunks[i], i, &self->seed);
	p->ntrunks = TRUNKS;
	self->policy = call_policy_get(p);
}

FIXTURE_TEARDOWN(index)
{
	call_policy_put(self->policy);
}

struct question {
	struct flow flow;
	char name[32], user[32], trunk[32];
	int realm;
	size_t domain;
	bool named;
};

static void ask(struct question *q, u64 *seed)
{
	char text[64];

	memset(q, 0, sizeof(*q));
	some_address(seed, text);
	addr_parse_ip(slice_str(text), &q->flow.peer);
	q->flow.listener = pick(seed, 3);		/* the last is of no realm */
	q->named = pick(seed, 2);
	snprintf(q->name, sizeof(q->name), "CARRIER%u.example", pick(seed, 250));
	snprintf(q->user, sizeof(q->user), "user%u.%s", pick(seed, 120),
		 pick(seed, 2) ? "Example" : "example");
	snprintf(q->trunk, sizeof(q->trunk), "trunk-%u", pick(seed, TRUNKS + 50));
	q->realm = (int)pick(seed, 3) - 1;
	q->domain = pick(seed, 3);			/* the last: NULL */
}

struct answers {
	int source, user, trunk;
};

static struct answers answer(const struct call_policy *p, const struct question *q)
{
	const struct call_domain *domain = q->domain < 2 ? &p->domains[q->domain] : NULL;

	return (struct answers){
		.source = call_policy_trunk(p, &q->flow, q->named ? q->name : NULL),
		.user = call_policy_digest_trunk(p, q->realm, domain, q->user),
		.trunk = call_trunk_index(p, q->trunk),
	};
}

TEST_F(index, says_what_reading_the_whole_list_says)
{
	struct question *q = calloc(ASKED, sizeof(*q));
	struct answers *read = calloc(ASKED, sizeof(*read)), indexed;
	size_t i, found = 0;

	ASSERT_TRUE(q && read);
	for (i = 0; i < ASKED; i++) {
		ask(&q[i], &self->seed);
		read[i] = answer(self->policy, &q[i]);
	}
	call_policy_complete(self->policy);
	ASSERT_NE(self->policy->index, NULL);
	for (i = 0; i < ASKED; i++) {
		indexed = answer(self->policy, &q[i]);
		ASSERT_EQ(indexed.source, read[i].source);
		ASSERT_EQ(indexed.user, read[i].user);
		ASSERT_EQ(indexed.trunk, read[i].trunk);
		found += indexed.source >= 0 && indexed.user >= 0 && indexed.trunk >= 0;
	}
	EXPECT_GT(found, ASKED / 100);
	EXPECT_LT(found, ASKED / 2);
	free(q);
	free(read);
}

TEST_F(index, the_longest_prefix_counts_and_of_equal_ones_the_first_trunk)
{
	static const char *const prefixes[] = {
		"0.0.0.0/0", "10.0.0.0/8", "10.1.128.0/17", "10.1.128.0/17", "10.1.200.7", "::/0",
	};
	static const struct {
		const char *from;
		int trunk;
	} cases[] = {
		{ "192.0.2.1", 0 }, { "10.9.9.9", 1 }, { "10.1.127.255", 1 }, { "10.1.128.0", 2 },
		{ "10.1.200.7", 4 }, { "2001:db8::1", 5 },
	};
	struct call_policy *p = self->policy;
	struct flow flow = { 0 };
	size_t i;

	for (i = 0; i < TRUNKS; i++) {
		p->trunks[i].realm = i < 6 ? 0 : 1;
		p->trunks[i].nmatch = i < 6;
		if (i < 6) {
			free(p->trunks[i].match);
			p->trunks[i].match = calloc(1, sizeof(struct prefix));
			ASSERT_TRUE(prefix_parse(slice_str(prefixes[i]), p->trunks[i].match));
		}
	}
	call_policy_complete(p);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		addr_parse_ip(slice_str(cases[i].from), &flow.peer);
		EXPECT_EQ(call_policy_trunk(p, &flow, NULL), cases[i].trunk);
	}
	flow.listener = 1;
	EXPECT_EQ(call_policy_trunk(p, &flow, NULL), -1);
}

TEST_HARNESS_MAIN
