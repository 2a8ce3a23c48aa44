// SPDX-License-Identifier: GPL-2.0-only
/*
 * 3xx to a request outside of calls: passed on to who asked with our host, or followed by the
 * routes of the one who redirects, as for an INVITE (call_redirect_test).
 */
#include "call_bridge.h"
#include "call_divert.h"

#define TEXT "Content-Type: text/plain\r\n"
#define AOR "alice@" DOMAIN

FIXTURE(message_redirect) {
	struct harness h;
};

FIXTURE_SETUP(message_redirect)
{
	struct harness *h = &self->h;
	size_t i;

	harness_start(h, _metadata);
	divert(h);
	for (i = 0; i < h->policy->ntrunks; i++)
		h->policy->trunks[i].transfer = CALL_TRANSFER_PASS;
}

FIXTURE_TEARDOWN(message_redirect)
{
	struct harness *h = &self->h;

	EXPECT_EQ(counter(h, "exchanges-now"), 0);
	EXPECT_EQ(bridges(h), 0);
	drop_events(h);
	if (h->policy->ndomains)
		call_engine_unregister(h->engine, h->now, AOR);
	run(h);
	harness_stop(h);
}

static void write_to_b(struct harness *h)
{
	begin_dialog(h, A, "4930123");
	send_request(h, A, "MESSAGE", 1, TEXT, "hello");
	expect(h, B, "MESSAGE ");
}

static void redirected(struct harness *h, enum who who, const char *contacts)
{
	reply_tagged(h, who, &h->ua[who].msg, "302 Moved Temporarily", h->ua[who].local_tag,
		     contacts, NULL);
}

TEST_F(message_redirect, passed_on_who_wrote_gets_the_numbers_with_our_host)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	write_to_b(h);
	redirected(h, B, "Contact: \"Desk\" <sip:7710@" IP_C ":5070;transport=tcp>;q=0.25\r\n"
		   "Contact: <mailto:x@example.com>, <sip:7711@x.example>\r\n");
	msg = expect(h, A, "SIP/2.0 302 Moved Temporarily");
	EXPECT_TRUE(contains(msg->bytes, "Contact: <sip:7710@" IP_ADVERTISED ":5060>;q=0.250\r\n"));
	EXPECT_TRUE(contains(msg->bytes, "Contact: <sip:7711@" IP_ADVERTISED ":5060>;q=1.000\r\n"));
	EXPECT_FALSE(contains(msg->bytes, "mailto"));
	EXPECT_FALSE(contains(msg->bytes, IP_B));
	EXPECT_FALSE(contains(msg->bytes, IP_C));
	EXPECT_FALSE(pending(h, C));
	EXPECT_EQ(counter(h, "exchanges-failed"), 1);
}

/* Nor is the registrar a place to follow from: a phone says that it is elsewhere. */
TEST_F(message_redirect, what_a_phone_says_is_passed_on)
{
	struct harness *h = &self->h;

	h->own_contacts = true;
	add_domain(h, SIP_DIGEST_ALL);
	follow(h);
	send_authentic(h, "REGISTER", "alice", "secret",
		       "Contact: <sip:one@203.0.113.66:5060>\r\n");
	expect(h, STRANGER, "SIP/2.0 200");
	begin_dialog(h, B, "1");
	snprintf(h->ua[B].target, sizeof(h->ua[B].target), "sip:" AOR);
	send_request(h, B, "MESSAGE", 1, TEXT, "hello");
	expect(h, STRANGER, "MESSAGE ");
	redirected(h, STRANGER, "Contact: <sip:7710@203.0.113.66>\r\n");
	EXPECT_TRUE(contains(expect(h, B, "SIP/2.0 302")->bytes, "<sip:7710@" IP_INSIDE ":5060>"));
}

TEST_F(message_redirect, followed_it_goes_to_the_new_place)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	follow(h);
	write_to_b(h);
	redirected(h, B, "Contact: <sip:7710@elsewhere.example>\r\n");
	msg = expect(h, C, "MESSAGE sip:7710@" IP_C ":5060 SIP/2.0");
	EXPECT_TRUE(slice_eq(msg->body, SLICE("hello")));
	EXPECT_TRUE(slice_eq(header(msg, "Max-Forwards"), SLICE("69")));
	EXPECT_FALSE(pending(h, A));
	reply(h, C, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	EXPECT_EQ(counter(h, "exchanges"), 1);
}

TEST_F(message_redirect, the_failure_of_the_new_place_is_told)
{
	struct harness *h = &self->h;

	follow(h);
	write_to_b(h);
	redirected(h, B, "Contact: <tel:+7710>, <sip:7710@x.example>\r\n");
	expect(h, C, "MESSAGE ");
	reply(h, C, "486 Busy Here", NULL);
	expect(h, A, "SIP/2.0 486");
}

TEST_F(message_redirect, higher_q_is_asked_first_and_the_same_at_once)
{
	struct harness *h = &self->h;
	struct sip_msg *first;

	follow(h);
	write_to_b(h);
	redirected(h, B, "Contact: <sip:771@x.example>;q=0.2\r\n"
		   "Contact: <sip:772@x.example>;q=0.7, <sip:773@x.example>;q=0.20\r\n");
	expect(h, C, "MESSAGE sip:772@");
	EXPECT_FALSE(pending(h, C));
	reply(h, C, "480 Temporarily Unavailable", NULL);
	first = sip_msg_dup(expect(h, C, "MESSAGE sip:771@"));
	expect(h, C, "MESSAGE sip:773@");
	reply(h, C, "404 Not Found", NULL);
	EXPECT_FALSE(pending(h, A));
	reply_tagged(h, C, first, "200 OK", "first", NULL, NULL);
	expect(h, A, "SIP/2.0 200");
	free(first);
}

TEST_F(message_redirect, who_speaks_for_all_ends_it)
{
	struct harness *h = &self->h;

	follow(h);
	write_to_b(h);
	redirected(h, B, "Contact: <sip:771@x.example>;q=0.2, <sip:772@x.example>\r\n");
	expect(h, C, "MESSAGE sip:772@");
	reply(h, C, "603 Decline", NULL);
	expect(h, A, "SIP/2.0 603");
	EXPECT_FALSE(pending(h, C));
}

/* B may not send to 88, nor to "bob", so nobody can be made to by its word. */
TEST_F(message_redirect, a_place_that_the_redirecting_one_may_not_reach)
{
	struct harness *h = &self->h;

	follow(h);
	write_to_b(h);
	redirected(h, B, "Contact: <sip:8810@" IP_C ">, <mailto:x@example.org>\r\n");
	EXPECT_FALSE(contains(expect(h, A, "SIP/2.0 480")->bytes, "8810"));
	EXPECT_FALSE(pending(h, C));
	write_to_b(h);
	reply_tagged(h, B, &h->ua[B].msg, "305 Use Proxy", h->ua[B].local_tag,
		     "Contact: <sip:7710@" IP_C ">\r\n", NULL);
	expect(h, A, "SIP/2.0 480");
	EXPECT_FALSE(pending(h, C));
}

TEST_F(message_redirect, in_circles_each_place_is_asked_once)
{
	struct harness *h = &self->h;

	let_c_divert(h);
	write_to_b(h);
	redirected(h, B, "Contact: <sip:771@x.example>, <sip:771@y.example>\r\n");
	expect(h, C, "MESSAGE ");
	redirected(h, C, "Contact: <sip:771@x.example>\r\n");
	expect(h, A, "SIP/2.0 480");
	EXPECT_FALSE(pending(h, C));
}

TEST_F(message_redirect, without_end_it_ends)
{
	struct harness *h = &self->h;
	char contact[64];
	int i;

	let_c_divert(h);
	write_to_b(h);
	redirected(h, B, "Contact: <sip:770@x.example>\r\n");
	for (i = 1; pending(h, C); i++) {
		ASSERT_LT(i, 20);
		expect(h, C, "MESSAGE ");
		snprintf(contact, sizeof(contact), "Contact: <sip:77%d@x.example>\r\n", i);
		redirected(h, C, contact);
	}
	EXPECT_EQ(i, 9);
	expect(h, A, "SIP/2.0 480");
}

/* The first destination of the route has answered meanwhile. */
TEST_F(message_redirect, what_comes_after_the_answer_leads_nowhere)
{
	struct harness *h = &self->h;
	struct call_route *route = &h->policy->routes[0];
	enum call_redirection mode;

	route->to = realloc(route->to, 2 * sizeof(*route->to));
	route->to[1] = (struct call_destination){ .trunk = 2, .q = route->to[0].q };
	route->nto = 2;
	for (mode = CALL_REDIRECT_PASS; mode <= CALL_REDIRECT_FOLLOW; mode++) {
		route->redirect = mode;
		write_to_b(h);
		expect(h, C, "MESSAGE ");
		reply(h, C, "200 OK", NULL);
		expect(h, A, "SIP/2.0 200");
		redirected(h, B, "Contact: <sip:7710@x.example>\r\n");
		EXPECT_FALSE(pending(h, A) || pending(h, C));
	}
}

TEST_F(message_redirect, the_rest_of_the_route_comes_after_where_it_led)
{
	struct harness *h = &self->h;
	struct call_route *route = &h->policy->routes[0];

	follow(h);
	route->to = realloc(route->to, 2 * sizeof(*route->to));
	route->to[1] = (struct call_destination){ .trunk = 2, .q = route->to[0].q / 2 };
	route->nto = 2;
	write_to_b(h);
	redirected(h, B, "Contact: <sip:7710@x.example>\r\n");
	expect(h, C, "MESSAGE sip:7710@");
	EXPECT_FALSE(pending(h, C));
	reply(h, C, "404 Not Found", NULL);
	expect(h, C, "MESSAGE sip:4930123@");
	reply(h, C, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
}

/* --- other methods --- */

TEST_F(message_redirect, a_subscription_begins_where_it_led)
{
	struct harness *h = &self->h;

	follow(h);
	subscribe(h, VOICE "Expires: 3600\r\n");
	redirected(h, B, "Contact: <sip:7710@x.example>\r\n");
	EXPECT_TRUE(slice_eq(header(expect(h, C, "SUBSCRIBE sip:7710@"), "Event"),
			     SLICE("message-summary;id=7")));
	reply_tagged(h, C, &h->ua[C].msg, "200 OK", h->ua[C].local_tag, "Expires: 600\r\n", NULL);
	learn(&h->ua[A], expect(h, A, "SIP/2.0 200"));
	h->ua[C].cseq = 100;
	EXPECT_EQ(bridges(h), 1);
	tell(h, C, GONE, NULL);
	heard(h, "200 OK");
	expect(h, C, "SIP/2.0 200");
}

TEST_F(message_redirect, or_who_watches_is_told_where)
{
	struct harness *h = &self->h;

	subscribe(h, VOICE "Expires: 3600\r\n");
	redirected(h, B, "Contact: <sip:7710@x.example>\r\n");
	EXPECT_TRUE(contains(expect(h, A, "SIP/2.0 302")->bytes, "<sip:7710@" IP_ADVERTISED));
	begin_dialog(h, A, "4930123");
	send_request(h, A, "PUBLISH", 1, "Event: presence\r\n", NULL);
	expect(h, B, "PUBLISH ");
	redirected(h, B, "Contact: <sip:7710@x.example>\r\n");
	EXPECT_TRUE(contains(expect(h, A, "SIP/2.0 302")->bytes, "<sip:7710@" IP_ADVERTISED));
}

/* The subscription goes on, and nobody follows for who has a dialog. */
TEST_F(message_redirect, inside_of_a_subscription_it_is_passed_on)
{
	struct harness *h = &self->h;

	follow(h);
	begin(h);
	resubscribe(h, "Expires: 600\r\n");
	expect(h, B, "SUBSCRIBE ");
	redirected(h, B, "Contact: <sip:7710@" IP_C ">\r\n");
	EXPECT_TRUE(contains(expect(h, A, "SIP/2.0 302")->bytes, "<sip:7710@" IP_ADVERTISED));
	EXPECT_FALSE(contains(h->ua[A].msg.bytes, IP_C));
	EXPECT_FALSE(pending(h, C));
	EXPECT_EQ(bridges(h), 1);
	h->ua[B].cseq = 120;
	leave(h);
}

/* Several would all call. */
TEST_F(message_redirect, a_refer_goes_to_one_after_the_other)
{
	struct harness *h = &self->h;

	follow(h);
	begin_dialog(h, A, "4930123");
	send_request(h, A, "REFER", 70, "Refer-To: <sip:2000@sbc.example>\r\n", NULL);
	expect(h, B, "REFER ");
	redirected(h, B, "Contact: <sip:771@x.example>, <sip:772@x.example>\r\n");
	expect(h, C, "REFER sip:771@");
	EXPECT_FALSE(pending(h, C));
	reply(h, C, "480 Temporarily Unavailable", NULL);
	expect(h, C, "REFER sip:772@");
	reply(h, C, "603 Decline", NULL);
	expect(h, A, "SIP/2.0 603");
}

TEST_HARNESS_MAIN
