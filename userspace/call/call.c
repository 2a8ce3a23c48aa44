// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of a call: made for an INVITE, indexed by its id, ended once, freed
 * when both legs are through and the kernel has answered. Between the end and
 * the release it only waits: for final responses, an ACK, the last figures.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/trunk_state.h"

u64 call_id(const struct call_engine *e, u32 counter)
{
	return ((u64)(e->node & 0xfff) << 52) | ((u64)(e->epoch & 0xfffff) << 32) | counter;
}

static struct call **bucket_of(const struct call_engine *e, u64 id)
{
	return &e->buckets[id & (e->nbuckets - 1)];
}

struct call *call_find(const struct call_engine *e, u64 id)
{
	struct call *call;

	for (call = *bucket_of(e, id); call; call = call->hash_next)
		if (call->id == id)
			return call;
	return NULL;
}

/* Ids are counted up, so they fill the buckets evenly as they are. */
static void grow_index(struct call_engine *e)
{
	struct call **buckets;
	struct list *at;
	size_t n = e->nbuckets * 2;

	buckets = calloc(n, sizeof(*buckets));
	if (!buckets)
		return;		/* longer chains, nothing worse */
	free(e->buckets);
	e->buckets = buckets;
	e->nbuckets = n;
	for (at = e->calls.next; at != &e->calls; at = at->next) {
		struct call *call = list_entry(at, struct call, node);
		struct call **bucket = bucket_of(e, call->id);

		call->hash_next = *bucket;
		*bucket = call;
	}
}

static void index_call(struct call_engine *e, struct call *call)
{
	struct call **bucket;

	if (e->ncalls >= e->nbuckets)
		grow_index(e);
	bucket = bucket_of(e, call->id);
	call->hash_next = *bucket;
	*bucket = call;
	list_add_tail(&e->calls, &call->node);
	e->ncalls++;
}

static void unindex_call(struct call_engine *e, struct call *call)
{
	struct call **at = bucket_of(e, call->id);

	while (*at != call)
		at = &(*at)->hash_next;
	*at = call->hash_next;
	list_del(&call->node);
	e->ncalls--;
}

struct call *call_make(struct call_engine *e, u64 now, u64 id)
{
	struct call *call = zalloc(sizeof(*call));

	if (!call)
		return NULL;
	if (timers_reserve(&e->timers, CALL_NTIMERS)) {
		free(call);
		return NULL;
	}
	call->id = id;
	call->created = now;
	call->policy = call_policy_get(e->policy);
	call->timer.kind = CALL_TIMER;
	call->idle_timer.kind = CALL_TIMER_IDLE;
	call->timer.owner = call->idle_timer.owner = call;
	list_init(&call->outbox);
	list_init(&call->carried);
	list_init(&call->again);
	list_init(&call->passed);
	list_init(&call->redirects);
	call->legs[0] = call_leg_new(e, call, MEDIA_LEG_A);
	if (!call->legs[0]) {
		free(call->all);
		timers_release(&e->timers, CALL_NTIMERS);
		call_policy_put(call->policy);
		free(call);
		return NULL;
	}
	index_call(e, call);
	return call;
}

/* An id that is none yet: a call from before a restart may have the next. */
static u64 new_id(struct call_engine *e)
{
	u64 id;

	do
		id = call_id(e, ++e->counter);
	while (call_find(e, id));
	return id;
}

static char *cut_off(struct slice uri)
{
	return slice_dup(slice_of(uri.p, uri.n < CALL_MAX_URI ? uri.n : CALL_MAX_URI));
}

struct call *call_new(struct call_engine *e, u64 now, const struct sip_event *ev)
{
	struct call *call = call_make(e, now, new_id(e));

	if (!call)
		return NULL;
	call->from = cut_off(ev->msg->from.uri);
	call->to = cut_off(ev->msg->ruri);
	if (call->from && call->to)
		return call;
	call_free(e, now, call);
	return NULL;
}

void call_free(struct call_engine *e, u64 now, struct call *call)
{
	size_t i;

	call_store(e, call);
	timer_disarm(&e->timers, &call->timer);
	timer_disarm(&e->timers, &call->idle_timer);
	timers_release(&e->timers, CALL_NTIMERS);
	call_outbox_clear(call);
	call_carry_clear(e, now, call);
	call_redirect_clear(call);
	call_replaces_clear(call);
	call_refer_free(e, call);
	call_passed_clear(call);
	call_again_clear(call);
	call_transfer_free(e, call);
	call_trunk_release(call, true);
	if (call->invite)
		sip_server_put(e->sip, now, call->invite);
	for (i = 0; i < call->nall; i++)
		call_leg_free(e, now, call->all[i]);
	free(call->all);
	call_routed_put(call->routed);
	call_failure_free(call);
	media_negotiation_free(call->media, now);
	unindex_call(e, call);
	call_policy_put(call->policy);
	media_plan_put(call->plan);
	free(call->idle);
	free(call->from);
	free(call->to);
	free(call->end_text);
	free(call->end_headers);
	free(call->figures);
	call_usage_put(e, call);
	free(call->user);
	free(call->callee);
	free(call);
}

void call_end_without_memory(struct call_engine *e, u64 now, struct call *call)
{
	call_end(e, now, call, &(struct call_reason){
		.status = 503, .text = "no memory",
		.bye_headers = SLICE("Reason: Q.850;cause=47;text=\"no memory\"\r\n"),
	});
}

void call_tell_end(struct call_engine *e, u64 now, struct call *call)
{
	if (call->end_told)
		return;
	call->end_told = true;
	call_event_add(e, now, CALL_EVENT_ENDED, call);
}

static void note_end(struct call_engine *e, struct call *call, const struct call_reason *why)
{
	call->end_status = why->status;
	call->ended_by = why->by;
	call->end_text = strdup(why->text);
	call->end_headers = why->bye_headers.n ? slice_dup(why->bye_headers) : NULL;
	if (!call->answered)
		e->counters[CALL_COUNT_FAILED]++;
}

/* The media goes first: what the far side says after BYE goes nowhere. */
void call_end(struct call_engine *e, u64 now, struct call *call, const struct call_reason *why)
{
	size_t i;

	if (call->state == CALL_ENDING)
		return;
	call->state = CALL_ENDING;
	call->ended = now;
	note_end(e, call, why);
	timer_disarm(&e->timers, &call->idle_timer);
	call_outbox_clear(call);
	call_transfer_end(e, now, call, why);
	call_media_remove(e, call);
	for (i = 0; i < call->nall; i++)
		call_leg_end(e, now, call->all[i], why);
	call_set_timer(e, now, call);
}

void call_settle(struct call_engine *e, u64 now, struct call *call)
{
	size_t i;

	call_trunk_release(call, false);
	if (call->state != CALL_ENDING)
		return;
	call_media_remove(e, call);
	if (call->session)
		call_owe(e, now, call);
	if (call->tickets)
		return;
	for (i = 0; i < call->nall; i++)
		call_bye_answer(e, now, call->all[i]);
	call_tell_end(e, now, call);
	for (i = 0; i < call->nall; i++)
		if (call->all[i]->state != CALL_LEG_DONE)
			return;
	if (!call->session)
		call_free(e, now, call);
}

static u64 shorter(u64 a, u64 b)
{
	return b && (!a || b < a) ? b : a;
}

/* The shortest of all that count, but of an emergency call the common one; 0: none. */
static u64 max_duration(const struct call *call)
{
	u64 max = call->policy->max_duration;
	size_t i;

	if (call->emergency)
		return max;
	if (call->domain)
		max = shorter(max, call->domain->max_duration);
	for (i = 0; i < 2; i++)
		if (call->legs[i] && call->legs[i]->trunk >= 0)
			max = shorter(max, call->policy->trunks[call->legs[i]->trunk].max_duration);
	return max;
}

/*
 * How long a call may stay in a state. An ending one waits at most for an ACK
 * that never comes and then for the answer to a BYE: 64*T1 each (RFC 3261
 * §13.3.1.4, §17.1.2.2); a cancelled leg may be silent for ever (§9.1).
 */
void call_set_timer(struct call_engine *e, u64 now, struct call *call)
{
	const struct call_policy *p = call->policy;
	u64 deadline = 0;

	if (call->state == CALL_TRYING || call->state == CALL_RINGING)
		deadline = p->ring_timeout ? call->created + p->ring_timeout : 0;
	else if (call->state == CALL_UP)
		deadline = max_duration(call) ? call->answered + max_duration(call) : 0;
	else if (call->state == CALL_ENDING)
		deadline = now + 130 * e->t1;
	if (deadline)
		timer_arm(&e->timers, &call->timer, deadline);
	else
		timer_disarm(&e->timers, &call->timer);
}

static void ring_timeout(struct call_engine *e, u64 now, struct call *call)
{
	e->counters[CALL_COUNT_RING_TIMEOUT]++;
	call_end(e, now, call, &(struct call_reason){
		.status = call->state == CALL_RINGING ? 480 : 408, .text = "no answer",
		.bye_headers = SLICE("Reason: Q.850;cause=19;text=\"no answer\"\r\n"),
	});
}

static void duration_over(struct call_engine *e, u64 now, struct call *call)
{
	e->counters[CALL_COUNT_MAX_DURATION]++;
	call_end(e, now, call, &(struct call_reason){
		.status = 500, .text = "maximum duration",
		.bye_headers = SLICE("Reason: Q.850;cause=102;text=\"maximum duration\"\r\n"),
	});
}

static void end_over(struct call_engine *e, u64 now, struct call *call)
{
	size_t i;

	(void)e;
	(void)now;
	for (i = 0; i < call->nall; i++)
		call->all[i]->state = CALL_LEG_DONE;
}

void call_timer(struct call_engine *e, u64 now, struct call *call)
{
	static void (*const expired[CALL_NSTATES])(struct call_engine *, u64, struct call *) = {
		[CALL_TRYING] = ring_timeout,
		[CALL_RINGING] = ring_timeout,
		[CALL_UP] = duration_over,
		[CALL_ENDING] = end_over,
	};

	if (expired[call->state])
		expired[call->state](e, now, call);
	call_settle(e, now, call);
}
