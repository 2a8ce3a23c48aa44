// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests that are too large for a datagram (RFC 3261 §18.1.1): they go by a stream to
 * the same address, and when nobody takes them there, by datagrams after all. Who did
 * not is remembered for a while, so that it costs one request a detour and not each.
 */
#include <stdlib.h>

#include "sip/core.h"
#include "sip/print.h"

#define LARGE 1300		/* bytes; the path's MTU is not known */
#define FORGET (600 * NSEC_PER_SEC)

static struct sip_no_stream *find_refusal(struct sip_engine *e, const struct addr *peer)
{
	size_t i;

	for (i = 0; i < SIP_NO_STREAMS; i++)
		if (e->no_stream[i].until > e->now && addr_eq(&e->no_stream[i].peer, peer))
			return &e->no_stream[i];
	return NULL;
}

static void note_refusal(struct sip_engine *e, const struct addr *peer)
{
	struct sip_no_stream *to = find_refusal(e, peer);

	if (!to)
		to = &e->no_stream[e->next_no_stream++ % SIP_NO_STREAMS];
	*to = (struct sip_no_stream){ .peer = *peer, .until = e->now + FORGET };
}

bool sip_large_flow(struct sip_engine *e, const struct flow *flow, struct flow *stream)
{
	int other;

	if (buf_slice(&e->out).n <= LARGE || sip_engine_reliable(e, flow->listener) ||
	    find_refusal(e, &flow->peer))
		return false;
	other = sip_engine_sibling(e, flow->listener, TRANSPORT_TCP);
	if (other < 0)
		return false;
	*stream = (struct flow){ .listener = (u32)other, .name = flow->name, .peer = flow->peer };
	sip_count(e, SIP_COUNT_LARGE);
	return true;
}

/* Our own message with another Via: the first line stays, and what is below the Via. */
static void print_again(struct sip_engine *e, const struct sip_client *c, u32 listener)
{
	struct slice text = slice_of(c->bytes, c->n);
	const char *via = memchr(text.p, '\n', text.n);
	const char *params = via ? memchr(via, ';', text.n - (size_t)(via - text.p)) : NULL;
	const char *alias;

	buf_reset(&e->out);
	if (!params)
		return;
	buf_add(&e->out, slice_of(text.p, (size_t)(via - text.p) + 1));
	buf_printf(&e->out, "Via: SIP/2.0/%s ", sip_engine_transport(e, listener));
	sip_print_hostport(&e->out, sip_engine_sent_by(e, listener));
	alias = memmem(params, (size_t)(text.p + text.n - params), ";alias\r\n", 8);
	buf_add(&e->out, slice_of(params, (size_t)((alias ? alias : params) - params)));
	if (alias)
		params = alias + strlen(";alias");
	buf_add(&e->out, slice_of(params, (size_t)(text.p + text.n - params)));
}

bool sip_large_fallback(struct sip_engine *e, struct sip_client *c)
{
	struct flow flow = { .listener = c->datagrams, .name = c->flow.name, .peer = c->flow.peer };
	char *bytes;
	size_t n;

	if (!c->large)
		return false;
	c->large = false;
	note_refusal(e, &flow.peer);
	print_again(e, c, flow.listener);
	if (!buf_slice(&e->out).n || sip_engine_send(e, &flow, &bytes, &n))
		return false;
	sip_count(e, SIP_COUNT_LARGE_DATAGRAMS);
	free(c->bytes);
	c->bytes = bytes;
	c->n = n;
	c->flow = flow;
	c->interval = e->t1;
	timer_arm(e->timers, &c->send, e->now + e->t1);
	return true;
}
