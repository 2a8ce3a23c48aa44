/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ring of pointers of fixed size between one thread that puts and one that
 * takes: neither ever waits for the other, and what does not fit stays with who
 * wanted to put it.
 */
#ifndef BASE_RING_H
#define BASE_RING_H

#include "base/slice.h"

struct ring;

struct ring *ring_new(size_t size);		/* NULL: no memory, or size 0 */
void ring_free(struct ring *r);			/* what is left in it is not freed; NULL allowed */
bool ring_put(struct ring *r, void *item);	/* false: it is full */
void *ring_take(struct ring *r);		/* the oldest; NULL: it is empty */

#endif
