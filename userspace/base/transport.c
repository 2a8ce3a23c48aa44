// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One table of transports.
 */
#include "base/transport.h"

static const struct {
	const char *name, *param;
	u16 port;
} transports[TRANSPORTS] = {
	[TRANSPORT_UDP] = { "UDP", "udp", 5060 },	/* RFC 3261 §19.1.2 */
	[TRANSPORT_TCP] = { "TCP", "tcp", 5060 },
	[TRANSPORT_TLS] = { "TLS", "tls", 5061 },
	[TRANSPORT_WS] = { "WS", "ws", 80 },		/* RFC 7118 §5.2.1 */
	[TRANSPORT_WSS] = { "WSS", "ws", 443 },
};

const char *transport_name(enum transport t)
{
	return transports[t].name;
}

const char *transport_param(enum transport t)
{
	return transports[t].param;
}

bool transport_parse(struct slice s, enum transport *out)
{
	enum transport t;

	for (t = 0; t < TRANSPORTS; t++) {
		if (!slice_caseeq(s, slice_str(transports[t].name)))
			continue;
		*out = t;
		return true;
	}
	return false;
}

u16 transport_port(enum transport t)
{
	return transports[t].port;
}
