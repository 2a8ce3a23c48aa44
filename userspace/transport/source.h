/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How many connections and handshakes there are, in all and of each source: an IPv4
 * address or an IPv6 /64, which is what one customer has. Any thread; a short lock, and
 * only when a connection comes or goes.
 */
#ifndef TRANSPORT_SOURCE_H
#define TRANSPORT_SOURCE_H

#include "base/addr.h"

struct sources;
struct stream_limits;

int sources_new(struct sources **out, const struct stream_limits *limits);
void sources_free(struct sources *s);
/*
 * One more, incoming, with a handshake or without. 0 or -errno: -ENFILE: too many in all;
 * -EDQUOT: of this source; -EBUSY: too many handshakes; -ENOMEM.
 */
int sources_enter(struct sources *s, const struct addr *peer, bool handshake);
void sources_established(struct sources *s, const struct addr *peer);
void sources_leave(struct sources *s, const struct addr *peer, bool handshake);
/* Outgoing ones count in all only. 0 or -ENFILE. */
int sources_enter_outgoing(struct sources *s);
void sources_leave_outgoing(struct sources *s);
u32 sources_connections(const struct sources *s);
u32 sources_handshakes(const struct sources *s);

#endif
