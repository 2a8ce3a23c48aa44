// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each network namespace has: sessions, and hooks on its devices. Hooks
 * exist only while there are sessions, since every datagram of the host pays
 * for them: they are taken before the first session and linger a little after
 * the last, so that single calls do not put them up and down all day. Ports of
 * a bond, team, bridge or Open vSwitch are left alone: their packets show up
 * again on the master. Slaves of a VRF are not: the master's ingress does not
 * run for them.
 */

#include <linux/inetdevice.h>
#include <linux/module.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <linux/netfilter_netdev.h>
#include <linux/rtnetlink.h>
#include <net/addrconf.h>

#include "control.h"

#define LINGER		(2 * HZ)

/* After an administrator's netdev filter chain, which is at 0. */
static int hook_priority = 10;
module_param(hook_priority, int, 0444);
MODULE_PARM_DESC(hook_priority, "priority of the ingress hooks (default 10)");

unsigned int jalur_net_id __ro_after_init;

static const struct nf_hook_ops local_in_ops[] = {
	{
		.hook		= jalur_hook_local_in,
		.pf		= NFPROTO_IPV4,
		.hooknum	= NF_INET_LOCAL_IN,
		.priority	= NF_IP_PRI_FIRST,
	},
	{
		.hook		= jalur_hook_local_in,
		.pf		= NFPROTO_IPV6,
		.hooknum	= NF_INET_LOCAL_IN,
		.priority	= NF_IP6_PRI_FIRST,
	},
};

/**
 * jalur_hook_priority - of the ingress hooks
 *
 * Context: any.
 */
int jalur_hook_priority(void)
{
	return hook_priority;
}

static struct jalur_hook *find_hook(struct jalur_net *jn,
				    const struct net_device *dev)
{
	struct jalur_hook *hook;

	list_for_each_entry(hook, &jn->hooks, list)
		if (hook->dev == dev)
			return hook;
	return NULL;
}

static void set_hook(struct jalur_net *jn, struct jalur_hook *hook, bool port)
{
	if (port) {
		if (hook->state == JALUR_HOOK_STATE_HOOKED)
			nf_unregister_net_hook(jn->net, &hook->ops);
		hook->state = JALUR_HOOK_STATE_PORT_OF_MASTER;
		return;
	}
	if (hook->state == JALUR_HOOK_STATE_HOOKED)
		return;
	hook->ops.hook = jalur_hook_ingress;
	hook->ops.pf = NFPROTO_NETDEV;
	hook->ops.hooknum = NF_NETDEV_INGRESS;
	hook->ops.priority = hook_priority;
	hook->ops.dev = hook->dev;
	hook->ops.priv = jn;
	hook->state = nf_register_net_hook(jn->net, &hook->ops) ?
		      JALUR_HOOK_STATE_FAILED : JALUR_HOOK_STATE_HOOKED;
	if (hook->state == JALUR_HOOK_STATE_FAILED)
		jalur_err("no ingress hook on %s; its packets take the slow path\n",
			  netdev_name(hook->dev));
}

static bool is_port(const struct net_device *dev)
{
	return netif_is_bond_slave(dev) || netif_is_team_port(dev) ||
	       netif_is_bridge_port(dev) || netif_is_ovs_port(dev);
}

static int add_hook(struct jalur_net *jn, struct net_device *dev)
{
	struct jalur_hook *hook = kzalloc(sizeof(*hook), GFP_KERNEL_ACCOUNT);

	if (!hook)
		return -ENOMEM;
	hook->dev = dev;
	hook->state = JALUR_HOOK_STATE_FAILED;
	list_add_tail(&hook->list, &jn->hooks);
	set_hook(jn, hook, is_port(dev));
	return 0;
}

static void remove_hook(struct jalur_net *jn, struct jalur_hook *hook)
{
	if (hook->state == JALUR_HOOK_STATE_HOOKED)
		nf_unregister_net_hook(jn->net, &hook->ops);
	list_del(&hook->list);
	kfree(hook);
}

static void remove_hooks(struct jalur_net *jn)
{
	struct jalur_hook *hook, *next;

	list_for_each_entry_safe(hook, next, &jn->hooks, list)
		remove_hook(jn, hook);
	if (jn->hooked)
		nf_unregister_net_hooks(jn->net, local_in_ops,
					ARRAY_SIZE(local_in_ops));
	jn->hooked = false;
}

static int add_hooks(struct jalur_net *jn)
{
	struct net_device *dev;
	int err;

	ASSERT_RTNL();
	err = nf_register_net_hooks(jn->net, local_in_ops, ARRAY_SIZE(local_in_ops));
	if (err)
		return err;
	jn->hooked = true;
	for_each_netdev(jn->net, dev) {
		err = add_hook(jn, dev);
		if (err) {
			remove_hooks(jn);
			return err;
		}
	}
	return 0;
}

/**
 * jalur_hooks_get - a session is about to come
 * @jn: namespace
 * @extack: for the refusal
 *
 * Context: process, no lock held: it may take RTNL, which comes first.
 */
int jalur_hooks_get(struct jalur_net *jn, struct netlink_ext_ack *extack)
{
	int err = 0;

	mutex_lock(&jn->lock);
	if (jn->hooked) {
		jn->hook_users++;
		mutex_unlock(&jn->lock);
		return 0;
	}
	mutex_unlock(&jn->lock);

	rtnl_lock();
	mutex_lock(&jn->lock);
	if (!jn->hooked)
		err = add_hooks(jn);
	if (err)
		NL_SET_ERR_MSG(extack, "the netfilter hooks could not be registered");
	else
		jn->hook_users++;
	mutex_unlock(&jn->lock);
	rtnl_unlock();
	return err;
}

/**
 * jalur_hooks_put - a session went, or did not come after all
 * @jn: namespace
 *
 * Context: process, @jn->lock held.
 */
void jalur_hooks_put(struct jalur_net *jn)
{
	lockdep_assert_held(&jn->lock);
	if (!--jn->hook_users)
		mod_delayed_work(system_power_efficient_wq, &jn->hook_work, LINGER);
}

/* Tables go with the hooks: nobody looks anything up without these. */
static void drop_tables(struct jalur_net *jn)
{
	struct jalur_table *table;

	table = rcu_replace_pointer(jn->table, NULL, lockdep_is_held(&jn->lock));
	kvfree(jn->sessions);
	jn->sessions = NULL;
	if (table)
		kvfree_rcu(table, rcu);
}

static void release_hooks(struct work_struct *work)
{
	struct jalur_net *jn = container_of(to_delayed_work(work),
					    struct jalur_net, hook_work);

	rtnl_lock();
	mutex_lock(&jn->lock);
	if (!jn->hook_users) {
		remove_hooks(jn);
		drop_tables(jn);
	}
	mutex_unlock(&jn->lock);
	rtnl_unlock();
}

/* Upper devices that show the packets of their ports again as their own. */
static bool takes_over(const struct net_device *upper)
{
	return netif_is_bond_master(upper) || netif_is_team_master(upper) ||
	       netif_is_bridge_master(upper) || netif_is_ovs_master(upper);
}

static void change_hook(struct jalur_net *jn, const struct net_device *dev,
			const struct netdev_notifier_changeupper_info *info)
{
	struct jalur_hook *hook = find_hook(jn, dev);

	/* flags of the port come and go at other times: ask the event */
	if (hook && info->master && takes_over(info->upper_dev))
		set_hook(jn, hook, info->linking);
}

/*
 * Under RTNL. A device that moves between namespaces unregisters and registers.
 * One that goes up or down, or into a VRF, may take its addresses with it, of
 * which the address notifiers do not always tell.
 */
static int device_event(struct notifier_block *nb, unsigned long event, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct jalur_net *jn = jalur_net_get(dev_net(dev));
	struct jalur_hook *hook;

	mutex_lock(&jn->lock);
	if (!jn->hooked)
		goto out;
	hook = find_hook(jn, dev);
	switch (event) {
	case NETDEV_REGISTER:
		/* without memory its packets take the slow path */
		if (!hook)
			add_hook(jn, dev);
		break;
	case NETDEV_UNREGISTER:
		if (hook)
			remove_hook(jn, hook);
		break;
	case NETDEV_CHANGEUPPER:
		change_hook(jn, dev, ptr);
		fallthrough;
	case NETDEV_UP:
	case NETDEV_DOWN:
		jalur_address_check(jn);
		break;
	}
out:
	mutex_unlock(&jn->lock);
	return NOTIFY_DONE;
}

static struct notifier_block device_notifier = {
	.notifier_call = device_event,
};

static int inet_address_event(struct notifier_block *nb, unsigned long event,
			      void *ptr)
{
	const struct in_ifaddr *ifa = ptr;

	jalur_address_check(jalur_net_get(dev_net(ifa->ifa_dev->dev)));
	return NOTIFY_DONE;
}

static struct notifier_block inet_address_notifier = {
	.notifier_call = inet_address_event,
};

/* In atomic context, hence the work. */
static int inet6_address_event(struct notifier_block *nb, unsigned long event,
			       void *ptr)
{
	const struct inet6_ifaddr *ifa = ptr;

	jalur_address_check(jalur_net_get(dev_net(ifa->idev->dev)));
	return NOTIFY_DONE;
}

static struct notifier_block inet6_address_notifier = {
	.notifier_call = inet6_address_event,
};

static int __net_init enter_net(struct net *net)
{
	struct jalur_net *jn = jalur_net_get(net);

	jn->net = net;
	mutex_init(&jn->lock);
	spin_lock_init(&jn->event_lock);
	INIT_LIST_HEAD(&jn->owners);
	INIT_LIST_HEAD(&jn->hooks);
	INIT_DELAYED_WORK(&jn->hook_work, release_hooks);
	INIT_DELAYED_WORK(&jn->timeout_work, jalur_timeout_work);
	INIT_WORK(&jn->address_work, jalur_address_work);
	jn->orphan_s = 300;
	jn->orphan_idle_s = 300;
	return 0;
}

static void delete_sessions(struct jalur_net *jn)
{
	struct jalur_session *session, *next_session;
	struct jalur_owner *owner, *next;

	lockdep_assert_held(&jn->lock);
	list_for_each_entry_safe(owner, next, &jn->owners, list) {
		list_for_each_entry_safe(session, next_session, &owner->sessions, list)
			jalur_session_del(session);
		owner->portid = 0;
		jalur_owner_put(owner);
	}
}

/*
 * No socket of the namespace is left, so nobody else gets here; nor is a device,
 * unless the module is unloaded. Hooks of devices went when these unregistered.
 */
static void __net_exit leave_net(struct net *net)
{
	struct jalur_net *jn = jalur_net_get(net);

	cancel_delayed_work_sync(&jn->timeout_work);
	cancel_work_sync(&jn->address_work);
	mutex_lock(&jn->lock);
	delete_sessions(jn);
	remove_hooks(jn);
	drop_tables(jn);
	mutex_unlock(&jn->lock);
	cancel_delayed_work_sync(&jn->hook_work);
}

/* Sessions and hooks point at struct jalur_net until their last packet left. */
static void __net_exit leave_nets(struct list_head *nets)
{
	synchronize_net();
	rcu_barrier();
}

static struct pernet_operations net_ops = {
	.init		= enter_net,
	.exit		= leave_net,
	.exit_batch	= leave_nets,
	.id		= &jalur_net_id,
	.size		= sizeof(struct jalur_net),
};

/**
 * jalur_net_init - take part in every network namespace
 *
 * Context: process.
 */
int jalur_net_init(void)
{
	int err;

	err = register_pernet_subsys(&net_ops);
	if (err)
		return err;
	err = register_netdevice_notifier(&device_notifier);
	if (err)
		goto err_net;
	err = register_inetaddr_notifier(&inet_address_notifier);
	if (err)
		goto err_device;
	err = register_inet6addr_notifier(&inet6_address_notifier);
	if (err)
		goto err_inet;
	return 0;

err_inet:
	unregister_inetaddr_notifier(&inet_address_notifier);
err_device:
	unregister_netdevice_notifier(&device_notifier);
err_net:
	unregister_pernet_subsys(&net_ops);
	return err;
}

/**
 * jalur_net_exit - the opposite
 *
 * Context: process.
 */
void jalur_net_exit(void)
{
	unregister_inet6addr_notifier(&inet6_address_notifier);
	unregister_inetaddr_notifier(&inet_address_notifier);
	unregister_netdevice_notifier(&device_notifier);
	unregister_pernet_subsys(&net_ops);
}
