// SPDX-License-Identifier: GPL-2.0-only
/*
 * Busy lamps (RFC 4235): alice's device watches, and she calls and is called meanwhile.
 */
#include "call_watch.h"

#define DIALOG "Event: dialog\r\n"

FIXTURE(lamp) {
	struct harness h;
	struct call_domain *domain;
	struct aside lamp, call;	/* of STRANGER */
};

FIXTURE_SETUP(lamp)
{
	harness_start(&self->h, _metadata);
	self->domain = add_watched_domain(&self->h);
	self->domain->events.dialog = true;
	self->domain->events.interval = 0;	/* so that nothing else is sent again */
	let_subscribers_call(&self->h);
}

FIXTURE_TEARDOWN(lamp)
{
	harness_stop(&self->h);
}

#define SELF FIXTURE_DATA(lamp) *self

/* What the lamp shows a moment later. */
static void shows(SELF, const char *what)
{
	struct ua *ua = &self->h.ua[STRANGER];

	put_aside(ua, &self->call);
	take_back(ua, &self->lamp);
	advance(&self->h, 1);
	take_notify(&self->h, STRANGER, "active", what);
	take_back(ua, &self->call);
}

static void light(SELF, const char *target)
{
	watch(&self->h, target, DIALOG, "entity=\"sip:");
	put_aside(&self->h.ua[STRANGER], &self->lamp);
}

static void put_out(SELF)
{
	take_back(&self->h.ua[STRANGER], &self->lamp);
	unwatch(&self->h, DIALOG);
}

TEST_F(lamp, a_caller_is_seen_from_the_invite_to_the_bye)
{
	struct harness *h = &self->h;
	struct ua *ua = &h->ua[STRANGER];

	light(self, ALICE);
	EXPECT_TRUE(has(ua, "version=\"0\" state=\"full\""));
	EXPECT_FALSE(has(ua, "<dialog "));
	advance(h, SECOND);
	send_as(h, "INVITE", "alice", NULL);
	expect(h, STRANGER, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	shows(self, "<state>trying</state>");
	EXPECT_TRUE(has(ua, "direction=\"initiator\""));
	EXPECT_FALSE(has(ua, "<remote>"));
	EXPECT_FALSE(has(ua, self->call.call_id));
	answer(h, B, "180 Ringing", NULL);
	expect(h, STRANGER, "SIP/2.0 180");
	shows(self, "<state>early</state>");
	answered(h);
	shows(self, "<state>confirmed</state>");
	EXPECT_TRUE(has(ua, "version=\"3\""));
	hang_up_alice(h);
	shows(self, "version=\"4\"");
	EXPECT_FALSE(has(ua, "<dialog "));
	put_out(self);
}

TEST_F(lamp, who_is_called_is_seen_and_with_whom_if_that_is_shown)
{
	struct harness *h = &self->h;
	struct ua *ua = &h->ua[STRANGER];

	self->domain->events.identities = true;
	register_bob(h, "Contact: <sip:bob@203.0.113.66:5060>\r\n");
	light(self, BOB);
	send_to(h, A, "INVITE", "carol", BOB, "", SDP_A);
	expect(h, A, "SIP/2.0 100");
	put_aside(ua, &self->call);
	expect(h, STRANGER, "INVITE ");
	shows(self, "<state>trying</state>");
	EXPECT_TRUE(has(ua, "direction=\"recipient\""));
	EXPECT_TRUE(has(ua, "<remote><identity>sip:carol@" DOMAIN "</identity></remote>"));
	answer(h, STRANGER, "180 Ringing", NULL);
	expect(h, A, "SIP/2.0 180");
	shows(self, "<state>early</state>");
	answer(h, STRANGER, "486 Busy Here", NULL);
	expect(h, STRANGER, "ACK ");
	expect(h, A, "SIP/2.0 486");
	send_same_branch(h, A, "ACK", h->branch, NULL);
	take_back(ua, &self->lamp);
	advance(h, 1);
	take_notify(h, STRANGER, "active", "dialog-info");
	EXPECT_FALSE(has(ua, "<dialog "));
	put_out(self);
}

TEST_F(lamp, a_domain_that_does_not_want_it_has_none)
{
	struct harness *h = &self->h;

	self->domain->events.dialog = false;
	send_subscribe(h, BOB, DIALOG);
	expect(h, STRANGER, "SIP/2.0 489");
	EXPECT_TRUE(has(&h->ua[STRANGER], "Allow-Events: presence, reg\r\n"));
}

TEST_HARNESS_MAIN
