// SPDX-License-Identifier: GPL-2.0-only
/*
 * OPTIONS: outside a call, what Jalur can do; inside, what the other party can do
 * through it, and whether it is still there.
 */
#include "call_harness.h"

FIXTURE(options) {
	struct harness h;
};

OVER_EACH_PAIR(options);

FIXTURE_SETUP(options)
{
	harness_start_over(&self->h, _metadata, &variant->over);
}

FIXTURE_TEARDOWN(options)
{
	harness_stop(&self->h);
}

#define METHODS "INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, UPDATE, INFO, MESSAGE"

static const struct sip_msg *ours(struct harness *h, const struct sip_msg *msg)
{
	struct __test_metadata *_metadata = h->_metadata;

	EXPECT_TRUE(slice_eq(header(msg, "Allow"), SLICE(METHODS)));
	EXPECT_TRUE(slice_eq(header(msg, "Supported"), SLICE("100rel, timer, replaces")));
	EXPECT_TRUE(contains(header(msg, "Accept"), "application/sdp"));
	EXPECT_FALSE(header(msg, "Allow-Events").n);
	return msg;
}

TEST_F(options, outside_a_call_what_we_can_do)
{
	struct harness *h = &self->h;

	begin_dialog(h, A, "4930123");
	send_request(h, A, "OPTIONS", 1, NULL, NULL);
	ours(h, expect(h, A, "SIP/2.0 200"));
}

/* What is in Allow is answered with something else than 405 or 501. */
TEST_F(options, inside_a_call_what_the_other_one_can_do_through_us)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	call_up(h);
	send_request(h, A, "OPTIONS", 2, NULL, NULL);
	EXPECT_FALSE(pending(h, A));
	msg = expect(h, B, "OPTIONS ");
	EXPECT_FALSE(contains(msg->bytes, IP_A));
	reply_tagged(h, B, msg, "200 OK", "b", "Allow: INVITE, ACK, BYE, CANCEL, UPDATE, INFO\r\n"
		     "Supported: timer, path\r\nAllow-Events: talk\r\nAccept-Language: de\r\n", NULL);
	msg = expect(h, A, "SIP/2.0 200");
	EXPECT_TRUE(slice_eq(header(msg, "Allow"), SLICE("INVITE, ACK, BYE, CANCEL, UPDATE, INFO")));
	EXPECT_TRUE(slice_eq(header(msg, "Supported"), SLICE("timer")));
	EXPECT_TRUE(slice_eq(header(msg, "Accept-Language"), SLICE("de")));
	EXPECT_FALSE(header(msg, "Allow-Events").n);
	h->ua[A].cseq = 2;
	hang_up(h, A);
}

TEST_F(options, from_the_callee_and_refused)
{
	struct harness *h = &self->h;

	call_up(h);
	send_request(h, B, "OPTIONS", 101, NULL, NULL);
	expect(h, A, "OPTIONS ");
	reply(h, A, "486 Busy Here", NULL);
	expect(h, B, "SIP/2.0 486");
	h->ua[B].cseq = 101;
	hang_up(h, B);
}

TEST_F(options, a_second_one_meanwhile_is_ours)
{
	struct harness *h = &self->h;

	call_up(h);
	send_request(h, A, "OPTIONS", 2, NULL, NULL);
	expect(h, B, "OPTIONS ");
	send_request(h, A, "OPTIONS", 3, NULL, NULL);
	ours(h, expect(h, A, "SIP/2.0 200"));
	reply(h, B, "200 OK", NULL);
	ours(h, expect(h, A, "SIP/2.0 200"));
	h->ua[A].cseq = 3;
	hang_up(h, A);
}

TEST_F(options, a_party_that_is_gone_ends_the_call)
{
	struct harness *h = &self->h;

	call_up(h);
	send_request(h, A, "OPTIONS", 2, NULL, NULL);
	expect(h, B, "OPTIONS ");
	reply(h, B, "481 Call/Transaction Does Not Exist", NULL);
	expect(h, A, "SIP/2.0 487");
	EXPECT_TRUE(contains(header(expect(h, A, "BYE "), "Reason"), "dialog lost"));
	reply(h, A, "200 OK", NULL);
}

TEST_F(options, hanging_up_does_not_wait_for_the_answer)
{
	struct harness *h = &self->h;

	call_up(h);
	send_request(h, A, "OPTIONS", 2, NULL, NULL);
	expect(h, B, "OPTIONS ");
	send_request(h, A, "BYE", 3, NULL, NULL);
	expect(h, A, "SIP/2.0 487");
	expect(h, A, "SIP/2.0 200");
	reply(h, B, "200 OK", NULL);
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
}

TEST_HARNESS_MAIN
