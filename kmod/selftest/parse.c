// SPDX-License-Identifier: GPL-2.0-only
/*
 * The accept conditions of the ingress hook, one mutation at a time: a good
 * datagram is taken, and each way of being odd sends it to the stack. Then what
 * LOCAL_IN takes of the odd ones, and what is read from a payload.
 */

#include <linux/etherdevice.h>

#define IPV4_LEN	20
#define IPV6_LEN	40
#define PAYLOAD_LEN	20

static const u8 good_ipv4[] __initconst = {
	0x45, 0xb8, 0x00, 0x30, 0x12, 0x34, 0x40, 0x00, 0x40, 0x11, 0, 0,
	10, 0, 0, 1, 10, 0, 0, 2,
	0x9c, 0x40, 0x75, 0x30, 0x00, 0x1c, 0x12, 0x34,
	0x80, 0x08, 0x00, 0x01, 0, 0, 0, 160, 0x11, 0x22, 0x33, 0x44,
	1, 2, 3, 4, 5, 6, 7, 8,
};

static const u8 good_ipv6[] __initconst = {
	0x6b, 0x80, 0x00, 0x00, 0x00, 0x1c, 0x11, 0x40,
	0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2,
	0x9c, 0x40, 0x75, 0x30, 0x00, 0x1c, 0x12, 0x34,
	0x80, 0x08, 0x00, 0x01, 0, 0, 0, 160, 0x11, 0x22, 0x33, 0x44,
	1, 2, 3, 4, 5, 6, 7, 8,
};

struct mutation {
	const char *what;
	u8 at;
	u8 value;
	bool bad_sum;
	bool taken;
};

static const struct mutation ipv4_cases[] __initconst = {
	{ "good",			0, 0x45, false, true },
	{ "other TTL",			8, 1, false, true },
	{ "version 5",			0, 0x55, false, false },
	{ "options",			0, 0x46, false, false },
	{ "short header",		0, 0x44, false, false },
	{ "TCP",			9, 6, false, false },
	{ "more fragments",		6, 0x20, false, false },
	{ "fragment offset",		7, 0x01, false, false },
	{ "longer than the packet",	3, 0x31, false, false },
	{ "shorter than UDP says",	3, 0x2f, false, false },
	{ "header checksum",		8, 0x40, true, false },
	{ "to loopback",		16, 127, false, false },
	{ "UDP longer than IP",		25, 0x1d, false, false },
	{ "UDP shorter than IP",	25, 0x1b, false, false },
	{ "UDP shorter than itself",	25, 0x07, false, false },
};

static const struct mutation ipv6_cases[] __initconst = {
	{ "good",			0, 0x6b, false, true },
	{ "version 4",			0, 0x4b, false, false },
	{ "TCP",			6, 6, false, false },
	{ "hop-by-hop options",		6, 0, false, false },
	{ "fragment",			6, 44, false, false },
	{ "longer than the packet",	5, 0x1d, false, false },
	{ "jumbo",			5, 0, false, false },
	{ "UDP longer than IP",		45, 0x1d, false, false },
	{ "UDP shorter than IP",	45, 0x1b, false, false },
};

static struct sk_buff *__init make_skb(const u8 *data, unsigned int len,
				       __be16 protocol, struct net_device *dev)
{
	struct sk_buff *skb = alloc_skb(256, GFP_KERNEL);

	if (!skb)
		return NULL;
	skb_reserve(skb, 64);
	skb_put_data(skb, data, len);
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	skb->dev = dev;
	skb->protocol = protocol;
	skb->pkt_type = PACKET_HOST;
	return skb;
}

static struct sk_buff *__init make_ipv4(struct net_device *dev)
{
	struct sk_buff *skb = make_skb(good_ipv4, sizeof(good_ipv4),
				       htons(ETH_P_IP), dev);

	if (skb)
		ip_send_check(ip_hdr(skb));
	return skb;
}

static struct sk_buff *__init make_ipv6(struct net_device *dev)
{
	return make_skb(good_ipv6, sizeof(good_ipv6), htons(ETH_P_IPV6), dev);
}

static bool __init mutation_holds(struct sk_buff *skb,
				  const struct mutation *m)
{
	struct jalur_pkt pkt;
	bool taken;

	if (!skb)
		return false;
	skb->data[m->at] = m->value;
	if (skb->protocol == htons(ETH_P_IP)) {
		ip_hdr(skb)->check = 0;
		ip_hdr(skb)->check = ip_fast_csum(skb->data, 5);
		if (m->bad_sum)
			skb->data[11] ^= 1;
	}
	taken = parse_ingress(skb, &pkt);
	kfree_skb(skb);
	if (taken != m->taken)
		jalur_err("selftest: parse: %s: taken %d\n", m->what, taken);
	return taken == m->taken;
}

static bool __init test_mutations(struct net_device *dev)
{
	bool ok = true;
	int i;

	for (i = 0; i < ARRAY_SIZE(ipv4_cases); i++)
		ok &= mutation_holds(make_ipv4(dev), &ipv4_cases[i]);
	for (i = 0; i < ARRAY_SIZE(ipv6_cases); i++)
		ok &= mutation_holds(make_ipv6(dev), &ipv6_cases[i]);
	return ok;
}

/* What is about the skb, not about its bytes. */
static bool __init test_skb_state(struct net_device *dev)
{
	struct sk_buff *skb = make_ipv4(dev);
	struct jalur_pkt pkt;
	bool ok;

	if (!skb)
		return false;
	skb->pkt_type = PACKET_OTHERHOST;
	ok = !parse_ingress(skb, &pkt);
	skb->pkt_type = PACKET_HOST;
	__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), 5);
	ok &= !parse_ingress(skb, &pkt);
	__vlan_hwaccel_clear_tag(skb);
	skb->protocol = htons(ETH_P_ARP);
	ok &= !parse_ingress(skb, &pkt);
	kfree_skb(skb);
	if (!ok)
		jalur_err("selftest: parse: state of the skb\n");
	return ok;
}

static bool __init test_fields(struct net_device *dev)
{
	struct sk_buff *skb = make_ipv4(dev);
	struct jalur_pkt pkt;
	bool ok;

	if (!skb)
		return false;
	skb_put_zero(skb, 6);		/* Ethernet's padding */
	ok = parse_ingress(skb, &pkt) &&
	     pkt.src.ip.s6_addr32[0] == htonl(0x0a000001) &&
	     pkt.dst.ip.s6_addr32[0] == htonl(0x0a000002) &&
	     pkt.src.port == htons(40000) && pkt.dst.port == htons(30000) &&
	     pkt.ttl == 64 && pkt.tos == 0xb8 && pkt.len == PAYLOAD_LEN;
	ok = ok && parse_payload(skb, &pkt) == JALUR_PASSED &&
	     skb->len == sizeof(good_ipv4) && pkt.valid &&
	     pkt.kind == JALUR_KIND_RTP && pkt.pt == 8 && pkt.seq == 1 &&
	     pkt.timestamp == 160 && pkt.ssrc == 0x11223344;
	kfree_skb(skb);
	if (!ok)
		jalur_err("selftest: parse: fields of a good packet\n");
	return ok;
}

/* A datagram of ours that is wrong is known as ours, so that it is dropped. */
static bool __init test_local_in(struct net_device *dev)
{
	struct sk_buff *skb = make_ipv4(dev);
	struct jalur_pkt pkt;
	bool ok;

	if (!skb)
		return false;
	ok = parse_local_in(skb, &pkt) && !pkt.bad;
	skb->data[IPV4_LEN + 5] = 0x1b;	/* UDP ends before IP: legal */
	ok &= parse_local_in(skb, &pkt) && !pkt.bad &&
	      pkt.len == PAYLOAD_LEN - 1;
	skb->data[IPV4_LEN + 5] = 0x1d;
	ok &= parse_local_in(skb, &pkt) && pkt.bad;
	ok &= parse_payload(skb, &pkt) == JALUR_DROP_REASON_MALFORMED;
	kfree_skb(skb);

	skb = make_ipv6(dev);
	if (!skb)
		return false;
	skb->data[IPV6_LEN + 6] = 0;
	skb->data[IPV6_LEN + 7] = 0;	/* no checksum */
	ok &= parse_local_in(skb, &pkt) && pkt.bad;
	kfree_skb(skb);
	if (!ok)
		jalur_err("selftest: parse: at LOCAL_IN\n");
	return ok;
}

bool __init jalur_selftest_parse(void)
{
	struct net_device *dev = alloc_netdev(0, "jalurtest", NET_NAME_UNKNOWN,
					      ether_setup);
	bool ok;

	if (!dev)
		return false;
	ok = test_mutations(dev);
	ok &= test_skb_state(dev);
	ok &= test_fields(dev);
	ok &= test_local_in(dev);
	free_netdev(dev);
	return ok;
}
