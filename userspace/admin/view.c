// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls, figures and events as JSON, by the conventions of
 * Documentation/control-protocol.rst: ids as 16 hex digits, addresses as
 * ip:port, times in UTC, durations in ms. Keys are only ever added.
 */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "admin/command.h"
#include "base/json.h"

json_t *admin_hex(u64 value)
{
	char text[17];

	snprintf(text, sizeof(text), "%016" PRIx64, value);
	return json_string(text);
}

json_t *admin_addr(const struct addr *a)
{
	char text[ADDR_STRLEN];

	return a->family ? json_string(addr_print(a, text)) : json_null();
}

json_t *admin_time(const struct command_context *ctx, u64 ns)
{
	u64 wall = ctx->wall - (ctx->now - ns);
	time_t seconds = (time_t)(wall / NSEC_PER_SEC);
	char text[64];
	struct tm tm;
	size_t n;

	if (!ns)
		return json_null();
	gmtime_r(&seconds, &tm);
	n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, sizeof(text) - n, ".%06uZ", (unsigned int)(wall % NSEC_PER_SEC / 1000));
	return json_string(text);
}

static json_t *view_age(const struct command_context *ctx, u64 since)
{
	return json_integer((json_int_t)((ctx->now - since) / NSEC_PER_MSEC));
}

/* --- calls --- */

static json_t *view_leg(const struct call_leg_view *leg)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "realm", json_text(leg->realm), "trunk", json_text(leg->trunk),
			 "peer", admin_addr(&leg->peer), "dialog", json_text(leg->dialog_state),
			 "call_id", json_text(leg->call_id),
			 "local_tag", json_text(leg->local_tag),
			 "remote_tag", json_text(leg->remote_tag),
			 "local_uri", json_text(leg->local_uri),
			 "remote_uri", json_text(leg->remote_uri));
}

json_t *admin_call(const struct command_context *ctx, const struct call_view *view)
{
	static const char *const states[] = {
		[CALL_TRYING] = "trying", [CALL_RINGING] = "ringing", [CALL_ANSWERED] = "answered",
		[CALL_UP] = "up", [CALL_ENDING] = "ending",
	};

	return json_pack("{s:o, s:s, s:b, s:o, s:o, s:o, s:o, s:o}",
			 "id", admin_hex(view->id), "state", states[view->state],
			 "held", view->held, "created", admin_time(ctx, view->created),
			 "answered", admin_time(ctx, view->answered),
			 "age_ms", view_age(ctx, view->created),
			 "a", view_leg(&view->a), "b", view_leg(&view->b));
}

/* --- media --- */

double admin_jitter_ms(const struct media_end_figures *end)
{
	if (!end->clock_rate)
		return 0;
	return (double)(end->jitter * 1000000ull / end->clock_rate) / 1000;
}

static json_t *view_end(const struct media_end_figures *end)
{
	return json_pack("{s:o, s:o, s:o, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:o}",
			 "id", admin_hex(end->id), "local", admin_addr(&end->local),
			 "remote", admin_addr(&end->remote), "latched", end->latched,
			 "timed_out", end->timed_out,
			 "rx_packets", (json_int_t)end->rx_packets,
			 "rx_bytes", (json_int_t)end->rx_bytes,
			 "tx_packets", (json_int_t)end->tx_packets,
			 "tx_bytes", (json_int_t)end->tx_bytes,
			 "dropped", (json_int_t)end->dropped, "lost", (json_int_t)end->lost,
			 "jitter_ms", admin_jitter_ms(end),
			 "last_rx_ms", end->last_rx_ms == UINT64_MAX ? json_null() :
			 json_integer((json_int_t)end->last_rx_ms));
}

json_t *admin_figures(const struct media_figures *figures)
{
	json_t *ends = json_array();
	size_t i;

	for (i = 0; i < figures->nends; i++)
		json_array_append_new(ends, view_end(&figures->ends[i]));
	return json_pack("{s:o, s:I, s:o}", "session", admin_hex(figures->session),
			 "age_ms", (json_int_t)figures->age_ms, "ends", ends);
}

/* --- events --- */

json_t *admin_call_event(const struct command_context *ctx, const struct call_event *event)
{
	static const char *const types[] = {
		[CALL_EVENT_NEW] = "new", [CALL_EVENT_RINGING] = "ringing",
		[CALL_EVENT_ANSWERED] = "answered", [CALL_EVENT_HELD] = "held",
		[CALL_EVENT_RESUMED] = "resumed", [CALL_EVENT_ENDED] = "ended",
		[CALL_EVENT_REFUSED] = "refused", [CALL_EVENT_TRUNK] = "trunk",
	};
	json_t *object;

	object = json_pack("{s:s, s:o, s:s, s:o, s:o, s:o}", "source", "daemon",
			   "time", admin_time(ctx, event->time), "type", types[event->type],
			   "call", event->call ? admin_hex(event->call) : json_null(),
			   "from", json_text(event->from), "to", json_text(event->to));
	if (event->status)
		json_object_set_new(object, "status", json_integer(event->status));
	if (*event->reason)
		json_object_set_new(object, "reason", json_text(event->reason));
	if (event->figures)
		json_object_set_new(object, "media", admin_figures(event->figures));
	return object;
}

json_t *admin_media_event(const struct command_context *ctx, const struct media_event *event)
{
	static const char *const types[] = {
		[MEDIA_EVENT_LATCHED] = "latched", [MEDIA_EVENT_TIMED_OUT] = "timed-out",
		[MEDIA_EVENT_RESUMED] = "resumed", [MEDIA_EVENT_SSRC] = "ssrc",
		[MEDIA_EVENT_ADDRESS_GONE] = "address-gone",
		[MEDIA_EVENT_UNREACHABLE] = "unreachable", [MEDIA_EVENT_DELETED] = "deleted",
		[MEDIA_EVENT_LOST] = "lost", [MEDIA_EVENT_DISPLACED] = "displaced",
		[MEDIA_EVENT_OTHER] = "other",
	};
	json_t *object;
	char ssrc[9];

	object = json_pack("{s:s, s:o, s:s, s:o, s:o}", "source", "kernel",
			   "time", admin_time(ctx, ctx->now), "type", types[event->type],
			   "owner", admin_hex(event->owner),
			   "session", admin_hex(event->session));
	if (event->sequence)
		json_object_set_new(object, "sequence", admin_hex(event->sequence));
	if (event->end)
		json_object_set_new(object, "end", admin_hex(event->end));
	if (event->remote.family)
		json_object_set_new(object, "remote", admin_addr(&event->remote));
	if (event->type == MEDIA_EVENT_SSRC) {
		snprintf(ssrc, sizeof(ssrc), "%08" PRIx32, event->ssrc);
		json_object_set_new(object, "ssrc", json_string(ssrc));
	}
	return object;
}
