// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is told who is calling: identities asserted by those who are trusted, privacy
 * for those who ask for it, and headers that only some realms understand. A calls
 * from "outside", B is "inside"; each test says who is trusted.
 */
#include "call_harness.h"

#define PAI "P-Asserted-Identity: <sip:+4930@carrier.example>\r\n"
#define MAPPED SLICE("<sip:+4930@" IP_INSIDE ">")

FIXTURE(identity) {
	struct harness h;
};

OVER_EACH_PAIR(identity);

FIXTURE_SETUP(identity)
{
	harness_start_over(&self->h, _metadata, &variant->over);
}

FIXTURE_TEARDOWN(identity)
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

static void trust(struct harness *h, bool outside, bool inside)
{
	h->policy->realms[0].trusted = outside;
	h->policy->realms[1].trusted = inside;
}

/* What B gets of a call with these headers. */
static const struct sip_msg *called(struct harness *h, const char *lines)
{
	begin_dialog(h, A, "4930123");
	send_request(h, A, "INVITE", 1, lines, SDP_A);
	expect(h, A, "SIP/2.0 100");
	return expect(h, B, "INVITE ");
}

TEST_F(identity, what_a_stranger_asserts_is_not_told)
{
	struct harness *h = &self->h;

	trust(h, false, true);
	EXPECT_FALSE(header(called(h, PAI), "P-Asserted-Identity").n);
}

TEST_F(identity, what_a_friend_asserts_is_told_to_a_friend)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	trust(h, true, true);
	msg = called(h, PAI "Privacy: id\r\n");
	EXPECT_TRUE(slice_eq(header(msg, "P-Asserted-Identity"), MAPPED));
	EXPECT_TRUE(slice_eq(header(msg, "Privacy"), SLICE("id")));
}

TEST_F(identity, to_the_outside_it_goes_when_nobody_minds)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	trust(h, true, false);
	msg = called(h, PAI "Privacy: none\r\n");
	EXPECT_TRUE(slice_eq(header(msg, "P-Asserted-Identity"), MAPPED));
	EXPECT_TRUE(slice_eq(header(msg, "Privacy"), SLICE("none")));
}

TEST_F(identity, to_the_outside_privacy_is_done_and_taken_away)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	trust(h, true, false);
	msg = called(h, PAI "Privacy: critical; id\r\n");
	EXPECT_FALSE(header(msg, "P-Asserted-Identity").n);
	EXPECT_FALSE(header(msg, "Privacy").n);
	EXPECT_TRUE(contains(header(msg, "From"), "sip:alice@"));
}

TEST_F(identity, who_wants_no_name_told_is_anonymous_outside)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	trust(h, false, false);
	msg = called(h, "Privacy: user;id\r\nSubject: it is me\r\nOrganization: mine\r\n"
		     "Reply-To: <sip:alice@home.example>\r\nCall-Info: <http://me.example/>\r\n");
	EXPECT_TRUE(contains(header(msg, "From"),
			     "\"Anonymous\" <sip:anonymous@anonymous.invalid>"));
	EXPECT_TRUE(contains(header(msg, "Contact"), "sip:anonymous@"));
	EXPECT_FALSE(contains(msg->bytes, "alice"));
	EXPECT_FALSE(header(msg, "Subject").n);
	EXPECT_FALSE(header(msg, "Organization").n);
	EXPECT_FALSE(header(msg, "Reply-To").n);
	EXPECT_FALSE(header(msg, "Call-Info").n);
}

TEST_F(identity, a_friend_is_told_the_name_and_the_wish)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	trust(h, false, true);
	msg = called(h, "Privacy: user\r\nP-Preferred-Identity: <sip:alice@home.example>\r\n");
	EXPECT_TRUE(contains(header(msg, "From"), "sip:alice@"));
	EXPECT_TRUE(slice_eq(header(msg, "Privacy"), SLICE("user")));
	EXPECT_TRUE(slice_eq(header(msg, "P-Preferred-Identity"),
			     SLICE("<sip:alice@" IP_INSIDE ">")));
}

TEST_F(identity, privacy_that_nobody_knows_is_refused_when_it_is_critical)
{
	struct harness *h = &self->h;

	begin_dialog(h, A, "4930123");
	send_request(h, A, "INVITE", 1, "Privacy: invisible;critical\r\n", SDP_A);
	EXPECT_TRUE(contains(header(expect(h, A, "SIP/2.0 500"), "Warning"), "Privacy"));
	send_same_branch(h, A, "ACK", h->branch, NULL);
	EXPECT_FALSE(pending(h, B));
}

TEST_F(identity, how_a_call_was_diverted_stays_among_friends)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	trust(h, true, false);
	msg = called(h, "History-Info: <sip:old@x.example>;index=1\r\n"
		     "Diversion: <sip:old@x.example>;reason=user-busy\r\nX-Colour: blue\r\n");
	EXPECT_FALSE(header(msg, "History-Info").n);
	EXPECT_FALSE(header(msg, "Diversion").n);
	EXPECT_FALSE(header(msg, "X-Colour").n);
}

TEST_F(identity, a_realm_may_say_otherwise)
{
	struct harness *h = &self->h;
	struct call_realm *outside = &h->policy->realms[0], *inside = &h->policy->realms[1];
	const struct sip_msg *msg;

	outside->pass = calloc(1, sizeof(char *));
	outside->pass[0] = strdup("x-colour");
	outside->npass = 1;
	inside->drop = calloc(2, sizeof(char *));
	inside->drop[0] = strdup("Subject");
	inside->drop[1] = strdup("P-Asserted-Identity");
	inside->ndrop = 2;
	trust(h, true, false);
	msg = called(h, PAI "X-Colour: blue\r\nX-Shape: round\r\nSubject: hello\r\n"
		     "s: hello\r\nSession-ID: 0123456789abcdef\r\nPriority: urgent\r\n");
	EXPECT_TRUE(slice_eq(header(msg, "X-Colour"), SLICE("blue")));
	EXPECT_FALSE(header(msg, "X-Shape").n);
	EXPECT_FALSE(contains(msg->bytes, "hello"));
	EXPECT_FALSE(header(msg, "P-Asserted-Identity").n);
	EXPECT_TRUE(header(msg, "Session-ID").n);
	EXPECT_TRUE(header(msg, "Priority").n);
}

TEST_HARNESS_MAIN
