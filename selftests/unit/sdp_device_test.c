// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptions in the manner of devices that are met in the field: phones,
 * exchanges, gateways, faxes, browsers, conference units. Each is read, its
 * streams must be what the table says, and what leaves for the other side must
 * be a description again, with as many streams and nothing of the sender's
 * addresses.
 */
#include <stdio.h>
#include <stdlib.h>

#include "kselftest_harness.h"
#include "sdp/sdp.h"

#define IP "192.0.2.9"

struct stream {
	enum sdp_kind kind;
	unsigned int port, rtcp;	/* rtcp 0: not looked at */
	enum sdp_direction direction;
	unsigned int payloads;
	int dtmf;			/* payload type, -1: none */
	bool mux, held;
};

struct device {
	const char *name, *text;
	unsigned int nstreams;
	struct stream streams[4];
	const char *passes;		/* a line that must be in what leaves */
};

#define RTP SDP_KIND_RTP
#define DATAGRAM SDP_KIND_DATAGRAM
#define OTHER SDP_KIND_OTHER
#define BOTH SDP_SENDRECV

static const struct device devices[] = {
	{
		"desk phone with many codecs",
		"v=0\r\no=- 20518 20518 IN IP4 " IP "\r\ns=SDP data\r\nc=IN IP4 " IP "\r\nt=0 0\r\n"
		"m=audio 11780 RTP/AVP 9 8 0 18 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:8 PCMA/8000\r\n"
		"a=rtpmap:0 PCMU/8000\r\na=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\n"
		"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n",
		1, { { RTP, 11780, 11781, BOTH, 5, 101, false, false } }, "a=fmtp:18 annexb=no\r\n",
	}, {
		"phone with an RTCP port of its own and opus",
		"v=0\r\no=root 1208541112 1208541112 IN IP4 " IP "\r\ns=call\r\nc=IN IP4 " IP "\r\n"
		"t=0 0\r\nm=audio 62750 RTP/AVP 120 9 8 99 101\r\na=rtpmap:120 opus/48000/2\r\n"
		"a=fmtp:120 useinbandfec=1; usedtx=1\r\na=rtpmap:99 g726-32/8000\r\n"
		"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=rtcp:62753 IN IP4 " IP "\r\n"
		"a=ptime:20\r\na=sendrecv\r\n",
		1, { { RTP, 62750, 62753, BOTH, 5, 101, false, false } },
		"a=fmtp:120 useinbandfec=1; usedtx=1\r\n",
	}, {
		"softphone with lines in LF only and no t=",
		"v=0\no=x 1 1 IN IP4 " IP "\ns= \nc=IN IP4 " IP "\nm=audio 7078 RTP/AVP 96 97\n"
		"a=rtpmap:96 speex/16000\na=rtpmap:97 telephone-event/16000\n",
		1, { { RTP, 7078, 7079, BOTH, 2, 97, false, false } }, "a=rtpmap:96 speex/16000\r\n",
	}, {
		"exchange that holds with sendonly",
		"v=0\r\no=root 1821 1822 IN IP4 " IP "\r\ns=PBX\r\nc=IN IP4 " IP "\r\nt=0 0\r\n"
		"m=audio 14202 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
		"a=rtpmap:101 telephone-event/8000\r\na=maxptime:150\r\na=sendonly\r\n",
		1, { { RTP, 14202, 14203, SDP_SEND, 3, 101, false, false } }, "a=sendonly\r\n",
	}, {
		"old gateway that holds with an address of zeros",
		"v=0\r\no=CiscoSystemsSIP-GW-UserAgent 5671 7327 IN IP4 " IP "\r\ns=SIP Call\r\n"
		"c=IN IP4 0.0.0.0\r\nt=0 0\r\nm=audio 18220 RTP/AVP 18 0 19\r\nc=IN IP4 0.0.0.0\r\n"
		"a=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=yes\r\na=rtpmap:19 CN/8000\r\n",
		1, { { RTP, 18220, 0, BOTH, 3, -1, false, true } }, "a=rtpmap:19 CN/8000\r\n",
	}, {
		"inactive at session level, one stream that overrides it",
		"v=0\r\no=- 1 2 IN IP4 " IP "\r\ns=-\r\nc=IN IP4 " IP "\r\nt=0 0\r\na=inactive\r\n"
		"m=audio 4000 RTP/AVP 0\r\nm=video 4002 RTP/AVP 34\r\na=recvonly\r\n",
		2, { { RTP, 4000, 4001, SDP_INACTIVE, 1, -1, false, false },
		     { RTP, 4002, 4003, SDP_RECV, 1, -1, false, false } }, "a=inactive\r\n",
	}, {
		"fax gateway that asks for T.38 beside audio turned off",
		"v=0\r\no=- 1 3 IN IP4 " IP "\r\ns=-\r\nc=IN IP4 " IP "\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\n"
		"m=image 16412 udptl t38\r\na=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\n"
		"a=T38FaxRateManagement:transferredTCF\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n",
		2, { { RTP, 0, 0, BOTH, 1, -1, false, false },
		     { DATAGRAM, 16412, 0, BOTH, 0, -1, false, false } },
		"a=T38FaxUdpEC:t38UDPRedundancy\r\n",
	}, {
		"fax in capitals",
		"v=0\r\no=- 1 3 IN IP4 " IP "\r\ns=-\r\nt=0 0\r\nm=image 6000 UDPTL t38\r\n"
		"c=IN IP4 " IP "\r\na=T38FaxVersion:3\r\n",
		1, { { DATAGRAM, 6000, 0, BOTH, 0, -1, false, false } }, "a=T38FaxVersion:3\r\n",
	}, {
		"browser: keys, candidates, bundle; cannot be carried",
		"v=0\r\no=- 4962303333179871722 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
		"a=group:BUNDLE 0 1\r\na=msid-semantic: WMS\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\n"
		"c=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=candidate:1 1 udp 2113937151 "
		IP " 51472 typ host\r\na=ice-ufrag:4ZcD\r\na=ice-pwd:2/1muCWoOi3uLifh0NuRHlk\r\n"
		"a=fingerprint:sha-256 7B:8B:F0\r\na=setup:actpass\r\na=mid:0\r\na=rtcp-mux\r\n"
		"a=rtpmap:111 opus/48000/2\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
		"c=IN IP4 0.0.0.0\r\na=mid:1\r\na=sctp-port:5000\r\n",
		2, { { OTHER, 9, 0, BOTH, 0, -1, true, false },
		     { OTHER, 9, 0, BOTH, 0, -1, false, false } }, "a=msid-semantic: WMS\r\n",
	}, {
		"phone that prefers SRTP and offers plain audio too",
		"v=0\r\no=- 7 7 IN IP4 " IP "\r\ns=-\r\nc=IN IP4 " IP "\r\nt=0 0\r\n"
		"m=audio 5062 RTP/SAVP 0 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:PSXZSA\r\n"
		"m=audio 5064 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\n",
		2, { { OTHER, 5062, 0, BOTH, 0, -1, false, false },
		     { RTP, 5064, 5065, BOTH, 2, -1, false, false } }, "m=audio 0 RTP/SAVP 0 8\r\n",
	}, {
		"plain audio with keys for who can: opportunistic",
		"v=0\r\no=- 7 7 IN IP4 " IP "\r\ns=-\r\nc=IN IP4 " IP "\r\nt=0 0\r\n"
		"m=audio 5062 RTP/AVP 0 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:PSXZSA\r\n"
		"a=tcap:1 RTP/SAVP\r\na=pcfg:1 t=1\r\na=rtpmap:0 PCMU/8000\r\n",
		1, { { RTP, 5062, 5063, BOTH, 2, -1, false, false } }, "a=rtpmap:0 PCMU/8000\r\n",
	}, {
		"phone behind NAT with candidates in plain RTP, multiplexed",
		"v=0\r\no=- 3 1 IN IP4 " IP "\r\ns=-\r\nc=IN IP4 " IP "\r\nt=0 0\r\n"
		"m=audio 50004 RTP/AVPF 96 126\r\na=rtpmap:96 opus/48000/2\r\na=rtcp-mux\r\n"
		"a=rtpmap:126 telephone-event/8000\r\na=rtcp-fb:* trr-int 1000\r\n"
		"a=candidate:1 1 UDP 2130706431 " IP " 50004 typ host\r\n"
		"a=candidate:1 2 UDP 2130706430 " IP " 50005 typ host\r\n"
		"a=remote-candidates:1 " IP " 50004\r\n",
		1, { { RTP, 50004, 50005, BOTH, 2, 126, true, false } },
		"a=rtcp-fb:* trr-int 1000\r\n",
	}, {
		"IPv6 phone",
		"v=0\r\no=- 9 9 IN IP6 2001:db8::9\r\ns=-\r\nc=IN IP6 2001:db8::9\r\nt=0 0\r\n"
		"m=audio 4000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
		"a=rtcp:4001 IN IP6 2001:db8::9\r\n",
		1, { { RTP, 4000, 4001, BOTH, 2, 101, false, false } },
		"a=rtpmap:101 telephone-event/8000\r\n",
	}, {
		"mobile network: bandwidth, preconditions, AMR",
		"v=0\r\no=rhea 0 0 IN IP4 " IP "\r\ns=-\r\nc=IN IP4 " IP "\r\nb=AS:41\r\nb=RR:0\r\n"
		"b=RS:0\r\nt=0 0\r\nm=audio 49152 RTP/AVP 104 110 102 108 100 96\r\nb=AS:41\r\n"
		"a=rtpmap:104 AMR-WB/16000/1\r\na=fmtp:104 mode-change-capability=2;max-red=0\r\n"
		"a=rtpmap:102 AMR/8000/1\r\na=rtpmap:100 telephone-event/16000\r\n"
		"a=rtpmap:96 telephone-event/8000\r\na=curr:qos local none\r\na=curr:qos remote none\r\n"
		"a=des:qos optional local sendrecv\r\na=ptime:20\r\na=maxptime:240\r\na=sendrecv\r\n",
		1, { { RTP, 49152, 49153, BOTH, 6, 96, false, false } }, "a=curr:qos local none\r\n",
	}, {
		"video phone with presentation and camera control",
		"v=0\r\no=tandberg 4 1 IN IP4 " IP "\r\ns=-\r\nc=IN IP4 " IP "\r\nb=AS:768\r\nt=0 0\r\n"
		"m=audio 16444 RTP/AVP 100 9 8\r\nb=TIAS:64000\r\na=rtpmap:100 MP4A-LATM/90000\r\n"
		"m=video 16446 RTP/AVP 97 34\r\nb=TIAS:768000\r\na=rtpmap:97 H264/90000\r\n"
		"a=fmtp:97 profile-level-id=42800c;max-mbps=11880\r\na=content:main\r\n"
		"m=application 5070 UDP/BFCP *\r\na=floorctrl:c-s\r\na=confid:1\r\n"
		"m=application 16450 RTP/AVP 101\r\na=rtpmap:101 H224/4800\r\n",
		4, { { RTP, 16444, 16445, BOTH, 3, -1, false, false },
		     { RTP, 16446, 16447, BOTH, 2, -1, false, false },
		     { DATAGRAM, 5070, 0, BOTH, 0, -1, false, false },
		     { RTP, 16450, 16451, BOTH, 1, -1, false, false } }, "a=floorctrl:c-s\r\n",
	}, {
		"messages over TCP beside audio",
		"v=0\r\no=- 1 1 IN IP4 " IP "\r\ns=-\r\nc=IN IP4 " IP "\r\nt=0 0\r\n"
		"m=audio 4000 RTP/AVP 0\r\nm=message 2855 TCP/MSRP *\r\na=accept-types:text/plain\r\n"
		"a=path:msrp://" IP ":2855/iau39soe2843z;tcp\r\n",
		2, { { RTP, 4000, 4001, BOTH, 1, -1, false, false },
		     { OTHER, 2855, 0, BOTH, 0, -1, false, false } }, "m=message 0 TCP/MSRP *\r\n",
	}, {
		"real-time text with redundancy",
		"v=0\r\no=- 1 1 IN IP4 " IP "\r\ns=-\r\nc=IN IP4 " IP "\r\nt=0 0\r\n"
		"m=text 11000 RTP/AVP 98 100\r\na=rtpmap:98 t140/1000\r\na=rtpmap:100 red/1000\r\n"
		"a=fmtp:100 98/98/98\r\n",
		1, { { RTP, 11000, 11001, BOTH, 2, -1, false, false } }, "a=fmtp:100 98/98/98\r\n",
	}, {
		"people's details, times and zones",
		"v=0\r\no=jdoe 2890844526 2890842807 IN IP4 " IP "\r\ns=Seminar\r\ni=A Seminar\r\n"
		"u=http://www.example.com/seminar.pdf\r\ne=j.doe@example.com (Jane Doe)\r\n"
		"p=+1 617 555-6011\r\nc=IN IP4 " IP "\r\nb=CT:1000\r\nt=2873397496 2873404696\r\n"
		"r=7d 1h 0 25h\r\nz=2882844526 -1h\r\na=recvonly\r\nm=audio 49170 RTP/AVP 0\r\n"
		"i=sound\r\nm=video 51372 RTP/AVP 99\r\na=rtpmap:99 h263-1998/90000\r\n",
		2, { { RTP, 49170, 49171, SDP_RECV, 1, -1, false, false },
		     { RTP, 51372, 51373, SDP_RECV, 1, -1, false, false } }, "r=7d 1h 0 25h\r\n",
	}, {
		"each stream on an address of its own, none for the session",
		"v=0\r\no=- 1 1 IN IP4 " IP "\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
		"c=IN IP4 " IP "\r\nm=video 4002 RTP/AVP 31\r\nc=IN IP4 " IP "\r\na=sendonly\r\n",
		2, { { RTP, 4000, 4001, BOTH, 1, -1, false, false },
		     { RTP, 4002, 4003, SDP_SEND, 1, -1, false, false } }, "a=sendonly\r\n",
	}, {
		"extra spaces, trailing spaces, an empty line at the end",
		"v=0\r\no=-  1 1 IN IP4 " IP "\r\ns=-\r\nc=IN  IP4 " IP " \r\nt=0 0\r\n"
		"m=audio  4000  RTP/AVP 0  101 \r\na=rtpmap:101  telephone-event/8000\r\n\r\n",
		1, { { RTP, 4000, 4001, BOTH, 2, 101, false, false } },
		"a=rtpmap:101  telephone-event/8000\r\n",
	}, {
		"an answer that turns the only stream down",
		"v=0\r\no=- 1 1 IN IP4 " IP "\r\ns=-\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\n",
		1, { { RTP, 0, 0, BOTH, 1, -1, false, false } }, "m=audio 0 RTP/AVP 0\r\n",
	}, {
		"no stream at all",
		"v=0\r\no=- 1 1 IN IP4 " IP "\r\ns=-\r\nc=IN IP4 " IP "\r\nt=0 0\r\n",
		0, { { 0 } }, "t=0 0\r\n",
	},
};

FIXTURE(device) {
	struct sdp sdp, again;
};

FIXTURE_SETUP(device)
{
}

FIXTURE_TEARDOWN(device)
{
}

static int dtmf_of(const struct sdp_media *m)
{
	size_t i;
	int pt = -1;

	for (i = 0; i < m->npayloads; i++)
		if (m->payloads[i].dtmf)
			pt = m->payloads[i].pt;
	return pt;
}

TEST_F(device, streams_are_read_as_they_are_meant)
{
	struct sdp_error err;
	size_t i, j;

	for (i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		const struct device *d = &devices[i];

		ASSERT_EQ(0, sdp_parse(slice_str(d->text), &self->sdp, &err))
			TH_LOG("%s: line %u: %s", d->name, err.line, err.text);
		ASSERT_EQ(d->nstreams, self->sdp.nmedia) TH_LOG("%s", d->name);
		for (j = 0; j < d->nstreams; j++) {
			const struct sdp_media *m = &self->sdp.media[j];
			const struct stream *s = &d->streams[j];

			EXPECT_EQ(s->kind, m->kind) TH_LOG("%s, stream %zu", d->name, j);
			EXPECT_EQ(s->port, m->port) TH_LOG("%s, stream %zu", d->name, j);
			EXPECT_TRUE(!s->rtcp || s->rtcp == m->rtcp.port)
				TH_LOG("%s, stream %zu: RTCP %u", d->name, j, m->rtcp.port);
			EXPECT_EQ(s->direction, m->direction) TH_LOG("%s, stream %zu", d->name, j);
			EXPECT_EQ(s->payloads, m->npayloads) TH_LOG("%s, stream %zu", d->name, j);
			EXPECT_EQ(s->dtmf, dtmf_of(m)) TH_LOG("%s, stream %zu", d->name, j);
			EXPECT_EQ(s->mux, m->mux) TH_LOG("%s, stream %zu", d->name, j);
			EXPECT_EQ(s->held, m->held) TH_LOG("%s, stream %zu", d->name, j);
		}
	}
}

static char *pass_on(const struct sdp *sdp)
{
	struct sdp_rewrite how = { .session = 7, .version = 1 };
	char *text;
	size_t i;

	for (i = 0; i < sdp->nmedia; i++) {
		const struct sdp_media *m = &sdp->media[i];

		addr_parse_ip(SLICE("198.51.100.7"), &how.media[i].address);
		how.media[i].held = m->held;
		how.media[i].mux = m->mux;
		if (m->port && m->kind != SDP_KIND_OTHER)
			how.media[i].port = 20000 + 2 * i;
	}
	text = sdp_rewrite(sdp, &how);
	if (!text)
		abort();
	return text;
}

static bool leaks(const char *text)
{
	static const char *const secrets[] = {
		IP, "2001:db8::9", "candidate", "ice-", "inline:", "fingerprint", "BUNDLE",
		"SAVP\r", "pcfg", "jdoe", "tandberg",
	};
	size_t i;

	for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++)
		if (strstr(text, secrets[i]))
			return true;
	return false;
}

TEST_F(device, what_leaves_says_the_same_and_nothing_of_the_sender)
{
	struct sdp_error err;
	size_t i, j;
	char *text;

	for (i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
		const struct device *d = &devices[i];

		ASSERT_EQ(0, sdp_parse(slice_str(d->text), &self->sdp, &err));
		text = pass_on(&self->sdp);
		EXPECT_FALSE(leaks(text)) TH_LOG("%s:\n%s", d->name, text);
		EXPECT_TRUE(strstr(text, d->passes)) TH_LOG("%s:\n%s", d->name, text);
		ASSERT_EQ(0, sdp_parse(slice_str(text), &self->again, &err))
			TH_LOG("%s: line %u: %s in\n%s", d->name, err.line, err.text, text);
		ASSERT_EQ(d->nstreams, self->again.nmedia);
		for (j = 0; j < d->nstreams; j++) {
			const struct sdp_media *a = &self->sdp.media[j], *b = &self->again.media[j];

			EXPECT_TRUE(slice_eq(a->media, b->media) && slice_eq(a->proto, b->proto) &&
				    slice_eq(a->formats, b->formats)) TH_LOG("%s", d->name);
			EXPECT_EQ(!a->port || a->kind == OTHER, !b->port) TH_LOG("%s", d->name);
			EXPECT_TRUE(!b->port || (a->direction == b->direction &&
						 a->held == b->held && a->mux == b->mux))
				TH_LOG("%s", d->name);
		}
		free(text);
	}
}

TEST_HARNESS_MAIN
