/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Trunks as call/ sees them: their addresses, or ways; the order in which a call or a
 * registration tries these; and the requests of our own that belong to no call.
 */
#ifndef CALL_TRUNK_STATE_H
#define CALL_TRUNK_STATE_H

#include "call/call.h"
#include "call/errand.h"

/* RFC 5630 */
#define CALL_SIPS_WARNING "Warning: 380 jalur \"SIPS Not Allowed\"\r\n"
#include "call/trunk.h"
#include "sip/auth.h"

#define CALL_MAX_HOPS 64	/* addresses that one call may try */

/* --- errand.c: names that are looked up, but not for a call --- */

struct call_lookup {
	struct list node;		/* in the engine */
	u64 ticket;
	struct call_policy *policy;	/* a reference */
	size_t trunk, target;		/* indices there */
	u32 errand;			/* for that one; 0: for the ways of the trunk */
};

/* errand NULL: for the trunk's ways. 0 or -ENOMEM */
int call_lookup_start(struct call_engine *e, struct call_policy *policy, size_t trunk,
		      size_t target, const struct call_errand *errand, bool secure);
void call_lookup_free(struct call_lookup *l);
void call_lookup_done(struct call_engine *e, u64 now, u64 ticket, int err, const char *text,
		      const char *domain, const struct hop *hops, size_t n);
/* The effect: where a target of a trunk leads, for ticket. 0 or -ENOMEM */
int call_lookup_ask(struct call_engine *e, u64 ticket, const struct call_policy *policy,
		    size_t trunk, size_t target, bool secure);

/* --- way.c --- */

struct call_way {
	struct list node;		/* in the trunk */
	struct call_trunk_state *trunk;
	struct flow flow;
	size_t target;			/* index; the first that leads there */
	u32 host;			/* of a name: call_name() of it; 0: an address */
	bool found;			/* by what goes on right now */
	enum call_way_state state;
	u32 misses, answers;		/* in a row */
	u16 status;
	u64 asked, probed, rtt;
	u64 failed_until;
	struct call_errand probe;
	struct timer timer;
};

struct call_trunk_state {
	struct list node;		/* in the engine */
	struct hash_node by_name;
	char *name;
	bool drained;
	size_t calls;
	u64 *recent;			/* a ring: when its last calls began, as many as the rate */
	u32 nrecent, oldest;		/* places in it; 0 in one: none yet */
	u64 refused;
	struct list ways;
	struct timer refresh;		/* names are looked up again */
	struct call_upstream *upstream;	/* NULL: none */
};

/* Of the trunk of that name, made when it is not there. NULL: no memory. */
struct call_trunk_state *call_trunk_state(struct call_engine *e, const char *name);
int call_trunk_index(const struct call_policy *p, const char *name);	/* -1: there is none */
/* Of who is behind leg, who may have been given another by a reload; -1: he has none. */
int call_trunk_now(const struct call_policy *p, const struct call_leg *leg);
void call_trunks_free(struct call_engine *e);

/* --- trunk.c: its calls --- */

/*
 * The one place that says whether a trunk may have one more call, which leg's is; false, and
 * f says why not. true: it has had its turn in the rate of the trunk.
 */
bool call_trunk_may_take(struct call_trunk_state *t, u64 now, const struct call_leg *leg,
			 struct call_failure *f);
/* It is not drained, nor, where leg leads there, down; else f says so. */
bool call_trunk_is_open(const struct call_trunk_state *t, const struct call_leg *leg,
			struct call_failure *f);
/*
 * leg, of the caller or a branch, is a call more for its trunk, until it is over. false: the
 * trunk may not have it, and f says why.
 */
bool call_trunk_take(struct call_engine *e, u64 now, struct call_leg *leg, struct call_failure *f);
/* The same without asking. */
void call_trunk_count(struct call_engine *e, struct call_leg *leg);
/* Those legs of call that are over; all: every one. */
void call_trunk_release(struct call *call, bool all);

/* --- way.c --- */

struct call_way *call_way_find(struct call_trunk_state *t, const struct flow *flow);
/* Where target leads to: that and nothing else, from now on. */
void call_ways_found(struct call_engine *e, u64 now, struct call_trunk_state *t,
		     const struct call_trunk *trunk, size_t target, const struct flow *flows,
		     size_t n);
/* Addresses are known at once, names are asked for. 0 or -ENOMEM. */
int call_ways_refresh(struct call_engine *e, u64 now, struct call_trunk_state *t);
void call_way_free(struct call_engine *e, struct call_way *way);
/* A request failed there, or something came from there. */
void call_way_failed(struct call_engine *e, u64 now, const struct call_policy *policy,
		     size_t trunk, const struct flow *flow);
void call_ways_heard(struct call_engine *e, const struct flow *flow);
bool call_way_is_good(const struct call_way *way, u64 now);
enum call_trunk_condition call_trunk_condition(const struct call_trunk_state *t);
void call_way_tell(struct call_engine *e, u64 now, const struct call_way *way, const char *what);

/* --- probe.c --- */
void call_probe_schedule(struct call_engine *e, u64 now, struct call_way *way);
void call_probe_timer(struct call_engine *e, u64 now, struct call_way *way);
void call_probe_result(struct call_engine *e, u64 now, struct call_way *way, u16 status);

/* --- hops.c: the order in which the addresses of a trunk are tried, each once --- */

struct call_hop {
	struct flow flow;
	u8 target;
	bool tried;
};

struct call_hops {
	const struct call_policy *policy;	/* the owner's reference */
	size_t trunk;
	bool secure;			/* nothing but TLS will do */
	u8 order[CALL_MAX_TARGETS];
	u8 known;			/* of these, so many */
	size_t n, at, tried;
	struct call_hop *list;
	struct call_failure last;	/* of whoever was tried last, or why nobody can be */
};

/* NULL: no memory. */
struct call_hops *call_hops_new(struct call_engine *e, const struct call_policy *policy,
				size_t trunk, bool secure);
void call_hops_free(struct call_hops *hops);	/* NULL allowed */
/*
 * The next to try is hops->list[hops->at]: 0. -EINPROGRESS: first the target hops->order[known]
 * must be looked up, and then call_hops_found(); -ENOENT: there is none; -ENOMEM.
 */
int call_hops_next(struct call_engine *e, u64 now, struct call_hops *hops);
int call_hops_found(struct call_engine *e, u64 now, struct call_hops *hops, int err,
		    const char *text, const char *domain, const struct hop *found, size_t n);
/* Is there, or may there be, one more? */
bool call_hops_more(const struct call_hops *hops);

/* What the realm of a trunk has listeners for, of found, as flows; how many. */
size_t call_hops_flows(struct call_engine *e, const struct call_policy *policy, size_t trunk,
		       bool secure, const char *domain, const struct hop *found, size_t n,
		       struct flow flows[CALL_MAX_HOPS]);
/* The one address of a target that has one. */
struct hop call_hops_address(const struct call_next_hop *to);

/* event.c: it happened to an address of a trunk, or an AOR; status 0: it is good news */
void call_event_trunk(struct call_engine *e, u64 now, const char *trunk, const char *where,
		      u16 status, const char *what);

/* --- upstream.c --- */
int call_upstream_update(struct call_engine *e, u64 now, struct call_trunk_state *t,
			 const struct call_policy *policy, int trunk);
void call_upstream_free(struct call_engine *e, struct call_upstream *u);
void call_upstream_timer(struct call_engine *e, u64 now, struct call_upstream *u);
void call_upstream_result(struct call_engine *e, u64 now, struct call_upstream *u,
			  const struct sip_event *ev);
void call_upstream_located(struct call_engine *e, u64 now, struct call_upstream *u, int err,
			   const char *text, const char *domain, const struct hop *hops,
			   size_t n);
bool call_upstream_view(const struct call_upstream *u, struct call_upstream_view *view);
bool call_upstream_leaves(struct call_engine *e, u64 now, struct call_upstream *u);
bool call_upstream_is_leaving(const struct call_upstream *u);

#endif
