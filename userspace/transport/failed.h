/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Targets that failed a short while ago, (transport, address) with until when and why:
 * what a request learned by its timeout, the next one need not learn again (RFC 3263
 * §4.3), nor whoever probes trunks. A failed target is tried last, never left out: the
 * memory may be wrong, and if all failed then all are tried. Pure: time is an argument.
 */
#ifndef TRANSPORT_FAILED_H
#define TRANSPORT_FAILED_H

#include "base/hash.h"
#include "transport/candidate.h"

#define FAILED_REASON 64

struct failed;

struct failed_target {
	enum transport transport;
	struct addr addr;
	u64 since, until;	/* since: the first of failures without a success between */
	u32 times;
	char reason[FAILED_REASON];	/* of the last one */
};

/* At most max targets: of more the one that was marked longest ago goes. NULL: no memory. */
struct failed *failed_new(const struct hash_key *key, size_t max);
void failed_free(struct failed *failed);
/* Without memory it is not remembered, which costs the next request a timeout. */
void failed_mark(struct failed *failed, enum transport transport, const struct addr *addr,
		 u64 now, u64 ns, const char *reason);
/* It works. True: it was marked. */
bool failed_clear(struct failed *failed, enum transport transport, const struct addr *addr);
/* NULL: not failed, or not any more. Lives until the next call that is not const. */
const struct failed_target *failed_find(const struct failed *failed, enum transport transport,
					const struct addr *addr, u64 now);
/* Those that failed behind the others, each in the order that they had. */
void failed_sort(const struct failed *failed, struct locate_candidate *candidates, size_t n,
		 u64 now);
/* The one behind last, NULL: the first, in the order of marking; NULL: no more. */
const struct failed_target *failed_next(const struct failed *failed,
					const struct failed_target *last, u64 now);

#endif
