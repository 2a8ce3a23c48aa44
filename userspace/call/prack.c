// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reliable provisional responses (RFC 3262), on each leg for itself: the far side's
 * are acknowledged by us, at once, whatever the caller can do; the caller's are
 * reliable when it asks for that, and when it can and the response has an answer
 * or was reliable itself. An answer in a reliable response is the answer (RFC 3262
 * §5): the 2xx needs none after it, and waits until the caller has it.
 */
#include <stdlib.h>

#include "call/call.h"

void call_prack_send(struct call_engine *e, u64 now, struct call_leg *leg,
		     const struct sip_msg *msg)
{
	struct sip_content content = { .headers = SLICE("") };
	struct sip_client *client;
	struct slice answer;

	if (!leg->answer && !leg->late && call_has_sdp(msg, &answer))
		leg->answer = slice_dup(answer);
	call_auth_request(e, now, leg, SIP_PRACK, &content, &client);
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

/* An offer may not come in it: this side has nobody to ask who would answer in time. */
CALL_ACTION(call_prack)
{
	struct slice offer;
	bool offered = call_has_sdp(ev->msg, &offer);
	struct sip_content content = { .headers = SLICE("") };

	if (offered)
		content.headers =
			SLICE("Warning: 399 jalur \"an offer in PRACK is not carried\"\r\n");

	sip_respond(e->sip, now, ev->server, leg->dialog, offered ? 488 : 200, NULL, &content);
	sip_server_put(e->sip, now, ev->server);
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
