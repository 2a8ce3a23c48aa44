// SPDX-License-Identifier: GPL-2.0-only
/*
 * INFO and MESSAGE inside of a call: the other party gets them as they are, in a dialog
 * that shows nothing of the first one, and its answer comes back.
 */
#include "call_harness.h"

#define DTMF "Content-Type: application/dtmf-relay\r\n"
#define TEXT "Content-Type: text/plain\r\n"

FIXTURE(carry) {
	struct harness h;
};

OVER_EACH_PAIR(carry);

FIXTURE_SETUP(carry)
{
	harness_start_over(&self->h, _metadata, &variant->over);
}

FIXTURE_TEARDOWN(carry)
{
	harness_stop(&self->h);
}

/* What each side says of its packages; NULL: nothing. */
static void up(struct harness *h, const char *a, const char *b)
{
	const struct sip_msg *msg;

	begin_dialog(h, A, "4930123");
	send_request(h, A, "INVITE", 1, a, SDP_A);
	expect(h, A, "SIP/2.0 100");
	msg = expect(h, B, "INVITE ");
	reply_tagged(h, B, msg, "200 OK", h->ua[B].local_tag, b, SDP_B);
	expect(h, B, "ACK ");
	is_answered(h, A);
	h->ua[B].cseq = 100;
}

static void bye(struct harness *h, enum who who)
{
	h->ua[who].cseq += 20;
	hang_up(h, who);
}

TEST_F(carry, a_tone_and_its_answer)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	up(h, NULL, NULL);
	send_request(h, A, "INFO", 2, DTMF "Content-Disposition: render;handling=optional\r\n"
		     "Content-Language: de\r\nX-Private: " IP_A "\r\n", "Signal=5\r\nDuration=160\r\n");
	msg = expect(h, B, "INFO ");
	EXPECT_TRUE(slice_eq(msg->body, SLICE("Signal=5\r\nDuration=160\r\n")));
	EXPECT_TRUE(slice_eq(header(msg, "Content-Type"), SLICE("application/dtmf-relay")));
	EXPECT_TRUE(slice_eq(header(msg, "Content-Disposition"),
			     SLICE("render;handling=optional")));
	EXPECT_TRUE(slice_eq(header(msg, "Content-Language"), SLICE("de")));
	EXPECT_TRUE(slice_eq(header(msg, "Max-Forwards"), SLICE("69")));
	EXPECT_FALSE(contains(msg->bytes, IP_A));
	EXPECT_FALSE(contains(msg->bytes, "secret"));
	EXPECT_FALSE(pending(h, A));
	reply_tagged(h, B, msg, "200 Heard", h->ua[B].local_tag, TEXT, "five");
	msg = expect(h, A, "SIP/2.0 200 Heard");
	EXPECT_TRUE(slice_eq(msg->body, SLICE("five")));
	EXPECT_TRUE(slice_eq(header(msg, "Content-Type"), SLICE("text/plain")));
	EXPECT_EQ(counter(h, "requests-carried"), 1);
	bye(h, A);
}

TEST_F(carry, an_info_of_nothing_is_ours)
{
	struct harness *h = &self->h;

	up(h, NULL, NULL);
	send_request(h, B, "INFO", 101, NULL, NULL);
	expect(h, B, "SIP/2.0 200");
	EXPECT_FALSE(pending(h, A));
	bye(h, B);
}

TEST_F(carry, a_package_that_the_other_party_takes)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	up(h, "Recv-Info: conf, x-poll\r\n", "Recv-Info: x-foo;v=2\r\nRecv-Info: x-bar\r\n");
	send_request(h, A, "INFO", 2, "Info-Package: X-Foo;v=1\r\n", NULL);
	msg = expect(h, B, "INFO ");
	EXPECT_TRUE(slice_eq(header(msg, "Info-Package"), SLICE("X-Foo;v=1")));
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	send_request(h, B, "INFO", 101, "Info-Package: conf\r\n"
		     "Content-Disposition: Info-Package\r\n" TEXT, "hello");
	msg = expect(h, A, "INFO ");
	EXPECT_TRUE(slice_eq(header(msg, "Content-Disposition"), SLICE("Info-Package")));
	reply(h, A, "200 OK", NULL);
	expect(h, B, "SIP/2.0 200");
	bye(h, A);
}

TEST_F(carry, packages_are_told_to_the_other_side)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	begin_dialog(h, A, "4930123");
	send_request(h, A, "INVITE", 1, "Recv-Info: conf\r\n", SDP_A);
	expect(h, A, "SIP/2.0 100");
	msg = expect(h, B, "INVITE ");
	EXPECT_TRUE(slice_eq(header(msg, "Recv-Info"), SLICE("conf")));
	reply_tagged(h, B, msg, "200 OK", h->ua[B].local_tag, "Recv-Info: x-foo\r\n", SDP_B);
	expect(h, B, "ACK ");
	EXPECT_TRUE(slice_eq(header(expect(h, A, "SIP/2.0 200"), "Recv-Info"), SLICE("x-foo")));
	acknowledge(h, A);
	bye(h, A);
}

TEST_F(carry, a_package_that_nobody_wants)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	up(h, NULL, "Recv-Info: x-foo, x-bar\r\n");
	send_request(h, A, "INFO", 2, "Info-Package: x-fo\r\n", NULL);
	msg = expect(h, A, "SIP/2.0 469 Bad Info Package");
	EXPECT_TRUE(slice_eq(header(msg, "Recv-Info"), SLICE("x-foo, x-bar")));
	EXPECT_FALSE(pending(h, B));
	/* who never spoke of packages takes none */
	send_request(h, B, "INFO", 101, "Info-Package: conf\r\n", NULL);
	msg = expect(h, B, "SIP/2.0 469");
	EXPECT_TRUE(contains(msg->bytes, "\r\nRecv-Info: \r\n"));
	EXPECT_EQ(counter(h, "requests-not-carried"), 2);
	h->ua[A].cseq = 2;
	bye(h, A);
}

TEST_F(carry, a_reinvite_changes_the_packages)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	up(h, NULL, "Recv-Info: x-foo\r\n");
	send_request(h, B, "INVITE", 101, "Recv-Info: x-bar\r\n", SDP_B);
	expect(h, B, "SIP/2.0 100");
	EXPECT_TRUE(slice_eq(header(expect(h, A, "INVITE "), "Recv-Info"), SLICE("x-bar")));
	accepts(h, A);
	msg = expect(h, B, "SIP/2.0 200");
	learn(&h->ua[B], msg);
	send_request(h, B, "ACK", 101, NULL, NULL);
	send_request(h, A, "INFO", 2, "Info-Package: x-foo\r\n", NULL);
	expect(h, A, "SIP/2.0 469");
	send_request(h, A, "INFO", 3, "Info-Package: x-bar\r\n", NULL);
	expect(h, B, "INFO ");
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	bye(h, A);
}

TEST_F(carry, before_the_answer_both_ways)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	a_calls_b(h);
	answer(h, B, "183 Session Progress", SDP_B);
	learn(&h->ua[A], expect(h, A, "SIP/2.0 183"));
	send_request(h, A, "INFO", 2, DTMF, "Signal=1");
	msg = expect(h, B, "INFO ");
	EXPECT_TRUE(slice_eq(msg->to.tag, slice_str(h->ua[B].local_tag)));
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	send_request(h, B, "INFO", 1, DTMF, "Signal=2");
	expect(h, A, "INFO ");
	reply(h, A, "481 Call/Transaction Does Not Exist", NULL);
	expect(h, B, "SIP/2.0 481");
	accepts(h, B);
	expect(h, A, "SIP/2.0 200");
	h->ua[A].cseq = 1;
	acknowledge(h, A);
	bye(h, A);
}

/* B's answer waits for the kernel, and his INFO comes meanwhile. */
static void info_overtakes(struct harness *h)
{
	h->late = true;
	send_invite(h, A, SDP_A);
	complete(h);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answer(h, B, "183 Session Progress", SDP_B);
	send_request(h, B, "INFO", 1, DTMF, "Signal=2");
}

/* What the caller has not been told of yet is not asked of him. */
TEST_F(carry, nothing_overtakes_the_dialog_it_is_in)
{
	struct harness *h = &self->h;

	info_overtakes(h);
	EXPECT_FALSE(pending(h, A));
	complete(h);
	expect(h, A, "SIP/2.0 183");
	expect(h, A, "INFO ");
	reply(h, A, "200 OK", NULL);
	expect(h, B, "SIP/2.0 200");
	h->late = false;
	accepts(h, B);
	is_answered(h, A);
	bye(h, A);
}

/* ... and when the call ends before it went, its sender has an answer. */
TEST_F(carry, what_waits_ends_with_the_call)
{
	struct harness *h = &self->h;

	info_overtakes(h);
	refuses(h, B, "486 Busy Here");
	expect(h, B, "SIP/2.0 487");
	expect(h, A, "SIP/2.0 486");
	send_same_branch(h, A, "ACK", h->branch - 1, NULL);
	while (h->ntickets)
		complete(h);
}

TEST_F(carry, several_at_a_time_in_any_order)
{
	struct harness *h = &self->h;
	struct sip_msg *first, *second;
	const struct sip_msg *msg;

	up(h, NULL, NULL);
	send_request(h, A, "INFO", 2, DTMF, "Signal=1");
	send_request(h, A, "MESSAGE", 3, TEXT, "hello");
	first = sip_msg_dup(expect(h, B, "INFO "));
	second = sip_msg_dup(expect(h, B, "MESSAGE "));
	reply_tagged(h, B, second, "202 Accepted", h->ua[B].local_tag, NULL, NULL);
	msg = expect(h, A, "SIP/2.0 202");
	EXPECT_EQ(msg->cseq, 3);
	reply_tagged(h, B, first, "200 OK", h->ua[B].local_tag, NULL, NULL);
	msg = expect(h, A, "SIP/2.0 200");
	EXPECT_EQ(msg->cseq, 2);
	free(first);
	free(second);
	bye(h, A);
}

TEST_F(carry, too_many_at_a_time)
{
	struct harness *h = &self->h;
	u32 cseq;

	up(h, NULL, NULL);
	for (cseq = 2; cseq < 10; cseq++)
		send_request(h, A, "INFO", cseq, DTMF, "Signal=1");
	EXPECT_FALSE(pending(h, A));
	send_request(h, A, "INFO", cseq, DTMF, "Signal=1");
	EXPECT_TRUE(header(expect(h, A, "SIP/2.0 500"), "Retry-After").n);
	for (cseq = 2; cseq < 10; cseq++) {
		expect(h, B, "INFO ");
		reply(h, B, "200 OK", NULL);
		expect(h, A, "SIP/2.0 200");
	}
	EXPECT_FALSE(pending(h, B));
	bye(h, A);
}

TEST_F(carry, hanging_up_does_not_wait_for_the_answer)
{
	struct harness *h = &self->h;
	struct sip_msg *info;

	up(h, NULL, NULL);
	send_request(h, A, "INFO", 2, DTMF, "Signal=1");
	info = sip_msg_dup(expect(h, B, "INFO "));
	send_request(h, A, "BYE", 3, NULL, NULL);
	expect(h, A, "SIP/2.0 487");
	expect(h, A, "SIP/2.0 200");
	gets_bye(h, B);
	reply_tagged(h, B, info, "200 OK", h->ua[B].local_tag, NULL, NULL);
	free(info);
}

TEST_F(carry, a_party_that_knows_no_call_ends_it)
{
	struct harness *h = &self->h;

	up(h, NULL, NULL);
	send_request(h, A, "INFO", 2, DTMF, "Signal=1");
	expect(h, B, "INFO ");
	reply(h, B, "481 Call/Transaction Does Not Exist", NULL);
	expect(h, A, "SIP/2.0 481");
	gets_bye(h, A);
}

TEST_F(carry, a_message_that_is_not_answered_ends_nothing)
{
	struct harness *h = &self->h;

	up(h, NULL, NULL);
	send_request(h, A, "MESSAGE", 2, TEXT, "are you there?");
	expect(h, B, "MESSAGE ");
	reply(h, B, "481 Call/Transaction Does Not Exist", NULL);
	expect(h, A, "SIP/2.0 481");
	send_request(h, A, "MESSAGE", 3, TEXT, "are you there?");
	expect(h, B, "MESSAGE ");
	advance(h, 33 * NSEC_PER_SEC);
	discard(h, B);
	expect(h, A, "SIP/2.0 408");
	bye(h, A);
}

TEST_F(carry, a_message_that_is_too_long)
{
	struct harness *h = &self->h;
	char text[2100];

	up(h, NULL, NULL);
	memset(text, 'a', sizeof(text));
	text[2001] = 0;
	send_request(h, A, "MESSAGE", 2, TEXT, text);
	expect(h, A, "SIP/2.0 513");
	EXPECT_FALSE(pending(h, B));
	text[1200] = 0;
	send_request(h, A, "MESSAGE", 3, TEXT, text);
	EXPECT_EQ(expect(h, B, "MESSAGE ")->body.n, 1200);
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	bye(h, A);
}

TEST_F(carry, a_refusal_comes_back_as_it_is)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	up(h, NULL, NULL);
	send_request(h, A, "MESSAGE", 2, TEXT, "hello");
	msg = expect(h, B, "MESSAGE ");
	reply_tagged(h, B, msg, "405 Method Not Allowed", h->ua[B].local_tag,
		     "Allow: INVITE, ACK, BYE, CANCEL, INFO, PUBLISH\r\n", NULL);
	msg = expect(h, A, "SIP/2.0 405");
	EXPECT_TRUE(slice_eq(header(msg, "Allow"), SLICE("INVITE, ACK, BYE, CANCEL, INFO")));
	send_request(h, A, "INFO", 3, "Content-Type: application/x-odd\r\n", "?");
	msg = expect(h, B, "INFO ");
	reply_tagged(h, B, msg, "415 Unsupported Media Type", h->ua[B].local_tag,
		     "Accept: application/dtmf-relay\r\n", NULL);
	msg = expect(h, A, "SIP/2.0 415");
	EXPECT_TRUE(slice_eq(header(msg, "Accept"), SLICE("application/dtmf-relay")));
	bye(h, A);
}

TEST_F(carry, what_it_requires_must_be_understood)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	up(h, NULL, NULL);
	send_request(h, A, "INFO", 2, DTMF "Require: magic\r\n", "Signal=1");
	msg = expect(h, A, "SIP/2.0 420");
	EXPECT_TRUE(slice_eq(header(msg, "Unsupported"), SLICE("magic")));
	EXPECT_FALSE(pending(h, B));
	h->ua[A].cseq = 2;
	bye(h, A);
}

TEST_HARNESS_MAIN
