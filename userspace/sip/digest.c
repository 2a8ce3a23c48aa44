// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The arithmetic of Digest. libcrypto hashes; here is only what goes into each
 * hash. An error is remembered in the sum and returned at its end, so that a
 * computation reads like the formula in the RFC.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>

#include "sip/chars.h"
#include "sip/digest.h"

/* What goes into a hash is a dozen of small pieces: the library gets them as one. */
struct sum {
	int err;
	size_t n;		/* in text */
	char text[512];
};

static const char *const names[SIP_DIGEST_ALGS] = {
	[SIP_DIGEST_UNKNOWN] = "",
	[SIP_DIGEST_MD5] = "MD5",
	[SIP_DIGEST_SHA256] = "SHA-256",
	[SIP_DIGEST_SHA512_256] = "SHA-512-256",
};

/* Looked for by their names once, which takes longer than to hash. NULL: not to be had. */
static EVP_MD *hashes[SIP_DIGEST_ALGS];

static void find_hashes(void)
{
	hashes[SIP_DIGEST_MD5] = EVP_MD_fetch(NULL, "MD5", NULL);
	hashes[SIP_DIGEST_SHA256] = EVP_MD_fetch(NULL, "SHA2-256", NULL);
	hashes[SIP_DIGEST_SHA512_256] = EVP_MD_fetch(NULL, "SHA2-512/256", NULL);
}

static const EVP_MD *hash_of(enum sip_digest_alg alg)
{
	static pthread_once_t found = PTHREAD_ONCE_INIT;

	pthread_once(&found, find_hashes);
	return hashes[alg];
}

const char *sip_digest_name(enum sip_digest_alg alg)
{
	return names[alg];
}

size_t sip_digest_size(enum sip_digest_alg alg)
{
	return alg == SIP_DIGEST_UNKNOWN ? 0 : alg == SIP_DIGEST_MD5 ? 16 : 32;
}

/* The same one each time, since making one takes as long as to hash. NULL: no memory. */
static EVP_MD_CTX *context(void)
{
	static _Thread_local EVP_MD_CTX *ctx;

	if (!ctx)
		ctx = EVP_MD_CTX_new();
	return ctx;
}

static void begin(struct sum *s, enum sip_digest_alg alg)
{
	const EVP_MD *hash = hash_of(alg);

	s->err = 0;
	s->n = 0;
	if (!context())
		s->err = -ENOMEM;
	else if (!hash || EVP_DigestInit_ex2(context(), hash, NULL) != 1)
		s->err = -EOPNOTSUPP;
}

static void hash_bytes(struct sum *s, const char *p, size_t n)
{
	if (!s->err && n && EVP_DigestUpdate(context(), p, n) != 1)
		s->err = -EOPNOTSUPP;
}

static void hash_text(struct sum *s)
{
	hash_bytes(s, s->text, s->n);
	OPENSSL_cleanse(s->text, s->n);
	s->n = 0;
}

static void add(struct sum *s, struct slice bytes)
{
	if (bytes.n > sizeof(s->text) - s->n)
		hash_text(s);
	if (bytes.n > sizeof(s->text)) {
		hash_bytes(s, bytes.p, bytes.n);
	} else if (bytes.n) {
		memcpy(s->text + s->n, bytes.p, bytes.n);
		s->n += bytes.n;
	}
}

static void add_after_colon(struct sum *s, struct slice bytes)
{
	add(s, SLICE(":"));
	add(s, bytes);
}

/* What stands between quotes counts without its escapes. */
static void add_quoted_after_colon(struct sum *s, struct slice bytes)
{
	const char *escape;

	add(s, SLICE(":"));
	while (bytes.n > 1 && (escape = memchr(bytes.p, '\\', bytes.n - 1))) {
		size_t n = (size_t)(escape - bytes.p);

		add(s, slice_of(bytes.p, n));
		add(s, slice_of(escape + 1, 1));
		bytes = slice_of(escape + 2, bytes.n - n - 2);
	}
	add(s, bytes);
}

/* The library wipes what it has taken in. */
static int end(struct sum *s, u8 out[SIP_DIGEST_SIZE])
{
	hash_text(s);
	if (!s->err && EVP_DigestFinal_ex(context(), out, NULL) != 1)
		s->err = -EOPNOTSUPP;
	return s->err;
}

static struct slice to_hex(const u8 *bytes, size_t n, char hex[SIP_DIGEST_HEX])
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n; i++) {
		hex[2 * i] = digits[bytes[i] >> 4];
		hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	hex[2 * n] = 0;
	return slice_of(hex, 2 * n);
}

void sip_digest_ha1_print(enum sip_digest_alg alg, const u8 ha1[SIP_DIGEST_SIZE],
			  char hex[SIP_DIGEST_HEX])
{
	to_hex(ha1, sip_digest_size(alg), hex);
}

static u8 digit_of(char c)
{
	return (u8)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

bool sip_digest_ha1_parse(enum sip_digest_alg alg, struct slice hex, u8 ha1[SIP_DIGEST_SIZE])
{
	size_t i, n = sip_digest_size(alg);

	if (!n || hex.n != 2 * n || !sip_all(hex, SIP_CHAR_HEX))
		return false;
	memset(ha1, 0, SIP_DIGEST_SIZE);
	for (i = 0; i < n; i++)
		ha1[i] = (u8)(digit_of(hex.p[2 * i]) << 4 | digit_of(hex.p[2 * i + 1]));
	return true;
}

int sip_digest_ha1(enum sip_digest_alg alg, struct slice user, struct slice realm,
		   struct slice password, u8 ha1[SIP_DIGEST_SIZE])
{
	struct sum s;

	begin(&s, alg);
	add(&s, user);
	add_after_colon(&s, realm);
	add_after_colon(&s, password);
	return end(&s, ha1);
}

/* RFC 7616 §3.4.2: the key of a session algorithm. */
static int session_key(const struct sip_digest *d, u8 key[SIP_DIGEST_SIZE])
{
	char hex[SIP_DIGEST_HEX];
	struct sum s;

	begin(&s, d->alg);
	add(&s, to_hex(key, sip_digest_size(d->alg), hex));
	OPENSSL_cleanse(hex, sizeof(hex));
	add_quoted_after_colon(&s, d->nonce);
	add_quoted_after_colon(&s, d->cnonce);
	return end(&s, key);
}

/* RFC 7616 §3.4.3: A2 with the hash of the body. */
static int request_hash_int(const struct sip_digest *d, u8 out[SIP_DIGEST_SIZE])
{
	char hex[SIP_DIGEST_HEX];
	struct sum s;
	int err;

	begin(&s, d->alg);
	add(&s, d->body);
	err = end(&s, out);
	if (err)
		return err;
	begin(&s, d->alg);
	add(&s, d->method);
	add_quoted_after_colon(&s, d->uri);
	add_after_colon(&s, to_hex(out, sip_digest_size(d->alg), hex));
	return end(&s, out);
}

/* All who register at a domain have the same A2, in which nothing is secret: the last one. */
struct a2 {
	enum sip_digest_alg alg;
	size_t method, uri;		/* their lengths */
	char text[128];
	u8 hash[SIP_DIGEST_SIZE];
};

static bool is_of(const struct a2 *a2, const struct sip_digest *d)
{
	return a2->alg == d->alg && a2->method == d->method.n && a2->uri == d->uri.n &&
	       !memcmp(a2->text, d->method.p, a2->method) &&
	       !memcmp(a2->text + a2->method, d->uri.p, a2->uri);
}

static void remember(struct a2 *a2, const struct sip_digest *d, const u8 hash[SIP_DIGEST_SIZE])
{
	a2->alg = SIP_DIGEST_UNKNOWN;
	if (!d->method.n || !d->uri.n || d->method.n > sizeof(a2->text) ||
	    d->uri.n > sizeof(a2->text) - d->method.n)
		return;
	a2->alg = d->alg;
	a2->method = d->method.n;
	a2->uri = d->uri.n;
	memcpy(a2->text, d->method.p, a2->method);
	memcpy(a2->text + a2->method, d->uri.p, a2->uri);
	memcpy(a2->hash, hash, sizeof(a2->hash));
}

/* RFC 7616 §3.4.3: A2, hashed. */
static int request_hash(const struct sip_digest *d, u8 out[SIP_DIGEST_SIZE])
{
	static _Thread_local struct a2 last;
	struct sum s;
	int err;

	if (d->qop == SIP_QOP_AUTH_INT)
		return request_hash_int(d, out);
	if (d->alg && is_of(&last, d)) {
		memcpy(out, last.hash, sizeof(last.hash));
		return 0;
	}
	begin(&s, d->alg);
	add(&s, d->method);
	add_quoted_after_colon(&s, d->uri);
	err = end(&s, out);
	if (!err)
		remember(&last, d, out);
	return err;
}

static int combine(const struct sip_digest *d, const u8 *key, const u8 *a2,
		   u8 out[SIP_DIGEST_SIZE])
{
	size_t n = sip_digest_size(d->alg);
	char hex[SIP_DIGEST_HEX];
	struct sum s;
	int err;

	begin(&s, d->alg);
	add(&s, to_hex(key, n, hex));
	add_quoted_after_colon(&s, d->nonce);
	if (d->qop) {
		add_after_colon(&s, d->nc);
		add_quoted_after_colon(&s, d->cnonce);
		add_after_colon(&s, d->qop == SIP_QOP_AUTH ? SLICE("auth") : SLICE("auth-int"));
	}
	add_after_colon(&s, to_hex(a2, n, hex));
	err = end(&s, out);
	OPENSSL_cleanse(hex, sizeof(hex));
	return err;
}

int sip_digest_response(const struct sip_digest *d, const u8 ha1[SIP_DIGEST_SIZE],
			char response[SIP_DIGEST_HEX])
{
	u8 key[SIP_DIGEST_SIZE], a2[SIP_DIGEST_SIZE], out[SIP_DIGEST_SIZE];
	int err;

	response[0] = 0;
	memcpy(key, ha1, sizeof(key));
	err = d->sess ? session_key(d, key) : 0;
	if (!err)
		err = request_hash(d, a2);
	if (!err)
		err = combine(d, key, a2, out);
	if (!err)
		to_hex(out, sip_digest_size(d->alg), response);
	OPENSSL_cleanse(key, sizeof(key));
	return err;
}
