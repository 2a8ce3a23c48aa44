// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * P-RTP-Stat, which phones and gateways show on their own pages and send to their
 * own collectors: what was sent and received, for a trunk that wants it, from our
 * side of the leg. It is in the 200 to a BYE, which waits for the figures anyway.
 */
#include <inttypes.h>
#include <stdio.h>

#include "call/call.h"

/* P-RTP-Stat has one number for everything: all streams together, the worst jitter. */
static void add_end(struct media_end_figures *sum, const struct media_end_figures *end)
{
	u32 jitter = end->clock_rate ? (u32)((u64)end->jitter * 1000 / end->clock_rate) : 0;

	sum->tx_packets += end->tx_packets;
	sum->tx_bytes += end->tx_bytes;
	sum->rx_packets += end->rx_packets;
	sum->rx_bytes += end->rx_bytes;
	sum->lost += end->lost;
	if (jitter > sum->jitter)
		sum->jitter = jitter;
}

static bool add_figures(struct media_end_figures *sum, const struct call *call, enum media_leg side)
{
	struct media_stream_view views[SDP_MAX_MEDIA];
	size_t i, j, n = media_negotiation_view(call->media, views);
	bool any = false;

	for (i = 0; i < n; i++)
		for (j = 0; j < call->figures->nends; j++) {
			if (call->figures->ends[j].id != views[i].leg[side].end)
				continue;
			add_end(sum, &call->figures->ends[j]);
			any = true;
		}
	return any;
}

void call_rtp_stat(const struct call_leg *leg, char line[CALL_RTP_STAT])
{
	const struct call *call = leg->call;
	struct media_end_figures sum = { .id = 0 };

	*line = 0;
	if (leg->trunk < 0 || !call->policy->trunks[leg->trunk].rtp_stat || !call->answered ||
	    !call->media || !call->figures || !add_figures(&sum, call, leg->side))
		return;
	snprintf(line, CALL_RTP_STAT,
		 "P-RTP-Stat: PS=%" PRIu64 ",OS=%" PRIu64 ",PR=%" PRIu64 ",OR=%" PRIu64
		 ",PL=%" PRIu64 ",JI=%u,DU=%" PRIu64 "\r\n",
		 sum.tx_packets, sum.tx_bytes, sum.rx_packets, sum.rx_bytes, sum.lost, sum.jitter,
		 (u64)((call->ended - call->answered) / NSEC_PER_SEC));
}
