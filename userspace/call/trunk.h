/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the engine knows of trunks beside what the configuration says: which of their
 * addresses answer, whether they have us registered, how many calls they have. It is
 * kept by the name of the trunk, and so outlives a reload.
 */
#ifndef CALL_TRUNK_H
#define CALL_TRUNK_H

#include "call/engine.h"

enum call_trunk_condition {
	CALL_TRUNK_UNKNOWN,		/* nothing was heard of it yet */
	CALL_TRUNK_UP,
	CALL_TRUNK_DEGRADED,		/* some of its addresses are down */
	CALL_TRUNK_DOWN,		/* all are: no call is sent there */
	CALL_TRUNK_DRAINED,		/* by hand: no new call, neither way */
};

enum call_way_state { CALL_WAY_UNKNOWN, CALL_WAY_UP, CALL_WAY_DOWN };

/* An address of a trunk. Times are ns, as now; 0: never. */
struct call_way_view {
	const char *target;		/* URI that leads there */
	const char *name;		/* that a certificate there must have; may be "" */
	enum transport transport;
	struct addr addr;
	u16 priority, weight;
	enum call_way_state state;	/* by its probes */
	bool failed;			/* a request failed there a short while ago */
	u16 status;			/* of the last probe; 408: silence; 0: none yet */
	u64 probed, rtt;		/* when its answer was there, and how long it took */
};

enum call_registration {
	CALL_REGISTRATION_NONE,		/* not yet */
	CALL_REGISTRATION_TRYING,
	CALL_REGISTRATION_DONE,
	CALL_REGISTRATION_FAILED,	/* it is tried again */
	CALL_REGISTRATION_LEAVING,
};

struct call_upstream_view {
	const char *aor, *contact;	/* contact NULL: not sent yet */
	enum call_registration state;
	struct addr registrar;		/* asked last; family 0: nobody */
	u16 status;			/* of the last try; 0: none yet */
	u32 failures;			/* in a row */
	u64 until;			/* what the registrar granted */
	u64 next;			/* when we ask again */
};

struct call_trunk_view {
	const char *name, *realm;
	enum call_trunk_condition condition;
	size_t calls;			/* both ways */
	u32 max_calls, max_rate;	/* 0: no limit */
	u64 refused;			/* calls beyond these */
	size_t nways, nways_up;
	u64 probe_interval;		/* ns; 0: its addresses are not probed */
	bool registers;
	struct call_upstream_view upstream;
};

/*
 * Probes and registrations as the policy of now wants them. To be called when messages can
 * be sent, and after every call_engine_set_policy(). 0 or -ENOMEM: not all of them.
 */
int call_engine_start(struct call_engine *e, u64 now);
void call_engine_trunks(struct call_engine *e,
			void (*each)(void *arg, const struct call_trunk_view *view), void *arg);
bool call_engine_trunk(struct call_engine *e, const char *name, struct call_trunk_view *view);
void call_engine_ways(struct call_engine *e, u64 now, const char *name,
		      void (*each)(void *arg, const struct call_way_view *view), void *arg);
/* No new calls to or from it, until it is enabled again. -ENOENT; -ENOMEM */
int call_engine_trunk_drain(struct call_engine *e, const char *name, bool drained);
/* Before the end: registrars are told. How many have not answered yet: call_engine_leaving(). */
void call_engine_leave(struct call_engine *e, u64 now);
size_t call_engine_leaving(const struct call_engine *e);

#endif
