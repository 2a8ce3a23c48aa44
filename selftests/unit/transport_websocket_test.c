// SPDX-License-Identifier: GPL-2.0-only
/*
 * WebSockets for SIP (RFC 6455, RFC 7118): first without sockets, then over them, plain and
 * with TLS.
 */
#include "tls_harness.h"
#include "websocket_harness.h"

/* --- frames --- */

FIXTURE(frames) {
	struct websocket *ws;
	struct buf wire;
};

FIXTURE_SETUP(frames)
{
	buf_init(&self->wire);
	ASSERT_EQ(0, websocket_new(&self->ws, 1000, NULL, 0));
	ASSERT_FALSE(websocket_ready(self->ws));
	ASSERT_EQ(0, websocket_input(self->ws, SLICE(REQUEST), &self->wire));
	ASSERT_TRUE(websocket_ready(self->ws));
	ASSERT_TRUE(slice_eq(buf_slice(&self->wire), SLICE(ANSWER)));
	buf_reset(&self->wire);
}

FIXTURE_TEARDOWN(frames)
{
	websocket_free(self->ws);
	buf_free(&self->wire);
}

static int frame(FIXTURE_DATA(frames) *self, unsigned int first, struct slice payload)
{
	char bytes[70000];

	return websocket_input(self->ws,
			       slice_of(bytes, put_frame(bytes, first, payload, true)),
			       &self->wire);
}

/* The next message is this one. */
static bool next_is(FIXTURE_DATA(frames) *self, enum websocket_kind kind, struct slice bytes)
{
	struct websocket_message *m = websocket_take(self->ws);
	bool same = m && m->kind == kind && slice_eq(slice_of(m->bytes, m->n), bytes);

	free(m);
	return same;
}

TEST_F(frames, text_and_binary_are_messages)
{
	EXPECT_EQ(0, frame(self, FIN | TEXT, SLICE(MESSAGE)));
	EXPECT_EQ(0, frame(self, FIN | BINARY, SLICE("\xff\xfe")));
	EXPECT_TRUE(next_is(self, WEBSOCKET_MESSAGE, SLICE(MESSAGE)));
	EXPECT_TRUE(next_is(self, WEBSOCKET_MESSAGE, SLICE("\xff\xfe")));
	EXPECT_EQ(NULL, websocket_take(self->ws));
	EXPECT_STREQ("https://pbx.example", websocket_origin(self->ws));
}

TEST_F(frames, a_frame_a_byte_at_a_time)
{
	char bytes[256];
	size_t n = put_frame(bytes, FIN | TEXT, SLICE(MESSAGE), true), i;

	for (i = 0; i < n; i++)
		ASSERT_EQ(0, websocket_input(self->ws, slice_of(bytes + i, 1), &self->wire));
	EXPECT_TRUE(next_is(self, WEBSOCKET_MESSAGE, SLICE(MESSAGE)));
}

TEST_F(frames, a_request_and_frames_in_one_piece)
{
	char bytes[1024] = REQUEST;
	size_t n = sizeof(REQUEST) - 1;

	websocket_free(self->ws);
	ASSERT_EQ(0, websocket_new(&self->ws, 1000, NULL, 0));
	n += put_frame(bytes + n, FIN | TEXT, SLICE("one"), true);
	n += put_frame(bytes + n, FIN | TEXT, SLICE("two"), true);
	ASSERT_EQ(0, websocket_input(self->ws, slice_of(bytes, n), &self->wire));
	EXPECT_TRUE(next_is(self, WEBSOCKET_MESSAGE, SLICE("one")));
	EXPECT_TRUE(next_is(self, WEBSOCKET_MESSAGE, SLICE("two")));
}

TEST_F(frames, fragments_are_joined_around_a_ping)
{
	EXPECT_EQ(0, frame(self, TEXT, SLICE("OPT")));
	EXPECT_TRUE(websocket_unfinished(self->ws));
	EXPECT_EQ(0, frame(self, 0, SLICE("IO")));
	EXPECT_EQ(0, frame(self, FIN | PING, SLICE("are you there")));
	EXPECT_EQ(NULL, websocket_take(self->ws));
	EXPECT_EQ(0, frame(self, FIN, SLICE("NS")));
	EXPECT_FALSE(websocket_unfinished(self->ws));
	EXPECT_TRUE(next_is(self, WEBSOCKET_MESSAGE, SLICE("OPTIONS")));
	EXPECT_TRUE(slice_eq(buf_slice(&self->wire), SLICE("\x8a\x0d\x61re you there")));
}

TEST_F(frames, crlf_keeps_alive)
{
	EXPECT_EQ(0, frame(self, FIN | TEXT, SLICE("\r\n")));
	EXPECT_EQ(0, frame(self, FIN | TEXT, SLICE("\r\n\r\n")));
	EXPECT_EQ(0, frame(self, FIN | TEXT, SLICE("")));
	EXPECT_TRUE(next_is(self, WEBSOCKET_CRLF, SLICE("\r\n")));
	EXPECT_TRUE(next_is(self, WEBSOCKET_PING, SLICE("\r\n\r\n")));
	EXPECT_TRUE(next_is(self, WEBSOCKET_CRLF, SLICE("")));
}

TEST_F(frames, a_close_is_answered_with_its_code)
{
	EXPECT_EQ(-ESHUTDOWN, frame(self, FIN | CLOSE, SLICE("\x03\xe9\x62ye")));
	EXPECT_EQ(0x88, (u8)self->wire.p[0]);
	EXPECT_EQ(0, memcmp(self->wire.p + 2, "\x03\xe9", 2));
	buf_reset(&self->wire);
	websocket_finish(self->ws, false, &self->wire);
	EXPECT_EQ(0, self->wire.n);
}

/* The close frame that was sent has this code. */
static unsigned int close_code(const struct buf *wire)
{
	if (wire->n < 4 || (u8)wire->p[0] != 0x88)
		return 0;
	return (unsigned int)((u8)wire->p[2] << 8 | (u8)wire->p[3]);
}

TEST_F(frames, an_unmasked_frame_is_an_error)
{
	char bytes[256];
	size_t n = put_frame(bytes, FIN | TEXT, SLICE("x"), false);

	EXPECT_EQ(-EPROTO, websocket_input(self->ws, slice_of(bytes, n), &self->wire));
	EXPECT_EQ(1002, close_code(&self->wire));
}

TEST_F(frames, reserved_bits_and_opcodes_are_errors)
{
	EXPECT_EQ(-EPROTO, frame(self, FIN | 0x40 | TEXT, SLICE("x")));
	EXPECT_EQ(1002, close_code(&self->wire));
}

TEST_F(frames, an_unknown_opcode_is_an_error)
{
	EXPECT_EQ(-EPROTO, frame(self, FIN | 3, SLICE("x")));
	EXPECT_EQ(1002, close_code(&self->wire));
}

TEST_F(frames, a_continuation_of_nothing_is_an_error)
{
	EXPECT_EQ(-EPROTO, frame(self, FIN, SLICE("x")));
	EXPECT_EQ(1002, close_code(&self->wire));
}

TEST_F(frames, a_long_or_fragmented_control_frame_is_an_error)
{
	static char text[126];

	EXPECT_EQ(-EPROTO, frame(self, FIN | PING, slice_of(text, sizeof(text))));
	EXPECT_TRUE(slice_eq(buf_slice(&self->wire), SLICE("\x88\x00")));
	websocket_free(self->ws);
	buf_reset(&self->wire);
	ASSERT_EQ(0, websocket_new(&self->ws, 1000, NULL, 0));
	ASSERT_EQ(0, websocket_input(self->ws, SLICE(REQUEST), &self->wire));
	EXPECT_EQ(-EPROTO, frame(self, PING, SLICE("x")));
}

TEST_F(frames, text_that_is_no_utf8_is_an_error)
{
	EXPECT_EQ(-EPROTO, frame(self, FIN | TEXT, SLICE("\xc0\xaf")));
	EXPECT_EQ(1007, close_code(&self->wire));
}

TEST_F(frames, the_largest_message_and_a_larger_one)
{
	static char text[1001];

	memset(text, 'x', sizeof(text));
	EXPECT_EQ(0, frame(self, FIN | TEXT, slice_of(text, 1000)));
	EXPECT_TRUE(next_is(self, WEBSOCKET_MESSAGE, slice_of(text, 1000)));
	EXPECT_EQ(-EMSGSIZE, frame(self, FIN | TEXT, slice_of(text, 1001)));
	EXPECT_EQ(1009, close_code(&self->wire));
}

TEST_F(frames, fragments_count_together)
{
	static char text[600];

	memset(text, 'x', sizeof(text));
	EXPECT_EQ(0, frame(self, TEXT, slice_of(text, 600)));
	EXPECT_EQ(-EMSGSIZE, frame(self, FIN, slice_of(text, 600)));
	EXPECT_EQ(1009, close_code(&self->wire));
}

TEST_F(frames, a_length_of_64_bits_is_only_a_number)
{
	static const char bytes[] = "\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x01\x02\x03\x04x";

	EXPECT_EQ(-EMSGSIZE, websocket_input(self->ws, slice_str(bytes), &self->wire));
	EXPECT_EQ(1009, close_code(&self->wire));
}

TEST_F(frames, what_we_send_is_text_or_else_binary)
{
	static const struct {
		const char *text;
		u8 opcode;
	} cases[] = {
		{ "SIP/2.0 200 OK", TEXT }, { "z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x93\x9e", TEXT },
		{ "\xff", BINARY }, { "\xc3", BINARY }, { "\xc0\x80", BINARY },
		{ "\xed\xa0\x80", BINARY }, { "\xf4\x90\x80\x80", BINARY }, { "\xe2\x82", BINARY },
		{ "\xf8\x88\x80\x80\x80", BINARY }, { "\x80", BINARY },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ASSERT_EQ(0, websocket_send(self->ws, slice_str(cases[i].text), &self->wire));
		EXPECT_EQ(FIN | cases[i].opcode, (u8)self->wire.p[0]) TH_LOG("case %zu", i);
		EXPECT_EQ(strlen(cases[i].text), (u8)self->wire.p[1]);
		EXPECT_EQ(0, memcmp(self->wire.p + 2, cases[i].text, strlen(cases[i].text)));
		buf_reset(&self->wire);
	}
}

/* --- over sockets --- */

FIXTURE(ws) {
	struct world w;
	int fd;
	u64 idle;		/* 0: never */
};

static bool start_ws(FIXTURE_DATA(ws) *self, u64 ping_interval)
{
	struct stream_listen listen = { .transport = TRANSPORT_WS, .origins = allowed,
					.norigins = 2 };

	world_prepare(&self->w);
	self->w.conf.limits.ping_interval = ping_interval;
	self->w.conf.limits.idle_timeout = self->idle;
	self->w.conf.limits.message_max = 30000;
	if (world_start(&self->w))
		return false;
	self->w.local = listen.local = free_address("127.0.0.1");
	if (streams_listen(self->w.s, 1, &listen))
		return false;
	self->fd = connect_to(&self->w.local);
	return self->fd >= 0;
}

FIXTURE_SETUP(ws)
{
	ASSERT_TRUE(start_ws(self, 0));
}

/* From the beginning, with pings. */
static bool restart_ws(FIXTURE_DATA(ws) *self, u64 ping_interval)
{
	close(self->fd);
	world_stop(&self->w);
	return start_ws(self, ping_interval);
}

FIXTURE_TEARDOWN(ws)
{
	close(self->fd);
	world_stop(&self->w);
	EXPECT_EQ(0, self->w.wrong);
}

static bool send_frame(int fd, unsigned int first, struct slice payload)
{
	char *bytes = malloc(payload.n + 16);
	bool sent = put_bytes(fd, slice_of(bytes, put_frame(bytes, first, payload, true)));

	free(bytes);
	return sent;
}

static bool upgrade(FIXTURE_DATA(ws) *self)
{
	return put_text(self->fd, REQUEST) && got_text(self->fd, ANSWER) &&
	       UNTIL(&self->w, self->w.opened == 1);
}

/* Reads frames until one with this opcode, which is not answered. */
static bool got_opcode(int fd, unsigned int opcode)
{
	u8 head[2], payload[125];

	do {
		if (recv(fd, head, 2, MSG_WAITALL) != 2 || head[1] > 125)
			return false;
		if (head[1] && recv(fd, payload, head[1], MSG_WAITALL) != head[1])
			return false;
	} while ((head[0] & 15) != opcode);
	return true;
}

TEST_F(ws, a_message_comes_and_is_answered)
{
	ASSERT_TRUE(upgrade(self));
	EXPECT_STREQ("https://pbx.example", self->w.origin);
	EXPECT_EQ(TRANSPORT_WS, self->w.info.transport);
	self->w.echo = true;
	ASSERT_TRUE(send_frame(self->fd, FIN | TEXT, SLICE(MESSAGE)));
	ASSERT_TRUE(UNTIL(&self->w, self->w.messages == 1));
	EXPECT_TRUE(slice_eq(buf_slice(&self->w.text), SLICE(MESSAGE)));
	EXPECT_TRUE(got_opcode(self->fd, TEXT));
}

TEST_F(ws, a_page_that_is_not_allowed_is_refused)
{
	char answer[13] = "";

	ASSERT_TRUE(put_text(self->fd, LINE HOST UPGRADE VERSION GOOD_KEY PROTOCOL
			     "Origin: https://evil.example\r\n\r\n"));
	EXPECT_EQ(12, recv(self->fd, answer, 12, MSG_WAITALL));
	EXPECT_STREQ("HTTP/1.1 403", answer);
	close(self->fd);
	self->fd = -1;
	ASSERT_TRUE(UNTIL(&self->w, counter(&self->w, "origin_refused") == 1));
	EXPECT_EQ(0, self->w.opened);
	EXPECT_EQ(0, self->w.closed);
}

TEST_F(ws, no_upgrade_is_refused)
{
	ASSERT_TRUE(put_text(self->fd, LINE HOST "\r\n"));
	EXPECT_TRUE(got_text(self->fd, "HTTP/1.1 426"));
	close(self->fd);
	self->fd = -1;
	ASSERT_TRUE(UNTIL(&self->w, counter(&self->w, "upgrade_refused") == 1));
	EXPECT_EQ(0, counter(&self->w, "connections"));
}

TEST_F(ws, who_answers_pings_stays)
{
	int i;

	ASSERT_TRUE(restart_ws(self, 700 * NSEC_PER_MSEC));
	ASSERT_TRUE(upgrade(self));
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(got_opcode(self->fd, PING));
		ASSERT_TRUE(send_frame(self->fd, FIN | PONG, SLICE("")));
	}
	ASSERT_TRUE(send_frame(self->fd, FIN | TEXT, SLICE(MESSAGE)));
	ASSERT_TRUE(UNTIL(&self->w, self->w.messages == 1));
	EXPECT_EQ(0, self->w.closed);
}

TEST_F(ws, who_does_not_answer_pings_is_closed)
{
	ASSERT_TRUE(restart_ws(self, 200 * NSEC_PER_MSEC));
	ASSERT_TRUE(put_text(self->fd, REQUEST));
	ASSERT_TRUE(UNTIL(&self->w, self->w.closed == 1));
	EXPECT_EQ(STREAM_NO_PONG, self->w.reason);
}

/* Answers pings as long as it may, at most that many times; true: it still may. */
static bool pongs(int fd, unsigned int times)
{
	while (times && got_opcode(fd, PING) && send_frame(fd, FIN | PONG, SLICE("")))
		times--;
	return !times;
}

/* A browser's phone says nothing between its registrations. */
TEST_F(ws, who_has_spoken_stays_by_pongs_alone)
{
	self->idle = 1500 * NSEC_PER_MSEC;
	ASSERT_TRUE(restart_ws(self, 400 * NSEC_PER_MSEC));
	ASSERT_TRUE(upgrade(self));
	ASSERT_TRUE(send_frame(self->fd, FIN | TEXT, SLICE(MESSAGE)));
	EXPECT_TRUE(pongs(self->fd, 8));
	ASSERT_TRUE(UNTIL(&self->w, self->w.messages == 1));
	EXPECT_EQ(0, self->w.closed);
}

/* What costs nothing keeps nothing: a pong, or a keep-alive in pieces. */
TEST_F(ws, who_never_speaks_is_closed_though_it_answers_pings)
{
	self->idle = 1500 * NSEC_PER_MSEC;
	ASSERT_TRUE(restart_ws(self, 400 * NSEC_PER_MSEC));
	ASSERT_TRUE(upgrade(self));
	ASSERT_TRUE(send_frame(self->fd, TEXT, SLICE("\r")));
	ASSERT_TRUE(pongs(self->fd, 1));
	ASSERT_TRUE(send_frame(self->fd, FIN, SLICE("\n")));
	EXPECT_FALSE(pongs(self->fd, 8));
	ASSERT_TRUE(UNTIL(&self->w, self->w.closed == 1));
	EXPECT_EQ(STREAM_IDLE, self->w.reason);
}

TEST_F(ws, closing_by_the_peer_is_answered)
{
	ASSERT_TRUE(upgrade(self));
	ASSERT_TRUE(send_frame(self->fd, FIN | CLOSE, SLICE("\x03\xe8")));
	EXPECT_TRUE(got_opcode(self->fd, CLOSE));
	EXPECT_EQ(0, ended(self->fd));
	close(self->fd);
	self->fd = -1;
	ASSERT_TRUE(UNTIL(&self->w, self->w.closed == 1));
	EXPECT_EQ(STREAM_PEER_CLOSED, self->w.reason);
}

TEST_F(ws, closing_by_us_sends_a_close_frame)
{
	ASSERT_TRUE(upgrade(self));
	ASSERT_EQ(0, streams_send(self->w.s, self->w.ids[0], SLICE(MESSAGE)));
	streams_close_connection(self->w.s, self->w.ids[0], STREAM_ASKED);
	EXPECT_TRUE(got_opcode(self->fd, TEXT));
	EXPECT_TRUE(got_opcode(self->fd, CLOSE));
	EXPECT_EQ(0, ended(self->fd));
	send_frame(self->fd, FIN | CLOSE, SLICE("\x03\xe8"));
	ASSERT_TRUE(UNTIL(&self->w, self->w.closed == 1));
	EXPECT_EQ(STREAM_ASKED, self->w.reason);
}

TEST_F(ws, a_message_above_the_limit_ends_it)
{
	static char text[30001];

	memset(text, 'x', sizeof(text));
	ASSERT_TRUE(upgrade(self));
	ASSERT_TRUE(send_frame(self->fd, FIN | TEXT, slice_of(text, 30000)));
	ASSERT_TRUE(UNTIL(&self->w, self->w.messages == 1));
	ASSERT_TRUE(send_frame(self->fd, FIN | TEXT, slice_of(text, 30001)));
	ASSERT_TRUE(UNTIL(&self->w, self->w.closed == 1));
	EXPECT_EQ(STREAM_TOO_LARGE, self->w.reason);
	EXPECT_EQ(1, self->w.messages);
}

TEST_F(ws, a_crlf_ping_is_answered)
{
	ASSERT_TRUE(upgrade(self));
	ASSERT_TRUE(send_frame(self->fd, FIN | TEXT, SLICE("\r\n\r\n")));
	EXPECT_TRUE(got_opcode(self->fd, TEXT));
	EXPECT_EQ(0, self->w.messages);
	EXPECT_EQ(1, counter(&self->w, "pings"));
}

TEST(a_secure_websocket)
{
	char dir[] = "/tmp/jalur-wss.XXXXXX", bytes[256];
	struct tls_context *ctx;
	struct cert cert;
	struct client c;
	struct world w;
	size_t n;

	ASSERT_NE(NULL, mkdtemp(dir));
	cert = make_cert(dir, "server", "server", "DNS:pbx.example", NULL);
	ctx = context_of(&cert, NULL, TLS_CLIENTS_ANONYMOUS, true);
	world_prepare(&w);
	ASSERT_EQ(0, world_start(&w));
	ASSERT_EQ(0, world_listen(&w, "127.0.0.1", TRANSPORT_WSS, ctx));
	w.echo = true;
	ASSERT_TRUE(client_connect(&c, &w.local, 0, "pbx.example", NULL));
	ASSERT_TRUE(client_put(&c, SLICE(REQUEST)));
	ASSERT_TRUE(client_got(&c, SLICE(ANSWER)));
	ASSERT_TRUE(UNTIL(&w, w.opened == 1));
	EXPECT_EQ(TRANSPORT_WSS, w.info.transport);
	EXPECT_STREQ("TLSv1.3", w.version);
	n = put_frame(bytes, FIN | TEXT, SLICE("ab"), true);
	ASSERT_TRUE(client_put(&c, slice_of(bytes, n)));
	ASSERT_TRUE(UNTIL(&w, w.messages == 1));
	EXPECT_TRUE(client_got(&c, SLICE("\x81\x02\x61\x62")));
	client_close(&c);
	world_stop(&w);
	EXPECT_EQ(0, w.wrong);
	tls_context_put(ctx);
	free_cert(&cert);
	rmdir(dir);
}

TEST_HARNESS_MAIN
