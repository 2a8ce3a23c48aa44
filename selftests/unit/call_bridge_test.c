// SPDX-License-Identifier: GPL-2.0-only
/*
 * Subscriptions that somebody else serves: A watches, B tells, and each hears the other in a
 * dialog with us.
 */
#include "call_bridge.h"

FIXTURE(bridge) {
	struct harness h;
	struct sip_msg *asked;		/* the SUBSCRIBE, until B answers */
};

FIXTURE_SETUP(bridge)
{
	harness_start(&self->h, _metadata);
}

FIXTURE_TEARDOWN(bridge)
{
	struct harness *h = &self->h;

	EXPECT_EQ(counter(h, "exchanges-now"), 0);
	EXPECT_EQ(counter(h, "carried-subscriptions-now"), 0);
	drop_events(h);
	harness_stop(h);
}

/* --- there and back --- */

TEST_F(bridge, what_is_told_gets_to_who_watches_and_his_answer_back)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	msg = subscribe(h, VOICE "Expires: 3600\r\nAccept: application/simple-message-summary\r\n");
	EXPECT_TRUE(slice_eq(header(msg, "Event"), SLICE("message-summary;id=7")));
	EXPECT_TRUE(slice_eq(header(msg, "Expires"), SLICE("3600")));
	EXPECT_TRUE(slice_eq(header(msg, "Accept"), SLICE("application/simple-message-summary")));
	EXPECT_TRUE(contains(header(msg, "Contact"), IP_INSIDE));
	EXPECT_FALSE(contains(msg->bytes, IP_A));
	granted(h);
	msg = &h->ua[A].msg;
	EXPECT_TRUE(slice_eq(header(msg, "Expires"), SLICE("600")));
	EXPECT_TRUE(contains(header(msg, "Contact"), IP_ADVERTISED));
	EXPECT_FALSE(contains(msg->bytes, IP_B));
	tell(h, B, ACTIVE, WAITING);
	EXPECT_FALSE(pending(h, B));
	msg = heard(h, "200 OK");
	EXPECT_TRUE(slice_eq(header(msg, "Subscription-State"), SLICE("active;expires=600")));
	EXPECT_TRUE(slice_eq(header(msg, "Event"), SLICE("message-summary;id=7")));
	EXPECT_TRUE(slice_eq(msg->body, SLICE(WAITING)));
	EXPECT_TRUE(slice_eq(msg->content_type, SLICE("application/simple-message-summary")));
	EXPECT_FALSE(contains(msg->bytes, IP_B));
	EXPECT_TRUE(contains(header(msg, "Contact"), IP_ADVERTISED));
	expect(h, B, "SIP/2.0 200");
	EXPECT_EQ(counter(h, "subscriptions-carried"), 1);
	EXPECT_EQ(counter(h, "notifies-carried"), 1);
	EXPECT_EQ(bridges(h), 1);
	leave(h);
}

TEST_F(bridge, it_is_refreshed)
{
	struct harness *h = &self->h;

	begin(h);
	advance(h, 500 * SECOND);
	resubscribe(h, "Expires: 600\r\n");
	EXPECT_TRUE(slice_eq(expect(h, B, "SUBSCRIBE ")->to.tag, SLICE("tag-of-1")));
	accepted(h, "Expires: 600\r\n");
	told_and_heard(h, ACTIVE, WAITING);
	advance(h, 500 * SECOND);
	EXPECT_EQ(bridges(h), 1);
	leave(h);
}

TEST_F(bridge, several_may_be_told_at_a_time)
{
	struct harness *h = &self->h;
	struct sip_msg *first;

	begin(h);
	tell(h, B, ACTIVE, WAITING);
	first = sip_msg_dup(expect(h, A, "NOTIFY "));
	tell(h, B, ACTIVE, WAITING);
	expect(h, A, "NOTIFY ");
	EXPECT_EQ(h->ua[A].msg.cseq, first->cseq + 1);
	reply(h, A, "200 OK", NULL);
	EXPECT_EQ(expect(h, B, "SIP/2.0 200")->cseq, h->ua[B].cseq);
	reply_tagged(h, A, first, "202 Accepted", "", NULL, NULL);
	EXPECT_EQ(expect(h, B, "SIP/2.0 202")->cseq, h->ua[B].cseq - 1);
	free(first);
	h->ua[A].cseq = 2;
	leave(h);
}

TEST_F(bridge, a_notify_may_be_there_before_the_answer)
{
	struct harness *h = &self->h;
	struct ua *b = &h->ua[B];

	self->asked = sip_msg_dup(subscribe(h, VOICE));
	learn(b, self->asked);
	b->cseq = 50;
	tell(h, B, ACTIVE, WAITING);
	expect(h, A, "NOTIFY ");
	learn(&h->ua[A], &h->ua[A].msg);
	reply(h, A, "200 OK", NULL);
	expect(h, B, "SIP/2.0 200");
	EXPECT_EQ(bridges(h), 1);
	/* of another fork: the first one has it */
	snprintf(b->local_tag, sizeof(b->local_tag), "another");
	tell(h, B, ACTIVE, WAITING);
	expect(h, B, "SIP/2.0 481");
	EXPECT_FALSE(pending(h, A));
	snprintf(b->local_tag, sizeof(b->local_tag), "tag-of-1");
	reply_tagged(h, B, self->asked, "202 Accepted", "tag-of-1", "Expires: 600\r\n", NULL);
	EXPECT_TRUE(slice_eq(expect(h, A, "SIP/2.0 202")->to.tag,
			     slice_str(h->ua[A].remote_tag)));
	free(self->asked);
	b->cseq = 60;
	h->ua[A].cseq = 1;
	told_and_heard(h, ACTIVE, WAITING);
	leave(h);
}

TEST_F(bridge, and_the_answer_may_be_a_failure_all_the_same)
{
	struct harness *h = &self->h;

	self->asked = sip_msg_dup(subscribe(h, VOICE));
	learn(&h->ua[B], self->asked);
	tell(h, B, ACTIVE, WAITING);
	expect(h, A, "NOTIFY ");
	reply_tagged(h, B, self->asked, "500 Server Internal Error", "x", NULL, NULL);
	expect(h, A, "SIP/2.0 500");
	EXPECT_EQ(bridges(h), 0);
	expect(h, B, "SIP/2.0 500");
	free(self->asked);
}

TEST_F(bridge, a_look_is_one_notify)
{
	struct harness *h = &self->h;

	subscribe(h, VOICE "Expires: 0\r\n");
	accepted(h, "Expires: 0\r\n");
	h->ua[B].cseq = 100;
	told_and_heard(h, VOICE "Subscription-State: terminated;reason=timeout\r\n", WAITING);
	EXPECT_EQ(bridges(h), 0);
}

TEST_F(bridge, what_else_is_asked_in_its_dialogs_is_ours)
{
	struct harness *h = &self->h;

	begin(h);
	send_request(h, A, "OPTIONS", ++h->ua[A].cseq, NULL, NULL);
	expect(h, A, "SIP/2.0 200");
	send_request(h, A, "NOTIFY", ++h->ua[A].cseq, ACTIVE, NULL);
	expect(h, A, "SIP/2.0 405");
	tell(h, B, "Event: message-summary\r\n", NULL);
	expect(h, B, "SIP/2.0 400");
	tell(h, B, "Subscription-State: active\r\n", NULL);
	expect(h, B, "SIP/2.0 489");
	EXPECT_FALSE(pending(h, A));
	leave(h);
}

/* --- refused --- */

TEST_F(bridge, who_serves_it_may_refuse_it)
{
	struct harness *h = &self->h;

	subscribe(h, VOICE);
	reply_tagged(h, B, &h->ua[B].msg, "489 Bad Event", "b", "Allow-Events: presence\r\n", NULL);
	EXPECT_TRUE(slice_eq(header(expect(h, A, "SIP/2.0 489"), "Allow-Events"),
			     SLICE("presence")));
	EXPECT_EQ(bridges(h), 0);
	subscribe(h, VOICE);
	reply_tagged(h, B, &h->ua[B].msg, "423 Too Brief", "b", "Min-Expires: 900\r\n", NULL);
	EXPECT_TRUE(slice_eq(header(expect(h, A, "SIP/2.0 423"), "Min-Expires"), SLICE("900")));
	subscribe(h, VOICE);
	advance(h, 40 * SECOND);
	expect_repeats(h, B, 5);
	expect(h, A, "SIP/2.0 408");
	EXPECT_EQ(counter(h, "subscriptions-carried"), 0);
}

TEST_F(bridge, without_a_route_or_a_way_back_there_is_none)
{
	struct harness *h = &self->h;

	begin_dialog(h, A, "33123");
	send_request(h, A, "SUBSCRIBE", 1, VOICE, NULL);
	expect(h, A, "SIP/2.0 405");
	begin_dialog(h, A, "4930123");
	send_request(h, A, "SUBSCRIBE", 1, VOICE "Require: eventlist\r\n", NULL);
	expect(h, A, "SIP/2.0 420");
	EXPECT_FALSE(pending(h, B));
}

TEST_F(bridge, a_subscriber_has_so_many_and_no_more)
{
	struct harness *h = &self->h;
	size_t i;

	add_domain(h, SIP_DIGEST_ALL)->events.subscriptions = 2;
	let_subscribers_call(h);
	for (i = 0; i < 3; i++) {
		send_authentic(h, "SUBSCRIBE", "alice", "secret", VOICE);
		if (i == 2)
			break;
		expect(h, B, "SUBSCRIBE ");
		reply(h, B, "200 OK", NULL);
		expect(h, STRANGER, "SIP/2.0 200");
	}
	expect(h, STRANGER, "SIP/2.0 403");
	EXPECT_EQ(counter(h, "refused-subscription-limit"), 1);
	advance(h, 40 * SECOND);
}

/* A request of A's outside of dialogs, without a Contact. */
static void send_without_contact(struct harness *h, const char *lines)
{
	char text[512];
	int n = snprintf(text, sizeof(text),
			 "SUBSCRIBE sip:4930123@sbc.example SIP/2.0\r\n"
			 "Via: SIP/2.0/UDP " IP_A ":5060;branch=z9hG4bKodd%u\r\n"
			 "Max-Forwards: 70\r\nFrom: <sip:alice@" IP_A ">;tag=1\r\n"
			 "To: <sip:4930123@sbc.example>\r\nCall-ID: odd%u\r\nCSeq: 1 SUBSCRIBE\r\n"
			 "%sContent-Length: 0\r\n\r\n", h->branch + 1, h->branch + 1, lines);

	h->branch++;
	input(h, A, text, (size_t)n);
}

TEST_F(bridge, what_is_no_subscription_is_refused_by_us)
{
	static const char *const events[] = { "Event: ;id=7\r\n", "Event:\r\n", "Event: "
		"a23456789012345678901234567890123456789012345678901234567890123456789\r\n" };
	struct harness *h = &self->h;
	size_t i;

	for (i = 0; i < sizeof(events) / sizeof(*events); i++) {
		begin_dialog(h, A, "4930123");
		send_request(h, A, "SUBSCRIBE", 1, events[i], NULL);
		expect(h, A, "SIP/2.0 400");
	}
	send_without_contact(h, VOICE);
	expect(h, A, "SIP/2.0 400");
	EXPECT_FALSE(pending(h, B));
	EXPECT_EQ(bridges(h), 0);
}

TEST_F(bridge, nobody_is_believed_for_more_than_a_week)
{
	struct harness *h = &self->h;

	subscribe(h, VOICE "Expires: 99999999999\r\n");
	accepted(h, "Expires: 99999999999\r\n");
	h->ua[B].cseq = 100;
	told_and_heard(h, VOICE "Subscription-State: active\r\n", WAITING);
	advance(h, (7 * 24 * 3600 + 31) * SECOND);
	EXPECT_EQ(bridges(h), 1);
	advance(h, 2 * SECOND);
	EXPECT_TRUE(slice_eq(header(expect(h, A, "NOTIFY "), "Subscription-State"),
			     SLICE("terminated;reason=timeout")));
	discard(h, A);
	reply(h, A, "200 OK", NULL);
}

/* The dialog is there by a NOTIFY, the 2xx is not. */
TEST_F(bridge, it_cannot_be_refreshed_before_it_is_accepted)
{
	struct harness *h = &self->h;

	self->asked = sip_msg_dup(subscribe(h, VOICE));
	learn(&h->ua[B], self->asked);
	h->ua[B].cseq = 50;
	tell(h, B, ACTIVE, WAITING);
	expect(h, A, "NOTIFY ");
	learn(&h->ua[A], &h->ua[A].msg);
	reply(h, A, "200 OK", NULL);
	expect(h, B, "SIP/2.0 200");
	h->ua[A].cseq = 1;
	resubscribe(h, "Expires: 600\r\n");
	expect(h, A, "SIP/2.0 491");
	reply_tagged(h, B, self->asked, "200 OK", "tag-of-1", "Expires: 600\r\n", NULL);
	expect(h, A, "SIP/2.0 200");
	free(self->asked);
	h->ua[B].cseq = 60;
	send_request(h, A, "SUBSCRIBE", ++h->ua[A].cseq, "Expires: 600\r\n", NULL);
	expect(h, A, "SIP/2.0 489");
	EXPECT_FALSE(pending(h, B));
	leave(h);
}

TEST_F(bridge, a_refusal_of_our_credentials_is_no_challenge_to_who_watches)
{
	static const char challenge[] =
		"WWW-Authenticate: Digest realm=\"b\", nonce=\"%u\", qop=\"auth\"\r\n";
	struct harness *h = &self->h;
	const struct sip_msg *msg;
	char line[128];
	unsigned int i;

	begin(h);
	ASSERT_EQ(call_trunk_set_credentials(&h->policy->trunks[1], strdup("jalur"),
					     strdup("wrong"), NULL), 0);
	resubscribe(h, "Expires: 600\r\n");
	for (i = 1; i < 3; i++) {
		snprintf(line, sizeof(line), challenge, i);
		reply_tagged(h, B, expect(h, B, "SUBSCRIBE "), "401 Unauthorized", "x", line, NULL);
	}
	msg = expect(h, A, "SIP/2.0 503");
	EXPECT_FALSE(header(msg, "WWW-Authenticate").n);
	EXPECT_FALSE(pending(h, B));
	EXPECT_EQ(counter(h, "credentials-refused"), 1);
	EXPECT_EQ(bridges(h), 1);
	h->ua[B].cseq = 200;
	tell(h, B, GONE, NULL);
	heard(h, "200 OK");
	expect(h, B, "SIP/2.0 200");
}

/* --- its end --- */

TEST_F(bridge, who_tells_may_end_it)
{
	struct harness *h = &self->h;

	begin(h);
	tell(h, B, GONE, NULL);
	EXPECT_TRUE(slice_eq(header(expect(h, A, "NOTIFY "), "Subscription-State"),
			     SLICE("terminated;reason=noresource")));
	EXPECT_EQ(bridges(h), 1);
	reply(h, A, "200 OK", NULL);
	expect(h, B, "SIP/2.0 200");
	EXPECT_EQ(bridges(h), 0);
	EXPECT_EQ(h->event, NULL);
	h->ua[A].cseq = 2;
	resubscribe(h, "");
	expect(h, A, "SIP/2.0 481");
	tell(h, B, ACTIVE, WAITING);
	expect(h, B, "SIP/2.0 481");
}

TEST_F(bridge, who_watches_no_more_ends_it)
{
	struct harness *h = &self->h;

	begin(h);
	tell(h, B, ACTIVE, WAITING);
	expect(h, A, "NOTIFY ");
	reply(h, A, "481 Subscription Does Not Exist", NULL);
	expect(h, B, "SIP/2.0 481");
	EXPECT_EQ(bridges(h), 0);
}

TEST_F(bridge, who_watches_and_says_nothing_ends_it)
{
	struct harness *h = &self->h;

	begin(h);
	tell(h, B, ACTIVE, WAITING);
	advance(h, 40 * SECOND);
	expect_repeats(h, A, 5);
	expect(h, B, "SIP/2.0 408");
	EXPECT_EQ(bridges(h), 0);
}

TEST_F(bridge, a_failure_that_means_nothing_more_ends_nothing)
{
	struct harness *h = &self->h;

	begin(h);
	tell(h, B, ACTIVE, WAITING);
	heard(h, "500 Server Internal Error");
	expect(h, B, "SIP/2.0 500");
	resubscribe(h, "Expires: 600\r\n");
	expect(h, B, "SUBSCRIBE ");
	reply(h, B, "500 Server Internal Error", NULL);
	expect(h, A, "SIP/2.0 500");
	EXPECT_EQ(bridges(h), 1);
	h->ua[B].cseq = 200;
	resubscribe(h, "Expires: 600\r\n");
	expect(h, B, "SUBSCRIBE ");
	reply(h, B, "481 Subscription Does Not Exist", NULL);
	expect(h, A, "SIP/2.0 481");
	EXPECT_EQ(bridges(h), 0);
}

TEST_F(bridge, without_a_notify_there_is_none)
{
	struct harness *h = &self->h;

	subscribe(h, VOICE);
	granted(h);
	advance(h, 31 * SECOND);
	EXPECT_EQ(bridges(h), 1);
	advance(h, 2 * SECOND);
	EXPECT_EQ(bridges(h), 0);
	EXPECT_FALSE(pending(h, A));
}

TEST_F(bridge, it_times_out_when_nobody_goes_on_with_it)
{
	struct harness *h = &self->h;

	begin(h);
	advance(h, 599 * SECOND);
	EXPECT_EQ(bridges(h), 1);
	EXPECT_FALSE(pending(h, A));
	advance(h, 34 * SECOND);
	EXPECT_TRUE(slice_eq(header(expect(h, A, "NOTIFY "), "Subscription-State"),
			     SLICE("terminated;reason=timeout")));
	EXPECT_TRUE(slice_eq(header(&h->ua[A].msg, "Event"), SLICE("message-summary;id=7")));
	discard(h, A);
	reply(h, A, "200 OK", NULL);
	EXPECT_EQ(bridges(h), 0);
}

TEST_F(bridge, by_hand_both_are_told)
{
	struct harness *h = &self->h;

	begin(h);
	ASSERT_EQ(call_engine_unsubscribe(h->engine, h->now, h->event_record), 0);
	run(h);
	EXPECT_TRUE(slice_eq(header(expect(h, A, "NOTIFY "), "Subscription-State"),
			     SLICE("terminated;reason=rejected")));
	reply(h, A, "200 OK", NULL);
	EXPECT_TRUE(slice_eq(header(expect(h, B, "SUBSCRIBE "), "Expires"), SLICE("0")));
	reply(h, B, "200 OK", NULL);
	EXPECT_EQ(bridges(h), 0);
	ASSERT_EQ(call_engine_unsubscribe(h->engine, h->now, h->event_record), -ENOENT);
}

TEST_F(bridge, a_subscriber_who_is_none_any_more_watches_no_more)
{
	struct harness *h = &self->h;
	struct call_domain *d = add_domain(h, SIP_DIGEST_ALL);

	d->events.subscriptions = 2;
	let_subscribers_call(h);
	send_authentic(h, "SUBSCRIBE", "alice", "secret", VOICE "Expires: 600\r\n");
	expect(h, B, "SUBSCRIBE ");
	reply_tagged(h, B, &h->ua[B].msg, "200 OK", "tag-of-1", "Expires: 600\r\n", NULL);
	learn(&h->ua[STRANGER], expect(h, STRANGER, "SIP/2.0 200"));
	h->ua[B].cseq = 100;
	tell(h, B, ACTIVE, WAITING);
	expect(h, STRANGER, "NOTIFY ");
	reply(h, STRANGER, "200 OK", NULL);
	expect(h, B, "SIP/2.0 200");
	free(d->subscribers[0].user);
	d->subscribers[0].user = strdup("adam");
	send_request(h, STRANGER, "SUBSCRIBE", 9, VOICE "Expires: 600\r\n", NULL);
	expect(h, STRANGER, "SIP/2.0 403");
	EXPECT_TRUE(slice_eq(header(expect(h, STRANGER, "NOTIFY "), "Subscription-State"),
			     SLICE("terminated;reason=rejected")));
	reply(h, STRANGER, "200 OK", NULL);
	EXPECT_TRUE(slice_eq(header(expect(h, B, "SUBSCRIBE "), "Expires"), SLICE("0")));
	reply(h, B, "200 OK", NULL);
	EXPECT_EQ(bridges(h), 0);
}

/* --- several places --- */

/* Two destinations at the same time: whoever says something first has it. */
TEST_F(bridge, of_several_the_first_one_has_it)
{
	struct harness *h = &self->h;

	add_destination(h->policy, 1000);
	self->asked = sip_msg_dup(subscribe(h, VOICE));
	learn(&h->ua[C], expect(h, C, "SUBSCRIBE "));
	h->ua[C].cseq = 70;
	tell(h, C, ACTIVE, WAITING);
	expect(h, A, "NOTIFY ");
	learn(&h->ua[A], &h->ua[A].msg);
	reply(h, A, "200 OK", NULL);
	expect(h, C, "SIP/2.0 200");
	learn(&h->ua[B], self->asked);
	h->ua[B].cseq = 50;
	tell(h, B, ACTIVE, WAITING);
	expect(h, B, "SIP/2.0 481");
	reply_tagged(h, B, self->asked, "200 OK", "tag-of-1", "Expires: 600\r\n", NULL);
	EXPECT_FALSE(pending(h, A));
	learn(&h->ua[C], &h->ua[C].msg);
	free(self->asked);
	advance(h, 600 * NSEC_PER_MSEC);
	expect(h, C, "SUBSCRIBE ");
	reply(h, C, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	tell(h, C, GONE, NULL);
	expect(h, A, "NOTIFY ");
	reply(h, A, "200 OK", NULL);
	expect(h, C, "SIP/2.0 200");
	EXPECT_EQ(bridges(h), 0);
}

/* A route gives the number to the registrar: what a phone tells of itself. */
TEST_F(bridge, a_phone_that_registered_may_be_watched)
{
	struct harness *h = &self->h;
	struct ua *phone = &h->ua[STRANGER];

	h->own_contacts = true;
	add_domain(h, SIP_DIGEST_ALL);
	h->policy->routes[1].registrar = strdup(DOMAIN);
	h->policy->routes[1].nto = 0;
	send_register_of(h, "alice", "Contact: <sip:one@203.0.113.66:5060>\r\n"
			 "Contact: <sip:two@203.0.113.66:5060>\r\n");
	begin_dialog(h, B, "alice");
	send_request(h, B, "SUBSCRIBE", 1, "Event: ua-profile\r\nExpires: 600\r\n", NULL);
	self->asked = sip_msg_dup(expect(h, STRANGER, "SUBSCRIBE sip:two@203.0.113.66:5060 SIP"));
	expect(h, STRANGER, "SUBSCRIBE sip:one@203.0.113.66:5060 SIP");
	reply_tagged(h, STRANGER, &phone->msg, "200 OK", "tag-of-2", "Expires: 600\r\n", NULL);
	learn(&h->ua[B], expect(h, B, "SIP/2.0 200"));
	phone->cseq = 9;
	tell(h, STRANGER, "Event: ua-profile\r\nSubscription-State: active\r\n", NULL);
	expect(h, B, "NOTIFY ");
	reply(h, B, "200 OK", NULL);
	expect(h, STRANGER, "SIP/2.0 200");
	reply_tagged(h, STRANGER, self->asked, "200 OK", "tag-of-2", "Expires: 600\r\n", NULL);
	tell(h, STRANGER, "Event: ua-profile\r\nSubscription-State: active\r\n", NULL);
	expect(h, STRANGER, "SIP/2.0 481");
	EXPECT_FALSE(pending(h, B));
	free(self->asked);
	EXPECT_EQ(bridges(h), 1);
	call_engine_unsubscribe(h->engine, h->now, h->event_record);
	run(h);
	expect(h, B, "NOTIFY ");
	reply(h, B, "200 OK", NULL);
	expect(h, STRANGER, "SUBSCRIBE sip:user@203.0.113.66:5060 SIP");
	reply(h, STRANGER, "200 OK", NULL);
	call_engine_unregister(h->engine, h->now, ALICE);
	run(h);
}

TEST_F(bridge, a_trunk_that_challenges_has_an_answer_in_the_dialog_too)
{
	static const char challenge[] =
		"WWW-Authenticate: Digest realm=\"b\", nonce=\"%u\", qop=\"auth\", stale=true\r\n";
	struct harness *h = &self->h;
	char line[128];

	ASSERT_EQ(call_trunk_set_credentials(&h->policy->trunks[1], strdup("jalur"),
					     strdup("secret"), NULL), 0);
	subscribe(h, VOICE "Expires: 600\r\n");
	snprintf(line, sizeof(line), challenge, 1);
	reply_tagged(h, B, &h->ua[B].msg, "401 Unauthorized", "x", line, NULL);
	EXPECT_TRUE(contains(header(expect(h, B, "SUBSCRIBE "), "Authorization"), "nonce=\"1\""));
	granted(h);
	told_and_heard(h, ACTIVE, WAITING);
	resubscribe(h, "Expires: 600\r\n");
	snprintf(line, sizeof(line), challenge, 2);
	reply_tagged(h, B, expect(h, B, "SUBSCRIBE "), "401 Unauthorized", "x", line, NULL);
	EXPECT_TRUE(contains(header(expect(h, B, "SUBSCRIBE "), "Authorization"), "nonce=\"2\""));
	EXPECT_FALSE(pending(h, A));
	accepted(h, "Expires: 600\r\n");
	h->ua[B].cseq = 200;
	leave(h);
}

TEST_F(bridge, it_goes_with_the_engine)
{
	struct harness other;

	(void)self;
	harness_start(&other, _metadata);
	begin(&other);
	subscribe(&other, VOICE);
	tell(&other, B, ACTIVE, WAITING);
	discard(&other, A);
	discard(&other, B);
	harness_stop(&other);
}

TEST_HARNESS_MAIN
