/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Timers of the sans-IO core: intrusive nodes in one heap, driven by a time
 * that is an argument. A due timer is returned, never called back, so that
 * control flows one way.
 */
#ifndef BASE_TIMER_H
#define BASE_TIMER_H

#include "base/slice.h"

#define NSEC_PER_MSEC 1000000ull
#define NSEC_PER_SEC 1000000000ull

struct timer {
	u64 deadline;	/* ns, same clock as now */
	u32 pos;	/* in the heap, 1-based; 0: not armed */
	u32 kind;	/* for the owner's switch; 0..99 sip, 100.. call */
	void *owner;
};

struct timers {
	struct timer **heap;
	size_t n, cap, reserved;
};

void timers_init(struct timers *h);
void timers_free(struct timers *h);
/* Arms or moves. Memory is reserved by timers_reserve(), so arming never fails. */
int timers_reserve(struct timers *h, size_t more);	/* 0 or -ENOMEM */
void timers_release(struct timers *h, size_t less);	/* with the owner's end */
void timer_arm(struct timers *h, struct timer *t, u64 deadline);
void timer_disarm(struct timers *h, struct timer *t);
u64 timers_next(const struct timers *h);			/* UINT64_MAX: none */
struct timer *timers_due(struct timers *h, u64 now);	/* disarmed; NULL: none */

#endif
