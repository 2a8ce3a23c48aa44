// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ACK to our 2xx: the leg is up. An ACK ends here; the one on the other leg
 * went out when the 2xx came in (invite.c says why), unless that 2xx made an
 * offer: then this ACK has the answer, and the other one waits for it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "call/call.h"

/*
 * The answer goes on when the kernel has it. One that cannot be used costs the call: the
 * offer was accepted by nobody (RFC 3261 §13.2.2.4).
 */
static int carry_answer(struct call_engine *e, u64 now, struct call_leg *leg,
			const struct sip_msg *msg)
{
	struct media_refusal refusal = { .text = "ACK without an answer" };
	struct call *call = leg->call;
	struct slice answer;
	char *sdp, text[96];

	if (call_has_sdp(msg, &answer) &&
	    !media_answer(call->media, now, false, answer, &sdp, &refusal)) {
		strcpy(refusal.text, "no memory");
		if (call_media_apply(e, call))
			free(sdp);
		else if (!call_outbox_request(e, now, call_other(leg), SIP_ACK, NULL, sdp))
			return 0;
	}
	snprintf(text, sizeof(text), "%.90s", refusal.text);
	e->counters[CALL_COUNT_REFUSED_MEDIA]++;
	call_end(e, now, call, &(struct call_reason){
		.status = 500, .text = text,
		.bye_headers = SLICE("Reason: Q.850;cause=79;text=\"unusable answer\"\r\n"),
	});
	return -EINVAL;
}

CALL_ACTION(call_ack)
{
	struct call *call = leg->call;

	if (leg->state != CALL_LEG_ANSWERED)
		return;
	leg->state = CALL_LEG_UP;
	if (call->state == CALL_ENDING) {
		call_leg_bye(e, now, leg, slice_str(call->end_headers));
		return;
	}
	if (call_other(leg)->unacked && carry_answer(e, now, leg, ev->msg))
		return;
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
