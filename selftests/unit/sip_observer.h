/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who watches what SIP engines send and receive, and knows the rules of RFC 3261
 * §17, RFC 6026 and RFC 3262 from outside only: it sees each message as it leaves an engine
 * and as it arrives at one (the network may have changed it on the way), and why
 * the engine sent it: because of an input, of a timer, or because its caller
 * wished so. Of a transaction it keeps times and hashes of bytes. What breaks a
 * rule is counted and printed.
 */
#ifndef SIP_OBSERVER_H
#define SIP_OBSERVER_H

#include "sip_seen.h"

/* --- reliable provisional responses (RFC 3262) --- */

/* 0: it is not one. */
static inline u32 rseq_of(const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_RSEQ);
	u32 rseq;

	if (msg->status <= 100 || msg->status >= 200 || msg->method != SIP_INVITE || !hdr ||
	    !slice_u32(hdr->value, &rseq) || !sip_msg_requires(msg, "100rel"))
		return 0;
	return rseq;
}

static inline u32 acknowledged(const struct sip_msg *prack)
{
	const struct sip_hdr *hdr = sip_msg_header(prack, SIP_HDR_RACK);
	struct slice method;
	u32 rseq, cseq;

	return hdr && sip_parse_rack(hdr->value, &rseq, &cseq, &method) ? rseq : 0;
}

/* T1, 2*T1, 4*T1 ... for 64*T1, until the PRACK was answered (§3). */
static inline void check_reliable_again(struct observer *o, unsigned int side, struct seen *r)
{
	struct slice bytes = o->msg.bytes;

	o->again++;
	if (r->response != bytes_hash(o, bytes))
		violation(o, side, bytes, "a reliable response again with other bytes");
	if (o->cause == CAUSE_INPUT)
		return;		/* of an INVITE that came again */
	if (o->cause != CAUSE_TIMER || o->now - r->last != r->interval)
		violation(o, side, bytes, "a reliable response again not at its time");
	if (r->acked_at || o->now >= r->first + 64 * o->t1)
		violation(o, side, bytes, "a reliable response again after PRACK or too late");
	r->last = o->now;
	r->interval *= 2;
}

/* true: for the first time, and the one before it was acknowledged. */
static inline bool reliable_leaves(struct observer *o, unsigned int side, u32 rseq)
{
	u64 key = dialog_key(o, side, ROLE_RELIABLE, &o->msg, rseq);
	u64 last_key = dialog_key(o, side, ROLE_RSEQ, &o->msg, o->msg.cseq);
	struct seen *r = seen_find(o, key), *last, *before;

	if (r) {
		check_reliable_again(o, side, r);
		return false;
	}
	last = seen_find(o, last_key);
	before = last ? seen_find(o, dialog_key(o, side, ROLE_RELIABLE, &o->msg, last->rseq)) : NULL;
	if (last && rseq != last->rseq + 1)
		violation(o, side, o->msg.bytes, "RSeq does not count up by one");
	if (before && !before->provisional)
		violation(o, side, o->msg.bytes, "a second reliable response before PRACK");
	if (!last)
		last = seen_new(o, last_key);
	last->rseq = rseq;
	r = seen_new(o, key);
	r->response = bytes_hash(o, o->msg.bytes);
	r->interval = o->t1;
	return true;
}

/* It has come; the engine may still refuse it. */
static inline void prack_arrives(struct observer *o, unsigned int side, struct seen *s)
{
	struct seen *r;

	s->rseq = acknowledged(&o->msg);
	r = seen_find(o, dialog_key(o, side, ROLE_RELIABLE, &o->msg, s->rseq));
	if (r)
		r->provisional = true;
}

/* Who answers it has heard of it: then it did fit. */
static inline void prack_answered(struct observer *o, unsigned int side, const struct seen *s)
{
	struct seen *r = seen_find(o, dialog_key(o, side, ROLE_RELIABLE, &o->msg, s->rseq));

	if (!r && !o->corrupts)
		violation(o, side, o->msg.bytes, "a PRACK to nothing was taken");
	else if (r && !r->acked_at)
		r->acked_at = o->now;
}

static inline void reliable_arrives(struct observer *o, unsigned int side, u32 rseq)
{
	u64 key = dialog_key(o, side, ROLE_OFFERED, &o->msg, rseq);

	if (!seen_find(o, key))
		seen_new(o, key);
}

/* Each once (§4). */
static inline void check_prack(struct observer *o, unsigned int side)
{
	struct seen *s = seen_find(o, dialog_key(o, side, ROLE_OFFERED, &o->msg,
						 acknowledged(&o->msg)));

	o->pracks++;
	if (o->corrupts)
		return;		/* another number, tag or CSeq may have come */
	if (!s)
		violation(o, side, o->msg.bytes, "PRACK to nothing");
	else if (s->acks++)
		violation(o, side, o->msg.bytes, "another PRACK");
}

/* --- clients --- */

/* New requests of a dialog count up (RFC 3261 §12.2.1.1). */
static inline void check_cseq(struct observer *o, unsigned int side)
{
	u64 key = dialog_key(o, side, ROLE_CSEQ, &o->msg, 0);
	struct seen *s = seen_find(o, key);

	if (!s)
		s = seen_new(o, key);
	if (o->msg.cseq <= s->cseq)
		violation(o, side, o->msg.bytes, "CSeq does not count up");
	s->cseq = o->msg.cseq;
}

static inline void check_cancel(struct observer *o, unsigned int side)
{
	struct seen *s = seen_find(o, txn_key(o, side, ROLE_CLIENT, &o->msg, SLICE("INVITE")));

	if (!s || !s->provisional || s->final || s->cseq != o->msg.cseq)
		violation(o, side, o->msg.bytes, "CANCEL without INVITE, 1xx, or after the end");
}

/* Timers A, B, E, F. */
static inline void check_request_again(struct observer *o, unsigned int side, struct seen *s)
{
	struct slice bytes = o->msg.bytes;

	o->again++;
	if (o->cause != CAUSE_TIMER || o->reliable)
		violation(o, side, bytes, "a request again, not by timer, or by a connection");
	if (s->request != bytes_hash(o, bytes))
		violation(o, side, bytes, "a request again with other bytes");
	if (s->final || (s->provisional && s->method == SIP_INVITE))
		violation(o, side, bytes, "a request again after its response");
	if (o->now - s->last != s->interval)
		violation(o, side, bytes, "a request again not at its time (A, E)");
	if (o->now >= s->first + 64 * o->t1)
		violation(o, side, bytes, "a request again after timer B or F");
}

static inline void request_leaves(struct observer *o, unsigned int side)
{
	u64 key = txn_key(o, side, ROLE_CLIENT, &o->msg, o->msg.method_name);
	struct seen *s = seen_find(o, key);

	if (s) {
		check_request_again(o, side, s);
		s->interval *= 2;
		if (s->method != SIP_INVITE && (s->provisional || s->interval > o->t2))
			s->interval = o->t2;
	} else {
		o->transactions++;
		s = seen_new(o, key);
		s->method = o->msg.method;
		s->cseq = o->msg.cseq;
		s->request = bytes_hash(o, o->msg.bytes);
		s->call = call_hash(o, &o->msg);
		s->interval = o->t1;
		if (s->method == SIP_CANCEL)
			check_cancel(o, side);
		else
			check_cseq(o, side);
		if (s->method == SIP_PRACK)
			check_prack(o, side);
	}
	s->last = o->now;
}

/* For a failure in the INVITE's transaction, for a 2xx beside it (§17.1.1.3, §13.2.2.4). */
static inline void ack_leaves(struct observer *o, unsigned int side)
{
	struct slice bytes = o->msg.bytes;
	struct seen *s = seen_find(o, txn_key(o, side, ROLE_CLIENT, &o->msg, SLICE("INVITE")));
	bool failure = s;

	if (!s)
		s = seen_find(o, heard_key(o, side, call_hash(o, &o->msg), o->msg.cseq));
	if (!s) {
		violation(o, side, bytes, "ACK to nothing");
		return;
	}
	if (s->cseq != o->msg.cseq)
		violation(o, side, bytes, "ACK with another CSeq than its INVITE");
	if (++s->acks > s->failures)
		violation(o, side, bytes, "more ACKs than final responses");
	if (s->acks > 1 && s->ack != bytes_hash(o, bytes))
		violation(o, side, bytes, "ACK again with other bytes");
	if (failure && s->ack_tag != bytes_hash(o, o->msg.to.tag))
		violation(o, side, bytes, "ACK with another To-tag than the failure");
	s->ack = bytes_hash(o, bytes);
}

static inline void response_arrives(struct observer *o, unsigned int side)
{
	struct seen *s = seen_find(o, txn_key(o, side, ROLE_CLIENT, &o->msg, o->msg.method_name));
	struct seen *heard;
	u64 key;

	if (!s || o->msg.more_vias)
		return;
	if (o->msg.status < 200) {
		s->provisional = true;
		if (rseq_of(&o->msg))
			reliable_arrives(o, side, rseq_of(&o->msg));
		return;
	}
	if (o->msg.status >= 300) {
		s->failures++;
		if (!s->final)
			s->ack_tag = bytes_hash(o, o->msg.to.tag);
	}
	if (!s->final)
		s->final = o->msg.status;
	if (o->msg.status >= 300 || s->method != SIP_INVITE)
		return;
	key = heard_key(o, side, s->call, s->cseq);
	heard = seen_find(o, key);
	if (!heard)
		heard = seen_new(o, key);
	heard->cseq = s->cseq;
	heard->failures++;
}

/* --- servers --- */

static inline bool is_over(struct observer *o, const struct seen *s)
{
	if (!s->final)
		return false;
	if (s->method == SIP_INVITE && s->final >= 300 && s->acked_at)
		return o->now >= s->acked_at + (o->reliable ? 0 : o->t4);
	if (o->reliable && s->method != SIP_INVITE)
		return true;
	return o->now >= s->final_at + 64 * o->t1;
}

static inline void ack_arrives(struct observer *o, unsigned int side)
{
	struct seen *s = seen_find(o, txn_key(o, side, ROLE_SERVER, &o->msg, SLICE("INVITE")));
	struct seen *answer = seen_find(o, dialog_key(o, side, ROLE_ANSWER, &o->msg, o->msg.cseq));

	if (s && s->final >= 300 && !s->acked_at)
		s->acked_at = o->now;
	if (answer && !answer->acked_at)
		answer->acked_at = o->now;
}

static inline void request_arrives(struct observer *o, unsigned int side)
{
	u64 key = txn_key(o, side, ROLE_SERVER, &o->msg, o->msg.method_name);
	struct seen *s = seen_find(o, key);

	o->input = key;
	if (s && is_over(o, s)) {
		seen_free(o, s);
		s = NULL;
	}
	if (!s) {
		s = seen_new(o, key);
		s->method = o->msg.method;
		s->cseq = o->msg.cseq;
	}
	if (s->method == SIP_PRACK)
		prack_arrives(o, side, s);
}

/* Timer G, and the 2xx of §13.3.1.4. */
static inline void check_timed(struct observer *o, unsigned int side, struct seen *s,
			       const struct seen *answer)
{
	struct slice bytes = o->msg.bytes;

	if (s->method != SIP_INVITE || (o->reliable && s->final >= 300))
		violation(o, side, bytes, "a final response again by timer");
	if (s->acked_at || (answer && answer->acked_at))
		violation(o, side, bytes, "a final response again after its ACK");
	if (o->now - s->again != s->again_interval)
		violation(o, side, bytes, "a final response again not at its time (G)");
	if (o->now > s->final_at + 64 * o->t1)
		violation(o, side, bytes, "a final response again after timer H or L");
	s->again = o->now;
	s->again_interval = 2 * s->again_interval < o->t2 ? 2 * s->again_interval : o->t2;
}

/*
 * What is refused without a transaction may be judged anew when it comes again; so is
 * what was damaged, for whatever reason.
 */
static inline bool may_change(const struct observer *o, const struct seen *s)
{
	return s->by_itself && (o->corrupts || s->final == 481 || s->final == 482 || s->final == 500 ||
				s->final == 503 || s->method == SIP_CANCEL);
}

static inline void first_final(struct observer *o, unsigned int side, struct seen *s)
{
	struct seen *answer;

	s->final = o->msg.status;
	s->final_at = s->again = o->now;
	s->again_interval = o->t1;
	s->response = bytes_hash(o, o->msg.bytes);
	s->by_itself = o->cause == CAUSE_INPUT;
	if (s->method == SIP_PRACK && !s->by_itself)
		prack_answered(o, side, s);
	if (s->method != SIP_INVITE || s->final >= 300)
		return;
	answer = seen_new(o, dialog_key(o, side, ROLE_ANSWER, &o->msg, o->msg.cseq));
	answer->cseq = o->msg.cseq;
}

static inline void check_final_again(struct observer *o, unsigned int side, struct seen *s,
				     const struct seen *answer)
{
	struct slice bytes = o->msg.bytes;

	o->again++;
	if (s->response != bytes_hash(o, bytes))
		violation(o, side, bytes, o->msg.status == s->final ?
			  "a final response again with other bytes" : "another final response");
	if (o->cause == CAUSE_TIMER) {
		check_timed(o, side, s, answer);
		return;
	}
	if (o->cause != CAUSE_INPUT || s->node.hash != o->input)
		violation(o, side, bytes, "a final response again for no reason");
	if (s->method == SIP_INVITE && s->final < 300)
		violation(o, side, bytes, "a 2xx again for the INVITE and not by its timer");
	if (s->acked_at && !s->by_itself)
		violation(o, side, bytes, "a failure again after its ACK");
}

static inline void response_leaves(struct observer *o, unsigned int side)
{
	struct seen *s = seen_find(o, txn_key(o, side, ROLE_SERVER, &o->msg, o->msg.method_name));
	struct slice bytes = o->msg.bytes;
	u64 hash = bytes_hash(o, bytes);
	u32 rseq = rseq_of(&o->msg);

	/* What the network damaged so that it cannot be read is refused for that. */
	if (o->corrupts && o->cause == CAUSE_INPUT && (!s || s->node.hash != o->input))
		return;
	if (!s) {
		violation(o, side, bytes, "a response to nothing");
		return;
	}
	if (s->final && s->response != hash && may_change(o, s)) {
		s->final = 0;
		s->acked_at = 0;
		s->provisional = true;
		s->latest = hash;
	}
	if (s->method == SIP_INVITE && !s->provisional && !s->final &&
	    o->now > s->first + 200 * NSEC_PER_MSEC)
		violation(o, side, bytes, "nothing within 200 ms of the INVITE");
	if (s->final) {
		if (o->msg.status < 200)
			violation(o, side, bytes, "a provisional response after the final one");
		else
			check_final_again(o, side, s, seen_find(o, dialog_key(o, side, ROLE_ANSWER,
									      &o->msg, o->msg.cseq)));
	} else if (o->msg.status >= 200) {
		first_final(o, side, s);
	} else {
		if (o->cause == CAUSE_INPUT && s->latest != hash)
			violation(o, side, bytes, "another provisional response to the same request");
		s->provisional = true;
		/* By its timer it is not what was said last. */
		if (rseq && !reliable_leaves(o, side, rseq) && o->cause == CAUSE_TIMER)
			return;
	}
	s->latest = hash;
}

/* --- both ways --- */

static inline void observer_leaves(struct observer *o, unsigned int side, struct slice bytes)
{
	struct sip_error err;

	o->messages++;
	if (sip_parse(bytes, &o->msg, &err)) {
		if (!o->corrupts)
			violation(o, side, bytes, "malformed");
	} else if (!o->msg.request) {
		response_leaves(o, side);
	} else if (o->msg.method == SIP_ACK) {
		ack_leaves(o, side);
	} else {
		request_leaves(o, side);
	}
}

static inline void observer_arrives(struct observer *o, unsigned int side, struct slice bytes)
{
	struct sip_error err;

	o->input = 0;
	if (sip_parse(bytes, &o->msg, &err))
		return;
	if (!o->msg.request)
		response_arrives(o, side);
	else if (o->msg.method == SIP_ACK)
		ack_arrives(o, side);
	else
		request_arrives(o, side);
}

#endif
