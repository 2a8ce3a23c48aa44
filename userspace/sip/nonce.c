// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Nonces: 6 bytes of time, 8 random, 16 of HMAC-SHA-256; in base64 that is 40
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
#include <openssl/hmac.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/timer.h"
#include "sip/chars.h"
#include "sip/nonce.h"

#define DEFAULT_LIFETIME	(300 * NSEC_PER_SEC)
#define DEFAULT_SLOTS		16384
#define WAYS			4
#define WINDOW			64
#define STAMP			14	/* bytes of time and random number */
#define MAC			16
#define RAW			(STAMP + MAC)

struct slot {
	struct sip_nonce nonce;		/* time 0: free */
	u64 seen;			/* bit i: highest - i was taken */
	u32 highest;
};

struct set {
	struct slot slots[WAYS];
};

struct sip_nonces {
	u8 keys[2][SIP_NONCE_KEY];	/* the current one, the one before */
	bool has_previous;
	u64 lifetime;			/* ms */
	struct hash_key table_key;
	size_t nsets;
	struct set sets[];
};

struct sip_nonces *sip_nonces_new(const struct sip_nonces_conf *conf)
{
	size_t slots = conf->slots ? conf->slots : DEFAULT_SLOTS;
	size_t nsets = (slots + WAYS - 1) / WAYS;
	struct sip_nonces *n = zalloc(sizeof(*n) + nsets * sizeof(struct set));
	u8 mac[EVP_MAX_MD_SIZE];

	if (!n)
		return NULL;
	n->nsets = nsets;
	n->lifetime = (conf->lifetime ? conf->lifetime : DEFAULT_LIFETIME) / NSEC_PER_MSEC;
	memcpy(n->keys[0], conf->key, SIP_NONCE_KEY);
	/* The table's key is its own, and as unguessable. */
	if (!HMAC(EVP_sha256(), conf->key, SIP_NONCE_KEY, (const u8 *)"table", 5, mac, NULL)) {
		sip_nonces_free(n);
		return NULL;
	}
	memcpy(&n->table_key, mac, sizeof(n->table_key));
	OPENSSL_cleanse(mac, sizeof(mac));
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
	memcpy(n->keys[1], n->keys[0], SIP_NONCE_KEY);
	memcpy(n->keys[0], key, SIP_NONCE_KEY);
	n->has_previous = true;
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

static bool hash(struct slice s, u8 out[32])
{
	return EVP_Digest(s.n ? s.p : "", s.n, out, NULL, EVP_sha256(), NULL) == 1;
}

/* Realm and source are hashed before, so that none of one can pass as the other's. */
static int sign(const u8 *key, const u8 *stamp, struct slice realm, struct slice source,
		u8 mac[EVP_MAX_MD_SIZE])
{
	u8 text[STAMP + 32 + 32];

	memcpy(text, stamp, STAMP);
	if (!hash(realm, text + STAMP) || !hash(source, text + STAMP + 32) ||
	    !HMAC(EVP_sha256(), key, SIP_NONCE_KEY, text, sizeof(text), mac, NULL))
		return -EIO;
	return 0;
}

int sip_nonce_print(const struct sip_nonces *n, u64 now, u64 random, struct slice realm,
		    struct slice source, char out[SIP_NONCE_LEN])
{
	u8 raw[STAMP + EVP_MAX_MD_SIZE];
	int err;

	put(raw, now / NSEC_PER_MSEC, 6);
	put(raw + 6, random, 8);
	err = sign(n->keys[0], raw, realm, source, raw + STAMP);
	if (err)
		return err;
	EVP_EncodeBlock((u8 *)out, raw, RAW);
	return 0;
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
	u8 mac[EVP_MAX_MD_SIZE];

	return !sign(key, raw, realm, source, mac) && !CRYPTO_memcmp(mac, raw + STAMP, MAC);
}

int sip_nonce_parse(const struct sip_nonces *n, u64 now, struct slice realm, struct slice source,
		    struct slice text, struct sip_nonce *out)
{
	u8 raw[RAW];

	if (!decode(text, raw))
		return -EBADMSG;
	if (!is_signed(n->keys[0], raw, realm, source) &&
	    !(n->has_previous && is_signed(n->keys[1], raw, realm, source)))
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
