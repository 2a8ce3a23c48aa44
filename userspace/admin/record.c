// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A call record as JSON. What is not known is null, never left out, so that a
 * reader finds every key in every line.
 */
#include <stdlib.h>
#include <string.h>

#include "admin/command.h"
#include "admin/record.h"
#include "base/json.h"

static json_t *text_or_null(const char *text)
{
	return text && *text ? json_text(text) : json_null();
}

static json_t *addr_or_null(const struct addr *a)
{
	char text[ADDR_STRLEN];

	return a->family ? json_string(addr_print(a, text)) : json_null();
}

/* received: by us, so with the Request-URI; we send one that To repeats. */
static json_t *leg_object(const struct call_record_leg *leg, bool received)
{
	json_t *object = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}",
				   "realm", text_or_null(leg->realm),
				   "trunk", text_or_null(leg->trunk),
				   "peer", addr_or_null(&leg->peer),
				   "sip_call_id", text_or_null(leg->call_id),
				   "from", text_or_null(leg->from), "to", text_or_null(leg->to));

	if (object && received)
		json_object_set_new(object, "request_uri", text_or_null(leg->request_uri));
	return object;
}

static double jitter_ms(const struct media_end_figures *end)
{
	if (!end->clock_rate)
		return 0;
	return (double)(end->jitter * 1000000ull / end->clock_rate) / 1000;
}

static json_t *direction_object(const struct media_end_figures *f)
{
	return json_pack("{s:o, s:{s:I, s:I, s:I, s:f, s:I}, s:{s:I, s:I}}",
			 "remote", addr_or_null(&f->remote),
			 "received", "packets", (json_int_t)f->rx_packets,
			 "bytes", (json_int_t)f->rx_bytes, "lost", (json_int_t)f->lost,
			 "jitter_ms", jitter_ms(f), "refused", (json_int_t)f->dropped,
			 "sent", "packets", (json_int_t)f->tx_packets,
			 "bytes", (json_int_t)f->tx_bytes);
}

static json_t *stream_object(const struct call_record_stream *s)
{
	return json_pack("{s:o, s:o, s:b, s:o, s:o}",
			 "media", text_or_null(s->agreed.media),
			 "codec", text_or_null(s->agreed.codec),
			 "rejected", s->agreed.rejected,
			 "a", s->counted[0] ? direction_object(&s->figures[0]) : json_null(),
			 "b", s->counted[1] ? direction_object(&s->figures[1]) : json_null());
}

static json_t *streams_array(const struct call_record *r)
{
	json_t *streams = json_array();
	size_t i;

	for (i = 0; i < r->nstreams; i++)
		json_array_append_new(streams, stream_object(&r->streams[i]));
	return streams;
}

static json_int_t between_ms(u64 from, u64 to)
{
	return from && to > from ? (json_int_t)((to - from) / NSEC_PER_MSEC) : 0;
}

static json_t *record_object(const struct call_record *r, const struct command_context *at)
{
	static const char *const enders[] = {
		[CALL_ENDED_BY_JALUR] = "jalur", [CALL_ENDED_BY_CALLER] = "caller",
		[CALL_ENDED_BY_CALLEE] = "callee",
		[CALL_ENDED_BY_ADMINISTRATOR] = "administrator",
	};

	static const char *const restarts[] = {
		[CALL_NO_RESTART] = NULL, [CALL_RECOVERED] = "recovered", [CALL_LOST] = "lost",
	};

	return json_pack("{s:i,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:I,s:i,s:{s:i,s:o},s:s,s:s?,s:o}",
			 "version", ADMIN_RECORD_VERSION, "id", admin_hex(r->id),
			 "transferred_from", r->transferred_from ?
					     admin_hex(r->transferred_from) : json_null(),
			 "route", text_or_null(r->route),
			 "a", leg_object(&r->a, true),
			 "b", r->b.realm ? leg_object(&r->b, false) : json_null(),
			 "setup", admin_time(at, r->setup), "ring", admin_time(at, r->ring),
			 "answer", admin_time(at, r->answer), "end", admin_time(at, r->end),
			 "duration_ms", between_ms(r->answer, r->end), "status", (int)r->status,
			 "cause", "q850", (int)r->cause, "text", json_text(r->text),
			 "ended_by", enders[r->by], "restart", restarts[r->restart],
			 "streams", streams_array(r));
}

char *admin_record_line(const struct call_record *r, u64 now, u64 wall)
{
	const struct command_context at = { .now = now, .wall = wall };
	json_t *object = record_object(r, &at);
	char *text, *line;
	size_t n;

	text = object ? json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
	json_decref(object);
	if (!text)
		return NULL;
	n = strlen(text);
	line = realloc(text, n + 2);
	if (!line) {
		free(text);
		return NULL;
	}
	strcpy(line + n, "\n");
	return line;
}
