/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * refresh.c: session timers (RFC 4028), on each leg for itself. A part of call/call.h, which
 * includes it.
 */
#ifndef CALL_SESSION_H
#define CALL_SESSION_H

/* An INVITE or UPDATE of leg's peer: 0, or the status to refuse it with, and lines for it. */
u16 call_session_asked(struct call_leg *leg, const struct sip_msg *msg,
		       char lines[SIP_SESSION_LINES]);
/* It was answered: nothing of it is kept, unless another one waits. */
void call_session_answered(struct call_leg *leg);
/* headers, and for a 2xx to it what was agreed on; malloc'ed. NULL: no memory. */
char *call_session_answer(struct call_engine *e, u64 now, struct call_leg *leg,
			  struct slice headers);
/* headers, and for our INVITE or UPDATE what we ask for; malloc'ed. NULL: no memory. */
char *call_session_request(struct call_leg *leg, struct slice headers);
/* The 2xx to it. */
void call_session_agreed(struct call_engine *e, u64 now, struct call_leg *leg,
			 const struct sip_msg *msg);
/* A 422 to the first INVITE of a branch: true: it was sent again as its peer wants it. */
bool call_session_refused(struct call_engine *e, u64 now, struct call_leg *root,
			  const struct sip_event *ev);
/* leg's peer is told sdp by an INVITE of ours. */
void call_session_say(struct call_engine *e, u64 now, struct call_leg *leg, const char *sdp);
/* Its timer goes on from leg->refreshed. */
void call_session_resume(struct call_engine *e, struct call_leg *leg);
void call_session_timer(struct call_engine *e, u64 now, struct call_leg *leg);

#endif
