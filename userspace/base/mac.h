/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A message authentication code of 16 bytes: SipHash-2-4-128, made for short messages. Who
 * does not have the key can tell neither what it is of another message nor from noise.
 */
#ifndef BASE_MAC_H
#define BASE_MAC_H

#include "base/hash.h"

#define MAC_KEY		16	/* bytes */
#define MAC_SIZE	16

struct mac {
	struct hasher h;
};

/* In pieces, as hash.h does it. A pure function of key and bytes. */
void mac_begin(struct mac *m, const u8 key[MAC_KEY]);
void mac_add(struct mac *m, struct slice bytes);
void mac_end(struct mac *m, u8 out[MAC_SIZE]);

#endif
