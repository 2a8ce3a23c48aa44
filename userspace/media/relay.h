/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A relay carries media plans out: the kernel's (kernel.c, libmnl), or one with
 * sockets. Each implements the operations below with a struct that begins with
 * struct media_relay; who opened it calls the media_relay_*() functions only.
 */
#ifndef MEDIA_RELAY_H
#define MEDIA_RELAY_H

#include "media/plan.h"

struct media_relay;
struct uv_loop_s;

#define MEDIA_DROPS 15		/* enum jalur_drop_reason */

struct media_end_figures {
	u64 id;
	struct addr local, remote;	/* remote as it is now, learned or signalled */
	bool latched, timed_out;
	u64 rx_packets, rx_bytes, tx_packets, tx_bytes, dropped, lost;
	u64 drops[MEDIA_DROPS];		/* by reason, which together are dropped */
	u32 jitter, clock_rate;		/* of the newest source */
	u64 last_rx_ms;			/* UINT64_MAX: never */
};

struct media_figures {
	u64 session;
	u64 age_ms;
	size_t nends;
	struct media_end_figures ends[64];
};

/* Of as many ends as there are; free() it. NULL: no memory. */
struct media_figures *media_figures_copy(const struct media_figures *figures);

/* For logs and answers: what was refused, where, what to do. */
struct media_error {
	int code;		/* errno */
	char text[256];
};

enum media_event_type {
	MEDIA_EVENT_LATCHED, MEDIA_EVENT_TIMED_OUT, MEDIA_EVENT_RESUMED,
	MEDIA_EVENT_SSRC, MEDIA_EVENT_ADDRESS_GONE, MEDIA_EVENT_UNREACHABLE,
	MEDIA_EVENT_DELETED, MEDIA_EVENT_LOST,	/* LOST: events were lost; resynchronise */
	MEDIA_EVENT_DISPLACED,			/* another one has our owner now */
	MEDIA_EVENT_OTHER,
};

struct media_event {
	enum media_event_type type;
	u64 owner, session, end;
	u64 sequence;
	struct addr remote;
	u32 ssrc;
};

/*
 * What an implementation does; the media_relay_*() functions say what each means.
 * err is there, and empty, when it is called.
 */
struct media_relay_ops {
	const char *name;		/* "kernel", "userspace": for logs and answers */
	void (*close)(struct media_relay *r);
	int (*apply)(struct media_relay *r, const struct media_plan *old,
		     struct media_plan *plan, struct media_error *err);
	int (*remove)(struct media_relay *r, u64 session,
		      struct media_figures *figures, struct media_error *err);
	int (*get)(struct media_relay *r, u64 session,
		   struct media_figures *figures, struct media_error *err);
	int (*each)(struct media_relay *r,
		    void (*each)(void *arg, const struct media_figures *figures, u64 digest),
		    void *arg, struct media_error *err);
	int (*event_fd)(const struct media_relay *r);
	int (*event_next)(struct media_relay *r, struct media_event *event);
};

struct media_relay {
	const struct media_relay_ops *ops;
};

/* owner: the node id. takeover as MODULE.md §3. 0 or -errno with err. */
int media_kernel_open(struct media_relay **out, u64 owner, bool takeover,
		      struct media_error *err);
/*
 * The relay with sockets, in this loop (uv_loop_t). Closing it closes handles: the
 * loop must run once more afterwards. 0 or -errno with err.
 */
int media_user_open(struct media_relay **out, struct uv_loop_s *loop, u64 owner,
		    struct media_error *err);
void media_relay_close(struct media_relay *r);		/* NULL allowed */
/* "source", "payload-type"; of an enum jalur_drop_reason below MEDIA_DROPS. */
const char *media_drop_name(u32 reason);
const char *media_relay_name(const struct media_relay *r);

/*
 * Creates the session when old is NULL, else replaces it. Returns after the relay
 * has taken it over; it may keep plan, which nobody changes then any more. -EADDRINUSE: a
 * port is taken; draw others.
 */
int media_relay_apply(struct media_relay *r, const struct media_plan *old,
		      struct media_plan *plan, struct media_error *err);
/*
 * figures may be NULL. -ENOENT when there is no such session. There is no event of it: who
 * removes a session knows.
 */
int media_relay_remove(struct media_relay *r, u64 session,
		       struct media_figures *figures, struct media_error *err);
int media_relay_get(struct media_relay *r, u64 session,
		    struct media_figures *figures, struct media_error *err);
/* All sessions of our owner, one callback each; for attaching and after lost events. */
int media_relay_each(struct media_relay *r,
		     void (*each)(void *arg, const struct media_figures *figures, u64 digest),
		     void *arg, struct media_error *err);

int media_relay_event_fd(const struct media_relay *r);		/* readable: call next */
/* 1 and *event, 0 when there is none now, -errno. */
int media_relay_event_next(struct media_relay *r, struct media_event *event);

#endif
