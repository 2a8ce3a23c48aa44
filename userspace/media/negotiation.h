/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Offer and answer of one call (RFC 3264) seen from the middle: an SDP comes in
 * on one leg and leaves, with our addresses, on the other; the media plan is a
 * function of the committed pair and the pending offer (DESIGN.md §4). A
 * pending offer only widens; commit narrows; rollback returns exactly to the
 * committed plan.
 */
#ifndef MEDIA_NEGOTIATION_H
#define MEDIA_NEGOTIATION_H

#include "media/codecs.h"
#include "media/plan.h"
#include "media/port.h"
#include "sdp/sdp.h"

enum media_leg { MEDIA_LEG_A, MEDIA_LEG_B };	/* A: the caller's */

struct media_negotiation;

/* Who speaks in o= (RFC 8866 §5.2), where that was said by another negotiation before. */
struct media_origin {
	u64 session;				/* 0: the conf's */
	u64 version;				/* the next one */
};

struct media_negotiation_conf {
	u64 session;
	const char *tag;			/* Call-ID, for people */
	struct media_ports *ports[2];		/* by leg; borrowed */
	u8 latch[2];				/* enum jalur_latch, by leg */
	u32 idle_ms;				/* 0: never */
	u8 family[2];				/* preferred, 0: as the offer */
	u64 first_id;				/* of the ends; 0: 1 */
	const struct media_codecs *codecs[2];	/* by leg; borrowed; NULL: all */
	struct media_origin origin[2];		/* by leg */
};

/* Why an SDP cannot be carried: for a 488 with Warning, and the log. */
struct media_refusal {
	u16 status;	/* 488, 500, 503 (no ports) */
	u16 warning;	/* warn-code of RFC 3261 §20.43 */
	char text[160];	/* names the line */
};

/* Until the answer, what leg B sends is not passed on. */
void media_negotiation_mute(struct media_negotiation *n, bool mute);
/* How many ends the plan has now. */
size_t media_plan_ends(const struct media_negotiation *n);
struct media_negotiation *media_negotiation_new(const struct media_negotiation_conf *conf);
/* Gives back all ports. NULL allowed. */
void media_negotiation_free(struct media_negotiation *n, u64 now);

/*
 * An offer came in on leg from. On success *out is the SDP for the other leg
 * (malloc'ed, NUL terminated, caller frees), ports are drawn. -EINVAL,
 * -ENOSPC, -ENOMEM with refusal; then nothing has changed. -EBUSY: an offer is
 * pending.
 */
int media_offer(struct media_negotiation *n, u64 now, enum media_leg from,
		struct slice sdp, char **out, struct media_refusal *refusal);
/*
 * The answer to the pending offer, on the leg that was asked; provisional: of an
 * early dialog, the offer stays pending and a later answer replaces this one.
 */
int media_answer(struct media_negotiation *n, u64 now, bool provisional,
		 struct slice sdp, char **out, struct media_refusal *refusal);
/*
 * The early answer, which the offerer has for sure, is the answer (RFC 3262 §5). false: there
 * is none.
 */
bool media_settle(struct media_negotiation *n, u64 now);
/* The description that leg was told last; NULL: none. */
const char *media_said(const struct media_negotiation *n, enum media_leg leg);
/* What another negotiation with leg's peer goes on with. */
struct media_origin media_origin_of(const struct media_negotiation *n, enum media_leg leg);
/*
 * What leg was told last, as the version that is next; NULL: nothing was, or no memory. For a
 * peer who has heard another negotiation meanwhile.
 */
const char *media_say_again(struct media_negotiation *n, enum media_leg leg, u64 version);
/* Who made the pending offer. */
enum media_leg media_offerer(const struct media_negotiation *n);
/* The pending offer was refused, cancelled, timed out. */
void media_rollback(struct media_negotiation *n, u64 now);
/*
 * An answer that rejects every stream of offer; malloc'ed. NULL: no memory, or offer is not
 * readable.
 */
char *media_reject(u64 session, struct slice offer);
bool media_offer_pending(const struct media_negotiation *n);
/* -EADDRINUSE from the relay: draw other local ports for all new ends and print again. */
int media_redraw(struct media_negotiation *n, u64 now, char **out,
		 struct media_refusal *refusal);

#define MEDIA_NAME 12
#define MEDIA_CODEC 28

/* One m= line as it was agreed on, or is about to be. */
struct media_stream_leg_view {
	struct addr local, advertised;	/* ours: as it is, and as the leg was told */
	struct addr remote;		/* as the leg said; family 0: nothing, or nowhere */
	u8 direction;			/* enum sdp_direction, as the leg itself sees it */
	u64 end, rtcp_end;		/* ids in the plan */
};

struct media_stream_view {
	char media[MEDIA_NAME];		/* "audio" */
	char codec[MEDIA_CODEC];	/* "PCMA/8000"; empty: no answer yet, or rejected */
	bool rejected;			/* then the legs have a direction alone */
	bool mux;			/* RTCP has no end of its own */
	struct media_stream_leg_view leg[2];
};

/* The streams in the order of the m= lines: how many. */
size_t media_negotiation_view(const struct media_negotiation *n,
			      struct media_stream_view views[SDP_MAX_MEDIA]);

/*
 * The plan for the state as it is now; NULL: no memory, or no media (nends 0 is a plan
 * without media: then *empty is set and NULL returned).
 */
struct media_plan *media_plan_make(const struct media_negotiation *n, bool *empty);

#endif
