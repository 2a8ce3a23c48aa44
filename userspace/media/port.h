/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Local media ports: pairs (even RTP port, odd RTCP port) drawn at random from
 * a realm's ranges; a freed pair rests for 30 s (MODULE.md §6), so that late
 * packets of one call do not fall into the next.
 */
#ifndef MEDIA_PORT_H
#define MEDIA_PORT_H

#include "base/addr.h"

struct media_ports;

struct media_range {
	struct addr address;	/* local; port unused */
	struct addr advertise;	/* what SDP says; port unused */
	u16 min, max;
};

/* ranges are copied. seed: of its own generator. NULL: no memory. */
struct media_ports *media_ports_new(const struct media_range *ranges, size_t n, u64 seed);
void media_ports_free(struct media_ports *p);
/* A pair of this family (AF_INET, AF_INET6; 0: any). 0, -ENOSPC, -EAFNOSUPPORT. */
int media_ports_take(struct media_ports *p, u64 now, u8 family,
		     struct addr *rtp, struct addr *advertised);
/*
 * The pair that begins at rtp, which a call from before has: advertised is filled in. 0;
 * -EADDRNOTAVAIL: it is of no range; -EADDRINUSE.
 */
int media_ports_claim(struct media_ports *p, const struct addr *rtp, struct addr *advertised);
void media_ports_release(struct media_ports *p, u64 now, const struct addr *rtp);
/*
 * Fewer than percent of a family's pairs are free, or were and are not yet a third more
 * than that. percent 0: never.
 */
bool media_ports_scarce(struct media_ports *p, u64 now, u32 percent);
size_t media_ports_used(const struct media_ports *p);
size_t media_ports_free_now(struct media_ports *p, u64 now);	/* neither used nor resting */

#endif
