// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The conventions of JSON output (Documentation/control-protocol.rst): ids as
 * 16 hex digits, addresses as ip:port, times in UTC with microseconds.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "ctl.h"

json_t *json_hex(u64 value)
{
	char text[17];

	snprintf(text, sizeof(text), "%016" PRIx64, value);
	return json_string(text);
}

json_t *json_addr(const struct addr *a)
{
	char text[ADDR_STRLEN];

	return a->family ? json_string(addr_print(a, text)) : json_null();
}

json_t *json_time(u64 ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	char text[64];
	struct tm tm;
	size_t n;

	gmtime_r(&seconds, &tm);
	n = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + n, sizeof(text) - n, ".%06uZ", (unsigned int)(ns % 1000000000 / 1000));
	return json_string(text);
}

static void clean_string(json_t *string)
{
	char *text = strdup(json_string_value(string)), *p;

	for (p = text; p && *p; p++)
		if ((u8)*p < ' ' || *p == 0x7f)
			*p = '?';
	if (text)
		json_string_set_nocheck(string, text);
	free(text);
}

void json_clean(json_t *object)
{
	const char *key;
	json_t *child;
	size_t i;

	if (json_is_string(object))
		clean_string(object);
	json_array_foreach(object, i, child)
		json_clean(child);
	json_object_foreach(object, key, child)
		if (strcmp(key, "document"))	/* has lines: who prints it looks at it */
			json_clean(child);
}

const char *member_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

u64 member_number(const json_t *object, const char *key)
{
	json_int_t number = json_integer_value(json_object_get(object, key));

	return number < 0 ? 0 : (u64)number;
}

bool member_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}
