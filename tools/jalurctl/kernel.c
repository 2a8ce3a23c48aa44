// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The module, over libnl. Each way of not reaching it has its own words and
 * remedy; what the module refuses is told in its own (extack).
 */
#include <errno.h>
#include <netlink/genl/ctrl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/jalur.h>
#include <linux/netlink.h>

#include "ctl.h"

#ifndef NETLINK_EXT_ACK
#define NETLINK_EXT_ACK 11
#endif

struct request {
	struct kernel *kernel;
	void (*each)(void *arg, struct nlattr *attrs, int len);
	void *arg;
	bool done;
};

static int unreachable(struct ctl *ctl, int err)
{
	if (err == -NLE_OBJ_NOTFOUND)
		return ctl_fail(ctl, CTL_UNREACHABLE, "module-not-loaded", "kernel",
				"modprobe jalur",
				"the kernel module jalur is not loaded");
	if (err == -NLE_PERM)
		return ctl_fail(ctl, CTL_FAILED, "no-permission", "kernel",
				"run as root, or with CAP_NET_ADMIN",
				"no permission to ask the kernel module");
	return ctl_fail(ctl, CTL_UNREACHABLE, "netlink", "kernel", NULL,
			"generic netlink does not answer: %s", nl_geterror(err));
}

int kernel_open(struct ctl *ctl)
{
	struct kernel *k;
	int err, one = 1;

	if (ctl->kernel)
		return 0;
	k = calloc(1, sizeof(*k));
	if (!k)
		return ctl_fail(ctl, CTL_FAILED, "no-memory", NULL, NULL, "no memory");
	ctl->kernel = k;
	k->sock = nl_socket_alloc();
	err = k->sock ? genl_connect(k->sock) : -NLE_NOMEM;
	if (!err) {
		setsockopt(nl_socket_get_fd(k->sock), SOL_NETLINK, NETLINK_EXT_ACK, &one,
			   sizeof(one));
		nl_socket_set_buffer_size(k->sock, 1 << 20, 0);
		nl_socket_set_msg_buf_size(k->sock, 1 << 16);
		k->family = genl_ctrl_resolve(k->sock, JALUR_GENL_NAME);
		err = k->family < 0 ? k->family : 0;
	}
	if (!err)
		return 0;
	kernel_close(ctl);
	return unreachable(ctl, err);
}

void kernel_close(struct ctl *ctl)
{
	if (!ctl->kernel)
		return;
	nl_socket_free(ctl->kernel->sock);
	free(ctl->kernel);
	ctl->kernel = NULL;
}

struct nl_msg *kernel_message(struct ctl *ctl, int cmd, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(8192);

	if (msg && genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, ctl->kernel->family, 0, flags,
			       (u8)cmd, JALUR_GENL_VERSION))
		return msg;
	nlmsg_free(msg);
	ctl_fail(ctl, CTL_FAILED, "no-memory", NULL, NULL, "no memory");
	return NULL;
}

/* --- answers --- */

static int take_answer(struct nl_msg *msg, void *arg)
{
	struct request *r = arg;
	struct genlmsghdr *genl = nlmsg_data(nlmsg_hdr(msg));

	if (r->each)
		r->each(r->arg, genlmsg_attrdata(genl, 0), genlmsg_attrlen(genl, 0));
	return NL_OK;
}

static int take_end(struct nl_msg *msg, void *arg)
{
	struct request *r = arg;

	(void)msg;
	r->done = true;
	return NL_STOP;
}

/* The text lies behind the error, and behind our request unless it was left out. */
static void take_text(struct kernel *k, struct nlmsgerr *e)
{
	struct nlmsghdr *nlh = (struct nlmsghdr *)((char *)e - NLMSG_HDRLEN);
	int offset = sizeof(*e), left;
	struct nlattr *attr;

	k->text[0] = '\0';
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		offset += (int)(e->msg.nlmsg_len - NLMSG_HDRLEN);
	left = nlmsg_datalen(nlh) - NLMSG_ALIGN(offset);
	if (left <= 0)
		return;
	attr = nla_find((struct nlattr *)((char *)e + NLMSG_ALIGN(offset)), left,
			NLMSGERR_ATTR_MSG);
	if (attr)
		snprintf(k->text, sizeof(k->text), "%.*s", nla_len(attr),
			 (const char *)nla_data(attr));
}

static int take_error(struct sockaddr_nl *from, struct nlmsgerr *e, void *arg)
{
	struct request *r = arg;

	(void)from;
	r->kernel->errnum = e->error;
	r->done = true;
	take_text(r->kernel, e);
	return NL_STOP;
}

int kernel_request(struct ctl *ctl, struct nl_msg *msg,
		   void (*each)(void *arg, struct nlattr *attrs, int len), void *arg)
{
	struct kernel *k = ctl->kernel;
	struct request r = { .kernel = k, .each = each, .arg = arg };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int err;

	k->errnum = 0;
	k->text[0] = '\0';
	if (!cb) {
		nlmsg_free(msg);
		return -ENOMEM;
	}
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, take_answer, &r);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, take_end, &r);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, take_end, &r);
	nl_cb_err(cb, NL_CB_CUSTOM, take_error, &r);
	err = nl_send_auto(k->sock, msg);
	nlmsg_free(msg);
	while (err >= 0 && !r.done) {
		err = nl_recvmsgs(k->sock, cb);
		if (err == -NLE_DUMP_INTR)
			err = 0;	/* sessions came or went; what we got is consistent */
	}
	nl_cb_put(cb);
	if (k->errnum)
		return k->errnum;
	return err < 0 && !r.done ? -EIO : 0;
}

int kernel_fail(struct ctl *ctl, int err, const char *what)
{
	const char *text = ctl->kernel->text;

	if (err == -EPERM)
		return unreachable(ctl, -NLE_PERM);
	if (err == -ENOENT)
		return ctl_fail(ctl, CTL_NOT_FOUND, "no-such-session", what,
				"jalurctl session list", "no such session");
	return ctl_fail(ctl, CTL_FAILED, "kernel", what, NULL, "%s%s%s", strerror(-err),
			*text ? ": " : "", text);
}

/* --- events --- */

int kernel_events_open(struct ctl *ctl)
{
	int err = kernel_open(ctl), group;

	if (err)
		return -err;
	group = genl_ctrl_resolve_grp(ctl->kernel->sock, JALUR_GENL_NAME, JALUR_MCGRP_EVENTS);
	err = group < 0 ? group : nl_socket_add_membership(ctl->kernel->sock, group);
	if (err) {
		kernel_close(ctl);
		return -unreachable(ctl, err);
	}
	nl_socket_set_nonblocking(ctl->kernel->sock);
	return nl_socket_get_fd(ctl->kernel->sock);
}

/* Events answer no request. */
static int any_sequence(struct nl_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	return NL_OK;
}

int kernel_events_read(struct ctl *ctl, void (*each)(void *arg, struct nlattr *attrs, int len),
		       void *arg)
{
	struct request r = { .kernel = ctl->kernel, .each = each, .arg = arg };
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
	int err;

	if (!cb)
		return -ENOMEM;
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, take_answer, &r);
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, any_sequence, NULL);
	errno = 0;
	err = nl_recvmsgs(ctl->kernel->sock, cb);
	nl_cb_put(cb);
	if (err >= 0 || err == -NLE_AGAIN)
		return 0;
	/* libnl says "out of memory" for an overrun socket. */
	return err == -NLE_NOMEM || errno == ENOBUFS ? -ENOBUFS : -EIO;
}
