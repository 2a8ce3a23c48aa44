/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is asked outside of calls in the random run: somebody outside subscribes to what two
 * tellers inside know, and sends them messages and publications. Each of these goes by a plan,
 * all plans in turn, which says what everybody does and how it has to end when nothing is lost.
 * Over a bad network it may end otherwise, but never so that one side is left believing what
 * the other never said.
 */
#ifndef CALL_RANDOM_APART_H
#define CALL_RANDOM_APART_H

#include "call_random_effects.h"
#include "call_random_watch.h"
#include "call_random_plan.h"
#include "call/bridge.h"

/* Each of two transactions may take 64*T1. */
#define ON_ITS_WAY (70 * NSEC_PER_SEC)

enum apart_kind {
	APART_WATCH,			/* SUBSCRIBE, and what is heard */
	APART_TELL,			/* the other side of it */
	APART_WRITE,			/* MESSAGE or PUBLISH */
	APART_HOLD,			/* a request that nobody answers */
};

struct apart {
	struct list node;
	struct phone *phone;
	enum apart_kind kind;
	u32 number;			/* of the plan's run: the same on both sides */
	u32 id;				/* of a teller */
	const struct plan *plan;
	struct sip_dialog *dialog;
	struct sip_client *client;
	struct sip_server *server;	/* not answered yet */
	unsigned int under_way;		/* requests of ours without a final answer */
	unsigned int rounds;
	u32 expires;			/* s: asked for, or granted */
	u64 began, until;		/* believed to last till then */
	u64 granted, before;		/* by a teller last; what until was before */
	u32 teller, serial;		/* who told last, and which */
	u64 reloads;			/* of carried subscriptions, until then */
	bool up, over;
	bool disturbed;			/* it did something that ends it for the other, too */
	char reason[16];		/* of the end, as heard */
	struct timer action;
};

static inline struct apart *new_apart(struct phone *p, enum apart_kind kind, u32 number)
{
	struct apart *a = calloc(1, sizeof(*a));

	a->phone = p;
	a->kind = kind;
	a->number = number;
	a->plan = &plans[number % NPLANS];
	a->began = p->world->now;
	a->action = (struct timer){ .kind = TIMER_APART, .owner = a };
	list_add_tail(&p->calls, &a->node);
	timers_reserve(&p->timers, 1);
	return a;
}

static inline void apart_in(struct apart *a, u64 ms)
{
	timer_arm(&a->phone->timers, &a->action, a->phone->world->now + ms * MSEC);
}

static inline void apart_over(struct apart *a)
{
	a->over = true;
	apart_in(a, 40000);
}

/* Nothing was lost. */
static inline bool all_is_planned(const struct world *w)
{
	return w->calm && !nomem.failed;
}

/* As planned, if nothing was lost. */
static inline void check_end(const struct apart *a)
{
	struct world *w = a->phone->world;
	struct __test_metadata *_metadata = w->_metadata;

	if (!all_is_planned(w) || a->kind != APART_WATCH || !a->up)
		return;
	w->ended_as_planned++;
	EXPECT_STREQ(a->reason, a->plan->reason) {
		TH_LOG("plan %s", a->plan->name);
	}
}

static inline void free_apart(struct apart *a)
{
	struct phone *p = a->phone;

	if (a->server)
		sip_server_put(p->engine, p->world->now, a->server);
	timer_disarm(&p->timers, &a->action);
	timers_release(&p->timers, 1);
	sip_dialog_free(p->engine, a->dialog);
	list_del(&a->node);
	free(a);
}

static inline void forget_apart(struct world *w)
{
	size_t i;

	for (i = AUTHOR; i < NPHONES; i++)
		while (!list_empty(&w->phones[i].calls))
			free_apart(list_entry(w->phones[i].calls.next, struct apart, node));
}

/* The teller of that id, or who watches by that number; NULL: gone. */
static inline struct apart *find_apart(struct world *w, enum apart_kind kind, u32 number)
{
	struct list *at;
	size_t i;

	for (i = AUTHOR; i < NPHONES; i++) {
		struct list *calls = &w->phones[i].calls;

		for (at = calls->next; at != calls; at = at->next) {
			struct apart *a = list_entry(at, struct apart, node);

			if (a->kind == kind && number == (kind == APART_TELL ? a->id : a->number))
				return a;
		}
	}
	return NULL;
}

/* --- what they believe --- */

/* Nothing happened on this side that would end it. */
static inline bool believes(const struct apart *a)
{
	return a && a->up && !a->over && !a->disturbed && a->until > a->phone->world->now &&
	       a->phone->gone_until < a->began;
}

/* A request got 481: not while the other one goes on with it. */
static inline void check_lost(const struct apart *a)
{
	struct __test_metadata *_metadata = a->phone->world->_metadata;
	const struct apart *other = a->kind == APART_WATCH ?
		find_apart(a->phone->world, APART_TELL, a->teller) :
		find_apart(a->phone->world, APART_WATCH, a->number);
	bool same = other && (a->kind == APART_WATCH || other->teller == a->id);

	EXPECT_FALSE(same && believes(a) && believes(other)) {
		TH_LOG("run %u of plan %s was lost at %llu ms", a->number, a->plan->name,
		       (unsigned long long)(a->phone->world->now / MSEC));
	}
}

static inline void believe(struct apart *a, u32 seconds)
{
	struct world *w = a->phone->world;
	struct __test_metadata *_metadata = w->_metadata;
	struct apart *teller = find_apart(w, APART_TELL, a->teller);
	u64 most;

	a->until = w->now + seconds * NSEC_PER_SEC;
	if (!believes(teller))
		return;
	most = teller->until;
	if (teller->before > most && w->now < teller->granted + ON_ITS_WAY)
		most = teller->before;
	EXPECT_LE(a->until, most + ON_ITS_WAY) {
		TH_LOG("run %u of plan %s", a->number, a->plan->name);
	}
}

static inline u32 seconds_of(const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_EXPIRES);
	u32 seconds = 0;

	if (hdr)
		slice_u32(hdr->value, &seconds);
	return seconds;
}

static inline u32 number_of_event(const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_EVENT);
	struct slice id;
	u32 n = 0;

	if (hdr && sip_param(slice_of(hdr->value.p + strlen(WEATHER), hdr->value.n -
				      strlen(WEATHER)), "id", &id))
		slice_u32(id, &n);
	return n;
}

/* --- who asks --- */

static inline void say_apart(struct apart *a, enum sip_method method, const char *lines,
			     const char *text)
{
	struct phone *p = a->phone;
	struct sip_content content = { .headers = slice_str(lines) };

	if (text) {
		content.content_type = SLICE("text/plain");
		content.body = slice_str(text);
	}
	if (!sip_request(p->engine, p->world->now, a->dialog, method, &content, a, &a->client))
		a->under_way++;
}

static inline void say_subscribe(struct apart *a, u32 expires)
{
	char lines[96];

	a->expires = expires;
	snprintf(lines, sizeof(lines), "Event: " WEATHER ";id=%u\r\nExpires: %u\r\n", a->number,
		 expires);
	say_apart(a, SIP_SUBSCRIBE, lines, NULL);
}

static inline void start_apart(struct phone *p)
{
	struct world *w = p->world;
	const struct plan *plan = &plans[++w->aparts % NPLANS];
	struct apart *a = new_apart(p, plan->method == SIP_SUBSCRIBE ? APART_WATCH : APART_WRITE,
				    w->aparts);
	struct sip_dialog_target target = {
		.request_uri = slice_str(plan->whom), .from = SLICE("<sip:x@phone.example>"),
		.to = slice_str(plan->whom), .contact_user = SLICE("x"), .flow = p->jalur,
	};
	char text[16];

	w->started += w->calm;
	w->taken[a->number % MAX_TAKEN] = false;
	if (!w->calm && !chance(w, 200)) {
		p->gone_until = w->now + chance(w, 120000) * MSEC;
		w->vanished++;
	}
	a->dialog = sip_dialog_new_uac(p->engine, &target, a);
	a->dialog->by_notify = plan->method == SIP_SUBSCRIBE;
	snprintf(text, sizeof(text), "%u", a->number);
	if (plan->method == SIP_SUBSCRIBE)
		say_subscribe(a, plan->expires);
	else
		say_apart(a, plan->method, plan->method == SIP_PUBLISH ?
			  "Event: " WEATHER "\r\nExpires: 600\r\n" : NULL, text);
}

/* By the administrator. */
static inline void end_by_hand(struct apart *a)
{
	struct world *w = a->phone->world;
	struct __test_metadata *_metadata = w->_metadata;
	struct hash *bridges = &w->h.engine->watchers->bridges;
	struct hash_node *node;
	char event[48];
	size_t bucket;

	snprintf(event, sizeof(event), WEATHER ";id=%u", a->number);
	for (bucket = 0; bucket < bridges->nbuckets; bucket++) {
		for (node = bridges->buckets[bucket]; node; node = node->next) {
			struct call_bridge *b = hash_entry(node, struct call_bridge, node);

			if (strcmp(b->event, event))
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

/* --- who tells --- */

static inline void tell(struct apart *a, const char *terminated)
{
	u64 now = a->phone->world->now;
	char lines[160], state[64], text[32];

	if (terminated)
		snprintf(state, sizeof(state), "terminated;reason=%s", terminated);
	else
		snprintf(state, sizeof(state), "active;expires=%llu", a->until > now ?
			 (unsigned long long)((a->until - now) / NSEC_PER_SEC) : 0);
	snprintf(lines, sizeof(lines), "Event: " WEATHER ";id=%u\r\nSubscription-State: %s\r\n",
		 a->number, state);
	snprintf(text, sizeof(text), "%u %u", a->id, ++a->serial);
	say_apart(a, SIP_NOTIFY, lines, text);
	if (terminated)
		apart_over(a);
}

static inline void respond_apart(struct phone *p, struct sip_server *server,
				 struct sip_dialog *dialog, u16 status, const char *lines)
{
	struct sip_content content = { .headers = slice_str(lines) };

	sip_respond(p->engine, p->world->now, server, dialog, status, NULL, &content);
	sip_server_put(p->engine, p->world->now, server);
}

static inline void grant(struct apart *a, struct sip_server *server, u32 seconds)
{
	struct world *w = a->phone->world;
	char line[32];

	if (!w->calm && seconds > 60 && percent(w, 30))
		seconds /= 2;
	a->up = true;
	a->before = a->until;
	a->granted = w->now;
	a->until = w->now + seconds * NSEC_PER_SEC;
	w->taken[a->number % MAX_TAKEN] = true;
	snprintf(line, sizeof(line), "Expires: %u\r\n", seconds);
	respond_apart(a->phone, server, a->dialog, 200, line);
	tell(a, seconds ? NULL : "timeout");
	if (seconds)
		apart_in(a, 10000);
}

/* Once in a while something else than planned. */
static inline u16 answer_by_plan(struct phone *p, const struct plan *plan)
{
	static const u16 others[] = { 0, 403, 480, 486, 489, 500, 503, 603 };
	struct world *w = p->world;

	return w->calm || percent(w, 92) ? plan->answers[p - &w->phones[AUTHOR + 1]] :
					   others[chance(w, 8)];
}

static inline void hold(struct phone *p, struct sip_server *server, u32 number)
{
	struct apart *a = new_apart(p, APART_HOLD, number);

	a->server = server;
	apart_over(a);
}

static inline void subscribed(struct phone *p, const struct sip_event *ev, u32 number)
{
	struct apart *a = new_apart(p, APART_TELL, number);

	a->id = ++p->world->tellers;
	a->expires = seconds_of(ev->msg);
	if (sip_dialog_new_uas(p->engine, ev->server, a, &a->dialog)) {
		respond_apart(p, ev->server, NULL, 400, "");
		apart_over(a);
		return;
	}
	if (a->plan->end == END_EARLY) {
		a->until = p->world->now + a->expires * NSEC_PER_SEC;
		a->server = ev->server;
		tell(a, NULL);
		apart_in(a, 200);
	} else {
		grant(a, ev->server, a->expires);
	}
}

static inline void asked_apart(struct phone *p, const struct sip_event *ev)
{
	struct world *w = p->world;
	u32 number = 0;
	u16 status;

	if (ev->msg->method == SIP_SUBSCRIBE)
		number = number_of_event(ev->msg);
	else
		slice_u32(ev->msg->body, &number);
	if (!w->calm && !chance(w, 400))
		p->gone_until = w->now + chance(w, 60000) * MSEC;
	status = answer_by_plan(p, &plans[number % NPLANS]);
	if (!status) {
		hold(p, ev->server, number);
	} else if (status >= 300 || ev->msg->method != SIP_SUBSCRIBE) {
		w->taken[number % MAX_TAKEN] |= status < 300;
		respond_apart(p, ev->server, NULL, status, ev->msg->method == SIP_PUBLISH ?
			      "SIP-ETag: x\r\nExpires: 300\r\n" : "");
	} else {
		subscribed(p, ev, number);
	}
}

static inline void asked_again(struct apart *a, const struct sip_event *ev)
{
	struct world *w = a->phone->world;

	if (a->over)
		respond_apart(a->phone, ev->server, a->dialog, 481, "");
	else if (a->server || (!w->calm && percent(w, 3)))
		respond_apart(a->phone, ev->server, a->dialog, 500, "");
	else
		grant(a, ev->server, seconds_of(ev->msg));
}

static inline void tell_on(struct apart *a)
{
	struct world *w = a->phone->world;
	struct sip_server *server = a->server;
	u64 left = a->until > w->now ? (a->until - w->now) / MSEC : 0;

	a->server = NULL;
	if (server) {
		grant(a, server, a->expires);
	} else if ((a->plan->end == END_TELLER || a->plan->end == END_EARLY) && a->serial > 2) {
		tell(a, "noresource");
	} else if (!left && a->plan->end == END_FORGOTTEN) {
		apart_over(a);
	} else if (!left) {
		tell(a, "timeout");
	} else {
		tell(a, NULL);
		apart_in(a, left < 10000 ? left : w->calm ? 10000 : chance(w, left));
	}
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
	unsigned int teller = 0, serial = 0;
	char text[32];

	if (!msg->body.n)
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
	EXPECT_EQ(number_of_event(msg), a->number);
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

	if (status < 300) {
		if (!a->up && sip_dialog_response(a->phone->engine, a->dialog, msg))
			status = 500;
		a->up |= status < 300;
		w->subscribed += a->expires > 0;
		w->unsubscribed += !a->expires;
		/* who left waits for the last one */
		if (!a->over)
			believe(a, a->expires ? seconds_of(msg) : 0);
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
static inline void check_answer(struct apart *a, u16 status)
{
	struct world *w = a->phone->world;
	struct __test_metadata *_metadata = w->_metadata;

	w->apart_answers++;
	if (all_is_planned(w))
		EXPECT_EQ(status, a->plan->status) {
			TH_LOG("plan %s", a->plan->name);
		}
	EXPECT_TRUE(status >= 300 || w->taken[a->number % MAX_TAKEN]) {
		TH_LOG("run %u of plan %s: nobody said %u", a->number, a->plan->name, status);
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
		check_answer(a, status);
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
