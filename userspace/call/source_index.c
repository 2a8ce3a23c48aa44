// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whose request is this, among many trunks: their prefixes, the names that their
 * certificates prove, the users that they prove to be and their own names, each sorted once.
 * Prefixes of one length of one realm are a group, the longest first: a look-up is a search
 * in each of the few groups of a realm. Of equal ones the trunk that stands first counts.
 */
#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "base/alloc.h"
#include "call/policy.h"
#include "call/policy_private.h"

struct network {
	u32 realm, trunk;
	u16 family;
	u8 bits;
	u8 bytes[16];			/* behind bits they are 0 */
};

/* Networks that differ in their bytes only. */
struct group {
	size_t first, n;
};

struct named {
	u32 realm, trunk;
	u32 domain;			/* of a user */
	const char *name;		/* the policy's string */
};

struct call_source_index {
	struct network *networks;
	struct group *groups;
	struct named *names, *users;
	struct named *trunks;		/* of no realm: 0 */
	size_t nnetworks, ngroups, nnames, nusers, ntrunks;
};

/* --- networks --- */

static void mask(u8 bytes[16], u8 bits)
{
	size_t i = bits / 8;

	if (i >= 16)
		return;
	if (bits % 8)
		bytes[i++] &= (u8)(0xff << (8 - bits % 8));
	memset(bytes + i, 0, 16 - i);
}

static struct network network_of(u32 realm, u32 trunk, const struct addr *a, u8 bits)
{
	struct network n = { .realm = realm, .trunk = trunk, .family = a->family, .bits = bits };
	struct slice ip = addr_ip_bytes(a);

	memcpy(n.bytes, ip.p, ip.n);
	mask(n.bytes, bits);
	return n;
}

static int compare(u64 a, u64 b)
{
	return (a > b) - (a < b);
}

static int by_group(const struct network *a, const struct network *b)
{
	int order = compare(a->realm, b->realm);

	if (!order)
		order = compare(a->family, b->family);
	return order ? order : compare(b->bits, a->bits);
}

static int by_network(const void *one, const void *other)
{
	const struct network *a = one, *b = other;
	int order = by_group(a, b);

	if (!order)
		order = memcmp(a->bytes, b->bytes, sizeof(a->bytes));
	return order ? order : compare(a->trunk, b->trunk);
}

static void add_networks(struct call_source_index *x, const struct call_policy *p, u32 trunk)
{
	const struct call_trunk *t = &p->trunks[trunk];
	size_t i;

	for (i = 0; i < t->nmatch; i++)
		if (t->match[i].addr.family)
			x->networks[x->nnetworks++] = network_of((u32)t->realm, trunk,
								 &t->match[i].addr,
								 t->match[i].bits);
}

static void make_groups(struct call_source_index *x)
{
	size_t i;

	for (i = 0; i < x->nnetworks; i++) {
		if (!i || by_group(&x->networks[i - 1], &x->networks[i]))
			x->groups[x->ngroups++] = (struct group){ .first = i };
		x->groups[x->ngroups - 1].n++;
	}
}

/* The trunk of the first of the group with the same bytes; -1: there is none. */
static int search_group(const struct call_source_index *x, const struct group *g,
			const struct network *wanted)
{
	const struct network *list = x->networks + g->first;
	size_t from = 0, to = g->n;

	while (from < to) {
		size_t at = from + (to - from) / 2;

		if (memcmp(list[at].bytes, wanted->bytes, sizeof(wanted->bytes)) < 0)
			from = at + 1;
		else
			to = at;
	}
	return from < g->n && !memcmp(list[from].bytes, wanted->bytes, sizeof(wanted->bytes)) ?
	       (int)list[from].trunk : -1;
}

int call_source_index_address(const struct call_source_index *x, int realm,
			      const struct addr *addr)
{
	struct network wanted;
	int trunk = -1;
	size_t i;

	for (i = 0; i < x->ngroups && trunk < 0; i++) {
		const struct network *head = &x->networks[x->groups[i].first];

		if (head->realm != (u32)realm || head->family != addr->family)
			continue;
		wanted = network_of(head->realm, 0, addr, head->bits);
		trunk = search_group(x, &x->groups[i], &wanted);
	}
	return trunk;
}

/* --- names --- */

static int by_name(const void *one, const void *other)
{
	const struct named *a = one, *b = other;
	int order = compare(a->realm, b->realm);

	if (!order)
		order = strcasecmp(a->name, b->name);
	return order ? order : compare(a->trunk, b->trunk);
}

static int by_user(const void *one, const void *other)
{
	const struct named *a = one, *b = other;
	int order = compare(a->realm, b->realm);

	if (!order)
		order = compare(a->domain, b->domain);
	if (!order)
		order = strcmp(a->name, b->name);
	return order ? order : compare(a->trunk, b->trunk);
}

/* Its trunk is 0, so that it stands before all that are equal but for that. */
static const struct named *search(const struct named *list, size_t n, const struct named *wanted,
				  int (*order)(const void *a, const void *b))
{
	size_t from = 0, to = n;

	while (from < to) {
		size_t at = from + (to - from) / 2;

		if (order(&list[at], wanted) < 0)
			from = at + 1;
		else
			to = at;
	}
	return from < n ? &list[from] : NULL;
}

int call_source_index_name(const struct call_source_index *x, int realm, const char *name)
{
	struct named wanted = { .realm = (u32)realm, .name = name };
	const struct named *found = search(x->names, x->nnames, &wanted, by_name);

	return found && found->realm == wanted.realm && !strcasecmp(found->name, name) ?
	       (int)found->trunk : -1;
}

int call_source_index_user(const struct call_source_index *x, int realm, size_t domain,
			   const char *user)
{
	struct named wanted = { .realm = (u32)realm, .domain = (u32)domain, .name = user };
	const struct named *found = search(x->users, x->nusers, &wanted, by_user);

	return found && found->realm == wanted.realm && found->domain == wanted.domain &&
	       !strcmp(found->name, user) ? (int)found->trunk : -1;
}

int call_source_index_trunk(const struct call_source_index *x, const char *name)
{
	struct named wanted = { .name = name };
	const struct named *found = search(x->trunks, x->ntrunks, &wanted, by_user);

	return found && !strcmp(found->name, name) ? (int)found->trunk : -1;
}

static void add_names(struct call_source_index *x, const struct call_policy *p, u32 trunk)
{
	const struct call_trunk *t = &p->trunks[trunk];
	size_t i;

	for (i = 0; i < t->ntls_names; i++)
		x->names[x->nnames++] = (struct named){
			.realm = (u32)t->realm, .trunk = trunk, .name = t->tls_names[i],
		};
	if (t->digest_user)
		x->users[x->nusers++] = (struct named){
			.realm = (u32)t->realm, .trunk = trunk, .name = t->digest_user,
			.domain = (u32)t->digest_domain,
		};
	x->trunks[x->ntrunks++] = (struct named){ .trunk = trunk, .name = t->name };
}

/* --- life --- */

static bool has_room(struct call_source_index *x, const struct call_policy *p)
{
	size_t i, networks = 1, names = 1;

	for (i = 0; i < p->ntrunks; i++) {
		networks += p->trunks[i].nmatch;
		names += p->trunks[i].ntls_names;
	}
	x->networks = calloc(networks, sizeof(*x->networks));
	x->groups = calloc(networks, sizeof(*x->groups));
	x->names = calloc(names, sizeof(*x->names));
	x->users = calloc(p->ntrunks + 1, sizeof(*x->users));
	x->trunks = calloc(p->ntrunks + 1, sizeof(*x->trunks));
	return x->networks && x->groups && x->names && x->users && x->trunks;
}

struct call_source_index *call_source_index_new(const struct call_policy *p)
{
	struct call_source_index *x = zalloc(sizeof(*x));
	u32 i;

	if (!x || !has_room(x, p)) {
		call_source_index_free(x);
		return NULL;
	}
	for (i = 0; i < p->ntrunks; i++) {
		add_networks(x, p, i);
		add_names(x, p, i);
	}
	qsort(x->networks, x->nnetworks, sizeof(*x->networks), by_network);
	qsort(x->names, x->nnames, sizeof(*x->names), by_name);
	qsort(x->users, x->nusers, sizeof(*x->users), by_user);
	qsort(x->trunks, x->ntrunks, sizeof(*x->trunks), by_user);
	make_groups(x);
	return x;
}

void call_source_index_free(struct call_source_index *x)
{
	if (!x)
		return;
	free(x->networks);
	free(x->groups);
	free(x->names);
	free(x->users);
	free(x->trunks);
	free(x);
}
