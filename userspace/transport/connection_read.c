// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way in: socket, TLS, WebSocket or framer, item to the daemon. One buffer of the
 * thread is read into; a connection has one of its own only while a message is not
 * complete. What was read is always worked off, so that when the daemon falls behind
 * the backlog is no longer than one read.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "transport/io.h"
#include "transport/tls.h"
#include "transport/websocket.h"

#define TURNS 4			/* reads of one connection before others have their turn */

static bool is_live(const struct connection *c)
{
	return !c->dead && connection_state(c) == STREAM_OPEN;
}

/* --- what the daemon gets --- */

static void tell_message(struct connection *c, struct slice bytes)
{
	struct item *item = item_new(ITEM_MESSAGE, c->stream, bytes);

	if (!item) {
		connection_drop(c, STREAM_NO_MEMORY);
		return;
	}
	c->spoke = true;
	atomic_fetch_add_explicit(&c->stream->messages_in, 1, memory_order_relaxed);
	stream_count(c->io->s, STREAM_COUNT_MESSAGES_IN);
	channel_put(c->io->events, &item->node);
}

/* Reading stops; the daemon may answer, which closes the connection. */
static void tell_error(struct connection *c, const struct stream_frame *frame)
{
	struct item *item = item_new(ITEM_ERROR, c->stream, frame->bytes);

	c->reason = frame->too_large ? STREAM_TOO_LARGE : STREAM_FRAMING;
	if (!item) {
		connection_drop(c, c->reason);
		return;
	}
	item->frame = *frame;
	c->closing_since = c->io->now;
	atomic_store(&c->stream->state, STREAM_REFUSING);
	channel_put(c->io->events, &item->node);
	connection_watch(c);
	connection_arm(c);
}

static void answer_ping(struct connection *c)
{
	stream_count(c->io->s, STREAM_COUNT_PINGS);
	connection_say(c, SLICE("\r\n"));
}

/* --- a stream of bytes --- */

static void take_frame(struct connection *c, const struct stream_frame *frame)
{
	switch (frame->type) {
	case STREAM_FRAME_MESSAGE:
		tell_message(c, frame->bytes);
		break;
	case STREAM_FRAME_PING:
		answer_ping(c);
		break;
	case STREAM_FRAME_ERROR:
		tell_error(c, frame);
		break;
	default:
		break;
	}
}

/* The rest stays; a message that begins with it has from now on to be finished. */
static void keep_rest(struct connection *c, struct slice rest, bool moved)
{
	bool own = c->in.n;

	if (!rest.n) {
		buf_free(&c->in);
		c->message_since = 0;
		return;
	}
	if (own) {
		memmove(c->in.p, rest.p, rest.n);
		c->in.n = rest.n;
	} else {
		buf_add(&c->in, rest);
	}
	if (moved || !c->message_since)
		c->message_since = c->io->now;
	if (c->in.failed)
		connection_drop(c, STREAM_NO_MEMORY);
	else
		connection_arm(c);
}

static void take_stream(struct connection *c, struct slice bytes)
{
	const struct stream_framing *framing = c->io->s->framing;
	struct stream_frame frame;
	bool moved = false;

	if (c->in.n) {
		buf_add(&c->in, bytes);
		if (c->in.failed) {
			connection_drop(c, STREAM_NO_MEMORY);
			return;
		}
		bytes = buf_slice(&c->in);
	}
	do {
		frame = (struct stream_frame){ .type = STREAM_FRAME_MORE };
		framing->next(c->framer, bytes, &frame);
		take_frame(c, &frame);
		bytes = slice_of(bytes.p + frame.used, bytes.n - frame.used);
		moved |= frame.used;
	} while (frame.type != STREAM_FRAME_MORE && is_live(c));
	if (is_live(c))
		keep_rest(c, bytes, moved);
	else if (!c->dead)
		buf_free(&c->in);
}

/* --- WebSocket --- */

static void take_messages(struct connection *c)
{
	struct websocket_message *m;

	while ((m = websocket_take(c->ws))) {
		if (is_live(c) && m->kind == WEBSOCKET_MESSAGE)
			tell_message(c, slice_of(m->bytes, m->n));
		else if (is_live(c) && m->kind == WEBSOCKET_PING)
			answer_ping(c);
		free(m);
	}
}

static void end_websocket(struct connection *c, int err)
{
	static const struct {
		int err;
		enum stream_reason reason;
	} reasons[] = {
		{ -EACCES, STREAM_ORIGIN_REFUSED }, { -ENOTSUP, STREAM_UPGRADE_REFUSED },
		{ -ESHUTDOWN, STREAM_PEER_CLOSED }, { -EMSGSIZE, STREAM_TOO_LARGE },
		{ -ENOMEM, STREAM_NO_MEMORY },
	};
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].err != err)
			continue;
		connection_close(c, reasons[i].reason);
		return;
	}
	connection_close(c, STREAM_FRAMING);
}

static void take_websocket(struct connection *c, struct slice bytes)
{
	struct buf *wire = &c->io->clear;
	int err = websocket_input(c->ws, bytes, wire);

	connection_put(c, buf_slice(wire));
	buf_reset(wire);
	if (c->dead)
		return;
	if (connection_state(c) == STREAM_HANDSHAKE && websocket_ready(c->ws))
		connection_open(c);
	take_messages(c);
	if (c->dead)
		return;
	if (err) {
		end_websocket(c, err);
		return;
	}
	if (!websocket_unfinished(c->ws))
		c->message_since = 0;
	else if (!c->message_since)
		c->message_since = c->io->now;
	connection_arm(c);
}

/* --- TLS --- */

static void end_tls(struct connection *c, int err)
{
	bool open = connection_state(c) == STREAM_OPEN;
	enum stream_reason reason = err == -EKEYREJECTED ? STREAM_VERIFY_FAILED :
				    err == -ENOMEM ? STREAM_NO_MEMORY :
				    open ? STREAM_RESET : STREAM_HANDSHAKE_FAILED;

	/* The alert that says why goes out first. */
	connection_write(c);
	if (open && err == -ESHUTDOWN)
		connection_close(c, STREAM_PEER_CLOSED);
	else if (c->stream->info.incoming)
		connection_close(c, reason);
	else
		connection_fail(c, reason, err, tls_why(c->tls));
}

static void take_plain(struct connection *c, struct slice bytes)
{
	if (c->ws)
		take_websocket(c, bytes);
	else if (bytes.n && is_live(c))
		take_stream(c, bytes);
}

static void take_tls(struct connection *c, struct slice bytes)
{
	struct buf *plain = &c->io->plain;
	int err = tls_input(c->tls, bytes, plain, &c->out);

	io_dirty(c);
	if (tls_ready(c->tls) && !c->ws && connection_state(c) == STREAM_HANDSHAKE)
		connection_open(c);
	if (plain->n)
		take_plain(c, buf_slice(plain));
	buf_reset(plain);
	if (err && !c->dead)
		end_tls(c, err);
}

/* --- the socket --- */

void connection_take(struct connection *c, struct slice bytes)
{
	if (c->tls)
		take_tls(c, bytes);
	else
		take_plain(c, bytes);
}

/* What is written already is not lost with a peer that only closed its own direction. */
static void peer_closed(struct connection *c, bool orderly)
{
	enum stream_state state = connection_state(c);

	connection_write(c);
	if (c->dead)
		return;
	if (state == STREAM_CLOSING)
		connection_drop(c, c->reason);
	else if (state == STREAM_HANDSHAKE)
		connection_fail(c, STREAM_HANDSHAKE_FAILED, -ECONNRESET,
				"the peer closed the connection during the handshake");
	else
		connection_drop(c, orderly ? STREAM_PEER_CLOSED : STREAM_RESET);
}

void connection_read(struct connection *c)
{
	struct io *io = c->io;
	unsigned int turn;
	ssize_t n;

	for (turn = 0; turn < TURNS; turn++) {
		n = recv(c->fd, io->buffer, IO_READ, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			peer_closed(c, !n);
			return;
		}
		c->last_in = io->now;
		atomic_fetch_add_explicit(&c->stream->bytes_in, n, memory_order_relaxed);
		if (connection_state(c) != STREAM_CLOSING)
			connection_take(c, slice_of(io->buffer, n));
		if (c->dead || connection_state(c) == STREAM_REFUSING ||
		    n < IO_READ || channel_stalled(io->events))
			return;
	}
}
