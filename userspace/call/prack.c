// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reliable provisional responses (RFC 3262), on each leg for itself: the far side's
 * are acknowledged by us, at once, whatever the caller can do; the caller's are
 * reliable when it asks for that, and when it can and the response has an answer
 * or was reliable itself. An answer in a reliable response is the answer (RFC 3262
 * §5): the 2xx needs none after it, and waits until the caller has it. An offer in
 * one, to an INVITE that had none, is the one case where the far side waits for the
 * caller: its PRACK has the answer that the caller's has. An offer in a PRACK goes on
 * as an UPDATE, because the far side's PRACK is long gone.
 */
#include <stdio.h>
#include <stdlib.h>

#include "call/call.h"

static int send_prack(struct call_engine *e, u64 now, struct call_leg *leg, const char *sdp)
{
	struct sip_content content = call_content(SLICE(""), sdp);
	struct sip_client *client;

	return call_auth_request(e, now, leg, SIP_PRACK, &content, &client);
}

int call_prack_carry(struct call_engine *e, u64 now, struct call_message *m)
{
	return send_prack(e, now, m->leg, m->sdp);
}

void call_prack_send(struct call_engine *e, u64 now, struct call_leg *leg,
		     const struct sip_msg *msg)
{
	bool has_sdp;
	char *sdp = NULL;
	struct slice body;

	if (leg->offered)
		return;
	has_sdp = call_has_sdp(msg, &body);
	if (has_sdp && leg->late && !leg->settled)
		sdp = media_reject(leg->call->id, body);
	else if (has_sdp && !leg->answer && !leg->late)
		leg->answer = slice_dup(body);
	send_prack(e, now, leg, sdp);
	free(sdp);
}

bool call_prack_wanted(const struct call *call, bool reliable, const char *sdp)
{
	const struct sip_msg *invite = call->invite ? sip_server_request(call->invite) : NULL;

	if (!invite)
		return false;
	return sip_msg_requires(invite, "100rel") ||
	       (sip_msg_supports(invite, "100rel") && (reliable || sdp));
}

bool call_prack_answered(const struct call_leg *leg)
{
	return leg->answered && !leg->server;
}

bool call_prack_holds(const struct call_message *m)
{
	const struct call *call = m->leg->call;

	return m->status >= 200 && m->status < 300 && m->method != SIP_UPDATE && call->invite &&
	       !m->leg->server && m->leg->side == MEDIA_LEG_A &&
	       sip_server_unacknowledged(call->invite, m->leg->dialog);
}

/* What other offered is answered by leg: the far side's PRACK goes when the kernel has it. */
static void carry_answer(struct call_engine *e, u64 now, struct call_leg *leg,
			 struct call_leg *other, const struct sip_msg *msg)
{
	struct media_refusal refusal = { .text = "PRACK without an answer" };
	struct slice body;
	char *sdp, text[96];

	other->offered = false;
	if (call_has_sdp(msg, &body) &&
	    !media_answer(call_leg_media(leg), now, false, body, &sdp, &refusal)) {
		other->settled = true;
		if (call_media_apply(e, leg->call))
			free(sdp);
		else if (!call_outbox_request(e, now, other, SIP_PRACK, NULL, sdp))
			return;
		call_end_without_memory(e, now, leg->call);
		return;
	}
	snprintf(text, sizeof(text), "%.90s", refusal.text);
	e->counters[CALL_COUNT_REFUSED_MEDIA]++;
	call_end(e, now, leg->call, &(struct call_reason){
		.status = 488, .text = text,
		.bye_headers = SLICE("Reason: Q.850;cause=79;text=\"unusable answer\"\r\n"),
	});
}

CALL_ACTION(call_prack)
{
	struct call_leg *other = call_other(leg);
	bool ending = leg->call->state == CALL_ENDING;
	struct slice offer;

	if (!ending && other && other->offered) {
		call_respond(e, now, ev->server, leg->dialog, 200, SLICE(""));
		carry_answer(e, now, leg, other, ev->msg);
	} else if (!ending && call_has_sdp(ev->msg, &offer)) {
		call_update_offer(e, now, leg, ev, offer);
	} else {
		call_respond(e, now, ev->server, leg->dialog, 200, SLICE(""));
	}
	if (leg->call->state != CALL_ENDING)
		call_outbox_flush(e, now, leg->call);
}

CALL_ACTION(call_prack_missing)
{
	(void)ev;
	if (!leg->call->invite)
		return;
	e->counters[CALL_COUNT_NO_PRACK]++;
	call_end(e, now, leg->call, &(struct call_reason){
		.status = 504, .text = "no PRACK",
		.bye_headers = SLICE("Reason: Q.850;cause=102;text=\"no PRACK\"\r\n"),
	});
}
