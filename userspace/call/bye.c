// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * BYE, from either side and to either side (RFC 3261 §15). The one who sends it
 * has its 200 before anything else happens.
 */
#include <stdlib.h>

#include "call/call.h"

static void accept_bye(struct call_engine *e, u64 now, struct call_leg *leg,
		       const struct sip_event *ev)
{
	struct sip_content content = { .headers = SLICE("") };

	sip_respond(e->sip, now, ev->server, leg->dialog, 200, NULL, &content);
	sip_server_put(e->sip, now, ev->server);
}

CALL_ACTION(call_bye)
{
	/* What a BYE carries passes to a BYE; to a CANCEL, its Reason alone. */
	bool early = leg->call->state < CALL_ANSWERED;
	char *headers = early ? call_headers_reason(ev->msg) : call_headers_pass(ev->msg);

	accept_bye(e, now, leg, ev);
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
	accept_bye(e, now, leg, ev);
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
