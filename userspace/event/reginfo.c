// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Registrations (RFC 3680): always all of them. Who watches is the user himself, or a trunk
 * that may, so the addresses are in it.
 */
#include "event/document.h"

static void add_contact(struct event_xml *x, const struct event_contact *contact)
{
	event_xml_open(x, "contact");
	event_xml_attr(x, "id", "c%016llx", (unsigned long long)contact->id);
	event_xml_attr(x, "state", "active");
	event_xml_attr(x, "event", "registered");
	if (contact->q != 1000)
		event_xml_attr(x, "q", "0.%03u", contact->q);
	event_xml_leaf(x, "uri", contact->uri);
	event_xml_close(x);
}

int event_reginfo_print(struct buf *b, const struct event_state *state, u32 version)
{
	struct event_xml x;
	size_t i;

	event_xml_begin(&x, "reginfo", "urn:ietf:params:xml:ns:reginfo");
	event_xml_attr(&x, "version", "%u", version);
	event_xml_attr(&x, "state", "full");
	event_xml_open(&x, "registration");
	event_xml_attr(&x, "aor", "%s", state->entity);
	event_xml_attr(&x, "id", "r0");
	event_xml_attr(&x, "state", state->ncontacts ? "active" : "terminated");
	for (i = 0; i < state->ncontacts; i++)
		add_contact(&x, &state->contacts[i]);
	event_xml_close(&x);
	event_xml_close(&x);
	return event_xml_end(&x, b);
}
