// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The upgrade from HTTP/1.1 (RFC 6455 §4.2, RFC 7118 §4.1). Nothing is looked at until the
 * header is complete, then each line once, strictly: this server serves one kind of
 * request, and whoever sends another one is told what is wrong with it.
 */
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "transport/websocket.h"

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define KEY_CHARS 24		/* base64 of 16 bytes */

/* What was seen of the header fields that matter. */
struct fields {
	unsigned int hosts, keys, origins, versions;
	bool version, upgrade, connection, protocol, body;
	struct slice key, origin;
};

static void refuse(struct upgrade *out, u16 status, const char *why)
{
	out->result = UPGRADE_REFUSED;
	out->status = status;
	out->why = why;
}

static bool is_token_char(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!is_token_char(s.p[i]))
			return false;
	return s.n;
}

static bool is_text(struct slice s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (((u8)s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7f)
			return false;
	return true;
}

/* The line at the front, without its end; both are taken off. false: it ends otherwise. */
static bool take_line(struct slice *rest, struct slice *line)
{
	const char *lf = memchr(rest->p, '\n', rest->n);
	size_t n = lf ? (size_t)(lf - rest->p) : 0;

	if (!n || rest->p[n - 1] != '\r')
		return false;
	*line = slice_of(rest->p, n - 1);
	*rest = slice_of(lf + 1, rest->n - n - 1);
	return is_text(*line);
}

/* Up to c, which is taken off with it. */
static struct slice take_until(struct slice *rest, char c)
{
	const char *end = memchr(rest->p, c, rest->n);
	struct slice word = slice_of(rest->p, end ? (size_t)(end - rest->p) : rest->n);
	size_t used = word.n + (end ? 1 : 0);

	*rest = slice_of(rest->p + used, rest->n - used);
	return word;
}

static bool list_has(struct slice list, struct slice word, bool any_case)
{
	while (list.n) {
		struct slice item = slice_trim(take_until(&list, ','));

		if (any_case ? slice_caseeq(item, word) : slice_eq(item, word))
			return true;
	}
	return false;
}

static bool is_key(struct slice s)
{
	size_t i;

	if (s.n != KEY_CHARS || s.p[22] != '=' || s.p[23] != '=')
		return false;
	for (i = 0; i < 22; i++) {
		char c = s.p[i];

		if (!((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
		      c == '+' || c == '/'))
			return false;
	}
	return true;
}

static void take_field(struct fields *f, struct slice name, struct slice value)
{
	if (slice_caseeq(name, SLICE("Host"))) {
		f->hosts += value.n ? 1 : 2;
	} else if (slice_caseeq(name, SLICE("Upgrade"))) {
		f->upgrade |= list_has(value, SLICE("websocket"), true);
	} else if (slice_caseeq(name, SLICE("Connection"))) {
		f->connection |= list_has(value, SLICE("upgrade"), true);
	} else if (slice_caseeq(name, SLICE("Sec-WebSocket-Version"))) {
		f->versions++;
		f->version = slice_eq(value, SLICE("13"));
	} else if (slice_caseeq(name, SLICE("Sec-WebSocket-Key"))) {
		f->keys++;
		f->key = value;
	} else if (slice_caseeq(name, SLICE("Sec-WebSocket-Protocol"))) {
		f->protocol |= list_has(value, SLICE("sip"), false);
	} else if (slice_caseeq(name, SLICE("Origin"))) {
		f->origins++;
		f->origin = value;
	} else if (slice_caseeq(name, SLICE("Content-Length")) ||
		   slice_caseeq(name, SLICE("Transfer-Encoding"))) {
		f->body = true;
	}
}

static bool take_request_line(struct slice line, struct upgrade *out)
{
	struct slice method = take_until(&line, ' '), target = take_until(&line, ' ');

	if (!is_token(method) || !target.n || target.p[0] != '/' || line.n != 8 ||
	    memcmp(line.p, "HTTP/", 5))
		refuse(out, 400, "no request line of HTTP");
	else if (!slice_eq(line, SLICE("HTTP/1.1")))
		refuse(out, 505, "HTTP/1.1 is needed");
	else if (!slice_eq(method, SLICE("GET")))
		refuse(out, 405, "GET is needed");
	return out->result != UPGRADE_REFUSED;
}

static bool take_fields(struct slice rest, struct fields *f, struct upgrade *out)
{
	struct slice line, name;

	while (rest.n) {
		if (!take_line(&rest, &line)) {
			refuse(out, 400, "a line that is none of HTTP");
			return false;
		}
		if (!line.n)
			return true;
		name = line;
		if (!memchr(line.p, ':', line.n) || !is_token(take_until(&line, ':'))) {
			refuse(out, 400, "a header field without a name");
			return false;
		}
		name.n = (size_t)(line.p - name.p) - 1;
		take_field(f, name, slice_trim(line));
	}
	return true;
}

static bool is_allowed(struct slice origin, const char *const *origins, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (slice_caseeq(origin, slice_str(origins[i])))
			return true;
	return !n || !origin.n;
}

static void judge(const struct fields *f, const char *const *origins, size_t norigins,
		  struct upgrade *out)
{
	if (f->hosts != 1)
		refuse(out, 400, "one Host is needed");
	else if (f->body)
		refuse(out, 400, "a body is not expected");
	else if (!f->upgrade || !f->connection)
		refuse(out, 426, "this is for WebSockets alone");
	else if (f->versions != 1 || !f->version)
		refuse(out, 426, "version 13 of WebSocket is needed");
	else if (f->keys != 1 || !is_key(f->key))
		refuse(out, 400, "one Sec-WebSocket-Key of 16 bytes is needed");
	else if (!f->protocol)
		refuse(out, 400, "the subprotocol sip is needed (RFC 7118)");
	else if (f->origins > 1 || (f->origins && !f->origin.n))
		refuse(out, 400, "one Origin at most");
	else if (!is_allowed(f->origin, origins, norigins))
		refuse(out, 403, "the page is not allowed here");
	if (out->result == UPGRADE_REFUSED)
		return;
	out->result = UPGRADE_ACCEPTED;
	out->status = 101;
	out->key = f->key;
	out->origin = f->origin;
}

void websocket_upgrade(struct slice bytes, const char *const *origins, size_t norigins,
		       struct upgrade *out)
{
	size_t n = bytes.n < WEBSOCKET_MAX_HEADER ? bytes.n : WEBSOCKET_MAX_HEADER;
	const char *end = n ? memmem(bytes.p, n, "\r\n\r\n", 4) : NULL;
	struct fields fields = { 0 };
	struct slice rest, line;

	*out = (struct upgrade){ .result = UPGRADE_MORE };
	if (!end) {
		if (bytes.n >= WEBSOCKET_MAX_HEADER)
			refuse(out, 431, "the header is too long");
		return;
	}
	out->used = (size_t)(end - bytes.p) + 4;
	rest = slice_of(bytes.p, out->used);
	if (!take_line(&rest, &line)) {
		refuse(out, 400, "no request line of HTTP");
		return;
	}
	if (take_request_line(line, out) && take_fields(rest, &fields, out))
		judge(&fields, origins, norigins, out);
}

/* --- the answer --- */

static const char *reason_of(u16 status)
{
	switch (status) {
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 405:
		return "Method Not Allowed";
	case 426:
		return "Upgrade Required";
	case 431:
		return "Request Header Fields Too Large";
	default:
		return "HTTP Version Not Supported";
	}
}

/* RFC 6455 §4.2.2: the hash of the key shows that the answer is one to this request. */
static void print_accept(struct slice key, struct buf *wire)
{
	u8 text[KEY_CHARS + sizeof(GUID)], hash[SHA_DIGEST_LENGTH];
	u8 base64[4 * ((SHA_DIGEST_LENGTH + 2) / 3) + 1];

	memcpy(text, key.p, KEY_CHARS);
	memcpy(text + KEY_CHARS, GUID, sizeof(GUID));
	SHA1(text, sizeof(text) - 1, hash);
	EVP_EncodeBlock(base64, hash, sizeof(hash));
	buf_printf(wire, "Sec-WebSocket-Accept: %s\r\n", (const char *)base64);
}

void websocket_upgrade_answer(const struct upgrade *u, struct buf *wire)
{
	if (u->result == UPGRADE_MORE)
		return;
	if (u->result == UPGRADE_ACCEPTED) {
		buf_str(wire, "HTTP/1.1 101 Switching Protocols\r\n"
			      "Upgrade: websocket\r\nConnection: Upgrade\r\n");
		print_accept(u->key, wire);
		buf_str(wire, "Sec-WebSocket-Protocol: sip\r\n\r\n");
		return;
	}
	buf_printf(wire, "HTTP/1.1 %u %s\r\n", u->status, reason_of(u->status));
	if (u->status == 426)
		buf_str(wire, "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
	if (u->status == 405)
		buf_str(wire, "Allow: GET\r\n");
	buf_printf(wire, "Connection: close\r\nContent-Type: text/plain\r\n"
			 "Content-Length: %zu\r\n\r\n%s\n", strlen(u->why) + 1, u->why);
}
