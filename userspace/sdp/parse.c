// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lines first, then the session part, then each media description with the
 * session's defaults under it. Tolerant where phones are sloppy (missing t=,
 * bare LF, spaces), strict where a wrong guess would send media astray.
 */
#include <errno.h>

#include "sdp/sdp.h"

/* line: as people count them. */
static int fail(struct sdp_error *err, unsigned int line, const char *text)
{
	err->line = line;
	err->text = text;
	return -EINVAL;
}

static int fail_at(struct sdp_error *err, const struct sdp *sdp, size_t i, const char *text)
{
	return fail(err, sdp->lines[i].number, text);
}

static int split_lines(struct slice bytes, struct sdp *sdp, struct sdp_error *err)
{
	const char *p = bytes.p, *end = bytes.p + bytes.n;
	unsigned int number = 0;

	while (p < end) {
		const char *nl = memchr(p, '\n', end - p);
		const char *stop = nl ? nl : end;
		struct slice line = slice_of(p, stop - p);

		p = nl ? nl + 1 : end;
		number++;
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (!line.n)
			continue;
		if (sdp->nlines == SDP_MAX_LINES)
			return fail(err, number, "too many lines");
		if (line.n < 2 || line.p[1] != '=' || line.p[0] < 'a' || line.p[0] > 'z')
			return fail(err, number, "not of the form x=value");
		if (memchr(line.p, '\r', line.n) || memchr(line.p, 0, line.n))
			return fail(err, number, "a control character in the line");
		sdp->lines[sdp->nlines++] = (struct sdp_line){
			line.p[0], number, slice_of(line.p + 2, line.n - 2)
		};
	}
	return 0;
}

/* The next word of a value. */
static struct slice word(struct slice *rest)
{
	struct slice w;
	size_t n = 0;

	while (rest->n && *rest->p == ' ')
		*rest = slice_of(rest->p + 1, rest->n - 1);
	while (n < rest->n && rest->p[n] != ' ')
		n++;
	w = slice_of(rest->p, n);
	*rest = slice_of(rest->p + n, rest->n - n);
	return w;
}

static bool starts(struct slice s, const char *text)
{
	size_t n = strlen(text);

	return s.n >= n && !memcmp(s.p, text, n);
}

static bool is_zero(const struct addr *a)
{
	static const struct addr zero;

	return !memcmp(&a->ip, &zero.ip, a->family == AF_INET ? 4 : 16);
}

bool sdp_addr_unicast(const struct addr *a)
{
	u32 v4 = ntohl(a->ip.v4.s_addr);

	if (a->family == AF_INET)
		return v4 >> 24 && v4 >> 28 != 0xe && v4 != 0xffffffff;
	return !IN6_IS_ADDR_UNSPECIFIED(&a->ip.v6) && !IN6_IS_ADDR_MULTICAST(&a->ip.v6) &&
	       !IN6_IS_ADDR_V4MAPPED(&a->ip.v6);
}

/* "IN IP4 192.0.2.1", with a TTL that only multicast has. */
static bool parse_connection(struct slice value, struct addr *out)
{
	struct slice net = word(&value), type = word(&value), host = word(&value);
	u16 port = out->port;

	if (!slice_eq(net, SLICE("IN")) || !addr_parse_ip(host, out))
		return false;
	out->port = port;
	return slice_eq(type, out->family == AF_INET ? SLICE("IP4") : SLICE("IP6"));
}

static bool parse_direction(struct slice value, enum sdp_direction *out)
{
	if (slice_eq(value, SLICE("sendrecv")))
		*out = SDP_SENDRECV;
	else if (slice_eq(value, SLICE("sendonly")))
		*out = SDP_SEND;
	else if (slice_eq(value, SLICE("recvonly")))
		*out = SDP_RECV;
	else if (slice_eq(value, SLICE("inactive")))
		*out = SDP_INACTIVE;
	else
		return false;
	return true;
}

/* RFC 3551 §6, tables 4 and 5; 0: not assigned. */
static u32 static_clock(u8 pt)
{
	static const u32 rates[35] = {
		8000, 0, 0, 8000, 8000, 8000, 16000, 8000, 8000, 8000,
		44100, 44100, 8000, 8000, 90000, 8000, 11025, 22050, 8000, 0,
		0, 0, 0, 0, 0, 90000, 90000, 0, 90000, 0,
		0, 90000, 90000, 90000, 90000,
	};

	return pt < 35 ? rates[pt] : 0;
}

static void add_payload(struct sdp_media *m, u8 pt)
{
	size_t i;

	for (i = 0; i < m->npayloads && i < SDP_MAX_PAYLOADS; i++)
		if (m->payloads[i].pt == pt)
			return;
	if (m->npayloads >= SDP_MAX_PAYLOADS) {
		m->npayloads = SDP_MAX_PAYLOADS + 1;
		return;
	}
	m->payloads[m->npayloads++] = (struct sdp_payload){
		.pt = pt,
		.clock_rate = static_clock(pt) ? static_clock(pt) : 8000,
		.comfort_noise = pt == 13,
	};
}

static enum sdp_kind kind_of(struct slice proto)
{
	if (slice_caseeq(proto, SLICE("RTP/AVP")) || slice_caseeq(proto, SLICE("RTP/AVPF")))
		return SDP_KIND_RTP;
	if (slice_caseeq(proto, SLICE("udptl")) || slice_caseeq(proto, SLICE("udp")) ||
	    slice_caseeq(proto, SLICE("UDP/BFCP")))
		return SDP_KIND_DATAGRAM;
	return SDP_KIND_OTHER;
}

static int parse_port(struct slice value, struct sdp_media *m)
{
	const char *slash = value.n ? memchr(value.p, '/', value.n) : NULL;
	struct slice port = value;
	u32 n = 1, p;

	if (slash) {
		port.n = slash - value.p;
		if (!slice_u32(slice_of(slash + 1, value.n - port.n - 1), &n) || !n || n > 1)
			return -EINVAL;
	}
	if (!slice_u32(port, &p) || p > 65535)
		return -EINVAL;
	m->port = p;
	m->nports = n;
	return 0;
}

/* RFC 8866 §5.14. */
static int parse_m(struct sdp *sdp, size_t i, struct sdp_error *err)
{
	struct slice rest = sdp->lines[i].value, fmt;
	struct sdp_media *m;
	u32 pt;

	if (sdp->nmedia == SDP_MAX_MEDIA)
		return fail_at(err, sdp, i, "too many m= lines");
	m = &sdp->media[sdp->nmedia++];
	memset(m, 0, sizeof(*m));
	m->first = i;
	m->end = sdp->nlines;
	m->media = word(&rest);
	if (parse_port(word(&rest), m))
		return fail_at(err, sdp, i, "m=: the port is not one number up to 65535");
	m->proto = word(&rest);
	m->formats = slice_trim(rest);
	if (!m->media.n || !m->proto.n || !m->formats.n)
		return fail_at(err, sdp, i, "m=: media, port, protocol and formats are needed");
	m->kind = kind_of(m->proto);
	while (m->kind == SDP_KIND_RTP && (fmt = word(&rest)).n) {
		if (!slice_u32(fmt, &pt) || pt > 127)
			return fail_at(err, sdp, i, "m=: a format is not a payload type up to 127");
		add_payload(m, pt);
	}
	return 0;
}

/* "97 telephone-event/8000" (RFC 8866 §6.6). */
static void parse_rtpmap(struct sdp_media *m, struct slice value)
{
	struct slice pt_text = word(&value), name = word(&value), rate;
	const char *slash = name.n ? memchr(name.p, '/', name.n) : NULL;
	size_t i, n;
	u32 pt, clock;

	if (!slice_u32(pt_text, &pt) || !slash)
		return;
	rate = slice_of(slash + 1, name.n - (slash - name.p) - 1);
	for (n = 0; n < rate.n && rate.p[n] != '/'; n++)
		;
	rate.n = n;
	if (!slice_u32(rate, &clock) || !clock)
		return;
	name.n = slash - name.p;
	for (i = 0; i < m->npayloads && i < SDP_MAX_PAYLOADS; i++) {
		if (m->payloads[i].pt != pt)
			continue;
		m->payloads[i].clock_rate = clock;
		m->payloads[i].dtmf = slice_caseeq(name, SLICE("telephone-event"));
		m->payloads[i].comfort_noise = slice_caseeq(name, SLICE("CN"));
	}
}

/* "53020" or "53020 IN IP4 192.0.2.1" (RFC 3605). */
static bool parse_rtcp(struct sdp_media *m, struct slice value)
{
	u32 port;

	if (!slice_u32(word(&value), &port) || !port || port > 65535)
		return false;
	m->rtcp.port = port;
	return !slice_trim(value).n || parse_connection(value, &m->rtcp);
}

static bool parse_attribute(struct sdp_media *m, struct slice value)
{
	value = slice_trim(value);
	if (starts(value, "rtcp:"))
		return parse_rtcp(m, slice_of(value.p + 5, value.n - 5));
	if (slice_eq(value, SLICE("rtcp-mux")))
		m->mux = true;
	else if (starts(value, "rtpmap:"))
		parse_rtpmap(m, slice_of(value.p + 7, value.n - 7));
	else
		parse_direction(value, &m->direction);
	return true;
}

/* Where to send: zero is a hold, anything else must be one host's address. */
static int check_addresses(const struct sdp *sdp, struct sdp_media *m, struct sdp_error *err)
{
	if (!m->connection.family)
		return fail_at(err, sdp, m->first, "m=: no c= line applies to it");
	m->held = is_zero(&m->connection);
	if (!m->held && !sdp_addr_unicast(&m->connection))
		return fail_at(err, sdp, m->first, "m=: its address is not unicast");
	if (!sdp_addr_unicast(&m->rtcp))
		m->rtcp.port = 0;
	return 0;
}

/* Of what is rejected or cannot be carried, addresses do not matter. */
static int parse_media(struct sdp *sdp, struct sdp_media *m, struct sdp_error *err)
{
	bool wanted = m->port && m->kind != SDP_KIND_OTHER;
	size_t i;

	for (i = m->first + 1; i < m->end; i++)
		if (sdp->lines[i].type == 'c' &&
		    !parse_connection(sdp->lines[i].value, &m->connection) && wanted)
			return fail_at(err, sdp, i, "c=: not IN IP4 or IN IP6 with an address");
	m->connection.port = m->port;
	m->rtcp = m->connection;
	m->rtcp.port = m->port == 65535 ? 0 : m->port + 1;
	for (i = m->first + 1; i < m->end; i++)
		if (sdp->lines[i].type == 'a' &&
		    !parse_attribute(m, sdp->lines[i].value) && wanted)
			return fail_at(err, sdp, i, "a=rtcp: not a port, or not an address after it");
	return wanted ? check_addresses(sdp, m, err) : 0;
}

/* What the session part sets for every media description that does not say otherwise. */
static int parse_session(struct sdp *sdp, struct addr *connection,
			 enum sdp_direction *direction, struct sdp_error *err)
{
	size_t i;

	if (sdp->nlines < 2 || sdp->lines[0].type != 'v' ||
	    !slice_eq(slice_trim(sdp->lines[0].value), SLICE("0")))
		return fail(err, 1, "v=0 is not the first line");
	if (sdp->lines[1].type != 'o')
		return fail(err, 2, "o= is not the second line");
	for (i = 0; i < sdp->session_end; i++) {
		if (sdp->lines[i].type == 'a')
			parse_direction(slice_trim(sdp->lines[i].value), direction);
		if (sdp->lines[i].type == 'c' &&
		    !parse_connection(sdp->lines[i].value, connection))
			return fail_at(err, sdp, i, "c=: not IN IP4 or IN IP6 with an address");
	}
	return 0;
}

int sdp_parse(struct slice bytes, struct sdp *sdp, struct sdp_error *err)
{
	enum sdp_direction direction = SDP_SENDRECV;
	struct addr connection = {0};
	size_t i;
	int rc;

	/* Not all of it: there is room for much more than comes. */
	sdp->nlines = sdp->nmedia = sdp->session_end = 0;
	memset(err, 0, sizeof(*err));
	rc = split_lines(bytes, sdp, err);
	if (rc)
		return rc;
	for (i = 0; i < sdp->nlines && sdp->lines[i].type != 'm'; i++)
		;
	sdp->session_end = i;
	rc = parse_session(sdp, &connection, &direction, err);
	for (; !rc && i < sdp->nlines; i++) {
		if (sdp->lines[i].type != 'm')
			continue;
		if (sdp->nmedia)
			sdp->media[sdp->nmedia - 1].end = i;
		rc = parse_m(sdp, i, err);
	}
	for (i = 0; !rc && i < sdp->nmedia; i++) {
		sdp->media[i].connection = connection;
		sdp->media[i].direction = direction;
		rc = parse_media(sdp, &sdp->media[i], err);
	}
	return rc;
}
