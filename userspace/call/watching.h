/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Subscriptions and publications as the outside of the engine sees them: the daemon, which
 * writes them down, and the administrator.
 */
#ifndef CALL_WATCHING_H
#define CALL_WATCHING_H

#include "call/engine.h"

/* For EFFECT_STORE_EVENT: JSON, malloc'ed. -ENOENT: it is over; -ENOMEM. */
int call_engine_save_event(struct call_engine *e, u64 now, u64 wall, u64 record, char **text);
/*
 * Goes on with one of an earlier run, whose watcher is told at once. NULL; or what is wrong with
 * text: the name of a member, "JSON" or "memory", and then nothing has changed.
 */
const char *call_engine_restore_event(struct call_engine *e, u64 now, u64 wall, u64 record,
				      struct slice text);

/* --- for the administrator --- */

struct call_subscription_view {
	u64 id;				/* of its record */
	const char *package, *resource, *watcher, *call_id;
	const char *ended;		/* why; NULL: it is active */
	u64 expires;			/* ns */
	struct addr peer;
	u32 notifies;			/* the number of the next document, or more */
	bool waiting;			/* for the answer to a NOTIFY */
	bool carried;			/* somebody else serves it, */
	struct addr notifier;		/* who is there */
};

void call_engine_each_subscription(const struct call_engine *e,
				   void (*each)(void *arg,
						const struct call_subscription_view *view),
				   void *arg);
/* Ends one, whose watcher is told. -ENOENT */
int call_engine_unsubscribe(struct call_engine *e, u64 now, u64 id);

struct call_presence_view {
	bool served;			/* his domain lets others see it */
	size_t contacts, publications, watchers;
};

/* What watchers of a user see, or would. -ENOENT: he is none of ours; -ENOMEM */
int call_engine_presence(const struct call_engine *e, u64 now, const char *aor,
			 struct call_presence_view *view, struct buf *document);

#endif
