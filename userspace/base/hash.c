// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SipHash-2-4 (Aumasson, Bernstein) over pieces, and chained tables that double
 * when there are half as many nodes as buckets: what is in a chain is seldom in a cache.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"

#define FIRST_BUCKETS 64

static u64 rotate(u64 x, unsigned int by)
{
	return x << by | x >> (64 - by);
}

static inline __attribute__((always_inline)) void mix(u64 v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static void compress(struct hasher *h, u64 word)
{
	h->v[3] ^= word;
	mix(h->v);
	mix(h->v);
	h->v[0] ^= word;
}

static u64 word_at(const char *p)
{
	u64 word;

	memcpy(&word, p, sizeof(word));
	return le64toh(word);
}

void hash_begin(struct hasher *h, const struct hash_key *key)
{
	h->v[0] = key->k[0] ^ 0x736f6d6570736575ull;
	h->v[1] = key->k[1] ^ 0x646f72616e646f6dull;
	h->v[2] = key->k[0] ^ 0x6c7967656e657261ull;
	h->v[3] = key->k[1] ^ 0x7465646279746573ull;
	h->tail = 0;
	h->n = 0;
}

/* Of less than a word. */
static u64 few_at(const char *p, size_t n)
{
	u64 word = 0;
	size_t i;

	for (i = 0; i < n; i++)
		word |= (u64)(u8)p[i] << 8 * i;
	return word;
}

/* A whole word, of which the first bytes fill the one that was begun. */
static void add_word(struct hasher *h, u64 word)
{
	unsigned int begun = 8 * (h->n & 7);

	compress(h, h->tail | word << begun);
	h->tail = begun ? word >> (64 - begun) : 0;
	h->n += 8;
}

void hash_add(struct hasher *h, struct slice bytes)
{
	size_t begun, left, i;
	u64 word;

	if (!bytes.n)
		return;
	for (i = 0; i + 8 <= bytes.n; i += 8)
		add_word(h, word_at(bytes.p + i));
	begun = h->n & 7;
	left = bytes.n - i;
	word = few_at(bytes.p + i, left);
	h->tail |= word << 8 * begun;
	h->n += left;
	if (begun + left < 8)
		return;
	compress(h, h->tail);
	h->tail = begun ? word >> 8 * (8 - begun) : 0;
}

void hash_add_u64(struct hasher *h, u64 value)
{
	add_word(h, value);
}

void hash_add_field(struct hasher *h, struct slice bytes)
{
	hash_add_u64(h, bytes.n);
	hash_add(h, bytes);
}

u64 hash_end(struct hasher *h)
{
	compress(h, h->tail | h->n << 56);
	h->v[2] ^= 0xff;
	mix(h->v);
	mix(h->v);
	mix(h->v);
	mix(h->v);
	return h->v[0] ^ h->v[1] ^ h->v[2] ^ h->v[3];
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
