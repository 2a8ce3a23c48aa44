/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's side of WebSocket (RFC 6455) for SIP (RFC 7118), without I/O: bytes in,
 * messages and bytes for the wire out. First the upgrade from HTTP/1.1, which is read
 * strictly and within WEBSOCKET_MAX_HEADER bytes; then frames, by wslay.
 */
#ifndef TRANSPORT_WEBSOCKET_H
#define TRANSPORT_WEBSOCKET_H

#include "base/buf.h"
#include "base/list.h"

#define WEBSOCKET_MAX_HEADER 8192

/* --- the upgrade, a pure function --- */

enum upgrade_result { UPGRADE_MORE, UPGRADE_ACCEPTED, UPGRADE_REFUSED };

struct upgrade {
	enum upgrade_result result;
	u16 status;		/* of the answer: 101, 400, 403, 405, 426, 431, 505 */
	const char *why;	/* of a refusal */
	size_t used;		/* bytes of the request; frames may follow */
	struct slice key;	/* of ACCEPTED */
	struct slice origin;	/* n 0: none was given */
};

/*
 * bytes is all that was received. origins: those that are allowed, compared in any case;
 * with norigins 0 all are, and a request without one (no browser sends it) is, too.
 */
void websocket_upgrade(struct slice bytes, const char *const *origins, size_t norigins,
		       struct upgrade *out);
/* The answer, added to wire; nothing while there is more to come. */
void websocket_upgrade_answer(const struct upgrade *u, struct buf *wire);

/* --- a connection --- */

struct websocket;

enum websocket_kind {
	WEBSOCKET_MESSAGE,
	WEBSOCKET_CRLF,		/* a keep-alive */
	WEBSOCKET_PING,		/* two CRLF: to be answered by one */
};

struct websocket_message {
	struct list node;
	enum websocket_kind kind;
	size_t n;
	char bytes[];
};

/* max: bytes of a message. origins is kept. 0 or -ENOMEM. */
int websocket_new(struct websocket **out, size_t max, const char *const *origins,
		  size_t norigins);
void websocket_free(struct websocket *ws);
/*
 * All of bytes is taken; what is to be sent is added to wire, also with an error. 0;
 * -EACCES: the origin is not allowed; -ENOTSUP: the upgrade was refused; -ESHUTDOWN: the
 * peer has closed; -EMSGSIZE; -EPROTO; -ENOMEM. Not to be called again after an error.
 */
int websocket_input(struct websocket *ws, struct slice bytes, struct buf *wire);
bool websocket_ready(const struct websocket *ws);		/* it is upgraded */
bool websocket_unfinished(const struct websocket *ws);		/* a message has begun */
const char *websocket_origin(const struct websocket *ws);	/* NULL: none */
struct websocket_message *websocket_take(struct websocket *ws);	/* caller frees; NULL: none */
/* As text, or binary if it is not UTF-8. 0, -EPROTO, -ENOMEM. */
int websocket_send(struct websocket *ws, struct slice bytes, struct buf *wire);
int websocket_ping(struct websocket *ws, struct buf *wire);	/* the same */
/* A close frame, unless one was sent; nothing before the upgrade. */
void websocket_finish(struct websocket *ws, bool too_large, struct buf *wire);

#endif
