/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What state.c has in its table: one function for each cell that does something, in the
 * file of what it is about. A part of call.h, which includes it.
 */
#ifndef CALL_ACTION_H
#define CALL_ACTION_H

#define CALL_ACTION(name) \
	void name(struct call_engine *e, u64 now, struct call_leg *leg, const struct sip_event *ev)
CALL_ACTION(call_invite_progress);
CALL_ACTION(call_invite_success);
CALL_ACTION(call_invite_failure);
CALL_ACTION(call_invite_surplus);
CALL_ACTION(call_invite_late);
CALL_ACTION(call_invite_gone);
CALL_ACTION(call_reinvite);
CALL_ACTION(call_reinvite_early);
CALL_ACTION(call_reinvite_progress);
CALL_ACTION(call_reinvite_success);
CALL_ACTION(call_reinvite_failure);
CALL_ACTION(call_reinvite_cancel);
CALL_ACTION(call_ack);
CALL_ACTION(call_ack_missing);
CALL_ACTION(call_bye);
CALL_ACTION(call_bye_late);
CALL_ACTION(call_bye_done);
CALL_ACTION(call_cancel);
CALL_ACTION(call_options);
CALL_ACTION(call_ask);
CALL_ACTION(call_asked);
CALL_ACTION(call_info);
CALL_ACTION(call_instant_message);
CALL_ACTION(call_carried_back);
CALL_ACTION(call_not_allowed);
CALL_ACTION(call_prack);
CALL_ACTION(call_prack_missing);
CALL_ACTION(call_update);
CALL_ACTION(call_updated);
CALL_ACTION(call_update_gone);
CALL_ACTION(call_refreshed);
CALL_ACTION(call_gone);
CALL_ACTION(call_refer);
CALL_ACTION(call_refer_pass);
CALL_ACTION(call_refer_notify);
CALL_ACTION(call_refer_subscribe);
CALL_ACTION(call_refer_notified);
CALL_ACTION(call_transfer_moved);

/*
 * Of two of them (ack.c): msg has the answer to what to offered in its 2xx, and that goes into
 * the ACK when the kernel has it. One that cannot be used costs the call: the offer was accepted
 * by nobody (RFC 3261 §13.2.2.4). lacking: the end of a call that has none. 0 or -errno.
 */
int call_ack_answer(struct call_engine *e, u64 now, struct call *call, struct call_leg *to,
		    const struct sip_msg *msg, const struct call_reason *lacking);

#endif
