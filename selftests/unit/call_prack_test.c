// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reliable provisional responses (RFC 3262), on each leg for itself: asked for,
 * possible or unknown here and there.
 */
#include "call_harness.h"

#define RELIABLE(rseq) "Require: 100rel\r\nRSeq: " #rseq "\r\n"

FIXTURE(prack) {
	struct harness h;
};

OVER_EACH_PAIR(prack);

FIXTURE_SETUP(prack)
{
	harness_start_over(&self->h, _metadata, &variant->over);
}

FIXTURE_TEARDOWN(prack)
{
	harness_stop(&self->h);
}

/* A calls, saying this of 100rel. */
static void begin(struct harness *h, const char *says)
{
	begin_dialog(h, A, "4930123");
	send_request(h, A, "INVITE", 1, says, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
}

static void progress(struct harness *h, const char *status, const char *extra, const char *sdp)
{
	reply_tagged(h, B, &h->ua[B].invite, status, h->ua[B].local_tag, extra, sdp);
}

/* B gets the PRACK of this response, and answers it. */
static void acknowledged(struct harness *h, const char *rack)
{
	struct __test_metadata *_metadata = h->_metadata;

	EXPECT_TRUE(slice_eq(header(expect(h, B, "PRACK "), "RAck"), slice_str(rack)));
	reply(h, B, "200 OK", NULL);
}

/* A sends the PRACK of the response that it took last. */
static void send_prack(struct harness *h, const char *sdp)
{
	struct ua *ua = &h->ua[A];
	char rack[128];

	learn(ua, &ua->msg);
	snprintf(rack, sizeof(rack), "RAck: " SLICE_FMT " 1 INVITE\r\n",
		 SLICE_ARG(header(&ua->msg, "RSeq")));
	send_request(h, A, "PRACK", ++ua->cseq, rack, sdp);
}

static bool is_reliable(struct harness *h)
{
	return contains(header(&h->ua[A].msg, "Require"), "100rel") &&
	       header(&h->ua[A].msg, "RSeq").n;
}

static void end(struct harness *h)
{
	hang_up(h, A);
}

static void answered(struct harness *h, bool sdp)
{
	struct __test_metadata *_metadata = h->_metadata;
	struct call_view view;

	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	EXPECT_EQ(h->ua[A].msg.body.n > 0, sdp);
	learn(&h->ua[A], &h->ua[A].msg);
	send_request(h, A, "ACK", 1, NULL, NULL);
	ASSERT_TRUE(view_call(h, &view));
	EXPECT_EQ(view.state, CALL_UP);
	EXPECT_EQ(view.plan->nflows, 4);
	h->ua[B].cseq = 100;
}

TEST_F(prack, the_callee_alone)
{
	struct harness *h = &self->h;

	begin(h, NULL);
	EXPECT_TRUE(contains(header(&h->ua[B].invite, "Supported"), "100rel"));
	progress(h, "183 Session Progress", RELIABLE(7), SDP_B);
	acknowledged(h, "7 1 INVITE");
	expect(h, A, "SIP/2.0 183");
	EXPECT_FALSE(is_reliable(h));
	EXPECT_TRUE(contains(h->ua[A].msg.body, "m=audio "));
	/* The answer was in the 183; the caller has it for sure with the 200. */
	progress(h, "200 OK", NULL, NULL);
	answered(h, true);
	end(h);
}

TEST_F(prack, both)
{
	struct harness *h = &self->h;

	begin(h, "Supported: 100rel\r\n");
	progress(h, "183 Session Progress", RELIABLE(1), SDP_B);
	acknowledged(h, "1 1 INVITE");
	expect(h, A, "SIP/2.0 183");
	EXPECT_TRUE(is_reliable(h));
	send_prack(h, NULL);
	expect(h, A, "SIP/2.0 200");
	progress(h, "200 OK", NULL, NULL);
	answered(h, false);
	end(h);
}

TEST_F(prack, the_caller_alone_and_it_requires_it)
{
	struct harness *h = &self->h;

	begin(h, "Require: 100rel\r\n");
	progress(h, "180 Ringing", NULL, NULL);
	EXPECT_FALSE(pending(h, B));
	expect(h, A, "SIP/2.0 180");
	EXPECT_TRUE(is_reliable(h));
	send_prack(h, NULL);
	expect(h, A, "SIP/2.0 200");
	progress(h, "200 OK", NULL, SDP_B);
	answered(h, true);
	end(h);
}

TEST_F(prack, a_caller_that_can_gets_an_answer_reliably)
{
	struct harness *h = &self->h;

	begin(h, "Supported: 100rel\r\n");
	progress(h, "180 Ringing", NULL, NULL);
	expect(h, A, "SIP/2.0 180");
	EXPECT_FALSE(is_reliable(h));
	progress(h, "183 Session Progress", NULL, SDP_B);
	expect(h, A, "SIP/2.0 183");
	EXPECT_TRUE(is_reliable(h));
	send_prack(h, NULL);
	expect(h, A, "SIP/2.0 200");
	progress(h, "200 OK", NULL, SDP_B);
	answered(h, false);
	end(h);
}

TEST_F(prack, the_2xx_waits_for_it)
{
	struct harness *h = &self->h;
	struct sip_msg *last = &h->ua[A].msg;

	begin(h, "Supported: 100rel\r\n");
	progress(h, "183 Session Progress", RELIABLE(9), SDP_B);
	acknowledged(h, "9 1 INVITE");
	expect(h, A, "SIP/2.0 183");
	EXPECT_TRUE(contains(last->body, "m=audio "));
	progress(h, "200 OK", NULL, NULL);
	expect(h, B, "ACK ");
	EXPECT_FALSE(pending(h, A));
	send_prack(h, NULL);
	expect(h, A, "SIP/2.0 200");
	EXPECT_EQ(last->method, SIP_PRACK);
	expect(h, A, "SIP/2.0 200");
	EXPECT_EQ(last->method, SIP_INVITE);
	EXPECT_EQ(last->body.n, 0);
	learn(&h->ua[A], last);
	send_request(h, A, "ACK", 1, NULL, NULL);
	end(h);
}

TEST_F(prack, a_lost_183_comes_again_and_a_lost_prack_too)
{
	struct harness *h = &self->h;

	begin(h, "Supported: 100rel\r\n");
	progress(h, "183 Session Progress", RELIABLE(3), SDP_B);
	expect(h, B, "PRACK ");
	/* B has not got it, and says the same again: our transaction repeats the PRACK by UDP. */
	progress(h, "183 Session Progress", RELIABLE(3), SDP_B);
	expect(h, A, "SIP/2.0 183");
	EXPECT_FALSE(pending(h, A));
	advance(h, 500 * NSEC_PER_MSEC);
	if (over_udp(h, B))
		acknowledged(h, "3 1 INVITE");
	else
		reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 183");
	EXPECT_TRUE(is_reliable(h));
	send_prack(h, NULL);
	expect(h, A, "SIP/2.0 200");
	advance(h, 10 * NSEC_PER_SEC);
	EXPECT_FALSE(pending(h, A));
	progress(h, "200 OK", NULL, NULL);
	answered(h, false);
	end(h);
}

TEST_F(prack, it_never_comes)
{
	struct harness *h = &self->h;

	begin(h, "Supported: 100rel\r\n");
	progress(h, "183 Session Progress", RELIABLE(3), SDP_B);
	acknowledged(h, "3 1 INVITE");
	advance(h, 63 * 500 * NSEC_PER_MSEC);
	EXPECT_GT(discard(h, A), 3);
	EXPECT_FALSE(pending(h, B));
	advance(h, 500 * NSEC_PER_MSEC);
	expect(h, A, "SIP/2.0 504");
	send_same_branch(h, A, "ACK", 1, NULL);
	expect(h, B, "CANCEL ");
	reply(h, B, "200 OK", NULL);
	answer(h, B, "487 Request Terminated", NULL);
	expect(h, B, "ACK ");
	EXPECT_EQ(counter(h, "no-prack"), 1);
}

TEST_F(prack, it_never_comes_and_the_callee_has_answered)
{
	struct harness *h = &self->h;

	begin(h, "Supported: 100rel\r\n");
	progress(h, "183 Session Progress", RELIABLE(3), SDP_B);
	acknowledged(h, "3 1 INVITE");
	progress(h, "200 OK", NULL, NULL);
	expect(h, B, "ACK ");
	advance(h, 64 * 500 * NSEC_PER_MSEC);
	EXPECT_GT(discard(h, A), 3);
	send_same_branch(h, A, "ACK", 1, NULL);
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
}

TEST_F(prack, cancel_before_it)
{
	struct harness *h = &self->h;
	u32 branch;

	begin(h, "Require: 100rel\r\n");
	branch = h->branch;
	progress(h, "180 Ringing", RELIABLE(3), NULL);
	acknowledged(h, "3 1 INVITE");
	expect(h, A, "SIP/2.0 180");
	send_same_branch(h, A, "CANCEL", branch, NULL);
	expect(h, A, "SIP/2.0 200");
	expect(h, A, "SIP/2.0 487");
	send_same_branch(h, A, "ACK", branch, NULL);
	expect(h, B, "CANCEL ");
	reply(h, B, "200 OK", NULL);
	answer(h, B, "487 Request Terminated", NULL);
	expect(h, B, "ACK ");
}

TEST_F(prack, one_that_fits_nothing_is_481)
{
	struct harness *h = &self->h;

	begin(h, "Supported: 100rel\r\n");
	progress(h, "183 Session Progress", NULL, SDP_B);
	expect(h, A, "SIP/2.0 183");
	learn(&h->ua[A], &h->ua[A].msg);
	send_request(h, A, "PRACK", 2, "RAck: 1 7 INVITE\r\n", NULL);
	expect(h, A, "SIP/2.0 481");
	send_request(h, A, "BYE", 3, NULL, NULL);
	expect(h, A, "SIP/2.0 487");
	expect(h, A, "SIP/2.0 200");
	send_same_branch(h, A, "ACK", 1, NULL);
	expect(h, B, "CANCEL ");
	reply(h, B, "200 OK", NULL);
	answer(h, B, "487 Request Terminated", NULL);
	expect(h, B, "ACK ");
}

/* Two phones behind one INVITE: each early dialog has its own numbers, on both sides. */
TEST_F(prack, in_each_early_dialog_by_itself)
{
	struct harness *h = &self->h;
	const struct sip_msg *invite = &h->ua[B].invite;
	char first[64];

	begin(h, "Supported: 100rel\r\n");
	reply_tagged(h, B, invite, "183 Session Progress", "one", RELIABLE(5), SDP_B);
	acknowledged(h, "5 1 INVITE");
	expect(h, A, "SIP/2.0 183");
	copy_slice(first, sizeof(first), h->ua[A].msg.to.tag);
	send_prack(h, NULL);
	expect(h, A, "SIP/2.0 200");
	reply_tagged(h, B, invite, "183 Session Progress", "two", RELIABLE(1), SDP_B);
	acknowledged(h, "1 1 INVITE");
	expect(h, A, "SIP/2.0 183");
	EXPECT_FALSE(slice_eq(h->ua[A].msg.to.tag, slice_str(first)));
	h->ua[A].cseq = 1;
	send_prack(h, NULL);
	expect(h, A, "SIP/2.0 200");
	reply_tagged(h, B, invite, "200 OK", "two", NULL, NULL);
	answered(h, false);
	end(h);
}

TEST_HARNESS_MAIN
