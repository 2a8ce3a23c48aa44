// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Publications: see publication.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "event/publication.h"

static u64 hash_text(const struct event_publications *t, const char *text)
{
	struct hasher h;

	hash_begin(&h, &t->key);
	hash_add(&h, slice_str(text));
	return hash_end(&h);
}

int event_publications_init(struct event_publications *t, const struct hash_key *key)
{
	t->key = *key;
	return hash_init(&t->by_resource);
}

void event_publications_free(struct event_publications *t)
{
	hash_free(&t->by_resource);
}

struct event_publication *event_publication_any(const struct event_publications *t)
{
	struct hash_node *node;
	size_t bucket = 0;

	node = t->by_resource.buckets ? hash_from(&t->by_resource, &bucket) : NULL;
	return node ? hash_entry(node, struct event_publication, by_resource) : NULL;
}

struct event_publication *event_publication_new(struct event_publications *t,
						const char *resource,
						const struct event_parts *parts)
{
	struct event_publication *p = zalloc(sizeof(*p) + strlen(resource) + 1);

	if (!p)
		return NULL;
	strcpy(p->resource, resource);
	p->parts = *parts;
	hash_insert(&t->by_resource, &p->by_resource, hash_text(t, resource));
	return p;
}

void event_publication_free(struct event_publications *t, struct event_publication *p)
{
	hash_remove(&t->by_resource, &p->by_resource);
	free(p->parts.xml);
	free(p);
}

struct event_publication *event_publication_next(const struct event_publications *t,
						 const struct event_publication *p,
						 const char *resource)
{
	struct hash_node *node = p ? hash_next(&p->by_resource) :
				 hash_first(&t->by_resource, hash_text(t, resource));
	struct event_publication *found;

	for (; node; node = hash_next(node)) {
		found = hash_entry(node, struct event_publication, by_resource);
		if (!strcmp(found->resource, resource))
			return found;
	}
	return NULL;
}

struct event_publication *event_publication_find(const struct event_publications *t,
						 const char *resource, struct slice tag)
{
	struct event_publication *p = NULL;

	while ((p = event_publication_next(t, p, resource)))
		if (slice_eq(slice_str(p->tag), tag))
			return p;
	return NULL;
}
