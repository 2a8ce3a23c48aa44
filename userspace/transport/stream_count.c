// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names of states, reasons and counters, and the counters as a list.
 */
#include "transport/stream_private.h"

static const char *const reason_names[STREAM_REASONS] = {
#define STREAM_REASON_NAME(id, name, text) [STREAM_##id] = name,
	STREAM_REASON_TABLE(STREAM_REASON_NAME)
#undef STREAM_REASON_NAME
};

static const char *const reason_texts[STREAM_REASONS] = {
#define STREAM_REASON_TEXT(id, name, text) [STREAM_##id] = text,
	STREAM_REASON_TABLE(STREAM_REASON_TEXT)
#undef STREAM_REASON_TEXT
};

static const char *const count_names[STREAM_COUNTS] = {
#define STREAM_COUNT_NAME(id, name) [STREAM_COUNT_##id] = name,
	STREAM_COUNT_TABLE(STREAM_COUNT_NAME)
#undef STREAM_COUNT_NAME
};

const char *stream_state_name(enum stream_state state)
{
	static const char *const names[STREAM_STATES] = {
		[STREAM_CONNECTING] = "connecting", [STREAM_HANDSHAKE] = "handshake",
		[STREAM_OPEN] = "open", [STREAM_REFUSING] = "refusing",
		[STREAM_CLOSING] = "closing",
	};

	return names[state];
}

const char *stream_reason_name(enum stream_reason reason)
{
	return reason_names[reason];
}

const char *stream_reason_text(enum stream_reason reason)
{
	return reason_texts[reason];
}

void stream_counters_init(struct streams *s)
{
	size_t i;

	for (i = 0; i < STREAM_COUNTS; i++)
		s->counters[i].name = i < STREAM_REASONS ? reason_names[i] : count_names[i];
}

const struct stream_counter *streams_counters(struct streams *s)
{
	size_t i;

	for (i = 0; i < STREAM_COUNTS; i++)
		s->counters[i].value = atomic_load_explicit(&s->counts[i], memory_order_relaxed);
	s->counters[STREAM_COUNT_CONNECTIONS].value = sources_connections(s->sources);
	s->counters[STREAM_COUNT_HANDSHAKES].value = sources_handshakes(s->sources);
	return s->counters;
}
