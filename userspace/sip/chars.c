// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of character classes, and the pieces of grammar that URIs and
 * headers have in common.
 */
#include "base/addr.h"
#include "sip/chars.h"

#define T SIP_CHAR_TOKEN
#define H SIP_CHAR_HOST
#define U SIP_CHAR_USER
#define P SIP_CHAR_PARAM
#define LETTER (T | H | U | P | SIP_CHAR_ALPHA)

const u16 sip_chars[256] = {
	[0 ... '\t' - 1] = SIP_CHAR_QUOTED,
	['\n' + 1 ... '\r' - 1] = SIP_CHAR_QUOTED,
	['\r' + 1 ... ' ' - 1] = SIP_CHAR_QUOTED,
	[0x7f] = SIP_CHAR_QUOTED,
	['\\'] = SIP_CHAR_QUOTED,
	['0' ... '9'] = T | H | U | P | SIP_CHAR_DIGIT | SIP_CHAR_HEX,
	['a' ... 'f'] = LETTER | SIP_CHAR_HEX,
	['g' ... 'z'] = LETTER,
	['A' ... 'F'] = LETTER | SIP_CHAR_HEX,
	['G' ... 'Z'] = LETTER,
	['-'] = T | H | U | P,
	['.'] = T | H | U | P,
	['_'] = T | H | U | P,	/* no host name by RFC 1123, but in use */
	['!'] = T | U | P,
	['*'] = T | U | P,
	['+'] = T | U | P,
	['~'] = T | U | P,
	['\''] = T | U | P,
	['%'] = T,
	['`'] = T,
	['('] = U | P,
	[')'] = U | P,
	['&'] = U | P,
	['='] = U | P,
	['$'] = U | P,
	[','] = U | SIP_CHAR_ENDS | SIP_CHAR_LISTS,
	[';'] = U | P | SIP_CHAR_ENDS,
	['"'] = SIP_CHAR_ENDS | SIP_CHAR_QUOTED | SIP_CHAR_LISTS,
	['<'] = SIP_CHAR_LISTS,
	['>'] = SIP_CHAR_LISTS,
	['?'] = U | P,
	['/'] = U | P,
	['['] = P,
	[']'] = P,
	[':'] = P,
	['#'] = U,		/* should be escaped; phones do not */
	[' '] = SIP_CHAR_LWS | SIP_CHAR_ENDS,
	['\t'] = SIP_CHAR_LWS | SIP_CHAR_ENDS,
	['\r'] = SIP_CHAR_LWS | SIP_CHAR_ENDS | SIP_CHAR_QUOTED,
	['\n'] = SIP_CHAR_LWS | SIP_CHAR_ENDS | SIP_CHAR_QUOTED,
};

bool sip_skip_quoted(struct sip_cursor *c)
{
	const char *p = c->p + 1, *end = c->end;

	for (; p < end; p++) {
		if (*p == '"') {
			c->p = p + 1;
			return true;
		}
		if (*p == '\\')
			p++;
	}
	c->p = end;
	return false;
}

/*
 * The grammar of RFC 3261 asks for three colons where a run of zeros ends before an IPv4
 * address, and who follows it must be understood (RFC 5118 §4.10).
 */
static bool parse_three_colons(struct slice host, struct addr *out)
{
	char text[ADDR_STRLEN];
	size_t i;

	for (i = 0; i + 3 < host.n; i++)
		if (!memcmp(host.p + i, ":::", 3))
			break;
	if (i + 3 >= host.n || host.n > sizeof(text) || !memchr(host.p + i, '.', host.n - i) ||
	    memchr(host.p + i + 3, ':', host.n - i - 3))
		return false;
	memcpy(text, host.p, i + 2);
	memcpy(text + i + 2, host.p + i + 3, host.n - i - 3);
	return addr_parse_ip(slice_of(text, host.n - 1), out);
}

bool sip_parse_ip(struct slice host, struct addr *out)
{
	return addr_parse_ip(host, out) || parse_three_colons(host, out);
}

static bool take_ip6(struct sip_cursor *c, struct slice *host)
{
	const char *close = memchr(c->p, ']', (size_t)(c->end - c->p));
	struct addr addr;

	if (!close)
		return false;
	*host = slice_of(c->p + 1, (size_t)(close - c->p) - 1);
	c->p = close + 1;
	return sip_parse_ip(*host, &addr) && addr.family == AF_INET6;
}

static bool take_port(struct sip_cursor *c, u16 *port)
{
	u32 number = 0;

	for (; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++) {
		number = 10 * number + (u32)(*c->p - '0');
		if (number > 65535)
			return false;
	}
	*port = (u16)number;
	return number;
}

bool sip_take_hostport(struct sip_cursor *c, bool lws, struct slice *host, bool *ip6, u16 *port)
{
	struct sip_cursor ahead;

	*port = 0;
	*ip6 = c->p < c->end && *c->p == '[';
	if (*ip6) {
		if (!take_ip6(c, host))
			return false;
	} else {
		*host = sip_take(c, SIP_CHAR_HOST);
		if (!host->n)
			return false;
	}
	ahead = *c;
	if (lws)
		sip_skip_lws(&ahead);
	if (!sip_take_char(&ahead, ':'))
		return true;
	if (lws)
		sip_skip_lws(&ahead);
	*c = ahead;
	return take_port(c, port);
}
