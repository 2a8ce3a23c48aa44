/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a 3xx may lead: B redirects; C is where numbers that begin with 77 are, and only B may
 * send something there.
 */
#ifndef CALL_DIVERT_H_
#define CALL_DIVERT_H_

#include "call_harness.h"

static UNUSED void divert(struct harness *h)
{
	struct call_policy *p = h->policy;

	p->routes = realloc(p->routes, 3 * sizeof(*p->routes));
	p->routes[2] = p->routes[1];
	p->routes[2].match.number.prefix = strdup("none");
	p->routes[1] = (struct call_route){
		.name = strdup("diverted"), .from_realm = -1, .from_trunk = 1,
		.match.number.prefix = strdup("77"),
		.to = calloc(1, sizeof(struct call_destination)), .nto = 1,
	};
	p->routes[1].to[0].trunk = 2;
	p->nroutes = 3;
}

static UNUSED void follow(struct harness *h)
{
	h->policy->routes[0].redirect = CALL_REDIRECT_FOLLOW;
}

/* Whoever is in that realm may: C may send it on, too. */
static UNUSED void let_c_divert(struct harness *h)
{
	h->policy->routes[1].from_trunk = -1;
	h->policy->routes[1].from_realm = 1;
	follow(h);
}

#endif
