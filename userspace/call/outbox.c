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

int call_outbox_add(struct call_engine *e, u64 now, struct call_leg *leg, u16 status,
		    struct slice phrase, char *headers, char *sdp)
{
	struct call_message *m = calloc(1, sizeof(*m));

	if (!m) {
		free(headers);
		free(sdp);
		return -ENOMEM;
	}
	m->gate = leg->call->last_ticket;
	m->leg = leg;
	m->status = status;
	m->phrase = phrase.n ? slice_dup(phrase) : NULL;
	m->headers = headers;
	m->sdp = sdp;
	list_add_tail(&leg->call->outbox, &m->node);
	call_outbox_flush(e, now, leg->call);
	return 0;
}

static int send_message(struct call_engine *e, u64 now, struct call_message *m)
{
	struct call_leg *leg = m->leg;

	if (!m->status)
		return call_invite_send(e, now, m);
	call_leg_respond(e, now, leg, m->status, m->phrase, slice_str(m->headers), m->sdp);
	if (m->status >= 200 && m->status < 300)
		leg->state = CALL_LEG_ANSWERED;
	return 0;
}

void call_outbox_flush(struct call_engine *e, u64 now, struct call *call)
{
	struct call_message *m;
	int err = 0;

	while (!err && !list_empty(&call->outbox)) {
		m = list_entry(call->outbox.next, struct call_message, node);
		if (m->gate)
			return;
		list_del(&m->node);
		err = send_message(e, now, m);
		free_message(m);
	}
	if (err)
		call_end(e, now, call, &(struct call_reason){
			.status = err == -ENOMEM ? 503 : 500, .text = "INVITE could not be sent",
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
