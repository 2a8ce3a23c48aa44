// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which codecs a realm lets through: A calls from "outside" with many, B is "inside";
 * each test says what the realms allow, deny and like best.
 */
#include "call_harness.h"

#define HEAD_A "v=0\r\no=- 1 1 IN IP4 " IP_A "\r\ns=-\r\nc=IN IP4 " IP_A "\r\nt=0 0\r\n"
#define MANY HEAD_A "m=audio 4000 RTP/AVP 18 0 8 96 97 101 13\r\na=rtpmap:18 G729/8000\r\n" \
	"a=fmtp:18 annexb=no\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n" \
	"a=rtpmap:97 L16/16000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n"
#define VIDEO HEAD_A "m=audio 4000 RTP/AVP 0\r\nm=video 4002 RTP/AVP 96 97 98 99\r\n" \
	"a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n" \
	"a=rtpmap:98 H264/90000\r\na=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98\r\n" \
	"a=rtcp-fb:96 nack\r\na=rtcp-fb:98 nack\r\na=rtcp-fb:* ccm fir\r\n"

FIXTURE(codecs) {
	struct harness h;
	struct media_codecs *outside, *inside;
};

OVER_EACH_PAIR(codecs);

FIXTURE_SETUP(codecs)
{
	harness_start_over(&self->h, _metadata, &variant->over);
	self->outside = &self->h.policy->realms[0].codecs;
	self->inside = &self->h.policy->realms[1].codecs;
}

FIXTURE_TEARDOWN(codecs)
{
	struct harness *h = &self->h;

	if (h->ua[B].invite_bytes) {
		answer(h, B, "486 Busy Here", NULL);
		expect(h, B, "ACK ");
		expect(h, A, "SIP/2.0 486");
		send_same_branch(h, A, "ACK", h->branch, NULL);
	}
	harness_stop(h);
}

static void list(char ***names, size_t *n, const char *one, const char *two)
{
	*names = calloc(2, sizeof(char *));
	(*names)[(*n)++] = strdup(one);
	if (two)
		(*names)[(*n)++] = strdup(two);
}

static struct slice offered(struct harness *h, const char *sdp)
{
	send_invite(h, A, sdp);
	expect(h, A, "SIP/2.0 100");
	return expect(h, B, "INVITE ")->body;
}

TEST_F(codecs, without_a_policy_all_pass)
{
	struct slice sdp = offered(&self->h, MANY);

	EXPECT_TRUE(contains(sdp, " RTP/AVP 18 0 8 96 97 101 13\r\n"));
}

TEST_F(codecs, what_is_denied_on_either_side_is_not_offered)
{
	struct slice sdp;

	list(&self->outside->deny, &self->outside->ndeny, "g729", NULL);
	list(&self->inside->deny, &self->inside->ndeny, "opus", "L16/44100");
	sdp = offered(&self->h, MANY);
	EXPECT_TRUE(contains(sdp, " RTP/AVP 0 8 97 101 13\r\n"));
	EXPECT_FALSE(contains(sdp, "G729"));
	EXPECT_FALSE(contains(sdp, "annexb"));
	EXPECT_FALSE(contains(sdp, "opus"));
	EXPECT_FALSE(contains(sdp, "useinbandfec"));
	EXPECT_TRUE(contains(sdp, "a=fmtp:101 0-15\r\na=ptime:20\r\n"));
}

TEST_F(codecs, of_those_allowed_the_helpers_stay_too)
{
	struct slice sdp;

	list(&self->inside->allow, &self->inside->nallow, "PCMA", "L16/16000");
	sdp = offered(&self->h, MANY);
	EXPECT_TRUE(contains(sdp, " RTP/AVP 8 97 101 13\r\n"));
}

TEST_F(codecs, the_realm_that_is_called_says_what_comes_first)
{
	struct slice sdp;

	list(&self->inside->order, &self->inside->norder, "opus", "PCMA");
	list(&self->outside->order, &self->outside->norder, "PCMU", NULL);
	sdp = offered(&self->h, MANY);
	EXPECT_TRUE(contains(sdp, " RTP/AVP 96 8 18 0 97 101 13\r\n"));
}

TEST_F(codecs, repair_goes_with_its_codec)
{
	struct slice sdp;

	list(&self->inside->deny, &self->inside->ndeny, "VP8", NULL);
	sdp = offered(&self->h, VIDEO);
	EXPECT_TRUE(contains(sdp, " RTP/AVP 98 99\r\n"));
	EXPECT_FALSE(contains(sdp, ":96"));
	EXPECT_FALSE(contains(sdp, ":97"));
	EXPECT_TRUE(contains(sdp, "a=rtcp-fb:98 nack\r\na=rtcp-fb:* ccm fir\r\n"));
}

TEST_F(codecs, a_stream_that_has_none_left_is_turned_down)
{
	struct slice sdp;

	list(&self->inside->allow, &self->inside->nallow, "PCMU", NULL);
	sdp = offered(&self->h, VIDEO);
	EXPECT_TRUE(contains(sdp, "m=video 0 RTP/AVP "));
	EXPECT_FALSE(contains(sdp, "m=audio 0"));
}

TEST_F(codecs, an_offer_that_has_none_left_is_refused_with_the_line)
{
	struct harness *h = &self->h;

	list(&self->inside->allow, &self->inside->nallow, "AMR", NULL);
	send_invite(h, A, MANY);
	expect(h, A, "SIP/2.0 100");
	EXPECT_TRUE(slice_eq(header(expect(h, A, "SIP/2.0 488"), "Warning"),
			     SLICE("305 jalur \"SDP line 6: none of its codecs is allowed\"")));
	send_same_branch(h, A, "ACK", h->branch, NULL);
	EXPECT_FALSE(pending(h, B));
}

TEST_F(codecs, an_answer_has_only_what_is_allowed)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	list(&self->inside->deny, &self->inside->ndeny, "G729", NULL);
	offered(h, MANY);
	answer(h, B, "200 OK", "v=0\r\no=- 2 2 IN IP4 " IP_B "\r\ns=-\r\nc=IN IP4 " IP_B "\r\nt=0 0\r\n"
	       "m=audio 6000 RTP/AVP 18 8\r\na=rtpmap:18 G729/8000\r\n");
	expect(h, B, "ACK ");
	msg = expect(h, A, "SIP/2.0 200");
	EXPECT_TRUE(contains(msg->body, " RTP/AVP 8\r\n"));
	EXPECT_FALSE(contains(msg->body, "G729"));
	acknowledge(h, A);
	hang_up(h, A);
	forget(&h->ua[B]);
}

TEST_HARNESS_MAIN
