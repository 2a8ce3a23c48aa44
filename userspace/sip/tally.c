// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the table of what was counted to a list of what there was.
 */
#include "sip/tally.h"

static void each_response(const struct sip_tally *t, enum sip_direction direction,
			  enum sip_method method,
			  void (*each)(void *arg, const struct sip_tally_entry *entry), void *arg)
{
	u16 status;

	for (status = 100; status < 700; status++) {
		u64 n = t->responses[direction][method][status - 100];

		if (n)
			each(arg, &(struct sip_tally_entry){ direction, method, status, n });
	}
}

void sip_tally_each(const struct sip_tally *t,
		    void (*each)(void *arg, const struct sip_tally_entry *entry), void *arg)
{
	unsigned int i;

	for (i = 0; i < 2 * SIP_METHODS; i++)
		each(arg, &(struct sip_tally_entry){
			i / SIP_METHODS, i % SIP_METHODS, 0,
			t->requests[i / SIP_METHODS][i % SIP_METHODS],
		});
	for (i = 0; i < 2 * SIP_METHODS; i++)
		each_response(t, i / SIP_METHODS, i % SIP_METHODS, each, arg);
}
