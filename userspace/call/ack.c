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

int call_ack_answer(struct call_engine *e, u64 now, struct call *call, struct call_leg *to,
		    const struct sip_msg *msg, const struct call_reason *lacking)
{
	struct call_reason why = *lacking;
	struct media_refusal refusal;
	struct slice answer;
	char *sdp, text[96];

	snprintf(refusal.text, sizeof(refusal.text), "%s", lacking->text);
	if (call_has_sdp(msg, &answer) &&
	    !media_answer(call->media, now, false, answer, &sdp, &refusal)) {
		strcpy(refusal.text, "no memory");
		if (call_media_apply(e, call))
			free(sdp);
		else if (!call_outbox_request(e, now, to, SIP_ACK, NULL, sdp))
			return 0;
	}
	snprintf(text, sizeof(text), "%.90s", refusal.text);
	e->counters[CALL_COUNT_REFUSED_MEDIA]++;
	why.text = text;
	why.bye_headers = SLICE("Reason: Q.850;cause=79;text=\"unusable answer\"\r\n");
	call_end(e, now, call, &why);
	return -EINVAL;
}

CALL_ACTION(call_ack)
{
	const struct call_reason lacking = { .status = 500, .text = "ACK without an answer" };
	struct call_leg *other = call_other(leg);
	struct call *call = leg->call;

	if (leg->state != CALL_LEG_ANSWERED)
		return;
	leg->state = CALL_LEG_UP;
	if (call->state == CALL_ENDING) {
		call_leg_bye(e, now, leg, slice_str(call->end_headers));
		return;
	}
	if (other->unacked && call_ack_answer(e, now, call, other, ev->msg, &lacking))
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
