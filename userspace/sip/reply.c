// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Responses without a transaction (RFC 3261 §8.2.7): the same request gets the
 * same answer, To-tag included, and nothing is remembered of it. What a
 * stranger sends cannot fill our memory this way.
 */
#include <stdio.h>

#include "sip/core.h"
#include "sip/print.h"

static void print_tag(struct sip_engine *e, const struct sip_msg *msg, char tag[17])
{
	struct hasher h;

	hash_begin(&h, &e->tag_key);
	hash_add_field(&h, msg->via.branch);
	hash_add_field(&h, msg->call_id);
	hash_add_field(&h, msg->from.tag);
	hash_add_u64(&h, msg->cseq);
	snprintf(tag, 17, "%016llx", (unsigned long long)hash_end(&h));
}

static bool reply(struct sip_engine *e, const struct flow *flow, struct sip_print_response *r,
		  size_t longest)
{
	struct flow back = sip_reply_flow(e, r->request, flow);
	char tag[17];

	print_tag(e, r->request, tag);
	r->source = &flow->peer;
	if (!r->to_tag)
		r->to_tag = tag;
	buf_reset(&e->out);
	sip_print_response(&e->out, r);
	if (e->out.n > longest)
		return false;
	if (!sip_engine_send(e, &back, NULL, NULL))
		sip_count(e, SIP_COUNT_RESPONSES_OUT);
	return true;
}

void sip_reply(struct sip_engine *e, const struct sip_msg *msg, const struct flow *flow,
	       u16 status, const char *reason, const char *to_tag, struct slice headers)
{
	struct sip_content content = { .headers = headers };
	struct sip_print_response r = {
		.request = msg, .status = status, .reason = reason, .to_tag = to_tag,
		.software = e->software, .content = &content,
	};

	reply(e, flow, &r, SIZE_MAX);
}

bool sip_respond_briefly(struct sip_engine *e, u64 now, struct sip_server *server, u16 status,
			 struct slice headers, size_t longest)
{
	struct sip_content content = { .headers = headers };
	struct sip_print_response r = {
		.request = server->request, .status = status, .content = &content,
	};

	e->now = now;
	return reply(e, &server->source, &r, longest);
}

void sip_server_drop(struct sip_engine *e, struct sip_server *server)
{
	sip_server_free(e, server);
}
