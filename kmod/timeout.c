// SPDX-License-Identifier: GPL-2.0-only
/*
 * What time does to sessions. One work per namespace runs while it has any:
 * it tells once of every end that was silent for its idle time, and reaps
 * sessions of owners who went away, when all their ends are silent too. The
 * kernel never deletes a session of an attached owner. A second work looks
 * after ends whose local address came or went.
 */

#include "control.h"

#define INTERVAL	(HZ / 4)
#define INTERVAL_MANY	HZ
#define MANY		4096

static void check_idle(struct jalur_end *end, const struct jalur_end_conf *conf)
{
	bool tell = false;

	if (!conf->idle || READ_ONCE(end->timed_out) ||
	    time_before(jiffies, READ_ONCE(end->last_rx) + conf->idle))
		return;
	spin_lock_bh(&end->lock);
	if (!end->timed_out && time_after_eq(jiffies, end->last_rx + conf->idle)) {
		end->timed_out = true;
		tell = true;
	}
	spin_unlock_bh(&end->lock);
	if (tell)
		jalur_event_end(end, JALUR_EVENT_TYPE_TIMED_OUT);
}

static const struct jalur_graph *graph_of(const struct jalur_session *session)
{
	return rcu_dereference_protected(session->graph,
					 lockdep_is_held(&session->jn->lock));
}

static bool all_idle(const struct jalur_session *session, unsigned long since)
{
	const struct jalur_graph *graph = graph_of(session);
	int i;

	for (i = 0; i < graph->ends; i++) {
		const struct jalur_end *end = graph->conf[i].end;

		if (end && time_before(since, READ_ONCE(end->last_rx)))
			return false;
	}
	return true;
}

static void check_owner(struct jalur_net *jn, struct jalur_owner *owner)
{
	struct jalur_session *session, *next;
	bool away = !owner->portid &&
		    time_after(jiffies, owner->detached + jn->orphan_s * HZ);
	int i;

	list_for_each_entry_safe(session, next, &owner->sessions, list) {
		const struct jalur_graph *graph = graph_of(session);

		for (i = 0; i < graph->ends; i++)
			if (graph->conf[i].end)
				check_idle(graph->conf[i].end, &graph->conf[i]);
		if (away && all_idle(session, jiffies - jn->orphan_idle_s * HZ))
			jalur_session_del(session);
		cond_resched();
	}
	jalur_owner_put(owner);
}

/**
 * jalur_timeout_start - a session came
 * @jn: namespace
 *
 * Context: process, @jn->lock held.
 */
void jalur_timeout_start(struct jalur_net *jn)
{
	queue_delayed_work(system_power_efficient_wq, &jn->timeout_work, INTERVAL);
}

/**
 * jalur_timeout_work - one look at all sessions of a namespace
 * @work: jalur_net.timeout_work
 *
 * Context: process.
 */
void jalur_timeout_work(struct work_struct *work)
{
	struct jalur_net *jn = container_of(to_delayed_work(work),
					    struct jalur_net, timeout_work);
	struct jalur_owner *owner, *next;

	mutex_lock(&jn->lock);
	list_for_each_entry_safe(owner, next, &jn->owners, list)
		check_owner(jn, owner);
	if (jn->session_count)
		queue_delayed_work(system_power_efficient_wq, &jn->timeout_work,
				   jn->session_count > MANY ? INTERVAL_MANY : INTERVAL);
	mutex_unlock(&jn->lock);
}

static void check_address(struct net *net, const struct jalur_end_conf *conf)
{
	struct jalur_end *end = conf->end;
	bool dormant;

	if (!end)
		return;
	dormant = !conf->nonlocal && !jalur_addr_local(net, &end->local);
	if (dormant == end->dormant)
		return;
	WRITE_ONCE(end->dormant, dormant);
	jalur_event_end(end, dormant ? JALUR_EVENT_TYPE_ADDRESS_GONE :
				       JALUR_EVENT_TYPE_ADDRESS_BACK);
}

static void check_session(struct net *net, const struct jalur_session *session)
{
	const struct jalur_graph *graph = graph_of(session);
	int i;

	for (i = 0; i < graph->ends; i++)
		check_address(net, &graph->conf[i]);
}

/**
 * jalur_address_check - local addresses may have come or gone
 * @jn: namespace
 *
 * Context: any.
 */
void jalur_address_check(struct jalur_net *jn)
{
	/* counts a session in the making, which has looked already */
	if (READ_ONCE(jn->hook_users))
		queue_work(system_power_efficient_wq, &jn->address_work);
}

/**
 * jalur_address_work - look which ends have their address now
 * @work: jalur_net.address_work
 *
 * Context: process.
 */
void jalur_address_work(struct work_struct *work)
{
	struct jalur_net *jn = container_of(work, struct jalur_net, address_work);
	struct jalur_session *session;
	struct jalur_owner *owner;

	mutex_lock(&jn->lock);
	list_for_each_entry(owner, &jn->owners, list) {
		list_for_each_entry(session, &owner->sessions, list) {
			check_session(jn->net, session);
			cond_resched();
		}
	}
	mutex_unlock(&jn->lock);
}
