// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * OPTIONS inside a call asks what the other party can do (RFC 3261 §11), and whether
 * it is still there: so the other party is asked, and what it can do through us is
 * what both of us can. One question a leg at a time; another, or one that nobody is
 * there to answer, is answered with what we can.
 */
#include <stdio.h>
#include <stdlib.h>

#include "call/call.h"

static bool in_list(const struct sip_msg *msg, enum sip_hdr_id id, struct slice token)
{
	char name[32];

	snprintf(name, sizeof(name), SLICE_FMT, SLICE_ARG(token));
	return sip_msg_lists(msg, id, name);
}

/* line, which is one of ours, without what msg does not have; all of it if msg is silent. */
static void add_common(struct buf *b, struct slice line, const struct sip_msg *msg,
		       enum sip_hdr_id id)
{
	const char *colon = memchr(line.p, ':', line.n);
	struct slice rest, token;
	const char *separator = "";

	if (!sip_msg_header(msg, id)) {
		buf_add(b, line);
		return;
	}
	buf_add(b, slice_of(line.p, (size_t)(colon - line.p) + 2));
	rest = slice_trim(slice_of(colon + 1, line.n - (size_t)(colon + 1 - line.p)));
	while (sip_next_element(&rest, &token)) {
		if (!in_list(msg, id, token))
			continue;
		buf_str(b, separator);
		buf_add(b, token);
		separator = ", ";
	}
	buf_str(b, "\r\n");
}

void call_allow_common(struct buf *b, const struct sip_msg *msg)
{
	add_common(b, SLICE(CALL_ALLOW), msg, SIP_HDR_ALLOW);
}

/* What the far side's answer says of it and of us. */
static char *capabilities(struct call_engine *e, const struct call_leg *from,
			  const struct call_leg *to, const struct sip_msg *msg)
{
	char *passed = call_headers_pass(e, from, to, msg);
	struct buf b;

	buf_init(&b);
	if (msg->status < 300) {
		call_allow_common(&b, msg);
		add_common(&b, SLICE(CALL_SUPPORTED), msg, SIP_HDR_SUPPORTED);
		buf_str(&b, CALL_ACCEPT);
	}
	buf_str(&b, passed);
	free(passed);
	return buf_take(&b);
}

static void answer(struct call_engine *e, u64 now, struct call_leg *leg, u16 status,
		   const char *headers)
{
	struct sip_server *server = leg->question;

	leg->question = NULL;
	call_respond(e, now, server, leg->dialog, status, slice_str(headers));
}

CALL_ACTION(call_ask)
{
	struct call_leg *other = call_other(leg);
	struct sip_content content;
	char *headers;
	int err;

	if (leg->question || !other || !other->dialog || other->state != CALL_LEG_UP) {
		call_options(e, now, leg, ev);
		return;
	}
	headers = call_headers_pass(e, leg, other, ev->msg);
	content = (struct sip_content){ .headers = slice_str(headers) };
	err = call_auth_request(e, now, other, SIP_OPTIONS, &content, &other->asking);
	free(headers);
	if (err)
		call_options(e, now, leg, ev);
	else
		leg->question = ev->server;
}

/* RFC 3261 §12.2.1.2: 408 and 481 say that the dialog is no more. */
CALL_ACTION(call_asked)
{
	struct call_leg *other = call_other(leg);
	u16 status = ev->type == SIP_EVENT_RESPONSE ? ev->msg->status :
		     ev->type == SIP_EVENT_TIMEOUT ? 408 : 503;
	char *headers;

	if (ev->client != leg->asking)
		return;
	leg->asking = NULL;
	if (leg->call->state == CALL_ENDING)
		return;
	if (status == 408 || status == 481) {
		call_end(e, now, leg->call, &(struct call_reason){
			.status = status, .text = "the far side does not answer OPTIONS",
			.bye_headers = SLICE("Reason: Q.850;cause=41;text=\"dialog lost\"\r\n"),
			.quiet = status == 481 ? leg : NULL,
		});
		return;
	}
	if (!other->question)
		return;
	headers = ev->type == SIP_EVENT_RESPONSE ? capabilities(e, leg, other, ev->msg) : NULL;
	answer(e, now, other, status, headers);
	free(headers);
}

void call_question_end(struct call_engine *e, u64 now, struct call_leg *leg)
{
	if (leg->question)
		answer(e, now, leg, 487, NULL);
}
