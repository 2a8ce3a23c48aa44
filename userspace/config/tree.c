// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A document held against the schema: keys that the table does not have, keys
 * given twice, missing ones, wrong types and ranges are reported, and the rest
 * becomes typed values with their lines. The schema steers the walk, so its
 * depth bounds the recursion, whatever aliases the document has; a cap on
 * values bounds the breadth.
 */
#include <errno.h>
#include <stdlib.h>

#include "config/schema.h"

#define MAX_VALUES 20000
#define MAX_KEYS 64

static struct value *read_value(struct reader *r, struct value *parent, const char *key,
				const struct schema_item *item, const yaml_node_t *where,
				yaml_node_t *node);

void value_free(struct value *v)
{
	size_t i;

	if (!v)
		return;
	for (i = 0; i < v->n; i++)
		value_free(v->children[i]);
	free(v->children);
	free(v->key);
	free(v->text);
	free(v->hop.host);
	if (v->secret)
		explicit_bzero(v->secret, strlen(v->secret));
	free(v->secret);
	free(v);
}

const struct value *value_get(const struct value *map, const char *key)
{
	size_t i;

	for (i = 0; map && i < map->n; i++)
		if (!strcmp(map->children[i]->key, key))
			return map->children[i];
	return NULL;
}

const char *value_path(const struct value *v, char *buf, size_t n)
{
	size_t used;

	if (!v->parent) {
		*buf = '\0';
		return buf;
	}
	used = strlen(value_path(v->parent, buf, n));
	if (!v->key)
		snprintf(buf + used, n - used, "[%zu]", v->index);
	else
		snprintf(buf + used, n - used, "%s%s", used ? "." : "", v->key);
	return buf;
}

static struct value *new_value(struct reader *r, struct value *parent, const char *key,
			       const struct schema_item *item)
{
	struct value **children, *v;

	if (++r->nvalues > MAX_VALUES) {
		if (!r->err)
			reader_mistake(r, parent->line, parent->column,
				       "more than %d values", MAX_VALUES);
		r->err = -EINVAL;
		return NULL;
	}
	v = calloc(1, sizeof(*v));
	if (!v)
		goto err_memory;
	v->item = item;
	v->parent = parent;
	v->key = key ? strdup(key) : NULL;
	if (key && !v->key)
		goto err_value;
	if (!parent)
		return v;
	children = realloc(parent->children, (parent->n + 1) * sizeof(struct value *));
	if (!children)
		goto err_value;
	parent->children = children;
	v->index = parent->n;
	children[parent->n++] = v;
	return v;

err_value:
	free(v->key);
	free(v);
err_memory:
	r->err = -ENOMEM;
	return NULL;
}

static const char *scalar_text(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

static int line_of(const yaml_node_t *node)
{
	return (int)node->start_mark.line + 1;
}

static int column_of(const yaml_node_t *node)
{
	return (int)node->start_mark.column + 1;
}

/* "key:" with nothing after it. */
static bool is_empty(const yaml_node_t *node)
{
	return node->type == YAML_SCALAR_NODE && !node->data.scalar.length &&
	       node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static void wrong_kind(struct reader *r, struct value *v, const yaml_node_t *node)
{
	static const char *const kinds[] = {
		[YAML_NO_NODE] = "nothing", [YAML_SCALAR_NODE] = "a single value",
		[YAML_SEQUENCE_NODE] = "a list", [YAML_MAPPING_NODE] = "a mapping",
	};
	char expected[256];

	v->bad = true;
	reader_mistake_at(r, v, "found %s, expected %s",
			  is_empty(node) ? "nothing" : kinds[node->type],
			  schema_expects(v->item, expected, sizeof(expected)));
}

static void read_scalar(struct reader *r, struct value *v, const yaml_node_t *node)
{
	char expected[256];
	const char *why;

	if (node->type != YAML_SCALAR_NODE || is_empty(node)) {
		wrong_kind(r, v, node);
		return;
	}
	v->text = strdup(scalar_text(node));
	if (!v->text) {
		r->err = -ENOMEM;
		return;
	}
	if (strlen(v->text) == node->data.scalar.length && scalar_parse(v, &why))
		return;
	v->bad = true;
	schema_expects(v->item, expected, sizeof(expected));
	if (strlen(v->text) != node->data.scalar.length)
		reader_mistake_at(r, v, "found a NUL character, expected %s", expected);
	else if (why)
		reader_mistake_at(r, v, "found \"%.60s\": %s", v->text, why);
	else
		reader_mistake_at(r, v, "found \"%.60s\", expected %s", v->text, expected);
}

/* --- mappings --- */

static const char *nearest_key(const struct schema_item *map, const char *text)
{
	const struct schema_item *item = NULL;
	const char *names[MAX_KEYS];
	size_t n = 0;

	while ((item = schema_child(map, item)) && n < MAX_KEYS)
		names[n++] = schema_key(item);
	return nearest_name(text, names, n);
}

static void print_keys(const struct schema_item *map, char *buf, size_t n)
{
	const struct schema_item *item = NULL;
	size_t used = 0;

	*buf = '\0';
	while ((item = schema_child(map, item)) && used < n)
		used += (size_t)snprintf(buf + used, n - used, "%s%s", used ? ", " : "",
					 schema_key(item));
}

static void unknown_key(struct reader *r, const struct value *map, const yaml_node_t *key)
{
	const char *text = scalar_text(key), *near = nearest_key(map->item, text);
	char path[128], list[160];

	value_path(map, path, sizeof(path));
	print_keys(map->item, list, sizeof(list));
	if (near)
		reader_mistake(r, line_of(key), column_of(key),
			       "%s%sunknown key \"%.60s\"; nearest valid key: \"%s\"", path,
			       *path ? ": " : "", text, near);
	else
		reader_mistake(r, line_of(key), column_of(key),
			       "%s%sunknown key \"%.40s\"; valid keys here: %s", path,
			       *path ? ": " : "", text, list);
}

static bool is_name(const char *text)
{
	struct schema_item name = { .path = "", .type = SCHEMA_NAME };
	struct value v = { .item = &name, .text = (char *)text };
	const char *why;

	return scalar_parse(&v, &why);
}

static const struct schema_item *item_of_key(struct reader *r, const struct value *map,
					     const yaml_node_t *key)
{
	const struct schema_item *item;
	const struct value *first;

	if (key->type != YAML_SCALAR_NODE) {
		reader_mistake(r, line_of(key), column_of(key),
			       "found a list or mapping as a key, expected a name");
		return NULL;
	}
	first = value_get(map, scalar_text(key));
	if (first) {
		reader_mistake(r, line_of(key), column_of(key),
			       "\"%.60s\" is given twice, first on line %d", scalar_text(key),
			       first->line);
		return NULL;
	}
	if (map->item->type == SCHEMA_NAMED) {
		if (is_name(scalar_text(key)))
			return schema_element(map->item);
		reader_mistake(r, line_of(key), column_of(key),
			       "found \"%.60s\", expected a name of letters, digits, '-', '_' and '.', at most 63",
			       scalar_text(key));
		return NULL;
	}
	item = schema_child_named(map->item, scalar_text(key));
	if (!item)
		unknown_key(r, map, key);
	return item;
}

static void read_pair(struct reader *r, struct value *map, const yaml_node_pair_t *pair)
{
	yaml_node_t *key = yaml_document_get_node(&r->doc, pair->key);
	yaml_node_t *node = yaml_document_get_node(&r->doc, pair->value);
	const struct schema_item *item = item_of_key(r, map, key);

	/* A block begins on the line after its key: people look for the key. */
	if (item)
		read_value(r, map, scalar_text(key), item,
			   node->type == YAML_SCALAR_NODE && !is_empty(node) ? node : key, node);
}

static void read_default(struct reader *r, struct value *map, const struct schema_item *item)
{
	struct value *v = new_value(r, map, schema_key(item), item);
	const char *why;

	if (!v)
		return;
	v->line = map->line;
	v->column = map->column;
	if (!item->initial)
		return;
	v->text = strdup(item->initial);
	if (!v->text)
		r->err = -ENOMEM;
	else
		v->bad = !scalar_parse(v, &why);
}

/* A map that may be absent, with the defaults of what is below it. */
static void add_absent(struct reader *r, struct value *parent, const struct schema_item *item)
{
	struct value *v = new_value(r, parent, schema_key(item), item);
	const struct schema_item *child = NULL;

	if (!v)
		return;
	v->line = parent->line;
	v->column = parent->column;
	while (!r->err && (child = schema_child(item, child))) {
		if (child->initial)
			read_default(r, v, child);
		else if (child->always)
			add_absent(r, v, child);
	}
}

/* Also when it is there misspelt, which was reported. */
static bool has_key(struct reader *r, const struct value *map, const yaml_node_t *node,
		    const char *name)
{
	yaml_node_pair_t *pair;

	if (value_get(map, name))
		return true;
	if (node->type != YAML_MAPPING_NODE)
		return false;
	for (pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
		yaml_node_t *key = yaml_document_get_node(&r->doc, pair->key);
		const char *near = NULL;

		if (key->type == YAML_SCALAR_NODE &&
		    !schema_child_named(map->item, scalar_text(key)))
			near = nearest_key(map->item, scalar_text(key));
		if (near && !strcmp(near, name))
			return true;
	}
	return false;
}

static void fill_missing(struct reader *r, struct value *map, const yaml_node_t *node)
{
	const struct schema_item *item = NULL;
	char expected[256];

	while (!r->err && (item = schema_child(map->item, item))) {
		if (has_key(r, map, node, schema_key(item)))
			continue;
		if (item->required)
			reader_mistake_at(r, map, "\"%s\" is missing, expected %s",
					  schema_key(item),
					  schema_expects(item, expected, sizeof(expected)));
		else if (item->initial)
			read_default(r, map, item);
		else if (item->always)
			add_absent(r, map, item);
	}
}

static void read_map(struct reader *r, struct value *v, const yaml_node_t *node)
{
	yaml_node_pair_t *pair;

	if (node->type == YAML_MAPPING_NODE)
		for (pair = node->data.mapping.pairs.start;
		     !r->err && pair < node->data.mapping.pairs.top; pair++)
			read_pair(r, v, pair);
	else if (!is_empty(node))
		wrong_kind(r, v, node);
	if (v->bad)
		return;
	if (v->item->type == SCHEMA_MAP)
		fill_missing(r, v, node);
	else if (v->item->required && !v->n)
		reader_mistake_at(r, v, "found nothing, expected at least one");
}

static void read_list(struct reader *r, struct value *v, const yaml_node_t *node)
{
	const struct schema_item *element = schema_element(v->item);
	yaml_node_item_t *item;
	yaml_node_t *child;

	if (node->type == YAML_SEQUENCE_NODE)
		for (item = node->data.sequence.items.start;
		     !r->err && item < node->data.sequence.items.top; item++) {
			child = yaml_document_get_node(&r->doc, *item);
			read_value(r, v, NULL, element, child, child);
		}
	else if (!is_empty(node))
		wrong_kind(r, v, node);
	if (!v->bad && v->item->required && !v->n)
		reader_mistake_at(r, v, "found nothing, expected at least one");
}

static struct value *read_value(struct reader *r, struct value *parent, const char *key,
				const struct schema_item *item, const yaml_node_t *where,
				yaml_node_t *node)
{
	struct value *v = new_value(r, parent, key, item);

	if (!v)
		return NULL;
	v->given = true;
	v->line = line_of(where);
	v->column = column_of(where);
	switch (item->type) {
	case SCHEMA_MAP:
	case SCHEMA_NAMED:
		read_map(r, v, node);
		break;
	case SCHEMA_LIST:
		read_list(r, v, node);
		break;
	default:
		read_scalar(r, v, node);
	}
	return v;
}

/* Timers and the like have defaults below a key that may be absent itself. */
static void add_absent_maps(struct reader *r, struct value *root)
{
	const struct schema_item *item = NULL;

	while (!r->err && (item = schema_child(root->item, item)))
		if (item->type == SCHEMA_MAP && !value_get(root, schema_key(item)))
			add_absent(r, root, item);
}

struct value *tree_read(struct reader *r)
{
	yaml_node_t *node = yaml_document_get_root_node(&r->doc);
	struct value *root;

	if (!node) {
		reader_mistake(r, 1, 1, "the file is empty, expected at least \"realms\"");
		return NULL;
	}
	root = read_value(r, NULL, NULL, schema_root(), node, node);
	if (root && !root->bad && !r->err)
		add_absent_maps(r, root);
	if (root && r->err) {
		value_free(root);
		root = NULL;
	}
	return root;
}
