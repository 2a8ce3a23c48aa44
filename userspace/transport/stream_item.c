// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What goes between the threads, and the counted things in it.
 */
#include <stdlib.h>
#include <unistd.h>

#include "transport/stream_private.h"
#include "transport/tls.h"

struct item *item_new(enum item_kind kind, struct stream *stream, struct slice bytes)
{
	struct item *item = malloc(sizeof(*item) + bytes.n);

	if (!item)
		return NULL;
	*item = (struct item){ .kind = kind, .n = bytes.n };
	if (stream)
		item->stream = stream_get(stream);
	if (bytes.n)
		memcpy(item->bytes, bytes.p, bytes.n);
	return item;
}

void item_free(struct list *node)
{
	struct item *item = (struct item *)node;

	if (!item)
		return;
	stream_put(item->stream);
	listener_put(item->listener);
	tls_context_put(item->tls);
	tls_peer_free(item->peer);
	free(item->origin);
	free(item->text);
	free(item);
}

/* With one reference. Its id names no other connection, of this process or one before it. */
struct stream *stream_new(struct streams *s, u32 listener, enum transport transport,
			  const struct addr *peer)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return NULL;
	atomic_init(&stream->refs, 1);
	stream->since = uv_hrtime();
	stream->info = (struct stream_info){
		.id = atomic_fetch_add(&s->last_id, 1) + 1,
		.listener = listener,
		.transport = transport,
		.peer = *peer,
	};
	return stream;
}

struct stream *stream_get(struct stream *stream)
{
	atomic_fetch_add_explicit(&stream->refs, 1, memory_order_relaxed);
	return stream;
}

void stream_put(struct stream *stream)
{
	if (!stream || atomic_fetch_sub(&stream->refs, 1) > 1)
		return;
	tls_peer_free(stream->peer);
	free(stream->server_name);
	free(stream->origin);
	free(stream);
}

struct listener *listener_get(struct listener *l)
{
	atomic_fetch_add_explicit(&l->refs, 1, memory_order_relaxed);
	return l;
}

void listener_put(struct listener *l)
{
	size_t i;

	if (!l || atomic_fetch_sub(&l->refs, 1) > 1)
		return;
	if (l->fd >= 0)
		close(l->fd);
	for (i = 0; i < l->norigins; i++)
		free(l->origins[i]);
	free(l->origins);
	free(l);
}
