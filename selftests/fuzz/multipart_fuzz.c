// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The first line is a media type, the rest a body of it. Its parts lie within it,
 * in order, and never overlap; a session description is found where a part is.
 */
#include <stdlib.h>

#include "sip/multipart.h"

#define DEPTH 3

static void check_inside(struct slice s, struct slice outer)
{
	if (s.n && (s.p < outer.p || s.p + s.n > outer.p + outer.n))
		abort();
}

static void walk(const struct sip_part *part, unsigned int depth)
{
	const char *end = part->body.p;
	struct sip_parts parts;
	struct sip_part inner;

	if (!depth || sip_parts_begin(part, &parts))
		return;
	while (sip_parts_next(&parts, &inner) == 1) {
		check_inside(inner.body, part->body);
		check_inside(inner.type, part->body);
		check_inside(inner.disposition, part->body);
		if (inner.body.p < end)
			abort();
		end = inner.body.p + inner.body.n;
		walk(&inner, depth - 1);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct slice all = slice_of((const char *)data, size);
	const char *lf = size ? memchr(all.p, '\n', all.n) : NULL;
	struct sip_part part = { 0 };
	struct slice sdp;

	if (!lf)
		return 0;
	part.type = slice_of(all.p, (size_t)(lf - all.p));
	part.body = slice_of(lf + 1, all.n - part.type.n - 1);
	walk(&part, DEPTH);
	if (!sip_find_sdp(&part, DEPTH, &sdp))
		check_inside(sdp, part.body);
	sip_part_depth(&part, DEPTH);
	return 0;
}
