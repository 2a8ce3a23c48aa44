// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions: created, replaced and deleted whole.
 *
 * A draft is held against what exists, everything new is allocated, and only
 * then one assignment publishes the new graph; what fails before has changed
 * nothing. Removal has two phases: make it unreachable and dead, then free it
 * after a grace period, which no command waits for. Old graphs point at ends
 * that a replacement removed; both wait for the same readers.
 */

#include <linux/jhash.h>
#include <linux/module.h>

#include "control.h"
#include "netlink.h"

static unsigned int max_sessions = 100000;
module_param(max_sessions, uint, 0644);
MODULE_PARM_DESC(max_sessions, "most sessions on this machine, 0 for no limit");

static unsigned int hash_bits = 14;
module_param(hash_bits, uint, 0444);
MODULE_PARM_DESC(hash_bits, "log2 of the buckets of a namespace's tables (8 to 20)");

static atomic_t machine_sessions = ATOMIC_INIT(0);

/**
 * jalur_session_machine_count - sessions on this machine
 *
 * Context: any.
 */
u32 jalur_session_machine_count(void)
{
	return atomic_read(&machine_sessions);
}

/**
 * jalur_session_machine_max - the module's cap, 0 for none
 *
 * Context: any.
 */
u32 jalur_session_machine_max(void)
{
	return READ_ONCE(max_sessions);
}

/**
 * jalur_session_buckets - buckets of jalur_net.sessions
 *
 * Context: any.
 */
unsigned int jalur_session_buckets(void)
{
	return 1U << clamp(hash_bits, 8U, 20U);
}

static struct hlist_head *bucket_of(struct jalur_net *jn, u64 owner, u64 id)
{
	u32 hash = jhash_3words(lower_32_bits(id), upper_32_bits(id),
				lower_32_bits(owner), 0);

	return &jn->sessions[hash & (jalur_session_buckets() - 1)];
}

/**
 * jalur_session_find - by its id
 * @jn: namespace
 * @owner: scope of @id
 * @id: of the session
 *
 * Context: process, @jn->lock held.
 */
struct jalur_session *jalur_session_find(struct jalur_net *jn, u64 owner, u64 id)
{
	struct jalur_session *session;

	lockdep_assert_held(&jn->lock);
	if (!jn->sessions)
		return NULL;
	hlist_for_each_entry(session, bucket_of(jn, owner, id), node)
		if (session->id == id && session->owner == owner)
			return session;
	return NULL;
}

/* The tables come with the first session and go with the hooks (net.c). */
static int make_tables(struct jalur_net *jn)
{
	struct jalur_table *table;

	if (jn->sessions)
		return 0;
	jn->sessions = kvcalloc(jalur_session_buckets(), sizeof(*jn->sessions),
				GFP_KERNEL_ACCOUNT);
	if (!jn->sessions)
		return -ENOMEM;
	table = jalur_table_new(ilog2(jalur_session_buckets()));
	if (!table) {
		kvfree(jn->sessions);
		jn->sessions = NULL;
		return -ENOMEM;
	}
	rcu_assign_pointer(jn->table, table);
	return 0;
}

static struct jalur_graph *graph_of(const struct jalur_session *session)
{
	return rcu_dereference_protected(session->graph,
					 lockdep_is_held(&session->jn->lock));
}

static const struct jalur_end_conf *find_conf(const struct jalur_graph *graph,
					      u64 id)
{
	int i;

	for (i = 0; graph && i < graph->ends; i++)
		if (graph->conf[i].end && graph->conf[i].end->id == id)
			return &graph->conf[i];
	return NULL;
}

static bool in_draft(const struct jalur_draft *draft, u64 id)
{
	unsigned int i;

	for (i = 0; i < draft->ends; i++)
		if (draft->end[i].id == id)
			return true;
	return false;
}

/* Another end that has an address, but not one that the draft does away with. */
static bool end_has(const struct jalur_session *session, const struct jalur_draft *draft,
		    const struct jalur_addr *local)
{
	const struct jalur_end *end;
	bool has;

	rcu_read_lock();
	end = jalur_end_lookup(session->jn, local);
	has = end && (end->session != session || in_draft(draft, end->id));
	rcu_read_unlock();
	return has;
}

/* Is the local address of a new end one that we may have? */
static int check_local(const struct jalur_session *session, const struct jalur_draft *draft,
		       const struct jalur_draft_end *de, struct netlink_ext_ack *extack)
{
	struct net *net = session->jn->net;

	if (!jalur_addr_domain(net, &de->local)) {
		NL_SET_ERR_MSG_ATTR(extack, de->local_attr,
				    "l3-ifindex is no VRF, or scope-ifindex no device in it");
		return -ENODEV;
	}
	if (!de->conf.nonlocal && !jalur_addr_local(net, &de->local)) {
		NL_SET_ERR_MSG_ATTR(extack, de->local_attr,
				    "not an address of this host; use nonlocal for a virtual one");
		return -EADDRNOTAVAIL;
	}
	if (end_has(session, draft, &de->local)) {
		NL_SET_ERR_MSG_ATTR(extack, de->local_attr,
				    "another end has this address and port");
		return -EADDRINUSE;
	}
	if (jalur_addr_taken(net, &de->local)) {
		NL_SET_ERR_MSG_ATTR(extack, de->local_attr,
				    "a socket has this address and port");
		return -EADDRINUSE;
	}
	return 0;
}

/* May the draft have what it asks for of an end that lives? */
static int check_kept(const struct jalur_end *end, const struct jalur_draft_end *de,
		      struct netlink_ext_ack *extack)
{
	if (!jalur_addr_equal(&end->local, &de->local)) {
		NL_SET_ERR_MSG_ATTR(extack, de->local_attr,
				    "the local address of an end never changes; use a new end");
		return -EINVAL;
	}
	if (de->latched.family) {
		NL_SET_ERR_MSG_ATTR(extack, de->state_attr,
				    "state is imported with a new end only");
		return -EINVAL;
	}
	return 0;
}

/*
 * The living end for each of the draft: one that the session has, or a new one.
 * New ones are marked in @fresh; on failure none is left.
 */
static int find_ends(struct jalur_session *session, const struct jalur_draft *draft,
		     struct jalur_end **ends, unsigned long *fresh,
		     struct netlink_ext_ack *extack)
{
	const struct jalur_graph *old = graph_of(session);
	const struct jalur_draft_end *de;
	const struct jalur_end_conf *conf;
	unsigned int i;
	int err;

	for (i = 0; i < draft->ends; i++) {
		de = &draft->end[i];
		conf = find_conf(old, de->id);
		if (conf) {
			ends[i] = conf->end;
			err = check_kept(conf->end, de, extack);
			if (err)
				goto err_ends;
			continue;
		}
		err = check_local(session, draft, de, extack);
		if (err)
			goto err_ends;
		ends[i] = jalur_end_new(session, de->id, &de->local);
		if (!ends[i]) {
			err = -ENOMEM;
			goto err_ends;
		}
		__set_bit(i, fresh);
	}
	return 0;

err_ends:
	for_each_set_bit(i, fresh, JALUR_MAX_ENDS)
		jalur_end_free(ends[i]);
	return err;
}

/* Living ends keep their slots; new ones get those that no graph in use has. */
static unsigned int assign_slots(const struct jalur_draft *draft,
				 const struct jalur_graph *old,
				 struct jalur_end **ends, const unsigned long *fresh)
{
	DECLARE_BITMAP(used, 2 * JALUR_MAX_ENDS) = {};
	unsigned int i, slot, slots = 0;

	for (i = 0; old && i < old->ends; i++)
		if (old->conf[i].end)
			__set_bit(i, used);
	for (i = 0; i < draft->ends; i++) {
		if (test_bit(i, fresh)) {
			slot = find_first_zero_bit(used, 2 * JALUR_MAX_ENDS);
			__set_bit(slot, used);
			ends[i]->slot = slot;
		}
		slots = max(slots, ends[i]->slot + 1U);
	}
	return slots;
}

static struct jalur_graph *make_graph(const struct jalur_draft *draft,
				      struct jalur_end **ends, unsigned int slots)
{
	struct jalur_payload *payload;
	struct jalur_end_conf *conf;
	struct jalur_graph *graph;
	unsigned int i;

	graph = kvzalloc(struct_size(graph, conf, slots) +
			 draft->payloads * sizeof(*payload), GFP_KERNEL_ACCOUNT);
	if (!graph)
		return NULL;
	graph->ends = slots;
	graph->digest = draft->digest;
	graph->grace_ms = draft->grace_ms;
	strscpy(graph->tag, draft->tag, sizeof(graph->tag));
	payload = (struct jalur_payload *)&graph->conf[slots];
	graph->payload = payload;
	if (draft->payloads)
		memcpy(payload, draft->payload, draft->payloads * sizeof(*payload));

	for (i = 0; i < draft->ends; i++) {
		conf = &graph->conf[ends[i]->slot];
		*conf = draft->end[i].conf;
		conf->end = ends[i];
		conf->payload = payload + (draft->end[i].conf.payload - draft->payload);
		if (draft->end[i].dest >= 0) {
			conf->dest = ends[draft->end[i].dest];
			conf->dest_conf = &graph->conf[conf->dest->slot];
		}
	}
	return graph;
}

static void free_graph_rcu(struct rcu_head *rcu)
{
	kvfree(container_of(rcu, struct jalur_graph, rcu));
}

/*
 * Removed ends first, then the graph that knew them; readers keep both alive. An
 * end that took over the address of a removed one was inserted before it, so
 * that packets always find one of them.
 */
static void retire_graph(struct jalur_session *session, struct jalur_graph *old,
			 const struct jalur_graph *graph)
{
	unsigned int i;

	if (!old)
		return;
	for (i = 0; i < old->ends; i++) {
		struct jalur_end *end = old->conf[i].end;

		if (!end || (i < graph->ends && graph->conf[i].end == end))
			continue;
		jalur_end_remove(session->jn, end);
		jalur_end_free_rcu(end);
	}
	call_rcu(&old->rcu, free_graph_rcu);
}

/* Everything is allocated and checked: nothing here can fail. */
static void publish(struct jalur_session *session, const struct jalur_draft *draft,
		    struct jalur_graph *graph, struct jalur_end **ends,
		    const unsigned long *fresh)
{
	struct jalur_graph *old = graph_of(session);
	const struct jalur_end_conf *was;
	unsigned int i;

	rcu_assign_pointer(session->graph, graph);
	for (i = 0; i < draft->ends; i++) {
		was = test_bit(i, fresh) ? NULL : &old->conf[ends[i]->slot];
		jalur_latch_configure(ends[i], was, &graph->conf[ends[i]->slot]);
		if (was)
			continue;
		if (draft->end[i].latched.family)
			jalur_latch_import(ends[i], &draft->end[i].latched);
		jalur_end_insert(session->jn, ends[i]);
	}
	retire_graph(session, old, graph);
}

static int apply(struct jalur_session *session, const struct jalur_draft *draft,
		 struct netlink_ext_ack *extack)
{
	DECLARE_BITMAP(fresh, JALUR_MAX_ENDS) = {};
	struct jalur_end **ends;
	struct jalur_graph *graph;
	unsigned int i, slots;
	int err;

	ends = kcalloc(JALUR_MAX_ENDS, sizeof(*ends), GFP_KERNEL);
	if (!ends)
		return -ENOMEM;
	err = find_ends(session, draft, ends, fresh, extack);
	if (err)
		goto err_ends;
	slots = assign_slots(draft, graph_of(session), ends, fresh);
	graph = make_graph(draft, ends, slots);
	if (!graph) {
		for_each_set_bit(i, fresh, JALUR_MAX_ENDS)
			jalur_end_free(ends[i]);
		err = -ENOMEM;
		goto err_ends;
	}
	publish(session, draft, graph, ends, fresh);
err_ends:
	kfree(ends);
	return err;
}

/* A place for one more session, and a reference to the module. */
static int reserve_session(struct jalur_net *jn, struct netlink_ext_ack *extack)
{
	u32 cap = jalur_session_machine_max();

	if (jn->max_sessions && jn->session_count >= jn->max_sessions) {
		NL_SET_ERR_MSG(extack, "this network namespace has its max-sessions (info-set)");
		return -ENOSPC;
	}
	if (cap && atomic_inc_return(&machine_sessions) > cap) {
		atomic_dec(&machine_sessions);
		NL_SET_ERR_MSG(extack,
			       "this machine has max_sessions (parameter of the module jalur)");
		return -ENOSPC;
	}
	if (!cap)
		atomic_inc(&machine_sessions);
	if (!try_module_get(THIS_MODULE)) {
		atomic_dec(&machine_sessions);
		NL_SET_ERR_MSG(extack, "the module is being unloaded");
		return -ENODEV;
	}
	return 0;
}

static void release_session(void)
{
	atomic_dec(&machine_sessions);
	module_put(THIS_MODULE);
}

static struct jalur_session *make_session(struct jalur_net *jn,
					  const struct jalur_draft *draft)
{
	struct jalur_session *session = kzalloc(sizeof(*session), GFP_KERNEL_ACCOUNT);

	if (!session)
		return NULL;
	session->jn = jn;
	session->owner = draft->owner;
	session->id = draft->id;
	session->created = ktime_get();
	return session;
}

/**
 * jalur_session_new - create a session
 * @jn: namespace
 * @draft: what is asked for
 * @extack: for the refusal
 *
 * Context: process, @jn->lock held; the caller took the hooks (jalur_hooks_get)
 * and puts them back when this fails.
 */
int jalur_session_new(struct jalur_net *jn, const struct jalur_draft *draft,
		      struct netlink_ext_ack *extack)
{
	struct jalur_session *session;
	struct jalur_owner *owner;
	int err;

	if (jalur_session_find(jn, draft->owner, draft->id)) {
		NL_SET_ERR_MSG_ATTR(extack, draft->id_attr,
				    "the owner has a session of this id");
		return -EEXIST;
	}
	err = make_tables(jn) ?: reserve_session(jn, extack);
	if (err)
		return err;
	err = -ENOMEM;
	owner = jalur_owner_get(jn, draft->owner);
	if (!owner)
		goto err_reserve;
	session = make_session(jn, draft);
	if (!session)
		goto err_owner;
	err = apply(session, draft, extack);
	if (err)
		goto err_session;

	hlist_add_head(&session->node, bucket_of(jn, session->owner, session->id));
	list_add_tail(&session->list, &owner->sessions);
	owner->count++;
	jn->session_count++;
	jn->generation++;
	jalur_timeout_start(jn);
	return 0;

err_session:
	kfree(session);
err_owner:
	jalur_owner_put(owner);
err_reserve:
	release_session();
	return err;
}

/**
 * jalur_session_set - replace the configuration of a session
 * @jn: namespace
 * @draft: what is asked for
 * @extack: for the refusal
 *
 * Latches and counters of ends that stay are kept.
 *
 * Context: process, @jn->lock held.
 */
int jalur_session_set(struct jalur_net *jn, const struct jalur_draft *draft,
		      struct netlink_ext_ack *extack)
{
	struct jalur_session *session;
	int err;

	session = jalur_session_find(jn, draft->owner, draft->id);
	if (!session) {
		NL_SET_ERR_MSG_ATTR(extack, draft->id_attr,
				    "the owner has no session of this id");
		return -ENOENT;
	}
	err = apply(session, draft, extack);
	if (!err)
		jalur_address_check(jn);	/* nonlocal may have changed */
	return err;
}

/**
 * jalur_session_unhash - make a session unreachable, its counters final
 * @session: the session
 *
 * Context: process, jalur_net.lock held. Then jalur_session_free().
 */
void jalur_session_unhash(struct jalur_session *session)
{
	const struct jalur_graph *graph = graph_of(session);
	struct jalur_net *jn = session->jn;
	struct jalur_owner *owner = jalur_owner_find(jn, session->owner);
	int i;

	WRITE_ONCE(session->dead, true);
	for (i = 0; i < graph->ends; i++) {
		struct jalur_end *end = graph->conf[i].end;

		if (!end)
			continue;
		jalur_end_remove(jn, end);
		/* who has the lock now still counts; who comes later sees dead */
		spin_lock_bh(&end->lock);
		spin_unlock_bh(&end->lock);
	}
	hlist_del(&session->node);
	list_del(&session->list);
	owner->count--;
	jn->session_count--;
	jn->generation++;
	jalur_hooks_put(jn);
}

static void free_session_rcu(struct rcu_head *rcu)
{
	struct jalur_session *session = container_of(rcu, struct jalur_session, rcu);
	struct jalur_graph *graph = rcu_dereference_protected(session->graph, true);
	int i;

	for (i = 0; i < graph->ends; i++)
		jalur_end_free(graph->conf[i].end);
	kvfree(graph);
	kfree(session);
}

/**
 * jalur_session_free - free a session when the last packet has left it
 * @session: unhashed
 *
 * Context: process.
 */
void jalur_session_free(struct jalur_session *session)
{
	call_rcu(&session->rcu, free_session_rcu);
	release_session();
}

/**
 * jalur_session_del - both, with the event in between
 * @session: the session
 *
 * Context: process, jalur_net.lock held. The caller puts the owner.
 */
void jalur_session_del(struct jalur_session *session)
{
	jalur_session_unhash(session);
	jalur_event_deleted(session, NULL, 0);
	jalur_session_free(session);
}

#ifdef DEBUG
#include "selftest/selftest.h"
#include "selftest/session.c"
#endif
