// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a call, or from an INVITE that became none, to its record. Nothing is
 * kept for it while the call is up but three times and who ended it: the rest is
 * read off the legs, the negotiation and the relay's last figures at the end.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/call.h"
#include "call/record.h"

/* A string that is missing for want of memory leaves a gap in the record, no more. */
static char *copy_text(const char *text)
{
	return text ? strdup(text) : NULL;
}

static char *copy_slice(struct slice text)
{
	return text.n ? slice_dup(text) : NULL;
}

static void set_place(struct call_record_leg *to, const struct call_policy *policy, int realm,
		      int trunk)
{
	if (realm >= 0)
		to->realm = copy_text(policy->realms[realm].name);
	if (trunk >= 0)
		to->trunk = copy_text(policy->trunks[trunk].name);
}

static void set_leg(struct call_record_leg *to, const struct call *call,
		    const struct call_leg *leg)
{
	const struct sip_dialog *d = leg ? leg->dialog : NULL;
	bool caller = leg && leg->side == MEDIA_LEG_A;

	if (!leg)
		return;
	set_place(to, call->policy, leg->realm, leg->trunk);
	to->peer = leg->peer;
	if (!d)
		return;
	to->call_id = copy_text(d->call_id);
	to->from = copy_text(caller ? d->remote_uri : d->local_uri);
	to->to = copy_text(caller ? d->local_uri : d->remote_uri);
}

static const struct media_end_figures *figures_of(const struct media_figures *figures, u64 end)
{
	size_t i;

	for (i = 0; figures && end && i < figures->nends; i++)
		if (figures->ends[i].id == end)
			return &figures->ends[i];
	return NULL;
}

static void set_stream(struct call_record_stream *to, const struct media_stream_view *agreed,
		       const struct media_figures *figures)
{
	int leg;

	to->agreed = *agreed;
	for (leg = 0; leg < 2; leg++) {
		const struct media_end_figures *end = figures_of(figures, agreed->leg[leg].end);

		to->counted[leg] = end;
		if (end)
			to->figures[leg] = *end;
	}
}

static void set_streams(struct call_record *r, const struct call *call)
{
	struct media_stream_view views[SDP_MAX_MEDIA];
	size_t i, n = call_media_view(call, views);

	r->streams = n ? calloc(n, sizeof(*r->streams)) : NULL;
	if (!r->streams)
		return;
	r->nstreams = n;
	for (i = 0; i < n; i++)
		set_stream(&r->streams[i], &views[i], call->figures);
}

struct call_record *call_record_make(const struct call *call)
{
	struct call_record *r = zalloc(sizeof(*r));

	if (!r)
		return NULL;
	r->id = call->id;
	r->transferred_from = call->transferred_from;
	r->route = call->route ? copy_text(call->route->name) : NULL;
	set_leg(&r->a, call, call->legs[0]);
	set_leg(&r->b, call, call->legs[1]);
	r->a.request_uri = copy_text(call->to);
	r->setup = call->created;
	r->ring = call->rung;
	r->answer = call->answered;
	r->end = call->ended;
	r->status = call->answered ? 200 : call->end_status;
	r->cause = call_cause_of_headers(slice_str(call->end_headers));
	if (!r->cause)
		r->cause = call_cause_of_status(r->status);
	snprintf(r->text, sizeof(r->text), "%s", call->end_text ? call->end_text : "");
	r->by = call->ended_by;
	r->restart = call->recovered ? CALL_RECOVERED : CALL_NO_RESTART;
	set_streams(r, call);
	return r;
}

struct call_record *call_record_refused(struct call_engine *e, u64 now, const struct sip_event *ev,
					u16 status, const char *why)
{
	struct call_record *r = zalloc(sizeof(*r));
	const struct sip_msg *msg = ev->msg;

	if (!r)
		return NULL;
	r->id = call_id(e, ++e->counter);
	set_place(&r->a, e->policy, call_policy_realm(e->policy, ev->flow.listener),
		  call_policy_trunk(e->policy, &ev->flow,
				    call_engine_name(e, ev->flow.name)));
	r->a.peer = ev->flow.peer;
	r->a.call_id = copy_slice(msg->call_id);
	r->a.from = copy_slice(msg->from.value);
	r->a.to = copy_slice(msg->to.value);
	r->a.request_uri = copy_slice(msg->ruri);
	r->setup = r->end = now;
	r->status = status;
	r->cause = call_cause_of_status(status);
	snprintf(r->text, sizeof(r->text), "%s", why);
	return r;
}

static void clear_leg(struct call_record_leg *leg)
{
	free(leg->realm);
	free(leg->trunk);
	free(leg->call_id);
	free(leg->from);
	free(leg->to);
	free(leg->request_uri);
}

void call_record_free(struct call_record *r)
{
	if (!r)
		return;
	clear_leg(&r->a);
	clear_leg(&r->b);
	free(r->route);
	free(r->streams);
	free(r);
}
