// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Subscriptions and presence for the administrator.
 */
#include <errno.h>

#include "call/call.h"
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

void call_engine_each_subscription(const struct call_engine *e,
				   void (*each)(void *arg,
						const struct call_subscription_view *view),
				   void *arg)
{
	const struct hash *t = &e->watchers->table.by_resource;
	struct call_subscription_view view;
	struct event_subscription *s;
	struct hash_node *node;
	size_t i;

	for (i = 0; i < t->nbuckets; i++)
		for (node = t->buckets[i]; node; node = node->next) {
			s = hash_entry(node, struct event_subscription, by_resource);
			view = view_of(hash_entry(s, struct call_watch, sub));
			each(arg, &view);
		}
}

int call_engine_unsubscribe(struct call_engine *e, u64 now, u64 id)
{
	struct hash_node *node = hash_first(&e->watchers->records, id);
	struct event_record *record = node ? hash_entry(node, struct event_record, node) : NULL;
	struct call_watch *watch;

	e->clock = now;
	if (!record || record->publication)
		return -ENOENT;
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
