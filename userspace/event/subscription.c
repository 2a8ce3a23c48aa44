// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Subscriptions: see subscription.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/timer.h"
#include "event/subscription.h"

static u64 hash_text(const struct event_subscriptions *t, struct slice text)
{
	struct hasher h;

	hash_begin(&h, &t->key);
	hash_add(&h, text);
	return hash_end(&h);
}

int event_subscriptions_init(struct event_subscriptions *t, const struct hash_key *key)
{
	t->key = *key;
	return hash_init(&t->by_resource) || hash_init(&t->by_watcher) ? -ENOMEM : 0;
}

void event_subscriptions_free(struct event_subscriptions *t)
{
	hash_free(&t->by_resource);
	hash_free(&t->by_watcher);
}

static void free_texts(struct event_subscription *s)
{
	free(s->resource);
	free(s->watcher);
	free(s->id);
}

int event_subscription_begin(struct event_subscriptions *t, struct event_subscription *s,
			     enum event_package package, const char *resource,
			     const char *watcher, struct slice id)
{
	*s = (struct event_subscription){ .package = package };
	s->resource = strdup(resource);
	s->watcher = strdup(watcher);
	s->id = id.n ? slice_dup(id) : NULL;
	if (!s->resource || !s->watcher || (id.n && !s->id)) {
		free_texts(s);
		return -ENOMEM;
	}
	hash_insert(&t->by_resource, &s->by_resource, hash_text(t, slice_str(resource)));
	hash_insert(&t->by_watcher, &s->by_watcher, hash_text(t, slice_str(watcher)));
	t->n++;
	t->of[package]++;
	return 0;
}

void event_subscription_end(struct event_subscriptions *t, struct event_subscription *s)
{
	hash_remove(&t->by_resource, &s->by_resource);
	hash_remove(&t->by_watcher, &s->by_watcher);
	t->n--;
	t->of[s->package]--;
	free_texts(s);
}

struct event_subscription *event_subscription_next(const struct event_subscriptions *t,
						   const struct event_subscription *s,
						   const char *resource)
{
	struct event_subscription *found;
	struct hash_node *node;

	if (!t->n)
		return NULL;
	node = s ? hash_next(&s->by_resource) :
		   hash_first(&t->by_resource, hash_text(t, slice_str(resource)));
	for (; node; node = hash_next(node)) {
		found = hash_entry(node, struct event_subscription, by_resource);
		if (!strcmp(found->resource, resource))
			return found;
	}
	return NULL;
}

size_t event_subscriptions_of(const struct event_subscriptions *t, const char *watcher)
{
	struct hash_node *node = hash_first(&t->by_watcher, hash_text(t, slice_str(watcher)));
	size_t n = 0;

	for (; node; node = hash_next(node))
		n += !strcmp(hash_entry(node, struct event_subscription, by_watcher)->watcher,
			     watcher);
	return n;
}

struct event_subscription *event_subscription_any(const struct event_subscriptions *t)
{
	struct hash_node *node;
	size_t bucket = 0;

	node = t->by_resource.buckets ? hash_from(&t->by_resource, &bucket) : NULL;
	return node ? hash_entry(node, struct event_subscription, by_resource) : NULL;
}

/* --- when to tell --- */

void event_subscription_close(struct event_subscription *s, u64 now, const char *reason)
{
	s->ended = s->ended ? s->ended : reason;
	s->due = s->forced = true;
	s->earliest = now;
}

void event_subscription_grant(struct event_subscription *s, u64 now, u32 expires)
{
	if (!expires) {
		event_subscription_close(s, now, "timeout");
		return;
	}
	s->expires = now + expires * NSEC_PER_SEC;
	s->due = s->forced = true;
	s->earliest = now;
}

u64 event_subscription_deadline(const struct event_subscription *s)
{
	u64 at = s->due && !s->under_way ? s->earliest : UINT64_MAX;

	return s->ended || at < s->expires ? at : s->expires;
}

bool event_subscription_ready(struct event_subscription *s, u64 now)
{
	if (!s->ended && now >= s->expires)
		event_subscription_close(s, now, "timeout");
	return s->due && !s->under_way && now >= s->earliest;
}

bool event_subscription_is_news(const struct event_subscriptions *t,
				const struct event_subscription *s, struct slice document)
{
	return hash_text(t, document) != s->digest;
}

void event_subscription_sent(const struct event_subscriptions *t, struct event_subscription *s,
			     u64 now, u64 interval, struct slice document)
{
	s->digest = hash_text(t, document);
	s->version++;
	s->under_way = true;
	s->due = s->forced = false;
	s->earliest = now + interval;
}

/* RFC 6665 §4.2.2, RFC 5057 §5.1 */
bool event_subscription_ends_by(u16 status)
{
	switch (status) {
	case 404:
	case 405:
	case 408:
	case 410:
	case 416:
	case 480:
	case 481:
	case 482:
	case 483:
	case 484:
	case 485:
	case 489:
	case 501:
	case 503:
	case 604:
		return true;
	default:
		return false;
	}
}

bool event_subscription_answered(struct event_subscription *s, u16 status, bool retry)
{
	s->under_way = false;
	if (s->ended && !s->due)
		return false;
	return retry || !event_subscription_ends_by(status);
}
