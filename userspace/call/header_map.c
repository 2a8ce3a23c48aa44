// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Headers whose values name things of their side, in the words of the other:
 * addresses of people get our host, as From and To do; a Warning comes from us; a
 * Reason keeps its cause. An element that still has a name of its side in it after
 * that is left out, the others stay.
 */
#include "call/header_private.h"

void call_add_unfolded(struct buf *b, struct slice value)
{
	size_t i, from = 0;

	for (i = 0; i < value.n; i++) {
		if (value.p[i] != '\r' && value.p[i] != '\n')
			continue;
		buf_add(b, slice_of(value.p + from, i - from));
		buf_str(b, " ");
		from = i + 1;
	}
	buf_add(b, slice_of(value.p + from, value.n - from));
}

/* What was added since at, unless it has a name of the side. */
static void keep(struct call_passage *p, size_t at)
{
	struct buf *b = &p->lines;

	if (b->failed)
		return;
	if (call_names_in(&p->names, slice_of(b->p + at, b->n - at)))
		b->n = at;
	else
		buf_str(b, "\r\n");
}

static size_t begin(struct call_passage *p, const struct sip_hdr *hdr)
{
	size_t at = p->lines.n;

	buf_printf(&p->lines, "%s: ", sip_hdr_info(hdr->id)->name);
	return at;
}

/* Of "?Reason=...&Replaces=...", what History-Info may have (RFC 7044 §10.2). */
static void add_uri_headers(struct buf *b, struct slice headers)
{
	const char *separator = "?";

	while (headers.n) {
		const char *end = memchr(headers.p + 1, '&', headers.n - 1);
		size_t n = end ? (size_t)(end - headers.p) : headers.n;
		struct slice one = slice_of(headers.p + 1, n - 1);

		headers = slice_of(headers.p + n, headers.n - n);
		if (!(one.n > 7 && slice_caseeq(slice_of(one.p, 7), SLICE("Reason="))) &&
		    !(one.n > 8 && slice_caseeq(slice_of(one.p, 8), SLICE("Privacy="))))
			continue;
		buf_str(b, separator);
		buf_add(b, one);
		separator = "&";
	}
}

void call_map_uri(struct buf *b, const char *host, struct slice text)
{
	struct slice phone;
	struct sip_uri uri;

	if (!sip_uri_parse(text, &uri) ||
	    (uri.kind != SIP_URI_SIP && uri.kind != SIP_URI_SIPS) ||
	    slice_caseeq(uri.host, SLICE("anonymous.invalid"))) {
		buf_add(b, text);
		return;
	}
	buf_printf(b, "%s:" SLICE_FMT "%s%s", uri.kind == SIP_URI_SIPS ? "sips" : "sip",
		   SLICE_ARG(uri.user), uri.user.n ? "@" : "", host);
	if (sip_param(uri.params, "user", &phone) && slice_caseeq(phone, SLICE("phone")))
		buf_str(b, ";user=phone");
	add_uri_headers(b, uri.headers);
}

void call_map_addresses(struct call_passage *p, const struct sip_hdr *hdr)
{
	struct slice rest = hdr->value, element;
	struct sip_nameaddr address;

	while (sip_next_element(&rest, &element)) {
		size_t at = begin(p, hdr);

		if (!sip_parse_nameaddr(element, &address)) {
			p->lines.n = at;
			continue;
		}
		call_add_unfolded(&p->lines, address.display);
		buf_str(&p->lines, address.display.n ? " <" : "<");
		call_map_uri(&p->lines, p->host, address.uri);
		buf_str(&p->lines, ">");
		call_add_unfolded(&p->lines, address.params);
		keep(p, at);
	}
}

/* "307 pbx.example.org \"text\"": from us, since who said it is not known there. */
void call_map_warning(struct call_passage *p, const struct sip_hdr *hdr)
{
	struct slice rest = hdr->value, element;

	while (sip_next_element(&rest, &element)) {
		const char *quote = memchr(element.p, '"', element.n);
		size_t at = begin(p, hdr);
		u32 code;

		if (!quote || !slice_u32(slice_of(element.p, element.n < 3 ? 0 : 3), &code)) {
			p->lines.n = at;
			continue;
		}
		buf_printf(&p->lines, "%03u jalur ", code);
		call_add_unfolded(&p->lines,
				  slice_of(quote, (size_t)(element.p + element.n - quote)));
		keep(p, at);
	}
}

/* "Q.850;cause=16;text=...", or SIP instead of Q.850 (RFC 3326). */
static void add_reason(struct call_passage *p, struct slice element)
{
	const char *semicolon = memchr(element.p, ';', element.n);
	size_t n = semicolon ? (size_t)(semicolon - element.p) : element.n;
	struct slice protocol = slice_trim(slice_of(element.p, n)), params, text;
	struct slice cause = SLICE("");
	u32 number;

	params = slice_of(element.p + n, element.n - n);
	buf_add(&p->lines, protocol);
	if (sip_param(params, "cause", &cause) && slice_u32(cause, &number)) {
		if (slice_caseeq(protocol, SLICE("Q.850")))
			number = call_cause_from(p->from, number);
		buf_printf(&p->lines, ";cause=%u", number);
	}
	if (sip_param(params, "text", &text) && !call_names_in(&p->names, text)) {
		buf_str(&p->lines, ";text=\"");
		call_add_unfolded(&p->lines, text);
		buf_str(&p->lines, "\"");
	}
}

void call_map_reason(struct call_passage *p, const struct sip_hdr *hdr)
{
	struct slice rest = hdr->value, element;

	while (sip_next_element(&rest, &element)) {
		size_t at = begin(p, hdr);

		add_reason(p, element);
		keep(p, at);
	}
}
