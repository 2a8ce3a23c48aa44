/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attended transfers: A has a call with B and another with C, and refers B to C, with Replaces
 * of the dialog that it has with Jalur in the other call.
 */
#ifndef CALL_ATTENDED_STORY_H
#define CALL_ATTENDED_STORY_H

#include "call_transfer.h"

/* A dialog of a user agent that has another one, too. */
struct dialog {
	char call_id[128], remote_tag[64], from[256], to[256], target[256];
	u32 cseq;
};

static UNUSED void keep_dialog(const struct ua *ua, struct dialog *d)
{
	memcpy(d->call_id, ua->call_id, sizeof(d->call_id));
	memcpy(d->remote_tag, ua->remote_tag, sizeof(d->remote_tag));
	memcpy(d->from, ua->from, sizeof(d->from));
	memcpy(d->to, ua->to, sizeof(d->to));
	memcpy(d->target, ua->target, sizeof(d->target));
	d->cseq = ua->cseq;
}

static UNUSED void use_dialog(struct ua *ua, const struct dialog *d)
{
	memcpy(ua->call_id, d->call_id, sizeof(d->call_id));
	memcpy(ua->remote_tag, d->remote_tag, sizeof(d->remote_tag));
	memcpy(ua->from, d->from, sizeof(d->from));
	memcpy(ua->to, d->to, sizeof(d->to));
	memcpy(ua->target, d->target, sizeof(d->target));
	ua->cseq = d->cseq;
}

/* from calls number, where to answers: both are in the dialog of that. */
static UNUSED void connect_call(struct harness *h, enum who from, const char *number, enum who to)
{
	begin_dialog(h, from, number);
	send_request(h, from, "INVITE", 1, NULL, sdp_of(from));
	expect(h, from, "SIP/2.0 100");
	expect(h, to, "INVITE ");
	accepts(h, to);
	is_answered(h, from);
	h->ua[to].cseq = 100;
}

/* Refer-To C, with the dialog as who, who has it with Jalur, writes it. */
static UNUSED void refer_to_line(const struct ua *who, const struct dialog *d, const char *more,
				 char *line, size_t size)
{
	const char *at = strchr(d->call_id, '@');
	size_t name = at ? (size_t)(at - d->call_id) : strlen(d->call_id);

	snprintf(line, size, "Refer-To: <sip:2000@sbc.example?Replaces=%.*s%s%s%%3Bto-tag%%3D%s"
		 "%%3Bfrom-tag%%3D%s%s>\r\n", (int)name, d->call_id, at ? "%40" : "",
		 at ? at + 1 : "", d->remote_tag, who->local_tag, more);
}

/* A has both calls, in which it was called, or not. */
static UNUSED void two_calls(struct harness *h, const bool called[2], struct dialog *first,
			     struct dialog *second)
{
	if (called[0])
		connect_call(h, B, "7000", A);
	else
		connect_call(h, A, "4930123", B);
	keep_dialog(&h->ua[A], first);
	if (called[1])
		connect_call(h, C, "7000", A);
	else
		connect_call(h, A, "2000", C);
	keep_dialog(&h->ua[A], second);
	h->ua[B].cseq = h->ua[C].cseq = 100;
}

/* A's REFER in the call with B. */
static UNUSED void ask(struct harness *h, struct dialog *in, const struct dialog *other,
		       const char *more)
{
	char line[512];

	refer_to_line(&h->ua[A], other, more, line, sizeof(line));
	use_dialog(&h->ua[A], in);
	refer(h, A, line);
	in->cseq = h->ua[A].cseq;
}

static UNUSED void join_refused(struct harness *h, const char *status)
{
	struct __test_metadata *_metadata = h->_metadata;

	expect(h, A, status);
	EXPECT_FALSE(pending(h, B));
	EXPECT_FALSE(pending(h, C));
	EXPECT_EQ(call_engine_calls(h->engine), 2);
	EXPECT_EQ(counter(h, "transfers"), 0);
}

/* It is taken, and C is asked for an offer, in its own dialog. */
static UNUSED void join_taken(struct harness *h, struct dialog *in,
			      const struct dialog *other)
{
	struct __test_metadata *_metadata = h->_metadata;
	const struct sip_msg *msg;

	ask(h, in, other, "");
	expect(h, A, "SIP/2.0 202");
	expect_notify(h, A, "active;expires=", "100 Trying");
	msg = expect(h, C, "INVITE ");
	EXPECT_TRUE(slice_eq(msg->to.tag, slice_str(h->ua[C].local_tag)));
	EXPECT_EQ(msg->body.n, 0);
	EXPECT_EQ(header(msg, "Replaces").n, 0);
	EXPECT_FALSE(contains(msg->bytes, other->call_id));
	EXPECT_FALSE(pending(h, B));
}

static UNUSED void c_offers(struct harness *h, const struct dialog *first,
			    const struct dialog *second)
{
	struct __test_metadata *_metadata = h->_metadata;
	const struct sip_msg *msg;

	answer(h, C, "200 OK", SDP_C);
	msg = expect(h, B, "INVITE ");
	EXPECT_TRUE(slice_eq(msg->to.tag, slice_str(h->ua[B].local_tag)));
	EXPECT_TRUE(contains(msg->body, "m=audio "));
	EXPECT_FALSE(contains(msg->bytes, IP_C));
	EXPECT_FALSE(contains(msg->bytes, IP_A));
	EXPECT_FALSE(contains(msg->bytes, first->call_id));
	EXPECT_FALSE(contains(msg->bytes, second->call_id));
}

static UNUSED void b_answers(struct harness *h)
{
	struct __test_metadata *_metadata = h->_metadata;
	const struct sip_msg *msg;

	accepts(h, B);
	msg = expect(h, C, "ACK ");
	EXPECT_TRUE(contains(msg->body, "m=audio "));
	EXPECT_FALSE(contains(msg->body, "m=audio 0 "));
	EXPECT_FALSE(contains(msg->bytes, IP_B));
}

static UNUSED void a_is_let_go(struct harness *h)
{
	struct __test_metadata *_metadata = h->_metadata;

	gets_bye(h, A);
	is_let_go(h, A);
	EXPECT_EQ(call_engine_calls(h->engine), 1);
	EXPECT_EQ(call_engine_sessions(h->engine), 1);
}

static UNUSED void a_says(struct harness *h, struct dialog *in, const char *method, const char *sdp)
{
	use_dialog(&h->ua[A], in);
	send_request(h, A, method, ++h->ua[A].cseq, NULL, sdp);
	in->cseq = h->ua[A].cseq;
}

static UNUSED void a_leaves(struct harness *h, struct dialog *call)
{
	a_says(h, call, "BYE", NULL);
	expect(h, A, "SIP/2.0 200");
}

/* A re-INVITE of A's passes in both calls, which then end. */
static UNUSED void unharmed(struct harness *h, struct dialog *first, struct dialog *second)
{
	struct __test_metadata *_metadata = h->_metadata;
	struct dialog *dialogs[] = { first, second };
	enum who others[] = { B, C };
	size_t i;

	EXPECT_EQ(call_engine_calls(h->engine), 2);
	EXPECT_EQ(call_engine_sessions(h->engine), 2);
	EXPECT_EQ(counter(h, "transfers-failed"), 1);
	for (i = 0; i < 2; i++) {
		a_says(h, dialogs[i], "INVITE", SDP_A);
		expect(h, A, "SIP/2.0 100");
		expect(h, others[i], "INVITE ");
		accepts(h, others[i]);
		is_answered(h, A);
		a_leaves(h, dialogs[i]);
		gets_bye(h, others[i]);
	}
}

#endif
