// SPDX-License-Identifier: GPL-2.0-only
/*
 * UPDATE (RFC 3311): before the answer and after it, with an offer and without, and
 * everything that can stand in its way.
 */
#include "call_harness.h"

#define ALLOW "Allow: INVITE, ACK, BYE, CANCEL, UPDATE, PRACK\r\n"
#define SDP_A_MOVED "v=0\r\no=- 111 2 IN IP4 " IP_A "\r\ns=-\r\nc=IN IP4 " IP_A "\r\nt=0 0\r\n" \
	"m=audio 4400 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"

#define SDP_B_MOVED "v=0\r\no=- 222 2 IN IP4 " IP_B "\r\ns=-\r\nc=IN IP4 " IP_B "\r\nt=0 0\r\n" \
	"m=audio 6600 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"

FIXTURE(update) {
	struct harness h;
};

OVER_EACH_PAIR(update);

FIXTURE_SETUP(update)
{
	harness_start_over(&self->h, _metadata, &variant->over);
}

FIXTURE_TEARDOWN(update)
{
	harness_stop(&self->h);
}

static void begin(struct harness *h, const char *says)
{
	begin_dialog(h, A, "4930123");
	send_request(h, A, "INVITE", 1, says, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
}

static void say(struct harness *h, const char *status, const char *extra, const char *sdp)
{
	reply_tagged(h, B, &h->ua[B].invite, status, h->ua[B].local_tag, extra, sdp);
}

/* A call that is up; both allow UPDATE, if they are asked to. */
static void up(struct harness *h, const char *a, const char *b)
{
	begin(h, a);
	say(h, "200 OK", b, SDP_B);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	h->ua[B].cseq = 100;
}

static void update(struct harness *h, enum who who, const char *sdp)
{
	send_request(h, who, "UPDATE", ++h->ua[who].cseq, ALLOW, sdp);
}

static bool sends_to(const struct media_plan *plan, u16 port)
{
	size_t i;

	for (i = 0; i < plan->nends; i++)
		if (plan->ends[i].remote.port == port)
			return true;
	return false;
}

static void carried(struct harness *h, enum who from, const char *offer, const char *answered)
{
	struct __test_metadata *_metadata = h->_metadata;
	enum who to = from == A ? B : A;

	update(h, from, offer);
	EXPECT_TRUE(contains(expect(h, to, "UPDATE ")->body, "m=audio "));
	EXPECT_FALSE(contains(h->ua[to].msg.body, h->ua[from].ip));
	reply(h, to, "200 OK", answered);
	EXPECT_TRUE(contains(expect(h, from, "SIP/2.0 200")->body, "m=audio "));
}

TEST_F(update, hold_and_resume)
{
	struct harness *h = &self->h;
	struct call_view view;

	up(h, ALLOW, ALLOW);
	carried(h, A, SDP_A_HOLD, SDP_B_HOLD);
	ASSERT_TRUE(view_call(h, &view));
	EXPECT_TRUE(view.held);
	carried(h, B, SDP_B_RESUME, SDP_A_RESUME);
	ASSERT_TRUE(view_call(h, &view));
	EXPECT_FALSE(view.held);
	hang_up(h, A);
}

TEST_F(update, a_new_address_is_followed_and_nothing_else_changes)
{
	struct harness *h = &self->h;
	u64 ids[4];
	size_t i;

	up(h, ALLOW, ALLOW);
	for (i = 0; i < 4; i++)
		ids[i] = h->plan->ends[i].id;
	EXPECT_TRUE(sends_to(h->plan, 4000));
	carried(h, A, SDP_A_MOVED, SDP_B);
	EXPECT_TRUE(sends_to(h->plan, 4400));
	EXPECT_FALSE(sends_to(h->plan, 4000));
	ASSERT_EQ(h->plan->nends, 4);
	for (i = 0; i < 4; i++)
		EXPECT_EQ(ids[i], h->plan->ends[i].id);
	hang_up(h, A);
}

TEST_F(update, without_an_offer_it_is_about_one_leg)
{
	struct harness *h = &self->h;

	up(h, ALLOW, ALLOW);
	update(h, A, NULL);
	EXPECT_TRUE(contains(header(expect(h, A, "SIP/2.0 200"), "Allow"), "UPDATE"));
	EXPECT_FALSE(pending(h, B));
	hang_up(h, A);
}

TEST_F(update, to_a_peer_that_does_not_allow_it)
{
	struct harness *h = &self->h;

	up(h, ALLOW, "Allow: INVITE, ACK, BYE, CANCEL\r\n");
	update(h, A, SDP_A_HOLD);
	expect(h, A, "SIP/2.0 504");
	EXPECT_FALSE(pending(h, B));
	hang_up(h, A);
}

TEST_F(update, glare)
{
	struct harness *h = &self->h;

	up(h, ALLOW, ALLOW);
	update(h, A, SDP_A_HOLD);
	expect(h, B, "UPDATE ");
	update(h, B, SDP_B_HOLD);
	expect(h, B, "SIP/2.0 491");
	/* And a second one before the first is answered (RFC 3311 §5.2). */
	update(h, A, SDP_A_RESUME);
	EXPECT_TRUE(header(expect(h, A, "SIP/2.0 500"), "Retry-After").n > 0);
	/* A re-INVITE meets it too. */
	send_request(h, B, "INVITE", ++h->ua[B].cseq, NULL, SDP_B_HOLD);
	expect(h, B, "SIP/2.0 491");
	send_same_branch(h, B, "ACK", h->branch, NULL);
	EXPECT_EQ(counter(h, "glare"), 2);
	send_request(h, A, "BYE", ++h->ua[A].cseq, NULL, NULL);
	expect(h, A, "SIP/2.0 487");
	expect(h, A, "SIP/2.0 200");
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
}

/* Our 2xx may be overtaken by what follows it, and then nobody knows the dialog. */
TEST_F(update, before_the_caller_has_acknowledged_it_must_wait)
{
	struct harness *h = &self->h;

	begin(h, ALLOW);
	say(h, "200 OK", ALLOW, SDP_B);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	h->ua[B].cseq = 100;
	update(h, B, SDP_B_HOLD);
	expect(h, B, "SIP/2.0 491");
	EXPECT_FALSE(pending(h, A));
	acknowledge(h, A);
	carried(h, B, SDP_B_HOLD, SDP_A_HOLD);
	hang_up(h, A);
}

TEST_F(update, a_refusal_leaves_everything_as_it_was)
{
	struct harness *h = &self->h;
	u64 digest;

	up(h, ALLOW, ALLOW);
	digest = h->plan->digest;
	update(h, A, SDP_A_MOVED);
	expect(h, B, "UPDATE ");
	reply(h, B, "488 Not Acceptable Here", NULL);
	expect(h, A, "SIP/2.0 488");
	EXPECT_EQ(h->plan->digest, digest);
	hang_up(h, A);
}

TEST_F(update, an_unreadable_offer)
{
	struct harness *h = &self->h;

	up(h, ALLOW, ALLOW);
	update(h, A, "v=0\r\nnonsense\r\n");
	EXPECT_TRUE(contains(header(expect(h, A, "SIP/2.0 488"), "Warning"), "jalur"));
	EXPECT_FALSE(pending(h, B));
	hang_up(h, A);
}

TEST_F(update, the_kernel_does_not_take_it)
{
	struct harness *h = &self->h;

	up(h, ALLOW, ALLOW);
	h->fail_applies = 1;
	h->apply_result = -EIO;
	/* A stream more is a plan that has to be asked for. */
	update(h, A, SDP_A "m=video 5000 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\n");
	expect(h, A, "SIP/2.0 500");
	EXPECT_FALSE(pending(h, B));
	carried(h, A, SDP_A_MOVED, SDP_B);
	hang_up(h, A);
}

TEST_F(update, a_peer_that_has_lost_the_dialog)
{
	struct harness *h = &self->h;

	up(h, ALLOW, ALLOW);
	update(h, A, SDP_A_MOVED);
	expect(h, B, "UPDATE ");
	reply(h, B, "481 Call/Transaction Does Not Exist", NULL);
	expect(h, A, "SIP/2.0 487");
	expect(h, A, "BYE ");
	reply(h, A, "200 OK", NULL);
}

TEST_F(update, a_2xx_without_an_answer_ends_the_call)
{
	struct harness *h = &self->h;

	up(h, ALLOW, ALLOW);
	update(h, A, SDP_A_MOVED);
	expect(h, B, "UPDATE ");
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 487");
	expect(h, A, "BYE ");
	reply(h, A, "200 OK", NULL);
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
}

TEST_F(update, before_there_is_an_answer)
{
	struct harness *h = &self->h;

	begin(h, ALLOW);
	say(h, "183 Session Progress", ALLOW, SDP_B);
	expect(h, A, "SIP/2.0 183");
	learn(&h->ua[A], &h->ua[A].msg);
	/* The answer in the 183 may be lost: the offer of the INVITE is open. */
	update(h, A, SDP_A_MOVED);
	EXPECT_TRUE(header(expect(h, A, "SIP/2.0 500"), "Retry-After").n > 0);
	say(h, "200 OK", ALLOW, SDP_B);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	send_request(h, A, "ACK", 1, NULL, NULL);
	hang_up(h, A);
}

/* An answer in a reliable response, which both have acknowledged. */
static void agreed_early(struct harness *h, const char *tag)
{
	char rack[64];

	begin(h, ALLOW "Supported: 100rel\r\n");
	reply_tagged(h, B, &h->ua[B].invite, "183 Session Progress", tag,
		     ALLOW "Require: 100rel\r\nRSeq: 1\r\n", SDP_B);
	expect(h, B, "PRACK ");
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 183");
	learn(&h->ua[A], &h->ua[A].msg);
	snprintf(rack, sizeof(rack), "RAck: " SLICE_FMT " 1 INVITE\r\n",
		 SLICE_ARG(header(&h->ua[A].msg, "RSeq")));
	send_request(h, A, "PRACK", ++h->ua[A].cseq, rack, NULL);
	expect(h, A, "SIP/2.0 200");
}

/* The answer has been acknowledged by both: then an early dialog may be changed. */
TEST_F(update, in_an_early_dialog)
{
	struct harness *h = &self->h;

	agreed_early(h, h->ua[B].local_tag);
	carried(h, A, SDP_A_MOVED, SDP_B);
	EXPECT_TRUE(sends_to(h->plan, 4400));
	h->ua[B].cseq = 50;
	carried(h, B, SDP_B_HOLD, SDP_A_HOLD);
	carried(h, B, SDP_B_RESUME, SDP_A_MOVED);
	say(h, "200 OK", ALLOW, NULL);
	expect(h, B, "ACK ");
	EXPECT_EQ(expect(h, A, "SIP/2.0 200")->body.n, 0);
	send_request(h, A, "ACK", 1, NULL, NULL);
	EXPECT_TRUE(sends_to(h->plan, 4400));
	EXPECT_EQ(h->plan->nflows, 4);
	hang_up(h, A);
}

TEST_F(update, pending_when_the_callee_answers)
{
	struct harness *h = &self->h;
	struct sip_msg *invite = &h->ua[B].invite;

	agreed_early(h, "one");
	update(h, A, SDP_A_MOVED);
	expect(h, B, "UPDATE ");
	reply_tagged(h, B, invite, "200 OK", "one", ALLOW, NULL);
	EXPECT_TRUE(contains(header(expect(h, A, "SIP/2.0 200"), "CSeq"), "INVITE"));
	send_request(h, A, "ACK", 1, NULL, NULL);
	reply(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	EXPECT_TRUE(contains(expect(h, A, "SIP/2.0 200")->body, "m=audio "));
	EXPECT_TRUE(sends_to(h->plan, 4400));
	h->ua[B].cseq = 100;
	hang_up(h, A);
}

/* Of two phones behind B, the one that did not take part in the UPDATE. */
TEST_F(update, in_one_early_dialog_and_another_is_answered)
{
	struct harness *h = &self->h;

	agreed_early(h, "one");
	carried(h, A, SDP_A_MOVED, SDP_B);
	EXPECT_TRUE(sends_to(h->plan, 4400));
	reply_tagged(h, B, &h->ua[B].invite, "200 OK", "two", ALLOW, SDP_B_MOVED);
	expect(h, B, "ACK ");
	EXPECT_TRUE(contains(expect(h, A, "SIP/2.0 200")->body, "m=audio "));
	learn(&h->ua[A], &h->ua[A].msg);
	send_request(h, A, "ACK", 1, NULL, NULL);
	EXPECT_TRUE(sends_to(h->plan, 4000));
	EXPECT_FALSE(sends_to(h->plan, 4400));
	EXPECT_TRUE(sends_to(h->plan, 6600));
	EXPECT_EQ(h->plan->nflows, 4);
	h->ua[B].cseq = 100;
	snprintf(h->ua[B].local_tag, sizeof(h->ua[B].local_tag), "two");
	hang_up(h, A);
}

TEST_HARNESS_MAIN
