/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The stream transports as the daemon has them, with the framer of the SIP core, and
 * peers made of the test's own sockets on loopback. What the callbacks tell is kept in
 * struct world; a test waits for a condition, never for a time.
 */
#ifndef STREAM_HARNESS_H
#define STREAM_HARNESS_H

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/timer.h"
#include "kselftest_harness.h"
#include "sip/frame.h"
#include "transport/stream.h"
#include "transport/tls.h"

#define PATIENCE 20		/* s: longer than anything takes */
#define MESSAGE "OPTIONS sip:a SIP/2.0\r\nContent-Length: 4\r\n\r\nbody"

struct world {
	uv_loop_t loop;
	struct streams *s;
	struct streams_conf conf;
	struct addr local;		/* of listener 1 */
	unsigned int opened, messages, errors, closed, connected, bursts, wrong;
	struct flow flow;		/* of the last event */
	u64 ids[4];			/* of the first connections */
	enum stream_reason reason;	/* of the last that was closed */
	u64 ticket;
	int err;			/* of the last connected() */
	char why[256];
	u32 status;			/* of the last error() */
	bool ours;			/* info is of connections that we made, not of others */
	struct stream_info info;	/* of the last that was opened, or connected */
	char subject[256], names[256], server_name[128], version[16], origin[128];
	bool verified;
	bool echo;			/* each message is sent back */
	const char *answer;		/* to an error */
	struct buf text;		/* messages, one after the other */
};

/* --- the framer of the SIP core --- */

static inline void frame_next(void *state, struct slice bytes, struct stream_frame *frame)
{
	static const enum stream_frame_type types[] = {
		[SIP_FRAME_MORE] = STREAM_FRAME_MORE,
		[SIP_FRAME_MESSAGE] = STREAM_FRAME_MESSAGE,
		[SIP_FRAME_CRLF] = STREAM_FRAME_CRLF,
		[SIP_FRAME_PING] = STREAM_FRAME_PING,
		[SIP_FRAME_ERROR] = STREAM_FRAME_ERROR,
	};
	struct sip_frame f;

	sip_frame_next(state, bytes, &f);
	*frame = (struct stream_frame){
		.type = types[f.type], .bytes = f.bytes, .used = f.used,
		.status = f.err.status, .where = f.err.header, .text = f.err.text,
		.too_large = f.err.status == 413 || f.err.status == 513,
	};
}

static inline void frame_init(void *state, size_t max)
{
	sip_framer_init(state, max);
}

static const struct stream_framing framing = {
	.state_size = sizeof(struct sip_framer), .init = frame_init, .next = frame_next,
};

/* --- what is told --- */

static inline void copy_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

static inline void keep_info(struct world *w, const struct stream_info *info)
{
	size_t i, n = 0;

	w->info = *info;
	copy_text(w->server_name, sizeof(w->server_name), info->server_name);
	copy_text(w->origin, sizeof(w->origin), info->origin);
	w->names[0] = 0;
	if (!info->tls)
		return;
	copy_text(w->subject, sizeof(w->subject), info->tls->subject);
	copy_text(w->version, sizeof(w->version), info->tls->version);
	w->verified = info->tls->verified;
	for (i = 0; i < info->tls->nnames && n < sizeof(w->names); i++)
		n += snprintf(w->names + n, sizeof(w->names) - n, "%s%s", i ? " " : "",
			      info->tls->names[i]);
}

static inline void on_opened(void *arg, const struct flow *flow, const struct stream_info *info)
{
	struct world *w = arg;

	w->flow = *flow;
	if (!w->ours)
		keep_info(w, info);
	if (w->opened < 4)
		w->ids[w->opened] = flow->connection;
	w->opened++;
}

static inline void on_message(void *arg, const struct flow *flow, const struct stream_info *info,
			      struct slice bytes)
{
	struct world *w = arg;

	w->flow = *flow;
	w->wrong += info->id != flow->connection;
	w->messages++;
	buf_add(&w->text, bytes);
	if (w->echo)
		streams_send(w->s, flow->connection, bytes);
}

static inline void on_error(void *arg, const struct flow *flow, const struct stream_info *info,
			    const struct stream_frame *frame)
{
	struct world *w = arg;

	w->flow = *flow;
	w->status = frame->status;
	w->errors++;
	if (w->answer)
		streams_send(w->s, flow->connection, slice_str(w->answer));
}

static inline void on_closed(void *arg, const struct flow *flow, const struct stream_info *info,
			     enum stream_reason reason)
{
	struct world *w = arg;

	w->wrong += !streams_info(w->s, flow->connection);
	w->flow = *flow;
	w->reason = reason;
	w->closed++;
}

static inline void on_connected(void *arg, u64 ticket, int err, const char *text,
				const struct flow *flow)
{
	struct world *w = arg;

	w->ticket = ticket;
	w->err = err;
	copy_text(w->why, sizeof(w->why), text);
	if (!err && w->ours)
		keep_info(w, streams_info(w->s, flow->connection));
	w->flow = *flow;
	w->connected++;
}

static inline void on_burst(void *arg)
{
	struct world *w = arg;

	w->bursts++;
}

static const struct stream_ops world_ops = {
	.opened = on_opened, .message = on_message, .error = on_error, .closed = on_closed,
	.connected = on_connected, .burst = on_burst,
};

/* --- time --- */

static inline bool turn(struct world *w, u64 until)
{
	uv_run(&w->loop, UV_RUN_NOWAIT);
	usleep(200);
	return uv_hrtime() < until;
}

/* Turns the loop until what is true; false: it never was. */
#define UNTIL(w, what) ({						\
	u64 __until = uv_hrtime() + PATIENCE * NSEC_PER_SEC;		\
	while (!(what) && turn(w, __until))				\
		;							\
	(what);								\
})

/* --- life --- */

/* Changes to w->conf.limits come between the two. */
static inline void world_prepare(struct world *w)
{
	memset(w, 0, sizeof(*w));
	uv_loop_init(&w->loop);
	buf_init(&w->text);
	w->conf = (struct streams_conf){
		.loop = &w->loop, .epoch = 7, .framing = &framing, .ops = &world_ops, .arg = w,
	};
	stream_limits_init(&w->conf.limits);
	w->conf.limits.source_connections = 20000;
	w->conf.limits.source_handshakes = 500;
	w->conf.limits.linger = 300 * NSEC_PER_MSEC;
}

static inline struct addr bound_to(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct addr a = {0};

	if (!getsockname(fd, (struct sockaddr *)&ss, &len))
		addr_from_sockaddr((struct sockaddr *)&ss, &a);
	return a;
}

/* A socket of the test's own, bound to any port of ip. */
static inline int bound_socket(const char *ip)
{
	struct sockaddr_storage ss;
	struct addr a;
	int fd, on = 1;

	addr_parse_ip(slice_str(ip), &a);
	fd = socket(a.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&ss, addr_to_sockaddr(&a, &ss)))
		return -1;
	return fd;
}

/* An address that was free a moment ago. */
static inline struct addr free_address(const char *ip)
{
	int fd = bound_socket(ip);
	struct addr a = bound_to(fd);

	close(fd);
	return a;
}

static inline int world_start(struct world *w)
{
	return streams_new(&w->s, &w->conf);
}

/* Listens as number 1 at w->local. */
static inline int world_listen(struct world *w, const char *ip, enum transport t,
			       struct tls_context *tls)
{
	struct stream_listen listen = { .transport = t, .tls = tls };

	listen.local = w->local = free_address(ip);
	return streams_listen(w->s, 1, &listen);
}

static inline void world_stop(struct world *w)
{
	streams_close(w->s);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	if (uv_loop_close(&w->loop))
		w->wrong++;
	buf_free(&w->text);
}

static inline u64 counter(struct world *w, const char *name)
{
	const struct stream_counter *c;

	for (c = streams_counters(w->s); c->name; c++)
		if (!strcmp(c->name, name))
			return c->value;
	return UINT64_MAX;
}

/* --- peers --- */

static inline int connect_to(const struct addr *to)
{
	struct timeval patience = { .tv_sec = PATIENCE };
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(to, &ss);
	int fd = socket(to->family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&ss, len)) {
		close(fd);
		return -1;
	}
	return fd;
}

static inline bool put_bytes(int fd, struct slice bytes)
{
	return send(fd, bytes.p, bytes.n, MSG_NOSIGNAL) == (ssize_t)bytes.n;
}

static inline bool put_text(int fd, const char *text)
{
	return put_bytes(fd, slice_str(text));
}

/* Exactly these bytes come. */
static inline bool got_text(int fd, const char *text)
{
	size_t n = strlen(text);
	char *got = malloc(n + 1);
	bool same = recv(fd, got, n, MSG_WAITALL) == (ssize_t)n && !memcmp(got, text, n);

	free(got);
	return same;
}

/* Something is to be read, or the end. */
static inline bool is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* 0: it ended in order; -errno; 1: bytes came. */
static inline int ended(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, 0);

	return n < 0 ? -errno : n;
}

static inline size_t open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t n = 0;

	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static inline u64 number_of(const char *variable, u64 otherwise)
{
	const char *text = getenv(variable);
	u32 n;

	return text && slice_u32(slice_str(text), &n) ? n : otherwise;
}

#endif
