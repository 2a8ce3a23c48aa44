// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A call that is put through (RFC 3515, RFC 3725 flow I). The new call begins with an INVITE
 * without an offer, to who is called, or to the other party of another call of the referrer's
 * (attended.c); meanwhile his own call goes on as it is. The offer in the 2xx goes to the other
 * party as a re-INVITE, when the kernel has the new session; his answer goes into the ACK, when
 * the kernel has that, too. Only then he changes calls, and the old one is let go. Whatever
 * fails before leaves the referrer's call as it was; who had accepted the new media is told the
 * old again. An INVITE that meets one of who is asked (491) goes out again a few times.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/transfer_private.h"
#include "call/watch.h"

#define MAX_GLARES 4		/* of one transfer: who waits for an ACK does so for 32 s */

const struct sip_msg *call_first_request(const struct call *call)
{
	return call->transfer ? call->transfer->asked : sip_server_request(call->invite);
}

/* --- who belongs together --- */

/* The call that call is transferred to; NULL: none is under way. */
static struct call *new_call(const struct call_engine *e, const struct call *call)
{
	return call->refer && call->refer->to ? call_find(e, call->refer->to) : NULL;
}

/* The referrer's call; NULL: he has hung up. */
static struct call *old_call(const struct call_engine *e, const struct call *call)
{
	struct call *old = call->transfer->from ? call_find(e, call->transfer->from) : NULL;

	return old && old->refer && old->refer->to == call->id ? old : NULL;
}

/* Who is put through, in whichever call he is. */
static struct call_leg *party_of(const struct call_engine *e, const struct call *call)
{
	struct call *old = old_call(e, call);

	return old ? call_other(old->refer->referrer) : call->legs[0];
}

bool call_transfer_pending(const struct call *call)
{
	return call->transferred || call->joins || (call->refer && call->refer->to);
}

static bool is_quiet(const struct call_leg *leg)
{
	return leg->state == CALL_LEG_UP && !leg->server && !leg->invite && !leg->unacked &&
	       !leg->update && !leg->updating && !leg->refresh && !leg->moving;
}

bool call_transfer_quiet(const struct call *call)
{
	return call->state == CALL_UP && !call_transfer_pending(call) &&
	       (!call->refer || call_refer_is_done(call->refer)) &&
	       is_quiet(call->legs[0]) && is_quiet(call->legs[1]) &&
	       list_empty(&call->outbox) && !media_offer_pending(call->media);
}

/* --- the answer --- */

void call_transfer_progress(struct call_engine *e, u64 now, struct call *call, u16 status)
{
	struct call *old = old_call(e, call);

	if (old && status > old->refer->status)
		call_refer_tell(e, now, old, status);
}

int call_transfer_offer(struct call_engine *e, u64 now, struct call *call, char *sdp)
{
	return call_outbox_request(e, now, call->legs[0], SIP_INVITE,
				   strdup(CALL_ALLOW CALL_SUPPORTED), sdp);
}

int call_transfer_invite(struct call_engine *e, u64 now, struct call_message *m)
{
	struct call_leg *leg = party_of(e, m->leg->call);
	struct sip_content content;
	char *headers;
	int err;

	if (leg->state != CALL_LEG_UP)
		return -EINVAL;
	headers = call_session_request(leg, slice_str(m->headers));
	content = call_content(slice_str(headers), m->sdp);
	leg->late = false;
	err = call_auth_request(e, now, leg, SIP_INVITE, &content, &leg->moving);
	free(headers);
	call_store(e, leg->call);
	return err;
}

/*
 * What he had heard of the new call is taken back: he is told the old media again, as a version
 * that is newer than that.
 */
void call_transfer_return(struct call_engine *e, u64 now, struct call_leg *leg, u64 version)
{
	const char *sdp;

	if (leg->call->state != CALL_UP || leg->state != CALL_LEG_UP)
		return;
	sdp = media_say_again(leg->call->media, leg->side, version);
	if (!sdp)
		return;
	leg->owed = true;
	call_session_say(e, now, leg, sdp);
}

/* The new call is gone that made him one offer. */
void call_transfer_repeat(struct call_engine *e, u64 now, struct call_leg *leg)
{
	struct media_origin next = { .version = 0 };

	if (leg->call->media)
		next = media_origin_of(leg->call->media, leg->side);
	call_transfer_return(e, now, leg, next.version + 1);
}

bool call_transfer_is_told(const struct call_engine *e, const struct call_leg *leg)
{
	const struct call *call = leg->call, *to = new_call(e, call);

	if (leg->moving || leg->owed)
		return true;
	if (to)
		return to->state >= CALL_ANSWERED && leg != call->refer->referrer;
	to = call->joins ? call_find(e, call->joins) : NULL;
	return to && leg == call_attended_target(e, to);
}

static void take_answer(struct call_engine *e, u64 now, struct call *call,
			const struct sip_msg *msg)
{
	const struct call_reason lacking = { .status = 488, .text = "2xx without an answer" };

	call->transfer->accepted = true;
	call_ack_answer(e, now, call, call->legs[1], msg, &lacking);
}

void call_transfer_refused(struct call_engine *e, u64 now, struct call_leg *leg,
			   struct call *call, const struct sip_event *ev)
{
	u16 status = ev->type == SIP_EVENT_RESPONSE ? ev->msg->status :
		     ev->type == SIP_EVENT_TIMEOUT ? 408 : 503;

	if (call)
		call_end(e, now, call, &(struct call_reason){
			.status = status < 400 ? 480 : status, .text = "the new media was refused",
			.bye_headers = SLICE("Reason: Q.850;cause=88;text=\"transfer failed\"\r\n"),
		});
	if (status != 408 && status != 481)
		return;
	call_end(e, now, leg->call, &(struct call_reason){
		.status = status, .text = "the far side knows the dialog no more",
		.bye_headers = SLICE("Reason: Q.850;cause=41;text=\"dialog lost\"\r\n"),
		.quiet = status == 481 ? leg : NULL,
	});
}

/* --- glare --- */

bool call_transfer_glare(struct call_engine *e, u64 now, struct call_leg *leg, struct call *call,
			 const struct sip_event *ev)
{
	struct call_transfer *t = call->transfer;

	if (ev->type != SIP_EVENT_RESPONSE || ev->msg->status != 491 || t->glares++ >= MAX_GLARES)
		return false;
	timer_arm(&e->timers, &t->again, now + call_reinvite_wait(e, leg));
	return true;
}

void call_transfer_again(struct call_engine *e, u64 now, struct call *call)
{
	bool offered = call->state == CALL_ANSWERED;
	char *sdp = offered ? strdup(media_said(call->media, MEDIA_LEG_A)) : NULL;
	bool sent;

	if (call->state == CALL_ENDING)
		return;
	if (offered)
		sent = sdp && !call_transfer_offer(e, now, call, sdp);
	else
		sent = call_attended_again(e, now, call);
	if (!sent)
		call_end_without_memory(e, now, call);
	call_settle(e, now, call);
}

static void moved(struct call_engine *e, u64 now, struct call_leg *leg, struct call *call,
		  const struct sip_event *ev)
{
	call_leg_ack_now(e, now, leg, ev);
	if (call)
		take_answer(e, now, call, ev->msg);
	else
		call_transfer_repeat(e, now, leg);
}

/* The new call that leg was asked for in his old one. */
static struct call *asked_for(const struct call_engine *e, const struct call_leg *leg)
{
	return leg->late ? call_find(e, leg->call->joins) : new_call(e, leg->call);
}

/* The final response to it. The new call may be gone meanwhile, or the old one. */
CALL_ACTION(call_transfer_moved)
{
	bool here = leg->call->transfer, late = leg->late;
	struct call *call = here ? leg->call : asked_for(e, leg);

	leg->moving = NULL;
	if (call && call->state != (late ? CALL_TRYING : CALL_ANSWERED))
		call = NULL;
	if (ev->type != SIP_EVENT_RESPONSE || ev->msg->status >= 300) {
		if (!call || !call_transfer_glare(e, now, leg, call, ev))
			call_transfer_refused(e, now, leg, call, ev);
	} else {
		sip_dialog_response(e->sip, leg->dialog, ev->msg);
		call_session_agreed(e, now, leg, ev->msg);
		if (late)
			call_attended_moved(e, now, leg, call, ev);
		else
			moved(e, now, leg, call, ev);
	}
	if (late)
		leg->late = leg->unacked;
	if (call && !here && leg->call != call)
		call_settle(e, now, call);
}

/* --- he changes calls --- */

/* Whose call counts at the trunk may be another leg: that of the branch, or of the INVITE. */
static void take_count(struct call_leg *leg)
{
	struct call_leg *owner = leg->side == MEDIA_LEG_A ? leg->call->all[0] : leg->root;

	if (!owner || owner == leg || leg->counted)
		return;
	leg->counted = owner->counted;
	owner->counted = NULL;
}

static void forget_questions(struct call_engine *e, u64 now, struct call_leg *leg)
{
	call_question_end(e, now, leg);
	call_carry_end(e, now, leg);
	if (leg->asking)
		sip_client_forget(e->sip, leg->asking);
	leg->asking = NULL;
	call_question_end(e, now, call_other(leg));
	call_carry_end(e, now, call_other(leg));
}

/* Whose devices were called is not in that call any more. */
static void lose_callee(struct call_engine *e, struct call *call)
{
	call_lamps_changed(e, call);
	free(call->callee);
	call->callee = NULL;
}

/* His place in the old call is that of a leg that is over. */
static void give_place(struct call_leg *empty, const struct call_leg *leg)
{
	struct call *old = leg->call;
	size_t i;

	for (i = 0; i < old->nall; i++)
		if (old->all[i]->root == leg)
			old->all[i]->root = empty;
	empty->call = old;
	empty->index = leg->index;
	empty->side = leg->side;
	empty->root = leg->side == MEDIA_LEG_B ? empty : NULL;
	empty->realm = leg->realm;
	empty->trunk = leg->trunk;
	empty->state = CALL_LEG_DONE;
	old->all[leg->index] = old->legs[leg->side] = empty;
}

void call_transfer_move(struct call_engine *e, u64 now, struct call_leg *leg, struct call *call,
			enum media_leg side)
{
	struct call_leg *empty = call->legs[side];
	struct call_leg copy = *empty;

	forget_questions(e, now, leg);
	call_passed_clear(leg->call);
	call_again_clear(leg->call);
	call_outbox_forget(leg);
	call_outbox_move(call, empty, leg);
	take_count(leg);
	if (!leg->subscriber)
		leg->subscriber = call_leg_subscriber(leg);
	if (leg->side == MEDIA_LEG_B)
		lose_callee(e, leg->call);
	give_place(empty, leg);
	leg->call = call;
	leg->index = copy.index;
	leg->side = side;
	leg->root = side == MEDIA_LEG_B ? leg : NULL;
	leg->twin = NULL;
	leg->realm = copy.realm;
	leg->trunk = copy.trunk;
	call->all[copy.index] = call->legs[side] = leg;
	leg->dialog->user = call_leg_handle(leg);
	if (leg->moving)
		sip_client_set_user(leg->moving, call_leg_handle(leg));
	call_trace_leg(e->trace, now, call->id, side, leg->dialog->call_id);
}

static void move_party(struct call_engine *e, u64 now, struct call_leg *party, struct call *call)
{
	struct call *old = party->call;

	old->transferred = true;
	call->transfer->from = 0;
	call_transfer_move(e, now, party, call, MEDIA_LEG_A);
	call_lamps_changed(e, old);
}

void call_transfer_leave(struct call_engine *e, u64 now, struct call *call,
			 const struct call_leg *referrer)
{
	call_end(e, now, call, &(struct call_reason){
		.status = 200, .text = "transferred",
		.by = referrer->side == MEDIA_LEG_A ? CALL_ENDED_BY_CALLER : CALL_ENDED_BY_CALLEE,
	});
}

/* The referrer hangs up, or was told that he may: his call has nothing left. */
void call_transfer_over(struct call_engine *e, u64 now, struct call *call)
{
	if (call->state != CALL_ENDING && call_refer_is_done(call->refer))
		call_transfer_leave(e, now, call, call->refer->referrer);
}

static void let_go(struct call_engine *e, u64 now, struct call *old)
{
	timer_disarm(&e->timers, &old->idle_timer);
	call_store(e, old);
	call_refer_tell(e, now, old, 200);
	call_transfer_over(e, now, old);
	call_settle(e, now, old);
}

void call_transfer_done(struct call_engine *e, u64 now, struct call *call)
{
	struct call *old = old_call(e, call);

	if (call->state != CALL_ANSWERED)
		return;
	call_store(e, call);		/* before what is not to be found any more */
	if (old)
		move_party(e, now, call_other(old->refer->referrer), call);
	call_attended_done(e, now, call);
	call_transfer_free(e, call);
	call->state = CALL_UP;
	call_set_timer(e, now, call);
	call_media_check(e, now, call);
	call_lamps_changed(e, call);
	if (old)
		let_go(e, now, old);
}

void call_transfer_take(struct call_engine *e, u64 now, struct call_leg *leg)
{
	struct call *old = leg->call, *call = new_call(e, old);

	call_attended_take(e, now, leg);
	if (!old->refer || leg != old->refer->referrer)
		return;
	call_refer_leave(e, now, old);
	if (!call)
		return;
	old->refer->to = 0;
	move_party(e, now, call_other(leg), call);
	call_store(e, call);
}

/* --- and what may happen instead --- */

static void failed(struct call_engine *e, u64 now, struct call *call, u16 status)
{
	struct call *old = old_call(e, call);
	struct call_leg *party = party_of(e, call);
	u64 version;

	e->counters[CALL_COUNT_TRANSFERS_FAILED]++;
	call_attended_failed(e, now, call);
	if (!old)
		return;
	call_refer_tell(e, now, old, status >= 300 ? status : 500);
	call_store(e, old);
	if (!call->transfer->accepted)
		return;
	version = media_origin_of(call->media, MEDIA_LEG_A).version;
	call_transfer_return(e, now, party, version);
}

void call_transfer_end(struct call_engine *e, u64 now, struct call *call,
		       const struct call_reason *why)
{
	struct call *to = new_call(e, call);

	if (to) {
		call_refer_tell(e, now, call, 487);
		call_end(e, now, to, &(struct call_reason){
			.status = 487, .text = "the call to be transferred has ended",
			.by = why->by,
		});
		call_settle(e, now, to);
	}
	call_attended_end(e, now, call, why);
	if (call->transfer && call->state == CALL_ENDING)
		failed(e, now, call, why->status);
}
