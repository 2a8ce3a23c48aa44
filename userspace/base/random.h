/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A random generator that is an object: tags and branches must be unguessable,
 * and a test with a known seed must repeat. ChaCha20 (RFC 8439 §2.3) in counter
 * mode under a key that is replaced by its own output at each block.
 */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include "base/slice.h"

struct random {
	u32 key[8];
	u8 out[32];
	u8 used;		/* of out */
};

void random_init(struct random *r, const u8 seed[32]);
u64 random_u64(struct random *r);
/* One block: 64 bytes of key stream. */
void chacha20_block(const u32 key[8], u32 counter, const u32 nonce[3], u8 out[64]);

#endif
