/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The signalling core as a whole: datagram in, effects out. call_engine_input()
 * is the pipeline of DESIGN.md §1, readable from top to bottom. No I/O, no
 * clock: now is ns of CLOCK_MONOTONIC, given by the caller; wall is CLOCK_REALTIME.
 */
#ifndef CALL_ENGINE_H
#define CALL_ENGINE_H

#include "base/effect.h"
#include "call/histogram.h"
#include "call/overload.h"
#include "call/policy.h"
#include "call/record.h"
#include "call/trace.h"
#include "media/negotiation.h"
#include "media/relay.h"
#include "sip/engine.h"

struct call_engine;
struct call;

struct call_engine_conf {
	struct sip_engine_conf sip;
	u32 node;			/* 12 bits */
	u32 epoch;			/* 20 bits, of this boot */
	struct call_policy *policy;	/* a reference is taken */
	bool store;			/* effects say which calls to write down */
	bool records;			/* events of ends have call records */
	struct call_overload_conf overload;
};

struct call_engine *call_engine_new(const struct call_engine_conf *conf);
void call_engine_free(struct call_engine *e);

void call_engine_input(struct call_engine *e, u64 now, const struct flow *flow, struct slice bytes);
/* What came by flow and cannot be framed; sip_engine_refuse(). */
void call_engine_refuse(struct call_engine *e, u64 now, const struct flow *flow,
			const struct sip_frame *frame);
void call_engine_tick(struct call_engine *e, u64 now);
u64 call_engine_deadline(const struct call_engine *e);		/* UINT64_MAX: none */
/* The outcome of an effect with a ticket. figures: of a removal, may be NULL. */
void call_engine_complete(struct call_engine *e, u64 now, u64 ticket, int result,
			  const struct media_figures *figures);
void call_engine_unreachable(struct call_engine *e, u64 now, const struct flow *flow);
/*
 * The outcome of EFFECT_LOCATE: 0 and hops in the order of trying, and domain, which a peer that
 * speaks TLS must prove to be; or -errno, and text that says why.
 */
void call_engine_located(struct call_engine *e, u64 now, u64 ticket, int err, const char *text,
			 const char *domain, const struct hop *hops, size_t n);
/* The name that a flow has a number for; NULL: none. */
const char *call_engine_name(const struct call_engine *e, u32 name);
/*
 * The number of the name, among those of the trunks that may come by listener, which the
 * peer's certificate proved, for the flow of what it sends; 0: none. is: arg's, by name.
 */
u32 call_engine_proved(struct call_engine *e, u32 listener,
		       bool (*is)(void *arg, const char *name), void *arg);
void call_engine_media_event(struct call_engine *e, u64 now, const struct media_event *event);
/* What new calls follow; borrowed. */
const struct call_policy *call_engine_policy(const struct call_engine *e);
/* Reload: new calls follow the new policy. */
void call_engine_set_policy(struct call_engine *e, struct call_policy *policy);
struct effect *call_engine_effect(struct call_engine *e);	/* next, or NULL; caller frees */

/* Those that are not in the configuration; the engine's. */
struct call_subscribers *call_engine_subscribers(struct call_engine *e);

/* How things stand, of what only its caller can measure. true: what is to be told changed. */
bool call_engine_load(struct call_engine *e, u64 now, const struct call_load *load);
void call_engine_overload(struct call_engine *e, u64 now, struct call_overload_view *view);
void call_engine_ports(struct call_engine *e, u64 now,
		       void (*each)(void *arg, const struct call_ports_view *view), void *arg);
bool call_overload_any(struct call_engine *e, u64 now);	/* for some kind, maybe */
/* There is too much to do for kind; counted by its cause. Drain and ports apart. */
bool call_overload_refuses(struct call_engine *e, u64 now, enum call_kind kind);
/*
 * Drain: no new calls (503), emergencies apart; what is in a dialog goes on, and so do
 * registrations.
 */
void call_engine_drain(struct call_engine *e, u64 now, bool on);
void call_engine_drained(const struct call_engine *e, struct call_drain_view *view);
/* The end: nothing new at all, and every call gets its BYE. */
void call_engine_stop(struct call_engine *e, u64 now);
size_t call_engine_calls(const struct call_engine *e);

/* For the administrator. */
enum call_state { CALL_TRYING, CALL_RINGING, CALL_ANSWERED, CALL_UP, CALL_ENDING };

struct call_leg_view {
	const char *call_id, *local_tag, *remote_tag, *local_uri, *remote_uri;
	const char *realm, *trunk;
	struct addr peer;
	const char *dialog_state;	/* "early", "confirmed", "ended" */
};

struct call_view {
	u64 id;
	enum call_state state;
	bool held;
	u64 created, answered;		/* ns, as now; answered 0: not yet */
	struct call_leg_view a, b;
	const struct media_plan *plan;	/* committed last; NULL: no media yet */
};

bool call_engine_view(struct call_engine *e, u64 id, struct call_view *view);
void call_engine_each(struct call_engine *e,
		      void (*each)(void *arg, const struct call_view *view), void *arg);
/* Its streams as they were agreed on, or are offered; how many. */
size_t call_engine_streams(struct call_engine *e, u64 id,
			   struct media_stream_view views[SDP_MAX_MEDIA]);
/* Its messages and what its media did, as far as they are kept. false: nothing is. */
bool call_engine_trace(struct call_engine *e, u64 id,
		       void (*each)(void *arg, const struct call_trace_entry *entry), void *arg);
u64 call_engine_trace_last(struct call_engine *e);	/* the call that began last; 0: none */
/*
 * What a daemon needs to know of a call after a restart, for EFFECT_STORE_CALL: JSON,
 * malloc'ed. wall: CLOCK_REALTIME at now, ns. -ENOENT: it is over, and what was stored of it
 * may go; -EAGAIN: what was stored last still holds; -ENOMEM.
 */
int call_engine_save(struct call_engine *e, u64 now, u64 wall, u64 id, char **text);
/*
 * Goes on with a call that was up; its session is taken to be where it was. NULL, and its id;
 * or what is wrong with text: the name of a member, "JSON" or "memory", or "state" when the
 * call was not up. Then nothing has changed, and call_record_lost() has what can be said of it.
 */
const char *call_engine_restore(struct call_engine *e, u64 now, u64 wall, struct slice text,
				u64 *id);
/* -ENOENT when there is none */
int call_engine_hangup(struct call_engine *e, u64 now, u64 id, const char *reason);

/* What happened, for monitor, CDR and log; drained by the caller after each input. */
enum call_event_type { CALL_EVENT_NEW, CALL_EVENT_RINGING, CALL_EVENT_ANSWERED, CALL_EVENT_HELD,
	CALL_EVENT_RESUMED, CALL_EVENT_ENDED, CALL_EVENT_REFUSED,
	CALL_EVENT_TRUNK };		/* from: its name; to: an address or AOR; status 0: good */

struct call_event {
	enum call_event_type type;
	u64 call;			/* 0 for a request that was refused before a call existed */
	u64 time;			/* now */
	char from[96], to[96];
	u16 status;			/* ENDED by failure, REFUSED */
	char reason[96];
	struct media_figures *figures;	/* ENDED; owned by the event */
	struct call_record *record;	/* ENDED, REFUSED of an INVITE; the same */
};

bool call_engine_event(struct call_engine *e, struct call_event *event);	/* false: none */
void call_event_clear(struct call_event *event);
/* Name and value pairs; ends with name NULL. */
const struct sip_counter *call_engine_counters(struct call_engine *e);
/* Messages by method and status; how long calls took from INVITE to ringing, and to the answer. */
const struct sip_tally *call_engine_tally(const struct call_engine *e);
const struct call_histogram *call_engine_setup(const struct call_engine *e, bool answer);
size_t call_engine_sessions(const struct call_engine *e);	/* calls that have media */

#endif
