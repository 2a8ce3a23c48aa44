// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a ladder shows of a message: no more than its start line and CSeq, and by its
 * Call-ID whose it is. Not the parser's work, because it refuses some messages, and those are
 * looked for, too.
 */
#include "call/trace.h"
#include "sip/msg.h"

void call_trace_print(char *to, size_t size, struct slice text)
{
	size_t i;

	for (i = 0; i < text.n && i < size - 1; i++)
		to[i] = text.p[i] < ' ' || text.p[i] > '~' ? '?' : text.p[i];
	to[i] = 0;
}

static struct slice take_line(struct slice *rest)
{
	const char *end = memchr(rest->p, '\n', rest->n);
	size_t n = end ? (size_t)(end - rest->p) + 1 : rest->n;
	struct slice line = slice_of(rest->p, n);

	*rest = slice_of(rest->p + n, rest->n - n);
	return slice_trim(line);
}

/* "INVITE sip:..." or "SIP/2.0 180 Ringing" */
static void read_start(struct call_trace_entry *entry, struct slice line)
{
	const char *space = line.n ? memchr(line.p, ' ', line.n) : NULL;
	size_t n = space ? (size_t)(space - line.p) : line.n;
	u32 status;

	if (line.n < 12 || memcmp(line.p, "SIP/2.0 ", 8)) {
		call_trace_print(entry->what, sizeof(entry->what), slice_of(line.p, n));
		return;
	}
	if (slice_u32(slice_of(line.p + 8, 3), &status))
		entry->status = (u16)status;
	call_trace_print(entry->what, sizeof(entry->what),
			 slice_trim(slice_of(line.p + 11, line.n - 11)));
}

static void read_header(struct call_trace_entry *entry, struct slice line, struct slice *call_id)
{
	const char *colon = memchr(line.p, ':', line.n);
	struct slice name, value, method;

	if (!colon)
		return;
	name = slice_trim(slice_of(line.p, (size_t)(colon - line.p)));
	value = slice_trim(slice_of(colon + 1, line.n - (size_t)(colon - line.p) - 1));
	if (slice_caseeq(name, SLICE("Call-ID")) || slice_caseeq(name, SLICE("i")))
		*call_id = value;
	else if (slice_caseeq(name, SLICE("CSeq")) &&
		 sip_parse_cseq(value, &entry->cseq, &method))
		call_trace_print(entry->method, sizeof(entry->method), method);
}

struct slice call_trace_read(struct slice bytes, struct call_trace_entry *entry)
{
	struct slice call_id = SLICE(""), line;

	read_start(entry, take_line(&bytes));
	while (bytes.n && (!call_id.n || !entry->method[0])) {
		line = take_line(&bytes);
		if (!line.n)
			break;
		read_header(entry, line, &call_id);
	}
	return call_id;
}
