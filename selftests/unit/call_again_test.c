// SPDX-License-Identifier: GPL-2.0-only
/*
 * jalurd is killed while a request inside of a call waits for its answer. Its sender knows
 * nothing of that and sends it again, to the next jalurd, which has what was written of the
 * call: it is answered as if nothing had happened, and whoever has it already is not asked for
 * another one.
 */
#include "call_refer_pass.h"
#include "call_restart.h"

#define ACTIVE "active;expires=60"
#define LAST "terminated;reason=noresource"
#define DTMF "Content-Type: application/dtmf-relay\r\n"

FIXTURE(again) {
	struct harness h;
	char branch[64];	/* of what the other party has */
};

FIXTURE_SETUP(again)
{
	harness_start(&self->h, _metadata);
	self->h.keeps_texts = true;
}

FIXTURE_TEARDOWN(again)
{
	harness_stop(&self->h);
}

#define SELF FIXTURE_DATA(again) *self

static void up(struct harness *h)
{
	call_up(h);
	h->ua[A].cseq = 40;		/* not what B's dialog is at */
}

/* The next jalurd; A knows nothing of it. */
static void killed(SELF)
{
	copy_slice(self->branch, sizeof(self->branch), self->h.ua[B].msg.via.branch);
	restart(&self->h);
}

/* What who sent as branch and number comes again. */
static void repeat(struct harness *h, enum who who, u32 branch, u32 cseq, const char *method,
		   const char *lines, const char *body)
{
	u32 next = h->branch;

	h->branch = branch - 1;
	send_request(h, who, method, cseq, lines, body);
	h->branch = next;
}

/* B gets what it has already, byte for byte as far as its transactions look. */
static void is_the_same(SELF, const char *method, u32 cseq)
{
	struct __test_metadata *_metadata = self->h._metadata;
	const struct sip_msg *msg = expect(&self->h, B, method);

	EXPECT_EQ(msg->cseq, cseq);
	EXPECT_TRUE(slice_eq(msg->via.branch, slice_str(self->branch)));
}

static void message(struct harness *h, const char *text)
{
	send_request(h, A, "MESSAGE", ++h->ua[A].cseq, "Content-Type: text/plain\r\n", text);
}

static void repeat_message(struct harness *h, u32 branch, u32 cseq, const char *text)
{
	repeat(h, A, branch, cseq, "MESSAGE", "Content-Type: text/plain\r\n", text);
}

/* --- what goes to the other party --- */

TEST_F(again, a_message_that_he_has_is_not_another_one)
{
	struct harness *h = &self->h;
	u32 cseq;

	up(h);
	message(h, "hello");
	cseq = expect(h, B, "MESSAGE ")->cseq;
	killed(self);
	repeat_message(h, h->branch, h->ua[A].cseq, "hello");
	is_the_same(self, "MESSAGE ", cseq);
	EXPECT_TRUE(slice_eq(h->ua[B].msg.body, SLICE("hello")));
	reply(h, B, "202 Accepted", NULL);
	expect(h, A, "SIP/2.0 202");
	message(h, "and on");
	EXPECT_GT(expect(h, B, "MESSAGE ")->cseq, cseq);
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	hang_up(h, A);
}

TEST_F(again, an_info_of_the_callee_too)
{
	struct harness *h = &self->h;
	u32 cseq;

	up(h);
	send_request(h, B, "INFO", ++h->ua[B].cseq, DTMF, "Signal=1");
	cseq = expect(h, A, "INFO ")->cseq;
	copy_slice(self->branch, sizeof(self->branch), h->ua[A].msg.via.branch);
	restart(h);
	repeat(h, B, h->branch, 101, "INFO", DTMF, "Signal=1");
	EXPECT_EQ(expect(h, A, "INFO ")->cseq, cseq);
	EXPECT_TRUE(slice_eq(h->ua[A].msg.via.branch, slice_str(self->branch)));
	reply(h, A, "200 OK", NULL);
	expect(h, B, "SIP/2.0 200");
	hang_up(h, A);
}

TEST_F(again, several_come_in_any_order)
{
	struct harness *h = &self->h;
	u32 cseq[2], branch, i;

	up(h);
	branch = h->branch;
	for (i = 0; i < 2; i++) {
		message(h, i ? "two" : "one");
		cseq[i] = expect(h, B, "MESSAGE ")->cseq;
	}
	killed(self);
	repeat_message(h, branch + 2, h->ua[A].cseq, "two");
	is_the_same(self, "MESSAGE ", cseq[1]);
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	repeat_message(h, branch + 1, h->ua[A].cseq - 1, "one");
	EXPECT_EQ(expect(h, B, "MESSAGE ")->cseq, cseq[0]);
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	hang_up(h, A);
}

TEST_F(again, what_is_asked_meanwhile_is_no_obstacle)
{
	struct harness *h = &self->h;
	u32 cseq, branch;

	up(h);
	branch = h->branch + 1;
	message(h, "hello");
	cseq = expect(h, B, "MESSAGE ")->cseq;
	killed(self);
	message(h, "and on");
	EXPECT_GT(expect(h, B, "MESSAGE ")->cseq, cseq);
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	repeat_message(h, branch, h->ua[A].cseq - 1, "hello");
	is_the_same(self, "MESSAGE ", cseq);
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	hang_up(h, A);
}

TEST_F(again, killed_twice_before_it_comes)
{
	struct harness *h = &self->h;
	u32 cseq;

	up(h);
	message(h, "hello");
	cseq = expect(h, B, "MESSAGE ")->cseq;
	killed(self);
	restart(h);
	repeat_message(h, h->branch, h->ua[A].cseq, "hello");
	is_the_same(self, "MESSAGE ", cseq);
	restart(h);
	repeat_message(h, h->branch, h->ua[A].cseq, "hello");
	is_the_same(self, "MESSAGE ", cseq);
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	hang_up(h, A);
}

/* B has not got it, and wants to know who we are: then it is another one. */
TEST_F(again, one_that_is_challenged)
{
	struct harness *h = &self->h;
	u32 cseq;

	ASSERT_EQ(call_trunk_set_credentials(&h->policy->trunks[1], strdup("jalur"),
					     strdup("secret"), strdup("pbx")), 0);
	up(h);
	message(h, "hello");
	expect(h, B, "MESSAGE ");
	reply_tagged(h, B, &h->ua[B].msg, "407 Proxy Authentication Required", h->ua[B].local_tag,
		     "Proxy-Authenticate: Digest realm=\"pbx\", nonce=\"1\", qop=\"auth\"\r\n", NULL);
	cseq = expect(h, B, "MESSAGE ")->cseq;
	killed(self);
	repeat_message(h, h->branch, h->ua[A].cseq, "hello");
	is_the_same(self, "MESSAGE ", cseq);
	reply_tagged(h, B, &h->ua[B].msg, "407 Proxy Authentication Required", h->ua[B].local_tag,
		     "Proxy-Authenticate: Digest realm=\"pbx\", nonce=\"2\", qop=\"auth\"\r\n", NULL);
	EXPECT_GT(expect(h, B, "MESSAGE ")->cseq, cseq);
	EXPECT_TRUE(header(&h->ua[B].msg, "Proxy-Authorization").n > 0);
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	hang_up(h, A);
}

/* --- REFER that passes --- */

TEST_F(again, a_refer_that_he_has_is_not_another_one)
{
	struct harness *h = &self->h;
	u32 far, near;

	let_refers_pass(h);
	up(h);
	far = passes(h, A, B, TO_C);
	near = h->ua[A].cseq;
	killed(self);
	repeat(h, A, h->branch, near, "REFER", TO_C, NULL);
	is_the_same(self, "REFER ", far);
	reply(h, B, "202 Accepted", NULL);
	expect(h, A, "SIP/2.0 202");
	send_notify(h, B, far, LAST, "200 OK");
	is_told(h, A, B, near, LAST, "200 OK");
	is_unknown(h, B, A, far);
	hang_up(h, A);
}

TEST_F(again, a_refer_that_he_refuses)
{
	struct harness *h = &self->h;
	u32 far, near;

	let_refers_pass(h);
	up(h);
	far = passes(h, A, B, TO_C);
	near = h->ua[A].cseq;
	killed(self);
	repeat(h, A, h->branch, near, "REFER", TO_C, NULL);
	is_the_same(self, "REFER ", far);
	reply(h, B, "603 Decline", NULL);
	expect(h, A, "SIP/2.0 603");
	is_unknown(h, B, A, far);
	hang_up(h, A);
}

TEST_F(again, a_refer_that_he_has_taken_is_taken)
{
	struct harness *h = &self->h;
	u32 far, near;

	let_refers_pass(h);
	up(h);
	far = b_is_referred(h, TO_C);
	near = h->ua[A].cseq;
	restart(h);
	repeat(h, A, h->branch, near, "REFER", TO_C, NULL);
	expect(h, A, "SIP/2.0 202");
	EXPECT_FALSE(pending(h, B));
	send_notify(h, B, far, LAST, "200 OK");
	is_told(h, A, B, near, LAST, "200 OK");
	hang_up(h, A);
}

TEST_F(again, the_last_word_on_it_is_not_lost)
{
	struct harness *h = &self->h;
	char lines[256];
	u32 far, near, cseq;

	let_refers_pass(h);
	up(h);
	far = b_is_referred(h, TO_C);
	near = h->ua[A].cseq;
	send_notify(h, B, far, LAST, "200 OK");
	cseq = expect(h, A, "NOTIFY ")->cseq;
	restart(h);
	snprintf(lines, sizeof(lines), "Event: refer;id=%u\r\nSubscription-State: " LAST "\r\n"
		 FRAGMENT, far);
	repeat(h, B, h->branch, 101, "NOTIFY", lines, "SIP/2.0 200 OK\r\n");
	is_told(h, A, B, near, LAST, "200 OK");
	EXPECT_EQ(h->ua[A].msg.cseq, cseq);
	is_unknown(h, B, A, far);
	h->ua[A].cseq = 60;
	hang_up(h, A);
}

TEST_F(again, after_the_last_word_nothing_is_said)
{
	struct harness *h = &self->h;
	u32 far;

	let_refers_pass(h);
	up(h);
	far = b_is_referred(h, TO_C);
	send_notify(h, B, far, LAST, "200 OK");
	expect(h, A, "NOTIFY ");
	is_unknown(h, B, A, far);
	restart(h);
	is_unknown(h, B, A, far);
	h->ua[A].cseq = 60;
	hang_up(h, A);
}

/* --- REFER that is ours --- */

TEST_F(again, a_refer_that_is_carried_out_is_not_carried_out_twice)
{
	struct harness *h = &self->h;
	u32 branch;

	allow_transfers(h);
	up(h);
	branch = h->branch + 1;
	refer(h, A, TO_C);
	expect(h, A, "SIP/2.0 202");
	EXPECT_EQ(expect(h, A, "NOTIFY ")->body.n, strlen("SIP/2.0 100 Trying\r\n"));
	expect(h, C, "INVITE ");
	restart(h);
	expect(h, C, "CANCEL ");
	reply(h, C, "200 OK", NULL);
	answer(h, C, "487 Request Terminated", NULL);
	expect(h, C, "ACK ");
	expect_notify(h, A, LAST, "503 Service Unavailable");
	repeat(h, A, branch, 41, "REFER", TO_C, NULL);
	expect(h, A, "SIP/2.0 202");
	EXPECT_FALSE(pending(h, A));
	EXPECT_FALSE(pending(h, C));
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	h->ua[A].cseq = 60;
	hang_up(h, A);
}

/* What is told of it has a number that was not used. */
TEST_F(again, our_own_numbers_go_on)
{
	struct harness *h = &self->h;
	u32 cseq;

	allow_transfers(h);
	up(h);
	refer(h, A, TO_C);
	expect(h, A, "SIP/2.0 202");
	expect(h, A, "NOTIFY ");
	reply(h, A, "200 OK", NULL);
	expect(h, C, "INVITE ");
	answer(h, C, "180 Ringing", NULL);
	cseq = expect(h, A, "NOTIFY ")->cseq;
	restart(h);
	EXPECT_GT(expect(h, A, "NOTIFY ")->cseq, cseq);
	reply(h, A, "200 OK", NULL);
	expect(h, C, "CANCEL ");
	reply(h, C, "200 OK", NULL);
	answer(h, C, "487 Request Terminated", NULL);
	expect(h, C, "ACK ");
	h->ua[A].cseq = 60;
	hang_up(h, A);
}

/* --- what is asked anew --- */

TEST_F(again, an_offer)
{
	struct harness *h = &self->h;
	u32 cseq;

	up(h);
	send_request(h, A, "INVITE", ++h->ua[A].cseq, NULL, SDP_A);
	expect(h, A, "SIP/2.0 100");
	cseq = expect(h, B, "INVITE ")->cseq;
	restart(h);
	repeat(h, A, h->branch, h->ua[A].cseq, "INVITE", NULL, SDP_A);
	expect(h, A, "SIP/2.0 100");
	EXPECT_GT(expect(h, B, "INVITE ")->cseq, cseq);
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	send_ack(h, A);
	hang_up(h, A);
}

/* B waits for an ACK, without which he would hang up. */
TEST_F(again, an_offer_that_he_has_answered)
{
	struct harness *h = &self->h;
	u32 cseq;

	up(h);
	send_request(h, A, "INVITE", ++h->ua[A].cseq, NULL, SDP_A);
	expect(h, A, "SIP/2.0 100");
	cseq = expect(h, B, "INVITE ")->cseq;
	restart(h);
	answer(h, B, "200 OK", SDP_B);
	EXPECT_EQ(expect(h, B, "ACK ")->cseq, cseq);
	EXPECT_FALSE(pending(h, A));
	repeat(h, A, h->branch, h->ua[A].cseq, "INVITE", NULL, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answer(h, B, "200 OK", SDP_B);
	EXPECT_GT(expect(h, B, "ACK ")->cseq, cseq);
	expect(h, A, "SIP/2.0 200");
	send_ack(h, A);
	hang_up(h, A);
}

TEST_F(again, an_update)
{
	struct harness *h = &self->h;

	up(h);
	send_request(h, A, "UPDATE", ++h->ua[A].cseq, NULL, NULL);
	expect(h, A, "SIP/2.0 200");
	restart(h);
	repeat(h, A, h->branch, h->ua[A].cseq, "UPDATE", NULL, NULL);
	expect(h, A, "SIP/2.0 200");
	EXPECT_FALSE(pending(h, B));
	hang_up(h, A);
}

TEST_F(again, an_update_with_an_offer)
{
	struct harness *h = &self->h;
	u32 cseq;

	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	reply_tagged(h, B, &h->ua[B].invite, "200 OK", h->ua[B].local_tag,
		     "Allow: INVITE, ACK, BYE, UPDATE\r\n", SDP_B);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	send_request(h, A, "UPDATE", ++h->ua[A].cseq, NULL, SDP_A_HOLD);
	cseq = expect(h, B, "UPDATE ")->cseq;
	restart(h);
	repeat(h, A, h->branch, h->ua[A].cseq, "UPDATE", NULL, SDP_A_HOLD);
	EXPECT_GT(expect(h, B, "UPDATE ")->cseq, cseq);
	reply(h, B, "200 OK", SDP_B_HOLD);
	expect(h, A, "SIP/2.0 200");
	hang_up(h, A);
}

TEST_F(again, a_question)
{
	struct harness *h = &self->h;

	up(h);
	send_request(h, A, "OPTIONS", ++h->ua[A].cseq, NULL, NULL);
	expect(h, B, "OPTIONS ");
	restart(h);
	repeat(h, A, h->branch, h->ua[A].cseq, "OPTIONS", NULL, NULL);
	expect(h, B, "OPTIONS ");
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	hang_up(h, A);
}

TEST_F(again, a_bye)
{
	struct harness *h = &self->h;

	up(h);
	h->late = true;
	send_request(h, A, "BYE", ++h->ua[A].cseq, NULL, NULL);
	expect(h, B, "BYE ");
	EXPECT_FALSE(pending(h, A));
	h->late = false;
	h->ntickets = 0;
	restart(h);
	repeat(h, A, h->branch, h->ua[A].cseq, "BYE", NULL, NULL);
	expect(h, A, "SIP/2.0 200");
	expect(h, B, "BYE ");
	reply(h, B, "481 Call/Transaction Does Not Exist", NULL);
}

/* --- and what is not --- */

TEST_F(again, it_is_taken_once_and_nothing_older_is)
{
	struct harness *h = &self->h;
	u32 branch, cseq;

	up(h);
	branch = h->branch + 2;
	message(h, "old");
	expect(h, B, "MESSAGE ");
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	message(h, "hello");
	cseq = expect(h, B, "MESSAGE ")->cseq;
	killed(self);
	repeat_message(h, branch - 1, h->ua[A].cseq - 1, "old");
	expect(h, A, "SIP/2.0 500");
	repeat_message(h, branch, h->ua[A].cseq, "hello");
	is_the_same(self, "MESSAGE ", cseq);
	repeat_message(h, branch, h->ua[A].cseq, "hello");
	EXPECT_FALSE(pending(h, A) || pending(h, B));
	repeat_message(h, ++h->branch, h->ua[A].cseq, "hello");
	expect(h, A, "SIP/2.0 500");
	EXPECT_FALSE(pending(h, B));
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	hang_up(h, A);
}

TEST_F(again, in_a_dialog_that_no_restart_has_touched_nothing_is)
{
	struct harness *h = &self->h;

	up(h);
	message(h, "hello");
	expect(h, B, "MESSAGE ");
	repeat_message(h, ++h->branch, h->ua[A].cseq, "hello");
	expect(h, A, "SIP/2.0 500");
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	repeat_message(h, ++h->branch, h->ua[A].cseq, "hello");
	expect(h, A, "SIP/2.0 500");
	EXPECT_FALSE(pending(h, B));
	hang_up(h, A);
}

/* --- the record --- */

/* What is written of it is taken for bytes from outside. */
TEST_F(again, what_is_wrong_in_the_record_is_named)
{
	static const char *const wrong[][3] = {
		{ "\"carried\":[", "\"carried\":[7,", "carried" },
		{ "\"callee\":false", "\"callee\":0", "callee" },
		{ "\"near\":", "\"nears\":", "near" }, { "\"far\":", "\"far\":-", "far" },
		{ "\"far\":", "\"far\":999999", "far" },
		{ "\"branch\":\"z9hG4bK", "\"branch\":\"z9hG4bJ", "branch" },
		{ "\"branch\":\"z9hG4bK", "\"branch\":\"z9hG4bK ", "branch" },
	};
	struct harness *h = &self->h;
	char *saved, text[8192], *at;
	size_t i;
	u64 id;

	up(h);
	message(h, "hello");
	expect(h, B, "MESSAGE ");
	saved = strdup(h->texts[0]);
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	hang_up(h, A);
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		at = strstr(saved, wrong[i][0]);
		ASSERT_NE(at, NULL);
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - saved), saved, wrong[i][1],
			 at + strlen(wrong[i][0]));
		EXPECT_STREQ(call_engine_restore(h->engine, h->now,
						 1700000000 * NSEC_PER_SEC + h->now,
						 slice_str(text), &id), wrong[i][2]);
	}
	free(saved);
}

TEST_HARNESS_MAIN
