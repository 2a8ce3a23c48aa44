/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that is zero. The C library's calloc() passes by its own caches of small
 * blocks, which is a tenth of what a call costs.
 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stdlib.h>
#include <string.h>

/* free() it; NULL: no memory. For one object: numbers from outside go to calloc(). */
static inline void *zalloc(size_t size)
{
	void *p = malloc(size);

	/* The compiler would make a calloc() of it again. */
	__asm__("" : "+r" (p));
	return p ? memset(p, 0, size) : NULL;
}

#endif
