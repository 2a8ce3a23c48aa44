// SPDX-License-Identifier: GPL-2.0-only
/*
 * How many calls a trunk may have, at a time and in a second, both ways together; and a
 * trunk that is drained, which has those that it has and gets no more.
 */
#include "call_trunk_harness.h"

FIXTURE(limits) {
	struct harness h;
	struct call_trunk *phones, *pbx;
};

FIXTURE_SETUP(limits)
{
	harness_start(&self->h, _metadata);
	self->phones = &self->h.policy->trunks[0];
	self->pbx = &self->h.policy->trunks[1];
	start(&self->h);
}

FIXTURE_TEARDOWN(limits)
{
	harness_stop(&self->h);
}

/* The caller is told when to come again. */
static void refused(struct harness *h, const char *seconds)
{
	struct __test_metadata *_metadata = h->_metadata;

	expect(h, A, "SIP/2.0 503");
	EXPECT_TRUE(slice_eq(header(&h->ua[A].msg, "Retry-After"), slice_str(seconds)));
	send_same_branch(h, A, "ACK", h->branch, NULL);
	EXPECT_FALSE(pending(h, B));
}

/* A's dialog is kept aside while A makes another one. */
static void call_and_keep(struct harness *h, struct ua *a, struct ua *b, const char *tag)
{
	snprintf(h->ua[B].local_tag, sizeof(h->ua[B].local_tag), "%s", tag);
	call_trunk(h);
	take_call(h, B);
	*a = h->ua[A];
	*b = h->ua[B];
}

static void end_kept(struct harness *h, const struct ua *a)
{
	struct ua *ua = &h->ua[A];

	memcpy(ua->call_id, a->call_id, sizeof(ua->call_id));
	memcpy(ua->from, a->from, sizeof(ua->from));
	memcpy(ua->to, a->to, sizeof(ua->to));
	memcpy(ua->target, a->target, sizeof(ua->target));
	memcpy(ua->remote_tag, a->remote_tag, sizeof(ua->remote_tag));
	ua->cseq = a->cseq;
	end_call(h, B);
}

TEST_F(limits, the_third_call_to_a_trunk_of_two_is_refused)
{
	struct harness *h = &self->h;
	struct ua a[2], b[2];

	self->pbx->max_calls = 2;
	call_and_keep(h, &a[0], &b[0], "one");
	call_and_keep(h, &a[1], &b[1], "two");
	EXPECT_EQ(view_trunk(h, "pbx").calls, 2);
	EXPECT_EQ(view_trunk(h, "phones").calls, 2);
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	refused(h, "10");
	EXPECT_EQ(view_trunk(h, "pbx").refused, 1);
	EXPECT_EQ(counter(h, "refused-trunk"), 1);
	EXPECT_EQ(view_trunk(h, "phones").calls, 2);

	end_kept(h, &a[0]);
	EXPECT_EQ(view_trunk(h, "pbx").calls, 1);
	call_and_keep(h, &a[0], &b[0], "three");
	end_kept(h, &a[0]);
	end_kept(h, &a[1]);
	EXPECT_EQ(view_trunk(h, "pbx").calls, 0);
	EXPECT_EQ(view_trunk(h, "phones").calls, 0);
}

TEST_F(limits, an_emergency_call_is_taken_beyond_them)
{
	struct harness *h = &self->h;
	struct ua a, b, other;

	self->pbx->max_calls = self->phones->max_calls = 1;
	call_and_keep(h, &a, &b, "one");
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	refused(h, "10");
	h->policy->routes[0].emergency = true;
	call_and_keep(h, &other, &b, "two");
	EXPECT_EQ(view_trunk(h, "pbx").calls, 2);
	/* Who took a trunk out of service knows why. */
	EXPECT_EQ(call_engine_trunk_drain(h->engine, "pbx", true), 0);
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, A, "SIP/2.0 503");
	send_same_branch(h, A, "ACK", h->branch, NULL);
	end_kept(h, &other);
	end_kept(h, &a);
}

/* Whichever of the two has the shorter limit. */
TEST_F(limits, a_trunk_says_how_long_its_calls_may_last)
{
	struct harness *h = &self->h;
	int i;

	for (i = 0; i < 2; i++) {
		self->pbx->max_duration = (i ? 1200 : 600) * NSEC_PER_SEC;
		self->phones->max_duration = (i ? 600 : 0) * NSEC_PER_SEC;
		call_trunk(h);
		take_call(h, B);
		advance(h, 599 * NSEC_PER_SEC);
		EXPECT_FALSE(pending(h, B));
		advance(h, NSEC_PER_SEC);
		EXPECT_TRUE(contains(header(expect(h, A, "BYE "), "Reason"), "maximum duration"));
		expect(h, B, "BYE ");
		reply(h, A, "200 OK", NULL);
		reply(h, B, "200 OK", NULL);
	}
	EXPECT_EQ(counter(h, "max-duration"), 2);
}

TEST_F(limits, calls_from_a_trunk_count_as_well)
{
	struct harness *h = &self->h;
	struct ua a, b;

	self->phones->max_calls = 1;
	call_and_keep(h, &a, &b, "one");
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	refused(h, "10");
	end_kept(h, &a);

	/* and one the other way: from B to the phones, where A is */
	send_invite(h, B, SDP_B);
	expect(h, B, "SIP/2.0 100");
	expect(h, A, "INVITE ");
	EXPECT_EQ(view_trunk(h, "phones").calls, 1);
	EXPECT_EQ(view_trunk(h, "pbx").calls, 1);
	answer(h, A, "486 Busy Here", NULL);
	expect(h, A, "ACK ");
	expect(h, B, "SIP/2.0 486");
	send_same_branch(h, B, "ACK", h->branch, NULL);
	EXPECT_EQ(view_trunk(h, "phones").calls, 0);
	EXPECT_EQ(view_trunk(h, "pbx").calls, 0);
}

/* A branch that has failed is none any more, while its call goes on elsewhere. */
TEST_F(limits, a_branch_counts_as_long_as_it_is_there)
{
	struct harness *h = &self->h;

	add_destination(h->policy, 500);
	call_trunk(h);
	EXPECT_EQ(view_trunk(h, "pbx").calls, 1);
	EXPECT_EQ(view_trunk(h, "desk").calls, 0);
	refuse_call(h, B, "486 Busy Here");
	EXPECT_EQ(view_trunk(h, "pbx").calls, 0);
	EXPECT_EQ(view_trunk(h, "desk").calls, 1);
	take_call(h, C);
	EXPECT_EQ(view_trunk(h, "desk").calls, 1);
	end_call(h, C);
	EXPECT_EQ(view_trunk(h, "desk").calls, 0);
}

TEST_F(limits, a_full_trunk_leaves_the_call_to_the_next_destination)
{
	struct harness *h = &self->h;
	struct ua a, b;

	self->pbx->max_calls = 1;
	add_destination(h->policy, 500);
	call_and_keep(h, &a, &b, "one");
	call_trunk(h);
	take_call(h, C);
	end_call(h, C);
	end_kept(h, &a);
}

static void call_once(struct harness *h)
{
	call_trunk(h);
	refuse_call(h, B, "486 Busy Here");
	fail_call(h, "SIP/2.0 486");
}

static void one_too_many(struct harness *h)
{
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	refused(h, "1");
}

/* Whichever second it is that somebody looks at. */
TEST_F(limits, no_second_has_more_calls_than_the_rate)
{
	struct harness *h = &self->h;
	int i;

	self->phones->max_rate = 4;
	for (i = 0; i < 4; i++) {
		call_once(h);
		advance(h, 100 * NSEC_PER_MSEC);
	}
	one_too_many(h);
	advance(h, 599 * NSEC_PER_MSEC);
	one_too_many(h);
	advance(h, NSEC_PER_MSEC);
	call_once(h);				/* the first is a second ago, the others are not */
	one_too_many(h);
	for (i = 0; i < 8; i++) {		/* at just that rate all are taken */
		advance(h, 250 * NSEC_PER_MSEC);
		call_once(h);
	}
	advance(h, 10 * NSEC_PER_SEC);
	for (i = 0; i < 4; i++)			/* no more are saved up than a second has */
		call_once(h);
	one_too_many(h);
}

TEST_F(limits, another_rate_counts_from_a_reload_on)
{
	struct harness *h = &self->h;

	self->phones->max_rate = 1;
	call_once(h);
	one_too_many(h);
	self->phones->max_rate = 3;
	call_once(h);
	call_once(h);
	one_too_many(h);
	advance(h, NSEC_PER_SEC);
	self->phones->max_rate = 2;
	call_once(h);
	call_once(h);
	one_too_many(h);
	self->phones->max_rate = 0;
	call_once(h);
}

TEST_F(limits, a_drained_trunk_keeps_its_calls_and_gets_no_more)
{
	struct harness *h = &self->h;
	struct ua a, b;

	call_and_keep(h, &a, &b, "one");
	EXPECT_EQ(call_engine_trunk_drain(h->engine, "nobody", true), -ENOENT);
	ASSERT_EQ(call_engine_trunk_drain(h->engine, "pbx", true), 0);
	EXPECT_EQ(view_trunk(h, "pbx").condition, CALL_TRUNK_DRAINED);
	call_trunk(h);
	refused(h, "30");			/* to it */
	begin_dialog(h, B, "4930123");
	send_request(h, B, "INVITE", 1, NULL, SDP_B);
	expect(h, B, "SIP/2.0 100");
	expect(h, B, "SIP/2.0 503");		/* and from it */
	send_same_branch(h, B, "ACK", h->branch, NULL);
	EXPECT_FALSE(pending(h, A));

	start(h);				/* a reload changes nothing */
	EXPECT_EQ(view_trunk(h, "pbx").condition, CALL_TRUNK_DRAINED);
	end_kept(h, &a);
	EXPECT_EQ(view_trunk(h, "pbx").calls, 0);
	ASSERT_EQ(call_engine_trunk_drain(h->engine, "pbx", false), 0);
	call_once(h);
}

/* A daemon that was started again has the calls of the one before. */
TEST_F(limits, calls_that_are_restored_count)
{
	struct harness *h = &self->h;
	char *saved;
	u64 id;

	call_up(h);
	saved = strdup(h->written);
	hang_up(h, A);
	EXPECT_EQ(view_trunk(h, "pbx").calls, 0);
	ASSERT_EQ(call_engine_restore(h->engine, h->now, WALL + h->now, slice_str(saved), &id),
		  NULL);
	run(h);
	EXPECT_EQ(view_trunk(h, "pbx").calls, 1);
	EXPECT_EQ(view_trunk(h, "phones").calls, 1);
	call_engine_hangup(h->engine, h->now, id, "over");
	run(h);
	expect(h, A, "BYE ");
	reply(h, A, "200 OK", NULL);
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
	EXPECT_EQ(view_trunk(h, "pbx").calls, 0);
	free(saved);
}

TEST_HARNESS_MAIN
