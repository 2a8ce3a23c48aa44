// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A source is in the table while it has connections, so the table is no larger than
 * the connections are many.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/random.h>
#include <uv.h>

#include "base/hash.h"
#include "transport/source.h"
#include "transport/stream.h"

struct source {
	struct hash_node node;
	struct addr addr;
	u32 connections, handshakes;
};

struct sources {
	u32 max_connections, max_each, max_handshakes, max_handshakes_each;
	uv_mutex_t lock;
	struct hash_key key;
	/* LOCK: lock; the two figures are read without it */
	struct hash table;
	atomic_uint connections, handshakes;
};

int sources_new(struct sources **out, const struct stream_limits *limits)
{
	struct sources *s = calloc(1, sizeof(*s));
	int err = -ENOMEM;

	if (!s)
		return -ENOMEM;
	s->max_connections = limits->connections;
	s->max_each = limits->source_connections;
	s->max_handshakes = limits->handshakes;
	s->max_handshakes_each = limits->source_handshakes;
	if (hash_init(&s->table))
		goto err_sources;
	err = -EIO;
	if (getrandom(&s->key, sizeof(s->key), 0) != (ssize_t)sizeof(s->key))
		goto err_table;
	err = uv_mutex_init(&s->lock);
	if (err)
		goto err_table;
	*out = s;
	return 0;

err_table:
	hash_free(&s->table);
err_sources:
	free(s);
	return err;
}

void sources_free(struct sources *s)
{
	struct hash_node *node;
	size_t bucket = 0;

	if (!s)
		return;
	while ((node = hash_from(&s->table, &bucket))) {
		hash_remove(&s->table, node);
		free(hash_entry(node, struct source, node));
	}
	hash_free(&s->table);
	uv_mutex_destroy(&s->lock);
	free(s);
}

static struct addr source_of(const struct addr *peer)
{
	struct addr a = *peer;

	a.port = 0;
	if (a.family == AF_INET6)
		memset((char *)&a.ip.v6 + 8, 0, 8);
	return a;
}

static u64 hash_of(const struct sources *s, const struct addr *a)
{
	struct hasher h;

	hash_begin(&h, &s->key);
	hash_add(&h, slice_of((const char *)&a->ip, a->family == AF_INET ? 4 : 16));
	return hash_end(&h);
}

static struct source *find(struct sources *s, const struct addr *a, u64 hash)
{
	struct hash_node *node;

	for (node = hash_first(&s->table, hash); node; node = hash_next(node)) {
		struct source *source = hash_entry(node, struct source, node);

		if (addr_eq(&source->addr, a))
			return source;
	}
	return NULL;
}

static struct source *find_or_add(struct sources *s, const struct addr *peer)
{
	struct addr a = source_of(peer);
	u64 hash = hash_of(s, &a);
	struct source *source = find(s, &a, hash);

	if (source)
		return source;
	source = calloc(1, sizeof(*source));
	if (!source)
		return NULL;
	source->addr = a;
	hash_insert(&s->table, &source->node, hash);
	return source;
}

static void drop_unused(struct sources *s, struct source *source)
{
	if (source->connections)
		return;
	hash_remove(&s->table, &source->node);
	free(source);
}

static int enter(struct sources *s, const struct addr *peer, bool handshake)
{
	struct source *source;
	int err = 0;

	if (s->connections >= s->max_connections)
		return -ENFILE;
	if (handshake && s->handshakes >= s->max_handshakes)
		return -EBUSY;
	source = find_or_add(s, peer);
	if (!source)
		return -ENOMEM;
	if (source->connections >= s->max_each)
		err = -EDQUOT;
	else if (handshake && source->handshakes >= s->max_handshakes_each)
		err = -EBUSY;
	if (err) {
		drop_unused(s, source);
		return err;
	}
	source->connections++;
	source->handshakes += handshake;
	s->connections++;
	s->handshakes += handshake;
	return 0;
}

int sources_enter(struct sources *s, const struct addr *peer, bool handshake)
{
	int err;

	uv_mutex_lock(&s->lock);
	err = enter(s, peer, handshake);
	uv_mutex_unlock(&s->lock);
	return err;
}

static struct source *find_peer(struct sources *s, const struct addr *peer)
{
	struct addr a = source_of(peer);

	return find(s, &a, hash_of(s, &a));
}

void sources_established(struct sources *s, const struct addr *peer)
{
	struct source *source;

	uv_mutex_lock(&s->lock);
	source = find_peer(s, peer);
	source->handshakes--;
	s->handshakes--;
	uv_mutex_unlock(&s->lock);
}

void sources_leave(struct sources *s, const struct addr *peer, bool handshake)
{
	struct source *source;

	uv_mutex_lock(&s->lock);
	source = find_peer(s, peer);
	source->connections--;
	source->handshakes -= handshake;
	s->connections--;
	s->handshakes -= handshake;
	drop_unused(s, source);
	uv_mutex_unlock(&s->lock);
}

int sources_enter_outgoing(struct sources *s)
{
	int err = 0;

	uv_mutex_lock(&s->lock);
	if (s->connections >= s->max_connections)
		err = -ENFILE;
	else
		s->connections++;
	uv_mutex_unlock(&s->lock);
	return err;
}

void sources_leave_outgoing(struct sources *s)
{
	uv_mutex_lock(&s->lock);
	s->connections--;
	uv_mutex_unlock(&s->lock);
}

u32 sources_connections(const struct sources *s)
{
	return s->connections;
}

u32 sources_handshakes(const struct sources *s)
{
	return s->handshakes;
}
