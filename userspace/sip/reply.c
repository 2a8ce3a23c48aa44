// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Responses without a transaction (RFC 3261 §8.2.7): the same request gets the
 * same answer, To-tag included, and nothing is remembered of it. What a
 * stranger sends cannot fill our memory this way.
 */
#include "sip/core.h"
#include "sip/print.h"

static const char *print_tag(struct sip_engine *e, const struct sip_msg *msg, char tag[17])
{
	struct hasher h;

	hash_begin(&h, &e->tag_key);
	hash_add_field(&h, msg->via.branch);
	hash_add_field(&h, msg->call_id);
	hash_add_field(&h, msg->from.tag);
	hash_add_u64(&h, msg->cseq);
	sip_print_hex(hash_end(&h), tag);
	return tag;
}

/* false: it was not sent, because it is longer than that, or cannot be. */
static bool reply(struct sip_engine *e, const struct sip_print_response *r,
		  const struct flow *flow, size_t longest)
{
	struct flow to = sip_reply_flow(e, r->request, flow);

	buf_reset(&e->out);
	sip_print_response(&e->out, r);
	if (e->out.n > longest || sip_engine_send(e, &to, NULL, NULL))
		return false;
	sip_count(e, SIP_COUNT_RESPONSES_OUT);
	sip_tally_response(&e->tally, SIP_OUT, r->request->method, r->status);
	return true;
}

void sip_reply(struct sip_engine *e, const struct sip_msg *msg, const struct flow *flow,
	       u16 status, const char *reason, const char *to_tag, struct slice headers)
{
	struct sip_content content = { .headers = headers };
	bool stranger = sip_is_stranger(e, flow);
	char tag[17];
	struct sip_print_response r = {
		.request = msg,
		.source = &flow->peer,
		.status = status,
		.reason = stranger ? NULL : reason,
		.to_tag = to_tag ? to_tag : print_tag(e, msg, tag),
		.software = stranger ? NULL : e->software,
		.content = &content,
	};

	if (!reply(e, &r, flow, stranger ? msg->bytes.n : SIZE_MAX) && stranger)
		sip_count(e, SIP_COUNT_UNANSWERED);
}

bool sip_dismiss(struct sip_engine *e, u64 now, struct sip_server *s, bool stranger,
		 u16 status, struct slice headers)
{
	struct sip_content content = { .headers = headers };
	char tag[17];
	struct sip_print_response r = {
		.request = s->request,
		.source = &s->source.peer,
		.status = status,
		.to_tag = print_tag(e, s->request, tag),
		.software = stranger ? NULL : e->software,
		.content = &content,
	};
	bool sent;

	e->now = now;
	sent = reply(e, &r, &s->source, stranger ? s->request->bytes.n : SIZE_MAX);
	if (stranger && !sent)
		sip_count(e, SIP_COUNT_UNANSWERED);
	sip_server_free(e, s);
	return sent;
}

bool sip_respond_briefly(struct sip_engine *e, u64 now, struct sip_server *server, u16 status,
			 struct slice headers, size_t longest)
{
	struct sip_content content = { .headers = headers };
	char tag[17];
	struct sip_print_response r = {
		.request = server->request,
		.source = &server->source.peer,
		.status = status,
		.to_tag = print_tag(e, server->request, tag),
		.content = &content,
	};

	e->now = now;
	if (reply(e, &r, &server->source, longest))
		return true;
	if (sip_engine_reliable(e, server->source.listener))
		return false;
	tag[8] = '\0';			/* 32 bits, as RFC 3261 §19.3 wants it */
	r.no_length = true;
	return reply(e, &r, &server->source, longest);
}

void sip_server_drop(struct sip_engine *e, struct sip_server *server)
{
	sip_server_free(e, server);
}
