/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Subscriptions (RFC 6665) without their dialogs: who watches what of whom, until when, and
 * whether something is to be told now. One NOTIFY at a time is under way; what happens
 * meanwhile makes one more, with the state as it then is. They live inside their owners.
 */
#ifndef EVENT_SUBSCRIPTION_H
#define EVENT_SUBSCRIPTION_H

#include "base/hash.h"
#include "event/package.h"

struct event_subscriptions {
	struct hash_key key;
	struct hash by_resource, by_watcher;
	size_t n, of[EVENT_PACKAGES];
};

struct event_subscription {
	struct hash_node by_resource, by_watcher;
	enum event_package package;
	char *resource;			/* address-of-record */
	char *watcher;			/* the same, or the name of a trunk */
	char *id;			/* of Event; NULL: none */
	u64 expires;			/* ns */
	u64 earliest;			/* when the next NOTIFY may leave */
	u32 version;			/* of the next document */
	u64 digest;			/* of the last one */
	bool due;			/* there may be something to tell */
	bool forced;			/* and be it the same again */
	bool under_way;			/* a NOTIFY has no answer yet */
	const char *ended;		/* why, of Subscription-State; NULL: it is active */
};

int event_subscriptions_init(struct event_subscriptions *t, const struct hash_key *key);
void event_subscriptions_free(struct event_subscriptions *t);	/* they are their owners' */

/* Into the table; id empty: none. The strings are copied. 0 or -ENOMEM */
int event_subscription_begin(struct event_subscriptions *t, struct event_subscription *s,
			     enum event_package package, const char *resource,
			     const char *watcher, struct slice id);
void event_subscription_end(struct event_subscriptions *t, struct event_subscription *s);
/* Those who watch the resource, one after the other; s NULL: the first. NULL: no more. */
struct event_subscription *event_subscription_next(const struct event_subscriptions *t,
						   const struct event_subscription *s,
						   const char *resource);
size_t event_subscriptions_of(const struct event_subscriptions *t, const char *watcher);
/* Any of them; NULL: there is none. */
struct event_subscription *event_subscription_any(const struct event_subscriptions *t);

/* For so many s from now on; 0: it ends, with a last NOTIFY. Either way one is to be sent. */
void event_subscription_grant(struct event_subscription *s, u64 now, u32 expires);
void event_subscription_close(struct event_subscription *s, u64 now, const char *reason);
/* When something is to be done; UINT64_MAX: only after an answer. */
u64 event_subscription_deadline(const struct event_subscription *s);
/* Is a NOTIFY to be made now? What has expired is ended. */
bool event_subscription_ready(struct event_subscription *s, u64 now);
/* Is the document, printed with the version of the last one, another than that? */
bool event_subscription_is_news(const struct event_subscriptions *t,
				const struct event_subscription *s, struct slice document);
/* A NOTIFY with it is on the way; interval: ns to the next one. */
void event_subscription_sent(const struct event_subscriptions *t, struct event_subscription *s,
			     u64 now, u64 interval, struct slice document);
/* Does this answer to a NOTIFY, or to a SUBSCRIBE in its dialog, end the subscription? */
bool event_subscription_ends_by(u16 status);
/* It was answered so, by 408 and 503 when it was not. false: the subscription is over. */
bool event_subscription_answered(struct event_subscription *s, u16 status, bool retry);

#endif
