// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way of a packet: parse, look up, check the source, classify, commit,
 * rewrite, transmit.
 *
 * classify() only reads. It says that a packet is refused, and why, or that it
 * is to be handled, and then it knows the way out too. commit() changes the
 * state of the end where the packet arrived, under its lock, and never gives a
 * packet back: what fails afterwards is a counted drop. A packet for one of our
 * ends never goes up into the stack, whatever it is; the hooks hand back only
 * what is not for us.
 */

#include <linux/init.h>
#include <linux/netfilter.h>
#include <linux/netfilter_netdev.h>
#include <net/ipv6.h>
#include <net/ipv6_frag.h>
#include <net/netfilter/ipv6/nf_defrag_ipv6.h>

#include "jalur.h"
#include "selftest/selftest.h"
#include "trace.h"

/* What commit() has to tell, after it has let go of the lock. */
#define TELL_LATCHED	BIT(0)
#define TELL_SSRC	BIT(1)
#define TELL_RESUMED	BIT(2)

/* Of commit(): the graph that classify() saw is not the session's any more. */
#define REPLACED	(JALUR_PASSED - 1)

/* A packet that the end's configuration takes, by its bytes. */
static int check_kind(const struct jalur_pkt *pkt, struct jalur_route *route)
{
	const struct jalur_end_conf *conf = route->from;
	int i;

	route->payload = NULL;
	if (conf->accept & JALUR_ACCEPT_OPAQUE)
		return JALUR_PASSED;
	if (pkt->kind == JALUR_KIND_RTCP)
		return !(conf->accept & JALUR_ACCEPT_RTCP) ?
		       JALUR_DROP_REASON_KIND : pkt->valid ?
		       JALUR_PASSED : JALUR_DROP_REASON_MALFORMED;
	if (pkt->kind != JALUR_KIND_RTP || !(conf->accept & JALUR_ACCEPT_RTP))
		return JALUR_DROP_REASON_KIND;
	if (!pkt->valid)
		return JALUR_DROP_REASON_MALFORMED;
	if (!conf->payloads)
		return JALUR_PASSED;
	for (i = 0; i < conf->payloads; i++) {
		if (conf->payload[i].pt == pkt->pt) {
			route->payload = &conf->payload[i];
			return JALUR_PASSED;
		}
	}
	return JALUR_DROP_REASON_PAYLOAD_TYPE;
}

/* Of a packet that is accepted: can it go on? */
static int find_way(const struct jalur_pkt *pkt, struct jalur_route *route)
{
	route->conf = route->from->dest_conf;
	route->to = route->from->dest;
	if (!route->to)
		return JALUR_DROP_REASON_NO_FLOW;
	if (unlikely(READ_ONCE(route->to->dormant)))
		return JALUR_DROP_REASON_DORMANT;
	if (unlikely(pkt->ttl <= 1))
		return JALUR_DROP_REASON_TTL;
	return get_route(route);
}

/*
 * Read-only, but for the route that it may have to find. Returns why the packet
 * is refused; what keeps an accepted packet from going on is @route->failure.
 */
static int classify(const struct jalur_pkt *pkt, const struct jalur_end *from,
		    struct jalur_route *route)
{
	int reason;

	route->graph = rcu_dereference(from->session->graph);
	/* an end that was just removed has no slot, or somebody else's */
	if (unlikely(!route->graph || from->slot >= route->graph->ends))
		return JALUR_DROP_REASON_NO_FLOW;
	route->from = &route->graph->conf[from->slot];
	if (unlikely(route->from->end != from))
		return JALUR_DROP_REASON_NO_FLOW;
	if (unlikely(READ_ONCE(from->dormant)))
		return JALUR_DROP_REASON_DORMANT;
	if (unlikely(!latch_allows(from, &pkt->src, route)))
		return JALUR_DROP_REASON_SOURCE;
	reason = check_kind(pkt, route);
	if (unlikely(reason != JALUR_PASSED))
		return reason;
	route->failure = find_way(pkt, route);
	return JALUR_PASSED;
}

static void tell(struct jalur_end *end, const struct jalur_pkt *pkt,
		 unsigned int told)
{
	if (told & TELL_RESUMED)
		jalur_event_end(end, JALUR_EVENT_TYPE_RESUMED);
	if (told & TELL_LATCHED)
		jalur_event_latched(end, JALUR_EVENT_TYPE_LATCHED, &pkt->src);
	if (told & TELL_SSRC)
		jalur_event_ssrc(end, pkt->ssrc);
}

/*
 * Under the lock: the source again, since the latch may have closed, then all
 * that an accepted packet changes.
 */
static int accept_packet(const struct jalur_pkt *pkt, struct jalur_end *end,
			 const struct jalur_route *route, unsigned int *told)
{
	struct jalur_session *session = end->session;
	bool locked = end->locked;

	/* final counters may have been taken already */
	if (unlikely(READ_ONCE(session->dead)))
		return JALUR_DROP_REASON_NO_FLOW;
	/* an old configuration must not close a latch opened anew */
	if (unlikely(!locked &&
		     rcu_access_pointer(session->graph) != route->graph))
		return REPLACED;
	if (unlikely(!latch_learn(end, &pkt->src, route)))
		return JALUR_DROP_REASON_SOURCE;
	if (unlikely(!locked && end->locked))
		*told |= TELL_LATCHED;
	if (unlikely(stats_receive(end, route->payload, pkt)))
		*told |= TELL_SSRC;
	if (rcu_access_pointer(session->graph) == route->graph)
		fill_express(end, pkt, route);
	if (unlikely(end->timed_out)) {
		end->timed_out = false;
		*told |= TELL_RESUMED;
	}
	return JALUR_PASSED;
}

static int commit(const struct jalur_pkt *pkt, struct jalur_end *end,
		  const struct jalur_route *route)
{
	unsigned int told = 0;
	int reason;

	spin_lock(&end->lock);
	reason = accept_packet(pkt, end, route, &told);
	spin_unlock(&end->lock);
	if (unlikely(told))
		tell(end, pkt, told);
	if (reason != JALUR_PASSED)
		return reason;
	if (unlikely(pkt->kind == JALUR_KIND_RTCP && pkt->valid))
		jalur_rtcp_figures(end, route->to, pkt->data, pkt->len);
	return route->failure;
}

/* Under a flood of changes the last word is that of the source check. */
static int judge(const struct jalur_pkt *pkt, struct jalur_end *end,
		 struct jalur_route *route)
{
	int reason, tries;

	for (tries = 0; tries < 3; tries++) {
		reason = classify(pkt, end, route);
		if (likely(reason == JALUR_PASSED))
			reason = commit(pkt, end, route);
		if (likely(reason != REPLACED))
			return reason;
	}
	return JALUR_DROP_REASON_SOURCE;
}

static noinline void drop(const struct jalur_pkt *pkt, struct jalur_end *end, int reason)
{
	trace_jalur_drop(end, pkt, reason);
	jalur_stats_drop(end, reason);
}

/* One datagram that arrived at @end; consumes the skb. */
static void jalur_relay(struct sk_buff *skb, struct jalur_pkt *pkt,
			struct jalur_end *end)
{
	struct jalur_route route;
	int reason;

	reason = parse_payload(skb, pkt);
	if (likely(reason == JALUR_PASSED))
		reason = judge(pkt, end, &route);
	if (likely(reason == JALUR_PASSED))
		reason = rewrite_packet(skb, pkt, &route);
	if (unlikely(reason != JALUR_PASSED)) {
		kfree_skb(skb);
		drop(pkt, end, reason);
		return;
	}
	trace_jalur_relay(end, route.to, pkt);
	reason = send_packet(skb, pkt, &route);
	if (unlikely(reason != JALUR_PASSED))
		drop(pkt, end, reason);
}

/*
 * Several datagrams that a driver or GRO made one of. Each is relayed, counted
 * and checked by itself; headers they have in common, but for the length.
 */
static noinline void relay_segments(struct sk_buff *skb, struct jalur_pkt *pkt,
				    struct jalur_end *end)
{
	unsigned int headers = pkt->iph_len + sizeof(struct udphdr);
	struct sk_buff *segment, *next, *segments;

	segments = __skb_gso_segment(skb, 0, false);
	if (IS_ERR_OR_NULL(segments)) {
		kfree_skb(skb);
		drop(pkt, end, JALUR_DROP_REASON_NO_MEMORY);
		return;
	}
	consume_skb(skb);
	skb_list_walk_safe(segments, segment, next) {
		skb_mark_not_on_list(segment);
		pkt->len = segment->len - headers;
		jalur_relay(segment, pkt, end);
	}
}

/* The packet is ours from here on. */
static __always_inline void take(struct sk_buff *skb, struct jalur_pkt *pkt,
				 struct jalur_end *end)
{
	/* before any write, and before any pull, which may write */
	skb = skb_share_check(skb, GFP_ATOMIC);
	if (unlikely(!skb))
		drop(pkt, end, JALUR_DROP_REASON_NO_MEMORY);
	else if (unlikely(skb_is_gso(skb) && !pkt->bad))
		relay_segments(skb, pkt, end);
	else
		jalur_relay(skb, pkt, end);
}

static noinline unsigned int take_ingress(const struct jalur_net *jn,
					  struct sk_buff *skb)
{
	struct jalur_end *end;
	struct jalur_pkt pkt;

	if (!parse_ingress(skb, &pkt))
		return NF_ACCEPT;
	end = jalur_end_lookup(jn, &pkt.dst);
	if (!end)
		return NF_ACCEPT;
	take(skb, &pkt, end);
	return NF_STOLEN;
}

/**
 * jalur_hook_ingress - take from a device what is for one of our ends
 * @priv: struct jalur_net, which net_generic() would take longer to find
 * @skb: at the network header
 * @state: of the hook
 *
 * Context: BH, RCU.
 */
unsigned int jalur_hook_ingress(void *priv, struct sk_buff *skb,
				const struct nf_hook_state *state)
{
	enum express_verdict verdict = EXPRESS_UNLIKE;

	if (likely(skb->protocol == htons(ETH_P_IP)))
		verdict = relay_express(priv, skb);
	if (unlikely(verdict == EXPRESS_UNLIKE))
		return take_ingress(priv, skb);
	return verdict == EXPRESS_SENT ? NF_STOLEN : NF_ACCEPT;
}

/*
 * IPv6 joins fragments after LOCAL_IN, in the protocol's own input, so that it
 * has to be asked to do so here. Only datagrams: fragments of anything else are
 * left to the stack.
 */
static unsigned int join_ipv6(struct net *net, struct sk_buff *skb)
{
	const struct frag_hdr *header;
	struct frag_hdr buf;
	int err, offset = 0;

	if (likely(ipv6_hdr(skb)->nexthdr == IPPROTO_UDP) ||
	    ipv6_find_hdr(skb, &offset, NEXTHDR_FRAGMENT, NULL, NULL) < 0)
		return NF_ACCEPT;
	header = skb_header_pointer(skb, offset, sizeof(buf), &buf);
	/* the same for all of them: it stands before what is cut up */
	if (!header || header->nexthdr != IPPROTO_UDP)
		return NF_ACCEPT;
	/* it may wait longer than this RCU section lasts */
	skb_dst_force(skb);
	err = nf_ct_frag6_gather(net, skb, IP6_DEFRAG_LOCAL_DELIVER);
	if (err == -EINPROGRESS)
		return NF_STOLEN;
	return err ? NF_DROP : NF_ACCEPT;
}

/**
 * jalur_hook_local_in - take from the stack what ingress could not take
 * @priv: unused
 * @skb: at the network header
 * @state: of the hook
 *
 * Fragments (joined by now), options, extension headers, devices without a
 * hook; and the ICMP errors that our own packets cause.
 *
 * Context: BH, RCU.
 */
unsigned int jalur_hook_local_in(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	unsigned int verdict;
	struct jalur_end *end;
	struct jalur_pkt pkt;

	if (state->pf == NFPROTO_IPV6) {
		verdict = join_ipv6(state->net, skb);
		if (verdict != NF_ACCEPT)
			return verdict;
	}
	if (!parse_local_in(skb, &pkt))
		return jalur_icmp_input(state->net, skb) ? NF_DROP : NF_ACCEPT;
	end = jalur_end_lookup(jalur_net_get(state->net), &pkt.dst);
	if (!end)
		return NF_ACCEPT;
	take(skb, &pkt, end);
	return NF_STOLEN;
}

#ifdef DEBUG
/**
 * jalur_selftest - try the parts of the packet path that can be tried alone
 *
 * Context: process, when the module is loaded.
 * Return: false, with a line in the log, when one does not do what it should.
 */
bool __init jalur_selftest(void)
{
	bool ok = jalur_selftest_parse();

	ok &= jalur_selftest_latch();
	ok &= jalur_selftest_rewrite();
	return ok;
}
#endif
