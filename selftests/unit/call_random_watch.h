/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The device of two subscribers in the random run: they register, publish, watch each other
 * and themselves, refresh, change, end and forget it, and are called. At times it is unplugged.
 * What belongs together, such as a subscription with all of its requests, is a visit.
 */
#ifndef CALL_RANDOM_WATCH_H
#define CALL_RANDOM_WATCH_H

#include "call_random.h"
#include "sip/auth.h"

#define WATCH_IP "203.0.113.66"
#define WATCH_DOMAIN "example.com"

enum visit_kind { VISIT_WATCH, VISIT_REGISTER, VISIT_PUBLISH, VISIT_CALLED };

struct visit {
	struct list node;
	struct phone *phone;
	enum visit_kind kind;
	bool over;
	bool alice;			/* or bob */
	const char *event;
	char one[160];			/* event, of one call */
	u32 expires;
	bool body;			/* the next PUBLISH has one */
	bool two;			/* registers two contacts */
	char tag[32];			/* SIP-ETag */
	struct sip_dialog *dialog;
	struct sip_client *client;
	struct sip_server *server;	/* an INVITE */
	struct sip_auth_attempt attempt;
	struct timer action;
};

static const char *const visitors[] = { "bob", "alice" };

static inline void visit_in(struct visit *v, u64 ms)
{
	timer_arm(&v->phone->timers, &v->action, v->phone->world->now + ms * MSEC);
}

/* What is still on its way finds it for a while. */
static inline void visit_over(struct visit *v)
{
	v->over = true;
	visit_in(v, 40000);
}

static inline void free_visit(struct visit *v)
{
	timer_disarm(&v->phone->timers, &v->action);
	timers_release(&v->phone->timers, 1);
	sip_auth_attempt_free(&v->attempt);
	sip_dialog_free(v->phone->engine, v->dialog);
	list_del(&v->node);
	free(v);
}

static inline struct visit *new_visit(struct phone *p, enum visit_kind kind)
{
	struct visit *v = calloc(1, sizeof(*v));

	v->phone = p;
	v->kind = kind;
	v->alice = percent(p->world, 60);
	v->two = percent(p->world, 30);
	v->action = (struct timer){ .kind = TIMER_VISIT, .owner = v };
	list_add_tail(&p->calls, &v->node);
	timers_reserve(&p->timers, 1);
	return v;
}

/* --- requests --- */

static inline void visit_lines(const struct visit *v, struct buf *b)
{
	if (v->kind == VISIT_WATCH)
		buf_printf(b, "Event: %s\r\n", v->event);
	if (v->kind == VISIT_REGISTER)
		buf_printf(b, "Contact: <sip:%s@" WATCH_IP ":5060>\r\n", visitors[v->alice]);
	if (v->kind == VISIT_REGISTER && v->two)
		buf_printf(b, "Contact: <sip:%s.too@" WATCH_IP ":5060>\r\n", visitors[v->alice]);
	if (v->kind == VISIT_PUBLISH)
		buf_str(b, "Event: presence\r\n");
	if (v->tag[0])
		buf_printf(b, "SIP-If-Match: %s\r\n", v->tag);
	buf_printf(b, "Expires: %u\r\n", v->expires);
	/* a stranger hears nothing that is longer than what he says */
	buf_str(b, "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE, NOTIFY\r\n");
}

static inline const char *visit_body(const struct visit *v)
{
	static const char *const notes[] = { "away", "here" };
	static char text[256];

	snprintf(text, sizeof(text), "<presence xmlns='urn:ietf:params:xml:ns:pidf' "
		 "entity='sip:%s@" WATCH_DOMAIN "'><tuple id='a'><status><basic>open</basic>"
		 "</status><note>%s</note></tuple></presence>", visitors[v->alice],
		 notes[chance(v->phone->world, 2)]);
	return text;
}

/* The same again after a challenge. */
static inline void visit_say(struct visit *v)
{
	static const enum sip_method methods[] = { SIP_SUBSCRIBE, SIP_REGISTER, SIP_PUBLISH };
	struct phone *p = v->phone;
	struct sip_content content = { 0 };
	struct buf lines;

	buf_init(&lines);
	visit_lines(v, &lines);
	content.headers = buf_slice(&lines);
	if (v->body) {
		content.content_type = SLICE("application/pidf+xml");
		content.body = slice_str(visit_body(v));
	}
	sip_auth_request(p->engine, p->world->now, p->world->auth[v->alice], &v->attempt,
			 v->dialog, methods[v->kind], &content, v, &v->client);
	buf_free(&lines);
}

static inline void visit_begin(struct visit *v, const char *whom)
{
	struct sip_dialog_target target = { .contact_user = slice_str(visitors[v->alice]),
					    .flow = v->phone->jalur };
	char uri[64], from[64], to[64];

	snprintf(uri, sizeof(uri), "sip:%s%s" WATCH_DOMAIN,
		 v->kind == VISIT_REGISTER ? "" : whom, v->kind == VISIT_REGISTER ? "" : "@");
	snprintf(from, sizeof(from), "<sip:%s@" WATCH_DOMAIN ">", visitors[v->alice]);
	snprintf(to, sizeof(to), "<sip:%s@" WATCH_DOMAIN ">", whom);
	target.request_uri = slice_str(uri);
	target.from = slice_str(from);
	target.to = slice_str(to);
	v->dialog = sip_dialog_new_uac(v->phone->engine, &target, v);
	visit_say(v);
}

static inline u32 lifetime(struct world *w)
{
	return percent(w, 10) ? 0 : percent(w, 3) ? 20 : 60 + (u32)chance(w, 300);
}

static inline void start_visit(struct phone *p)
{
	static const char *const packages[] = {
		"presence", "presence", "dialog", "reg", "presence;id=1", "message-summary",
	};
	static const enum visit_kind kinds[] = {
		VISIT_WATCH, VISIT_WATCH, VISIT_REGISTER, VISIT_PUBLISH,
	};
	struct world *w = p->world;
	struct visit *v = new_visit(p, kinds[chance(w, 4)]);

	if (percent(w, 4)) {
		p->gone_until = w->now + chance(w, 120000) * MSEC;
		w->vanished++;
	}
	v->expires = lifetime(w);
	v->event = packages[chance(w, 6)];
	v->body = v->kind == VISIT_PUBLISH;
	visit_begin(v, visitors[v->kind == VISIT_WATCH ? percent(w, 50) : v->alice]);
}

/* --- what happens next --- */

/* NULL: nothing more is said of it, and it expires. */
static inline void visit_go_on(struct visit *v)
{
	struct world *w = v->phone->world;

	if (percent(w, 25) || w->started >= w->wanted) {
		visit_over(v);
		return;
	}
	v->expires = lifetime(w);
	v->body = v->kind == VISIT_PUBLISH && v->expires && percent(w, 50);
	visit_say(v);
}

static inline void act_on_visit(struct visit *v)
{
	static const u16 refusals[] = { 480, 486, 603 };
	struct phone *p = v->phone;
	struct sip_server *server = v->server;
	struct sip_content content = { 0 };

	if (v->client) {
		visit_in(v, 10000);
	} else if (server) {
		v->server = NULL;
		sip_respond(p->engine, p->world->now, server, NULL, refusals[chance(p->world, 3)],
			    NULL, &content);
		sip_server_put(p->engine, p->world->now, server);
		visit_over(v);
	} else if (v->over) {
		free_visit(v);
	} else {
		visit_go_on(v);
	}
}

static inline void visit_accepted(struct visit *v, const struct sip_event *ev)
{
	struct world *w = v->phone->world;
	const struct sip_hdr *tag = sip_msg_header(ev->msg, SIP_HDR_SIP_ETAG);

	if (v->kind == VISIT_WATCH && !v->dialog->remote_tag)
		sip_dialog_response(v->phone->engine, v->dialog, ev->msg);
	w->watches += v->kind == VISIT_WATCH;
	w->published += v->kind == VISIT_PUBLISH;
	w->registered += v->kind == VISIT_REGISTER;
	if (tag)
		slice_copy(v->tag, sizeof(v->tag), tag->value);
	if (v->over)
		return;
	if (v->kind == VISIT_REGISTER || !v->expires)
		visit_over(v);
	else
		visit_in(v, chance(w, v->expires * 900));
}

static inline void visit_answered(struct visit *v, const struct sip_event *ev)
{
	u16 status = ev->type == SIP_EVENT_RESPONSE ? ev->msg->status : 408;
	struct sip_auth_client *auth = v->phone->world->auth[v->alice];

	if (status < 200)
		return;
	v->client = NULL;
	if ((status == 401 || status == 407) && !sip_auth_learn(auth, &v->attempt, ev->msg)) {
		visit_say(v);
		return;
	}
	sip_auth_attempt_free(&v->attempt);
	memset(&v->attempt, 0, sizeof(v->attempt));
	if (status < 300)
		visit_accepted(v, ev);
	else if (!v->over)
		visit_over(v);
}

/* The lamp of that call alone (RFC 4235 §3.2), by the names that she has for it. */
static inline void watch_call(struct phone *p, const struct sip_msg *invite)
{
	struct visit *v = new_visit(p, VISIT_WATCH);

	v->alice = true;
	v->expires = 120;
	snprintf(v->one, sizeof(v->one), "dialog;call-id=\"" SLICE_FMT "\";to-tag=" SLICE_FMT,
		 SLICE_ARG(invite->call_id), SLICE_ARG(invite->from.tag));
	v->event = v->one;
	visit_begin(v, visitors[true]);
}

static inline void called(struct phone *p, const struct sip_event *ev)
{
	struct visit *v = new_visit(p, VISIT_CALLED);
	struct sip_content content = { 0 };

	v->server = ev->server;
	sip_server_set_user(ev->server, v);
	sip_respond(p->engine, p->world->now, ev->server, NULL, 180, NULL, &content);
	visit_in(v, chance(p->world, 8000));
	if (percent(p->world, 50))
		watch_call(p, sip_server_request(ev->server));
}

static inline u16 notified(struct visit *v, const struct sip_msg *msg)
{
	const struct sip_hdr *state = sip_msg_header(msg, SIP_HDR_SUBSCRIPTION_STATE);
	struct world *w = v->phone->world;

	w->notified++;
	w->lamps += *v->one && msg->body.n;
	if (state && slice_begins(state->value, SLICE("terminated")) && !v->over)
		visit_over(v);
	return percent(w, 96) ? 200 : percent(w, 50) ? 481 : 503;
}

static inline u16 written(struct world *w, const struct sip_msg *msg)
{
	u32 number = 0;

	if (!w->calm && percent(w, 10))
		return 486;
	slice_u32(msg->body, &number);
	*taken(w, number) = true;
	w->delivered++;
	return 200;
}

static inline void take_visit(struct phone *p, const struct sip_event *ev)
{
	struct visit *v = ev->user;
	struct sip_content content = { 0 };
	u16 status = 200;

	switch (ev->type) {
	case SIP_EVENT_REQUEST:
		if (ev->msg->method == SIP_INVITE && !ev->dialog) {
			called(p, ev);
			break;
		}
		if (ev->msg->method == SIP_NOTIFY)
			status = ev->dialog ? notified(v, ev->msg) : 481;
		else if (ev->msg->method == SIP_MESSAGE)
			status = written(p->world, ev->msg);
		sip_respond(p->engine, p->world->now, ev->server, ev->dialog, status, NULL,
			    &content);
		sip_server_put(p->engine, p->world->now, ev->server);
		break;
	case SIP_EVENT_CANCEL:
		v->server = NULL;
		sip_respond(p->engine, p->world->now, ev->server, NULL, 487, NULL, &content);
		sip_server_put(p->engine, p->world->now, ev->server);
		visit_over(v);
		break;
	case SIP_EVENT_RESPONSE:
	case SIP_EVENT_TIMEOUT:
	case SIP_EVENT_FAILED:
		visit_answered(v, ev);
		break;
	default:
		break;
	}
	carry_from(p);
}

/* --- their domain --- */

static inline void add_users(struct world *w)
{
	static const struct sip_auth_account accounts[] = {
		{ .user = SLICE("bob"), .secret.password = SLICE("secret") },
		{ .user = SLICE("alice"), .secret.password = SLICE("secret") },
	};
	struct call_domain *d = calloc(1, sizeof(*d));
	size_t i;

	w->h.policy->domains = d;
	w->h.policy->ndomains = 1;
	d->name = strdup(WATCH_DOMAIN);
	d->auth_realm = strdup(WATCH_DOMAIN);
	d->realms = calloc(1, sizeof(*d->realms));
	d->nrealms = 1;
	d->subscribers = calloc(2, sizeof(*d->subscribers));
	d->nsubscribers = 2;
	for (i = 0; i < 2; i++) {
		struct sip_secret *secret = &d->subscribers[i].secret;

		d->subscribers[i].user = strdup(visitors[i]);
		secret->has = SIP_DIGEST_BIT(SIP_DIGEST_SHA256);
		sip_digest_ha1(SIP_DIGEST_SHA256, slice_str(visitors[i]), SLICE(WATCH_DOMAIN),
			       SLICE("secret"), secret->ha1[SIP_DIGEST_SHA256]);
		w->auth[i] = sip_auth_client_new(&accounts[i], 1, SIP_DIGEST_ALL);
	}
	d->registrar = (struct registrar_policy){
		.min = 60, .max = 600, .standard = 300, .contacts = 5,
	};
	d->flows = CALL_FLOW_TRUSTED;
	d->events = (struct event_policy){
		.presence = true, .reg = EVENT_REG_OWN, .dialog = true, .identities = true,
		.min = 60, .max = 600, .standard = 300, .subscriptions = 8,
		.interval = NSEC_PER_SEC / 2,
	};
	call_domain_complete(d);
	w->h.policy->realms[0].challenges = true;
}

static inline void forget_users(struct world *w)
{
	struct phone *p = &w->phones[NCALLERS];
	size_t i;

	while (!list_empty(&p->calls)) {
		struct visit *v = list_entry(p->calls.next, struct visit, node);

		if (v->server)
			sip_server_put(p->engine, w->now, v->server);
		free_visit(v);
	}
	for (i = 0; i < 2; i++)
		sip_auth_client_free(w->auth[i]);
}

#endif
