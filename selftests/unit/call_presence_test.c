// SPDX-License-Identifier: GPL-2.0-only
/*
 * Subscriptions to our users (RFC 6665), as a watcher sees them: presence (RFC 3856) and
 * registrations (RFC 3680).
 */
#include "call_watch.h"

FIXTURE(watch) {
	struct harness h;
	struct call_domain *domain;
};

FIXTURE_SETUP(watch)
{
	harness_start(&self->h, _metadata);
	self->domain = add_watched_domain(&self->h);
}

FIXTURE_TEARDOWN(watch)
{
	harness_stop(&self->h);
}

TEST_F(watch, a_user_is_seen_to_come_and_go)
{
	struct harness *h = &self->h;
	struct ua *ua = &h->ua[STRANGER];

	send_subscribe(h, BOB, PRESENCE "Expires: 600\r\n");
	expect(h, STRANGER, "SIP/2.0 200");
	EXPECT_TRUE(slice_eq(header(&ua->msg, "Expires"), SLICE("600")));
	EXPECT_TRUE(has(ua, "Contact: <sip:bob@" IP_ADVERTISED ":5060>"));
	learn(ua, &ua->msg);
	take_notify(h, STRANGER, "active;expires=600", CLOSED);
	EXPECT_TRUE(has(ua, "Event: presence\r\n"));
	EXPECT_TRUE(has(ua, "Content-Type: application/pidf+xml\r\n"));
	EXPECT_TRUE(has(ua, "entity=\"sip:" BOB "\""));
	advance(h, SECOND);
	register_bob(h, BOB_PHONE "\r\n");
	advance(h, 1);
	take_notify(h, STRANGER, "active;expires=599", OPEN);
	EXPECT_TRUE(has(ua, "<contact>sip:" BOB "</contact>"));
	EXPECT_FALSE(has(ua, "203.0.113.66:5070"));
	advance(h, SECOND);
	register_bob(h, BOB_PHONE ";expires=0\r\n");
	advance(h, 1);
	take_notify(h, STRANGER, "active", CLOSED);
	EXPECT_EQ(watches(h), 1);
	unwatch(h, PRESENCE);
	EXPECT_EQ(watches(h), 0);
	register_bob(h, BOB_PHONE "\r\n");
	advance(h, SECOND);
}

TEST_F(watch, a_contact_that_expires_is_gone)
{
	struct harness *h = &self->h;

	register_bob(h, BOB_PHONE ";expires=100\r\n");
	watch(h, BOB, PRESENCE, OPEN);
	advance(h, 99 * SECOND);
	EXPECT_FALSE(pending(h, STRANGER));
	advance(h, SECOND);
	take_notify(h, STRANGER, "active", CLOSED);
	unwatch(h, PRESENCE);
}

TEST_F(watch, what_stays_as_it_is_is_not_told_again)
{
	struct harness *h = &self->h;

	register_bob(h, BOB_PHONE "\r\n");
	watch(h, BOB, PRESENCE, OPEN);
	register_bob(h, BOB_PHONE ";expires=200\r\n");
	advance(h, 2 * SECOND);
	EXPECT_FALSE(pending(h, STRANGER));
	unwatch(h, PRESENCE);
}

TEST_F(watch, changes_in_a_short_time_make_one_notify)
{
	struct harness *h = &self->h;

	watch(h, BOB, PRESENCE, CLOSED);
	register_bob(h, BOB_PHONE "\r\n");
	register_bob(h, BOB_PHONE ";expires=0\r\n");
	register_bob(h, BOB_PHONE "\r\n");
	EXPECT_FALSE(pending(h, STRANGER));
	advance(h, SECOND / 2);
	take_notify(h, STRANGER, "active", OPEN);
	advance(h, SECOND);
	EXPECT_FALSE(pending(h, STRANGER));
	unwatch(h, PRESENCE);
}

TEST_F(watch, the_next_notify_waits_for_the_answer_to_the_last)
{
	struct harness *h = &self->h;
	struct ua *ua = &h->ua[STRANGER];
	struct aside aside;

	watch(h, BOB, PRESENCE, CLOSED);
	advance(h, SECOND);
	register_bob(h, BOB_PHONE "\r\n");
	put_aside(ua, &aside);
	advance(h, 1);
	expect_notify(h, STRANGER, "active", OPEN);
	register_bob(h, BOB_PHONE ";expires=0\r\n");
	advance(h, 100 * NSEC_PER_MSEC);
	EXPECT_FALSE(pending(h, STRANGER));
	take_back(ua, &aside);
	advance(h, SECOND);
	discard(h, STRANGER);
	advance(h, 2 * SECOND);
	expect_notify(h, STRANGER, "active", OPEN);	/* again */
	discard(h, STRANGER);
	reply(h, STRANGER, "200 OK", NULL);
	take_notify(h, STRANGER, "active", CLOSED);
	take_back(ua, &aside);
	unwatch(h, PRESENCE);
}

TEST_F(watch, a_fetch_is_told_once)
{
	struct harness *h = &self->h;

	send_subscribe(h, BOB, PRESENCE "Expires: 0\r\n");
	expect(h, STRANGER, "SIP/2.0 200");
	EXPECT_TRUE(slice_eq(header(&h->ua[STRANGER].msg, "Expires"), SLICE("0")));
	take_notify(h, STRANGER, "terminated;reason=timeout", CLOSED);
	EXPECT_EQ(watches(h), 0);
}

TEST_F(watch, a_subscription_is_refreshed_and_then_expires)
{
	struct harness *h = &self->h;

	watch(h, BOB, PRESENCE "Expires: 100\r\n", CLOSED);
	advance(h, 90 * SECOND);
	refresh(h, PRESENCE "Expires: 100\r\n");
	expect(h, STRANGER, "SIP/2.0 200");
	EXPECT_TRUE(slice_eq(header(&h->ua[STRANGER].msg, "Expires"), SLICE("100")));
	take_notify(h, STRANGER, "active;expires=100", CLOSED);
	advance(h, 99 * SECOND);
	EXPECT_FALSE(pending(h, STRANGER));
	advance(h, SECOND);
	take_notify(h, STRANGER, "terminated;reason=timeout", CLOSED);
	EXPECT_EQ(watches(h), 0);
	refresh(h, PRESENCE "Expires: 100\r\n");
	expect(h, STRANGER, "SIP/2.0 481");
}

TEST_F(watch, an_id_tells_subscriptions_apart)
{
	struct harness *h = &self->h;

	watch(h, BOB, "Event: presence;id=7\r\n", CLOSED);
	EXPECT_TRUE(has(&h->ua[STRANGER], "Event: presence;id=7\r\n"));
	refresh(h, PRESENCE);
	expect(h, STRANGER, "SIP/2.0 481");
	refresh(h, "Event: reg;id=7\r\n");
	expect(h, STRANGER, "SIP/2.0 481");
	EXPECT_EQ(watches(h), 1);
	unwatch(h, "Event: presence;id=7\r\n");
}

TEST_F(watch, a_watcher_who_does_not_know_of_it_is_told_nothing_more)
{
	static const char *const answers[] = { "481 No", "489 Bad", "404 Not Found", "501 No" };
	struct harness *h = &self->h;
	size_t i;

	for (i = 0; i < 4; i++) {
		send_subscribe(h, BOB, PRESENCE);
		expect(h, STRANGER, "SIP/2.0 200");
		expect_notify(h, STRANGER, "active", CLOSED);
		EXPECT_EQ(watches(h), 1);
		reply(h, STRANGER, answers[i], NULL);
		EXPECT_EQ(watches(h), 0);
	}
	EXPECT_EQ(counter(h, "notifies-failed"), 4);
	send_subscribe(h, BOB, PRESENCE);
	expect(h, STRANGER, "SIP/2.0 200");
	expect_notify(h, STRANGER, "active", CLOSED);
	reply(h, STRANGER, "500 Later", NULL);
	EXPECT_EQ(watches(h), 1);
	advance(h, 2 * 3600 * SECOND);
	EXPECT_EQ(watches(h), 0);
	EXPECT_GT(discard(h, STRANGER), 0);
}

TEST_F(watch, a_watcher_who_does_not_answer_is_gone)
{
	struct harness *h = &self->h;

	send_subscribe(h, BOB, PRESENCE);
	expect(h, STRANGER, "SIP/2.0 200");
	advance(h, 31 * SECOND);
	EXPECT_EQ(watches(h), 1);
	advance(h, 2 * SECOND);
	EXPECT_EQ(watches(h), 0);
	expect_repeats(h, STRANGER, 5);
}

/* --- who may, and what --- */

/* What alice gets for it. */
static void answered_so(struct harness *h, const char *target, const char *lines,
			const char *status)
{
	send_subscribe(h, target, lines);
	expect(h, STRANGER, status);
}

TEST_F(watch, what_cannot_be_is_refused)
{
	struct harness *h = &self->h;
	struct ua *ua = &h->ua[STRANGER];

	answered_so(h, BOB, PRESENCE "Expires: 59\r\n", "SIP/2.0 423");
	EXPECT_TRUE(has(ua, "Min-Expires: 60\r\n"));
	answered_so(h, BOB, PRESENCE "Expires: soon\r\n", "SIP/2.0 400");
	answered_so(h, BOB, PRESENCE "Accept: application/sdp\r\n", "SIP/2.0 406");
	EXPECT_TRUE(has(ua, "Accept: application/pidf+xml\r\n"));
	answered_so(h, BOB, PRESENCE "Require: eventlist\r\n", "SIP/2.0 420");
	answered_so(h, BOB, "Event: message-summary\r\n", "SIP/2.0 489");
	EXPECT_TRUE(has(ua, "Allow-Events: presence, reg\r\n"));
	answered_so(h, BOB, "", "SIP/2.0 489");
	answered_so(h, "nobody@" DOMAIN, PRESENCE, "SIP/2.0 404");
	EXPECT_FALSE(has(ua, "Allow-Events"));
	answered_so(h, "bob@elsewhere.example", PRESENCE, "SIP/2.0 404");
	EXPECT_EQ(watches(h), 0);
	EXPECT_EQ(counter(h, "subscriptions-refused"), 8);
}

TEST_F(watch, more_time_than_there_is_is_cut)
{
	struct harness *h = &self->h;

	send_subscribe(h, BOB, PRESENCE "Expires: 99999999999\r\nAccept: text/plain, */*\r\n");
	expect(h, STRANGER, "SIP/2.0 200");
	take_notify(h, STRANGER, "active;expires=7200", CLOSED);
	learn(&h->ua[STRANGER], &h->ua[STRANGER].msg);
	unwatch(h, PRESENCE);
}

TEST_F(watch, a_domain_says_what_may_be_watched)
{
	struct harness *h = &self->h;

	answered_so(h, BOB, "Event: reg\r\n", "SIP/2.0 403");
	self->domain->events.reg = EVENT_REG_NONE;
	answered_so(h, ALICE, "Event: reg\r\n", "SIP/2.0 489");
	EXPECT_TRUE(has(&h->ua[STRANGER], "Allow-Events: presence\r\n"));
	self->domain->events.presence = false;
	answered_so(h, BOB, PRESENCE, "SIP/2.0 405");
	EXPECT_FALSE(contains(header(&h->ua[STRANGER].msg, "Allow"), "SUBSCRIBE"));
}

TEST_F(watch, options_tell_what_there_is)
{
	struct harness *h = &self->h;

	send_to(h, STRANGER, "OPTIONS", "alice", ALICE, "", NULL);
	expect(h, STRANGER, "SIP/2.0 200");
	EXPECT_TRUE(contains(header(&h->ua[STRANGER].msg, "Allow"), "MESSAGE, SUBSCRIBE"));
	EXPECT_TRUE(has(&h->ua[STRANGER], "Allow-Events: presence, reg\r\n"));
}

TEST_F(watch, a_watcher_has_so_many_and_no_more)
{
	struct harness *h = &self->h;
	size_t i;

	for (i = 0; i < 3; i++)
		watch(h, BOB, PRESENCE "Expires: 100\r\n", CLOSED);
	answered_so(h, BOB, PRESENCE, "SIP/2.0 403");
	EXPECT_TRUE(has(&h->ua[STRANGER], "Retry-After: 60\r\n"));
	EXPECT_EQ(counter(h, "refused-subscription-limit"), 1);
	advance(h, 100 * SECOND);
	for (i = 0; i < 3; i++)
		take_notify(h, STRANGER, "terminated", CLOSED);
	EXPECT_EQ(watches(h), 0);
}

TEST_F(watch, who_may_not_any_more_is_told_so)
{
	struct harness *h = &self->h;

	watch(h, BOB, PRESENCE, CLOSED);
	self->domain->events.presence = false;
	refresh(h, PRESENCE);
	expect(h, STRANGER, "SIP/2.0 403");
	take_notify(h, STRANGER, "terminated;reason=rejected", "");
	EXPECT_FALSE(has(&h->ua[STRANGER], "<presence"));
	EXPECT_EQ(watches(h), 0);
}

TEST_F(watch, a_reload_ends_what_is_not_to_be_seen_any_more)
{
	struct harness *h = &self->h;

	watch(h, BOB, PRESENCE, CLOSED);
	call_engine_set_policy(h->engine, h->policy);
	advance(h, SECOND);
	EXPECT_FALSE(pending(h, STRANGER));
	self->domain->events.presence = false;
	call_engine_set_policy(h->engine, h->policy);
	advance(h, 1);
	take_notify(h, STRANGER, "terminated;reason=rejected", "");
	EXPECT_EQ(watches(h), 0);
}

TEST_F(watch, other_requests_in_the_dialog_are_not_for_it)
{
	struct harness *h = &self->h;

	watch(h, BOB, PRESENCE, CLOSED);
	send_request(h, STRANGER, "NOTIFY", ++h->ua[STRANGER].cseq, PRESENCE, NULL);
	expect(h, STRANGER, "SIP/2.0 405");
	send_request(h, STRANGER, "OPTIONS", ++h->ua[STRANGER].cseq, "", NULL);
	expect(h, STRANGER, "SIP/2.0 200");
	unwatch(h, PRESENCE);
}

/* --- registrations --- */

TEST_F(watch, a_user_sees_where_he_is_registered)
{
	struct harness *h = &self->h;
	struct ua *ua = &h->ua[STRANGER];
	struct aside aside;

	watch(h, ALICE, "Event: reg\r\n", "aor=\"sip:" ALICE "\" id=\"r0\" state=\"active\"");
	EXPECT_TRUE(has(ua, "version=\"0\" state=\"full\""));
	EXPECT_TRUE(has(ua, "<uri>sip:alice@203.0.113.66:5060</uri>"));
	EXPECT_TRUE(has(ua, "Content-Type: application/reginfo+xml\r\n"));
	put_aside(ua, &aside);
	send_register_of(h, "alice", "Contact: <sip:alice@203.0.113.66:5090>;q=0.5\r\n");
	take_back(ua, &aside);
	advance(h, SECOND / 2);
	take_notify(h, STRANGER, "active", "version=\"1\"");
	EXPECT_TRUE(has(ua, "q=\"0.500\""));
	send_register_of(h, "alice", "Contact: *\r\nExpires: 0\r\n");
	advance(h, SECOND / 2);
	take_notify(h, STRANGER, "active", "state=\"terminated\"");
	EXPECT_FALSE(has(ua, "<contact"));
	advance(h, 3599 * SECOND);
	take_notify(h, STRANGER, "terminated;reason=timeout", "version=\"3\"");
}

TEST_F(watch, a_trunk_sees_registrations_where_it_may)
{
	struct harness *h = &self->h;

	send_to(h, A, "SUBSCRIBE", "pbx", BOB, "Event: reg\r\n", NULL);
	expect(h, A, "SIP/2.0 489");
	self->domain->events.reg = EVENT_REG_TRUNKS;
	send_to(h, A, "SUBSCRIBE", "pbx", BOB, PRESENCE, NULL);
	expect(h, A, "SIP/2.0 489");
	send_to(h, A, "SUBSCRIBE", "pbx", BOB, "Event: reg\r\nExpires: 60\r\n", NULL);
	expect(h, A, "SIP/2.0 200");
	take_notify(h, A, "active;expires=60", "state=\"terminated\"");
	advance(h, 60 * SECOND);
	take_notify(h, A, "terminated;reason=timeout", "");
}

TEST_HARNESS_MAIN
