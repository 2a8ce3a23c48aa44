// SPDX-License-Identifier: GPL-2.0-only
/*
 * What one peer, or a crowd of them, must not be able to do to the others: sit, dribble, not
 * listen, knock without end. And what thousands of connections leave behind: nothing.
 *
 * CONNECTIONS is how many are opened and closed (2000), IDLE how many stay (4000, or as many
 * as descriptors allow).
 */
#include <malloc.h>
#include <netinet/tcp.h>

#include "tls_harness.h"
#include "websocket_harness.h"

FIXTURE(limits) {
	struct world w;
	int fds[16];
};

FIXTURE_SETUP(limits)
{
	size_t i;

	for (i = 0; i < 16; i++)
		self->fds[i] = -1;
	world_prepare(&self->w);
}

FIXTURE_TEARDOWN(limits)
{
	size_t i;

	for (i = 0; i < 16; i++)
		close(self->fds[i]);
	world_stop(&self->w);
	EXPECT_EQ(0, self->w.wrong);
}

static bool begin(FIXTURE_DATA(limits) *self, enum transport t)
{
	return !world_start(&self->w) && !world_listen(&self->w, "127.0.0.1", t, NULL);
}

#define COUNTED(name, n) ASSERT_TRUE(UNTIL(&self->w, counter(&self->w, name) == (n)))

/* --- time --- */

TEST_F(limits, who_says_nothing_is_closed)
{
	self->w.conf.limits.idle_timeout = 200 * NSEC_PER_MSEC;
	ASSERT_TRUE(begin(self, TRANSPORT_TCP));
	self->fds[0] = connect_to(&self->w.local);
	ASSERT_TRUE(UNTIL(&self->w, self->w.opened == 1));
	EXPECT_EQ(0, ended(self->fds[0]));
	ASSERT_TRUE(UNTIL(&self->w, self->w.closed == 1));
	EXPECT_EQ(STREAM_IDLE, self->w.reason);
	COUNTED("idle", 1);
}

/* Keep-alives are for who has something to say: not before the first message. */
TEST_F(limits, keep_alives_alone_keep_nothing)
{
	struct timeval soon = { .tv_usec = 20000 };

	self->w.conf.limits.idle_timeout = 400 * NSEC_PER_MSEC;
	ASSERT_TRUE(begin(self, TRANSPORT_TCP));
	self->fds[0] = connect_to(&self->w.local);
	setsockopt(self->fds[0], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
	while (put_text(self->fds[0], "\r\n") && ended(self->fds[0]) == -EAGAIN)
		;
	ASSERT_TRUE(UNTIL(&self->w, self->w.closed == 1));
	EXPECT_EQ(STREAM_IDLE, self->w.reason);
}

/* Nor does what is always about to be one, and would be a message just as well. */
TEST_F(limits, nor_do_halves_of_them)
{
	struct timeval soon = { .tv_usec = 20000 };
	u64 start = uv_hrtime();
	int n;

	self->w.conf.limits.idle_timeout = 400 * NSEC_PER_MSEC;
	self->w.conf.limits.message_timeout = 300 * NSEC_PER_MSEC;
	ASSERT_TRUE(begin(self, TRANSPORT_TCP));
	self->fds[0] = connect_to(&self->w.local);
	setsockopt(self->fds[0], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
	ASSERT_TRUE(put_text(self->fds[0], "\r"));
	/* every second one is answered */
	while (((n = ended(self->fds[0])) == -EAGAIN || n == 1) &&
	       uv_hrtime() - start < 5 * NSEC_PER_SEC)
		put_text(self->fds[0], "\n\r");
	ASSERT_TRUE(UNTIL(&self->w, self->w.closed == 1));
	EXPECT_EQ(STREAM_IDLE, self->w.reason);
}

TEST_F(limits, a_first_message_that_began_in_time_may_be_finished)
{
	struct timeval soon = { .tv_usec = 100000 };
	u64 start = uv_hrtime();

	self->w.conf.limits.idle_timeout = 400 * NSEC_PER_MSEC;
	ASSERT_TRUE(begin(self, TRANSPORT_TCP));
	self->fds[0] = connect_to(&self->w.local);
	setsockopt(self->fds[0], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
	ASSERT_TRUE(put_bytes(self->fds[0], slice_of(MESSAGE, 9)));
	while (uv_hrtime() - start < 800 * NSEC_PER_MSEC) {
		ASSERT_EQ(-EAGAIN, ended(self->fds[0]));
	}
	ASSERT_TRUE(put_bytes(self->fds[0], slice_of(MESSAGE + 9, sizeof(MESSAGE) - 10)));
	ASSERT_TRUE(UNTIL(&self->w, self->w.messages == 1));
	EXPECT_EQ(0, self->w.closed);
}

TEST_F(limits, after_a_message_they_do)
{
	struct timeval soon = { .tv_usec = 50000 };
	u64 start;

	self->w.conf.limits.idle_timeout = 1000 * NSEC_PER_MSEC;
	ASSERT_TRUE(begin(self, TRANSPORT_TCP));
	self->fds[0] = connect_to(&self->w.local);
	setsockopt(self->fds[0], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
	ASSERT_TRUE(put_text(self->fds[0], MESSAGE));
	for (start = uv_hrtime(); uv_hrtime() - start < 2500 * NSEC_PER_MSEC;) {
		ASSERT_TRUE(put_text(self->fds[0], "\r\n"));
		if (ended(self->fds[0]) == 0)
			break;
	}
	ASSERT_TRUE(UNTIL(&self->w, self->w.messages == 1));
	EXPECT_EQ(0, self->w.closed);
}

TEST_F(limits, a_message_must_be_finished)
{
	struct timeval soon = { .tv_usec = 10000 };
	const char *p = MESSAGE;

	self->w.conf.limits.message_timeout = 300 * NSEC_PER_MSEC;
	ASSERT_TRUE(begin(self, TRANSPORT_TCP));
	self->fds[0] = connect_to(&self->w.local);
	setsockopt(self->fds[0], SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon));
	/* Slower and slower, and never the last byte. */
	while (ended(self->fds[0]) == -EAGAIN)
		if (p < MESSAGE + sizeof(MESSAGE) - 3)
			put_bytes(self->fds[0], slice_of(p++, 1));
	ASSERT_TRUE(UNTIL(&self->w, self->w.closed == 1));
	EXPECT_EQ(STREAM_UNFINISHED, self->w.reason);
	EXPECT_EQ(0, self->w.messages);
}

/* --- numbers --- */

static bool is_refused(const struct addr *to)
{
	int fd = connect_to(to);
	/* A reset, at once or after the handshake of TCP. */
	bool refused = fd < 0 || ended(fd) == -ECONNRESET;

	close(fd);
	return refused;
}

TEST_F(limits, one_source_has_so_many_connections)
{
	int i;

	self->w.conf.limits.source_connections = 5;
	ASSERT_TRUE(begin(self, TRANSPORT_TCP));
	for (i = 0; i < 5; i++)
		self->fds[i] = connect_to(&self->w.local);
	ASSERT_TRUE(UNTIL(&self->w, self->w.opened == 5));
	EXPECT_TRUE(is_refused(&self->w.local));
	COUNTED("source_limit", 1);
	close(self->fds[0]);
	self->fds[0] = -1;
	ASSERT_TRUE(UNTIL(&self->w, self->w.closed == 1));
	self->fds[0] = connect_to(&self->w.local);
	ASSERT_TRUE(UNTIL(&self->w, self->w.opened == 6));
}

TEST_F(limits, another_source_is_not_affected)
{
	struct sockaddr_storage ss;
	int fd;

	self->w.conf.limits.source_connections = 1;
	ASSERT_TRUE(begin(self, TRANSPORT_TCP));
	self->fds[0] = connect_to(&self->w.local);
	ASSERT_TRUE(UNTIL(&self->w, self->w.opened == 1));
	EXPECT_TRUE(is_refused(&self->w.local));
	self->fds[1] = fd = bound_socket("127.0.0.2");
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&ss, addr_to_sockaddr(&self->w.local, &ss)));
	ASSERT_TRUE(UNTIL(&self->w, self->w.opened == 2));
}

TEST_F(limits, there_are_so_many_in_all_both_ways)
{
	struct stream_target to = { .listener = 1, .transport = TRANSPORT_TCP };

	self->w.conf.limits.connections = 2;
	ASSERT_TRUE(begin(self, TRANSPORT_TCP));
	self->fds[0] = connect_to(&self->w.local);
	self->fds[1] = connect_to(&self->w.local);
	ASSERT_TRUE(UNTIL(&self->w, self->w.opened == 2));
	EXPECT_TRUE(is_refused(&self->w.local));
	to.peer = self->w.local;
	ASSERT_EQ(0, streams_connect(self->w.s, &to, 1, NULL));
	ASSERT_TRUE(UNTIL(&self->w, self->w.connected == 1));
	EXPECT_EQ(-EDQUOT, self->w.err);
	EXPECT_STREQ("too many connections", self->w.why);
	COUNTED("total_limit", 2);
}

TEST_F(limits, so_many_handshakes_are_under_way)
{
	self->w.conf.limits.source_handshakes = 3;
	self->w.conf.limits.handshake_timeout = 500 * NSEC_PER_MSEC;
	ASSERT_TRUE(begin(self, TRANSPORT_WS));
	self->fds[0] = connect_to(&self->w.local);
	ASSERT_TRUE(put_text(self->fds[0], REQUEST) && got_text(self->fds[0], ANSWER));
	self->fds[1] = connect_to(&self->w.local);
	self->fds[2] = connect_to(&self->w.local);
	self->fds[3] = connect_to(&self->w.local);
	COUNTED("handshakes", 3);
	EXPECT_TRUE(is_refused(&self->w.local));
	COUNTED("handshake_limit", 1);
	/* They do not stay. */
	COUNTED("handshake_timeout", 3);
	COUNTED("handshakes", 0);
	COUNTED("connections", 1);
	EXPECT_EQ(0, self->w.closed);
	EXPECT_EQ(-ECONNRESET, ended(self->fds[1]));
}

/* --- who does not listen --- */

static void see_queued(void *arg, const struct stream_view *view)
{
	*(u64 *)arg = view->queued;
}

TEST_F(limits, a_slow_reader_is_closed_and_nobody_waits_for_it)
{
	static char text[8192];
	u64 queued, most = 0;
	int err = 0, size = 4096;

	self->w.conf.limits.queue_max = 100000;
	ASSERT_TRUE(begin(self, TRANSPORT_TCP));
	self->fds[0] = connect_to(&self->w.local);
	setsockopt(self->fds[0], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	ASSERT_TRUE(UNTIL(&self->w, self->w.opened == 1));
	while (!err) {
		err = streams_send(self->w.s, self->w.ids[0], slice_of(text, sizeof(text)));
		streams_each(self->w.s, see_queued, &queued);
		most = queued > most ? queued : most;
		usleep(50);
	}
	EXPECT_EQ(-ENOBUFS, err);
	EXPECT_LE(most, 100000);
	EXPECT_EQ(-ENOTCONN, streams_send(self->w.s, self->w.ids[0], SLICE("x")));
	ASSERT_TRUE(UNTIL(&self->w, self->w.closed == 1));
	EXPECT_EQ(STREAM_OVERFLOW, self->w.reason);
	COUNTED("queue_overflow", 1);
}

/* Pongs are not free either. */
TEST_F(limits, who_asks_and_does_not_listen_is_closed)
{
	static char pings[65536];
	size_t i;

	for (i = 0; i + 4 <= sizeof(pings); i += 4)
		memcpy(pings + i, "\r\n\r\n", 4);
	self->w.conf.limits.queue_max = 10000;
	ASSERT_TRUE(begin(self, TRANSPORT_TCP));
	self->fds[0] = connect_to(&self->w.local);
	while (send(self->fds[0], pings, sizeof(pings), MSG_NOSIGNAL) > 0)
		;
	ASSERT_TRUE(UNTIL(&self->w, self->w.closed == 1));
	EXPECT_EQ(STREAM_OVERFLOW, self->w.reason);
}

/* --- crowds --- */

/* So many more connections to the daemon as descriptors allow; each has two. */
static u64 room(u64 wanted)
{
	struct rlimit limit;
	u64 most;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	most = (limit.rlim_cur - 200) / 2;
	return wanted < most ? wanted : most;
}

TEST_F_TIMEOUT(limits, thousands_are_idle_while_one_is_served, 120)
{
	u64 n = room(number_of("IDLE", 4000)), i, before, used;
	int *fds = malloc(n * sizeof(*fds));

	ASSERT_GE(n, 1000);
	ASSERT_TRUE(begin(self, TRANSPORT_TCP));
	self->w.echo = true;
	before = mallinfo2().uordblks;
	for (i = 0; i < n; i++) {
		fds[i] = connect_to(&self->w.local);
		ASSERT_GE(fds[i], 0);
		/* A byte of a message, and then the rest: its buffer must go again. */
		ASSERT_TRUE(put_text(fds[i], MESSAGE));
		if (i % 64 == 63)
			ASSERT_TRUE(UNTIL(&self->w, self->w.messages == i + 1));
	}
	ASSERT_TRUE(UNTIL(&self->w, self->w.messages == n && self->w.opened == n));
	buf_free(&self->w.text);
	for (i = 0; i < n; i++)
		ASSERT_TRUE(got_text(fds[i], MESSAGE));
	used = (mallinfo2().uordblks - before) / n;
	TH_LOG("%llu bytes for each of %llu idle connections", (unsigned long long)used,
	       (unsigned long long)n);
	EXPECT_LT(used, 4096);
	for (i = 0; i < 200; i++) {
		ASSERT_TRUE(put_text(fds[n / 2], MESSAGE));
		ASSERT_TRUE(UNTIL(&self->w, self->w.messages == n + i + 1));
		ASSERT_TRUE(got_text(fds[n / 2], MESSAGE));
	}
	for (i = 0; i < n; i++)
		close(fds[i]);
	free(fds);
	ASSERT_TRUE(UNTIL(&self->w, self->w.closed == n));
}

/* They leave by RST, so that the test's own ports do not wait in TIME_WAIT; half of them at once. */
static bool come_and_go(FIXTURE_DATA(limits) *self, u64 n)
{
	struct linger now = { .l_onoff = 1 };
	u64 i, before = self->w.closed;
	unsigned int messages;

	for (i = 0; i < n; i++) {
		int fd = connect_to(&self->w.local);

		messages = self->w.messages;
		if (fd < 0 || !put_text(fd, MESSAGE))
			return false;
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		if (i % 2 && !UNTIL(&self->w, self->w.messages > messages))
			return false;
		close(fd);
		if (!UNTIL(&self->w, self->w.closed + 16 > before + i))
			return false;
		buf_reset(&self->w.text);
	}
	return UNTIL(&self->w, self->w.closed == before + n);
}

TEST_F_TIMEOUT(limits, connections_come_and_go_and_leave_nothing, 600)
{
	u64 n = number_of("CONNECTIONS", 2000), before, after;
	size_t descriptors;

	ASSERT_TRUE(begin(self, TRANSPORT_TCP));
	ASSERT_TRUE(come_and_go(self, number_of("CONNECTIONS", 2000) / 4));
	descriptors = open_descriptors();
	before = mallinfo2().uordblks;
	ASSERT_TRUE(come_and_go(self, n));
	after = mallinfo2().uordblks;
	EXPECT_EQ(descriptors, open_descriptors());
	EXPECT_LT(after, before + 20000);
	EXPECT_EQ(0, counter(&self->w, "connections"));
}

/* --- hostile handshakes --- */

TEST_F_TIMEOUT(limits, half_open_handshakes_delay_nobody, 60)
{
	char dir[] = "/tmp/jalur-flood.XXXXXX";
	u64 i, n = 450, start, longest = 0;
	struct tls_context *ctx;
	struct cert cert;
	struct client c;
	int fds[450];

	ASSERT_NE(NULL, mkdtemp(dir));
	cert = make_cert(dir, "server", "server", "DNS:pbx.example", NULL);
	ctx = context_of(&cert, NULL, TLS_CLIENTS_ANONYMOUS, true);
	ASSERT_EQ(0, world_start(&self->w));
	ASSERT_EQ(0, world_listen(&self->w, "127.0.0.1", TRANSPORT_TLS, ctx));
	self->w.echo = true;
	ASSERT_TRUE(client_connect(&c, &self->w.local, 0, NULL, NULL));
	for (i = 0; i < n; i++) {
		fds[i] = connect_to(&self->w.local);
		/* The beginning of a ClientHello of 512 bytes. */
		put_bytes(fds[i], SLICE("\x16\x03\x01\x02\x00\x01\x00\x01\xfc"));
	}
	COUNTED("handshakes", n);
	for (i = 0; i < 100; i++) {
		start = uv_hrtime();
		ASSERT_TRUE(client_put(&c, SLICE(MESSAGE)));
		ASSERT_TRUE(UNTIL(&self->w, self->w.messages == i + 1));
		ASSERT_TRUE(client_got(&c, SLICE(MESSAGE)));
		if (uv_hrtime() - start > longest)
			longest = uv_hrtime() - start;
	}
	TH_LOG("the longest answer took %llu us", (unsigned long long)(longest / 1000));
	EXPECT_LT(longest, NSEC_PER_SEC);
	EXPECT_EQ(1, self->w.opened);
	client_close(&c);
	for (i = 0; i < n; i++)
		close(fds[i]);
	COUNTED("connections", 0);
	tls_context_put(ctx);
	free_cert(&cert);
	rmdir(dir);
}

/* Without descriptors nothing spins, and what is there is served. */
TEST_F_TIMEOUT(limits, without_descriptors_accepting_rests, 60)
{
	struct rlimit few = { .rlim_cur = 300, .rlim_max = 300 };
	int spare[300], n = 0;
	struct sockaddr_storage ss;
	socklen_t len;
	u64 start;

	ASSERT_TRUE(begin(self, TRANSPORT_TCP));
	len = addr_to_sockaddr(&self->w.local, &ss);
	self->w.echo = true;
	self->fds[0] = connect_to(&self->w.local);
	ASSERT_TRUE(UNTIL(&self->w, self->w.opened == 1));
	self->fds[1] = bound_socket("127.0.0.1");
	setrlimit(RLIMIT_NOFILE, &few);
	while ((spare[n] = dup(self->fds[0])) >= 0)
		n++;
	ASSERT_EQ(0, connect(self->fds[1], (struct sockaddr *)&ss, len));
	ASSERT_TRUE(UNTIL(&self->w, counter(&self->w, "accept_paused")));
	start = uv_hrtime();
	ASSERT_TRUE(put_text(self->fds[0], MESSAGE));
	ASSERT_TRUE(UNTIL(&self->w, self->w.messages == 1));
	ASSERT_TRUE(got_text(self->fds[0], MESSAGE));
	ASSERT_TRUE(UNTIL(&self->w, uv_hrtime() - start > NSEC_PER_SEC));
	EXPECT_LE(counter(&self->w, "accept_paused"), 12);
	EXPECT_EQ(1, self->w.opened);
	while (n)
		close(spare[--n]);
	ASSERT_TRUE(UNTIL(&self->w, self->w.opened == 2));
}

TEST_HARNESS_MAIN
