// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The parameters of Event that name a dialog (RFC 4235 §3.2): whoever watches wants to hear of
 * that one alone. The tags are the notifier's: to-tag is his own, and without from-tag all
 * dialogs are meant that his INVITE made. What else Event has stays as it is.
 */
#include "event/map.h"
#include "sip/chars.h"
#include "sip/digest.h"
#include "sip/msg.h"

static bool is_dialog(struct slice package)
{
	return slice_caseeq(package, SLICE("dialog")) ||
	       (package.n > 7 && slice_caseeq(slice_of(package.p, 7), SLICE("dialog.")));
}

/* Where in d the value of the parameter belongs; NULL: it is another one. */
static struct slice *part_of(struct event_dialog *d, struct slice name)
{
	if (slice_caseeq(name, SLICE("call-id")))
		return &d->call_id;
	if (slice_caseeq(name, SLICE("to-tag")))
		return &d->local_tag;
	return slice_caseeq(name, SLICE("from-tag")) ? &d->remote_tag : NULL;
}

/* What is not of the dialog is added to out, if that is not NULL. */
static enum event_named split(struct slice value, struct event_dialog *d, struct buf *out)
{
	enum event_named named = EVENT_NAMES_NONE;
	struct sip_cursor c = sip_cursor_of(value);
	struct slice package = sip_take(&c, SIP_CHAR_TOKEN), rest = sip_cursor_rest(&c);
	struct slice name, its, *part;
	const char *from = rest.p;
	int more;

	*d = (struct event_dialog){ .call_id = SLICE("") };
	if (!is_dialog(package))
		return EVENT_NAMES_NONE;
	if (out)
		buf_add(out, package);
	while ((more = sip_next_param(&rest, &name, &its)) == 1) {
		part = part_of(d, name);
		if (part) {
			*part = its;
			named = EVENT_NAMES_KNOWN;
		} else if (out) {
			buf_add(out, slice_of(from, (size_t)(rest.p - from)));
		}
		from = rest.p;
	}
	/* it may be in what cannot be read; a ';' at the end is none */
	return more && slice_trim(rest).n > 1 ? EVENT_NAMES_LOST : named;
}

static enum event_named read(struct slice value, struct event_dialog *d,
			     char call_id[EVENT_CALL_ID], struct buf *out)
{
	enum event_named named = split(value, d, out);

	if (named != EVENT_NAMES_KNOWN)
		return named;
	if (!d->call_id.n || !d->local_tag.n || memchr(d->call_id.p, 0, d->call_id.n) ||
	    !sip_unquote(d->call_id, call_id, EVENT_CALL_ID))
		return EVENT_NAMES_LOST;
	d->call_id = slice_str(call_id);
	return EVENT_NAMES_KNOWN;
}

enum event_named event_named(struct slice value, struct event_dialog *d,
			     char call_id[EVENT_CALL_ID])
{
	return read(value, d, call_id, NULL);
}

enum event_named event_map_event(const struct event_map *m, struct slice value, struct buf *out)
{
	struct event_dialog d, there;
	char call_id[EVENT_CALL_ID];
	size_t at = out->n;
	enum event_named named = read(value, &d, call_id, out);

	if (named == EVENT_NAMES_NONE) {
		out->n = at;
		buf_add(out, value);
		return named;
	}
	if (named == EVENT_NAMES_LOST || !m->dialog(m->user, &d, &there))
		return EVENT_NAMES_LOST;
	buf_str(out, ";call-id=\"");
	sip_quote(out, there.call_id);
	buf_str(out, "\";to-tag=");
	buf_add(out, there.local_tag);
	if (d.remote_tag.n) {
		buf_str(out, ";from-tag=");
		buf_add(out, there.remote_tag);
	}
	return EVENT_NAMES_KNOWN;
}
