// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The control socket, wired to this daemon.
 */
#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "daemon/daemon.h"

static void drive(void *arg)
{
	daemon_settle(arg);
}

static bool stopping(void *arg)
{
	const struct daemon *d = arg;

	return d->stopping;
}

static bool records(void *arg, struct control_records *records)
{
	return daemon_record_figures(arg, records);
}

static bool stored(void *arg, struct control_store *store)
{
	return daemon_store_figures(arg, store);
}

/* --- transports --- */

static const char *realm_of(const struct daemon *d, u32 listener)
{
	return d->config->policy->realms[d->config->listeners[listener].realm].name;
}

static void each_listener(void *arg, void (*each)(void *to, const struct control_listener *l),
			  void *to)
{
	const struct daemon *d = arg;
	u32 i;

	for (i = 0; i < d->nlisteners; i++) {
		struct control_listener l = {
			.realm = realm_of(d, i), .local = d->config->listeners[i].local,
			.transport = daemon_transport_of(d, i),
		};

		each(to, &l);
	}
}

struct visit {
	const struct daemon *daemon;
	void (*each)(void *to, const struct control_connection *c);
	void *to;
};

static void visit(void *arg, const struct stream_view *view)
{
	const struct stream_info *info = view->info;
	struct visit *v = arg;
	struct control_connection c = {
		.id = info->id, .realm = realm_of(v->daemon, info->listener),
		.state = stream_state_name(view->state), .server_name = info->server_name,
		.origin = info->origin, .transport = info->transport, .peer = info->peer,
		.local = info->local, .incoming = info->incoming, .age = view->age,
		.bytes_in = view->bytes_in, .bytes_out = view->bytes_out,
		.messages_in = view->messages_in, .messages_out = view->messages_out,
		.queued = view->queued,
	};

	if (info->tls) {
		c.tls = info->tls->version;
		c.cipher = info->tls->cipher;
		c.subject = info->tls->subject;
		c.verified = info->tls->verified;
	}
	v->each(v->to, &c);
}

static void each_connection(void *arg, void (*each)(void *to, const struct control_connection *c),
			    void *to)
{
	struct daemon *d = arg;
	struct visit v = { d, each, to };

	streams_each(d->streams, visit, &v);
}

static int close_connection(void *arg, u64 id)
{
	struct daemon *d = arg;

	if (!streams_info(d->streams, id))
		return -ENOENT;
	streams_close_connection(d->streams, id, STREAM_ASKED);
	return 0;
}

/* Names as the engine's counters have them. */
static void give(void (*each)(void *to, const char *name, u64 value), void *to, const char *name,
		 u64 value)
{
	char text[64];
	size_t i;

	snprintf(text, sizeof(text), "connections-%s", name);
	for (i = 0; text[i]; i++)
		if (text[i] == '_')
			text[i] = '-';
	each(to, text, value);
}

static void each_counter(void *arg, void (*each)(void *to, const char *name, u64 value), void *to)
{
	struct daemon *d = arg;
	const struct stream_counter *s;
	const struct dns_counter *n;

	for (s = streams_counters(d->streams); s->name; s++)
		give(each, to, s->name, s->value);
	for (n = dns_counters(d->dns); n->name; n++)
		each(to, n->name, n->value);
	each(to, "stun-stranger-refused", d->stun_refused);
}

static const struct control_transports transports = {
	.listeners = each_listener, .connections = each_connection, .close = close_connection,
	.counters = each_counter,
};

static const struct control_subscribers subscribers = {
	.set = daemon_subscriber_set, .del = daemon_subscriber_del,
};

void daemon_control_conf(struct daemon *d, struct control_conf *conf)
{
	*conf = (struct control_conf){
		.path = d->config->control,
		.group = d->config->control_group,
		.node = d->config->node,
		.engine = d->engine,
		.relay = d->relay,
		.drive = drive,
		.stopping = stopping,
		.records = records,
		.store = stored,
		.transports = &transports,
		.subscribers = &subscribers,
		.arg = d,
	};
}

int daemon_control_open(struct daemon *d)
{
	struct control_conf conf;

	daemon_control_conf(d, &conf);
	return control_open(&d->control, &d->loop, &conf);
}

void daemon_control_close(struct daemon *d)
{
	control_close(d->control);
	d->control = NULL;
}

void daemon_media_tell(struct daemon *d, const struct media_event *event)
{
	if (d->control)
		control_media_event(d->control, event);
}
