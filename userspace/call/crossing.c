// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What crosses a bridge: SUBSCRIBE from who watches, NOTIFY from who tells, and what the other
 * side answers to it. Several may be under way, a few of each side; the answer to one that
 * ends the subscription (RFC 6665 §4.2.2, RFC 5057 §5.1) ends both dialogs, when it has been
 * passed on.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/bridge_private.h"
#include "call/dialog_record.h"
#include "call/trunk_state.h"
#include "sip/chars.h"

#define ROUNDED (2 * NSEC_PER_SEC)

static const struct call_leg *leg_of(const struct call_bridge *b, enum call_bank bank)
{
	return bank == CALL_BANK_WATCHER ? &b->sides.from : &b->to;
}

/* --- one of them --- */

static void forget(struct call_engine *e, struct call_crossing *c)
{
	if (c->client)
		sip_client_forget(e->sip, c->client);
	sip_auth_attempt_free(&c->auth);
	list_del(&c->node);
	free(c);
}

void call_crossings_clear(struct call_engine *e, struct call_bridge *b)
{
	while (!list_empty(&b->crossings)) {
		struct call_crossing *c = list_entry(b->crossings.next, struct call_crossing, node);

		if (c->server)
			sip_server_put(e->sip, e->clock, c->server);
		forget(e, c);
	}
}

static struct call_crossing *add(struct call_bridge *b, enum call_bank to,
				 struct sip_server *server)
{
	struct call_crossing *c = zalloc(sizeof(*c));

	if (!c)
		return NULL;
	c->to = to;
	c->server = server;
	list_add_tail(&b->crossings, &c->node);
	return c;
}

static size_t count_to(const struct call_bridge *b, enum call_bank to)
{
	const struct list *at;
	size_t n = 0;

	for (at = b->crossings.next; at != &b->crossings; at = at->next)
		n += list_entry(at, struct call_crossing, node)->to == to;
	return n;
}

static struct call_crossing *of_client(const struct call_bridge *b,
				       const struct sip_client *client)
{
	const struct list *at;

	for (at = b->crossings.next; at != &b->crossings; at = at->next) {
		struct call_crossing *c = list_entry(at, struct call_crossing, node);

		if (client && c->client == client)
			return c;
	}
	return NULL;
}

/* --- there --- */

/*
 * Which REFER, by its number there, or which dialog: a value for Event. NULL: it is that of the
 * message.
 */
static const char *event_there(const struct call_bridge *b, const struct call_crossing *c,
			       const struct sip_msg *msg, char event[32])
{
	bool has_id;
	u32 id;

	if (b->there)
		return c->to == CALL_BANK_WATCHER ? b->event : b->there;
	if (!b->number[CALL_BANK_WATCHER])
		return NULL;
	call_refer_event_of(msg, &id, &has_id);
	snprintf(event, 32, has_id ? "refer;id=%u" : "refer", b->number[c->to]);
	return event;
}

/* Of values of Event, those parts by which NOTIFY and SUBSCRIBE are matched (RFC 6665 §8.2.1). */
static bool is_the_same(struct slice a, struct slice b)
{
	struct sip_cursor at = sip_cursor_of(a), other = sip_cursor_of(b);
	struct slice package = sip_take(&at, SIP_CHAR_TOKEN), id = SLICE(""), its = SLICE("");

	sip_param(sip_cursor_rest(&at), "id", &id);
	return slice_eq(package, sip_take(&other, SIP_CHAR_TOKEN)) &&
	       sip_param(sip_cursor_rest(&other), "id", &its) == (id.n > 0) && slice_eq(id, its);
}

/* A SUBSCRIBE may say only now that it is about one dialog: is that known there? */
static bool names_known(const struct call_engine *e, const struct call_bridge *b,
			enum call_bank from, const struct sip_msg *msg)
{
	enum event_named named;
	char *event;

	if (from == CALL_BANK_NOTIFIER)
		return true;
	named = call_event_there(e, &b->to, msg, &event);
	free(event);
	return named != EVENT_NAMES_LOST;
}

/* Does Event of msg, from that side, say which subscription this is? */
static bool is_about(const struct call_engine *e, const struct call_bridge *b, enum call_bank from,
		     const struct sip_msg *msg)
{
	bool has_id;
	u32 id;

	if (b->there)
		return is_the_same(sip_msg_header(msg, SIP_HDR_EVENT)->value, slice_str(b->event));
	if (!b->number[CALL_BANK_WATCHER])
		return names_known(e, b, from, msg);
	return call_refer_event_of(msg, &id, &has_id) && (!has_id || id == b->number[from]);
}

static int ask_for(struct call_engine *e, u64 now, struct call_bridge *b, struct call_crossing *c)
{
	const struct sip_msg *msg = sip_server_request(c->server);
	const struct call_leg *to = leg_of(b, c->to);
	char *headers, *body, event[32];
	struct sip_content content = { .max_forwards = 0 };
	int err;

	headers = call_headers_about(e, leg_of(b, !c->to), to, msg, event_there(b, c, msg, event));
	content.headers = slice_str(headers);
	err = headers ? 0 : -ENOMEM;
	c->refusal = call_body_carry(e, leg_of(b, !c->to), to, msg, &content, &body);
	if (c->refusal)
		err = -EINVAL;
	if (!err)
		err = call_sides_request(e, now, to, &c->auth, msg->method, &content,
					 call_errand_handle(&b->errands[c->to]), &c->client);
	free(body);
	free(headers);
	return err;
}

static int ask_ourselves(struct call_engine *e, u64 now, struct call_bridge *b,
			 struct call_crossing *c)
{
	bool tells = c->to == CALL_BANK_WATCHER;
	char *lines = tells ?
		buf_format("Event: %s\r\nSubscription-State: terminated;reason=%s\r\n", b->event,
			   b->ended) :
		buf_format("Event: %s\r\nExpires: 0\r\n", b->there ? b->there : b->event);
	struct sip_content content = { .headers = slice_str(lines) };
	int err = -ENOMEM;

	if (lines)
		err = call_sides_request(e, now, leg_of(b, c->to), &c->auth,
					 tells ? SIP_NOTIFY : SIP_SUBSCRIBE, &content,
					 call_errand_handle(&b->errands[c->to]), &c->client);
	free(lines);
	return err;
}

/* What was sent counts. */
static int ask(struct call_engine *e, u64 now, struct call_bridge *b, struct call_crossing *c)
{
	int err = c->server ? ask_for(e, now, b, c) : ask_ourselves(e, now, b, c);

	if (!err && !b->ended && b->begun &&
	    call_cseq_is_near(b->errands[c->to].dialog->local_cseq, b->saved_cseq[c->to]))
		call_kept_changed(e, &b->record);
	return err;
}

void call_crossing_own(struct call_engine *e, u64 now, struct call_bridge *b, enum call_bank to)
{
	struct call_crossing *c = add(b, to, NULL);

	if (c && ask(e, now, b, c))
		forget(e, c);
}

static void answer(struct call_engine *e, u64 now, const struct call_bridge *b,
		   enum call_bank to, struct sip_server *server, u16 status, const char *headers)
{
	call_respond(e, now, server, b->errands[to].dialog, status, slice_str(headers));
}

static struct call_crossing *cross(struct call_engine *e, u64 now, struct call_bridge *b,
				   enum call_bank to, struct sip_server *server)
{
	const char *lines = "Retry-After: 1\r\n";
	struct call_crossing *c = NULL;
	u16 status = 500;

	if (count_to(b, to) < CALL_MAX_CARRIED)
		c = add(b, to, server);
	if (c && !ask(e, now, b, c))
		return c;
	if (c && c->refusal) {
		status = c->refusal;
		lines = status == 415 ? "Accept-Encoding: identity\r\n" : "";
	}
	if (c)
		forget(e, c);
	e->counters[CALL_COUNT_CARRY_REFUSED]++;
	answer(e, now, b, !to, server, status, lines);
	return NULL;
}

/* --- what they ask --- */

/* By more than seconds are rounded on the way. */
static bool is_apart(u64 a, u64 b)
{
	return a > b + ROUNDED || b > a + ROUNDED;
}

/* "terminated;reason=...": the last one; else how long it goes on. */
static void read_state(struct call_engine *e, u64 now, struct call_bridge *b, struct slice state)
{
	struct sip_cursor c = sip_cursor_of(state);
	struct slice value;
	u32 seconds;

	if (slice_caseeq(sip_take(&c, SIP_CHAR_TOKEN), SLICE("terminated"))) {
		call_bridge_over(e, now, b, "terminated");
		return;
	}
	if (sip_param(sip_cursor_rest(&c), "expires", &value) && slice_u32(value, &seconds))
		call_bridge_lasts(b, now, seconds);
	if (b->begun && is_apart(b->expires, b->saved_expires))
		call_kept_changed(e, &b->record);
	call_bridge_wait(e, now, b);
}

static void notify(struct call_engine *e, u64 now, struct call_bridge *b,
		   const struct sip_event *ev)
{
	const struct sip_hdr *state = sip_msg_header(ev->msg, SIP_HDR_SUBSCRIPTION_STATE);

	if (!state || !sip_msg_header(ev->msg, SIP_HDR_EVENT)) {
		answer(e, now, b, CALL_BANK_NOTIFIER, ev->server, state ? 489 : 400, "");
		return;
	}
	if (!is_about(e, b, CALL_BANK_NOTIFIER, ev->msg)) {
		answer(e, now, b, CALL_BANK_NOTIFIER, ev->server, 481, "");
		return;
	}
	if (!cross(e, now, b, CALL_BANK_WATCHER, ev->server))
		return;
	b->notified = true;
	b->notifies++;
	e->counters[CALL_COUNT_BRIDGE_NOTIFIES]++;
	read_state(e, now, b, state->value);
}

/* By what is in the configuration now, and in the store. */
static bool may_watch(const struct call_engine *e, const struct call_bridge *b)
{
	const struct call *call = &b->sides.call;
	const struct call_domain *d = call->domain ?
		call_policy_domain(e->policy, slice_str(call->domain->name)) : NULL;

	if (call->domain)
		return d && call_secret_of(e, d, slice_str(call->user));
	return b->sides.from.trunk < 0 ||
	       call_trunk_index(e->policy, call->policy->trunks[b->sides.from.trunk].name) >= 0;
}

static void subscribe(struct call_engine *e, u64 now, struct call_bridge *b,
		      const struct sip_event *ev)
{
	struct call_crossing *c;
	u32 seconds;

	if (!b->begun || !sip_msg_header(ev->msg, SIP_HDR_EVENT)) {
		answer(e, now, b, CALL_BANK_WATCHER, ev->server, b->begun ? 489 : 491, "");
	} else if (!is_about(e, b, CALL_BANK_WATCHER, ev->msg)) {
		answer(e, now, b, CALL_BANK_WATCHER, ev->server, 481, "");
	} else if (!may_watch(e, b)) {
		answer(e, now, b, CALL_BANK_WATCHER, ev->server, 403, "");
		call_bridge_end(e, now, b, "rejected");
	} else {
		c = cross(e, now, b, CALL_BANK_NOTIFIER, ev->server);
		if (c && call_bridge_seconds(ev->msg, &seconds))
			c->last = !seconds;
	}
}

static void asked(struct call_engine *e, u64 now, struct call_bridge *b, enum call_bank from,
		  const struct sip_event *ev)
{
	enum sip_method method = ev->msg->method;
	bool ours = method == (from == CALL_BANK_WATCHER ? SIP_SUBSCRIBE : SIP_NOTIFY);

	if (method == SIP_OPTIONS)
		call_options(e, now, NULL, ev);
	else if (!ours)
		call_not_allowed(e, now, NULL, ev);
	else if (b->ended)
		answer(e, now, b, from, ev->server, 481, "");
	else if (from == CALL_BANK_WATCHER)
		subscribe(e, now, b, ev);
	else
		notify(e, now, b, ev);
}

/* --- and what is answered --- */

static void pass_answer(struct call_engine *e, u64 now, struct call_bridge *b,
			struct call_crossing *c, const struct sip_msg *msg)
{
	const struct call_leg *from = leg_of(b, c->to), *to = leg_of(b, !c->to);
	char *headers = call_headers_apart(e, from, to, msg);
	char *phrase = call_phrase_pass(from, msg), *body;
	struct sip_content content;

	/* inside of a dialog nobody follows for him */
	if (msg->status >= 300 && msg->status < 400)
		headers = call_redirect_pass(e, to, msg, headers);
	content = (struct sip_content){ .headers = slice_str(headers) };
	call_body_carry(e, from, to, msg, &content, &body);
	sip_respond(e->sip, now, c->server, to->dialog, msg->status, phrase, &content);
	sip_server_put(e->sip, now, c->server);
	free(headers);
	free(phrase);
	free(body);
}

/* true: it was a challenge, and it went out again. */
static bool again(struct call_engine *e, u64 now, struct call_bridge *b, struct call_crossing *c,
		  const struct sip_msg *msg)
{
	struct sip_auth_client *auth = call_auth_of(leg_of(b, c->to));

	if (!auth)
		return false;
	if (msg->status != 401 && msg->status != 407) {
		sip_auth_accepted(auth, &c->auth, msg);
		return false;
	}
	if (!sip_auth_learn(auth, &c->auth, msg))
		return !ask(e, now, b, c);
	e->counters[CALL_COUNT_AUTH_REFUSED]++;
	return false;
}

/* A SUBSCRIBE was accepted for so long; or for no time. */
static void granted(struct call_engine *e, u64 now, struct call_bridge *b,
		    const struct call_crossing *c, const struct sip_msg *msg)
{
	u32 seconds;

	b->leaves |= c->last;
	if (c->last || call_bridge_seconds(msg, &seconds))
		call_bridge_lasts(b, now, c->last ? 0 : seconds);
	call_kept_changed(e, &b->record);
	call_bridge_wait(e, now, b);
}

static void answered(struct call_engine *e, u64 now, struct call_bridge *b,
		     struct call_crossing *c, const struct sip_event *ev)
{
	const struct sip_msg *msg = ev->type == SIP_EVENT_RESPONSE ? ev->msg : NULL;
	u16 status = call_errand_status(ev);
	bool for_us = call_auth_of(leg_of(b, c->to)) && (status == 401 || status == 407);

	c->client = NULL;
	if (msg && again(e, now, b, c, msg))
		return;
	if (msg)
		sip_dialog_response(e->sip, b->errands[c->to].dialog, msg);
	if (c->server && msg && !for_us)
		pass_answer(e, now, b, c, msg);
	else if (c->server)
		answer(e, now, b, !c->to, c->server, msg ? 503 : status, "");
	if (c->to == CALL_BANK_NOTIFIER && status < 300 && !b->ended)
		granted(e, now, b, c, msg);
	else if (event_subscription_ends_by(status) &&
		 !(msg && sip_msg_header(msg, SIP_HDR_RETRY_AFTER)))
		call_bridge_over(e, now, b, "noresource");
	forget(e, c);
}

void call_bridge_event(struct call_engine *e, u64 now, struct call_bridge *b,
		       const struct call_errand *errand, const struct sip_event *ev)
{
	enum call_bank bank = errand == &b->errands[CALL_BANK_WATCHER] ? CALL_BANK_WATCHER :
									 CALL_BANK_NOTIFIER;
	struct call_crossing *c;

	if (ev->type == SIP_EVENT_REQUEST) {
		asked(e, now, b, bank, ev);
		return;
	}
	c = of_client(b, ev->client);
	if (!c || call_errand_status(ev) < 200)
		return;
	answered(e, now, b, c, ev);
	call_bridge_settle(e, b);
}
