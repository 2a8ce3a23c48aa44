// SPDX-License-Identifier: GPL-2.0-only
/*
 * Server transactions (RFC 3261 §17.2, RFC 6026): what the peer sends again, or
 * late, or not at all.
 */
#include "sip_harness.h"

TEST(an_invite_unanswered_gets_its_100)
{
	struct world w;
	struct sip_server *s;

	start(&w, _metadata);
	feed(&w, REQUEST("INVITE", "1", "1", "Timestamp: 54\r\n"));
	ASSERT_EQ(w.event.type, SIP_EVENT_REQUEST);
	s = w.event.server;
	EXPECT_EQ(w.event.dialog, NULL);
	EXPECT_EQ(w.event.msg->method, SIP_INVITE);
	advance(&w, 149 * MSEC);
	EXPECT_TRUE(silent(&w));
	advance(&w, 1 * MSEC);
	expect_sent(&w, "SIP/2.0 100 Trying\r\n");
	EXPECT_TRUE(sent_has(&w, "Timestamp: 54\r\n"));
	EXPECT_EQ(w.sent.to.tag.n, 0);
	/* The caller's own 100 is not needed any more. */
	EXPECT_EQ(respond(&w, s, NULL, 100), 0);
	EXPECT_TRUE(silent(&w));
	/* An INVITE again gets it again. */
	feed(&w, REQUEST("INVITE", "1", "1", ""));
	EXPECT_EQ(w.event.type, SIP_EVENT_NONE);
	expect_sent(&w, "SIP/2.0 100");
	respond(&w, s, NULL, 486);
	expect_sent(&w, "SIP/2.0 486 Busy Here");
	sip_server_put(w.engine, w.now, s);
	feed(&w, REQUEST("ACK", "1", "1", ""));
	stop(&w);
}

TEST(an_invite_answered_at_once_gets_no_100)
{
	struct sip_server *s;
	struct world w;

	start(&w, _metadata);
	feed(&w, REQUEST("INVITE", "1", "1", ""));
	s = w.event.server;
	respond(&w, s, NULL, 180);
	expect_sent(&w, "SIP/2.0 180 Ringing");
	EXPECT_EQ(w.sent.to.tag.n, 16);
	advance(&w, 1 * SEC);
	EXPECT_TRUE(silent(&w));
	respond(&w, s, NULL, 404);
	expect_sent(&w, "SIP/2.0 404");
	sip_server_put(w.engine, w.now, s);
	feed(&w, REQUEST("ACK", "1", "1", ""));
	stop(&w);
}

/* Timer G: T1, 2*T1 ... up to T2; H ends it after 64*T1. */
TEST(a_failure_is_sent_again_until_its_ack)
{
	static const u64 pauses[] = { 500, 1000, 2000, 4000, 4000, 4000 };
	struct sip_server *s;
	struct world w;
	size_t i;

	start(&w, _metadata);
	feed(&w, REQUEST("INVITE", "1", "1", ""));
	s = w.event.server;
	respond(&w, s, NULL, 486);
	expect_sent(&w, "SIP/2.0 486");
	sip_server_put(w.engine, w.now, s);
	for (i = 0; i < 6; i++) {
		advance(&w, pauses[i] * MSEC - 1);
		EXPECT_TRUE(silent(&w));
		advance(&w, 1);
		expect_sent(&w, "SIP/2.0 486");
		EXPECT_TRUE(silent(&w));
	}
	feed(&w, REQUEST("ACK", "1", "1", ""));
	EXPECT_EQ(w.event.type, SIP_EVENT_NONE);
	/* Confirmed: another INVITE and another ACK are absorbed. */
	feed(&w, REQUEST("INVITE", "1", "1", ""));
	feed(&w, REQUEST("ACK", "1", "1", ""));
	EXPECT_EQ(w.events, 1);
	EXPECT_TRUE(silent(&w));
	/* Timer I: T4, then it is gone. */
	advance(&w, 5 * SEC);
	EXPECT_EQ(counter(&w, "sip-server-transactions"), 0);
	EXPECT_EQ(counter(&w, "sip-no-ack"), 0);
	stop(&w);
}

TEST(a_failure_that_nobody_acknowledges_ends_by_itself)
{
	struct sip_server *s;
	struct world w;

	start(&w, _metadata);
	feed(&w, REQUEST("INVITE", "1", "1", ""));
	s = w.event.server;
	respond(&w, s, NULL, 503);
	sip_server_put(w.engine, w.now, s);
	advance(&w, 32 * SEC);
	EXPECT_EQ(discard(&w), 11);	/* at 0, .5, 1.5, 3.5, 7.5 ... 31.5 s */
	EXPECT_EQ(counter(&w, "sip-server-transactions"), 0);
	EXPECT_EQ(counter(&w, "sip-no-ack"), 1);
	stop(&w);
}

TEST(another_request_is_answered_again_for_timer_j)
{
	struct sip_server *s;
	struct world w;

	start(&w, _metadata);
	feed(&w, REQUEST("OPTIONS", "1", "1", ""));
	ASSERT_EQ(w.event.type, SIP_EVENT_REQUEST);
	s = w.event.server;
	/* Trying: nothing to repeat yet. */
	feed(&w, REQUEST("OPTIONS", "1", "1", ""));
	EXPECT_EQ(w.event.type, SIP_EVENT_NONE);
	advance(&w, 1 * SEC);
	EXPECT_TRUE(silent(&w));
	respond(&w, s, NULL, 200);
	expect_sent(&w, "SIP/2.0 200 OK");
	EXPECT_EQ(respond(&w, s, NULL, 200), -EINVAL);
	sip_server_put(w.engine, w.now, s);
	advance(&w, 31 * SEC);
	EXPECT_TRUE(silent(&w));
	feed(&w, REQUEST("OPTIONS", "1", "1", ""));
	expect_sent(&w, "SIP/2.0 200 OK");
	advance(&w, 1 * SEC);
	EXPECT_EQ(counter(&w, "sip-server-transactions"), 0);
	stop(&w);
}

static struct sip_dialog *answer(struct world *w, struct sip_server *s)
{
	struct __test_metadata *_metadata = w->_metadata;
	struct sip_dialog *d = NULL;

	ASSERT_EQ(sip_dialog_new_uas(w->engine, s, w, &d), 0);
	ASSERT_EQ(respond(w, s, d, 200), 0);
	sip_server_put(w->engine, w->now, s);
	return d;
}

TEST(a_2xx_is_sent_again_until_its_ack)
{
	static const u64 pauses[] = { 500, 1000, 2000, 4000, 4000 };
	struct sip_dialog *d;
	struct world w;
	size_t i;

	start(&w, _metadata);
	feed(&w, REQUEST("INVITE", "1", "1", ""));
	d = answer(&w, w.event.server);
	expect_sent(&w, "SIP/2.0 200 OK");
	EXPECT_TRUE(sent_has(&w, "Contact: <sip:bob@" OURS ":5060>\r\n"));
	EXPECT_EQ(d->state, SIP_DIALOG_CONFIRMED);
	for (i = 0; i < 5; i++) {
		advance(&w, pauses[i] * MSEC - 1);
		/* RFC 6026: the INVITE again hurries nothing. */
		feed(&w, REQUEST("INVITE", "1", "1", ""));
		EXPECT_TRUE(silent(&w));
		advance(&w, 1);
		expect_sent(&w, "SIP/2.0 200 OK");
	}
	/* The ACK is a transaction of its own. */
	feed(&w, tagged("ACK", "2", 1, d->local_tag, ""));
	EXPECT_EQ(w.event.type, SIP_EVENT_ACK);
	EXPECT_EQ(w.event.dialog, d);
	EXPECT_EQ(w.event.user, &w);
	feed(&w, tagged("ACK", "2", 1, d->local_tag, ""));
	EXPECT_EQ(w.event.type, SIP_EVENT_NONE);	/* the first one only */
	advance(&w, 60 * SEC);
	EXPECT_TRUE(silent(&w));
	EXPECT_EQ(w.events, 2);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(an_ack_with_the_branch_of_the_invite_is_taken_too)
{
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	feed(&w, REQUEST("INVITE", "1", "1", ""));
	d = answer(&w, w.event.server);
	expect_sent(&w, "SIP/2.0 200 OK");
	feed(&w, tagged("ACK", "1", 1, d->local_tag, ""));
	EXPECT_EQ(w.event.type, SIP_EVENT_ACK);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(a_2xx_without_ack_is_told_after_64_t1)
{
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	feed(&w, REQUEST("INVITE", "1", "1", ""));
	d = answer(&w, w.event.server);
	/* Acknowledging something else does not count. */
	feed(&w, tagged("ACK", "2", 2, d->local_tag, ""));
	feed(&w, tagged("ACK", "3", 1, "somebody", ""));
	EXPECT_EQ(counter(&w, "sip-stray-acks-dropped"), 2);
	advance(&w, 32 * SEC - 1);
	EXPECT_EQ(w.events, 1);
	discard(&w);
	advance(&w, 1);
	EXPECT_EQ(w.event.type, SIP_EVENT_NO_ACK);
	EXPECT_EQ(w.event.dialog, d);
	EXPECT_EQ(w.events, 2);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(a_dialog_may_go_while_its_2xx_waits)
{
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	feed(&w, REQUEST("INVITE", "1", "1", ""));
	d = answer(&w, w.event.server);
	expect_sent(&w, "SIP/2.0 200 OK");
	sip_dialog_free(w.engine, d);
	advance(&w, 60 * SEC);
	EXPECT_TRUE(silent(&w));
	EXPECT_EQ(w.events, 1);
	stop(&w);
}

TEST(cancel_is_answered_and_told_once)
{
	struct sip_server *s;
	struct world w;
	char tag[64];

	start(&w, _metadata);
	feed(&w, REQUEST("INVITE", "1", "1", ""));
	s = w.event.server;
	sip_server_set_user(s, &w);
	respond(&w, s, NULL, 180);
	copy(tag, sizeof(tag), expect_sent(&w, "SIP/2.0 180")->to.tag);
	feed(&w, REQUEST("CANCEL", "1", "1", "Reason: SIP;cause=200\r\n"));
	EXPECT_EQ(w.event.type, SIP_EVENT_CANCEL);
	EXPECT_EQ(w.event.server, s);
	EXPECT_EQ(w.event.user, &w);
	EXPECT_NE(sip_msg_header(w.event.msg, SIP_HDR_REASON), NULL);
	expect_sent(&w, "SIP/2.0 200 OK");
	EXPECT_EQ(w.sent.method, SIP_CANCEL);
	EXPECT_TRUE(slice_eq(w.sent.to.tag, slice_str(tag)));	/* RFC 3261 §9.2 */
	feed(&w, REQUEST("CANCEL", "1", "1", ""));
	EXPECT_EQ(w.event.type, SIP_EVENT_NONE);
	expect_sent(&w, "SIP/2.0 200 OK");
	respond(&w, s, NULL, 487);
	expect_sent(&w, "SIP/2.0 487 Request Terminated");
	sip_server_put(w.engine, w.now, s);
	feed(&w, REQUEST("ACK", "1", "1", ""));
	EXPECT_TRUE(silent(&w));
	stop(&w);
}

TEST(cancel_after_the_final_response_changes_nothing)
{
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	feed(&w, REQUEST("INVITE", "1", "1", ""));
	d = answer(&w, w.event.server);
	expect_sent(&w, "SIP/2.0 200 OK");
	feed(&w, REQUEST("CANCEL", "1", "1", ""));
	EXPECT_EQ(w.event.type, SIP_EVENT_NONE);
	expect_sent(&w, "SIP/2.0 200 OK");
	EXPECT_EQ(w.sent.method, SIP_CANCEL);
	feed(&w, tagged("ACK", "2", 1, d->local_tag, ""));
	EXPECT_EQ(w.event.type, SIP_EVENT_ACK);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(cancel_of_nothing_or_by_somebody_else_is_481)
{
	struct flow stranger;
	struct sip_server *s;
	struct world w;

	start(&w, _metadata);
	feed(&w, REQUEST("CANCEL", "1", "1", ""));
	EXPECT_EQ(w.event.type, SIP_EVENT_NONE);
	expect_sent(&w, "SIP/2.0 481");
	feed(&w, REQUEST("INVITE", "1", "1", ""));
	s = w.event.server;
	stranger = w.peer;
	ASSERT_TRUE(addr_parse(SLICE("203.0.113.66:5060"), &stranger.peer));
	feed_from(&w, &stranger, REQUEST("CANCEL", "1", "1", ""));
	EXPECT_EQ(w.event.type, SIP_EVENT_NONE);
	expect_sent(&w, "SIP/2.0 481");
	respond(&w, s, NULL, 486);
	expect_sent(&w, "SIP/2.0 486");
	sip_server_put(w.engine, w.now, s);
	/* Nor does a stranger's ACK end the retransmissions. */
	feed_from(&w, &stranger, REQUEST("ACK", "1", "1", ""));
	advance(&w, 500 * MSEC);
	expect_sent(&w, "SIP/2.0 486");
	feed(&w, REQUEST("ACK", "1", "1", ""));
	stop(&w);
}

TEST(who_lets_go_without_an_answer_has_500_sent)
{
	struct world w;

	start(&w, _metadata);
	feed(&w, REQUEST("OPTIONS", "1", "1", ""));
	sip_server_put(w.engine, w.now, w.event.server);
	expect_sent(&w, "SIP/2.0 500");
	stop(&w);
}

#define OLD_REQUEST(method, cseq) \
	method " sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP " PEER ":5060;branch=1\r\n" \
	FROM_PEER TO_US "Call-ID: old@" PEER "\r\nCSeq: " cseq " " method "\r\n\r\n"

/* RFC 3261 §17.2.3: without the cookie the branch alone says nothing. */
TEST(branches_of_rfc_2543_may_repeat)
{
	struct sip_server *first, *second;
	struct world w;

	start(&w, _metadata);
	feed(&w, OLD_REQUEST("OPTIONS", "1"));
	ASSERT_EQ(w.event.type, SIP_EVENT_REQUEST);
	first = w.event.server;
	feed(&w, OLD_REQUEST("OPTIONS", "1"));
	EXPECT_EQ(w.event.type, SIP_EVENT_NONE);
	feed(&w, OLD_REQUEST("OPTIONS", "2"));
	ASSERT_EQ(w.event.type, SIP_EVENT_REQUEST);
	second = w.event.server;
	feed(&w, OLD_REQUEST("INVITE", "3"));
	ASSERT_EQ(w.event.type, SIP_EVENT_REQUEST);
	sip_server_put(w.engine, w.now, first);
	sip_server_put(w.engine, w.now, second);
	sip_server_put(w.engine, w.now, w.event.server);
	EXPECT_EQ(discard(&w), 3);
	feed(&w, OLD_REQUEST("ACK", "3"));
	advance(&w, 20 * SEC);
	EXPECT_TRUE(silent(&w));
	stop(&w);
}

static const struct {
	const char *via, *from, *to, *expected;
} ways[] = {
	/* RFC 3581: to where it came from, and what that was */
	{ "192.0.2.10:5070;branch=z9hG4bK1;rport", "192.0.2.10:4444", "192.0.2.10:4444",
	  "Via: SIP/2.0/UDP 192.0.2.10:5070;branch=z9hG4bK1;received=192.0.2.10;rport=4444\r\n" },
	{ "10.0.0.1;rport;branch=z9hG4bK2", "192.0.2.10:4444", "192.0.2.10:4444",
	  "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK2;received=192.0.2.10;rport=4444\r\n" },
	/* RFC 3261 §18.2.2 */
	{ "192.0.2.10:5070;branch=z9hG4bK3", "192.0.2.10:4444", "192.0.2.10:5070",
	  "Via: SIP/2.0/UDP 192.0.2.10:5070;branch=z9hG4bK3\r\n" },
	{ "host.example;branch=z9hG4bK4", "192.0.2.10:4444", "192.0.2.10:5060",
	  "Via: SIP/2.0/UDP host.example;branch=z9hG4bK4;received=192.0.2.10\r\n" },
	/* what the sender claims to have been received from is not believed */
	{ "10.0.0.1;received=203.0.113.1;branch=z9hG4bK5", "192.0.2.10:4444", "192.0.2.10:5060",
	  "Via: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK5;received=192.0.2.10\r\n" },
	{ "p1.example;branch=z9hG4bK6, SIP/2.0/UDP p2.example ;branch=x", "192.0.2.10:5060",
	  "192.0.2.10:5060",
	  "Via: SIP/2.0/UDP p1.example;branch=z9hG4bK6;received=192.0.2.10, "
	  "SIP/2.0/UDP p2.example ;branch=x\r\n" },
	{ "[2001:db8::9];branch=z9hG4bK7", "[2001:db8::9]:7", "[2001:db8::9]:5060",
	  "Via: SIP/2.0/UDP [2001:db8::9];branch=z9hG4bK7\r\n" },
};

TEST(responses_go_where_the_via_says)
{
	char text[1024], to[ADDR_STRLEN];
	struct flow flow = { 0 };
	struct world w;
	size_t i;

	start(&w, _metadata);
	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		snprintf(text, sizeof(text), "OPTIONS sip:bob@example.com SIP/2.0\r\n"
			 "Via: SIP/2.0/UDP %s\r\n" FROM_PEER TO_US "Call-ID: %zu\r\n"
			 "CSeq: 1 OPTIONS\r\nVia: SIP/2.0/UDP below.example\r\n\r\n", ways[i].via, i);
		ASSERT_TRUE(addr_parse(slice_str(ways[i].from), &flow.peer));
		feed_from(&w, &flow, text);
		ASSERT_EQ(w.event.type, SIP_EVENT_REQUEST);
		respond(&w, w.event.server, NULL, 200);
		sip_server_put(w.engine, w.now, w.event.server);
		expect_sent(&w, "SIP/2.0 200");
		EXPECT_STREQ(addr_print(&w.last_flow.peer, to), ways[i].to);
		EXPECT_TRUE(sent_has(&w, ways[i].expected)) {
			TH_LOG("%s: %s", ways[i].via, w.last);
		}
		EXPECT_TRUE(sent_has(&w, "Via: SIP/2.0/UDP below.example\r\n"));
	}
	stop(&w);
}

TEST_HARNESS_MAIN
