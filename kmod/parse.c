// SPDX-License-Identifier: GPL-2.0-only
/*
 * From an skb to a struct jalur_pkt: the only place that measures.
 *
 * Parsing has two halves around the look-up. The first reads addresses and
 * ports without touching the skb, which may be shared and may be anybody's:
 * what the ingress hook cannot take as it is (fragments, options, extension
 * headers) it leaves to the stack, and the LOCAL_IN hook reads it again, whole.
 * The second half runs on a packet that is ours: it cuts off padding, makes
 * linear what is read, and proves the RTP or RTCP header. No later stage checks
 * a length.
 */

#include <linux/if_ether.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/dsfield.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>

#include "jalur.h"

static void set_ipv4(struct jalur_addr *addr, __be32 ip, __be16 port)
{
	addr->ip.s6_addr32[0] = ip;
	addr->ip.s6_addr32[1] = 0;
	addr->ip.s6_addr32[2] = 0;
	addr->ip.s6_addr32[3] = 0;
	addr->port = port;
	addr->family = AF_INET;
	addr->scope = 0;
	addr->l3 = 0;
}

static void set_ipv6(struct jalur_addr *addr, const struct in6_addr *ip,
		     __be16 port, u32 ifindex)
{
	addr->ip = *ip;
	addr->port = port;
	addr->family = AF_INET6;
	addr->scope = ipv6_addr_type(ip) & IPV6_ADDR_LINKLOCAL ? ifindex : 0;
	addr->l3 = 0;
}

/* A VRF's packets are looked up in its domain, by whichever device they came. */
static u32 l3_domain(const struct net_device *dev)
{
	if (likely(!netif_is_l3_slave(dev) && !netif_is_l3_master(dev)))
		return 0;
	return l3mdev_master_ifindex_rcu(dev);
}

/*
 * At ingress the UDP length must be what the IP header leaves. A GSO packet's
 * is that of one segment or of all, by its origin.
 */
static bool udp_fills(const struct sk_buff *skb, const struct udphdr *udp,
		      unsigned int room)
{
	return likely(ntohs(udp->len) == room) || skb_is_gso(skb);
}

/* RFC 8200 section 8.1: no IPv6 datagram without a checksum. */
static bool checksum_missing(const struct sk_buff *skb,
			     const struct udphdr *udp)
{
	return !udp->check && skb->ip_summed != CHECKSUM_PARTIAL;
}

/*
 * At LOCAL_IN it may be less, by the RFC only, but never more. The packet is
 * known as ours or not by its addresses alone; what is wrong is dropped later.
 */
static void read_udp(const struct sk_buff *skb, struct jalur_pkt *pkt,
		     const struct udphdr *udp, unsigned int room)
{
	unsigned int len = skb_is_gso(skb) ? room : ntohs(udp->len);

	pkt->bad = len < sizeof(*udp) || len > room ||
		   (pkt->src.family == AF_INET6 && checksum_missing(skb, udp));
	pkt->len = pkt->bad ? 0 : len - sizeof(*udp);
}

static bool peek_ipv4(const struct sk_buff *skb, struct jalur_pkt *pkt)
{
	struct {
		struct iphdr ip;
		struct udphdr udp;
	} buf;
	const struct iphdr *ip;
	const struct udphdr *udp;
	unsigned int len;

	ip = skb_header_pointer(skb, 0, sizeof(buf), &buf);
	if (!ip || *(const u8 *)ip != 0x45 || ip->protocol != IPPROTO_UDP ||
	    unlikely(ip_is_fragment(ip)))
		return false;
	len = ntohs(ip->tot_len);
	if (unlikely(len < sizeof(buf) || len > skb->len))
		return false;
	if (unlikely(ip_fast_csum(ip, 5)))
		return false;
	if (unlikely(ipv4_is_loopback(ip->daddr)) &&
	    !(skb->dev->flags & IFF_LOOPBACK))
		return false;
	udp = (const struct udphdr *)(ip + 1);
	if (unlikely(!udp_fills(skb, udp, len - sizeof(*ip))))
		return false;

	set_ipv4(&pkt->src, ip->saddr, udp->source);
	set_ipv4(&pkt->dst, ip->daddr, udp->dest);
	pkt->iph_len = sizeof(*ip);
	pkt->ttl = ip->ttl;
	pkt->tos = ip->tos;
	pkt->len = len - sizeof(buf);
	pkt->bad = false;
	return true;
}

static bool peek_ipv6(const struct sk_buff *skb, struct jalur_pkt *pkt)
{
	struct {
		struct ipv6hdr ip;
		struct udphdr udp;
	} buf;
	const struct ipv6hdr *ip;
	const struct udphdr *udp;
	unsigned int len;

	ip = skb_header_pointer(skb, 0, sizeof(buf), &buf);
	if (!ip || ip->version != 6 || ip->nexthdr != IPPROTO_UDP)
		return false;
	len = ntohs(ip->payload_len);
	if (len < sizeof(*udp) || len + sizeof(*ip) > skb->len)
		return false;
	if (unlikely(ipv6_addr_loopback(&ip->daddr)) &&
	    !(skb->dev->flags & IFF_LOOPBACK))
		return false;
	udp = (const struct udphdr *)(ip + 1);
	if (unlikely(!udp_fills(skb, udp, len) || checksum_missing(skb, udp)))
		return false;

	set_ipv6(&pkt->src, &ip->saddr, udp->source, skb->dev->ifindex);
	set_ipv6(&pkt->dst, &ip->daddr, udp->dest, skb->dev->ifindex);
	pkt->iph_len = sizeof(*ip);
	pkt->ttl = ip->hop_limit;
	pkt->tos = ipv6_get_dsfield(ip);
	pkt->len = len - sizeof(*udp);
	pkt->bad = false;
	return true;
}

/*
 * Read a packet that a device received, at its network header. The skb is not
 * changed, and may be shared. Fills in addresses, ports and lengths; false for
 * everything that is to go on into the stack.
 */
static bool parse_ingress(const struct sk_buff *skb, struct jalur_pkt *pkt)
{
	if (skb->pkt_type != PACKET_HOST || skb_vlan_tag_present(skb))
		return false;
	if (skb->protocol == htons(ETH_P_IP)) {
		if (!peek_ipv4(skb, pkt))
			return false;
	} else if (skb->protocol == htons(ETH_P_IPV6)) {
		if (!peek_ipv6(skb, pkt))
			return false;
	} else {
		return false;
	}
	pkt->dst.l3 = l3_domain(skb->dev);
	return true;
}

static bool read_ipv4(const struct sk_buff *skb, struct jalur_pkt *pkt)
{
	const struct iphdr *ip = ip_hdr(skb);
	unsigned int len = ntohs(ip->tot_len);
	const struct udphdr *udp;
	struct udphdr buf;

	if (ip->protocol != IPPROTO_UDP || ip_is_fragment(ip))
		return false;
	pkt->iph_len = ip->ihl * 4;
	udp = skb_header_pointer(skb, pkt->iph_len, sizeof(buf), &buf);
	if (!udp || len < pkt->iph_len + sizeof(buf) || len > skb->len)
		return false;
	set_ipv4(&pkt->src, ip->saddr, udp->source);
	set_ipv4(&pkt->dst, ip->daddr, udp->dest);
	pkt->ttl = ip->ttl;
	pkt->tos = ip->tos;
	read_udp(skb, pkt, udp, len - pkt->iph_len);
	return true;
}

static bool read_ipv6(const struct sk_buff *skb, struct jalur_pkt *pkt)
{
	const struct ipv6hdr *ip = ipv6_hdr(skb);
	unsigned int len = ntohs(ip->payload_len) + sizeof(*ip);
	u8 nexthdr = ip->nexthdr;
	const struct udphdr *udp;
	__be16 frag_off = 0;
	struct udphdr buf;
	int offset;

	offset = ipv6_skip_exthdr(skb, sizeof(*ip), &nexthdr, &frag_off);
	if (offset < 0 || frag_off || nexthdr != IPPROTO_UDP || offset > U8_MAX)
		return false;
	udp = skb_header_pointer(skb, offset, sizeof(buf), &buf);
	if (!udp || len < offset + sizeof(buf) || len > skb->len)
		return false;
	pkt->iph_len = offset;
	set_ipv6(&pkt->src, &ip->saddr, udp->source, IP6CB(skb)->iif);
	set_ipv6(&pkt->dst, &ip->daddr, udp->dest, IP6CB(skb)->iif);
	pkt->ttl = ip->hop_limit;
	pkt->tos = ipv6_get_dsfield(ip);
	read_udp(skb, pkt, udp, len - offset);
	return true;
}

/*
 * Read a packet that the stack would deliver, whole: fragments are joined. The
 * stack has checked the IP header and the source. Options and extension
 * headers, which it has obeyed, end here: what is sent on has none. False for
 * what is no datagram.
 */
static bool parse_local_in(const struct sk_buff *skb, struct jalur_pkt *pkt)
{
	if (skb->protocol == htons(ETH_P_IP)) {
		if (!read_ipv4(skb, pkt))
			return false;
	} else if (!read_ipv6(skb, pkt)) {
		return false;
	}
	pkt->dst.l3 = l3_domain(skb->dev);
	return true;
}

static void parse_rtp(const struct sk_buff *skb, struct jalur_pkt *pkt,
		      unsigned int avail)
{
	struct rtp_header header;
	u8 last = 0;

	if (!rtp_header_parse(pkt->data, avail, pkt->len, &header))
		return;
	if (unlikely(header.padding)) {
		if (skb_copy_bits(skb, skb->len - 1, &last, 1) ||
		    !rtp_padding_valid(&header, pkt->len, last))
			return;
	}
	pkt->pt = header.pt;
	pkt->seq = header.seq;
	pkt->timestamp = header.timestamp;
	pkt->ssrc = header.ssrc;
	pkt->valid = true;
}

/* Short and rare, so made linear whole. */
static int parse_rtcp(struct sk_buff *skb, struct jalur_pkt *pkt,
		      unsigned int offset)
{
	if (!pskb_may_pull(skb, offset + pkt->len))
		return JALUR_DROP_REASON_NO_MEMORY;
	pkt->data = skb->data + offset;
	if (rtcp_valid(pkt->data, pkt->len)) {
		pkt->pt = pkt->data[1];
		pkt->ssrc = rtp_get_be32(pkt->data + 4);
		pkt->valid = true;
	}
	return JALUR_PASSED;
}

/*
 * Read the inside of a packet that is ours, not shared and no GSO, into the
 * rest of @pkt. Afterwards the skb ends where the datagram does, and its UDP
 * header, and the RTP header or the whole RTCP packet, are in its linear part.
 * JALUR_PASSED or the reason to drop.
 */
static int parse_payload(struct sk_buff *skb, struct jalur_pkt *pkt)
{
	unsigned int offset = pkt->iph_len + sizeof(struct udphdr);
	unsigned int avail = min_t(unsigned int, pkt->len, RTP_HEADER_MAX);

	if (unlikely(pkt->bad))
		return JALUR_DROP_REASON_MALFORMED;
	/* or SRTP would take Ethernet's padding for its tag */
	if (unlikely(pskb_trim_rcsum(skb, offset + pkt->len) ||
		     !pskb_may_pull(skb, offset + avail)))
		return JALUR_DROP_REASON_NO_MEMORY;

	pkt->data = skb->data + offset;
	pkt->kind = rtp_kind(pkt->data, avail);
	pkt->valid = false;
	if (likely(pkt->kind == JALUR_KIND_RTP))
		parse_rtp(skb, pkt, avail);
	else if (pkt->kind == JALUR_KIND_RTCP)
		return parse_rtcp(skb, pkt, offset);
	return JALUR_PASSED;
}

#ifdef DEBUG
#include "selftest/selftest.h"
#include "selftest/parse.c"
#endif
