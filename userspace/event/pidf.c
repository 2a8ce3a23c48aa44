// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Presence (RFC 3856, RFC 3863): a tuple for each of a user's devices, and what he
 * published. Where they are is nobody's business: he is called by his own name.
 */
#include "event/document.h"

static void add_tuple(struct event_xml *x, const struct event_state *state, u64 id, bool open)
{
	event_xml_open(x, "tuple");
	event_xml_attr(x, "id", "t%016llx", (unsigned long long)id);
	event_xml_open(x, "status");
	event_xml_leaf(x, "basic", open ? SLICE("open") : SLICE("closed"));
	event_xml_close(x);
	if (open)
		event_xml_leaf(x, "contact", slice_str(state->entity));
	event_xml_close(x);
}

/* Of each publication the tuples, or the notes, or the rest. */
static void add_published(struct event_xml *x, const struct event_state *state, u32 which)
{
	size_t i;

	for (i = 0; i < state->npublished; i++) {
		const struct event_parts *p = state->published[i];
		const size_t bounds[] = { 0, p->notes, p->rest, strlen(p->xml) };

		if (bounds[which + 1] > bounds[which])
			event_xml_raw(x, p->xml + bounds[which],
				      bounds[which + 1] - bounds[which]);
	}
}

int event_pidf_print(struct buf *b, const struct event_state *state, u32 version)
{
	struct event_xml x;
	size_t i;

	(void)version;			/* a document has none */
	event_xml_begin(&x, "presence", "urn:ietf:params:xml:ns:pidf");
	event_xml_attr(&x, "entity", "%s", state->entity);
	for (i = 0; i < state->ncontacts; i++)
		add_tuple(&x, state, state->contacts[i].id, true);
	if (!state->ncontacts && !state->npublished)
		add_tuple(&x, state, 0, false);
	for (i = 0; i < 3; i++)
		add_published(&x, state, (u32)i);
	event_xml_close(&x);
	return event_xml_end(&x, b);
}
