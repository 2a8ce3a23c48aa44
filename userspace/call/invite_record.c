// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * INVITEs that ring for who is put through, in the record of their call: as much of them as a
 * CANCEL takes (RFC 3261 §9.1), for after a restart nobody waits for their answer any more. Until
 * that comes they are legs of a call that ends, so a 2xx that was faster gets its ACK and a BYE.
 * The reader takes what is there for bytes from outside.
 */
#include <string.h>

#include "call/call.h"
#include "call/dialog_record.h"
#include "call/trunk_state.h"

#define MAX_TEXT 1024
#define MAX_LINES 64
#define MAX_LINE 2048

bool call_invite_rings(const struct call_leg *leg)
{
	return leg->side == MEDIA_LEG_B && leg->invite && leg->late && leg->dialog &&
	       (leg->state == CALL_LEG_INVITED || leg->state == CALL_LEG_CANCELLED);
}

static json_t *save_lines(const char *text)
{
	json_t *lines = json_array();
	const char *end;

	for (; (end = strstr(text, "\r\n")) && end > text; text = end + 2) {
		char *line = slice_dup(slice_of(text, (size_t)(end - text)));

		json_append(&lines, json_text(line));
		free(line);
	}
	return lines;
}

static json_t *save_invite(const struct call_engine *e, const struct call_leg *leg)
{
	const struct call_policy *p = leg->call->policy;
	struct flow flow;
	char *text = sip_invite_save(e->sip, leg->invite, &flow);
	json_t *saved = NULL;

	if (text)
		saved = json_pack("{s:s, s:s, s:o, s:o}",
				  "realm", leg->realm < 0 ? "" : p->realms[leg->realm].name,
				  "trunk", leg->trunk < 0 ? "" : p->trunks[leg->trunk].name,
				  "dialog", call_dialog_save(leg->dialog),
				  "request", save_lines(text));
	free(text);
	if (saved)
		call_flow_save(e, &flow, &saved);
	return saved;
}

void call_invites_save(const struct call_engine *e, const struct call *call, json_t **to)
{
	json_t *all = json_array();
	bool any = false;
	size_t i;

	for (i = 0; i < call->nall; i++) {
		if (!call_invite_rings(call->all[i]))
			continue;
		any = true;
		json_append(&all, save_invite(e, call->all[i]));
	}
	if (any)
		json_put(to, "ringing", all);
	else
		json_decref(all);
}

/* --- and back --- */

static char *read_lines(struct json_reader *r, const json_t *saved)
{
	const json_t *lines = json_read_array(r, saved, "request", MAX_LINES), *value;
	struct buf b;
	size_t i;

	buf_init(&b);
	for (i = 0; lines && i < json_array_size(lines); i++) {
		value = json_array_get(lines, i);
		if (!json_is_string(value) || json_string_length(value) > MAX_LINE ||
		    strpbrk(json_string_value(value), "\r\n")) {
			r->bad = "request";
			break;
		}
		buf_printf(&b, "%s\r\n", json_string_value(value));
	}
	buf_str(&b, "\r\n");
	return buf_take(&b);
}

static void restore_request(struct call_engine *e, struct call_leg *leg, struct json_reader *r,
			    const json_t *saved)
{
	char *text = read_lines(r, saved);

	if (text && !r->bad)
		leg->invite = sip_invite_restore(e->sip, slice_str(text), leg->dialog,
						 call_leg_handle(leg));
	if (!leg->invite && !r->bad)
		r->bad = "request";
	free(text);
}

static void restore_invite(struct call_engine *e, struct call_leg *leg, struct json_reader *r,
			   const json_t *saved)
{
	const struct call_policy *p = leg->call->policy;
	struct flow flow = call_flow_restore(e, r, saved);

	leg->realm = call_realm_called(p, json_read_text(r, saved, "realm", MAX_TEXT));
	leg->trunk = call_trunk_index(p, json_read_text(r, saved, "trunk", MAX_TEXT));
	leg->peer = flow.peer;
	leg->listener = flow.listener;
	leg->name = flow.name;
	if (!r->bad && leg->realm < 0)
		r->bad = "realm";
	if (!r->bad && !flow.peer.family)
		r->bad = "peer";
	leg->dialog = call_dialog_restore_early(e, r, json_read_object(r, saved, "dialog"), &flow,
						call_leg_handle(leg));
	if (!leg->dialog)
		return;
	call_leg_dialog_made(leg);
	restore_request(e, leg, r, saved);
	if (!leg->invite)
		return;
	leg->state = CALL_LEG_INVITED;
	leg->late = true;
	call_trunk_count(e, leg);
}

static struct call_leg *place_of(struct call_engine *e, struct call *call)
{
	struct call_leg *leg = call->legs[1];

	if (leg->dialog)
		leg = call_leg_new(e, call, MEDIA_LEG_B);
	if (leg)
		leg->root = leg;
	return leg;
}

size_t call_invites_restore(struct call_engine *e, struct call *call, struct json_reader *r,
			    const json_t *saved)
{
	const json_t *all = json_read_array(r, saved, "ringing", CALL_MAX_LEGS), *invite;
	size_t i, n = all ? json_array_size(all) : 0;

	for (i = 0; i < n && !r->bad; i++) {
		struct call_leg *leg = place_of(e, call);

		invite = json_array_get(all, i);
		if (!leg || !json_is_object(invite))
			r->bad = leg ? "ringing" : "memory";
		else
			restore_invite(e, leg, r, invite);
	}
	return n;
}
