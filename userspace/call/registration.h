/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registrations as the outside of the engine sees them: the daemon, which writes them
 * down, and the administrator.
 */
#ifndef CALL_REGISTRATION_H
#define CALL_REGISTRATION_H

#include "call/engine.h"
#include "registrar/registrar.h"

/* For EFFECT_STORE_BINDINGS: registrar_save(). */
int call_engine_save_bindings(struct call_engine *e, u64 now, u64 wall, u64 record, char **text);
/* Of an earlier run: registrar_restore(). */
const char *call_engine_restore_bindings(struct call_engine *e, u64 now, u64 wall, u64 record,
					 struct slice text);
/* To look at. */
const struct registrar *call_engine_registrar(const struct call_engine *e);
/* Takes the bindings of an address-of-record away. 0; -ENOENT; -EBUSY: one is being made. */
int call_engine_unregister(struct call_engine *e, u64 now, const char *aor);
/* A trunk, or somebody who has registered by this flow. */
bool call_engine_knows(struct call_engine *e, const struct flow *flow);
/* A connection is gone, and whoever registered by it. */
void call_engine_closed(struct call_engine *e, u64 now, const struct flow *flow);

#endif
