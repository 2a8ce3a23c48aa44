// SPDX-License-Identifier: GPL-2.0-only
/*
 * The timers of RFC 3261 table 4, one by one, by UDP and by a connection. T1 is
 * 100 ms, T2 1 s and T4 2 s, so that no test passes by a constant.
 */
#include "sip_harness.h"

#define T1 (100 * MSEC)
#define T2 SEC
#define T4 (2 * SEC)

static void begin(struct world *w, struct __test_metadata *_metadata)
{
	start_with(w, _metadata, &(struct sip_engine_conf){ .t1 = T1, .t2 = T2, .t4 = T4 });
}

/* The messages of the next 64*T1 and more, each at its time after now. */
static void expect_at(struct world *w, const char *what, const u32 *ms, size_t n)
{
	struct __test_metadata *_metadata = w->_metadata;
	u64 from = w->now;
	size_t i;

	for (i = 0; i < n; i++) {
		advance(w, from + ms[i] * MSEC - w->now - 1);
		EXPECT_TRUE(silent(w)) {
			TH_LOG("%s too early, before %u ms", what, ms[i]);
		}
		advance(w, 1);
		expect_sent(w, what);
	}
	advance(w, from + 63 * T1 - w->now);
	EXPECT_TRUE(silent(w));
}

#define EXPECT_AT(w, what, ...) \
	expect_at(w, what, (const u32 []){ __VA_ARGS__ }, \
		  sizeof((const u32 []){ __VA_ARGS__ }) / sizeof(u32))

static struct sip_dialog *ask(struct world *w, const struct flow *flow, enum sip_method method,
			      const char *line)
{
	struct sip_dialog *d = new_uac_by(w, flow);

	request(w, d, method);
	expect_sent(w, line);
	return d;
}

/* A request arrives and is answered. */
static struct sip_dialog *answer(struct world *w, const struct flow *flow, const char *text,
				 u16 status)
{
	struct __test_metadata *_metadata = w->_metadata;
	struct sip_dialog *d = NULL;

	feed_from(w, flow, text);
	ASSERT_EQ(w->event.type, SIP_EVENT_REQUEST);
	if (status == 200 && w->event.msg->method == SIP_INVITE)
		ASSERT_EQ(sip_dialog_new_uas(w->engine, w->event.server, w, &d), 0);
	ASSERT_EQ(respond(w, w->event.server, d, status), 0);
	sip_server_put(w->engine, w->now, w->event.server);
	expect_sent(w, "SIP/2.0 ");
	return d;
}

TEST(a_and_b_an_invite_by_udp)
{
	struct sip_dialog *d;
	struct world w;

	begin(&w, _metadata);
	d = ask(&w, &w.peer, SIP_INVITE, "INVITE");
	EXPECT_AT(&w, "INVITE", 100, 300, 700, 1500, 3100, 6300);
	EXPECT_EQ(w.events, 0);
	advance(&w, T1);
	EXPECT_EQ(w.event.type, SIP_EVENT_TIMEOUT);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(b_alone_an_invite_by_a_connection)
{
	struct sip_dialog *d;
	struct world w;

	begin(&w, _metadata);
	d = ask(&w, &w.stream, SIP_INVITE, "INVITE");
	advance(&w, 64 * T1 - 1);
	EXPECT_TRUE(silent(&w));
	EXPECT_EQ(w.events, 0);
	advance(&w, 1);
	EXPECT_EQ(w.event.type, SIP_EVENT_TIMEOUT);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(d_a_failure_by_udp_may_come_again)
{
	struct sip_dialog *d;
	struct world w;

	begin(&w, _metadata);
	d = ask(&w, &w.peer, SIP_INVITE, "INVITE");
	feed(&w, response_to(&w.sent, "486 Busy Here", "b", ""));
	expect_sent(&w, "ACK");
	advance(&w, 32 * SEC - 1);
	EXPECT_EQ(counter(&w, "sip-client-transactions"), 1);
	advance(&w, 1);
	EXPECT_EQ(counter(&w, "sip-client-transactions"), 0);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(d_a_failure_by_a_connection_is_the_end)
{
	struct sip_dialog *d;
	struct world w;

	begin(&w, _metadata);
	d = ask(&w, &w.stream, SIP_INVITE, "INVITE");
	feed_from(&w, &w.stream, response_to(&w.sent, "486 Busy Here", "b", ""));
	EXPECT_EQ(w.event.type, SIP_EVENT_RESPONSE);
	expect_sent(&w, "ACK");
	EXPECT_EQ(w.last_flow.connection, 7);
	advance(&w, 0);
	EXPECT_EQ(counter(&w, "sip-client-transactions"), 0);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(e_and_f_another_request_by_udp)
{
	struct sip_dialog *d;
	struct world w;

	begin(&w, _metadata);
	d = ask(&w, &w.peer, SIP_OPTIONS, "OPTIONS");
	EXPECT_AT(&w, "OPTIONS", 100, 300, 700, 1500, 2500, 3500, 4500, 5500);
	EXPECT_EQ(w.events, 0);
	advance(&w, T1);
	EXPECT_EQ(w.event.type, SIP_EVENT_TIMEOUT);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(f_alone_another_request_by_a_connection)
{
	struct sip_dialog *d;
	struct world w;

	begin(&w, _metadata);
	d = ask(&w, &w.stream, SIP_OPTIONS, "OPTIONS");
	feed_from(&w, &w.stream, response_to(&w.sent, "183 Progress", "b", ""));
	EXPECT_EQ(w.events, 1);
	advance(&w, 64 * T1 - 1);
	EXPECT_TRUE(silent(&w));
	EXPECT_EQ(w.events, 1);
	advance(&w, 1);
	EXPECT_EQ(w.event.type, SIP_EVENT_TIMEOUT);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(k_after_the_response_to_another_request)
{
	const struct flow *flows[2];
	struct sip_dialog *d;
	struct world w;
	size_t i;

	begin(&w, _metadata);
	flows[0] = &w.peer;
	flows[1] = &w.stream;
	for (i = 0; i < 2; i++) {
		d = ask(&w, flows[i], SIP_OPTIONS, "OPTIONS");
		feed_from(&w, flows[i], response_to(&w.sent, "200 OK", "b", ""));
		advance(&w, 0);
		EXPECT_EQ(counter(&w, "sip-client-transactions"), !i);
		advance(&w, T4 - 1);
		EXPECT_EQ(counter(&w, "sip-client-transactions"), !i);
		advance(&w, 1);
		EXPECT_EQ(counter(&w, "sip-client-transactions"), 0);
		sip_dialog_free(w.engine, d);
	}
	stop(&w);
}

TEST(g_and_h_a_failure_by_udp)
{
	struct world w;

	begin(&w, _metadata);
	answer(&w, &w.peer, REQUEST("INVITE", "g", "1", ""), 486);
	EXPECT_AT(&w, "SIP/2.0 486", 100, 300, 700, 1500, 2500, 3500, 4500, 5500);
	advance(&w, T1 - 1);
	EXPECT_EQ(counter(&w, "sip-server-transactions"), 1);
	advance(&w, 1);
	EXPECT_EQ(counter(&w, "sip-server-transactions"), 0);
	discard(&w);
	stop(&w);
}

TEST(h_alone_a_failure_by_a_connection)
{
	struct world w;

	begin(&w, _metadata);
	answer(&w, &w.stream, REQUEST("INVITE", "h", "1", ""), 486);
	EXPECT_EQ(w.last_flow.connection, 7);
	/* where one would be made to, were it gone: to the port in Via */
	EXPECT_EQ(w.last_flow.peer.port, 5060);
	advance(&w, 64 * T1 - 1);
	EXPECT_TRUE(silent(&w));
	EXPECT_EQ(counter(&w, "sip-server-transactions"), 1);
	advance(&w, 1);
	EXPECT_EQ(counter(&w, "sip-server-transactions"), 0);
	stop(&w);
}

TEST(i_after_the_ack_of_a_failure)
{
	const struct flow *flows[2];
	struct world w;
	size_t i;

	begin(&w, _metadata);
	flows[0] = &w.peer;
	flows[1] = &w.stream;
	for (i = 0; i < 2; i++) {
		answer(&w, flows[i], REQUEST("INVITE", "i", "1", ""), 486);
		feed_from(&w, flows[i], REQUEST("ACK", "i", "1", ""));
		advance(&w, 0);
		EXPECT_EQ(counter(&w, "sip-server-transactions"), !i);
		advance(&w, T4 - 1);
		EXPECT_EQ(counter(&w, "sip-server-transactions"), !i);
		advance(&w, 1);
		EXPECT_EQ(counter(&w, "sip-server-transactions"), 0);
	}
	stop(&w);
}

TEST(j_after_the_answer_to_another_request)
{
	const struct flow *flows[2];
	struct world w;
	size_t i;

	begin(&w, _metadata);
	flows[0] = &w.peer;
	flows[1] = &w.stream;
	for (i = 0; i < 2; i++) {
		answer(&w, flows[i], REQUEST("OPTIONS", "j", "1", ""), 200);
		advance(&w, 0);
		EXPECT_EQ(counter(&w, "sip-server-transactions"), !i);
		advance(&w, 64 * T1 - 1);
		EXPECT_EQ(counter(&w, "sip-server-transactions"), !i);
		advance(&w, 1);
		EXPECT_EQ(counter(&w, "sip-server-transactions"), 0);
	}
	stop(&w);
}

TEST(a_2xx_is_sent_again_by_a_connection_too)
{
	struct sip_dialog *d;
	struct world w;

	begin(&w, _metadata);
	d = answer(&w, &w.stream, REQUEST("INVITE", "2", "1", ""), 200);
	EXPECT_TRUE(sent_has(&w, "Contact: <sip:bob@" OURS ":5060;transport=tcp>"));
	EXPECT_AT(&w, "SIP/2.0 200", 100, 300, 700, 1500, 2500, 3500, 4500, 5500);
	advance(&w, T1);
	EXPECT_EQ(w.event.type, SIP_EVENT_NO_ACK);
	discard(&w);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(m_further_answers_are_heard_for_64_t1)
{
	const struct flow *flows[2];
	struct sip_dialog *d;
	struct world w;
	size_t i;

	begin(&w, _metadata);
	flows[0] = &w.peer;
	flows[1] = &w.stream;
	for (i = 0; i < 2; i++) {
		d = ask(&w, flows[i], SIP_INVITE, "INVITE");
		feed_from(&w, flows[i], response_to(&w.sent, "200 OK", "b", CONTACT));
		advance(&w, 64 * T1 - 1);
		EXPECT_EQ(counter(&w, "sip-client-transactions"), 1);
		advance(&w, 1);
		EXPECT_EQ(counter(&w, "sip-client-transactions"), 0);
		sip_dialog_free(w.engine, d);
	}
	stop(&w);
}

TEST(via_names_the_transport)
{
	struct sip_dialog *d;
	struct world w;

	begin(&w, _metadata);
	d = ask(&w, &w.stream, SIP_INVITE, "INVITE");
	EXPECT_TRUE(sent_has(&w, "Via: SIP/2.0/TCP " OURS ":5060;branch=z9hG4bK"));
	EXPECT_TRUE(sent_has(&w, "Contact: <sip:us@" OURS ":5060;transport=tcp>"));
	EXPECT_EQ(w.last_flow.connection, 7);
	advance(&w, 70 * T1);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(the_end_of_a_connection_fails_what_it_carried)
{
	struct flow other = { .listener = 2, .connection = 8 };
	struct sip_dialog *d;
	struct sip_event ev;
	struct world w;

	begin(&w, _metadata);
	other.peer = w.stream.peer;
	d = ask(&w, &w.stream, SIP_OPTIONS, "OPTIONS");
	sip_engine_unreachable(w.engine, w.now, &other, &ev);
	EXPECT_EQ(ev.type, SIP_EVENT_NONE);
	sip_engine_unreachable(w.engine, w.now, &w.stream, &ev);
	EXPECT_EQ(ev.type, SIP_EVENT_FAILED);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST_HARNESS_MAIN
