// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The INVITE that begins a call, and what the far side says to it. The offer
 * goes on when the kernel has the ports that it names, an answer when the
 * kernel knows the remote in it. The 2xx of the far side is acknowledged at
 * once, not when the caller's ACK comes: with an offer in the INVITE an ACK
 * carries nothing, and a far side that is confirmed early stops retransmitting,
 * takes a BYE at any time and starts its media. A caller that never
 * acknowledges costs a BYE on both legs. Without an offer in the INVITE the 2xx
 * makes one, and its ACK waits for the caller's, which has the answer.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "call/call.h"

/* --- may it become a call? --- */

static bool is_draining(const struct call_engine *e, const struct sip_msg *msg)
{
	(void)msg;
	return e->draining;
}

static bool has_no_hops(const struct call_engine *e, const struct sip_msg *msg)
{
	(void)e;
	return msg->max_forwards == 0;
}

static bool has_other_body(const struct call_engine *e, const struct sip_msg *msg)
{
	(void)e;
	return call_body_refusal(msg) == 415;
}

static bool has_broken_body(const struct call_engine *e, const struct sip_msg *msg)
{
	(void)e;
	return call_body_refusal(msg) == 400;
}

static bool takes_no_answer(const struct call_engine *e, const struct sip_msg *msg)
{
	(void)e;
	return !call_accepts_sdp(msg);
}

static const struct {
	bool (*test)(const struct call_engine *e, const struct sip_msg *msg);
	u16 status;
	enum call_counter counter;
	const char *headers, *why;
} checks[] = {
	{ is_draining, 503, CALL_COUNT_DRAINED, "Retry-After: 30\r\n", "draining" },
	{ has_no_hops, 483, CALL_COUNT_REFUSED_OTHER, "", "Max-Forwards is 0" },
	{ has_other_body, 415, CALL_COUNT_REFUSED_MEDIA, CALL_ACCEPT,
	  "body has what is not application/sdp" },
	{ has_broken_body, 400, CALL_COUNT_REFUSED_MEDIA, "", "malformed multipart body" },
	{ takes_no_answer, 406, CALL_COUNT_REFUSED_MEDIA,
	  "Warning: 399 jalur \"an answer is application/sdp\"\r\n",
	  "accepts no application/sdp" },
};

static bool passes_checks(struct call_engine *e, u64 now, const struct sip_event *ev)
{
	char *extensions = call_headers_unsupported(ev->msg);
	size_t i;

	if (extensions) {
		e->counters[CALL_COUNT_REFUSED_OTHER]++;
		call_refuse(e, now, ev, 420, extensions, "required extension is not supported");
		free(extensions);
		return false;
	}
	for (i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		if (!checks[i].test(e, ev->msg))
			continue;
		e->counters[checks[i].counter]++;
		call_refuse(e, now, ev, checks[i].status, checks[i].headers, checks[i].why);
		return false;
	}
	return true;
}

/* --- leg A --- */

static const struct call_route *find_route(const struct call_engine *e, const struct sip_event *ev,
					   int *listener)
{
	const struct call_policy *p = e->policy;
	const struct call_route *route;

	route = call_policy_route(p, call_policy_realm(p, ev->flow.listener),
				  call_policy_trunk(p, &ev->flow), call_uri_user(ev->msg->ruri));
	if (!route)
		return NULL;
	*listener = call_policy_listener(p, &p->trunks[route->to_trunk], e->listeners,
					 e->nlisteners);
	return *listener < 0 ? NULL : route;
}

static bool realm_has_family(const struct call_realm *realm, u8 family)
{
	size_t i;

	for (i = 0; i < realm->nmedia; i++)
		if (realm->media[i].address.family == family)
			return true;
	return false;
}

/*
 * Media is offered in the family that signalling to this leg uses, if the realm
 * has it for media at all.
 */
static u8 leg_family(const struct call *call, const struct call_leg *leg)
{
	const struct call_realm *realm = &call->policy->realms[leg->realm];

	if (realm_has_family(realm, leg->peer.family) || !realm->nmedia)
		return leg->peer.family;
	return realm->media[0].address.family;
}

static struct media_negotiation *new_negotiation(const struct call *call,
						 const struct sip_msg *msg)
{
	struct media_negotiation_conf conf = {
		.session = call->id,
		.idle_ms = call->policy->media_idle_ms,
	};
	struct media_negotiation *media;
	char *tag = slice_dup(msg->call_id);
	size_t i;

	for (i = 0; i < 2; i++) {
		const struct call_realm *realm = &call->policy->realms[call->legs[i].realm];

		conf.ports[i] = realm->ports;
		conf.latch[i] = realm->latch;
		conf.family[i] = leg_family(call, &call->legs[i]);
	}
	conf.tag = tag ? tag : "";
	media = media_negotiation_new(&conf);
	free(tag);
	return media;
}

static void refuse_media(struct call_engine *e, u64 now, struct call *call,
			 const struct media_refusal *refusal)
{
	char *warning = call_warning(refusal);

	e->counters[CALL_COUNT_REFUSED_MEDIA]++;
	call_end(e, now, call, &(struct call_reason){
		.status = refusal->status, .headers = slice_str(warning), .text = refusal->text,
	});
	free(warning);
}

static void end_without_memory(struct call_engine *e, u64 now, struct call *call)
{
	call_end(e, now, call, &(struct call_reason){
		.status = 503, .text = "no memory",
		.bye_headers = SLICE("Reason: Q.850;cause=47;text=\"no memory\"\r\n"),
	});
}

/* On its way to leg B: ports, kernel, INVITE. An offer may come later. */
static void carry_invite(struct call_engine *e, u64 now, struct call *call,
			 const struct sip_event *ev)
{
	struct media_refusal refusal = { .status = 500 };
	struct slice offer;
	char *sdp = NULL;
	int err;

	call->media = new_negotiation(call, ev->msg);
	if (!call->media) {
		end_without_memory(e, now, call);
		return;
	}
	if (call_has_sdp(ev->msg, &offer) &&
	    media_offer(call->media, now, MEDIA_LEG_A, offer, &sdp, &refusal)) {
		refuse_media(e, now, call, &refusal);
		return;
	}
	err = call_media_apply(e, call);
	if (err)
		free(sdp);
	else
		err = call_outbox_request(e, now, &call->legs[1], SIP_INVITE,
					  call_headers_pass(ev->msg), sdp);
	if (err)
		end_without_memory(e, now, call);
}

void call_invite(struct call_engine *e, u64 now, const struct sip_event *ev)
{
	const struct call_route *route;
	struct call_leg *a, *b;
	struct call *call;
	int listener, err;

	if (!passes_checks(e, now, ev))
		return;
	route = find_route(e, ev, &listener);
	if (!route) {
		e->counters[CALL_COUNT_REFUSED_ROUTE]++;
		call_refuse(e, now, ev, 404, "", "no route");
		return;
	}
	call = call_new(e, now, ev);
	if (!call) {
		call_refuse(e, now, ev, 503, "Retry-After: 5\r\n", "no memory");
		return;
	}
	a = &call->legs[0];
	b = &call->legs[1];
	err = sip_dialog_new_uas(e->sip, ev->server, call_leg_handle(a), &a->dialog);
	if (err) {
		call_free(e, now, call);
		call_refuse(e, now, ev, err == -ENOMEM ? 503 : 400, "", "no usable Contact");
		return;
	}
	e->counters[CALL_COUNT_CALLS]++;
	a->server = ev->server;
	a->state = CALL_LEG_INVITED;
	a->peer = ev->flow.peer;
	a->realm = call_policy_realm(e->policy, ev->flow.listener);
	a->trunk = call_policy_trunk(e->policy, &ev->flow);
	b->trunk = (int)route->to_trunk;
	b->realm = (int)e->policy->trunks[b->trunk].realm;
	b->peer = e->policy->trunks[b->trunk].target;
	b->listener = (u32)listener;
	sip_server_set_user(a->server, call_leg_handle(a));
	call_leg_respond(e, now, a, 100, NULL, SLICE(""), NULL);
	call_event_add(e, now, CALL_EVENT_NEW, call);
	call_set_timer(e, now, call);
	carry_invite(e, now, call, ev);
	call_settle(e, now, call);
}

/* --- leg B --- */

static int new_dialog(struct call_engine *e, struct call_leg *leg)
{
	const struct sip_msg *msg = sip_server_request(call_other(leg)->server);
	const struct call_trunk *trunk = &leg->call->policy->trunks[leg->trunk];
	struct call_target target;
	int err;

	err = call_target_make(&target, msg, trunk, &e->listeners[leg->listener]);
	if (err)
		return err;
	target.dialog.flow = (struct flow){ .listener = leg->listener, .peer = leg->peer };
	leg->dialog = sip_dialog_new_uac(e->sip, &target.dialog, call_leg_handle(leg));
	call_target_clear(&target);
	return leg->dialog ? 0 : -ENOMEM;
}

int call_invite_send(struct call_engine *e, u64 now, struct call_message *m)
{
	struct call_leg *leg = m->leg;
	struct sip_content content = {
		.headers = slice_str(m->headers),
		.content_type = m->sdp ? SLICE("application/sdp") : SLICE(""),
		.body = slice_str(m->sdp),
	};
	int err;

	if (!leg->dialog) {
		err = new_dialog(e, leg);
		if (err)
			return err;
	}
	err = sip_request(e->sip, now, leg->dialog, SIP_INVITE, &content, call_leg_handle(leg),
			  &leg->invite);
	if (err)
		return err;
	leg->late = !m->sdp;
	if (leg->state == CALL_LEG_NONE)
		leg->state = CALL_LEG_INVITED;
	return 0;
}

/*
 * Early dialogs of further forks are merged into the one that came first: their
 * status passes, their SDP does not. Nor does SDP that no offer has asked for: before
 * a reliable response nobody could answer it (RFC 3261 §13.2.1).
 */
CALL_ACTION(call_invite_progress)
{
	struct call *call = leg->call;
	bool first = !sip_dialog_response(e->sip, leg->dialog, ev->msg);
	struct media_refusal refusal;
	struct slice answer;
	char *sdp = NULL;

	if (first && !leg->late && call_has_sdp(ev->msg, &answer) &&
	    !media_answer(call->media, now, true, answer, &sdp, &refusal) &&
	    call_media_apply(e, call)) {
		free(sdp);
		end_without_memory(e, now, call);
		return;
	}
	if (call->state == CALL_TRYING) {
		call->state = CALL_RINGING;
		call_event_add(e, now, CALL_EVENT_RINGING, call);
	}
	call_outbox_respond(e, now, &call->legs[0], ev->msg->status, ev->msg->reason,
			    call_headers_pass(ev->msg), sdp);
}

/*
 * The answer is from a fork whose early dialog is not the one we learned: that
 * fork's dialog is the leg's from now on.
 */
static int change_fork(struct call_engine *e, struct call_leg *leg, const struct sip_msg *msg)
{
	struct call_leg *fork = call_leg_fork(e, leg, msg);
	struct sip_dialog *early = leg->dialog;

	if (!fork)
		return -ENOMEM;
	leg->dialog = fork->dialog;
	leg->dialog->user = call_leg_handle(leg);
	fork->dialog = early;
	fork->state = CALL_LEG_DONE;
	return 0;
}

/* The 2xx makes leg's dialog. */
static int confirm(struct call_engine *e, struct call_leg *leg, const struct sip_event *ev)
{
	int err = sip_dialog_response(e->sip, leg->dialog, ev->msg);

	if (err == -EEXIST)
		err = change_fork(e, leg, ev->msg);
	leg->invite = NULL;
	leg->state = err ? CALL_LEG_DONE : CALL_LEG_UP;
	return err;
}

int call_leg_take_2xx(struct call_engine *e, u64 now, struct call_leg *leg,
		      const struct sip_event *ev)
{
	struct slice offer;

	if (leg->late && call_has_sdp(ev->msg, &offer))
		return call_leg_keep_offer(leg, ev);
	return call_leg_ack_now(e, now, leg, ev);
}

/* The answer, or the offer where our INVITE had none. */
static int read_2xx(struct call_leg *leg, u64 now, const struct sip_msg *msg, char **sdp,
		    struct media_refusal *refusal)
{
	struct media_negotiation *media = leg->call->media;
	struct slice body;

	if (!call_has_sdp(msg, &body)) {
		*refusal = (struct media_refusal){ .status = 502 };
		strcpy(refusal->text, leg->late ? "2xx without an offer" : "2xx without an answer");
		return -EINVAL;
	}
	return leg->late ? media_offer(media, now, call_media_leg(leg), body, sdp, refusal) :
			   media_answer(media, now, false, body, sdp, refusal);
}

int call_answer(struct call_engine *e, u64 now, struct call_leg *leg, const struct sip_msg *msg)
{
	struct call *call = leg->call;
	struct media_refusal refusal;
	char *sdp, text[96];

	if (!read_2xx(leg, now, msg, &sdp, &refusal)) {
		if (call_media_apply(e, call)) {
			free(sdp);
			end_without_memory(e, now, call);
			return -ENOMEM;
		}
		if (!call_outbox_respond(e, now, call_other(leg), msg->status, msg->reason,
					 call_headers_answer(msg), sdp))
			return 0;
		end_without_memory(e, now, call);
		return -ENOMEM;
	}
	snprintf(text, sizeof(text), "%.90s", refusal.text);
	e->counters[CALL_COUNT_REFUSED_MEDIA]++;
	call_end(e, now, call, &(struct call_reason){
		.status = refusal.status == 488 ? 502 : refusal.status, .text = text,
		.bye_headers = leg->late ?
			SLICE("Reason: Q.850;cause=79;text=\"unusable offer\"\r\n") :
			SLICE("Reason: Q.850;cause=79;text=\"unusable answer\"\r\n"),
	});
	return -EINVAL;
}

CALL_ACTION(call_invite_success)
{
	struct call *call = leg->call;

	if (confirm(e, leg, ev) || call_leg_take_2xx(e, now, leg, ev)) {
		call_end(e, now, call, &(struct call_reason){
			.status = 502, .text = "2xx that makes no dialog",
		});
		return;
	}
	call->state = CALL_ANSWERED;
	if (call_answer(e, now, leg, ev->msg))
		return;
	call->answered = now;
	e->counters[CALL_COUNT_ANSWERED]++;
	call_set_timer(e, now, call);
	call_event_add(e, now, CALL_EVENT_ANSWERED, call);
}

/* Redirections are not followed, and their Contact stays here. */
static u16 failure_status(const struct sip_event *ev)
{
	if (ev->type == SIP_EVENT_TIMEOUT)
		return 408;
	if (ev->type == SIP_EVENT_FAILED)
		return 503;
	return ev->msg->status < 400 ? 480 : ev->msg->status;
}

void call_failure_make(const struct sip_event *ev, struct call_failure *f)
{
	const struct sip_msg *msg = ev->type == SIP_EVENT_RESPONSE ? ev->msg : NULL;

	f->status = failure_status(ev);
	f->phrase = NULL;
	f->headers = NULL;
	if (msg) {
		f->headers = call_headers_pass(msg);
		f->phrase = msg->status == f->status ? slice_dup(msg->reason) : NULL;
	}
	snprintf(f->text, sizeof(f->text), "%u %s", f->status,
		 f->phrase ? f->phrase : sip_reason_phrase(f->status));
}

void call_failure_clear(struct call_failure *f)
{
	free(f->phrase);
	free(f->headers);
}

CALL_ACTION(call_invite_failure)
{
	struct call_failure f;

	if (leg->index != 1)
		return;
	leg->invite = NULL;
	leg->state = CALL_LEG_DONE;
	call_failure_make(ev, &f);
	call_end(e, now, leg->call, &(struct call_reason){
		.status = f.status, .phrase = f.phrase, .headers = slice_str(f.headers),
		.text = f.text,
	});
	call_failure_clear(&f);
}

/* --- too late --- */

CALL_ACTION(call_invite_surplus)
{
	struct call_leg *fork = call_leg_fork(e, leg, ev->msg);

	if (!fork)
		return;
	e->counters[CALL_COUNT_SURPLUS]++;
	call_leg_ack_now(e, now, fork, ev);
	call_leg_bye(e, now, fork, SLICE("Reason: SIP;cause=200;text=\"answered elsewhere\"\r\n"));
}

/* A 2xx while the call ends: CANCEL lost its race, or a re-INVITE was under way. */
CALL_ACTION(call_invite_late)
{
	if (ev->client != leg->invite) {
		call_invite_surplus(e, now, leg, ev);
		return;
	}
	if (leg->state != CALL_LEG_CANCELLED) {
		leg->invite = NULL;
		call_leg_ack_now(e, now, leg, ev);
		return;
	}
	if (confirm(e, leg, ev))
		return;
	call_leg_ack_now(e, now, leg, ev);
	call_leg_bye(e, now, leg, slice_str(leg->call->end_headers));
}

CALL_ACTION(call_invite_gone)
{
	(void)e;
	(void)now;
	if (ev->client != leg->invite)
		return;
	leg->invite = NULL;
	if (leg->state == CALL_LEG_CANCELLED)
		leg->state = CALL_LEG_DONE;
}
