// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the far side says to the INVITE that begins a call. An answer goes on when
 * the kernel knows the remote in it. The 2xx is acknowledged at once, not when the
 * caller's ACK comes: with an offer in the INVITE an ACK carries nothing, and a far
 * side that is confirmed early stops retransmitting, takes a BYE at any time and
 * starts its media. A caller that never acknowledges costs a BYE on both legs.
 * Without an offer in the INVITE the 2xx makes one, and its ACK waits for the
 * caller's, which has the answer.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "call/call.h"
#include "call/watch.h"

/*
 * An offer in a response to an INVITE without one: only a reliable one can make it (RFC 3261
 * §13.2.1), for the answer comes in its PRACK.
 */
static int early_offer(struct call_leg *leg, u64 now, const struct sip_event *ev,
		       struct slice offer, char **sdp)
{
	struct media_refusal refusal;
	int err;

	if (!ev->reliable || leg->settled)
		return -EINVAL;
	err = media_offer(leg->root->media, now, MEDIA_LEG_B, offer, sdp, &refusal);
	leg->offered = !err;
	return err;
}

/* The answer of an early dialog, or its offer, for the caller's twin of it. */
static char *early_sdp(struct call_leg *leg, u64 now, const struct sip_event *ev)
{
	struct media_refusal refusal;
	struct slice body;
	char *sdp;
	int err;

	if (!leg->twin || !call_has_sdp(ev->msg, &body))
		return NULL;
	err = leg->late ? early_offer(leg, now, ev, body, &sdp) :
			  media_answer(leg->root->media, now, true, body, &sdp, &refusal);
	if (err)
		return NULL;
	call_branch_hear(leg->call, leg->root);
	return sdp;
}

/* leg: the branch's root, which sent the INVITE. */
CALL_ACTION(call_invite_progress)
{
	struct call *call = leg->call;
	struct call_leg *early = call_branch_leg(e, leg, ev->msg);
	char *sdp = early && leg->media ? early_sdp(early, now, ev) : NULL;

	if (sdp && call_media_apply(e, call)) {
		free(sdp);
		call_end_without_memory(e, now, call);
		return;
	}
	if (call->state == CALL_TRYING) {
		call->state = CALL_RINGING;
		call_event_add(e, now, CALL_EVENT_RINGING, call);
	}
	if (early && ev->reliable)
		call_prack_send(e, now, early, ev->msg);
	if (call->transfer) {
		call_transfer_progress(e, now, call, ev->msg->status);
		free(sdp);
		return;
	}
	call_outbox_progress(e, now, call_other(early ? early : leg), leg, ev->msg,
			     call_prack_wanted(call, ev->reliable, sdp), sdp);
}

/* The 2xx makes a dialog, or one of a fork that has none yet. NULL: it cannot. */
static struct call_leg *confirm(struct call_engine *e, struct call_leg *root,
				const struct sip_event *ev)
{
	struct call_leg *leg = call_branch_leg(e, root, ev->msg);

	root->invite = NULL;
	if (leg != root)
		root->state = CALL_LEG_DONE;
	if (leg)
		leg->state = CALL_LEG_UP;
	return leg;
}

int call_leg_take_2xx(struct call_engine *e, u64 now, struct call_leg *leg,
		      const struct sip_event *ev)
{
	struct slice offer;

	if (leg->late && !leg->settled && call_has_sdp(ev->msg, &offer))
		return call_leg_keep_offer(leg, ev);
	return call_leg_ack_now(e, now, leg, ev);
}

/*
 * In another early dialog the answer has been agreed on, and maybe changed by UPDATE: of that
 * this one knows nothing, and answers what the INVITE offered. Neither side hears of it again.
 */
static int offer_again(struct call_leg *leg, u64 now, struct media_refusal *refusal)
{
	struct media_negotiation *media = leg->call->media;
	struct slice offer;
	char *sdp;
	int err;

	if (media_offer_pending(media) || !leg->call->invite ||
	    !call_has_sdp(sip_server_request(leg->call->invite), &offer))
		return 0;
	err = media_offer(media, now, MEDIA_LEG_A, offer, &sdp, refusal);
	if (!err)
		free(sdp);
	return err;
}

/* The answer, or the offer where our INVITE had none. */
static int read_2xx(struct call_leg *leg, u64 now, const struct sip_msg *msg, char **sdp,
		    struct media_refusal *refusal)
{
	struct media_negotiation *media = leg->call->media;
	struct slice body = slice_str(leg->answer);
	int err;

	if (leg->settled) {
		*sdp = NULL;
		return 0;
	}
	if (!body.n && !call_has_sdp(msg, &body)) {
		*refusal = (struct media_refusal){ .status = 502 };
		strcpy(refusal->text, leg->late ? "2xx without an offer" : "2xx without an answer");
		return -EINVAL;
	}
	if (leg->late)
		return media_offer(media, now, leg->side, body, sdp, refusal);
	err = offer_again(leg, now, refusal);
	return err ? err : media_answer(media, now, false, body, sdp, refusal);
}

/* They were of the first INVITE: those inside the call have answers of their own. */
static void forget_early(struct call_leg *leg)
{
	free(leg->answer);
	leg->answer = NULL;
	leg->settled = false;
}

/* To who asked for it; in a call that a REFER began, to who is put through. */
static int pass_on(struct call_engine *e, u64 now, struct call_leg *leg,
		   const struct sip_msg *msg, char *sdp)
{
	struct call_leg *other = call_other(leg);

	if (leg->call->transfer)
		return call_transfer_offer(e, now, leg->call, sdp);
	return call_outbox_respond(e, now, other, msg->status, call_phrase_pass(leg, msg),
				   call_headers_answer(e, leg, other, msg), sdp);
}

int call_answer(struct call_engine *e, u64 now, struct call_leg *leg, const struct sip_msg *msg)
{
	struct call *call = leg->call;
	struct media_refusal refusal;
	char *sdp, text[96];
	int err;

	err = read_2xx(leg, now, msg, &sdp, &refusal);
	forget_early(leg);
	if (!err) {
		if (call_media_apply(e, call)) {
			free(sdp);
			call_end_without_memory(e, now, call);
			return -ENOMEM;
		}
		if (!pass_on(e, now, leg, msg, sdp))
			return 0;
		call_end_without_memory(e, now, call);
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
	struct call_leg *winner;

	if (leg->side != MEDIA_LEG_B || ev->client != leg->invite)
		return;
	winner = confirm(e, leg, ev);
	if (winner) {
		call_branch_won(e, now, winner);
		call->state = CALL_ANSWERED;
	}
	if (!winner || call_leg_take_2xx(e, now, winner, ev)) {
		call_end(e, now, call, &(struct call_reason){
			.status = 502, .text = "2xx that makes no dialog",
		});
		return;
	}
	if (call_answer(e, now, winner, ev->msg))
		return;
	call_session_agreed(e, now, winner, ev->msg);
	call->answered = now;
	e->counters[CALL_COUNT_ANSWERED]++;
	call_set_timer(e, now, call);
	call_lamp_answered(e, call);
	call_event_add(e, now, CALL_EVENT_ANSWERED, call);
}

/* A challenge is for us where we have credentials: who called has nothing to do with it. */
static bool is_our_challenge(const struct call_leg *root, const struct sip_msg *msg)
{
	return (msg->status == 401 || msg->status == 407) && root->trunk >= 0 &&
	       root->call->policy->trunks[root->trunk].auth;
}

/* A redirection that is not followed, and is not to be seen, is no more than "not here". */
static u16 failure_status(const struct call_leg *root, const struct sip_event *ev)
{
	bool pass = root->call->state < CALL_ANSWERED && !root->call->transfer &&
		    root->call->route->redirect == CALL_REDIRECT_PASS;

	if (ev->type == SIP_EVENT_TIMEOUT)
		return 408;
	if (ev->type == SIP_EVENT_FAILED)
		return 503;
	if (is_our_challenge(root, ev->msg))
		return 503;
	return ev->msg->status < 400 && !pass ? 480 : ev->msg->status;
}

void call_failure_make(const struct call_engine *e, const struct call_leg *root,
		       const struct sip_event *ev, struct call_failure *f)
{
	const struct sip_msg *msg = ev->type == SIP_EVENT_RESPONSE ? ev->msg : NULL;
	const struct call_leg *other = root->call->legs[!root->side];

	f->status = failure_status(root, ev);
	f->by = msg ? CALL_ENDED_BY_CALLEE : CALL_ENDED_BY_JALUR;
	f->phrase = NULL;
	f->headers = NULL;
	if (msg) {
		if (!is_our_challenge(root, msg))
			f->headers = call_headers_pass(e, root, other, msg);
		f->phrase = msg->status == f->status ? call_phrase_pass(root, msg) : NULL;
		if (f->status < 400)
			f->headers = call_redirect_pass(e, root->call->all[0], msg, f->headers);
	}
	snprintf(f->text, sizeof(f->text), "%u %s", f->status,
		 f->phrase ? f->phrase : sip_reason_phrase(f->status));
}

void call_failure_clear(struct call_failure *f)
{
	free(f->phrase);
	free(f->headers);
}

void call_failure_free(struct call *call)
{
	if (!call->failure)
		return;
	call_failure_clear(call->failure);
	free(call->failure);
	call->failure = NULL;
}

CALL_ACTION(call_invite_failure)
{
	struct call_failure f = { .status = 0 };

	if (leg->root != leg || ev->client != leg->invite)
		return;
	if (call_session_refused(e, now, leg, ev) || call_hop_next(e, now, leg, ev))
		return;
	if (ev->type != SIP_EVENT_RESPONSE ||
	    !call_redirect_follow(leg, ev->msg, call_redirect_called))
		call_failure_make(e, leg, ev, &f);
	call_branch_failed(e, now, leg, &f);
}

/* --- too late --- */

/* From a fork that is not the one we have: a dialog that nobody wants, but that exists. */
CALL_ACTION(call_invite_surplus)
{
	struct call_leg *root = leg->root, *fork;

	if (!root)
		return;
	fork = call_branch_leg(e, root, ev->msg);
	if (!fork || call_in_pair(fork))
		return;
	e->counters[CALL_COUNT_SURPLUS]++;
	call_leg_ack_now(e, now, fork, ev);
	call_leg_bye(e, now, fork, SLICE("Reason: SIP;cause=200;text=\"answered elsewhere\"\r\n"));
}

/* A 2xx while the call ends: CANCEL lost its race, or a re-INVITE was under way. */
CALL_ACTION(call_invite_late)
{
	struct call_leg *late;

	if (ev->client != leg->invite) {
		call_invite_surplus(e, now, leg, ev);
		return;
	}
	if (leg->state != CALL_LEG_CANCELLED) {
		leg->invite = NULL;
		call_leg_ack_now(e, now, leg, ev);
		return;
	}
	late = confirm(e, leg, ev);
	if (!late)
		return;
	call_leg_ack_now(e, now, late, ev);
	call_leg_bye(e, now, late, leg->call->state == CALL_ENDING ?
		     slice_str(leg->call->end_headers) :
		     SLICE("Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n"));
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
