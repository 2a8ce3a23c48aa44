/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of config/, shared by its files and by nobody else. Reading a file
 * has four steps, each a file: yaml.c makes a document of the text, tree.c
 * holds it against the schema and makes typed values of it, check.c looks at
 * what values mean together, build.c makes struct config of values that are
 * known to be right. Every step goes on after a mistake, so that one run tells
 * all of them.
 */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include <stdarg.h>
#include <stdio.h>
#include <yaml.h>

#include "config/config.h"

enum schema_type {
	SCHEMA_MAP,		/* the keys that the table has below it */
	SCHEMA_NAMED,		/* name: item; the item's path is "<path>.*" */
	SCHEMA_LIST,		/* items; the item's path is "<path>[]" */
	SCHEMA_NUMBER,		/* min..max */
	SCHEMA_CHOICE,		/* one of choices; the value is the index */
	SCHEMA_DURATION,	/* "500ms"; the value is ns, min..max too */
	SCHEMA_TEXT,		/* min..max bytes of printable ASCII */
	SCHEMA_NAME,		/* letters, digits, '-', '_', '.' */
	SCHEMA_TOKEN,		/* RFC 3261 token */
	SCHEMA_NUMBER_PREFIX,	/* of a telephone number */
	SCHEMA_ADDRESS,		/* one IPv4 or IPv6 unicast address */
	SCHEMA_PREFIX,		/* address or address/bits */
	SCHEMA_PORTS,		/* "MIN-MAX" */
	SCHEMA_TARGET,		/* sip: or sips: URI */
	SCHEMA_SERVER,		/* an address with or without a port */
	SCHEMA_LISTEN,		/* address:port, or the path of a UNIX socket */
	SCHEMA_FILE,		/* path of what can be read, or of a directory */
	SCHEMA_KEY,		/* path of a file that others cannot read */
	SCHEMA_Q,		/* "0.7"; the value is thousandths */
	SCHEMA_SECRET,		/* path of a file; the value is its one line */
};

/* What a reload does with a changed value. */
enum schema_reload {
	SCHEMA_RELOAD_NOW,
	SCHEMA_RELOAD_CALLS,	/* counts for calls that begin afterwards */
	SCHEMA_RELOAD_RESTART,	/* refused; needs a restart */
};

struct schema_item {
	const char *path;	/* "realms.*.media[].ports" */
	enum schema_type type;
	bool required;
	bool always;		/* a map: its defaults hold where it is absent, too */
	const char *initial;	/* default as text; NULL: none */
	u64 min, max;
	const char *const *choices;
	const char *refers;	/* SCHEMA_NAME: key of the mapping that must have it */
	enum schema_reload reload;
	const char *help;
	const char *example;
};

extern const struct schema_item schema[];
extern const size_t schema_size;

const struct schema_item *schema_root(void);
/* Children of a mapping, in the order of the table; NULL ends. start with prev NULL. */
const struct schema_item *schema_child(const struct schema_item *parent,
				       const struct schema_item *prev);
const struct schema_item *schema_child_named(const struct schema_item *parent, const char *key);
/* What a NAMED or LIST holds. */
const struct schema_item *schema_element(const struct schema_item *parent);
const char *schema_key(const struct schema_item *item);	/* last part of the path */
/* "a number from 1 to 4095": completes the sentence "expected ...". */
const char *schema_expects(const struct schema_item *item, char *buf, size_t n);

struct value {
	const struct schema_item *item;
	struct value *parent;
	char *key;		/* in a mapping; NULL in a list */
	size_t index;		/* in its parent */
	int line, column;
	bool given;		/* false: the default */
	bool bad;		/* reported already; its value is not set */
	char *text;		/* scalars: as written */
	char *secret;		/* SECRET: wiped when it is freed */
	u64 number;		/* NUMBER, CHOICE, DURATION, Q */
	struct addr addr;	/* ADDRESS, TARGET, SERVER; LISTEN, family 0: a path */
	struct call_next_hop hop;	/* TARGET */
	struct prefix prefix;
	u16 port_min, port_max;
	struct value **children;
	size_t n;
};

/* One reading of one text. */
struct reader {
	yaml_document_t doc;
	struct config_mistakes *mistakes;
	int err;		/* -ENOMEM: stop */
	size_t nvalues;
};

void reader_mistake(struct reader *r, int line, int column, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The same, at v, the text preceded by v's path. */
void reader_mistake_at(struct reader *r, const struct value *v, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The name closest to word, if close enough to be what was meant; else NULL. */
const char *nearest_name(const char *word, const char *const *names, size_t n);

/* tree.c */
struct value *tree_read(struct reader *r);		/* NULL: nothing usable, or no memory */
void value_free(struct value *v);
const struct value *value_get(const struct value *map, const char *key);	/* NULL: absent */
const char *value_path(const struct value *v, char *buf, size_t n);

/*
 * scalar.c: fills v from its text; false: not of the item's type. why: a better
 * text than "expected ..." if one is known.
 */
bool scalar_parse(struct value *v, const char **why);
/* Why a is no address to talk to; NULL: it is one. */
const char *scalar_address_trouble(const struct addr *a);

/* secret.c: the same for SECRET, KEY and FILE. */
bool secret_read(struct value *v, const char **why);
bool secret_file_is_there(const struct value *v, const char **why);

/* target.c: the same for TARGET. */
bool target_parse(struct value *v, const char **why);
/* A copy of what v says. false: no memory. */
bool target_build(struct call_next_hop *hop, const struct value *v);
/* Can the realm send to it, and not to ourselves? */
void target_check(struct reader *r, const struct value *realm, const struct value *v);

/* route.c: what is in a route beside names of other things */
bool route_is_emergency(const struct value *route);
/* Whatever later's match takes, earlier's does, as far as route.c knows its keys. */
bool route_match_covers(const struct value *earlier, const struct value *later);
void route_check(struct reader *r, const struct value *route);
bool route_build(struct call_route *route, const struct value *v);	/* false: no memory */
/* trunk.c: what a trunk has, and where calls to it go. */
#define TRUNK_TARGETS (CALL_MAX_TARGETS + 1)
/* The values of its targets, good ones; how many, CALL_MAX_TARGETS + 1 at most. */
size_t trunk_targets(const struct value *trunk, const struct value *targets[TRUNK_TARGETS]);
bool trunk_has_target(const struct value *trunk);	/* or was to have one */
void trunk_check(struct reader *r, const struct value *trunk);
bool trunk_build(struct call_trunk *trunk, const struct value *v);	/* false: no memory */
/* domain.c */
void domain_check(struct reader *r, const struct value *root, const struct value *domain);
/* How a trunk proves who it is; realm: its own, or NULL. */
void domain_check_trunk(struct reader *r, const struct value *root, const struct value *realm,
			const struct value *trunk);
/* false: no memory. */
bool domain_build(struct call_domain *to, const struct value *realms, const struct value *v);

/* register.c: the registrar of a domain */
void register_check(struct reader *r, const struct value *domain);
bool register_build(struct call_domain *to, const struct value *domain);

/* Are min, default and max of it in this order? */
void expires_check(struct reader *r, const struct value *expires);
u32 value_seconds(const struct value *map, const char *key);	/* rounded up */

/* event.c: the event packages of a domain */
void event_check(struct reader *r, const struct value *domain);
void event_build(struct call_domain *to, const struct value *domain);

/* check.c, build.c */
void check_tree(struct reader *r, const struct value *root);
struct config *build_config(const struct value *root);	/* NULL: no memory */

#endif
