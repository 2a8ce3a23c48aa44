/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long things took, in classes that reach from one that is done at once to a telephone
 * that rings out.
 */
#ifndef CALL_HISTOGRAM_H
#define CALL_HISTOGRAM_H

#include "base/slice.h"

#define CALL_HISTOGRAM_CLASSES 12

extern const u32 call_histogram_ms[CALL_HISTOGRAM_CLASSES];	/* their upper ends */

struct call_histogram {
	u64 classes[CALL_HISTOGRAM_CLASSES + 1];	/* the last: above all of them */
	u64 n, sum;					/* sum in ns */
};

void call_histogram_add(struct call_histogram *h, u64 ns);

#endif
