// SPDX-License-Identifier: GPL-2.0-only
/*
 * A trunk with several targets: in which order they are tried, what leads to the next one,
 * that each is tried once, and that one that comes back is used again.
 */
#include "call_trunk_harness.h"
#include "sip/auth.h"

FIXTURE(failover) {
	struct harness h;
	struct call_trunk *trunk;
};

FIXTURE_SETUP(failover)
{
	harness_start(&self->h, _metadata);
	self->trunk = two_targets(&self->h, 1);
	start(&self->h);
}

FIXTURE_TEARDOWN(failover)
{
	harness_stop(&self->h);
}

TEST_F(failover, the_lower_priority_is_tried_first_and_alone)
{
	struct harness *h = &self->h;
	int i;

	for (i = 0; i < 10; i++) {
		call_trunk(h);
		take_call(h, B);
		end_call(h, B);
	}
	EXPECT_FALSE(pending(h, C));
}

TEST_F(failover, weights_share_calls_out_in_their_proportion)
{
	struct harness *h = &self->h;
	int i, of_c = 0;

	self->trunk->targets[1].priority = 0;
	self->trunk->targets[1].weight = 3;
	for (i = 0; i < 400; i++) {
		enum who who;

		call_trunk(h);
		who = pending(h, C) ? C : B;
		of_c += who == C;
		refuse_call(h, who, "486 Busy Here");
		fail_call(h, "SIP/2.0 486");
		advance(h, 40 * NSEC_PER_SEC);
	}
	EXPECT_GT(of_c, 260);		/* 300, give or take more than four deviations */
	EXPECT_LT(of_c, 340);
}

TEST_F(failover, a_503_leads_to_the_next_target_and_its_uri)
{
	struct harness *h = &self->h;

	call_trunk(h);
	refuse_call(h, B, "503 Service Unavailable");
	EXPECT_EQ(strncmp(h->ua[B].invite.ruri.p, "sip:4930123@" IP_B, 20), 0);
	expect(h, C, "INVITE sip:4930123@" IP_C);
	refuses(h, C, "503 Service Unavailable");
	fail_call(h, "SIP/2.0 503");
	EXPECT_FALSE(pending(h, B));	/* each is tried once */
	EXPECT_EQ(h->unreached, 2);
}

TEST_F(failover, chosen_responses_lead_on_and_say_nothing_against_the_address)
{
	struct harness *h = &self->h;

	call_trunk(h);
	refuse_call(h, B, "500 Server Internal Error");
	fail_call(h, "SIP/2.0 500");
	EXPECT_FALSE(pending(h, C));

	set_codes(&self->trunk->failover, 500);
	call_trunk(h);
	refuse_call(h, B, "500 Server Internal Error");
	take_call(h, C);
	end_call(h, C);
	EXPECT_EQ(h->unreached, 0);
	call_trunk(h);			/* B is the first again */
	take_call(h, B);
	end_call(h, B);
}

TEST_F(failover, a_target_that_failed_comes_last_until_something_comes_from_it)
{
	struct harness *h = &self->h;

	call_trunk(h);
	refuse_call(h, B, "503 Service Unavailable");
	take_call(h, C);
	EXPECT_TRUE(view_way(h, IP_B ":5060", NULL).failed);
	end_call(h, C);
	call_trunk(h);
	take_call(h, C);
	end_call(h, C);
	EXPECT_FALSE(pending(h, B));

	call_trunk(h);			/* last, and not never */
	refuse_call(h, C, "503 Service Unavailable");
	refuse_call(h, B, "503 Service Unavailable");
	fail_call(h, "SIP/2.0 503");

	begin_dialog(h, B, "4930123");	/* B is there again, and asks something */
	send_request(h, B, "OPTIONS", 1, NULL, NULL);
	expect(h, B, "SIP/2.0 200");
	call_trunk(h);
	take_call(h, B);
	end_call(h, B);
}

TEST_F(failover, what_failed_is_forgotten_in_time)
{
	struct harness *h = &self->h;

	call_trunk(h);
	refuse_call(h, B, "503 Service Unavailable");
	take_call(h, C);
	end_call(h, C);
	advance(h, 31 * NSEC_PER_SEC);
	EXPECT_FALSE(view_way(h, IP_B ":5060", NULL).failed);
	call_trunk(h);
	take_call(h, B);
	end_call(h, B);
}

TEST_F(failover, silence_is_waited_for_as_long_as_the_trunk_says)
{
	struct harness *h = &self->h;

	self->trunk->silence = 2 * NSEC_PER_SEC;
	call_trunk(h);
	expect(h, B, "INVITE ");
	advance(h, 1900 * NSEC_PER_MSEC);
	EXPECT_EQ(discard(h, B), 2);		/* sent again after 0.5 and 1.5 s */
	EXPECT_FALSE(pending(h, C));
	advance(h, 200 * NSEC_PER_MSEC);
	take_call(h, C);
	EXPECT_EQ(h->unreached, 1);
	end_call(h, C);
	advance(h, 64 * NSEC_PER_SEC);
	EXPECT_GT(discard(h, B), 0);
}

/* 100 is an answer: somebody is there, and takes his time. */
TEST_F(failover, trying_is_no_silence)
{
	struct harness *h = &self->h;

	self->trunk->silence = 2 * NSEC_PER_SEC;
	call_trunk(h);
	expect(h, B, "INVITE ");
	answer(h, B, "100 Trying", NULL);
	advance(h, 20 * NSEC_PER_SEC);
	EXPECT_FALSE(pending(h, C));
	accepts(h, B);
	is_answered(h, A);
	end_call(h, B);
}

/* Who was given up may still be the first to answer, and gets the call. */
TEST_F(failover, a_late_answer_of_the_silent_one_wins)
{
	struct harness *h = &self->h;

	self->trunk->silence = 2 * NSEC_PER_SEC;
	call_trunk(h);
	expect(h, B, "INVITE ");
	advance(h, 2100 * NSEC_PER_MSEC);
	discard(h, B);
	expect(h, C, "INVITE ");
	answer(h, C, "180 Ringing", NULL);
	expect(h, A, "SIP/2.0 180");
	accepts(h, B);
	is_answered(h, A);
	is_cancelled(h, C);
	end_call(h, B);
}

TEST_F(failover, silence_everywhere_is_a_408)
{
	struct harness *h = &self->h;

	self->trunk->silence = 2 * NSEC_PER_SEC;
	call_trunk(h);
	advance(h, 4100 * NSEC_PER_MSEC);
	fail_call(h, "SIP/2.0 408");
	advance(h, 64 * NSEC_PER_SEC);
	EXPECT_GT(discard(h, B), 3);
	EXPECT_GT(discard(h, C), 3);
}

/* What is being taken back is not sent again with credentials. */
TEST_F(failover, a_challenge_of_the_silent_one_comes_too_late)
{
	struct harness *h = &self->h;

	ASSERT_EQ(call_trunk_set_credentials(self->trunk, strdup("jalur"), strdup("secret"),
					     NULL), 0);
	self->trunk->silence = 2 * NSEC_PER_SEC;
	call_trunk(h);
	expect(h, B, "INVITE ");
	advance(h, 2100 * NSEC_PER_MSEC);
	discard(h, B);
	expect(h, C, "INVITE ");
	reply_tagged(h, B, &h->ua[B].invite, "407 Proxy Authentication Required", "b",
		     "Proxy-Authenticate: Digest realm=\"pbx\", nonce=\"n\"\r\n", NULL);
	expect(h, B, "ACK ");
	EXPECT_FALSE(pending(h, B));
	refuses(h, C, "486 Busy Here");
	fail_call(h, "SIP/2.0 486");
}

/* The name is asked for when it is its turn, and not before. */
TEST_F(failover, a_name_behind_an_address_is_looked_up_when_that_has_failed)
{
	struct harness *h = &self->h;
	struct hop hop = { .transport = TRANSPORT_UDP };

	set_target(&self->trunk->targets[1], "backup.example");
	addr_parse(SLICE(IP_C ":5060"), &hop.addr);
	call_trunk(h);
	EXPECT_STREQ(h->asked, "");
	refuse_call(h, B, "503 Service Unavailable");
	EXPECT_STREQ(h->asked, "backup.example");
	call_engine_located(h->engine, h->now, h->locate_ticket, 0, "", "backup.example", &hop, 1);
	run(h);
	take_call(h, C);
	end_call(h, C);
}

/* ... and when the name is no help, the caller hears of the one that was there. */
TEST_F(failover, a_name_that_leads_nowhere_leaves_the_answer_before)
{
	struct harness *h = &self->h;

	set_target(&self->trunk->targets[1], "backup.example");
	set_codes(&self->trunk->failover, 500);
	call_trunk(h);
	refuse_call(h, B, "500 Broken");
	call_engine_located(h->engine, h->now, h->locate_ticket, -ENOENT, "no such name", "",
			    NULL, 0);
	run(h);
	fail_call(h, "SIP/2.0 500");
}

TEST_HARNESS_MAIN
