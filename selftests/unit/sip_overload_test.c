// SPDX-License-Identifier: GPL-2.0-only
/*
 * Overload: the measurements are injected, and what is new is refused while what
 * exists is served.
 */
#include "sip_harness.h"

static const struct sip_engine_conf limited = {
	.overload = { .lag = 400 * MSEC, .queue = 100, .memory = 1 << 20 },
	.retry_after = 7,
};

static bool load(struct world *w, u64 lag_ms, u64 queue, u64 memory)
{
	struct sip_load now = { .lag = lag_ms * MSEC, .queue = queue, .memory = memory };

	return sip_engine_load(w->engine, &now);
}

static struct sip_dialog *call_up(struct world *w)
{
	struct __test_metadata *_metadata = w->_metadata;
	struct sip_dialog *d;

	feed(w, REQUEST("INVITE", "up", "1", ""));
	ASSERT_EQ(sip_dialog_new_uas(w->engine, w->event.server, NULL, &d), 0);
	respond(w, w->event.server, d, 200);
	sip_server_put(w->engine, w->now, w->event.server);
	expect_sent(w, "SIP/2.0 200");
	feed(w, tagged("ACK", "ack", 1, d->local_tag, ""));
	ASSERT_EQ(w->event.type, SIP_EVENT_ACK);
	return d;
}

/* Is a new INVITE refused? It leaves nothing behind then. */
static bool refused(struct world *w, const char *text)
{
	struct __test_metadata *_metadata = w->_metadata;
	u64 servers = counter(w, "sip-server-transactions");
	unsigned int events = w->events;

	feed(w, text);
	if (w->events == events) {
		expect_sent(w, "SIP/2.0 503");
		EXPECT_TRUE(sent_has(w, "Retry-After: 7\r\n"));
		EXPECT_EQ(counter(w, "sip-server-transactions"), servers);
		return true;
	}
	respond(w, w->event.server, NULL, 404);
	sip_server_put(w->engine, w->now, w->event.server);
	expect_sent(w, "SIP/2.0 404");
	return false;
}

TEST(a_late_loop_takes_nothing_new_and_serves_its_calls)
{
	struct sip_dialog *d;
	struct world w;

	start_with(&w, _metadata, &limited);
	d = call_up(&w);
	EXPECT_TRUE(load(&w, 400, 0, 0));
	EXPECT_TRUE(refused(&w, REQUEST("OPTIONS", "1", "2", "")));
	EXPECT_TRUE(refused(&w, REQUEST("INVITE", "2", "3", "")));
	/* The ACK to it is nothing, and the same again is the same. */
	feed(&w, REQUEST("ACK", "2", "3", ""));
	EXPECT_TRUE(silent(&w));
	EXPECT_TRUE(refused(&w, REQUEST("INVITE", "2", "3", "")));
	EXPECT_EQ(counter(&w, "sip-overload-503"), 3);
	EXPECT_EQ(counter(&w, "sip-overload-lag"), 3);
	feed(&w, tagged("INFO", "3", 2, d->local_tag, ""));
	ASSERT_EQ(w.event.type, SIP_EVENT_REQUEST);
	respond(&w, w.event.server, d, 200);
	sip_server_put(w.engine, w.now, w.event.server);
	expect_sent(&w, "SIP/2.0 200");
	/* Our own requests go out. */
	request(&w, d, SIP_BYE);
	expect_sent(&w, "BYE");
	feed(&w, response_to(&w.sent, "200 OK", NULL, ""));
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(it_ends_below_three_quarters_and_does_not_flutter)
{
	struct world w;

	start_with(&w, _metadata, &limited);
	EXPECT_FALSE(load(&w, 399, 99, (1 << 20) - 1));
	EXPECT_FALSE(refused(&w, REQUEST("OPTIONS", "1", "1", "")));
	EXPECT_TRUE(load(&w, 0, 100, 0));
	EXPECT_TRUE(refused(&w, REQUEST("OPTIONS", "2", "2", "")));
	EXPECT_FALSE(load(&w, 0, 75, 0));
	EXPECT_TRUE(refused(&w, REQUEST("OPTIONS", "3", "3", "")));
	EXPECT_EQ(counter(&w, "sip-overload-queue"), 2);
	/* Another reason takes over. */
	EXPECT_FALSE(load(&w, 0, 0, 1 << 20));
	EXPECT_TRUE(refused(&w, REQUEST("OPTIONS", "4", "4", "")));
	EXPECT_EQ(counter(&w, "sip-overload-memory"), 1);
	EXPECT_TRUE(load(&w, 299, 74, 3 << 18) == false);
	EXPECT_TRUE(load(&w, 299, 74, (3 << 18) - 1));
	EXPECT_FALSE(refused(&w, REQUEST("OPTIONS", "5", "5", "")));
	EXPECT_EQ(counter(&w, "sip-overload-503"), 3);
	stop(&w);
}

TEST(without_limits_nothing_is_too_much)
{
	struct world w;

	start(&w, _metadata);
	EXPECT_FALSE(load(&w, 1000000, 1000000, UINT64_MAX));
	EXPECT_FALSE(refused(&w, REQUEST("OPTIONS", "1", "1", "")));
	stop(&w);
}

static bool is_emergency(const void *arg, const struct flow *flow, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_PRIORITY);

	(void)flow;
	return hdr && slice_eq(hdr->value, slice_str(arg));
}

static void ask(struct world *w, u32 cseq, const char *extra)
{
	char text[1024];

	snprintf(text, sizeof(text), REQUEST("OPTIONS", "%u", "%u", "%s"), cseq, cseq, extra);
	feed(w, text);
}

/* Eight at a time, and of what must be taken nine; then there is no memory for it either. */
TEST(what_is_urgent_is_taken_and_has_an_eighth_more_room)
{
	static const struct sip_engine_conf conf = {
		.overload = { .lag = 400 * MSEC }, .max_servers = 8,
		.urgent = is_emergency, .urgent_arg = "emergency",
	};
	static const char urgent[] = "Priority: emergency\r\n";
	struct sip_server *held[9];
	struct world w;
	u32 i;

	start_with(&w, _metadata, &conf);
	ASSERT_TRUE(load(&w, 400, 0, 0));
	ask(&w, 1, "Priority: normal\r\n");
	expect_sent(&w, "SIP/2.0 503");
	for (i = 0; i < 9; i++) {
		ask(&w, 10 + i, urgent);
		ASSERT_EQ(w.events, i + 1);
		held[i] = w.event.server;
	}
	EXPECT_EQ(counter(&w, "sip-overload-503"), 1);
	ask(&w, 20, urgent);
	expect_sent(&w, "SIP/2.0 503");
	EXPECT_EQ(w.events, 9);
	EXPECT_EQ(counter(&w, "sip-overload-transactions"), 1);
	for (i = 0; i < 9; i++) {
		respond(&w, held[i], NULL, 200);
		sip_server_put(w.engine, w.now, held[i]);
		expect_sent(&w, "SIP/2.0 200");
	}
	stop(&w);
}

TEST_HARNESS_MAIN
