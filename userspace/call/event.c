// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What happened, told to whoever asks: events in a bounded queue (what nobody
 * fetches is lost and counted, never waited for) and counters.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/register.h"
#include "call/trunk_state.h"
#include "call/watch.h"

struct event_node {
	struct list node;
	struct call_event event;
};

static struct call_event *add_event(struct call_engine *e, u64 now, enum call_event_type type)
{
	struct event_node *n;

	n = e->nevents < CALL_MAX_EVENTS ? zalloc(sizeof(*n)) : NULL;
	if (!n) {
		e->counters[CALL_COUNT_EVENTS_LOST]++;
		return NULL;
	}
	n->event.type = type;
	n->event.time = now;
	list_add_tail(&e->events, &n->node);
	e->nevents++;
	return &n->event;
}

void call_event_add(struct call_engine *e, u64 now, enum call_event_type type, struct call *call)
{
	struct call_event *event = add_event(e, now, type);

	call_lamps_changed(e, call);
	if (type == CALL_EVENT_RINGING && !call->rung)
		call_histogram_add(&e->setup[0], now - call->created);
	if (type == CALL_EVENT_ANSWERED)
		call_histogram_add(&e->setup[1], now - call->created);
	if (type == CALL_EVENT_RINGING)
		call->rung = now;
	if (!event)
		return;
	event->call = call->id;
	slice_copy(event->from, sizeof(event->from), slice_str(call->from));
	slice_copy(event->to, sizeof(event->to), slice_str(call->to));
	if (type != CALL_EVENT_ENDED)
		return;
	event->status = call->answered ? 0 : call->end_status;
	slice_copy(event->reason, sizeof(event->reason), slice_str(call->end_text));
	event->record = e->records ? call_record_make(call) : NULL;
	event->figures = call->figures;
	call->figures = NULL;
}

void call_event_refused(struct call_engine *e, u64 now, const struct sip_event *ev, u16 status,
			const char *why)
{
	struct call_event *event = add_event(e, now, CALL_EVENT_REFUSED);
	char peer[ADDR_STRLEN];

	if (!event)
		return;
	event->status = status;
	if (e->records && ev->msg->method == SIP_INVITE && !ev->msg->to.tag.n)
		event->record = call_record_refused(e, now, ev, status, why);
	slice_copy(event->from, sizeof(event->from), slice_str(addr_print(&ev->flow.peer, peer)));
	slice_copy(event->to, sizeof(event->to), ev->msg->ruri);
	snprintf(event->reason, sizeof(event->reason), SLICE_FMT ": %s",
		 SLICE_ARG(ev->msg->method_name), why);
}

void call_event_trunk(struct call_engine *e, u64 now, const char *trunk, const char *where,
		      u16 status, const char *what)
{
	struct call_event *event = add_event(e, now, CALL_EVENT_TRUNK);

	if (!event)
		return;
	event->status = status;
	slice_copy(event->from, sizeof(event->from), slice_str(trunk));
	slice_copy(event->to, sizeof(event->to), slice_str(where));
	slice_copy(event->reason, sizeof(event->reason), slice_str(what));
}

bool call_engine_event(struct call_engine *e, struct call_event *event)
{
	struct event_node *n;

	if (list_empty(&e->events))
		return false;
	n = list_entry(e->events.next, struct event_node, node);
	list_del(&n->node);
	e->nevents--;
	*event = n->event;
	free(n);
	return true;
}

void call_event_clear(struct call_event *event)
{
	free(event->figures);
	call_record_free(event->record);
	event->figures = NULL;
	event->record = NULL;
}

static const char *const counter_names[CALL_NCOUNTERS] = {
	[CALL_COUNT_CALLS] = "calls",
	[CALL_COUNT_ANSWERED] = "calls-answered",
	[CALL_COUNT_FAILED] = "calls-failed",
	[CALL_COUNT_CANCELLED] = "calls-cancelled",
	[CALL_COUNT_REFUSED_SOURCE] = "refused-source",
	[CALL_COUNT_REFUSED_ROUTE] = "refused-route",
	[CALL_COUNT_REFUSED_MEDIA] = "refused-media",
	[CALL_COUNT_REFUSED_OTHER] = "refused-other",
	[CALL_COUNT_DRAINED] = "refused-draining",
	[CALL_COUNT_MEDIA_FAILED] = "media-failed",
	[CALL_COUNT_MEDIA_IDLE] = "media-idle",
	[CALL_COUNT_NO_ACK] = "no-ack",
	[CALL_COUNT_NO_PRACK] = "no-prack",
	[CALL_COUNT_RING_TIMEOUT] = "ring-timeout",
	[CALL_COUNT_MAX_DURATION] = "max-duration",
	[CALL_COUNT_SURPLUS] = "surplus-answers",
	[CALL_COUNT_REINVITES] = "re-invites",
	[CALL_COUNT_GLARE] = "glare",
	[CALL_COUNT_EVENTS_LOST] = "events-lost",
	[CALL_COUNT_AUTH_REFUSED] = "credentials-refused",
	[CALL_COUNT_REFUSED_TRUNK] = "refused-trunk",
	[CALL_COUNT_CHALLENGED] = "challenged",
	[CALL_COUNT_AUTH_BAD] = "credentials-wrong",
	[CALL_COUNT_AUTH_REPLAYED] = "credentials-replayed",
	[CALL_COUNT_UNANSWERED] = "strangers-unanswered",
	[CALL_COUNT_PRETENDED] = "identity-refused",
	[CALL_COUNT_MOVED] = "dialogs-moved",
	[CALL_COUNT_TOO_MANY] = "refused-subscriber-limit",
	[CALL_COUNT_REGISTERED] = "registrations",
	[CALL_COUNT_REGISTER_REFUSED] = "registrations-refused",
	[CALL_COUNT_CARRIED] = "requests-carried",
	[CALL_COUNT_CARRY_REFUSED] = "requests-not-carried",
	[CALL_COUNT_EXCHANGES] = "exchanges",
	[CALL_COUNT_EXCHANGES_FAILED] = "exchanges-failed",
	[CALL_COUNT_EXCHANGE_LIMIT] = "refused-exchange-limit",
	[CALL_COUNT_BRIDGES] = "subscriptions-carried",
	[CALL_COUNT_BRIDGE_NOTIFIES] = "notifies-carried",
	[CALL_COUNT_SUBSCRIBED] = "subscriptions",
	[CALL_COUNT_SUBSCRIBE_REFUSED] = "subscriptions-refused",
	[CALL_COUNT_SUBSCRIBE_LIMIT] = "refused-subscription-limit",
	[CALL_COUNT_NOTIFIES] = "notifies",
	[CALL_COUNT_NOTIFY_FAILED] = "notifies-failed",
	[CALL_COUNT_PUBLISHED] = "publications",
	[CALL_COUNT_PUBLISH_REFUSED] = "publications-refused",
	[CALL_COUNT_TRANSFERS] = "transfers",
	[CALL_COUNT_TRANSFERS_FAILED] = "transfers-failed",
	[CALL_COUNT_TRANSFERS_REFUSED] = "transfers-refused",
	[CALL_COUNT_TRANSFERS_PASSED] = "transfers-passed",
};

static const char *const watched_names[EVENT_PACKAGES] = {
	[EVENT_PRESENCE] = "presence-now",
	[EVENT_REG] = "reg-now",
	[EVENT_DIALOG] = "dialog-now",
};

#define NREPORT (sizeof(((struct call_engine *)0)->report) / sizeof(struct sip_counter))

const struct sip_tally *call_engine_tally(const struct call_engine *e)
{
	return sip_engine_tally(e->sip);
}

const struct call_histogram *call_engine_setup(const struct call_engine *e, bool answer)
{
	return &e->setup[answer];
}

size_t call_engine_sessions(const struct call_engine *e)
{
	const struct list *at;
	size_t n = 0;

	for (at = e->calls.next; at != &e->calls; at = at->next)
		n += list_entry(at, struct call, node)->session;
	return n;
}

const struct sip_counter *call_engine_counters(struct call_engine *e)
{
	const struct sip_counter *sip = sip_engine_counters(e->sip);
	size_t n = 0, i;

	e->report[n++] = (struct sip_counter){ "calls-now", e->ncalls };
	e->report[n++] = (struct sip_counter){ "bindings-now",
					       registrar_count(e->registrar->table) };
	e->report[n++] = (struct sip_counter){ "exchanges-now", e->nexchanges };
	e->report[n++] = (struct sip_counter){ "subscriptions-now", e->watchers->table.n };
	e->report[n++] = (struct sip_counter){ "carried-subscriptions-now",
					       e->watchers->bridges.n };
	e->report[n++] = (struct sip_counter){ "publications-now",
					       e->watchers->publications.by_resource.n };
	for (i = 0; i < EVENT_PACKAGES; i++)
		e->report[n++] = (struct sip_counter){ watched_names[i],
						       e->watchers->table.of[i] };
	for (i = 0; i < CALL_NCOUNTERS; i++)
		e->report[n++] = (struct sip_counter){ counter_names[i], e->counters[i] };
	for (; sip->name && n < NREPORT - 1; sip++)
		e->report[n++] = *sip;
	e->report[n] = (struct sip_counter){ NULL, 0 };
	return e->report;
}
