// SPDX-License-Identifier: GPL-2.0-only
/*
 * The resolver beside a name server of the test in one loop: what is asked, what is
 * known without asking, and what becomes of those who wait when the server fails,
 * is silent, or is replaced. The cache's clock is the test's, so nobody waits for a
 * TTL; the only real time is the timeout of a silent server.
 */
#include <errno.h>

#include "base/timer.h"
#include "dns_server.h"
#include "kselftest_harness.h"
#include "transport/dns.h"

#define MAX_LOOKUPS 16

struct question {
	struct dns_lookup lookup;
	unsigned int done;
	void (*then)(struct question *q);
	void *arg;
};

FIXTURE(dns) {
	uv_loop_t loop;
	struct dns_server server;
	struct dns *dns;
	struct question q[MAX_LOOKUPS];
	u64 now;
	char hosts[32], resolv[32];
	struct dns_conf conf;
	bool freed;
};

static u64 test_now(void *arg)
{
	return *(u64 *)arg;
}

FIXTURE_SETUP(dns)
{
	ASSERT_EQ(0, uv_loop_init(&self->loop));
	ASSERT_EQ(0, server_start(&self->server, &self->loop));
	server_file(self->hosts, "192.0.2.99 pbx.example.com PBX # ours\n"
		    "not-an-address nobody\n2001:db8::99\tpbx.example.com\n192.0.2.98 pbx");
	server_file(self->resolv, "nameserver 127.0.0.1\n");
	self->now = 1000 * NSEC_PER_SEC;
	self->conf = (struct dns_conf){
		.servers = self->server.address, .hosts = self->hosts, .resolv_conf = self->resolv,
		.timeout_ms = 300, .tries = 1, .max_queries = 4, .max_cached = 8,
		.now = test_now, .now_arg = &self->now,
	};
	ASSERT_EQ(0, dns_new(&self->dns, &self->loop, &self->conf));
}

FIXTURE_TEARDOWN(dns)
{
	size_t i;

	for (i = 0; i < MAX_LOOKUPS; i++)
		if (self->q[i].lookup.node.next)
			dns_cancel(&self->q[i].lookup);
	if (!self->freed)
		dns_free(self->dns);
	server_stop(&self->server);
	uv_run(&self->loop, UV_RUN_DEFAULT);
	EXPECT_EQ(0, uv_loop_close(&self->loop));
}

static void done(struct dns_lookup *lookup)
{
	struct question *q = (struct question *)lookup;

	q->done++;
	if (q->then)
		q->then(q);
}

static int ask(FIXTURE_DATA(dns) *self, unsigned int i, const char *name, enum dns_type type)
{
	struct question *q = &self->q[i];

	if (q->lookup.node.next)
		dns_cancel(&q->lookup);
	q->done = 0;
	q->lookup.done = done;
	return dns_ask(self->dns, slice_str(name), type, &q->lookup);
}

static void wait_for(FIXTURE_DATA(dns) *self, unsigned int i)
{
	server_wait(&self->loop, &self->q[i].done);
}

static const char *first_ip(const FIXTURE_DATA(dns) *self, unsigned int i)
{
	static char text[ADDR_STRLEN];
	const struct dns_answer *answer = self->q[i].lookup.answer;

	return answer && answer->n ? addr_print_ip(&answer->records[0].addr, text) : "none";
}

static u64 counted(FIXTURE_DATA(dns) *self, const char *name)
{
	const struct dns_counter *c;

	for (c = dns_counters(self->dns); c->name; c++)
		if (!strcmp(c->name, name))
			return c->value;
	return UINT64_MAX;
}

static int status_of(const FIXTURE_DATA(dns) *self, unsigned int i)
{
	return self->q[i].lookup.answer ? (int)self->q[i].lookup.answer->status : -1;
}

TEST_F(dns, a_name_is_asked_for_once_while_its_ttl_lasts)
{
	zone_add(&self->server.zone, "a.example.com 30 A 192.0.2.1");
	ASSERT_EQ(-EINPROGRESS, ask(self, 0, "a.example.com", DNS_A));
	EXPECT_EQ(0, self->q[0].done);
	wait_for(self, 0);
	EXPECT_EQ(DNS_OK, status_of(self, 0));
	EXPECT_STREQ("192.0.2.1", first_ip(self, 0));
	EXPECT_EQ(30, self->q[0].lookup.ttl);

	self->now += 20 * NSEC_PER_SEC;
	ASSERT_EQ(0, ask(self, 0, "A.example.com.", DNS_A));
	EXPECT_STREQ("192.0.2.1", first_ip(self, 0));
	EXPECT_EQ(10, self->q[0].lookup.ttl);
	EXPECT_EQ(1, self->server.queries);

	self->now += 10 * NSEC_PER_SEC;
	ASSERT_EQ(-EINPROGRESS, ask(self, 0, "a.example.com", DNS_A));
	wait_for(self, 0);
	EXPECT_EQ(2, self->server.queries);
	EXPECT_EQ(2, counted(self, "dns-queries"));
	EXPECT_EQ(1, counted(self, "dns-cache-hits"));
	EXPECT_EQ(0, counted(self, "dns-in-flight"));
}

TEST_F(dns, services_and_naptrs_come_through)
{
	zone_add(&self->server.zone, "_sip._udp.example.com 30 SRV 1 2 5070 a.example.com");
	zone_add(&self->server.zone, "example.com 30 NAPTR 1 2 s SIP+D2U _sip._udp.example.com");
	ask(self, 0, "_sip._udp.example.com", DNS_SRV);
	ask(self, 1, "example.com", DNS_NAPTR);
	wait_for(self, 0);
	wait_for(self, 1);
	ASSERT_EQ(DNS_OK, status_of(self, 0));
	EXPECT_EQ(5070, self->q[0].lookup.answer->records[0].srv.port);
	ASSERT_EQ(DNS_OK, status_of(self, 1));
	EXPECT_STREQ("SIP+D2U", self->q[1].lookup.answer->records[0].naptr.service);
}

TEST_F(dns, equal_questions_at_the_same_time_are_one_query)
{
	zone_add(&self->server.zone, "a.example.com 30 A 192.0.2.1");
	ask(self, 0, "a.example.com", DNS_A);
	EXPECT_EQ(-EINPROGRESS, ask(self, 1, "a.EXAMPLE.com", DNS_A));
	EXPECT_EQ(-EINPROGRESS, ask(self, 2, "a.example.com", DNS_AAAA));
	wait_for(self, 0);
	wait_for(self, 1);
	wait_for(self, 2);
	EXPECT_STREQ("192.0.2.1", first_ip(self, 0));
	EXPECT_STREQ("192.0.2.1", first_ip(self, 1));
	EXPECT_EQ(DNS_NODATA, status_of(self, 2));
	EXPECT_EQ(2, self->server.queries);
	EXPECT_EQ(1, counted(self, "dns-queries-shared"));
}

TEST_F(dns, that_there_is_no_such_name_is_remembered)
{
	ask(self, 0, "nobody.example.com", DNS_A);
	wait_for(self, 0);
	EXPECT_EQ(DNS_NXDOMAIN, status_of(self, 0));
	EXPECT_EQ(60, self->q[0].lookup.ttl);
	self->now += 59 * NSEC_PER_SEC;
	EXPECT_EQ(0, ask(self, 0, "nobody.example.com", DNS_A));
	EXPECT_EQ(DNS_NXDOMAIN, status_of(self, 0));
	self->now += NSEC_PER_SEC;
	EXPECT_EQ(-EINPROGRESS, ask(self, 0, "nobody.example.com", DNS_A));
	wait_for(self, 0);
	EXPECT_EQ(1, counted(self, "dns-negative-hits"));
	EXPECT_EQ(2, self->server.queries);
}

TEST_F(dns, a_failure_is_remembered_for_five_seconds)
{
	zone_add(&self->server.zone, "bad.example.com 0 SERVFAIL");
	ask(self, 0, "bad.example.com", DNS_A);
	wait_for(self, 0);
	EXPECT_EQ(DNS_SERVFAIL, status_of(self, 0));
	self->now += 5 * NSEC_PER_SEC - 1;
	EXPECT_EQ(0, ask(self, 0, "bad.example.com", DNS_A));
	EXPECT_EQ(DNS_SERVFAIL, status_of(self, 0));
	self->now++;
	EXPECT_EQ(-EINPROGRESS, ask(self, 0, "bad.example.com", DNS_A));
	wait_for(self, 0);
	EXPECT_EQ(2, counted(self, "dns-failures"));
}

TEST_F(dns, a_silent_server_holds_nobody_up)
{
	zone_add(&self->server.zone, "quiet.example.com 0 SILENT");
	zone_add(&self->server.zone, "a.example.com 30 A 192.0.2.1");
	ask(self, 0, "quiet.example.com", DNS_A);
	ask(self, 1, "a.example.com", DNS_A);
	wait_for(self, 1);
	EXPECT_EQ(0, self->q[0].done);
	wait_for(self, 0);
	EXPECT_EQ(DNS_TIMEOUT, status_of(self, 0));
	EXPECT_EQ(1, counted(self, "dns-timeouts"));
	EXPECT_EQ(0, ask(self, 0, "quiet.example.com", DNS_A));
	EXPECT_EQ(DNS_TIMEOUT, status_of(self, 0));
}

TEST_F(dns, an_answer_that_was_cut_is_fetched_by_tcp)
{
	zone_add(&self->server.zone, "big.example.com 0 TRUNCATE");
	zone_add(&self->server.zone, "big.example.com 30 A 192.0.2.1");
	ask(self, 0, "big.example.com", DNS_A);
	wait_for(self, 0);
	EXPECT_STREQ("192.0.2.1", first_ip(self, 0));
	EXPECT_EQ(2, self->server.queries);
	EXPECT_EQ(1, self->server.tcp_queries);
}

TEST_F(dns, too_many_at_once_are_refused)
{
	char name[32];
	unsigned int i;

	zone_add(&self->server.zone, "q4.example.com 30 A 192.0.2.1");
	for (i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "q%u.example.com", i);
		EXPECT_EQ(i < 4 ? -EINPROGRESS : -ENOBUFS, ask(self, i, name, DNS_A));
	}
	EXPECT_EQ(1, counted(self, "dns-refused"));
	for (i = 0; i < 4; i++)
		wait_for(self, i);
	EXPECT_EQ(-EINPROGRESS, ask(self, 4, "q4.example.com", DNS_A));
	wait_for(self, 4);
	EXPECT_EQ(DNS_OK, status_of(self, 4));
}

TEST_F(dns, the_cache_has_a_size_and_keeps_what_is_used)
{
	char name[32];
	unsigned int i;

	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "q%u.example.com", i);
		ask(self, 1, name, DNS_A);
		wait_for(self, 1);
		/* asked for again and again, so it stays */
		EXPECT_EQ(0, ask(self, 2, "q0.example.com", DNS_A));
	}
	EXPECT_EQ(8, counted(self, "dns-cached"));
	EXPECT_EQ(12, counted(self, "dns-cache-evicted"));
	EXPECT_EQ(1, server_asked(&self->server, "q0.example.com A"));
	EXPECT_EQ(0, ask(self, 1, "q19.example.com", DNS_A));
	EXPECT_EQ(-EINPROGRESS, ask(self, 1, "q1.example.com", DNS_A));
}

TEST_F(dns, who_cancels_hears_nothing_and_the_answer_is_kept)
{
	zone_add(&self->server.zone, "a.example.com 30 A 192.0.2.1");
	ask(self, 0, "a.example.com", DNS_A);
	ask(self, 1, "a.example.com", DNS_A);
	dns_cancel(&self->q[0].lookup);
	wait_for(self, 1);
	EXPECT_EQ(0, self->q[0].done);
	ask(self, 2, "b.example.com", DNS_A);
	dns_cancel(&self->q[2].lookup);
	while (counted(self, "dns-in-flight"))
		uv_run(&self->loop, UV_RUN_ONCE);
	EXPECT_EQ(0, self->q[2].done);
	EXPECT_EQ(0, ask(self, 2, "b.example.com", DNS_A));
}

static void cancel_the_other(struct question *q)
{
	struct question *other = q->arg;

	dns_cancel(&other->lookup);
}

TEST_F(dns, one_that_is_done_may_cancel_the_next)
{
	ask(self, 0, "a.example.com", DNS_A);
	ask(self, 1, "a.example.com", DNS_A);
	self->q[0].then = cancel_the_other;
	self->q[0].arg = &self->q[1];
	wait_for(self, 0);
	while (counted(self, "dns-in-flight"))
		uv_run(&self->loop, UV_RUN_ONCE);
	uv_run(&self->loop, UV_RUN_NOWAIT);
	EXPECT_EQ(0, self->q[1].done);
}

TEST_F(dns, the_hosts_file_goes_before_everybody)
{
	zone_add(&self->server.zone, "pbx.example.com 30 A 192.0.2.1");
	EXPECT_EQ(0, ask(self, 0, "PBX.example.com", DNS_A));
	EXPECT_STREQ("192.0.2.99", first_ip(self, 0));
	EXPECT_EQ(0, ask(self, 0, "pbx.example.com", DNS_AAAA));
	EXPECT_STREQ("2001:db8::99", first_ip(self, 0));
	EXPECT_EQ(0, ask(self, 0, "pbx", DNS_A));
	ASSERT_EQ(2, self->q[0].lookup.answer->n);
	EXPECT_STREQ("192.0.2.99", first_ip(self, 0));	/* in the order of the file */
	EXPECT_EQ(0, ask(self, 0, "pbx", DNS_AAAA));
	EXPECT_EQ(DNS_NODATA, status_of(self, 0));
	EXPECT_EQ(0, ask(self, 0, "pbx", DNS_NAPTR));
	EXPECT_EQ(DNS_NODATA, status_of(self, 0));
	EXPECT_EQ(0, ask(self, 0, "_sip._udp.pbx", DNS_SRV));
	EXPECT_EQ(DNS_NODATA, status_of(self, 0));
	EXPECT_EQ(-EINPROGRESS, ask(self, 0, "nobody", DNS_A));
	EXPECT_EQ(6, counted(self, "dns-hosts-hits"));
}

TEST_F(dns, localhost_is_here)
{
	EXPECT_EQ(0, ask(self, 0, "localhost", DNS_A));
	EXPECT_STREQ("127.0.0.1", first_ip(self, 0));
	EXPECT_EQ(0, ask(self, 0, "sip.localhost", DNS_AAAA));
	EXPECT_STREQ("::1", first_ip(self, 0));
	EXPECT_EQ(0, ask(self, 0, "localhost", DNS_NAPTR));
	EXPECT_EQ(DNS_NODATA, status_of(self, 0));
	EXPECT_EQ(-EINPROGRESS, ask(self, 0, "notlocalhost", DNS_A));
}

TEST_F(dns, names_that_are_none_are_refused_at_once)
{
	static char label[70];

	memset(label, 'a', 64);
	EXPECT_EQ(-EINVAL, ask(self, 0, "", DNS_A));
	EXPECT_EQ(-EINVAL, ask(self, 0, "a b.example.com", DNS_A));
	EXPECT_EQ(-EINVAL, ask(self, 0, label, DNS_A));
	EXPECT_EQ(0, self->server.queries);
}

TEST_F(dns, a_reload_forgets_and_asks_again_what_is_under_way)
{
	FILE *f;

	zone_add(&self->server.zone, "quiet.example.com 0 SILENT");
	zone_add(&self->server.zone, "a.example.com 30 A 192.0.2.1");
	ask(self, 0, "a.example.com", DNS_A);
	wait_for(self, 0);
	ask(self, 1, "quiet.example.com", DNS_A);
	while (!server_asked(&self->server, "quiet.example.com A"))
		uv_run(&self->loop, UV_RUN_ONCE);
	self->server.zone.lines[0] = "quiet.example.com 30 A 192.0.2.2";
	f = fopen(self->hosts, "w");
	ASSERT_NE(NULL, f);
	fputs("192.0.2.97 new.example.com\n", f);
	fclose(f);
	ASSERT_EQ(0, dns_reload(self->dns, self->server.address));
	wait_for(self, 1);
	EXPECT_STREQ("192.0.2.2", first_ip(self, 1));
	EXPECT_EQ(-EINPROGRESS, ask(self, 0, "a.example.com", DNS_A));
	wait_for(self, 0);
	EXPECT_EQ(0, ask(self, 0, "new.example.com", DNS_A));
	EXPECT_EQ(-EINPROGRESS, ask(self, 0, "pbx", DNS_A));
}

TEST_F(dns, a_reload_that_fails_changes_nothing)
{
	zone_add(&self->server.zone, "a.example.com 30 A 192.0.2.1");
	ask(self, 0, "a.example.com", DNS_A);
	EXPECT_EQ(-EINVAL, dns_reload(self->dns, "not an address"));
	wait_for(self, 0);
	EXPECT_STREQ("192.0.2.1", first_ip(self, 0));
	EXPECT_EQ(0, ask(self, 0, "pbx", DNS_A));
}

TEST_F(dns, the_second_server_answers_when_the_first_does_not)
{
	char servers[96];
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001) };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	/* bound, and never read */
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&sin, len));
	getsockname(fd, (struct sockaddr *)&sin, &len);
	snprintf(servers, sizeof(servers), "127.0.0.1:%u,%.31s", ntohs(sin.sin_port),
		 self->server.address);
	zone_add(&self->server.zone, "a.example.com 30 A 192.0.2.1");
	ASSERT_EQ(0, dns_reload(self->dns, servers));
	ask(self, 0, "a.example.com", DNS_A);
	wait_for(self, 0);
	EXPECT_STREQ("192.0.2.1", first_ip(self, 0));
	close(fd);
}

/* Nobody has that port: the refusal comes back at once. */
TEST_F(dns, a_server_that_is_not_there_is_a_failure)
{
	char servers[32];
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001) };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&sin, len));
	getsockname(fd, (struct sockaddr *)&sin, &len);
	close(fd);
	snprintf(servers, sizeof(servers), "127.0.0.1:%u", ntohs(sin.sin_port));
	ASSERT_EQ(0, dns_reload(self->dns, servers));
	ask(self, 0, "a.example.com", DNS_A);
	wait_for(self, 0);
	EXPECT_EQ(DNS_SERVFAIL, status_of(self, 0));
}

/* Also with questions under way and with done() still to be called. */
TEST_F(dns, it_ends_while_questions_are_under_way)
{
	ask(self, 0, "a.example.com", DNS_A);
	ask(self, 1, "a.example.com", DNS_AAAA);
	self->q[2].lookup.done = done;
	dns_later(self->dns, &self->q[2].lookup);
	dns_free(self->dns);
	self->freed = true;
	uv_run(&self->loop, UV_RUN_NOWAIT);
	EXPECT_EQ(0, self->q[0].done + self->q[1].done + self->q[2].done);
}

TEST_F(dns, a_wrong_list_of_servers_is_told)
{
	struct dns *dns = NULL;

	self->conf.servers = "192.0.2.1:53,example";
	EXPECT_EQ(-EINVAL, dns_new(&dns, &self->loop, &self->conf));
	EXPECT_EQ(NULL, dns);
}

TEST_HARNESS_MAIN
