// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bodies of several parts: where each begins and ends, what it says of itself,
 * and which of them is the session description. The bytes lie in memory of their
 * very size.
 */
#include <errno.h>
#include <stdlib.h>

#include "kselftest_harness.h"
#include "sip/multipart.h"

#define EXPECT_SLICE(seen, text) EXPECT_TRUE(slice_eq(seen, slice_str(text))) { \
		struct slice _seen = seen; \
		TH_LOG("'" SLICE_FMT "' is not '%s'", SLICE_ARG(_seen), text); \
	}

static struct sip_part body_of(const char *type, const char *text)
{
	size_t n = strlen(text);
	char *copy = malloc(n ? n : 1);

	memcpy(copy, text, n);
	return (struct sip_part){ .type = slice_str(type), .body = slice_of(copy, n) };
}

static void drop(struct sip_part *body)
{
	free((char *)body->body.p);
}

#define SDP "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n"

TEST(parts_are_found_with_what_they_say_of_themselves)
{
	struct sip_part body = body_of("Multipart/Mixed ;\r\n boundary=\"a b\"",
		"This is ignored.\r\n--a bc\r\n"
		"--a b  \r\nContent-Type: application/sdp\r\n"
		"Content-Disposition: session;handling=required\r\n\r\n" SDP "\r\n"
		"--a b\r\n\r\nplain\r\n--a b is text, \r\n --a b\r\n"
		"--a b\r\nc:\r\n text/x ; y=z\r\nContent-Disposition : Icon ; Handling=Optional\r\n"
		"Content-Transfer-Encoding: base64\r\n\r\n\r\nYQ==\r\n\r\n"
		"--a b\r\nContent-ID: <1>\r\n"
		"--a b--\r\nThis, too.\r\n--a b\r\n\r\n");
	struct sip_parts parts;
	struct sip_part part;

	ASSERT_EQ(sip_parts_begin(&body, &parts), 0);
	ASSERT_EQ(sip_parts_next(&parts, &part), 1);
	EXPECT_SLICE(part.type, "application/sdp");
	EXPECT_SLICE(part.disposition, "session");
	EXPECT_FALSE(part.optional);
	EXPECT_FALSE(part.encoded);
	EXPECT_SLICE(part.body, SDP);
	ASSERT_EQ(sip_parts_next(&parts, &part), 1);
	EXPECT_SLICE(part.type, "");
	EXPECT_SLICE(part.disposition, "");
	EXPECT_SLICE(part.body, "plain\r\n--a b is text, \r\n --a b");
	ASSERT_EQ(sip_parts_next(&parts, &part), 1);
	EXPECT_TRUE(sip_part_is(&part, "text", "X"));
	EXPECT_FALSE(sip_part_is(&part, "text", "plain"));
	EXPECT_SLICE(part.disposition, "Icon");
	EXPECT_TRUE(part.optional);
	EXPECT_TRUE(part.encoded);
	EXPECT_SLICE(part.body, "\r\nYQ==\r\n");
	ASSERT_EQ(sip_parts_next(&parts, &part), 1);
	EXPECT_EQ(part.body.n, 0);	/* header fields only */
	EXPECT_EQ(sip_parts_next(&parts, &part), 0);
	EXPECT_EQ(sip_parts_next(&parts, &part), 0);
	drop(&body);
}

static const struct {
	const char *what, *type, *body;
} malformed[] = {
	{ "no boundary", "multipart/mixed", "--a\r\n\r\n--a--" },
	{ "empty boundary", "multipart/mixed;boundary=\"\"", "--\r\n\r\n----" },
	{ "a boundary that ends with a space", "multipart/mixed;boundary=\"a \"", "--a \r\n\r\n--a --" },
	{ "a character that is in no boundary", "multipart/mixed;boundary=a*", "--a*\r\n\r\n--a*--" },
	{ "71 characters", "multipart/mixed;boundary="
	  "01234567890123456789012345678901234567890123456789012345678901234567890", "" },
	{ "no delimiter", "multipart/mixed;boundary=a", "text\r\n" },
	{ "nothing", "multipart/mixed;boundary=a", "" },
	{ "only the closing delimiter", "multipart/mixed;boundary=a", "--a--\r\n" },
	{ "no multipart", "text/plain;boundary=a", "--a\r\n\r\n--a--" },
	{ "no type", "", "--a\r\n\r\n--a--" },
};

TEST(what_has_no_parts_is_refused)
{
	struct sip_parts parts;
	struct sip_part body;
	size_t i;

	for (i = 0; i < sizeof(malformed) / sizeof(*malformed); i++) {
		body = body_of(malformed[i].type, malformed[i].body);
		EXPECT_EQ(sip_parts_begin(&body, &parts), -EINVAL) {
			TH_LOG("%s", malformed[i].what);
		}
		drop(&body);
	}
}

TEST(every_prefix_lacks_its_end)
{
	static const char text[] = "--a\nc: text/plain\n\nb\n--a\n\nc\n--a--";
	struct sip_part body, part;
	struct sip_parts parts;
	size_t n;
	int more;

	for (n = 0; n <= sizeof(text) - 1; n++) {
		body = body_of("multipart/mixed;boundary=a", text);
		body.body.n = n;
		more = sip_parts_begin(&body, &parts);
		while (!more && (more = sip_parts_next(&parts, &part)) == 1)
			more = 0;
		/* "--a" is a delimiter, too; "--a-" is none */
		EXPECT_EQ(parts.ended, n == sizeof(text) - 1) {
			TH_LOG("%zu", n);
		}
		drop(&body);
	}
}

#define MIXED "multipart/mixed;boundary=o"
#define PART(type, disposition, text) "--o\r\nContent-Type: " type "\r\n" disposition "\r\n" text "\r\n"
#define OPTIONAL "Content-Disposition: render;handling=optional\r\n"
#define END "--o--\r\n"
#define INNER(kind, parts) PART("multipart/" kind ";boundary=i", "", parts "--i--\r\n")
#define IN(type, text) "--i\r\nContent-Type: " type "\r\n\r\n" text "\r\n"

static const struct {
	const char *what, *type, *body;
	int result;
	const char *sdp;	/* NULL: none */
} bodies[] = {
	{ "by itself", "application/sdp", "x", 0, "x" },
	{ "with a parameter, in capitals", "Application/SDP; charset=utf-8", "x", 0, "x" },
	{ "nothing", "", "", 0, NULL },
	{ "nothing of some type", "text/plain", "", 0, NULL },
	{ "something else", "text/plain", "x", -ENOTSUP, NULL },
	{ "nobody knows what", "", "x", -ENOTSUP, NULL },
	{ "alone in a mixed body", MIXED, PART("application/sdp", "", "x") END, 0, "x" },
	{ "with something optional", MIXED, PART("text/plain", OPTIONAL, "t")
	  PART("application/sdp", "", "x") END, 0, "x" },
	{ "with something required", MIXED, PART("application/sdp", "", "x")
	  PART("application/isup", "Content-Disposition: signal;handling=required\r\n", "i") END,
	  -ENOTSUP, NULL },
	{ "required is what is not said to be optional", MIXED, PART("application/sdp", "", "x")
	  PART("text/plain", "", "t") END, -ENOTSUP, NULL },
	{ "optional things only", MIXED, PART("text/plain", OPTIONAL, "t") END, 0, NULL },
	{ "for another purpose (RFC 3959)", MIXED, PART("application/sdp", "", "x")
	  PART("application/sdp", "Content-Disposition: early-session;handling=optional\r\n", "y") END,
	  0, "x" },
	{ "two of them", MIXED, PART("application/sdp", "", "x") PART("application/sdp", "", "y") END,
	  -EINVAL, NULL },
	{ "encoded", MIXED, PART("application/sdp", "Content-Transfer-Encoding: base64\r\n", "eA==") END,
	  -ENOTSUP, NULL },
	{ "not encoded", MIXED, PART("application/sdp", "Content-Transfer-Encoding: binary\r\n", "x") END,
	  0, "x" },
	{ "the best of the alternatives that is understood", MIXED,
	  INNER("alternative", IN("text/plain", "t") IN("application/sdp", "x")
		IN("application/sdp", "y") IN("application/z", "z")) END, 0, "y" },
	{ "no alternative is understood", MIXED, INNER("alternative", IN("text/plain", "t")) END,
	  -ENOTSUP, NULL },
	{ "deep", MIXED, INNER("related", IN("application/sdp", "x")) END, 0, "x" },
	{ "malformed", MIXED, "--o\r\n\r\nx", -EINVAL, NULL },
	{ "malformed within", MIXED, PART("multipart/mixed;boundary=i", "", "x") END, -EINVAL, NULL },
};

TEST(the_session_description_is_found)
{
	struct sip_part body;
	struct slice sdp;
	size_t i;

	for (i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		body = body_of(bodies[i].type, bodies[i].body);
		EXPECT_EQ(sip_find_sdp(&body, 2, &sdp), bodies[i].result) {
			TH_LOG("%s", bodies[i].what);
		}
		if (!bodies[i].result) {
			EXPECT_EQ(!sdp.p, !bodies[i].sdp);
			EXPECT_TRUE(slice_eq(sdp, slice_str(bodies[i].sdp))) {
				TH_LOG("%s", bodies[i].what);
			}
		}
		drop(&body);
	}
}

/* A part in a part in a part, as often as one likes. */
TEST(nesting_has_a_limit)
{
	struct sip_part body = body_of(MIXED, INNER("mixed", IN("application/sdp", "x")) END);
	struct slice sdp;

	EXPECT_EQ(sip_part_depth(&body, 2), 0);
	EXPECT_EQ(sip_part_depth(&body, 1), -E2BIG);
	EXPECT_EQ(sip_part_depth(&body, 0), -E2BIG);
	EXPECT_EQ(sip_find_sdp(&body, 1, &sdp), -EINVAL);
	drop(&body);
	body = body_of("text/plain", "x");
	EXPECT_EQ(sip_part_depth(&body, 0), 0);
	drop(&body);
}

TEST(the_body_of_a_message_is_a_part)
{
	static const char text[] = "MESSAGE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nFrom: sip:a@b\r\n"
		"To: sip:a@b\r\nCall-ID: 1\r\nCSeq: 1 MESSAGE\r\ne: gzip\r\n"
		"Content-Disposition: render; handling = \"optional\"\r\nc: text/plain\r\n\r\nhello";
	static struct sip_msg msg;
	struct sip_error err;
	struct sip_part part;
	struct slice sdp;

	ASSERT_EQ(sip_parse(slice_str(text), &msg, &err), 0);
	sip_part_of(&msg, &part);
	EXPECT_SLICE(part.type, "text/plain");
	EXPECT_SLICE(part.disposition, "render");
	EXPECT_TRUE(part.optional);
	EXPECT_TRUE(part.encoded);
	EXPECT_SLICE(part.body, "hello");
	EXPECT_EQ(sip_find_sdp(&part, 1, &sdp), 0);
	EXPECT_EQ(sdp.p, NULL);
}

TEST_HARNESS_MAIN
