/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dialogs that the peer makes, and what it asks in them.
 */
#ifndef SIP_ACCEPT_H
#define SIP_ACCEPT_H

#include "sip_harness.h"

/* The peer's INVITE is answered and acknowledged. */
static UNUSED struct sip_dialog *accept_call(struct world *w, const char *invite)
{
	struct __test_metadata *_metadata = w->_metadata;
	struct sip_dialog *d = NULL;

	feed(w, invite);
	ASSERT_EQ(w->event.type, SIP_EVENT_REQUEST);
	ASSERT_EQ(sip_dialog_new_uas(w->engine, w->event.server, w, &d), 0);
	EXPECT_EQ(d->state, SIP_DIALOG_EARLY);
	ASSERT_EQ(respond(w, w->event.server, d, 200), 0);
	sip_server_put(w->engine, w->now, w->event.server);
	expect_sent(w, "SIP/2.0 200 OK");
	feed(w, tagged("ACK", "ack", w->sent.cseq, d->local_tag, ""));
	EXPECT_EQ(w->event.type, SIP_EVENT_ACK);
	return d;
}

static UNUSED void answer_in(struct world *w, struct sip_dialog *d, u16 status)
{
	struct __test_metadata *_metadata = w->_metadata;

	ASSERT_EQ(w->event.type, SIP_EVENT_REQUEST);
	EXPECT_EQ(w->event.dialog, d);
	EXPECT_EQ(w->event.user, d->user);
	respond(w, w->event.server, d, status);
	sip_server_put(w->engine, w->now, w->event.server);
}

#endif
