// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What routes look at, taken out of a request. One way of writing a number is enough to
 * write a route for: escapes that are not needed (RFC 3261 §19.1.2) and parameters of the
 * user (RFC 3966 §3) are not part of it.
 */
#include "call/call.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "%34" is '4'; -1: no escape, or one of what may not stand in a user without it. */
static int unescape(struct slice text)
{
	int high = text.n > 2 && *text.p == '%' ? hex_digit(text.p[1]) : -1;
	int low = high < 0 ? -1 : hex_digit(text.p[2]);
	int c = low < 0 ? -1 : high * 16 + low;

	return c > ' ' && c < 0x7f && !strchr("%;<>\"@\\`{|}^[]", c) ? c : -1;
}

static struct slice read_number(struct slice user, char text[CALL_MAX_NUMBER])
{
	size_t i, n = 0;

	if (!memchr(user.p, '%', user.n) || user.n > CALL_MAX_NUMBER)
		return user;
	for (i = 0; i < user.n; i++) {
		int c = unescape(slice_of(user.p + i, user.n - i));

		text[n++] = c < 0 ? user.p[i] : (char)c;
		i += c < 0 ? 0 : 2;
	}
	return slice_of(text, n);
}

static void split_user(struct slice user, struct slice *number, struct slice *rest,
		       char text[CALL_MAX_NUMBER])
{
	const char *end = user.n ? memchr(user.p, ';', user.n) : NULL;
	size_t n = end ? (size_t)(end - user.p) : user.n;

	*number = n ? read_number(slice_of(user.p, n), text) : SLICE("");
	*rest = slice_of(user.p + n, user.n - n);
}

static void set_called(struct call_subject *s, struct slice text)
{
	struct sip_uri uri;

	s->domain = sip_uri_parse(text, &uri) ? uri.host : SLICE("");
	split_user(call_uri_user(text), &s->number, &s->number_rest, s->text[0]);
}

void call_subject_init(struct call_subject *s, int realm, int trunk, const struct addr *source,
		       const struct sip_msg *msg)
{
	s->realm = realm;
	s->trunk = trunk;
	s->source = *source;
	s->msg = msg;
	set_called(s, msg->ruri);
	split_user(call_uri_user(msg->from.uri), &s->from, &s->from_rest, s->text[1]);
}

void call_subject_redirect(struct call_subject *s, int realm, int trunk,
			   const struct addr *source, struct slice uri)
{
	s->realm = realm;
	s->trunk = trunk;
	s->source = *source;
	set_called(s, uri);
}
