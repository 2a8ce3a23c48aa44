// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Equivalence of URIs (RFC 3261 §19.1.4, RFC 3966 §5). Parts are compared
 * character by character, an escape being its character unless that one is
 * reserved. Parameters and headers are sets: each of one is looked for in the
 * other, which is why there is a limit to how many.
 */
#include "sip/chars.h"
#include "sip/uri.h"

#define MAX_ITEMS	32
#define ESCAPED		0x100	/* a reserved character, which means itself only unescaped */

struct items {
	struct slice name[MAX_ITEMS], value[MAX_ITEMS];
	size_t n;
};

/* The next character, ASCII letters in lower case when fold. */
static int take_char(struct slice *s, bool fold)
{
	bool escaped;
	int c = sip_uri_char(s, &escaped);

	if (fold && c >= 'A' && c <= 'Z')
		c |= 0x20;
	if (escaped && c && strchr(";/?:@&=+$,", c))
		c |= ESCAPED;
	return c;
}

static bool text_eq(struct slice a, struct slice b, bool fold)
{
	while (a.n && b.n)
		if (take_char(&a, fold) != take_char(&b, fold))
			return false;
	return !a.n && !b.n;
}

/* Of ";a=b;c" or "?a=b&c=d". false: too many. */
static bool split(struct slice list, const char *separators, struct items *out)
{
	struct sip_cursor c = sip_cursor_of(list);

	out->n = 0;
	while (c.p < c.end) {
		const char *from = ++c.p, *equals;
		struct slice item;

		while (c.p < c.end && !strchr(separators, *c.p))
			c.p++;
		item = slice_of(from, (size_t)(c.p - from));
		if (out->n == MAX_ITEMS)
			return false;
		equals = item.n ? memchr(item.p, '=', item.n) : NULL;
		out->name[out->n] = item;
		out->value[out->n] = slice_of(NULL, 0);
		if (equals) {
			out->name[out->n].n = (size_t)(equals - item.p);
			out->value[out->n] = slice_of(equals + 1, (size_t)(c.p - equals) - 1);
		}
		out->n++;
	}
	return true;
}

/* RFC 3261 §19.1.4: these may not stand in one of the two only. */
static bool is_significant(struct slice name)
{
	return slice_caseeq(name, SLICE("user")) || slice_caseeq(name, SLICE("ttl")) ||
	       slice_caseeq(name, SLICE("method")) || slice_caseeq(name, SLICE("maddr"));
}

/* Each of a is in b, too; or, unless all, may be missing there. */
static bool is_subset(const struct items *a, const struct items *b, bool all)
{
	size_t i, j;

	for (i = 0; i < a->n; i++) {
		for (j = 0; j < b->n; j++)
			if (text_eq(a->name[i], b->name[j], true))
				break;
		if (j == b->n) {
			if (all || is_significant(a->name[i]))
				return false;
		} else if (!text_eq(a->value[i], b->value[j], true)) {
			return false;
		}
	}
	return true;
}

static bool items_eq(struct slice a, struct slice b, const char *separators, bool all)
{
	struct items left, right;

	return split(a, separators, &left) && split(b, separators, &right) &&
	       is_subset(&left, &right, all) && is_subset(&right, &left, all);
}

static bool host_eq(const struct sip_uri *a, const struct sip_uri *b)
{
	struct addr left, right;

	if (slice_caseeq(a->host, b->host))
		return true;
	return a->ip6 && b->ip6 && addr_parse_ip(a->host, &left) &&
	       addr_parse_ip(b->host, &right) && addr_ip_eq(&left, &right);
}

static bool sip_eq(const struct sip_uri *a, const struct sip_uri *b)
{
	return text_eq(a->user, b->user, false) && text_eq(a->password, b->password, false) &&
	       host_eq(a, b) && a->port == b->port &&
	       items_eq(a->params, b->params, ";", false) &&
	       items_eq(a->headers, b->headers, "&", true);
}

static struct slice skip_separators(struct slice s)
{
	while (s.n && strchr("-.()", *s.p)) {
		s.p++;
		s.n--;
	}
	return s;
}

/* Visual separators do not count. */
static bool number_eq(struct slice a, struct slice b)
{
	a = skip_separators(a);
	b = skip_separators(b);
	while (a.n && b.n) {
		if (take_char(&a, true) != take_char(&b, true))
			return false;
		a = skip_separators(a);
		b = skip_separators(b);
	}
	return !a.n && !b.n;
}

bool sip_uri_eq(struct slice a, struct slice b)
{
	struct sip_uri left, right;

	if (slice_eq(a, b))
		return true;
	if (!sip_uri_parse(a, &left) || !sip_uri_parse(b, &right) || left.kind != right.kind)
		return false;
	if (left.kind == SIP_URI_TEL)
		return number_eq(left.user, right.user) &&
		       items_eq(left.params, right.params, ";", true);
	return left.kind != SIP_URI_OTHER && sip_eq(&left, &right);
}
