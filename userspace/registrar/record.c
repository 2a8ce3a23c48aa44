// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is written down of an address-of-record, and read again after a restart: JSON, of
 * which nothing is believed that a REGISTER could not have brought.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/json.h"
#include "registrar/binding.h"
#include "sip/msg.h"

#define VERSION 1
#define MAX_INTERVAL 86400
#define MAX_MS (INT64_MAX / NSEC_PER_MSEC)

static const char *const text_names[BINDING_TEXTS] = {
	[BINDING_URI] = "contact", [BINDING_PARAMS] = "params", [BINDING_PATH] = "path",
	[BINDING_CALL_ID] = "call_id", [BINDING_AGENT] = "agent",
};

/* --- out --- */

static json_t *save_binding(const struct registrar *r, u64 now, u64 wall,
			    const struct registrar_binding *b)
{
	const struct sip_listener *l = &r->listeners[b->flow.listener];
	json_t *saved = json_pack("{s:I, s:I, s:I, s:b, s:I, s:I, s:o, s:o, s:s}",
				  "expires", (json_int_t)((wall + (b->expires - now)) /
							  NSEC_PER_MSEC),
				  "cseq", (json_int_t)b->cseq, "q", (json_int_t)b->q,
				  "nat", b->nat, "keepalive", (json_int_t)b->keepalive,
				  "interval", (json_int_t)b->interval,
				  "peer", json_addr(&b->flow.peer),
				  "listener", json_addr(&l->local),
				  "transport", transport_name(l->transport));
	size_t i;

	for (i = 0; saved && i < BINDING_TEXTS; i++)
		json_put(&saved, text_names[i], json_text(registrar_binding_text(b, i).p));
	return saved;
}

static bool save_list(json_t **to, const struct registrar *r, u64 now, u64 wall,
		      const struct registrar_binding *b)
{
	bool any = false;

	for (; b; b = b->next) {
		if (b->going || b->expires <= now)
			continue;
		any = true;
		json_append(to, save_binding(r, now, wall, b));
	}
	return any;
}

int registrar_save(const struct registrar *r, u64 now, u64 wall, u64 record, char **text)
{
	const struct registrar_user *user = registrar_user_of_record(r, record);
	json_t *list, *saved;
	bool any;

	if (!user)
		return -ENOENT;
	list = json_array();
	any = save_list(&list, r, now, wall, user->first);
	if (user->change)
		any |= save_list(&list, r, now, wall, user->change->added);
	if (!any) {
		json_decref(list);
		return -ENOENT;
	}
	saved = json_pack("{s:i, s:o, s:o}", "version", VERSION, "aor", json_text(user->aor),
			  "bindings", list);
	*text = json_write(saved);
	return *text ? 0 : -ENOMEM;
}

/* --- and back --- */

struct restoring {
	struct registrar *r;
	struct json_reader reader;
	u64 now, wall;
	struct registrar_user *user;
	bool left_out;			/* something that is not to be had any more */
};

static void wrong(struct restoring *s, const char *what)
{
	if (!s->reader.bad)
		s->reader.bad = what;
}

/* -1: it is not configured any more. */
static int find_listener(struct restoring *s, const json_t *saved)
{
	struct addr local = json_read_addr(&s->reader, saved, "listener");
	const char *name = json_read_text(&s->reader, saved, "transport", 8);
	enum transport transport;
	size_t i;

	if (!transport_parse(slice_str(name), &transport)) {
		wrong(s, "transport");
		return -1;
	}
	for (i = 0; i < s->r->nlisteners; i++)
		if (s->r->listeners[i].transport == transport &&
		    addr_eq(&s->r->listeners[i].local, &local))
			return (int)i;
	return -1;
}

static bool are_params(struct slice text)
{
	struct slice name, value;
	int more;

	while ((more = sip_next_param(&text, &name, &value)) == 1)
		;
	return !more;
}

static bool are_addresses(struct slice text)
{
	struct slice element;
	struct sip_nameaddr address;

	while (sip_next_element(&text, &element))
		if (!sip_parse_nameaddr(element, &address))
			return false;
	return true;
}

static void read_texts(struct restoring *s, const json_t *saved, struct slice texts[BINDING_TEXTS])
{
	struct sip_uri uri;
	size_t i;

	for (i = 0; i < BINDING_TEXTS; i++)
		texts[i] = slice_str(json_read_text(&s->reader, saved, text_names[i],
						    BINDING_MAX_TEXT));
	if (!sip_uri_parse(texts[BINDING_URI], &uri) ||
	    (uri.kind != SIP_URI_SIP && uri.kind != SIP_URI_SIPS))
		wrong(s, text_names[BINDING_URI]);
	if (!are_params(texts[BINDING_PARAMS]))
		wrong(s, text_names[BINDING_PARAMS]);
	if (!are_addresses(texts[BINDING_PATH]))
		wrong(s, text_names[BINDING_PATH]);
}

/* The rest of b, as it was. */
static void read_numbers(struct restoring *s, const json_t *saved, struct registrar_binding *b)
{
	struct json_reader *reader = &s->reader;

	b->cseq = (u32)json_read_u64(reader, saved, "cseq", UINT32_MAX);
	b->q = (u16)json_read_u64(reader, saved, "q", 1000);
	b->nat = json_read_bool(reader, saved, "nat");
	b->keepalive = (u8)json_read_u64(reader, saved, "keepalive", REGISTRAR_CRLF);
	b->interval = (u32)json_read_u64(reader, saved, "interval", MAX_INTERVAL);
	b->flow.peer = json_read_addr(reader, saved, "peer");
	if (!b->flow.peer.family)
		wrong(s, "peer");
	if (b->keepalive && !b->interval)
		wrong(s, "interval");
}

static void restore_binding(struct restoring *s, const json_t *saved)
{
	u64 expires = json_read_u64(&s->reader, saved, "expires", MAX_MS) * NSEC_PER_MSEC;
	int listener = find_listener(s, saved);
	struct slice texts[BINDING_TEXTS];
	struct registrar_binding *b;

	read_texts(s, saved, texts);
	if (s->reader.bad)
		return;
	b = registrar_binding_new(s->r, texts);
	if (!b) {
		wrong(s, "memory");
		return;
	}
	read_numbers(s, saved, b);
	s->r->homeless += !s->reader.bad && expires > s->wall && listener < 0;
	if (s->reader.bad || expires <= s->wall || listener < 0) {
		s->left_out = true;
		registrar_binding_free(s->r, b);
		return;
	}
	b->flow.listener = (u32)listener;
	b->expires = s->now + (expires - s->wall);
	registrar_binding_add(s->r, s->user, b, registrar_next_keepalive(s->r, s->now, b, true));
}

/* New ones are put before equal ones: the list is read from its end. */
static void restore_bindings(struct restoring *s, const json_t *saved)
{
	const json_t *list = json_read_array(&s->reader, saved, "bindings", REGISTRAR_CONTACTS);
	size_t n = list ? json_array_size(list) : 0;

	while (n-- && !s->reader.bad)
		restore_binding(s, json_array_get(list, n));
}

static void begin(struct restoring *s, const json_t *saved, u64 record)
{
	const char *aor = json_read_text(&s->reader, saved, "aor", REGISTRAR_AOR - 1);
	const char *at = strrchr(aor, '@');

	if (json_read_u64(&s->reader, saved, "version", VERSION) != VERSION)
		wrong(s, "version");
	if (!at || at == aor || !at[1] || !record || registrar_user_find(s->r, aor) ||
	    registrar_user_of_record(s->r, record))
		wrong(s, "aor");
	if (s->reader.bad)
		return;
	s->user = registrar_user_new(s->r, aor, record);
	if (!s->user)
		wrong(s, "memory");
}

const char *registrar_restore(struct registrar *r, u64 now, u64 wall, u64 record,
			      struct slice text)
{
	json_t *saved = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	struct restoring s = { .r = r, .now = now, .wall = wall };

	if (!json_is_object(saved))
		wrong(&s, "JSON");
	else
		begin(&s, saved, record);
	if (s.user) {
		restore_bindings(&s, saved);
		if (s.reader.bad)
			registrar_user_clear(r, s.user, false);
		else if (s.left_out)
			registrar_user_stale(r, s.user);
		registrar_user_settle(r, s.user);
	}
	json_decref(saved);
	return s.reader.bad;
}
