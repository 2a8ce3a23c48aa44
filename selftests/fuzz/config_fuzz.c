// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any text as configuration: either a configuration, or at least one mistake.
 */
#include <stdlib.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct config_mistakes mistakes;
	struct config *config = NULL;

	if (!config_load_memory(slice_of((const char *)data, size), &config, &mistakes)) {
		if (!config || mistakes.n)
			abort();
		config_free(config);
		return 0;
	}
	if (config || !mistakes.n)
		abort();
	config_mistakes_free(&mistakes);
	return 0;
}
