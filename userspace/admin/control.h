/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket (DESIGN.md §4, Documentation/control-protocol.rst): an
 * AF_UNIX stream socket that speaks one JSON object a line. The server greets
 * with hello; a request {id, cmd, args} gets {id, result} or {id, error}; a
 * stream gets {id, event} until {id, done}. Commands are one table
 * (command.c), of which help and the protocol's documentation are made.
 */
#ifndef ADMIN_CONTROL_H
#define ADMIN_CONTROL_H

#include <uv.h>

#include "call/engine.h"
#include "media/relay.h"

struct control;

/* Call records: in the file, lost since the ring was full, not written. */
struct control_records {
	u64 written, lost, failed;
};

/* What outlives the daemon: in the file, waiting for the disk, lost, attempts that failed. */
struct control_store {
	u64 written, waiting, lost, failures;
};

/* Where we listen, and who is connected. Strings: NULL when there is none. */
struct control_listener {
	const char *realm;
	enum transport transport;
	struct addr local;
};

struct control_connection {
	u64 id;
	const char *realm, *state, *server_name, *origin;
	enum transport transport;
	struct addr peer, local;	/* family 0: not known yet */
	bool incoming;
	u64 age;			/* ns */
	u64 bytes_in, bytes_out, messages_in, messages_out, queued;
	const char *tls, *cipher, *subject;
	bool verified;
};

/* What the daemon does for transport commands, and counters of its own. */
struct control_transports {
	void (*listeners)(void *arg, void (*each)(void *to, const struct control_listener *l),
			  void *to);
	void (*connections)(void *arg, void (*each)(void *to, const struct control_connection *c),
			    void *to);
	int (*close)(void *arg, u64 id);	/* 0 or -ENOENT */
	void (*counters)(void *arg, void (*each)(void *to, const char *name, u64 value), void *to);
};

/* What subscriber commands do: 0, -ENOENT, -EOPNOTSUPP without a store, -ENOMEM. */
struct control_subscribers {
	int (*set)(void *arg, struct slice domain, struct slice user,
		   const struct sip_secret *secret);
	int (*del)(void *arg, struct slice domain, struct slice user);
};

struct control_conf {
	const char *path;		/* of the socket; its directory is made if missing */
	const char *group;		/* gets the socket (0660); NULL or "": the daemon's own */
	u32 node;
	struct call_engine *engine;	/* borrowed, outlives the control socket */
	struct media_relay *relay;	/* for live figures; NULL: there are none */
	/*
	 * Carries out what a command caused (effects, events, timer); called after
	 * each command that changes something.
	 */
	void (*drive)(void *arg);
	/* true when the daemon is stopping and takes no new calls; may be NULL. */
	bool (*stopping)(void *arg);
	/* false: records are not written; may be NULL. */
	bool (*records)(void *arg, struct control_records *records);
	/* The same for what is stored. */
	bool (*store)(void *arg, struct control_store *store);
	const struct control_transports *transports;	/* NULL: there are none */
	const struct control_subscribers *subscribers;	/* NULL: they cannot be changed */
	void *arg;
};

/*
 * Binds and listens; conf and its strings are copied, what they point to is
 * not. A socket file that nobody listens on is replaced. 0 or -errno:
 * -EADDRINUSE when another daemon listens on path. The reason is logged. With
 * a group that does not exist the socket is this user's alone, and a warning says so.
 */
int control_open(struct control **out, uv_loop_t *loop, const struct control_conf *conf);
/* Serves an already connected stream socket as a client; takes fd. 0 or -errno. */
int control_add_client(struct control *c, int fd);
/* To everybody who watches; the event stays the caller's. */
void control_call_event(struct control *c, const struct call_event *event);
void control_media_event(struct control *c, const struct media_event *event);
/*
 * Ends streams with done, closes clients, removes the socket file. The loop must run
 * once more afterwards for handles to be freed. NULL allowed.
 */
void control_close(struct control *c);

#endif
