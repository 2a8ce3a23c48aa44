/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A watches, B tells: a subscription that is carried, and what they say in it.
 */
#ifndef CALL_BRIDGE_H_
#define CALL_BRIDGE_H_

#include "call_watch.h"
#include "call_trunk_harness.h"

#define VOICE "Event: message-summary;id=7\r\n"
#define WAITING "Messages-Waiting: yes\r\n"
#define SUMMARY "Content-Type: application/simple-message-summary\r\n"
#define ACTIVE VOICE "Subscription-State: active;expires=600\r\n"
#define WALL (1700000000 * NSEC_PER_SEC)
#define GONE VOICE "Subscription-State: terminated;reason=noresource\r\n"

static UNUSED size_t bridges(struct harness *h)
{
	return counter(h, "carried-subscriptions-now");
}

/* The call that both had put aside ends. */
static UNUSED void hang_up_aside(struct harness *h, const struct aside *a, const struct aside *b)
{
	take_back(&h->ua[A], a);
	take_back(&h->ua[B], b);
	hang_up(h, A);
}

/* A subscribes to a number, which B gets. */
static UNUSED const struct sip_msg *subscribe(struct harness *h, const char *lines)
{
	begin_dialog(h, A, "4930123");
	send_request(h, A, "SUBSCRIBE", 1, lines, NULL);
	return expect(h, B, "SUBSCRIBE ");
}

/* B's NOTIFY in its dialog, as far as it knows it. */
static UNUSED void tell(struct harness *h, enum who who, const char *lines, const char *body)
{
	char all[512];

	snprintf(all, sizeof(all), "%s%s", lines, body ? SUMMARY : "");
	send_request(h, who, "NOTIFY", ++h->ua[who].cseq, all, body);
}

/* It got to A, who takes it. */
static UNUSED const struct sip_msg *heard(struct harness *h, const char *status)
{
	u32 cseq = h->ua[A].cseq;

	expect(h, A, "NOTIFY ");
	reply(h, A, status, NULL);
	h->ua[A].cseq = cseq;
	return &h->ua[A].msg;
}

static UNUSED void told_and_heard(struct harness *h, const char *lines, const char *body)
{
	tell(h, B, lines, body);
	heard(h, "200 OK");
	expect(h, B, "SIP/2.0 200");
}

/* B takes the SUBSCRIBE that it got last. */
static UNUSED void accepted(struct harness *h, const char *lines)
{
	u32 cseq = h->ua[B].cseq;

	reply_tagged(h, B, &h->ua[B].msg, "200 OK", h->ua[B].local_tag, lines, NULL);
	h->ua[B].cseq = cseq;
	learn(&h->ua[A], expect(h, A, "SIP/2.0 200"));
}

static UNUSED void granted(struct harness *h)
{
	accepted(h, "Expires: 600\r\n");
	h->ua[B].cseq = 100;
}

/* A watches, B tells. */
static UNUSED void begin(struct harness *h)
{
	subscribe(h, VOICE "Expires: 3600\r\n");
	granted(h);
	told_and_heard(h, ACTIVE, WAITING);
}

static UNUSED void resubscribe(struct harness *h, const char *lines)
{
	char all[256];

	snprintf(all, sizeof(all), VOICE "%s", lines);
	send_request(h, A, "SUBSCRIBE", ++h->ua[A].cseq, all, NULL);
}

/* What another engine wrote of a subscription is read; NULL, or what is wrong with it. */
static UNUSED const char *restore_event(struct harness *h, u64 record, const char *text)
{
	const char *bad = call_engine_restore_event(h->engine, h->now, WALL + h->now, record,
						    slice_str(text));

	run(h);
	return bad;
}

/* h goes on with the subscription of before, which A and B know of. */
static UNUSED void take_over(struct harness *h, const struct harness *before)
{
	struct __test_metadata *_metadata = h->_metadata;
	struct aside a, b;

	ASSERT_NE(before->event, NULL);
	ASSERT_EQ(restore_event(h, before->event_record, before->event), NULL);
	put_aside(&before->ua[A], &a);
	put_aside(&before->ua[B], &b);
	take_back(&h->ua[A], &a);
	take_back(&h->ua[B], &b);
	h->branch = 1000;
	EXPECT_EQ(bridges(h), 1);
}

/* A unsubscribes, and all of it is over. */
static UNUSED void leave(struct harness *h)
{
	struct __test_metadata *_metadata = h->_metadata;

	resubscribe(h, "Expires: 0\r\n");
	EXPECT_TRUE(slice_eq(header(expect(h, B, "SUBSCRIBE "), "Expires"), SLICE("0")));
	accepted(h, "Expires: 0\r\n");
	told_and_heard(h, VOICE "Subscription-State: terminated;reason=timeout\r\n", NULL);
	EXPECT_EQ(bridges(h), 0);
}

#endif
