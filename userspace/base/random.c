// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ChaCha20 as a generator with fast key erasure: of each block one half becomes
 * the next key, so what was given out cannot be computed from memory later.
 */
#include <endian.h>

#include "base/random.h"

static u32 load(const u8 *p)
{
	u32 word;

	memcpy(&word, p, sizeof(word));
	return le32toh(word);
}

static u32 rotate(u32 x, unsigned int by)
{
	return x << by | x >> (32 - by);
}

static inline __attribute__((always_inline)) void quarter(u32 *a, u32 *b, u32 *c, u32 *d)
{
	*a += *b;
	*d = rotate(*d ^ *a, 16);
	*c += *d;
	*b = rotate(*b ^ *c, 12);
	*a += *b;
	*d = rotate(*d ^ *a, 8);
	*c += *d;
	*b = rotate(*b ^ *c, 7);
}

void chacha20_block(const u32 key[8], u32 counter, const u32 nonce[3], u8 out[64])
{
	u32 in[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
	u32 x[16];
	size_t i;

	memcpy(in + 4, key, 32);
	in[12] = counter;
	memcpy(in + 13, nonce, 12);
	memcpy(x, in, sizeof(x));
	for (i = 0; i < 10; i++) {
		quarter(&x[0], &x[4], &x[8], &x[12]);
		quarter(&x[1], &x[5], &x[9], &x[13]);
		quarter(&x[2], &x[6], &x[10], &x[14]);
		quarter(&x[3], &x[7], &x[11], &x[15]);
		quarter(&x[0], &x[5], &x[10], &x[15]);
		quarter(&x[1], &x[6], &x[11], &x[12]);
		quarter(&x[2], &x[7], &x[8], &x[13]);
		quarter(&x[3], &x[4], &x[9], &x[14]);
	}
	for (i = 0; i < 16; i++) {
		u32 word = htole32(x[i] + in[i]);

		memcpy(out + 4 * i, &word, sizeof(word));
	}
}

void random_init(struct random *r, const u8 seed[32])
{
	size_t i;

	for (i = 0; i < 8; i++)
		r->key[i] = load(seed + 4 * i);
	r->used = sizeof(r->out);
}

static void refill(struct random *r)
{
	static const u32 nonce[3];
	u8 block[64];
	size_t i;

	chacha20_block(r->key, 0, nonce, block);
	for (i = 0; i < 8; i++)
		r->key[i] = load(block + 4 * i);
	memcpy(r->out, block + 32, 32);
	r->used = 0;
}

u64 random_u64(struct random *r)
{
	const u8 *p;

	if (r->used == sizeof(r->out))
		refill(r);
	p = r->out + r->used;
	r->used += 8;
	return load(p) | (u64)load(p + 4) << 32;
}
