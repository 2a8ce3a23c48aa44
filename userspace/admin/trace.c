// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The ladder of a call as JSON: jalurctl draws it. Without an id it is that of the call
 * that began last, which is the one that somebody just complained about.
 */
#include "admin/command.h"
#include "base/json.h"

struct ladder {
	const struct command_context *ctx;
	json_t *steps;
	u64 begin;
};

static void add_step(void *arg, const struct call_trace_entry *entry)
{
	struct ladder *l = arg;
	json_t *step;

	if (!l->begin)
		l->begin = entry->time;
	step = json_pack("{s:o, s:f, s:s, s:o}", "time", admin_time(l->ctx, entry->time),
			 "offset_ms", (double)(entry->time - l->begin) / NSEC_PER_MSEC,
			 "kind", entry->kind == CALL_TRACE_SIP ? "sip" : "media",
			 "what", json_text(entry->what));
	if (entry->kind == CALL_TRACE_SIP || entry->peer.family) {
		json_object_set_new(step, "leg", json_string(entry->side ? "b" : "a"));
		json_object_set_new(step, "peer", admin_addr(&entry->peer));
	}
	if (entry->kind == CALL_TRACE_SIP) {
		json_object_set_new(step, "direction", json_string(entry->in ? "in" : "out"));
		json_object_set_new(step, "cseq", json_integer(entry->cseq));
		json_object_set_new(step, "method", json_text(entry->method));
	}
	if (entry->status)
		json_object_set_new(step, "status", json_integer(entry->status));
	json_array_append_new(l->steps, step);
}

json_t *admin_ladder(const struct command_context *ctx, u64 call)
{
	struct ladder l = { .ctx = ctx, .steps = json_array() };

	if (call_engine_trace(ctx->conf->engine, call, add_step, &l))
		return json_pack("{s:o, s:o}", "call", admin_hex(call), "steps", l.steps);
	json_decref(l.steps);
	return NULL;
}
