// SPDX-License-Identifier: GPL-2.0-only
/*
 * The daemon's side of the interface, media/relay.h, against the module: each
 * test has a network namespace of its own with a few addresses on its loopback
 * device, and no daemon. relay_api.sh loads the module and runs this.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/jalur.h>

#include "kselftest_harness.h"
#include "media/relay.h"

#define A "10.9.0.1"		/* of our ends */
#define B "10.9.0.2"
#define PARTY_A "10.9.0.11"
#define PARTY_B "10.9.0.12"
#define OWNER 7

FIXTURE(relay) {
	struct media_relay *relay;
	struct media_error err;
	struct media_figures figures;
};

FIXTURE_SETUP(relay)
{
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	ASSERT_EQ(0, system("ip link set lo up && ip addr add " A "/24 dev lo && "
			    "ip addr add " B "/24 dev lo && ip addr add " PARTY_A "/24 dev lo && "
			    "ip addr add " PARTY_B "/24 dev lo"));
	ASSERT_EQ(0, media_kernel_open(&self->relay, OWNER, false, &self->err))
		TH_LOG("%s", self->err.text);
}

FIXTURE_TEARDOWN(relay)
{
	media_relay_close(self->relay);
}

static struct addr at(const char *text)
{
	struct addr a = {0};

	addr_parse(slice_str(text), &a);
	return a;
}

/* Two ends and a flow each way, as a call has them; their RTCP aside. */
static struct media_plan *call_plan(u64 session)
{
	struct media_plan *p = media_plan_new(session, 2, 2);
	size_t i;

	p->tag = "call@test";
	for (i = 0; i < 2; i++) {
		p->ends[i].id = i + 1;
		p->ends[i].local = at(i ? B ":20000" : A ":20000");
		p->ends[i].remote = at(i ? PARTY_B ":6000" : PARTY_A ":4000");
		p->ends[i].accept = JALUR_ACCEPT_RTP;
		p->ends[i].latch = JALUR_LATCH_PORT;
		p->ends[i].latch_open = true;
		p->ends[i].npayloads = 1;
		p->ends[i].payloads[0] = (struct media_payload){ .pt = 0, .clock_rate = 8000 };
	}
	p->flows[0] = (struct media_flow){ 1, 2 };
	p->flows[1] = (struct media_flow){ 2, 1 };
	p->digest = media_plan_digest(p);
	return p;
}

/* The next event of a type, for at most ten seconds. */
static bool wait_event(struct media_relay *r, enum media_event_type type,
		       struct media_event *event)
{
	struct pollfd fd = { .fd = media_relay_event_fd(r), .events = POLLIN };

	for (;;) {
		while (media_relay_event_next(r, event) == 1)
			if (event->type == type)
				return true;
		if (poll(&fd, 1, 10000) != 1)
			return false;
	}
}

static int party(const char *address)
{
	struct timeval patience = { .tv_sec = 10 };
	struct addr a = at(address);
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&a, &ss);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return bind(fd, (struct sockaddr *)&ss, len) ? -1 : fd;
}

static void send_rtp(int fd, const char *to, u16 sequence)
{
	unsigned char packet[172] = { 0x80, 0, sequence >> 8, sequence & 0xff };
	struct addr a = at(to);
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&a, &ss);

	packet[11] = 1;		/* SSRC */
	sendto(fd, packet, sizeof(packet), 0, (struct sockaddr *)&ss, len);
}

TEST_F(relay, a_session_is_made_changed_shown_and_removed)
{
	struct media_plan *old = call_plan(16), *plan = call_plan(16);

	ASSERT_EQ(0, media_relay_apply(self->relay, NULL, old, &self->err))
		TH_LOG("%s", self->err.text);
	ASSERT_EQ(0, media_relay_get(self->relay, 16, &self->figures, &self->err));
	EXPECT_EQ(16, self->figures.session);
	ASSERT_EQ(2, self->figures.nends);
	EXPECT_EQ(1, self->figures.ends[0].id);
	EXPECT_TRUE(addr_eq(&old->ends[0].local, &self->figures.ends[0].local));
	EXPECT_TRUE(addr_eq(&old->ends[1].remote, &self->figures.ends[1].remote));
	EXPECT_FALSE(self->figures.ends[0].latched);
	EXPECT_EQ(UINT64_MAX, self->figures.ends[0].last_rx_ms);

	plan->ends[1].remote = at(PARTY_B ":7000");
	ASSERT_EQ(0, media_relay_apply(self->relay, old, plan, &self->err));
	ASSERT_EQ(0, media_relay_get(self->relay, 16, &self->figures, &self->err));
	EXPECT_TRUE(addr_eq(&plan->ends[1].remote, &self->figures.ends[1].remote));

	memset(&self->figures, 0, sizeof(self->figures));
	ASSERT_EQ(0, media_relay_remove(self->relay, 16, &self->figures, &self->err));
	EXPECT_EQ(2, self->figures.nends);
	EXPECT_EQ(-ENOENT, media_relay_get(self->relay, 16, &self->figures, &self->err));
	EXPECT_NE(0, self->err.text[0]);
	EXPECT_EQ(-ENOENT, media_relay_remove(self->relay, 16, NULL, &self->err));
	media_plan_put(old);
	media_plan_put(plan);
}

TEST_F(relay, packets_pass_and_are_counted)
{
	int a = party(PARTY_A ":4000"), b = party(PARTY_B ":6000"), i;
	struct media_plan *plan = call_plan(16);
	struct media_event event;
	char packet[256];

	ASSERT_GE(a, 0);
	ASSERT_GE(b, 0);
	ASSERT_EQ(0, media_relay_apply(self->relay, NULL, plan, &self->err))
		TH_LOG("%s", self->err.text);
	for (i = 0; i < 5; i++)
		send_rtp(a, A ":20000", 100 + i);
	for (i = 0; i < 5; i++)
		ASSERT_EQ(172, recv(b, packet, sizeof(packet), 0));
	ASSERT_TRUE(wait_event(self->relay, MEDIA_EVENT_LATCHED, &event));
	EXPECT_EQ(16, event.session);
	EXPECT_EQ(1, event.end);
	EXPECT_EQ(OWNER, event.owner);
	EXPECT_TRUE(addr_eq(&plan->ends[0].remote, &event.remote));
	ASSERT_EQ(0, media_relay_remove(self->relay, 16, &self->figures, &self->err));
	EXPECT_EQ(5, self->figures.ends[0].rx_packets);
	EXPECT_EQ(5 * 172, self->figures.ends[0].rx_bytes);
	EXPECT_EQ(5, self->figures.ends[1].tx_packets);
	EXPECT_EQ(0, self->figures.ends[0].dropped);
	EXPECT_EQ(0, self->figures.ends[0].lost);
	EXPECT_EQ(8000, self->figures.ends[0].clock_rate);
	EXPECT_EQ(0, media_relay_event_next(self->relay, &event));	/* we know that it is gone */
	media_plan_put(plan);
	close(a);
	close(b);
}

TEST_F(relay, the_largest_plan_fits)
{
	struct media_plan *p = media_plan_new(16, JALUR_MAX_ENDS, JALUR_MAX_ENDS);
	char tag[MEDIA_PLAN_TAG];
	size_t i, j;

	memset(tag, 'x', sizeof(tag) - 1);
	tag[sizeof(tag) - 1] = 0;
	p->tag = tag;
	for (i = 0; i < p->nends; i++) {
		p->ends[i].id = i + 1;
		p->ends[i].local = at(A ":20000");
		p->ends[i].local.port += i;
		p->ends[i].remote = at(PARTY_A ":4000");
		p->ends[i].accept = JALUR_ACCEPT_RTP | JALUR_ACCEPT_RTCP;
		p->ends[i].npayloads = MEDIA_PLAN_PAYLOADS;
		for (j = 0; j < MEDIA_PLAN_PAYLOADS; j++)
			p->ends[i].payloads[j] = (struct media_payload){
				.pt = 96 + j, .clock_rate = 90000,
			};
		p->flows[i] = (struct media_flow){ i + 1, (i ^ 1) + 1 };
	}
	ASSERT_EQ(0, media_relay_apply(self->relay, NULL, p, &self->err))
		TH_LOG("%s", self->err.text);
	ASSERT_EQ(0, media_relay_get(self->relay, 16, &self->figures, &self->err))
		TH_LOG("%s", self->err.text);
	EXPECT_EQ(JALUR_MAX_ENDS, self->figures.nends);
	EXPECT_EQ(JALUR_MAX_ENDS, self->figures.ends[JALUR_MAX_ENDS - 1].id);
	media_plan_put(p);
}

/* The daemon's log and its answer to the caller say what the module says. */
TEST_F(relay, refusals_have_a_code_and_a_text)
{
	struct media_plan *plan = call_plan(16), *other = call_plan(17);
	int fd = party(A ":20000");

	EXPECT_EQ(-EADDRINUSE, media_relay_apply(self->relay, NULL, plan, &self->err));
	EXPECT_EQ(EADDRINUSE, self->err.code);
	EXPECT_STRNE(strerror(EADDRINUSE), self->err.text);
	close(fd);
	ASSERT_EQ(0, media_relay_apply(self->relay, NULL, plan, &self->err));
	EXPECT_EQ(-EEXIST, media_relay_apply(self->relay, NULL, plan, &self->err));
	EXPECT_EQ(-EADDRINUSE, media_relay_apply(self->relay, NULL, other, &self->err));
	other->ends[0].local = at("10.77.0.1:20000");
	EXPECT_EQ(-EADDRNOTAVAIL, media_relay_apply(self->relay, NULL, other, &self->err))
		TH_LOG("%s", self->err.text);
	plan->ends[0].remote = at("224.0.0.1:4000");
	EXPECT_EQ(-EINVAL, media_relay_apply(self->relay, plan, plan, &self->err));
	EXPECT_NE(NULL, strstr(self->err.text, "unicast"));
	/* nothing of that changed what is there */
	ASSERT_EQ(0, media_relay_get(self->relay, 16, &self->figures, &self->err));
	EXPECT_TRUE(addr_eq(&(struct addr[]){ at(PARTY_A ":4000") }[0],
			    &self->figures.ends[0].remote));
	media_plan_put(plan);
	media_plan_put(other);
}

struct seen {
	unsigned int sessions, ends;
	u64 digests;
};

static void see(void *arg, const struct media_figures *figures, u64 digest)
{
	struct seen *seen = arg;

	seen->sessions++;
	seen->ends += figures->nends;
	seen->digests ^= digest;
}

TEST_F(relay, all_sessions_are_listed_with_their_digests)
{
	struct seen seen = {0};
	u64 digests = 0;
	unsigned int i;

	for (i = 0; i < 50; i++) {
		struct media_plan *p = call_plan(100 + i);

		p->ends[0].local.port += 2 * i;
		p->ends[1].local.port += 2 * i;
		p->digest = media_plan_digest(p);
		digests ^= p->digest;
		ASSERT_EQ(0, media_relay_apply(self->relay, NULL, p, &self->err));
		media_plan_put(p);
	}
	ASSERT_EQ(0, media_relay_each(self->relay, see, &seen, &self->err));
	EXPECT_EQ(50, seen.sessions);
	EXPECT_EQ(100, seen.ends);
	EXPECT_EQ(digests, seen.digests);
}

TEST_F(relay, an_owner_is_taken_over_and_the_first_is_told)
{
	struct media_plan *plan = call_plan(16), *other = call_plan(17);
	struct media_relay *second = NULL;
	struct media_event event;

	ASSERT_EQ(0, media_relay_apply(self->relay, NULL, plan, &self->err));
	EXPECT_EQ(-EBUSY, media_kernel_open(&second, OWNER, false, &self->err));
	EXPECT_NE(0, self->err.text[0]);
	ASSERT_EQ(0, media_kernel_open(&second, OWNER, true, &self->err))
		TH_LOG("%s", self->err.text);
	ASSERT_TRUE(wait_event(self->relay, MEDIA_EVENT_DISPLACED, &event));
	EXPECT_EQ(OWNER, event.owner);
	/* the session is there; only the new one may change it */
	EXPECT_NE(0, media_relay_apply(self->relay, NULL, other, &self->err));
	EXPECT_NE(0, media_relay_remove(self->relay, 16, NULL, &self->err));
	EXPECT_EQ(0, media_relay_remove(second, 16, NULL, &self->err));
	media_relay_close(second);
	media_plan_put(plan);
	media_plan_put(other);
}

/* The news comes between a command and its answer, too. */
TEST_F(relay, a_takeover_is_told_after_a_command)
{
	struct media_relay *second;
	struct media_event event;

	ASSERT_EQ(0, media_kernel_open(&second, OWNER, true, &self->err));
	EXPECT_EQ(-ENOENT, media_relay_get(self->relay, 16, &self->figures, &self->err));
	EXPECT_TRUE(wait_event(self->relay, MEDIA_EVENT_DISPLACED, &event));
	EXPECT_EQ(0, media_relay_event_next(self->relay, &event));
	media_relay_close(second);
}

TEST_F(relay, a_closed_relay_leaves_its_sessions)
{
	struct media_plan *plan = call_plan(16);

	ASSERT_EQ(0, media_relay_apply(self->relay, NULL, plan, &self->err));
	media_relay_close(self->relay);
	ASSERT_EQ(0, media_kernel_open(&self->relay, OWNER, false, &self->err))
		TH_LOG("%s", self->err.text);
	EXPECT_EQ(0, media_relay_get(self->relay, 16, &self->figures, &self->err));
	media_plan_put(plan);
}

/* The socket of events is the one that does not block; of its 4 MB some are left. */
static bool shrink_events(void)
{
	int fd, domain, size = 32768;
	socklen_t len = sizeof(domain);
	bool found = false;

	for (fd = 0; fd < 64; fd++) {
		if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) ||
		    domain != AF_NETLINK || !(fcntl(fd, F_GETFL) & O_NONBLOCK))
			continue;
		found = !setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	}
	return found;
}

/* A call of an owner of whom there is nothing else to hear. */
static bool call_of(struct media_relay *r, u64 session, struct media_error *err)
{
	struct media_plan *plan = call_plan(session);
	int rc = media_relay_apply(r, NULL, plan, err);

	media_plan_put(plan);
	return !rc && !media_relay_remove(r, session, NULL, err);
}

/* A session of r that another one deletes, who takes its owner over: r is told. */
static bool deleted_by_another(struct media_relay *r, struct media_error *err)
{
	struct media_plan *plan = call_plan(16);
	struct media_relay *second;
	struct media_event event;
	bool told;

	if (media_relay_apply(r, NULL, plan, err) || media_kernel_open(&second, OWNER, true, err))
		return false;
	told = !media_relay_remove(second, 16, NULL, err) &&
	       wait_event(r, MEDIA_EVENT_DELETED, &event) && event.session == 16;
	media_relay_close(second);
	media_plan_put(plan);
	return told;
}

/* Nobody read for too long: that is said, once, and events go on. */
TEST_F(relay, lost_events_are_noticed)
{
	struct media_relay *other;
	struct media_event event;
	unsigned int i, losses = 0;

	ASSERT_TRUE(shrink_events());
	ASSERT_EQ(0, media_kernel_open(&other, OWNER + 1, false, &self->err));
	for (i = 0; i < 500; i++)
		ASSERT_TRUE(call_of(other, 16, &self->err));
	while (media_relay_event_next(self->relay, &event) == 1)
		losses += event.type == MEDIA_EVENT_LOST;
	EXPECT_EQ(1, losses);
	media_relay_close(other);
	ASSERT_TRUE(deleted_by_another(self->relay, &self->err));
}

/* What is not sent to us is not missed, whatever else is sent before and after. */
TEST_F(relay, own_deletions_are_neither_told_nor_missed)
{
	struct media_relay *other;
	struct media_event event;
	unsigned int i;

	ASSERT_EQ(0, media_kernel_open(&other, OWNER + 1, false, &self->err));
	for (i = 0; i < 100; i++) {
		ASSERT_TRUE(call_of(i % 3 ? self->relay : other, 16, &self->err));
		if (i % 7 == 0)
			EXPECT_EQ(0, media_relay_event_next(self->relay, &event));
	}
	EXPECT_EQ(0, media_relay_event_next(self->relay, &event));
	EXPECT_EQ(0, media_relay_event_next(other, &event));
	media_relay_close(other);
}

TEST_F(relay, a_deletion_by_somebody_else_is_told)
{
	ASSERT_TRUE(deleted_by_another(self->relay, &self->err));
}

TEST_HARNESS_MAIN
