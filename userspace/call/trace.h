/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The last messages and media events, of all calls, in a ring that never grows: what
 * a ladder is drawn from, also of a call that is over.
 */
#ifndef CALL_TRACE_H
#define CALL_TRACE_H

#include "base/addr.h"
#include "base/slice.h"

#define CALL_TRACE_SIZE (4u << 20)	/* bytes: some 7000 messages */

enum call_trace_kind {
	CALL_TRACE_SIP,
	CALL_TRACE_MEDIA,		/* of the relay, and what it was told */
};

/* As it is shown. */
struct call_trace_entry {
	u64 time;			/* ns, as now */
	struct addr peer;		/* who it came from or went to; family 0: nobody */
	u8 kind;
	u8 side;			/* enum media_leg, of SIP, and of MEDIA with a peer */
	bool in;			/* from the peer */
	u16 status;			/* of a response */
	u32 cseq;
	char what[32];			/* method, reason phrase, or what the media did */
	char method[12];		/* of CSeq */
};

struct call_trace;

struct call_trace *call_trace_new(void);		/* NULL: no memory */
void call_trace_free(struct call_trace *t);		/* NULL allowed */

/* The first functions do nothing when t is NULL. */
void call_trace_sip(struct call_trace *t, u64 now, const struct addr *peer, bool in,
		    struct slice bytes);
void call_trace_media(struct call_trace *t, u64 now, u64 call, const struct addr *peer, u8 side,
		      const char *what);
/* Ties a Call-ID to a call. */
void call_trace_leg(struct call_trace *t, u64 now, u64 call, u8 side, const char *call_id);

/*
 * What there is of a call, oldest first; of SIP, side says on which leg it was. false: nothing,
 * or not any more.
 */
bool call_trace_each(const struct call_trace *t, u64 call,
		     void (*each)(void *arg, const struct call_trace_entry *entry), void *arg);
/* The call that began last; 0: none. */
u64 call_trace_last(const struct call_trace *t);

/*
 * trace_read.c: of a message, or its beginning, whatever bytes it is: what is shown of it, to
 * entry, and its Call-ID, a slice of it that may be empty.
 */
struct slice call_trace_read(struct slice bytes, struct call_trace_entry *entry);
/* Text that will be shown on a terminal. */
void call_trace_print(char *to, size_t size, struct slice text);

#endif
