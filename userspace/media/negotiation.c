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
#include <strings.h>

#include <linux/jalur.h>

#include "base/alloc.h"
#include "base/buf.h"
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
	struct media_negotiation *n = zalloc(sizeof(*n));

	if (!n)
		return NULL;
	n->conf = *conf;
	n->conf.tag = NULL;
	n->tag = strndup(conf->tag ? conf->tag : "", MEDIA_PLAN_TAG - 1);
	if (!n->tag) {
		free(n);
		return NULL;
	}
	n->next_id = conf->first_id ? conf->first_id : 1;
	n->version[0] = conf->origin[0].version;
	n->version[1] = conf->origin[1].version;
	return n;
}

void media_negotiation_mute(struct media_negotiation *n, bool mute)
{
	n->muted = mute;
}

void media_negotiation_free(struct media_negotiation *n, u64 now)
{
	if (!n)
		return;
	if (n->pending)
		media_release_streams(n, now, &n->next, &n->committed);
	media_release_streams(n, now, &n->committed, NULL);
	media_state_clear(&n->committed);
	media_state_clear(&n->next);
	media_state_clear(&n->early);
	free(n->offer);
	free(n->last[0]);
	free(n->last[1]);
	free(n->before);
	free(n->tag);
	free(n);
}

bool media_offer_pending(const struct media_negotiation *n)
{
	return n->pending;
}

/* --- printing ---------------------------------------------------------------- */

/* 63 bits: some read them into a signed number */
static u64 session_of(const struct media_negotiation *n, int leg)
{
	u64 session = n->conf.origin[leg].session;

	return (session ? session : n->conf.session) & INT64_MAX;
}

struct media_origin media_origin_of(const struct media_negotiation *n, enum media_leg leg)
{
	return (struct media_origin){ session_of(n, leg), n->version[leg] + 1 };
}

const char *media_say_again(struct media_negotiation *n, enum media_leg leg, u64 version)
{
	const char *last = n->last[leg], *origin, *rest;
	char *text;

	origin = last ? strstr(last, "\no=- ") : NULL;
	rest = origin ? strstr(origin, " IN ") : NULL;
	if (!rest)
		return NULL;
	text = buf_format("%.*s\no=- %llu %llu%s", (int)(origin - last), last,
			  (unsigned long long)session_of(n, leg), (unsigned long long)version,
			  rest);
	if (!text)
		return NULL;
	free(n->last[leg]);
	n->last[leg] = text;
	n->version[leg] = version;
	return text;
}

/*
 * What leg to is told: its ends' addresses, and of the other leg only what it
 * asked for. The version of o= goes up when anything else changed (RFC 3264 §8).
 */
static char *print_for(struct media_negotiation *n, const struct sdp *sdp,
		       const struct media_state *state, int to)
{
	/* 63 bits: some read them into a signed number */
	struct sdp_rewrite how = { .session = session_of(n, to), .version = n->version[to] };
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

/* What is about to be said to leg may turn out not to be: see unsay(). */
static int note_last(struct media_negotiation *n, int leg)
{
	free(n->before);
	n->before = n->last[leg] ? strdup(n->last[leg]) : NULL;
	n->version_before = n->version[leg];
	return n->last[leg] && !n->before ? -ENOMEM : 0;
}

/* The offer to leg was printed and never sent: the next one has its version. */
static void unsay(struct media_negotiation *n, int leg)
{
	free(n->last[leg]);
	n->last[leg] = n->before;
	n->before = NULL;
	n->version[leg] = n->version_before;
}

/* --- an offer ----------------------------------------------------------------- */

static void learn_leg(struct media_stream_leg *sl, const struct sdp_media *m)
{
	sl->direction = m->direction;
	sl->npayloads = m->npayloads;
	memcpy(sl->payloads, m->payloads, sizeof(m->payloads));
	/* held in the old style: nothing to send to, but it stays the same party */
	if (m->held) {
		sl->direction &= ~SDP_RECV;
		return;
	}
	sl->remote = m->connection;
	sl->remote_rtcp = m->rtcp;
	/* what acceptable() says of the one holds for the other */
	if (addr_loopback(&m->rtcp) != addr_loopback(&m->connection))
		sl->remote_rtcp.port = 0;
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

static void print_media(struct slice media, char out[MEDIA_NAME])
{
	slice_copy(out, MEDIA_NAME, media);
}

static bool same_media(const struct media_stream *s, const struct sdp_media *m)
{
	char media[MEDIA_NAME];

	print_media(m->media, media);
	return !strcasecmp(s->media, media) && s->kind == m->kind;
}

/*
 * Does the stream of before go on in this m= line, or is the place used anew (RFC 3264
 * §8.1, §8.3.3)? A party that comes from the other family needs another end, too.
 */
static bool goes_on(const struct media_stream *before, const struct sdp_media *m, int from)
{
	return !before->rejected && same_media(before, m) &&
	       (!m->port || m->held || before->leg[from].local.family == m->connection.family);
}

/*
 * A party may name itself or others, but not this host's loopback, which only
 * this host reaches (unless the leg is there itself).
 */
static bool acceptable(const struct media_stream_leg *sl, const struct sdp_media *m)
{
	return m->held || addr_loopback(&m->connection) == addr_loopback(&sl->local);
}

static unsigned int line_of(const struct sdp *sdp, size_t i)
{
	return sdp->lines[sdp->media[i].first].number;
}

static int refuse_address(const struct sdp *sdp, size_t i, struct media_refusal *r)
{
	return refuse(r, 488, 399, -EINVAL, line_of(sdp, i),
		      "the address is of a host's own loopback");
}

static int offer_stream(struct media_negotiation *n, u64 now, const struct sdp_media *m, size_t i)
{
	const struct media_state *old = &n->committed;
	struct media_stream *s = &n->next.streams[i];

	if (i < old->n && goes_on(&old->streams[i], m, n->from))
		media_stream_copy(s, &old->streams[i]);
	s->kind = m->kind;
	print_media(m->media, s->media);
	s->rejected = !m->port || m->kind == SDP_KIND_OTHER || m->refused;
	s->mux = m->mux && m->kind == SDP_KIND_RTP;
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

/*
 * Why no stream of an offer can be carried: the first m= line that has a port. An offer
 * inside the call may turn all of them off.
 */
static int refuse_streams(const struct media_negotiation *n, const struct sdp *sdp,
			  struct media_refusal *r)
{
	size_t i;

	for (i = 0; i < sdp->nmedia; i++)
		if (sdp->media[i].port && sdp->media[i].refused)
			return refuse(r, 488, 305, -EINVAL, line_of(sdp, i),
				      "none of its codecs is allowed");
	for (i = 0; i < sdp->nmedia; i++)
		if (sdp->media[i].port)
			return refuse(r, 488, 302, -EINVAL, line_of(sdp, i),
				      "only RTP/AVP, RTP/AVPF, udptl, udp and UDP/BFCP can be carried");
	if (n->committed.n)
		return 0;
	return refuse(r, 488, 304, -EINVAL, 0, "no m= line with a port");
}

static int refuse_ports(const struct sdp *sdp, size_t i, struct media_refusal *r, int err)
{
	if (err == -EAFNOSUPPORT)
		return refuse(r, 488, 300, err, line_of(sdp, i),
			      "no media address of this family here");
	return refuse(r, 503, 399, err, 0, "no media port is free");
}

static int offer_streams(struct media_negotiation *n, u64 now, const struct sdp *sdp,
			 struct media_refusal *refusal)
{
	size_t i;
	int err;

	if (sdp->nmedia < n->committed.n)
		return refuse(refusal, 488, 399, -EINVAL, 0, "fewer m= lines than before (RFC 3264 section 8)");
	if (media_state_new(&n->next, sdp->nmedia))
		return refuse(refusal, 500, 0, -ENOMEM, 0, "out of memory");
	for (i = 0; i < sdp->nmedia; i++) {
		err = offer_stream(n, now, &sdp->media[i], i);
		if (err)
			return refuse_ports(sdp, i, refusal, err);
		if (!n->next.streams[i].rejected &&
		    !acceptable(&n->next.streams[i].leg[n->from], &sdp->media[i]))
			return refuse_address(sdp, i, refusal);
	}
	if (media_plan_ends(n) > JALUR_MAX_ENDS)
		return refuse(refusal, 488, 399, -EINVAL, 0, "too many streams at a time");
	return accepted(&n->next) ? 0 : refuse_streams(n, sdp, refusal);
}

static const struct media_codecs all_codecs;

static const struct media_codecs *codecs_of(const struct media_negotiation *n, int leg)
{
	return n->conf.codecs[leg] ? n->conf.codecs[leg] : &all_codecs;
}

/* Read and reduced to the codecs that may be; leg: who said it. */
static struct sdp *parse(const struct media_negotiation *n, int leg, bool offer,
			 struct slice bytes, struct media_refusal *refusal, int *err)
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
	media_codecs_apply(codecs_of(n, 0), codecs_of(n, 1),
			   offer ? codecs_of(n, !leg) : &all_codecs, sdp);
	return sdp;
}

int media_offer(struct media_negotiation *n, u64 now, enum media_leg from,
		struct slice bytes, char **out, struct media_refusal *refusal)
{
	struct sdp *sdp;
	int err;

	if (n->pending)
		return refuse(refusal, 491, 0, -EBUSY, 0, "an offer is pending");
	sdp = parse(n, from, true, bytes, refusal, &err);
	if (!sdp)
		return err;
	n->from = from;
	n->pending = true;
	n->offer = slice_dup(bytes);
	err = offer_streams(n, now, sdp, refusal);
	*out = !err && n->offer && !note_last(n, !from) ?
	       print_for(n, sdp, &n->next, !from) : NULL;
	if (!err && !*out)
		err = refuse(refusal, 500, 0, -ENOMEM, 0, "out of memory");
	free(sdp);
	if (err)
		media_rollback(n, now);
	return err;
}

/* What was kept for the pending offer goes: there is none any more. */
static void end_pending(struct media_negotiation *n)
{
	media_state_clear(&n->next);
	media_state_clear(&n->early);
	free(n->offer);
	free(n->before);
	n->offer = n->before = NULL;
	n->pending = false;
	n->has_early = false;
}

void media_rollback(struct media_negotiation *n, u64 now)
{
	if (!n->pending)
		return;
	media_release_streams(n, now, &n->next, &n->committed);
	end_pending(n);
}

/* --- an answer ----------------------------------------------------------------- */

/* What the answer says of the stream in m= line i. An m= line that we reject stays rejected. */
static int answer_stream(struct media_stream *s, const struct sdp *sdp, size_t i, int leg,
			 struct media_refusal *r)
{
	const struct sdp_media *m = &sdp->media[i];
	struct media_stream_leg *sl = &s->leg[leg];

	s->answered = true;
	s->rejected = s->rejected || !m->port;
	if (s->rejected)
		return 0;
	if (m->refused)
		return refuse(r, 488, 305, -EINVAL, line_of(sdp, i),
			      "none of its codecs is allowed");
	if (!same_media(s, m))
		return refuse(r, 488, 304, -EINVAL, line_of(sdp, i),
			      "not the kind of stream that was offered here");
	if (!m->held && m->connection.family != sl->local.family)
		return refuse(r, 488, 301, -EINVAL, line_of(sdp, i),
			      "the address is not of the family that was offered");
	if (!acceptable(sl, m))
		return refuse_address(sdp, i, r);
	s->mux = s->mux && m->mux;
	learn_leg(sl, m);
	return 0;
}

static int answer_streams(struct media_state *state, const struct sdp *sdp, int leg,
			  struct media_refusal *r)
{
	size_t i;
	int err = 0;

	if (sdp->nmedia != state->n)
		return refuse(r, 488, 399, -EINVAL,
			      sdp->nmedia > state->n ? line_of(sdp, state->n) : 0,
			      "the answer has other m= lines than the offer");
	for (i = 0; i < sdp->nmedia && !err; i++) {
		sdp_print_codec(sdp, &sdp->media[i], state->streams[i].codec, MEDIA_CODEC);
		err = answer_stream(&state->streams[i], sdp, i, leg, r);
	}
	return err;
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
				media_release_leg(n, now, leg, &s->leg[leg]);
			s->leg[leg].local.family = 0;
		}
	}
	/* what the old list had and the new one has not */
	media_release_streams(n, now, &n->committed, &n->next);
	media_state_move(&n->committed, &n->next);
	media_state_trim(&n->committed);
	end_pending(n);
	n->muted = false;
}

int media_answer(struct media_negotiation *n, u64 now, bool provisional,
		 struct slice bytes, char **out, struct media_refusal *refusal)
{
	int leg = !n->from;
	struct media_state state = { .n = 0 };
	struct sdp *sdp;
	int err;

	if (!n->pending)
		return refuse(refusal, 500, 0, -EINVAL, 0, "an answer without an offer");
	sdp = parse(n, leg, false, bytes, refusal, &err);
	if (!sdp)
		return err;
	err = media_state_copy(&state, &n->next);
	if (err)
		refuse(refusal, 500, 0, err, 0, "out of memory");
	else
		err = answer_streams(&state, sdp, leg, refusal);
	*out = err ? NULL : print_for(n, sdp, &state, n->from);
	free(sdp);
	if (!err && !*out)
		err = refuse(refusal, 500, 0, -ENOMEM, 0, "out of memory");
	if (err) {
		media_state_clear(&state);
		return err;
	}
	if (provisional) {
		/* a later answer begins again with what was offered */
		media_state_move(&n->early, &state);
		n->has_early = true;
	} else {
		media_state_move(&n->next, &state);
		commit(n, now);
	}
	return 0;
}

bool media_settle(struct media_negotiation *n, u64 now)
{
	if (!n->pending || !n->has_early)
		return false;
	media_state_move(&n->next, &n->early);
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
	struct media_state old = { .n = 0 };
	struct sdp *sdp;
	size_t i;
	int err, leg;

	if (!n->pending)
		return refuse(refusal, 500, 0, -EINVAL, 0, "no offer is pending");
	sdp = parse(n, n->from, true, slice_str(n->offer), refusal, &err);
	if (!sdp)
		return err;
	err = media_state_copy(&old, &n->next);
	if (err) {
		free(sdp);
		return refuse(refusal, 500, 0, err, 0, "out of memory");
	}
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
	media_release_streams(n, now, &old, err ? &n->committed : &n->next);
	media_state_clear(&old);
	if (err)
		refuse_ports(sdp, i - 1, refusal, err);
	unsay(n, !n->from);
	*out = err || note_last(n, !n->from) ? NULL : print_for(n, sdp, &n->next, !n->from);
	if (!err && !*out)
		err = refuse(refusal, 500, 0, -ENOMEM, 0, "out of memory");
	free(sdp);
	return err;
}
