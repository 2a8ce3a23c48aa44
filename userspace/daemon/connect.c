// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages that wait for a connection which is being made for them: in order, all of one
 * peer behind each other. When it cannot be made, whoever sent them is told that the
 * peer is not to be reached.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/daemon.h"

#define MAX_WAITING 4096	/* messages for one peer */

struct waiting {
	struct list node;
	size_t n;
	char bytes[];
};

struct connect {
	struct list node;
	u64 ticket;
	struct flow flow;		/* without a connection */
	struct list waiting;
	size_t nwaiting;
};

static struct connect *find_connect(struct daemon *d, const struct flow *flow)
{
	struct list *at;

	for (at = d->connects.next; at != &d->connects; at = at->next) {
		struct connect *c = list_entry(at, struct connect, node);

		if (c->flow.listener == flow->listener && c->flow.name == flow->name &&
		    addr_eq(&c->flow.peer, &flow->peer))
			return c;
	}
	return NULL;
}

static void free_connect(struct connect *c)
{
	while (!list_empty(&c->waiting)) {
		struct waiting *w = list_entry(c->waiting.next, struct waiting, node);

		list_del(&w->node);
		free(w);
	}
	list_del(&c->node);
	free(c);
}

static void give_up(struct daemon *d, const struct flow *flow, const char *why)
{
	char peer[ADDR_STRLEN];

	log_text(LOG_WARNING, "no %s connection to %s: %s",
		 transport_name(daemon_transport_of(d, flow->listener)),
		 addr_print(&flow->peer, peer), why);
	call_engine_unreachable(d->engine, clock_now(), flow);
}

static struct connect *begin(struct daemon *d, const struct flow *flow)
{
	char ip[ADDR_STRLEN];
	struct stream_target to = daemon_target(d, flow, ip);
	struct connect *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->ticket = ++d->connect_ticket;
	c->flow = *flow;
	c->flow.connection = 0;
	list_init(&c->waiting);
	if (streams_connect(d->streams, &to, c->ticket, NULL)) {
		free(c);
		return NULL;
	}
	list_add_tail(&d->connects, &c->node);
	return c;
}

void daemon_connect(struct daemon *d, const struct flow *flow, struct slice bytes)
{
	struct connect *c = find_connect(d, flow);
	struct waiting *w;

	if (!c)
		c = begin(d, flow);
	w = c && c->nwaiting < MAX_WAITING ? malloc(sizeof(*w) + bytes.n) : NULL;
	if (!w) {
		give_up(d, flow, c ? "too many messages wait for it" : "it cannot be begun");
		return;
	}
	w->n = bytes.n;
	memcpy(w->bytes, bytes.p, bytes.n);
	list_add_tail(&c->waiting, &w->node);
	c->nwaiting++;
}

static void send_waiting(struct daemon *d, const struct connect *c, u64 connection)
{
	struct list *at;

	for (at = c->waiting.next; at != &c->waiting; at = at->next) {
		const struct waiting *w = list_entry(at, struct waiting, node);

		if (streams_send(d->streams, connection, slice_of(w->bytes, w->n))) {
			give_up(d, &c->flow, "it ended at once");
			return;
		}
	}
}

void daemon_connected(struct daemon *d, u64 ticket, int err, const char *text,
		      const struct flow *flow)
{
	struct list *at;

	for (at = d->connects.next; at != &d->connects; at = at->next) {
		struct connect *c = list_entry(at, struct connect, node);

		if (c->ticket != ticket)
			continue;
		if (err)
			give_up(d, &c->flow, text);
		else
			send_waiting(d, c, flow->connection);
		free_connect(c);
		return;
	}
}

void daemon_connects_free(struct daemon *d)
{
	while (d->connects.next && !list_empty(&d->connects))
		free_connect(list_entry(d->connects.next, struct connect, node));
}
