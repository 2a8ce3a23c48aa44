// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The addresses of a trunk, and what is known of each: what its probes said, and whether a
 * request failed there a short while ago. A reload, or another answer of the DNS, takes
 * away those that nothing leads to any more; the others keep what is known.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/trunk_state.h"

static bool same_way(const struct call_way *way, const struct flow *flow)
{
	return way->flow.listener == flow->listener && addr_eq(&way->flow.peer, &flow->peer) &&
	       way->flow.name == flow->name;
}

struct call_way *call_way_find(struct call_trunk_state *t, const struct flow *flow)
{
	struct list *at;

	for (at = t->ways.next; at != &t->ways; at = at->next) {
		struct call_way *way = list_entry(at, struct call_way, node);

		if (same_way(way, flow))
			return way;
	}
	return NULL;
}

void call_way_free(struct call_engine *e, struct call_way *way)
{
	timer_disarm(&e->timers, &way->timer);
	timers_release(&e->timers, 1);
	call_errand_end(e, &way->probe);
	list_del(&way->node);
	free(way);
}

static struct call_way *new_way(struct call_engine *e, struct call_trunk_state *t,
				const struct flow *flow)
{
	struct call_way *way = zalloc(sizeof(*way));

	if (!way)
		return NULL;
	if (timers_reserve(&e->timers, 1)) {
		free(way);
		return NULL;
	}
	way->trunk = t;
	way->flow = *flow;
	way->timer = (struct timer){ .kind = CALL_TIMER_PROBE, .owner = way };
	call_errand_init(e, &way->probe, CALL_ERRAND_PROBE, way);
	list_add_tail(&t->ways, &way->node);
	return way;
}

static int find_way(struct call_engine *e, u64 now, struct call_trunk_state *t,
		    const struct call_trunk *trunk, size_t target, const struct flow *flow)
{
	const struct call_next_hop *to = &trunk->targets[target].hop;
	struct call_way *way = call_way_find(t, flow);
	bool known = way;

	if (!way)
		way = new_way(e, t, flow);
	if (!way)
		return -ENOMEM;
	if (!known || !way->found || target <= way->target) {
		way->target = target;
		way->host = to->addr.family ? 0 : call_name(e, to->host);
	}
	way->found = true;
	if (!known)
		call_probe_schedule(e, now, way);
	return 0;
}

/* host 0 and any: whatever leads there. */
static void drop_lost(struct call_engine *e, struct call_trunk_state *t)
{
	struct list *at, *next;

	for (at = t->ways.next; at != &t->ways; at = next) {
		struct call_way *way = list_entry(at, struct call_way, node);

		next = at->next;
		if (!way->found)
			call_way_free(e, way);
	}
}

void call_ways_found(struct call_engine *e, u64 now, struct call_trunk_state *t,
		     const struct call_trunk *trunk, size_t target, const struct flow *flows,
		     size_t n)
{
	struct list *at;
	size_t i;

	for (at = t->ways.next; at != &t->ways; at = at->next) {
		struct call_way *way = list_entry(at, struct call_way, node);

		way->found = way->target != target;
	}
	for (i = 0; i < n; i++)
		find_way(e, now, t, trunk, target, &flows[i]);
	drop_lost(e, t);
}

/* What a name led to stays until it is known where it leads now. */
static void keep_named(struct call_engine *e, struct call_trunk_state *t,
		       const struct call_trunk *trunk)
{
	struct list *at;
	size_t i;

	for (at = t->ways.next; at != &t->ways; at = at->next) {
		struct call_way *way = list_entry(at, struct call_way, node);

		way->found = false;
		for (i = 0; way->host && !way->found && i < trunk->ntargets; i++) {
			if (trunk->targets[i].hop.addr.family ||
			    call_name(e, trunk->targets[i].hop.host) != way->host)
				continue;
			way->found = true;
			way->target = i;
		}
	}
}

static int refresh_target(struct call_engine *e, u64 now, struct call_trunk_state *t,
			  size_t trunk, size_t target)
{
	const struct call_next_hop *to = &e->policy->trunks[trunk].targets[target].hop;
	struct flow flow[CALL_MAX_HOPS];
	struct hop hop;

	if (!to->addr.family)
		return call_lookup_start(e, e->policy, trunk, target, NULL, false);
	hop = call_hops_address(to);
	if (!call_hops_flows(e, e->policy, trunk, to->secure, to->host, &hop, 1, flow))
		return 0;
	return find_way(e, now, t, &e->policy->trunks[trunk], target, flow);
}

/* A name is asked for as often as its addresses are probed: its answer may be kept longer. */
int call_ways_refresh(struct call_engine *e, u64 now, struct call_trunk_state *t)
{
	int trunk = call_trunk_index(e->policy, t->name), err = 0;
	const struct call_trunk *config;
	size_t i;

	if (trunk < 0)
		return 0;
	config = &e->policy->trunks[trunk];
	keep_named(e, t, config);
	for (i = 0; !err && i < config->ntargets; i++)
		if (config->targets[i].hop.addr.family || config->probing.interval)
			err = refresh_target(e, now, t, (size_t)trunk, i);
	drop_lost(e, t);
	if (config->probing.interval)
		timer_arm(&e->timers, &t->refresh, now + config->probing.interval);
	return err;
}

/* --- failures --- */

bool call_way_is_good(const struct call_way *way, u64 now)
{
	return way->state != CALL_WAY_DOWN && way->failed_until <= now;
}

void call_way_failed(struct call_engine *e, u64 now, const struct call_policy *policy,
		     size_t trunk, const struct flow *flow)
{
	struct call_trunk_state *t = call_trunk_state(e, policy->trunks[trunk].name);
	struct call_way *way = t ? call_way_find(t, flow) : NULL;

	if (!way || !policy->failed_target)
		return;
	if (!way->failed_until)
		e->nfailed++;
	way->failed_until = now + policy->failed_target;
}

static void heard(struct call_engine *e, struct call_trunk_state *t, const struct flow *flow)
{
	struct list *at;

	for (at = t->ways.next; at != &t->ways; at = at->next) {
		struct call_way *way = list_entry(at, struct call_way, node);

		if (way->failed_until && way->flow.listener == flow->listener &&
		    addr_eq(&way->flow.peer, &flow->peer))
			way->failed_until = 0;
		e->nfailed += way->failed_until != 0;
	}
}

void call_ways_heard(struct call_engine *e, const struct flow *flow)
{
	struct list *at;

	e->nfailed = 0;
	for (at = e->trunks.next; at != &e->trunks; at = at->next)
		heard(e, list_entry(at, struct call_trunk_state, node), flow);
}
