// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * CANCEL of a call's INVITE (RFC 3261 §9.2). The caller is through at once; the
 * far side gets our CANCEL and may still answer 2xx, which call_invite_late()
 * acknowledges and ends. When its 2xx came first and ours has not gone out, the
 * CANCEL wins towards the caller and BYE ends the far side.
 */
#include <stdlib.h>

#include "call/call.h"

CALL_ACTION(call_cancel)
{
	const struct call_leg *other = call_other(leg);
	char *reason;

	if (!leg->call->invite)
		return;
	reason = ev->msg && other ? call_headers_reason(e, leg, other, ev->msg) : NULL;
	e->counters[CALL_COUNT_CANCELLED]++;
	call_end(e, now, leg->call, &(struct call_reason){
		.status = 487, .bye_headers = slice_str(reason), .text = "CANCEL from the caller",
		.by = CALL_ENDED_BY_CALLER,
	});
	free(reason);
}
