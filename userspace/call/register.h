/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registrar in the engine: inside of call/.
 */
#ifndef CALL_REGISTER_H
#define CALL_REGISTER_H

#include "call/registration.h"
#include "call/source.h"

#define CALL_TIMER_REGISTRAR 110

struct call_leg;
struct call_failure;
struct call_redirect;
struct call_routed;
struct call_choice;
struct call_subject;

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

/* A contact that is called. */
struct call_contact {
	struct flow flow;
	int realm;
	bool secure;			/* sips: */
	bool nat;
	char *aor, *uri, *path;
};

/* contact.c: the way to a contact */
/* NULL: no memory, or no realm leads there any more. */
struct call_contact *call_contact_new(const struct call_engine *e,
				      const struct registrar_contact *contact);
/* The phone that leg has a dialog with. NULL: the same, or nobody knows whose it is. */
struct call_contact *call_contact_of(const struct call_engine *e, const struct call_leg *leg);
void call_contact_free(struct call_contact *c);		/* NULL allowed */
/* It is called, and no other; takes it. false: nothing went out. */
bool call_contact_call(struct call_engine *e, u64 now, struct call *call, struct call_contact *c);
/*
 * Calls one of our users, wherever he is registered. 0, 480: nowhere, or 404: he is none of
 * ours; the routes may know him.
 */
u16 call_contacts_find(const struct call_engine *e, struct slice ruri,
		       char aor[REGISTRAR_AOR]);
/* The same, where the route gives the number to the registrar; 0, and no aor: it does not. */
u16 call_contacts_routed(const struct call_engine *e, const struct call_routed *routed,
			 struct slice ruri, char aor[REGISTRAR_AOR]);
bool call_goes_to_contacts(const struct call *call);
/* false: none of them could be invited. */
bool call_contacts_call(struct call_engine *e, u64 now, struct call *call, const char *aor);
/* branch.c, hop.c */
/* Invites contacts, those with the highest q that are left. false: none could be. */
bool call_branch_contacts(struct call_engine *e, u64 now, struct call *call);
void call_branch_contact(struct call_engine *e, u64 now, struct call *call,
			 struct call_redirect *r);	/* takes its contact */
/* 0, or -errno with f: sips:, and the contact has no TLS. */
int call_hop_contact(const struct call_engine *e, const struct call_leg *root,
		     struct call_failure *f);
/* What call->route is then. */
extern const struct call_route call_contacts_route;
/* The flow that a request to it takes. */
void call_contact_flow(const struct call_engine *e, const struct registrar_contact *contact,
		       struct flow *flow);
/* Its Path becomes the route set of d (RFC 3327 §5.3). 0 or -ENOMEM */
int call_contact_route(struct sip_dialog *d, struct slice path);

/* choose.c: where a request outside of dialogs goes */
/* Why it goes nowhere; status 0: it goes somewhere. */
struct call_nowhere {
	u16 status;
	const char *phrase;		/* NULL: the RFC's */
	const char *headers;
	const char *why;
	const struct call_route *by;	/* which is for nobody outside; NULL: no route says so */
};

/* aor: of one of our users, whose contacts it goes to then. */
struct call_nowhere call_choose(const struct call_engine *e, const struct call_subject *s,
				char aor[REGISTRAR_AOR], struct call_choice *choice);
/* What the route that was chosen makes of it; aor: as above. */
struct call_nowhere call_choose_take(const struct call_engine *e, const struct call_subject *s,
				     struct slice ruri, const struct call_choice *choice,
				     char aor[REGISTRAR_AOR], struct call_routed **routed);
/* true: ev goes nowhere, and was refused. */
bool call_choose_refuses(struct call_engine *e, u64 now, const struct sip_event *ev,
			 struct call_nowhere no);

#endif
