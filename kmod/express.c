// SPDX-License-Identifier: GPL-2.0-only
/*
 * The express lane, for nearly every packet: RTP from IPv4 to IPv4, from the
 * remote of an end that has learned it, in an skb that nobody shares and that
 * needs no room, along a route that is still good.
 *
 * What classify() finds out for such a packet holds for those that follow, until
 * the configuration, a remote or the route changes. It is kept with the end
 * where they arrive, and each packet is compared with it: the answer is "just
 * like the last one", or the packet takes the ordinary way, which then fills in
 * the express lane anew. Nothing is changed before that is decided, and no rule
 * of relay.c is left out: each is a condition here. It saves a third of the
 * instructions of a packet.
 */

enum express_verdict {
	EXPRESS_NOT_OURS,	/* the ordinary way would find no end either */
	EXPRESS_UNLIKE,		/* to take the ordinary way */
	EXPRESS_SENT,
};

struct express_frame {
	struct iphdr	ip;
	struct udphdr	udp;
	u8		rtp[RTP_HEADER_MIN];
} __packed __aligned(4);

/*
 * Remember what was found for @pkt. Under @from->lock; the graph that @route
 * belongs to is the one that is published.
 */
static void fill_express(struct jalur_end *from, const struct jalur_pkt *pkt,
			 const struct jalur_route *route)
{
	struct jalur_express *express = &from->express;
	const struct jalur_way *way = &route->way;

	express->to = NULL;
	if (!route->held || route->failure != JALUR_PASSED || way->slow ||
	    !way->mtu || way->family != AF_INET ||
	    from->local.family != AF_INET || !pkt->valid ||
	    pkt->kind != JALUR_KIND_RTP)
		return;
	/* from lo only, which the ordinary way checks */
	if (ipv4_is_loopback(from->local.ip.s6_addr32[0]))
		return;
	/* with the marker these would be RTCP */
	if (pkt->pt >= 64 && pkt->pt <= 95)
		return;
	express->payload = route->payload;
	express->dst = way_dst(way);
	express->remote = pkt->src.ip.s6_addr32[0];
	express->port = pkt->src.port;
	express->saddr = way->saddr;
	express->daddr = way->daddr;
	express->sport = way->sport;
	express->dport = way->dport;
	express->delta = csum_sub(way->sum, route->sum);
	express->ip_sum = way->ip_sum;
	express->to_seq = route->to_seq;
	express->mtu = way->mtu;
	express->headroom = way->headroom - sizeof(struct iphdr);
	express->df = route->conf->df ? IP_DF : 0;
	express->tos_keep = route->conf->dscp < 0 ? 0xff : INET_ECN_MASK;
	express->tos_set = route->conf->dscp < 0 ? 0 : route->conf->dscp << 2;
	express->pt = pkt->pt;
	express->to = route->to;
}

/* Without options, fragments or padding, and with a good header checksum. */
static bool is_plain(const struct sk_buff *skb, const struct iphdr *ip)
{
	return *(const u8 *)ip == 0x45 && ip->protocol == IPPROTO_UDP &&
	       !(ip->frag_off & htons(IP_MF | IP_OFFSET)) &&
	       ntohs(ip->tot_len) == skb->len && ip->ttl > 1 &&
	       !ip_fast_csum(ip, 5);
}

/* An skb that can be written to as it is, with an ordinary checksum. */
static bool is_ours_alone(const struct sk_buff *skb, const struct udphdr *udp)
{
	return !skb_shared(skb) && !skb_cloned(skb) && !skb_is_gso(skb) &&
	       (skb->ip_summed == CHECKSUM_NONE ||
		skb->ip_summed == CHECKSUM_UNNECESSARY) && udp->check &&
	       ntohs(udp->len) == skb->len - sizeof(struct iphdr);
}

/* What dst_check() does for IPv4, without the call. */
static bool route_holds(const struct dst_entry *dst, const struct net *net)
{
	return dst->obsolete == DST_OBSOLETE_FORCE_CHK &&
	       dst_rtable(dst)->rt_genid ==
	       atomic_read(&net->ipv4.rt_genid);
}

/* Just like the last one? Under @from->lock. */
static bool is_alike(const struct jalur_end *from, const struct sk_buff *skb,
		     const struct express_frame *frame)
{
	const struct jalur_express *express = &from->express;
	const struct jalur_end *to = express->to;

	return to && frame->ip.saddr == express->remote &&
	       frame->udp.source == express->port &&
	       (frame->rtp[1] & 0x7f) == express->pt &&
	       from->cur_ssrc == rtp_get_be32(frame->rtp + 8) &&
	       from->source && !from->timed_out && !READ_ONCE(from->dormant) &&
	       !READ_ONCE(from->session->dead) && !READ_ONCE(to->dormant) &&
	       !read_seqcount_retry(&to->remote_seq, express->to_seq) &&
	       skb->len <= express->mtu &&
	       skb_headroom(skb) >= express->headroom;
}

static void rewrite_express(struct sk_buff *skb, struct express_frame *frame,
			    const struct jalur_express *express)
{
	u16 id = express->to->ip_id +
		 (u16)atomic64_read(&express->to->tx_packets);
	__be32 *ip = (__be32 *)&frame->ip;
	u8 tos = (frame->ip.tos & express->tos_keep) | express->tos_set;
	u8 ttl = frame->ip.ttl - 1;
	__wsum sum = express->ip_sum;

	ip[0] = htonl(0x45 << 24 | tos << 16 | skb->len);
	ip[1] = htonl(id << 16 | express->df);
	ip[2] = htonl(ttl << 24 | IPPROTO_UDP << 16);
	ip[3] = express->saddr;
	ip[4] = express->daddr;
	sum = csum_add(sum, (__force __wsum)ip[0]);
	sum = csum_add(sum, (__force __wsum)ip[1]);
	sum = csum_add(sum, (__force __wsum)ip[2]);
	frame->ip.check = csum_fold(sum);

	csum_replace_by_diff(&frame->udp.check, express->delta);
	if (unlikely(!frame->udp.check))
		frame->udp.check = CSUM_MANGLED_0;
	frame->udp.source = express->sport;
	frame->udp.dest = express->dport;
	skb_set_transport_header(skb, sizeof(struct iphdr));
}

/* All that commit() would change. Under @from->lock. */
static void count_express(struct jalur_end *from, unsigned int len,
			  const struct express_frame *frame)
{
	WRITE_ONCE(from->last_rx, jiffies);
	from->stats.rx_packets++;
	from->stats.rx_bytes += len;
	update_source(from->source, from->express.payload,
		      rtp_get_be32(frame->rtp + 4),
		      rtp_get_be16(frame->rtp + 2));
}

static void send_express(struct sk_buff *skb, struct jalur_end *from,
			 struct jalur_end *to, struct dst_entry *dst)
{
	unsigned int len = skb->len - sizeof(struct iphdr) -
			   sizeof(struct udphdr);
	int ret;

	scrub(skb);
	ret = send_fast(skb, dst);
	if (unlikely(net_xmit_eval(ret))) {
		jalur_stats_drop(from, JALUR_DROP_REASON_TRANSMIT);
		return;
	}
	atomic64_inc(&to->tx_packets);
	atomic64_add(len, &to->tx_bytes);
}

static enum express_verdict relay_express(const struct jalur_net *jn,
					  struct sk_buff *skb)
{
	struct express_frame *frame = (struct express_frame *)skb->data;
	struct dst_entry *dst;
	struct jalur_end *from, *to;

	if (skb->pkt_type != PACKET_HOST || skb_vlan_tag_present(skb) ||
	    skb_headlen(skb) < sizeof(*frame) || !is_plain(skb, &frame->ip) ||
	    trace_jalur_relay_enabled())
		return EXPRESS_UNLIKE;
	from = jalur_end_lookup_ipv4(jn, frame->ip.daddr, frame->udp.dest,
				     l3_domain(skb->dev));
	if (!from)
		return EXPRESS_NOT_OURS;
	if (frame->rtp[0] != 0x80 || !is_ours_alone(skb, &frame->udp))
		return EXPRESS_UNLIKE;

	spin_lock(&from->lock);
	dst = from->express.dst;
	to = from->express.to;
	if (!is_alike(from, skb, frame) || !route_holds(dst, jn->net)) {
		spin_unlock(&from->lock);
		return EXPRESS_UNLIKE;
	}
	count_express(from, skb->len - sizeof(struct iphdr) -
		      sizeof(struct udphdr), frame);
	rewrite_express(skb, frame, &from->express);
	spin_unlock(&from->lock);
	send_express(skb, from, to, dst);
	return EXPRESS_SENT;
}
