// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The hash of tables, SipHash-1-3: nothing is signed by it, so that it need not mix as
 * often as mac.c does. And chained tables that double when there
 * are half as many nodes as buckets: what is in a chain is seldom in a cache.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/siphash.h"

#define FIRST_BUCKETS 64
#define ROUNDS 1
#define LAST_ROUNDS 3

void hash_begin(struct hasher *h, const struct hash_key *key)
{
	siphash_begin(h, key);
}

void hash_add(struct hasher *h, struct slice bytes)
{
	siphash_add(h, bytes, ROUNDS);
}

void hash_add_u64(struct hasher *h, u64 value)
{
	siphash_add_u64(h, value, ROUNDS);
}

/*
 * Each begins with a word, and has its length behind its bytes, as SipHash itself ends:
 * nothing has to be shifted.
 */
void hash_add_field(struct hasher *h, struct slice bytes)
{
	struct hasher own = *h;
	u64 last = (u64)bytes.n << 56;
	size_t i;

	if (own.n & 7) {
		siphash_compress(own.v, own.tail, ROUNDS);
		own.n |= 7;
		own.n++;
	}
	for (i = 0; i + 8 <= bytes.n; i += 8)
		siphash_compress(own.v, siphash_load(bytes.p + i, 8), ROUNDS);
	if (i < bytes.n)
		last |= siphash_load(bytes.p + i, bytes.n - i);
	siphash_compress(own.v, last, ROUNDS);
	own.tail = 0;
	own.n += i + 8;
	*h = own;
}

u64 hash_end(struct hasher *h)
{
	siphash_compress(h->v, h->tail | h->n << 56, ROUNDS);
	h->v[2] ^= 0xff;
	siphash_mix(h->v, LAST_ROUNDS);
	return siphash_fold(h->v);
}

int hash_init(struct hash *t)
{
	t->n = 0;
	t->nbuckets = FIRST_BUCKETS;
	t->buckets = calloc(t->nbuckets, sizeof(struct hash_node *));
	return t->buckets ? 0 : -ENOMEM;
}

void hash_free(struct hash *t)
{
	free(t->buckets);
	t->buckets = NULL;
}

static struct hash_node **bucket_of(const struct hash *t, u64 hash)
{
	return &t->buckets[hash & (t->nbuckets - 1)];
}

static void grow(struct hash *t)
{
	struct hash wide = { .nbuckets = t->nbuckets * 2, .n = t->n };
	size_t i;

	wide.buckets = calloc(wide.nbuckets, sizeof(struct hash_node *));
	if (!wide.buckets)
		return;
	for (i = 0; i < t->nbuckets; i++) {
		while (t->buckets[i]) {
			struct hash_node *node = t->buckets[i];
			struct hash_node **bucket = bucket_of(&wide, node->hash);

			t->buckets[i] = node->next;
			node->next = *bucket;
			*bucket = node;
		}
	}
	free(t->buckets);
	*t = wide;
}

void hash_insert(struct hash *t, struct hash_node *node, u64 hash)
{
	struct hash_node **bucket;

	if (2 * t->n >= t->nbuckets)
		grow(t);
	bucket = bucket_of(t, hash);
	node->hash = hash;
	node->next = *bucket;
	*bucket = node;
	t->n++;
}

void hash_remove(struct hash *t, struct hash_node *node)
{
	struct hash_node **at = bucket_of(t, node->hash);

	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	t->n--;
}

static struct hash_node *same(struct hash_node *node, u64 hash)
{
	while (node && node->hash != hash)
		node = node->next;
	return node;
}

struct hash_node *hash_first(const struct hash *t, u64 hash)
{
	return same(*bucket_of(t, hash), hash);
}

struct hash_node *hash_next(const struct hash_node *node)
{
	return same(node->next, node->hash);
}

struct hash_node *hash_from(const struct hash *t, size_t *bucket)
{
	for (; *bucket < t->nbuckets; (*bucket)++)
		if (t->buckets[*bucket])
			return t->buckets[*bucket];
	return NULL;
}
