// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Once sockets are bound and the relay is attached, one capability is needed,
 * and only for the kernel's relay: CAP_NET_ADMIN, for netlink. The others go, for
 * good, so that whoever takes over a daemon that was started as root has media
 * sessions and not the host.
 */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/daemon.h"

static int keep_only(u32 capabilities)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data))
		return -errno;
	data[0].effective &= capabilities;
	data[0].permitted &= capabilities;
	data[0].inheritable = 0;
	data[1] = (struct __user_cap_data_struct){ 0 };
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

int daemon_privilege_drop(const struct daemon *d)
{
	u32 needed = d->relay_is_kernel ? 1u << CAP_NET_ADMIN : 0;
	unsigned long i;
	int err;

	/* Ends with EINVAL at the first capability that this kernel does not know. */
	for (i = 0; i <= 63; i++)
		if (i != CAP_NET_ADMIN || !needed)
			prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	err = keep_only(needed);
	if (err)
		log_text(LOG_ERROR, "capabilities cannot be dropped: %s", strerror(-err));
	return err;
}
