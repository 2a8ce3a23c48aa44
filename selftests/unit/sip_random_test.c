// SPDX-License-Identifier: GPL-2.0-only
/*
 * SIP engines call each other at random through a bad network, until 100 000
 * transactions have been seen: calls that ring, fork, are cancelled, refused,
 * answered, changed and ended by either side, and requests beside them that are
 * answered at once, late or never. Nobody waits for anybody. An observer holds
 * every message to the rules; each request comes to exactly one end; and when all
 * timers have run out, nothing is left. SEED=n in the environment runs one
 * again; it is printed in any case.
 */
#include <errno.h>

#include "kselftest_harness.h"
#include "sip_random.h"

#ifdef __SANITIZE_ADDRESS__
#define TRANSACTIONS 15000
#else
#define TRANSACTIONS 100000
#endif

enum { TIMER_CALL = 100, TIMER_LATER, TIMER_START };
enum phase { CALLING, RINGING, UP, OVER };

struct call {
	struct list all;
	struct side *side;
	enum phase phase;
	struct sip_dialog *dialog;
	struct sip_dialog *twin;	/* another early dialog that we answered the INVITE with */
	struct sip_client *invite;	/* of ours, no final response yet */
	struct sip_server *server;	/* an INVITE that we owe the final response */
	struct timer action;
	struct list requests;		/* of ours that were not finally answered */
};

/* A request of ours: who is to hear of it. */
struct request {
	struct list of_call;
	struct list all;
	struct call *call;
	enum sip_method method;
	bool final;
};

/* A request that we answer later. */
struct later {
	struct timer timer;
	struct sip_server *server;
};

static struct {
	struct list calls, requests;
	struct timer start[SIDES];
	u64 target, nrequests, unanswered, twice, answered, refused, timeouts, failed, forks;
	u64 cancels, no_acks, acks, reliable, no_pracks;
} now;

static void act_in(struct call *c, u64 ms)
{
	timer_arm(&c->side->timers, &c->action, c->side->world->now + ms * MSEC);
}

/* --- calls --- */

static struct call *new_call(struct side *s, enum phase phase)
{
	struct call *c = calloc(1, sizeof(*c));

	c->side = s;
	c->phase = phase;
	c->action = (struct timer){ .kind = TIMER_CALL, .owner = c };
	list_init(&c->requests);
	list_add_tail(&now.calls, &c->all);
	timers_reserve(&s->timers, 1);
	return c;
}

static void free_call(struct call *c)
{
	struct sip_engine *e = c->side->engine;

	while (!list_empty(&c->requests)) {
		struct request *r = list_entry(c->requests.next, struct request, of_call);

		r->call = NULL;
		list_del(&r->of_call);
	}
	timer_disarm(&c->side->timers, &c->action);
	timers_release(&c->side->timers, 1);
	if (c->twin)
		sip_dialog_free(e, c->twin);
	sip_dialog_free(e, c->dialog);
	list_del(&c->all);
	free(c);
}

static void answer(struct call *c, u16 status)
{
	struct sip_server *server = c->server;
	struct world *w = c->side->world;

	c->server = NULL;
	if (chance(w, 30) || status < 300)
		sip_respond(c->side->engine, w->now, server, c->dialog, status, NULL, NULL);
	sip_server_put(c->side->engine, w->now, server);
}

/* Whatever is still open ends by itself; a dialog lives on for a while, or does not. */
static void end_call(struct call *c)
{
	struct world *w = c->side->world;

	if (c->server)
		answer(c, 487);
	if (c->invite)
		sip_cancel(c->side->engine, w->now, c->invite, SLICE(""));
	c->phase = OVER;
	act_in(c, 1 + chance(w, 40000));
}

static struct sip_client *ask(struct call *c, enum sip_method method)
{
	struct request *r = calloc(1, sizeof(*r));
	struct world *w = c->side->world;
	struct sip_content content = { .headers = slice_str(method == SIP_INVITE && percent(w, 80) ?
							    "Supported: 100rel\r\n" : "") };
	struct sip_client *client = NULL;

	r->method = method;
	r->call = c;
	list_add_tail(&c->requests, &r->of_call);
	list_add_tail(&now.requests, &r->all);
	now.nrequests++;
	now.unanswered++;
	sip_request(c->side->engine, w->now, c->dialog, method, &content, r, &client);
	return client;
}

static void hang_up(struct call *c)
{
	ask(c, SIP_BYE);
	end_call(c);
}

static void start_call(struct side *s, enum sip_method method)
{
	struct world *w = s->world;
	struct side *to = &w->sides[(s->number + 1 + chance(w, SIDES - 1)) % SIDES];
	struct sip_dialog_target target = {
		.request_uri = SLICE("sip:b@example.net"), .from = SLICE("<sip:a@example.com>"),
		.to = SLICE("<sip:b@example.net>"), .flow = { .peer = to->local },
	};
	struct call *c = new_call(s, CALLING);
	struct sip_client *client;

	c->dialog = sip_dialog_new_uac(s->engine, &target, c);
	client = ask(c, method);
	if (method != SIP_INVITE)
		end_call(c);
	else
		c->invite = client;
	/* Nobody lets it ring for ever: a final response may be lost each time. */
	if (c->invite)
		act_in(c, percent(w, 30) ? chance(w, 6000) : 60000);
}

/* --- what time brings --- */

static void ring(struct call *c)
{
	struct world *w = c->side->world;
	bool forked = c->twin && c->phase == RINGING;
	struct sip_dialog *d = forked && percent(w, 50) ? c->twin : c->dialog;
	u16 status = percent(w, 50) ? 180 : 183;

	if (percent(w, 30) ||
	    sip_respond_reliable(c->side->engine, w->now, c->server, d, status, NULL, NULL))
		sip_respond(c->side->engine, w->now, c->server, d, status, NULL, NULL);
	/* Now and then so long that it matters whether the PRACK comes. */
	act_in(c, chance(w, percent(w, 15) ? 130 * w->observer.t1 / MSEC : 3000));
}

static void decide(struct call *c)
{
	static const u16 failures[] = { 302, 404, 480, 486, 500, 503, 603 };
	struct world *w = c->side->world;

	if (percent(w, 30)) {
		ring(c);
	} else if (percent(w, 70)) {
		answer(c, 200);
		c->phase = UP;
		act_in(c, chance(w, 30000));
	} else {
		answer(c, failures[chance(w, 7)]);
		if (c->phase == RINGING)
			end_call(c);
		else
			act_in(c, chance(w, 30000));
	}
}

static void talk(struct call *c)
{
	static const enum sip_method methods[] = { SIP_UPDATE, SIP_INFO, SIP_OPTIONS, SIP_INVITE };
	struct world *w = c->side->world;
	enum sip_method method = methods[chance(w, 4)];

	if (percent(w, 30)) {
		hang_up(c);
		return;
	}
	if (method != SIP_INVITE)
		ask(c, method);
	else if (!c->invite && !c->server)
		c->invite = ask(c, method);
	act_in(c, chance(w, 10000));
}

static void act_on_call(struct call *c)
{
	if (c->phase == OVER)
		free_call(c);
	else if (c->server)
		decide(c);
	else if (c->phase == UP)
		talk(c);
	else if (c->invite && !sip_cancel(c->side->engine, c->side->world->now, c->invite,
					  SLICE("Reason: SIP;cause=487\r\n")))
		now.cancels++;
}

static void act(struct side *s, struct timer *t)
{
	struct later *later = t->owner;

	if (t->kind == TIMER_CALL) {
		act_on_call(t->owner);
	} else if (t->kind == TIMER_LATER) {
		sip_respond(s->engine, s->world->now, later->server, NULL,
			    percent(s->world, 80) ? 200 : 404, NULL, NULL);
		sip_server_put(s->engine, s->world->now, later->server);
		timers_release(&s->timers, 1);
		free(later);
	} else if (s->world->observer.transactions < now.target) {
		start_call(s, percent(s->world, 75) ? SIP_INVITE :
			      percent(s->world, 50) ? SIP_OPTIONS : SIP_MESSAGE);
		timer_arm(&s->timers, t, s->world->now + chance(s->world, 400) * MSEC);
	}
}

/* --- what the engine tells --- */

static void take_invite(struct side *s, const struct sip_event *ev)
{
	struct world *w = s->world;
	struct call *c = new_call(s, RINGING);

	if (sip_dialog_new_uas(s->engine, ev->server, c, &c->dialog)) {
		sip_respond(s->engine, w->now, ev->server, NULL, 400, NULL, NULL);
		sip_server_put(s->engine, w->now, ev->server);
		end_call(c);
		return;
	}
	if (percent(w, 10))
		sip_dialog_new_uas(s->engine, ev->server, c, &c->twin);
	c->server = ev->server;
	sip_server_set_user(ev->server, c);
	if (percent(w, 20))
		decide(c);
	else
		act_in(c, chance(w, 2000));
}

/* RFC 3261 §14.2: one at a time. */
static void take_reinvite(struct side *s, struct call *c, const struct sip_event *ev)
{
	struct world *w = s->world;

	if (c->invite || c->server || c->phase == OVER) {
		sip_respond(s->engine, w->now, ev->server, ev->dialog, c->invite ? 491 : 500, NULL,
			    NULL);
		sip_server_put(s->engine, w->now, ev->server);
		return;
	}
	c->server = ev->server;
	sip_server_set_user(ev->server, c);
	act_in(c, chance(w, 3000));
}

static void take_other(struct side *s, struct call *c, const struct sip_event *ev)
{
	struct world *w = s->world;
	struct later *later;

	if (ev->msg->method == SIP_BYE || percent(w, 60)) {
		sip_respond(s->engine, w->now, ev->server, ev->dialog, 200, NULL, NULL);
		sip_server_put(s->engine, w->now, ev->server);
		if (ev->msg->method == SIP_BYE && c && c->phase != OVER)
			end_call(c);
		return;
	}
	if (percent(w, 20))
		sip_respond(s->engine, w->now, ev->server, ev->dialog, 183, NULL, NULL);
	later = calloc(1, sizeof(*later));
	later->server = ev->server;
	later->timer = (struct timer){ .kind = TIMER_LATER, .owner = later };
	timers_reserve(&s->timers, 1);
	timer_arm(&s->timers, &later->timer, w->now + chance(w, percent(w, 10) ? 40000 : 3000) * MSEC);
}

/* A fork that is heard of before it answers has its dialog from then on. */
static void take_reliable(struct side *s, const struct sip_event *ev)
{
	struct sip_dialog *d = ev->dialog;
	struct call *c;
	int err;

	err = sip_dialog_response(s->engine, d, ev->msg);
	if (err == -EEXIST) {
		d = sip_dialog_fork(s->engine, d, ev->msg);
		if (!d)
			return;
		c = new_call(s, OVER);
		c->dialog = d;
		d->user = c;
		act_in(c, 60000);
	} else if (err) {
		return;
	}
	now.reliable++;
	if (d->rack.owed && percent(s->world, 85))
		ask(d->user, SIP_PRACK);
}

/* A 2xx is acknowledged, each of a fork in its own dialog; only the first is kept. */
static void take_success(struct side *s, struct request *r, const struct sip_event *ev)
{
	struct sip_dialog *d = ev->dialog;
	struct call *c;

	if (!d)
		return;
	if (sip_dialog_response(s->engine, d, ev->msg) == -EEXIST) {
		d = sip_dialog_fork(s->engine, d, ev->msg);
		if (!d)
			return;
		c = new_call(s, UP);
		c->dialog = d;
		d->user = c;
		now.forks++;
	}
	c = d->user;
	sip_ack(s->engine, s->world->now, ev->client, d, NULL);
	if (c->phase == OVER || r->final) {
		hang_up(c);
		return;
	}
	c->phase = UP;
	now.answered++;
	act_in(c, chance(s->world, 30000));
}

static void finish_request(struct request *r, const struct sip_event *ev)
{
	struct call *c = r->call;
	u16 status = ev->type == SIP_EVENT_RESPONSE ? ev->msg->status : 408;
	bool prack = r->method == SIP_PRACK, initial = c && c->phase == CALLING && !prack;

	now.twice += r->final;
	now.unanswered -= !r->final;
	now.timeouts += ev->type == SIP_EVENT_TIMEOUT;
	now.failed += ev->type == SIP_EVENT_FAILED;
	now.refused += status >= 300;
	r->final = true;
	list_del(&r->of_call);
	r->call = NULL;
	if (c && r->method == SIP_INVITE)
		c->invite = NULL;
	/* Another fork than the one that it heard of first may have answered. */
	if (c && initial)
		end_call(c);
	else if (c && c->phase != OVER && !prack && (status == 408 || status == 481))
		hang_up(c);
}

static void take_response(struct side *s, const struct sip_event *ev)
{
	struct request *r = ev->user;
	bool response = ev->type == SIP_EVENT_RESPONSE;

	if (response && ev->msg->status < 200) {
		if (ev->reliable && ev->dialog)
			take_reliable(s, ev);
		else if (ev->dialog)
			sip_dialog_response(s->engine, ev->dialog, ev->msg);
		return;
	}
	if (response && ev->msg->status < 300 && r->method == SIP_INVITE) {
		take_success(s, r, ev);
		if (r->final)
			return;
	}
	finish_request(r, ev);
}

static void take_request(struct side *s, const struct sip_event *ev)
{
	struct call *c = ev->dialog ? ev->user : NULL;

	if (ev->msg->method == SIP_INVITE && !ev->dialog)
		take_invite(s, ev);
	else if (ev->msg->method == SIP_INVITE)
		take_reinvite(s, c, ev);
	else
		take_other(s, c, ev);
}

static void take(struct side *s, const struct sip_event *ev)
{
	struct call *c = ev->user;

	switch (ev->type) {
	case SIP_EVENT_NONE:
		break;
	case SIP_EVENT_REQUEST:
		take_request(s, ev);
		break;
	case SIP_EVENT_ACK:
		now.acks++;
		break;
	case SIP_EVENT_NO_ACK:
		now.no_acks++;
		if (c->phase != OVER)
			hang_up(c);
		break;
	case SIP_EVENT_CANCEL:
	case SIP_EVENT_NO_PRACK:
		now.no_pracks += ev->type == SIP_EVENT_NO_PRACK;
		answer(c, ev->type == SIP_EVENT_CANCEL ? 487 : 504);
		if (c->phase == RINGING)
			end_call(c);
		break;
	default:
		take_response(s, ev);
	}
	/* Now and then the network says that nobody is there. */
	if (!chance(s->world, 5000))
		no_route(s, &(struct flow){ .peer = s->world->sides[(s->number + 1) % SIDES].local });
}

/* --- the run --- */

static u64 seed_given(void)
{
	const char *given = getenv("SEED");

	return given ? strtoull(given, NULL, 0) : 20261123;
}

static void begin(struct world *w, u64 target)
{
	size_t i;

	memset(&now, 0, sizeof(now));
	list_init(&now.calls);
	list_init(&now.requests);
	now.target = target;
	w->take = take;
	w->act = act;
	for (i = 0; i < SIDES; i++) {
		now.start[i] = (struct timer){ .kind = TIMER_START };
		timers_reserve(&w->sides[i].timers, 1);
		timer_arm(&w->sides[i].timers, &now.start[i], w->now + i);
	}
}

static void check_rest(struct __test_metadata *_metadata, struct world *w)
{
	size_t i;

	EXPECT_TRUE(list_empty(&now.calls));
	EXPECT_EQ(now.unanswered, 0);
	EXPECT_EQ(now.twice, 0);
	EXPECT_EQ(w->observer.violations, 0);
	EXPECT_EQ(w->flying.reserved, 0);
	for (i = 0; i < SIDES; i++) {
		EXPECT_EQ(side_counter(&w->sides[i], "sip-server-transactions"), 0);
		EXPECT_EQ(side_counter(&w->sides[i], "sip-client-transactions"), 0);
		EXPECT_EQ(side_counter(&w->sides[i], "sip-dialogs"), 0);
		EXPECT_EQ(side_counter(&w->sides[i], "sip-no-memory"), 0);
		EXPECT_EQ(w->sides[i].timers.reserved, 1);
	}
}

/* That something of everything happened: else the run shows little. */
static void check_variety(struct __test_metadata *_metadata, struct world *w)
{
	EXPECT_GE(w->observer.transactions, now.target);
	if (!w->weather.reliable)
		EXPECT_GT(w->observer.again, now.target / 10);
	EXPECT_GT(now.answered, now.target / 100);
	EXPECT_GT(now.refused, now.target / 100);
	EXPECT_GT(now.cancels, now.target / 200);
	EXPECT_GT(now.acks, now.target / 100);
	EXPECT_GT(now.timeouts + now.failed, 0);
	EXPECT_GT(w->observer.pracks, now.target / 50);
	EXPECT_GT(now.reliable, w->observer.pracks);
	/* Rare: a short run may have none. */
	EXPECT_GE(now.no_pracks, now.target / 5000);
}

static void free_requests(void)
{
	while (!list_empty(&now.requests)) {
		struct request *r = list_entry(now.requests.next, struct request, all);

		list_del(&r->all);
		free(r);
	}
}

static void run_in(struct __test_metadata *_metadata, const struct weather *weather, u64 t1, u64 t2,
		   u64 t4, u64 target)
{
	struct world *w = malloc(sizeof(*w));
	u64 seed = seed_given();

	world_start(w, seed, weather, t1, t2, t4);
	begin(w, target);
	while (happen(w) && w->observer.violations < 5)
		;
	check_variety(_metadata, w);
	check_rest(_metadata, w);
	TH_LOG("SEED=%llu: %llu transactions, %llu messages (%llu again), %llu lost, %llu doubled",
	       (unsigned long long)seed, (unsigned long long)w->observer.transactions,
	       (unsigned long long)w->observer.messages, (unsigned long long)w->observer.again,
	       (unsigned long long)w->lost, (unsigned long long)w->doubled);
	TH_LOG("%llu answered, %llu refused, %llu cancelled, %llu timeouts, %llu forks, %llu without ACK",
	       (unsigned long long)now.answered, (unsigned long long)now.refused,
	       (unsigned long long)now.cancels, (unsigned long long)now.timeouts,
	       (unsigned long long)now.forks, (unsigned long long)now.no_acks);
	TH_LOG("%llu reliable, %llu PRACKs, %llu INVITEs without PRACK",
	       (unsigned long long)now.reliable, (unsigned long long)w->observer.pracks,
	       (unsigned long long)now.no_pracks);
	world_free(w);
	free_requests();
	free(w);
}

TEST(a_hundred_thousand_transactions_through_a_bad_network)
{
	struct weather bad = { .loss = 15, .doubled = 10, .late = 10, .forked = 10,
			       .delay = 200 * MSEC, .lateness = 3 * SEC };

	run_in(_metadata, &bad, 500 * MSEC, 4 * SEC, 5 * SEC, TRANSACTIONS);
}

TEST(datagrams_that_are_damaged_on_the_way)
{
	struct weather damaging = { .loss = 5, .doubled = 5, .late = 5, .forked = 5, .damaged = 500,
				    .delay = 100 * MSEC, .lateness = SEC };

	run_in(_metadata, &damaging, 500 * MSEC, 4 * SEC, 5 * SEC, TRANSACTIONS / 4);
}

TEST(other_timers_than_the_default)
{
	struct weather fast = { .loss = 30, .doubled = 10, .late = 5, .forked = 20,
				.delay = 50 * MSEC, .lateness = 500 * MSEC };

	run_in(_metadata, &fast, 100 * MSEC, SEC, SEC, TRANSACTIONS / 4);
}

TEST(connections)
{
	struct weather fair = { .reliable = true, .forked = 10, .delay = 50 * MSEC };

	run_in(_metadata, &fair, 500 * MSEC, 4 * SEC, 5 * SEC, TRANSACTIONS / 4);
}

TEST_HARNESS_MAIN
