// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attended transfer (RFC 5589 §7): Refer-To has Replaces with a dialog of another call of the
 * referrer's. Nobody is called: who is behind it is in a dialog with us already, and is asked
 * for an offer there. From then on it is as with anybody else who was called (transfer.c), but
 * that he changes calls, too, and that his old one is given back when it comes to nothing: then
 * the answer to his offer is what he was told last in it.
 *
 * A call of the referrer's that still rings has nobody to ask. Whoever it rings for is called anew
 * for the other party, as if there had been no Replaces, and the call is cancelled. So it does not
 * matter whether the referrer's phone waits for what becomes of its own call, or gives it up.
 */
#include <errno.h>
#include <stdlib.h>

#include "call/transfer_private.h"
#include "call/watch.h"

static u16 refuse(const char **why, u16 status, const char *text)
{
	*why = text;
	return status;
}

/* --- which call, and whose --- */

/* Of the one who called, and has no answer: whom he called there is called. */
static u16 find_ringing(struct call_refer_asked *asked, const char **why)
{
	const struct call_leg *leg = asked->joined;
	const struct call *call = leg->call;
	struct slice ruri = call->invite ? sip_server_request(call->invite)->ruri : SLICE("");

	asked->joined = NULL;
	if (call->state >= CALL_ANSWERED || leg->side != MEDIA_LEG_A || !ruri.n ||
	    ruri.n >= sizeof(asked->called))
		return refuse(why, 491, "the call to join is not answered yet");
	slice_copy(asked->called, sizeof(asked->called), ruri);
	asked->ringing = call->id;
	asked->to.uri = slice_str(asked->called);
	asked->to.replaces[0] = 0;
	return 0;
}

u16 call_attended_find(const struct call_engine *e, const struct call_leg *leg,
		       const struct call_source *source, struct call_refer_asked *asked,
		       const char **why)
{
	bool early_only = false;

	if (!call_refer_to_is_ours(e, &asked->to, &asked->joined, &early_only))
		return 0;
	/* nobody is told of calls that are not his */
	if (!asked->joined || asked->joined->call == leg->call ||
	    !call_transfer_is_his(e, asked->joined, source))
		return 603;
	if (asked->joined->call->state == CALL_ENDING)
		return refuse(why, 603, "the call to join is over");
	if (asked->joined->call->state < CALL_UP)
		return find_ringing(asked, why);
	if (early_only)
		return refuse(why, 486, "the call to join is answered");
	if (!call_transfer_quiet(asked->joined->call))
		return refuse(why, 491, "something is under way in the call to join");
	return 0;
}

u16 call_attended_fill(struct call_engine *e, struct call *call, struct call_leg *joined,
		       const char **why)
{
	struct call_leg *party = call_other(joined), *empty;
	const struct call_route *route = joined->call->route;

	empty = call_leg_new(e, call, MEDIA_LEG_B);
	if (!empty)
		return refuse(why, 503, "no memory");
	call->legs[1] = empty->root = empty;
	call->route = route ? call_route_called(call->policy, route->name) : NULL;
	call->emergency = joined->call->emergency;
	call_transfer_seat(empty, party);
	if (empty->realm < 0 || (party->trunk >= 0 && empty->trunk < 0))
		return refuse(why, 403, "who is there is in the configuration no more");
	call->transfer->attended = true;
	call->transfer->with = joined->call->id;
	call->transfer->target = party->side;
	call->transfer->origin[MEDIA_LEG_B] = media_origin_of(joined->call->media, party->side);
	return 0;
}

/* The call that call is joined with; NULL: its other party is here. */
static struct call *joined_call(const struct call_engine *e, const struct call *call)
{
	struct call *joined = call->transfer->with ? call_find(e, call->transfer->with) : NULL;

	return joined && joined->joins == call->id ? joined : NULL;
}

struct call_leg *call_attended_target(const struct call_engine *e, const struct call *call)
{
	struct call *joined = joined_call(e, call);

	return joined ? joined->legs[call->transfer->target] : call->legs[1];
}

/* --- he is asked for an offer --- */

bool call_attended_again(struct call_engine *e, u64 now, struct call *call)
{
	struct call_leg *leg = call_attended_target(e, call);
	char *headers = call_session_request(leg, SLICE(CALL_ALLOW CALL_SUPPORTED_LATE));
	struct sip_content content = { .headers = slice_str(headers) };
	int err;

	err = call_auth_request(e, now, leg, SIP_INVITE, &content, &leg->moving);
	leg->late = true;
	free(headers);
	call_store(e, leg->call);
	return !err;
}

bool call_attended_send(struct call_engine *e, u64 now, struct call *call)
{
	call_find(e, call->transfer->with)->joins = call->id;
	return call_attended_again(e, now, call);
}

static struct media_negotiation *new_negotiation(struct call *call)
{
	const struct call_transfer *t = call->transfer;
	struct media_negotiation_conf conf = {
		.session = call->id, .idle_ms = call->policy->media_idle_ms,
		.origin = { t->origin[0], t->origin[1] },
	};
	struct media_negotiation *media;
	char *tag = slice_dup(t->asked->call_id);
	size_t i;

	for (i = 0; i < 2; i++)
		call_media_conf(&conf, call->legs[i], i);
	conf.tag = tag ? tag : "";
	media = media_negotiation_new(&conf);
	free(tag);
	return media;
}

/* Of call, before who is put through hears of it. */
static void refuse_offer(struct call_engine *e, u64 now, struct call *call,
			 const struct media_refusal *refusal)
{
	e->counters[CALL_COUNT_REFUSED_MEDIA]++;
	call_end(e, now, call, &(struct call_reason){
		.status = refusal->status == 488 ? 502 : refusal->status, .text = refusal->text,
		.bye_headers = SLICE("Reason: Q.850;cause=79;text=\"unusable offer\"\r\n"),
	});
}

static void take_offer(struct call_engine *e, u64 now, struct call *call,
		       const struct sip_msg *msg)
{
	struct media_refusal refusal = { .status = 502, .text = "2xx without an offer" };
	struct slice offer;
	char *sdp;

	call->media = new_negotiation(call);
	if (!call->media) {
		call_end_without_memory(e, now, call);
		return;
	}
	if (!call_has_sdp(msg, &offer) ||
	    media_offer(call->media, now, MEDIA_LEG_B, offer, &sdp, &refusal)) {
		refuse_offer(e, now, call, &refusal);
		return;
	}
	call->state = CALL_ANSWERED;
	call->answered = now;
	e->counters[CALL_COUNT_ANSWERED]++;
	call_set_timer(e, now, call);
	if (call_media_apply(e, call)) {
		free(sdp);
		call_end_without_memory(e, now, call);
		return;
	}
	if (call_transfer_offer(e, now, call, sdp)) {
		call_end_without_memory(e, now, call);
		return;
	}
	call_event_add(e, now, CALL_EVENT_ANSWERED, call);
}

static size_t count_media(const char *sdp)
{
	size_t n = 0;

	for (; sdp; sdp = strstr(sdp + 1, "\nm="))
		n++;
	return n;
}

/*
 * His offer was for nobody. Where it has the streams of old, the answer is what he was told last;
 * else he is told that afterwards.
 */
static void give_back(struct call_engine *e, u64 now, struct call_leg *leg)
{
	struct media_origin next;
	const char *sdp = NULL;

	leg->late = false;
	if (leg->call->state != CALL_UP || leg->state != CALL_LEG_UP) {
		call_leg_ack_kept(e, now, leg, NULL);
		return;
	}
	next = media_origin_of(leg->call->media, leg->side);
	if (leg->offer && count_media(leg->offer) ==
			  count_media(media_said(leg->call->media, leg->side)))
		sdp = media_say_again(leg->call->media, leg->side, next.version);
	call_leg_ack_kept(e, now, leg, sdp);
	if (!sdp)
		call_transfer_return(e, now, leg, next.version + 1);
}

void call_attended_moved(struct call_engine *e, u64 now, struct call_leg *leg,
			 struct call *call, const struct sip_event *ev)
{
	call_leg_keep_offer(leg, ev);
	if (call)
		take_offer(e, now, call, ev->msg);
	else
		give_back(e, now, leg);
}

/* --- how it ends --- */

static void move_target(struct call_engine *e, u64 now, struct call *call, struct call *joined)
{
	struct call_leg *leg = joined->legs[call->transfer->target];

	joined->transferred = true;
	joined->joins = 0;
	call->transfer->with = 0;
	call_transfer_move(e, now, leg, call, MEDIA_LEG_B);
	call->callee = leg->subscriber ? strdup(leg->subscriber) : NULL;
	call_lamps_changed(e, joined);
}

void call_attended_done(struct call_engine *e, u64 now, struct call *call)
{
	struct call *joined = joined_call(e, call);

	call_attended_target(e, call)->late = false;
	if (!joined)
		return;
	move_target(e, now, call, joined);
	call_transfer_leave(e, now, joined, joined->legs[!call->transfer->target]);
	call_store(e, joined);
	call_settle(e, now, joined);
}

void call_attended_failed(struct call_engine *e, u64 now, struct call *call)
{
	struct call *joined = joined_call(e, call);
	struct call_leg *leg;

	if (!joined)
		return;
	leg = joined->legs[call->transfer->target];
	joined->joins = call->transfer->with = 0;
	call_store(e, joined);
	if (leg->unacked)
		give_back(e, now, leg);
}

void call_attended_take(struct call_engine *e, u64 now, struct call_leg *leg)
{
	struct call *joined = leg->call, *call = call_find(e, joined->joins);

	if (!joined->joins || !call || leg->side == call->transfer->target)
		return;
	move_target(e, now, call, joined);
	call_store(e, call);
}

void call_attended_end(struct call_engine *e, u64 now, struct call *call,
		       const struct call_reason *why)
{
	struct call *to = call->joins ? call_find(e, call->joins) : NULL;

	if (!to)
		return;
	call_end(e, now, to, &(struct call_reason){
		.status = 487, .text = "the call to join has ended", .by = why->by,
	});
	call_settle(e, now, to);
}
