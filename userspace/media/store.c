// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A negotiation as JSON: what both sides agreed on, by which the plan is the same to
 * the digest, and what each was told last, so that the o= line goes on counting. The
 * reader trusts nothing: what it cannot use is named, and nothing is taken then.
 */
#include <stdlib.h>

#include "media/negotiation_private.h"
#include "media/store.h"

#define MAX_SDP 65535

static bool is_any(const struct media_stream_leg *sl)
{
	return sl->npayloads > SDP_MAX_PAYLOADS;	/* too many to list */
}

static json_t *save_payloads(const struct media_stream_leg *sl)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < sl->npayloads && !is_any(sl); i++)
		json_append(&list, json_pack("[i, I, b, b]", sl->payloads[i].pt,
					     (json_int_t)sl->payloads[i].clock_rate,
					     sl->payloads[i].dtmf,
					     sl->payloads[i].comfort_noise));
	return list;
}

static json_t *save_leg(const struct media_stream_leg *sl)
{
	return json_pack("{s:o, s:I, s:I, s:o, s:o, s:i, s:b, s:o}",
			 "local", json_addr(&sl->local), "end", (json_int_t)sl->id,
			 "rtcp_end", (json_int_t)sl->rtcp_id, "remote", json_addr(&sl->remote),
			 "remote_rtcp", json_addr(&sl->remote_rtcp),
			 "direction", (int)sl->direction,
			 "any_payload", is_any(sl),
			 "payloads", save_payloads(sl));
}

static json_t *save_stream(const struct media_stream *s)
{
	return json_pack("{s:i, s:b, s:b, s:o, s:o, s:o, s:o}", "kind", (int)s->kind,
			 "rejected", s->rejected, "mux", s->mux, "media", json_text(s->media),
			 "codec", json_text(s->codec), "a", save_leg(&s->leg[0]),
			 "b", save_leg(&s->leg[1]));
}

static json_t *save_said(const char *sdp)
{
	return sdp ? json_text(sdp) : json_null();
}

json_t *media_negotiation_save(const struct media_negotiation *n)
{
	const struct media_state *state = &n->committed;
	json_t *streams = json_array(), *object;
	size_t i;

	for (i = 0; i < state->n; i++)
		json_append(&streams, save_stream(&state->streams[i]));
	object = json_pack("{s:I, s:o, s:[o, o], s:[I, I], s:o}",
			   "next_end", (json_int_t)n->next_id, "tag", json_text(n->tag),
			   "said", save_said(n->last[0]), save_said(n->last[1]),
			   "version", (json_int_t)n->version[0], (json_int_t)n->version[1],
			   "streams", streams);
	if (n->conf.origin[0].session || n->conf.origin[1].session)
		json_put(&object, "origin",
			 json_pack("[I, I]", (json_int_t)n->conf.origin[0].session,
				   (json_int_t)n->conf.origin[1].session));
	return object;
}

/* --- and back --- */

static void restore_payload(struct json_reader *r, const json_t *saved, struct sdp_payload *p)
{
	json_int_t pt = json_integer_value(json_array_get(saved, 0));
	json_int_t rate = json_integer_value(json_array_get(saved, 1));

	if (json_array_size(saved) != 4 || pt < 0 || pt > 127 || rate <= 0 || rate > INT32_MAX)
		r->bad = "payloads";
	p->pt = (u8)pt;
	p->clock_rate = (u32)rate;
	p->dtmf = json_is_true(json_array_get(saved, 2));
	p->comfort_noise = json_is_true(json_array_get(saved, 3));
}

static void restore_leg(struct json_reader *r, const json_t *saved, struct media_stream_leg *sl)
{
	const json_t *payloads = json_read_array(r, saved, "payloads", SDP_MAX_PAYLOADS);
	size_t i;

	sl->local = json_read_addr(r, saved, "local");
	sl->id = json_read_u64(r, saved, "end", INT32_MAX);
	sl->rtcp_id = json_read_u64(r, saved, "rtcp_end", INT32_MAX);
	sl->remote = json_read_addr(r, saved, "remote");
	sl->remote_rtcp = json_read_addr(r, saved, "remote_rtcp");
	sl->direction = (enum sdp_direction)json_read_u64(r, saved, "direction", SDP_SENDRECV);
	sl->npayloads = payloads ? json_array_size(payloads) : 0;
	for (i = 0; i < sl->npayloads && !r->bad; i++)
		restore_payload(r, json_array_get(payloads, i), &sl->payloads[i]);
	if (json_read_bool(r, saved, "any_payload"))
		sl->npayloads = SDP_MAX_PAYLOADS + 1;
}

static void restore_stream(struct json_reader *r, const json_t *saved, struct media_stream *s)
{
	const char *media = json_read_text(r, saved, "media", MEDIA_NAME - 1);
	const char *codec = json_read_text(r, saved, "codec", MEDIA_CODEC - 1);

	strcpy(s->media, media);
	strcpy(s->codec, codec);
	s->kind = (enum sdp_kind)json_read_u64(r, saved, "kind", SDP_KIND_OTHER);
	s->rejected = json_read_bool(r, saved, "rejected");
	s->mux = json_read_bool(r, saved, "mux");
	s->answered = true;
	restore_leg(r, json_read_object(r, saved, "a"), &s->leg[0]);
	restore_leg(r, json_read_object(r, saved, "b"), &s->leg[1]);
}

/* All or none: what was claimed goes back at once. */
static void claim_ports(struct media_negotiation *n, struct json_reader *r)
{
	struct media_state *state = &n->committed;
	size_t i;
	int leg;

	for (i = 0; i < state->n; i++)
		for (leg = 0; leg < 2; leg++) {
			struct media_stream_leg *sl = &state->streams[i].leg[leg];

			if (!sl->local.family)
				continue;
			if (!r->bad && !media_ports_claim(n->conf.ports[leg], &sl->local,
							  &sl->advertised))
				continue;
			if (!r->bad)
				r->bad = "local";
			sl->local.family = 0;	/* not ours to give back */
		}
}

static char *restore_description(struct json_reader *r, const json_t *saved, struct sdp *scratch)
{
	const char *text = json_string_value(saved);
	struct sdp_error err;
	char *copy = NULL;

	if (json_is_null(saved))
		return NULL;
	if (text && strlen(text) <= MAX_SDP && !sdp_parse(slice_str(text), scratch, &err))
		copy = strdup(text);
	else
		text = NULL;
	if (!copy)
		r->bad = text ? "memory" : "said";
	return copy;
}

static u64 restore_version(struct json_reader *r, const json_t *saved)
{
	json_int_t version = json_integer_value(saved);

	if (!json_is_integer(saved) || version < 0 || version > INT32_MAX)
		r->bad = "version";
	return (u64)version;
}

/* Who went on with what another negotiation had said, says whose words those were. */
static void restore_origin(struct media_negotiation *n, struct json_reader *r, const json_t *saved)
{
	const json_t *origin = json_object_get(saved, "origin") ?
			       json_read_array(r, saved, "origin", 2) : NULL;
	size_t i;

	for (i = 0; origin && i < 2; i++) {
		const json_t *session = json_array_get(origin, i);

		if (!json_is_integer(session) || json_integer_value(session) < 0)
			r->bad = "origin";
		else
			n->conf.origin[i].session = (u64)json_integer_value(session);
	}
}

/* What each side was told last. */
static void restore_said(struct media_negotiation *n, struct json_reader *r, const json_t *saved)
{
	const json_t *said = json_read_array(r, saved, "said", 2);
	const json_t *version = json_read_array(r, saved, "version", 2);
	struct sdp *scratch = malloc(sizeof(*scratch));
	size_t i;

	for (i = 0; i < 2 && scratch && !r->bad; i++) {
		n->version[i] = restore_version(r, json_array_get(version, i));
		n->last[i] = restore_description(r, json_array_get(said, i), scratch);
	}
	if (!scratch)
		r->bad = "memory";
	free(scratch);
}

struct media_negotiation *media_negotiation_restore(const struct media_negotiation_conf *conf,
						    struct json_reader *r, const json_t *saved,
						    u64 now)
{
	const json_t *streams = json_read_array(r, saved, "streams", SDP_MAX_MEDIA);
	struct media_negotiation_conf with_tag = *conf;
	struct media_negotiation *n;
	size_t i, count = streams ? json_array_size(streams) : 0;

	with_tag.tag = json_read_text(r, saved, "tag", MEDIA_PLAN_TAG - 1);
	n = r->bad ? NULL : media_negotiation_new(&with_tag);
	if (!n)
		return NULL;
	n->next_id = json_read_u64(r, saved, "next_end", INT32_MAX);
	media_state_new(&n->committed, count);
	for (i = 0; i < n->committed.n && !r->bad; i++)
		restore_stream(r, json_array_get(streams, i), &n->committed.streams[i]);
	restore_origin(n, r, saved);
	restore_said(n, r, saved);
	if (n->committed.streams && !r->bad)
		claim_ports(n, r);
	else
		n->committed.n = 0;	/* their ports were not claimed */
	if (!r->bad && n->committed.streams) {
		media_state_trim(&n->committed);
		return n;
	}
	media_negotiation_free(n, now);
	return NULL;
}
