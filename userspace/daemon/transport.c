// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Listeners of every transport, and the way of a message to one of them. What comes in
 * goes into the engine; what goes out by a stream takes the connection that the flow
 * names, else one that leads to its peer, else waits for one that is made (connect.c).
 */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "call/registration.h"
#include "daemon/daemon.h"
#include "transport/stun.h"

enum transport daemon_transport_of(const struct daemon *d, u32 listener)
{
	return d->config->listeners[listener].transport;
}

/* --- in --- */

static void take(struct daemon *d, const struct flow *flow, struct slice bytes)
{
	daemon_target_works(d, flow);
	call_engine_input(d->engine, clock_now(), flow, bytes);
}

static void answer_stun(struct daemon *d, const struct flow *flow, struct slice bytes)
{
	bool known = call_engine_knows(d->engine, flow);
	u8 answer[STUN_ANSWER];
	int n = stun_answer(bytes, &flow->peer, known, answer);

	if (n == -EPERM)
		d->stun_refused++;
	if (n > 0)
		udp_send(d->udp[flow->listener], &flow->peer,
			 slice_of((char *)answer, (size_t)n));
}

static void received(void *arg, const struct flow *flow, struct slice bytes)
{
	struct daemon *d = arg;

	if (stun_is(bytes))
		answer_stun(d, flow, bytes);
	else
		take(d, flow, bytes);
}

static void burst_over(void *arg)
{
	daemon_settle(arg);
}

static void opened(void *arg, const struct flow *flow, const struct stream_info *info)
{
	(void)arg;
	(void)flow;
	(void)info;
}

static bool peer_is(void *arg, const char *name)
{
	return tls_peer_is(arg, name);
}

/* With the name of a trunk that the peer's certificate proved, so that it is known by that. */
static struct flow proved(const struct daemon *d, const struct flow *flow,
			  const struct stream_info *info)
{
	struct flow known = *flow;

	if (info->incoming && info->tls && info->tls->verified)
		known.name = call_engine_proved(d->engine, flow->listener, peer_is,
						(void *)info->tls);
	return known;
}

static void message(void *arg, const struct flow *flow, const struct stream_info *info,
		    struct slice bytes)
{
	struct flow known = proved(arg, flow, info);

	take(arg, &known, bytes);
}

static void broken(void *arg, const struct flow *flow, const struct stream_info *info,
		   const struct stream_frame *frame)
{
	struct daemon *d = arg;
	struct sip_frame error = {
		.type = SIP_FRAME_ERROR, .bytes = frame->bytes,
		.err = { (u16)frame->status, (enum sip_hdr_id)frame->where, frame->text },
	};

	(void)info;
	call_engine_refuse(d->engine, clock_now(), flow, &error);
}

static void closed(void *arg, const struct flow *flow, const struct stream_info *info,
		   enum stream_reason reason)
{
	struct daemon *d = arg;
	char peer[ADDR_STRLEN];

	log_text(LOG_DEBUG, "%s connection with %s closed: %s", transport_name(info->transport),
		 addr_print(&info->peer, peer), stream_reason_text(reason));
	call_engine_unreachable(d->engine, clock_now(), flow);
	call_engine_closed(d->engine, clock_now(), flow);
}

static void connected(void *arg, u64 ticket, int err, const char *text, const struct flow *flow)
{
	daemon_connected(arg, ticket, err, text, flow);
}

static const struct stream_ops ops = {
	.opened = opened, .message = message, .error = broken, .closed = closed,
	.connected = connected, .burst = burst_over,
};

/* --- framing --- */

static void framing_init(void *state, size_t max)
{
	sip_framer_init(state, max);
}

static void framing_next(void *state, struct slice bytes, struct stream_frame *out)
{
	static const enum stream_frame_type types[] = {
		[SIP_FRAME_MORE] = STREAM_FRAME_MORE, [SIP_FRAME_MESSAGE] = STREAM_FRAME_MESSAGE,
		[SIP_FRAME_CRLF] = STREAM_FRAME_CRLF, [SIP_FRAME_PING] = STREAM_FRAME_PING,
		[SIP_FRAME_ERROR] = STREAM_FRAME_ERROR,
	};
	struct sip_frame frame;

	sip_frame_next(state, bytes, &frame);
	*out = (struct stream_frame){
		.type = types[frame.type], .bytes = frame.bytes, .used = frame.used,
		.status = frame.err.status, .where = frame.err.header, .text = frame.err.text,
		.too_large = frame.err.status == 413 || frame.err.status == 513,
	};
}

static const struct stream_framing framing = {
	.state_size = sizeof(struct sip_framer), .init = framing_init, .next = framing_next,
};

/* --- out --- */

/* What nobody takes at the other end is no trouble of ours: whoever sent it says so. */
static void send_failed(void *arg, const struct flow *flow, int err)
{
	struct daemon *d = arg;
	char peer[ADDR_STRLEN];

	log_text(err == -ECONNREFUSED ? LOG_DEBUG : LOG_WARNING, "cannot send to %s: %s",
		 addr_print(&flow->peer, peer), strerror(-err));
	call_engine_unreachable(d->engine, clock_now(), flow);
}

/* A WebSocket is made by the peer alone: the newest from that address. */
struct search {
	const struct flow *flow;
	u64 id, age;
};

static void match_socket(void *arg, const struct stream_view *view)
{
	struct search *s = arg;

	if (view->state != STREAM_OPEN || !view->info->incoming ||
	    view->info->listener != s->flow->listener ||
	    !addr_ip_eq(&view->info->peer, &s->flow->peer) || (s->id && view->age >= s->age))
		return;
	s->id = view->info->id;
	s->age = view->age;
}

static u64 find_socket(struct daemon *d, const struct flow *flow)
{
	struct search s = { .flow = flow };

	streams_each(d->streams, match_socket, &s);
	return s.id;
}

/* Who is called by an address alone must prove to be that (RFC 5922 §7.3): no name was given. */
struct stream_target daemon_target(const struct daemon *d, const struct flow *flow, char *ip)
{
	struct stream_target to = {
		.listener = flow->listener, .peer = flow->peer,
		.transport = daemon_transport_of(d, flow->listener),
		.server_name = call_engine_name(d->engine, flow->name),
	};

	if (!to.server_name && transport_secure(to.transport))
		to.server_name = addr_print_ip(&flow->peer, ip);
	return to;
}

static bool send_by(struct daemon *d, u64 connection, struct slice bytes)
{
	return connection && !streams_send(d->streams, connection, bytes);
}

static void send_stream(struct daemon *d, const struct flow *flow, struct slice bytes)
{
	char ip[ADDR_STRLEN];
	struct stream_target to = daemon_target(d, flow, ip);

	if (send_by(d, flow->connection, bytes))
		return;
	if (transport_websocket(to.transport)) {
		if (!send_by(d, find_socket(d, flow), bytes))
			send_failed(d, flow, -ENOTCONN);
		return;
	}
	if (!send_by(d, streams_find(d->streams, &to), bytes))
		daemon_connect(d, flow, bytes);
}

void daemon_send(struct daemon *d, const struct flow *flow, struct slice bytes)
{
	int err;

	if (!d->udp[flow->listener]) {
		send_stream(d, flow, bytes);
		return;
	}
	err = udp_send(d->udp[flow->listener], &flow->peer, bytes);
	if (err)
		log_text(LOG_WARNING, "message lost before it was sent: %s", strerror(-err));
}

void daemon_transport_flush(struct daemon *d)
{
	size_t i;

	for (i = 0; i < d->nlisteners; i++)
		if (d->udp[i])
			udp_flush(d->udp[i]);
}

/* The sender of flow's last request says that this connection leads to him. */
void daemon_alias(struct daemon *d, const struct flow *flow)
{
	streams_alias(d->streams, flow->connection, &flow->peer);
}

/* --- listeners --- */

static int open_listener(struct daemon *d, u32 index)
{
	const struct config_listener *l = &d->config->listeners[index];
	struct stream_listen listen = {
		.transport = l->transport, .local = l->local,
		.tls = d->tls ? d->tls[l->realm] : NULL,
		.origins = (const char *const *)l->origins, .norigins = l->norigins,
	};

	if (l->transport == TRANSPORT_UDP)
		return udp_open(&d->udp[index], &d->loop, index, &l->local, received, burst_over,
				send_failed, d);
	return streams_listen(d->streams, index, &listen);
}

static int open_listeners(struct daemon *d)
{
	const struct config *c = d->config;
	char text[ADDR_STRLEN];
	u32 i;
	int err;

	d->udp = calloc(c->nlisteners + 1, sizeof(*d->udp));
	if (!d->udp)
		return -ENOMEM;
	d->nlisteners = c->nlisteners;
	for (i = 0; i < c->nlisteners; i++) {
		err = open_listener(d, i);
		addr_print(&c->listeners[i].local, text);
		if (err) {
			log_text(LOG_ERROR, "cannot listen on %s by %s: %s", text,
				 transport_name(c->listeners[i].transport), strerror(-err));
			return err;
		}
		log_text(LOG_INFO, "realm %s listens on %s by %s",
			 c->policy->realms[c->listeners[i].realm].name, text,
			 transport_name(c->listeners[i].transport));
	}
	return 0;
}

static void set_limits(struct stream_limits *limits, const struct config *c)
{
	const struct config_connections *from = &c->connections;

	stream_limits_init(limits);
	limits->connections = from->max;
	limits->source_connections = from->per_source;
	limits->handshakes = from->handshakes;
	limits->source_handshakes = from->per_source_handshakes;
	limits->handshake_timeout = from->handshake_timeout;
	limits->idle_timeout = from->idle;
	limits->message_timeout = from->message_timeout;
	limits->ping_interval = from->ping;
	limits->queue_max = from->queue;
	if (c->limits.message)
		limits->message_max = c->limits.message;
}

int daemon_transport_open(struct daemon *d)
{
	struct streams_conf conf = {
		.loop = &d->loop, .threads = d->config->connections.threads,
		.epoch = (u32)(clock_wall() / NSEC_PER_SEC) | 1,
		.framing = &framing, .ops = &ops, .arg = d,
	};
	int err;

	list_init(&d->connects);
	set_limits(&conf.limits, d->config);
	err = streams_new(&d->streams, &conf);
	if (err) {
		log_text(LOG_ERROR, "connections: %s", strerror(-err));
		return err;
	}
	return open_listeners(d);
}

void daemon_transport_close(struct daemon *d)
{
	size_t i;

	for (i = 0; i < d->nlisteners; i++)
		udp_close(d->udp[i]);
	daemon_connects_free(d);
	if (d->streams)
		streams_close(d->streams);
	d->streams = NULL;
}
