/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What users published of themselves (RFC 3903): soft state, each with its entity-tag, until
 * it expires. What is kept are the parts of a document that is made of all of them.
 */
#ifndef EVENT_PUBLICATION_H
#define EVENT_PUBLICATION_H

#include "base/hash.h"
#include "base/timer.h"
#include "event/package.h"
#include "event/record.h"

#define EVENT_TAG 17			/* bytes of an entity-tag, with NUL */
#define EVENT_MAX_DOCUMENT 8192		/* bytes of one that is published */
#define EVENT_MAX_PARTS (3 * EVENT_MAX_DOCUMENT)	/* each repeats its namespaces */

struct event_publications {
	struct hash_key key;
	struct hash by_resource;
};

struct event_publication {
	struct hash_node by_resource;
	struct timer timer;		/* its owner's, */
	struct event_record record;	/* and that, too */
	char tag[EVENT_TAG];
	char salt[EVENT_TAG];		/* of its identifiers, which stay: its first tag */
	u64 expires;			/* ns */
	struct event_parts parts;
	char resource[];		/* address-of-record */
};

int event_publications_init(struct event_publications *t, const struct hash_key *key);
void event_publications_free(struct event_publications *t);	/* they are their owners' */
/* Takes parts, unless there is no memory: NULL. */
struct event_publication *event_publication_new(struct event_publications *t,
						const char *resource,
						const struct event_parts *parts);
void event_publication_free(struct event_publications *t, struct event_publication *p);
/* Those of the resource, one after the other; p NULL: the first. NULL: no more. */
struct event_publication *event_publication_next(const struct event_publications *t,
						 const struct event_publication *p,
						 const char *resource);
/* Any of them; NULL: there is none. */
struct event_publication *event_publication_any(const struct event_publications *t);
/* NULL: there is none. */
struct event_publication *event_publication_find(const struct event_publications *t,
						 const char *resource, struct slice tag);

/*
 * Reads a PIDF: whose it is, and its parts, for a document about entity: identifiers are made
 * different by salt, and who contacts him does so by entity. 0, and parts->xml is to be freed;
 * -EINVAL with *why; -ENOMEM.
 */
int event_pidf_read(struct slice document, const char *entity, const char *salt,
		    char whose[EVENT_ENTITY], struct event_parts *parts, const char **why);

#endif
