// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SipHash-2-4 with an end of two words, as its authors have it in their second edition.
 */
#include "base/mac.h"
#include "base/siphash.h"

#define ROUNDS 2
#define LAST_ROUNDS 4

static u64 load(const u8 *p)
{
	return siphash_load((const char *)p, 8);
}

static void store(u8 *p, u64 word)
{
	word = htole64(word);
	memcpy(p, &word, sizeof(word));
}

void mac_begin(struct mac *m, const u8 key[MAC_KEY])
{
	struct hash_key k = { { load(key), load(key + 8) } };

	siphash_begin(&m->h, &k);
	m->h.v[1] ^= 0xee;
	explicit_bzero(&k, sizeof(k));
}

void mac_add(struct mac *m, struct slice bytes)
{
	siphash_add(&m->h, bytes, ROUNDS);
}

void mac_end(struct mac *m, u8 out[MAC_SIZE])
{
	u64 *v = m->h.v;

	siphash_compress(v, m->h.tail | m->h.n << 56, ROUNDS);
	v[2] ^= 0xee;
	siphash_mix(v, LAST_ROUNDS);
	store(out, siphash_fold(v));
	v[1] ^= 0xdd;
	siphash_mix(v, LAST_ROUNDS);
	store(out + 8, siphash_fold(v));
	explicit_bzero(m, sizeof(*m));
}
