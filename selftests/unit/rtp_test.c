// SPDX-License-Identifier: GPL-2.0-only
/*
 * The RTP and RTCP parser that kernel and userspace share: which datagrams it
 * tells apart, which headers it refuses, and what it reads from the good ones.
 * Inputs are written in hexadecimal, as a capture shows them; each lies at the
 * end of its own allocation, so that the sanitizers see a read beyond it.
 */
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "jalur/rtp.h"

#define SSRC	"11223344"
/* V=2, payload type 0, sequence 0x1234, timestamp 0x00010203. */
#define HEAD	"80 00 1234 00010203 " SSRC
#define SR	"81 c8 000c " SSRC " 83aa7e80 40000000 00000100 0000000a " \
		"00000640 " BLOCK
#define RR	"81 c9 0007 " SSRC " " BLOCK
#define BLOCK	"55667788 20 ffffff 0001000a 00000014 7e804000 00018000"
#define SDES	"81 ca 0003 " SSRC " 01 02 6162 00 00 00 00"
#define BYE	"81 cb 0001 " SSRC
#define EMPTY_RR "80 c9 0001 " SSRC

struct bytes {
	__u8	*p;
	__u32	len;
};

static struct bytes bytes(const char *hex)
{
	struct bytes b = { .p = malloc(strlen(hex)) };
	char digits[3] = "";

	for (; *hex; hex++) {
		if (*hex == ' ')
			continue;
		memcpy(digits, hex++, 2);
		b.p[b.len++] = (__u8)strtoul(digits, NULL, 16);
	}
	b.p = realloc(b.p, b.len ? b.len : 1);
	return b;
}

static enum jalur_kind kind(const char *hex)
{
	struct bytes b = bytes(hex);
	enum jalur_kind kind = rtp_kind(b.p, b.len);

	free(b.p);
	return kind;
}

/* As the kernel does it: no more than RTP_HEADER_MAX bytes are readable. */
static bool rtp(const char *hex, struct rtp_header *header)
{
	struct bytes b = bytes(hex);
	__u32 avail = b.len < RTP_HEADER_MAX ? b.len : RTP_HEADER_MAX;
	bool ok = rtp_header_parse(b.p, avail, b.len, header);

	if (ok && header->padding)
		ok = rtp_padding_valid(header, b.len, b.p[b.len - 1]);
	free(b.p);
	return ok;
}

static bool rtcp(const char *hex)
{
	struct bytes b = bytes(hex);
	bool ok = rtcp_valid(b.p, b.len);

	free(b.p);
	return ok;
}

TEST(first_byte_tells_protocols_apart)
{
	static const struct {
		const char *hex;
		enum jalur_kind kind;
	} cases[] = {
		{ "",		JALUR_KIND_OTHER },
		{ "80",		JALUR_KIND_OTHER },
		{ "0001",	JALUR_KIND_STUN },
		{ "0301",	JALUR_KIND_STUN },
		{ "0401",	JALUR_KIND_OTHER },
		{ "0f01",	JALUR_KIND_OTHER },
		{ "1001",	JALUR_KIND_ZRTP },
		{ "1301",	JALUR_KIND_ZRTP },
		{ "1401",	JALUR_KIND_DTLS },
		{ "16fe",	JALUR_KIND_DTLS },
		{ "3ffe",	JALUR_KIND_DTLS },
		{ "4000",	JALUR_KIND_TURN },
		{ "4f00",	JALUR_KIND_TURN },
		{ "5000",	JALUR_KIND_OTHER },
		{ "7f00",	JALUR_KIND_OTHER },
		{ "8000",	JALUR_KIND_RTP },
		{ "bf7f",	JALUR_KIND_RTP },
		{ "c000",	JALUR_KIND_OTHER },
		{ "ff00",	JALUR_KIND_OTHER },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		EXPECT_EQ(cases[i].kind, kind(cases[i].hex)) {
			TH_LOG("input %s", cases[i].hex);
		}
	}
}

TEST(second_byte_tells_rtcp_from_rtp)
{
	EXPECT_EQ(JALUR_KIND_RTP, kind("80bf"));	/* M, type 63 */
	EXPECT_EQ(JALUR_KIND_RTCP, kind("80c0"));
	EXPECT_EQ(JALUR_KIND_RTCP, kind("80c8"));	/* SR */
	EXPECT_EQ(JALUR_KIND_RTCP, kind("81cf"));	/* XR */
	EXPECT_EQ(JALUR_KIND_RTCP, kind("80df"));
	EXPECT_EQ(JALUR_KIND_RTP, kind("80e0"));	/* M, type 96 */
	EXPECT_EQ(JALUR_KIND_RTP, kind("8048"));	/* 72 without M */
}

TEST(plain_header_is_read)
{
	struct rtp_header h;

	ASSERT_TRUE(rtp(HEAD " d5d5d5d5", &h));
	EXPECT_EQ(12, h.len);
	EXPECT_EQ(0, h.pt);
	EXPECT_FALSE(h.marker);
	EXPECT_FALSE(h.padding);
	EXPECT_EQ(0x1234, h.seq);
	EXPECT_EQ(0x00010203, h.timestamp);
	EXPECT_EQ(0x11223344, h.ssrc);

	ASSERT_TRUE(rtp("80 e5 ffff ffffffff ffffffff", &h));
	EXPECT_EQ(101, h.pt);
	EXPECT_TRUE(h.marker);
	EXPECT_EQ(0xffff, h.seq);
	EXPECT_EQ(0xffffffff, h.ssrc);
}

TEST(csrcs_and_extension_are_measured)
{
	struct rtp_header h;
	char full[512] = "9f 00 1234 00010203 " SSRC;

	ASSERT_TRUE(rtp("82 00 1234 00010203 " SSRC " 00000001 00000002 aa",
			&h));
	EXPECT_EQ(20, h.len);
	ASSERT_TRUE(rtp("90 00 1234 00010203 " SSRC " bede0001 10aa0000 dd",
			&h));
	EXPECT_EQ(20, h.len);
	/* fifteen CSRCs and the head of an extension: RTP_HEADER_MAX, exactly */
	for (int i = 0; i < 15; i++)
		strcat(full, " 00000001");
	strcat(full, " bede0000");
	ASSERT_TRUE(rtp(full, &h));
	EXPECT_EQ(RTP_HEADER_MAX, h.len);
}

TEST(header_beyond_the_packet_is_refused)
{
	struct rtp_header h;

	EXPECT_FALSE(rtp("", &h));
	EXPECT_FALSE(rtp("80 00 1234 00010203 112233", &h));
	EXPECT_FALSE(rtp("40 00 1234 00010203 " SSRC, &h));	/* version 1 */
	EXPECT_FALSE(rtp("81 00 1234 00010203 " SSRC, &h));	/* no CSRC */
	EXPECT_FALSE(rtp("81 00 1234 00010203 " SSRC " 000000", &h));
	EXPECT_FALSE(rtp("90 00 1234 00010203 " SSRC, &h));
	EXPECT_FALSE(rtp("90 00 1234 00010203 " SSRC " bede00", &h));
	EXPECT_FALSE(rtp("90 00 1234 00010203 " SSRC " bede0001", &h));
	EXPECT_FALSE(rtp("90 00 1234 00010203 " SSRC " bedeffff 00000000", &h));
}

TEST(padding_must_fit_the_payload)
{
	struct rtp_header h;

	EXPECT_TRUE(rtp("a0 00 1234 00010203 " SSRC " 00000004", &h));
	EXPECT_TRUE(rtp("a0 00 1234 00010203 " SSRC " 01", &h));
	EXPECT_FALSE(rtp("a0 00 1234 00010203 " SSRC " 00000000", &h));
	EXPECT_FALSE(rtp("a0 00 1234 00010203 " SSRC " 00000005", &h));
	/* the last byte of the header is no padding count */
	EXPECT_FALSE(rtp("a0 00 1234 00010203 11223301", &h));
}

TEST(compound_is_valid_when_lengths_add_up)
{
	EXPECT_TRUE(rtcp(SR));
	EXPECT_TRUE(rtcp(RR));
	EXPECT_TRUE(rtcp(EMPTY_RR));
	EXPECT_TRUE(rtcp(SR SDES));
	EXPECT_TRUE(rtcp(EMPTY_RR SDES BYE));
	/* RFC 5506: feedback alone */
	EXPECT_TRUE(rtcp("81 cd 0003 " SSRC " 55667788 12340000"));
	/* padding in the last one */
	EXPECT_TRUE(rtcp(EMPTY_RR "a1 cb 0002 " SSRC " 00000004"));

	EXPECT_FALSE(rtcp(""));
	EXPECT_FALSE(rtcp("80 c9 0000"));		/* names no sender */
	EXPECT_FALSE(rtcp("80 c9 0001 112233"));
	EXPECT_FALSE(rtcp("80 c9 0002 " SSRC));		/* longer than it is */
	EXPECT_FALSE(rtcp(EMPTY_RR " 00000000"));	/* version 0 behind */
	EXPECT_FALSE(rtcp(EMPTY_RR " 81cb"));		/* half a header */
	EXPECT_FALSE(rtcp(EMPTY_RR " 81cb0001"));
}

TEST(compound_with_impossible_counts_is_refused)
{
	EXPECT_FALSE(rtcp("81 c9 0001 " SSRC));		/* no room for a block */
	EXPECT_FALSE(rtcp("80 c8 0005 " SSRC
			  " 83aa7e80 40000000 00000100 0000000a"));
	EXPECT_FALSE(rtcp(EMPTY_RR "82 cb 0001 " SSRC));
	EXPECT_FALSE(rtcp("81 cd 0001 " SSRC));
}

TEST(compound_with_wrong_padding_is_refused)
{
	/* not in the last packet */
	EXPECT_FALSE(rtcp("a0 c9 0002 " SSRC " 00000004" BYE));
	EXPECT_FALSE(rtcp("a0 c9 0002 " SSRC " 00000000"));
	EXPECT_FALSE(rtcp("a0 c9 0002 " SSRC " 00000003"));
	EXPECT_FALSE(rtcp("a0 c9 0002 " SSRC " 00000008"));
	EXPECT_FALSE(rtcp("a0 c9 0002 " SSRC " 000000fc"));
}

TEST(compound_is_walked_packet_by_packet)
{
	struct bytes b = bytes(SR SDES BYE);
	struct rtcp_cursor c = { .data = b.p, .len = b.len };
	struct rtcp_packet p;

	ASSERT_TRUE(rtcp_next(&c, &p));
	EXPECT_EQ(RTCP_SR, p.type);
	EXPECT_EQ(1, p.count);
	EXPECT_EQ(52, p.len);
	EXPECT_EQ(0x11223344, rtcp_sender(&p));
	EXPECT_EQ(0x7e804000, rtcp_sr_ntp(&p));
	ASSERT_TRUE(rtcp_next(&c, &p));
	EXPECT_EQ(RTCP_SDES, p.type);
	ASSERT_TRUE(rtcp_next(&c, &p));
	EXPECT_EQ(RTCP_BYE, p.type);
	EXPECT_EQ(0x11223344, rtcp_sender(&p));
	EXPECT_FALSE(rtcp_next(&c, &p));
	EXPECT_EQ(0, c.len);
	free(b.p);
}

TEST(report_blocks_are_read)
{
	static const char *const with[] = { SR, RR };
	struct rtcp_report r;
	struct rtcp_packet p;

	for (int i = 0; i < 2; i++) {
		struct bytes b = bytes(with[i]);
		struct rtcp_cursor c = { .data = b.p, .len = b.len };

		ASSERT_TRUE(rtcp_next(&c, &p));
		ASSERT_TRUE(rtcp_report_parse(&p, 0, &r));
		EXPECT_EQ(0x55667788, r.ssrc);
		EXPECT_EQ(0x20, r.fraction);
		EXPECT_EQ(-1, r.lost);		/* duplicates: 24 bits, signed */
		EXPECT_EQ(0x0001000a, r.max_seq);
		EXPECT_EQ(20, r.jitter);
		EXPECT_EQ(0x7e804000, r.lsr);
		EXPECT_EQ(0x00018000, r.dlsr);
		EXPECT_FALSE(rtcp_report_parse(&p, 1, &r));
		free(b.p);
	}
}

TEST(other_packets_have_no_report_blocks)
{
	struct bytes b = bytes(BYE);
	struct rtcp_cursor c = { .data = b.p, .len = b.len };
	struct rtcp_report r;
	struct rtcp_packet p;

	ASSERT_TRUE(rtcp_next(&c, &p));
	EXPECT_FALSE(rtcp_report_parse(&p, 0, &r));
	free(b.p);
}

TEST_HARNESS_MAIN
