// SPDX-License-Identifier: GPL-2.0-only
/*
 * REFER carried out by Jalur (RFC 3515): A and B are in a call, one of them refers the other
 * to C. What the referrer hears of it, what the other two see, which session is there when,
 * and what is left when something goes wrong.
 */
#include "call_transfer.h"

FIXTURE(transfer) {
	struct harness h;
	enum who who, other;
};

FIXTURE_VARIANT(transfer) {
	struct call_pair over;
	enum who who;
};

FIXTURE_VARIANT_ADD(transfer, by_the_callee) { { TRANSPORT_UDP, TRANSPORT_UDP }, B };
FIXTURE_VARIANT_ADD(transfer, by_the_caller) { { TRANSPORT_UDP, TRANSPORT_UDP }, A };
FIXTURE_VARIANT_ADD(transfer, by_streams) { { TRANSPORT_TCP, TRANSPORT_TCP }, B };

FIXTURE_SETUP(transfer)
{
	harness_start_over(&self->h, _metadata, &variant->over);
	allow_transfers(&self->h);
	self->who = variant->who;
	self->other = variant->who == A ? B : A;
	call_up(&self->h);
}

FIXTURE_TEARDOWN(transfer)
{
	harness_stop(&self->h);
}

TEST_F(transfer, the_other_party_is_put_through_and_the_old_call_let_go)
{
	struct harness *h = &self->h;
	struct call_view view;

	referred(h, self->who);
	EXPECT_EQ(call_engine_sessions(h->engine), 1);
	c_answers(h, self->who, self->other);
	EXPECT_EQ(call_engine_sessions(h->engine), 2);
	EXPECT_EQ(h->removed, 0);
	put_through(h, self->who, self->other);
	EXPECT_EQ(call_engine_sessions(h->engine), 1);
	EXPECT_EQ(h->removed, 1);
	ASSERT_TRUE(view_call(h, &view));
	EXPECT_EQ(view.state, CALL_UP);
	EXPECT_EQ(view.plan->nflows % 2, 0);
	EXPECT_GE(view.plan->nflows, 2);
	EXPECT_EQ(counter(h, "transfers"), 1);
	EXPECT_EQ(counter(h, "transfers-failed"), 0);
	hangs_up(h, C, self->other);
}

TEST_F(transfer, the_new_call_is_one_like_any_other)
{
	struct harness *h = &self->h;

	referred(h, self->who);
	c_answers(h, self->who, self->other);
	put_through(h, self->who, self->other);
	reinvites(h, self->other, C);
	hangs_up(h, self->other, C);
}

TEST_F(transfer, the_record_of_the_new_call_says_where_it_came_from)
{
	struct harness *h = &self->h;
	struct call_event event;
	u64 old = 0;

	referred(h, self->who);
	c_answers(h, self->who, self->other);
	put_through(h, self->who, self->other);
	ASSERT_TRUE(next_event(h, CALL_EVENT_ENDED, &event));
	old = event.call;
	EXPECT_STREQ(event.reason, "transferred");
	EXPECT_EQ(event.record->status, 200);
	EXPECT_EQ(event.record->transferred_from, 0);
	call_event_clear(&event);
	hangs_up(h, C, self->other);
	ASSERT_TRUE(next_event(h, CALL_EVENT_ENDED, &event));
	EXPECT_EQ(event.record->transferred_from, old);
	EXPECT_EQ(event.status, 0);
	call_event_clear(&event);
}

TEST_F(transfer, who_is_put_through_hears_the_same_speaker_in_o_one_version_on)
{
	struct harness *h = &self->h;
	struct slice body;
	char before[64], after[64], expected[64];
	unsigned long long session, version;

	/* what he was told last: by a re-INVITE of the referrer */
	send_request(h, self->who, "INVITE", ++h->ua[self->who].cseq, NULL,
		     self->who == A ? SDP_A : SDP_B);
	expect(h, self->who, "SIP/2.0 100");
	body = expect(h, self->other, "INVITE ")->body;
	snprintf(before, sizeof(before), "%.60s", (const char *)memmem(body.p, body.n, "o=", 2));
	accepts(h, self->other);
	is_answered(h, self->who);
	ASSERT_EQ(sscanf(before, "o=- %llu %llu", &session, &version), 2);
	snprintf(expected, sizeof(expected), "o=- %llu %llu IN", session, version + 1);
	referred(h, self->who);
	c_answers(h, self->who, self->other);
	body = h->ua[self->other].invite.body;
	snprintf(after, sizeof(after), "%.60s", (const char *)memmem(body.p, body.n, "o=", 2));
	EXPECT_EQ(strncmp(after, expected, strlen(expected)), 0) {
		TH_LOG("expected %s, got %s", expected, after);
	}
	put_through(h, self->who, self->other);
	hangs_up(h, C, self->other);
}

TEST_F(transfer, the_kernel_comes_before_the_new_media_on_either_side)
{
	struct harness *h = &self->h;

	referred(h, self->who);
	h->late = true;
	answer(h, C, "200 OK", SDP_C);
	EXPECT_FALSE(pending(h, self->other));
	complete(h);
	expect(h, self->other, "INVITE ");
	accepts(h, self->other);
	EXPECT_FALSE(pending(h, C));
	EXPECT_FALSE(pending(h, self->who));
	complete(h);
	expect(h, C, "ACK ");
	is_told_the_end(h, self->who, "200 OK");
	expect(h, self->who, "BYE ");
	complete(h);
	reply(h, self->who, "200 OK", NULL);
	h->late = false;
	h->ua[C].cseq = 100;
	hangs_up(h, C, self->other);
}

TEST_F(transfer, who_wants_no_subscription_hears_nothing)
{
	struct harness *h = &self->h;

	refer(h, self->who, TO_C "Refer-Sub: false\r\nRequire: norefersub\r\n");
	EXPECT_TRUE(slice_eq(header(expect(h, self->who, "SIP/2.0 202"), "Refer-Sub"),
			     SLICE("false")));
	expect(h, C, "INVITE ");
	answer(h, C, "180 Ringing", NULL);
	is_connected_to_c(h, self->other);
	gets_bye(h, self->who);
	hangs_up(h, C, self->other);
}

TEST_F(transfer, who_does_not_answer_is_busy_or_is_not_there_returns_the_call)
{
	struct harness *h = &self->h;

	referred(h, self->who);
	c_is_busy(h);
	is_told_the_end(h, self->who, "486 Busy Here");
	EXPECT_FALSE(pending(h, self->other));
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	EXPECT_EQ(counter(h, "transfers-failed"), 1);
	expect_unharmed(h, self->who, self->other);
}

TEST_F(transfer, who_rings_for_too_long_is_cancelled)
{
	struct harness *h = &self->h;

	referred(h, self->who);
	c_rings(h, self->who);
	advance(h, 180 * NSEC_PER_SEC);
	is_cancelled(h, C);
	is_told_the_end(h, self->who, "480 Temporarily Unavailable");
	expect_unharmed(h, self->who, self->other);
}

TEST_F(transfer, the_next_refer_has_its_number_as_id)
{
	struct harness *h = &self->h;
	char id[32];

	referred(h, self->who);
	c_is_busy(h);
	is_told_the_end(h, self->who, "486 Busy Here");
	refer_accepted(h, self->who, TO_C);
	snprintf(id, sizeof(id), "refer;id=%u", h->ua[self->who].cseq);
	EXPECT_TRUE(slice_eq(header(&h->ua[self->who].msg, "Event"), slice_str(id)));
	expect(h, C, "INVITE ");
	c_answers(h, self->who, self->other);
	put_through(h, self->who, self->other);
	hangs_up(h, C, self->other);
}

TEST_F(transfer, who_refuses_the_new_media_keeps_the_old_call)
{
	struct harness *h = &self->h;

	referred(h, self->who);
	c_answers(h, self->who, self->other);
	refuses(h, self->other, "488 Not Acceptable Here");
	EXPECT_TRUE(contains(expect(h, C, "ACK ")->body, "m=audio 0 "));
	gets_bye(h, C);
	is_told_the_end(h, self->who, "488 Not Acceptable Here");
	EXPECT_EQ(call_engine_sessions(h->engine), 1);
	expect_unharmed(h, self->who, self->other);
}

/* He took the new offer, and said nothing that media can flow by: he hears the old again. */
TEST_F(transfer, who_gives_no_usable_answer_keeps_the_old_call)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	referred(h, self->who);
	c_answers(h, self->who, self->other);
	answer(h, self->other, "200 OK", NULL);
	expect(h, self->other, "ACK ");
	EXPECT_TRUE(contains(expect(h, C, "ACK ")->body, "m=audio 0 "));
	msg = expect(h, C, "BYE ");
	EXPECT_TRUE(contains(header(msg, "Reason"), "cause=79"));
	reply(h, C, "200 OK", NULL);
	is_told_the_end(h, self->who, "488 Not Acceptable Here");
	EXPECT_EQ(counter(h, "refused-media"), 1);
	msg = expect(h, self->other, "INVITE ");
	EXPECT_TRUE(contains(msg->body, "m=audio "));
	accepts(h, self->other);
	EXPECT_EQ(call_engine_sessions(h->engine), 1);
	expect_unharmed(h, self->who, self->other);
}

TEST_F(transfer, a_session_that_the_kernel_refuses_returns_the_call)
{
	struct harness *h = &self->h;

	referred(h, self->who);
	kernel_refuses(h);
	answer(h, C, "200 OK", SDP_C);
	EXPECT_FALSE(pending(h, self->other));
	expect(h, C, "ACK ");
	gets_bye(h, C);
	is_told_the_end(h, self->who, "503 Service Unavailable");
	expect_unharmed(h, self->who, self->other);
}

TEST_F(transfer, who_took_new_media_that_came_to_nothing_is_told_the_old_again)
{
	struct harness *h = &self->h;
	char before[2048];
	struct slice body;

	referred(h, self->who);
	c_answers(h, self->who, self->other);
	copy_slice(before, sizeof(before), h->ua[self->other].invite.body);
	kernel_refuses(h);
	accepts(h, self->other);
	expect(h, C, "ACK ");
	gets_bye(h, C);
	is_told_the_end(h, self->who, "503 Service Unavailable");
	body = expect(h, self->other, "INVITE ")->body;
	EXPECT_TRUE(contains(body, "m=audio "));
	EXPECT_FALSE(slice_eq(body, slice_str(before)));
	accepts(h, self->other);
	expect_unharmed(h, self->who, self->other);
}

TEST_F(transfer, an_offer_in_the_middle_of_it_is_491)
{
	struct harness *h = &self->h;
	enum who both[] = { self->who, self->other };
	size_t i;

	referred(h, self->who);
	for (i = 0; i < 2; i++) {
		send_request(h, both[i], "INVITE", ++h->ua[both[i]].cseq, NULL,
			     both[i] == A ? SDP_A : SDP_B);
		expect(h, both[i], "SIP/2.0 491");
		send_ack(h, both[i]);
		send_request(h, both[i], "UPDATE", ++h->ua[both[i]].cseq, NULL,
			     both[i] == A ? SDP_A : SDP_B);
		expect(h, both[i], "SIP/2.0 491");
	}
	c_answers(h, self->who, self->other);
	put_through(h, self->who, self->other);
	hangs_up(h, C, self->other);
}

TEST_F(transfer, a_second_refer_in_the_middle_of_it_is_491)
{
	struct harness *h = &self->h;
	enum who both[] = { self->who, self->other };
	size_t i;

	referred(h, self->who);
	for (i = 0; i < 2; i++) {
		refer(h, both[i], TO_C);
		EXPECT_TRUE(header(expect(h, both[i], "SIP/2.0 491"), "Retry-After").n > 0);
	}
	c_answers(h, self->who, self->other);
	put_through(h, self->who, self->other);
	hangs_up(h, C, self->other);
}

TEST_F(transfer, the_referrer_who_hangs_up_has_done_his_part)
{
	struct harness *h = &self->h;

	referred(h, self->who);
	says_bye(h, self->who);
	EXPECT_FALSE(pending(h, self->other));
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	answer(h, C, "180 Ringing", NULL);
	is_connected_to_c(h, self->other);
	EXPECT_EQ(call_engine_sessions(h->engine), 1);
	hangs_up(h, C, self->other);
}

TEST_F(transfer, the_referrer_may_hang_up_while_the_new_media_is_being_agreed_on)
{
	struct harness *h = &self->h;

	referred(h, self->who);
	c_answers(h, self->who, self->other);
	says_bye(h, self->who);
	joins_c(h, self->other);
	hangs_up(h, C, self->other);
}

TEST_F(transfer, the_referrer_may_hang_up_before_the_kernel_has_the_new_media)
{
	struct harness *h = &self->h;

	referred(h, self->who);
	h->late = true;
	answer(h, C, "200 OK", SDP_C);
	send_request(h, self->who, "BYE", ++h->ua[self->who].cseq, NULL, NULL);
	EXPECT_FALSE(pending(h, self->other));
	while (h->ntickets)
		complete(h);
	h->late = false;
	expect(h, self->who, "SIP/2.0 200");
	expect(h, self->other, "INVITE ");
	accepts(h, self->other);
	expect(h, C, "ACK ");
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	h->ua[C].cseq = 100;
	hangs_up(h, C, self->other);
}

TEST_F(transfer, whom_nobody_waits_for_any_more_hears_that_nobody_answers)
{
	struct harness *h = &self->h;

	referred(h, self->who);
	says_bye(h, self->who);
	c_is_busy(h);
	gets_bye(h, self->other);
}

TEST_F(transfer, who_is_referred_and_hangs_up_is_not_called_for)
{
	struct harness *h = &self->h;

	referred(h, self->who);
	c_rings(h, self->who);
	says_bye(h, self->other);
	is_told_the_end(h, self->who, "487 Request Terminated");
	gets_bye(h, self->who);
	is_cancelled(h, C);
}

TEST_F(transfer, who_is_referred_and_hangs_up_while_asked_for_new_media)
{
	struct harness *h = &self->h;

	referred(h, self->who);
	c_answers(h, self->who, self->other);
	says_bye(h, self->other);
	refuses(h, self->other, "487 Request Terminated");
	is_told_the_end(h, self->who, "487 Request Terminated");
	gets_bye(h, self->who);
	expect(h, C, "ACK ");
	gets_bye(h, C);
}

TEST_F(transfer, who_answers_and_hangs_up_at_once_leaves_the_old_call)
{
	struct harness *h = &self->h;

	referred(h, self->who);
	c_answers(h, self->who, self->other);
	h->ua[C].cseq = 100;
	send_request(h, C, "BYE", ++h->ua[C].cseq, NULL, NULL);
	expect(h, C, "ACK ");
	expect(h, C, "SIP/2.0 200");
	is_told_the_end(h, self->who, "487 Request Terminated");
	accepts(h, self->other);
	/* and the old media again */
	expect(h, self->other, "INVITE ");
	accepts(h, self->other);
	expect_unharmed(h, self->who, self->other);
}

TEST_HARNESS_MAIN
