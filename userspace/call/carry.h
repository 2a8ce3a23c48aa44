/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What passes from one side of a call to the other and is answered there: INFO, MESSAGE, and a
 * REFER with what is said of it. A part of call.h, which alone includes it.
 */
#ifndef CALL_CARRY_H
#define CALL_CARRY_H

/* A request of one side on its way to the other. */
struct call_carried {
	struct list node;		/* in the call */
	u32 number;
	struct call_leg *from, *to;
	struct sip_server *server;	/* of from's peer */
	struct sip_client *client;	/* to that of to; NULL: it waits in the outbox */
	struct sip_sent sent;		/* as what; cseq 0: it was not */
};

/* carry.c: requests of one side that the other one answers */
/*
 * The request of leg's peer goes to the other side, in its turn among the messages of the call,
 * and has the answer that comes back; or it is refused.
 */
void call_carry(struct call_engine *e, u64 now, struct call_leg *leg, const struct sip_event *ev);
/* The same with more lines. false: it was refused. */
bool call_carry_with(struct call_engine *e, u64 now, struct call_leg *leg,
		     const struct sip_event *ev, const char *more);
/*
 * The same with these lines of headers and this body, of the same type, in the words of the
 * other side; malloc'ed, and taken. headers NULL: no memory; body NULL: as it is.
 */
bool call_carry_as(struct call_engine *e, u64 now, struct call_leg *leg,
		   const struct sip_event *ev, char *headers, char *body);
/* The request on m->leg whose turn it is. */
void call_carry_send(struct call_engine *e, u64 now, const struct call_message *m);
/* client carries something on leg; and new does instead of it from now on. */
bool call_carries(const struct call_leg *leg, const struct sip_client *client);
void call_carry_replace(struct call_engine *e, struct call_leg *leg,
			const struct sip_client *client, struct sip_client *new);
/* What is carried from leg, or to it, is no more, and answered. */
void call_carry_end(struct call_engine *e, u64 now, struct call_leg *leg);
void call_carry_clear(struct call_engine *e, u64 now, struct call *call);
/* A final answer to a request of leg's peer that is not carried. */
void call_carry_answer(struct call_engine *e, u64 now, struct call_leg *leg,
		       struct sip_server *server, u16 status, struct slice headers);

/* again.c: requests that were carried when the daemon was killed */
#define CALL_MAX_AGAIN (2 * CALL_MAX_CARRIED)

/* msg, of leg's peer, is one that was on its way to the other side. */
bool call_again_is(const struct call_leg *leg, const struct sip_msg *msg);
/* As what it went there, if it did: from now on it is a request like any other. */
void call_again_take(const struct call_leg *leg, const struct sip_msg *msg, struct sip_sent *far);
void call_again_clear(struct call *call);
/* Members of object; and back, when both dialogs are there: what is wrong is in r. */
void call_again_save(const struct call *call, json_t **object);
void call_again_restore(struct call *call, struct json_reader *r, const json_t *saved);

/* body_map.c */
/* Where a body comes from, and how we are called where it goes to. */
struct call_body_way {
	const struct addr *from;	/* who sent it */
	const struct sip_listener *listener;	/* what it leaves by */
};

/*
 * The body of msg, and be it one of several parts, in the words of the other side (event/map.h):
 * *body, malloc'ed; NULL: nothing in it is to be mapped. 0, or the status that refuses it, and
 * why.
 */
u16 call_map_body(struct call_engine *e, const struct call_body_way *way,
		  const struct sip_msg *msg, char **body, const char **why);

/*
 * The same of what from's peer sent, for to's: type and body of content. Where it is refused it
 * has none. *body: to be freed.
 */
u16 call_body_carry(struct call_engine *e, const struct call_leg *from, const struct call_leg *to,
		    const struct sip_msg *msg, struct sip_content *content, char **body);
/* What refuses the body of ev, a request, wherever it goes to; 0: nothing does. */
u16 call_body_unreadable(struct call_engine *e, const struct sip_event *ev, const char **why);

/* info.c */
/* msg, from leg's peer, says which packages it takes (RFC 6086). */
void call_info_learn(struct call_leg *leg, const struct sip_msg *msg);

#endif
