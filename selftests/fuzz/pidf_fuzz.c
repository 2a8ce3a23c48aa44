// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a PIDF that somebody publishes. What is accepted and merged into a document of
 * ours is one again, about him, and tells nobody where he is to be contacted.
 */
#include <stdlib.h>

#include "event/publication.h"

#define ME "sip:alice@example.com"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct event_state state = { .entity = ME, .npublished = 1 };
	char whose[EVENT_ENTITY];
	struct buf parts, document, again;
	const char *why = NULL;
	char *text;
	int err;

	buf_init(&parts);
	buf_init(&document);
	buf_init(&again);
	err = event_pidf_read(slice_of((const char *)data, size), ME, "0123456789abcdef", whose,
			      &parts, &why);
	if (err && !why)
		abort();
	text = buf_take(&parts);
	state.published[0] = text;
	if (!err && text) {
		if (event_kinds[EVENT_PRESENCE].print(&document, &state, 0))
			abort();
		if (document.n <= EVENT_MAX_DOCUMENT &&
		    event_pidf_read(buf_slice(&document), ME, "0", whose, &again, &why) == -22 &&
		    !strstr(why, "more, or"))
			abort();
		if (document.n <= EVENT_MAX_DOCUMENT && strcmp(whose, ME))
			abort();
	}
	free(text);
	buf_free(&document);
	buf_free(&again);
	return 0;
}
