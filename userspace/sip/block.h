/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sixteen bytes at once, in whatever the processor has for it: for the loops that look at
 * every byte of a message.
 */
#ifndef SIP_BLOCK_H
#define SIP_BLOCK_H

#include <endian.h>

#include "base/slice.h"

typedef u8 sip_block __attribute__((vector_size(16)));
typedef u64 sip_halves __attribute__((vector_size(16)));

static inline sip_block sip_block_load(const char *p)
{
	sip_block bytes;

	memcpy(&bytes, p, sizeof(bytes));
	return bytes;
}

/* Which is the first whose comparison held; 16: none. */
static inline size_t sip_block_first(sip_halves found)
{
	if (found[0])
		return (size_t)__builtin_ctzll(le64toh(found[0])) / 8;
	return found[1] ? 8 + (size_t)__builtin_ctzll(le64toh(found[1])) / 8 : 16;
}

#endif
