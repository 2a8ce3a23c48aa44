// SPDX-License-Identifier: GPL-2.0-only
/*
 * RFC 4475, the torture tests: valid messages that look like none (§3.1.1),
 * invalid ones (§3.1.2), and those that are in order by their grammar only
 * (§3.2 to §3.4). First the parts of what must be understood, then what the
 * engine does with each: no request of which anything can be answered is met
 * with silence, and no response is ever answered.
 */
#include "torture.h"

TEST(wsinv_a_short_tortuous_invite)
{
	const struct sip_msg *msg;
	struct sip_nameaddr contact;
	struct torture t;
	struct sip_via via;
	struct slice rest, element;

	msg = torture_accepted(_metadata, &t, "wsinv");
	EXPECT_EQ(msg->method, SIP_INVITE);
	EXPECT_SLICE(msg->uri.params, ";unknownparam");
	EXPECT_SLICE(msg->to.uri, "sip:vivekg@chair-dnrc.example.com");
	EXPECT_SLICE(msg->to.tag, "1918181833n");
	EXPECT_SLICE(msg->from.display, "\"J Rosenberg \\\\\\\"\"");
	EXPECT_SLICE(msg->from.tag, "98asjd8");
	EXPECT_EQ(msg->max_forwards, 68);
	EXPECT_SLICE(msg->call_id, "wsinv.ndaksdj@192.0.2.1");
	EXPECT_EQ(msg->cseq, 9);
	EXPECT_SLICE(msg->via.transport, "UDP");
	EXPECT_SLICE(msg->via.host, "192.0.2.2");
	EXPECT_SLICE(msg->via.branch, "390skdjuw");
	EXPECT_TRUE(msg->more_vias);
	rest = torture_header(msg, SIP_HDR_VIA, 1);
	ASSERT_TRUE(sip_next_element(&rest, &element));
	ASSERT_TRUE(sip_parse_via(element, &via));
	EXPECT_SLICE(via.transport, "TCP");
	EXPECT_SLICE(via.branch, "z9hG4bK9ikj8");
	ASSERT_TRUE(sip_next_element(&rest, &element));
	ASSERT_TRUE(sip_parse_via(element, &via));
	EXPECT_SLICE(via.host, "192.168.255.111");
	EXPECT_SLICE(via.branch, "z9hG4bK30239");
	EXPECT_SLICE(torture_header(msg, SIP_HDR_SUBJECT, 0), "");
	EXPECT_SLICE(torture_other(msg, "NewFangledHeader"),
		     "newfangled value\r\n continued newfangled value");
	EXPECT_SLICE(torture_other(msg, "UnknownHeaderWithUnusualValue"), ";;,,;;,;");
	ASSERT_TRUE(sip_parse_nameaddr(torture_header(msg, SIP_HDR_CONTACT, 0), &contact));
	EXPECT_SLICE(contact.display, "\"Quoted string \\\"\\\"\"");
	ASSERT_TRUE(sip_param(contact.params, "newparam", &element));
	EXPECT_SLICE(element, "newvalue");
	EXPECT_TRUE(sip_param(contact.params, "secondparam", NULL));
	ASSERT_TRUE(sip_param(contact.params, "q", &element));
	EXPECT_SLICE(element, "0.33");
	EXPECT_TRUE(msg->body.n && msg->body.p + msg->body.n == t.bytes + t.n);
	torture_free(&t);
}

TEST(intmeth_the_whole_range_of_characters)
{
	const struct sip_msg *msg;
	struct torture t;
	struct slice value;

	msg = torture_accepted(_metadata, &t, "intmeth");
	EXPECT_EQ(msg->method, SIP_METHOD_OTHER);
	EXPECT_SLICE(msg->method_name, "!interesting-Method0123456789_*+`.%indeed'~");
	EXPECT_SLICE(msg->uri.user, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
	EXPECT_SLICE(msg->uri.password, "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)");
	EXPECT_SLICE(msg->via.branch, "z9hG4bK-.!%66*_+`'~");
	EXPECT_EQ(msg->to.display.n, 22);	/* the NUL of its quoted pair included */
	EXPECT_SLICE(msg->to.uri,
		     "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com");
	EXPECT_SLICE(msg->from.display, "token1~` token2'+_ token3*%!.-");
	ASSERT_TRUE(sip_param(msg->from.params, "fromParam''~+*_!.-%", &value));
	EXPECT_SLICE(value, "\321\200\320\260\320\261\320\276\321\202\320\260\321\216\321\211\320\270\320\271");
	EXPECT_SLICE(msg->from.tag, "_token~1'+`*%!-.");
	EXPECT_SLICE(msg->call_id, "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{");
	EXPECT_EQ(msg->cseq, 139122385);
	EXPECT_EQ(msg->max_forwards, 255);
	EXPECT_SLICE(torture_other(msg, "extensionHeader-!.%*+_`'~"),
		     "\xef\xbb\xbf\xe5\xa4\xa7\xe5\x81\x9c\xe9\x9b\xbb");
	torture_free(&t);
}

/* Escapes are kept as they are: a%40 is a character of the user, no separator. */
TEST(esc01_and_escnull_escapes_in_uris)
{
	const struct sip_msg *msg;
	struct sip_nameaddr contact;
	struct sip_uri uri;
	struct torture t;

	msg = torture_accepted(_metadata, &t, "esc01");
	EXPECT_EQ(msg->uri.kind, SIP_URI_SIP);
	EXPECT_SLICE(msg->uri.user, "sips%3Auser%40example.com");
	EXPECT_SLICE(msg->uri.host, "example.net");
	EXPECT_SLICE(msg->to.uri, "sip:%75se%72@example.com");
	EXPECT_SLICE(msg->from.uri, "sip:I%20have%20spaces@example.net");
	EXPECT_SLICE(msg->content_type, "application/sdp");
	ASSERT_TRUE(sip_parse_nameaddr(torture_header(msg, SIP_HDR_CONTACT, 0), &contact));
	ASSERT_TRUE(sip_uri_parse(contact.uri, &uri));
	EXPECT_SLICE(uri.params, ";%6C%72;n%61me=v%61lue%25%34%31");
	torture_free(&t);

	msg = torture_accepted(_metadata, &t, "escnull");
	EXPECT_SLICE(msg->to.uri, "sip:null-%00-null@example.com");
	EXPECT_SLICE(torture_header(msg, SIP_HDR_CONTACT, 0), "<sip:%00@host5.example.com>");
	EXPECT_SLICE(torture_header(msg, SIP_HDR_CONTACT, 1), "<sip:%00%00@host5.example.com>");
	torture_free(&t);
}

/* A '%' in a token is itself: this is no REGISTER, and C%6Fntact is no Contact. */
TEST(esc02_percent_signs_that_are_no_escapes)
{
	const struct sip_msg *msg;
	struct torture t;

	msg = torture_accepted(_metadata, &t, "esc02");
	EXPECT_EQ(msg->method, SIP_METHOD_OTHER);
	EXPECT_SLICE(msg->method_name, "RE%47IST%45R");
	EXPECT_SLICE(msg->to.display, "\"%Z%45\"");
	EXPECT_SLICE(msg->via.branch, "z9hG4bK209%fzsnel234");
	EXPECT_SLICE(torture_header(msg, SIP_HDR_CONTACT, 1), "<sip:alias3@host3.example.com>");
	EXPECT_SLICE(torture_header(msg, SIP_HDR_CONTACT, 2), "");
	EXPECT_SLICE(torture_other(msg, "C%6Fntact"), "<sip:alias2@host2.example.com>");
	torture_free(&t);
}

TEST(lwsdisp_no_space_before_the_bracket)
{
	const struct sip_msg *msg;
	struct torture t;

	msg = torture_accepted(_metadata, &t, "lwsdisp");
	EXPECT_SLICE(msg->from.display, "caller");
	EXPECT_SLICE(msg->from.uri, "sip:caller@example.com");
	EXPECT_SLICE(msg->from.tag, "323");
	torture_free(&t);
}

TEST(longreq_long_values)
{
	const struct sip_msg *msg;
	const struct sip_hdr *via;
	unsigned int vias = 0;
	struct torture t;

	msg = torture_accepted(_metadata, &t, "longreq");
	EXPECT_GT(msg->to.display.n, 200);
	EXPECT_GT(msg->from.tag.n, 150);
	EXPECT_GT(msg->call_id.n, 120);
	EXPECT_EQ(msg->cseq, 3882340);
	for (via = sip_msg_header(msg, SIP_HDR_VIA); via; via = sip_msg_header_next(msg, via))
		vias++;
	EXPECT_EQ(vias, 33);
	EXPECT_SLICE(msg->via.host, "sip33.example.com");
	EXPECT_EQ(msg->body.n, 150);
	torture_free(&t);
}

/* What follows the first message of a datagram is padding (RFC 3261 §18.3). */
TEST(dblreq_a_second_request_is_no_part_of_the_first)
{
	const struct sip_msg *msg;
	struct torture t;

	msg = torture_accepted(_metadata, &t, "dblreq");
	EXPECT_EQ(msg->method, SIP_REGISTER);
	EXPECT_EQ(msg->nhdrs, 8);
	EXPECT_EQ(msg->body.n, 0);
	torture_free(&t);
}

TEST(semiuri_a_semicolon_in_the_user)
{
	const struct sip_msg *msg;
	struct slice rest, element;
	unsigned int types = 0;
	struct torture t;

	msg = torture_accepted(_metadata, &t, "semiuri");
	EXPECT_SLICE(msg->uri.user, "user;par=u%40example.net");
	EXPECT_SLICE(msg->uri.host, "example.com");
	EXPECT_EQ(msg->uri.params.n, 0);
	rest = torture_header(msg, SIP_HDR_ACCEPT, 0);
	while (sip_next_element(&rest, &element))
		types++;
	EXPECT_EQ(types, 6);
	torture_free(&t);
}

TEST(transports_known_and_unknown)
{
	static const char *const names[] = { "UDP", "SCTP", "TLS", "UNKNOWN", "TCP" };
	const struct sip_msg *msg;
	struct sip_via via;
	struct torture t;
	unsigned int i;

	msg = torture_accepted(_metadata, &t, "transports");
	for (i = 0; i < 5; i++) {
		ASSERT_TRUE(sip_parse_via(torture_header(msg, SIP_HDR_VIA, i), &via));
		EXPECT_SLICE(via.transport, names[i]);
	}
	torture_free(&t);
}

TEST(mpart01_a_binary_body)
{
	const struct sip_msg *msg;
	struct torture t;

	msg = torture_accepted(_metadata, &t, "mpart01");
	EXPECT_EQ(msg->method, SIP_MESSAGE);
	EXPECT_SLICE(msg->content_type, "multipart/mixed;boundary=7a9cbec02ceef655");
	EXPECT_NE(memchr(msg->body.p, 0, msg->body.n), NULL);
	EXPECT_EQ(msg->body.p + msg->body.n, t.bytes + t.n);
	torture_free(&t);
}

TEST(unreason_and_noreason)
{
	const struct sip_msg *msg;
	struct torture t;

	msg = torture_accepted(_metadata, &t, "unreason");
	EXPECT_EQ(msg->status, 200);
	EXPECT_TRUE(slice_eq(slice_of(msg->reason.p, 15), SLICE("= 2**3 * 5**2 \320")));
	torture_free(&t);
	msg = torture_accepted(_metadata, &t, "noreason");
	EXPECT_EQ(msg->status, 100);
	EXPECT_EQ(msg->reason.n, 0);
	torture_free(&t);
}

/* Parameters of the URI are inside the brackets, of the header without them. */
TEST(cparam_and_regescrt_where_parameters_belong)
{
	struct sip_nameaddr contact;
	struct sip_uri uri;
	struct torture t;

	torture_accepted(_metadata, &t, "cparam01");
	ASSERT_TRUE(sip_parse_nameaddr(torture_header(&t.msg, SIP_HDR_CONTACT, 0), &contact));
	EXPECT_SLICE(contact.uri, "sip:+19725552222@gw1.example.net");
	EXPECT_SLICE(contact.params, ";unknownparam");
	torture_free(&t);
	torture_accepted(_metadata, &t, "cparam02");
	ASSERT_TRUE(sip_parse_nameaddr(torture_header(&t.msg, SIP_HDR_CONTACT, 0), &contact));
	EXPECT_SLICE(contact.uri, "sip:+19725552222@gw1.example.net;unknownparam");
	EXPECT_SLICE(contact.params, "");
	torture_free(&t);
	torture_accepted(_metadata, &t, "regescrt");
	ASSERT_TRUE(sip_parse_nameaddr(torture_header(&t.msg, SIP_HDR_CONTACT, 0), &contact));
	ASSERT_TRUE(sip_uri_parse(contact.uri, &uri));
	EXPECT_SLICE(uri.headers, "?Route=%3Csip:sip.example.com%3E");
	torture_free(&t);
}

TEST(inv2543_an_invite_of_the_older_protocol)
{
	const struct sip_msg *msg;
	struct torture t;

	msg = torture_accepted(_metadata, &t, "inv2543");
	EXPECT_EQ(msg->via.branch.n, 0);
	EXPECT_EQ(msg->from.tag.n, 0);
	EXPECT_SLICE(msg->to.uri, "sip:+16505552222@ss1.example.net");
	EXPECT_SLICE(msg->to.params, ";user=phone");
	EXPECT_EQ(msg->max_forwards, -1);
	EXPECT_EQ(msg->body.n, 150);
	torture_free(&t);
}

static const struct torture_case cases[] = {
	/* §3.1.1; what is addressed to a dialog that is not here gets 481 */
	{ "wsinv", ANSWERED, "SIP/2.0 481 " },
	{ "intmeth", PASSED, NULL },
	{ "esc01", PASSED, NULL },
	{ "escnull", PASSED, NULL },
	{ "esc02", PASSED, NULL },
	{ "lwsdisp", PASSED, NULL },
	{ "longreq", PASSED, NULL },
	{ "dblreq", PASSED, NULL },
	{ "semiuri", PASSED, NULL },
	{ "transports", PASSED, NULL },
	{ "mpart01", PASSED, NULL },
	{ "unreason", SILENT, NULL },
	{ "noreason", SILENT, NULL },
	/* §3.1.2 */
	{ "badinv01", ANSWERED, "SIP/2.0 400 Via: malformed\r\n" },
	{ "clerr", ANSWERED, "SIP/2.0 400 Content-Length: more than there is\r\n" },
	{ "ncl", ANSWERED, "SIP/2.0 400 Content-Length: " },
	{ "scalar02", ANSWERED, "SIP/2.0 400 CSeq: malformed\r\n" },
	{ "scalarlg", SILENT, NULL },
	{ "quotbal", ANSWERED, "SIP/2.0 400 To: malformed\r\n" },
	{ "ltgtruri", ANSWERED, "SIP/2.0 400 Malformed Request-URI\r\n" },
	{ "lwsruri", ANSWERED, "SIP/2.0 400 Malformed Request-Line\r\n" },
	{ "lwsstart", ANSWERED, "SIP/2.0 400 Malformed Request-Line\r\n" },
	{ "trws", ANSWERED, "SIP/2.0 400 Malformed Request-Line\r\n" },
	{ "escruri", ANSWERED, "SIP/2.0 400 Header fields in the Request-URI\r\n" },
	{ "baddate", PASSED, NULL },	/* nobody here reads a Date */
	{ "regbadct", ANSWERED, "SIP/2.0 400 Contact: malformed\r\n" },
	{ "badaspec", ANSWERED, "SIP/2.0 400 To: malformed\r\n" },
	{ "baddn", ANSWERED, "SIP/2.0 400 From: malformed\r\n" },
	{ "badvers", ANSWERED, "SIP/2.0 505 Version Not Supported\r\n" },
	{ "mismatch01", ANSWERED, "SIP/2.0 400 CSeq: not the method of the request\r\n" },
	{ "mismatch02", ANSWERED, "SIP/2.0 501 Not Implemented\r\n" },
	{ "bigcode", SILENT, NULL },
	/* §3.2: the transaction is matched as RFC 2543 does */
	{ "badbranch", PASSED, NULL },
	/* §3.3; media types, methods and credentials are the caller's to judge */
	{ "insuf", ANSWERED, "SIP/2.0 400 From: missing\r\n" },
	{ "unkscm", ANSWERED, "SIP/2.0 416 " },
	{ "novelsc", ANSWERED, "SIP/2.0 416 " },
	{ "unksm2", ANSWERED, "SIP/2.0 400 To: " },
	{ "bext01", ANSWERED, "SIP/2.0 420 " },
	{ "invut", PASSED, NULL },
	{ "regaut01", PASSED, NULL },
	{ "multi01", ANSWERED, "SIP/2.0 400 " },
	{ "mcl01", ANSWERED, "SIP/2.0 400 Content-Length: given twice\r\n" },
	{ "bcast", SILENT, NULL },
	{ "zeromf", PASSED, NULL },	/* an OPTIONS that may be meant for us */
	{ "cparam01", PASSED, NULL },
	{ "cparam02", PASSED, NULL },
	{ "regescrt", PASSED, NULL },
	{ "sdp01", PASSED, NULL },
	/* §3.4 */
	{ "inv2543", PASSED, NULL },
};

TEST(the_engine_does_as_the_rfc_says)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		torture_outcome(_metadata, &cases[i]);
}

TEST(bext01_names_what_is_not_supported)
{
	struct sip_engine_conf conf = { .supported = "100rel" };
	struct torture t;
	struct world w;

	start_with(&w, _metadata, &conf);
	torture_load(_metadata, &t, "bext01");
	feed_slice(&w, &w.peer, slice_of(t.bytes, t.n));
	expect_bytes(&w, "SIP/2.0 420 ");
	EXPECT_TRUE(sent_has(&w, "Unsupported: nothingSupportsThis, nothingSupportsThisEither\r\n"));
	torture_free(&t);
	stop(&w);
}

/* All of it is malformed for an ACK as well, and an ACK is never answered. */
TEST(an_ack_is_met_with_silence)
{
	struct torture t;
	struct world w;
	size_t i;

	start(&w, _metadata);
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		torture_load(_metadata, &t, cases[i].name);
		if (t.msg.method != SIP_INVITE || !t.msg.request)
			goto next;
		/* "ACK" needs no more room than "INVITE". */
		memmove(t.bytes + 3, t.bytes + 6, t.n - 6);
		memcpy(t.bytes, "ACK", 3);
		feed_slice(&w, &w.peer, slice_of(t.bytes, t.n - 3));
		EXPECT_TRUE(silent(&w)) {
			TH_LOG("%s", cases[i].name);
		}
		EXPECT_EQ(w.events, 0);
next:
		discard(&w);
		torture_free(&t);
	}
	stop(&w);
}

TEST_HARNESS_MAIN
