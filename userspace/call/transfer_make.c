// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The call that a REFER makes: by the policy of today, with the rights and within the limits
 * of the referrer. Its first leg is empty, and has the place of who is put through. With
 * Replaces of another call of his its second leg is, too (attended.c); else it is called.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/header_private.h"
#include "call/register.h"
#include "call/transfer_private.h"
#include "call/trunk_state.h"

static u16 refuse(const char **why, u16 status, const char *text)
{
	*why = text;
	return status;
}

/* --- by whose rights --- */

int call_transfer_realm(const struct call_policy *p, const struct call_leg *leg)
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
	*realm = call_transfer_realm(p, leg);
	*trunk = call_trunk_now(p, leg);
	return *realm >= 0 && (leg->trunk < 0 || *trunk >= 0);
}

bool call_transfer_source(const struct call_engine *e, const struct call_leg *leg,
			  struct call_source *source)
{
	char *subscriber, *at;

	*source = (struct call_source){ .class = CALL_SOURCE_TRUNK };
	if (!place_of(e->policy, leg, &source->realm, &source->trunk))
		return false;
	if (leg->trunk >= 0)
		return true;
	subscriber = call_leg_subscriber(leg);
	at = subscriber ? strrchr(subscriber, '@') : NULL;
	if (at) {
		source->domain = call_policy_domain(e->policy, slice_str(at + 1));
		slice_copy(source->user, sizeof(source->user),
			   slice_of(subscriber, (size_t)(at - subscriber)));
	}
	free(subscriber);
	return source->domain;
}

bool call_transfer_is_his(const struct call_engine *e, const struct call_leg *leg,
			  const struct call_source *source)
{
	struct call_source his;

	return call_transfer_source(e, leg, &his) && his.realm == source->realm &&
	       his.trunk == source->trunk && his.domain == source->domain &&
	       !strcmp(his.user, source->user);
}

/* One of our users, else whoever the routes lead the referrer to. */
static u16 choose(const struct call_engine *e, const struct call_source *source,
		  const struct call_leg *leg, const struct sip_msg *msg,
		  char aor[REGISTRAR_AOR], struct call_routed **routed, const char **why)
{
	struct call_choice choice;
	struct call_nowhere no;
	struct call_subject s;

	call_subject_init(&s, source->realm, source->trunk, &leg->peer, msg);
	no = call_choose(e, &s, aor, &choice);
	if (!no.status)
		no = call_choose_take(e, &s, msg->ruri, &choice, aor, routed);
	return no.status ? refuse(why, no.status, no.by ? "by a route" : no.why) : 0;
}

/* --- the new call --- */

static char *referred_by(const struct call_source *source, const struct call_refer_asked *asked)
{
	struct slice user = asked->referred_by.n ? call_uri_user(asked->referred_by) : SLICE("");

	if (source->domain)
		return buf_format("%s@%s", source->user, source->domain->name);
	return user.n ? slice_dup(user) : NULL;
}

/* Takes msg, also on error. */
static int set_transfer(struct call_engine *e, struct call *call, struct call_leg *leg,
			struct sip_msg *msg, const struct call_source *source,
			const struct call_refer_asked *asked)
{
	struct call_leg *party = call_other(leg);
	struct call_transfer *t = zalloc(sizeof(*t));

	if (!t || timers_reserve(&e->timers, 1)) {
		free(msg);
		free(t);
		return -ENOMEM;
	}
	t->again = (struct timer){ .kind = CALL_TIMER_AGAIN, .owner = call };
	call->transfer = t;
	call->transferred_from = leg->call->id;
	t->from = leg->call->id;
	t->asked = msg;
	t->origin[MEDIA_LEG_A] = media_origin_of(leg->call->media, party->side);
	t->referred_by = referred_by(source, asked);
	if (asked->joined || !asked->to.replaces[0])
		return 0;
	t->lines = buf_format("Require: replaces\r\nReplaces: %s\r\n", asked->to.replaces);
	return t->lines ? 0 : -ENOMEM;
}

/* Is call one of those that the referrer's limit counts? */
static bool counts(const struct call *call, const struct call_source *source)
{
	return call->usage && source->domain && !strcmp(call->user, source->user) &&
	       !strcmp(call->domain->name, source->domain->name);
}

static struct call *ringing(const struct call_engine *e, const struct call_refer_asked *asked)
{
	return asked->ringing ? call_find(e, asked->ringing) : NULL;
}

/* The referrer's limits are those of the new call; his calls that are in it end for it. */
static u16 take_place(struct call_engine *e, struct call *call, const struct call_leg *leg,
		      const struct call_source *source, const struct call_refer_asked *asked,
		      const char **why)
{
	const struct call *also = asked->joined ? asked->joined->call : ringing(e, asked);
	u32 counted = (u32)counts(leg->call, source) + (also && counts(also, source));
	u32 limit = 0;
	int err;

	/* who was called by both pays for neither */
	if (asked->joined && !counted)
		return 0;
	err = call_caller_set(call, source);
	if (!err && call->domain && call->domain->max_calls && !call->emergency)
		limit = call->domain->max_calls + counted;
	if (!err && call->domain)
		err = call_usage_take(e, call, limit);
	if (!err)
		return 0;
	e->counters[CALL_COUNT_TOO_MANY] += err == -EBUSY;
	return err == -EBUSY ? refuse(why, 486, "too many calls at the same time") :
			       refuse(why, 503, "no memory");
}

static u16 take_trunk(struct call_engine *e, u64 now, struct call *call, int trunk,
		      const char **why)
{
	struct call_leg *empty = call->legs[0];
	struct call_failure f = { 0 };

	empty->trunk = trunk;
	if (call_trunk_take(e, now, empty, &f))
		return 0;
	call_failure_clear(&f);
	return refuse(why, f.status, "the referrer's trunk takes no more calls");
}

/* The call that rings ends for this one, and gives it its place on the referrer's trunk. */
static void take_over(struct call *call, struct call *rings)
{
	call->legs[0]->counted = rings->all[0]->counted;
	rings->all[0]->counted = NULL;
}

void call_transfer_seat(struct call_leg *empty, const struct call_leg *party)
{
	const struct call_policy *p = empty->call->policy;

	empty->realm = call_transfer_realm(p, party);
	empty->trunk = call_trunk_now(p, party);
	empty->peer = party->peer;
	empty->listener = party->dialog->flow.listener;
	empty->subscriber = call_leg_subscriber(party);
}

static u16 fill(struct call_engine *e, u64 now, struct call *call, struct call_leg *leg,
		const struct call_source *source, const struct call_refer_asked *asked,
		const char **why)
{
	u16 status = 0;

	if (asked->joined) {
		status = call_attended_fill(e, call, asked->joined, why);
	} else {
		call->route = call->routed->route;
		call->emergency = call->route->emergency;
		status = asked->ringing ? 0 : take_trunk(e, now, call, source->trunk, why);
	}
	if (!status)
		status = take_place(e, call, leg, source, asked, why);
	if (!status && asked->ringing)
		take_over(call, ringing(e, asked));
	call_transfer_seat(call->legs[0], call_other(leg));
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
	status = set_transfer(e, call, leg, msg, source, asked) ?
		 refuse(why, 503, "no memory") : fill(e, now, call, leg, source, asked, why);
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

	if (!call_transfer_source(e, leg, &source) ||
	    !place_of(e->policy, call_other(leg), &realm, &trunk))
		return refuse(why, 403, "who is there is in the configuration no more");
	if (e->drain.on || e->stopping) {
		e->counters[CALL_COUNT_DRAINED]++;
		return refuse(why, 503, "draining");
	}
	status = call_attended_find(e, leg, &source, asked, why);
	if (status)
		return status;
	if (call_overload_refuses(e, now, CALL_KIND_CALL))
		return refuse(why, 503, "overload");
	if (asked->joined)
		return make(e, now, leg, &source, asked, NULL, call, why);
	msg = call_refer_to_invite(&asked->to, leg->dialog->remote_uri, leg->dialog->call_id,
				   asked->max_forwards);
	if (!msg)
		return refuse(why, 400, "Refer-To is not to be called");
	status = choose(e, &source, leg, msg, asked->aor, &routed, why);
	free(msg);
	return status ? status : make(e, now, leg, &source, asked, routed, call, why);
}

/* Who is called hears of the new call at once: for him this one is no missed call. */
static void end_ringing(struct call_engine *e, u64 now, struct call *call)
{
	if (!call)
		return;
	call_end(e, now, call, &(struct call_reason){
		.status = 487, .text = "transferred while it rang", .by = CALL_ENDED_BY_CALLER,
		.bye_headers = SLICE("Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n"),
	});
	call_store(e, call);
	call_settle(e, now, call);
}

void call_transfer_send(struct call_engine *e, u64 now, struct call *call,
			const struct call_refer_asked *asked)
{
	const struct call_failure *f;
	bool sent;

	end_ringing(e, now, ringing(e, asked));
	e->counters[CALL_COUNT_CALLS]++;
	call_event_add(e, now, CALL_EVENT_NEW, call);
	call_set_timer(e, now, call);
	if (asked->joined)
		sent = call_attended_send(e, now, call);
	else if (call_goes_to_contacts(call))
		sent = call_contacts_call(e, now, call, asked->aor);
	else
		sent = call_branch_next(e, now, call);
	f = call->failure;
	if (!sent && asked->joined)
		call_end_without_memory(e, now, call);
	else if (!sent)
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

void call_transfer_free(struct call_engine *e, struct call *call)
{
	struct call_transfer *t = call->transfer;

	if (!t)
		return;
	timer_disarm(&e->timers, &t->again);
	timers_release(&e->timers, 1);
	free(t->asked);
	free(t->lines);
	free(t->referred_by);
	free(t);
	call->transfer = NULL;
}
