// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as challenges, credentials and Authentication-Info. What was
 * accepted, printed and read again says the same, in one line. Then a peer sends
 * them to both sides of the exchange: whatever challenged us gets credentials that
 * can be read, and nobody is let in, because nobody knows the secret.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/timer.h"
#include "sip/auth.h"

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

static const struct sip_auth_account account = {
	.user = { "u\"s", 3 }, .secret = { .password = { "secret", 6 } },
};

static struct effects effects;
static struct timers timers;
static struct sip_engine *engine;
static struct sip_nonces *nonces;

static void start(void)
{
	static const struct sip_listener listener = { .local = { .family = AF_INET } };
	static const struct sip_engine_conf conf = { .listeners = &listener, .nlisteners = 1 };
	static const struct sip_nonces_conf nonces_conf = { .key = "fuzz" };

	effects_init(&effects);
	timers_init(&timers);
	engine = sip_engine_new(&conf, &effects, &timers);
	nonces = sip_nonces_new(&nonces_conf);
	check(engine && nonces);
}

/* Each line that we would send is one header with credentials. */
static void check_lines(struct slice lines)
{
	struct sip_credentials c;

	while (lines.n) {
		const char *colon = memchr(lines.p, ':', lines.n);
		const char *end = memchr(lines.p, '\r', lines.n);

		check(colon && end && colon < end && end[1] == '\n');
		check(!sip_credentials_parse(slice_of(colon + 1, (size_t)(end - colon) - 1), &c));
		check(sip_quoted_eq(c.username, account.user));
		lines = slice_of(end + 2, lines.n - (size_t)(end + 2 - lines.p));
	}
}

/* The same again and again: what was answered was refused, which comes to an end. */
static void give(struct sip_msg *msg, enum sip_hdr_id id, struct slice value)
{
	msg->has[id / 64] |= 1ull << id % 64;
	msg->first[id] = (u16)msg->nhdrs;
	msg->hdrs[msg->nhdrs++] = (struct sip_hdr){ .id = id, .value = value };
}

static void be_challenged(struct slice text)
{
	static struct sip_msg msg;
	struct sip_auth_attempt attempt = { .answered = { 0 } };
	struct sip_auth_client *client = sip_auth_client_new(&account, 1, SIP_DIGEST_ALL);
	int result, i;

	msg.nhdrs = 0;
	give(&msg, SIP_HDR_WWW_AUTHENTICATE, text);
	give(&msg, SIP_HDR_PROXY_AUTHENTICATE, text);
	give(&msg, SIP_HDR_AUTHENTICATION_INFO, text);
	result = sip_auth_learn(client, &attempt, &msg);
	for (i = 0; !result; i++) {
		check(i < 10);
		check(!sip_auth_print(engine, client, &attempt, SLICE("OPTIONS"),
				      SLICE("sip:a@b"), SLICE("")));
		check(attempt.lines.n);
		check_lines(buf_slice(&attempt.lines));
		result = sip_auth_learn(client, &attempt, &msg);
		check(!result || result == -EACCES);
	}
	sip_auth_accepted(client, &attempt, &msg);
	sip_auth_attempt_free(&attempt);
	sip_auth_client_free(client);
}

static void be_asked(struct slice text)
{
	static struct sip_msg msg;
	const struct sip_auth_realm realm = {
		.name = SLICE("r"), .algs = SIP_DIGEST_ALL, .qops = SIP_QOP_AUTH, .nonces = nonces,
	};
	struct sip_auth_claim claim;

	msg.nhdrs = 0;
	msg.ruri = SLICE("sip:b");
	give(&msg, SIP_HDR_AUTHORIZATION, text);
	/* Nobody but we can sign a nonce. */
	check(sip_auth_claim(&realm, NSEC_PER_SEC, &msg, SLICE(""), &claim) != SIP_AUTH_OK);
	/* And if somebody could, there is the response. */
	if (sip_credentials_parse(text, &claim.credentials))
		return;
	claim.nonce = (struct sip_nonce){ 1, 1 };
	claim.user[0] = 0;
	if (claim.credentials.response.n == 2 * sip_digest_size(claim.credentials.alg))
		check(sip_auth_check(&realm, &claim, &msg, &account.secret) == SIP_AUTH_BAD);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct slice text = slice_of((const char *)data, size), rest = text;
	struct sip_credentials credentials;
	struct sip_challenge challenge;
	struct sip_auth_info info;

	if (!engine)
		start();
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
	be_challenged(text);
	be_asked(text);
	return 0;
}
