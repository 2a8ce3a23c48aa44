// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each duration counts in the first class whose upper end it does not exceed.
 */
#include "base/timer.h"
#include "call/histogram.h"

const u32 call_histogram_ms[CALL_HISTOGRAM_CLASSES] = {
	50, 100, 250, 500, 1000, 2500, 5000, 10000, 20000, 30000, 60000, 120000,
};

void call_histogram_add(struct call_histogram *h, u64 ns)
{
	size_t i = 0;

	while (i < CALL_HISTOGRAM_CLASSES && ns > call_histogram_ms[i] * NSEC_PER_MSEC)
		i++;
	h->classes[i]++;
	h->n++;
	h->sum += ns;
}
