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

/* Of an open latch: may it close on @src? */
static bool admits(const struct jalur_end_conf *conf,
		   const struct jalur_addr *src)
{
	if (!conf->latch_open)
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

static bool is_remote(const struct jalur_end *end, const struct jalur_addr *src)
{
	unsigned int seq;
	bool match;

	do {
		seq = read_seqcount_begin(&end->remote_seq);
		match = same(&end->remote, src);
	} while (read_seqcount_retry(&end->remote_seq, seq));
	return match;
}

/*
 * Remote and route change together, so that no packet takes the route of one
 * to the address of the other, whose family may differ.
 */
static void set_remote(struct jalur_end *end, const struct jalur_addr *remote)
{
	struct dst_entry *old;

	old = rcu_dereference_protected(end->dst, lockdep_is_held(&end->lock));
	write_seqcount_begin(&end->remote_seq);
	end->remote = *remote;
	RCU_INIT_POINTER(end->dst, NULL);
	write_seqcount_end(&end->remote_seq);
	WRITE_ONCE(end->dst_retry, 0);
	dst_release(old);
}

/**
 * jalur_latch_allows - may a packet from @src pass the source check
 * @end: where it arrived
 * @conf: of @end
 * @src: its source
 *
 * Read-only. jalur_latch_learn() decides again under the lock.
 *
 * Context: BH, RCU.
 */
bool jalur_latch_allows(const struct jalur_end *end,
			const struct jalur_end_conf *conf,
			const struct jalur_addr *src)
{
	/* pairs with the release below: locked means that remote is set */
	if (smp_load_acquire(&end->locked))
		return is_remote(end, src);
	return signalled(conf, src) || admits(conf, src);
}

/**
 * jalur_latch_learn - pass the source check, and close an open latch
 * @end: where a valid packet arrived
 * @conf: of @end, of the graph that is published now
 * @src: its source
 *
 * Context: BH, RCU, @end->lock held.
 * Return: false when the packet is to be refused after all.
 */
bool jalur_latch_learn(struct jalur_end *end, const struct jalur_end_conf *conf,
		       const struct jalur_addr *src)
{
	lockdep_assert_held(&end->lock);
	if (likely(end->locked))
		return same(&end->remote, src);
	if (!admits(conf, src))
		return signalled(conf, src);
	if (!same(&end->remote, src))
		set_remote(end, src);
	/* after the remote, see jalur_latch_allows() */
	smp_store_release(&end->locked, true);
	trace_jalur_latch(end, src);
	return true;
}

/**
 * jalur_latch_configure - follow a new configuration
 * @end: living end
 * @old: what it had, NULL when it is new
 * @conf: what it has now; already published
 *
 * Publishing comes first: a packet that still holds the old graph finds it
 * replaced under the lock, and then learns nothing.
 *
 * Context: process; takes @end->lock.
 */
void jalur_latch_configure(struct jalur_end *end,
			   const struct jalur_end_conf *old,
			   const struct jalur_end_conf *conf)
{
	if (old && old->latch == conf->latch && old->epoch == conf->epoch &&
	    same(&old->remote, &conf->remote))
		return;

	spin_lock_bh(&end->lock);
	if (!old)
		end->ip_id = get_random_u32();
	end->epoch = conf->epoch;
	WRITE_ONCE(end->locked, false);
	set_remote(end, &conf->remote);
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
	set_remote(end, addr);
	/* after the remote, see jalur_latch_allows() */
	smp_store_release(&end->locked, true);
	spin_unlock_bh(&end->lock);
}

#ifdef DEBUG
#include "selftest/latch.c"
#endif
