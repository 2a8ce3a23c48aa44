/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is asked outside of calls in the random run: somebody outside subscribes to what two
 * tellers inside know, refers them, and sends them messages and publications. Each of these goes
 * by a plan, all plans in turn, which says what everybody does and how it has to end when nothing
 * is lost. Over a bad network it may end otherwise, but never so that one side is left believing
 * what the other never said.
 */
#ifndef CALL_RANDOM_APART_H
#define CALL_RANDOM_APART_H

#include "call/bridge.h"
#include "call_random_tell.h"
#include "call_random_watch.h"

/* --- who asks --- */

static inline void say_subscribe(struct apart *a, u32 expires)
{
	char lines[400], text[16];

	a->expires = expires;
	snprintf(lines, sizeof(lines), "Event: %s\r\nExpires: %u\r\n", a->event, expires);
	snprintf(text, sizeof(text), "%u", a->number);
	say_apart(a, SIP_SUBSCRIBE, lines, text);
}

/* more: other header lines. */
static inline void say_refer(struct apart *a, const char *more)
{
	bool silent = a->plan->end == END_SILENT;
	char lines[600], text[16];

	snprintf(lines, sizeof(lines), "Refer-To: <sip:2000@sbc.example>\r\n%s%s",
		 silent ? "Refer-Sub: false\r\n" : "", more);
	snprintf(text, sizeof(text), "%u", a->number);
	a->expires = silent ? 0 : a->plan->expires;
	say_apart(a, SIP_REFER, lines, text);
	snprintf(a->event, sizeof(a->event), "refer;id=%u", a->dialog->local_cseq);
}

/* A call of the author's neighbour, by the names that he has for it; or none that there is. */
static inline void name_event(struct apart *a)
{
	struct world *w = a->phone->world;
	struct list *at, *calls = &w->phones[0].calls;
	struct sip_dialog *d = NULL;

	for (at = calls->next; at != calls; at = at->next) {
		struct phone_call *c = list_entry(at, struct phone_call, node);

		if (c->phase == UP && c->dialog->remote_tag && (!d || percent(w, 50)))
			d = c->dialog;
	}
	a->named = d;
	snprintf(a->event, sizeof(a->event), "dialog;call-id=\"%s\";to-tag=%s;from-tag=%s;id=%u",
		 d ? d->call_id : "1@nowhere", d ? d->remote_tag : "x", d ? d->local_tag : "y",
		 a->number);
}

static inline void say_first(struct apart *a)
{
	const struct plan *plan = a->plan;
	char text[16];

	snprintf(text, sizeof(text), "%u", a->number);
	if (plan->method == SIP_REFER) {
		say_refer(a, "");
	} else if (plan->method == SIP_SUBSCRIBE) {
		snprintf(a->event, sizeof(a->event), WEATHER ";id=%u", a->number);
		if (plan->names)
			name_event(a);
		say_subscribe(a, plan->expires);
	} else {
		say_apart(a, plan->method, plan->method == SIP_PUBLISH ?
			  "Event: " WEATHER "\r\nExpires: 600\r\n" : NULL, text);
	}
}

static inline bool begins_dialog(const struct plan *plan)
{
	return plan->method == SIP_SUBSCRIBE || plan->method == SIP_REFER;
}

/* Nothing is said yet. */
static inline struct apart *begin_apart(struct phone *p, u32 number)
{
	const struct plan *plan = plan_of(number);
	struct apart *a = new_apart(p, begins_dialog(plan) ? APART_WATCH : APART_WRITE, number);
	struct sip_dialog_target target = {
		.request_uri = slice_str(plan->whom), .from = SLICE("<sip:x@phone.example>"),
		.to = slice_str(plan->whom), .contact_user = SLICE("x"), .flow = p->jalur,
	};

	*taken(p->world, number) = false;
	a->dialog = sip_dialog_new_uac(p->engine, &target, a);
	a->dialog->by_notify = a->kind == APART_WATCH;
	return a;
}

static inline void start_apart(struct phone *p)
{
	struct world *w = p->world;

	w->started += w->calm;
	if (!w->calm && !chance(w, 200)) {
		p->gone_until = w->now + chance(w, 120000) * MSEC;
		w->vanished++;
	}
	say_first(begin_apart(p, ++w->aparts));
}

/* By the administrator. */
static inline void end_by_hand(struct apart *a)
{
	struct world *w = a->phone->world;
	struct __test_metadata *_metadata = w->_metadata;
	struct hash *bridges = &w->h.engine->watchers->bridges;
	struct hash_node *node;
	size_t bucket;

	for (bucket = 0; bucket < bridges->nbuckets; bucket++) {
		for (node = bridges->buckets[bucket]; node; node = node->next) {
			struct call_bridge *b = hash_entry(node, struct call_bridge, node);

			if (strcmp(b->event, a->event))
				continue;
			a->disturbed = true;
			EXPECT_EQ(call_engine_unsubscribe(w->h.engine, w->now, b->record.number), 0);
			carry_from_jalur(w);
			w->by_hand++;
			return;
		}
	}
}

static inline void watch_on(struct apart *a)
{
	struct world *w = a->phone->world;
	u64 left = a->until > w->now ? (a->until - w->now) / MSEC : 0;

	if (!left && w->now >= a->until + WIRE_PATIENCE) {
		apart_over(a);
		return;
	}
	a->rounds++;
	if (a->plan->end == END_LEAVES && (a->rounds > 2 || (!w->calm && percent(w, 30))))
		say_subscribe(a, 0);
	else if (a->plan->end == END_BY_HAND && a->rounds > 1)
		end_by_hand(a);
	else if (a->plan->end != END_EXPIRES && a->plan->end != END_FORGOTTEN && left)
		say_subscribe(a, a->plan->expires);
	apart_in(a, w->calm || !left ? 15000 : 500 + chance(w, left));
}

/* --- what happens next --- */

static inline void act_apart(struct apart *a)
{
	if (a->over && !a->under_way) {
		check_end(a);
		free_apart(a);
	} else if (a->over || a->client) {
		apart_in(a, 10000);
	} else if (a->kind == APART_TELL) {
		tell_on(a);
	} else if (a->kind == APART_WATCH) {
		watch_on(a);
	}
}

/* Of several NOTIFYs under way they come in the order in which they were sent, or not at all. */
static inline void check_order(struct apart *a, const struct sip_msg *msg)
{
	struct world *w = a->phone->world;
	struct __test_metadata *_metadata = w->_metadata;
	struct slice event = event_of(msg);
	unsigned int teller = 0, serial = 0;
	char text[32];

	EXPECT_TRUE(slice_eq(event, slice_str(a->event)) ||
		    (a->plan->method == SIP_REFER && slice_eq(event, SLICE("refer")))) {
		TH_LOG("run %u of plan %s hears of " SLICE_FMT, a->number, a->plan->name,
		       SLICE_ARG(event));
	}
	if (!slice_eq(msg->content_type, SLICE("text/plain")))
		return;			/* of Jalur's own */
	slice_copy(text, sizeof(text), msg->body);
	EXPECT_EQ(sscanf(text, "%u %u", &teller, &serial), 2);
	EXPECT_TRUE(!a->teller || a->teller == teller) {
		TH_LOG("%u tells what %u told, run %u", teller, a->teller, a->number);
	}
	/*
	 * Not every NOTIFY is in the store: after a restart the network may bring one again that
	 * was refused, or older than the last.
	 */
	if (!nomem.failed && (w->calm || a->reloads == w->carried_reloaded))
		EXPECT_GT(serial, a->serial) {
			TH_LOG("run %u of plan %s", a->number, a->plan->name);
		}
	a->teller = teller;
	a->serial = serial;
	a->reloads = w->carried_reloaded;
}

static inline u16 heard(struct apart *a, const struct sip_msg *msg)
{
	const struct sip_hdr *state = sip_msg_header(msg, SIP_HDR_SUBSCRIPTION_STATE);
	struct world *w = a->phone->world;
	struct slice value;
	u32 seconds;

	if (a->over)
		return 481;
	check_order(a, msg);
	w->heard++;
	if (slice_begins(state->value, SLICE("terminated"))) {
		if (sip_param(slice_of(state->value.p + 10, state->value.n - 10), "reason", &value))
			slice_copy(a->reason, sizeof(a->reason), value);
		apart_over(a);
		return 200;
	}
	if (a->plan->end == END_DEAF && a->up && ++a->rounds > 3) {
		a->disturbed = true;
		apart_over(a);
		return 481;
	}
	if (a->up && sip_param(slice_of(state->value.p + 6, state->value.n - 6), "expires",
			       &value) && slice_u32(value, &seconds))
		believe(a, seconds);
	return w->calm || percent(w, 97) ? 200 : 500;
}

static inline void watch_answered(struct apart *a, u16 status, const struct sip_msg *msg)
{
	struct world *w = a->phone->world;

	if (status < 300 && a->plan->end == END_SILENT) {
		apart_over(a);
		return;
	}
	if (status < 300) {
		if (!a->up && sip_dialog_response(a->phone->engine, a->dialog, msg))
			status = 500;
		a->up |= status < 300;
		w->subscribed += a->expires > 0;
		w->unsubscribed += !a->expires;
		/* who left waits for the last one */
		if (!a->over)
			believe(a, a->expires && msg->method == SIP_REFER ? a->expires :
				   a->expires ? seconds_of(msg) : 0);
		if (!a->over)
			apart_in(a, w->calm ? 15000 : chance(w, a->expires * 1000 + 1000));
		return;
	}
	if (status == 481)
		check_lost(a);
	if (!a->over && (!a->up || status == 481 || status == 408))
		apart_over(a);
}

/* To the first request: what somebody said, and when nothing is lost what was planned. */
static inline void check_answer(struct apart *a, u16 status, const struct sip_msg *msg)
{
	struct world *w = a->phone->world;
	struct __test_metadata *_metadata = w->_metadata;

	w->apart_answers++;
	if (all_is_planned(w) && !a->named && a->number < OF_PARTIES)
		EXPECT_EQ(status, a->plan->status) {
			TH_LOG("plan %s", a->plan->name);
		}
	EXPECT_TRUE(status >= 300 || *taken(w, a->number)) {
		TH_LOG("run %u of plan %s: nobody said %u", a->number, a->plan->name, status);
	}
	if (status != 302)
		return;
	w->led++;
	EXPECT_TRUE(nomem.failed || has_text(msg->bytes, "<sip:" ELSEWHERE "@")) {
		TH_LOG("run %u of plan %s is led nowhere", a->number, a->plan->name);
	}
}

static inline void answered_apart(struct apart *a, const struct sip_event *ev)
{
	u16 status = ev->type == SIP_EVENT_RESPONSE ? ev->msg->status : 408;

	if (status < 200)
		return;
	a->under_way--;
	if (ev->client == a->client)
		a->client = NULL;
	if (a->kind != APART_TELL && !a->up)
		check_answer(a, status, ev->msg);
	if (a->kind == APART_WATCH) {
		watch_answered(a, status, ev->msg);
	} else if (a->kind == APART_WRITE) {
		apart_over(a);
	} else if (status == 481 || status == 408) {
		if (status == 481)
			check_lost(a);
		if (!a->over)
			apart_over(a);
	}
}

static inline void take_apart(struct phone *p, const struct sip_event *ev)
{
	struct apart *a = ev->user;
	enum sip_method method = ev->msg ? ev->msg->method : SIP_METHOD_OTHER;

	if (ev->type == SIP_EVENT_REQUEST && !ev->dialog && p != &p->world->phones[AUTHOR])
		asked_apart(p, ev);
	else if (ev->type == SIP_EVENT_REQUEST && method == SIP_SUBSCRIBE && a->kind == APART_TELL)
		asked_again(a, ev);
	else if (ev->type == SIP_EVENT_REQUEST)
		respond_apart(p, ev->server, ev->dialog, method == SIP_NOTIFY ?
			      heard(a, ev->msg) : 405, "");
	else if (ev->type == SIP_EVENT_RESPONSE || ev->type == SIP_EVENT_TIMEOUT ||
		 ev->type == SIP_EVENT_FAILED)
		answered_apart(a, ev);
	carry_from(p);
}

#endif
