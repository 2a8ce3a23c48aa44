// SPDX-License-Identifier: GPL-2.0-only
/*
 * Client transactions (RFC 3261 §17.1, RFC 6026): what the peer answers late,
 * twice, in disorder, or not at all.
 */
#include "sip_harness.h"

TEST(an_invite_is_sent_again_until_timer_b)
{
	struct sip_client *c;
	struct sip_dialog *d;
	struct world w;
	size_t i;

	start(&w, _metadata);
	d = new_uac(&w);
	c = request(&w, d, SIP_INVITE);
	expect_sent(&w, "INVITE sip:bob@" PEER ":5060 SIP/2.0\r\nVia: SIP/2.0/UDP " OURS
		    ":5060;branch=z9hG4bK");
	EXPECT_TRUE(sent_has(&w, ";rport\r\n"));
	EXPECT_TRUE(sent_has(&w, "Max-Forwards: 70\r\n"));
	EXPECT_TRUE(sent_has(&w, "Contact: <sip:us@" OURS ":5060>\r\n"));
	EXPECT_TRUE(sent_has(&w, "User-Agent: jalur\r\n"));
	EXPECT_TRUE(sent_has(&w, "CSeq: 1 INVITE\r\n"));
	EXPECT_EQ(w.sent.from.tag.n, 16);
	EXPECT_EQ(w.sent.to.tag.n, 0);
	for (i = 0; i < 6; i++) {	/* .5, 1, 2 ... 16 s: there is no T2 here */
		advance(&w, (500ull << i) * MSEC - 1);
		EXPECT_TRUE(silent(&w));
		advance(&w, 1);
		expect_sent(&w, "INVITE ");
	}
	advance(&w, 500 * MSEC - 1);
	EXPECT_EQ(w.events, 0);
	advance(&w, 1);			/* 64*T1 */
	EXPECT_EQ(w.event.type, SIP_EVENT_TIMEOUT);
	EXPECT_EQ(w.event.client, c);
	EXPECT_EQ(w.event.dialog, d);
	EXPECT_EQ(w.event.user, &w);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(a_provisional_response_ends_the_retransmissions)
{
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = new_uac(&w);
	request(&w, d, SIP_INVITE);
	expect_sent(&w, "INVITE ");
	feed(&w, response_to(&w.sent, "100 Trying", NULL, ""));
	EXPECT_EQ(w.event.type, SIP_EVENT_RESPONSE);
	EXPECT_EQ(w.event.dialog, d);
	advance(&w, 170 * SEC);		/* it may ring for long */
	EXPECT_TRUE(silent(&w));
	EXPECT_EQ(w.events, 1);
	feed(&w, response_to(&w.sent, "180 Ringing", "b1", ""));
	EXPECT_EQ(w.event.msg->status, 180);
	feed(&w, response_to(&w.sent, "486 Busy Here", "b1", ""));
	EXPECT_EQ(w.event.msg->status, 486);
	expect_sent(&w, "ACK ");
	sip_dialog_free(w.engine, d);
	stop(&w);
}

/* RFC 3261 §17.1.1.3: the same branch, the response's To, and nobody above is asked. */
TEST(a_failure_is_acknowledged_each_time)
{
	struct sip_content content = { .headers = SLICE("Max-Forwards: 11\r\nX-Mine: 1\r\n") };
	char invite[4096], branch[64], first[4096];
	struct sip_client *c;
	struct sip_dialog *d;
	struct sip_msg msg;
	struct sip_error err;
	struct world w;

	start(&w, _metadata);
	d = new_uac(&w);
	ASSERT_EQ(sip_request(w.engine, w.now, d, SIP_INVITE, &content, NULL, &c), 0);
	copy(branch, sizeof(branch), expect_sent(&w, "INVITE ")->via.branch);
	EXPECT_TRUE(sent_has(&w, "Max-Forwards: 11\r\n"));
	EXPECT_FALSE(sent_has(&w, "Max-Forwards: 70\r\n"));
	strcpy(invite, w.last);
	ASSERT_EQ(sip_parse(slice_str(invite), &msg, &err), 0);
	feed(&w, response_to(&msg, "404 Not Found", "b1", ""));
	EXPECT_EQ(w.event.type, SIP_EVENT_RESPONSE);
	EXPECT_EQ(w.event.client, c);
	expect_sent(&w, "ACK sip:bob@" PEER ":5060 SIP/2.0\r\n");
	strcpy(first, w.last);
	EXPECT_TRUE(slice_eq(w.sent.via.branch, slice_str(branch)));
	EXPECT_TRUE(slice_eq(w.sent.to.tag, SLICE("b1")));
	EXPECT_EQ(w.sent.cseq, 1);
	EXPECT_EQ(w.sent.method, SIP_ACK);
	feed(&w, response_to(&msg, "404 Not Found", "b1", ""));
	EXPECT_EQ(w.event.type, SIP_EVENT_NONE);
	expect_sent(&w, "ACK ");
	EXPECT_STREQ(w.last, first);
	/* A 2xx now, or a 180, is too late to mean anything. */
	feed(&w, response_to(&msg, "180 Ringing", "b1", ""));
	feed(&w, response_to(&msg, "200 OK", "b1", ""));
	EXPECT_EQ(w.events, 1);
	advance(&w, 32 * SEC);		/* timer D */
	EXPECT_EQ(counter(&w, "sip-client-transactions"), 0);
	feed(&w, response_to(&msg, "404 Not Found", "b1", ""));
	EXPECT_TRUE(silent(&w));
	EXPECT_EQ(counter(&w, "sip-stray-responses-dropped"), 1);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(every_2xx_is_told_once_and_its_ack_repeated)
{
	struct sip_dialog *d, *fork;
	char invite[4096], first[4096];
	struct sip_client *c;
	struct sip_msg msg;
	struct sip_error err;
	struct world w;

	start(&w, _metadata);
	d = new_uac(&w);
	c = request(&w, d, SIP_INVITE);
	expect_sent(&w, "INVITE ");
	strcpy(invite, w.last);
	ASSERT_EQ(sip_parse(slice_str(invite), &msg, &err), 0);
	feed(&w, response_to(&msg, "200 OK", "b1", "Contact: <sip:bob@" PEER ":5080>\r\n"));
	ASSERT_EQ(w.event.type, SIP_EVENT_RESPONSE);
	EXPECT_EQ(sip_ack(w.engine, w.now, c, d, NULL), -ENOENT);	/* whose tag? */
	ASSERT_EQ(sip_dialog_response(w.engine, d, w.event.msg), 0);
	EXPECT_EQ(d->state, SIP_DIALOG_CONFIRMED);
	ASSERT_EQ(sip_ack(w.engine, w.now, c, d, NULL), 0);
	expect_sent(&w, "ACK sip:bob@" PEER ":5080 SIP/2.0\r\n");
	EXPECT_FALSE(slice_eq(w.sent.via.branch, msg.via.branch));
	EXPECT_EQ(w.sent.cseq, 1);
	strcpy(first, w.last);
	/* The same 2xx again: the same ACK again. */
	feed(&w, response_to(&msg, "200 OK", "b1", "Contact: <sip:bob@" PEER ":5080>\r\n"));
	EXPECT_EQ(w.event.type, SIP_EVENT_NONE);
	expect_sent(&w, "ACK ");
	EXPECT_STREQ(w.last, first);
	/* Another one answered, too. */
	feed(&w, response_to(&msg, "200 OK", "b2", "Contact: <sip:carol@" PEER ">\r\n"));
	ASSERT_EQ(w.event.type, SIP_EVENT_RESPONSE);
	EXPECT_EQ(w.event.client, c);
	EXPECT_EQ(sip_dialog_response(w.engine, d, w.event.msg), -EEXIST);
	fork = sip_dialog_fork(w.engine, d, w.event.msg);
	ASSERT_NE(fork, NULL);
	EXPECT_EQ(fork->state, SIP_DIALOG_CONFIRMED);
	ASSERT_EQ(sip_ack(w.engine, w.now, c, fork, NULL), 0);
	expect_sent(&w, "ACK sip:carol@" PEER " SIP/2.0\r\n");
	EXPECT_TRUE(slice_eq(w.sent.to.tag, SLICE("b2")));
	request(&w, fork, SIP_BYE);
	expect_sent(&w, "BYE sip:carol@" PEER " SIP/2.0\r\n");
	EXPECT_EQ(w.sent.cseq, 2);
	feed(&w, response_to(&w.sent, "200 OK", NULL, ""));
	/* RFC 6026: Accepted ends with timer M. */
	advance(&w, 32 * SEC);
	EXPECT_EQ(counter(&w, "sip-client-transactions"), 0);
	sip_dialog_free(w.engine, d);
	sip_dialog_free(w.engine, fork);
	stop(&w);
}

TEST(an_endless_fork_is_bounded)
{
	struct sip_dialog *d;
	char invite[4096], tag[16];
	struct sip_msg msg;
	struct sip_error err;
	struct world w;
	int i;

	start(&w, _metadata);
	d = new_uac(&w);
	request(&w, d, SIP_INVITE);
	expect_sent(&w, "INVITE ");
	strcpy(invite, w.last);
	ASSERT_EQ(sip_parse(slice_str(invite), &msg, &err), 0);
	for (i = 0; i < 100; i++) {
		snprintf(tag, sizeof(tag), "b%d", i);
		feed(&w, response_to(&msg, "200 OK", tag, ""));
	}
	EXPECT_EQ(w.events, 8);
	EXPECT_EQ(counter(&w, "sip-forks-dropped"), 92);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(another_request_is_sent_again_with_t2_as_its_limit)
{
	static const u64 pauses[] = { 500, 1000, 2000, 4000, 4000 };
	struct sip_dialog *d;
	struct world w;
	size_t i;

	start(&w, _metadata);
	d = new_uac(&w);
	request(&w, d, SIP_OPTIONS);
	expect_sent(&w, "OPTIONS ");
	EXPECT_FALSE(sent_has(&w, "Contact:"));
	for (i = 0; i < 5; i++) {
		advance(&w, pauses[i] * MSEC - 1);
		EXPECT_TRUE(silent(&w));
		advance(&w, 1);
		expect_sent(&w, "OPTIONS ");
	}
	advance(&w, 32 * SEC - 11500 * MSEC);
	EXPECT_EQ(discard(&w), 5);
	EXPECT_EQ(w.event.type, SIP_EVENT_TIMEOUT);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(another_request_goes_on_slowly_after_a_provisional_response)
{
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = new_uac(&w);
	request(&w, d, SIP_OPTIONS);
	expect_sent(&w, "OPTIONS ");
	feed(&w, response_to(&w.sent, "100 Trying", NULL, ""));
	advance(&w, 500 * MSEC);
	expect_sent(&w, "OPTIONS ");
	advance(&w, 4 * SEC - 1);
	EXPECT_TRUE(silent(&w));
	advance(&w, 1);
	expect_sent(&w, "OPTIONS ");
	feed(&w, response_to(&w.sent, "200 OK", "b1", ""));
	EXPECT_EQ(w.event.msg->status, 200);
	feed(&w, response_to(&w.sent, "200 OK", "b1", ""));
	EXPECT_EQ(w.event.type, SIP_EVENT_NONE);
	advance(&w, 5 * SEC);		/* timer K: T4 */
	EXPECT_EQ(counter(&w, "sip-client-transactions"), 0);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(cancel_waits_for_a_provisional_response)
{
	char invite[4096], branch[64];
	struct sip_client *c;
	struct sip_dialog *d;
	struct sip_msg msg;
	struct sip_error err;
	struct world w;

	start(&w, _metadata);
	d = new_uac(&w);
	c = request(&w, d, SIP_INVITE);
	copy(branch, sizeof(branch), expect_sent(&w, "INVITE ")->via.branch);
	strcpy(invite, w.last);
	ASSERT_EQ(sip_parse(slice_str(invite), &msg, &err), 0);
	ASSERT_EQ(sip_cancel(w.engine, w.now, c, SLICE("Reason: Q.850;cause=16\r\n")), 0);
	EXPECT_TRUE(silent(&w));
	feed(&w, response_to(&msg, "100 Trying", NULL, ""));
	expect_sent(&w, "CANCEL sip:bob@" PEER ":5060 SIP/2.0\r\n");
	EXPECT_TRUE(slice_eq(w.sent.via.branch, slice_str(branch)));
	EXPECT_TRUE(sent_has(&w, "CSeq: 1 CANCEL\r\n"));
	EXPECT_TRUE(sent_has(&w, "Reason: Q.850;cause=16\r\n"));
	EXPECT_EQ(w.sent.to.tag.n, 0);
	EXPECT_EQ(sip_cancel(w.engine, w.now, c, SLICE("")), 0);	/* once is enough */
	EXPECT_TRUE(silent(&w));
	feed(&w, response_to(&w.sent, "200 OK", "b1", ""));
	EXPECT_EQ(w.event.type, SIP_EVENT_NONE);	/* nobody asked for it */
	feed(&w, response_to(&msg, "487 Request Terminated", "b1", ""));
	EXPECT_EQ(w.event.msg->status, 487);
	expect_sent(&w, "ACK ");
	EXPECT_EQ(sip_cancel(w.engine, w.now, c, SLICE("")), -EINVAL);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(cancel_is_not_sent_when_the_answer_comes_first)
{
	struct sip_client *c;
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = new_uac(&w);
	c = request(&w, d, SIP_INVITE);
	expect_sent(&w, "INVITE ");
	ASSERT_EQ(sip_cancel(w.engine, w.now, c, SLICE("")), 0);
	feed(&w, response_to(&w.sent, "200 OK", "b1", ""));
	EXPECT_EQ(w.event.msg->status, 200);
	EXPECT_TRUE(silent(&w));
	sip_dialog_free(w.engine, d);
	stop(&w);
}

/* RFC 3261 §9.1: 64*T1 after the CANCEL nobody waits any longer. */
TEST(a_cancelled_invite_that_never_ends_times_out)
{
	struct sip_client *c;
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = new_uac(&w);
	c = request(&w, d, SIP_INVITE);
	expect_sent(&w, "INVITE ");
	feed(&w, response_to(&w.sent, "180 Ringing", "b1", ""));
	advance(&w, 20 * SEC);
	ASSERT_EQ(sip_cancel(w.engine, w.now, c, SLICE("")), 0);
	advance(&w, 31600 * MSEC);
	EXPECT_EQ(discard(&w), 11);	/* the CANCEL, and ten times more until 31.5 s */
	EXPECT_EQ(w.events, 1);
	/* Still ringing: that does not prolong it. */
	feed(&w, response_to(&w.sent, "180 Ringing", "b1", ""));
	advance(&w, 400 * MSEC);
	EXPECT_EQ(w.event.type, SIP_EVENT_TIMEOUT);
	EXPECT_EQ(w.event.client, c);
	EXPECT_EQ(w.events, 3);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(an_unreachable_peer_fails_what_is_on_its_way)
{
	struct sip_dialog *d, *ringing;
	struct flow other;
	struct sip_event event;
	unsigned int failed = 0;
	struct world w;

	start(&w, _metadata);
	d = new_uac(&w);
	ringing = new_uac(&w);
	request(&w, d, SIP_INVITE);
	request(&w, d, SIP_OPTIONS);
	discard(&w);
	request(&w, ringing, SIP_INVITE);
	expect_sent(&w, "INVITE ");
	feed(&w, response_to(&w.sent, "180 Ringing", "b1", ""));
	other = w.peer;
	other.peer.port = 5070;
	sip_engine_unreachable(w.engine, w.now, &other, &event);
	EXPECT_EQ(event.type, SIP_EVENT_NONE);
	for (;;) {
		sip_engine_unreachable(w.engine, w.now, &w.peer, &event);
		if (event.type == SIP_EVENT_NONE)
			break;
		EXPECT_EQ(event.type, SIP_EVENT_FAILED);
		EXPECT_EQ(event.dialog, d);
		EXPECT_EQ(event.user, &w);
		failed++;
	}
	EXPECT_EQ(failed, 2);
	advance(&w, 1 * SEC);
	EXPECT_TRUE(silent(&w));
	EXPECT_EQ(counter(&w, "sip-client-transactions"), 1);
	feed(&w, response_to(&w.sent, "480 Gone", "b1", ""));
	expect_sent(&w, "ACK ");
	sip_dialog_free(w.engine, d);
	sip_dialog_free(w.engine, ringing);
	stop(&w);
}

TEST(responses_that_are_not_ours_are_dropped)
{
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = new_uac(&w);
	request(&w, d, SIP_OPTIONS);
	expect_sent(&w, "OPTIONS ");
	/* RFC 3261 §8.1.3.3: a second Via */
	feed(&w, response_to(&w.sent, "200 OK", "b1", "Via: SIP/2.0/UDP other;branch=x\r\n"));
	/* a branch that nobody has */
	feed(&w, "SIP/2.0 200 OK\r\n" VIA("nobody") FROM_PEER TO_US "Call-ID: c\r\n"
	     "CSeq: 1 OPTIONS\r\n\r\n");
	EXPECT_EQ(w.events, 0);
	EXPECT_EQ(counter(&w, "sip-stray-responses-dropped"), 2);
	feed(&w, response_to(&w.sent, "200 OK", "b1", ""));
	EXPECT_EQ(w.events, 1);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(a_dialog_may_go_while_its_requests_run)
{
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = new_uac(&w);
	request(&w, d, SIP_INVITE);
	expect_sent(&w, "INVITE ");
	sip_dialog_free(w.engine, d);
	feed(&w, response_to(&w.sent, "180 Ringing", "b1", ""));
	EXPECT_EQ(w.event.type, SIP_EVENT_RESPONSE);
	EXPECT_EQ(w.event.dialog, NULL);
	EXPECT_EQ(w.event.user, &w);
	feed(&w, response_to(&w.sent, "486 Busy", "b1", ""));
	expect_sent(&w, "ACK ");
	stop(&w);
}

TEST(ack_and_cancel_have_calls_of_their_own)
{
	struct sip_client *c;
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = new_uac(&w);
	EXPECT_EQ(sip_request(w.engine, w.now, d, SIP_ACK, NULL, NULL, &c), -EINVAL);
	EXPECT_EQ(sip_request(w.engine, w.now, d, SIP_CANCEL, NULL, NULL, &c), -EINVAL);
	c = request(&w, d, SIP_OPTIONS);
	expect_sent(&w, "OPTIONS ");
	EXPECT_EQ(sip_cancel(w.engine, w.now, c, SLICE("")), -EINVAL);
	EXPECT_EQ(sip_ack(w.engine, w.now, c, d, NULL), -ENOENT);
	feed(&w, response_to(&w.sent, "200 OK", "b1", ""));
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST_HARNESS_MAIN
