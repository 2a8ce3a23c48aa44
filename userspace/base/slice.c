// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Views of bytes: compared, trimmed, read as a number, copied.
 */
#include <stdlib.h>

#include "base/slice.h"

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool slice_caseeq(struct slice a, struct slice b)
{
	size_t i;

	if (a.n != b.n)
		return false;
	if (slice_eq(a, b))		/* mostly what is the same is written the same */
		return true;
	for (i = 0; i < a.n; i++)
		if (a.p[i] != b.p[i] && lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice s)
{
	while (s.n && is_blank(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool slice_u32(struct slice s, u32 *out)
{
	u64 value = 0;
	size_t i;

	if (!s.n)
		return false;
	for (i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		value = value * 10 + (u64)(s.p[i] - '0');
		if (i >= 9 && value > UINT32_MAX)
			return false;
	}
	*out = (u32)value;
	return true;
}

static bool is_word_char(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* A full stop ends a word at the end of a sentence, and goes on where another follows. */
static bool is_whole(struct slice text, size_t at, size_t n)
{
	if (at && is_word_char(text.p[at - 1]))
		return false;
	if (at > 1 && text.p[at - 1] == '.' && is_word_char(text.p[at - 2]))
		return false;
	if (at + n < text.n && is_word_char(text.p[at + n]))
		return false;
	return at + n + 1 >= text.n || text.p[at + n] != '.' || !is_word_char(text.p[at + n + 1]);
}

bool slice_has_word(struct slice text, struct slice word)
{
	size_t at;

	for (at = 0; word.n && at + word.n <= text.n; at++)
		if ((text.p[at] | 0x20) == (word.p[0] | 0x20) &&
		    slice_caseeq(slice_of(text.p + at, word.n), word) && is_whole(text, at, word.n))
			return true;
	return false;
}

void slice_copy(char *to, size_t size, struct slice s)
{
	size_t n = s.n < size ? s.n : size - 1;

	if (n)
		memcpy(to, s.p, n);
	to[n] = '\0';
}

char *slice_dup(struct slice s)
{
	char *copy = malloc(s.n + 1);

	if (!copy)
		return NULL;
	if (s.n)
		memcpy(copy, s.p, s.n);
	copy[s.n] = 0;
	return copy;
}
