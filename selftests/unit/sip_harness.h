/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One SIP engine in virtual time, and a test that plays everybody else: the
 * peer (192.0.2.10:5060), whose messages are written out, and the caller of the
 * engine, who acts on its events. Nothing opens a socket or sleeps.
 */
#ifndef SIP_HARNESS_H
#define SIP_HARNESS_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "kselftest_harness.h"
#include "sip/engine.h"

#define UNUSED __attribute__((unused))
#define MSEC NSEC_PER_MSEC
#define SEC NSEC_PER_SEC
#define PEER "192.0.2.10"
#define OURS "198.51.100.7"

struct world {
	struct __test_metadata *_metadata;
	struct sip_engine *engine;
	struct effects effects;
	struct timers timers;
	u64 now;
	struct flow peer;
	struct flow stream;		/* the same peer by a connection */
	struct flow socket;		/* by a WebSocket with TLS */
	struct sip_event event;		/* the last one that was one */
	unsigned int events;		/* so many since the last look */
	char *bytes;			/* of event.msg */
	char *last;			/* taken by expect_sent() */
	struct flow last_flow;
	struct sip_msg sent;
};

static UNUSED void start_with(struct world *w, struct __test_metadata *_metadata,
			      const struct sip_engine_conf *more)
{
	struct sip_listener listeners[4] = { 0 };
	struct sip_engine_conf conf = *more;

	memset(w, 0, sizeof(*w));
	w->_metadata = _metadata;
	w->now = 1000 * SEC;
	ASSERT_TRUE(addr_parse(SLICE("192.0.2.1:5060"), &listeners[0].local));
	ASSERT_TRUE(addr_parse(SLICE(OURS ":5060"), &listeners[0].advertise));
	ASSERT_TRUE(addr_parse(SLICE("[2001:db8::1]:5062"), &listeners[1].local));
	ASSERT_TRUE(addr_parse(SLICE(OURS ":5060"), &listeners[2].local));
	listeners[2].transport = TRANSPORT_TCP;
	ASSERT_TRUE(addr_parse(SLICE(OURS ":443"), &listeners[3].local));
	listeners[3].transport = TRANSPORT_WSS;
	ASSERT_TRUE(addr_parse(SLICE(PEER ":5060"), &w->peer.peer));
	ASSERT_TRUE(addr_parse(SLICE(PEER ":49152"), &w->stream.peer));
	w->stream.listener = 2;
	w->stream.connection = 7;
	w->socket = (struct flow){ .listener = 3, .connection = 8, .peer = w->stream.peer };
	if (!conf.listeners) {
		conf.listeners = listeners;
		conf.nlisteners = 4;
	}
	memcpy(conf.seed, "sip", 3);
	effects_init(&w->effects);
	timers_init(&w->timers);
	w->engine = sip_engine_new(&conf, &w->effects, &w->timers);
	ASSERT_NE(w->engine, NULL);
}

static UNUSED void start(struct world *w, struct __test_metadata *_metadata)
{
	start_with(w, _metadata, &(struct sip_engine_conf){ .software = "jalur" });
}

static UNUSED u64 counter(struct world *w, const char *name)
{
	const struct sip_counter *c;

	for (c = sip_engine_counters(w->engine); c->name; c++)
		if (!strcmp(c->name, name))
			return c->value;
	return UINT64_MAX;
}

/* A datagram arrives, in memory of its very size. */
static UNUSED void feed_slice(struct world *w, const struct flow *flow, struct slice text)
{
	struct sip_event event;

	sip_engine_keep(w->engine);
	free(w->bytes);
	w->bytes = malloc(text.n ? text.n : 1);
	memcpy(w->bytes, text.p, text.n);
	w->event = (struct sip_event){ .type = SIP_EVENT_NONE };
	sip_engine_input(w->engine, w->now, flow, slice_of(w->bytes, text.n), &event);
	if (event.type == SIP_EVENT_NONE)
		return;
	w->event = event;
	w->events++;
}

static UNUSED void feed_from(struct world *w, const struct flow *flow, const char *text)
{
	feed_slice(w, flow, slice_str(text));
}

static UNUSED void feed(struct world *w, const char *text)
{
	feed_from(w, &w->peer, text);
}

static UNUSED void advance(struct world *w, u64 ns)
{
	u64 end = w->now + ns;

	while (timers_next(&w->timers) <= end) {
		struct sip_event event;
		struct timer *t;

		w->now = timers_next(&w->timers);
		t = timers_due(&w->timers, w->now);
		sip_engine_timer(w->engine, w->now, t, &event);
		if (event.type == SIP_EVENT_NONE)
			continue;
		w->event = event;
		w->events++;
	}
	w->now = end;
}

static UNUSED bool silent(const struct world *w)
{
	return list_empty(&w->effects.head);
}

/* The next message that the engine sent, in w->last; it begins with what. */
static UNUSED void expect_bytes(struct world *w, const char *what)
{
	struct __test_metadata *_metadata = w->_metadata;
	struct effect *effect = effects_pop(&w->effects);

	ASSERT_NE(effect, NULL) {
		TH_LOG("nothing sent, expected %s", what);
	}
	free(w->last);
	w->last = strndup(effect->bytes, effect->len);
	w->last_flow = effect->flow;
	effect_free(effect);
	ASSERT_EQ(strncmp(w->last, what, strlen(what)), 0) {
		TH_LOG("expected %s, sent %s", what, w->last);
	}
}

/* And parsed; a refusal that repeats a malformed header cannot be. */
static UNUSED const struct sip_msg *expect_sent(struct world *w, const char *what)
{
	struct __test_metadata *_metadata = w->_metadata;
	struct sip_error err;

	expect_bytes(w, what);
	ASSERT_EQ(sip_parse(slice_str(w->last), &w->sent, &err), 0) {
		TH_LOG("unparsable: %s", w->last);
	}
	return &w->sent;
}

/* How many messages went out; they are thrown away. */
static UNUSED unsigned int discard(struct world *w)
{
	unsigned int n = 0;

	for (; !silent(w); n++)
		effect_free(effects_pop(&w->effects));
	return n;
}

static UNUSED bool sent_has(const struct world *w, const char *text)
{
	return strstr(w->last, text);
}

/* The end of each test: after long enough nothing is left. */
static UNUSED void stop(struct world *w)
{
	struct __test_metadata *_metadata = w->_metadata;

	EXPECT_TRUE(silent(w)) {
		const struct effect *left = list_entry(w->effects.head.next, struct effect, node);

		TH_LOG("left: %.*s", (int)left->len, left->bytes);
	}
	advance(w, 200 * SEC);
	EXPECT_EQ(counter(w, "sip-server-transactions"), 0);
	EXPECT_EQ(counter(w, "sip-client-transactions"), 0);
	EXPECT_EQ(counter(w, "sip-dialogs"), 0);
	EXPECT_EQ(timers_next(&w->timers), UINT64_MAX);
	EXPECT_EQ(w->timers.reserved, 0);
	sip_engine_free(w->engine);
	effects_clear(&w->effects);
	timers_free(&w->timers);
	free(w->bytes);
	free(w->last);
}

/* --- what the peer says --- */

#define VIA(branch) "Via: SIP/2.0/UDP " PEER ":5060;branch=z9hG4bK" branch ";rport\r\n"
#define FROM_PEER "From: <sip:alice@" PEER ">;tag=alice\r\n"
#define TO_US "To: <sip:bob@example.com>\r\n"
#define CONTACT "Contact: <sip:alice@" PEER ":5060>\r\n"

/* A first request of the peer. */
#define REQUEST(method, branch, cseq, extra) \
	method " sip:bob@example.com SIP/2.0\r\n" VIA(branch) FROM_PEER TO_US \
	"Call-ID: call@" PEER "\r\nCSeq: " cseq " " method "\r\n" CONTACT extra "\r\n"

/* A request of the peer to our tag. */
static UNUSED char *tagged(const char *method, const char *branch, u32 cseq, const char *tag,
			   const char *extra)
{
	static char text[2048];

	snprintf(text, sizeof(text),
		 "%s sip:bob@" OURS ":5060 SIP/2.0\r\nVia: SIP/2.0/UDP " PEER
		 ":5060;branch=z9hG4bK%s;rport\r\n" FROM_PEER "To: <sip:bob@example.com>;tag=%s\r\n"
		 "Call-ID: call@" PEER "\r\nCSeq: %u %s\r\n%s\r\n",
		 method, branch, tag, cseq, method, extra);
	return text;
}

/* A response of the peer to the request taken last by expect_sent(). */
static UNUSED char *response_to(const struct sip_msg *request, const char *status, const char *tag,
				const char *extra)
{
	static char text[4096];
	size_t n = 0, i;

	n += (size_t)snprintf(text, sizeof(text), "SIP/2.0 %s\r\n", status);
	for (i = 0; i < request->nhdrs; i++) {
		const struct sip_hdr *h = &request->hdrs[i];

		if (h->id != SIP_HDR_VIA && h->id != SIP_HDR_FROM && h->id != SIP_HDR_TO &&
		    h->id != SIP_HDR_CALL_ID && h->id != SIP_HDR_CSEQ)
			continue;
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      SLICE_FMT ": " SLICE_FMT "%s%s\r\n", SLICE_ARG(h->name),
				      SLICE_ARG(h->value),
				      h->id == SIP_HDR_TO && tag && !request->to.tag.n ? ";tag=" : "",
				      h->id == SIP_HDR_TO && tag && !request->to.tag.n ? tag : "");
	}
	snprintf(text + n, sizeof(text) - n, "%sContent-Length: 0\r\n\r\n", extra);
	return text;
}

static UNUSED void copy(char *to, size_t size, struct slice from)
{
	snprintf(to, size, SLICE_FMT, SLICE_ARG(from));
}

/* --- what the caller of the engine does --- */

static UNUSED int respond(struct world *w, struct sip_server *server, struct sip_dialog *dialog,
			  u16 status)
{
	return sip_respond(w->engine, w->now, server, dialog, status, NULL, NULL);
}

static UNUSED struct sip_dialog *new_uac_by(struct world *w, const struct flow *flow)
{
	struct sip_dialog_target target = {
		.request_uri = SLICE("sip:bob@" PEER ":5060"),
		.from = SLICE("\"Us\" <sip:us@" OURS ">"),
		.to = SLICE("<sip:bob@" PEER ">"),
		.contact_user = SLICE("us"),
		.flow = *flow,
	};

	return sip_dialog_new_uac(w->engine, &target, w);
}

static UNUSED struct sip_dialog *new_uac(struct world *w)
{
	return new_uac_by(w, &w->peer);
}

static UNUSED struct sip_client *request(struct world *w, struct sip_dialog *d,
					 enum sip_method method)
{
	struct sip_content content = { .headers = SLICE("") };
	struct __test_metadata *_metadata = w->_metadata;
	struct sip_client *client = NULL;

	ASSERT_EQ(sip_request(w->engine, w->now, d, method, &content, w, &client), 0);
	return client;
}

#endif
