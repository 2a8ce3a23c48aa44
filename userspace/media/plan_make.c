// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * plan = f(committed, pending): an end for every local address in use, flows
 * where both sides agreed to media. While an offer is pending, ends of the
 * committed list stay exactly as they are, and those that only the pending list
 * has are added; so an offer only widens, and without it the plan is what it
 * was. Ends take packets from when the offer was sent; what they may learn, and
 * where packets go, is open once there is an answer, early or final.
 */
#include <linux/jalur.h>

#include "media/negotiation_private.h"

static bool carries(const struct media_stream *s)
{
	return !s->rejected && s->leg[0].local.family && s->leg[1].local.family;
}

/* Streams whose list decides: the committed one goes on until the commit. */
static const struct media_stream *stream_at(const struct media_negotiation *n, size_t i)
{
	const struct media_state *next = n->has_early ? &n->early : &n->next;

	if (i < n->committed.n && carries(&n->committed.streams[i]))
		return &n->committed.streams[i];
	if (n->pending && i < next->n && carries(&next->streams[i]))
		return &next->streams[i];
	return NULL;
}

static size_t ends_of(const struct media_stream *s)
{
	bool rtcp = s->kind == SDP_KIND_RTP && !(s->mux && s->answered);

	return rtcp ? 4 : 2;
}

static bool flows_from(const struct media_stream *s, int leg)
{
	if (!s->answered)
		return false;
	return s->kind != SDP_KIND_RTP ||
	       ((s->leg[leg].direction & SDP_SEND) && (s->leg[!leg].direction & SDP_RECV));
}

static size_t flows_of(const struct media_stream *s)
{
	size_t flows = flows_from(s, 0) + flows_from(s, 1);

	return flows + (ends_of(s) == 4 && s->answered ? 2 : 0);
}

static void add_payload(struct media_end *end, const struct sdp_payload *p)
{
	size_t i;

	for (i = 0; i < end->npayloads; i++)
		if (end->payloads[i].pt == p->pt)
			return;
	if (end->npayloads < MEDIA_PLAN_PAYLOADS)
		end->payloads[end->npayloads] = (struct media_payload){
			.pt = p->pt,
			.kind = p->dtmf ? JALUR_PAYLOAD_KIND_DTMF :
				p->comfort_noise ? JALUR_PAYLOAD_KIND_COMFORT_NOISE :
				JALUR_PAYLOAD_KIND_MEDIA,
			.clock_rate = p->clock_rate,
		};
	end->npayloads++;
}

/*
 * What may arrive: what we said to this leg, which is what the other one said,
 * and, since phones send by their own numbers too, what it said itself.
 */
static void set_payloads(struct media_end *end, const struct media_stream *s, int leg)
{
	size_t i;
	int l;

	for (l = 0; l < 2; l++) {
		const struct media_stream_leg *sl = &s->leg[l ? leg : !leg];

		if (sl->npayloads > SDP_MAX_PAYLOADS)
			end->npayloads = MEDIA_PLAN_PAYLOADS + 1;
		for (i = 0; i < sl->npayloads && i < SDP_MAX_PAYLOADS; i++)
			add_payload(end, &sl->payloads[i]);
	}
	if (end->npayloads > MEDIA_PLAN_PAYLOADS)
		end->npayloads = 0;	/* too many to list: any */
}

static void set_end(struct media_end *end, const struct media_negotiation *n,
		    const struct media_stream *s, int leg, bool rtcp)
{
	const struct media_stream_leg *sl = &s->leg[leg];

	end->id = rtcp ? sl->rtcp_id : sl->id;
	end->local = sl->local;
	end->local.port += rtcp;
	end->remote = rtcp ? sl->remote_rtcp : sl->remote;
	if (!end->remote.port || end->remote.family != end->local.family)
		memset(&end->remote, 0, sizeof(end->remote));
	end->latch = n->conf.latch[leg];
	end->latch_open = s->answered;
	if (rtcp) {
		end->accept = JALUR_ACCEPT_RTCP;
		return;
	}
	end->accept = s->kind != SDP_KIND_RTP ? JALUR_ACCEPT_OPAQUE :
		      s->mux ? JALUR_ACCEPT_RTP | JALUR_ACCEPT_RTCP : JALUR_ACCEPT_RTP;
	/* a leg that does not mean to send is not idle, it is quiet */
	if (s->answered && (sl->direction & SDP_SEND) && s->kind == SDP_KIND_RTP)
		end->idle_ms = n->conf.idle_ms;
	if (s->kind == SDP_KIND_RTP)
		set_payloads(end, s, leg);
}

static void add_flow(struct media_plan *plan, u64 source, u64 dest)
{
	plan->flows[plan->nflows++] = (struct media_flow){ source, dest };
}

static void add_stream(struct media_plan *plan, const struct media_negotiation *n,
		       const struct media_stream *s)
{
	bool rtcp = ends_of(s) == 4;
	int leg;

	for (leg = 0; leg < 2; leg++) {
		set_end(&plan->ends[plan->nends++], n, s, leg, false);
		if (rtcp)
			set_end(&plan->ends[plan->nends++], n, s, leg, true);
		if (flows_from(s, leg))
			add_flow(plan, s->leg[leg].id, s->leg[!leg].id);
		if (rtcp && s->answered)
			add_flow(plan, s->leg[leg].rtcp_id, s->leg[!leg].rtcp_id);
	}
}

struct media_plan *media_plan_make(const struct media_negotiation *n, bool *empty)
{
	const struct media_stream *s;
	struct media_plan *plan;
	size_t i, nends = 0, nflows = 0;

	for (i = 0; i < SDP_MAX_MEDIA; i++) {
		s = stream_at(n, i);
		nends += s ? ends_of(s) : 0;
		nflows += s ? flows_of(s) : 0;
	}
	*empty = !nends;
	plan = nends ? media_plan_new(n->conf.session, nends, nflows) : NULL;
	if (!plan)
		return NULL;
	memcpy(plan->tag, n->tag, sizeof(plan->tag));
	plan->nends = plan->nflows = 0;
	for (i = 0; i < SDP_MAX_MEDIA; i++) {
		s = stream_at(n, i);
		if (s)
			add_stream(plan, n, s);
	}
	plan->digest = media_plan_digest(plan);
	return plan;
}
