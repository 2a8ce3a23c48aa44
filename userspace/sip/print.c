// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Responses repeat the request's headers (RFC 3261 §8.2.6) and add to its top
 * Via where it came from (§18.2.1, RFC 3581 §4); requests are written from a
 * dialog, with strict routers honoured (§12.2.1.1).
 */
#include <strings.h>

#include "sip/print.h"

#define DEFAULT_MAX_FORWARDS 70

static void print_crlf(struct buf *b)
{
	buf_add(b, SLICE("\r\n"));
}

void sip_print_value(struct buf *b, struct slice value)
{
	size_t i, from = 0;

	if (!value.n)
		return;
	/* Folding is rare. */
	if (!memchr(value.p, '\n', value.n) && !memchr(value.p, '\r', value.n)) {
		buf_add(b, value);
		return;
	}
	for (i = 0; i < value.n; i++) {
		if (value.p[i] != '\r' && value.p[i] != '\n')
			continue;
		buf_add(b, slice_of(value.p + from, i - from));
		buf_add(b, SLICE(" "));
		from = i + 1;
	}
	buf_add(b, slice_of(value.p + from, value.n - from));
}

/* Of a message that was read, which knows whether anything of it is folded. */
static void print_value_of(struct buf *b, const struct sip_msg *msg, struct slice value)
{
	if (msg->folded)
		sip_print_value(b, value);
	else
		buf_add(b, value);
}

void sip_print_hostport(struct buf *b, const struct addr *a)
{
	char text[ADDR_STRLEN];

	buf_str(b, addr_print(a, text));
}

static void print_line(struct buf *b, const char *name, struct slice value)
{
	buf_str(b, name);
	buf_add(b, SLICE(": "));
	sip_print_value(b, value);
	print_crlf(b);
}

void sip_print_headers(struct buf *b, const struct sip_msg *msg, enum sip_hdr_id id)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, id);

	for (; hdr; hdr = sip_msg_header_next(msg, hdr))
		print_line(b, sip_hdr_info(id)->name, hdr->value);
}

static void print_first(struct buf *b, const struct sip_msg *msg, enum sip_hdr_id id)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, id);
	const struct sip_hdr_info *info = sip_hdr_info(id);

	if (hdr && !msg->folded)
		buf_line(b, slice_of(info->name, info->len), hdr->value);
	else if (hdr)
		print_line(b, info->name, hdr->value);
}

/* --- responses --- */

static bool host_is(const struct sip_via *via, const struct addr *source)
{
	struct addr host;

	if (!addr_parse_ip(via->host, &host))
		return false;
	host.scope = source->scope;
	return addr_ip_eq(&host, source);
}

/* What the sender says of received and rport is not believed. */
static void print_top_via(struct buf *b, const struct sip_msg *msg, const struct addr *source)
{
	const struct sip_via *via = &msg->via;
	struct slice rest = via->params, name, value, from;
	char ip[ADDR_STRLEN];

	buf_add(b, SLICE("Via: "));
	print_value_of(b, msg, slice_trim(slice_of(via->value.p,
						   (size_t)(via->params.p - via->value.p))));
	if (!via->stamped)
		print_value_of(b, msg, slice_trim(rest));
	for (from = rest; via->stamped && sip_next_param(&rest, &name, &value) == 1; from = rest) {
		if (slice_caseeq(name, SLICE("received")) || slice_caseeq(name, SLICE("rport")))
			continue;
		sip_print_value(b, slice_trim(slice_of(from.p, from.n - rest.n)));
	}
	if (via->rport || !host_is(via, source))
		buf_printf(b, ";received=%s", addr_print_ip(source, ip));
	if (via->rport)
		buf_printf(b, ";rport=%u", source->port);
}

static void print_vias(struct buf *b, const struct sip_msg *msg, const struct addr *source)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_VIA);
	struct slice below;

	if (!hdr)
		return;
	print_top_via(b, msg, source);
	below.p = msg->via.value.p + msg->via.value.n;
	below.n = (size_t)(hdr->value.p + hdr->value.n - below.p);
	print_value_of(b, msg, below);
	print_crlf(b);
	while ((hdr = sip_msg_header_next(msg, hdr)))
		print_line(b, "Via", hdr->value);
}

static void print_to(struct buf *b, const struct sip_msg *msg, const char *tag)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_TO);

	if (!hdr)
		return;
	buf_add(b, SLICE("To: "));
	print_value_of(b, msg, hdr->value);
	if (tag && msg->to.value.n && !msg->to.tag.n) {
		buf_add(b, SLICE(";tag="));
		buf_str(b, tag);
	}
	print_crlf(b);
}

static void print_content(struct buf *b, const struct sip_content *content)
{
	bool body = content && content->content_type.n;

	if (content)
		buf_add(b, content->headers);
	if (body)
		print_line(b, "Content-Type", content->content_type);
	buf_add(b, SLICE("Content-Length: "));
	buf_u64(b, body ? content->body.n : 0);
	buf_add(b, SLICE("\r\n\r\n"));
	if (body)
		buf_add(b, content->body);
}

void sip_print_response(struct buf *b, const struct sip_print_response *r)
{
	const struct sip_msg *msg = r->request;

	buf_add(b, SLICE("SIP/2.0 "));
	buf_u64(b, r->status);
	buf_add(b, SLICE(" "));
	sip_print_value(b, slice_str(r->reason ? r->reason : sip_reason_phrase(r->status)));
	print_crlf(b);
	print_vias(b, msg, r->source);
	print_first(b, msg, SIP_HDR_FROM);
	print_to(b, msg, r->to_tag);
	print_first(b, msg, SIP_HDR_CALL_ID);
	print_first(b, msg, SIP_HDR_CSEQ);
	if (r->status == 100)
		print_first(b, msg, SIP_HDR_TIMESTAMP);
	if (r->record_route)
		sip_print_headers(b, msg, SIP_HDR_RECORD_ROUTE);
	if (r->contact)
		print_line(b, "Contact", slice_str(r->contact));
	if (r->rseq)
		buf_printf(b, "Require: 100rel\r\nRSeq: %u\r\n", r->rseq);
	if (r->software)
		print_line(b, "Server", slice_str(r->software));
	if (!r->no_length) {
		print_content(b, r->content);
		return;
	}
	buf_add(b, r->content->headers);
	print_crlf(b);
}

/* --- requests --- */

static bool is_loose(const char *route)
{
	struct sip_nameaddr address;
	struct sip_uri uri;

	if (!sip_parse_nameaddr(slice_str(route), &address) ||
	    !sip_uri_parse(address.uri, &uri))
		return true;
	return sip_param(uri.params, "lr", NULL);
}

static struct slice uri_of(const char *route)
{
	struct sip_nameaddr address;

	if (!sip_parse_nameaddr(slice_str(route), &address))
		return slice_str(route);
	return address.uri;
}

static void print_routes(struct buf *b, const struct sip_print_request *r, bool strict)
{
	size_t i;

	for (i = strict; i < r->nroutes; i++)
		print_line(b, "Route", slice_str(r->routes[i]));
	if (!strict)
		return;
	buf_add(b, SLICE("Route: <"));
	sip_print_value(b, r->target);
	buf_add(b, SLICE(">\r\n"));
}

static void print_party(struct buf *b, const char *name, struct slice value, const char *tag)
{
	buf_str(b, name);
	buf_add(b, SLICE(": "));
	sip_print_value(b, value);
	if (tag && *tag)
		buf_printf(b, ";tag=%s", tag);
	print_crlf(b);
}

/* The caller carries Max-Forwards on, or leaves it to us. */
static bool has_max_forwards(const struct sip_content *content)
{
	static const char name[] = "Max-Forwards";
	struct slice rest = content ? content->headers : slice_of(NULL, 0);
	const char *end;

	while (rest.n) {
		if (rest.n >= sizeof(name) && !strncasecmp(rest.p, name, sizeof(name) - 1))
			return true;
		end = memchr(rest.p, '\n', rest.n);
		if (!end)
			return false;
		rest = slice_of(end + 1, rest.n - (size_t)(end + 1 - rest.p));
	}
	return false;
}

/* A Contact or a Route may have header fields, a Request-URI not (RFC 3261 §19.1.1, table 1). */
struct slice sip_print_ruri(struct slice target, char *const *routes, size_t nroutes)
{
	struct slice text = nroutes && !is_loose(routes[0]) ? uri_of(routes[0]) : target;
	struct sip_uri uri;

	if (sip_uri_parse(text, &uri) && uri.headers.n)
		text.n = (size_t)(uri.headers.p - text.p);
	return text;
}

void sip_print_request(struct buf *b, const struct sip_print_request *r)
{
	bool strict = r->nroutes && !is_loose(r->routes[0]);

	buf_str(b, r->method);
	buf_add(b, SLICE(" "));
	sip_print_value(b, sip_print_ruri(r->target, r->routes, r->nroutes));
	buf_printf(b, " SIP/2.0\r\nVia: SIP/2.0/%s ", r->transport);
	sip_print_hostport(b, r->sent_by);
	buf_printf(b, ";branch=%s;rport%s\r\n", r->branch, r->alias ? ";alias" : "");
	if (!has_max_forwards(r->content))
		buf_printf(b, "Max-Forwards: %u\r\n",
			   r->content && r->content->max_forwards ? r->content->max_forwards
								  : DEFAULT_MAX_FORWARDS);
	print_party(b, "From", r->from, r->from_tag);
	print_party(b, "To", r->to, r->to_tag);
	print_line(b, "Call-ID", slice_str(r->call_id));
	buf_printf(b, "CSeq: %u %s\r\n", r->cseq, r->method);
	if (r->rack)
		buf_printf(b, "RAck: %u %u INVITE\r\n", r->rack->rseq, r->rack->cseq);
	print_routes(b, r, strict);
	if (r->contact)
		print_line(b, "Contact", slice_str(r->contact));
	if (r->software)
		print_line(b, "User-Agent", slice_str(r->software));
	print_content(b, r->content);
}

void sip_print_same_branch(struct buf *b, const char *method, const struct sip_msg *invite,
			   const struct sip_msg *response, struct slice headers)
{
	buf_str(b, method);
	buf_add(b, SLICE(" "));
	sip_print_value(b, invite->ruri);
	buf_add(b, SLICE(" SIP/2.0\r\n"));
	print_first(b, invite, SIP_HDR_VIA);
	buf_printf(b, "Max-Forwards: %u\r\n", DEFAULT_MAX_FORWARDS);
	print_first(b, invite, SIP_HDR_FROM);
	print_first(b, response ? response : invite, SIP_HDR_TO);
	print_first(b, invite, SIP_HDR_CALL_ID);
	buf_printf(b, "CSeq: %u %s\r\n", invite->cseq, method);
	sip_print_headers(b, invite, SIP_HDR_ROUTE);
	buf_add(b, headers);
	buf_add(b, SLICE("Content-Length: 0\r\n\r\n"));
}
