/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of the userspace relay: user.c, the relay as callers see it;
 * user_session.c, plans to ends and sockets; user_packet.c, the way of a packet;
 * user_latch.c and user_stats.c, what an end learns and counts. All of it runs
 * in the thread of one loop, so nothing is locked.
 */
#ifndef MEDIA_USER_PRIVATE_H
#define MEDIA_USER_PRIVATE_H

#include <sys/socket.h>
#include <uv.h>

#include <jalur/rtp.h>
#include <linux/jalur.h>

#include "base/hash.h"
#include "base/list.h"
#include "media/relay.h"

#define USER_SOURCES 4		/* SSRCs remembered per end, as in the module */
#define USER_PASSED (-1)	/* beside the drop reasons */
#define USER_DEFAULT_CLOCK 8000	/* of an end without a payload table */
#define USER_BURST 32		/* datagrams that one end may have per turn of the loop */
#define USER_DATAGRAM 65536

/* --- what an end has learned --- */

struct user_latch {
	struct addr remote;	/* learned or signalled; family 0: not known */
	bool locked;
};

/* May a packet from src pass? Read-only. */
bool user_latch_allows(const struct user_latch *latch, const struct media_end *conf,
		       const struct addr *src);
/* Of a packet that was allowed and is valid: true when the latch closed on src. */
bool user_latch_learn(struct user_latch *latch, const struct media_end *conf,
		      const struct addr *src);
/* Follows a configuration; old: the one before, NULL: the end is new. */
void user_latch_configure(struct user_latch *latch, const struct media_end *old,
			  const struct media_end *conf);

/* --- what an end counts --- */

struct user_packet {
	const u8 *data;
	u32 len;
	enum jalur_kind kind;
	bool valid;		/* the RTP header, or the whole of RTCP, is */
	u8 pt, tos, ttl;
	u16 seq;
	u32 timestamp, ssrc;
	struct addr source;
};

struct user_source {
	u32 ssrc;
	bool used;
	u16 base_seq, max_seq;
	u32 cycles, bad_seq, received;
	u64 lost_before;
	u32 clock_rate, jitter, timestamp;	/* jitter times 16 */
	u64 arrival, last;			/* ns */
};

struct user_stats {
	u64 rx_packets, rx_bytes, tx_packets, tx_bytes, ssrc_changes;
	u64 drops[MEDIA_DROPS];
	u64 last_rx;		/* ns; of the last accepted packet, else of creation */
	bool has_rx;
	u64 ssrc_told;
	struct user_source *current;	/* of sources; NULL: none yet */
	struct user_source *sources;	/* USER_SOURCES; NULL: the end is for RTCP alone */
};

/* Before it counts for conf, for what packets bring must cost no memory. 0 or -ENOMEM. */
int user_stats_configure(struct user_stats *stats, const struct media_end *conf);
void user_stats_clear(struct user_stats *stats);

/*
 * Counts an accepted packet. payload: its line in the end's table, or NULL. now
 * in ns. True when another SSRC is to be told.
 */
bool user_stats_receive(struct user_stats *stats, const struct media_payload *payload,
			const struct user_packet *pkt, u64 now);
void user_stats_figures(const struct user_stats *stats, u64 now, struct media_end_figures *out);

/* --- sessions --- */

struct user_session;

struct user_end {
	uv_poll_t poll;			/* its close callback frees the end */
	struct user_relay *relay;
	struct user_session *session;
	const struct media_end *conf;	/* in the session's plan */
	struct user_end *dest;		/* where its flow leads; NULL: none */
	int fd;
	u8 tos, ttl;			/* what the socket sends with; ttl 0: not set yet */
	bool timed_out;
	struct user_latch latch;
	struct user_stats stats;
};

struct user_session {
	struct hash_node node;
	struct list list;		/* of relay->sessions */
	struct media_plan *plan;
	u64 created;			/* ns */
	size_t nends;
	struct user_end **ends;		/* in the order of the plan */
};

/* What one burst needs, shared by all ends: nothing is allocated per packet. */
struct user_burst {
	struct mmsghdr in[USER_BURST], out[USER_BURST];
	struct iovec in_vector[USER_BURST], out_vector[USER_BURST];
	struct sockaddr_storage names[USER_BURST];
	union {
		struct cmsghdr align;
		char bytes[2 * CMSG_SPACE(sizeof(int))];
	} control[USER_BURST];
	struct sockaddr_storage to;
	char *buffer;
};

#define USER_EVENTS 1024

struct user_relay {
	struct media_relay relay;
	uv_loop_t *loop;
	uv_timer_t idle;		/* its close callback frees the relay */
	u64 owner;
	struct hash_key key;
	struct hash table;
	struct list sessions;
	struct user_burst burst;
	int bell;			/* eventfd: there are events */
	bool lost;
	u64 sequence;
	size_t head, nevents;
	struct media_event events[USER_EVENTS];
};

int user_fail(struct media_error *err, int code, const char *text);
void user_tell(struct user_relay *r, enum media_event_type type, const struct user_end *end,
	       const struct user_packet *pkt);

/* 0 or -errno with err; on failure the session is what it was. */
int user_session_apply(struct user_relay *r, struct user_session *session,
		       struct media_plan *plan, struct media_error *err);
void user_session_free(struct user_session *session);

/* --- packets --- */

/* What the bytes are; fills in all of pkt but source, tos and ttl. */
void user_packet_read(struct user_packet *pkt, const u8 *data, u32 len);
/*
 * Source check, kind, latch, counters: USER_PASSED, or the enum jalur_drop_reason, counted.
 * Touches no socket. now in ns.
 */
int user_packet_judge(struct user_end *end, const struct user_packet *pkt, u64 now);
/* One burst from the end's socket, on to where its flow leads. */
void user_packet_burst(struct user_end *end);
int user_burst_init(struct user_burst *burst);		/* 0 or -ENOMEM */
void user_burst_free(struct user_burst *burst);

#endif
