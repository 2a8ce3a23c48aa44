// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A datagram becomes a table of headers in one pass. The first mistake is kept
 * and the pass goes on, because what follows it (Call-ID, CSeq) may be needed to
 * say so. Lines end with CRLF or LF; a CR alone, and a NUL outside a quoted
 * pair, are mistakes: somebody behind us might see a line end there.
 */
#include <errno.h>

#include "sip/block.h"
#include "sip/chars.h"
#include "sip/multipart.h"

struct parser {
	struct sip_msg *msg;
	struct sip_error *err;
	const struct sip_limits *limits;
	struct sip_cursor at;
	bool failed;
	bool nul;		/* in what was read so far */
	u32 content_length;
	bool has_length;
};

static void fail(struct parser *ps, u16 status, enum sip_hdr_id header, const char *text)
{
	if (ps->failed)
		return;
	ps->failed = true;
	*ps->err = (struct sip_error){ status, header, text };
}

/* The first byte below limit, or end. */
static inline const char *find_below(const char *p, const char *end, u8 limit)
{
	size_t i;

	for (; end - p >= 16; p += 16) {
		i = sip_block_first((sip_halves)(sip_block_load(p) < limit));
		if (i < 16)
			return p + i;
	}
	while (p < end && (u8)*p >= limit)
		p++;
	return p;
}

/* Line ends, NUL, and a few others that mean nothing here. */
static inline const char *next_control(const char *p, const char *end)
{
	return find_below(p, end, '\r' + 1);
}

static inline bool is_crlf(const char *p, const char *end)
{
	return end - p > 1 && p[0] == '\r' && p[1] == '\n';
}

/* The line at ps->at whose first control character is at p, and maybe no line end. */
static __attribute__((noinline)) bool take_odd_line(struct parser *ps, const char *p,
						    struct slice *line)
{
	const char *from = ps->at.p, *end = ps->at.end;

	for (; p < end; p = next_control(p + 1, end)) {
		if (*p == '\n' || is_crlf(p, end)) {
			ps->at.p = p + (*p == '\n' ? 1 : 2);
			*line = slice_of(from, (size_t)(p - from));
			return true;
		}
		if (*p == '\r') {
			fail(ps, 400, SIP_HDR_OTHER, "CR inside a line");
			ps->msg->folded = true;		/* nor does it end one of the answer */
		}
		ps->nul |= !*p;
	}
	return false;
}

/* A physical line without its end. false: the bytes end before the line does. */
static inline bool take_line(struct parser *ps, struct slice *line)
{
	const char *from = ps->at.p, *end = ps->at.end;
	const char *p = next_control(from, end);

	if (!is_crlf(p, end))
		return take_odd_line(ps, p, line);
	ps->at.p = p + 2;
	*line = slice_of(from, (size_t)(p - from));
	return true;
}

/* With the lines that continue it (RFC 3261 §7.3.1), their line ends included. */
static bool take_header_line(struct parser *ps, struct slice *line)
{
	struct slice more;

	if (!take_line(ps, line))
		return false;
	while (line->n && ps->at.p < ps->at.end && (*ps->at.p == ' ' || *ps->at.p == '\t')) {
		if (!take_line(ps, &more))
			return false;
		ps->msg->folded = true;
		line->n = (size_t)(more.p + more.n - line->p);
	}
	return true;
}

static void parse_ruri(struct parser *ps)
{
	if (!sip_uri_parse(ps->msg->ruri, &ps->msg->uri))
		fail(ps, 400, SIP_HDR_OTHER, "Malformed Request-URI");
	else if (ps->msg->uri.headers.n)	/* RFC 3261 §19.1.1, table 1 */
		fail(ps, 400, SIP_HDR_OTHER, "Header fields in the Request-URI");
}

/* Method SP Request-URI SP SIP-Version, and nothing else (RFC 3261 §7.1). */
static void parse_request_line(struct parser *ps, struct slice line)
{
	struct sip_cursor c = sip_cursor_of(line);
	struct sip_msg *msg = ps->msg;
	const char *space;
	struct slice version;

	msg->request = true;
	msg->method_name = sip_take(&c, SIP_CHAR_TOKEN);
	msg->method = sip_method_of(msg->method_name);
	if (!msg->method_name.n || !sip_take_char(&c, ' ') || c.p == c.end)
		goto err_line;
	space = memchr(c.p, ' ', (size_t)(c.end - c.p));
	if (!space)
		goto err_line;
	msg->ruri = slice_of(c.p, (size_t)(space - c.p));
	version = slice_of(space + 1, (size_t)(c.end - space) - 1);
	if (version.n < 4 || !sip_is(slice_of(version.p, 4), "SIP/") ||
	    memchr(version.p, ' ', version.n))
		goto err_line;
	if (!sip_is(version, "SIP/2.0"))
		fail(ps, 505, SIP_HDR_OTHER, NULL);
	parse_ruri(ps);
	return;

err_line:
	fail(ps, 400, SIP_HDR_OTHER, "Malformed Request-Line");
}

/* SIP-Version SP Status-Code SP Reason-Phrase */
static void parse_status_line(struct parser *ps, struct slice line)
{
	u32 status;

	if (line.n < 11 || !sip_is(slice_of(line.p, 8), "SIP/2.0 ") ||
	    !slice_u32(slice_of(line.p + 8, 3), &status) || status < 100 || status > 699 ||
	    (line.n > 11 && line.p[11] != ' ')) {
		fail(ps, 0, SIP_HDR_OTHER, "Malformed Status-Line");
		return;
	}
	ps->msg->status = (u16)status;
	ps->msg->reason = slice_trim(slice_of(line.p + 11, line.n - 11));
}

static void parse_start_line(struct parser *ps, struct slice line)
{
	if (line.n >= 4 && (line.p[0] | 0x20) == 's' && sip_is(slice_of(line.p, 4), "SIP/"))
		parse_status_line(ps, line);
	else
		parse_request_line(ps, line);
	if (ps->nul && memchr(line.p, 0, line.n))
		fail(ps, 400, SIP_HDR_OTHER, "NUL in the start line");
}

static void parse_via(struct parser *ps, struct slice value)
{
	struct sip_via *via = &ps->msg->via;
	struct slice element;

	if (via->value.p) {	/* the first is the top one, whatever it is worth */
		ps->msg->more_vias = true;
		return;
	}
	element = value;
	if (value.n && memchr(value.p, ',', value.n)) {
		sip_next_element(&value, &element);
		ps->msg->more_vias = value.n;
	}
	if (!sip_parse_via(element, via))
		fail(ps, 400, SIP_HDR_VIA, "malformed");
}

static void parse_address(struct parser *ps, enum sip_hdr_id id, struct slice value,
			  struct sip_nameaddr *out, struct sip_uri *uri)
{
	if (sip_parse_address(value, out, uri))
		return;
	fail(ps, 400, id, "malformed");
	memset(out, 0, sizeof(*out));
	memset(uri, 0, sizeof(*uri));
}

static void parse_cseq(struct parser *ps, struct slice value)
{
	struct sip_msg *msg = ps->msg;
	struct slice method;

	if (!sip_parse_cseq(value, &msg->cseq, &method)) {
		fail(ps, 400, SIP_HDR_CSEQ, "malformed");
		return;
	}
	if (!msg->request) {
		msg->method_name = method;
		msg->method = sip_method_of(method);
	} else if (msg->method_name.n && !slice_eq(method, msg->method_name)) {
		if (msg->method)
			fail(ps, 400, SIP_HDR_CSEQ, "not the method of the request");
		else
			fail(ps, 501, SIP_HDR_OTHER, NULL);	/* RFC 4475 §3.1.2.18 */
	}
}

static void parse_call_id(struct parser *ps, struct slice value)
{
	const char *end = value.p + value.n;

	ps->msg->call_id = value;
	if (!value.n || find_below(value.p, end, ' ' + 1) < end ||
	    memchr(value.p, 0x7f, value.n))
		fail(ps, 400, SIP_HDR_CALL_ID, "malformed");
}

static void parse_number(struct parser *ps, enum sip_hdr_id id, struct slice value, u32 max,
			 u32 *out)
{
	if (!slice_u32(value, out) || *out > max)
		fail(ps, 400, id, "no number in its range");
}

static void parse_value(struct parser *ps, enum sip_hdr_id id, struct slice value)
{
	struct sip_msg *msg = ps->msg;
	u32 number = 0;

	switch (id) {
	case SIP_HDR_VIA:
		parse_via(ps, value);
		break;
	case SIP_HDR_FROM:
		parse_address(ps, id, value, &msg->from, &msg->from_uri);
		break;
	case SIP_HDR_TO:
		parse_address(ps, id, value, &msg->to, &msg->to_uri);
		break;
	case SIP_HDR_CALL_ID:
		parse_call_id(ps, value);
		break;
	case SIP_HDR_CSEQ:
		parse_cseq(ps, value);
		break;
	case SIP_HDR_MAX_FORWARDS:
		parse_number(ps, id, value, 255, &number);
		msg->max_forwards = (int)number;
		break;
	case SIP_HDR_CONTENT_LENGTH:
		parse_number(ps, id, value, INT32_MAX, &ps->content_length);
		ps->has_length = true;
		break;
	case SIP_HDR_CONTENT_TYPE:
		msg->content_type = value;
		break;
	default:
		break;
	}
}

/* A display name may hold a NUL as a quoted pair; nothing else may. */
static void check_nul(struct parser *ps, enum sip_hdr_id id, struct slice value)
{
	const char *at = value.n ? memchr(value.p, 0, value.n) : NULL;
	bool address = id == SIP_HDR_FROM || id == SIP_HDR_TO || id == SIP_HDR_CONTACT;

	while (at) {
		if (!address || at == value.p || at[-1] != '\\') {
			fail(ps, 400, id, "NUL in its value");
			return;
		}
		at = memchr(at + 1, 0, (size_t)(value.p + value.n - at) - 1);
	}
}

static const enum sip_hdr_id mandatory[] = {
	SIP_HDR_VIA, SIP_HDR_FROM, SIP_HDR_TO, SIP_HDR_CALL_ID, SIP_HDR_CSEQ,
};

static bool is_mandatory(enum sip_hdr_id id)
{
	size_t i;

	for (i = 0; i < sizeof(mandatory) / sizeof(*mandatory); i++)
		if (id == mandatory[i])
			return true;
	return false;
}

/* Beyond the limit there is room for those that the refusal repeats, each once. */
static void add_header(struct parser *ps, enum sip_hdr_id id, struct slice name,
		       struct slice value)
{
	struct sip_msg *msg = ps->msg;
	u64 bit = 1ull << id % 64;
	bool again = msg->has[id / 64] & bit;

	if (msg->nhdrs >= ps->limits->headers) {
		fail(ps, 513, SIP_HDR_OTHER, "Too many header fields");
		if (again || !is_mandatory(id))
			return;
	}
	if (!again)
		msg->first[id] = (u16)msg->nhdrs;
	msg->hdrs[msg->nhdrs++] = (struct sip_hdr){ id, name, value };
	msg->has[id / 64] |= bit;
	if (ps->nul)
		check_nul(ps, id, value);
	if (again && sip_hdr_info(id)->flags & SIP_HDR_SINGLE)
		fail(ps, 400, id, "given twice");
	else
		parse_value(ps, id, value);
}

static void parse_header(struct parser *ps, struct slice line)
{
	const char *colon = memchr(line.p, ':', line.n);
	struct slice name = slice_of(line.p, colon ? (size_t)(colon - line.p) : 0);
	enum sip_hdr_id id;

	while (name.n && (name.p[name.n - 1] == ' ' || name.p[name.n - 1] == '\t'))
		name.n--;
	id = sip_hdr_id_of(name);
	/* What is in the table is a token. */
	if (id == SIP_HDR_OTHER && !sip_all(name, SIP_CHAR_TOKEN)) {
		fail(ps, 400, SIP_HDR_OTHER, "Malformed header field");
		return;
	}
	add_header(ps, id, name, sip_trim(colon + 1, line.p + line.n));
}

static void parse_headers(struct parser *ps)
{
	struct slice line;

	while (take_header_line(ps, &line)) {
		if (!line.n)
			return;
		parse_header(ps, line);
	}
	fail(ps, 400, SIP_HDR_OTHER, "No end of headers");
}

static void check_mandatory(struct parser *ps)
{
	size_t i;

	for (i = 0; i < sizeof(mandatory) / sizeof(*mandatory); i++) {
		if (!sip_msg_header(ps->msg, mandatory[i]))
			fail(ps, 400, mandatory[i], "missing");
	}
}

static void check_size(struct parser *ps, size_t head, size_t body)
{
	if (head > ps->limits->message)
		fail(ps, 513, SIP_HDR_OTHER, NULL);
	else if (body > ps->limits->message - head)
		fail(ps, 413, SIP_HDR_OTHER, NULL);
}

static void check_depth(struct parser *ps)
{
	struct sip_part part = { .type = ps->msg->content_type, .body = ps->msg->body };

	if (!part.type.n || (part.type.p[0] | 0x20) != 'm')
		return;
	if (sip_part_depth(&part, ps->limits->nesting))
		fail(ps, 400, SIP_HDR_OTHER, "Body parts nested too deeply");
}

/* Of a datagram the rest after the body is padding (RFC 3261 §18.3). */
static void take_body(struct parser *ps)
{
	struct slice body = sip_cursor_rest(&ps->at);

	if (ps->has_length && ps->content_length > body.n)
		fail(ps, 400, SIP_HDR_CONTENT_LENGTH, "more than there is");
	else if (ps->has_length)
		body.n = ps->content_length;
	ps->msg->body = body;
	check_size(ps, (size_t)(ps->at.p - ps->msg->bytes.p), body.n);
}

static void clear(struct sip_msg *msg, struct slice bytes)
{
	memset(msg, 0, offsetof(struct sip_msg, first));
	msg->bytes = bytes;
	msg->max_forwards = -1;
}

/*
 * What is answered must have somewhere to go: a sent-by, whatever the parameters after it
 * are. An ACK is never answered, and neither is a response.
 */
static void settle_error(struct parser *ps)
{
	const struct sip_msg *msg = ps->msg;

	if (!msg->request || msg->method == SIP_ACK || !msg->via.host.n)
		ps->err->status = 0;
}

struct sip_limits sip_limits_of(struct sip_limits limits)
{
	struct sip_limits given = {
		.message = limits.message ? limits.message : 65535,
		.headers = limits.headers ? limits.headers : 128,
		.nesting = limits.nesting ? limits.nesting : 3,
	};

	if (given.headers > SIP_MAX_HEADERS)
		given.headers = SIP_MAX_HEADERS;
	return given;
}

int sip_parse(struct slice bytes, struct sip_msg *msg, struct sip_error *err)
{
	struct sip_limits limits = sip_limits_of((struct sip_limits){ 0 });

	return sip_parse_within(bytes, &limits, msg, err);
}

int sip_parse_within(struct slice bytes, const struct sip_limits *limits, struct sip_msg *msg,
		     struct sip_error *err)
{
	struct parser ps = {
		.msg = msg, .err = err, .limits = limits, .at = sip_cursor_of(bytes),
	};
	struct slice line;

	clear(msg, bytes);
	*err = (struct sip_error){ 0 };
	while (ps.at.p < ps.at.end && (*ps.at.p == '\r' || *ps.at.p == '\n'))
		ps.at.p++;	/* RFC 3261 §7.5 */
	if (!take_line(&ps, &line)) {
		fail(&ps, 0, SIP_HDR_OTHER, ps.at.p == ps.at.end ? "Empty" : "No start line");
		settle_error(&ps);
		return -EINVAL;
	}
	parse_start_line(&ps, line);
	parse_headers(&ps);
	check_mandatory(&ps);
	take_body(&ps);
	check_depth(&ps);
	if (!ps.failed)
		return 0;
	settle_error(&ps);
	return -EINVAL;
}
