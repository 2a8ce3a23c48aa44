// SPDX-License-Identifier: GPL-2.0-only
/*
 * 3xx: passed on to the caller with our host, or followed by the routes of the one
 * who redirects.
 */
#include "call_divert.h"


FIXTURE(redirect) {
	struct harness h;
};

OVER_EACH_PAIR(redirect);

FIXTURE_SETUP(redirect)
{
	struct harness *h = &self->h;

	harness_start_over(h, _metadata, &variant->over);
	divert(h);
}

FIXTURE_TEARDOWN(redirect)
{
	harness_stop(&self->h);
}

static void begin(struct harness *h)
{
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
}

static void redirected(struct harness *h, enum who who, const char *contacts)
{
	reply_tagged(h, who, &h->ua[who].invite, "302 Moved Temporarily", "moved", contacts, NULL);
	expect(h, who, "ACK ");
}

static void failed(struct harness *h, const char *status)
{
	expect(h, A, status);
	send_same_branch(h, A, "ACK", 1, NULL);
}

TEST_F(redirect, passed_on_the_caller_gets_the_numbers_with_our_host)
{
	struct harness *h = &self->h;
	const char *param = uri_param(h->over.a);
	const struct sip_msg *msg;
	char here[128];

	begin(h);
	redirected(h, B, "Contact: \"Desk\" <sip:7710@" IP_C ":5070;transport=udp>;q=0.25\r\n");
	msg = expect(h, A, "SIP/2.0 302");
	snprintf(here, sizeof(here), "<sip:7710@" IP_ADVERTISED ":5060%s>;q=0.250", param);
	EXPECT_TRUE(contains(msg->bytes, here));
	snprintf(here, sizeof(here), "<sip:bob@" IP_ADVERTISED ":5060%s>;q=1.000", param);
	EXPECT_TRUE(contains(msg->bytes, here));
	EXPECT_FALSE(contains(msg->bytes, IP_B));
	EXPECT_FALSE(contains(msg->bytes, IP_C));
	send_same_branch(h, A, "ACK", 1, NULL);
}

/* Who called by sips: is not led away from it. */
TEST_F(redirect, passed_on_a_call_by_sips_stays_one)
{
	struct harness *h = &self->h;
	char here[128];

	begin_dialog(h, A, "4930123");
	snprintf(h->ua[A].target, sizeof(h->ua[A].target), "sips:4930123@sbc.example");
	send_request(h, A, "INVITE", 1, NULL, SDP_A);
	expect(h, A, "SIP/2.0 100");
	if (!transport_secure(h->over.b)) {
		failed(h, "SIP/2.0 480");
		return;
	}
	expect(h, B, "INVITE sips:");
	redirected(h, B, "Contact: <sip:7710@elsewhere.example>\r\n");
	expect(h, A, "SIP/2.0 302");
	snprintf(here, sizeof(here), "<sips:7710@" IP_ADVERTISED ":5060%s>;",
		 uri_param(h->over.a));
	EXPECT_TRUE(contains(h->ua[A].msg.bytes, here));
	send_same_branch(h, A, "ACK", 1, NULL);
}

TEST_F(redirect, followed_it_is_a_call_to_the_new_place)
{
	struct harness *h = &self->h;

	char uri[64];

	follow(h);
	begin(h);
	redirected(h, B, "Contact: <sip:7710@elsewhere.example>\r\n");
	snprintf(uri, sizeof(uri), "sip:7710@" IP_C ":5060%s", uri_param(h->over.b));
	EXPECT_TRUE(slice_eq(expect(h, C, "INVITE ")->ruri, slice_str(uri)));
	EXPECT_FALSE(pending(h, A));
	answer(h, C, "200 OK", SDP_C);
	expect(h, C, "ACK ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	send_request(h, A, "BYE", 2, NULL, NULL);
	expect(h, A, "SIP/2.0 200");
	expect(h, C, "BYE ");
	reply(h, C, "200 OK", NULL);
}

TEST_F(redirect, the_failure_of_the_new_place_is_the_callers)
{
	struct harness *h = &self->h;

	follow(h);
	begin(h);
	redirected(h, B, "Contact: <tel:+7710>, <sip:7710@x.example>\r\n");
	expect(h, C, "INVITE ");
	answer(h, C, "486 Busy Here", NULL);
	expect(h, C, "ACK ");
	failed(h, "SIP/2.0 486");
}

TEST_F(redirect, higher_q_is_called_first)
{
	struct harness *h = &self->h;

	follow(h);
	begin(h);
	redirected(h, B, "Contact: <sip:771@x.example>;q=0.2\r\n"
		   "Contact: <sip:772@x.example>;q=0.7, <sip:773@x.example>;q=0.20\r\n");
	EXPECT_TRUE(contains(expect(h, C, "INVITE ")->ruri, "sip:772@"));
	EXPECT_FALSE(pending(h, C));
	answer(h, C, "480 Temporarily Unavailable", NULL);
	expect(h, C, "ACK ");
	EXPECT_TRUE(contains(expect(h, C, "INVITE ")->ruri, "sip:771@"));
	answer(h, C, "480 Temporarily Unavailable", NULL);
	expect(h, C, "INVITE ");
	expect(h, C, "ACK ");
	EXPECT_TRUE(contains(h->ua[C].invite.ruri, "sip:773@"));
	answer(h, C, "600 Busy Everywhere", NULL);
	expect(h, C, "ACK ");
	failed(h, "SIP/2.0 600");
}

/* B may not call 88, nor "bob", so nobody can be made to by his word. */
TEST_F(redirect, a_place_that_the_redirecting_one_may_not_call)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	follow(h);
	begin(h);
	redirected(h, B, "Contact: <sip:8810@" IP_C ">, <mailto:x@example.org>\r\n");
	msg = expect(h, A, "SIP/2.0 480");
	EXPECT_FALSE(contains(msg->bytes, "8810"));
	send_same_branch(h, A, "ACK", 1, NULL);
	EXPECT_FALSE(pending(h, C));
}

/* C, who gets the call by B's word, sends it in circles: each place is called once. */
TEST_F(redirect, in_circles)
{
	struct harness *h = &self->h;

	let_c_divert(h);
	begin(h);
	redirected(h, B, "Contact: <sip:771@x.example>\r\n");
	expect(h, C, "INVITE ");
	redirected(h, C, "Contact: <sip:771@x.example>\r\n");
	failed(h, "SIP/2.0 480");
}

TEST_F(redirect, without_end)
{
	struct harness *h = &self->h;
	char contact[64];
	int i;

	let_c_divert(h);
	begin(h);
	redirected(h, B, "Contact: <sip:770@x.example>\r\n");
	for (i = 1; pending(h, C); i++) {
		ASSERT_LT(i, 20);
		expect(h, C, "INVITE ");
		snprintf(contact, sizeof(contact), "Contact: <sip:77%d@x.example>\r\n", i);
		reply_tagged(h, C, &h->ua[C].invite, "302 Moved", "moved", contact, NULL);
		while (pending(h, C) && !strncmp(h->ua[C].queue[h->ua[C].head % MAX_QUEUE].text,
						 "ACK", 3))
			expect(h, C, "ACK ");
	}
	EXPECT_EQ(i, 9);
	failed(h, "SIP/2.0 480");
}

TEST_F(redirect, the_caller_gives_up_before_all_are_called)
{
	struct harness *h = &self->h;

	follow(h);
	begin(h);
	redirected(h, B, "Contact: <sip:771@x.example>;q=0.9, <sip:772@x.example>;q=0.1\r\n");
	expect(h, C, "INVITE ");
	answer(h, C, "180 Ringing", NULL);
	expect(h, A, "SIP/2.0 180");
	send_same_branch(h, A, "CANCEL", 1, NULL);
	expect(h, A, "SIP/2.0 200");
	failed(h, "SIP/2.0 487");
	expect(h, C, "CANCEL ");
	reply(h, C, "200 OK", NULL);
	answer(h, C, "487 Request Terminated", NULL);
	expect(h, C, "ACK ");
}

TEST_HARNESS_MAIN
