// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A realm's policy on codecs, applied to a description while it is in slices: what
 * stays in the list of payload types is what both the other side and the relay get
 * to see. What only helps a codec (telephone events, comfort noise, repair) stays as
 * long as it is not denied by name; alone it makes no stream.
 */
#include <stdio.h>

#include "media/codecs.h"

struct codec {
	char text[48];		/* "L16/44100/2" */
	struct slice name;	/* "L16" */
	struct slice rated;	/* "L16/44100" */
};

static void name_codec(struct codec *c, const struct sdp *sdp, const struct sdp_media *m, u8 pt)
{
	const char *slash, *second;

	sdp_print_payload(sdp, m, pt, c->text, sizeof(c->text));
	slash = strchr(c->text, '/');
	second = slash ? strchr(slash + 1, '/') : NULL;
	c->name = slice_of(c->text, slash ? (size_t)(slash - c->text) : strlen(c->text));
	c->rated = slice_of(c->text, second ? (size_t)(second - c->text) : strlen(c->text));
}

static bool is_called(const struct codec *c, const char *name)
{
	return slice_caseeq(strchr(name, '/') ? c->rated : c->name, slice_str(name));
}

static bool is_listed(const struct codec *c, char *const *names, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (is_called(c, names[i]))
			return true;
	return false;
}

static bool is_helper(const struct codec *c)
{
	static const char *const helpers[] = {
		"telephone-event", "CN", "red", "rtx", "ulpfec", "parityfec", "flexfec-03",
	};
	size_t i;

	for (i = 0; i < sizeof(helpers) / sizeof(*helpers); i++)
		if (is_called(c, helpers[i]))
			return true;
	return false;
}

static bool passes(const struct media_codecs *policy, const struct codec *c)
{
	if (is_listed(c, policy->deny, policy->ndeny))
		return false;
	return !policy->nallow || is_helper(c) || is_listed(c, policy->allow, policy->nallow);
}

/* Repair (RFC 4588) of a codec that was taken out: "a=fmtp:97 apt=96". */
static bool repairs_nothing(const struct sdp *sdp, const struct sdp_media *m, u8 pt)
{
	struct slice value = sdp_fmtp(sdp, m, pt);
	size_t i;
	u32 apt;

	if (value.n < 5 || memcmp(value.p, "apt=", 4))
		return false;
	for (i = 4; i < value.n && value.p[i] >= '0' && value.p[i] <= '9'; i++)
		;
	if (!slice_u32(slice_of(value.p + 4, i - 4), &apt))
		return false;
	for (i = 0; i < m->npayloads; i++)
		if (m->payloads[i].pt == apt)
			return false;
	return true;
}

static void take_out(struct sdp_media *m, size_t i)
{
	m->npayloads--;
	memmove(&m->payloads[i], &m->payloads[i + 1],
		(m->npayloads - i) * sizeof(m->payloads[0]));
	m->chosen = true;
}

static void filter(const struct media_codecs *a, const struct media_codecs *b,
		   const struct sdp *sdp, struct sdp_media *m)
{
	struct codec c;
	size_t i, media = 0;

	for (i = 0; i < m->npayloads;) {
		name_codec(&c, sdp, m, m->payloads[i].pt);
		if (!passes(a, &c) || !passes(b, &c)) {
			take_out(m, i);
			continue;
		}
		media += !is_helper(&c);
		i++;
	}
	for (i = 0; i < m->npayloads;) {
		if (repairs_nothing(sdp, m, m->payloads[i].pt))
			take_out(m, i);
		else
			i++;
	}
	m->refused = !media;
}

/* Those called name come to place *at, in the order that they had. */
static void bring_forward(const struct sdp *sdp, struct sdp_media *m, const char *name, size_t *at)
{
	struct sdp_payload moved;
	struct codec c;
	size_t i;

	for (i = *at; i < m->npayloads; i++) {
		name_codec(&c, sdp, m, m->payloads[i].pt);
		if (!is_called(&c, name))
			continue;
		moved = m->payloads[i];
		memmove(&m->payloads[*at + 1], &m->payloads[*at], (i - *at) * sizeof(moved));
		m->payloads[*at] = moved;
		m->chosen |= i != *at;
		++*at;
	}
}

void media_codecs_apply(const struct media_codecs *a, const struct media_codecs *b,
			const struct media_codecs *order, struct sdp *sdp)
{
	size_t i, j, at;

	if (!a->nallow && !a->ndeny && !b->nallow && !b->ndeny && !order->norder)
		return;
	for (i = 0; i < sdp->nmedia; i++) {
		struct sdp_media *m = &sdp->media[i];

		if (m->kind != SDP_KIND_RTP)
			continue;
		/* Those that were too many to list are as good as not there. */
		if (m->npayloads > SDP_MAX_PAYLOADS) {
			m->npayloads = SDP_MAX_PAYLOADS;
			m->chosen = true;
		}
		filter(a, b, sdp, m);
		for (j = 0, at = 0; j < order->norder; j++)
			bring_forward(sdp, m, order->order[j], &at);
	}
}
