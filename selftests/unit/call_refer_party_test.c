// SPDX-License-Identifier: GPL-2.0-only
/*
 * REFER outside of any dialog, with Target-Dialog (RFC 4538), where transfer is pass: who is in a
 * call may refer the other party of it, by a dialog of its own on either side. A and B are in a
 * call, and A refers.
 */
#include "call_bridge.h"

#define TO_C "Refer-To: <sip:2000@sbc.example>\r\n"
#define FRAGMENT "Content-Type: message/sipfrag\r\n"

FIXTURE(party) {
	struct harness h;
	struct aside a, b;		/* the call, as they have it */
};

#define SELF FIXTURE_DATA(party) *self

FIXTURE_SETUP(party)
{
	struct harness *h = &self->h;
	size_t i;

	harness_start(h, _metadata);
	h->keeps_texts = true;
	for (i = 0; i < h->policy->ntrunks; i++)
		h->policy->trunks[i].transfer = CALL_TRANSFER_PASS;
	call_up(h);
	put_aside(&h->ua[A], &self->a);
	put_aside(&h->ua[B], &self->b);
}

FIXTURE_TEARDOWN(party)
{
	struct harness *h = &self->h;

	EXPECT_EQ(counter(h, "exchanges-now"), 0);
	EXPECT_EQ(bridges(h), 0);
	if (call_engine_calls(h->engine))
		hang_up_aside(h, &self->a, &self->b);
	drop_events(h);
	harness_stop(h);
}

static void target_line(const struct aside *call, char line[400])
{
	buf_print(line, 400, "Target-Dialog: %s;local-tag=%s;remote-tag=%s\r\n", call->call_id,
		  call->local_tag, call->remote_tag);
}

static void refer(struct harness *h, enum who who, const struct aside *call, const char *more)
{
	char target[400], lines[700];

	target_line(call, target);
	buf_print(lines, sizeof(lines), "%s%s", target, more);
	begin_dialog(h, who, "4930123");
	h->ua[who].cseq = 70;
	send_request(h, who, "REFER", 70, lines, NULL);
}

/* It names the call as he has it, and not as who refers. */
static u32 is_referred(struct harness *h, enum who who, const struct aside *call,
		       const struct aside *other)
{
	struct __test_metadata *_metadata = h->_metadata;
	const struct sip_msg *msg = expect(h, who, "REFER ");
	struct aside his = *call;
	char line[400];

	EXPECT_FALSE(msg->to.tag.n);
	EXPECT_FALSE(slice_eq(msg->call_id, slice_str(call->call_id)));
	memcpy(his.local_tag, call->remote_tag, sizeof(his.local_tag));
	memcpy(his.remote_tag, call->local_tag, sizeof(his.remote_tag));
	target_line(&his, line);
	EXPECT_TRUE(contains(msg->bytes, line)) {
		TH_LOG("expected %s in %s", line, h->ua[who].last);
	}
	EXPECT_FALSE(contains(msg->bytes, other->call_id));
	return msg->cseq;
}

static void tells(struct harness *h, u32 number, const char *state)
{
	struct __test_metadata *_metadata = h->_metadata;
	char lines[200];

	buf_print(lines, sizeof(lines), "Event: refer;id=%u\r\nSubscription-State: %s\r\n" FRAGMENT,
		  number, state);
	send_request(h, B, "NOTIFY", ++h->ua[B].cseq, lines, "SIP/2.0 100 Trying\r\n");
	EXPECT_TRUE(slice_eq(header(heard(h, "200 OK"), "Event"), SLICE("refer;id=70")));
	expect(h, B, "SIP/2.0 200");
}

TEST_F(party, the_other_party_gets_it_and_what_he_tells_comes_back)
{
	struct harness *h = &self->h;
	u32 number;

	refer(h, A, &self->a, TO_C "Require: tdialog\r\n");
	number = is_referred(h, B, &self->b, &self->a);
	EXPECT_TRUE(slice_eq(header(&h->ua[B].msg, "Refer-To"), SLICE("<sip:2000@" IP_INSIDE ":5060>")));
	EXPECT_TRUE(sip_msg_requires(&h->ua[B].msg, "tdialog"));
	EXPECT_FALSE(contains(h->ua[B].msg.bytes, IP_A));
	reply(h, B, "202 Accepted", NULL);
	h->ua[B].cseq = 100;
	learn(&h->ua[A], expect(h, A, "SIP/2.0 202"));
	tells(h, number, "active;expires=60");
	EXPECT_EQ(counter(h, "transfers-passed"), 1);
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	tells(h, number, "terminated;reason=noresource");
}

/* It is a subscription of its own. */
TEST_F(party, what_he_tells_comes_back_after_the_call_too)
{
	struct harness *h = &self->h;
	struct aside watcher, notifier;
	u32 number;

	refer(h, A, &self->a, TO_C);
	number = is_referred(h, B, &self->b, &self->a);
	reply(h, B, "202 Accepted", NULL);
	h->ua[B].cseq = 100;
	learn(&h->ua[A], expect(h, A, "SIP/2.0 202"));
	tells(h, number, "active;expires=60");
	put_aside(&h->ua[A], &watcher);
	put_aside(&h->ua[B], &notifier);
	hang_up_aside(h, &self->a, &self->b);
	take_back(&h->ua[A], &watcher);
	take_back(&h->ua[B], &notifier);
	tells(h, number, "terminated;reason=noresource");
}

TEST_F(party, who_was_called_may_refer_who_called)
{
	struct harness *h = &self->h;

	refer(h, B, &self->b, TO_C);
	is_referred(h, A, &self->a, &self->b);
	EXPECT_TRUE(slice_eq(header(&h->ua[A].msg, "Refer-To"),
			     SLICE("<sip:2000@" IP_ADVERTISED ":5060>")));
	reply(h, A, "603 Declined", NULL);
	expect(h, B, "SIP/2.0 603");
}

/* By the way and the name that a phone has in the call. */
TEST_F(party, a_phone_is_referred_where_it_is)
{
	struct harness *h = &self->h;
	struct aside alice, b;

	hang_up_aside(h, &self->a, &self->b);
	add_domain(h, SIP_DIGEST_ALL)->events.subscriptions = 1;
	let_subscribers_call(h);
	h->policy->realms[0].transfer = CALL_TRANSFER_PASS;
	send_authentic(h, "INVITE", "alice", "secret", "");
	expect(h, STRANGER, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answered(h);
	put_aside(&h->ua[STRANGER], &alice);
	put_aside(&h->ua[B], &b);
	refer(h, B, &b, TO_C);
	is_referred(h, STRANGER, &alice, &b);
	EXPECT_TRUE(contains(h->ua[STRANGER].msg.to.uri, "alice@" DOMAIN));
	reply(h, STRANGER, "603 Declined", NULL);
	expect(h, B, "SIP/2.0 603");
	/* nor does it reach a realm that does not want it */
	h->policy->realms[0].transfer = CALL_TRANSFER_OFF;
	refer(h, B, &b, TO_C);
	expect(h, B, "SIP/2.0 403");
	EXPECT_FALSE(pending(h, STRANGER));
	take_back(&h->ua[STRANGER], &alice);
	take_back(&h->ua[B], &b);
	hang_up_alice(h);
}

static void refused(struct harness *h, enum who who, const char *lines, const char *status)
{
	struct __test_metadata *_metadata = h->_metadata;

	begin_dialog(h, who, "4930123");
	send_request(h, who, "REFER", 1, lines, NULL);
	expect(h, who, status);
	EXPECT_FALSE(pending(h, A) || pending(h, B));
	EXPECT_EQ(bridges(h), 0);
}

TEST_F(party, whoever_is_in_no_such_call_refers_nobody)
{
	struct harness *h = &self->h;
	char line[400], lines[700];

	refused(h, A, "Target-Dialog: x;local-tag=1;remote-tag=2\r\n" TO_C, "SIP/2.0 481");
	refused(h, A, "Target-Dialog: x;local-tag=1\r\n" TO_C, "SIP/2.0 400");
	target_line(&self->a, line);
	buf_print(lines, sizeof(lines), "%s" TO_C, line);
	refused(h, C, lines, "SIP/2.0 481");
	refused(h, STRANGER, lines, "SIP/2.0 403");
}

TEST_F(party, it_passes_where_both_sides_let_it)
{
	struct harness *h = &self->h;
	char line[400], lines[700];

	target_line(&self->a, line);
	buf_print(lines, sizeof(lines), "%s" TO_C, line);
	h->policy->trunks[1].transfer = CALL_TRANSFER_OFF;
	refused(h, A, lines, "SIP/2.0 403");
	h->policy->trunks[1].transfer = CALL_TRANSFER_HANDLE;
	refused(h, A, lines, "SIP/2.0 403");
	h->policy->trunks[1].transfer = CALL_TRANSFER_PASS;
	h->policy->trunks[0].transfer = CALL_TRANSFER_OFF;
	refused(h, A, lines, "SIP/2.0 403");
}

TEST_F(party, what_cannot_be_said_there_is_refused)
{
	struct harness *h = &self->h;
	const char *at = strchr(self->a.call_id, '@');
	char line[400], lines[1200];

	ASSERT_NE(at, NULL);
	target_line(&self->a, line);
	refused(h, A, line, "SIP/2.0 400");
	buf_print(lines, sizeof(lines), "%sRefer-To: <sip:2000@x;method=BYE>\r\n", line);
	refused(h, A, lines, "SIP/2.0 603");
	/* nor is the call itself one to replace */
	buf_print(lines, sizeof(lines), "%sRefer-To: <sip:2000@x?Replaces=%.*s%%40%s"
		  "%%3Bto-tag%%3D%s%%3Bfrom-tag%%3D%s>\r\n", line, (int)(at - self->a.call_id),
		  self->a.call_id, at + 1, self->a.remote_tag, self->a.local_tag);
	refused(h, A, lines, "SIP/2.0 603");
	buf_print(lines, sizeof(lines), "%s" TO_C "Require: gruu\r\n", line);
	refused(h, A, lines, "SIP/2.0 420");
}

TEST_F(party, before_the_call_is_up_he_asks_again)
{
	struct harness *h = &self->h;
	char line[400], lines[700];

	hang_up_aside(h, &self->a, &self->b);
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answer(h, B, "180 Ringing", NULL);
	learn(&h->ua[A], expect(h, A, "SIP/2.0 180"));
	put_aside(&h->ua[A], &self->a);
	target_line(&self->a, line);
	buf_print(lines, sizeof(lines), "%s" TO_C, line);
	begin_dialog(h, A, "4930123");
	send_request(h, A, "REFER", 1, lines, NULL);
	expect(h, A, "SIP/2.0 491");
	EXPECT_FALSE(pending(h, B));
	answer(h, B, "486 Busy Here", NULL);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 486");
}

TEST_HARNESS_MAIN
