// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Subscriptions and presence for the administrator.
 */
#include <errno.h>

#include "call/bridge.h"
#include "call/register.h"
#include "call/watch.h"
#include "call/watching.h"

static struct call_subscription_view view_of(const struct call_watch *watch)
{
	const struct event_subscription *s = &watch->sub;

	return (struct call_subscription_view){
		.id = watch->record.number, .package = event_kinds[s->package].name,
		.resource = s->resource, .watcher = s->watcher,
		.call_id = watch->errand.dialog->call_id, .ended = s->ended,
		.expires = s->expires, .peer = watch->errand.dialog->flow.peer,
		.notifies = s->version, .waiting = s->under_way,
	};
}

/* Its NOTIFYs are counted; those that are served have numbers. */
static struct call_subscription_view view_of_bridge(const struct call_bridge *b)
{
	return (struct call_subscription_view){
		.id = b->record.number, .package = b->package,
		.resource = b->resource, .watcher = b->watcher,
		.call_id = b->sides.from.dialog->call_id, .ended = b->ended,
		.expires = b->expires, .peer = b->sides.from.dialog->flow.peer,
		.notifies = b->notifies, .waiting = !list_empty(&b->crossings),
		.carried = true, .notifier = b->to.dialog->flow.peer,
	};
}

void call_engine_each_subscription(const struct call_engine *e,
				   void (*each)(void *arg,
						const struct call_subscription_view *view),
				   void *arg)
{
	const struct hash *t = &e->watchers->table.by_resource;
	struct call_subscription_view view;
	struct event_subscription *s;
	struct call_bridge *b;
	struct hash_node *node;
	size_t i;

	for (i = 0; i < t->nbuckets; i++)
		for (node = t->buckets[i]; node; node = node->next) {
			s = hash_entry(node, struct event_subscription, by_resource);
			view = view_of(hash_entry(s, struct call_watch, sub));
			each(arg, &view);
		}
	t = &e->watchers->bridges;
	for (i = 0; i < t->nbuckets; i++)
		for (node = t->buckets[i]; node; node = node->next) {
			b = hash_entry(node, struct call_bridge, node);
			if (!b->kept)
				continue;
			view = view_of_bridge(b);
			each(arg, &view);
		}
}

int call_engine_unsubscribe(struct call_engine *e, u64 now, u64 id)
{
	struct hash_node *node = hash_first(&e->watchers->records, id);
	struct event_record *record = node ? hash_entry(node, struct event_record, node) : NULL;
	struct call_watch *watch;

	e->clock = now;
	if (!record || record->kind == EVENT_RECORD_PUBLICATION)
		return -ENOENT;
	if (record->kind == EVENT_RECORD_CARRIED) {
		call_bridge_end(e, now, hash_entry(record, struct call_bridge, record),
				"rejected");
		return 0;
	}
	watch = hash_entry(record, struct call_watch, record);
	if (!watch->sub.ended)
		event_subscription_close(&watch->sub, now, "rejected");
	call_watch_tell(e, now, watch);
	return 0;
}

int call_engine_presence(const struct call_engine *e, u64 now, const char *aor,
			 struct call_presence_view *view, struct buf *document)
{
	const struct event_publication *p = NULL;
	const struct event_subscription *s = NULL;
	const char *at = strrchr(aor, '@');
	const struct call_domain *domain;
	struct registrar_contact found[REGISTRAR_CONTACTS];

	domain = at ? call_policy_domain(e->policy, slice_str(at + 1)) : NULL;
	if (!domain || strlen(aor) >= REGISTRAR_AOR ||
	    !call_secret_of(e, domain, slice_of(aor, (size_t)(at - aor))))
		return -ENOENT;
	*view = (struct call_presence_view){
		.served = domain->events.presence,
		.contacts = registrar_lookup(e->registrar->table, now, aor, found),
	};
	while ((p = event_publication_next(&e->watchers->publications, p, aor)))
		view->publications++;
	while ((s = event_subscription_next(&e->watchers->table, s, aor)))
		view->watchers += s->package == EVENT_PRESENCE;
	return call_watch_print(e, now, EVENT_PRESENCE, aor, 0, document);
}
