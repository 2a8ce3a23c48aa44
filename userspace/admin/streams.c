// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each direction of each stream of a call as one line of thought: what the parties
 * promised each other in SDP, what arrives at our end, what leaves from the one on
 * the other side, and what was refused on the way. Where these differ, the trouble is.
 */
#include "admin/command.h"
#include "base/json.h"

static const struct media_end_figures *end_of(const struct media_figures *figures, u64 id)
{
	size_t i;

	for (i = 0; figures && i < figures->nends; i++)
		if (figures->ends[i].id == id)
			return &figures->ends[i];
	return NULL;
}

static bool promised(const struct media_stream_view *v, int from)
{
	return !v->rejected && (v->leg[from].direction & SDP_SEND) &&
	       (v->leg[!from].direction & SDP_RECV);
}

static json_t *counted(const struct media_end_figures *end, u64 value)
{
	return end ? json_integer((json_int_t)value) : json_null();
}

static json_t *direction(const struct media_stream_view *v, const struct media_figures *figures,
			 int from)
{
	const struct media_end_figures *in = end_of(figures, v->leg[from].end);
	const struct media_end_figures *out = end_of(figures, v->leg[!from].end);

	return json_pack("{s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "from", from ? "b" : "a", "to", from ? "a" : "b",
			 "promised", promised(v, from),
			 "source", admin_addr(&v->leg[from].remote),
			 "learned", in && in->latched ? admin_addr(&in->remote) : json_null(),
			 "arrived", counted(in, in ? in->rx_packets : 0),
			 "lost", counted(in, in ? in->lost : 0),
			 "refused", counted(in, in ? in->dropped : 0),
			 "jitter_ms", in ? json_real(admin_jitter_ms(in)) : json_null(),
			 "silent_ms", in && in->last_rx_ms != UINT64_MAX ?
				      json_integer((json_int_t)in->last_rx_ms) : json_null(),
			 "left", counted(out, out ? out->tx_packets : 0),
			 "destination", out ? admin_addr(&out->remote) : json_null());
}

json_t *admin_streams(const struct media_stream_view *views, size_t n,
		      const struct media_figures *figures)
{
	json_t *list = json_array(), *stream;
	size_t i;

	for (i = 0; i < n; i++) {
		stream = json_pack("{s:o, s:o, s:b, s:b, s:o}",
				   "media", json_text(views[i].media),
				   "codec", json_text(views[i].codec),
				   "rejected", views[i].rejected, "mux", views[i].mux,
				   "directions", json_array());
		json_array_append_new(json_object_get(stream, "directions"),
				      direction(&views[i], figures, 0));
		json_array_append_new(json_object_get(stream, "directions"),
				      direction(&views[i], figures, 1));
		json_array_append_new(list, stream);
	}
	return list;
}
