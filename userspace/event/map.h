/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bodies that pass from one side to the other, in the words of the other side: what they say
 * stays, URIs lead to us, and dialogs are named as they are known there. What cannot be said in
 * those words is left out. Pure functions: who knows the words gives them.
 */
#ifndef EVENT_MAP_H
#define EVENT_MAP_H

#include "base/buf.h"
#include "base/mac.h"

#define EVENT_MAP_BODY 65536	/* bytes of the longest */

/* Of the one who wrote the body; empty: not said. */
struct event_dialog {
	struct slice call_id, local_tag, remote_tag;
};

struct event_map {
	void *user;
	/* Adds uri, of sip, sips, tel, pres or im, as it is there to out. false: not to be told. */
	bool (*uri)(void *user, struct slice uri, struct buf *out);
	/* As it is known there; the slices stay until the next call. false: it is not. */
	bool (*dialog)(void *user, const struct event_dialog *d, struct event_dialog *there);
	/* Has text a name of the side that it comes from? */
	bool (*hidden)(void *user, struct slice text);
	u8 key[MAC_KEY];	/* of identifiers: the same, as long as it is */
};

/* Is there something to map in bodies of that Content-Type? */
bool event_map_reads(struct slice type);
/*
 * The body, of a type that it reads, is added to out in the words of the other side. 0;
 * -EINVAL with *why; -ENOMEM.
 */
int event_map_body(const struct event_map *m, struct slice type, struct slice body,
		   struct buf *out, const char **why);

/* What stands around the parts of a body: as it is, without headers that tell of the side. */
void event_map_around(const struct event_map *m, struct slice text, struct buf *out);

/* map_event.c: what Event's parameters name (RFC 4235 §3.2) */
#define EVENT_CALL_ID 256

enum event_named {
	EVENT_NAMES_NONE,
	EVENT_NAMES_KNOWN,
	EVENT_NAMES_LOST,		/* a dialog that is not known, or cannot be read */
};

/* *d, in which tags are the notifier's and remote_tag may be missing; call_id is for its bytes. */
enum event_named event_named(struct slice value, struct event_dialog *d,
			     char call_id[EVENT_CALL_ID]);
/* The value is added to out in the words of the other side, without what is lost. */
enum event_named event_map_event(const struct event_map *m, struct slice value,
				 struct buf *out);

#endif
