// SPDX-License-Identifier: GPL-2.0-only
/*
 * What does not become a call: unknown sources, numbers without a route, offers
 * that cannot be carried, extensions that do not exist, and bytes that are not
 * SIP. In each case a clear answer or none, and the state as before.
 */
#include "call_harness.h"

FIXTURE(refuse) {
	struct harness h;
};

OVER_EACH_PAIR(refuse);

FIXTURE_SETUP(refuse)
{
	harness_start_over(&self->h, _metadata, &variant->over);
}

FIXTURE_TEARDOWN(refuse)
{
	EXPECT_FALSE(pending(&self->h, B));
	EXPECT_EQ(self->h.applied, 0);
	harness_stop(&self->h);
}

static const struct sip_msg *refused(struct harness *h, enum who who, const char *status)
{
	const struct sip_msg *msg;

	if (pending(h, who) && strstr(h->ua[who].queue[h->ua[who].head % MAX_QUEUE].text,
				      "SIP/2.0 100"))
		expect(h, who, "SIP/2.0 100");
	msg = expect(h, who, status);
	send_same_branch(h, who, "ACK", h->branch, NULL);
	return msg;
}

TEST_F(refuse, unknown_source)
{
	struct harness *h = &self->h;
	struct call_event event;
	char peer[ADDR_STRLEN];

	send_invite(h, STRANGER, SDP_A);
	EXPECT_EQ(header(refused(h, STRANGER, "SIP/2.0 403"), "Server").n, 0);
	/* Whoever it really was gets it once, and we keep nothing. */
	EXPECT_EQ(counter(h, "sip-server-transactions"), 0);
	advance(h, 32 * NSEC_PER_SEC);
	EXPECT_FALSE(pending(h, STRANGER));
	ASSERT_TRUE(next_event(h, CALL_EVENT_REFUSED, &event));
	EXPECT_EQ(event.status, 403);
	EXPECT_EQ(event.call, 0);
	EXPECT_STREQ(event.from, addr_print(&h->ua[STRANGER].flow.peer, peer));
	EXPECT_EQ(counter(h, "refused-source"), 1);

	begin_dialog(h, STRANGER, "1");
	send_request(h, STRANGER, "OPTIONS", 1, NULL, NULL);
	expect(h, STRANGER, "SIP/2.0 403");
	begin_dialog(h, STRANGER, "1");
	send_request(h, STRANGER, "ACK", 1, NULL, NULL);
	EXPECT_FALSE(pending(h, STRANGER));
}

TEST_F(refuse, no_route)
{
	struct harness *h = &self->h;

	begin_dialog(h, A, "001555");
	send_request(h, A, "INVITE", 1, NULL, SDP_A);
	refused(h, A, "SIP/2.0 404");
	EXPECT_EQ(counter(h, "refused-route"), 1);
}

TEST_F(refuse, unreadable_offer)
{
	struct harness *h = &self->h;

	send_invite(h, A, "v=0\r\nthis is not SDP\r\n");
	EXPECT_TRUE(contains(header(refused(h, A, "SIP/2.0 488"), "Warning"), "jalur"));
	EXPECT_EQ(counter(h, "refused-media"), 1);
}

TEST_F(refuse, required_extension)
{
	struct harness *h = &self->h;

	begin_dialog(h, A, "4930");
	send_request(h, A, "INVITE", 1, "Require: 100rel, timer\r\nRequire: x\r\n", SDP_A);
	EXPECT_TRUE(slice_eq(header(refused(h, A, "SIP/2.0 420"), "Unsupported"),
			     SLICE("x")));
}

/* As many as a message can hold. */
TEST_F(refuse, many_required_extensions)
{
	char require[3000] = "Require: a";
	struct harness *h = &self->h;
	size_t n;

	for (n = strlen(require); n < sizeof(require) - 5; n += 2)
		strcpy(require + n, ",a");
	strcpy(require + n, "\r\n");
	begin_dialog(h, A, "4930");
	send_request(h, A, "INVITE", 1, require, NULL);
	EXPECT_GT(header(refused(h, A, "SIP/2.0 420"), "Unsupported").n, 2900);
}

TEST_F(refuse, other_methods)
{
	struct harness *h = &self->h;
	static const struct {
		const char *method, *status;
	} cases[] = {
		{ "OPTIONS", "SIP/2.0 200" },
		{ "REGISTER", "SIP/2.0 405" },
		{ "SUBSCRIBE", "SIP/2.0 405" },
		{ "PUBLISH", "SIP/2.0 405" },
		{ "XYZZY", "SIP/2.0 501" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		begin_dialog(h, A, "4930");
		send_request(h, A, cases[i].method, 1, NULL, NULL);
		EXPECT_TRUE(contains(header(expect(h, A, cases[i].status), "Allow"), "CANCEL"));
	}
}

TEST_F(refuse, request_for_a_dialog_that_is_not)
{
	struct harness *h = &self->h;

	begin_dialog(h, A, "4930");
	snprintf(h->ua[A].remote_tag, sizeof(h->ua[A].remote_tag), "nothere");
	send_request(h, A, "BYE", 2, NULL, NULL);
	expect(h, A, "SIP/2.0 481");
}

TEST_F(refuse, bytes_that_are_not_sip)
{
	static const char *const datagrams[] = {
		"", "\r\n\r\n", "INVITE", "INVITE sip:x SIP/2.0\r\n\r\n",
		"SIP/2.0 200 OK\r\n\r\n", "SIP/2.0 999999 X\r\nVia: a\r\n\r\n",
		"INVITE sip:1@x SIP/2.0\r\nVia: SIP/2.0/%s 192.0.2.10:5060;branch=z9hG4bKx\r\n"
		"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: 1\r\nCSeq: 1 BYE\r\n\r\n",
		"INVITE sip:1@x SIP/2.0\r\nVia: SIP/2.0/%s 192.0.2.10:5060;branch=z9hG4bKy\r\n"
		"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n"
		"Content-Length: 99999\r\n\r\nv=0\r\n",
		"OPTIONS \x80\xff SIP/2.0\r\nCSeq: \r\n\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
	};
	struct harness *h = &self->h;
	char bytes[512];
	size_t i;
	int n;

	for (i = 0; i < sizeof(datagrams) / sizeof(*datagrams); i++) {
		n = snprintf(bytes, sizeof(bytes), datagrams[i], transport_name(h->over.a));
		input(h, A, bytes, (size_t)n);
		EXPECT_EQ(call_engine_calls(h->engine), 0);
		while (pending(h, A))
			EXPECT_GE(expect(h, A, "SIP/2.0 4")->status, 400);
	}
	advance(h, 40 * NSEC_PER_SEC);
	discard(h, A);
}

TEST_HARNESS_MAIN
