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
#define SHA256_BLOCK		64
#define SHA256_SIZE		32

struct slot {
	struct sip_nonce nonce;		/* time 0: free */
	u64 seen;			/* bit i: highest - i was taken */
	u32 highest;
};

struct set {
	struct slot slots[WAYS];
};

/*
 * HMAC (RFC 2104) with a key that both hashes have taken in: the library's would take it in,
 * and look for the hash by its name, each time. NULL: there is no key, or the library failed.
 */
struct mac {
	EVP_MD_CTX *inner, *outer;
};

struct sip_nonces {
	struct mac macs[2];		/* with the current key, with the one before */
	EVP_MD_CTX *sum;		/* that is being made */
	u64 lifetime;			/* ms */
	struct hash_key table_key;
	size_t nsets;
	struct set sets[];
};

/* --- the MAC --- */

static EVP_MD_CTX *keyed_hash(const u8 *key, u8 pad)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	u8 block[SHA256_BLOCK];
	size_t i;

	for (i = 0; i < sizeof(block); i++)
		block[i] = (i < SIP_NONCE_KEY ? key[i] : 0) ^ pad;
	if (ctx && (EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) != 1 ||
		    EVP_DigestUpdate(ctx, block, sizeof(block)) != 1)) {
		EVP_MD_CTX_free(ctx);
		ctx = NULL;
	}
	OPENSSL_cleanse(block, sizeof(block));
	return ctx;
}

/* Which wipes them. */
static void free_mac(struct mac *mac)
{
	EVP_MD_CTX_free(mac->inner);
	EVP_MD_CTX_free(mac->outer);
	*mac = (struct mac){ 0 };
}

static bool make_mac(struct mac *mac, const u8 *key)
{
	mac->inner = keyed_hash(key, 0x36);
	mac->outer = keyed_hash(key, 0x5c);
	if (mac->inner && mac->outer)
		return true;
	free_mac(mac);
	return false;
}

static bool begin(EVP_MD_CTX *sum, const EVP_MD_CTX *keyed)
{
	return keyed && EVP_MD_CTX_copy_ex(sum, keyed) == 1;
}

static bool add(EVP_MD_CTX *sum, const void *bytes, size_t n)
{
	return !n || EVP_DigestUpdate(sum, bytes, n) == 1;
}

static bool end(EVP_MD_CTX *sum, const struct mac *mac, u8 out[SHA256_SIZE])
{
	return EVP_DigestFinal_ex(sum, out, NULL) == 1 && begin(sum, mac->outer) &&
	       add(sum, out, SHA256_SIZE) && EVP_DigestFinal_ex(sum, out, NULL) == 1;
}

/* --- life --- */

/* The table's key is its own, and as unguessable. */
static bool make_keys(struct sip_nonces *n, const u8 *key)
{
	u8 out[SHA256_SIZE];
	bool made;

	n->sum = EVP_MD_CTX_new();
	made = n->sum && make_mac(&n->macs[0], key) && begin(n->sum, n->macs[0].inner) &&
	       add(n->sum, "table", 5) && end(n->sum, &n->macs[0], out);
	if (made)
		memcpy(&n->table_key, out, sizeof(n->table_key));
	OPENSSL_cleanse(out, sizeof(out));
	return made;
}

struct sip_nonces *sip_nonces_new(const struct sip_nonces_conf *conf)
{
	size_t slots = conf->slots ? conf->slots : DEFAULT_SLOTS;
	size_t nsets = (slots + WAYS - 1) / WAYS;
	struct sip_nonces *n = zalloc(sizeof(*n) + nsets * sizeof(struct set));

	if (!n)
		return NULL;
	n->nsets = nsets;
	n->lifetime = (conf->lifetime ? conf->lifetime : DEFAULT_LIFETIME) / NSEC_PER_MSEC;
	if (!make_keys(n, conf->key)) {
		sip_nonces_free(n);
		return NULL;
	}
	return n;
}

void sip_nonces_free(struct sip_nonces *n)
{
	if (!n)
		return;
	free_mac(&n->macs[0]);
	free_mac(&n->macs[1]);
	EVP_MD_CTX_free(n->sum);
	OPENSSL_cleanse(&n->table_key, sizeof(n->table_key));
	free(n);
}

void sip_nonces_rotate(struct sip_nonces *n, const u8 key[SIP_NONCE_KEY])
{
	free_mac(&n->macs[1]);
	n->macs[1] = n->macs[0];
	make_mac(&n->macs[0], key);
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
static int sign(const struct sip_nonces *n, const struct mac *mac, const u8 *stamp,
		struct slice realm, struct slice source, u8 out[SHA256_SIZE])
{
	u8 head[STAMP + 8];

	memcpy(head, stamp, STAMP);
	put(head + STAMP, realm.n, 8);
	if (!begin(n->sum, mac->inner) || !add(n->sum, head, sizeof(head)) ||
	    !add(n->sum, realm.p, realm.n) || !add(n->sum, source.p, source.n) ||
	    !end(n->sum, mac, out))
		return -EIO;
	return 0;
}

int sip_nonce_print(const struct sip_nonces *n, u64 now, u64 random, struct slice realm,
		    struct slice source, char out[SIP_NONCE_LEN])
{
	u8 raw[STAMP + SHA256_SIZE];
	int err;

	put(raw, now / NSEC_PER_MSEC, 6);
	put(raw + 6, random, 8);
	err = sign(n, &n->macs[0], raw, realm, source, raw + STAMP);
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

static bool is_signed(const struct sip_nonces *n, const struct mac *mac, const u8 *raw,
		      struct slice realm, struct slice source)
{
	u8 out[SHA256_SIZE];

	return !sign(n, mac, raw, realm, source, out) && !CRYPTO_memcmp(out, raw + STAMP, MAC);
}

int sip_nonce_parse(const struct sip_nonces *n, u64 now, struct slice realm, struct slice source,
		    struct slice text, struct sip_nonce *out)
{
	u8 raw[RAW];

	if (!decode(text, raw))
		return -EBADMSG;
	if (!is_signed(n, &n->macs[0], raw, realm, source) &&
	    !is_signed(n, &n->macs[1], raw, realm, source))
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
