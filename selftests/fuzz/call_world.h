/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The signalling core between a caller, a callee and a stranger, for the targets that
 * put hostile bytes into it. Steps are text: a line that begins with ">a", ">b" or ">c"
 * starts a datagram from the caller, the callee or a stranger, which lasts to the next
 * such line; ">t N" lets N seconds pass; ">m" makes every end silent; ">r" lets REFERs pass
 * from now on. In a datagram "%t", "%c" and "%b" stand for the tag, Call-ID and branch that
 * the engine put into its last request, so that inputs reach into its dialogs. At the end
 * every call must come to its end by itself.
 */
#ifndef CALL_WORLD_H
#define CALL_WORLD_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <linux/jalur.h>

#include "call/engine.h"
#include "call/subscriber.h"

#define LAST_DEADLINE (200000 * NSEC_PER_SEC)

struct world {
	struct call_engine *engine;
	struct call_policy *policy;		/* the engine's */
	struct media_ports *ports[2];
	u64 now;
	char tag[64], call_id[128], branch[128];
	bool fork;
};

static const char *const ips[3] = { "192.0.2.10", "10.0.0.2", "203.0.113.66" };
static const char *const locals[2] = { "192.0.2.1", "10.0.0.1" };

static void fork_route(struct call_route *route)
{
	size_t i;

	free(route->to);
	route->nto = 3;
	route->to = calloc(3, sizeof(*route->to));
	for (i = 0; i < 3; i++)
		route->to[i] = (struct call_destination){
			.trunk = 1, .q = i < 2 ? 1000 : 500, .ring = 20 * NSEC_PER_SEC,
		};
}

/* Whose subscriber a stranger may be, of the first realm. */
static void add_domain(struct call_policy *p)
{
	struct call_domain *d = calloc(1, sizeof(*d));

	p->domains = d;
	p->ndomains = 1;
	d->name = strdup("example.com");
	d->auth_realm = strdup("example.com");
	d->realms = calloc(1, sizeof(*d->realms));
	d->nrealms = 1;
	d->subscribers = calloc(1, sizeof(*d->subscribers));
	d->nsubscribers = 1;
	d->subscribers->user = strdup("alice");
	call_subscriber_hash(&d->subscribers->secret, SLICE("alice"), SLICE("example.com"),
			     SLICE("secret"));
	d->events = (struct event_policy){
		.presence = true, .reg = EVENT_REG_TRUNKS, .dialog = true, .min = 10, .max = 600,
		.standard = 60, .subscriptions = 100, .interval = NSEC_PER_SEC / 2,
	};
	call_domain_complete(d);
	p->realms[0].challenges = true;
}

static struct call_policy *make_policy(struct world *w)
{
	struct call_policy *p = calloc(1, sizeof(*p));
	size_t i;

	p->refs = 1;
	p->nrealms = p->ntrunks = 2;
	p->nroutes = 1;
	p->realms = calloc(2, sizeof(*p->realms));
	p->trunks = calloc(2, sizeof(*p->trunks));
	p->routes = calloc(1, sizeof(*p->routes));
	for (i = 0; i < 2; i++) {
		struct call_realm *r = &p->realms[i];

		r->trusted = true;	/* the more headers pass */
		struct call_trunk *t = &p->trunks[i];

		r->name = strdup(i ? "inside" : "outside");
		r->first_listener = i;
		r->nlisteners = r->nmedia = 1;
		r->media = calloc(1, sizeof(*r->media));
		addr_parse_ip(slice_str(locals[i]), &r->media->address);
		r->media->advertise = r->media->address;
		r->media->min = 20000;
		r->media->max = 20099;
		r->latch = JALUR_LATCH_PORT;
		w->ports[i] = r->ports = media_ports_new(r->media, 1, 1 + i);
		t->name = strdup(i ? "servers" : "carrier");
		t->realm = i;
		t->transfer = CALL_TRANSFER_HANDLE;
		t->match = calloc(1, sizeof(*t->match));
		t->nmatch = 1;
		prefix_parse(slice_str(ips[i]), t->match);
		t->targets = calloc(1, sizeof(*t->targets));
		t->ntargets = 1;
		addr_parse_ip(slice_str(ips[i]), &t->targets->hop.addr);
		t->targets->hop.addr.port = 5060;
		t->targets->hop.host = strdup(ips[i]);
		t->targets->uri = strdup("sip:target.example");
	}
	p->routes[0] = (struct call_route){ .name = strdup("r"), .from_realm = -1, .from_trunk = 0,
					    .to = calloc(1, sizeof(*p->routes->to)), .nto = 1 };
	p->routes[0].to[0] = (struct call_destination){ .trunk = 1, .q = 1000 };
	if (w->fork)
		fork_route(&p->routes[0]);
	add_domain(p);
	p->media_idle_ms = 60000;
	p->ring_timeout = 180 * NSEC_PER_SEC;
	p->message_max = 2000;
	p->max_duration = 3600 * NSEC_PER_SEC;
	return p;
}

static void start(struct world *w)
{
	struct sip_listener listeners[2] = { 0 };
	struct call_engine_conf conf = {
		.sip = { .listeners = listeners, .nlisteners = 2, .software = "jalur" },
		.node = 1, .epoch = 1, .records = true,
	};
	size_t i;

	*w = (struct world){ .fork = w->fork };
	for (i = 0; i < 2; i++) {
		addr_parse_ip(slice_str(locals[i]), &listeners[i].local);
		listeners[i].local.port = 5060;
		listeners[i].advertise = listeners[i].local;
	}
	w->now = NSEC_PER_SEC;
	conf.policy = make_policy(w);
	w->engine = call_engine_new(&conf);
	w->policy = conf.policy;
	call_policy_put(conf.policy);
}

static void copy(char *to, size_t size, struct slice from)
{
	snprintf(to, size, SLICE_FMT, SLICE_ARG(from));
}

static void learn(struct world *w, struct slice bytes)
{
	struct sip_msg msg;
	struct sip_error err;

	if (sip_parse(bytes, &msg, &err))
		return;		/* the 400 to something unreadable echoes it */
	copy(w->tag, sizeof(w->tag), msg.request ? msg.from.tag : msg.to.tag);
	copy(w->call_id, sizeof(w->call_id), msg.call_id);
	copy(w->branch, sizeof(w->branch), msg.via.branch);
}

static void run(struct world *w)
{
	struct effect *effect;
	struct call_event event;

	while ((effect = call_engine_effect(w->engine))) {
		if (effect->kind == EFFECT_SEND)
			learn(w, slice_of(effect->bytes, effect->len));
		else if (effect->kind == EFFECT_LOCATE)
			call_engine_located(w->engine, w->now, effect->ticket, -ENOENT, "no", "",
					    NULL, 0);
		else if (effect->ticket)
			call_engine_complete(w->engine, w->now, effect->ticket, 0, NULL);
		effect_free(effect);
	}
	while (call_engine_event(w->engine, &event))
		call_event_clear(&event);
}

static void pass_time(struct world *w, u64 until)
{
	unsigned int turns = 0;

	while (call_engine_deadline(w->engine) <= until && turns++ < 100000) {
		if (call_engine_deadline(w->engine) > w->now)
			w->now = call_engine_deadline(w->engine);
		call_engine_tick(w->engine, w->now);
		run(w);
	}
	if (until > w->now)
		w->now = until;
}

static void silence(void *arg, const struct call_view *view)
{
	struct media_event *events = arg;
	size_t i, n;

	for (n = 0; n < 64 && events[n].session; n++)
		;
	for (i = 0; view->plan && i < view->plan->nends && n < 64; i++, n++)
		events[n] = (struct media_event){ .type = MEDIA_EVENT_TIMED_OUT,
			.session = view->id, .end = view->plan->ends[i].id };
}

static void media_step(struct world *w)
{
	struct media_event events[64] = { 0 };
	size_t i;

	call_engine_each(w->engine, silence, events);
	for (i = 0; i < 64 && events[i].session; i++)
		call_engine_media_event(w->engine, w->now, &events[i]);
	run(w);
}

static void let_refers_pass(struct world *w)
{
	size_t i;

	for (i = 0; i < w->policy->ntrunks; i++)
		w->policy->trunks[i].transfer = CALL_TRANSFER_PASS;
}

static const char *substitute(const struct world *w, char key)
{
	return key == 't' ? w->tag : key == 'c' ? w->call_id : key == 'b' ? w->branch : NULL;
}

static void datagram(struct world *w, int who, const char *p, size_t n)
{
	struct flow flow = { .listener = who == 1 };
	size_t size = n + 128 * 64, len = 0, i, subst = 0;
	char *bytes = malloc(size), *exact;

	for (i = 0; i < n; i++) {
		const char *s = p[i] == '%' && i + 1 < n && subst < 60 ?
				substitute(w, p[i + 1]) : NULL;

		if (!s) {
			bytes[len++] = p[i];
			continue;
		}
		len += (size_t)sprintf(bytes + len, "%s", s);
		subst++;
		i++;
	}
	exact = malloc(len ? len : 1);
	memcpy(exact, bytes, len);
	addr_parse_ip(slice_str(ips[who]), &flow.peer);
	flow.peer.port = 5060;
	call_engine_input(w->engine, w->now, &flow, slice_of(exact, len));
	run(w);
	free(exact);
	free(bytes);
}

static void step(struct world *w, const char *p, size_t n)
{
	const char *line = memchr(p, '\n', n);
	size_t head = line ? (size_t)(line - p) + 1 : n;

	if (n < 2)
		return;
	if (p[1] >= 'a' && p[1] <= 'c')
		datagram(w, p[1] - 'a', p + head, n - head);
	else if (p[1] == 't')
		pass_time(w, w->now + (n > 3 ? (u64)(p[3] & 0x3f) : 1) * NSEC_PER_SEC);
	else if (p[1] == 'm')
		media_step(w);
	else if (p[1] == 'r')
		let_refers_pass(w);
}

static void steps(struct world *w, const char *text, size_t size)
{
	size_t at = 0, i;

	for (i = 1; i <= size; i++) {
		if (i < size && !(text[i] == '>' && text[i - 1] == '\n'))
			continue;
		step(w, text + at, i - at);
		at = i;
	}
}

static void stop(struct world *w)
{
	size_t i;

	call_engine_stop(w->engine, w->now);
	run(w);
	pass_time(w, w->now + LAST_DEADLINE);
	if (call_engine_calls(w->engine))
		abort();	/* a call that never ends */
	call_engine_free(w->engine);
	for (i = 0; i < 2; i++) {
		if (media_ports_used(w->ports[i]))
			abort();
		media_ports_free(w->ports[i]);
	}
}

#endif
