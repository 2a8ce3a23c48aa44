// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the parties of a call agreed on, for records and for people: the committed
 * streams, or, before there are any, what an early answer led to.
 */
#include <stdio.h>

#include "media/negotiation_private.h"

static void view_leg(const struct media_stream_leg *sl, bool rejected,
		     struct media_stream_leg_view *view)
{
	*view = (struct media_stream_leg_view){ .direction = sl->direction };
	if (rejected)
		return;
	view->end = sl->id;
	view->rtcp_end = sl->rtcp_id;
	view->local = sl->local;
	view->advertised = sl->advertised;
	view->remote = sl->remote;
}

static void view_stream(const struct media_stream *s, struct media_stream_view *view)
{
	int leg;

	view->rejected = s->rejected;
	view->mux = s->mux;
	slice_copy(view->media, sizeof(view->media), slice_str(s->media));
	slice_copy(view->codec, sizeof(view->codec), slice_str(s->rejected ? "" : s->codec));
	for (leg = 0; leg < 2; leg++)
		view_leg(&s->leg[leg], s->rejected, &view->leg[leg]);
}

size_t media_negotiation_view(const struct media_negotiation *n,
			      struct media_stream_view views[SDP_MAX_MEDIA])
{
	const struct media_state *state = &n->committed;
	size_t i;

	if (!state->n && n->pending)
		state = n->has_early ? &n->early : &n->next;
	for (i = 0; i < state->n; i++)
		view_stream(&state->streams[i], &views[i]);
	return state->n;
}
