// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Trunks as JSON: how they are, their addresses, their registration.
 */
#include "admin/command.h"
#include "base/json.h"
#include "base/timer.h"
#include "call/trunk.h"

static json_t *limit(u32 value)
{
	return value ? json_integer(value) : json_null();
}

static json_t *status_or_null(u16 status)
{
	return status ? json_integer(status) : json_null();
}

static json_t *registration(const struct command_context *ctx, const struct call_trunk_view *view)
{
	static const char *const states[] = {
		[CALL_REGISTRATION_NONE] = "none", [CALL_REGISTRATION_TRYING] = "trying",
		[CALL_REGISTRATION_DONE] = "registered", [CALL_REGISTRATION_FAILED] = "failed",
		[CALL_REGISTRATION_LEAVING] = "leaving",
	};
	const struct call_upstream_view *u = &view->upstream;

	if (!view->registers)
		return json_null();
	return json_pack("{s:o, s:o, s:s, s:o, s:o, s:I, s:o, s:o}",
			 "aor", json_text(u->aor),
			 "contact", u->contact ? json_text(u->contact) : json_null(),
			 "state", states[u->state], "registrar", admin_addr(&u->registrar),
			 "status", status_or_null(u->status), "failures", (json_int_t)u->failures,
			 "until", admin_time(ctx, u->until), "next", admin_time(ctx, u->next));
}

const char *admin_trunk_state(enum call_trunk_condition condition)
{
	static const char *const states[] = {
		[CALL_TRUNK_UNKNOWN] = "unknown", [CALL_TRUNK_UP] = "up",
		[CALL_TRUNK_DEGRADED] = "degraded", [CALL_TRUNK_DOWN] = "down",
		[CALL_TRUNK_DRAINED] = "drained",
	};

	return states[condition];
}

static json_t *trunk(const struct command_context *ctx, const struct call_trunk_view *view)
{
	return json_pack("{s:o, s:o, s:s, s:I, s:o, s:o, s:I, s:I, s:I, s:o, s:o}",
			 "name", json_text(view->name), "realm", json_text(view->realm),
			 "state", admin_trunk_state(view->condition),
			 "calls", (json_int_t)view->calls,
			 "max_calls", limit(view->max_calls), "max_rate", limit(view->max_rate),
			 "refused", (json_int_t)view->refused,
			 "addresses_known", (json_int_t)view->nways,
			 "addresses_up", (json_int_t)view->nways_up,
			 "probe_interval_ms", view->probe_interval ?
			 json_integer((json_int_t)(view->probe_interval / NSEC_PER_MSEC)) :
			 json_null(), "registration", registration(ctx, view));
}

struct listing {
	const struct command_context *ctx;
	json_t *array;
};

static void add_trunk(void *arg, const struct call_trunk_view *view)
{
	struct listing *l = arg;

	json_array_append_new(l->array, trunk(l->ctx, view));
}

json_t *admin_trunks(const struct command_context *ctx)
{
	struct listing l = { ctx, json_array() };

	call_engine_trunks(ctx->conf->engine, add_trunk, &l);
	return json_pack("{s:o}", "trunks", l.array);
}

static void add_way(void *arg, const struct call_way_view *view)
{
	static const char *const states[] = {
		[CALL_WAY_UNKNOWN] = "unknown", [CALL_WAY_UP] = "up", [CALL_WAY_DOWN] = "down",
	};
	bool answered = view->status && view->status != 408;
	struct listing *l = arg;
	json_t *object;

	object = json_pack("{s:o, s:s, s:o, s:i, s:i, s:s, s:b, s:o, s:o, s:o}",
			   "address", json_addr(&view->addr),
			   "transport", transport_name(view->transport),
			   "target", json_text(view->target), "priority", view->priority,
			   "weight", view->weight, "state", states[view->state],
			   "failed", view->failed, "probe_status", status_or_null(view->status),
			   "probe_time", admin_time(l->ctx, view->probed),
			   "probe_rtt_ms", answered ?
			   json_real((double)view->rtt / NSEC_PER_MSEC) : json_null());
	json_array_append_new(l->array, object);
}

json_t *admin_trunk(const struct command_context *ctx, const char *name)
{
	struct listing l = { ctx, NULL };
	struct call_trunk_view view;
	json_t *object;

	if (!name || !call_engine_trunk(ctx->conf->engine, name, &view))
		return NULL;
	object = trunk(ctx, &view);
	l.array = json_array();
	call_engine_ways(ctx->conf->engine, ctx->now, name, add_way, &l);
	json_object_set_new(object, "addresses", l.array);
	return object;
}
