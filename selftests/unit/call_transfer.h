/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Transfers: A has called B, and one of them refers the other to C, whom everybody may call
 * by the number 2000.
 */
#ifndef CALL_TRANSFER_STORY_H
#define CALL_TRANSFER_STORY_H

#include "call_harness.h"

#define TO_C "Refer-To: <sip:2000@sbc.example>\r\n"

static UNUSED void allow_transfers(struct harness *h)
{
	policy_allows_transfers(h->policy);
}

static UNUSED void refer(struct harness *h, enum who who, const char *lines)
{
	send_request(h, who, "REFER", ++h->ua[who].cseq, lines, NULL);
}

/* who is told how it stands, and takes it. */
static UNUSED void expect_notify(struct harness *h, enum who who, const char *state,
				 const char *status)
{
	struct __test_metadata *_metadata = h->_metadata;
	const struct sip_msg *msg = expect(h, who, "NOTIFY ");
	char body[64];

	snprintf(body, sizeof(body), "SIP/2.0 %s\r\n", status);
	EXPECT_TRUE(slice_eq(msg->body, slice_str(body))) {
		TH_LOG("expected %s in %s", body, h->ua[who].last);
	}
	EXPECT_TRUE(slice_begins(header(msg, "Event"), SLICE("refer")));
	EXPECT_TRUE(slice_begins(header(msg, "Subscription-State"), slice_str(state)));
	EXPECT_TRUE(slice_begins(header(msg, "Content-Type"), SLICE("message/sipfrag")));
	EXPECT_TRUE(header(msg, "Contact").n > 0);
	reply(h, who, "200 OK", NULL);
}

/* It is over, and this is what came of it. */
static UNUSED void is_told_the_end(struct harness *h, enum who who, const char *status)
{
	expect_notify(h, who, "terminated;reason=noresource", status);
}

/* who's REFER is taken, and he hears so. */
static UNUSED void refer_accepted(struct harness *h, enum who who, const char *lines)
{
	refer(h, who, lines);
	expect(h, who, "SIP/2.0 202");
	expect_notify(h, who, "active;expires=", "100 Trying");
}

/* who refers the other party to C, and C is called. */
static UNUSED void referred(struct harness *h, enum who who)
{
	struct __test_metadata *_metadata = h->_metadata;

	refer_accepted(h, who, TO_C);
	expect(h, C, "INVITE ");
	EXPECT_EQ(h->ua[C].invite.body.n, 0);
}

/* C rings, and who hears of it. */
static UNUSED void c_rings(struct harness *h, enum who who)
{
	answer(h, C, "180 Ringing", NULL);
	expect_notify(h, who, "active;expires=", "180 Ringing");
}

static UNUSED void c_is_busy(struct harness *h)
{
	refuses(h, C, "486 Busy Here");
}

/* ... and answers, and other, who was referred, gets the offer. */
static UNUSED void c_answers(struct harness *h, enum who who, enum who other)
{
	struct __test_metadata *_metadata = h->_metadata;
	const struct sip_msg *msg;

	c_rings(h, who);
	answer(h, C, "200 OK", SDP_C);
	msg = expect(h, other, "INVITE ");
	EXPECT_TRUE(contains(msg->body, "m=audio "));
	EXPECT_FALSE(contains(msg->bytes, IP_C));
}

/* other takes it: the pair is C and he. */
static UNUSED void joins_c(struct harness *h, enum who other)
{
	struct __test_metadata *_metadata = h->_metadata;

	accepts(h, other);
	EXPECT_TRUE(contains(expect(h, C, "ACK ")->body, "m=audio "));
	h->ua[C].cseq = 100;
}

/* C answers, and other takes what he is offered. */
static UNUSED void is_connected_to_c(struct harness *h, enum who other)
{
	answer(h, C, "200 OK", SDP_C);
	expect(h, other, "INVITE ");
	joins_c(h, other);
}

/* The referrer hears that this is done, and has a call no more. */
static UNUSED void is_let_go(struct harness *h, enum who who)
{
	is_told_the_end(h, who, "200 OK");
	gets_bye(h, who);
}

static UNUSED void put_through(struct harness *h, enum who who, enum who other)
{
	struct __test_metadata *_metadata = h->_metadata;

	joins_c(h, other);
	is_let_go(h, who);
	EXPECT_EQ(call_engine_calls(h->engine), 1);
}

/* The referrer's call is as it was: a re-INVITE of his passes. */
static UNUSED void expect_unharmed(struct harness *h, enum who who, enum who other)
{
	reinvites(h, who, other);
	hang_up(h, A);
}

#endif
