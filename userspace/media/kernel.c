// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's relay over libmnl. Two sockets: commands, each sent and answered
 * before the next, so that the owner is bound to this one; and events, which
 * are read when there are any. A command waits for its answer: the module does
 * not sleep on anything slow, and an answer of a call must not leave before it.
 * That the owner was taken over is told to the socket of commands, unasked; so
 * there is one descriptor to watch for both (epoll), and a bell (eventfd) for
 * when that news came in between a command and its answer.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/jalur.h>
#include <linux/netlink.h>

#include "base/alloc.h"
#include "media/kernel_private.h"

#define EVENT_BUFFER (4 << 20)

struct kernel_relay {
	struct media_relay relay;
	struct mnl_socket *commands, *events;
	u64 owner;
	u16 family;
	u32 group;
	u32 seq;
	struct kernel_sequence events_seen;
	bool lost, displaced;
	int watch, bell;		/* epoll, eventfd */
	size_t have;			/* of an events datagram, what is left */
	struct nlmsghdr *at;
	char *buffer;			/* KERNEL_BUFFER each */
	char *event_buffer;
};

static struct kernel_relay *kernel_of(struct media_relay *relay)
{
	return (struct kernel_relay *)relay;	/* its first member */
}

static int fail(struct media_error *err, int code, const char *text)
{
	err->code = -code;
	snprintf(err->text, sizeof(err->text), "%s", text);
	return code;
}

/* --- one command and its answer -------------------------------------------------- */

struct answer {
	int (*take)(const struct nlmsghdr *nlh, void *arg);
	void *arg;
	struct media_error *err;
	bool single;			/* what is taken is all: no NLMSG_ERROR follows */
};

/* What the module says of a refusal stands behind the error, in attributes. */
static void take_text(const struct nlmsghdr *nlh, struct media_error *err)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	size_t offset = sizeof(*e);

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		offset += mnl_nlmsg_get_payload_len(nlh) >= sizeof(*e) ?
			  e->msg.nlmsg_len - sizeof(e->msg) : 0;
	if (mnl_nlmsg_get_payload_len(nlh) < offset)
		return;
	mnl_attr_for_each(attr, nlh, offset) {
		if (mnl_attr_get_type(attr) != NLMSGERR_ATTR_MSG ||
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) < 0)
			continue;
		snprintf(err->text, sizeof(err->text), "%s", mnl_attr_get_str(attr));
	}
}

static int take_error(const struct nlmsghdr *nlh, struct media_error *err)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*e))
		return fail(err, -EPROTO, "the kernel's answer is cut short");
	if (!e->error)
		return 0;
	fail(err, e->error, strerror(-e->error));
	take_text(nlh, err);
	return e->error;
}

/* A dump that broke off says so in its last message. */
static int take_done(const struct nlmsghdr *nlh, struct media_error *err)
{
	int code = 0;

	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(code))
		memcpy(&code, mnl_nlmsg_get_payload(nlh), sizeof(code));
	return code < 0 ? fail(err, code, strerror(-code)) : 0;
}

/* 1: more to come; 0 or -errno: done. */
static int take_message(const struct nlmsghdr *nlh, struct answer *a)
{
	int err;

	switch (nlh->nlmsg_type) {
	case NLMSG_ERROR:
		return take_error(nlh, a->err);
	case NLMSG_DONE:
		return take_done(nlh, a->err);
	case NLMSG_NOOP:
		return 1;
	}
	err = a->take ? a->take(nlh, a->arg) : 0;
	if (err)
		return fail(a->err, err, "the kernel's answer is not what the interface says");
	return a->single ? 0 : 1;
}

/* News to this socket that answers nothing; the rest is of a command given up. */
static void take_unasked(struct kernel_relay *r, const struct nlmsghdr *nlh)
{
	struct media_event event;

	if (nlh->nlmsg_type != r->family || kernel_decode_event(nlh, &event) ||
	    event.type != MEDIA_EVENT_DISPLACED)
		return;
	r->displaced = true;
	eventfd_write(r->bell, 1);
}

static int take_messages(struct kernel_relay *r, ssize_t n, struct answer *a)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)r->buffer;
	int left = n, rc = 1;

	for (; rc == 1 && mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
		if (nlh->nlmsg_seq != r->seq)
			take_unasked(r, nlh);
		else
			rc = take_message(nlh, a);
	}
	return rc;
}

static int transact(struct kernel_relay *r, struct nlmsghdr *nlh, struct answer *a)
{
	ssize_t n;
	int rc;

	nlh->nlmsg_seq = ++r->seq;
	if (mnl_socket_sendto(r->commands, nlh, nlh->nlmsg_len) < 0)
		return fail(a->err, -errno, strerror(errno));
	do {
		n = mnl_socket_recvfrom(r->commands, r->buffer, KERNEL_BUFFER);
		if (n < 0 && errno == EINTR) {
			rc = 1;
			continue;
		}
		if (n < 0)
			return fail(a->err, -errno, strerror(errno));
		rc = take_messages(r, n, a);
	} while (rc == 1);
	return rc;
}

static struct nlmsghdr *begin(struct kernel_relay *r, u16 family, u8 cmd, u8 version, u16 flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(r->buffer);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = family;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = version;
	return nlh;
}

static struct nlmsghdr *begin_session(struct kernel_relay *r, u8 cmd, u16 flags)
{
	return begin(r, r->family, cmd, JALUR_GENL_VERSION, flags);
}

/* --- opening ------------------------------------------------------------------------ */

static int take_family(const struct nlmsghdr *nlh, void *arg)
{
	struct kernel_relay *r = arg;

	return kernel_decode_family(nlh, &r->family, &r->group);
}

static int find_family(struct kernel_relay *r, struct media_error *err)
{
	struct answer a = { .take = take_family, .arg = r, .err = err };
	struct nlmsghdr *nlh = begin(r, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, NLM_F_ACK);
	int rc;

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, JALUR_GENL_NAME);
	rc = transact(r, nlh, &a);
	if (rc == -ENOENT)
		fail(err, rc, "the kernel module jalur is not loaded: modprobe jalur");
	return rc;
}

static int attach(struct kernel_relay *r, bool takeover, struct media_error *err)
{
	struct answer a = { .err = err };
	struct nlmsghdr *nlh = begin_session(r, JALUR_CMD_OWNER_ATTACH, NLM_F_ACK);
	int rc;

	mnl_attr_put_u64(nlh, JALUR_A_OWNER_ID, r->owner);
	mnl_attr_put_u32(nlh, JALUR_A_OWNER_LISTENER, mnl_socket_get_portid(r->events));
	if (takeover)
		mnl_attr_put(nlh, JALUR_A_OWNER_TAKEOVER, 0, NULL);
	rc = transact(r, nlh, &a);
	if (rc == -EPERM)
		fail(err, rc, "no permission to drive the kernel module: CAP_NET_ADMIN is needed");
	return rc;
}

static int open_socket(struct mnl_socket **out, struct media_error *err)
{
	int one = 1;

	*out = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	if (!*out || mnl_socket_bind(*out, 0, MNL_SOCKET_AUTOPID) < 0)
		return fail(err, -errno, strerror(errno));
	/* both are refinements; old kernels answer all the same */
	mnl_socket_setsockopt(*out, NETLINK_EXT_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(*out, NETLINK_CAP_ACK, &one, sizeof(one));
	return 0;
}

static int open_events(struct kernel_relay *r, struct media_error *err)
{
	int fd = mnl_socket_get_fd(r->events), size = EVENT_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (mnl_socket_setsockopt(r->events, NETLINK_ADD_MEMBERSHIP, &r->group, sizeof(r->group)))
		return fail(err, -errno, "no permission for the module's events: CAP_NET_ADMIN");
	if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK))
		return fail(err, -errno, strerror(errno));
	return 0;
}

static int open_watch(struct kernel_relay *r, struct media_error *err)
{
	int fds[3], i;

	r->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r->watch = epoll_create1(EPOLL_CLOEXEC);
	fds[0] = mnl_socket_get_fd(r->events);
	fds[1] = mnl_socket_get_fd(r->commands);
	fds[2] = r->bell;
	for (i = 0; i < 3; i++) {
		struct epoll_event event = { .events = EPOLLIN };

		if (epoll_ctl(r->watch, EPOLL_CTL_ADD, fds[i], &event))
			return fail(err, -errno, strerror(errno));
	}
	return 0;
}

static void kernel_close(struct media_relay *relay)
{
	struct kernel_relay *r = kernel_of(relay);

	if (r->commands)
		mnl_socket_close(r->commands);
	if (r->events)
		mnl_socket_close(r->events);
	if (r->watch >= 0)
		close(r->watch);
	if (r->bell >= 0)
		close(r->bell);
	free(r->buffer);
	free(r->event_buffer);
	free(r);
}

/* --- sessions ------------------------------------------------------------------------ */

static int kernel_apply(struct media_relay *relay, const struct media_plan *old,
			struct media_plan *plan, struct media_error *err)
{
	struct kernel_relay *r = kernel_of(relay);
	struct answer a = { .err = err };
	struct nlmsghdr *nlh;

	nlh = begin_session(r, old ? JALUR_CMD_SESSION_SET : JALUR_CMD_SESSION_NEW, NLM_F_ACK);
	kernel_encode_plan(nlh, r->owner, plan);
	return transact(r, nlh, &a);
}

struct take_figures {
	struct kernel_relay *relay;
	struct media_figures *figures;
};

/* With a deletion comes the number of the event that we need not hear. */
static int take_session(const struct nlmsghdr *nlh, void *arg)
{
	struct take_figures *t = arg;
	u64 spared = kernel_decode_spared(nlh);

	if (spared)
		kernel_sequence_spare(&t->relay->events_seen, spared);
	return t->figures ? kernel_decode_session(nlh, t->figures, NULL) : 0;
}

static int ask_session(struct kernel_relay *r, u8 cmd, u64 session,
		       struct media_figures *figures, struct media_error *err)
{
	struct take_figures t = { r, figures };
	struct answer a = { .take = take_session, .arg = &t, .err = err, .single = true };
	struct nlmsghdr *nlh;

	nlh = begin_session(r, cmd, 0);
	mnl_attr_put_u64(nlh, JALUR_A_SESSION_OWNER, r->owner);
	mnl_attr_put_u64(nlh, JALUR_A_SESSION_ID, session);
	return transact(r, nlh, &a);
}

static int kernel_remove(struct media_relay *relay, u64 session,
			 struct media_figures *figures, struct media_error *err)
{
	return ask_session(kernel_of(relay), JALUR_CMD_SESSION_DEL, session, figures, err);
}

static int kernel_get(struct media_relay *relay, u64 session,
		      struct media_figures *figures, struct media_error *err)
{
	return ask_session(kernel_of(relay), JALUR_CMD_SESSION_GET, session, figures, err);
}

/*
 * A session whose ends do not fit one message of a dump goes on in the next:
 * its parts are put together before they are told.
 */
struct take_each {
	void (*each)(void *arg, const struct media_figures *figures, u64 digest);
	void *arg;
	struct media_figures *part, *whole;
	u64 digest;
	bool any;
};

static void tell_whole(struct take_each *t)
{
	if (t->any)
		t->each(t->arg, t->whole, t->digest);
	t->any = false;
}

static int take_part(const struct nlmsghdr *nlh, void *arg)
{
	struct take_each *t = arg;
	size_t i;
	u64 digest;
	int err = kernel_decode_session(nlh, t->part, &digest);

	if (err)
		return err;
	if (t->any && t->whole->session == t->part->session) {
		for (i = 0; i < t->part->nends && t->whole->nends < 64; i++)
			t->whole->ends[t->whole->nends++] = t->part->ends[i];
		return 0;
	}
	tell_whole(t);
	*t->whole = *t->part;
	t->digest = digest;
	t->any = true;
	return 0;
}

static int kernel_each(struct media_relay *relay,
		       void (*each)(void *arg, const struct media_figures *figures, u64 digest),
		       void *arg, struct media_error *err)
{
	struct kernel_relay *r = kernel_of(relay);
	struct take_each t = { .each = each, .arg = arg };
	struct answer a = { .take = take_part, .arg = &t, .err = err };
	struct nlmsghdr *nlh;
	int rc;

	t.part = malloc(sizeof(*t.part));
	t.whole = malloc(sizeof(*t.whole));
	if (t.part && t.whole) {
		nlh = begin_session(r, JALUR_CMD_SESSION_GET, NLM_F_DUMP);
		mnl_attr_put_u64(nlh, JALUR_A_SESSION_OWNER, r->owner);
		rc = transact(r, nlh, &a);
		tell_whole(&t);
	} else {
		rc = fail(err, -ENOMEM, "out of memory");
	}
	free(t.part);
	free(t.whole);
	return rc;
}

/* --- events ---------------------------------------------------------------------------- */

static int kernel_event_fd(const struct media_relay *relay)
{
	return ((const struct kernel_relay *)relay)->watch;
}

static int read_events(struct kernel_relay *r)
{
	ssize_t n = mnl_socket_recvfrom(r->events, r->event_buffer, KERNEL_BUFFER);

	if (n >= 0) {
		r->at = (struct nlmsghdr *)r->event_buffer;
		r->have = n;
		return 1;
	}
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	if (errno != ENOBUFS)
		return -errno;
	/* the socket overflowed; numbers begin anew with the next event */
	kernel_sequence_forget(&r->events_seen);
	r->lost = true;
	return 1;
}

/* What came to the socket of commands since the last one was answered. */
static void read_unasked(struct kernel_relay *r)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)r->buffer;
	ssize_t n = recv(mnl_socket_get_fd(r->commands), r->buffer, KERNEL_BUFFER, MSG_DONTWAIT);
	int left = n > 0 ? n : 0;

	for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left))
		take_unasked(r, nlh);
}

static bool next_message(struct kernel_relay *r, struct media_event *event)
{
	int left = r->have;
	bool ok = mnl_nlmsg_ok(r->at, left) && !kernel_decode_event(r->at, event);

	if (mnl_nlmsg_ok(r->at, left)) {
		r->at = mnl_nlmsg_next(r->at, &left);
		r->have = left > 0 ? left : 0;
	} else {
		r->have = 0;
	}
	return ok;
}

/* A gap in the numbers of this namespace means that something was lost. */
static void check_sequence(struct kernel_relay *r, const struct media_event *event)
{
	if (event->sequence && !kernel_sequence_take(&r->events_seen, event->sequence))
		r->lost = true;
}

static int kernel_event_next(struct media_relay *relay, struct media_event *event)
{
	struct kernel_relay *r = kernel_of(relay);
	eventfd_t rung;
	int rc;

	for (;;) {
		if (r->lost || r->displaced) {
			*event = (struct media_event){ .owner = r->owner };
			event->type = r->lost ? MEDIA_EVENT_LOST : MEDIA_EVENT_DISPLACED;
			*(r->lost ? &r->lost : &r->displaced) = false;
			return 1;
		}
		if (!r->have) {
			rc = read_events(r);
			if (rc < 0)
				return rc;
			if (rc)
				continue;
			eventfd_read(r->bell, &rung);
			read_unasked(r);
			if (r->displaced)
				continue;
			return 0;
		}
		if (!next_message(r, event))
			continue;
		check_sequence(r, event);
		if (event->owner == r->owner)
			return 1;
	}
}

/* --- the relay ------------------------------------------------------------------------- */

static const struct media_relay_ops kernel_ops = {
	.name = "kernel",
	.close = kernel_close,
	.apply = kernel_apply,
	.remove = kernel_remove,
	.get = kernel_get,
	.each = kernel_each,
	.event_fd = kernel_event_fd,
	.event_next = kernel_event_next,
};

int media_kernel_open(struct media_relay **out, u64 owner, bool takeover,
		      struct media_error *err)
{
	struct kernel_relay *r = zalloc(sizeof(*r));
	int rc;

	memset(err, 0, sizeof(*err));
	if (!r)
		return fail(err, -ENOMEM, "out of memory");
	r->relay.ops = &kernel_ops;
	r->owner = owner;
	r->watch = r->bell = -1;
	r->buffer = malloc(KERNEL_BUFFER);
	r->event_buffer = malloc(KERNEL_BUFFER);
	rc = r->buffer && r->event_buffer ? 0 : fail(err, -ENOMEM, "out of memory");
	if (!rc)
		rc = open_socket(&r->commands, err);
	if (!rc)
		rc = open_socket(&r->events, err);
	if (!rc)
		rc = open_watch(r, err);
	if (!rc)
		rc = find_family(r, err);
	/* events first: what happens from the attachment on is not missed */
	if (!rc)
		rc = open_events(r, err);
	if (!rc)
		rc = attach(r, takeover, err);
	if (rc) {
		kernel_close(&r->relay);
		return rc;
	}
	*out = &r->relay;
	return 0;
}
