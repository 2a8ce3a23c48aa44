// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lists of streams, as long as need be, for most calls have one and there are many
 * calls; and the ports that the streams of a list hold. A list is one block: streams,
 * and what their legs list of payloads.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "media/negotiation_private.h"

static struct media_stream *new_streams(size_t n, size_t npayloads)
{
	return zalloc(n * sizeof(struct media_stream) +
			 npayloads * sizeof(struct sdp_payload));
}

static size_t listed(const struct media_stream_leg *sl)
{
	return sl->npayloads > SDP_MAX_PAYLOADS ? 0 : sl->npayloads;
}

int media_state_new(struct media_state *state, size_t n)
{
	struct sdp_payload *room;
	size_t i;

	state->streams = new_streams(n ? n : 1, 2 * n * SDP_MAX_PAYLOADS);
	if (!state->streams)
		return -ENOMEM;
	state->n = n;
	room = (struct sdp_payload *)(state->streams + n);
	for (i = 0; i < 2 * n; i++)
		state->streams[i / 2].leg[i % 2].payloads = room + i * SDP_MAX_PAYLOADS;
	return 0;
}

void media_stream_copy(struct media_stream *to, const struct media_stream *from)
{
	struct sdp_payload *room[2] = { to->leg[0].payloads, to->leg[1].payloads };
	int leg;

	*to = *from;
	for (leg = 0; leg < 2; leg++) {
		struct media_stream_leg *sl = &to->leg[leg];

		sl->payloads = room[leg];
		if (listed(sl))
			memcpy(sl->payloads, from->leg[leg].payloads,
			       listed(sl) * sizeof(*sl->payloads));
	}
}

void media_state_clear(struct media_state *state)
{
	free(state->streams);
	*state = (struct media_state){ .n = 0 };
}

int media_state_copy(struct media_state *to, const struct media_state *from)
{
	size_t i;

	if (!from->n)
		return 0;
	if (media_state_new(to, from->n))
		return -ENOMEM;
	for (i = 0; i < from->n; i++)
		media_stream_copy(&to->streams[i], &from->streams[i]);
	return 0;
}

void media_state_trim(struct media_state *state)
{
	struct media_stream *streams;
	struct sdp_payload *room;
	size_t i, npayloads = 0;

	for (i = 0; i < 2 * state->n; i++)
		npayloads += listed(&state->streams[i / 2].leg[i % 2]);
	streams = new_streams(state->n, npayloads);
	if (!streams)
		return;		/* too large, nothing worse */
	room = (struct sdp_payload *)(streams + state->n);
	for (i = 0; i < 2 * state->n; i++) {
		streams[i / 2].leg[i % 2].payloads = room;
		room += listed(&state->streams[i / 2].leg[i % 2]);
	}
	for (i = 0; i < state->n; i++)
		media_stream_copy(&streams[i], &state->streams[i]);
	free(state->streams);
	state->streams = streams;
}

void media_state_move(struct media_state *to, struct media_state *from)
{
	free(to->streams);
	*to = *from;
	*from = (struct media_state){ .n = 0 };
}

void media_release_leg(struct media_negotiation *n, u64 now, int leg, struct media_stream_leg *sl)
{
	if (sl->local.family)
		media_ports_release(n->conf.ports[leg], now, &sl->local);
	sl->local.family = 0;
}

void media_release_streams(struct media_negotiation *n, u64 now, struct media_state *list,
			   const struct media_state *keep)
{
	size_t i;
	int leg;

	for (i = 0; i < list->n; i++) {
		for (leg = 0; leg < 2; leg++) {
			struct media_stream_leg *sl = &list->streams[i].leg[leg];

			if (keep && i < keep->n &&
			    addr_eq(&keep->streams[i].leg[leg].local, &sl->local))
				continue;
			media_release_leg(n, now, leg, sl);
		}
	}
}
