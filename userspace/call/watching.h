/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Subscriptions and publications as the outside of the engine sees them: the daemon, which
 * writes them down, and the administrator.
 */
#ifndef CALL_WATCHING_H
#define CALL_WATCHING_H

#include "call/engine.h"

/* For EFFECT_STORE_EVENT: JSON, malloc'ed. -ENOENT: it is over; -ENOMEM. */
int call_engine_save_event(struct call_engine *e, u64 now, u64 wall, u64 record, char **text);
/*
 * Goes on with one of an earlier run, whose watcher is told at once. NULL; or what is wrong with
 * text: the name of a member, "JSON" or "memory", and then nothing has changed.
 */
const char *call_engine_restore_event(struct call_engine *e, u64 now, u64 wall, u64 record,
				      struct slice text);

#endif
