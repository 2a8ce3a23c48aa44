/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The media graph of a call as userspace wants it (MODULE.md §1): plain data,
 * computed by a pure function, compared with the one applied last, applied
 * whole. One block of memory, so that it can be copied and freed at once.
 */
#ifndef MEDIA_PLAN_H
#define MEDIA_PLAN_H

#include "base/addr.h"

#define MEDIA_PLAN_PAYLOADS 32
#define MEDIA_PLAN_TAG 128

struct media_payload {
	u32 clock_rate;
	u8 pt;
	u8 kind;		/* enum jalur_payload_kind */
};

struct media_end {
	u64 id;			/* unique in the session, never reused */
	struct addr local;
	struct addr remote;	/* family 0: not known */
	u32 accept;		/* enum jalur_accept bits */
	u8 latch;		/* enum jalur_latch */
	bool latch_open;
	u32 latch_epoch;
	u32 idle_ms;
	size_t npayloads;	/* 0: any */
	struct media_payload *payloads;	/* in the plan's block; room: media_plan_new() */
};

struct media_flow {
	u64 source, dest;	/* end ids */
};

/* Who made it may change it, until somebody else has it too. */
struct media_plan {
	u32 refs;		/* media_plan_get() */
	u64 session;
	u64 digest;		/* of all below; see media_plan_digest() */
	const char *tag;	/* "": none; in a copy, in its block */
	size_t nends, nflows;
	struct media_end *ends;		/* point into the same block */
	struct media_flow *flows;
};

/* Zeroed, but for room for MEDIA_PLAN_PAYLOADS payloads at each end. */
struct media_plan *media_plan_new(u64 session, size_t nends, size_t nflows);
/* One plan of several for the same session, whose ends have different ids. NULL: no memory. */
struct media_plan *media_plan_join(struct media_plan *const *plans, size_t n);
/* As large as need be: there is one for each call. */
struct media_plan *media_plan_copy(const struct media_plan *plan);
struct media_plan *media_plan_get(struct media_plan *plan);
void media_plan_put(struct media_plan *plan);		/* NULL allowed */
bool media_plan_equal(const struct media_plan *a, const struct media_plan *b);
u64 media_plan_digest(const struct media_plan *plan);

#endif
