// SPDX-License-Identifier: GPL-2.0-only
/*
 * A call that outlives its connection. What is sent next goes by the one that the peer
 * makes instead, and it is the peer's if he says something by it; over UDP there is no
 * connection to lose, and all of this is a call like any other.
 */
#include "call_harness.h"

FIXTURE(connection) {
	struct harness h;
};

OVER_EACH_PAIR(connection);

FIXTURE_SETUP(connection)
{
	harness_start_over(&self->h, _metadata, &variant->over);
}

FIXTURE_TEARDOWN(connection)
{
	harness_stop(&self->h);
}

/* The re-INVITE of who is seen through. */
static void hold(struct harness *h, enum who who)
{
	enum who other = who == A ? B : A;

	send_request(h, who, "INVITE", ++h->ua[who].cseq, NULL, who == A ? SDP_A_HOLD : SDP_B_HOLD);
	expect(h, who, "SIP/2.0 100");
	expect(h, other, "INVITE ");
	answer(h, other, "200 OK", other == A ? SDP_A_HOLD : SDP_B_HOLD);
	expect(h, other, "ACK ");
	expect(h, who, "SIP/2.0 200");
	send_ack(h, who);
}

TEST_F(connection, the_caller_goes_on_by_another_one)
{
	struct harness *h = &self->h;

	call_up(h);
	lose(h, A);
	hold(h, A);
	hang_up(h, B);
}

TEST_F(connection, the_callee_goes_on_by_another_one)
{
	struct harness *h = &self->h;

	call_up(h);
	lose(h, B);
	hold(h, B);
	hang_up(h, A);
}

/* The 200 came by the old one; the ACK, by the new one, is all that is known of it. */
TEST_F(connection, lost_between_the_200_and_the_ack)
{
	struct harness *h = &self->h;

	a_calls_b(h);
	accepts(h, B);
	expect(h, A, "SIP/2.0 200");
	lose(h, A);
	acknowledge(h, A);
	h->ua[B].cseq = 100;
	hang_up(h, B);
}

/* Where B listens is known, so he is called back; what he answers comes by that. */
TEST_F(connection, the_callee_says_nothing_more)
{
	struct harness *h = &self->h;

	call_up(h);
	lose(h, B);
	hold(h, A);
	hang_up(h, A);
}

/* An answer that is on its way when the connection ends comes by the next one. */
TEST_F(connection, lost_while_it_rings)
{
	struct harness *h = &self->h;

	a_calls_b(h);
	answer(h, B, "180 Ringing", NULL);
	expect(h, A, "SIP/2.0 180");
	lose(h, B);
	EXPECT_FALSE(pending(h, A));
	accepts(h, B);
	is_answered(h, A);
	hang_up(h, A);
}

TEST_HARNESS_MAIN
