// SPDX-License-Identifier: GPL-2.0-only
/*
 * A call to several destinations, and to one that makes several dialogs of its
 * INVITE: who is asked when, whose media is heard, who has the call in the end.
 */
#include "call_harness.h"


FIXTURE(fork) {
	struct harness h;
};

OVER_EACH_PAIR(fork);

FIXTURE_SETUP(fork)
{
	harness_start_over(&self->h, _metadata, &variant->over);
}

FIXTURE_TEARDOWN(fork)
{
	harness_stop(&self->h);
}

/* Calls from A go to B, and to C by this q; ring: how long B may ring alone. */
static void route(struct harness *h, u16 q, u64 ring)
{
	struct call_route *r = &h->policy->routes[0];

	r->to = realloc(r->to, 2 * sizeof(*r->to));
	r->nto = 2;
	r->to[0] = (struct call_destination){ .trunk = 1, .q = 1000, .ring = ring };
	r->to[1] = (struct call_destination){ .trunk = 2, .q = q };
}

static void call_both(struct harness *h)
{
	route(h, 1000, 0);
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	expect(h, C, "INVITE ");
}

/* B or C has failed with a final response. */
static void fail(struct harness *h, enum who who, const char *status)
{
	answer(h, who, status, NULL);
	expect(h, who, "ACK ");
}

static void cancelled(struct harness *h, enum who who, const char *reason)
{
	struct __test_metadata *_metadata = h->_metadata;

	EXPECT_TRUE(contains(header(expect(h, who, "CANCEL "), "Reason"), reason));
	reply(h, who, "200 OK", NULL);
	fail(h, who, "487 Request Terminated");
}

static void expect_failure(struct harness *h, const char *status)
{
	expect(h, A, status);
	send_same_branch(h, A, "ACK", 1, NULL);
}

/* What the kernel passes on from the ends of who to the caller's. */
static unsigned int heard_from(struct harness *h, const char *ip, u16 port)
{
	struct media_plan *p = h->plan;
	unsigned int n = 0;
	struct addr remote;
	size_t i, j;

	addr_parse_ip(slice_str(ip), &remote);
	remote.port = port;
	for (i = 0; i < p->nends; i++)
		for (j = 0; addr_eq(&p->ends[i].remote, &remote) && j < p->nflows; j++)
			n += p->flows[j].source == p->ends[i].id;
	return n;
}

TEST_F(fork, the_first_that_answers_has_the_call)
{
	struct harness *h = &self->h;
	char of_b[64];

	call_both(h);
	EXPECT_FALSE(slice_eq(h->ua[B].invite.call_id, h->ua[C].invite.call_id));
	answer(h, B, "180 Ringing", NULL);
	copy_slice(of_b, sizeof(of_b), expect(h, A, "SIP/2.0 180")->to.tag);
	answer(h, C, "180 Ringing", NULL);
	EXPECT_FALSE(slice_eq(expect(h, A, "SIP/2.0 180")->to.tag, slice_str(of_b)));
	answer(h, C, "200 OK", SDP_C);
	expect(h, C, "ACK ");
	EXPECT_FALSE(slice_eq(expect(h, A, "SIP/2.0 200")->to.tag, slice_str(of_b)));
	acknowledge(h, A);
	cancelled(h, B, "cause=200");
	EXPECT_EQ(h->plan->nends, 4);
	EXPECT_EQ(heard_from(h, IP_C, 7000), 1);
	send_request(h, A, "BYE", 2, NULL, NULL);
	expect(h, A, "SIP/2.0 200");
	expect(h, C, "BYE ");
	reply(h, C, "200 OK", NULL);
}

TEST_F(fork, what_the_relay_was_asked_last_counts_whatever_it_answers_last)
{
	struct harness *h = &self->h;
	struct call_view view;

	call_both(h);
	h->late = true;
	fail(h, B, "486 Busy Here");
	answer(h, C, "200 OK", SDP_C);
	expect(h, C, "ACK ");
	ASSERT_EQ(h->ntickets, 2);
	complete_backwards(h);
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	ASSERT_TRUE(view_call(h, &view));
	EXPECT_TRUE(media_plan_equal(view.plan, h->plan));
	h->late = false;
	send_request(h, A, "BYE", 2, NULL, NULL);
	expect(h, A, "SIP/2.0 200");
	expect(h, C, "BYE ");
	reply(h, C, "200 OK", NULL);
}

TEST_F(fork, a_lower_q_is_called_when_the_higher_has_failed)
{
	struct harness *h = &self->h;

	route(h, 500, 0);
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	EXPECT_FALSE(pending(h, C));
	fail(h, B, "486 Busy Here");
	EXPECT_FALSE(pending(h, A));
	expect(h, C, "INVITE ");
	answer(h, C, "200 OK", SDP_C);
	expect(h, C, "ACK ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	EXPECT_EQ(heard_from(h, IP_C, 7000), 1);
	send_request(h, C, "BYE", 50, NULL, NULL);
	expect(h, C, "SIP/2.0 200");
	expect(h, A, "BYE ");
	reply(h, A, "200 OK", NULL);
}

TEST_F(fork, a_lower_q_is_called_when_the_higher_rang_for_long_enough)
{
	struct harness *h = &self->h;

	route(h, 500, 20 * NSEC_PER_SEC);
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answer(h, B, "180 Ringing", NULL);
	expect(h, A, "SIP/2.0 180");
	advance(h, 19 * NSEC_PER_SEC);
	EXPECT_FALSE(pending(h, C));
	advance(h, NSEC_PER_SEC);
	cancelled(h, B, "no answer");
	expect(h, C, "INVITE ");
	answer(h, C, "200 OK", SDP_C);
	expect(h, C, "ACK ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	send_request(h, A, "BYE", 2, NULL, NULL);
	expect(h, A, "SIP/2.0 200");
	expect(h, C, "BYE ");
	reply(h, C, "200 OK", NULL);
}

TEST_F(fork, it_may_still_answer_after_that)
{
	struct harness *h = &self->h;

	route(h, 500, 20 * NSEC_PER_SEC);
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answer(h, B, "180 Ringing", NULL);
	expect(h, A, "SIP/2.0 180");
	advance(h, 20 * NSEC_PER_SEC);
	expect(h, B, "CANCEL ");
	expect(h, C, "INVITE ");
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	answer(h, C, "100 Trying", NULL);
	expect(h, C, "CANCEL ");
	fail(h, C, "487 Request Terminated");
	hang_up(h, A);
}

TEST_F(fork, the_caller_is_told_the_best_of_the_failures)
{
	struct harness *h = &self->h;

	call_both(h);
	fail(h, B, "486 Busy Here");
	EXPECT_FALSE(pending(h, A));
	fail(h, C, "503 Service Unavailable");
	expect_failure(h, "SIP/2.0 486 Busy Here");
}

TEST_F(fork, a_failure_that_the_caller_can_cure_is_the_best)
{
	struct harness *h = &self->h;

	call_both(h);
	fail(h, B, "404 Not Found");
	fail(h, C, "484 Address Incomplete");
	expect_failure(h, "SIP/2.0 484");
}

TEST_F(fork, a_decline_is_for_all)
{
	struct harness *h = &self->h;

	call_both(h);
	answer(h, C, "180 Ringing", NULL);
	expect(h, A, "SIP/2.0 180");
	fail(h, B, "603 Decline");
	expect_failure(h, "SIP/2.0 603 Decline");
	expect(h, C, "CANCEL ");
	reply(h, C, "200 OK", NULL);
	fail(h, C, "487 Request Terminated");
}

TEST_F(fork, cancel_reaches_all)
{
	struct harness *h = &self->h;
	u32 branch;

	call_both(h);
	branch = h->branch;
	answer(h, B, "180 Ringing", NULL);
	expect(h, A, "SIP/2.0 180");
	send_same_branch(h, A, "CANCEL", branch, "Reason: SIP;cause=200;text=\"gone\"\r\n");
	expect(h, A, "SIP/2.0 200");
	expect_failure(h, "SIP/2.0 487");
	cancelled(h, B, "gone");
	/* Nothing may be sent to C before it said something (RFC 3261 §9.1). */
	EXPECT_FALSE(pending(h, C));
	answer(h, C, "180 Ringing", NULL);
	cancelled(h, C, "gone");
}

TEST_F(fork, a_second_answer_is_acknowledged_and_ended)
{
	struct harness *h = &self->h;

	call_both(h);
	answer(h, B, "180 Ringing", NULL);
	expect(h, A, "SIP/2.0 180");
	answer(h, C, "180 Ringing", NULL);
	expect(h, A, "SIP/2.0 180");
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	expect(h, C, "CANCEL ");
	answer(h, C, "200 OK", SDP_C);
	expect(h, C, "ACK ");
	EXPECT_TRUE(contains(header(expect(h, C, "BYE "), "Reason"), "cause=200"));
	reply(h, C, "200 OK", NULL);
	EXPECT_FALSE(pending(h, A));
	acknowledge(h, A);
	EXPECT_EQ(h->plan->nends, 4);
	hang_up(h, A);
}

/* ... also while the first one waits for the kernel: what the caller says goes to that. */
TEST_F(fork, a_second_answer_in_between_has_no_part_in_the_call)
{
	struct harness *h = &self->h;

	call_both(h);
	h->late = true;
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	h->ua[C].remote_tag[0] = 0;
	reply_tagged(h, C, &h->ua[C].invite, "200 OK", "late-answer", NULL, SDP_C);
	expect(h, C, "ACK ");
	expect(h, C, "BYE ");
	reply(h, C, "200 OK", NULL);
	while (h->ntickets)
		complete(h);
	h->late = false;
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	send_request(h, A, "INFO", ++h->ua[A].cseq, "Content-Type: text/plain\r\n", "5");
	discard(h, C);
	expect(h, B, "INFO ");
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	hang_up(h, A);
}

TEST_F(fork, one_that_cannot_be_reached_leaves_the_other)
{
	struct harness *h = &self->h;

	call_both(h);
	lose(h, B);
	EXPECT_FALSE(pending(h, A));
	answer(h, C, "200 OK", SDP_C);
	expect(h, C, "ACK ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	send_request(h, A, "BYE", 2, NULL, NULL);
	expect(h, A, "SIP/2.0 200");
	expect(h, C, "BYE ");
	reply(h, C, "200 OK", NULL);
}

/* Both play something before they answer. */
static void early(struct harness *h, enum call_early_media policy)
{
	h->policy->routes[0].early_media = policy;
	call_both(h);
	answer(h, B, "183 Session Progress", SDP_B);
	expect(h, A, "SIP/2.0 183");
	answer(h, C, "183 Session Progress", SDP_C);
	expect(h, A, "SIP/2.0 183");
}

/* And whoever was heard, the one who answers is. */
static void late(struct harness *h)
{
	struct __test_metadata *_metadata = h->_metadata;

	answer(h, C, "200 OK", SDP_C);
	expect(h, C, "ACK ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	cancelled(h, B, "cause=200");
	EXPECT_EQ(heard_from(h, IP_B, 6000), 0);
	EXPECT_EQ(heard_from(h, IP_C, 7000), 1);
	send_request(h, A, "BYE", 2, NULL, NULL);
	expect(h, A, "SIP/2.0 200");
	expect(h, C, "BYE ");
	reply(h, C, "200 OK", NULL);
}

TEST_F(fork, the_first_early_media_is_heard)
{
	struct harness *h = &self->h;

	early(h, CALL_EARLY_MEDIA_FIRST);
	EXPECT_EQ(heard_from(h, IP_B, 6000), 1);
	EXPECT_EQ(heard_from(h, IP_C, 7000), 0);
	late(h);
}

TEST_F(fork, the_latest_early_media_is_heard)
{
	struct harness *h = &self->h;

	early(h, CALL_EARLY_MEDIA_LATEST);
	EXPECT_EQ(heard_from(h, IP_B, 6000), 0);
	EXPECT_EQ(heard_from(h, IP_C, 7000), 1);
	late(h);
}

TEST_F(fork, no_early_media_is_heard)
{
	struct harness *h = &self->h;

	early(h, CALL_EARLY_MEDIA_NONE);
	EXPECT_EQ(heard_from(h, IP_B, 6000), 0);
	EXPECT_EQ(heard_from(h, IP_C, 7000), 0);
	late(h);
}

/* When the one whose media was heard fails, the other's is. */
TEST_F(fork, a_failure_takes_its_ports_with_it)
{
	struct harness *h = &self->h;

	early(h, CALL_EARLY_MEDIA_FIRST);
	EXPECT_EQ(h->plan->nends, 8);
	fail(h, B, "480 Temporarily Unavailable");
	EXPECT_EQ(h->plan->nends, 4);
	answer(h, C, "183 Session Progress", SDP_C);
	expect(h, A, "SIP/2.0 183");
	EXPECT_EQ(heard_from(h, IP_C, 7000), 1);
	answer(h, C, "200 OK", SDP_C);
	expect(h, C, "ACK ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	send_request(h, A, "BYE", 2, NULL, NULL);
	expect(h, A, "SIP/2.0 200");
	expect(h, C, "BYE ");
	reply(h, C, "200 OK", NULL);
}

/* B is a proxy: three phones ring behind it, the second answers, the third a moment later. */
TEST_F(fork, dialogs_of_one_invite_are_dialogs_of_the_caller)
{
	struct harness *h = &self->h;
	const char *const tags[3] = { "one", "two", "three" };
	char seen[3][64];
	size_t i;

	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	for (i = 0; i < 3; i++) {
		reply_tagged(h, B, &h->ua[B].invite, "183 Session Progress", tags[i], NULL, SDP_B);
		copy_slice(seen[i], sizeof(seen[i]), expect(h, A, "SIP/2.0 183")->to.tag);
		EXPECT_TRUE(contains(h->ua[A].msg.body, "m=audio "));
	}
	EXPECT_STRNE(seen[0], seen[1]);
	EXPECT_STRNE(seen[1], seen[2]);
	reply_tagged(h, B, &h->ua[B].invite, "200 OK", tags[1], NULL, SDP_B);
	EXPECT_TRUE(slice_eq(expect(h, B, "ACK ")->to.tag, SLICE("two")));
	EXPECT_TRUE(slice_eq(expect(h, A, "SIP/2.0 200")->to.tag, slice_str(seen[1])));
	acknowledge(h, A);
	reply_tagged(h, B, &h->ua[B].invite, "200 OK", tags[2], NULL, SDP_B);
	expect(h, B, "ACK ");
	EXPECT_TRUE(slice_eq(expect(h, B, "BYE ")->to.tag, SLICE("three")));
	reply(h, B, "200 OK", NULL);
	EXPECT_EQ(counter(h, "surplus-answers"), 1);
	send_request(h, A, "BYE", 2, NULL, NULL);
	expect(h, A, "SIP/2.0 200");
	EXPECT_TRUE(slice_eq(expect(h, B, "BYE ")->to.tag, SLICE("two")));
	reply(h, B, "200 OK", NULL);
}

TEST_F(fork, more_dialogs_than_we_keep)
{
	struct harness *h = &self->h;
	char tag[16];
	int i;

	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	for (i = 0; i < 20; i++) {
		snprintf(tag, sizeof(tag), "t%d", i);
		reply_tagged(h, B, &h->ua[B].invite, "180 Ringing", tag, NULL, NULL);
		expect(h, A, "SIP/2.0 180");
	}
	reply_tagged(h, B, &h->ua[B].invite, "200 OK", "t3", NULL, SDP_B);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	send_request(h, A, "BYE", 2, NULL, NULL);
	expect(h, A, "SIP/2.0 200");
	EXPECT_TRUE(slice_eq(expect(h, B, "BYE ")->to.tag, SLICE("t3")));
	reply(h, B, "200 OK", NULL);
}

TEST_F(fork, each_destination_waits_for_its_own_ports)
{
	struct harness *h = &self->h;

	route(h, 1000, 0);
	h->late = true;
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	EXPECT_FALSE(pending(h, B));
	complete(h);
	expect(h, B, "INVITE ");
	EXPECT_FALSE(pending(h, C));
	complete(h);
	expect(h, C, "INVITE ");
	h->late = false;
	fail(h, B, "486 Busy Here");
	fail(h, C, "486 Busy Here");
	expect_failure(h, "SIP/2.0 486");
}

TEST_F(fork, ports_that_are_taken_are_drawn_again)
{
	struct harness *h = &self->h;

	route(h, 1000, 0);
	h->fail_applies = 2;
	h->apply_result = -EADDRINUSE;
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	expect(h, C, "INVITE ");
	fail(h, B, "486 Busy Here");
	fail(h, C, "486 Busy Here");
	expect_failure(h, "SIP/2.0 486");
}

TEST_HARNESS_MAIN
