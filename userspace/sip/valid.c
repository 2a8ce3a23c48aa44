// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Headers that the parser only lists, but that somebody will rely on: those of a
 * new request are looked at once, before anybody acts on it. Retransmissions do
 * not pay for it, and neither do responses, whose headers are taken or left one
 * by one.
 */
#include <errno.h>

#include "sip/chars.h"
#include "sip/msg.h"

static int fail(struct sip_error *err, enum sip_hdr_id header, const char *text)
{
	*err = (struct sip_error){ 400, header, text };
	return -EINVAL;
}

/* The first Contact is kept: whoever looks at the request wants to know it. */
static bool is_address(struct sip_msg *msg, const struct sip_hdr *hdr, struct slice element)
{
	struct sip_contact *first = &msg->first_contact;
	struct sip_nameaddr address;

	if (hdr->id != SIP_HDR_CONTACT || msg->contact)
		return sip_parse_nameaddr(element, &address);
	if (!sip_parse_address(element, &first->address, &first->uri))
		return false;
	first->element = element;
	msg->contact = first;
	return true;
}

bool sip_msg_contact(const struct sip_msg *msg, struct slice element, struct sip_nameaddr *out,
		     struct sip_uri *uri)
{
	const struct sip_contact *known = msg->contact;

	if (!known || known->element.p != element.p || known->element.n != element.n)
		return sip_parse_address(element, out, uri);
	*out = known->address;
	*uri = known->uri;
	return true;
}

/* Every element an address; "*" stands for all Contacts, by itself (RFC 3261 §10.2.2). */
static bool are_addresses(struct sip_msg *msg, const struct sip_hdr *hdr)
{
	struct slice rest = hdr->value, element;

	if (hdr->id == SIP_HDR_CONTACT && msg->method == SIP_REGISTER &&
	    slice_eq(rest, SLICE("*")))
		return true;
	while (sip_next_element(&rest, &element))
		if (!is_address(msg, hdr, element))
			return false;
	return true;
}

/* The address-of-record of a registration (RFC 3261 §10.3). */
static bool is_record(const struct sip_uri *uri)
{
	return uri->kind == SIP_URI_SIP || uri->kind == SIP_URI_SIPS;
}

/* RFC 3262 §7.2 */
static bool has_rack(const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_RACK);
	struct slice method;
	u32 rseq, cseq;

	return hdr && sip_parse_rack(hdr->value, &rseq, &cseq, &method);
}

int sip_msg_check(struct sip_msg *msg, struct sip_error *err)
{
	size_t i;

	for (i = 0; i < msg->nhdrs; i++) {
		const struct sip_hdr *hdr = &msg->hdrs[i];

		if (hdr->id != SIP_HDR_CONTACT && hdr->id != SIP_HDR_ROUTE &&
		    hdr->id != SIP_HDR_RECORD_ROUTE)
			continue;
		if (!are_addresses(msg, hdr))
			return fail(err, hdr->id, "malformed");
	}
	if (msg->method == SIP_PRACK && !has_rack(msg))
		return fail(err, SIP_HDR_RACK, "missing or malformed");
	if (msg->method == SIP_REGISTER && !is_record(&msg->to_uri))
		return fail(err, SIP_HDR_TO, "no SIP URI");
	return 0;
}
