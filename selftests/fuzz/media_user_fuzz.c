// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Datagrams from four sources, before an end of the userspace relay. Three bytes
 * say what the end is; then each datagram is a byte of source and time, one of
 * length, and its bytes. Besides memory errors, what must hold: a packet is
 * accepted or refused and counted once; a latch that is closed stays where it
 * is; nobody but the remote is accepted once it is; and what was not agreed on
 * is never accepted.
 */
#include <arpa/inet.h>
#include <stdlib.h>

#include "media/user_private.h"

#define MS 1000000ull

static struct media_relay *relay;
static uv_loop_t loop;

static void check(bool holds)
{
	if (!holds)
		abort();
}

static struct addr source_at(u8 n)
{
	struct addr a = { .family = AF_INET, .port = n & 1 ? 4000 : 4002 };

	a.ip.v4.s_addr = htonl(n & 2 ? 0xc0000201 : 0xc0000202);
	return a;
}

static void configure(struct media_end *conf, const u8 *data)
{
	static const u32 accepts[] = {
		JALUR_ACCEPT_RTP, JALUR_ACCEPT_RTCP, JALUR_ACCEPT_RTP | JALUR_ACCEPT_RTCP,
		JALUR_ACCEPT_OPAQUE,
	};

	conf->local = source_at(0);
	conf->remote = source_at(1);
	conf->accept = accepts[data[0] & 3];
	conf->latch = data[1] % 3;
	conf->latch_open = data[1] & 4;
	conf->npayloads = data[2] & 1;
	conf->payloads[0] = (struct media_payload){ .pt = data[2] >> 1, .clock_rate = 8000 };
}

static bool agreed_on(const struct media_end *conf, const struct user_packet *pkt)
{
	if (conf->accept & JALUR_ACCEPT_OPAQUE)
		return true;
	if (!pkt->valid)
		return false;
	if (pkt->kind == JALUR_KIND_RTCP)
		return conf->accept & JALUR_ACCEPT_RTCP;
	return conf->accept & JALUR_ACCEPT_RTP &&
	       (!conf->npayloads || pkt->pt == conf->payloads[0].pt);
}

static void take(struct user_end *end, const struct user_packet *pkt, u64 now)
{
	struct user_latch before = end->latch;
	u64 accepted = end->stats.rx_packets;
	int reason = user_packet_judge(end, pkt, now);
	struct media_event event;

	accepted = end->stats.rx_packets - accepted;
	/* no flow leaves the end: an accepted packet is a drop too, of that reason */
	check(reason == JALUR_DROP_REASON_NO_FLOW ? accepted == 1 : accepted == 0);
	check(!accepted || agreed_on(end->conf, pkt));
	check(!accepted || addr_eq(&end->latch.remote, &pkt->source));
	if (before.locked || !end->conf->latch_open || !accepted)
		check(addr_eq(&before.remote, &end->latch.remote) &&
		      before.locked == end->latch.locked);
	while (media_relay_event_next(relay, &event) == 1)
		check(event.type == MEDIA_EVENT_LATCHED || event.type == MEDIA_EVENT_SSRC);
}

static u64 dropped(const struct user_end *end)
{
	struct media_end_figures figures = { 0 };

	user_stats_figures(&end->stats, 1ull << 60, &figures);
	return figures.dropped;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct media_plan *plan = media_plan_new(1, 1, 0);
	struct user_session session = { .plan = plan };
	struct user_end end = { .session = &session, .conf = plan->ends };
	struct media_error err;
	u64 now = 0, packets = 0;
	size_t at = 3, len;

	if (!relay) {
		uv_loop_init(&loop);
		check(!media_user_open(&relay, &loop, 1, &err));
	}
	if (n >= 3)
		configure(plan->ends, data);
	end.relay = (struct user_relay *)relay;
	user_latch_configure(&end.latch, NULL, end.conf);
	check(!user_stats_configure(&end.stats, end.conf));
	for (; n >= 3 && at + 2 <= n; at += 2 + len) {
		struct user_packet pkt = { .ttl = 64, .source = source_at(data[at]) };
		char *bytes;

		now += (data[at] >> 2) * MS;
		len = data[at + 1] < n - at - 2 ? data[at + 1] : n - at - 2;
		bytes = malloc(len);	/* of its own, so that reading on is seen */
		memcpy(bytes, data + at + 2, len);
		user_packet_read(&pkt, (u8 *)bytes, len);
		take(&end, &pkt, now);
		free(bytes);
		packets++;
	}
	check(dropped(&end) == packets);
	user_stats_clear(&end.stats);
	media_plan_put(plan);
	return 0;
}
