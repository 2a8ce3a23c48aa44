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

static size_t dialogs(const struct ua *ua)
{
	const char *at = ua->last;
	size_t n = 0;

	while ((at = strstr(at, "<dialog "))) {
		n++;
		at++;
	}
	return n;
}

/* Of the only one. */
static void id_of(const struct ua *ua, char id[32])
{
	const char *at = strstr(ua->last, "<dialog id=");

	snprintf(id, 32, "%.31s", at ? at : "none");
}

/* His last call is over, which is said once: from then on there is none. */
static void shows_the_end(SELF, const char *id)
{
	struct __test_metadata *_metadata = self->h._metadata;
	struct harness *h = &self->h;
	struct ua *ua = &h->ua[STRANGER];

	shows(self, "<state>terminated</state>");
	EXPECT_FALSE(has(ua, "<state>confirmed</state>"));
	EXPECT_TRUE(has(ua, id));
	call_engine_set_policy(h->engine, h->policy);	/* whoever watches may have news */
	take_back(ua, &self->lamp);
	advance(h, SECOND);
	EXPECT_FALSE(pending(h, STRANGER));
	refresh(h, DIALOG);
	expect(h, STRANGER, "SIP/2.0 200");
	take_notify(h, STRANGER, "active", "dialog-info");
	EXPECT_FALSE(has(ua, "<dialog "));
	put_aside(ua, &self->lamp);
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

/* B; she is known by her flow. */
static void alice_calls(struct harness *h)
{
	send_as(h, "INVITE", "alice", NULL);
	expect(h, STRANGER, "SIP/2.0 100");
	expect(h, B, "INVITE ");
}

static void alice_has_a_call(FIXTURE_DATA(lamp) *self)
{
	struct harness *h = &self->h;

	alice_calls(h);
	answered(h);
	shows(self, "<state>confirmed</state>");
}

TEST_F(lamp, a_caller_is_seen_from_the_invite_to_the_bye)
{
	struct harness *h = &self->h;
	struct ua *ua = &h->ua[STRANGER];
	char id[32];

	light(self, ALICE);
	EXPECT_TRUE(has(ua, "version=\"0\" state=\"full\""));
	EXPECT_FALSE(has(ua, "<dialog "));
	advance(h, SECOND);
	alice_calls(h);
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
	id_of(ua, id);
	hang_up_alice(h);
	shows_the_end(self, id);
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
	refuses(h, STRANGER, "486 Busy Here");
	is_turned_down(h, A, "SIP/2.0 486");
	take_back(ua, &self->lamp);
	advance(h, 1);
	take_notify(h, STRANGER, "active", "<state>terminated</state>");
	EXPECT_TRUE(has(ua, "direction=\"recipient\""));
	EXPECT_FALSE(has(ua, "<remote>"));
	put_out(self);
}

/* B, whom alice has called, refers her to A; or the other way round. */
static void refer_to_a(struct harness *h, enum who who)
{
	send_request(h, who, "REFER", ++h->ua[who].cseq, "Refer-To: <sip:7000@x>\r\n", NULL);
	expect(h, who, "SIP/2.0 202");
	expect(h, who, "NOTIFY ");
	reply(h, who, "200 OK", NULL);
	expect(h, A, "INVITE ");
	answer(h, A, "200 OK", SDP_A);
}

static void let_go(struct harness *h, enum who who, enum who other)
{
	expect(h, other, "INVITE ");
	accepts(h, other);
	expect(h, A, "ACK ");
	expect(h, who, "NOTIFY ");
	reply(h, who, "200 OK", NULL);
	gets_bye(h, who);
	h->ua[A].cseq = 100;
}

TEST_F(lamp, who_is_put_through_is_seen_in_the_new_call)
{
	struct harness *h = &self->h;
	struct ua *ua = &h->ua[STRANGER];

	h->policy->trunks[1].transfer = CALL_TRANSFER_HANDLE;
	light(self, ALICE);
	alice_has_a_call(self);
	refer_to_a(h, B);
	let_go(h, B, STRANGER);
	shows(self, "<state>confirmed</state>");
	/* the old one before, for phones that look at the last alone */
	EXPECT_EQ(dialogs(ua), 2);
	EXPECT_LT(strstr(ua->last, "<state>terminated<"), strstr(ua->last, "<state>confirmed<"));
	EXPECT_TRUE(has(ua, "direction=\"initiator\""));
	hangs_up(h, A, STRANGER);
	shows_the_end(self, "");
	put_out(self);
}

TEST_F(lamp, who_puts_through_is_not_seen_in_the_new_call)
{
	struct harness *h = &self->h;

	h->policy->realms[0].transfer = CALL_TRANSFER_HANDLE;
	light(self, ALICE);
	alice_has_a_call(self);
	h->policy->routes[1].from_realm = 0;
	h->ua[STRANGER].cseq = 10;
	refer_to_a(h, STRANGER);
	let_go(h, STRANGER, B);
	shows_the_end(self, "");
	hangs_up(h, A, B);
	put_out(self);
}

TEST_F(lamp, a_call_that_is_over_before_it_was_told_is_never_seen)
{
	struct harness *h = &self->h;

	light(self, ALICE);
	alice_calls(h);
	refuses(h, B, "486 Busy Here");
	is_turned_down(h, STRANGER, "SIP/2.0 486");
	put_aside(&h->ua[STRANGER], &self->call);
	take_back(&h->ua[STRANGER], &self->lamp);
	advance(h, SECOND);
	EXPECT_FALSE(pending(h, STRANGER));
	put_out(self);
}

TEST_F(lamp, of_two_calls_the_one_that_goes_on_stays)
{
	struct harness *h = &self->h;
	struct ua *ua = &h->ua[STRANGER];
	struct aside first;

	light(self, ALICE);
	alice_has_a_call(self);
	first = self->call;
	alice_calls(h);
	shows(self, "<state>trying</state>");
	EXPECT_EQ(dialogs(ua), 2);
	refuses(h, B, "486 Busy Here");
	is_turned_down(h, STRANGER, "SIP/2.0 486");
	shows(self, "<state>terminated</state>");
	EXPECT_TRUE(has(ua, "<state>confirmed</state>"));
	EXPECT_EQ(dialogs(ua), 2);
	take_back(ua, &first);
	hang_up_alice(h);
	shows(self, "<state>terminated</state>");
	EXPECT_EQ(dialogs(ua), 1);
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
