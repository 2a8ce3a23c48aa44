/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration file (YAML, DESIGN.md §4): schema.c is the one table of
 * keys; load.c reads a file into struct config or reports every mistake with
 * its line. What is not in the table is an error.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdio.h>

#include "call/overload.h"
#include "call/policy.h"
#include "sip/engine.h"

struct config_listener {
	size_t realm;			/* index into policy->realms */
	struct addr local;
	struct addr advertise;
	enum transport transport;
	char **origins;			/* of a WebSocket; none: any */
	size_t norigins;
};

/* In the order of the schema's choices. */
enum config_clients { CONFIG_CLIENTS_ANONYMOUS, CONFIG_CLIENTS_ASKED, CONFIG_CLIENTS_REQUIRED };

struct config_certificate {
	char *certificate, *key;	/* paths */
};

/* TLS of a realm. */
struct config_tls {
	bool configured;
	struct config_certificate *certificates;
	size_t ncertificates;
	char *ca;			/* NULL: the system's */
	enum config_clients clients;
	bool verify, present;
};

struct config_connections {
	u32 max, per_source, handshakes, per_source_handshakes;
	u64 handshake_timeout, idle, message_timeout, ping;	/* ns */
	u32 queue;			/* bytes */
	u32 threads;
};

enum config_relay { CONFIG_RELAY_KERNEL, CONFIG_RELAY_USERSPACE, CONFIG_RELAY_AUTO };

struct config {
	u32 node;			/* 1..4095 */
	char *control;			/* path of the control socket */
	char *control_group;
	int log_level;
	struct config_listener *listeners;
	size_t nlisteners;
	struct call_policy *policy;	/* one reference; ports not filled in */
	struct config_tls *tls;		/* by realm */
	struct config_connections connections;
	char *dns_servers;		/* "ip:port,[ip6]:port"; NULL: resolv.conf's */
	u32 dns_timeout_ms, dns_tries;
	struct sip_limits limits;
	struct call_overload_conf overload;
	struct addr metrics;		/* family 0: by path, or not at all */
	char *metrics_path;
	struct sip_rate strangers;	/* limits-per-source; rate 0: none */
	enum config_relay relay;
	char *cdr_file;			/* NULL: call records are not written */
	u32 cdr_ring;			/* records that may wait */
	char *store_file;		/* NULL: nothing is stored */
	bool store_power;		/* each commit waits for the disk */
	u32 store_waiting;		/* changes that may wait */
	bool hangup_on_stop;		/* on_stop: keep | hangup */
};

struct config_mistake {
	int line, column;
	char text[256];			/* what, what was expected, nearest valid key */
};

struct config_mistakes {
	struct config_mistake *list;
	size_t n;
};

/*
 * 0; -EINVAL with mistakes (at least one); other -errno when the file cannot be read (a
 * mistake with line 0 says so). *out is untouched on error.
 */
int config_load(const char *path, struct config **out, struct config_mistakes *mistakes);
/* The same from memory: text need not end in NUL. */
int config_load_memory(struct slice text, struct config **out,
		       struct config_mistakes *mistakes);
void config_free(struct config *c);
void config_mistakes_free(struct config_mistakes *m);
/* What a reload would need a restart for (listeners, node, control): text, or NULL. */
const char *config_restart_needed(const struct config *old, const struct config *new_config);

/*
 * The schema in words, for Documentation/configuration.rst, the manual page
 * jalurd.yaml(5) and Documentation/schema/config.json (make config-doc). Errors
 * of out are left to its owner (ferror()).
 */
void config_describe_rst(FILE *out);
void config_describe_man(FILE *out);
void config_describe_json(FILE *out);

#endif
