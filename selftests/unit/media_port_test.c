// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pairs of ports: drawn from the range, never twice, resting when freed.
 */
#include "kselftest_harness.h"
#include "base/timer.h"
#include "media/port.h"

static struct media_range range(const char *ip, u16 min, u16 max)
{
	struct media_range r = { .min = min, .max = max };

	addr_parse_ip(slice_str(ip), &r.address);
	r.advertise = r.address;
	return r;
}

TEST(every_pair_once_then_none)
{
	struct media_range r = range("192.0.2.1", 20001, 20009);
	struct media_ports *p = media_ports_new(&r, 1, 42);
	bool seen[16] = {0};
	struct addr rtp, adv;
	int i;

	ASSERT_NE(NULL, p);
	/* 20002/3, 4/5, 6/7, 8/9: a pair begins with an even port */
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, media_ports_take(p, 0, AF_INET, &rtp, &adv));
		EXPECT_EQ(0, rtp.port % 2);
		ASSERT_TRUE(rtp.port >= 20002 && rtp.port <= 20008);
		EXPECT_FALSE(seen[rtp.port - 20000]);
		seen[rtp.port - 20000] = true;
	}
	EXPECT_EQ(-ENOSPC, media_ports_take(p, 0, AF_INET, &rtp, &adv));
	EXPECT_EQ(4, media_ports_used(p));
	media_ports_free(p);
}

TEST(a_freed_pair_rests_for_thirty_seconds)
{
	struct media_range r = range("192.0.2.1", 20000, 20001);
	struct media_ports *p = media_ports_new(&r, 1, 42);
	struct addr rtp, adv;

	ASSERT_EQ(0, media_ports_take(p, 0, 0, &rtp, &adv));
	media_ports_release(p, 5 * NSEC_PER_SEC, &rtp);
	EXPECT_EQ(0, media_ports_used(p));
	EXPECT_EQ(-ENOSPC, media_ports_take(p, 34 * NSEC_PER_SEC, 0, &rtp, &adv));
	EXPECT_EQ(0, media_ports_take(p, 35 * NSEC_PER_SEC, 0, &rtp, &adv));
	media_ports_free(p);
}

TEST(the_family_decides_the_range)
{
	struct media_range r[2] = {
		range("192.0.2.1", 20000, 20003),
		range("2001:db8::1", 30000, 30003),
	};
	struct media_ports *p = media_ports_new(r, 2, 42), *v4 = media_ports_new(r, 1, 42);
	struct addr rtp, adv;

	ASSERT_EQ(0, media_ports_take(p, 0, AF_INET6, &rtp, &adv));
	EXPECT_EQ(AF_INET6, rtp.family);
	EXPECT_EQ(-EAFNOSUPPORT, media_ports_take(v4, 0, AF_INET6, &rtp, &adv));
	media_ports_free(p);
	media_ports_free(v4);
}

TEST(a_stranger_gives_nothing_back)
{
	struct media_range r = range("192.0.2.1", 20000, 20003);
	struct media_ports *p = media_ports_new(&r, 1, 42);
	struct addr rtp, adv, other;

	ASSERT_EQ(0, media_ports_take(p, 0, 0, &rtp, &adv));
	addr_parse(SLICE("192.0.2.2:20000"), &other);
	media_ports_release(p, 0, &other);
	addr_parse(SLICE("192.0.2.1:19998"), &other);
	media_ports_release(p, 0, &other);
	EXPECT_EQ(1, media_ports_used(p));
	media_ports_free(p);
}

TEST(a_call_from_before_has_its_pair_back)
{
	struct media_range r = range("192.0.2.1", 20000, 20005);
	struct media_ports *p;
	struct addr rtp, adv;
	int i;

	addr_parse_ip(SLICE("203.0.113.9"), &r.advertise);
	p = media_ports_new(&r, 1, 42);
	addr_parse(SLICE("192.0.2.1:20002"), &rtp);
	ASSERT_EQ(0, media_ports_claim(p, &rtp, &adv));
	EXPECT_TRUE(addr_ip_eq(&r.advertise, &adv));
	EXPECT_EQ(20002, adv.port);
	EXPECT_EQ(-EADDRINUSE, media_ports_claim(p, &rtp, &adv));
	EXPECT_EQ(1, media_ports_used(p));
	/* nobody else gets it */
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, media_ports_take(p, 0, 0, &rtp, &adv));
		EXPECT_NE(20002, rtp.port);
	}
	EXPECT_EQ(-ENOSPC, media_ports_take(p, 0, 0, &rtp, &adv));
	media_ports_free(p);
}

TEST(a_pair_is_claimed_while_it_rests)
{
	struct media_range r = range("192.0.2.1", 20000, 20005);
	struct media_ports *p = media_ports_new(&r, 1, 42);
	struct addr rtp[3], adv;
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(0, media_ports_take(p, 0, 0, &rtp[i], &adv));
	for (i = 0; i < 3; i++)
		media_ports_release(p, (u64)i * NSEC_PER_SEC, &rtp[i]);
	ASSERT_EQ(0, media_ports_claim(p, &rtp[1], &adv));
	/* the others come back in their turn */
	ASSERT_EQ(0, media_ports_take(p, 30 * NSEC_PER_SEC, 0, &adv, &adv));
	EXPECT_EQ(-ENOSPC, media_ports_take(p, 31 * NSEC_PER_SEC, 0, &adv, &adv));
	EXPECT_EQ(0, media_ports_take(p, 32 * NSEC_PER_SEC, 0, &adv, &adv));
	EXPECT_EQ(3, media_ports_used(p));
	media_ports_free(p);
}

TEST(what_is_in_no_range_is_not_claimed)
{
	struct media_range r = range("192.0.2.1", 20000, 20003);
	struct media_ports *p = media_ports_new(&r, 1, 42);
	static const char *const texts[] = { "192.0.2.2:20000", "192.0.2.1:19998",
					     "192.0.2.1:20004", "192.0.2.1:20001" };
	struct addr rtp, adv;
	size_t i;

	for (i = 0; i < 4; i++) {
		addr_parse(slice_str(texts[i]), &rtp);
		EXPECT_EQ(-EADDRNOTAVAIL, media_ports_claim(p, &rtp, &adv)) {
			TH_LOG("%s", texts[i]);
		}
	}
	EXPECT_EQ(0, media_ports_used(p));
	media_ports_free(p);
}

TEST_HARNESS_MAIN
