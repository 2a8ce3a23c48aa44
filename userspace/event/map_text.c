// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Text with URIs in it, wherever people and devices write them, and the bodies that are only
 * that: a part of a message (RFC 3420), of which the other side gets how it ends, who is meant
 * and why, and a message summary (RFC 3842). An address that stands in no URI leads nowhere,
 * and says how a side looks inside: what has one is left out.
 */
#include <ctype.h>
#include <errno.h>
#include <strings.h>

#include "base/addr.h"
#include "event/map_private.h"
#include "sip/msg.h"

#define SHORTEST 7		/* address: "1.2.3.4" */
#define LONGEST 64		/* with a port and a colon before it */

static bool is_word(char c)
{
	return isalnum((u8)c) || c == '+' || c == '-' || c == '.';
}

/* A port may follow. */
static bool is_address(struct slice run)
{
	struct slice host = run;
	struct addr a;

	if (addr_parse_ip(host, &a))
		return true;
	while (host.n && host.p[host.n - 1] != ':')
		host.n--;
	return host.n && addr_parse_ip(slice_of(host.p, host.n - 1), &a);
}

/* Four numbers, whatever letters stand beside them: "mac:192.0.2.1". */
static bool has_ip4(struct slice run)
{
	size_t i, from = 0, end;
	struct addr a;

	for (i = 0; i <= run.n; i++) {
		if (i < run.n && (isdigit((u8)run.p[i]) || (run.p[i] == '.' && i > from)))
			continue;
		for (end = i; end > from && run.p[end - 1] == '.'; end--)
			;
		if (addr_parse_ip(slice_of(run.p + from, end - from), &a))
			return true;
		from = i + 1;
	}
	return false;
}

/* A run of what addresses are made of; what the end of a word before it was may be in it. */
static bool has_one(struct slice run)
{
	while (run.n && (run.p[run.n - 1] == '.' || run.p[run.n - 1] == ':'))
		run.n--;
	if (run.n < SHORTEST)
		return false;
	if (is_address(run) || has_ip4(run))
		return true;
	for (; run.n >= SHORTEST; run = slice_of(run.p + 1, run.n - 1))
		if (*run.p == ':' && run.n < LONGEST &&
		    is_address(slice_of(run.p + 1, run.n - 1)))
			return true;
	return false;
}

static bool has_address(struct slice text)
{
	size_t i, from = 0;

	for (i = 0; i <= text.n; i++) {
		if (i < text.n && (isxdigit((u8)text.p[i]) || text.p[i] == '.' || text.p[i] == ':'))
			continue;
		if (has_one(slice_of(text.p + from, i - from)))
			return true;
		from = i + 1;
	}
	return false;
}

static bool add_plain(const struct event_map *m, struct slice text, struct buf *out)
{
	if (has_address(text) || m->hidden(m->user, text))
		return false;
	buf_add(out, text);
	return true;
}

/* Of a scheme that has people behind it, with its colon; 0: none begins here. */
static size_t scheme_at(struct slice text, size_t at)
{
	static const char *const schemes[] = { "sip:", "sips:", "tel:", "pres:", "im:" };
	size_t i, n;

	if (at && is_word(text.p[at - 1]))
		return 0;
	for (i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		n = strlen(schemes[i]);
		if (text.n - at > n && !strncasecmp(text.p + at, schemes[i], n) &&
		    !isspace((u8)text.p[at + n]))
			return n;
	}
	return 0;
}

static bool ends_uri(char c)
{
	return (u8)c <= ' ' || c == '<' || c == '>' || c == '"';
}

/* Takes what stands before the next URI off *rest, and the URI; empty: there is none. */
static void next_uri(struct slice *rest, struct slice *before, struct slice *uri)
{
	size_t at = 0, end, scheme = 0;

	while (at < rest->n && !(scheme = scheme_at(*rest, at)))
		at++;
	*before = slice_of(rest->p, at);
	for (end = at; end < rest->n && !ends_uri(rest->p[end]); end++)
		;
	/* the end of a sentence */
	while (end > at + scheme && strchr(".,;:!?)", rest->p[end - 1]))
		end--;
	*uri = slice_of(rest->p + at, end - at);
	*rest = slice_of(rest->p + end, rest->n - end);
}

bool event_map_text(const struct event_map *m, struct slice text, struct buf *out)
{
	struct slice before, uri;

	while (text.n) {
		next_uri(&text, &before, &uri);
		if (!add_plain(m, before, out))
			return false;
		if (uri.n && !m->uri(m->user, uri, out))
			return false;
	}
	return true;
}

/* --- lines --- */

/* Takes a line off *rest, without its end; what is folded (RFC 3261 §7.3.1) is one. */
static struct slice next_line(struct slice *rest)
{
	struct slice line = slice_of(rest->p, 0);
	const char *end;
	size_t n;

	if (!rest->n)
		return SLICE("");
	do {
		end = memchr(rest->p, '\n', rest->n);
		n = end ? (size_t)(end - rest->p) + 1 : rest->n;
		line.n += n;
		*rest = slice_of(rest->p + n, rest->n - n);
	} while (slice_trim(line).n && rest->n && (*rest->p == ' ' || *rest->p == '\t'));
	while (line.n && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == '\n'))
		line.n--;
	return line;
}

/* As it is, on one line. */
static bool add_value(const struct event_map *m, struct slice value, struct buf *out)
{
	size_t at = out->n, i;

	if (!event_map_text(m, value, out))
		return false;
	for (i = at; i < out->n; i++)
		if (out->p[i] == '\r' || out->p[i] == '\n' || !out->p[i])
			out->p[i] = ' ';
	return true;
}

/* What was added since at, unless it is not to be told. */
static void end_line(struct buf *out, size_t at, bool good)
{
	if (good)
		buf_str(out, "\r\n");
	else
		out->n = at;
}

/* Tags and the like belong to a dialog that is not known there. */
static bool add_person(const struct event_map *m, struct slice element, struct buf *out)
{
	struct sip_nameaddr address;

	if (!sip_parse_nameaddr(element, &address) ||
	    !add_value(m, address.display, out))
		return false;
	buf_str(out, address.display.n ? " <" : "<");
	if (!add_value(m, address.uri, out))
		return false;
	buf_str(out, ">");
	return true;
}

static void add_people(const struct event_map *m, const char *name, struct slice value,
		       struct buf *out)
{
	struct slice element;

	while (sip_next_element(&value, &element)) {
		size_t at = out->n;

		buf_printf(out, "%s: ", name);
		end_line(out, at, add_person(m, element, out));
	}
}

static void add_header(const struct event_map *m, struct slice name, struct slice value,
		       struct buf *out)
{
	enum sip_hdr_id id = sip_hdr_id_of(name);
	size_t at = out->n;

	switch (id) {
	case SIP_HDR_FROM:
	case SIP_HDR_TO:
	case SIP_HDR_CONTACT:
	case SIP_HDR_REFER_TO:
	case SIP_HDR_REFERRED_BY:
		add_people(m, sip_hdr_info(id)->name, value, out);
		break;
	case SIP_HDR_REASON:
	case SIP_HDR_RETRY_AFTER:
	case SIP_HDR_DATE:
		buf_printf(out, "%s: ", sip_hdr_info(id)->name);
		end_line(out, at, add_value(m, value, out));
		break;
	default:
		break;
	}
}

static bool add_header_line(const struct event_map *m, struct slice line, struct buf *out)
{
	const char *colon = memchr(line.p, ':', line.n);
	struct slice name;

	if (!colon)
		return false;
	name = slice_trim(slice_of(line.p, (size_t)(colon - line.p)));
	add_header(m, name, slice_trim(slice_of(colon + 1, line.n - (size_t)(colon + 1 - line.p))),
		   out);
	return true;
}

/* "SIP/2.0 200 OK": a phrase with names in it is none. */
static bool add_status(const struct event_map *m, struct slice line, struct buf *out)
{
	size_t at;
	u32 code;

	if (line.n < 11 || !slice_caseeq(slice_of(line.p, 8), SLICE("SIP/2.0 ")) ||
	    !slice_u32(slice_of(line.p + 8, 3), &code) || code < 100 || code > 699 ||
	    (line.n > 11 && line.p[11] != ' '))
		return false;
	buf_printf(out, "SIP/2.0 %u ", code);
	at = out->n;
	if (line.n > 12 && !add_value(m, slice_of(line.p + 12, line.n - 12), out))
		out->n = at;
	buf_str(out, "\r\n");
	return true;
}

int event_map_fragment(const struct event_map *m, struct slice body, struct buf *out)
{
	struct slice rest = body, line = next_line(&rest);

	if (add_status(m, line, out))
		line = next_line(&rest);
	for (; line.n; line = next_line(&rest))
		if (!add_header_line(m, line, out))
			return -EINVAL;
	return out->failed ? -ENOMEM : 0;
}

int event_map_summary(const struct event_map *m, struct slice body, struct buf *out)
{
	struct slice rest = body, line;
	size_t at;

	if (memchr(body.p ? body.p : "", 0, body.n))
		return -EINVAL;
	while (rest.n) {
		line = next_line(&rest);
		at = out->n;
		end_line(out, at, add_value(m, line, out));
	}
	return out->failed ? -ENOMEM : 0;
}

/* A delimiter, or what makes of the part what it is. */
static bool is_needed(struct slice line)
{
	struct slice type = SLICE("Content-T");	/* Type, Transfer-Encoding */

	return (line.n > 1 && !memcmp(line.p, "--", 2)) ||
	       (line.n > type.n && slice_caseeq(slice_of(line.p, type.n), type));
}

void event_map_around(const struct event_map *m, struct slice text, struct buf *out)
{
	struct slice line;
	const char *begin;

	while (text.n) {
		begin = text.p;
		line = next_line(&text);
		if (is_needed(line) || (!has_address(line) && !m->hidden(m->user, line)))
			buf_add(out, slice_of(begin, (size_t)(text.p - begin)));
	}
}
