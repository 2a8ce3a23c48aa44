/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stories for a Jalur whose memory runs out: what people do, step by step, in the world of
 * the random run with nothing lost. Its phones say everything again that is not answered, so
 * that what a failed allocation costs may be nothing more than a while.
 */
#ifndef CALL_NOMEM_H
#define CALL_NOMEM_H

#include "call_random_run.h"

#define STEPS 16
#define FIRST_STEP (2 * NSEC_PER_SEC)
/* Longer than any two transactions after one another. */
#define ALL_SETTLED (75 * NSEC_PER_SEC)

enum ringing { RING_NOT, RING_180, RING_RELIABLY, RING_BUSY, RING_CHALLENGE };

struct step {
	u32 after;			/* ms after the one before */
	size_t who;			/* phone */
	void (*act)(struct phone *p, const char *text);
	const char *text;
};

struct story {
	const char *name;
	enum ringing ringing;
	bool refuses;			/* who is called, every later offer */
	bool lasts;			/* nobody ends the call */
	struct step steps[STEPS];
};

/* The world as its first member: what its hooks get is that. */
struct stage {
	struct world world;
	const struct story *story;
	size_t step;
	bool up;			/* its call was before memory failed */
};

static inline struct stage *stage_of(struct world *w)
{
	return (struct stage *)w;
}

/* --- what a person does --- */

static inline struct phone_call *call_of(struct phone *p, enum phase phase)
{
	struct list *at;

	for (at = p->calls.prev; at != &p->calls; at = at->prev) {
		struct phone_call *c = list_entry(at, struct phone_call, node);

		if (c->phase == phase)
			return c;
	}
	return NULL;
}

static inline void begin(struct phone *p, const char *whom)
{
	act_in(call_to(p, whom, true), 60000);
	carry_from(p);
}

static inline void begin_without_offer(struct phone *p, const char *whom)
{
	act_in(call_to(p, whom, false), 60000);
	carry_from(p);
}

static inline void cancel(struct phone *p, const char *text)
{
	struct phone_call *c = call_of(p, CALLING);

	(void)text;
	if (c && c->invite)
		sip_cancel(p->engine, p->world->now, c->invite, SLICE(""));
	carry_from(p);
}

static inline bool is_busy(const struct phone_call *c)
{
	return !c || c->invite || c->server || c->other;
}

static inline void offer_again(struct phone *p, const char *sdp)
{
	struct phone_call *c = call_of(p, UP);

	if (is_busy(c))
		return;
	c->offered = sdp;
	c->invite = ask(c, SIP_INVITE, sdp);
	carry_from(p);
}

static inline void hold_other(struct phone *p, const char *text)
{
	(void)text;
	offer_again(p, p->hold);
}

static inline void change(struct phone *p, const char *text)
{
	(void)text;
	offer_again(p, p->sdp);
}

static inline void ask_for_offer(struct phone *p, const char *text)
{
	(void)text;
	offer_again(p, NULL);
}

static inline void say(struct phone *p, const char *method)
{
	struct phone_call *c = call_of(p, UP);
	enum sip_method m = sip_method_of(slice_str(method));

	if (is_busy(c))
		return;
	c->other = ask(c, m, m == SIP_UPDATE ? p->sdp : NULL);
	carry_from(p);
}

static inline void refer_other(struct phone *p, const char *whom)
{
	struct phone_call *c = call_of(p, UP);
	struct sip_content content = { 0 };
	char lines[512];

	if (is_busy(c))
		return;
	snprintf(lines, sizeof(lines), "Refer-To: <sip:%s@sbc.example>\r\n", whom);
	content.headers = slice_str(lines);
	send_refer(c, &content);
	carry_from(p);
}

/* To whom he is in his other call with. */
static inline void join_others(struct phone *p, const char *text)
{
	struct phone_call *c = call_of(p, UP), *other = c ? other_call(c) : NULL;
	struct sip_content content = { 0 };
	char lines[512];

	(void)text;
	if (is_busy(c) || !other)
		return;
	refer_to(other->dialog, lines, sizeof(lines));
	content.headers = slice_str(lines);
	send_refer(c, &content);
	carry_from(p);
}

static inline void leave(struct phone *p, const char *text)
{
	struct phone_call *c = call_of(p, UP);

	(void)text;
	if (c)
		hang_up(c);
	carry_from(p);
}

/* As if the daemon had been restarted, with all that is written down. */
static inline void restart(struct phone *p, const char *text)
{
	struct world *w = p->world;
	bool calm = w->calm;

	(void)text;
	w->calm = true;
	restart_some(w);
	w->calm = calm;
	carry_from_jalur(w);
}

/* --- outside of calls --- */

static inline struct visit *visit(struct phone *p, enum visit_kind kind, u32 expires)
{
	struct visit *v = new_visit(p, kind);

	v->alice = false;		/* bob */
	v->two = true;
	v->expires = expires;
	v->body = kind == VISIT_PUBLISH;
	return v;
}

static inline void enrol(struct phone *p, const char *text)
{
	(void)text;
	visit_begin(visit(p, VISIT_REGISTER, 120), "bob");
	carry_from(p);
}

static inline void enrol_no_more(struct phone *p, const char *text)
{
	(void)text;
	visit_begin(visit(p, VISIT_REGISTER, 0), "bob");
	carry_from(p);
}

static inline void watch(struct phone *p, const char *event)
{
	struct visit *v = visit(p, VISIT_WATCH, 90);

	v->event = event;
	visit_begin(v, "bob");
	carry_from(p);
}

static inline void publish(struct phone *p, const char *text)
{
	(void)text;
	visit_begin(visit(p, VISIT_PUBLISH, 90), "bob");
	carry_from(p);
}

/* The one of call_random_plan.h that has this name. */
static inline void go_by_plan(struct phone *p, const char *name)
{
	size_t i;

	for (i = 0; strcmp(plans[i].name, name); i++)
		;
	p->world->aparts = (unsigned int)(i + NPLANS - 1);
	start_apart(p);
	carry_from(p);
}

/* --- where REFERs pass --- */

static inline void let_pass(struct phone *p, const char *text)
{
	(void)text;
	set_transfers(p->world, CALL_TRANSFER_PASS);
}

/* From outside of the dialog. */
static inline void refer_apart(struct phone *p, const char *text)
{
	struct phone_call *c = call_of(p, UP);

	(void)text;
	p->world->parties = 1;		/* by the first plan */
	if (c)
		refer_party(c);
	carry_from(p);
}

/* Whoever was referred. */
static inline void tell_of_it(struct phone *p, const char *last)
{
	struct phone_call *c = call_of(p, UP);

	if (c && c->refer_id && !c->telling)
		tell_referrer(c, last);
	carry_from(p);
}

/* --- what happens by itself --- */

static inline void ring_as(struct phone_call *c, enum ringing how)
{
	struct phone *p = c->phone;
	struct sip_content content = with_sdp(NULL, "");

	if (how == RING_RELIABLY && c->offered)
		content = with_sdp(p->sdp, "");
	if (how != RING_RELIABLY ||
	    sip_respond_reliable(p->engine, p->world->now, c->server, c->dialog, 183, NULL,
				 &content))
		sip_respond(p->engine, p->world->now, c->server, c->dialog, 180, NULL, &content);
	else
		c->said = content.body.n;
}

static inline bool is_challenged(const struct phone_call *c, enum ringing ringing)
{
	return ringing == RING_CHALLENGE &&
	       !sip_msg_header(sip_server_request(c->server), SIP_HDR_AUTHORIZATION);
}

static inline void challenge(struct phone_call *c)
{
	static const char line[] =
		"WWW-Authenticate: Digest realm=\"carrier\", nonce=\"n1\", qop=\"auth\"\r\n";
	struct sip_content content = with_sdp(NULL, line);
	struct sip_server *server = c->server;

	c->server = NULL;
	sip_respond(c->phone->engine, c->phone->world->now, server, c->dialog, 401, NULL, &content);
	sip_server_put(c->phone->engine, c->phone->world->now, server);
	over(c);
}

static inline void act_by_story(struct phone_call *c)
{
	const struct story *story = stage_of(c->phone->world)->story;
	enum ringing ringing = story->ringing;

	if (c->phase == OVER) {
		free_call(c);
	} else if (c->phase == CALLING && c->invite) {
		sip_cancel(c->phone->engine, c->phone->world->now, c->invite, SLICE(""));
	} else if (!c->server) {
		return;
	} else if (c->phase == RINGING && is_challenged(c, ringing)) {
		challenge(c);
	} else if (c->phase == UP && story->refuses) {
		answer(c, 488);
	} else if (c->phase == RINGING && ringing == RING_BUSY) {
		answer(c, 486);
		over(c);
	} else if (c->phase == RINGING && (ringing == RING_180 || ringing == RING_RELIABLY) &&
		   !c->referred) {
		c->referred = true;	/* has rung */
		ring_as(c, ringing);
		act_in(c, 1500);
	} else if (c->said && sip_server_unacknowledged(c->server, c->dialog)) {
		act_in(c, 1000);
	} else {
		answer(c, 200);
		c->phase = UP;
	}
}

/*
 * Who is in a call is in one with somebody, as far as both and Jalur know, and waits for nothing.
 * Of a story that does not end its call, nothing ends it once it is up.
 */
static inline void expect_pairs(struct world *w)
{
	struct __test_metadata *_metadata = w->_metadata;
	size_t i, talking = 0, waiting = 0;
	struct list *at;

	for (i = 0; i < NCALLERS; i++) {
		for (at = w->phones[i].calls.next; at != &w->phones[i].calls; at = at->next) {
			const struct phone_call *c = list_entry(at, struct phone_call, node);

			talking += c->phase == UP;
			waiting += c->invite || (c->phase == UP && c->other);
		}
	}
	EXPECT_EQ(talking, 2 * call_engine_calls(w->h.engine));
	EXPECT_EQ(waiting, 0);
	if (stage_of(w)->story->lasts && stage_of(w)->up)
		EXPECT_EQ(talking, 2);
}

static inline void next_by_story(struct world *w)
{
	struct stage *stage = stage_of(w);
	const struct step *step = &stage->story->steps[stage->step];
	struct phone *clock = &w->phones[0];
	size_t i;

	if (stage->step == 1)
		stage->up = !nomem.failed;
	if (stage->step < STEPS && step->act)
		step->act(&w->phones[step->who], step->text);
	if (++stage->step < STEPS && step[1].act) {
		timer_arm(&clock->timers, &clock->next, w->now + step[1].after * MSEC);
		return;
	}
	if (stage->step <= STEPS) {
		stage->step = STEPS + 1;
		timer_arm(&clock->timers, &clock->next, w->now + ALL_SETTLED);
		return;
	}
	w->started = w->wanted;
	expect_pairs(w);
	/* whatever the story left */
	for (i = 0; i < NCALLERS; i++)
		leave(&w->phones[i], NULL);
}

#endif
