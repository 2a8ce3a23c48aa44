// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * PCRE2, with limits. A match that exceeds them has no result: whoever asks decides
 * what that means, and a route lets nothing pass then.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include <errno.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "call/pattern.h"

/* Of one match, each some tens of ns; a good pattern takes a few for each byte. */
#define MATCH_LIMIT 20000
#define DEPTH_LIMIT 2000
#define HEAP_LIMIT_KIB 1024

/* DOTALL: no byte of a subject is one that a pattern cannot see. */
#define OPTIONS (PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C | \
		 PCRE2_DOLLAR_ENDONLY | PCRE2_DOTALL)

struct call_pattern {
	char *text;
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *limits;
};

static void set_error(struct call_pattern_error *err, int number, size_t offset)
{
	if (!err)
		return;
	err->offset = offset;
	if (pcre2_get_error_message(number, (PCRE2_UCHAR *)err->text, sizeof(err->text)) < 0)
		snprintf(err->text, sizeof(err->text), "error %d", number);
}

static bool make_parts(struct call_pattern *p, const char *text)
{
	p->text = strdup(text);
	p->match = pcre2_match_data_create_from_pattern(p->code, NULL);
	p->limits = pcre2_match_context_create(NULL);
	if (!p->text || !p->match || !p->limits)
		return false;
	pcre2_set_match_limit(p->limits, MATCH_LIMIT);
	pcre2_set_depth_limit(p->limits, DEPTH_LIMIT);
	pcre2_set_heap_limit(p->limits, HEAP_LIMIT_KIB);
	return true;
}

struct call_pattern *call_pattern_new(const char *text, u32 flags,
				      struct call_pattern_error *err)
{
	u32 options = OPTIONS;
	struct call_pattern *p = zalloc(sizeof(*p));
	PCRE2_SIZE offset = 0;
	int number = PCRE2_ERROR_NOMEMORY;

	if (flags & CALL_PATTERN_WHOLE)
		options |= PCRE2_ANCHORED | PCRE2_ENDANCHORED;
	if (flags & CALL_PATTERN_CASELESS)
		options |= PCRE2_CASELESS;
	if (p)
		p->code = pcre2_compile((PCRE2_SPTR)text, strlen(text), options, &number, &offset,
					NULL);
	if (p && p->code && make_parts(p, text))
		return p;
	set_error(err, p && !p->code ? number : PCRE2_ERROR_NOMEMORY, offset);
	call_pattern_free(p);
	return NULL;
}

void call_pattern_free(struct call_pattern *p)
{
	if (!p)
		return;
	free(p->text);
	pcre2_match_context_free(p->limits);
	pcre2_match_data_free(p->match);
	pcre2_code_free(p->code);
	free(p);
}

const char *call_pattern_text(const struct call_pattern *p)
{
	return p->text;
}

/* An empty slice may have no address. */
static PCRE2_SPTR bytes_of(struct slice subject)
{
	return (PCRE2_SPTR)(subject.n ? subject.p : "");
}

int call_pattern_match(const struct call_pattern *p, struct slice subject)
{
	int n;

	if (subject.n > CALL_PATTERN_SUBJECT)
		return -E2BIG;
	n = pcre2_match(p->code, bytes_of(subject), subject.n, 0, 0, p->match, p->limits);
	if (n >= 0)
		return 1;
	return n == PCRE2_ERROR_NOMATCH ? 0 : -E2BIG;
}

int call_pattern_replace(const struct call_pattern *p, struct slice subject,
			 const char *replacement, bool only, char *out, size_t size)
{
	u32 options = PCRE2_SUBSTITUTE_UNSET_EMPTY;
	PCRE2_SIZE len = size;
	int n;

	if (subject.n > CALL_PATTERN_SUBJECT)
		return -E2BIG;
	if (only)
		options |= PCRE2_SUBSTITUTE_REPLACEMENT_ONLY;
	n = pcre2_substitute(p->code, bytes_of(subject), subject.n, 0, options, p->match,
			     p->limits, (PCRE2_SPTR)replacement, strlen(replacement),
			     (PCRE2_UCHAR *)out, &len);
	return n < 0 ? -E2BIG : n;
}

/*
 * PCRE2 reads a replacement only when there is a match; a pattern with an empty alternative
 * in front of it has the same groups and matches anywhere.
 */
bool call_pattern_replacement_ok(const char *text, const char *replacement,
				 struct call_pattern_error *err)
{
	char *always = buf_format("|%s", text), out[1024];
	struct call_pattern *p = always ? call_pattern_new(always, 0, err) : NULL;
	PCRE2_SIZE len = sizeof(out);
	int n = PCRE2_ERROR_NOMEMORY;

	if (p)
		n = pcre2_substitute(p->code, (PCRE2_SPTR)"", 0, 0, PCRE2_SUBSTITUTE_UNSET_EMPTY,
				     p->match, p->limits, (PCRE2_SPTR)replacement,
				     strlen(replacement), (PCRE2_UCHAR *)out, &len);
	if (p && n < 0)
		set_error(err, n, len == PCRE2_UNSET ? 0 : len);
	call_pattern_free(p);
	free(always);
	return n > 0;
}
