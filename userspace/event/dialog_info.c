// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Busy lamps (RFC 4235): the calls of a user, always all of them, and once those that are over.
 * Their identifiers are ours: nobody can take a call over by them.
 */
#include "event/document.h"

static const char *const states[] = {
	[EVENT_CALL_TERMINATED] = "terminated",
	[EVENT_CALL_TRYING] = "trying",
	[EVENT_CALL_EARLY] = "early",
	[EVENT_CALL_CONFIRMED] = "confirmed",
};

/* In the user's own domain, whatever the other side's was. */
static void add_remote(struct event_xml *x, const struct event_state *state, struct slice user)
{
	struct buf uri;

	buf_init(&uri);
	buf_printf(&uri, "sip:" SLICE_FMT "%s", SLICE_ARG(user), strrchr(state->entity, '@'));
	event_xml_open(x, "remote");
	event_xml_leaf(x, "identity", buf_slice(&uri));
	event_xml_close(x);
	x->failed |= uri.failed;
	buf_free(&uri);
}

static void add_call(struct event_xml *x, const struct event_state *state,
		     const struct event_call *call)
{
	event_xml_open(x, "dialog");
	event_xml_attr(x, "id", "d%016llx", (unsigned long long)call->id);
	event_xml_attr(x, "direction", call->caller ? "initiator" : "recipient");
	event_xml_leaf(x, "state", slice_str(states[call->state]));
	if (call->remote.n)
		add_remote(x, state, call->remote);
	event_xml_close(x);
}

int event_dialog_info_print(struct buf *b, const struct event_state *state, u32 version)
{
	struct event_xml x;
	size_t i;

	event_xml_begin(&x, "dialog-info", "urn:ietf:params:xml:ns:dialog-info");
	event_xml_attr(&x, "version", "%u", version);
	event_xml_attr(&x, "state", "full");
	event_xml_attr(&x, "entity", "%s", state->entity);
	for (i = 0; i < state->ncalls; i++)
		add_call(&x, state, &state->calls[i]);
	event_xml_close(&x);
	return event_xml_end(&x, b);
}
