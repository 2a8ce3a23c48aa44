// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lists of streams, as long as need be, for most calls have one and there are many
 * calls; and the ports that the streams of a list hold.
 */
#include <errno.h>
#include <stdlib.h>

#include "media/negotiation_private.h"

void media_state_clear(struct media_state *state)
{
	free(state->streams);
	*state = (struct media_state){ .n = 0 };
}

int media_state_copy(struct media_state *to, const struct media_state *from)
{
	if (!from->n)
		return 0;
	to->streams = malloc(from->n * sizeof(*to->streams));
	if (!to->streams)
		return -ENOMEM;
	memcpy(to->streams, from->streams, from->n * sizeof(*to->streams));
	to->n = from->n;
	return 0;
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
