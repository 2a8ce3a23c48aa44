/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of call/, shared by its files and by nobody else. A call has two
 * sides and at least a leg on each, which is a dialog. Until it is answered there
 * may be more: on the callee's side one for each early dialog of each destination
 * (branch.c), and on the caller's a twin of each, so that either side sees the
 * dialogs of the other as they are. The answer makes a pair of two of them; the
 * others go. What happens on a leg is an input; state.c says for each input and
 * state what is done; what is done may send messages, some of which wait in the
 * call's outbox for the kernel.
 *
 * The SIP engine holds no pointer into a call: the user value that it gives
 * back is a handle (call_leg_handle()), so an event that outlives its call finds
 * nobody instead of freed memory.
 */
#ifndef CALL_CALL_H
#define CALL_CALL_H

#include "base/buf.h"
#include "base/json.h"
#include "base/list.h"
#include "base/timer.h"
#include "call/counter.h"
#include "call/engine.h"
#include "call/gate.h"
#include "call/lines.h"
#include "call/record.h"
#include "call/respond.h"
#include "call/route.h"
#include "call/source.h"
#include "call/subscriber.h"
#include "media/negotiation.h"

#define CALL_ALLOW "Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, UPDATE, INFO, MESSAGE\r\n"
#define CALL_SUPPORTED "Supported: 100rel, timer, replaces\r\n"
#define CALL_SUPPORTED_LATE "Supported: timer, replaces\r\n"
#define CALL_ACCEPT \
	"Accept: application/sdp, multipart/mixed, multipart/alternative\r\n" \
	"Accept-Encoding: identity\r\n"
#define CALL_NONCE_LIFE (300 * NSEC_PER_SEC)
#define CALL_MAX_LEGS 15
#define CALL_NO_LEG 15		/* in a handle: a request of ours outside of calls */
#define CALL_MAX_FORKS 6	/* dialogs of one INVITE beside the first */
#define CALL_MAX_REDRAWS 4
#define CALL_MAX_CARRIED 8	/* requests of one side under way to the other */
#define CALL_MAX_EVENTS 4096
#define CALL_NO_LISTENER UINT32_MAX
#define CALL_MAX_URI 95		/* bytes of it that are told */

enum call_leg_state {
	CALL_LEG_NONE,		/* nothing was sent to it */
	CALL_LEG_INVITED,	/* INVITE without a final response */
	CALL_LEG_CANCELLED,	/* we sent CANCEL; its final response is awaited */
	CALL_LEG_ANSWERED,	/* our 2xx is out, its ACK not in */
	CALL_LEG_UP,
	CALL_LEG_BYE,		/* we sent BYE */
	CALL_LEG_DONE,
	CALL_LEG_NSTATES,
};

enum call_input {
	CALL_INPUT_INVITE,	/* inside the dialog */
	CALL_INPUT_ACK,
	CALL_INPUT_NO_ACK,
	CALL_INPUT_BYE,
	CALL_INPUT_CANCEL,
	CALL_INPUT_OPTIONS,
	CALL_INPUT_PRACK,
	CALL_INPUT_NO_PRACK,
	CALL_INPUT_UPDATE,
	CALL_INPUT_UPDATED,	/* final outcome of our UPDATE */
	CALL_INPUT_REFRESHED,	/* of our refresh */
	CALL_INPUT_ASKED,	/* of our OPTIONS */
	CALL_INPUT_REFER,
	CALL_INPUT_SUBSCRIBE,
	CALL_INPUT_NOTIFY,
	CALL_INPUT_NOTIFIED,	/* final outcome of our NOTIFY */
	CALL_INPUT_MOVED,	/* of the INVITE that makes a leg another call's */
	CALL_INPUT_INFO,
	CALL_INPUT_MESSAGE,
	CALL_INPUT_CARRIED,	/* final outcome of a request that was carried here */
	CALL_INPUT_OTHER,	/* a method that is not in Allow */
	CALL_INPUT_PROVISIONAL,	/* responses to our INVITE */
	CALL_INPUT_SUCCESS,
	CALL_INPUT_FAILURE,	/* a timeout and a transport error included */
	CALL_INPUT_BYE_DONE,	/* any final outcome of our BYE */
	CALL_NINPUTS,
};

#define CALL_NSTATES (CALL_ENDING + 1)

/* The timer of a call's state; what it means follows from that. */
#define CALL_TIMER 100
/* When silence that began before the media was asked for counts. */
#define CALL_TIMER_IDLE 101
/* A destination has rung for as long as it may. */
#define CALL_TIMER_RING 102
/* A session wants its refresh, or has had none (RFC 4028). */
#define CALL_TIMER_SESSION 103
/* An address of a trunk is to be probed, or did not answer. */
#define CALL_TIMER_PROBE 104
/* Names of a trunk are to be looked up again. */
#define CALL_TIMER_TRUNK 105
/* A registration is to be refreshed, or tried again. */
#define CALL_TIMER_UPSTREAM 106
/* A subscription expires, or its NOTIFY is due. */
#define CALL_TIMER_WATCH 107
/* A publication expires. */
#define CALL_TIMER_PUBLICATION 108
/* A subscription to what becomes of a REFER ends. */
#define CALL_TIMER_REFER 109
/* An exchange waits no longer for an address. */
#define CALL_TIMER_APART 111
/* A subscription that is carried has expired, or its first NOTIFY did not come. */
#define CALL_TIMER_BRIDGE 112
/* An INVITE of a transfer met one of who was asked, and goes out again. */
#define CALL_TIMER_AGAIN 113
#define CALL_NTIMERS 2

/* What our 2xx will agree to (RFC 4028). */
struct call_session_asked {
	struct sip_session_timer timer;
	char lines[SIP_SESSION_LINES];
};

struct call_leg {
	struct call *call;
	u8 index;			/* in call->all, and in the handle */
	bool updates;			/* they allow UPDATE */
	enum media_leg side;
	enum call_leg_state state;
	struct call_leg *twin;		/* on the other side, before there is a pair; or NULL */
	struct call_leg *root;		/* B: that of its branch, which sent the INVITE */
	struct sip_dialog *dialog;
	struct sip_server *server;	/* an INVITE of theirs inside the call, not answered yet */
	struct sip_client *invite;	/* our INVITE, until its final response */
	struct sip_client *bye;
	struct sip_server *hung_up;	/* their BYE, while the media session goes */
	struct sip_server *update;	/* an UPDATE of theirs with an offer, not answered yet */
	struct sip_client *updating;	/* ours */
	struct sip_server *question;	/* OPTIONS of theirs, not answered yet */
	struct sip_client *asking;	/* ours */
	struct sip_client *notifying;	/* our NOTIFY of a REFER */
	struct sip_client *moving;	/* our INVITE with the offer of another call, or for it */
	char *recv_info;		/* what packages of INFO they take; NULL: none */
	struct sip_session_timer session;	/* agreed on */
	struct call_session_asked *asked;	/* while theirs waits for our 2xx; or NULL */
	u64 refreshed;			/* when */
	struct timer session_timer;
	struct sip_client *refresh;	/* ours: UPDATE or INVITE */
	bool owed;			/* they are told our media again: they had another call's */
	bool late;			/* our INVITE has no offer: its 2xx makes one */
	u32 refusals;			/* 422 in a row */
	char *answer;			/* B: of a reliable response; its 2xx may have none */
	bool settled;			/* B: no 2xx to the first INVITE replaces what is agreed */
	bool offered;			/* B: by a reliable response, whose PRACK will answer */
	bool answered;			/* A: has had an answer reliably; our 2xx has none */
	struct call_attempt *attempts;	/* where the trunk has credentials */
	struct sip_client *unacked;	/* of that 2xx, whose ACK waits for the answer */
	struct sip_client *ack_owed;	/* of a 2xx whose ACK waits for memory */
	char *offer;			/* in it */
	int realm, trunk;		/* indices into the policy */
	char *subscriber;		/* AOR, if another call knew who he is; or NULL */
	struct addr peer;
	u32 listener;			/* B: what we send from */
	u32 name;			/* B: that peer must prove to have; struct flow */
	u64 connection;			/* B: of a dialog that another call took over; 0: none */
	/* of a root, before the answer: */
	struct call_hops *hops;
	struct call_contact *contact;	/* of a registration; or NULL: it is a trunk */
	struct media_negotiation *media;
	struct call_routed *routed;	/* what the route made of the INVITE */
	char *user;			/* called so; NULL: as the caller's INVITE says */
	u64 ring;			/* ns; 0: no limit of its own */
	u64 ring_until, silent_until;	/* what the timer is for; 0: not for that */
	struct timer timer;
	struct call_trunk_state *counted;	/* also of leg A: one of its calls; or NULL */
	bool redirected;		/* a 3xx led here */
	bool given_up;			/* the next destinations are tried without it */
};

/* Why a call ends, in the words of each kind of message that may tell it. */
struct call_reason {
	u16 status;			/* to an INVITE not yet answered */
	const char *phrase;		/* its reason phrase; NULL: the RFC's */
	struct slice headers;		/* complete lines for that response */
	struct slice bye_headers;	/* and for BYE and CANCEL */
	const char *text;		/* for the event */
	const struct call_leg *quiet;	/* this leg ended by itself */
	enum call_ender by;
};

struct call_message;

enum call_ticket_kind {
	CALL_TICKET_APPLY,
	CALL_TICKET_EMPTY,		/* removal because no stream is left */
	CALL_TICKET_REMOVE,		/* the call is over */
	CALL_TICKET_LOCATE,
};

struct call_ticket {
	struct list node;		/* in the engine */
	u64 ticket;
	enum call_ticket_kind kind;
	struct call *call;
	struct media_plan *plan;	/* APPLY: what was asked for */
	struct call_leg *root;		/* LOCATE */
};

/* A failure as the other leg hears it. */
struct call_failure {
	u16 status;			/* 0: none */
	char *phrase, *headers;
	char text[96];
	enum call_ender by;
};

/* Where a 3xx says to call instead. */
struct call_redirect {
	struct list node;		/* in the call, by q */
	struct call_destination to;
	struct call_routed *routed;
	char *user;
	struct call_contact *contact;	/* or where one of ours is; register.h */
};

/* Whose dialog a call takes over, and how he knows it (RFC 3891). */
struct call_replacement {
	char *line;			/* Replaces, and that it is required */
	char *request_uri;
	struct flow flow;
	int trunk;
};

struct call {
	struct list node;		/* in the engine */
	struct call *hash_next;
	u64 id;
	enum call_state state;
	u64 created, rung, answered, ended;
	struct call_policy *policy;
	const struct call_domain *domain;	/* in policy: of a caller who is a subscriber */
	char *user;			/* his name there */
	bool renamed;			/* the far side hears that instead of From's */
	bool emergency;			/* no limit keeps it out */
	struct call_usage *usage;	/* of him; or NULL */
	char *callee;			/* address-of-record whose contacts are called; or NULL */
	struct call_leg *legs[2];	/* the pair: caller and callee, as far as there is one */
	struct call_leg **all;		/* CALL_MAX_LEGS at most */
	size_t nall;
	struct sip_server *invite;	/* the caller's, until our final response */
	const struct call_route *route;	/* in policy */
	struct call_routed *routed;	/* what it made of the INVITE */
	size_t next_to;			/* destination of the route */
	struct list redirects;		/* struct call_redirect, not called yet */
	u8 nredirects;			/* called ones included */
	struct call_replacement *replacement;	/* it goes there and nowhere else; or NULL */
	struct call_leg *heard;		/* the root whose early media the caller hears */
	struct call_failure *failure;	/* the best so far (RFC 3261 §16.7); NULL: none */
	struct timer timer, idle_timer;

	struct media_negotiation *media;	/* from the answer on */
	struct media_plan *plan;	/* the newest that was acknowledged */
	u64 plan_ticket;		/* its ticket */
	u64 last_ticket;		/* of the newest apply; 0 when it completed */
	u32 tickets;			/* outstanding */
	u32 redraws;
	u32 owes;			/* something since that round of e->owed; 0: nothing */
	bool session;			/* the kernel has or may have it */
	bool held;
	u64 *idle;			/* ends that the kernel reported silent */
	size_t nidle;
	u64 idle_from;			/* since when they should be heard */

	struct list outbox;		/* struct call_message */
	struct list carried;		/* struct call_carried */
	u32 next_carried;
	struct list again;		/* struct call_again */
	u16 end_status;
	enum call_ender ended_by;
	char *end_text;			/* NULL: not ended, or no memory */
	char *end_headers;		/* for BYE and CANCEL */
	char *from, *to;		/* URIs, cut off at CALL_MAX_URI */
	struct media_figures *figures;
	bool end_told;
	bool recovered;			/* of an earlier run of the daemon */
	bool storing;			/* an effect that writes it down is queued */
	struct list passed;		/* struct call_passed: REFERs that the other party has */
	struct call_refer *refer;	/* the last one that we carry out; or NULL */
	bool referred;			/* there was one */
	bool transferred;		/* the other party is another call's */
	u64 joins;			/* the new call that it is joined with; 0: none */
	struct call_transfer *transfer;	/* of a call that a REFER began; NULL once it is up */
	u64 transferred_from;		/* the call with that REFER; 0: none */
};

#define CALL_UNASKED (-2)

struct call_engine {
	struct effects effects;
	struct timers timers;
	struct timer owed_timer;
	u32 owed;			/* rounds, from 1 on */
	struct sip_engine *sip;
	struct sip_listener *listeners;
	size_t nlisteners;
	struct call_policy *policy;
	int sender;			/* the trunk that this input is from, or CALL_UNASKED */
	struct call_trace *trace;	/* NULL: no memory for it */
	u64 clock;			/* now, when the engine was called last */
	u32 node, epoch, counter;
	u64 t1;
	bool stopping, leaving;
	struct call_drain drain;
	struct call_overload overload;
	bool store;			/* calls are to be written down */
	bool records;			/* somebody writes call records */
	struct list calls;
	struct call **buckets;
	size_t nbuckets, ncalls;
	struct list tickets;
	u64 next_ticket;
	char **names;			/* of struct flow, from 1 on */
	u32 nnames;
	struct list trunks;		/* struct call_trunk_state */
	size_t nfailed;			/* of their ways; counted too high at times */
	struct hash errands;		/* struct call_errand */
	u32 next_errand;
	struct list lookups;
	struct list events;
	size_t nevents;
	struct sip_nonces *nonces;	/* of our challenges */
	u64 nonce_key_since;
	struct sip_secret decoy;	/* of users who are not there */
	struct call_subscribers *subscribers;
	struct call_registrar *registrar;
	struct call_watchers *watchers;
	struct hash trunk_names;	/* struct call_trunk_state; the same as in trunks */
	struct hash usage;		/* struct call_usage */
	struct hash_key usage_key;
	struct list exchanges;		/* struct call_exchange */
	size_t nexchanges;
	u64 counters[64];		/* enum call_counter */
	struct call_histogram setup[2];	/* to ringing, to the answer */
	struct sip_counter report[160];
};

/* call.c: life of a call */
/* With leg A, in the index. NULL: no memory. */
struct call *call_make(struct call_engine *e, u64 now, u64 id);
struct call *call_new(struct call_engine *e, u64 now, const struct sip_event *ev);
/* Starts the end: every leg is told in its own way, the media goes. */
void call_end(struct call_engine *e, u64 now, struct call *call, const struct call_reason *why);
/* After every input: frees the call when nothing is left to wait for. */
void call_settle(struct call_engine *e, u64 now, struct call *call);
void call_free(struct call_engine *e, u64 now, struct call *call);
/* CALL_EVENT_ENDED, once, with the figures if there are any. */
void call_tell_end(struct call_engine *e, u64 now, struct call *call);
struct call *call_find(const struct call_engine *e, u64 id);
u64 call_id(const struct call_engine *e, u32 counter);
/* The leg on the other side that what happens on leg is told to. */
struct call_leg *call_other(struct call_leg *leg);
bool call_in_pair(const struct call_leg *leg);
void call_set_timer(struct call_engine *e, u64 now, struct call *call);
void call_timer(struct call_engine *e, u64 now, struct call *call);

/* leg.c */
/* NULL: no memory, or too many. */
struct call_leg *call_leg_new(struct call_engine *e, struct call *call, enum media_leg side);
void call_leg_free(struct call_engine *e, u64 now, struct call_leg *leg);
void *call_leg_handle(const struct call_leg *leg);
struct call_leg *call_leg_find(const struct call_engine *e, const void *handle);
void call_leg_end(struct call_engine *e, u64 now, struct call_leg *leg,
		  const struct call_reason *why);
void call_leg_bye(struct call_engine *e, u64 now, struct call_leg *leg, struct slice headers);
/* What a message has; sdp NULL: no body. */
struct sip_content call_content(struct slice headers, const char *sdp);
/* The INVITE that leg must answer; NULL: none. */
struct sip_server *call_leg_server(const struct call_leg *leg);
/* A provisional response to it that wants a PRACK; a plain one if it cannot be. */
void call_leg_respond_reliably(struct call_engine *e, u64 now, struct call_leg *leg, u16 status,
			       const char *phrase, struct slice headers, const char *sdp);
/* Response to it; a final one lets go of it, but -ENOMEM of a 2xx does not. 0 or that. */
int call_leg_respond(struct call_engine *e, u64 now, struct call_leg *leg, u16 status,
		     const char *phrase, struct slice headers, const char *sdp);
/* The 2xx in ev waits for an answer to its offer. 0 or -ENOMEM. */
int call_leg_keep_offer(struct call_leg *leg, const struct sip_event *ev);
/*
 * ACK to the 2xx of ev, at once. An offer in it is rejected: nobody will answer it. 0 or
 * -errno of sip_ack().
 */
int call_leg_ack_now(struct call_engine *e, u64 now, struct call_leg *leg,
		     const struct sip_event *ev);
/* The ACK that a kept 2xx waits for; sdp NULL: its offer is rejected. Nothing kept: 0. */
int call_leg_ack_kept(struct call_engine *e, u64 now, struct call_leg *leg, const char *sdp);
/* leg has a dialog now, and a trunk or none: what is to be known of it is told. */
void call_leg_dialog_made(struct call_leg *leg);
/* A dialog of leg's branch that msg made beside leg's. NULL: no memory, or too many. */
struct call_leg *call_leg_fork(struct call_engine *e, struct call_leg *leg,
			       const struct sip_msg *msg);

/* source.c: who sent a request */
void call_random(struct call_engine *e, u8 *to, size_t n);	/* n: of whole words of 64 bits */
/* NULL: there is no such subscriber. */
const struct sip_secret *call_secret_of(const struct call_engine *e,
					const struct call_domain *domain, struct slice user);

/* subject.c: what source asks for by the request of ev */
void call_subject_of(struct call_subject *s, const struct call_source *source,
		     const struct sip_event *ev);

/* caller.c: a caller who is a subscriber */
/* Says msg that it is from somebody else? Why it is refused then; or he is renamed. NULL: no. */
const char *call_caller_pretends(const struct call_engine *e, struct call_source *source,
				 const struct sip_msg *msg);
int call_caller_set(struct call *call, const struct call_source *source);	/* 0 or -ENOMEM */
/* The AOR of the subscriber behind leg; malloc'ed. NULL: there is none, or no memory. */
char *call_leg_subscriber(const struct call_leg *leg);
/* One call more is his. 0; -EBUSY: more than limit, unless that is 0; -ENOMEM. */
int call_usage_take(struct call_engine *e, struct call *call, u32 limit);
void call_usage_put(struct call_engine *e, struct call *call);

/* auth.c: requests to a trunk that wants to know who we are */
struct sip_auth_client *call_auth_of(const struct call_leg *leg);	/* NULL: we are nobody */
/* sip_request() in leg's dialog, with credentials if its trunk has some. */
int call_auth_request(struct call_engine *e, u64 now, struct call_leg *leg,
		      enum sip_method method, const struct sip_content *content,
		      struct sip_client **client);
/* sip_request_again() there. */
int call_auth_repeat(struct call_engine *e, u64 now, struct call_leg *leg, enum sip_method method,
		     const struct sip_sent *sent, const struct sip_content *content,
		     struct sip_client **client);
/* What the ACK to a 2xx needs in its headers. */
struct slice call_auth_lines(const struct call_leg *leg);
/* true: ev was a challenge, and its request is under way again. */
bool call_auth_again(struct call_engine *e, u64 now, struct call_leg *leg,
		     const struct sip_event *ev);
void call_auth_clear(struct call_leg *leg);
/* Nobody waits for the answer to client, no INVITE of ours, any more. */
void call_auth_forget(struct call_engine *e, struct call_leg *leg, struct sip_client *client);

/* bye.c */
/* 200 to the BYE of leg's peer, if there was one: the media session is gone. */
void call_bye_answer(struct call_engine *e, u64 now, struct call_leg *leg);

/* stat.c */
#define CALL_RTP_STAT 256
/* P-RTP-Stat for leg's peer; empty: it wants none, or there are no figures. */
void call_rtp_stat(const struct call_leg *leg, char line[CALL_RTP_STAT]);

/* capability.c */
/* Allow, of what both msg, an answer of the far side, and we allow. */
void call_allow_common(struct buf *b, const struct sip_msg *msg);
/* The answer to a question of leg's peer, when its call ends first. */
void call_question_end(struct call_engine *e, u64 now, struct call_leg *leg);

/* prack.c: reliable provisional responses, on each leg for itself */
/*
 * leg has had a reliable response: keeps the answer in it, and acknowledges it, unless that
 * PRACK must wait for the caller's answer to what it offers.
 */
void call_prack_send(struct call_engine *e, u64 now, struct call_leg *leg,
		     const struct sip_msg *msg);
/* Must a provisional response to the caller be reliable? */
bool call_prack_wanted(const struct call *call, bool reliable, const char *sdp);
/* The caller has the answer already, and its 2xx goes without. */
bool call_prack_answered(const struct call_leg *leg);
/* A 2xx waits for the PRACK of what went before it (RFC 3262 §3). */
bool call_prack_holds(const struct call_message *m);
int call_prack_carry(struct call_engine *e, u64 now, struct call_message *m);

/* update.c */
/* The offer in a request of leg's peer, UPDATE or PRACK, which it answers. */
void call_update_offer(struct call_engine *e, u64 now, struct call_leg *leg,
		       const struct sip_event *ev, struct slice offer);
int call_update_send(struct call_engine *e, u64 now, struct call_message *m);
/* Final response to leg's UPDATE, or PRACK with an offer, if there is one; call_leg_respond(). */
int call_update_respond(struct call_engine *e, u64 now, struct call_leg *leg, u16 status,
			struct slice headers, const char *sdp);
/* msg is from leg's peer: does it allow UPDATE? */
void call_update_learn(struct call_leg *leg, const struct sip_msg *msg);

/* reinvite.c */
/* How long an INVITE of ours waits that met one of leg's peer (RFC 3261 §14.1). */
u64 call_reinvite_wait(struct call_engine *e, const struct call_leg *leg);
/* An INVITE of ours is under way on leg that carries nobody's: no other may be. */
bool call_reinvite_ours(const struct call_leg *leg);

/* ticket.c */
struct call_ticket *call_ticket_new(struct call_engine *e, struct call *call,
				    enum call_ticket_kind kind);
void call_ticket_free(struct call_ticket *t);
struct call_ticket *call_ticket_find(const struct call_engine *e, u64 ticket);

/* media.c: plans and tickets */
/*
 * Asks for the plan as it is now, if it differs from the one asked for last; messages added to
 * the outbox from now on wait for it. 0 or -ENOMEM.
 */
int call_media_apply(struct call_engine *e, struct call *call);
void call_media_remove(struct call_engine *e, struct call *call);
/*
 * After the state or the plan changed: HELD and RESUMED when that is new, and
 * the end of a call that is silent.
 */
void call_media_check(struct call_engine *e, u64 now, struct call *call);
/* What leg's realm says of side of the media. */
void call_media_conf(struct media_negotiation_conf *conf, const struct call_leg *leg, size_t side);
/* What was agreed on; before the answer, what the caller heard. How many streams. */
size_t call_media_view(const struct call *call, struct media_stream_view views[SDP_MAX_MEDIA]);
/* What leg's offers and answers are about. */
struct media_negotiation *call_leg_media(const struct call_leg *leg);

/* state.c: what is done about an input */
void call_state_input(struct call_engine *e, u64 now, struct call_leg *leg, enum call_input input,
		      const struct sip_event *ev);

/* invite.c, options.c: requests outside a dialog; answer.c: what is said to an INVITE */
void call_request(struct call_engine *e, u64 now, const struct sip_event *ev);
void call_invite(struct call_engine *e, u64 now, const struct sip_event *ev,
		 const struct call_source *source);
/* ACK to the 2xx of ev; when that makes an offer, as soon as there is an answer. 0 or -errno. */
int call_leg_take_2xx(struct call_engine *e, u64 now, struct call_leg *leg,
		      const struct sip_event *ev);
/* Header lines of the first INVITE to a destination; malloc'ed. NULL: no memory. */
char *call_invite_headers(const struct call_engine *e, const struct call_leg *root, bool offer);
/*
 * The dialog that the first request on leg B begins, to its contact or its hop; handle: whose
 * responses are. 0 or -ENOMEM.
 */
int call_leg_dial(struct call_engine *e, struct call_leg *leg, void *handle);
/* The same for an INVITE of the call. */
int call_invite_dialog(struct call_engine *e, struct call_leg *leg);
/* The INVITE goes out on leg B, now that the kernel has the session. */
int call_invite_send(struct call_engine *e, u64 now, struct call_message *m);
/*
 * msg is a 2xx that leg sent, with the answer or, when our INVITE had none, with an offer: to
 * the other leg, when the kernel has it. On error the call is ending.
 */
int call_answer(struct call_engine *e, u64 now, struct call_leg *leg, const struct sip_msg *msg);

void call_failure_make(const struct call_engine *e, const struct call_leg *root,
		       const struct sip_event *ev, struct call_failure *f);
void call_failure_clear(struct call_failure *f);
/* Takes the contents of f, if they are the best so far (RFC 3261 §16.7); status 0: never. */
void call_failure_keep(struct call *call, struct call_failure *f);
void call_failure_free(struct call *call);	/* the best so far */

/* snapshot.c */
/* What is stored of it is not what it is now. */
void call_store(struct call_engine *e, struct call *call);
/* When saved[key] was, by the clock of the day; now and wall are one moment. */
u64 call_time_read(struct json_reader *r, const json_t *saved, const char *key, u64 now, u64 wall);

/* invite_record.c */
/* leg's INVITE has no final response, and made no offer. */
bool call_invite_rings(const struct call_leg *leg);
/* Those of call that are to be cancelled after a restart, as a member of to. */
void call_invites_save(const struct call_engine *e, const struct call *call, json_t **to);
/* And back, as legs of call; so many, or what is wrong is in r. */
size_t call_invites_restore(struct call_engine *e, struct call *call, struct json_reader *r,
			    const json_t *saved);

/* view.c */
void call_view_fill(const struct call *call, struct call_view *view);

/* event.c */
void call_event_add(struct call_engine *e, u64 now, enum call_event_type type, struct call *call);
void call_event_refused(struct call_engine *e, u64 now, const struct sip_event *ev, u16 status,
			const char *why);

#include "call/action.h"
#include "call/branch.h"
#include "call/carry.h"
#include "call/outbox.h"
#include "call/refer_pass.h"
#include "call/session.h"
#include "call/transfer.h"

#endif
