/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SIP engine: bytes in, events out. It parses, runs the transactions
 * (RFC 3261 §17, RFC 6026) and finds the dialog; whatever the layers below the
 * call can answer alone (retransmissions, CANCEL without a match, requests for
 * unknown dialogs, malformed messages) never leaves it. At most one event comes
 * of one input or one due timer; the caller handles it, and by that calls
 * sip_respond(), sip_request() and their kin, whose messages go to the effect
 * queue in order. Nothing here calls up, does I/O, or knows the time.
 */
#ifndef SIP_ENGINE_H
#define SIP_ENGINE_H

#include "base/effect.h"
#include "base/timer.h"
#include "base/transport.h"
#include "sip/dialog.h"
#include "sip/frame.h"
#include "sip/rate.h"
#include "sip/tally.h"

struct sip_engine;
struct sip_server;	/* server transaction */
struct sip_client;	/* client transaction */

/* One per listener of the configuration, same index as struct flow.listener. */
struct sip_listener {
	struct addr local;	/* bound address */
	struct addr advertise;	/* what Via and Contact say */
	enum transport transport;
	u32 realm;		/* others of the same one may send in place of this */
};

struct sip_engine_conf {
	const struct sip_listener *listeners;	/* copied */
	size_t nlisteners;
	u64 t1, t2, t4;				/* ns; 0: RFC 3261 defaults */
	struct sip_limits limits;
	u8 seed[32];				/* of the engine's random generator */
	const char *software;			/* Server and User-Agent; copied; NULL: none */
	/*
	 * What the engine may refuse by itself. A caller that sorts requests by
	 * their source first, so that strangers learn nothing else, leaves these
	 * empty and answers 405, 501 and 420 itself.
	 */
	u32 methods;			/* bits 1 << enum sip_method; 0: all pass */
	const char *supported;		/* "100rel, timer"; copied; NULL: all pass */
	u32 max_servers;		/* above it nothing new begins: 503; 0: 200000 */
	u32 retry_after;		/* s, in that 503; 0: 10 */
	struct sip_rate strangers;	/* what each of their sources may */
	/*
	 * Is something known of who sends by flow? If not he is a stranger: outside of what he and
	 * we agreed on (dialogs, and CANCEL of an INVITE that was taken) he may ask as often as
	 * strangers says; above that he is told so once, then nothing. What he is told is never
	 * longer than what he sent, and does not say what we are: else there is no answer. Asked
	 * only where it matters; without side effects. NULL: all are known.
	 */
	bool (*knows)(void *arg, const struct flow *flow);
	void *knows_arg;
};

enum sip_event_type {
	SIP_EVENT_NONE,		/* dealt with below the call */
	SIP_EVENT_REQUEST,	/* new request: server, dialog or NULL, msg */
	SIP_EVENT_ACK,		/* ACK to our 2xx: dialog, msg; first one only */
	SIP_EVENT_NO_ACK,	/* 64*T1 without ACK to our 2xx: dialog */
	SIP_EVENT_NO_PRACK,	/* 64*T1 without PRACK: server, dialog; answer it with 5xx */
	SIP_EVENT_CANCEL,	/* server (the INVITE's); the CANCEL got its 200 */
	SIP_EVENT_RESPONSE,	/* client, msg; for a 2xx to INVITE each To-tag once */
	SIP_EVENT_TIMEOUT,	/* client: timer B or F; treat as 408 */
	SIP_EVENT_FAILED,	/* client: transport error; treat as 503 */
};

struct sip_event {
	enum sip_event_type type;
	const struct sip_msg *msg;	/* valid until the next call of input or timer */
	struct flow flow;		/* it came by */
	struct sip_server *server;
	struct sip_client *client;
	struct sip_dialog *dialog;	/* found by local tag, checked; its CSeq advanced */
	struct sip_server *invite;	/* of a PRACK: the INVITE whose response it acknowledges */
	bool foreign;			/* not from dialog's peer; sip_dialog_moved(), or refuse */
	bool reliable;			/* a response that wants its PRACK (RFC 3262) */
	void *user;			/* of the client, server or dialog, in this order */
};

/* effects and timers belong to the caller and outlive the engine. NULL: no memory. */
struct sip_engine *sip_engine_new(const struct sip_engine_conf *conf,
				  struct effects *effects, struct timers *timers);
void sip_engine_free(struct sip_engine *e);

/*
 * One datagram, or one message of a stream (sip/frame.h). Malformed ones are answered
 * 400, those above a limit 413 or 513; or they are dropped, and counted. What else
 * the engine answers by itself: retransmissions; 100 to an INVITE that the caller
 * has not answered within 150 ms; 403 in a dialog from another IP address than its
 * peer's; 416 for other schemes than sip, sips and tel; 481 for an unknown dialog, CANCEL
 * without its INVITE, PRACK without its response; 482 merged requests, and ours that
 * come back; 483 outside a dialog, OPTIONS and REGISTER apart; 500 out of order; 503
 * above max_servers, and to a stranger who asks too often; 505.
 */
void sip_engine_input(struct sip_engine *e, u64 now, const struct flow *flow,
		      struct slice bytes, struct sip_event *event);
/*
 * The event was handled, and the bytes will go: copies the request, if it is still without its
 * answer. Always to be called between that and whatever is told to the engine next.
 */
void sip_engine_keep(struct sip_engine *e);
/*
 * What sip_frame_next() could not frame: answers the error if anything can be answered. The
 * caller sends it and closes the connection.
 */
void sip_engine_refuse(struct sip_engine *e, u64 now, const struct flow *flow,
		       const struct sip_frame *frame);
/* A due timer with kind < 100. */
void sip_engine_timer(struct sip_engine *e, u64 now, struct timer *t,
		      struct sip_event *event);
/*
 * The transport could not send to this flow, or its connection ended: fails its client
 * transactions one by one; call until the event is SIP_EVENT_NONE.
 */
void sip_engine_unreachable(struct sip_engine *e, u64 now, const struct flow *flow,
			    struct sip_event *event);

/* What to add to a message beside what the engine writes itself. */
struct sip_content {
	struct slice headers;		/* complete lines, each with CRLF; may be empty */
	struct slice content_type;	/* empty: no body */
	struct slice body;
	u8 max_forwards;		/* of a request; 0: 70, or the line in headers */
};

/*
 * Responses. The first 1xx above 100 or 2xx to a request without a To-tag uses
 * dialog's local tag (dialog may be NULL: then the transaction's own random
 * tag, which is also that of the first dialog made from it). A 2xx to INVITE is
 * retransmitted until its ACK. Errors: -EINVAL when
 * the transaction already sent a final response, and for a 2xx to INVITE
 * without a dialog; -ENOMEM. Contact (from dialog->local_contact) and Record-Route
 * are added where RFC 3261 §12.1.1 wants them; a 2xx to INVITE or UPDATE in a
 * dialog adopts the request's Contact as its target, one to BYE ends the dialog.
 */
int sip_respond(struct sip_engine *e, u64 now, struct sip_server *server,
		struct sip_dialog *dialog, u16 status, const char *reason,
		const struct sip_content *content);
/*
 * The same for a provisional response, 101 to 199, to an INVITE that is to be acknowledged
 * (RFC 3262 §3): with Require: 100rel and RSeq, each dialog of a forked INVITE counting for
 * itself. It is sent again, by any transport, until its PRACK, which comes as
 * SIP_EVENT_REQUEST with event.invite set and wants an answer like any request; one that
 * fits nothing got 481. One at a time is under way in a dialog: up to SIP_MAX_RELIABLE - 1
 * more wait for their turn, in order. A final response ends it all; a 2xx must wait while
 * there is SDP that nobody acknowledged (sip_server_unacknowledged()). 64*T1 after it went
 * out first: SIP_EVENT_NO_PRACK, and nothing is sent again.
 * -EINVAL: no INVITE, finally answered, no dialog, other status; -EOPNOTSUPP: the INVITE does
 * not support 100rel; -ENOBUFS: too many wait; -ENOMEM.
 */
int sip_respond_reliable(struct sip_engine *e, u64 now, struct sip_server *server,
			 struct sip_dialog *dialog, u16 status, const char *reason,
			 const struct sip_content *content);
#define SIP_MAX_RELIABLE 8
/*
 * Reliable responses of an INVITE without PRACK so far, those that wait for their turn
 * included; in dialog, or with NULL in all of its dialogs.
 */
size_t sip_server_unacknowledged(const struct sip_server *server,
				 const struct sip_dialog *dialog);
/*
 * To somebody whom nothing may be told or remembered of: the final response, without a word of
 * who we are, outside of the transaction, if it has no more than longest bytes. false: it has,
 * and was not sent. sip_server_drop() is what comes next, or another try.
 */
bool sip_respond_briefly(struct sip_engine *e, u64 now, struct sip_server *server, u16 status,
			 struct slice headers, size_t longest);
/* Ends it, whatever it has sent: the same request is a new one. */
void sip_server_drop(struct sip_engine *e, struct sip_server *server);
void sip_server_set_user(struct sip_server *server, void *user);
/* Lives as long as the transaction's TU holds it. */
const struct sip_msg *sip_server_request(const struct sip_server *server);
/* The TU is done with it; without a final response so far the engine sends 500. */
void sip_server_put(struct sip_engine *e, u64 now, struct sip_server *server);
/*
 * Instead of responding: a final answer without a transaction (RFC 3261 §8.2.7), which comes
 * again for the same request, and the server goes at once: whoever is refused leaves
 * nothing behind, and gets nothing twice. For a stranger the limits of
 * sip_engine_conf.knows hold, and without an answer nothing else happens: false.
 */
bool sip_dismiss(struct sip_engine *e, u64 now, struct sip_server *server, bool stranger,
		 u16 status, struct slice headers);
size_t sip_engine_servers(const struct sip_engine *e);

/*
 * Requests outside a dialog. The new client dialog (early, no remote tag) is
 * made by sip_dialog_new_uac(); from it come From, To, Call-ID, CSeq, Contact.
 * *client is a borrowed pointer, good until its final response, TIMEOUT or
 * FAILED event was handled. In a dialog the same call is used for BYE,
 * re-INVITE and so on: route set and target come from the dialog. Errors: -EINVAL
 * (ACK and CANCEL have calls of their own), -ENOMEM.
 *
 * PRACK (RFC 3262 §4): a response with event.reliable, given to sip_dialog_response() or
 * sip_dialog_fork(), is owed one in its dialog; RAck is written here. Until then further ones
 * of the dialog are not taken: they come again. What comes twice or out of order is dropped
 * below the call. -ENOENT: the dialog has had no reliable response.
 */
int sip_request(struct sip_engine *e, u64 now, struct sip_dialog *dialog,
		enum sip_method method, const struct sip_content *content,
		void *user, struct sip_client **client);
/*
 * A request of ours, as its peer's transactions know it: what comes again under these is a
 * retransmission to them, and has the answer that it had.
 */
#define SIP_BRANCH 24			/* with the NUL */
struct sip_sent {
	u32 cseq;
	char branch[SIP_BRANCH];
};
void sip_client_sent_as(const struct sip_client *client, struct sip_sent *sent);
/* It may be one that we have written. */
bool sip_sent_is_ours(const struct sip_sent *sent);
/*
 * The same for what was sent before a restart, and whose answer has gone. -EINVAL for methods
 * that have a state beside their transaction, or a number that dialog has not come to.
 */
int sip_request_again(struct sip_engine *e, u64 now, struct sip_dialog *dialog,
		      enum sip_method method, const struct sip_sent *sent,
		      const struct sip_content *content, void *user, struct sip_client **client);
/*
 * ACK to the 2xx whose To-tag is dialog's; kept and sent again for each retransmitted 2xx.
 * -ENOENT: there was none such; -ENOMEM.
 */
int sip_ack(struct sip_engine *e, u64 now, struct sip_client *client,
	    struct sip_dialog *dialog, const struct sip_content *content);
/*
 * The ACK of a 2xx with an offer has to wait for the answer (RFC 3264 §4, RFC 6337 §2.2): client
 * stays, absorbing what comes again, until sip_ack() or, when there will be none,
 * sip_client_put().
 */
void sip_client_keep(struct sip_client *client);
void sip_client_put(struct sip_engine *e, u64 now, struct sip_client *client);
/*
 * Who sent client's INVITE does not wait any more: it ends after 64*T1, if nobody ends it before,
 * whatever provisional responses come.
 */
void sip_client_leave(struct sip_engine *e, u64 now, struct sip_client *client);
enum sip_method sip_client_method(const struct sip_client *client);
void sip_client_set_user(struct sip_client *client, void *user);
/*
 * Not of an INVITE: nobody waits for the response any more. It is not sent again, and what
 * still comes is dropped.
 */
void sip_client_forget(struct sip_engine *e, struct sip_client *client);
/*
 * CANCEL an INVITE; held back until a provisional response came (RFC 3261 §9.1).
 * headers may hold a Reason line. 64*T1 after the CANCEL the INVITE gets its TIMEOUT.
 * -EINVAL: no INVITE, or finally answered; -ENOMEM.
 */
int sip_cancel(struct sip_engine *e, u64 now, struct sip_client *client,
	       struct slice headers);

/*
 * What a later run of the daemon needs to CANCEL an INVITE of ours and to acknowledge what comes of
 * it, and the flow that it went by; malloc'ed. NULL: finally answered, no INVITE, or no memory.
 */
char *sip_invite_save(struct sip_engine *e, const struct sip_client *client, struct flow *flow);
/* It goes on in d, as if answered provisionally. NULL: it is none of d, or no memory. */
struct sip_client *sip_invite_restore(struct sip_engine *e, struct slice text,
				      const struct sip_dialog *d, void *user);

/* Counters for jalurctl info: name and value pairs, ends with name NULL. */
struct sip_counter {
	const char *name;
	u64 value;
};
const struct sip_counter *sip_engine_counters(struct sip_engine *e);
const struct sip_tally *sip_engine_tally(const struct sip_engine *e);

u64 sip_engine_random(struct sip_engine *e);
/* A token for tags, branches, Call-IDs: 16 lower-case hex digits and NUL. */
void sip_engine_token(struct sip_engine *e, char out[17]);

#endif
