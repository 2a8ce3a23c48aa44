// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offers and answers beside INVITE and its 2xx, where reliable provisional responses
 * make them possible (RFC 3262 §5): an offer in a response to an INVITE that has none,
 * answered in the PRACK, and a new offer in a PRACK.
 */
#include "call_harness.h"

#define RELIABLE(rseq) "Require: 100rel\r\nRSeq: " #rseq "\r\n"
#define ALLOW "Allow: INVITE, ACK, BYE, CANCEL, UPDATE, PRACK\r\n"

FIXTURE(offer) {
	struct harness h;
};

OVER_EACH_PAIR(offer);

FIXTURE_SETUP(offer)
{
	harness_start_over(&self->h, _metadata, &variant->over);
}

FIXTURE_TEARDOWN(offer)
{
	harness_stop(&self->h);
}

static void begin(struct harness *h, const char *says, const char *sdp)
{
	begin_dialog(h, A, "4930123");
	send_request(h, A, "INVITE", 1, says, sdp);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
}

static void progress(struct harness *h, const char *status, const char *extra, const char *sdp)
{
	reply_tagged(h, B, &h->ua[B].invite, status, h->ua[B].local_tag, extra, sdp);
}

/* A acknowledges the response that it took last. */
static void send_prack(struct harness *h, const char *sdp)
{
	struct ua *ua = &h->ua[A];
	char rack[128];

	learn(ua, &ua->msg);
	snprintf(rack, sizeof(rack), "RAck: " SLICE_FMT " 1 INVITE\r\n",
		 SLICE_ARG(header(&ua->msg, "RSeq")));
	send_request(h, A, "PRACK", ++ua->cseq, rack, sdp);
}

/* The call is up, though neither the 200 nor its ACK have said anything of media. */
static void answered(struct harness *h)
{
	struct __test_metadata *_metadata = h->_metadata;
	struct call_view view;

	progress(h, "200 OK", NULL, NULL);
	EXPECT_EQ(expect(h, B, "ACK ")->body.n, 0);
	EXPECT_EQ(expect(h, A, "SIP/2.0 200")->body.n, 0);
	learn(&h->ua[A], &h->ua[A].msg);
	send_request(h, A, "ACK", 1, NULL, NULL);
	ASSERT_TRUE(view_call(h, &view));
	EXPECT_EQ(view.state, CALL_UP);
	EXPECT_EQ(view.plan->nflows, 4);
	h->ua[B].cseq = 100;
}

static void failed(struct harness *h, const char *status)
{
	expect(h, A, status);
	send_same_branch(h, A, "ACK", 1, NULL);
	expect(h, B, "CANCEL ");
	reply(h, B, "200 OK", NULL);
	progress(h, "487 Request Terminated", NULL, NULL);
	expect(h, B, "ACK ");
}

TEST_F(offer, in_a_reliable_response)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	begin(h, "Supported: 100rel\r\n", NULL);
	EXPECT_EQ(h->ua[B].invite.body.n, 0);
	EXPECT_TRUE(contains(header(&h->ua[B].invite, "Supported"), "100rel"));
	progress(h, "183 Session Progress", RELIABLE(5), SDP_B);
	/* The answer is the caller's business: until then B has no PRACK. */
	EXPECT_FALSE(pending(h, B));
	msg = expect(h, A, "SIP/2.0 183");
	EXPECT_TRUE(contains(header(msg, "Require"), "100rel"));
	EXPECT_TRUE(contains(msg->body, "c=IN IP4 " IP_ADVERTISED));
	send_prack(h, SDP_A);
	msg = expect(h, B, "PRACK ");
	EXPECT_TRUE(slice_eq(header(msg, "RAck"), SLICE("5 1 INVITE")));
	EXPECT_TRUE(contains(msg->body, "c=IN IP4 " IP_INSIDE));
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	answered(h);
	/* And what comes later is as ever. */
	send_request(h, A, "INVITE", ++h->ua[A].cseq, NULL, NULL);
	expect(h, A, "SIP/2.0 100");
	EXPECT_EQ(expect(h, B, "INVITE ")->body.n, 0);
	answer(h, B, "200 OK", SDP_B);
	EXPECT_TRUE(expect(h, A, "SIP/2.0 200")->body.n > 0);
	send_request(h, A, "ACK", h->ua[A].cseq, NULL, SDP_A);
	EXPECT_TRUE(expect(h, B, "ACK ")->body.n > 0);
	hang_up(h, A);
}

/* The kernel knows the caller's address before B may send to it. */
TEST_F(offer, waits_for_the_kernel)
{
	struct harness *h = &self->h;

	begin(h, "Supported: 100rel\r\n", NULL);
	h->late = true;
	progress(h, "183 Session Progress", RELIABLE(5), SDP_B);
	EXPECT_FALSE(pending(h, A));
	complete(h);
	expect(h, A, "SIP/2.0 183");
	send_prack(h, SDP_A);
	expect(h, A, "SIP/2.0 200");
	EXPECT_FALSE(pending(h, B));
	h->late = false;
	while (h->ntickets)
		complete(h);
	expect(h, B, "PRACK ");
	reply(h, B, "200 OK", NULL);
	answered(h);
	hang_up(h, A);
}

TEST_F(offer, a_caller_that_cannot_answer_is_never_asked)
{
	struct harness *h = &self->h;

	begin(h, NULL, NULL);
	EXPECT_FALSE(contains(header(&h->ua[B].invite, "Supported"), "100rel"));
	answer(h, B, "486 Busy Here", NULL);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 486");
	send_same_branch(h, A, "ACK", 1, NULL);
}

TEST_F(offer, that_the_caller_does_not_answer)
{
	struct harness *h = &self->h;

	begin(h, "Supported: 100rel\r\n", NULL);
	progress(h, "183 Session Progress", RELIABLE(5), SDP_B);
	expect(h, A, "SIP/2.0 183");
	send_prack(h, NULL);
	expect(h, A, "SIP/2.0 200");
	failed(h, "SIP/2.0 488");
}

/* Nobody can carry it: B is told so, and has to end what it cannot begin. */
TEST_F(offer, that_is_of_no_use)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	begin(h, "Supported: 100rel\r\n", NULL);
	progress(h, "183 Session Progress", RELIABLE(5),
		 "v=0\r\no=- 1 1 IN IP4 " IP_B "\r\ns=-\r\nt=0 0\r\n"
		 "m=audio 6000 RTP/AVP 0\r\n");
	msg = expect(h, B, "PRACK ");
	EXPECT_TRUE(slice_eq(header(msg, "RAck"), SLICE("5 1 INVITE")));
	reply(h, B, "200 OK", NULL);
	EXPECT_EQ(expect(h, A, "SIP/2.0 183")->body.n, 0);
	progress(h, "486 Busy Here", NULL, NULL);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 486");
	send_same_branch(h, A, "ACK", 1, NULL);
}

static void answered_early(struct harness *h, const char *allow)
{
	char extra[256];

	begin(h, "Supported: 100rel\r\n" ALLOW, SDP_A);
	snprintf(extra, sizeof(extra), RELIABLE(1) "%s", allow);
	progress(h, "183 Session Progress", extra, SDP_B);
	expect(h, B, "PRACK ");
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 183");
}

TEST_F(offer, in_a_prack_is_an_update)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	answered_early(h, ALLOW);
	send_prack(h, SDP_A_HOLD);
	EXPECT_FALSE(pending(h, A));
	msg = expect(h, B, "UPDATE ");
	EXPECT_TRUE(contains(msg->body, "a=inactive"));
	EXPECT_EQ(header(msg, "RAck").n, 0);
	reply(h, B, "200 OK", SDP_B_HOLD);
	msg = expect(h, A, "SIP/2.0 200");
	EXPECT_TRUE(contains(header(msg, "CSeq"), "PRACK"));
	EXPECT_TRUE(contains(msg->body, "a=inactive"));
	EXPECT_EQ(header(msg, "Session-Expires").n, 0);
	progress(h, "200 OK", NULL, NULL);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	learn(&h->ua[A], &h->ua[A].msg);
	send_request(h, A, "ACK", 1, NULL, NULL);
	h->ua[B].cseq = 100;
	hang_up(h, A);
}

/* What was agreed on early is of no account for an INVITE inside the call. */
static void reinvite(struct harness *h)
{
	struct __test_metadata *_metadata = h->_metadata;

	send_request(h, A, "INVITE", ++h->ua[A].cseq, NULL, SDP_A_HOLD);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answer(h, B, "200 OK", SDP_B_HOLD);
	expect(h, B, "ACK ");
	EXPECT_TRUE(contains(expect(h, A, "SIP/2.0 200")->body, "a=inactive"));
	send_request(h, A, "ACK", h->ua[A].cseq, NULL, NULL);
	hang_up(h, A);
}

TEST_F(offer, a_reinvite_after_a_reliable_answer)
{
	struct harness *h = &self->h;

	answered_early(h, ALLOW);
	send_prack(h, NULL);
	expect(h, A, "SIP/2.0 200");
	answered(h);
	reinvite(h);
}

TEST_F(offer, a_reinvite_after_an_early_update)
{
	struct harness *h = &self->h;

	answered_early(h, ALLOW);
	send_prack(h, SDP_A_RESUME);
	expect(h, B, "UPDATE ");
	reply(h, B, "200 OK", SDP_B_RESUME);
	expect(h, A, "SIP/2.0 200");
	answered(h);
	reinvite(h);
}

TEST_F(offer, in_a_prack_that_nobody_takes)
{
	struct harness *h = &self->h;

	answered_early(h, "Allow: INVITE, ACK, BYE, CANCEL, PRACK\r\n");
	send_prack(h, SDP_A_HOLD);
	EXPECT_TRUE(contains(header(expect(h, A, "SIP/2.0 488"), "Warning"), "far side"));
	EXPECT_FALSE(pending(h, B));
	answered(h);
	hang_up(h, A);
}

TEST_HARNESS_MAIN
