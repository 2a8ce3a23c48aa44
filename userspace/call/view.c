// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A call as the administrator sees it: borrowed pointers, good until the engine
 * is called again.
 */
#include "call/call.h"

static const char *dialog_state(const struct sip_dialog *d)
{
	static const char *const names[] = {
		[SIP_DIALOG_EARLY] = "early",
		[SIP_DIALOG_CONFIRMED] = "confirmed",
		[SIP_DIALOG_ENDED] = "ended",
	};

	return d ? names[d->state] : "none";
}

static void fill_leg(const struct call *call, const struct call_leg *leg,
		     struct call_leg_view *view)
{
	static const struct call_leg none = { .realm = -1, .trunk = -1 };
	const struct sip_dialog *d;

	if (!leg)
		leg = &none;
	d = leg->dialog;
	*view = (struct call_leg_view){
		.realm = leg->realm < 0 ? "" : call->policy->realms[leg->realm].name,
		.trunk = leg->trunk < 0 ? "" : call->policy->trunks[leg->trunk].name,
		.peer = leg->peer,
		.dialog_state = leg->state == CALL_LEG_DONE ? "ended" : dialog_state(d),
		.call_id = "", .local_tag = "", .remote_tag = "",
		.local_uri = "", .remote_uri = "",
	};
	if (!d)
		return;
	view->call_id = d->call_id;
	view->local_tag = d->local_tag;
	view->remote_tag = d->remote_tag ? d->remote_tag : "";
	view->local_uri = d->local_uri;
	view->remote_uri = d->remote_uri;
}

void call_view_fill(const struct call *call, struct call_view *view)
{
	*view = (struct call_view){
		.id = call->id,
		.state = call->state,
		.held = call->held,
		.created = call->created,
		.answered = call->answered,
		.plan = call->plan,
	};
	fill_leg(call, call->legs[0], &view->a);
	fill_leg(call, call->legs[1], &view->b);
}

bool call_engine_view(struct call_engine *e, u64 id, struct call_view *view)
{
	struct call *call = call_find(e, id);

	if (!call)
		return false;
	call_view_fill(call, view);
	return true;
}

size_t call_engine_streams(struct call_engine *e, u64 id,
			   struct media_stream_view views[SDP_MAX_MEDIA])
{
	const struct call *call = call_find(e, id);
	const struct media_negotiation *media = call ? call->media : NULL;

	if (!media && call && call->heard)
		media = call->heard->media;
	return media ? media_negotiation_view(media, views) : 0;
}

bool call_engine_trace(struct call_engine *e, u64 id,
		       void (*each)(void *arg, const struct call_trace_entry *entry), void *arg)
{
	return call_trace_each(e->trace, id, each, arg);
}

u64 call_engine_trace_last(struct call_engine *e)
{
	return call_trace_last(e->trace);
}

void call_engine_each(struct call_engine *e, void (*each)(void *arg, const struct call_view *view),
		      void *arg)
{
	struct list *at, *next;
	struct call_view view;

	for (at = e->calls.next; at != &e->calls; at = next) {
		next = at->next;
		call_view_fill(list_entry(at, struct call, node), &view);
		each(arg, &view);
	}
}
