// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A description as it leaves on the other side: the same lines in the same
 * order, but for what names an address, a candidate or a key of the far side.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "sdp/sdp.h"

/*
 * Attributes that are left out: topology (RFC 6947, 7006 and 3GPP's OMR too),
 * ICE, keys, bundling, which has streams share a port, and capability
 * negotiation (RFC 5939), by which the parties would agree over our head. A
 * name ending in ':' has a value, one in '-' begins many, others stand alone.
 */
static const char *const dropped[] = {
	"candidate:", "remote-candidates:", "end-of-candidates", "ice-", "rtcp:",
	"rtcp-mux", "rtcp-mux-only", "crypto:", "fingerprint:", "setup:", "connection:",
	"tls-id:", "key-mgmt:", "zrtp-hash:", "group:", "bundle-only", "alt:", "altc:",
	"ccap:", "source-filter:", "rtsp-", "identity:", "omr-", "visited-realm:",
	"secondary-realm:", "csup:", "creq:", "acap:", "tcap:", "pcfg:", "acfg:", "path:",
};

static bool is_dropped(struct slice value)
{
	size_t i, n;

	for (i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++) {
		n = strlen(dropped[i]);
		if (value.n < n || memcmp(value.p, dropped[i], n))
			continue;
		if (value.n == n || dropped[i][n - 1] == ':' || dropped[i][n - 1] == '-')
			return true;
	}
	return false;
}

static void put_line(struct buf *b, const struct sdp_line *line)
{
	buf_printf(b, "%c=" SLICE_FMT "\r\n", line->type, SLICE_ARG(line->value));
}

static void put_connection(struct buf *b, const struct sdp_rewrite_media *m)
{
	char ip[ADDR_STRLEN];
	bool v4 = m->address.family == AF_INET;

	buf_printf(b, "c=IN %s %s\r\n", v4 ? "IP4" : "IP6",
		   m->held ? v4 ? "0.0.0.0" : "::" : addr_print_ip(&m->address, ip));
}

static bool same_connection(const struct sdp_rewrite_media *a,
			    const struct sdp_rewrite_media *b)
{
	return a->held == b->held && addr_ip_eq(&a->address, &b->address);
}

/* The media whose address stands in the session part: the first with a port. */
static const struct sdp_rewrite_media *leading(const struct sdp *sdp,
					       const struct sdp_rewrite *how)
{
	size_t i;

	for (i = 0; i < sdp->nmedia; i++)
		if (how->media[i].port)
			return &how->media[i];
	return &how->media[0];
}

static void put_origin(struct buf *b, const struct sdp_rewrite *how,
		       const struct sdp_rewrite_media *lead)
{
	char ip[ADDR_STRLEN];

	buf_printf(b, "o=- %llu %llu IN %s %s\r\n", (unsigned long long)how->session,
		   (unsigned long long)how->version,
		   lead->address.family == AF_INET6 ? "IP6" : "IP4",
		   lead->address.family ? addr_print_ip(&lead->address, ip) : "127.0.0.1");
}

/* c= comes after these (RFC 8866 §5). */
static bool before_connection(char type)
{
	return strchr("vosiuep", type);
}

static void put_session(struct buf *b, const struct sdp *sdp,
			const struct sdp_rewrite *how,
			const struct sdp_rewrite_media *lead)
{
	bool done = !lead->address.family;
	size_t i;

	for (i = 0; i < sdp->session_end; i++) {
		const struct sdp_line *line = &sdp->lines[i];

		if (!done && !before_connection(line->type)) {
			put_connection(b, lead);
			done = true;
		}
		if (line->type == 'o')
			put_origin(b, how, lead);
		else if (line->type != 'c' && line->type != 'k' &&
			 !(line->type == 'a' && is_dropped(line->value)))
			put_line(b, line);
	}
	if (!done)
		put_connection(b, lead);
}

static void put_media(struct buf *b, const struct sdp *sdp, const struct sdp_media *m,
		      const struct sdp_rewrite_media *how,
		      const struct sdp_rewrite_media *lead)
{
	bool done = same_connection(how, lead);
	size_t i;

	buf_printf(b, "m=" SLICE_FMT " %u " SLICE_FMT " " SLICE_FMT "\r\n", SLICE_ARG(m->media),
		   how->port, SLICE_ARG(m->proto), SLICE_ARG(m->formats));
	if (!how->port)
		return;
	for (i = m->first + 1; i < m->end; i++) {
		const struct sdp_line *line = &sdp->lines[i];

		if (!done && line->type != 'i') {
			put_connection(b, how);
			done = true;
		}
		if (line->type != 'c' && line->type != 'k' &&
		    !(line->type == 'a' && is_dropped(line->value)))
			put_line(b, line);
	}
	if (!done)
		put_connection(b, how);
	if (how->mux)
		buf_str(b, "a=rtcp-mux\r\n");
}

char *sdp_rewrite(const struct sdp *sdp, const struct sdp_rewrite *how)
{
	const struct sdp_rewrite_media *lead = leading(sdp, how);
	struct buf b;
	size_t i;

	buf_init(&b);
	put_session(&b, sdp, how, lead);
	for (i = 0; i < sdp->nmedia; i++)
		put_media(&b, sdp, &sdp->media[i], &how->media[i], lead);
	return buf_take(&b);
}
