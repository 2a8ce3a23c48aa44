// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The INVITE that begins a call: whether it may, and how it goes out on the other
 * side. An offer goes on when the kernel has the ports that it names.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "call/register.h"
#include "call/trunk_state.h"

/* --- may it become a call? --- */

static bool has_no_hops(const struct call_engine *e, const struct sip_event *ev)
{
	(void)e;
	return ev->msg->max_forwards == 0;
}

static bool has_other_body(const struct call_engine *e, const struct sip_event *ev)
{
	(void)e;
	return call_body_refusal(ev->msg) == 415;
}

static bool has_broken_body(const struct call_engine *e, const struct sip_event *ev)
{
	(void)e;
	return call_body_refusal(ev->msg) == 400;
}

static bool takes_no_answer(const struct call_engine *e, const struct sip_event *ev)
{
	(void)e;
	return !call_accepts_sdp(ev->msg);
}

static bool wants_other_privacy(const struct call_engine *e, const struct sip_event *ev)
{
	(void)e;
	return call_privacy_fails(ev->msg);
}

static const struct {
	bool (*test)(const struct call_engine *e, const struct sip_event *ev);
	u16 status;
	enum call_counter counter;
	const char *headers, *why;
} checks[] = {
	{ has_no_hops, 483, CALL_COUNT_REFUSED_OTHER, "", "Max-Forwards is 0" },
	{ has_other_body, 415, CALL_COUNT_REFUSED_MEDIA, CALL_ACCEPT,
	  "body has what is not application/sdp" },
	{ has_broken_body, 400, CALL_COUNT_REFUSED_MEDIA, "", "malformed multipart body" },
	{ takes_no_answer, 406, CALL_COUNT_REFUSED_MEDIA,
	  "Warning: 399 jalur \"an answer is application/sdp\"\r\n",
	  "accepts no application/sdp" },
	{ wants_other_privacy, 500, CALL_COUNT_REFUSED_OTHER,
	  "Warning: 399 jalur \"critical Privacy that is not known\"\r\n",
	  "critical Privacy that is not known" },
};

static bool passes_checks(struct call_engine *e, u64 now, const struct sip_event *ev)
{
	char *extensions = call_headers_unsupported(ev->msg);
	size_t i;

	if (extensions) {
		e->counters[CALL_COUNT_REFUSED_OTHER]++;
		call_refuse(e, now, ev, 420, extensions, "required extension is not supported");
		free(extensions);
		return false;
	}
	for (i = 0; i < sizeof(checks) / sizeof(*checks); i++) {
		if (!checks[i].test(e, ev))
			continue;
		e->counters[checks[i].counter]++;
		call_refuse(e, now, ev, checks[i].status, checks[i].headers, checks[i].why);
		return false;
	}
	return true;
}

/* --- leg A --- */

/* Emergency calls are taken whatever there is to do; no other route is looked at for that. */
static bool has_no_time(struct call_engine *e, u64 now, const struct sip_event *ev,
			const struct call_subject *s)
{
	enum call_kind kind = call_is_emergency(e->policy, s) ? CALL_KIND_EMERGENCY :
								 CALL_KIND_CALL;

	return call_turn_away(e, now, ev, kind, NULL);
}

/* Where it would go there may be no ports. */
static bool is_turned_away(struct call_engine *e, u64 now, const struct sip_event *ev,
			   const struct call_route *route)
{
	enum call_kind kind = route->emergency ? CALL_KIND_EMERGENCY : CALL_KIND_CALL;

	return call_turn_away(e, now, ev, kind, route);
}

/* The route, and what it makes of the INVITE; false: refused. */
static bool find_way(struct call_engine *e, u64 now, const struct sip_event *ev,
		     const struct call_source *source, char aor[REGISTRAR_AOR],
		     struct call_routed **routed)
{
	struct slice ruri = ev->msg->ruri;
	struct call_choice choice;
	struct call_subject s;

	call_subject_of(&s, source, ev);
	return !has_no_time(e, now, ev, &s) && passes_checks(e, now, ev) &&
	       !call_choose_refuses(e, now, ev, call_choose(e, &s, aor, &choice)) &&
	       !is_turned_away(e, now, ev, choice.route) &&
	       !call_choose_refuses(e, now, ev,
				    call_choose_take(e, &s, ruri, &choice, aor, routed));
}

/* A subscriber's calls are limited, and counted as long as they are there. */
static bool take_caller(struct call_engine *e, u64 now, const struct sip_event *ev,
			struct call *call, const struct call_source *source)
{
	int err = call_caller_set(call, source);

	if (!err && call->domain)
		err = call_usage_take(e, call, call->emergency ? 0 : call->domain->max_calls);
	if (!err)
		return true;
	call_free(e, now, call);
	if (err == -ENOMEM) {
		call_refuse(e, now, ev, 503, "Retry-After: 5\r\n", "no memory");
		return false;
	}
	e->counters[CALL_COUNT_TOO_MANY]++;
	call_refuse(e, now, ev, 486, "Warning: 399 jalur \"too many calls at the same time\"\r\n",
		    "too many calls at the same time");
	return false;
}

/* No destination could be invited, and the reason is the last one's. */
static void end_unsent(struct call_engine *e, u64 now, struct call *call)
{
	const struct call_failure *f = call->failure;

	call_end(e, now, call, &(struct call_reason){
		.status = f ? f->status : 404, .headers = slice_str(f ? f->headers : NULL),
		.text = f ? f->text : "no route",
	});
}

/* To where the route leads, or to the other side of the leg that it replaces. */
static void send_on(struct call_engine *e, u64 now, struct call *call, struct call_leg *replaced,
		    const char *aor)
{
	struct call_failure f = { 0 };
	bool sent;

	if (!call_trunk_take(e, now, call->legs[0], &f)) {
		call_end(e, now, call, &(struct call_reason){
			.status = f.status, .headers = slice_str(f.headers), .text = f.text,
		});
		call_failure_clear(&f);
		return;
	}
	if (replaced)
		sent = call_replaces_call(e, now, call, replaced);
	else if (call_goes_to_contacts(call))
		sent = call_contacts_call(e, now, call, aor);
	else
		sent = call_branch_next(e, now, call);
	if (!sent)
		end_unsent(e, now, call);
}

void call_invite(struct call_engine *e, u64 now, const struct sip_event *ev,
		 const struct call_source *source)
{
	struct call_routed *routed;
	char lines[SIP_SESSION_LINES], aor[REGISTRAR_AOR];
	struct call_leg *a, *replaced;
	const char *why;
	struct call *call;
	u16 status;
	int err;

	if (!find_way(e, now, ev, source, aor, &routed))
		return;
	status = call_replaces_find(e, ev->msg, &replaced, &why);
	if (status) {
		call_routed_put(routed);
		call_refuse(e, now, ev, status, "", why);
		return;
	}
	call = call_new(e, now, ev);
	if (!call) {
		call_routed_put(routed);
		call_refuse(e, now, ev, 503, "Retry-After: 5\r\n", "no memory");
		return;
	}
	call->routed = routed;
	call->route = routed->route;
	call->emergency = routed->route->emergency;
	if (!take_caller(e, now, ev, call, source))
		return;
	a = call->legs[0];
	err = sip_dialog_new_uas(e->sip, ev->server, call_leg_handle(a), &a->dialog);
	if (err) {
		call_free(e, now, call);
		call_refuse(e, now, ev, err == -ENOMEM ? 503 : 400, "", "no usable Contact");
		return;
	}
	status = call_session_asked(a, ev->msg, lines);
	if (status) {
		call_free(e, now, call);
		call_refuse(e, now, ev, status, lines, "session timer");
		return;
	}
	e->counters[CALL_COUNT_CALLS]++;
	call->invite = ev->server;
	a->state = CALL_LEG_INVITED;
	a->peer = ev->flow.peer;
	a->realm = source->realm;
	a->trunk = source->trunk;
	a->dialog->roams = call->domain;
	call_leg_dialog_made(a);
	call_update_learn(a, ev->msg);
	sip_server_set_user(call->invite, call_leg_handle(a));
	call_leg_respond(e, now, a, 100, NULL, SLICE(""), NULL);
	call_trace_leg(e->trace, now, call->id, MEDIA_LEG_A, a->dialog->call_id);
	call_event_add(e, now, CALL_EVENT_NEW, call);
	call_set_timer(e, now, call);
	send_on(e, now, call, replaced, aor);
	call_store(e, call);
	call_settle(e, now, call);
}

/* --- leg B --- */

char *call_invite_headers(const struct call_engine *e, const struct call_leg *root, bool offer)
{
	const struct call *call = root->call;
	char *headers, *all;

	headers = call_headers_invite(e, root, call_first_request(call), offer);
	if (!headers || !call->replacement)
		return headers;
	if (asprintf(&all, "%s%s", headers, call->replacement->line) < 0)
		all = NULL;
	free(headers);
	return all;
}

/* To a contact, who is called by the name that he has here. */
static int dial_contact(struct call_engine *e, struct call_leg *leg, void *handle)
{
	const struct call_contact *c = leg->contact;
	struct call_target target;
	char *to = buf_format("<sip:%s>", c->aor);
	int err;

	err = to ? call_target_make(&target, leg, call_first_request(leg->call),
				    SLICE(""), c->uri, &e->listeners[leg->listener]) : -ENOMEM;
	if (err)
		goto out;
	target.dialog.to = slice_str(to);
	target.dialog.flow = (struct flow){
		.listener = leg->listener, .peer = leg->peer, .connection = leg->connection,
	};
	leg->dialog = sip_dialog_new_uac(e->sip, &target.dialog, handle);
	call_target_clear(&target);
	err = leg->dialog ? call_contact_route(leg->dialog, slice_str(c->path)) : -ENOMEM;
	if (!err)
		leg->dialog->translated = c->nat;
out:
	free(to);
	return err;
}

static int dial_trunk(struct call_engine *e, struct call_leg *leg, void *handle)
{
	const struct sip_msg *msg = call_first_request(leg->call);
	const struct call_replacement *r = leg->call->replacement;
	const char *user = leg->routed->number ? leg->routed->number : leg->user;
	struct slice called = user ? slice_str(user) : call_uri_user(msg->ruri);
	char *uri = r ? strdup(r->request_uri) : call_hop_uri(leg);
	struct call_target target;
	int err;

	err = uri ? call_target_make(&target, leg, msg, r ? SLICE("") : called, uri,
				     &e->listeners[leg->listener]) : -ENOMEM;
	free(uri);
	if (err)
		return err;
	target.dialog.flow = (struct flow){
		.listener = leg->listener, .name = leg->name, .peer = leg->peer,
		.connection = leg->connection,
	};
	leg->dialog = sip_dialog_new_uac(e->sip, &target.dialog, handle);
	call_target_clear(&target);
	return leg->dialog ? 0 : -ENOMEM;
}

int call_leg_dial(struct call_engine *e, struct call_leg *leg, void *handle)
{
	int err = leg->contact ? dial_contact(e, leg, handle) : dial_trunk(e, leg, handle);

	if (!err)
		call_leg_dialog_made(leg);
	return err;
}

int call_invite_dialog(struct call_engine *e, struct call_leg *leg)
{
	int err = call_leg_dial(e, leg, call_leg_handle(leg));

	if (!err)
		call_trace_leg(e->trace, e->clock, leg->call->id, MEDIA_LEG_B,
			       leg->dialog->call_id);
	return err;
}

int call_invite_send(struct call_engine *e, u64 now, struct call_message *m)
{
	struct call_leg *leg = m->leg;
	char *headers = call_session_request(leg, slice_str(m->headers));
	struct sip_content content = call_content(slice_str(headers), m->sdp);
	int err;

	if (!leg->dialog) {
		err = call_invite_dialog(e, leg);
		if (err)
			goto out;
	}
	err = call_auth_request(e, now, leg, SIP_INVITE, &content, &leg->invite);
	if (err)
		goto out;
	leg->late = !m->sdp;
	if (leg->state == CALL_LEG_NONE)
		leg->state = CALL_LEG_INVITED;
	call_hop_invited(e, now, leg);
out:
	free(headers);
	return err;
}
