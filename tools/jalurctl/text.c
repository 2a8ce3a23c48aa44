// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tables for people: cells are collected first, so that columns are as wide as
 * what stands in them. A full line may stand between rows.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

#include "ctl.h"

#define MAX_COLUMNS 16
#define CELL 96

struct row {
	char *line;	/* NULL: cells */
	char (*cells)[CELL];
	size_t n;
};

struct table {
	const char *const *heads;
	size_t ncolumns;
	struct row *rows;
	size_t n;
};

static void out_of_memory(void)
{
	fputs("jalurctl: no memory\n", stderr);
	exit(CTL_FAILED);
}

struct table *table_new(const char *const *heads)
{
	struct table *t = calloc(1, sizeof(*t));

	if (!t)
		out_of_memory();
	t->heads = heads;
	while (heads[t->ncolumns] && t->ncolumns < MAX_COLUMNS)
		t->ncolumns++;
	return t;
}

static struct row *add_row(struct table *t)
{
	struct row *rows = realloc(t->rows, (t->n + 1) * sizeof(*rows));

	if (!rows)
		out_of_memory();
	t->rows = rows;
	rows[t->n] = (struct row){ 0 };
	return &rows[t->n++];
}

void table_row(struct table *t)
{
	struct row *row = add_row(t);

	row->cells = calloc(t->ncolumns, CELL);
	if (!row->cells)
		out_of_memory();
}

void table_cell(struct table *t, const char *fmt, ...)
{
	struct row *row = &t->rows[t->n - 1];
	va_list args;

	if (row->n >= t->ncolumns)
		return;
	va_start(args, fmt);
	vsnprintf(row->cells[row->n++], CELL, fmt, args);
	va_end(args);
}

void table_line(struct table *t, const char *fmt, ...)
{
	struct row *row = add_row(t);
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&row->line, fmt, args) < 0)
		out_of_memory();
	va_end(args);
}

static void print_cell(const char *text, size_t width, bool right, bool last)
{
	if (right)
		printf("%*s", (int)width, text);
	else if (last)
		printf("%s", text);
	else
		printf("%-*s", (int)width, text);
	if (!last)
		fputs("  ", stdout);
}

static void print_row(const struct table *t, const struct row *row, const size_t *width,
		      const char *indent)
{
	size_t i;

	if (row && row->line) {
		puts(row->line);
		return;
	}
	fputs(indent, stdout);
	for (i = 0; i < t->ncolumns; i++) {
		bool right = *t->heads[i] == '>';

		print_cell(row ? row->cells[i] : t->heads[i] + right, width[i], right,
			   i + 1 == t->ncolumns);
	}
	putchar('\n');
}

void table_print(struct table *t, const char *indent)
{
	size_t width[MAX_COLUMNS], i, j;

	for (j = 0; j < t->ncolumns; j++) {
		width[j] = strlen(t->heads[j]) - (*t->heads[j] == '>');
		for (i = 0; i < t->n; i++)
			if (!t->rows[i].line && strlen(t->rows[i].cells[j]) > width[j])
				width[j] = strlen(t->rows[i].cells[j]);
	}
	print_row(t, NULL, width, indent);
	for (i = 0; i < t->n; i++) {
		print_row(t, &t->rows[i], width, indent);
		free(t->rows[i].line);
		free(t->rows[i].cells);
	}
	free(t->rows);
	free(t);
	fflush(stdout);
}

const char *text_age(u64 ms, char *buf, size_t n)
{
	u64 s = ms / 1000;

	if (ms < 1000)
		snprintf(buf, n, "%" PRIu64 "ms", ms);
	else if (s < 60)
		snprintf(buf, n, "%" PRIu64 ".%" PRIu64 "s", s, ms % 1000 / 100);
	else if (s < 3600)
		snprintf(buf, n, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	else
		snprintf(buf, n, "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s % 3600 / 60);
	return buf;
}
