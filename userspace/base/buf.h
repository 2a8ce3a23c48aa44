/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A buffer that grows as bytes are added. Running out of memory is remembered
 * instead of reported at each step: what is built is checked once, at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/slice.h"

struct buf {
	char *p;
	size_t n, cap;
	bool failed;		/* something was not added: do not use the contents */
	bool fixed;		/* the memory is somebody else's, and does not grow */
	bool lent;		/* it is somebody else's, and left when there is more */
};

void buf_init(struct buf *b);
/* With room for what is mostly in it, which must live as long. */
void buf_init_lent(struct buf *b, char *room, size_t size);
void buf_free(struct buf *b);
void buf_reset(struct buf *b);		/* empty again, memory kept */
void buf_add_growing(struct buf *b, struct slice bytes);	/* buf_add() */
/* Messages are made of it: mostly there is room. */
static inline void buf_add(struct buf *b, struct slice bytes)
{
	if (!bytes.n)
		return;
	if (b->failed || bytes.n >= b->cap - b->n) {
		buf_add_growing(b, bytes);
		return;
	}
	memcpy(b->p + b->n, bytes.p, bytes.n);
	b->n += bytes.n;
}

/* "name: value" and CRLF */
void buf_line(struct buf *b, struct slice name, struct slice value);
static inline void buf_str(struct buf *b, const char *text)
{
	buf_add(b, slice_str(text));	/* the length of a literal is known when it is built */
}

void buf_u64(struct buf *b, u64 value);	/* decimal */
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
struct slice buf_slice(const struct buf *b);
/* A string of its own, that the caller frees. NULL: no memory. */
char *buf_format(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* To size bytes at to, which is a string then, also when it was too long: false. */
bool buf_print(char *to, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The contents as a string that the caller frees; b is empty afterwards. NULL: no memory. */
char *buf_take(struct buf *b);

#endif
