// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A hash table of subscribers by domain and user, and for each domain how many
 * of them have each algorithm, so that a challenge needs no look at them all.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/list.h"
#include "call/subscriber.h"

struct tally {
	struct list node;
	size_t users;
	size_t have[SIP_DIGEST_ALGS];
	char name[];
};

struct subscriber {
	struct hash_node node;
	struct tally *domain;
	u64 record;
	struct sip_secret secret;
	char user[];
};

struct call_subscribers {
	struct hash table;
	struct hash_key key;
	struct list domains;
	u64 last;			/* number of a record */
};

struct call_subscribers *call_subscribers_new(const struct hash_key *key)
{
	struct call_subscribers *s = zalloc(sizeof(*s));

	if (!s)
		return NULL;
	list_init(&s->domains);
	s->key = *key;
	if (!hash_init(&s->table))
		return s;
	free(s);
	return NULL;
}

/* --- domains --- */

static struct tally *find_domain(const struct call_subscribers *s, struct slice name)
{
	struct list *at;

	for (at = s->domains.next; at != &s->domains; at = at->next) {
		struct tally *t = list_entry(at, struct tally, node);

		if (slice_caseeq(slice_str(t->name), name))
			return t;
	}
	return NULL;
}

static struct tally *need_domain(struct call_subscribers *s, struct slice name)
{
	struct tally *t = find_domain(s, name);

	if (t)
		return t;
	t = zalloc(sizeof(*t) + name.n + 1);
	if (!t)
		return NULL;
	memcpy(t->name, name.p, name.n);
	list_add_tail(&s->domains, &t->node);
	return t;
}

static void count(struct tally *t, const struct sip_secret *secret, size_t by)
{
	size_t alg;

	t->users += by;
	for (alg = 0; alg < SIP_DIGEST_ALGS; alg++)
		if (secret->has & SIP_DIGEST_BIT(alg))
			t->have[alg] += by;
}

u8 call_subscribers_algs(const struct call_subscribers *s, const struct call_domain *domain)
{
	const struct tally *stored = find_domain(s, slice_str(domain->name));
	u8 every = 0, any = 0;
	size_t users = domain->nsubscribers + (stored ? stored->users : 0), have, i;
	u8 offered = domain->algs ? domain->algs : SIP_DIGEST_ALL;

	for (i = 0; i < SIP_DIGEST_ALGS; i++) {
		have = domain->have[i] + (stored ? stored->have[i] : 0);
		if (have)
			any |= SIP_DIGEST_BIT(i);
		if (have && have == users)
			every |= SIP_DIGEST_BIT(i);
	}
	return every & offered ? every & offered : any & offered;
}

/* --- subscribers --- */

static u64 hash_of(const struct call_subscribers *s, struct slice domain, struct slice user)
{
	struct hasher h;
	size_t i;

	hash_begin(&h, &s->key);
	for (i = 0; i < domain.n; i++) {
		char c = (char)tolower((unsigned char)domain.p[i]);

		hash_add(&h, slice_of(&c, 1));
	}
	hash_add(&h, SLICE("@"));
	hash_add(&h, user);
	return hash_end(&h);
}

static struct subscriber *find(const struct call_subscribers *s, struct slice domain,
			       struct slice user)
{
	struct hash_node *node = hash_first(&s->table, hash_of(s, domain, user));

	for (; node; node = hash_next(node)) {
		struct subscriber *sub = hash_entry(node, struct subscriber, node);

		if (slice_eq(slice_str(sub->user), user) &&
		    slice_caseeq(slice_str(sub->domain->name), domain))
			return sub;
	}
	return NULL;
}

static void free_subscriber(struct call_subscribers *s, struct subscriber *sub)
{
	hash_remove(&s->table, &sub->node);
	count(sub->domain, &sub->secret, (size_t)-1);
	sip_secret_wipe(&sub->secret);
	free(sub);
}

static struct subscriber *add(struct call_subscribers *s, struct slice domain, struct slice user)
{
	struct tally *t = need_domain(s, domain);
	struct subscriber *sub = t ? zalloc(sizeof(*sub) + user.n + 1) : NULL;

	if (!sub)
		return NULL;
	sub->domain = t;
	memcpy(sub->user, user.p, user.n);
	hash_insert(&s->table, &sub->node, hash_of(s, domain, user));
	count(t, &sub->secret, 1);
	return sub;
}

int call_subscribers_set(struct call_subscribers *s, struct slice domain, struct slice user,
			 const struct sip_secret *secret, u64 *record)
{
	struct subscriber *sub = find(s, domain, user);

	if (!sub) {
		sub = add(s, domain, user);
		if (!sub)
			return -ENOMEM;
		sub->record = *record ? *record : s->last + 1;
		if (sub->record > s->last)
			s->last = sub->record;
	}
	*record = sub->record;
	count(sub->domain, &sub->secret, (size_t)-1);
	sub->secret.has = secret->has;
	memcpy(sub->secret.ha1, secret->ha1, sizeof(sub->secret.ha1));
	count(sub->domain, &sub->secret, 1);
	return 0;
}

int call_subscribers_del(struct call_subscribers *s, struct slice domain, struct slice user,
			 u64 *record)
{
	struct subscriber *sub = find(s, domain, user);

	if (!sub)
		return -ENOENT;
	*record = sub->record;
	free_subscriber(s, sub);
	return 0;
}

const struct sip_secret *call_subscribers_find(const struct call_subscribers *s,
					       struct slice domain, struct slice user)
{
	const struct subscriber *sub = find(s, domain, user);

	return sub ? &sub->secret : NULL;
}

void call_subscribers_each(const struct call_subscribers *s,
			   void (*each)(void *arg, const char *domain, const char *user, u8 algs),
			   void *arg)
{
	struct hash_node *node;
	size_t i;

	for (i = 0; i < s->table.nbuckets; i++) {
		for (node = s->table.buckets[i]; node; node = node->next) {
			const struct subscriber *sub = hash_entry(node, struct subscriber, node);

			each(arg, sub->domain->name, sub->user, sub->secret.has);
		}
	}
}

void call_subscribers_free(struct call_subscribers *s)
{
	struct hash_node *node;
	size_t at = 0;

	if (!s)
		return;
	while (s->table.n && (node = hash_from(&s->table, &at)))
		free_subscriber(s, hash_entry(node, struct subscriber, node));
	while (!list_empty(&s->domains)) {
		struct tally *t = list_entry(s->domains.next, struct tally, node);

		list_del(&t->node);
		free(t);
	}
	hash_free(&s->table);
	free(s);
}
