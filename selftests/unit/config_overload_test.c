// SPDX-License-Identifier: GPL-2.0-only
/*
 * What overload is, and how often a stranger may ask: defaults, what is said, and what a
 * reload cannot change.
 */
#include "kselftest_harness.h"

#include "base/timer.h"
#include "config/config.h"

#define HEAD "realms:\n" \
	"  a: {signalling: [{address: 192.0.2.1}], media: [{address: 192.0.2.1, ports: 20000-20999}]}\n"

static int load(const char *text, struct config **out, struct config_mistakes *mistakes)
{
	return config_load_memory(slice_str(text), out, mistakes);
}

TEST(limits_of_overload)
{
	struct config_mistakes mistakes;
	struct config *a, *b;

	ASSERT_EQ(0, load(HEAD, &a, &mistakes));
	EXPECT_EQ(500 * NSEC_PER_MSEC, a->overload.limits.of[CALL_OVERLOAD_LAG]);
	EXPECT_EQ(4096ull << 20, a->overload.limits.of[CALL_OVERLOAD_MEMORY]);
	EXPECT_EQ(100000, a->overload.limits.of[CALL_OVERLOAD_TRANSACTIONS]);
	EXPECT_EQ(5, a->overload.ports);
	EXPECT_EQ(50, a->strangers.rate);
	EXPECT_EQ(200, a->strangers.burst);
	ASSERT_EQ(0, load(HEAD "overload: {lag: 2s, dropped: 7, memory: 512, transactions: 900, "
			  "store: 8, connections: 9, names: 10, relay: 11, ports: 12, "
			  "retry-after: 1m}\nlimits-per-source: {rate: 0, burst: 3}\n", &b,
			  &mistakes));
	EXPECT_EQ(2 * NSEC_PER_SEC, b->overload.limits.of[CALL_OVERLOAD_LAG]);
	EXPECT_EQ(7, b->overload.limits.of[CALL_OVERLOAD_DROPPED]);
	EXPECT_EQ(512ull << 20, b->overload.limits.of[CALL_OVERLOAD_MEMORY]);
	EXPECT_EQ(900, b->overload.limits.of[CALL_OVERLOAD_TRANSACTIONS]);
	EXPECT_EQ(8, b->overload.limits.of[CALL_OVERLOAD_STORE]);
	EXPECT_EQ(9, b->overload.limits.of[CALL_OVERLOAD_CONNECTIONS]);
	EXPECT_EQ(10, b->overload.limits.of[CALL_OVERLOAD_NAMES]);
	EXPECT_EQ(11, b->overload.limits.of[CALL_OVERLOAD_RELAY]);
	EXPECT_EQ(12, b->overload.ports);
	EXPECT_EQ(60, b->overload.retry_after);
	EXPECT_EQ(0, b->strangers.rate);
	EXPECT_EQ(3, b->strangers.burst);
	ASSERT_NE(NULL, config_restart_needed(a, b));
	EXPECT_NE(NULL, strstr(config_restart_needed(a, b), "overload"));
	config_free(b);
	/* What does not fit into the queue never waits in it. */
	ASSERT_EQ(0, load(HEAD "store: {waiting: 1000}\n", &b, &mistakes));
	EXPECT_EQ(500, b->overload.limits.of[CALL_OVERLOAD_STORE]);
	config_free(a);
	config_free(b);
}

TEST_HARNESS_MAIN
