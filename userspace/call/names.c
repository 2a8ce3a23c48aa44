// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The names of a side: its addresses, and the identifiers of its dialog, as they
 * stand in the message that is about to pass. People and devices write them into
 * headers that nobody foresaw, and into texts; what has one of them stays behind,
 * whatever header it is. Short words are none: they would be found everywhere.
 */
#include "call/header_private.h"

#define SHORTEST 6

static void add(struct call_names *names, struct slice word)
{
	size_t i;

	if (word.n < SHORTEST || slice_caseeq(word, SLICE("anonymous.invalid")) ||
	    slice_caseeq(word, names->ours))
		return;
	for (i = 0; i < names->n; i++)
		if (slice_caseeq(names->words[i], word))
			return;
	if (names->n < CALL_MAX_NAMES)
		names->words[names->n++] = word;
}

static void add_uri(struct call_names *names, struct slice text)
{
	struct sip_uri uri;

	if (sip_uri_parse(text, &uri))
		add(names, uri.host);
}

/* A domain in From or To is how people call each other; an address is not. */
static void add_address_of(struct call_names *names, struct slice text)
{
	struct sip_uri uri;
	struct addr a;

	if (sip_uri_parse(text, &uri) && addr_parse_ip(uri.host, &a))
		add(names, uri.host);
}

static void add_via(struct call_names *names, struct slice element)
{
	struct sip_via via;

	if (!sip_parse_via(element, &via))
		return;
	add(names, via.host);
	add(names, via.received);
}

static void add_nameaddr(struct call_names *names, struct slice element)
{
	struct sip_nameaddr address;

	if (sip_parse_nameaddr(element, &address))
		add_uri(names, address.uri);
}

static void add_header(struct call_names *names, const struct sip_hdr *hdr)
{
	struct slice rest = hdr->value, element;

	while (sip_next_element(&rest, &element)) {
		if (hdr->id == SIP_HDR_VIA)
			add_via(names, element);
		else
			add_nameaddr(names, element);
	}
}

/* The words are slices of msg, and of names itself. */
static void find_words(struct call_names *names)
{
	const struct sip_msg *msg = names->msg;
	size_t i;

	names->found = true;
	names->n = 0;
	if (names->from->family)
		add(names, slice_str(addr_print_ip(names->from, names->peer)));
	add(names, msg->call_id);
	add(names, msg->from.tag);
	add(names, msg->to.tag);
	add_address_of(names, msg->from.uri);
	add_address_of(names, msg->to.uri);
	if (msg->request)
		add_address_of(names, msg->ruri);
	for (i = 0; i < msg->nhdrs; i++) {
		enum sip_hdr_id id = msg->hdrs[i].id;

		if (id == SIP_HDR_VIA || id == SIP_HDR_CONTACT || id == SIP_HDR_ROUTE ||
		    id == SIP_HDR_RECORD_ROUTE)
			add_header(names, &msg->hdrs[i]);
	}
}

void call_names_init(struct call_names *names, const struct addr *from,
		     const struct sip_msg *msg)
{
	names->from = from;
	names->msg = msg;
	names->ours = SLICE("");
	names->found = false;
}

void call_names_ours(struct call_names *names, const char *host)
{
	names->ours = slice_str(host);
	if (*host == '[')		/* URIs are read without brackets */
		names->ours = slice_of(host + 1, names->ours.n - 2);
}

bool call_names_in(struct call_names *names, struct slice text)
{
	size_t i;

	if (!names->found)
		find_words(names);
	for (i = 0; i < names->n; i++)
		if (slice_has_word(text, names->words[i]))
			return true;
	return false;
}
