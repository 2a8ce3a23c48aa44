/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Phones for the random run of calls: each is a SIP engine with a person in front of
 * it who rings, answers, refuses, holds, changes his mind, refers the other to somebody else
 * and hangs up by chance, and sometimes just sits there. The network between the phones and Jalur loses, doubles
 * and delays datagrams; the relay is slow and at times refuses. All chance comes from
 * one seed.
 */
#ifndef CALL_RANDOM_H
#define CALL_RANDOM_H

#include "base/random.h"
#include "call_random_wire.h"
#include "call_world.h"
#include "nomem.h"

#define MSEC NSEC_PER_MSEC
/* The first of them call, then one is two subscribers', and the last: call_random_apart.h. */
#define NPHONES 7
#define NCALLERS 3
#define AUTHOR 4
#define TELLER IP_B ":5070"
#define ANOTHER IP_C ":5070"
#define MAX_KEPT 512
#define MAX_TAKEN 65536
#define MAX_OPEN 1024
#define MAX_REFERRALS 8
/* Somebody in a call is asked what to do by who is in it, too: call_random_party.h. */
#define OF_PARTIES 0x40000000u

enum { TIMER_PHONE_CALL = 100, TIMER_NEXT, TIMER_VISIT, TIMER_APART };
enum phase { CALLING, RINGING, UP, OVER };

struct phone {
	struct world *world;
	enum who who;
	const char *sdp, *hold;
	struct sip_engine *engine;
	struct effects effects;
	struct timers timers;
	struct flow here, jalur;	/* as Jalur sees it; as it sees Jalur */
	struct timer next;
	struct list calls;
	struct list aparts;		/* what is outside of those */
	void (*start)(struct phone *p);
	void (*take)(struct phone *p, const struct sip_event *ev);
	u64 gone_until;			/* unplugged: hears nothing, and is not heard */
};

/* What is in the store of a subscription or a publication. */
struct kept {
	u64 record;
	char *text;
};

/* Whose a dialog or transaction is; what the two have begins so. */
struct owner {
	struct list node;
	bool apart;			/* struct apart, or struct phone_call */
};

struct phone_call {
	struct list node;
	bool apart;
	struct phone *phone;
	enum phase phase;
	struct sip_dialog *dialog;
	struct sip_client *invite, *other;
	struct sip_server *server;	/* an INVITE that is not finally answered */
	bool offered;			/* it has an offer */
	bool said;			/* our offer or answer is in a reliable response */
	bool heard;			/* a BYE came, or ours was finally answered */
	bool patient;			/* never hangs up by itself */
	bool referred;			/* the other was, to somebody else */
	u32 referrals[MAX_REFERRALS];	/* CSeqs of those REFERs */
	size_t nreferrals;
	u32 refer_id;			/* he was referred by the other: CSeq; 0: not now */
	u32 told, heard_of;		/* NOTIFYs of that; and the last of the other's */
	u64 heard_reloads;
	struct sip_client *telling;
	struct timer action;
};

struct arrival {
	struct timer due;
	struct phone *phone;		/* NULL: for Jalur */
	struct flow flow;
	u64 ticket;			/* not 0: what the relay says instead */
	enum effect_kind kind;
	int result;
	u64 session;
	size_t n;
	char bytes[];
};

struct world {
	struct __test_metadata *_metadata;
	struct harness h;
	struct phone phones[NPHONES];
	struct timers flying;
	struct random random;
	struct wire wire;
	bool calm;			/* nothing is lost or late, and nobody is moody */
	/* NULL: all is left to chance */
	void (*arrange)(struct world *w);	/* before Jalur begins */
	void (*next)(struct world *w);	/* what is done next */
	void (*act)(struct phone_call *c);
	void (*reconfigure)(struct world *w);
	u64 now;
	unsigned int started, wanted;
	unsigned int answered, refused, cancelled, byes, reinvites, lost, sessions, updates;
	unsigned int reloaded;		/* calls that went on from what was written of them */
	unsigned int refers, attended, told;	/* and NOTIFYs of those */
	u64 open[MAX_OPEN];		/* sessions of the relay */
	size_t nopen;
	struct kept kept[MAX_KEPT];
	size_t nkept;
	struct sip_auth_client *auth[2];	/* of alice, and of bob */
	unsigned int watches, notified, published, registered, vanished, kept_reloaded;
	unsigned int deaf;		/* phones that were not told of the end */
	/* outside of calls */
	unsigned int aparts, tellers, apart_answers, subscribed, unsubscribed, heard, by_hand;
	unsigned int ended_as_planned, delivered, carried_reloaded, reloads;
	unsigned int parties, passed, passed_told, led, named, lamps;
	bool taken[MAX_TAKEN];		/* somebody said 2xx to it */
};

static inline u64 chance(struct world *w, u64 below)
{
	return random_u64(&w->random) % below;
}

static inline bool percent(struct world *w, u32 p)
{
	return chance(w, 100) < p;
}

/* --- the network --- */

static inline void fly(struct world *w, struct arrival *a, u64 delay)
{
	a->due.owner = a;
	timers_reserve(&w->flying, 1);
	timer_arm(&w->flying, &a->due, w->now + delay);
}

static inline void send_bytes(struct world *w, struct phone *to, const struct flow *flow,
			      struct slice bytes)
{
	unsigned int copies = 1 + (!w->calm && percent(w, 2));
	struct arrival *a;

	if ((!w->calm && percent(w, 4)) || (to && w->now < to->gone_until)) {
		w->lost++;
		return;
	}
	while (copies--) {
		a = calloc(1, sizeof(*a) + bytes.n);
		a->phone = to;
		a->flow = *flow;
		a->n = bytes.n;
		memcpy(a->bytes, bytes.p, bytes.n);
		fly(w, a, w->calm ? 5 * MSEC :
			  MSEC + chance(w, percent(w, 3) ? 900 * MSEC : 40 * MSEC));
	}
}

static inline void carry_from(struct phone *p)
{
	struct effect *e;

	while ((e = effects_pop(&p->effects))) {
		if (p->world->now >= p->gone_until)
			send_bytes(p->world, NULL, &p->here, slice_of(e->bytes, e->len));
		effect_free(e);
	}
}

static inline struct phone *phone_at(struct world *w, const struct addr *peer)
{
	size_t i;

	for (i = 0; i < NPHONES; i++)
		if (addr_eq(&w->phones[i].here.peer, peer))
			return &w->phones[i];
	return NULL;
}

/* --- what a person says --- */

static inline struct phone_call *new_call(struct phone *p, enum phase phase)
{
	struct phone_call *c = calloc(1, sizeof(*c));

	c->phone = p;
	c->phase = phase;
	c->patient = percent(p->world, 40);
	c->action = (struct timer){ .kind = TIMER_PHONE_CALL, .owner = c };
	list_add_tail(&p->calls, &c->node);
	timers_reserve(&p->timers, 1);
	return c;
}

static inline void act_in(struct phone_call *c, u64 ms)
{
	timer_arm(&c->phone->timers, &c->action, c->phone->world->now + ms * MSEC);
}

static inline void free_call(struct phone_call *c)
{
	timer_disarm(&c->phone->timers, &c->action);
	timers_release(&c->phone->timers, 1);
	sip_dialog_free(c->phone->engine, c->dialog);
	list_del(&c->node);
	free(c);
}

static inline struct sip_content with_sdp(const char *sdp, const char *headers)
{
	return (struct sip_content){
		.headers = slice_str(headers),
		.content_type = sdp ? SLICE("application/sdp") : SLICE(""),
		.body = slice_str(sdp),
	};
}

static inline const char *sdp_of(struct phone_call *c)
{
	return percent(c->phone->world, 25) ? c->phone->hold : c->phone->sdp;
}

static inline void answer(struct phone_call *c, u16 status)
{
	struct sip_content content = with_sdp(status < 300 && !c->said ? sdp_of(c) : NULL,
		status == 302 ? "Contact: <sip:2000@phone.example>, <sip:77@phone.example>\r\n" :
		"Allow: INVITE, ACK, BYE, CANCEL, UPDATE\r\n");
	struct sip_server *server = c->server;
	struct phone *p = c->phone;

	c->server = NULL;
	sip_respond(p->engine, p->world->now, server, c->dialog, status, NULL, &content);
	sip_server_put(p->engine, p->world->now, server);
}

/* The dialog lives on for a while, for what is still on its way. */
static inline void over(struct phone_call *c)
{
	if (c->server)
		answer(c, 487);
	c->phase = OVER;
	act_in(c, 70000);
}

static inline struct sip_client *ask(struct phone_call *c, enum sip_method method, const char *sdp)
{
	struct sip_content content = with_sdp(sdp, "Supported: 100rel\r\n"
					      "Allow: INVITE, ACK, BYE, CANCEL, UPDATE\r\n");
	struct sip_client *client = NULL;

	sip_request(c->phone->engine, c->phone->world->now, c->dialog, method, &content, c, &client);
	return client;
}

static inline void hang_up(struct phone_call *c)
{
	c->phone->world->byes++;
	ask(c, SIP_BYE, NULL);
	c->heard = true;
	over(c);
}

static inline struct phone_call *call_to(struct phone *p, const char *whom, bool offered)
{
	struct sip_dialog_target target = {
		.request_uri = slice_str(whom), .from = SLICE("<sip:x@phone.example>"),
		.to = SLICE("<sip:4930@sbc.example>"), .contact_user = SLICE("x"), .flow = p->jalur,
	};
	struct phone_call *c = new_call(p, CALLING);

	c->dialog = sip_dialog_new_uac(p->engine, &target, c);
	c->offered = offered;
	c->invite = ask(c, SIP_INVITE, offered ? p->sdp : NULL);
	return c;
}

static inline void start_call(struct phone *p)
{
	struct world *w = p->world;
	bool number = percent(w, 92);
	struct phone_call *c = call_to(p, number ? "sip:4930@sbc.example" :
				       "sip:alice@example.com", percent(w, 80));

	w->started++;
	if (w->reconfigure && !chance(w, 30))
		w->reconfigure(w);
	/* nobody waits for ever */
	act_in(c, percent(w, 25) ? chance(w, 8000) : 100000);
}

static inline void ring(struct phone_call *c)
{
	struct phone *p = c->phone;
	bool sdp = c->offered && !c->said && percent(p->world, 50);
	struct sip_content content = with_sdp(sdp ? p->sdp : NULL, "");

	if (percent(p->world, 60) &&
	    !sip_respond_reliable(p->engine, p->world->now, c->server, c->dialog, 183, NULL, &content))
		c->said |= sdp;
	else
		sip_respond(p->engine, p->world->now, c->server, c->dialog, 180, NULL, &content);
	act_in(c, chance(p->world, 4000));
}

static inline void decide(struct phone_call *c)
{
	static const u16 failures[] = { 302, 404, 480, 486, 488, 500, 503, 603 };
	struct phone *p = c->phone;
	struct world *w = p->world;

	if (percent(w, 40) && c->phase == RINGING) {
		ring(c);
	} else if (c->said && sip_server_unacknowledged(c->server, c->dialog)) {
		act_in(c, 1000);
	} else if (percent(w, 70)) {
		answer(c, 200);
		c->phase = UP;
		act_in(c, chance(w, 30000));
	} else if (!percent(w, 3)) {
		bool first = c->phase == RINGING;

		answer(c, failures[chance(w, 8)]);
		if (first)
			over(c);
		else
			act_in(c, chance(w, 30000));
	}
}

#endif
