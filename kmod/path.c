// SPDX-License-Identifier: GPL-2.0-only
/*
 * The packet path, as one unit for the compiler: its stages call each other
 * once a packet, and a call between files costs as much as some of them do
 * (about 300 instructions a packet in all). kernel/sched is built so, too. Each
 * stage remains a file of its own, in the order in which packets meet them.
 */

#include "jalur.h"

#include "parse.c"
#include "latch.c"
#include "stats.c"
#include "rewrite.c"
#include "xmit.c"
#include "express.c"
#include "relay.c"
