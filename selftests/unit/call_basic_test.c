// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that go well, and calls that the far side refuses: what each side sees,
 * what the kernel is told and when, and that nothing of one leg shows on the
 * other.
 */
#include "call_harness.h"

FIXTURE(call) {
	struct harness h;
};

OVER_EACH_PAIR(call);

FIXTURE_SETUP(call)
{
	harness_start_over(&self->h, _metadata, &variant->over);
}

FIXTURE_TEARDOWN(call)
{
	harness_stop(&self->h);
}

TEST_F(call, is_set_up_and_ended_by_the_caller)
{
	struct harness *h = &self->h;
	struct call_event event;
	struct call_view view;

	call_up(h);
	ASSERT_TRUE(view_call(h, &view));
	EXPECT_EQ(view.state, CALL_UP);
	EXPECT_EQ(view.id >> 52, 1);
	EXPECT_STREQ(view.a.trunk, "phones");
	EXPECT_STREQ(view.b.trunk, "pbx");
	EXPECT_STREQ(view.b.dialog_state, "confirmed");
	ASSERT_NE(view.plan, NULL);
	EXPECT_GT(view.plan->nflows, 0);

	hang_up(h, A);
	EXPECT_EQ(h->removed, 1);
	ASSERT_TRUE(next_event(h, CALL_EVENT_ENDED, &event));
	EXPECT_EQ(event.call, view.id);
	EXPECT_STREQ(event.reason, "BYE from the caller");
	ASSERT_NE(event.figures, NULL);
	EXPECT_EQ(event.figures->ends[0].rx_packets, 500);
	call_event_clear(&event);
}

TEST_F(call, is_ended_by_the_callee)
{
	struct harness *h = &self->h;

	call_up(h);
	hang_up(h, B);
	EXPECT_EQ(h->removed, 1);
}

TEST_F(call, from_the_other_side)
{
	struct harness *h = &self->h;

	begin_dialog(h, B, "100");
	send_request(h, B, "INVITE", 1, NULL, SDP_B);
	expect(h, B, "SIP/2.0 100");
	expect(h, A, "INVITE sip:100@" IP_A);
	answer(h, A, "200 OK", SDP_A);
	expect(h, A, "ACK ");
	expect(h, B, "SIP/2.0 200");
	acknowledge(h, B);
	hang_up(h, B);
}

/* Nothing goes out that names a port before the kernel has it. */
TEST_F(call, waits_for_the_kernel)
{
	struct harness *h = &self->h;

	h->late = true;
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	EXPECT_FALSE(pending(h, B));
	complete(h);
	expect(h, B, "INVITE ");
	answer(h, B, "180 Ringing", NULL);
	expect(h, A, "SIP/2.0 180");
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	EXPECT_FALSE(pending(h, A));
	ASSERT_EQ(h->ntickets, 1);
	complete(h);
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);

	send_request(h, A, "BYE", 2, NULL, NULL);
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	EXPECT_FALSE(pending(h, A));
	complete(h);
	expect(h, A, "SIP/2.0 200");
	EXPECT_EQ(call_engine_calls(h->engine), 0);
}

TEST_F(call, early_media_is_applied_before_it_is_announced)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	h->late = true;
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	complete(h);
	expect(h, B, "INVITE ");
	answer(h, B, "183 Session Progress", SDP_B);
	/* A 180 behind it must not overtake it. */
	answer(h, B, "180 Ringing", NULL);
	EXPECT_FALSE(pending(h, A));
	while (h->ntickets)
		complete(h);
	msg = expect(h, A, "SIP/2.0 183");
	EXPECT_TRUE(contains(msg->body, IP_ADVERTISED));
	EXPECT_FALSE(contains(msg->body, IP_B));
	expect(h, A, "SIP/2.0 180");
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	while (h->ntickets)
		complete(h);
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	h->late = false;
	hang_up(h, B);
}

TEST_F(call, hides_each_leg_from_the_other)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	begin_dialog(h, A, "4930123");
	send_request(h, A, "INVITE", 7, "Record-Route: <sip:" IP_A ":5099;lr>\r\n"
		     "X-Colour: blue\r\nReason: SIP;cause=200\r\nUser-Agent: phone-a\r\n"
		     "Subject: one\r\n two\r\n", SDP_A);
	expect(h, A, "SIP/2.0 100");
	msg = expect(h, B, "INVITE sip:4930123@" IP_B);
	EXPECT_FALSE(contains(msg->bytes, IP_A));
	EXPECT_FALSE(contains(msg->bytes, "secret"));
	EXPECT_FALSE(contains(msg->bytes, h->ua[A].local_tag));
	EXPECT_FALSE(contains(msg->bytes, "phone-a"));
	EXPECT_FALSE(contains(msg->bytes, "sbc.example"));
	EXPECT_FALSE(header(msg, "X-Colour").n);
	EXPECT_TRUE(contains(header(msg, "Subject"), "one"));
	EXPECT_TRUE(contains(header(msg, "Subject"), "two"));
	EXPECT_TRUE(contains(header(msg, "From"), "\"Alice\" <sip:alice@" IP_INSIDE));
	EXPECT_EQ(msg->max_forwards, 69);
	EXPECT_TRUE(contains(msg->body, IP_INSIDE));

	reply_tagged(h, B, &h->ua[B].invite, "200 OK", "secret-tag", "Server: pbx-b\r\n"
		     "X-Shape: round\r\n", SDP_B);
	expect(h, B, "ACK ");
	msg = expect(h, A, "SIP/2.0 200");
	EXPECT_FALSE(contains(msg->bytes, IP_B));
	EXPECT_FALSE(contains(msg->bytes, IP_INSIDE));
	EXPECT_FALSE(contains(msg->bytes, "secret-tag"));
	EXPECT_FALSE(contains(msg->bytes, "pbx-b"));
	EXPECT_FALSE(header(msg, "X-Shape").n);
	EXPECT_TRUE(contains(header(msg, "Contact"), IP_ADVERTISED));
	EXPECT_TRUE(contains(header(msg, "Record-Route"), IP_A ":5099"));
	EXPECT_TRUE(contains(header(msg, "Allow"), "BYE"));
	h->ua[A].cseq = 7;
	acknowledge(h, A);
	hang_up(h, A);
}

TEST_F(call, busy)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;
	struct call_event event;

	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	reply_tagged(h, B, &h->ua[B].invite, "486 Busy Here", "x",
		     "Retry-After: 20\r\nWarning: 399 " IP_B " \"no\"\r\n", NULL);
	expect(h, B, "ACK ");
	msg = expect(h, A, "SIP/2.0 486 Busy Here");
	EXPECT_TRUE(slice_eq(header(msg, "Retry-After"), SLICE("20")));
	EXPECT_FALSE(contains(msg->bytes, IP_B));
	send_same_branch(h, A, "ACK", h->branch, NULL);
	EXPECT_EQ(h->removed, 1);
	ASSERT_TRUE(next_event(h, CALL_EVENT_ENDED, &event));
	EXPECT_EQ(event.status, 486);
	EXPECT_STREQ(event.reason, "486 Busy Here");
	call_event_clear(&event);
}

TEST_F(call, nobody_at_the_far_side)
{
	struct harness *h = &self->h;

	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	advance(h, 32100 * NSEC_PER_MSEC);
	expect_repeats(h, B, 6);
	expect(h, A, "SIP/2.0 408");
	send_same_branch(h, A, "ACK", h->branch, NULL);
	EXPECT_EQ(h->removed, 1);
}

TEST_F(call, far_side_unreachable)
{
	struct harness *h = &self->h;

	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	lose(h, B);
	expect(h, A, "SIP/2.0 503");
	send_same_branch(h, A, "ACK", h->branch, NULL);
}

TEST_F(call, is_not_answered_in_time)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answer(h, B, "180 Ringing", NULL);
	expect(h, A, "SIP/2.0 180");
	advance(h, 180 * NSEC_PER_SEC);
	msg = expect(h, B, "CANCEL ");
	EXPECT_TRUE(contains(header(msg, "Reason"), "cause=19"));
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 480");
	send_same_branch(h, A, "ACK", h->branch, NULL);
	answer(h, B, "487 Request Terminated", NULL);
	expect(h, B, "ACK ");
	EXPECT_EQ(counter(h, "ring-timeout"), 1);
}

TEST_F(call, lasts_too_long)
{
	struct harness *h = &self->h;

	call_up(h);
	advance(h, 3600 * NSEC_PER_SEC);
	EXPECT_TRUE(contains(header(expect(h, A, "BYE "), "Reason"), "maximum duration"));
	EXPECT_TRUE(contains(header(expect(h, B, "BYE "), "Reason"), "maximum duration"));
	reply(h, A, "200 OK", NULL);
	reply(h, B, "200 OK", NULL);
	EXPECT_EQ(counter(h, "max-duration"), 1);
}

TEST_F(call, is_hung_up_by_the_administrator)
{
	struct harness *h = &self->h;
	struct call_view view;

	call_up(h);
	ASSERT_TRUE(view_call(h, &view));
	EXPECT_EQ(call_engine_hangup(h->engine, h->now, view.id + 1, NULL), -ENOENT);
	EXPECT_EQ(call_engine_hangup(h->engine, h->now, view.id, "go\" \r\nX: y"), 0);
	run(h);
	EXPECT_TRUE(contains(header(expect(h, A, "BYE "), "Reason"), "text=\"go    X: y\""));
	expect(h, B, "BYE ");
	reply(h, A, "200 OK", NULL);
	reply(h, B, "200 OK", NULL);
}

TEST_F(call, all_are_ended_when_the_daemon_stops)
{
	struct harness *h = &self->h;

	call_up(h);
	call_engine_stop(h->engine, h->now);
	run(h);
	expect(h, A, "BYE ");
	expect(h, B, "BYE ");
	reply(h, A, "200 OK", NULL);
	reply(h, B, "200 OK", NULL);

	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 503");
	send_same_branch(h, A, "ACK", h->branch, NULL);
}

/* A side that does not answer our BYE is given up after 64*T1. */
TEST_F(call, is_gone_although_a_bye_is_not_answered)
{
	struct harness *h = &self->h;

	call_up(h);
	send_request(h, A, "BYE", 2, NULL, NULL);
	expect(h, A, "SIP/2.0 200");
	expect(h, B, "BYE ");
	advance(h, 33 * NSEC_PER_SEC);
	expect_repeats(h, B, 6);
	EXPECT_EQ(call_engine_calls(h->engine), 0);
}

TEST_HARNESS_MAIN
