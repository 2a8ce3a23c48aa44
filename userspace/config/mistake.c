// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Mistakes: where, what was found, what was expected, and what was probably
 * meant. The number is bounded, since a file that is not a configuration at
 * all has one in every line.
 */
#include <errno.h>
#include <stdlib.h>

#include "config/schema.h"

#define MAX_MISTAKES 100

static void add(struct reader *r, int line, int column, const char *path, const char *fmt,
		va_list args)
{
	struct config_mistakes *m = r->mistakes;
	struct config_mistake *list;
	int used;

	if (m->n >= MAX_MISTAKES)
		return;
	list = realloc(m->list, (m->n + 1) * sizeof(*list));
	if (!list) {
		r->err = -ENOMEM;
		return;
	}
	m->list = list;
	list += m->n++;
	list->line = line;
	list->column = column;
	used = snprintf(list->text, sizeof(list->text), "%.100s%s", path, *path ? ": " : "");
	vsnprintf(list->text + used, sizeof(list->text) - (size_t)used, fmt, args);
	if (m->n < MAX_MISTAKES)
		return;
	snprintf(list->text, sizeof(list->text), "too many mistakes; the rest is not shown");
	r->err = -EINVAL;
}

void reader_mistake(struct reader *r, int line, int column, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add(r, line, column, "", fmt, args);
	va_end(args);
}

void reader_mistake_at(struct reader *r, const struct value *v, const char *fmt, ...)
{
	char path[256];
	va_list args;

	va_start(args, fmt);
	add(r, v->line, v->column, value_path(v, path, sizeof(path)), fmt, args);
	va_end(args);
}

void config_mistakes_free(struct config_mistakes *m)
{
	free(m->list);
	*m = (struct config_mistakes){ 0 };
}

#define MAX_WORD 63

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Insertions, deletions, substitutions and swaps of neighbours from a to b. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t rows[3][MAX_WORD + 1], *before = rows[0], *last = rows[1], *row = rows[2], *spare;
	size_t na = strlen(a), nb = strlen(b), i, j;

	if (na > MAX_WORD || nb > MAX_WORD)
		return SIZE_MAX;
	for (j = 0; j <= nb; j++)
		last[j] = j;
	for (i = 1; i <= na; i++) {
		row[0] = i;
		for (j = 1; j <= nb; j++) {
			row[j] = min3(last[j] + 1, row[j - 1] + 1,
				      last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = min3(row[j], before[j - 2] + 1, SIZE_MAX);
		}
		spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[nb];
}

const char *nearest_name(const char *word, const char *const *names, size_t n)
{
	size_t best = SIZE_MAX, limit, i;
	const char *found = NULL;

	for (i = 0; i < n; i++) {
		size_t distance = edit_distance(word, names[i]);

		if (distance < best) {
			best = distance;
			found = names[i];
		}
	}
	limit = strlen(word) / 3;
	return best <= (limit > 2 ? limit : 2) && found && best < strlen(found) ? found : NULL;
}
