// SPDX-License-Identifier: GPL-2.0-only
/*
 * The side that answers (RFC 3261 §22, RFC 8760), over the engine: a trunk
 * challenges our requests, and the test looks at what we send next. What we
 * claim to know is computed again from the password.
 */
#include "sip_harness.h"
#include "sip/auth.h"

#define CHALLENGE(realm, nonce, more) "Digest realm=\"" realm "\", nonce=\"" nonce "\"" more "\r\n"
#define WWW(realm, nonce, more) "WWW-Authenticate: " CHALLENGE(realm, nonce, more)
#define PROXY(realm, nonce, more) "Proxy-Authenticate: " CHALLENGE(realm, nonce, more)
#define QOP ", qop=\"auth\""

static const struct sip_auth_account anywhere[] = {
	{ .user = { "us", 2 }, .secret = { .password = { "secret", 6 } } },
};

struct trunk {
	struct world w;
	struct sip_auth_client *auth;
	struct sip_auth_attempt attempt;
	struct sip_dialog *dialog;
	enum sip_method method;
	struct sip_content content;
};

static void open_trunk(struct trunk *t, struct __test_metadata *_metadata,
		       const struct sip_auth_account *accounts, size_t n)
{
	memset(t, 0, sizeof(*t));
	start(&t->w, _metadata);
	t->auth = sip_auth_client_new(accounts, n, SIP_DIGEST_ALL);
	ASSERT_NE(t->auth, NULL);
	t->dialog = new_uac(&t->w);
	t->method = SIP_OPTIONS;
	t->content.headers = SLICE("X-Ours: 1\r\n");
}

static void close_trunk(struct trunk *t)
{
	sip_auth_attempt_free(&t->attempt);
	sip_auth_client_free(t->auth);
	sip_dialog_free(t->w.engine, t->dialog);
	stop(&t->w);
}

/* The request goes out, with whatever credentials there are. */
static void go(struct trunk *t)
{
	struct __test_metadata *_metadata = t->w._metadata;
	struct sip_client *client;

	ASSERT_EQ(sip_auth_request(t->w.engine, t->w.now, t->auth, &t->attempt, t->dialog, t->method,
				   &t->content, t, &client), 0);
	expect_sent(&t->w, sip_method_name(t->method));
	EXPECT_TRUE(sent_has(&t->w, "X-Ours: 1\r\n"));
}

static void next_request(struct trunk *t)
{
	sip_auth_attempt_free(&t->attempt);
	go(t);
}

/* The trunk answers the request that went out last. */
static void answer(struct trunk *t, const char *status, const char *headers)
{
	struct __test_metadata *_metadata = t->w._metadata;

	feed(&t->w, response_to(&t->w.sent, status, "peer", headers));
	ASSERT_EQ(t->w.event.type, SIP_EVENT_RESPONSE);
}

/* And we make what we can of it. */
static int challenged(struct trunk *t, const char *status, const char *headers)
{
	answer(t, status, headers);
	return sip_auth_learn(t->auth, &t->attempt, t->w.event.msg);
}

static void accepted(struct trunk *t, const char *headers)
{
	answer(t, "200 OK", headers);
	sip_auth_accepted(t->auth, &t->attempt, t->w.event.msg);
}

/* The credentials in the request that went out last; they are right, too. */
static void expect_credentials(struct trunk *t, bool proxy, const char *realm, const char *nonce,
			       const char *nc, struct sip_credentials *c)
{
	enum sip_hdr_id id = proxy ? SIP_HDR_PROXY_AUTHORIZATION : SIP_HDR_AUTHORIZATION;
	const struct sip_hdr *hdr = sip_msg_header(&t->w.sent, id);
	struct __test_metadata *_metadata = t->w._metadata;
	char response[SIP_DIGEST_HEX];
	u8 ha1[SIP_DIGEST_SIZE];
	struct sip_digest d;

	for (; hdr; hdr = sip_msg_header_next(&t->w.sent, hdr)) {
		ASSERT_EQ(sip_credentials_parse(hdr->value, c), 0);
		if (sip_quoted_eq(c->realm, slice_str(realm)))
			break;
	}
	ASSERT_NE(hdr, NULL) {
		TH_LOG("no credentials for %s in %s", realm, t->w.last);
	}
	EXPECT_TRUE(slice_eq(c->username, SLICE("us")));
	EXPECT_TRUE(slice_eq(c->nonce, slice_str(nonce)));
	EXPECT_TRUE(slice_eq(c->nc, slice_str(nc)));
	EXPECT_TRUE(slice_eq(c->uri, t->w.sent.ruri));
	d = (struct sip_digest){
		.alg = c->alg, .sess = c->sess, .qop = c->used_qop, .method = t->w.sent.method_name,
		.uri = c->uri, .nonce = c->nonce, .cnonce = c->cnonce, .nc = c->nc, .body = t->w.sent.body,
	};
	ASSERT_EQ(sip_digest_ha1(c->alg, SLICE("us"), slice_str(realm), SLICE("secret"), ha1), 0);
	ASSERT_EQ(sip_digest_response(&d, ha1, response), 0);
	EXPECT_TRUE(slice_eq(c->response, slice_str(response)));
}

static bool has_credentials(const struct trunk *t)
{
	return strcasestr(t->w.last, "Authorization:");
}

/*
 * INVITE, 407, ACK by the transaction, INVITE with credentials, 200, ACK with the
 * same credentials (RFC 3261 §8.1.3.5, §22.1, §22.3).
 */
TEST(a_call_through_a_proxy_that_challenges)
{
	struct sip_content ack = { 0 };
	char call_id[64], tag[32], branch[64];
	struct sip_credentials c;
	struct sip_client *client;
	struct sip_msg invite;
	struct sip_error err;
	struct trunk t;
	char *sent;

	open_trunk(&t, _metadata, anywhere, 1);
	t.method = SIP_INVITE;
	t.content.content_type = SLICE("application/sdp");
	t.content.body = SLICE("v=0\r\n");
	go(&t);
	EXPECT_FALSE(has_credentials(&t));
	copy(call_id, sizeof(call_id), t.w.sent.call_id);
	copy(tag, sizeof(tag), t.w.sent.from.tag);
	copy(branch, sizeof(branch), t.w.sent.via.branch);
	EXPECT_EQ(challenged(&t, "407 Proxy Authentication Required", PROXY("trunk", "n1", QOP ", opaque=\"o,\\\"1\"")), 0);
	expect_sent(&t.w, "ACK ");
	EXPECT_EQ(t.w.sent.cseq, 1);
	EXPECT_TRUE(slice_eq(t.w.sent.via.branch, slice_str(branch)));
	go(&t);
	EXPECT_EQ(t.w.sent.cseq, 2);
	EXPECT_TRUE(slice_eq(t.w.sent.call_id, slice_str(call_id)));
	EXPECT_TRUE(slice_eq(t.w.sent.from.tag, slice_str(tag)));
	EXPECT_EQ(t.w.sent.to.tag.n, 0);
	EXPECT_FALSE(slice_eq(t.w.sent.via.branch, slice_str(branch)));
	EXPECT_TRUE(slice_eq(t.w.sent.body, SLICE("v=0\r\n")));
	expect_credentials(&t, true, "trunk", "n1", "00000001", &c);
	EXPECT_EQ(c.used_qop, SIP_QOP_AUTH);
	EXPECT_EQ(c.algorithm.p, NULL);		/* none was asked for */
	EXPECT_TRUE(slice_eq(c.opaque, SLICE("o,\\\"1")));
	EXPECT_EQ(c.cnonce.n, 16);
	sent = strdup(t.w.last);
	ASSERT_EQ(sip_parse(slice_str(sent), &invite, &err), 0);
	feed(&t.w, response_to(&invite, "200 OK", "b1", "Contact: <sip:bob@" PEER ">\r\n"));
	ASSERT_EQ(t.w.event.type, SIP_EVENT_RESPONSE);
	client = t.w.event.client;
	ASSERT_EQ(sip_dialog_response(t.w.engine, t.dialog, t.w.event.msg), 0);
	ack.headers = buf_slice(&t.attempt.lines);
	ASSERT_EQ(sip_ack(t.w.engine, t.w.now, client, t.dialog, &ack), 0);
	expect_sent(&t.w, "ACK ");
	EXPECT_EQ(t.w.sent.cseq, 2);
	EXPECT_TRUE(slice_eq(sip_msg_header(&t.w.sent, SIP_HDR_PROXY_AUTHORIZATION)->value,
			     sip_msg_header(&invite, SIP_HDR_PROXY_AUTHORIZATION)->value));
	/* The BYE does not wait to be asked. */
	t.method = SIP_BYE;
	t.content.content_type = t.content.body = SLICE("");
	next_request(&t);
	EXPECT_EQ(t.w.sent.cseq, 3);
	expect_credentials(&t, true, "trunk", "n1", "00000002", &c);
	accepted(&t, "");
	free(sent);
	close_trunk(&t);
}

TEST(a_wrong_password_is_no_loop)
{
	struct sip_credentials c;
	struct trunk t;

	open_trunk(&t, _metadata, anywhere, 1);
	go(&t);
	EXPECT_EQ(challenged(&t, "401 Unauthorized", WWW("r", "n1", QOP)), 0);
	go(&t);
	expect_credentials(&t, false, "r", "n1", "00000001", &c);
	EXPECT_EQ(challenged(&t, "401 Unauthorized", WWW("r", "n1", QOP)), -EACCES);
	/* The next request asks again, once; a new nonce each time does not help either. */
	next_request(&t);
	EXPECT_FALSE(has_credentials(&t));
	EXPECT_EQ(challenged(&t, "401 Unauthorized", WWW("r", "n2", QOP)), 0);
	go(&t);
	EXPECT_EQ(challenged(&t, "401 Unauthorized", WWW("r", "n3", QOP ", algorithm=SHA-256") WWW("r", "n3", QOP)),
		  -EACCES);
	next_request(&t);
	EXPECT_FALSE(has_credentials(&t));
	accepted(&t, "");
	close_trunk(&t);
}

TEST(a_stale_nonce_is_replaced_but_not_for_ever)
{
	static const char *const nonces[] = { "n2", "n3", "n4" };
	struct sip_credentials c;
	char headers[256];
	struct trunk t;
	size_t i;

	open_trunk(&t, _metadata, anywhere, 1);
	go(&t);
	EXPECT_EQ(challenged(&t, "401 Unauthorized", WWW("r", "n1", QOP)), 0);
	for (i = 0; i < 3; i++) {
		go(&t);
		snprintf(headers, sizeof(headers), "WWW-Authenticate: Digest realm=\"r\", nonce=\"%s\", stale=true\r\n", nonces[i]);
		EXPECT_EQ(challenged(&t, "401 Unauthorized", headers), 0);
	}
	go(&t);
	expect_credentials(&t, false, "r", "n4", "", &c);
	EXPECT_EQ(challenged(&t, "401 Unauthorized", WWW("r", "n5", ", stale=true")), -EACCES);
	/* Stale, and yet the same: nothing else can be tried. */
	next_request(&t);
	EXPECT_EQ(challenged(&t, "401 Unauthorized", WWW("r", "n6", QOP)), 0);
	go(&t);
	EXPECT_EQ(challenged(&t, "401 Unauthorized", WWW("r", "n6", QOP ", stale=true")), -EACCES);
	close_trunk(&t);
}

TEST(the_last_nonce_serves_the_next_request)
{
	struct sip_credentials c, before;
	char cnonce[32];
	struct trunk t;

	open_trunk(&t, _metadata, anywhere, 1);
	go(&t);
	EXPECT_EQ(challenged(&t, "401 Unauthorized", WWW("r", "n1", QOP)), 0);
	go(&t);
	expect_credentials(&t, false, "r", "n1", "00000001", &before);
	copy(cnonce, sizeof(cnonce), before.cnonce);
	accepted(&t, "");
	next_request(&t);
	expect_credentials(&t, false, "r", "n1", "00000002", &c);
	accepted(&t, "Authentication-Info: qop=auth, nextnonce=\"n2\"\r\n");
	next_request(&t);
	expect_credentials(&t, false, "r", "n2", "00000001", &c);
	EXPECT_FALSE(slice_eq(c.cnonce, slice_str(cnonce)));
	accepted(&t, "Authentication-Info: nextnonce=\"n3\", nextnonce=\"n4\"\r\n");
	next_request(&t);
	expect_credentials(&t, false, "r", "n2", "00000002", &c);
	/* The server has forgotten it and says no more than 401: that is no wrong password yet. */
	EXPECT_EQ(challenged(&t, "401 Unauthorized", WWW("r", "n5", QOP)), 0);
	go(&t);
	expect_credentials(&t, false, "r", "n5", "00000001", &c);
	EXPECT_EQ(challenged(&t, "401 Unauthorized", WWW("r", "n6", QOP)), -EACCES);
	close_trunk(&t);
}

TEST(the_topmost_algorithm_that_we_have_is_used)
{
	struct sip_credentials c;
	struct trunk t;

	open_trunk(&t, _metadata, anywhere, 1);
	go(&t);
	EXPECT_EQ(challenged(&t, "401 Unauthorized", "WWW-Authenticate: Basic realm=\"r\"\r\n" WWW("r", "n0", ", algorithm=SHA3-512")
			     WWW("r", "n1", ", qop=\"auth-conf\"") WWW("r", "n2", ", algorithm=SHA-512-256" QOP)
			     WWW("r", "n3", ", algorithm=SHA-256" QOP) WWW("r", "n4", ", algorithm=MD5" QOP)), 0);
	go(&t);
	expect_credentials(&t, false, "r", "n2", "00000001", &c);
	EXPECT_TRUE(slice_eq(c.algorithm, SLICE("SHA-512-256")));
	EXPECT_EQ(sip_msg_header_next(&t.w.sent, sip_msg_header(&t.w.sent, SIP_HDR_AUTHORIZATION)), NULL);
	accepted(&t, "");
	close_trunk(&t);
}

/* Only HA1 for MD5 is stored: then MD5 it is, though SHA-256 stands above it. */
TEST(a_stored_ha1_decides_the_algorithm)
{
	struct sip_auth_account account = {
		.realm = SLICE("r"), .user = SLICE("us"), .secret = { .has = SIP_DIGEST_BIT(SIP_DIGEST_MD5) },
	};
	struct sip_credentials c;
	struct trunk t;

	ASSERT_EQ(sip_digest_ha1(SIP_DIGEST_MD5, SLICE("us"), SLICE("r"), SLICE("secret"),
				 account.secret.ha1[SIP_DIGEST_MD5]), 0);
	open_trunk(&t, _metadata, &account, 1);
	go(&t);
	EXPECT_EQ(challenged(&t, "401 Unauthorized", WWW("r", "n1", ", algorithm=SHA-256" QOP)), -ENOKEY);
	next_request(&t);
	EXPECT_EQ(challenged(&t, "401 Unauthorized", WWW("r", "n1", ", algorithm=SHA-256" QOP) WWW("r", "n1", QOP)), 0);
	go(&t);
	expect_credentials(&t, false, "r", "n1", "00000001", &c);
	EXPECT_EQ(c.alg, SIP_DIGEST_MD5);
	/* And what the client may not use, it does not. */
	sip_auth_client_free(t.auth);
	t.auth = sip_auth_client_new(anywhere, 1, SIP_DIGEST_BIT(SIP_DIGEST_SHA256));
	next_request(&t);
	EXPECT_EQ(challenged(&t, "401 Unauthorized", WWW("r", "n1", QOP)), -ENOKEY);
	close_trunk(&t);
}

/* A proxy and the server behind it, then a second proxy: all get theirs in one request. */
TEST(several_realms_in_one_response)
{
	static const struct sip_auth_account accounts[] = {
		{ .realm = { "proxy", 5 }, .user = { "us", 2 }, .secret = { .password = { "secret", 6 } } },
		{ .realm = { "a \"b\"", 5 }, .user = { "us", 2 }, .secret = { .password = { "secret", 6 } } },
	};
	struct sip_credentials c;
	struct trunk t;

	open_trunk(&t, _metadata, accounts, 2);
	go(&t);
	EXPECT_EQ(challenged(&t, "401 Unauthorized", WWW("a \\\"b\\\"", "n1", QOP) WWW("unknown", "x", QOP)
			     PROXY("proxy", "p1", ", algorithm=SHA-256-sess" QOP)), 0);
	go(&t);
	expect_credentials(&t, false, "a \"b\"", "n1", "00000001", &c);
	expect_credentials(&t, true, "proxy", "p1", "00000001", &c);
	EXPECT_TRUE(c.sess);
	/* nextnonce does not say whose it is: the server's, not the proxy's. */
	accepted(&t, "Authentication-Info: nextnonce=\"n2\"\r\n");
	next_request(&t);
	expect_credentials(&t, false, "a \"b\"", "n2", "00000001", &c);
	expect_credentials(&t, true, "proxy", "p1", "00000002", &c);
	/* One of them refuses: the other's yes does not help. */
	EXPECT_EQ(challenged(&t, "407 Proxy Authentication Required", PROXY("proxy", "p1", ", algorithm=SHA-256-sess" QOP)),
		  -EACCES);
	next_request(&t);
	EXPECT_EQ(sip_msg_header(&t.w.sent, SIP_HDR_PROXY_AUTHORIZATION), NULL);
	expect_credentials(&t, false, "a \"b\"", "n2", "00000002", &c);
	EXPECT_EQ(challenged(&t, "401 Unauthorized", WWW("unknown", "x", QOP)), -ENOKEY);
	next_request(&t);
	EXPECT_EQ(challenged(&t, "401 Unauthorized", ""), -EINVAL);
	next_request(&t);
	EXPECT_EQ(challenged(&t, "401 Unauthorized", "WWW-Authenticate: Digest realm=\"a\"\r\n"), -EINVAL);
	close_trunk(&t);
}

/* A restart makes all nonces stale at once: each may be, so often. */
TEST(several_realms_may_be_stale_at_once)
{
	struct sip_credentials c;
	struct trunk t;

	open_trunk(&t, _metadata, anywhere, 1);
	go(&t);
	EXPECT_EQ(challenged(&t, "401 Unauthorized", WWW("a", "1", QOP) WWW("b", "1", QOP) PROXY("c", "1", QOP) PROXY("d", "1", QOP)), 0);
	go(&t);
	EXPECT_EQ(challenged(&t, "401 Unauthorized", WWW("a", "2", QOP ", stale=true") WWW("b", "2", QOP ", stale=true")
			     PROXY("c", "2", QOP ", stale=true") PROXY("d", "2", QOP ", stale=true")), 0);
	go(&t);
	expect_credentials(&t, false, "a", "2", "00000001", &c);
	expect_credentials(&t, true, "d", "2", "00000001", &c);
	accepted(&t, "");
	close_trunk(&t);
}

TEST(without_qop_and_with_auth_int_alone)
{
	struct sip_credentials c;
	struct trunk t;

	open_trunk(&t, _metadata, anywhere, 1);
	t.content.content_type = SLICE("text/plain");
	t.content.body = SLICE("hello");
	go(&t);
	EXPECT_EQ(challenged(&t, "401 Unauthorized", WWW("old", "n1", "")), 0);
	go(&t);
	expect_credentials(&t, false, "old", "n1", "", &c);
	EXPECT_EQ(c.qop.p, NULL);
	EXPECT_EQ(c.cnonce.p, NULL);
	EXPECT_EQ(challenged(&t, "401 Unauthorized", WWW("int", "n2", ", qop=\"auth-int\"")), 0);
	go(&t);
	expect_credentials(&t, false, "int", "n2", "00000001", &c);
	EXPECT_EQ(c.used_qop, SIP_QOP_AUTH_INT);
	accepted(&t, "");
	close_trunk(&t);
}

/* Two requests at once are told that the nonce is stale: none of them takes it for a refusal. */
TEST(requests_in_parallel_share_a_nonce)
{
	struct sip_auth_attempt first = { 0 }, second = { 0 };
	struct sip_msg *one, *two;
	struct sip_credentials c;
	struct sip_client *client;
	struct trunk t;

	open_trunk(&t, _metadata, anywhere, 1);
	go(&t);
	EXPECT_EQ(challenged(&t, "401 Unauthorized", WWW("r", "n1", QOP)), 0);
	go(&t);
	accepted(&t, "");
	ASSERT_EQ(sip_auth_request(t.w.engine, t.w.now, t.auth, &first, t.dialog, SIP_OPTIONS, NULL, NULL, &client), 0);
	one = sip_msg_dup(expect_sent(&t.w, "OPTIONS "));
	expect_credentials(&t, false, "r", "n1", "00000002", &c);
	ASSERT_EQ(sip_auth_request(t.w.engine, t.w.now, t.auth, &second, t.dialog, SIP_OPTIONS, NULL, NULL, &client), 0);
	two = sip_msg_dup(expect_sent(&t.w, "OPTIONS "));
	expect_credentials(&t, false, "r", "n1", "00000003", &c);
	feed(&t.w, response_to(one, "401 Unauthorized", "x", WWW("r", "n2", QOP ", stale=true")));
	EXPECT_EQ(sip_auth_learn(t.auth, &first, t.w.event.msg), 0);
	ASSERT_EQ(sip_auth_request(t.w.engine, t.w.now, t.auth, &first, t.dialog, SIP_OPTIONS, NULL, NULL, &client), 0);
	expect_sent(&t.w, "OPTIONS ");
	expect_credentials(&t, false, "r", "n2", "00000001", &c);
	feed(&t.w, response_to(&t.w.sent, "200 OK", "x", ""));
	/* The other one hears of the same new nonce, and counts on. */
	feed(&t.w, response_to(two, "401 Unauthorized", "x", WWW("r", "n2", QOP)));
	EXPECT_EQ(sip_auth_learn(t.auth, &second, t.w.event.msg), 0);
	ASSERT_EQ(sip_auth_request(t.w.engine, t.w.now, t.auth, &second, t.dialog, SIP_OPTIONS, NULL, NULL, &client), 0);
	expect_sent(&t.w, "OPTIONS ");
	expect_credentials(&t, false, "r", "n2", "00000002", &c);
	feed(&t.w, response_to(&t.w.sent, "200 OK", "x", ""));
	free(one);
	free(two);
	sip_auth_attempt_free(&first);
	sip_auth_attempt_free(&second);
	close_trunk(&t);
}

/* A peer that invents realms takes nothing but the places of its own challenges. */
TEST(challenges_are_bounded)
{
	struct sip_credentials c;
	char headers[256];
	struct trunk t;
	int i;

	open_trunk(&t, _metadata, anywhere, 1);
	for (i = 0; i < 20; i++) {
		next_request(&t);
		snprintf(headers, sizeof(headers), "WWW-Authenticate: Digest realm=\"r%d\", nonce=\"n%d\"\r\n", i, i);
		EXPECT_EQ(challenged(&t, "401 Unauthorized", headers), 0);
	}
	next_request(&t);
	expect_credentials(&t, false, "r19", "n19", "", &c);
	expect_credentials(&t, false, "r16", "n16", "", &c);
	EXPECT_FALSE(sent_has(&t.w, "realm=\"r15\""));
	accepted(&t, "");
	close_trunk(&t);
}

/* RFC 3261 §12.2.1.1: with a strict router the request line names that, and so do we. */
TEST(the_uri_is_that_of_the_request_line)
{
	struct sip_credentials c;
	struct trunk t;

	open_trunk(&t, _metadata, anywhere, 1);
	t.method = SIP_INVITE;
	go(&t);
	feed(&t.w, response_to(&t.w.sent, "200 OK", "b", "Contact: <sip:bob@" PEER ">\r\nRecord-Route: <sip:" PEER ":5070>\r\n"));
	ASSERT_EQ(sip_dialog_response(t.w.engine, t.dialog, t.w.event.msg), 0);
	t.method = SIP_BYE;
	next_request(&t);
	EXPECT_EQ(challenged(&t, "401 Unauthorized", WWW("r", "n1", QOP)), 0);
	go(&t);
	EXPECT_TRUE(slice_eq(t.w.sent.ruri, SLICE("sip:" PEER ":5070")));
	expect_credentials(&t, false, "r", "n1", "00000001", &c);
	accepted(&t, "");
	close_trunk(&t);
}

TEST_HARNESS_MAIN
