// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every address of a trunk is asked by OPTIONS how it is. One lost packet takes nobody out,
 * one answer brings nobody back; who is down is tried last, and a trunk of which nobody
 * is up gets no call until somebody is. What is known outlives a reload.
 */
#include "call_trunk_harness.h"

#define INTERVAL (10 * NSEC_PER_SEC)

FIXTURE(probe) {
	struct harness h;
	struct call_trunk *trunk;
};

FIXTURE_SETUP(probe)
{
	harness_start(&self->h, _metadata);
	self->trunk = two_targets(&self->h, 1);
	self->trunk->probing = (struct call_probing){
		.interval = INTERVAL, .timeout = 2 * NSEC_PER_SEC, .down_after = 3, .up_after = 2,
	};
}

FIXTURE_TEARDOWN(probe)
{
	advance(&self->h, 0);
	discard(&self->h, B);
	discard(&self->h, C);
	harness_stop(&self->h);
}

/* Until the next probe is at who. */
static void wait_probe(struct harness *h, enum who who)
{
	u64 end = h->now + 2 * INTERVAL;

	while (!pending(h, who) && h->now < end)
		advance(h, 10 * NSEC_PER_MSEC);
	expect(h, who, "OPTIONS ");
}

static void probed(struct harness *h, enum who who, const char *status)
{
	wait_probe(h, who);
	reply(h, who, status, NULL);
}

/* n probes of who, of which each is lost, its repetitions too. */
static void miss(struct harness *h, enum who who, int n)
{
	while (n--) {
		wait_probe(h, who);
		advance(h, 2 * NSEC_PER_SEC);
		discard(h, who);
	}
}

TEST_F(probe, each_address_is_asked_by_itself_and_at_its_own_time)
{
	struct harness *h = &self->h;
	struct call_way_view way;
	u64 first;

	start(h);
	EXPECT_EQ(view_trunk(h, "pbx").condition, CALL_TRUNK_UNKNOWN);
	wait_probe(h, B);
	EXPECT_EQ(strncmp(h->ua[B].msg.ruri.p, "sip:" IP_B ":5060", 17), 0);
	first = h->now;
	advance(h, 30 * NSEC_PER_MSEC);
	reply(h, B, "200 OK", NULL);
	way = view_way(h, IP_B ":5060", NULL);
	EXPECT_EQ(way.state, CALL_WAY_UP);
	EXPECT_EQ(way.status, 200);
	EXPECT_LE(way.rtt, 40 * NSEC_PER_MSEC);
	EXPECT_GE(way.rtt, 30 * NSEC_PER_MSEC);
	EXPECT_TRUE(told(h, "up: 200"));
	probed(h, C, "404 Not Found");		/* somebody is there */
	EXPECT_EQ(view_way(h, IP_C ":5060", NULL).state, CALL_WAY_UP);
	EXPECT_EQ(view_trunk(h, "pbx").condition, CALL_TRUNK_UP);
	wait_probe(h, B);
	EXPECT_GE(h->now - first, INTERVAL * 9 / 10);
	EXPECT_LE(h->now - first, INTERVAL * 11 / 10 + 20 * NSEC_PER_MSEC);
}

TEST_F(probe, it_takes_three_in_a_row_to_be_down_and_two_to_be_back)
{
	struct harness *h = &self->h;

	start(h);
	probed(h, B, "200 OK");
	miss(h, B, 2);
	probed(h, B, "200 OK");
	miss(h, B, 2);
	EXPECT_EQ(view_way(h, IP_B ":5060", NULL).state, CALL_WAY_UP);
	drop_events(h);
	miss(h, B, 1);
	EXPECT_EQ(view_way(h, IP_B ":5060", NULL).state, CALL_WAY_DOWN);
	EXPECT_EQ(view_way(h, IP_B ":5060", NULL).status, 408);
	EXPECT_TRUE(told(h, "down: no answer"));
	EXPECT_GT(h->unreached, 0);

	probed(h, B, "200 OK");
	EXPECT_EQ(view_way(h, IP_B ":5060", NULL).state, CALL_WAY_DOWN);
	miss(h, B, 1);
	probed(h, B, "200 OK");
	EXPECT_EQ(view_way(h, IP_B ":5060", NULL).state, CALL_WAY_DOWN);
	probed(h, B, "200 OK");
	EXPECT_EQ(view_way(h, IP_B ":5060", NULL).state, CALL_WAY_UP);
}

/* An answer to a probe that was given up is none. */
TEST_F(probe, an_answer_that_comes_too_late_counts_as_lost)
{
	struct harness *h = &self->h;

	start(h);
	wait_probe(h, B);
	advance(h, 2100 * NSEC_PER_MSEC);
	reply(h, B, "200 OK", NULL);
	discard(h, B);
	EXPECT_EQ(view_way(h, IP_B ":5060", NULL).state, CALL_WAY_UNKNOWN);
	EXPECT_EQ(view_way(h, IP_B ":5060", NULL).status, 408);
	discard(h, C);
	advance(h, 5 * NSEC_PER_SEC);
	EXPECT_FALSE(pending(h, B));		/* and it is not sent again */
}

TEST_F(probe, a_503_is_no_answer_and_neither_is_what_the_trunk_says)
{
	struct harness *h = &self->h;
	int i;

	set_codes(&self->trunk->probing.codes, 480);
	start(h);
	for (i = 0; i < 3; i++)
		probed(h, B, i ? "480 Temporarily Unavailable" : "503 Service Unavailable");
	EXPECT_EQ(view_way(h, IP_B ":5060", NULL).state, CALL_WAY_DOWN);
}

TEST_F(probe, an_error_of_the_transport_is_a_miss_at_once)
{
	struct harness *h = &self->h;

	self->trunk->probing.down_after = 1;
	start(h);
	wait_probe(h, B);
	call_engine_unreachable(h->engine, h->now, &h->ua[B].flow);
	run(h);
	EXPECT_EQ(view_way(h, IP_B ":5060", NULL).state, CALL_WAY_DOWN);
	EXPECT_EQ(view_way(h, IP_B ":5060", NULL).status, 503);
}

TEST_F(probe, who_is_down_is_tried_last_and_used_again_when_he_is_back)
{
	struct harness *h = &self->h;

	start(h);
	self->trunk->probing.down_after = self->trunk->probing.up_after = 1;
	probed(h, C, "200 OK");
	miss(h, B, 1);
	discard(h, C);
	EXPECT_EQ(view_trunk(h, "pbx").condition, CALL_TRUNK_DEGRADED);
	call_trunk(h);
	refuse_call(h, C, "503 Service Unavailable");
	refuse_call(h, B, "503 Service Unavailable");
	fail_call(h, "SIP/2.0 503");
	discard(h, C);
	probed(h, B, "200 OK");
	discard(h, C);
	call_trunk(h);
	take_call(h, B);
	end_call(h, B);
}

static void take_down(struct harness *h)
{
	miss(h, B, 1);
	discard(h, C);
	miss(h, C, 1);
	discard(h, B);
}

/* Probes may be wrong, and nobody else is left to be called. */
TEST_F(probe, an_emergency_call_tries_a_trunk_that_is_down_when_it_is_the_last)
{
	struct harness *h = &self->h;

	self->trunk->probing.down_after = 1;
	start(h);
	take_down(h);
	EXPECT_EQ(view_trunk(h, "pbx").condition, CALL_TRUNK_DOWN);
	h->policy->routes[0].emergency = true;
	call_trunk(h);
	take_call(h, B);
	end_call(h, B);
}

TEST_F(probe, a_trunk_of_which_nobody_is_up_gets_no_call)
{
	struct harness *h = &self->h;

	self->trunk->probing.down_after = 1;
	self->trunk->probing.up_after = 1;
	start(h);
	take_down(h);
	EXPECT_EQ(view_trunk(h, "pbx").condition, CALL_TRUNK_DOWN);
	call_trunk(h);
	expect(h, A, "SIP/2.0 503");
	EXPECT_TRUE(header(&h->ua[A].msg, "Retry-After").n);
	send_same_branch(h, A, "ACK", h->branch, NULL);
	EXPECT_FALSE(pending(h, B));
	EXPECT_FALSE(pending(h, C));

	probed(h, B, "200 OK");
	call_trunk(h);
	take_call(h, B);
	end_call(h, B);
}

/* The route has another destination: the trunk "desk", which is C by itself. */
TEST_F(probe, the_next_destination_of_the_route_is_called_instead)
{
	struct harness *h = &self->h;

	self->trunk->probing.down_after = 1;
	add_destination(h->policy, 500);
	start(h);
	take_down(h);
	call_trunk(h);
	take_call(h, C);
	end_call(h, C);
}

static struct hop hop_at(const char *text)
{
	struct hop hop = { .transport = TRANSPORT_UDP };

	addr_parse(slice_str(text), &hop.addr);
	return hop;
}

static void located(struct harness *h, const struct hop *hops, size_t n)
{
	call_engine_located(h->engine, h->now, h->locate_ticket, n ? 0 : -EAGAIN, "no servers",
			    "pbx.example", hops, n);
	run(h);
}

TEST_F(probe, every_address_of_a_name_is_probed_and_its_new_ones)
{
	struct harness *h = &self->h;
	struct hop both[] = { hop_at(IP_B ":5060"), hop_at(IP_C ":5060") };
	size_t n;

	self->trunk->ntargets = 1;
	free(self->trunk->targets[1].hop.host);
	free(self->trunk->targets[1].uri);
	set_target(self->trunk->targets, "pbx.example");
	start(h);
	EXPECT_STREQ(h->asked, "pbx.example");
	located(h, both, 1);
	probed(h, B, "200 OK");
	EXPECT_FALSE(pending(h, C));
	advance(h, INTERVAL);			/* it is asked for again */
	discard(h, B);
	located(h, both, 2);
	probed(h, C, "200 OK");
	view_way(h, IP_B ":5060", &n);
	EXPECT_EQ(n, 2);
	advance(h, INTERVAL);
	located(h, NULL, 0);			/* a server that fails takes nothing away */
	view_way(h, IP_B ":5060", &n);
	EXPECT_EQ(n, 2);
	EXPECT_EQ(view_way(h, IP_B ":5060", NULL).state, CALL_WAY_UP);
	advance(h, INTERVAL);
	located(h, both + 1, 1);
	EXPECT_EQ(view_way(h, IP_C ":5060", &n).state, CALL_WAY_UP);
	EXPECT_EQ(n, 1);
}

TEST_F(probe, what_is_known_outlives_a_reload)
{
	struct harness *h = &self->h;
	struct media_ports *ports[2] = { h->ports[0], h->ports[1] };
	struct call_policy *policy = make_policy(h), *old = h->policy;
	struct call_trunk *trunk;
	size_t n;

	self->trunk->probing.down_after = 1;
	start(h);
	probed(h, C, "200 OK");
	miss(h, B, 1);
	discard(h, C);

	h->policy = policy;
	trunk = two_targets(h, 1);
	trunk->probing = self->trunk->probing;
	call_engine_set_policy(h->engine, policy);
	start(h);
	EXPECT_EQ(view_way(h, IP_B ":5060", &n).state, CALL_WAY_DOWN);
	EXPECT_EQ(view_way(h, IP_C ":5060", NULL).state, CALL_WAY_UP);
	EXPECT_EQ(n, 2);

	trunk->ntargets = 1;			/* B alone */
	trunk->probing.interval = 0;		/* and nobody asks */
	start(h);
	EXPECT_EQ(view_way(h, IP_B ":5060", &n).state, CALL_WAY_UNKNOWN);
	EXPECT_EQ(n, 1);
	discard(h, B);
	discard(h, C);
	advance(h, 100 * NSEC_PER_SEC);
	EXPECT_FALSE(pending(h, B));
	trunk->ntargets = 2;
	call_policy_put(old);
	media_ports_free(ports[0]);
	media_ports_free(ports[1]);
}

/* Who makes it shorter does not wait for the long one to end. */
TEST_F(probe, another_interval_counts_at_once)
{
	struct harness *h = &self->h;
	u64 reloaded;

	self->trunk->probing.interval = 3600 * NSEC_PER_SEC;
	start(h);
	probed(h, B, "200 OK");
	probed(h, C, "200 OK");
	self->trunk->probing.interval = INTERVAL;
	reloaded = h->now;
	start(h);
	probed(h, B, "200 OK");
	probed(h, C, "200 OK");
	EXPECT_LE(h->now - reloaded, INTERVAL);
	start(h);				/* nothing new: nobody is asked earlier */
	advance(h, INTERVAL / 2);
	EXPECT_FALSE(pending(h, B));
	EXPECT_FALSE(pending(h, C));
}

TEST_HARNESS_MAIN
