// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Transport addresses in text, and as the kernel's sockaddr.
 */
#include <arpa/inet.h>
#include <stdio.h>

#include "base/addr.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* As inet_pton() does it, which wants a string of its own; most of ours are of this family. */
static bool parse_ip4(struct slice s, u8 bytes[4])
{
	const char *p = s.p, *end = s.p + s.n, *from = p;
	unsigned int value = 0, digit;
	size_t i = 0;

	for (; p < end; p++) {
		digit = (unsigned int)(u8)*p - '0';
		if (digit <= 9) {
			if (p > from && !value)		/* a zero leads */
				return false;
			value = 10 * value + digit;
			if (value > 255)
				return false;
			continue;
		}
		if (*p != '.' || p == from || i == 3)
			return false;
		bytes[i++] = (u8)value;
		value = 0;
		from = p + 1;
	}
	bytes[3] = (u8)value;
	return i == 3 && p > from;
}

bool addr_parse_ip(struct slice s, struct addr *out)
{
	char text[INET6_ADDRSTRLEN];

	if (s.n >= 2 && s.p[0] == '[' && s.p[s.n - 1] == ']')
		s = slice_of(s.p + 1, s.n - 2);
	if (!s.n || s.n >= sizeof(text))
		return false;
	memset(out, 0, sizeof(*out));
	if (is_digit(s.p[0]) && parse_ip4(s, (u8 *)&out->ip.v4)) {
		out->family = AF_INET;
		return true;
	}
	memset(out, 0, sizeof(*out));
	if (memchr(s.p, 0, s.n) || !memchr(s.p, ':', s.n))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	if (inet_pton(AF_INET6, text, &out->ip.v6) == 1)
		out->family = AF_INET6;
	return out->family;
}

/* Of an IPv6 address without brackets nobody knows where the port begins. */
bool addr_parse(struct slice s, struct addr *out)
{
	size_t colon = s.n;
	u32 port;

	while (colon && s.p[colon - 1] != ':')
		colon--;
	if (!colon || !slice_u32(slice_of(s.p + colon, s.n - colon), &port) || port > 65535)
		return false;
	if (!addr_parse_ip(slice_of(s.p, colon - 1), out))
		return false;
	if (out->family == AF_INET6 && s.p[0] != '[')
		return false;
	out->port = (u16)port;
	return true;
}

bool addr_ip_eq(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return false;
	if (a->family == AF_INET)
		return a->ip.v4.s_addr == b->ip.v4.s_addr;
	if (a->family == AF_INET6)
		return a->scope == b->scope && !memcmp(&a->ip.v6, &b->ip.v6, sizeof(a->ip.v6));
	return true;
}

bool addr_eq(const struct addr *a, const struct addr *b)
{
	return a->port == b->port && addr_ip_eq(a, b);
}

bool addr_loopback(const struct addr *a)
{
	if (a->family == AF_INET)
		return ntohl(a->ip.v4.s_addr) >> 24 == 127;
	return a->family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&a->ip.v6);
}

static char *put_number(char *to, unsigned int value)
{
	char digits[10];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	while (n)
		*to++ = digits[--n];
	return to;
}

/* Every message has several: without the C library's printf. */
static const char *print_v4(const struct in_addr *v4, char *buf)
{
	const u8 *bytes = (const u8 *)v4;
	char *to = buf;
	size_t i;

	for (i = 0; i < 4; i++) {
		to = put_number(to, bytes[i]);
		*to++ = '.';
	}
	to[-1] = '\0';
	return buf;
}

const char *addr_print_ip(const struct addr *a, char *buf)
{
	if (a->family == AF_INET)
		return print_v4(&a->ip.v4, buf);
	if (!a->family || !inet_ntop(a->family, &a->ip, buf, ADDR_STRLEN))
		strcpy(buf, "-");
	return buf;
}

const char *addr_print(const struct addr *a, char *buf)
{
	bool brackets = a->family == AF_INET6;
	char *end;

	addr_print_ip(a, buf + brackets);
	end = buf + brackets + strlen(buf + brackets);
	if (brackets) {
		*buf = '[';
		*end++ = ']';
	}
	*end++ = ':';
	*put_number(end, a->port) = '\0';
	return buf;
}

socklen_t addr_to_sockaddr(const struct addr *a, struct sockaddr_storage *ss)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;
	struct sockaddr_in *in = (struct sockaddr_in *)ss;

	memset(ss, 0, sizeof(*ss));
	ss->ss_family = a->family;
	if (a->family == AF_INET) {
		in->sin_addr = a->ip.v4;
		in->sin_port = htons(a->port);
		return sizeof(*in);
	}
	in6->sin6_addr = a->ip.v6;
	in6->sin6_port = htons(a->port);
	in6->sin6_scope_id = a->scope;
	return sizeof(*in6);
}

bool addr_from_sockaddr(const struct sockaddr *sa, struct addr *out)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;
	const struct sockaddr_in *in = (const struct sockaddr_in *)sa;

	memset(out, 0, sizeof(*out));
	if (sa->sa_family == AF_INET) {
		out->ip.v4 = in->sin_addr;
		out->port = ntohs(in->sin_port);
	} else if (sa->sa_family == AF_INET6) {
		out->ip.v6 = in6->sin6_addr;
		out->port = ntohs(in6->sin6_port);
		out->scope = in6->sin6_scope_id;
	} else {
		return false;
	}
	out->family = (u8)sa->sa_family;
	return true;
}

bool prefix_parse(struct slice s, struct prefix *out)
{
	const char *slash = s.n ? memchr(s.p, '/', s.n) : NULL;
	struct slice ip = s;
	u32 bits, max;

	if (slash)
		ip.n = (size_t)(slash - s.p);
	if (!addr_parse_ip(ip, &out->addr))
		return false;
	bits = max = out->addr.family == AF_INET ? 32 : 128;
	if (slash && (!slice_u32(slice_of(slash + 1, s.n - ip.n - 1), &bits) || bits > max))
		return false;
	out->bits = (u8)bits;
	return true;
}

bool prefix_contains(const struct prefix *p, const struct addr *a)
{
	const u8 *x = (const u8 *)&p->addr.ip, *y = (const u8 *)&a->ip;
	u8 bytes = p->bits / 8, rest = p->bits % 8;

	if (p->addr.family != a->family || !a->family)
		return false;
	if (memcmp(x, y, bytes))
		return false;
	return !rest || !((x[bytes] ^ y[bytes]) & (0xff << (8 - rest)) & 0xff);
}
