// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The schema in words: reference page, manual page and JSON Schema. They are
 * generated (make config-doc), so that they say what the loader does.
 */
#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>

#include "config/schema.h"

static const char example[] =
	"node: 1\n"
	"realms:\n"
	"  outside:\n"
	"    signalling:\n"
	"      - {address: 192.0.2.1, port: 5060, transport: udp, advertise: 198.51.100.7}\n"
	"    media:\n"
	"      - {address: 192.0.2.1, advertise: 198.51.100.7, ports: 20000-29999}\n"
	"    latch: port\n"
	"  inside:\n"
	"    signalling:\n"
	"      - {address: 10.0.0.1}\n"
	"    media:\n"
	"      - {address: 10.0.0.1, ports: 30000-39999}\n"
	"    latch: strict\n"
	"trunks:\n"
	"  phones:  {realm: outside, match: [203.0.113.0/24]}\n"
	"  carrier: {realm: outside, match: [192.0.2.64], target: \"sip:192.0.2.64\"}\n"
	"  pbx:     {realm: inside, match: [10.0.0.2], target: \"sip:10.0.0.2:5060\"}\n"
	"routes:\n"
	"  - {name: in,  match: {realm: outside}, to: {trunk: pbx}}\n"
	"  - {name: out, match: {trunk: pbx, number: \"+49\"}, to: {trunk: carrier}}\n"
	"timers:\n"
	"  media-idle: 60s\n"
	"  ring: 180s\n"
	"  max-duration: 4h\n";

static const char *const reloads[] = {
	[SCHEMA_RELOAD_NOW] = "takes effect at once",
	[SCHEMA_RELOAD_CALLS] = "takes effect for calls that begin afterwards",
	[SCHEMA_RELOAD_RESTART] = "needs a restart; a reload that changes it is refused",
};

/* The path as people read it: "realms.NAME.media[].ports". */
static const char *print_path(const struct schema_item *item, char *buf, size_t n)
{
	const char *p = item->path;
	size_t used = 0;

	for (; *p && used + 5 < n; p++) {
		if (*p == '*')
			used += (size_t)snprintf(buf + used, n - used, "NAME");
		else
			buf[used++] = *p;
	}
	buf[used] = '\0';
	return buf;
}

/* "A number from 1 to 4095. Default: 1. Required." */
static void print_facts(FILE *out, const struct schema_item *item)
{
	char expected[256];

	schema_expects(item, expected, sizeof(expected));
	expected[0] = (char)toupper((unsigned char)expected[0]);
	fprintf(out, "%s.", expected);
	if (item->required)
		fputs(" Required.", out);
	else if (item->initial)
		fprintf(out, " Default: %s.", item->initial);
	else
		fputs(" Optional.", out);
	if (item->refers)
		fprintf(out, " One of ``%s``.", item->refers);
	if (item->example)
		fprintf(out, " Example: ``%s``.", item->example);
}

static void print_wrapped(FILE *out, const char *text)
{
	const size_t width = 96;

	while (*text) {
		size_t n = strlen(text);

		if (n > width)
			for (n = width; n > 1 && text[n] != ' '; n--)
				;
		fprintf(out, "    %.*s\n", (int)n, text);
		text += n;
		text += *text == ' ';
	}
}

static bool is_shown(const struct schema_item *item)
{
	/* The file, and "one of them" of a list or mapping of names, say nothing new. */
	return item != schema_root() &&
	       !(item->type == SCHEMA_MAP && strpbrk(schema_key(item), "*]"));
}

void config_describe_rst(FILE *out)
{
	char path[128], *line, *copy = strdup(example), *save = NULL;
	size_t i;

	fputs(".. SPDX-License-Identifier: GPL-2.0-or-later\n"
	      ".. Generated from userspace/config/schema.c by make config-doc; do not edit.\n\n"
	      "=================\nThe configuration\n=================\n\n"
	      "``/etc/jalur/jalurd.yaml`` (or ``jalurd --config FILE``) is a YAML file. Keys that are\n"
	      "not on this page are mistakes, not ignored. ``jalurd --check`` reports every mistake\n"
	      "with its line, what was expected and the nearest valid key, and starts nothing.\n"
	      "SIGHUP loads the file again: all of it or, when it has a mistake or changes something\n"
	      "that needs a restart, nothing of it. No call is dropped.\n\n"
	      "A JSON Schema of the file is in ``Documentation/schema/config.json``.\n\n"
	      "Example\n=======\n\n.. code-block:: yaml\n\n", out);
	for (line = copy ? strtok_r(copy, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save))
		fprintf(out, "    %s\n", line);
	free(copy);
	fputs("\nKeys\n====\n", out);
	for (i = 0; i < schema_size; i++) {
		if (!is_shown(&schema[i]))
			continue;
		fprintf(out, "\n``%s``\n    ", print_path(&schema[i], path, sizeof(path)));
		print_facts(out, &schema[i]);
		fputc('\n', out);
		print_wrapped(out, schema[i].help);
		fprintf(out, "    *Reload:* %s.\n", reloads[schema[i].reload]);
	}
}

/* roff takes '-' for a hyphen, '.' at the start of a line for a request. */
static void print_roff(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '`')
			continue;
		if (*text == '-' || *text == '\\')
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void print_facts_roff(FILE *out, const struct schema_item *item)
{
	char *text = NULL;
	size_t n;
	FILE *memory = open_memstream(&text, &n);

	if (!memory)
		return;
	print_facts(memory, item);
	fclose(memory);
	print_roff(out, text);
	free(text);
}

void config_describe_man(FILE *out)
{
	char path[128];
	size_t i;

	fputs(".\\\" SPDX-License-Identifier: GPL-2.0-or-later\n"
	      ".\\\" Generated from userspace/config/schema.c by make config-doc; do not edit.\n"
	      ".TH JALURD.YAML 5 \"\" jalur \"Jalur\"\n"
	      ".SH NAME\njalurd.yaml \\- configuration of jalurd\n"
	      ".SH DESCRIPTION\n"
	      "A YAML file. Keys that are not listed here are mistakes, not ignored.\n"
	      ".B jalurd \\-\\-check\n"
	      "reports every mistake with its line.\n"
	      "SIGHUP loads the file again, all of it or nothing.\n"
	      ".SH KEYS\n", out);
	for (i = 0; i < schema_size; i++) {
		if (!is_shown(&schema[i]))
			continue;
		fputs(".TP\n.B ", out);
		print_roff(out, print_path(&schema[i], path, sizeof(path)));
		fputc('\n', out);
		print_facts_roff(out, &schema[i]);
		fputc('\n', out);
		print_roff(out, schema[i].help);
		fprintf(out, "\nReload: %s.\n", reloads[schema[i].reload]);
	}
	fputs(".SH EXAMPLE\n.nf\n", out);
	print_roff(out, example);
	fputs(".fi\n.SH SEE ALSO\n.BR jalurd (8),\n.BR jalurctl (8)\n", out);
}

/* --- JSON Schema --- */

static const char *pattern_of(const struct schema_item *item)
{
	switch (item->type) {
	case SCHEMA_DURATION:
		return "^[0-9]+(ms|s|m|h)$";
	case SCHEMA_NAME:
		return "^[A-Za-z0-9._-]{1,63}$";
	case SCHEMA_TOKEN:
		return "^[A-Za-z0-9.!%*_+`'~-]{1,63}$";
	case SCHEMA_NUMBER_PREFIX:
		return "^[A-Za-z0-9+*#._-]{1,63}$";
	case SCHEMA_ADDRESS:
		return "^[0-9a-fA-F.:]+$";
	case SCHEMA_PREFIX:
		return "^[0-9a-fA-F.:]+(/[0-9]{1,3})?$";
	case SCHEMA_PORTS:
		return "^[0-9]{4,5} *- *[0-9]{4,5}$";
	case SCHEMA_TARGET:
		return "^[sS][iI][pP]:";
	default:
		return NULL;
	}
}

static json_t *describe_item(const struct schema_item *item);

static json_t *describe_map(const struct schema_item *item)
{
	json_t *properties = json_object(), *required = json_array();
	const struct schema_item *child = NULL;

	while ((child = schema_child(item, child))) {
		json_object_set_new(properties, schema_key(child), describe_item(child));
		if (child->required)
			json_array_append_new(required, json_string(schema_key(child)));
	}
	return json_pack("{s:s, s:b, s:o, s:o}", "type", "object", "additionalProperties", 0,
			 "properties", properties, "required", required);
}

static json_t *describe_scalar(const struct schema_item *item)
{
	json_t *object, *list;
	size_t i;

	if (item->type == SCHEMA_NUMBER)
		return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum",
				 (json_int_t)item->min, "maximum", (json_int_t)item->max);
	if (item->type == SCHEMA_Q)
		return json_pack("{s:s, s:i, s:i}", "type", "number", "minimum", 0, "maximum", 1);
	object = json_pack("{s:s}", "type", "string");
	if (pattern_of(item))
		json_object_set_new(object, "pattern", json_string(pattern_of(item)));
	if (item->type == SCHEMA_TEXT) {
		json_object_set_new(object, "minLength", json_integer((json_int_t)item->min));
		json_object_set_new(object, "maxLength", json_integer((json_int_t)item->max));
	}
	if (item->type != SCHEMA_CHOICE)
		return object;
	list = json_array();
	for (i = 0; item->choices[i]; i++)
		json_array_append_new(list, json_string(item->choices[i]));
	json_object_set_new(object, "enum", list);
	return object;
}

static bool is_number(const struct schema_item *item)
{
	return item->type == SCHEMA_NUMBER || item->type == SCHEMA_Q;
}

static json_t *describe_item(const struct schema_item *item)
{
	json_t *object;

	if (item->type == SCHEMA_MAP)
		object = describe_map(item);
	else if (item->type == SCHEMA_LIST)
		object = json_pack("{s:s, s:o, s:i}", "type", "array", "items",
				   describe_item(schema_element(item)), "minItems",
				   item->required ? 1 : 0);
	else if (item->type == SCHEMA_NAMED)
		object = json_pack("{s:s, s:{s:s}, s:o, s:i}", "type", "object", "propertyNames",
				   "pattern", "^[A-Za-z0-9._-]{1,63}$", "additionalProperties",
				   describe_item(schema_element(item)), "minProperties",
				   item->required ? 1 : 0);
	else
		object = describe_scalar(item);
	json_object_set_new(object, "description", json_string(item->help));
	if (item->initial)
		json_object_set_new(object, "default", is_number(item) ?
				    json_integer(atoll(item->initial)) :
				    json_string(item->initial));
	return object;
}

void config_describe_json(FILE *out)
{
	json_t *root = describe_item(schema_root());

	json_object_set_new(root, "$schema",
			    json_string("http://json-schema.org/draft-07/schema#"));
	json_object_set_new(root, "title", json_string("jalurd.yaml"));
	json_dumpf(root, out, JSON_INDENT(2) | JSON_SORT_KEYS);
	fputc('\n', out);
	json_decref(root);
}
