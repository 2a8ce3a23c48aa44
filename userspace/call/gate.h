/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gate that everything that begins has to pass: overload and drain, overload.c.
 */
#ifndef CALL_GATE_H
#define CALL_GATE_H

#include "call/overload.h"
#include "sip/engine.h"

struct call_engine;
struct call_route;

struct call_relay_window {
	u32 plans, failed;
};

struct call_overload {
	struct call_overload_conf conf;
	enum call_overload_level levels[CALL_OVERLOAD_MEASURED], told[CALL_OVERLOAD_MEASURED];
	u64 refused[CALL_OVERLOAD_CAUSES];
	struct call_relay_window relay[2];	/* before, and since window */
	u64 window;
};

struct call_drain {
	bool on;
	u64 since, refused;
	size_t calls;
};

/*
 * true: it is answered, with 503 and Retry-After, and ev->server is gone. route: of a call, or
 * NULL.
 */
bool call_turn_away(struct call_engine *e, u64 now, const struct sip_event *ev,
		    enum call_kind kind, const struct call_route *route);
/* The relay has answered a plan. */
void call_overload_relay(struct call_engine *e, u64 now, bool failed);

#endif
