/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What waits until the kernel has what it speaks of. A part of call.h, which alone includes it.
 */
#ifndef CALL_OUTBOX_H
#define CALL_OUTBOX_H

/* A message that waits for the kernel. Messages of a call keep their order. */
struct call_message {
	struct list node;
	u64 gate;			/* ticket; 0: may go */
	struct call_leg *leg;
	u16 status;			/* response to leg; 0: a request on leg */
	enum sip_method method;		/* of that request, or of the one responded to */
	char *phrase;
	char *headers;
	char *sdp;			/* NULL: no body */
	bool reliable;			/* RFC 3262 */
	u32 carried;			/* its number; 0: it is none */
};

/* outbox.c */
/* All take ownership of the strings, also on error: -ENOMEM. */
/* carried: its number; sdp: the body instead of what the request has; NULL: that. */
int call_outbox_carry(struct call_engine *e, u64 now, struct call_leg *leg, u32 carried,
		      char *headers, char *sdp);
int call_outbox_respond(struct call_engine *e, u64 now, struct call_leg *leg, u16 status,
			char *phrase, char *headers, char *sdp);
/* A provisional response of from; reliable: and as such, if the INVITE's sender can do that. */
int call_outbox_progress(struct call_engine *e, u64 now, struct call_leg *leg,
			 const struct call_leg *from, const struct sip_msg *msg, bool reliable,
			 char *sdp);
/* To leg's UPDATE. */
int call_outbox_updated(struct call_engine *e, u64 now, struct call_leg *leg, u16 status,
			char *headers, char *sdp);
int call_outbox_request(struct call_engine *e, u64 now, struct call_leg *leg,
			enum sip_method method, char *headers, char *sdp);
void call_outbox_flush(struct call_engine *e, u64 now, struct call *call);
void call_outbox_clear(struct call *call);
/* What waits for leg; what waits in call for from is for to, which takes its place. */
void call_outbox_forget(struct call_leg *leg);
void call_outbox_move(struct call *call, const struct call_leg *from, struct call_leg *to);
struct call_message *call_outbox_gated(struct call *call, u64 ticket);

/* owed.c: there was no memory for something that some call owes */
#define CALL_TIMER_OWED 114
void call_owe(struct call_engine *e, u64 now, struct call *call);
/* leg.c: the ACK, without a body, that there was no memory for. */
void call_leg_ack_owed(struct call_engine *e, u64 now, struct call_leg *leg);
/* call_media_apply() after an offer that failed: without memory later. */
void call_media_return(struct call_engine *e, u64 now, struct call *call);
void call_owed(struct call_engine *e, u64 now);		/* the timer */

#endif
