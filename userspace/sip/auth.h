/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who may be believed: both sides of Digest (RFC 3261 §22, RFC 7616, RFC 8760).
 * As the server it says who a request claims to be, takes the secret that the
 * caller found for that name, and gives a verdict; nothing here looks users up.
 * As the client it keeps what it was challenged with and writes credentials.
 */
#ifndef SIP_AUTH_H
#define SIP_AUTH_H

#include "sip/digest.h"
#include "sip/engine.h"
#include "sip/nonce.h"

#define SIP_AUTH_USER	256	/* bytes of a user name, with NUL */

/* A password, or what can be stored in its place: HA1 for each algorithm. */
struct sip_secret {
	struct slice password;		/* plain; p NULL: only what is in ha1 */
	u8 has;				/* SIP_DIGEST_BITs: which of ha1 are there */
	u8 ha1[SIP_DIGEST_ALGS][SIP_DIGEST_SIZE];
};

/* 0; -ENOKEY: nothing for this algorithm; or as sip_digest_ha1(). The caller wipes ha1. */
int sip_secret_ha1(const struct sip_secret *secret, enum sip_digest_alg alg, struct slice user,
		   struct slice realm, u8 ha1[SIP_DIGEST_SIZE]);
/* The HA1s; the password is somebody else's. */
void sip_secret_wipe(struct sip_secret *secret);

/* --- the side that challenges --- */

/* What we ask for: a record of the caller, who changes it as he likes between calls. */
struct sip_auth_realm {
	struct slice name;		/* plain */
	bool proxy;			/* 407 and Proxy-Authenticate, not 401 */
	u8 algs;			/* SIP_DIGEST_BITs */
	u8 qops;			/* SIP_QOP_ bits; 0: RFC 2069, a nonce is good once */
	struct sip_nonces *nonces;
};

enum sip_auth_verdict {
	SIP_AUTH_OK,
	SIP_AUTH_CHALLENGE,	/* no credentials, or with a strange nonce: challenge */
	SIP_AUTH_STALE,		/* nonce expired or forgotten: challenge with stale */
	SIP_AUTH_REPLAYED,	/* right, but seen before: challenge with stale, and count it */
	SIP_AUTH_BAD,		/* wrong secret, or not what was offered: challenge or 403 */
	SIP_AUTH_MALFORMED,	/* or for another Request-URI (RFC 7616 §3.4.6): 400 */
};

struct sip_auth_claim {
	struct sip_credentials credentials;	/* slices of the request */
	struct sip_nonce nonce;
	char user[SIP_AUTH_USER];		/* plain, "" until the verdict is OK */
};

/*
 * Adds the lines of a 401 or 407, one for each algorithm, the strongest first (RFC 8760
 * §2.3), for sip_respond(). source: what else the nonce is bound to, such as the sender's IP
 * address; may be empty; the same for sip_auth_claim(). random: sip_engine_random(). 0; -EIO:
 * no nonce; -ENOMEM, also for a realm with control characters in its name.
 */
int sip_auth_challenge(const struct sip_auth_realm *realm, u64 now, u64 random,
		       struct slice source, bool stale, struct buf *lines);
/*
 * First step: who the request claims to be. OK: what can be checked without the secret is
 * right; claim->user and claim->credentials.alg say which secret is needed. Any other
 * verdict is final. ACK and CANCEL cannot be challenged (RFC 3261 §22.1): not for them.
 */
enum sip_auth_verdict sip_auth_claim(const struct sip_auth_realm *realm, u64 now,
				     const struct sip_msg *request, struct slice source,
				     struct sip_auth_claim *claim);
/*
 * Second step: OK, BAD, REPLAYED or STALE. secret NULL, no such user, is BAD after as much
 * work as a wrong password is. Once OK, the same credentials are not OK again.
 */
enum sip_auth_verdict sip_auth_check(const struct sip_auth_realm *realm,
				     const struct sip_auth_claim *claim,
				     const struct sip_msg *request,
				     const struct sip_secret *secret);

#endif
