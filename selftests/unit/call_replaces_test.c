// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replaces (RFC 3891): C takes the place of B in a call of A and B that is up (an
 * attended transfer), or of A's that rings at B (a pickup). Each of them knows the
 * dialogs with Jalur only, by other identifiers than the one on the far side.
 */
#include "call_harness.h"


FIXTURE(replaces) {
	struct harness h;
	struct ua first;	/* A in the call that is replaced */
	u32 branch;		/* of C's INVITE */
};

OVER_EACH_PAIR(replaces);

FIXTURE_SETUP(replaces)
{
	harness_start_over(&self->h, _metadata, &variant->over);
}

FIXTURE_TEARDOWN(replaces)
{
	harness_stop(&self->h);
}

/* The dialog as the peer of who, Jalur, knows it: to-tag is Jalur's own. */
static void replaces_line(const struct ua *who, char *line, size_t size, const char *more)
{
	snprintf(line, size, "Replaces: %s;from-tag=%s;to-tag=%s%s\r\n", who->call_id,
		 who->local_tag, who->remote_tag, more);
}

static void invite_replacing(struct harness *h, const char *line)
{
	begin_dialog(h, C, "2000");
	send_request(h, C, "INVITE", 1, line, SDP_C);
}

static void refused(struct harness *h, const char *line, const char *status)
{
	struct __test_metadata *_metadata = h->_metadata;

	invite_replacing(h, line);
	expect(h, C, status);
	send_same_branch(h, C, "ACK", h->branch, NULL);
	EXPECT_FALSE(pending(h, A));
	EXPECT_FALSE(pending(h, B));
}

static void ring(struct harness *h)
{
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answer(h, B, "180 Ringing", NULL);
	learn(&h->ua[A], expect(h, A, "SIP/2.0 180"));
}

/* A's dialog of before is kept aside, so that h's A is in the new one. */
static void keep_first(struct harness *h, struct ua *first)
{
	memcpy(first, &h->ua[A], sizeof(*first));
}

/* A, in the dialog kept aside, says method. */
static void say_in_first(struct harness *h, const struct ua *first, const char *method, u32 cseq)
{
	struct ua now = h->ua[A];

	memcpy(h->ua[A].call_id, first->call_id, sizeof(now.call_id));
	memcpy(h->ua[A].remote_tag, first->remote_tag, sizeof(now.remote_tag));
	memcpy(h->ua[A].from, first->from, sizeof(now.from));
	memcpy(h->ua[A].to, first->to, sizeof(now.to));
	memcpy(h->ua[A].target, first->target, sizeof(now.target));
	send_request(h, A, method, cseq, NULL, NULL);
	memcpy(h->ua[A].call_id, now.call_id, sizeof(now.call_id));
	memcpy(h->ua[A].remote_tag, now.remote_tag, sizeof(now.remote_tag));
	memcpy(h->ua[A].from, now.from, sizeof(now.from));
	memcpy(h->ua[A].to, now.to, sizeof(now.to));
	memcpy(h->ua[A].target, now.target, sizeof(now.target));
}

/* The INVITE that A gets names the dialog by A's own identifiers, and no others. */
static void expect_at_a(struct harness *h, const struct ua *first, const char *early)
{
	struct __test_metadata *_metadata = h->_metadata;
	const struct sip_msg *msg;
	char value[512];

	expect(h, C, "SIP/2.0 100");
	msg = expect(h, A, "INVITE ");
	snprintf(value, sizeof(value), "sip:user@%s:5060%s", first->host,
		 uri_param(first->transport));
	EXPECT_TRUE(slice_eq(msg->ruri, slice_str(value)));
	snprintf(value, sizeof(value), "%s;to-tag=%s;from-tag=%s%s", first->call_id,
		 first->local_tag, first->remote_tag, early);
	EXPECT_TRUE(slice_eq(header(msg, "Replaces"), slice_str(value))) {
		TH_LOG("expected %s in %s", value, h->ua[A].last);
	}
	EXPECT_TRUE(slice_eq(header(msg, "Require"), SLICE("replaces")));
	EXPECT_FALSE(contains(msg->bytes, h->ua[B].call_id));
	EXPECT_FALSE(contains(msg->bytes, h->ua[C].call_id));
	EXPECT_FALSE(contains(msg->bytes, IP_B));
	EXPECT_FALSE(contains(msg->bytes, IP_C));
	EXPECT_FALSE(contains(msg->bytes, IP_INSIDE));
}

/* A takes the new call. */
static void answered(struct harness *h)
{
	answer(h, A, "200 OK", SDP_A);
	expect(h, A, "ACK ");
	expect(h, C, "SIP/2.0 200");
	acknowledge(h, C);
}

static void c_hangs_up(struct harness *h)
{
	send_request(h, C, "BYE", 2, NULL, NULL);
	expect(h, C, "SIP/2.0 200");
	expect(h, A, "BYE ");
	reply(h, A, "200 OK", NULL);
}

TEST_F(replaces, an_attended_transfer_puts_the_caller_through_to_who_asks)
{
	struct harness *h = &self->h;
	char line[512];

	call_up(h);
	keep_first(h, &self->first);
	replaces_line(&h->ua[B], line, sizeof(line), "");
	invite_replacing(h, line);
	expect_at_a(h, &self->first, "");
	answered(h);
	/* A ends what was replaced; B hears of it */
	say_in_first(h, &self->first, "BYE", 2);
	expect(h, A, "SIP/2.0 200");
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	c_hangs_up(h);
}

TEST_F(replaces, who_picks_up_a_ringing_call_gets_the_caller)
{
	struct harness *h = &self->h;
	char line[512];

	ring(h);
	keep_first(h, &self->first);
	replaces_line(&h->ua[B], line, sizeof(line), ";early-only");
	invite_replacing(h, line);
	expect_at_a(h, &self->first, ";early-only");
	answered(h);
	/* A gives up what rings at B: the branch of its first INVITE */
	memcpy(self->first.target, "sip:4930123@sbc.example", sizeof("sip:4930123@sbc.example"));
	self->first.remote_tag[0] = 0;
	self->branch = h->branch;
	h->branch = 0;
	say_in_first(h, &self->first, "CANCEL", 1);
	h->branch = self->branch;
	expect(h, A, "SIP/2.0 200");
	expect(h, A, "SIP/2.0 487");
	h->branch = 0;
	say_in_first(h, &self->first, "ACK", 1);
	h->branch = self->branch;
	expect(h, B, "CANCEL ");
	reply(h, B, "200 OK", NULL);
	answer(h, B, "487 Request Terminated", NULL);
	expect(h, B, "ACK ");
	c_hangs_up(h);
}

TEST_F(replaces, when_the_far_side_refuses_the_old_call_stays)
{
	struct harness *h = &self->h;
	char line[512];

	call_up(h);
	keep_first(h, &self->first);
	replaces_line(&h->ua[B], line, sizeof(line), "");
	invite_replacing(h, line);
	self->branch = h->branch;
	expect_at_a(h, &self->first, "");
	answer(h, A, "420 Bad Extension", NULL);
	expect(h, A, "ACK ");
	expect(h, C, "SIP/2.0 420");
	send_same_branch(h, C, "ACK", self->branch, NULL);
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	say_in_first(h, &self->first, "BYE", 2);
	expect(h, A, "SIP/2.0 200");
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);
}

TEST_F(replaces, a_dialog_that_is_none_of_ours_is_481)
{
	struct harness *h = &self->h;
	char line[512];

	call_up(h);
	refused(h, "Replaces: nobody@x;to-tag=1;from-tag=2\r\n", "SIP/2.0 481");
	/* the tags the other way round: B's own name for its dialog */
	self->first = h->ua[B];
	copy_slice(self->first.local_tag, sizeof(self->first.local_tag),
		   slice_str(h->ua[B].remote_tag));
	copy_slice(self->first.remote_tag, sizeof(self->first.remote_tag),
		   slice_str(h->ua[B].local_tag));
	replaces_line(&self->first, line, sizeof(line), "");
	refused(h, line, "SIP/2.0 481");
	hang_up(h, A);
}

TEST_F(replaces, malformed_is_400)
{
	struct harness *h = &self->h;

	refused(h, "Replaces: x@y;to-tag=1\r\n", "SIP/2.0 400");
	refused(h, "Replaces: ;to-tag=1;from-tag=2\r\n", "SIP/2.0 400");
	refused(h, "Replaces: x@y\r\n", "SIP/2.0 400");
	refused(h, "Replaces: x@y;to-tag=1;from-tag=2\r\nReplaces: x@y;to-tag=1;from-tag=2\r\n",
		"SIP/2.0 400");
}

TEST_F(replaces, early_only_does_not_take_a_call_that_was_answered)
{
	struct harness *h = &self->h;
	char line[512];

	call_up(h);
	replaces_line(&h->ua[B], line, sizeof(line), ";early-only");
	refused(h, line, "SIP/2.0 486");
	hang_up(h, B);
}

TEST_F(replaces, the_one_who_rings_cannot_be_taken_from_the_callers_side)
{
	struct harness *h = &self->h;
	char line[512];

	ring(h);
	replaces_line(&h->ua[A], line, sizeof(line), "");
	refused(h, line, "SIP/2.0 481");
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	hang_up(h, A);
}

TEST_F(replaces, a_call_that_is_ending_is_603)
{
	struct harness *h = &self->h;
	char line[512];

	call_up(h);
	replaces_line(&h->ua[A], line, sizeof(line), "");
	send_request(h, A, "BYE", 2, NULL, NULL);
	expect(h, A, "SIP/2.0 200");
	expect(h, B, "BYE ");
	refused(h, line, "SIP/2.0 603");
	replaces_line(&h->ua[B], line, sizeof(line), "");
	refused(h, line, "SIP/2.0 603");
	reply(h, B, "200 OK", NULL);
}

TEST_F(replaces, who_has_no_route_may_not_replace)
{
	struct harness *h = &self->h;
	char line[512];

	call_up(h);
	replaces_line(&h->ua[B], line, sizeof(line), "");
	begin_dialog(h, STRANGER, "2000");
	send_request(h, STRANGER, "INVITE", 1, line, SDP_C);
	EXPECT_FALSE(pending(h, A));
	expect(h, STRANGER, "SIP/2.0 403");
	send_same_branch(h, STRANGER, "ACK", h->branch, NULL);
	hang_up(h, A);
}

TEST_HARNESS_MAIN
