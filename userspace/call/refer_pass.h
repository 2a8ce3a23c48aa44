/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * REFER that the other party carries out (RFC 3515): passed on to him in his dialog, and the
 * subscription that it makes. A part of call.h, which alone includes it.
 */
#ifndef CALL_REFER_PASS_H
#define CALL_REFER_PASS_H

#define CALL_MAX_PASSED 4	/* of a call, both sides together */

struct call_passed {
	struct list node;		/* in the call */
	struct call_leg *from, *to;	/* of the referrer, and of who is referred */
	u32 near, far;			/* CSeq of the REFER there; far 0: it was not sent yet */
	bool first;			/* of the call: Event needs no id */
	bool over;			/* but for the answer to the NOTIFY that says so */
	u64 expires;			/* from then on another one may have its place */
};

/* refer_pass.c */
/* Event of msg, and the id in it, if it has one. false: it is another package than refer. */
bool call_refer_event_of(const struct sip_msg *msg, u32 *id, bool *has_id);
/* SUBSCRIBE of leg's peer: true: it is for one of these, and dealt with. */
bool call_refer_pass_subscribe(struct call_engine *e, u64 now, struct call_leg *leg,
			       const struct sip_event *ev);
/* msg of from's peer has left with that CSeq. Of other methods it is nothing. */
void call_passed_sent(const struct call_leg *from, const struct sip_msg *msg, u32 far);
/* Its final answer; NULL: there is none. */
void call_passed_back(const struct call_leg *from, const struct sip_msg *msg, u16 status,
		      const struct sip_msg *answer);
void call_passed_clear(struct call *call);
/* Members of object; and back: what is wrong is in r. */
void call_passed_save(const struct call *call, json_t **object);
void call_passed_restore(struct call *call, u64 now, struct json_reader *r, const json_t *saved);

/* refer_map.c */
/*
 * Header lines of the REFER msg of from's peer in the words of to's; malloc'ed. 0, or the
 * status to refuse it with, and why.
 */
u16 call_refer_map(struct call_engine *e, const struct call_leg *from, const struct call_leg *to,
		   const struct sip_msg *msg, char **lines, const char **why);

#endif
