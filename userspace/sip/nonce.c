// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nonces: 6 bytes of time, 8 random, a MAC of 16; in base64 that is 40
 * characters without padding. Their counts are in sets of a few slots, the set
 * chosen by a keyed hash. A full set forgets the nonce that was issued first, so
 * whatever it has forgotten is older than all that are in it: a nonce that is not
 * in its set and is not newer than the first there may have been, and is stale; a
 * newer one never was. So bounded memory never lets a request be replayed, it
 * only costs a challenge more.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/mac.h"
#include "base/timer.h"
#include "sip/chars.h"
#include "sip/nonce.h"

#define DEFAULT_LIFETIME	(300 * NSEC_PER_SEC)
#define DEFAULT_SLOTS		16384
#define WAYS			4
#define WINDOW			64
#define STAMP			14	/* bytes of time and random number */
#define RAW			(STAMP + MAC_SIZE)

struct slot {
	struct sip_nonce nonce;		/* time 0: free */
	u64 seen;			/* bit i: highest - i was taken */
	u32 highest;
};

struct set {
	struct slot slots[WAYS];
};

struct sip_nonces {
	u8 keys[2][MAC_KEY];		/* the current one, the one before */
	bool rotated;			/* there is one before */
	u64 lifetime;			/* ms */
	struct hash_key table_key;
	size_t nsets;
	struct set sets[];
};

/* --- life --- */

/* The table's key is its own, and as unguessable. */
struct sip_nonces *sip_nonces_new(const struct sip_nonces_conf *conf)
{
	size_t slots = conf->slots ? conf->slots : DEFAULT_SLOTS;
	size_t nsets = (slots + WAYS - 1) / WAYS;
	struct sip_nonces *n = zalloc(sizeof(*n) + nsets * sizeof(struct set));

	if (!n)
		return NULL;
	n->nsets = nsets;
	n->lifetime = (conf->lifetime ? conf->lifetime : DEFAULT_LIFETIME) / NSEC_PER_MSEC;
	memcpy(n->keys[0], conf->key, MAC_KEY);
	memcpy(&n->table_key, conf->key + MAC_KEY, sizeof(n->table_key));
	return n;
}

void sip_nonces_free(struct sip_nonces *n)
{
	if (!n)
		return;
	OPENSSL_cleanse(n->keys, sizeof(n->keys));
	OPENSSL_cleanse(&n->table_key, sizeof(n->table_key));
	free(n);
}

void sip_nonces_rotate(struct sip_nonces *n, const u8 key[SIP_NONCE_KEY])
{
	memcpy(n->keys[1], n->keys[0], MAC_KEY);
	memcpy(n->keys[0], key, MAC_KEY);
	n->rotated = true;
}

/* --- the text --- */

static void put(u8 *to, u64 value, size_t n)
{
	while (n--) {
		to[n] = (u8)value;
		value >>= 8;
	}
}

static u64 get(const u8 *from, size_t n)
{
	u64 value = 0;

	while (n--)
		value = value << 8 | *from++;
	return value;
}

/* The length of realm is signed, so that none of it can pass as part of source. */
static void sign(const u8 *key, const u8 *stamp, struct slice realm, struct slice source,
		 u8 out[MAC_SIZE])
{
	u8 head[STAMP + 8];
	struct mac m;

	memcpy(head, stamp, STAMP);
	put(head + STAMP, realm.n, 8);
	mac_begin(&m, key);
	mac_add(&m, slice_of((char *)head, sizeof(head)));
	mac_add(&m, realm);
	mac_add(&m, source);
	mac_end(&m, out);
}

void sip_nonce_print(const struct sip_nonces *n, u64 now, u64 random, struct slice realm,
		     struct slice source, char out[SIP_NONCE_LEN])
{
	u8 raw[RAW];

	put(raw, now / NSEC_PER_MSEC, 6);
	put(raw + 6, random, 8);
	sign(n->keys[0], raw, realm, source, raw + STAMP);
	EVP_EncodeBlock((u8 *)out, raw, RAW);
}

/* Base64 of 30 bytes has one form only: no padding, and every bit counts. */
static bool decode(struct slice text, u8 raw[RAW])
{
	size_t i;

	if (text.n != SIP_NONCE_LEN - 1)
		return false;
	for (i = 0; i < text.n; i++)
		if (!sip_char_is(text.p[i], SIP_CHAR_ALPHA | SIP_CHAR_DIGIT) &&
		    text.p[i] != '+' && text.p[i] != '/')
			return false;
	return EVP_DecodeBlock(raw, (const u8 *)text.p, (int)text.n) == RAW;
}

static bool is_signed(const u8 *key, const u8 *raw, struct slice realm, struct slice source)
{
	u8 out[MAC_SIZE];

	sign(key, raw, realm, source, out);
	return !CRYPTO_memcmp(out, raw + STAMP, MAC_SIZE);
}

int sip_nonce_parse(const struct sip_nonces *n, u64 now, struct slice realm, struct slice source,
		    struct slice text, struct sip_nonce *out)
{
	u8 raw[RAW];

	if (!decode(text, raw))
		return -EBADMSG;
	if (!is_signed(n->keys[0], raw, realm, source) &&
	    !(n->rotated && is_signed(n->keys[1], raw, realm, source)))
		return -EBADMSG;
	out->time = get(raw, 6);
	out->random = get(raw + 6, 8);
	now /= NSEC_PER_MSEC;
	return out->time > now || now - out->time > n->lifetime ? -ESTALE : 0;
}

/* --- counts --- */

static struct set *set_of(struct sip_nonces *n, const struct sip_nonce *nonce)
{
	struct hasher h;

	hash_begin(&h, &n->table_key);
	hash_add_u64(&h, nonce->time);
	hash_add_u64(&h, nonce->random);
	return &n->sets[hash_end(&h) % n->nsets];
}

static struct slot *find_slot(struct set *set, const struct sip_nonce *nonce)
{
	size_t i;

	for (i = 0; i < WAYS; i++)
		if (set->slots[i].nonce.time == nonce->time &&
		    set->slots[i].nonce.random == nonce->random)
			return &set->slots[i];
	return NULL;
}

/* The slot of the nonce that was issued first, which is forgotten. NULL: that is this one. */
static struct slot *make_slot(struct set *set, const struct sip_nonce *nonce)
{
	struct slot *oldest = &set->slots[0];
	size_t i;

	for (i = 1; i < WAYS; i++)
		if (set->slots[i].nonce.time < oldest->nonce.time)
			oldest = &set->slots[i];
	if (nonce->time <= oldest->nonce.time)
		return NULL;
	*oldest = (struct slot){ .nonce = *nonce };
	return oldest;
}

int sip_nonce_use(struct sip_nonces *n, const struct sip_nonce *nonce, u32 count)
{
	struct set *set = set_of(n, nonce);
	struct slot *slot = find_slot(set, nonce);
	u32 behind;

	if (!slot)
		slot = make_slot(set, nonce);
	if (!slot)
		return -ESTALE;
	if (count > slot->highest) {
		u32 ahead = count - slot->highest;

		slot->seen = ahead < WINDOW ? slot->seen << ahead | 1 : 1;
		slot->highest = count;
		return 0;
	}
	behind = slot->highest - count;
	if (!count || behind >= WINDOW || slot->seen >> behind & 1)
		return -EEXIST;
	slot->seen |= 1ull << behind;
	return 0;
}
