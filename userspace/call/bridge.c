// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The life of a bridge. It begins with an exchange (exchange.c), which may ask many; whoever of
 * them says NOTIFY or 2xx first is the notifier, and the others get 481 when they tell something
 * (RFC 6665 §4.1.2.4 lets us choose). From the 2xx on it is on its own, and what crosses it is
 * in crossing.c.
 *
 * Neither side is believed for ever. Without a NOTIFY for 64*T1 after the 2xx (Timer N) there is
 * no subscription; both sides know that by themselves, and nobody is told. When it expires and the
 * notifier says nothing, the watcher is told that it has timed out.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/bridge_private.h"
#include "call/header_private.h"
#include "sip/chars.h"

#define RETRY "Retry-After: 60\r\n"
#define MAX_PACKAGE 64
#define STANDARD 3600		/* s, where nobody says how long */

/* --- life --- */

static u64 hash_of(const struct call_engine *e, const char *watcher)
{
	struct hasher h;

	hash_begin(&h, &e->watchers->table.key);
	hash_add(&h, slice_str(watcher));
	return hash_end(&h);
}

static size_t count_of(const struct call_engine *e, const char *watcher)
{
	struct hash_node *node = hash_first(&e->watchers->bridges, hash_of(e, watcher));
	size_t n = 0;

	for (; node; node = hash_next(node))
		n += !strcmp(hash_entry(node, struct call_bridge, node)->watcher, watcher);
	return n;
}

struct call_bridge *call_bridge_any(const struct call_engine *e)
{
	const struct hash *t = &e->watchers->bridges;
	struct hash_node *node;
	size_t bucket = 0;

	node = t->buckets ? hash_from(t, &bucket) : NULL;
	return node ? hash_entry(node, struct call_bridge, node) : NULL;
}

struct call_bridge *call_bridge_make(struct call_engine *e, u64 now, const char *watcher)
{
	struct call_bridge *b = zalloc(sizeof(*b));
	size_t i;

	if (!b || timers_reserve(&e->timers, 1)) {
		free(b);
		return NULL;
	}
	b->timer = (struct timer){ .kind = CALL_TIMER_BRIDGE, .owner = b };
	list_init(&b->crossings);
	call_sides_shape(e, now, &b->sides);
	b->to = (struct call_leg){
		.call = &b->sides.call, .root = &b->to, .side = MEDIA_LEG_B, .trunk = -1,
		.realm = -1,
	};
	for (i = 0; i < CALL_BANKS; i++)
		call_errand_init(e, &b->errands[i], CALL_ERRAND_BRIDGE, b);
	hash_insert(&e->watchers->bridges, &b->node, hash_of(e, watcher));
	b->watcher = strdup(watcher);
	if (b->watcher)
		return b;
	call_bridge_free(e, b);
	return NULL;
}

void call_bridge_free(struct call_engine *e, struct call_bridge *b)
{
	size_t i;

	if (b->kept)
		call_kept_end(e, &b->record);
	call_crossings_clear(e, b);
	timer_disarm(&e->timers, &b->timer);
	timers_release(&e->timers, 1);
	for (i = 0; i < CALL_BANKS; i++)
		call_errand_end(e, &b->errands[i]);
	hash_remove(&e->watchers->bridges, &b->node);
	call_routed_put(b->to.routed);
	call_sides_clear(&b->sides);
	free(b->event);
	free(b->there);
	free(b->package);
	free(b->resource);
	free(b->watcher);
	free(b);
}

struct sip_dialog *call_bridge_dialog(const struct call_bridge *b)
{
	return b->errands[CALL_BANK_WATCHER].dialog;
}

void call_bridge_go_on(struct call_engine *e, struct call_bridge *b, u64 record, u64 expires)
{
	b->begun = b->notified = true;
	b->sides.from.dialog = b->errands[CALL_BANK_WATCHER].dialog;
	b->to.dialog = b->errands[CALL_BANK_NOTIFIER].dialog;
	call_leg_dialog_made(&b->sides.from);
	call_leg_dialog_made(&b->to);
	call_kept_begin(e, &b->record, EVENT_RECORD_CARRIED, record);
	b->kept = true;
	b->expires = b->saved_expires = expires;
	call_bridge_wait(e, 0, b);
}

/* --- may it begin? --- */

/* Of its users a domain says how many; each has as many as are served, and as many carried. */
static bool has_room(struct call_engine *e, u64 now, const struct sip_event *ev,
		     const struct call_source *source, const char *watcher)
{
	size_t n = e->watchers->table.n + e->watchers->bridges.n;

	if (n < CALL_MAX_WATCHES &&
	    (!source->domain || count_of(e, watcher) < source->domain->events.subscriptions))
		return true;
	e->counters[CALL_COUNT_SUBSCRIBE_LIMIT]++;
	if (n >= CALL_MAX_WATCHES)
		return call_wish_refuse(e, now, ev, 503, RETRY, "too many subscriptions");
	return call_wish_refuse(e, now, ev, 403, RETRY, "too many subscriptions of a watcher");
}

static char *unfolded(struct slice value)
{
	struct buf b;

	buf_init(&b);
	call_add_unfolded(&b, value);
	buf_str(&b, "");
	return buf_take(&b);
}

/* Who is watched, for the administrator: an address-of-record, or whatever URI it is. */
static char *name_resource(const struct sip_msg *msg)
{
	char aor[REGISTRAR_AOR];

	if (registrar_aor(&msg->uri, aor))
		return strdup(aor);
	return slice_dup(slice_of(msg->ruri.p, msg->ruri.n < CALL_MAX_URI ? msg->ruri.n :
								    CALL_MAX_URI));
}

/* 0, -EINVAL, -ENOMEM. */
static int fill(struct call_engine *e, u64 now, const struct sip_event *ev,
		const struct call_source *source, struct call_bridge *b)
{
	const struct sip_hdr *hdr = sip_msg_header(ev->msg, SIP_HDR_EVENT);
	bool refers = ev->msg->method == SIP_REFER;
	struct slice event = refers ? SLICE("refer") : hdr->value, package;
	struct sip_cursor c = sip_cursor_of(event);

	b->number[CALL_BANK_WATCHER] = refers ? ev->msg->cseq : 0;
	package = sip_take(&c, SIP_CHAR_TOKEN);
	if (!package.n || package.n > MAX_PACKAGE)
		return -EINVAL;
	b->event = unfolded(event);
	b->package = slice_dup(package);
	b->resource = name_resource(ev->msg);
	call_sides_clear(&b->sides);
	if (call_sides_init(e, now, &b->sides, ev, source) || !b->event || !b->package ||
	    !b->resource)
		return -ENOMEM;
	return sip_dialog_new_uas(e->sip, ev->server,
				  call_errand_handle(&b->errands[CALL_BANK_WATCHER]),
				  &b->errands[CALL_BANK_WATCHER].dialog);
}

struct call_bridge *call_bridge_new(struct call_engine *e, u64 now, const struct sip_event *ev,
				    const struct call_source *source,
				    const struct call_exchange *x)
{
	char watcher[REGISTRAR_AOR];
	struct call_bridge *b;
	int err = -ENOMEM;

	call_wish_name(e, source, watcher);
	if (!has_room(e, now, ev, source, watcher))
		return NULL;
	b = call_bridge_make(e, now, watcher);
	if (b)
		err = fill(e, now, ev, source, b);
	if (!err) {
		b->sides.call.route = x->sides.call.route;
		b->sides.from.dialog = call_bridge_dialog(b);
		call_leg_dialog_made(&b->sides.from);
		return b;
	}
	if (b)
		call_bridge_free(e, b);
	if (err == -EINVAL)
		call_wish_refuse(e, now, ev, 400, "", "no Contact, or no package");
	else
		call_wish_refuse(e, now, ev, 500, RETRY, "no memory");
	return NULL;
}

/* --- its beginning --- */

static void take(struct call_engine *e, struct call_bridge *b, struct call_way_out *way)
{
	struct call_errand *errand = &b->errands[CALL_BANK_NOTIFIER];
	struct call_leg *leg = &way->leg;

	b->way = way;
	b->there = way->event;
	way->event = NULL;
	errand->dialog = way->errand.dialog;
	errand->dialog->user = call_errand_handle(errand);
	way->errand.dialog = NULL;
	timer_disarm(&e->timers, &way->timer);
	b->to.realm = leg->realm;
	b->to.trunk = leg->trunk;
	b->to.peer = leg->peer;
	b->to.listener = leg->listener;
	b->to.routed = call_routed_get(leg->routed);
	b->to.dialog = leg->dialog;
	if (b->number[CALL_BANK_WATCHER])
		b->number[CALL_BANK_NOTIFIER] = b->to.dialog->local_cseq;
	leg->dialog = NULL;
	call_kept_begin(e, &b->record, EVENT_RECORD_CARRIED, 0);
	b->kept = true;
}

bool call_bridge_notified(struct call_engine *e, u64 now, struct call_bridge *b,
			  struct call_way_out *way, const struct sip_event *ev)
{
	if (b->way || ev->msg->method != SIP_NOTIFY)
		return false;
	take(e, b, way);
	call_bridge_event(e, now, b, &b->errands[CALL_BANK_NOTIFIER], ev);
	return true;
}

bool call_bridge_accepts(struct call_engine *e, struct call_bridge *b, struct call_way_out *way,
			 const struct sip_msg *msg)
{
	struct sip_dialog *d = b->way ? b->to.dialog : way->leg.dialog;
	int err;

	if (b->way && b->way != way)
		return false;
	err = sip_dialog_response(e->sip, d, msg);
	if ((err && err != -EEXIST) || !d->remote_tag)
		return false;
	if (!b->way)
		take(e, b, way);
	return true;
}

static bool read_seconds(struct slice text, u32 *seconds)
{
	if (!text.n || !sip_all(text, SIP_CHAR_DIGIT))
		return false;
	if (!slice_u32(text, seconds))
		*seconds = UINT32_MAX;
	return true;
}

bool call_bridge_seconds(const struct sip_msg *msg, u32 *seconds)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_EXPIRES);

	return hdr && read_seconds(slice_trim(hdr->value), seconds);
}

/* The longest is what a record can have. */
void call_bridge_lasts(struct call_bridge *b, u64 now, u32 seconds)
{
	if (seconds > CALL_BRIDGE_LONGEST)
		seconds = CALL_BRIDGE_LONGEST;
	b->expires = now + seconds * NSEC_PER_SEC;
}

void call_bridge_wait(struct call_engine *e, u64 now, struct call_bridge *b)
{
	u64 patience = 64 * e->t1;

	if (!b->begun)
		return;
	timer_arm(&e->timers, &b->timer,
		  b->ended || b->leaves || !b->notified ? now + patience : b->expires + patience);
}

void call_bridge_begin(struct call_engine *e, u64 now, struct call_bridge *b,
		       const struct sip_msg *msg)
{
	u32 seconds = STANDARD;

	call_bridge_seconds(msg, &seconds);
	call_bridge_lasts(b, now, seconds);
	b->begun = true;
	b->way = NULL;
	e->counters[CALL_COUNT_BRIDGES]++;
	call_kept_changed(e, &b->record);
	call_bridge_wait(e, now, b);
	call_bridge_settle(e, b);
}

/* --- its end --- */

void call_bridge_settle(struct call_engine *e, struct call_bridge *b)
{
	if (b->ended && b->begun && list_empty(&b->crossings))
		call_bridge_free(e, b);
}

void call_bridge_over(struct call_engine *e, u64 now, struct call_bridge *b, const char *why)
{
	if (b->ended)
		return;
	b->ended = why;
	if (b->kept)
		call_kept_changed(e, &b->record);
	call_bridge_wait(e, now, b);
}

void call_bridge_end(struct call_engine *e, u64 now, struct call_bridge *b, const char *reason)
{
	if (b->ended || !b->begun)
		return;
	call_bridge_over(e, now, b, reason);
	call_crossing_own(e, now, b, CALL_BANK_WATCHER);
	call_crossing_own(e, now, b, CALL_BANK_NOTIFIER);
	call_bridge_settle(e, b);
}

void call_bridge_timer(struct call_engine *e, u64 now, struct call_bridge *b)
{
	if (b->ended || b->leaves || !b->notified) {
		call_bridge_free(e, b);
		return;
	}
	call_bridge_over(e, now, b, "timeout");
	call_crossing_own(e, now, b, CALL_BANK_WATCHER);
	call_bridge_settle(e, b);
}
