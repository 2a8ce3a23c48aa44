// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * OPTIONS to every address of a trunk that wants it (RFC 3261 §11), each at its own time.
 * One lost packet takes nobody out of service, and one answer brings nobody back: it
 * takes some in a row, but for the first of all. Whoever answers is there, whatever he
 * says, but for 503 and what the trunk has for that.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "call/trunk_state.h"

#define FIRST_WITHIN (2 * NSEC_PER_SEC)

static const struct call_trunk *trunk_of(const struct call_engine *e, const struct call_way *way)
{
	int i = call_trunk_index(e->policy, way->trunk->name);

	/* A policy of another engine_start() may have fewer. */
	return i < 0 || way->target >= e->policy->trunks[i].ntargets ? NULL :
	       &e->policy->trunks[i];
}

/* After t, give or take a tenth: what begins together does not stay so. */
static u64 about(struct call_engine *e, u64 t)
{
	return t - t / 10 + sip_engine_random(e->sip) % (t / 5 + 1);
}

static u64 longest(u64 t)
{
	return t - t / 10 + t / 5;
}

void call_probe_schedule(struct call_engine *e, u64 now, struct call_way *way)
{
	const struct call_trunk *trunk = trunk_of(e, way);
	u64 interval = trunk ? trunk->probing.interval : 0, first = interval;

	if (!interval) {
		timer_disarm(&e->timers, &way->timer);
		call_errand_forget(e, &way->probe);
		way->state = CALL_WAY_UNKNOWN;
		way->misses = way->answers = way->status = 0;
		return;
	}
	/* One that is due later than it may be was planned by a longer interval. */
	if (way->timer.pos && (way->probe.client || way->timer.deadline <= now + longest(interval)))
		return;
	if (first > FIRST_WITHIN)
		first = FIRST_WITHIN;
	timer_arm(&e->timers, &way->timer, now + sip_engine_random(e->sip) % first);
}

static void change(struct call_engine *e, u64 now, struct call_way *way,
		   enum call_way_state state)
{
	char text[64];

	if (way->state == state)
		return;
	if (way->status == 408)
		snprintf(text, sizeof(text), "down: no answer to OPTIONS");
	else
		snprintf(text, sizeof(text), "%s: %u to OPTIONS",
			 state == CALL_WAY_UP ? "up" : "down", way->status);
	way->state = state;
	call_way_tell(e, now, way, text);
}

static void answered(struct call_engine *e, u64 now, struct call_way *way,
		     const struct call_trunk *trunk)
{
	way->misses = 0;
	way->answers++;
	way->failed_until = 0;
	if (way->state == CALL_WAY_UNKNOWN || way->answers >= trunk->probing.up_after)
		change(e, now, way, CALL_WAY_UP);
}

static void missed(struct call_engine *e, u64 now, struct call_way *way,
		   const struct call_trunk *trunk)
{
	way->answers = 0;
	way->misses++;
	if (way->misses < trunk->probing.down_after)
		return;
	effects_flow(&e->effects, EFFECT_UNREACHED, &way->flow);
	change(e, now, way, CALL_WAY_DOWN);
}

void call_probe_result(struct call_engine *e, u64 now, struct call_way *way, u16 status)
{
	const struct call_trunk *trunk = trunk_of(e, way);

	call_errand_forget(e, &way->probe);
	if (!trunk || !trunk->probing.interval) {
		timer_disarm(&e->timers, &way->timer);
		return;
	}
	way->status = status;
	way->probed = now;
	way->rtt = now - way->asked;
	timer_arm(&e->timers, &way->timer, way->asked + about(e, trunk->probing.interval));
	if (status == 408 || call_codes_have(&trunk->probing.codes, status))
		missed(e, now, way, trunk);
	else
		answered(e, now, way, trunk);
}

static int ask(struct call_engine *e, u64 now, struct call_way *way,
	       const struct call_trunk *trunk)
{
	const struct sip_listener *l = &e->listeners[way->flow.listener];
	const struct sip_content content = { .headers = SLICE("Accept: application/sdp\r\n") };
	const char *uri = trunk->targets[way->target].uri;
	char host[ADDR_STRLEN + 2], from[ADDR_STRLEN + 16], *to;
	int err;

	call_print_host(l, host, sizeof(host));
	snprintf(from, sizeof(from), "<sip:%s>", host);
	if (asprintf(&to, "<%s>", uri) < 0)
		return -ENOMEM;
	err = call_errand_begin(e, &way->probe, uri, from, to, "", &way->flow);
	free(to);
	if (!err)
		err = sip_request(e->sip, now, way->probe.dialog, SIP_OPTIONS, &content,
				  call_errand_handle(&way->probe), &way->probe.client);
	return err;
}

/* The interval is longer than what is waited for an answer. */
void call_probe_timer(struct call_engine *e, u64 now, struct call_way *way)
{
	const struct call_trunk *trunk = trunk_of(e, way);

	if (way->probe.client) {
		call_probe_result(e, now, way, 408);
		return;
	}
	if (!trunk || !trunk->probing.interval)
		return;
	way->asked = now;
	if (ask(e, now, way, trunk)) {
		call_errand_forget(e, &way->probe);
		timer_arm(&e->timers, &way->timer, now + trunk->probing.interval);
		return;
	}
	timer_arm(&e->timers, &way->timer, now + trunk->probing.timeout);
}
