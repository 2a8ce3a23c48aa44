/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transports of SIP (RFC 3261 §18, RFC 7118): names as in Via, and what
 * everybody has to know of each.
 */
#ifndef BASE_TRANSPORT_H
#define BASE_TRANSPORT_H

#include "base/slice.h"

enum transport {
	TRANSPORT_UDP,		/* the only one that is unreliable (RFC 3261 §17) */
	TRANSPORT_TCP,
	TRANSPORT_TLS,
	TRANSPORT_WS,		/* RFC 7118 */
	TRANSPORT_WSS,
	TRANSPORTS
};

const char *transport_name(enum transport t);			/* "UDP", as in Via */
const char *transport_param(enum transport t);			/* of a URI: WSS is "ws" */
bool transport_parse(struct slice s, enum transport *out);	/* in any case */
u16 transport_port(enum transport t);				/* when none is given */

static inline bool transport_reliable(enum transport t)
{
	return t != TRANSPORT_UDP;
}

static inline bool transport_secure(enum transport t)
{
	return t == TRANSPORT_TLS || t == TRANSPORT_WSS;
}

static inline bool transport_websocket(enum transport t)
{
	return t == TRANSPORT_WS || t == TRANSPORT_WSS;
}

#endif
