/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the sans-IO core wants done, in order. The core never does I/O: whoever
 * drives it pops effects from the front, carries each out before the next, and
 * answers those with a ticket by call_engine_complete().
 */
#ifndef BASE_EFFECT_H
#define BASE_EFFECT_H

#include "base/addr.h"
#include "base/list.h"
#include "base/transport.h"

struct media_plan;

enum effect_kind {
	EFFECT_SEND,		/* bytes to flow; no ticket */
	EFFECT_MEDIA_APPLY,	/* create or replace plan->session; ticket */
	EFFECT_MEDIA_REMOVE,	/* delete a session; ticket; figures come back */
	EFFECT_STORE_CALL,	/* what is stored of a call is not what it is now; no ticket */
	EFFECT_STORE_BINDINGS,	/* the same of an address-of-record; ticket, or none */
	EFFECT_STORE_EVENT,	/* the same of a subscription or publication; no ticket */
	EFFECT_LOCATE,		/* where a name leads (RFC 3263); ticket */
	EFFECT_ALIAS,		/* flow's connection is the way to its peer (RFC 5923); no ticket */
	EFFECT_UNREACHED,	/* flow's peer did not answer, or not usefully; no ticket */
};

/* What is asked of a name. */
struct effect_locate {
	u16 port;			/* 0: none */
	bool has_transport, secure;
	enum transport transport;
	u32 transports;			/* that we can do, 1 << enum transport */
	bool v4, v6;			/* that we have */
};

/* An address that a name leads to. */
struct hop {
	enum transport transport;
	struct addr addr;
};

struct effect {
	struct list node;
	enum effect_kind kind;
	u64 ticket;			/* 0: nobody waits */
	struct flow flow;		/* SEND, ALIAS, UNREACHED */
	struct effect_locate locate;
	struct media_plan *plan;	/* APPLY: the asker's, until the ticket is answered */
	u64 session;			/* REMOVE; STORE: the call, with the same id, or record */
	size_t len;
	char bytes[];			/* SEND; LOCATE: the name */
};

#define EFFECTS_SPARE 32

struct effects {
	struct list head;
	struct list spare;		/* of REMOVE and STORE, for want of memory */
	size_t nspare;
};

void effects_init(struct effects *q);
/* Has EFFECTS_SPARE of them, or -ENOMEM; who never asks has none. */
int effects_reserve(struct effects *q);
/* 0 or -ENOMEM; bytes are copied */
int effects_send(struct effects *q, const struct flow *flow, struct slice bytes);
/* plan stays where it is until the ticket is answered. 0 or -ENOMEM */
int effects_media_apply(struct effects *q, u64 ticket, struct media_plan *plan);
int effects_media_remove(struct effects *q, u64 ticket, u64 session);
int effects_store_call(struct effects *q, u64 call);
int effects_store_bindings(struct effects *q, u64 ticket, u64 record);
int effects_store_event(struct effects *q, u64 record);
int effects_locate(struct effects *q, u64 ticket, const char *name,
		   const struct effect_locate *locate);
int effects_flow(struct effects *q, enum effect_kind kind, const struct flow *flow);
struct effect *effects_pop(struct effects *q);	/* NULL when empty; caller frees by effect_free() */
void effect_free(struct effect *e);		/* NULL allowed */
void effects_clear(struct effects *q);

#endif
