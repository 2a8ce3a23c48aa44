/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Transfers: A has called B, and one of them refers the other to C, whom everybody may call
 * by the number 2000.
 */
#ifndef CALL_TRANSFER_STORY_H
#define CALL_TRANSFER_STORY_H

#include "call_harness.h"

#define SDP_C "v=0\r\no=- 333 1 IN IP4 " IP_C "\r\ns=-\r\nc=IN IP4 " IP_C "\r\nt=0 0\r\n" \
	"m=audio 7000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
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

/* who refers the other party to C, and C is called. */
static UNUSED void referred(struct harness *h, enum who who)
{
	struct __test_metadata *_metadata = h->_metadata;

	refer(h, who, TO_C);
	expect(h, who, "SIP/2.0 202");
	expect_notify(h, who, "active;expires=", "100 Trying");
	expect(h, C, "INVITE ");
	EXPECT_EQ(h->ua[C].invite.body.n, 0);
}

/* C rings and answers, and other, who was referred, gets the offer. */
static UNUSED void c_answers(struct harness *h, enum who who, enum who other)
{
	struct __test_metadata *_metadata = h->_metadata;
	const struct sip_msg *msg;

	answer(h, C, "180 Ringing", NULL);
	expect_notify(h, who, "active;expires=", "180 Ringing");
	answer(h, C, "200 OK", SDP_C);
	msg = expect(h, other, "INVITE ");
	EXPECT_TRUE(contains(msg->body, "m=audio "));
	EXPECT_FALSE(contains(msg->bytes, IP_C));
}

/* other takes it: the pair is C and he. */
static UNUSED void put_through(struct harness *h, enum who who, enum who other)
{
	struct __test_metadata *_metadata = h->_metadata;

	answer(h, other, "200 OK", other == A ? SDP_A : SDP_B);
	expect(h, other, "ACK ");
	EXPECT_TRUE(contains(expect(h, C, "ACK ")->body, "m=audio "));
	expect_notify(h, who, "terminated;reason=noresource", "200 OK");
	h->ua[C].cseq = 100;
	expect(h, who, "BYE ");
	reply(h, who, "200 OK", NULL);
	EXPECT_EQ(call_engine_calls(h->engine), 1);
}

static UNUSED void c_hangs_up(struct harness *h, enum who other)
{
	send_request(h, C, "BYE", ++h->ua[C].cseq, NULL, NULL);
	expect(h, C, "SIP/2.0 200");
	expect(h, other, "BYE ");
	reply(h, other, "200 OK", NULL);
}

/* The referrer's call is as it was: a re-INVITE of his passes. */
static UNUSED void expect_unharmed(struct harness *h, enum who who, enum who other)
{
	send_request(h, who, "INVITE", ++h->ua[who].cseq, NULL, who == A ? SDP_A : SDP_B);
	expect(h, who, "SIP/2.0 100");
	expect(h, other, "INVITE ");
	answer(h, other, "200 OK", other == A ? SDP_A : SDP_B);
	expect(h, other, "ACK ");
	expect(h, who, "SIP/2.0 200");
	acknowledge(h, who);
	hang_up(h, A);
}

#endif
