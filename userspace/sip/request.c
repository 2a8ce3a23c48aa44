// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests of ours, from a dialog (RFC 3261 §8.1.1, §12.2.1.1).
 */
#include <errno.h>

#include "sip/core.h"
#include "sip/print.h"

static bool has_contact(enum sip_method m)
{
	return m == SIP_INVITE || m == SIP_UPDATE || m == SIP_SUBSCRIBE || m == SIP_NOTIFY ||
	       m == SIP_REFER;
}

int sip_dialog_print(struct sip_engine *e, const struct sip_dialog *d, const struct flow *flow,
		     enum sip_method method, u32 cseq, char branch[24],
		     const struct sip_content *content)
{
	char own[24] = "";
	struct sip_print_request r = {
		.method = sip_method_name(method),
		.target = slice_str(d->remote_target),
		.transport = sip_engine_transport(e, flow->listener),
		.sent_by = sip_engine_sent_by(e, flow->listener),
		.alias = sip_engine_takes_alias(e, flow->listener),
		.branch = branch ? branch : own,
		.from = slice_str(d->local_uri),
		.to = slice_str(d->remote_uri),
		.from_tag = d->local_tag,
		.to_tag = d->remote_tag,
		.call_id = d->call_id,
		.cseq = cseq,
		.rack = method == SIP_PRACK ? &d->rack : NULL,
		.contact = has_contact(method) ? d->local_contact : NULL,
		.routes = d->routes,
		.nroutes = d->nroutes,
		.software = e->software,
		.content = content,
	};

	if (!r.branch[0])
		sip_branch(e, branch ? branch : own);
	buf_reset(&e->out);
	sip_print_request(&e->out, &r);
	return e->out.failed ? -ENOMEM : 0;
}

struct slice sip_dialog_request_uri(const struct sip_dialog *d)
{
	return sip_print_ruri(slice_str(d->remote_target), d->routes, d->nroutes);
}

/* 0, -EINVAL, -ENOMEM. */
static int send_as(struct sip_engine *e, struct sip_dialog *d, enum sip_method method,
		   struct sip_sent *as, const struct sip_content *content, void *user,
		   struct sip_client **client)
{
	struct flow flow = d->flow, stream;
	struct sip_client *c;
	bool large;
	int err;

	err = sip_dialog_print(e, d, &flow, method, as->cseq, as->branch, content);
	large = !err && !d->datagrams && sip_large_flow(e, &flow, &stream);
	if (large) {
		flow = stream;
		err = sip_dialog_print(e, d, &flow, method, as->cseq, as->branch, content);
	}
	if (err)
		return err;
	c = sip_client_new(e, method, as->branch, &flow);
	if (!c)
		return -ENOMEM;
	c->large = large;
	c->datagrams = d->flow.listener;
	c->cseq = as->cseq;
	strcpy(c->local_tag, d->local_tag);
	c->user = user;
	*client = c;
	return 0;
}

int sip_request(struct sip_engine *e, u64 now, struct sip_dialog *d, enum sip_method method,
		const struct sip_content *content, void *user, struct sip_client **client)
{
	struct sip_sent as = { .cseq = d->local_cseq + 1 };
	int err;

	if (method == SIP_ACK || method == SIP_CANCEL || method == SIP_METHOD_OTHER)
		return -EINVAL;
	if (method == SIP_PRACK && !d->rack.rseq)
		return -ENOENT;
	e->now = now;
	err = send_as(e, d, method, &as, content, user, client);
	if (err)
		return err;
	d->local_cseq++;
	if (method == SIP_PRACK)
		d->rack.owed = false;
	if (method == SIP_BYE)
		d->state = SIP_DIALOG_ENDED;
	return 0;
}

int sip_request_again(struct sip_engine *e, u64 now, struct sip_dialog *d, enum sip_method method,
		      const struct sip_sent *sent, const struct sip_content *content, void *user,
		      struct sip_client **client)
{
	struct sip_sent as = *sent;

	if (method == SIP_INVITE || method == SIP_ACK || method == SIP_CANCEL ||
	    method == SIP_PRACK || method == SIP_BYE || method == SIP_METHOD_OTHER ||
	    as.cseq > d->local_cseq || !as.branch[0])
		return -EINVAL;
	e->now = now;
	return send_as(e, d, method, &as, content, user, client);
}

void sip_client_sent_as(const struct sip_client *c, struct sip_sent *as)
{
	as->cseq = c->cseq;
	memcpy(as->branch, c->branch, sizeof(as->branch));
}

bool sip_sent_is_ours(const struct sip_sent *sent)
{
	return sent->cseq && strlen(sent->branch) == SIP_BRANCH - 1 &&
	       !strncmp(sent->branch, "z9hG4bK", 7) &&
	       strspn(sent->branch + 7, "0123456789abcdef") == SIP_BRANCH - 8;
}
