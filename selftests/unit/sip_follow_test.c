// SPDX-License-Identifier: GPL-2.0-only
/*
 * By which transport the requests of a dialog go (RFC 3261 §12.2.1.1, RFC 3263 §4.1): by the
 * one that its route set or target names, as far as that is the peer that we talk to, there is a
 * way, and nothing that was secure gets plain.
 */
#include "sip_harness.h"

enum { UDP, TCP, TLS, WS, WSS, ELSEWHERE, ALONE, SIX, NLISTENERS };

static const struct {
	enum transport transport;
	u32 realm;
	const char *local;
} listeners_of[NLISTENERS] = {
	[UDP] = { TRANSPORT_UDP, 0, "192.0.2.1:5060" },
	[TCP] = { TRANSPORT_TCP, 0, "192.0.2.1:5066" },
	[TLS] = { TRANSPORT_TLS, 0, "192.0.2.1:5061" },
	[WS] = { TRANSPORT_WS, 0, "192.0.2.1:8080" },
	[WSS] = { TRANSPORT_WSS, 0, "192.0.2.1:8443" },
	[ELSEWHERE] = { TRANSPORT_UDP, 1, "192.0.2.3:5060" },
	[ALONE] = { TRANSPORT_TCP, 2, "192.0.2.4:5060" },
	[SIX] = { TRANSPORT_TCP, 1, "[2001:db8::1]:5060" },
};

static void start_listening(struct world *w, struct __test_metadata *_metadata)
{
	struct sip_listener listeners[NLISTENERS] = { 0 };
	size_t i;

	for (i = 0; i < NLISTENERS; i++) {
		ASSERT_TRUE(addr_parse(slice_str(listeners_of[i].local), &listeners[i].local));
		listeners[i].transport = listeners_of[i].transport;
		listeners[i].realm = listeners_of[i].realm;
	}
	start_with(w, _metadata, &(struct sip_engine_conf){
		.listeners = listeners, .nlisteners = NLISTENERS });
}

/* What comes from the peer by a listener: by connection 7 from any port, or a datagram. */
static struct flow by(struct world *w, u32 listener)
{
	struct flow flow = { .listener = listener, .peer = w->peer.peer };

	if (listeners_of[listener].transport == TRANSPORT_UDP)
		return flow;
	flow.peer.port = 49152;
	flow.connection = 7;
	return flow;
}

/* The dialog of an INVITE of the peer, which stays unanswered. */
static struct sip_dialog *called(struct world *w, u32 listener, const char *via,
				 const char *routes, const char *contact)
{
	struct __test_metadata *_metadata = w->_metadata;
	struct flow flow = by(w, listener);
	struct sip_dialog *d = NULL;
	static unsigned int n;
	char text[1024];

	snprintf(text, sizeof(text), "INVITE sip:bob@example.com SIP/2.0\r\n"
		 "Via: SIP/2.0/%s %s;branch=z9hG4bK%u;rport\r\n" FROM_PEER TO_US
		 "Call-ID: %u\r\nCSeq: 1 INVITE\r\nContact: <%s>\r\n%s\r\n",
		 transport_name(listeners_of[listener].transport), via, n, n, contact, routes);
	n++;
	feed_from(w, &flow, text);
	ASSERT_EQ(w->event.type, SIP_EVENT_REQUEST);
	ASSERT_EQ(sip_dialog_new_uas(w->engine, w->event.server, w, &d), 0);
	return d;
}

/* It is refused, by the way that it came. */
static void refuse(struct world *w, u32 listener, struct sip_dialog *d)
{
	struct __test_metadata *_metadata = w->_metadata;

	respond(w, w->event.server, d, 486);
	sip_server_put(w->engine, w->now, w->event.server);
	expect_sent(w, "SIP/2.0 486");
	EXPECT_EQ(w->last_flow.listener, listener);
	EXPECT_EQ(w->last_flow.connection, by(w, listener).connection);
	sip_dialog_free(w->engine, d);
}

#define SAME 7			/* connection */
#define NEW 0

static const struct {
	const char *what;
	u32 from;
	const char *via, *routes, *contact;
	u32 to;
	const char *peer;
	u64 connection;
} hops[] = {
	{ "a Contact says TCP", UDP, PEER, "", "sip:a@" PEER ":5070;transport=tcp",
	  TCP, PEER ":5070", NEW },
	{ "in any case of letters", UDP, PEER, "", "sip:a@" PEER ";Transport=TCP",
	  TCP, PEER ":5060", NEW },
	{ "a Contact says TLS, at its own port", UDP, PEER, "", "sip:a@" PEER ";transport=tls",
	  TLS, PEER ":5061", NEW },
	{ "a Contact by sips:", UDP, PEER, "", "sips:a@" PEER, TLS, PEER ":5061", NEW },
	{ "sips: goes by TLS, which is over TCP", TCP, PEER, "",
	  "sips:a@" PEER ":5071;transport=tcp", TLS, PEER ":5071", NEW },
	{ "a Contact says nothing, which is UDP", TCP, PEER, "", "sip:a@" PEER ":5070",
	  UDP, PEER ":5070", NEW },
	{ "a Contact says UDP", TCP, PEER, "", "sip:a@" PEER ";transport=udp",
	  UDP, PEER ":5060", NEW },
	{ "the route set goes before the Contact", UDP, PEER,
	  "Record-Route: <sip:" PEER ":5080;transport=tcp;lr>, <sip:" PEER ";lr>\r\n",
	  "sip:a@203.0.113.9", TCP, PEER ":5080", NEW },
	{ "also when it says nothing", UDP, PEER, "Record-Route: <sip:" PEER ";lr>\r\n",
	  "sip:a@" PEER ";transport=tcp", UDP, PEER ":5060", NEW },
	{ "its connection has the transport", TCP, PEER, "", "sip:a@" PEER ":5070;transport=tcp",
	  TCP, PEER ":5070", SAME },
	{ "somebody else's address", UDP, PEER, "", "sip:a@203.0.113.9;transport=tcp",
	  UDP, PEER ":5060", NEW },
	{ "a name", UDP, PEER, "", "sip:a@pc.example.com;transport=tcp",
	  UDP, PEER ":5060", NEW },
	{ "somebody else's address, by a connection", TCP, PEER, "", "sip:a@203.0.113.9",
	  TCP, PEER ":49152", SAME },
	{ "a transport that we know nothing of", UDP, PEER, "",
	  "sip:a@" PEER ":5070;transport=sctp", UDP, PEER ":5060", NEW },
	{ "the realm has no listener for it", ELSEWHERE, PEER, "",
	  "sip:a@" PEER ":5070;transport=tcp", ELSEWHERE, PEER ":5060", NEW },
	{ "nor for what is not said", ALONE, PEER, "", "sip:a@" PEER ":5070",
	  ALONE, PEER ":5070", SAME },
	{ "behind a NAT", UDP, "10.0.0.3:5070", "", "sip:a@" PEER ":5070;transport=tcp",
	  UDP, PEER ":5060", NEW },
	{ "behind a NAT, by a connection", TCP, "10.0.0.3:5070", "", "sip:a@" PEER ":5070",
	  TCP, PEER ":5070", SAME },
	{ "the connection is asked for (RFC 5626)", TCP, PEER, "", "sip:a@" PEER ":5070;ob",
	  TCP, PEER ":5070", SAME },
	{ "TLS stays, though nothing is said", TLS, PEER, "", "sip:a@" PEER,
	  TLS, PEER ":5061", SAME },
	{ "and though something else is", TLS, PEER, "", "sip:a@" PEER ":5070;transport=tcp",
	  TLS, PEER ":49152", SAME },
	{ "TLS to another port", TLS, PEER, "Record-Route: <sips:" PEER ":5081;lr>\r\n",
	  "sips:a@" PEER, TLS, PEER ":5081", SAME },
	{ "a page", WS, PEER, "", "sip:a@" PEER ";transport=ws", WS, PEER ":80", SAME },
	{ "a page that says UDP", WS, PEER, "", "sip:a@" PEER ";transport=udp",
	  WS, PEER ":49152", SAME },
	{ "a secure page", WSS, PEER, "", "sips:a@" PEER ";transport=ws",
	  WSS, PEER ":443", SAME },
	{ "nobody can be called by a WebSocket", TCP, PEER, "", "sip:a@" PEER ";transport=ws",
	  TCP, PEER ":49152", SAME },
};

TEST(requests_go_by_the_transport_that_the_next_hop_names)
{
	char to[ADDR_STRLEN];
	struct sip_dialog *d;
	struct world w;
	size_t i;

	start_listening(&w, _metadata);
	for (i = 0; i < sizeof(hops) / sizeof(*hops); i++) {
		d = called(&w, hops[i].from, hops[i].via, hops[i].routes, hops[i].contact);
		EXPECT_EQ(d->flow.listener, hops[i].to) TH_LOG("%s", hops[i].what);
		EXPECT_STREQ(addr_print(&d->flow.peer, to), hops[i].peer) {
			TH_LOG("%s", hops[i].what);
		}
		EXPECT_EQ(d->flow.connection, hops[i].connection) TH_LOG("%s", hops[i].what);
		refuse(&w, hops[i].from, d);
	}
	stop(&w);
}

TEST(a_listener_at_the_same_address_goes_first)
{
	struct sip_listener listeners[4] = { 0 };
	struct sip_dialog *d;
	struct world w;

	ASSERT_TRUE(addr_parse(SLICE("192.0.2.1:5060"), &listeners[0].local));
	ASSERT_TRUE(addr_parse(SLICE("192.0.2.2:5060"), &listeners[1].local));
	listeners[2] = listeners[0];
	listeners[3] = listeners[1];
	listeners[2].transport = listeners[3].transport = TRANSPORT_TCP;
	start_with(&w, _metadata, &(struct sip_engine_conf){
		.listeners = listeners, .nlisteners = 4 });
	w.peer.listener = 1;
	feed(&w, "INVITE sip:bob@example.com SIP/2.0\r\n" VIA("1") FROM_PEER TO_US
	     "Call-ID: c\r\nCSeq: 1 INVITE\r\nContact: <sip:a@" PEER ";transport=tcp>\r\n\r\n");
	ASSERT_EQ(w.event.type, SIP_EVENT_REQUEST);
	ASSERT_EQ(sip_dialog_new_uas(w.engine, w.event.server, &w, &d), 0);
	EXPECT_EQ(d->flow.listener, 3);
	respond(&w, w.event.server, d, 486);
	sip_server_put(w.engine, w.now, w.event.server);
	expect_sent(&w, "SIP/2.0 486");
	sip_dialog_free(w.engine, d);
	stop(&w);
}

#define BY_TCP "Record-Route: <sip:" PEER ";transport=tcp;lr>\r\n"
#define BOB "Contact: <sip:bob@10.0.0.5>\r\n"

static void expect_by_tcp(struct world *w, const char *what)
{
	struct __test_metadata *_metadata = w->_metadata;

	expect_sent(w, what);
	EXPECT_EQ(w->last_flow.listener, TCP) TH_LOG("%s", what);
	EXPECT_TRUE(sent_has(w, "\r\nVia: SIP/2.0/TCP 192.0.2.1:5066;")) TH_LOG("%s", w->last);
}

/* A proxy that takes our INVITE by UDP, and wants all that follows by TCP. */
TEST(a_proxy_in_the_way_of_our_call_moves_it_to_tcp)
{
	struct sip_dialog *d;
	struct flow tcp;
	struct world w;

	start_listening(&w, _metadata);
	tcp = by(&w, TCP);
	d = new_uac(&w);
	request(&w, d, SIP_INVITE);
	expect_sent(&w, "INVITE sip:bob@" PEER ":5060 SIP/2.0\r\nVia: SIP/2.0/UDP ");
	feed(&w, response_to(&w.sent, "200 OK", "b", BY_TCP BOB));
	ASSERT_EQ(sip_dialog_response(w.engine, d, w.event.msg), 0);
	ASSERT_EQ(sip_ack(w.engine, w.now, w.event.client, d, NULL), 0);
	expect_by_tcp(&w, "ACK sip:bob@10.0.0.5 SIP/2.0\r\n");
	request(&w, d, SIP_INVITE);
	expect_by_tcp(&w, "INVITE ");
	/* We are still to be found where we said. */
	EXPECT_TRUE(sent_has(&w, "Contact: <sip:us@192.0.2.1:5060>\r\n"));
	advance(&w, 2 * SEC);
	EXPECT_TRUE(silent(&w));	/* a connection loses nothing */
	feed_from(&w, &tcp, response_to(&w.sent, "200 OK", "b", BOB));
	EXPECT_EQ(d->flow.connection, tcp.connection);
	ASSERT_EQ(sip_ack(w.engine, w.now, w.event.client, d, NULL), 0);
	expect_by_tcp(&w, "ACK ");
	request(&w, d, SIP_BYE);
	expect_by_tcp(&w, "BYE ");
	feed_from(&w, &tcp, response_to(&w.sent, "200 OK", "b", ""));
	EXPECT_EQ(w.event.type, SIP_EVENT_RESPONSE);
	sip_dialog_free(w.engine, d);
	stop(&w);
}

/* CANCEL, and the ACK of what is no 2xx, go the way of their INVITE (RFC 3261 §9.1, §17.1.1.3). */
TEST(an_early_dialog_moves_and_the_invite_does_not)
{
	struct sip_client *invite;
	struct sip_dialog *d;
	struct sip_msg ours;
	struct sip_error err;
	struct flow tcp;
	struct world w;
	char *text;

	start_listening(&w, _metadata);
	tcp = by(&w, TCP);
	d = new_uac(&w);
	invite = request(&w, d, SIP_INVITE);
	expect_sent(&w, "INVITE ");
	text = strdup(w.last);
	ASSERT_EQ(sip_parse(slice_str(text), &ours, &err), 0);
	feed(&w, response_to(&ours, "183 Progress", "b",
			     "Require: 100rel\r\nRSeq: 5\r\n" BY_TCP BOB));
	ASSERT_EQ(sip_dialog_response(w.engine, d, w.event.msg), 0);
	request(&w, d, SIP_PRACK);
	expect_by_tcp(&w, "PRACK ");
	feed_from(&w, &tcp, response_to(&w.sent, "200 OK", "b", ""));
	ASSERT_EQ(sip_cancel(w.engine, w.now, invite, SLICE("")), 0);
	expect_sent(&w, "CANCEL sip:bob@" PEER ":5060 SIP/2.0\r\nVia: SIP/2.0/UDP ");
	EXPECT_EQ(w.last_flow.listener, UDP);
	feed(&w, response_to(&w.sent, "200 OK", "b", ""));
	feed(&w, response_to(&ours, "487 Request Terminated", "b", ""));
	expect_sent(&w, "ACK sip:bob@" PEER ":5060 SIP/2.0\r\nVia: SIP/2.0/UDP ");
	EXPECT_EQ(w.last_flow.listener, UDP);
	sip_dialog_free(w.engine, d);
	free(text);
	stop(&w);
}

/* And a fork of it goes by what its own response says. */
TEST(each_fork_goes_its_own_way)
{
	struct sip_dialog *d, *fork;
	struct sip_msg ours;
	struct sip_error err;
	struct world w;
	char *text;

	start_listening(&w, _metadata);
	d = new_uac(&w);
	request(&w, d, SIP_INVITE);
	expect_sent(&w, "INVITE ");
	text = strdup(w.last);
	ASSERT_EQ(sip_parse(slice_str(text), &ours, &err), 0);
	feed(&w, response_to(&ours, "180 Ringing", "b1", BY_TCP BOB));
	ASSERT_EQ(sip_dialog_response(w.engine, d, w.event.msg), 0);
	feed(&w, response_to(&ours, "180 Ringing", "b2", "Contact: <sip:bob@" PEER ":5070>\r\n"));
	ASSERT_EQ(sip_dialog_response(w.engine, d, w.event.msg), -EEXIST);
	fork = sip_dialog_fork(w.engine, d, w.event.msg);
	ASSERT_NE(fork, NULL);
	EXPECT_EQ(d->flow.listener, TCP);
	EXPECT_EQ(fork->flow.listener, UDP);
	EXPECT_EQ(fork->flow.peer.port, 5070);
	feed(&w, response_to(&ours, "486 Busy Here", "b1", ""));
	expect_sent(&w, "ACK ");
	sip_dialog_free(w.engine, fork);
	sip_dialog_free(w.engine, d);
	free(text);
	stop(&w);
}

static void refresh(struct world *w, struct sip_dialog *d, const struct flow *flow, u32 cseq,
		    const char *contact)
{
	struct __test_metadata *_metadata = w->_metadata;
	char branch[16];

	snprintf(branch, sizeof(branch), "r%u", cseq);
	feed_from(w, flow, tagged("UPDATE", branch, cseq, d->local_tag, contact));
	ASSERT_EQ(w->event.type, SIP_EVENT_REQUEST);
	EXPECT_EQ(respond(w, w->event.server, d, 200), 0);
	sip_server_put(w->engine, w->now, w->event.server);
	expect_sent(w, "SIP/2.0 200");
	/* where it came from, whatever it says of what comes next (RFC 3261 §18.2.2) */
	EXPECT_EQ(w->last_flow.listener, flow->listener);
	EXPECT_EQ(w->last_flow.connection, flow->connection);
}

TEST(a_target_refresh_moves_a_dialog_there_and_back)
{
	struct sip_dialog *d;
	struct flow tcp;
	struct world w;

	start_listening(&w, _metadata);
	tcp = by(&w, TCP);
	feed(&w, REQUEST("INVITE", "1", "1", ""));
	ASSERT_EQ(sip_dialog_new_uas(w.engine, w.event.server, &w, &d), 0);
	respond(&w, w.event.server, d, 200);
	sip_server_put(w.engine, w.now, w.event.server);
	expect_sent(&w, "SIP/2.0 200");
	feed(&w, tagged("ACK", "ack", 1, d->local_tag, ""));
	refresh(&w, d, &w.peer, 2, "Contact: <sip:alice@" PEER ";transport=tcp>\r\n");
	request(&w, d, SIP_INFO);
	expect_by_tcp(&w, "INFO ");
	feed_from(&w, &tcp, response_to(&w.sent, "200 OK", "b", ""));
	refresh(&w, d, &tcp, 3, "Contact: <sip:alice@" PEER ":5070>\r\n");
	request(&w, d, SIP_BYE);
	expect_sent(&w, "BYE sip:alice@" PEER ":5070 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5060;");
	EXPECT_EQ(w.last_flow.listener, UDP);
	EXPECT_EQ(w.last_flow.peer.port, 5070);
	EXPECT_EQ(w.last_flow.connection, 0);
	feed(&w, response_to(&w.sent, "200 OK", "b", ""));
	sip_dialog_free(w.engine, d);
	stop(&w);
}

TEST_HARNESS_MAIN
