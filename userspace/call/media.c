// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A call's media: the plan is computed, compared with the one asked for last,
 * and asked for when it differs. The answer comes by ticket; until then the
 * messages that depend on it stay in the outbox.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <linux/jalur.h>

#include "call/call.h"
#include "call/register.h"

/* The plan asked for last, acknowledged or not. */
static const struct media_plan *asked_plan(const struct call_engine *e, const struct call *call)
{
	const struct call_ticket *t;

	t = call->last_ticket ? call_ticket_find(e, call->last_ticket) : NULL;
	return t ? t->plan : call->plan;
}

static int remove_session(struct call_engine *e, struct call *call, enum call_ticket_kind kind)
{
	struct call_ticket *t = call_ticket_new(e, call, kind);

	if (!t)
		return -ENOMEM;
	if (effects_media_remove(&e->effects, t->ticket, call->id)) {
		call_ticket_free(t);
		return -ENOMEM;
	}
	call->session = false;
	if (kind == CALL_TICKET_EMPTY)
		call->last_ticket = t->ticket;
	return 0;
}

/* Takes plan, also on error. */
static int ask_for(struct call_engine *e, struct call *call, struct media_plan *plan)
{
	struct call_ticket *t = call_ticket_new(e, call, CALL_TICKET_APPLY);

	if (!t) {
		media_plan_put(plan);
		return -ENOMEM;
	}
	t->plan = plan;
	if (effects_media_apply(&e->effects, t->ticket, plan)) {
		call_ticket_free(t);
		return -ENOMEM;
	}
	call->session = true;
	call->last_ticket = t->ticket;
	return 0;
}

/* Of each branch, and all of them together. */
static struct media_plan *join_branches(const struct call *call, bool *empty)
{
	struct media_plan *plans[CALL_MAX_LEGS], *joined;
	size_t i, n = 0;
	bool none;

	for (i = 0; i < call->nall; i++) {
		if (!call->all[i]->media)
			continue;
		plans[n] = media_plan_make(call->all[i]->media, &none);
		if (!plans[n] && !none)
			break;
		n += !none;
	}
	*empty = !n && i == call->nall;
	joined = n && i == call->nall ? media_plan_join(plans, n) : NULL;
	while (n)
		media_plan_put(plans[--n]);
	return joined;
}

int call_media_apply(struct call_engine *e, struct call *call)
{
	const struct media_plan *asked = asked_plan(e, call);
	struct media_plan *plan;
	bool empty = false;

	plan = call->media ? media_plan_make(call->media, &empty) : join_branches(call, &empty);
	if (!plan && !empty)
		return -ENOMEM;
	if (!plan)
		return call->session ? remove_session(e, call, CALL_TICKET_EMPTY) : 0;
	if (call->session && asked && media_plan_equal(asked, plan)) {
		media_plan_put(plan);
		return 0;
	}
	return ask_for(e, call, plan);
}

void call_media_remove(struct call_engine *e, struct call *call)
{
	if (call->session)
		remove_session(e, call, CALL_TICKET_REMOVE);
}

static bool carries_media(const struct media_plan *plan, u64 id)
{
	size_t i;

	for (i = 0; i < plan->nends; i++)
		if (plan->ends[i].id == id)
			return plan->ends[i].accept & ~JALUR_ACCEPT_RTCP;
	return false;
}

/* Held: no two ends hear each other both ways; RTCP goes on (RFC 3264 §8.4). */
static bool plan_held(const struct media_plan *plan)
{
	size_t i, j;

	for (i = 0; i < plan->nflows; i++)
		for (j = i + 1; j < plan->nflows; j++)
			if (plan->flows[i].source == plan->flows[j].dest &&
			    plan->flows[i].dest == plan->flows[j].source &&
			    carries_media(plan, plan->flows[i].source))
				return false;
	return plan->nends > 0;
}

static void note_hold(struct call_engine *e, u64 now, struct call *call)
{
	bool held = call->plan && plan_held(call->plan);

	if (call->state != CALL_UP || held == call->held)
		return;
	call->held = held;
	call_event_add(e, now, held ? CALL_EVENT_HELD : CALL_EVENT_RESUMED, call);
}

static void forget_idle(struct call *call, size_t i)
{
	call->idle[i] = call->idle[--call->nidle];
}

static const struct media_end *plan_end(const struct media_plan *plan, u64 id)
{
	size_t i;

	for (i = 0; plan && i < plan->nends; i++)
		if (plan->ends[i].id == id)
			return &plan->ends[i];
	return NULL;
}

/*
 * The kernel's clock of an end runs from its last packet, or from its creation,
 * also while nobody has to speak (before the answer, on hold), and it tells of
 * silence once. So what it told is kept, and counts a whole idle time after the
 * end began, or began again, to be watched.
 */
static void adopt_plan(struct call *call, u64 now, struct media_plan *plan)
{
	size_t i;

	for (i = call->nidle; i-- > 0;)
		if (!plan_end(plan, call->idle[i]))
			forget_idle(call, i);
	for (i = 0; plan && i < plan->nends; i++) {
		const struct media_end *old = plan_end(call->plan, plan->ends[i].id);

		if (plan->ends[i].idle_ms && (!old || !old->idle_ms))
			call->idle_from = now;
	}
	media_plan_put(call->plan);
	call->plan = plan;
}

static bool all_idle(const struct call *call)
{
	size_t i, j, watched = 0;

	for (i = 0; i < call->plan->nends; i++) {
		const struct media_end *end = &call->plan->ends[i];

		if (!end->idle_ms || !(end->accept & (JALUR_ACCEPT_RTP | JALUR_ACCEPT_OPAQUE)))
			continue;
		watched++;
		for (j = 0; j < call->nidle; j++)
			if (call->idle[j] == end->id)
				break;
		if (j == call->nidle)
			return false;
	}
	return watched > 0;
}

static void end_idle(struct call_engine *e, u64 now, struct call *call)
{
	e->counters[CALL_COUNT_MEDIA_IDLE]++;
	call_end(e, now, call, &(struct call_reason){
		.status = 500, .text = "media timeout",
		.bye_headers = SLICE("Reason: Q.850;cause=102;text=\"media timeout\"\r\n"),
	});
}

/*
 * A call ends when every RTP end of it is silent. While it is held, silence is
 * what was asked for; before it is up, nobody has to speak.
 */
void call_media_check(struct call_engine *e, u64 now, struct call *call)
{
	u64 due = call->idle_from + call->policy->media_idle_ms * NSEC_PER_MSEC;

	note_hold(e, now, call);
	if (call->state != CALL_UP || call->held || !call->plan || !all_idle(call))
		timer_disarm(&e->timers, &call->idle_timer);
	else if (now < due)
		timer_arm(&e->timers, &call->idle_timer, due);
	else
		end_idle(e, now, call);
}

/* The relay refused what ticket asked for: it has the session if it had it, or gets it yet. */
static void note_refusal(const struct call_engine *e, struct call *call, u64 ticket)
{
	struct list *at;

	if (call->plan)
		return;
	for (at = e->tickets.next; at != &e->tickets; at = at->next) {
		struct call_ticket *t = list_entry(at, struct call_ticket, node);

		if (t->call == call && t->kind == CALL_TICKET_APPLY && t->ticket != ticket)
			return;
	}
	call->session = false;
}

/*
 * The relay has a port of ours taken by somebody else: draw others and say so
 * in the message that waits. That of an answer, also an early one, cannot: the offer
 * before it has told of ports already.
 */
static int redraw(struct call_engine *e, u64 now, struct call *call, u64 ticket)
{
	struct call_message *m = call_outbox_gated(call, ticket);
	struct media_negotiation *media = m ? call_leg_media(m->leg) : NULL;
	struct media_refusal refusal;
	char *sdp;

	if (!media || media_offerer(media) == m->leg->side || call->redraws++ >= CALL_MAX_REDRAWS)
		return -EADDRINUSE;
	if (media_redraw(media, now, &sdp, &refusal))
		return -EADDRINUSE;
	free(m->sdp);
	m->sdp = sdp;
	if (call_media_apply(e, call))
		return -ENOMEM;
	m->gate = call->last_ticket;
	call_outbox_flush(e, now, call);
	return 0;
}

/*
 * An offer inside the call that the relay does not take is the offerer's
 * failure alone; the call goes on as it was.
 */
static bool refuse_offer(struct call_engine *e, u64 now, struct call *call, u64 ticket)
{
	struct call_message *m = call_outbox_gated(call, ticket);

	if (m && !m->status && m->method == SIP_UPDATE) {
		media_rollback(call_leg_media(m->leg), now);
		call_update_respond(e, now, call_other(m->leg), 500, SLICE(""), NULL);
		call_outbox_forget(m->leg);
		return true;
	}
	if (call->state != CALL_UP || !m || m->status || m->method != SIP_INVITE)
		return false;
	media_rollback(call->media, now);
	call_leg_respond(e, now, call_other(m->leg), 500, NULL, SLICE(""), NULL);
	call_outbox_clear(call);
	return true;
}

static void apply_failed(struct call_engine *e, u64 now, struct call *call, u64 ticket, int err)
{
	char text[96];

	note_refusal(e, call, ticket);
	if (call->state == CALL_ENDING)
		return;
	if (err == -EADDRINUSE && !redraw(e, now, call, ticket))
		return;
	e->counters[CALL_COUNT_MEDIA_FAILED]++;
	if (refuse_offer(e, now, call, ticket))
		return;
	snprintf(text, sizeof(text), "media: %s", strerror(-err));
	call_end(e, now, call, &(struct call_reason){
		.status = err == -ENOSPC || err == -ENOMEM || err == -EADDRINUSE ? 503 : 500,
		.bye_headers = SLICE("Reason: Q.850;cause=47;text=\"media failure\"\r\n"),
		.text = text,
	});
}

static void open_gate(struct call_engine *e, u64 now, struct call *call, u64 ticket)
{
	struct list *at;

	for (at = call->outbox.next; at != &call->outbox; at = at->next) {
		struct call_message *m = list_entry(at, struct call_message, node);

		if (m->gate == ticket)
			m->gate = 0;
	}
	call_outbox_flush(e, now, call);
}

static void applied(struct call_engine *e, u64 now, struct call *call, struct call_ticket *t)
{
	/* Answers may come in another order than the relay did what was asked. */
	if (t->ticket > call->plan_ticket) {
		adopt_plan(call, now, t->plan);
		call->plan_ticket = t->ticket;
		t->plan = NULL;
	}
	call->redraws = 0;
	if (call->state != CALL_ENDING)
		open_gate(e, now, call, t->ticket);
	call_media_check(e, now, call);
}

static void removed(struct call *call, int result, const struct media_figures *figures)
{
	if (!result && figures)
		call->figures = media_figures_copy(figures);
}

static void trace_ticket(struct call_engine *e, u64 now, const struct call_ticket *t, int result)
{
	const char *what = result ? "the relay refuses the session" :
			   t->kind != CALL_TICKET_APPLY ? "session gone" :
			   t->call->plan ? "session changed" : "session made";

	call_trace_media(e->trace, now, t->call->id, NULL, 0, what);
}

size_t call_media_view(const struct call *call, struct media_stream_view views[SDP_MAX_MEDIA])
{
	const struct media_negotiation *media = call->media;

	if (!media && call->heard)
		media = call->heard->media;
	return media ? media_negotiation_view(media, views) : 0;
}

/* The leg that end is towards: its first stream that has it. */
static u8 side_of(const struct call *call, u64 end)
{
	struct media_stream_view views[SDP_MAX_MEDIA];
	size_t i, n = call_media_view(call, views);

	for (i = 0; i < n; i++)
		if (views[i].leg[1].end == end || views[i].leg[1].rtcp_end == end)
			return 1;
	return 0;
}

static void trace_event(struct call_engine *e, u64 now, const struct call *call,
			const struct media_event *event)
{
	static const char *const texts[MEDIA_EVENT_OTHER + 1] = {
		[MEDIA_EVENT_LATCHED] = "media from here", [MEDIA_EVENT_TIMED_OUT] = "media silent",
		[MEDIA_EVENT_RESUMED] = "media again", [MEDIA_EVENT_SSRC] = "media of a new source",
		[MEDIA_EVENT_UNREACHABLE] = "media unreachable",
		[MEDIA_EVENT_DELETED] = "session deleted",
	};
	const struct media_end *end = plan_end(call->plan, event->end);
	struct addr peer = event->remote;

	if (!texts[event->type] || (end && end->accept == JALUR_ACCEPT_RTCP))
		return;
	if (!peer.family && end)
		peer = end->remote;
	call_trace_media(e->trace, now, call->id, &peer, side_of(call, event->end),
			 texts[event->type]);
}

void call_engine_complete(struct call_engine *e, u64 now, u64 ticket, int result,
			  const struct media_figures *figures)
{
	struct call_ticket *t;
	struct call *call;

	e->clock = now;
	if (call_register_done(e, now, ticket, result))
		return;
	t = call_ticket_find(e, ticket);
	if (!t)
		return;
	call = t->call;
	trace_ticket(e, now, t, result);
	if (call->last_ticket == ticket)
		call->last_ticket = 0;
	/* Somebody else has a port of ours: that is not the relay's trouble. */
	if (t->kind == CALL_TICKET_APPLY)
		call_overload_relay(e, now, result && result != -EADDRINUSE);
	if (t->kind == CALL_TICKET_REMOVE)
		removed(call, result, figures);
	else if (t->kind == CALL_TICKET_EMPTY)
		applied(e, now, call, t);
	else if (result)
		apply_failed(e, now, call, ticket, result);
	else
		applied(e, now, call, t);
	call_ticket_free(t);
	call_store(e, call);
	call_settle(e, now, call);
}

static void note_idle(struct call *call, u64 end, bool idle)
{
	u64 *list;
	size_t i;

	for (i = 0; i < call->nidle; i++)
		if (call->idle[i] == end)
			break;
	if (i < call->nidle && !idle)
		forget_idle(call, i);
	if (i < call->nidle || !idle || call->nidle == JALUR_MAX_ENDS)
		return;
	list = realloc(call->idle, (call->nidle + 1) * sizeof(*list));
	if (!list)
		return;		/* it is not the one that ends the call */
	call->idle = list;
	list[call->nidle++] = end;
}

static void end_deleted(struct call_engine *e, u64 now, struct call *call)
{
	call->session = false;
	call_end(e, now, call, &(struct call_reason){
		.status = 500, .text = "media session deleted",
		.bye_headers = SLICE("Reason: Q.850;cause=31;text=\"media session deleted\"\r\n"),
	});
}

void call_engine_media_event(struct call_engine *e, u64 now, const struct media_event *event)
{
	struct call *call = call_find(e, event->session);

	e->clock = now;
	if (!call || !call->plan || !call->session)
		return;
	trace_event(e, now, call, event);
	if (event->type == MEDIA_EVENT_TIMED_OUT || event->type == MEDIA_EVENT_RESUMED)
		note_idle(call, event->end, event->type == MEDIA_EVENT_TIMED_OUT);
	if (event->type == MEDIA_EVENT_DELETED)
		end_deleted(e, now, call);
	else
		call_media_check(e, now, call);
	call_settle(e, now, call);
}
