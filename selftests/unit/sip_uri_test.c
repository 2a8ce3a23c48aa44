// SPDX-License-Identifier: GPL-2.0-only
/*
 * URIs: what is one, what its parts are, and what is none.
 */
#include "kselftest_harness.h"
#include "sip/uri.h"

static const struct {
	const char *text;
	enum sip_uri_kind kind;
	const char *user, *password, *host;
	u16 port;
	const char *params, *headers;
} good[] = {
	{ "sip:alice@example.com", SIP_URI_SIP, "alice", "", "example.com", 0, "", "" },
	{ "SIP:alice@Example.COM", SIP_URI_SIP, "alice", "", "Example.COM", 0, "", "" },
	{ "sips:alice@example.com:5061", SIP_URI_SIPS, "alice", "", "example.com", 5061, "", "" },
	{ "sip:example.com", SIP_URI_SIP, "", "", "example.com", 0, "", "" },
	{ "sip:192.0.2.4:5070;transport=udp;lr", SIP_URI_SIP, "", "", "192.0.2.4", 5070,
	  ";transport=udp;lr", "" },
	{ "sip:bob:secret@example.com;user=phone?Subject=hi&Priority=urgent", SIP_URI_SIP, "bob",
	  "secret", "example.com", 0, ";user=phone", "?Subject=hi&Priority=urgent" },
	{ "sip:[2001:db8::10]:5070", SIP_URI_SIP, "", "", "2001:db8::10", 5070, "", "" },
	{ "sip:a@[::ffff:192.0.2.1];lr", SIP_URI_SIP, "a", "", "::ffff:192.0.2.1", 0, ";lr", "" },
	{ "sip:+1-212-555-1212:1234@gw.example.com;user=phone", SIP_URI_SIP, "+1-212-555-1212",
	  "1234", "gw.example.com", 0, ";user=phone", "" },
	/* RFC 4475 §3.1.1.2, §3.1.1.13, §3.1.1.11 */
	{ "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
	  SIP_URI_SIP, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*",
	  "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)", "example.com", 0, "", "" },
	{ "sip:user;par=u%40example.net@example.com", SIP_URI_SIP, "user;par=u%40example.net", "",
	  "example.com", 0, "", "" },
	{ "sip:null-%00-null@example.com", SIP_URI_SIP, "null-%00-null", "", "example.com", 0, "", "" },
	{ "sip:*31#4930@example.com", SIP_URI_SIP, "*31#4930", "", "example.com", 0, "", "" },
	{ "tel:+49-30-1234", SIP_URI_TEL, "+49-30-1234", "", "", 0, "", "" },
	{ "tel:7042;phone-context=example.com", SIP_URI_TEL, "7042", "", "", 0,
	  ";phone-context=example.com", "" },
	{ "http://example.com/a?b", SIP_URI_OTHER, "", "", "", 0, "", "" },
	{ "urn:service:sos", SIP_URI_OTHER, "", "", "", 0, "", "" },
};

TEST(the_parts_of_a_uri_are_found)
{
	struct sip_uri uri;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		ASSERT_TRUE(sip_uri_parse(slice_str(good[i].text), &uri)) {
			TH_LOG("%s", good[i].text);
		}
		EXPECT_EQ(uri.kind, good[i].kind);
		EXPECT_TRUE(slice_eq(uri.user, slice_str(good[i].user)));
		EXPECT_TRUE(slice_eq(uri.password, slice_str(good[i].password)));
		EXPECT_TRUE(slice_eq(uri.host, slice_str(good[i].host)));
		EXPECT_EQ(uri.port, good[i].port);
		EXPECT_TRUE(slice_eq(uri.params, slice_str(good[i].params)));
		EXPECT_TRUE(slice_eq(uri.headers, slice_str(good[i].headers)));
	}
}

static const char *const bad[] = {
	"", "sip", "sip:", "alice@example.com", ":alice", "sip:@example.com", "sip:alice@",
	"sip:alice@example.com:", "sip:alice@example.com:0", "sip:alice@example.com:65536",
	"sip:alice@example.com:5060x", "sip:alice@example.com :5060", "sip:a b@example.com",
	"sip:alice@[2001:db8::1", "sip:alice@[192.0.2.1]", "sip:alice@[]", "sip:alice@2001:db8::1",
	"sip:alice@exa<mple.com", "sip:alice%4@example.com", "sip:alice%zz@example.com",
	"sip:alice@example.com;a=\"b\"", "sip:alice@example.com;x=a@b", "sip:a@b@c",
	"sip:alice@example.com\r\nX: y", "tel:", "tel:hello", "1sip:a@b", "http:", "http://a b",
};

TEST(what_is_no_uri_is_refused)
{
	struct sip_uri uri;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		EXPECT_FALSE(sip_uri_parse(slice_str(bad[i]), &uri)) {
			TH_LOG("case %zu", i);
		}
}

static const struct {
	const char *uri, *addr;
} hops[] = {
	{ "sip:a@192.0.2.4", "192.0.2.4:5060" },
	{ "sips:192.0.2.4", "192.0.2.4:5061" },
	{ "sip:a@192.0.2.4:7000;lr", "192.0.2.4:7000" },
	{ "sip:[2001:db8::1]:5070", "[2001:db8::1]:5070" },
	{ "sip:example.com", NULL },
	{ "sip:192.0.2.4;maddr=239.1.1.1", NULL },
	{ "tel:4930", NULL },
};

TEST(a_numeric_host_is_an_address)
{
	char text[ADDR_STRLEN];
	struct sip_uri uri;
	struct addr addr;
	size_t i;

	for (i = 0; i < sizeof(hops) / sizeof(*hops); i++) {
		ASSERT_TRUE(sip_uri_parse(slice_str(hops[i].uri), &uri));
		ASSERT_EQ(sip_uri_addr(&uri, &addr), !!hops[i].addr) {
			TH_LOG("%s", hops[i].uri);
		}
		if (hops[i].addr)
			EXPECT_STREQ(addr_print(&addr, text), hops[i].addr);
	}
}

TEST_HARNESS_MAIN
