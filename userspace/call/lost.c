// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The record of a call that an earlier run of the daemon left behind and that nobody can
 * go on with: it was not up yet, or what was written of it cannot be read (any more). It
 * says what can be known; each member is read for itself, and one that is missing or
 * wrong leaves a gap.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/call.h"

#define MAX_TEXT 1024

/* NULL: there is none, or no memory, which leaves a gap, too. */
static char *text_of(const json_t *saved, const char *key)
{
	struct json_reader r = { 0 };
	const char *text = json_read_text(&r, saved, key, MAX_TEXT);

	return *text ? strdup(text) : NULL;
}

static u64 time_of(const json_t *saved, const char *key, u64 now, u64 wall)
{
	struct json_reader r = { 0 };
	u64 at = call_time_read(&r, saved, key, now, wall);

	return r.bad ? 0 : at;
}

static void read_party(struct call_record_leg *to, const json_t *saved, bool caller)
{
	const json_t *dialog = json_object_get(saved, "dialog");
	struct json_reader r = { 0 };

	to->realm = text_of(saved, "realm");
	to->trunk = text_of(saved, "trunk");
	to->peer = json_read_addr(&r, saved, "peer");
	to->call_id = text_of(dialog, "call_id");
	to->from = text_of(dialog, caller ? "remote_uri" : "local_uri");
	to->to = text_of(dialog, caller ? "local_uri" : "remote_uri");
}

struct call_record *call_record_lost(u64 id, u64 now, u64 wall, struct slice saved)
{
	struct call_record *r = zalloc(sizeof(*r));
	json_t *object;

	if (!r)
		return NULL;
	object = json_loadb(saved.p, saved.n, JSON_REJECT_DUPLICATES, NULL);
	r->id = id;
	r->route = text_of(object, "route");
	read_party(&r->a, json_object_get(object, "a"), true);
	read_party(&r->b, json_object_get(object, "b"), false);
	r->a.request_uri = text_of(object, "to");
	r->setup = time_of(object, "created", now, wall);
	r->answer = time_of(object, "answered", now, wall);
	r->end = now;
	r->cause = 41;		/* temporary failure */
	snprintf(r->text, sizeof(r->text), "lost when the daemon stopped");
	r->restart = CALL_LOST;
	json_decref(object);
	return r;
}
