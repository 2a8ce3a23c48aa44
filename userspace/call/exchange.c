// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An exchange goes where an INVITE would: to all contacts of one of our users, or to what a
 * route leads to, those of one q at the same time and those of a lower one when all of these
 * have failed. The first 2xx is the answer, else the best of the failures (RFC 3261 §16.7).
 * Nobody can take the request back from the others: it is sent to them until they answer, or
 * their time is over, and what they say then is heard by nobody.
 *
 * Who asked waits for 64*T1 and no longer (§17.1.2.2). So an address that says nothing is left
 * for the next after a quarter of that, or after what its trunk has for it, and nobody new is
 * asked when that time is over.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/bridge.h"
#include "call/register.h"
#include "call/trunk_state.h"

#define RETRY "Retry-After: 5\r\n"

/* --- life --- */

static void free_exchange(struct call_engine *e, u64 now, struct call_exchange *x)
{
	struct call *call = &x->sides.call;

	while (!list_empty(&x->ways))
		call_way_out_free(e, list_entry(x->ways.next, struct call_way_out, node));
	if (call->invite)
		sip_server_put(e->sip, now, call->invite);
	if (x->bridge)
		call_bridge_free(e, x->bridge);
	call_sides_clear(&x->sides);
	list_del(&x->node);
	e->nexchanges--;
	free(x);
}

void call_exchanges_free(struct call_engine *e)
{
	while (!list_empty(&e->exchanges))
		free_exchange(e, 0, list_entry(e->exchanges.next, struct call_exchange, node));
}

static struct call_exchange *new_exchange(struct call_engine *e, u64 now,
					  const struct sip_event *ev,
					  const struct call_source *source,
					  struct call_routed *routed)
{
	struct call_exchange *x = zalloc(sizeof(*x));

	if (!x)
		return NULL;
	list_init(&x->ways);
	list_add_tail(&e->exchanges, &x->node);
	e->nexchanges++;
	x->sides.call.routed = call_routed_get(routed);
	x->sides.call.route = routed->route;
	if (!call_sides_init(e, now, &x->sides, ev, source)) {
		x->sides.call.invite = ev->server;
		x->sides.call.state = CALL_TRYING;
		return x;
	}
	free_exchange(e, now, x);
	return NULL;
}

/* --- the answer --- */

static void respond(struct call_engine *e, u64 now, struct call_exchange *x, u16 status,
		    const char *phrase, const struct sip_content *content)
{
	struct sip_server *server = x->sides.call.invite;
	struct sip_dialog *dialog = x->bridge ? call_bridge_dialog(x->bridge) : NULL;

	x->sides.call.invite = NULL;
	if (status >= 300)
		e->counters[CALL_COUNT_EXCHANGES_FAILED]++;
	sip_respond(e->sip, now, server, dialog, status, phrase, content);
	sip_server_put(e->sip, now, server);
}

static void pass_answer(struct call_engine *e, u64 now, struct call_way_out *way,
			const struct sip_msg *msg)
{
	struct call_exchange *x = way->exchange;
	char *headers = call_headers_apart(e, &way->leg, &x->sides.from, msg);
	char *phrase = call_phrase_pass(&way->leg, msg), *body;
	struct sip_content content = { .headers = slice_str(headers) };

	call_body_carry(e, &way->leg, &x->sides.from, msg, &content, &body);
	respond(e, now, x, msg->status, phrase, &content);
	free(headers);
	free(phrase);
	free(body);
	if (x->bridge && msg->method == SIP_REFER && call_refer_is_silent(msg))
		call_bridge_free(e, x->bridge);
	else if (x->bridge)
		call_bridge_begin(e, now, x->bridge, msg);
	x->bridge = NULL;
}

/* The dialog of one way is that of the subscription; a NOTIFY may have said already which. */
static bool may_pass(struct call_engine *e, struct call_way_out *way, const struct sip_msg *msg)
{
	struct call_exchange *x = way->exchange;

	return x->sides.call.invite &&
	       (!x->bridge || call_bridge_accepts(e, x->bridge, way, msg));
}

static void refuse(struct call_engine *e, u64 now, struct call_exchange *x)
{
	const struct call_failure *f = x->sides.call.failure;
	struct sip_content content = { .headers = slice_str(f ? f->headers : RETRY) };

	respond(e, now, x, f ? f->status : 503, f ? f->phrase : NULL, &content);
}

/* Who is referred calls somebody, and one of them is enough. */
static bool is_for_one(const struct call_exchange *x)
{
	return sip_server_request(x->sides.call.invite)->method == SIP_REFER;
}

/* All of them, whatever their q is: nobody picks up a message. */
static void start_contacts(struct call_engine *e, u64 now, struct call_exchange *x,
			   const char *aor)
{
	struct registrar_contact found[REGISTRAR_CONTACTS];
	struct call_contact *contacts[REGISTRAR_CONTACTS];
	size_t i, n = registrar_lookup(e->registrar->table, now, aor, found);

	if (n && is_for_one(x))
		n = 1;
	for (i = 0; i < n; i++)
		contacts[i] = call_contact_new(e, &found[i]);
	for (i = 0; i < n; i++)
		if (contacts[i])
			call_way_out_contact(e, now, x, contacts[i]);
}

/* redirected: of those that a 3xx led to. */
static bool any_open(const struct call_exchange *x, bool redirected)
{
	const struct list *at;

	for (at = x->ways.next; at != &x->ways; at = at->next) {
		const struct call_way_out *way = list_entry(at, struct call_way_out, node);

		if (way->open && (way->leg.redirected || !redirected))
			return true;
	}
	return false;
}

/* Does somebody new have to be asked? Not when one spoke for all (RFC 3261 §21.6). */
static bool goes_on(const struct call_engine *e, u64 now, const struct call_exchange *x)
{
	const struct call_failure *f = x->sides.call.failure;

	return call_exchange_has_time(e, now, x) && !(f && f->status >= 600);
}

/* Where a 3xx led, in the order in which an INVITE goes there. */
static void start_redirects(struct call_engine *e, u64 now, struct call_exchange *x)
{
	struct list *all = &x->sides.call.redirects;
	bool one = is_for_one(x);
	struct call_redirect *r;
	u16 q;

	while (!list_empty(all) && !any_open(x, !one) && goes_on(e, now, x)) {
		q = list_entry(all->next, struct call_redirect, node)->to.q;
		do {
			r = list_entry(all->next, struct call_redirect, node);
			call_way_out_redirect(e, now, x, r);
			call_redirect_free(r);
		} while (!one && !list_empty(all) &&
			 list_entry(all->next, struct call_redirect, node)->to.q == q);
	}
}

/* Those with the highest q that are left. */
static void start_next(struct call_engine *e, u64 now, struct call_exchange *x)
{
	struct call *call = &x->sides.call;
	const struct call_route *route = call->route;
	bool one = is_for_one(x);
	u16 q;

	start_redirects(e, now, x);
	while (call->next_to < route->nto && !any_open(x, false) && goes_on(e, now, x)) {
		q = route->to[call->next_to].q;
		do
			call_way_out_trunk(e, now, x, &route->to[call->next_to++]);
		while (!one && call->next_to < route->nto && route->to[call->next_to].q == q);
	}
}

/* After everything that happens to it. */
static void settle(struct call_engine *e, u64 now, struct call_exchange *x)
{
	if (x->sides.call.invite)
		start_next(e, now, x);
	if (any_open(x, false))
		return;
	if (x->sides.call.invite)
		refuse(e, now, x);
	free_exchange(e, now, x);
}

/* --- what is said to it --- */

/* One of its ways leads there. */
static bool was_asked(const struct call *call, size_t trunk, struct slice user)
{
	const struct call_exchange *x = list_entry(call, struct call_exchange, sides.call);
	const struct list *at;

	for (at = x->ways.next; at != &x->ways; at = at->next)
		if (call_redirect_led(&list_entry(at, struct call_way_out, node)->leg, trunk, user))
			return true;
	return false;
}

/* Somebody else has answered, maybe, and then nobody hears of it. */
static void failed(struct call_engine *e, struct call_way_out *way, const struct sip_event *ev)
{
	const struct sip_msg *msg = ev->type == SIP_EVENT_RESPONSE ? ev->msg : NULL;
	struct call_failure f = { .status = 0 };

	if (way->exchange->sides.call.invite &&
	    !(msg && way->leg.dialog && call_redirect_follow(&way->leg, msg, was_asked)))
		call_way_out_failure(e, way, ev, &f);
	call_way_out_fail(way, &f);
}

static void answered(struct call_engine *e, u64 now, struct call_way_out *way,
		     const struct sip_event *ev)
{
	const struct sip_msg *msg = ev->type == SIP_EVENT_RESPONSE ? ev->msg : NULL;

	if (msg && call_way_out_again(e, now, way, msg))
		return;
	if (msg && msg->status < 300) {
		way->open = false;
		if (may_pass(e, way, msg))
			pass_answer(e, now, way, msg);
	} else if (!call_way_out_elsewhere(e, now, way, ev)) {
		failed(e, way, ev);
	}
	if (!way->open)
		call_way_out_close(e, way);
	settle(e, now, way->exchange);
}

void call_exchange_event(struct call_engine *e, u64 now, struct call_way_out *way,
			 const struct sip_event *ev)
{
	if (ev->type == SIP_EVENT_REQUEST) {
		if (!way->exchange->bridge ||
		    !call_bridge_notified(e, now, way->exchange->bridge, way, ev))
			call_gone(e, now, NULL, ev);
		return;
	}
	if (!ev->client || ev->client != way->errand.client)
		return;
	timer_disarm(&e->timers, &way->timer);
	if (call_errand_status(ev) < 200)
		return;
	way->errand.client = NULL;
	answered(e, now, way, ev);
}

void call_exchange_located(struct call_engine *e, u64 now, struct call_way_out *way, int err,
			   const char *text, const char *domain, const struct hop *hops, size_t n)
{
	struct call_failure f = { .status = 408, .text = "no answer" };

	call_hops_found(e, now, way->leg.hops, err, text, domain, hops, n);
	if (call_exchange_has_time(e, now, way->exchange))
		call_way_out_next(e, now, way);
	else
		call_way_out_fail(way, &f);
	settle(e, now, way->exchange);
}

/* Whoever is silent has it, maybe; the next is asked all the same. */
void call_exchange_timer(struct call_engine *e, u64 now, struct call_way_out *way)
{
	struct call_hops *hops = way->leg.hops;

	if (!call_exchange_has_time(e, now, way->exchange))
		return;
	call_hop_unreached(e, now, &way->leg);
	call_failure_clear(&hops->last);
	hops->last = (struct call_failure){ .status = 408, .text = "no answer" };
	call_way_out_close(e, way);
	call_way_out_next(e, now, way);
	settle(e, now, way->exchange);
}

/* --- may it begin? --- */

static bool is_too_large(const struct call_engine *e, const struct sip_msg *msg)
{
	return msg->method == SIP_MESSAGE && msg->body.n > e->policy->message_max;
}

static bool passes_checks(struct call_engine *e, u64 now, const struct sip_event *ev)
{
	char *extensions = call_headers_unsupported(ev->msg);
	enum call_counter counter = CALL_COUNT_REFUSED_OTHER;
	const char *why;
	u16 status = call_body_unreadable(e, ev, &why);

	if (extensions) {
		call_refuse(e, now, ev, 420, extensions, "required extension is not supported");
	} else if (call_privacy_fails(ev->msg)) {
		call_refuse(e, now, ev, 500,
			    "Warning: 399 jalur \"critical Privacy that is not known\"\r\n",
			    "critical Privacy that is not known");
	} else if (is_too_large(e, ev->msg)) {
		call_refuse(e, now, ev, 513, "", "larger than message: max-size");
	} else if (status) {
		call_refuse(e, now, ev, status,
			    status == 415 ? "Accept-Encoding: identity\r\n" : "", why);
	} else if (e->nexchanges >= CALL_MAX_EXCHANGES) {
		counter = CALL_COUNT_EXCHANGE_LIMIT;
		call_refuse(e, now, ev, 503, RETRY, "too many exchanges");
	} else {
		return true;
	}
	e->counters[counter]++;
	free(extensions);
	return false;
}

/* A trunk that is drained has nothing new, neither way. */
static bool is_closed(struct call_engine *e, u64 now, struct call_exchange *x)
{
	const struct call_leg *from = &x->sides.from;
	struct call_failure f = { 0 };
	struct call_trunk_state *t;

	if (from->trunk < 0)
		return false;
	t = call_trunk_state(e, x->sides.call.policy->trunks[from->trunk].name);
	if (!t || call_trunk_is_open(t, from, &f))
		return false;
	e->counters[CALL_COUNT_REFUSED_TRUNK]++;
	call_failure_keep(&x->sides.call, &f);
	refuse(e, now, x);
	return true;
}

/* NULL: it was refused. */
static struct call_exchange *open_exchange(struct call_engine *e, u64 now,
					   const struct sip_event *ev,
					   const struct call_source *source,
					   struct call_routed *routed)
{
	struct call_exchange *x = new_exchange(e, now, ev, source, routed);

	if (!x) {
		call_refuse(e, now, ev, 503, RETRY, "no memory");
		return NULL;
	}
	if (ev->msg->method == SIP_SUBSCRIBE || ev->msg->method == SIP_REFER) {
		x->bridge = call_bridge_new(e, now, ev, source, x);
		if (!x->bridge) {
			x->sides.call.invite = NULL;	/* it was refused */
			free_exchange(e, now, x);
			return NULL;
		}
	}
	e->counters[CALL_COUNT_EXCHANGES]++;
	e->counters[CALL_COUNT_TRANSFERS_PASSED] += ev->msg->method == SIP_REFER;
	if (!is_closed(e, now, x))
		return x;
	free_exchange(e, now, x);
	return NULL;
}

static void begin(struct call_engine *e, u64 now, const struct sip_event *ev,
		  const struct call_source *source, struct call_routed *routed, const char *aor)
{
	struct call_exchange *x = open_exchange(e, now, ev, source, routed);

	if (!x)
		return;
	if (call_goes_to_contacts(&x->sides.call))
		start_contacts(e, now, x, aor);
	settle(e, now, x);
}

static void take(struct call_engine *e, u64 now, const struct sip_event *ev,
		 const struct call_source *source, const struct call_subject *s,
		 const struct call_choice *choice, char aor[REGISTRAR_AOR])
{
	struct call_routed *routed;

	if (call_choose_refuses(e, now, ev, call_choose_take(e, s, ev->msg->ruri, choice, aor,
							     &routed)))
		return;
	begin(e, now, ev, source, routed, aor);
	call_routed_put(routed);
}

void call_exchange(struct call_engine *e, u64 now, const struct sip_event *ev,
		   const struct call_source *source)
{
	struct call_choice choice;
	struct call_subject s;
	char aor[REGISTRAR_AOR];

	call_subject_of(&s, source, ev);
	if (passes_checks(e, now, ev) &&
	    !call_choose_refuses(e, now, ev, call_choose(e, &s, aor, &choice)))
		take(e, now, ev, source, &s, &choice, aor);
}

void call_exchange_party(struct call_engine *e, u64 now, const struct sip_event *ev,
			 const struct call_source *source, struct call_leg *leg)
{
	struct call_routed *routed;
	struct call_exchange *x;
	struct call_subject s;

	if (!passes_checks(e, now, ev))
		return;
	call_subject_of(&s, source, ev);
	if (call_routed_new(&call_contacts_route, &s, &routed)) {
		call_refuse(e, now, ev, 503, RETRY, "no memory");
		return;
	}
	x = open_exchange(e, now, ev, source, routed);
	call_routed_put(routed);
	if (!x)
		return;
	if (call_replaces_take(&x->sides.call, leg))
		call_way_out_party(e, now, x, call_other(leg));
	settle(e, now, x);
}

bool call_exchange_routed(struct call_engine *e, u64 now, const struct sip_event *ev,
			  const struct call_source *source)
{
	struct call_choice choice;
	struct call_subject s;
	char aor[REGISTRAR_AOR];

	if (!sip_msg_header(ev->msg, SIP_HDR_EVENT))
		return false;
	call_subject_of(&s, source, ev);
	choice = call_route_find(e->policy, &s, NULL);
	if (!choice.route || choice.gave_up || choice.route->reject)
		return false;
	if (passes_checks(e, now, ev))
		take(e, now, ev, source, &s, &choice, aor);
	return true;
}
