// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What was written of a subscription or publication, by whoever can write to the store: the
 * first line of the input. Read, it is one that can be written again, and read again; steps
 * (call_world.h) in the rest reach into its dialog.
 */
#include "call/watching.h"
#include "call_world.h"

#define WALL (1700000000 * NSEC_PER_SEC)

static void write_again(struct world *w)
{
	char *saved;

	run(w);
	if (call_engine_save_event(w->engine, w->now, WALL, 1, &saved))
		return;		/* it was over when it was read */
	stop(w);
	start(w);
	if (call_engine_restore_event(w->engine, w->now, WALL, 1, slice_str(saved)))
		abort();
	free(saved);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = size ? memchr(text, '\n', size) : NULL;
	size_t len = end ? (size_t)(end - text) : size;
	struct world w = { 0 };

	start(&w);
	if (!call_engine_restore_event(w.engine, w.now, WALL, 1, slice_of(text, len))) {
		write_again(&w);
		if (end)
			steps(&w, end + 1, size - len - 1);
	}
	stop(&w);
	return 0;
}
