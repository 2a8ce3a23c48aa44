// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The side that answers. A session is the challenge of one realm that is being
 * answered; it belongs to the client, so that all its requests share the nonce
 * and count it on. Whether a refusal means that the secret is wrong depends on
 * what the refused request had sent, and that its attempt knows: requests go in
 * parallel, and the session may have moved on to another nonce meanwhile.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "sip/auth.h"

#define MAX_STALE	3	/* in a row; then somebody plays games */
#define MAX_TEXT	1024	/* of a nonce, or of an opaque */

struct session {
	bool used;			/* else all is empty */
	bool proxy;
	bool sess;
	u8 qop;
	enum sip_digest_alg alg;
	const struct sip_auth_account *account;
	u32 serial;			/* of the nonce: never twice in a client */
	u32 count;			/* nc */
	u32 round;			/* of the response that spoke of it last */
	bool refused;			/* in that response: not to be used again */
	char realm[256];		/* plain */
	char *nonce, *opaque, *algorithm;	/* as they came; the last two may be NULL */
	char cnonce[17];
};

struct sip_auth_client {
	const struct sip_auth_account *accounts;
	size_t naccounts;
	u8 algs;
	u32 serial, round;
	struct session sessions[SIP_AUTH_REALMS];
};

struct sip_auth_client *sip_auth_client_new(const struct sip_auth_account *accounts,
					    size_t naccounts, u8 algs)
{
	struct sip_auth_client *c = zalloc(sizeof(*c));

	if (!c)
		return NULL;
	c->accounts = accounts;
	c->naccounts = naccounts;
	c->algs = algs;
	return c;
}

static void forget(struct session *s)
{
	free(s->nonce);
	free(s->opaque);
	free(s->algorithm);
	memset(s, 0, sizeof(*s));
}

void sip_auth_client_free(struct sip_auth_client *c)
{
	size_t i;

	if (!c)
		return;
	for (i = 0; i < SIP_AUTH_REALMS; i++)
		forget(&c->sessions[i]);
	free(c);
}

void sip_auth_attempt_free(struct sip_auth_attempt *a)
{
	buf_free(&a->lines);
	memset(a, 0, sizeof(*a));
}

/* 0 means none. */
static u32 next_number(u32 *number)
{
	if (!++*number)
		++*number;
	return *number;
}

/* --- challenges --- */

static bool has_secret(const struct sip_secret *secret, enum sip_digest_alg alg)
{
	return secret->password.p || secret->has & SIP_DIGEST_BIT(alg);
}

static const struct sip_auth_account *account_of(const struct sip_auth_client *c,
						 struct slice realm, enum sip_digest_alg alg)
{
	size_t i;

	for (i = 0; i < c->naccounts; i++) {
		const struct sip_auth_account *a = &c->accounts[i];

		if ((!a->realm.n || slice_eq(a->realm, realm)) && has_secret(&a->secret, alg))
			return a;
	}
	return NULL;
}

static struct session *find_session(struct sip_auth_client *c, bool proxy, const char *realm)
{
	size_t i;

	for (i = 0; i < SIP_AUTH_REALMS; i++) {
		struct session *s = &c->sessions[i];

		if (s->used && s->proxy == proxy && !strcmp(s->realm, realm))
			return s;
	}
	return NULL;
}

/* A free one, or else the one whose nonce came first. */
static struct session *new_session(struct sip_auth_client *c)
{
	struct session *s = &c->sessions[0];
	size_t i;

	for (i = 1; i < SIP_AUTH_REALMS && s->used; i++)
		if (!c->sessions[i].used || c->sessions[i].serial < s->serial)
			s = &c->sessions[i];
	forget(s);
	return s;
}

static char *dup_given(struct slice s)
{
	return s.p ? slice_dup(s) : NULL;
}

static int set_nonce(struct sip_auth_client *c, struct session *s, struct slice nonce)
{
	char *copy = slice_dup(nonce);

	if (!copy)
		return -ENOMEM;
	free(s->nonce);
	s->nonce = copy;
	s->count = 0;
	s->serial = next_number(&c->serial);
	return 0;
}

static int set_challenge(struct sip_auth_client *c, struct session *s,
			 const struct sip_challenge *challenge)
{
	free(s->opaque);
	free(s->algorithm);
	s->opaque = dup_given(challenge->opaque);
	s->algorithm = dup_given(challenge->algorithm);
	s->alg = challenge->alg;
	s->sess = challenge->sess;
	/* Some element between may change the body; auth-int only if nothing else will do. */
	s->qop = challenge->qops & SIP_QOP_AUTH ? SIP_QOP_AUTH : challenge->qops;
	if ((challenge->opaque.p && !s->opaque) || (challenge->algorithm.p && !s->algorithm) ||
	    set_nonce(c, s, challenge->nonce)) {
		forget(s);
		return -ENOMEM;
	}
	return 0;
}

/* What was sent to this realm, in slot i, was refused: may something else be tried? */
static bool may_retry(const struct session *s, struct sip_auth_attempt *a, size_t i, bool same,
		      bool stale)
{
	if (!a->answered[i])
		return true;
	if (same && s->serial == a->answered[i])
		return false;
	if (stale)
		return ++a->stale[i] <= MAX_STALE;
	/* A nonce from before this attempt may have been lost with the server that made it. */
	return !a->challenged[i];
}

static int learn_one(struct sip_auth_client *c, struct sip_auth_attempt *a, bool proxy,
		     const struct sip_challenge *challenge)
{
	const struct sip_auth_account *account;
	struct session *s;
	char realm[sizeof(s->realm)];
	bool same;
	size_t i;
	int err;

	if (!(c->algs & SIP_DIGEST_BIT(challenge->alg)) || !sip_digest_size(challenge->alg) ||
	    (challenge->qop.p && !challenge->qops) || challenge->nonce.n > MAX_TEXT ||
	    challenge->opaque.n > MAX_TEXT ||
	    !sip_unquote(challenge->realm, realm, sizeof(realm)))
		return -ENOKEY;
	account = account_of(c, slice_str(realm), challenge->alg);
	if (!account)
		return -ENOKEY;
	s = find_session(c, proxy, realm);
	if (!s)
		s = new_session(c);
	if (s->round == c->round)
		return 0;	/* one above it has been taken */
	i = (size_t)(s - c->sessions);
	same = s->used && s->alg == challenge->alg && s->sess == challenge->sess &&
	       slice_eq(challenge->nonce, slice_str(s->nonce));
	s->round = c->round;
	if (!may_retry(s, a, i, same, challenge->is_stale)) {
		s->refused = s->serial == a->answered[i];
		return -EACCES;
	}
	/* Another request has answered this very challenge: count on. */
	err = same ? 0 : set_challenge(c, s, challenge);
	if (err)
		return err;
	s->used = true;
	s->proxy = proxy;
	s->account = account;
	strcpy(s->realm, realm);
	a->challenged[i] = true;
	return 0;
}

/* Which of two results says more of the whole response. */
static int worse(int a, int b)
{
	static const int order[] = { -ENOMEM, -EACCES, 0, -ENOKEY };
	size_t i;

	for (i = 0; i < sizeof(order) / sizeof(*order); i++)
		if (a == order[i] || b == order[i])
			return order[i];
	return -EINVAL;
}

static int learn_headers(struct sip_auth_client *c, struct sip_auth_attempt *a, bool proxy,
			 const struct sip_msg *response)
{
	enum sip_hdr_id id = proxy ? SIP_HDR_PROXY_AUTHENTICATE : SIP_HDR_WWW_AUTHENTICATE;
	const struct sip_hdr *hdr = sip_msg_header(response, id);
	struct sip_challenge challenge;
	int result = -EINVAL;

	for (; hdr; hdr = sip_msg_header_next(response, hdr)) {
		struct slice rest = hdr->value;

		while (sip_challenge_next(&rest, &challenge) == 1)
			result = worse(result, learn_one(c, a, proxy, &challenge));
	}
	return result;
}

int sip_auth_learn(struct sip_auth_client *c, struct sip_auth_attempt *a,
		   const struct sip_msg *response)
{
	int result;
	size_t i;

	/* Both may be in one response, whatever its status (RFC 3261 §22.3). */
	next_number(&c->round);
	result = learn_headers(c, a, false, response);
	result = worse(result, learn_headers(c, a, true, response));
	for (i = 0; i < SIP_AUTH_REALMS; i++)
		if (c->sessions[i].refused)
			forget(&c->sessions[i]);
	return result;
}

/* It does not name its realm: it can only be meant for the one server that was answered. */
void sip_auth_accepted(struct sip_auth_client *c, const struct sip_auth_attempt *a,
		       const struct sip_msg *response)
{
	const struct sip_hdr *hdr = sip_msg_header(response, SIP_HDR_AUTHENTICATION_INFO);
	struct session *s = NULL;
	struct sip_auth_info info;
	size_t i;

	if (!hdr || sip_auth_info_parse(hdr->value, &info) || !info.nextnonce.n ||
	    info.nextnonce.n > MAX_TEXT)
		return;
	for (i = 0; i < SIP_AUTH_REALMS; i++) {
		struct session *at = &c->sessions[i];

		if (!at->used || at->proxy || at->serial != a->answered[i])
			continue;
		if (s)
			return;
		s = at;
	}
	if (s)
		set_nonce(c, s, info.nextnonce);	/* without memory the old one stays */
}

/* --- credentials --- */

static int respond(struct session *s, const struct sip_digest *d, char response[SIP_DIGEST_HEX])
{
	const struct sip_auth_account *account = s->account;
	u8 ha1[SIP_DIGEST_SIZE];
	int err;

	err = sip_secret_ha1(&account->secret, s->alg, account->user, slice_str(s->realm), ha1);
	if (!err)
		err = sip_digest_response(d, ha1, response);
	OPENSSL_cleanse(ha1, sizeof(ha1));
	return err;
}

/* Our own texts are quoted into one buffer; slices are taken when it has stopped growing. */
struct quoted {
	struct buf b;
	size_t ends[3];
};

static void quote(struct quoted *q, size_t i, struct slice plain)
{
	sip_quote(&q->b, plain);
	q->ends[i] = q->b.n;
}

static struct slice quoted(const struct quoted *q, size_t i)
{
	size_t from = i ? q->ends[i - 1] : 0;

	return q->ends[i] > from ? slice_of(q->b.p + from, q->ends[i] - from) : SLICE("");
}

static int print_session(struct session *s, const struct sip_digest *request, struct buf *lines)
{
	struct sip_digest d = *request;
	struct sip_credentials c = {
		.nonce = slice_str(s->nonce), .opaque = slice_str(s->opaque),
		.algorithm = slice_str(s->algorithm),
	};
	char response[SIP_DIGEST_HEX], nc[9];
	struct quoted q = { .ends = { 0 } };
	int err;

	quote(&q, 0, s->account->user);
	quote(&q, 1, slice_str(s->realm));
	quote(&q, 2, request->uri);
	snprintf(nc, sizeof(nc), "%08x", s->count);
	d.alg = s->alg;
	d.sess = s->sess;
	d.qop = s->qop;
	d.uri = quoted(&q, 2);
	d.nonce = c.nonce;
	d.cnonce = slice_str(s->cnonce);
	d.nc = slice_str(nc);
	err = q.b.failed ? -ENOMEM : respond(s, &d, response);
	if (err)
		goto out;
	c.username = quoted(&q, 0);
	c.realm = quoted(&q, 1);
	c.uri = d.uri;
	c.response = slice_str(response);
	c.cnonce = s->qop || s->sess ? d.cnonce : slice_of(NULL, 0);
	c.qop = !s->qop ? slice_of(NULL, 0) :
		s->qop == SIP_QOP_AUTH ? SLICE("auth") : SLICE("auth-int");
	c.nc = s->qop ? d.nc : slice_of(NULL, 0);
	buf_str(lines, s->proxy ? "Proxy-Authorization: " : "Authorization: ");
	sip_credentials_print(lines, &c);
	buf_add(lines, SLICE("\r\n"));
out:
	buf_free(&q.b);
	return err;
}

int sip_auth_print(struct sip_engine *e, struct sip_auth_client *c, struct sip_auth_attempt *a,
		   struct slice method, struct slice uri, struct slice body)
{
	struct sip_digest request = { .method = method, .uri = uri, .body = body };
	size_t i;
	int err = 0;

	buf_reset(&a->lines);
	for (i = 0; i < SIP_AUTH_REALMS && !err; i++) {
		struct session *s = &c->sessions[i];

		if (s->used && s->count == UINT32_MAX)
			forget(s);
		a->answered[i] = s->serial;
		if (!s->used)
			continue;
		/* A session algorithm hashes the first cnonce of a nonce: it is its only one. */
		if (!s->count++)
			sip_engine_token(e, s->cnonce);
		err = print_session(s, &request, &a->lines);
	}
	return err ? err : a->lines.failed ? -ENOMEM : 0;
}

int sip_auth_request(struct sip_engine *e, u64 now, struct sip_auth_client *c,
		     struct sip_auth_attempt *a, struct sip_dialog *dialog,
		     enum sip_method method, const struct sip_content *content, void *user,
		     struct sip_client **client)
{
	struct sip_content more = { .headers = SLICE("") };
	struct buf headers;
	int err;

	if (content)
		more = *content;
	err = sip_auth_print(e, c, a, slice_str(sip_method_name(method)),
			     sip_dialog_request_uri(dialog),
			     more.content_type.n ? more.body : SLICE(""));
	if (err)
		return err;
	buf_init(&headers);
	buf_add(&headers, buf_slice(&a->lines));
	buf_add(&headers, more.headers);
	more.headers = buf_slice(&headers);
	err = headers.failed ? -ENOMEM
			     : sip_request(e, now, dialog, method, &more, user, client);
	buf_free(&headers);
	return err;
}
