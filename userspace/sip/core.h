/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of sip/, for its own files. Transactions and dialogs are objects
 * in hash tables of the engine; each has one or two timers and none has a
 * pointer to another, but for a 2xx that waits for its ACK: its server
 * transaction is on its dialog's list, and leaves it when either goes.
 */
#ifndef SIP_CORE_H
#define SIP_CORE_H

#include "base/buf.h"
#include "base/hash.h"
#include "base/list.h"
#include "base/random.h"
#include "sip/engine.h"

#define SIP_COUNTERS(X) \
	X(REQUESTS_IN,		"sip-requests-in") \
	X(RESPONSES_IN,		"sip-responses-in") \
	X(REQUESTS_OUT,		"sip-requests-out") \
	X(RESPONSES_OUT,	"sip-responses-out") \
	X(RETRANSMITS_IN,	"sip-retransmissions-in") \
	X(RETRANSMITS_OUT,	"sip-retransmissions-out") \
	X(KEEPALIVES,		"sip-keepalives") \
	X(MALFORMED_ANSWERED,	"sip-malformed-answered") \
	X(MALFORMED_DROPPED,	"sip-malformed-dropped") \
	X(TOO_LARGE,		"sip-too-large") \
	X(STRAY_RESPONSES,	"sip-stray-responses-dropped") \
	X(STRAY_ACKS,		"sip-stray-acks-dropped") \
	X(STRAY_CANCELS,	"sip-stray-cancels-481") \
	X(UNKNOWN_DIALOG,	"sip-unknown-dialog-481") \
	X(FOREIGN_SOURCE,	"sip-foreign-source-403") \
	X(OUT_OF_ORDER,		"sip-out-of-order-500") \
	X(MERGED,		"sip-merged-482") \
	X(LOOPS,		"sip-loops-482") \
	X(REFUSED,		"sip-refused") \
	X(OVERLOAD,		"sip-overload-503") \
	X(RATE_ANSWERED,	"sip-rate-503") \
	X(RATE_DROPPED,		"sip-rate-dropped") \
	X(UNANSWERED,		"sip-strangers-unanswered") \
	X(TIMEOUTS,		"sip-timeouts") \
	X(UNREACHABLE,		"sip-unreachable") \
	X(NO_ACK,		"sip-no-ack") \
	X(NO_PRACK,		"sip-no-prack") \
	X(STRAY_PRACKS,		"sip-stray-pracks-481") \
	X(RELIABLE_DROPPED,	"sip-reliable-again-dropped") \
	X(LARGE,		"sip-large-by-stream") \
	X(LARGE_DATAGRAMS,	"sip-large-by-datagram-after-all") \
	X(FORKS_DROPPED,	"sip-forks-dropped") \
	X(NO_MEMORY,		"sip-no-memory") \
	X(SERVERS,		"sip-server-transactions") \
	X(CLIENTS,		"sip-client-transactions") \
	X(DIALOGS,		"sip-dialogs")

enum sip_count {
#define SIP_COUNT_ID(id, name) SIP_COUNT_##id,
	SIP_COUNTERS(SIP_COUNT_ID)
#undef SIP_COUNT_ID
	SIP_COUNTS,
};

enum sip_timer_kind {
	SIP_TIMER_SERVER_SEND = 1,	/* 100, G, a 2xx again */
	SIP_TIMER_SERVER_END,		/* H, I, J, L */
	SIP_TIMER_CLIENT_SEND,		/* A, E */
	SIP_TIMER_CLIENT_END,		/* B, D, F, K, M */
	SIP_TIMER_RELIABLE,		/* a reliable provisional response again, or its end */
};

/* A peer that takes datagrams only, as far as we know. */
#define SIP_NO_STREAMS 64

struct sip_no_stream {
	struct addr peer;
	u64 until;
};

enum sip_sender {
	SIP_SENDER_UNASKED,
	SIP_SENDER_KNOWN,
	SIP_SENDER_STRANGER,
};

struct sip_engine {
	struct sip_listener *listeners;
	size_t nlisteners;
	u64 t1, t2, t4;
	struct sip_limits limits;
	u32 max_servers, methods;
	char *software, *supported;
	char retry_after[32];		/* the line */
	struct sip_rates *rates;	/* of strangers; NULL: they may what they like */
	bool (*knows)(void *arg, const struct flow *flow);
	void *knows_arg;
	enum sip_sender sender;		/* of what is being read */
	struct effects *effects;
	struct timers *timers;
	struct random random;
	struct hash_key key;		/* of the tables */
	struct hash_key tag_key;	/* of stateless To-tags */
	struct hash servers, merged, clients, dialogs;
	struct list all_clients;
	u64 now;			/* of the call that is running */
	struct buf out;			/* the message being written */
	struct sip_msg msg;		/* the datagram being read */
	u64 branch_hash, merge_hash;	/* of msg, once it was looked for */
	struct sip_server *fresh;	/* its request is msg, and not copied yet */
	struct sip_msg *room;		/* for that copy; most requests are over without one */
	size_t room_size;
	struct sip_server *spare;	/* of a BYE, for want of memory; or NULL */
	struct sip_msg *spare_room;
	struct sip_msg own;		/* one of our own messages, read again */
	struct sip_no_stream no_stream[SIP_NO_STREAMS];
	size_t next_no_stream;
	struct sip_counter counters[SIP_COUNTS + 1];
	struct sip_tally tally;
};

static inline void sip_count(struct sip_engine *e, enum sip_count which)
{
	e->counters[which].value++;
}

/* The sender of what is being read, which came by flow. */
bool sip_is_stranger(struct sip_engine *e, const struct flow *flow);
/* What Via and Contact say of a listener. */
const struct addr *sip_engine_sent_by(const struct sip_engine *e, u32 listener);
/* Nothing is sent again by timer, and what waits for stragglers does not (RFC 3261 table 4). */
bool sip_engine_reliable(const struct sip_engine *e, u32 listener);
/* Its peers may send requests by our connections (RFC 5923). */
bool sip_engine_takes_alias(const struct sip_engine *e, u32 listener);
/*
 * The listener with transport t of the same realm and address family: this one if it has it, else
 * one at the same address, else the first. -1: there is none.
 */
int sip_engine_sibling(const struct sip_engine *e, u32 listener, enum transport t);
/* "UDP" as in Via. */
const char *sip_engine_transport(const struct sip_engine *e, u32 listener);
/* Sends what is in e->out, and keeps a copy in *kept when kept is not NULL. */
int sip_engine_send(struct sip_engine *e, const struct flow *flow, char **kept, size_t *n);

/* --- server_txn.c --- */

enum sip_server_state {
	SIP_SERVER_TRYING,
	SIP_SERVER_PROCEEDING,
	SIP_SERVER_COMPLETED,
	SIP_SERVER_CONFIRMED,
	SIP_SERVER_ACCEPTED,
};

struct sip_server {
	struct hash_node node;		/* by branch */
	struct hash_node merge;		/* by Call-ID, From-tag, CSeq */
	struct list unacked;		/* on its dialog's list */
	struct list reliable;		/* struct sip_reliable, one a dialog */
	struct timer send, end;
	enum sip_server_state state;
	enum sip_method method;
	bool in_merged;
	bool held;			/* the caller has not put it */
	bool cancelled;
	u32 cseq;
	struct flow source;		/* of the request */
	struct flow reply;		/* where responses go */
	struct sip_msg *request;	/* NULL: neither we nor the caller need it any more */
	struct sip_msg *copy;		/* which request is, unless the server is fresh */
	struct sip_dialog *dialog;	/* of a 2xx without its ACK */
	char tag[17];			/* "" until somebody is told: sip_server_tag() */
	bool tag_taken;			/* by a dialog */
	void *user;
	char *response;			/* sent last; NULL: none, or acknowledged */
	size_t response_n;
	u64 interval;
	/* the keys: */
	bool cookie;			/* the branch is unique (RFC 3261 §8.1.1.7) */
	u16 port;
	struct slice branch, host, name, call_id, from_tag;
	char strings[];
};

/* The transaction that msg belongs to as a retransmission, ACK or CANCEL; NULL: none. */
struct sip_server *sip_server_find(struct sip_engine *e, const struct sip_msg *msg);
/* Another transaction has the same request (RFC 3261 §8.2.2.2). */
bool sip_server_is_merged(struct sip_engine *e, const struct sip_msg *msg);
/* Of e->msg, which was looked for: its request is that until sip_engine_keep(). */
struct sip_server *sip_server_new(struct sip_engine *e, const struct flow *flow);
/* That memory for a BYE is there. 0 or -ENOMEM */
int sip_server_reserve(struct sip_engine *e);
void sip_server_unreserve(struct sip_engine *e);
void sip_server_again(struct sip_engine *e, struct sip_server *s);
void sip_server_ack(struct sip_engine *e, struct sip_server *s);
/* ACK for a 2xx of this dialog. NULL: not, or not the first. */
struct sip_server *sip_server_acked(struct sip_engine *e, struct sip_dialog *d, u32 cseq);
void sip_server_forget_dialog(struct sip_engine *e, struct sip_dialog *d);
void sip_server_timer(struct sip_engine *e, struct sip_server *s, u32 kind,
		      struct sip_event *event);
void sip_server_free(struct sip_engine *e, struct sip_server *s);
/* Our tag in the answers to it. */
const char *sip_server_tag(struct sip_engine *e, struct sip_server *s);

/* Writes a response into e->out; rseq 0: not a reliable one. */
void sip_server_print(struct sip_engine *e, struct sip_server *s,
		      const struct sip_dialog *dialog, u16 status, const char *reason,
		      const struct sip_content *content, u32 rseq);
/* A provisional response was sent. */
void sip_server_proceed(struct sip_engine *e, struct sip_server *s);

/* 16 lower-case hex digits and NUL. */
void sip_print_hex(u64 value, char out[17]);
/* Where a response goes (RFC 3261 §18.2.2, RFC 3581). */
struct flow sip_reply_flow(const struct sip_engine *e, const struct sip_msg *msg,
			   const struct flow *source);

/* --- reliable.c: provisional responses that are acknowledged (RFC 3262) --- */

/* The INVITE whose response this PRACK of d acknowledges; NULL: none. */
struct sip_server *sip_reliable_acked(struct sip_engine *e, struct sip_dialog *d,
				      const struct sip_msg *prack);
/* Nothing is sent any more, but a PRACK on its way finds what it is for. */
void sip_reliable_stop(struct sip_engine *e, struct sip_server *s);
void sip_reliable_forget_server(struct sip_engine *e, struct sip_server *s);
void sip_reliable_forget_dialog(struct sip_engine *e, struct sip_dialog *d);
void sip_reliable_timer(struct sip_engine *e, void *owner, struct sip_event *event);

/* What a response of ours to be acknowledged is to its early dialog. */
enum sip_rseq {
	SIP_RSEQ_UNRELIABLE,		/* it need not be */
	SIP_RSEQ_NEXT,
	SIP_RSEQ_AGAIN,			/* or too early: it will come again */
};

enum sip_rseq sip_rseq_of(const struct sip_dialog *d, const struct sip_msg *response);
/* Remembers a response that is the next one. */
void sip_rseq_take(struct sip_dialog *d, const struct sip_msg *response);

/* --- client_txn.c --- */

enum sip_client_state {
	SIP_CLIENT_CALLING,		/* or Trying */
	SIP_CLIENT_PROCEEDING,
	SIP_CLIENT_COMPLETED,
	SIP_CLIENT_ACCEPTED,
	SIP_CLIENT_TERMINATED,		/* told, and freed when the caller has heard it */
};

#define SIP_MAX_FORKS 8

/* One 2xx to an INVITE, and our ACK. */
struct sip_client_fork {
	char *tag;
	struct flow flow;
	char *ack;			/* NULL: not sent yet */
	size_t ack_n;
};

struct sip_client {
	struct hash_node node;		/* by branch */
	struct list all;
	struct timer send, end;
	enum sip_client_state state;
	enum sip_method method;
	bool internal;			/* our CANCEL: nobody hears of it */
	bool cancel_wanted, cancelled;
	bool kept, overdue;		/* sip_client_keep(); its timers have run out */
	bool left;			/* sip_client_leave() */
	bool large;			/* by a stream for its size alone */
	u32 datagrams;			/* large: the listener that it would go by else */
	char branch[24];
	char local_tag[40];
	u32 cseq;
	struct flow flow;
	void *user;
	char *bytes;			/* the request; NULL: finally answered */
	size_t n;
	u64 interval;
	char *cancel_headers;
	struct sip_client_fork *forks;	/* SIP_MAX_FORKS at most */
	size_t nforks;
};

/* large.c: what is too large for a datagram (RFC 3261 §18.1.1) */
/* The stream that e->out, a request for flow, should go by; false: flow will do. */
bool sip_large_flow(struct sip_engine *e, const struct flow *flow, struct flow *stream);
/* Nobody takes c by a stream: it goes by datagrams after all. false: it did not go by size. */
bool sip_large_fallback(struct sip_engine *e, struct sip_client *c);

/* Sends e->out as a new transaction. NULL: no memory. */
struct sip_client *sip_client_new(struct sip_engine *e, enum sip_method method,
				  const char *branch, const struct flow *flow);
struct sip_client *sip_client_find(struct sip_engine *e, const struct sip_msg *msg);
/* We made this Via, and still wait for the final response. */
bool sip_client_sent(struct sip_engine *e, const struct sip_via *via);
/* true: the caller is to hear of it. */
bool sip_client_response(struct sip_engine *e, struct sip_client *c, const struct sip_msg *msg);
void sip_client_timer(struct sip_engine *e, struct sip_client *c, u32 kind,
		      struct sip_event *event);
void sip_client_free(struct sip_engine *e, struct sip_client *c);

/* --- dialog.c --- */

struct sip_dialog_priv {
	struct sip_dialog dialog;	/* what others see of it */
	struct hash_node node;		/* by local tag */
	struct list unacked;		/* struct sip_server */
	struct list reliable;		/* struct sip_reliable, one an INVITE */
};

/* The dialog that a request is in: all three parts must fit. */
struct sip_dialog *sip_dialog_find(struct sip_engine *e, const struct sip_msg *request);
/* A request of its peer is taken. */
void sip_dialog_take(struct sip_dialog *d, u32 cseq);
/* The one that a NOTIFY makes, whose peer was not known so far; and it learns who that is. */
struct sip_dialog *sip_dialog_of_notify(struct sip_engine *e, const struct sip_msg *request);
int sip_dialog_notified(struct sip_engine *e, struct sip_dialog *d, const struct sip_msg *msg);
/* The dialog that a response to our request is in, or the one it was sent in. */
struct sip_dialog *sip_dialog_of_response(struct sip_engine *e, const struct sip_msg *response);
/* The one that a request of ours was sent in before a restart, which this is the response to. */
struct sip_dialog *sip_dialog_of_lost(struct sip_engine *e, const struct sip_msg *response,
				      const struct flow *flow);
struct sip_dialog *sip_dialog_by_tag(struct sip_engine *e, const char *local_tag);
/* A target refresh (RFC 3261 §12.2); what cannot be used changes nothing. */
void sip_dialog_refresh(struct sip_engine *e, struct sip_dialog *d, const struct sip_msg *msg);
/*
 * Writes a request of d, to go by flow, into e->out under that branch; an empty one becomes a
 * new one. NULL: nobody wants to know it. 0 or -ENOMEM.
 */
int sip_dialog_print(struct sip_engine *e, const struct sip_dialog *d, const struct flow *flow,
		     enum sip_method method, u32 cseq, char branch[24],
		     const struct sip_content *content);
/* Writes "z9hG4bK" and a token. */
void sip_branch(struct sip_engine *e, char branch[24]);

/* --- follow.c --- */

/* Its target or route set may be another one: requests go where that says, if they may. */
void sip_dialog_follow(struct sip_engine *e, struct sip_dialog *d);
/* Where msg says that its sender listens leads nowhere: only where it came from is open. */
bool sip_is_translated(const struct sip_engine *e, const struct sip_msg *msg,
		       const struct flow *source);

/* --- reply.c: answers without a transaction --- */

/* headers may be empty; reason NULL: the RFC's; to_tag NULL: one that is the same each time. */
void sip_reply(struct sip_engine *e, const struct sip_msg *msg, const struct flow *flow,
	       u16 status, const char *reason, const char *to_tag, struct slice headers);

/* --- check.c --- */

/* What is wrong with a new request, answered. true: it may go on. */
bool sip_check_request(struct sip_engine *e, const struct sip_msg *msg, const struct flow *flow);
/* The same for what is outside of any dialog. */
bool sip_check_initial(struct sip_engine *e, const struct sip_msg *msg, const struct flow *flow);
/* And within d. ACK is never answered. */
bool sip_check_order(struct sip_engine *e, const struct sip_dialog *d, const struct sip_msg *msg,
		     const struct flow *flow);
bool sip_is_foreign(const struct sip_dialog *d, const struct flow *flow);
bool sip_check_in_dialog(struct sip_engine *e, const struct sip_dialog *d,
			 const struct sip_msg *msg, const struct flow *flow);

#endif
