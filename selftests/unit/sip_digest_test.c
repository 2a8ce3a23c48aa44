// SPDX-License-Identifier: GPL-2.0-only
/*
 * Digest as bytes and arithmetic: the examples of RFC 2617 and RFC 7616, and
 * what challenges and credentials look like when somebody else wrote them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "kselftest_harness.h"
#include "sip/digest.h"

#define NONCE_2617 "dcd98b7102dd2f0e8b11d0f600bfb0c093"
#define NONCE_7616 "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
#define CNONCE_7616 "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"

static const struct {
	const char *user, *realm, *password;
	struct sip_digest d;
	const char *response;
} vectors[] = {
	/* RFC 2617 §3.5 */
	{ "Mufasa", "testrealm@host.com", "Circle Of Life",
	  { .alg = SIP_DIGEST_MD5, .qop = SIP_QOP_AUTH, .method = SLICE("GET"),
	    .uri = SLICE("/dir/index.html"), .nonce = SLICE(NONCE_2617),
	    .cnonce = SLICE("0a4f113b"), .nc = SLICE("00000001") },
	  "6629fae49393a05397450978507c4ef1" },
	/* The same as RFC 2069 has it: without qop. */
	{ "Mufasa", "testrealm@host.com", "CircleOfLife",
	  { .alg = SIP_DIGEST_MD5, .method = SLICE("GET"), .uri = SLICE("/dir/index.html"),
	    .nonce = SLICE(NONCE_2617) },
	  "1949323746fe6a43ef61f9606e7febea" },
	/* RFC 7616 §3.9.1 */
	{ "Mufasa", "http-auth@example.org", "Circle of Life",
	  { .alg = SIP_DIGEST_MD5, .qop = SIP_QOP_AUTH, .method = SLICE("GET"),
	    .uri = SLICE("/dir/index.html"), .nonce = SLICE(NONCE_7616),
	    .cnonce = SLICE(CNONCE_7616), .nc = SLICE("00000001") },
	  "8ca523f5e9506fed4657c9700eebdbec" },
	{ "Mufasa", "http-auth@example.org", "Circle of Life",
	  { .alg = SIP_DIGEST_SHA256, .qop = SIP_QOP_AUTH, .method = SLICE("GET"),
	    .uri = SLICE("/dir/index.html"), .nonce = SLICE(NONCE_7616),
	    .cnonce = SLICE(CNONCE_7616), .nc = SLICE("00000001") },
	  "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1" },
	/* RFC 7616 §3.9.2, as its erratum 4897 corrects it: SHA-512/256, not a cut SHA-512. */
	{ "J\xc3\xa4s\xc3\xb8n Doe", "api@example.org", "Secret, or not?",
	  { .alg = SIP_DIGEST_SHA512_256, .qop = SIP_QOP_AUTH, .method = SLICE("GET"),
	    .uri = SLICE("/doe.json"),
	    .nonce = SLICE("5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK"),
	    .cnonce = SLICE("NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v"), .nc = SLICE("00000001") },
	  "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5" },
};

TEST(the_examples_of_the_rfcs)
{
	char response[SIP_DIGEST_HEX];
	u8 ha1[SIP_DIGEST_SIZE];
	size_t i;

	for (i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		ASSERT_EQ(sip_digest_ha1(vectors[i].d.alg, slice_str(vectors[i].user),
					 slice_str(vectors[i].realm),
					 slice_str(vectors[i].password), ha1), 0);
		ASSERT_EQ(sip_digest_response(&vectors[i].d, ha1, response), 0);
		EXPECT_STREQ(response, vectors[i].response) {
			TH_LOG("vector %zu", i);
		}
	}
}

static const char *respond(const struct sip_digest *d, const char *password)
{
	static char response[SIP_DIGEST_HEX];
	u8 ha1[SIP_DIGEST_SIZE];

	if (sip_digest_ha1(d->alg, SLICE("bob"), SLICE("r"), slice_str(password), ha1) ||
	    sip_digest_response(d, ha1, response))
		return "failed";
	return response;
}

/* Each part of the formula changes the response: nothing is left out of the hash. */
TEST(every_input_counts)
{
	const struct sip_digest plain = {
		.alg = SIP_DIGEST_SHA256, .qop = SIP_QOP_AUTH_INT, .method = SLICE("INVITE"),
		.uri = SLICE("sip:a@b"), .nonce = SLICE("n"), .cnonce = SLICE("c"),
		.nc = SLICE("00000001"), .body = SLICE("v=0\r\n"),
	};
	struct sip_digest other[9];
	char first[SIP_DIGEST_HEX];
	size_t i;

	strcpy(first, respond(&plain, "secret"));
	EXPECT_EQ(strlen(first), 64);
	EXPECT_STREQ(respond(&plain, "secret"), first);
	EXPECT_STRNE(respond(&plain, "Secret"), first);
	for (i = 0; i < 9; i++)
		other[i] = plain;
	other[0].alg = SIP_DIGEST_SHA512_256;
	other[1].sess = true;
	other[2].qop = SIP_QOP_AUTH;
	other[3].method = SLICE("BYE");
	other[4].uri = SLICE("sip:a@c");
	other[5].nonce = SLICE("m");
	other[6].cnonce = SLICE("d");
	other[7].nc = SLICE("00000002");
	other[8].body = SLICE("v=1\r\n");
	for (i = 0; i < 9; i++)
		EXPECT_STRNE(respond(&other[i], "secret"), first) {
			TH_LOG("case %zu", i);
		}
}

/* RFC 7616 §3.4.2: H(H(user:realm:password):nonce:cnonce), computed with md5sum. */
/* What is remembered of the last request is not taken for another one. */
TEST(a_method_and_uri_that_are_cut_elsewhere_are_others)
{
	struct sip_digest d = {
		.alg = SIP_DIGEST_MD5, .method = SLICE("INFO"), .uri = SLICE("Rsip:b"),
		.nonce = SLICE("n"),
	};
	char first[SIP_DIGEST_HEX];

	strcpy(first, respond(&d, "p"));
	EXPECT_STREQ(respond(&d, "p"), first);
	d.method = SLICE("INFOR");
	d.uri = SLICE("sip:b");
	EXPECT_STRNE(respond(&d, "p"), first);
	d.alg = SIP_DIGEST_SHA256;
	EXPECT_EQ(strlen(respond(&d, "p")), 64);
	d.alg = SIP_DIGEST_MD5;
	d.method = SLICE("INFO");
	d.uri = SLICE("Rsip:b");
	EXPECT_STREQ(respond(&d, "p"), first);
}

TEST(a_session_algorithm_mixes_the_nonces_into_the_key)
{
	const struct sip_digest d = {
		.alg = SIP_DIGEST_MD5, .sess = true, .qop = SIP_QOP_AUTH, .method = SLICE("GET"),
		.uri = SLICE("/dir/index.html"), .nonce = SLICE(NONCE_2617),
		.cnonce = SLICE("0a4f113b"), .nc = SLICE("00000001"),
	};
	char response[SIP_DIGEST_HEX];
	u8 ha1[SIP_DIGEST_SIZE];

	ASSERT_EQ(sip_digest_ha1(SIP_DIGEST_MD5, SLICE("Mufasa"), SLICE("testrealm@host.com"),
				 SLICE("Circle Of Life"), ha1), 0);
	ASSERT_EQ(sip_digest_response(&d, ha1, response), 0);
	EXPECT_STREQ(response, "8e3825c57e897f5a0dec6c2d4e5059d0");
}

TEST(an_unknown_algorithm_is_not_computed)
{
	u8 ha1[SIP_DIGEST_SIZE];

	EXPECT_EQ(sip_digest_ha1(SIP_DIGEST_UNKNOWN, SLICE("a"), SLICE("b"), SLICE("c"), ha1),
		  -EOPNOTSUPP);
	EXPECT_EQ(sip_digest_size(SIP_DIGEST_UNKNOWN), 0);
}

TEST(escapes_are_not_hashed)
{
	struct sip_digest d = {
		.alg = SIP_DIGEST_MD5, .qop = SIP_QOP_AUTH, .method = SLICE("GET"),
		.uri = SLICE("sip:a@b"), .nonce = SLICE("a\"b\\c"), .cnonce = SLICE("x"),
		.nc = SLICE("00000001"),
	};
	char plain[SIP_DIGEST_HEX];

	d.nonce = SLICE("a\"bc");
	strcpy(plain, respond(&d, "p"));
	d.nonce = SLICE("a\\\"b\\c");
	EXPECT_STREQ(respond(&d, "p"), plain);
	d.nonce = SLICE("a\\\"bcd");
	EXPECT_STRNE(respond(&d, "p"), plain);
}

TEST(quoting_and_back)
{
	static const char *const texts[] = { "", "bob", "a\"b", "\\", "a\\\\\"", "J\xc3\xa4son, or \t not" };
	char back[64];
	struct buf b;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		buf_init(&b);
		sip_quote(&b, slice_str(texts[i]));
		ASSERT_FALSE(b.failed);
		ASSERT_TRUE(sip_unquote(buf_slice(&b), back, sizeof(back)));
		EXPECT_STREQ(back, texts[i]);
		EXPECT_TRUE(sip_quoted_eq(buf_slice(&b), slice_str(texts[i])));
		EXPECT_FALSE(sip_quoted_eq(buf_slice(&b), SLICE("another")));
		buf_free(&b);
	}
	EXPECT_FALSE(sip_quoted_eq(SLICE("ab"), SLICE("abc")));
	EXPECT_FALSE(sip_quoted_eq(SLICE("abc"), SLICE("ab")));
	EXPECT_FALSE(sip_unquote(SLICE("12345678"), back, 8));
	EXPECT_TRUE(sip_unquote(SLICE("1234567"), back, 8));
	/* A line end never gets into a header of ours. */
	buf_init(&b);
	sip_quote(&b, SLICE("a\r\nX: y"));
	EXPECT_TRUE(b.failed);
	buf_free(&b);
}

/* RFC 3261 §20.44, with its commas and its empty opaque. */
TEST(the_challenge_of_rfc_3261)
{
	struct slice rest = SLICE("Digest realm=\"atlanta.com\",\r\n domain=\"sip:boxesbybob.com\", qop=\"auth\",\r\n"
				  " nonce=\"f84f1cec41e6cbe5aea9c8e88d359\",\r\n opaque=\"\", stale=FALSE, algorithm=MD5");
	struct sip_challenge c;

	ASSERT_EQ(sip_challenge_next(&rest, &c), 1);
	EXPECT_TRUE(slice_eq(c.realm, SLICE("atlanta.com")));
	EXPECT_TRUE(slice_eq(c.nonce, SLICE("f84f1cec41e6cbe5aea9c8e88d359")));
	EXPECT_NE(c.opaque.p, NULL);
	EXPECT_EQ(c.opaque.n, 0);
	EXPECT_FALSE(c.is_stale);
	EXPECT_EQ(c.alg, SIP_DIGEST_MD5);
	EXPECT_EQ(c.qops, SIP_QOP_AUTH);
	EXPECT_EQ(sip_challenge_next(&rest, &c), 0);
}

TEST(a_challenge_as_others_write_it)
{
	struct slice rest = SLICE("DIGEST  REALM = \"a \\\"b\\\", c\" ,, Nonce=abc==\t, algorithm=\"sha-256-SESS\","
				  "qop=\"auth-conf , auth-int,auth\", stale=\"TRUE\", charset=UTF-8, x=\"y, z=1\",");
	struct sip_challenge c;

	ASSERT_EQ(sip_challenge_next(&rest, &c), 1);
	EXPECT_TRUE(sip_quoted_eq(c.realm, SLICE("a \"b\", c")));
	EXPECT_TRUE(slice_eq(c.nonce, SLICE("abc==")));
	EXPECT_EQ(c.alg, SIP_DIGEST_SHA256);
	EXPECT_TRUE(c.sess);
	EXPECT_TRUE(c.is_stale);
	EXPECT_EQ(c.qops, SIP_QOP_AUTH | SIP_QOP_AUTH_INT);
	EXPECT_EQ(c.opaque.p, NULL);
	EXPECT_EQ(sip_challenge_next(&rest, &c), 0);
}

TEST(several_challenges_in_one_header)
{
	struct slice rest = SLICE("Basic realm=\"simple, Digest\", Digest realm=\"one\", nonce=\"1\", algorithm=SHA-512-256,"
				  " Negotiate abc==, Digest algorithm=AKAv1-MD5, nonce=\"2\", realm=\"two\"");
	struct sip_challenge c;

	ASSERT_EQ(sip_challenge_next(&rest, &c), 1);
	EXPECT_TRUE(slice_eq(c.realm, SLICE("one")));
	EXPECT_EQ(c.alg, SIP_DIGEST_SHA512_256);
	ASSERT_EQ(sip_challenge_next(&rest, &c), 1);
	EXPECT_TRUE(slice_eq(c.realm, SLICE("two")));
	EXPECT_EQ(c.alg, SIP_DIGEST_UNKNOWN);
	EXPECT_EQ(sip_challenge_next(&rest, &c), 0);
}

static const char *const bad_challenges[] = {
	"Digest", "Digest ", "Digest realm=\"r\"", "Digest nonce=\"n\"", "=", "\"Digest\"",
	"Digest realm=\"r\", nonce=\"n\", realm=\"s\"",	/* twice */
	"Digest realm=\"r\", nonce=\"n\", NONCE=\"n\"",
	"Digest realm=\"r\" nonce=\"n\"",			/* no comma */
	"Digest realm=\"r\", nonce=\"n",
	"Digest realm=\"r\", nonce=\"n\\",
	"Digest realm=\"r\", nonce=",
	"Digest realm=\"r\", nonce=, qop=\"auth\"",
	"Digest realm=\"r\", nonce=a\"b\"",
	"Digest realm=\"r\r\n s\", nonce=\"n\"",		/* would end our line */
	"Digest realm=\"r\", nonce=\"n\001\"",
	"Digest realm=\"r\", nonce=\"n\", algorithm=\"MD5, x\"",
	"Digest realm=\"r\", nonce=\"n\", stale=\"\"",
};

TEST(what_is_no_challenge)
{
	struct sip_challenge c;
	size_t i;

	for (i = 0; i < sizeof(bad_challenges) / sizeof(*bad_challenges); i++) {
		struct slice rest = slice_str(bad_challenges[i]);

		EXPECT_EQ(sip_challenge_next(&rest, &c), -EINVAL) {
			TH_LOG("case %zu", i);
		}
		EXPECT_EQ(rest.n, 0);
	}
}

#define CREDENTIALS "Digest username=\"bob\", realm=\"biloxi.com\", nonce=\"n\", uri=\"sip:bob@biloxi.com\", response=\"6629fae49393a05397450978507c4ef1\""

/* RFC 3261 §22.4. */
TEST(credentials)
{
	struct sip_credentials c;

	ASSERT_EQ(sip_credentials_parse(SLICE(CREDENTIALS ", qop=auth, nc=0000001F, cnonce=\"0a4f113b\", opaque=\"5c\""), &c), 0);
	EXPECT_TRUE(slice_eq(c.username, SLICE("bob")));
	EXPECT_TRUE(slice_eq(c.uri, SLICE("sip:bob@biloxi.com")));
	EXPECT_EQ(c.used_qop, SIP_QOP_AUTH);
	EXPECT_EQ(c.count, 31);
	EXPECT_EQ(c.alg, SIP_DIGEST_MD5);
	ASSERT_EQ(sip_credentials_parse(SLICE(CREDENTIALS), &c), 0);
	EXPECT_EQ(c.used_qop, 0);
	EXPECT_EQ(c.qop.p, NULL);
	ASSERT_EQ(sip_credentials_parse(SLICE(CREDENTIALS ", qop=\"auth-int\", nc=ffffffff, cnonce=\"c\", algorithm=SHA-256"), &c), 0);
	EXPECT_EQ(c.used_qop, SIP_QOP_AUTH_INT);
	EXPECT_EQ(c.count, UINT32_MAX);
	EXPECT_EQ(c.alg, SIP_DIGEST_SHA256);
}

static const struct {
	const char *text;
	int result;
} bad_credentials[] = {
	{ "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", -EOPNOTSUPP },
	{ "Bearer", -EOPNOTSUPP },
	{ "", -EINVAL },
	{ "Digest", -EINVAL },
	{ CREDENTIALS ", username=\"eve\"", -EINVAL },
	{ CREDENTIALS ", uri=\"sip:eve@biloxi.com\"", -EINVAL },
	{ CREDENTIALS ", Basic abc", -EINVAL },
	{ CREDENTIALS ", qop=auth, cnonce=\"c\"", -EINVAL },
	{ CREDENTIALS ", qop=auth, nc=00000001", -EINVAL },
	{ CREDENTIALS ", qop=auth, nc=1, cnonce=\"c\"", -EINVAL },
	{ CREDENTIALS ", qop=auth, nc=000000001, cnonce=\"c\"", -EINVAL },
	{ CREDENTIALS ", qop=auth, nc=0000000g, cnonce=\"c\"", -EINVAL },
	{ CREDENTIALS ", qop=\"auth,auth-int\", nc=00000001, cnonce=\"c\"", -EINVAL },
	{ CREDENTIALS ", algorithm=MD5-sess", -EINVAL },
	{ "Digest username=\"bob\", realm=\"r\", nonce=\"n\", uri=\"sip:b\"", -EINVAL },
};

TEST(what_are_no_credentials)
{
	struct sip_credentials c;
	size_t i;

	for (i = 0; i < sizeof(bad_credentials) / sizeof(*bad_credentials); i++)
		EXPECT_EQ(sip_credentials_parse(slice_str(bad_credentials[i].text), &c),
			  bad_credentials[i].result) {
			TH_LOG("case %zu", i);
		}
}

TEST(printing_puts_quotes_where_the_grammar_has_them)
{
	struct sip_challenge challenge = {
		.realm = SLICE("a\\\"b"), .nonce = SLICE("n"), .algorithm = SLICE("SHA-256"),
		.qop = SLICE("auth,auth-int"), .stale = SLICE("true"),
	};
	struct sip_credentials c = {
		.username = SLICE("bob"), .realm = SLICE("r"), .nonce = SLICE("n"),
		.uri = SLICE("sip:a@b"), .response = SLICE("00"), .algorithm = SLICE("MD5"),
		.cnonce = SLICE("c"), .qop = SLICE("auth"), .nc = SLICE("00000001"),
	};
	struct buf b;

	buf_init(&b);
	sip_challenge_print(&b, &challenge);
	EXPECT_TRUE(slice_eq(buf_slice(&b), SLICE("Digest realm=\"a\\\"b\", nonce=\"n\", stale=true, algorithm=SHA-256, qop=\"auth,auth-int\"")));
	buf_reset(&b);
	sip_credentials_print(&b, &c);
	EXPECT_TRUE(slice_eq(buf_slice(&b), SLICE("Digest username=\"bob\", realm=\"r\", nonce=\"n\", uri=\"sip:a@b\", response=\"00\", "
						  "algorithm=MD5, cnonce=\"c\", qop=auth, nc=00000001")));
	buf_free(&b);
}

TEST(authentication_info)
{
	struct sip_auth_info info;

	ASSERT_EQ(sip_auth_info_parse(SLICE("nextnonce=\"47364c23432d2e131a5fb210812c\", qop=auth, nc=00000001"), &info), 0);
	EXPECT_TRUE(slice_eq(info.nextnonce, SLICE("47364c23432d2e131a5fb210812c")));
	EXPECT_EQ(sip_auth_info_parse(SLICE("nextnonce=\"a\", nextnonce=\"b\""), &info), -EINVAL);
	EXPECT_EQ(sip_auth_info_parse(SLICE("nextnonce"), &info), -EINVAL);
}

TEST_HARNESS_MAIN
