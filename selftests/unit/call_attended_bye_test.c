// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who hangs up in the middle of an attended transfer, or is not there any more: the referrer,
 * who he refers, or who he refers to.
 */
#include "call_attended.h"

FIXTURE(attended_bye) {
	struct harness h;
	struct dialog first, second;	/* A's with B, and with C */
};

FIXTURE_VARIANT(attended_bye) {
	struct call_pair over;
	bool called[2];			/* A was, by B, and by C */
};

FIXTURE_VARIANT_ADD(attended_bye, a_called_both) { { TRANSPORT_UDP, TRANSPORT_UDP }, { false, false } };
FIXTURE_VARIANT_ADD(attended_bye, b_called_a) { { TRANSPORT_UDP, TRANSPORT_UDP }, { true, false } };
FIXTURE_VARIANT_ADD(attended_bye, c_called_a) { { TRANSPORT_UDP, TRANSPORT_UDP }, { false, true } };
FIXTURE_VARIANT_ADD(attended_bye, both_called_a) { { TRANSPORT_UDP, TRANSPORT_UDP }, { true, true } };
FIXTURE_VARIANT_ADD(attended_bye, by_streams) { { TRANSPORT_TCP, TRANSPORT_TCP }, { false, false } };

FIXTURE_SETUP(attended_bye)
{
	struct harness *h = &self->h;

	harness_start_over(h, _metadata, &variant->over);
	allow_transfers(h);
	two_calls(h, variant->called, &self->first, &self->second);
}

FIXTURE_TEARDOWN(attended_bye)
{
	harness_stop(&self->h);
}

TEST_F(attended_bye, the_referrer_who_hangs_up_both_has_done_his_part)
{
	struct harness *h = &self->h;

	join_taken(h, &self->first, &self->second);
	a_leaves(h, &self->second);
	a_leaves(h, &self->first);
	EXPECT_FALSE(pending(h, B));
	EXPECT_FALSE(pending(h, C));
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	c_offers(h, &self->first, &self->second);
	b_answers(h);
	EXPECT_EQ(call_engine_sessions(h->engine), 1);
	hangs_up(h, C, B);
}

TEST_F(attended_bye, the_referrer_may_hang_up_one_of_them_while_the_media_is_being_agreed_on)
{
	struct harness *h = &self->h;

	join_taken(h, &self->first, &self->second);
	c_offers(h, &self->first, &self->second);
	a_leaves(h, &self->second);
	b_answers(h);
	is_let_go(h, A);
	hangs_up(h, B, C);
}

TEST_F(attended_bye, whom_nobody_waits_for_any_more_is_hung_up)
{
	struct harness *h = &self->h;

	join_taken(h, &self->first, &self->second);
	a_leaves(h, &self->second);
	a_leaves(h, &self->first);
	refuses(h, C, "488 Not Acceptable Here");
	gets_bye(h, C);
	gets_bye(h, B);
}

TEST_F(attended_bye, who_hangs_up_before_he_offers_leaves_the_other_call)
{
	struct harness *h = &self->h;

	join_taken(h, &self->first, &self->second);
	says_bye(h, C);
	refuses(h, C, "487 Request Terminated");
	is_told_the_end(h, A, "487 Request Terminated");
	gets_bye(h, A);
	EXPECT_FALSE(pending(h, B));
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	hangs_up(h, B, A);
}

TEST_F(attended_bye, who_hangs_up_while_his_offer_is_under_way_leaves_the_other_call)
{
	struct harness *h = &self->h;

	join_taken(h, &self->first, &self->second);
	c_offers(h, &self->first, &self->second);
	send_request(h, C, "BYE", ++h->ua[C].cseq, NULL, NULL);
	expect(h, C, "ACK ");
	expect(h, C, "SIP/2.0 200");
	is_told_the_end(h, A, "487 Request Terminated");
	gets_bye(h, A);
	accepts(h, B);
	/* and the old media again */
	expect(h, B, "INVITE ");
	accepts(h, B);
	hangs_up(h, B, A);
}

TEST_F(attended_bye, who_is_referred_and_hangs_up_leaves_the_call_to_join)
{
	struct harness *h = &self->h;

	join_taken(h, &self->first, &self->second);
	says_bye(h, B);
	is_told_the_end(h, A, "487 Request Terminated");
	gets_bye(h, A);
	/* C's offer comes too late */
	answer(h, C, "200 OK", SDP_C);
	EXPECT_FALSE(contains(expect(h, C, "ACK ")->body, "m=audio 0 "));
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	hangs_up(h, C, A);
}

TEST_F(attended_bye, who_does_not_answer_at_all_is_gone)
{
	struct harness *h = &self->h;

	join_taken(h, &self->first, &self->second);
	advance(h, 33 * NSEC_PER_SEC);
	discard(h, C);
	while (pending(h, A)) {
		expect(h, A, "");
		if (h->ua[A].msg.request)
			reply(h, A, "200 OK", NULL);
	}
	advance(h, 33 * NSEC_PER_SEC);
	discard(h, C);
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	EXPECT_EQ(counter(h, "transfers-failed"), 1);
	hangs_up(h, B, A);
}

TEST_HARNESS_MAIN
