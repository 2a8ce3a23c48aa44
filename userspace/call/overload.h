/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When a node has enough to do: what is measured, from where on it is too much, and what is
 * refused then. Light overload leaves room for what exists, which heavy overload needs too.
 */
#ifndef CALL_OVERLOAD_H
#define CALL_OVERLOAD_H

#include "base/slice.h"

enum call_overload_cause {
	CALL_OVERLOAD_LAG,		/* ns that the event loop is late */
	CALL_OVERLOAD_DROPPED,		/* datagrams that the kernel dropped since the last time */
	CALL_OVERLOAD_MEMORY,		/* bytes resident */
	CALL_OVERLOAD_TRANSACTIONS,	/* of servers; the engine counts them itself */
	CALL_OVERLOAD_STORE,		/* changes that wait for the disk */
	CALL_OVERLOAD_CONNECTIONS,	/* peers to which a connection is being made */
	CALL_OVERLOAD_NAMES,		/* questions to name servers */
	CALL_OVERLOAD_RELAY,		/* % of plans that it refused; the engine counts them */
	CALL_OVERLOAD_MEASURED,
	/* media ports of the realms concerned: a cause for calls that need them */
	CALL_OVERLOAD_PORTS = CALL_OVERLOAD_MEASURED,
	CALL_OVERLOAD_CAUSES,
};

enum call_overload_level { CALL_OVERLOAD_NONE, CALL_OVERLOAD_LIGHT, CALL_OVERLOAD_HEAVY };

/* What is measured, or where a limit is; limit 0: none. */
struct call_load {
	u64 of[CALL_OVERLOAD_MEASURED];
};

struct call_overload_conf {
	struct call_load limits;
	u32 ports;			/* % of a realm's that must be free; 0: none */
	u32 retry_after;		/* s; half of it is added at random; 0: 10 */
};

/* What begins. In a dialog nothing is ever refused for overload. */
enum call_kind {
	CALL_KIND_CALL,
	CALL_KIND_EMERGENCY,		/* never refused for overload */
	CALL_KIND_REGISTRATION,		/* a new one */
	CALL_KIND_REFRESH,		/* of one that is there: refused when it is heavy */
	CALL_KIND_OTHER,		/* OPTIONS and the like */
};

struct call_overload_view {
	enum call_overload_level level;		/* the worst */
	enum call_overload_level causes[CALL_OVERLOAD_CAUSES];
	u64 refused[CALL_OVERLOAD_CAUSES];	/* so far */
};

struct call_drain_view {
	bool draining, stopping;
	u64 since;			/* now, when it began */
	size_t calls, calls_then;	/* now; when it began */
	u64 refused;			/* since then */
};

/* Media ports of a realm, in pairs. */
struct call_ports_view {
	const char *realm;
	size_t used, free;
};

/* "lag" */
const char *call_overload_name(enum call_overload_cause cause);
const char *call_overload_level_name(enum call_overload_level level);

#endif
