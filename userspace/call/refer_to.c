// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Refer-To (RFC 3515 §2.1): whom to call, and in the headers of its URI, escaped, which
 * dialog the INVITE shall replace (RFC 3891). Other headers are those of a request that we
 * would not write for anybody, and are left out (RFC 3261 §19.1.5). What is to be called
 * becomes an INVITE, so that routes, identities and branches need to know of nothing else.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "call/call.h"

static u16 refuse(const char **why, u16 status, const char *text)
{
	*why = text;
	return status;
}

/* false: too long, or of what may not stand in a header. */
static bool unescape(struct slice text, char *out, size_t size)
{
	size_t n = 0;
	bool escaped;

	while (text.n) {
		u8 c = sip_uri_char(&text, &escaped);

		if (c < ' ' || c >= 0x7f || n + 1 >= size)
			return false;
		out[n++] = (char)c;
	}
	out[n] = 0;
	return true;
}

/* Takes "name=value" off *rest; false: no more. */
static bool next_header(struct slice *rest, struct slice *name, struct slice *value)
{
	const char *end, *equals;
	struct slice one;

	if (!rest->n)
		return false;
	end = memchr(rest->p, '&', rest->n);
	one = slice_of(rest->p, end ? (size_t)(end - rest->p) : rest->n);
	*rest = end ? slice_of(end + 1, rest->n - one.n - 1) : slice_of(rest->p + rest->n, 0);
	equals = one.n ? memchr(one.p, '=', one.n) : NULL;
	*name = equals ? slice_of(one.p, (size_t)(equals - one.p)) : one;
	*value = equals ? slice_of(equals + 1, one.n - name->n - 1) : SLICE("");
	return true;
}

static u16 read_headers(struct slice headers, struct call_refer_to *to, const char **why)
{
	struct slice name, value;
	struct sip_replaces r;

	while (next_header(&headers, &name, &value)) {
		if (!slice_caseeq(name, SLICE("Replaces")))
			continue;
		if (to->replaces[0] || !unescape(value, to->replaces, sizeof(to->replaces)) ||
		    !sip_parse_replaces(slice_str(to->replaces), &r))
			return refuse(why, 400, "malformed Replaces in Refer-To");
	}
	return 0;
}

u16 call_refer_to_read(struct slice value, struct call_refer_to *to, const char **why)
{
	struct sip_nameaddr address;
	struct slice method;
	struct sip_uri uri;

	memset(to, 0, sizeof(*to));
	if (!sip_parse_nameaddr(value, &address) || !sip_uri_parse(address.uri, &uri))
		return refuse(why, 400, "malformed Refer-To");
	if (uri.kind != SIP_URI_SIP && uri.kind != SIP_URI_SIPS && uri.kind != SIP_URI_TEL)
		return refuse(why, 416, "Refer-To with another scheme than sip, sips and tel");
	to->uri = address.uri;
	if (uri.kind == SIP_URI_TEL)
		return 0;
	if (sip_param(uri.params, "method", &method) && !slice_eq(method, SLICE("INVITE")))
		return refuse(why, 603, "Refer-To with another method than INVITE");
	if (!uri.headers.n)
		return 0;
	to->uri.n = (size_t)(uri.headers.p - to->uri.p);
	return read_headers(slice_of(uri.headers.p + 1, uri.headers.n - 1), to, why);
}

struct sip_msg *call_refer_to_invite(const struct call_refer_to *to, const char *from,
				     const char *call_id, u32 max_forwards)
{
	struct sip_error err;
	struct sip_msg msg;
	struct sip_msg *copy = NULL;
	char *text;

	text = buf_format("INVITE " SLICE_FMT " SIP/2.0\r\n"
			  "Via: SIP/2.0/UDP jalur.invalid;branch=z9hG4bK0\r\n"
			  "Max-Forwards: %u\r\nFrom: %s;tag=0\r\nTo: <" SLICE_FMT ">\r\n"
			  "Call-ID: %s\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
			  SLICE_ARG(to->uri), max_forwards, from, SLICE_ARG(to->uri), call_id);
	if (text && !sip_parse(slice_str(text), &msg, &err))
		copy = sip_msg_dup(&msg);
	free(text);
	return copy;
}

bool call_refer_to_is_ours(const struct call_engine *e, const struct call_refer_to *to,
			   struct call_leg **leg, bool *early_only)
{
	const struct sip_dialog *d;
	struct sip_replaces r;

	*leg = NULL;
	if (!to->replaces[0] || !sip_parse_replaces(slice_str(to->replaces), &r))
		return false;
	*early_only = r.early_only;
	d = sip_dialog_of_ids(e->sip, r.call_id, r.to_tag, r.from_tag);
	*leg = d ? call_leg_find(e, d->user) : NULL;
	return d;
}
