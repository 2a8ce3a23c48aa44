// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names come from our tables; values of labels may come from the configuration, and are
 * escaped as the format wants. What is not printable ASCII there is none of ours.
 */
#include <inttypes.h>

#include "admin/prometheus.h"
#include "base/timer.h"

void prom_family(struct prom *p, const char *name, const char *type, const char *help)
{
	p->family = name;
	buf_printf(p->out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void print_value(struct buf *b, const char *value)
{
	size_t i;

	for (i = 0; value[i]; i++) {
		if (value[i] == '\n')
			buf_str(b, "\\n");
		else if (value[i] == '"' || value[i] == '\\')
			buf_printf(b, "\\%c", value[i]);
		else
			buf_printf(b, "%c", value[i] < ' ' || value[i] > '~' ? '?' : value[i]);
	}
}

static void print_name(struct prom *p, const char *suffix, const struct prom_label *labels)
{
	size_t i;

	buf_str(p->out, p->family);
	buf_str(p->out, suffix);
	for (i = 0; labels && labels[i].name; i++) {
		buf_printf(p->out, "%s%s=\"", i ? "," : "{", labels[i].name);
		print_value(p->out, labels[i].value);
		buf_str(p->out, "\"");
	}
	buf_str(p->out, labels && labels[0].name ? "} " : " ");
}

void prom_suffixed(struct prom *p, const char *suffix, const struct prom_label *labels,
		   u64 value)
{
	print_name(p, suffix, labels);
	buf_printf(p->out, "%" PRIu64 "\n", value);
}

void prom_sample(struct prom *p, const struct prom_label *labels, u64 value)
{
	prom_suffixed(p, "", labels, value);
}

void prom_seconds(struct prom *p, const char *suffix, const struct prom_label *labels, u64 ns)
{
	print_name(p, suffix, labels);
	buf_printf(p->out, "%" PRIu64 ".%09" PRIu64 "\n", (u64)(ns / NSEC_PER_SEC),
		   (u64)(ns % NSEC_PER_SEC));
}

void prom_one(struct prom *p, const char *name, const char *type, const char *help, u64 value)
{
	prom_family(p, name, type, help);
	prom_sample(p, NULL, value);
}
