/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Watchers of our users in the engine: inside of call/. A subscription that is served here
 * is an errand: its dialog, the NOTIFY under way, and when the next one is due.
 */
#ifndef CALL_WATCH_H
#define CALL_WATCH_H

#include "call/errand.h"
#include "call/source.h"
#include "event/subscription.h"

#define CALL_MAX_WATCHES 100000

struct call_watch {
	struct call_errand errand;
	struct event_subscription sub;
	struct timer timer;
};

struct call_watchers {
	struct event_subscriptions table;
};

/* key: unguessable. 0 or -ENOMEM */
int call_watchers_init(struct call_engine *e, const struct hash_key *key);
void call_watchers_clear(struct call_engine *e);

/* subscribe.c */
/* A SUBSCRIBE outside of dialogs. false: not ours to serve, and nothing was done. */
bool call_subscribe(struct call_engine *e, u64 now, const struct sip_event *ev,
		    const struct call_source *source);
/* Of a package, or for somebody, that nobody serves: 489, or 405 where none is. */
void call_subscribe_unserved(struct call_engine *e, u64 now, const struct sip_event *ev);
/* Inside of the dialog. */
void call_subscribe_again(struct call_engine *e, u64 now, struct call_watch *watch,
			  const struct sip_event *ev);
/* Allow and, of what any domain serves, Allow-Events. */
void call_subscribe_lines(const struct call_engine *e, struct buf *lines);

/* notify.c */
/* The domain that watch->sub is served by; NULL: none any more. */
const struct call_domain *call_watch_domain(const struct call_engine *e,
					    const struct call_watch *watch);
/* Sends the NOTIFY that is due, if it may leave. */
void call_watch_tell(struct call_engine *e, u64 now, struct call_watch *watch);
void call_watch_timer(struct call_engine *e, u64 now, struct call_watch *watch);
void call_watch_event(struct call_engine *e, u64 now, struct call_watch *watch,
		      const struct sip_event *ev);
void call_watch_free(struct call_engine *e, struct call_watch *watch);
/* Something about a user is not what it was. */
void call_watchers_changed(struct call_engine *e, const char *aor);

#endif
