/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between negotiation.c, which changes the state of a call's media, and
 * plan_make.c, which makes a plan of it.
 */
#ifndef MEDIA_NEGOTIATION_PRIVATE_H
#define MEDIA_NEGOTIATION_PRIVATE_H

#include "media/negotiation.h"

/* One side of a stream: our end towards a leg, and what that leg said. */
struct media_stream_leg {
	struct addr local;		/* RTP; family 0: no ports */
	struct addr advertised;
	u64 id, rtcp_id;		/* of the ends */
	struct addr remote, remote_rtcp;
	enum sdp_direction direction;	/* as the leg itself sees it */
	size_t npayloads;	/* SDP_MAX_PAYLOADS + 1: too many, and none is listed */
	struct sdp_payload *payloads;	/* in the list's block */
};

struct media_stream {
	enum sdp_kind kind;
	bool rejected;
	bool mux;		/* offered; after the answer: agreed */
	bool answered;
	char media[MEDIA_NAME], codec[MEDIA_CODEC];	/* for media_negotiation_view() */
	struct media_stream_leg leg[2];
};

struct media_state {
	size_t n;
	struct media_stream *streams;	/* n of them; NULL: n is 0 */
};

/* streams.c: *state and *to must be empty; each leg gets room for SDP_MAX_PAYLOADS */
int media_state_new(struct media_state *state, size_t n);	/* 0 or -ENOMEM */
int media_state_copy(struct media_state *to, const struct media_state *from);	/* the same */
void media_state_clear(struct media_state *state);
void media_state_move(struct media_state *to, struct media_state *from);
/* Gives up the room that is not used: it stays as it is from now on. */
void media_state_trim(struct media_state *state);
/* What both are, without the room for payloads. */
void media_stream_copy(struct media_stream *to, const struct media_stream *from);
void media_release_leg(struct media_negotiation *n, u64 now, int leg, struct media_stream_leg *sl);
/* Gives back what list has and keep has not. */
void media_release_streams(struct media_negotiation *n, u64 now, struct media_state *list,
			   const struct media_state *keep);

struct media_negotiation {
	struct media_negotiation_conf conf;
	char *tag;			/* MEDIA_PLAN_TAG at most */
	u64 next_id;
	struct media_state committed;
	bool pending;
	bool muted;
	enum media_leg from;		/* of the pending offer */
	struct media_state next;	/* as offered */
	bool has_early;
	struct media_state early;	/* next as the last provisional answer has it */
	char *offer;			/* the pending one, to be printed again */
	char *last[2];			/* said last to each leg */
	u64 version[2];
	char *before;			/* what last and version were for who gets the offer */
	u64 version_before;
};

#endif
