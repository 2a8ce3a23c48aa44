/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that runs out on purpose. The linker leads what the tree and this test ask of the C
 * library here (--wrap, in the Makefile), and what libjansson asks of it comes by its own hook.
 * It fails only between memory_begin() and memory_end(), which is while Jalur works: whoever
 * tests it has always enough. Other libraries have, too: libxml2 (2.9.14) does not survive it.
 */
#ifndef NOMEM_H
#define NOMEM_H

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

static struct nomem {
	bool scarce;			/* Jalur works */
	u64 now;
	u64 asked;			/* how often, since nomem_start() */
	u64 first;			/* the first that fails, counted from 1; 0: none */
	u64 lasts, until;		/* and all for so many ns after it */
	u64 one_in;			/* or one in so many, by chance; 0: none */
	u64 failed;
	struct random random;
} nomem;

/* With a breakpoint here it is seen who asked. */
static __attribute__((noinline)) void nomem_now(void)
{
	nomem.failed++;
}

static bool nomem_fails(void)
{
	bool fails;

	if (!nomem.scarce)
		return false;
	fails = ++nomem.asked == nomem.first || nomem.now < nomem.until;
	if (nomem.asked == nomem.first)
		nomem.until = nomem.now + nomem.lasts;
	if (nomem.one_in)
		fails = !(random_u64(&nomem.random) % nomem.one_in);
	if (fails)
		nomem_now();
	return fails;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t n);

void *__wrap_malloc(size_t size)
{
	return nomem_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return nomem_fails() ? NULL : __real_calloc(n, size);
}

/* What becomes smaller may fail as well. */
void *__wrap_realloc(void *p, size_t size)
{
	return nomem_fails() ? NULL : __real_realloc(p, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return nomem_fails() ? NULL : __real_aligned_alloc(alignment, size);
}

char *__wrap_strdup(const char *text)
{
	return nomem_fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t n)
{
	return nomem_fails() ? NULL : __real_strndup(text, n);
}

/* The C library does not promise to leave *text alone. */
int __wrap_asprintf(char **text, const char *fmt, ...)
{
	va_list args;
	int n = -1;

	*text = NULL;
	va_start(args, fmt);
	if (!nomem_fails())
		n = vasprintf(text, fmt, args);
	va_end(args);
	return n;
}

/* The same where the compiler checks more. */
int __wrap___asprintf_chk(char **text, int flag, const char *fmt, ...)
{
	va_list args;
	int n = -1;

	(void)flag;
	*text = NULL;
	va_start(args, fmt);
	if (!nomem_fails())
		n = vasprintf(text, fmt, args);
	va_end(args);
	return n;
}

/* With not enough of it libjansson (2.14) reads other strings than there are, without a word. */
static void nomem_spare_json(bool spare)
{
	json_set_alloc_funcs(spare ? __real_malloc : malloc, free);
}

static void __attribute__((constructor)) nomem_hook(void)
{
	nomem_spare_json(false);
}

static inline void nomem_start(u64 first, u64 lasts)
{
	nomem = (struct nomem){ .first = first, .lasts = lasts };
}

/* Jalur works from here on, and no longer. */
static inline void memory_begin(u64 now)
{
	nomem.now = now;
	nomem.scarce = true;
}

static inline void memory_end(void)
{
	nomem.scarce = false;
}

#endif
