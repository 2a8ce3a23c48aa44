// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a route makes of a request: numbers, and headers of the new leg. What comes out is
 * made of the configuration's text and of a number that had no control characters, and is
 * looked at again all the same: a number becomes a user by escaping whatever may not stand
 * there (RFC 3261 §25.1), a value with a control character is not sent.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "call/header_private.h"

#define MAX_VALUE 1024

/* --- the number --- */

static bool is_user_char(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
	       (c && strchr("-_.!~*'()&=+$,?/%", c));
}

static char *print_user(struct slice number, struct slice rest)
{
	struct buf b;
	size_t i;

	buf_init(&b);
	for (i = 0; i < number.n; i++)
		if (is_user_char(number.p[i]))
			buf_add(&b, slice_of(number.p + i, 1));
		else
			buf_printf(&b, "%%%02X", (u8)number.p[i]);
	buf_add(&b, rest);
	return buf_take(&b);
}

static int edit(const struct call_number_edit *e, struct slice number, struct slice rest,
		char **user)
{
	char changed[CALL_MAX_NUMBER + 1], whole[2 * sizeof(changed)];
	struct slice strip = slice_str(e->strip), prefix = slice_str(e->prefix);
	int n = 0;

	if (slice_begins(number, strip))
		number = slice_of(number.p + strip.n, number.n - strip.n);
	if (e->pattern)
		n = call_pattern_replace(e->pattern, number, e->replacement, false, changed,
					 sizeof(changed));
	if (n > 0)
		number = slice_str(changed);
	if (n < 0 || !(prefix.n + number.n) || prefix.n + number.n > CALL_MAX_NUMBER)
		return -EINVAL;
	memcpy(whole, prefix.p ? prefix.p : "", prefix.n);
	memcpy(whole + prefix.n, number.p, number.n);
	*user = print_user(slice_of(whole, prefix.n + number.n), rest);
	return *user ? 0 : -ENOMEM;
}

static bool is_edited(const struct call_number_edit *e)
{
	return e->strip || e->pattern || e->prefix;
}

static int edit_numbers(struct call_routed *r, const struct call_rewrite *rewrite,
			const struct call_subject *s)
{
	int err = 0;

	if (is_edited(&rewrite->number))
		err = edit(&rewrite->number, s->number, s->number_rest, &r->number);
	/* Who does not tell his number has none to change. */
	if (!err && is_edited(&rewrite->from) && s->from.n && !s->hidden)
		err = edit(&rewrite->from, s->from, s->from_rest, &r->from);
	return err;
}

/* --- headers --- */

static bool is_clean(const char *value)
{
	for (; *value; value++)
		if ((u8)*value < ' ' || *value == 0x7f)
			return false;
	return true;
}

static int add_headers(struct call_routed *r, const struct call_rewrite *rewrite,
		       const struct call_subject *s)
{
	char value[MAX_VALUE];
	struct buf b;
	size_t i;

	if (!rewrite->nadd)
		return 0;
	buf_init(&b);
	for (i = 0; i < rewrite->nadd; i++) {
		const struct call_header_edit *add = &rewrite->add[i];

		if (call_pattern_replace(rewrite->captures, s->number, add->value, true, value,
					 sizeof(value)) != 1 || !is_clean(value)) {
			buf_free(&b);
			return -EINVAL;
		}
		buf_printf(&b, "%s: %s\r\n", add->name, value);
	}
	r->lines = buf_take(&b);
	return r->lines ? 0 : -ENOMEM;
}

bool call_rewrite_removes(const struct call_rewrite *rewrite, struct slice name)
{
	size_t i;

	for (i = 0; rewrite && i < rewrite->nremove; i++)
		if (slice_caseeq(name, slice_str(rewrite->remove[i])))
			return true;
	return false;
}

/* --- all of it --- */

int call_routed_new(const struct call_route *route, const struct call_subject *s,
		    struct call_routed **out)
{
	struct call_routed *r = zalloc(sizeof(*r));
	int err = 0;

	if (!r)
		return -ENOMEM;
	r->refs = 1;
	r->route = route;
	if (route->rewrite)
		err = edit_numbers(r, route->rewrite, s);
	if (!err && route->rewrite)
		err = add_headers(r, route->rewrite, s);
	if (err)
		call_routed_put(r);
	else
		*out = r;
	return err;
}

struct call_routed *call_routed_get(struct call_routed *r)
{
	if (r)
		r->refs++;
	return r;
}

void call_routed_put(struct call_routed *r)
{
	if (!r || --r->refs)
		return;
	free(r->number);
	free(r->from);
	free(r->lines);
	free(r);
}

/* --- the configuration's part --- */

static void clear_number_match(struct call_number_match *match)
{
	free(match->prefix);
	call_pattern_free(match->pattern);
}

void call_match_clear(struct call_match *match)
{
	while (match->nheaders) {
		struct call_header_match *h = &match->headers[--match->nheaders];

		free(h->name);
		call_pattern_free(h->pattern);
	}
	free(match->headers);
	free(match->method);
	free(match->domain);
	call_pattern_free(match->domain_pattern);
	clear_number_match(&match->number);
	clear_number_match(&match->from);
}

static void clear_edit(struct call_number_edit *e)
{
	free(e->strip);
	call_pattern_free(e->pattern);
	free(e->replacement);
	free(e->prefix);
}

void call_rewrite_free(struct call_rewrite *rewrite)
{
	if (!rewrite)
		return;
	clear_edit(&rewrite->number);
	clear_edit(&rewrite->from);
	while (rewrite->nremove)
		free(rewrite->remove[--rewrite->nremove]);
	free(rewrite->remove);
	while (rewrite->nadd) {
		free(rewrite->add[--rewrite->nadd].name);
		free(rewrite->add[rewrite->nadd].value);
	}
	free(rewrite->add);
	call_pattern_free(rewrite->captures);
	free(rewrite);
}
