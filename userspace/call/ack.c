// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ACK to our 2xx: the leg is up. An ACK ends here; the one on the other leg
 * went out when the 2xx came in (invite.c says why).
 */
#include "call/call.h"

CALL_ACTION(call_ack)
{
	struct call *call = leg->call;

	(void)ev;
	if (leg->state != CALL_LEG_ANSWERED)
		return;
	leg->state = CALL_LEG_UP;
	if (call->state == CALL_ENDING) {
		call_leg_bye(e, now, leg, slice_str(call->end_headers));
		return;
	}
	if (call->state != CALL_ANSWERED)
		return;
	call->state = CALL_UP;
	call_set_timer(e, now, call);
	call_media_check(e, now, call);
}

/* RFC 3261 §13.3.1.4: the dialog exists, so it is ended by BYE. */
CALL_ACTION(call_ack_missing)
{
	struct call *call = leg->call;

	(void)ev;
	if (leg->state != CALL_LEG_ANSWERED)
		return;
	leg->state = CALL_LEG_UP;
	e->counters[CALL_COUNT_NO_ACK]++;
	if (call->state == CALL_ENDING) {
		call_leg_bye(e, now, leg, slice_str(call->end_headers));
		return;
	}
	call_end(e, now, call, &(struct call_reason){
		.status = 500, .text = "no ACK",
		.bye_headers = SLICE("Reason: Q.850;cause=102;text=\"no ACK\"\r\n"),
	});
}
