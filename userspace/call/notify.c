// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * NOTIFY (RFC 6665 §4.2.2): the state of a user as it is when it is told. A change only says
 * that there may be something to tell; whoever would get the same document again gets none.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/bridge.h"
#include "call/dialog_record.h"
#include "call/register.h"
#include "call/watch.h"

#define NO_MEMORY_RETRY NSEC_PER_SEC

/* --- what is told --- */

/* The same for a contact that is registered again, and says nothing of it. */
static u64 contact_id(const struct call_engine *e, const struct registrar_contact *contact)
{
	struct hasher h;

	hash_begin(&h, &e->watchers->table.key);
	hash_add(&h, contact->uri);
	return hash_end(&h);
}

static void add_published(const struct call_engine *e, const char *aor, struct event_state *state)
{
	const struct event_publication *p = NULL;

	while (state->npublished < EVENT_PUBLICATIONS &&
	       (p = event_publication_next(&e->watchers->publications, p, aor)))
		state->published[state->npublished++] = &p->parts;
}

/* Of his calls only that one, if it is not 0; and of those that over knows what is over. */
static int print(const struct call_engine *e, u64 now, enum event_package package,
		 const char *aor, u32 version, u64 only, const struct call_watch *over,
		 struct buf *document)
{
	const struct call_domain *domain;
	struct registrar_contact found[REGISTRAR_CONTACTS];
	struct event_contact contacts[REGISTRAR_CONTACTS];
	struct event_call calls[2 * EVENT_CALLS];
	char entity[EVENT_ENTITY];
	struct event_state state = { .entity = entity, .contacts = contacts, .calls = calls };
	size_t i;

	buf_reset(document);
	if (!event_entity(aor, entity))
		return -ENOMEM;
	domain = call_policy_domain(e->policy, slice_str(strrchr(aor, '@') + 1));
	if (package == EVENT_DIALOG)
		state.ncalls = call_lamp_calls(e, aor, only,
					       domain && domain->events.identities, calls);
	if (over)
		state.ncalls = call_lamp_over(over, state.ncalls, calls);
	state.ncontacts = registrar_lookup(e->registrar->table, now, aor, found);
	for (i = 0; i < state.ncontacts; i++)
		contacts[i] = (struct event_contact){
			.uri = found[i].uri, .q = found[i].q, .id = contact_id(e, &found[i]),
		};
	add_published(e, aor, &state);
	return event_kinds[package].print(document, &state, version);
}

int call_watch_print(const struct call_engine *e, u64 now, enum event_package package,
		     const char *aor, u32 version, struct buf *document)
{
	return print(e, now, package, aor, version, 0, NULL, document);
}

const struct call_domain *call_watch_domain(const struct call_engine *e,
					    const struct call_watch *watch)
{
	const struct event_subscription *s = &watch->sub;
	const char *at = strrchr(s->resource, '@');
	const struct call_domain *d = call_policy_domain(e->policy, slice_str(at + 1));
	struct slice user = slice_of(s->resource, (size_t)(at - s->resource));
	const char *own = strrchr(s->watcher, '@');

	if (!d || !event_policy_serves(&d->events, s->package) || !call_secret_of(e, d, user))
		return NULL;
	if (!own)
		return d->events.reg == EVENT_REG_TRUNKS ? d : NULL;
	user = slice_of(s->watcher, (size_t)(own - s->watcher));
	return call_secret_of(e, d, user) ? d : NULL;
}

/* --- NOTIFY --- */

static int send_notify(struct call_engine *e, u64 now, struct call_watch *watch,
		       struct slice document)
{
	const struct event_subscription *s = &watch->sub;
	u64 left = s->expires > now ? (s->expires - now + NSEC_PER_SEC - 1) / NSEC_PER_SEC : 0;
	struct sip_content content = { .body = document };
	struct buf lines;
	int err = -ENOMEM;

	buf_init(&lines);
	buf_printf(&lines, "Event: %s%s%s\r\nSubscription-State: ", event_kinds[s->package].name,
		   s->id ? ";id=" : "", s->id ? s->id : "");
	if (s->ended)
		buf_printf(&lines, "terminated;reason=%s\r\n", s->ended);
	else
		buf_printf(&lines, "active;expires=%llu\r\n", (unsigned long long)left);
	content.headers = buf_slice(&lines);
	if (document.n)
		content.content_type = slice_str(event_kinds[s->package].type);
	if (!lines.failed)
		err = sip_request(e->sip, now, watch->errand.dialog, SIP_NOTIFY, &content,
				  call_errand_handle(&watch->errand), &watch->errand.client);
	buf_free(&lines);
	return err;
}

/* How things are, with which the next one is compared; and what is sent: what is over, too. */
static int print_both(struct call_engine *e, u64 now, const struct call_watch *watch,
		      struct buf *lasting, struct buf *sent)
{
	const struct event_subscription *s = &watch->sub;
	int err = print(e, now, s->package, s->resource, s->version, watch->call, NULL, lasting);

	if (err)
		return err;
	if (watch->ntold)
		return print(e, now, s->package, s->resource, s->version, watch->call, watch,
			     sent);
	buf_add(sent, buf_slice(lasting));
	return sent->failed ? -ENOMEM : 0;
}

/* 0; -EALREADY: he has that document; -ENOMEM. */
static int tell(struct call_engine *e, u64 now, struct call_watch *watch, u64 interval)
{
	struct event_subscription *s = &watch->sub;
	bool silent = s->ended && strcmp(s->ended, "timeout") && strcmp(s->ended, "noresource");
	struct buf document, sent;
	int err = 0;

	buf_init(&document);
	buf_init(&sent);
	if (!s->forced) {
		err = print(e, now, s->package, s->resource, s->version - 1, watch->call, NULL,
			    &document);
		if (!err && !event_subscription_is_news(&e->watchers->table, s,
							buf_slice(&document)))
			err = -EALREADY;
	}
	if (!err && !silent)
		err = print_both(e, now, watch, &document, &sent);
	if (!err)
		err = send_notify(e, now, watch, buf_slice(&sent));
	if (!err) {
		e->counters[CALL_COUNT_NOTIFIES]++;
		if (call_cseq_is_near(watch->errand.dialog->local_cseq, watch->saved_cseq))
			call_kept_changed(e, &watch->record);
		event_subscription_sent(&e->watchers->table, s, now, interval,
					buf_slice(&document));
		call_lamp_told(e, watch);
	}
	buf_free(&document);
	buf_free(&sent);
	return err;
}

static void arm(struct call_engine *e, struct call_watch *watch)
{
	u64 deadline = event_subscription_deadline(&watch->sub);

	if (deadline == UINT64_MAX)
		timer_disarm(&e->timers, &watch->timer);
	else
		timer_arm(&e->timers, &watch->timer, deadline);
}

void call_watch_tell(struct call_engine *e, u64 now, struct call_watch *watch)
{
	const struct call_domain *domain = call_watch_domain(e, watch);
	struct event_subscription *s = &watch->sub;
	int err;

	if (!domain && !s->ended)
		event_subscription_close(s, s->earliest, "rejected");
	if (event_subscription_ready(s, now)) {
		if (!s->ended && call_lamp_is_out(e, watch))
			event_subscription_close(s, s->earliest, "noresource");
		err = tell(e, now, watch, domain ? domain->events.interval : 0);
		if (err == -EALREADY)
			s->due = false;
		else if (err)
			s->earliest = now + NO_MEMORY_RETRY;
	}
	arm(e, watch);
}

void call_watch_timer(struct call_engine *e, u64 now, struct call_watch *watch)
{
	call_watch_tell(e, now, watch);
}

static void answered(struct call_engine *e, u64 now, struct call_watch *watch,
		     const struct sip_event *ev)
{
	u16 status = call_errand_status(ev);
	bool response = ev->type == SIP_EVENT_RESPONSE;
	bool retry = response && sip_msg_header(ev->msg, SIP_HDR_RETRY_AFTER);

	watch->errand.client = NULL;
	if (response)
		sip_dialog_response(e->sip, watch->errand.dialog, ev->msg);
	if (status >= 300)
		e->counters[CALL_COUNT_NOTIFY_FAILED]++;
	if (!event_subscription_answered(&watch->sub, status, retry))
		call_watch_free(e, watch);
	else
		call_watch_tell(e, now, watch);
}

void call_watch_event(struct call_engine *e, u64 now, struct call_watch *watch,
		      const struct sip_event *ev)
{
	if (ev->type == SIP_EVENT_REQUEST && ev->msg->method == SIP_SUBSCRIBE)
		call_subscribe_again(e, now, watch, ev);
	else if (ev->type == SIP_EVENT_REQUEST && ev->msg->method == SIP_OPTIONS)
		call_options(e, now, NULL, ev);
	else if (ev->type == SIP_EVENT_REQUEST)
		call_not_allowed(e, now, NULL, ev);
	else if (ev->client && ev->client == watch->errand.client &&
		 call_errand_status(ev) >= 200)
		answered(e, now, watch, ev);
}

/* --- changes --- */

static void is_due(struct call_engine *e, struct event_subscription *s)
{
	if (s->ended)
		return;
	s->due = true;
	arm(e, hash_entry(s, struct call_watch, sub));
}

void call_watchers_changed(struct call_engine *e, const char *aor)
{
	struct event_subscription *s = NULL;

	while ((s = event_subscription_next(&e->watchers->table, s, aor)))
		is_due(e, s);
}

void call_watchers_reloaded(struct call_engine *e)
{
	const struct hash *t = &e->watchers->table.by_resource;
	struct hash_node *node;
	size_t i;

	for (i = 0; i < t->nbuckets; i++)
		for (node = t->buckets[i]; node; node = node->next)
			is_due(e, hash_entry(node, struct event_subscription, by_resource));
}

/* --- life --- */

void call_watch_free(struct call_engine *e, struct call_watch *watch)
{
	call_kept_end(e, &watch->record);
	timer_disarm(&e->timers, &watch->timer);
	timers_release(&e->timers, 1);
	call_errand_end(e, &watch->errand);
	event_subscription_end(&e->watchers->table, &watch->sub);
	free(watch->told);
	free(watch);
}

int call_watchers_init(struct call_engine *e, const struct hash_key *key)
{
	e->watchers = zalloc(sizeof(*e->watchers));
	return !e->watchers || event_subscriptions_init(&e->watchers->table, key) ||
	       event_publications_init(&e->watchers->publications, key) ||
	       hash_init(&e->watchers->bridges) || hash_init(&e->watchers->records) ? -ENOMEM : 0;
}

void call_watchers_clear(struct call_engine *e)
{
	struct event_publication *p;
	struct event_subscription *s;
	struct call_bridge *b;

	if (!e->watchers)
		return;
	while ((s = event_subscription_any(&e->watchers->table)))
		call_watch_free(e, hash_entry(s, struct call_watch, sub));
	while ((p = event_publication_any(&e->watchers->publications)))
		call_publication_free(e, p);
	while ((b = call_bridge_any(e)))
		call_bridge_free(e, b);
	hash_free(&e->watchers->bridges);
	event_subscriptions_free(&e->watchers->table);
	event_publications_free(&e->watchers->publications);
	hash_free(&e->watchers->records);
	free(e->watchers);
	e->watchers = NULL;
}
