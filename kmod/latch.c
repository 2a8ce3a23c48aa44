// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may send to an end, and whom it learns as its remote.
 *
 * An end is locked or not. Locked, it takes packets from one address and port
 * and from nowhere else, and sends there. Not locked, it takes what was
 * signalled, exactly; and while the latch is open, the first valid packet that
 * its mode admits locks it. Nothing but a changed remote, mode or epoch in the
 * configuration opens it again: not a new SSRC, not silence, not an ICMP error.
 * The check runs twice: without the lock, to refuse floods at little cost, and
 * under it, where it counts.
 */

#include <linux/random.h>
#include <net/checksum.h>

#include "jalur.h"
#include "trace.h"

static bool same_host(const struct jalur_addr *a, const struct jalur_addr *b)
{
	return a->family == b->family && a->scope == b->scope &&
	       ipv6_addr_equal(&a->ip, &b->ip);
}

static bool same(const struct jalur_addr *a, const struct jalur_addr *b)
{
	return a->port == b->port && same_host(a, b);
}

/*
 * Sources that no datagram may have. The stack would drop them as martians, but
 * it does not see what the ingress hook takes, and we would send there.
 */
static bool impossible(const struct jalur_addr *src,
		       const struct jalur_addr *local)
{
	__be32 ip = src->ip.s6_addr32[0];
	int type;

	if (!src->port)
		return true;
	if (src->family == AF_INET)
		return ipv4_is_multicast(ip) || ipv4_is_lbcast(ip) ||
		       ipv4_is_zeronet(ip) ||
		       ipv4_is_loopback(ip) !=
		       ipv4_is_loopback(local->ip.s6_addr32[0]);
	type = ipv6_addr_type(&src->ip);
	return type == IPV6_ADDR_ANY || type & IPV6_ADDR_MULTICAST ||
	       type & IPV6_ADDR_MAPPED ||
	       ipv6_addr_loopback(&src->ip) != ipv6_addr_loopback(&local->ip);
}

/* Of an open latch: may it close on @src? */
static bool admits(const struct jalur_end *end,
		   const struct jalur_end_conf *conf,
		   const struct jalur_addr *src)
{
	if (!conf->latch_open || impossible(src, &end->local))
		return false;
	switch (conf->latch) {
	case JALUR_LATCH_ANY:
		return true;
	case JALUR_LATCH_PORT:
		return conf->remote.family && same_host(&conf->remote, src);
	default:
		return false;
	}
}

static bool signalled(const struct jalur_end_conf *conf,
		      const struct jalur_addr *src)
{
	return conf->remote.family && same(&conf->remote, src);
}

/* An address and its port, as they count in a UDP checksum. */
static __wsum sum_address(const struct jalur_addr *addr)
{
	return csum_partial(&addr->ip, sizeof(addr->ip),
			    (__force __wsum)(u32)(__force u16)addr->port);
}

static void make_way(struct jalur_way *way, const struct jalur_addr *local,
		     const struct jalur_addr *remote)
{
	memset(way, 0, sizeof(*way));
	/* control refuses a remote of another family; so do we */
	if (remote->family != local->family)
		return;
	way->family = local->family;
	way->sport = local->port;
	way->dport = remote->port;
	way->sum = csum_add(sum_address(local), sum_address(remote));
	if (way->family != AF_INET)
		return;
	way->saddr = local->ip.s6_addr32[0];
	way->daddr = remote->ip.s6_addr32[0];
	way->ip_sum = csum_add((__force __wsum)way->saddr,
			       (__force __wsum)way->daddr);
}

/*
 * Remote and way change together, so that no packet takes the route of one to
 * the address of the other. Whoever changes the remote or the lock goes through
 * here, which readers of @remote_seq see.
 */
static void set_remote(struct jalur_end *end, const struct jalur_addr *remote,
		       bool locked)
{
	struct dst_entry *old;
	struct jalur_way way;

	make_way(&way, &end->local, remote);
	old = rcu_dereference_protected(end->way.dst,
					lockdep_is_held(&end->lock));
	write_seqcount_begin(&end->remote_seq);
	end->remote = *remote;
	WRITE_ONCE(end->locked, locked);
	end->way = way;
	write_seqcount_end(&end->remote_seq);
	end->express.to = NULL;
	WRITE_ONCE(end->dst_retry, 0);
	dst_release(old);
}

/*
 * May a packet from @src pass the source check? Read-only. Most packets come
 * from the remote of an end that learns nothing more. That they do is kept in
 * @route, so that latch_learn() need not compare again unless the remote has
 * moved; and then their addresses and ports are those of the end, whose sum is
 * known.
 */
static bool latch_allows(const struct jalur_end *end,
			 const struct jalur_addr *src,
			 struct jalur_route *route)
{
	const struct jalur_end_conf *conf = route->from;
	bool locked, match;

	do {
		route->seq = read_seqcount_begin(&end->remote_seq);
		locked = READ_ONCE(end->locked);
		match = same(&end->remote, src);
		route->sum = end->way.sum;
	} while (read_seqcount_retry(&end->remote_seq, route->seq));

	route->held = match && (locked || !conf->latch_open ||
				conf->latch == JALUR_LATCH_STRICT);
	if (likely(route->held))
		return true;
	route->sum = csum_add(sum_address(src), sum_address(&end->local));
	return !locked && (signalled(conf, src) || admits(end, conf, src));
}

static noinline bool learn(struct jalur_end *end,
			   const struct jalur_end_conf *conf,
			   const struct jalur_addr *src)
{
	if (end->locked)
		return same(&end->remote, src);
	if (!admits(end, conf, src))
		return signalled(conf, src);
	set_remote(end, src, true);
	trace_jalur_latch(end, src);
	return true;
}

/*
 * Pass the source check under @end->lock, and close an open latch; false when
 * the packet is to be refused after all.
 */
static bool latch_learn(struct jalur_end *end, const struct jalur_addr *src,
			const struct jalur_route *route)
{
	lockdep_assert_held(&end->lock);
	if (likely(route->held &&
		   !read_seqcount_retry(&end->remote_seq, route->seq)))
		return true;
	return learn(end, route->from, src);
}

/**
 * jalur_latch_configure - follow a new configuration
 * @end: living end
 * @old: what it had, NULL when it is new
 * @conf: what it has now; already published
 *
 * To be called for every end of a graph that was published, changed or not,
 * before the old graph is handed to RCU. Publishing comes first: a packet that
 * still holds the old graph finds it replaced under the lock, and then learns
 * nothing.
 *
 * Context: process; takes @end->lock.
 */
void jalur_latch_configure(struct jalur_end *end,
			   const struct jalur_end_conf *old,
			   const struct jalur_end_conf *conf)
{
	spin_lock_bh(&end->lock);
	/* whatever has changed: what packets learned of the old graph ends */
	end->express.to = NULL;
	if (!old)
		end->ip_id = get_random_u32();
	if (!old || old->latch != conf->latch || old->epoch != conf->epoch ||
	    !same(&old->remote, &conf->remote)) {
		end->epoch = conf->epoch;
		set_remote(end, &conf->remote, false);
	}
	spin_unlock_bh(&end->lock);
}

/**
 * jalur_latch_import - lock an end on what another node had learned
 * @end: of a session that is not published yet
 * @addr: its remote
 *
 * Context: process; takes @end->lock.
 */
void jalur_latch_import(struct jalur_end *end, const struct jalur_addr *addr)
{
	spin_lock_bh(&end->lock);
	set_remote(end, addr, true);
	spin_unlock_bh(&end->lock);
}

#ifdef DEBUG
#include "selftest/selftest.h"
#include "selftest/latch.c"
#endif
