// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loss and jitter of the userspace relay, in made-up time: RFC 3550 appendices
 * A.1, A.3 and A.8, against figures that were worked out by hand.
 */
#include <stdio.h>

#include "base/timer.h"
#include "kselftest_harness.h"
#include "media/user_private.h"

#define MS NSEC_PER_MSEC

FIXTURE(stats) {
	struct user_stats s;
	struct media_payload payload;
	u64 now;
	u32 timestamp;
};

FIXTURE_SETUP(stats)
{
	self->payload = (struct media_payload){ .pt = 0, .clock_rate = 8000 };
	self->now = 1000 * MS;
	ASSERT_EQ(0, user_stats_configure(&self->s, &(struct media_end){
		.accept = JALUR_ACCEPT_RTP | JALUR_ACCEPT_RTCP,
	}));
}

FIXTURE_TEARDOWN(stats)
{
	user_stats_clear(&self->s);
}

static bool packet(FIXTURE_DATA(stats) *self, u32 ssrc, u16 seq, u32 timestamp)
{
	struct user_packet pkt = {
		.kind = JALUR_KIND_RTP, .valid = true, .len = 172,
		.seq = seq, .ssrc = ssrc, .timestamp = timestamp,
	};

	return user_stats_receive(&self->s, &self->payload, &pkt, self->now);
}

/* 20 ms later, in order. */
static void next(FIXTURE_DATA(stats) *self, u16 seq)
{
	self->now += 20 * MS;
	self->timestamp += 160;
	packet(self, 1, seq, self->timestamp);
}

static struct media_end_figures figures(FIXTURE_DATA(stats) *self)
{
	struct media_end_figures f = { 0 };

	user_stats_figures(&self->s, self->now + 7 * MS, &f);
	return f;
}

TEST_F(stats, an_even_stream_has_neither_loss_nor_jitter)
{
	int i;

	for (i = 0; i < 100; i++)
		next(self, i);
	EXPECT_EQ(100, figures(self).rx_packets);
	EXPECT_EQ(17200, figures(self).rx_bytes);
	EXPECT_EQ(0, figures(self).lost);
	EXPECT_EQ(0, figures(self).jitter);
	EXPECT_EQ(8000, figures(self).clock_rate);
	EXPECT_EQ(7, figures(self).last_rx_ms);
}

/* J += (|D| - J) / 16. Late by 10 ms, 80 units: 80/16 = 5; then early by as much. */
TEST_F(stats, jitter_is_that_of_the_rfc)
{
	next(self, 1);
	self->now += 10 * MS;
	next(self, 2);
	EXPECT_EQ(5, figures(self).jitter);
	self->now -= 10 * MS;
	next(self, 3);			/* 5 + (80 - 5) / 16 = 9.69 */
	EXPECT_EQ(9, figures(self).jitter);
	next(self, 4);			/* 9.69 - 9.69 / 16 = 9.08 */
	EXPECT_EQ(9, figures(self).jitter);
	next(self, 5);			/* 8.5 */
	EXPECT_EQ(8, figures(self).jitter);
}

TEST_F(stats, jitter_counts_in_the_clock_of_the_payload)
{
	self->payload.clock_rate = 48000;
	self->now += 20 * MS;
	packet(self, 1, 1, 960);
	self->now += 30 * MS;
	packet(self, 1, 2, 1920);	/* 10 ms late: 480 / 16 */
	EXPECT_EQ(30, figures(self).jitter);
	EXPECT_EQ(48000, figures(self).clock_rate);
}

TEST_F(stats, telephone_events_and_pauses_are_not_jitter)
{
	next(self, 1);
	self->payload.kind = JALUR_PAYLOAD_KIND_DTMF;
	self->now += 50 * MS;
	packet(self, 1, 2, self->timestamp);
	self->now += 50 * MS;
	packet(self, 1, 3, self->timestamp);
	self->payload.kind = JALUR_PAYLOAD_KIND_MEDIA;
	self->timestamp += 800;
	next(self, 4);
	EXPECT_EQ(0, figures(self).jitter);
	self->now += 60000 * MS;	/* silence suppressed, timestamp as it was */
	next(self, 5);
	EXPECT_EQ(0, figures(self).jitter);
	EXPECT_EQ(0, figures(self).lost);
}

TEST_F(stats, lost_is_expected_less_received)
{
	next(self, 10);
	next(self, 11);
	next(self, 15);
	EXPECT_EQ(3, figures(self).lost);
	next(self, 13);			/* late, not lost */
	EXPECT_EQ(2, figures(self).lost);
	next(self, 15);			/* twice, which makes up for nothing more than one */
	next(self, 15);
	next(self, 15);
	EXPECT_EQ(0, figures(self).lost);
}

TEST_F(stats, sequence_numbers_wrap)
{
	next(self, 65534);
	next(self, 65535);
	next(self, 1);
	EXPECT_EQ(1, figures(self).lost);
	EXPECT_EQ(0x10000, self->s.sources[0].cycles);
}

TEST_F(stats, a_jump_is_believed_when_a_second_packet_follows)
{
	next(self, 1);
	next(self, 3);
	next(self, 30000);		/* alone: not believed */
	next(self, 4);
	EXPECT_EQ(1, figures(self).lost);
	next(self, 40000);
	next(self, 40001);		/* the sender began anew; what was lost stays lost */
	next(self, 40003);
	EXPECT_EQ(2, figures(self).lost);
}

TEST_F(stats, each_ssrc_counts_for_itself_and_the_oldest_is_forgotten)
{
	u32 ssrc;

	for (ssrc = 1; ssrc <= 4; ssrc++) {
		self->now += 200 * MS;
		EXPECT_EQ(ssrc > 1, packet(self, ssrc, 1, 0));
		packet(self, ssrc, 3, 0);
	}
	EXPECT_EQ(4, figures(self).lost);
	self->now += 200 * MS;
	EXPECT_TRUE(packet(self, 5, 1, 0));
	EXPECT_EQ(3, figures(self).lost);
	EXPECT_EQ(4, self->s.ssrc_changes);
}

TEST_F(stats, two_sources_at_once_are_not_told_with_every_packet)
{
	int i, told = 0;

	for (i = 0; i < 100; i++) {
		self->now += 10 * MS;
		told += packet(self, i % 2, i / 2, 0);
	}
	EXPECT_EQ(99, self->s.ssrc_changes);
	EXPECT_GE(11, told);
	EXPECT_LE(9, told);
}

TEST_F(stats, rtcp_and_opaque_packets_are_counted_as_packets_only)
{
	struct user_packet rtcp = { .kind = JALUR_KIND_RTCP, .valid = true, .len = 8 };
	struct user_packet opaque = { .kind = JALUR_KIND_OTHER, .len = 3 };

	EXPECT_FALSE(user_stats_receive(&self->s, NULL, &rtcp, self->now));
	EXPECT_FALSE(user_stats_receive(&self->s, NULL, &opaque, self->now));
	EXPECT_EQ(2, figures(self).rx_packets);
	EXPECT_EQ(11, figures(self).rx_bytes);
	EXPECT_EQ(0, figures(self).clock_rate);
}

TEST_HARNESS_MAIN
