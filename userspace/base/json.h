/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading JSON that came from outside, by members: whatever is missing, of another
 * type, too long or has control characters in it is noted once, by its name, and
 * everything after it reads as nothing. So the reader checks at the end. And writing JSON:
 * what there was no memory for makes the whole nothing, so that nobody takes a part for it.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>

#include "base/addr.h"

struct json_reader {
	const char *bad;		/* name of the first member that was wrong; NULL: none */
};

/* Of object; the result is borrowed. text: at most max bytes, of printable UTF-8. */
const char *json_read_text(struct json_reader *r, const json_t *object, const char *key,
			   size_t max);
u64 json_read_u64(struct json_reader *r, const json_t *object, const char *key, u64 max);
bool json_read_bool(struct json_reader *r, const json_t *object, const char *key);
/* "ip:port"; null: family 0 */
struct addr json_read_addr(struct json_reader *r, const json_t *object, const char *key);
/* An array of at most max, or an object. NULL: wrong. */
const json_t *json_read_array(struct json_reader *r, const json_t *object, const char *key,
			      size_t max);
const json_t *json_read_object(struct json_reader *r, const json_t *object, const char *key);

/* new references; NULL: no memory */
json_t *json_text(const char *text);		/* bytes that are not UTF-8 become '?' */
json_t *json_addr(const struct addr *a);	/* family 0: null */
/* value is taken; if it, or what it is for, is NULL, or on -ENOMEM, that becomes NULL. */
void json_put(json_t **object, const char *key, json_t *value);
void json_append(json_t **array, json_t *value);
/* On one line, malloc'ed; json is taken. NULL: no memory, or json was NULL. */
char *json_write(json_t *json);

#endif
