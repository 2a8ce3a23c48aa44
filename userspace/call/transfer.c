// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A call that is put through (RFC 3515, RFC 3725 flow I). The new call begins with an INVITE
 * without an offer, by the routes and with the rights of the referrer; meanwhile his own
 * call goes on as it is. The offer in the 2xx goes to the other party as a re-INVITE, when
 * the kernel has the new session; his answer goes into the ACK, when the kernel has that, too.
 * Only then he changes calls, and the old one is let go. Whatever fails before leaves the
 * referrer's call as it was; who had accepted the new media is told the old again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/header_private.h"
#include "call/register.h"
#include "call/trunk_state.h"

const struct sip_msg *call_first_request(const struct call *call)
{
	return call->transfer ? call->transfer->asked : sip_server_request(call->invite);
}

static u16 refuse(const char **why, u16 status, const char *text)
{
	*why = text;
	return status;
}

/* --- by whose rights --- */

static int realm_of(const struct call_policy *p, const struct call_leg *leg)
{
	size_t i;

	for (i = 0; leg->realm >= 0 && i < p->nrealms; i++)
		if (!strcmp(p->realms[i].name, leg->call->policy->realms[leg->realm].name))
			return (int)i;
	return -1;
}

/* By the policy of today. false: who is there has no place in it any more. */
static bool place_of(const struct call_policy *p, const struct call_leg *leg, int *realm,
		     int *trunk)
{
	*realm = realm_of(p, leg);
	*trunk = call_trunk_now(p, leg);
	return *realm >= 0 && (leg->trunk < 0 || *trunk >= 0);
}

/* A subscriber: as whom he called, or was called. */
static bool subscriber_of(const struct call_engine *e, const struct call_leg *leg,
			  struct call_source *source)
{
	const struct call *call = leg->call;
	struct sip_nameaddr address;
	char aor[REGISTRAR_AOR], *at;

	if (leg->side == MEDIA_LEG_A && call->domain) {
		snprintf(source->user, sizeof(source->user), "%s", call->user);
		source->domain = call_policy_domain(e->policy, slice_str(call->domain->name));
		return source->domain;
	}
	if (leg->side == MEDIA_LEG_A || leg->trunk >= 0)
		return true;
	if (!sip_parse_nameaddr(slice_str(leg->dialog->remote_uri), &address) ||
	    !registrar_aor_parse(address.uri, aor))
		return false;
	at = strrchr(aor, '@');
	source->domain = call_policy_domain(e->policy, slice_str(at + 1));
	snprintf(source->user, sizeof(source->user), "%.*s", (int)(at - aor), aor);
	return source->domain;
}

static bool source_of(const struct call_engine *e, const struct call_leg *leg,
		      struct call_source *source)
{
	*source = (struct call_source){ .class = CALL_SOURCE_TRUNK };
	return place_of(e->policy, leg, &source->realm, &source->trunk) &&
	       subscriber_of(e, leg, source);
}

/* One of our users, else whoever the routes lead the referrer to. */
static u16 find_route(struct call_engine *e, const struct call_source *source,
		      const struct call_leg *leg, const struct sip_msg *msg,
		      char aor[REGISTRAR_AOR], struct call_routed **routed, const char **why)
{
	struct call_choice choice = { .route = &call_contacts_route };
	struct call_subject s;
	u16 status;
	int err;

	call_subject_init(&s, source->realm, source->trunk, &leg->peer, msg);
	status = call_is_emergency(e->policy, &s) ? 404 : call_contacts_find(e, msg->ruri, aor);
	if (status && status != 404)
		return refuse(why, status, "not registered");
	if (status)
		choice = call_route_find(e->policy, &s, NULL);
	if (!choice.route)
		return refuse(why, 404, "no route");
	if (choice.gave_up)
		return refuse(why, 500, "a pattern of the route gave up");
	if (choice.route->reject)
		return refuse(why, choice.route->reject, "by a route");
	err = call_routed_new(choice.route, &s, routed);
	if (!err) {
		status = call_contacts_routed(e, *routed, msg->ruri, aor);
		if (!status)
			return 0;
		call_routed_put(*routed);
		return refuse(why, status, "not registered");
	}
	return err == -ENOMEM ? refuse(why, 503, "no memory") :
				refuse(why, 484, "the number cannot be rewritten");
}

/* --- the new call --- */

static char *referred_by(const struct call_source *source, const struct call_refer_asked *asked)
{
	struct slice user = asked->referred_by.n ? call_uri_user(asked->referred_by) : SLICE("");

	if (asked->referred_by.n && source->domain)
		return buf_format("%s@%s", source->user, source->domain->name);
	return user.n ? slice_dup(user) : NULL;
}

/* Takes msg, also on error. */
static int set_transfer(struct call *call, struct call_leg *leg, struct sip_msg *msg,
			const struct call_source *source, const struct call_refer_asked *asked)
{
	struct call_leg *party = call_other(leg);
	struct call_transfer *t = zalloc(sizeof(*t));
	struct media_origin origin = media_origin_of(leg->call->media, party->side);

	if (!t) {
		free(msg);
		return -ENOMEM;
	}
	call->transfer = t;
	call->transferred_from = leg->call->id;
	t->from = leg->call->id;
	t->asked = msg;
	t->origin = origin;
	t->referred_by = referred_by(source, asked);
	if (!asked->to.replaces[0])
		return 0;
	t->lines = buf_format("Require: replaces\r\nReplaces: %s\r\n", asked->to.replaces);
	return t->lines ? 0 : -ENOMEM;
}

/* The referrer's limits are those of the new call; one of his calls ends for it. */
static u16 take_place(struct call_engine *e, u64 now, struct call *call, const struct call_leg *leg,
		      const struct call_source *source, const char **why)
{
	bool counted = leg->side == MEDIA_LEG_A && leg->call->usage;
	struct call_leg *empty = call->legs[0];
	struct call_failure f = { 0 };
	u32 limit = 0;
	int err = call_caller_set(call, source);

	if (!err && call->domain && call->domain->max_calls && !call->emergency)
		limit = call->domain->max_calls + counted;
	if (!err && call->domain)
		err = call_usage_take(e, call, limit);
	if (err) {
		e->counters[CALL_COUNT_TOO_MANY] += err == -EBUSY;
		return err == -EBUSY ? refuse(why, 486, "too many calls at the same time") :
				       refuse(why, 503, "no memory");
	}
	empty->trunk = source->trunk;
	if (call_trunk_take(e, now, empty, &f))
		return 0;
	call_failure_clear(&f);
	return refuse(why, f.status, "the referrer's trunk takes no more calls");
}

static u16 fill(struct call_engine *e, u64 now, struct call *call, struct call_leg *leg,
		const struct call_source *source, const char **why)
{
	const struct call_leg *party = call_other(leg);
	struct call_leg *empty = call->legs[0];
	u16 status;

	call->route = call->routed->route;
	call->emergency = call->route->emergency;
	status = take_place(e, now, call, leg, source, why);
	empty->realm = realm_of(call->policy, party);
	empty->trunk = call_trunk_now(call->policy, party);
	empty->peer = party->peer;
	empty->listener = party->dialog->flow.listener;
	return status;
}

static u16 make(struct call_engine *e, u64 now, struct call_leg *leg,
		const struct call_source *source, const struct call_refer_asked *asked,
		struct call_routed *routed, struct call **made, const char **why)
{
	const struct call_leg *party = call_other(leg);
	struct sip_msg *msg = call_refer_to_invite(&asked->to, leg->dialog->local_uri,
						   party->dialog->call_id, asked->max_forwards);
	struct call *call = msg ? call_new(e, now, &(struct sip_event){ .msg = msg }) : NULL;
	u16 status;

	if (!call) {
		free(msg);
		call_routed_put(routed);
		return refuse(why, 503, "no memory");
	}
	call->routed = routed;
	status = set_transfer(call, leg, msg, source, asked) ? refuse(why, 503, "no memory") :
		 fill(e, now, call, leg, source, why);
	if (status)
		call_free(e, now, call);
	*made = call;
	return status;
}

u16 call_transfer_make(struct call_engine *e, u64 now, struct call_leg *leg,
		       struct call_refer_asked *asked, struct call **call, const char **why)
{
	struct call_routed *routed = NULL;
	struct call_source source;
	struct sip_msg *msg;
	int realm, trunk;
	u16 status;

	if (!source_of(e, leg, &source) || !place_of(e->policy, call_other(leg), &realm, &trunk))
		return refuse(why, 403, "who is there is in the configuration no more");
	if (call_refer_to_is_ours(e, &asked->to))
		return refuse(why, 603, "attended transfer is not carried out");
	if (call_overload_refuses(e, now, CALL_KIND_CALL))
		return refuse(why, 503, "overload");
	msg = call_refer_to_invite(&asked->to, leg->dialog->remote_uri, leg->dialog->call_id,
				   asked->max_forwards);
	if (!msg)
		return refuse(why, 400, "Refer-To is not to be called");
	status = find_route(e, &source, leg, msg, asked->aor, &routed, why);
	free(msg);
	return status ? status : make(e, now, leg, &source, asked, routed, call, why);
}

void call_transfer_send(struct call_engine *e, u64 now, struct call *call,
			const struct call_refer_asked *asked)
{
	const struct call_failure *f;
	bool sent;

	e->counters[CALL_COUNT_CALLS]++;
	call_event_add(e, now, CALL_EVENT_NEW, call);
	call_set_timer(e, now, call);
	sent = call_goes_to_contacts(call) ? call_contacts_call(e, now, call, asked->aor) :
					     call_branch_next(e, now, call);
	f = call->failure;
	if (!sent)
		call_end(e, now, call, &(struct call_reason){
			.status = f ? f->status : 404, .text = f ? f->text : "no route",
		});
	call_store(e, call);
	call_settle(e, now, call);
}

void call_transfer_lines(const struct call_engine *e, const struct call_leg *root, struct buf *b)
{
	const struct call *call = root->call;
	const struct call_transfer *t = call->transfer;
	char host[ADDR_STRLEN + 2];

	buf_str(b, t->lines ? t->lines : "");
	if (!t->referred_by || root->realm < 0 || !call->policy->realms[root->realm].trusted)
		return;
	call_print_host(&e->listeners[root->listener], host, sizeof(host));
	buf_printf(b, strchr(t->referred_by, '@') ? "Referred-By: <sip:%s>\r\n" :
						    "Referred-By: <sip:%s@%s>\r\n",
		   t->referred_by, host);
}

void call_transfer_free(struct call *call)
{
	struct call_transfer *t = call->transfer;

	if (!t)
		return;
	free(t->asked);
	free(t->lines);
	free(t->referred_by);
	free(t);
	call->transfer = NULL;
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
	return call->transferred || (call->refer && call->refer->to);
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
	struct sip_content content = {
		.content_type = SLICE("application/sdp"), .body = slice_str(m->sdp),
	};
	char *headers;
	int err;

	if (leg->state != CALL_LEG_UP)
		return -EINVAL;
	headers = call_session_request(leg, slice_str(m->headers));
	content.headers = slice_str(headers);
	leg->late = false;
	err = call_auth_request(e, now, leg, SIP_INVITE, &content, &leg->moving);
	free(headers);
	return err;
}

/*
 * What he had heard of the new call is taken back: he is told the old media again, as a version
 * that is newer than that.
 */
static void return_party(struct call_engine *e, u64 now, struct call_leg *leg, u64 version)
{
	const char *sdp;

	if (leg->call->state != CALL_UP || leg->state != CALL_LEG_UP)
		return;
	sdp = media_say_again(leg->call->media, leg->side, version);
	if (sdp)
		call_session_say(e, now, leg, sdp);
}

/* The new call is gone that he answers: it had made one offer. */
static void forget_offer(struct call_engine *e, u64 now, struct call_leg *leg)
{
	struct media_origin next = media_origin_of(leg->call->media, leg->side);

	return_party(e, now, leg, next.version + 1);
}

static void take_answer(struct call_engine *e, u64 now, struct call *call,
			const struct sip_msg *msg)
{
	struct media_refusal refusal = { .text = "2xx without an answer" };
	struct slice answer;
	char *sdp, text[96];

	call->transfer->accepted = true;
	if (call_has_sdp(msg, &answer) &&
	    !media_answer(call->media, now, false, answer, &sdp, &refusal)) {
		strcpy(refusal.text, "no memory");
		if (call_media_apply(e, call))
			free(sdp);
		else if (!call_outbox_request(e, now, call->legs[1], SIP_ACK, NULL, sdp))
			return;
	}
	snprintf(text, sizeof(text), "%.90s", refusal.text);
	e->counters[CALL_COUNT_REFUSED_MEDIA]++;
	call_end(e, now, call, &(struct call_reason){
		.status = 488, .text = text,
		.bye_headers = SLICE("Reason: Q.850;cause=79;text=\"unusable answer\"\r\n"),
	});
}

static void moving_failed(struct call_engine *e, u64 now, struct call_leg *leg, struct call *call,
			  const struct sip_event *ev)
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

/* The final response to it. The new call may be gone meanwhile, or the old one. */
CALL_ACTION(call_transfer_moved)
{
	struct call *call = leg->call->transfer ? leg->call : new_call(e, leg->call);
	bool here = call == leg->call;

	leg->moving = NULL;
	if (call && call->state != CALL_ANSWERED)
		call = NULL;
	if (ev->type != SIP_EVENT_RESPONSE || ev->msg->status >= 300) {
		moving_failed(e, now, leg, call, ev);
	} else {
		sip_dialog_response(e->sip, leg->dialog, ev->msg);
		call_session_agreed(e, now, leg, ev->msg);
		call_leg_ack_now(e, now, leg, ev);
		if (call)
			take_answer(e, now, call, ev->msg);
		else
			forget_offer(e, now, leg);
	}
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

/* leg becomes the first one of call, whose own takes its place. */
static void move(struct call_engine *e, u64 now, struct call_leg *leg, struct call *call)
{
	struct call_leg *empty = call->all[0];
	struct call *old = leg->call;
	struct call_leg copy = *empty;
	size_t i;

	forget_questions(e, now, leg);
	call_outbox_forget(leg);
	call_outbox_move(call, empty, leg);
	take_count(leg);
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
	leg->call = call;
	leg->index = 0;
	leg->side = MEDIA_LEG_A;
	leg->root = leg->twin = NULL;
	leg->realm = copy.realm;
	leg->trunk = copy.trunk;
	call->all[0] = call->legs[0] = leg;
	leg->dialog->user = call_leg_handle(leg);
	if (leg->moving)
		sip_client_set_user(leg->moving, call_leg_handle(leg));
	call->transfer->from = 0;
	call_trace_leg(e->trace, now, call->id, MEDIA_LEG_A, leg->dialog->call_id);
}

/* The referrer hangs up, or was told that he may: his call has nothing left. */
void call_transfer_over(struct call_engine *e, u64 now, struct call *call)
{
	if (call->state == CALL_ENDING || !call_refer_is_done(call->refer))
		return;
	call_end(e, now, call, &(struct call_reason){
		.status = 200, .text = "transferred",
		.by = call->refer->referrer->side == MEDIA_LEG_A ? CALL_ENDED_BY_CALLER :
								    CALL_ENDED_BY_CALLEE,
	});
}

void call_transfer_done(struct call_engine *e, u64 now, struct call *call)
{
	struct call *old = old_call(e, call);

	if (call->state != CALL_ANSWERED)
		return;
	if (old) {
		old->transferred = true;
		move(e, now, call_other(old->refer->referrer), call);
	}
	call_transfer_free(call);
	call->state = CALL_UP;
	call_set_timer(e, now, call);
	call_media_check(e, now, call);
	if (!old)
		return;
	timer_disarm(&e->timers, &old->idle_timer);
	call_store(e, old);
	call_store(e, call);
	call_refer_tell(e, now, old, 200);
	call_transfer_over(e, now, old);
	call_settle(e, now, old);
}

void call_transfer_take(struct call_engine *e, u64 now, struct call_leg *leg)
{
	struct call *old = leg->call, *call = new_call(e, old);

	if (!old->refer || leg != old->refer->referrer)
		return;
	old->refer->ended = true;
	timer_disarm(&e->timers, &old->refer->timer);
	if (!call)
		return;
	old->refer->to = 0;
	old->transferred = true;
	move(e, now, call_other(leg), call);
	call_store(e, call);
}

/* --- and what may happen instead --- */

static void failed(struct call_engine *e, u64 now, struct call *call, u16 status)
{
	struct call *old = old_call(e, call);
	struct call_leg *party = party_of(e, call);
	u64 version;

	e->counters[CALL_COUNT_TRANSFERS_FAILED]++;
	if (!old)
		return;
	call_refer_tell(e, now, old, status >= 300 ? status : 500);
	if (!call->transfer->accepted)
		return;
	version = media_origin_of(call->media, MEDIA_LEG_A).version;
	return_party(e, now, party, version);
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
	if (call->transfer && call->state == CALL_ENDING)
		failed(e, now, call, why->status);
}
