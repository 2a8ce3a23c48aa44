// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parser by examples: odd but legal messages, and malformed ones with the
 * answer that they deserve. Several are the torture tests of RFC 4475. Each is
 * parsed from a copy of exact size, so that ASan sees a read beyond it.
 */
#include <stdlib.h>

#include "kselftest_harness.h"
#include "sip/msg.h"

#define START "INVITE sip:bob@example.com SIP/2.0\r\n"
#define VIA "Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK1;rport\r\n"
#define FROM "From: \"Alice\" <sip:alice@example.com>;tag=a1\r\n"
#define TO "To: <sip:bob@example.com>\r\n"
#define IDS "Call-ID: c1@192.0.2.10\r\nCSeq: 1 INVITE\r\n"
#define HEAD START VIA FROM TO IDS
#define END "\r\n"

struct parsed {
	char *bytes;
	struct sip_msg msg;
	struct sip_error err;
	int result;
};

static void parse_n(struct parsed *p, const char *text, size_t n)
{
	p->bytes = malloc(n ? n : 1);
	memcpy(p->bytes, text, n);
	p->result = sip_parse(slice_of(p->bytes, n), &p->msg, &p->err);
}

static void parse(struct parsed *p, const char *text)
{
	parse_n(p, text, strlen(text));
}

#define EXPECT_SLICE(seen, text) EXPECT_TRUE(slice_eq(seen, slice_str(text))) { \
		struct slice _seen = seen; \
		TH_LOG("'" SLICE_FMT "' is not '%s'", SLICE_ARG(_seen), text); \
	}

TEST(a_plain_invite)
{
	struct parsed p;

	parse(&p, HEAD "Max-Forwards: 70\r\nContent-Type: application/sdp\r\n"
	      "Content-Length: 4\r\n\r\nv=0\nrest");
	ASSERT_EQ(p.result, 0);
	EXPECT_TRUE(p.msg.request);
	EXPECT_EQ(p.msg.method, SIP_INVITE);
	EXPECT_SLICE(p.msg.ruri, "sip:bob@example.com");
	EXPECT_SLICE(p.msg.uri.user, "bob");
	EXPECT_SLICE(p.msg.via.host, "192.0.2.10");
	EXPECT_EQ(p.msg.via.port, 5060);
	EXPECT_SLICE(p.msg.via.branch, "z9hG4bK1");
	EXPECT_TRUE(p.msg.via.rport);
	EXPECT_FALSE(p.msg.more_vias);
	EXPECT_SLICE(p.msg.from.display, "\"Alice\"");
	EXPECT_SLICE(p.msg.from.uri, "sip:alice@example.com");
	EXPECT_SLICE(p.msg.from.tag, "a1");
	EXPECT_SLICE(p.msg.from.value, "\"Alice\" <sip:alice@example.com>");
	EXPECT_EQ(p.msg.to.tag.n, 0);
	EXPECT_SLICE(p.msg.call_id, "c1@192.0.2.10");
	EXPECT_EQ(p.msg.cseq, 1);
	EXPECT_EQ(p.msg.max_forwards, 70);
	EXPECT_EQ(p.msg.nhdrs, 8);
	EXPECT_SLICE(p.msg.content_type, "application/sdp");
	EXPECT_SLICE(p.msg.body, "v=0\n");	/* the rest is padding */
	free(p.bytes);
}

TEST(a_response)
{
	struct parsed p;

	parse(&p, "SIP/2.0 180 Ringing loudly\r\n" VIA FROM
	      "To: <sip:bob@example.com>;tag=b1\r\n" IDS END);
	ASSERT_EQ(p.result, 0);
	EXPECT_FALSE(p.msg.request);
	EXPECT_EQ(p.msg.status, 180);
	EXPECT_SLICE(p.msg.reason, "Ringing loudly");
	EXPECT_EQ(p.msg.method, SIP_INVITE);
	EXPECT_SLICE(p.msg.to.tag, "b1");
	EXPECT_EQ(p.msg.max_forwards, -1);
	free(p.bytes);
	/* RFC 4475 §3.1.1.13: no reason phrase */
	parse(&p, "SIP/2.0 100 \r\n" VIA FROM TO IDS END);
	EXPECT_EQ(p.result, 0);
	EXPECT_EQ(p.msg.reason.n, 0);
	free(p.bytes);
}

/* After RFC 4475 §3.1.1.1 */
TEST(folding_white_space_compact_forms_and_lists)
{
	struct parsed p;

	parse(&p, "\r\n\r\nINVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0\r\n"
	      "TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n\r\n"
	      "from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n"
	      "  tag = 98asjd8\r\nMaX-fOrWaRdS: 0068\r\nCall-ID: wsinv.ndaksdj@192.0.2.1\r\n"
	      "Content-Length   : 150\r\ncseq: 0009\r\n  INVITE\r\n"
	      "Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\ns :\r\n"
	      "NewFangledHeader:   newfangled value\r\n continued newfangled value\r\n"
	      "v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n"
	      " SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n"
	      "m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =\r\n"
	      "      newvalue ;\r\n  secondparam ; q = 0.33\r\n\r\n"
	      "v=0\r\no=mhandley 29739 7272939 IN IP4 192.0.2.3\r\ns=-\r\nc=IN IP4 192.0.2.4\r\n"
	      "t=0 0\r\nm=audio 49217 RTP/AVP 0 12\r\nm=video 3227 RTP/AVP 31\r\na=rtpmap:31 LPC\r\n");
	ASSERT_EQ(p.result, 0) {
		TH_LOG("%s: %s", sip_hdr_info(p.err.header)->name, p.err.text);
	}
	EXPECT_SLICE(p.msg.to.uri, "sip:vivekg@chair-dnrc.example.com");
	EXPECT_SLICE(p.msg.to.tag, "1918181833n");
	EXPECT_SLICE(p.msg.from.display, "\"J Rosenberg \\\\\\\"\"");
	EXPECT_SLICE(p.msg.from.tag, "98asjd8");
	EXPECT_EQ(p.msg.max_forwards, 68);
	EXPECT_EQ(p.msg.cseq, 9);
	EXPECT_SLICE(p.msg.via.host, "192.0.2.2");
	EXPECT_SLICE(p.msg.via.branch, "390skdjuw");
	EXPECT_TRUE(p.msg.more_vias);
	EXPECT_EQ(p.msg.body.n, 150);
	free(p.bytes);
}

#define VARIED(via, from, to, rest) "OPTIONS sip:x@y SIP/2.0\r\n" via from to \
	"Call-ID: c\r\nCSeq: 1 OPTIONS\r\n" rest "\r\n"

static const struct {
	const char *what, *text;
} legal[] = {
	{ "bare line feeds", "OPTIONS sip:x@y SIP/2.0\nVia: SIP/2.0/UDP h;branch=b\nFrom: <sip:a@b>\n"
	  "To: <sip:a@b>\nCall-ID: c\nCSeq: 1 OPTIONS\n\n" },
	{ "no tags, no display name, addr-spec",
	  VARIED(VIA, "From: sip:a@b\r\n", "To: sip:a@b;tag=1\r\n", "") },
	{ "token display names with white space",
	  VARIED(VIA, "From: Bob of the hill <sip:a@b>;tag=1\r\n", TO, "") },
	{ "UTF-8 display name", VARIED(VIA, "From: \"J\303\266rg\" <sip:a@b>;tag=1\r\n", TO, "") },
	{ "IPv6 sent-by with port", VARIED("Via: SIP/2.0/UDP [2001:db8::9]:5062;received=2001:db8::9;"
	  "branch=z9hG4bKas3\r\n", FROM, TO, "") },
	{ "white space around the port's colon",
	  VARIED("Via: SIP/2.0/UDP h : 5062 ;branch=b\r\n", FROM, TO, "") },
	{ "unknown transport", VARIED("Via: SIP/2.0/UNKNOWN h;branch=b\r\n", FROM, TO, "") },
	{ "other URI schemes", VARIED(VIA, "From: <http://a/b?c>;tag=1\r\n", "To: <tel:+1>\r\n", "") },
	{ "uncommon header names",
	  VARIED(VIA, FROM, TO, "extensionHeader-!.%*+_`'~: \xe5\xa4\xa7\xe5\x81\x9c\xe9\x9b\xbb\r\n") },
	{ "empty values", VARIED(VIA, FROM, TO, "Supported:\r\nSubject:\r\nX: \r\n \r\n") },
	{ "parameters with quoted strings",
	  VARIED(VIA, "From: <sip:a@b>;x=\"a;b,c\\\"<>\";tag=1\r\n", TO, "") },
	{ "no Content-Length, no body", VARIED(VIA, FROM, TO, "") },
	{ "generic parameters of a Via",
	  VARIED("Via: SIP/2.0/UDP h;oops;a=[::1];branch=b;ttl=1;maddr=239.0.0.1\r\n", FROM, TO, "") },
};

TEST(odd_but_legal)
{
	struct parsed p;
	size_t i;

	for (i = 0; i < sizeof(legal) / sizeof(*legal); i++) {
		parse(&p, legal[i].text);
		EXPECT_EQ(p.result, 0) {
			TH_LOG("%s: %s: %s", legal[i].what, sip_hdr_info(p.err.header)->name,
			       p.err.text);
		}
		free(p.bytes);
	}
}

static const struct {
	const char *what, *text;
	u16 status;
	enum sip_hdr_id header;
} malformed[] = {
	{ "nothing", "", 0, SIP_HDR_OTHER },
	{ "one line without end", "OPTIONS sip:x@y SIP/2.0", 0, SIP_HDR_OTHER },
	{ "a CR in a line without end", "\r\xf8 OPTIONS\rsip:x@y", 0, SIP_HDR_OTHER },
	{ "no end of headers", HEAD, 400, SIP_HDR_OTHER },
	{ "cut in a header", START VIA FROM TO "CSeq: 1 INVITE\r\nCall-ID: c", 400, SIP_HDR_OTHER },
	{ "cut in a fold", HEAD "X: a\r\n b", 400, SIP_HDR_OTHER },
	{ "HTTP", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0, SIP_HDR_OTHER },
	{ "two spaces in the request line", "INVITE  sip:b@c SIP/2.0\r\n" VIA FROM TO IDS END, 400,
	  SIP_HDR_OTHER },
	{ "space after the version", "INVITE sip:b@c SIP/2.0 \r\n" VIA FROM TO IDS END, 400,
	  SIP_HDR_OTHER },
	{ "no version", "INVITE sip:b@c\r\n" VIA FROM TO IDS END, 400, SIP_HDR_OTHER },
	{ "URI in brackets", "INVITE <sip:b@c> SIP/2.0\r\n" VIA FROM TO IDS END, 400, SIP_HDR_OTHER },
	{ "version 7", "INVITE sip:b@c SIP/7.0\r\n" VIA FROM TO IDS END, 505, SIP_HDR_OTHER },
	{ "status with four digits", "SIP/2.0 4294967301 better\r\n" VIA FROM TO IDS END, 0,
	  SIP_HDR_OTHER },
	{ "status 99", "SIP/2.0 099 x\r\n" VIA FROM TO IDS END, 0, SIP_HDR_OTHER },
	{ "malformed response", "SIP/2.0 200 OK\r\n" VIA FROM TO "Call-ID: c\r\nCSeq: x\r\n\r\n", 0,
	  SIP_HDR_CSEQ },
	{ "no Via", START FROM TO IDS END, 0, SIP_HDR_VIA },
	{ "no From", START VIA TO IDS END, 400, SIP_HDR_FROM },
	{ "no To", START VIA FROM IDS END, 400, SIP_HDR_TO },
	{ "no Call-ID", START VIA FROM TO "CSeq: 1 INVITE\r\n\r\n", 400, SIP_HDR_CALL_ID },
	{ "no CSeq", START VIA FROM TO "Call-ID: c\r\n\r\n", 400, SIP_HDR_CSEQ },
	{ "Via without host", START "Via: SIP/2.0/UDP\r\n" FROM TO IDS END, 0, SIP_HDR_VIA },
	{ "Via without transport", START "Via: SIP/2.0 h;branch=b\r\n" FROM TO IDS END, 0, SIP_HDR_VIA },
	{ "Via with port 0", START "Via: SIP/2.0/UDP h:0\r\n" FROM TO IDS END, 0, SIP_HDR_VIA },
	{ "empty top Via", START "Via:\r\n" VIA FROM TO IDS END, 0, SIP_HDR_VIA },
	{ "Via with nonsense after its host", START "Via: SIP/2.0/UDP h;;,,\r\n" FROM TO IDS END, 400,
	  SIP_HDR_VIA },
	{ "headers in the Request-URI", "INVITE sip:b@c?a=b SIP/2.0\r\n" VIA FROM TO IDS END, 400,
	  SIP_HDR_OTHER },
	{ "an unknown method that is not that of CSeq", "NEW sip:b@c SIP/2.0\r\n" VIA FROM TO IDS END,
	  501, SIP_HDR_OTHER },
	{ "From without end of quotes", START VIA "From: \"A <sip:a@b>;tag=1\r\n" TO IDS END, 400,
	  SIP_HDR_FROM },
	{ "From without end of bracket", START VIA "From: <sip:a@b;tag=1\r\n" TO IDS END, 400,
	  SIP_HDR_FROM },
	{ "To with a broken URI", START VIA FROM "To: <sip:a@>\r\n" IDS END, 400, SIP_HDR_TO },
	{ "To with headers and no brackets", START VIA FROM "To: sip:a@b?x=y\r\n" IDS END, 400,
	  SIP_HDR_TO },
	{ "To with text after it", START VIA FROM "To: <sip:a@b> x\r\n" IDS END, 400, SIP_HDR_TO },
	{ "To twice", HEAD TO END, 400, SIP_HDR_TO },
	{ "Call-ID twice", HEAD "i: c2\r\n\r\n", 400, SIP_HDR_CALL_ID },
	{ "CSeq without method", START VIA FROM TO "Call-ID: c\r\nCSeq: 1\r\n\r\n", 400, SIP_HDR_CSEQ },
	{ "CSeq too large", START VIA FROM TO "Call-ID: c\r\nCSeq: 36893488147419103232 INVITE\r\n\r\n",
	  400, SIP_HDR_CSEQ },
	{ "CSeq of 2^31", START VIA FROM TO "Call-ID: c\r\nCSeq: 2147483648 INVITE\r\n\r\n", 400,
	  SIP_HDR_CSEQ },
	{ "another method in CSeq", START VIA FROM TO "Call-ID: c\r\nCSeq: 1 OPTIONS\r\n\r\n", 400,
	  SIP_HDR_CSEQ },
	{ "malformed ACK", "ACK sip:b@c SIP/2.0\r\n" VIA FROM TO "Call-ID: c\r\nCSeq: x\r\n\r\n", 0,
	  SIP_HDR_CSEQ },
	{ "Max-Forwards of 256", HEAD "Max-Forwards: 256\r\n\r\n", 400, SIP_HDR_MAX_FORWARDS },
	{ "Max-Forwards below 0", HEAD "Max-Forwards: -1\r\n\r\n", 400, SIP_HDR_MAX_FORWARDS },
	{ "body shorter than it says", HEAD "Content-Length: 10\r\n\r\nv=0\r\n", 400,
	  SIP_HDR_CONTENT_LENGTH },
	{ "negative length", HEAD "Content-Length: -999\r\n\r\n", 400, SIP_HDR_CONTENT_LENGTH },
	{ "two lengths", HEAD "Content-Length: 0\r\nl: 4\r\n\r\nv=0\n", 400, SIP_HDR_CONTENT_LENGTH },
	{ "header without colon", HEAD "Nonsense\r\n\r\n", 400, SIP_HDR_OTHER },
	{ "space in a header name", HEAD "My Header: 1\r\n\r\n", 400, SIP_HDR_OTHER },
	{ "header without name", HEAD ": 1\r\n\r\n", 400, SIP_HDR_OTHER },
	{ "CR alone", HEAD "X: a\rVia: b\r\n\r\n", 400, SIP_HDR_OTHER },
	{ "fold before the first header", START " x\r\n" VIA FROM TO IDS END, 400, SIP_HDR_OTHER },
	{ "Call-ID with a space", START VIA FROM TO "Call-ID: a b\r\nCSeq: 1 INVITE\r\n\r\n", 400,
	  SIP_HDR_CALL_ID },
};

TEST(malformed_messages_name_what_is_wrong)
{
	struct parsed p;
	size_t i;

	for (i = 0; i < sizeof(malformed) / sizeof(*malformed); i++) {
		parse(&p, malformed[i].text);
		EXPECT_NE(p.result, 0) {
			TH_LOG("%s", malformed[i].what);
		}
		EXPECT_EQ(p.err.status, malformed[i].status) {
			TH_LOG("%s", malformed[i].what);
		}
		EXPECT_EQ(p.err.header, malformed[i].header) {
			TH_LOG("%s", malformed[i].what);
		}
		free(p.bytes);
	}
}

TEST(a_nul_is_allowed_in_a_quoted_pair_only)
{
	static const char good[] = START VIA "From: \"BEL:\\\007 NUL:\\\000 DEL:\\\177\" <sip:a@b>\r\n"
				   TO IDS END;
	static const char inside[] = START VIA FROM TO IDS "Subject: a\000b\r\n\r\n";
	static const char bare[] = START VIA "From: \"a\000b\" <sip:a@b>\r\n" TO IDS END;
	static const char start[] = "INVITE sip:\000@b SIP/2.0\r\n" VIA FROM TO IDS END;
	static const char body[] = HEAD "Content-Length: 3\r\n\r\na\000b";
	struct parsed p;

	parse_n(&p, good, sizeof(good) - 1);
	EXPECT_EQ(p.result, 0);
	free(p.bytes);
	parse_n(&p, inside, sizeof(inside) - 1);
	EXPECT_EQ(p.err.status, 400);
	EXPECT_EQ(p.err.header, SIP_HDR_SUBJECT);
	free(p.bytes);
	parse_n(&p, bare, sizeof(bare) - 1);
	EXPECT_EQ(p.err.status, 400);
	EXPECT_EQ(p.err.header, SIP_HDR_FROM);
	free(p.bytes);
	parse_n(&p, start, sizeof(start) - 1);
	EXPECT_EQ(p.err.status, 400);
	free(p.bytes);
	parse_n(&p, body, sizeof(body) - 1);
	EXPECT_EQ(p.result, 0);
	EXPECT_EQ(p.msg.body.n, 3);
	free(p.bytes);
}

/* Lines are looked at in blocks: where in one a control character stands must not matter. */
TEST(control_characters_are_seen_wherever_they_stand)
{
	static const struct {
		char c;
		u16 status;	/* 0: accepted */
	} controls[] = {
		{ '\t', 0 }, { '\001', 0 }, { '\177', 0 }, { '\200', 0 }, { '\377', 0 },
		{ '\r', 400 }, { '\n', 400 }, { '\0', 400 },
	};
	char text[] = HEAD "Subject: 0123456789abcdef0123456789abcdef0123456789\r\n\r\n";
	size_t from = strlen(HEAD "Subject: 0"), i, k;
	struct parsed p;

	for (k = 0; k < sizeof(controls) / sizeof(*controls); k++) {
		for (i = from; i < sizeof(text) - 6; i++) {
			char kept = text[i];

			text[i] = controls[k].c;
			parse_n(&p, text, sizeof(text) - 1);
			EXPECT_EQ(p.err.status, controls[k].status) {
				TH_LOG("%02x at %zu", (u8)controls[k].c, i);
			}
			EXPECT_EQ(!p.result, !controls[k].status);
			free(p.bytes);
			text[i] = kept;
		}
	}
}

TEST(more_headers_than_there_is_room_for)
{
	struct parsed p;
	char text[4096] = HEAD;
	int i;

	for (i = 5; i < 128; i++)
		strcat(text, "X-A: y\r\n");
	strcat(text, "\r\n");
	parse(&p, text);
	EXPECT_EQ(p.result, 0);
	EXPECT_EQ(p.msg.nhdrs, 128);
	free(p.bytes);
	strcpy(text + strlen(text) - 2, "X-A: y\r\n\r\n");
	parse(&p, text);
	EXPECT_EQ(p.err.status, 513);
	free(p.bytes);
}

/* What is cut anywhere is an error, and nothing beyond its end is looked at. */
TEST(every_prefix_of_a_message_is_refused)
{
	static const char text[] = HEAD "Contact: <sip:a@[2001:db8::1]:5060;lr>;q=\"0.5\"\r\n\r\n";
	struct parsed p;
	size_t n;

	for (n = 0; n < sizeof(text) - 1; n++) {
		parse_n(&p, text, n);
		EXPECT_NE(p.result, 0);
		free(p.bytes);
	}
	parse(&p, text);
	EXPECT_EQ(p.result, 0);
	free(p.bytes);
}

TEST(headers_are_found_in_order)
{
	const struct sip_hdr *hdr;
	struct parsed p;

	parse(&p, HEAD "Route: <sip:p1;lr>, <sip:p2;lr>\r\nX-Other: 1\r\nroute: <sip:p3;lr>\r\n\r\n");
	ASSERT_EQ(p.result, 0);
	hdr = sip_msg_header(&p.msg, SIP_HDR_ROUTE);
	ASSERT_NE(hdr, NULL);
	EXPECT_SLICE(hdr->value, "<sip:p1;lr>, <sip:p2;lr>");
	hdr = sip_msg_header_next(&p.msg, hdr);
	ASSERT_NE(hdr, NULL);
	EXPECT_SLICE(hdr->name, "route");
	EXPECT_SLICE(hdr->value, "<sip:p3;lr>");
	EXPECT_EQ(sip_msg_header_next(&p.msg, hdr), NULL);
	EXPECT_EQ(sip_msg_header(&p.msg, SIP_HDR_CONTACT), NULL);
	free(p.bytes);
}

TEST(commas_in_quotes_and_brackets_separate_nothing)
{
	static const char *const expected[] = {
		"\"Last, First\" <sip:a,b@c;x=1>;q=\"1,2\"", "<sip:d@e>", "sip:f@g",
	};
	struct slice rest = SLICE("\"Last, First\" <sip:a,b@c;x=1>;q=\"1,2\" ,, <sip:d@e>,\r\n sip:f@g ,");
	struct slice element;
	size_t i;

	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(sip_next_element(&rest, &element));
		EXPECT_SLICE(element, expected[i]);
	}
	EXPECT_FALSE(sip_next_element(&rest, &element));
}

TEST(parameters_are_found_by_name)
{
	struct slice params = SLICE(" ; a ; B = c;\r\n d=\"e;f=g\" ; h=");
	struct slice value;

	EXPECT_TRUE(sip_param(params, "A", &value));
	EXPECT_EQ(value.p, NULL);
	EXPECT_TRUE(sip_param(params, "b", &value));
	EXPECT_SLICE(value, "c");
	EXPECT_TRUE(sip_param(params, "d", &value));
	EXPECT_SLICE(value, "e;f=g");
	EXPECT_FALSE(sip_param(params, "f", &value));
	EXPECT_FALSE(sip_param(params, "h", NULL));	/* malformed: no value after '=' */
	EXPECT_FALSE(sip_param(SLICE(""), "a", NULL));
}

/* The original goes away; the copy must not care. */
TEST(a_copy_lives_by_itself)
{
	struct sip_msg *copy;
	struct parsed p;

	parse(&p, HEAD "Content-Type: text/plain\r\nX: y\r\n\r\nhello");
	ASSERT_EQ(p.result, 0);
	copy = sip_msg_dup(&p.msg);
	ASSERT_NE(copy, NULL);
	memset(p.bytes, '#', p.msg.bytes.n);
	free(p.bytes);
	memset(&p.msg, 0xa5, sizeof(p.msg));
	EXPECT_SLICE(copy->ruri, "sip:bob@example.com");
	EXPECT_SLICE(copy->uri.host, "example.com");
	EXPECT_SLICE(copy->via.branch, "z9hG4bK1");
	EXPECT_SLICE(copy->from.tag, "a1");
	EXPECT_SLICE(copy->to.uri, "sip:bob@example.com");
	EXPECT_SLICE(copy->call_id, "c1@192.0.2.10");
	EXPECT_SLICE(copy->content_type, "text/plain");
	EXPECT_SLICE(copy->body, "hello");
	EXPECT_EQ(copy->nhdrs, 7);
	EXPECT_SLICE(copy->hdrs[6].value, "y");
	EXPECT_EQ(copy->to.tag.p, NULL);
	free(copy);
}

TEST_HARNESS_MAIN
