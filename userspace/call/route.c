// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The route table: ordered, the first match decides. A route matches on what
 * it names and on nothing else.
 */
#include "call/route.h"

static bool route_matches(const struct call_route *route, int realm, int trunk,
			  struct slice number)
{
	struct slice prefix = slice_str(route->number_prefix);

	if (route->from_realm >= 0 && route->from_realm != realm)
		return false;
	if (route->from_trunk >= 0 && route->from_trunk != trunk)
		return false;
	return number.n >= prefix.n &&
	       slice_eq(slice_of(number.p, prefix.n), prefix);
}

static bool has_target(const struct call_policy *p, const struct call_route *route)
{
	size_t i;

	for (i = 0; i < route->nto; i++)
		if (p->trunks[route->to[i].trunk].ntargets)
			return true;
	return false;
}

const struct call_route *call_policy_route(const struct call_policy *p, int realm, int trunk,
					   struct slice number)
{
	size_t i;

	for (i = 0; i < p->nroutes; i++) {
		const struct call_route *route = &p->routes[i];

		if (route_matches(route, realm, trunk, number) && has_target(p, route))
			return route;
	}
	return NULL;
}

int call_policy_listener(const struct call_policy *p, size_t realm, enum transport transport,
			 u8 family, const struct sip_listener *listeners, size_t n)
{
	const struct call_realm *r = &p->realms[realm];
	size_t i;

	for (i = r->first_listener; i < n && i - r->first_listener < r->nlisteners; i++)
		if (listeners[i].transport == transport && listeners[i].local.family == family)
			return (int)i;
	return -1;
}
