// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The order in which the addresses of a trunk are tried: targets by priority, those of
 * one priority drawn by weight (RFC 2782), the addresses of a name as RFC 3263 has them.
 * Those that are down, or failed a short while ago, come behind all others, and are still
 * tried: what is known of them may be wrong. So a name is looked up when all good
 * addresses before it have been tried, and the bad ones wait until no name is left.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/trunk_state.h"

/* --- targets --- */

/* Of those with the priority of the first of n, one, by chance and weight. */
static size_t draw(struct call_engine *e, const struct call_trunk *trunk, const u8 *order, size_t n)
{
	u16 priority = trunk->targets[order[0]].priority;
	u64 sum = 0, at;
	size_t i, same;

	for (same = 0; same < n && trunk->targets[order[same]].priority == priority; same++)
		sum += trunk->targets[order[same]].weight;
	if (!sum)
		return sip_engine_random(e->sip) % same;
	at = sip_engine_random(e->sip) % sum;
	for (i = 0; at >= trunk->targets[order[i]].weight; i++)
		at -= trunk->targets[order[i]].weight;
	return i;
}

static void order_targets(struct call_engine *e, const struct call_trunk *trunk, u8 *order)
{
	size_t i, at;
	u8 drawn;

	for (i = 0; i < trunk->ntargets; i++) {
		for (at = i; at && trunk->targets[order[at - 1]].priority >
				   trunk->targets[i].priority; at--)
			order[at] = order[at - 1];
		order[at] = (u8)i;
	}
	for (i = 0; i < trunk->ntargets; i++) {
		at = i + draw(e, trunk, order + i, trunk->ntargets - i);
		drawn = order[at];
		memmove(order + i + 1, order + i, at - i);
		order[i] = drawn;
	}
}

struct call_hops *call_hops_new(struct call_engine *e, const struct call_policy *policy,
				size_t trunk, bool secure)
{
	struct call_hops *hops = zalloc(sizeof(*hops));

	if (!hops)
		return NULL;
	hops->policy = policy;
	hops->trunk = trunk;
	hops->secure = secure;
	order_targets(e, &policy->trunks[trunk], hops->order);
	return hops;
}

void call_hops_free(struct call_hops *hops)
{
	if (!hops)
		return;
	call_failure_clear(&hops->last);
	free(hops->list);
	free(hops);
}

/* --- addresses --- */

struct hop call_hops_address(const struct call_next_hop *to)
{
	struct hop hop = { .addr = to->addr, .transport = TRANSPORT_UDP };

	if (to->has_transport)
		hop.transport = to->transport;
	if (to->secure && !transport_secure(hop.transport))
		hop.transport = hop.transport == TRANSPORT_WS ? TRANSPORT_WSS : TRANSPORT_TLS;
	return hop;
}

size_t call_hops_flows(struct call_engine *e, const struct call_policy *policy, size_t trunk,
		       bool secure, const char *domain, const struct hop *found, size_t n,
		       struct flow flows[CALL_MAX_HOPS])
{
	size_t i, count = 0;

	for (i = 0; i < n && count < CALL_MAX_HOPS; i++) {
		bool proves = transport_secure(found[i].transport);
		int listener = call_policy_listener(policy, policy->trunks[trunk].realm,
						    found[i].transport, found[i].addr.family,
						    e->listeners, e->nlisteners);

		if (listener < 0 || (secure && !proves))
			continue;
		flows[count++] = (struct flow){
			.listener = (u32)listener, .peer = found[i].addr,
			.name = proves ? call_name(e, domain) : 0,
		};
	}
	return count;
}

static bool has(const struct call_hops *hops, const struct flow *flow)
{
	size_t i;

	for (i = 0; i < hops->n; i++)
		if (hops->list[i].flow.listener == flow->listener &&
		    hops->list[i].flow.name == flow->name &&
		    addr_eq(&hops->list[i].flow.peer, &flow->peer))
			return true;
	return false;
}

static int add(struct call_hops *hops, u8 target, const struct flow *flows, size_t n)
{
	struct call_hop *list;
	size_t i;

	if (hops->n + n > CALL_MAX_HOPS)
		n = CALL_MAX_HOPS - hops->n;
	list = realloc(hops->list, (hops->n + n + 1) * sizeof(*list));
	if (!list)
		return -ENOMEM;
	hops->list = list;
	for (i = 0; i < n; i++)
		if (!has(hops, &flows[i]))
			list[hops->n++] = (struct call_hop){ .flow = flows[i], .target = target };
	return 0;
}

/* Why nobody can be asked there; whoever was asked says it better. */
static void note(struct call_hops *hops, u16 status, const char *headers, const char *text)
{
	if (hops->tried)
		return;
	call_failure_clear(&hops->last);
	hops->last = (struct call_failure){
		.status = status, .headers = headers ? strdup(headers) : NULL,
	};
	snprintf(hops->last.text, sizeof(hops->last.text), "%.95s", text);
}

static void note_insecure(struct call_hops *hops)
{
	note(hops, 480, CALL_SIPS_WARNING, "sips: and no way by TLS");
}

static int take_address(struct call_engine *e, struct call_hops *hops, u8 target)
{
	const struct call_next_hop *to = &hops->policy->trunks[hops->trunk].targets[target].hop;
	struct hop hop = call_hops_address(to);
	struct flow flow[CALL_MAX_HOPS];
	size_t n = call_hops_flows(e, hops->policy, hops->trunk, hops->secure || to->secure,
				   to->host, &hop, 1, flow);

	if (n)
		return add(hops, target, flow, n);
	if (hops->secure && !transport_secure(hop.transport))
		note_insecure(hops);
	else
		note(hops, 503, NULL, "the realm has no listener for its target");
	return 0;
}

/* As a proxy would say it (RFC 3263 §4.3, RFC 3261 §16.7): 503 is for what may pass. */
int call_hops_found(struct call_engine *e, u64 now, struct call_hops *hops, int err,
		    const char *text, const char *domain, const struct hop *found, size_t n)
{
	const struct call_trunk *trunk = &hops->policy->trunks[hops->trunk];
	u8 target = hops->order[hops->known++];
	struct call_trunk_state *state = call_trunk_state(e, trunk->name);
	bool secure = hops->secure || trunk->targets[target].hop.secure;
	struct flow flows[CALL_MAX_HOPS];

	if (err) {
		note(hops, err == -ENOENT ? 502 : 503, NULL, text);
		return err == -ENOMEM ? err : 0;
	}
	n = call_hops_flows(e, hops->policy, hops->trunk, secure, domain, found, n, flows);
	if (n && state && hops->policy == e->policy &&
	    secure == trunk->targets[target].hop.secure)
		call_ways_found(e, now, state, trunk, target, flows, n);
	if (n)
		return add(hops, target, flows, n);
	if (secure)
		note_insecure(hops);
	else
		note(hops, 503, NULL,
		     "the realm has no listener for what its target's name leads to");
	return 0;
}

/* --- the next one --- */

static bool is_good(const struct call_hop *hop, struct call_trunk_state *state, u64 now)
{
	const struct call_way *way = state ? call_way_find(state, &hop->flow) : NULL;

	return !way || call_way_is_good(way, now);
}

static bool pick(struct call_hops *hops, struct call_trunk_state *state, u64 now, bool good)
{
	size_t i;

	for (i = 0; i < hops->n; i++) {
		if (hops->list[i].tried || (good && !is_good(&hops->list[i], state, now)))
			continue;
		hops->list[i].tried = true;
		hops->at = i;
		hops->tried++;
		return true;
	}
	return false;
}

int call_hops_next(struct call_engine *e, u64 now, struct call_hops *hops)
{
	const struct call_trunk *trunk = &hops->policy->trunks[hops->trunk];
	struct call_trunk_state *state = call_trunk_state(e, trunk->name);
	int err;

	while (!pick(hops, state, now, true)) {
		u8 target;

		if (hops->known == trunk->ntargets)
			return pick(hops, state, now, false) ? 0 : -ENOENT;
		target = hops->order[hops->known];
		if (!trunk->targets[target].hop.addr.family)
			return -EINPROGRESS;
		hops->known++;
		err = take_address(e, hops, target);
		if (err)
			return err;
	}
	return 0;
}

bool call_hops_more(const struct call_hops *hops)
{
	return hops->tried < hops->n ||
	       hops->known < hops->policy->trunks[hops->trunk].ntargets;
}
