// SPDX-License-Identifier: GPL-2.0-only
/*
 * Session timers (RFC 4028) of a call: each leg agrees with us on its own, we
 * refresh what falls to us, and a session without a sign of life ends.
 */
#include "call_harness.h"

#define TIMER "Supported: timer\r\n"
#define ALLOW "Allow: INVITE, ACK, BYE, CANCEL, UPDATE\r\n"
#define ASKED_BY_US "1800;refresher=uac"

FIXTURE(session) {
	struct harness h;
};

OVER_EACH_PAIR(session);

FIXTURE_SETUP(session)
{
	harness_start_over(&self->h, _metadata, &variant->over);
	self->h.policy->max_duration = 0;
	self->h.policy->media_idle_ms = 0;
	self->h.policy->session = (struct sip_session_policy){
		.expires = 1800, .min_se = 90, .refresh = true,
	};
}

FIXTURE_TEARDOWN(session)
{
	harness_stop(&self->h);
}

static void up(struct harness *h, const char *a, const char *b)
{
	begin_dialog(h, A, "4930123");
	send_request(h, A, "INVITE", 1, a, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	reply_tagged(h, B, &h->ua[B].invite, "200 OK", h->ua[B].local_tag, b, SDP_B);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	h->ua[B].cseq = 100;
}

static void minutes(struct harness *h, u64 n)
{
	advance(h, n * 60 * NSEC_PER_SEC);
}

/* who answers a refresh of ours, saying who does the next. */
static void refreshed(struct harness *h, enum who who, const char *says)
{
	struct __test_metadata *_metadata = h->_metadata;
	const struct sip_msg *msg = expect(h, who, "UPDATE ");

	EXPECT_EQ(msg->body.n, 0);
	EXPECT_TRUE(contains(header(msg, "Session-Expires"), "1800"));
	reply_tagged(h, who, msg, "200 OK", "x", says, NULL);
}

TEST_F(session, the_callee_is_refreshed_by_us)
{
	struct harness *h = &self->h;

	/* The caller refreshes its own leg. */
	up(h, ALLOW TIMER "Session-Expires: 3600;refresher=uac\r\n",
	   ALLOW "Require: timer\r\nSession-Expires: " ASKED_BY_US "\r\n");
	EXPECT_TRUE(slice_eq(header(&h->ua[B].invite, "Session-Expires"), SLICE(ASKED_BY_US)));
	EXPECT_TRUE(slice_eq(header(&h->ua[A].msg, "Session-Expires"),
			     SLICE("1800;refresher=uac")));
	EXPECT_TRUE(contains(header(&h->ua[A].msg, "Require"), "timer"));
	minutes(h, 14);
	EXPECT_FALSE(pending(h, B));
	send_request(h, A, "UPDATE", ++h->ua[A].cseq, TIMER "Session-Expires: 1800;refresher=uac\r\n",
		     NULL);
	EXPECT_TRUE(slice_eq(header(expect(h, A, "SIP/2.0 200"), "Session-Expires"),
			     SLICE("1800;refresher=uac")));
	minutes(h, 1);
	refreshed(h, B, "Session-Expires: " ASKED_BY_US "\r\n");
	EXPECT_FALSE(pending(h, A));
	minutes(h, 14);
	send_request(h, A, "UPDATE", ++h->ua[A].cseq, TIMER "Session-Expires: 1800;refresher=uac\r\n",
		     NULL);
	expect(h, A, "SIP/2.0 200");
	minutes(h, 1);
	refreshed(h, B, "Session-Expires: " ASKED_BY_US "\r\n");
	hang_up(h, A);
}

TEST_F(session, a_caller_that_does_not_refresh_is_gone)
{
	struct harness *h = &self->h;
	struct call_event event;

	up(h, ALLOW TIMER "Session-Expires: 600;refresher=uac\r\n",
	   ALLOW "Session-Expires: 1800;refresher=uas\r\n");
	/* 32 s before it expires (RFC 4028 §10). */
	advance(h, 567 * NSEC_PER_SEC);
	EXPECT_FALSE(pending(h, B));
	advance(h, NSEC_PER_SEC);
	expect(h, A, "BYE ");
	reply(h, A, "200 OK", NULL);
	EXPECT_TRUE(contains(header(expect(h, B, "BYE "), "Reason"), "session expired"));
	reply(h, B, "200 OK", NULL);
	ASSERT_TRUE(next_event(h, CALL_EVENT_ENDED, &event));
	EXPECT_STREQ(event.reason, "session expired");
	call_event_clear(&event);
}

/* It knows neither timers nor UPDATE: an INVITE that changes nothing shows that it lives. */
TEST_F(session, a_peer_that_knows_nothing_of_it_is_refreshed_by_invite)
{
	struct harness *h = &self->h;
	unsigned int applied;
	char said[2048];

	h->policy->session.expires = 600;
	up(h, NULL, NULL);
	applied = h->applied;
	copy_slice(said, sizeof(said), h->ua[B].invite.body);
	minutes(h, 5);
	expect(h, A, "INVITE ");
	EXPECT_TRUE(contains(h->ua[A].invite.body, "m=audio "));
	answer(h, A, "200 OK", SDP_A);
	expect(h, A, "ACK ");
	expect(h, B, "INVITE ");
	EXPECT_TRUE(slice_eq(h->ua[B].invite.body, slice_str(said)));
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	EXPECT_EQ(h->applied, applied);
	hang_up(h, B);
}

TEST_F(session, too_short_is_422)
{
	struct harness *h = &self->h;

	begin_dialog(h, A, "4930123");
	send_request(h, A, "INVITE", 1, TIMER "Session-Expires: 60\r\n", SDP_A);
	EXPECT_TRUE(slice_eq(header(expect(h, A, "SIP/2.0 422"), "Min-SE"), SLICE("90")));
	send_same_branch(h, A, "ACK", h->branch, NULL);
	EXPECT_FALSE(pending(h, B));
}

TEST_F(session, too_short_for_the_callee_is_asked_again)
{
	struct harness *h = &self->h;

	begin_dialog(h, A, "4930123");
	send_request(h, A, "INVITE", 1, NULL, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	reply_tagged(h, B, &h->ua[B].invite, "422 Session Interval Too Small", "x",
		     "Min-SE: 3600\r\n", NULL);
	expect(h, B, "ACK ");
	EXPECT_FALSE(pending(h, A));
	expect(h, B, "INVITE ");
	EXPECT_TRUE(contains(header(&h->ua[B].invite, "Session-Expires"), "3600"));
	EXPECT_TRUE(slice_eq(header(&h->ua[B].invite, "Min-SE"), SLICE("3600")));
	EXPECT_TRUE(contains(h->ua[B].invite.body, "m=audio "));
	reply_tagged(h, B, &h->ua[B].invite, "200 OK", h->ua[B].local_tag,
		     "Session-Expires: 3600;refresher=uas\r\n", SDP_B);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	h->ua[B].cseq = 100;
	hang_up(h, A);
}

/* Three times more, and then it is the caller's failure. */
TEST_F(session, a_callee_that_is_never_content)
{
	struct harness *h = &self->h;
	char min_se[64];
	int i;

	begin_dialog(h, A, "4930123");
	send_request(h, A, "INVITE", 1, NULL, SDP_A);
	expect(h, A, "SIP/2.0 100");
	for (i = 0; i < 4; i++) {
		expect(h, B, "INVITE ");
		snprintf(min_se, sizeof(min_se), "Min-SE: %d\r\n", 4000 + i * 1000);
		reply_tagged(h, B, &h->ua[B].invite, "422 Session Interval Too Small", "x", min_se,
			     NULL);
		expect(h, B, "ACK ");
	}
	expect(h, A, "SIP/2.0 422");
	send_same_branch(h, A, "ACK", 1, NULL);
}

TEST_F(session, a_refresh_that_finds_nobody_ends_the_call)
{
	struct harness *h = &self->h;

	up(h, ALLOW TIMER "Session-Expires: 1800;refresher=uac\r\n",
	   ALLOW "Session-Expires: " ASKED_BY_US "\r\n");
	minutes(h, 15);
	expect(h, B, "UPDATE ");
	reply(h, B, "481 Call/Transaction Does Not Exist", NULL);
	expect(h, A, "BYE ");
	reply(h, A, "200 OK", NULL);
	expect(h, B, "BYE ");
	reply(h, B, "481 Call/Transaction Does Not Exist", NULL);
}

TEST_F(session, a_refresh_that_meets_something_else_is_tried_again)
{
	struct harness *h = &self->h;

	up(h, ALLOW TIMER "Session-Expires: 1800;refresher=uac\r\n",
	   ALLOW "Session-Expires: " ASKED_BY_US "\r\n");
	minutes(h, 15);
	expect(h, B, "UPDATE ");
	reply(h, B, "491 Request Pending", NULL);
	while (!pending(h, B))
		advance(h, 10 * NSEC_PER_MSEC);
	refreshed(h, B, "Session-Expires: " ASKED_BY_US "\r\n");
	advance(h, 60 * NSEC_PER_SEC);
	EXPECT_FALSE(pending(h, B));
	hang_up(h, A);
}

TEST_F(session, an_offer_refreshes_both_legs)
{
	struct harness *h = &self->h;

	up(h, ALLOW TIMER "Session-Expires: 1800;refresher=uac\r\n",
	   ALLOW "Session-Expires: " ASKED_BY_US "\r\n");
	minutes(h, 10);
	send_request(h, A, "INVITE", ++h->ua[A].cseq, ALLOW TIMER "Session-Expires: 1800;refresher=uac\r\n",
		     SDP_A_HOLD);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	EXPECT_TRUE(contains(header(&h->ua[B].invite, "Session-Expires"), ASKED_BY_US));
	reply_tagged(h, B, &h->ua[B].invite, "200 OK", "x", "Session-Expires: " ASKED_BY_US "\r\n",
		     SDP_B_HOLD);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	minutes(h, 14);
	EXPECT_FALSE(pending(h, B));
	minutes(h, 1);
	refreshed(h, B, "Session-Expires: " ASKED_BY_US "\r\n");
	hang_up(h, A);
}

TEST_F(session, without_a_policy_it_is_only_what_the_caller_asks_for)
{
	struct harness *h = &self->h;

	h->policy->session.expires = 0;
	up(h, ALLOW TIMER "Session-Expires: 1800;refresher=uac\r\n", ALLOW);
	EXPECT_EQ(header(&h->ua[B].invite, "Session-Expires").n, 0);
	EXPECT_TRUE(header(&h->ua[A].msg, "Session-Expires").n > 0);
	hang_up(h, A);
}

TEST_HARNESS_MAIN
