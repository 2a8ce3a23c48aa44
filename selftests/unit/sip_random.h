/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A virtual network between SIP engines, in virtual time: datagrams are lost,
 * doubled, delayed, overtaken and damaged; an INVITE may be forked on the way to
 * a second engine. One heap holds what is flying; the next thing that happens,
 * anywhere, is what the world does next. All chance comes from one seed.
 */
#ifndef SIP_RANDOM_H
#define SIP_RANDOM_H

#include "base/random.h"
#include "sip_observer.h"

#define SIDES 3
#define MSEC NSEC_PER_MSEC
#define SEC NSEC_PER_SEC

struct world;

struct side {
	struct world *world;
	unsigned int number;
	struct sip_engine *engine;
	struct effects effects;
	struct timers timers;
	struct addr local;
};

/* What the network does to datagrams. */
struct weather {
	u32 loss, doubled, late;	/* percent */
	u32 damaged;			/* of 10 000 */
	u32 forked;			/* percent of the INVITEs outside of a dialog */
	u64 delay, lateness;		/* ns at most */
	bool reliable;			/* connections: whole and in order, until they end */
};

struct datagram {
	struct timer due;		/* in the world's heap */
	struct side *to;
	struct flow flow;
	size_t n;
	char bytes[];
};

struct world {
	struct side sides[SIDES];
	struct timers flying;
	struct random random;
	struct weather weather;
	struct observer observer;
	u64 now;
	u64 lost, doubled, damaged, forked;
	u64 latest;			/* arrival of what was sent last */
	/* What the caller of an engine does with an event, and with its own timers. */
	void (*take)(struct side *s, const struct sip_event *event);
	void (*act)(struct side *s, struct timer *t);
};

static inline u64 chance(struct world *w, u64 below)
{
	return random_u64(&w->random) % below;
}

static inline bool percent(struct world *w, u32 p)
{
	return chance(w, 100) < p;
}

/* --- the way out --- */

static inline struct side *side_at(struct world *w, const struct addr *a)
{
	size_t i;

	for (i = 0; i < SIDES; i++)
		if (addr_eq(&w->sides[i].local, a))
			return &w->sides[i];
	return NULL;
}

static inline void damage(struct world *w, struct datagram *d)
{
	if (chance(w, 10000) >= w->weather.damaged || !d->n)
		return;
	d->bytes[chance(w, d->n)] ^= (char)(1 + chance(w, 127));
	w->damaged++;
}

static inline void fly(struct world *w, struct side *from, struct side *to, struct slice bytes)
{
	u64 delay = MSEC + chance(w, w->weather.delay);
	struct datagram *d;

	if (!to || percent(w, w->weather.loss)) {
		w->lost++;
		return;
	}
	if (percent(w, w->weather.late))
		delay += chance(w, w->weather.lateness);
	d = malloc(sizeof(*d) + bytes.n);
	*d = (struct datagram){ .to = to, .n = bytes.n };
	d->due.owner = d;
	d->flow.peer = from->local;
	memcpy(d->bytes, bytes.p, bytes.n);
	damage(w, d);
	timers_reserve(&w->flying, 1);
	d->due.deadline = w->now + delay;
	if (w->weather.reliable && d->due.deadline <= w->latest)
		d->due.deadline = w->latest + 1;
	w->latest = d->due.deadline;
	timer_arm(&w->flying, &d->due, w->latest);
}

/*
 * A fork of the network's own: what belongs to a chosen branch goes to both of the two
 * engines that share an IP address. The branch decides, so that it is always the same.
 */
static inline struct side *other_target(struct world *w, const struct side *to)
{
	const struct sip_msg *msg = &w->observer.msg;

	if (!to || !to->number || !msg->request || (msg->to.tag.n && msg->method != SIP_ACK) ||
	    (msg->method != SIP_INVITE && msg->method != SIP_CANCEL && msg->method != SIP_ACK) ||
	    bytes_hash(&w->observer, msg->via.branch) % 100 >= w->weather.forked)
		return NULL;
	return &w->sides[3 - to->number];
}

/* All that the engine wants sent now, for this reason. */
static inline void carry(struct side *s, enum cause cause)
{
	struct world *w = s->world;
	struct effect *e;

	w->observer.cause = cause;
	w->observer.now = w->now;
	while ((e = effects_pop(&s->effects))) {
		struct slice bytes = slice_of(e->bytes, e->len);
		struct side *to = side_at(w, &e->flow.peer), *fork;

		observer_leaves(&w->observer, s->number, bytes);
		fork = other_target(w, to);
		fly(w, s, to, bytes);
		if (fork && fork != s) {
			fly(w, s, fork, bytes);
			w->forked++;
		}
		if (percent(w, w->weather.doubled)) {
			fly(w, s, to, bytes);
			w->doubled++;
		}
		effect_free(e);
	}
}

/* --- the way in --- */

static inline void arrive(struct world *w, struct datagram *d)
{
	struct side *s = d->to;
	struct sip_event event;

	timers_release(&w->flying, 1);
	w->observer.now = w->now;
	observer_arrives(&w->observer, s->number, slice_of(d->bytes, d->n));
	sip_engine_input(s->engine, w->now, &d->flow, slice_of(d->bytes, d->n), &event);
	carry(s, CAUSE_INPUT);
	w->take(s, &event);
	sip_engine_keep(s->engine);
	carry(s, CAUSE_CALLER);
	free(d);
}

static inline void expire(struct world *w, struct side *s)
{
	struct timer *t = timers_due(&s->timers, w->now);
	struct sip_event event;

	if (t->kind >= 100) {
		w->act(s, t);
		carry(s, CAUSE_CALLER);
		return;
	}
	sip_engine_timer(s->engine, w->now, t, &event);
	carry(s, CAUSE_TIMER);
	w->take(s, &event);
	carry(s, CAUSE_CALLER);
}

static inline void no_route(struct side *s, const struct flow *flow)
{
	struct sip_event event;

	do {
		sip_engine_unreachable(s->engine, s->world->now, flow, &event);
		s->world->take(s, &event);
		carry(s, CAUSE_CALLER);
	} while (event.type != SIP_EVENT_NONE);
}

/* The next thing that happens. false: nothing ever will. */
static inline bool happen(struct world *w)
{
	u64 next = timers_next(&w->flying);
	struct side *who = NULL;
	size_t i;

	for (i = 0; i < SIDES; i++) {
		if (timers_next(&w->sides[i].timers) >= next)
			continue;
		who = &w->sides[i];
		next = timers_next(&who->timers);
	}
	if (next == UINT64_MAX)
		return false;
	if (next > w->now)
		w->now = next;
	if (who)
		expire(w, who);
	else
		arrive(w, timers_due(&w->flying, w->now)->owner);
	return true;
}

/* --- life --- */

static inline u64 side_counter(const struct side *s, const char *name)
{
	const struct sip_counter *c;

	for (c = sip_engine_counters(s->engine); c->name; c++)
		if (!strcmp(c->name, name))
			return c->value;
	return UINT64_MAX;
}

static inline void world_start(struct world *w, u64 seed, const struct weather *weather, u64 t1,
			       u64 t2, u64 t4)
{
	static const char *const at[SIDES] = { "192.0.2.1:5060", "192.0.2.2:5060",
					       "192.0.2.2:5070" };
	struct sip_listener listener = { 0 };
	struct sip_engine_conf conf = { .listeners = &listener, .nlisteners = 1, .t1 = t1,
					.t2 = t2, .t4 = t4, .software = "jalur" };
	size_t i;

	memset(w, 0, sizeof(*w));
	memcpy(conf.seed, &seed, sizeof(seed));
	random_init(&w->random, conf.seed);
	w->weather = *weather;
	w->now = 1000 * SEC;
	timers_init(&w->flying);
	observer_init(&w->observer, t1, t2, t4);
	w->observer.corrupts = weather->damaged;
	w->observer.reliable = weather->reliable;
	listener.transport = weather->reliable ? TRANSPORT_TCP : TRANSPORT_UDP;
	for (i = 0; i < SIDES; i++) {
		struct side *s = &w->sides[i];

		s->world = w;
		s->number = (unsigned int)i;
		addr_parse(slice_str(at[i]), &listener.local);
		s->local = listener.local;
		effects_init(&s->effects);
		timers_init(&s->timers);
		conf.seed[31] = (u8)(i + 1);
		s->engine = sip_engine_new(&conf, &s->effects, &s->timers);
	}
}

static inline void world_free(struct world *w)
{
	size_t i;

	for (i = 0; i < SIDES; i++) {
		sip_engine_free(w->sides[i].engine);
		effects_clear(&w->sides[i].effects);
		timers_free(&w->sides[i].timers);
	}
	timers_free(&w->flying);
	observer_free(&w->observer);
}

#endif
