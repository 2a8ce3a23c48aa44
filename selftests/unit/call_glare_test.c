// SPDX-License-Identifier: GPL-2.0-only
/*
 * An INVITE of our own in a call meets one of the phone's (RFC 3261 §14): each is answered 491,
 * and ours goes out again when the time that the RFC gives for it is over.
 */
#include "call_attended.h"

/* Neither at once nor after longer than that: the Call-ID is ours, or not. */
#define OURS_FROM (2100 * NSEC_PER_MSEC)
#define OURS_TO (4000 * NSEC_PER_MSEC)
#define THEIRS_TO (2000 * NSEC_PER_MSEC)

/* who was sent an INVITE, and has sent one: both meet. */
static void meet(struct harness *h, enum who who)
{
	u32 branch;

	send_request(h, who, "INVITE", ++h->ua[who].cseq, NULL, sdp_of(who));
	branch = h->branch;
	expect(h, who, "SIP/2.0 491");
	send_same_branch(h, who, "ACK", branch, NULL);
	refuses(h, who, "491 Request Pending");
}

/* Ours comes again, in time. */
static const struct sip_msg *comes_again(struct harness *h, enum who who, bool ours)
{
	struct __test_metadata *_metadata = h->_metadata;
	u64 since = h->now;

	while (!pending(h, who) && h->now - since < OURS_TO)
		advance(h, 10 * NSEC_PER_MSEC);
	EXPECT_GE(h->now - since, ours ? OURS_FROM : 0);
	EXPECT_LE(h->now - since, ours ? OURS_TO : THEIRS_TO + 10 * NSEC_PER_MSEC);
	return expect(h, who, "INVITE ");
}

FIXTURE(glare) {
	struct harness h;
	enum who who, other;
	bool ours;			/* the Call-ID of the other's dialog */
};

FIXTURE_VARIANT(glare) {
	struct call_pair over;
	enum who who;
};

FIXTURE_VARIANT_ADD(glare, with_the_caller) { { TRANSPORT_UDP, TRANSPORT_UDP }, B };
FIXTURE_VARIANT_ADD(glare, with_the_callee) { { TRANSPORT_UDP, TRANSPORT_UDP }, A };
FIXTURE_VARIANT_ADD(glare, by_streams) { { TRANSPORT_TCP, TRANSPORT_TCP }, A };

FIXTURE_SETUP(glare)
{
	harness_start_over(&self->h, _metadata, &variant->over);
	allow_transfers(&self->h);
	self->who = variant->who;
	self->other = variant->who == A ? B : A;
	self->ours = self->other == B;
	call_up(&self->h);
}

FIXTURE_TEARDOWN(glare)
{
	harness_stop(&self->h);
}

TEST_F(glare, the_offer_of_a_transfer_goes_out_again_as_it_was)
{
	struct harness *h = &self->h;
	struct slice body;
	char before[2048];

	referred(h, self->who);
	c_answers(h, self->who, self->other);
	copy_slice(before, sizeof(before), h->ua[self->other].invite.body);
	meet(h, self->other);
	EXPECT_FALSE(pending(h, self->who));
	body = comes_again(h, self->other, self->ours)->body;
	EXPECT_TRUE(slice_eq(body, slice_str(before)));
	put_through(h, self->who, self->other);
	hangs_up(h, C, self->other);
}

TEST_F(glare, the_phones_offer_comes_through_once_the_transfer_is_done)
{
	struct harness *h = &self->h;

	referred(h, self->who);
	c_answers(h, self->who, self->other);
	meet(h, self->other);
	comes_again(h, self->other, self->ours);
	put_through(h, self->who, self->other);
	reinvites(h, self->other, C);
	hangs_up(h, C, self->other);
}

TEST_F(glare, who_is_never_ready_for_the_offer_of_a_transfer_keeps_his_call)
{
	struct harness *h = &self->h;
	size_t i;

	referred(h, self->who);
	c_answers(h, self->who, self->other);
	for (i = 0; i < 4; i++) {
		meet(h, self->other);
		EXPECT_FALSE(pending(h, self->who));
		comes_again(h, self->other, self->ours);
	}
	meet(h, self->other);
	is_told_the_end(h, self->who, "491 Request Pending");
	EXPECT_TRUE(contains(expect(h, C, "ACK ")->body, "m=audio 0 "));
	gets_bye(h, C);
	advance(h, 60 * NSEC_PER_SEC);
	expect_unharmed(h, self->who, self->other);
}

TEST_F(glare, the_referrer_may_hang_up_while_the_offer_waits)
{
	struct harness *h = &self->h;

	referred(h, self->who);
	c_answers(h, self->who, self->other);
	meet(h, self->other);
	says_bye(h, self->who);
	comes_again(h, self->other, self->ours);
	joins_c(h, self->other);
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	hangs_up(h, C, self->other);
}

TEST_F(glare, who_hangs_up_while_the_offer_waits_is_sent_none)
{
	struct harness *h = &self->h;

	referred(h, self->who);
	c_answers(h, self->who, self->other);
	meet(h, self->other);
	says_bye(h, self->other);
	is_told_the_end(h, self->who, "487 Request Terminated");
	gets_bye(h, self->who);
	expect(h, C, "ACK ");
	gets_bye(h, C);
	advance(h, OURS_TO);
	EXPECT_FALSE(pending(h, self->other));
	EXPECT_EQ(call_engine_calls(h->engine), 0);
}

TEST_F(glare, who_was_called_may_hang_up_while_the_offer_waits)
{
	struct harness *h = &self->h;

	referred(h, self->who);
	c_answers(h, self->who, self->other);
	meet(h, self->other);
	h->ua[C].cseq = 100;
	send_request(h, C, "BYE", ++h->ua[C].cseq, NULL, NULL);
	expect(h, C, "ACK ");
	expect(h, C, "SIP/2.0 200");
	is_told_the_end(h, self->who, "487 Request Terminated");
	advance(h, OURS_TO);
	/* he had accepted nothing, and is told nothing */
	EXPECT_FALSE(pending(h, self->other));
	expect_unharmed(h, self->who, self->other);
}

/* --- attended --- */

FIXTURE(glare_attended) {
	struct harness h;
	struct dialog first, second;
	bool ours;
};

FIXTURE_VARIANT(glare_attended) {
	bool called[2];
};

FIXTURE_VARIANT_ADD(glare_attended, a_called_both) { { false, false } };
FIXTURE_VARIANT_ADD(glare_attended, both_called_a) { { true, true } };

FIXTURE_SETUP(glare_attended)
{
	harness_start(&self->h, _metadata);
	allow_transfers(&self->h);
	two_calls(&self->h, variant->called, &self->first, &self->second);
	self->ours = !variant->called[1];
}

FIXTURE_TEARDOWN(glare_attended)
{
	harness_stop(&self->h);
}

TEST_F(glare_attended, who_is_asked_for_an_offer_is_asked_again)
{
	struct harness *h = &self->h;

	join_taken(h, &self->first, &self->second);
	meet(h, C);
	EXPECT_EQ(comes_again(h, C, self->ours)->body.n, 0);
	c_offers(h, &self->first, &self->second);
	b_answers(h);
	a_is_let_go(h);
	hangs_up(h, C, B);
}

TEST_F(glare_attended, so_is_who_is_told_it)
{
	struct harness *h = &self->h;

	join_taken(h, &self->first, &self->second);
	c_offers(h, &self->first, &self->second);
	meet(h, B);
	EXPECT_FALSE(pending(h, C));
	comes_again(h, B, self->ours);
	b_answers(h);
	a_is_let_go(h);
	hangs_up(h, C, B);
}

TEST_F(glare_attended, who_is_never_ready_for_it_stays_in_his_call)
{
	struct harness *h = &self->h;
	size_t i;

	join_taken(h, &self->first, &self->second);
	for (i = 0; i < 4; i++) {
		meet(h, C);
		comes_again(h, C, self->ours);
	}
	meet(h, C);
	is_told_the_end(h, A, "491 Request Pending");
	unharmed(h, &self->first, &self->second);
}

TEST_F(glare_attended, the_referrer_may_hang_up_both_while_it_waits)
{
	struct harness *h = &self->h;

	join_taken(h, &self->first, &self->second);
	meet(h, C);
	a_leaves(h, &self->second);
	a_leaves(h, &self->first);
	EXPECT_EQ(comes_again(h, C, self->ours)->body.n, 0);
	c_offers(h, &self->first, &self->second);
	b_answers(h);
	EXPECT_EQ(call_engine_sessions(h->engine), 1);
	hangs_up(h, C, B);
}

TEST_F(glare_attended, the_old_media_is_told_again_until_it_is_heard)
{
	struct harness *h = &self->h;

	join_taken(h, &self->first, &self->second);
	c_offers(h, &self->first, &self->second);
	/* what B accepts comes to nothing */
	kernel_refuses(h);
	accepts(h, B);
	is_told_the_end(h, A, "503 Service Unavailable");
	expect(h, C, "ACK ");
	expect(h, B, "INVITE ");
	meet(h, B);
	EXPECT_TRUE(contains(comes_again(h, B, self->ours)->body, "m=audio "));
	accepts(h, B);
	unharmed(h, &self->first, &self->second);
}

/* --- a refresh --- */

FIXTURE(glare_refresh) {
	struct harness h;
};

FIXTURE_SETUP(glare_refresh)
{
	struct harness *h = &self->h;

	harness_start(h, _metadata);
	h->policy->max_duration = 0;
	h->policy->media_idle_ms = 0;
	h->policy->session = (struct sip_session_policy){
		.expires = 1800, .min_se = 90, .refresh = true,
	};
	/* neither allows UPDATE, and only the leg of B is refreshed by us */
	begin_dialog(h, A, "4930123");
	send_request(h, A, "INVITE", 1, "Supported: timer\r\nSession-Expires: 3600;refresher=uac\r\n",
		     SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	reply_tagged(h, B, &h->ua[B].invite, "200 OK", h->ua[B].local_tag,
		     "Session-Expires: 1800;refresher=uac\r\n", SDP_B);
	expect(h, B, "ACK ");
	is_answered(h, A);
	h->ua[B].cseq = 100;
	advance(h, 900 * NSEC_PER_SEC);
	expect(h, B, "INVITE ");
}

FIXTURE_TEARDOWN(glare_refresh)
{
	harness_stop(&self->h);
}

TEST_F(glare_refresh, it_goes_out_again)
{
	struct harness *h = &self->h;

	meet(h, B);
	EXPECT_EQ(counter(h, "glare"), 1);
	EXPECT_TRUE(contains(comes_again(h, B, true)->body, "m=audio "));
	reply_tagged(h, B, &h->ua[B].invite, "200 OK", h->ua[B].local_tag,
		     "Session-Expires: 1800;refresher=uac\r\n", SDP_B);
	expect(h, B, "ACK ");
	advance(h, 60 * NSEC_PER_SEC);
	EXPECT_FALSE(pending(h, B));
	hang_up(h, A);
}

TEST_F(glare_refresh, an_offer_that_comes_meanwhile_refreshes_too)
{
	struct harness *h = &self->h;

	meet(h, B);
	send_request(h, B, "INVITE", ++h->ua[B].cseq, NULL, SDP_B_HOLD);
	expect(h, B, "SIP/2.0 100");
	expect(h, A, "INVITE ");
	answer(h, A, "200 OK", SDP_A_HOLD);
	expect(h, A, "ACK ");
	is_answered(h, B);
	advance(h, OURS_TO);
	hang_up(h, A);
}

TEST_F(glare_refresh, the_other_sides_offer_waits_for_it)
{
	struct harness *h = &self->h;

	send_request(h, A, "INVITE", ++h->ua[A].cseq, NULL, SDP_A);
	expect(h, A, "SIP/2.0 491");
	send_same_branch(h, A, "ACK", h->branch, NULL);
	accepts(h, B);
	reinvites(h, A, B);
	hang_up(h, A);
}

TEST_HARNESS_MAIN
