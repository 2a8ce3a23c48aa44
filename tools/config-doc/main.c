// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints what the configuration's schema generates; make config-doc writes it
 * to Documentation/.
 */
#include <stdio.h>
#include <string.h>

#include "config/config.h"

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*print)(FILE *out);
	} forms[] = {
		{ "rst", config_describe_rst },
		{ "man", config_describe_man },
		{ "json", config_describe_json },
	};
	size_t i;

	for (i = 0; argc == 2 && i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (strcmp(argv[1], forms[i].name))
			continue;
		forms[i].print(stdout);
		return fflush(stdout) ? 1 : 0;
	}
	fprintf(stderr, "usage: config-doc rst|man|json\n");
	return 2;
}
