// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Growing buffers. One byte more than asked for is always kept, so that
 * buf_take() can end the string without asking for memory.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

#define FIRST_SIZE 512

void buf_init(struct buf *b)
{
	memset(b, 0, sizeof(*b));
}

void buf_init_lent(struct buf *b, char *room, size_t size)
{
	*b = (struct buf){ .p = room, .cap = size, .lent = true };
}

void buf_free(struct buf *b)
{
	if (!b->lent)
		free(b->p);
	buf_init(b);
}

void buf_reset(struct buf *b)
{
	b->n = 0;
	b->failed = false;
}

static __attribute__((noinline)) bool grow(struct buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : FIRST_SIZE;
	char *p;

	if (b->fixed)
		goto err_size;
	while (cap - b->n <= more) {
		if (cap > SIZE_MAX / 2)
			goto err_size;
		cap *= 2;
	}
	p = realloc(b->lent ? NULL : b->p, cap);
	if (!p)
		goto err_size;
	if (b->lent && b->n)
		memcpy(p, b->p, b->n);
	b->lent = false;
	b->p = p;
	b->cap = cap;
	return true;

err_size:
	b->failed = true;
	return false;
}

static inline bool make_room(struct buf *b, size_t more)
{
	return !b->failed && (more < b->cap - b->n || grow(b, more));
}

void buf_add_growing(struct buf *b, struct slice bytes)
{
	if (!make_room(b, bytes.n))
		return;
	memcpy(b->p + b->n, bytes.p, bytes.n);
	b->n += bytes.n;
}

void buf_line(struct buf *b, struct slice name, struct slice value)
{
	char *p;

	if (!make_room(b, name.n + value.n + 4))
		return;
	p = mempcpy(b->p + b->n, name.p, name.n);
	*p++ = ':';
	*p++ = ' ';
	if (value.n)
		p = mempcpy(p, value.p, value.n);
	*p++ = '\r';
	*p++ = '\n';
	b->n += name.n + value.n + 4;
}

void buf_u64(struct buf *b, u64 value)
{
	char digits[20];
	size_t i = sizeof(digits);

	do {
		digits[--i] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	buf_add(b, slice_of(digits + i, sizeof(digits) - i));
}

static void add_char(struct buf *b, char c)
{
	buf_add(b, slice_of(&c, 1));
}

/*
 * What messages are made of: %s, %.*s, %c, %u, %llu. The C library's printf is for all
 * languages and widths, and took a fifth of a call. true: the whole format was that.
 */
static bool print_plain(struct buf *b, const char *fmt, va_list args)
{
	const char *percent;

	while ((percent = strchr(fmt, '%'))) {
		buf_add(b, slice_of(fmt, (size_t)(percent - fmt)));
		fmt = percent + 2;
		if (percent[1] == 's') {
			buf_str(b, va_arg(args, const char *));
		} else if (percent[1] == 'u') {
			buf_u64(b, va_arg(args, unsigned int));
		} else if (percent[1] == 'c') {
			add_char(b, (char)va_arg(args, int));
		} else if (!strncmp(percent, "%.*s", 4)) {
			int n = va_arg(args, int);

			buf_add(b, slice_of(va_arg(args, const char *), n > 0 ? (size_t)n : 0));
			fmt += 2;
		} else if (!strncmp(percent, "%llu", 4)) {
			buf_u64(b, va_arg(args, unsigned long long));
			fmt += 2;
		} else {
			return false;
		}
	}
	buf_str(b, fmt);
	return true;
}

static void print_any(struct buf *b, const char *fmt, va_list args)
{
	va_list again;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0 || !make_room(b, (size_t)n)) {
		b->failed = true;
		return;
	}
	vsnprintf(b->p + b->n, (size_t)n + 1, fmt, args);
	b->n += (size_t)n;
}

static void print(struct buf *b, const char *fmt, va_list args)
{
	size_t before = b->n;
	va_list again;
	bool plain;

	va_copy(again, args);
	plain = print_plain(b, fmt, again);
	va_end(again);
	if (plain)
		return;
	b->n = before;
	print_any(b, fmt, args);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	print(b, fmt, args);
	va_end(args);
}

char *buf_format(const char *fmt, ...)
{
	struct buf b;
	va_list args;

	buf_init(&b);
	va_start(args, fmt);
	print(&b, fmt, args);
	va_end(args);
	return buf_take(&b);
}

bool buf_print(char *to, size_t size, const char *fmt, ...)
{
	struct buf b = { .p = to, .cap = size, .fixed = true };
	va_list args;

	va_start(args, fmt);
	print(&b, fmt, args);
	va_end(args);
	to[b.n] = '\0';
	return !b.failed;
}

struct slice buf_slice(const struct buf *b)
{
	return slice_of(b->p, b->n);
}

/*
 * Who takes it keeps it, maybe for as long as a call, so it gets no more than it needs. The
 * first size is copied: memory that is given back whole is there for the next buffer, what is
 * cut in two is not.
 */
static char *exactly(struct buf *b)
{
	bool copied = b->lent || b->cap == FIRST_SIZE;
	char *p = copied ? malloc(b->n + 1) : realloc(b->p, b->n + 1);

	if (p && copied)
		memcpy(p, b->p, b->n + 1);
	if (copied && (p || b->lent))
		return p;
	if (!p)
		p = b->p;
	b->p = NULL;
	return p;
}

char *buf_take(struct buf *b)
{
	char *p = NULL;

	if (make_room(b, 0)) {
		b->p[b->n] = 0;
		p = exactly(b);
	}
	buf_free(b);
	return p;
}
