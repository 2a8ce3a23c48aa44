/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prometheus' text format, version 0.0.4: families of samples, each with its labels.
 */
#ifndef ADMIN_PROMETHEUS_H
#define ADMIN_PROMETHEUS_H

#include "base/buf.h"

#define PROMETHEUS_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct prom_label {
	const char *name, *value;
};

/* What is written, and the family that samples belong to. */
struct prom {
	struct buf *out;
	const char *family;
};

/* type: "counter", "gauge", "histogram" */
void prom_family(struct prom *p, const char *name, const char *type, const char *help);
/* labels: up to one whose name is NULL; NULL: none. */
void prom_sample(struct prom *p, const struct prom_label *labels, u64 value);
/* The same in seconds; suffix: of the family's name, such as "_sum", or "". */
void prom_seconds(struct prom *p, const char *suffix, const struct prom_label *labels, u64 ns);
void prom_suffixed(struct prom *p, const char *suffix, const struct prom_label *labels,
		   u64 value);

/* A family of one sample without labels. */
void prom_one(struct prom *p, const char *name, const char *type, const char *help, u64 value);

#define PROM_LABELS(...) ((const struct prom_label[]){ __VA_ARGS__, { NULL, NULL } })

#endif
