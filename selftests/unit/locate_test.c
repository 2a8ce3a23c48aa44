// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a host to candidates in the loop: the rules of candidate_test.c over the real
 * resolver and a name server of the test. When it asks and when it does not, when the
 * caller hears, and that one who cancels never does. The cache's clock is the test's.
 */
#include <errno.h>

#include "base/timer.h"
#include "dns_server.h"
#include "kselftest_harness.h"
#include "transport/locate.h"

#define CALLERS 8

struct caller {
	struct locate *locate;
	unsigned int done;
	struct locate_result result;
	struct caller *cancels;		/* when it is done */
};

FIXTURE(locate) {
	uv_loop_t loop;
	struct dns_server server;
	struct dns *dns;
	struct caller caller[CALLERS];
	struct locate_query query;
	u64 now;
	char hosts[32], text[64];
};

static u64 test_now(void *arg)
{
	return *(u64 *)arg;
}

FIXTURE_SETUP(locate)
{
	struct dns_conf conf = {
		.timeout_ms = 300, .tries = 1, .max_queries = 6, .now = test_now,
	};

	server_file(self->hosts, "192.0.2.99 pbx\n");
	ASSERT_EQ(0, uv_loop_init(&self->loop));
	ASSERT_EQ(0, server_start(&self->server, &self->loop));
	self->now = 1000 * NSEC_PER_SEC;
	conf.servers = self->server.address;
	conf.hosts = self->hosts;
	conf.now_arg = &self->now;
	ASSERT_EQ(0, dns_new(&self->dns, &self->loop, &conf));
	self->query = (struct locate_query){
		.host = SLICE("example.com"), .v4 = true, .v6 = true, .seed = 1,
		.transports = 1 << TRANSPORT_UDP | 1 << TRANSPORT_TCP | 1 << TRANSPORT_TLS,
	};
}

FIXTURE_TEARDOWN(locate)
{
	size_t i;

	for (i = 0; i < CALLERS; i++)
		locate_cancel(self->caller[i].locate);
	dns_free(self->dns);
	server_stop(&self->server);
	uv_run(&self->loop, UV_RUN_DEFAULT);
	EXPECT_EQ(0, uv_loop_close(&self->loop));
}

static void cancel(struct caller *c)
{
	locate_cancel(c->locate);
	c->locate = NULL;
}

static void located(void *arg, const struct locate_result *result)
{
	struct caller *c = arg;

	c->done++;
	c->result = *result;
	c->locate = NULL;
	if (c->cancels)
		cancel(c->cancels);
}

static void start(FIXTURE_DATA(locate) *self, unsigned int i)
{
	struct caller *c = &self->caller[i];

	c->done = 0;
	if (locate_start(&c->locate, self->dns, &self->query, located, c))
		abort();
}

static void wait_for(FIXTURE_DATA(locate) *self, unsigned int i)
{
	server_wait(&self->loop, &self->caller[i].done);
}

static int locate(FIXTURE_DATA(locate) *self)
{
	start(self, 0);
	wait_for(self, 0);
	return self->caller[0].result.err;
}

/* "UDP 192.0.2.1:5060" */
static const char *nth(FIXTURE_DATA(locate) *self, unsigned int caller, size_t i)
{
	const struct locate_result *result = &self->caller[caller].result;
	char addr[ADDR_STRLEN];

	if (i >= result->n)
		return "none";
	snprintf(self->text, sizeof(self->text), "%s %.56s",
		 transport_name(result->candidates[i].transport),
		 addr_print(&result->candidates[i].addr, addr));
	return self->text;
}

static void example_zone(struct zone *z)
{
	zone_add(z, "example.com 30 NAPTR 10 10 s SIPS+D2T _sips._tcp.example.com");
	zone_add(z, "_sips._tcp.example.com 30 SRV 1 0 5061 a.example.com");
	zone_add(z, "_sips._tcp.example.com 30 SRV 2 0 5071 b.example.com");
	zone_add(z, "a.example.com 60 A 192.0.2.1");
	zone_add(z, "a.example.com 60 AAAA 2001:db8::1");
	zone_add(z, "b.example.com 10 A 192.0.2.2");
}

TEST_F(locate, a_domain_leads_to_its_servers)
{
	example_zone(&self->server.zone);
	ASSERT_EQ(0, locate(self));
	EXPECT_EQ(3, self->caller[0].result.n);
	EXPECT_STREQ("TLS [2001:db8::1]:5061", nth(self, 0, 0));
	EXPECT_STREQ("TLS 192.0.2.1:5061", nth(self, 0, 1));
	EXPECT_STREQ("TLS 192.0.2.2:5071", nth(self, 0, 2));
	EXPECT_STREQ("example.com", self->caller[0].result.domain);
	EXPECT_EQ(30, self->caller[0].result.candidates[0].ttl);
	EXPECT_EQ(10, self->caller[0].result.candidates[2].ttl);
	EXPECT_EQ(6, self->server.queries);
}

TEST_F(locate, within_the_ttl_nobody_is_asked_and_behind_it_is)
{
	example_zone(&self->server.zone);
	ASSERT_EQ(0, locate(self));
	self->now += 9 * NSEC_PER_SEC;
	ASSERT_EQ(0, locate(self));
	EXPECT_EQ(6, self->server.queries);
	EXPECT_EQ(21, self->caller[0].result.candidates[0].ttl);
	/* the address of the second target is over, and only that */
	self->now += NSEC_PER_SEC;
	ASSERT_EQ(0, locate(self));
	EXPECT_EQ(7, self->server.queries);
	EXPECT_EQ(2, server_asked(&self->server, "b.example.com A"));
}

TEST_F(locate, that_there_is_no_such_name_is_remembered)
{
	unsigned int queries;

	EXPECT_EQ(-ENOENT, locate(self));
	EXPECT_STREQ("example.com: example.com A: no such name", self->caller[0].result.text);
	queries = self->server.queries;
	EXPECT_EQ(-ENOENT, locate(self));
	EXPECT_EQ(queries, self->server.queries);
	self->now += 60 * NSEC_PER_SEC;
	EXPECT_EQ(-ENOENT, locate(self));
	EXPECT_EQ(2 * queries, self->server.queries);
}

TEST_F(locate, servers_that_fail_are_tried_again_a_little_later)
{
	zone_add(&self->server.zone, "_sip._udp.example.com 0 SERVFAIL");
	zone_add(&self->server.zone, "example.com 60 A 192.0.2.1");
	EXPECT_EQ(-EAGAIN, locate(self));
	EXPECT_STREQ("example.com: _sip._udp.example.com SRV: the name servers failed",
		     self->caller[0].result.text);
	self->server.zone.lines[0] = "_sip._udp.example.com 60 SRV 0 0 5070 example.com";
	EXPECT_EQ(-EAGAIN, locate(self));
	self->now += 5 * NSEC_PER_SEC;
	EXPECT_EQ(0, locate(self));
	EXPECT_STREQ("UDP 192.0.2.1:5070", nth(self, 0, 0));
}

TEST_F(locate, a_silent_server_is_an_error_in_the_end)
{
	zone_add(&self->server.zone, "example.com 0 SILENT");
	self->query.port = 5060;
	EXPECT_EQ(-EAGAIN, locate(self));
	EXPECT_STREQ("example.com: example.com A: no name server answered",
		     self->caller[0].result.text);
}

TEST_F(locate, equal_searches_at_the_same_time_ask_once)
{
	unsigned int i;

	example_zone(&self->server.zone);
	for (i = 0; i < CALLERS; i++)
		start(self, i);
	for (i = 0; i < CALLERS; i++)
		wait_for(self, i);
	EXPECT_EQ(6, self->server.queries);
	for (i = 0; i < CALLERS; i++)
		EXPECT_STREQ("TLS [2001:db8::1]:5061", nth(self, i, 0));
}

TEST_F(locate, what_is_known_is_told_at_the_next_turn_not_at_once)
{
	self->query.host = SLICE("192.0.2.7");
	start(self, 0);
	EXPECT_EQ(0, self->caller[0].done);
	self->query.host = SLICE("pbx");
	start(self, 1);
	EXPECT_EQ(0, self->caller[1].done);
	uv_run(&self->loop, UV_RUN_ONCE);
	EXPECT_EQ(1, self->caller[0].done);
	EXPECT_EQ(1, self->caller[1].done);
	EXPECT_STREQ("UDP 192.0.2.7:5060", nth(self, 0, 0));
	EXPECT_STREQ("UDP 192.0.2.99:5060", nth(self, 1, 0));
	EXPECT_EQ(0, self->server.queries);
}

TEST_F(locate, mistakes_are_told_in_the_same_way)
{
	self->query.host = SLICE("not a name");
	start(self, 0);
	EXPECT_EQ(0, self->caller[0].done);
	wait_for(self, 0);
	EXPECT_EQ(-EINVAL, self->caller[0].result.err);
	EXPECT_STREQ("not a name: not a name", self->caller[0].result.text);
	self->query.transports = 0;
	EXPECT_EQ(-EPROTONOSUPPORT, locate(self));
}

TEST_F(locate, too_many_questions_are_refused)
{
	static const char *const hosts[] = { "a", "b", "c", "d", "e", "f", "g" };
	unsigned int i;

	for (i = 0; i < 7; i++) {
		self->query.host = slice_str(hosts[i]);
		start(self, i);
	}
	for (i = 0; i < 7; i++)
		wait_for(self, i);
	EXPECT_EQ(-ENOBUFS, self->caller[6].result.err);
	EXPECT_STREQ("g: g NAPTR: too many questions at once", self->caller[6].result.text);
}

TEST_F(locate, who_cancels_hears_nothing)
{
	example_zone(&self->server.zone);
	start(self, 0);
	start(self, 1);
	cancel(&self->caller[0]);
	wait_for(self, 1);
	EXPECT_EQ(0, self->caller[0].done);
	/* also one whose answer is on its way already */
	start(self, 2);
	cancel(&self->caller[2]);
	start(self, 3);
	wait_for(self, 3);
	EXPECT_EQ(0, self->caller[2].done);
}

TEST_F(locate, one_that_is_done_may_cancel_the_others)
{
	unsigned int i, done = 0;

	example_zone(&self->server.zone);
	for (i = 0; i < 3; i++) {
		start(self, i);
		self->caller[i].cancels = &self->caller[(i + 1) % 3];
	}
	wait_for(self, 0);
	for (i = 0; i < 3; i++)
		done += self->caller[i].done;
	uv_run(&self->loop, UV_RUN_NOWAIT);
	EXPECT_LT(done, 3);
	EXPECT_EQ(0, self->caller[1].done);
}

TEST_F(locate, an_answer_that_was_cut_comes_by_tcp)
{
	example_zone(&self->server.zone);
	zone_add(&self->server.zone, "_sips._tcp.example.com 0 TRUNCATE");
	ASSERT_EQ(0, locate(self));
	EXPECT_STREQ("TLS [2001:db8::1]:5061", nth(self, 0, 0));
	EXPECT_EQ(1, self->server.tcp_queries);
}

TEST_HARNESS_MAIN
