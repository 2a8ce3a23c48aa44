// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The putter says that it is stalled and then looks once more whether there is room;
 * the taker makes room and then looks whether somebody is stalled. With a full fence
 * between the two steps of each, at least one of them sees the other.
 */
#include <errno.h>

#include "transport/channel.h"

int channel_init(struct channel *c, size_t size, uv_async_t *taker, uv_async_t *putter)
{
	list_init(&c->backlog);
	atomic_init(&c->stalled, false);
	c->taker = taker;
	c->putter = putter;
	c->ring = ring_new(size);
	return c->ring ? 0 : -ENOMEM;
}

void channel_free(struct channel *c, void (*drop)(struct list *item))
{
	struct list *item;

	if (!c->ring)
		return;
	while ((item = ring_take(c->ring)))
		drop(item);
	while (!list_empty(&c->backlog)) {
		item = c->backlog.next;
		list_del(item);
		drop(item);
	}
	ring_free(c->ring);
	c->ring = NULL;
}

/* An item that is in the ring is the taker's: it leaves the list before. */
static bool move_first(struct channel *c)
{
	struct list *item = c->backlog.next;

	list_del(item);
	if (ring_put(c->ring, item))
		return true;
	list_add_tail(c->backlog.next, item);	/* first again */
	return false;
}

static bool move_all(struct channel *c)
{
	while (!list_empty(&c->backlog))
		if (!move_first(c))
			return false;
	return true;
}

void channel_flush(struct channel *c)
{
	if (list_empty(&c->backlog))
		return;
	if (!move_all(c)) {
		atomic_store(&c->stalled, true);
		atomic_thread_fence(memory_order_seq_cst);
		move_all(c);
	}
	if (list_empty(&c->backlog))
		atomic_store(&c->stalled, false);
	uv_async_send(c->taker);
}

void channel_put(struct channel *c, struct list *item)
{
	list_add_tail(&c->backlog, item);
	channel_flush(c);
}

bool channel_stalled(const struct channel *c)
{
	return !list_empty(&c->backlog);
}

struct list *channel_take(struct channel *c)
{
	return ring_take(c->ring);
}

void channel_taken(struct channel *c)
{
	atomic_thread_fence(memory_order_seq_cst);
	if (atomic_load(&c->stalled))
		uv_async_send(c->putter);
}
