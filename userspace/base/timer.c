// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A binary heap of timers, position 1 the earliest. Room is reserved when an
 * owner is made and kept, so arming has no failure to handle.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/timer.h"

void timers_init(struct timers *h)
{
	memset(h, 0, sizeof(*h));
}

void timers_free(struct timers *h)
{
	free(h->heap);
	timers_init(h);
}

/* Who reserves may not be armed yet, so room is counted apart from use. */
int timers_reserve(struct timers *h, size_t more)
{
	struct timer **heap;
	size_t cap;

	h->reserved += more;
	if (h->reserved < h->cap)
		return 0;
	cap = h->cap ? h->cap * 2 : 64;
	while (cap <= h->reserved)
		cap *= 2;
	heap = realloc(h->heap, cap * sizeof(*heap));
	if (!heap) {
		h->reserved -= more;
		return -ENOMEM;
	}
	h->heap = heap;
	h->cap = cap;
	return 0;
}

void timers_release(struct timers *h, size_t less)
{
	h->reserved -= less;
}

static void place(struct timers *h, struct timer *t, size_t pos)
{
	h->heap[pos] = t;
	t->pos = (u32)pos;
}

static void sift_up(struct timers *h, struct timer *t, size_t pos)
{
	while (pos > 1 && h->heap[pos / 2]->deadline > t->deadline) {
		place(h, h->heap[pos / 2], pos);
		pos /= 2;
	}
	place(h, t, pos);
}

static void sift_down(struct timers *h, struct timer *t, size_t pos)
{
	size_t child;

	while ((child = pos * 2) <= h->n) {
		if (child < h->n && h->heap[child + 1]->deadline < h->heap[child]->deadline)
			child++;
		if (h->heap[child]->deadline >= t->deadline)
			break;
		place(h, h->heap[child], pos);
		pos = child;
	}
	place(h, t, pos);
}

void timer_arm(struct timers *h, struct timer *t, u64 deadline)
{
	timer_disarm(h, t);
	t->deadline = deadline;
	sift_up(h, t, ++h->n);
}

void timer_disarm(struct timers *h, struct timer *t)
{
	struct timer *last;
	size_t pos = t->pos;

	if (!pos)
		return;
	t->pos = 0;
	last = h->heap[h->n--];
	if (last == t)
		return;
	if (pos > 1 && h->heap[pos / 2]->deadline > last->deadline)
		sift_up(h, last, pos);
	else
		sift_down(h, last, pos);
}

u64 timers_next(const struct timers *h)
{
	return h->n ? h->heap[1]->deadline : UINT64_MAX;
}

struct timer *timers_due(struct timers *h, u64 now)
{
	struct timer *t = h->n ? h->heap[1] : NULL;

	if (!t || t->deadline > now)
		return NULL;
	timer_disarm(h, t);
	return t;
}
