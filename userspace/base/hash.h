/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hash tables whose nodes live inside the elements, and the keyed hash
 * (SipHash-1-3) that fills them: who sends us keys must not be able to choose
 * which bucket they go to. The table knows hashes only; whoever looks something
 * up compares the keys.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/slice.h"

struct hash_key {
	u64 k[2];
};

/* Hashing in pieces: begin, add as often as needed, end. */
struct hasher {
	u64 v[4];
	u64 tail;
	u64 n;
};

void hash_begin(struct hasher *h, const struct hash_key *key);
void hash_add(struct hasher *h, struct slice bytes);
/* With its length, so that ("ab", "c") differs from ("a", "bc"). */
void hash_add_field(struct hasher *h, struct slice bytes);
void hash_add_u64(struct hasher *h, u64 value);
u64 hash_end(struct hasher *h);

struct hash_node {
	struct hash_node *next;
	u64 hash;
};

struct hash {
	struct hash_node **buckets;
	size_t nbuckets;	/* a power of two */
	size_t n;
};

#define hash_entry(node, type, member) \
	((type *)((char *)(node) - offsetof(type, member)))

int hash_init(struct hash *t);		/* 0 or -ENOMEM */
void hash_free(struct hash *t);		/* the table; the nodes are their owners' */
/* Never fails: a table that cannot grow gets slower. */
void hash_insert(struct hash *t, struct hash_node *node, u64 hash);
void hash_remove(struct hash *t, struct hash_node *node);
/* The nodes with this very hash; NULL: no more. */
struct hash_node *hash_first(const struct hash *t, u64 hash);
struct hash_node *hash_next(const struct hash_node *node);
/* To empty a table: a node of *bucket or one behind it, which *bucket then is; NULL: none. */
struct hash_node *hash_from(const struct hash *t, size_t *bucket);

#endif
