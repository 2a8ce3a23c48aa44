// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory of targets that failed: for how long, how many, and that nobody is left
 * out because of it.
 */
#include "base/timer.h"
#include "kselftest_harness.h"
#include "transport/failed.h"

FIXTURE(failed) {
	struct failed *failed;
	struct addr a, b;
};

FIXTURE_SETUP(failed)
{
	self->failed = failed_new(&(struct hash_key){ { 1, 2 } }, 4);
	ASSERT_NE(NULL, self->failed);
	ASSERT_TRUE(addr_parse(SLICE("192.0.2.1:5060"), &self->a));
	ASSERT_TRUE(addr_parse(SLICE("[2001:db8::1]:5060"), &self->b));
}

FIXTURE_TEARDOWN(failed)
{
	failed_free(self->failed);
}

static struct addr address(unsigned int i)
{
	struct addr a;

	addr_parse(SLICE("192.0.2.0:5060"), &a);
	a.ip.v4.s_addr = htonl(ntohl(a.ip.v4.s_addr) + i);
	return a;
}

TEST_F(failed, one_that_failed_has_failed_for_a_while)
{
	const struct failed_target *t;

	EXPECT_EQ(NULL, failed_find(self->failed, TRANSPORT_UDP, &self->a, 0));
	failed_mark(self->failed, TRANSPORT_UDP, &self->a, 100, 50, "408");
	t = failed_find(self->failed, TRANSPORT_UDP, &self->a, 149);
	ASSERT_NE(NULL, t);
	EXPECT_STREQ("408", t->reason);
	EXPECT_EQ(150, t->until);
	EXPECT_EQ(NULL, failed_find(self->failed, TRANSPORT_UDP, &self->a, 150));
}

TEST_F(failed, another_transport_port_or_address_is_another_target)
{
	struct addr other = self->a;

	other.port = 5070;
	failed_mark(self->failed, TRANSPORT_UDP, &self->a, 100, 50, "408");
	EXPECT_EQ(NULL, failed_find(self->failed, TRANSPORT_TCP, &self->a, 100));
	EXPECT_EQ(NULL, failed_find(self->failed, TRANSPORT_UDP, &other, 100));
	EXPECT_EQ(NULL, failed_find(self->failed, TRANSPORT_UDP, &self->b, 100));
}

TEST_F(failed, failures_in_a_row_are_counted_and_the_last_reason_is_kept)
{
	const struct failed_target *t;
	char reason[200];

	memset(reason, 'x', sizeof(reason) - 1);
	reason[199] = 0;
	failed_mark(self->failed, TRANSPORT_TLS, &self->b, 100, 50, "no route");
	failed_mark(self->failed, TRANSPORT_TLS, &self->b, 200, 50, reason);
	t = failed_find(self->failed, TRANSPORT_TLS, &self->b, 210);
	ASSERT_NE(NULL, t);
	EXPECT_EQ(2, t->times);
	EXPECT_EQ(100, t->since);
	EXPECT_EQ(250, t->until);
	EXPECT_EQ(FAILED_REASON - 1, strlen(t->reason));
}

TEST_F(failed, a_success_is_the_end_of_it)
{
	failed_mark(self->failed, TRANSPORT_UDP, &self->a, 100, 50, "408");
	EXPECT_TRUE(failed_clear(self->failed, TRANSPORT_UDP, &self->a));
	EXPECT_FALSE(failed_clear(self->failed, TRANSPORT_UDP, &self->a));
	EXPECT_EQ(NULL, failed_find(self->failed, TRANSPORT_UDP, &self->a, 100));
	failed_mark(self->failed, TRANSPORT_UDP, &self->a, 300, 50, "503");
	EXPECT_EQ(1, failed_find(self->failed, TRANSPORT_UDP, &self->a, 300)->times);
}

TEST_F(failed, those_that_failed_are_tried_last_in_their_order)
{
	static const unsigned int expected[] = { 0, 2, 4, 1, 3 };
	struct locate_candidate c[5];
	unsigned int i;

	for (i = 0; i < 5; i++)
		c[i] = (struct locate_candidate){ TRANSPORT_UDP, address(i), 60 };
	failed_mark(self->failed, TRANSPORT_UDP, &c[3].addr, 100, 50, "408");
	failed_mark(self->failed, TRANSPORT_UDP, &c[1].addr, 100, 50, "408");
	failed_mark(self->failed, TRANSPORT_TCP, &c[0].addr, 100, 50, "408");
	failed_mark(self->failed, TRANSPORT_UDP, &c[4].addr, 10, 50, "over");
	failed_sort(self->failed, c, 5, 100);
	for (i = 0; i < 5; i++) {
		struct addr a = address(expected[i]);

		EXPECT_TRUE(addr_eq(&a, &c[i].addr));
	}
}

TEST_F(failed, when_all_failed_all_are_tried_in_order)
{
	struct locate_candidate c[4];
	unsigned int i;

	for (i = 0; i < 4; i++) {
		c[i] = (struct locate_candidate){ TRANSPORT_UDP, address(i), 60 };
		failed_mark(self->failed, TRANSPORT_UDP, &c[i].addr, 100, 50, "408");
	}
	failed_sort(self->failed, c, 4, 100);
	for (i = 0; i < 4; i++) {
		struct addr a = address(i);

		EXPECT_TRUE(addr_eq(&a, &c[i].addr));
	}
}

TEST_F(failed, there_are_only_so_many_and_the_oldest_goes)
{
	const struct failed_target *t = NULL;
	unsigned int i, n = 0;
	struct addr a;

	for (i = 0; i < 6; i++) {
		a = address(i);
		failed_mark(self->failed, TRANSPORT_UDP, &a, i, 1000, "408");
		a = address(0);		/* fails again and again */
		failed_mark(self->failed, TRANSPORT_UDP, &a, i, 1000, "408");
	}
	while ((t = failed_next(self->failed, t, 100)))
		n++;
	EXPECT_EQ(4, n);
	EXPECT_NE(NULL, failed_find(self->failed, TRANSPORT_UDP, &a, 100));
	a = address(2);
	EXPECT_EQ(NULL, failed_find(self->failed, TRANSPORT_UDP, &a, 100));
	a = address(3);
	EXPECT_NE(NULL, failed_find(self->failed, TRANSPORT_UDP, &a, 100));
}

TEST_F(failed, a_list_of_them_has_those_that_are_not_over)
{
	const struct failed_target *t;

	EXPECT_EQ(NULL, failed_next(self->failed, NULL, 0));
	failed_mark(self->failed, TRANSPORT_UDP, &self->a, 100, 50, "408");
	failed_mark(self->failed, TRANSPORT_TLS, &self->b, 100, 100, "handshake");
	t = failed_next(self->failed, NULL, 160);
	ASSERT_NE(NULL, t);
	EXPECT_EQ(TRANSPORT_TLS, t->transport);
	EXPECT_STREQ("handshake", t->reason);
	EXPECT_EQ(NULL, failed_next(self->failed, t, 160));
}

TEST_HARNESS_MAIN
