/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registrar in the engine: inside of call/.
 */
#ifndef CALL_REGISTER_H
#define CALL_REGISTER_H

#include "call/registration.h"
#include "call/source.h"

#define CALL_TIMER_REGISTRAR 110

struct call_registrar {
	struct registrar *table;
	struct timer timer;		/* of the table */
	struct hash_key key;
	struct hash changes;		/* struct registration, by ticket */
	struct list waiting;		/* those whose address-of-record is busy */
	size_t nwaiting;
	struct hash keepalives;		/* OPTIONS under way, by client */
};

/* key: unguessable. 0 or -ENOMEM */
int call_registrar_init(struct call_engine *e, const struct hash_key *key);
void call_registrar_clear(struct call_engine *e);

/* register.c */
/* A REGISTER of a subscriber. */
void call_register(struct call_engine *e, u64 now, const struct sip_event *ev,
		   const struct call_source *source);
/* What it brought is in the store, or is not. false: it is no ticket of a REGISTER. */
bool call_register_done(struct call_engine *e, u64 now, u64 ticket, int result);
/* After everything that changes the table: what is to be written, and when time is up. */
void call_registrar_settle(struct call_engine *e);

/* keepalive.c */
void call_registrar_timer(struct call_engine *e, u64 now);
/* ev is about a keep-alive, and nobody else needs to hear of it. */
bool call_keepalive_event(struct call_engine *e, u64 now, const struct sip_event *ev);
void call_keepalive_clear(struct call_engine *e);

/* contact.c: the way to a contact */
/* The flow that a request to it takes. */
void call_contact_flow(const struct call_engine *e, const struct registrar_contact *contact,
		       struct flow *flow);
/* Its Path becomes the route set of d (RFC 3327 §5.3). 0 or -ENOMEM */
int call_contact_route(struct sip_dialog *d, struct slice path);

#endif
