/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * That something is written down, by a number: inside of what it is about, kept by its
 * owner.
 */
#ifndef EVENT_RECORD_H
#define EVENT_RECORD_H

#include "base/hash.h"

enum event_record_kind {
	EVENT_RECORD_SUBSCRIPTION,
	EVENT_RECORD_PUBLICATION,
	EVENT_RECORD_CARRIED,		/* a subscription that somebody else serves */
};

struct event_record {
	struct hash_node node;		/* by number */
	u64 number;
	enum event_record_kind kind;
	bool storing;			/* an effect that writes it down is queued */
};

#endif
