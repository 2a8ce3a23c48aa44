/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a request to the trunk it came from and the trunk it goes to.
 */
#ifndef CALL_ROUTE_H
#define CALL_ROUTE_H

#include "call/policy.h"
#include "sip/engine.h"

/* The realm that a listener belongs to; -1: none. */
int call_policy_realm(const struct call_policy *p, u32 listener);
/*
 * The trunk of a source: that of the listener's realm which has name, of flow, that a
 * certificate proved (NULL: none did), else the one with the longest prefix around the
 * address; -1: unknown source.
 */
int call_policy_trunk(const struct call_policy *p, const struct flow *flow, const char *name);
/* The first of the names of the listener's trunks that is one of the peer's; NULL: none. */
const char *call_policy_tls_name(const struct call_policy *p, u32 listener,
				 bool (*is)(void *arg, const char *name), void *arg);
/*
 * The first route that matches and whose trunk can be sent to; NULL: none.
 * number: the user of the request URI, unescaped or not.
 */
const struct call_route *call_policy_route(const struct call_policy *p, int realm, int trunk,
					   struct slice number);
/* The first listener of a realm with that transport and address family; -1: none. */
int call_policy_listener(const struct call_policy *p, size_t realm, enum transport transport,
			 u8 family, const struct sip_listener *listeners, size_t n);

#endif
