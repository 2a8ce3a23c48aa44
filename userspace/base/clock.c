// SPDX-License-Identifier: GPL-2.0-or-later
/* See clock.h. */
#include <time.h>

#include "base/clock.h"
#include "base/timer.h"

#define START (833 * 24 * 3600 * NSEC_PER_SEC)

static u64 read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (u64)ts.tv_sec * NSEC_PER_SEC + (u64)ts.tv_nsec;
}

u64 clock_now(void)
{
	return START + read_clock(CLOCK_MONOTONIC);
}

u64 clock_wall(void)
{
	return read_clock(CLOCK_REALTIME);
}
