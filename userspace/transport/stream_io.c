// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The loop of an I/O thread. Commands and sockets only leave marks: what is to be sent
 * is written in one go before the loop waits again, and so is the timer set.
 */
#include <errno.h>
#include <stdlib.h>

#include "transport/io.h"
#include "transport/tls.h"

void io_dirty(struct connection *c)
{
	if (list_empty(&c->dirty))
		list_add_tail(&c->io->dirty, &c->dirty);
}

/* --- commands --- */

static void take_send(struct item *item)
{
	struct stream *stream = item->stream;

	atomic_fetch_sub(&stream->waiting, item->n);
	if (stream->connection)
		connection_send(stream->connection, slice_of(item->bytes, item->n));
}

static void take_close(struct item *item)
{
	struct connection *c = item->stream->connection;

	if (!c)
		return;
	/* A peer that takes nothing would not take a farewell either. */
	if (item->reason == STREAM_OVERFLOW)
		connection_drop(c, item->reason);
	else if (connection_state(c) == STREAM_CONNECTING ||
		 connection_state(c) == STREAM_HANDSHAKE)
		connection_fail(c, item->reason, -ECANCELED, "closed by us before it was open");
	else
		connection_close(c, item->reason);
}

static void take(struct io *io, struct item *item)
{
	/* Keeps the item: it tells, if need be, that there will be no connection. */
	if (item->kind == ITEM_CONNECT) {
		connection_connect(io, item);
		return;
	}
	switch (item->kind) {
	case ITEM_LISTEN:
		watch_add(io, item);
		break;
	case ITEM_TLS:
		watch_set_tls(io, item);
		break;
	case ITEM_UNLISTEN:
		watch_remove(io, item->listener);
		break;
	case ITEM_SEND:
		take_send(item);
		break;
	default:
		take_close(item);
	}
	item_free(&item->node);
}

/* --- the loop --- */

/* The daemon has caught up: who was paused is read again. */
static void resume(struct io *io)
{
	while (!list_empty(&io->paused) && !channel_stalled(io->events)) {
		struct connection *c = list_entry(io->paused.next, struct connection, paused);

		list_del(&c->paused);
		connection_watch(c);
	}
}

static void stop(struct io *io)
{
	io->stopping = true;
	while (!list_empty(&io->watches))
		watch_remove(io, list_entry(io->watches.next, struct watch, node)->listener);
	while (!list_empty(&io->connections)) {
		struct connection *c = list_entry(io->connections.next, struct connection, node);

		if (connection_state(c) == STREAM_OPEN)
			connection_close(c, STREAM_ASKED);
		if (!c->dead)
			connection_write(c);
		connection_drop(c, STREAM_ASKED);
	}
	uv_close((uv_handle_t *)&io->before_wait, NULL);
	uv_close((uv_handle_t *)&io->uv_timer, NULL);
	uv_close((uv_handle_t *)&io->wake, NULL);
}

static void woken(uv_async_t *wake)
{
	struct io *io = wake->data;
	struct list *node;

	io->now = uv_hrtime();
	while ((node = channel_take(io->commands)))
		take(io, (struct item *)node);
	channel_taken(io->commands);
	channel_flush(io->events);
	resume(io);
	if (atomic_load(&io->stop) && !io->stopping)
		stop(io);
}

static void tick(uv_timer_t *timer)
{
	struct io *io = timer->data;
	struct timer *due;

	io->now = uv_hrtime();
	while ((due = timers_due(&io->timers, io->now))) {
		if (due->kind == IO_TIMER_REST)
			watch_rest_over(io);
		else
			connection_expired(due->owner);
	}
}

static void before_wait(uv_prepare_t *prepare)
{
	struct io *io = prepare->data;
	u64 next, now;

	while (!list_empty(&io->dirty)) {
		struct connection *c = list_entry(io->dirty.next, struct connection, dirty);

		list_del(&c->dirty);
		connection_write(c);
	}
	next = timers_next(&io->timers);
	if (next == UINT64_MAX) {
		uv_timer_stop(&io->uv_timer);
		return;
	}
	now = uv_hrtime();
	uv_update_time(&io->loop);
	uv_timer_start(&io->uv_timer, tick,
		       next > now ? (next - now + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC : 0, 0);
}

void io_run(void *arg)
{
	struct io *io = arg;

	uv_run(&io->loop, UV_RUN_DEFAULT);
}

/* --- life --- */

void io_stop(struct io *io)
{
	atomic_store(&io->stop, true);
	uv_async_send(&io->wake);
}

uv_async_t *io_wake(struct io *io)
{
	return &io->wake;
}

static int make_handles(struct io *io)
{
	int err = uv_loop_init(&io->loop);

	if (err)
		return err;
	err = uv_async_init(&io->loop, &io->wake, woken);
	if (err) {
		uv_loop_close(&io->loop);
		return err;
	}
	/* These two cannot fail. */
	uv_prepare_init(&io->loop, &io->before_wait);
	uv_timer_init(&io->loop, &io->uv_timer);
	io->wake.data = io->before_wait.data = io->uv_timer.data = io;
	uv_prepare_start(&io->before_wait, before_wait);
	return 0;
}

int io_new(struct io **out, struct streams *s, unsigned int index)
{
	struct io *io = calloc(1, sizeof(*io));
	int err = -ENOMEM;

	if (!io)
		return -ENOMEM;
	io->s = s;
	io->index = index;
	io->commands = &s->threads[index].commands;
	io->events = &s->threads[index].events;
	list_init(&io->watches);
	list_init(&io->connections);
	list_init(&io->dirty);
	list_init(&io->paused);
	timers_init(&io->timers);
	buf_init(&io->clear);
	buf_init(&io->plain);
	io->rest.kind = IO_TIMER_REST;
	io->buffer = malloc(IO_READ);
	if (!io->buffer || timers_reserve(&io->timers, 1))
		goto err_io;
	err = make_handles(io);
	if (err)
		goto err_io;
	*out = io;
	return 0;

err_io:
	timers_free(&io->timers);
	free(io->buffer);
	free(io);
	return err;
}

/* A thread that ran has left nothing; one that never did has its handles still. */
void io_free(struct io *io)
{
	if (!io)
		return;
	if (!io->stopping) {
		stop(io);
		uv_run(&io->loop, UV_RUN_DEFAULT);
	}
	uv_loop_close(&io->loop);
	timers_free(&io->timers);
	buf_free(&io->clear);
	buf_free(&io->plain);
	free(io->buffer);
	free(io);
}
