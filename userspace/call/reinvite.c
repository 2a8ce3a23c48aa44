// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An INVITE inside the call, from either side (RFC 3261 §14): a new offer is
 * carried to the other leg and its answer back. Until then the old remote stays
 * valid; whatever goes wrong leads back to the committed plan. Two at once are
 * glare: the one that meets ours is told 491, and so is, by the other side, ours.
 */
#include <errno.h>
#include <stdlib.h>

#include "call/call.h"

/*
 * Before the call is up no offer of theirs can be carried: the caller's INVITE
 * is still open (§14.2: 500 on its own leg, 491 on the other).
 */
CALL_ACTION(call_reinvite_early)
{
	u16 status = leg->side == MEDIA_LEG_A ? 500 : 491;

	e->counters[CALL_COUNT_GLARE] += status == 491;
	call_respond(e, now, ev->server, leg->dialog, status,
		     status == 500 ? SLICE("Retry-After: 3\r\n") : SLICE(""));
}

u64 call_reinvite_wait(struct call_engine *e, const struct call_leg *leg)
{
	u64 r = sip_engine_random(e->sip), ticks = leg->dialog->uac ? 210 + r % 191 : r % 201;

	return ticks * 10 * NSEC_PER_MSEC;
}

bool call_reinvite_ours(const struct call_leg *leg)
{
	return leg->moving || (leg->refresh && sip_client_method(leg->refresh) == SIP_INVITE);
}

/* 0, or the status that says why not now. */
static u16 busy_status(struct call_leg *leg)
{
	const struct call_leg *other = call_other(leg);

	if (leg->server || leg->update || leg->state == CALL_LEG_ANSWERED)
		return 500;
	if (call_transfer_pending(leg->call) || call_reinvite_ours(leg) ||
	    call_reinvite_ours(other))
		return 491;
	if (leg->invite || leg->unacked || other->server || other->state == CALL_LEG_ANSWERED ||
	    media_offer_pending(leg->call->media))
		return 491;
	return 0;
}

static void refuse_offer(struct call_engine *e, u64 now, struct call_leg *leg,
			 struct sip_server *server, const struct media_refusal *refusal)
{
	char *warning = call_warning(refusal);

	e->counters[CALL_COUNT_REFUSED_MEDIA]++;
	call_respond(e, now, server, leg->dialog, refusal->status, slice_str(warning));
	free(warning);
}

static void give_up(struct call_engine *e, u64 now, struct call_leg *leg, u16 status)
{
	media_rollback(leg->call->media, now);
	call_media_return(e, now, leg->call);
	call_leg_respond(e, now, leg, status, NULL, SLICE(""), NULL);
}

CALL_ACTION(call_reinvite)
{
	struct media_refusal refusal = { .status = 500 };
	u16 busy = busy_status(leg), status = call_body_refusal(ev->msg);
	char lines[SIP_SESSION_LINES];
	struct slice offer;
	char *sdp = NULL;

	if (busy) {
		e->counters[CALL_COUNT_GLARE] += busy == 491;
		call_respond(e, now, ev->server, leg->dialog, busy,
			     busy == 500 ? SLICE("Retry-After: 3\r\n") : SLICE(""));
		return;
	}
	if (status) {
		call_respond(e, now, ev->server, leg->dialog, status,
			     status == 415 ? SLICE(CALL_ACCEPT) : SLICE(""));
		return;
	}
	status = call_session_asked(leg, ev->msg, lines);
	if (status) {
		call_respond(e, now, ev->server, leg->dialog, status, slice_str(lines));
		return;
	}
	if (call_has_sdp(ev->msg, &offer) &&
	    media_offer(leg->call->media, now, leg->side, offer, &sdp, &refusal)) {
		refuse_offer(e, now, leg, ev->server, &refusal);
		return;
	}
	e->counters[CALL_COUNT_REINVITES]++;
	leg->server = ev->server;
	sip_server_set_user(leg->server, call_leg_handle(leg));
	call_leg_respond(e, now, leg, 100, NULL, SLICE(""), NULL);
	leg->call->redraws = 0;
	if (call_media_apply(e, leg->call)) {
		free(sdp);
		give_up(e, now, leg, 500);
		return;
	}
	if (call_outbox_request(e, now, call_other(leg), SIP_INVITE,
				call_headers_pass(e, leg, call_other(leg), ev->msg), sdp))
		give_up(e, now, leg, 500);
}

CALL_ACTION(call_reinvite_success)
{
	if (ev->client != leg->invite) {
		call_invite_surplus(e, now, leg, ev);
		return;
	}
	leg->invite = NULL;
	sip_dialog_response(e->sip, leg->dialog, ev->msg);
	call_session_agreed(e, now, leg, ev->msg);
	call_leg_take_2xx(e, now, leg, ev);
	call_answer(e, now, leg, ev->msg);
}

/* 408 and 481 say that the dialog is no more (RFC 3261 §12.2.1.2). */
CALL_ACTION(call_reinvite_failure)
{
	struct call *call = leg->call;
	struct call_failure f;

	if (ev->client != leg->invite)
		return;
	leg->invite = NULL;
	media_rollback(call->media, now);
	call_failure_make(e, leg, ev, &f);
	call_media_return(e, now, call);
	if (f.status == 408 || f.status == 481) {
		call_end(e, now, call, &(struct call_reason){
			.status = f.status, .text = f.text,
			.bye_headers = SLICE("Reason: Q.850;cause=41;text=\"dialog lost\"\r\n"),
			.quiet = f.status == 481 ? leg : NULL,
		});
		call_failure_clear(&f);
		return;
	}
	if (call_outbox_respond(e, now, call_other(leg), f.status, f.phrase, f.headers, NULL))
		call_leg_respond(e, now, call_other(leg), f.status, NULL, SLICE(""), NULL);
	f.phrase = f.headers = NULL;
	call_failure_clear(&f);
}

/*
 * Unlike the first INVITE's, this one's sender is told what the far side says:
 * when its 2xx wins, both have agreed, and 487 would leave them of two minds.
 */
CALL_ACTION(call_reinvite_cancel)
{
	struct call_leg *other = call_other(leg);

	(void)ev;
	if (other->invite) {
		sip_cancel(e->sip, now, other->invite, SLICE(""));
		return;
	}
	if (!leg->server || !media_offer_pending(leg->call->media))
		return;
	call_outbox_clear(leg->call);
	give_up(e, now, leg, 487);
}
