// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Gateways do not agree on what a cause of Q.850 means. Within Jalur, and in its
 * records, causes are as RFC 3398 has them; a trunk that counts otherwise has a
 * list of pairs, which is applied to every Reason that goes there, whoever made it,
 * and the other way round to those that come from there (header_map.c).
 */
#include <stdlib.h>

#include "base/buf.h"
#include "call/call.h"

static const struct call_trunk *trunk_of(const struct call_leg *leg)
{
	return leg->trunk < 0 ? NULL : &leg->call->policy->trunks[leg->trunk];
}

u32 call_cause_from(const struct call_leg *leg, u32 theirs)
{
	const struct call_trunk *trunk = trunk_of(leg);
	size_t i;

	for (i = 0; trunk && i < trunk->ncauses; i++)
		if (trunk->causes[i].theirs == theirs)
			return trunk->causes[i].ours;
	return theirs;
}

static u32 cause_to(const struct call_trunk *trunk, u32 ours)
{
	size_t i;

	for (i = 0; i < trunk->ncauses; i++)
		if (trunk->causes[i].ours == ours)
			return trunk->causes[i].theirs;
	return ours;
}

/* "Reason: Q.850;cause=16;text=..." is how Jalur writes it, one to a line. */
static void add_line(struct buf *b, const struct call_trunk *trunk, struct slice line)
{
	static const struct slice begins = { "Reason: Q.850;cause=", 20 };
	size_t n = begins.n;
	u32 cause;

	if (line.n <= n || !slice_caseeq(slice_of(line.p, n), begins)) {
		buf_add(b, line);
		return;
	}
	while (n < line.n && line.p[n] >= '0' && line.p[n] <= '9')
		n++;
	buf_add(b, begins);
	if (slice_u32(slice_of(line.p + begins.n, n - begins.n), &cause))
		buf_u64(b, cause_to(trunk, cause));
	buf_add(b, slice_of(line.p + n, line.n - n));
}

char *call_reason_for(const struct call_leg *leg, struct slice lines)
{
	const struct call_trunk *trunk = trunk_of(leg);
	struct buf b;

	if (!trunk || !trunk->ncauses || !lines.n)
		return NULL;
	buf_init(&b);
	while (lines.n) {
		const char *end = memchr(lines.p, '\n', lines.n);
		size_t n = end ? (size_t)(end - lines.p) + 1 : lines.n;

		add_line(&b, trunk, slice_of(lines.p, n));
		lines = slice_of(lines.p + n, lines.n - n);
	}
	return buf_take(&b);
}
