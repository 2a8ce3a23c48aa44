// SPDX-License-Identifier: GPL-2.0-only
/*
 * Overload and drain: the measurements are injected; what is new is sent away, the more
 * important later than the rest, and what exists is served.
 */
#include "call_harness.h"

#define LAG_LIMIT (400 * NSEC_PER_MSEC)

FIXTURE(overload) {
	struct harness h;
};

FIXTURE_SETUP(overload)
{
	struct call_engine_conf conf = { .overload = {
		.limits.of = { [CALL_OVERLOAD_LAG] = LAG_LIMIT, [CALL_OVERLOAD_MEMORY] = 1000,
			       [CALL_OVERLOAD_STORE] = 100, [CALL_OVERLOAD_RELAY] = 50,
			       [CALL_OVERLOAD_TRANSACTIONS] = 20 },
		.ports = 10, .retry_after = 20,
	} };

	harness_start_with(&self->h, _metadata, &conf);
}

FIXTURE_TEARDOWN(overload)
{
	harness_stop(&self->h);
}

static bool load(struct harness *h, enum call_overload_cause cause, u64 value)
{
	struct call_load load = { 0 };

	load.of[cause] = value;
	return call_engine_load(h->engine, h->now, &load);
}

static struct call_overload_view view(struct harness *h)
{
	struct call_overload_view view;

	call_engine_overload(h->engine, h->now, &view);
	return view;
}

/* The seconds of Retry-After in the 503 that A gets; nothing is left of it but that. */
static unsigned long sent_away(struct harness *h)
{
	struct __test_metadata *_metadata = h->_metadata;
	unsigned long seconds = 0;

	seconds = strtoul(header(expect(h, A, "SIP/2.0 503"), "Retry-After").p, NULL, 10);
	EXPECT_GE(seconds, 20);
	EXPECT_LE(seconds, 30);
	EXPECT_EQ(counter(h, "sip-server-transactions"), 0);
	return seconds;
}

static void options(struct harness *h)
{
	begin_dialog(h, A, "1");
	send_request(h, A, "OPTIONS", 1, NULL, NULL);
}

TEST_F(overload, a_late_loop_takes_nothing_new_and_serves_its_calls)
{
	struct harness *h = &self->h;
	u64 times = 0;
	int i;

	call_up(h);
	EXPECT_TRUE(load(h, CALL_OVERLOAD_LAG, LAG_LIMIT));
	send_request(h, A, "BYE", 2, NULL, NULL);
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	advance(h, 40 * NSEC_PER_SEC);
	/* Those who are sent away together come back at several times. */
	for (i = 0; i < 20; i++) {
		send_invite(h, A, SDP_A);
		times |= 1ull << sent_away(h);
	}
	EXPECT_GT(__builtin_popcountll(times), 3);
	options(h);
	sent_away(h);
	EXPECT_EQ(view(h).refused[CALL_OVERLOAD_LAG], 21);
	EXPECT_FALSE(pending(h, B));
}

TEST_F(overload, it_ends_below_three_quarters_and_does_not_flutter)
{
	struct harness *h = &self->h;

	EXPECT_FALSE(load(h, CALL_OVERLOAD_LAG, LAG_LIMIT - 1));
	EXPECT_EQ(view(h).level, CALL_OVERLOAD_NONE);
	EXPECT_TRUE(load(h, CALL_OVERLOAD_LAG, LAG_LIMIT));
	EXPECT_EQ(view(h).level, CALL_OVERLOAD_LIGHT);
	EXPECT_FALSE(load(h, CALL_OVERLOAD_LAG, LAG_LIMIT / 4 * 3));
	EXPECT_EQ(view(h).level, CALL_OVERLOAD_LIGHT);
	/* Another one takes over. */
	EXPECT_TRUE(load(h, CALL_OVERLOAD_STORE, 100));
	EXPECT_EQ(view(h).causes[CALL_OVERLOAD_LAG], CALL_OVERLOAD_NONE);
	EXPECT_EQ(view(h).causes[CALL_OVERLOAD_STORE], CALL_OVERLOAD_LIGHT);
	EXPECT_TRUE(load(h, CALL_OVERLOAD_STORE, 74));
	EXPECT_EQ(view(h).level, CALL_OVERLOAD_NONE);
	options(h);
	expect(h, A, "SIP/2.0 200");
}

TEST_F(overload, refreshes_come_before_registrations_and_emergencies_before_all)
{
	static const struct {
		u64 lag;
		bool call, registration, refresh;
	} cases[] = {
		{ LAG_LIMIT / 2, false, false, false },
		{ LAG_LIMIT, true, true, false },
		{ 2 * LAG_LIMIT, true, true, true },
		{ 2 * LAG_LIMIT * 3 / 4, true, true, true },
		{ 2 * LAG_LIMIT * 3 / 4 - 1, true, true, false },
	};
	struct call_engine *e = self->h.engine;
	u64 now = self->h.now;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		load(&self->h, CALL_OVERLOAD_LAG, cases[i].lag);
		EXPECT_EQ(call_overload_refuses(e, now, CALL_KIND_CALL), cases[i].call);
		EXPECT_EQ(call_overload_refuses(e, now, CALL_KIND_OTHER), cases[i].call);
		EXPECT_EQ(call_overload_refuses(e, now, CALL_KIND_REGISTRATION),
			  cases[i].registration);
		EXPECT_EQ(call_overload_refuses(e, now, CALL_KIND_REFRESH), cases[i].refresh);
		EXPECT_FALSE(call_overload_refuses(e, now, CALL_KIND_EMERGENCY));
	}
}

TEST_F(overload, an_emergency_call_goes_through_in_overload_and_drain)
{
	struct harness *h = &self->h;

	h->policy->routes[0].emergency = true;
	load(h, CALL_OVERLOAD_LAG, 100 * LAG_LIMIT);
	call_engine_drain(h->engine, h->now, true);
	call_up(h);
	hang_up(h, A);
}

TEST_F(overload, many_transactions_are_seen_without_being_measured)
{
	struct harness *h = &self->h;
	int i;

	for (i = 0; i < 20; i++) {
		options(h);
		expect(h, A, "SIP/2.0 200");
	}
	options(h);
	expect(h, A, "SIP/2.0 503");
	EXPECT_EQ(view(h).causes[CALL_OVERLOAD_TRANSACTIONS], CALL_OVERLOAD_LIGHT);
	advance(h, 40 * NSEC_PER_SEC);
	options(h);
	expect(h, A, "SIP/2.0 200");
}

/* Calls need media, registrations do not. */
TEST_F(overload, a_relay_that_refuses_gets_a_rest)
{
	struct harness *h = &self->h;
	int i;

	h->apply_result = -EIO;
	h->fail_applies = 8;
	for (i = 0; i < 8; i++) {
		send_invite(h, A, SDP_A);
		expect(h, A, "SIP/2.0 100");
		expect(h, A, "SIP/2.0 500");
		send_same_branch(h, A, "ACK", h->branch, NULL);
		advance(h, 100 * NSEC_PER_MSEC);
	}
	EXPECT_EQ(view(h).causes[CALL_OVERLOAD_RELAY], CALL_OVERLOAD_LIGHT);
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 503");
	EXPECT_FALSE(call_overload_refuses(h->engine, h->now, CALL_KIND_REGISTRATION));
	/* After ten seconds it is tried again. */
	advance(h, 10 * NSEC_PER_SEC);
	EXPECT_EQ(view(h).level, CALL_OVERLOAD_NONE);
	call_up(h);
	hang_up(h, A);
}

/* Either side's; 500 pairs, of which 50 must be free, and 65 after that. */
TEST_F(overload, ports_are_kept_for_the_calls_that_are_there)
{
	struct harness *h = &self->h;
	struct addr taken[451], advertised;
	int side, i;

	for (side = 0; side < 2; side++) {
		for (i = 0; i < 450; i++)
			ASSERT_EQ(media_ports_take(h->ports[side], h->now, AF_INET, &taken[i],
						   &advertised), 0);
		EXPECT_EQ(view(h).level, CALL_OVERLOAD_NONE);
		ASSERT_EQ(media_ports_take(h->ports[side], h->now, AF_INET, &taken[450],
					   &advertised), 0);
		EXPECT_EQ(view(h).causes[CALL_OVERLOAD_PORTS], CALL_OVERLOAD_LIGHT);
		send_invite(h, A, SDP_A);
		sent_away(h);
		EXPECT_FALSE(call_overload_refuses(h->engine, h->now, CALL_KIND_REGISTRATION));
		for (i = 0; i < 15; i++)
			media_ports_release(h->ports[side], h->now, &taken[i]);
		advance(h, 31 * NSEC_PER_SEC);
		EXPECT_EQ(view(h).level, CALL_OVERLOAD_LIGHT);
		media_ports_release(h->ports[side], h->now, &taken[15]);
		advance(h, 31 * NSEC_PER_SEC);
		EXPECT_EQ(view(h).level, CALL_OVERLOAD_NONE);
		for (i = 16; i < 451; i++)
			media_ports_release(h->ports[side], h->now, &taken[i]);
	}
	EXPECT_EQ(view(h).refused[CALL_OVERLOAD_PORTS], 2);
}

TEST_F(overload, without_limits_nothing_is_too_much)
{
	struct harness *h = &self->h;
	size_t i;

	for (i = 0; i < CALL_OVERLOAD_MEASURED; i++)
		if (i != CALL_OVERLOAD_LAG && i != CALL_OVERLOAD_MEMORY && i != CALL_OVERLOAD_STORE)
			EXPECT_FALSE(load(h, i, UINT64_MAX));
}

TEST_F(overload, a_drained_node_ends_its_calls_and_begins_none)
{
	struct harness *h = &self->h;
	struct call_drain_view drain;
	struct call_event event;

	call_up(h);
	h->now += NSEC_PER_SEC;
	call_engine_drain(h->engine, h->now, true);
	send_request(h, A, "OPTIONS", ++h->ua[A].cseq, NULL, NULL);
	expect(h, B, "OPTIONS ");
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	/* Not that there was overload. */
	EXPECT_EQ(view(h).level, CALL_OVERLOAD_NONE);
	call_engine_drained(h->engine, &drain);
	EXPECT_TRUE(drain.draining);
	EXPECT_EQ(drain.since, h->now);
	EXPECT_EQ(drain.calls, 1);
	hang_up(h, A);
	while (next_event(h, CALL_EVENT_ENDED, &event))
		;
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 503");
	ASSERT_TRUE(next_event(h, CALL_EVENT_REFUSED, &event));
	EXPECT_TRUE(strstr(event.reason, "draining"));
	/* Its peers look elsewhere as long as OPTIONS says so; who is registered stays. */
	options(h);
	expect(h, A, "SIP/2.0 503");
	call_engine_drained(h->engine, &drain);
	EXPECT_EQ(drain.calls, 0);
	EXPECT_EQ(drain.calls_then, 1);
	EXPECT_EQ(drain.refused, 2);
	call_engine_drain(h->engine, h->now, true);	/* twice is once */
	call_engine_drained(h->engine, &drain);
	EXPECT_EQ(drain.refused, 2);
	call_engine_drain(h->engine, h->now, false);
	call_engine_drained(h->engine, &drain);
	EXPECT_FALSE(drain.draining);
	call_up(h);
	hang_up(h, A);
}

TEST_HARNESS_MAIN
