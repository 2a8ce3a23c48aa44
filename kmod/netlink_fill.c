// SPDX-License-Identifier: GPL-2.0-only
/*
 * Objects → attributes. Counters are copied under the end's lock first and put
 * into the message afterwards. A session is one message, however large.
 */

#include "netlink.h"

/* Enough for an end with every counter, drop reason and source. */
#define FINAL_SIZE	896
#define DROP_SIZE	28
#define SOURCE_SIZE	76
static_assert(FINAL_SIZE >= 152 + JALUR_DROP_REASONS * DROP_SIZE + JALUR_SOURCES * SOURCE_SIZE);
/* And with its configuration and a flow. */
#define END_SIZE	1536
#define PAYLOAD_SIZE	32
/* Owner, session, and what else an event or a reply has of its own. */
#define FINALS_SIZE	128
#define SESSION_SIZE	512

/**
 * jalur_fill_size - room that a whole session takes in a message
 * @graph: of the session
 *
 * Context: RCU or jalur_net.lock.
 */
size_t jalur_fill_size(const struct jalur_graph *graph)
{
	size_t size = SESSION_SIZE;
	int i;

	for (i = 0; i < graph->ends; i++)
		if (graph->conf[i].end)
			size += END_SIZE + graph->conf[i].payloads * PAYLOAD_SIZE;
	return size;
}

/**
 * jalur_final_size - room that the final counters of a session take in a message
 * @graph: of the session
 *
 * Context: RCU or jalur_net.lock.
 */
size_t jalur_final_size(const struct jalur_graph *graph)
{
	size_t size = FINALS_SIZE;
	int i;

	for (i = 0; i < graph->ends; i++)
		if (graph->conf[i].end)
			size += FINAL_SIZE;
	return size;
}

/* These sets have their pad first. */
static_assert((int)JALUR_A_END_PAD == (int)JALUR_A_STATS_PAD &&
	      (int)JALUR_A_END_PAD == (int)JALUR_A_FLOW_PAD &&
	      (int)JALUR_A_END_PAD == (int)JALUR_A_DESTINATION_PAD);

static int put_u64(struct sk_buff *skb, int attrtype, u64 value)
{
	return nla_put_u64_64bit(skb, attrtype, value, JALUR_A_END_PAD);
}

/**
 * jalur_fill_addr - a nested transport address
 * @skb: message
 * @attrtype: of the nest
 * @addr: the address; family 0 puts nothing
 *
 * Context: any.
 */
int jalur_fill_addr(struct sk_buff *skb, int attrtype, const struct jalur_addr *addr)
{
	struct nlattr *nest;

	if (!addr->family)
		return 0;
	nest = nla_nest_start(skb, attrtype);
	if (!nest)
		return -EMSGSIZE;
	if (addr->family == AF_INET ?
	    nla_put_in_addr(skb, JALUR_A_ADDRESS_V4, addr->ip.s6_addr32[0]) :
	    nla_put_in6_addr(skb, JALUR_A_ADDRESS_V6, &addr->ip))
		goto err_nest;
	if (nla_put_be16(skb, JALUR_A_ADDRESS_PORT, addr->port) ||
	    (addr->l3 && nla_put_u32(skb, JALUR_A_ADDRESS_L3_IFINDEX, addr->l3)) ||
	    (addr->scope && nla_put_u32(skb, JALUR_A_ADDRESS_SCOPE_IFINDEX, addr->scope)))
		goto err_nest;
	nla_nest_end(skb, nest);
	return 0;

err_nest:
	nla_nest_cancel(skb, nest);
	return -EMSGSIZE;
}

/* What packets change, copied at one moment. */
struct snapshot {
	struct jalur_stats stats;
	struct jalur_addr remote;
	bool locked;
	bool timed_out;
	bool has_rx;
	unsigned long last_rx;
	u32 rtt_us;
	u8 cur_source;
};

static void take_snapshot(struct jalur_end *end, struct snapshot *s)
{
	spin_lock_bh(&end->lock);
	s->stats = end->stats;
	s->remote = end->remote;
	s->locked = end->locked;
	s->timed_out = end->timed_out;
	s->has_rx = end->has_rx;
	s->last_rx = end->last_rx;
	s->rtt_us = end->rtt_us;
	s->cur_source = end->source ? end->source - end->stats.sources : 0;
	spin_unlock_bh(&end->lock);
}

static int fill_drops(struct sk_buff *skb, const struct jalur_stats *stats)
{
	struct nlattr *nest;
	int i;

	for (i = 0; i < JALUR_DROP_REASONS; i++) {
		if (!stats->drops[i])
			continue;
		nest = nla_nest_start(skb, JALUR_A_STATS_DROPS);
		if (!nest)
			return -EMSGSIZE;
		if (nla_put_u32(skb, JALUR_A_DROP_REASON, i) ||
		    nla_put_u64_64bit(skb, JALUR_A_DROP_COUNT, stats->drops[i], JALUR_A_DROP_PAD))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

static int fill_source(struct sk_buff *skb, const struct jalur_source *src)
{
	struct nlattr *nest = nla_nest_start(skb, JALUR_A_STATS_SOURCES);

	if (!nest)
		return -EMSGSIZE;
	if (nla_put_u32(skb, JALUR_A_SOURCE_STATS_SSRC, src->ssrc) ||
	    nla_put_u64_64bit(skb, JALUR_A_SOURCE_STATS_PACKETS, src->packets,
			      JALUR_A_SOURCE_STATS_PAD) ||
	    nla_put_u64_64bit(skb, JALUR_A_SOURCE_STATS_LOST, jalur_stats_lost(src),
			      JALUR_A_SOURCE_STATS_PAD) ||
	    nla_put_u32(skb, JALUR_A_SOURCE_STATS_JITTER, src->jitter >> 4) ||
	    nla_put_u32(skb, JALUR_A_SOURCE_STATS_CLOCK_RATE, src->clock_rate) ||
	    nla_put_u32(skb, JALUR_A_SOURCE_STATS_MAX_SEQUENCE, src->cycles + src->max_seq) ||
	    nla_put_u8(skb, JALUR_A_SOURCE_STATS_PAYLOAD_TYPE, src->pt))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_stats(struct sk_buff *skb, struct jalur_end *end,
		      const struct snapshot *s)
{
	const struct jalur_stats *stats = &s->stats;
	struct nlattr *nest = nla_nest_start(skb, JALUR_A_END_STATS);
	int i;

	if (!nest)
		return -EMSGSIZE;
	if (put_u64(skb, JALUR_A_STATS_RX_PACKETS, stats->rx_packets) ||
	    put_u64(skb, JALUR_A_STATS_RX_BYTES, stats->rx_bytes) ||
	    put_u64(skb, JALUR_A_STATS_RX_RTCP_PACKETS, stats->rx_rtcp_packets) ||
	    put_u64(skb, JALUR_A_STATS_TX_PACKETS, atomic64_read(&end->tx_packets)) ||
	    put_u64(skb, JALUR_A_STATS_TX_BYTES, atomic64_read(&end->tx_bytes)) ||
	    put_u64(skb, JALUR_A_STATS_SSRC_CHANGES, stats->ssrc_changes) ||
	    (s->rtt_us && nla_put_u32(skb, JALUR_A_STATS_RTT_US, s->rtt_us)) ||
	    (s->has_rx && put_u64(skb, JALUR_A_STATS_LAST_RX_MS,
				  jiffies_to_msecs(jiffies - s->last_rx))) ||
	    fill_drops(skb, stats))
		return -EMSGSIZE;
	/* The one that is heard now comes first. */
	for (i = 0; i < JALUR_SOURCES; i++) {
		const struct jalur_source *src;

		src = &stats->sources[(s->cur_source + i) % JALUR_SOURCES];
		if (src->used && fill_source(skb, src))
			return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_payloads(struct sk_buff *skb, const struct jalur_end_conf *conf)
{
	const struct jalur_payload *p;
	struct nlattr *nest;

	for (p = conf->payload; p < conf->payload + conf->payloads; p++) {
		nest = nla_nest_start(skb, JALUR_A_END_PAYLOAD);
		if (!nest)
			return -EMSGSIZE;
		if (nla_put_u8(skb, JALUR_A_PAYLOAD_PT, p->pt) ||
		    nla_put_u32(skb, JALUR_A_PAYLOAD_CLOCK_RATE, p->clock_rate) ||
		    nla_put_u32(skb, JALUR_A_PAYLOAD_KIND, p->kind))
			return -EMSGSIZE;
		nla_nest_end(skb, nest);
	}
	return 0;
}

static int fill_state(struct sk_buff *skb, const struct snapshot *s)
{
	struct nlattr *nest;

	if (!s->locked)
		return 0;
	nest = nla_nest_start(skb, JALUR_A_END_STATE);
	if (!nest || jalur_fill_addr(skb, JALUR_A_END_STATE_LATCHED, &s->remote))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_conf(struct sk_buff *skb, const struct jalur_end_conf *conf)
{
	if (jalur_fill_addr(skb, JALUR_A_END_LOCAL, &conf->end->local) ||
	    jalur_fill_addr(skb, JALUR_A_END_REMOTE, &conf->remote) ||
	    nla_put_u32(skb, JALUR_A_END_ACCEPT, conf->accept) ||
	    nla_put_u32(skb, JALUR_A_END_LATCH, conf->latch) ||
	    (conf->latch_open && nla_put_flag(skb, JALUR_A_END_LATCH_OPEN)) ||
	    nla_put_u32(skb, JALUR_A_END_LATCH_EPOCH, conf->epoch) ||
	    nla_put_u32(skb, JALUR_A_END_IDLE_MS, conf->idle_ms) ||
	    (conf->nonlocal && nla_put_flag(skb, JALUR_A_END_NONLOCAL)) ||
	    (conf->df && nla_put_flag(skb, JALUR_A_END_DF)) ||
	    (conf->dscp >= 0 && nla_put_u8(skb, JALUR_A_END_DSCP, conf->dscp)))
		return -EMSGSIZE;
	return fill_payloads(skb, conf);
}

static int fill_end(struct sk_buff *skb, int attrtype,
		    const struct jalur_end_conf *conf, bool final)
{
	struct nlattr *nest = nla_nest_start(skb, attrtype);
	struct snapshot s;

	if (!nest)
		return -EMSGSIZE;
	take_snapshot(conf->end, &s);
	if (put_u64(skb, JALUR_A_END_ID, conf->end->id) ||
	    (!final && (fill_conf(skb, conf) || fill_state(skb, &s))) ||
	    (s.timed_out && nla_put_flag(skb, JALUR_A_END_TIMED_OUT)) ||
	    (conf->end->dormant && nla_put_flag(skb, JALUR_A_END_DORMANT)) ||
	    fill_stats(skb, conf->end, &s)) {
		nla_nest_cancel(skb, nest);
		return -EMSGSIZE;
	}
	nla_nest_end(skb, nest);
	return 0;
}

/**
 * jalur_fill_finals - ids and counters of the ends of a session
 * @skb: message
 * @attrtype: of the nest of each
 * @graph: of the session
 *
 * Context: process, jalur_net.lock held.
 */
int jalur_fill_finals(struct sk_buff *skb, int attrtype, const struct jalur_graph *graph)
{
	int i;

	for (i = 0; i < graph->ends; i++)
		if (graph->conf[i].end && fill_end(skb, attrtype, &graph->conf[i], true))
			return -EMSGSIZE;
	return 0;
}

static int fill_flow(struct sk_buff *skb, const struct jalur_end_conf *conf)
{
	struct nlattr *nest, *dest;

	if (!conf->dest)
		return 0;
	nest = nla_nest_start(skb, JALUR_A_SESSION_FLOW);
	if (!nest || put_u64(skb, JALUR_A_FLOW_SOURCE, conf->end->id))
		goto err_nest;
	dest = nla_nest_start(skb, JALUR_A_FLOW_DESTINATION);
	if (!dest || put_u64(skb, JALUR_A_DESTINATION_END, conf->dest->id))
		goto err_nest;
	nla_nest_end(skb, dest);
	nla_nest_end(skb, nest);
	return 0;

err_nest:
	nla_nest_cancel(skb, nest);
	return -EMSGSIZE;
}

/**
 * jalur_fill_session - a whole session
 * @skb: message
 * @session: the session
 *
 * Context: process, jalur_net.lock held.
 */
int jalur_fill_session(struct sk_buff *skb, const struct jalur_session *session)
{
	const struct jalur_graph *graph;
	int i;

	graph = rcu_dereference_protected(session->graph,
					  lockdep_is_held(&session->jn->lock));
	if (nla_put_u64_64bit(skb, JALUR_A_SESSION_OWNER, session->owner, JALUR_A_SESSION_PAD) ||
	    nla_put_u64_64bit(skb, JALUR_A_SESSION_ID, session->id, JALUR_A_SESSION_PAD) ||
	    (graph->tag[0] && nla_put_string(skb, JALUR_A_SESSION_TAG, graph->tag)) ||
	    nla_put_u64_64bit(skb, JALUR_A_SESSION_DIGEST, graph->digest, JALUR_A_SESSION_PAD) ||
	    nla_put_u64_64bit(skb, JALUR_A_SESSION_AGE_MS,
			      ktime_ms_delta(ktime_get(), session->created),
			      JALUR_A_SESSION_PAD))
		return -EMSGSIZE;
	for (i = 0; i < graph->ends; i++)
		if (graph->conf[i].end &&
		    (fill_end(skb, JALUR_A_SESSION_END, &graph->conf[i], false) ||
		     fill_flow(skb, &graph->conf[i])))
			return -EMSGSIZE;
	return 0;
}
