/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * REFERs that pass: A has called B, and refers him to C; it is B who calls there. What is told
 * of it in NOTIFY has the number of the REFER as each of them knows it.
 */
#ifndef CALL_REFER_PASS_STORY_H
#define CALL_REFER_PASS_STORY_H

#include "call_attended.h"

#define FRAGMENT "Content-Type: message/sipfrag;version=2.0\r\n"

static UNUSED void let_refers_pass(struct harness *h)
{
	size_t i;

	policy_allows_transfers(h->policy);
	for (i = 0; i < h->policy->ntrunks; i++)
		h->policy->trunks[i].transfer = CALL_TRANSFER_PASS;
}

/* who asks, with these lines, and other gets it; the number that it has there. */
static UNUSED u32 passes(struct harness *h, enum who who, enum who other, const char *lines)
{
	struct __test_metadata *_metadata = h->_metadata;
	const struct sip_msg *msg;

	refer(h, who, lines);
	EXPECT_FALSE(pending(h, who));
	msg = expect(h, other, "REFER ");
	EXPECT_TRUE(slice_eq(msg->to.tag, slice_str(h->ua[other].local_tag)));
	return msg->cseq;
}

/* B takes it. */
static UNUSED u32 b_is_referred(struct harness *h, const char *lines)
{
	struct __test_metadata *_metadata = h->_metadata;
	u32 far = passes(h, A, B, lines);

	reply(h, B, "202 Accepted", NULL);
	expect(h, A, "SIP/2.0 202");
	EXPECT_FALSE(pending(h, B));
	return far;
}

/* id 0: none is said. */
static UNUSED void send_notify(struct harness *h, enum who who, u32 id, const char *state,
			       const char *status)
{
	char lines[256], body[64], number[24] = "";

	if (id)
		snprintf(number, sizeof(number), ";id=%u", id);
	snprintf(lines, sizeof(lines), "Event: refer%s\r\nSubscription-State: %s\r\n" FRAGMENT,
		 number, state);
	snprintf(body, sizeof(body), "SIP/2.0 %s\r\n", status);
	send_request(h, who, "NOTIFY", ++h->ua[who].cseq, lines, body);
}

/* It is for who, has that id or none, and the word of the state; it is answered, and that passes. */
static UNUSED void is_told(struct harness *h, enum who who, enum who other, u32 id,
			   const char *state, const char *status)
{
	struct __test_metadata *_metadata = h->_metadata;
	const struct sip_msg *msg = expect(h, who, "NOTIFY ");
	char event[32] = "refer", body[64];

	if (id)
		snprintf(event, sizeof(event), "refer;id=%u", id);
	snprintf(body, sizeof(body), "SIP/2.0 %s\r\n", status);
	EXPECT_TRUE(slice_eq(header(msg, "Event"), slice_str(event))) {
		TH_LOG("expected %s in %s", event, h->ua[who].last);
	}
	EXPECT_TRUE(slice_eq(header(msg, "Subscription-State"), slice_str(state)));
	EXPECT_TRUE(slice_begins(header(msg, "Content-Type"), SLICE("message/sipfrag")));
	EXPECT_TRUE(slice_eq(msg->body, slice_str(body)));
	reply(h, who, "200 OK", NULL);
	expect(h, other, "SIP/2.0 200");
}

static UNUSED void is_unknown(struct harness *h, enum who who, enum who other, u32 id)
{
	struct __test_metadata *_metadata = h->_metadata;

	send_notify(h, who, id, "active;expires=60", "100 Trying");
	expect(h, who, "SIP/2.0 481");
	EXPECT_FALSE(pending(h, other));
}

#endif
