// SPDX-License-Identifier: GPL-2.0-only
/*
 * Late offers: an INVITE without one, the offer in the 2xx, the answer in the ACK
 * (RFC 3261 §13.2.1), at the beginning of a call and inside it.
 */
#include "call_harness.h"

FIXTURE(late) {
	struct harness h;
};

OVER_EACH_PAIR(late);

FIXTURE_SETUP(late)
{
	harness_start_over(&self->h, _metadata, &variant->over);
}

FIXTURE_TEARDOWN(late)
{
	harness_stop(&self->h);
}

/* A calls without an offer, B makes one, A has seen it. */
static void offered(struct harness *h)
{
	struct __test_metadata *_metadata = h->_metadata;

	send_invite(h, A, NULL);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	EXPECT_EQ(h->ua[B].invite.body.n, 0);
	answer(h, B, "180 Ringing", NULL);
	expect(h, A, "SIP/2.0 180");
	answer(h, B, "200 OK", SDP_B);
	EXPECT_FALSE(pending(h, B));
	expect(h, A, "SIP/2.0 200");
	EXPECT_TRUE(contains(h->ua[A].msg.body, "c=IN IP4 " IP_ADVERTISED));
	EXPECT_FALSE(contains(h->ua[A].msg.body, IP_B));
	learn(&h->ua[A], &h->ua[A].msg);
	h->ua[B].cseq = 100;
}

static void send_answer(struct harness *h, enum who who, const char *sdp)
{
	send_request(h, who, "ACK", h->ua[who].cseq, NULL, sdp);
}

/* B's offer is answered, with nothing. */
static void expect_rejection(struct harness *h)
{
	struct __test_metadata *_metadata = h->_metadata;
	const struct sip_msg *msg = expect(h, B, "ACK ");

	EXPECT_TRUE(contains(msg->body, "m=audio 0 "));
}

TEST_F(late, the_ack_carries_the_answer)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;
	struct call_view view;

	offered(h);
	/* Until then the 2xx is absorbed, however often it comes. */
	answer(h, B, "200 OK", SDP_B);
	EXPECT_FALSE(pending(h, B));
	send_answer(h, A, SDP_A);
	msg = expect(h, B, "ACK ");
	EXPECT_TRUE(contains(msg->body, "c=IN IP4 " IP_INSIDE));
	EXPECT_FALSE(contains(msg->body, IP_A));
	/* And from then on it gets that ACK again. */
	answer(h, B, "200 OK", SDP_B);
	msg = expect(h, B, "ACK ");
	EXPECT_TRUE(contains(msg->body, "m=audio "));
	ASSERT_TRUE(view_call(h, &view));
	EXPECT_EQ(view.state, CALL_UP);
	ASSERT_NE(view.plan, NULL);
	EXPECT_EQ(view.plan->nflows % 2, 0);
	EXPECT_GE(view.plan->nflows, 2);
	hang_up(h, B);
}

TEST_F(late, the_kernel_comes_before_offer_and_answer)
{
	struct harness *h = &self->h;

	h->late = true;
	send_invite(h, A, NULL);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answer(h, B, "200 OK", SDP_B);
	EXPECT_FALSE(pending(h, A));
	complete(h);
	expect(h, A, "SIP/2.0 200");
	learn(&h->ua[A], &h->ua[A].msg);
	send_answer(h, A, SDP_A);
	EXPECT_FALSE(pending(h, B));
	complete(h);
	expect(h, B, "ACK ");
	h->late = false;
	hang_up(h, A);
}

TEST_F(late, an_ack_without_an_answer_ends_the_call)
{
	struct harness *h = &self->h;
	struct call_event event;

	offered(h);
	send_answer(h, A, NULL);
	expect_rejection(h);
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
	expect(h, A, "BYE ");
	reply(h, A, "200 OK", NULL);
	ASSERT_TRUE(next_event(h, CALL_EVENT_ENDED, &event));
	EXPECT_STREQ(event.reason, "ACK without an answer");
	call_event_clear(&event);
}

TEST_F(late, an_unusable_answer_ends_the_call)
{
	struct harness *h = &self->h;

	offered(h);
	send_answer(h, A, "v=0\r\nnonsense\r\n");
	expect_rejection(h);
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
	expect(h, A, "BYE ");
	reply(h, A, "200 OK", NULL);
}

TEST_F(late, no_ack_rejects_the_offer_and_ends_the_call)
{
	struct harness *h = &self->h;

	offered(h);
	advance(h, 64 * 500 * NSEC_PER_MSEC);
	discard(h, A);
	expect_rejection(h);
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
	advance(h, 33 * NSEC_PER_SEC);
	discard(h, A);
}

TEST_F(late, a_2xx_without_an_offer_is_a_failure)
{
	struct harness *h = &self->h;

	send_invite(h, A, NULL);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answer(h, B, "200 OK", NULL);
	expect(h, B, "ACK ");
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 502");
	send_same_branch(h, A, "ACK", h->branch, NULL);
}

TEST_F(late, sdp_before_the_2xx_is_no_offer)
{
	struct harness *h = &self->h;

	send_invite(h, A, NULL);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answer(h, B, "183 Session Progress", SDP_B);
	expect(h, A, "SIP/2.0 183");
	EXPECT_EQ(h->ua[A].msg.body.n, 0);
	EXPECT_EQ(h->applied, 0);
	answer(h, B, "200 OK", SDP_B);
	expect(h, A, "SIP/2.0 200");
	learn(&h->ua[A], &h->ua[A].msg);
	send_answer(h, A, SDP_A);
	expect(h, B, "ACK ");
	hang_up(h, A);
}

TEST_F(late, cancel_wins_while_the_offer_waits_for_the_kernel)
{
	struct harness *h = &self->h;
	u32 branch;

	h->late = true;
	send_invite(h, A, NULL);
	branch = h->branch;
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answer(h, B, "200 OK", SDP_B);
	send_same_branch(h, A, "CANCEL", branch, NULL);
	expect(h, A, "SIP/2.0 200");
	expect(h, A, "SIP/2.0 487");
	send_same_branch(h, A, "ACK", branch, NULL);
	expect_rejection(h);
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
	complete(h);
	complete(h);
}

TEST_F(late, cancel_crosses_the_2xx)
{
	struct harness *h = &self->h;
	u32 branch;

	send_invite(h, A, NULL);
	branch = h->branch;
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answer(h, B, "180 Ringing", NULL);
	expect(h, A, "SIP/2.0 180");
	send_same_branch(h, A, "CANCEL", branch, NULL);
	expect(h, A, "SIP/2.0 200");
	expect(h, A, "SIP/2.0 487");
	send_same_branch(h, A, "ACK", branch, NULL);
	expect(h, B, "CANCEL ");
	reply(h, B, "481 Too late", NULL);
	answer(h, B, "200 OK", SDP_B);
	expect_rejection(h);
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
}

TEST_F(late, the_callee_hangs_up_before_the_answer)
{
	struct harness *h = &self->h;

	offered(h);
	send_request(h, B, "BYE", ++h->ua[B].cseq, NULL, NULL);
	expect_rejection(h);
	expect(h, B, "SIP/2.0 200");
	send_answer(h, A, SDP_A);
	expect(h, A, "BYE ");
	reply(h, A, "200 OK", NULL);
}

TEST_F(late, the_kernel_does_not_take_the_answer)
{
	struct harness *h = &self->h;

	offered(h);
	h->fail_applies = 1;
	h->apply_result = -EIO;
	send_answer(h, A, SDP_A);
	expect_rejection(h);
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
	expect(h, A, "BYE ");
	reply(h, A, "200 OK", NULL);
}

/* In the call: from asks for an offer, to makes one, from answers. */
static void renew(struct harness *h, enum who from, const char *offer, const char *answered)
{
	struct __test_metadata *_metadata = h->_metadata;
	enum who to = from == A ? B : A;

	send_request(h, from, "INVITE", ++h->ua[from].cseq, NULL, NULL);
	expect(h, from, "SIP/2.0 100");
	expect(h, to, "INVITE ");
	EXPECT_EQ(h->ua[to].invite.body.n, 0);
	answer(h, to, "200 OK", offer);
	EXPECT_FALSE(pending(h, to));
	expect(h, from, "SIP/2.0 200");
	learn(&h->ua[from], &h->ua[from].msg);
	send_answer(h, from, answered);
	expect(h, to, "ACK ");
	EXPECT_TRUE(contains(h->ua[to].msg.body, "m=audio "));
}

TEST_F(late, inside_the_call)
{
	struct harness *h = &self->h;
	struct call_view view;

	call_up(h);
	renew(h, A, SDP_B_HOLD, SDP_A_HOLD);
	ASSERT_TRUE(view_call(h, &view));
	EXPECT_TRUE(view.held);
	renew(h, B, SDP_A_RESUME, SDP_B_RESUME);
	ASSERT_TRUE(view_call(h, &view));
	EXPECT_FALSE(view.held);
	hang_up(h, A);
}

TEST_F(late, refused_inside_the_call_changes_nothing)
{
	struct harness *h = &self->h;
	unsigned int applied;

	call_up(h);
	applied = h->applied;
	send_request(h, A, "INVITE", ++h->ua[A].cseq, NULL, NULL);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answer(h, B, "488 Not Acceptable Here", NULL);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 488");
	send_same_branch(h, A, "ACK", h->branch, NULL);
	EXPECT_EQ(h->applied, applied);
	hang_up(h, A);
}

/* Nobody may offer anything while an offer waits for its answer (RFC 3261 §14.2). */
TEST_F(late, glare_with_an_unanswered_offer)
{
	struct harness *h = &self->h;

	offered(h);
	send_request(h, B, "INVITE", ++h->ua[B].cseq, NULL, SDP_B_HOLD);
	expect(h, B, "SIP/2.0 491");
	send_same_branch(h, B, "ACK", h->branch, NULL);
	send_answer(h, A, SDP_A);
	expect(h, B, "ACK ");
	hang_up(h, A);
}

TEST_HARNESS_MAIN
