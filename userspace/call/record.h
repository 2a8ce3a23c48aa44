/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The record of a call attempt: what a CDR says, as plain data. It is made when
 * the call has ended, of what the call still knows, and owns its strings, so that
 * it outlives the call. Times are those of the engine; whoever writes it adds the
 * wall clock's.
 */
#ifndef CALL_RECORD_H
#define CALL_RECORD_H

#include "media/negotiation.h"
#include "media/relay.h"

struct call;
struct call_engine;
struct sip_event;

enum call_ender {
	CALL_ENDED_BY_JALUR,		/* a limit, a failure, a refusal of ours */
	CALL_ENDED_BY_CALLER,
	CALL_ENDED_BY_CALLEE,
	CALL_ENDED_BY_ADMINISTRATOR,
};

/* What a restart of the daemon did to it. */
enum call_restart { CALL_NO_RESTART, CALL_RECOVERED, CALL_LOST };

/* Strings: NULL when there is none. */
struct call_record_leg {
	char *realm, *trunk;
	char *call_id;
	char *from, *to;		/* name-addr without tag, as received or as sent */
	char *request_uri;		/* as received */
	struct addr peer;		/* family 0: none */
};

struct call_record_stream {
	struct media_stream_view agreed;
	bool counted[2];		/* are there figures of this leg's end? */
	struct media_end_figures figures[2];
};

struct call_record {
	u64 id;
	u64 transferred_from;		/* the call that a REFER was in; 0: none */
	char *route;			/* NULL: none was found */
	struct call_record_leg a, b;	/* b: empty when nobody was invited */
	u64 setup, ring, answer, end;	/* ns; 0: never */
	u16 status;			/* final response to the caller */
	u16 cause;			/* Q.850 */
	char text[96];			/* the same in words */
	enum call_ender by;
	enum call_restart restart;
	size_t nstreams;
	struct call_record_stream *streams;
};

/* Of a call that has ended, with the figures that it has. NULL: no memory. */
struct call_record *call_record_make(const struct call *call);
/* Of an INVITE that no call was made for; it is given an id of its own. NULL: no memory. */
struct call_record *call_record_refused(struct call_engine *e, u64 now, const struct sip_event *ev,
					u16 status, const char *why);
/*
 * Of a call of an earlier run that cannot go on: what can be read in saved, which may be
 * anything, or nothing. Status 0: nobody knows how it ended. now and wall: one moment, ns.
 * NULL: no memory.
 */
struct call_record *call_record_lost(u64 id, u64 now, u64 wall, struct slice saved);
void call_record_free(struct call_record *r);		/* NULL allowed */

/* cause.c: Q.850 of a final status (RFC 3398 §8.2.6.1), and of Reason in header lines; 0: none */
u16 call_cause_of_status(u16 status);
u16 call_cause_of_headers(struct slice lines);

#endif
