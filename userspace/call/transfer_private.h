/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of a transfer share: transfer_make.c, transfer.c, attended.c. */
#ifndef CALL_TRANSFER_PRIVATE_H
#define CALL_TRANSFER_PRIVATE_H

#include "call/call.h"

/* --- transfer_make.c --- */

/* Whose rights he has who is behind leg, by the policy of today. false: none any more. */
bool call_transfer_source(const struct call_engine *e, const struct call_leg *leg,
			  struct call_source *source);
/* Behind leg is source: one and the same trunk, or subscriber. */
bool call_transfer_is_his(const struct call_engine *e, const struct call_leg *leg,
			  const struct call_source *source);
/* empty keeps the place of party in its call. */
void call_transfer_seat(struct call_leg *empty, const struct call_leg *party);

/* --- transfer.c --- */

/* leg becomes the one of its new side in call, whose own takes its place. */
void call_transfer_move(struct call_engine *e, u64 now, struct call_leg *leg, struct call *call,
			enum media_leg side);
/* leg's peer is told the media of its call again, as that version. */
void call_transfer_return(struct call_engine *e, u64 now, struct call_leg *leg, u64 version);
/* call's INVITE on leg met one of its peer: true: it goes out again, later. */
bool call_transfer_glare(struct call_engine *e, u64 now, struct call_leg *leg, struct call *call,
			 const struct sip_event *ev);
/* leg's peer refused new media: call, if it is not NULL, fails; what leg is in, if he is gone. */
void call_transfer_refused(struct call_engine *e, u64 now, struct call_leg *leg,
			   struct call *call, const struct sip_event *ev);
/* The call of the referrer, whose other party has gone, ends. */
void call_transfer_leave(struct call_engine *e, u64 now, struct call *call,
			 const struct call_leg *referrer);
/* Nothing is under way in call that a new partner would get into. */
bool call_transfer_quiet(const struct call *call);

/* --- attended.c --- */

/*
 * asked->joined: the leg of the referrer, who is source, whose dialog Replaces names. 0, or the
 * status to refuse it with, and why.
 */
u16 call_attended_find(const struct call_engine *e, const struct call_leg *leg,
		       const struct call_source *source, struct call_refer_asked *asked,
		       const char **why);
/* call is for the other party of joined. 0, or a status, and why. */
u16 call_attended_fill(struct call_engine *e, struct call *call, struct call_leg *joined,
		       const char **why);
/* He is asked for an offer. false: it cannot be. */
bool call_attended_send(struct call_engine *e, u64 now, struct call *call);
/* Once more. */
bool call_attended_again(struct call_engine *e, u64 now, struct call *call);
/* His 2xx to that; call NULL: nobody needs it any more. */
void call_attended_moved(struct call_engine *e, u64 now, struct call_leg *leg,
			 struct call *call, const struct sip_event *ev);
/* The pair is made: he changes calls, and the one that he was in ends. */
void call_attended_done(struct call_engine *e, u64 now, struct call *call);
/* call has come to nothing: he stays where he is. */
void call_attended_failed(struct call_engine *e, u64 now, struct call *call);
/* leg's peer hangs up: if he is the referrer, that is his part in it. */
void call_attended_take(struct call_engine *e, u64 now, struct call_leg *leg);
/* call ends, which was to be joined. */
void call_attended_end(struct call_engine *e, u64 now, struct call *call,
		       const struct call_reason *why);

#endif
