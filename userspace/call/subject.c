// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What routes look at, taken out of a request. One way of writing a number is enough to
 * write a route for: escapes that are not needed (RFC 3261 §19.1.2) and parameters of the
 * user (RFC 3966 §3) are not part of it.
 */
#include "call/call.h"

/* Of what an escape stands for: it may not be in a user without one. */
static bool needs_escape(u8 c)
{
	return c <= ' ' || c >= 0x7f || strchr("%;<>\"@\\`{|}^[]", c);
}

static struct slice read_number(struct slice user, char text[CALL_MAX_NUMBER])
{
	size_t n = 0;

	if (!memchr(user.p, '%', user.n) || user.n > CALL_MAX_NUMBER)
		return user;
	while (user.n) {
		struct slice from = user;
		bool escaped;
		u8 c = sip_uri_char(&user, &escaped);

		if (escaped && needs_escape(c)) {
			user = slice_of(from.p + 1, from.n - 1);
			c = '%';
		}
		text[n++] = (char)c;
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
	s->hidden = call_hides_caller(&msg->from_uri);
}

/* Who hides himself has no name of somebody else, either. */
void call_subject_proved(struct call_subject *s, const char *name)
{
	if (!name && !s->hidden)
		return;
	s->from = name ? slice_str(name) : SLICE("anonymous");
	s->from_rest = SLICE("");
	s->hidden = !name;
}

void call_subject_of(struct call_subject *s, const struct call_source *source,
		     const struct sip_event *ev)
{
	call_subject_init(s, source->realm, source->trunk, &ev->flow.peer, ev->msg);
	if (source->domain)
		call_subject_proved(s, source->renamed ? source->user : NULL);
}

void call_subject_redirect(struct call_subject *s, int realm, int trunk,
			   const struct addr *source, struct slice uri)
{
	s->realm = realm;
	s->trunk = trunk;
	s->source = *source;
	set_called(s, uri);
}
