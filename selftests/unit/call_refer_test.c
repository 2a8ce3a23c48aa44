// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a REFER may say and who may send it; the subscription that it makes, also when
 * messages are lost; by whose rights the new call is made.
 */
#include "call_attended.h"
#include "call_subscriber.h"

FIXTURE(refer) {
	struct harness h;
};

FIXTURE_SETUP(refer)
{
	harness_start(&self->h, _metadata);
	allow_transfers(&self->h);
}

FIXTURE_TEARDOWN(refer)
{
	harness_stop(&self->h);
}

static void refused(struct harness *h, const char *lines, const char *status)
{
	struct __test_metadata *_metadata = h->_metadata;

	refer(h, B, lines);
	expect(h, B, status);
	EXPECT_FALSE(pending(h, A));
	EXPECT_FALSE(pending(h, C));
	EXPECT_EQ(call_engine_calls(h->engine), 1);
}

/* B's REFER has been taken, C is called. */
static void taken(struct harness *h, const char *lines)
{
	refer_accepted(h, B, lines);
	expect(h, C, "INVITE ");
}

TEST_F(refer, it_is_off_unless_somebody_says_otherwise)
{
	struct harness *h = &self->h;

	h->policy->trunks[1].transfer = CALL_TRANSFER_OFF;
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	EXPECT_FALSE(sip_msg_lists(expect(h, B, "INVITE "), SIP_HDR_ALLOW, "REFER"));
	accepts(h, B);
	EXPECT_TRUE(sip_msg_lists(expect(h, A, "SIP/2.0 200"), SIP_HDR_ALLOW, "REFER"));
	acknowledge(h, A);
	h->ua[B].cseq = 100;
	refused(h, TO_C, "SIP/2.0 403");
	EXPECT_EQ(counter(h, "transfers-refused"), 1);
	hang_up(h, A);
}

TEST_F(refer, what_cannot_be_called_is_refused)
{
	struct harness *h = &self->h;

	call_up(h);
	refused(h, "", "SIP/2.0 400");
	refused(h, "Refer-To: <sip:2000@x>, <sip:2001@x>\r\n", "SIP/2.0 400");
	refused(h, TO_C TO_C, "SIP/2.0 400");
	refused(h, "Refer-To: <sip:>\r\n", "SIP/2.0 400");
	refused(h, "Refer-To: <https://example.com/2000>\r\n", "SIP/2.0 416");
	refused(h, "Refer-To: <sip:2000@x;method=BYE>\r\n", "SIP/2.0 603");
	refused(h, "Refer-To: <sip:2000@x?Replaces=1%0d%0aX%3a2>\r\n", "SIP/2.0 400");
	refused(h, "Refer-To: <sip:2000@x?Replaces=1%40x%3Bto-tag%3D1>\r\n", "SIP/2.0 400");
	refused(h, TO_C "Require: gruu\r\n", "SIP/2.0 420");
	hang_up(h, A);
}

TEST_F(refer, it_goes_by_the_routes_of_the_referrer)
{
	struct harness *h = &self->h;

	h->policy->routes[2].match.number.prefix = strdup("3");
	call_up(h);
	/* A may call 49..., and goes there; it is B who asks for it */
	refused(h, "Refer-To: <sip:4930999@x>\r\n", "SIP/2.0 404");
	h->policy->routes[0].reject = 604;
	refused(h, TO_C, "SIP/2.0 604");
	hang_up(h, A);
}

TEST_F(refer, the_number_of_a_tel_uri_will_do)
{
	struct harness *h = &self->h;

	call_up(h);
	taken(h, "Refer-To: tel:2000\r\n");
	c_is_busy(h);
	expect_notify(h, B, "terminated", "486 Busy Here");
	hang_up(h, A);
}

TEST_F(refer, a_dialog_of_somebody_else_is_named_to_him)
{
	struct harness *h = &self->h;

	call_up(h);
	taken(h, "Refer-To: <sip:2000@x?Replaces=abc%40y%3Bto-tag%3D1%3Bfrom-tag%3D2"
		 "&Subject=x>\r\n");
	EXPECT_TRUE(slice_eq(header(&h->ua[C].invite, "Replaces"),
			     SLICE("abc@y;to-tag=1;from-tag=2")));
	EXPECT_TRUE(slice_eq(header(&h->ua[C].invite, "Require"), SLICE("replaces")));
	EXPECT_EQ(header(&h->ua[C].invite, "Subject").n, 0);
	c_is_busy(h);
	expect_notify(h, B, "terminated", "486 Busy Here");
	hang_up(h, A);
}

/* Another call of the referrer's would be: its names are of his side, and nobody else's. */
TEST_F(refer, a_dialog_of_ours_is_named_to_nobody)
{
	struct harness *h = &self->h;
	const struct sip_msg *invite = &h->ua[B].invite;
	char lines[512];

	call_up(h);
	snprintf(lines, sizeof(lines), "Refer-To: <sip:2000@x?Replaces=" SLICE_FMT
		 "%%3Bto-tag%%3D" SLICE_FMT "%%3Bfrom-tag%%3D%.60s>\r\n", SLICE_ARG(invite->call_id),
		 SLICE_ARG(invite->from.tag), h->ua[B].local_tag);
	refused(h, lines, "SIP/2.0 603");
	hang_up(h, A);
}

TEST_F(refer, who_referred_is_told_to_trusted_ones_and_nothing_of_the_other_sides)
{
	struct harness *h = &self->h;
	const char *lines = TO_C "Referred-By: <sip:bob@" IP_B ">\r\n";
	int i;

	call_up(h);
	for (i = 0; i < 2; i++) {
		h->policy->realms[1].trusted = i;
		taken(h, lines);
		EXPECT_TRUE(slice_eq(header(&h->ua[C].invite, "Referred-By"),
				     i ? SLICE("<sip:bob@" IP_INSIDE ">") : SLICE("")));
		EXPECT_TRUE(contains(header(&h->ua[C].invite, "From"),
				     "\"Alice\" <sip:alice@" IP_INSIDE ">"));
		EXPECT_FALSE(contains(h->ua[C].invite.bytes, IP_A));
		EXPECT_FALSE(contains(h->ua[C].invite.bytes, IP_B));
		EXPECT_FALSE(contains(h->ua[C].invite.bytes, h->ua[A].call_id));
		c_is_busy(h);
		expect_notify(h, B, "terminated", "486 Busy Here");
	}
	hang_up(h, A);
}

/* B does not answer the first NOTIFY. */
static void taken_and_not_heard(struct harness *h)
{
	refer(h, B, TO_C);
	expect(h, B, "SIP/2.0 202");
	expect(h, C, "INVITE ");
	expect(h, B, "NOTIFY ");
}

TEST_F(refer, a_notify_that_is_lost_comes_again_and_the_end_comes_last)
{
	struct harness *h = &self->h;

	call_up(h);
	taken_and_not_heard(h);
	answer(h, C, "180 Ringing", NULL);
	c_is_busy(h);
	EXPECT_FALSE(pending(h, B));
	advance(h, 600 * NSEC_PER_MSEC);
	expect_notify(h, B, "active;expires=", "100 Trying");
	is_told_the_end(h, B, "486 Busy Here");
	hang_up(h, A);
}

TEST_F(refer, a_refer_that_comes_again_is_taken_once)
{
	struct harness *h = &self->h;

	call_up(h);
	taken(h, TO_C);
	h->branch--;
	send_request(h, B, "REFER", h->ua[B].cseq, TO_C, NULL);
	expect(h, B, "SIP/2.0 202");
	EXPECT_FALSE(pending(h, C));
	EXPECT_EQ(call_engine_calls(h->engine), 2);
	c_is_busy(h);
	expect_notify(h, B, "terminated", "486 Busy Here");
	hang_up(h, A);
}

TEST_F(refer, who_does_not_know_the_subscription_loses_nothing_else)
{
	struct harness *h = &self->h;

	call_up(h);
	taken_and_not_heard(h);
	reply(h, B, "481 Subscription Does Not Exist", NULL);
	answer(h, C, "180 Ringing", NULL);
	is_connected_to_c(h, A);
	gets_bye(h, B);
	hangs_up(h, C, A);
}

TEST_F(refer, who_never_takes_the_last_notify_is_let_go_all_the_same)
{
	struct harness *h = &self->h;

	call_up(h);
	taken(h, TO_C);
	is_connected_to_c(h, A);
	expect(h, B, "NOTIFY ");
	/* meanwhile there is nobody who could take an offer of his */
	send_request(h, B, "INVITE", ++h->ua[B].cseq, NULL, SDP_B);
	expect(h, B, "SIP/2.0 491");
	send_ack(h, B);
	EXPECT_EQ(call_engine_calls(h->engine), 2);
	advance(h, 33 * NSEC_PER_SEC);
	while (pending(h, B) && h->ua[B].msg.method != SIP_BYE)
		expect(h, B, "");
	EXPECT_EQ(h->ua[B].msg.method, SIP_BYE);
	reply(h, B, "200 OK", NULL);
	discard(h, B);
	hangs_up(h, C, A);
}

TEST_F(refer, the_subscription_is_refreshed_and_given_up)
{
	struct harness *h = &self->h;

	call_up(h);
	taken(h, TO_C);
	send_request(h, B, "SUBSCRIBE", ++h->ua[B].cseq, "Event: refer\r\nExpires: 60\r\n", NULL);
	EXPECT_TRUE(slice_eq(header(expect(h, B, "SIP/2.0 200"), "Expires"), SLICE("60")));
	expect_notify(h, B, "active;expires=60", "100 Trying");
	send_request(h, B, "SUBSCRIBE", ++h->ua[B].cseq, "Event: refer\r\nExpires: 0\r\n", NULL);
	EXPECT_TRUE(slice_eq(header(expect(h, B, "SIP/2.0 200"), "Expires"), SLICE("0")));
	expect_notify(h, B, "terminated;reason=timeout", "100 Trying");
	/* there is none any more, and there is no other */
	send_request(h, B, "SUBSCRIBE", ++h->ua[B].cseq, "Event: refer\r\n", NULL);
	expect(h, B, "SIP/2.0 481");
	send_request(h, A, "SUBSCRIBE", ++h->ua[A].cseq, "Event: refer\r\n", NULL);
	expect(h, A, "SIP/2.0 481");
	c_is_busy(h);
	EXPECT_FALSE(pending(h, B));
	hang_up(h, A);
}

TEST_F(refer, a_subscription_that_is_not_refreshed_ends)
{
	struct harness *h = &self->h;

	call_up(h);
	taken(h, TO_C);
	send_request(h, B, "SUBSCRIBE", ++h->ua[B].cseq, "Event: refer\r\nExpires: 60\r\n", NULL);
	expect(h, B, "SIP/2.0 200");
	expect_notify(h, B, "active;expires=60", "100 Trying");
	answer(h, C, "180 Ringing", NULL);
	expect_notify(h, B, "active;expires=60", "180 Ringing");
	advance(h, 60 * NSEC_PER_SEC);
	expect_notify(h, B, "terminated;reason=timeout", "180 Ringing");
	c_is_busy(h);
	hang_up(h, A);
}

TEST_F(refer, a_call_that_was_put_through_is_put_through_again)
{
	struct harness *h = &self->h;

	call_up(h);
	referred(h, B);
	c_answers(h, B, A);
	put_through(h, B, A);
	/* now C refers A to B, who is behind any number but 2000 */
	h->policy->routes[0].match.number.prefix[0] = '3';
	h->policy->routes[2].match.number.prefix = strdup("7");
	h->policy->routes[2].to[0].trunk = 1;
	refer_accepted(h, C, "Refer-To: <sip:7000@x>\r\n");
	expect(h, B, "INVITE ");
	answer(h, B, "200 OK", SDP_B);
	expect(h, A, "INVITE ");
	accepts(h, A);
	expect(h, B, "ACK ");
	is_let_go(h, C);
	hangs_up(h, A, B);
}

/* --- subscribers --- */

static void alice_calls_b(struct harness *h)
{
	add_domain(h, SIP_DIGEST_ALL);
	let_subscribers_call(h);
	h->policy->routes[1].from_trunk = -1;
	h->policy->routes[1].from_realm = 0;
	h->policy->realms[0].transfer = CALL_TRANSFER_HANDLE;
	h->policy->realms[1].trusted = true;
	call_as_alice(h, "");
	answered(h);
	h->ua[STRANGER].cseq = 10;
}

static void alice_refers(struct harness *h)
{
	struct __test_metadata *_metadata = h->_metadata;

	refer_accepted(h, STRANGER, TO_C "Referred-By: <sip:president@example.com>\r\n");
	expect(h, C, "INVITE ");
	EXPECT_TRUE(slice_eq(header(&h->ua[C].invite, "Referred-By"),
			     SLICE("<sip:alice@example.com>")));
	/* it is B who calls */
	EXPECT_EQ(header(&h->ua[C].invite, "P-Asserted-Identity").n, 0);
}

static void alice_puts_b_through(struct harness *h)
{
	alice_calls_b(h);
	alice_refers(h);
	is_connected_to_c(h, B);
	is_let_go(h, STRANGER);
}

/* She has as many calls as she may have. */
static void alice_may_not_call(struct harness *h)
{
	send_authentic(h, "INVITE", "alice", "secret", "");
	expect(h, STRANGER, "SIP/2.0 486");
	send_same_branch(h, STRANGER, "ACK", h->branch, NULL);
}

TEST_F(refer, a_subscriber_answers_for_the_new_call_by_his_own_name)
{
	struct harness *h = &self->h;

	alice_puts_b_through(h);
	hangs_up(h, C, B);
}

TEST_F(refer, a_subscriber_has_not_more_calls_by_it_than_he_may)
{
	struct harness *h = &self->h;

	alice_calls_b(h);
	h->policy->domains[0].max_calls = 1;
	alice_refers(h);
	is_connected_to_c(h, B);
	is_let_go(h, STRANGER);
	/* it is his call still */
	alice_may_not_call(h);
	hangs_up(h, C, B);
}

TEST_F(refer, a_subscriber_who_is_referred_is_told_to_trusted_ones)
{
	struct harness *h = &self->h;

	alice_calls_b(h);
	h->policy->routes[0].from_realm = -1;
	taken(h, TO_C);
	EXPECT_TRUE(slice_eq(header(&h->ua[C].invite, "P-Asserted-Identity"),
			     SLICE("<sip:alice@example.com>")));
	EXPECT_EQ(header(&h->ua[C].invite, "Referred-By").n, 0);
	is_connected_to_c(h, STRANGER);
	is_let_go(h, B);
	/* and what she says of herself is not */
	send_request(h, STRANGER, "INVITE", ++h->ua[STRANGER].cseq,
		     "P-Asserted-Identity: <sip:president@example.com>\r\n", SDP_A);
	expect(h, STRANGER, "SIP/2.0 100");
	EXPECT_EQ(header(expect(h, C, "INVITE "), "P-Asserted-Identity").n, 0);
	accepts(h, C);
	is_answered(h, STRANGER);
	hangs_up(h, C, STRANGER);
}

TEST_F(refer, while_jalurd_drains_nobody_is_put_through)
{
	struct harness *h = &self->h;

	call_up(h);
	call_engine_drain(h->engine, h->now, true);
	refused(h, TO_C, "SIP/2.0 503");
	EXPECT_TRUE(header(&h->ua[B].msg, "Retry-After").n > 0);
	EXPECT_EQ(counter(h, "refused-draining"), 1);
	call_engine_drain(h->engine, h->now, false);
	taken(h, TO_C);
	c_is_busy(h);
	expect_notify(h, B, "terminated", "486 Busy Here");
	hang_up(h, A);
}

TEST_F(refer, who_was_put_through_has_his_own_rights_and_not_those_of_the_referrer)
{
	struct harness *h = &self->h;

	alice_puts_b_through(h);
	/* B, a trunk, refers C to A */
	h->policy->realms[0].trusted = true;
	refer_accepted(h, B, "Refer-To: <sip:7000@x>\r\nReferred-By: <sip:bob@x>\r\n");
	expect(h, A, "INVITE ");
	EXPECT_EQ(header(&h->ua[A].invite, "P-Asserted-Identity").n, 0);
	EXPECT_TRUE(slice_begins(header(&h->ua[A].invite, "Referred-By"), SLICE("<sip:bob@")));
	refuses(h, A, "486 Busy Here");
	is_told_the_end(h, B, "486 Busy Here");
	hangs_up(h, C, B);
}

static void alice_calls_c(struct harness *h)
{
	h->policy->routes[1].to[0].trunk = 2;
	send_authentic(h, "INVITE", "alice", "secret", "");
	expect(h, STRANGER, "SIP/2.0 100");
	expect(h, C, "INVITE ");
}

/* In her call with B, and means the one with C. */
static void alice_refers_b_to_c(struct harness *h, const struct dialog *first,
				const struct dialog *second)
{
	char line[512];

	refer_to_line(&h->ua[STRANGER], second, "", line, sizeof(line));
	use_dialog(&h->ua[STRANGER], first);
	refer_accepted(h, STRANGER, line);
}

/* alice has a call with B and one with C. */
static void alice_calls_both(struct harness *h, struct dialog *first, struct dialog *second)
{
	alice_calls_b(h);
	keep_dialog(&h->ua[STRANGER], first);
	alice_calls_c(h);
	accepts(h, C);
	is_answered(h, STRANGER);
	h->ua[C].cseq = 100;
	keep_dialog(&h->ua[STRANGER], second);
}

TEST_F(refer, a_subscriber_joins_two_calls_of_his_within_his_limit)
{
	struct harness *h = &self->h;
	struct dialog first, second;

	alice_calls_both(h, &first, &second);
	h->policy->domains[0].max_calls = 2;
	alice_refers_b_to_c(h, &first, &second);
	expect(h, C, "INVITE ");
	answer(h, C, "200 OK", SDP_C);
	expect(h, B, "INVITE ");
	accepts(h, B);
	expect(h, C, "ACK ");
	gets_bye(h, STRANGER);
	is_let_go(h, STRANGER);
	/* it is his call still */
	h->policy->domains[0].max_calls = 1;
	alice_may_not_call(h);
	hangs_up(h, C, B);
}

TEST_F(refer, a_subscriber_puts_through_to_whom_he_rings_within_his_limit)
{
	struct harness *h = &self->h;
	struct dialog first, second;

	alice_calls_b(h);
	keep_dialog(&h->ua[STRANGER], &first);
	alice_calls_c(h);
	answer(h, C, "180 Ringing", NULL);
	learn(&h->ua[STRANGER], expect(h, STRANGER, "SIP/2.0 180"));
	keep_dialog(&h->ua[STRANGER], &second);
	h->policy->domains[0].max_calls = 2;
	alice_refers_b_to_c(h, &first, &second);
	expect(h, STRANGER, "SIP/2.0 487");
	expect(h, C, "CANCEL ");
	reply(h, C, "200 OK", NULL);
	answer(h, C, "487 Request Terminated", NULL);
	expect(h, C, "INVITE ");
	expect(h, C, "ACK ");
	c_is_busy(h);
	is_told_the_end(h, STRANGER, "486 Busy Here");
	hangs_up(h, B, STRANGER);
}

TEST_F(refer, a_subscriber_joins_no_call_of_another_one)
{
	struct harness *h = &self->h;
	struct dialog first, second;
	char line[512];

	alice_calls_both(h, &first, &second);
	/* B, who is a trunk, says that it is alice's */
	refer_to_line(&h->ua[STRANGER], &second, "", line, sizeof(line));
	refer(h, B, line);
	expect(h, B, "SIP/2.0 603");
	EXPECT_FALSE(pending(h, C));
	hangs_up(h, B, STRANGER);
	hangs_up(h, C, STRANGER);
}

TEST_F(refer, one_of_our_users_is_called_where_he_is)
{
	struct harness *h = &self->h;

	add_domain(h, SIP_DIGEST_ALL);
	send_authentic(h, "REGISTER", "alice", "secret", "");
	expect(h, STRANGER, "SIP/2.0 200");
	call_up(h);
	refer(h, B, "Refer-To: <sip:bob@example.com>\r\n");
	expect(h, B, "SIP/2.0 480");
	refer_accepted(h, B, "Refer-To: <sip:alice@example.com>\r\n");
	expect(h, STRANGER, "INVITE ");
	answer(h, STRANGER, "200 OK", SDP_C);
	expect(h, A, "INVITE ");
	accepts(h, A);
	expect(h, STRANGER, "ACK ");
	is_let_go(h, B);
	hangs_up(h, A, STRANGER);
}

TEST_HARNESS_MAIN
