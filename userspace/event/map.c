// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which bodies have something in them that belongs to the side which they come from. Any XML
 * may; of what is no XML, those that event packages have.
 */
#include <errno.h>

#include "event/map_private.h"

enum kind { NONE, FRAGMENT, SUMMARY, XML };

static bool ends(struct slice s, struct slice with)
{
	return s.n > with.n && slice_caseeq(slice_of(s.p + s.n - with.n, with.n), with);
}

static enum kind kind_of(struct slice type)
{
	const char *end = type.n ? memchr(type.p, ';', type.n) : NULL;

	if (end)
		type.n = (size_t)(end - type.p);
	type = slice_trim(type);
	if (slice_caseeq(type, SLICE("message/sipfrag")))
		return FRAGMENT;
	if (slice_caseeq(type, SLICE("application/simple-message-summary")))
		return SUMMARY;
	return ends(type, SLICE("+xml")) || ends(type, SLICE("/xml")) ? XML : NONE;
}

bool event_map_reads(struct slice type)
{
	return kind_of(type) != NONE;
}

int event_map_body(const struct event_map *m, struct slice type, struct slice body,
		   struct buf *out, const char **why)
{
	*why = "too long";
	if (body.n > EVENT_MAP_BODY)
		return -EINVAL;
	switch (kind_of(type)) {
	case FRAGMENT:
		*why = "no part of a message";
		return event_map_fragment(m, body, out);
	case SUMMARY:
		*why = "no message summary";
		return event_map_summary(m, body, out);
	case XML:
		return event_map_xml(m, body, out, why);
	default:
		*why = "of a type that is not read";
		return -EINVAL;
	}
}
