// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A table by target and a list in the order of marking. What is over stays until its
 * target succeeds, is marked again, or its place is wanted: the memory has a size.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/list.h"
#include "transport/failed.h"

struct entry {
	struct hash_node node;
	struct list marked;
	struct failed_target target;
};

struct failed {
	struct hash table;
	struct hash_key key;
	struct list marked;	/* the first was marked longest ago */
	size_t max;
};

struct failed *failed_new(const struct hash_key *key, size_t max)
{
	struct failed *failed = calloc(1, sizeof(*failed));

	if (!failed)
		return NULL;
	if (hash_init(&failed->table)) {
		free(failed);
		return NULL;
	}
	failed->key = *key;
	failed->max = max ? max : 1;
	list_init(&failed->marked);
	return failed;
}

static void drop(struct failed *failed, struct entry *e)
{
	hash_remove(&failed->table, &e->node);
	list_del(&e->marked);
	free(e);
}

void failed_free(struct failed *failed)
{
	if (!failed)
		return;
	while (!list_empty(&failed->marked))
		drop(failed, list_entry(failed->marked.next, struct entry, marked));
	hash_free(&failed->table);
	free(failed);
}

static u64 hash_of(const struct failed *failed, enum transport t, const struct addr *addr)
{
	size_t n = addr->family == AF_INET ? sizeof(addr->ip.v4) : sizeof(addr->ip.v6);
	struct hasher h;

	hash_begin(&h, &failed->key);
	hash_add_u64(&h, (u64)t << 32 | (u32)addr->family << 16 | addr->port);
	hash_add(&h, slice_of((const char *)&addr->ip, n));
	return hash_end(&h);
}

static struct entry *find(const struct failed *failed, enum transport t, const struct addr *addr)
{
	struct hash_node *node = hash_first(&failed->table, hash_of(failed, t, addr));

	for (; node; node = hash_next(node)) {
		struct entry *e = hash_entry(node, struct entry, node);

		if (e->target.transport == t && addr_eq(&e->target.addr, addr))
			return e;
	}
	return NULL;
}

static struct entry *enter(struct failed *failed, enum transport t, const struct addr *addr,
			   u64 now)
{
	struct entry *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	if (failed->table.n >= failed->max)
		drop(failed, list_entry(failed->marked.next, struct entry, marked));
	e->target.transport = t;
	e->target.addr = *addr;
	e->target.since = now;
	list_init(&e->marked);
	hash_insert(&failed->table, &e->node, hash_of(failed, t, addr));
	return e;
}

void failed_mark(struct failed *failed, enum transport transport, const struct addr *addr,
		 u64 now, u64 ns, const char *reason)
{
	struct entry *e = find(failed, transport, addr);

	if (!e)
		e = enter(failed, transport, addr, now);
	if (!e)
		return;
	list_del(&e->marked);
	list_add_tail(&failed->marked, &e->marked);
	e->target.until = now + ns;
	e->target.times++;
	snprintf(e->target.reason, sizeof(e->target.reason), "%s", reason);
}

bool failed_clear(struct failed *failed, enum transport transport, const struct addr *addr)
{
	struct entry *e = find(failed, transport, addr);

	if (e)
		drop(failed, e);
	return e;
}

const struct failed_target *failed_find(const struct failed *failed, enum transport transport,
					const struct addr *addr, u64 now)
{
	const struct entry *e = find(failed, transport, addr);

	return e && e->target.until > now ? &e->target : NULL;
}

void failed_sort(const struct failed *failed, struct locate_candidate *candidates, size_t n,
		 u64 now)
{
	size_t i, at, good = 0;

	for (i = 0; i < n; i++) {
		struct locate_candidate c = candidates[i];

		if (failed_find(failed, c.transport, &c.addr, now))
			continue;
		for (at = i; at > good; at--)
			candidates[at] = candidates[at - 1];
		candidates[good++] = c;
	}
}

const struct failed_target *failed_next(const struct failed *failed,
					const struct failed_target *last, u64 now)
{
	const struct list *at = &failed->marked;

	if (last)
		at = &list_entry(last, struct entry, target)->marked;
	for (at = at->next; at != &failed->marked; at = at->next) {
		const struct entry *e = list_entry(at, struct entry, marked);

		if (e->target.until > now)
			return &e->target;
	}
	return NULL;
}
