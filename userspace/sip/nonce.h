/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The nonces of our challenges (RFC 7616 §3.3). A nonce is its time, a random
 * number and a MAC over both, the realm and what else the caller binds it to:
 * challenging a stranger costs no memory. Memory is spent when credentials with
 * a nonce were right: then its counts are kept, in a table of fixed size, so
 * that none is taken twice.
 */
#ifndef SIP_NONCE_H
#define SIP_NONCE_H

#include "base/slice.h"

#define SIP_NONCE_KEY	32	/* bytes */
#define SIP_NONCE_LEN	41	/* 40 characters of base64, and NUL */

struct sip_nonces;

struct sip_nonces_conf {
	u8 key[SIP_NONCE_KEY];	/* unguessable; whoever has it makes nonces */
	u64 lifetime;		/* ns; 0: 5 minutes */
	u32 slots;		/* nonces whose counts are kept, 32 bytes each; 0: 16384 */
};

struct sip_nonce {
	u64 time;		/* ms */
	u64 random;
};

/* The caller wipes its conf. NULL: no memory. */
struct sip_nonces *sip_nonces_new(const struct sip_nonces_conf *conf);
void sip_nonces_free(struct sip_nonces *n);		/* NULL allowed */
/*
 * Signs with another key from now on. What the one before signed stays good, and what the
 * one before that signed is strange: rotate at most once per lifetime.
 */
void sip_nonces_rotate(struct sip_nonces *n, const u8 key[SIP_NONCE_KEY]);

/*
 * realm and source, which may be empty, must be the same when it comes back. now in ns, of
 * any clock that does not go back; random must not repeat.
 */
void sip_nonce_print(const struct sip_nonces *n, u64 now, u64 random, struct slice realm,
		     struct slice source, char out[SIP_NONCE_LEN]);
/* 0; -ESTALE: ours, but expired; -EBADMSG: not ours, or not for this realm and source. */
int sip_nonce_parse(const struct sip_nonces *n, u64 now, struct slice realm,
		    struct slice source, struct slice text, struct sip_nonce *out);
/*
 * Takes one count (from 1) of a nonce that sip_nonce_parse() accepted, once the response
 * was found to be right. Counts may come in disorder, but none twice, nor one that is 64
 * or more behind. 0; -EEXIST: taken before, or too far behind; -ESTALE: the nonce was
 * forgotten for newer ones, so nothing can be said of its counts.
 */
int sip_nonce_use(struct sip_nonces *n, const struct sip_nonce *nonce, u32 count);

#endif
