/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Call records as lines of JSON (Documentation/schema/cdr.json), by the
 * conventions of the control protocol.
 */
#ifndef ADMIN_RECORD_H
#define ADMIN_RECORD_H

#include "call/record.h"

#define ADMIN_RECORD_VERSION 1	/* keys are added without a new one */

/*
 * One line with its newline; malloc'ed. now and wall: CLOCK_MONOTONIC and
 * CLOCK_REALTIME of one moment, ns. NULL: no memory.
 */
char *admin_record_line(const struct call_record *r, u64 now, u64 wall);

#endif
