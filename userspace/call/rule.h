/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a route asks of a request and what it makes of it, as plain data that config/ fills
 * in: a part of policy.h. A condition that is not set is met by every request.
 */
#ifndef CALL_RULE_H
#define CALL_RULE_H

#include "base/addr.h"
#include "call/pattern.h"

/* A number by the text that it begins with, by a pattern for all of it, or both. */
struct call_number_match {
	char *prefix;
	struct call_pattern *pattern;
};

struct call_header_match {
	char *name;			/* as the RFC writes it */
	struct call_pattern *pattern;	/* for one of its values */
};

struct call_match {
	bool has_source;
	struct prefix source;
	char *method;
	struct call_number_match number, from;	/* the called one's, the caller's */
	char *domain;			/* of the request URI */
	struct call_pattern *domain_pattern;
	struct call_header_match *headers;	/* all of them */
	size_t nheaders;
};

/* First strip, then pattern, then prefix; each may be NULL. */
struct call_number_edit {
	char *strip;			/* taken off where the number begins with it */
	struct call_pattern *pattern;
	char *replacement;
	char *prefix;			/* put in front */
};

struct call_header_edit {
	char *name;
	char *value;			/* a replacement of the number that was called */
};

struct call_rewrite {
	struct call_number_edit number, from;
	char **remove;			/* names of headers; those that are replaced, too */
	size_t nremove;
	struct call_header_edit *add;
	size_t nadd;
	struct call_pattern *captures;	/* what $1 of a value stands for */
};

void call_match_clear(struct call_match *match);
void call_rewrite_free(struct call_rewrite *rewrite);

#endif
