/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Final responses that no call waits for: they go at once, and are forgotten.
 */
#ifndef CALL_RESPOND_H
#define CALL_RESPOND_H

#include "base/slice.h"

struct call_engine;
struct sip_dialog;
struct sip_event;
struct sip_server;

/* dialog may be NULL; headers: whole lines. */
void call_respond(struct call_engine *e, u64 now, struct sip_server *server,
		  struct sip_dialog *dialog, u16 status, struct slice headers);
/* The same in other words than the RFC's; phrase NULL: in those. */
void call_respond_saying(struct call_engine *e, u64 now, struct sip_server *server,
			 struct sip_dialog *dialog, u16 status, const char *phrase,
			 struct slice headers);
/* Outside of dialogs, and why is told to whom reads the events. */
void call_refuse(struct call_engine *e, u64 now, const struct sip_event *ev, u16 status,
		 const char *headers, const char *why);
void call_refuse_saying(struct call_engine *e, u64 now, const struct sip_event *ev, u16 status,
			const char *phrase, const char *headers, const char *why);

#endif
