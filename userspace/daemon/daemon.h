/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon: the one part that knows everybody. It owns the loop, the sockets,
 * the relay and the engine, and carries the engine's effects out in order.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include <uv.h>

#include "admin/control.h"
#include "admin/http.h"
#include "admin/metrics.h"
#include "call/engine.h"
#include "config/config.h"
#include "media/relay.h"
#include "store/store.h"
#include "transport/failed.h"
#include "transport/locate.h"
#include "transport/loop.h"
#include "transport/stream.h"
#include "transport/tls.h"

/* The ports of one realm; found again by name and ranges after a reload. */
struct daemon_pool {
	struct daemon_pool *next;
	char *realm;
	struct media_range *ranges;
	size_t nranges;
	struct media_ports *ports;
};

struct daemon_adopted {
	u64 session;
	u64 digest;			/* of its plan */
	bool recorded;			/* its call record is written */
};

struct daemon {
	const char *path;		/* of the configuration */
	struct config *config;
	uv_loop_t loop;
	uv_timer_t deadline;		/* of the engine */
	uv_timer_t sweep;		/* adopted sessions */
	uv_timer_t load;		/* measures overload */
	u64 deadline_at;		/* what the engine's timer waits for */
	int statm;			/* what the kernel says of our memory; 0: not open */
	u64 load_due, load_drops;	/* when it was due; drops then */
	uv_timer_t stop;		/* how long hanging up may take */
	uv_signal_t sigterm, sigint, sighup;
	uv_poll_t media_events;
	struct call_engine *engine;
	struct media_relay *relay;
	struct media_figures figures;	/* of the session that goes: too many for the stack */
	bool relay_is_kernel;		/* its sessions outlive us */
	struct daemon_pool *pools;
	struct udp **udp;		/* by listener; NULL: a stream's */
	size_t nlisteners;
	u64 stun_refused;		/* keep-alives of strangers */
	struct streams *streams;
	struct list connects;		/* connections that messages wait for */
	u64 connect_ticket;
	struct tls_context **tls;	/* by realm; NULL in it: no TLS */
	size_t ntls;
	struct dns *dns;
	struct list questions;		/* names that are asked for */
	struct failed *failed;		/* targets */
	struct control *control;
	struct http *http;		/* NULL: there are no metrics */
	struct control_media media_sum;	/* of sessions that are over */
	struct cdr *cdr;		/* NULL: call records are not written */
	struct store *store;		/* NULL: nothing is stored */
	uv_async_t stored;		/* some of what somebody waits for */
	/* Sessions of an earlier daemon, relaying on without a call. */
	struct daemon_adopted *adopted;
	size_t nadopted;
	u64 refused_window;		/* start of the second that refused_logged counts */
	u32 refused_logged;
	bool stopping;
	int status;			/* exit status */
};

/* daemon.c: 0 or -errno, the reason logged. */
int daemon_start(struct daemon *d, const char *path, struct config *config);
int daemon_run(struct daemon *d);	/* exit status */
void daemon_stop(struct daemon *d);
/* After anything was put into the engine: effects, events, sockets, timer. */
void daemon_settle(struct daemon *d);

/* media.c: 0 or -errno, the reason logged */
int daemon_media_open(struct daemon *d);
int daemon_media_watch(struct daemon *d);
void daemon_media_close(struct daemon *d);
void daemon_media_effect(struct daemon *d, struct effect *effect);
/*
 * The relay has the session of a call that goes on, as its plan says: it has it from before,
 * or gets it now. 0 or -errno, the reason logged.
 */
int daemon_media_resume(struct daemon *d, u64 session);
/* A session that an earlier daemon left: its call record is written. false: there is none. */
bool daemon_media_recorded(struct daemon *d, u64 session);
/* epoch, or the next that no session in the kernel was made in. */
u32 daemon_media_epoch(const struct daemon *d, u32 epoch);

/* transport.c: listeners, and messages out; 0 or -errno, the reason logged */
int daemon_transport_open(struct daemon *d);
void daemon_transport_close(struct daemon *d);
void daemon_send(struct daemon *d, const struct flow *flow, struct slice bytes);
void daemon_transport_flush(struct daemon *d);
void daemon_alias(struct daemon *d, const struct flow *flow);
enum transport daemon_transport_of(const struct daemon *d, u32 listener);
/* ip, of ADDR_STRLEN, is part of the result. */
struct stream_target daemon_target(const struct daemon *d, const struct flow *flow, char *ip);

/* connect.c: bytes wait for a connection to flow's peer. */
void daemon_connect(struct daemon *d, const struct flow *flow, struct slice bytes);
void daemon_connected(struct daemon *d, u64 ticket, int err, const char *text,
		      const struct flow *flow);
void daemon_connects_free(struct daemon *d);

/* locate.c: names, and targets that failed; 0 or -errno, the reason logged */
int daemon_locate_open(struct daemon *d);
int daemon_locate_reload(struct daemon *d, const struct config *config);
void daemon_locate_close(struct daemon *d);
void daemon_locate(struct daemon *d, const struct effect *effect);
void daemon_unreached(struct daemon *d, const struct flow *flow);
void daemon_target_works(struct daemon *d, const struct flow *flow);

/* tls.c: certificates; 0 or -errno, the reason logged */
int daemon_tls_open(struct daemon *d);
/* For a reload: all contexts of config, which are then adopted, or discarded. */
int daemon_tls_load(const struct config *config, struct tls_context ***tls);
void daemon_tls_adopt(struct daemon *d, const struct config *config, struct tls_context **tls);
void daemon_tls_discard(const struct config *config, struct tls_context **tls);
void daemon_tls_close(struct daemon *d);

/* load.c: measures how late, how big and how deaf the daemon is, and tells the engine. */
void daemon_load_start(struct daemon *d);
void daemon_load_stop(struct daemon *d);

/* control.c: the control socket; 0 or -errno, the reason logged */
int daemon_control_open(struct daemon *d);
void daemon_control_close(struct daemon *d);
/* What commands and metrics are made of. */
void daemon_control_conf(struct daemon *d, struct control_conf *conf);

/* metrics.c: 0 or -errno, the reason logged */
int daemon_metrics_open(struct daemon *d);
void daemon_metrics_close(struct daemon *d);

/* record.c: call records; 0 or -errno, the reason logged */
int daemon_record_open(struct daemon *d);
void daemon_record_close(struct daemon *d);
void daemon_record_reopen(struct daemon *d);
/* What event says of a call that is over, if it does. */
void daemon_record(struct daemon *d, const struct call_event *event);
/* That a call of an earlier daemon is lost, and what saved, which may be anything, says of it. */
void daemon_record_lost(struct daemon *d, u64 call, struct slice saved);
/* false: none are written. */
bool daemon_record_figures(const struct daemon *d, struct control_records *records);

/* store.c: what outlives the daemon; 0 or -errno, the reason logged */
int daemon_store_open(struct daemon *d);
void daemon_store_close(struct daemon *d);
/* What is stored of a call is not what it is now. */
void daemon_store_call(struct daemon *d, u64 call);
/* The same of an address-of-record, for which somebody may wait. */
void daemon_store_bindings(struct daemon *d, const struct effect *effect);
/* The same of a subscription or publication. */
void daemon_store_event(struct daemon *d, u64 record);
/* Goes on with calls and registrations of an earlier daemon. 0 or -errno, the reason logged */
int daemon_store_restore(struct daemon *d);
/* false: nothing is stored. */
bool daemon_store_figures(const struct daemon *d, struct control_store *store);

/* subscriber.c: those in the store; 0 or -errno, the reason logged */
int daemon_subscribers_restore(struct daemon *d);
/* 0; -EOPNOTSUPP: nothing is stored; -ENOMEM. -ENOENT. arg: the daemon. */
int daemon_subscriber_set(void *arg, struct slice domain, struct slice user,
			  const struct sip_secret *secret);
int daemon_subscriber_del(void *arg, struct slice domain, struct slice user);

/* privilege.c: after everything is open; 0 or -errno, the reason logged */
int daemon_privilege_drop(const struct daemon *d);

/* pool.c: fills in the ports of every realm of policy. 0 or -ENOMEM. */
int daemon_pools_fill(struct daemon *d, struct call_policy *policy);
void daemon_pools_free(struct daemon *d);

/* event.c: what happened, to the log and to who listens */
void daemon_events(struct daemon *d);
void daemon_media_tell(struct daemon *d, const struct media_event *event);

#endif
