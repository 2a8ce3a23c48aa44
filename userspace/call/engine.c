// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The pipeline: datagram, transaction and dialog (sip/), leg, input, action.
 * One screen reads from call_engine_input() down; nothing that is called here
 * calls back.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/exchange.h"
#include "call/register.h"
#include "call/trunk_state.h"
#include "call/watch.h"

#define FIRST_BUCKETS 64

/* The input that an in-dialog request is. */
static enum call_input request_input(enum sip_method method)
{
	switch (method) {
	case SIP_INVITE:
		return CALL_INPUT_INVITE;
	case SIP_BYE:
		return CALL_INPUT_BYE;
	case SIP_OPTIONS:
		return CALL_INPUT_OPTIONS;
	case SIP_PRACK:
		return CALL_INPUT_PRACK;
	case SIP_UPDATE:
		return CALL_INPUT_UPDATE;
	case SIP_REFER:
		return CALL_INPUT_REFER;
	case SIP_SUBSCRIBE:
		return CALL_INPUT_SUBSCRIBE;
	case SIP_NOTIFY:
		return CALL_INPUT_NOTIFY;
	case SIP_INFO:
		return CALL_INPUT_INFO;
	case SIP_MESSAGE:
		return CALL_INPUT_MESSAGE;
	default:
		return CALL_INPUT_OTHER;
	}
}

/* CALL_NINPUTS: nothing that a call wants to hear. */
static enum call_input response_input(const struct sip_msg *msg)
{
	if (msg->method == SIP_BYE)
		return msg->status >= 200 ? CALL_INPUT_BYE_DONE : CALL_NINPUTS;
	if (msg->method == SIP_UPDATE)
		return msg->status >= 200 ? CALL_INPUT_UPDATED : CALL_NINPUTS;
	if (msg->method == SIP_OPTIONS)
		return msg->status >= 200 ? CALL_INPUT_ASKED : CALL_NINPUTS;
	if (msg->method != SIP_INVITE || msg->status == 100)
		return CALL_NINPUTS;
	if (msg->status < 200)
		return CALL_INPUT_PROVISIONAL;
	return msg->status < 300 ? CALL_INPUT_SUCCESS : CALL_INPUT_FAILURE;
}

/* Of a request of ours that is none of the call's; CALL_NINPUTS: it is none. */
static enum call_input own_input(const struct call_leg *leg, const struct sip_client *client)
{
	if (client == leg->refresh)
		return CALL_INPUT_REFRESHED;
	if (client == leg->moving)
		return CALL_INPUT_MOVED;
	if (client == leg->notifying)
		return CALL_INPUT_NOTIFIED;
	return call_carries(leg, client) ? CALL_INPUT_CARRIED : CALL_NINPUTS;
}

static enum call_input event_input(const struct call_leg *leg, const struct sip_event *ev)
{
	enum call_input own = ev->client ? own_input(leg, ev->client) : CALL_NINPUTS;

	if (own < CALL_NINPUTS)
		return ev->type == SIP_EVENT_RESPONSE && ev->msg->status < 200 ?
		       CALL_NINPUTS : own;
	switch (ev->type) {
	case SIP_EVENT_REQUEST:
		return request_input(ev->msg->method);
	case SIP_EVENT_ACK:
		return CALL_INPUT_ACK;
	case SIP_EVENT_NO_ACK:
		return CALL_INPUT_NO_ACK;
	case SIP_EVENT_NO_PRACK:
		return CALL_INPUT_NO_PRACK;
	case SIP_EVENT_CANCEL:
		return CALL_INPUT_CANCEL;
	case SIP_EVENT_RESPONSE:
		return response_input(ev->msg);
	case SIP_EVENT_TIMEOUT:
	case SIP_EVENT_FAILED:
		if (ev->client == leg->updating)
			return CALL_INPUT_UPDATED;
		if (ev->client == leg->asking)
			return CALL_INPUT_ASKED;
		return ev->client == leg->bye ? CALL_INPUT_BYE_DONE : CALL_INPUT_FAILURE;
	case SIP_EVENT_NONE:
		break;
	}
	return CALL_NINPUTS;
}

static void handle_event(struct call_engine *e, u64 now, const struct sip_event *ev)
{
	struct call_leg *leg;
	enum call_input input;

	if (ev->type == SIP_EVENT_NONE || call_keepalive_event(e, now, ev))
		return;
	if (call_errand_event(e, now, ev))
		return;
	leg = call_leg_find(e, ev->user);
	if (!leg && ev->type == SIP_EVENT_REQUEST) {
		call_request(e, now, ev);
		return;
	}
	if (leg && ev->type == SIP_EVENT_RESPONSE && ev->client == leg->invite)
		leg->silent_until = 0;
	if (ev->foreign && !call_source_moved(e, now, ev, leg))
		return;
	if (leg && call_auth_again(e, now, leg, ev))
		return;
	/* before there is a pair, branch.c knows whose response it is */
	if (leg && ev->msg && (ev->msg->request || leg->call->media))
		call_info_learn(leg, ev->msg);
	input = leg ? event_input(leg, ev) : CALL_NINPUTS;
	if (input < CALL_NINPUTS)
		call_state_input(e, now, leg, input, ev);
}

void call_engine_input(struct call_engine *e, u64 now, const struct flow *flow, struct slice bytes)
{
	struct sip_event ev = { .type = SIP_EVENT_NONE };

	e->clock = now;
	e->sender = CALL_UNASKED;
	if (e->nfailed)
		call_ways_heard(e, flow);
	call_trace_sip(e->trace, now, &flow->peer, true, bytes);
	sip_engine_input(e->sip, now, flow, bytes, &ev);
	handle_event(e, now, &ev);
	sip_engine_keep(e->sip);
}

void call_engine_refuse(struct call_engine *e, u64 now, const struct flow *flow,
			const struct sip_frame *frame)
{
	e->clock = now;
	e->sender = CALL_UNASKED;
	sip_engine_refuse(e->sip, now, flow, frame);
}

void call_engine_tick(struct call_engine *e, u64 now)
{
	struct timer *t;

	e->clock = now;
	while ((t = timers_due(&e->timers, now))) {
		struct sip_event ev = { .type = SIP_EVENT_NONE };

		if (t->kind == CALL_TIMER_REGISTRAR) {
			call_registrar_timer(e, now);
			continue;
		}
		if (t->kind == CALL_TIMER) {
			call_timer(e, now, t->owner);
			continue;
		}
		if (t->kind == CALL_TIMER_IDLE) {
			call_media_check(e, now, t->owner);
			call_settle(e, now, t->owner);
			continue;
		}
		if (t->kind == CALL_TIMER_SESSION) {
			struct call_leg *leg = t->owner;

			call_session_timer(e, now, leg);
			call_settle(e, now, leg->call);
			continue;
		}
		if (t->kind == CALL_TIMER_REFER) {
			call_refer_timer(e, now, t->owner);
			continue;
		}
		if (t->kind == CALL_TIMER_AGAIN) {
			call_transfer_again(e, now, t->owner);
			continue;
		}
		if (t->kind == CALL_TIMER_OWED) {
			call_owed(e, now);
			continue;
		}
		if (t->kind >= CALL_TIMER_PROBE) {
			call_errand_timer(e, now, t);
			continue;
		}
		if (t->kind == CALL_TIMER_RING) {
			struct call_leg *root = t->owner;

			call_branch_timer(e, now, root);
			call_settle(e, now, root->call);
			continue;
		}
		sip_engine_timer(e->sip, now, t, &ev);
		handle_event(e, now, &ev);
	}
}

void call_engine_unreachable(struct call_engine *e, u64 now, const struct flow *flow)
{
	struct sip_event ev;

	do {
		ev = (struct sip_event){ .type = SIP_EVENT_NONE };
		sip_engine_unreachable(e->sip, now, flow, &ev);
		handle_event(e, now, &ev);
	} while (ev.type != SIP_EVENT_NONE);
}

u64 call_engine_deadline(const struct call_engine *e)
{
	return timers_next(&e->timers);
}

struct effect *call_engine_effect(struct call_engine *e)
{
	struct effect *effect = effects_pop(&e->effects);

	if (effect && effect->kind == EFFECT_SEND)
		call_trace_sip(e->trace, e->clock, &effect->flow.peer, false,
			       slice_of(effect->bytes, effect->len));
	return effect;
}

size_t call_engine_calls(const struct call_engine *e)
{
	return e->ncalls;
}

const struct call_policy *call_engine_policy(const struct call_engine *e)
{
	return e->policy;
}

void call_engine_set_policy(struct call_engine *e, struct call_policy *policy)
{
	struct call_policy *old = e->policy;

	call_policy_complete(policy);
	e->policy = call_policy_get(policy);
	call_policy_put(old);
	call_watchers_reloaded(e);
}

struct call_subscribers *call_engine_subscribers(struct call_engine *e)
{
	return e->subscribers;
}

static int end_by_hand(struct call_engine *e, u64 now, struct call *call, const char *text)
{
	char line[160];

	/* The text goes into a quoted string of a header. */
	snprintf(line, sizeof(line), "Reason: Q.850;cause=31;text=\"%.96s\"\r\n", text);
	call_end(e, now, call, &(struct call_reason){
		.status = 480, .text = text, .bye_headers = slice_str(line),
		.by = CALL_ENDED_BY_ADMINISTRATOR,
	});
	call_settle(e, now, call);
	return 0;
}

int call_engine_hangup(struct call_engine *e, u64 now, u64 id, const char *reason)
{
	struct call *call = call_find(e, id);
	char text[96];
	size_t i;

	e->clock = now;
	if (!call)
		return -ENOENT;
	for (i = 0; reason && reason[i] && i < sizeof(text) - 1; i++)
		text[i] = (u8)reason[i] < ' ' || strchr("\"\\\x7f", reason[i]) ? ' ' : reason[i];
	text[i] = 0;
	return end_by_hand(e, now, call, i ? text : "hung up by the administrator");
}

void call_engine_stop(struct call_engine *e, u64 now)
{
	struct list *at, *next;

	e->clock = now;
	e->stopping = true;
	for (at = e->calls.next; at != &e->calls; at = next) {
		next = at->next;
		end_by_hand(e, now, list_entry(at, struct call, node), "shutting down");
	}
}

static int init_identity(struct call_engine *e)
{
	struct hash_key key = { { sip_engine_random(e->sip), sip_engine_random(e->sip) } };
	struct sip_nonces_conf conf = { .lifetime = CALL_NONCE_LIFE };
	enum sip_digest_alg alg;

	call_random(e, conf.key, sizeof(conf.key));
	e->nonces = sip_nonces_new(&conf);
	explicit_bzero(conf.key, sizeof(conf.key));
	e->subscribers = call_subscribers_new(&key);
	e->decoy.has = SIP_DIGEST_ALL;
	for (alg = SIP_DIGEST_MD5; alg < SIP_DIGEST_ALGS; alg++)
		call_random(e, e->decoy.ha1[alg], SIP_DIGEST_SIZE);
	e->usage_key.k[0] = sip_engine_random(e->sip);
	e->usage_key.k[1] = sip_engine_random(e->sip);
	if (!e->nonces || !e->subscribers || hash_init(&e->usage) || hash_init(&e->errands) ||
	    hash_init(&e->trunk_names))
		return -ENOMEM;
	key = (struct hash_key){ { sip_engine_random(e->sip), sip_engine_random(e->sip) } };
	if (call_registrar_init(e, &key))
		return -ENOMEM;
	key = (struct hash_key){ { sip_engine_random(e->sip), sip_engine_random(e->sip) } };
	return call_watchers_init(e, &key);
}

static bool knows(void *arg, const struct flow *flow)
{
	return call_source_is_known(arg, flow);
}

struct call_engine *call_engine_new(const struct call_engine_conf *conf)
{
	struct call_engine *e = zalloc(sizeof(*e));
	struct sip_engine_conf sip = conf->sip;

	if (!e)
		return NULL;
	sip.knows = knows;
	sip.knows_arg = e;
	effects_init(&e->effects);
	timers_init(&e->timers);
	list_init(&e->calls);
	list_init(&e->tickets);
	list_init(&e->trunks);
	list_init(&e->lookups);
	list_init(&e->exchanges);
	list_init(&e->events);
	e->owed_timer.kind = CALL_TIMER_OWED;
	e->owed = 1;
	e->sender = CALL_UNASKED;
	e->node = conf->node;
	e->epoch = conf->epoch;
	e->store = conf->store;
	e->records = conf->records;
	e->overload.conf = conf->overload;
	e->t1 = conf->sip.t1 ? conf->sip.t1 : 500 * NSEC_PER_MSEC;
	e->nlisteners = conf->sip.nlisteners;
	e->nbuckets = FIRST_BUCKETS;
	e->buckets = calloc(e->nbuckets, sizeof(*e->buckets));
	e->listeners = calloc(e->nlisteners + 1, sizeof(*e->listeners));
	e->trace = call_trace_new();
	e->sip = sip_engine_new(&sip, &e->effects, &e->timers);
	if (!e->buckets || !e->listeners || !e->sip || effects_reserve(&e->effects) ||
	    timers_reserve(&e->timers, 1) || init_identity(e))
		goto err_parts;
	memcpy(e->listeners, conf->sip.listeners, e->nlisteners * sizeof(*e->listeners));
	call_policy_complete(conf->policy);
	e->policy = call_policy_get(conf->policy);
	return e;

err_parts:
	effects_clear(&e->effects);
	timers_free(&e->timers);
	call_watchers_clear(e);
	call_registrar_clear(e);
	call_subscribers_free(e->subscribers);
	sip_nonces_free(e->nonces);
	if (e->sip)
		sip_engine_free(e->sip);
	call_trace_free(e->trace);
	free(e->listeners);
	free(e->buckets);
	free(e);
	return NULL;
}

static void free_tickets(struct call_engine *e)
{
	while (!list_empty(&e->tickets)) {
		struct call_ticket *t = list_entry(e->tickets.next, struct call_ticket, node);

		list_del(&t->node);
		media_plan_put(t->plan);
		free(t);
	}
}

/* Tells nobody: calls whose parties should hear of it are ended before. */
void call_engine_free(struct call_engine *e)
{
	struct call_event event;

	if (!e)
		return;
	free_tickets(e);
	while (!list_empty(&e->calls))
		call_free(e, 0, list_entry(e->calls.next, struct call, node));
	call_exchanges_free(e);
	call_trunks_free(e);
	while (call_engine_event(e, &event))
		call_event_clear(&event);
	call_watchers_clear(e);
	call_registrar_clear(e);
	sip_engine_free(e->sip);
	effects_clear(&e->effects);
	timers_free(&e->timers);
	call_policy_put(e->policy);
	call_subscribers_free(e->subscribers);
	sip_nonces_free(e->nonces);
	hash_free(&e->usage);
	hash_free(&e->errands);
	hash_free(&e->trunk_names);
	sip_secret_wipe(&e->decoy);
	call_trace_free(e->trace);
	while (e->nnames)
		free(e->names[--e->nnames]);
	free(e->names);
	free(e->listeners);
	free(e->buckets);
	free(e);
}
