// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A stream in pieces gives the same frames as the stream in one. The first two
 * bytes of the input are the seed of the pieces' lengths, the rest is the stream.
 * A message is also what the parser takes for one: it never finds fault with its
 * length, and its body ends where the frame does.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "sip/frame.h"

#define MAX 4096

/* Type, bytes and error of each frame, one after the other. */
static void note(struct buf *b, const struct sip_frame *frame)
{
	buf_printf(b, "%d %zu %u:", frame->type, frame->used, frame->err.status);
	buf_add(b, frame->bytes);
}

static void check_message(struct slice bytes)
{
	static struct sip_msg msg;
	struct sip_error err;

	if (sip_parse(bytes, &msg, &err)) {
		if (err.header == SIP_HDR_CONTENT_LENGTH)
			abort();
		return;
	}
	if (msg.body.p + msg.body.n != bytes.p + bytes.n)
		abort();
}

/* true: the stream ends with an error. */
static bool receive(struct sip_framer *f, const u8 *data, size_t n, size_t *from, struct buf *seen)
{
	struct sip_frame frame;
	char *copy;

	do {
		copy = malloc(n - *from + 1);
		memcpy(copy, data + *from, n - *from);
		sip_frame_next(f, slice_of(copy, n - *from), &frame);
		if (frame.used > n - *from || (frame.type != SIP_FRAME_MORE && !frame.used))
			abort();
		if (frame.type != SIP_FRAME_MORE)
			note(seen, &frame);
		if (frame.type == SIP_FRAME_MESSAGE)
			check_message(frame.bytes);
		*from += frame.used;
		free(copy);
	} while (frame.type != SIP_FRAME_MORE && frame.type != SIP_FRAME_ERROR);
	return frame.type == SIP_FRAME_ERROR;
}

/* In short pieces and longer ones. */
static void run_pieces(const u8 *data, size_t size, unsigned int seed, struct buf *seen)
{
	size_t n = 0, from = 0, piece;
	struct sip_framer f;

	sip_framer_init(&f, MAX);
	while (n < size) {
		seed = seed * 1103515245u + 12345u;
		piece = 1 + (seed >> 16 & (seed & 0x8000 ? 0x7f : 0x03));
		n = piece < size - n ? n + piece : size;
		if (receive(&f, data, n, &from, seen))
			return;
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct buf whole, pieces;
	struct sip_framer f;
	size_t from = 0;

	if (size < 2)
		return 0;
	buf_init(&whole);
	buf_init(&pieces);
	sip_framer_init(&f, MAX);
	receive(&f, data + 2, size - 2, &from, &whole);
	run_pieces(data + 2, size - 2, data[0] << 8 | data[1], &pieces);
	if (!slice_eq(buf_slice(&whole), buf_slice(&pieces)))
		abort();
	buf_free(&whole);
	buf_free(&pieces);
	return 0;
}
