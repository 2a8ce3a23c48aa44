// SPDX-License-Identifier: GPL-2.0-only
/*
 * Routes, and the way out.
 *
 * An end keeps one route to its remote, which dst_check() validates for each
 * packet. Becoming invalid is its normal fate (any change of a route or an
 * address does it), so it is found again on the spot, and a search that failed
 * is not repeated for 100 ms. The next hop's neighbour is looked up for each
 * packet instead of being held: a held neighbour blocks its device's removal,
 * and the gateway's entry is hot anyway. What fits goes to the neighbour
 * directly; what does not fit, what stays on this host, and what is transformed
 * or tunnelled takes dst_output().
 */

#include <linux/ip.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/ip.h>
#include <net/ip6_route.h>
#include <net/ipv6_stubs.h>
#include <net/lwtunnel.h>
#include <net/ndisc.h>
#include <net/neighbour.h>
#include <net/route.h>
#include <net/xfrm.h>

#include "jalur.h"

#define RETRY	(HZ / 10)

static struct net *end_net(const struct jalur_end *end)
{
	return end->session->jn->net;
}

static struct dst_entry *find_ipv4(const struct jalur_route *route,
				   const struct jalur_addr *remote)
{
	const struct jalur_addr *local = &route->to->local;
	struct flowi4 flow = {
		.flowi4_oif	= local->l3,
		.flowi4_proto	= IPPROTO_UDP,
		/* control made sure of the source address, see @nonlocal */
		.flowi4_flags	= FLOWI_FLAG_ANYSRC,
		.flowi4_tos	= route->conf->dscp > 0 ?
				  route->conf->dscp << 2 : 0,
		.saddr		= local->ip.s6_addr32[0],
		.daddr		= remote->ip.s6_addr32[0],
		.fl4_sport	= local->port,
		.fl4_dport	= remote->port,
	};
	struct rtable *rt = ip_route_output_flow(end_net(route->to), &flow,
						 NULL);

	if (IS_ERR(rt))
		return NULL;
	/* a learned remote must not make us shout */
	if (rt->rt_flags & RTCF_BROADCAST) {
		ip_rt_put(rt);
		return NULL;
	}
	return &rt->dst;
}

static struct dst_entry *find_ipv6(const struct jalur_route *route,
				   const struct jalur_addr *remote)
{
	const struct jalur_addr *local = &route->to->local;
	struct flowi6 flow = {
		.flowi6_oif	= remote->scope ?: local->scope ?: local->l3,
		.flowi6_proto	= IPPROTO_UDP,
		.saddr		= local->ip,
		.daddr		= remote->ip,
		.fl6_sport	= local->port,
		.fl6_dport	= remote->port,
	};
	struct dst_entry *dst;

	dst = ipv6_stub->ipv6_dst_lookup_flow(end_net(route->to), NULL, &flow,
					      NULL);
	return IS_ERR(dst) ? NULL : dst;
}

/* Does the stack have to do more than to hand it to the neighbour? */
static bool needs_stack(const struct dst_entry *dst, int family)
{
	if (dst_xfrm(dst) || dst->lwtstate)
		return true;
	if (family == AF_INET)
		return dst_rtable(dst)->rt_flags &
		       (RTCF_LOCAL | RTCF_BROADCAST | RTCF_MULTICAST);
	return dst_rt6_info(dst)->rt6i_flags & RTF_LOCAL ||
	       ipv6_addr_is_multicast(&dst_rt6_info(dst)->rt6i_dst.addr);
}

/*
 * An IPv4 route's MTU is worth keeping: when the device's or the route's
 * changes, so does the route's generation, which dst_check() sees. A learned
 * path MTU expires without a sign, and IPv6 gives none of the device's: 0, ask
 * each time.
 */
static u32 stable_mtu(const struct dst_entry *dst, int family)
{
	if (family != AF_INET || dst_xfrm(dst) || dst_rtable(dst)->rt_pmtu)
		return 0;
	return dst_mtu(dst);
}

static struct dst_entry *find_dst(struct jalur_route *route,
				  const struct jalur_addr *remote)
{
	struct jalur_way *way = &route->way;
	struct dst_entry *dst;

	if (way->family == AF_INET) {
		dst = find_ipv4(route, remote);
		way->headroom = sizeof(struct iphdr);
		way->cookie = 0;
	} else {
		dst = find_ipv6(route, remote);
		way->headroom = sizeof(struct ipv6hdr);
		way->cookie = dst ? rt6_get_cookie(dst_rt6_info(dst)) : 0;
	}
	if (!dst)
		return NULL;
	way->headroom += LL_RESERVED_SPACE(dst->dev);
	way->slow = needs_stack(dst, way->family);
	way->mtu = stable_mtu(dst, way->family);
	return dst;
}

/*
 * Keep what was found, unless the remote moved on meanwhile. Either way @dst
 * lives until the end of this RCU section, which is all that this packet needs.
 */
static void keep_dst(struct jalur_route *route, const struct jalur_addr *remote,
		     struct dst_entry *dst)
{
	struct jalur_end *to = route->to;
	struct dst_entry *old = dst;

	spin_lock(&to->lock);
	if (!dst) {
		/* never 0, which stands for no failure */
		WRITE_ONCE(to->dst_retry, (jiffies + RETRY) | 1);
	} else if (same(&to->remote, remote)) {
		old = rcu_dereference_protected(to->way.dst,
						lockdep_is_held(&to->lock));
		write_seqcount_begin(&to->remote_seq);
		to->way = route->way;
		rcu_assign_pointer(to->way.dst, dst);
		write_seqcount_end(&to->remote_seq);
		route->to_seq = read_seqcount_begin(&to->remote_seq);
	}
	spin_unlock(&to->lock);
	dst_release(old);
}

static noinline int find_route(struct jalur_route *route)
{
	struct jalur_end *to = route->to;
	unsigned long retry = READ_ONCE(to->dst_retry);
	struct jalur_addr remote;
	struct dst_entry *dst;
	unsigned int seq;

	if (retry && time_before(jiffies, retry))
		return JALUR_DROP_REASON_NO_ROUTE;
	do {
		seq = read_seqcount_begin(&to->remote_seq);
		remote = to->remote;
		route->way = to->way;
	} while (read_seqcount_retry(&to->remote_seq, seq));
	if (!route->way.family)
		return JALUR_DROP_REASON_NO_REMOTE;
	route->remote = remote.ip;

	dst = find_dst(route, &remote);
	RCU_INIT_POINTER(route->way.dst, dst);
	keep_dst(route, &remote, dst);
	return dst ? JALUR_PASSED : JALUR_DROP_REASON_NO_ROUTE;
}

static struct dst_entry *way_dst(const struct jalur_way *way)
{
	return rcu_dereference(way->dst);
}

/*
 * Find the way to the remote of @route->to. Its route is valid until the end of
 * the RCU section. JALUR_PASSED or the reason to drop.
 */
static int get_route(struct jalur_route *route)
{
	struct jalur_end *to = route->to;
	struct dst_entry *dst;

	do {
		route->to_seq = read_seqcount_begin(&to->remote_seq);
		route->way = to->way;
		if (to->way.family == AF_INET6)
			route->remote = to->remote.ip;
	} while (read_seqcount_retry(&to->remote_seq, route->to_seq));

	dst = way_dst(&route->way);
	if (likely(dst && dst_check(dst, route->way.cookie)))
		return JALUR_PASSED;
	if (!route->way.family)
		return JALUR_DROP_REASON_NO_REMOTE;
	return find_route(route);
}

/**
 * jalur_xmit_forget - drop the route of an end
 * @end: whose route is to be found again
 *
 * Context: BH, @end->lock held.
 */
void jalur_xmit_forget(struct jalur_end *end)
{
	struct dst_entry *old;

	old = rcu_dereference_protected(end->way.dst,
					lockdep_is_held(&end->lock));
	write_seqcount_begin(&end->remote_seq);
	RCU_INIT_POINTER(end->way.dst, NULL);
	write_seqcount_end(&end->remote_seq);
	dst_release(old);
}

/*
 * The stack's own output. Fragments want an identification of their own, not
 * one of ours, and ignore_df stands in for the socket that we have not.
 */
static int send_slow(struct sk_buff *skb, struct dst_entry *dst,
		     const struct jalur_route *route)
{
	struct net *net = end_net(route->to);

	if (skb->protocol == htons(ETH_P_IP)) {
		memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
		__ip_select_ident(net, ip_hdr(skb), 1);
		ip_send_check(ip_hdr(skb));
	} else {
		memset(IP6CB(skb), 0, sizeof(*IP6CB(skb)));
	}
	skb->ignore_df = 1;
	skb->dev = dst->dev;
	return dst_output(net, NULL, skb);
}

static struct neighbour *find_neighbour(struct sk_buff *skb,
					struct dst_entry *dst, bool *ipv6)
{
	const struct in6_addr *hop;

	if (skb->protocol == htons(ETH_P_IP))
		return ip_neigh_for_gw(dst_rtable(dst), skb, ipv6);
	hop = rt6_nexthop(dst_rt6_info(dst), &ipv6_hdr(skb)->daddr);
	return ip_neigh_gw6(dst->dev, hop);
}

static __always_inline int send_fast(struct sk_buff *skb, struct dst_entry *dst)
{
	struct neighbour *neigh;
	bool ipv6 = false;

	skb->dev = dst->dev;
	/* most devices would drop it before they transmit */
	if (unlikely(!(skb->dev->priv_flags & IFF_XMIT_DST_RELEASE)))
		skb_dst_set_noref(skb, dst);
	neigh = find_neighbour(skb, dst, &ipv6);
	if (IS_ERR(neigh)) {
		kfree_skb(skb);
		return -ENOBUFS;
	}
	return neigh_output(neigh, skb, ipv6);
}

/*
 * Send a rewritten packet, and consume it. JALUR_PASSED or the reason why it
 * was dropped.
 */
static int send_packet(struct sk_buff *skb, const struct jalur_pkt *pkt,
		       const struct jalur_route *route)
{
	const struct jalur_way *way = &route->way;
	struct dst_entry *dst = way_dst(way);
	bool fits = skb->len <= (way->mtu ?: dst_mtu(dst));
	int ret;

	if (unlikely(!fits && route->conf->df)) {
		kfree_skb(skb);
		return JALUR_DROP_REASON_TOO_BIG;
	}
	if (likely(fits && !way->slow)) {
		ret = send_fast(skb, dst);
	} else {
		skb_dst_set_noref(skb, dst);
		ret = send_slow(skb, dst, route);
	}
	if (unlikely(net_xmit_eval(ret)))
		return JALUR_DROP_REASON_TRANSMIT;
	atomic64_inc(&route->to->tx_packets);
	atomic64_add(pkt->len, &route->to->tx_bytes);
	return JALUR_PASSED;
}
