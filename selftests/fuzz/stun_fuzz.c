// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What comes to a port of SIP and begins like STUN, from one who may give any address.
 */
#include <errno.h>
#include <stdlib.h>

#include "transport/stun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct addr source = { .family = size & 1 ? AF_INET : AF_INET6, .port = 5060 };
	struct slice request = slice_of((const char *)data, size);
	u8 answer[STUN_ANSWER];
	int known = stun_answer(request, &source, true, answer);
	int stranger = stun_answer(request, &source, false, answer);

	/* An answer to a forged source must not be worth the forging. */
	if (known < 0 || known > STUN_ANSWER || stranger > (int)size)
		abort();
	if (stranger != (known > (int)size ? -EPERM : known))
		abort();
	return 0;
}
