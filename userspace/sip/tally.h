/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many messages of each kind came and went, retransmissions apart.
 */
#ifndef SIP_TALLY_H
#define SIP_TALLY_H

#include "sip/msg.h"

#define SIP_METHODS (SIP_MESSAGE + 1)	/* the first, SIP_METHOD_OTHER, is any other */

enum sip_direction { SIP_IN, SIP_OUT };

struct sip_tally {
	u64 requests[2][SIP_METHODS];
	u64 responses[2][SIP_METHODS][600];	/* status 100 to 699 */
};

struct sip_tally_entry {
	enum sip_direction direction;
	enum sip_method method;
	u16 status;			/* 0: requests */
	u64 n;
};

static inline void sip_tally_request(struct sip_tally *t, enum sip_direction direction,
				     enum sip_method method)
{
	t->requests[direction][method]++;
}

static inline void sip_tally_response(struct sip_tally *t, enum sip_direction direction,
				      enum sip_method method, u16 status)
{
	if (status >= 100 && status < 700)
		t->responses[direction][method][status - 100]++;
}

/* Requests of every method first, then responses, those only that there were. */
void sip_tally_each(const struct sip_tally *t,
		    void (*each)(void *arg, const struct sip_tally_entry *entry), void *arg);

#endif
