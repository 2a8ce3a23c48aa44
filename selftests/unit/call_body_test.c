// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bodies that are more, or other, than a session description: what is found in
 * them goes on as if it stood alone, what nobody understands is refused only
 * when somebody must understand it.
 */
#include "call_harness.h"

FIXTURE(body) {
	struct harness h;
};

OVER_EACH_PAIR(body);

FIXTURE_SETUP(body)
{
	harness_start_over(&self->h, _metadata, &variant->over);
}

FIXTURE_TEARDOWN(body)
{
	harness_stop(&self->h);
}

#define MIXED "Content-Type: multipart/mixed;boundary=\"o\"\r\n"
#define PART(type, fields, text) "--o\r\nContent-Type: " type "\r\n" fields "\r\n" text "\r\n"
#define OPTIONAL "Content-Disposition: by-reference;handling=optional\r\n"
#define END "--o--\r\n"
#define LOCATION(fields) PART("application/pidf+xml", fields, "<presence/>")
#define ANSWER PART("application/sdp", "Content-Disposition: session\r\n", SDP_B)

static void invite(struct harness *h, const char *extra, const char *body)
{
	begin_dialog(h, A, "4930123");
	send_request(h, A, "INVITE", 1, extra, body);
}

/* An emergency call has the caller's place beside its offer (RFC 6442). */
TEST_F(body, an_offer_among_parts_is_carried)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	invite(h, MIXED, LOCATION(OPTIONAL) PART("application/sdp", "", SDP_A) END);
	expect(h, A, "SIP/2.0 100");
	msg = expect(h, B, "INVITE ");
	EXPECT_TRUE(slice_eq(msg->content_type, SLICE("application/sdp")));
	EXPECT_TRUE(msg->body.n > 4 && !memcmp(msg->body.p, "v=0\r", 4));
	EXPECT_FALSE(contains(msg->body, "presence"));
	/* and the answer may have company, too */
	reply_tagged(h, B, msg, "200 OK", "b", MIXED, ANSWER LOCATION(OPTIONAL) END);
	expect(h, B, "ACK ");
	msg = expect(h, A, "SIP/2.0 200");
	EXPECT_TRUE(slice_eq(msg->content_type, SLICE("application/sdp")));
	acknowledge(h, A);
	hang_up(h, A);
}

TEST_F(body, what_must_be_understood_is_refused)
{
	static const struct {
		const char *extra, *body, *status;
	} cases[] = {
		{ MIXED, PART("application/sdp", "", SDP_A) LOCATION("") END, "SIP/2.0 415" },
		{ MIXED, PART("application/sdp", "", SDP_A) LOCATION("Content-Disposition: render;"
		  "handling=required\r\n") END, "SIP/2.0 415" },
		{ "Content-Type: application/unknownformat\r\n", "<audio/>", "SIP/2.0 415" },
		{ "Content-Encoding: gzip\r\n", SDP_A, "SIP/2.0 415" },
		{ MIXED, PART("application/sdp", "", SDP_A), "SIP/2.0 400" },
		{ "Content-Type: multipart/mixed\r\n", PART("application/sdp", "", SDP_A) END,
		  "SIP/2.0 400" },
		{ "Accept: text/nobodyKnowsThis\r\n", SDP_A, "SIP/2.0 406" },
		{ "Accept:\r\n", SDP_A, "SIP/2.0 406" },
	};
	struct harness *h = &self->h;
	const struct sip_msg *msg;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		invite(h, cases[i].extra, cases[i].body);
		msg = is_turned_down(h, A, cases[i].status);
		if (msg->status == 415) {
			EXPECT_TRUE(contains(header(msg, "Accept"), "application/sdp, multipart/mixed"));
			EXPECT_TRUE(slice_eq(header(msg, "Accept-Encoding"), SLICE("identity")));
		}
		EXPECT_EQ(counter(h, "refused-media"), i + 1);
	}
	EXPECT_FALSE(pending(h, B));
	EXPECT_EQ(h->applied, 0);
}

/* What is left out may have been all there was: then there is no offer yet. */
TEST_F(body, without_an_offer_among_parts_it_comes_later)
{
	struct harness *h = &self->h;

	invite(h, MIXED, LOCATION(OPTIONAL) END);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	EXPECT_EQ(h->ua[B].invite.body.n, 0);
	refuses(h, B, "486 Busy Here");
	expect(h, A, "SIP/2.0 486");
	send_same_branch(h, A, "ACK", h->branch, NULL);
}

TEST_F(body, what_may_be_left_out_is)
{
	static const char *const wishes[] = {
		"Accept: text/html, */*;q=0.1\r\n", "Accept: text/html\r\nAccept: Application/SDP;level=1\r\n",
		"Accept: application/*\r\n", "Content-Disposition: session;handling=optional\r\n",
	};
	struct harness *h = &self->h;
	size_t i;

	for (i = 0; i < sizeof(wishes) / sizeof(*wishes); i++) {
		invite(h, wishes[i], SDP_A);
		expect(h, A, "SIP/2.0 100");
		expect(h, B, "INVITE ");
		accepts(h, B);
		is_answered(h, A);
		hang_up(h, A);
	}
}

TEST_F(body, a_new_offer_is_judged_like_the_first)
{
	struct harness *h = &self->h;

	call_up(h);
	send_request(h, A, "INVITE", ++h->ua[A].cseq, MIXED,
		     PART("application/sdp", "", SDP_A) LOCATION("") END);
	is_turned_down(h, A, "SIP/2.0 415");
	send_request(h, A, "INVITE", ++h->ua[A].cseq, MIXED, "--o\r\n");
	is_turned_down(h, A, "SIP/2.0 400");
	EXPECT_FALSE(pending(h, B));
	send_request(h, A, "INVITE", ++h->ua[A].cseq, MIXED,
		     LOCATION(OPTIONAL) PART("application/sdp", "", SDP_A) END);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	accepts(h, B);
	is_answered(h, A);
	hang_up(h, A);
}

TEST_HARNESS_MAIN
