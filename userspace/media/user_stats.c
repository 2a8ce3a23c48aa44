// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What an end counts of the packets that it accepts, as the module counts it
 * (kmod/stats.c): loss and jitter by RFC 3550 appendices A.1, A.3 and A.8, for
 * each of the last four SSRCs. A packet's time is when its burst was taken from
 * the socket, which is when it is sent on: jitter that this relay adds by being
 * busy is part of the figure.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/timer.h"
#include "media/user_private.h"

#define MAX_DROPOUT 3000
#define MAX_MISORDER 100
#define SEQ_MOD 0x10000u
#define MAX_GAP (2 * NSEC_PER_SEC)
#define TELL_EVERY (NSEC_PER_SEC / 10)

int user_stats_configure(struct user_stats *stats, const struct media_end *conf)
{
	if (stats->sources || conf->accept == JALUR_ACCEPT_RTCP)
		return 0;
	stats->sources = calloc(USER_SOURCES, sizeof(*stats->sources));
	return stats->sources ? 0 : -ENOMEM;
}

void user_stats_clear(struct user_stats *stats)
{
	free(stats->sources);
}

static void start_sequence(struct user_source *src, u16 seq)
{
	src->base_seq = seq;
	src->max_seq = seq;
	src->bad_seq = SEQ_MOD + 1;	/* no sequence number */
	src->cycles = 0;
	src->received = 0;
}

/* Which of two slots to give up first: an unused one, else the one unheard. */
static bool older(const struct user_source *a, const struct user_source *b)
{
	if (!a->used || !b->used)
		return b->used;
	return a->last < b->last;
}

/* The slot of ssrc, its own or one that was given up for it. */
static struct user_source *find_source(struct user_stats *stats, u32 ssrc)
{
	struct user_source *src, *oldest = stats->sources;
	int i;

	for (i = 0; i < USER_SOURCES; i++) {
		src = &stats->sources[i];
		if (src->used && src->ssrc == ssrc)
			return src;
		if (older(src, oldest))
			oldest = src;
	}
	memset(oldest, 0, sizeof(*oldest));
	oldest->ssrc = ssrc;
	return oldest;
}

/* Every change counts; not every one is told: two sources would send one a packet. */
static bool change_source(struct user_stats *stats, u32 ssrc, u64 now)
{
	bool first = !stats->current;

	stats->current = find_source(stats, ssrc);
	if (first)
		return false;
	stats->ssrc_changes++;
	if (stats->ssrc_changes > 1 && now < stats->ssrc_told + TELL_EVERY)
		return false;
	stats->ssrc_told = now;
	return true;
}

/* Expected less received (RFC 3550 A.3); duplicates do not make it negative. */
static u64 lost_of(const struct user_source *src)
{
	u32 expected = src->cycles + src->max_seq - src->base_seq + 1;

	if (!src->used || src->received >= expected)
		return src->lost_before;
	return src->lost_before + (expected - src->received);
}

/*
 * RFC 3550 A.1, less probation: an end relays the first packet too. A jump is
 * believed when a second packet follows it.
 */
static void update_sequence(struct user_source *src, u16 seq)
{
	u16 delta = seq - src->max_seq;

	if (delta < MAX_DROPOUT) {
		if (seq < src->max_seq)
			src->cycles += SEQ_MOD;
		src->max_seq = seq;
	} else if (delta <= SEQ_MOD - MAX_MISORDER) {
		if (seq != src->bad_seq) {
			src->bad_seq = (u16)(seq + 1);
			return;
		}
		src->lost_before = lost_of(src);
		start_sequence(src, seq);
	}
	src->received++;
}

/* Sixteenths of an RTP unit in some ns, which are less than MAX_GAP. */
static int64_t units(u64 ns, u32 rate)
{
	u32 most = 1u << 20;	/* nobody has a megahertz of audio */

	return (int64_t)(ns * (rate < most ? rate : most) * 16 / NSEC_PER_SEC);
}

/*
 * RFC 3550 A.8, scaled by 16. Telephone events do not count: all packets of one
 * carry the timestamp of its begin (RFC 4733 §2.5.1.2).
 */
static void update_jitter(struct user_source *src, const struct media_payload *payload,
			  u32 timestamp, u64 now)
{
	u32 rate = payload ? payload->clock_rate : USER_DEFAULT_CLOCK;
	int64_t delta;

	if (payload && payload->kind == JALUR_PAYLOAD_KIND_DTMF)
		return;
	if (src->clock_rate != rate) {
		src->clock_rate = rate;
	} else if (now - src->last < MAX_GAP && now - src->arrival < MAX_GAP) {
		delta = units(now - src->arrival, rate);
		delta -= (int64_t)(int32_t)(timestamp - src->timestamp) * 16;
		delta = llabs(delta) < UINT32_MAX / 4 ? llabs(delta) : UINT32_MAX / 4;
		src->jitter += ((int32_t)delta - (int32_t)src->jitter) >> 4;
	}
	src->arrival = now;
	src->timestamp = timestamp;
}

static bool receive_rtp(struct user_stats *stats, const struct media_payload *payload,
			const struct user_packet *pkt, u64 now)
{
	struct user_source *src;
	bool told = false;

	if (!stats->current || stats->current->ssrc != pkt->ssrc)
		told = change_source(stats, pkt->ssrc, now);
	src = stats->current;
	if (!src->used) {
		start_sequence(src, pkt->seq);
		src->used = true;
	}
	update_jitter(src, payload, pkt->timestamp, now);
	update_sequence(src, pkt->seq);
	src->last = now;
	return told;
}

bool user_stats_receive(struct user_stats *stats, const struct media_payload *payload,
			const struct user_packet *pkt, u64 now)
{
	stats->last_rx = now;
	stats->has_rx = true;
	stats->rx_packets++;
	stats->rx_bytes += pkt->len;
	if (!pkt->valid)
		return false;	/* an opaque end's */
	return pkt->kind == JALUR_KIND_RTP && receive_rtp(stats, payload, pkt, now);
}

void user_stats_figures(const struct user_stats *stats, u64 now, struct media_end_figures *out)
{
	size_t i;

	out->rx_packets = stats->rx_packets;
	out->rx_bytes = stats->rx_bytes;
	out->tx_packets = stats->tx_packets;
	out->tx_bytes = stats->tx_bytes;
	for (i = 0; i < MEDIA_DROPS; i++) {
		out->drops[i] = stats->drops[i];
		out->dropped += stats->drops[i];
	}
	for (i = 0; stats->sources && i < USER_SOURCES; i++)
		out->lost += lost_of(&stats->sources[i]);
	if (stats->current) {
		out->jitter = stats->current->jitter >> 4;
		out->clock_rate = stats->current->clock_rate;
	}
	out->last_rx_ms = stats->has_rx ? (now - stats->last_rx) / NSEC_PER_MSEC : UINT64_MAX;
}
