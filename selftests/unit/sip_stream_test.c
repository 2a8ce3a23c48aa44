// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams below the call: requests that are too large for a datagram (RFC 3261 §18.1.1),
 * the connection that a dialog goes by, what may be sent by whose connection (RFC 5923),
 * and what an ended connection means for whoever waits on it.
 */
#include "sip_harness.h"

static char padding[1400];

static struct sip_client *request_large(struct world *w, struct sip_dialog *d)
{
	struct __test_metadata *_metadata = w->_metadata;
	struct sip_content content = { 0 };
	struct sip_client *client = NULL;

	memset(padding, 'x', sizeof(padding) - 3);
	memcpy(padding, "X-Large: ", 9);
	strcpy(padding + sizeof(padding) - 3, "\r\n");
	content.headers = slice_str(padding);
	EXPECT_EQ(sip_request(w->engine, w->now, d, SIP_INVITE, &content, w, &client), 0);
	return client;
}

static void unreachable(struct world *w, const struct flow *flow)
{
	struct sip_event event;

	do {
		sip_engine_unreachable(w->engine, w->now, flow, &event);
		if (event.type != SIP_EVENT_NONE) {
			w->event = event;
			w->events++;
		}
	} while (event.type != SIP_EVENT_NONE);
}

static void refuse(struct world *w)
{
	feed_from(w, &w->last_flow, response_to(&w->sent, "486 Busy Here", "b", ""));
	expect_sent(w, "ACK ");
}

TEST(a_large_request_goes_by_a_stream_to_the_same_address)
{
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = new_uac(&w);
	request_large(&w, d);
	expect_sent(&w, "INVITE sip:bob@" PEER ":5060 SIP/2.0\r\nVia: SIP/2.0/TCP " OURS ":5060;");
	EXPECT_TRUE(sent_has(&w, ";rport;alias\r\n"));
	EXPECT_EQ(w.last_flow.listener, 2);
	EXPECT_EQ(w.last_flow.connection, 0);
	EXPECT_TRUE(addr_eq(&w.last_flow.peer, &w.peer.peer));
	EXPECT_EQ(counter(&w, "sip-large-by-stream"), 1);
	advance(&w, 10 * SEC);		/* it is not sent again there */
	refuse(&w);
	EXPECT_EQ(w.last_flow.listener, 2);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(and_by_datagrams_when_nobody_takes_it_there)
{
	struct flow stream = { .listener = 2 };
	struct sip_client *c;
	struct sip_dialog *d;
	char branch[64];
	struct world w;
	size_t n;

	start(&w, _metadata);
	stream.peer = w.peer.peer;
	d = new_uac(&w);
	c = request_large(&w, d);
	copy(branch, sizeof(branch), expect_sent(&w, "INVITE ")->via.branch);
	n = strlen(w.last);
	unreachable(&w, &stream);
	EXPECT_EQ(w.events, 0);		/* who asked hears nothing of it */
	expect_sent(&w, "INVITE sip:bob@" PEER ":5060 SIP/2.0\r\nVia: SIP/2.0/UDP " OURS ":5060;");
	EXPECT_EQ(w.last_flow.listener, 0);
	EXPECT_TRUE(sent_has(&w, ";rport\r\n"));
	EXPECT_EQ(strlen(w.last), n - strlen(";alias"));
	EXPECT_TRUE(slice_eq(w.sent.via.branch, slice_str(branch)));
	EXPECT_TRUE(sent_has(&w, "X-Large: xxx"));
	advance(&w, 500 * MSEC);
	expect_sent(&w, "INVITE ");	/* as datagrams are */
	feed(&w, response_to(&w.sent, "486 Busy Here", "b", ""));
	EXPECT_EQ(w.event.client, c);
	expect_sent(&w, "ACK ");
	EXPECT_EQ(counter(&w, "sip-large-by-datagram-after-all"), 1);
	sip_dialog_free(w.engine, d);

	/* The next one does not try again, for a while. */
	d = new_uac(&w);
	request_large(&w, d);
	expect_sent(&w, "INVITE ");
	EXPECT_EQ(w.last_flow.listener, 0);
	refuse(&w);
	sip_dialog_free(w.engine, d);
	advance(&w, 600 * SEC);
	d = new_uac(&w);
	request_large(&w, d);
	expect_sent(&w, "INVITE ");
	EXPECT_EQ(w.last_flow.listener, 2);
	refuse(&w);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(who_wants_datagrams_gets_them)
{
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	d = new_uac(&w);
	d->datagrams = true;
	request_large(&w, d);
	expect_sent(&w, "INVITE ");
	EXPECT_EQ(w.last_flow.listener, 0);
	refuse(&w);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

#define BY_TCP "INVITE sip:bob@example.com SIP/2.0\r\n" VIA("1") FROM_PEER TO_US \
	"Call-ID: c\r\nCSeq: 1 INVITE\r\nContact: <sip:alice@" PEER ";transport=tcp>\r\n\r\n"

/* Of a connection that a peer made, and that is gone: to the port that it listens at. */
TEST(a_dialog_goes_by_its_connection_and_then_to_the_contact)
{
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	feed_from(&w, &w.stream, BY_TCP);
	ASSERT_EQ(w.event.type, SIP_EVENT_REQUEST);
	ASSERT_EQ(sip_dialog_new_uas(w.engine, w.event.server, &w, &d), 0);
	EXPECT_EQ(d->flow.connection, 7);
	EXPECT_EQ(d->flow.peer.port, 5060);
	respond(&w, w.event.server, d, 486);
	sip_server_put(w.engine, w.now, w.event.server);
	expect_sent(&w, "SIP/2.0 486");
	EXPECT_EQ(w.last_flow.connection, 7);
	EXPECT_EQ(w.last_flow.peer.port, 5060);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(a_dialog_learns_the_connection_that_answers_come_by)
{
	struct flow out = { .listener = 2 }, in;
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	out.peer = w.peer.peer;
	in = out;
	in.connection = 9;
	d = new_uac_by(&w, &out);
	request(&w, d, SIP_INVITE);
	expect_sent(&w, "INVITE ");
	EXPECT_EQ(w.last_flow.connection, 0);
	feed_from(&w, &in, response_to(&w.sent, "180 Ringing", "b", ""));
	EXPECT_EQ(d->flow.connection, 9);
	feed_from(&w, &in, response_to(&w.sent, "486 Busy Here", "b", ""));
	expect_sent(&w, "ACK ");
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST(an_ended_connection_fails_who_waits_on_it_and_nobody_else)
{
	struct flow to[3] = { { .listener = 2, .connection = 8 }, { .listener = 2, .connection = 9 },
			      { .listener = 2 } };
	struct sip_client *c[3];
	struct sip_dialog *d[3];
	struct world w;
	size_t i;

	start(&w, _metadata);
	for (i = 0; i < 3; i++) {
		to[i].peer = w.peer.peer;
		if (i == 1)
			to[i].peer.port = 5062;
		d[i] = new_uac_by(&w, &to[i]);
		c[i] = request(&w, d[i], SIP_OPTIONS);
		expect_sent(&w, "OPTIONS ");
	}
	unreachable(&w, &to[1]);
	EXPECT_EQ(w.events, 1);
	EXPECT_EQ(w.event.client, c[1]);
	EXPECT_EQ(w.event.type, SIP_EVENT_FAILED);
	/* Who named no connection had the one to that peer. */
	unreachable(&w, &to[0]);
	EXPECT_EQ(w.events, 3);
	for (i = 0; i < 3; i++)
		sip_dialog_free(w.engine, d[i]);
	stop(&w);
}

static bool take_alias(struct world *w, struct flow *flow)
{
	struct effect *effect = effects_pop(&w->effects);
	bool is = effect && effect->kind == EFFECT_ALIAS;

	if (is)
		*flow = effect->flow;
	effect_free(effect);
	return is;
}

TEST(a_peer_may_take_requests_by_its_own_connection)
{
	struct flow alias = { 0 };
	struct world w;

	start(&w, _metadata);
	feed_from(&w, &w.stream, "OPTIONS sip:bob@example.com SIP/2.0\r\n"
		  "Via: SIP/2.0/TCP " PEER ":5066;branch=z9hG4bK1;alias\r\n" FROM_PEER TO_US
		  "Call-ID: c\r\nCSeq: 1 OPTIONS\r\n\r\n");
	ASSERT_TRUE(take_alias(&w, &alias));
	EXPECT_EQ(alias.connection, 7);
	EXPECT_EQ(alias.peer.port, 5066);
	respond(&w, w.event.server, NULL, 200);
	sip_server_put(w.engine, w.now, w.event.server);
	expect_sent(&w, "SIP/2.0 200");
	/* a datagram has nothing to offer */
	feed(&w, "OPTIONS sip:bob@example.com SIP/2.0\r\n"
	     "Via: SIP/2.0/UDP " PEER ":5060;branch=z9hG4bK2;alias\r\n" FROM_PEER TO_US
	     "Call-ID: c\r\nCSeq: 2 OPTIONS\r\n\r\n");
	respond(&w, w.event.server, NULL, 200);
	sip_server_put(w.engine, w.now, w.event.server);
	expect_sent(&w, "SIP/2.0 200");
	stop(&w);
}

TEST(a_dialog_by_sips_has_a_contact_by_sips)
{
	struct sip_dialog *d;
	struct world w;

	start(&w, _metadata);
	feed_from(&w, &w.stream, "INVITE sips:bob@example.com SIP/2.0\r\n"
		  "Via: SIP/2.0/TCP " PEER ":5061;branch=z9hG4bK1\r\n" FROM_PEER TO_US CONTACT
		  "Call-ID: c\r\nCSeq: 1 INVITE\r\n\r\n");
	ASSERT_EQ(w.event.type, SIP_EVENT_REQUEST);
	ASSERT_EQ(sip_dialog_new_uas(w.engine, w.event.server, &w, &d), 0);
	EXPECT_EQ(strncmp(d->local_contact, "<sips:bob@", 10), 0);
	respond(&w, w.event.server, d, 486);
	sip_server_put(w.engine, w.now, w.event.server);
	expect_sent(&w, "SIP/2.0 486");
	sip_dialog_free(w.engine, d);
	stop(&w);
}

/* RFC 7118 §5.2.1: Via has WS and WSS, a URI has ws alone, and sips: says the rest. */
TEST(what_leads_back_to_a_websocket_says_ws)
{
	static const struct {
		const char *uri, *contact;
	} dialogs[] = {
		{ "sip:bob@example.com", "<sip:bob@" OURS ":443;transport=ws>" },
		{ "sips:bob@example.com", "<sips:bob@" OURS ":443;transport=ws>" },
	};
	struct sip_client *bye;
	struct sip_dialog *d;
	struct world w;
	char text[512];
	size_t i;

	start(&w, _metadata);
	for (i = 0; i < sizeof(dialogs) / sizeof(*dialogs); i++) {
		snprintf(text, sizeof(text), "INVITE %s SIP/2.0\r\n"
			 "Via: SIP/2.0/WSS host.invalid;branch=z9hG4bK%zu\r\n" FROM_PEER TO_US
			 "Call-ID: %zu\r\nCSeq: 1 INVITE\r\n"
			 "Contact: <sips:page@host.invalid;transport=ws>\r\n\r\n",
			 dialogs[i].uri, i, i);
		feed_from(&w, &w.socket, text);
		ASSERT_EQ(w.event.type, SIP_EVENT_REQUEST);
		ASSERT_EQ(sip_dialog_new_uas(w.engine, w.event.server, &w, &d), 0);
		EXPECT_STREQ(d->local_contact, dialogs[i].contact);
		respond(&w, w.event.server, d, 200);
		sip_server_put(w.engine, w.now, w.event.server);
		expect_sent(&w, "SIP/2.0 200");
		EXPECT_EQ(sip_request(w.engine, w.now, d, SIP_BYE, NULL, &w, &bye), 0);
		expect_sent(&w, "BYE sips:page@host.invalid;transport=ws");
		EXPECT_TRUE(sent_has(&w, "Via: SIP/2.0/WSS "));
		sip_dialog_free(w.engine, d);
	}
	w.now += 64 * SEC;
	stop(&w);
}

TEST_HARNESS_MAIN
