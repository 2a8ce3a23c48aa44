/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside an I/O thread: its loop, the listeners that it watches, its connections. All
 * of it is touched by that thread alone, but for struct stream and the channels.
 */
#ifndef TRANSPORT_IO_H
#define TRANSPORT_IO_H

#include "base/buf.h"
#include "base/timer.h"
#include "transport/stream_private.h"

struct tls;
struct websocket;

/* A listener that this thread watches. */
struct watch {
	struct list node;
	struct io *io;
	struct listener *listener;
	struct tls_context *tls;	/* for connections to come */
	uv_poll_t poll;
};

struct io {
	struct streams *s;
	unsigned int index;
	uv_loop_t loop;
	uv_async_t wake;
	uv_prepare_t before_wait;
	uv_timer_t uv_timer;
	struct timers timers;
	struct timer rest;		/* until accepting goes on */
	u64 now;			/* ns, of the callback that runs */
	struct channel *commands, *events;
	struct list watches, connections;
	struct list dirty;		/* connections with something to send */
	struct list paused;		/* that are not read until the daemon has caught up */
	atomic_bool stop;
	bool stopping;
	struct buf clear, plain;	/* for one step of a connection */
	char *buffer;			/* what is read; IO_READ bytes */
};

#define IO_READ 65536

enum io_timer { IO_TIMER_CONNECTION, IO_TIMER_REST };

struct connection {
	struct io *io;
	struct stream *stream;
	struct list node, dirty, paused;
	uv_poll_t poll;
	int fd;
	int watched;			/* what poll watches */
	bool blocked;			/* waits to be writable */
	bool handshake;			/* counted as one under way */
	bool told;			/* the daemon hears of its end */
	bool dead;			/* only its memory is left */
	bool spoke;			/* a message has come, whole */
	bool finished;			/* the last byte was sent, and a FIN */
	enum stream_reason reason;	/* of closing */
	struct item *opened, *closed;	/* made with it, so that telling never fails */
	struct timer timer;
	u64 since, last_in, closing_since;
	u64 message_since;		/* 0: between messages */
	u64 pinged;			/* 0: not so far */
	struct buf in;			/* a message that is not complete */
	struct buf out;			/* for the wire, from out_from on */
	size_t out_from;
	struct tls *tls;
	struct websocket *ws;
	_Alignas(max_align_t) char framer[];
};

static inline enum stream_state connection_state(const struct connection *c)
{
	return (enum stream_state)atomic_load_explicit(&c->stream->state, memory_order_relaxed);
}

/* stream_io.c */
void io_dirty(struct connection *c);	/* its output is written before the loop waits */

/* accept.c: listeners of a thread */
void watch_add(struct io *io, struct item *item);
void watch_set_tls(struct io *io, struct item *item);
void watch_remove(struct io *io, const struct listener *l);
void watch_rest_over(struct io *io);

/* connection.c: one connection from its beginning to its end */
int connection_accept(struct watch *w, int fd, const struct addr *peer);
void connection_connect(struct io *io, struct item *item);	/* takes item over */
/* It is connected, over TCP. */
void connection_made(struct connection *c);
/* With all handshakes. */
void connection_open(struct connection *c);
/* What is to be sent is sent, then closed. */
void connection_close(struct connection *c, enum stream_reason reason);
/* At once. */
void connection_drop(struct connection *c, enum stream_reason reason);
/* An outgoing one that failed to become one: err and why are told. */
void connection_fail(struct connection *c, enum stream_reason reason, int err, const char *why);
/* What the loop has to tell of it. */
void connection_watch(struct connection *c);
/* After anything that may have brought its deadline nearer. */
void connection_arm(struct connection *c);
void connection_expired(struct connection *c);

/* connection_read.c */
void connection_read(struct connection *c);
/* Bytes of the wire, or none to begin. */
void connection_take(struct connection *c, struct slice bytes);

/* connection_write.c */
void connection_write(struct connection *c);
void connection_send(struct connection *c, struct slice bytes);	/* a message */
void connection_say(struct connection *c, struct slice bytes);	/* the same, not counted as one */
void connection_put(struct connection *c, struct slice bytes);	/* below messages */
void connection_ping(struct connection *c);

#endif
