// SPDX-License-Identifier: GPL-2.0-only
/*
 * REFER that the other party carries out: it reaches him in his words, his answer comes back, and
 * so does what he tells of it, until it ends, or one of the two does.
 */
#include "call_refer_pass.h"

#define ACTIVE "active;expires=60"
#define LAST "terminated;reason=noresource"

FIXTURE(pass) {
	struct harness h;
};

OVER_EACH_PAIR(pass);

FIXTURE_SETUP(pass)
{
	harness_start_over(&self->h, _metadata, &variant->over);
	let_refers_pass(&self->h);
	call_up(&self->h);
	self->h.ua[A].cseq = 40;	/* not what B's dialog is at */
}

FIXTURE_TEARDOWN(pass)
{
	harness_stop(&self->h);
}

TEST_F(pass, it_is_in_the_words_of_the_other_side)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;
	char value[128];

	h->policy->realms[1].trusted = true;
	passes(h, A, B, TO_C "Referred-By: \"Me\" <sip:alice@" IP_A ";x=1>;cid=1@" IP_A "\r\n"
	       "X-Where: " IP_A "\r\n");
	msg = &h->ua[B].msg;
	snprintf(value, sizeof(value), "<sip:2000@" IP_INSIDE ":5060%s>",
		 uri_param(h->ua[B].transport));
	EXPECT_TRUE(slice_eq(header(msg, "Refer-To"), slice_str(value))) {
		TH_LOG("expected %s in %s", value, h->ua[B].last);
	}
	EXPECT_TRUE(slice_eq(header(msg, "Referred-By"), SLICE("<sip:alice@" IP_INSIDE ">")));
	EXPECT_TRUE(slice_eq(header(msg, "Max-Forwards"), SLICE("69")));
	EXPECT_TRUE(header(msg, "Contact").n > 0);
	EXPECT_FALSE(contains(msg->bytes, IP_A));
	EXPECT_FALSE(contains(msg->bytes, IP_ADVERTISED));
	EXPECT_FALSE(contains(msg->bytes, "secret"));
	reply(h, B, "202 Accepted", NULL);
	msg = expect(h, A, "SIP/2.0 202");
	EXPECT_TRUE(header(msg, "Contact").n > 0);
	EXPECT_FALSE(contains(msg->bytes, IP_B));
	EXPECT_EQ(counter(h, "transfers-passed"), 1);
	EXPECT_EQ(counter(h, "transfers"), 0);
	hang_up(h, A);
}

TEST_F(pass, what_becomes_of_it_comes_back_with_the_number_of_the_referrer)
{
	struct harness *h = &self->h;
	u32 far = b_is_referred(h, TO_C), near = h->ua[A].cseq;

	EXPECT_NE(near, far);
	send_notify(h, B, far, ACTIVE, "100 Trying");
	is_told(h, A, B, near, ACTIVE, "100 Trying");
	send_notify(h, B, far, ACTIVE, "180 Ringing");
	is_told(h, A, B, near, ACTIVE, "180 Ringing");
	send_notify(h, B, far, LAST, "200 OK");
	is_told(h, A, B, near, LAST, "200 OK");
	is_unknown(h, B, A, far);
	hang_up(h, A);
}

TEST_F(pass, the_first_needs_no_number)
{
	struct harness *h = &self->h;
	u32 near, far;

	b_is_referred(h, TO_C);
	send_notify(h, B, 0, ACTIVE, "100 Trying");
	is_told(h, A, B, 0, ACTIVE, "100 Trying");
	send_notify(h, B, 0, LAST, "486 Busy Here");
	is_told(h, A, B, 0, LAST, "486 Busy Here");
	/* and the second one does, which B does not say */
	far = b_is_referred(h, TO_C);
	near = h->ua[A].cseq;
	send_notify(h, B, 0, ACTIVE, "100 Trying");
	is_told(h, A, B, near, ACTIVE, "100 Trying");
	send_notify(h, B, far, LAST, "200 OK");
	is_told(h, A, B, near, LAST, "200 OK");
	hang_up(h, B);
}

TEST_F(pass, the_callee_may_ask_as_well)
{
	struct harness *h = &self->h;
	u32 far = passes(h, B, A, TO_C), near = h->ua[B].cseq;
	char value[128];

	snprintf(value, sizeof(value), "<sip:2000@" IP_ADVERTISED ":5060%s>",
		 uri_param(h->ua[A].transport));
	EXPECT_TRUE(slice_eq(header(&h->ua[A].msg, "Refer-To"), slice_str(value)));
	reply(h, A, "200 OK", NULL);
	expect(h, B, "SIP/2.0 200");
	h->ua[A].cseq = 10;
	send_notify(h, A, far, LAST, "200 OK");
	is_told(h, B, A, near, LAST, "200 OK");
	hang_up(h, A);
}

TEST_F(pass, a_notify_may_come_before_the_answer)
{
	struct harness *h = &self->h;
	struct sip_msg *asked;
	u32 far = passes(h, A, B, TO_C), near = h->ua[A].cseq;

	asked = sip_msg_dup(&h->ua[B].msg);
	send_notify(h, B, far, ACTIVE, "100 Trying");
	is_told(h, A, B, near, ACTIVE, "100 Trying");
	reply_tagged(h, B, asked, "202 Accepted", h->ua[B].local_tag, NULL, NULL);
	expect(h, A, "SIP/2.0 202");
	free(asked);
	send_notify(h, B, far, LAST, "200 OK");
	is_told(h, A, B, near, LAST, "200 OK");
	hang_up(h, A);
}

TEST_F(pass, who_refuses_is_heard_and_nothing_is_left_of_it)
{
	static const char *const answers[] = {
		"405 Method Not Allowed", "501 Not Implemented", "603 Declined",
		"481 Call/Transaction Does Not Exist", "420 Bad Extension",
	};
	struct harness *h = &self->h;
	char expected[32];
	size_t i;
	u32 far;

	for (i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		far = passes(h, A, B, TO_C);
		reply_tagged(h, B, &h->ua[B].msg, answers[i], h->ua[B].local_tag,
			     "Allow: INVITE, ACK, BYE, CANCEL\r\n", NULL);
		snprintf(expected, sizeof(expected), "SIP/2.0 %.3s", answers[i]);
		expect(h, A, expected);
		if (!i)
			EXPECT_FALSE(sip_msg_lists(&h->ua[A].msg, SIP_HDR_ALLOW, "REFER"));
		is_unknown(h, B, A, far);
	}
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	hang_up(h, A);
}

TEST_F(pass, without_a_subscription_there_is_none)
{
	struct harness *h = &self->h;
	u32 far = passes(h, A, B, TO_C "Refer-Sub: false\r\nRequire: norefersub\r\n");

	EXPECT_TRUE(slice_eq(header(&h->ua[B].msg, "Refer-Sub"), SLICE("false")));
	EXPECT_TRUE(sip_msg_requires(&h->ua[B].msg, "norefersub"));
	reply_tagged(h, B, &h->ua[B].msg, "200 OK", h->ua[B].local_tag, "Refer-Sub: false\r\n",
		     NULL);
	EXPECT_TRUE(slice_eq(header(expect(h, A, "SIP/2.0 200"), "Refer-Sub"), SLICE("false")));
	is_unknown(h, B, A, far);
	/* and who cannot do without one says so */
	passes(h, A, B, TO_C "Refer-Sub: false\r\nRequire: norefersub\r\n");
	reply_tagged(h, B, &h->ua[B].msg, "420 Bad Extension", h->ua[B].local_tag,
		     "Unsupported: norefersub\r\n", NULL);
	EXPECT_TRUE(slice_eq(header(expect(h, A, "SIP/2.0 420"), "Unsupported"),
			     SLICE("norefersub")));
	hang_up(h, A);
}

/* RFC 4488 §4: who does not know the header makes one all the same. */
TEST_F(pass, who_knows_no_refer_sub_tells_it_and_that_passes)
{
	struct harness *h = &self->h;
	u32 far = b_is_referred(h, TO_C "Refer-Sub: false\r\n"), near = h->ua[A].cseq;

	send_notify(h, B, far, LAST, "200 OK");
	is_told(h, A, B, near, LAST, "200 OK");
	hang_up(h, A);
}

TEST_F(pass, it_is_refreshed_and_given_up)
{
	struct harness *h = &self->h;
	u32 far = b_is_referred(h, TO_C), near = h->ua[A].cseq;
	char line[64], event[32];
	int i;

	send_notify(h, B, far, ACTIVE, "100 Trying");
	is_told(h, A, B, near, ACTIVE, "100 Trying");
	for (i = 1; i >= 0; i--) {
		snprintf(line, sizeof(line), "Event: refer;id=%u\r\nExpires: %d\r\n", near, 120 * i);
		send_request(h, A, "SUBSCRIBE", ++h->ua[A].cseq, line, NULL);
		expect(h, B, "SUBSCRIBE ");
		snprintf(event, sizeof(event), "refer;id=%u", far);
		EXPECT_TRUE(slice_eq(header(&h->ua[B].msg, "Event"), slice_str(event)));
		EXPECT_TRUE(slice_eq(header(&h->ua[B].msg, "Expires"), i ? SLICE("120") : SLICE("0")));
		reply_tagged(h, B, &h->ua[B].msg, "200 OK", h->ua[B].local_tag,
			     i ? "Expires: 100\r\n" : "Expires: 0\r\n", NULL);
		EXPECT_TRUE(slice_eq(header(expect(h, A, "SIP/2.0 200"), "Expires"),
				     i ? SLICE("100") : SLICE("0")));
		send_notify(h, B, far, i ? "active;expires=100" : "terminated;reason=timeout",
			    "100 Trying");
		is_told(h, A, B, near, i ? "active;expires=100" : "terminated;reason=timeout",
			"100 Trying");
	}
	send_request(h, A, "SUBSCRIBE", ++h->ua[A].cseq, line, NULL);
	expect(h, A, "SIP/2.0 481");
	hang_up(h, A);
}

TEST_F(pass, another_one_while_the_first_is_open)
{
	struct harness *h = &self->h;
	u32 near[2], far[2];
	int i;

	for (i = 0; i < 2; i++) {
		far[i] = b_is_referred(h, TO_C);
		near[i] = h->ua[A].cseq;
	}
	for (i = 1; i >= 0; i--) {
		send_notify(h, B, far[i], ACTIVE, "100 Trying");
		is_told(h, A, B, near[i], ACTIVE, "100 Trying");
		send_notify(h, B, far[i], LAST, "200 OK");
		is_told(h, A, B, near[i], LAST, "200 OK");
	}
	hang_up(h, A);
}

TEST_F(pass, not_more_than_a_few_until_one_has_expired)
{
	struct harness *h = &self->h;
	u32 far = 0, i;

	for (i = 0; i < 4; i++) {
		far = b_is_referred(h, TO_C);
		send_notify(h, B, far, ACTIVE, "100 Trying");
		is_told(h, A, B, h->ua[A].cseq, ACTIVE, "100 Trying");
	}
	refer(h, A, TO_C);
	EXPECT_TRUE(header(expect(h, A, "SIP/2.0 503"), "Retry-After").n > 0);
	EXPECT_FALSE(pending(h, B));
	EXPECT_EQ(counter(h, "transfers-refused"), 1);
	advance(h, 93 * NSEC_PER_SEC);
	b_is_referred(h, TO_C);
	is_unknown(h, B, A, far);
	hang_up(h, A);
}

TEST_F(pass, a_referrer_who_does_not_know_it_ends_it)
{
	struct harness *h = &self->h;
	u32 far = b_is_referred(h, TO_C);

	send_notify(h, B, far, ACTIVE, "100 Trying");
	expect(h, A, "NOTIFY ");
	reply(h, A, "481 Subscription Does Not Exist", NULL);
	expect(h, B, "SIP/2.0 481");
	is_unknown(h, B, A, far);
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	hang_up(h, A);
}

TEST_F(pass, a_reinvite_in_the_middle_of_it_passes)
{
	struct harness *h = &self->h;
	u32 far = b_is_referred(h, TO_C), near = h->ua[A].cseq;

	reinvites(h, A, B);
	send_notify(h, B, far, LAST, "200 OK");
	is_told(h, A, B, near, LAST, "200 OK");
	hang_up(h, A);
}

/* The dialogs go with the call, and with them what is told in them. */
TEST_F(pass, hanging_up_ends_it)
{
	struct harness *h = &self->h;
	u32 far = b_is_referred(h, TO_C);

	send_notify(h, B, far, ACTIVE, "100 Trying");
	expect(h, A, "NOTIFY ");
	send_request(h, A, "BYE", ++h->ua[A].cseq, NULL, NULL);
	expect(h, B, "SIP/2.0 481");
	expect(h, A, "SIP/2.0 200");
	gets_bye(h, B);
	is_unknown(h, B, A, far);
}

TEST_F(pass, a_refer_that_is_not_answered_when_the_call_ends)
{
	struct harness *h = &self->h;

	passes(h, A, B, TO_C);
	send_request(h, B, "BYE", ++h->ua[B].cseq, NULL, NULL);
	expect(h, A, "SIP/2.0 487");
	expect(h, B, "SIP/2.0 200");
	gets_bye(h, A);
}

TEST_F(pass, other_packages_and_states_that_are_none)
{
	struct harness *h = &self->h;
	u32 far = b_is_referred(h, TO_C);
	char line[64];

	send_request(h, B, "NOTIFY", ++h->ua[B].cseq,
		     "Event: presence\r\nSubscription-State: active\r\n", NULL);
	expect(h, B, "SIP/2.0 405");
	snprintf(line, sizeof(line), "Event: refer;id=%u\r\n", far);
	send_request(h, B, "NOTIFY", ++h->ua[B].cseq, line, NULL);
	expect(h, B, "SIP/2.0 400");
	is_unknown(h, B, A, far + 1);
	/* nor may the referrer tell of it */
	is_unknown(h, A, B, h->ua[A].cseq);
	EXPECT_FALSE(pending(h, A));
	hang_up(h, A);
}

TEST_HARNESS_MAIN
