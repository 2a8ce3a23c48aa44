/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a WebSocket's client sends, and the answer to its upgrade.
 */
#ifndef WEBSOCKET_HARNESS_H
#define WEBSOCKET_HARNESS_H

#include "kselftest_harness.h"
#include "transport/websocket.h"

/* The example of RFC 6455 §1.3. */
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define LINE "GET / HTTP/1.1\r\n"
#define HOST "Host: pbx.example\r\n"
#define UPGRADE "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define GOOD_KEY "Sec-WebSocket-Key: " KEY "\r\n"
#define PROTOCOL "Sec-WebSocket-Protocol: sip\r\n"
#define ORIGIN "Origin: https://pbx.example\r\n"
#define REQUEST LINE HOST UPGRADE VERSION GOOD_KEY PROTOCOL ORIGIN "\r\n"
#define ANSWER "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" \
	"Connection: Upgrade\r\nSec-WebSocket-Accept: " ACCEPT "\r\n" \
	"Sec-WebSocket-Protocol: sip\r\n\r\n"

static const char *const allowed[] __attribute__((unused)) = { "https://pbx.example", "https://other.example:8443" };

#define FIN 0x80
#define TEXT 1
#define BINARY 2
#define CLOSE 8
#define PING 9
#define PONG 10

/* A client's frame: masked, unless it is to be wrong. */
static inline size_t put_frame(char *to, unsigned int first, struct slice payload, bool masked)
{
	static const u8 mask[4] = { 1, 2, 3, 4 };
	size_t n = 0, i;

	to[n++] = (char)first;
	if (payload.n < 126) {
		to[n++] = (char)(payload.n | (masked ? 0x80 : 0));
	} else {
		to[n++] = (char)(126 | (masked ? 0x80 : 0));
		to[n++] = (char)(payload.n >> 8);
		to[n++] = (char)payload.n;
	}
	for (i = 0; masked && i < 4; i++)
		to[n++] = (char)mask[i];
	for (i = 0; i < payload.n; i++)
		to[n++] = (char)(payload.p[i] ^ (masked ? mask[i % 4] : 0));
	return n;
}

#endif
