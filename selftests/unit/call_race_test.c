// SPDX-License-Identifier: GPL-2.0-only
/*
 * What goes wrong in time: CANCEL and its race, lost and repeated messages,
 * forks, crossing BYEs, a kernel that answers late or says no.
 */
#include "call_harness.h"

FIXTURE(race) {
	struct harness h;
};

OVER_EACH_PAIR(race);

FIXTURE_SETUP(race)
{
	harness_start_over(&self->h, _metadata, &variant->over);
}

FIXTURE_TEARDOWN(race)
{
	harness_stop(&self->h);
}

static void begin(struct harness *h)
{
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
}

static void cancel(struct harness *h, u32 branch)
{
	send_same_branch(h, A, "CANCEL", branch, "Reason: SIP;cause=200;text=\"elsewhere\"\r\n");
	expect(h, A, "SIP/2.0 200");
	expect(h, A, "SIP/2.0 487");
	send_same_branch(h, A, "ACK", branch, NULL);
}

TEST_F(race, cancel_while_ringing)
{
	struct harness *h = &self->h;

	begin(h);
	answer(h, B, "180 Ringing", NULL);
	expect(h, A, "SIP/2.0 180");
	cancel(h, h->branch);
	EXPECT_EQ(h->removed, 1);
	expect(h, B, "CANCEL ");
	reply(h, B, "200 OK", NULL);
	answer(h, B, "487 Request Terminated", NULL);
	expect(h, B, "ACK ");
	EXPECT_EQ(counter(h, "calls-cancelled"), 1);
}

/* RFC 3261 §9.1: no CANCEL before a provisional response. */
TEST_F(race, cancel_before_the_far_side_said_anything)
{
	struct harness *h = &self->h;

	begin(h);
	cancel(h, h->branch);
	EXPECT_FALSE(pending(h, B));
	answer(h, B, "100 Trying", NULL);
	expect(h, B, "CANCEL ");
	reply(h, B, "200 OK", NULL);
	answer(h, B, "487 Request Terminated", NULL);
	expect(h, B, "ACK ");
}

TEST_F(race, cancel_meets_200_of_the_callee)
{
	struct harness *h = &self->h;

	begin(h);
	answer(h, B, "180 Ringing", NULL);
	expect(h, A, "SIP/2.0 180");
	cancel(h, h->branch);
	expect(h, B, "CANCEL ");
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
	EXPECT_EQ(h->removed, 1);
}

/* The 2xx of the callee is in, ours waits for the kernel. */
TEST_F(race, cancel_wins_while_the_answer_waits_for_the_kernel)
{
	struct harness *h = &self->h;

	h->late = true;
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	complete(h);
	expect(h, B, "INVITE ");
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	cancel(h, h->branch);
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
	while (h->ntickets)
		complete(h);
}

/* The first apply completes when nobody wants the call any more. */
TEST_F(race, completion_after_cancel)
{
	struct harness *h = &self->h;

	h->late = true;
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	cancel(h, h->branch);
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	while (h->ntickets)
		complete(h);
	EXPECT_FALSE(pending(h, B));
	EXPECT_EQ(h->removed, 1);
}

TEST_F(race, cancel_after_the_answer_changes_nothing)
{
	struct harness *h = &self->h;
	u32 branch;

	begin(h);
	branch = h->branch;
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	send_same_branch(h, A, "CANCEL", branch, NULL);
	discard(h, A);
	EXPECT_FALSE(pending(h, B));
	acknowledge(h, A);
	discard(h, A);
	hang_up(h, A);
}

TEST_F(race, repeated_invite_makes_one_call)
{
	struct harness *h = &self->h;

	begin(h);
	send_same_branch(h, A, "INVITE", h->branch, NULL);
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	EXPECT_FALSE(pending(h, B));
	discard(h, A);
	answer(h, B, "486 Busy Here", NULL);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 486");
	send_same_branch(h, A, "ACK", h->branch, NULL);
}

TEST_F(race, lost_invite_is_repeated_but_not_in_a_stream)
{
	struct harness *h = &self->h;

	begin(h);
	advance(h, 600 * NSEC_PER_MSEC);
	if (over_udp(h, B))
		expect(h, B, "INVITE ");
	EXPECT_FALSE(pending(h, B));
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	hang_up(h, A);
}

TEST_F(race, lost_200_is_repeated_until_the_ack)
{
	struct harness *h = &self->h;

	begin(h);
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	advance(h, 2 * NSEC_PER_SEC);
	EXPECT_GE(discard(h, A), 2);
	acknowledge(h, A);
	advance(h, 10 * NSEC_PER_SEC);
	EXPECT_FALSE(pending(h, A));
	hang_up(h, B);
}

TEST_F(race, repeated_200_of_the_callee_gets_its_ack_again)
{
	struct harness *h = &self->h;

	call_up(h);
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	EXPECT_FALSE(pending(h, A));
	hang_up(h, A);
}

TEST_F(race, ack_never_comes)
{
	struct harness *h = &self->h;
	struct call_event event;

	begin(h);
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	learn(&h->ua[A], expect(h, A, "SIP/2.0 200"));
	advance(h, 31 * NSEC_PER_SEC);
	EXPECT_GE(discard(h, A), 6);
	EXPECT_FALSE(pending(h, B));
	advance(h, 2 * NSEC_PER_SEC);
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
	while (pending(h, A) && !strncmp(h->ua[A].queue[h->ua[A].head % MAX_QUEUE].text,
					 "SIP/2.0 200", 11))
		expect(h, A, "SIP/2.0 200");
	expect(h, A, "BYE ");
	reply(h, A, "200 OK", NULL);
	discard(h, A);
	discard(h, B);
	EXPECT_EQ(counter(h, "no-ack"), 1);
	ASSERT_TRUE(next_event(h, CALL_EVENT_ENDED, &event));
	EXPECT_STREQ(event.reason, "no ACK");
	call_event_clear(&event);
}

/* RFC 3261 §15: no BYE of ours before the ACK to our 2xx. */
TEST_F(race, callee_hangs_up_before_the_ack)
{
	struct harness *h = &self->h;

	begin(h);
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	learn(&h->ua[A], &h->ua[A].msg);
	send_request(h, B, "BYE", 100, NULL, NULL);
	expect(h, B, "SIP/2.0 200");
	EXPECT_FALSE(pending(h, A));
	send_ack(h, A);
	expect(h, A, "BYE ");
	reply(h, A, "200 OK", NULL);
}

TEST_F(race, byes_cross)
{
	struct harness *h = &self->h;

	call_up(h);
	send_request(h, A, "BYE", 2, NULL, NULL);
	expect(h, A, "SIP/2.0 200");
	expect(h, B, "BYE ");
	send_request(h, B, "BYE", 100, NULL, NULL);
	expect(h, B, "SIP/2.0 200");
	EXPECT_EQ(h->removed, 1);
	reply_tagged(h, B, &h->ua[B].msg, "481 Gone", "x", NULL, NULL);
	advance(h, 40 * NSEC_PER_SEC);
	discard(h, B);
}

TEST_F(race, caller_sends_bye_while_it_rings)
{
	struct harness *h = &self->h;

	begin(h);
	answer(h, B, "180 Ringing", NULL);
	learn(&h->ua[A], expect(h, A, "SIP/2.0 180"));
	send_request(h, A, "BYE", 2, NULL, NULL);
	expect(h, A, "SIP/2.0 487");
	expect(h, A, "SIP/2.0 200");
	send_same_branch(h, A, "ACK", h->branch - 1, NULL);
	expect(h, B, "CANCEL ");
	reply(h, B, "200 OK", NULL);
	answer(h, B, "487 Request Terminated", NULL);
	expect(h, B, "ACK ");
}

/* A second callee behind a forking proxy answers, too. */
TEST_F(race, surplus_200_is_acknowledged_and_ended)
{
	struct harness *h = &self->h;

	call_up(h);
	reply_tagged(h, B, &h->ua[B].invite, "200 OK", "second", NULL, SDP_B);
	EXPECT_TRUE(slice_eq(expect(h, B, "ACK ")->to.tag, SLICE("second")));
	EXPECT_TRUE(slice_eq(expect(h, B, "BYE ")->to.tag, SLICE("second")));
	reply(h, B, "200 OK", NULL);
	EXPECT_EQ(counter(h, "surplus-answers"), 1);
	learn(&h->ua[B], &h->ua[B].invite);
	hang_up(h, A);
}

/* One fork rings with a tag of its own, another one answers. */
TEST_F(race, another_fork_answers)
{
	struct harness *h = &self->h;
	char ringing[64];

	begin(h);
	reply_tagged(h, B, &h->ua[B].invite, "180 Ringing", "one", NULL, NULL);
	copy_slice(ringing, sizeof(ringing), expect(h, A, "SIP/2.0 180")->to.tag);
	/* The fork has a dialog of its own towards the caller too. */
	reply_tagged(h, B, &h->ua[B].invite, "183 Session Progress", "two", NULL, SDP_B);
	EXPECT_FALSE(slice_eq(expect(h, A, "SIP/2.0 183")->to.tag, slice_str(ringing)));
	EXPECT_TRUE(contains(h->ua[A].msg.body, "m=audio "));
	reply_tagged(h, B, &h->ua[B].invite, "200 OK", "two", NULL, SDP_B);
	EXPECT_TRUE(slice_eq(expect(h, B, "ACK ")->to.tag, SLICE("two")));
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	send_request(h, A, "BYE", 2, NULL, NULL);
	expect(h, A, "SIP/2.0 200");
	EXPECT_TRUE(slice_eq(expect(h, B, "BYE ")->to.tag, SLICE("two")));
	reply(h, B, "200 OK", NULL);
}

TEST_F(race, cancelled_callee_stays_silent)
{
	struct harness *h = &self->h;

	begin(h);
	answer(h, B, "180 Ringing", NULL);
	expect(h, A, "SIP/2.0 180");
	cancel(h, h->branch);
	advance(h, 200 * NSEC_PER_SEC);
	EXPECT_GE(discard(h, B), 1);
	EXPECT_EQ(call_engine_calls(h->engine), 0);
}

TEST_F(race, kernel_refuses_the_session)
{
	struct harness *h = &self->h;

	h->fail_applies = 1;
	h->apply_result = -EPERM;
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, A, "SIP/2.0 500");
	send_same_branch(h, A, "ACK", h->branch, NULL);
	EXPECT_FALSE(pending(h, B));
	EXPECT_EQ(h->removed, 0);
	EXPECT_EQ(counter(h, "media-failed"), 1);
}

TEST_F(race, kernel_refuses_the_answer)
{
	struct harness *h = &self->h;

	begin(h);
	h->fail_applies = 1;
	h->apply_result = -ENOMEM;
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 503");
	send_same_branch(h, A, "ACK", h->branch, NULL);
	EXPECT_EQ(h->removed, 1);
}

/* A port is somebody else's: others are drawn, and the offer names those. */
TEST_F(race, ports_are_taken)
{
	struct harness *h = &self->h;
	char rtp[32];
	size_t i;

	h->fail_applies = 3;
	h->apply_result = -EADDRINUSE;
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	EXPECT_EQ(h->applied, 4);
	for (i = 0; i < h->plan->nends; i++) {
		snprintf(rtp, sizeof(rtp), "m=audio %u ", h->plan->ends[i].local.port);
		if (contains(h->ua[B].msg.body, rtp))
			break;
	}
	EXPECT_LT(i, h->plan->nends);
	answer(h, B, "486 Busy Here", NULL);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 486");
	send_same_branch(h, A, "ACK", h->branch, NULL);
	/* The ports that rest are not in use, only kept from use. */
	advance(h, 60 * NSEC_PER_SEC);
}

/* B has its port from the offer: others cannot be drawn for an answer, and no offer is told as one. */
TEST_F(race, ports_are_taken_when_early_media_begins)
{
	struct harness *h = &self->h;

	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	h->fail_applies = 1;
	h->apply_result = -EADDRINUSE;
	answer(h, B, "183 Session Progress", SDP_B);
	expect(h, B, "CANCEL ");
	reply(h, B, "200 OK", NULL);
	EXPECT_FALSE(contains(expect(h, A, "SIP/2.0 503")->bytes, IP_INSIDE));
	send_same_branch(h, A, "ACK", h->branch, NULL);
	answer(h, B, "487 Request Terminated", NULL);
	expect(h, B, "ACK ");
}

TEST_F(race, all_ports_are_taken)
{
	struct harness *h = &self->h;

	h->fail_applies = 99;
	h->apply_result = -EADDRINUSE;
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, A, "SIP/2.0 503");
	send_same_branch(h, A, "ACK", h->branch, NULL);
	EXPECT_EQ(h->applied, 5);
}

TEST_HARNESS_MAIN
