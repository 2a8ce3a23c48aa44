// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A subscription or a publication as JSON; for one that is carried see bridge_record.c. The
 * first has its dialog in it, with numbers ahead of what was sent since, so not every NOTIFY has
 * to be written; whoever is watched comes with the registrations. Times are those of the day.
 * The reader takes it for bytes from outside, and what was published is read like a PUBLISH.
 */
#include <errno.h>
#include <stdlib.h>

#include "call/bridge.h"
#include "call/dialog_record.h"
#include "call/watch.h"
#include "call/watching.h"
#include "sip/chars.h"

#define VERSION 1
#define MAX_LEFT_MS (8ull * 24 * 3600 * 1000)
#define SPREAD NSEC_PER_SEC		/* not all watchers are told in one moment */

/* --- records --- */

static struct event_record *find(const struct call_engine *e, u64 number)
{
	struct hash_node *node = hash_first(&e->watchers->records, number);

	return node ? hash_entry(node, struct event_record, node) : NULL;
}

void call_kept_begin(struct call_engine *e, struct event_record *record,
		     enum event_record_kind kind, u64 number)
{
	struct call_watchers *w = e->watchers;

	*record = (struct event_record){
		.number = number ? number : w->last_record + 1, .kind = kind,
	};
	if (record->number > w->last_record)
		w->last_record = record->number;
	hash_insert(&w->records, &record->node, record->number);
}

/* Without memory for it, the next change says so again. */
void call_kept_changed(struct call_engine *e, struct event_record *record)
{
	if (e->store && !record->storing)
		record->storing = !effects_store_event(&e->effects, record->number);
}

void call_kept_end(struct call_engine *e, struct event_record *record)
{
	call_kept_changed(e, record);
	hash_remove(&e->watchers->records, &record->node);
}

/* --- out --- */

json_t *call_expiry_save(u64 now, u64 wall, u64 expires)
{
	u64 left = expires > now ? expires - now : 0;

	return json_integer((json_int_t)((wall + left) / NSEC_PER_MSEC));
}

static json_t *save_watch(const struct call_engine *e, u64 now, u64 wall, struct call_watch *watch)
{
	const struct event_subscription *s = &watch->sub;
	const struct sip_dialog *d = watch->errand.dialog;
	json_t *saved;

	saved = json_pack("{s:i, s:s, s:s, s:s, s:o, s:o, s:o, s:I, s:o}",
			  "version", VERSION, "kind", "subscription",
			  "package", event_kinds[s->package].name, "id", s->id ? s->id : "",
			  "resource", json_text(s->resource), "watcher", json_text(s->watcher),
			  "expires", call_expiry_save(now, wall, s->expires),
			  "document", (json_int_t)s->version + CALL_CSEQ_AHEAD,
			  "dialog", call_dialog_save(d));
	if (saved)
		call_flow_save(e, &d->flow, &saved);
	if (saved && watch->call)
		json_put(&saved, "call", call_id_save(watch->call));
	watch->saved_cseq = d->local_cseq + CALL_CSEQ_AHEAD;
	return saved;
}

static json_t *save_publication(u64 now, u64 wall, const struct event_publication *p)
{
	return json_pack("{s:i, s:s, s:o, s:s, s:s, s:o, s:o}",
			 "version", VERSION, "kind", "publication",
			 "resource", json_text(p->resource), "tag", p->tag, "salt", p->salt,
			 "expires", call_expiry_save(now, wall, p->expires),
			 "parts", json_text(p->parts.xml));
}

int call_engine_save_event(struct call_engine *e, u64 now, u64 wall, u64 record, char **text)
{
	struct event_record *r = find(e, record);
	struct call_bridge *bridge;
	struct call_watch *watch;
	json_t *saved;

	if (!r)
		return -ENOENT;
	r->storing = false;
	watch = hash_entry(r, struct call_watch, record);
	bridge = hash_entry(r, struct call_bridge, record);
	if ((r->kind == EVENT_RECORD_SUBSCRIPTION && watch->sub.ended) ||
	    (r->kind == EVENT_RECORD_CARRIED && bridge->ended &&
	     (!bridge->begun || list_empty(&bridge->crossings))))
		return -ENOENT;
	if (r->kind == EVENT_RECORD_PUBLICATION)
		saved = save_publication(now, wall,
					 hash_entry(r, struct event_publication, record));
	else if (r->kind == EVENT_RECORD_CARRIED)
		saved = call_bridge_save(e, now, wall, bridge);
	else
		saved = save_watch(e, now, wall, watch);
	*text = json_write(saved);
	return *text ? 0 : -ENOMEM;
}

/* --- and back --- */

struct restoring {
	struct call_engine *e;
	struct json_reader r;
	u64 now, wall, record;
};

static void wrong(struct restoring *s, const char *what)
{
	if (!s->r.bad)
		s->r.bad = what;
}

u64 call_expiry_read(struct json_reader *r, const json_t *saved, u64 now, u64 wall)
{
	u64 at = json_read_u64(r, saved, "expires", INT64_MAX / NSEC_PER_MSEC) * NSEC_PER_MSEC;
	u64 left = at > wall ? at - wall : 0;

	if (left / NSEC_PER_MSEC > MAX_LEFT_MS && !r->bad)
		r->bad = "expires";
	return now + left;
}

static void read_aor(struct restoring *s, const json_t *saved, char aor[REGISTRAR_AOR])
{
	const char *text = json_read_text(&s->r, saved, "resource", REGISTRAR_AOR - 1);
	const char *at = strrchr(text, '@');

	if (!at || at == text || !at[1])
		wrong(s, "resource");
	slice_copy(aor, REGISTRAR_AOR, slice_str(text));
}

static void read_wish(struct restoring *s, const json_t *saved, struct call_wish *wish)
{
	const char *id = json_read_text(&s->r, saved, "id", 64);

	*wish = (struct call_wish){
		.package = event_package_of(slice_str(json_read_text(&s->r, saved, "package", 16))),
		.id = slice_str(id),
	};
	if (wish->package == EVENT_PACKAGES)
		wrong(s, "package");
	if (wish->id.n && !sip_all(wish->id, SIP_CHAR_TOKEN))
		wrong(s, "id");
	read_aor(s, saved, wish->aor);
}

/* 0: it is of all. */
static u64 read_call(struct restoring *s, const json_t *saved)
{
	u64 id = 0;

	if (json_object_get(saved, "call") &&
	    !call_id_restore(s->e, &s->r, saved, "call", &id))
		wrong(s, "call");
	return id;
}

static void restore_watch(struct restoring *s, const json_t *saved)
{
	const char *watcher = json_read_text(&s->r, saved, "watcher", REGISTRAR_AOR - 1);
	u32 document = (u32)json_read_u64(&s->r, saved, "document", INT32_MAX);
	struct flow flow = call_flow_restore(s->e, &s->r, saved);
	u64 expires = call_expiry_read(&s->r, saved, s->now, s->wall);
	u64 call = read_call(s, saved);
	struct call_watch *watch;
	struct call_wish wish;

	read_wish(s, saved, &wish);
	if (!s->r.bad && !flow.peer.family)
		wrong(s, "peer");
	if (s->r.bad)
		return;
	watch = call_watch_new(s->e, &wish, watcher, s->record);
	if (!watch) {
		wrong(s, "memory");
		return;
	}
	watch->errand.dialog =
		call_dialog_restore(s->e, &s->r, json_read_object(&s->r, saved, "dialog"), &flow,
				    call_errand_handle(&watch->errand));
	if (!watch->errand.dialog) {
		watch->record.storing = true;	/* whoever called deletes it */
		call_watch_free(s->e, watch);
		return;
	}
	watch->call = call;
	watch->sub.expires = expires;
	watch->sub.version = document;
	watch->sub.due = watch->sub.forced = true;
	watch->sub.earliest = s->now + sip_engine_random(s->e->sip) % SPREAD;
	call_watch_tell(s->e, s->now, watch);
}

static bool is_tag(const char *text)
{
	return strlen(text) == EVENT_TAG - 1 && strspn(text, "0123456789abcdef") == EVENT_TAG - 1;
}

/* What was accepted once is read again, as a document of its own. */
static bool read_parts(struct restoring *s, const json_t *saved, const char *aor,
		       const char *salt, struct event_parts *parts)
{
	const char *text = json_string_value(json_object_get(saved, "parts")), *why;
	char entity[EVENT_ENTITY], whose[EVENT_ENTITY];
	struct buf document;
	bool good;

	buf_init(&document);
	buf_printf(&document, "<presence xmlns=\"urn:ietf:params:xml:ns:pidf\">%s</presence>",
		   text ? text : "");
	good = text && event_entity(aor, entity) && !document.failed &&
	       !event_pidf_read(buf_slice(&document), entity, salt, whose, parts, &why);
	if (!good)
		wrong(s, "parts");
	buf_free(&document);
	return good;
}

static void restore_publication(struct restoring *s, const json_t *saved)
{
	const char *tag = json_read_text(&s->r, saved, "tag", EVENT_TAG - 1);
	const char *salt = json_read_text(&s->r, saved, "salt", EVENT_TAG - 1);
	u64 expires = call_expiry_read(&s->r, saved, s->now, s->wall);
	struct event_publication *p = NULL;
	struct event_parts parts;
	char aor[REGISTRAR_AOR];

	read_aor(s, saved, aor);
	if (!is_tag(tag) || !is_tag(salt))
		wrong(s, "tag");
	if (!s->r.bad && read_parts(s, saved, aor, salt, &parts))
		p = call_publication_new(s->e, aor, &parts, salt, s->record);
	if (!p) {
		wrong(s, "memory");
		return;
	}
	strcpy(p->tag, tag);
	p->expires = expires;
	timer_arm(&s->e->timers, &p->timer, p->expires);
	call_watchers_changed(s->e, aor);
}

const char *call_engine_restore_event(struct call_engine *e, u64 now, u64 wall, u64 record,
				      struct slice text)
{
	json_t *saved = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	struct restoring s = { .e = e, .now = now, .wall = wall, .record = record };
	const char *kind;

	e->clock = now;
	if (!json_is_object(saved))
		wrong(&s, "JSON");
	kind = json_read_text(&s.r, saved, "kind", 16);
	if (json_read_u64(&s.r, saved, "version", VERSION) != VERSION)
		wrong(&s, "version");
	if (!record || find(e, record))
		wrong(&s, "record");
	if (!s.r.bad && !strcmp(kind, "subscription"))
		restore_watch(&s, saved);
	else if (!s.r.bad && !strcmp(kind, "publication"))
		restore_publication(&s, saved);
	else if (!s.r.bad && !strcmp(kind, "carried"))
		call_bridge_restore(e, &s.r, now, wall, record, saved);
	else
		wrong(&s, "kind");
	json_decref(saved);
	return s.r.bad;
}
