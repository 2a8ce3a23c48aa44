/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UDP sockets on libuv: our own descriptors (recvmmsg, sendmmsg, overflow
 * counts) watched by uv_poll. Each is bound to one address, never the wildcard
 * (the configuration refuses it), so that what leaves has the address that was
 * asked and no packet info is needed. Depends on base/ alone; what to do with a
 * datagram is the caller's business.
 */
#ifndef TRANSPORT_LOOP_H
#define TRANSPORT_LOOP_H

#include <uv.h>

#include "base/addr.h"

struct udp;

typedef void (*udp_receive_fn)(void *arg, const struct flow *flow, struct slice bytes);
/* After a burst of datagrams was delivered: carry out what they caused. */
typedef void (*udp_burst_fn)(void *arg);
/* err is negative */
typedef void (*udp_failed_fn)(void *arg, const struct flow *flow, int err);

/*
 * Binds local as listener number listener. failed is called by udp_flush() for each destination
 * that the kernel refuses, and from the loop for those that nobody is at, as ICMP says. 0 or
 * -errno.
 */
int udp_open(struct udp **out, uv_loop_t *loop, u32 listener, const struct addr *local,
	     udp_receive_fn receive, udp_burst_fn burst, udp_failed_fn failed, void *arg);
/* What the kernel does not take at once waits for udp_flush(). 0, -ENOBUFS, -EMSGSIZE. */
int udp_send(struct udp *udp, const struct addr *to, struct slice bytes);
/* Sends what waits. */
void udp_flush(struct udp *udp);
u64 udp_drops(const struct udp *udp);	/* had no room in the socket, or were broken */
void udp_close(struct udp *udp);

#endif
