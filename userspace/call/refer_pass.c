// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * REFER that is not ours to carry out: it goes to the other party as a request in his dialog,
 * and what he says of it comes back, NOTIFY for NOTIFY (carry.c). The two dialogs count their
 * requests each for itself, and Event names a subscription by the CSeq of its REFER (RFC 3515
 * §2.4.6): so of each one both numbers are kept until it ends, also over a restart. There are no
 * timers: what neither side speaks of any more gives its place to the next, and all go with
 * the call.
 *
 * Where REFERs pass is said on both sides. Who sends one makes the other call somebody, whom he
 * could not call himself, maybe; who is told so may refuse, and is asked for it only where the
 * configuration wants that. What he then sends is judged by his own rights, as any INVITE.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/call.h"
#include "event/subscription.h"

#define PATIENCE (300 * NSEC_PER_SEC)	/* until it is said how long it goes on */
#define MARGIN (32 * NSEC_PER_SEC)

/* --- which one --- */

bool call_refer_event_of(const struct sip_msg *msg, u32 *id, bool *has_id)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_EVENT);
	struct slice value = hdr ? hdr->value : SLICE("");
	const char *end = value.n ? memchr(value.p, ';', value.n) : NULL;
	struct slice text;

	*has_id = end && sip_param(slice_of(end, (size_t)(value.p + value.n - end)), "id", &text);
	*id = 0;
	if (*has_id && !slice_u32(text, id))
		*id = 0;
	return slice_caseeq(sip_plain(value), SLICE("refer"));
}

static u32 id_on(const struct call_passed *p, const struct call_leg *leg)
{
	return p->from == leg ? p->near : p->far;
}

/*
 * The one that msg, from leg's peer, is about; referrer: and he is that; over: though its end
 * was told.
 */
static struct call_passed *find(const struct call_leg *leg, const struct sip_msg *msg,
				bool referrer, bool over, bool *has_id)
{
	const struct list *at, *all = &leg->call->passed;
	u32 id;

	if (!call_refer_event_of(msg, &id, has_id))
		return NULL;
	for (at = all->next; at != all; at = at->next) {
		struct call_passed *p = list_entry(at, struct call_passed, node);

		if ((referrer ? p->from : p->to) == leg && p->far && (over || !p->over) &&
		    (!*has_id || id_on(p, leg) == id))
			return p;
	}
	return NULL;
}

static struct call_passed *of_refer(const struct call_leg *from, u32 cseq)
{
	const struct list *at, *all = &from->call->passed;

	for (at = all->next; at != all; at = at->next) {
		struct call_passed *p = list_entry(at, struct call_passed, node);

		if (p->from == from && p->near == cseq)
			return p;
	}
	return NULL;
}

/* --- life --- */

static void forget(struct call_passed *p)
{
	list_del(&p->node);
	free(p);
}

void call_passed_clear(struct call *call)
{
	while (!list_empty(&call->passed))
		forget(list_entry(call->passed.next, struct call_passed, node));
}

static void forget_expired(struct call *call, u64 now)
{
	struct list *at, *next;

	for (at = call->passed.next; at != &call->passed; at = next) {
		struct call_passed *p = list_entry(at, struct call_passed, node);

		next = at->next;
		if (p->expires + MARGIN < now)
			forget(p);
	}
}

static size_t count_of(const struct call *call)
{
	const struct list *at;
	size_t n = 0;

	for (at = call->passed.next; at != &call->passed; at = at->next)
		n++;
	return n;
}

static struct call_passed *add(struct call *call, u64 now)
{
	struct call_passed *p;

	if (count_of(call) == CALL_MAX_PASSED)
		forget_expired(call, now);
	p = count_of(call) < CALL_MAX_PASSED ? zalloc(sizeof(*p)) : NULL;
	if (!p)
		return NULL;
	p->expires = now + PATIENCE;
	list_add_tail(&call->passed, &p->node);
	return p;
}

/* --- REFER --- */

static u16 check(struct call_engine *e, struct call_leg *leg, const struct sip_msg *msg,
		 char **lines, const char **why)
{
	const struct call_leg *to = call_other(leg);

	*lines = NULL;
	if (!to || call_refer_mode(to) != CALL_TRANSFER_PASS) {
		*why = "the other party is not to be referred";
		return 403;
	}
	if (leg->call->state != CALL_UP || call_transfer_pending(leg->call))
		return 491;
	if (msg->max_forwards == 0)
		return 483;
	return call_refer_map(e, leg, to, msg, lines, why);
}

static struct call_passed *begin(struct call_leg *leg, u64 now, const struct sip_msg *msg)
{
	struct call_passed *p = add(leg->call, now);

	if (!p)
		return NULL;
	p->from = leg;
	p->to = call_other(leg);
	p->near = msg->cseq;
	p->first = !leg->call->referred;
	leg->call->referred = true;
	return p;
}

/* Known already: it comes again after a restart, and was taken, or waits for an answer. */
CALL_ACTION(call_refer_pass)
{
	const char *why = NULL;
	struct call_passed *p = of_refer(leg, ev->msg->cseq);
	char *lines;
	u16 status;

	if (p && !call_again_is(leg, ev->msg)) {
		call_carry_answer(e, now, leg, ev->server, 202, SLICE(""));
		return;
	}
	status = check(e, leg, ev->msg, &lines, &why);
	if (!status && !p) {
		p = begin(leg, now, ev->msg);
		if (!p) {
			status = 503;
			why = "too many REFERs of a call";
		}
	}
	if (status) {
		call_refer_refuse(e, now, ev, status, why);
	} else {
		if (!call_carry_with(e, now, leg, ev, lines))
			forget(p);
		else
			e->counters[CALL_COUNT_TRANSFERS_PASSED]++;
	}
	free(lines);
}

void call_passed_sent(const struct call_leg *from, const struct sip_msg *msg, u32 far)
{
	struct call_passed *p = msg->method == SIP_REFER ? of_refer(from, msg->cseq) : NULL;

	if (p)
		p->far = far;
}

void call_passed_back(const struct call_leg *from, const struct sip_msg *msg, u16 status,
		      const struct sip_msg *answer)
{
	struct call_passed *p = NULL;
	bool has_id;

	if (msg->method == SIP_REFER &&
	    (status >= 300 || (answer && call_refer_is_silent(answer))))
		p = of_refer(from, msg->cseq);
	else if (msg->method == SIP_NOTIFY)
		p = find(from, msg, false, true, &has_id);
	if (p && (msg->method == SIP_REFER || p->over || event_subscription_ends_by(status)))
		forget(p);
}

/* --- and what is said of it --- */

static bool carry(struct call_engine *e, u64 now, struct call_leg *leg,
		  const struct sip_event *ev, const struct call_passed *p, bool has_id)
{
	char line[40];

	if (has_id || !p->first)
		snprintf(line, sizeof(line), "Event: refer;id=%u\r\n",
			 p->from == leg ? p->far : p->near);
	else
		strcpy(line, "Event: refer\r\n");
	return call_carry_with(e, now, leg, ev, line);
}

/* true: nothing comes after it. */
static bool read_state(struct slice state, u64 now, struct call_passed *p)
{
	const char *end = memchr(state.p, ';', state.n);
	struct slice value;
	u32 seconds;

	if (end && sip_param(slice_of(end, (size_t)(state.p + state.n - end)), "expires", &value) &&
	    slice_u32(value, &seconds))
		p->expires = now + seconds * NSEC_PER_SEC;
	return slice_caseeq(sip_plain(state), SLICE("terminated"));
}

CALL_ACTION(call_refer_notify)
{
	const struct sip_hdr *state = sip_msg_header(ev->msg, SIP_HDR_SUBSCRIPTION_STATE);
	struct call_passed *p;
	bool has_id;
	u32 id;

	/* the end of it may come again after a restart */
	p = find(leg, ev->msg, false, call_again_is(leg, ev->msg), &has_id);
	if (!call_refer_event_of(ev->msg, &id, &has_id)) {
		call_not_allowed(e, now, leg, ev);
	} else if (!p) {
		call_gone(e, now, leg, ev);
	} else if (!state || !state->value.n) {
		call_carry_answer(e, now, leg, ev->server, 400, SLICE(""));
	} else {
		p->over = read_state(state->value, now, p);
		if (!carry(e, now, leg, ev, p, has_id))
			p->over = false;
	}
}

bool call_refer_pass_subscribe(struct call_engine *e, u64 now, struct call_leg *leg,
			       const struct sip_event *ev)
{
	bool has_id;
	const struct call_passed *p = leg->call->state == CALL_UP ?
				      find(leg, ev->msg, true, false, &has_id) : NULL;

	if (p)
		carry(e, now, leg, ev, p, has_id);
	return p;
}

/* --- the record --- */

static json_t *save(const struct call_passed *p)
{
	json_t *saved = json_pack("{s:b, s:I, s:I, s:b}",
				  "callee", p->from->side == MEDIA_LEG_B,
				  "near", (json_int_t)p->near, "far", (json_int_t)p->far,
				  "first", p->first);

	if (saved && p->over)
		json_put(&saved, "over", json_true());
	return saved;
}

void call_passed_save(const struct call *call, json_t **object)
{
	const struct list *at;
	json_t *all = json_array();
	bool any = false;

	for (at = call->passed.next; at != &call->passed; at = at->next) {
		const struct call_passed *p = list_entry(at, struct call_passed, node);

		any |= p->far;
		if (p->far)
			json_append(&all, save(p));
	}
	if (any)
		json_put(object, "passed", all);
	else
		json_decref(all);
}

static void restore(struct call *call, u64 now, struct json_reader *r, const json_t *saved)
{
	bool callee = json_read_bool(r, saved, "callee");
	u32 near = (u32)json_read_u64(r, saved, "near", UINT32_MAX);
	u32 far = (u32)json_read_u64(r, saved, "far", UINT32_MAX);
	bool first = json_read_bool(r, saved, "first");
	bool over = json_object_get(saved, "over") && json_read_bool(r, saved, "over");
	struct call_passed *p = r->bad ? NULL : add(call, now);

	if (!p) {
		r->bad = r->bad ? r->bad : "memory";
		return;
	}
	p->from = call->legs[callee];
	p->to = call->legs[!callee];
	p->near = near;
	p->far = far;
	p->first = first;
	p->over = over;
}

void call_passed_restore(struct call *call, u64 now, struct json_reader *r, const json_t *saved)
{
	const json_t *all;
	size_t i;

	if (!json_object_get(saved, "passed"))
		return;
	all = json_read_array(r, saved, "passed", CALL_MAX_PASSED);
	for (i = 0; all && !r->bad && i < json_array_size(all); i++) {
		if (json_is_object(json_array_get(all, i)))
			restore(call, now, r, json_array_get(all, i));
		else
			r->bad = "passed";
	}
}
