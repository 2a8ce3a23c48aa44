/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections: TCP, TLS (RFC 3261 §26.2, RFC 5922), WebSocket (RFC 6455, RFC 7118).
 * They live in threads of their own, each with a loop; the daemon's thread and such a
 * thread hand things over by bounded rings and never wait for each other. Everything
 * here is called in the daemon's thread, and so are the callbacks. A connection has an
 * id that no other one ever gets: what is kept of a connection that is gone reaches
 * nobody, instead of a stranger. What a message is comes from outside (struct
 * stream_framing), so that nothing here knows SIP.
 */
#ifndef TRANSPORT_STREAM_H
#define TRANSPORT_STREAM_H

#include <uv.h>

#include "base/addr.h"
#include "base/transport.h"

struct streams;
struct tls_context;	/* transport/tls.h */
struct tls_peer;

/* --- what is known of a connection --- */

enum stream_state {
	STREAM_CONNECTING,
	STREAM_HANDSHAKE,	/* TLS, or the upgrade to WebSocket */
	STREAM_OPEN,
	STREAM_REFUSING,	/* cannot be followed any more; an answer may still be sent */
	STREAM_CLOSING,
	STREAM_STATES
};

const char *stream_state_name(enum stream_state state);		/* "open" */

/* Fixed as long as the connection is known; not told before it is open: local, tls, origin. */
struct stream_info {
	u64 id;
	u32 listener;
	enum transport transport;
	struct addr peer, local;
	bool incoming;
	const char *server_name;	/* that was asked for (TLS); NULL: none */
	const struct tls_peer *tls;	/* version, cipher, certificate; NULL: no TLS */
	const char *origin;		/* of a WebSocket; NULL: none */
};

struct stream_view {
	const struct stream_info *info;
	enum stream_state state;
	u64 age;			/* ns */
	u64 bytes_in, bytes_out;	/* on the wire */
	u64 messages_in, messages_out;
	u64 queued;			/* bytes that the peer has not taken so far */
};

/*
 * Why a connection was refused or ended; each is counted, too. Of incoming ones that were
 * never open the daemon hears by the counters alone.
 */
#define STREAM_REASON_TABLE(X) \
	X(PEER_CLOSED, "peer_closed", "the peer closed the connection") \
	X(ASKED, "closed", "closed by us") \
	X(RESET, "reset", "the connection broke") \
	X(IDLE, "idle", "nothing came for too long") \
	X(UNFINISHED, "unfinished_message", "a message was not finished in time") \
	X(FRAMING, "framing_error", "what came cannot be followed") \
	X(TOO_LARGE, "too_large", "a message is larger than allowed") \
	X(OVERFLOW, "queue_overflow", "the peer does not take what is sent to it") \
	X(NO_PONG, "no_pong", "the peer does not answer pings") \
	X(NO_MEMORY, "no_memory", "no memory") \
	X(CONNECT_FAILED, "connect_failed", "the connection was not made") \
	X(CONNECT_TIMEOUT, "connect_timeout", "the connection was not made in time") \
	X(HANDSHAKE_FAILED, "handshake_failed", "the TLS handshake failed") \
	X(HANDSHAKE_TIMEOUT, "handshake_timeout", "the handshake was not finished in time") \
	X(VERIFY_FAILED, "verify_failed", "the peer's certificate was refused") \
	X(UPGRADE_REFUSED, "upgrade_refused", "no upgrade to a WebSocket for SIP") \
	X(ORIGIN_REFUSED, "origin_refused", "the WebSocket comes from a page that is not allowed") \
	X(TOTAL_LIMIT, "total_limit", "too many connections") \
	X(SOURCE_LIMIT, "source_limit", "too many connections of one source") \
	X(HANDSHAKE_LIMIT, "handshake_limit", "too many handshakes under way")

enum stream_reason {
#define STREAM_REASON_ID(id, name, text) STREAM_##id,
	STREAM_REASON_TABLE(STREAM_REASON_ID)
#undef STREAM_REASON_ID
	STREAM_REASONS
};

const char *stream_reason_name(enum stream_reason reason);	/* "idle" */
const char *stream_reason_text(enum stream_reason reason);	/* "nothing came for too long" */

/* --- framing --- */

enum stream_frame_type {
	STREAM_FRAME_MORE,	/* nothing complete yet */
	STREAM_FRAME_MESSAGE,
	STREAM_FRAME_CRLF,	/* between messages */
	STREAM_FRAME_PING,	/* to be answered with CRLF (RFC 5626 §4.4.1) */
	STREAM_FRAME_ERROR,	/* the stream cannot be followed any more */
};

struct stream_frame {
	enum stream_frame_type type;
	struct slice bytes;	/* of MESSAGE and ERROR */
	size_t used;		/* so many bytes from the front are done with */
	/* Of ERROR, given to the daemon as it is: */
	u32 status, where;
	const char *text;	/* static */
	bool too_large;		/* how it is counted */
};

/*
 * How messages are cut out of the bytes of TCP and TLS. Called in an I/O thread. next()
 * gets all that was received and not used yet; the bytes may have moved since the last
 * call, but not changed.
 */
struct stream_framing {
	size_t state_size;
	void (*init)(void *state, size_t max);	/* max: bytes of one message */
	void (*next)(void *state, struct slice bytes, struct stream_frame *frame);
};

/* --- callbacks, in the daemon's thread --- */

/*
 * Of each connection first opened() or connected() without an error, then any number of
 * message(), at most one error(), and in the end closed(), after which its id is unknown.
 * They may call everything here but streams_close(). info and bytes are good until they return.
 */
struct stream_ops {
	/* An incoming connection is open, with its handshakes. */
	void (*opened)(void *arg, const struct flow *flow, const struct stream_info *info);
	void (*message)(void *arg, const struct flow *flow, const struct stream_info *info,
			struct slice bytes);
	/*
	 * Nothing more is read. What the first streams_send() gives is still sent, then the
	 * connection is closed; without one it is after a second.
	 */
	void (*error)(void *arg, const struct flow *flow, const struct stream_info *info,
		      const struct stream_frame *frame);
	void (*closed)(void *arg, const struct flow *flow, const struct stream_info *info,
		       enum stream_reason reason);
	/*
	 * Of each streams_connect() that returned 0, once, but for those that streams_close()
	 * ends. err: 0 or -errno (-ETIMEDOUT, -ECONNREFUSED, ...; -EPROTO: the TLS handshake
	 * failed; -EKEYREJECTED: the peer is not who it should be; -ECANCELED; -EDQUOT: too many
	 * connections); text says why, for the log. flow->connection is 0 with an error.
	 */
	void (*connected)(void *arg, u64 ticket, int err, const char *text,
			  const struct flow *flow);
	/* After several of the above: carry out what they caused. */
	void (*burst)(void *arg);
};

/* --- life --- */

struct stream_limits {
	u32 connections;		/* in all, both ways */
	u32 source_connections;		/* incoming ones of an IPv4 address or an IPv6 /64 */
	u32 handshakes;			/* of incoming ones under way, in all */
	u32 source_handshakes;		/* and of one source */
	u64 handshake_timeout;		/* ns, from accept() or connect() until it is open */
	/*
	 * ns without a byte from the peer; until its first message, in all. 0: never. WebSockets
	 * that have sent a message and answer pings are not idle.
	 */
	u64 idle_timeout;
	u64 message_timeout;		/* ns from the first byte of a message to the last */
	u64 ping_interval;		/* ns between our pings to a WebSocket; 0: none */
	u64 linger;			/* ns that a closed peer may take to close, too */
	size_t message_max;		/* bytes */
	size_t queue_max;		/* bytes that wait for one peer; beyond it is closed */
};

void stream_limits_init(struct stream_limits *limits);	/* the defaults */

struct streams_conf {
	uv_loop_t *loop;		/* of the daemon */
	unsigned int threads;		/* 1 to STREAMS_MAX_THREADS; 0: 1 */
	size_t ring;			/* slots of each ring; 0: 4096 */
	u32 epoch;			/* the upper half of ids, another one each start; not 0 */
	struct stream_limits limits;
	const struct stream_framing *framing;	/* kept, not copied; and so are ops */
	const struct stream_ops *ops;
	void *arg;
};

#define STREAMS_MAX_THREADS 16

/* 0, -EINVAL, -ENOMEM, or what libuv or the kernel refused. */
int streams_new(struct streams **out, const struct streams_conf *conf);
/*
 * Closes every connection, with what can be sent at once, and waits for the threads, which
 * end at once. No callback comes any more. The memory goes when the loop runs next.
 */
void streams_close(struct streams *s);

struct stream_listen {
	enum transport transport;
	struct addr local;		/* not the wildcard */
	struct tls_context *tls;	/* of TLS and WSS; the caller keeps its reference */
	const char *const *origins;	/* "https://pbx.example"; of WebSockets; copied */
	size_t norigins;		/* 0: any page */
	bool connect_only;		/* no socket; for streams_connect() alone */
};

/*
 * Listens as listener number index, which must be free. 0; -EINVAL: UDP, the wildcard, no
 * TLS where it is needed; -EEXIST; -ENOMEM; what bind() and listen() say.
 */
int streams_listen(struct streams *s, u32 index, const struct stream_listen *listen);
/*
 * For connections to come; those that are open keep theirs. 0; -ENOENT; -EINVAL: a listener
 * needs a certificate; -ENOMEM.
 */
int streams_set_tls(struct streams *s, u32 index, struct tls_context *tls);
/* Its connections stay; the address is free at once. */
void streams_unlisten(struct streams *s, u32 index);

/* --- connections --- */

struct stream_target {
	u32 listener;			/* whose local address and certificates are used */
	enum transport transport;	/* TCP or TLS */
	struct addr peer;
	/*
	 * TLS: the domain that the peer must be (RFC 5922 §7.3), and SNI. NULL: none is sent,
	 * and a context that verifies refuses every peer.
	 */
	const char *server_name;
};

/*
 * Begins a connection from the listener's address, any port; connected() tells. *id, if not
 * NULL, is for streams_close_connection() until then. 0; -EINVAL; -ENOENT: no such
 * listener; -ENOMEM; -ENOBUFS: the thread is far behind.
 */
int streams_connect(struct streams *s, const struct stream_target *to, u64 ticket, u64 *id);
/*
 * An open connection on which requests to that peer may be sent: one that we made to it, under
 * the same server name, or one that it made and streams_alias() named. 0: none.
 */
u64 streams_find(struct streams *s, const struct stream_target *to);
/*
 * RFC 5923: requests to addr may use this connection, which came from there. Whoever calls has
 * seen "alias" in Via and that addr is the connection's own IP. Over TLS streams_find() then
 * wants the server name among those of the peer's verified certificate. 0; -ENOENT;
 * -ENOBUFS: it has STREAM_MAX_ALIASES; -ENOMEM.
 */
int streams_alias(struct streams *s, u64 id, const struct addr *addr);
#define STREAM_MAX_ALIASES 4
/*
 * In order, as one message; bytes are copied. 0; -ENOTCONN: it is not open, or gone;
 * -ENOBUFS: more than queue_max would wait, and the connection is closed for that, or the
 * thread is far behind, and it is not; -ENOMEM.
 */
int streams_send(struct streams *s, u64 id, struct slice bytes);
/* After what was sent before. closed() or connected() tells when it is gone. */
void streams_close_connection(struct streams *s, u64 id, enum stream_reason reason);
/* NULL: unknown. Good until its closed() returns. */
const struct stream_info *streams_info(struct streams *s, u64 id);
/*
 * Every connection that has been told, and those that are being made. Incoming handshakes are
 * not among them, only counted: a flood of them must cost the daemon's thread nothing.
 */
void streams_each(struct streams *s, void (*view)(void *arg, const struct stream_view *view),
		  void *arg);

/* --- counters --- */

struct stream_counter {
	const char *name;
	u64 value;
};

/* For jalurctl info: ends with name NULL. Each reason, and what is in stream_count.c. */
const struct stream_counter *streams_counters(struct streams *s);

#endif
