// SPDX-License-Identifier: GPL-2.0-only
/*
 * The upgrade to a WebSocket for SIP (RFC 6455 §4, RFC 7118 §4): what is accepted, and each
 * way in which it is not.
 */
#include "websocket_harness.h"

static unsigned int judge(const char *text)
{
	struct upgrade u;

	websocket_upgrade(slice_str(text), allowed, 2, &u);
	return u.result == UPGRADE_MORE ? 0 : u.status;
}

TEST(a_good_upgrade_is_answered_by_the_hash_of_its_key)
{
	struct upgrade u;
	struct buf wire;

	buf_init(&wire);
	websocket_upgrade(SLICE(REQUEST "frames"), allowed, 2, &u);
	ASSERT_EQ(UPGRADE_ACCEPTED, u.result);
	EXPECT_EQ(sizeof(REQUEST) - 1, u.used);
	EXPECT_TRUE(slice_eq(u.origin, SLICE("https://pbx.example")));
	websocket_upgrade_answer(&u, &wire);
	EXPECT_TRUE(slice_eq(buf_slice(&wire), SLICE(ANSWER)));
	buf_free(&wire);
}

TEST(an_upgrade_that_is_not_complete_waits)
{
	struct upgrade u;
	size_t i;

	for (i = 0; i < sizeof(REQUEST) - 1; i++) {
		websocket_upgrade(slice_of(REQUEST, i), allowed, 2, &u);
		ASSERT_EQ(UPGRADE_MORE, u.result);
	}
}

TEST(what_browsers_and_phones_send)
{
	/* Firefox lists two tokens; header names and values come in any case. */
	EXPECT_EQ(101, judge(LINE HOST "upgrade: WebSocket\r\nCONNECTION: keep-alive, upgrade\r\n"
			     VERSION GOOD_KEY "Sec-WebSocket-Protocol: msrp,\tsip\r\n\r\n"));
	EXPECT_EQ(101, judge(LINE HOST UPGRADE VERSION GOOD_KEY "Sec-WebSocket-Protocol: msrp\r\n"
			     PROTOCOL "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"));
	EXPECT_EQ(101, judge("GET /sip?x=1 HTTP/1.1\r\n" HOST UPGRADE VERSION GOOD_KEY PROTOCOL
			     "Origin: HTTPS://other.example:8443\r\n\r\n"));
}

TEST(each_bad_upgrade_is_refused)
{
	static const struct {
		unsigned int status;
		const char *text;
	} cases[] = {
		{ 405, "POST / HTTP/1.1\r\n" HOST UPGRADE VERSION GOOD_KEY PROTOCOL "\r\n" },
		{ 505, "GET / HTTP/1.0\r\n" HOST UPGRADE VERSION GOOD_KEY PROTOCOL "\r\n" },
		{ 505, "GET / HTTP/2.0\r\n" HOST UPGRADE VERSION GOOD_KEY PROTOCOL "\r\n" },
		{ 400, "GET / HTTP/1.1 \r\n" HOST UPGRADE VERSION GOOD_KEY PROTOCOL "\r\n" },
		{ 400, "GET  HTTP/1.1\r\n" HOST UPGRADE VERSION GOOD_KEY PROTOCOL "\r\n" },
		{ 400, "GET x HTTP/1.1\r\n" HOST UPGRADE VERSION GOOD_KEY PROTOCOL "\r\n" },
		{ 400, "OPTIONS sip:a SIP/2.0\r\nContent-Length: 0\r\n\r\n" },
		{ 400, "\r\n\r\n" },
		{ 400, LINE UPGRADE VERSION GOOD_KEY PROTOCOL "\r\n" },
		{ 400, LINE "Host:\r\n" UPGRADE VERSION GOOD_KEY PROTOCOL "\r\n" },
		{ 400, LINE HOST HOST UPGRADE VERSION GOOD_KEY PROTOCOL "\r\n" },
		{ 426, LINE HOST "\r\n" },
		{ 426, LINE HOST "Upgrade: h2c\r\nConnection: Upgrade\r\n" VERSION GOOD_KEY PROTOCOL "\r\n" },
		{ 426, LINE HOST "Upgrade: websocket\r\nConnection: close\r\n" VERSION GOOD_KEY PROTOCOL "\r\n" },
		{ 426, LINE HOST UPGRADE GOOD_KEY PROTOCOL "\r\n" },
		{ 426, LINE HOST UPGRADE "Sec-WebSocket-Version: 8\r\n" GOOD_KEY PROTOCOL "\r\n" },
		{ 426, LINE HOST UPGRADE VERSION VERSION GOOD_KEY PROTOCOL "\r\n" },
		{ 400, LINE HOST UPGRADE VERSION PROTOCOL "\r\n" },
		{ 400, LINE HOST UPGRADE VERSION GOOD_KEY GOOD_KEY PROTOCOL "\r\n" },
		{ 400, LINE HOST UPGRADE VERSION "Sec-WebSocket-Key: short\r\n" PROTOCOL "\r\n" },
		{ 400, LINE HOST UPGRADE VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=!\r\n" PROTOCOL "\r\n" },
		{ 400, LINE HOST UPGRADE VERSION "Sec-WebSocket-Key: d hlIHNhbXBsZSBub25jZQ==\r\n" PROTOCOL "\r\n" },
		{ 400, LINE HOST UPGRADE VERSION GOOD_KEY "\r\n" },
		{ 400, LINE HOST UPGRADE VERSION GOOD_KEY "Sec-WebSocket-Protocol: xmpp\r\n\r\n" },
		{ 400, LINE HOST UPGRADE VERSION GOOD_KEY "Sec-WebSocket-Protocol: sips\r\n\r\n" },
		{ 403, LINE HOST UPGRADE VERSION GOOD_KEY PROTOCOL "Origin: https://evil.example\r\n\r\n" },
		{ 403, LINE HOST UPGRADE VERSION GOOD_KEY PROTOCOL "Origin: null\r\n\r\n" },
		{ 403, LINE HOST UPGRADE VERSION GOOD_KEY PROTOCOL "Origin: http://pbx.example\r\n\r\n" },
		{ 400, LINE HOST UPGRADE VERSION GOOD_KEY PROTOCOL ORIGIN ORIGIN "\r\n" },
		{ 400, LINE HOST UPGRADE VERSION GOOD_KEY PROTOCOL "Origin: \r\n\r\n" },
		{ 400, LINE HOST UPGRADE VERSION GOOD_KEY PROTOCOL "Content-Length: 5\r\n\r\nhello" },
		{ 400, LINE HOST UPGRADE VERSION GOOD_KEY PROTOCOL "Transfer-Encoding: chunked\r\n\r\n" },
		{ 400, LINE HOST UPGRADE VERSION GOOD_KEY PROTOCOL "Bad Name: x\r\n\r\n" },
		{ 400, LINE HOST UPGRADE VERSION GOOD_KEY PROTOCOL "Upgrade : x\r\n\r\n" },
		{ 400, LINE HOST UPGRADE VERSION GOOD_KEY PROTOCOL " folded\r\n\r\n" },
		{ 400, LINE HOST UPGRADE VERSION GOOD_KEY PROTOCOL "no colon\r\n\r\n" },
		{ 400, LINE HOST UPGRADE VERSION GOOD_KEY PROTOCOL "A: bare\nlf: x\r\n\r\n" },
		{ 400, LINE HOST UPGRADE VERSION GOOD_KEY PROTOCOL "A: \x01\r\n\r\n" },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		EXPECT_EQ(cases[i].status, judge(cases[i].text)) TH_LOG("case %zu", i);
}

TEST(a_header_without_end_is_refused)
{
	static char text[WEBSOCKET_MAX_HEADER + 10];
	struct upgrade u;

	memset(text, 'x', sizeof(text));
	memcpy(text, LINE HOST "X: ", sizeof(LINE HOST "X: ") - 1);
	websocket_upgrade(slice_of(text, WEBSOCKET_MAX_HEADER - 1), NULL, 0, &u);
	EXPECT_EQ(UPGRADE_MORE, u.result);
	websocket_upgrade(slice_of(text, WEBSOCKET_MAX_HEADER), NULL, 0, &u);
	EXPECT_EQ(431, u.status);
	/* An end behind the limit does not count. */
	memcpy(text + WEBSOCKET_MAX_HEADER - 2, "\r\n\r\n", 4);
	websocket_upgrade(slice_of(text, sizeof(text)), NULL, 0, &u);
	EXPECT_EQ(431, u.status);
}

TEST(a_refusal_says_why)
{
	struct upgrade u;
	struct buf wire;

	buf_init(&wire);
	websocket_upgrade(SLICE(LINE HOST "\r\n"), NULL, 0, &u);
	websocket_upgrade_answer(&u, &wire);
	EXPECT_TRUE(slice_eq(buf_slice(&wire), SLICE("HTTP/1.1 426 Upgrade Required\r\n"
		"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nConnection: close\r\n"
		"Content-Type: text/plain\r\nContent-Length: 29\r\n\r\n"
		"this is for WebSockets alone\n")));
	buf_free(&wire);
}

TEST_HARNESS_MAIN
