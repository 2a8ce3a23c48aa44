/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The transports that a story of calls is told over: one on A's side, one on that of B
 * and C. A fixture with OVER_EACH_PAIR has its tests run once for each two; nobody calls
 * a WebSocket of B's, since only a client makes one (RFC 7118), and A is one.
 */
#ifndef CALL_PAIR_H
#define CALL_PAIR_H

#include "base/transport.h"
#include "kselftest_harness.h"

struct call_pair {
	enum transport a, b;
};

#define OVER(fixture, x, y) \
	FIXTURE_VARIANT_ADD(fixture, x##_##y) { .over = { TRANSPORT_##x, TRANSPORT_##y } }

#define OVER_ALL_OF_B(fixture, x) \
	OVER(fixture, x, UDP); \
	OVER(fixture, x, TCP); \
	OVER(fixture, x, TLS)

#define OVER_EACH_PAIR(fixture) \
	FIXTURE_VARIANT(fixture) { struct call_pair over; }; \
	OVER_ALL_OF_B(fixture, UDP); \
	OVER_ALL_OF_B(fixture, TCP); \
	OVER_ALL_OF_B(fixture, TLS); \
	OVER_ALL_OF_B(fixture, WS); \
	OVER_ALL_OF_B(fixture, WSS)

/* As URIs have it. */
static inline const char *uri_param(enum transport t)
{
	static const char *const params[TRANSPORTS] = {
		"", ";transport=tcp", ";transport=tls", ";transport=ws", ";transport=ws",
	};

	return params[t];
}

#endif
