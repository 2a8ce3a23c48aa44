/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clocks of the process, ns. The one that everything is timed by only goes up, and
 * begins late: so a time from before this machine started, of a call that outlived it,
 * is a time like any other.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/slice.h"

u64 clock_now(void);		/* CLOCK_MONOTONIC, and two years */
u64 clock_wall(void);		/* CLOCK_REALTIME: of the day */

#endif
