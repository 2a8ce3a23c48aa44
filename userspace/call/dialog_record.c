// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A dialog and the way to its peer as JSON, for whatever outlives the daemon. Listeners go by
 * their addresses, for the configuration may be another one. The reader takes it for bytes
 * from outside.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "call/call.h"
#include "call/dialog_record.h"

#define MAX_TEXT 1024
#define MAX_ROUTES 16

/* Whatever the far side named itself: an empty string where there is nothing. */
static json_t *save_text(const char *text)
{
	return json_text(text ? text : "");
}

json_t *call_dialog_save(const struct sip_dialog *d)
{
	json_t *routes = json_array(), *saved;
	size_t i;

	for (i = 0; i < d->nroutes; i++)
		json_append(&routes, save_text(d->routes[i]));
	saved = json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:b}",
			  "uac", d->uac, "call_id", save_text(d->call_id),
			  "local_tag", save_text(d->local_tag),
			  "remote_tag", save_text(d->remote_tag),
			  "local_uri", save_text(d->local_uri),
			  "remote_uri", save_text(d->remote_uri),
			  "local_contact", save_text(d->local_contact),
			  "remote_target", save_text(d->remote_target), "routes", routes,
			  "local_cseq", (json_int_t)d->local_cseq + CALL_CSEQ_AHEAD,
			  "remote_cseq", (json_int_t)d->remote_cseq, "translated", d->translated);
	if (saved && d->alias[0])
		json_put(&saved, "alias", save_text(d->alias));
	return saved;
}

void call_flow_save(const struct call_engine *e, const struct flow *flow, json_t **to)
{
	const struct sip_listener *l = &e->listeners[flow->listener];

	json_put(to, "peer", json_addr(&flow->peer));
	json_put(to, "name", save_text(call_engine_name(e, flow->name)));
	json_put(to, "listener", json_addr(&l->local));
	json_put(to, "transport", json_string(transport_name(l->transport)));
}

static u32 restore_listener(const struct call_engine *e, struct json_reader *r,
			    const json_t *saved)
{
	struct addr local = json_read_addr(r, saved, "listener");
	const char *name = json_read_text(r, saved, "transport", MAX_TEXT);
	enum transport transport;
	u32 i;

	if (!transport_parse(slice_str(name), &transport) && !r->bad)
		r->bad = "transport";
	for (i = 0; i < e->nlisteners && !r->bad; i++)
		if (addr_eq(&e->listeners[i].local, &local) &&
		    e->listeners[i].transport == transport)
			return i;
	if (!r->bad)
		r->bad = "listener";
	return 0;
}

struct flow call_flow_restore(struct call_engine *e, struct json_reader *r, const json_t *saved)
{
	struct flow flow = { .listener = restore_listener(e, r, saved),
			     .peer = json_read_addr(r, saved, "peer") };

	flow.name = call_name(e, json_read_text(r, saved, "name", MAX_TEXT));
	return flow;
}

static char *text_of(struct json_reader *r, const json_t *saved, const char *key)
{
	const char *text = json_read_text(r, saved, key, MAX_TEXT);

	/* sip_dialog_restore() copies it */
	return *text ? (char *)(uintptr_t)text : NULL;
}

static void read_routes(struct json_reader *r, const json_t *saved, struct sip_dialog *d)
{
	const json_t *routes = json_read_array(r, saved, "routes", MAX_ROUTES), *value;

	for (; routes && d->nroutes < json_array_size(routes); d->nroutes++) {
		value = json_array_get(routes, d->nroutes);
		if (!json_is_string(value) || strpbrk(json_string_value(value), "\r\n"))
			r->bad = "routes";
		d->routes[d->nroutes] = (char *)(uintptr_t)json_string_value(value);
	}
}

/* It is told to others. */
static void read_alias(struct json_reader *r, const json_t *saved, struct sip_dialog *d)
{
	const char *text;

	if (!json_object_get(saved, "alias"))
		return;
	text = json_read_text(r, saved, "alias", sizeof(d->alias) - 1);
	if (!r->bad && (!*text || text[strspn(text, "0123456789abcdef")]))
		r->bad = "alias";
	if (!r->bad)
		strcpy(d->alias, text);
}

static struct sip_dialog *restore(struct call_engine *e, struct json_reader *r,
				  const json_t *saved, enum sip_dialog_state state,
				  const struct flow *flow, void *user)
{
	char *values[MAX_ROUTES];
	struct sip_dialog *dialog = NULL;
	struct sip_dialog d = {
		.state = state, .flow = *flow, .routes = values,
		.uac = json_read_bool(r, saved, "uac"),
		.translated = json_read_bool(r, saved, "translated"),
		.call_id = text_of(r, saved, "call_id"),
		.remote_tag = text_of(r, saved, "remote_tag"),
		.local_uri = text_of(r, saved, "local_uri"),
		.remote_uri = text_of(r, saved, "remote_uri"),
		.local_contact = text_of(r, saved, "local_contact"),
		.remote_target = text_of(r, saved, "remote_target"),
		.local_cseq = (u32)json_read_u64(r, saved, "local_cseq", INT32_MAX),
		.remote_cseq = (u32)json_read_u64(r, saved, "remote_cseq", UINT32_MAX),
	};

	snprintf(d.local_tag, sizeof(d.local_tag), "%s",
		 json_read_text(r, saved, "local_tag", sizeof(d.local_tag) - 1));
	read_alias(r, saved, &d);
	read_routes(r, saved, &d);
	if (!r->bad)
		dialog = sip_dialog_restore(e->sip, &d, user);
	if (!dialog && !r->bad)
		r->bad = "dialog";
	return dialog;
}

struct sip_dialog *call_dialog_restore(struct call_engine *e, struct json_reader *r,
				       const json_t *saved, const struct flow *flow, void *user)
{
	return restore(e, r, saved, SIP_DIALOG_CONFIRMED, flow, user);
}

struct sip_dialog *call_dialog_restore_early(struct call_engine *e, struct json_reader *r,
					     const json_t *saved, const struct flow *flow,
					     void *user)
{
	return restore(e, r, saved, SIP_DIALOG_EARLY, flow, user);
}

json_t *call_id_save(u64 id)
{
	char hex[17];

	snprintf(hex, sizeof(hex), "%016" PRIx64, id);
	return json_string(hex);
}

/* 16 hex digits */
bool call_id_restore(const struct call_engine *e, struct json_reader *r, const json_t *saved,
		     const char *key, u64 *id)
{
	const char *text = json_read_text(r, saved, key, 16);

	if (r->bad || strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16)
		return false;
	*id = strtoull(text, NULL, 16);
	return *id >> 52 == (e->node & 0xfff);
}
