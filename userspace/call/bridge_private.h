/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bridge.c and crossing.c share. */
#ifndef CALL_BRIDGE_PRIVATE_H
#define CALL_BRIDGE_PRIVATE_H

#include "call/bridge.h"

#define CALL_BRIDGE_LONGEST (7 * 24 * 3600)	/* s */

/* A request on its way over the bridge, or of our own. */
struct call_crossing {
	struct list node;		/* in the bridge */
	enum call_bank to;
	struct sip_server *server;	/* of who asked; NULL: we did */
	struct sip_client *client;
	struct sip_auth_attempt auth;
	u16 refusal;			/* of its body; 0: none */
	bool last;			/* a SUBSCRIBE that ends it */
};

/* bridge.c */
/* Its timer is armed for how things are. */
void call_bridge_wait(struct call_engine *e, u64 now, struct call_bridge *b);
void call_bridge_lasts(struct call_bridge *b, u64 now, u32 seconds);
/* Expires of msg. false: it has none. */
bool call_bridge_seconds(const struct sip_msg *msg, u32 *seconds);
/* It goes when the last answer is there; why is Subscription-State's. */
void call_bridge_over(struct call_engine *e, u64 now, struct call_bridge *b, const char *why);
/* After everything that happens: it may be gone then. */
void call_bridge_settle(struct call_engine *e, struct call_bridge *b);

/* crossing.c */
/* Tells the watcher why it ended, or the notifier that nobody watches. */
void call_crossing_own(struct call_engine *e, u64 now, struct call_bridge *b, enum call_bank to);
void call_crossings_clear(struct call_engine *e, struct call_bridge *b);

#endif
