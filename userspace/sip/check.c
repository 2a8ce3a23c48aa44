// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests that need nobody above to be refused (RFC 3261 §8.2), as a table of
 * questions in the order of the RFC.
 */
#include "sip/core.h"

static void refuse(struct sip_engine *e, const struct sip_msg *msg, const struct flow *flow,
		   enum sip_count count, u16 status, struct slice headers)
{
	sip_count(e, count);
	sip_reply(e, msg, flow, status, NULL, NULL, headers);
}

/* --- methods and extensions, when the caller left them to us --- */

static void print_allow(struct sip_engine *e, struct buf *b)
{
	unsigned int m;
	bool first = true;

	buf_str(b, "Allow: ");
	for (m = SIP_INVITE; m <= SIP_MESSAGE; m++) {
		if (!(e->methods & 1u << m))
			continue;
		buf_printf(b, "%s%s", first ? "" : ", ", sip_method_name(m));
		first = false;
	}
	buf_str(b, "\r\n");
}

static bool check_method(struct sip_engine *e, const struct sip_msg *msg, const struct flow *flow)
{
	u16 status = msg->method == SIP_METHOD_OTHER ? 501 : 405;
	struct buf b;

	if (!e->methods || (msg->method && e->methods & 1u << msg->method))
		return true;
	buf_init(&b);
	print_allow(e, &b);
	refuse(e, msg, flow, SIP_COUNT_REFUSED, status, buf_slice(&b));
	buf_free(&b);
	return false;
}

static bool is_supported(const struct sip_engine *e, struct slice tag)
{
	struct slice rest = slice_str(e->supported), ours;

	while (sip_next_element(&rest, &ours))
		if (slice_caseeq(ours, tag))
			return true;
	return false;
}

static void list_unsupported(const struct sip_engine *e, const struct sip_msg *msg, struct buf *b)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_REQUIRE);
	struct slice rest, tag;

	for (; hdr; hdr = sip_msg_header_next(msg, hdr)) {
		rest = hdr->value;
		while (sip_next_element(&rest, &tag)) {
			if (is_supported(e, tag))
				continue;
			buf_str(b, b->n ? ", " : "Unsupported: ");
			buf_add(b, tag);
		}
	}
}

static bool check_require(struct sip_engine *e, const struct sip_msg *msg, const struct flow *flow)
{
	struct buf b;
	bool good;

	if (!e->supported)
		return true;
	buf_init(&b);
	list_unsupported(e, msg, &b);
	good = !b.n;
	if (!good) {
		buf_str(&b, "\r\n");
		refuse(e, msg, flow, SIP_COUNT_REFUSED, 420, buf_slice(&b));
	}
	buf_free(&b);
	return good;
}

bool sip_check_request(struct sip_engine *e, const struct sip_msg *msg, const struct flow *flow)
{
	return check_method(e, msg, flow) && check_require(e, msg, flow);
}

/* --- outside a dialog --- */

/* A request of ours that has come back, under whoever's Via (§16.3, item 4). */
static bool is_loop(struct sip_engine *e, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_VIA);
	struct slice rest, element;
	struct sip_via via;

	if (!e->clients.n || !msg->more_vias)
		return e->clients.n && sip_client_sent(e, &msg->via);
	for (; hdr; hdr = sip_msg_header_next(msg, hdr)) {
		rest = hdr->value;
		while (sip_next_element(&rest, &element))
			if (sip_parse_via(element, &via) && sip_client_sent(e, &via))
				return true;
	}
	return false;
}

/* There is no secure transport to keep the promise of a sips URI. */
static bool has_other_scheme(struct sip_engine *e, const struct sip_msg *msg)
{
	(void)e;
	return msg->uri.kind != SIP_URI_SIP && msg->uri.kind != SIP_URI_SIPS &&
	       msg->uri.kind != SIP_URI_TEL;
}

/* OPTIONS may be meant for us (RFC 3261 §11.2), REGISTER always is. */
static bool has_no_hops(struct sip_engine *e, const struct sip_msg *msg)
{
	(void)e;
	return !msg->max_forwards && msg->method != SIP_OPTIONS && msg->method != SIP_REGISTER;
}

/* Memory has an end, whoever asks: who is above chose already what is worth a transaction. */
static bool is_full(struct sip_engine *e, const struct sip_msg *msg)
{
	(void)msg;
	return e->servers.n >= e->max_servers;
}

static const struct {
	bool (*test)(struct sip_engine *e, const struct sip_msg *msg);
	enum sip_count count;
	u16 status;
	const char *headers;		/* NULL: Retry-After */
} initial[] = {
	{ is_full, SIP_COUNT_OVERLOAD, 503, NULL },
	{ has_other_scheme, SIP_COUNT_REFUSED, 416, "" },
	{ is_loop, SIP_COUNT_LOOPS, 482, "" },
	{ sip_server_is_merged, SIP_COUNT_MERGED, 482, "" },
	{ has_no_hops, SIP_COUNT_REFUSED, 483, "" },
};

bool sip_check_initial(struct sip_engine *e, const struct sip_msg *msg, const struct flow *flow)
{
	size_t i;

	for (i = 0; i < sizeof(initial) / sizeof(*initial); i++) {
		if (!initial[i].test(e, msg))
			continue;
		refuse(e, msg, flow, initial[i].count, initial[i].status,
		       slice_str(initial[i].headers ? initial[i].headers : e->retry_after));
		return false;
	}
	return true;
}

/* --- within a dialog --- */

bool sip_check_order(struct sip_engine *e, const struct sip_dialog *d, const struct sip_msg *msg,
		     const struct flow *flow)
{
	if (!d->remote_cseq || msg->cseq > d->remote_cseq || sip_dialog_expects(d, msg->cseq))
		return true;
	refuse(e, msg, flow, SIP_COUNT_OUT_OF_ORDER, 500, SLICE("Retry-After: 0\r\n"));
	return false;
}

/* By the address: behind a NAT the port may be another one after a pause. */
bool sip_is_foreign(const struct sip_dialog *d, const struct flow *flow)
{
	return !addr_ip_eq(&flow->peer, &d->flow.peer);
}

bool sip_check_in_dialog(struct sip_engine *e, const struct sip_dialog *d,
			 const struct sip_msg *msg, const struct flow *flow)
{
	if (sip_is_foreign(d, flow) && !d->roams) {
		refuse(e, msg, flow, SIP_COUNT_FOREIGN_SOURCE, 403, SLICE(""));
		return false;
	}
	return sip_check_order(e, d, msg, flow);
}
