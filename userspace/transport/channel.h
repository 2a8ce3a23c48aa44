/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One direction between two threads with loops: a bounded ring, and behind it, on
 * the side that puts, a backlog of what did not fit. Nothing is lost and nobody
 * waits; who puts asks channel_stalled() and then brings less. The two sides wake
 * each other: the taker is told of items, the putter of room.
 */
#ifndef TRANSPORT_CHANNEL_H
#define TRANSPORT_CHANNEL_H

#include <stdatomic.h>
#include <uv.h>

#include "base/list.h"
#include "base/ring.h"

struct channel {
	struct ring *ring;
	struct list backlog;		/* of the side that puts */
	atomic_bool stalled;		/* there is a backlog: tell when there is room */
	uv_async_t *taker, *putter;
};

int channel_init(struct channel *c, size_t size, uv_async_t *taker, uv_async_t *putter);
/* drop() gets what is left in it; both threads must be done with it. */
void channel_free(struct channel *c, void (*drop)(struct list *item));

void channel_put(struct channel *c, struct list *item);
/* What waits in the backlog, as far as there is room; to be called when woken. */
void channel_flush(struct channel *c);
bool channel_stalled(const struct channel *c);		/* for the side that puts */

struct list *channel_take(struct channel *c);		/* NULL: empty */
void channel_taken(struct channel *c);			/* after some were taken */

#endif
