// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is read of the kernel's messages, also of those that a later or a broken
 * module might send; and what is said where there is no module. The module
 * itself is met in selftests/net/relay_api.c.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/jalur.h>

#include "kselftest_harness.h"
#include "media/kernel_private.h"

FIXTURE(message) {
	char *buffer;
	struct nlmsghdr *nlh;
	struct media_figures figures;
	u64 digest;
};

FIXTURE_SETUP(message)
{
	struct genlmsghdr *genl;

	self->buffer = calloc(1, KERNEL_BUFFER);
	self->nlh = mnl_nlmsg_put_header(self->buffer);
	genl = mnl_nlmsg_put_extra_header(self->nlh, sizeof(*genl));
	genl->cmd = JALUR_CMD_SESSION_GET;
}

FIXTURE_TEARDOWN(message)
{
	free(self->buffer);
}

static void put_source(struct nlmsghdr *nlh, u64 lost, u32 jitter, u32 rate)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, JALUR_A_STATS_SOURCES);

	mnl_attr_put_u64(nlh, JALUR_A_SOURCE_STATS_LOST, lost);
	mnl_attr_put_u32(nlh, JALUR_A_SOURCE_STATS_JITTER, jitter);
	mnl_attr_put_u32(nlh, JALUR_A_SOURCE_STATS_CLOCK_RATE, rate);
	mnl_attr_nest_end(nlh, nest);
}

static void put_drop(struct nlmsghdr *nlh, u32 reason, u64 count)
{
	struct nlattr *nest = mnl_attr_nest_start(nlh, JALUR_A_STATS_DROPS);

	mnl_attr_put_u32(nlh, JALUR_A_DROP_REASON, reason);
	mnl_attr_put_u64(nlh, JALUR_A_DROP_COUNT, count);
	mnl_attr_nest_end(nlh, nest);
}

TEST_F(message, figures_of_a_session)
{
	struct nlattr *end, *stats;

	mnl_attr_put_u64(self->nlh, JALUR_A_SESSION_ID, 16);
	mnl_attr_put_u64(self->nlh, JALUR_A_SESSION_DIGEST, 99);
	end = mnl_attr_nest_start(self->nlh, JALUR_A_SESSION_END);
	mnl_attr_put_u64(self->nlh, JALUR_A_END_ID, 3);
	mnl_attr_put(self->nlh, JALUR_A_END_TIMED_OUT, 0, NULL);
	stats = mnl_attr_nest_start(self->nlh, JALUR_A_END_STATS);
	mnl_attr_put_u64(self->nlh, JALUR_A_STATS_RX_PACKETS, 50);
	/* the source heard now comes first; loss is that of all */
	put_source(self->nlh, 2, 17, 48000);
	put_source(self->nlh, 5, 99, 8000);
	put_drop(self->nlh, JALUR_DROP_REASON_SOURCE, 4);
	put_drop(self->nlh, JALUR_DROP_REASON_NO_FLOW, 6);
	mnl_attr_nest_end(self->nlh, stats);
	mnl_attr_nest_end(self->nlh, end);

	ASSERT_EQ(0, kernel_decode_session(self->nlh, &self->figures, &self->digest));
	EXPECT_EQ(16, self->figures.session);
	EXPECT_EQ(99, self->digest);
	ASSERT_EQ(1, self->figures.nends);
	EXPECT_EQ(3, self->figures.ends[0].id);
	EXPECT_TRUE(self->figures.ends[0].timed_out);
	EXPECT_EQ(50, self->figures.ends[0].rx_packets);
	EXPECT_EQ(7, self->figures.ends[0].lost);
	EXPECT_EQ(17, self->figures.ends[0].jitter);
	EXPECT_EQ(48000, self->figures.ends[0].clock_rate);
	EXPECT_EQ(10, self->figures.ends[0].dropped);
	EXPECT_EQ(UINT64_MAX, self->figures.ends[0].last_rx_ms);
}

/* A plan as it is sent reads back as the same ends: what we write is what we read. */
TEST_F(message, a_plan_reads_back)
{
	struct media_plan *plan = media_plan_new(16, 2, 1);

	addr_parse(SLICE("192.0.2.1:20000"), &plan->ends[0].local);
	addr_parse(SLICE("[2001:db8::1]:20002"), &plan->ends[1].local);
	addr_parse(SLICE("[fe80::7]:4000"), &plan->ends[1].remote);
	plan->ends[1].remote.scope = 3;
	plan->ends[0].id = 1;
	plan->ends[1].id = 2;
	kernel_encode_plan(self->nlh, 7, plan);
	ASSERT_EQ(0, kernel_decode_session(self->nlh, &self->figures, &self->digest));
	ASSERT_EQ(2, self->figures.nends);
	EXPECT_TRUE(addr_eq(&plan->ends[0].local, &self->figures.ends[0].local));
	EXPECT_EQ(0, self->figures.ends[0].remote.family);
	EXPECT_TRUE(addr_eq(&plan->ends[1].local, &self->figures.ends[1].local));
	EXPECT_TRUE(addr_eq(&plan->ends[1].remote, &self->figures.ends[1].remote));
	EXPECT_EQ(3, self->figures.ends[1].remote.scope);
	media_plan_put(plan);
}

TEST_F(message, attributes_of_another_size_or_unknown_are_left)
{
	struct nlattr *end, *local;

	mnl_attr_put_u64(self->nlh, JALUR_A_SESSION_ID, 16);
	mnl_attr_put_u32(self->nlh, JALUR_A_SESSION_AGE_MS, 5);
	mnl_attr_put_u32(self->nlh, 4000, 5);
	end = mnl_attr_nest_start(self->nlh, JALUR_A_SESSION_END);
	local = mnl_attr_nest_start(self->nlh, JALUR_A_END_LOCAL);
	mnl_attr_put(self->nlh, JALUR_A_ADDRESS_V4, 3, "abc");
	mnl_attr_put(self->nlh, JALUR_A_ADDRESS_PORT, 1, "x");
	mnl_attr_nest_end(self->nlh, local);
	mnl_attr_put(self->nlh, JALUR_A_END_STATS, 2, "??");
	mnl_attr_nest_end(self->nlh, end);
	ASSERT_EQ(0, kernel_decode_session(self->nlh, &self->figures, &self->digest));
	EXPECT_EQ(0, self->figures.age_ms);
	ASSERT_EQ(1, self->figures.nends);
	EXPECT_EQ(0, self->figures.ends[0].local.family);
	EXPECT_EQ(0, self->figures.ends[0].local.port);
}

TEST_F(message, more_ends_than_there_can_be)
{
	struct nlattr *end;
	int i;

	mnl_attr_put_u64(self->nlh, JALUR_A_SESSION_ID, 16);
	for (i = 0; i < 100; i++) {
		end = mnl_attr_nest_start(self->nlh, JALUR_A_SESSION_END);
		mnl_attr_put_u64(self->nlh, JALUR_A_END_ID, i);
		mnl_attr_nest_end(self->nlh, end);
	}
	ASSERT_EQ(0, kernel_decode_session(self->nlh, &self->figures, NULL));
	EXPECT_EQ(64, self->figures.nends);
}

TEST_F(message, what_is_not_a_session_or_an_event_is_refused)
{
	struct genlmsghdr *genl = mnl_nlmsg_get_payload(self->nlh);
	struct media_event event;
	u32 group;
	u16 family;

	EXPECT_EQ(-EPROTO, kernel_decode_session(self->nlh, &self->figures, NULL));
	EXPECT_EQ(-EPROTO, kernel_decode_family(self->nlh, &family, &group));
	genl->cmd = JALUR_CMD_EVENT;
	EXPECT_EQ(-EPROTO, kernel_decode_event(self->nlh, &event));
	mnl_attr_put_u64(self->nlh, JALUR_A_EVENT_SEQUENCE, 5);
	mnl_attr_put_u32(self->nlh, JALUR_A_EVENT_TYPE, 1000);
	EXPECT_EQ(0, kernel_decode_event(self->nlh, &event));
	EXPECT_EQ(MEDIA_EVENT_OTHER, event.type);
	EXPECT_EQ(5, event.sequence);
	genl->cmd = JALUR_CMD_PACKET;
	EXPECT_EQ(-EPROTO, kernel_decode_event(self->nlh, &event));
	self->nlh->nlmsg_len = sizeof(*self->nlh);
	EXPECT_EQ(-EPROTO, kernel_decode_event(self->nlh, &event));
}

TEST(numbers_that_are_spared_are_no_gap)
{
	struct kernel_sequence s = { 0 };

	EXPECT_TRUE(kernel_sequence_take(&s, 7));	/* the first is any */
	kernel_sequence_spare(&s, 9);			/* overtakes 8 */
	kernel_sequence_spare(&s, 10);
	kernel_sequence_spare(&s, 12);
	EXPECT_TRUE(kernel_sequence_take(&s, 8));
	EXPECT_TRUE(kernel_sequence_take(&s, 11));
	EXPECT_TRUE(kernel_sequence_take(&s, 13));
	EXPECT_EQ(0, s.nspared);
	kernel_sequence_spare(&s, 14);
	EXPECT_FALSE(kernel_sequence_take(&s, 16));	/* 15 is missing */
	EXPECT_TRUE(kernel_sequence_take(&s, 17));
	EXPECT_FALSE(kernel_sequence_take(&s, 19));
	kernel_sequence_forget(&s);
	EXPECT_TRUE(kernel_sequence_take(&s, 1000));
}

/* Before the first one, too: it may have been sent before what is spared. */
TEST(numbers_are_spared_before_the_first)
{
	struct kernel_sequence s = { 0 };

	kernel_sequence_spare(&s, 5);
	EXPECT_TRUE(kernel_sequence_take(&s, 4));
	EXPECT_TRUE(kernel_sequence_take(&s, 6));
}

/* Who never reads is told of a loss, in memory that does not grow. */
TEST(more_numbers_than_are_kept_are_a_loss)
{
	struct kernel_sequence s = { 0 };
	u64 i, first;

	EXPECT_TRUE(kernel_sequence_take(&s, 1));
	for (i = 0; i < 2 * KERNEL_SPARED; i++)
		kernel_sequence_spare(&s, 3 + 2 * i);
	EXPECT_EQ(KERNEL_SPARED, s.nspared);
	first = s.spared[0].first;
	for (i = 2; i < first - 2; i += 2)
		EXPECT_EQ(i == 2, kernel_sequence_take(&s, i));
	EXPECT_FALSE(kernel_sequence_take(&s, first - 1));
	EXPECT_TRUE(kernel_sequence_take(&s, first + 1));
}

TEST(without_the_module_the_remedy_is_told)
{
	struct media_relay *relay = NULL;
	struct media_error err;

	if (!access("/sys/module/jalur", F_OK))
		SKIP(return, "the module is loaded");
	ASSERT_EQ(-ENOENT, media_kernel_open(&relay, 1, true, &err));
	EXPECT_EQ(ENOENT, err.code);
	EXPECT_NE(NULL, strstr(err.text, "modprobe jalur"));
	EXPECT_EQ(NULL, relay);
}

TEST_HARNESS_MAIN
