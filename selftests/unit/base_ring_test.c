// SPDX-License-Identifier: GPL-2.0-only
/*
 * A ring between two threads: what goes in comes out, once and in order, and a
 * full one says so.
 */
#include <pthread.h>
#include <sched.h>

#include "base/ring.h"
#include "kselftest_harness.h"

#define ITEMS 300000ul

static void *number(uintptr_t n)
{
	return (void *)n;
}

TEST(a_full_ring_takes_no_more)
{
	struct ring *r = ring_new(3);
	uintptr_t i;

	ASSERT_NE(r, NULL);
	EXPECT_EQ(ring_take(r), NULL);
	for (i = 1; i <= 3; i++)
		EXPECT_TRUE(ring_put(r, number(i)));
	EXPECT_FALSE(ring_put(r, number(4)));
	EXPECT_EQ(ring_take(r), number(1));
	EXPECT_TRUE(ring_put(r, number(5)));
	EXPECT_FALSE(ring_put(r, number(6)));
	EXPECT_EQ(ring_take(r), number(2));
	EXPECT_EQ(ring_take(r), number(3));
	EXPECT_EQ(ring_take(r), number(5));
	EXPECT_EQ(ring_take(r), NULL);
	ring_free(r);
}

static void *take_all(void *arg)
{
	uintptr_t next = 1, wrong = 0;
	void *item;

	while (next <= ITEMS) {
		item = ring_take(arg);
		if (!item) {
			sched_yield();
			continue;
		}
		wrong += item != number(next++);
	}
	return (void *)wrong;
}

TEST(two_threads_see_one_order)
{
	struct ring *r = ring_new(7);
	uintptr_t i = 1;
	pthread_t taker;
	void *wrong;

	ASSERT_EQ(pthread_create(&taker, NULL, take_all, r), 0);
	while (i <= ITEMS)
		if (ring_put(r, number(i)))
			i++;
		else
			sched_yield();
	ASSERT_EQ(pthread_join(taker, &wrong), 0);
	EXPECT_EQ(wrong, NULL);
	EXPECT_EQ(ring_take(r), NULL);
	ring_free(r);
}

TEST(a_ring_has_a_size)
{
	EXPECT_EQ(ring_new(0), NULL);
	EXPECT_EQ(ring_new(SIZE_MAX), NULL);
}

TEST_HARNESS_MAIN
