// SPDX-License-Identifier: GPL-2.0-only
/*
 * Of many servers: how many are kept, how many questions they may cost, and in which
 * order they are tried. Each test of weights draws 10 000 times, from seeds that are
 * the same in each run.
 */
#include "candidate_harness.h"

/* --- bounds --- */

TEST_F(candidate, there_are_only_so_many)
{
	static char lines[200][80];
	unsigned int i;

	for (i = 0; i < 20; i++) {
		snprintf(lines[i], 80, "_sip._udp.example.com 60 SRV %u 0 5060 t%u.example.com", i,
			 i);
		zone_add(&self->zone, lines[i]);
	}
	for (; i < 100; i++) {
		snprintf(lines[i], 80, "t%u.example.com 60 A 192.0.2.%u", i % 20, i);
		zone_add(&self->zone, lines[i]);
	}
	ASSERT_EQ(0, locate(self));
	EXPECT_EQ(LOCATE_CANDIDATES, self->result.n);
	EXPECT_STREQ("UDP 192.0.2.20:5060", nth(self, 0));
	EXPECT_LE(self->facts.n, LOCATE_QUESTIONS);
}

TEST_F(candidate, only_so_many_questions_are_asked)
{
	static char lines[100][80];
	static const char *const service[] = { "_sip._udp", "_sip._tcp", "_sips._tcp" };
	unsigned int i;

	for (i = 0; i < 90; i++) {
		snprintf(lines[i], 80, "%s.example.com 60 SRV 0 %u 5060 t%u.example.com",
			 service[i % 3], i, i);
		zone_add(&self->zone, lines[i]);
	}
	EXPECT_EQ(-ENOENT, locate(self));
	EXPECT_EQ(LOCATE_QUESTIONS, self->facts.n);
}

TEST_F(candidate, the_same_target_twice_is_one)
{
	zone_add(&self->zone, "_sip._udp.example.com 60 SRV 0 0 5060 a.example.com");
	zone_add(&self->zone, "_sip._udp.example.com 60 SRV 1 0 5060 b.example.com");
	zone_add(&self->zone, "a.example.com 60 A 192.0.2.1");
	zone_add(&self->zone, "b.example.com 60 A 192.0.2.1");
	ASSERT_EQ(0, locate(self));
	EXPECT_EQ(1, self->result.n);
}

/* --- weights --- */

#define DRAWS 10000

/* How often 192.0.2.N is at a place, over all seeds; facts are asked for once. */
static void draw(FIXTURE_DATA(candidate) *self, size_t place, unsigned int count[10])
{
	unsigned int i;

	memset(count, 0, 10 * sizeof(*count));
	locate(self);
	for (i = 0; i < DRAWS; i++) {
		self->query.seed = i * 0x9e3779b97f4a7c15ull;
		locate_more(self);
		count[ntohl(self->result.candidates[place].addr.ip.v4.s_addr) & 7]++;
	}
}

static void weighed_zone(struct zone *z, const char *srv[4])
{
	size_t i;

	for (i = 0; i < 4 && srv[i]; i++)
		zone_add(z, srv[i]);
	zone_add(z, "t1.example.com 60 A 192.0.2.1");
	zone_add(z, "t2.example.com 60 A 192.0.2.2");
	zone_add(z, "t3.example.com 60 A 192.0.2.3");
	zone_add(z, "t4.example.com 60 A 192.0.2.4");
}

TEST_F(candidate, servers_are_chosen_in_proportion_to_their_weights)
{
	unsigned int count[10];

	weighed_zone(&self->zone, (const char *[4]){
		"_sip._udp.example.com 60 SRV 1 10 5060 t1.example.com",
		"_sip._udp.example.com 60 SRV 1 30 5060 t2.example.com",
		"_sip._udp.example.com 60 SRV 1 60 5060 t3.example.com",
		"_sip._udp.example.com 60 SRV 0 0 5060 t4.example.com" });
	/* the lower priority first, whatever the weights */
	draw(self, 0, count);
	EXPECT_EQ(DRAWS, count[4]);
	/* 10, 30 and 60 of 100, within five standard deviations */
	draw(self, 1, count);
	EXPECT_GT(count[1], 850);
	EXPECT_LT(count[1], 1150);
	EXPECT_GT(count[2], 2770);
	EXPECT_LT(count[2], 3230);
	EXPECT_GT(count[3], 5750);
	EXPECT_LT(count[3], 6250);
	/* the second choice: t3 is it with 10/100*60/90 + 30/100*60/70 = 32.4 of 100 */
	draw(self, 2, count);
	EXPECT_GT(count[3], 3000);
	EXPECT_LT(count[3], 3480);
}

TEST_F(candidate, a_weight_of_zero_is_chosen_rarely)
{
	unsigned int count[10];

	weighed_zone(&self->zone, (const char *[4]){
		"_sip._udp.example.com 60 SRV 1 0 5060 t1.example.com",
		"_sip._udp.example.com 60 SRV 1 99 5060 t2.example.com" });
	/* one of 100 */
	draw(self, 0, count);
	EXPECT_GT(count[1], 50);
	EXPECT_LT(count[1], 150);
	EXPECT_EQ(DRAWS, count[1] + count[2]);
}

TEST_F(candidate, without_weights_all_have_the_same_chance)
{
	unsigned int count[10], i;

	weighed_zone(&self->zone, (const char *[4]){
		"_sip._udp.example.com 60 SRV 1 0 5060 t1.example.com",
		"_sip._udp.example.com 60 SRV 1 0 5060 t2.example.com",
		"_sip._udp.example.com 60 SRV 1 0 5060 t3.example.com",
		"_sip._udp.example.com 60 SRV 1 0 5060 t4.example.com" });
	draw(self, 0, count);
	for (i = 1; i <= 4; i++) {
		EXPECT_GT(count[i], 2280);
		EXPECT_LT(count[i], 2720);
	}
}

TEST_F(candidate, the_same_seed_is_the_same_order)
{
	struct locate_result first;
	size_t i;

	weighed_zone(&self->zone, (const char *[4]){
		"_sip._udp.example.com 60 SRV 1 1 5060 t1.example.com",
		"_sip._udp.example.com 60 SRV 1 1 5060 t2.example.com",
		"_sip._udp.example.com 60 SRV 1 1 5060 t3.example.com" });
	ASSERT_EQ(0, locate(self));
	first = self->result;
	ASSERT_EQ(0, locate(self));
	ASSERT_EQ(3, first.n);
	for (i = 0; i < 3; i++)
		EXPECT_TRUE(addr_eq(&first.candidates[i].addr,
				    &self->result.candidates[i].addr));
}

TEST_HARNESS_MAIN
