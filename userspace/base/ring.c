// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two counters that only go up, each written by one side. A slot belongs to the
 * putting side until "put" has passed it and to the taking side until "taken"
 * has: the release of a counter hands the slots below it over.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/ring.h"

struct ring {
	size_t size;
	atomic_size_t put, taken;
	void *slots[];
};

struct ring *ring_new(size_t size)
{
	struct ring *r;

	if (!size || size > SIZE_MAX / sizeof(void *) / 2)
		return NULL;
	r = zalloc(sizeof(*r) + size * sizeof(*r->slots));
	if (r)
		r->size = size;
	return r;
}

void ring_free(struct ring *r)
{
	free(r);
}

bool ring_put(struct ring *r, void *item)
{
	size_t put = atomic_load_explicit(&r->put, memory_order_relaxed);

	if (put - atomic_load_explicit(&r->taken, memory_order_acquire) == r->size)
		return false;
	r->slots[put % r->size] = item;
	atomic_store_explicit(&r->put, put + 1, memory_order_release);
	return true;
}

void *ring_take(struct ring *r)
{
	size_t taken = atomic_load_explicit(&r->taken, memory_order_relaxed);
	void *item;

	if (taken == atomic_load_explicit(&r->put, memory_order_acquire))
		return NULL;
	item = r->slots[taken % r->size];
	atomic_store_explicit(&r->taken, taken + 1, memory_order_release);
	return item;
}
