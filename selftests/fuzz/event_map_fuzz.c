// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a body that passes from one side to the other; the first byte says of which
 * type, or that they are a value of Event, or what stands around the parts of a body. What comes
 * of it can be read again, every URI in it is one of ours, and no dialog is named that is not
 * known there.
 */
#include <errno.h>
#include <stdlib.h>

#include "event/map.h"

#define OURS "sip:x@sbc.example"

static bool map_uri(void *user, struct slice uri, struct buf *out)
{
	bool *again = user;

	if (*again && !slice_eq(uri, SLICE(OURS)))
		abort();
	buf_str(out, OURS);
	return uri.n % 7;
}

static bool map_dialog(void *user, const struct event_dialog *d, struct event_dialog *there)
{
	(void)user;
	if (!d->call_id.n || !d->local_tag.n || !d->remote_tag.n)
		abort();
	*there = (struct event_dialog){ SLICE("c"), SLICE("l"), SLICE("r") };
	return d->call_id.n % 3;
}

static bool is_hidden(void *user, struct slice text)
{
	(void)user;
	return text.n && memmem(text.p, text.n, "pbx", 3);
}

static bool map_named(void *user, const struct event_dialog *d, struct event_dialog *there)
{
	(void)user;
	if (!d->call_id.n || !d->local_tag.n)
		abort();
	*there = (struct event_dialog){ SLICE("c\"\\"), SLICE("l"), SLICE("r") };
	return d->call_id.n % 3;
}

static void map_event(struct slice value)
{
	struct event_map m = { .dialog = map_named };
	char call_id[EVENT_CALL_ID];
	enum event_named named;
	struct event_dialog d;
	struct buf out;

	buf_init(&out);
	named = event_map_event(&m, value, &out);
	if (named == EVENT_NAMES_NONE && !slice_eq(buf_slice(&out), value))
		abort();
	if (named != EVENT_NAMES_NONE &&
	    (event_named(value, &d, call_id) == EVENT_NAMES_NONE ||
	     event_named(buf_slice(&out), &d, call_id) !=
		(named == EVENT_NAMES_LOST ? EVENT_NAMES_NONE : named)))
		abort();
	if (named == EVENT_NAMES_KNOWN &&
	    (!slice_eq(d.call_id, SLICE("c\"\\")) || !slice_eq(d.local_tag, SLICE("l"))))
		abort();
	buf_free(&out);
}

/* Whole lines are left out, and then nothing is left that would be. */
static void map_around(struct slice text)
{
	struct event_map m = { .hidden = is_hidden };
	struct buf once, twice;

	buf_init(&once);
	buf_init(&twice);
	event_map_around(&m, text, &once);
	event_map_around(&m, buf_slice(&once), &twice);
	if (once.n > text.n || !slice_eq(buf_slice(&once), buf_slice(&twice)))
		abort();
	buf_free(&once);
	buf_free(&twice);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	const struct slice types[] = {
		SLICE("message/sipfrag"), SLICE("application/simple-message-summary"),
		SLICE("application/pidf+xml"),
	};
	bool second = false;
	struct event_map m = {
		.user = &second, .uri = map_uri, .dialog = map_dialog, .hidden = is_hidden,
	};
	struct buf once, twice;
	const char *why = NULL;
	struct slice type;

	if (!size)
		return 0;
	if (data[0] == 255) {
		map_event(slice_of((const char *)data + 1, size - 1));
		return 0;
	}
	if (data[0] == 254) {
		map_around(slice_of((const char *)data + 1, size - 1));
		return 0;
	}
	type = types[data[0] % 3];
	buf_init(&once);
	buf_init(&twice);
	if (event_map_body(&m, type, slice_of((const char *)data + 1, size - 1), &once, &why)) {
		if (!why)
			abort();
		buf_free(&once);
		return 0;
	}
	second = true;
	/* it may have become longer than there may be */
	if (once.n && once.n <= EVENT_MAP_BODY &&
	    event_map_body(&m, type, buf_slice(&once), &twice, &why) == -EINVAL)
		abort();
	if (data[0] % 3 == 2 && memmem(once.p ? once.p : "", once.n, "<!--", 4))
		abort();
	buf_free(&once);
	buf_free(&twice);
	return 0;
}
