// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Final responses that no call waits for: sent, and their transaction let go of.
 */
#include "call/call.h"

void call_respond_saying(struct call_engine *e, u64 now, struct sip_server *server,
			 struct sip_dialog *dialog, u16 status, const char *phrase,
			 struct slice headers)
{
	struct sip_content content = { .headers = headers };

	sip_respond(e->sip, now, server, dialog, status, phrase, &content);
	sip_server_put(e->sip, now, server);
}

void call_respond(struct call_engine *e, u64 now, struct sip_server *server,
		  struct sip_dialog *dialog, u16 status, struct slice headers)
{
	call_respond_saying(e, now, server, dialog, status, NULL, headers);
}

void call_refuse_saying(struct call_engine *e, u64 now, const struct sip_event *ev, u16 status,
			const char *phrase, const char *headers, const char *why)
{
	call_event_refused(e, now, ev, status, why);
	call_respond_saying(e, now, ev->server, NULL, status, phrase, slice_str(headers));
}

void call_refuse(struct call_engine *e, u64 now, const struct sip_event *ev, u16 status,
		 const char *headers, const char *why)
{
	call_refuse_saying(e, now, ev, status, NULL, headers, why);
}
