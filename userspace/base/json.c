// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * See json.h. Numbers of 64 bits are kept as they are: what we write ourselves stays
 * below 2^63.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"

static const json_t *member(struct json_reader *r, const json_t *object, const char *key,
			    json_type type)
{
	const json_t *value = r->bad ? NULL : json_object_get(object, key);

	if (value && json_typeof(value) == type)
		return value;
	if (!r->bad)
		r->bad = key;
	return NULL;
}

const char *json_read_text(struct json_reader *r, const json_t *object, const char *key,
			   size_t max)
{
	const json_t *value = member(r, object, key, JSON_STRING);
	size_t i, n = value ? json_string_length(value) : 0;
	const char *text = value ? json_string_value(value) : "";

	for (i = 0; i < n; i++)
		if ((u8)text[i] < ' ' || text[i] == 0x7f)
			break;
	if (i == n && n <= max)
		return text;
	r->bad = key;
	return "";
}

u64 json_read_u64(struct json_reader *r, const json_t *object, const char *key, u64 max)
{
	const json_t *value = member(r, object, key, JSON_INTEGER);
	json_int_t number = value ? json_integer_value(value) : 0;

	if (number >= 0 && (u64)number <= max)
		return (u64)number;
	r->bad = key;
	return 0;
}

bool json_read_bool(struct json_reader *r, const json_t *object, const char *key)
{
	const json_t *value = r->bad ? NULL : json_object_get(object, key);

	if (!r->bad && !json_is_boolean(value))
		r->bad = key;
	return json_is_true(value);
}

struct addr json_read_addr(struct json_reader *r, const json_t *object, const char *key)
{
	const json_t *value = r->bad ? NULL : json_object_get(object, key);
	struct addr a = { .family = 0 };

	if (r->bad || json_is_null(value))
		return a;
	if (!json_is_string(value) || !addr_parse(slice_str(json_string_value(value)), &a)) {
		r->bad = key;
		a.family = 0;
	}
	return a;
}

const json_t *json_read_array(struct json_reader *r, const json_t *object, const char *key,
			      size_t max)
{
	const json_t *value = member(r, object, key, JSON_ARRAY);

	if (value && json_array_size(value) > max) {
		r->bad = key;
		value = NULL;
	}
	return value;
}

const json_t *json_read_object(struct json_reader *r, const json_t *object, const char *key)
{
	return member(r, object, key, JSON_OBJECT);
}

json_t *json_text(const char *text)
{
	json_t *string = json_string(text);
	char *clean, *at;

	if (string)
		return string;
	clean = text ? strdup(text) : NULL;
	for (at = clean; at && *at; at++)
		if ((u8)*at >= 0x80)
			*at = '?';
	string = json_string(clean);
	free(clean);
	return string;
}

json_t *json_addr(const struct addr *a)
{
	char text[ADDR_STRLEN];

	return a->family ? json_string(addr_print(a, text)) : json_null();
}

static void drop(json_t **json)
{
	json_decref(*json);
	*json = NULL;
}

void json_put(json_t **object, const char *key, json_t *value)
{
	if (json_object_set_new(*object, key, value))
		drop(object);
}

void json_append(json_t **array, json_t *value)
{
	if (json_array_append_new(*array, value))
		drop(array);
}

static int add(const char *bytes, size_t n, void *to)
{
	struct buf *b = to;

	buf_add(b, slice_of(bytes, n));
	return b->failed ? -1 : 0;
}

/* json_dumps() may leave out names for which it has no memory. */
char *json_write(json_t *json)
{
	struct buf b;

	buf_init(&b);
	if (!json || json_dump_callback(json, add, &b, JSON_COMPACT))
		b.failed = true;
	json_decref(json);
	return buf_take(&b);
}
