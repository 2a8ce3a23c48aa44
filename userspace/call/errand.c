// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Errands: see errand.h. Names that are looked up for them, or for the ways of a trunk,
 * are found again by ticket.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/bridge.h"
#include "call/trunk_state.h"
#include "call/watch.h"

#define LEG_BITS 4

/* In a u32, numbers come again some day: no one is taken that is in use. */
static struct call_errand *find(const struct call_engine *e, u32 number)
{
	struct hash_node *node = hash_first(&e->errands, number);

	return node ? hash_entry(node, struct call_errand, node) : NULL;
}

void call_errand_init(struct call_engine *e, struct call_errand *errand,
		      enum call_errand_kind kind, void *owner)
{
	errand->kind = kind;
	errand->owner = owner;
	do {
		errand->number = ++e->next_errand;
	} while (!errand->number || find(e, errand->number));
	hash_insert(&e->errands, &errand->node, errand->number);
}

void *call_errand_handle(const struct call_errand *errand)
{
	return (void *)((uintptr_t)errand->number << LEG_BITS | CALL_NO_LEG);
}

void call_errand_forget(struct call_engine *e, struct call_errand *errand)
{
	if (errand->client)
		sip_client_forget(e->sip, errand->client);
	sip_dialog_free(e->sip, errand->dialog);
	errand->dialog = NULL;
	errand->client = NULL;
}

void call_errand_end(struct call_engine *e, struct call_errand *errand)
{
	call_errand_forget(e, errand);
	hash_remove(&e->errands, &errand->node);
}

int call_errand_begin(struct call_engine *e, struct call_errand *errand, const char *request_uri,
		      const char *from, const char *to, const char *contact,
		      const struct flow *flow)
{
	struct sip_dialog_target target = {
		.request_uri = slice_str(request_uri), .from = slice_str(from),
		.to = slice_str(to), .contact_user = slice_str(contact), .flow = *flow,
	};

	call_errand_forget(e, errand);
	errand->dialog = sip_dialog_new_uac(e->sip, &target, call_errand_handle(errand));
	return errand->dialog ? 0 : -ENOMEM;
}

u16 call_errand_status(const struct sip_event *ev)
{
	if (ev->type == SIP_EVENT_RESPONSE)
		return ev->msg->status;
	return ev->type == SIP_EVENT_TIMEOUT ? 408 : 503;
}

/* One that asks, and hears the final answer. */
static bool is_answered(struct call_errand *errand, const struct sip_event *ev)
{
	if (!ev->client || errand->client != ev->client || call_errand_status(ev) < 200)
		return false;
	errand->client = NULL;
	return true;
}

static void probe_event(struct call_engine *e, u64 now, struct call_errand *errand,
			const struct sip_event *ev)
{
	if (ev->type == SIP_EVENT_REQUEST)
		call_gone(e, now, NULL, ev);
	else if (is_answered(errand, ev))
		call_probe_result(e, now, errand->owner, call_errand_status(ev));
}

static void register_event(struct call_engine *e, u64 now, struct call_errand *errand,
			   const struct sip_event *ev)
{
	if (ev->type == SIP_EVENT_REQUEST)
		call_gone(e, now, NULL, ev);
	else if (is_answered(errand, ev))
		call_upstream_result(e, now, errand->owner, ev);
}

static void exchange_event(struct call_engine *e, u64 now, struct call_errand *errand,
			   const struct sip_event *ev)
{
	call_exchange_event(e, now, errand->owner, ev);
}

static void bridge_event(struct call_engine *e, u64 now, struct call_errand *errand,
			 const struct sip_event *ev)
{
	call_bridge_event(e, now, errand->owner, errand, ev);
}

static void watch_event(struct call_engine *e, u64 now, struct call_errand *errand,
			const struct sip_event *ev)
{
	call_watch_event(e, now, errand->owner, ev);
}

/* A request inside of an errand's dialog comes to its kind, too, and is answered there. */
static void (*const events[CALL_ERRAND_KINDS])(struct call_engine *e, u64 now,
					       struct call_errand *errand,
					       const struct sip_event *ev) = {
	[CALL_ERRAND_PROBE] = probe_event,
	[CALL_ERRAND_REGISTER] = register_event,
	[CALL_ERRAND_WATCH] = watch_event,
	[CALL_ERRAND_EXCHANGE] = exchange_event,
	[CALL_ERRAND_BRIDGE] = bridge_event,
};

bool call_errand_event(struct call_engine *e, u64 now, const struct sip_event *ev)
{
	uintptr_t handle = (uintptr_t)ev->user;
	struct call_errand *errand;

	if (!handle || (handle & ((1 << LEG_BITS) - 1)) != CALL_NO_LEG)
		return false;
	errand = find(e, (u32)(handle >> LEG_BITS));
	if (errand)
		events[errand->kind](e, now, errand, ev);
	else if (ev->type == SIP_EVENT_REQUEST)
		call_gone(e, now, NULL, ev);
	return true;
}

void call_errand_timer(struct call_engine *e, u64 now, struct timer *t)
{
	if (t->kind == CALL_TIMER_PROBE)
		call_probe_timer(e, now, t->owner);
	else if (t->kind == CALL_TIMER_TRUNK)
		call_ways_refresh(e, now, t->owner);
	else if (t->kind == CALL_TIMER_WATCH)
		call_watch_timer(e, now, t->owner);
	else if (t->kind == CALL_TIMER_PUBLICATION)
		call_publication_timer(e, t->owner);
	else if (t->kind == CALL_TIMER_APART)
		call_exchange_timer(e, now, t->owner);
	else if (t->kind == CALL_TIMER_BRIDGE)
		call_bridge_timer(e, now, t->owner);
	else
		call_upstream_timer(e, now, t->owner);
}

/* --- names --- */

static void describe(const struct call_engine *e, const struct call_policy *policy, size_t trunk,
		     const struct call_next_hop *to, bool secure, struct effect_locate *locate)
{
	const struct call_realm *realm = &policy->realms[policy->trunks[trunk].realm];
	size_t i, end = realm->first_listener + realm->nlisteners;

	*locate = (struct effect_locate){
		.port = to->port, .has_transport = to->has_transport, .transport = to->transport,
		.secure = secure || to->secure,
	};
	for (i = realm->first_listener; i < end && i < e->nlisteners; i++) {
		const struct sip_listener *l = &e->listeners[i];

		if (transport_websocket(l->transport))
			continue;	/* servers only */
		locate->transports |= 1u << l->transport;
		locate->v4 |= l->local.family == AF_INET;
		locate->v6 |= l->local.family == AF_INET6;
	}
}

int call_lookup_ask(struct call_engine *e, u64 ticket, const struct call_policy *policy,
		    size_t trunk, size_t target, bool secure)
{
	const struct call_next_hop *to = &policy->trunks[trunk].targets[target].hop;
	struct effect_locate locate;

	describe(e, policy, trunk, to, secure, &locate);
	return effects_locate(&e->effects, ticket, to->host, &locate);
}

int call_lookup_start(struct call_engine *e, struct call_policy *policy, size_t trunk,
		      size_t target, const struct call_errand *errand, bool secure)
{
	struct call_lookup *l = zalloc(sizeof(*l));

	if (!l)
		return -ENOMEM;
	l->ticket = ++e->next_ticket;
	l->policy = call_policy_get(policy);
	l->trunk = trunk;
	l->target = target;
	l->errand = errand ? errand->number : 0;
	list_add_tail(&e->lookups, &l->node);
	if (!call_lookup_ask(e, l->ticket, policy, trunk, target, secure))
		return 0;
	call_lookup_free(l);
	return -ENOMEM;
}

void call_lookup_free(struct call_lookup *l)
{
	list_del(&l->node);
	call_policy_put(l->policy);
	free(l);
}

static struct call_lookup *find_lookup(const struct call_engine *e, u64 ticket)
{
	struct list *at;

	for (at = e->lookups.next; at != &e->lookups; at = at->next) {
		struct call_lookup *l = list_entry(at, struct call_lookup, node);

		if (l->ticket == ticket)
			return l;
	}
	return NULL;
}

/* What is looked up for a policy of yesterday is asked for again by that of today. */
void call_lookup_done(struct call_engine *e, u64 now, u64 ticket, int err, const char *text,
		      const char *domain, const struct hop *hops, size_t n)
{
	struct call_lookup *l = find_lookup(e, ticket);
	const struct call_trunk *trunk = l ? &l->policy->trunks[l->trunk] : NULL;
	struct call_trunk_state *t = trunk ? call_trunk_state(e, trunk->name) : NULL;
	struct call_errand *errand = l && l->errand ? find(e, l->errand) : NULL;
	struct flow flows[CALL_MAX_HOPS];

	if (errand && errand->kind == CALL_ERRAND_REGISTER) {
		call_upstream_located(e, now, errand->owner, err, text, domain, hops, n);
	} else if (errand) {
		call_exchange_located(e, now, errand->owner, err, text, domain, hops, n);
	} else if (t && !l->errand && !err && l->policy == e->policy) {
		n = call_hops_flows(e, l->policy, l->trunk, trunk->targets[l->target].hop.secure,
				    domain, hops, n, flows);
		call_ways_found(e, now, t, trunk, l->target, flows, n);
	}
	if (l)
		call_lookup_free(l);
}
