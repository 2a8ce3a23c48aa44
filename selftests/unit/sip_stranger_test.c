// SPDX-License-Identifier: GPL-2.0-only
/*
 * Strangers: they may ask only so often, get nothing longer than what they sent, and do not
 * learn what we are; what they have agreed on with us is served as anybody's.
 */
#include "sip_harness.h"

static bool known;

static bool knows(void *arg, const struct flow *flow)
{
	(void)arg;
	(void)flow;
	return known;
}

static const struct sip_engine_conf limited = {
	.software = "jalur", .retry_after = 7, .strangers = { .rate = 1, .burst = 3 },
	.knows = knows,
};

/* What requests have anyway makes room for the answer. */
#define USUAL "Max-Forwards: 70\r\nUser-Agent: a telephone\r\nContent-Length: 0\r\n"

static void start_stranger(struct world *w, struct __test_metadata *_metadata)
{
	start_with(w, _metadata, &limited);
	known = false;
}

/* What comes to the caller of the engine is refused as it refuses strangers. */
static bool dismiss(struct world *w, const char *headers)
{
	return sip_dismiss(w->engine, w->now, w->event.server, true, 403, slice_str(headers));
}

TEST(what_is_dismissed_leaves_nothing_and_is_answered_alike)
{
	static const char *const invite = REQUEST("INVITE", "1", "1", USUAL);
	char first[2048];
	struct world w;

	start_stranger(&w, _metadata);
	feed(&w, invite);
	ASSERT_EQ(w.event.type, SIP_EVENT_REQUEST);
	EXPECT_TRUE(dismiss(&w, ""));
	expect_sent(&w, "SIP/2.0 403");
	EXPECT_LE(strlen(w.last), strlen(invite));
	EXPECT_FALSE(sent_has(&w, "jalur"));
	EXPECT_FALSE(sent_has(&w, "Server"));
	snprintf(first, sizeof(first), "%s", w.last);
	EXPECT_EQ(counter(&w, "sip-server-transactions"), 0);
	/* Nothing is sent again by itself. */
	advance(&w, 64 * SEC);
	EXPECT_TRUE(silent(&w));
	feed(&w, REQUEST("ACK", "1", "1", ""));
	EXPECT_TRUE(silent(&w));
	feed(&w, invite);
	EXPECT_TRUE(dismiss(&w, ""));
	expect_sent(&w, "SIP/2.0 403");
	EXPECT_STREQ(w.last, first);
	stop(&w);
}

/* A source that is forged gets no more bytes than were sent in its name. */
TEST(an_answer_that_would_be_longer_is_none)
{
	struct world w;

	start_stranger(&w, _metadata);
	feed(&w, "OPTIONS sip:x SIP/2.0\r\nv:SIP/2.0/UDP " PEER ";branch=z9hG4bK1\r\n"
	     "f:<sip:a@b>;tag=1\r\nt:<sip:c@d>\r\ni:1\r\nCSeq:1 OPTIONS\r\n\r\n");
	ASSERT_EQ(w.event.type, SIP_EVENT_REQUEST);
	EXPECT_FALSE(dismiss(&w, ""));
	EXPECT_TRUE(silent(&w));
	EXPECT_EQ(counter(&w, "sip-strangers-unanswered"), 1);
	EXPECT_EQ(counter(&w, "sip-server-transactions"), 0);
	/* The same below the call: a dialog that is not, bytes that are wrong. */
	feed(&w, "BYE sip:x SIP/2.0\r\nv:SIP/2.0/UDP " PEER ";branch=z9hG4bK2\r\n"
	     "f:<sip:a@b>;tag=1\r\nt:<sip:c@d>;tag=2\r\ni:1\r\nCSeq:1 BYE\r\n\r\n");
	EXPECT_TRUE(silent(&w));
	feed(&w, "BYE sip:x SIP/2.0\r\nv:SIP/2.0/UDP " PEER ";branch=z9hG4bK3\r\n\r\n");
	EXPECT_TRUE(silent(&w));
	EXPECT_EQ(counter(&w, "sip-strangers-unanswered"), 3);
	stop(&w);
}

TEST(who_asks_too_often_is_told_once)
{
	struct world w;
	int i;

	start_stranger(&w, _metadata);
	for (i = 0; i < 3; i++) {
		feed(&w, REQUEST("OPTIONS", "1", "1", USUAL));
		EXPECT_TRUE(dismiss(&w, ""));
		expect_sent(&w, "SIP/2.0 403");
	}
	w.event.type = SIP_EVENT_NONE;
	feed(&w, REQUEST("OPTIONS", "1", "1", USUAL));
	EXPECT_EQ(w.event.type, SIP_EVENT_NONE);
	expect_sent(&w, "SIP/2.0 503");
	EXPECT_TRUE(sent_has(&w, "Retry-After: 7\r\n"));
	EXPECT_FALSE(sent_has(&w, "jalur"));
	feed(&w, REQUEST("OPTIONS", "1", "1", USUAL));
	feed(&w, tagged("BYE", "2", 1, "unknown", ""));
	feed(&w, REQUEST("CANCEL", "3", "1", ""));
	feed(&w, REQUEST("PRACK", "4", "1", "RAck: 1 1 INVITE\r\n"));
	feed(&w, REQUEST("OPTIONS", "5", "1", "Max-Forwards: x\r\n"));
	EXPECT_EQ(w.event.type, SIP_EVENT_NONE);
	EXPECT_TRUE(silent(&w));
	EXPECT_EQ(counter(&w, "sip-rate-503"), 1);
	EXPECT_EQ(counter(&w, "sip-rate-dropped"), 5);
	w.now += 1 * SEC;
	feed(&w, REQUEST("OPTIONS", "1", "1", USUAL));
	EXPECT_TRUE(dismiss(&w, ""));
	expect_sent(&w, "SIP/2.0 403");
	/* Who is known may. */
	known = true;
	for (i = 0; i < 10; i++) {
		feed(&w, REQUEST("OPTIONS", "1", "1", USUAL));
		EXPECT_TRUE(dismiss(&w, ""));
		expect_sent(&w, "SIP/2.0 403");
	}
	stop(&w);
}

TEST(what_was_agreed_on_is_served)
{
	struct sip_dialog *d;
	struct world w;
	int i;

	start_stranger(&w, _metadata);
	feed(&w, REQUEST("INVITE", "up", "1", ""));
	ASSERT_EQ(sip_dialog_new_uas(w.engine, w.event.server, NULL, &d), 0);
	respond(&w, w.event.server, d, 180);
	expect_sent(&w, "SIP/2.0 180");
	/* It comes again. */
	for (i = 0; i < 10; i++) {
		feed(&w, REQUEST("INVITE", "up", "1", ""));
		expect_sent(&w, "SIP/2.0 180");
	}
	for (i = 1; i < 10; i++) {
		char branch[16];

		snprintf(branch, sizeof(branch), "info%d", i);
		feed(&w, tagged("INFO", branch, i + 1, d->local_tag, ""));
		ASSERT_EQ(w.event.type, SIP_EVENT_REQUEST);
		respond(&w, w.event.server, d, 200);
		sip_server_put(w.engine, w.now, w.event.server);
		expect_sent(&w, "SIP/2.0 200");
	}
	feed(&w, tagged("INFO", "late", 2, d->local_tag, ""));
	expect_sent(&w, "SIP/2.0 500");
	/* Its 200 is longer than the CANCEL. */
	feed(&w, REQUEST("CANCEL", "up", "1", ""));
	expect_sent(&w, "SIP/2.0 200");
	ASSERT_EQ(w.event.type, SIP_EVENT_CANCEL);
	respond(&w, w.event.server, d, 487);
	sip_server_put(w.engine, w.now, w.event.server);
	expect_sent(&w, "SIP/2.0 487");
	feed(&w, REQUEST("ACK", "up", "1", ""));
	sip_dialog_free(w.engine, d);
	EXPECT_EQ(counter(&w, "sip-rate-dropped"), 0);
	stop(&w);
}

TEST_HARNESS_MAIN
