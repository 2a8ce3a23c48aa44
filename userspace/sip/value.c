// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Values of headers: parameters, lists, Via, addresses, CSeq. Folding is still
 * in them, so white space here includes line ends.
 */
#include <errno.h>

#include "sip/chars.h"
#include "sip/msg.h"

/* To the end of a value: the next ';' or ',' or white space. */
static struct slice take_plain(struct sip_cursor *c)
{
	const char *p = c->p, *end = c->end, *from = p;

	while (p < end && !sip_char_is(*p, SIP_CHAR_ENDS))
		p++;
	c->p = p;
	return slice_of(from, (size_t)(p - from));
}

static bool take_value(struct sip_cursor *c, struct slice *value)
{
	const char *from = c->p;

	if (c->p == c->end)
		return false;
	if (*c->p != '"') {
		*value = take_plain(c);
		return value->n > 0;
	}
	if (!sip_skip_quoted(c))
		return false;
	*value = slice_of(from + 1, (size_t)(c->p - from) - 2);
	return true;
}

int sip_next_param(struct slice *rest, struct slice *name, struct slice *value)
{
	struct sip_cursor c = sip_cursor_of(*rest);

	*value = slice_of(NULL, 0);
	sip_skip_lws(&c);
	if (c.p == c.end)
		return 0;
	if (!sip_take_char(&c, ';'))
		return -EINVAL;
	sip_skip_lws(&c);
	*name = sip_take(&c, SIP_CHAR_TOKEN);
	if (!name->n)
		return -EINVAL;
	sip_skip_lws(&c);
	if (sip_take_char(&c, '=')) {
		sip_skip_lws(&c);
		if (!take_value(&c, value))
			return -EINVAL;
	}
	*rest = sip_cursor_rest(&c);
	return 1;
}

bool sip_param(struct slice params, const char *name, struct slice *value)
{
	struct slice wanted = slice_str(name), found, its;

	while (sip_next_param(&params, &found, &its) == 1) {
		if (!slice_caseeq(found, wanted))
			continue;
		if (value)
			*value = its;
		return true;
	}
	return false;
}

u16 sip_parse_q(struct slice text)
{
	u16 q = 0, place = 100;
	size_t i;

	if (!text.n || text.p[0] != '0' || (text.n > 1 && text.p[1] != '.') || text.n > 5)
		return 1000;
	for (i = 2; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return 1000;
		q = (u16)(q + (text.p[i] - '0') * place);
		place /= 10;
	}
	return q;
}

struct slice sip_plain(struct slice value)
{
	const char *semicolon = value.n ? memchr(value.p, ';', value.n) : NULL;

	return slice_trim(slice_of(value.p, semicolon ? (size_t)(semicolon - value.p) : value.n));
}

/* What stands before the first ';' is a Call-ID, which is made of words and of no ';'. */
/* own, far: the parameters with the tags of who gets it and of who sent it. */
static bool parse_dialog(struct slice value, struct slice own, struct slice far,
			 struct sip_replaces *out)
{
	const char *semicolon = value.n ? memchr(value.p, ';', value.n) : NULL;
	struct slice params, name, its;
	int more;

	*out = (struct sip_replaces){ .early_only = false };
	if (!semicolon)
		return false;
	out->call_id = slice_trim(slice_of(value.p, (size_t)(semicolon - value.p)));
	params = slice_of(semicolon, value.n - (size_t)(semicolon - value.p));
	while ((more = sip_next_param(&params, &name, &its)) == 1) {
		if (slice_caseeq(name, own))
			out->to_tag = its;
		else if (slice_caseeq(name, far))
			out->from_tag = its;
		else if (sip_is(name, "early-only"))
			out->early_only = true;
	}
	return !more && out->call_id.n && out->to_tag.n && out->from_tag.n;
}

bool sip_parse_replaces(struct slice value, struct sip_replaces *out)
{
	return parse_dialog(value, SLICE("to-tag"), SLICE("from-tag"), out);
}

bool sip_parse_target_dialog(struct slice value, struct sip_replaces *out)
{
	return parse_dialog(value, SLICE("remote-tag"), SLICE("local-tag"), out);
}

bool sip_next_element(struct slice *rest, struct slice *element)
{
	struct sip_cursor c = sip_cursor_of(*rest);
	bool bracket = false;
	const char *from;

	/* Mostly there is one. */
	if (c.p < c.end && !memchr(c.p, ',', rest->n)) {
		*element = sip_trim(c.p, c.end);
		*rest = slice_of(c.end, 0);
		return element->n > 0;
	}
	do {
		from = c.p;
		for (;;) {
			while (c.p < c.end && !sip_char_is(*c.p, SIP_CHAR_LISTS))
				c.p++;
			if (c.p == c.end || (*c.p == ',' && !bracket))
				break;
			if (*c.p == '"' && !bracket) {
				if (!sip_skip_quoted(&c))
					c.p = c.end;
				continue;
			}
			if (*c.p == '<' || *c.p == '>')
				bracket = *c.p == '<';
			c.p++;
		}
		*element = sip_trim(from, c.p);
		sip_take_char(&c, ',');
	} while (!element->n && c.p < c.end);
	*rest = sip_cursor_rest(&c);
	return element->n > 0;
}

/* "SIP / 2.0 / UDP" */
static bool take_protocol(struct sip_cursor *c, struct slice *transport)
{
	struct slice name, version;

	if (c->end - c->p > 8 && !memcmp(c->p, "SIP/2.0/", 8)) {
		c->p += 8;
		*transport = sip_take(c, SIP_CHAR_TOKEN);
		return transport->n > 0;
	}
	name = sip_take(c, SIP_CHAR_TOKEN);
	sip_skip_lws(c);
	if (!sip_is(name, "SIP") || !sip_take_char(c, '/'))
		return false;
	sip_skip_lws(c);
	version = sip_take(c, SIP_CHAR_TOKEN);
	sip_skip_lws(c);
	if (!version.n || !sip_take_char(c, '/'))
		return false;
	sip_skip_lws(c);
	*transport = sip_take(c, SIP_CHAR_TOKEN);
	return transport->n > 0;
}

/* An IPv6 address is written both ways (RFC 5118 §4.5). */
static struct slice without_brackets(struct slice value)
{
	if (value.n > 2 && value.p[0] == '[' && value.p[value.n - 1] == ']')
		return slice_of(value.p + 1, value.n - 2);
	return value;
}

static bool parse_via_params(struct slice rest, struct sip_via *out)
{
	struct slice name, value;
	int more;

	while ((more = sip_next_param(&rest, &name, &value)) == 1) {
		if (sip_is(name, "branch")) {
			out->branch = value;
		} else if (sip_is(name, "rport")) {
			out->rport = out->stamped = true;
		} else if (sip_is(name, "maddr")) {
			out->maddr = value;
		} else if (sip_is(name, "received")) {
			out->received = without_brackets(value);
			out->stamped = true;
		}
	}
	return !more;
}

bool sip_parse_via(struct slice element, struct sip_via *out)
{
	struct sip_cursor c = sip_cursor_of(element);
	bool ip6;

	memset(out, 0, sizeof(*out));
	out->value = element;
	if (!take_protocol(&c, &out->transport))
		return false;
	if (c.p == c.end || !sip_char_is(*c.p, SIP_CHAR_LWS))
		return false;
	sip_skip_lws(&c);
	if (!sip_take_hostport(&c, true, &out->host, &ip6, &out->port)) {
		out->host.n = 0;
		return false;
	}
	sip_skip_lws(&c);
	out->params = sip_cursor_rest(&c);
	return parse_via_params(out->params, out);
}

/* display-name, up to the '<'; false: none, this is an addr-spec */
static bool take_display(struct sip_cursor *c, struct slice *display)
{
	struct sip_cursor at = *c;

	if (at.p < at.end && *at.p == '"') {
		if (!sip_skip_quoted(&at))
			return false;
		*display = slice_of(c->p, (size_t)(at.p - c->p));
		sip_skip_lws(&at);
		*c = at;
		return at.p < at.end && *at.p == '<';
	}
	while (at.p < at.end && *at.p != '<' && *at.p != ';' && *at.p != ',' && *at.p != '"')
		at.p++;
	if (at.p == at.end || *at.p != '<')
		return false;
	*display = sip_trim(c->p, at.p);
	c->p = at.p;
	return true;
}

static bool take_bracketed(struct sip_cursor *c, struct slice *uri)
{
	const char *close = memchr(c->p, '>', (size_t)(c->end - c->p));

	if (!close)
		return false;
	*uri = slice_of(c->p + 1, (size_t)(close - c->p) - 1);
	c->p = close + 1;
	return true;
}

/*
 * Without brackets ';' begins the header's parameters, and neither '?' nor ','
 * may occur (RFC 3261 §20).
 */
static bool take_addr_spec(struct sip_cursor *c, struct slice *uri)
{
	*uri = take_plain(c);
	return uri->n && !memchr(uri->p, '?', uri->n);
}

bool sip_parse_address(struct slice value, struct sip_nameaddr *out, struct sip_uri *uri)
{
	struct sip_cursor c = sip_cursor_of(sip_trim(value.p, value.p + value.n));
	const char *from = c.p;
	struct slice rest, name, param;
	int more;

	memset(out, 0, sizeof(*out));
	if (take_display(&c, &out->display) ? !take_bracketed(&c, &out->uri)
					    : !take_addr_spec(&c, &out->uri))
		return false;
	out->value = slice_of(from, (size_t)(c.p - from));
	if (!sip_uri_parse(out->uri, uri))
		return false;
	sip_skip_lws(&c);
	out->params = rest = sip_cursor_rest(&c);
	while ((more = sip_next_param(&rest, &name, &param)) == 1)
		if (sip_is(name, "tag"))
			out->tag = param;
	return !more;
}

bool sip_parse_nameaddr(struct slice value, struct sip_nameaddr *out)
{
	struct sip_uri uri;

	return sip_parse_address(value, out, &uri);
}

bool sip_parse_cseq(struct slice value, u32 *number, struct slice *method)
{
	struct sip_cursor c = sip_cursor_of(value);
	struct slice digits = sip_take(&c, SIP_CHAR_DIGIT);

	if (!slice_u32(digits, number) || *number > INT32_MAX)
		return false;
	if (c.p == c.end || !sip_char_is(*c.p, SIP_CHAR_LWS))
		return false;
	sip_skip_lws(&c);
	*method = sip_take(&c, SIP_CHAR_TOKEN);
	return method->n && c.p == c.end;
}

bool sip_parse_rack(struct slice value, u32 *rseq, u32 *cseq, struct slice *method)
{
	struct sip_cursor c = sip_cursor_of(value);
	struct slice digits = sip_take(&c, SIP_CHAR_DIGIT);

	if (!slice_u32(digits, rseq) || !*rseq || c.p == c.end ||
	    !sip_char_is(*c.p, SIP_CHAR_LWS))
		return false;
	sip_skip_lws(&c);
	return sip_parse_cseq(sip_cursor_rest(&c), cseq, method);
}
