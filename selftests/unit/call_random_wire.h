/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is asked of Jalur on the wire, and what it says to that: each request gets one final
 * answer, however often it comes, and none that nobody asked for. INVITE has rules of its own
 * and is left out.
 */
#ifndef CALL_RANDOM_WIRE_H
#define CALL_RANDOM_WIRE_H

#include <stdlib.h>

#include "base/hash.h"
#include "base/list.h"
#include "base/timer.h"
#include "nomem.h"
#include "sip/msg.h"

/* Longer than anything may take: an exchange, then a challenge inside of it. */
#define WIRE_PATIENCE (100 * NSEC_PER_SEC)
/* A transaction is over after 64*T1 (Timer J): what still comes then is asked anew. */
#define WIRE_MEMORY (31 * NSEC_PER_SEC)

struct wire_request {
	struct list node;		/* the oldest first */
	struct hash_node hash;
	u64 at, answered;
	u16 status;			/* 0: none yet */
	char what[80];
};

struct wire {
	struct list asked;
	struct hash requests;
	unsigned int n, unanswered, unasked, contradicted;
	char example[256];		/* the first that went wrong */
};

static inline void wire_init(struct wire *wire)
{
	list_init(&wire->asked);
	hash_init(&wire->requests);
}

static inline void wire_wrong(struct wire *wire, const char *how, const char *what, u16 status,
			      u16 other)
{
	if (!wire->example[0])
		snprintf(wire->example, sizeof(wire->example), "%s (%u, then %u): %s", how, status,
			 other, what);
}

static inline void wire_forget(struct wire *wire, struct wire_request *r)
{
	if (!r->status) {
		wire->unanswered++;
		wire_wrong(wire, "unanswered", r->what, 0, 0);
	}
	hash_remove(&wire->requests, &r->hash);
	list_del(&r->node);
	free(r);
}

/* What began before then is over. */
static inline void wire_settle(struct wire *wire, u64 then)
{
	while (!list_empty(&wire->asked)) {
		struct wire_request *r = list_entry(wire->asked.next, struct wire_request, node);

		if (r->at >= then)
			return;
		wire_forget(wire, r);
	}
}

static inline void wire_free(struct wire *wire)
{
	wire_settle(wire, UINT64_MAX);
	hash_free(&wire->requests);
}

/* false: not of a request that counts. */
static inline bool wire_key(struct slice bytes, struct sip_msg *msg, u64 *key)
{
	static const struct hash_key fixed = { { 1, 2 } };
	struct sip_error err;
	struct hasher h;

	if (sip_parse(bytes, msg, &err) || msg->method == SIP_INVITE || msg->method == SIP_ACK ||
	    msg->method == SIP_CANCEL)
		return false;
	hash_begin(&h, &fixed);
	hash_add_field(&h, msg->via.branch);
	hash_add_field(&h, msg->method_name);
	*key = hash_end(&h);
	return true;
}

static inline struct wire_request *wire_find(struct wire *wire, u64 key)
{
	struct hash_node *node = hash_first(&wire->requests, key);

	return node ? hash_entry(node, struct wire_request, hash) : NULL;
}

/* A request came to Jalur, or came again. */
static inline void wire_asked(struct wire *wire, u64 now, struct slice bytes)
{
	struct wire_request *r;
	struct sip_msg msg;
	u64 key;

	if (now > WIRE_PATIENCE)
		wire_settle(wire, now - WIRE_PATIENCE);
	if (!wire_key(bytes, &msg, &key) || !msg.request)
		return;
	r = wire_find(wire, key);
	if (r && (!r->status || now < r->answered + WIRE_MEMORY))
		return;
	if (r)
		wire_forget(wire, r);
	r = calloc(1, sizeof(*r));
	r->at = now;
	snprintf(r->what, sizeof(r->what), SLICE_FMT, SLICE_ARG(slice_of(bytes.p, bytes.n < 79 ?
									 bytes.n : 79)));
	list_add_tail(&wire->asked, &r->node);
	hash_insert(&wire->requests, &r->hash, key);
	wire->n++;
}

/*
 * What the SIP engine refuses by itself, and a challenge, leave no transaction: when the request
 * comes again, the dialog may be there that was not, or memory, or he be known who asks.
 */
static inline bool wire_is_brief(u16 status)
{
	return status == 401 || status == 481 || status == 500 || (status == 503 && nomem.failed);
}

/* Jalur says something. */
static inline void wire_said(struct wire *wire, u64 now, struct slice bytes)
{
	struct wire_request *r;
	struct sip_msg msg;
	u64 key;

	if (!slice_begins(bytes, SLICE("SIP/2.0 ")) || !wire_key(bytes, &msg, &key) ||
	    msg.status < 200)
		return;
	r = wire_find(wire, key);
	if (!r) {
		wire->unasked++;
		wire_wrong(wire, "unasked", "", msg.status, 0);
	} else if (!r->status || wire_is_brief(r->status)) {
		r->status = msg.status;
		r->answered = now;
	} else if (r->status != msg.status) {
		wire->contradicted++;
		wire_wrong(wire, "two answers", r->what, r->status, msg.status);
	}
}

#endif
