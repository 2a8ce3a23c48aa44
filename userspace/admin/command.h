/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of admin/, shared by its files and by nobody else: commands as a
 * function from a line to an answer, without I/O of their own (but for figures,
 * which the relay is asked for), so that they are tested without a socket.
 */
#ifndef ADMIN_COMMAND_H
#define ADMIN_COMMAND_H

#include <jansson.h>

#include "admin/control.h"
#include "call/trunk.h"

#define CONTROL_PROTOCOL 1	/* version in hello */

/* What a monitor stream carries. */
#define WATCH_CALL 1
#define WATCH_MEDIA 2

/* Where a command is run. */
struct command_context {
	const struct control_conf *conf;
	u64 now;		/* CLOCK_MONOTONIC, ns */
	u64 wall;		/* CLOCK_REALTIME, ns */
	size_t clients;		/* for info */
	u64 dropped;		/* events that slow readers lost, all clients */
	bool watching;		/* this client has a stream already */
};

struct command_answer {
	json_t *object;		/* one line; NULL: none, a stream begins; new reference */
	json_t *id;		/* of the request; new reference */
	bool changed;		/* call drive() */
	bool secret;		/* the line has a secret in it: wipe it */
	const char *name;	/* of the command, for the log; NULL: unknown */
	u32 watch;		/* WATCH_...: answers are a stream from now on */
};

/* line: without the newline. Never fails: what is wrong becomes an error object. */
void admin_run(const struct command_context *ctx, struct slice line,
	       struct command_answer *answer);

json_t *admin_hello(void);
/* {id, error}; id may be NULL (null), and is not taken. */
json_t *admin_error(json_t *id, const char *code, const char *where, const char *remedy,
		    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* --- view.c: new references; NULL: no memory --- */
json_t *admin_hex(u64 value);
json_t *admin_addr(const struct addr *a);	/* family 0: null */
json_t *admin_time(const struct command_context *ctx, u64 ns);	/* monotonic; 0: null */
json_t *admin_call(const struct command_context *ctx, const struct call_view *view);
double admin_jitter_ms(const struct media_end_figures *end);
json_t *admin_figures(const struct media_figures *figures);
json_t *admin_call_event(const struct command_context *ctx, const struct call_event *event);
json_t *admin_media_event(const struct command_context *ctx, const struct media_event *event);

/* --- streams.c; figures may be NULL --- */
json_t *admin_streams(const struct media_stream_view *views, size_t n,
		      const struct media_figures *figures);

/* --- transport.c --- */
json_t *admin_transports(const struct control_conf *conf);
void admin_transport_counters(const struct control_conf *conf, json_t *counters);

/* --- load.c --- */
json_t *admin_overload(const struct command_context *ctx);
json_t *admin_drain(const struct command_context *ctx);
/* --- route.c --- */
json_t *admin_routes(const struct command_context *ctx);
struct admin_mistake {
	const char *where;	/* "args.uri"; NULL: no memory */
	char text[128];
};

/* Which route would a request take, and what would become of it? NULL: m says why not. */
json_t *admin_route_test(const struct command_context *ctx, const json_t *args,
			 struct admin_mistake *m);
/* --- trunk.c; admin_trunk(): NULL: there is none --- */
json_t *admin_trunks(const struct command_context *ctx);
const char *admin_trunk_state(enum call_trunk_condition condition);
json_t *admin_trunk(const struct command_context *ctx, const char *name);
/* --- subscriber.c: NULL: fault says why not --- */
struct admin_fault {
	const char *code, *where, *remedy, *message;
};

enum admin_subscriber { ADMIN_SUBSCRIBER_ADD, ADMIN_SUBSCRIBER_PASSWD, ADMIN_SUBSCRIBER_DEL };

json_t *admin_subscriber(const struct control_conf *conf, enum admin_subscriber what,
			 json_t *args, struct admin_fault *fault);
json_t *admin_subscribers(const struct control_conf *conf);

/* --- registration.c --- */
json_t *admin_registrations(const struct command_context *ctx, struct slice domain);
json_t *admin_registration(const struct command_context *ctx, const char *aor);	/* NULL: none */

/* --- watch.c; aor NULL: all --- */
json_t *admin_subscriptions(const struct command_context *ctx, const char *aor);
json_t *admin_subscription(const struct command_context *ctx, u64 id);	/* NULL: none */
json_t *admin_presence(const struct command_context *ctx, const char *aor);	/* NULL: none */

/* --- trace.c; NULL: there is nothing of it (any more) --- */
json_t *admin_ladder(const struct command_context *ctx, u64 call);

#endif
