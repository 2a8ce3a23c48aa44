/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Event packages that Jalur serves (RFC 6665) for the users of its own domains, as a table of
 * functions: what is known of a user goes in, a whole document comes out. Nothing here knows
 * who watches, or how a document gets to him.
 */
#ifndef EVENT_PACKAGE_H
#define EVENT_PACKAGE_H

#include "base/buf.h"

enum event_package { EVENT_PRESENCE, EVENT_REG, EVENT_DIALOG, EVENT_PACKAGES };

#define EVENT_ENTITY 1000		/* bytes of a user's URI, with NUL */
#define EVENT_PUBLICATIONS 4		/* of a user */

/* Whether he himself may watch where he is registered, and trunks. */
enum event_reg { EVENT_REG_NONE, EVENT_REG_OWN, EVENT_REG_TRUNKS };

/* What a domain says of event packages. Times in s. */
struct event_policy {
	bool presence;			/* its users see each other's */
	enum event_reg reg;
	bool dialog, identities;	/* and each other's calls, and with whom */
	u32 min, max, standard;		/* of a subscription; standard: nothing was asked for */
	u32 subscriptions;		/* of a watcher */
	u64 interval;			/* ns between NOTIFYs of a subscription */
};

/* Where a user is registered. */
struct event_contact {
	struct slice uri;
	u64 id;				/* says nothing, and stays as it is */
	u16 q;				/* thousandths */
};

#define EVENT_CALLS 64			/* of a user that are told */

enum event_call_state {
	EVENT_CALL_TERMINATED, EVENT_CALL_TRYING, EVENT_CALL_EARLY, EVENT_CALL_CONFIRMED,
};

struct event_call {
	u64 id;				/* says nothing, and stays as it is */
	enum event_call_state state;
	bool caller;			/* he is */
	struct slice remote;		/* user part of the other side; empty: not to be told */
};

/* XML of a user's own, in the order of a PIDF (RFC 3863 §4.4): tuples, notes, all else. */
struct event_parts {
	char *xml;
	size_t notes, rest;		/* where they begin */
};

/* What is known of a user. */
struct event_state {
	const char *entity;		/* his URI */
	const struct event_contact *contacts;
	size_t ncontacts;
	const struct event_parts *published[EVENT_PUBLICATIONS];
	size_t npublished;
	const struct event_call *calls;
	size_t ncalls;
};

struct event_kind {
	const char *name;
	const char *type;		/* of its documents */
	/* The whole state, added to b. 0 or -ENOMEM */
	int (*print)(struct buf *b, const struct event_state *state, u32 version);
};

extern const struct event_kind event_kinds[EVENT_PACKAGES];

/* EVENT_PACKAGES: it is none that is served. */
enum event_package event_package_of(struct slice name);
/* May a watcher of it who is a user of that domain, or else a trunk, be served at all? */
bool event_policy_serves(const struct event_policy *p, enum event_package package);
/* "sip:alice@example.com" of an address-of-record, with escapes. false: it is too long. */
bool event_entity(const char *aor, char entity[EVENT_ENTITY]);

#endif
