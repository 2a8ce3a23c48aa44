/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tests that a debug build runs when it is loaded, one function a part;
 * false, with a line in the log, fails the load.
 */
#ifndef _JALUR_SELFTEST_H
#define _JALUR_SELFTEST_H

#include <linux/types.h>

bool jalur_selftest(void);
bool jalur_selftest_parse(void);
bool jalur_selftest_latch(void);
bool jalur_selftest_rewrite(void);
bool jalur_selftest_end(void);
bool jalur_selftest_session(void);

#endif /* _JALUR_SELFTEST_H */
