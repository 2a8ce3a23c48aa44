/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An exchange: a request outside of calls that means somebody else, MESSAGE or PUBLISH, or the
 * SUBSCRIBE or REFER that begins something, and its answer. Inside of call/.
 */
#ifndef CALL_EXCHANGE_H
#define CALL_EXCHANGE_H

#include "call/call.h"
#include "call/errand.h"
#include "call/register.h"
#include "sip/auth.h"

struct call_bridge;

#define CALL_MAX_EXCHANGES 20000

/*
 * Two sides that are no call. What passes from one to the other (header.c, target.c, hop.c) is
 * written for the legs of a call, so they have the shape of one; nobody finds it in the engine.
 */
struct call_sides {
	struct call call;
	struct call_leg from;		/* of who asked */
	struct call_leg *first;		/* call.all: that one alone */
};

/* Of who sent ev, by the policy of now. 0 or -ENOMEM; to be cleared either way. */
int call_sides_init(struct call_engine *e, u64 now, struct call_sides *s,
		    const struct sip_event *ev, const struct call_source *source);
/* The same of nobody yet, who cannot fail. */
void call_sides_shape(struct call_engine *e, u64 now, struct call_sides *s);
void call_sides_clear(struct call_sides *s);
/* In leg's dialog, with credentials if its trunk has some. 0 or -errno of sip_request(). */
int call_sides_request(struct call_engine *e, u64 now, const struct call_leg *leg,
		       struct sip_auth_attempt *auth, enum sip_method method,
		       const struct sip_content *content, void *handle,
		       struct sip_client **client);

/* One of the places that an exchange goes to. */
struct call_way_out {
	struct list node;		/* in the exchange */
	struct call_exchange *exchange;
	struct call_leg leg;		/* of exchange->sides.call; its dialog is the errand's */
	struct call_errand errand;
	struct sip_auth_attempt auth;
	struct timer timer;		/* the next address is tried then */
	bool open;			/* it may still be answered */
	char *event;			/* value of Event there, if that names a dialog; or NULL */
	u16 refusal;			/* of what may not be sent there; 0: it may */
	const char *why;
};

struct call_exchange {
	struct list node;		/* in the engine */
	struct call_sides sides;	/* call.invite: what is not answered yet, or NULL */
	struct list ways;
	struct call_bridge *bridge;	/* of SUBSCRIBE or REFER; NULL: none, or not any more */
};

/* A MESSAGE or REFER: to somebody, or refused. */
void call_exchange(struct call_engine *e, u64 now, const struct sip_event *ev,
		   const struct call_source *source);
/* A REFER to the other party of leg's call, which its sender is in; or refused. */
void call_exchange_party(struct call_engine *e, u64 now, const struct sip_event *ev,
			 const struct call_source *source, struct call_leg *leg);
/* What a route may lead to somebody. false: none does, and nothing was done. */
bool call_exchange_routed(struct call_engine *e, u64 now, const struct sip_event *ev,
			  const struct call_source *source);
void call_exchange_event(struct call_engine *e, u64 now, struct call_way_out *way,
			 const struct sip_event *ev);
void call_exchange_located(struct call_engine *e, u64 now, struct call_way_out *way, int err,
			   const char *text, const char *domain, const struct hop *hops,
			   size_t n);
void call_exchange_timer(struct call_engine *e, u64 now, struct call_way_out *way);
void call_exchanges_free(struct call_engine *e);
/* Not answered, and who asked still waits. */
bool call_exchange_has_time(const struct call_engine *e, u64 now, const struct call_exchange *x);

/* way_out.c */
/* The request goes to a trunk, or to a contact, which it takes; or that has failed at once. */
void call_way_out_trunk(struct call_engine *e, u64 now, struct call_exchange *x,
			const struct call_destination *to);
/* To who is behind that leg, whom call.replacement is about, by the way of his dialog. */
void call_way_out_party(struct call_engine *e, u64 now, struct call_exchange *x,
			const struct call_leg *party);
/* To where a 3xx led, of which it takes the user. */
void call_way_out_redirect(struct call_engine *e, u64 now, struct call_exchange *x,
			   struct call_redirect *r);
void call_way_out_contact(struct call_engine *e, u64 now, struct call_exchange *x,
			  struct call_contact *contact);
/* To the next address of the trunk, or to what leads there. */
void call_way_out_next(struct call_engine *e, u64 now, struct call_way_out *way);
/* true: it was a challenge, and the request went out again. */
bool call_way_out_again(struct call_engine *e, u64 now, struct call_way_out *way,
			const struct sip_msg *msg);
/* true: another address of the trunk is asked instead (RFC 3263 §4.3). */
bool call_way_out_elsewhere(struct call_engine *e, u64 now, struct call_way_out *way,
			    const struct sip_event *ev);
/* How it failed, as who asked hears it. */
void call_way_out_failure(struct call_engine *e, struct call_way_out *way,
			  const struct sip_event *ev, struct call_failure *f);
/* It will not be answered any more; takes the contents of f. */
void call_way_out_fail(struct call_way_out *way, struct call_failure *f);
/* What is still said to it is heard by nobody. */
void call_way_out_close(struct call_engine *e, struct call_way_out *way);
void call_way_out_free(struct call_engine *e, struct call_way_out *way);

#endif
