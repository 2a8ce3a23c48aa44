// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * parse_osip N FILE: the same with libosip2, which copies what it parses and is
 * given it back each time.
 */
#include <osipparser2/osip_parser.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
	osip_message_t *msg;
	char bytes[65536];
	size_t n;
	FILE *f;
	long i;

	f = argc == 3 ? fopen(argv[2], "rb") : NULL;
	if (!f || parser_init())
		return 2;
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	for (i = atol(argv[1]); i > 0; i--) {
		if (osip_message_init(&msg) || osip_message_parse(msg, bytes, n))
			return 1;
		osip_message_free(msg);
	}
	return 0;
}
