/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Digest authentication as bytes and arithmetic (RFC 3261 §22.4, RFC 7616, RFC
 * 8760): challenges and credentials read and written, responses computed. Values
 * that stand in quotes are slices of what is between them, escapes included, so
 * that a nonce goes back as it came; "plain" says of an argument that it has no
 * escapes in it. Who is to be believed is decided in auth.h.
 */
#ifndef SIP_DIGEST_H
#define SIP_DIGEST_H

#include "base/buf.h"

/* Weakest first. */
enum sip_digest_alg {
	SIP_DIGEST_UNKNOWN,
	SIP_DIGEST_MD5,
	SIP_DIGEST_SHA256,
	SIP_DIGEST_SHA512_256,
	SIP_DIGEST_ALGS,
};

#define SIP_DIGEST_BIT(alg)	(1u << (alg))
#define SIP_DIGEST_ALL		(SIP_DIGEST_BIT(SIP_DIGEST_MD5) | \
				 SIP_DIGEST_BIT(SIP_DIGEST_SHA256) | \
				 SIP_DIGEST_BIT(SIP_DIGEST_SHA512_256))

#define SIP_QOP_AUTH		1u
#define SIP_QOP_AUTH_INT	2u

#define SIP_DIGEST_SIZE		32			/* bytes of the longest hash */
#define SIP_DIGEST_HEX		(2 * SIP_DIGEST_SIZE + 1)

/* A value whose p is NULL was not given. */
struct sip_challenge {
	struct slice realm, nonce;	/* always there */
	struct slice domain, opaque, stale, algorithm, qop;
	/* what these say: */
	enum sip_digest_alg alg;	/* MD5 when not given (RFC 7616 §3.3) */
	bool sess;
	bool is_stale;
	u8 qops;			/* bits; with qop given, 0: none that we know */
};

struct sip_credentials {
	struct slice username, realm, nonce, uri, response;	/* always there */
	struct slice algorithm, cnonce, opaque, qop, nc;
	enum sip_digest_alg alg;
	bool sess;
	u8 used_qop;			/* one bit; 0: none, or with qop given an unknown one */
	u32 count;			/* nc */
};

/* Authentication-Info (RFC 7616 §3.5). */
struct sip_auth_info {
	struct slice nextnonce, qop, rspauth, cnonce, nc;
};

/*
 * Takes the next Digest challenge off *rest, the value of one WWW-Authenticate or
 * Proxy-Authenticate. SIP has one challenge in a header, HTTP servers have been seen to
 * put several there: a comma separates both parameters and challenges. Other schemes and
 * unknown parameters are passed over. 1; 0: no more; -EINVAL: not a challenge, a parameter
 * given twice, realm or nonce missing; *rest is then empty.
 */
int sip_challenge_next(struct slice *rest, struct sip_challenge *out);
/*
 * The value of one Authorization or Proxy-Authorization. 0; -EOPNOTSUPP: another scheme;
 * -EINVAL: as above, and with qop or a session algorithm there must be a cnonce, with qop a
 * nonce count.
 */
int sip_credentials_parse(struct slice value, struct sip_credentials *out);
/* 0 or -EINVAL. */
int sip_auth_info_parse(struct slice value, struct sip_auth_info *out);

/* "Digest ..." of the slices; what they mean is not looked at. */
void sip_challenge_print(struct buf *b, const struct sip_challenge *c);
void sip_credentials_print(struct buf *b, const struct sip_credentials *c);

/* Plain text as what stands between quotes; control characters make the buffer fail. */
void sip_quote(struct buf *b, struct slice plain);
/* And back, as a string. false: longer than size - 1. */
bool sip_unquote(struct slice quoted, char *plain, size_t size);
bool sip_quoted_eq(struct slice quoted, struct slice plain);

/* "SHA-256"; not for SIP_DIGEST_UNKNOWN. */
const char *sip_digest_name(enum sip_digest_alg alg);
/* Bytes of a hash; 0: unknown. */
size_t sip_digest_size(enum sip_digest_alg alg);

/*
 * HA1 = H(user:realm:password), all plain. It is as good as the password within its
 * realm: whoever holds one wipes it. 0; -EOPNOTSUPP: the library will not compute this
 * algorithm; -ENOMEM.
 */
int sip_digest_ha1(enum sip_digest_alg alg, struct slice user, struct slice realm,
		   struct slice password, u8 ha1[SIP_DIGEST_SIZE]);

/* From and to hex, as many digits as the algorithm has. false: that is none. */
bool sip_digest_ha1_parse(enum sip_digest_alg alg, struct slice hex, u8 ha1[SIP_DIGEST_SIZE]);
void sip_digest_ha1_print(enum sip_digest_alg alg, const u8 ha1[SIP_DIGEST_SIZE],
			  char hex[SIP_DIGEST_HEX]);

struct sip_digest {
	enum sip_digest_alg alg;
	bool sess;			/* nonce and cnonce go into the key (RFC 7616 §3.4.2) */
	u8 qop;				/* one SIP_QOP_ bit; 0: as RFC 2069 had it */
	struct slice method;
	struct slice uri, nonce, cnonce;	/* as between quotes */
	struct slice nc;		/* as written: eight hex digits */
	struct slice body;		/* for auth-int */
};

/* The response (RFC 7616 §3.4.1) in lower-case hex. Errors as above. */
int sip_digest_response(const struct sip_digest *d, const u8 ha1[SIP_DIGEST_SIZE],
			char response[SIP_DIGEST_HEX]);

#endif
