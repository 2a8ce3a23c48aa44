// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A description as it leaves on the other side: the same lines in the same
 * order, but for what names an address, a candidate or a key of the far side:
 * attributes that are known to, and whatever else has the far side's own
 * addresses in its text.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "sdp/names.h"

/*
 * Attributes that are left out: topology (RFC 6947, 7006 and 3GPP's OMR too),
 * ICE, keys, bundling, which has streams share a port, and capability
 * negotiation (RFC 5939), by which the parties would agree over our head. A
 * name ending in ':' has a value, one in '-' begins many, others stand alone.
 */
static const char *const dropped[] = {
	"candidate:", "remote-candidates:", "end-of-candidates", "ice-", "rtcp:",
	"rtcp-mux", "rtcp-mux-only", "crypto:", "fingerprint:", "setup:", "connection:",
	"tls-id:", "key-mgmt:", "zrtp-hash:", "group:BUNDLE", "bundle-only", "alt:", "altc:",
	"ccap:", "source-filter:", "rtsp-", "identity:", "omr-", "visited-realm:",
	"secondary-realm:", "csup:", "creq:", "acap:", "tcap:", "pcfg:", "acfg:", "path:",
	"oldmediaip:", "oldcip:", "oldoip:", "oldmport:", "x-candidate:",
	"x-candidate-",
};

static bool is_dropped(struct slice value)
{
	size_t i, n;

	for (i = 0; value.n && i < sizeof(dropped) / sizeof(dropped[0]); i++) {
		if (value.p[0] != dropped[i][0])
			continue;
		n = strlen(dropped[i]);
		if (value.n < n || memcmp(value.p, dropped[i], n))
			continue;
		if (value.n == n || value.p[n] == ' ' || dropped[i][n - 1] == ':' ||
		    dropped[i][n - 1] == '-')
			return true;
	}
	return false;
}

/* Everything that printing needs to know. */
struct printer {
	struct buf b;
	const struct sdp *sdp;
	const struct sdp_rewrite *how;
	const struct sdp_rewrite_media *lead;	/* whose address stands in the session part */
	struct sdp_names names;
};

/* "rtpmap:97 ...": of a payload type that was taken out. */
static bool is_of_other(const struct sdp_media *m, struct slice value)
{
	static const char *const prefixes[] = { "rtpmap:", "fmtp:", "rtcp-fb:", "imageattr:" };
	size_t i, n, end;
	u32 pt;

	for (i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
		n = strlen(prefixes[i]);
		if (value.n > n && !memcmp(value.p, prefixes[i], n))
			break;
	}
	if (i == sizeof(prefixes) / sizeof(*prefixes))
		return false;
	for (end = n; end < value.n && value.p[end] >= '0' && value.p[end] <= '9'; end++)
		;
	if (!slice_u32(slice_of(value.p + n, end - n), &pt))
		return false;
	for (i = 0; i < m->npayloads; i++)
		if (m->payloads[i].pt == pt)
			return false;
	return true;
}

/* Not said on the other side at all. */
static bool is_hidden(const struct printer *p, const struct sdp_line *line)
{
	if (line->type == 'c' || line->type == 'k')
		return true;
	if (line->type == 'a' && is_dropped(line->value))
		return true;
	return strchr("aiuep", line->type) && sdp_names_any(&p->names, line->value);
}

static void put_line(struct buf *b, const struct sdp_line *line)
{
	const char head[] = { line->type, '=' };

	buf_add(b, slice_of(head, sizeof(head)));
	buf_add(b, line->value);
	buf_add(b, SLICE("\r\n"));
}

/* A description with streams has an address, also where none of them has (RFC 8866 §5.7). */
static void put_connection(struct buf *b, const struct sdp_rewrite_media *m)
{
	char ip[ADDR_STRLEN];
	bool v6 = m->address.family == AF_INET6;
	bool none = m->held || !m->address.family;

	buf_printf(b, "c=IN %s %s\r\n", v6 ? "IP6" : "IP4",
		   none ? v6 ? "::" : "0.0.0.0" : addr_print_ip(&m->address, ip));
}

static bool same_connection(const struct sdp_rewrite_media *a,
			    const struct sdp_rewrite_media *b)
{
	return a->held == b->held && addr_ip_eq(&a->address, &b->address);
}

/* The first with a port, or at least with an address. */
static const struct sdp_rewrite_media *leading(const struct sdp *sdp,
					       const struct sdp_rewrite *how)
{
	const struct sdp_rewrite_media *lead = &how->media[0];
	size_t i;

	for (i = 0; i < sdp->nmedia; i++) {
		if (how->media[i].port)
			return &how->media[i];
		if (!lead->address.family && how->media[i].address.family)
			lead = &how->media[i];
	}
	return lead;
}

static void put_origin(struct printer *p)
{
	const struct addr *a = &p->lead->address;
	char ip[ADDR_STRLEN];

	buf_printf(&p->b, "o=- %llu %llu IN %s %s\r\n", (unsigned long long)p->how->session,
		   (unsigned long long)p->how->version, a->family == AF_INET6 ? "IP6" : "IP4",
		   a->family ? addr_print_ip(a, ip) : "127.0.0.1");
}

/* c= comes after these (RFC 8866 §5). */
static bool before_connection(char type)
{
	return strchr("vosiuep", type);
}

static void put_session(struct printer *p)
{
	bool done = !p->sdp->nmedia;
	size_t i;

	for (i = 0; i < p->sdp->session_end; i++) {
		const struct sdp_line *line = &p->sdp->lines[i];

		if (!done && !before_connection(line->type)) {
			put_connection(&p->b, p->lead);
			done = true;
		}
		if (line->type == 'o')
			put_origin(p);
		else if (line->type == 's' && sdp_names_any(&p->names, line->value))
			buf_str(&p->b, "s=-\r\n");
		else if (!is_hidden(p, line))
			put_line(&p->b, line);
	}
	if (!done)
		put_connection(&p->b, p->lead);
}

/* A stream must name one, also where none is wanted. */
static void put_formats(struct buf *b, const struct sdp_media *m)
{
	size_t i;

	if (!m->chosen || !m->npayloads) {
		buf_printf(b, " " SLICE_FMT "\r\n", SLICE_ARG(m->formats));
		return;
	}
	for (i = 0; i < m->npayloads; i++)
		buf_printf(b, " %u", m->payloads[i].pt);
	buf_str(b, "\r\n");
}

/*
 * Of a stream that its sender rejects the lines stay, of one that we reject for him the m=
 * line alone.
 */
static void put_media(struct printer *p, const struct sdp_media *m,
		      const struct sdp_rewrite_media *how)
{
	bool done = !how->port || same_connection(how, p->lead);
	size_t i;

	buf_printf(&p->b, "m=" SLICE_FMT " %u " SLICE_FMT, SLICE_ARG(m->media), how->port,
		   SLICE_ARG(m->proto));
	put_formats(&p->b, m);
	if (!how->port && m->port)
		return;
	for (i = m->first + 1; i < m->end; i++) {
		const struct sdp_line *line = &p->sdp->lines[i];

		if (!done && line->type != 'i') {
			put_connection(&p->b, how);
			done = true;
		}
		if (!is_hidden(p, line) &&
		    !(m->chosen && line->type == 'a' && is_of_other(m, line->value)))
			put_line(&p->b, line);
	}
	if (!done)
		put_connection(&p->b, how);
	if (how->port && how->mux)
		buf_str(&p->b, "a=rtcp-mux\r\n");
}

char *sdp_rewrite(const struct sdp *sdp, const struct sdp_rewrite *how)
{
	struct printer p = { .sdp = sdp, .how = how, .lead = leading(sdp, how) };
	size_t i;

	buf_init(&p.b);
	sdp_names_find(sdp, &p.names);
	put_session(&p);
	for (i = 0; i < sdp->nmedia; i++)
		put_media(&p, &sdp->media[i], &how->media[i]);
	return buf_take(&p.b);
}
