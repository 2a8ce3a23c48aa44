// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BYE, from either side and to either side (RFC 3261 §15). The other side hears of
 * it at once; the one who sent it has its 200 when the media session is gone, so
 * that who has a 200 knows that nothing is relayed any more, and the figures of
 * the session can be in it.
 */
#include <stdlib.h>

#include "call/call.h"

static void accept_bye(struct call_engine *e, u64 now, struct call_leg *leg,
		       struct sip_server *server)
{
	char line[CALL_RTP_STAT];

	call_rtp_stat(leg, line);
	call_respond(e, now, server, leg->dialog, 200, slice_str(line));
}

void call_bye_answer(struct call_engine *e, u64 now, struct call_leg *leg)
{
	if (leg->hung_up)
		accept_bye(e, now, leg, leg->hung_up);
	leg->hung_up = NULL;
}

/* A leg that outlives its call by nothing but this BYE, or that has one already. */
static void take_bye(struct call_engine *e, u64 now, struct call_leg *leg,
		     struct sip_server *server)
{
	if (leg->hung_up)
		accept_bye(e, now, leg, server);
	else
		leg->hung_up = server;
}

CALL_ACTION(call_bye)
{
	/* What a BYE carries passes to a BYE; to a CANCEL, its Reason alone. */
	const struct call_leg *other;
	bool early = leg->call->state < CALL_ANSWERED;
	char *headers;

	call_transfer_take(e, now, leg);
	other = call_other(leg);
	headers = early ? call_headers_reason(e, leg, other, ev->msg) :
			  call_headers_pass(e, leg, other, ev->msg);
	take_bye(e, now, leg, ev->server);
	call_end(e, now, leg->call, &(struct call_reason){
		.status = 487, .bye_headers = slice_str(headers), .quiet = leg,
		.by = leg->side == MEDIA_LEG_A ? CALL_ENDED_BY_CALLER : CALL_ENDED_BY_CALLEE,
		.text = leg->side == MEDIA_LEG_A ? "BYE from the caller" : "BYE from the callee",
	});
	free(headers);
}

/*
 * Both sides hung up at once, or ours is on its way (then its outcome ends the
 * leg), or we owed them a BYE that is now not needed.
 */
CALL_ACTION(call_bye_late)
{
	take_bye(e, now, leg, ev->server);
	if (leg->call->state != CALL_ENDING)
		call_bye_answer(e, now, leg);
	if (leg->state == CALL_LEG_ANSWERED || leg->state == CALL_LEG_UP)
		leg->state = CALL_LEG_DONE;
}

CALL_ACTION(call_bye_done)
{
	(void)e;
	(void)now;
	(void)ev;
	leg->bye = NULL;
	leg->state = CALL_LEG_DONE;
}
