// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Overload: what exists goes on, what is new is sent away (RFC 3261 §21.5.4). Who has
 * clock and kernel measures; here is decided, and between a limit and three quarters of it
 * a cause remains as it is, so that it does not flutter. Who is sent away leaves nothing
 * behind, and is told a time of his own to come back.
 */
#include <stdio.h>

#include "call/call.h"

#define RELAY_WINDOW (5 * NSEC_PER_SEC)
#define RELAY_FEW 8			/* plans that say nothing yet */

static const struct {
	const char *name;
	u8 heavy;			/* at so many quarters of the limit; 0: never */
	bool media;			/* only what needs media suffers */
} causes[CALL_OVERLOAD_CAUSES] = {
	[CALL_OVERLOAD_LAG] = { "lag", 8, false },
	[CALL_OVERLOAD_DROPPED] = { "dropped", 8, false },
	[CALL_OVERLOAD_MEMORY] = { "memory", 5, false },
	[CALL_OVERLOAD_TRANSACTIONS] = { "transactions", 6, false },
	[CALL_OVERLOAD_STORE] = { "store", 8, false },
	[CALL_OVERLOAD_CONNECTIONS] = { "connections", 8, false },
	[CALL_OVERLOAD_NAMES] = { "names", 8, false },
	[CALL_OVERLOAD_RELAY] = { "relay", 0, true },
	[CALL_OVERLOAD_PORTS] = { "ports", 0, true },
};

const char *call_overload_name(enum call_overload_cause cause)
{
	return causes[cause].name;
}

const char *call_overload_level_name(enum call_overload_level level)
{
	static const char *const names[] = { "none", "light", "heavy" };

	return names[level];
}

/* --- how it is --- */

/* value is at limit, or still above three quarters of it. */
static bool holds(bool held, u64 value, u64 limit)
{
	return value >= (held ? limit - limit / 4 : limit);
}

static enum call_overload_level level_of(enum call_overload_cause cause,
					 enum call_overload_level before, u64 value, u64 limit)
{
	u64 heavy = limit / 4 * causes[cause].heavy;

	if (!limit)
		return CALL_OVERLOAD_NONE;
	if (heavy && holds(before == CALL_OVERLOAD_HEAVY, value, heavy))
		return CALL_OVERLOAD_HEAVY;
	return holds(before != CALL_OVERLOAD_NONE, value, limit) ? CALL_OVERLOAD_LIGHT :
								   CALL_OVERLOAD_NONE;
}

static void judge(struct call_overload *o, enum call_overload_cause cause, u64 value)
{
	o->levels[cause] = level_of(cause, o->levels[cause], value, o->conf.limits.of[cause]);
}

/* The window before counts as well, so that a new one does not begin without memory. */
static void turn_window(struct call_overload *o, u64 now)
{
	if (now - o->window < RELAY_WINDOW)
		return;
	if (now - o->window < 2 * RELAY_WINDOW)
		o->relay[0] = o->relay[1];
	else
		o->relay[0] = (struct call_relay_window){ 0 };
	o->relay[1] = (struct call_relay_window){ 0 };
	o->window = now;
}

void call_overload_relay(struct call_engine *e, u64 now, bool failed)
{
	turn_window(&e->overload, now);
	e->overload.relay[1].plans++;
	e->overload.relay[1].failed += failed;
}

static u64 relay_failures(struct call_overload *o, u64 now)
{
	u64 plans, failed;

	turn_window(o, now);
	plans = o->relay[0].plans + o->relay[1].plans;
	failed = o->relay[0].failed + o->relay[1].failed;
	return plans < RELAY_FEW ? 0 : failed * 100 / plans;
}

/* What changes from one request to the next is not waited for. That one does not count. */
static void look_again(struct call_engine *e, u64 now)
{
	size_t servers = sip_engine_servers(e->sip);

	judge(&e->overload, CALL_OVERLOAD_TRANSACTIONS, servers ? servers - 1 : 0);
	judge(&e->overload, CALL_OVERLOAD_RELAY, relay_failures(&e->overload, now));
}

bool call_engine_load(struct call_engine *e, u64 now, const struct call_load *load)
{
	struct call_overload *o = &e->overload;
	enum call_overload_level before[CALL_OVERLOAD_MEASURED];
	size_t i;

	memcpy(before, o->told, sizeof(before));
	for (i = 0; i < CALL_OVERLOAD_MEASURED; i++)
		if (i != CALL_OVERLOAD_TRANSACTIONS && i != CALL_OVERLOAD_RELAY)
			judge(o, i, load->of[i]);
	look_again(e, now);
	memcpy(o->told, o->levels, sizeof(o->told));
	return memcmp(before, o->told, sizeof(before));
}

void call_engine_overload(struct call_engine *e, u64 now, struct call_overload_view *view)
{
	const struct call_policy *p = e->policy;
	size_t i;

	look_again(e, now);
	*view = (struct call_overload_view){ .level = CALL_OVERLOAD_NONE };
	memcpy(view->causes, e->overload.levels, sizeof(e->overload.levels));
	memcpy(view->refused, e->overload.refused, sizeof(view->refused));
	for (i = 0; i < p->nrealms; i++)
		if (p->realms[i].ports &&
		    media_ports_scarce(p->realms[i].ports, now, e->overload.conf.ports))
			view->causes[CALL_OVERLOAD_PORTS] = CALL_OVERLOAD_LIGHT;
	for (i = 0; i < CALL_OVERLOAD_CAUSES; i++)
		if (view->causes[i] > view->level)
			view->level = view->causes[i];
}

void call_engine_ports(struct call_engine *e, u64 now,
		       void (*each)(void *arg, const struct call_ports_view *view), void *arg)
{
	size_t i;

	for (i = 0; i < e->policy->nrealms; i++) {
		const struct call_realm *realm = &e->policy->realms[i];
		struct call_ports_view view = { .realm = realm->name };

		if (!realm->ports)
			continue;
		view.used = media_ports_used(realm->ports);
		view.free = media_ports_free_now(realm->ports, now);
		each(arg, &view);
	}
}

/* --- who is sent away --- */

static bool realm_lacks_ports(const struct call_engine *e, u64 now, int realm)
{
	struct media_ports *ports = realm < 0 ? NULL : e->policy->realms[realm].ports;

	return ports && media_ports_scarce(ports, now, e->overload.conf.ports);
}

/* Where the call comes from, and where it goes first. */
static bool lacks_ports(const struct call_engine *e, u64 now, const struct sip_event *ev,
			const struct call_route *route)
{
	if (realm_lacks_ports(e, now, call_policy_realm(e->policy, ev->flow.listener)))
		return true;
	return route && route->nto &&
	       realm_lacks_ports(e, now, (int)e->policy->trunks[route->to[0].trunk].realm);
}

static bool suffers(enum call_kind kind, enum call_overload_cause cause,
		    enum call_overload_level level)
{
	if (kind == CALL_KIND_EMERGENCY || (causes[cause].media && kind != CALL_KIND_CALL))
		return false;
	return level >= (kind == CALL_KIND_REFRESH ? CALL_OVERLOAD_HEAVY : CALL_OVERLOAD_LIGHT);
}

bool call_overload_any(struct call_engine *e, u64 now)
{
	size_t i;

	look_again(e, now);
	for (i = 0; i < CALL_OVERLOAD_MEASURED; i++)
		if (e->overload.levels[i])
			return true;
	return false;
}

bool call_overload_refuses(struct call_engine *e, u64 now, enum call_kind kind)
{
	size_t i;

	look_again(e, now);
	for (i = 0; i < CALL_OVERLOAD_MEASURED; i++) {
		if (!suffers(kind, i, e->overload.levels[i]))
			continue;
		e->overload.refused[i]++;
		return true;
	}
	return false;
}

/* Those who were sent away together do not come back together. */
static void dismiss(struct call_engine *e, u64 now, const struct sip_event *ev)
{
	u32 seconds = e->overload.conf.retry_after ? e->overload.conf.retry_after : 10;
	char line[40];

	seconds += (u32)(sip_engine_random(e->sip) % (seconds / 2 + 1));
	snprintf(line, sizeof(line), "Retry-After: %u\r\n", seconds);
	sip_dismiss(e->sip, now, ev->server, false, 503, slice_str(line));
}

bool call_turn_away(struct call_engine *e, u64 now, const struct sip_event *ev,
		    enum call_kind kind, const struct call_route *route)
{
	bool asks = kind == CALL_KIND_CALL || kind == CALL_KIND_OTHER;

	if (e->stopping || (e->drain.on && asks)) {
		e->counters[CALL_COUNT_DRAINED]++;
		call_event_refused(e, now, ev, 503, "draining");
		dismiss(e, now, ev);
		return true;
	}
	if (!call_overload_refuses(e, now, kind)) {
		if (kind != CALL_KIND_CALL || !lacks_ports(e, now, ev, route))
			return false;
		e->overload.refused[CALL_OVERLOAD_PORTS]++;
	}
	dismiss(e, now, ev);
	return true;
}

/* --- drain --- */

void call_engine_drain(struct call_engine *e, u64 now, bool on)
{
	e->clock = now;
	if (e->drain.on == on)
		return;
	e->drain = (struct call_drain){
		.on = on, .since = now, .calls = e->ncalls,
		.refused = e->counters[CALL_COUNT_DRAINED],
	};
}

void call_engine_drained(const struct call_engine *e, struct call_drain_view *view)
{
	*view = (struct call_drain_view){
		.draining = e->drain.on, .stopping = e->stopping, .calls = e->ncalls,
	};
	if (!e->drain.on)
		return;
	view->since = e->drain.since;
	view->calls_then = e->drain.calls;
	view->refused = e->counters[CALL_COUNT_DRAINED] - e->drain.refused;
}
