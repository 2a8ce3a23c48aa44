// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who may send through the userspace relay, and what: latching, theft and
 * injection, kinds of packets, ends that fall silent, marks of the IP header,
 * and both families of addresses.
 */
#include "media_user_harness.h"

/* A stranger speaks, then the party; what comes first shows whether the stranger was heard. */
static bool stranger_is_refused(struct world *w, u16 seq)
{
	u64 dropped = figures_of(w, 0)->dropped;

	send_rtp(w->stranger, &w->ours[0], 0, 6666);
	send_rtp(w->party[0], &w->ours[0], 0, seq);
	return next_rtp(w, w->party[1]) == seq && figures_of(w, 0)->dropped == dropped + 1;
}

/* Behind NAT: the address is the signalled one, the port is not. */
TEST_F(relay, the_port_is_learned_once_and_cannot_be_stolen)
{
	struct world *w = &self->w;
	struct media_event event;

	w->plan->ends[0].remote.port ^= 1;	/* what SDP says is not where it sends from */
	ASSERT_EQ(0, apply(w, false));
	send_rtp(w->party[0], &w->ours[0], 0, 1);
	EXPECT_EQ(1, next_rtp(w, w->party[1]));
	ASSERT_TRUE(next_event(w, &event));
	EXPECT_EQ(MEDIA_EVENT_LATCHED, event.type);
	EXPECT_EQ(SESSION, event.session);
	EXPECT_EQ(1, event.end);
	EXPECT_TRUE(addr_eq(&w->at[0], &event.remote));

	EXPECT_TRUE(stranger_is_refused(w, 2));
	/* and what the far side says goes to whom was learned, not to the thief */
	send_rtp(w->party[1], &w->ours[1], 0, 9);
	EXPECT_EQ(9, next_rtp(w, w->party[0]));
	EXPECT_EQ(-1, recv(w->stranger, (u8[8]){ 0 }, 8, 0));
	EXPECT_TRUE(addr_eq(&w->at[0], &figures_of(w, 0)->remote));
}

TEST_F(relay, a_strict_end_hears_who_was_signalled_and_learns_nobody)
{
	struct world *w = &self->w;

	w->plan->ends[0].latch = JALUR_LATCH_STRICT;
	ASSERT_EQ(0, apply(w, false));
	EXPECT_TRUE(stranger_is_refused(w, 1));
	EXPECT_FALSE(figures_of(w, 0)->latched);
}

TEST_F(relay, any_source_is_the_first_that_is_valid)
{
	struct world *w = &self->w;

	w->plan->ends[0].latch = JALUR_LATCH_ANY;
	addr_parse(SLICE("192.0.2.5:5004"), &w->plan->ends[0].remote);
	ASSERT_EQ(0, apply(w, false));
	send_bytes(w->stranger, &w->ours[0], "noise is not a source", 21);
	send_rtp(w->stranger, &w->ours[0], 99, 1);		/* nor a type not agreed on */
	send_rtp(w->party[0], &w->ours[0], 0, 2);
	EXPECT_EQ(2, next_rtp(w, w->party[1]));
	EXPECT_EQ(2, figures_of(w, 0)->dropped);
	EXPECT_TRUE(stranger_is_refused(w, 3));
}

TEST_F(relay, before_the_answer_nobody_is_learned)
{
	struct world *w = &self->w;

	w->plan->ends[0].latch = JALUR_LATCH_ANY;
	w->plan->ends[0].latch_open = false;
	ASSERT_EQ(0, apply(w, false));
	EXPECT_TRUE(stranger_is_refused(w, 1));
	EXPECT_FALSE(figures_of(w, 0)->latched);

	w->plan->ends[0].latch_open = true;
	ASSERT_EQ(0, apply(w, true));
	send_rtp(w->stranger, &w->ours[0], 0, 2);
	EXPECT_EQ(2, next_rtp(w, w->party[1]));
	EXPECT_TRUE(figures_of(w, 0)->latched);
}

TEST_F(relay, a_lock_holds_until_remote_mode_or_epoch_change)
{
	struct world *w = &self->w;
	struct addr next;

	ASSERT_EQ(0, apply(w, false));
	EXPECT_TRUE(figures_of(w, 0) && stranger_is_refused(w, 1) == false);
	/* the stranger was first at the open latch, and has it now: the attack that modes are for */
	EXPECT_EQ(1, figures_of(w, 0)->dropped);
	w->plan->ends[0].npayloads = 1;
	ASSERT_EQ(0, apply(w, true));
	EXPECT_TRUE(figures_of(w, 0)->latched);
	w->plan->ends[0].latch_epoch++;
	ASSERT_EQ(0, apply(w, true));
	EXPECT_FALSE(figures_of(w, 0)->latched);
	send_rtp(w->party[0], &w->ours[0], 0, 4);
	EXPECT_EQ(4, next_rtp(w, w->party[1]));
	EXPECT_TRUE(stranger_is_refused(w, 5));

	next = bound_to(w->stranger);		/* re-INVITE: the party moved there */
	w->plan->ends[0].remote = next;
	ASSERT_EQ(0, apply(w, true));
	EXPECT_FALSE(figures_of(w, 0)->latched);
	EXPECT_TRUE(addr_eq(&next, &figures_of(w, 0)->remote));
	send_rtp(w->stranger, &w->ours[0], 0, 6);
	EXPECT_EQ(6, next_rtp(w, w->party[1]));
}

/* Each of these is one packet from the right source that must not pass. */
static const struct {
	const char *what;
	u32 accept;
	size_t n;
	u8 bytes[24];
} bad[] = {
	{ "nothing", JALUR_ACCEPT_RTP, 0, { 0 } },
	{ "one byte", JALUR_ACCEPT_RTP, 1, { 0x80 } },
	{ "RTP cut short", JALUR_ACCEPT_RTP, 11, { 0x80, 0 } },
	{ "CSRCs that are not there", JALUR_ACCEPT_RTP, 12, { 0x8f, 0 } },
	{ "an extension that is not there", JALUR_ACCEPT_RTP, 12, { 0x90, 0 } },
	{ "more padding than payload", JALUR_ACCEPT_RTP, 13, { 0xa0, 0, [12] = 9 } },
	{ "a payload type not agreed on", JALUR_ACCEPT_RTP, 12, { 0x80, 3 } },
	{ "STUN", JALUR_ACCEPT_RTP, 20, { 0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42 } },
	{ "DTLS", JALUR_ACCEPT_RTP, 20, { 22, 0xfe, 0xff } },
	{ "RTCP where RTP is expected", JALUR_ACCEPT_RTP, 8, { 0x80, RTCP_RR, 0, 1 } },
	{ "RTP where RTCP is expected", JALUR_ACCEPT_RTCP, 12, { 0x80, 0 } },
	{ "RTCP whose length lies", JALUR_ACCEPT_RTCP, 8, { 0x80, RTCP_RR, 0, 9 } },
};

TEST_F(relay, what_is_not_agreed_on_goes_nowhere_and_teaches_nothing)
{
	struct world *w = &self->w;
	u64 dropped;
	size_t i;

	ASSERT_EQ(0, apply(w, false));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		w->plan->ends[0].accept = bad[i].accept;
		w->plan->ends[0].latch_epoch++;
		ASSERT_EQ(0, apply(w, true));
		dropped = figures_of(w, 0)->dropped;
		send_bytes(w->party[0], &w->ours[0], bad[i].bytes, bad[i].n);
		send_rtp(w->party[1], &w->ours[1], 0, i);
		ASSERT_EQ(i, next_rtp(w, w->party[0]));
		while (figures_of(w, 0)->dropped == dropped)
			uv_run(&w->loop, UV_RUN_ONCE);
		EXPECT_EQ(dropped + 1, figures_of(w, 0)->dropped)
			TH_LOG("%s", bad[i].what);
		EXPECT_FALSE(figures_of(w, 0)->latched)
			TH_LOG("%s", bad[i].what);
		EXPECT_EQ(0, figures_of(w, 0)->rx_packets);
	}
	EXPECT_EQ(-1, recv(w->party[1], (u8[8]){ 0 }, 8, 0));
}

TEST_F(relay, rtcp_shares_a_port_when_multiplexed)
{
	struct world *w = &self->w;
	u8 got[64];

	w->plan->ends[0].accept = w->plan->ends[1].accept = JALUR_ACCEPT_RTP | JALUR_ACCEPT_RTCP;
	ASSERT_EQ(0, apply(w, false));
	send_rtcp(w->party[0], &w->ours[0]);
	ASSERT_EQ(8, receive(w, w->party[1], got, sizeof(got), NULL));
	EXPECT_EQ(RTCP_RR, got[1]);
	send_rtp(w->party[0], &w->ours[0], 0, 1);
	EXPECT_EQ(1, next_rtp(w, w->party[1]));
	EXPECT_EQ(2, figures_of(w, 0)->rx_packets);
	EXPECT_EQ(0, figures_of(w, 0)->lost);
}

TEST_F(relay, rtcp_on_a_port_of_its_own_latches_by_itself)
{
	struct world *w = &self->w;
	u8 got[64];

	w->plan->ends[0].accept = w->plan->ends[1].accept = JALUR_ACCEPT_RTCP;
	w->plan->ends[0].npayloads = w->plan->ends[1].npayloads = 0;
	w->plan->ends[0].remote.port ^= 1;
	ASSERT_EQ(0, apply(w, false));
	send_rtcp(w->party[0], &w->ours[0]);
	EXPECT_EQ(8, receive(w, w->party[1], got, sizeof(got), NULL));
	EXPECT_TRUE(figures_of(w, 0)->latched);
}

TEST_F(relay, without_a_flow_or_a_remote_a_packet_is_accepted_and_dropped)
{
	struct world *w = &self->w;

	w->plan->nflows = 1;			/* 1 to 2 only */
	memset(&w->plan->ends[1].remote, 0, sizeof(w->plan->ends[1].remote));
	w->plan->ends[1].latch = JALUR_LATCH_ANY;
	ASSERT_EQ(0, apply(w, false));
	send_rtp(w->party[0], &w->ours[0], 0, 1);
	while (!figures_of(w, 0)->dropped)
		uv_run(&w->loop, UV_RUN_ONCE);
	EXPECT_EQ(1, figures_of(w, 0)->rx_packets);
	send_rtp(w->party[1], &w->ours[1], 0, 1);	/* now it is known where 2 sends to */
	while (!figures_of(w, 1)->dropped)
		uv_run(&w->loop, UV_RUN_ONCE);
	EXPECT_EQ(1, figures_of(w, 1)->rx_packets);
	EXPECT_TRUE(figures_of(w, 1)->latched);
	send_rtp(w->party[0], &w->ours[0], 0, 2);
	EXPECT_EQ(2, next_rtp(w, w->party[1]));
	EXPECT_EQ(-1, recv(w->party[0], (u8[8]){ 0 }, 8, 0));
}

TEST_F(relay, silence_is_told_once_and_so_is_its_end)
{
	struct world *w = &self->w;
	struct media_event event;

	w->plan->ends[0].idle_ms = 1;
	ASSERT_EQ(0, apply(w, false));
	ASSERT_TRUE(next_event(w, &event));
	EXPECT_EQ(MEDIA_EVENT_TIMED_OUT, event.type);
	EXPECT_EQ(1, event.end);
	EXPECT_EQ(1, event.sequence);
	EXPECT_TRUE(figures_of(w, 0)->timed_out);
	EXPECT_FALSE(figures_of(w, 1)->timed_out);

	w->plan->ends[0].idle_ms = 1000000;
	ASSERT_EQ(0, apply(w, true));
	send_rtp(w->stranger, &w->ours[0], 42, 1);	/* refused: no sign of life */
	send_rtp(w->party[0], &w->ours[0], 0, 1);
	ASSERT_TRUE(next_event(w, &event));
	EXPECT_EQ(MEDIA_EVENT_RESUMED, event.type);
	EXPECT_EQ(2, event.sequence);
	ASSERT_TRUE(next_event(w, &event));
	EXPECT_EQ(MEDIA_EVENT_LATCHED, event.type);
	EXPECT_EQ(3, event.sequence);
	EXPECT_FALSE(figures_of(w, 0)->timed_out);
}

TEST_F(relay, another_ssrc_is_told_and_passes)
{
	struct world *w = &self->w;
	struct media_event event;
	u8 packet[32];

	ASSERT_EQ(0, apply(w, false));
	send_rtp(w->party[0], &w->ours[0], 0, 1);
	rtp_bytes(packet, 0, 500, 0xabcd);
	send_bytes(w->party[0], &w->ours[0], packet, sizeof(packet));
	EXPECT_EQ(1, next_rtp(w, w->party[1]));
	EXPECT_EQ(500, next_rtp(w, w->party[1]));
	ASSERT_TRUE(next_event(w, &event));
	EXPECT_EQ(MEDIA_EVENT_LATCHED, event.type);
	ASSERT_TRUE(next_event(w, &event));
	EXPECT_EQ(MEDIA_EVENT_SSRC, event.type);
	EXPECT_EQ(0xabcd, event.ssrc);
	EXPECT_EQ(0, figures_of(w, 0)->lost);
}

static int marked(struct world *w, int ttl, int tos, u16 seq)
{
	setsockopt(w->party[0], IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	setsockopt(w->party[0], IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	send_rtp(w->party[0], &w->ours[0], 0, seq);
	return seq;
}

/* TTL and TOS of the next packet that the second party gets. */
static bool marks_seen(struct world *w, int ttl, int tos)
{
	union { struct cmsghdr align; char bytes[128]; } control;
	u8 bytes[64];
	struct iovec v = { bytes, sizeof(bytes) };
	struct msghdr hdr = { .msg_iov = &v, .msg_iovlen = 1 };
	struct cmsghdr *c;
	int i, got_ttl = -1, got_tos = -1;

	for (i = 0; i < PATIENCE; i++) {
		uv_run(&w->loop, UV_RUN_NOWAIT);
		hdr.msg_control = &control;
		hdr.msg_controllen = sizeof(control);
		if (recvmsg(w->party[1], &hdr, 0) >= 0)
			break;
		usleep(1000);
	}
	for (c = CMSG_FIRSTHDR(&hdr); c; c = CMSG_NXTHDR(&hdr, c)) {
		if (c->cmsg_type == IP_TTL)
			memcpy(&got_ttl, CMSG_DATA(c), sizeof(got_ttl));
		if (c->cmsg_type == IP_TOS)
			got_tos = *CMSG_DATA(c);
	}
	return got_ttl == ttl && got_tos == tos;
}

/* Of one burst: expedited forwarding twice, then not, then one hop too far. */
TEST_F(relay, marks_go_on_and_a_circle_ends)
{
	struct world *w = &self->w;
	int on = 1;

	setsockopt(w->party[1], IPPROTO_IP, IP_RECVTTL, &on, sizeof(on));
	setsockopt(w->party[1], IPPROTO_IP, IP_RECVTOS, &on, sizeof(on));
	ASSERT_EQ(0, apply(w, false));
	marked(w, 33, 0xb8, 1);
	marked(w, 33, 0xb8, 2);
	marked(w, 64, 0, 3);
	marked(w, 1, 0, 4);
	EXPECT_TRUE(marks_seen(w, 32, 0xb8));
	EXPECT_TRUE(marks_seen(w, 32, 0xb8));
	EXPECT_TRUE(marks_seen(w, 63, 0));
	EXPECT_EQ(4, figures_of(w, 0)->rx_packets);
	EXPECT_EQ(1, figures_of(w, 0)->dropped);
	EXPECT_EQ(3, figures_of(w, 1)->tx_packets);
}

FIXTURE(families) {
	struct world w;
	int err;
};

FIXTURE_VARIANT(families) {
	const char *ip_a, *ip_b;
};

FIXTURE_VARIANT_ADD(families, v6) { .ip_a = "::1", .ip_b = "::1" };
FIXTURE_VARIANT_ADD(families, v6_to_v4) { .ip_a = "::1", .ip_b = "127.0.0.1" };
FIXTURE_VARIANT_ADD(families, v4_to_v6) { .ip_a = "127.0.0.1", .ip_b = "::1" };

FIXTURE_SETUP(families)
{
	self->err = world_open(&self->w, variant->ip_a, variant->ip_b);
	if (self->err == -EADDRNOTAVAIL)
		SKIP(return, "no IPv6 on this host");
	ASSERT_EQ(0, self->err);
}

FIXTURE_TEARDOWN(families)
{
	if (!self->err)
		EXPECT_EQ(0, world_close(&self->w));
}

TEST_F(families, media_passes_from_one_to_the_other)
{
	struct world *w = &self->w;
	int ttl = 9;

	ASSERT_EQ(0, apply(w, false))
		TH_LOG("%s", w->err.text);
	send_rtp(w->party[0], &w->ours[0], 0, 1);
	EXPECT_EQ(1, next_rtp(w, w->party[1]));
	send_rtp(w->party[1], &w->ours[1], 0, 2);
	EXPECT_EQ(2, next_rtp(w, w->party[0]));
	EXPECT_TRUE(addr_eq(&w->at[0], &figures_of(w, 0)->remote));
	EXPECT_TRUE(stranger_is_refused(w, 3));
	ttl = 1;
	setsockopt(w->party[0], IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	setsockopt(w->party[0], IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ttl, sizeof(ttl));
	send_rtp(w->party[0], &w->ours[0], 0, 4);
	while (figures_of(w, 0)->dropped < 2)
		uv_run(&w->loop, UV_RUN_ONCE);
	EXPECT_EQ(2, figures_of(w, 1)->tx_packets);
}

TEST_HARNESS_MAIN
