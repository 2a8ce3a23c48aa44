// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * URIs by the grammar of RFC 3261 §25.1 and RFC 3966 §3: what is not allowed to
 * stand in one is not accepted, because what is accepted is written into our own
 * messages.
 */
#include "sip/chars.h"
#include "sip/uri.h"

/* Characters of the class, and escapes (%41). */
static bool is_escaped(struct slice s, u8 class)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		if (sip_char_is(s.p[i], class))
			continue;
		if (s.p[i] != '%' || s.n - i < 3 || !sip_char_is(s.p[i + 1], SIP_CHAR_HEX) ||
		    !sip_char_is(s.p[i + 2], SIP_CHAR_HEX))
			return false;
		i += 2;
	}
	return true;
}

static bool parse_userinfo(struct slice info, struct sip_uri *out)
{
	const char *colon = info.n ? memchr(info.p, ':', info.n) : NULL;

	out->user = info;
	if (colon) {
		out->user.n = (size_t)(colon - info.p);
		out->password = slice_of(colon + 1, info.n - out->user.n - 1);
	}
	return out->user.n && is_escaped(out->user, SIP_CHAR_USER) &&
	       is_escaped(out->password, SIP_CHAR_USER);
}

/* What follows the host: ";a=b;c?d=e" */
static bool parse_tail(struct slice tail, struct sip_uri *out)
{
	const char *query;

	if (!tail.n)
		return true;
	if (tail.p[0] != ';' && tail.p[0] != '?')
		return false;
	query = memchr(tail.p, '?', tail.n);
	out->params = tail;
	if (query) {
		out->params.n = (size_t)(query - tail.p);
		out->headers = slice_of(query, tail.n - out->params.n);
	}
	return is_escaped(out->params, SIP_CHAR_PARAM) && is_escaped(out->headers, SIP_CHAR_PARAM);
}

static bool parse_sip(struct slice rest, struct sip_uri *out)
{
	const char *at = rest.n ? memchr(rest.p, '@', rest.n) : NULL;
	struct sip_cursor c = sip_cursor_of(rest);

	if (at) {
		if (!parse_userinfo(slice_of(rest.p, (size_t)(at - rest.p)), out))
			return false;
		c.p = at + 1;
	}
	if (!sip_take_hostport(&c, false, &out->host, &out->ip6, &out->port))
		return false;
	return parse_tail(sip_cursor_rest(&c), out);
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
	return out->user.n && is_escaped(out->params, SIP_CHAR_PARAM);
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
	if (scheme.n == 3 && slice_caseeq(scheme, SLICE("sip")))
		return SIP_URI_SIP;
	if (scheme.n == 4 && slice_caseeq(scheme, SLICE("sips")))
		return SIP_URI_SIPS;
	if (scheme.n == 3 && slice_caseeq(scheme, SLICE("tel")))
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
