// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes after a good upgrade, in one piece and in small ones, give the same messages. Of
 * broken close frames wslay sees more or less, depending on where the pieces end, so how it
 * ends is not compared. The first byte of the input is the seed of the pieces.
 */
#include <stdlib.h>

#include "transport/websocket.h"

#define MAX 4096
#define REQUEST "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" \
	"Sec-WebSocket-Protocol: sip\r\n\r\n"

static void take_messages(struct websocket *ws, struct buf *seen)
{
	struct websocket_message *m;

	while ((m = websocket_take(ws))) {
		if (m->n > MAX)
			abort();
		buf_printf(seen, "%d %zu:", m->kind, m->n);
		buf_add(seen, slice_of(m->bytes, m->n));
		free(m);
	}
}

/* In pieces of 1 to most bytes. What was seen is added to seen. */
static void run(const u8 *data, size_t size, unsigned int seed, size_t most, struct buf *seen)
{
	struct websocket *ws;
	struct buf wire;
	size_t at, n;
	char *copy;
	int err = 0;

	buf_init(&wire);
	if (websocket_new(&ws, MAX, NULL, 0) || websocket_input(ws, SLICE(REQUEST), &wire) ||
	    !websocket_ready(ws))
		abort();
	for (at = 0; at < size && !err; at += n) {
		seed = seed * 1103515245u + 12345u;
		n = 1 + (seed >> 16) % most;
		n = n < size - at ? n : size - at;
		copy = malloc(n);
		memcpy(copy, data + at, n);
		err = websocket_input(ws, slice_of(copy, n), &wire);
		free(copy);
		take_messages(ws, seen);
	}
	if (!err) {
		if (websocket_send(ws, SLICE("\xff"), &wire) || websocket_ping(ws, &wire))
			abort();
		websocket_finish(ws, false, &wire);
	}
	buf_free(&wire);
	websocket_free(ws);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct buf whole, pieces;

	if (!size)
		return 0;
	buf_init(&whole);
	buf_init(&pieces);
	run(data + 1, size - 1, data[0], 1 << 16, &whole);
	run(data + 1, size - 1, data[0], 8, &pieces);
	if (!slice_eq(buf_slice(&whole), buf_slice(&pieces)))
		abort();
	buf_free(&whole);
	buf_free(&pieces);
	return 0;
}
