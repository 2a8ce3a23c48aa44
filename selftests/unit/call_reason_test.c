// SPDX-License-Identifier: GPL-2.0-only
/*
 * Why a call ended, in each trunk's own numbers (RFC 3326), and what was heard of it
 * (P-RTP-Stat). B's trunk says 42 for what Jalur calls 34.
 */
#include "call_harness.h"

FIXTURE(reason) {
	struct harness h;
};

OVER_EACH_PAIR(reason);

FIXTURE_SETUP(reason)
{
	struct harness *h = &self->h;
	struct call_trunk *pbx;

	harness_start_over(h, _metadata, &variant->over);
	pbx = &h->policy->trunks[1];
	pbx->causes = calloc(1, sizeof(*pbx->causes));
	pbx->causes[0] = (struct call_cause){ .ours = 34, .theirs = 42 };
	pbx->ncauses = 1;
}

FIXTURE_TEARDOWN(reason)
{
	harness_stop(&self->h);
}

TEST_F(reason, to_the_trunk_and_from_it)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;
	struct call_event event;

	call_up(h);
	send_request(h, A, "BYE", 2, "Reason: SIP;cause=200, q.850 ;cause=34 ;text=\"none left\"\r\n",
		     NULL);
	expect(h, A, "SIP/2.0 200");
	msg = expect(h, B, "BYE ");
	EXPECT_TRUE(contains(msg->bytes, "\r\nReason: SIP;cause=200\r\n"));
	EXPECT_TRUE(contains(msg->bytes, "Reason: Q.850;cause=42;text=\"none left\"\r\n"));
	reply(h, B, "200 OK", NULL);
	ASSERT_TRUE(next_event(h, CALL_EVENT_ENDED, &event));
	EXPECT_EQ(event.record->cause, 34);
	call_event_clear(&event);

	call_up(h);
	send_request(h, B, "BYE", 101, "Reason: Q.850;cause=42\r\n", NULL);
	expect(h, B, "SIP/2.0 200");
	EXPECT_TRUE(slice_eq(header(expect(h, A, "BYE "), "Reason"), SLICE("Q.850;cause=34")));
	reply(h, A, "200 OK", NULL);
	ASSERT_TRUE(next_event(h, CALL_EVENT_ENDED, &event));
	EXPECT_EQ(event.record->cause, 34);
	call_event_clear(&event);
}

TEST_F(reason, in_cancel_and_in_a_failure)
{
	struct harness *h = &self->h;

	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answer(h, B, "180 Ringing", NULL);
	expect(h, A, "SIP/2.0 180");
	send_same_branch(h, A, "CANCEL", h->branch, "Reason: Q.850;cause=34\r\n");
	expect(h, A, "SIP/2.0 200");
	expect(h, A, "SIP/2.0 487");
	send_same_branch(h, A, "ACK", h->branch, NULL);
	EXPECT_TRUE(slice_eq(header(expect(h, B, "CANCEL "), "Reason"), SLICE("Q.850;cause=42")));
	reply(h, B, "200 OK", NULL);
	answer(h, B, "487 Request Terminated", NULL);
	expect(h, B, "ACK ");

	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	reply_tagged(h, B, &h->ua[B].invite, "503 No Circuit", "b", "Reason: Q.850;cause=42\r\n", NULL);
	expect(h, B, "ACK ");
	EXPECT_TRUE(slice_eq(header(expect(h, A, "SIP/2.0 503"), "Reason"), SLICE("Q.850;cause=34")));
	send_same_branch(h, A, "ACK", h->branch, NULL);
}

/* The caller gets a failure in the numbers of its own trunk, if that has some. */
TEST_F(reason, a_failure_to_a_trunk_with_numbers_of_its_own)
{
	struct harness *h = &self->h;
	struct call_trunk *phones = &h->policy->trunks[0];

	phones->causes = calloc(1, sizeof(*phones->causes));
	phones->causes[0] = (struct call_cause){ .ours = 34, .theirs = 99 };
	phones->ncauses = 1;
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	reply_tagged(h, B, &h->ua[B].invite, "503 No Circuit", "b", "Reason: Q.850;cause=42\r\n", NULL);
	expect(h, B, "ACK ");
	EXPECT_TRUE(slice_eq(header(expect(h, A, "SIP/2.0 503"), "Reason"), SLICE("Q.850;cause=99")));
	send_same_branch(h, A, "ACK", h->branch, NULL);
}

TEST_F(reason, figures_for_the_trunk_that_wants_them)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	h->policy->trunks[1].rtp_stat = true;
	call_up(h);
	advance(h, 12 * NSEC_PER_SEC);
	send_request(h, B, "BYE", 101, "P-RTP-Stat: PS=1\r\n", NULL);
	msg = expect(h, B, "SIP/2.0 200");
	EXPECT_TRUE(contains(header(msg, "P-RTP-Stat"), "PS=")) {
		TH_LOG("%s", h->ua[B].last);
	}
	EXPECT_TRUE(contains(header(msg, "P-RTP-Stat"), ",DU=12"));
	EXPECT_FALSE(header(expect(h, A, "BYE "), "P-RTP-Stat").n);
	reply(h, A, "200 OK", NULL);

	call_up(h);
	send_request(h, A, "BYE", 2, NULL, NULL);
	EXPECT_FALSE(header(expect(h, A, "SIP/2.0 200"), "P-RTP-Stat").n);
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
}

TEST_HARNESS_MAIN
