// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Why a call ended, in the numbers of Q.850 that billing and gateways count by:
 * from a Reason header (RFC 3326), or from a SIP status (RFC 3398 §8.2.6.1).
 */
#include "call/record.h"

u16 call_cause_of_status(u16 status)
{
	static const struct {
		u16 status, cause;
	} table[] = {
		{ 400, 41 }, { 401, 21 }, { 402, 21 }, { 403, 21 }, { 404, 1 }, { 405, 63 },
		{ 406, 79 }, { 407, 21 }, { 408, 102 }, { 410, 22 }, { 415, 79 }, { 480, 18 },
		{ 481, 41 }, { 482, 25 }, { 483, 25 }, { 484, 28 }, { 485, 1 }, { 486, 17 },
		{ 487, 16 }, { 488, 79 }, { 500, 41 }, { 501, 79 }, { 502, 38 }, { 503, 41 },
		{ 504, 102 }, { 600, 17 }, { 603, 21 }, { 604, 1 }, { 606, 79 },
	};
	size_t i;

	if (status < 300)
		return 16;
	for (i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (table[i].status == status)
			return table[i].cause;
	return 127;
}

/* Up to the next stop outside of quotes; *rest is what follows it. */
static struct slice take_part(struct slice *rest, char stop)
{
	struct slice part = slice_of(rest->p, 0);
	bool quoted = false;

	for (; part.n < rest->n; part.n++) {
		char c = rest->p[part.n];

		if (quoted && c == '\\' && part.n + 1 < rest->n)
			part.n++;
		else if (c == '"')
			quoted = !quoted;
		else if (c == stop && !quoted)
			break;
	}
	*rest = slice_of(rest->p + part.n, rest->n - part.n);
	if (rest->n)
		*rest = slice_of(rest->p + 1, rest->n - 1);
	return slice_trim(part);
}

/* "Q.850;cause=16;text=...": 16. 0: of another protocol, or without a cause. */
static u16 cause_of_value(struct slice value)
{
	struct slice name;
	u32 cause;

	if (!slice_caseeq(take_part(&value, ';'), SLICE("Q.850")))
		return 0;
	while (value.n) {
		struct slice param = take_part(&value, ';');

		name = take_part(&param, '=');
		param = slice_trim(param);
		if (slice_caseeq(name, SLICE("cause")))
			return slice_u32(param, &cause) && cause <= 127 ? (u16)cause : 0;
	}
	return 0;
}

u16 call_cause_of_headers(struct slice lines)
{
	u16 cause = 0;

	while (lines.n && !cause) {
		const char *end = memchr(lines.p, '\n', lines.n);
		size_t n = end ? (size_t)(end - lines.p) + 1 : lines.n;
		struct slice line = slice_trim(slice_of(lines.p, n)), name;

		lines = slice_of(lines.p + n, lines.n - n);
		name = take_part(&line, ':');
		while (slice_caseeq(name, SLICE("Reason")) && line.n && !cause)
			cause = cause_of_value(take_part(&line, ','));
	}
	return cause;
}
