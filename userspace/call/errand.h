/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What belongs to no call and yet sends requests of its own, or has a dialog: a probe, a
 * registration, a subscription, a way out of an exchange. Each is one errand, with a dialog and a
 * request under way at most; the user value that the SIP engine gives back is a handle that
 * leads to it, or to nobody once it is gone. A new kind is a row of the table in errand.c.
 */
#ifndef CALL_ERRAND_H
#define CALL_ERRAND_H

#include "base/hash.h"
#include "call/engine.h"

enum call_errand_kind {
	CALL_ERRAND_PROBE, CALL_ERRAND_REGISTER, CALL_ERRAND_WATCH,
	CALL_ERRAND_EXCHANGE, CALL_ERRAND_BRIDGE,
	CALL_ERRAND_KINDS
};

struct call_errand {
	struct hash_node node;		/* in the engine, by number */
	enum call_errand_kind kind;
	u32 number;			/* of its handle */
	void *owner;
	struct sip_dialog *dialog;	/* NULL: none */
	struct sip_client *client;	/* NULL: nothing is under way */
};

void call_errand_init(struct call_engine *e, struct call_errand *errand,
		      enum call_errand_kind kind, void *owner);
void *call_errand_handle(const struct call_errand *errand);
/* Whoever answers from now on answers nobody; end: and there is no next one. */
void call_errand_forget(struct call_engine *e, struct call_errand *errand);
void call_errand_end(struct call_engine *e, struct call_errand *errand);
/* Its next request goes to flow, and begins a dialog of its own. 0 or -ENOMEM. */
int call_errand_begin(struct call_engine *e, struct call_errand *errand, const char *request_uri,
		      const char *from, const char *to, const char *contact,
		      const struct flow *flow);

/* true: ev was about one. */
bool call_errand_event(struct call_engine *e, u64 now, const struct sip_event *ev);
void call_errand_timer(struct call_engine *e, u64 now, struct timer *t);
/* The status of a response; 408 and 503 stand for none (RFC 3261 §8.1.3.1). */
u16 call_errand_status(const struct sip_event *ev);

#endif
