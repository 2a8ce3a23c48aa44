// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a packet received at one end to the packet that another end sends.
 *
 * The IP header is replaced whole, by one of the sending end's family: that
 * drops options and extension headers, turns IPv4 into IPv6 and back, and costs
 * less than changing six fields one by one, since its checksum was verified on
 * the way in. The UDP checksum is only ever corrected by what we changed, never
 * computed anew over a payload that may have been damaged on its way: a damaged
 * packet must reach its receiver as such. The one exception is IPv4 without
 * checksum to IPv6, which does not allow that.
 */

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/dst.h>
#include <net/dsfield.h>
#include <net/inet_ecn.h>
#include <net/ip6_checksum.h>
#include <net/route.h>

#include "jalur.h"

/* The pseudo-header alone: hardware, or the core, adds the rest. */
static void set_partial(struct sk_buff *skb, struct udphdr *udp,
			const struct jalur_route *route)
{
	unsigned int len = ntohs(udp->len);

	if (route->way.family == AF_INET)
		udp->check = ~csum_tcpudp_magic(route->way.saddr,
						route->way.daddr,
						len, IPPROTO_UDP, 0);
	else
		udp->check = ~csum_ipv6_magic(&route->to->local.ip,
					      &route->remote, len,
					      IPPROTO_UDP, 0);
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct udphdr, check);
}

/*
 * The pseudo-header's length and protocol are the same in both families, so
 * that addresses and ports are all that differs.
 */
static void update_checksum(struct sk_buff *skb, struct udphdr *udp,
			    const struct jalur_route *route)
{
	if (skb->ip_summed == CHECKSUM_PARTIAL ||
	    (unlikely(!udp->check) && route->way.family == AF_INET6)) {
		set_partial(skb, udp, route);
		return;
	}
	if (unlikely(!udp->check))
		return;
	csum_replace_by_diff(&udp->check, csum_sub(route->way.sum, route->sum));
	if (unlikely(!udp->check))
		udp->check = CSUM_MANGLED_0;
}

/* RFC 3168: the ECN bits are the path's, not ours. */
static u8 sent_tos(const struct jalur_pkt *pkt,
		   const struct jalur_end_conf *conf)
{
	if (conf->dscp < 0)
		return pkt->tos;
	return conf->dscp << 2 | (pkt->tos & INET_ECN_MASK);
}

/*
 * With DF clear, routers may fragment, and the identification must not repeat
 * soon (RFC 6864). The sender's own is often constant (Linux sends 0 with DF
 * set), so we count. Two CPUs that send for one end at the same instant may
 * take the same number; that harms nobody unless both packets are fragmented.
 */
static void write_ipv4(struct sk_buff *skb, const struct jalur_pkt *pkt,
		       const struct jalur_route *route)
{
	const struct jalur_end *to = route->to;
	u16 id = to->ip_id + (u16)atomic64_read(&to->tx_packets);
	__be32 *ip = (__be32 *)skb_network_header(skb);
	__wsum sum = route->way.ip_sum;

	/* words of the header, summed up as they are written */
	ip[0] = htonl(0x45 << 24 | sent_tos(pkt, route->conf) << 16 | skb->len);
	ip[1] = htonl(id << 16 | (route->conf->df ? IP_DF : 0));
	ip[2] = htonl((pkt->ttl - 1) << 24 | IPPROTO_UDP << 16);
	ip[3] = route->way.saddr;
	ip[4] = route->way.daddr;
	sum = csum_add(sum, (__force __wsum)ip[0]);
	sum = csum_add(sum, (__force __wsum)ip[1]);
	sum = csum_add(sum, (__force __wsum)ip[2]);
	((struct iphdr *)ip)->check = csum_fold(sum);
	skb->protocol = htons(ETH_P_IP);
}

static void write_ipv6(struct sk_buff *skb, const struct jalur_pkt *pkt,
		       const struct jalur_route *route)
{
	struct ipv6hdr *ip = ipv6_hdr(skb);

	ip6_flow_hdr(ip, sent_tos(pkt, route->conf), 0);
	ip->payload_len = htons(skb->len - sizeof(*ip));
	ip->nexthdr = IPPROTO_UDP;
	ip->hop_limit = pkt->ttl - 1;
	ip->saddr = route->to->local.ip;
	ip->daddr = route->remote;
	skb->protocol = htons(ETH_P_IPV6);
}

/* Nothing of the device, socket or namespace it came from goes along. */
static __always_inline void scrub(struct sk_buff *skb)
{
	skb_orphan(skb);
	skb_scrub_packet(skb, true);
	skb_reset_redirect(skb);
	skb->priority = 0;
	if (skb->ip_summed == CHECKSUM_COMPLETE)
		skb->ip_summed = CHECKSUM_NONE;
}

/* A guest may ask for a checksum at any offset; we only know one. */
static bool partial_is_foreign(const struct sk_buff *skb)
{
	return skb->ip_summed == CHECKSUM_PARTIAL &&
	       (skb_checksum_start_offset(skb) != 0 ||
		skb->csum_offset != offsetof(struct udphdr, check));
}

/*
 * Make the packet one that @route->to sends to its remote. The skb is at its
 * network header before and afterwards, and @pkt->data is stale then.
 * JALUR_PASSED or the reason to drop.
 */
static int rewrite_packet(struct sk_buff *skb, const struct jalur_pkt *pkt,
			  const struct jalur_route *route)
{
	const struct jalur_way *way = &route->way;
	bool ipv6 = way->family == AF_INET6;
	struct udphdr *udp;

	__skb_pull(skb, pkt->iph_len);
	if (unlikely(partial_is_foreign(skb)))
		return JALUR_DROP_REASON_MALFORMED;
	/* one copy at most: writable, and with room for both headers */
	if (unlikely(skb_cow_head(skb, way->headroom)))
		return JALUR_DROP_REASON_NO_MEMORY;
	scrub(skb);

	skb_reset_transport_header(skb);
	udp = (struct udphdr *)skb->data;
	update_checksum(skb, udp, route);
	udp->source = way->sport;
	udp->dest = way->dport;

	__skb_push(skb, ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	skb_reset_network_header(skb);
	if (ipv6)
		write_ipv6(skb, pkt, route);
	else
		write_ipv4(skb, pkt, route);
	return JALUR_PASSED;
}

#ifdef DEBUG
#include "selftest/selftest.h"
#include "selftest/rewrite.c"
#endif
