// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * UDP sockets: received in bursts by recvmmsg, sent one by one, for which the kernel does
 * less than for a burst of one. What the socket cannot take waits in order until it can and
 * leaves in bursts by sendmmsg; what a destination refuses is told to the caller, who knows
 * what it was for. A burst grows with what there is: to ask for more than comes costs a third
 * of what one datagram does, so only now and then somebody looks whether there is more, the
 * less often the more often it was in vain.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <linux/errqueue.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/sock_diag.h>

#include "base/list.h"
#include "transport/loop.h"

#define BURST 32
#define FEW_SINGLES 4		/* datagrams one by one before two are asked for, at first */
#define MANY_SINGLES 32		/* and when it was in vain each time */
#define MAX_DATAGRAM 65536
#define MAX_QUEUED 4096		/* datagrams that wait for the socket */
#define BUFFER_BYTES (4 << 20)

struct outgoing {
	struct list node;
	struct addr to;
	size_t n;
	char bytes[];
};

struct udp {
	uv_poll_t poll;
	int fd;
	u32 listener;
	udp_receive_fn receive;
	udp_burst_fn burst;
	udp_failed_fn failed;
	void *arg;
	struct list queue;
	size_t queued;
	bool blocked;			/* waits to be writable */
	unsigned int asked;		/* datagrams of the next burst */
	unsigned int singles;		/* that came one by one, since somebody looked for two */
	unsigned int patience;		/* so many of them before somebody looks again */
	unsigned int used;		/* of those below, since they were made ready to receive */
	struct mmsghdr headers[BURST];
	struct iovec vectors[BURST];
	struct sockaddr_storage names[BURST];
	char *buffer;			/* BURST times MAX_DATAGRAM */
};

static void ready(uv_poll_t *poll, int status, int events);

/* --- in --- */

/* Where the next burst goes; of what the last one has left as it was, nothing is written. */
static void make_ready(struct udp *udp)
{
	unsigned int i;

	for (i = 0; i < udp->used; i++) {
		udp->vectors[i] = (struct iovec){ udp->buffer + i * MAX_DATAGRAM, MAX_DATAGRAM };
		udp->headers[i].msg_hdr = (struct msghdr){
			.msg_name = &udp->names[i], .msg_namelen = sizeof(udp->names[i]),
			.msg_iov = &udp->vectors[i], .msg_iovlen = 1,
		};
	}
	udp->used = 0;
}

static void note_used(struct udp *udp, unsigned int n)
{
	if (udp->used < n)
		udp->used = n;
}

/* All that was asked for: there may be more. The loop comes back for it, as it would wait. */
static void ask_next(struct udp *udp, int n)
{
	if (n > 1)
		udp->patience = FEW_SINGLES;
	else if (udp->patience < MANY_SINGLES)
		udp->patience *= 2;
	if (n >= (int)udp->asked)
		udp->asked = 2 * udp->asked < BURST ? 2 * udp->asked : BURST;
	else
		udp->asked = n > 1 ? (unsigned int)n : 1;
}

static void deliver(struct udp *udp, unsigned int i, size_t n)
{
	struct flow flow = { .listener = udp->listener };

	if (addr_from_sockaddr((struct sockaddr *)&udp->names[i], &flow.peer))
		udp->receive(udp->arg, &flow, slice_of(udp->buffer + i * MAX_DATAGRAM, n));
}

/* No datagram is longer than its buffer. */
static int receive_burst(struct udp *udp)
{
	int i, n;

	make_ready(udp);
	n = recvmmsg(udp->fd, udp->headers, udp->asked, MSG_DONTWAIT, NULL);
	/* The kernel may have written to the one that it had nothing for. */
	note_used(udp, n < 0 ? 1 : n < BURST ? (unsigned int)n + 1 : BURST);
	ask_next(udp, n);
	for (i = 0; i < n; i++)
		deliver(udp, (unsigned int)i, udp->headers[i].msg_len);
	return n;
}

static int receive_one(struct udp *udp)
{
	socklen_t len = sizeof(udp->names[0]);
	ssize_t n = recvfrom(udp->fd, udp->buffer, MAX_DATAGRAM, MSG_DONTWAIT,
			     (struct sockaddr *)&udp->names[0], &len);

	if (n < 0)
		return -1;
	if (++udp->singles >= udp->patience) {
		udp->singles = 0;
		udp->asked = 2;
	}
	deliver(udp, 0, (size_t)n);
	return 1;
}

/* A few bursts a turn, so that timers and other sockets have theirs. */
static void receive_all(struct udp *udp)
{
	int turns, n = 0;

	for (turns = 0; turns < 4; turns++) {
		n = udp->asked == 1 ? receive_one(udp) : receive_burst(udp);
		/* An error of an earlier send (ICMP) takes the place of a datagram. */
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			continue;
		if (n < BURST)
			break;
	}
	udp->burst(udp->arg);
}

/* --- errors --- */

/* Nobody is there (RFC 3261 section 18.4); not: too long for the path, too many hops. */
static bool is_unreachable(const struct sock_extended_err *e)
{
	if (e->ee_origin == SO_EE_ORIGIN_ICMP)
		return e->ee_type == ICMP_DEST_UNREACH && e->ee_code != ICMP_FRAG_NEEDED;
	return e->ee_origin == SO_EE_ORIGIN_ICMP6 && e->ee_type == ICMPV6_DEST_UNREACH;
}

static int unreachable(struct msghdr *hdr)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(hdr); c; c = CMSG_NXTHDR(hdr, c)) {
		struct sock_extended_err e;

		if (!(c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR) &&
		    !(c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR))
			continue;
		memcpy(&e, CMSG_DATA(c), sizeof(e));
		if (is_unreachable(&e))
			return -(int)e.ee_errno;
	}
	return 0;
}

/* What became of datagrams that had left. Returns how many of them there were. */
static unsigned int take_errors(struct udp *udp)
{
	unsigned int n;

	for (n = 0; n < MAX_QUEUED; n++) {
		char control[256];
		struct sockaddr_storage to;
		struct msghdr hdr = {
			.msg_name = &to, .msg_namelen = sizeof(to),
			.msg_control = control, .msg_controllen = sizeof(control),
		};
		struct flow flow = { .listener = udp->listener };
		int err;

		if (recvmsg(udp->fd, &hdr, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			break;
		err = unreachable(&hdr);
		if (err && addr_from_sockaddr((struct sockaddr *)&to, &flow.peer))
			udp->failed(udp->arg, &flow, err);
	}
	return n;
}

/* --- out --- */

static void watch(struct udp *udp, bool writable)
{
	udp->blocked = writable;
	uv_poll_start(&udp->poll, UV_READABLE | (writable ? UV_WRITABLE : 0), ready);
}

static int send_now(struct udp *udp, const struct addr *to, struct slice bytes)
{
	struct sockaddr_storage ss;
	socklen_t n = addr_to_sockaddr(to, &ss);

	if (sendto(udp->fd, bytes.p, bytes.n, MSG_DONTWAIT, (struct sockaddr *)&ss, n) < 0)
		return -errno;
	return 0;
}

/* Whatever is wrong is left to udp_flush(), which knows whom to tell. */
int udp_send(struct udp *udp, const struct addr *to, struct slice bytes)
{
	struct outgoing *o;

	if (bytes.n > 65507)
		return -EMSGSIZE;
	if (!udp->queued && !send_now(udp, to, bytes))
		return 0;
	if (udp->queued >= MAX_QUEUED)
		return -ENOBUFS;
	o = malloc(sizeof(*o) + bytes.n);
	if (!o)
		return -ENOBUFS;
	o->to = *to;
	o->n = bytes.n;
	if (bytes.n)
		memcpy(o->bytes, bytes.p, bytes.n);
	list_add_tail(&udp->queue, &o->node);
	udp->queued++;
	return 0;
}

static void drop_first(struct udp *udp)
{
	struct outgoing *o = list_entry(udp->queue.next, struct outgoing, node);

	list_del(&o->node);
	udp->queued--;
	free(o);
}

static int send_burst(struct udp *udp)
{
	struct list *at = udp->queue.next;
	unsigned int n;
	int sent, i;

	for (n = 0; n < BURST && at != &udp->queue; n++, at = at->next) {
		struct outgoing *o = list_entry(at, struct outgoing, node);

		udp->vectors[n] = (struct iovec){ o->bytes, o->n };
		udp->headers[n].msg_hdr = (struct msghdr){
			.msg_name = &udp->names[n],
			.msg_namelen = addr_to_sockaddr(&o->to, &udp->names[n]),
			.msg_iov = &udp->vectors[n], .msg_iovlen = 1,
		};
	}
	note_used(udp, n);
	sent = sendmmsg(udp->fd, udp->headers, n, MSG_DONTWAIT);
	if (sent < 0)
		return -errno;
	for (i = 0; i < sent; i++)
		drop_first(udp);
	return 0;
}

/* An error may be the news of an earlier datagram; else it is the first one's own. */
void udp_flush(struct udp *udp)
{
	while (udp->queued) {
		int err = send_burst(udp);
		struct flow flow = { .listener = udp->listener };

		if (err == -EAGAIN || err == -ENOBUFS) {
			watch(udp, true);
			return;
		}
		if (!err || err == -EINTR || take_errors(udp))
			continue;
		flow.peer = list_entry(udp->queue.next, struct outgoing, node)->to;
		drop_first(udp);
		udp->failed(udp->arg, &flow, err);
	}
	if (udp->blocked)
		watch(udp, false);
}

/* libuv stops to watch a socket that has errors. */
static void ready(uv_poll_t *poll, int status, int events)
{
	struct udp *udp = poll->data;

	if (status < 0) {
		take_errors(udp);
		watch(udp, udp->blocked);
	}
	if (events & UV_WRITABLE) {
		udp_flush(udp);
		udp->burst(udp->arg);
	}
	if (status < 0 || events & UV_READABLE)
		receive_all(udp);
}

/* --- life --- */

static int make_socket(const struct addr *local)
{
	int fd = socket(local->family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(local, &ss);
	int on = 1, size = BUFFER_BYTES, err;

	if (fd < 0)
		return -errno;
	/* Best effort: what the kernel grants is enough to work. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (local->family == AF_INET6) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
	} else {
		setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
	}
	if (!bind(fd, (struct sockaddr *)&ss, len))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int udp_open(struct udp **out, uv_loop_t *loop, u32 listener, const struct addr *local,
	     udp_receive_fn receive, udp_burst_fn burst, udp_failed_fn failed, void *arg)
{
	struct udp *udp = calloc(1, sizeof(*udp));
	int err = -ENOMEM;

	if (!udp)
		return -ENOMEM;
	udp->buffer = malloc((size_t)BURST * MAX_DATAGRAM);
	if (!udp->buffer)
		goto err_udp;
	udp->fd = make_socket(local);
	if (udp->fd < 0) {
		err = udp->fd;
		goto err_udp;
	}
	err = uv_poll_init(loop, &udp->poll, udp->fd);
	if (err)
		goto err_socket;
	udp->used = BURST;
	udp->asked = 1;
	udp->patience = FEW_SINGLES;
	udp->listener = listener;
	udp->receive = receive;
	udp->burst = burst;
	udp->failed = failed;
	udp->arg = arg;
	list_init(&udp->queue);
	udp->poll.data = udp;
	watch(udp, false);
	*out = udp;
	return 0;

err_socket:
	close(udp->fd);
err_udp:
	free(udp->buffer);
	free(udp);
	return err;
}

u64 udp_drops(const struct udp *udp)
{
	u32 info[SK_MEMINFO_VARS] = { 0 };
	socklen_t n = sizeof(info);

	getsockopt(udp->fd, SOL_SOCKET, SO_MEMINFO, info, &n);
	return info[SK_MEMINFO_DROPS];
}

static void closed(uv_handle_t *handle)
{
	struct udp *udp = handle->data;

	free(udp->buffer);
	free(udp);
}

/* The memory goes when the loop runs next. */
void udp_close(struct udp *udp)
{
	if (!udp)
		return;
	while (udp->queued)
		drop_first(udp);
	uv_poll_stop(&udp->poll);
	close(udp->fd);
	uv_close((uv_handle_t *)&udp->poll, closed);
}
