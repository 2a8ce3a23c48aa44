// SPDX-License-Identifier: GPL-2.0-only
/*
 * A REFER outside of any dialog, whose Target-Dialog (RFC 4538) names a call of the referrer's:
 * it does what it would do there, and its NOTIFYs come in the dialog that it makes. A and B are in
 * a call, B is the referrer.
 */
#include "call_attended.h"
#include "call_restart.h"

FIXTURE(apart) {
	struct harness h;
	struct dialog call;	/* B's */
};

FIXTURE_SETUP(apart)
{
	harness_start(&self->h, _metadata);
	self->h.keeps_texts = true;
	allow_transfers(&self->h);
	call_up(&self->h);
	keep_dialog(&self->h.ua[B], &self->call);
}

FIXTURE_TEARDOWN(apart)
{
	harness_stop(&self->h);
}

static void target_line(const struct ua *who, const struct dialog *d, char *line, size_t size)
{
	snprintf(line, size, "Target-Dialog: %s;local-tag=%s;remote-tag=%s\r\n", d->call_id,
		 who->local_tag, d->remote_tag);
}

/* who's first request of a new dialog. */
static void send_apart(struct harness *h, enum who who, const char *lines)
{
	begin_dialog(h, who, "4930123");
	send_request(h, who, "REFER", 1, lines, NULL);
}

static void refer_apart(struct harness *h, const struct dialog *d, const char *more)
{
	char lines[512];

	target_line(&h->ua[B], d, lines, sizeof(lines));
	strcat(lines, more);
	send_apart(h, B, lines);
}

static void taken(struct harness *h, const struct dialog *d)
{
	struct __test_metadata *_metadata = h->_metadata;
	char call_id[128];

	refer_apart(h, d, TO_C "Require: tdialog\r\n");
	memcpy(call_id, h->ua[B].call_id, sizeof(call_id));
	learn(&h->ua[B], expect(h, B, "SIP/2.0 202"));
	EXPECT_TRUE(h->ua[B].remote_tag[0]);
	EXPECT_STRNE(h->ua[B].remote_tag, d->remote_tag);
	expect_notify(h, B, "active;expires=", "100 Trying");
	EXPECT_TRUE(slice_eq(header(&h->ua[B].msg, "Event"), SLICE("refer")));
	EXPECT_STREQ(h->ua[B].call_id, call_id);
	expect(h, C, "INVITE ");
}

static void refused(struct harness *h, const char *lines, const char *status)
{
	struct __test_metadata *_metadata = h->_metadata;

	send_apart(h, B, lines);
	expect(h, B, status);
	EXPECT_FALSE(pending(h, A));
	EXPECT_FALSE(pending(h, C));
	EXPECT_EQ(call_engine_calls(h->engine), 1);
}

TEST_F(apart, the_other_party_of_the_call_is_put_through)
{
	struct harness *h = &self->h;

	taken(h, &self->call);
	c_rings(h, B);
	answer(h, C, "200 OK", SDP_C);
	expect(h, A, "INVITE ");
	accepts(h, A);
	expect(h, C, "ACK ");
	is_told_the_end(h, B, "200 OK");
	/* and the call ends in its own dialog */
	EXPECT_TRUE(slice_eq(expect(h, B, "BYE ")->call_id, slice_str(self->call.call_id)));
	reply(h, B, "200 OK", NULL);
	h->ua[C].cseq = 100;
	hangs_up(h, C, A);
}

TEST_F(apart, a_failure_is_told_in_the_dialog_of_the_refer)
{
	struct harness *h = &self->h;

	taken(h, &self->call);
	c_is_busy(h);
	is_told_the_end(h, B, "486 Busy Here");
	use_dialog(&h->ua[B], &self->call);
	expect_unharmed(h, B, A);
}

TEST_F(apart, who_wants_no_subscription_gets_no_dialog)
{
	struct harness *h = &self->h;

	refer_apart(h, &self->call, TO_C "Refer-Sub: false\r\n");
	expect(h, B, "SIP/2.0 202");
	expect(h, C, "INVITE ");
	c_is_busy(h);
	EXPECT_FALSE(pending(h, B));
	use_dialog(&h->ua[B], &self->call);
	expect_unharmed(h, B, A);
}

TEST_F(apart, the_dialog_must_be_his)
{
	struct harness *h = &self->h;
	struct dialog other;
	char line[512];

	refused(h, TO_C, "SIP/2.0 405");
	refused(h, TO_C "Target-Dialog: x\r\n", "SIP/2.0 400");
	refused(h, TO_C "Target-Dialog: x;local-tag=1;remote-tag=2\r\n", "SIP/2.0 481");
	/* A's dialog, of which B happens to know */
	keep_dialog(&h->ua[A], &other);
	target_line(&h->ua[A], &other, line, sizeof(line));
	strcat(line, TO_C);
	refused(h, line, "SIP/2.0 481");
	/* and somebody whom nobody knows gets no further */
	target_line(&h->ua[B], &self->call, line, sizeof(line));
	strcat(line, TO_C);
	send_apart(h, STRANGER, line);
	expect(h, STRANGER, "SIP/2.0 403");
	hang_up(h, A);
}

TEST_F(apart, what_is_refused_inside_a_call_is_refused_here)
{
	struct harness *h = &self->h;
	char line[512];

	target_line(&h->ua[B], &self->call, line, sizeof(line));
	refused(h, line, "SIP/2.0 400");
	strcat(line, TO_C);
	h->policy->trunks[1].transfer = CALL_TRANSFER_OFF;
	refused(h, line, "SIP/2.0 403");
	hang_up(h, A);
}

TEST_F(apart, one_that_is_under_way_is_the_only_one)
{
	struct harness *h = &self->h;
	struct dialog refer_dialog;

	taken(h, &self->call);
	keep_dialog(&h->ua[B], &refer_dialog);
	use_dialog(&h->ua[B], &self->call);
	refer(h, B, TO_C);
	expect(h, B, "SIP/2.0 491");
	/* there is no subscription in the call's dialog */
	send_request(h, B, "SUBSCRIBE", ++h->ua[B].cseq, "Event: refer\r\n", NULL);
	expect(h, B, "SIP/2.0 481");
	keep_dialog(&h->ua[B], &self->call);
	use_dialog(&h->ua[B], &refer_dialog);
	c_is_busy(h);
	is_told_the_end(h, B, "486 Busy Here");
	use_dialog(&h->ua[B], &self->call);
	expect_unharmed(h, B, A);
}

TEST_F(apart, the_subscription_is_refreshed_and_given_up_in_its_dialog)
{
	struct harness *h = &self->h;

	taken(h, &self->call);
	send_request(h, B, "SUBSCRIBE", ++h->ua[B].cseq, "Event: refer\r\nExpires: 60\r\n", NULL);
	expect(h, B, "SIP/2.0 200");
	expect_notify(h, B, "active;expires=60", "100 Trying");
	send_request(h, B, "MESSAGE", ++h->ua[B].cseq, NULL, NULL);
	expect(h, B, "SIP/2.0 481");
	send_request(h, B, "SUBSCRIBE", ++h->ua[B].cseq, "Event: refer\r\nExpires: 0\r\n", NULL);
	expect(h, B, "SIP/2.0 200");
	expect_notify(h, B, "terminated;reason=timeout", "100 Trying");
	c_is_busy(h);
	EXPECT_FALSE(pending(h, B));
	use_dialog(&h->ua[B], &self->call);
	expect_unharmed(h, B, A);
}

TEST_F(apart, the_referrer_who_hangs_up_hears_that_this_was_all)
{
	struct harness *h = &self->h;

	taken(h, &self->call);
	use_dialog(&h->ua[B], &self->call);
	send_request(h, B, "BYE", ++h->ua[B].cseq, NULL, NULL);
	expect_notify(h, B, "terminated;reason=", "100 Trying");
	expect(h, B, "SIP/2.0 200");
	is_connected_to_c(h, A);
	hangs_up(h, C, A);
}

TEST_F(apart, two_calls_are_joined)
{
	struct harness *h = &self->h;
	struct dialog second;
	char lines[768];

	/* B calls C, too, and refers A to C */
	connect_call(h, B, "2000", C);
	keep_dialog(&h->ua[B], &second);
	target_line(&h->ua[B], &self->call, lines, sizeof(lines));
	refer_to_line(&h->ua[B], &second, "", lines + strlen(lines), sizeof(lines) - strlen(lines));
	send_apart(h, B, lines);
	learn(&h->ua[B], expect(h, B, "SIP/2.0 202"));
	expect_notify(h, B, "active;expires=", "100 Trying");
	EXPECT_EQ(expect(h, C, "INVITE ")->body.n, 0);
	answer(h, C, "200 OK", SDP_C);
	expect(h, A, "INVITE ");
	accepts(h, A);
	expect(h, C, "ACK ");
	gets_bye(h, B);
	is_let_go(h, B);
	hangs_up(h, C, A);
}

TEST_F(apart, after_a_restart_the_subscription_is_ended_in_its_dialog)
{
	struct harness *h = &self->h;
	char call_id[128];

	taken(h, &self->call);
	memcpy(call_id, h->ua[B].call_id, sizeof(call_id));
	restart(h);
	is_told_the_end(h, B, "503 Service Unavailable");
	EXPECT_STREQ(h->ua[B].call_id, call_id);
	is_cancelled(h, C);
	use_dialog(&h->ua[B], &self->call);
	h->ua[B].cseq = 300;
	expect_unharmed(h, B, A);
}

TEST_HARNESS_MAIN
