/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon's side and the I/O threads of the stream transports share: the items
 * that go between them, and a counted struct stream of each connection. Of each field
 * it is said whose it is; what both touch is atomic, or written by one side before the
 * item that shows it to the other.
 */
#ifndef TRANSPORT_STREAM_PRIVATE_H
#define TRANSPORT_STREAM_PRIVATE_H

#include <stdatomic.h>

#include "base/hash.h"
#include "base/list.h"
#include "transport/channel.h"
#include "transport/source.h"
#include "transport/stream.h"

struct connection;
struct io;

/* What is counted beside the reasons: name, and what it counts. */
#define STREAM_COUNT_TABLE(X) \
	X(ACCEPTED, "accepted")			/* incoming connections that were let in */ \
	X(CONNECTED, "connected")		/* outgoing ones that are open */ \
	X(OPENED, "opened")			/* incoming ones, after their handshakes */ \
	X(MESSAGES_IN, "messages_in") \
	X(MESSAGES_OUT, "messages_out") \
	X(PINGS, "pings")			/* of peers, that were answered */ \
	X(ACCEPT_PAUSED, "accept_paused")	/* no descriptors: it rested a moment */ \
	X(STALLED, "stalled")			/* reading rested: the daemon was behind */ \
	X(SENDS_REFUSED, "sends_refused")	/* the thread was behind */ \
	X(CONNECTIONS, "connections")		/* now */ \
	X(HANDSHAKES, "handshakes")		/* now, of incoming ones */

enum stream_count {
	STREAM_COUNT_FIRST = STREAM_REASONS - 1,
#define STREAM_COUNT_ID(id, name) STREAM_COUNT_##id,
	STREAM_COUNT_TABLE(STREAM_COUNT_ID)
#undef STREAM_COUNT_ID
	STREAM_COUNTS
};

/* A listener; counted by each thread that watches it, and the daemon's side. */
struct listener {
	atomic_uint refs;
	u32 index;
	enum transport transport;
	struct addr local;
	int fd;			/* -1: for connections that we make; closed with the last one */
	char **origins;
	size_t norigins;
	/* of the daemon's side */
	struct list node;
	struct tls_context *tls;
};

/* One connection, as both sides know it. */
struct stream {
	atomic_uint refs;
	atomic_int state;
	atomic_ullong bytes_in, bytes_out, messages_in, messages_out;
	atomic_size_t waiting;		/* bytes that streams_send() took and the thread did not */
	atomic_size_t unsent;		/* bytes in the thread's queue */
	u64 since;			/* ns */
	/*
	 * Of the side that made it, until it told the other one, from then on the daemon's: the
	 * thread reads no more than what never changes.
	 */
	struct stream_info info;
	char *server_name, *origin;
	struct tls_peer *peer;
	/* of the daemon's side */
	unsigned int thread;
	u64 ticket;
	bool known;			/* it is in the tables */
	bool told;			/* that it is open */
	struct hash_node by_id;
	struct stream_key *keys[1 + STREAM_MAX_ALIASES];
	size_t nkeys;
	/* of the I/O thread; NULL: gone */
	struct connection *connection;
};

enum item_kind {
	/* to an I/O thread */
	ITEM_LISTEN,		/* listener, tls */
	ITEM_TLS,		/* listener, tls */
	ITEM_UNLISTEN,		/* listener */
	ITEM_CONNECT,		/* stream, listener, tls */
	ITEM_SEND,		/* stream, bytes */
	ITEM_CLOSE,		/* stream, reason */
	/* to the daemon */
	ITEM_OPENED,		/* stream, local, peer, origin */
	ITEM_MESSAGE,		/* stream, bytes */
	ITEM_ERROR,		/* stream, bytes, frame */
	ITEM_CLOSED,		/* stream, reason, err, text */
};

/* Has a reference of its own to what it points to. */
struct item {
	struct list node;	/* first */
	enum item_kind kind;
	struct stream *stream;
	struct listener *listener;
	struct tls_context *tls;
	enum stream_reason reason;
	int err;
	struct addr local;
	struct tls_peer *peer;
	char *origin;
	char *text;
	struct stream_frame frame;
	size_t n;
	char bytes[];
};

/* One thread, as the daemon's side sees it. */
struct streams_thread {
	struct io *io;
	uv_thread_t thread;
	bool running;
	size_t connections;		/* that the daemon knows */
	struct channel commands, events;
};

struct streams {
	uv_loop_t *loop;
	uv_async_t wake;		/* of the daemon's loop; data: this */
	struct stream_limits limits;
	const struct stream_framing *framing;
	const struct stream_ops *ops;
	void *arg;
	struct streams_thread *threads;
	unsigned int nthreads, next;
	struct sources *sources;
	atomic_ullong last_id;
	atomic_ullong counts[STREAM_COUNTS];
	/* of the daemon's thread */
	struct hash by_id, by_peer;
	struct hash_key key;
	struct list listeners;
	struct stream_counter counters[STREAM_COUNTS + 1];
};

static inline void stream_count(struct streams *s, unsigned int which)
{
	atomic_fetch_add_explicit(&s->counts[which], 1, memory_order_relaxed);
}

/* stream_item.c */
struct item *item_new(enum item_kind kind, struct stream *stream, struct slice bytes);
void item_free(struct list *item);
struct stream *stream_new(struct streams *s, u32 listener, enum transport transport,
			  const struct addr *peer);
struct stream *stream_get(struct stream *stream);
void stream_put(struct stream *stream);
struct listener *listener_get(struct listener *l);
void listener_put(struct listener *l);

/* stream_listen.c; NULL: none */
struct listener *listener_find(struct streams *s, u32 index);

/* stream_table.c: connections by id and by peer; the daemon's thread */
int stream_table_add(struct streams *s, struct stream *stream);
void stream_table_remove(struct streams *s, struct stream *stream);
struct stream *stream_table_find(struct streams *s, u64 id);

/* stream_count.c */
void stream_counters_init(struct streams *s);

/* stream_io.c: the threads */
int io_new(struct io **out, struct streams *s, unsigned int index);
void io_run(void *io);			/* the thread */
void io_stop(struct io *io);		/* any thread: end soon */
void io_free(struct io *io);		/* after the thread ended, or before it began */
uv_async_t *io_wake(struct io *io);

#endif
