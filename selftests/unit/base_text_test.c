// SPDX-License-Identifier: GPL-2.0-only
/*
 * The smallest things: slices, addresses, prefixes, buffers.
 */
#include <arpa/inet.h>
#include <stdlib.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/transport.h"
#include "kselftest_harness.h"

TEST(a_slice_compares_trims_and_counts)
{
	u32 number;

	EXPECT_TRUE(slice_caseeq(SLICE("Call-ID"), SLICE("cAlL-iD")));
	EXPECT_FALSE(slice_caseeq(SLICE("Call-ID"), SLICE("Call-I")));
	/* '[' is '{' without the bit that letters differ in: no letters, not equal. */
	EXPECT_FALSE(slice_caseeq(SLICE("["), SLICE("{")));
	EXPECT_TRUE(slice_eq(slice_trim(SLICE(" \t\r\n a b \r\n")), SLICE("a b")));
	EXPECT_EQ(slice_trim(SLICE(" \t ")).n, 0);
	EXPECT_TRUE(slice_u32(SLICE("4294967295"), &number));
	EXPECT_EQ(number, UINT32_MAX);
	EXPECT_FALSE(slice_u32(SLICE("4294967296"), &number));
	EXPECT_FALSE(slice_u32(SLICE("18446744073709551617"), &number));
	EXPECT_FALSE(slice_u32(SLICE("12a"), &number));
	EXPECT_FALSE(slice_u32(SLICE("-1"), &number));
	EXPECT_FALSE(slice_u32(SLICE(""), &number));
}

TEST(a_word_is_found_whole)
{
	EXPECT_TRUE(slice_has_word(SLICE("at 10.0.0.2:5060"), SLICE("10.0.0.2")));
	EXPECT_TRUE(slice_has_word(SLICE("It is 10.0.0.2."), SLICE("10.0.0.2")));
	EXPECT_TRUE(slice_has_word(SLICE("PBX.example"), SLICE("pbx.example")));
	EXPECT_FALSE(slice_has_word(SLICE("10.0.0.25"), SLICE("10.0.0.2")));
	EXPECT_FALSE(slice_has_word(SLICE("110.0.0.2"), SLICE("10.0.0.2")));
	EXPECT_FALSE(slice_has_word(SLICE("1.10.0.0.2"), SLICE("10.0.0.2")));
	EXPECT_FALSE(slice_has_word(SLICE("10.0.0.2.5"), SLICE("10.0.0.2")));
	EXPECT_TRUE(slice_has_word(SLICE("10.0.0.25, 10.0.0.2"), SLICE("10.0.0.2")));
	EXPECT_FALSE(slice_has_word(SLICE("10.0.0"), SLICE("10.0.0.2")));
	EXPECT_FALSE(slice_has_word(SLICE("x"), SLICE("")));
}

static const struct {
	const char *text;
	bool good;
	const char *printed;
} addresses[] = {
	{ "192.0.2.1:5060", true, "192.0.2.1:5060" },
	{ "[2001:DB8::1]:5060", true, "[2001:db8::1]:5060" },
	{ "[::ffff:192.0.2.1]:1", true, "[::ffff:192.0.2.1]:1" },
	{ "192.0.2.1:65535", true, "192.0.2.1:65535" },
	{ "192.0.2.1:65536", false, NULL },
	{ "192.0.2.1", false, NULL },
	{ "2001:db8::1:5060", false, NULL },
	{ "192.0.2.256:1", false, NULL },
	{ "[2001:db8::1:5060", false, NULL },
	{ "example.com:5060", false, NULL },
	{ ":5060", false, NULL },
	{ "", false, NULL },
};

TEST(an_address_with_port_is_read_and_printed)
{
	char text[ADDR_STRLEN];
	struct addr a;
	size_t i;

	for (i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		EXPECT_EQ(addr_parse(slice_str(addresses[i].text), &a), addresses[i].good) {
			TH_LOG("%s", addresses[i].text);
		}
		if (addresses[i].good)
			EXPECT_STREQ(addr_print(&a, text), addresses[i].printed);
	}
}

TEST(an_address_is_what_the_c_library_takes_for_one)
{
	static const char *const texts[] = {
		"0.0.0.0", "255.255.255.255", "10.0.0.10", "256.0.0.1", "1.2.3", "1.2.3.4.5",
		"01.2.3.4", "1.2.3.04", "1.2.3.00", "1.2.3.0", "1.2.3.", ".1.2.3", "1..2.3",
		"1.2.3.4 ", " 1.2.3.4", "1.2.3.4x", "1.2.3.1000", "1.2.3.-4", "+1.2.3.4", "1", "",
		"0x1.2.3.4", "::", "::1", "2001:db8::7", "::ffff:1.2.3.4", "1::2::3", "12:34", ":",
		"fe80::1%eth0", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8:9", "example.com",
	};
	unsigned char wanted[16];
	struct addr a;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		u8 family = inet_pton(AF_INET, texts[i], wanted) == 1 ? AF_INET :
			    inet_pton(AF_INET6, texts[i], wanted) == 1 ? AF_INET6 : 0;

		ASSERT_EQ(addr_parse_ip(slice_str(texts[i]), &a), family != 0) {
			TH_LOG("\"%s\"", texts[i]);
		}
		if (!family)
			continue;
		EXPECT_EQ(a.family, family);
		EXPECT_EQ(memcmp(&a.ip, wanted, family == AF_INET ? 4 : 16), 0);
	}
}

TEST(an_address_survives_the_way_through_a_sockaddr)
{
	static const char *const texts[] = { "192.0.2.1:5060", "[2001:db8::7]:65535" };
	struct sockaddr_storage ss;
	struct addr a, b;
	size_t i;

	for (i = 0; i < 2; i++) {
		ASSERT_TRUE(addr_parse(slice_str(texts[i]), &a));
		a.scope = i ? 3 : 0;
		ASSERT_GT(addr_to_sockaddr(&a, &ss), 0);
		ASSERT_TRUE(addr_from_sockaddr((struct sockaddr *)&ss, &b));
		EXPECT_TRUE(addr_eq(&a, &b));
		EXPECT_EQ(a.scope, b.scope);
		b.port++;
		EXPECT_FALSE(addr_eq(&a, &b));
		EXPECT_TRUE(addr_ip_eq(&a, &b));
	}
	ss.ss_family = AF_UNIX;
	EXPECT_FALSE(addr_from_sockaddr((struct sockaddr *)&ss, &b));
}

static const struct {
	const char *prefix, *inside, *outside;
} prefixes[] = {
	{ "10.0.0.0/8", "10.255.255.255", "11.0.0.0" },
	{ "192.0.2.128/25", "192.0.2.255", "192.0.2.127" },
	{ "192.0.2.7", "192.0.2.7", "192.0.2.8" },
	{ "0.0.0.0/0", "203.0.113.5", "::1" },
	{ "2001:db8::/33", "2001:db8:7fff::", "2001:db8:8000::" },
	{ "::1", "::1", "::2" },
};

TEST(a_prefix_holds_its_addresses_and_no_others)
{
	struct prefix p;
	struct addr a;
	size_t i;

	for (i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
		ASSERT_TRUE(prefix_parse(slice_str(prefixes[i].prefix), &p));
		ASSERT_TRUE(addr_parse_ip(slice_str(prefixes[i].inside), &a));
		EXPECT_TRUE(prefix_contains(&p, &a)) {
			TH_LOG("%s in %s", prefixes[i].inside, prefixes[i].prefix);
		}
		ASSERT_TRUE(addr_parse_ip(slice_str(prefixes[i].outside), &a));
		EXPECT_FALSE(prefix_contains(&p, &a)) {
			TH_LOG("%s in %s", prefixes[i].outside, prefixes[i].prefix);
		}
	}
	EXPECT_FALSE(prefix_parse(SLICE("10.0.0.0/33"), &p));
	EXPECT_FALSE(prefix_parse(SLICE("10.0.0.0/"), &p));
	EXPECT_FALSE(prefix_parse(SLICE("::/129"), &p));
	EXPECT_FALSE(prefix_parse(SLICE("ten/8"), &p));
}

TEST(a_buffer_grows_and_hands_over_a_string)
{
	struct buf b;
	char *text;
	int i;

	buf_init(&b);
	for (i = 0; i < 1000; i++) {
		buf_str(&b, "ab");
		buf_printf(&b, "%03d", i);
	}
	buf_u64(&b, 0);
	buf_u64(&b, UINT64_MAX);
	EXPECT_EQ(b.n, 5000 + 1 + 20);
	text = buf_take(&b);
	ASSERT_NE(text, NULL);
	EXPECT_EQ(strlen(text), 5021);
	EXPECT_EQ(strncmp(text, "ab000ab001", 10), 0);
	EXPECT_STREQ(text + 5000, "018446744073709551615");
	free(text);
	EXPECT_EQ(b.n, 0);
	text = buf_take(&b);
	ASSERT_NE(text, NULL);
	EXPECT_STREQ(text, "");
	free(text);
}

TEST(a_transport_is_known_by_its_name_in_any_case)
{
	enum transport t, read;

	for (t = 0; t < TRANSPORTS; t++) {
		ASSERT_TRUE(transport_parse(slice_str(transport_name(t)), &read));
		EXPECT_EQ(t, read);
	}
	ASSERT_TRUE(transport_parse(SLICE("wSs"), &read));
	EXPECT_EQ(read, TRANSPORT_WSS);
	EXPECT_FALSE(transport_parse(SLICE("SCTP"), &read));
	EXPECT_FALSE(transport_parse(SLICE("WSS "), &read));
	EXPECT_FALSE(transport_parse(SLICE(""), &read));
	EXPECT_EQ(transport_port(TRANSPORT_TLS), 5061);
	EXPECT_EQ(transport_port(TRANSPORT_WSS), 443);
	EXPECT_FALSE(transport_reliable(TRANSPORT_UDP));
	EXPECT_TRUE(transport_reliable(TRANSPORT_WS));
	EXPECT_FALSE(transport_secure(TRANSPORT_WS));
	EXPECT_TRUE(transport_secure(TRANSPORT_WSS));
}

TEST(what_does_not_fit_is_cut_at_a_piece_and_said)
{
	char text[12];

	EXPECT_TRUE(buf_print(text, sizeof(text), "%s: %u", "Min-SE", 900u));
	EXPECT_STREQ("Min-SE: 900", text);
	EXPECT_FALSE(buf_print(text, sizeof(text), "%s: %u", "Min-SE", 9000u));
	EXPECT_STREQ("Min-SE: ", text);
}

TEST_HARNESS_MAIN
