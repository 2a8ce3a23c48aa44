// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Messages of a call that must not overtake the kernel: an offer or an answer
 * names ports, and goes out when they are open. Each message carries the ticket
 * that it waits for; what comes after it waits behind it, so order holds.
 */
#include <errno.h>
#include <stdlib.h>

#include "call/call.h"

static void free_message(struct call_message *m)
{
	if (!m)
		return;
	free(m->phrase);
	free(m->headers);
	free(m->sdp);
	free(m);
}

static int add(struct call_engine *e, u64 now, const struct call_message *message)
{
	struct call_message *m = malloc(sizeof(*m));

	if (!m) {
		free(message->phrase);
		free(message->headers);
		free(message->sdp);
		return -ENOMEM;
	}
	*m = *message;
	m->gate = m->leg->call->last_ticket;
	list_add_tail(&m->leg->call->outbox, &m->node);
	call_outbox_flush(e, now, message->leg->call);
	return 0;
}

int call_outbox_respond(struct call_engine *e, u64 now, struct call_leg *leg, u16 status,
			char *phrase, char *headers, char *sdp)
{
	return add(e, now, &(struct call_message){
		.leg = leg, .status = status, .phrase = phrase, .headers = headers, .sdp = sdp,
	});
}

int call_outbox_progress(struct call_engine *e, u64 now, struct call_leg *leg,
			 const struct call_leg *from, const struct sip_msg *msg, bool reliable,
			 char *sdp)
{
	return add(e, now, &(struct call_message){
		.leg = leg, .status = msg->status, .phrase = call_phrase_pass(from, msg),
		.headers = call_headers_pass(e, from, leg, msg), .sdp = sdp, .reliable = reliable,
	});
}

int call_outbox_updated(struct call_engine *e, u64 now, struct call_leg *leg, u16 status,
			char *headers, char *sdp)
{
	return add(e, now, &(struct call_message){
		.leg = leg, .status = status, .method = SIP_UPDATE, .headers = headers, .sdp = sdp,
	});
}

int call_outbox_request(struct call_engine *e, u64 now, struct call_leg *leg,
			enum sip_method method, char *headers, char *sdp)
{
	return add(e, now, &(struct call_message){
		.leg = leg, .method = method, .headers = headers, .sdp = sdp,
	});
}

int call_outbox_carry(struct call_engine *e, u64 now, struct call_leg *leg, u32 carried,
		      char *headers, char *sdp)
{
	return add(e, now, &(struct call_message){
		.leg = leg, .carried = carried, .headers = headers, .sdp = sdp,
	});
}

static int send_request(struct call_engine *e, u64 now, struct call_message *m)
{
	struct call *call = m->leg->call;
	int err;

	switch (m->method) {
	case SIP_ACK:
		err = call_leg_ack_kept(e, now, call->transfer ? call_attended_target(e, call) :
					m->leg, m->sdp);
		if (!err && call->transfer)
			call_transfer_done(e, now, call);
		return err;
	case SIP_UPDATE:
		return call_update_send(e, now, m);
	case SIP_PRACK:
		return call_prack_carry(e, now, m);
	default:
		if (call->transfer && m->leg->side == MEDIA_LEG_A)
			return call_transfer_invite(e, now, m);
		return call_invite_send(e, now, m);
	}
}

static int send_message(struct call_engine *e, u64 now, struct call_message *m)
{
	struct call_leg *leg = m->leg;

	if (m->carried) {
		call_carry_send(e, now, m);
		return 0;
	}
	if (!m->status)
		return send_request(e, now, m);
	if (m->method == SIP_UPDATE)
		return call_update_respond(e, now, leg, m->status, slice_str(m->headers), m->sdp);
	if (m->reliable)
		call_leg_respond_reliably(e, now, leg, m->status, m->phrase, slice_str(m->headers),
					  m->sdp);
	else if (call_leg_respond(e, now, leg, m->status, m->phrase, slice_str(m->headers),
				  call_prack_answered(leg) ? NULL : m->sdp))
		return -ENOMEM;
	if (m->status >= 200 && m->status < 300)
		leg->state = CALL_LEG_ANSWERED;
	return 0;
}

/* A response whose answer is agreed on, or an offer in a call that goes on meanwhile. */
static bool can_wait(const struct call_message *m)
{
	const struct call *call = m->leg->call;

	return m->status || (call->state == CALL_UP && !call->transfer &&
			     (m->method == SIP_INVITE || m->method == SIP_UPDATE));
}

void call_outbox_flush(struct call_engine *e, u64 now, struct call *call)
{
	struct call_message *m;
	int err = 0;

	while (!err && !list_empty(&call->outbox)) {
		m = list_entry(call->outbox.next, struct call_message, node);
		if (m->gate || call_prack_holds(m))
			return;
		list_del(&m->node);
		err = send_message(e, now, m);
		if (err == -ENOMEM && can_wait(m)) {
			list_add_tail(call->outbox.next, &m->node);	/* still the first */
			call_owe(e, now, call);
			return;
		}
		free_message(m);
	}
	if (err)
		call_end(e, now, call, &(struct call_reason){
			.status = err == -ENOMEM ? 503 : 500, .text = "a request could not be sent",
		});
}

void call_outbox_clear(struct call *call)
{
	struct call_message *m;

	while (!list_empty(&call->outbox)) {
		m = list_entry(call->outbox.next, struct call_message, node);
		list_del(&m->node);
		free_message(m);
	}
}

void call_outbox_forget(struct call_leg *leg)
{
	struct list *at, *next;

	for (at = leg->call->outbox.next; at != &leg->call->outbox; at = next) {
		struct call_message *m = list_entry(at, struct call_message, node);

		next = at->next;
		if (m->leg != leg)
			continue;
		list_del(&m->node);
		free_message(m);
	}
}

void call_outbox_move(struct call *call, const struct call_leg *from, struct call_leg *to)
{
	struct list *at;

	for (at = call->outbox.next; at != &call->outbox; at = at->next) {
		struct call_message *m = list_entry(at, struct call_message, node);

		if (m->leg == from)
			m->leg = to;
	}
}

struct call_message *call_outbox_gated(struct call *call, u64 ticket)
{
	struct list *at;

	for (at = call->outbox.next; at != &call->outbox; at = at->next) {
		struct call_message *m = list_entry(at, struct call_message, node);

		if (m->gate == ticket)
			return m;
	}
	return NULL;
}
