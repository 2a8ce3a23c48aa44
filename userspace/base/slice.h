/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A slice is a view of bytes that somebody else owns: how messages are parsed
 * without a copy. It is never NUL terminated.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

struct slice {
	const char *p;
	size_t n;
};

/* For printf("%.*s"). */
#define SLICE_FMT "%.*s"
#define SLICE_ARG(s) (int)(s).n, (s).p

#define SLICE(lit) ((struct slice){ (lit), sizeof(lit) - 1 })

static inline struct slice slice_of(const char *p, size_t n)
{
	return (struct slice){ p, n };
}

static inline struct slice slice_str(const char *s)
{
	return (struct slice){ s, s ? strlen(s) : 0 };
}

static inline bool slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (!a.n || !memcmp(a.p, b.p, a.n));
}

static inline bool slice_begins(struct slice s, struct slice with)
{
	return s.n >= with.n && slice_eq(slice_of(s.p, with.n), with);
}

bool slice_caseeq(struct slice a, struct slice b);	/* ASCII only */
struct slice slice_trim(struct slice s);		/* SP, HTAB, CR, LF */
bool slice_u32(struct slice s, u32 *out);		/* decimal, whole slice */
/* Is word in text, in any case, and no part of something longer (10.0.0.2 is not in 10.0.0.25)? */
bool slice_has_word(struct slice text, struct slice word);
/* To a string of size bytes with its NUL, cut where that is too little. */
void slice_copy(char *to, size_t size, struct slice s);
char *slice_dup(struct slice s);			/* caller frees; NULL: no memory */

#endif
