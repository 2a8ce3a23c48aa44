// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A bridge as JSON: both dialogs, with numbers ahead of what was sent since, and whose they are.
 * One that has ended is there, as expired, until the other side has heard of it: after a restart
 * the end is told again, or it times out.
 * Realms and trunks go by their names, for the configuration may be another one. The reader
 * takes it for bytes from outside.
 */
#include <stdlib.h>

#include "call/bridge.h"
#include "call/dialog_record.h"
#include "call/trunk_state.h"

#define VERSION 1
#define MAX_TEXT 256

/* --- out --- */

static json_t *save_leg(const struct call_engine *e, const struct call_leg *leg)
{
	const struct call_policy *p = leg->call->policy;
	json_t *saved;

	saved = json_pack("{s:o, s:o, s:o}",
			  "realm", json_text(leg->realm < 0 ? "" : p->realms[leg->realm].name),
			  "trunk", json_text(leg->trunk < 0 ? "" : p->trunks[leg->trunk].name),
			  "dialog", call_dialog_save(leg->dialog));
	if (saved)
		call_flow_save(e, &leg->dialog->flow, &saved);
	return saved;
}

static json_t *save_refer(const struct call_bridge *b)
{
	return json_pack("{s:I, s:I}", "from", (json_int_t)b->number[CALL_BANK_WATCHER],
			 "to", (json_int_t)b->number[CALL_BANK_NOTIFIER]);
}

json_t *call_bridge_save(const struct call_engine *e, u64 now, u64 wall, struct call_bridge *b)
{
	const struct call *call = &b->sides.call;
	json_t *saved;
	size_t i;

	b->saved_expires = b->expires;
	for (i = 0; i < CALL_BANKS; i++)
		b->saved_cseq[i] = b->errands[i].dialog->local_cseq + CALL_CSEQ_AHEAD;
	saved = json_pack("{s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:I, s:o, s:o}",
			  "version", VERSION, "kind", "carried",
			  "package", json_text(b->package), "event", json_text(b->event),
			  "resource", json_text(b->resource), "watcher", json_text(b->watcher),
			  "expires", call_expiry_save(now, wall, b->ended ? now : b->expires),
			  "domain", json_text(call->domain ? call->domain->name : ""),
			  "user", json_text(call->user ? call->user : ""),
			  "renamed", call->renamed, "notifies", (json_int_t)b->notifies,
			  "from", save_leg(e, &b->sides.from), "to", save_leg(e, &b->to));
	if (saved && b->there)
		json_put(&saved, "there", json_text(b->there));
	if (saved && b->number[CALL_BANK_WATCHER])
		json_put(&saved, "refer", save_refer(b));
	return saved;
}

/* --- and back --- */

static void wrong(struct json_reader *r, const char *what)
{
	if (!r->bad)
		r->bad = what;
}

static void read_leg(struct call_engine *e, struct json_reader *r, const json_t *saved,
		     struct call_leg *leg, struct call_errand *errand)
{
	const char *realm = json_read_text(r, saved, "realm", MAX_TEXT);
	const char *trunk = json_read_text(r, saved, "trunk", MAX_TEXT);
	struct flow flow = call_flow_restore(e, r, saved);

	leg->realm = call_realm_called(e->policy, realm);
	leg->trunk = *trunk ? call_trunk_index(e->policy, trunk) : -1;
	if (leg->realm < 0)
		wrong(r, "realm");
	if (*trunk && leg->trunk < 0)
		wrong(r, "trunk");
	if (!flow.peer.family)
		wrong(r, "peer");
	leg->peer = flow.peer;
	leg->listener = flow.listener;
	errand->dialog = call_dialog_restore(e, r, json_read_object(r, saved, "dialog"), &flow,
					     call_errand_handle(errand));
}

static void read_user(struct call_engine *e, struct json_reader *r, const json_t *saved,
		      struct call *call)
{
	const char *domain = json_read_text(r, saved, "domain", MAX_TEXT);
	const char *user = json_read_text(r, saved, "user", SIP_AUTH_USER - 1);

	call->renamed = json_read_bool(r, saved, "renamed");
	if (r->bad || !*domain)
		return;
	call->domain = call_policy_domain(e->policy, slice_str(domain));
	call->user = *user ? strdup(user) : NULL;
	if (!call->domain)
		wrong(r, "domain");
	if (!call->user)
		wrong(r, "user");
}

static char *read_text(struct json_reader *r, const json_t *saved, const char *key, size_t max)
{
	const char *text = json_read_text(r, saved, key, max);

	if (!*text)
		wrong(r, key);
	return strdup(text);
}

/* Numbers of the REFER that made it, if one did. */
static void read_refer(struct json_reader *r, const json_t *saved, struct call_bridge *b)
{
	const json_t *refer = json_object_get(saved, "refer") ?
			      json_read_object(r, saved, "refer") : NULL;

	if (!refer)
		return;
	b->number[CALL_BANK_WATCHER] = (u32)json_read_u64(r, refer, "from", UINT32_MAX);
	b->number[CALL_BANK_NOTIFIER] = (u32)json_read_u64(r, refer, "to", UINT32_MAX);
	if (!b->number[CALL_BANK_WATCHER])
		wrong(r, "refer");
}

void call_bridge_restore(struct call_engine *e, struct json_reader *r, u64 now, u64 wall,
			 u64 record, const json_t *saved)
{
	const char *watcher = json_read_text(r, saved, "watcher", REGISTRAR_AOR - 1);
	u64 expires = call_expiry_read(r, saved, now, wall);
	struct call_bridge *b = r->bad ? NULL : call_bridge_make(e, now, watcher);

	if (!b) {
		wrong(r, "memory");
		return;
	}
	b->package = read_text(r, saved, "package", 64);
	b->event = read_text(r, saved, "event", 1024);
	b->there = json_object_get(saved, "there") ? read_text(r, saved, "there", 1024) : NULL;
	b->resource = read_text(r, saved, "resource", REGISTRAR_AOR - 1);
	b->notifies = (u32)json_read_u64(r, saved, "notifies", UINT32_MAX);
	read_refer(r, saved, b);
	read_user(e, r, saved, &b->sides.call);
	read_leg(e, r, json_read_object(r, saved, "from"), &b->sides.from,
		 &b->errands[CALL_BANK_WATCHER]);
	read_leg(e, r, json_read_object(r, saved, "to"), &b->to,
		 &b->errands[CALL_BANK_NOTIFIER]);
	if (!b->package || !b->event || !b->resource)
		wrong(r, "memory");
	if (r->bad)
		call_bridge_free(e, b);
	else
		call_bridge_go_on(e, b, record, expires);
}
