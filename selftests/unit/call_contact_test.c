// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls to our own users: to all contacts that they registered, in the order that they
 * asked for, by the way that each can be reached by.
 */
#include <sys/mman.h>

#include "call_subscriber.h"

#define AOR "alice@" DOMAIN

FIXTURE(contact) {
	struct harness h;
	struct call_domain *domain;
	struct call_trunk *trunks;
	void *edge;
};

#define EDGE_SIZE 65536

/* A contact has no trunk: who looks at the one in front of the first steps over an edge. */
static bool move_trunks_to_edge(struct harness *h, void **edge)
{
	char *pages = mmap(NULL, 2 * EDGE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED || mprotect(pages, EDGE_SIZE, PROT_NONE))
		return false;
	*edge = pages;
	memcpy(pages + EDGE_SIZE, h->policy->trunks, h->policy->ntrunks * sizeof(struct call_trunk));
	h->policy->trunks = (struct call_trunk *)(pages + EDGE_SIZE);
	return true;
}

FIXTURE_SETUP(contact)
{
	harness_start(&self->h, _metadata);
	self->domain = add_domain(&self->h, SIP_DIGEST_ALL);
	self->h.own_contacts = true;
	self->domain->by_q = true;
	self->trunks = self->h.policy->trunks;
	ASSERT_TRUE(move_trunks_to_edge(&self->h, &self->edge));
}

FIXTURE_TEARDOWN(contact)
{
	call_engine_unregister(self->h.engine, self->h.now, AOR);
	run(&self->h);
	memcpy(self->trunks, self->h.policy->trunks, self->h.policy->ntrunks * sizeof(*self->trunks));
	self->h.policy->trunks = self->trunks;
	munmap(self->edge, 2 * EDGE_SIZE);
	harness_stop(&self->h);
}

/* STRANGER's phone is alice's. */
static void register_phone(struct harness *h, const char *headers)
{
	send_authentic(h, "REGISTER", "alice", "secret", headers);
	expect(h, STRANGER, "SIP/2.0 200");
}

/* B, the PBX, calls uri. */
static void call_uri(struct harness *h, const char *uri)
{
	begin_dialog(h, B, "1");
	snprintf(h->ua[B].target, sizeof(h->ua[B].target), "%s", uri);
	send_request(h, B, "INVITE", 1, NULL, SDP_B);
	if (!strncmp(h->ua[B].queue[h->ua[B].head % MAX_QUEUE].text, "SIP/2.0 100", 11))
		expect(h, B, "SIP/2.0 100");
}

/* B hears that the phone has answered, and hangs up. */
static void is_answered_and_ends(struct harness *h)
{
	is_answered(h, B);
	hangs_up(h, B, STRANGER);
}

TEST_F(contact, a_phone_is_called_where_it_registered)
{
	struct harness *h = &self->h;

	register_phone(h, "Contact: <sip:desk@203.0.113.66:5060;line=1>\r\n");
	call_uri(h, "sip:" AOR);
	expect(h, STRANGER, "INVITE sip:desk@203.0.113.66:5060;line=1 SIP/2.0");
	EXPECT_NE(strstr(h->ua[STRANGER].last, "To: <sip:" AOR ">\r\n"), NULL);
	accepts(h, STRANGER);
	is_answered_and_ends(h);
}

/* RFC 3261 §19.1.5: neither method nor header fields are for a Request-URI. */
TEST_F(contact, what_a_request_uri_may_not_have_is_left_out)
{
	struct harness *h = &self->h;

	register_phone(h, "Contact: <sip:desk@203.0.113.66;a=b;Method=REGISTER;line=1?Subject=x>\r\n");
	call_uri(h, "sip:" AOR);
	expect(h, STRANGER, "INVITE sip:desk@203.0.113.66;a=b;line=1 SIP/2.0");
	accepts(h, STRANGER);
	is_answered_and_ends(h);
}

TEST_F(contact, one_behind_a_nat_is_called_by_the_way_it_came)
{
	struct harness *h = &self->h;

	register_phone(h, "Contact: <sip:desk@10.9.9.9:5060>\r\n");
	call_uri(h, "sip:%61lice@EXAMPLE.com");
	expect(h, STRANGER, "INVITE sip:desk@10.9.9.9:5060 SIP/2.0");
	refuses(h, STRANGER, "486 Busy Here");
	is_turned_down(h, B, "SIP/2.0 486");
}

TEST_F(contact, a_path_is_the_route)
{
	struct harness *h = &self->h;

	register_phone(h, "Contact: <sip:desk@10.9.9.9>\r\n"
		       "Path: <sip:203.0.113.66;lr>, <sip:10.9.9.1;lr>\r\n");
	call_uri(h, "sip:" AOR);
	expect(h, STRANGER, "INVITE sip:desk@10.9.9.9 SIP/2.0");
	EXPECT_NE(strstr(h->ua[STRANGER].last, "Route: <sip:203.0.113.66;lr>"), NULL);
	EXPECT_NE(strstr(h->ua[STRANGER].last, "<sip:10.9.9.1;lr>"), NULL);
	refuses(h, STRANGER, "486 Busy Here");
	is_turned_down(h, B, "SIP/2.0 486");
}

/* What B calls is "49" and the name of one of our users. */
static void lead_to_users(struct harness *h)
{
	struct call_route *route = &h->policy->routes[1];

	route->registrar = strdup(DOMAIN);
	route->nto = 0;
	route->rewrite = calloc(1, sizeof(*route->rewrite));
	route->rewrite->number.strip = strdup("49");
}

TEST_F(contact, a_route_leads_to_the_user_of_a_number)
{
	struct harness *h = &self->h;

	lead_to_users(h);
	call_uri(h, "sip:49alice@10.0.0.1");
	is_turned_down(h, B, "SIP/2.0 480");
	call_uri(h, "sip:49nobody@10.0.0.1");
	is_turned_down(h, B, "SIP/2.0 404");
	register_phone(h, "Contact: <sip:desk@203.0.113.66:5060;line=1>\r\n");
	call_uri(h, "sip:49alice@10.0.0.1");
	expect(h, STRANGER, "INVITE sip:desk@203.0.113.66:5060;line=1 SIP/2.0");
	EXPECT_NE(strstr(h->ua[STRANGER].last, "To: <sip:" AOR ">\r\n"), NULL);
	accepts(h, STRANGER);
	is_answered_and_ends(h);
}

TEST_F(contact, equal_q_at_once_and_a_lower_one_when_those_failed)
{
	struct harness *h = &self->h;

	register_phone(h, "Contact: <sip:low@203.0.113.66>;q=0.1, <sip:x@203.0.113.66>;q=0.5\r\n");
	register_phone(h, "Contact: <sip:y@203.0.113.66>;q=0.5\r\n");
	call_uri(h, "sip:" AOR);
	expect(h, STRANGER, "INVITE sip:y@203.0.113.66 SIP/2.0");
	reply(h, STRANGER, "486 Busy Here", NULL);
	expect(h, STRANGER, "INVITE sip:x@203.0.113.66 SIP/2.0");
	expect(h, STRANGER, "ACK ");
	EXPECT_FALSE(pending(h, STRANGER));
	refuses(h, STRANGER, "486 Busy Here");
	expect(h, STRANGER, "INVITE sip:low@203.0.113.66 SIP/2.0");
	accepts(h, STRANGER);
	is_answered_and_ends(h);
}

/* The time to ring is for who has others behind him: the last rings as long as any call. */
TEST_F(contact, who_rings_too_long_is_taken_back_only_for_the_next)
{
	struct harness *h = &self->h;

	self->domain->ring = 20 * NSEC_PER_SEC;
	register_phone(h, "Contact: <sip:low@203.0.113.66>;q=0.1, <sip:x@203.0.113.66>;q=0.5\r\n");
	call_uri(h, "sip:" AOR);
	expect(h, STRANGER, "INVITE sip:x@203.0.113.66 SIP/2.0");
	reply(h, STRANGER, "180 Ringing", NULL);
	expect(h, B, "SIP/2.0 180");
	advance(h, 20 * NSEC_PER_SEC);
	expect(h, STRANGER, "CANCEL sip:x@203.0.113.66 SIP/2.0");
	reply(h, STRANGER, "200 OK", NULL);
	answer(h, STRANGER, "487 Request Terminated", NULL);
	expect(h, STRANGER, "INVITE sip:low@203.0.113.66 SIP/2.0");
	reply(h, STRANGER, "180 Ringing", NULL);
	expect(h, STRANGER, "ACK ");
	expect(h, B, "SIP/2.0 180");
	advance(h, 60 * NSEC_PER_SEC);
	EXPECT_FALSE(pending(h, STRANGER));
	EXPECT_FALSE(pending(h, B));
	accepts(h, STRANGER);
	is_answered_and_ends(h);
}

TEST_F(contact, all_at_once_where_the_domain_says_so)
{
	struct harness *h = &self->h;

	self->domain->by_q = false;
	register_phone(h, "Contact: <sip:low@203.0.113.66>;q=0.1, <sip:x@203.0.113.66>\r\n");
	call_uri(h, "sip:" AOR);
	expect(h, STRANGER, "INVITE sip:x@203.0.113.66 SIP/2.0");
	reply(h, STRANGER, "180 Ringing", NULL);
	expect(h, B, "SIP/2.0 180");
	expect(h, STRANGER, "INVITE sip:low@203.0.113.66 SIP/2.0");
	answer(h, STRANGER, "200 OK", SDP_A);
	expect(h, STRANGER, "CANCEL sip:x@203.0.113.66 SIP/2.0");
	reply(h, STRANGER, "200 OK", NULL);
	expect(h, STRANGER, "ACK ");
	learn(&h->ua[STRANGER], &h->ua[STRANGER].invite);
	is_answered_and_ends(h);
	advance(h, 40 * NSEC_PER_SEC);
}

TEST_F(contact, who_is_not_there_is_480_and_who_is_nobody_404)
{
	struct harness *h = &self->h;

	call_uri(h, "sip:" AOR);
	is_turned_down(h, B, "SIP/2.0 480");
	h->policy->nroutes = 1;
	call_uri(h, "sip:nobody@" DOMAIN);
	is_turned_down(h, B, "SIP/2.0 404");
	h->policy->nroutes = 2;
}

TEST_F(contact, who_is_no_subscriber_any_more_is_not_called_though_registered)
{
	struct call_subscriber *first = &self->domain->subscribers[0];
	struct harness *h = &self->h;

	register_phone(h, "Contact: <sip:desk@203.0.113.66>\r\n");
	h->policy->nroutes = 1;
	ASSERT_STREQ(first->user, "alice");
	first->user[0] = 'A';
	call_uri(h, "sip:" AOR);
	is_turned_down(h, B, "SIP/2.0 404");
	first->user[0] = 'a';
	EXPECT_FALSE(pending(h, STRANGER));
	h->policy->nroutes = 2;
}

TEST_F(contact, a_number_at_our_domain_that_is_no_user_takes_the_routes)
{
	struct harness *h = &self->h;

	call_uri(h, "sip:4930123@" DOMAIN);
	expect(h, A, "INVITE sip:4930123@" IP_A);
	refuses(h, A, "486 Busy Here");
	is_turned_down(h, B, "SIP/2.0 486");
}

TEST_F(contact, who_cannot_take_calls_is_no_matter_of_a_trunk)
{
	struct harness *h = &self->h;

	register_phone(h, "Contact: <sip:desk@203.0.113.66>\r\n");
	call_uri(h, "sip:" AOR);
	expect(h, STRANGER, "INVITE sip:desk@203.0.113.66 SIP/2.0");
	refuses(h, STRANGER, "503 Service Unavailable");
	is_turned_down(h, B, "SIP/2.0 5");
}

TEST_F(contact, sips_is_refused_where_there_is_no_tls)
{
	struct harness *h = &self->h;

	register_phone(h, "Contact: <sip:desk@203.0.113.66>\r\n");
	call_uri(h, "sips:" AOR);
	is_turned_down(h, B, "SIP/2.0 480");
	EXPECT_NE(strstr(h->ua[B].last, "SIPS Not Allowed"), NULL);
}

TEST_HARNESS_MAIN
