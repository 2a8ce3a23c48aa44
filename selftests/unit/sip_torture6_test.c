// SPDX-License-Identifier: GPL-2.0-only
/*
 * RFC 5118: IPv6 in SIP messages. All of §4 is valid but for an address without
 * its brackets, and one spelling that must be understood though it is none.
 */
#include "torture.h"
#include "sdp/sdp.h"

#define CALL_ID "SSG9559905523997077@hlau_4100"

TEST(an_address_in_brackets)
{
	const struct sip_msg *msg;
	struct sip_nameaddr contact;
	struct sip_uri uri;
	struct torture t;
	struct addr addr;

	msg = torture_accepted(_metadata, &t, "ipv6-good");
	EXPECT_EQ(msg->method, SIP_REGISTER);
	EXPECT_SLICE(msg->uri.host, "2001:db8::10");
	EXPECT_TRUE(msg->uri.ip6);
	EXPECT_EQ(msg->uri.port, 0);
	EXPECT_SLICE(msg->via.host, "2001:db8::9:1");
	EXPECT_EQ(msg->via.port, 0);
	EXPECT_SLICE(msg->call_id, CALL_ID);
	ASSERT_TRUE(sip_parse_nameaddr(torture_header(msg, SIP_HDR_CONTACT, 0), &contact));
	EXPECT_SLICE(contact.display, "\"Caller\"");
	ASSERT_TRUE(sip_uri_parse(contact.uri, &uri));
	EXPECT_SLICE(uri.host, "2001:db8::1");
	ASSERT_TRUE(sip_uri_addr(&uri, &addr));
	EXPECT_EQ(addr.family, AF_INET6);
	torture_free(&t);
}

/* What may have been meant as a port is the end of the address (§4.3, §4.4). */
TEST(a_port_is_outside_of_the_brackets)
{
	const struct sip_msg *msg;
	struct torture t;

	msg = torture_accepted(_metadata, &t, "port-ambiguous");
	EXPECT_SLICE(msg->uri.host, "2001:db8::10:5070");
	EXPECT_EQ(msg->uri.port, 0);
	torture_free(&t);
	msg = torture_accepted(_metadata, &t, "port-unambiguous");
	EXPECT_SLICE(msg->uri.host, "2001:db8::10");
	EXPECT_EQ(msg->uri.port, 5070);
	torture_free(&t);
}

/* The grammar has none, and others write them (§4.5). */
TEST(received_with_and_without_brackets_is_the_same)
{
	static const char *const names[] = {
		"via-received-param-with-delim", "via-received-param-no-delim",
	};
	const struct sip_msg *msg;
	struct torture t;
	size_t i;

	for (i = 0; i < 2; i++) {
		msg = torture_accepted(_metadata, &t, names[i]);
		EXPECT_SLICE(msg->via.received, "2001:db8::9:255");
		EXPECT_SLICE(msg->via.branch, "z9hG4bKas3-111");
		EXPECT_SLICE(msg->via.host, "2001:db8::9:1");
		torture_free(&t);
	}
}

/* The body says where media go; host is that of stream n. */
static void expect_media(struct __test_metadata *_metadata, const struct sip_msg *msg,
			 unsigned int n, const char *host)
{
	struct sdp *sdp = calloc(1, sizeof(*sdp));
	struct sdp_error err;
	struct addr wanted;

	ASSERT_EQ(sdp_parse(msg->body, sdp, &err), 0);
	ASSERT_GT(sdp->nmedia, n);
	ASSERT_TRUE(addr_parse_ip(slice_str(host), &wanted));
	EXPECT_TRUE(addr_ip_eq(&sdp->media[n].connection, &wanted));
	free(sdp);
}

TEST(addresses_in_sdp)
{
	const struct sip_msg *msg;
	struct torture t;

	msg = torture_accepted(_metadata, &t, "ipv6-in-sdp");
	EXPECT_SLICE(msg->content_type, "application/sdp");
	expect_media(_metadata, msg, 0, "2001:db8::20");
	expect_media(_metadata, msg, 1, "2001:db8::20");
	torture_free(&t);
	msg = torture_accepted(_metadata, &t, "mult-ip-in-sdp");
	expect_media(_metadata, msg, 0, "192.0.2.1");
	expect_media(_metadata, msg, 1, "2001:db8::1");
	torture_free(&t);
}

TEST(vias_of_both_families)
{
	const struct sip_msg *msg;
	struct torture t;
	struct sip_via via;

	msg = torture_accepted(_metadata, &t, "mult-ip-in-header");
	EXPECT_SLICE(msg->via.host, "2001:db8::9:1");
	EXPECT_EQ(msg->via.port, 6050);
	EXPECT_TRUE(msg->more_vias);
	ASSERT_TRUE(sip_parse_via(torture_header(msg, SIP_HDR_VIA, 1), &via));
	EXPECT_SLICE(via.host, "192.0.2.1");
	ASSERT_TRUE(sip_parse_via(torture_header(msg, SIP_HDR_VIA, 2), &via));
	EXPECT_SLICE(via.transport, "TCP");
	EXPECT_SLICE(via.host, "2001:db8::9:255");
	EXPECT_SLICE(via.received, "192.0.2.200");
	torture_free(&t);
}

TEST(ipv4_mapped_addresses)
{
	const struct sip_msg *msg;
	struct sip_nameaddr contact;
	struct sip_uri uri;
	struct torture t;

	msg = torture_accepted(_metadata, &t, "ipv4-mapped-ipv6");
	EXPECT_SLICE(msg->via.host, "::ffff:192.0.2.10");
	EXPECT_EQ(msg->via.port, 19823);
	ASSERT_TRUE(sip_parse_nameaddr(torture_header(msg, SIP_HDR_CONTACT, 0), &contact));
	EXPECT_SLICE(contact.display, "\"T. desk phone\"");
	ASSERT_TRUE(sip_uri_parse(contact.uri, &uri));
	EXPECT_SLICE(uri.host, "::ffff:192.0.2.2");
	torture_free(&t);
}

/* §4.10: RFC 3261's grammar allows three colons before an IPv4 address, so they are seen. */
TEST(three_colons_mean_two)
{
	static const char *const names[] = {
		"ipv6-bug-abnf-3-colons", "ipv6-correct-abnf-2-colons",
	};
	const struct sip_msg *msg;
	char text[ADDR_STRLEN];
	struct torture t;
	struct addr addr;
	size_t i;

	for (i = 0; i < 2; i++) {
		msg = torture_accepted(_metadata, &t, names[i]);
		ASSERT_TRUE(sip_uri_addr(&msg->uri, &addr));
		EXPECT_STREQ(addr_print_ip(&addr, text), "2001:db8::c000:201");
		torture_free(&t);
	}
}

TEST(three_colons_anywhere_else_are_no_address)
{
	static const char *const bad[] = {
		"sip:[2001:db8:::1]", "sip:[::::192.0.2.1]", "sip:[1:::2:192.0.2.1]",
		"sip:[2001:db8::1:::192.0.2.1]", "sip:[:::]", "sip:[:::192.0.2.1.1]",
	};
	struct sip_uri uri;
	size_t i;

	EXPECT_TRUE(sip_uri_parse(SLICE("sip:[:::192.0.2.1]"), &uri));
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		EXPECT_FALSE(sip_uri_parse(slice_str(bad[i]), &uri)) {
			TH_LOG("case %zu", i);
		}
}

/* BYE is for a dialog that there is not, whatever its addresses. */
static const struct torture_case cases[] = {
	{ "ipv6-good", PASSED, NULL },
	{ "ipv6-bad", ANSWERED, "SIP/2.0 400 Malformed Request-URI\r\n" },
	{ "port-ambiguous", PASSED, NULL },
	{ "port-unambiguous", PASSED, NULL },
	{ "via-received-param-with-delim", ANSWERED, "SIP/2.0 481 " },
	{ "via-received-param-no-delim", ANSWERED, "SIP/2.0 481 " },
	{ "ipv6-in-sdp", PASSED, NULL },
	{ "mult-ip-in-header", ANSWERED, "SIP/2.0 481 " },
	{ "mult-ip-in-sdp", PASSED, NULL },
	{ "ipv4-mapped-ipv6", PASSED, NULL },
	{ "ipv6-bug-abnf-3-colons", PASSED, NULL },
	{ "ipv6-correct-abnf-2-colons", PASSED, NULL },
};

TEST(the_engine_does_as_the_rfc_says)
{
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		torture_outcome(_metadata, &cases[i]);
}

TEST_HARNESS_MAIN
