// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way of a packet through the userspace relay: receive, read, source check,
 * kind, latch and counters, send. The order is the module's (kmod/relay.c), and
 * so is its rule that nothing but a counter of refusals changes before the
 * source and the bytes are found good. A burst is at most USER_BURST datagrams
 * of one end, all of which leave by one other end in one call; the socket is
 * looked at again in the next turn of the loop, after the others had theirs.
 * TOS and TTL go on as the module has it: TOS as received, TTL less one, so that
 * a circle of relays ends. They change seldom in a stream, so they are options
 * of the socket and not of each packet.
 */
#include <errno.h>
#include <netinet/ip.h>
#include <stdlib.h>

#include "media/user_private.h"

/*
 * Buffers that begin at multiples of a power of two would all fall into the same few
 * sets of the cache.
 */
#define STRIDE (USER_DATAGRAM + 192)

/* --- judging --- */

static void read_rtp(struct user_packet *pkt)
{
	struct rtp_header header;
	u32 avail = pkt->len < RTP_HEADER_MAX ? pkt->len : RTP_HEADER_MAX;

	if (!rtp_header_parse(pkt->data, avail, pkt->len, &header))
		return;
	if (header.padding && !rtp_padding_valid(&header, pkt->len, pkt->data[pkt->len - 1]))
		return;
	pkt->pt = header.pt;
	pkt->seq = header.seq;
	pkt->timestamp = header.timestamp;
	pkt->ssrc = header.ssrc;
	pkt->valid = true;
}

void user_packet_read(struct user_packet *pkt, const u8 *data, u32 len)
{
	pkt->data = data;
	pkt->len = len;
	pkt->kind = rtp_kind(data, len);
	pkt->valid = false;
	if (pkt->kind == JALUR_KIND_RTP)
		read_rtp(pkt);
	else if (pkt->kind == JALUR_KIND_RTCP)
		pkt->valid = rtcp_valid(data, len);
}

static const struct media_payload *find_payload(const struct media_end *conf, u8 pt)
{
	size_t i;

	for (i = 0; i < conf->npayloads; i++)
		if (conf->payloads[i].pt == pt)
			return &conf->payloads[i];
	return NULL;
}

/* A packet that the end's configuration takes, by its bytes. */
static int check_kind(const struct media_end *conf, const struct user_packet *pkt,
		      const struct media_payload **payload)
{
	*payload = NULL;
	if (conf->accept & JALUR_ACCEPT_OPAQUE)
		return USER_PASSED;
	if (pkt->kind == JALUR_KIND_RTCP && conf->accept & JALUR_ACCEPT_RTCP)
		return pkt->valid ? USER_PASSED : JALUR_DROP_REASON_MALFORMED;
	if (pkt->kind != JALUR_KIND_RTP || !(conf->accept & JALUR_ACCEPT_RTP))
		return JALUR_DROP_REASON_KIND;
	if (!pkt->valid)
		return JALUR_DROP_REASON_MALFORMED;
	*payload = find_payload(conf, pkt->pt);
	return *payload || !conf->npayloads ? USER_PASSED : JALUR_DROP_REASON_PAYLOAD_TYPE;
}

/* All that an accepted packet changes. */
static void accept_packet(struct user_end *end, const struct user_packet *pkt,
			  const struct media_payload *payload, u64 now)
{
	if (end->timed_out) {
		end->timed_out = false;
		user_tell(end->relay, MEDIA_EVENT_RESUMED, end, NULL);
	}
	if (user_latch_learn(&end->latch, end->conf, &pkt->source))
		user_tell(end->relay, MEDIA_EVENT_LATCHED, end, pkt);
	if (user_stats_receive(&end->stats, payload, pkt, now))
		user_tell(end->relay, MEDIA_EVENT_SSRC, end, pkt);
}

static int find_way(const struct user_end *end, const struct user_packet *pkt)
{
	if (!end->dest)
		return JALUR_DROP_REASON_NO_FLOW;
	if (pkt->ttl <= 1)
		return JALUR_DROP_REASON_TTL;
	return end->dest->latch.remote.family ? USER_PASSED : JALUR_DROP_REASON_NO_REMOTE;
}

int user_packet_judge(struct user_end *end, const struct user_packet *pkt, u64 now)
{
	const struct media_payload *payload = NULL;
	int reason = JALUR_DROP_REASON_SOURCE;

	if (user_latch_allows(&end->latch, end->conf, &pkt->source))
		reason = check_kind(end->conf, pkt, &payload);
	if (reason == USER_PASSED) {
		accept_packet(end, pkt, payload, now);
		reason = find_way(end, pkt);
	}
	if (reason != USER_PASSED)
		end->stats.drops[reason]++;
	return reason;
}

/* --- receiving --- */

/* What the packet's IP header said; without a word of it, nothing is known to be wrong. */
static void read_control(struct msghdr *hdr, struct user_packet *pkt)
{
	struct cmsghdr *c;
	int value;

	pkt->tos = 0;
	pkt->ttl = IPDEFTTL;
	for (c = CMSG_FIRSTHDR(hdr); c; c = CMSG_NXTHDR(hdr, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
			pkt->tos = *CMSG_DATA(c);
			continue;
		}
		if (c->cmsg_len < CMSG_LEN(sizeof(value)))
			continue;
		memcpy(&value, CMSG_DATA(c), sizeof(value));
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS)
			pkt->tos = value;
		else if ((c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TTL) ||
			 (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT))
			pkt->ttl = value;
	}
}

static void arm_receive(struct user_burst *b, int i)
{
	b->in[i].msg_hdr.msg_namelen = sizeof(b->names[i]);
	b->in[i].msg_hdr.msg_controllen = sizeof(b->control[i]);
	b->in[i].msg_hdr.msg_flags = 0;
}

int user_burst_init(struct user_burst *b)
{
	int i;

	b->buffer = malloc((size_t)USER_BURST * STRIDE);
	if (!b->buffer)
		return -ENOMEM;
	for (i = 0; i < USER_BURST; i++) {
		b->in_vector[i] = (struct iovec){ b->buffer + (size_t)i * STRIDE, USER_DATAGRAM };
		b->in[i].msg_hdr.msg_name = &b->names[i];
		b->in[i].msg_hdr.msg_iov = &b->in_vector[i];
		b->in[i].msg_hdr.msg_iovlen = 1;
		b->in[i].msg_hdr.msg_control = &b->control[i];
		arm_receive(b, i);
		b->out[i].msg_hdr.msg_name = &b->to;
		b->out[i].msg_hdr.msg_iov = &b->out_vector[i];
		b->out[i].msg_hdr.msg_iovlen = 1;
	}
	return 0;
}

void user_burst_free(struct user_burst *b)
{
	free(b->buffer);
}

/* --- sending --- */

/* Media does not wait: what the socket does not take at once is dropped. */
static void send_out(struct user_end *from, struct user_burst *b, int n)
{
	struct user_end *to = from->dest;
	int at = 0, sent, i;

	while (at < n) {
		sent = sendmmsg(to->fd, b->out + at, n - at, MSG_DONTWAIT);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0) {
			from->stats.drops[JALUR_DROP_REASON_TRANSMIT]++;
			at++;
			continue;
		}
		for (i = 0; i < sent; i++)
			to->stats.tx_bytes += b->out_vector[at + i].iov_len;
		to->stats.tx_packets += sent;
		at += sent;
	}
}

static void set_option(int fd, const struct addr *local, int v4, int v6, int value)
{
	if (local->family == AF_INET)
		setsockopt(fd, IPPROTO_IP, v4, &value, sizeof(value));
	else
		setsockopt(fd, IPPROTO_IPV6, v6, &value, sizeof(value));
}

static bool same_marks(const struct user_end *to, const struct user_packet *pkt)
{
	return to->ttl == pkt->ttl - 1 && to->tos == pkt->tos;
}

static void set_marks(struct user_end *to, const struct user_packet *pkt)
{
	to->ttl = pkt->ttl - 1;
	to->tos = pkt->tos;
	set_option(to->fd, &to->conf->local, IP_TTL, IPV6_UNICAST_HOPS, to->ttl);
	set_option(to->fd, &to->conf->local, IP_TOS, IPV6_TCLASS, to->tos);
}

/* Puts a packet that passed behind the others; the number of those to be sent. */
static int queue_packet(struct user_end *from, struct user_burst *b, int n,
			const struct user_packet *pkt)
{
	struct user_end *to = from->dest;

	if (!same_marks(to, pkt)) {
		send_out(from, b, n);
		set_marks(to, pkt);
		n = 0;
	}
	b->out_vector[n] = (struct iovec){ (void *)pkt->data, pkt->len };
	return n + 1;
}

static void relay_burst(struct user_end *end, struct user_burst *b, int n)
{
	socklen_t name_len = 0;
	u64 now = uv_hrtime();
	int i, queued = 0;

	if (end->dest)
		name_len = addr_to_sockaddr(&end->dest->latch.remote, &b->to);
	for (i = 0; i < n; i++) {
		struct user_packet pkt = { 0 };

		b->out[i].msg_hdr.msg_namelen = name_len;
		read_control(&b->in[i].msg_hdr, &pkt);
		addr_from_sockaddr((struct sockaddr *)&b->names[i], &pkt.source);
		user_packet_read(&pkt, b->in_vector[i].iov_base, b->in[i].msg_len);
		if (user_packet_judge(end, &pkt, now) == USER_PASSED)
			queued = queue_packet(end, b, queued, &pkt);
		arm_receive(b, i);
	}
	send_out(end, b, queued);
}

void user_packet_burst(struct user_end *end)
{
	struct user_burst *b = &end->relay->burst;
	int n = recvmmsg(end->fd, b->in, USER_BURST, MSG_DONTWAIT, NULL);

	if (n > 0)
		relay_burst(end, b, n);
}
