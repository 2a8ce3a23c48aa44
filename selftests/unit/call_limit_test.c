// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stories of how much subscribers may: how many calls at once, and how long each, in
 * routine and in distress, and after the daemon has started again.
 */
#include "call_subscriber.h"

FIXTURE(subscriber) {
	struct harness h;
	struct call_domain *domain;
};

FIXTURE_SETUP(subscriber)
{
	harness_start(&self->h, _metadata);
	self->domain = add_domain(&self->h, SIP_DIGEST_BIT(SIP_DIGEST_MD5));
	let_subscribers_call(&self->h);
}

FIXTURE_TEARDOWN(subscriber)
{
	harness_stop(&self->h);
}

static void set_emergency(struct harness *h, bool emergency)
{
	size_t i;

	for (i = 0; i < h->policy->nroutes; i++)
		h->policy->routes[i].emergency = emergency;
}

TEST_F(subscriber, has_no_more_calls_than_his_domain_allows)
{
	struct harness *h = &self->h;
	struct ua first;

	self->domain->max_calls = 1;
	call_as_alice(h, "");
	answered(h);
	first = h->ua[STRANGER];
	send_authentic(h, "INVITE", "alice", "secret", "");
	expect(h, STRANGER, "SIP/2.0 486");
	send_same_branch(h, STRANGER, "ACK", h->branch, NULL);
	EXPECT_EQ(counter(h, "refused-subscriber-limit"), 1);
	/* He may always call for help, */
	set_emergency(h, true);
	send_authentic(h, "INVITE", "alice", "secret", "");
	expect(h, STRANGER, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	declined(h);
	set_emergency(h, false);
	/* and bob's are his own. */
	send_authentic(h, "INVITE", "bob", "hidden", "");
	expect(h, STRANGER, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	declined(h);
	memcpy(h->ua[STRANGER].remote_tag, first.remote_tag, sizeof(first.remote_tag));
	memcpy(h->ua[STRANGER].call_id, first.call_id, sizeof(first.call_id));
	memcpy(h->ua[STRANGER].target, first.target, sizeof(first.target));
	hang_up_alice(h);
	advance(h, 64 * NSEC_PER_SEC);
	call_as_alice(h, "");
	declined(h);
}

TEST_F(subscriber, calls_no_longer_than_his_domain_allows)
{
	struct harness *h = &self->h;

	self->domain->max_duration = 600 * NSEC_PER_SEC;
	call_as_alice(h, "");
	answered(h);
	advance(h, 599 * NSEC_PER_SEC);
	EXPECT_FALSE(pending(h, STRANGER));
	advance(h, NSEC_PER_SEC);
	expect(h, STRANGER, "BYE ");
	reply(h, STRANGER, "200 OK", NULL);
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
}

TEST_F(subscriber, whose_call_outlives_the_daemon_has_it_still)
{
	struct harness *h = &self->h, after;
	u64 id, wall = WALL + h->now;
	char *saved;

	call_as_alice(h, "");
	answered(h);
	saved = strdup(h->written);
	harness_start(&after, _metadata);
	add_domain(&after, SIP_DIGEST_BIT(SIP_DIGEST_MD5));
	let_subscribers_call(&after);
	after.policy->domains->max_calls = 1;
	after.policy->domains->max_duration = 600 * NSEC_PER_SEC;
	after.ua[STRANGER] = h->ua[STRANGER];
	after.ua[STRANGER].last = after.ua[STRANGER].invite_bytes = NULL;
	ASSERT_EQ(call_engine_restore(after.engine, after.now, wall, slice_str(saved), &id), NULL);
	run(&after);
	send_authentic(&after, "INVITE", "alice", "secret", "");
	expect(&after, STRANGER, "SIP/2.0 486");
	send_same_branch(&after, STRANGER, "ACK", after.branch, NULL);
	/* and a stranger who knows his dialog is challenged there, too */
	after.ua[STRANGER] = h->ua[STRANGER];
	after.ua[STRANGER].last = after.ua[STRANGER].invite_bytes = NULL;
	from_elsewhere(&after, "203.0.113.99:5060");
	send_request(&after, STRANGER, "BYE", 50, DEVICE DEVICE, NULL);
	expect(&after, STRANGER, "SIP/2.0 401");
	from_elsewhere(&after, "203.0.113.66:5060");
	advance(&after, 601 * NSEC_PER_SEC);
	expect(&after, STRANGER, "BYE ");
	call_engine_hangup(after.engine, after.now, id, NULL);
	advance(&after, 200 * NSEC_PER_SEC);
	while (pending(&after, STRANGER))
		expect(&after, STRANGER, "BYE ");
	while (pending(&after, B))
		expect(&after, B, "BYE ");
	harness_stop(&after);
	free(saved);
	hang_up_alice(h);
}

TEST_HARNESS_MAIN
