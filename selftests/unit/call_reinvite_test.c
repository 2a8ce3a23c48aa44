// SPDX-License-Identifier: GPL-2.0-only
/*
 * INVITEs inside a call: hold and resume, glare, refusal, loss of the dialog,
 * CANCEL; and media that falls silent.
 */
#include "call_harness.h"

FIXTURE(reinvite) {
	struct harness h;
};

OVER_EACH_PAIR(reinvite);

FIXTURE_SETUP(reinvite)
{
	harness_start_over(&self->h, _metadata, &variant->over);
	call_up(&self->h);
}

FIXTURE_TEARDOWN(reinvite)
{
	harness_stop(&self->h);
}

static void offer(struct harness *h, enum who from, const char *sdp)
{
	send_request(h, from, "INVITE", ++h->ua[from].cseq, NULL, sdp);
}

static void carry(struct harness *h, enum who from, const char *offered, const char *answered)
{
	enum who to = from == A ? B : A;

	offer(h, from, offered);
	expect(h, from, "SIP/2.0 100");
	expect(h, to, "INVITE ");
	answer(h, to, "200 OK", answered);
	expect(h, to, "ACK ");
	expect(h, from, "SIP/2.0 200");
	acknowledge(h, from);
}

TEST_F(reinvite, hold_and_resume)
{
	struct harness *h = &self->h;
	struct call_event event;
	struct call_view view;
	u64 sent;

	carry(h, A, SDP_A_HOLD, SDP_B_HOLD);
	EXPECT_TRUE(contains(h->ua[B].invite.body, "a=inactive"));
	EXPECT_FALSE(contains(h->ua[B].invite.body, IP_A));
	ASSERT_TRUE(view_call(h, &view));
	EXPECT_TRUE(view.held);
	ASSERT_TRUE(next_event(h, CALL_EVENT_HELD, &event));
	sent = view.plan->digest;

	/* Silence is what was asked for. */
	media_event(h, MEDIA_EVENT_TIMED_OUT);
	EXPECT_FALSE(pending(h, A));

	carry(h, A, SDP_A_RESUME, SDP_B_RESUME);
	ASSERT_TRUE(view_call(h, &view));
	EXPECT_FALSE(view.held);
	EXPECT_NE(view.plan->digest, sent);
	ASSERT_TRUE(next_event(h, CALL_EVENT_RESUMED, &event));
	hang_up(h, A);
}

TEST_F(reinvite, from_the_callee)
{
	struct harness *h = &self->h;

	carry(h, B, SDP_B_HOLD, SDP_A_HOLD);
	EXPECT_FALSE(contains(h->ua[A].invite.body, IP_B));
	carry(h, B, SDP_B_RESUME, SDP_A_RESUME);
	hang_up(h, B);
}

/* Both offer at once: each of the two INVITEs meets one of ours. */
TEST_F(reinvite, glare)
{
	struct harness *h = &self->h;
	struct call_view view;
	u64 digest;

	ASSERT_TRUE(view_call(h, &view));
	digest = view.plan->digest;
	offer(h, A, SDP_A_HOLD);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	offer(h, B, SDP_B_HOLD);
	expect(h, B, "SIP/2.0 491");
	send_same_branch(h, B, "ACK", h->branch, NULL);
	answer(h, B, "491 Request Pending", NULL);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 491");
	send_same_branch(h, A, "ACK", h->branch - 1, NULL);
	EXPECT_EQ(counter(h, "glare"), 1);
	ASSERT_TRUE(view_call(h, &view));
	EXPECT_EQ(view.plan->digest, digest);
	hang_up(h, A);
}

/* A refused offer leads back to exactly the committed plan. */
TEST_F(reinvite, refused)
{
	struct harness *h = &self->h;
	struct call_view view;
	u64 digest;

	ASSERT_TRUE(view_call(h, &view));
	digest = view.plan->digest;
	offer(h, A, SDP_A_HOLD);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answer(h, B, "488 Not Acceptable Here", NULL);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 488");
	send_same_branch(h, A, "ACK", h->branch, NULL);
	ASSERT_TRUE(view_call(h, &view));
	EXPECT_EQ(view.state, CALL_UP);
	EXPECT_EQ(view.plan->digest, digest);
	EXPECT_EQ(media_plan_digest(h->plan), digest);
	carry(h, A, SDP_A_HOLD, SDP_B_HOLD);
	hang_up(h, B);
}

/* B has begun with it, and is gone when the call ends (RFC 3261 §15.1.2). */
static void leaves_meanwhile(struct harness *h, bool begins)
{
	struct __test_metadata *_metadata = h->_metadata;

	offer(h, A, SDP_A_HOLD);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	if (begins)
		answer(h, B, "100 Trying", NULL);
	send_request(h, A, "BYE", 9, "", NULL);
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 487");
	send_same_branch(h, A, "ACK", h->branch - 1, NULL);
	expect(h, A, "SIP/2.0 200");
	EXPECT_EQ(call_engine_calls(h->engine), 0);
	if (!begins)
		answer(h, B, "100 Trying", NULL);
	advance(h, 70 * NSEC_PER_SEC);
	EXPECT_EQ(counter(h, "sip-client-transactions"), 0);
}

TEST_F(reinvite, who_never_answers_it_is_not_waited_for_when_the_call_is_over)
{
	leaves_meanwhile(&self->h, true);
}

TEST_F(reinvite, nor_who_begins_with_it_only_then)
{
	leaves_meanwhile(&self->h, false);
}

TEST_F(reinvite, kernel_refuses_the_offer)
{
	struct harness *h = &self->h;

	h->fail_applies = 1;
	h->apply_result = -EIO;
	offer(h, A, SDP_A_HOLD);
	expect(h, A, "SIP/2.0 100");
	if (h->fail_applies) {
		/* The offer needed nothing of the kernel; then the answer does. */
		expect(h, B, "INVITE ");
		answer(h, B, "200 OK", SDP_B_HOLD);
		expect(h, B, "ACK ");
		expect(h, B, "BYE ");
		reply(h, B, "200 OK", NULL);
		expect(h, A, "SIP/2.0 487");
		send_same_branch(h, A, "ACK", h->branch, NULL);
		expect(h, A, "BYE ");
		reply(h, A, "200 OK", NULL);
		return;
	}
	expect(h, A, "SIP/2.0 500");
	send_same_branch(h, A, "ACK", h->branch, NULL);
	EXPECT_FALSE(pending(h, B));
	hang_up(h, A);
}

TEST_F(reinvite, far_side_has_lost_the_dialog)
{
	struct harness *h = &self->h;

	offer(h, A, SDP_A_HOLD);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answer(h, B, "481 Call/Transaction Does Not Exist", NULL);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 487");
	send_same_branch(h, A, "ACK", h->branch, NULL);
	expect(h, A, "BYE ");
	reply(h, A, "200 OK", NULL);
	EXPECT_FALSE(pending(h, B));
}

TEST_F(reinvite, cancelled)
{
	struct harness *h = &self->h;
	u32 branch;

	offer(h, A, SDP_A_HOLD);
	branch = h->branch;
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answer(h, B, "100 Trying", NULL);
	send_same_branch(h, A, "CANCEL", branch, NULL);
	expect(h, A, "SIP/2.0 200");
	expect(h, B, "CANCEL ");
	reply(h, B, "200 OK", NULL);
	answer(h, B, "487 Request Terminated", NULL);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 487");
	send_same_branch(h, A, "ACK", branch, NULL);
	hang_up(h, A);
}

TEST_F(reinvite, bye_while_an_offer_is_open)
{
	struct harness *h = &self->h;

	offer(h, A, SDP_A_HOLD);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	send_request(h, B, "BYE", ++h->ua[B].cseq, NULL, NULL);
	expect(h, B, "SIP/2.0 200");
	expect(h, A, "SIP/2.0 487");
	send_same_branch(h, A, "ACK", h->branch - 1, NULL);
	expect(h, A, "BYE ");
	reply(h, A, "200 OK", NULL);
	answer(h, B, "487 Request Terminated", NULL);
	advance(h, 40 * NSEC_PER_SEC);
	discard(h, B);
}

TEST_F(reinvite, what_is_not_allowed_inside_the_call)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	send_request(h, A, "PUBLISH", 2, NULL, NULL);
	msg = expect(h, A, "SIP/2.0 405");
	EXPECT_FALSE(contains(header(msg, "Allow"), "PUBLISH"));
	send_request(h, B, "FROBNICATE", 100, NULL, NULL);
	expect(h, B, "SIP/2.0 501");
	h->ua[A].cseq = 2;
	hang_up(h, A);
}

/* The call ends when every end of it is silent, not before. */
TEST_F(reinvite, silence_ends_the_call)
{
	struct harness *h = &self->h;
	struct media_event event = { .type = MEDIA_EVENT_TIMED_OUT, .owner = 1 };
	struct call_event ended;
	struct call_view view;

	ASSERT_TRUE(view_call(h, &view));
	event.session = view.id;
	event.end = view.plan->ends[0].id;
	call_engine_media_event(h->engine, h->now, &event);
	run(h);
	EXPECT_FALSE(pending(h, A));
	advance(h, 61 * NSEC_PER_SEC);
	media_event(h, MEDIA_EVENT_TIMED_OUT);
	EXPECT_TRUE(contains(header(expect(h, A, "BYE "), "Reason"),
			     "Q.850;cause=102;text=\"media timeout\""));
	EXPECT_TRUE(contains(header(expect(h, B, "BYE "), "Reason"), "media timeout"));
	EXPECT_EQ(h->removed, 1);
	reply(h, A, "200 OK", NULL);
	reply(h, B, "200 OK", NULL);
	ASSERT_TRUE(next_event(h, CALL_EVENT_ENDED, &ended));
	EXPECT_STREQ(ended.reason, "media timeout");
	call_event_clear(&ended);
}

/* The kernel's clock ran while nobody had to speak: its news are early. */
TEST_F(reinvite, silence_counts_from_the_answer_or_the_resume)
{
	struct harness *h = &self->h;

	advance(h, 5 * NSEC_PER_SEC);
	carry(h, A, SDP_A_HOLD, SDP_B_HOLD);
	advance(h, 600 * NSEC_PER_SEC);
	carry(h, A, SDP_A_RESUME, SDP_B_RESUME);
	media_event(h, MEDIA_EVENT_TIMED_OUT);
	advance(h, 50 * NSEC_PER_SEC);
	EXPECT_FALSE(pending(h, A));
	advance(h, 10200 * NSEC_PER_MSEC);
	expect(h, A, "BYE ");
	expect(h, B, "BYE ");
	reply(h, A, "200 OK", NULL);
	reply(h, B, "200 OK", NULL);
	EXPECT_EQ(counter(h, "media-idle"), 1);
}

/* Somebody speaks before the time is up. */
TEST_F(reinvite, silence_that_ends_in_time)
{
	struct harness *h = &self->h;

	media_event(h, MEDIA_EVENT_TIMED_OUT);
	advance(h, 30 * NSEC_PER_SEC);
	media_event(h, MEDIA_EVENT_RESUMED);
	advance(h, 60 * NSEC_PER_SEC);
	EXPECT_FALSE(pending(h, A));
	hang_up(h, A);
}

TEST_F(reinvite, silence_that_passes_does_not)
{
	struct harness *h = &self->h;
	struct media_event event = { .type = MEDIA_EVENT_TIMED_OUT, .owner = 1 };
	struct call_view view;
	size_t i;

	ASSERT_TRUE(view_call(h, &view));
	event.session = view.id;
	for (i = 0; i < view.plan->nends; i++) {
		event.type = MEDIA_EVENT_TIMED_OUT;
		event.end = view.plan->ends[i].id;
		call_engine_media_event(h->engine, h->now, &event);
		event.type = MEDIA_EVENT_RESUMED;
		call_engine_media_event(h->engine, h->now, &event);
	}
	run(h);
	EXPECT_FALSE(pending(h, A));
	hang_up(h, A);
}

TEST_F(reinvite, session_deleted_by_hand)
{
	struct harness *h = &self->h;
	struct call_view view;
	struct media_event event = { .type = MEDIA_EVENT_DELETED, .owner = 1 };

	ASSERT_TRUE(view_call(h, &view));
	event.session = view.id;
	call_engine_media_event(h->engine, h->now, &event);
	run(h);
	expect(h, A, "BYE ");
	expect(h, B, "BYE ");
	EXPECT_EQ(h->removed, 0);
	reply(h, A, "200 OK", NULL);
	reply(h, B, "200 OK", NULL);
}

TEST_HARNESS_MAIN
