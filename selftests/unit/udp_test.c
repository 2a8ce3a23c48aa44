// SPDX-License-Identifier: GPL-2.0-only
/*
 * The UDP socket of the daemon between two sockets of the test's own, all on
 * loopback: datagrams in and out, in order, also when there are more than one
 * burst takes; and what is refused.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "transport/loop.h"

FIXTURE(udp) {
	uv_loop_t loop;
	struct udp *udp;
	struct addr ours, peer;
	int fd;			/* the peer */
	unsigned int received, bursts, wrong, failures;
	int err;
	struct flow last, failed;
	char text[32];
	size_t size;
	bool echo;
};

FIXTURE_VARIANT(udp) {
	const char *ip;
};

FIXTURE_VARIANT_ADD(udp, v4) { .ip = "127.0.0.1" };
FIXTURE_VARIANT_ADD(udp, v6) { .ip = "::1" };

static void receive(void *arg, const struct flow *flow, struct slice bytes)
{
	FIXTURE_DATA(udp) *self = arg;
	char expected[16];
	int n = snprintf(expected, sizeof(expected), "%u", self->received);

	self->last = *flow;
	self->size = bytes.n;
	if (bytes.n < sizeof(self->text))
		memcpy(self->text, bytes.p, bytes.n);
	if (!slice_eq(bytes, slice_of(expected, n)))
		self->wrong++;
	self->received++;
	if (self->echo)
		udp_send(self->udp, &flow->peer, bytes);
}

static void failed(void *arg, const struct flow *flow, int err)
{
	FIXTURE_DATA(udp) *self = arg;

	self->failures++;
	self->err = err;
	self->failed = *flow;
}

static void burst(void *arg)
{
	FIXTURE_DATA(udp) *self = arg;

	self->bursts++;
	udp_flush(self->udp);
}

static struct addr bound_to(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct addr a = {0};

	if (!getsockname(fd, (struct sockaddr *)&ss, &len))
		addr_from_sockaddr((struct sockaddr *)&ss, &a);
	return a;
}

static int peer_socket(const struct addr *ip)
{
	struct timeval patience = { .tv_sec = 5 };
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(ip, &ss);
	int fd = socket(ip->family, SOCK_DGRAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (bind(fd, (struct sockaddr *)&ss, len))
		return -1;
	return fd;
}

FIXTURE_SETUP(udp)
{
	int spare;

	ASSERT_TRUE(addr_parse_ip(slice_str(variant->ip), &self->ours));
	self->fd = peer_socket(&self->ours);
	if (self->fd < 0)
		SKIP(return, "no %s here", variant->ip);
	self->peer = bound_to(self->fd);
	/* a port that was free a moment ago */
	spare = peer_socket(&self->ours);
	self->ours = bound_to(spare);
	close(spare);
	ASSERT_EQ(0, uv_loop_init(&self->loop));
	ASSERT_EQ(0, udp_open(&self->udp, &self->loop, 3, &self->ours, receive, burst, failed,
			      self));
}

FIXTURE_TEARDOWN(udp)
{
	if (!self->udp)
		return;
	udp_close(self->udp);
	uv_run(&self->loop, UV_RUN_DEFAULT);
	EXPECT_EQ(0, uv_loop_close(&self->loop));
	close(self->fd);
}

static void send_number(int fd, const struct addr *to, unsigned int number)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(to, &ss);
	char text[16];
	int n = snprintf(text, sizeof(text), "%u", number);

	sendto(fd, text, n, 0, (struct sockaddr *)&ss, len);
}

/* The loop turns until so many have arrived, or nothing comes any more. */
static void run_until(FIXTURE_DATA(udp) *self, unsigned int count)
{
	int turns;

	for (turns = 0; self->received < count && turns < 1000; turns++) {
		uv_run(&self->loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
}

static void run_until_failures(FIXTURE_DATA(udp) *self, unsigned int count)
{
	int turns;

	for (turns = 0; self->failures < count && turns < 1000; turns++) {
		uv_run(&self->loop, UV_RUN_NOWAIT);
		usleep(1000);
	}
}

TEST_F(udp, a_datagram_comes_with_its_listener_and_source)
{
	send_number(self->fd, &self->ours, 0);
	run_until(self, 1);
	ASSERT_EQ(1, self->received);
	EXPECT_EQ(0, self->wrong);
	EXPECT_EQ(3, self->last.listener);
	EXPECT_TRUE(addr_eq(&self->peer, &self->last.peer));
	EXPECT_EQ(0, udp_drops(self->udp));
}

TEST_F(udp, many_come_in_order_and_in_few_bursts)
{
	unsigned int i;

	for (i = 0; i < 200; i++)
		send_number(self->fd, &self->ours, i);
	run_until(self, 200);
	EXPECT_EQ(200, self->received);
	EXPECT_EQ(0, self->wrong);
	EXPECT_LT(self->bursts, 12);
}

TEST_F(udp, what_the_queue_has_no_room_for_is_counted)
{
	unsigned int i;

	for (i = 0; i < 20000; i++)
		send_number(self->fd, &self->ours, i);
	run_until(self, 20000 - (unsigned int)udp_drops(self->udp));
	EXPECT_GT(udp_drops(self->udp), 0);
	EXPECT_EQ(20000, self->received + udp_drops(self->udp));
	EXPECT_EQ(0, self->wrong);
}

TEST_F(udp, a_burst_after_silence_is_not_asked_for_one_by_one)
{
	unsigned int i, bursts;

	for (i = 0; i < 3; i++) {
		send_number(self->fd, &self->ours, i);
		run_until(self, i + 1);
	}
	EXPECT_EQ(3, self->bursts);
	bursts = self->bursts;
	for (; i < 103; i++)
		send_number(self->fd, &self->ours, i);
	run_until(self, 103);
	EXPECT_EQ(103, self->received);
	EXPECT_EQ(0, self->wrong);
	EXPECT_LE(self->bursts - bursts, 10);
}

TEST_F(udp, answers_leave_in_order_from_the_address_that_was_asked)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	struct addr from;
	unsigned int i;
	char text[16], expected[16];
	ssize_t n;

	self->echo = true;
	for (i = 0; i < 100; i++)
		send_number(self->fd, &self->ours, i);
	run_until(self, 100);
	for (i = 0; i < 100; i++) {
		n = recvfrom(self->fd, text, sizeof(text) - 1, 0, (struct sockaddr *)&ss, &len);
		ASSERT_GT(n, 0);
		text[n] = 0;
		snprintf(expected, sizeof(expected), "%u", i);
		ASSERT_STREQ(expected, text);
		ASSERT_TRUE(addr_from_sockaddr((struct sockaddr *)&ss, &from));
		ASSERT_TRUE(addr_eq(&self->ours, &from));
	}
	EXPECT_EQ(0, self->failures);
}

TEST_F(udp, the_largest_datagram_and_the_empty_one)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&self->ours, &ss);
	static char big[65507];

	memset(big, 'x', sizeof(big));
	ASSERT_EQ((ssize_t)sizeof(big), sendto(self->fd, big, sizeof(big), 0, (void *)&ss, len));
	run_until(self, 1);
	EXPECT_EQ(sizeof(big), self->size);
	ASSERT_EQ(0, sendto(self->fd, big, 0, 0, (void *)&ss, len));
	run_until(self, 2);
	EXPECT_EQ(2, self->received);
	EXPECT_EQ(0, self->size);
	ASSERT_EQ(0, udp_send(self->udp, &self->peer, slice_of(big, sizeof(big))));
	udp_flush(self->udp);
	EXPECT_EQ((ssize_t)sizeof(big), recv(self->fd, big, sizeof(big), 0));
}

TEST_F(udp, what_is_too_long_or_too_much_is_refused_at_once)
{
	struct addr nowhere = self->peer;
	static char big[65508];
	unsigned int n = 0;

	EXPECT_EQ(-EMSGSIZE, udp_send(self->udp, &self->peer, slice_of(big, sizeof(big))));
	nowhere.port = 0;
	ASSERT_EQ(0, udp_send(self->udp, &nowhere, SLICE("keeps the others waiting")));
	while (n < 100000 && !udp_send(self->udp, &self->peer, SLICE("x")))
		n++;
	EXPECT_GT(n, 1000);
	EXPECT_LT(n, 100000);
	EXPECT_EQ(-ENOBUFS, udp_send(self->udp, &self->peer, SLICE("x")));
}

/* One that cannot be sent is told, and does not keep the others back. */
TEST_F(udp, a_destination_that_the_kernel_refuses)
{
	struct addr nowhere = self->peer;
	char text[16];

	nowhere.port = 0;
	ASSERT_EQ(0, udp_send(self->udp, &self->peer, SLICE("before")));
	ASSERT_EQ(0, udp_send(self->udp, &nowhere, SLICE("lost")));
	ASSERT_EQ(0, udp_send(self->udp, &self->peer, SLICE("after")));
	udp_flush(self->udp);
	EXPECT_EQ(1, self->failures);
	EXPECT_EQ(3, self->failed.listener);
	EXPECT_TRUE(addr_eq(&nowhere, &self->failed.peer));
	ASSERT_EQ(6, recv(self->fd, text, sizeof(text), 0));
	EXPECT_EQ(0, memcmp(text, "before", 6));
	ASSERT_EQ(5, recv(self->fd, text, sizeof(text), 0));
	EXPECT_EQ(0, memcmp(text, "after", 5));
}

/* Nobody listens there: that is told, and the ICMP error of one datagram costs no other one. */
TEST_F(udp, a_closed_port_is_told_and_disturbs_nobody)
{
	struct addr closed;
	char text[16];
	int fd = peer_socket(&(struct addr){ .family = self->peer.family, .ip = self->peer.ip });

	closed = bound_to(fd);
	close(fd);
	udp_send(self->udp, &closed, SLICE("x"));
	udp_flush(self->udp);
	udp_send(self->udp, &closed, SLICE("x"));
	udp_send(self->udp, &self->peer, SLICE("after"));
	udp_flush(self->udp);
	EXPECT_EQ(5, recv(self->fd, text, sizeof(text), 0));
	run_until_failures(self, 2);
	EXPECT_EQ(2, self->failures);
	EXPECT_EQ(-ECONNREFUSED, self->err);
	EXPECT_EQ(3, self->failed.listener);
	EXPECT_TRUE(addr_eq(&closed, &self->failed.peer));
	send_number(self->fd, &self->ours, 0);
	run_until(self, 1);
	EXPECT_EQ(1, self->received);
	EXPECT_EQ(0, self->wrong);
	EXPECT_EQ(2, self->failures);
}

TEST_F(udp, an_address_in_use_is_an_error)
{
	struct udp *second = NULL;

	EXPECT_EQ(-EADDRINUSE, udp_open(&second, &self->loop, 4, &self->ours, receive, burst,
					failed, self));
	EXPECT_EQ(NULL, second);
}

TEST_HARNESS_MAIN
