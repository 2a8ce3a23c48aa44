// SPDX-License-Identifier: GPL-2.0-only
/*
 * Jalur registers itself at the trunk "pbx", which is B, and C when B is not there: with
 * its credentials, for as long as the registrar will, again in time, later each time when
 * it fails, and not any more when it stops.
 */
#include "call_trunk_harness.h"

FIXTURE(upstream) {
	struct harness h;
	struct call_trunk *trunk;
};

FIXTURE_SETUP(upstream)
{
	harness_start(&self->h, _metadata);
	self->trunk = two_targets(&self->h, 1);
	self->trunk->registering = (struct call_registering){
		.aor = strdup("sip:4930123@carrier.example"), .contact = strdup("4930123"),
		.expires = 3600, .retry = 10 * NSEC_PER_SEC, .retry_max = 60 * NSEC_PER_SEC,
	};
}

FIXTURE_TEARDOWN(upstream)
{
	drop_events(&self->h);
	harness_stop(&self->h);
}

static struct call_upstream_view view(struct harness *h)
{
	struct __test_metadata *_metadata = h->_metadata;
	struct call_trunk_view trunk = view_trunk(h, "pbx");

	EXPECT_TRUE(trunk.registers);
	return trunk.upstream;
}

/* Until who has a REGISTER; how long that took. */
static u64 wait_register(struct harness *h, enum who who)
{
	u64 begun = h->now;

	while (!pending(h, who) && h->now < begun + 7200 * NSEC_PER_SEC)
		advance(h, 10 * NSEC_PER_MSEC);
	expect(h, who, "REGISTER sip:carrier.example SIP/2.0");
	return h->now - begun;
}

/* who takes the REGISTER that it has, for so long. */
static void grant(struct harness *h, enum who who, u32 seconds)
{
	char lines[256];

	snprintf(lines, sizeof(lines),
		 "Contact: <sip:else@192.0.2.99>;expires=7000, <sip:4930123@" IP_INSIDE
		 ":5060>;expires=%u\r\n", seconds);
	reply_tagged(h, who, &h->ua[who].msg, "200 OK", "registrar", lines, NULL);
}

static bool contact_says(struct harness *h, enum who who, const char *what)
{
	return contains(header(&h->ua[who].msg, "Contact"), what);
}

TEST_F(upstream, it_registers_and_again_when_half_to_three_quarters_are_over)
{
	struct harness *h = &self->h;
	char call_id[64];
	u32 cseq;
	u64 ns;

	start(h);
	EXPECT_EQ(view(h).state, CALL_REGISTRATION_NONE);
	EXPECT_LE(wait_register(h, B), 2 * NSEC_PER_SEC);
	EXPECT_EQ(view(h).state, CALL_REGISTRATION_TRYING);
	EXPECT_TRUE(contact_says(h, B, "<sip:4930123@" IP_INSIDE ":5060>;expires=3600"));
	EXPECT_TRUE(slice_eq(header(&h->ua[B].msg, "Expires"), SLICE("3600")));
	EXPECT_TRUE(slice_eq(h->ua[B].msg.to.uri, SLICE("sip:4930123@carrier.example")));
	EXPECT_TRUE(slice_eq(h->ua[B].msg.from.uri, SLICE("sip:4930123@carrier.example")));
	copy_slice(call_id, sizeof(call_id), h->ua[B].msg.call_id);
	cseq = h->ua[B].msg.cseq;
	grant(h, B, 600);
	EXPECT_TRUE(told(h, "registered"));
	EXPECT_EQ(view(h).state, CALL_REGISTRATION_DONE);
	EXPECT_EQ(view(h).until, h->now + 600 * NSEC_PER_SEC);

	ns = wait_register(h, B);
	EXPECT_GE(ns, 300 * NSEC_PER_SEC);
	EXPECT_LE(ns, 451 * NSEC_PER_SEC);
	EXPECT_TRUE(slice_eq(h->ua[B].msg.call_id, slice_str(call_id)));	/* RFC 3261 §10.2.4 */
	EXPECT_EQ(h->ua[B].msg.cseq, cseq + 1);
	EXPECT_EQ(h->ua[B].msg.to.tag.n, 0);
	grant(h, B, 600);
	EXPECT_FALSE(told(h, "registered"));	/* nothing new */
}

TEST_F(upstream, what_is_challenged_comes_again_with_credentials)
{
	struct harness *h = &self->h;

	ASSERT_EQ(call_trunk_set_credentials(self->trunk, strdup("jalur"), strdup("secret"),
					     NULL), 0);
	start(h);
	wait_register(h, B);
	EXPECT_EQ(header(&h->ua[B].msg, "Authorization").n, 0);
	reply_tagged(h, B, &h->ua[B].msg, "401 Unauthorized", "r",
		     "WWW-Authenticate: Digest realm=\"carrier\", nonce=\"n1\", qop=\"auth\"\r\n",
		     NULL);
	expect(h, B, "REGISTER ");
	EXPECT_TRUE(contains(header(&h->ua[B].msg, "Authorization"), "username=\"jalur\""));
	EXPECT_TRUE(contains(header(&h->ua[B].msg, "Authorization"), "nonce=\"n1\""));
	grant(h, B, 60);
	wait_register(h, B);			/* the nonce is good for the next one, too */
	EXPECT_TRUE(contains(header(&h->ua[B].msg, "Authorization"), "nc=00000002"));

	/* a wrong password is no loop */
	reply_tagged(h, B, &h->ua[B].msg, "401 Unauthorized", "r",
		     "WWW-Authenticate: Digest realm=\"carrier\", nonce=\"n1\", qop=\"auth\"\r\n",
		     NULL);
	EXPECT_FALSE(pending(h, B));
	EXPECT_EQ(view(h).state, CALL_REGISTRATION_FAILED);
	EXPECT_EQ(view(h).status, 401);
	EXPECT_EQ(counter(h, "credentials-refused"), 1);
}

TEST_F(upstream, a_registrar_may_ask_for_a_longer_time)
{
	struct harness *h = &self->h;

	self->trunk->registering.expires = 60;
	start(h);
	wait_register(h, B);
	reply_tagged(h, B, &h->ua[B].msg, "423 Interval Too Brief", "r", "Min-Expires: 1800\r\n",
		     NULL);
	expect(h, B, "REGISTER ");
	EXPECT_TRUE(contact_says(h, B, "expires=1800"));
	reply_tagged(h, B, &h->ua[B].msg, "423 Interval Too Brief", "r", "Min-Expires: 3600\r\n",
		     NULL);
	EXPECT_FALSE(pending(h, B));		/* but not for ever */
	EXPECT_EQ(view(h).state, CALL_REGISTRATION_FAILED);
}

TEST_F(upstream, it_waits_longer_after_each_failure_and_by_chance_less)
{
	struct harness *h = &self->h;
	static const u64 most[] = { 10, 20, 40, 60, 60 };
	size_t i;
	u64 ns;

	start(h);
	wait_register(h, B);
	for (i = 0; i < 5; i++) {
		reply_tagged(h, B, &h->ua[B].msg, "403 Forbidden", "r", NULL, NULL);
		EXPECT_EQ(view(h).failures, i + 1);
		ns = wait_register(h, B);
		EXPECT_GE(ns, most[i] / 2 * NSEC_PER_SEC);
		EXPECT_LE(ns, most[i] * NSEC_PER_SEC + 20 * NSEC_PER_MSEC);
	}
	reply_tagged(h, B, &h->ua[B].msg, "480 Later", "r", "Retry-After: 500 (maintenance)\r\n",
		     NULL);
	EXPECT_GE(wait_register(h, B), 500 * NSEC_PER_SEC);
	EXPECT_TRUE(told(h, "not registered: 403"));
	grant(h, B, 3600);
	EXPECT_TRUE(told(h, "registered"));
	EXPECT_EQ(view(h).failures, 0);
	EXPECT_FALSE(pending(h, C));		/* a refusal is a refusal there, too */
}

TEST_F(upstream, silence_and_503_lead_to_the_next_target)
{
	struct harness *h = &self->h;

	start(h);
	wait_register(h, B);
	reply_tagged(h, B, &h->ua[B].msg, "503 Service Unavailable", "r", NULL, NULL);
	expect(h, C, "REGISTER ");
	grant(h, C, 60);
	EXPECT_EQ(view(h).state, CALL_REGISTRATION_DONE);
	wait_register(h, C);			/* C has us, and keeps us */
	EXPECT_FALSE(pending(h, B));
	advance(h, 33 * NSEC_PER_SEC);		/* until it is gone */
	discard(h, C);
	expect(h, B, "REGISTER ");
	discard(h, B);
	advance(h, 33 * NSEC_PER_SEC);
	EXPECT_GT(discard(h, B), 0);
	EXPECT_EQ(view(h).state, CALL_REGISTRATION_FAILED);
	EXPECT_EQ(view(h).status, 408);
	EXPECT_EQ(view(h).failures, 1);
}

TEST_F(upstream, at_the_end_the_registrar_is_told)
{
	struct harness *h = &self->h;

	start(h);
	wait_register(h, B);
	grant(h, B, 3600);
	EXPECT_EQ(call_engine_leaving(h->engine), 0);
	call_engine_leave(h->engine, h->now);
	run(h);
	EXPECT_EQ(call_engine_leaving(h->engine), 1);
	expect(h, B, "REGISTER ");
	EXPECT_TRUE(contact_says(h, B, "expires=0"));
	reply_tagged(h, B, &h->ua[B].msg, "200 OK", "r", NULL, NULL);
	EXPECT_EQ(call_engine_leaving(h->engine), 0);
	advance(h, 7200 * NSEC_PER_SEC);	/* and that is that */
	EXPECT_FALSE(pending(h, B));
}

TEST_F(upstream, the_end_may_come_before_the_answer)
{
	struct harness *h = &self->h;

	start(h);
	wait_register(h, B);
	call_engine_leave(h->engine, h->now);
	run(h);
	EXPECT_EQ(call_engine_leaving(h->engine), 1);
	grant(h, B, 3600);
	expect(h, B, "REGISTER ");
	EXPECT_TRUE(contact_says(h, B, "expires=0"));
	reply_tagged(h, B, &h->ua[B].msg, "503 Service Unavailable", "r", NULL, NULL);
	EXPECT_EQ(call_engine_leaving(h->engine), 0);
}

TEST_F(upstream, a_reload_keeps_it_and_another_aor_takes_its_place)
{
	struct harness *h = &self->h;

	start(h);
	wait_register(h, B);
	grant(h, B, 3600);
	start(h);
	advance(h, 100 * NSEC_PER_SEC);
	EXPECT_FALSE(pending(h, B));
	EXPECT_EQ(view(h).state, CALL_REGISTRATION_DONE);

	free(self->trunk->registering.aor);
	self->trunk->registering.aor = strdup("sip:4940@carrier.example");
	start(h);
	expect(h, B, "REGISTER ");
	EXPECT_TRUE(contact_says(h, B, "expires=0"));
	EXPECT_TRUE(slice_eq(h->ua[B].msg.to.uri, SLICE("sip:4930123@carrier.example")));
	reply_tagged(h, B, &h->ua[B].msg, "200 OK", "r", NULL, NULL);
	wait_register(h, B);
	EXPECT_TRUE(slice_eq(h->ua[B].msg.to.uri, SLICE("sip:4940@carrier.example")));
	grant(h, B, 3600);

	free(self->trunk->registering.aor);	/* and now none */
	self->trunk->registering.aor = NULL;
	start(h);
	expect(h, B, "REGISTER ");
	EXPECT_TRUE(contact_says(h, B, "expires=0"));
	reply_tagged(h, B, &h->ua[B].msg, "200 OK", "r", NULL, NULL);
	EXPECT_FALSE(view_trunk(h, "pbx").registers);
}

/* Whoever mended the configuration does not wait until the next try is due. */
TEST_F(upstream, what_a_reload_changes_is_tried_at_once)
{
	struct harness *h = &self->h;

	ASSERT_EQ(call_trunk_set_credentials(self->trunk, strdup("jalur"), strdup("wrong"),
					     NULL), 0);
	self->trunk->registering.retry = self->trunk->registering.retry_max = 1800 * NSEC_PER_SEC;
	start(h);
	wait_register(h, B);
	reply_tagged(h, B, &h->ua[B].msg, "403 Forbidden", "r", NULL, NULL);
	start(h);				/* as it was: it waits */
	advance(h, 100 * NSEC_PER_SEC);
	EXPECT_FALSE(pending(h, B));

	self->trunk->password[0] = 'W';
	start(h);
	EXPECT_LE(wait_register(h, B), 2 * NSEC_PER_SEC);
	self->trunk->password[0] = 'r';		/* in the middle of a try */
	start(h);
	reply_tagged(h, B, &h->ua[B].msg, "403 Forbidden", "r", NULL, NULL);
	EXPECT_LE(wait_register(h, B), 2 * NSEC_PER_SEC);
	grant(h, B, 3600);

	self->trunk->registering.expires = 600;
	start(h);
	EXPECT_LE(wait_register(h, B), 2 * NSEC_PER_SEC);
	EXPECT_TRUE(contact_says(h, B, "expires=600"));
	grant(h, B, 600);
	start(h);
	advance(h, 100 * NSEC_PER_SEC);
	EXPECT_FALSE(pending(h, B));
}

/* Calls come where we are registered, and that is where the trunk is now. */
TEST_F(upstream, it_moves_with_the_targets)
{
	struct harness *h = &self->h;

	self->trunk->ntargets = 1;
	start(h);
	wait_register(h, B);
	grant(h, B, 3600);
	set_target(self->trunk->targets, IP_C ":5060");
	start(h);
	EXPECT_LE(wait_register(h, C), 2 * NSEC_PER_SEC);
	EXPECT_TRUE(contact_says(h, C, "expires=3600"));
	grant(h, C, 3600);
	EXPECT_EQ(view(h).state, CALL_REGISTRATION_DONE);
	EXPECT_FALSE(pending(h, B));
	self->trunk->ntargets = 2;
}

/* The name of the trunk is asked for when there is no address before it. */
TEST_F(upstream, a_trunk_with_a_name_is_looked_up)
{
	struct harness *h = &self->h;
	struct hop hop = { .transport = TRANSPORT_UDP };

	set_target(self->trunk->targets, "carrier.example");
	start(h);
	advance(h, 2 * NSEC_PER_SEC);
	EXPECT_STREQ(h->asked, "carrier.example");
	addr_parse(SLICE(IP_B ":5060"), &hop.addr);
	call_engine_located(h->engine, h->now, h->locate_ticket, 0, "", "carrier.example", &hop, 1);
	run(h);
	expect(h, B, "REGISTER ");
	grant(h, B, 3600);
	EXPECT_EQ(view(h).state, CALL_REGISTRATION_DONE);
}

TEST_HARNESS_MAIN
