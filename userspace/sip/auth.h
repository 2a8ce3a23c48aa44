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
	bool brief;			/* MD5, which is meant without a word, is not named */
	struct sip_nonces *nonces;
};

enum sip_auth_verdict {
	SIP_AUTH_OK,
	SIP_AUTH_CHALLENGE,	/* no credentials for this realm: challenge */
	SIP_AUTH_STALE,		/* nonce expired, forgotten or strange: challenge with stale */
	SIP_AUTH_REPLAYED,	/* right, but seen before: challenge with stale, and count it */
	SIP_AUTH_BAD,		/* wrong secret, or not what was offered: challenge or 403 */
	/*
	 * Or for another Request-URI (RFC 7616 §3.4.6): 400. One that is a host alone is good
	 * for any, since there are devices that send it.
	 */
	SIP_AUTH_MALFORMED,
};

struct sip_auth_claim {
	struct sip_credentials credentials;	/* slices of the request */
	struct sip_nonce nonce;
	char user[SIP_AUTH_USER];		/* plain, "" until the verdict is OK */
};

/*
 * Adds the lines of a 401 or 407, one for each algorithm, the strongest first (RFC 8760
 * §2.3), for sip_respond(). source: what else the nonce is bound to, such as the sender's IP
 * address; may be empty; the same for sip_auth_claim(). random: sip_engine_random(). 0;
 * -ENOMEM, also for a realm with control characters in its name.
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

/* --- the side that answers --- */

#define SIP_AUTH_REALMS	4	/* so many challenges are kept for one client */

/* Who we are in a realm. */
struct sip_auth_account {
	struct slice realm;		/* plain; empty: any */
	struct slice user;		/* plain */
	struct sip_secret secret;
};

/*
 * What one peer challenged us with: one for each trunk, so that the nonce of one request
 * serves the next. accounts, the first that fits a realm first, and their slices are the
 * caller's, and outlive it. algs: SIP_DIGEST_BITs that may be used. NULL: no memory.
 */
struct sip_auth_client;
struct sip_auth_client *sip_auth_client_new(const struct sip_auth_account *accounts,
					    size_t naccounts, u8 algs);
void sip_auth_client_free(struct sip_auth_client *c);	/* NULL allowed */

/*
 * One request and its repetitions with other credentials: all zero before the first. lines
 * are the credentials that went out last; the ACK to a 2xx has the same as the INVITE (RFC
 * 3261 §22.1), so they go into its content->headers.
 */
struct sip_auth_attempt {
	u32 answered[SIP_AUTH_REALMS];		/* which challenge; 0: none */
	bool challenged[SIP_AUTH_REALMS];	/* while this attempt went on */
	u8 stale[SIP_AUTH_REALMS];		/* so often */
	struct buf lines;
};

void sip_auth_attempt_free(struct sip_auth_attempt *a);

/*
 * sip_request() with credentials for all that is known so far, which the first time may be
 * nothing. After a 401 or 407 that sip_auth_learn() understood, call it again with the same
 * dialog, method and content: it is the same call with the next CSeq (RFC 3261 §8.1.3.5), and
 * the transaction has acknowledged the refusal. A first request that got a provisional
 * response with a To-tag before the refusal needs a new dialog instead. Errors:
 * as sip_request(); -EOPNOTSUPP, -EIO: no credentials could be made.
 */
int sip_auth_request(struct sip_engine *e, u64 now, struct sip_auth_client *c,
		     struct sip_auth_attempt *a, struct sip_dialog *dialog,
		     enum sip_method method, const struct sip_content *content, void *user,
		     struct sip_client **client);
/*
 * What sip_auth_request() adds: one line for each challenge, in a->lines. uri: as in the
 * request line; body: empty when there is none.
 */
int sip_auth_print(struct sip_engine *e, struct sip_auth_client *c, struct sip_auth_attempt *a,
		   struct slice method, struct slice uri, struct slice body);
/*
 * A 401 or 407 to the attempt. Of the challenges of each realm the topmost that we can
 * answer counts (RFC 8760 §2.4). 0: answer it; -EACCES: what we sent was refused, and would
 * be again: the secret is wrong; -ENOKEY: we have no account or algorithm for any of them;
 * -EINVAL: nothing in it is a challenge; -ENOMEM.
 */
int sip_auth_learn(struct sip_auth_client *c, struct sip_auth_attempt *a,
		   const struct sip_msg *response);
/* Any other final response: takes over the nextnonce of Authentication-Info. */
void sip_auth_accepted(struct sip_auth_client *c, const struct sip_auth_attempt *a,
		       const struct sip_msg *response);

#endif
