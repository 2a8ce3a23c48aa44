// SPDX-License-Identifier: GPL-2.0-only
/*
 * ICMP errors that our own packets cause.
 *
 * No socket sent them, so the stack would drop the error before it looks at the
 * path MTU. An error is ours when it quotes exactly what an end sends: from its
 * local address to its current remote. Such an error teaches the route its MTU,
 * or tells userspace that the remote does not take packets, at most once a
 * second. It never touches the latch or the session: anybody can write one.
 */

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>
#include <net/route.h>

#include "jalur.h"

/**
 * struct icmp_error - an error that quotes a datagram
 * @local: the datagram's source
 * @remote: its destination
 * @quote: offset of the quoted IP header from the network header
 * @mtu: when the datagram was too big, else 0
 * @unreachable: says that the destination does not take it
 */
struct icmp_error {
	struct jalur_addr	local;
	struct jalur_addr	remote;
	unsigned int		quote;
	u32			mtu;
	bool			unreachable;
};

static bool read_ports(const struct sk_buff *skb, unsigned int offset,
		       struct icmp_error *error)
{
	const __be16 *ports;
	__be16 buf[2];

	ports = skb_header_pointer(skb, offset, sizeof(buf), buf);
	if (!ports)
		return false;
	error->local.port = ports[0];
	error->remote.port = ports[1];
	return true;
}

static bool read_ipv4(struct sk_buff *skb, struct icmp_error *error)
{
	unsigned int offset = ip_hdrlen(skb);
	const struct icmphdr *icmp;
	const struct iphdr *quote;

	if (ip_hdr(skb)->protocol != IPPROTO_ICMP ||
	    !pskb_may_pull(skb, offset + sizeof(*icmp) + sizeof(*quote)))
		return false;
	icmp = (const struct icmphdr *)(skb_network_header(skb) + offset);
	if (icmp->type != ICMP_DEST_UNREACH &&
	    icmp->type != ICMP_TIME_EXCEEDED)
		return false;
	quote = (const struct iphdr *)(icmp + 1);
	if (*(const u8 *)quote != 0x45 || quote->protocol != IPPROTO_UDP ||
	    quote->frag_off & htons(IP_OFFSET))
		return false;
	if (csum_fold(skb_checksum(skb, offset, skb->len - offset, 0)))
		return false;

	error->local.family = AF_INET;
	error->local.ip.s6_addr32[0] = quote->saddr;
	error->remote.family = AF_INET;
	error->remote.ip.s6_addr32[0] = quote->daddr;
	error->quote = offset + sizeof(*icmp);
	if (icmp->type == ICMP_DEST_UNREACH && icmp->code == ICMP_FRAG_NEEDED)
		error->mtu = ntohs(icmp->un.frag.mtu);
	else
		error->unreachable = icmp->type == ICMP_DEST_UNREACH;
	return read_ports(skb, error->quote + sizeof(*quote), error);
}

static bool icmpv6_valid(const struct sk_buff *skb, unsigned int offset)
{
	const struct ipv6hdr *ip = ipv6_hdr(skb);
	unsigned int len = skb->len - offset;

	return !csum_ipv6_magic(&ip->saddr, &ip->daddr, len, IPPROTO_ICMPV6,
				skb_checksum(skb, offset, len, 0));
}

static void set_ipv6(struct jalur_addr *addr, const struct in6_addr *ip,
		     u32 ifindex)
{
	addr->family = AF_INET6;
	addr->ip = *ip;
	if (ipv6_addr_type(ip) & IPV6_ADDR_LINKLOCAL)
		addr->scope = ifindex;
}

static bool read_ipv6(struct sk_buff *skb, struct icmp_error *error)
{
	u8 nexthdr = ipv6_hdr(skb)->nexthdr;
	const struct icmp6hdr *icmp;
	const struct ipv6hdr *quote;
	__be16 frag_off = 0;
	int offset;

	offset = ipv6_skip_exthdr(skb, sizeof(*quote), &nexthdr, &frag_off);
	if (offset < 0 || frag_off || nexthdr != IPPROTO_ICMPV6 ||
	    !pskb_may_pull(skb, offset + sizeof(*icmp) + sizeof(*quote)))
		return false;
	icmp = (const struct icmp6hdr *)(skb_network_header(skb) + offset);
	if (icmp->icmp6_type != ICMPV6_DEST_UNREACH &&
	    icmp->icmp6_type != ICMPV6_PKT_TOOBIG &&
	    icmp->icmp6_type != ICMPV6_TIME_EXCEED)
		return false;
	if (!icmpv6_valid(skb, offset))
		return false;

	quote = (const struct ipv6hdr *)(icmp + 1);
	set_ipv6(&error->local, &quote->saddr, IP6CB(skb)->iif);
	set_ipv6(&error->remote, &quote->daddr, IP6CB(skb)->iif);
	error->quote = offset + sizeof(*icmp);
	if (icmp->icmp6_type == ICMPV6_PKT_TOOBIG)
		error->mtu = ntohl(icmp->icmp6_mtu);
	error->unreachable = icmp->icmp6_type == ICMPV6_DEST_UNREACH;

	/* a fragment of ours has its header before UDP's */
	nexthdr = quote->nexthdr;
	offset = ipv6_skip_exthdr(skb, error->quote + sizeof(*quote), &nexthdr,
				  &frag_off);
	if (offset < 0 || nexthdr != IPPROTO_UDP ||
	    frag_off & htons(IP6_OFFSET))
		return false;
	return read_ports(skb, offset, error);
}

/* The functions of the stack want to see the quoted header at skb->data. */
static void update_mtu(struct net *net, struct sk_buff *skb,
		       const struct icmp_error *error)
{
	int oif = error->remote.scope ?: error->local.l3;

	__skb_pull(skb, error->quote);
	if (error->local.family == AF_INET)
		ipv4_update_pmtu(skb, net, error->mtu, oif, IPPROTO_UDP);
	else
		ip6_update_pmtu(skb, net, htonl(error->mtu), oif, 0,
				sock_net_uid(net, NULL));
	__skb_push(skb, error->quote);
}

/* The current remote, the limits, and the route, all under one lock. */
static bool admit_error(struct jalur_end *end, const struct icmp_error *error,
			bool *told)
{
	bool match;

	*told = false;
	spin_lock(&end->lock);
	match = end->remote.family == error->remote.family &&
		end->remote.port == error->remote.port &&
		end->remote.scope == error->remote.scope &&
		ipv6_addr_equal(&end->remote.ip, &error->remote.ip);
	if (match && error->unreachable &&
	    (!end->unreachable_told ||
	     time_after_eq(jiffies, end->unreachable_told + HZ))) {
		end->unreachable_told = jiffies | 1;
		*told = true;
	} else if (match && error->mtu &&
		   (!end->mtu_told ||
		    time_after_eq(jiffies, end->mtu_told + HZ / 10))) {
		end->mtu_told = jiffies | 1;
		jalur_xmit_forget(end);
		*told = true;
	}
	spin_unlock(&end->lock);
	return match;
}

/**
 * jalur_icmp_input - is this an error about a packet of ours; then use it
 * @net: namespace
 * @skb: at the network header, about to be delivered
 *
 * Context: BH, RCU; takes an end's lock.
 * Return: true when the error was ours and needs to go no further.
 */
bool jalur_icmp_input(struct net *net, struct sk_buff *skb)
{
	struct icmp_error error = {};
	struct jalur_end *end;
	bool told;

	if (skb->protocol == htons(ETH_P_IP) ? !read_ipv4(skb, &error) :
					       !read_ipv6(skb, &error))
		return false;
	error.local.l3 = l3mdev_master_ifindex_rcu(skb->dev);
	end = jalur_end_lookup(jalur_net_get(net), &error.local);
	if (!end || !admit_error(end, &error, &told))
		return false;
	if (told && error.mtu)
		update_mtu(net, skb, &error);
	else if (told)
		jalur_event_end(end, JALUR_EVENT_TYPE_UNREACHABLE);
	return true;
}
