// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as challenges, credentials and Authentication-Info. What was
 * accepted, printed and read again says the same, in one line.
 */
#include <stdlib.h>

#include "sip/digest.h"

static void check(bool good)
{
	if (!good)
		abort();
}

static void check_same(struct slice a, struct slice b)
{
	check(!a.p == !b.p && slice_eq(a, b));
}

static void check_line(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		check(s.p[i] != '\r' && s.p[i] != '\n' && s.p[i]);
}

static void check_challenge(const struct sip_challenge *c)
{
	struct sip_challenge back;
	struct slice rest;
	struct buf b;

	buf_init(&b);
	sip_challenge_print(&b, c);
	check_line(buf_slice(&b));
	rest = buf_slice(&b);
	check(sip_challenge_next(&rest, &back) == 1);
	check_same(c->realm, back.realm);
	check_same(c->nonce, back.nonce);
	check_same(c->domain, back.domain);
	check_same(c->opaque, back.opaque);
	check_same(c->stale, back.stale);
	check_same(c->algorithm, back.algorithm);
	check_same(c->qop, back.qop);
	check(c->alg == back.alg && c->sess == back.sess && c->qops == back.qops);
	check(c->is_stale == back.is_stale);
	check(!sip_challenge_next(&rest, &back));
	buf_free(&b);
}

static void check_credentials(const struct sip_credentials *c)
{
	struct sip_credentials back;
	struct buf b;

	buf_init(&b);
	sip_credentials_print(&b, c);
	check_line(buf_slice(&b));
	check(!sip_credentials_parse(buf_slice(&b), &back));
	check_same(c->username, back.username);
	check_same(c->realm, back.realm);
	check_same(c->nonce, back.nonce);
	check_same(c->uri, back.uri);
	check_same(c->response, back.response);
	check_same(c->algorithm, back.algorithm);
	check_same(c->cnonce, back.cnonce);
	check_same(c->opaque, back.opaque);
	check_same(c->qop, back.qop);
	check_same(c->nc, back.nc);
	check(c->alg == back.alg && c->sess == back.sess && c->used_qop == back.used_qop);
	check(c->count == back.count);
	buf_free(&b);
}

/* Without its escapes, and with new ones, it means the same. */
static void check_quoting(struct slice quoted)
{
	char plain[256], again[256];
	struct buf b;

	if (!sip_unquote(quoted, plain, sizeof(plain)))
		return;
	check(sip_quoted_eq(quoted, slice_str(plain)));
	buf_init(&b);
	sip_quote(&b, slice_str(plain));
	check(!b.failed && sip_unquote(buf_slice(&b), again, sizeof(again)));
	check(!strcmp(plain, again));
	buf_free(&b);
}

static void check_response(const struct sip_credentials *c)
{
	struct sip_digest d = {
		.alg = c->alg, .sess = c->sess, .qop = c->used_qop, .method = SLICE("INVITE"),
		.uri = c->uri, .nonce = c->nonce, .cnonce = c->cnonce, .nc = c->nc,
		.body = c->opaque,
	};
	u8 ha1[SIP_DIGEST_SIZE] = { 1 };
	char response[SIP_DIGEST_HEX];

	if (!sip_digest_response(&d, ha1, response))
		check(strlen(response) == 2 * sip_digest_size(c->alg));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct slice text = slice_of((const char *)data, size), rest = text;
	struct sip_credentials credentials;
	struct sip_challenge challenge;
	struct sip_auth_info info;

	while (sip_challenge_next(&rest, &challenge) == 1) {
		check_challenge(&challenge);
		check_quoting(challenge.realm);
	}
	if (!sip_credentials_parse(text, &credentials)) {
		check_credentials(&credentials);
		check_quoting(credentials.username);
		check_response(&credentials);
	}
	if (!sip_auth_info_parse(text, &info) && info.nextnonce.p)
		check_line(info.nextnonce);
	return 0;
}
