// SPDX-License-Identifier: GPL-2.0-only
/*
 * TCP connections of the daemon with peers of the test's own: messages in and out however
 * the bytes are cut, connections both ways, what is reused, and how they end.
 */
#include "stream_harness.h"

FIXTURE(tcp) {
	struct world w;
	int fd;			/* a peer that is connected */
};

FIXTURE_VARIANT(tcp) {
	const char *ip;
	unsigned int threads;
};

FIXTURE_VARIANT_ADD(tcp, v4) { .ip = "127.0.0.1", .threads = 1 };
FIXTURE_VARIANT_ADD(tcp, v6_in_three_threads) { .ip = "::1", .threads = 3 };

FIXTURE_SETUP(tcp)
{
	int fd = bound_socket(variant->ip);

	self->w.s = NULL;
	if (fd < 0)
		SKIP(return, "no %s here", variant->ip);
	close(fd);
	world_prepare(&self->w);
	self->w.conf.threads = variant->threads;
	ASSERT_EQ(0, world_start(&self->w));
	ASSERT_EQ(0, world_listen(&self->w, variant->ip, TRANSPORT_TCP, NULL));
	self->fd = connect_to(&self->w.local);
	ASSERT_GE(self->fd, 0);
	ASSERT_TRUE(UNTIL(&self->w, self->w.opened == 1));
}

FIXTURE_TEARDOWN(tcp)
{
	if (!self->w.s)
		return;
	close(self->fd);
	world_stop(&self->w);
	EXPECT_EQ(0, self->w.wrong);
}

TEST_F(tcp, a_connection_is_told_with_its_addresses)
{
	struct addr peer = bound_to(self->fd);

	EXPECT_EQ(1, self->w.flow.listener);
	EXPECT_TRUE(addr_eq(&peer, &self->w.flow.peer));
	EXPECT_TRUE(addr_eq(&self->w.local, &self->w.info.local));
	EXPECT_TRUE(self->w.info.incoming);
	EXPECT_EQ(TRANSPORT_TCP, self->w.info.transport);
	EXPECT_EQ(7, self->w.flow.connection >> 32);
	EXPECT_EQ(NULL, self->w.info.tls);
}

TEST_F(tcp, a_message_comes_whole_and_is_answered)
{
	self->w.echo = true;
	ASSERT_TRUE(put_text(self->fd, MESSAGE));
	ASSERT_TRUE(UNTIL(&self->w, self->w.messages == 1));
	EXPECT_TRUE(slice_eq(buf_slice(&self->w.text), SLICE(MESSAGE)));
	EXPECT_TRUE(got_text(self->fd, MESSAGE));
	EXPECT_GT(self->w.bursts, 0);
}

TEST_F(tcp, a_byte_at_a_time)
{
	const char *p;

	for (p = MESSAGE MESSAGE; *p; p++)
		ASSERT_TRUE(put_bytes(self->fd, slice_of(p, 1)));
	ASSERT_TRUE(UNTIL(&self->w, self->w.messages == 2));
	EXPECT_TRUE(slice_eq(buf_slice(&self->w.text), SLICE(MESSAGE MESSAGE)));
}

TEST_F(tcp, several_messages_in_one_segment)
{
	self->w.echo = true;
	ASSERT_TRUE(put_text(self->fd, MESSAGE "\r\n" MESSAGE MESSAGE));
	ASSERT_TRUE(UNTIL(&self->w, self->w.messages == 3));
	EXPECT_TRUE(got_text(self->fd, MESSAGE MESSAGE MESSAGE));
}

/* Each part arrives before the next is sent: the thread has taken it when its bytes count. */
static void see_bytes(void *arg, const struct stream_view *view)
{
	*(u64 *)arg = view->bytes_in;
}

static u64 bytes_in(struct world *w)
{
	u64 n = 0;

	streams_each(w->s, see_bytes, &n);
	return n;
}

TEST_F(tcp, a_message_split_at_every_position)
{
	size_t n = sizeof(MESSAGE) - 1, i;

	for (i = 1; i < n; i++) {
		u64 before = bytes_in(&self->w);

		ASSERT_TRUE(put_bytes(self->fd, slice_of(MESSAGE, i)));
		ASSERT_TRUE(UNTIL(&self->w, bytes_in(&self->w) == before + i));
		ASSERT_TRUE(put_bytes(self->fd, slice_of(MESSAGE + i, n - i)));
		ASSERT_TRUE(UNTIL(&self->w, self->w.messages == i));
		ASSERT_TRUE(slice_eq(buf_slice(&self->w.text), SLICE(MESSAGE)));
		buf_reset(&self->w.text);
	}
}

TEST_F(tcp, a_large_message_passes_and_a_larger_one_is_refused)
{
	size_t head, max = self->w.conf.limits.message_max;
	char *text = malloc(max + 1);

	head = sprintf(text, "OPTIONS sip:a SIP/2.0\r\nContent-Length: %zu\r\n\r\n", max - 48);
	ASSERT_EQ(48, head);
	memset(text + head, 'x', max - head);
	ASSERT_TRUE(put_bytes(self->fd, slice_of(text, max)));
	ASSERT_TRUE(UNTIL(&self->w, self->w.messages == 1));
	EXPECT_EQ(max, self->w.text.n);
	sprintf(text, "OPTIONS sip:a SIP/2.0\r\nContent-Length: %zu\r\n\r\n", max - 47);
	ASSERT_TRUE(put_bytes(self->fd, slice_of(text, head)));
	ASSERT_TRUE(UNTIL(&self->w, self->w.errors == 1));
	EXPECT_EQ(413, self->w.status);
	ASSERT_TRUE(UNTIL(&self->w, self->w.closed == 1));
	EXPECT_EQ(STREAM_TOO_LARGE, self->w.reason);
	EXPECT_EQ(1, counter(&self->w, "too_large"));
	free(text);
}

TEST_F(tcp, a_ping_is_answered_without_the_daemon)
{
	ASSERT_TRUE(put_text(self->fd, "\r\n\r\n"));
	EXPECT_TRUE(got_text(self->fd, "\r\n"));
	EXPECT_EQ(0, self->w.messages);
	EXPECT_EQ(1, counter(&self->w, "pings"));
}

TEST_F(tcp, what_cannot_be_framed_is_answered_and_closed)
{
	self->w.answer = "SIP/2.0 400 Bad Request\r\n\r\n";
	ASSERT_TRUE(put_text(self->fd, "OPTIONS sip:a SIP/2.0\r\n\r\n" MESSAGE));
	ASSERT_TRUE(UNTIL(&self->w, self->w.errors == 1));
	EXPECT_EQ(400, self->w.status);
	EXPECT_TRUE(got_text(self->fd, self->w.answer));
	EXPECT_EQ(0, ended(self->fd));
	close(self->fd);
	self->fd = -1;
	ASSERT_TRUE(UNTIL(&self->w, self->w.closed == 1));
	EXPECT_EQ(STREAM_FRAMING, self->w.reason);
	EXPECT_EQ(0, self->w.messages);
	EXPECT_EQ(-ENOTCONN, streams_send(self->w.s, self->w.ids[0], SLICE("x")));
}

/* Bytes that nobody read must not reset what was answered. */
TEST_F(tcp, an_answer_is_heard_although_the_peer_goes_on_talking)
{
	static char flood[200000];
	int i;

	self->w.answer = "SIP/2.0 400 Bad Request\r\n\r\n";
	memset(flood, 'x', sizeof(flood));
	ASSERT_TRUE(put_text(self->fd, "OPTIONS sip:a SIP/2.0\r\n\r\n"));
	for (i = 0; i < 5; i++)
		send(self->fd, flood, sizeof(flood), MSG_NOSIGNAL | MSG_DONTWAIT);
	ASSERT_TRUE(UNTIL(&self->w, self->w.errors == 1));
	EXPECT_TRUE(got_text(self->fd, self->w.answer));
	EXPECT_EQ(0, ended(self->fd));
}

TEST_F(tcp, the_peer_closes_in_the_middle_of_a_message)
{
	ASSERT_TRUE(put_bytes(self->fd, slice_of(MESSAGE, 20)));
	close(self->fd);
	self->fd = -1;
	ASSERT_TRUE(UNTIL(&self->w, self->w.closed == 1));
	EXPECT_EQ(STREAM_PEER_CLOSED, self->w.reason);
	EXPECT_EQ(0, self->w.messages);
	EXPECT_EQ(NULL, streams_info(self->w.s, self->w.ids[0]));
}

TEST_F(tcp, a_reset_is_an_end_too)
{
	struct linger now = { .l_onoff = 1 };

	setsockopt(self->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(self->fd);
	self->fd = -1;
	ASSERT_TRUE(UNTIL(&self->w, self->w.closed == 1));
	EXPECT_EQ(STREAM_RESET, self->w.reason);
}

TEST_F(tcp, closing_sends_what_is_left_first)
{
	u64 id = self->w.ids[0];

	ASSERT_EQ(0, streams_send(self->w.s, id, SLICE("one")));
	ASSERT_EQ(0, streams_send(self->w.s, id, SLICE("two")));
	streams_close_connection(self->w.s, id, STREAM_ASKED);
	EXPECT_TRUE(got_text(self->fd, "onetwo"));
	EXPECT_EQ(0, ended(self->fd));
	close(self->fd);
	self->fd = -1;
	ASSERT_TRUE(UNTIL(&self->w, self->w.closed == 1));
	EXPECT_EQ(STREAM_ASKED, self->w.reason);
	EXPECT_EQ(-ENOTCONN, streams_send(self->w.s, id, SLICE("three")));
}

TEST_F(tcp, thousands_of_messages_keep_their_order)
{
	unsigned int i, n = 20000;
	char text[128], *all, *p;

	all = p = malloc(n * 64);
	for (i = 0; i < n; i++)
		p += sprintf(p, "M sip:%u SIP/2.0\r\nl: 0\r\n\r\n", i);
	if (!fork()) {
		put_bytes(self->fd, slice_of(all, p - all));
		_exit(0);
	}
	ASSERT_TRUE(UNTIL(&self->w, self->w.messages == n));
	EXPECT_TRUE(slice_eq(buf_slice(&self->w.text), slice_of(all, p - all)));
	for (i = 0; i < n; i++) {
		int len = sprintf(text, "%u ", i);

		/* The ring may be full: then it is said, and nothing was taken. */
		while (streams_send(self->w.s, self->w.ids[0], slice_of(text, len)) == -ENOBUFS)
			ASSERT_TRUE(UNTIL(&self->w, true));
		ASSERT_TRUE(got_text(self->fd, text));
	}
	free(all);
}

/* --- connections that we make --- */

static int peer_listens(struct addr *a, const char *ip)
{
	int fd = bound_socket(ip);

	*a = bound_to(fd);
	return listen(fd, 16) ? -1 : fd;
}

static struct stream_target target_of(const struct addr *peer)
{
	return (struct stream_target){
		.listener = 1, .transport = TRANSPORT_TCP, .peer = *peer,
	};
}

TEST_F(tcp, we_connect_and_are_connected)
{
	struct addr peer, from;
	int listener = peer_listens(&peer, variant->ip), fd;
	struct stream_target to = target_of(&peer);
	u64 id;

	self->w.ours = true;
	EXPECT_EQ(0, streams_find(self->w.s, &to));
	ASSERT_EQ(0, streams_connect(self->w.s, &to, 99, &id));
	EXPECT_EQ(0, streams_find(self->w.s, &to));
	ASSERT_TRUE(UNTIL(&self->w, self->w.connected == 1));
	EXPECT_EQ(99, self->w.ticket);
	EXPECT_EQ(0, self->w.err);
	EXPECT_EQ(id, self->w.flow.connection);
	EXPECT_TRUE(addr_eq(&peer, &self->w.flow.peer));
	EXPECT_FALSE(self->w.info.incoming);
	fd = accept(listener, NULL, NULL);
	from = bound_to(fd);
	EXPECT_TRUE(addr_ip_eq(&from, &self->w.info.local));
	EXPECT_NE(self->w.local.port, self->w.info.local.port);
	EXPECT_EQ(id, streams_find(self->w.s, &to));
	ASSERT_EQ(0, streams_send(self->w.s, id, SLICE(MESSAGE)));
	EXPECT_TRUE(got_text(fd, MESSAGE));
	ASSERT_TRUE(put_text(fd, MESSAGE));
	ASSERT_TRUE(UNTIL(&self->w, self->w.messages == 1));
	close(fd);
	ASSERT_TRUE(UNTIL(&self->w, self->w.closed == 1));
	EXPECT_EQ(0, streams_find(self->w.s, &to));
	close(listener);
}

TEST_F(tcp, nobody_listens_there)
{
	struct addr peer = free_address(variant->ip);
	struct stream_target to = target_of(&peer);

	ASSERT_EQ(0, streams_connect(self->w.s, &to, 5, NULL));
	ASSERT_TRUE(UNTIL(&self->w, self->w.connected == 1));
	EXPECT_EQ(5, self->w.ticket);
	EXPECT_EQ(-ECONNREFUSED, self->w.err);
	EXPECT_STREQ("Connection refused", self->w.why);
	EXPECT_EQ(0, self->w.flow.connection);
	EXPECT_EQ(0, self->w.closed);
	EXPECT_EQ(1, counter(&self->w, "connect_failed"));
	EXPECT_EQ(1, counter(&self->w, "connections"));
}

TEST_F(tcp, what_makes_no_sense_is_refused_at_once)
{
	struct stream_listen listen = { .transport = TRANSPORT_TCP, .local = self->w.local };
	struct addr peer = free_address(variant->ip);
	struct stream_target to = target_of(&peer);

	EXPECT_EQ(-EEXIST, streams_listen(self->w.s, 1, &listen));
	EXPECT_EQ(-EADDRINUSE, streams_listen(self->w.s, 2, &listen));
	listen.transport = TRANSPORT_UDP;
	EXPECT_EQ(-EINVAL, streams_listen(self->w.s, 2, &listen));
	listen.transport = TRANSPORT_TLS;
	EXPECT_EQ(-EINVAL, streams_listen(self->w.s, 2, &listen));
	listen.transport = TRANSPORT_TCP;
	memset(&listen.local.ip, 0, sizeof(listen.local.ip));
	EXPECT_EQ(-EINVAL, streams_listen(self->w.s, 2, &listen));
	to.listener = 2;
	EXPECT_EQ(-ENOENT, streams_connect(self->w.s, &to, 1, NULL));
	to.listener = 1;
	to.transport = TRANSPORT_TLS;
	EXPECT_EQ(-EINVAL, streams_connect(self->w.s, &to, 1, NULL));
	to.transport = TRANSPORT_WS;
	EXPECT_EQ(-EINVAL, streams_connect(self->w.s, &to, 1, NULL));
	EXPECT_EQ(-ENOENT, streams_set_tls(self->w.s, 2, NULL));
	EXPECT_EQ(-ENOENT, streams_alias(self->w.s, 1, &peer));
	EXPECT_EQ(-ENOTCONN, streams_send(self->w.s, 1, SLICE("x")));
}

/* RFC 5923: a request to who connected to us goes by the connection that is there. */
TEST_F(tcp, an_alias_makes_an_incoming_connection_reusable)
{
	struct addr name = self->w.flow.peer;
	struct stream_target to;
	u64 id = self->w.ids[0];
	int i;

	name.port = 5060;
	to = target_of(&name);
	EXPECT_EQ(0, streams_find(self->w.s, &to));
	ASSERT_EQ(0, streams_alias(self->w.s, id, &name));
	ASSERT_EQ(0, streams_alias(self->w.s, id, &name));
	EXPECT_EQ(id, streams_find(self->w.s, &to));
	to.listener = 2;
	EXPECT_EQ(0, streams_find(self->w.s, &to));
	for (i = 1; i < STREAM_MAX_ALIASES; i++) {
		name.port++;
		ASSERT_EQ(0, streams_alias(self->w.s, id, &name));
	}
	name.port++;
	EXPECT_EQ(-ENOBUFS, streams_alias(self->w.s, id, &name));
	close(self->fd);
	self->fd = -1;
	ASSERT_TRUE(UNTIL(&self->w, self->w.closed == 1));
	to.listener = 1;
	EXPECT_EQ(0, streams_find(self->w.s, &to));
}

static void keep_view(void *arg, const struct stream_view *view)
{
	*(struct stream_view *)arg = *view;
}

TEST_F(tcp, the_list_shows_what_went_over_a_connection)
{
	struct stream_view v = {0};

	self->w.echo = true;
	ASSERT_TRUE(put_text(self->fd, MESSAGE MESSAGE));
	ASSERT_TRUE(UNTIL(&self->w, self->w.messages == 2));
	ASSERT_TRUE(got_text(self->fd, MESSAGE MESSAGE));
	ASSERT_TRUE(UNTIL(&self->w, (streams_each(self->w.s, keep_view, &v), v.queued == 0)));
	EXPECT_EQ(self->w.ids[0], v.info->id);
	EXPECT_EQ(STREAM_OPEN, v.state);
	EXPECT_STREQ("open", stream_state_name(v.state));
	EXPECT_EQ(2, v.messages_in);
	EXPECT_EQ(2, v.messages_out);
	EXPECT_EQ(2 * (sizeof(MESSAGE) - 1), v.bytes_in);
	EXPECT_EQ(2 * (sizeof(MESSAGE) - 1), v.bytes_out);
	EXPECT_LT(v.age, 60 * NSEC_PER_SEC);
	EXPECT_EQ(2, counter(&self->w, "messages_in"));
	EXPECT_EQ(1, counter(&self->w, "opened"));
}

/* --- listeners come and go --- */

TEST_F(tcp, a_listener_that_goes_leaves_its_connections_and_frees_its_address)
{
	struct stream_listen listen = { .transport = TRANSPORT_TCP, .local = self->w.local };
	int second;

	streams_unlisten(self->w.s, 1);
	ASSERT_EQ(0, streams_listen(self->w.s, 2, &listen));
	ASSERT_TRUE(put_text(self->fd, MESSAGE));
	ASSERT_TRUE(UNTIL(&self->w, self->w.messages == 1));
	EXPECT_EQ(1, self->w.flow.listener);
	second = connect_to(&self->w.local);
	ASSERT_GE(second, 0);
	ASSERT_TRUE(UNTIL(&self->w, self->w.opened == 2));
	EXPECT_EQ(2, self->w.flow.listener);
	close(second);
	streams_unlisten(self->w.s, 2);
	EXPECT_EQ(-1, connect_to(&self->w.local));
}

/* The daemon is busy: nothing is lost, its rings stay small, and the peers are made to wait. */
TEST_F(tcp, a_daemon_that_is_behind_loses_nothing)
{
	unsigned int i, n = 100000;
	char *all = malloc(n * 26), *p = all;

	world_stop(&self->w);
	world_prepare(&self->w);
	self->w.conf.ring = 16;
	self->w.conf.threads = variant->threads;
	ASSERT_EQ(0, world_start(&self->w));
	ASSERT_EQ(0, world_listen(&self->w, variant->ip, TRANSPORT_TCP, NULL));
	close(self->fd);
	self->fd = connect_to(&self->w.local);
	for (i = 0; i < n; i++)
		p += sprintf(p, "M sip:a SIP/2.0\r\nl: 0\r\n\r\n");
	if (!fork()) {
		put_bytes(self->fd, slice_of(all, p - all));
		_exit(0);
	}
	while (!counter(&self->w, "stalled"))
		usleep(1000);
	ASSERT_TRUE(UNTIL(&self->w, self->w.messages == n));
	EXPECT_TRUE(slice_eq(buf_slice(&self->w.text), slice_of(all, p - all)));
	free(all);
}

TEST_F(tcp, everything_is_closed_at_the_end)
{
	world_stop(&self->w);
	EXPECT_LE(ended(self->fd), 0);
	world_prepare(&self->w);
	ASSERT_EQ(0, world_start(&self->w));
}

TEST_HARNESS_MAIN
