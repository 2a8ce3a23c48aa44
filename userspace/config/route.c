// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a route asks for and what it rewrites: can the patterns be used, are the
 * headers ones that a route may name; and from values to plain data.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "call/route.h"
#include "config/schema.h"

/* What a header's value may refer to where the route has no pattern. */
#define ANY_NUMBER ".*"

static const char *text_of(const struct value *map, const char *key)
{
	const struct value *v = value_get(map, key);

	return v && !v->bad ? v->text : NULL;
}

/* --- is it right? --- */

static void check_pattern(struct reader *r, const struct value *map, const char *key)
{
	const struct value *v = value_get(map, key);
	struct call_pattern_error err;
	struct call_pattern *p;

	if (!v || v->bad)
		return;
	p = call_pattern_new(v->text, 0, &err);
	if (!p)
		reader_mistake_at(r, v, "\"%.80s\" is no pattern: %s, at character %zu", v->text,
				  err.text, err.offset + 1);
	call_pattern_free(p);
}

static void check_replacement(struct reader *r, const struct value *v, const char *pattern)
{
	struct call_pattern_error err;
	struct call_pattern *p = call_pattern_new(pattern, 0, NULL);

	/* One slip is one line. */
	if (p && !call_pattern_replacement_ok(pattern, v->text, &err))
		reader_mistake_at(r, v,
				  "\"%.80s\" is no replacement for \"%.60s\": %s, near character %zu",
				  v->text, pattern, err.text, err.offset + 1);
	call_pattern_free(p);
}

static void check_edit(struct reader *r, const struct value *edit)
{
	const struct value *pattern = value_get(edit, "pattern");
	const struct value *replacement = value_get(edit, "replacement");

	if (!edit || edit->bad)
		return;
	check_pattern(r, edit, "pattern");
	if (!pattern != !replacement)
		reader_mistake_at(r, pattern ? pattern : replacement,
				  "\"pattern\" and \"replacement\" go together");
	else if (pattern && !pattern->bad && !replacement->bad)
		check_replacement(r, replacement, pattern->text);
}

static void check_name(struct reader *r, const struct value *name)
{
	if (name && !name->bad && call_header_is_ours(slice_str(name->text)))
		reader_mistake_at(r, name, "\"%s\" is a header that Jalur writes or reads itself",
				  name->text);
}

static void check_added(struct reader *r, const struct value *list, const char *pattern)
{
	size_t i;

	for (i = 0; list && i < list->n; i++) {
		const struct value *value = value_get(list->children[i], "value");

		check_name(r, value_get(list->children[i], "name"));
		if (value && !value->bad)
			check_replacement(r, value, pattern ? pattern : ANY_NUMBER);
	}
}

static void check_headers(struct reader *r, const struct value *headers, const char *pattern)
{
	const struct value *remove = value_get(headers, "remove");
	size_t i;

	for (i = 0; remove && i < remove->n; i++)
		check_name(r, remove->children[i]);
	check_added(r, value_get(headers, "add"), pattern);
	check_added(r, value_get(headers, "replace"), pattern);
}

static void check_match(struct reader *r, const struct value *match)
{
	const struct value *headers = value_get(match, "headers");
	size_t i;

	check_pattern(r, match, "number-pattern");
	check_pattern(r, match, "domain-pattern");
	check_pattern(r, match, "from-number-pattern");
	for (i = 0; headers && i < headers->n; i++)
		check_pattern(r, headers->children[i], "pattern");
}

void route_check(struct reader *r, const struct value *route)
{
	const struct value *match = value_get(route, "match"), *to = value_get(route, "to");
	const struct value *rewrite = value_get(route, "rewrite");
	const struct value *reject = value_get(route, "reject");

	if (!to == !reject && !route->bad)
		reader_mistake_at(r, reject ? reject : route, to ?
				  "\"to\" is given too: one or the other" :
				  "expected \"to\" or \"reject\"");
	if (reject && route_is_emergency(route))
		reader_mistake_at(r, reject, "an emergency route rejects nothing");
	if (reject && rewrite)
		reader_mistake_at(r, rewrite, "a route that rejects rewrites nothing");
	check_match(r, match);
	check_edit(r, value_get(rewrite, "number"));
	check_edit(r, value_get(rewrite, "from-number"));
	check_headers(r, value_get(rewrite, "headers"), text_of(match, "number-pattern"));
}

bool route_is_emergency(const struct value *route)
{
	const struct value *emergency = value_get(route, "emergency");

	return emergency && !emergency->bad && emergency->number;
}

/* Those that it does not say may be anything; those that it says must be the same. */
bool route_match_covers(const struct value *earlier, const struct value *later)
{
	static const char *const keys[] = {
		"source", "method", "number-pattern", "domain", "domain-pattern", "from-number",
		"from-number-pattern",
	};
	size_t i;

	if (value_get(earlier, "headers"))
		return false;
	for (i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const struct value *one = value_get(earlier, keys[i]);
		const struct value *other = value_get(later, keys[i]);

		if (one && (one->bad || !other || other->bad || strcmp(one->text, other->text)))
			return false;
	}
	return true;
}

/* --- plain data --- */

/* false: no memory; a value that is not there is no mistake. */
static bool copy(char **to, const struct value *map, const char *key)
{
	const char *text = text_of(map, key);

	*to = text ? strdup(text) : NULL;
	return !text || *to;
}

static bool compile(struct call_pattern **to, const struct value *map, const char *key, u32 flags)
{
	const char *text = text_of(map, key);

	*to = text ? call_pattern_new(text, flags, NULL) : NULL;
	return !text || *to;
}

/* As the RFC writes it, whatever the file does. */
static char *name_of(const char *text)
{
	enum sip_hdr_id id = sip_hdr_id_of(slice_str(text));

	return strdup(id == SIP_HDR_OTHER ? text : sip_hdr_info(id)->name);
}

static bool build_header_matches(struct call_match *match, const struct value *list)
{
	size_t i;

	if (!list || !list->n)
		return true;
	match->headers = calloc(list->n, sizeof(*match->headers));
	for (i = 0; match->headers && i < list->n; i++) {
		struct call_header_match *h = &match->headers[match->nheaders++];

		h->name = name_of(text_of(list->children[i], "name"));
		if (!compile(&h->pattern, list->children[i], "pattern", CALL_PATTERN_WHOLE) ||
		    !h->name)
			return false;
	}
	return match->headers;
}

static bool build_match(struct call_match *match, const struct value *v)
{
	const struct value *source = value_get(v, "source");

	match->has_source = source;
	if (source)
		match->source = source->prefix;
	return copy(&match->method, v, "method") &&
	       copy(&match->number.prefix, v, "number") &&
	       compile(&match->number.pattern, v, "number-pattern", CALL_PATTERN_WHOLE) &&
	       copy(&match->from.prefix, v, "from-number") &&
	       compile(&match->from.pattern, v, "from-number-pattern", CALL_PATTERN_WHOLE) &&
	       copy(&match->domain, v, "domain") &&
	       compile(&match->domain_pattern, v, "domain-pattern",
		       CALL_PATTERN_WHOLE | CALL_PATTERN_CASELESS) &&
	       build_header_matches(match, value_get(v, "headers"));
}

static bool build_edit(struct call_number_edit *edit, const struct value *v)
{
	return copy(&edit->strip, v, "strip") && compile(&edit->pattern, v, "pattern", 0) &&
	       copy(&edit->replacement, v, "replacement") && copy(&edit->prefix, v, "prefix");
}

static bool add_removed(struct call_rewrite *rewrite, const char *name)
{
	char *copy = name_of(name);

	if (copy)
		rewrite->remove[rewrite->nremove++] = copy;
	return copy;
}

static bool build_added(struct call_rewrite *rewrite, const struct value *list, bool replace)
{
	size_t i;

	for (i = 0; list && i < list->n; i++) {
		struct call_header_edit *add = &rewrite->add[rewrite->nadd++];
		const struct value *v = list->children[i];

		add->name = name_of(text_of(v, "name"));
		if (!copy(&add->value, v, "value") || !add->name)
			return false;
		if (replace && !add_removed(rewrite, add->name))
			return false;
	}
	return true;
}

static size_t count(const struct value *list)
{
	return list ? list->n : 0;
}

static bool build_headers(struct call_rewrite *rewrite, const struct value *headers,
			  const char *pattern)
{
	const struct value *remove = value_get(headers, "remove");
	const struct value *add = value_get(headers, "add");
	const struct value *replace = value_get(headers, "replace");
	size_t i;

	rewrite->remove = calloc(count(remove) + count(replace) + 1, sizeof(*rewrite->remove));
	rewrite->add = calloc(count(add) + count(replace) + 1, sizeof(*rewrite->add));
	rewrite->captures = call_pattern_new(pattern ? pattern : ANY_NUMBER, CALL_PATTERN_WHOLE,
					     NULL);
	if (!rewrite->remove || !rewrite->add || !rewrite->captures)
		return false;
	for (i = 0; i < count(remove); i++)
		if (!add_removed(rewrite, remove->children[i]->text))
			return false;
	return build_added(rewrite, add, false) && build_added(rewrite, replace, true);
}

static bool build_rewrite(struct call_route *route, const struct value *v, const char *pattern)
{
	if (!v)
		return true;
	route->rewrite = zalloc(sizeof(*route->rewrite));
	return route->rewrite && build_edit(&route->rewrite->number, value_get(v, "number")) &&
	       build_edit(&route->rewrite->from, value_get(v, "from-number")) &&
	       build_headers(route->rewrite, value_get(v, "headers"), pattern);
}

bool route_build(struct call_route *route, const struct value *v)
{
	const struct value *match = value_get(v, "match"), *reject = value_get(v, "reject");

	route->emergency = route_is_emergency(v);
	if (reject)
		route->reject = (u16)value_get(reject, "code")->number;
	return copy(&route->reject_phrase, reject, "reason") && build_match(&route->match, match) &&
	       build_rewrite(route, value_get(v, "rewrite"), text_of(match, "number-pattern"));
}
