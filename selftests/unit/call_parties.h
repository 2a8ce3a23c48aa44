/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parties of the stories in call_world.h, what is remembered of them, and the policy that
 * they live under.
 */
#ifndef CALL_PARTIES_H
#define CALL_PARTIES_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <linux/jalur.h>

#include "call/engine.h"
#include "call_pair.h"
#include "call_sdp.h"
#include "call/registration.h"
#include "call/watching.h"

#define UNUSED __attribute__((unused))
/* When virtual time is 0. */
#define WALL (1700000000 * NSEC_PER_SEC)
#define MAX_QUEUE 64
#define MAX_TICKETS 32
#define MAX_STORED 256

#define IP_A "192.0.2.10"
#define IP_B "10.0.0.2"
#define IP_C "10.0.0.3"
#define IP_OUTSIDE "192.0.2.1"
#define IP_ADVERTISED "198.51.100.7"
#define IP_INSIDE "10.0.0.1"

/* Each realm has a listener of every transport, all at one address and port. */
#define OUTSIDE(transport) (transport)
#define INSIDE(transport) (TRANSPORTS + (transport))
#define NLISTENERS INSIDE(TRANSPORTS)

enum who { A, B, STRANGER, C, NWHO };

struct datagram {
	char *text;
	size_t n;
};

/* A user agent: the identity of its dialog, and what arrived for it. */
struct ua {
	const char *ip;
	const char *host;		/* what it calls itself in Via and Contact */
	enum transport transport;
	struct flow flow;		/* connection 0: there is none yet */
	u64 lost;			/* the connection before that */
	char call_id[128], local_tag[64], remote_tag[64];
	char from[256], to[256];	/* our own and the peer's name-addr, no tags */
	char target[256];		/* Contact of the peer */
	u32 cseq;
	struct datagram queue[MAX_QUEUE];
	size_t head, tail;
	char *last;			/* bytes of msg */
	struct sip_msg msg;		/* taken last by expect() */
	char *invite_bytes;
	struct sip_msg invite;		/* the last INVITE among those */
};

struct harness {
	struct __test_metadata *_metadata;
	struct call_engine *engine;
	struct call_policy *policy;
	struct media_ports *ports[2];
	u64 now;
	u32 branch;
	struct call_pair over;
	u64 connections;
	size_t sent;			/* bytes of the last input */
	struct ua ua[NWHO];
	/* the fake kernel */
	bool late;			/* tickets wait for complete() */
	int apply_result;
	unsigned int fail_applies;	/* so many get apply_result, then 0 */
	u64 tickets[MAX_TICKETS];
	enum effect_kind kinds[MAX_TICKETS];
	size_t ntickets;
	unsigned int applied, removed;
	struct media_plan *plan;	/* asked for last */
	/* the store: calls that are in it, and what was written last */
	u64 stored[MAX_STORED];
	bool keeps_texts;		/* and all of them */
	char *texts[MAX_STORED];
	size_t nstored;
	char *written;
	/* and addresses-of-record: written last, and how that ends */
	char *bindings;
	int bindings_result;
	unsigned int nbindings;		/* so often */
	char *event;			/* a subscription or publication, written last */
	u64 event_record;
	bool own_contacts;		/* a REGISTER has no Contact but those of the test */
	/* names: asked for last, and how it is answered; targets that did not answer */
	char asked[64];
	struct effect_locate locate;
	u64 locate_ticket;
	unsigned int unreached;
};

/* An address and its port, or a name. */
static UNUSED void set_target(struct call_trunk_target *to, const char *text)
{
	free(to->hop.host);
	free(to->uri);
	to->hop = (struct call_next_hop){ .host = strdup(text) };
	addr_parse(slice_str(text), &to->hop.addr);
	to->weight = 1;
	if (asprintf(&to->uri, "sip:%s", text) < 0)
		abort();
}

/* ... by a transport that its URI names, unless that is UDP. */
static void set_target_over(struct call_trunk_target *to, const char *ip, enum transport transport)
{
	char text[64];

	snprintf(text, sizeof(text), "%s:5060", ip);
	set_target(to, text);
	to->hop.port = 5060;
	to->hop.transport = transport;
	to->hop.has_transport = transport != TRANSPORT_UDP;
	free(to->uri);
	if (asprintf(&to->uri, "sip:%s%s", text, uri_param(transport)) < 0)
		abort();
}

static struct call_policy *make_policy(struct harness *h)
{
	static const char *const names[2] = { "outside", "inside" };
	static const char *const trunks[3] = { "phones", "pbx", "desk" };
	static const char *const match[3] = { "192.0.2.0/24", "10.0.0.2", "10.0.0.3" };
	static const char *const targets[3] = { IP_A, IP_B, IP_C };
	static const char *const local[2] = { IP_OUTSIDE, IP_INSIDE };
	static const char *const advertise[2] = { IP_ADVERTISED, IP_INSIDE };
	struct call_policy *p = calloc(1, sizeof(*p));
	size_t i;

	p->refs = 1;
	p->nrealms = p->nroutes = 2;
	p->ntrunks = 3;
	p->realms = calloc(2, sizeof(*p->realms));
	p->trunks = calloc(3, sizeof(*p->trunks));
	p->routes = calloc(2, sizeof(*p->routes));
	for (i = 0; i < 2; i++) {
		struct call_realm *r = &p->realms[i];

		r->name = strdup(names[i]);
		r->first_listener = i ? INSIDE(h->over.b) : OUTSIDE(h->over.a);
		r->nlisteners = 1;
		r->media = calloc(1, sizeof(*r->media));
		r->nmedia = 1;
		addr_parse_ip(slice_str(local[i]), &r->media->address);
		addr_parse_ip(slice_str(advertise[i]), &r->media->advertise);
		r->media->min = 20000;
		r->media->max = 20999;
		r->latch = JALUR_LATCH_PORT;
		h->ports[i] = media_ports_new(r->media, 1, 7 + i);
		r->ports = h->ports[i];
	}
	for (i = 0; i < 3; i++) {
		struct call_trunk *t = &p->trunks[i];

		t->name = strdup(trunks[i]);
		t->realm = i > 0;
		t->match = calloc(1, sizeof(*t->match));
		t->nmatch = 1;
		prefix_parse(slice_str(match[i]), t->match);
		t->targets = calloc(1, sizeof(*t->targets));
		t->ntargets = 1;
		set_target_over(t->targets, targets[i], i ? h->over.b : h->over.a);
	}
	p->routes[0] = (struct call_route){ .name = strdup("in"), .from_realm = -1,
		.from_trunk = 0, .match.number.prefix = strdup("49") };
	p->routes[1] = (struct call_route){ .name = strdup("out"), .from_realm = 1,
		.from_trunk = -1 };
	for (i = 0; i < 2; i++) {
		p->routes[i].to = calloc(1, sizeof(*p->routes[i].to));
		p->routes[i].to[0] = (struct call_destination){ .trunk = !i, .q = 1000 };
		p->routes[i].nto = 1;
	}
	p->media_idle_ms = 60000;
	p->message_max = 2000;
	p->ring_timeout = 180 * NSEC_PER_SEC;
	p->max_duration = 3600 * NSEC_PER_SEC;
	return p;
}

/* The first route leads to the trunk "desk", too: with a lower q than 1000, after the other one. */
static UNUSED void add_destination(struct call_policy *p, u16 q)
{
	struct call_route *route = &p->routes[0];

	route->to = realloc(route->to, 2 * sizeof(*route->to));
	route->to[1] = (struct call_destination){ .trunk = 2, .q = q };
	route->nto = 2;
}

/* REFERs of all trunks are carried out, and 2000 is the third one. */
static UNUSED void policy_allows_transfers(struct call_policy *p)
{
	struct call_route *routes = calloc(p->nroutes + 1, sizeof(*routes));
	size_t i;

	memcpy(routes + 1, p->routes, p->nroutes * sizeof(*routes));
	free(p->routes);
	p->routes = routes;
	p->nroutes++;
	routes[0] = (struct call_route){ .name = strdup("desk"), .from_realm = -1,
		.from_trunk = -1, .match.number.prefix = strdup("2000") };
	routes[0].to = calloc(1, sizeof(*routes[0].to));
	routes[0].to[0] = (struct call_destination){ .trunk = 2, .q = 1000 };
	routes[0].nto = 1;
	for (i = 0; i < p->ntrunks; i++)
		p->trunks[i].transfer = CALL_TRANSFER_HANDLE;
}

#endif
