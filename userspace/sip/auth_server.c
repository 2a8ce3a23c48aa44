// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The side that challenges. The cheap comes first: a nonce that is not ours
 * costs one short MAC and no look-up of a user; a count is taken only when the
 * response was right, so nobody without a secret uses up memory or counts.
 */
#include <errno.h>
#include <openssl/crypto.h>

#include "sip/auth.h"
#include "sip/chars.h"

int sip_secret_ha1(const struct sip_secret *secret, enum sip_digest_alg alg, struct slice user,
		   struct slice realm, u8 ha1[SIP_DIGEST_SIZE])
{
	if (secret->has & SIP_DIGEST_BIT(alg)) {
		memcpy(ha1, secret->ha1[alg], SIP_DIGEST_SIZE);
		return 0;
	}
	return secret->password.p ? sip_digest_ha1(alg, user, realm, secret->password, ha1)
				  : -ENOKEY;
}

void sip_secret_wipe(struct sip_secret *secret)
{
	OPENSSL_cleanse(secret->ha1, sizeof(secret->ha1));
	secret->has = 0;
}

/* --- challenges --- */

static struct slice qop_text(u8 qops)
{
	static const struct slice texts[] = {
		{ NULL, 0 }, SLICE("auth"), SLICE("auth-int"), SLICE("auth,auth-int"),
	};

	return texts[qops & 3];
}

int sip_auth_challenge(const struct sip_auth_realm *realm, u64 now, u64 random,
		       struct slice source, bool stale, struct buf *lines)
{
	struct sip_challenge c = { .qop = qop_text(realm->qops) };
	enum sip_digest_alg alg;
	char nonce[SIP_NONCE_LEN];
	char room[128];
	struct buf name;
	int err;

	sip_nonce_print(realm->nonces, now, random, realm->name, source, nonce);
	buf_init_lent(&name, room, sizeof(room));
	sip_quote(&name, realm->name);
	c.realm = name.n ? buf_slice(&name) : SLICE("");
	c.nonce = slice_str(nonce);
	c.stale = stale ? SLICE("true") : slice_of(NULL, 0);
	for (alg = SIP_DIGEST_ALGS - 1; alg > SIP_DIGEST_UNKNOWN; alg--) {
		if (!(realm->algs & SIP_DIGEST_BIT(alg)))
			continue;
		c.algorithm = slice_str(realm->brief && alg == SIP_DIGEST_MD5 ?
					NULL : sip_digest_name(alg));
		buf_str(lines, realm->proxy ? "Proxy-Authenticate: " : "WWW-Authenticate: ");
		sip_challenge_print(lines, &c);
		buf_add(lines, SLICE("\r\n"));
	}
	err = name.failed || lines->failed ? -ENOMEM : 0;
	buf_free(&name);
	return err;
}

/* --- claims --- */

/* The credentials for our realm; others may be for somebody further on (RFC 3261 §22.3). */
static enum sip_auth_verdict find(const struct sip_auth_realm *realm,
				  const struct sip_msg *request, struct sip_credentials *out)
{
	enum sip_hdr_id id = realm->proxy ? SIP_HDR_PROXY_AUTHORIZATION : SIP_HDR_AUTHORIZATION;
	const struct sip_hdr *hdr = sip_msg_header(request, id);
	enum sip_auth_verdict verdict = SIP_AUTH_CHALLENGE;
	bool found = false;

	for (; hdr; hdr = sip_msg_header_next(request, hdr)) {
		struct sip_credentials c;
		int err = sip_credentials_parse(hdr->value, &c);

		if (err == -EINVAL && !found)
			verdict = SIP_AUTH_MALFORMED;
		if (err || !sip_quoted_eq(c.realm, realm->name))
			continue;
		if (found)
			return SIP_AUTH_MALFORMED;
		found = true;
		verdict = SIP_AUTH_OK;
		*out = c;
	}
	return verdict;
}

static bool is_offered(const struct sip_auth_realm *realm, const struct sip_credentials *c)
{
	if (c->sess || !(realm->algs & SIP_DIGEST_BIT(c->alg)) || !sip_digest_size(c->alg))
		return false;
	if (c->response.n != 2 * sip_digest_size(c->alg) || !sip_all(c->response, SIP_CHAR_HEX))
		return false;
	return realm->qops ? c->used_qop & realm->qops : !c->qop.p;
}

/*
 * Credentials are for one Request-URI. Some devices (SIPp) name the server alone: who does so is
 * not protected from another URI on the way, and is right all the same.
 */
static bool is_for(const struct sip_credentials *c, const struct sip_msg *request)
{
	struct sip_uri uri;

	if (slice_eq(c->uri, request->ruri))
		return true;
	return (sip_uri_parse(c->uri, &uri) && uri.kind == request->uri.kind &&
		uri.host.n && !uri.user.n && !uri.params.n && !uri.headers.n) ||
	       sip_uri_eq(c->uri, request->ruri);
}

enum sip_auth_verdict sip_auth_claim(const struct sip_auth_realm *realm, u64 now,
				     const struct sip_msg *request, struct slice source,
				     struct sip_auth_claim *claim)
{
	struct sip_credentials *c = &claim->credentials;
	enum sip_auth_verdict verdict;

	claim->user[0] = 0;
	verdict = find(realm, request, c);
	if (verdict != SIP_AUTH_OK)
		return verdict;
	/* One of before a restart, or of where he was before, says nothing of his password. */
	if (sip_nonce_parse(realm->nonces, now, realm->name, source, c->nonce, &claim->nonce))
		return SIP_AUTH_STALE;
	if (!is_offered(realm, c))
		return SIP_AUTH_BAD;
	if (!is_for(c, request))
		return SIP_AUTH_MALFORMED;
	if (sip_unquote(c->username, claim->user, sizeof(claim->user)))
		return SIP_AUTH_OK;
	claim->user[0] = 0;
	return SIP_AUTH_BAD;
}

/* --- the check --- */

static bool is_right(const struct sip_credentials *c, const char *wanted)
{
	char given[SIP_DIGEST_HEX];
	size_t i;

	for (i = 0; i < c->response.n; i++)
		given[i] = c->response.p[i] >= 'A' && c->response.p[i] <= 'F' ?
			   (char)(c->response.p[i] | 0x20) : c->response.p[i];
	return !CRYPTO_memcmp(given, wanted, c->response.n);
}

/* The length of the response was checked with the claim. */
static bool knows_secret(const struct sip_auth_realm *realm, const struct sip_auth_claim *claim,
			 const struct sip_msg *request, const struct sip_secret *secret)
{
	const struct sip_credentials *c = &claim->credentials;
	struct sip_digest d = {
		.alg = c->alg, .qop = c->used_qop, .method = request->method_name,
		.uri = c->uri, .nonce = c->nonce, .cnonce = c->cnonce, .nc = c->nc,
		.body = request->body,
	};
	char wanted[SIP_DIGEST_HEX];
	u8 ha1[SIP_DIGEST_SIZE];
	bool right;

	right = !sip_secret_ha1(secret, c->alg, slice_str(claim->user), realm->name, ha1) &&
		!sip_digest_response(&d, ha1, wanted) && is_right(c, wanted);
	OPENSSL_cleanse(ha1, sizeof(ha1));
	OPENSSL_cleanse(wanted, sizeof(wanted));
	return right;
}

enum sip_auth_verdict sip_auth_check(const struct sip_auth_realm *realm,
				     const struct sip_auth_claim *claim,
				     const struct sip_msg *request,
				     const struct sip_secret *secret)
{
	static const struct sip_secret nobody = { .password = SLICE("") };
	const struct sip_credentials *c = &claim->credentials;

	if (!knows_secret(realm, claim, request, secret ? secret : &nobody) || !secret)
		return SIP_AUTH_BAD;
	switch (sip_nonce_use(realm->nonces, &claim->nonce, c->used_qop ? c->count : 1)) {
	case 0:
		return SIP_AUTH_OK;
	case -ESTALE:
		return SIP_AUTH_STALE;
	default:
		return SIP_AUTH_REPLAYED;
	}
}
