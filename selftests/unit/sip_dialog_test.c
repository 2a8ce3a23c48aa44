// SPDX-License-Identifier: GPL-2.0-only
/*
 * Dialogs (RFC 3261 §12): who is in one, where its requests go, what is out of
 * order.
 */
#include "sip_accept.h"

TEST(a_call_from_the_peer_and_its_end)
{
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = accept_call(&w, REQUEST("INVITE", "1", "7", ""));
	EXPECT_STREQ(d->call_id, "call@" PEER);
	EXPECT_STREQ(d->remote_tag, "alice");
	EXPECT_STREQ(d->local_uri, "<sip:bob@example.com>");
	EXPECT_STREQ(d->remote_uri, "<sip:alice@" PEER ">");
	EXPECT_STREQ(d->remote_target, "sip:alice@" PEER ":5060");
	EXPECT_EQ(d->remote_cseq, 7);
	EXPECT_FALSE(d->uac);
	/* Our own request: From and To change places. */
	request(&w, d, SIP_INFO);
	expect_sent(&w, "INFO sip:alice@" PEER ":5060 SIP/2.0\r\n");
	EXPECT_TRUE(slice_eq(w.sent.from.tag, slice_str(d->local_tag)));
	EXPECT_TRUE(slice_eq(w.sent.to.tag, SLICE("alice")));
	EXPECT_TRUE(slice_eq(w.sent.call_id, SLICE("call@" PEER)));
	feed(&w, response_to(&w.sent, "200 OK", NULL, ""));
	EXPECT_EQ(w.event.dialog, d);
	feed(&w, tagged("BYE", "2", 8, d->local_tag, ""));
	answer_in(&w, d, 200);
	expect_sent(&w, "SIP/2.0 200 OK");
	EXPECT_FALSE(sent_has(&w, "Contact"));
	EXPECT_EQ(d->state, SIP_DIALOG_ENDED);
	sip_dialog_free(w.engine, d);
	/* After its end it is nobody's. */
	feed(&w, tagged("OPTIONS", "3", 9, "gone", ""));
	expect_sent(&w, "SIP/2.0 481");
	stop(&w);
}

TEST(strangers_are_481_and_their_ack_is_silent)
{
	struct sip_dialog *d;
	char text[2048];
	struct world w;

	start(&w, _metadata);
	d = accept_call(&w, REQUEST("INVITE", "1", "1", ""));
	w.events = 0;
	feed(&w, tagged("BYE", "2", 2, "0123456789abcdef", ""));
	expect_sent(&w, "SIP/2.0 481 ");
	/* Our tag, but another From-tag or Call-ID. */
	strcpy(text, tagged("BYE", "3", 2, d->local_tag, ""));
	memcpy(strstr(text, "tag=alice"), "tag=mallo", 9);
	feed(&w, text);
	expect_sent(&w, "SIP/2.0 481 ");
	strcpy(text, tagged("BYE", "4", 2, d->local_tag, ""));
	memcpy(strstr(text, "Call-ID: call"), "Call-ID: fall", 13);
	feed(&w, text);
	expect_sent(&w, "SIP/2.0 481 ");
	feed(&w, tagged("ACK", "5", 2, "0123456789abcdef", ""));
	EXPECT_TRUE(silent(&w));
	EXPECT_EQ(w.events, 0);
	EXPECT_EQ(counter(&w, "sip-unknown-dialog-481"), 3);
	/* The same request has the same answer, though nothing remembers it. */
	feed(&w, tagged("BYE", "2", 2, "0123456789abcdef", ""));
	expect_sent(&w, "SIP/2.0 481 ");
	EXPECT_EQ(counter(&w, "sip-server-transactions"), 1);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

/* RFC 3261 §12.2.2 */
TEST(requests_out_of_order_are_500)
{
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = accept_call(&w, REQUEST("INVITE", "1", "10", ""));
	feed(&w, tagged("INFO", "2", 12, d->local_tag, ""));
	answer_in(&w, d, 200);
	expect_sent(&w, "SIP/2.0 200");
	feed(&w, tagged("INFO", "3", 11, d->local_tag, ""));
	EXPECT_EQ(w.event.type, SIP_EVENT_NONE);
	expect_sent(&w, "SIP/2.0 500");
	feed(&w, tagged("INFO", "4", 12, d->local_tag, ""));
	expect_sent(&w, "SIP/2.0 500");
	/* A gap is no disorder. */
	feed(&w, tagged("INFO", "5", 100, d->local_tag, ""));
	answer_in(&w, d, 200);
	expect_sent(&w, "SIP/2.0 200");
	EXPECT_EQ(counter(&w, "sip-out-of-order-500"), 2);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(a_request_in_a_dialog_must_come_from_its_peer)
{
	struct flow stranger, moved;
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = accept_call(&w, REQUEST("INVITE", "1", "1", ""));
	stranger = moved = w.peer;
	ASSERT_TRUE(addr_parse(SLICE("203.0.113.66:5060"), &stranger.peer));
	w.events = 0;
	feed_from(&w, &stranger, tagged("BYE", "2", 2, d->local_tag, ""));
	EXPECT_EQ(w.events, 0);
	expect_sent(&w, "SIP/2.0 403");
	EXPECT_EQ(counter(&w, "sip-foreign-source-403"), 1);
	/* Another port of the same address is the peer's. */
	moved.peer.port = 40000;
	feed_from(&w, &moved, tagged("BYE", "3", 2, d->local_tag, ""));
	answer_in(&w, d, 200);
	expect_sent(&w, "SIP/2.0 200");
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(record_routes_of_an_invite_are_our_routes_in_order)
{
	static const char invite[] = REQUEST("INVITE", "1", "1",
		"Record-Route: <sip:p1.example;lr>, \"x\" <sip:p2.example;lr>;y=z\r\n"
		"Record-Route: <sip:p3.example;lr>\r\n");
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = accept_call(&w, invite);
	EXPECT_TRUE(sent_has(&w, "Record-Route: <sip:p1.example;lr>, \"x\" <sip:p2.example;lr>;y=z\r\n"
			     "Record-Route: <sip:p3.example;lr>\r\n"));
	request(&w, d, SIP_BYE);
	expect_sent(&w, "BYE sip:alice@" PEER ":5060 SIP/2.0\r\n");
	EXPECT_TRUE(sent_has(&w, "Route: <sip:p1.example;lr>\r\n"
			     "Route: \"x\" <sip:p2.example;lr>;y=z\r\n"
			     "Route: <sip:p3.example;lr>\r\n"));
	feed(&w, response_to(&w.sent, "200 OK", NULL, ""));
	sip_dialog_free(w.engine, d);
	stop(&w);
}

/* RFC 3261 §12.2.1.1: its URI comes first, ours to the end. */
TEST(a_strict_router_is_obeyed)
{
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = accept_call(&w, REQUEST("INVITE", "1", "1", "Record-Route: <sip:strict.example>, "
				    "<sip:loose.example;lr>\r\n"));
	request(&w, d, SIP_BYE);
	expect_sent(&w, "BYE sip:strict.example SIP/2.0\r\n");
	EXPECT_TRUE(sent_has(&w, "Route: <sip:loose.example;lr>\r\n"
			     "Route: <sip:alice@" PEER ":5060>\r\n"));
	EXPECT_FALSE(sent_has(&w, "Route: <sip:strict.example>"));
	feed(&w, response_to(&w.sent, "200 OK", NULL, ""));
	sip_dialog_free(w.engine, d);
	stop(&w);
}

/* What a Contact may have and a Request-URI may not stays behind. */
TEST(header_fields_of_a_contact_are_not_in_the_request_uri)
{
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = accept_call(&w, "INVITE sip:bob@example.com SIP/2.0\r\n" VIA("1") FROM_PEER TO_US
			"Call-ID: call@" PEER "\r\nCSeq: 1 INVITE\r\n"
			"Contact: <sip:a?b@" PEER ";x=y?Subject=z>\r\n\r\n");
	request(&w, d, SIP_BYE);
	expect_sent(&w, "BYE sip:a?b@" PEER ";x=y SIP/2.0\r\n");
	feed(&w, response_to(&w.sent, "200 OK", NULL, ""));
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(record_routes_of_a_response_are_our_routes_in_reverse)
{
	struct sip_dialog *d;
	char invite[4096];
	struct sip_msg msg;
	struct sip_error err;
	struct world w;

	start(&w, _metadata);
	d = new_uac(&w);
	request(&w, d, SIP_INVITE);
	expect_sent(&w, "INVITE ");
	strcpy(invite, w.last);
	ASSERT_EQ(sip_parse(slice_str(invite), &msg, &err), 0);
	feed(&w, response_to(&msg, "183 Progress", "b1", "Contact: <sip:early@" PEER ">\r\n"
			     "Record-Route: <sip:early.example;lr>\r\n"));
	ASSERT_EQ(sip_dialog_response(w.engine, d, w.event.msg), 0);
	EXPECT_EQ(d->state, SIP_DIALOG_EARLY);
	EXPECT_EQ(d->nroutes, 1);
	/* The 2xx says it anew (RFC 3261 §13.2.2.4). */
	feed(&w, response_to(&msg, "200 OK", "b1", "Contact: <sip:bob@" PEER ">\r\n"
			     "Record-Route: <sip:p1.example;lr>,<sip:p2.example;lr>\r\n"));
	ASSERT_EQ(sip_dialog_response(w.engine, d, w.event.msg), 0);
	EXPECT_EQ(d->state, SIP_DIALOG_CONFIRMED);
	ASSERT_EQ(sip_ack(w.engine, w.now, w.event.client, d, NULL), 0);
	expect_sent(&w, "ACK sip:bob@" PEER " SIP/2.0\r\n");
	EXPECT_TRUE(sent_has(&w, "Route: <sip:p2.example;lr>\r\nRoute: <sip:p1.example;lr>\r\n"));
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(a_target_refresh_moves_the_target_when_accepted)
{
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = accept_call(&w, REQUEST("INVITE", "1", "1", ""));
	feed(&w, tagged("INVITE", "2", 2, d->local_tag, "Contact: <sip:new@" PEER ":5090>\r\n"));
	answer_in(&w, d, 488);
	expect_sent(&w, "SIP/2.0 488");
	feed(&w, tagged("ACK", "2", 2, d->local_tag, ""));
	EXPECT_STREQ(d->remote_target, "sip:alice@" PEER ":5060");
	feed(&w, tagged("INFO", "3", 3, d->local_tag, "Contact: <sip:not@" PEER ":1>\r\n"));
	answer_in(&w, d, 200);
	expect_sent(&w, "SIP/2.0 200");
	EXPECT_STREQ(d->remote_target, "sip:alice@" PEER ":5060");
	feed(&w, tagged("INVITE", "4", 4, d->local_tag, "Contact: <sip:new@" PEER ":5090>\r\n"));
	answer_in(&w, d, 200);
	expect_sent(&w, "SIP/2.0 200");
	EXPECT_TRUE(sent_has(&w, "Contact: <sip:bob@" OURS ":5060>\r\n"));
	feed(&w, tagged("ACK", "5", 4, d->local_tag, ""));
	EXPECT_EQ(w.event.type, SIP_EVENT_ACK);
	EXPECT_STREQ(d->remote_target, "sip:new@" PEER ":5090");
	EXPECT_EQ(d->flow.peer.port, 5090);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

static const struct {
	const char *what, *via, *contact, *next_hop;
} hops[] = {
	{ "the port of a Contact with the same address", PEER ":5060;rport", PEER ":5070",
	  PEER ":5070" },
	{ "not one that is somewhere else", PEER ":5060;rport", "203.0.113.9:5070", PEER ":5060" },
	{ "not a name", PEER ":5060;rport", "pc33.example.com", PEER ":5060" },
	{ "behind a NAT only the port that it came from", "10.0.0.3:5070;rport", PEER ":5070",
	  PEER ":5060" },
};

TEST(requests_go_to_the_peer_and_to_nobody_else)
{
	char text[1024], to[ADDR_STRLEN];
	struct sip_dialog *d;
	struct world w;
	size_t i;

	start(&w, _metadata);
	for (i = 0; i < sizeof(hops) / sizeof(*hops); i++) {
		snprintf(text, sizeof(text), "INVITE sip:bob@example.com SIP/2.0\r\n"
			 "Via: SIP/2.0/UDP %s;branch=z9hG4bK%zu\r\n" FROM_PEER TO_US
			 "Call-ID: %zu\r\nCSeq: 1 INVITE\r\nContact: <sip:alice@%s>\r\n\r\n",
			 hops[i].via, i, i, hops[i].contact);
		feed(&w, text);
		ASSERT_EQ(w.event.type, SIP_EVENT_REQUEST);
		ASSERT_EQ(sip_dialog_new_uas(w.engine, w.event.server, NULL, &d), 0);
		EXPECT_STREQ(addr_print(&d->flow.peer, to), hops[i].next_hop) {
			TH_LOG("%s", hops[i].what);
		}
		sip_server_put(w.engine, w.now, w.event.server);
		expect_sent(&w, "SIP/2.0 500");
		sip_dialog_free(w.engine, d);
	}
	advance(&w, 32 * SEC);
	discard(&w);
	stop(&w);
}

static const struct {
	const char *contact;
	int result;
} contacts[] = {
	{ "Contact: <sip:alice@" PEER ">\r\n", 0 },
	{ "Contact: sip:alice@" PEER ";x=y\r\n", 0 },
	{ "m: \"A, B\" <sip:alice@" PEER ";lr>, <sip:other@x>\r\n", 0 },
	{ "", -EINVAL },
	{ "Contact:\r\n", -EINVAL },
	{ "Contact: <mailto:alice@example.com>\r\n", -EINVAL },
};

TEST(a_dialog_needs_a_contact)
{
	struct sip_dialog *d;
	char text[1024];
	struct world w;
	size_t i;

	start(&w, _metadata);
	for (i = 0; i < sizeof(contacts) / sizeof(*contacts); i++) {
		snprintf(text, sizeof(text), "INVITE sip:bob@example.com SIP/2.0\r\n"
			 "Via: SIP/2.0/UDP " PEER ";branch=z9hG4bK%zu\r\n" FROM_PEER TO_US
			 "Call-ID: %zu\r\nCSeq: 1 INVITE\r\n%s\r\n", i, i, contacts[i].contact);
		feed(&w, text);
		ASSERT_EQ(w.event.type, SIP_EVENT_REQUEST);
		d = NULL;
		EXPECT_EQ(sip_dialog_new_uas(w.engine, w.event.server, NULL, &d),
			  contacts[i].result) {
			TH_LOG("case %zu", i);
		}
		respond(&w, w.event.server, d, 400);
		sip_server_put(w.engine, w.now, w.event.server);
		sip_dialog_free(w.engine, d);
	}
	advance(&w, 32 * SEC);
	discard(&w);
	stop(&w);
}

/* A display name may hold what a line must not, and folding. */
TEST(odd_names_do_not_break_our_lines)
{
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = accept_call(&w, "INVITE sip:bob@example.com SIP/2.0\r\n" VIA("1")
			"From: \"A\r\n \\\001B\" <sip:alice@" PEER ">;tag=alice\r\n"
			"To: Bob\r\n of the\r\n\thill <sip:bob@example.com>\r\n"
			"Call-ID: call@" PEER "\r\nCSeq: 1 INVITE\r\n" CONTACT "\r\n");
	request(&w, d, SIP_BYE);
	expect_sent(&w, "BYE ");
	EXPECT_TRUE(sent_has(&w, "\r\nTo: <sip:alice@" PEER ">;tag=alice\r\n"));
	EXPECT_TRUE(sent_has(&w, "\r\nFrom: Bob   of the  \thill <sip:bob@example.com>;tag="));
	feed(&w, response_to(&w.sent, "200 OK", NULL, ""));
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(an_early_dialog_hears_its_peer)
{
	struct sip_server *invite;
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	feed(&w, REQUEST("INVITE", "1", "1", ""));
	invite = w.event.server;
	ASSERT_EQ(sip_dialog_new_uas(w.engine, invite, &w, &d), 0);
	respond(&w, invite, d, 183);
	expect_sent(&w, "SIP/2.0 183");
	EXPECT_TRUE(sent_has(&w, "Contact: "));
	EXPECT_TRUE(slice_eq(w.sent.to.tag, slice_str(d->local_tag)));
	feed(&w, tagged("BYE", "2", 2, d->local_tag, ""));
	answer_in(&w, d, 200);
	expect_sent(&w, "SIP/2.0 200");
	respond(&w, invite, d, 487);
	expect_sent(&w, "SIP/2.0 487");
	EXPECT_TRUE(slice_eq(w.sent.to.tag, slice_str(d->local_tag)));
	sip_server_put(w.engine, w.now, invite);
	feed(&w, tagged("ACK", "1", 1, d->local_tag, ""));
	sip_dialog_free(w.engine, d);
	stop(&w);
}

/* RFC 6665 §4.1.2.4, §4.4.1 */
static char *notify(const struct sip_dialog *d, const char *from_tag, const char *extra)
{
	static char text[2048];

	snprintf(text, sizeof(text),
		 "NOTIFY sip:bob@" OURS ":5060 SIP/2.0\r\nVia: SIP/2.0/UDP " PEER
		 ":5060;branch=z9hG4bK%s\r\nFrom: <sip:alice@" PEER ">;tag=%s\r\n"
		 "To: <sip:bob@example.com>;tag=%s\r\nCall-ID: %s\r\nCSeq: 5 NOTIFY\r\n"
		 CONTACT "%s\r\n", from_tag, from_tag, d->local_tag, d->call_id, extra);
	return text;
}

TEST(a_notify_makes_the_dialog_of_a_subscribe_before_its_answer)
{
	struct sip_dialog *d;
	struct sip_msg *asked;
	struct world w;

	start(&w, _metadata);
	d = new_uac(&w);
	request(&w, d, SIP_SUBSCRIBE);
	expect_sent(&w, "SUBSCRIBE ");
	asked = sip_msg_dup(&w.sent);
	feed(&w, notify(d, "early", ""));
	expect_sent(&w, "SIP/2.0 481");
	d->by_notify = true;
	feed(&w, notify(d, "first", "Record-Route: <sip:a.example;lr>, <sip:b.example;lr>\r\n"));
	answer_in(&w, d, 200);
	expect_sent(&w, "SIP/2.0 200");
	EXPECT_STREQ(d->remote_tag, "first");
	EXPECT_EQ(d->remote_cseq, 5);
	EXPECT_STREQ(d->remote_target, "sip:alice@" PEER ":5060");
	ASSERT_EQ(d->nroutes, 2);
	EXPECT_STREQ(d->routes[0], "<sip:a.example;lr>");
	feed(&w, notify(d, "second", ""));
	expect_sent(&w, "SIP/2.0 481");
	/* the answer of another fork changes nothing */
	feed(&w, response_to(asked, "200 OK", "second", ""));
	ASSERT_EQ(w.event.type, SIP_EVENT_RESPONSE);
	EXPECT_EQ(sip_dialog_response(w.engine, d, w.event.msg), -EEXIST);
	EXPECT_STREQ(d->remote_tag, "first");
	free(asked);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST_HARNESS_MAIN
