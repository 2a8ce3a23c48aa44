/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A userspace relay in a loop of the test's own, between two parties and a
 * stranger that are sockets on loopback. Nothing is timed: a test sends, and
 * turns the loop until what it waits for is there. That something does not pass
 * is seen by what was sent after it, and came.
 */
#ifndef MEDIA_USER_HARNESS_H
#define MEDIA_USER_HARNESS_H

#include <errno.h>
#include <netinet/ip.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "media/user_private.h"

#define SESSION 0x1234
#define PATIENCE 20000		/* ms, for what must come */

struct world {
	uv_loop_t loop;
	struct media_relay *relay;
	struct media_error err;
	struct media_figures figures;
	int party[2], stranger;		/* sockets */
	struct addr at[2];		/* of the parties, as signalled */
	struct addr ours[2];		/* of the relay's ends */
	struct media_plan *plan;
};

static struct addr bound_to(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct addr a = { 0 };

	if (!getsockname(fd, (struct sockaddr *)&ss, &len))
		addr_from_sockaddr((struct sockaddr *)&ss, &a);
	return a;
}

/* A socket at any port of an address; -1 when this host does not have that address. */
static int socket_at(const char *ip)
{
	struct sockaddr_storage ss;
	struct addr a = { 0 };
	socklen_t len;
	int fd;

	addr_parse_ip(slice_str(ip), &a);
	len = addr_to_sockaddr(&a, &ss);
	fd = socket(a.family, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (fd < 0 || !bind(fd, (struct sockaddr *)&ss, len))
		return fd;
	close(fd);
	return -1;
}

static inline struct addr free_port(const char *ip)
{
	int fd = socket_at(ip);
	struct addr a = bound_to(fd);

	close(fd);
	return a;
}

static void send_bytes(int fd, const struct addr *to, const void *bytes, size_t n)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(to, &ss);

	sendto(fd, bytes, n, 0, (struct sockaddr *)&ss, len);
}

static void rtp_bytes(u8 packet[32], u8 pt, u16 seq, u32 ssrc)
{
	memset(packet, 0, 32);
	packet[0] = 0x80;
	packet[1] = pt;
	packet[2] = seq >> 8;
	packet[3] = seq & 0xff;
	packet[6] = (160 * seq) >> 8;
	packet[7] = 160 * seq;
	memcpy(packet + 8, &(u32){ htonl(ssrc) }, 4);
}

static void send_rtp(int fd, const struct addr *to, u8 pt, u16 seq)
{
	u8 packet[32];

	rtp_bytes(packet, pt, seq, 1);
	send_bytes(fd, to, packet, sizeof(packet));
}

/* An empty receiver report. */
static inline void send_rtcp(int fd, const struct addr *to)
{
	static const u8 packet[] = { 0x80, RTCP_RR, 0, 1, 0, 0, 0, 1 };

	send_bytes(fd, to, packet, sizeof(packet));
}

/* Turns the loop until a datagram is there: its length, or -1. */
static int receive(struct world *w, int fd, u8 *bytes, size_t n, struct addr *from)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int i, got;

	for (i = 0; i < PATIENCE; i++) {
		uv_run(&w->loop, UV_RUN_NOWAIT);
		got = recvfrom(fd, bytes, n, 0, (struct sockaddr *)&ss, &len);
		if (got >= 0) {
			if (from)
				addr_from_sockaddr((struct sockaddr *)&ss, from);
			return got;
		}
		usleep(1000);
	}
	return -1;
}

/* The sequence number of the next RTP packet that a party gets, or -1. */
static inline int next_rtp(struct world *w, int fd)
{
	u8 bytes[2048];

	return receive(w, fd, bytes, sizeof(bytes), NULL) < 12 ? -1 : rtp_get_be16(bytes + 2);
}

static inline bool next_event(struct world *w, struct media_event *event)
{
	int i;

	for (i = 0; i < PATIENCE; i++) {
		if (media_relay_event_next(w->relay, event) == 1)
			return true;
		uv_run(&w->loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
	return false;
}

static struct media_end_figures *figures_of(struct world *w, size_t end)
{
	memset(&w->figures, 0, sizeof(w->figures));
	media_relay_get(w->relay, SESSION, &w->figures, &w->err);
	return &w->figures.ends[end];
}

/* Two ends, 1 and 2, and a flow each way, as a call has them once it is answered. */
static struct media_plan *call_plan(struct world *w, u64 session)
{
	struct media_plan *p = media_plan_new(session, 2, 2);
	size_t i;

	for (i = 0; i < 2; i++) {
		struct media_payload *payloads = p->ends[i].payloads;

		payloads[0] = (struct media_payload){ .pt = 0, .clock_rate = 8000 };
		payloads[1] = (struct media_payload){ .pt = 8, .clock_rate = 8000 };
		p->ends[i] = (struct media_end){
			.id = i + 1, .local = w->ours[i], .remote = w->at[i],
			.accept = JALUR_ACCEPT_RTP, .latch = JALUR_LATCH_PORT, .latch_open = true,
			.npayloads = 2, .payloads = payloads,
		};
		p->flows[i] = (struct media_flow){ i + 1, 2 - i };
	}
	p->digest = media_plan_digest(p);
	return p;
}

/* The relay gets a plan of its own: ours goes on changing. */
static int apply(struct world *w, bool again)
{
	struct media_plan *plan = media_plan_copy(w->plan);
	int err = media_relay_apply(w->relay, again ? plan : NULL, plan, &w->err);

	media_plan_put(plan);
	return err;
}

static int world_open(struct world *w, const char *ip_a, const char *ip_b)
{
	memset(w, 0, sizeof(*w));
	uv_loop_init(&w->loop);
	w->party[0] = socket_at(ip_a);
	w->party[1] = socket_at(ip_b);
	w->stranger = socket_at(ip_a);
	if (w->party[0] < 0 || w->party[1] < 0)
		return -EADDRNOTAVAIL;
	w->at[0] = bound_to(w->party[0]);
	w->at[1] = bound_to(w->party[1]);
	w->ours[0] = free_port(ip_a);
	w->ours[1] = free_port(ip_b);
	w->plan = call_plan(w, SESSION);
	return media_user_open(&w->relay, &w->loop, 7, &w->err);
}

/* What uv_loop_close() says: 0 when the relay left nothing behind. */
static int world_close(struct world *w)
{
	media_relay_close(w->relay);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	close(w->party[0]);
	close(w->party[1]);
	close(w->stranger);
	media_plan_put(w->plan);
	return uv_loop_close(&w->loop);
}

FIXTURE(relay) {
	struct world w;
};

FIXTURE_SETUP(relay)
{
	ASSERT_EQ(0, world_open(&self->w, "127.0.0.1", "127.0.0.1"));
}

FIXTURE_TEARDOWN(relay)
{
	EXPECT_EQ(0, world_close(&self->w));
}

#endif
