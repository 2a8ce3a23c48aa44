// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * plan = f(committed, pending): an end for every local address in use, flows
 * where both sides agreed to media. While an offer is pending, streams of the
 * committed list stay as they are, but for payload types, of which those just
 * offered may arrive too; streams that only the pending list has are added. So
 * an offer only widens, and without it the plan is what it was. Ends take
 * packets from when the offer was sent; what they may learn, and where packets
 * go, is open once there is an answer, early or final.
 */
#include <linux/jalur.h>

#include "media/negotiation_private.h"

static bool carries(const struct media_stream *s)
{
	return !s->rejected && s->leg[0].local.family && s->leg[1].local.family;
}

/* A stream of the plan, and what the pending offer would make of it, or NULL. */
struct planned {
	const struct media_stream *stream, *pending;
};

static const struct media_stream *stream_of(const struct media_state *state, size_t i)
{
	return i < state->n && carries(&state->streams[i]) ? &state->streams[i] : NULL;
}

/*
 * The streams of m= line i: the committed one, until the commit, and the pending
 * one, if it has ends of its own (an m= line may be used anew, for fax).
 */
static size_t streams_at(const struct media_negotiation *n, size_t i, struct planned out[2])
{
	const struct media_stream *old = stream_of(&n->committed, i), *next = NULL;
	size_t count = 0;

	if (n->pending)
		next = stream_of(n->has_early ? &n->early : &n->next, i);
	if (old && next && old->leg[0].id == next->leg[0].id) {
		out[0] = (struct planned){ old, next };
		return 1;
	}
	if (old)
		out[count++] = (struct planned){ old, NULL };
	if (next)
		out[count++] = (struct planned){ next, NULL };
	return count;
}

static size_t ends_of(const struct media_negotiation *n, const struct media_stream *s)
{
	bool rtcp = s->kind == SDP_KIND_RTP && !(s->mux && s->answered);

	(void)n;
	return rtcp ? 4 : 2;
}

static bool flows_from(const struct media_negotiation *n, const struct media_stream *s, int leg)
{
	if (!s->answered || (n->muted && leg == MEDIA_LEG_B))
		return false;
	return s->kind != SDP_KIND_RTP ||
	       ((s->leg[leg].direction & SDP_SEND) && (s->leg[!leg].direction & SDP_RECV));
}

static size_t flows_of(const struct media_negotiation *n, const struct media_stream *s)
{
	size_t flows = flows_from(n, s, 0) + flows_from(n, s, 1);

	return flows + (ends_of(n, s) == 4 && s->answered ? 2 : 0);
}

#define TOO_MANY (MEDIA_PLAN_PAYLOADS + 1)

static void add_payload(struct media_end *end, const struct sdp_payload *p)
{
	size_t i;

	for (i = 0; i < end->npayloads && i < MEDIA_PLAN_PAYLOADS; i++)
		if (end->payloads[i].pt == p->pt)
			return;
	if (end->npayloads >= MEDIA_PLAN_PAYLOADS) {
		end->npayloads = TOO_MANY;
		return;
	}
	end->payloads[end->npayloads++] = (struct media_payload){
		.pt = p->pt,
		.kind = p->dtmf ? JALUR_PAYLOAD_KIND_DTMF :
			p->comfort_noise ? JALUR_PAYLOAD_KIND_COMFORT_NOISE :
			JALUR_PAYLOAD_KIND_MEDIA,
		.clock_rate = p->clock_rate,
	};
}

static void add_payloads(struct media_end *end, const struct media_stream_leg *sl)
{
	size_t i;

	if (sl->npayloads > SDP_MAX_PAYLOADS) {
		end->npayloads = TOO_MANY;
		return;
	}
	for (i = 0; i < sl->npayloads; i++)
		add_payload(end, &sl->payloads[i]);
}

/*
 * What may arrive: what we said to this leg, which is what the other one said,
 * and, since phones send by their own numbers too, what it said itself.
 */
static void set_payloads(struct media_end *end, const struct planned *p, int leg)
{
	add_payloads(end, &p->stream->leg[!leg]);
	add_payloads(end, &p->stream->leg[leg]);
	if (p->pending) {
		add_payloads(end, &p->pending->leg[!leg]);
		add_payloads(end, &p->pending->leg[leg]);
	}
	if (end->npayloads == TOO_MANY)
		end->npayloads = 0;	/* too many to list: any */
}

static void set_remote(struct media_end *end, const struct addr *remote)
{
	if (!remote->port || remote->family != end->local.family)
		return;
	end->remote = *remote;
	if (remote->family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&remote->ip.v6))
		end->remote.scope = end->local.scope;
}

static void set_end(struct media_end *end, const struct media_negotiation *n,
		    const struct planned *p, int leg, bool rtcp)
{
	const struct media_stream *s = p->stream;
	const struct media_stream_leg *sl = &s->leg[leg];

	end->id = rtcp ? sl->rtcp_id : sl->id;
	end->local = sl->local;
	end->local.port += rtcp;
	set_remote(end, rtcp ? &sl->remote_rtcp : &sl->remote);
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
		set_payloads(end, p, leg);
}

static void add_flow(struct media_plan *plan, u64 source, u64 dest)
{
	plan->flows[plan->nflows++] = (struct media_flow){ source, dest };
}

static void add_stream(struct media_plan *plan, const struct media_negotiation *n,
		       const struct planned *p)
{
	const struct media_stream *s = p->stream;
	bool rtcp = ends_of(n, s) == 4;
	int leg;

	for (leg = 0; leg < 2; leg++) {
		set_end(&plan->ends[plan->nends++], n, p, leg, false);
		if (rtcp)
			set_end(&plan->ends[plan->nends++], n, p, leg, true);
		if (flows_from(n, s, leg))
			add_flow(plan, s->leg[leg].id, s->leg[!leg].id);
		if (rtcp && s->answered)
			add_flow(plan, s->leg[leg].rtcp_id, s->leg[!leg].rtcp_id);
	}
}

static size_t count(const struct media_negotiation *n,
		    size_t (*of)(const struct media_negotiation *n, const struct media_stream *))
{
	struct planned planned[2];
	size_t i, j, total = 0;

	for (i = 0; i < SDP_MAX_MEDIA; i++)
		for (j = streams_at(n, i, planned); j-- > 0;)
			total += of(n, planned[j].stream);
	return total;
}

size_t media_plan_ends(const struct media_negotiation *n)
{
	return count(n, ends_of);
}

struct media_plan *media_plan_make(const struct media_negotiation *n, bool *empty)
{
	size_t i, j, here, nends = count(n, ends_of), nflows = count(n, flows_of);
	struct planned planned[2];
	struct media_plan *plan, *made;

	*empty = !nends;
	plan = nends ? media_plan_new(n->conf.session, nends, nflows) : NULL;
	if (!plan)
		return NULL;
	plan->tag = n->tag;
	plan->nends = plan->nflows = 0;
	for (i = 0; i < SDP_MAX_MEDIA; i++) {
		here = streams_at(n, i, planned);
		for (j = 0; j < here; j++)
			add_stream(plan, n, &planned[j]);
	}
	plan->digest = media_plan_digest(plan);
	made = media_plan_copy(plan);	/* without the room that was left over */
	media_plan_put(plan);
	return made;
}
