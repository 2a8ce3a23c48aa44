// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tickets: the kernel answers late, in another order than it was asked, with
 * failures, or when the call is already over. Nothing is said before its time,
 * nothing twice, and no call stays.
 */
#include <errno.h>

#include "call_harness.h"

FIXTURE(ticket) {
	struct harness h;
};

OVER_EACH_PAIR(ticket);

FIXTURE_SETUP(ticket)
{
	harness_start_over(&self->h, _metadata, &variant->over);
	self->h.late = true;
}

FIXTURE_TEARDOWN(ticket)
{
	harness_stop(&self->h);
}

static void complete_all(struct harness *h)
{
	while (h->ntickets)
		complete(h);
}

/* The one who hangs up has its 200 when the media is gone. */
static void hang_up_slowly(struct harness *h)
{
	struct __test_metadata *_metadata = h->_metadata;

	send_request(h, A, "BYE", ++h->ua[A].cseq, NULL, NULL);
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
	EXPECT_EQ(h->ntickets, 1);
	EXPECT_FALSE(pending(h, A));
	EXPECT_EQ(call_engine_calls(h->engine), 1);
}

static void fail_next(struct harness *h, int result)
{
	h->fail_applies = 1;
	h->apply_result = result;
}

static void call_up_in_time(struct harness *h)
{
	h->late = false;
	call_up(h);
	h->late = true;
}

static void offer_hold(struct harness *h)
{
	send_request(h, A, "INVITE", ++h->ua[A].cseq, NULL, SDP_A_HOLD);
	expect(h, A, "SIP/2.0 100");
}

TEST_F(ticket, of_the_offer_comes_late)
{
	struct harness *h = &self->h;

	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	ASSERT_EQ(h->ntickets, 1);
	advance(h, 2 * NSEC_PER_SEC);
	EXPECT_FALSE(pending(h, B));
	complete(h);
	expect(h, B, "INVITE ");
	answer(h, B, "486 Busy Here", NULL);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 486");
	send_same_branch(h, A, "ACK", h->branch, NULL);
	complete_all(h);
	EXPECT_EQ(call_engine_calls(h->engine), 0);
}

TEST_F(ticket, of_two_answers_come_out_of_order)
{
	struct harness *h = &self->h;

	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	complete(h);
	expect(h, B, "INVITE ");
	answer(h, B, "183 Session Progress", SDP_B);
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	ASSERT_GE(h->ntickets, 1);
	EXPECT_FALSE(pending(h, A));
	complete_backwards(h);
	/* What the caller hears keeps its order, whatever the kernel's was. */
	expect(h, A, "SIP/2.0 183");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	h->ua[B].cseq = 100;
	hang_up_slowly(h);
	complete_backwards(h);
	expect(h, A, "SIP/2.0 200");
	EXPECT_EQ(call_engine_calls(h->engine), 0);
}

TEST_F(ticket, of_the_offer_fails)
{
	struct harness *h = &self->h;

	fail_next(h, -EIO);
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	complete_all(h);
	expect(h, A, "SIP/2.0 5");
	send_same_branch(h, A, "ACK", h->branch, NULL);
	EXPECT_FALSE(pending(h, B));
	EXPECT_EQ(call_engine_calls(h->engine), 0);
}

TEST_F(ticket, fails_after_cancel)
{
	struct harness *h = &self->h;

	fail_next(h, -EIO);
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	send_same_branch(h, A, "CANCEL", h->branch, NULL);
	expect(h, A, "SIP/2.0 200");
	expect(h, A, "SIP/2.0 487");
	send_same_branch(h, A, "ACK", h->branch, NULL);
	complete_all(h);
	/* No second answer to the INVITE. */
	EXPECT_FALSE(pending(h, A));
	EXPECT_FALSE(pending(h, B));
	EXPECT_EQ(call_engine_calls(h->engine), 0);
}

TEST_F(ticket, of_a_reinvite_comes_after_bye)
{
	struct harness *h = &self->h;

	call_up_in_time(h);
	offer_hold(h);
	expect(h, B, "INVITE ");
	answer(h, B, "200 OK", SDP_B_HOLD);
	expect(h, B, "ACK ");
	ASSERT_EQ(h->ntickets, 1);
	EXPECT_FALSE(pending(h, A));
	send_request(h, B, "BYE", ++h->ua[B].cseq, NULL, NULL);
	EXPECT_FALSE(pending(h, B));
	complete_all(h);
	expect(h, B, "SIP/2.0 200");
	expect(h, A, "SIP/2.0 487");
	send_same_branch(h, A, "ACK", h->branch - 1, NULL);
	expect(h, A, "BYE ");
	reply(h, A, "200 OK", NULL);
	complete_all(h);
	EXPECT_EQ(h->removed, 1);
	EXPECT_EQ(call_engine_calls(h->engine), 0);
}

TEST_F(ticket, of_the_removal_comes_late)
{
	struct call_event event;
	struct harness *h = &self->h;

	call_up_in_time(h);
	hang_up_slowly(h);
	/* The figures are not there yet, so the call has not been told as ended. */
	advance(h, 5 * NSEC_PER_SEC);
	EXPECT_FALSE(pending(h, A));
	complete(h);
	expect(h, A, "SIP/2.0 200");
	EXPECT_EQ(call_engine_calls(h->engine), 0);
	ASSERT_TRUE(next_event(h, CALL_EVENT_ENDED, &event));
	ASSERT_NE(event.figures, NULL);
	EXPECT_EQ(event.figures->ends[0].rx_packets, 500);
	call_event_clear(&event);
}

TEST_F(ticket, that_nobody_waits_for_is_ignored)
{
	struct harness *h = &self->h;
	u64 ticket;

	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	call_engine_complete(h->engine, h->now, 123456, 0, NULL);
	run(h);
	EXPECT_FALSE(pending(h, B));
	ticket = h->tickets[0];
	complete(h);
	expect(h, B, "INVITE ");
	/* The same one again, now as a failure. */
	call_engine_complete(h->engine, h->now, ticket, -EIO, NULL);
	run(h);
	EXPECT_FALSE(pending(h, A));
	answer(h, B, "486 Busy Here", NULL);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 486");
	send_same_branch(h, A, "ACK", h->branch, NULL);
	complete_all(h);
}

TEST_HARNESS_MAIN
