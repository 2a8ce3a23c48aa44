// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A request inside of a call that means the other party, and nothing to us: it goes on
 * in the dialog of the other leg, and the answer comes back. It waits for its turn in
 * the outbox, so that it overtakes nothing that makes the dialog which it belongs to. A
 * few may be under way at a time; all of them have an answer when a leg ends.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/call.h"
#include "call/errand.h"

void call_carry_answer(struct call_engine *e, u64 now, struct call_leg *leg,
		       struct sip_server *server, u16 status, struct slice headers)
{
	call_respond(e, now, server, leg->dialog, status, headers);
}

static void forget(struct call_carried *c)
{
	list_del(&c->node);
	free(c);
}

static struct call_carried *of_client(const struct call_leg *leg, const struct sip_client *client)
{
	struct list *at, *all = &leg->call->carried;

	for (at = all->next; at != all; at = at->next) {
		struct call_carried *c = list_entry(at, struct call_carried, node);

		if (c->to == leg && c->client == client)
			return c;
	}
	return NULL;
}

static struct call_carried *of_number(const struct call *call, u32 number)
{
	const struct list *at;

	for (at = call->carried.next; at != &call->carried; at = at->next) {
		struct call_carried *c = list_entry(at, struct call_carried, node);

		if (c->number == number)
			return c;
	}
	return NULL;
}

static size_t count_of(const struct call_leg *leg)
{
	const struct list *at, *all = &leg->call->carried;
	size_t n = 0;

	for (at = all->next; at != all; at = at->next)
		n += list_entry(at, struct call_carried, node)->from == leg;
	return n;
}

bool call_carries(const struct call_leg *leg, const struct sip_client *client)
{
	return of_client(leg, client);
}

/* A later run of the daemon has to know as what. */
static void was_sent(struct call_engine *e, struct call_carried *c)
{
	sip_client_sent_as(c->client, &c->sent);
	call_passed_sent(c->from, sip_server_request(c->server), c->sent.cseq);
	call_store(e, c->from->call);
}

void call_carry_replace(struct call_engine *e, struct call_leg *leg,
			const struct sip_client *client, struct sip_client *new)
{
	struct call_carried *c = of_client(leg, client);

	if (!c)
		return;
	c->client = new;
	was_sent(e, c);
}

/* The other leg, if its peer knows of a dialog with us, as far as we can tell. */
static struct call_leg *far_leg(struct call_leg *leg)
{
	struct call_leg *other = call_other(leg);

	if (!other || !other->dialog || !other->dialog->remote_tag)
		return NULL;
	return other->state == CALL_LEG_INVITED || other->state == CALL_LEG_ANSWERED ||
	       other->state == CALL_LEG_UP ? other : NULL;
}

static void refuse(struct call_engine *e, u64 now, struct call_leg *leg, struct sip_server *server,
		   u16 status, const char *headers)
{
	e->counters[CALL_COUNT_CARRY_REFUSED]++;
	call_carry_answer(e, now, leg, server, status, slice_str(headers));
}

static struct call_carried *add(struct call_leg *from, struct call_leg *to,
				struct sip_server *server)
{
	struct call *call = from->call;
	struct call_carried *c = zalloc(sizeof(*c));

	if (!c)
		return NULL;
	do
		c->number = ++call->next_carried;
	while (!c->number);
	c->from = from;
	c->to = to;
	c->server = server;
	call_again_take(from, sip_server_request(server), &c->sent);
	list_add_tail(&call->carried, &c->node);
	return c;
}

bool call_carry_as(struct call_engine *e, u64 now, struct call_leg *leg,
		   const struct sip_event *ev, char *headers, char *body)
{
	struct call_leg *to = far_leg(leg);
	struct call_carried *c = NULL;

	if (headers && to && count_of(leg) < CALL_MAX_CARRIED)
		c = add(leg, to, ev->server);
	if (!c) {
		free(headers);
		free(body);
		refuse(e, now, leg, ev->server, 500, "Retry-After: 1\r\n");
		return false;
	}
	if (!call_outbox_carry(e, now, to, c->number, headers, body))
		return true;
	forget(c);
	refuse(e, now, leg, ev->server, 500, "");
	return false;
}

/* NULL: no memory, or nobody is there. */
static char *lines_for(struct call_engine *e, const struct call_leg *leg,
		       const struct call_leg *to, const struct sip_msg *msg, const char *more)
{
	char *lines = to ? call_headers_carry(e, leg, to, msg) : NULL, *all;

	if (!lines || !*more)
		return lines;
	all = buf_format("%s%s", lines, more);
	free(lines);
	return all;
}

bool call_carry_with(struct call_engine *e, u64 now, struct call_leg *leg,
		     const struct sip_event *ev, const char *more)
{
	bool carried = false;
	struct call_leg *to = far_leg(leg);
	char *extensions = call_headers_unsupported(ev->msg), *body = NULL;
	struct sip_content content;
	u16 status = to && !extensions ? call_body_carry(e, leg, to, ev->msg, &content, &body) : 0;

	if (extensions)
		refuse(e, now, leg, ev->server, 420, extensions);
	else if (status)
		refuse(e, now, leg, ev->server, status,
		       status == 415 ? "Accept-Encoding: identity\r\n" : "");
	else
		carried = call_carry_as(e, now, leg, ev, lines_for(e, leg, to, ev->msg, more),
					body);
	free(extensions);
	return carried;
}

void call_carry(struct call_engine *e, u64 now, struct call_leg *leg, const struct sip_event *ev)
{
	call_carry_with(e, now, leg, ev, "");
}

static int send_there(struct call_engine *e, u64 now, struct call_carried *c,
		      enum sip_method method, const struct sip_content *content)
{
	if (c->sent.cseq)
		return call_auth_repeat(e, now, c->to, method, &c->sent, content, &c->client);
	return call_auth_request(e, now, c->to, method, content, &c->client);
}

void call_carry_send(struct call_engine *e, u64 now, const struct call_message *m)
{
	struct call_carried *c = of_number(m->leg->call, m->carried);
	const struct sip_msg *msg = c ? sip_server_request(c->server) : NULL;
	struct sip_content content;

	if (!c)
		return;
	content = (struct sip_content){
		.headers = slice_str(m->headers), .content_type = msg->content_type,
		.body = m->sdp ? slice_str(m->sdp) : msg->body,
	};
	if (!send_there(e, now, c, msg->method, &content)) {
		e->counters[CALL_COUNT_CARRIED]++;
		was_sent(e, c);
		return;
	}
	call_passed_back(c->from, msg, 500, NULL);
	refuse(e, now, c->from, c->server, 500, "");
	forget(c);
}

/* --- the answer --- */

/* RFC 3261 §21.4.6: a 405 says what is allowed instead. */
static char *answer_headers(struct call_engine *e, const struct call_leg *leg,
			    const struct call_leg *to, const struct sip_msg *msg)
{
	char *passed = call_headers_carry(e, leg, to, msg);
	struct buf b;

	if (msg->status != 405)
		return passed;
	buf_init(&b);
	call_allow_common(&b, msg);
	buf_str(&b, passed);
	free(passed);
	return buf_take(&b);
}

static void pass_answer(struct call_engine *e, u64 now, struct call_carried *c,
			const struct sip_msg *msg)
{
	char *headers = answer_headers(e, c->to, c->from, msg);
	char *phrase = call_phrase_pass(c->to, msg), *body = NULL;
	struct sip_content content = { .headers = slice_str(headers) };

	/* one that cannot be put into his words is left out */
	call_body_carry(e, c->to, c->from, msg, &content, &body);
	sip_respond(e->sip, now, c->server, c->from->dialog, msg->status, phrase, &content);
	sip_server_put(e->sip, now, c->server);
	free(headers);
	free(phrase);
	free(body);
}

/*
 * INFO is of the session, and who does not know that, or does not answer, is not in it any
 * more (RFC 5057 §5.1); MESSAGE only uses the dialog. Before the answer to the INVITE it is that
 * which tells how things stand.
 */
static bool is_lost(const struct call_carried *c, u16 status)
{
	return (status == 408 || status == 481) && c->from->call->state == CALL_UP &&
	       sip_server_request(c->server)->method == SIP_INFO;
}

CALL_ACTION(call_carried_back)
{
	struct call_carried *c = of_client(leg, ev->client);
	u16 status = call_errand_status(ev);
	bool lost = is_lost(c, status);

	call_passed_back(c->from, sip_server_request(c->server), status,
			 ev->type == SIP_EVENT_RESPONSE ? ev->msg : NULL);
	if (ev->type == SIP_EVENT_RESPONSE)
		pass_answer(e, now, c, ev->msg);
	else
		call_carry_answer(e, now, c->from, c->server, status, SLICE(""));
	forget(c);
	if (lost)
		call_end(e, now, leg->call, &(struct call_reason){
			.status = status, .text = "the far side does not know the call",
			.bye_headers = SLICE("Reason: Q.850;cause=41;text=\"dialog lost\"\r\n"),
			.quiet = status == 481 ? leg : NULL,
		});
}

/* --- the end --- */

/* A subscription ends with its call (RFC 6665 §4.2.2), what else was asked is given up. */
static u16 status_of_end(const struct call_carried *c)
{
	enum sip_method method = sip_server_request(c->server)->method;

	return method == SIP_NOTIFY || method == SIP_SUBSCRIBE ? 481 : 487;
}

void call_carry_end(struct call_engine *e, u64 now, struct call_leg *leg)
{
	struct list *at, *next, *all = &leg->call->carried;

	for (at = all->next; at != all; at = next) {
		struct call_carried *c = list_entry(at, struct call_carried, node);

		next = at->next;
		if (c->from != leg && c->to != leg)
			continue;
		if (c->client)
			call_auth_forget(e, c->to, c->client);
		call_carry_answer(e, now, c->from, c->server, status_of_end(c), SLICE(""));
		forget(c);
	}
}

void call_carry_clear(struct call_engine *e, u64 now, struct call *call)
{
	while (!list_empty(&call->carried)) {
		struct call_carried *c = list_entry(call->carried.next, struct call_carried, node);

		sip_server_put(e->sip, now, c->server);
		forget(c);
	}
}
