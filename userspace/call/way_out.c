// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A way out of an exchange: one contact, or one trunk, whose addresses are tried in the order
 * that hops.c has for them. Each request begins a dialog of its own; what says how it ended is
 * kept with the exchange, and what becomes of that is decided there.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/exchange.h"
#include "call/register.h"
#include "call/trunk_state.h"

static const struct sip_msg *request_of(const struct call_exchange *x)
{
	return sip_server_request(x->sides.call.invite);
}

/* --- life --- */

void call_way_out_free(struct call_engine *e, struct call_way_out *way)
{
	list_del(&way->node);
	timer_disarm(&e->timers, &way->timer);
	timers_release(&e->timers, 1);
	call_errand_end(e, &way->errand);
	sip_auth_attempt_free(&way->auth);
	call_hops_clear(&way->leg);
	call_contact_free(way->leg.contact);
	call_routed_put(way->leg.routed);
	free(way->leg.user);
	free(way->event);
	free(way);
}

/* trunk -1: it goes to a contact. */
static struct call_way_out *new_way(struct call_engine *e, struct call_exchange *x, int trunk,
				    int realm, struct call_routed *routed)
{
	struct call_way_out *way = zalloc(sizeof(*way));

	if (!way || timers_reserve(&e->timers, 1)) {
		free(way);
		return NULL;
	}
	way->exchange = x;
	way->leg.call = &x->sides.call;
	way->leg.side = MEDIA_LEG_B;
	way->leg.root = &way->leg;
	way->leg.routed = call_routed_get(routed);
	way->leg.trunk = trunk;
	way->leg.realm = realm;
	way->timer = (struct timer){ .kind = CALL_TIMER_APART, .owner = way };
	way->open = true;
	call_errand_init(e, &way->errand, CALL_ERRAND_EXCHANGE, way);
	list_add_tail(&x->ways, &way->node);
	return way;
}

void call_way_out_fail(struct call_way_out *way, struct call_failure *f)
{
	way->open = false;
	call_failure_keep(&way->exchange->sides.call, f);
}

/* What a package or a body needs is not in what a failed call tells. */
void call_way_out_failure(struct call_engine *e, struct call_way_out *way,
			  const struct sip_event *ev, struct call_failure *f)
{
	*f = (struct call_failure){ .status = 0 };
	call_failure_make(e, &way->leg, ev, f);
	if (!f->headers)
		return;
	free(f->headers);
	f->headers = call_headers_apart(e, &way->leg, &way->exchange->sides.from, ev->msg);
	if (f->status < 400)
		f->headers = call_redirect_pass(e, &way->exchange->sides.from, ev->msg, f->headers);
}

/* --- one request --- */

bool call_exchange_has_time(const struct call_engine *e, u64 now, const struct call_exchange *x)
{
	return x->sides.call.invite && now < x->sides.call.created + 64 * e->t1;
}

static void await(struct call_engine *e, u64 now, struct call_way_out *way)
{
	const struct call_leg *leg = &way->leg;
	u64 silence;

	if (!leg->hops || !call_hops_more(leg->hops))
		return;
	silence = leg->call->policy->trunks[leg->trunk].silence;
	timer_arm(&e->timers, &way->timer, now + (silence ? silence : 16 * e->t1));
}

/* A dialog by a name of the watcher's side. false: not known to who is asked, or no memory. */
static bool name_dialog(struct call_engine *e, struct call_way_out *way, const struct sip_msg *msg)
{
	enum event_named named;

	if (msg->method != SIP_SUBSCRIBE)
		return true;
	free(way->event);
	named = call_event_there(e, &way->leg, msg, &way->event);
	/* without memory for it nobody would know later which one it was */
	if (!way->event || named == EVENT_NAMES_KNOWN)
		return way->event;
	free(way->event);
	way->event = NULL;
	if (named == EVENT_NAMES_NONE)
		return true;
	way->refusal = 481;
	way->why = "Event names no dialog that is known there";
	return false;
}

/* What is said to him, or NULL; it may be that he is not to get it. */
static char *headers_for(struct call_engine *e, struct call_way_out *way,
			 const struct sip_msg *msg)
{
	const struct call_leg *from = &way->exchange->sides.from, *to = &way->leg;
	char *headers, *lines = NULL, *all = NULL;

	if (!name_dialog(e, way, msg))
		return NULL;
	headers = call_headers_about(e, from, to, msg, way->event);
	if (msg->method != SIP_REFER)
		return headers;
	way->why = "who is called is not to be referred";
	way->refusal = call_refer_mode(to) != CALL_TRANSFER_PASS ? 403 :
		       call_refer_map(e, from, to, msg, &lines, &way->why);
	if (headers && lines)
		all = buf_format("%s%s", headers, lines);
	free(headers);
	free(lines);
	return all;
}

static int send_request(struct call_engine *e, u64 now, struct call_way_out *way)
{
	struct call_exchange *x = way->exchange;
	const struct sip_msg *msg = request_of(x);
	void *handle = call_errand_handle(&way->errand);
	struct sip_content content = { .max_forwards = 0 };
	char *headers = NULL, *body = NULL;
	int err = 0;

	if (!way->errand.dialog) {
		err = call_leg_dial(e, &way->leg, handle);
		way->errand.dialog = way->leg.dialog;
		if (way->leg.dialog)
			way->leg.dialog->by_notify = x->bridge;
	}
	if (!err && !call_body_carry(e, &x->sides.from, &way->leg, msg, &content, &body))
		headers = headers_for(e, way, msg);
	content.headers = slice_str(headers);
	err = headers ? call_sides_request(e, now, &way->leg, &way->auth, msg->method, &content,
					   handle, &way->errand.client) : -ENOMEM;
	free(headers);
	free(body);
	if (!err)
		await(e, now, way);
	return err;
}

void call_way_out_close(struct call_engine *e, struct call_way_out *way)
{
	timer_disarm(&e->timers, &way->timer);
	call_errand_forget(e, &way->errand);
	way->leg.dialog = NULL;
	sip_auth_attempt_free(&way->auth);
	way->auth = (struct sip_auth_attempt){ 0 };
}

static void fail_unsent(struct call_way_out *way, struct call_failure *f)
{
	if (way->refusal) {
		call_failure_clear(f);
		*f = (struct call_failure){ .status = way->refusal };
		if (way->why)
			slice_copy(f->text, sizeof(f->text), slice_str(way->why));
	}
	call_way_out_fail(way, f);
}

void call_way_out_next(struct call_engine *e, u64 now, struct call_way_out *way)
{
	struct call_failure f = { .status = 503, .text = "no memory" };
	struct call_hops *hops = way->leg.hops;
	int err = call_hops_next(e, now, hops);

	if (!err) {
		call_hop_take(&way->leg);
		err = send_request(e, now, way);
	}
	if (err == -EINPROGRESS)
		err = call_lookup_start(e, way->leg.call->policy, hops->trunk,
					hops->order[hops->known], &way->errand, hops->secure);
	if (!err)
		return;
	if (err == -ENOENT && hops->last.status) {
		f = hops->last;
		hops->last = (struct call_failure){ 0 };
	}
	fail_unsent(way, &f);
}

/* --- where it goes --- */

/* It takes user; NULL: whom it was sent to. */
static void begin(struct call_engine *e, u64 now, struct call_exchange *x, size_t to,
		  struct call_routed *routed, char *user)
{
	const struct call_policy *p = x->sides.call.policy;
	const struct call_trunk *trunk = &p->trunks[to];
	struct call_way_out *way = new_way(e, x, (int)to, (int)trunk->realm, routed);
	struct call_trunk_state *t = call_trunk_state(e, trunk->name);
	struct call_failure f = { .status = 503, .text = "no memory" };

	if (!way) {
		free(user);
		return;
	}
	way->leg.user = user;
	way->leg.redirected = user;
	way->leg.listener = CALL_NO_LISTENER;
	if (t && !call_trunk_is_open(t, &way->leg, &f)) {
		e->counters[CALL_COUNT_REFUSED_TRUNK]++;
		call_way_out_fail(way, &f);
		return;
	}
	way->leg.hops = call_hops_new(e, p, to, request_of(x)->uri.kind == SIP_URI_SIPS);
	if (way->leg.hops)
		call_way_out_next(e, now, way);
	else
		call_way_out_fail(way, &f);
}

void call_way_out_trunk(struct call_engine *e, u64 now, struct call_exchange *x,
			const struct call_destination *to)
{
	begin(e, now, x, to->trunk, x->sides.call.routed, NULL);
}

void call_way_out_redirect(struct call_engine *e, u64 now, struct call_exchange *x,
			   struct call_redirect *r)
{
	begin(e, now, x, r->to.trunk, r->routed, r->user);
	r->user = NULL;
}

void call_way_out_contact(struct call_engine *e, u64 now, struct call_exchange *x,
			  struct call_contact *contact)
{
	struct call_way_out *way = new_way(e, x, -1, contact->realm, x->sides.call.routed);
	struct call_failure f = { .status = 503, .text = "no memory" };
	int err;

	if (!way) {
		call_contact_free(contact);
		return;
	}
	way->leg.contact = contact;
	way->leg.peer = contact->flow.peer;
	way->leg.listener = contact->flow.listener;
	way->leg.connection = contact->flow.connection;
	err = call_hop_contact(e, &way->leg, &f);
	if (!err)
		err = send_request(e, now, way);
	if (err)
		fail_unsent(way, &f);
}

void call_way_out_party(struct call_engine *e, u64 now, struct call_exchange *x,
			const struct call_leg *party)
{
	const struct call_replacement *r = x->sides.call.replacement;
	struct call_contact *phone = r->trunk < 0 ? call_contact_of(e, party) : NULL;
	struct call_failure f = { .status = 503, .text = "no memory" };
	struct call_way_out *way;

	if (phone)
		call_way_out_contact(e, now, x, phone);
	if (r->trunk < 0)
		return;
	way = new_way(e, x, r->trunk, call_policy_realm(x->sides.call.policy, r->flow.listener),
		      x->sides.call.routed);
	if (!way)
		return;
	way->leg.peer = r->flow.peer;
	way->leg.listener = r->flow.listener;
	way->leg.name = r->flow.name;
	way->leg.connection = r->flow.connection;
	if (send_request(e, now, way))
		fail_unsent(way, &f);
}

/* --- what is said to it --- */

bool call_way_out_again(struct call_engine *e, u64 now, struct call_way_out *way,
			const struct sip_msg *msg)
{
	struct sip_auth_client *auth = call_auth_of(&way->leg);

	if (!auth)
		return false;
	if (msg->status != 401 && msg->status != 407) {
		sip_auth_accepted(auth, &way->auth, msg);
		return false;
	}
	if (!call_exchange_has_time(e, now, way->exchange) || !way->leg.dialog)
		return false;
	if (!sip_auth_learn(auth, &way->auth, msg))
		return !send_request(e, now, way);
	e->counters[CALL_COUNT_AUTH_REFUSED]++;
	return false;
}

bool call_way_out_elsewhere(struct call_engine *e, u64 now, struct call_way_out *way,
			    const struct sip_event *ev)
{
	struct call_leg *leg = &way->leg;
	const struct call_trunk *trunk = leg->trunk < 0 ? NULL :
					 &leg->call->policy->trunks[leg->trunk];
	u16 status = call_errand_status(ev);

	if (!leg->dialog)
		return false;		/* a NOTIFY has come from there */
	if (ev->type != SIP_EVENT_RESPONSE || status == 503)
		call_hop_unreached(e, now, leg);
	else if (!trunk || !call_codes_have(&trunk->failover, status))
		return false;
	if (!leg->hops || !call_hops_more(leg->hops) ||
	    !call_exchange_has_time(e, now, way->exchange))
		return false;
	call_failure_clear(&leg->hops->last);
	call_way_out_failure(e, way, ev, &leg->hops->last);
	call_way_out_close(e, way);
	call_way_out_next(e, now, way);
	return true;
}
