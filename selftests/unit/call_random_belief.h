/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Either side of what is asked outside of calls in the random run, and what it believes: never
 * more than the other side said.
 */
#ifndef CALL_RANDOM_BELIEF_H
#define CALL_RANDOM_BELIEF_H

#include "call_random_effects.h"
#include "call_random_plan.h"

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
	bool apart;
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
	char event[256];		/* value of Event, on this side */
	bool named;			/* which names a dialog that there is */
	struct timer action;
};

static inline struct apart *new_apart(struct phone *p, enum apart_kind kind, u32 number)
{
	struct apart *a = calloc(1, sizeof(*a));

	a->apart = true;
	a->phone = p;
	a->kind = kind;
	a->number = number;
	a->plan = plan_of(number);
	a->began = p->world->now;
	a->action = (struct timer){ .kind = TIMER_APART, .owner = a };
	list_add_tail(&p->aparts, &a->node);
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
		TH_LOG("run %u of plan %s", a->number, a->plan->name);
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

	for (i = 0; i < NPHONES; i++)
		while (!list_empty(&w->phones[i].aparts))
			free_apart(list_entry(w->phones[i].aparts.next, struct apart, node));
}

/* The teller of that id, or who watches by that number; NULL: gone. */
static inline struct apart *find_apart(struct world *w, enum apart_kind kind, u32 number)
{
	struct list *at;
	size_t i;

	for (i = 0; i < NPHONES; i++) {
		struct list *all = &w->phones[i].aparts;

		for (at = all->next; at != all; at = at->next) {
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

/* Somebody said 2xx to what has that number. */
static inline bool *taken(struct world *w, u32 number)
{
	return &w->taken[number % (MAX_TAKEN / 2) + (number < OF_PARTIES ? 0 : MAX_TAKEN / 2)];
}

/* --- what a message says --- */

static inline u32 seconds_of(const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_EXPIRES);
	u32 seconds = 0;

	if (hdr)
		slice_u32(hdr->value, &seconds);
	return seconds;
}

static inline struct slice event_of(const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_EVENT);

	return hdr ? hdr->value : SLICE("");
}

/* The body of each request has it, before anything else. */
static inline u32 number_of_msg(const struct sip_msg *msg)
{
	char text[32];

	slice_copy(text, sizeof(text), msg->body);
	return (u32)strtoul(text, NULL, 10);
}

/* --- what is said --- */

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

static inline void respond_apart(struct phone *p, struct sip_server *server,
				 struct sip_dialog *dialog, u16 status, const char *lines)
{
	struct sip_content content = { .headers = slice_str(lines) };

	sip_respond(p->engine, p->world->now, server, dialog, status, NULL, &content);
	sip_server_put(p->engine, p->world->now, server);
}

#endif
