/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module's nouns, and the calls that its files make to each other.
 *
 * A session's configuration is one immutable struct jalur_graph behind one RCU
 * pointer: a packet sees the old graph or the new one, never a mixture. What
 * packets change (latch, counters, cached route) hangs on struct jalur_end,
 * which survives replacement by its id. An end sits at the same slot of every
 * graph of its session for as long as it lives, so that a packet which found
 * the end by its local address finds its configuration by one index.
 *
 * Locks, in order: RTNL, jalur_net.lock (all control), jalur_end.lock (one end,
 * packet path, BH). The packet path holds rcu_read_lock and at most one
 * jalur_end.lock; it never allocates but to copy an skb, and never sleeps.
 */
#ifndef _JALUR_H
#define _JALUR_H

#include <linux/hash.h>
#include <linux/in6.h>
#include <linux/mutex.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/rcupdate.h>
#include <linux/seqlock.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <net/dst.h>
#include <net/ipv6.h>
#include <net/netns/generic.h>
#include <uapi/linux/jalur.h>

#include "jalur/rtp.h"

struct genl_info;
struct net;
struct netlink_ext_ack;

#define JALUR_DROP_REASONS	(JALUR_DROP_REASON_RTCP_MAP + 1)
#define JALUR_SOURCES		4	/* SSRCs remembered per end */
#define JALUR_DEFAULT_CLOCK	8000

/**
 * struct jalur_addr - a transport address
 * @ip: IPv4 in ip.s6_addr32[0] with the rest zero, or IPv6
 * @port: UDP port
 * @family: AF_INET, AF_INET6, or 0 when there is none
 * @scope: ifindex of a link-local IPv6 address, else 0
 * @l3: VRF ifindex of a local address, else 0
 */
struct jalur_addr {
	struct in6_addr	ip;
	__be16		port;
	u8		family;
	u32		scope;
	u32		l3;
};

/**
 * struct jalur_pkt - what parse.c proved of a packet; later stages trust it
 * @src: where the packet came from
 * @dst: where it was sent to: the key of the lookup, @dst.l3 included
 * @data: UDP payload; valid until the skb is made writable
 * @timestamp: RTP timestamp
 * @ssrc: SSRC of the RTP packet, or the sender of the RTCP packet
 * @len: length of the UDP payload
 * @seq: RTP sequence number
 * @iph_len: bytes from the network header to the UDP header
 * @ttl: TTL or hop limit
 * @tos: TOS or traffic class
 * @kind: enum jalur_kind
 * @pt: RTP payload type or RTCP packet type
 * @valid: of @kind RTP or RTCP: a valid packet of it
 * @bad: addressed like a datagram of ours, but the UDP header is wrong
 */
struct jalur_pkt {
	struct jalur_addr	src;
	struct jalur_addr	dst;
	const u8		*data;
	u32			timestamp;
	u32			ssrc;
	u16			len;
	u16			seq;
	u8			iph_len;
	u8			ttl;
	u8			tos;
	u8			kind;
	u8			pt;
	bool			valid;
	bool			bad;
};

/**
 * struct jalur_way - how packets leave an end, as it is written into them
 * @dst: route; RCU, NULL when it is to be found
 * @saddr: IPv4: local address; the two lie as in the header
 * @daddr: IPv4: remote address
 * @sport: local port; the two lie as in the header
 * @dport: remote port
 * @sum: of addresses and ports, for UDP's checksum
 * @ip_sum: of the IPv4 addresses, for the header's checksum
 * @cookie: of @dst (IPv6)
 * @mtu: of @dst, 0 when it has to be asked for
 * @headroom: that @dst's device wants, and our IP header
 * @family: AF_INET or AF_INET6, 0 when there is no remote
 * @slow: @dst needs dst_output(): local, tunnelled, transformed
 */
struct jalur_way {
	struct dst_entry __rcu	*dst;
	__be32			saddr;
	__be32			daddr;
	__be16			sport;
	__be16			dport;
	__wsum			sum;
	__wsum			ip_sum;
	u32			cookie;
	u32			mtu;
	u16			headroom;
	u8			family;
	bool			slow;
};

/**
 * struct jalur_route - what relay.c's classify() found for a packet
 * @graph: configuration that the packet sees
 * @from: of the end where it arrived
 * @payload: line of its payload table, NULL without a table
 * @conf: of the end that sends it on; NULL without a flow
 * @to: the same end
 * @remote: where it goes; IPv6 only
 * @way: of @to, as of now; its route is valid while RCU is held
 * @sum: that the packet has: of its addresses and ports
 * @held: the packet comes from the remote of a locked end, as of @seq
 * @seq: of that end's remote_seq
 * @to_seq: of @to's remote_seq, when @way was read
 * @failure: why the packet, received as it is, cannot be sent on; an enum
 *	jalur_drop_reason or JALUR_PASSED
 */
struct jalur_route {
	const struct jalur_graph	*graph;
	const struct jalur_end_conf	*from;
	const struct jalur_payload	*payload;
	const struct jalur_end_conf	*conf;
	struct jalur_end		*to;
	struct jalur_way		way;
	struct in6_addr			remote;
	__wsum				sum;
	unsigned int			seq;
	unsigned int			to_seq;
	bool				held;
	int				failure;
};

/* What became of a packet: one of these, or an enum jalur_drop_reason. */
#define JALUR_PASSED		(-1)

/* One SSRC as received: RFC 3550 A.1, A.3, A.8. */
struct jalur_source {
	u32	ssrc;
	u32	jitter;		/* scaled by 16, RTP units */
	u32	arrival;	/* of the last packet, in ticks of stats.c */
	u32	timestamp;	/* of that packet */
	u32	clock_rate;
	u64	scale;		/* from these ticks to @clock_rate */
	u32	base_seq;
	u32	cycles;		/* sequence wraps, shifted by 16 */
	u32	bad_seq;	/* next after a jump: a second one restarts */
	u32	received;	/* since @base_seq */
	u16	max_seq;
	u8	pt;
	bool	used;
	u64	packets;
	u64	lost_before;	/* lost before the last restart */
	unsigned long last;	/* jiffies: the oldest is replaced */
};

struct jalur_stats {
	u64	rx_packets;
	u64	rx_bytes;
	u64	rx_rtcp_packets;
	u64	ssrc_changes;
	u64	drops[JALUR_DROP_REASONS];
	struct jalur_source sources[JALUR_SOURCES];
};

/**
 * struct jalur_express - what classify() found out, for packets like the last
 * @to: end that sends them on, NULL when nothing is known
 * @payload: line of the payload table, NULL without a table
 * @dst: of @to, as long as its remote_seq is @to_seq
 * @remote: source of these packets
 * @saddr: what is written into them: addresses as they lie in the header
 * @daddr: the other one
 * @port: source of these packets
 * @sport: ports, as they lie in the header
 * @dport: the other one
 * @delta: what that does to UDP's checksum
 * @ip_sum: of the addresses written
 * @to_seq: see @dst
 * @mtu: of @dst
 * @headroom: that the device wants
 * @df: IP_DF or 0
 * @tos_keep: bits of TOS that stay
 * @tos_set: bits of TOS that are set
 * @pt: their payload type
 *
 * Guarded by jalur_end.lock of the end where they arrive. Only for RTP from
 * IPv4 to IPv4 from the remote of an end that learns nothing more.
 */
struct jalur_express {
	struct jalur_end	*to;
	const struct jalur_payload *payload;
	struct dst_entry	*dst;
	__be32			remote;
	__be32			saddr;
	__be32			daddr;
	__be16			port;
	__be16			sport;
	__be16			dport;
	__wsum			delta;
	__wsum			ip_sum;
	unsigned int		to_seq;
	u32			mtu;
	u16			headroom;
	u16			df;
	u8			tos_keep;
	u8			tos_set;
	u8			pt;
};

/**
 * struct jalur_end - what lives as long as an end does
 * @node: in jalur_net's table, by @local; RCU
 * @local: key; never changes
 * @session: owner of this end; valid under RCU as long as the end is found
 * @slot: index of this end's configuration in every graph of the session
 * @dormant: the local address is not on the host now (address notifier)
 * @timed_out: nothing accepted for idle-ms; told once. Written under @lock
 * @locked: the latch is closed
 * @epoch: latch-epoch that @locked belongs to
 * @lock: guards what follows, but for @tx_packets and @tx_bytes
 * @remote_seq: of @remote, @locked and @way, which change together; readers on
 *	the packet path take no lock
 * @tx_packets: packets sent to the remote (many CPUs may send)
 * @tx_bytes: UDP payload of these
 * @last_rx: jiffies of the last accepted packet, else of creation
 * @source: line of @cur_ssrc in @stats
 * @cur_ssrc: SSRC that arrives now; valid when @has_ssrc
 * @ip_id: random base of the IPv4 identification of what we send
 * @has_rx: a packet was accepted
 * @has_ssrc: see @cur_ssrc
 * @express: short cut for packets from here
 * @stats: counters of packets that arrived here
 * @remote: where packets to this end go now: learned, else as signalled
 * @way: there, made when @remote changes; its route is found when wanted
 * @dst_retry: jiffies before which a failed route look-up is not tried again
 * @ssrc_told: jiffies of the last ssrc event, which are rate limited
 * @unreachable_told: jiffies of the last unreachable event, likewise
 * @mtu_told: jiffies of the last path MTU learned, likewise
 * @rtt_us: round-trip time towards the remote, 0 when not known
 * @sr_ntp: middle 32 bits of the last sender reports relayed to this end
 * @sr_time: ktime of these
 * @sr_next: slot of @sr_ntp to write next
 * @id: chosen by userspace, unique in the session
 * @rcu: freed after a grace period
 *
 * A packet in the express lane touches the first two cache lines of two ends,
 * and of the one where it arrived @express, with the first counters behind it,
 * and one source.
 */
struct jalur_end {
	struct hlist_node	node;
	struct jalur_addr	local;
	struct jalur_session	*session;
	u8			slot;
	bool			dormant;
	bool			timed_out;
	bool			locked;
	u32			epoch;

	/* what packets change of this end */
	spinlock_t		lock ____cacheline_aligned;
	seqcount_spinlock_t	remote_seq;
	atomic64_t		tx_packets;
	atomic64_t		tx_bytes;
	unsigned long		last_rx;
	struct jalur_source	*source;
	u32			cur_ssrc;
	u16			ip_id;
	bool			has_rx;
	bool			has_ssrc;

	struct jalur_express	express ____cacheline_aligned;
	struct jalur_stats	stats;

	struct jalur_addr	remote;
	struct jalur_way	way;
	unsigned long		dst_retry;
	unsigned long		ssrc_told;
	unsigned long		unreachable_told;
	unsigned long		mtu_told;
	u32			rtt_us;
	u32			sr_ntp[4];
	ktime_t			sr_time[4];
	u8			sr_next;
	u64			id;
	struct rcu_head		rcu;
};

/* A line of the payload table. */
struct jalur_payload {
	u8	pt;
	u8	kind;
	u32	clock_rate;
};

/**
 * struct jalur_end_conf - an end as configured; immutable
 * @end: the living end, NULL when the slot is free
 * @remote: as signalled; family 0 when not known yet
 * @dest: end that packets from here go to, NULL without a flow. The first
 *	destination of the one flow that leaves an end; more are refused
 *	until forks are built
 * @dest_conf: configuration of @dest, in the same graph
 * @idle: idle-ms in jiffies, 0 for never
 * @epoch: latch-epoch
 * @latch: enum jalur_latch
 * @accept: enum jalur_accept bits; RTP alone by default
 * @latch_open: learning is allowed
 * @follow: kept for SRTP
 * @nonlocal: the local address need not be on this host
 * @df: keep DF on packets sent to the remote
 * @dscp: of packets sent to the remote, -1 to keep it
 * @payloads: lines in @payload; 0 accepts any payload type
 * @payload: the table
 */
struct jalur_end_conf {
	struct jalur_end	*end;
	struct jalur_addr	remote;
	struct jalur_end	*dest;
	const struct jalur_end_conf *dest_conf;
	u32			idle;
	u32			idle_ms;
	u32			epoch;
	u8			latch;
	u8			accept;
	bool			latch_open;
	bool			follow;
	bool			nonlocal;
	bool			df;
	s8			dscp;
	u8			payloads;
	struct jalur_payload	*payload;
};

/**
 * struct jalur_graph - the whole configuration of a session; immutable
 * @ends: slots in @conf, some of which may be free
 * @digest: opaque to the kernel
 * @tag: for people, NUL terminated
 * @grace_ms: of removed receive contexts
 * @rcu: freed after a grace period
 * @payload: all payload tables, in the same block
 * @conf: by slot
 */
struct jalur_graph {
	u64			digest;
	u32			grace_ms;
	u8			ends;
	char			tag[JALUR_MAX_TAG_LEN + 1];
	struct rcu_head		rcu;
	struct jalur_payload	*payload;
	struct jalur_end_conf	conf[];
};

/**
 * struct jalur_session - the media of one call
 * @graph: published by one assignment under jalur_net.lock
 * @jn: namespace
 * @dead: unhashed; packets that still hold it count a drop, change nothing
 * @owner: scope of @id
 * @id: of the call
 * @node: in jalur_net.sessions, by (@owner, @id)
 * @list: in the owner's list of sessions
 * @created: for the age
 * @rcu: freed after a grace period
 */
struct jalur_session {
	struct jalur_graph __rcu *graph;
	struct jalur_net	*jn;
	bool			dead;
	u64			owner;
	u64			id;
	struct hlist_node	node;
	struct list_head	list;
	ktime_t			created;
	struct rcu_head		rcu;
};

/**
 * struct jalur_table - ends by local address; RCU readers
 * @seed: random; keys are chosen by our own daemon, so no siphash
 * @mask: buckets - 1
 * @bucket: heads
 */
struct jalur_table {
	u32			seed;
	u32			mask;
	struct rcu_head		rcu;
	struct hlist_head	bucket[];
};

/**
 * struct jalur_net - one network namespace
 * @net: the namespace
 * @lock: guards all control state here; taken inside RTNL
 * @table: ends; NULL as long as there are none, so that a miss costs one load
 * @event_lock: orders sequence numbers with the sending; BH
 * @event_seq: of the last event, under @event_lock
 * @sessions: by (owner, id), as many buckets as @table
 * @session_count: sessions
 * @end_count: ends
 * @generation: counts changes of @sessions, for dumps
 * @max_sessions: cap of this namespace, 0 for none of its own
 * @orphan_s: how long an owner may be away before idle sessions are reaped
 * @orphan_idle_s: how long all ends of these must have been idle
 * @owners: attached, or with sessions
 * @hooks: devices, as long as @hooked
 * @hooked: hooks are in place
 * @hook_users: sessions, those in the making included
 * @hook_work: takes the hooks away some time after the last session
 * @timeout_work: idle ends and orphans; runs while there are sessions
 * @address_work: local addresses came or went
 */
struct jalur_net {
	struct net		*net;
	struct mutex		lock;		/* all control state */
	struct jalur_table __rcu *table;
	spinlock_t		event_lock;	/* numbers and order of events */
	u64			event_seq;
	struct hlist_head	*sessions;
	u32			session_count;
	u32			end_count;
	u32			generation;
	u32			max_sessions;
	u32			orphan_s;
	u32			orphan_idle_s;
	struct list_head	owners;
	struct list_head	hooks;
	bool			hooked;
	u32			hook_users;
	struct delayed_work	hook_work;
	struct delayed_work	timeout_work;
	struct work_struct	address_work;
};

/* One line for log and selftest alike. */
#define jalur_err(fmt, ...) pr_err("jalur: " fmt, ##__VA_ARGS__)

extern unsigned int jalur_net_id;

static inline struct jalur_net *jalur_net_get(const struct net *net)
{
	return net_generic(net, jalur_net_id);
}

/* --- the packet path ---------------------------------------------------- */

/* relay.c */
unsigned int jalur_hook_ingress(void *priv, struct sk_buff *skb,
				const struct nf_hook_state *state);
unsigned int jalur_hook_local_in(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state);

/* The look-up is inline: it runs for every datagram that the host receives. */

/* Multiplicative: keys are chosen by our own daemon, and differ by port. */
static inline u32 jalur_hash_ipv4(__be32 ip, __be16 port, u32 seed)
{
	u32 hash = (__force u32)ip ^ seed;

	hash = (hash * GOLDEN_RATIO_32 + (__force u16)port) * GOLDEN_RATIO_32;
	return hash ^ hash >> 16;
}

/**
 * jalur_addr_hash - hash of a local transport address
 * @addr: the address
 * @seed: of the table
 *
 * Context: any.
 */
static inline u32 jalur_addr_hash(const struct jalur_addr *addr, u32 seed)
{
	if (unlikely(addr->family == AF_INET6))
		seed ^= ipv6_addr_hash(&addr->ip);
	return jalur_hash_ipv4(addr->ip.s6_addr32[0], addr->port, seed);
}

/**
 * jalur_addr_equal - are two local transport addresses the same
 * @a: one
 * @b: the other
 *
 * Context: any.
 */
static inline bool jalur_addr_equal(const struct jalur_addr *a,
				    const struct jalur_addr *b)
{
	return a->port == b->port && a->family == b->family && a->l3 == b->l3 &&
	       a->scope == b->scope && ipv6_addr_equal(&a->ip, &b->ip);
}

/**
 * jalur_end_lookup_ipv4 - find the end that has a local IPv4 address
 * @jn: namespace
 * @ip: where a packet was sent to
 * @port: likewise
 * @l3: VRF that it arrived in, or 0
 *
 * Context: RCU; the end stays valid as long as that is held.
 */
static inline struct jalur_end *
jalur_end_lookup_ipv4(const struct jalur_net *jn, __be32 ip, __be16 port,
		      u32 l3)
{
	const struct jalur_table *table = rcu_dereference(jn->table);
	struct jalur_end *end;
	u32 hash;

	if (unlikely(!table))
		return NULL;
	hash = jalur_hash_ipv4(ip, port, table->seed);
	hlist_for_each_entry_rcu(end, &table->bucket[hash & table->mask], node)
		if (likely(end->local.port == port &&
			   end->local.ip.s6_addr32[0] == ip &&
			   end->local.family == AF_INET &&
			   end->local.l3 == l3))
			return end;
	return NULL;
}

/**
 * jalur_end_lookup - find the end that has a local address
 * @jn: namespace
 * @local: where a packet was sent to
 *
 * Context: RCU; the end stays valid as long as that is held.
 */
static inline struct jalur_end *
jalur_end_lookup(const struct jalur_net *jn, const struct jalur_addr *local)
{
	const struct jalur_table *table = rcu_dereference(jn->table);
	struct jalur_end *end;
	u32 hash;

	if (unlikely(!table))
		return NULL;
	hash = jalur_addr_hash(local, table->seed);
	hlist_for_each_entry_rcu(end, &table->bucket[hash & table->mask], node)
		if (likely(jalur_addr_equal(&end->local, local)))
			return end;
	return NULL;
}

/* latch.c: both take jalur_end.lock */
void jalur_latch_configure(struct jalur_end *end,
			   const struct jalur_end_conf *old,
			   const struct jalur_end_conf *conf);
void jalur_latch_import(struct jalur_end *end, const struct jalur_addr *addr);

/* stats.c */
void jalur_stats_drop(struct jalur_end *end, enum jalur_drop_reason reason);
u64 jalur_stats_lost(const struct jalur_source *src);

/* rtcp.c */
void jalur_rtcp_figures(struct jalur_end *from, struct jalur_end *to,
			const u8 *data, unsigned int len);

/* xmit.c */
void jalur_xmit_forget(struct jalur_end *end);	/* jalur_end.lock is held */

/* icmp.c */
bool jalur_icmp_input(struct net *net, struct sk_buff *skb);

/* --- what every part calls ------------------------------------------------ */

/* event.c: any context, never sleeps */
void jalur_event_end(struct jalur_end *end, enum jalur_event_type type);
void jalur_event_latched(struct jalur_end *end, enum jalur_event_type type,
			 const struct jalur_addr *remote);
void jalur_event_ssrc(struct jalur_end *end, u32 ssrc);

#endif /* _JALUR_H */
