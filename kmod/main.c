// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading and unloading: a ladder of inits, and its mirror image. Sessions pin
 * the module (session.c), so that it goes away only when no media is relayed.
 */

#include <linux/module.h>
#include <net/genetlink.h>

#include "jalur/version.h"

#include "control.h"
#include "selftest/selftest.h"

static int __init jalur_init(void)
{
	int err;

#ifdef DEBUG
	if (!jalur_selftest() || !jalur_selftest_end() || !jalur_selftest_session())
		return -ENOTRECOVERABLE;
#endif
	err = jalur_net_init();
	if (err)
		return err;

	err = jalur_owner_init();
	if (err)
		goto err_net;

	err = jalur_netlink_init();
	if (err)
		goto err_owner;

	return 0;

err_owner:
	jalur_owner_exit();
err_net:
	jalur_net_exit();
	return err;
}

static void __exit jalur_exit(void)
{
	jalur_netlink_exit();
	jalur_owner_exit();
	jalur_net_exit();
	rcu_barrier();
}

module_init(jalur_init);
module_exit(jalur_exit);

MODULE_AUTHOR("The Jalur authors");
MODULE_DESCRIPTION("Relay of RTP and RTCP in the kernel");
MODULE_VERSION(JALUR_VERSION);
MODULE_LICENSE("GPL");
MODULE_ALIAS_GENL_FAMILY(JALUR_GENL_NAME);
