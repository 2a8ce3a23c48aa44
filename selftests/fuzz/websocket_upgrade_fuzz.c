// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as the upgrade to a WebSocket: the same verdict when they come in two pieces,
 * the first of which is not complete, and an answer to each verdict.
 */
#include <stdlib.h>

#include "transport/websocket.h"

static const char *const origins[] = { "https://pbx.example" };

static void check(const struct upgrade *u, size_t size)
{
	struct buf wire;

	if (u->used > size || u->used > WEBSOCKET_MAX_HEADER)
		abort();
	buf_init(&wire);
	websocket_upgrade_answer(u, &wire);
	if (u->result == UPGRADE_MORE ? wire.n : !wire.n)
		abort();
	if (u->result == UPGRADE_ACCEPTED && (u->status != 101 || u->key.n != 24))
		abort();
	if (u->result == UPGRADE_REFUSED && (u->status < 400 || !u->why))
		abort();
	buf_free(&wire);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct slice bytes = slice_of((const char *)data, size);
	struct upgrade whole, part;
	size_t n;

	websocket_upgrade(bytes, origins, 1, &whole);
	check(&whole, size);
	/* Less than the header says nothing; the header alone says as much as with more. */
	for (n = size < 64 ? 0 : size - 64; n < size; n++) {
		websocket_upgrade(slice_of(bytes.p, n), origins, 1, &part);
		check(&part, n);
		if (part.result == UPGRADE_MORE)
			continue;
		if (part.result != whole.result || part.status != whole.status ||
		    part.used != whole.used)
			abort();
	}
	return 0;
}
