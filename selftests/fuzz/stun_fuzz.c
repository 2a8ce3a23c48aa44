// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What comes to a port of SIP and begins like STUN, from one who may give any address.
 */
#include <stdlib.h>

#include "transport/stun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addr source = { .family = size & 1 ? AF_INET : AF_INET6, .port = 5060 };
	u8 answer[STUN_ANSWER];
	size_t n = stun_answer(slice_of((const char *)data, size), &source, answer);

	/* An answer to a forged source must not be worth the forging. */
	if (n > STUN_ANSWER || (n && n > size * 11 / 5))
		abort();
	return 0;
}
