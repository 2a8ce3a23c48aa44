// SPDX-License-Identifier: GPL-2.0-only
/*
 * A trunk that wants to know who we are: B challenges, and takes nothing without
 * the right credentials. The caller hears nothing of it.
 */
#include "call_harness.h"
#include "sip/auth.h"

FIXTURE(auth) {
	struct harness h;
	struct sip_auth_realm realm;
	u32 random;
};

OVER_EACH_PAIR(auth);

FIXTURE_SETUP(auth)
{
	struct sip_nonces_conf conf = { .key = "unguessable" };

	harness_start_over(&self->h, _metadata, &variant->over);
	self->realm = (struct sip_auth_realm){
		.name = SLICE("pbx"), .proxy = true, .algs = SIP_DIGEST_ALL, .qops = SIP_QOP_AUTH,
		.nonces = sip_nonces_new(&conf),
	};
	ASSERT_EQ(call_trunk_set_credentials(&self->h.policy->trunks[1], strdup("jalur"),
					     strdup("secret"), strdup("pbx")), 0);
}

FIXTURE_TEARDOWN(auth)
{
	harness_stop(&self->h);
	sip_nonces_free(self->realm.nonces);
}

#define SELF FIXTURE_DATA(auth) *self

/* B refuses the request that it took last, and says how it may come again. */
static void challenge(SELF, bool stale)
{
	struct harness *h = &self->h;
	struct __test_metadata *_metadata = h->_metadata;
	struct sip_msg request = h->ua[B].msg;
	struct buf lines;

	buf_init(&lines);
	ASSERT_EQ(sip_auth_challenge(&self->realm, h->now, ++self->random, SLICE(""), stale,
				     &lines), 0);
	buf_add(&lines, slice_of("", 1));
	reply_tagged(h, B, &request, self->realm.proxy ? "407 Proxy Authentication Required" :
		     "401 Unauthorized", "challenger", lines.p, NULL);
	if (request.method == SIP_INVITE)
		expect(h, B, "ACK ");
	buf_free(&lines);
}

/* What B has taken last has the right credentials. */
static bool is_authentic(SELF)
{
	const struct sip_secret secret = { .password = SLICE("secret") };
	const struct sip_msg *msg = &self->h.ua[B].msg;
	struct sip_auth_claim claim;

	return sip_auth_claim(&self->realm, self->h.now, msg, SLICE(""), &claim) == SIP_AUTH_OK &&
	       !strcmp(claim.user, "jalur") &&
	       sip_auth_check(&self->realm, &claim, msg, &secret) == SIP_AUTH_OK;
}

static void begin(SELF)
{
	struct harness *h = &self->h;
	struct __test_metadata *_metadata = h->_metadata;

	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	EXPECT_EQ(header(&h->ua[B].invite, "Proxy-Authorization").n, 0);
}

static void up(SELF)
{
	struct harness *h = &self->h;
	struct __test_metadata *_metadata = h->_metadata;

	begin(self);
	challenge(self, false);
	expect(h, B, "INVITE ");
	EXPECT_TRUE(is_authentic(self));
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	h->ua[B].cseq = 100;
}

TEST_F(auth, the_caller_hears_nothing_of_a_challenge)
{
	struct harness *h = &self->h;
	struct slice first;
	char lines[512];

	begin(self);
	challenge(self, false);
	EXPECT_FALSE(pending(h, A));
	expect(h, B, "INVITE ");
	EXPECT_TRUE(is_authentic(self));
	EXPECT_EQ(h->ua[B].invite.cseq, 2);
	EXPECT_TRUE(h->ua[B].invite.body.n > 0);
	first = header(&h->ua[B].invite, "Proxy-Authorization");
	copy_slice(lines, sizeof(lines), first);
	answer(h, B, "200 OK", SDP_B);
	/* RFC 3261 §22.1: the ACK has those of the INVITE. */
	EXPECT_TRUE(slice_eq(header(expect(h, B, "ACK "), "Proxy-Authorization"), slice_str(lines)));
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	send_request(h, A, "BYE", 2, NULL, NULL);
	expect(h, A, "SIP/2.0 200");
	expect(h, B, "BYE ");
	/* What it challenged with once is answered in advance. */
	EXPECT_TRUE(is_authentic(self));
	reply(h, B, "200 OK", NULL);
	EXPECT_EQ(counter(h, "credentials-refused"), 0);
}

TEST_F(auth, by_the_far_end_itself)
{
	self->realm.proxy = false;
	up(self);
	hang_up(&self->h, B);
}

TEST_F(auth, every_request_of_the_call_can_be_challenged)
{
	struct harness *h = &self->h;
	int i;

	up(self);
	for (i = 0; i < 2; i++) {
		send_request(h, A, "INVITE", ++h->ua[A].cseq, NULL,
			     i ? SDP_A_RESUME : SDP_A_HOLD);
		expect(h, A, "SIP/2.0 100");
		expect(h, B, "INVITE ");
		challenge(self, true);
		expect(h, B, "INVITE ");
		EXPECT_TRUE(is_authentic(self));
		answer(h, B, "200 OK", i ? SDP_B_RESUME : SDP_B_HOLD);
		expect(h, B, "ACK ");
		expect(h, A, "SIP/2.0 200");
		send_ack(h, A);
	}
	send_request(h, A, "MESSAGE", ++h->ua[A].cseq, "Content-Type: text/plain\r\n", "hello");
	expect(h, B, "MESSAGE ");
	challenge(self, true);
	EXPECT_TRUE(slice_eq(expect(h, B, "MESSAGE ")->body, SLICE("hello")));
	EXPECT_TRUE(is_authentic(self));
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	send_request(h, A, "BYE", ++h->ua[A].cseq, NULL, NULL);
	expect(h, A, "SIP/2.0 200");
	expect(h, B, "BYE ");
	challenge(self, true);
	expect(h, B, "BYE ");
	EXPECT_TRUE(is_authentic(self));
	reply(h, B, "200 OK", NULL);
}

TEST_F(auth, after_it_has_rung)
{
	struct harness *h = &self->h;

	begin(self);
	reply_tagged(h, B, &h->ua[B].invite, "180 Ringing", "early", NULL, NULL);
	expect(h, A, "SIP/2.0 180");
	h->ua[B].msg = h->ua[B].invite;
	challenge(self, false);
	expect(h, B, "INVITE ");
	EXPECT_EQ(h->ua[B].invite.to.tag.n, 0);
	EXPECT_TRUE(is_authentic(self));
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	h->ua[B].cseq = 100;
	hang_up(h, B);
}

/* The trunk is of no use to the caller, who can do nothing about it. */
TEST_F(auth, credentials_that_are_refused)
{
	struct harness *h = &self->h;
	const struct sip_msg *msg;

	begin(self);
	challenge(self, false);
	expect(h, B, "INVITE ");
	challenge(self, false);
	msg = expect(h, A, "SIP/2.0 503");
	EXPECT_FALSE(contains(msg->bytes, "Digest"));
	send_same_branch(h, A, "ACK", 1, NULL);
	EXPECT_FALSE(pending(h, B));
	EXPECT_EQ(counter(h, "credentials-refused"), 1);
}

TEST_F(auth, a_realm_that_is_not_ours)
{
	struct harness *h = &self->h;

	self->realm.name = SLICE("somebody else's");
	begin(self);
	challenge(self, false);
	expect(h, A, "SIP/2.0 503");
	send_same_branch(h, A, "ACK", 1, NULL);
	EXPECT_EQ(counter(h, "credentials-refused"), 1);
}

TEST_F(auth, a_caller_that_has_gone_meanwhile)
{
	struct harness *h = &self->h;

	begin(self);
	reply_tagged(h, B, &h->ua[B].invite, "180 Ringing", "challenger", NULL, NULL);
	expect(h, A, "SIP/2.0 180");
	send_same_branch(h, A, "CANCEL", 1, NULL);
	expect(h, A, "SIP/2.0 200");
	expect(h, A, "SIP/2.0 487");
	send_same_branch(h, A, "ACK", 1, NULL);
	expect(h, B, "CANCEL ");
	reply(h, B, "200 OK", NULL);
	h->ua[B].msg = h->ua[B].invite;
	challenge(self, false);
	EXPECT_FALSE(pending(h, B));
	EXPECT_EQ(call_engine_calls(h->engine), 0);
}

TEST_HARNESS_MAIN
