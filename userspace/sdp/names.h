/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The addresses that a description's sender goes by, and where else in it they
 * are written.
 */
#ifndef SDP_NAMES_H
#define SDP_NAMES_H

#include "sdp/sdp.h"

#define SDP_MAX_NAMES 32

struct sdp_names {
	struct slice words[SDP_MAX_NAMES];	/* slices of the description */
	size_t n;
};

/* The unicast addresses in o= and c=, as they are written; those that fit. */
void sdp_names_find(const struct sdp *sdp, struct sdp_names *names);
/* Is one of them in text, not as a part of something longer? */
bool sdp_names_any(const struct sdp_names *names, struct slice text);

#endif
