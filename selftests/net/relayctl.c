// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Speaks to jalur.ko for the tests, what is right and what is wrong: a generic
 * encoder of attributes by name, so that nothing keeps a test from sending a
 * message that the daemon never would. Answers are printed as key=value lines
 * (events as one line each), a refusal as
 *
 *   error EINVAL attr=end[1].local.port text="..."
 *
 * where attr is the attribute that the kernel points at, and missing=... one
 * that it wants.
 *
 * relayctl [-n NETNS] COMMAND ATTRIBUTE...     see attrs.h for the names
 * relayctl [-n NETNS] -                        commands from lines of stdin, on
 *                                              one socket; each answer ends with
 *                                              a line "ok" or "error ..."
 * relayctl [-n NETNS] events [COUNT [SECONDS]] prints "ready", then events
 *
 *   ATTRIBUTE: NAME | NAME=VALUE | NAME:KIND=VALUE | #NUMBER:KIND=VALUE
 *   KIND:  u8 u16 u32 u64 port str hex flag nest plain (a nest without its flag)
 *          bytes (VALUE goes in as it is, without an attribute's header)
 *   VALUE: {ATTRIBUTE,ATTRIBUTE...} for a nest; in short, an address is
 *          IP[:PORT], [IP%SCOPE]:PORT or either @L3DEV; an end and a context
 *          ID,ATTRIBUTE...; a flow SOURCE:DESTINATION[:DESTINATION]; a payload
 *          PT[/RATE[/KIND]]
 *
 * Exit status: 0, 1 after a refusal, 2 for a mistake in the command line.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <linux/genetlink.h>
#include <libmnl/libmnl.h>

#include "attrs.h"
#include "encode.h"

static struct mnl_socket *sock;
static uint16_t family;
static uint32_t group, seq;
static uint8_t answer[ROOM];

#include "print.h"

/* --- one command ---------------------------------------------------------- */

static void begin_request(uint16_t type, uint16_t flags, uint8_t cmd)
{
	struct nlmsghdr nlh = { .nlmsg_type = type, .nlmsg_seq = ++seq };
	struct genlmsghdr genl = { .cmd = cmd, .version = 1 };

	nlh.nlmsg_flags = NLM_F_REQUEST | flags;
	req.len = 0;
	req.count = 0;
	put_bytes(&nlh, sizeof(nlh));
	put_bytes(&genl, sizeof(genl));
}

static void end_request(void)
{
	uint32_t len = req.len;

	memcpy(req.buf, &len, sizeof(len));
	if (mnl_socket_sendto(sock, req.buf, req.len) < 0)
		usage("cannot send: %s", strerror(errno));
}

/* Returns 1 while more is to come, 0 after success, -1 after a refusal. */
static int take_message(const struct nlmsghdr *nlh, const struct command *c)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type == family && genl->cmd == JALUR_CMD_EVENT) {
		print_event(nlh);
		return 1;
	}
	if (nlh->nlmsg_seq != seq)
		return 1;
	if (nlh->nlmsg_type == NLMSG_DONE) {
		const int *code = mnl_nlmsg_get_payload(nlh);

		if (*code >= 0)
			return 0;
		print_refusal(nlh, -*code);
		return -1;
	}
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		if (!err->error)
			return 0;
		print_refusal(nlh, -err->error);
		return -1;
	}
	print_reply(nlh, c->set);
	return 1;
}

static int receive(const struct command *c)
{
	const struct nlmsghdr *nlh;
	ssize_t got;
	int n, ret = 1;

	while (ret > 0) {
		got = mnl_socket_recvfrom(sock, answer, sizeof(answer));
		if (got < 0) {
			printf("error %s receiving\n", error_name(errno));
			return -1;
		}
		n = got;
		nlh = (const struct nlmsghdr *)answer;
		for (; ret > 0 && mnl_nlmsg_ok(nlh, n); nlh = mnl_nlmsg_next(nlh, &n))
			ret = take_message(nlh, c);
	}
	return ret;
}

static int run_command(int argc, char **argv)
{
	const struct command *c = commands;
	const char *names[256];
	unsigned int count = 0;
	int i, ret;

	while (c->name && strcmp(c->name, argv[0]))
		c++;
	if (!c->name)
		usage("no command %s", argv[0]);
	begin_request(family, NLM_F_ACK | (c->dump ? NLM_F_DUMP : 0), c->cmd);
	for (i = 1; i < argc; i++)
		put_word(c->set, argv[i], names, &count);
	while (count)
		free((void *)names[--count]);
	end_request();
	ret = receive(c);
	fflush(stdout);
	return ret;
}

/* --- the ways to run -------------------------------------------------------- */

static void open_socket(void)
{
	int yes = 1, no_cap = 0;

	sock = mnl_socket_open(NETLINK_GENERIC);
	if (!sock || mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0)
		usage("no netlink socket: %s", strerror(errno));
	mnl_socket_setsockopt(sock, NETLINK_EXT_ACK, &yes, sizeof(yes));
	mnl_socket_setsockopt(sock, NETLINK_CAP_ACK, &yes, sizeof(yes));
	mnl_socket_setsockopt(sock, NETLINK_GET_STRICT_CHK, &yes, sizeof(yes));
	mnl_socket_setsockopt(sock, NETLINK_NO_ENOBUFS, &no_cap, sizeof(no_cap));
}

static void find_group(const struct nlattr *groups)
{
	const struct nlattr *one, *a;

	mnl_attr_for_each_nested(one, groups)
		mnl_attr_for_each_nested(a, one)
			if (mnl_attr_get_type(a) == CTRL_ATTR_MCAST_GRP_ID)
				group = mnl_attr_get_u32(a);
}

static void find_family(void)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)answer;
	const struct nlattr *a;
	ssize_t got;

	begin_request(GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY);
	put_attr(CTRL_ATTR_FAMILY_NAME, JALUR_GENL_NAME, sizeof(JALUR_GENL_NAME));
	end_request();
	got = mnl_socket_recvfrom(sock, answer, sizeof(answer));
	if (got < (ssize_t)sizeof(*nlh) || nlh->nlmsg_type == NLMSG_ERROR) {
		printf("error ENOENT no family jalur\n");
		exit(1);
	}
	mnl_attr_for_each(a, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(a) == CTRL_ATTR_FAMILY_ID)
			family = mnl_attr_get_u16(a);
		if (mnl_attr_get_type(a) == CTRL_ATTR_MCAST_GROUPS)
			find_group(a);
	}
}

/* Prints what the kernel sends unasked. */
static unsigned int drain_events(void)
{
	const struct nlmsghdr *nlh = (const struct nlmsghdr *)answer;
	ssize_t got = recv(mnl_socket_get_fd(sock), answer, sizeof(answer), MSG_DONTWAIT);
	unsigned int count = 0;
	int n = got;

	if (got < 0 && errno == ENOBUFS)
		printf("overrun\n");
	for (; got > 0 && mnl_nlmsg_ok(nlh, n); nlh = mnl_nlmsg_next(nlh, &n)) {
		print_event(nlh);
		count++;
	}
	fflush(stdout);
	return count;
}

static int run_events(int argc, char **argv)
{
	unsigned int count = argc > 1 ? number(argv[1]) : UINT32_MAX, seen = 0;
	time_t end = time(NULL) + (argc > 2 ? number(argv[2]) : 3600);
	struct pollfd pfd = { .fd = mnl_socket_get_fd(sock), .events = POLLIN };

	if (mnl_socket_setsockopt(sock, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0) {
		printf("error %s joining the group\n", error_name(errno));
		return 1;
	}
	printf("ready\n");
	fflush(stdout);
	while (seen < count && time(NULL) < end)
		if (poll(&pfd, 1, 200) > 0)
			seen += drain_events();
	return seen < count && count != UINT32_MAX;
}

static void run_line(char *line)
{
	char *argv[256], *save;
	int argc = 0;
	char *word;

	for (word = strtok_r(line, " \t", &save); word && argc < 255;
	     word = strtok_r(NULL, " \t", &save))
		argv[argc++] = word;
	if (argc && !run_command(argc, argv))
		printf("ok\n");
	fflush(stdout);
}

static int run_lines(void)
{
	struct pollfd pfd[2] = {
		{ .fd = 0, .events = POLLIN },
		{ .fd = mnl_socket_get_fd(sock), .events = POLLIN },
	};
	static char buf[65536];
	size_t len = 0;
	char *newline;
	ssize_t got;

	for (;;) {
		poll(pfd, 2, -1);
		if (pfd[1].revents)
			drain_events();
		if (!pfd[0].revents)
			continue;
		got = read(0, buf + len, sizeof(buf) - len - 1);
		if (got <= 0)
			return 0;
		len += got;
		buf[len] = '\0';
		while ((newline = strchr(buf, '\n'))) {
			*newline++ = '\0';
			run_line(buf);
			len -= newline - buf;
			memmove(buf, newline, len + 1);
		}
	}
}

static void enter_netns(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		usage("cannot enter %s: %s", path, strerror(errno));
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "-n")) {
		enter_netns(argv[2]);
		argc -= 2;
		argv += 2;
	}
	if (argc < 2)
		usage("no command; see the head of relayctl.c");
	open_socket();
	find_family();
	if (!strcmp(argv[1], "events"))
		return run_events(argc - 1, argv + 1);
	if (!strcmp(argv[1], "-"))
		return run_lines();
	return run_command(argc - 1, argv + 1) ? 1 : 0;
}
