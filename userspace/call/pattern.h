/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Patterns of the configuration (PCRE2), held against what came from outside. They are
 * compiled once; how much work a subject may make is limited, so that no caller makes a
 * pattern slow. Bytes, not UTF-8, and no JIT: the daemon has no memory that is both
 * written and executed.
 */
#ifndef CALL_PATTERN_H
#define CALL_PATTERN_H

#include "base/slice.h"

#define CALL_PATTERN_SUBJECT 4096	/* bytes; what is longer is not looked at */

enum call_pattern_flag {
	CALL_PATTERN_WHOLE = 1,		/* all of the subject must match */
	CALL_PATTERN_CASELESS = 2,
};

struct call_pattern;

struct call_pattern_error {
	size_t offset;			/* in the text, from 0 on */
	char text[128];
};

/* NULL: err says what is wrong; err may be NULL. */
struct call_pattern *call_pattern_new(const char *text, u32 flags,
				      struct call_pattern_error *err);
void call_pattern_free(struct call_pattern *p);
const char *call_pattern_text(const struct call_pattern *p);
/* 1, 0, or -E2BIG: too long, or too much work to say. */
int call_pattern_match(const struct call_pattern *p, struct slice subject);
/*
 * subject with the first place that matches replaced; only: the replacement alone. out is
 * filled in with 1; 0: no place matches; -E2BIG as above, or when size is too small.
 */
int call_pattern_replace(const struct call_pattern *p, struct slice subject,
			 const char *replacement, bool only, char *out, size_t size);
/* Is it a replacement ($1, ${name}, $$ for a dollar), of groups that the pattern has? */
bool call_pattern_replacement_ok(const char *text, const char *replacement,
				 struct call_pattern_error *err);

#endif
