// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests to a trunk that are too large for a datagram (RFC 3261 section 18.1.1): they go
 * by the stream of the trunk's listener, by a datagram when nobody takes that, and by a
 * datagram at once where the trunk wants that.
 */
#include "call_harness.h"

#define STREAM "sip-large-by-stream"
#define AFTER_ALL "sip-large-by-datagram-after-all"

FIXTURE(large) {
	struct harness h;
	char subject[1500];
};

FIXTURE_SETUP(large)
{
	int n = snprintf(self->subject, sizeof(self->subject), "Subject: ");

	harness_start(&self->h, _metadata);
	memset(self->subject + n, 'x', 1300);
	strcpy(self->subject + n + 1300, "\r\n");
}

FIXTURE_TEARDOWN(large)
{
	harness_stop(&self->h);
}

static void call_large(struct harness *h, const char *subject)
{
	begin_dialog(h, A, "4930123");
	send_request(h, A, "INVITE", 1, subject, SDP_A);
	expect(h, A, "SIP/2.0 100");
}

static void expect_by(struct harness *h, const char *start, const char *transport)
{
	struct __test_metadata *_metadata = h->_metadata;
	char via[128];

	copy_slice(via, sizeof(via), header(expect(h, B, start), "Via"));
	EXPECT_EQ(strncmp(via, transport, strlen(transport)), 0) TH_LOG("%s", via);
}

static void answer_and_hang_up(struct harness *h)
{
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	hang_up(h, A);
}

TEST_F(large, by_a_stream)
{
	struct harness *h = &self->h;

	call_large(h, self->subject);
	expect_by(h, "INVITE ", "SIP/2.0/TCP ");
	EXPECT_EQ(counter(h, STREAM), 1);
	answer_and_hang_up(h);
	call_large(h, NULL);
	expect_by(h, "INVITE ", "SIP/2.0/UDP ");
	EXPECT_EQ(counter(h, STREAM), 1);
	answer_and_hang_up(h);
}

/* A proxy record-routes by what the INVITE came by, and that goes for what is small, too. */
TEST_F(large, and_so_does_what_follows_when_the_route_says_so)
{
	struct harness *h = &self->h;

	call_large(h, self->subject);
	expect_by(h, "INVITE ", "SIP/2.0/TCP ");
	reply_tagged(h, B, &h->ua[B].invite, "200 OK", h->ua[B].local_tag,
		     "Record-Route: <sip:" IP_B ";transport=tcp;lr>\r\n", SDP_B);
	expect_by(h, "ACK ", "SIP/2.0/TCP ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	send_request(h, A, "BYE", ++h->ua[A].cseq, NULL, NULL);
	expect(h, A, "SIP/2.0 200");
	expect_by(h, "BYE ", "SIP/2.0/TCP ");
	reply(h, B, "200 OK", NULL);
	EXPECT_EQ(counter(h, STREAM), 1);
}

/* By the Contact it is back at UDP: the stream was for the INVITE's size alone. */
TEST_F(large, and_not_when_nobody_says_so)
{
	struct harness *h = &self->h;

	call_large(h, self->subject);
	expect_by(h, "INVITE ", "SIP/2.0/TCP ");
	answer(h, B, "200 OK", SDP_B);
	expect_by(h, "ACK ", "SIP/2.0/UDP ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	hang_up(h, A);
}

TEST_F(large, by_a_datagram_where_nobody_takes_a_stream)
{
	struct harness *h = &self->h;
	struct flow flow = h->ua[B].flow;

	flow.listener = INSIDE(TRANSPORT_TCP);
	call_large(h, self->subject);
	expect_by(h, "INVITE ", "SIP/2.0/TCP ");
	call_engine_unreachable(h->engine, h->now, &flow);
	run(h);
	expect_by(h, "INVITE ", "SIP/2.0/UDP ");
	EXPECT_EQ(counter(h, AFTER_ALL), 1);
	answer_and_hang_up(h);
	call_large(h, self->subject);
	expect_by(h, "INVITE ", "SIP/2.0/UDP ");
	EXPECT_EQ(counter(h, STREAM), 1);
	answer_and_hang_up(h);
}

TEST_F(large, by_a_datagram_where_the_trunk_wants_that)
{
	struct harness *h = &self->h;

	h->policy->trunks[1].large_datagrams = true;
	call_large(h, self->subject);
	expect_by(h, "INVITE ", "SIP/2.0/UDP ");
	EXPECT_EQ(counter(h, STREAM), 0);
	answer_and_hang_up(h);
}

TEST_HARNESS_MAIN
