// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Offer and answer in the middle. The state of a call's media is a list of
 * streams, one for each m= line; there are two of these lists: the committed
 * one and, while an offer is pending, the one that it would lead to. An answer
 * fills the pending list in; a final one makes it the committed one; a rollback
 * throws it away, so that nothing of it is left. The plan is a function of the
 * two lists (plan_make.c) and knows nothing of how they came about.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <linux/jalur.h>

#include "media/negotiation_private.h"

/* line 0: not about a line of the description. */
static int refuse(struct media_refusal *r, u16 status, u16 warning, int err,
		  unsigned int line, const char *text)
{
	r->status = status;
	r->warning = warning;
	if (line)
		snprintf(r->text, sizeof(r->text), "SDP line %u: %s", line, text);
	else
		snprintf(r->text, sizeof(r->text), "%s", text);
	return err;
}

struct media_negotiation *media_negotiation_new(const struct media_negotiation_conf *conf)
{
	struct media_negotiation *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->conf = *conf;
	n->conf.tag = NULL;
	if (conf->tag)
		snprintf(n->tag, sizeof(n->tag), "%s", conf->tag);
	n->next_id = conf->first_id ? conf->first_id : 1;
	return n;
}

void media_negotiation_mute(struct media_negotiation *n, bool mute)
{
	n->muted = mute;
}

static void release_leg(struct media_negotiation *n, u64 now, int leg,
			struct media_stream_leg *sl)
{
	if (sl->local.family)
		media_ports_release(n->conf.ports[leg], now, &sl->local);
	sl->local.family = 0;
}

/* Gives back what list has and keep has not. */
static void release_streams(struct media_negotiation *n, u64 now,
			    struct media_state *list, const struct media_state *keep)
{
	size_t i;
	int leg;

	for (i = 0; i < list->n; i++) {
		for (leg = 0; leg < 2; leg++) {
			struct media_stream_leg *sl = &list->streams[i].leg[leg];

			if (keep && i < keep->n &&
			    addr_eq(&keep->streams[i].leg[leg].local, &sl->local))
				continue;
			release_leg(n, now, leg, sl);
		}
	}
}

void media_negotiation_free(struct media_negotiation *n, u64 now)
{
	if (!n)
		return;
	if (n->pending)
		release_streams(n, now, &n->next, &n->committed);
	release_streams(n, now, &n->committed, NULL);
	free(n->offer);
	free(n->last[0]);
	free(n->last[1]);
	free(n);
}

bool media_offer_pending(const struct media_negotiation *n)
{
	return n->pending;
}

/* --- printing ---------------------------------------------------------------- */

/*
 * What leg to is told: its ends' addresses, and of the other leg only what it
 * asked for. The version of o= goes up when anything else changed (RFC 3264 §8).
 */
static char *print_for(struct media_negotiation *n, const struct sdp *sdp,
		       const struct media_state *state, int to)
{
	/* 63 bits: some read them into a signed number */
	struct sdp_rewrite how = { .session = n->conf.session & INT64_MAX,
				   .version = n->version[to] };
	char *text;
	size_t i;

	for (i = 0; i < sdp->nmedia; i++) {
		const struct media_stream *s = &state->streams[i];

		how.media[i].address = s->leg[to].advertised;
		how.media[i].port = s->rejected ? 0 : s->leg[to].advertised.port;
		how.media[i].held = sdp->media[i].held;
		how.media[i].mux = s->mux;
	}
	text = sdp_rewrite(sdp, &how);
	if (!text || (n->last[to] && !strcmp(text, n->last[to])))
		return text;
	if (n->last[to]) {
		free(text);
		how.version = ++n->version[to];
		text = sdp_rewrite(sdp, &how);
		if (!text)
			return NULL;
	}
	free(n->last[to]);
	n->last[to] = strdup(text);
	return text;
}

/* --- an offer ----------------------------------------------------------------- */

static void learn_leg(struct media_stream_leg *sl, const struct sdp_media *m)
{
	sl->direction = m->direction;
	sl->npayloads = m->npayloads;
	memcpy(sl->payloads, m->payloads, sizeof(sl->payloads));
	/* held in the old style: nothing to send to, but it stays the same party */
	if (m->held) {
		sl->direction &= ~SDP_RECV;
		return;
	}
	sl->remote = m->connection;
	sl->remote_rtcp = m->rtcp;
}

static int take_leg(struct media_negotiation *n, u64 now, int leg, u8 family,
		    struct media_stream_leg *sl)
{
	int err;

	if (!n->conf.ports[leg])
		return -EAFNOSUPPORT;
	err = media_ports_take(n->conf.ports[leg], now, family, &sl->local, &sl->advertised);
	if (err == -EAFNOSUPPORT && leg != (int)n->from)
		err = media_ports_take(n->conf.ports[leg], now, 0, &sl->local, &sl->advertised);
	if (err) {
		sl->local.family = 0;
		return err;
	}
	sl->id = n->next_id++;
	sl->rtcp_id = n->next_id++;
	return 0;
}

static int take_ports(struct media_negotiation *n, u64 now, struct media_stream *s,
		      const struct sdp_media *m)
{
	int leg, err;
	u8 family;

	for (leg = 0; leg < 2; leg++) {
		if (s->leg[leg].local.family)
			continue;
		family = leg == (int)n->from || !n->conf.family[leg] ?
			 m->connection.family : n->conf.family[leg];
		err = take_leg(n, now, leg, family, &s->leg[leg]);
		if (err)
			return err;
	}
	return 0;
}

/* Does the stream of before go on in this m= line, or is the place used anew? */
static bool goes_on(const struct media_stream *before, const struct sdp_media *m)
{
	return !before->rejected && before->kind == m->kind;
}

/*
 * A party may name itself or others, but not this host's loopback, which only
 * this host reaches (unless the leg is there itself).
 */
static bool acceptable(const struct media_stream_leg *sl, const struct sdp_media *m)
{
	return m->held || addr_loopback(&m->connection) == addr_loopback(&sl->local);
}

static int refuse_address(const struct sdp *sdp, size_t i, struct media_refusal *r)
{
	return refuse(r, 488, 399, -EINVAL, sdp->lines[sdp->media[i].first].number,
		      "the address is of a host's own loopback");
}

static int offer_stream(struct media_negotiation *n, u64 now, const struct sdp_media *m, size_t i)
{
	const struct media_state *old = &n->committed;
	struct media_stream *s = &n->next.streams[i];

	if (i < old->n && goes_on(&old->streams[i], m))
		*s = old->streams[i];
	s->kind = m->kind;
	snprintf(s->media, sizeof(s->media), SLICE_FMT, SLICE_ARG(m->media));
	s->rejected = !m->port || m->kind == SDP_KIND_OTHER;
	s->mux = m->mux;
	s->answered = false;
	if (s->rejected)
		return 0;
	learn_leg(&s->leg[n->from], m);
	return take_ports(n, now, s, m);
}

static size_t accepted(const struct media_state *state)
{
	size_t i, count = 0;

	for (i = 0; i < state->n; i++)
		count += !state->streams[i].rejected;
	return count;
}

/* Why no stream of an offer can be carried: the first m= line that has a port. */
static int refuse_streams(const struct sdp *sdp, struct media_refusal *r)
{
	size_t i;

	for (i = 0; i < sdp->nmedia; i++)
		if (sdp->media[i].port)
			return refuse(r, 488, 304, -EINVAL,
				      sdp->lines[sdp->media[i].first].number,
				      "only RTP/AVP, RTP/AVPF, udptl, udp and UDP/BFCP can be carried");
	return refuse(r, 488, 304, -EINVAL, 0, "no m= line with a port");
}

static int refuse_ports(struct media_refusal *r, int err)
{
	if (err == -EAFNOSUPPORT)
		return refuse(r, 488, 300, err, 0, "no media address of this family here");
	return refuse(r, 503, 399, err, 0, "no media port is free");
}

static int offer_streams(struct media_negotiation *n, u64 now, const struct sdp *sdp,
			 struct media_refusal *refusal)
{
	size_t i;
	int err;

	if (sdp->nmedia < n->committed.n)
		return refuse(refusal, 488, 399, -EINVAL, 0, "fewer m= lines than before (RFC 3264 section 8)");
	for (i = 0; i < sdp->nmedia; i++) {
		n->next.n = i + 1;
		err = offer_stream(n, now, &sdp->media[i], i);
		if (err)
			return refuse_ports(refusal, err);
		if (!n->next.streams[i].rejected &&
		    !acceptable(&n->next.streams[i].leg[n->from], &sdp->media[i]))
			return refuse_address(sdp, i, refusal);
	}
	if (media_plan_ends(n) > JALUR_MAX_ENDS)
		return refuse(refusal, 488, 399, -EINVAL, 0, "too many streams at a time");
	if (!accepted(&n->next) && !n->committed.n)
		return refuse_streams(sdp, refusal);
	return 0;
}

static struct sdp *parse(struct slice bytes, struct media_refusal *refusal, int *err)
{
	struct sdp *sdp = malloc(sizeof(*sdp));
	struct sdp_error error;

	*err = -ENOMEM;
	if (!sdp) {
		refuse(refusal, 500, 0, -ENOMEM, 0, "out of memory");
		return NULL;
	}
	if (sdp_parse(bytes, sdp, &error)) {
		*err = refuse(refusal, 488, 399, -EINVAL, error.line, error.text);
		free(sdp);
		return NULL;
	}
	return sdp;
}

int media_offer(struct media_negotiation *n, u64 now, enum media_leg from,
		struct slice bytes, char **out, struct media_refusal *refusal)
{
	struct sdp *sdp;
	int err;

	if (n->pending)
		return refuse(refusal, 491, 0, -EBUSY, 0, "an offer is pending");
	sdp = parse(bytes, refusal, &err);
	if (!sdp)
		return err;
	n->from = from;
	n->pending = true;
	memset(&n->next, 0, sizeof(n->next));
	n->offer = slice_dup(bytes);
	err = offer_streams(n, now, sdp, refusal);
	*out = !err && n->offer ? print_for(n, sdp, &n->next, !from) : NULL;
	if (!err && !*out)
		err = refuse(refusal, 500, 0, -ENOMEM, 0, "out of memory");
	free(sdp);
	if (err)
		media_rollback(n, now);
	return err;
}

void media_rollback(struct media_negotiation *n, u64 now)
{
	if (!n->pending)
		return;
	release_streams(n, now, &n->next, &n->committed);
	memset(&n->next, 0, sizeof(n->next));
	free(n->offer);
	n->offer = NULL;
	n->pending = false;
	n->has_early = false;
}

/* --- an answer ----------------------------------------------------------------- */

static void answer_stream(struct media_stream *s, const struct sdp_media *m, int leg)
{
	s->answered = true;
	if (!m->port || m->kind != s->kind)
		s->rejected = true;
	if (s->rejected)
		return;
	s->mux = s->mux && m->mux;
	learn_leg(&s->leg[leg], m);
}

/* Streams that were turned down have no use for their ports any more. */
static void commit(struct media_negotiation *n, u64 now)
{
	size_t i;
	int leg;

	for (i = 0; i < n->next.n; i++) {
		struct media_stream *s = &n->next.streams[i];

		if (!s->rejected)
			continue;
		for (leg = 0; leg < 2; leg++) {
			bool kept = i < n->committed.n &&
				    addr_eq(&n->committed.streams[i].leg[leg].local,
					    &s->leg[leg].local);

			if (!kept)
				release_leg(n, now, leg, &s->leg[leg]);
			s->leg[leg].local.family = 0;
		}
	}
	/* what the old list had and the new one has not */
	release_streams(n, now, &n->committed, &n->next);
	n->committed = n->next;
	memset(&n->next, 0, sizeof(n->next));
	free(n->offer);
	n->offer = NULL;
	n->pending = false;
	n->muted = false;
}

int media_answer(struct media_negotiation *n, u64 now, bool provisional,
		 struct slice bytes, char **out, struct media_refusal *refusal)
{
	int leg = !n->from;
	struct media_state state;
	struct sdp *sdp;
	size_t i;
	int err;

	if (!n->pending)
		return refuse(refusal, 500, 0, -EINVAL, 0, "an answer without an offer");
	sdp = parse(bytes, refusal, &err);
	if (!sdp)
		return err;
	err = -EINVAL;
	if (sdp->nmedia != n->next.n) {
		refuse(refusal, 488, 399, err, 0, "the answer has other m= lines than the offer");
		goto out_sdp;
	}
	state = n->next;
	for (i = 0; i < sdp->nmedia; i++) {
		answer_stream(&state.streams[i], &sdp->media[i], leg);
		sdp_print_codec(sdp, &sdp->media[i], state.streams[i].codec, MEDIA_CODEC);
		if (!state.streams[i].rejected &&
		    !acceptable(&state.streams[i].leg[leg], &sdp->media[i])) {
			refuse_address(sdp, i, refusal);
			goto out_sdp;
		}
	}
	*out = print_for(n, sdp, &state, n->from);
	if (!*out) {
		err = refuse(refusal, 500, 0, -ENOMEM, 0, "out of memory");
		goto out_sdp;
	}
	err = 0;
	if (provisional) {
		/* a later answer begins again with what was offered */
		n->early = state;
		n->has_early = true;
	} else {
		n->next = state;
		n->has_early = false;
		commit(n, now);
	}
out_sdp:
	free(sdp);
	return err;
}

bool media_settle(struct media_negotiation *n, u64 now)
{
	if (!n->pending || !n->has_early)
		return false;
	n->next = n->early;
	n->has_early = false;
	commit(n, now);
	return true;
}

const char *media_said(const struct media_negotiation *n, enum media_leg leg)
{
	return n->last[leg];
}

enum media_leg media_offerer(const struct media_negotiation *n)
{
	return n->from;
}

int media_redraw(struct media_negotiation *n, u64 now, char **out,
		 struct media_refusal *refusal)
{
	struct media_state old = n->next;
	struct sdp *sdp;
	size_t i;
	int err = 0, leg;

	if (!n->pending)
		return refuse(refusal, 500, 0, -EINVAL, 0, "no offer is pending");
	sdp = parse(slice_str(n->offer), refusal, &err);
	if (!sdp)
		return err;
	err = 0;
	for (i = 0; i < n->next.n; i++)
		for (leg = 0; leg < 2; leg++)
			if (i >= n->committed.n ||
			    !addr_eq(&n->committed.streams[i].leg[leg].local,
				     &n->next.streams[i].leg[leg].local))
				n->next.streams[i].leg[leg].local.family = 0;
	for (i = 0; i < n->next.n && !err; i++)
		if (!n->next.streams[i].rejected)
			err = take_ports(n, now, &n->next.streams[i], &sdp->media[i]);
	/* the old ones go back only now, so that none of them was drawn again */
	release_streams(n, now, &old, err ? &n->committed : &n->next);
	if (err)
		refuse_ports(refusal, err);
	*out = err ? NULL : print_for(n, sdp, &n->next, !n->from);
	if (!err && !*out)
		err = refuse(refusal, 500, 0, -ENOMEM, 0, "out of memory");
	free(sdp);
	return err;
}
