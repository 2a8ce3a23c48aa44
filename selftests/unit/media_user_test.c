// SPDX-License-Identifier: GPL-2.0-only
/*
 * The userspace relay carries plans out: sessions come, change and go, ports
 * that are taken are refused, and media passes meanwhile, unharmed.
 */
#include "media_user_harness.h"

#include <sys/resource.h>

TEST_F(relay, media_passes_both_ways_and_is_counted)
{
	struct world *w = &self->w;
	u8 sent[32], got[64];
	struct addr from;

	ASSERT_EQ(0, apply(w, false))
		TH_LOG("%s", w->err.text);
	EXPECT_STREQ("userspace", media_relay_name(w->relay));
	rtp_bytes(sent, 8, 100, 77);
	send_bytes(w->party[0], &w->ours[0], sent, sizeof(sent));
	ASSERT_EQ(32, receive(w, w->party[1], got, sizeof(got), &from));
	EXPECT_EQ(0, memcmp(sent, got, 32));
	EXPECT_TRUE(addr_eq(&w->ours[1], &from));
	send_rtp(w->party[1], &w->ours[1], 0, 5);
	EXPECT_EQ(5, next_rtp(w, w->party[0]));

	EXPECT_EQ(1, figures_of(w, 0)->rx_packets);
	EXPECT_EQ(32, figures_of(w, 0)->rx_bytes);
	EXPECT_EQ(1, figures_of(w, 0)->tx_packets);
	EXPECT_EQ(32, figures_of(w, 0)->tx_bytes);
	EXPECT_EQ(0, figures_of(w, 0)->dropped);
	EXPECT_EQ(8000, figures_of(w, 0)->clock_rate);
	EXPECT_TRUE(figures_of(w, 0)->latched);
	EXPECT_NE(UINT64_MAX, figures_of(w, 0)->last_rx_ms);
	EXPECT_TRUE(addr_eq(&w->at[0], &figures_of(w, 0)->remote));
	EXPECT_TRUE(addr_eq(&w->ours[1], &figures_of(w, 1)->local));
	EXPECT_EQ(SESSION, w->figures.session);
	EXPECT_EQ(2, w->figures.nends);
}

TEST_F(relay, before_the_first_packet_nothing_was_heard)
{
	struct world *w = &self->w;

	ASSERT_EQ(0, apply(w, false));
	EXPECT_EQ(UINT64_MAX, figures_of(w, 0)->last_rx_ms);
	EXPECT_FALSE(figures_of(w, 0)->latched);
	EXPECT_EQ(0, figures_of(w, 0)->rx_packets);
}

TEST_F(relay, figures_are_returned_on_removal_and_the_ports_are_free_again)
{
	struct world *w = &self->w;
	struct media_figures figures;
	struct media_event event;

	ASSERT_EQ(0, apply(w, false));
	send_rtp(w->party[0], &w->ours[0], 0, 1);
	ASSERT_EQ(1, next_rtp(w, w->party[1]));
	ASSERT_EQ(0, media_relay_remove(w->relay, SESSION, &figures, &w->err));
	EXPECT_EQ(2, figures.nends);
	EXPECT_EQ(1, figures.ends[0].rx_packets);
	EXPECT_EQ(1, figures.ends[1].tx_packets);
	EXPECT_EQ(-ENOENT, media_relay_remove(w->relay, SESSION, NULL, &w->err));
	EXPECT_EQ(-ENOENT, media_relay_get(w->relay, SESSION, &figures, &w->err));
	ASSERT_TRUE(next_event(w, &event));
	EXPECT_EQ(MEDIA_EVENT_LATCHED, event.type);
	EXPECT_EQ(0, media_relay_event_next(w->relay, &event));	/* we know that it is gone */
	EXPECT_EQ(0, apply(w, false));
}

TEST_F(relay, sessions_are_told_apart)
{
	struct world *w = &self->w;

	EXPECT_EQ(-ENOENT, apply(w, true));
	ASSERT_EQ(0, apply(w, false));
	EXPECT_EQ(-EEXIST, apply(w, false));
	EXPECT_EQ(EEXIST, w->err.code);
	EXPECT_NE(0, w->err.text[0]);
}

static void see(void *arg, const struct media_figures *figures, u64 digest)
{
	u64 *sum = arg;

	sum[0] += figures->session;
	sum[1] += digest;
}

TEST_F(relay, every_session_is_told)
{
	struct world *w = &self->w;
	struct media_plan *other;
	u64 sum[2] = { 0 };

	ASSERT_EQ(0, apply(w, false));
	w->ours[0] = free_port("127.0.0.1");
	w->ours[1] = free_port("127.0.0.1");
	other = call_plan(w, 99);
	ASSERT_EQ(0, media_relay_apply(w->relay, NULL, other, &w->err));
	ASSERT_EQ(0, media_relay_each(w->relay, see, sum, &w->err));
	EXPECT_EQ(SESSION + 99, sum[0]);
	EXPECT_EQ(w->plan->digest + other->digest, sum[1]);
	media_plan_put(other);
}

/* A socket of somebody else has the port that was drawn for the second end. */
TEST_F(relay, a_taken_port_is_refused_and_nothing_is_kept)
{
	struct world *w = &self->w;
	struct addr mine = w->plan->ends[1].local;

	w->plan->ends[1].local = bound_to(w->stranger);
	ASSERT_EQ(-EADDRINUSE, apply(w, false));
	EXPECT_EQ(EADDRINUSE, w->err.code);
	EXPECT_NE(NULL, strstr(w->err.text, "a socket has this address and port"));
	EXPECT_EQ(-ENOENT, media_relay_get(w->relay, SESSION, &w->figures, &w->err));

	w->plan->ends[1].local = mine;		/* drawn again */
	ASSERT_EQ(0, apply(w, false));
	send_rtp(w->party[0], &w->ours[0], 0, 1);
	EXPECT_EQ(1, next_rtp(w, w->party[1]));
}

TEST_F(relay, a_refused_change_leaves_the_session_as_it_was)
{
	struct world *w = &self->w;
	struct media_plan *more = media_plan_new(SESSION, 3, 2);

	ASSERT_EQ(0, apply(w, false));
	memcpy(more->ends, w->plan->ends, 2 * sizeof(more->ends[0]));
	more->flows[0] = (struct media_flow){ 1, 3 };
	more->flows[1] = (struct media_flow){ 2, 1 };
	more->ends[2] = w->plan->ends[1];
	more->ends[2].id = 3;
	EXPECT_EQ(-EADDRINUSE, media_relay_apply(w->relay, w->plan, more, &w->err));
	more->ends[2].local = bound_to(w->stranger);
	EXPECT_EQ(-EADDRINUSE, media_relay_apply(w->relay, w->plan, more, &w->err));
	more->ends[2].local = free_port("127.0.0.1");
	more->ends[0].local = free_port("127.0.0.1");
	EXPECT_EQ(-EINVAL, media_relay_apply(w->relay, w->plan, more, &w->err));
	EXPECT_NE(NULL, strstr(w->err.text, "never changes"));
	send_rtp(w->party[0], &w->ours[0], 0, 1);
	EXPECT_EQ(1, next_rtp(w, w->party[1]));
	EXPECT_EQ(2, figures_of(w, 0) ? w->figures.nends : 0);
	media_plan_put(more);
}

TEST_F(relay, a_plan_that_makes_no_sense_is_refused)
{
	struct world *w = &self->w;
	struct media_plan *p = w->plan, good = *p;
	struct media_end end = p->ends[0];
	struct media_flow flow = p->flows[0];

	p->nends = 0;
	EXPECT_EQ(-EINVAL, apply(w, false));
	*p = good;
	p->ends[0].local.port = 0;
	EXPECT_EQ(-EINVAL, apply(w, false));
	p->ends[0] = end;
	p->ends[0].remote.family = AF_INET6;
	EXPECT_EQ(-EINVAL, apply(w, false));
	p->ends[0] = end;
	p->ends[0].accept = 0;
	EXPECT_EQ(-EINVAL, apply(w, false));
	p->ends[0].accept = JALUR_ACCEPT_OPAQUE | JALUR_ACCEPT_RTP;
	EXPECT_EQ(-EINVAL, apply(w, false));
	p->ends[0] = end;
	p->ends[0].id = 2;
	EXPECT_EQ(-EINVAL, apply(w, false));
	p->ends[0] = end;
	p->flows[0].dest = 1;
	EXPECT_EQ(-EINVAL, apply(w, false));
	p->flows[0].dest = 9;
	EXPECT_EQ(-EINVAL, apply(w, false));
	p->flows[0] = p->flows[1];
	EXPECT_EQ(-EOPNOTSUPP, apply(w, false));
	p->flows[0] = flow;
	addr_parse(SLICE("192.0.2.77:9000"), &p->ends[0].local);
	addr_parse(SLICE("192.0.2.78:9000"), &p->ends[0].remote);
	EXPECT_EQ(-EADDRNOTAVAIL, apply(w, false));
	EXPECT_NE(NULL, strstr(w->err.text, "192.0.2.77:9000: not an address of this host"));
	p->ends[0] = end;
	EXPECT_EQ(0, apply(w, false));
}

/* The plan changes at every packet: held, resumed, another remote on the far side. */
TEST_F(relay, an_unchanged_direction_loses_nothing_while_the_plan_changes)
{
	struct world *w = &self->w;
	struct addr far = w->at[0];
	int i, lost = 0;

	ASSERT_EQ(0, apply(w, false));
	for (i = 0; i < 500; i++) {
		send_rtp(w->party[1], &w->ours[1], 0, i);
		w->plan->nflows = 2;
		w->plan->flows[0] = i & 1 ? (struct media_flow){ 2, 1 } :
					    (struct media_flow){ 1, 2 };
		w->plan->flows[1] = i & 1 ? (struct media_flow){ 1, 2 } :
					    (struct media_flow){ 2, 1 };
		if (i & 1)
			w->plan->nflows = 1;	/* the other way is held */
		w->plan->ends[1].npayloads = 1 + i % 2;
		ASSERT_EQ(0, apply(w, true));
		lost += next_rtp(w, w->party[0]) != i;
	}
	EXPECT_EQ(0, lost);
	EXPECT_EQ(500, figures_of(w, 1)->rx_packets);
	EXPECT_EQ(0, figures_of(w, 1)->dropped);
	EXPECT_EQ(0, figures_of(w, 1)->lost);
	EXPECT_TRUE(figures_of(w, 1)->latched);
	EXPECT_TRUE(addr_eq(&far, &figures_of(w, 0)->remote));
}

TEST_F(relay, an_end_that_goes_is_closed_and_its_port_may_have_another_id)
{
	struct world *w = &self->w;
	struct media_figures figures;

	ASSERT_EQ(0, apply(w, false));
	send_rtp(w->party[0], &w->ours[0], 0, 1);
	ASSERT_EQ(1, next_rtp(w, w->party[1]));
	w->plan->ends[1].id = 3;		/* same port, of fax now */
	w->plan->ends[1].accept = JALUR_ACCEPT_OPAQUE;
	w->plan->ends[0].accept = JALUR_ACCEPT_OPAQUE;
	w->plan->flows[0].dest = w->plan->flows[1].source = 3;
	ASSERT_EQ(0, apply(w, true))
		TH_LOG("%s", w->err.text);
	send_bytes(w->party[0], &w->ours[0], "fax", 3);
	ASSERT_EQ(3, receive(w, w->party[1], (u8[8]){ 0 }, 8, NULL));
	send_bytes(w->party[1], &w->ours[1], "xaf!", 4);
	ASSERT_EQ(4, receive(w, w->party[0], (u8[8]){ 0 }, 8, NULL));
	ASSERT_EQ(0, media_relay_get(w->relay, SESSION, &figures, &w->err));
	EXPECT_EQ(3, figures.ends[1].id);
	EXPECT_EQ(1, figures.ends[1].tx_packets);	/* a new end counts from nothing */
	EXPECT_EQ(2, figures.ends[0].rx_packets);	/* the old one goes on */
}

TEST_F(relay, without_descriptors_the_remedy_is_told_and_nothing_leaks)
{
	struct world *w = &self->w;
	struct rlimit limit, tight;
	int probe = dup(0);

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	close(probe);
	tight = limit;
	tight.rlim_cur = probe + 1;		/* one is left */
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &tight));
	EXPECT_EQ(-EMFILE, apply(w, false));
	EXPECT_NE(NULL, strstr(w->err.text, "LimitNOFILE"));
	EXPECT_EQ(-EMFILE, apply(w, false));
	setrlimit(RLIMIT_NOFILE, &limit);
	EXPECT_EQ(0, apply(w, false));
	EXPECT_EQ(probe, dup(0) - 2);
}

TEST_F(relay, one_end_under_flood_does_not_keep_others_waiting)
{
	struct world *w = &self->w;
	int i;

	ASSERT_EQ(0, apply(w, false));
	uv_run(&w->loop, UV_RUN_NOWAIT);	/* the sockets are watched now */
	for (i = 0; i < 3 * USER_BURST; i++)
		send_rtp(w->party[0], &w->ours[0], 0, i);
	send_rtp(w->party[1], &w->ours[1], 0, 1);
	uv_run(&w->loop, UV_RUN_NOWAIT);
	EXPECT_EQ(USER_BURST, figures_of(w, 0)->rx_packets);
	EXPECT_EQ(1, figures_of(w, 1)->rx_packets);
	for (i = 0; i < 3 * USER_BURST; i++)
		ASSERT_EQ(i, next_rtp(w, w->party[1]));
}

/* A session with one event: its first packet. */
static bool latch(struct world *w)
{
	if (apply(w, false))
		return false;
	send_rtp(w->party[0], &w->ours[0], 0, 1);
	return next_rtp(w, w->party[1]) == 1 &&
	       !media_relay_remove(w->relay, SESSION, NULL, &w->err);
}

TEST_F(relay, events_that_nobody_read_are_lost_aloud)
{
	struct world *w = &self->w;
	struct media_event event;
	u64 last = 0;
	int i;

	for (i = 0; i < USER_EVENTS + 3; i++)
		ASSERT_TRUE(latch(w));
	ASSERT_EQ(1, media_relay_event_next(w->relay, &event));
	EXPECT_EQ(MEDIA_EVENT_LOST, event.type);
	for (i = 0; i < USER_EVENTS; i++) {
		ASSERT_EQ(1, media_relay_event_next(w->relay, &event));
		EXPECT_EQ(MEDIA_EVENT_LATCHED, event.type);
		EXPECT_EQ(last + 1, event.sequence);
		EXPECT_EQ(7, event.owner);
		last = event.sequence;
	}
	EXPECT_EQ(0, media_relay_event_next(w->relay, &event));
	ASSERT_TRUE(latch(w));
	ASSERT_EQ(1, media_relay_event_next(w->relay, &event));
	EXPECT_EQ(USER_EVENTS + 4, event.sequence);	/* the gap shows */
}

TEST_F(relay, the_event_descriptor_rings_when_there_is_one)
{
	struct world *w = &self->w;
	struct media_event event;
	eventfd_t rung;

	ASSERT_EQ(0, media_relay_event_next(w->relay, &event));
	EXPECT_EQ(-1, eventfd_read(media_relay_event_fd(w->relay), &rung));
	ASSERT_TRUE(latch(w));
	EXPECT_EQ(0, eventfd_read(media_relay_event_fd(w->relay), &rung));
}

TEST_HARNESS_MAIN
