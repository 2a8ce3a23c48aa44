// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ends by their local address, and whether an address may become one.
 *
 * The table has a fixed number of buckets: it is made when the first session of
 * a namespace comes, and lookups take one bucket head, then the ends. Keys are
 * chosen by our own daemon, so that a short seeded hash is enough (jalur.h).
 */

#include <linux/inetdevice.h>
#include <linux/random.h>
#include <net/addrconf.h>
#include <net/l3mdev.h>
#include <net/route.h>
#include <net/udp.h>

#include "control.h"

/**
 * jalur_table_new - an empty table
 * @bits: log2 of the buckets
 *
 * Context: process.
 * Return: the table, or NULL when there is no memory.
 */
struct jalur_table *jalur_table_new(unsigned int bits)
{
	struct jalur_table *table;

	table = kvzalloc(struct_size(table, bucket, 1UL << bits),
			 GFP_KERNEL_ACCOUNT);
	if (!table)
		return NULL;
	table->mask = (1U << bits) - 1;
	table->seed = get_random_u32();
	return table;
}

/**
 * jalur_end_new - an end that nobody can find yet
 * @session: it belongs to
 * @id: chosen by userspace
 * @local: its address
 *
 * Context: process.
 */
struct jalur_end *jalur_end_new(struct jalur_session *session, u64 id,
				const struct jalur_addr *local)
{
	struct jalur_end *end = kzalloc(sizeof(*end), GFP_KERNEL_ACCOUNT);

	if (!end)
		return NULL;
	spin_lock_init(&end->lock);
	seqcount_spinlock_init(&end->remote_seq, &end->lock);
	end->session = session;
	end->local = *local;
	end->id = id;
	end->last_rx = jiffies;
	return end;
}

/**
 * jalur_end_insert - from here on packets find the end
 * @jn: namespace
 * @end: whose session's graph is published already
 *
 * Context: process, @jn->lock held.
 */
void jalur_end_insert(struct jalur_net *jn, struct jalur_end *end)
{
	struct jalur_table *table;
	u32 hash;

	table = rcu_dereference_protected(jn->table, lockdep_is_held(&jn->lock));
	hash = jalur_addr_hash(&end->local, table->seed);
	hlist_add_head_rcu(&end->node, &table->bucket[hash & table->mask]);
	jn->end_count++;
}

/**
 * jalur_end_remove - from here on no new packet finds the end
 * @jn: namespace
 * @end: the end; packets that found it before may still work on it
 *
 * Context: process, @jn->lock held.
 */
void jalur_end_remove(struct jalur_net *jn, struct jalur_end *end)
{
	lockdep_assert_held(&jn->lock);
	hlist_del_init_rcu(&end->node);
	jn->end_count--;
}

/**
 * jalur_end_free - free an end and its cached route
 * @end: after a grace period, or never published
 *
 * Context: any.
 */
void jalur_end_free(struct jalur_end *end)
{
	if (!end)
		return;
	spin_lock_bh(&end->lock);
	jalur_xmit_forget(end);
	spin_unlock_bh(&end->lock);
	kfree(end);
}

static void free_end_rcu(struct rcu_head *rcu)
{
	jalur_end_free(container_of(rcu, struct jalur_end, rcu));
}

/**
 * jalur_end_free_rcu - the same when the last packet has left it
 * @end: removed
 *
 * Context: any.
 */
void jalur_end_free_rcu(struct jalur_end *end)
{
	call_rcu(&end->rcu, free_end_rcu);
}

/**
 * jalur_addr_domain - are L3 domain and scope of an address there
 * @net: namespace
 * @addr: local address
 *
 * Context: process or RCU.
 * Return: false when @addr->l3 is no VRF, @addr->scope no device, or the one not
 * in the other.
 */
bool jalur_addr_domain(struct net *net, const struct jalur_addr *addr)
{
	const struct net_device *dev;
	bool ok = true;

	rcu_read_lock();
	if (addr->l3) {
		dev = dev_get_by_index_rcu(net, addr->l3);
		ok = dev && netif_is_l3_master(dev);
	}
	if (ok && addr->scope) {
		dev = dev_get_by_index_rcu(net, addr->scope);
		ok = dev && l3mdev_master_ifindex_rcu(dev) == addr->l3;
	}
	rcu_read_unlock();
	return ok;
}

/**
 * jalur_addr_local - is this an address of the host
 * @net: namespace
 * @addr: in the L3 domain @addr->l3
 *
 * Context: process or RCU.
 */
bool jalur_addr_local(struct net *net, const struct jalur_addr *addr)
{
	struct net_device *dev = NULL;
	bool local;

	if (!jalur_addr_domain(net, addr))
		return false;
	rcu_read_lock();
	if (addr->scope || addr->l3)
		dev = dev_get_by_index_rcu(net, addr->scope ?: addr->l3);
	if (!dev && (addr->scope || addr->l3))
		local = false;
	else if (addr->family == AF_INET)
		local = inet_addr_type_dev_table(net, dev, addr->ip.s6_addr32[0]) ==
			RTN_LOCAL;
	else
		local = ipv6_chk_addr_and_flags(net, &addr->ip, dev, !addr->scope, 1, 0);
	rcu_read_unlock();
	return local;
}

/* May a socket that is bound to device @bound, or to none, get a packet? */
static bool hears_domain(struct net *net, int bound, const struct jalur_addr *addr)
{
	if (!bound)
		return udp_sk_bound_dev_eq(net, 0, 0, addr->l3);
	if (addr->scope && bound != addr->scope && bound != addr->l3)
		return false;
	return l3mdev_master_ifindex_by_index(net, bound) == addr->l3;
}

static bool hears(const struct sock *sk, struct net *net, const struct jalur_addr *addr)
{
	const struct in6_addr *v6 = inet6_rcv_saddr(sk);

	if (!net_eq(sock_net(sk), net) ||
	    udp_sk(sk)->udp_port_hash != ntohs(addr->port) ||
	    !hears_domain(net, READ_ONCE(sk->sk_bound_dev_if), addr))
		return false;
	if (addr->family == AF_INET6)
		return v6 && (ipv6_addr_any(v6) || ipv6_addr_equal(v6, &addr->ip));
	if (v6 && ipv6_only_sock(sk))
		return false;
	return !inet_sk(sk)->inet_rcv_saddr ||
	       inet_sk(sk)->inet_rcv_saddr == addr->ip.s6_addr32[0];
}

/**
 * jalur_addr_taken - does a socket receive at this address
 * @net: namespace
 * @addr: local address
 *
 * Sockets on the wildcard count, of either family, and so do connected ones and
 * those bound to a device, which a look-up for some packet would not find.
 *
 * Context: process.
 */
bool jalur_addr_taken(struct net *net, const struct jalur_addr *addr)
{
	struct udp_hslot *slot = udp_hashslot(jalur_udp_table(net), net,
					      ntohs(addr->port));
	const struct sock *sk;
	bool taken = false;

	spin_lock_bh(&slot->lock);
	sk_for_each(sk, &slot->head) {
		taken = hears(sk, net, addr);
		if (taken)
			break;
	}
	spin_unlock_bh(&slot->lock);
	return taken;
}

#ifdef DEBUG
#include "selftest/selftest.h"
#include "selftest/end.c"
#endif
