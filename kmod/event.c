// SPDX-License-Identifier: GPL-2.0-only
/*
 * Telling userspace what happened. The number of an event and its place in the
 * stream are decided under one lock, so that a listener that finds a gap knows
 * that something was lost: also when it was lost here, for want of memory, for
 * the number is taken all the same.
 */

#include <net/genetlink.h>

#include "control.h"
#include "netlink.h"
#include "netlink_gen.h"

/* Enough for all that is told of one end but its counters. */
#define EVENT_SIZE	256

struct event {
	struct sk_buff *skb;
	void *hdr;
	struct nlattr *seq;
};

static int begin_event(struct event *ev, enum jalur_event_type type, u64 owner,
		       const u64 *session, size_t size, gfp_t gfp)
{
	ev->skb = genlmsg_new(size, gfp);
	if (!ev->skb)
		return -ENOMEM;
	ev->hdr = genlmsg_put(ev->skb, 0, 0, &jalur_nl_family, 0, JALUR_CMD_EVENT);
	if (!ev->hdr)
		goto err_skb;
	if (nla_put_u64_64bit(ev->skb, JALUR_A_EVENT_SEQUENCE, 0, JALUR_A_EVENT_PAD))
		goto err_skb;
	/* the pad comes first, where there is one */
	ev->seq = (struct nlattr *)(skb_tail_pointer(ev->skb) - nla_total_size(sizeof(u64)));
	if (nla_put_u32(ev->skb, JALUR_A_EVENT_TYPE, type) ||
	    nla_put_u64_64bit(ev->skb, JALUR_A_EVENT_OWNER, owner, JALUR_A_EVENT_PAD) ||
	    nla_put_u64_64bit(ev->skb, JALUR_A_EVENT_TIME, ktime_get_ns(), JALUR_A_EVENT_PAD) ||
	    (session &&
	     nla_put_u64_64bit(ev->skb, JALUR_A_EVENT_SESSION, *session, JALUR_A_EVENT_PAD)))
		goto err_skb;
	return 0;

err_skb:
	nlmsg_free(ev->skb);
	ev->skb = NULL;
	return -ENOMEM;
}

/*
 * With @ev->skb NULL the number is used up, and that is what listeners see. The socket
 * of port @spare is not told; 0 is nobody's.
 */
static u64 send_event(struct jalur_net *jn, struct event *ev, u32 spare)
{
	u64 seq;

	if (ev->skb)
		genlmsg_end(ev->skb, ev->hdr);
	spin_lock_bh(&jn->event_lock);
	seq = ++jn->event_seq;
	if (ev->skb) {
		put_unaligned(seq, (u64 *)nla_data(ev->seq));
		genlmsg_multicast_netns(&jalur_nl_family, jn->net, ev->skb, spare,
					JALUR_NLGRP_EVENTS, GFP_ATOMIC);
	}
	spin_unlock_bh(&jn->event_lock);
	return seq;
}

static void tell_end(struct jalur_end *end, enum jalur_event_type type,
		     const struct jalur_addr *remote, const u32 *ssrc)
{
	const struct jalur_session *session = end->session;
	struct event ev;

	if (begin_event(&ev, type, session->owner, &session->id, EVENT_SIZE, GFP_ATOMIC))
		goto out;
	if (nla_put_u64_64bit(ev.skb, JALUR_A_EVENT_END, end->id, JALUR_A_EVENT_PAD) ||
	    (remote && jalur_fill_addr(ev.skb, JALUR_A_EVENT_REMOTE, remote)) ||
	    (ssrc && nla_put_u32(ev.skb, JALUR_A_EVENT_SSRC, *ssrc))) {
		nlmsg_free(ev.skb);
		ev.skb = NULL;
	}
out:
	send_event(session->jn, &ev, 0);
}

/**
 * jalur_event_end - something happened to an end
 * @end: the end
 * @type: what
 *
 * Context: any but hard interrupt; the caller holds RCU or jalur_net.lock, and
 * no jalur_end.lock.
 */
void jalur_event_end(struct jalur_end *end, enum jalur_event_type type)
{
	tell_end(end, type, NULL, NULL);
}

/**
 * jalur_event_latched - an end has a new remote
 * @end: the end
 * @type: latched or moved
 * @remote: the address
 *
 * Context: as jalur_event_end().
 */
void jalur_event_latched(struct jalur_end *end, enum jalur_event_type type,
			 const struct jalur_addr *remote)
{
	tell_end(end, type, remote, NULL);
}

/**
 * jalur_event_ssrc - another SSRC arrives
 * @end: where
 * @ssrc: the new one
 *
 * Context: as jalur_event_end().
 */
void jalur_event_ssrc(struct jalur_end *end, u32 ssrc)
{
	tell_end(end, JALUR_EVENT_TYPE_SSRC, NULL, &ssrc);
}

/* What the reply to the deletion says of the ends is not computed again. */
static int copy_finals(struct sk_buff *skb, const struct jalur_finals *finals)
{
	const struct nlattr *attr;
	int rem;

	nla_for_each_attr(attr, finals->attrs, finals->len, rem)
		if (nla_type(attr) == JALUR_A_SESSION_END &&
		    nla_put(skb, JALUR_A_EVENT_END_STATS | NLA_F_NESTED,
			    nla_len(attr), nla_data(attr)))
			return -EMSGSIZE;
	return 0;
}

/**
 * jalur_event_deleted - a session is gone; tell its final counters
 * @session: unhashed and dead, graph still there
 * @finals: these counters, where a reply has them already, or NULL
 * @spare: port of the socket that is not told, or 0
 *
 * Context: process, jalur_net.lock held.
 * Return: the number of the event.
 */
u64 jalur_event_deleted(struct jalur_session *session, const struct jalur_finals *finals,
			u32 spare)
{
	const struct jalur_graph *graph;
	struct event ev;

	graph = rcu_dereference_protected(session->graph,
					  lockdep_is_held(&session->jn->lock));
	if (begin_event(&ev, JALUR_EVENT_TYPE_DELETED, session->owner, &session->id,
			finals ? EVENT_SIZE + finals->len : jalur_final_size(graph),
			GFP_KERNEL))
		goto out;
	if (finals ? copy_finals(ev.skb, finals) :
		     jalur_fill_finals(ev.skb, JALUR_A_EVENT_END_STATS, graph)) {
		nlmsg_free(ev.skb);
		ev.skb = NULL;
	}
out:
	return send_event(session->jn, &ev, spare);
}

/**
 * jalur_event_displaced - tell a socket that another one has its owner now
 * @jn: namespace
 * @portid: of the displaced socket
 * @owner: id
 *
 * Best effort: the displaced one finds out with its next command, too.
 *
 * Context: process.
 */
void jalur_event_displaced(struct jalur_net *jn, u32 portid, u64 owner)
{
	struct event ev;

	if (begin_event(&ev, JALUR_EVENT_TYPE_DISPLACED, owner, NULL, EVENT_SIZE, GFP_KERNEL))
		return;
	genlmsg_end(ev.skb, ev.hdr);
	genlmsg_unicast(jn->net, ev.skb, portid);
}
