/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The STUN that a SIP server speaks on its UDP ports: Binding, to be told alive and seen
 * from where (RFC 5626 §4.4.2, RFC 5389). Pure: bytes in, bytes out.
 */
#ifndef TRANSPORT_STUN_H
#define TRANSPORT_STUN_H

#include "base/addr.h"

#define STUN_ANSWER 44		/* bytes at most; 2.2 times the shortest request */

/* Is it STUN at all? Nothing of SIP begins like that. */
bool stun_is(struct slice bytes);
/*
 * The answer to a Binding request that came from source, and its bytes; 0: there is none.
 * -EPERM: it would be longer than the request, and source is not known: who gives the address
 * of somebody else must not reach him with more than he sends himself.
 */
int stun_answer(struct slice request, const struct addr *source, bool known,
		u8 answer[STUN_ANSWER]);

#endif
