/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * SipHash (Aumasson, Bernstein) over pieces, for hash.c and mac.c, which differ in how often
 * it mixes. The state is in registers while a piece is taken in.
 */
#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H

#include <endian.h>

#include "base/hash.h"

#define SIPHASH_INLINE static inline __attribute__((always_inline))

SIPHASH_INLINE u64 siphash_rotate(u64 x, unsigned int by)
{
	return x << by | x >> (64 - by);
}

SIPHASH_INLINE void siphash_mix(u64 v[4], int rounds)
{
	while (rounds--) {
		v[0] += v[1];
		v[1] = siphash_rotate(v[1], 13) ^ v[0];
		v[0] = siphash_rotate(v[0], 32);
		v[2] += v[3];
		v[3] = siphash_rotate(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = siphash_rotate(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = siphash_rotate(v[1], 17) ^ v[2];
		v[2] = siphash_rotate(v[2], 32);
	}
}

SIPHASH_INLINE void siphash_compress(u64 v[4], u64 word, int rounds)
{
	v[3] ^= word;
	siphash_mix(v, rounds);
	v[0] ^= word;
}

SIPHASH_INLINE void siphash_begin(struct hasher *h, const struct hash_key *key)
{
	h->v[0] = key->k[0] ^ 0x736f6d6570736575ull;
	h->v[1] = key->k[1] ^ 0x646f72616e646f6dull;
	h->v[2] = key->k[0] ^ 0x6c7967656e657261ull;
	h->v[3] = key->k[1] ^ 0x7465646279746573ull;
	h->tail = 0;
	h->n = 0;
}

SIPHASH_INLINE u64 siphash_load(const char *p, size_t n)
{
	u32 half, other;
	u64 word;

	if (n == 8) {
		memcpy(&word, p, 8);
		return le64toh(word);
	}
	if (n >= 4) {		/* two halves, the second may lie over the first */
		memcpy(&half, p, 4);
		memcpy(&other, p + n - 4, 4);
		return le32toh(half) | (u64)le32toh(other) << 8 * (n - 4);
	}
	word = (u8)p[0];
	if (n > 1)
		word |= (u64)(u8)p[1] << 8 | (u64)(u8)p[n - 1] << 8 * (n - 1);
	return word;
}

/* A whole word, of which the first bytes fill the one that was begun. */
SIPHASH_INLINE void siphash_add_u64(struct hasher *h, u64 word, int rounds)
{
	unsigned int begun = 8 * (h->n & 7);

	siphash_compress(h->v, h->tail | word << begun, rounds);
	h->tail = begun ? word >> (64 - begun) : 0;
	h->n += 8;
}

/* Fewer than eight, one at least. */
SIPHASH_INLINE void siphash_add_few(struct hasher *h, const char *p, size_t n, int rounds)
{
	u64 word = siphash_load(p, n);
	size_t begun = h->n & 7;

	h->tail |= word << 8 * begun;
	h->n += n;
	if (begun + n < 8)
		return;
	siphash_compress(h->v, h->tail, rounds);
	h->tail = begun ? word >> 8 * (8 - begun) : 0;
}

SIPHASH_INLINE void siphash_add(struct hasher *h, struct slice bytes, int rounds)
{
	struct hasher own = *h;
	size_t i;

	for (i = 0; i + 8 <= bytes.n; i += 8)
		siphash_add_u64(&own, siphash_load(bytes.p + i, 8), rounds);
	if (i < bytes.n)
		siphash_add_few(&own, bytes.p + i, bytes.n - i, rounds);
	*h = own;
}

SIPHASH_INLINE u64 siphash_fold(const u64 v[4])
{
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

#endif
