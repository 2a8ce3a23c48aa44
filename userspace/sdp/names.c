// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Devices write their addresses into more lines than there are standards for:
 * into s=, e=, and attributes of their makers. Such a line can be told by the
 * address in it, which o= or c= has too, so that no list of names is needed.
 */
#include "sdp/names.h"

/* Word n of text, counted from 0; empty: there is none. */
static struct slice nth_word(struct slice text, unsigned int n)
{
	struct slice word = { text.p, 0 };
	size_t at = 0;

	do {
		while (at < text.n && text.p[at] == ' ')
			at++;
		word = slice_of(text.p + at, 0);
		while (at < text.n && text.p[at] != ' ') {
			word.n++;
			at++;
		}
	} while (n--);
	return word;
}

static void add(struct sdp_names *names, struct slice word)
{
	struct addr a;
	size_t i;

	if (!addr_parse_ip(word, &a) || !sdp_addr_unicast(&a))
		return;
	for (i = 0; i < names->n; i++)
		if (slice_eq(names->words[i], word))
			return;
	if (names->n < SDP_MAX_NAMES)
		names->words[names->n++] = word;
}

void sdp_names_find(const struct sdp *sdp, struct sdp_names *names)
{
	size_t i;

	names->n = 0;
	for (i = 0; i < sdp->nlines; i++) {
		if (sdp->lines[i].type == 'o')
			add(names, nth_word(sdp->lines[i].value, 5));
		else if (sdp->lines[i].type == 'c')
			add(names, nth_word(sdp->lines[i].value, 2));
	}
}

bool sdp_names_any(const struct sdp_names *names, struct slice text)
{
	size_t i;

	for (i = 0; i < names->n; i++)
		if (slice_has_word(text, names->words[i]))
			return true;
	return false;
}
