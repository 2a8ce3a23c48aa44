/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * That something is written down, by a number: inside of a subscription or publication, kept
 * by their owner.
 */
#ifndef EVENT_RECORD_H
#define EVENT_RECORD_H

#include "base/hash.h"

struct event_record {
	struct hash_node node;		/* by number */
	u64 number;
	bool publication;
	bool storing;			/* an effect that writes it down is queued */
};

#endif
