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
	struct event_parts parts = { .xml = NULL }, again = { .xml = NULL };
	const char *why = NULL;
	struct buf document;
	int err;

	buf_init(&document);
	err = event_pidf_read(slice_of((const char *)data, size), ME, "0123456789abcdef", whose,
			      &parts, &why);
	if (err && !why)
		abort();
	state.published[0] = &parts;
	if (!err) {
		if (event_kinds[EVENT_PRESENCE].print(&document, &state, 0))
			abort();
		if (document.n <= EVENT_MAX_DOCUMENT &&
		    event_pidf_read(buf_slice(&document), ME, "0", whose, &again, &why) == -22 &&
		    !strstr(why, "more, or"))
			abort();
		if (document.n <= EVENT_MAX_DOCUMENT && strcmp(whose, ME))
			abort();
	}
	free(parts.xml);
	free(again.xml);
	buf_free(&document);
	return 0;
}
