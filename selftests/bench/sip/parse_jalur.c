// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * parse_jalur N FILE: parses the message in FILE N times with Jalur's parser, for a
 * counter of instructions to look on. Its twin is parse_osip.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sip/msg.h"

int main(int argc, char **argv)
{
	static struct sip_msg msg;
	struct sip_error err;
	char bytes[65536];
	size_t n;
	FILE *f;
	long i;

	f = argc == 3 ? fopen(argv[2], "rb") : NULL;
	if (!f)
		return 2;
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	for (i = atol(argv[1]); i > 0; i--) {
		if (sip_parse(slice_of(bytes, n), &msg, &err))
			return 1;
	}
	return 0;
}
