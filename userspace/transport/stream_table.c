// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connections by id, and by whom they reach: a key for the peer that we connected to, and
 * one for each alias (RFC 5923). Of the daemon's thread alone.
 */
#include <errno.h>
#include <stdlib.h>

#include "transport/stream_private.h"
#include "transport/tls.h"

/* That requests to addr may go by a connection. */
struct stream_key {
	struct hash_node node;
	struct stream *stream;
	struct addr addr;
};

static u64 id_hash(const struct streams *s, u64 id)
{
	struct hasher h;

	hash_begin(&h, &s->key);
	hash_add_u64(&h, id);
	return hash_end(&h);
}

static u64 peer_hash(const struct streams *s, u32 listener, enum transport transport,
		     const struct addr *peer)
{
	struct hasher h;

	hash_begin(&h, &s->key);
	hash_add_u64(&h, listener);
	hash_add_u64(&h, transport);
	hash_add_u64(&h, peer->port);
	hash_add(&h, slice_of((const char *)&peer->ip, peer->family == AF_INET ? 4 : 16));
	return hash_end(&h);
}

static int add_key(struct streams *s, struct stream *stream, const struct addr *addr)
{
	struct stream_key *key = calloc(1, sizeof(*key));

	if (!key)
		return -ENOMEM;
	key->stream = stream;
	key->addr = *addr;
	stream->keys[stream->nkeys++] = key;
	hash_insert(&s->by_peer, &key->node,
		    peer_hash(s, stream->info.listener, stream->info.transport, addr));
	return 0;
}

int stream_table_add(struct streams *s, struct stream *stream)
{
	if (!stream->info.incoming && add_key(s, stream, &stream->info.peer))
		return -ENOMEM;
	hash_insert(&s->by_id, &stream->by_id, id_hash(s, stream->info.id));
	s->threads[stream->thread].connections++;
	stream->known = true;
	stream_get(stream);
	return 0;
}

void stream_table_remove(struct streams *s, struct stream *stream)
{
	size_t i;

	if (!stream->known)
		return;
	for (i = 0; i < stream->nkeys; i++) {
		hash_remove(&s->by_peer, &stream->keys[i]->node);
		free(stream->keys[i]);
	}
	stream->nkeys = 0;
	hash_remove(&s->by_id, &stream->by_id);
	s->threads[stream->thread].connections--;
	stream->known = false;
	stream_put(stream);
}

struct stream *stream_table_find(struct streams *s, u64 id)
{
	struct hash_node *node;

	for (node = hash_first(&s->by_id, id_hash(s, id)); node; node = hash_next(node)) {
		struct stream *stream = hash_entry(node, struct stream, by_id);

		if (stream->info.id == id)
			return stream;
	}
	return NULL;
}

const struct stream_info *streams_info(struct streams *s, u64 id)
{
	struct stream *stream = stream_table_find(s, id);

	return stream ? &stream->info : NULL;
}

/*
 * RFC 5923 §7: over TLS a connection that the peer made serves the names that its
 * certificate proved, and no other one; ours serves the name that we asked for.
 */
static bool serves_name(const struct stream_info *info, const char *name)
{
	if (!transport_secure(info->transport))
		return true;
	if (info->incoming)
		return name && info->tls && tls_peer_is(info->tls, name);
	if (!name || !info->server_name)
		return !name && !info->server_name;
	return slice_caseeq(slice_str(name), slice_str(info->server_name));
}

static bool fits(const struct stream_key *key, const struct stream_target *to)
{
	const struct stream *stream = key->stream;

	return stream->told && atomic_load(&stream->state) == STREAM_OPEN &&
	       stream->info.listener == to->listener &&
	       stream->info.transport == to->transport &&
	       addr_eq(&key->addr, &to->peer) && serves_name(&stream->info, to->server_name);
}

u64 streams_find(struct streams *s, const struct stream_target *to)
{
	u64 hash = peer_hash(s, to->listener, to->transport, &to->peer);
	struct hash_node *node;

	for (node = hash_first(&s->by_peer, hash); node; node = hash_next(node)) {
		struct stream_key *key = hash_entry(node, struct stream_key, node);

		if (fits(key, to))
			return key->stream->info.id;
	}
	return 0;
}

int streams_alias(struct streams *s, u64 id, const struct addr *addr)
{
	struct stream *stream = stream_table_find(s, id);
	size_t i;

	if (!stream)
		return -ENOENT;
	for (i = 0; i < stream->nkeys; i++)
		if (addr_eq(&stream->keys[i]->addr, addr))
			return 0;
	if (stream->nkeys == STREAM_MAX_ALIASES)
		return -ENOBUFS;
	return add_key(s, stream, addr);
}

void streams_each(struct streams *s, void (*view)(void *arg, const struct stream_view *view),
		  void *arg)
{
	u64 now = uv_hrtime();
	size_t i;

	for (i = 0; i < s->by_id.nbuckets; i++) {
		struct hash_node *node;

		for (node = s->by_id.buckets[i]; node; node = node->next) {
			struct stream *stream = hash_entry(node, struct stream, by_id);
			struct stream_view v = {
				.info = &stream->info,
				.state = (enum stream_state)atomic_load(&stream->state),
				.age = now - stream->since,
				.bytes_in = stream->bytes_in,
				.bytes_out = stream->bytes_out,
				.messages_in = stream->messages_in,
				.messages_out = stream->messages_out,
				.queued = stream->waiting + stream->unsent,
			};

			view(arg, &v);
		}
	}
}
