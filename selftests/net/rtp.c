// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two parties of a call in one process, each in a network namespace of its own:
 * both send, and what one receives must be, byte for byte and once, what the
 * other sent, from the address that it is supposed to come from. Packets are
 * RTP, RTCP (sender reports from a, receiver reports that quote them from b), or
 * something else; they can be sent in ways that the relay has to cope with: one
 * big GSO packet, no checksum, a wrong checksum, IP options.
 *
 * rtp [OPTION...] --a NETNS,LOCAL,REMOTE [--b NETNS,LOCAL,REMOTE]
 *
 *   LOCAL, REMOTE   IP:PORT or [IP%DEV]:PORT; NETNS "-" is this one
 *   --only a|b      the other one only listens
 *   --kind KIND     rtp rtcp opaque stun dtls text version short padding csrc
 *   --count N  --interval US  --size BYTES  --ssrc N  --seq N  --pt N  --step N
 *   --skip K        leave out each K-th sequence number
 *   --gso N  --no-check  --corrupt  --options  --ttl N  --tos N  --mark-df
 *   --device DEV    bind a to it
 *   --expect N      packets to arrive from each sender, default all
 *   --timeout MS    to wait for these; when some shall not come: --quiet MS
 *
 * Prints a line for each direction; exit status 0 when it all was as expected.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#include "packets.h"

/* --- sockets ------------------------------------------------------------- */

static socklen_t parse_addr(const char *text, struct sockaddr_storage *out)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
	struct sockaddr_in *in = (struct sockaddr_in *)out;
	char copy[128], *ip = copy, *port = strrchr(copy, ':'), *scope;

	snprintf(copy, sizeof(copy), "%s", text);
	port = strrchr(copy, ':');
	if (!port)
		usage("an address lacks its port");
	*port++ = '\0';
	memset(out, 0, sizeof(*out));
	if (*ip != '[') {
		in->sin_family = AF_INET;
		in->sin_port = htons(atoi(port));
		if (inet_pton(AF_INET, ip, &in->sin_addr) != 1)
			usage("not an IPv4 address");
		return sizeof(*in);
	}
	*strchr(ip, ']') = '\0';
	scope = strchr(++ip, '%');
	if (scope)
		*scope++ = '\0';
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(atoi(port));
	in6->sin6_scope_id = scope ? if_nametoindex(scope) : 0;
	if (inet_pton(AF_INET6, ip, &in6->sin6_addr) != 1)
		usage("not an IPv6 address");
	return sizeof(*in6);
}

static void enter_netns(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), strcmp(name, "-") ? "/run/netns/%s" : "/proc/1/ns/net", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(path);
	close(fd);
}

static void set(int fd, int level, int name, int value)
{
	if (setsockopt(fd, level, name, &value, sizeof(value)))
		die("setsockopt");
}

static void set_family_options(struct side *s)
{
	bool v4 = s->local.ss_family == AF_INET;
	int level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
	/* a destination option that is padding */
	static const uint8_t dstopts[8] = { 0, 0, 1, 4 };
	static const uint8_t nops[4] = { 1, 1, 1, 0 };

	set(s->fd, level, v4 ? IP_RECVTTL : IPV6_RECVHOPLIMIT, 1);
	set(s->fd, level, v4 ? IP_RECVTOS : IPV6_RECVTCLASS, 1);
	set(s->fd, level, v4 ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER,
	    opt.df ? IP_PMTUDISC_DO : IP_PMTUDISC_DONT);
	if (opt.ttl >= 0)
		set(s->fd, level, v4 ? IP_TTL : IPV6_UNICAST_HOPS, opt.ttl);
	if (opt.tos >= 0)
		set(s->fd, level, v4 ? IP_TOS : IPV6_TCLASS, opt.tos);
	if (opt.no_check)
		set(s->fd, SOL_SOCKET, SO_NO_CHECK, 1);
	if (opt.options && setsockopt(s->fd, level, v4 ? IP_OPTIONS : IPV6_DSTOPTS,
				      v4 ? nops : dstopts, v4 ? sizeof(nops) : sizeof(dstopts)))
		die("IP options");
}

static void open_side(struct side *s, char *text, const char *name)
{
	char *netns = strsep(&text, ","), *local = strsep(&text, ","), *remote = text;

	if (!local || !remote)
		usage("NETNS,LOCAL,REMOTE is wanted");
	enter_netns(netns);
	s->name = name;
	s->ssrc = name[0] == 'a' ? opt.ssrc : opt.ssrc + 0x100000;
	s->addr_len = parse_addr(local, &s->local);
	parse_addr(remote, &s->remote);
	s->fd = socket(s->local.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	s->raw = -1;
	if (s->fd < 0)
		die("socket");
	set(s->fd, SOL_SOCKET, SO_RCVBUF, 4 << 20);
	set_family_options(s);
	if (opt.device && name[0] == 'a' &&
	    setsockopt(s->fd, SOL_SOCKET, SO_BINDTODEVICE, opt.device, strlen(opt.device)))
		die(opt.device);
	if (bind(s->fd, (struct sockaddr *)&s->local, s->addr_len))
		die(local);
	if (opt.corrupt) {
		s->raw = socket(s->local.ss_family, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_UDP);
		if (s->raw < 0 ||
		    bind(s->raw, (struct sockaddr *)&s->local, s->addr_len))
			die("raw socket");
	}
	make_packets(s);
}

/* --- sending ------------------------------------------------------------- */

static uint32_t sum_bytes(uint32_t sum, const void *data, unsigned int len)
{
	const uint8_t *p = data;
	unsigned int i;

	for (i = 0; i < len; i++)
		sum += i & 1 ? p[i] : p[i] << 8;
	return sum;
}

/* Through a raw socket, with a checksum that is wrong by one. */
static void send_corrupt(const struct side *s, const uint8_t *p, unsigned int len)
{
	bool v4 = s->local.ss_family == AF_INET;
	const struct sockaddr_in6 *l6 = (const void *)&s->local, *r6 = (const void *)&s->remote;
	const struct sockaddr_in *l4 = (const void *)&s->local, *r4 = (const void *)&s->remote;
	struct sockaddr_storage to = s->remote;
	uint8_t buf[MAX_SIZE + 8] = { 0 };
	uint32_t sum = IPPROTO_UDP + len + 8;

	memcpy(buf, v4 ? &l4->sin_port : &l6->sin6_port, 2);
	memcpy(buf + 2, v4 ? &r4->sin_port : &r6->sin6_port, 2);
	put16(buf + 4, len + 8);
	memcpy(buf + 8, p, len);
	sum = sum_bytes(sum, v4 ? (const void *)&l4->sin_addr : &l6->sin6_addr, v4 ? 4 : 16);
	sum = sum_bytes(sum, v4 ? (const void *)&r4->sin_addr : &r6->sin6_addr, v4 ? 4 : 16);
	sum = sum_bytes(sum, buf, len + 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(buf + 6, ~sum == 0xfffe ? 1 : (uint16_t)~sum + 1);
	((struct sockaddr_in6 *)&to)->sin6_port = 0;
	if (sendto(s->raw, buf, len + 8, 0, (struct sockaddr *)&to, s->addr_len) < 0)
		die("raw send");
}

static void send_gso(struct side *s, unsigned int first, unsigned int n)
{
	char control[CMSG_SPACE(sizeof(uint16_t))] = { 0 };
	struct iovec iov[64];
	struct msghdr msg = {
		.msg_name = &s->remote, .msg_namelen = s->addr_len, .msg_iov = iov,
		.msg_iovlen = n, .msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	unsigned int i;

	cmsg->cmsg_level = SOL_UDP;
	cmsg->cmsg_type = UDP_SEGMENT;
	cmsg->cmsg_len = CMSG_LEN(sizeof(uint16_t));
	memcpy(CMSG_DATA(cmsg), &s->lens[first], sizeof(uint16_t));
	for (i = 0; i < n; i++) {
		iov[i].iov_base = packet(s, first + i);
		iov[i].iov_len = s->lens[first + i];
	}
	if (sendmsg(s->fd, &msg, 0) < 0)
		die("send GSO");
	s->sent += n;
}

static void send_one(struct side *s, unsigned int i)
{
	uint8_t *p = packet(s, i);

	if (opt.skip && i % opt.skip == opt.skip - 1)
		return;
	if (opt.gso) {
		if (i % opt.gso == 0)
			send_gso(s, i, opt.gso < opt.count - i ? opt.gso : opt.count - i);
		return;
	}
	if (kind_is("rtcp") && s->name[0] == 'b')
		make_rtcp(s, i, p);	/* with what it has heard by now */
	if (opt.corrupt)
		send_corrupt(s, p, s->lens[i]);
	else if (sendto(s->fd, p, s->lens[i], 0, (struct sockaddr *)&s->remote, s->addr_len) < 0 &&
		 errno != ECONNREFUSED && errno != ENETUNREACH && errno != ENETDOWN)
		die("send");
	s->sent++;
}

/* --- receiving ------------------------------------------------------------- */

static void note_headers(struct side *s, struct msghdr *msg)
{
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) ||
		    (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT))
			s->ttl = *(int *)CMSG_DATA(c);
		if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) ||
		    (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS))
			s->tos = *CMSG_DATA(c);
	}
}

static bool same_addr(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
	const struct sockaddr_in6 *a6 = (const void *)a, *b6 = (const void *)b;
	const struct sockaddr_in *a4 = (const void *)a, *b4 = (const void *)b;

	if (a->ss_family == AF_INET)
		return a4->sin_port == b4->sin_port && a4->sin_addr.s_addr == b4->sin_addr.s_addr;
	return a6->sin6_port == b6->sin6_port &&
	       !memcmp(&a6->sin6_addr, &b6->sin6_addr, sizeof(a6->sin6_addr));
}

static void note_source(struct side *s, const struct sockaddr_storage *from)
{
	const struct sockaddr_in6 *f6 = (const void *)from;
	const struct sockaddr_in *f4 = (const void *)from;
	char ip[INET6_ADDRSTRLEN];

	inet_ntop(from->ss_family, from->ss_family == AF_INET ? (const void *)&f4->sin_addr :
		  &f6->sin6_addr, ip, sizeof(ip));
	snprintf(s->source, sizeof(s->source),
		 from->ss_family == AF_INET ? "%s:%u" : "[%s]:%u", ip, ntohs(f4->sin_port));
	if (!same_addr(from, &s->remote))
		s->foreign++;
}

/* Which of the other side's packets is this? */
static void match(struct side *s, struct side *other, const uint8_t *p, unsigned int len)
{
	unsigned int i, k;

	for (k = 0; k < opt.count; k++) {
		i = (other->next + k) % opt.count;
		if (other->lens[i] != len || memcmp(packet(other, i), p, len))
			continue;
		other->next = i + 1;
		if (other->seen[i])
			s->duplicate++;
		else
			s->received++;
		other->seen[i] = true;
		if (kind_is("rtcp") && p[1] == 200) {
			s->last_sr = get32(p + 8) << 16 | get32(p + 12) >> 16;
			s->last_sr_at = now_us();
		}
		return;
	}
	s->damaged++;
}

static void drain(struct side *s, struct side *other)
{
	uint8_t buf[MAX_SIZE + 1];
	struct sockaddr_storage from;
	char control[256];
	struct iovec iov = { buf, sizeof(buf) };
	ssize_t got;

	for (;;) {
		struct msghdr msg = {
			.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov,
			.msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control),
		};

		got = recvmsg(s->fd, &msg, MSG_DONTWAIT);
		if (got < 0 && errno == ECONNREFUSED)
			continue;
		if (got < 0)
			return;
		note_source(s, &from);
		note_headers(s, &msg);
		match(s, other, buf, got);
	}
}

static unsigned int expected(const struct side *sender)
{
	return opt.expect >= 0 && sender->sent ? (unsigned int)opt.expect : sender->sent;
}

/* --- the call ---------------------------------------------------------------- */

static void run(struct side *a, struct side *b)
{
	uint64_t end;
	unsigned int i;
	bool short_of = false;

	for (i = 0; i < opt.count; i++) {
		if (opt.only != 'b')
			send_one(a, i);
		if (b && opt.only != 'b')
			drain(b, a);
		if (b && opt.only != 'a')
			send_one(b, i);
		drain(a, b ? b : a);
		if (opt.interval)
			usleep(opt.interval);
	}
	if (!b)
		return;
	short_of = expected(a) < a->sent || expected(b) < b->sent;
	end = now_us() + (short_of ? opt.quiet : opt.timeout) * 1000;
	while (now_us() < end) {
		struct pollfd pfd[2] = { { a->fd, POLLIN, 0 }, { b->fd, POLLIN, 0 } };

		drain(a, b);
		drain(b, a);
		if (!short_of && b->received >= expected(a) && a->received >= expected(b))
			break;
		poll(pfd, 2, 20);
	}
}

static bool report(const struct side *from, const struct side *to)
{
	bool ok = to->received == expected(from) && !to->duplicate && !to->damaged &&
		  !to->foreign;

	printf("%s->%s sent=%u received=%u duplicate=%u damaged=%u foreign=%u ttl=%u tos=0x%02x from=%s%s\n",
	       from->name, to->name, from->sent, to->received, to->duplicate, to->damaged,
	       to->foreign, to->ttl, to->tos, *to->source ? to->source : "-",
	       ok ? "" : " NOT AS EXPECTED");
	return ok;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "a", 1, 0, 'A' }, { "b", 1, 0, 'B' }, { "only", 1, 0, 'o' },
		{ "kind", 1, 0, 'k' }, { "count", 1, 0, 'c' }, { "interval", 1, 0, 'i' },
		{ "size", 1, 0, 's' }, { "ssrc", 1, 0, 'S' }, { "seq", 1, 0, 'q' },
		{ "pt", 1, 0, 'p' }, { "step", 1, 0, 'j' }, { "skip", 1, 0, 'l' },
		{ "gso", 1, 0, 'g' }, { "no-check", 0, 0, 'n' }, { "corrupt", 0, 0, 'x' },
		{ "options", 0, 0, 'O' }, { "ttl", 1, 0, 't' }, { "tos", 1, 0, 'T' },
		{ "mark-df", 0, 0, 'd' }, { "device", 1, 0, 'D' }, { "expect", 1, 0, 'e' },
		{ "timeout", 1, 0, 'w' }, { "quiet", 1, 0, 'W' }, { 0 },
	};
	static struct side a, b;
	char *text_a = NULL, *text_b = NULL;
	bool ok = true;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		unsigned int n = optarg ? strtoul(optarg, NULL, 0) : 0;

		switch (c) {
		case 'A': text_a = optarg; break;
		case 'B': text_b = optarg; break;
		case 'o': opt.only = *optarg; break;
		case 'k': opt.kind = optarg; break;
		case 'c': opt.count = n; break;
		case 'i': opt.interval = n; break;
		case 's': opt.size = n; break;
		case 'S': opt.ssrc = n; break;
		case 'q': opt.seq = n; break;
		case 'p': opt.pt = n; break;
		case 'j': opt.step = n; break;
		case 'l': opt.skip = n; break;
		case 'g': opt.gso = n; break;
		case 'n': opt.no_check = true; break;
		case 'x': opt.corrupt = true; break;
		case 'O': opt.options = true; break;
		case 't': opt.ttl = n; break;
		case 'T': opt.tos = n; break;
		case 'd': opt.df = true; break;
		case 'D': opt.device = optarg; break;
		case 'e': opt.expect = n; break;
		case 'w': opt.timeout = n; break;
		case 'W': opt.quiet = n; break;
		default: usage("unknown option");
		}
	}
	if (!text_a || opt.size > MAX_SIZE - 100 || opt.gso > 64 || !opt.count)
		usage("wrong or missing options");
	open_side(&a, text_a, "a");
	if (text_b)
		open_side(&b, text_b, "b");
	run(&a, text_b ? &b : NULL);
	if (text_b && opt.only != 'b')
		ok = report(&a, &b);
	if (text_b && opt.only != 'a')
		ok &= report(&b, &a);
	return !ok;
}
