// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who may send to an end, and whom it learns as its remote: the rules of the
 * module (kmod/latch.c). An end is locked or not. Locked, it takes packets from
 * one address and port and from nowhere else. Not locked, it takes what was
 * signalled, exactly; and while the latch is open, the first valid packet that
 * its mode admits locks it. Nothing but a changed remote, mode or epoch opens it
 * again.
 */
#include "media/user_private.h"

/* We would send there: the stack drops most of these, but not all. */
static bool impossible_v4(u32 ip)
{
	return ip >> 24 == 0 || IN_MULTICAST(ip) || ip == INADDR_BROADCAST;
}

static bool impossible(const struct addr *src, const struct addr *local)
{
	if (!src->port || src->family != local->family)
		return true;
	if (addr_loopback(src) != addr_loopback(local))
		return true;
	if (src->family == AF_INET)
		return impossible_v4(ntohl(src->ip.v4.s_addr));
	return IN6_IS_ADDR_UNSPECIFIED(&src->ip.v6) || IN6_IS_ADDR_MULTICAST(&src->ip.v6) ||
	       IN6_IS_ADDR_V4MAPPED(&src->ip.v6);
}

/* Of an open latch: may it close on src? */
static bool admits(const struct media_end *conf, const struct addr *src)
{
	if (!conf->latch_open || impossible(src, &conf->local))
		return false;
	if (conf->latch == JALUR_LATCH_ANY)
		return true;
	return conf->latch == JALUR_LATCH_PORT && conf->remote.family &&
	       addr_ip_eq(&conf->remote, src);
}

bool user_latch_allows(const struct user_latch *latch, const struct media_end *conf,
		       const struct addr *src)
{
	if (latch->remote.family && addr_eq(&latch->remote, src))
		return true;
	return !latch->locked && admits(conf, src);
}

bool user_latch_learn(struct user_latch *latch, const struct media_end *conf,
		      const struct addr *src)
{
	if (latch->locked || !admits(conf, src))
		return false;
	latch->remote = *src;
	latch->locked = true;
	return true;
}

void user_latch_configure(struct user_latch *latch, const struct media_end *old,
			  const struct media_end *conf)
{
	if (old && old->latch == conf->latch && old->latch_epoch == conf->latch_epoch &&
	    addr_eq(&old->remote, &conf->remote))
		return;
	latch->remote = conf->remote;
	latch->locked = false;
}
