// SPDX-License-Identifier: GPL-2.0-only
/*
 * UPDATE (RFC 3311) and PRACK as requests of a dialog that is still early, or no
 * more: what they move, and what they leave as it is.
 */
#include "sip_harness.h"

#define ROUTES "Record-Route: <sip:p1.example;lr>\r\nRecord-Route: <sip:p2.example;lr>\r\n"
#define NEW_CONTACT "Contact: <sip:new@" PEER ":5090>\r\n"
#define NEW_TARGET "sip:new@" PEER ":5090"

/* The peer's INVITE, by way of two proxies, rings. */
static struct sip_dialog *ring(struct world *w, struct sip_server **invite)
{
	struct __test_metadata *_metadata = w->_metadata;
	struct sip_dialog *d = NULL;

	feed(w, REQUEST("INVITE", "1", "1", ROUTES));
	ASSERT_EQ(w->event.type, SIP_EVENT_REQUEST);
	*invite = w->event.server;
	ASSERT_EQ(sip_dialog_new_uas(w->engine, *invite, w, &d), 0);
	respond(w, *invite, d, 180);
	expect_sent(w, "SIP/2.0 180");
	return d;
}

/* It is answered and acknowledged. */
static void answer(struct world *w, struct sip_server *invite, struct sip_dialog *d)
{
	struct __test_metadata *_metadata = w->_metadata;

	EXPECT_EQ(respond(w, invite, d, 200), 0);
	expect_sent(w, "SIP/2.0 200");
	sip_server_put(w->engine, w->now, invite);
	feed(w, tagged("ACK", "ack", 1, d->local_tag, ""));
	EXPECT_EQ(w->event.type, SIP_EVENT_ACK);
}

/* Our INVITE rings at the peer's, behind two proxies; a copy of it in *invite. */
static struct sip_dialog *call_peer(struct world *w, struct sip_msg **invite)
{
	struct __test_metadata *_metadata = w->_metadata;
	struct sip_dialog *d = new_uac(w);

	request(w, d, SIP_INVITE);
	expect_sent(w, "INVITE ");
	*invite = sip_msg_dup(&w->sent);
	feed(w, response_to(*invite, "180 Ringing", "bob",
			    ROUTES "Contact: <sip:bob@" PEER ":5070>\r\n"));
	EXPECT_EQ(sip_dialog_response(w->engine, d, w->event.msg), 0);
	return d;
}

/* The peer's UPDATE is answered with status. */
static void take_update(struct world *w, struct sip_dialog *d, const char *branch, u32 cseq,
			u16 status)
{
	struct __test_metadata *_metadata = w->_metadata;

	feed(w, tagged("UPDATE", branch, cseq, d->local_tag, NEW_CONTACT));
	ASSERT_EQ(w->event.type, SIP_EVENT_REQUEST);
	EXPECT_EQ(w->event.dialog, d);
	EXPECT_EQ(w->event.invite, NULL);
	EXPECT_EQ(respond(w, w->event.server, d, status), 0);
	sip_server_put(w->engine, w->now, w->event.server);
	expect_sent(w, "SIP/2.0 ");
	EXPECT_EQ(w->sent.status, status);
	EXPECT_EQ(sent_has(w, "\r\nContact: <sip:"), status < 300);
	EXPECT_FALSE(sent_has(w, "Record-Route"));
}

/* Ours is answered with status and another Contact. */
static void send_update(struct world *w, struct sip_dialog *d, const char *status)
{
	struct __test_metadata *_metadata = w->_metadata;

	request(w, d, SIP_UPDATE);
	expect_sent(w, "UPDATE ");
	EXPECT_TRUE(sent_has(w, "\r\nContact: <sip:"));
	feed(w, response_to(&w->sent, status, NULL, NEW_CONTACT));
	ASSERT_EQ(w->event.type, SIP_EVENT_RESPONSE);
	EXPECT_EQ(w->event.dialog, d);
	EXPECT_EQ(sip_dialog_response(w->engine, d, w->event.msg), 0);
}

static void expect_routes(struct world *w, struct sip_dialog *d, const char *routes)
{
	struct __test_metadata *_metadata = w->_metadata;

	request(w, d, SIP_INFO);
	expect_sent(w, "INFO ");
	EXPECT_TRUE(sent_has(w, routes)) {
		TH_LOG("%s", w->last);
	}
	feed(w, response_to(&w->sent, "200 OK", NULL, ""));
}

#define IN_ORDER "Route: <sip:p1.example;lr>\r\nRoute: <sip:p2.example;lr>\r\n"
#define IN_REVERSE "Route: <sip:p2.example;lr>\r\nRoute: <sip:p1.example;lr>\r\n"

TEST(an_update_of_the_caller_moves_its_target_before_and_after_the_answer)
{
	struct sip_server *invite;
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = ring(&w, &invite);
	take_update(&w, d, "2", 2, 491);
	EXPECT_STREQ(d->remote_target, "sip:alice@" PEER ":5060");
	take_update(&w, d, "3", 3, 200);
	EXPECT_STREQ(d->remote_target, NEW_TARGET);
	EXPECT_EQ(d->state, SIP_DIALOG_EARLY);
	expect_routes(&w, d, IN_ORDER);
	/* Older than the last request of the dialog, whatever it was. */
	feed(&w, tagged("UPDATE", "4", 3, d->local_tag, CONTACT));
	EXPECT_EQ(w.event.type, SIP_EVENT_NONE);
	expect_sent(&w, "SIP/2.0 500");
	answer(&w, invite, d);
	/* The INVITE's Contact is older than the UPDATE's. */
	EXPECT_STREQ(d->remote_target, NEW_TARGET);
	take_update(&w, d, "5", 4, 200);
	EXPECT_EQ(d->state, SIP_DIALOG_CONFIRMED);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(our_update_to_the_caller_before_the_answer_leaves_the_routes)
{
	struct sip_server *invite;
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = ring(&w, &invite);
	send_update(&w, d, "491 Request Pending");
	EXPECT_STREQ(d->remote_target, "sip:alice@" PEER ":5060");
	send_update(&w, d, "200 OK");
	EXPECT_STREQ(d->remote_target, NEW_TARGET);
	EXPECT_EQ(d->state, SIP_DIALOG_EARLY);
	expect_routes(&w, d, IN_ORDER);
	answer(&w, invite, d);
	send_update(&w, d, "200 OK");
	expect_routes(&w, d, IN_ORDER);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(our_update_to_the_callee_before_the_answer_leaves_the_routes)
{
	struct sip_client *client;
	struct sip_msg *invite;
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = call_peer(&w, &invite);
	client = w.event.client;
	send_update(&w, d, "200 OK");
	EXPECT_STREQ(d->remote_target, NEW_TARGET);
	EXPECT_EQ(d->state, SIP_DIALOG_EARLY);
	expect_routes(&w, d, IN_REVERSE);
	/* The 2xx to the INVITE does say anew (RFC 3261 §13.2.2.4). */
	feed(&w, response_to(invite, "200 OK", "bob",
			     "Record-Route: <sip:p3.example;lr>\r\nContact: <sip:bob@" PEER ">\r\n"));
	EXPECT_EQ(sip_dialog_response(w.engine, d, w.event.msg), 0);
	EXPECT_EQ(sip_ack(w.engine, w.now, client, d, NULL), 0);
	expect_sent(&w, "ACK sip:bob@" PEER " SIP/2.0\r\n");
	EXPECT_EQ(d->state, SIP_DIALOG_CONFIRMED);
	send_update(&w, d, "200 OK");
	EXPECT_STREQ(d->remote_target, NEW_TARGET);
	expect_routes(&w, d, "Route: <sip:p3.example;lr>\r\n");
	free(invite);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

/* The callee may send one too: its To-tag is ours, and we know the dialog by it. */
TEST(an_update_of_the_callee_moves_its_target_before_the_answer)
{
	struct sip_msg *invite;
	struct sip_dialog *d;
	char text[1024];
	struct world w;

	start(&w, _metadata);
	d = call_peer(&w, &invite);
	snprintf(text, sizeof(text), "UPDATE sip:us@" OURS " SIP/2.0\r\n" VIA("u1")
		 "From: <sip:bob@" PEER ">;tag=bob\r\nTo: <sip:us@" OURS ">;tag=%s\r\n"
		 "Call-ID: %s\r\nCSeq: 70 UPDATE\r\n" NEW_CONTACT "\r\n", d->local_tag, d->call_id);
	feed(&w, text);
	ASSERT_EQ(w.event.type, SIP_EVENT_REQUEST);
	EXPECT_EQ(w.event.dialog, d);
	EXPECT_EQ(respond(&w, w.event.server, d, 200), 0);
	sip_server_put(w.engine, w.now, w.event.server);
	expect_sent(&w, "SIP/2.0 200");
	EXPECT_STREQ(d->remote_target, NEW_TARGET);
	EXPECT_EQ(d->remote_cseq, 70);
	EXPECT_EQ(d->state, SIP_DIALOG_EARLY);
	expect_routes(&w, d, IN_REVERSE);
	feed(&w, response_to(invite, "486 Busy Here", "bob", ""));
	expect_sent(&w, "ACK ");
	free(invite);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

/* PRACK refreshes nothing (RFC 3262 §5 leaves that to UPDATE). */
TEST(a_200_to_prack_leaves_routes_and_target)
{
	struct sip_msg *invite;
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = call_peer(&w, &invite);
	feed(&w, response_to(invite, "183 Session Progress", "bob",
			     "Require: 100rel\r\nRSeq: 1\r\n"));
	ASSERT_TRUE(w.event.reliable);
	request(&w, d, SIP_PRACK);
	expect_sent(&w, "PRACK ");
	EXPECT_TRUE(sent_has(&w, IN_REVERSE));
	feed(&w, response_to(&w.sent, "200 OK", NULL, NEW_CONTACT));
	EXPECT_EQ(sip_dialog_response(w.engine, d, w.event.msg), 0);
	EXPECT_STREQ(d->remote_target, "sip:bob@" PEER ":5070");
	EXPECT_EQ(d->state, SIP_DIALOG_EARLY);
	expect_routes(&w, d, IN_REVERSE);
	feed(&w, response_to(invite, "486 Busy Here", "bob", ""));
	expect_sent(&w, "ACK ");
	free(invite);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST_HARNESS_MAIN
