// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The daemon's side of the stream transports: what is asked goes to a thread as an item,
 * what comes back is handed to the callbacks. A thread's items are in order, so of a
 * connection its opening comes first and its end last.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "transport/stream_private.h"
#include "transport/tls.h"

#define RING 4096
#define TURN 512		/* items of a thread before others have their turn */

void stream_limits_init(struct stream_limits *limits)
{
	*limits = (struct stream_limits){
		.connections = 20000,
		.source_connections = 200,
		.handshakes = 500,
		.source_handshakes = 20,
		.handshake_timeout = 10000000000ull,
		.idle_timeout = 600000000000ull,
		.message_timeout = 10000000000ull,
		.ping_interval = 30000000000ull,
		.linger = 2000000000ull,
		.message_max = 65535,
		.queue_max = 1 << 20,
	};
}

static void post(struct streams *s, unsigned int thread, struct item *item)
{
	channel_put(&s->threads[thread].commands, &item->node);
}

/* --- what threads tell --- */

static struct flow flow_of(const struct stream *stream)
{
	return (struct flow){
		.listener = stream->info.listener,
		.peer = stream->info.peer,
		.connection = stream->info.id,
	};
}

static void fill_info(struct stream *stream, struct item *item)
{
	stream->info.local = item->local;
	stream->peer = item->peer;
	stream->origin = item->origin;
	item->peer = NULL;
	item->origin = NULL;
	stream->info.tls = stream->peer;
	stream->info.origin = stream->origin;
	if (stream->info.incoming && stream->peer)
		stream->info.server_name = stream->peer->server_name;
}

static void take_opened(struct streams *s, struct item *item)
{
	struct stream *stream = item->stream;
	struct flow flow;

	fill_info(stream, item);
	flow = flow_of(stream);
	/* One that nobody can find is of no use; closed() is not told either. */
	if (!stream->known && stream_table_add(s, stream)) {
		struct item *close = item_new(ITEM_CLOSE, stream, slice_of(NULL, 0));

		if (close)
			post(s, stream->thread, close);
		return;
	}
	stream->told = true;
	if (stream->info.incoming)
		s->ops->opened(s->arg, &flow, &stream->info);
	else
		s->ops->connected(s->arg, stream->ticket, 0, "", &flow);
}

static void take_closed(struct streams *s, struct item *item)
{
	struct stream *stream = item->stream;
	struct flow flow = flow_of(stream);

	if (!stream->known)
		return;
	if (stream->told) {
		s->ops->closed(s->arg, &flow, &stream->info, item->reason);
	} else {
		flow.connection = 0;
		s->ops->connected(s->arg, stream->ticket, item->err,
				  item->text ? item->text : stream_reason_text(item->reason),
				  &flow);
	}
	stream_table_remove(s, stream);
}

static void take(struct streams *s, struct item *item)
{
	struct stream *stream = item->stream;
	struct flow flow = flow_of(stream);

	switch (item->kind) {
	case ITEM_OPENED:
		take_opened(s, item);
		break;
	case ITEM_MESSAGE:
		if (stream->told)
			s->ops->message(s->arg, &flow, &stream->info,
					slice_of(item->bytes, item->n));
		break;
	case ITEM_ERROR:
		item->frame.bytes = slice_of(item->bytes, item->n);
		if (stream->told)
			s->ops->error(s->arg, &flow, &stream->info, &item->frame);
		break;
	default:
		take_closed(s, item);
	}
}

/* true: there is more. */
static bool take_some(struct streams *s, struct streams_thread *thread)
{
	struct list *node;
	unsigned int n;

	for (n = 0; n < TURN; n++) {
		node = channel_take(&thread->events);
		if (!node)
			break;
		take(s, (struct item *)node);
		item_free(node);
	}
	channel_taken(&thread->events);
	return n == TURN;
}

static void woken(uv_async_t *wake)
{
	struct streams *s = wake->data;
	bool more = false;
	unsigned int i;

	for (i = 0; i < s->nthreads; i++) {
		channel_flush(&s->threads[i].commands);
		more |= take_some(s, &s->threads[i]);
	}
	s->ops->burst(s->arg);
	if (more)
		uv_async_send(&s->wake);
}

/* --- connections --- */

static unsigned int least_loaded(const struct streams *s)
{
	unsigned int i, best = 0;

	for (i = 1; i < s->nthreads; i++)
		if (s->threads[i].connections < s->threads[best].connections)
			best = i;
	return best;
}

static struct stream *new_outgoing(struct streams *s, const struct stream_target *to, u64 ticket)
{
	struct stream *stream = stream_new(s, to->listener, to->transport, &to->peer);

	if (!stream)
		return NULL;
	if (to->server_name) {
		stream->server_name = strdup(to->server_name);
		if (!stream->server_name)
			goto err_stream;
		stream->info.server_name = stream->server_name;
	}
	stream->ticket = ticket;
	stream->thread = least_loaded(s);
	atomic_init(&stream->state, STREAM_CONNECTING);
	if (stream_table_add(s, stream))
		goto err_stream;
	return stream;

err_stream:
	stream_put(stream);
	return NULL;
}

int streams_connect(struct streams *s, const struct stream_target *to, u64 ticket, u64 *id)
{
	struct listener *l = listener_find(s, to->listener);
	struct stream *stream;
	struct item *item;

	if (!l)
		return -ENOENT;
	if ((to->transport != TRANSPORT_TCP && to->transport != TRANSPORT_TLS) ||
	    to->peer.family != l->local.family || !to->peer.port ||
	    (to->transport == TRANSPORT_TLS && !l->tls))
		return -EINVAL;
	stream = new_outgoing(s, to, ticket);
	if (!stream)
		return -ENOMEM;
	item = channel_stalled(&s->threads[stream->thread].commands) ? NULL :
		item_new(ITEM_CONNECT, stream, slice_of(NULL, 0));
	if (!item) {
		stream_table_remove(s, stream);
		stream_put(stream);
		return -ENOBUFS;
	}
	item->listener = listener_get(l);
	if (to->transport == TRANSPORT_TLS)
		item->tls = tls_context_get(l->tls);
	if (id)
		*id = stream->info.id;
	post(s, stream->thread, item);
	stream_put(stream);
	return 0;
}

/* The peer does not take what it is sent: nothing more is promised to it. */
static int overflow(struct streams *s, struct stream *stream)
{
	atomic_store(&stream->state, STREAM_CLOSING);
	streams_close_connection(s, stream->info.id, STREAM_OVERFLOW);
	return -ENOBUFS;
}

int streams_send(struct streams *s, u64 id, struct slice bytes)
{
	struct stream *stream = stream_table_find(s, id);
	struct item *item;
	int state;

	state = stream && stream->told ? atomic_load(&stream->state) : STREAM_CLOSING;
	if (state != STREAM_OPEN && state != STREAM_REFUSING)
		return -ENOTCONN;
	if (stream->waiting + stream->unsent + bytes.n > s->limits.queue_max)
		return overflow(s, stream);
	if (channel_stalled(&s->threads[stream->thread].commands)) {
		stream_count(s, STREAM_COUNT_SENDS_REFUSED);
		return -ENOBUFS;
	}
	item = item_new(ITEM_SEND, stream, bytes);
	if (!item)
		return -ENOMEM;
	atomic_fetch_add(&stream->waiting, bytes.n);
	post(s, stream->thread, item);
	return 0;
}

void streams_close_connection(struct streams *s, u64 id, enum stream_reason reason)
{
	struct stream *stream = stream_table_find(s, id);
	struct item *item = stream ? item_new(ITEM_CLOSE, stream, slice_of(NULL, 0)) : NULL;

	/* Without memory the connection goes when it is idle. */
	if (!item)
		return;
	item->reason = reason;
	post(s, stream->thread, item);
}

/* --- life --- */

static void stop_threads(struct streams *s)
{
	unsigned int i;

	for (i = 0; i < s->nthreads; i++) {
		struct streams_thread *t = &s->threads[i];

		if (!t->running)
			continue;
		io_stop(t->io);
		uv_thread_join(&t->thread);
		t->running = false;
	}
}

static void free_threads(struct streams *s)
{
	unsigned int i;

	for (i = 0; i < s->nthreads; i++) {
		struct streams_thread *t = &s->threads[i];

		io_free(t->io);
		channel_free(&t->commands, item_free);
		channel_free(&t->events, item_free);
	}
	free(s->threads);
}

static int start_thread(struct streams *s, unsigned int i, size_t ring)
{
	struct streams_thread *t = &s->threads[i];
	int err = io_new(&t->io, s, i);

	if (!err)
		err = channel_init(&t->commands, ring, io_wake(t->io), &s->wake);
	if (!err)
		err = channel_init(&t->events, ring, &s->wake, io_wake(t->io));
	if (!err)
		err = uv_thread_create(&t->thread, io_run, t->io);
	t->running = !err;
	return err;
}

static int start_threads(struct streams *s, const struct streams_conf *conf)
{
	unsigned int i;
	int err = 0;

	s->nthreads = conf->threads ? conf->threads : 1;
	s->threads = calloc(s->nthreads, sizeof(*s->threads));
	if (!s->threads) {
		s->nthreads = 0;
		return -ENOMEM;
	}
	for (i = 0; i < s->nthreads && !err; i++)
		err = start_thread(s, i, conf->ring ? conf->ring : RING);
	return err;
}

static void free_parts(struct streams *s)
{
	free_threads(s);
	hash_free(&s->by_id);
	hash_free(&s->by_peer);
	sources_free(s->sources);
	free(s);
}

static void gone(uv_handle_t *handle)
{
	free_parts(handle->data);
}

static struct streams *make(const struct streams_conf *conf)
{
	struct streams *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->loop = conf->loop;
	s->limits = conf->limits;
	s->framing = conf->framing;
	s->ops = conf->ops;
	s->arg = conf->arg;
	atomic_init(&s->last_id, (u64)conf->epoch << 32);
	list_init(&s->listeners);
	stream_counters_init(s);
	return s;
}

int streams_new(struct streams **out, const struct streams_conf *conf)
{
	struct streams *s;
	int err = -ENOMEM;

	if (conf->threads > STREAMS_MAX_THREADS || !conf->epoch || !conf->limits.message_max)
		return -EINVAL;
	s = make(conf);
	if (!s)
		return -ENOMEM;
	if (hash_init(&s->by_id) || hash_init(&s->by_peer))
		goto err_parts;
	err = sources_new(&s->sources, &conf->limits);
	if (!err && getrandom(&s->key, sizeof(s->key), 0) != (ssize_t)sizeof(s->key))
		err = -EIO;
	if (!err)
		err = uv_async_init(s->loop, &s->wake, woken);
	if (err)
		goto err_parts;
	s->wake.data = s;
	err = start_threads(s, conf);
	if (err) {
		streams_close(s);
		return err;
	}
	*out = s;
	return 0;

err_parts:
	free_parts(s);
	return err;
}

void streams_close(struct streams *s)
{
	struct hash_node *node;
	size_t bucket = 0;

	if (!s)
		return;
	while (!list_empty(&s->listeners))
		streams_unlisten(s, list_entry(s->listeners.next, struct listener, node)->index);
	stop_threads(s);
	while ((node = hash_from(&s->by_id, &bucket)))
		stream_table_remove(s, hash_entry(node, struct stream, by_id));
	uv_close((uv_handle_t *)&s->wake, gone);
}
