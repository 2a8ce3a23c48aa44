/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whole calls in virtual time: the call engine between fake user agents, A
 * (192.0.2.10, realm "outside"), B and C (10.0.0.2 and .3, realm "inside"), and a fake
 * kernel that acknowledges media plans at once, late, or not at all. Nothing
 * here opens a socket or sleeps; a test says what each side sends and what must
 * arrive at the other. Each realm has one transport (call_pair.h): where that is a
 * stream, a user agent has one connection, made by whoever sends first, and everything
 * has to go by it.
 */
#ifndef CALL_WORLD_H
#define CALL_WORLD_H

#include "call_parties.h"

/* A connection that the user agent makes comes from a port where nobody listens. */
static void connect_by_itself(struct harness *h, struct ua *ua)
{
	ua->flow.connection = ++h->connections;
	ua->flow.peer.port = 40000 + (u16)h->connections;
}

static void start_ua(struct harness *h, enum who who)
{
	static const char *const ips[NWHO] = { IP_A, IP_B, "203.0.113.66", IP_C };
	struct ua *ua = &h->ua[who];

	ua->ip = ips[who];
	ua->transport = who == B || who == C ? h->over.b : h->over.a;
	ua->flow.listener = who == B || who == C ? INSIDE(ua->transport) : OUTSIDE(ua->transport);
	/* A page knows no address of its own, and calls itself something (RFC 7118 §5). */
	ua->host = transport_websocket(ua->transport) ? "df7jal23ls0d.invalid" : ua->ip;
	addr_parse_ip(slice_str(ips[who]), &ua->flow.peer);
	ua->flow.peer.port = 5060;
	snprintf(ua->local_tag, sizeof(ua->local_tag), "tag-of-%u", who);
	if (transport_websocket(ua->transport))
		connect_by_itself(h, ua);
}

static void set_listeners(struct sip_listener listeners[NLISTENERS])
{
	enum transport t;

	memset(listeners, 0, NLISTENERS * sizeof(*listeners));
	for (t = 0; t < TRANSPORTS; t++) {
		struct sip_listener *out = &listeners[OUTSIDE(t)], *in = &listeners[INSIDE(t)];

		out->transport = in->transport = t;
		addr_parse(SLICE(IP_OUTSIDE ":5060"), &out->local);
		addr_parse(SLICE(IP_ADVERTISED ":5060"), &out->advertise);
		addr_parse(SLICE(IP_INSIDE ":5060"), &in->local);
		in->advertise = in->local;
		in->realm = 1;
	}
}

static UNUSED void harness_begin(struct harness *h, struct __test_metadata *_metadata,
				 const struct call_pair *over, const struct call_engine_conf *more)
{
	struct sip_listener listeners[NLISTENERS];
	struct call_engine_conf conf = {
		.sip = { .listeners = listeners, .nlisteners = NLISTENERS, .seed = "test",
			 .software = "jalur", .strangers = more->sip.strangers },
		.node = 1, .epoch = 5, .store = true, .records = true, .overload = more->overload,
	};
	enum who who;

	memset(h, 0, sizeof(*h));
	set_listeners(listeners);
	h->_metadata = _metadata;
	h->now = 1000 * NSEC_PER_SEC;
	h->over = *over;
	h->policy = make_policy(h);
	conf.policy = h->policy;
	h->engine = call_engine_new(&conf);
	ASSERT_NE(h->engine, NULL);
	for (who = 0; who < NWHO; who++)
		start_ua(h, who);
}

static UNUSED void harness_start_over(struct harness *h, struct __test_metadata *_metadata,
				      const struct call_pair *over)
{
	harness_begin(h, _metadata, over, &(struct call_engine_conf){ .node = 1 });
}

static UNUSED void harness_start_with(struct harness *h, struct __test_metadata *_metadata,
				      const struct call_engine_conf *more)
{
	harness_begin(h, _metadata, &(struct call_pair){ TRANSPORT_UDP, TRANSPORT_UDP }, more);
}

static UNUSED void harness_start(struct harness *h, struct __test_metadata *_metadata)
{
	harness_start_over(h, _metadata,
			   &(struct call_pair){ TRANSPORT_UDP, TRANSPORT_UDP });
}

static UNUSED void forget(struct ua *ua)
{
	free(ua->last);
	free(ua->invite_bytes);
	ua->last = ua->invite_bytes = NULL;
	while (ua->head < ua->tail)
		free(ua->queue[ua->head++ % MAX_QUEUE].text);
}

/* The end of every test: no call, also none stored, no port, no message that nobody expected. */
static UNUSED void harness_stop(struct harness *h)
{
	struct __test_metadata *_metadata = h->_metadata;
	size_t i;

	EXPECT_EQ(call_engine_calls(h->engine), 0);
	EXPECT_EQ(h->ntickets, 0);
	EXPECT_EQ(h->nstored, 0);
	while (h->nstored)
		free(h->texts[--h->nstored]);
	for (i = 0; i < NWHO; i++) {
		EXPECT_EQ(h->ua[i].head, h->ua[i].tail) {
			TH_LOG("left for %zu: %s", i, h->ua[i].queue[h->ua[i].head % MAX_QUEUE].text);
		}
		forget(&h->ua[i]);
	}
	call_engine_free(h->engine);
	call_policy_put(h->policy);
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(media_ports_used(h->ports[i]), 0);
		media_ports_free(h->ports[i]);
	}
	media_plan_put(h->plan);
	free(h->written);
	free(h->bindings);
	free(h->event);
}

/* Writes it down as it is now, or forgets it. */
static UNUSED void store_call(struct harness *h, u64 call)
{
	struct __test_metadata *_metadata = h->_metadata;
	u64 wall = WALL + h->now;
	size_t i;
	char *text = NULL;
	int err = call_engine_save(h->engine, h->now, wall, call, &text);

	for (i = 0; i < h->nstored && h->stored[i] != call; i++)
		;
	if (err == -ENOENT && i < h->nstored) {
		free(h->texts[i]);
		h->stored[i] = h->stored[--h->nstored];
		h->texts[i] = h->texts[h->nstored];
	}
	if (err)
		return;
	free(h->written);
	h->written = text;
	ASSERT_LT(i, MAX_STORED);
	if (i == h->nstored)
		h->texts[h->nstored++] = NULL;
	h->stored[i] = call;
	free(h->texts[i]);
	h->texts[i] = h->keeps_texts ? strdup(text) : NULL;
}

/*
 * Who is at the far end of TLS must be known to make a connection, or there is none. One that
 * the user agent made itself is not left for that, unless it has to prove its name.
 */
static void connect_ua(struct harness *h, struct ua *ua, const struct flow *flow)
{
	struct __test_metadata *_metadata = h->_metadata;

	ASSERT_TRUE(ua->transport != TRANSPORT_TLS || flow->name);
	ASSERT_TRUE(!ua->flow.connection || flow->name) {
		TH_LOG("a second connection to %s", ua->ip);
	}
	ua->flow.peer = flow->peer;
	ua->flow.connection = ++h->connections;
}

/*
 * A datagram goes to where the user agent receives. In a stream all goes by the connection
 * that there is; what knows of none goes by that, too, or by one to where somebody listens.
 */
static void take_flow(struct harness *h, struct ua *ua, const struct flow *flow)
{
	struct __test_metadata *_metadata = h->_metadata;

	bool known = flow->connection && flow->connection != ua->lost;
	bool page = transport_websocket(ua->transport);

	ASSERT_TRUE(page ? ua->flow.connection > 0 : flow->peer.port == 5060);
	ASSERT_TRUE(!known || flow->connection == ua->flow.connection);
	if (known || page || !transport_reliable(ua->transport))
		return;
	if (!ua->flow.connection || !addr_eq(&flow->peer, &ua->flow.peer))
		connect_ua(h, ua, flow);
}

/* What we send names the transport, so that what comes back comes by it. */
static void check_transport(struct harness *h, const struct ua *ua, struct slice bytes)
{
	struct __test_metadata *_metadata = h->_metadata;
	const char *contact = memmem(bytes.p, bytes.n, "\r\nContact: <sip", 15);
	char via[32];

	if (slice_eq(bytes, SLICE("\r\n")))
		return;		/* keeps a NAT open */
	snprintf(via, sizeof(via), "Via: SIP/2.0/%s ", transport_name(ua->transport));
	EXPECT_NE(memmem(bytes.p, bytes.n, via, strlen(via)), NULL) {
		TH_LOG("no %sin " SLICE_FMT, via, SLICE_ARG(bytes));
	}
	if (!contact)
		return;
	contact += 2;
	bytes = slice_of(contact, (size_t)((const char *)memchr(contact, '\r', bytes.n) - contact));
	EXPECT_NE(memmem(bytes.p, bytes.n, uri_param(ua->transport),
			 strlen(uri_param(ua->transport))), NULL) {
		TH_LOG("no transport in " SLICE_FMT, SLICE_ARG(bytes));
	}
}

static UNUSED void take_send(struct harness *h, const struct effect *effect)
{
	struct __test_metadata *_metadata = h->_metadata;
	struct ua *ua = NULL;
	size_t i;

	for (i = 0; i < NWHO; i++)
		if (addr_ip_eq(&h->ua[i].flow.peer, &effect->flow.peer))
			ua = &h->ua[i];
	ASSERT_NE(ua, NULL);
	if (effect->flow.listener == ua->flow.listener) {
		take_flow(h, ua, &effect->flow);
		check_transport(h, ua, slice_of(effect->bytes, effect->len));
	} else {
		/* what is too large for a datagram */
		ASSERT_EQ(ua->flow.listener, INSIDE(TRANSPORT_UDP));
		ASSERT_EQ(effect->flow.listener, INSIDE(TRANSPORT_TCP));
	}
	ASSERT_LT(ua->tail - ua->head, MAX_QUEUE);
	ua->queue[ua->tail++ % MAX_QUEUE] = (struct datagram){
		strndup(effect->bytes, effect->len), effect->len,
	};
}

static UNUSED void answer_ticket(struct harness *h, enum effect_kind kind, u64 ticket)
{
	struct media_figures figures = { .session = 1, .nends = h->plan ? h->plan->nends : 2 };
	int result = 0;
	size_t i;

	if (kind == EFFECT_MEDIA_APPLY && h->fail_applies) {
		h->fail_applies--;
		result = h->apply_result;
	}
	for (i = 0; h->plan && i < figures.nends; i++)
		figures.ends[i] = (struct media_end_figures){ h->plan->ends[i].id, .tx_packets = i };
	figures.ends[0].rx_packets = 500;
	call_engine_complete(h->engine, h->now, ticket, result,
			     kind == EFFECT_MEDIA_REMOVE ? &figures : NULL);
}

/* Whoever waits is told at once, or by complete(). */
static UNUSED void store_bindings(struct harness *h, u64 record, u64 ticket)
{
	struct __test_metadata *_metadata = h->_metadata;
	u64 wall = WALL + h->now;

	free(h->bindings);
	h->bindings = NULL;
	call_engine_save_bindings(h->engine, h->now, wall, record, &h->bindings);
	h->nbindings++;
	if (ticket && !h->late)
		call_engine_complete(h->engine, h->now, ticket, h->bindings_result, NULL);
	if (!ticket || !h->late)
		return;
	ASSERT_LT(h->ntickets, MAX_TICKETS);
	h->kinds[h->ntickets] = EFFECT_STORE_BINDINGS;
	h->tickets[h->ntickets++] = ticket;
}

static UNUSED void store_event(struct harness *h, u64 record)
{
	u64 wall = WALL + h->now;

	free(h->event);
	h->event = NULL;
	h->event_record = record;
	call_engine_save_event(h->engine, h->now, wall, record, &h->event);
}

/* Carries out every effect in order, as the daemon does. */
static UNUSED void run(struct harness *h)
{
	struct __test_metadata *_metadata = h->_metadata;
	struct effect *effect;

	while ((effect = call_engine_effect(h->engine))) {
		enum effect_kind kind = effect->kind;
		u64 ticket = effect->ticket;

		if (kind == EFFECT_SEND)
			take_send(h, effect);
		h->applied += kind == EFFECT_MEDIA_APPLY;
		h->removed += kind == EFFECT_MEDIA_REMOVE;
		if (kind == EFFECT_STORE_CALL)
			store_call(h, effect->session);
		if (kind == EFFECT_STORE_BINDINGS)
			store_bindings(h, effect->session, ticket);
		if (kind == EFFECT_STORE_EVENT)
			store_event(h, effect->session);
		h->unreached += kind == EFFECT_UNREACHED;
		if (kind == EFFECT_LOCATE) {
			snprintf(h->asked, sizeof(h->asked), "%s", effect->bytes);
			h->locate = effect->locate;
			h->locate_ticket = ticket;
		}
		if (kind == EFFECT_MEDIA_APPLY) {
			media_plan_put(h->plan);
			h->plan = media_plan_copy(effect->plan);
		}
		effect_free(effect);
		if (kind != EFFECT_MEDIA_APPLY && kind != EFFECT_MEDIA_REMOVE)
			continue;
		if (!h->late) {
			answer_ticket(h, kind, ticket);
			continue;
		}
		ASSERT_LT(h->ntickets, MAX_TICKETS);
		h->kinds[h->ntickets] = kind;
		h->tickets[h->ntickets++] = ticket;
	}
}

/* The fake kernel answers the oldest ticket. */
static UNUSED void complete(struct harness *h)
{
	struct __test_metadata *_metadata = h->_metadata;
	enum effect_kind kind = h->kinds[0];
	u64 ticket = h->tickets[0];

	ASSERT_GT(h->ntickets, 0);
	h->ntickets--;
	memmove(h->tickets, h->tickets + 1, h->ntickets * sizeof(*h->tickets));
	memmove(h->kinds, h->kinds + 1, h->ntickets * sizeof(*h->kinds));
	answer_ticket(h, kind, ticket);
	run(h);
}

/* ... all of them, the newest first. */
static UNUSED void complete_backwards(struct harness *h)
{
	while (h->ntickets) {
		u64 ticket = h->tickets[--h->ntickets];

		answer_ticket(h, h->kinds[h->ntickets], ticket);
		run(h);
	}
}

static UNUSED void input(struct harness *h, enum who from, const char *text, size_t n)
{
	/* A copy of exact size, so that ASan sees a read beyond the datagram. */
	char *bytes = malloc(n ? n : 1);
	struct ua *ua = &h->ua[from];

	if (transport_reliable(ua->transport) && !ua->flow.connection)
		connect_by_itself(h, ua);
	memcpy(bytes, text, n);
	h->sent = n;
	call_engine_input(h->engine, h->now, &ua->flow, slice_of(bytes, n));
	run(h);
	free(bytes);
}

/* Time passes, each deadline at its time. */
static UNUSED void advance(struct harness *h, u64 ns)
{
	u64 end = h->now + ns;

	while (call_engine_deadline(h->engine) <= end) {
		u64 at = call_engine_deadline(h->engine);

		if (at > h->now)
			h->now = at;
		call_engine_tick(h->engine, h->now);
		run(h);
	}
	h->now = end;
}

static UNUSED bool pending(const struct harness *h, enum who who)
{
	return h->ua[who].head != h->ua[who].tail;
}

/* Takes the next message for who; its start line must begin with start. */
static UNUSED const struct sip_msg *expect(struct harness *h, enum who who, const char *start)
{
	struct __test_metadata *_metadata = h->_metadata;
	struct ua *ua = &h->ua[who];
	struct sip_error err;
	struct datagram d;

	ASSERT_TRUE(pending(h, who)) {
		TH_LOG("nothing for %s, expected %s", ua->ip, start);
	}
	d = ua->queue[ua->head++ % MAX_QUEUE];
	ASSERT_EQ(strncmp(d.text, start, strlen(start)), 0) {
		TH_LOG("for %s expected %s, got %s", ua->ip, start, d.text);
	}
	free(ua->last);
	ua->last = d.text;
	ASSERT_EQ(sip_parse(slice_of(d.text, d.n), &ua->msg, &err), 0) {
		TH_LOG("unparsable: %s", d.text);
	}
	if (ua->msg.request && ua->msg.method == SIP_INVITE) {
		free(ua->invite_bytes);
		ua->invite_bytes = strndup(d.text, d.n);
		sip_parse(slice_of(ua->invite_bytes, d.n), &ua->invite, &err);
	}
	return &ua->msg;
}

/* Throws away retransmissions and the like. */
static UNUSED unsigned int discard(struct harness *h, enum who who)
{
	unsigned int n = 0;

	for (; pending(h, who); n++) {
		struct ua *ua = &h->ua[who];

		free(ua->queue[ua->head++ % MAX_QUEUE].text);
	}
	return n;
}

#endif
