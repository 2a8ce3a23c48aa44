// SPDX-License-Identifier: GPL-2.0-only
/*
 * How often a source may ask: buckets of tokens in a table that never grows.
 */
#include "kselftest_harness.h"

#include "base/timer.h"
#include "sip/rate.h"

static const struct sip_rate ten_a_second = { .rate = 10, .burst = 3 };
static const struct hash_key key = { { 1, 2 } };

FIXTURE(rate) {
	struct sip_rates *r;
	u64 now;
};

FIXTURE_SETUP(rate)
{
	self->r = sip_rates_new(&key, &ten_a_second);
	self->now = 1000 * NSEC_PER_SEC;
	ASSERT_NE(self->r, NULL);
}

FIXTURE_TEARDOWN(rate)
{
	sip_rates_free(self->r);
}

static enum sip_rate_verdict take(struct sip_rates *r, u64 now, const char *text)
{
	struct addr a = { 0 };

	addr_parse_ip(slice_str(text), &a);
	return sip_rates_take(r, now, &a);
}

#define take(text) take(self->r, self->now, text)

TEST_F(rate, a_burst_then_as_they_come_back)
{
	int i;

	for (i = 0; i < 3; i++)
		EXPECT_EQ(take("192.0.2.1"), SIP_RATE_WITHIN);
	EXPECT_EQ(take("192.0.2.1"), SIP_RATE_FIRST_ABOVE);
	EXPECT_EQ(take("192.0.2.1"), SIP_RATE_ABOVE);
	self->now += 99 * NSEC_PER_MSEC;
	EXPECT_EQ(take("192.0.2.1"), SIP_RATE_ABOVE);
	self->now += NSEC_PER_MSEC;
	EXPECT_EQ(take("192.0.2.1"), SIP_RATE_WITHIN);
	/* It is told once, until it has been quiet. */
	EXPECT_EQ(take("192.0.2.1"), SIP_RATE_ABOVE);
	/* No longer than a burst is saved up. */
	self->now += 3600 * NSEC_PER_SEC;
	for (i = 0; i < 3; i++)
		EXPECT_EQ(take("192.0.2.1"), SIP_RATE_WITHIN);
	EXPECT_EQ(take("192.0.2.1"), SIP_RATE_FIRST_ABOVE);
}

TEST_F(rate, each_source_has_its_own)
{
	int i;

	for (i = 0; i < 4; i++)
		take("192.0.2.1");
	EXPECT_EQ(take("192.0.2.1"), SIP_RATE_ABOVE);
	EXPECT_EQ(take("192.0.2.2"), SIP_RATE_WITHIN);
}

/* Who has a /64 has 2^64 addresses. */
TEST_F(rate, of_ipv6_the_first_64_bits_count)
{
	EXPECT_EQ(take("2001:db8:0:1::1"), SIP_RATE_WITHIN);
	EXPECT_EQ(take("2001:db8:0:1::2"), SIP_RATE_WITHIN);
	EXPECT_EQ(take("2001:db8:0:1:ffff::3"), SIP_RATE_WITHIN);
	EXPECT_EQ(take("2001:db8:0:1:8000:1:2:3"), SIP_RATE_FIRST_ABOVE);
	EXPECT_EQ(take("2001:db8:0:2::1"), SIP_RATE_WITHIN);
}

/* A million sources later the loud one is still known: quiet ones make room for each other. */
TEST_F(rate, a_crowd_does_not_wash_away_who_is_above)
{
	struct addr a = { .family = AF_INET };
	u32 i;

	for (i = 0; i < 4; i++)
		take("192.0.2.1");
	for (i = 0; i < 1000000; i++) {
		/* They come over time: a token each is back before the next of its set comes. */
		a.ip.v4.s_addr = htonl(0x0a000000 + i);
		sip_rates_take(self->r, self->now - NSEC_PER_SEC, &a);
	}
	EXPECT_EQ(take("192.0.2.1"), SIP_RATE_ABOVE);
}

TEST_HARNESS_MAIN
