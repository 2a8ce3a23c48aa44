// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of a call: what happened on a leg, in which state the call is, what
 * is done. An empty cell is an input that changes nothing there. Every request
 * has an answer in every state, so the request rows have no empty cells.
 */
#include "call/call.h"

typedef CALL_ACTION(call_action);

static call_action *const actions[CALL_NINPUTS][CALL_NSTATES] = {
	[CALL_INPUT_INVITE] = {
		[CALL_TRYING]	= call_reinvite_early,
		[CALL_RINGING]	= call_reinvite_early,
		[CALL_ANSWERED]	= call_reinvite_early,
		[CALL_UP]	= call_reinvite,
		[CALL_ENDING]	= call_gone,
	},
	[CALL_INPUT_ACK] = {
		[CALL_ANSWERED]	= call_ack,
		[CALL_UP]	= call_ack,
		[CALL_ENDING]	= call_ack,
	},
	[CALL_INPUT_NO_ACK] = {
		[CALL_ANSWERED]	= call_ack_missing,
		[CALL_UP]	= call_ack_missing,
		[CALL_ENDING]	= call_ack_missing,
	},
	[CALL_INPUT_BYE] = {
		[CALL_TRYING]	= call_bye,
		[CALL_RINGING]	= call_bye,
		[CALL_ANSWERED]	= call_bye,
		[CALL_UP]	= call_bye,
		[CALL_ENDING]	= call_bye_late,
	},
	[CALL_INPUT_CANCEL] = {
		[CALL_TRYING]	= call_cancel,
		[CALL_RINGING]	= call_cancel,
		[CALL_ANSWERED]	= call_cancel,
		[CALL_UP]	= call_reinvite_cancel,
	},
	[CALL_INPUT_OPTIONS] = {
		[CALL_TRYING]	= call_options,
		[CALL_RINGING]	= call_options,
		[CALL_ANSWERED]	= call_options,
		[CALL_UP]	= call_ask,
		[CALL_ENDING]	= call_options,
	},
	[CALL_INPUT_PRACK] = {
		[CALL_TRYING]	= call_prack,
		[CALL_RINGING]	= call_prack,
		[CALL_ANSWERED]	= call_prack,
		[CALL_UP]	= call_prack,
		[CALL_ENDING]	= call_prack,
	},
	[CALL_INPUT_NO_PRACK] = {
		[CALL_RINGING]	= call_prack_missing,
		[CALL_ANSWERED]	= call_prack_missing,
	},
	[CALL_INPUT_UPDATE] = {
		[CALL_TRYING]	= call_update,
		[CALL_RINGING]	= call_update,
		[CALL_ANSWERED]	= call_update,
		[CALL_UP]	= call_update,
		[CALL_ENDING]	= call_gone,
	},
	[CALL_INPUT_UPDATED] = {
		[CALL_TRYING]	= call_updated,
		[CALL_RINGING]	= call_updated,
		[CALL_ANSWERED]	= call_updated,
		[CALL_UP]	= call_updated,
		[CALL_ENDING]	= call_update_gone,
	},
	[CALL_INPUT_REFRESHED] = {
		[CALL_UP]	= call_refreshed,
		[CALL_ENDING]	= call_refreshed,
	},
	[CALL_INPUT_ASKED] = {
		[CALL_UP]	= call_asked,
		[CALL_ENDING]	= call_asked,
	},
	[CALL_INPUT_REFER] = {
		[CALL_TRYING]	= call_refer,
		[CALL_RINGING]	= call_refer,
		[CALL_ANSWERED]	= call_refer,
		[CALL_UP]		= call_refer,
		[CALL_ENDING]	= call_gone,
	},
	[CALL_INPUT_SUBSCRIBE] = {
		[CALL_TRYING]	= call_refer_subscribe,
		[CALL_RINGING]	= call_refer_subscribe,
		[CALL_ANSWERED]	= call_refer_subscribe,
		[CALL_UP]		= call_refer_subscribe,
		[CALL_ENDING]	= call_gone,
	},
	[CALL_INPUT_NOTIFY] = {
		[CALL_TRYING]	= call_not_allowed,
		[CALL_RINGING]	= call_not_allowed,
		[CALL_ANSWERED]	= call_not_allowed,
		[CALL_UP]	= call_refer_notify,
		[CALL_ENDING]	= call_gone,
	},
	[CALL_INPUT_NOTIFIED] = {
		[CALL_TRYING]	= call_refer_notified,
		[CALL_RINGING]	= call_refer_notified,
		[CALL_ANSWERED]	= call_refer_notified,
		[CALL_UP]		= call_refer_notified,
		[CALL_ENDING]	= call_refer_notified,
	},
	[CALL_INPUT_MOVED] = {
		[CALL_TRYING]	= call_transfer_moved,
		[CALL_RINGING]	= call_transfer_moved,
		[CALL_ANSWERED]	= call_transfer_moved,
		[CALL_UP]		= call_transfer_moved,
		[CALL_ENDING]	= call_transfer_moved,
	},
	[CALL_INPUT_INFO] = {
		[CALL_TRYING]	= call_info,
		[CALL_RINGING]	= call_info,
		[CALL_ANSWERED]	= call_info,
		[CALL_UP]		= call_info,
		[CALL_ENDING]	= call_gone,
	},
	[CALL_INPUT_MESSAGE] = {
		[CALL_TRYING]	= call_instant_message,
		[CALL_RINGING]	= call_instant_message,
		[CALL_ANSWERED]	= call_instant_message,
		[CALL_UP]		= call_instant_message,
		[CALL_ENDING]	= call_gone,
	},
	[CALL_INPUT_CARRIED] = {
		[CALL_TRYING]	= call_carried_back,
		[CALL_RINGING]	= call_carried_back,
		[CALL_ANSWERED]	= call_carried_back,
		[CALL_UP]		= call_carried_back,
	},
	[CALL_INPUT_OTHER] = {
		[CALL_TRYING]	= call_not_allowed,
		[CALL_RINGING]	= call_not_allowed,
		[CALL_ANSWERED]	= call_not_allowed,
		[CALL_UP]	= call_not_allowed,
		[CALL_ENDING]	= call_not_allowed,
	},
	[CALL_INPUT_PROVISIONAL] = {
		[CALL_TRYING]	= call_invite_progress,
		[CALL_RINGING]	= call_invite_progress,
	},
	[CALL_INPUT_SUCCESS] = {
		[CALL_TRYING]	= call_invite_success,
		[CALL_RINGING]	= call_invite_success,
		[CALL_ANSWERED]	= call_invite_surplus,
		[CALL_UP]	= call_reinvite_success,
		[CALL_ENDING]	= call_invite_late,
	},
	[CALL_INPUT_FAILURE] = {
		[CALL_TRYING]	= call_invite_failure,
		[CALL_RINGING]	= call_invite_failure,
		[CALL_UP]	= call_reinvite_failure,
		[CALL_ENDING]	= call_invite_gone,
	},
	[CALL_INPUT_BYE_DONE] = {
		[CALL_ANSWERED]	= call_bye_done,
		[CALL_UP]	= call_bye_done,
		[CALL_ENDING]	= call_bye_done,
	},
};

/* Once there is a pair, the other legs are on their way out whatever the call does. */
static enum call_state state_of(const struct call_leg *leg)
{
	if (leg->call->state < CALL_ANSWERED || call_in_pair(leg))
		return leg->call->state;
	return CALL_ENDING;
}

void call_state_input(struct call_engine *e, u64 now, struct call_leg *leg, enum call_input input,
		      const struct sip_event *ev)
{
	call_action *action = actions[input][state_of(leg)];

	if (action)
		action(e, now, leg, ev);
	call_store(e, leg->call);
	call_settle(e, now, leg->call);
}
