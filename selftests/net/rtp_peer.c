// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One side of a call's audio: G.711 (mu-law) of a sine tone, a packet each 20 ms
 * from one UDP socket, while what arrives on it is checked byte for byte
 * against the tone that the other side sends: sequence number, timestamp, SSRC,
 * payload and the address it came from. Both sides wait for a file, so that
 * neither speaks before the other listens.
 *
 * rtp_peer --local IP:PORT --remote IP:PORT --send N --tone HZ --expect-tone HZ
 *          [--expect N] [--interval US] [--first SEQ] [--ready FILE] [--go FILE]
 *          [--linger MS] [--wav FILE]
 *
 * Prints one line; exit status 0 when exactly the expected packets arrived.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/addr.h"

#define HEADER 12
#define SAMPLES 160
#define PACKET (HEADER + SAMPLES)

struct peer {
	struct addr local, remote;
	unsigned int send, expect, first, interval_us, linger_ms;
	unsigned int tone, expect_tone;
	const char *ready, *go, *wav;
	int fd;
	uint8_t *seen;		/* by packet number of the other side */
	uint8_t *heard;		/* its audio, in order */
	unsigned int sent, received, duplicate, foreign, damaged;
};

static uint8_t mulaw(int sample)
{
	int sign = sample < 0 ? 0x80 : 0, exponent = 7, mask;

	if (sample < 0)
		sample = -sample;
	if (sample > 32635)
		sample = 32635;
	sample += 132;
	for (mask = 0x4000; !(sample & mask) && exponent > 0; mask >>= 1)
		exponent--;
	return ~(sign | (exponent << 4) | ((sample >> (exponent + 3)) & 15));
}

/* Bhaskara's approximation, in integers: the same bytes on every machine. */
static int sine(unsigned int tone, unsigned int sample)
{
	int64_t phase = ((uint64_t)tone * sample * 65536 / 8000) & 0xffff;
	int64_t half = phase & 0x7fff, t = half * (32768 - half);
	int value = 12000 * 16 * t / (5 * (1ll << 30) - 4 * t);

	return phase < 32768 ? value : -value;
}

static void make_packet(uint8_t *p, unsigned int number, unsigned int first, unsigned int tone)
{
	uint16_t seq = htons(first + number);
	uint32_t stamp = htonl(number * SAMPLES), ssrc = htonl(0x4a410000 + tone);
	unsigned int i;

	p[0] = 0x80;
	p[1] = number ? 0 : 0x80;	/* PCMU; the marker begins a talkspurt */
	memcpy(p + 2, &seq, 2);
	memcpy(p + 4, &stamp, 4);
	memcpy(p + 8, &ssrc, 4);
	for (i = 0; i < SAMPLES; i++)
		p[HEADER + i] = mulaw(sine(tone, number * SAMPLES + i));
}

static void check_packet(struct peer *peer, const uint8_t *p, ssize_t n, const struct addr *from)
{
	uint8_t expected[PACKET];
	uint16_t seq;

	if (!addr_eq(from, &peer->remote)) {
		peer->foreign++;
		return;
	}
	memcpy(&seq, p + 2, 2);
	seq = ntohs(seq) - peer->first;
	make_packet(expected, seq, peer->first, peer->expect_tone);
	if (n != PACKET || seq >= peer->expect || memcmp(p, expected, PACKET)) {
		peer->damaged++;
		return;
	}
	if (peer->seen[seq]++) {
		peer->duplicate++;
		return;
	}
	memcpy(peer->heard + seq * SAMPLES, p + HEADER, SAMPLES);
	peer->received++;
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ull + ts.tv_nsec / 1000;
}

static void receive_until(struct peer *peer, uint64_t until, bool stop_when_complete)
{
	struct pollfd pfd = { .fd = peer->fd, .events = POLLIN };
	struct sockaddr_storage ss;
	struct addr from;
	uint8_t p[2048];
	uint64_t now;

	while ((now = now_us()) < until) {
		socklen_t len = sizeof(ss);
		ssize_t n;

		if (stop_when_complete && peer->expect && peer->received == peer->expect)
			return;
		if (poll(&pfd, 1, (int)((until - now + 999) / 1000)) <= 0)
			continue;
		n = recvfrom(peer->fd, p, sizeof(p), MSG_DONTWAIT, (struct sockaddr *)&ss, &len);
		if (n < 4)
			continue;	/* an ICMP error, or nothing */
		addr_from_sockaddr((struct sockaddr *)&ss, &from);
		check_packet(peer, p, n, &from);
	}
}

static void rendezvous(const struct peer *peer)
{
	FILE *f;

	if (peer->ready) {
		f = fopen(peer->ready, "w");
		if (f)
			fclose(f);
	}
	while (peer->go && access(peer->go, F_OK))
		usleep(5000);
}

static void talk(struct peer *peer)
{
	struct sockaddr_storage to;
	socklen_t len = addr_to_sockaddr(&peer->remote, &to);
	uint64_t start = now_us();
	uint8_t p[PACKET];
	unsigned int i;

	for (i = 0; i < peer->send; i++) {
		make_packet(p, i, peer->first, peer->tone);
		receive_until(peer, start + (uint64_t)i * peer->interval_us, false);
		if (sendto(peer->fd, p, PACKET, 0, (struct sockaddr *)&to, len) == PACKET)
			peer->sent++;
	}
	receive_until(peer, now_us() + peer->linger_ms * 1000ull, true);
}

static void put32(FILE *f, uint32_t v)
{
	fwrite((uint8_t[]){ v, v >> 8, v >> 16, v >> 24 }, 1, 4, f);
}

/* What was heard, for who wants to listen: WAVE, format 7 (mu-law). */
static void write_wav(const struct peer *peer)
{
	uint32_t n = peer->expect * SAMPLES;
	FILE *f = fopen(peer->wav, "w");

	if (!f)
		return;
	fwrite("RIFF", 1, 4, f);
	put32(f, 36 + n);
	fwrite("WAVEfmt ", 1, 8, f);
	put32(f, 16);
	put32(f, 7 | 1 << 16);
	put32(f, 8000);
	put32(f, 8000);
	put32(f, 1 | 8 << 16);
	fwrite("data", 1, 4, f);
	put32(f, n);
	fwrite(peer->heard, 1, n, f);
	fclose(f);
}

static int open_socket(struct peer *peer)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&peer->local, &ss);
	int size = 1 << 20;

	peer->fd = socket(ss.ss_family, SOCK_DGRAM, 0);
	if (peer->fd < 0 || bind(peer->fd, (struct sockaddr *)&ss, len)) {
		perror("rtp_peer: bind");
		return -1;
	}
	setsockopt(peer->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return 0;
}

static bool parse(struct peer *peer, int argc, char **argv)
{
	static const struct option options[] = {
		{ "local", 1, 0, 'l' }, { "remote", 1, 0, 'r' }, { "send", 1, 0, 's' },
		{ "expect", 1, 0, 'e' }, { "tone", 1, 0, 't' }, { "expect-tone", 1, 0, 'T' },
		{ "interval", 1, 0, 'i' }, { "first", 1, 0, 'f' }, { "ready", 1, 0, 'R' },
		{ "go", 1, 0, 'g' }, { "linger", 1, 0, 'L' }, { "wav", 1, 0, 'w' }, { 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		struct slice arg = slice_str(optarg);
		u32 number = 0;

		slice_u32(arg, &number);
		switch (c) {
		case 'l': addr_parse(arg, &peer->local); break;
		case 'r': addr_parse(arg, &peer->remote); break;
		case 's': peer->send = number; break;
		case 'e': peer->expect = number; break;
		case 't': peer->tone = number; break;
		case 'T': peer->expect_tone = number; break;
		case 'i': peer->interval_us = number; break;
		case 'f': peer->first = number; break;
		case 'L': peer->linger_ms = number; break;
		case 'R': peer->ready = optarg; break;
		case 'g': peer->go = optarg; break;
		case 'w': peer->wav = optarg; break;
		default: return false;
		}
	}
	return peer->local.family && peer->remote.family && peer->expect <= 60000;
}

int main(int argc, char **argv)
{
	struct peer peer = { .interval_us = 20000, .first = 1000, .linger_ms = 3000 };

	if (!parse(&peer, argc, argv)) {
		fprintf(stderr, "rtp_peer: see the head of its source for the arguments\n");
		return 2;
	}
	peer.seen = calloc(65536, 1);
	peer.heard = malloc(SAMPLES * (peer.expect + 1));
	if (!peer.seen || !peer.heard || open_socket(&peer))
		return 2;
	memset(peer.heard, 0xff, SAMPLES * (peer.expect + 1));
	rendezvous(&peer);
	talk(&peer);
	if (peer.wav)
		write_wav(&peer);
	printf("sent=%u received=%u missing=%u duplicate=%u foreign=%u damaged=%u\n", peer.sent,
	       peer.received, peer.expect - peer.received, peer.duplicate, peer.foreign,
	       peer.damaged);
	return peer.received != peer.expect || peer.sent != peer.send || peer.duplicate ||
	       peer.foreign || peer.damaged;
}
