/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The world of the random run: it is made, things happen in it in the order of their time, and
 * it ends.
 */
#ifndef CALL_RANDOM_RUN_H
#define CALL_RANDOM_RUN_H

#include "call_random_left.h"
#include "call_random_restart.h"
#include "call_random_talk.h"

static inline void take(struct phone *p, const struct sip_event *ev);

static void (*const starts[NPHONES])(struct phone *p) = {
	start_call, start_call, start_call, start_visit, start_apart, NULL, NULL,
};

static inline void start_phone(struct world *w, size_t i, const char *local, const char *jalur, u8 seed)
{
	static const enum who like[NPHONES] = { A, B, B, STRANGER, A, B, B };
	struct sip_listener listener = { 0 };
	struct sip_engine_conf conf = { .listeners = &listener, .nlisteners = 1,
					.software = "phone" };
	struct phone *p = &w->phones[i];

	p->world = w;
	addr_parse(slice_str(local), &listener.local);
	listener.advertise = listener.local;
	p->here = w->h.ua[like[i]].flow;
	p->start = starts[i];
	p->take = i < NCALLERS ? take : i < AUTHOR ? take_visit : take_apart;
	p->here.peer = listener.local;
	addr_parse(slice_str(jalur), &p->jalur.peer);
	p->sdp = i ? SDP_B : SDP_A;
	p->hold = i ? SDP_B_HOLD : SDP_A_HOLD;
	conf.seed[0] = seed;
	conf.seed[1] = (u8)i;
	effects_init(&p->effects);
	timers_init(&p->timers);
	list_init(&p->calls);
	list_init(&p->aparts);
	p->engine = sip_engine_new(&conf, &p->effects, &p->timers);
	p->next = (struct timer){ .kind = TIMER_NEXT, .owner = p };
	timers_reserve(&p->timers, 1);
}

static inline u64 number_of(const char *name, u64 otherwise)
{
	const char *given = getenv(name);

	return given ? strtoull(given, NULL, 0) : otherwise;
}

/* Each phone inside is the other's second target, for who is silent or busy. */
static inline void add_targets(struct call_policy *p)
{
	static const char *const others[] = { IP_C ":5060", IP_B ":5060" };
	size_t i;

	for (i = 1; i < 3; i++) {
		struct call_trunk *t = &p->trunks[i];

		t->targets = realloc(t->targets, 2 * sizeof(*t->targets));
		t->targets[1] = (struct call_trunk_target){ .priority = 1 };
		set_target(&t->targets[1], others[i - 1]);
		t->ntargets = 2;
		t->silence = 700 * NSEC_PER_MSEC;
		t->failover = (struct call_codes){ malloc(sizeof(u16)), 1 };
		*t->failover.list = 486;
	}
	p->failed_target = 5 * NSEC_PER_SEC;
}

static inline void world_start(struct world *w, struct __test_metadata *_metadata)
{
	u64 number = number_of("SEED", 20261123);
	struct call_destination *to;
	u8 seed[32] = { 0 };

	w->_metadata = _metadata;
	wire_init(&w->wire);
	harness_start(&w->h, _metadata);
	/* both phones inside are called at once */
	to = calloc(2, sizeof(*to));
	to[0] = (struct call_destination){ .trunk = 1, .q = 1000 };
	to[1] = (struct call_destination){ .trunk = 2, .q = 1000 };
	free(w->h.policy->routes[0].to);
	w->h.policy->routes[0].to = to;
	w->h.policy->routes[0].nto = 2;
	w->h.policy->max_duration = 300 * NSEC_PER_SEC;
	w->h.policy->session = (struct sip_session_policy){
		.expires = 120, .min_se = 90, .refresh = true,
	};
	add_targets(w->h.policy);
	policy_allows_transfers(w->h.policy);
	if (w->calm && !w->next)
		set_transfers(w, CALL_TRANSFER_PASS);
	else if (!w->next)
		w->reconfigure = reconfigure;
	add_users(w);
	add_tellers(w->h.policy);
	if (w->arrange)
		w->arrange(w);
	call_engine_start(w->h.engine, w->h.now);
	memcpy(seed, &number, sizeof(number));
	random_init(&w->random, seed);
	random_init(&nomem.random, seed);
	timers_init(&w->flying);
	w->now = 1000 * NSEC_PER_SEC;
	w->wanted = (unsigned int)number_of("CALLS", 2000);
	start_phone(w, 0, IP_A ":5060", IP_ADVERTISED ":5060", (u8)number);
	start_phone(w, 1, IP_B ":5060", IP_INSIDE ":5060", (u8)number);
	start_phone(w, 2, IP_C ":5060", IP_INSIDE ":5060", (u8)number);
	start_phone(w, NCALLERS, WATCH_IP ":5060", IP_ADVERTISED ":5060", (u8)number);
	start_phone(w, AUTHOR, IP_A ":5070", IP_ADVERTISED ":5060", (u8)number);
	start_phone(w, AUTHOR + 1, TELLER, IP_INSIDE ":5060", (u8)number);
	start_phone(w, AUTHOR + 2, ANOTHER, IP_INSIDE ":5060", (u8)number);
	if (!w->next)
		TH_LOG("SEED=%llu CALLS=%u", (unsigned long long)number, w->wanted);
}

/* --- what phones hear --- */

static inline void take_request(struct phone *p, const struct sip_event *ev)
{
	struct phone_call *c = ev->dialog ? ev->user : NULL;
	struct sip_content content = with_sdp(NULL, "");
	struct world *w = p->world;
	bool sdp = ev->msg->body.n;
	u16 status = 200;

	if (ev->msg->method == SIP_INVITE && !c) {
		c = new_call(p, RINGING);
		if (sip_dialog_new_uas(p->engine, ev->server, c, &c->dialog)) {
			over(c);
			goto answer;
		}
		c->server = ev->server;
		c->offered = sdp;
		sip_server_set_user(ev->server, c);
		act_in(c, chance(w, 3000));
		return;
	}
	if (ev->msg->method == SIP_INVITE) {
		status = c->invite || c->other ? 491 : c->server || c->phase != UP ? 500 : 0;
		if (!status) {
			c->server = ev->server;
			c->offered = sdp;
			c->said = false;
			sip_server_set_user(ev->server, c);
			act_in(c, chance(w, 2000));
			return;
		}
	}
	if (ev->msg->method == SIP_UPDATE && sdp) {
		status = c->invite || c->other || c->server ? 491 : percent(w, 90) ? 200 : 488;
		if (status == 200)
			content = with_sdp(sdp_of(c), "");
	}
	if (ev->msg->method == SIP_NOTIFY) {
		w->told++;
		status = percent(w, 97) ? 200 : 481;
		if (c)
			heard_of_referral(c, ev->msg);
	}
	if (ev->msg->method == SIP_REFER)
		status = referred(c, ev->msg);
	if (ev->msg->method == SIP_SUBSCRIBE)
		status = c && c->refer_id ? 200 : 481;
	if (ev->msg->method == SIP_PRACK && sdp)
		content = with_sdp(p->sdp, "");
	if (c && ev->msg->method == SIP_BYE) {
		c->heard = true;
		over(c);
	}
answer:
	sip_respond(p->engine, w->now, ev->server, ev->dialog, status, NULL, &content);
	sip_server_put(p->engine, w->now, ev->server);
}

/* Another fork's answer has a call of its own. */
static inline struct phone_call *forked(struct phone_call *c, const struct sip_event *ev)
{
	struct phone_call *fork;
	int err = sip_dialog_response(c->phone->engine, c->dialog, ev->msg);

	if (err != -EEXIST)
		return c;
	fork = new_call(c->phone, CALLING);
	fork->dialog = sip_dialog_fork(c->phone->engine, c->dialog, ev->msg);
	fork->dialog->user = fork;
	fork->offered = c->offered;
	act_in(fork, 150000);
	return fork;
}

static inline struct phone_call *dialog_of(struct phone_call *c, const struct sip_event *ev)
{
	struct list *at;

	for (at = c->phone->calls.next; at != &c->phone->calls; at = at->next) {
		struct phone_call *other = list_entry(at, struct phone_call, node);

		if (other->dialog && other->dialog->remote_tag &&
		    !strcmp(other->dialog->call_id, c->dialog->call_id) &&
		    slice_eq(slice_str(other->dialog->remote_tag), ev->msg->to.tag))
			return other;
	}
	return forked(c, ev);
}

static inline void take_answer(struct phone_call *c, const struct sip_event *ev)
{
	struct phone *p = c->phone;
	struct phone_call *mine = dialog_of(c, ev);
	const char *sdp = !c->offered && ev->msg->body.n ? sdp_of(c) : NULL;
	struct sip_content content = with_sdp(sdp, "");

	if (c->invite == ev->client)
		c->invite = NULL;
	sip_dialog_response(p->engine, mine->dialog, ev->msg);
	sip_ack(p->engine, p->world->now, ev->client, mine->dialog, &content);
	p->world->answered++;
	if (mine->phase == OVER || (mine != c && c->phase == UP)) {
		if (mine->phase != OVER)
			hang_up(mine);
		return;
	}
	if (mine != c)
		over(c);
	mine->phase = UP;
	act_in(mine, chance(p->world, 20000));
}

static inline void take_progress(struct phone_call *c, const struct sip_event *ev)
{
	struct phone *p = c->phone;
	struct phone_call *mine = ev->msg->to.tag.n ? dialog_of(c, ev) : c;
	const char *sdp = !c->offered && ev->msg->body.n ? p->sdp : NULL;

	if (!ev->reliable)
		return;
	sip_dialog_response(p->engine, mine->dialog, ev->msg);
	if (!percent(p->world, 3))
		ask(mine, SIP_PRACK, sdp);
}

static inline void take_response(struct phone *p, const struct sip_event *ev)
{
	struct phone_call *c = ev->user;
	u16 status = ev->type == SIP_EVENT_RESPONSE ? ev->msg->status : 408;
	bool invite = ev->type == SIP_EVENT_RESPONSE ? ev->msg->method == SIP_INVITE :
		      ev->client == c->invite;

	if (ev->type == SIP_EVENT_RESPONSE && invite && status < 300) {
		if (status >= 200)
			take_answer(c, ev);
		else if (status > 100)
			take_progress(c, ev);
		return;
	}
	if (told_referrer(c, ev, status) || status < 200)
		return;
	if (ev->client == c->other)
		c->other = NULL;
	/* RFC 3261 §12.2.1.2 */
	if ((status == 481 || status == 408) && c->phase == UP) {
		c->invite = ev->client == c->invite ? NULL : c->invite;
		hang_up(c);
		return;
	}
	if (ev->client != c->invite)
		return;
	c->invite = NULL;
	if (c->phase != CALLING)
		return;
	p->world->refused++;
	c->heard = true;
	over(c);
}

static inline void take(struct phone *p, const struct sip_event *ev)
{
	struct owner *owner = ev->user;
	struct phone_call *c = ev->user;

	if ((owner && owner->apart) || (ev->type == SIP_EVENT_REQUEST && !ev->dialog &&
					ev->msg->method == SIP_REFER)) {
		take_apart(p, ev);
		return;
	}
	switch (ev->type) {
	case SIP_EVENT_REQUEST:
		take_request(p, ev);
		break;
	case SIP_EVENT_NO_ACK:
		if (c->phase == UP)
			hang_up(c);
		break;
	case SIP_EVENT_CANCEL:
	case SIP_EVENT_NO_PRACK:
		if (c->server)
			answer(c, ev->type == SIP_EVENT_CANCEL ? 487 : 504);
		if (c->phase == RINGING) {
			c->heard = true;
			over(c);
		}
		break;
	case SIP_EVENT_RESPONSE:
	case SIP_EVENT_TIMEOUT:
	case SIP_EVENT_FAILED:
		take_response(p, ev);
		break;
	default:
		break;
	}
	carry_from(p);
}

/* --- what happens --- */

static inline void arrive(struct world *w, struct arrival *a)
{
	struct media_figures figures = { .session = a->session };
	struct sip_event event = { .type = SIP_EVENT_NONE };

	timers_release(&w->flying, 1);
	if (a->ticket) {
		w->sessions += a->kind == EFFECT_MEDIA_APPLY && !a->result;
		memory_begin(w->now);
		call_engine_complete(w->h.engine, w->now, a->ticket, a->result,
				     a->kind == EFFECT_MEDIA_REMOVE ? &figures : NULL);
		memory_end();
		carry_from_jalur(w);
	} else if (a->phone) {
		sip_engine_input(a->phone->engine, w->now, &a->flow, slice_of(a->bytes, a->n),
				 &event);
		carry_from(a->phone);
		a->phone->take(a->phone, &event);
		sip_engine_keep(a->phone->engine);
	} else {
		wire_asked(&w->wire, w->now, slice_of(a->bytes, a->n));
		memory_begin(w->now);
		call_engine_input(w->h.engine, w->now, &a->flow, slice_of(a->bytes, a->n));
		memory_end();
		carry_from_jalur(w);
	}
	free(a);
}

static inline void expire(struct world *w, struct phone *p)
{
	struct timer *t = timers_due(&p->timers, w->now);
	struct sip_event event = { .type = SIP_EVENT_NONE };

	if (t->kind == TIMER_PHONE_CALL && w->act) {
		w->act(t->owner);
	} else if (t->kind == TIMER_PHONE_CALL) {
		act_on_call(t->owner);
	} else if (t->kind == TIMER_VISIT) {
		act_on_visit(t->owner);
	} else if (t->kind == TIMER_APART) {
		act_apart(t->owner);
	} else if (t->kind == TIMER_NEXT && w->next) {
		w->next(w);
	} else if (t->kind == TIMER_NEXT) {
		if (w->started < w->wanted) {
			p->start(p);
			timer_arm(&p->timers, t, w->now + chance(w, w->calm ? 1000 : 6000) * MSEC);
		}
	} else {
		sip_engine_timer(p->engine, w->now, t, &event);
		carry_from(p);
		p->take(p, &event);
	}
	carry_from(p);
}

/* The next thing, anywhere. false: nothing ever will. */
static inline bool happen(struct world *w)
{
	u64 jalur = call_engine_deadline(w->h.engine), next = timers_next(&w->flying);
	struct phone *who = NULL;
	size_t i;

	if (jalur < next)
		next = jalur;
	for (i = 0; i < NPHONES; i++) {
		if (timers_next(&w->phones[i].timers) >= next)
			continue;
		who = &w->phones[i];
		next = timers_next(&who->timers);
	}
	if (next == UINT64_MAX)
		return false;
	if (next > w->now)
		w->now = next;
	w->h.now = w->now;
	if (who) {
		expire(w, who);
	} else if (jalur <= w->now) {
		memory_begin(w->now);
		call_engine_tick(w->h.engine, w->now);
		memory_end();
		carry_from_jalur(w);
		if (!w->next && (w->calm ? ++w->reloads % 20 == 0 : percent(w, 5)))
			restart_some(w);
	} else {
		arrive(w, timers_due(&w->flying, w->now)->owner);
	}
	return true;
}

/* Who is still in a call when Jalur has none was not told of its end. */
static inline void count_deaf(struct world *w, struct phone *p)
{
	while (!list_empty(&p->calls)) {
		struct phone_call *c = list_entry(p->calls.next, struct phone_call, node);

		w->deaf += c->phase == UP;
		if (c->server)
			sip_server_put(p->engine, w->now, c->server);
		free_call(c);
	}
}

/* They keep each dialog that began: that is none of Jalur's memory. */
static inline void phones_leave(struct world *w)
{
	size_t i;

	for (i = 0; i < NPHONES; i++)
		count_deaf(w, &w->phones[i]);
}

static inline void world_stop(struct world *w)
{
	size_t i;

	forget_users(w);
	forget_apart(w);
	phones_leave(w);
	for (i = 0; i < NPHONES; i++) {
		sip_engine_free(w->phones[i].engine);
		effects_clear(&w->phones[i].effects);
		timers_free(&w->phones[i].timers);
	}
	timers_free(&w->flying);
	wire_free(&w->wire);
}

/* Until so many have begun, and for another hour: patient phones talk for ever. */
static inline void live(struct world *w)
{
	struct __test_metadata *_metadata = w->_metadata;
	u64 end;

	while (w->started < w->wanted)
		ASSERT_TRUE(happen(w));
	for (end = w->now + 3600 * NSEC_PER_SEC; w->now < end && happen(w);)
		;
}

#endif
