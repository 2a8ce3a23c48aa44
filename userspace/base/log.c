// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One write per line, so that lines of several processes do not mix. Bytes that
 * would break a line or steer a terminal become '?'.
 */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"

static _Atomic int threshold = LOG_INFO;

void log_set_level(int level)
{
	threshold = level;
}

static void write_line(int level, const char *head, const char *fmt, va_list args)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };
	char line[1024];
	int n, more, i;

	n = snprintf(line, sizeof(line), "%s %s", names[level], head);
	more = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, args);
	if (more > 0)
		n += more;
	if (n > (int)sizeof(line) - 2)
		n = (int)sizeof(line) - 2;
	for (i = 0; i < n; i++)
		if ((u8)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)n) < 0)
		return;		/* nowhere to say so */
}

void log_text(int level, const char *fmt, ...)
{
	va_list args;

	if (level > threshold)
		return;
	va_start(args, fmt);
	write_line(level, "", fmt, args);
	va_end(args);
}

void log_call(int level, u64 call, const char *fmt, ...)
{
	char head[32];
	va_list args;

	if (level > threshold)
		return;
	snprintf(head, sizeof(head), "call=%016llx ", (unsigned long long)call);
	va_start(args, fmt);
	write_line(level, head, fmt, args);
	va_end(args);
}
