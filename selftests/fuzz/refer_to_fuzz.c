// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Refer-To of anybody. What is taken becomes an INVITE to that URI and no other, which has no
 * line more than we write; Replaces in it is one, and is one line.
 */
#include <stdlib.h>

#include "call/call.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct call_refer_to to;
	struct sip_replaces r;
	const char *why = NULL;
	struct sip_msg *msg;

	if (call_refer_to_read(slice_of((const char *)data, size), &to, &why)) {
		if (!why)
			abort();
		return 0;
	}
	if (strpbrk(to.replaces, "\r\n") ||
	    (to.replaces[0] && !sip_parse_replaces(slice_str(to.replaces), &r)))
		abort();
	msg = call_refer_to_invite(&to, "<sip:alice@192.0.2.1>", "x@192.0.2.1", 70);
	if (msg && (msg->nhdrs != 7 || msg->body.n || !slice_eq(msg->ruri, to.uri)))
		abort();
	free(msg);
	return 0;
}
