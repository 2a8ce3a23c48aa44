// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a call owes to somebody and had no memory for is tried again after T1: a BYE, an ACK, a
 * 2xx to a request whose answer is agreed on, an offer that is passed on, the plan as it was
 * before an offer that failed, and the removal of the session from the relay. All else that fails
 * for want of memory is refused, or ends the call. It is so seldom that all calls are looked
 * through for those which owe something.
 */
#include "call/call.h"

void call_owe(struct call_engine *e, u64 now, struct call *call)
{
	call->owes = e->owed;
	if (!e->owed_timer.pos)
		timer_arm(&e->timers, &e->owed_timer, now + e->t1);
}

void call_media_return(struct call_engine *e, u64 now, struct call *call)
{
	if (call_media_apply(e, call))
		call_owe(e, now, call);
}

static bool is_owed_bye(const struct call_leg *leg)
{
	return leg->state == CALL_LEG_BYE && !leg->bye;
}

static void pay(struct call_engine *e, u64 now, struct call *call)
{
	size_t i;

	call->owes = 0;
	for (i = 0; i < call->nall; i++) {
		call_leg_ack_owed(e, now, call->all[i]);
		if (is_owed_bye(call->all[i]))
			call_leg_bye(e, now, call->all[i], slice_str(call->end_headers));
	}
	if (call->state != CALL_ENDING)
		call_media_return(e, now, call);
	call_outbox_flush(e, now, call);
	call_settle(e, now, call);	/* which removes the session */
}

static struct call *who_owes_since(const struct call_engine *e, u32 round)
{
	struct list *at;

	for (at = e->calls.next; at != &e->calls; at = at->next)
		if (list_entry(at, struct call, node)->owes == round)
			return list_entry(at, struct call, node);
	return NULL;
}

/* Any call may be gone after that: each is looked for anew. */
void call_owed(struct call_engine *e, u64 now)
{
	u32 round = e->owed++;
	struct call *call;

	while ((call = who_owes_since(e, round)))
		pay(e, now, call);
}
