// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The INVITE that begins a call: whether it may, and how it goes out on the other
 * side. An offer goes on when the kernel has the ports that it names.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "call/call.h"
#include "call/register.h"

/* --- may it become a call? --- */

static bool is_draining(const struct call_engine *e, const struct sip_msg *msg)
{
	(void)msg;
	return e->draining;
}

static bool has_no_hops(const struct call_engine *e, const struct sip_msg *msg)
{
	(void)e;
	return msg->max_forwards == 0;
}

static bool has_other_body(const struct call_engine *e, const struct sip_msg *msg)
{
	(void)e;
	return call_body_refusal(msg) == 415;
}

static bool has_broken_body(const struct call_engine *e, const struct sip_msg *msg)
{
	(void)e;
	return call_body_refusal(msg) == 400;
}

static bool takes_no_answer(const struct call_engine *e, const struct sip_msg *msg)
{
	(void)e;
	return !call_accepts_sdp(msg);
}

/* RFC 3323 §4.2: "critical" wants all of it or nothing, and that includes what we do not know. */
static bool wants_other_privacy(const struct call_engine *e, const struct sip_msg *msg)
{
	(void)e;
	return call_privacy_asks(msg, "critical") && call_privacy_unknown(msg);
}

static const struct {
	bool (*test)(const struct call_engine *e, const struct sip_msg *msg);
	u16 status;
	enum call_counter counter;
	const char *headers, *why;
} checks[] = {
	{ is_draining, 503, CALL_COUNT_DRAINED, "Retry-After: 30\r\n", "draining" },
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
		if (!checks[i].test(e, ev->msg))
			continue;
		e->counters[checks[i].counter]++;
		call_refuse(e, now, ev, checks[i].status, checks[i].headers, checks[i].why);
		return false;
	}
	return true;
}

/* --- leg A --- */

/* One of our users, else whoever the routes lead to. NULL: it was refused. */
static const struct call_route *find_route(struct call_engine *e, u64 now,
					   const struct sip_event *ev,
					   const struct call_source *source,
					   char aor[REGISTRAR_AOR])
{
	u16 status = call_contacts_find(e, ev->msg->ruri, aor);
	const struct call_route *route;

	if (!status)
		return &call_contacts_route;
	route = call_policy_route(e->policy, source->realm, source->trunk,
				  call_uri_user(ev->msg->ruri));
	if (route && status == 404)
		return route;
	e->counters[CALL_COUNT_REFUSED_ROUTE]++;
	call_refuse(e, now, ev, status, "", status == 480 ? "not registered" : "no route");
	return NULL;
}

/* A subscriber's calls are limited, and counted as long as they are there. */
static bool take_caller(struct call_engine *e, u64 now, const struct sip_event *ev,
			struct call *call, const struct call_source *source)
{
	int err = call_caller_set(call, source);

	if (!err && call->domain)
		err = call_usage_take(e, call, call->domain->max_calls);
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

void call_invite(struct call_engine *e, u64 now, const struct sip_event *ev,
		 const struct call_source *source)
{
	const struct call_route *route;
	char lines[SIP_SESSION_LINES], aor[REGISTRAR_AOR];
	struct call_leg *a, *replaced;
	const char *why;
	struct call *call;
	u16 status;
	int err;

	if (!passes_checks(e, now, ev))
		return;
	route = find_route(e, now, ev, source, aor);
	if (!route)
		return;
	status = call_replaces_find(e, ev->msg, &replaced, &why);
	if (status) {
		call_refuse(e, now, ev, status, "", why);
		return;
	}
	call = call_new(e, now, ev);
	if (!call) {
		call_refuse(e, now, ev, 503, "Retry-After: 5\r\n", "no memory");
		return;
	}
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
	call->route = route;
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
	if (!(replaced ? call_replaces_take(call, replaced) && call_branch_replace(e, now, call) :
	      route == &call_contacts_route ? call_contacts_call(e, now, call, aor) :
			 call_branch_next(e, now, call)))
		end_unsent(e, now, call);
	call_store(e, call);
	call_settle(e, now, call);
}

/* --- leg B --- */

char *call_invite_headers(const struct call_engine *e, const struct call_leg *root, bool offer)
{
	const struct call *call = root->call;
	char *headers, *all;

	headers = call_headers_invite(e, root, sip_server_request(call->invite), offer);
	if (!headers || !call->replacement)
		return headers;
	if (asprintf(&all, "%s%s", headers, call->replacement->line) < 0)
		all = NULL;
	free(headers);
	return all;
}

/* The trunk's, by sips: where the caller wants that: who gets it is to keep to it. */
static char *trunk_uri(const struct call_leg *leg)
{
	const char *uri = leg->call->policy->trunks[leg->trunk].target_uri;
	char *secure;

	if (!call_hop_is_secure(leg->root) || strncasecmp(uri, "sip:", 4))
		return strdup(uri);
	return asprintf(&secure, "sips:%s", uri + 4) < 0 ? NULL : secure;
}

/* To a contact, who is called by the name that he has here. */
static int contact_dialog(struct call_engine *e, struct call_leg *leg)
{
	const struct call_contact *c = leg->contact;
	struct call_target target;
	char *to = buf_format("<sip:%s>", c->aor);
	int err;

	err = to ? call_target_make(&target, leg, sip_server_request(leg->call->invite),
				    SLICE(""), c->uri, &e->listeners[leg->listener]) : -ENOMEM;
	if (err)
		goto out;
	target.dialog.to = slice_str(to);
	target.dialog.flow = (struct flow){
		.listener = leg->listener, .peer = leg->peer, .connection = leg->connection,
	};
	leg->dialog = sip_dialog_new_uac(e->sip, &target.dialog, call_leg_handle(leg));
	call_target_clear(&target);
	err = leg->dialog ? call_contact_route(leg->dialog, slice_str(c->path)) : -ENOMEM;
	if (err)
		goto out;
	leg->dialog->translated = c->nat;
	call_leg_dialog_made(leg);
	call_trace_leg(e->trace, e->clock, leg->call->id, MEDIA_LEG_B, leg->dialog->call_id);
out:
	free(to);
	return err;
}

int call_invite_dialog(struct call_engine *e, struct call_leg *leg)
{
	const struct sip_msg *msg = sip_server_request(leg->call->invite);
	const struct call_replacement *r = leg->call->replacement;
	struct slice called = leg->user ? slice_str(leg->user) : call_uri_user(msg->ruri);
	char *uri = r ? strdup(r->request_uri) : trunk_uri(leg);
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
	leg->dialog = sip_dialog_new_uac(e->sip, &target.dialog, call_leg_handle(leg));
	call_target_clear(&target);
	if (!leg->dialog)
		return -ENOMEM;
	call_leg_dialog_made(leg);
	call_trace_leg(e->trace, e->clock, leg->call->id, MEDIA_LEG_B, leg->dialog->call_id);
	return 0;
}

int call_invite_send(struct call_engine *e, u64 now, struct call_message *m)
{
	struct call_leg *leg = m->leg;
	char *headers = call_session_request(leg, slice_str(m->headers));
	struct sip_content content = {
		.headers = slice_str(headers),
		.content_type = m->sdp ? SLICE("application/sdp") : SLICE(""),
		.body = slice_str(m->sdp),
	};
	int err;

	if (!leg->dialog) {
		err = leg->contact ? contact_dialog(e, leg) : call_invite_dialog(e, leg);
		if (err)
			goto out;
	}
	err = call_auth_request(e, now, leg, SIP_INVITE, &content, &leg->invite);
	if (err)
		goto out;
	leg->late = !m->sdp;
	if (leg->state == CALL_LEG_NONE)
		leg->state = CALL_LEG_INVITED;
	if (leg->ring && leg->call->state < CALL_ANSWERED)
		timer_arm(&e->timers, &leg->timer, now + leg->ring);
out:
	free(headers);
	return err;
}
