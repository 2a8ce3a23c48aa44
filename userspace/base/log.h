/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The log: lines to standard error, `<level> call=<16 hex> text`. What comes from
 * outside is made printable. Not for the sans-IO core, which tells by events.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/slice.h"

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

void log_set_level(int level);
void log_text(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* With the id of the call that it is about. */
void log_call(int level, u64 call, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
