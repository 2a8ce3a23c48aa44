// SPDX-License-Identifier: GPL-2.0-only
/*
 * Session descriptions as phones, gateways and browsers write them: what is
 * read of them, what is refused and with which line, and what leaves on the
 * other side.
 */
#include <stdlib.h>

#include "kselftest_harness.h"
#include "sdp/sdp.h"

#define HEAD "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"

static struct sdp sdp;
static struct sdp_error error;

static int parse(const char *text)
{
	return sdp_parse(slice_str(text), &sdp, &error);
}

static bool addr_is(const struct addr *a, const char *text)
{
	struct addr b;

	return addr_parse(slice_str(text), &b) && addr_eq(a, &b);
}

TEST(a_plain_audio_offer)
{
	ASSERT_EQ(0, parse(HEAD "m=audio 4000 RTP/AVP 0 8 96 101\r\n"
			   "a=rtpmap:96 opus/48000/2\r\na=rtpmap:101 telephone-event/8000\r\n"));
	ASSERT_EQ(1, sdp.nmedia);
	EXPECT_EQ(SDP_KIND_RTP, sdp.media[0].kind);
	EXPECT_TRUE(addr_is(&sdp.media[0].connection, "192.0.2.9:4000"));
	EXPECT_TRUE(addr_is(&sdp.media[0].rtcp, "192.0.2.9:4001"));
	EXPECT_EQ(SDP_SENDRECV, sdp.media[0].direction);
	ASSERT_EQ(4, sdp.media[0].npayloads);
	EXPECT_EQ(8000, sdp.media[0].payloads[0].clock_rate);
	EXPECT_EQ(48000, sdp.media[0].payloads[2].clock_rate);
	EXPECT_TRUE(sdp.media[0].payloads[3].dtmf);
}

TEST(the_stream_overrides_the_session)
{
	ASSERT_EQ(0, parse("v=0\no=- 1 1 IN IP4 1.1.1.1\ns=-\nc=IN IP4 192.0.2.9\nt=0 0\n"
			   "a=sendonly\nm=audio 4000 RTP/AVP 0\nm=video 5000 RTP/AVPF 96\n"
			   "c=IN IP6 2001:db8::7\na=recvonly\na=rtcp:5007 IN IP6 2001:db8::8\n"
			   "m=audio 6000 RTP/AVP 0\na=rtcp-mux\n"));
	ASSERT_EQ(3, sdp.nmedia);
	EXPECT_EQ(SDP_SEND, sdp.media[0].direction);
	EXPECT_EQ(SDP_RECV, sdp.media[1].direction);
	EXPECT_TRUE(addr_is(&sdp.media[1].connection, "[2001:db8::7]:5000"));
	EXPECT_TRUE(addr_is(&sdp.media[1].rtcp, "[2001:db8::8]:5007"));
	EXPECT_TRUE(sdp.media[2].mux);
	EXPECT_TRUE(addr_is(&sdp.media[2].rtcp, "192.0.2.9:6001"));
}

TEST(kinds_of_transport)
{
	ASSERT_EQ(0, parse(HEAD "m=image 4000 udptl t38\r\nm=audio 4002 RTP/SAVP 0\r\n"
			   "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
			   "m=message 7654 TCP/MSRP *\r\nm=audio 0 RTP/AVP 0\r\n"));
	ASSERT_EQ(5, sdp.nmedia);
	EXPECT_EQ(SDP_KIND_DATAGRAM, sdp.media[0].kind);
	EXPECT_EQ(SDP_KIND_OTHER, sdp.media[1].kind);
	EXPECT_EQ(SDP_KIND_OTHER, sdp.media[2].kind);
	EXPECT_EQ(SDP_KIND_OTHER, sdp.media[3].kind);
	EXPECT_EQ(0, sdp.media[4].port);
}

TEST(hold_in_the_old_style)
{
	ASSERT_EQ(0, parse(HEAD "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n"));
	EXPECT_TRUE(sdp.media[0].held);
}

struct bad {
	const char *text;
	unsigned int line;
};

TEST(mistakes_name_their_line)
{
	static const struct bad bad[] = {
		{ "", 1 },
		{ "o=- 1 1 IN IP4 1.1.1.1\r\n", 1 },
		{ "v=1\r\no=- 1 1 IN IP4 1.1.1.1\r\n", 1 },
		{ "v=0\r\ns=-\r\n", 2 },
		{ HEAD "m=audio\r\n", 6 },
		{ HEAD "m=audio 70000 RTP/AVP 0\r\n", 6 },
		{ HEAD "m=audio -1 RTP/AVP 0\r\n", 6 },
		{ HEAD "m=audio 4000 RTP/AVP\r\n", 6 },
		{ HEAD "m=audio 4000 RTP/AVP 128\r\n", 6 },
		{ HEAD "m=audio 4000/2 RTP/AVP 0\r\n", 6 },
		{ HEAD "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 nonsense\r\n", 7 },
		{ HEAD "m=audio 4000 RTP/AVP 0\r\nc=IN IP6 1.2.3.4\r\n", 7 },
		{ HEAD "m=audio 4000 RTP/AVP 0\r\na=rtcp:0\r\n", 7 },
		{ HEAD "m=audio 4000 RTP/AVP 0\r\nnonsense\r\n", 7 },
		{ "v=0\r\no=- 1 1 IN IP4 1.1.1.1\r\ns=-\r\nt=0 0\r\nm=audio 4 RTP/AVP 0\r\n", 5 },
	};
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ASSERT_EQ(-EINVAL, parse(bad[i].text)) TH_LOG("%s", bad[i].text);
		EXPECT_EQ(bad[i].line, error.line) TH_LOG("%s", bad[i].text);
		EXPECT_NE(NULL, error.text);
	}
}

TEST(too_much_is_refused)
{
	char *text = calloc(1, 64 * 1024);
	int i;

	strcpy(text, HEAD);
	for (i = 0; i < SDP_MAX_MEDIA + 1; i++)
		strcat(text, "m=audio 4000 RTP/AVP 0\r\n");
	EXPECT_EQ(-EINVAL, parse(text));
	strcpy(text, HEAD);
	for (i = 0; i < SDP_MAX_LINES; i++)
		strcat(text, "a=x\r\n");
	EXPECT_EQ(-EINVAL, parse(text));
	free(text);
}

/* What a browser or a careful phone sends, and what the other side may see of it. */
TEST(addresses_candidates_and_keys_do_not_pass)
{
	struct sdp_rewrite how = { .session = 7, .version = 3 };
	char *text;

	ASSERT_EQ(0, parse("v=0\r\no=alice 53655765 2353687637 IN IP4 192.0.2.9\r\ns=call\r\n"
			   "c=IN IP4 192.0.2.9\r\nb=AS:128\r\nt=0 0\r\na=group:BUNDLE 0\r\na=tool:x\r\n"
			   "m=audio 4000 RTP/AVP 0 101\r\nb=TIAS:64000\r\na=rtcp:4001 IN IP4 192.0.2.9\r\n"
			   "a=candidate:1 1 UDP 2130706431 192.0.2.9 4000 typ host\r\n"
			   "a=ice-ufrag:xy\r\na=ice-pwd:zz\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:k\r\n"
			   "a=fmtp:101 0-15\r\na=ptime:20\r\n"));
	addr_parse_ip(SLICE("198.51.100.7"), &how.media[0].address);
	how.media[0].port = 20000;
	text = sdp_rewrite(&sdp, &how);
	ASSERT_NE(NULL, text);
	EXPECT_STREQ("v=0\r\no=- 7 3 IN IP4 198.51.100.7\r\ns=call\r\nc=IN IP4 198.51.100.7\r\n"
		     "b=AS:128\r\nt=0 0\r\na=tool:x\r\nm=audio 20000 RTP/AVP 0 101\r\n"
		     "b=TIAS:64000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n", text);
	free(text);
}

TEST(streams_on_two_addresses_each_say_theirs)
{
	struct sdp_rewrite how = { .session = 7, .version = 3 };
	char *text;

	ASSERT_EQ(0, parse(HEAD "m=audio 4000 RTP/AVP 0\r\nm=video 5000 RTP/AVP 96\r\ni=v\r\n"
			   "c=IN IP4 192.0.2.10\r\na=x\r\nm=audio 0 RTP/AVP 8\r\n"));
	addr_parse_ip(SLICE("198.51.100.7"), &how.media[0].address);
	how.media[0].port = 20000;
	addr_parse_ip(SLICE("2001:db8::1"), &how.media[1].address);
	how.media[1].port = 20002;
	text = sdp_rewrite(&sdp, &how);
	ASSERT_NE(NULL, text);
	EXPECT_STREQ("v=0\r\no=- 7 3 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n"
		     "m=audio 20000 RTP/AVP 0\r\nm=video 20002 RTP/AVP 96\r\ni=v\r\n"
		     "c=IN IP6 2001:db8::1\r\na=x\r\nm=audio 0 RTP/AVP 8\r\n", text);
	free(text);
}

TEST_HARNESS_MAIN
