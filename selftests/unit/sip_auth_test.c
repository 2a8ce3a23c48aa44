// SPDX-License-Identifier: GPL-2.0-only
/*
 * The side that challenges (RFC 3261 §22, RFC 7616): alice registers with us,
 * rightly, wrongly, late, twice, or as somebody who listened.
 */
#include "sip_harness.h"
#include "sip/auth.h"

#define REALM "example.com"
#define URI "sip:example.com"
#define SOURCE SLICE(PEER)

struct desk {
	struct sip_auth_realm realm;
	struct sip_secret secret;
	u64 now;
	struct buf lines;		/* the last challenge */
	char nonce[64];			/* its nonce */
	char text[4096];
	struct sip_msg msg;
	struct sip_auth_claim claim;
};

static void challenge(struct desk *d, struct __test_metadata *_metadata, bool stale)
{
	static u64 random;
	const char *from;

	buf_reset(&d->lines);
	ASSERT_EQ(sip_auth_challenge(&d->realm, d->now, ++random, SOURCE, stale, &d->lines), 0);
	buf_add(&d->lines, slice_of("", 1));
	from = strstr(d->lines.p, "nonce=\"");
	ASSERT_NE(from, NULL);
	snprintf(d->nonce, sizeof(d->nonce), "%.40s", from + 7);
}

static void open_desk(struct desk *d, struct __test_metadata *_metadata)
{
	struct sip_nonces_conf conf = { .key = "k", .lifetime = 60 * SEC };

	memset(d, 0, sizeof(*d));
	d->now = 1000 * SEC;
	d->realm = (struct sip_auth_realm){
		.name = SLICE(REALM), .algs = SIP_DIGEST_ALL, .qops = SIP_QOP_AUTH,
		.nonces = sip_nonces_new(&conf),
	};
	d->secret.password = SLICE("secret");
	buf_init(&d->lines);
	challenge(d, _metadata, false);
}

static void close_desk(struct desk *d)
{
	sip_nonces_free(d->realm.nonces);
	buf_free(&d->lines);
}

/* What alice sends; what is NULL or 0 is as it should be. */
struct attempt {
	const char *user, *password, *realm, *uri, *nonce, *method, *body, *nc;
	const char *changed_body;	/* on its way here */
	enum sip_digest_alg alg;
	bool sess, no_qop, proxy;
	u8 qop;
	const char *more;		/* parameters */
};

static const char *or(const char *a, const char *b)
{
	return a ? a : b;
}

static void credentials_of(struct desk *d, const struct attempt *a, char *out, size_t size)
{
	const char *uri = or(a->uri, URI), *nonce = or(a->nonce, d->nonce);
	const char *user = or(a->user, "alice"), *nc = or(a->nc, "00000001");
	enum sip_digest_alg alg = a->alg ? a->alg : SIP_DIGEST_SHA256;
	struct sip_digest digest = {
		.alg = alg, .sess = a->sess,
		.qop = a->no_qop ? 0 : a->qop ? a->qop : SIP_QOP_AUTH,
		.method = slice_str(or(a->method, "REGISTER")), .uri = slice_str(uri),
		.nonce = slice_str(nonce), .cnonce = SLICE("0a4f113b"), .nc = slice_str(nc),
		.body = slice_str(or(a->body, "")),
	};
	char response[SIP_DIGEST_HEX];
	u8 ha1[SIP_DIGEST_SIZE];
	size_t n;

	sip_digest_ha1(alg, slice_str(user), slice_str(or(a->realm, REALM)),
		       slice_str(or(a->password, "secret")), ha1);
	sip_digest_response(&digest, ha1, response);
	n = (size_t)snprintf(out, size, "%sAuthorization: Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", "
			     "uri=\"%s\", response=\"%s\", algorithm=%s%s%s", a->proxy ? "Proxy-" : "", user,
			     or(a->realm, REALM), nonce, uri, response, sip_digest_name(alg),
			     a->sess ? "-sess" : "", or(a->more, ""));
	if (digest.qop)
		n += (size_t)snprintf(out + n, size - n, ", qop=%s, cnonce=\"0a4f113b\", nc=%s",
				      digest.qop == SIP_QOP_AUTH ? "auth" : "auth-int", nc);
	snprintf(out + n, size - n, "\r\n");
}

static void receive(struct desk *d, struct __test_metadata *_metadata, const char *headers, const char *body)
{
	struct sip_error err;

	snprintf(d->text, sizeof(d->text), "REGISTER " URI " SIP/2.0\r\n" VIA("1") FROM_PEER
		 "To: <sip:alice@example.com>\r\nCall-ID: c\r\nCSeq: 1 REGISTER\r\n%sContent-Length: %zu\r\n\r\n%s",
		 headers, strlen(body), body);
	ASSERT_EQ(sip_parse(slice_str(d->text), &d->msg, &err), 0) {
		TH_LOG("%s", d->text);
	}
}

static enum sip_auth_verdict judge(struct desk *d, const struct sip_secret *secret)
{
	enum sip_auth_verdict verdict;

	verdict = sip_auth_claim(&d->realm, d->now, &d->msg, SOURCE, &d->claim);
	return verdict == SIP_AUTH_OK ? sip_auth_check(&d->realm, &d->claim, &d->msg, secret) : verdict;
}

static enum sip_auth_verdict try(struct desk *d, struct __test_metadata *_metadata, const struct attempt *a)
{
	char headers[2048];

	credentials_of(d, a, headers, sizeof(headers));
	receive(d, _metadata, headers, or(a->changed_body, or(a->body, "")));
	return judge(d, &d->secret);
}

#define TRY(...) try(&d, _metadata, &(struct attempt){ __VA_ARGS__ })

TEST(the_challenge_has_one_line_for_each_algorithm)
{
	struct desk d;
	char expected[1024];

	open_desk(&d, _metadata);
	snprintf(expected, sizeof(expected),
		 "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"%s\", algorithm=SHA-512-256, qop=\"auth\"\r\n"
		 "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"%s\", algorithm=SHA-256, qop=\"auth\"\r\n"
		 "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"%s\", algorithm=MD5, qop=\"auth\"\r\n",
		 d.nonce, d.nonce, d.nonce);
	EXPECT_STREQ(d.lines.p, expected);
	d.realm = (struct sip_auth_realm){
		.name = SLICE("a \"b\""), .proxy = true, .algs = SIP_DIGEST_BIT(SIP_DIGEST_MD5),
		.qops = SIP_QOP_AUTH | SIP_QOP_AUTH_INT, .nonces = d.realm.nonces,
	};
	challenge(&d, _metadata, true);
	snprintf(expected, sizeof(expected),
		 "Proxy-Authenticate: Digest realm=\"a \\\"b\\\"\", nonce=\"%s\", stale=true, algorithm=MD5, qop=\"auth,auth-int\"\r\n",
		 d.nonce);
	EXPECT_STREQ(d.lines.p, expected);
	d.realm.name = SLICE("a\r\nb");
	buf_reset(&d.lines);
	EXPECT_EQ(sip_auth_challenge(&d.realm, d.now, 1, SOURCE, false, &d.lines), -ENOMEM);
	close_desk(&d);
}

TEST(the_right_password_by_each_algorithm)
{
	struct desk d;

	open_desk(&d, _metadata);
	EXPECT_EQ(TRY(.alg = SIP_DIGEST_MD5), SIP_AUTH_OK);
	EXPECT_STREQ(d.claim.user, "alice");
	EXPECT_EQ(TRY(.alg = SIP_DIGEST_SHA256, .nc = "00000002"), SIP_AUTH_OK);
	EXPECT_EQ(TRY(.alg = SIP_DIGEST_SHA512_256, .nc = "00000003"), SIP_AUTH_OK);
	EXPECT_EQ(TRY(.password = "Secret", .nc = "00000004"), SIP_AUTH_BAD);
	/* What was wrong has used up no count. */
	EXPECT_EQ(TRY(.nc = "00000004"), SIP_AUTH_OK);
	close_desk(&d);
}

TEST(a_stored_ha1_is_as_good_as_the_password)
{
	struct desk d;

	open_desk(&d, _metadata);
	d.secret = (struct sip_secret){ .has = SIP_DIGEST_BIT(SIP_DIGEST_MD5) };
	ASSERT_EQ(sip_digest_ha1(SIP_DIGEST_MD5, SLICE("alice"), SLICE(REALM), SLICE("secret"),
				 d.secret.ha1[SIP_DIGEST_MD5]), 0);
	EXPECT_EQ(TRY(.alg = SIP_DIGEST_MD5), SIP_AUTH_OK);
	/* But only for the algorithm that it was made for. */
	EXPECT_EQ(TRY(.alg = SIP_DIGEST_SHA256, .nc = "00000002"), SIP_AUTH_BAD);
	sip_secret_wipe(&d.secret);
	EXPECT_EQ(TRY(.alg = SIP_DIGEST_MD5, .nc = "00000003"), SIP_AUTH_BAD);
	EXPECT_EQ(d.secret.ha1[SIP_DIGEST_MD5][0], 0);
	close_desk(&d);
}

TEST(without_credentials_for_our_realm_there_is_a_challenge)
{
	struct desk d;
	char other[1024], ours[1024], both[4096];

	open_desk(&d, _metadata);
	receive(&d, _metadata, "", "");
	EXPECT_EQ(judge(&d, &d.secret), SIP_AUTH_CHALLENGE);
	receive(&d, _metadata, "Authorization: Basic YWxpY2U6c2VjcmV0\r\n", "");
	EXPECT_EQ(judge(&d, &d.secret), SIP_AUTH_CHALLENGE);
	EXPECT_EQ(TRY(.realm = "example.org"), SIP_AUTH_CHALLENGE);
	EXPECT_EQ(TRY(.realm = "EXAMPLE.com"), SIP_AUTH_CHALLENGE);
	EXPECT_EQ(TRY(.proxy = true), SIP_AUTH_CHALLENGE);
	/* Those for another realm do not hide ours (RFC 3261 §22.3), before or behind. */
	credentials_of(&d, &(struct attempt){ .realm = "example.org" }, other, sizeof(other));
	credentials_of(&d, &(struct attempt){ .nc = "00000001" }, ours, sizeof(ours));
	snprintf(both, sizeof(both), "%s%s", other, ours);
	receive(&d, _metadata, both, "");
	EXPECT_EQ(judge(&d, &d.secret), SIP_AUTH_OK);
	credentials_of(&d, &(struct attempt){ .nc = "00000002" }, ours, sizeof(ours));
	snprintf(both, sizeof(both), "Authorization: Digest rubbish\r\n%s%s", ours, other);
	receive(&d, _metadata, both, "");
	EXPECT_EQ(judge(&d, &d.secret), SIP_AUTH_OK);
	/* Two for one realm are one too many. */
	credentials_of(&d, &(struct attempt){ .nc = "00000003" }, ours, sizeof(ours));
	snprintf(both, sizeof(both), "%s%s", ours, ours);
	receive(&d, _metadata, both, "");
	EXPECT_EQ(judge(&d, &d.secret), SIP_AUTH_MALFORMED);
	close_desk(&d);
}

/* Without "stale" the password would be wrong (RFC 7616 §3.3), and a restart forgets every nonce. */
TEST(a_nonce_of_somebody_else_is_stale_and_so_is_an_old_one)
{
	struct desk d;
	char old[64];

	open_desk(&d, _metadata);
	strcpy(old, d.nonce);
	EXPECT_EQ(TRY(.nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093"), SIP_AUTH_STALE);
	d.nonce[20] = d.nonce[20] == 'A' ? 'B' : 'A';
	EXPECT_EQ(TRY(.user = NULL), SIP_AUTH_STALE);
	strcpy(d.nonce, old);
	/* Issued to this address, and sent from another. */
	EXPECT_EQ(sip_auth_claim(&d.realm, d.now, &d.msg, SLICE("192.0.2.66"), &d.claim),
		  SIP_AUTH_STALE);
	d.now += 61 * SEC;
	EXPECT_EQ(TRY(.user = NULL), SIP_AUTH_STALE);
	EXPECT_STREQ(d.claim.user, "");
	challenge(&d, _metadata, true);
	EXPECT_NE(strstr(d.lines.p, "stale=true"), NULL);
	EXPECT_EQ(TRY(.user = NULL), SIP_AUTH_OK);
	close_desk(&d);
}

TEST(nothing_is_accepted_twice)
{
	struct desk d;

	open_desk(&d, _metadata);
	EXPECT_EQ(TRY(.nc = "00000005"), SIP_AUTH_OK);
	EXPECT_EQ(judge(&d, &d.secret), SIP_AUTH_REPLAYED);
	EXPECT_EQ(TRY(.nc = "00000006"), SIP_AUTH_OK);
	EXPECT_EQ(TRY(.nc = "00000005"), SIP_AUTH_REPLAYED);
	EXPECT_EQ(TRY(.nc = "00000005", .alg = SIP_DIGEST_MD5), SIP_AUTH_REPLAYED);
	EXPECT_EQ(TRY(.nc = "00000000"), SIP_AUTH_REPLAYED);
	EXPECT_EQ(TRY(.nc = "00001000"), SIP_AUTH_OK);
	EXPECT_EQ(TRY(.nc = "00000007"), SIP_AUTH_REPLAYED);	/* far behind */
	EXPECT_EQ(TRY(.nc = "00000fff"), SIP_AUTH_OK);
	close_desk(&d);
}

/* What is not covered by the count is covered by the response. */
TEST(what_is_hashed_cannot_be_changed)
{
	char headers[2048], *at;
	struct desk d;

	open_desk(&d, _metadata);
	EXPECT_EQ(TRY(.method = "INVITE"), SIP_AUTH_BAD);
	credentials_of(&d, &(struct attempt){ .nc = "00000001" }, headers, sizeof(headers));
	at = strstr(headers, "nc=00000001");
	at[10] = '2';
	receive(&d, _metadata, headers, "");
	EXPECT_EQ(judge(&d, &d.secret), SIP_AUTH_BAD);
	credentials_of(&d, &(struct attempt){ .nc = "00000001" }, headers, sizeof(headers));
	at = strstr(headers, "username=\"alice");
	at[10] = 'b';
	receive(&d, _metadata, headers, "");
	EXPECT_EQ(judge(&d, &d.secret), SIP_AUTH_BAD);
	EXPECT_STREQ(d.claim.user, "blice");
	EXPECT_EQ(TRY(.user = NULL), SIP_AUTH_OK);
	close_desk(&d);
}

TEST(the_uri_must_be_the_request_uri)
{
	struct desk d;

	open_desk(&d, _metadata);
	EXPECT_EQ(TRY(.uri = "sips:example.com"), SIP_AUTH_MALFORMED);
	EXPECT_EQ(TRY(.uri = "sip:alice@example.com"), SIP_AUTH_MALFORMED);
	EXPECT_EQ(TRY(.uri = "sip:example.com;maddr=192.0.2.1"), SIP_AUTH_MALFORMED);
	EXPECT_EQ(TRY(.uri = ""), SIP_AUTH_MALFORMED);
	EXPECT_EQ(TRY(.uri = "sip:"), SIP_AUTH_MALFORMED);
	EXPECT_EQ(TRY(.uri = "sip:example.org?a=b"), SIP_AUTH_MALFORMED);
	/* The same by RFC 3261 §19.1.4. */
	EXPECT_EQ(TRY(.uri = "SIP:Example.COM;lr"), SIP_AUTH_OK);
	/* SIPp names the server that it talks to, and nothing else. */
	EXPECT_EQ(TRY(.uri = "sip:192.0.2.1:5060", .nc = "00000002"), SIP_AUTH_OK);
	close_desk(&d);
}

TEST(only_what_was_offered_is_taken)
{
	char name[2 * SIP_AUTH_USER];
	struct desk d;

	open_desk(&d, _metadata);
	d.realm.algs = SIP_DIGEST_BIT(SIP_DIGEST_SHA256);
	EXPECT_EQ(TRY(.alg = SIP_DIGEST_MD5), SIP_AUTH_BAD);
	EXPECT_EQ(TRY(.sess = true), SIP_AUTH_BAD);
	EXPECT_EQ(TRY(.qop = SIP_QOP_AUTH_INT), SIP_AUTH_BAD);
	EXPECT_EQ(TRY(.no_qop = true), SIP_AUTH_BAD);
	EXPECT_EQ(TRY(.no_qop = true, .more = ", qop=auth-conf, nc=00000001, cnonce=\"c\""), SIP_AUTH_BAD);
	memset(name, 'a', sizeof(name));
	name[SIP_AUTH_USER] = 0;
	EXPECT_EQ(TRY(.user = name), SIP_AUTH_BAD);
	EXPECT_STREQ(d.claim.user, "");
	name[SIP_AUTH_USER - 1] = 0;
	EXPECT_EQ(TRY(.user = name), SIP_AUTH_OK);
	close_desk(&d);
}

TEST(a_response_of_another_length_is_bad)
{
	char headers[2048], *at;
	struct desk d;

	open_desk(&d, _metadata);
	credentials_of(&d, &(struct attempt){ .nc = "00000001" }, headers, sizeof(headers));
	at = strstr(headers, "response=\"");
	memmove(at + 11, at + 12, strlen(at + 12) + 1);
	receive(&d, _metadata, headers, "");
	EXPECT_EQ(judge(&d, &d.secret), SIP_AUTH_BAD);
	credentials_of(&d, &(struct attempt){ .nc = "00000001" }, headers, sizeof(headers));
	at = strstr(headers, "response=\"") + 10;
	for (; *at != '"'; at++)
		*at = *at >= 'a' ? *at & ~0x20 : *at;	/* upper case is hex, too */
	receive(&d, _metadata, headers, "");
	EXPECT_EQ(judge(&d, &d.secret), SIP_AUTH_OK);
	close_desk(&d);
}

TEST(auth_int_covers_the_body)
{
	struct desk d;

	open_desk(&d, _metadata);
	d.realm.qops = SIP_QOP_AUTH | SIP_QOP_AUTH_INT;
	EXPECT_EQ(TRY(.qop = SIP_QOP_AUTH_INT, .body = "v=0\r\n"), SIP_AUTH_OK);
	EXPECT_EQ(TRY(.qop = SIP_QOP_AUTH_INT, .body = "v=0\r\n", .changed_body = "v=1\r\n", .nc = "00000002"),
		  SIP_AUTH_BAD);
	EXPECT_EQ(TRY(.qop = SIP_QOP_AUTH_INT, .nc = "00000002"), SIP_AUTH_OK);
	EXPECT_EQ(TRY(.qop = SIP_QOP_AUTH, .body = "v=0\r\n", .changed_body = "v=1\r\n", .nc = "00000003"),
		  SIP_AUTH_OK);
	close_desk(&d);
}

/* RFC 2069 has no counts: a nonce is good for one request. */
TEST(without_qop_a_nonce_is_used_once)
{
	struct desk d;

	open_desk(&d, _metadata);
	d.realm.qops = 0;
	challenge(&d, _metadata, false);
	EXPECT_EQ(strstr(d.lines.p, "qop"), NULL);
	EXPECT_EQ(TRY(.qop = SIP_QOP_AUTH), SIP_AUTH_BAD);
	EXPECT_EQ(TRY(.no_qop = true), SIP_AUTH_OK);
	EXPECT_EQ(judge(&d, &d.secret), SIP_AUTH_REPLAYED);
	/* A count that nobody hashes is no way around it. */
	EXPECT_EQ(TRY(.no_qop = true, .more = ", nc=00000002"), SIP_AUTH_REPLAYED);
	close_desk(&d);
}

TEST(nobody_knows_an_unknown_users_secret)
{
	struct desk d;
	char headers[2048];

	open_desk(&d, _metadata);
	credentials_of(&d, &(struct attempt){ .user = "mallory", .password = "" }, headers, sizeof(headers));
	receive(&d, _metadata, headers, "");
	EXPECT_EQ(judge(&d, NULL), SIP_AUTH_BAD);
	d.secret = (struct sip_secret){ .has = 0 };
	EXPECT_EQ(judge(&d, &d.secret), SIP_AUTH_BAD);
	close_desk(&d);
}

TEST(quoted_names_are_compared_without_their_escapes)
{
	struct sip_digest digest = {
		.alg = SIP_DIGEST_MD5, .qop = SIP_QOP_AUTH, .method = SLICE("REGISTER"), .uri = SLICE(URI),
		.cnonce = SLICE("c"), .nc = SLICE("00000001"),
	};
	char headers[1024], response[SIP_DIGEST_HEX];
	u8 ha1[SIP_DIGEST_SIZE];
	struct desk d;

	open_desk(&d, _metadata);
	d.realm.name = SLICE("the \"realm\"");
	challenge(&d, _metadata, false);
	digest.nonce = slice_str(d.nonce);
	ASSERT_EQ(sip_digest_ha1(SIP_DIGEST_MD5, SLICE("al\\ice"), d.realm.name, SLICE("secret"), ha1), 0);
	ASSERT_EQ(sip_digest_response(&digest, ha1, response), 0);
	snprintf(headers, sizeof(headers), "Authorization: Digest username=\"al\\\\ice\", realm=\"the \\\"realm\\\"\", "
		 "nonce=\"%s\", uri=\"" URI "\", response=\"%s\", qop=auth, nc=00000001, cnonce=\"c\"\r\n", d.nonce, response);
	receive(&d, _metadata, headers, "");
	EXPECT_EQ(judge(&d, &d.secret), SIP_AUTH_OK);
	EXPECT_STREQ(d.claim.user, "al\\ice");
	close_desk(&d);
}

/*
 * Over the engine: the INVITE is challenged, the ACK to the 401 ends in its
 * transaction, and the second INVITE, of the same call with the next CSeq, passes.
 */
TEST(a_call_that_we_challenge)
{
	struct sip_content content = { .headers = SLICE("") };
	struct sip_dialog *dialog;
	char headers[2048], text[4096], ack[2048];
	struct world w;
	struct desk d;

	start(&w, _metadata);
	open_desk(&d, _metadata);
	feed(&w, REQUEST("INVITE", "i1", "1", ""));
	ASSERT_EQ(w.event.type, SIP_EVENT_REQUEST);
	EXPECT_EQ(sip_auth_claim(&d.realm, d.now, w.event.msg, SOURCE, &d.claim), SIP_AUTH_CHALLENGE);
	content.headers = slice_str(d.lines.p);
	ASSERT_EQ(sip_respond(w.engine, w.now, w.event.server, NULL, 401, NULL, &content), 0);
	sip_server_put(w.engine, w.now, w.event.server);
	expect_sent(&w, "SIP/2.0 401 Unauthorized\r\n");
	EXPECT_TRUE(sent_has(&w, "algorithm=MD5, qop=\"auth\"\r\n"));
	snprintf(ack, sizeof(ack), "ACK sip:bob@example.com SIP/2.0\r\n" VIA("i1") FROM_PEER
		 "To: <sip:bob@example.com>;tag=" SLICE_FMT "\r\nCall-ID: call@" PEER "\r\nCSeq: 1 ACK\r\n\r\n",
		 SLICE_ARG(w.sent.to.tag));
	feed(&w, ack);
	EXPECT_EQ(w.event.type, SIP_EVENT_NONE);
	EXPECT_EQ(counter(&w, "sip-stray-acks-dropped"), 0);
	credentials_of(&d, &(struct attempt){ .method = "INVITE", .uri = "sip:bob@example.com" }, headers, sizeof(headers));
	snprintf(text, sizeof(text), "INVITE sip:bob@example.com SIP/2.0\r\n" VIA("i2") FROM_PEER TO_US
		 "Call-ID: call@" PEER "\r\nCSeq: 2 INVITE\r\n" CONTACT "%s\r\n", headers);
	feed(&w, text);
	ASSERT_EQ(w.event.type, SIP_EVENT_REQUEST);
	ASSERT_EQ(sip_auth_claim(&d.realm, d.now, w.event.msg, SOURCE, &d.claim), SIP_AUTH_OK);
	EXPECT_EQ(sip_auth_check(&d.realm, &d.claim, w.event.msg, &d.secret), SIP_AUTH_OK);
	ASSERT_EQ(sip_dialog_new_uas(w.engine, w.event.server, NULL, &dialog), 0);
	ASSERT_EQ(respond(&w, w.event.server, dialog, 200), 0);
	sip_server_put(w.engine, w.now, w.event.server);
	expect_sent(&w, "SIP/2.0 200 OK\r\n");
	/* The same datagram again is a retransmission, and no replay. */
	feed(&w, text);
	EXPECT_EQ(w.event.type, SIP_EVENT_NONE);
	sip_dialog_free(w.engine, dialog);
	close_desk(&d);
	discard(&w);
	stop(&w);
}

TEST_HARNESS_MAIN
