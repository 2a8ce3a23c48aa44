// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any bytes as a URI and as a name-addr. What is accepted has nothing in it
 * that would end a header of ours. Two lines are two URIs, to be compared: the
 * same both ways round, and each the same as itself.
 */
#include <stdlib.h>

#include "sip/msg.h"

static void check_plain(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((u8)s.p[i] <= ' ' || (u8)s.p[i] >= 0x7f || strchr("<>\"", s.p[i]))
			abort();
}

static void check_pair(struct slice text)
{
	const char *end = text.n ? memchr(text.p, '\n', text.n) : NULL;
	struct slice a, b;

	if (!end)
		return;
	a = slice_of(text.p, (size_t)(end - text.p));
	b = slice_of(end + 1, text.n - a.n - 1);
	if (sip_uri_eq(a, b) != sip_uri_eq(b, a) || !sip_uri_eq(a, a))
		abort();
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct slice text = slice_of((const char *)data, size);
	struct sip_nameaddr address;
	struct sip_uri uri;
	struct addr addr;

	if (sip_uri_parse(text, &uri)) {
		check_plain(text);
		if (uri.kind == SIP_URI_SIP && !uri.host.n)
			abort();
		if (sip_uri_addr(&uri, &addr) && !addr.port)
			abort();
	}
	if (sip_parse_nameaddr(text, &address))
		check_plain(address.uri);
	check_pair(text);
	return 0;
}
