// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Overload and drain as JSON.
 */
#include "admin/command.h"

json_t *admin_overload(const struct command_context *ctx)
{
	json_t *causes = json_array();
	struct call_overload_view view;
	size_t i;

	call_engine_overload(ctx->conf->engine, ctx->now, &view);
	for (i = 0; i < CALL_OVERLOAD_CAUSES; i++)
		json_array_append_new(causes, json_pack("{s:s, s:s, s:I}",
							"cause", call_overload_name(i), "level",
							call_overload_level_name(view.causes[i]),
							"refused", (json_int_t)view.refused[i]));
	return json_pack("{s:s, s:o}", "level", call_overload_level_name(view.level),
			 "causes", causes);
}

json_t *admin_drain(const struct command_context *ctx)
{
	struct call_drain_view view;

	call_engine_drained(ctx->conf->engine, &view);
	return json_pack("{s:b, s:o, s:I, s:I, s:I}", "draining", view.draining,
			 "since", admin_time(ctx, view.since),
			 "calls", (json_int_t)view.calls,
			 "calls_at_start", (json_int_t)view.calls_then,
			 "refused", (json_int_t)view.refused);
}
