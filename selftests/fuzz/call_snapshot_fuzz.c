// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What was written of a call, by whoever can write to the store: the first line of the
 * input. Read, it is a call that can be written again, and read again; steps
 * (call_world.h) in the rest reach into its dialogs and its negotiation.
 */
#include <errno.h>

#include "call/record.h"
#include "call_world.h"

#define WALL (1700000000 * NSEC_PER_SEC)

static void write_again(struct world *w, u64 id)
{
	char *saved;
	u64 same;
	int err = call_engine_save(w->engine, w->now, WALL, id, &saved);

	if (err == -ENOENT)
		return;		/* it had nothing left but a BYE, which could not be sent */
	if (err)
		abort();	/* it was read, so it is up */
	run(w);
	stop(w);
	start(w);
	if (call_engine_restore(w->engine, w->now, WALL, slice_str(saved), &same) || same != id)
		abort();
	free(saved);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = size ? memchr(text, '\n', size) : NULL;
	size_t len = end ? (size_t)(end - text) : size;
	struct world w = { 0 };
	u64 id;

	start(&w);
	call_record_free(call_record_lost(1, w.now, WALL, slice_of(text, len)));
	if (!call_engine_restore(w.engine, w.now, WALL, slice_of(text, len), &id)) {
		write_again(&w, id);
		if (end)
			steps(&w, end + 1, size - len - 1);
	}
	stop(&w);
	return 0;
}
