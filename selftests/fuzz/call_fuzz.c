// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The whole signalling core under hostile datagrams: the input is steps (call_world.h);
 * ">f" at its beginning forks calls to three destinations.
 */
#include "call_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct world w = { .fork = size > 2 && !memcmp(text, ">f\n", 3) };

	start(&w);
	steps(&w, text, size);
	stop(&w);
	return 0;
}
