/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The plans of call_random_apart.h, and where what they ask leads to: 55 to both tellers at a
 * time, 56 to the first and to the second at another address of the same trunk, 57 to the
 * first trunk and, when that has failed, to the second; 58 and 54 to the first, whose 3xx is
 * followed to the second, or passed on.
 */
#ifndef CALL_RANDOM_PLAN_H
#define CALL_RANDOM_PLAN_H

#include "call_random.h"

#define WEATHER "x-weather"
#define BOTH "sip:55@sbc.example"
#define ADDRESSES "sip:56@sbc.example"
#define ONE_BY_ONE "sip:57@sbc.example"
#define FOLLOWED "sip:58@sbc.example"
#define PASSED "sip:54@sbc.example"
/* Where the tellers send others to: there is none but the second of them. */
#define ELSEWHERE "59"

enum plan_end {
	END_NONE, END_LEAVES, END_EXPIRES, END_FORGOTTEN, END_TELLER, END_DEAF, END_BY_HAND,
	END_EARLY,			/* by the teller, whose first NOTIFY came before the answer */
	END_SILENT,			/* before it began: Refer-Sub: false */
};

struct plan {
	const char *name;
	enum sip_method method;
	const char *whom;
	u16 answers[2];			/* of the tellers; 0: silence */
	u16 status;			/* what comes of that */
	u32 expires;
	enum plan_end end;
	const char *reason;		/* of the end, as the watcher hears it */
	bool names;			/* a dialog, in Event */
};

/* { who answers what }, what comes of it; of a subscription also how long, its end, and why. */
#define WATCH(name, whom, first, second, status, expires, end, reason) \
	{ name, SIP_SUBSCRIBE, whom, { first, second }, status, expires, end, reason, false }
#define NAME(name, whom, first, second, status, expires, end, reason) \
	{ name, SIP_SUBSCRIBE, whom, { first, second }, status, expires, end, reason, true }
#define REFER(name, whom, first, second, status, expires, end, reason) \
	{ name, SIP_REFER, whom, { first, second }, status, expires, end, reason, false }
#define WRITE(name, method, whom, first, second, status) \
	{ name, method, whom, { first, second }, status, 0, END_NONE, NULL, false }

static const struct plan plans[] = {
	WATCH("look", ONE_BY_ONE, 200, 200, 200, 0, END_NONE, "timeout"),
	WATCH("leave", BOTH, 200, 200, 200, 120, END_LEAVES, "timeout"),
	WATCH("expire", ONE_BY_ONE, 200, 200, 200, 60, END_EXPIRES, "timeout"),
	WATCH("forgotten", BOTH, 200, 486, 200, 60, END_FORGOTTEN, "timeout"),
	WATCH("end", ADDRESSES, 200, 200, 200, 300, END_TELLER, "noresource"),
	WATCH("deaf", ONE_BY_ONE, 200, 200, 200, 300, END_DEAF, ""),
	WATCH("by hand", BOTH, 200, 200, 200, 300, END_BY_HAND, "rejected"),
	WATCH("early", BOTH, 200, 200, 200, 300, END_EARLY, "noresource"),
	WATCH("refused", BOTH, 489, 489, 489, 120, END_NONE, NULL),
	WATCH("second", ONE_BY_ONE, 480, 200, 200, 120, END_LEAVES, "timeout"),
	WATCH("elsewhere", ADDRESSES, 486, 200, 200, 120, END_TELLER, "noresource"),
	WATCH("silent", ADDRESSES, 0, 200, 200, 120, END_LEAVES, "timeout"),
	WATCH("nobody", ONE_BY_ONE, 0, 0, 408, 120, END_NONE, NULL),
	WRITE("message", SIP_MESSAGE, ONE_BY_ONE, 200, 200, 200),
	WRITE("message to both", SIP_MESSAGE, BOTH, 202, 202, 202),
	WRITE("message to either", SIP_MESSAGE, BOTH, 486, 200, 200),
	WRITE("message declined", SIP_MESSAGE, BOTH, 603, 603, 603),
	WRITE("message, then another", SIP_MESSAGE, ONE_BY_ONE, 404, 200, 200),
	WRITE("message, declined for all", SIP_MESSAGE, ONE_BY_ONE, 603, 200, 603),
	WRITE("message elsewhere", SIP_MESSAGE, ADDRESSES, 486, 200, 200),
	WRITE("message, silence", SIP_MESSAGE, ADDRESSES, 0, 200, 200),
	WRITE("message, nobody", SIP_MESSAGE, ONE_BY_ONE, 0, 0, 408),
	WRITE("message to phones", SIP_MESSAGE, "sip:alice@example.com", 0, 0, 200),
	WRITE("message nowhere", SIP_MESSAGE, "sip:33@sbc.example", 0, 0, 404),
	WRITE("publish", SIP_PUBLISH, ONE_BY_ONE, 200, 200, 200),
	WRITE("publish in vain", SIP_PUBLISH, ONE_BY_ONE, 412, 412, 412),
	WATCH("led", FOLLOWED, 302, 200, 200, 120, END_LEAVES, "timeout"),
	WATCH("led in vain", FOLLOWED, 302, 486, 486, 120, END_NONE, NULL),
	WATCH("told where", PASSED, 302, 0, 302, 120, END_NONE, NULL),
	WRITE("message led", SIP_MESSAGE, FOLLOWED, 302, 200, 200),
	WRITE("message told where", SIP_MESSAGE, PASSED, 302, 0, 302),
	WRITE("publish led", SIP_PUBLISH, FOLLOWED, 302, 200, 200),
	WRITE("publish told where", SIP_PUBLISH, PASSED, 302, 0, 302),
	REFER("refer", ONE_BY_ONE, 200, 200, 200, 60, END_TELLER, "noresource"),
	REFER("refer, and leave", ONE_BY_ONE, 480, 200, 200, 120, END_LEAVES, "timeout"),
	REFER("refer one of both", BOTH, 603, 603, 603, 120, END_NONE, NULL),
	REFER("refer, deaf", ADDRESSES, 486, 200, 200, 120, END_DEAF, ""),
	REFER("refer, early", BOTH, 200, 200, 200, 120, END_EARLY, "noresource"),
	REFER("refer silently", ONE_BY_ONE, 200, 200, 200, 60, END_SILENT, NULL),
	REFER("refer led", FOLLOWED, 302, 200, 200, 60, END_EXPIRES, "timeout"),
	REFER("refer told where", PASSED, 302, 0, 302, 60, END_NONE, NULL),
	NAME("no such dialog", BOTH, 200, 200, 481, 120, END_LEAVES, "timeout"),
	NAME("no such dialog there", ONE_BY_ONE, 200, 200, 481, 60, END_TELLER, "noresource"),
};

#define NPLANS (sizeof(plans) / sizeof(*plans))

/* Of who is in a call, for the other party: somebody, whose answer is chance. */
static const struct plan party_plans[] = {
	REFER("party, until he is told", "sip:4930@sbc.example", 200, 200, 200, 60, END_TELLER,
	      "noresource"),
	REFER("party, until he leaves", "sip:4930@sbc.example", 200, 200, 200, 60, END_LEAVES,
	      "timeout"),
	REFER("party, silently", "sip:4930@sbc.example", 200, 200, 200, 60, END_SILENT, NULL),
};

static inline const struct plan *plan_of(u32 number)
{
	return number < OF_PARTIES ? &plans[number % NPLANS] : &party_plans[number % 3];
}

static inline void add_teller(struct call_policy *p, const char *name, const char *first,
			      const char *second)
{
	static const u16 busy = 486;
	struct call_trunk *t = &p->trunks[p->ntrunks++];
	size_t i;

	*t = (struct call_trunk){ .name = strdup(name), .realm = 1,
				  .transfer = CALL_TRANSFER_PASS };
	t->ntargets = second ? 2 : 1;
	t->targets = calloc(2, sizeof(*t->targets));
	for (i = 0; i < t->ntargets; i++) {
		t->targets[i].priority = (u16)i;
		set_target(&t->targets[i], i ? second : first);
	}
	t->silence = 700 * NSEC_PER_MSEC;
	t->failover = (struct call_codes){ malloc(sizeof(busy)), 1 };
	*t->failover.list = busy;
}

static inline void route_to(struct call_route *route, const char *prefix, size_t first,
			    size_t second, u16 q)
{
	*route = (struct call_route){ .name = strdup(prefix), .from_realm = 0, .from_trunk = -1,
				      .match.number.prefix = strdup(prefix) };
	route->to = calloc(2, sizeof(*route->to));
	route->to[0] = (struct call_destination){ .trunk = first, .q = 1000 };
	route->to[1] = (struct call_destination){ .trunk = second, .q = q };
	route->nto = second ? 2 : 1;
}

static inline void add_tellers(struct call_policy *p)
{
	struct call_route *routes = calloc(p->nroutes + 6, sizeof(*routes));
	size_t first = p->ntrunks;

	p->trunks = realloc(p->trunks, (p->ntrunks + 3) * sizeof(*p->trunks));
	add_teller(p, "teller", TELLER, NULL);
	add_teller(p, "another", ANOTHER, NULL);
	add_teller(p, "either", TELLER, ANOTHER);
	route_to(&routes[0], "55", first, first + 1, 1000);
	route_to(&routes[1], "56", first + 2, 0, 0);
	route_to(&routes[2], "57", first, first + 1, 500);
	route_to(&routes[3], "58", first, 0, 0);
	routes[3].redirect = CALL_REDIRECT_FOLLOW;
	route_to(&routes[4], "54", first, 0, 0);
	route_to(&routes[5], ELSEWHERE, first + 1, 0, 0);
	routes[5].from_realm = 1;
	memcpy(routes + 6, p->routes, p->nroutes * sizeof(*routes));
	free(p->routes);
	p->routes = routes;
	p->nroutes += 6;
	call_policy_complete(p);
}

#endif
