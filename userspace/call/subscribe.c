// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * SUBSCRIBE for a user of ours (RFC 6665 §4.2), as questions in the order of the RFC. Who may
 * watch is said by the domain: its users each other's presence, a user his registrations, and
 * a trunk those of all.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/call.h"
#include "call/register.h"
#include "call/watch.h"

#define RETRY "Retry-After: 60\r\n"

/* --- what is served --- */

void call_subscribe_lines(const struct call_engine *e, struct buf *lines)
{
	const struct call_policy *p = e->policy;
	enum event_package package;
	bool any = false;
	size_t i;

	buf_str(lines, CALL_ALLOW);
	for (package = 0; package < EVENT_PACKAGES; package++) {
		for (i = 0; i < p->ndomains; i++)
			if (event_policy_serves(&p->domains[i].events, package))
				break;
		if (i == p->ndomains)
			continue;
		if (!any) {
			lines->n -= 2;	/* the line goes on */
			buf_str(lines, ", SUBSCRIBE");
			buf_str(lines, package == EVENT_PRESENCE ? ", PUBLISH\r\n" : "\r\n");
		}
		buf_printf(lines, "%s%s", any ? ", " : "Allow-Events: ",
			   event_kinds[package].name);
		any = true;
	}
	buf_str(lines, any ? "\r\n" : "");
}

/* Of a package that we serve, but of nobody whom we know: that is not what 489 says. */
static bool is_of_nobody(const struct call_engine *e, const struct sip_msg *msg)
{
	const struct call_policy *p = e->policy;
	struct call_wish wish;
	size_t i;

	if (!call_wish_event(msg, &wish))
		return false;
	for (i = 0; i < p->ndomains; i++)
		if (event_policy_serves(&p->domains[i].events, wish.package))
			return call_contacts_find(e, msg->ruri, wish.aor) == 404;
	return false;
}

void call_subscribe_unserved(struct call_engine *e, u64 now, const struct sip_event *ev)
{
	struct buf lines;
	char *events;

	if (is_of_nobody(e, ev->msg)) {
		call_wish_refuse(e, now, ev, 404, "", "no such user, and no route");
		return;
	}
	buf_init(&lines);
	call_subscribe_lines(e, &lines);
	buf_add(&lines, slice_of("", 1));
	events = lines.failed ? NULL : strstr(lines.p, "Allow-Events");
	if (events)
		call_wish_refuse(e, now, ev, 489, events, "nobody serves that event package");
	else
		call_not_allowed(e, now, NULL, ev);
	buf_free(&lines);
}

/* A trunk's wish is ours only where it may have it: others may know the user, too. */
static bool is_ours(const struct call_engine *e, const struct sip_msg *msg,
		    const struct call_source *source, struct call_wish *wish)
{
	if (!call_wish_event(msg, wish) || !call_wish_resource(e, msg, wish))
		return false;
	if (source->class == CALL_SOURCE_TRUNK)
		return wish->package == EVENT_REG &&
		       wish->domain->events.reg == EVENT_REG_TRUNKS;
	return call_domain_serves(wish->domain, source->realm);
}

/* --- who may have it, and for how long --- */

/* One who is not a trunk: his name is an address-of-record. */
static bool may_watch(const struct call_wish *wish, const char *watcher)
{
	const char *at = strrchr(watcher, '@');

	if (wish->package == EVENT_REG)
		return !strcmp(watcher, wish->aor);
	return at && !strcmp(at, strrchr(wish->aor, '@'));
}

/* Something that we can write; whoever says nothing takes what the package has. */
static bool accepts(const struct sip_msg *msg, const char *type)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_ACCEPT);
	struct slice rest, element;
	bool any = !hdr;

	for (; hdr; hdr = sip_msg_header_next(msg, hdr)) {
		rest = hdr->value;
		while (sip_next_element(&rest, &element)) {
			element = sip_plain(element);
			any |= slice_caseeq(element, slice_str(type)) ||
			       slice_eq(element, SLICE("*/*")) ||
			       slice_caseeq(element, SLICE("application/*"));
		}
	}
	return any;
}

/* Its time and its type. */
static bool passes_checks(struct call_engine *e, u64 now, const struct sip_event *ev,
			  struct call_wish *wish)
{
	char line[64];

	if (!call_wish_passes(e, now, ev, wish))
		return false;
	if (accepts(ev->msg, event_kinds[wish->package].type))
		return true;
	snprintf(line, sizeof(line), "Accept: %s\r\n", event_kinds[wish->package].type);
	return call_wish_refuse(e, now, ev, 406, line, "accepts no document of the package");
}

static bool has_room(struct call_engine *e, u64 now, const struct sip_event *ev,
		     const struct call_wish *wish, const char *watcher)
{
	const struct event_subscriptions *t = &e->watchers->table;

	if (t->n < CALL_MAX_WATCHES &&
	    event_subscriptions_of(t, watcher) < wish->domain->events.subscriptions)
		return true;
	e->counters[CALL_COUNT_SUBSCRIBE_LIMIT]++;
	if (t->n >= CALL_MAX_WATCHES)
		return call_wish_refuse(e, now, ev, 503, RETRY, "too many subscriptions");
	return call_wish_refuse(e, now, ev, 403, RETRY, "too many subscriptions of a watcher");
}

/* --- the subscription --- */

static void confirm(struct call_engine *e, u64 now, const struct sip_event *ev,
		    struct call_watch *watch, u32 expires)
{
	char line[48];

	e->counters[CALL_COUNT_SUBSCRIBED]++;
	snprintf(line, sizeof(line), "Expires: %u\r\n", expires);
	call_respond(e, now, ev->server, watch->errand.dialog, 200, slice_str(line));
	event_subscription_grant(&watch->sub, now, expires);
	call_kept_changed(e, &watch->record);
	call_watch_tell(e, now, watch);
}

struct call_watch *call_watch_new(struct call_engine *e, const struct call_wish *wish,
				  const char *watcher, u64 record)
{
	struct call_watch *watch = zalloc(sizeof(*watch));

	if (!watch || timers_reserve(&e->timers, 1)) {
		free(watch);
		return NULL;
	}
	if (event_subscription_begin(&e->watchers->table, &watch->sub, wish->package, wish->aor,
				     watcher, wish->id)) {
		timers_release(&e->timers, 1);
		free(watch);
		return NULL;
	}
	watch->timer = (struct timer){ .kind = CALL_TIMER_WATCH, .owner = watch };
	call_errand_init(e, &watch->errand, CALL_ERRAND_WATCH, watch);
	call_kept_begin(e, &watch->record, EVENT_RECORD_SUBSCRIPTION, record);
	return watch;
}

/* RFC 4235 §3.2: he may want to hear of one dialog alone. */
static bool is_there(struct call_engine *e, u64 now, const struct sip_event *ev,
		     const struct call_wish *wish, u64 *call)
{
	return call_lamp_named(e, wish, call) ||
	       call_wish_refuse(e, now, ev, 481, "", "Event names no call of that user");
}

static void begin(struct call_engine *e, u64 now, const struct sip_event *ev,
		  const struct call_wish *wish, const char *watcher, u64 call)
{
	struct call_watch *watch = call_watch_new(e, wish, watcher, 0);
	int err = -ENOMEM;

	if (watch)
		err = sip_dialog_new_uas(e->sip, ev->server, call_errand_handle(&watch->errand),
					 &watch->errand.dialog);
	if (!err) {
		watch->call = call;
		confirm(e, now, ev, watch, wish->expires);
		return;
	}
	if (watch)
		call_watch_free(e, watch);
	if (err == -EINVAL)
		call_wish_refuse(e, now, ev, 400, "",
				 "SUBSCRIBE without a Contact or with a To-tag");
	else
		call_wish_refuse(e, now, ev, 500, RETRY, "no memory");
}

bool call_subscribe(struct call_engine *e, u64 now, const struct sip_event *ev,
		    const struct call_source *source)
{
	char watcher[REGISTRAR_AOR];
	struct call_wish wish;
	u64 call;

	if (!is_ours(e, ev->msg, source, &wish))
		return false;
	call_wish_name(e, source, watcher);
	if (source->domain && !may_watch(&wish, watcher))
		call_wish_refuse(e, now, ev, 403, "", "may not watch that user");
	else if (passes_checks(e, now, ev, &wish) && has_room(e, now, ev, &wish, watcher) &&
		 is_there(e, now, ev, &wish, &call))
		begin(e, now, ev, &wish, watcher, call);
	return true;
}

static bool is_the_same(const struct event_subscription *s, const struct sip_msg *msg)
{
	struct call_wish wish;

	return call_wish_event(msg, &wish) && wish.package == s->package &&
	       slice_eq(wish.id, slice_str(s->id));
}

void call_subscribe_again(struct call_engine *e, u64 now, struct call_watch *watch,
			  const struct sip_event *ev)
{
	struct call_wish wish = { .package = watch->sub.package };

	wish.domain = call_watch_domain(e, watch);
	if (watch->sub.ended || !is_the_same(&watch->sub, ev->msg)) {
		call_wish_refuse(e, now, ev, 481, "", "no such subscription");
	} else if (!wish.domain) {
		call_wish_refuse(e, now, ev, 403, "", "may not watch that user any more");
		event_subscription_close(&watch->sub, now, "rejected");
		call_watch_tell(e, now, watch);
	} else if (passes_checks(e, now, ev, &wish)) {
		confirm(e, now, ev, watch, wish.expires);
	}
}
