// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owners: whose a session is, whoever speaks for him just now. An owner is
 * attached to one netlink socket; when that closes he is away, and his sessions
 * go on. Without an attached owner sessions may only be changed by force.
 */

#include <linux/netlink.h>
#include <net/netlink.h>

#include "control.h"

/**
 * jalur_owner_find - an owner who is attached or has sessions
 * @jn: namespace
 * @id: of the owner
 *
 * Context: process, @jn->lock held.
 */
struct jalur_owner *jalur_owner_find(struct jalur_net *jn, u64 id)
{
	struct jalur_owner *owner;

	lockdep_assert_held(&jn->lock);
	list_for_each_entry(owner, &jn->owners, list)
		if (owner->id == id)
			return owner;
	return NULL;
}

/**
 * jalur_owner_get - the same, made when there is none
 * @jn: namespace
 * @id: of the owner
 *
 * Context: process, @jn->lock held. Give it back with jalur_owner_put().
 * Return: the owner, or NULL when there is no memory.
 */
struct jalur_owner *jalur_owner_get(struct jalur_net *jn, u64 id)
{
	struct jalur_owner *owner = jalur_owner_find(jn, id);

	if (owner)
		return owner;
	owner = kzalloc(sizeof(*owner), GFP_KERNEL_ACCOUNT);
	if (!owner)
		return NULL;
	owner->id = id;
	owner->detached = jiffies;
	INIT_LIST_HEAD(&owner->sessions);
	list_add_tail(&owner->list, &jn->owners);
	return owner;
}

/**
 * jalur_owner_put - forget an owner who is away and has nothing
 * @owner: the owner; may be gone afterwards
 *
 * Context: process, jalur_net.lock held.
 */
void jalur_owner_put(struct jalur_owner *owner)
{
	if (owner->portid || owner->count)
		return;
	list_del(&owner->list);
	kfree(owner);
}

/**
 * jalur_owner_attach - bind an owner to a socket
 * @jn: namespace
 * @id: of the owner
 * @portid: of the socket
 * @listener: port of the socket on which he hears events, or 0
 * @takeover: displace the socket that is attached now
 * @extack: for the refusal
 *
 * Context: process, @jn->lock held.
 * Return: 0, -EBUSY when another socket is attached, -ENOMEM.
 */
int jalur_owner_attach(struct jalur_net *jn, u64 id, u32 portid, u32 listener,
		       bool takeover, struct netlink_ext_ack *extack)
{
	struct jalur_owner *owner = jalur_owner_get(jn, id);

	if (!owner)
		return -ENOMEM;
	if (owner->portid && owner->portid != portid) {
		if (!takeover) {
			NL_SET_ERR_MSG(extack,
				       "another socket is attached to this owner; use takeover to displace it");
			return -EBUSY;
		}
		jalur_event_displaced(jn, owner->portid, id);
	}
	owner->portid = portid;
	owner->listener = listener;
	return 0;
}

/**
 * jalur_owner_check - may this socket change sessions of an owner
 * @jn: namespace
 * @id: of the owner
 * @portid: of the socket
 * @force: it insists
 * @extack: for the refusal
 *
 * Context: process, @jn->lock held.
 */
int jalur_owner_check(struct jalur_net *jn, u64 id, u32 portid, bool force,
		      struct netlink_ext_ack *extack)
{
	const struct jalur_owner *owner = jalur_owner_find(jn, id);

	if (force || (owner && owner->portid == portid))
		return 0;
	NL_SET_ERR_MSG(extack,
		       "this socket is not attached to the owner; attach it, or use force");
	return -EPERM;
}

/* A netlink socket closes: every owner that it speaks for is away. */
static int release_socket(struct notifier_block *nb, unsigned long event,
			  void *data)
{
	struct netlink_notify *notify = data;
	struct jalur_owner *owner, *next;
	struct jalur_net *jn;

	if (event != NETLINK_URELEASE || notify->protocol != NETLINK_GENERIC ||
	    !notify->portid)
		return NOTIFY_DONE;
	jn = jalur_net_get(notify->net);
	mutex_lock(&jn->lock);
	list_for_each_entry_safe(owner, next, &jn->owners, list) {
		if (owner->portid != notify->portid)
			continue;
		owner->portid = 0;
		owner->listener = 0;
		owner->detached = jiffies;
		jalur_owner_put(owner);
	}
	mutex_unlock(&jn->lock);
	return NOTIFY_DONE;
}

static struct notifier_block owner_notifier = {
	.notifier_call = release_socket,
};

/**
 * jalur_owner_init - begin to watch sockets close
 *
 * Context: process.
 */
int jalur_owner_init(void)
{
	return netlink_register_notifier(&owner_notifier);
}

/**
 * jalur_owner_exit - the opposite
 *
 * Context: process.
 */
void jalur_owner_exit(void)
{
	netlink_unregister_notifier(&owner_notifier);
}
