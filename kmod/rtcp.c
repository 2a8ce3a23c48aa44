// SPDX-License-Identifier: GPL-2.0-only
/*
 * Round-trip times, from the RTCP that passes through.
 *
 * RTCP is forwarded as it is. On the way, a sender report leaves its time with
 * the end that sends it on; a report block that comes back to that end quotes
 * it, with the time that the remote held it, and the rest is the round trip
 * between us and that remote (RFC 3550 section 6.4.1).
 */

#include <linux/ktime.h>

#include "jalur.h"

/* Longer than this is a stale or made-up report, not a round trip. */
#define MAX_RTT_US	(60 * USEC_PER_SEC)

static void note_report(struct jalur_end *to, u32 ntp, ktime_t now)
{
	spin_lock(&to->lock);
	to->sr_ntp[to->sr_next] = ntp;
	to->sr_time[to->sr_next] = now;
	to->sr_next = (to->sr_next + 1) % ARRAY_SIZE(to->sr_ntp);
	spin_unlock(&to->lock);
}

static void note_block(struct jalur_end *from, const struct rtcp_report *report,
		       ktime_t now)
{
	s64 held = ((u64)report->dlsr * USEC_PER_SEC) >> 16;
	s64 rtt;
	int i;

	if (!report->lsr)
		return;
	spin_lock(&from->lock);
	for (i = 0; i < ARRAY_SIZE(from->sr_ntp); i++) {
		if (from->sr_ntp[i] != report->lsr || !from->sr_time[i])
			continue;
		rtt = ktime_us_delta(now, from->sr_time[i]) - held;
		/* clocks differ: a short round trip may come out negative */
		if (rtt < MAX_RTT_US && rtt > -(s64)USEC_PER_SEC)
			from->rtt_us = rtt > 0 ? rtt : 1;
		break;
	}
	spin_unlock(&from->lock);
}

/**
 * jalur_rtcp_figures - learn what can be learned from an RTCP packet
 * @from: end where it arrived
 * @to: end that sends it on, NULL when it goes nowhere
 * @data: the packet; passed rtcp_valid()
 * @len: its length
 *
 * Context: BH, RCU; takes one end's lock at a time.
 */
void jalur_rtcp_figures(struct jalur_end *from, struct jalur_end *to,
			const u8 *data, unsigned int len)
{
	struct rtcp_cursor cursor = { .data = data, .len = len };
	struct rtcp_packet packet;
	struct rtcp_report report;
	ktime_t now = ktime_get();
	u32 i;

	while (rtcp_next(&cursor, &packet)) {
		if (packet.type == RTCP_SR && to)
			note_report(to, rtcp_sr_ntp(&packet), now);
		for (i = 0; rtcp_report_parse(&packet, i, &report); i++)
			note_block(from, &report, now);
	}
}
