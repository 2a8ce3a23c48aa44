// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attended transfer carried out by Jalur (RFC 5589 §7): which two calls are joined and by whom,
 * what the three of them see, which session is there when, and that both calls are as they were
 * when it comes to nothing.
 */
#include "call_attended.h"

FIXTURE(attended) {
	struct harness h;
	struct dialog first, second;	/* A's with B, and with C */
};

FIXTURE_VARIANT(attended) {
	struct call_pair over;
	bool called[2];			/* A was, by B, and by C */
};

FIXTURE_VARIANT_ADD(attended, a_called_both) { { TRANSPORT_UDP, TRANSPORT_UDP }, { false, false } };
FIXTURE_VARIANT_ADD(attended, b_called_a) { { TRANSPORT_UDP, TRANSPORT_UDP }, { true, false } };
FIXTURE_VARIANT_ADD(attended, c_called_a) { { TRANSPORT_UDP, TRANSPORT_UDP }, { false, true } };
FIXTURE_VARIANT_ADD(attended, both_called_a) { { TRANSPORT_UDP, TRANSPORT_UDP }, { true, true } };
FIXTURE_VARIANT_ADD(attended, by_streams) { { TRANSPORT_TCP, TRANSPORT_TCP }, { false, false } };

FIXTURE_SETUP(attended)
{
	struct harness *h = &self->h;

	harness_start_over(h, _metadata, &variant->over);
	allow_transfers(h);
	two_calls(h, variant->called, &self->first, &self->second);
}

FIXTURE_TEARDOWN(attended)
{
	harness_stop(&self->h);
}

TEST_F(attended, both_others_get_a_session_of_their_own_and_the_referrer_is_let_go)
{
	struct harness *h = &self->h;
	struct call_view view;

	join_taken(h, &self->first, &self->second);
	EXPECT_EQ(call_engine_sessions(h->engine), 2);
	c_offers(h, &self->first, &self->second);
	EXPECT_EQ(call_engine_sessions(h->engine), 3);
	EXPECT_EQ(h->removed, 0);
	b_answers(h);
	a_is_let_go(h);
	EXPECT_EQ(h->removed, 2);
	ASSERT_TRUE(view_call(h, &view));
	EXPECT_EQ(view.state, CALL_UP);
	EXPECT_GE(view.plan->nflows, 2);
	EXPECT_STREQ(view.a.trunk, "pbx");
	EXPECT_STREQ(view.b.trunk, "desk");
	EXPECT_EQ(counter(h, "transfers"), 1);
	EXPECT_EQ(counter(h, "transfers-failed"), 0);
	hangs_up(h, C, B);
}

TEST_F(attended, the_other_call_may_be_the_one_that_the_refer_is_in)
{
	struct harness *h = &self->h;
	char line[512];

	/* C is referred to B */
	refer_to_line(&h->ua[A], &self->first, "", line, sizeof(line));
	use_dialog(&h->ua[A], &self->second);
	refer_accepted(h, A, line);
	EXPECT_EQ(expect(h, B, "INVITE ")->body.n, 0);
	answer(h, B, "200 OK", SDP_B);
	EXPECT_TRUE(contains(expect(h, C, "INVITE ")->body, "m=audio "));
	accepts(h, C);
	expect(h, B, "ACK ");
	a_is_let_go(h);
	hangs_up(h, B, C);
}

TEST_F(attended, the_new_call_is_one_like_any_other)
{
	struct harness *h = &self->h;
	enum who both[] = { B, C };
	size_t i;

	join_taken(h, &self->first, &self->second);
	c_offers(h, &self->first, &self->second);
	b_answers(h);
	a_is_let_go(h);
	for (i = 0; i < 2; i++)
		reinvites(h, both[i], both[!i]);
	hangs_up(h, B, C);
}

TEST_F(attended, the_records_say_how_the_three_calls_belong_together)
{
	struct harness *h = &self->h;
	struct call_event event;
	u64 first = 0;
	int i;

	join_taken(h, &self->first, &self->second);
	c_offers(h, &self->first, &self->second);
	b_answers(h);
	a_is_let_go(h);
	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(next_event(h, CALL_EVENT_ENDED, &event));
		EXPECT_STREQ(event.reason, "transferred");
		EXPECT_EQ(event.record->status, 200);
		first = event.call;
		call_event_clear(&event);
	}
	hangs_up(h, C, B);
	ASSERT_TRUE(next_event(h, CALL_EVENT_ENDED, &event));
	EXPECT_EQ(event.record->transferred_from, first);
	EXPECT_EQ(event.record->status, 200);
	call_event_clear(&event);
}

TEST_F(attended, each_hears_the_same_speaker_in_o_one_version_on)
{
	struct harness *h = &self->h;
	unsigned long long session, version;
	const char *o;

	join_taken(h, &self->first, &self->second);
	c_offers(h, &self->first, &self->second);
	o = memmem(h->ua[B].invite.body.p, h->ua[B].invite.body.n, "o=- ", 4);
	ASSERT_EQ(sscanf(o, "o=- %llu %llu", &session, &version), 2);
	EXPECT_EQ(version, 1);
	accepts(h, B);
	expect(h, C, "ACK ");
	o = memmem(h->ua[C].msg.body.p, h->ua[C].msg.body.n, "o=- ", 4);
	ASSERT_EQ(sscanf(o, "o=- %llu %llu", &session, &version), 2);
	EXPECT_EQ(version, 1);
	a_is_let_go(h);
	hangs_up(h, C, B);
}

TEST_F(attended, the_kernel_comes_before_the_new_media_on_either_side)
{
	struct harness *h = &self->h;

	join_taken(h, &self->first, &self->second);
	h->late = true;
	answer(h, C, "200 OK", SDP_C);
	EXPECT_FALSE(pending(h, B));
	complete(h);
	expect(h, B, "INVITE ");
	accepts(h, B);
	EXPECT_FALSE(pending(h, C));
	EXPECT_FALSE(pending(h, A));
	complete(h);
	expect(h, C, "ACK ");
	gets_bye(h, A);
	is_let_go(h, A);
	complete(h);
	complete(h);
	h->late = false;
	hangs_up(h, C, B);
}

/* --- what is refused --- */

TEST_F(attended, the_dialog_of_somebody_else_cannot_be_joined_and_nothing_is_told_of_it)
{
	struct harness *h = &self->h;
	char line[512];

	/* B refers A to the call that A has with C */
	refer_to_line(&h->ua[A], &self->second, "", line, sizeof(line));
	refer(h, B, line);
	EXPECT_EQ(header(expect(h, B, "SIP/2.0 603"), "Warning").n, 0);
	EXPECT_FALSE(pending(h, A));
	EXPECT_FALSE(pending(h, C));
	/* nor is a call joined with itself */
	ask(h, &self->first, &self->first, "");
	join_refused(h, "SIP/2.0 603");
	a_leaves(h, &self->first);
	gets_bye(h, B);
	hangs_up(h, C, A);
}

TEST_F(attended, a_call_that_is_ending_cannot_be_joined)
{
	struct harness *h = &self->h;

	a_leaves(h, &self->second);
	expect(h, C, "BYE ");
	ask(h, &self->first, &self->second, "");
	expect(h, A, "SIP/2.0 603");
	reply(h, C, "200 OK", NULL);
	hangs_up(h, B, A);
}

TEST_F(attended, who_wants_to_join_what_rings_finds_it_answered)
{
	struct harness *h = &self->h;

	ask(h, &self->first, &self->second, "%3Bearly-only");
	join_refused(h, "SIP/2.0 486");
	hangs_up(h, B, A);
	hangs_up(h, C, A);
}

TEST_F(attended, a_call_in_which_an_offer_is_under_way_is_joined_later)
{
	struct harness *h = &self->h;

	send_request(h, C, "INVITE", ++h->ua[C].cseq, NULL, SDP_C);
	expect(h, C, "SIP/2.0 100");
	expect(h, A, "INVITE ");
	ask(h, &self->first, &self->second, "");
	EXPECT_TRUE(header(expect(h, A, "SIP/2.0 491"), "Retry-After").n > 0);
	accepts(h, A);
	is_answered(h, C);
	join_taken(h, &self->first, &self->second);
	c_offers(h, &self->first, &self->second);
	b_answers(h);
	a_is_let_go(h);
	hangs_up(h, C, B);
}

/* --- what goes wrong --- */

TEST_F(attended, who_refuses_to_make_an_offer_stays_where_he_is)
{
	struct harness *h = &self->h;

	join_taken(h, &self->first, &self->second);
	refuses(h, C, "488 Not Acceptable Here");
	is_told_the_end(h, A, "488 Not Acceptable Here");
	EXPECT_FALSE(pending(h, B));
	unharmed(h, &self->first, &self->second);
}

TEST_F(attended, an_offer_that_cannot_be_used_is_answered_with_the_media_of_old)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	join_taken(h, &self->first, &self->second);
	answer(h, C, "200 OK", "v=0\r\no=- 333 2 IN IP4 " IP_C "\r\ns=-\r\nc=IN IP4 " IP_C
	       "\r\nt=0 0\r\nm=audio 7000 TCP/WHATEVER 0\r\n");
	msg = expect(h, C, "ACK ");
	EXPECT_TRUE(contains(msg->body, "m=audio "));
	EXPECT_FALSE(contains(msg->body, "m=audio 0 "));
	is_told_the_end(h, A, "502 Bad Gateway");
	EXPECT_FALSE(pending(h, B));
	unharmed(h, &self->first, &self->second);
}

TEST_F(attended, who_offers_nothing_is_told_the_media_of_old)
{
	struct harness *h = &self->h;

	join_taken(h, &self->first, &self->second);
	answer(h, C, "200 OK", NULL);
	expect(h, C, "ACK ");
	is_told_the_end(h, A, "502 Bad Gateway");
	EXPECT_TRUE(contains(expect(h, C, "INVITE ")->body, "m=audio "));
	accepts(h, C);
	unharmed(h, &self->first, &self->second);
}

TEST_F(attended, when_the_other_refuses_the_offer_both_calls_are_as_they_were)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	join_taken(h, &self->first, &self->second);
	c_offers(h, &self->first, &self->second);
	refuses(h, B, "488 Not Acceptable Here");
	msg = expect(h, C, "ACK ");
	EXPECT_TRUE(contains(msg->body, "m=audio "));
	EXPECT_FALSE(contains(msg->body, "m=audio 0 "));
	is_told_the_end(h, A, "488 Not Acceptable Here");
	unharmed(h, &self->first, &self->second);
}

TEST_F(attended, a_session_that_the_kernel_refuses_leaves_both_calls_as_they_were)
{
	struct harness *h = &self->h;

	join_taken(h, &self->first, &self->second);
	kernel_refuses(h);
	answer(h, C, "200 OK", SDP_C);
	EXPECT_FALSE(contains(expect(h, C, "ACK ")->body, "m=audio 0 "));
	EXPECT_FALSE(pending(h, B));
	is_told_the_end(h, A, "503 Service Unavailable");
	unharmed(h, &self->first, &self->second);
}

TEST_F(attended, who_took_media_that_came_to_nothing_is_told_the_old_again)
{
	struct harness *h = &self->h;

	join_taken(h, &self->first, &self->second);
	c_offers(h, &self->first, &self->second);
	kernel_refuses(h);
	accepts(h, B);
	EXPECT_FALSE(contains(expect(h, C, "ACK ")->body, "m=audio 0 "));
	is_told_the_end(h, A, "503 Service Unavailable");
	EXPECT_TRUE(contains(expect(h, B, "INVITE ")->body, "m=audio "));
	accepts(h, B);
	unharmed(h, &self->first, &self->second);
}

TEST_F(attended, an_offer_or_a_refer_in_the_middle_of_it_is_491)
{
	struct harness *h = &self->h;
	struct dialog *dialogs[] = { &self->first, &self->second };
	enum who others[] = { B, C };
	size_t i;

	join_taken(h, &self->first, &self->second);
	for (i = 0; i < 2; i++) {
		a_says(h, dialogs[i], "INVITE", SDP_A);
		expect(h, A, "SIP/2.0 491");
		send_ack(h, A);
		a_says(h, dialogs[i], "UPDATE", SDP_A);
		expect(h, A, "SIP/2.0 491");
		ask(h, dialogs[i], dialogs[!i], "");
		expect(h, A, "SIP/2.0 491");
		send_request(h, others[i], "INVITE", ++h->ua[others[i]].cseq, NULL,
			     sdp_of(others[i]));
		expect(h, others[i], "SIP/2.0 491");
		send_ack(h, others[i]);
		refer(h, others[i], TO_C);
		expect(h, others[i], "SIP/2.0 491");
	}
	c_offers(h, &self->first, &self->second);
	b_answers(h);
	a_is_let_go(h);
	hangs_up(h, C, B);
}

/* --- a call that is not answered yet --- */

FIXTURE(ringing) {
	struct harness h;
	struct dialog first, second;
	u32 branch;			/* of A's INVITE in the second */
};

FIXTURE_SETUP(ringing)
{
	struct harness *h = &self->h;

	harness_start(h, _metadata);
	allow_transfers(h);
	connect_call(h, A, "4930123", B);
	keep_dialog(&h->ua[A], &self->first);
	begin_dialog(h, A, "2000");
	send_request(h, A, "INVITE", 1, NULL, SDP_A);
	self->branch = h->branch;
	expect(h, A, "SIP/2.0 100");
	expect(h, C, "INVITE ");
	answer(h, C, "180 Ringing", NULL);
	learn(&h->ua[A], expect(h, A, "SIP/2.0 180"));
	keep_dialog(&h->ua[A], &self->second);
}

FIXTURE_TEARDOWN(ringing)
{
	harness_stop(&self->h);
}

/* A refers B to C, for whom it rings: that call of A's is over. */
static void own_call_ends(FIXTURE_DATA(ringing) *self)
{
	struct harness *h = &self->h;

	ask(h, &self->first, &self->second, "");
	expect(h, A, "SIP/2.0 202");
	expect_notify(h, A, "active;expires=", "100 Trying");
	expect(h, A, "SIP/2.0 487");
	use_dialog(&h->ua[A], &self->second);
	send_same_branch(h, A, "ACK", self->branch, NULL);
	use_dialog(&h->ua[A], &self->first);
}

/* ... and C is called again, for B. */
static void called_anew(FIXTURE_DATA(ringing) *self)
{
	struct harness *h = &self->h;
	struct __test_metadata *_metadata = h->_metadata;

	own_call_ends(self);
	EXPECT_TRUE(contains(header(expect(h, C, "CANCEL "), "Reason"), "elsewhere"));
	reply(h, C, "200 OK", NULL);
	answer(h, C, "487 Request Terminated", NULL);
	expect(h, C, "INVITE ");
	EXPECT_EQ(h->ua[C].invite.body.n, 0);
	EXPECT_EQ(header(&h->ua[C].invite, "Replaces").n, 0);
	expect(h, C, "ACK ");
	EXPECT_FALSE(pending(h, B));
	EXPECT_EQ(call_engine_calls(h->engine), 2);
}

TEST_F(ringing, whom_a_call_rings_for_is_called_anew_for_the_other_party)
{
	struct harness *h = &self->h;

	called_anew(self);
	c_answers(h, A, B);
	put_through(h, A, B);
	hangs_up(h, C, B);
}

TEST_F(ringing, when_he_does_not_answer_the_first_call_returns)
{
	struct harness *h = &self->h;

	called_anew(self);
	c_rings(h, A);
	c_is_busy(h);
	is_told_the_end(h, A, "486 Busy Here");
	expect_unharmed(h, A, B);
}

TEST_F(ringing, a_phone_that_cancels_its_call_or_hangs_it_up_does_no_harm)
{
	struct harness *h = &self->h;

	called_anew(self);
	use_dialog(&h->ua[A], &self->second);
	send_same_branch(h, A, "CANCEL", self->branch, NULL);
	expect(h, A, "SIP/2.0 200");
	send_request(h, A, "BYE", ++h->ua[A].cseq, NULL, NULL);
	expect(h, A, "SIP/2.0 481");
	use_dialog(&h->ua[A], &self->first);
	EXPECT_FALSE(pending(h, C));
	c_answers(h, A, B);
	put_through(h, A, B);
	hangs_up(h, C, B);
}

TEST_F(ringing, it_has_the_place_of_the_call_that_rang_on_the_referrers_trunk)
{
	struct harness *h = &self->h;

	h->policy->trunks[0].max_calls = 2;
	called_anew(self);
	begin_dialog(h, A, "2000");
	send_request(h, A, "INVITE", 1, NULL, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, A, "SIP/2.0 503");
	send_same_branch(h, A, "ACK", h->branch, NULL);
	use_dialog(&h->ua[A], &self->first);
	c_answers(h, A, B);
	put_through(h, A, B);
	hangs_up(h, C, B);
}

TEST_F(ringing, the_referrer_may_hang_up_his_first_call_too)
{
	struct harness *h = &self->h;

	called_anew(self);
	a_leaves(h, &self->first);
	is_connected_to_c(h, B);
	hangs_up(h, C, B);
}

TEST_F(ringing, the_call_that_rang_has_answered_before_that_was_heard)
{
	struct harness *h = &self->h;

	own_call_ends(self);
	expect(h, C, "CANCEL ");
	reply(h, C, "481 Call/Transaction Does Not Exist", NULL);
	answer(h, C, "200 OK", SDP_C);
	expect(h, C, "INVITE ");
	expect(h, C, "ACK ");
	gets_bye(h, C);
	c_answers(h, A, B);
	put_through(h, A, B);
	hangs_up(h, C, B);
}

TEST_HARNESS_MAIN
