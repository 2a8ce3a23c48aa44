// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * URIs by the grammar of RFC 3261 §25.1 and RFC 3966 §3: what is not allowed to
 * stand in one is not accepted, because what is accepted is written into our own
 * messages.
 */
#include "sip/chars.h"
#include "sip/uri.h"

/* Past characters of the class and escapes (%41). */
static inline const char *skip_escaped(const char *p, const char *end, u16 class)
{
	while (p < end) {
		if (sip_char_is(*p, class))
			p++;
		else if (*p == '%' && end - p > 2 && sip_char_is(p[1], SIP_CHAR_HEX) &&
			 sip_char_is(p[2], SIP_CHAR_HEX))
			p += 3;
		else
			break;
	}
	return p;
}

/* "user:password@". Without an '@' behind it there is none, and the host begins here. */
static bool take_userinfo(struct sip_cursor *c, struct sip_uri *out)
{
	const char *p = skip_escaped(c->p, c->end, SIP_CHAR_USER), *colon = NULL;

	if (p < c->end && *p == ':') {
		colon = p;
		p = skip_escaped(p + 1, c->end, SIP_CHAR_USER);
	}
	if (p == c->end || *p != '@')
		return true;
	out->user = slice_of(c->p, (size_t)((colon ? colon : p) - c->p));
	if (colon)
		out->password = slice_of(colon + 1, (size_t)(p - colon) - 1);
	c->p = p + 1;
	return out->user.n;
}

/* What follows the host: ";a=b;c?d=e" */
static bool parse_tail(const char *p, const char *end, struct sip_uri *out)
{
	const char *query;

	if (p == end)
		return true;
	if (*p != ';' && *p != '?')
		return false;
	if (skip_escaped(p, end, SIP_CHAR_PARAM) != end)
		return false;
	query = memchr(p, '?', (size_t)(end - p));
	out->params = slice_of(p, (size_t)((query ? query : end) - p));
	if (query)
		out->headers = slice_of(query, (size_t)(end - query));
	return true;
}

static bool parse_sip(struct slice rest, struct sip_uri *out)
{
	struct sip_cursor c = sip_cursor_of(rest);

	if (!take_userinfo(&c, out) ||
	    !sip_take_hostport(&c, false, &out->host, &out->ip6, &out->port))
		return false;
	return parse_tail(c.p, c.end, out);
}

/* "+49-30-123;ext=4", "7042;phone-context=example.com" */
static bool parse_tel(struct slice rest, struct sip_uri *out)
{
	const char *semicolon = rest.n ? memchr(rest.p, ';', rest.n) : NULL;
	size_t i;

	out->user = rest;
	if (semicolon) {
		out->user.n = (size_t)(semicolon - rest.p);
		out->params = slice_of(semicolon, rest.n - out->user.n);
	}
	for (i = 0; i < out->user.n; i++) {
		char c = out->user.p[i];

		if (!sip_char_is(c, SIP_CHAR_HEX) && (!c || !strchr("+-.()*#", c)))
			return false;
	}
	return out->user.n && skip_escaped(rest.p + out->user.n, rest.p + rest.n,
					   SIP_CHAR_PARAM) == rest.p + rest.n;
}

/* Nothing is known of it but that it is one. */
static bool parse_other(struct slice rest)
{
	size_t i;

	for (i = 0; i < rest.n; i++)
		if ((u8)rest.p[i] <= ' ' || (u8)rest.p[i] >= 0x7f || strchr("<>\"", rest.p[i]))
			return false;
	return rest.n > 0;
}

static enum sip_uri_kind kind_of(struct slice scheme)
{
	if (sip_is(scheme, "sip"))
		return SIP_URI_SIP;
	if (sip_is(scheme, "sips"))
		return SIP_URI_SIPS;
	if (sip_is(scheme, "tel"))
		return SIP_URI_TEL;
	return SIP_URI_OTHER;
}

static bool take_scheme(struct sip_cursor *c, struct slice *scheme)
{
	const char *from = c->p;

	if (c->p == c->end || !sip_char_is(*c->p, SIP_CHAR_ALPHA))
		return false;
	while (c->p < c->end && (sip_char_is(*c->p, SIP_CHAR_ALPHA | SIP_CHAR_DIGIT) ||
				 *c->p == '+' || *c->p == '-' || *c->p == '.'))
		c->p++;
	*scheme = slice_of(from, (size_t)(c->p - from));
	return sip_take_char(c, ':');
}

bool sip_uri_parse(struct slice text, struct sip_uri *out)
{
	struct sip_cursor c = sip_cursor_of(text);

	memset(out, 0, sizeof(*out));
	if (text.n > 4 && !memcmp(text.p, "sip:", 4)) {
		out->kind = SIP_URI_SIP;
		out->scheme = slice_of(text.p, 3);
		return parse_sip(slice_of(text.p + 4, text.n - 4), out);
	}
	if (!take_scheme(&c, &out->scheme))
		return false;
	out->kind = kind_of(out->scheme);
	switch (out->kind) {
	case SIP_URI_SIP:
	case SIP_URI_SIPS:
		return parse_sip(sip_cursor_rest(&c), out);
	case SIP_URI_TEL:
		return parse_tel(sip_cursor_rest(&c), out);
	case SIP_URI_OTHER:
		break;
	}
	return parse_other(sip_cursor_rest(&c));
}

static bool has_maddr(struct slice params)
{
	size_t i;

	for (i = 0; i + 6 < params.n; i++)
		if (slice_caseeq(slice_of(params.p + i, 7), SLICE(";maddr=")))
			return true;
	return false;
}

bool sip_uri_addr(const struct sip_uri *uri, struct addr *out)
{
	if (uri->kind != SIP_URI_SIP && uri->kind != SIP_URI_SIPS)
		return false;
	if (has_maddr(uri->params) || !sip_parse_ip(uri->host, out))
		return false;
	out->port = uri->port ? uri->port : uri->kind == SIP_URI_SIPS ? 5061 : 5060;
	return true;
}

static int hex(char c)
{
	return c <= '9' ? c - '0' : (c & 0x0f) + 9;
}

u8 sip_uri_char(struct slice *text, bool *escaped)
{
	const char *p = text->p;
	size_t n;

	*escaped = text->n >= 3 && *p == '%' && sip_char_is(p[1], SIP_CHAR_HEX) &&
		   sip_char_is(p[2], SIP_CHAR_HEX);
	n = *escaped ? 3 : 1;
	*text = slice_of(p + n, text->n - n);
	return (u8)(*escaped ? hex(p[1]) << 4 | hex(p[2]) : *p);
}
