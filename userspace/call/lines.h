/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of call/, what its messages say: names, header lines, bodies. Functions of
 * messages and legs, that change neither.
 */
#ifndef CALL_LINES_H
#define CALL_LINES_H

#include "event/map.h"
#include "media/negotiation.h"
#include "sip/engine.h"

struct call_engine;
struct call_leg;

/* target.c: who and what the far side's INVITE names */
struct call_target {
	struct sip_dialog_target dialog;	/* slices into these: */
	char *request_uri, *from, *to, *contact_user;
};

/*
 * From the caller's INVITE; hosts are ours and that of uri, which has the user to call, or gets
 * it from called. 0 or -ENOMEM.
 */
int call_target_make(struct call_target *target, const struct call_leg *to,
		     const struct sip_msg *msg, struct slice called, const char *uri,
		     const struct sip_listener *listener);
/* He who is called by From wants to be nobody. */
bool call_hides_caller(const struct sip_uri *from);
/* Our host on listener, as others see it. */
void call_print_host(const struct sip_listener *listener, char *host, size_t size);
void call_target_clear(struct call_target *target);

/* header.c: header lines as malloc'ed strings; NULL: no memory, or no such line */
/* What of msg may pass. A request's Max-Forwards is carried minus one. */
char *call_headers_pass(const struct call_engine *e, const struct call_leg *from,
			const struct call_leg *to, const struct sip_msg *msg);
/* The same with a body that passes as it is. */
char *call_headers_carry(const struct call_engine *e, const struct call_leg *from,
			 const struct call_leg *to, const struct sip_msg *msg);
/* The same of a message outside of calls; and what its package and its route say. */
char *call_headers_apart(const struct call_engine *e, const struct call_leg *from,
			 const struct call_leg *to, const struct sip_msg *msg);
/* The same with that value of Event; NULL: that of msg, in the words of the other side. */
char *call_headers_about(const struct call_engine *e, const struct call_leg *from,
			 const struct call_leg *to, const struct sip_msg *msg, const char *event);
/*
 * *value: Event of msg, for to's peer, malloc'ed, without a dialog that has no name there;
 * NULL: it has none, or no memory. Which dialog it names, is said.
 */
enum event_named call_event_there(const struct call_engine *e, const struct call_leg *to,
				  const struct sip_msg *msg, char **value);
/* Of the caller's first INVITE, and of a 2xx to it, with our own capabilities. */
char *call_headers_invite(const struct call_engine *e, const struct call_leg *to,
			  const struct sip_msg *msg, bool offer);
char *call_headers_answer(const struct call_engine *e, const struct call_leg *from,
			  const struct call_leg *to, const struct sip_msg *msg);
char *call_headers_reason(const struct call_engine *e, const struct call_leg *from,
			  const struct call_leg *to, const struct sip_msg *msg);
/* The reason phrase; NULL: the RFC's will do. */
char *call_phrase_pass(const struct call_leg *from, const struct sip_msg *msg);
/* Unsupported, for what a request requires. */
char *call_headers_unsupported(const struct sip_msg *msg);
char *call_warning(const struct media_refusal *refusal);

/* identity.c */
/* Privacy (RFC 3323 §4.2) has this value. */
bool call_privacy_asks(const struct sip_msg *msg, const char *value);
/* It must be all that it asks for, and nobody here knows how. */
bool call_privacy_fails(const struct sip_msg *msg);
/* to must not learn who sends msg. */
bool call_is_anonymous(const struct call_leg *to, const struct sip_msg *msg);

/* reason.c */
/* Our cause of Q.850 for that of leg's trunk. */
u32 call_cause_from(const struct call_leg *leg, u32 theirs);
/* lines with its causes for ours; malloc'ed. NULL: they are the same, or no memory. */
char *call_reason_for(const struct call_leg *leg, struct slice lines);

/* body.c */
/*
 * 0, with *sdp.p NULL when there is none; -ENOTSUP: something in the body must be understood
 * and is not; -EINVAL: malformed.
 */
int call_find_sdp(const struct sip_msg *msg, struct slice *sdp);
/* There is one, and nothing stands against it. */
bool call_has_sdp(const struct sip_msg *msg, struct slice *sdp);
/* 415, 400; 0: the body is in order, or there is none. */
u16 call_body_refusal(const struct sip_msg *msg);
/* May the answer have a session description? */
bool call_accepts_sdp(const struct sip_msg *msg);

#endif
