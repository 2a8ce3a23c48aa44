// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * An INVITE that takes the place of a dialog (RFC 3891): of an attended transfer, or
 * of who picks up a call that rings elsewhere. The dialog is one of ours, a leg of a
 * call; the one who shall change partners is behind the other leg. So the INVITE
 * goes to him, and names the dialog as he knows it; he accepts it by ending that
 * one, which ends the call it belonged to. Who may send it needs a route, as for
 * any call, and the tags, which nobody guesses.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/register.h"
#include "call/trunk_state.h"

static u16 refuse(const char **why, u16 status, const char *text)
{
	*why = text;
	return status;
}

u16 call_replaces_find(struct call_engine *e, const struct sip_msg *msg, struct call_leg **found,
		       const char **why)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_REPLACES);
	const struct call_leg *other;
	struct sip_replaces r;
	struct sip_dialog *d;
	struct call_leg *leg;

	*found = NULL;
	if (!hdr)
		return 0;
	if (!sip_parse_replaces(hdr->value, &r))
		return refuse(why, 400, "malformed Replaces");
	d = sip_dialog_of_ids(e->sip, r.call_id, r.to_tag, r.from_tag);
	leg = d ? call_leg_find(e, d->user) : NULL;
	other = leg ? call_other(leg) : NULL;
	if (!other || !other->dialog || !other->dialog->remote_tag)
		return refuse(why, 481, "Replaces names no dialog");
	if (leg->call->state == CALL_ENDING)
		return refuse(why, 603, "the dialog to replace is over");
	/* RFC 3891 §3: an early dialog is replaced on the side that began it. */
	if (leg->call->state < CALL_ANSWERED && leg->side == MEDIA_LEG_A)
		return refuse(why, 481, "the dialog to replace is early, and not of this side");
	if (leg->call->state >= CALL_ANSWERED && r.early_only)
		return refuse(why, 486, "the dialog to replace is confirmed");
	*found = leg;
	return 0;
}

/* Whose dialog it is: a trunk's, or that of a phone. */
bool call_replaces_take(struct call *call, struct call_leg *leg)
{
	const struct call_leg *other = call_other(leg);
	const struct sip_dialog *d = other->dialog;
	struct call_replacement *r = zalloc(sizeof(*r));

	call->replacement = r;
	if (!r)
		return false;
	r->flow = d->flow;
	r->trunk = call_trunk_now(call->policy, other);
	r->request_uri = strdup(d->remote_target);
	if (asprintf(&r->line, "Require: replaces\r\nReplaces: %s;to-tag=%s;from-tag=%s%s\r\n",
		     d->call_id, d->remote_tag, d->local_tag,
		     leg->call->state < CALL_ANSWERED ? ";early-only" : "") < 0)
		r->line = NULL;
	return (r->trunk >= 0 || other->trunk < 0) && r->request_uri && r->line;
}

bool call_replaces_call(struct call_engine *e, u64 now, struct call *call, struct call_leg *leg)
{
	struct call_contact *phone;

	if (!call_replaces_take(call, leg))
		return false;
	if (call->replacement->trunk >= 0)
		return call_branch_replace(e, now, call);
	call->next_to = call->route->nto;
	phone = call_contact_of(e, call_other(leg));
	return phone && call_contact_call(e, now, call, phone);
}

void call_replaces_clear(struct call *call)
{
	if (!call->replacement)
		return;
	free(call->replacement->line);
	free(call->replacement->request_uri);
	free(call->replacement);
}
