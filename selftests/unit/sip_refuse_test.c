// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the engine answers by itself, and what it does not answer at all. Nothing
 * of this may reach the caller, or leave anything behind.
 */
#include "sip_harness.h"

#define LINES "To: <sip:bob@example.com>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n"

static const struct {
	const char *text, *answer;	/* NULL: silence */
} inputs[] = {
	{ "OPTIONS sip:b@c SIP/3.0\r\n" VIA("1") FROM_PEER LINES "\r\n",
	  "SIP/2.0 505 Version Not Supported\r\n" },
	{ "OPTIONS sip:b@c SIP/2.0\r\n" VIA("1") "From: <sip:a@b\r\n" LINES "\r\n",
	  "SIP/2.0 400 From: malformed\r\n" },
	{ "OPTIONS sip:b@c SIP/2.0\r\n" VIA("1") FROM_PEER LINES "Content-Length: 7\r\n\r\nabc",
	  "SIP/2.0 400 Content-Length: more than there is\r\n" },
	{ "OPTIONS sip:b@c SIP/2.0\r\n" VIA("1") FROM_PEER LINES "Call-ID: d\r\n\r\n",
	  "SIP/2.0 400 Call-ID: given twice\r\n" },
	{ "OPTIONS sip:b@ SIP/2.0\r\n" VIA("1") FROM_PEER LINES "\r\n",
	  "SIP/2.0 400 Malformed Request-URI\r\n" },
	{ "INVITE sip:b@c SIP/2.0\r\n" VIA("1") FROM_PEER LINES "\r\n",
	  "SIP/2.0 400 CSeq: not the method of the request\r\n" },
	{ "OPTIONS sip:b@c SIP/2.0\r\n" VIA("1") FROM_PEER LINES,
	  "SIP/2.0 400 No end of headers\r\n" },
	{ "OPTIONS mailto:b@c SIP/2.0\r\n" VIA("1") FROM_PEER LINES "\r\n", "SIP/2.0 416 " },
	{ "OPTIONS im:b@c SIP/2.0\r\n" VIA("1") FROM_PEER LINES "\r\n", "SIP/2.0 416 " },
	{ "OPTIONS sip:b@c SIP/2.0\r\n" VIA("1") LINES "\r\n", "SIP/2.0 400 From: missing\r\n" },
	{ "OPTIONS sip:b@c SIP/2.0\r\n" VIA("1") FROM_PEER TO_US "CSeq: 1 OPTIONS\r\n\r\n",
	  "SIP/2.0 400 Call-ID: missing\r\n" },
	{ "OPTIONS sip:b@c SIP/2.0\r\n" VIA("1") FROM_PEER LINES "Contact: <sip:a@>\r\n\r\n",
	  "SIP/2.0 400 Contact: malformed\r\n" },
	{ "OPTIONS sip:b@c SIP/2.0\r\n" VIA("1") FROM_PEER LINES "Contact: *\r\n\r\n",
	  "SIP/2.0 400 Contact: malformed\r\n" },
	{ "OPTIONS sip:b@c SIP/2.0\r\n" VIA("1") FROM_PEER LINES "Record-Route: nonsense\r\n\r\n",
	  "SIP/2.0 400 Record-Route: malformed\r\n" },
	{ "REGISTER sip:c SIP/2.0\r\n" VIA("1") FROM_PEER TO_US
	  "Call-ID: c\r\nCSeq: 1 REGISTER\r\nContact: <sip:a@b>, *\r\n\r\n",
	  "SIP/2.0 400 Contact: malformed\r\n" },
	{ "REGISTER sip:c SIP/2.0\r\n" VIA("1") FROM_PEER "To: <tel:7>\r\n"
	  "Call-ID: c\r\nCSeq: 1 REGISTER\r\n\r\n", "SIP/2.0 400 To: no SIP URI\r\n" },
	/* nobody could be answered */
	{ "OPTIONS sip:b@c SIP/2.0\r\n" FROM_PEER LINES "\r\n", NULL },
	{ "OPTIONS sip:b@c SIP/2.0\r\nVia: SIP/2.0/UDP\r\n" FROM_PEER LINES "\r\n", NULL },
	{ "ACK sip:b@c SIP/2.0\r\n" VIA("1") FROM_PEER LINES "\r\n", NULL },
	{ "ACK sip:b@c SIP/3.0\r\n" VIA("1") FROM_PEER TO_US "Call-ID: c\r\nCSeq: 1 ACK\r\n\r\n", NULL },
	{ "SIP/2.0 200 OK\r\n" VIA("1") FROM_PEER LINES "\r\n", NULL },
	{ "SIP/2.0 999 OK\r\n" VIA("1") FROM_PEER LINES "\r\n", NULL },
	{ "\r\n\r\n", NULL },
	{ "", NULL },
	{ "GET / HTTP/1.0\r\n\r\n", NULL },
	{ "\001\002\003\004", NULL },
};

/* Somebody behind us might see a line of its own in what is repeated. */
TEST(a_cr_in_the_middle_of_a_line_is_not_repeated)
{
	static const char *const texts[] = {
		"OPTIONS sip:b@c SIP/2.0\r\n" VIA("1") "From: \"\rX: y\" <sip:a@b>;tag=t\r\n" LINES "\r\n",
		"OPTIONS sip:b@c SIP/2.0\r\n" VIA("1") FROM_PEER "To: <sip:b@c>;x=\"a\rX: y\"\r\n"
		"Call-ID: c\r\nCSeq: 1 OPTIONS\r\n\r\n",
		"OPTIONS sip:b@c SIP/2.0\r\n" VIA("1") FROM_PEER "To: <sip:b@c>\r\n"
		"Call-ID: c\rX: y\r\nCSeq: 1 OPTIONS\r\n\r\n",
		"OPTIONS sip:b@c SIP/2.0\r\nVia: SIP/2.0/UDP " PEER ":5060;branch=z9hG4bK1;x=\"\rX: y\"\r\n"
		FROM_PEER LINES "\r\n",
	};
	struct world w;
	const char *cr;
	size_t i;

	start(&w, _metadata);
	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		feed(&w, texts[i]);
		expect_bytes(&w, "SIP/2.0 400 CR inside a line");
		for (cr = w.last; (cr = strchr(cr, '\r')); cr++)
			EXPECT_EQ(cr[1], '\n');
	}
	stop(&w);
}

TEST(malformed_datagrams_are_answered_or_dropped)
{
	struct world w;
	size_t i;

	start(&w, _metadata);
	for (i = 0; i < sizeof(inputs) / sizeof(*inputs); i++) {
		feed(&w, inputs[i].text);
		EXPECT_EQ(w.events, 0);
		EXPECT_EQ(silent(&w), !inputs[i].answer) {
			TH_LOG("case %zu", i);
		}
		if (inputs[i].answer)
			expect_bytes(&w, inputs[i].answer);
	}
	EXPECT_EQ(counter(&w, "sip-server-transactions"), 0);
	EXPECT_EQ(counter(&w, "sip-malformed-answered"), 14);
	EXPECT_EQ(counter(&w, "sip-malformed-dropped"), 7);
	EXPECT_EQ(counter(&w, "sip-keepalives"), 2);
	stop(&w);
}

/* RFC 3261 §8.2.7: nothing is remembered, and still the tag is the same. */
TEST(a_refusal_repeats_itself)
{
	char tag[32];
	struct world w;

	start(&w, _metadata);
	feed(&w, REQUEST("INVITE", "1", "1", "Max-Forwards: 0\r\n"));
	copy(tag, sizeof(tag), expect_sent(&w, "SIP/2.0 483")->to.tag);
	EXPECT_EQ(strlen(tag), 16);
	feed(&w, REQUEST("INVITE", "1", "1", "Max-Forwards: 0\r\n"));
	EXPECT_TRUE(slice_eq(expect_sent(&w, "SIP/2.0 483")->to.tag, slice_str(tag)));
	feed(&w, tagged("ACK", "1", 1, tag, ""));
	EXPECT_EQ(w.events, 0);
	EXPECT_EQ(counter(&w, "sip-server-transactions"), 0);
	stop(&w);
}

TEST(a_request_at_the_end_of_its_way)
{
	struct world w;

	start(&w, _metadata);
	/* It may be meant for us. */
	feed(&w, REQUEST("OPTIONS", "1", "1", "Max-Forwards: 0\r\n"));
	EXPECT_EQ(w.event.type, SIP_EVENT_REQUEST);
	respond(&w, w.event.server, NULL, 200);
	sip_server_put(w.engine, w.now, w.event.server);
	expect_sent(&w, "SIP/2.0 200");
	feed(&w, REQUEST("MESSAGE", "2", "1", "Max-Forwards: 0\r\n"));
	EXPECT_EQ(w.events, 1);
	expect_sent(&w, "SIP/2.0 483 Too Many Hops");
	stop(&w);
}

/* The same request by two ways (RFC 3261 §8.2.2.2). */
TEST(a_merged_request_is_482)
{
	struct sip_server *s;
	struct world w;

	start(&w, _metadata);
	feed(&w, REQUEST("INVITE", "1", "1", ""));
	s = w.event.server;
	feed(&w, REQUEST("INVITE", "2", "1", ""));
	EXPECT_EQ(w.events, 1);
	expect_sent(&w, "SIP/2.0 482");
	EXPECT_EQ(counter(&w, "sip-merged-482"), 1);
	/* The next attempt after a challenge is another request. */
	respond(&w, s, NULL, 401);
	sip_server_put(w.engine, w.now, s);
	expect_sent(&w, "SIP/2.0 401");
	feed(&w, REQUEST("ACK", "1", "1", ""));
	feed(&w, REQUEST("INVITE", "3", "2", ""));
	EXPECT_EQ(w.events, 2);
	respond(&w, w.event.server, NULL, 403);
	sip_server_put(w.engine, w.now, w.event.server);
	expect_sent(&w, "SIP/2.0 403");
	feed(&w, REQUEST("ACK", "3", "2", ""));
	stop(&w);
}

/* It went round by a proxy, which put its own Via above ours. */
TEST(a_request_of_ours_that_comes_back_is_482)
{
	struct sip_dialog *d;
	char text[2048], via[256], id[64];
	struct world w;

	start(&w, _metadata);
	d = new_uac(&w);
	request(&w, d, SIP_INVITE);
	expect_sent(&w, "INVITE");
	copy(via, sizeof(via), w.sent.via.value);
	copy(id, sizeof(id), w.sent.call_id);
	snprintf(text, sizeof(text), "INVITE sip:us@" OURS " SIP/2.0\r\n" VIA("proxy") "Via: %s\r\n"
		 "From: <sip:us@" OURS ">;tag=x\r\nTo: <sip:bob@" PEER ">\r\nCall-ID: %s\r\n"
		 "CSeq: 1 INVITE\r\n" CONTACT "\r\n", via, id);
	feed(&w, text);
	EXPECT_EQ(w.events, 0);
	expect_sent(&w, "SIP/2.0 482");
	EXPECT_EQ(counter(&w, "sip-loops-482"), 1);
	/* Somebody else may choose the same branch. */
	snprintf(text, sizeof(text), "OPTIONS sip:us@" OURS " SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP 203.0.113.9;branch=" SLICE_FMT "\r\n" FROM_PEER TO_US
		 "Call-ID: another\r\nCSeq: 1 OPTIONS\r\n\r\n", 23,
		 strstr(via, "branch=") + 7);
	feed(&w, text);
	EXPECT_EQ(w.events, 1);
	respond(&w, w.event.server, NULL, 200);
	sip_server_put(w.engine, w.now, w.event.server);
	expect_sent(&w, "SIP/2.0 200");
	advance(&w, 40 * SEC);
	discard(&w);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(methods_and_extensions_when_they_are_left_to_the_engine)
{
	struct sip_engine_conf conf = {
		.methods = 1u << SIP_INVITE | 1u << SIP_ACK | 1u << SIP_OPTIONS,
		.supported = "100rel, timer",
	};
	struct world w;

	start_with(&w, _metadata, &conf);
	feed(&w, REQUEST("MESSAGE", "1", "1", ""));
	expect_sent(&w, "SIP/2.0 405 ");
	EXPECT_TRUE(sent_has(&w, "\r\nAllow: INVITE, ACK, OPTIONS\r\n"));
	EXPECT_FALSE(sent_has(&w, "Server:"));
	feed(&w, REQUEST("FROBNICATE", "2", "1", ""));
	expect_sent(&w, "SIP/2.0 501 ");
	EXPECT_TRUE(sent_has(&w, "\r\nAllow: INVITE, ACK, OPTIONS\r\n"));
	feed(&w, REQUEST("OPTIONS", "3", "1", "Require: timer, nothing,\r\n 100REL\r\nRequire: more\r\n"));
	expect_sent(&w, "SIP/2.0 420 ");
	EXPECT_TRUE(sent_has(&w, "\r\nUnsupported: nothing, more\r\n"));
	EXPECT_EQ(w.events, 0);
	feed(&w, REQUEST("OPTIONS", "4", "1", "Require: timer\r\n"));
	EXPECT_EQ(w.event.type, SIP_EVENT_REQUEST);
	respond(&w, w.event.server, NULL, 200);
	sip_server_put(w.engine, w.now, w.event.server);
	expect_sent(&w, "SIP/2.0 200");
	stop(&w);
}

TEST(above_its_limit_the_engine_takes_nothing_new)
{
	struct sip_engine_conf conf = { .max_servers = 2 };
	struct sip_dialog *d;
	struct world w;

	start_with(&w, _metadata, &conf);
	feed(&w, REQUEST("INVITE", "1", "1", ""));
	ASSERT_EQ(sip_dialog_new_uas(w.engine, w.event.server, NULL, &d), 0);
	respond(&w, w.event.server, d, 200);
	sip_server_put(w.engine, w.now, w.event.server);
	expect_sent(&w, "SIP/2.0 200");
	feed(&w, tagged("ACK", "2", 1, d->local_tag, ""));
	feed(&w, REQUEST("OPTIONS", "3", "5", ""));
	sip_server_put(w.engine, w.now, w.event.server);
	expect_sent(&w, "SIP/2.0 500");
	feed(&w, REQUEST("OPTIONS", "4", "6", ""));
	expect_sent(&w, "SIP/2.0 503");
	EXPECT_TRUE(sent_has(&w, "Retry-After: 10\r\n"));
	EXPECT_EQ(counter(&w, "sip-overload-503"), 1);
	/* Calls that exist may end. */
	feed(&w, tagged("BYE", "5", 2, d->local_tag, ""));
	ASSERT_EQ(w.event.type, SIP_EVENT_REQUEST);
	respond(&w, w.event.server, d, 200);
	sip_server_put(w.engine, w.now, w.event.server);
	expect_sent(&w, "SIP/2.0 200");
	sip_dialog_free(w.engine, d);
	stop(&w);
}

static void options_with(char *text, size_t n, const char *extra, const char *body)
{
	snprintf(text, n, REQUEST("OPTIONS", "1", "1", "%s") "%s", extra, body);
}

TEST(a_message_above_a_limit_is_refused)
{
	struct sip_engine_conf conf = {
		.limits = { .message = 400, .headers = 9, .nesting = 1 },
	};
	char text[2048], filler[512];
	struct world w;

	start_with(&w, _metadata, &conf);
	memset(filler, 'x', sizeof(filler));
	/* header fields too long */
	memcpy(filler, "X: ", 3);
	strcpy(filler + 300, "\r\n");
	options_with(text, sizeof(text), filler, "");
	feed(&w, text);
	expect_bytes(&w, "SIP/2.0 513 Message Too Large\r\n");
	EXPECT_TRUE(sent_has(&w, "CSeq: 1 OPTIONS\r\n"));
	/* the body, but not the padding after it */
	memset(filler, 'x', 300);
	options_with(text, sizeof(text), "Content-Length: 300\r\n", filler);
	feed(&w, text);
	expect_bytes(&w, "SIP/2.0 413 Request Entity Too Large\r\n");
	options_with(text, sizeof(text), "Content-Length: 5\r\n", filler);
	feed(&w, text);
	EXPECT_EQ(w.events, 1);
	respond(&w, w.event.server, NULL, 200);
	sip_server_put(w.engine, w.now, w.event.server);
	expect_bytes(&w, "SIP/2.0 200 ");
	EXPECT_EQ(counter(&w, "sip-too-large"), 2);
	/* nesting */
	options_with(text, sizeof(text), "c: multipart/mixed;boundary=a\r\n",
		     "--a\r\nc: multipart/mixed;boundary=b\r\n\r\n--b\r\n\r\n--b--\r\n--a--");
	feed(&w, text);
	expect_bytes(&w, "SIP/2.0 400 Body parts nested too deeply\r\n");
	EXPECT_EQ(w.events, 1);
	/* neither an ACK nor a response is answered */
	snprintf(text, sizeof(text), REQUEST("ACK", "1", "1", "X: %0300d\r\n"), 0);
	feed(&w, text);
	snprintf(text, sizeof(text), "SIP/2.0 200 OK\r\n" VIA("1") FROM_PEER LINES "X: %0300d\r\n\r\n",
		 0);
	feed(&w, text);
	EXPECT_TRUE(silent(&w));
	advance(&w, 64 * SEC);
	stop(&w);
}

/* What the answer repeats is found behind the limit, too, but not without end. */
TEST(a_message_with_too_many_header_fields_is_refused)
{
	struct sip_engine_conf conf = { .limits = { .headers = 2 } };
	struct world w;

	start_with(&w, _metadata, &conf);
	feed(&w, "OPTIONS sip:b@c SIP/2.0\r\nN: 1\r\nN: 2\r\nN: 3\r\nN: 4\r\n" VIA("1") VIA("2")
	     FROM_PEER LINES "N: 5\r\nN: 6\r\n\r\n");
	expect_bytes(&w, "SIP/2.0 513 Too many header fields\r\n");
	EXPECT_TRUE(sent_has(&w, ";branch=z9hG4bK1"));
	EXPECT_TRUE(sent_has(&w, FROM_PEER));
	EXPECT_TRUE(sent_has(&w, "Call-ID: c\r\n"));
	EXPECT_TRUE(sent_has(&w, "CSeq: 1 OPTIONS\r\n"));
	stop(&w);
}

/* The framer knows where a stream breaks, the engine what to say of it. */
TEST(what_cannot_be_framed_is_answered_before_the_connection_is_closed)
{
	static const struct {
		const char *text, *answer;
	} streams[] = {
		{ REQUEST("OPTIONS", "1", "1", ""), "SIP/2.0 400 Content-Length: missing\r\n" },
		{ REQUEST("OPTIONS", "1", "1", "l: -1\r\n"),
		  "SIP/2.0 400 Content-Length: no number in its range\r\n" },
		{ REQUEST("OPTIONS", "1", "1", "l: 1001\r\n"), "SIP/2.0 413 " },
		{ REQUEST("ACK", "1", "1", ""), NULL },
		{ "OPTIONS sip:b@c SIP/2.0\r\n" FROM_PEER LINES "\r\n", NULL },
		{ "SIP/2.0 200 OK\r\n" VIA("1") FROM_PEER LINES "\r\n", NULL },
		{ "GET / HTTP/1.1\r\n\r\n", NULL },
	};
	struct sip_framer framer;
	struct sip_frame frame;
	struct world w;
	size_t i;

	start(&w, _metadata);
	for (i = 0; i < sizeof(streams) / sizeof(*streams); i++) {
		sip_framer_init(&framer, 1000);
		sip_frame_next(&framer, slice_str(streams[i].text), &frame);
		ASSERT_EQ(frame.type, SIP_FRAME_ERROR);
		sip_engine_refuse(w.engine, w.now, &w.peer, &frame);
		EXPECT_EQ(silent(&w), !streams[i].answer);
		if (streams[i].answer)
			expect_bytes(&w, streams[i].answer);
	}
	stop(&w);
}

/* Two engines with different seeds share no token; with the same, all. */
TEST(tokens_come_from_the_seed)
{
	struct world w;
	char a[17], b[17];

	start(&w, _metadata);
	sip_engine_token(w.engine, a);
	sip_engine_token(w.engine, b);
	EXPECT_EQ(strlen(a), 16);
	EXPECT_EQ(strspn(a, "0123456789abcdef"), 16);
	EXPECT_STRNE(a, b);
	sip_engine_free(w.engine);
	timers_free(&w.timers);
	start(&w, _metadata);
	sip_engine_token(w.engine, b);
	EXPECT_STREQ(a, b);
	stop(&w);
}

TEST_HARNESS_MAIN
