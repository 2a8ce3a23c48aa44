// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packets of both families, in every state of checksum, sent on by ends of both
 * families. What comes out is judged by a checksum computed over all of it: a
 * correct one stays correct, a damaged one stays damaged by as much.
 */

#include <linux/slab.h>

#define REWRITE_PAYLOAD	33	/* odd on purpose */

enum checksum {
	GOOD,
	DAMAGED,
	ABSENT,
	PARTIAL,
	COMPLETE,
};

static const char *const checksum_names[] __initconst = {
	[GOOD] = "good", [DAMAGED] = "damaged", [ABSENT] = "absent",
	[PARTIAL] = "partial", [COMPLETE] = "complete",
};

struct rewrite_bench {
	struct jalur_end	*end;
	struct jalur_end_conf	conf;
};

static struct jalur_addr __init make_address(bool ipv6, u32 host, u16 port)
{
	struct jalur_addr addr = {
		.family = ipv6 ? AF_INET6 : AF_INET,
		.port = htons(port),
	};

	if (ipv6) {
		addr.ip.s6_addr32[0] = htonl(0xfd000000);
		addr.ip.s6_addr32[3] = htonl(host);
	} else {
		addr.ip.s6_addr32[0] = htonl(0x0a000000 | host);
	}
	return addr;
}

/* Over the payload and the pseudo-header; 0 when the checksum in it is right. */
static __sum16 __init sum_datagram(const struct sk_buff *skb, bool ipv6,
				   const struct jalur_addr *src,
				   const struct jalur_addr *dst)
{
	unsigned int offset = ipv6 ? sizeof(struct ipv6hdr) :
				     sizeof(struct iphdr);
	unsigned int len = skb->len - offset;
	__wsum sum = skb_checksum(skb, offset, len, 0);

	if (ipv6)
		return csum_ipv6_magic(&src->ip, &dst->ip, len, IPPROTO_UDP,
				       sum);
	return csum_tcpudp_magic(src->ip.s6_addr32[0], dst->ip.s6_addr32[0],
				 len, IPPROTO_UDP, sum);
}

static void __init set_checksum(struct sk_buff *skb, struct udphdr *udp,
				bool ipv6, const struct jalur_pkt *pkt,
				enum checksum state)
{
	udp->check = 0;
	if (state == ABSENT)
		return;
	udp->check = sum_datagram(skb, ipv6, &pkt->src, &pkt->dst) ?:
		     CSUM_MANGLED_0;
	if (state == DAMAGED)
		((u8 *)(udp + 1))[20] ^= 0x5a;
	if (state == PARTIAL) {
		/* what a sender leaves to its device; anything would do */
		skb->ip_summed = CHECKSUM_PARTIAL;
		skb->csum_start = (u8 *)udp - skb->head;
		skb->csum_offset = offsetof(struct udphdr, check);
	}
	if (state == COMPLETE)
		skb->ip_summed = CHECKSUM_COMPLETE;
}

static struct sk_buff *__init make_datagram(bool ipv6, struct jalur_pkt *pkt,
					    enum checksum state)
{
	unsigned int len = sizeof(struct udphdr) + REWRITE_PAYLOAD;
	struct sk_buff *skb = alloc_skb(256, GFP_KERNEL);
	struct udphdr *udp;
	int i;

	if (!skb)
		return NULL;
	*pkt = (struct jalur_pkt){
		.src = make_address(ipv6, 1, 40000),
		.dst = make_address(ipv6, 2, 30000),
		.len = REWRITE_PAYLOAD, .ttl = 64, .tos = 0xb9,
		.iph_len = ipv6 ? 40 : 20,
	};
	skb_reset_network_header(skb);
	skb_put_zero(skb, pkt->iph_len);
	skb_set_transport_header(skb, pkt->iph_len);
	udp = skb_put_zero(skb, len);
	udp->source = pkt->src.port;
	udp->dest = pkt->dst.port;
	udp->len = htons(len);
	for (i = 0; i < REWRITE_PAYLOAD; i++)
		((u8 *)(udp + 1))[i] = i * 37;
	set_checksum(skb, udp, ipv6, pkt, state);
	return skb;
}

static bool __init checksum_holds(struct sk_buff *skb, bool ipv6,
				  const struct jalur_route *route,
				  enum checksum state, bool from_ipv6)
{
	struct udphdr *udp = udp_hdr(skb);
	__sum16 sum;

	if (state == ABSENT && !ipv6)
		return !udp->check && skb->ip_summed == CHECKSUM_NONE;
	if (state == PARTIAL || (state == ABSENT && !from_ipv6)) {
		if (skb->ip_summed != CHECKSUM_PARTIAL ||
		    skb_checksum_help(skb))
			return false;
	}
	sum = sum_datagram(skb, ipv6, &route->to->local, &route->to->remote);
	if (state == DAMAGED)
		return sum;
	return !sum && udp->check && skb->ip_summed == CHECKSUM_NONE;
}

static bool __init header_holds(const struct sk_buff *skb, bool ipv6,
				const struct jalur_route *route)
{
	const struct udphdr *udp = udp_hdr(skb);
	const struct iphdr *ip = ip_hdr(skb);

	if (udp->source != route->to->local.port ||
	    udp->dest != route->to->remote.port)
		return false;
	if (ipv6)
		return ipv6_hdr(skb)->hop_limit == 63 &&
		       ipv6_hdr(skb)->nexthdr == IPPROTO_UDP &&
		       ipv6_get_dsfield(ipv6_hdr(skb)) == (46 << 2 | 1) &&
		       ntohs(ipv6_hdr(skb)->payload_len) + 40 == skb->len &&
		       skb->protocol == htons(ETH_P_IPV6);
	return !ip_fast_csum(ip, ip->ihl) && ip->ttl == 63 &&
	       ip->tos == (46 << 2 | 1) && ntohs(ip->tot_len) == skb->len &&
	       ip->frag_off == (route->conf->df ? htons(IP_DF) : 0) &&
	       skb->protocol == htons(ETH_P_IP);
}

static void __init make_route(struct rewrite_bench *bench, bool ipv6,
			      const struct jalur_pkt *pkt,
			      struct jalur_route *route)
{
	struct jalur_end *end = bench->end;

	end->local = make_address(ipv6, 3, 20000);
	end->remote = make_address(ipv6, 4, 50000);
	*route = (struct jalur_route){
		.to = end, .conf = &bench->conf, .remote = end->remote.ip,
		.sum = csum_add(sum_address(&pkt->src), sum_address(&pkt->dst)),
	};
	make_way(&route->way, &end->local, &end->remote);
	route->way.headroom = 80;
}

/* @copied: the packet was cloned, as with a capture; the clone must not change. */
static bool __init rewrite_holds(struct rewrite_bench *bench, bool from_ipv6,
				 bool ipv6, enum checksum state, bool copied)
{
	struct jalur_route route;
	struct jalur_pkt pkt;
	struct sk_buff *skb = make_datagram(from_ipv6, &pkt, state);
	struct sk_buff *clone = NULL;
	bool ok = false;

	make_route(bench, ipv6, &pkt, &route);

	if (skb && copied)
		clone = skb_clone(skb, GFP_KERNEL);
	if (!skb || (copied && !clone))
		goto out;
	bench->conf.df = copied;
	ok = rewrite_packet(skb, &pkt, &route) == JALUR_PASSED &&
	     header_holds(skb, ipv6, &route) &&
	     checksum_holds(skb, ipv6, &route, state, from_ipv6);
	if (copied)
		ok &= udp_hdr(clone)->source == pkt.src.port;
out:
	kfree_skb(clone);
	kfree_skb(skb);
	return ok;
}

static bool __init test_rewrites(struct rewrite_bench *bench)
{
	enum checksum state;
	bool ok = true;
	int i;

	for (i = 0; i < 8; i++) {
		for (state = GOOD; state <= COMPLETE; state++) {
			/* no such packet passes the parser */
			if (state == ABSENT && i & 1)
				continue;
			if (rewrite_holds(bench, i & 1, i & 2, state, i & 4))
				continue;
			jalur_err("selftest: rewrite: IPv%d to IPv%d, checksum %s, %s\n",
				  i & 1 ? 6 : 4, i & 2 ? 6 : 4,
				  checksum_names[state],
				  i & 4 ? "cloned" : "own");
			ok = false;
		}
	}
	return ok;
}

/* A checksum asked for at some other place is a guest's mischief. */
static bool __init test_foreign_partial(struct rewrite_bench *bench)
{
	struct jalur_route route;
	struct jalur_pkt pkt;
	struct sk_buff *skb = make_datagram(false, &pkt, PARTIAL);
	bool ok;

	if (!skb)
		return false;
	make_route(bench, false, &pkt, &route);
	skb->csum_offset += 4;
	ok = rewrite_packet(skb, &pkt, &route) == JALUR_DROP_REASON_MALFORMED;
	kfree_skb(skb);
	if (!ok)
		jalur_err("selftest: rewrite: foreign partial checksum\n");
	return ok;
}

bool __init jalur_selftest_rewrite(void)
{
	struct rewrite_bench bench = { .conf = { .dscp = 46 } };
	bool ok = false;

	bench.end = kzalloc(sizeof(*bench.end), GFP_KERNEL);
	if (bench.end) {
		ok = test_rewrites(&bench);
		ok &= test_foreign_partial(&bench);
	}
	kfree(bench.end);
	return ok;
}
