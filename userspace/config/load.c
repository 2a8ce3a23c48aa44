// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From a file to struct config, or to the list of its mistakes. Nothing of a
 * file that has a mistake is used: a reload is all or nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/schema.h"

#define MAX_FILE (1024 * 1024)

static int line_at(struct slice text, size_t offset)
{
	int line = 1;
	size_t i;

	for (i = 0; i < offset && i < text.n; i++)
		line += text.p[i] == '\n';
	return line;
}

static bool line_has_tab(struct slice text, int line)
{
	size_t i;

	for (i = 0; i < text.n && line > 1; i++)
		line -= text.p[i] == '\n';
	for (; i < text.n && text.p[i] != '\n'; i++)
		if (text.p[i] == '\t')
			return true;
	return false;
}

static void syntax_mistake(struct reader *r, const yaml_parser_t *parser, struct slice text)
{
	int line = (int)parser->problem_mark.line + 1;

	if (parser->error == YAML_MEMORY_ERROR) {
		r->err = -ENOMEM;
		return;
	}
	if (parser->error == YAML_READER_ERROR) {
		reader_mistake(r, line_at(text, parser->problem_offset), 1,
			       "not a text in UTF-8: %s", parser->problem);
		return;
	}
	if (line_has_tab(text, line)) {
		reader_mistake(r, line, (int)parser->problem_mark.column + 1,
			       "found a tab, expected spaces: YAML is indented by spaces only");
		return;
	}
	reader_mistake(r, line, (int)parser->problem_mark.column + 1,
		       "not YAML: %s%s%s", parser->problem, parser->context ? " " : "",
		       parser->context ? parser->context : "");
}

/* A second document would be ignored otherwise. */
static void check_end(struct reader *r, yaml_parser_t *parser, struct slice text)
{
	yaml_document_t next;
	yaml_node_t *root;

	if (!yaml_parser_load(parser, &next)) {
		syntax_mistake(r, parser, text);
		return;
	}
	root = yaml_document_get_root_node(&next);
	if (root)
		reader_mistake(r, (int)root->start_mark.line + 1, 1,
			       "found a second document, expected one");
	yaml_document_delete(&next);
}

static int compare_mistakes(const void *a, const void *b)
{
	const struct config_mistake *x = a, *y = b;

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->column < y->column ? -1 : x->column > y->column;
}

static int finish(struct reader *r, const struct value *root, struct config **out)
{
	struct config *config;

	if (root && !r->err)
		check_tree(r, root);
	if (r->err == -ENOMEM)
		return -ENOMEM;
	if (r->mistakes->n)
		qsort(r->mistakes->list, r->mistakes->n, sizeof(*r->mistakes->list),
		      compare_mistakes);
	if (r->mistakes->n || !root)
		return -EINVAL;
	config = build_config(root);
	if (!config)
		return -ENOMEM;
	*out = config;
	return 0;
}

int config_load_memory(struct slice text, struct config **out, struct config_mistakes *mistakes)
{
	struct reader r = { .mistakes = mistakes };
	struct value *root = NULL;
	yaml_parser_t parser;
	int err;

	*mistakes = (struct config_mistakes){ 0 };
	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const u8 *)(text.n ? text.p : ""), text.n);
	if (!yaml_parser_load(&parser, &r.doc)) {
		syntax_mistake(&r, &parser, text);
		err = r.err ? r.err : -EINVAL;
		goto out;
	}
	root = tree_read(&r);
	if (root)
		check_end(&r, &parser, text);
	err = finish(&r, root, out);
	value_free(root);
	yaml_document_delete(&r.doc);
out:
	yaml_parser_delete(&parser);
	if (err == -ENOMEM)
		reader_mistake(&r, 0, 0, "no memory");
	return err;
}

/* Into a buffer that the caller frees. 0 or -errno. */
static int read_file(int fd, char **text, size_t *n)
{
	char *buf = malloc(MAX_FILE + 1);
	size_t used = 0;
	ssize_t got;

	if (!buf)
		return -ENOMEM;
	while (used <= MAX_FILE) {
		got = read(fd, buf + used, MAX_FILE + 1 - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int err = -errno;

			free(buf);
			return err;
		}
		if (!got)
			break;
		used += (size_t)got;
	}
	*text = buf;
	*n = used;
	return 0;
}

int config_load(const char *path, struct config **out, struct config_mistakes *mistakes)
{
	struct reader r = { .mistakes = mistakes };
	char *text = NULL;
	size_t n = 0;
	int fd, err;

	*mistakes = (struct config_mistakes){ 0 };
	fd = open(path, O_RDONLY | O_CLOEXEC);
	err = fd < 0 ? -errno : read_file(fd, &text, &n);
	if (fd >= 0)
		close(fd);
	if (err) {
		reader_mistake(&r, 0, 0, "cannot read the configuration: %s", strerror(-err));
		return err;
	}
	if (n > MAX_FILE) {
		reader_mistake(&r, 0, 0, "the file is larger than %d bytes", MAX_FILE);
		err = -EFBIG;
	} else {
		err = config_load_memory(slice_of(text, n), out, mistakes);
	}
	free(text);
	return err;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_origins(const struct config_listener *a, const struct config_listener *b)
{
	size_t i;

	for (i = 0; a->norigins == b->norigins && i < a->norigins; i++)
		if (strcmp(a->origins[i], b->origins[i]))
			return false;
	return a->norigins == b->norigins;
}

static bool same_listeners(const struct config *a, const struct config *b)
{
	size_t i;

	if (a->nlisteners != b->nlisteners)
		return false;
	for (i = 0; i < a->nlisteners; i++)
		if (!addr_eq(&a->listeners[i].local, &b->listeners[i].local) ||
		    !addr_eq(&a->listeners[i].advertise, &b->listeners[i].advertise) ||
		    a->listeners[i].transport != b->listeners[i].transport ||
		    a->listeners[i].realm != b->listeners[i].realm ||
		    !same_origins(&a->listeners[i], &b->listeners[i]))
			return false;
	return true;
}

const char *config_restart_needed(const struct config *old, const struct config *new_config)
{
	const struct call_policy *a = old->policy, *b = new_config->policy;

	if (old->node != new_config->node)
		return "node changed, which needs a restart";
	if (old->relay != new_config->relay)
		return "relay changed, which needs a restart";
	if (strcmp(old->control, new_config->control))
		return "control changed, which needs a restart";
	if (strcmp(old->control_group, new_config->control_group))
		return "control-group changed, which needs a restart";
	if (!same_text(old->cdr_file, new_config->cdr_file) ||
	    old->cdr_ring != new_config->cdr_ring)
		return "cdr changed, which needs a restart";
	if (!same_text(old->store_file, new_config->store_file) ||
	    old->store_power != new_config->store_power ||
	    old->store_waiting != new_config->store_waiting)
		return "store changed, which needs a restart";
	if (!addr_eq(&old->metrics, &new_config->metrics) ||
	    !same_text(old->metrics_path, new_config->metrics_path))
		return "metrics changed, which needs a restart";
	if (!same_listeners(old, new_config))
		return "signalling listeners changed, which needs a restart";
	if (memcmp(&old->connections, &new_config->connections, sizeof(old->connections)))
		return "connections changed, which needs a restart";
	if (old->dns_timeout_ms != new_config->dns_timeout_ms ||
	    old->dns_tries != new_config->dns_tries)
		return "dns.timeout or dns.tries changed, which needs a restart";
	if (a->t1 != b->t1 || a->t2 != b->t2 || a->t4 != b->t4)
		return "timers.t1, t2 or t4 changed, which needs a restart";
	if (memcmp(&old->limits, &new_config->limits, sizeof(old->limits)))
		return "sip.max-message, max-headers or max-nesting changed, which needs a restart";
	if (memcmp(&old->overload, &new_config->overload, sizeof(old->overload)))
		return "overload changed, which needs a restart";
	if (memcmp(&old->strangers, &new_config->strangers, sizeof(old->strangers)))
		return "limits-per-source changed, which needs a restart";
	return NULL;
}

static void free_listeners(struct config *c)
{
	size_t i, j;

	for (i = 0; i < c->nlisteners; i++) {
		for (j = 0; j < c->listeners[i].norigins; j++)
			free(c->listeners[i].origins[j]);
		free(c->listeners[i].origins);
	}
	free(c->listeners);
}

static void free_tls(struct config *c)
{
	size_t i, j;

	for (i = 0; c->tls && i < c->policy->nrealms; i++) {
		for (j = 0; j < c->tls[i].ncertificates; j++) {
			free(c->tls[i].certificates[j].certificate);
			free(c->tls[i].certificates[j].key);
		}
		free(c->tls[i].certificates);
		free(c->tls[i].ca);
	}
	free(c->tls);
}

void config_free(struct config *c)
{
	if (!c)
		return;
	free(c->control);
	free(c->control_group);
	free(c->cdr_file);
	free(c->store_file);
	free(c->metrics_path);
	free(c->dns_servers);
	free_listeners(c);
	free_tls(c);
	call_policy_put(c->policy);
	free(c);
}
