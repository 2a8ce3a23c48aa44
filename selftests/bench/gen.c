// SPDX-License-Identifier: GPL-2.0-only
/*
 * A packet generator that behaves as a network driver does.
 *
 * It allocates a 214-byte frame (G.711, 20 ms), writes its headers and hands it
 * to netif_receive_skb(), 64 to a section with bottom halves off, as NAPI does.
 * pktgen will not do: it keeps a reference to what it sends, so that every
 * packet arrives shared and has to be copied. The baseline is the same work
 * with a hook before Jalur's that drops the packet, so that the difference is
 * what Jalur and the way out cost. In a machine whose clock counts
 * instructions (QEMU's -icount shift=0), nanoseconds are instructions.
 *
 * Parameters: device, source, destination, sport, dport (of the first flow),
 * flows (the others' dport: two on each), packets. Writing baseline or relay to
 * the parameter run measures, and leaves the cost of a packet in the parameter
 * cost and the number of packets in sent.
 */

#include <linux/etherdevice.h>
#include <linux/if_ether.h>
#include <linux/inet.h>
#include <linux/ip.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netfilter.h>
#include <linux/netfilter_netdev.h>
#include <linux/nsproxy.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/net_namespace.h>

#define BATCH		64
#define AUDIO_LEN	160
#define RTP_LEN		12

struct frame {
	struct ethhdr	eth;
	struct iphdr	ip;
	struct udphdr	udp;
	u8		rtp[RTP_LEN];
	u8		audio[AUDIO_LEN];
} __packed;

static char device[IFNAMSIZ];
module_param_string(device, device, sizeof(device), 0644);
MODULE_PARM_DESC(device, "device that receives the packets");

static char source[16], destination[16];
module_param_string(source, source, sizeof(source), 0644);
MODULE_PARM_DESC(source, "IPv4 address of the sender");
module_param_string(destination, destination, sizeof(destination), 0644);
MODULE_PARM_DESC(destination, "local IPv4 address of the ends");

static ushort sport = 40000, dport = 20000;
module_param(sport, ushort, 0644);
MODULE_PARM_DESC(sport, "port of the sender");
module_param(dport, ushort, 0644);
MODULE_PARM_DESC(dport, "local port of the first end");

static uint flows = 1;
module_param(flows, uint, 0644);
MODULE_PARM_DESC(flows, "number of ends, in turns");

static uint packets = 20000;
module_param(packets, uint, 0644);
MODULE_PARM_DESC(packets, "packets of a measurement");

static ulong cost, sent;
module_param(cost, ulong, 0444);
MODULE_PARM_DESC(cost, "nanoseconds a packet of the last measurement");
module_param(sent, ulong, 0444);
MODULE_PARM_DESC(sent, "packets of the last measurement");

static struct frame template;

static unsigned int drop_hook(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	return NF_DROP;
}

static struct nf_hook_ops drop_ops = {
	.hook		= drop_hook,
	.pf		= NFPROTO_NETDEV,
	.hooknum	= NF_NETDEV_INGRESS,
	.priority	= -1,
};

static void fill_template(const struct net_device *dev)
{
	struct frame *f = &template;

	memset(f, 0, sizeof(*f));
	ether_addr_copy(f->eth.h_dest, dev->dev_addr);
	eth_random_addr(f->eth.h_source);
	f->eth.h_proto = htons(ETH_P_IP);
	f->ip.version = 4;
	f->ip.ihl = 5;
	f->ip.tot_len = htons(sizeof(*f) - sizeof(f->eth));
	f->ip.frag_off = htons(IP_DF);
	f->ip.ttl = 64;
	f->ip.protocol = IPPROTO_UDP;
	f->ip.saddr = in_aton(source);
	f->ip.daddr = in_aton(destination);
	ip_send_check(&f->ip);
	f->udp.source = htons(sport);
	f->udp.len = htons(sizeof(f->udp) + RTP_LEN + AUDIO_LEN);
	f->udp.check = htons(0x1234);	/* nobody here verifies it */
	f->rtp[0] = 0x80;
	memset(f->audio, 0xd5, sizeof(f->audio));
}

static int receive_one(struct net_device *dev, u32 n)
{
	struct sk_buff *skb = netdev_alloc_skb_ip_align(dev, sizeof(template));
	u32 turn = n / flows;
	struct frame *f;

	if (!skb)
		return -ENOMEM;
	f = skb_put(skb, sizeof(*f));
	memcpy(f, &template, sizeof(*f));
	f->udp.dest = htons(dport + 2 * (n % flows));
	f->rtp[2] = turn >> 8;
	f->rtp[3] = turn;
	f->rtp[6] = (turn * AUDIO_LEN) >> 8;
	f->rtp[7] = turn * AUDIO_LEN;
	f->rtp[11] = n % flows;
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	skb->protocol = eth_type_trans(skb, dev);
	netif_receive_skb(skb);
	return 0;
}

static int receive_all(struct net_device *dev, u32 count)
{
	int err = 0;
	u32 n, i;

	for (n = 0; n < count && !err; n += i) {
		local_bh_disable();
		for (i = 0; i < BATCH && n + i < count && !err; i++)
			err = receive_one(dev, n + i);
		local_bh_enable();
		cond_resched();
	}
	return err;
}

static int measure(struct net_device *dev)
{
	ktime_t start;
	int err;

	/* the first packets find routes and fill caches */
	err = receive_all(dev, max(flows, 2 * BATCH));
	if (err)
		return err;
	start = ktime_get();
	err = receive_all(dev, packets);
	cost = div_u64(ktime_to_ns(ktime_sub(ktime_get(), start)), packets);
	sent = packets;
	return err;
}

static int run_set(const char *value, const struct kernel_param *param)
{
	struct net *net = current->nsproxy->net_ns;
	bool baseline = sysfs_streq(value, "baseline");
	struct net_device *dev;
	int err = 0;

	if (!baseline && !sysfs_streq(value, "relay"))
		return -EINVAL;
	if (!flows || !packets)
		return -EINVAL;
	dev = dev_get_by_name(net, device);
	if (!dev)
		return -ENODEV;
	fill_template(dev);
	if (baseline) {
		drop_ops.dev = dev;
		err = nf_register_net_hook(net, &drop_ops);
	}
	if (!err)
		err = measure(dev);
	if (baseline && drop_ops.dev)
		nf_unregister_net_hook(net, &drop_ops);
	drop_ops.dev = NULL;
	dev_put(dev);
	return err;
}

static const struct kernel_param_ops run_ops = {
	.set = run_set,
};

module_param_cb(run, &run_ops, NULL, 0200);
MODULE_PARM_DESC(run, "baseline or relay: measure now");

static int __init gen_init(void)
{
	return 0;
}
module_init(gen_init);

static void __exit gen_exit(void)
{
}
module_exit(gen_exit);

MODULE_DESCRIPTION("Packet generator for Jalur's benchmark");
MODULE_LICENSE("GPL");
