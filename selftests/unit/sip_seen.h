/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the observer of sip_observer.h remembers: a record of each transaction, dialog
 * and reliable response, found by what a message says of it, and forgotten when
 * nothing has been heard of it for longer than anything lasts.
 */
#ifndef SIP_SEEN_H
#define SIP_SEEN_H

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/list.h"
#include "sip/engine.h"

enum cause { CAUSE_INPUT, CAUSE_TIMER, CAUSE_CALLER };

/* What a record is of. */
enum role {
	ROLE_CLIENT = 1, ROLE_SERVER, ROLE_ANSWER, ROLE_HEARD, ROLE_CSEQ,
	ROLE_RELIABLE,			/* a provisional response sent, by dialog and RSeq */
	ROLE_RSEQ,			/* the RSeq given last, by dialog and INVITE */
	ROLE_OFFERED,			/* a reliable response heard, by dialog and RSeq */
};

struct seen {
	struct hash_node node;
	struct list all;
	u64 touched;
	enum sip_method method;
	u32 cseq;
	u64 first, last, interval;	/* requests sent, or arrived */
	u64 request;			/* hashes of bytes */
	bool provisional;		/* heard or sent */
	u16 final;
	u64 final_at;
	bool by_itself;			/* the engine answered without its caller */
	u64 response, latest;
	u64 again, again_interval;	/* the final response, by timer */
	u64 acked_at;
	unsigned int failures, acks;
	u64 ack;
	u64 ack_tag;			/* hash of the To-tag of the failure heard first */
	u64 call;			/* hash of Call-ID and From-tag */
	u32 rseq;			/* of a PRACK: what it acknowledges */
};

struct observer {
	struct hash seen;
	struct list all;
	struct hash_key key;
	u64 t1, t2, t4;
	u64 now;
	enum cause cause;
	u64 input;			/* key of the request that has just arrived; 0: none */
	u64 transactions, messages, again, violations, pracks;
	bool corrupts;
	bool reliable;			/* all flows are connections */
	struct sip_msg msg;
};

static inline void observer_init(struct observer *o, u64 t1, u64 t2, u64 t4)
{
	memset(o, 0, sizeof(*o));
	hash_init(&o->seen);
	list_init(&o->all);
	o->key = (struct hash_key){ { 1, 2 } };
	o->t1 = t1;
	o->t2 = t2;
	o->t4 = t4;
}

static inline void seen_free(struct observer *o, struct seen *s)
{
	hash_remove(&o->seen, &s->node);
	list_del(&s->all);
	free(s);
}

static inline void observer_free(struct observer *o)
{
	while (!list_empty(&o->all))
		seen_free(o, list_entry(o->all.next, struct seen, all));
	hash_free(&o->seen);
}

static inline void violation(struct observer *o, unsigned int side, struct slice bytes,
			     const char *rule)
{
	static const char *const causes[] = { "input", "timer", "caller" };

	if (o->violations++ >= 5)
		return;
	fprintf(stderr, "# at %.3f s side %u, by %s: %s:\n" SLICE_FMT "\n",
		(double)o->now / 1e9, side, causes[o->cause], rule, SLICE_ARG(bytes));
}

/* --- records --- */

static inline u64 bytes_hash(struct observer *o, struct slice bytes)
{
	struct hasher h;

	hash_begin(&h, &o->key);
	hash_add(&h, bytes);
	return hash_end(&h);
}

static inline u64 txn_key(struct observer *o, unsigned int side, enum role role,
			  const struct sip_msg *msg, struct slice method)
{
	struct slice branch = msg->via.branch;
	struct hasher h;

	hash_begin(&h, &o->key);
	hash_add_u64(&h, side << 8 | role);
	hash_add_field(&h, branch);
	hash_add_field(&h, method);
	if (role == ROLE_SERVER) {
		hash_add_field(&h, msg->via.host);
		hash_add_u64(&h, msg->via.port);
	}
	if (branch.n <= 7 || !slice_caseeq(slice_of(branch.p, 7), SLICE("z9hG4bK"))) {
		hash_add_field(&h, msg->call_id);
		hash_add_field(&h, msg->from.tag);
		hash_add_u64(&h, msg->cseq);
	}
	return hash_end(&h);
}

static inline u64 dialog_key(struct observer *o, unsigned int side, enum role role,
			     const struct sip_msg *msg, u32 cseq)
{
	struct hasher h;

	hash_begin(&h, &o->key);
	hash_add_u64(&h, side << 8 | role);
	hash_add_field(&h, msg->call_id);
	hash_add_field(&h, msg->from.tag);
	hash_add_field(&h, msg->to.tag);
	hash_add_u64(&h, cseq);
	return hash_end(&h);
}

static inline struct seen *seen_find(struct observer *o, u64 key)
{
	struct hash_node *node = hash_first(&o->seen, key);
	struct seen *s;

	if (!node)
		return NULL;
	s = hash_entry(node, struct seen, node);
	s->touched = o->now;
	list_del(&s->all);
	list_add_tail(&o->all, &s->all);
	return s;
}

/* Forgets what nothing has been heard of for longer than anything lasts. */
static inline struct seen *seen_new(struct observer *o, u64 key)
{
	struct seen *s = calloc(1, sizeof(*s)), *old;

	s->touched = s->first = s->last = o->now;
	hash_insert(&o->seen, &s->node, key);
	list_add_tail(&o->all, &s->all);
	for (;;) {
		old = list_entry(o->all.next, struct seen, all);
		if (old->touched + 400 * o->t1 >= o->now)
			return s;
		seen_free(o, old);
	}
}

static inline u64 call_hash(struct observer *o, const struct sip_msg *msg)
{
	struct hasher h;

	hash_begin(&h, &o->key);
	hash_add_field(&h, msg->call_id);
	hash_add_field(&h, msg->from.tag);
	return hash_end(&h);
}

/* A 2xx is known by the request that it answers, whatever the network made of it. */
static inline u64 heard_key(struct observer *o, unsigned int side, u64 call, u32 cseq)
{
	struct hasher h;

	hash_begin(&h, &o->key);
	hash_add_u64(&h, side << 8 | ROLE_HEARD);
	hash_add_u64(&h, call);
	hash_add_u64(&h, cseq);
	hash_add_field(&h, o->msg.to.tag);
	return hash_end(&h);
}

#endif
