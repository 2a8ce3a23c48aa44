// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an end counts of the packets that it accepts.
 *
 * Plain integers under the end's lock, which commit() holds anyway. Loss and
 * jitter follow RFC 3550 appendices A.1, A.3 and A.8, for each of the last four
 * SSRCs. Jitter needs a clock finer than jiffies. skb->tstamp is not an option:
 * it is zero unless somebody listens. Any call of a kernel clock costs some 50
 * instructions, a twentieth of a packet, so that a stable TSC is read directly
 * where there is one, and local_clock() elsewhere; drift between CPUs matters
 * little to differences of some 20 ms. Between two packets we keep ticks and
 * timestamps apart, and convert the difference, so that no product overflows
 * and no rounding accumulates.
 */

#include <linux/math64.h>
#include <linux/sched/clock.h>
#ifdef CONFIG_X86_TSC
#include <asm/tsc.h>
#endif

#define MAX_DROPOUT	3000
#define MAX_MISORDER	100
#define SEQ_MOD		0x10000U
/* Well before 32 bits of ticks wrap, at any frequency. */
#define MAX_GAP		(2 * HZ)

/* Sixteen cycles a tick: 32 bits last longer than ten seconds. */
#define TICK_SHIFT	4

#ifdef CONFIG_X86_TSC
static bool ticks_are_tsc(void)
{
	return tsc_khz && !check_tsc_unstable();
}
#endif

static u32 read_ticks(void)
{
#ifdef CONFIG_X86_TSC
	if (likely(ticks_are_tsc()))
		return rdtsc() >> TICK_SHIFT;
#endif
	return local_clock() >> TICK_SHIFT;
}

/* Sixteenths of an RTP unit in a tick, times 2^32. */
static u64 tick_scale(u32 clock_rate)
{
	u64 khz = 1000000;

#ifdef CONFIG_X86_TSC
	if (ticks_are_tsc())
		khz = tsc_khz;
#endif
	/* rate * 16 / (khz * 1000 / 16), and nobody has a gigahertz of audio */
	return div64_u64(((u64)min(clock_rate, 1U << 20) << 32) * 32,
			 khz * 125);
}

static void start_sequence(struct jalur_source *src, u16 seq)
{
	src->base_seq = seq;
	src->max_seq = seq;
	src->bad_seq = SEQ_MOD + 1;	/* no sequence number */
	src->cycles = 0;
	src->received = 0;
}

/* Which of two slots to give up first: an unused one, else the one unheard. */
static bool older(const struct jalur_source *a, const struct jalur_source *b)
{
	if (!a->used || !b->used)
		return b->used;
	return time_before(a->last, b->last);
}

/* The slot of @ssrc, its own or one that was given up for it. */
static struct jalur_source *find_source(struct jalur_stats *stats, u32 ssrc)
{
	struct jalur_source *src, *oldest = stats->sources;
	int i;

	for (i = 0; i < JALUR_SOURCES; i++) {
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

/*
 * Another SSRC arrives. Every change counts. Not every one is told: two SSRCs
 * on one port, or somebody at the remote who likes events, would send one a
 * packet.
 */
static noinline bool change_source(struct jalur_end *end, u32 ssrc)
{
	bool first = !end->has_ssrc;

	end->source = find_source(&end->stats, ssrc);
	end->cur_ssrc = ssrc;
	end->has_ssrc = true;
	if (first)
		return false;
	end->stats.ssrc_changes++;
	if (end->stats.ssrc_changes > 1 &&
	    time_before(jiffies, end->ssrc_told + HZ / 10))
		return false;
	end->ssrc_told = jiffies;
	return true;
}

/**
 * jalur_stats_lost - packets of a source that never came
 * @src: the source
 *
 * Expected less received (RFC 3550 appendix A.3); duplicates do not make it
 * negative.
 *
 * Context: the end's lock held.
 */
u64 jalur_stats_lost(const struct jalur_source *src)
{
	u32 expected = src->cycles + src->max_seq - src->base_seq + 1;

	if (!src->used || src->received >= expected)
		return src->lost_before;
	return src->lost_before + (expected - src->received);
}

/*
 * RFC 3550 appendix A.1, less probation: an end relays the first packet too.
 * A jump is believed when a second packet follows it.
 */
static __always_inline void update_sequence(struct jalur_source *src, u16 seq)
{
	u16 delta = seq - src->max_seq;

	if (likely(delta < MAX_DROPOUT)) {
		if (seq < src->max_seq)
			src->cycles += SEQ_MOD;
		src->max_seq = seq;
	} else if (delta <= SEQ_MOD - MAX_MISORDER) {
		if (seq != src->bad_seq) {
			src->bad_seq = (u16)(seq + 1);
			return;
		}
		src->lost_before = jalur_stats_lost(src);
		start_sequence(src, seq);
	}
	src->received++;
}

/*
 * RFC 3550 appendix A.8, scaled by 16. Telephone events do not count: all
 * packets of one carry the timestamp of its begin (RFC 4733 section 2.5.1.2).
 */
static __always_inline void
update_jitter(struct jalur_source *src, const struct jalur_payload *payload,
	      u32 timestamp)
{
	u32 rate = payload ? payload->clock_rate : JALUR_DEFAULT_CLOCK;
	u32 now = read_ticks();
	s64 delta;

	if (payload && payload->kind == JALUR_PAYLOAD_KIND_DTMF)
		return;
	if (unlikely(src->clock_rate != rate)) {
		src->clock_rate = rate;
		src->scale = tick_scale(rate);
	} else if (likely(jiffies - src->last < MAX_GAP)) {
		delta = (now - src->arrival) * src->scale >> 32;
		delta -= (s64)(s32)(timestamp - src->timestamp) * 16;
		delta = min_t(s64, abs(delta), U32_MAX / 4);
		src->jitter += ((s32)delta - (s32)src->jitter) >> 4;
	}
	src->arrival = now;
	src->timestamp = timestamp;
}

static __always_inline void
update_source(struct jalur_source *src, const struct jalur_payload *payload,
	      u32 timestamp, u16 seq)
{
	update_jitter(src, payload, timestamp);
	update_sequence(src, seq);
	src->packets++;
	src->last = jiffies;
}

static bool receive_rtp(struct jalur_end *end,
			const struct jalur_payload *payload,
			const struct jalur_pkt *pkt)
{
	struct jalur_source *src;
	bool told = false;

	if (unlikely(!end->has_ssrc || end->cur_ssrc != pkt->ssrc))
		told = change_source(end, pkt->ssrc);
	src = end->source;
	if (unlikely(!src->used)) {
		start_sequence(src, pkt->seq);
		src->used = true;
	}
	update_source(src, payload, pkt->timestamp, pkt->seq);
	src->pt = pkt->pt;
	return told;
}

/*
 * Count an accepted packet of @end, under its lock. @payload is its line in the
 * payload table, NULL without a table. True when userspace is to be told of
 * another SSRC.
 */
static bool stats_receive(struct jalur_end *end,
			  const struct jalur_payload *payload,
			  const struct jalur_pkt *pkt)
{
	struct jalur_stats *stats = &end->stats;

	lockdep_assert_held(&end->lock);
	WRITE_ONCE(end->last_rx, jiffies);
	end->has_rx = true;
	stats->rx_packets++;
	stats->rx_bytes += pkt->len;
	if (unlikely(!pkt->valid))
		return false;	/* an opaque end's */
	if (likely(pkt->kind == JALUR_KIND_RTP))
		return receive_rtp(end, payload, pkt);
	stats->rx_rtcp_packets++;
	return false;
}

/**
 * jalur_stats_drop - count a packet that goes no further
 * @end: where it arrived
 * @reason: why
 *
 * Context: BH; takes @end->lock.
 */
void jalur_stats_drop(struct jalur_end *end, enum jalur_drop_reason reason)
{
	spin_lock(&end->lock);
	end->stats.drops[reason]++;
	spin_unlock(&end->lock);
}
