// SPDX-License-Identifier: GPL-2.0-only
/*
 * jalurd is killed in the middle of a transfer, and another one reads what was written of the
 * calls: each of them goes on as it was before the transfer, or is the new one, and nobody is
 * left in a call with nobody. The referrer's subscription ends with a NOTIFY.
 */
#include "call_attended.h"
#include "call_restart.h"

FIXTURE(killed) {
	struct harness h;
	struct dialog first, second;
};

FIXTURE_SETUP(killed)
{
	harness_start(&self->h, _metadata);
	self->h.keeps_texts = true;
	allow_transfers(&self->h);
}

FIXTURE_TEARDOWN(killed)
{
	harness_stop(&self->h);
}

static void is_told_the_old(struct harness *h, enum who who)
{
	struct __test_metadata *_metadata = h->_metadata;
	const struct sip_msg *msg = expect(h, who, "INVITE ");

	EXPECT_TRUE(contains(msg->body, "m=audio "));
	EXPECT_FALSE(contains(msg->body, "m=audio 0 "));
	accepts(h, who);
}

/* who is called no more. */
static void gets_cancel(struct harness *h, enum who who)
{
	struct __test_metadata *_metadata = h->_metadata;
	const struct sip_msg *msg = expect(h, who, "CANCEL "), *invite = &h->ua[who].invite;

	EXPECT_TRUE(slice_eq(msg->via.value, invite->via.value));
	EXPECT_TRUE(slice_eq(msg->ruri, invite->ruri));
	EXPECT_TRUE(slice_eq(msg->call_id, invite->call_id));
	EXPECT_EQ(msg->cseq, invite->cseq);
	EXPECT_TRUE(contains(header(msg, "Reason"), "transfer failed"));
	reply(h, who, "200 OK", NULL);
}

static void rings_no_more(struct harness *h, enum who who)
{
	gets_cancel(h, who);
	refuses(h, who, "487 Request Terminated");
}

/* ... while a transfer that who asked for is under way: he hears that it is no more. */
static void interrupt(struct harness *h, enum who who)
{
	restart(h);
	is_told_the_end(h, who, "503 Service Unavailable");
}

static void go_on(struct harness *h, enum who who, enum who other)
{
	reinvites(h, who, other);
	hangs_up(h, who, other);
}

TEST_F(killed, while_the_target_rings_the_call_returns)
{
	struct harness *h = &self->h;

	call_up(h);
	referred(h, B);
	c_rings(h, B);
	interrupt(h, B);
	rings_no_more(h, C);
	EXPECT_FALSE(pending(h, A));
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	go_on(h, A, B);
}

TEST_F(killed, the_call_that_was_to_be_has_a_record)
{
	struct harness *h = &self->h;
	struct call_event event;

	call_up(h);
	referred(h, B);
	interrupt(h, B);
	rings_no_more(h, C);
	ASSERT_TRUE(next_event(h, CALL_EVENT_ENDED, &event));
	EXPECT_STREQ(event.reason, "a transfer was interrupted");
	call_event_clear(&event);
	go_on(h, A, B);
}

TEST_F(killed, before_the_target_says_anything_it_is_cancelled_too)
{
	struct harness *h = &self->h;

	call_up(h);
	referred(h, B);
	interrupt(h, B);
	rings_no_more(h, C);
	go_on(h, A, B);
}

TEST_F(killed, the_target_that_has_answered_meanwhile_gets_bye)
{
	struct harness *h = &self->h;

	call_up(h);
	referred(h, B);
	interrupt(h, B);
	gets_cancel(h, C);
	answer(h, C, "200 OK", SDP_C);
	EXPECT_TRUE(contains(expect(h, C, "ACK ")->body, "m=audio 0 "));
	gets_bye(h, C);
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	go_on(h, A, B);
}

TEST_F(killed, the_target_that_has_refused_meanwhile_gets_its_ack)
{
	struct harness *h = &self->h;

	call_up(h);
	referred(h, B);
	interrupt(h, B);
	expect(h, C, "CANCEL ");
	reply(h, C, "200 OK", NULL);
	c_is_busy(h);
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	go_on(h, A, B);
}

TEST_F(killed, a_target_that_is_silent_is_not_waited_for)
{
	struct harness *h = &self->h;

	call_up(h);
	referred(h, B);
	interrupt(h, B);
	advance(h, 40 * NSEC_PER_SEC);
	expect_repeats(h, C, 2);
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	go_on(h, A, B);
}

TEST_F(killed, and_again_before_the_target_has_heard_of_it)
{
	struct harness *h = &self->h;

	call_up(h);
	referred(h, B);
	c_rings(h, B);
	interrupt(h, B);
	expect(h, C, "CANCEL ");
	restart(h);
	rings_no_more(h, C);
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	go_on(h, A, B);
}

TEST_F(killed, after_the_target_was_cancelled_it_is_cancelled_again)
{
	struct harness *h = &self->h;

	call_up(h);
	referred(h, B);
	c_rings(h, B);
	says_bye(h, A);
	is_told_the_end(h, B, "487 Request Terminated");
	gets_bye(h, B);
	expect(h, C, "CANCEL ");
	restart(h);
	rings_no_more(h, C);
	EXPECT_EQ(call_engine_calls(h->engine), 0);
}

TEST_F(killed, while_the_other_is_asked_he_is_told_the_old_media_again)
{
	struct harness *h = &self->h;
	unsigned long long session[2], version[2];
	const char *o;

	call_up(h);
	referred(h, B);
	c_answers(h, B, A);
	o = memmem(h->ua[A].invite.body.p, h->ua[A].invite.body.n, "o=- ", 4);
	ASSERT_EQ(sscanf(o, "o=- %llu %llu", &session[0], &version[0]), 2);
	restart(h);
	is_told_the_old(h, A);
	o = memmem(h->ua[A].invite.body.p, h->ua[A].invite.body.n, "o=- ", 4);
	ASSERT_EQ(sscanf(o, "o=- %llu %llu", &session[1], &version[1]), 2);
	EXPECT_EQ(session[0], session[1]);
	EXPECT_GT(version[1], version[0]);
	is_told_the_end(h, B, "503 Service Unavailable");
	/* C's part has ended */
	gets_bye(h, C);
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	go_on(h, A, B);
}

/* He took the new media, and would end the call for want of an ACK. */
TEST_F(killed, the_other_who_had_answered_already_is_not_lost)
{
	struct harness *h = &self->h;
	u32 cseq, i;

	call_up(h);
	referred(h, B);
	c_answers(h, B, A);
	cseq = h->ua[A].invite.cseq;
	restart(h);
	/* once more, for the ACK may get lost */
	for (i = 0; i < 2; i++)
		answer(h, A, "200 OK", SDP_A);
	EXPECT_GT(expect(h, A, "INVITE ")->cseq, cseq);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(expect(h, A, "ACK ")->cseq, cseq);
		EXPECT_EQ(h->ua[A].msg.body.n, 0);
	}
	answer(h, A, "200 OK", SDP_A);
	EXPECT_GT(expect(h, A, "ACK ")->cseq, cseq);
	expect_notify(h, B, "terminated;reason=noresource", "503 Service Unavailable");
	gets_bye(h, C);
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	go_on(h, A, B);
}

TEST_F(killed, who_has_not_answered_the_offer_of_before_is_told_again_later)
{
	struct harness *h = &self->h;

	call_up(h);
	referred(h, B);
	c_answers(h, B, A);
	restart(h);
	expect(h, A, "INVITE ");
	reply_tagged(h, A, &h->ua[A].invite, "500 Server Internal Error", h->ua[A].local_tag,
		     "Retry-After: 7\r\n", NULL);
	expect(h, A, "ACK ");
	is_told_the_end(h, B, "503 Service Unavailable");
	gets_bye(h, C);
	advance(h, 9 * NSEC_PER_SEC);
	EXPECT_FALSE(pending(h, A));
	advance(h, NSEC_PER_SEC);
	is_told_the_old(h, A);
	go_on(h, A, B);
}

TEST_F(killed, when_it_is_done_the_referrer_is_told_so_and_let_go)
{
	struct harness *h = &self->h;

	call_up(h);
	referred(h, B);
	c_answers(h, B, A);
	accepts(h, A);
	expect(h, C, "ACK ");
	expect(h, B, "NOTIFY ");
	restart(h);
	/* the one before was not answered, and so it was the last */
	gets_bye(h, B);
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	go_on(h, C, A);
}

TEST_F(killed, when_it_is_done_and_the_referrer_does_not_know_yet_he_is_told)
{
	struct harness *h = &self->h;

	call_up(h);
	refer(h, B, TO_C);
	expect(h, B, "SIP/2.0 202");
	expect(h, B, "NOTIFY ");
	expect(h, C, "INVITE ");
	answer(h, C, "200 OK", SDP_C);
	expect(h, A, "INVITE ");
	accepts(h, A);
	expect(h, C, "ACK ");
	EXPECT_FALSE(pending(h, B));
	restart(h);
	is_let_go(h, B);
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	go_on(h, C, A);
}

TEST_F(killed, when_the_referrer_has_hung_up_the_other_is_not_left_alone)
{
	struct harness *h = &self->h;

	call_up(h);
	referred(h, B);
	says_bye(h, B);
	answer(h, C, "180 Ringing", NULL);
	restart(h);
	gets_bye(h, A);
	rings_no_more(h, C);
	EXPECT_EQ(call_engine_calls(h->engine), 0);
	EXPECT_EQ(h->nstored, 0);
}

TEST_F(killed, the_next_refer_after_it_has_its_number_as_id)
{
	struct harness *h = &self->h;

	call_up(h);
	referred(h, B);
	interrupt(h, B);
	rings_no_more(h, C);
	referred(h, B);
	EXPECT_TRUE(slice_begins(header(&h->ua[B].msg, "Event"), SLICE("refer;id=")));
	c_is_busy(h);
	is_told_the_end(h, B, "486 Busy Here");
	hang_up(h, A);
}

/* --- attended --- */

static void both_go_on(struct harness *h, struct dialog *first, struct dialog *second)
{
	struct __test_metadata *_metadata = h->_metadata;

	EXPECT_EQ(call_engine_calls(h->engine), 2);
	use_dialog(&h->ua[A], first);
	go_on(h, A, B);
	use_dialog(&h->ua[A], second);
	go_on(h, A, C);
}

static const bool called_neither[2];

TEST_F(killed, before_the_one_to_join_offers_both_calls_return)
{
	struct harness *h = &self->h;

	two_calls(h, called_neither, &self->first, &self->second);
	join_taken(h, &self->first, &self->second);
	restart(h);
	is_told_the_old(h, C);
	is_told_the_end(h, A, "503 Service Unavailable");
	EXPECT_FALSE(pending(h, B));
	both_go_on(h, &self->first, &self->second);
}

TEST_F(killed, while_the_new_media_is_being_agreed_on_both_calls_return)
{
	struct harness *h = &self->h;

	two_calls(h, called_neither, &self->first, &self->second);
	join_taken(h, &self->first, &self->second);
	c_offers(h, &self->first, &self->second);
	restart(h);
	is_told_the_old(h, B);
	is_told_the_old(h, C);
	is_told_the_end(h, A, "503 Service Unavailable");
	both_go_on(h, &self->first, &self->second);
}

TEST_F(killed, when_the_referrer_has_hung_up_both_neither_is_left_alone)
{
	struct harness *h = &self->h;

	two_calls(h, called_neither, &self->first, &self->second);
	join_taken(h, &self->first, &self->second);
	a_leaves(h, &self->second);
	a_leaves(h, &self->first);
	restart(h);
	gets_bye(h, B);
	gets_bye(h, C);
	EXPECT_EQ(call_engine_calls(h->engine), 0);
}

TEST_F(killed, when_the_two_are_joined_the_referrer_is_let_go_in_both_calls)
{
	struct harness *h = &self->h;

	two_calls(h, called_neither, &self->first, &self->second);
	join_taken(h, &self->first, &self->second);
	c_offers(h, &self->first, &self->second);
	b_answers(h);
	expect(h, A, "BYE ");
	expect(h, A, "NOTIFY ");
	restart(h);
	gets_bye(h, A);
	gets_bye(h, A);
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	go_on(h, C, B);
}

TEST_HARNESS_MAIN
