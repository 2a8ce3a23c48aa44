// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way out: message, WebSocket frame, TLS record, socket. Bytes for the wire are in
 * one buffer, which is written before the loop waits, and freed when it is empty. What
 * a peer makes us say (pongs, handshakes) counts like what the daemon sends: who asks
 * and does not listen is closed.
 */
#include <errno.h>
#include <sys/socket.h>

#include "transport/io.h"
#include "transport/tls.h"
#include "transport/websocket.h"

/* What layers add to the bytes that queue_max counts. */
#define OVERHEAD 65536

static void note_unsent(struct connection *c)
{
	atomic_store_explicit(&c->stream->unsent, c->out.n - c->out_from, memory_order_relaxed);
}

/* Copied down when half of it is sent, so that each byte moves once, or not at all. */
static void drop_sent(struct connection *c)
{
	if (c->out_from == c->out.n) {
		buf_free(&c->out);
		c->out_from = 0;
	} else if (c->out_from > c->out.n / 2) {
		memmove(c->out.p, c->out.p + c->out_from, c->out.n - c->out_from);
		c->out.n -= c->out_from;
		c->out_from = 0;
	}
	note_unsent(c);
}

/* false: the connection broke. */
static bool write_out(struct connection *c)
{
	ssize_t n;

	c->blocked = false;
	while (c->out_from < c->out.n) {
		n = send(c->fd, c->out.p + c->out_from, c->out.n - c->out_from, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			return false;
		if (n < 0) {
			c->blocked = true;
			break;
		}
		c->out_from += (size_t)n;
		atomic_fetch_add_explicit(&c->stream->bytes_out, n, memory_order_relaxed);
	}
	drop_sent(c);
	return true;
}

void connection_write(struct connection *c)
{
	bool closing = connection_state(c) == STREAM_CLOSING;

	if (c->dead || connection_state(c) == STREAM_CONNECTING)
		return;
	if (c->out.failed) {
		connection_drop(c, STREAM_NO_MEMORY);
		return;
	}
	if (!write_out(c)) {
		connection_drop(c, closing ? c->reason : STREAM_RESET);
		return;
	}
	if (c->out.n - c->out_from > c->io->s->limits.queue_max + OVERHEAD) {
		connection_drop(c, STREAM_OVERFLOW);
		return;
	}
	if (closing && !c->out.n && !c->finished) {
		shutdown(c->fd, SHUT_WR);
		c->finished = true;
	}
	connection_watch(c);
}

void connection_put(struct connection *c, struct slice bytes)
{
	int err = 0;

	if (c->dead || !bytes.n)
		return;
	if (c->tls)
		err = tls_send(c->tls, bytes, &c->out);
	else
		buf_add(&c->out, bytes);
	if (err == -ENOMEM || c->out.failed) {
		connection_drop(c, STREAM_NO_MEMORY);
		return;
	}
	note_unsent(c);
	io_dirty(c);
}

void connection_say(struct connection *c, struct slice bytes)
{
	struct buf *frame = &c->io->clear;

	if (!c->ws) {
		connection_put(c, bytes);
		return;
	}
	if (!websocket_send(c->ws, bytes, frame))
		connection_put(c, buf_slice(frame));
	buf_reset(frame);
}

void connection_send(struct connection *c, struct slice bytes)
{
	enum stream_state state = connection_state(c);

	if (c->dead || (state != STREAM_OPEN && state != STREAM_REFUSING))
		return;
	atomic_fetch_add_explicit(&c->stream->messages_out, 1, memory_order_relaxed);
	stream_count(c->io->s, STREAM_COUNT_MESSAGES_OUT);
	connection_say(c, bytes);
	/* The answer to what could not be followed was the last word. */
	if (!c->dead && state == STREAM_REFUSING)
		connection_close(c, c->reason);
}

void connection_ping(struct connection *c)
{
	struct buf *frame = &c->io->clear;

	if (c->ws && !websocket_ping(c->ws, frame))
		connection_put(c, buf_slice(frame));
	buf_reset(frame);
}
