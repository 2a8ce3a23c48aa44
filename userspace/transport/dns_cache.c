// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One table, and one list in the order of use. What has expired is taken out when it
 * is looked up, or when it has become the oldest of a full cache.
 */
#include <stdlib.h>

#include "base/list.h"
#include "base/timer.h"
#include "transport/dns_cache.h"

#define MIN_TTL 1
#define MAX_TTL 86400
#define MIN_NEGATIVE 5
#define MAX_NEGATIVE 300
#define FAILURE 5

struct entry {
	struct hash_node node;
	struct list used;
	struct dns_answer *answer;
	u64 expires;
	enum dns_type type;
	size_t n;
	char name[];
};

struct dns_cache {
	struct hash table;
	struct hash_key key;
	struct list used;	/* the first was not used for longest */
	size_t max;
	u64 evicted;
};

struct dns_cache *dns_cache_new(const struct hash_key *key, size_t max)
{
	struct dns_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return NULL;
	if (hash_init(&cache->table)) {
		free(cache);
		return NULL;
	}
	cache->key = *key;
	cache->max = max;
	list_init(&cache->used);
	return cache;
}

static void drop(struct dns_cache *cache, struct entry *e)
{
	hash_remove(&cache->table, &e->node);
	list_del(&e->used);
	dns_answer_put(e->answer);
	free(e);
}

void dns_cache_clear(struct dns_cache *cache)
{
	while (!list_empty(&cache->used))
		drop(cache, list_entry(cache->used.next, struct entry, used));
}

void dns_cache_free(struct dns_cache *cache)
{
	if (!cache)
		return;
	dns_cache_clear(cache);
	hash_free(&cache->table);
	free(cache);
}

static u64 hash_of(const struct dns_cache *cache, struct slice name, enum dns_type type)
{
	struct hasher h;

	hash_begin(&h, &cache->key);
	hash_add_u64(&h, type);
	hash_add(&h, name);
	return hash_end(&h);
}

static struct entry *find(const struct dns_cache *cache, struct slice name, enum dns_type type)
{
	struct hash_node *node = hash_first(&cache->table, hash_of(cache, name, type));

	for (; node; node = hash_next(node)) {
		struct entry *e = hash_entry(node, struct entry, node);

		if (e->type == type && slice_eq(slice_of(e->name, e->n), name))
			return e;
	}
	return NULL;
}

static u32 clamp(u32 ttl, u32 min, u32 max)
{
	if (ttl < min)
		return min;
	return ttl > max ? max : ttl;
}

static u32 good_for(const struct dns_answer *answer)
{
	switch (answer->status) {
	case DNS_OK:
	case DNS_ALIAS:
		return clamp(answer->ttl, MIN_TTL, MAX_TTL);
	case DNS_NODATA:
	case DNS_NXDOMAIN:
		return clamp(answer->ttl, MIN_NEGATIVE, MAX_NEGATIVE);
	default:
		return FAILURE;
	}
}

static void make_room(struct dns_cache *cache, u64 now)
{
	struct entry *oldest;

	if (cache->table.n < cache->max)
		return;
	oldest = list_entry(cache->used.next, struct entry, used);
	cache->evicted += oldest->expires > now;
	drop(cache, oldest);
}

void dns_cache_add(struct dns_cache *cache, struct slice name, enum dns_type type,
		   struct dns_answer *answer, u64 now)
{
	struct entry *e = find(cache, name, type);

	if (e)
		drop(cache, e);
	e = cache->max ? malloc(sizeof(*e) + name.n) : NULL;
	if (!e)
		return;
	make_room(cache, now);
	e->answer = dns_answer_get(answer);
	e->expires = now + good_for(answer) * NSEC_PER_SEC;
	e->type = type;
	e->n = name.n;
	memcpy(e->name, name.p, name.n);
	list_add_tail(&cache->used, &e->used);
	hash_insert(&cache->table, &e->node, hash_of(cache, name, type));
}

struct dns_answer *dns_cache_find(struct dns_cache *cache, struct slice name, enum dns_type type,
				  u64 now, u32 *ttl)
{
	struct entry *e = find(cache, name, type);

	if (!e)
		return NULL;
	if (e->expires <= now) {
		drop(cache, e);
		return NULL;
	}
	list_del(&e->used);
	list_add_tail(&cache->used, &e->used);
	/* a part of a second counts as one: 0 would say that it is not good any more */
	*ttl = (u32)((e->expires - now + NSEC_PER_SEC - 1) / NSEC_PER_SEC);
	return dns_answer_get(e->answer);
}

size_t dns_cache_size(const struct dns_cache *cache)
{
	return cache->table.n;
}

u64 dns_cache_evicted(const struct dns_cache *cache)
{
	return cache->evicted;
}
