// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The media of many calls, from both parties of each, in one process: every party sends a
 * packet now and then, and what arrives must be, byte for byte and once, what the other
 * party of the same call sent, from the address that the SDP named. The parties of a call
 * have one port number, each in its network namespace; the file of calls says what the
 * relay has for them:
 *
 *   PORT OUTSIDE-PORT INSIDE-PORT
 *
 * rtp_calls --a NETNS,IP,RELAY-IP --b NETNS,IP,RELAY-IP --calls FILE
 *           --until FILE [--interval US] [--linger MS]
 *
 * Until FILE is there, a packet goes from each party each --interval; they take turns, so
 * that packets are spread evenly. Prints a line for each party that something is wrong
 * with, and one for all; exit status 0 when everything arrived as it was sent.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/addr.h"

#define MAX_CALLS 1000
#define MAX_COUNT 10000
#define HEADER 12
#define PACKET (HEADER + 160)

struct party {
	int fd;
	unsigned int ssrc;		/* twice the call's number; the callee's has bit 0 */
	struct addr relay;
	struct sockaddr_storage to;
	socklen_t len;
	unsigned int sent, received, duplicate, foreign, damaged;
	bool seen[MAX_COUNT];
};

struct side {
	char *netns;
	struct addr local, relay;	/* without ports */
};

static struct party parties[2 * MAX_CALLS];
static unsigned int nparties;
static struct {
	struct side side[2];
	const char *calls, *until;
	unsigned int interval_us, linger_ms;
} opt = { .interval_us = 200000, .linger_ms = 5000 };
/* Packets of each party: those that there may be, then those that there were. */
static unsigned int count = MAX_COUNT;

static void die(const char *what)
{
	fprintf(stderr, "rtp_calls: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void usage(void)
{
	fprintf(stderr, "rtp_calls: see the head of its source for the arguments\n");
	exit(2);
}

/* --- packets --------------------------------------------------------------- */

static void put32(uint8_t *p, uint32_t v)
{
	p[0] = v >> 24;
	p[1] = v >> 16;
	p[2] = v >> 8;
	p[3] = v;
}

/* Bytes that no other packet of this run has. */
static void make_packet(uint8_t p[PACKET], unsigned int ssrc, unsigned int number)
{
	uint32_t x = ssrc * 2654435761u + number * 40503u + 1;
	size_t i;

	p[0] = 0x80;
	p[1] = number ? 0 : 0x80;	/* PCMU; the marker begins a talkspurt */
	p[2] = number >> 8;
	p[3] = number;
	put32(p + 4, number * 160);
	put32(p + 8, ssrc);
	for (i = HEADER; i < PACKET; i++) {
		x = x * 1664525u + 1013904223u;
		p[i] = x >> 24;
	}
}

static void check_packet(struct party *party, const uint8_t *p, ssize_t n, const struct addr *from)
{
	uint8_t expected[PACKET];
	unsigned int number;

	if (!addr_eq(from, &party->relay)) {
		party->foreign++;
		return;
	}
	number = n == PACKET ? p[2] << 8 | p[3] : MAX_COUNT;
	if (number < count)
		make_packet(expected, party->ssrc ^ 1, number);
	if (number >= count || memcmp(p, expected, PACKET)) {
		party->damaged++;
		return;
	}
	if (party->seen[number]) {
		party->duplicate++;
		return;
	}
	party->seen[number] = true;
	party->received++;
}

/* --- sockets --------------------------------------------------------------- */

static void enter_netns(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(path);
	close(fd);
}

static int open_socket(struct addr local, unsigned int port)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd;

	local.port = port;
	len = addr_to_sockaddr(&local, &ss);
	fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&ss, len))
		die("bind");
	return fd;
}

static void add_party(unsigned int call, bool callee, unsigned int port, unsigned int relay)
{
	const struct side *side = &opt.side[callee];
	struct party *party = &parties[2 * call + callee];

	party->ssrc = 2 * call + callee;
	party->relay = side->relay;
	party->relay.port = relay;
	party->len = addr_to_sockaddr(&party->relay, &party->to);
	party->fd = open_socket(side->local, port);
}

/* All callers, then all callees: a namespace is entered once. */
static void add_side(bool callee)
{
	FILE *f = fopen(opt.calls, "r");
	unsigned int port, outside, inside, n = 0;

	if (!f)
		die(opt.calls);
	enter_netns(opt.side[callee].netns);
	for (; fscanf(f, "%u %u %u", &port, &outside, &inside) == 3; n++) {
		if (n == MAX_CALLS)
			usage();
		add_party(n, callee, port, callee ? inside : outside);
	}
	if (!feof(f) || !n)
		usage();
	fclose(f);
	nparties = 2 * n;
}

/* --- conversation ---------------------------------------------------------- */

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ull + ts.tv_nsec / 1000;
}

static void receive(struct party *party)
{
	struct sockaddr_storage ss;
	struct addr from;
	uint8_t p[2048];

	for (;;) {
		socklen_t len = sizeof(ss);
		ssize_t n = recvfrom(party->fd, p, sizeof(p), 0, (struct sockaddr *)&ss, &len);

		if (n < 0)
			return;		/* nothing more, or an ICMP error: then it is missing */
		addr_from_sockaddr((struct sockaddr *)&ss, &from);
		check_packet(party, p, n, &from);
	}
}

static bool complete(void)
{
	unsigned int i;

	for (i = 0; i < nparties; i++)
		if (parties[i].received != count)
			return false;
	return true;
}

/* What is there by now at least; and what comes until then. */
static void receive_until(int ep, uint64_t until)
{
	struct epoll_event events[64];
	uint64_t now;

	do {
		int i, n;

		now = now_us();
		n = epoll_wait(ep, events, 64, now < until ? (int)((until - now + 999) / 1000) : 0);
		for (i = 0; i < n; i++)
			receive(events[i].data.ptr);
	} while (now < until);
}

static void talk(int ep)
{
	uint64_t start = now_us(), end;
	uint8_t p[PACKET];
	unsigned int i;

	for (i = 0; i / nparties < count; i++) {
		struct party *party = &parties[i % nparties];

		if (i % nparties == 0 && !access(opt.until, F_OK)) {
			count = i / nparties;
			break;
		}
		receive_until(ep, start + (uint64_t)i * opt.interval_us / nparties);
		make_packet(p, party->ssrc, i / nparties);
		if (sendto(party->fd, p, PACKET, 0, (struct sockaddr *)&party->to, party->len) ==
		    PACKET)
			party->sent++;
	}
	end = now_us() + opt.linger_ms * 1000ull;
	while (!complete() && now_us() < end)
		receive_until(ep, now_us() + 10000);
	receive_until(ep, now_us() + 100000);	/* what came twice */
}

static bool report(void)
{
	unsigned int i, bad = 0;
	struct party sum = { 0 };

	for (i = 0; i < nparties; i++) {
		struct party *p = &parties[i];

		sum.sent += p->sent;
		sum.received += p->received;
		sum.duplicate += p->duplicate;
		sum.foreign += p->foreign;
		sum.damaged += p->damaged;
		if (p->sent == count && p->received == count && !p->duplicate &&
		    !p->foreign && !p->damaged)
			continue;
		bad++;
		printf("call %u, %s: sent=%u received=%u duplicate=%u foreign=%u damaged=%u\n",
		       i / 2, i % 2 ? "callee" : "caller", p->sent, p->received, p->duplicate,
		       p->foreign, p->damaged);
	}
	printf("calls=%u packets=%u sent=%u received=%u missing=%u duplicate=%u foreign=%u damaged=%u\n",
	       nparties / 2, count, sum.sent, sum.received, count * nparties - sum.received,
	       sum.duplicate, sum.foreign, sum.damaged);
	return count && !bad;
}

static bool parse_side(struct side *side, char *arg)
{
	const char *local, *relay;

	side->netns = strtok(arg, ",");
	local = strtok(NULL, ",");
	relay = strtok(NULL, ",");
	return local && relay && addr_parse_ip(slice_str(local), &side->local) &&
	       addr_parse_ip(slice_str(relay), &side->relay);
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "a", 1, 0, 'a' }, { "b", 1, 0, 'b' }, { "calls", 1, 0, 'c' },
		{ "until", 1, 0, 'u' }, { "interval", 1, 0, 'i' }, { "linger", 1, 0, 'l' }, { 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'a':
		case 'b':
			if (!parse_side(&opt.side[c - 'a'], optarg))
				usage();
			break;
		case 'c': opt.calls = optarg; break;
		case 'u': opt.until = optarg; break;
		case 'i': opt.interval_us = atoi(optarg); break;
		case 'l': opt.linger_ms = atoi(optarg); break;
		default: usage();
		}
	}
	if (!opt.side[0].netns || !opt.side[1].netns || !opt.calls || !opt.until)
		usage();
}

int main(int argc, char **argv)
{
	int ep = epoll_create1(EPOLL_CLOEXEC);
	unsigned int i;

	parse(argc, argv);
	add_side(false);
	add_side(true);
	for (i = 0; i < nparties; i++) {
		struct epoll_event ev = { .events = EPOLLIN, .data.ptr = &parties[i] };

		if (epoll_ctl(ep, EPOLL_CTL_ADD, parties[i].fd, &ev))
			die("epoll_ctl");
	}
	talk(ep);
	return !report();
}
