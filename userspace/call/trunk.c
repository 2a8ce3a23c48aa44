// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is known of a trunk as a whole, by its name: how many calls it has, whether it may
 * have another, how it is. A call counts once for the trunk that it comes from, and once
 * for each branch to a trunk, from its INVITE until all legs of it are over.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/policy_private.h"
#include "call/trunk_state.h"

int call_trunk_index(const struct call_policy *p, const char *name)
{
	size_t i;

	if (p->index)
		return call_source_index_trunk(p->index, name);
	for (i = 0; i < p->ntrunks; i++)
		if (!strcmp(p->trunks[i].name, name))
			return (int)i;
	return -1;
}

int call_trunk_now(const struct call_policy *p, const struct call_leg *leg)
{
	return leg->trunk < 0 ? -1 :
	       call_trunk_index(p, leg->call->policy->trunks[leg->trunk].name);
}

static u64 hash_of(const struct call_engine *e, const char *name)
{
	struct hasher h;

	hash_begin(&h, &e->usage_key);
	hash_add(&h, slice_str(name));
	return hash_end(&h);
}

static struct call_trunk_state *find(const struct call_engine *e, const char *name)
{
	struct hash_node *node = hash_first(&e->trunk_names, hash_of(e, name));

	for (; node; node = hash_next(node)) {
		struct call_trunk_state *t = hash_entry(node, struct call_trunk_state, by_name);

		if (!strcmp(t->name, name))
			return t;
	}
	return NULL;
}

struct call_trunk_state *call_trunk_state(struct call_engine *e, const char *name)
{
	struct call_trunk_state *t = find(e, name);

	if (t)
		return t;
	t = zalloc(sizeof(*t));
	if (!t)
		return NULL;
	t->name = strdup(name);
	if (!t->name || timers_reserve(&e->timers, 1)) {
		free(t->name);
		free(t);
		return NULL;
	}
	list_init(&t->ways);
	t->refresh = (struct timer){ .kind = CALL_TIMER_TRUNK, .owner = t };
	list_add_tail(&e->trunks, &t->node);
	hash_insert(&e->trunk_names, &t->by_name, hash_of(e, name));
	return t;
}

static void free_state(struct call_engine *e, struct call_trunk_state *t)
{
	while (!list_empty(&t->ways))
		call_way_free(e, list_entry(t->ways.next, struct call_way, node));
	if (t->upstream)
		call_upstream_free(e, t->upstream);
	timer_disarm(&e->timers, &t->refresh);
	timers_release(&e->timers, 1);
	list_del(&t->node);
	hash_remove(&e->trunk_names, &t->by_name);
	free(t->recent);
	free(t->name);
	free(t);
}

void call_trunks_free(struct call_engine *e)
{
	while (!list_empty(&e->lookups))
		call_lookup_free(list_entry(e->lookups.next, struct call_lookup, node));
	while (!list_empty(&e->trunks))
		free_state(e, list_entry(e->trunks.next, struct call_trunk_state, node));
}

/* --- calls --- */

static void set_refusal(struct call_failure *f, const char *text, u64 retry_after)
{
	char line[48];

	call_failure_clear(f);
	*f = (struct call_failure){ .status = 503 };
	snprintf(f->text, sizeof(f->text), "%s", text);
	snprintf(line, sizeof(line), "Retry-After: %llu\r\n", (unsigned long long)retry_after);
	f->headers = strdup(line);
}

/* As many places as a second may have calls; the newest that were there are kept. */
static bool resize_recent(struct call_trunk_state *t, u32 rate)
{
	u64 *recent = calloc(rate, sizeof(*recent));
	u32 i, kept = t->nrecent < rate ? t->nrecent : rate;

	if (!recent)
		return false;
	for (i = 0; i < kept; i++)
		recent[rate - 1 - i] = t->recent[(t->oldest + t->nrecent - 1 - i) % t->nrecent];
	free(t->recent);
	t->recent = recent;
	t->nrecent = rate;
	t->oldest = 0;
	return true;
}

/* Any second has at most rate calls: the one so many calls before is a second ago. */
static bool takes_its_turn(struct call_trunk_state *t, u64 now, u32 rate)
{
	u64 *oldest;

	if (t->nrecent != rate && !resize_recent(t, rate))
		return false;
	oldest = &t->recent[t->oldest];
	if (*oldest && now - *oldest < NSEC_PER_SEC)
		return false;
	*oldest = now;
	t->oldest = (t->oldest + 1) % rate;
	return true;
}

/* Probes may be wrong, and there is nobody else for an emergency call. */
static bool is_last_hope(const struct call *call)
{
	return call->emergency && call->next_to == call->route->nto;
}

bool call_trunk_is_open(const struct call_trunk_state *t, const struct call_leg *leg,
			struct call_failure *f)
{
	const struct call_trunk *trunk = &leg->call->policy->trunks[leg->trunk];

	if (t->drained) {
		set_refusal(f, "the trunk is drained", 30);
		return false;
	}
	if (leg->side == MEDIA_LEG_B && call_trunk_condition(t) == CALL_TRUNK_DOWN &&
	    !is_last_hope(leg->call)) {
		set_refusal(f, "the trunk is down",
			    trunk->probing.interval / NSEC_PER_SEC + 1);
		return false;
	}
	return true;
}

bool call_trunk_may_take(struct call_trunk_state *t, u64 now, const struct call_leg *leg,
			 struct call_failure *f)
{
	const struct call_trunk *trunk = &leg->call->policy->trunks[leg->trunk];

	if (!call_trunk_is_open(t, leg, f))
		return false;
	if (leg->call->emergency)
		return true;
	if (trunk->max_calls && t->calls >= trunk->max_calls) {
		set_refusal(f, "the trunk has as many calls as it may", 10);
		t->refused++;
		return false;
	}
	if (trunk->max_rate && !takes_its_turn(t, now, trunk->max_rate)) {
		set_refusal(f, "the trunk has as many calls in a second as it may", 1);
		t->refused++;
		return false;
	}
	return true;
}

static struct call_trunk_state *state_of(struct call_engine *e, const struct call_leg *leg)
{
	if (leg->trunk < 0)
		return NULL;
	return call_trunk_state(e, leg->call->policy->trunks[leg->trunk].name);
}

bool call_trunk_take(struct call_engine *e, u64 now, struct call_leg *leg, struct call_failure *f)
{
	struct call_trunk_state *t = state_of(e, leg);

	if (t && !call_trunk_may_take(t, now, leg, f)) {
		e->counters[CALL_COUNT_REFUSED_TRUNK]++;
		return false;
	}
	call_trunk_count(e, leg);
	return true;
}

void call_trunk_count(struct call_engine *e, struct call_leg *leg)
{
	struct call_trunk_state *t = state_of(e, leg);

	if (!t || leg->counted)
		return;
	leg->counted = t;
	t->calls++;
}

/* The caller's dialogs are one, and so are those of a branch. */
static bool is_over(const struct call *call, const struct call_leg *counted)
{
	size_t i;

	for (i = 0; i < call->nall; i++) {
		const struct call_leg *leg = call->all[i];

		if (leg->state != CALL_LEG_DONE &&
		    (counted->side == MEDIA_LEG_A ? leg->side == MEDIA_LEG_A :
						    leg->root == counted))
			return false;
	}
	return true;
}

void call_trunk_release(struct call *call, bool all)
{
	size_t i;

	for (i = 0; i < call->nall; i++) {
		struct call_leg *leg = call->all[i];

		if (!leg->counted || !(all || is_over(call, leg)))
			continue;
		leg->counted->calls--;
		leg->counted = NULL;
	}
}

/* --- how it is --- */

enum call_trunk_condition call_trunk_condition(const struct call_trunk_state *t)
{
	size_t up = 0, down = 0, n = 0;
	const struct list *at;

	for (at = t->ways.next; at != &t->ways; at = at->next, n++) {
		const struct call_way *way = list_entry(at, struct call_way, node);

		up += way->state == CALL_WAY_UP;
		down += way->state == CALL_WAY_DOWN;
	}
	if (t->drained)
		return CALL_TRUNK_DRAINED;
	if (down)
		return down == n ? CALL_TRUNK_DOWN : CALL_TRUNK_DEGRADED;
	return up ? CALL_TRUNK_UP : CALL_TRUNK_UNKNOWN;
}

static void view_trunk(struct call_engine *e, const struct call_trunk *trunk,
		       struct call_trunk_view *view)
{
	struct call_trunk_state *t = find(e, trunk->name);
	const struct list *at;

	*view = (struct call_trunk_view){
		.name = trunk->name, .realm = e->policy->realms[trunk->realm].name,
		.max_calls = trunk->max_calls, .max_rate = trunk->max_rate,
		.probe_interval = trunk->probing.interval,
	};
	if (!t)
		return;
	view->condition = call_trunk_condition(t);
	view->calls = t->calls;
	view->refused = t->refused;
	for (at = t->ways.next; at != &t->ways; at = at->next, view->nways++)
		view->nways_up += list_entry(at, struct call_way, node)->state == CALL_WAY_UP;
	view->registers = t->upstream && call_upstream_view(t->upstream, &view->upstream);
}

void call_engine_trunks(struct call_engine *e,
			void (*each)(void *arg, const struct call_trunk_view *view), void *arg)
{
	struct call_trunk_view view;
	size_t i;

	for (i = 0; i < e->policy->ntrunks; i++) {
		view_trunk(e, &e->policy->trunks[i], &view);
		each(arg, &view);
	}
}

bool call_engine_trunk(struct call_engine *e, const char *name, struct call_trunk_view *view)
{
	int i = call_trunk_index(e->policy, name);

	if (i >= 0)
		view_trunk(e, &e->policy->trunks[i], view);
	return i >= 0;
}

void call_engine_ways(struct call_engine *e, u64 now, const char *name,
		      void (*each)(void *arg, const struct call_way_view *view), void *arg)
{
	int i = call_trunk_index(e->policy, name);
	const struct call_trunk_state *t = i < 0 ? NULL : find(e, name);
	const struct list *at;

	for (at = t ? t->ways.next : NULL; t && at != &t->ways; at = at->next) {
		const struct call_way *way = list_entry(at, struct call_way, node);
		const struct call_trunk *trunk = &e->policy->trunks[i];
		const struct call_trunk_target *to = &trunk->targets[way->target];
		struct call_way_view view;

		if (way->target >= trunk->ntargets)
			continue;
		view = (struct call_way_view){
			.target = to->uri, .name = call_engine_name(e, way->flow.name),
			.priority = to->priority, .weight = to->weight,
			.transport = e->listeners[way->flow.listener].transport,
			.addr = way->flow.peer, .state = way->state,
			.failed = way->failed_until > now, .status = way->status,
			.probed = way->probed, .rtt = way->rtt,
		};

		each(arg, &view);
	}
}

int call_engine_trunk_drain(struct call_engine *e, const char *name, bool drained)
{
	struct call_trunk_state *t;

	if (call_trunk_index(e->policy, name) < 0)
		return -ENOENT;
	t = call_trunk_state(e, name);
	if (!t)
		return -ENOMEM;
	t->drained = drained;
	return 0;
}

/* --- with a policy --- */

static int start_trunk(struct call_engine *e, u64 now, size_t trunk)
{
	const struct call_trunk *config = &e->policy->trunks[trunk];
	struct call_trunk_state *t = call_trunk_state(e, config->name);
	struct list *at;
	int err;

	if (!t)
		return -ENOMEM;
	timer_disarm(&e->timers, &t->refresh);
	err = call_ways_refresh(e, now, t);
	for (at = t->ways.next; at != &t->ways; at = at->next)
		call_probe_schedule(e, now, list_entry(at, struct call_way, node));
	if (!err)
		err = call_upstream_update(e, now, t, e->policy, (int)trunk);
	return err;
}

/* It is in the configuration no more: what was begun there is brought to its end. */
static void end_trunk(struct call_engine *e, u64 now, struct call_trunk_state *t)
{
	while (!list_empty(&t->ways))
		call_way_free(e, list_entry(t->ways.next, struct call_way, node));
	timer_disarm(&e->timers, &t->refresh);
	t->drained = false;
	call_upstream_update(e, now, t, e->policy, -1);
	if (!t->calls && !t->upstream)
		free_state(e, t);
}

int call_engine_start(struct call_engine *e, u64 now)
{
	struct list *at, *next;
	int err = 0, result;
	size_t i;

	e->clock = now;
	for (at = e->trunks.next; at != &e->trunks; at = next) {
		struct call_trunk_state *t = list_entry(at, struct call_trunk_state, node);

		next = at->next;
		if (call_trunk_index(e->policy, t->name) < 0)
			end_trunk(e, now, t);
	}
	for (i = 0; i < e->policy->ntrunks; i++) {
		result = start_trunk(e, now, i);
		err = err ? err : result;
	}
	return err;
}

void call_engine_leave(struct call_engine *e, u64 now)
{
	struct list *at;

	e->clock = now;
	e->leaving = true;
	for (at = e->trunks.next; at != &e->trunks; at = at->next) {
		struct call_trunk_state *t = list_entry(at, struct call_trunk_state, node);

		if (t->upstream)
			call_upstream_leaves(e, now, t->upstream);
	}
}

size_t call_engine_leaving(const struct call_engine *e)
{
	const struct list *at;
	size_t n = 0;

	for (at = e->trunks.next; at != &e->trunks; at = at->next) {
		const struct call_trunk_state *t = list_entry(at, struct call_trunk_state, node);

		n += t->upstream && call_upstream_is_leaving(t->upstream);
	}
	return n;
}

void call_way_tell(struct call_engine *e, u64 now, const struct call_way *way, const char *what)
{
	char peer[ADDR_STRLEN];

	call_event_trunk(e, now, way->trunk->name, addr_print(&way->flow.peer, peer),
			 way->state == CALL_WAY_UP ? 0 : way->status, what);
}
