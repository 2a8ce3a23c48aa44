/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Force-included before every file of the module, and the only one that names
 * kernel versions. The code is written for current kernels; here is what older
 * ones lack, down to 6.1.
 */
#ifndef _JALUR_COMPAT_H
#define _JALUR_COMPAT_H

#include <linux/version.h>
#include <linux/types.h>

/* moved in 6.12; not __has_include(), which sparse does not know */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* moved out of netdevice.h in 6.5 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 5, 0)
#include <net/gso.h>
#else
#include <linux/netdevice.h>
#endif

/* per network namespace since 6.2 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define jalur_udp_table(net)	((net)->ipv4.udp_table)
#else
#define jalur_udp_table(net)	(&udp_table)
#endif

/* genl_info_dump() came with 6.6 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
#define jalur_dump_attrs(cb)	(genl_info_dump(cb)->attrs)
#else
#define jalur_dump_attrs(cb)	(genl_dumpit_info(cb)->attrs)
#endif

/* 6.10; its IPv6 twin is in stable 6.1 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define dst_rtable(ptr)		container_of(ptr, struct rtable, dst)
#endif

/* renamed in 6.16 */
#ifndef timer_container_of
#define timer_container_of	from_timer
#endif

#endif /* _JALUR_COMPAT_H */
