// SPDX-License-Identifier: GPL-2.0-only
/*
 * RFC 3263 §4 as a function: which transports, names and ports, what when something is
 * missing, and what when nobody can say. The order of servers, and how many, is in
 * candidate_order_test.c.
 */
#include "candidate_harness.h"

/* The example of RFC 3263 §4.1 and §4.2. */
static void example_zone(struct zone *z)
{
	zone_add(z, "example.com 500 NAPTR 50 50 s SIPS+D2T _sips._tcp.example.com");
	zone_add(z, "example.com 500 NAPTR 90 50 s SIP+D2T _sip._tcp.example.com");
	zone_add(z, "example.com 500 NAPTR 100 50 s SIP+D2U _sip._udp.example.com");
	zone_add(z, "_sips._tcp.example.com 400 SRV 0 1 5061 server1.example.com");
	zone_add(z, "_sips._tcp.example.com 400 SRV 1 1 5071 server2.example.com");
	zone_add(z, "_sip._tcp.example.com 400 SRV 0 1 5060 server1.example.com");
	zone_add(z, "_sip._tcp.example.com 400 SRV 1 2 5060 server2.example.com");
	zone_add(z, "_sip._udp.example.com 400 SRV 0 1 5060 server2.example.com");
	zone_add(z, "server1.example.com 300 A 192.0.2.1");
	zone_add(z, "server1.example.com 200 AAAA 2001:db8::1");
	zone_add(z, "server2.example.com 600 A 192.0.2.2");
	zone_add(z, "example.com 300 A 192.0.2.80");
}

/* --- without any name --- */

static const struct {
	const char *host;
	u16 port;
	int transport;		/* -1: none */
	bool secure;
	u32 transports;
	int err;
	const char *expected;
} numeric[] = {
	{ "192.0.2.7", 0, -1, false, ALL, 0, "UDP 192.0.2.7:5060" },
	{ "192.0.2.7", 5070, -1, false, ALL, 0, "UDP 192.0.2.7:5070" },
	{ "192.0.2.7", 0, -1, true, ALL, 0, "TLS 192.0.2.7:5061" },
	{ "192.0.2.7", 0, TRANSPORT_TCP, false, ALL, 0, "TCP 192.0.2.7:5060" },
	{ "192.0.2.7", 0, TRANSPORT_TCP, true, ALL, 0, "TLS 192.0.2.7:5061" },
	{ "192.0.2.7", 5070, TRANSPORT_WS, true, ALL, 0, "WSS 192.0.2.7:5070" },
	{ "192.0.2.7", 0, TRANSPORT_WSS, false, ALL, 0, "WSS 192.0.2.7:443" },
	{ "2001:db8::7", 0, -1, false, ALL, 0, "UDP [2001:db8::7]:5060" },
	{ "[2001:db8::7]", 5070, TRANSPORT_TLS, false, ALL, 0, "TLS [2001:db8::7]:5070" },
	{ "192.0.2.7", 0, -1, false, ONLY(TCP) | ONLY(TLS), 0, "TCP 192.0.2.7:5060" },
	{ "192.0.2.7", 0, -1, true, ONLY(WSS), 0, "WSS 192.0.2.7:443" },
	{ "192.0.2.7", 0, TRANSPORT_TLS, false, ONLY(UDP), -EPROTONOSUPPORT, "none" },
	{ "192.0.2.7", 0, -1, true, ONLY(UDP) | ONLY(TCP), -EPROTONOSUPPORT, "none" },
	{ "192.0.2.7", 0, TRANSPORT_UDP, true, ONLY(UDP), -EPROTONOSUPPORT, "none" },
};

TEST_F(candidate, an_address_is_its_own_candidate)
{
	size_t i;

	for (i = 0; i < sizeof(numeric) / sizeof(numeric[0]); i++) {
		self->query.host = slice_str(numeric[i].host);
		self->query.port = numeric[i].port;
		self->query.has_transport = numeric[i].transport >= 0;
		self->query.transport = numeric[i].transport >= 0 ? numeric[i].transport : 0;
		self->query.secure = numeric[i].secure;
		self->query.transports = numeric[i].transports;
		EXPECT_EQ(numeric[i].err, locate(self));
		EXPECT_STREQ(numeric[i].expected, nth(self, 0)) {
			TH_LOG("case %zu", i);
		}
		EXPECT_EQ(0, self->rounds);
	}
	/* a certificate for an address has it without brackets */
	self->query.host = SLICE("[2001:db8::7]");
	self->query.secure = false;
	EXPECT_EQ(0, locate(self));
	EXPECT_STREQ("2001:db8::7", self->result.domain);
}

TEST_F(candidate, an_address_of_a_family_that_we_have_not)
{
	self->query.v6 = false;
	self->query.host = SLICE("[2001:db8::7]");
	EXPECT_EQ(-EAFNOSUPPORT, locate(self));
	EXPECT_EQ(0, self->result.n);
	EXPECT_NE(NULL, strstr(self->result.text, "2001:db8::7"));
}

TEST_F(candidate, what_is_not_a_name_is_refused)
{
	self->query.host = SLICE("a b");
	EXPECT_EQ(-EINVAL, locate(self));
	self->query.host = SLICE("");
	EXPECT_EQ(-EINVAL, locate(self));
	EXPECT_EQ(0, self->rounds);
}

/* --- the chain --- */

TEST_F(candidate, naptr_leads_to_srv_leads_to_addresses)
{
	example_zone(&self->zone);
	ASSERT_EQ(0, locate(self));
	/* TLS has the lowest order, and we can do it */
	EXPECT_EQ(3, self->result.n);
	EXPECT_STREQ("TLS [2001:db8::1]:5061", nth(self, 0));
	EXPECT_STREQ("TLS 192.0.2.1:5061", nth(self, 1));
	EXPECT_STREQ("TLS 192.0.2.2:5071", nth(self, 2));
	EXPECT_STREQ("example.com", self->result.domain);
	/* the least TTL of the way there */
	EXPECT_EQ(200, self->result.candidates[0].ttl);
	EXPECT_EQ(300, self->result.candidates[1].ttl);
	EXPECT_EQ(400, self->result.candidates[2].ttl);
	EXPECT_EQ(3, self->rounds);
	EXPECT_FALSE(asked(self, "_sip._udp.example.com", DNS_SRV));
}

TEST_F(candidate, transports_that_we_have_not_are_passed_over)
{
	example_zone(&self->zone);
	self->query.transports = ONLY(UDP) | ONLY(TCP);
	ASSERT_EQ(0, locate(self));
	EXPECT_STREQ("TCP [2001:db8::1]:5060", nth(self, 0));
	self->query.transports = ONLY(UDP);
	ASSERT_EQ(0, locate(self));
	EXPECT_EQ(1, self->result.n);
	EXPECT_STREQ("UDP 192.0.2.2:5060", nth(self, 0));
}

TEST_F(candidate, families_that_we_have_not_are_not_asked_for)
{
	example_zone(&self->zone);
	self->query.v6 = false;
	ASSERT_EQ(0, locate(self));
	EXPECT_EQ(2, self->result.n);
	EXPECT_STREQ("TLS 192.0.2.1:5061", nth(self, 0));
	EXPECT_FALSE(asked(self, "server1.example.com", DNS_AAAA));
}

TEST_F(candidate, sips_is_tls_on_every_way)
{
	example_zone(&self->zone);
	self->query.secure = true;
	self->zone.lines[0] = "example.com 500 NAPTR 950 50 s SIPS+D2T _sips._tcp.example.com";
	ASSERT_EQ(0, locate(self));
	EXPECT_EQ(3, self->result.n);
	EXPECT_STREQ("TLS [2001:db8::1]:5061", nth(self, 0));
	/* without NAPTR */
	self->zone.lines[0] = self->zone.lines[1] = self->zone.lines[2] = "x 1 A 192.0.2.3";
	ASSERT_EQ(0, locate(self));
	EXPECT_STREQ("TLS [2001:db8::1]:5061", nth(self, 0));
	EXPECT_FALSE(asked(self, "_sip._udp.example.com", DNS_SRV));
	EXPECT_FALSE(asked(self, "_sip._tcp.example.com", DNS_SRV));
	/* without SRV */
	self->zone.lines[3] = self->zone.lines[4] = "x 1 A 192.0.2.3";
	ASSERT_EQ(0, locate(self));
	EXPECT_EQ(1, self->result.n);
	EXPECT_STREQ("TLS 192.0.2.80:5061", nth(self, 0));
}

TEST_F(candidate, preference_orders_what_has_one_order)
{
	zone_add(&self->zone, "example.com 60 NAPTR 10 30 S sip+d2t _sip._tcp.example.com");
	zone_add(&self->zone, "example.com 60 NAPTR 20 10 s SIPS+D2T _sips._tcp.example.com");
	zone_add(&self->zone, "example.com 60 NAPTR 10 20 s SIP+D2U _sip._udp.example.com");
	zone_add(&self->zone, "example.com 60 NAPTR 5 20 u E2U+sip other.example.com");
	zone_add(&self->zone, "example.com 60 NAPTR 5 20 a SIP+D2U other.example.com");
	zone_add(&self->zone, "_sip._tcp.example.com 60 SRV 0 0 5060 a.example.com");
	zone_add(&self->zone, "_sip._udp.example.com 60 SRV 0 0 5062 a.example.com");
	zone_add(&self->zone, "a.example.com 60 A 192.0.2.1");
	ASSERT_EQ(0, locate(self));
	EXPECT_EQ(2, self->result.n);
	EXPECT_STREQ("UDP 192.0.2.1:5062", nth(self, 0));
	EXPECT_STREQ("TCP 192.0.2.1:5060", nth(self, 1));
}

TEST_F(candidate, websockets_have_services_too)
{
	zone_add(&self->zone, "example.com 60 NAPTR 10 10 s SIPS+D2W _sips._ws.example.com");
	zone_add(&self->zone, "example.com 60 NAPTR 10 20 s SIP+D2W _sip._ws.example.com");
	zone_add(&self->zone, "_sips._ws.example.com 60 SRV 0 0 8443 a.example.com");
	zone_add(&self->zone, "_sip._ws.example.com 60 SRV 0 0 8080 a.example.com");
	zone_add(&self->zone, "a.example.com 60 A 192.0.2.1");
	ASSERT_EQ(0, locate(self));
	EXPECT_STREQ("WSS 192.0.2.1:8443", nth(self, 0));
	EXPECT_STREQ("WS 192.0.2.1:8080", nth(self, 1));
	self->query.secure = true;
	ASSERT_EQ(0, locate(self));
	EXPECT_EQ(1, self->result.n);
}

TEST_F(candidate, without_naptr_each_transport_is_asked_for)
{
	zone_add(&self->zone, "_sip._udp.example.com 60 SRV 0 0 5060 a.example.com");
	zone_add(&self->zone, "_sips._tcp.example.com 60 SRV 0 0 5061 a.example.com");
	zone_add(&self->zone, "a.example.com 60 A 192.0.2.1");
	ASSERT_EQ(0, locate(self));
	EXPECT_EQ(2, self->result.n);
	EXPECT_STREQ("UDP 192.0.2.1:5060", nth(self, 0));
	EXPECT_STREQ("TLS 192.0.2.1:5061", nth(self, 1));
	EXPECT_TRUE(asked(self, "_sip._tcp.example.com", DNS_SRV));
	EXPECT_EQ(3, self->rounds);
}

/* What says nothing that we understand is no NAPTR of ours. */
TEST_F(candidate, naptrs_of_others_are_as_good_as_none)
{
	zone_add(&self->zone, "example.com 60 NAPTR 10 10 u E2U+sip x.example.com");
	zone_add(&self->zone, "_sip._udp.example.com 60 SRV 0 0 5060 a.example.com");
	zone_add(&self->zone, "a.example.com 60 A 192.0.2.1");
	ASSERT_EQ(0, locate(self));
	EXPECT_STREQ("UDP 192.0.2.1:5060", nth(self, 0));
}

TEST_F(candidate, without_srv_the_domain_is_a_host)
{
	zone_add(&self->zone, "example.com 60 A 192.0.2.1");
	zone_add(&self->zone, "example.com 60 AAAA 2001:db8::1");
	ASSERT_EQ(0, locate(self));
	EXPECT_EQ(2, self->result.n);
	EXPECT_STREQ("UDP [2001:db8::1]:5060", nth(self, 0));
	EXPECT_STREQ("UDP 192.0.2.1:5060", nth(self, 1));
}

/* The transport that NAPTR chose stays chosen (RFC 3263 §4.2). */
TEST_F(candidate, a_naptr_whose_srv_is_missing)
{
	zone_add(&self->zone, "example.com 60 NAPTR 10 10 s SIPS+D2T _sips._tcp.example.com");
	zone_add(&self->zone, "example.com 60 A 192.0.2.1");
	ASSERT_EQ(0, locate(self));
	EXPECT_STREQ("TLS 192.0.2.1:5061", nth(self, 0));
}

TEST_F(candidate, a_port_means_that_only_addresses_are_asked_for)
{
	example_zone(&self->zone);
	self->query.port = 5080;
	ASSERT_EQ(0, locate(self));
	EXPECT_EQ(1, self->result.n);
	EXPECT_STREQ("UDP 192.0.2.80:5080", nth(self, 0));
	EXPECT_FALSE(asked(self, "example.com", DNS_NAPTR));
	self->query.secure = true;
	ASSERT_EQ(0, locate(self));
	EXPECT_STREQ("TLS 192.0.2.80:5080", nth(self, 0));
	self->query.has_transport = true;
	self->query.transport = TRANSPORT_WS;
	self->query.secure = false;
	ASSERT_EQ(0, locate(self));
	EXPECT_STREQ("WS 192.0.2.80:5080", nth(self, 0));
}

TEST_F(candidate, a_transport_means_its_srv_or_its_port)
{
	example_zone(&self->zone);
	self->query.has_transport = true;
	self->query.transport = TRANSPORT_TCP;
	ASSERT_EQ(0, locate(self));
	EXPECT_STREQ("TCP [2001:db8::1]:5060", nth(self, 0));
	EXPECT_FALSE(asked(self, "example.com", DNS_NAPTR));
	self->query.transport = TRANSPORT_WSS;
	ASSERT_EQ(0, locate(self));
	EXPECT_EQ(1, self->result.n);
	EXPECT_STREQ("WSS 192.0.2.80:443", nth(self, 0));
	/* sips over TCP is TLS */
	self->query.transport = TRANSPORT_TCP;
	self->query.secure = true;
	ASSERT_EQ(0, locate(self));
	EXPECT_STREQ("TLS [2001:db8::1]:5061", nth(self, 0));
}

TEST_F(candidate, aliases_lead_on_and_the_domain_stays)
{
	zone_add(&self->zone, "example.com 60 CNAME pbx.example.net");
	zone_add(&self->zone, "pbx.example.net 60 A 192.0.2.1");
	ASSERT_EQ(0, locate(self));
	EXPECT_STREQ("UDP 192.0.2.1:5060", nth(self, 0));
	EXPECT_STREQ("example.com", self->result.domain);
}

/* A server that gives an alias without what it stands for is asked again. */
TEST_F(candidate, an_alias_without_its_end_is_asked_for)
{
	struct locate_fact *f;

	self->query.port = 5060;
	self->query.v6 = false;
	zone_add(&self->zone, "pbx.example.net 60 A 192.0.2.1");
	ASSERT_EQ(-EINPROGRESS, locate_evaluate(&self->query, &self->facts, &self->result));
	f = &self->facts.facts[0];
	f->answered = true;
	f->answer = dns_answer_new(DNS_ALIAS, 20, 0);
	f->ttl = 20;
	strcpy(f->answer->alias, "pbx.example.net");
	ASSERT_EQ(-EINPROGRESS, locate_evaluate(&self->query, &self->facts, &self->result));
	ASSERT_EQ(2, self->facts.n);
	f = &self->facts.facts[1];
	EXPECT_STREQ("pbx.example.net", f->name);
	f->answered = true;
	f->answer = zone_answer(&self->zone, f->name, f->type);
	f->ttl = 60;
	ASSERT_EQ(0, locate_evaluate(&self->query, &self->facts, &self->result));
	EXPECT_STREQ("UDP 192.0.2.1:5060", nth(self, 0));
	EXPECT_EQ(20, self->result.candidates[0].ttl);
	/* one that stands for itself */
	strcpy(self->facts.facts[0].answer->alias, "example.com");
	EXPECT_EQ(0, locate_evaluate(&self->query, &self->facts, &self->result));
	EXPECT_EQ(-EAGAIN, self->result.err);
}

/* --- what goes wrong --- */

TEST_F(candidate, a_name_that_is_not_there)
{
	EXPECT_EQ(-ENOENT, locate(self));
	EXPECT_EQ(0, self->result.n);
	EXPECT_STREQ("example.com: example.com A: no such name", self->result.text);
}

TEST_F(candidate, servers_that_fail_are_no_answer)
{
	zone_add(&self->zone, "_sip._udp.example.com 0 SERVFAIL SRV");
	zone_add(&self->zone, "example.com 60 A 192.0.2.1");
	/* not a host with a default port: there may well be services */
	EXPECT_EQ(-EAGAIN, locate(self));
	EXPECT_STREQ("example.com: _sip._udp.example.com SRV: the name servers failed",
		     self->result.text);
	/* another transport has an answer */
	zone_add(&self->zone, "_sip._tcp.example.com 60 SRV 0 0 5060 a.example.com");
	zone_add(&self->zone, "a.example.com 60 A 192.0.2.2");
	ASSERT_EQ(0, locate(self));
	EXPECT_STREQ("TCP 192.0.2.2:5060", nth(self, 0));
}

TEST_F(candidate, naptr_that_nobody_answers_is_as_good_as_none)
{
	zone_add(&self->zone, "example.com 0 SILENT NAPTR");
	zone_add(&self->zone, "_sip._udp.example.com 60 SRV 0 0 5060 a.example.com");
	zone_add(&self->zone, "a.example.com 60 A 192.0.2.1");
	ASSERT_EQ(0, locate(self));
	EXPECT_STREQ("UDP 192.0.2.1:5060", nth(self, 0));
	self->zone.n = 1;
	EXPECT_EQ(-EAGAIN, locate(self));
	EXPECT_STREQ("example.com: example.com NAPTR: no name server answered",
		     self->result.text);
}

TEST_F(candidate, one_target_that_fails_leaves_the_others)
{
	zone_add(&self->zone, "_sip._udp.example.com 60 SRV 0 0 5060 a.example.com");
	zone_add(&self->zone, "_sip._udp.example.com 60 SRV 1 0 5060 b.example.com");
	zone_add(&self->zone, "_sip._udp.example.com 60 SRV 2 0 5060 nobody.example.com");
	zone_add(&self->zone, "_sip._udp.example.com 60 SRV 3 0 0 b.example.com");
	zone_add(&self->zone, "a.example.com 0 SILENT");
	zone_add(&self->zone, "b.example.com 60 A 192.0.2.2");
	ASSERT_EQ(0, locate(self));
	EXPECT_EQ(1, self->result.n);
	EXPECT_STREQ("UDP 192.0.2.2:5060", nth(self, 0));
}

/* RFC 2782: the target "." says decidedly no, which the default port does not overrule. */
TEST_F(candidate, a_service_that_is_withdrawn)
{
	zone_add(&self->zone, "_sip._udp.example.com 60 SRV 0 0 0 .");
	zone_add(&self->zone, "example.com 60 A 192.0.2.1");
	EXPECT_EQ(-ENOENT, locate(self));
	EXPECT_NE(NULL, strstr(self->result.text, "example.com: its SRV"));
	zone_add(&self->zone, "_sip._tcp.example.com 60 SRV 0 0 5060 example.com");
	ASSERT_EQ(0, locate(self));
	EXPECT_EQ(1, self->result.n);
	EXPECT_STREQ("TCP 192.0.2.1:5060", nth(self, 0));
}

TEST_F(candidate, addresses_that_no_server_has_are_left_out)
{
	zone_add(&self->zone, "example.com 60 A 0.0.0.0");
	zone_add(&self->zone, "example.com 60 A 224.0.0.1");
	zone_add(&self->zone, "example.com 60 A 255.255.255.255");
	zone_add(&self->zone, "example.com 60 AAAA ::");
	zone_add(&self->zone, "example.com 60 AAAA ff02::1");
	zone_add(&self->zone, "example.com 60 AAAA ::ffff:192.0.2.1");
	zone_add(&self->zone, "example.com 60 AAAA fe80::1");
	EXPECT_EQ(-ENOENT, locate(self));
	EXPECT_EQ(0, self->result.n);
	zone_add(&self->zone, "example.com 60 A 192.0.2.1");
	ASSERT_EQ(0, locate(self));
	EXPECT_EQ(1, self->result.n);
}

TEST_HARNESS_MAIN
