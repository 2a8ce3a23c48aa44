// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registrations as a phone sees them: what it gets for its REGISTER, and when; and what
 * Jalur does to find out whether it is still there.
 */
#include "call_subscriber.h"

#define AOR "alice@" DOMAIN
#define DESK "Contact: <sip:alice@203.0.113.66:5060>"
/* Long enough to be challenged by a datagram. */
#define FETCH "Allow-Events: presence, dialog, message-summary, refer, conference\r\n"
#define BEHIND_NAT "Contact: <sip:alice@10.9.9.9:5060>"

FIXTURE(registration) {
	struct harness h;
	struct call_domain *domain;
};

FIXTURE_SETUP(registration)
{
	struct call_engine_conf conf = { .overload.limits.of[CALL_OVERLOAD_LAG] = NSEC_PER_SEC };

	harness_start_with(&self->h, _metadata, &conf);
	self->domain = add_domain(&self->h, SIP_DIGEST_ALL);
	self->h.own_contacts = true;
}

FIXTURE_TEARDOWN(registration)
{
	harness_stop(&self->h);
}

/* The phone's next REGISTER, credentials included; its answer is taken by the caller. */
static void send_register(struct harness *h, const char *headers)
{
	send_authentic(h, "REGISTER", "alice", "secret", headers);
}

static bool answer_has(struct harness *h, const char *text)
{
	return strstr(h->ua[STRANGER].last, text);
}

static size_t bindings(struct harness *h)
{
	return counter(h, "bindings-now");
}

TEST_F(registration, a_phone_registers_and_is_told_its_contacts)
{
	struct harness *h = &self->h;

	send_register(h, DESK ";expires=100\r\n");
	expect(h, STRANGER, "SIP/2.0 200");
	EXPECT_TRUE(answer_has(h, "\r\n" DESK ";expires=100\r\n"));
	EXPECT_FALSE(answer_has(h, "Path:"));
	EXPECT_EQ(bindings(h), 1);
	send_register(h, FETCH);
	expect(h, STRANGER, "SIP/2.0 200");
	EXPECT_TRUE(answer_has(h, DESK ";expires=100"));
	advance(h, 100 * NSEC_PER_SEC);
	EXPECT_EQ(bindings(h), 0);
	EXPECT_EQ(h->nbindings, 2);
	EXPECT_EQ(h->bindings, NULL);
}

TEST_F(registration, its_200_leaves_when_it_is_written)
{
	struct harness *h = &self->h;

	h->late = true;
	send_register(h, DESK "\r\n");
	EXPECT_FALSE(pending(h, STRANGER));
	ASSERT_EQ(h->ntickets, 1);
	ASSERT_NE(h->bindings, NULL);
	EXPECT_NE(strstr(h->bindings, "sip:alice@203.0.113.66:5060"), NULL);
	EXPECT_EQ(bindings(h), 0);
	complete(h);
	expect(h, STRANGER, "SIP/2.0 200");
	EXPECT_EQ(bindings(h), 1);
}

TEST_F(registration, a_store_that_fails_is_a_500_and_nothing_changes)
{
	struct harness *h = &self->h;

	h->bindings_result = -EIO;
	send_register(h, DESK "\r\n");
	expect(h, STRANGER, "SIP/2.0 500");
	EXPECT_TRUE(answer_has(h, "Retry-After:"));
	EXPECT_EQ(bindings(h), 0);
	h->bindings_result = 0;
	send_register(h, DESK "\r\n");
	expect(h, STRANGER, "SIP/2.0 200");
	h->bindings_result = -EIO;
	send_register(h, "Contact: *\r\nExpires: 0\r\n");
	expect(h, STRANGER, "SIP/2.0 500");
	EXPECT_EQ(bindings(h), 1);
}

/* Two phones of one user at the same moment: the second is judged by what the first left. */
TEST_F(registration, the_next_one_waits_while_the_store_writes)
{
	struct harness *h = &self->h;

	h->late = true;
	send_register(h, DESK "\r\n");
	send_register(h, "Contact: <sip:second@203.0.113.66>\r\n");
	send_register(h, FETCH);
	EXPECT_EQ(h->ntickets, 1);
	complete(h);
	expect(h, STRANGER, "SIP/2.0 200");
	EXPECT_FALSE(answer_has(h, "second"));
	EXPECT_FALSE(pending(h, STRANGER));
	ASSERT_EQ(h->ntickets, 1);
	complete(h);
	expect(h, STRANGER, "SIP/2.0 200");
	EXPECT_TRUE(answer_has(h, "second"));
	EXPECT_TRUE(answer_has(h, DESK));
	expect(h, STRANGER, "SIP/2.0 200");
	EXPECT_TRUE(answer_has(h, "second"));
}

TEST_F(registration, the_daemon_may_stop_while_some_wait)
{
	struct harness *h = &self->h;

	h->late = true;
	send_register(h, DESK "\r\n");
	send_register(h, "Contact: <sip:second@203.0.113.66>\r\n");
	ASSERT_EQ(h->ntickets, 1);
	h->ntickets = 0;
}

TEST_F(registration, nobody_registers_for_somebody_else)
{
	struct harness *h = &self->h;
	char line[1024];

	send_as(h, "REGISTER", "bob", DESK "\r\n");
	expect(h, STRANGER, "SIP/2.0 401");
	credentials(h, "REGISTER", "alice", "secret", line, 512);
	strcat(line, DESK "\r\n");
	send_as(h, "REGISTER", "bob", line);
	expect(h, STRANGER, "SIP/2.0 403");
	EXPECT_EQ(bindings(h), 0);
}

/* The Request-URI names the domain whose users are asked for; an address of ours is any. */
TEST_F(registration, another_of_our_domains_does_not_know_him)
{
	struct harness *h = &self->h;
	struct call_policy *p = h->policy;
	struct sip_uri uri;

	send_register(h, DESK "\r\n");
	expect(h, STRANGER, "SIP/2.0 200");
	ASSERT_TRUE(sip_uri_parse(slice_str(h->ua[STRANGER].target), &uri));
	p->domains = realloc(p->domains, 2 * sizeof(*p->domains));
	memset(&p->domains[1], 0, sizeof(*p->domains));
	p->domains[1].name = strndup(uri.host.p, uri.host.n);
	p->ndomains = 2;
	send_register(h, DESK ";expires=0\r\n");
	expect(h, STRANGER, "SIP/2.0 404");
	EXPECT_EQ(bindings(h), 1);
	EXPECT_EQ(counter(h, "registrations-refused"), 1);
}

TEST_F(registration, what_is_refused_says_why)
{
	struct harness *h = &self->h;

	send_register(h, DESK ";expires=5\r\n");
	expect(h, STRANGER, "SIP/2.0 423");
	EXPECT_TRUE(answer_has(h, "Min-Expires: 60\r\n"));
	send_register(h, "Contact: *\r\n");
	expect(h, STRANGER, "SIP/2.0 400");
	send_register(h, DESK "\r\nRequire: path, outbound\r\n");
	expect(h, STRANGER, "SIP/2.0 420");
	EXPECT_TRUE(answer_has(h, "Unsupported: outbound\r\n"));
	EXPECT_EQ(h->nbindings, 0);
}

TEST_F(registration, routes_are_told_to_who_can_understand_them)
{
	struct harness *h = &self->h;

	self->domain->service_routes = calloc(1, sizeof(char *));
	self->domain->service_routes[0] = strdup("sip:192.0.2.1;lr");
	self->domain->nservice_routes = 1;
	send_register(h, DESK "\r\nPath: <sip:192.0.2.99;lr>\r\nSupported: path\r\n");
	expect(h, STRANGER, "SIP/2.0 200");
	EXPECT_TRUE(answer_has(h, "Path: <sip:192.0.2.99;lr>\r\n"));
	EXPECT_TRUE(answer_has(h, "Service-Route: <sip:192.0.2.1;lr>\r\n"));
}

/* --- is it still there? --- */

static void keep_alive(FIXTURE_DATA(registration) *self, enum registrar_keepalive how)
{
	self->domain->registrar.keepalive = how;
	self->domain->registrar.interval = 30;
	self->domain->registrar.standard = 3600;
}

TEST_F(registration, a_phone_behind_a_nat_is_asked_by_the_way_it_came)
{
	struct harness *h = &self->h;
	int i;

	keep_alive(self, REGISTRAR_OPTIONS);
	send_register(h, BEHIND_NAT "\r\n");
	expect(h, STRANGER, "SIP/2.0 200");
	EXPECT_TRUE(answer_has(h, BEHIND_NAT ";expires=3600\r\n"));
	for (i = 0; i < 5; i++) {
		advance(h, 30 * NSEC_PER_SEC);
		expect(h, STRANGER, "OPTIONS sip:alice@10.9.9.9:5060 SIP/2.0");
		EXPECT_TRUE(answer_has(h, "To: <sip:" AOR ">\r\n"));
		reply(h, STRANGER, i % 2 ? "200 OK" : "404 Not Found", NULL);
		discard(h, STRANGER);
	}
	EXPECT_EQ(bindings(h), 1);
}

TEST_F(registration, one_that_never_answers_is_dropped)
{
	struct harness *h = &self->h;

	keep_alive(self, REGISTRAR_OPTIONS);
	send_register(h, BEHIND_NAT "\r\n");
	expect(h, STRANGER, "SIP/2.0 200");
	advance(h, 61 * NSEC_PER_SEC);
	EXPECT_EQ(bindings(h), 1);
	advance(h, 70 * NSEC_PER_SEC);
	EXPECT_EQ(bindings(h), 0);
	EXPECT_EQ(h->bindings, NULL);
	EXPECT_GT(discard(h, STRANGER), 3);
	advance(h, 32 * NSEC_PER_SEC);
	discard(h, STRANGER);
	advance(h, 3600 * NSEC_PER_SEC);
	EXPECT_EQ(discard(h, STRANGER), 0);
}

TEST_F(registration, a_line_end_keeps_a_nat_open_too)
{
	struct harness *h = &self->h;

	keep_alive(self, REGISTRAR_CRLF);
	send_register(h, BEHIND_NAT "\r\n");
	expect(h, STRANGER, "SIP/2.0 200");
	advance(h, 30 * NSEC_PER_SEC);
	ASSERT_TRUE(pending(h, STRANGER));
	EXPECT_STREQ(h->ua[STRANGER].queue[h->ua[STRANGER].head % MAX_QUEUE].text, "\r\n");
	discard(h, STRANGER);
	EXPECT_EQ(bindings(h), 1);
}

/* --- overload --- */

static void lags(struct harness *h, u64 lag)
{
	struct call_load load = { 0 };

	load.of[CALL_OVERLOAD_LAG] = lag;
	call_engine_load(h->engine, h->now, &load);
}

TEST_F(registration, in_overload_who_is_there_already_stays)
{
	struct harness *h = &self->h;

	lags(h, NSEC_PER_SEC + 1);
	send_register(h, DESK "\r\n");
	expect(h, STRANGER, "SIP/2.0 503");
	EXPECT_TRUE(answer_has(h, "\r\nRetry-After: "));
	lags(h, 0);
	send_register(h, DESK "\r\n");
	expect(h, STRANGER, "SIP/2.0 200");
	lags(h, NSEC_PER_SEC + 1);
	send_register(h, DESK "\r\n");
	expect(h, STRANGER, "SIP/2.0 200");
	/* There is an end to that, too. */
	lags(h, 2 * NSEC_PER_SEC + 1);
	send_register(h, DESK "\r\n");
	expect(h, STRANGER, "SIP/2.0 503");
	EXPECT_EQ(bindings(h), 1);
}

/* --- the administrator --- */

TEST_F(registration, the_administrator_takes_one_away)
{
	struct harness *h = &self->h;

	EXPECT_EQ(call_engine_unregister(h->engine, h->now, AOR), -ENOENT);
	h->late = true;
	send_register(h, DESK "\r\n");
	EXPECT_EQ(call_engine_unregister(h->engine, h->now, AOR), -EBUSY);
	complete(h);
	expect(h, STRANGER, "SIP/2.0 200");
	EXPECT_EQ(call_engine_unregister(h->engine, h->now, AOR), 0);
	run(h);
	EXPECT_EQ(bindings(h), 0);
	EXPECT_EQ(h->bindings, NULL);
}

TEST_HARNESS_MAIN
