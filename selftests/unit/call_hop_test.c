// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way to a trunk that has a name (RFC 3263): it is asked for, and the addresses that
 * come back are tried in order until somebody answers with anything but 503. The name
 * here leads to B and C.
 */
#include "call_harness.h"

FIXTURE(hop) {
	struct harness h;
};

OVER_EACH_PAIR(hop);

FIXTURE_SETUP(hop)
{
	struct call_next_hop *hop;

	harness_start_over(&self->h, _metadata, &variant->over);
	hop = &self->h.policy->trunks[1].targets->hop;
	free(hop->host);
	*hop = (struct call_next_hop){ .host = strdup("pbx.example"), .port = 5070 };
}

FIXTURE_TEARDOWN(hop)
{
	harness_stop(&self->h);
}

static struct hop hop_at(const char *text, enum transport transport)
{
	struct hop hop = { .transport = transport };

	addr_parse(slice_str(text), &hop.addr);
	return hop;
}

static void tell(struct harness *h, int err, const struct hop *hops, size_t n)
{
	call_engine_located(h->engine, h->now, h->locate_ticket, err,
			    "pbx.example: no such name (SRV)", "pbx.example", hops, n);
	run(h);
}

/* A calls, and the name is answered with B and C. */
static void call_both(struct harness *h)
{
	const struct hop hops[] = { hop_at(IP_B ":5060", h->over.b),
				    hop_at(IP_C ":5060", h->over.b) };

	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	tell(h, 0, hops, 2);
}

static void fail_call(struct harness *h, const char *status)
{
	expect(h, A, status);
	send_same_branch(h, A, "ACK", h->branch, NULL);
}

TEST_F(hop, a_name_is_asked_for_and_its_first_address_is_called)
{
	struct harness *h = &self->h;
	struct call_event event;

	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	EXPECT_STREQ(h->asked, "pbx.example");
	EXPECT_EQ(h->locate.port, 5070);
	EXPECT_EQ(h->locate.transports, 1u << h->over.b);
	EXPECT_TRUE(h->locate.v4);
	EXPECT_FALSE(h->locate.v6);
	EXPECT_FALSE(h->locate.secure);
	EXPECT_FALSE(pending(h, B));
	EXPECT_EQ(h->applied, 0);		/* no port is taken before there is a way */
	tell(h, 0, &(struct hop){ 0 }, 0);	/* and there is none */
	fail_call(h, "SIP/2.0 503");
	ASSERT_TRUE(next_event(h, CALL_EVENT_ENDED, &event));
	call_event_clear(&event);

	call_both(h);
	expect(h, B, "INVITE ");
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	hang_up(h, A);
	EXPECT_FALSE(pending(h, C));
}

TEST_F(hop, silence_leads_to_the_next_one_with_an_offer_of_its_own)
{
	struct harness *h = &self->h;
	char first[64], second[64];

	call_both(h);
	copy_slice(first, sizeof(first), expect(h, B, "INVITE ")->call_id);
	advance(h, 32 * NSEC_PER_SEC);
	expect_repeats(h, B, 6);		/* and nobody was there */
	EXPECT_EQ(h->unreached, 1);
	copy_slice(second, sizeof(second), expect(h, C, "INVITE ")->call_id);
	EXPECT_STRNE(first, second);
	answer(h, C, "180 Ringing", NULL);
	expect(h, A, "SIP/2.0 180");
	answer(h, C, "200 OK", SDP_B);
	expect(h, C, "ACK ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	send_request(h, A, "BYE", ++h->ua[A].cseq, NULL, NULL);
	expect(h, A, "SIP/2.0 200");
	expect(h, C, "BYE ");
	reply(h, C, "200 OK", NULL);
}

TEST_F(hop, an_error_of_the_transport_leads_to_the_next_one)
{
	struct harness *h = &self->h;

	call_both(h);
	expect(h, B, "INVITE ");
	lose(h, B);
	expect(h, C, "INVITE ");
	answer(h, C, "486 Busy Here", NULL);
	expect(h, C, "ACK ");
	fail_call(h, "SIP/2.0 486");
}

TEST_F(hop, a_503_leads_to_the_next_one_and_the_last_ones_is_the_callers)
{
	struct harness *h = &self->h;

	call_both(h);
	expect(h, B, "INVITE ");
	answer(h, B, "503 Service Unavailable", NULL);
	expect(h, B, "ACK ");
	EXPECT_FALSE(pending(h, A));
	expect(h, C, "INVITE ");
	answer(h, C, "503 Service Unavailable", NULL);
	expect(h, C, "ACK ");
	EXPECT_EQ(h->unreached, 2);
	fail_call(h, "SIP/2.0 503");
}

TEST_F(hop, who_answers_is_there)
{
	struct harness *h = &self->h;

	call_both(h);
	expect(h, B, "INVITE ");
	answer(h, B, "486 Busy Here", NULL);
	expect(h, B, "ACK ");
	fail_call(h, "SIP/2.0 486");
	EXPECT_FALSE(pending(h, C));
	EXPECT_EQ(h->unreached, 0);

	/* and so is who rang, whatever he says then */
	call_both(h);
	expect(h, B, "INVITE ");
	answer(h, B, "180 Ringing", NULL);
	expect(h, A, "SIP/2.0 180");
	answer(h, B, "503 Service Unavailable", NULL);
	expect(h, B, "ACK ");
	fail_call(h, "SIP/2.0 503");
	EXPECT_FALSE(pending(h, C));
}

TEST_F(hop, a_name_that_is_not_there_is_a_502_and_servers_that_fail_a_503)
{
	struct harness *h = &self->h;
	struct call_event event;

	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	tell(h, -ENOENT, NULL, 0);
	fail_call(h, "SIP/2.0 502");
	ASSERT_TRUE(next_event(h, CALL_EVENT_ENDED, &event));
	EXPECT_NE(strstr(event.reason, "no such name"), NULL);
	call_event_clear(&event);
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	tell(h, -EAGAIN, NULL, 0);
	fail_call(h, "SIP/2.0 503");
}

TEST_F(hop, a_caller_who_gives_up_does_not_wait_for_the_name)
{
	struct harness *h = &self->h;
	const struct hop hops[] = { hop_at(IP_B ":5060", h->over.b) };

	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	send_same_branch(h, A, "CANCEL", h->branch, NULL);
	expect(h, A, "SIP/2.0 200");
	fail_call(h, "SIP/2.0 487");
	tell(h, 0, hops, 1);
	EXPECT_FALSE(pending(h, B));
}

/* What follows the next hop must be secure, too: it is told so (RFC 5630 §5.1). */
TEST_F(hop, sips_stays_sips_on_the_way)
{
	struct harness *h = &self->h;

	h->policy->realms[1].first_listener = INSIDE(TRANSPORT_UDP);
	h->policy->realms[1].nlisteners = 3;
	h->ua[B].flow.listener = INSIDE(TRANSPORT_TLS);
	h->ua[B].transport = TRANSPORT_TLS;
	begin_dialog(h, A, "4930123");
	snprintf(h->ua[A].target, sizeof(h->ua[A].target), "sips:4930123@sbc.example");
	send_request(h, A, "INVITE", 1, NULL, SDP_A);
	expect(h, A, "SIP/2.0 100");
	tell(h, 0, (struct hop[]){ hop_at(IP_B ":5060", TRANSPORT_TLS) }, 1);
	expect(h, B, "INVITE sips:4930123@");
	EXPECT_TRUE(slice_has_word(sip_msg_header(&h->ua[B].msg, SIP_HDR_CONTACT)->value,
				   SLICE("sips")));
	answer(h, B, "486 Busy Here", NULL);
	expect(h, B, "ACK ");
	fail_call(h, "SIP/2.0 486");
}

TEST_F(hop, sips_leads_by_tls_or_nowhere)
{
	struct harness *h = &self->h;
	const struct hop hops[] = {
		hop_at(IP_B ":5060", h->over.b == TRANSPORT_TCP ? TRANSPORT_TCP : TRANSPORT_UDP),
	};

	begin_dialog(h, A, "4930123");
	snprintf(h->ua[A].target, sizeof(h->ua[A].target), "sips:4930123@sbc.example");
	send_request(h, A, "INVITE", 1, NULL, SDP_A);
	expect(h, A, "SIP/2.0 100");
	EXPECT_TRUE(h->locate.secure);
	tell(h, 0, hops, 1);
	expect(h, A, "SIP/2.0 480");
	EXPECT_NE(sip_msg_header(&h->ua[A].msg, SIP_HDR_WARNING), NULL);
	send_same_branch(h, A, "ACK", h->branch, NULL);
	EXPECT_FALSE(pending(h, B));
}

TEST_HARNESS_MAIN
