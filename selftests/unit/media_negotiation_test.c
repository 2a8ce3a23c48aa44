// SPDX-License-Identifier: GPL-2.0-only
/*
 * Offers and answers through the middle: what each side is told, and what graph
 * the kernel is asked for; first the stories of single calls, then random
 * sequences, after which a rollback must have left no trace.
 */
#include "media_negotiation_harness.h"

TEST_F(negotiation, a_call_is_offered_answered_and_relayed_both_ways)
{
	const struct media_end *a, *b;
	struct media_plan *p;

	ASSERT_EQ(0, offer(MEDIA_LEG_A, SDP(IP_A, "4000", "")));
	EXPECT_NE(NULL, strstr(self->out, "c=IN IP4 10.0.0.1"));
	EXPECT_EQ(NULL, strstr(self->out, IP_A));
	/* asked, not answered: ends are there, nothing may be learned, nothing flows */
	p = plan(self->n);
	ASSERT_NE(NULL, p);
	EXPECT_EQ(4, p->nends);
	EXPECT_EQ(0, p->nflows);
	EXPECT_FALSE(p->ends[0].latch_open);
	media_plan_put(p);

	ASSERT_EQ(0, answer(false, SDP(IP_B, "6000", "")));
	EXPECT_NE(NULL, strstr(self->out, "c=IN IP4 198.51.100.7"));
	EXPECT_EQ(NULL, strstr(self->out, IP_B));
	p = plan(self->n);
	ASSERT_NE(NULL, p);
	a = end_towards(p, IP_A ":4000");
	b = end_towards(p, IP_B ":6000");
	ASSERT_NE(NULL, a);
	ASSERT_NE(NULL, b);
	EXPECT_TRUE(flows(p, a, b));
	EXPECT_TRUE(flows(p, b, a));
	EXPECT_TRUE(a->latch_open);
	EXPECT_EQ(JALUR_LATCH_PORT, a->latch);
	EXPECT_EQ(JALUR_LATCH_STRICT, b->latch);
	EXPECT_EQ(60000, a->idle_ms);
	EXPECT_EQ(2, a->npayloads);
	EXPECT_EQ(JALUR_PAYLOAD_KIND_DTMF, a->payloads[1].kind);
	ASSERT_NE(NULL, end_towards(p, IP_A ":4001"));
	b = end_towards(p, IP_B ":6001");
	EXPECT_TRUE(flows(p, end_towards(p, IP_A ":4001"), b));
	media_plan_put(p);
}

TEST_F(negotiation, hold_stops_one_direction_and_resume_undoes_it)
{
	struct media_plan *up, *held, *again;

	ASSERT_EQ(0, offer(MEDIA_LEG_A, SDP(IP_A, "4000", "")));
	ASSERT_EQ(0, answer(false, SDP(IP_B, "6000", "")));
	up = plan(self->n);
	ASSERT_EQ(0, offer(MEDIA_LEG_B, SDP(IP_B, "6000", "a=sendonly\r\n")));
	EXPECT_NE(NULL, strstr(self->out, "a=sendonly"));
	ASSERT_EQ(0, answer(false, SDP(IP_A, "4000", "a=recvonly\r\n")));
	held = plan(self->n);
	EXPECT_TRUE(flows(held, end_towards(held, IP_B ":6000"), end_towards(held, IP_A ":4000")));
	EXPECT_FALSE(flows(held, end_towards(held, IP_A ":4000"), end_towards(held, IP_B ":6000")));
	EXPECT_EQ(0, end_towards(held, IP_A ":4000")->idle_ms);
	ASSERT_EQ(0, offer(MEDIA_LEG_B, SDP(IP_B, "6000", "")));
	ASSERT_EQ(0, answer(false, SDP(IP_A, "4000", "")));
	again = plan(self->n);
	EXPECT_TRUE(media_plan_equal(up, again));
	EXPECT_EQ(media_plan_digest(up), media_plan_digest(again));
	media_plan_put(up);
	media_plan_put(held);
	media_plan_put(again);
}

TEST_F(negotiation, hold_in_the_old_style_passes_as_it_is)
{
	struct media_plan *p;

	ASSERT_EQ(0, offer(MEDIA_LEG_A, SDP(IP_A, "4000", "")));
	ASSERT_EQ(0, answer(false, SDP(IP_B, "6000", "")));
	ASSERT_EQ(0, offer(MEDIA_LEG_A, SDP("0.0.0.0", "4000", "")));
	EXPECT_NE(NULL, strstr(self->out, "c=IN IP4 0.0.0.0"));
	ASSERT_EQ(0, answer(false, SDP(IP_B, "6000", "")));
	p = plan(self->n);
	EXPECT_FALSE(flows(p, end_towards(p, IP_B ":6000"), end_towards(p, IP_A ":4000")));
	media_plan_put(p);
}

TEST_F(negotiation, early_media_then_another_branch_answers)
{
	struct media_plan *p;

	ASSERT_EQ(0, offer(MEDIA_LEG_A, SDP(IP_A, "4000", "")));
	ASSERT_EQ(0, answer(true, SDP(IP_B, "6000", "")));
	EXPECT_TRUE(media_offer_pending(self->n));
	p = plan(self->n);
	EXPECT_TRUE(flows(p, end_towards(p, IP_B ":6000"), end_towards(p, IP_A ":4000")));
	media_plan_put(p);
	ASSERT_EQ(0, answer(false, SDP("10.0.0.3", "7000", "")));
	EXPECT_FALSE(media_offer_pending(self->n));
	p = plan(self->n);
	EXPECT_EQ(NULL, end_towards(p, IP_B ":6000"));
	EXPECT_NE(NULL, end_towards(p, "10.0.0.3:7000"));
	media_plan_put(p);
}

TEST_F(negotiation, mux_only_when_both_agree)
{
	struct media_plan *p;

	ASSERT_EQ(0, offer(MEDIA_LEG_A, SDP(IP_A, "4000", "a=rtcp-mux\r\n")));
	EXPECT_NE(NULL, strstr(self->out, "a=rtcp-mux"));
	ASSERT_EQ(0, answer(false, SDP(IP_B, "6000", "a=rtcp-mux\r\n")));
	p = plan(self->n);
	EXPECT_EQ(2, p->nends);
	EXPECT_EQ(JALUR_ACCEPT_RTP | JALUR_ACCEPT_RTCP, p->ends[0].accept);
	media_plan_put(p);
	ASSERT_EQ(0, offer(MEDIA_LEG_A, SDP(IP_A, "4000", "a=rtcp-mux\r\n")));
	ASSERT_EQ(0, answer(false, SDP(IP_B, "6000", "")));
	EXPECT_EQ(NULL, strstr(self->out, "a=rtcp-mux"));
	p = plan(self->n);
	EXPECT_EQ(4, p->nends);
	/* the offerer's RTCP is then where it would be without the attribute */
	EXPECT_NE(NULL, end_towards(p, IP_A ":4001"));
	EXPECT_EQ(JALUR_ACCEPT_RTP, end_towards(p, IP_A ":4000")->accept);
	media_plan_put(p);
}

static bool takes(const struct media_end *end, u8 pt)
{
	size_t i;

	for (i = 0; i < end->npayloads; i++)
		if (end->payloads[i].pt == pt)
			return true;
	return false;
}

/* What was offered may arrive before its answer; what was agreed before still may. */
TEST_F(negotiation, a_pending_offer_lets_its_payload_types_in)
{
	struct media_plan *p;

	ASSERT_EQ(0, offer(MEDIA_LEG_A, SDP(IP_A, "4000", "")));
	ASSERT_EQ(0, answer(false, SDP(IP_B, "6000", "")));
	ASSERT_EQ(0, offer(MEDIA_LEG_A, "v=0\r\no=- 1 2 IN IP4 " IP_A "\r\ns=-\r\nc=IN IP4 "
			   IP_A "\r\nt=0 0\r\nm=audio 4000 RTP/AVP 9\r\n"));
	p = plan(self->n);
	ASSERT_NE(NULL, p);
	EXPECT_TRUE(takes(end_towards(p, IP_B ":6000"), 9));
	EXPECT_TRUE(takes(end_towards(p, IP_B ":6000"), 0));
	media_plan_put(p);
	ASSERT_EQ(0, answer(false, "v=0\r\no=- 1 2 IN IP4 " IP_B "\r\ns=-\r\nc=IN IP4 "
			    IP_B "\r\nt=0 0\r\nm=audio 6000 RTP/AVP 9\r\n"));
	p = plan(self->n);
	EXPECT_TRUE(takes(end_towards(p, IP_B ":6000"), 9));
	EXPECT_FALSE(takes(end_towards(p, IP_B ":6000"), 0));
	media_plan_put(p);
}

/* More payload types than an end can list: any may arrive. */
TEST_F(negotiation, a_long_list_of_payload_types_is_any)
{
	char a[512] = "", b[512] = "";
	struct media_plan *p;
	size_t i, n;

	n = snprintf(a, sizeof(a), "v=0\no=- 1 1 IN IP4 %s\ns=-\nc=IN IP4 %s\nt=0 0\n"
		     "m=audio 4000 RTP/AVP", IP_A, IP_A);
	for (i = 96; i < 96 + SDP_MAX_PAYLOADS; i++)
		n += snprintf(a + n, sizeof(a) - n, " %zu", i);
	snprintf(b, sizeof(b), "v=0\no=- 1 1 IN IP4 %s\ns=-\nc=IN IP4 %s\nt=0 0\n"
		 "m=audio 6000 RTP/AVP 96 0 8 9\n", IP_B, IP_B);
	ASSERT_EQ(0, offer(MEDIA_LEG_A, a));
	p = plan(self->n);
	EXPECT_EQ(SDP_MAX_PAYLOADS, p->ends[0].npayloads);
	media_plan_put(p);
	ASSERT_EQ(0, answer(false, b));
	p = plan(self->n);
	EXPECT_EQ(0, end_towards(p, IP_A ":4000")->npayloads);
	media_plan_put(p);
}

/* An address that only this host reaches is nobody's to name. */
TEST_F(negotiation, loopback_is_not_a_party)
{
	ASSERT_EQ(-EINVAL, offer(MEDIA_LEG_A, SDP("127.0.0.1", "5038", "")));
	EXPECT_EQ(488, self->refusal.status);
	EXPECT_NE(NULL, strstr(self->refusal.text, "line 6"));
	ASSERT_EQ(0, offer(MEDIA_LEG_A, SDP(IP_A, "4000", "")));
	ASSERT_EQ(-EINVAL, answer(false, SDP("127.0.0.1", "5038", "")));
	ASSERT_EQ(-EINVAL, answer(false, SDP("224.1.2.3", "5038", "")));
	EXPECT_TRUE(media_offer_pending(self->n));
}

/* RFC 3264 section 8: streams are never taken out of the list. */
TEST_F(negotiation, a_description_does_not_get_shorter)
{
	ASSERT_EQ(0, offer(MEDIA_LEG_A, SDP(IP_A, "4000", "m=video 5000 RTP/AVP 96\r\n")));
	ASSERT_EQ(0, answer(false, SDP(IP_B, "6000", "m=video 6002 RTP/AVP 96\r\n")));
	ASSERT_EQ(-EINVAL, offer(MEDIA_LEG_A, SDP(IP_A, "4000", "")));
	/* turned off, its ports are free for others */
	ASSERT_EQ(0, offer(MEDIA_LEG_A, SDP(IP_A, "4000", "m=video 0 RTP/AVP 96\r\n")));
	EXPECT_EQ(2, media_ports_used(self->ports[0]));
	ASSERT_EQ(0, answer(false, SDP(IP_B, "6000", "m=video 0 RTP/AVP 96\r\n")));
	EXPECT_EQ(1, media_ports_used(self->ports[0]));
}

/* The new party's address replaces the old one's; our own stays as it was. */
TEST_F(negotiation, a_party_moves)
{
	struct media_plan *before, *pending, *after;

	ASSERT_EQ(0, offer(MEDIA_LEG_A, SDP(IP_A, "4000", "")));
	ASSERT_EQ(0, answer(false, SDP(IP_B, "6000", "")));
	before = plan(self->n);
	ASSERT_EQ(0, offer(MEDIA_LEG_A, SDP("192.0.2.77", "4100", "")));
	pending = plan(self->n);
	EXPECT_TRUE(media_plan_equal(before, pending));
	ASSERT_EQ(0, answer(false, SDP(IP_B, "6000", "")));
	after = plan(self->n);
	EXPECT_EQ(NULL, end_towards(after, IP_A ":4000"));
	ASSERT_NE(NULL, end_towards(after, "192.0.2.77:4100"));
	EXPECT_TRUE(addr_eq(&end_towards(after, "192.0.2.77:4100")->local,
			    &end_towards(before, IP_A ":4000")->local));
	EXPECT_EQ(end_towards(after, "192.0.2.77:4100")->id,
		  end_towards(before, IP_A ":4000")->id);
	media_plan_put(before);
	media_plan_put(pending);
	media_plan_put(after);
}

TEST_F(negotiation, a_stream_is_added_and_turned_down)
{
	struct media_plan *before, *p;

	ASSERT_EQ(0, offer(MEDIA_LEG_A, SDP(IP_A, "4000", "")));
	ASSERT_EQ(0, answer(false, SDP(IP_B, "6000", "")));
	before = plan(self->n);
	ASSERT_EQ(0, offer(MEDIA_LEG_A, SDP(IP_A, "4000", "m=video 5000 RTP/AVP 96\r\n")));
	EXPECT_EQ(2, media_ports_used(self->ports[0]));
	p = plan(self->n);
	EXPECT_EQ(before->nends + 4, p->nends);
	media_plan_put(p);
	ASSERT_EQ(0, answer(false, SDP(IP_B, "6000", "m=video 0 RTP/AVP 96\r\n")));
	EXPECT_NE(NULL, strstr(self->out, "m=video 0 "));
	EXPECT_EQ(1, media_ports_used(self->ports[0]));
	p = plan(self->n);
	EXPECT_TRUE(media_plan_equal(before, p));
	media_plan_put(p);
	media_plan_put(before);
}

TEST_F(negotiation, fax_takes_the_place_of_audio)
{
	struct media_plan *p;

	ASSERT_EQ(0, offer(MEDIA_LEG_A, SDP(IP_A, "4000", "")));
	ASSERT_EQ(0, answer(false, SDP(IP_B, "6000", "")));
	ASSERT_EQ(0, offer(MEDIA_LEG_B, "v=0\r\no=- 1 2 IN IP4 " IP_B "\r\ns=-\r\nc=IN IP4 " IP_B
			   "\r\nt=0 0\r\nm=image 6004 udptl t38\r\na=T38FaxVersion:0\r\n"));
	EXPECT_NE(NULL, strstr(self->out, "a=T38FaxVersion:0"));
	/* asked: audio goes on, and the fax's ends are there to be found taken or free */
	p = plan(self->n);
	ASSERT_EQ(6, p->nends);
	EXPECT_EQ(4, p->nflows);
	EXPECT_EQ(JALUR_ACCEPT_OPAQUE, p->ends[4].accept);
	media_plan_put(p);
	ASSERT_EQ(0, answer(false, "v=0\r\no=- 1 2 IN IP4 " IP_A "\r\ns=-\r\nc=IN IP4 " IP_A
			    "\r\nt=0 0\r\nm=image 4004 udptl t38\r\n"));
	p = plan(self->n);
	ASSERT_EQ(2, p->nends);
	EXPECT_EQ(JALUR_ACCEPT_OPAQUE, p->ends[0].accept);
	EXPECT_EQ(2, p->nflows);
	EXPECT_EQ(1, media_ports_used(self->ports[0]));
	media_plan_put(p);
}

TEST_F(negotiation, what_cannot_be_carried_is_refused_by_its_line)
{
	ASSERT_EQ(-EINVAL, offer(MEDIA_LEG_A, "v=0\r\no=- 1 1 IN IP4 1.1.1.1\r\ns=-\r\n"
				 "c=IN IP4 1.1.1.1\r\nt=0 0\r\nm=audio 4000 RTP/SAVP 0\r\n"));
	EXPECT_EQ(488, self->refusal.status);
	EXPECT_NE(NULL, strstr(self->refusal.text, "line 6"));
	EXPECT_FALSE(media_offer_pending(self->n));
	ASSERT_EQ(-EINVAL, offer(MEDIA_LEG_A, "nonsense"));
	EXPECT_EQ(0, media_ports_used(self->ports[0]));
	/* an answer with too few lines changes nothing: a good one still can come */
	ASSERT_EQ(0, offer(MEDIA_LEG_A, SDP(IP_A, "4000", "m=video 5000 RTP/AVP 96\r\n")));
	ASSERT_EQ(-EINVAL, answer(false, SDP(IP_B, "6000", "")));
	ASSERT_EQ(0, answer(false, SDP(IP_B, "6000", "m=video 0 RTP/AVP 96\r\n")));
}

TEST_F(negotiation, a_second_offer_waits)
{
	ASSERT_EQ(0, offer(MEDIA_LEG_A, SDP(IP_A, "4000", "")));
	EXPECT_EQ(-EBUSY, offer(MEDIA_LEG_B, SDP(IP_B, "6000", "")));
	EXPECT_EQ(491, self->refusal.status);
}

TEST_F(negotiation, taken_ports_are_drawn_again)
{
	struct media_plan *p, *q;

	ASSERT_EQ(0, offer(MEDIA_LEG_A, SDP(IP_A, "4000", "")));
	p = plan(self->n);
	free(self->out);
	self->out = NULL;
	ASSERT_EQ(0, media_redraw(self->n, self->now, &self->out, &self->refusal));
	q = plan(self->n);
	EXPECT_FALSE(addr_eq(&p->ends[0].local, &q->ends[0].local));
	EXPECT_EQ(1, media_ports_used(self->ports[0]));
	EXPECT_EQ(1, media_ports_used(self->ports[1]));
	media_plan_put(p);
	media_plan_put(q);
}

/* The version of o= goes up with every change, and only then (RFC 3264 section 8). */
TEST_F(negotiation, the_version_counts_changes)
{
	ASSERT_EQ(0, offer(MEDIA_LEG_A, SDP(IP_A, "4000", "")));
	EXPECT_NE(NULL, strstr(self->out, "o=- 16 0 "));
	ASSERT_EQ(0, answer(false, SDP(IP_B, "6000", "")));
	ASSERT_EQ(0, offer(MEDIA_LEG_A, SDP(IP_A, "4000", "")));
	EXPECT_NE(NULL, strstr(self->out, "o=- 16 0 "));
	ASSERT_EQ(0, answer(false, SDP(IP_B, "6000", "")));
	ASSERT_EQ(0, offer(MEDIA_LEG_A, SDP(IP_A, "4000", "a=sendonly\r\n")));
	EXPECT_NE(NULL, strstr(self->out, "o=- 16 1 "));
}

static const char *random_sdp(unsigned int *seed, bool offer)
{
	static char text[512];
	static const char *const dirs[] = {
		"", "a=sendonly\r\n", "a=inactive\r\n", "a=rtcp-mux\r\n",
	};

	snprintf(text, sizeof(text), SDP("192.0.2.%u", "%u", "%sm=video %u RTP/AVP 96\r\n"),
		 1 + rand_r(seed) % 3, 1 + rand_r(seed) % 3, 4000 + rand_r(seed) % 3 * 2,
		 dirs[rand_r(seed) % 4],
		 rand_r(seed) % 2 ? 5000 + rand_r(seed) % 2 * 2 : offer ? 5000 : 0);
	return text;
}

TEST_F(negotiation, a_rollback_leaves_no_trace)
{
	unsigned int seed = 4711, i, rollbacks = 0;
	struct media_plan *before, *after;
	enum media_leg leg;

	for (i = 0; i < 2000; i++) {
		self->now += 40 * NSEC_PER_SEC;
		before = plan(self->n);
		leg = rand_r(&seed) % 2;
		ASSERT_EQ(0, offer(leg, random_sdp(&seed, true)));
		if (rand_r(&seed) % 3 == 0)
			ASSERT_EQ(0, answer(true, random_sdp(&seed, false)));
		if (rand_r(&seed) % 2) {
			media_rollback(self->n, self->now);
			after = plan(self->n);
			ASSERT_EQ(!before, !after);
			ASSERT_TRUE(!before || media_plan_equal(before, after))
				TH_LOG("round %u", i);
			media_plan_put(after);
			rollbacks++;
		} else {
			ASSERT_EQ(0, answer(false, random_sdp(&seed, false)));
		}
		media_plan_put(before);
	}
	EXPECT_GT(rollbacks, 500);
}

TEST_HARNESS_MAIN
