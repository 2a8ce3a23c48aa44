/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The packets that rtp sends, each different from every other, so that one that
 * was lost, doubled, damaged or mixed up is seen. Part of rtp.c.
 */
#ifndef _SELFTESTS_NET_PACKETS_H
#define _SELFTESTS_NET_PACKETS_H

#define MAX_SIZE	9000
#define NTP_BASE	0x0e000000U

struct side {
	const char *name;
	struct sockaddr_storage local, remote;
	socklen_t addr_len;
	int fd, raw;
	uint32_t ssrc;
	/* what it sent */
	uint8_t *packets;		/* each in packet_room() bytes */
	uint16_t *lens;
	bool *seen;
	unsigned int sent, next;	/* next: likely to arrive next */
	/* what arrived here */
	unsigned int received, duplicate, damaged, foreign;
	uint8_t ttl, tos;
	char source[80];
	uint32_t last_sr;		/* middle of its NTP time, 0 for none */
	uint64_t last_sr_at;
};

static struct {
	const char *kind, *device;
	unsigned int count, interval, size, seq, pt, step, skip, gso;
	unsigned int timeout, quiet;
	int expect, ttl, tos;
	uint32_t ssrc;
	bool no_check, corrupt, options, df;
	char only;
} opt = {
	.kind = "rtp", .count = 50, .interval = 300, .size = 160, .seq = 1, .step = 160,
	.timeout = 3000, .quiet = 250, .expect = -1, .ttl = -1, .tos = -1, .ssrc = 0x1000,
};

static void die(const char *what)
{
	fprintf(stderr, "rtp: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void usage(const char *what)
{
	fprintf(stderr, "rtp: %s; see the head of rtp.c\n", what);
	exit(2);
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ULL + ts.tv_nsec / 1000;
}

static void put16(uint8_t *p, uint16_t v)
{
	p[0] = v >> 8;
	p[1] = v;
}

static void put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

static bool kind_is(const char *kind)
{
	return !strcmp(opt.kind, kind);
}

/* Differs from packet to packet and from byte to byte. */
static void fill(uint8_t *p, unsigned int len, uint32_t seed)
{
	unsigned int i;

	for (i = 0; i < len; i++) {
		seed = seed * 1664525 + 1013904223;
		p[i] = seed >> 24;
	}
}

static unsigned int make_rtp(const struct side *s, unsigned int i, uint8_t *p)
{
	uint16_t seq = opt.seq + i;

	p[0] = 0x80;
	p[1] = opt.pt;
	put16(p + 2, seq);
	put32(p + 4, opt.step * i);
	put32(p + 8, s->ssrc);
	fill(p + 12, opt.size, s->ssrc + seq);
	if (kind_is("version"))
		p[0] = 0x40 | 0x20 | 0x1f;	/* 127: no class of RFC 7983 */
	if (kind_is("csrc"))
		p[0] = 0x8f;			/* fifteen CSRCs in */
	if (kind_is("padding")) {
		p[0] = 0xa0;
		p[12 + opt.size - 1] = 0;	/* at least itself */
	}
	return 12 + opt.size;
}

/* A sender report from a, a receiver report from b, with a CNAME behind. */
static unsigned int make_rtcp(const struct side *s, unsigned int i, uint8_t *p)
{
	bool sr = s->name[0] == 'a';
	unsigned int len = sr ? 28 : 32;

	memset(p, 0, len + 16);
	p[0] = sr ? 0x80 : 0x81;
	p[1] = sr ? 200 : 201;
	put16(p + 2, len / 4 - 1);
	put32(p + 4, s->ssrc);
	if (sr) {
		put32(p + 8, 0x4a1e0000 | (NTP_BASE >> 16));
		put32(p + 12, (i + 1) << 16);
		put32(p + 20, i);
	} else {
		put32(p + 8, opt.ssrc);
		put32(p + 16, i);
		put32(p + 24, s->last_sr);
		if (s->last_sr)
			put32(p + 28, (now_us() - s->last_sr_at) * 65536 / 1000000);
	}
	p[len] = 0x81;
	p[len + 1] = 202;
	put16(p + len + 2, 3);
	put32(p + len + 4, s->ssrc);
	memcpy(p + len + 8, "\1\4jalu\0", 8);
	return len + 16;
}

static unsigned int make_other(unsigned int i, const struct side *s, uint8_t *p)
{
	static const struct { const char *kind; uint8_t first; } firsts[] = {
		{ "stun", 0 }, { "dtls", 22 }, { "text", 'I' }, { "opaque", 0 },
		{ "short", 0x80 },
	};
	unsigned int k;

	fill(p, opt.size, s->ssrc + i);
	put16(p + 2, i);
	for (k = 0; k < sizeof(firsts) / sizeof(firsts[0]); k++)
		if (kind_is(firsts[k].kind))
			p[0] = firsts[k].first;
	return kind_is("short") ? 11 : opt.size;
}

static size_t packet_room(void)
{
	return opt.size + 64;
}

static uint8_t *packet(const struct side *s, unsigned int i)
{
	return s->packets + i * packet_room();
}

static void make_packets(struct side *s)
{
	unsigned int i;

	s->packets = calloc(opt.count, packet_room());
	s->lens = calloc(opt.count, sizeof(*s->lens));
	s->seen = calloc(opt.count, sizeof(*s->seen));
	if (!s->packets || !s->lens || !s->seen)
		die("memory");
	for (i = 0; i < opt.count; i++) {
		uint8_t *p = packet(s, i);

		if (kind_is("rtp") || kind_is("version") || kind_is("csrc") || kind_is("padding"))
			s->lens[i] = make_rtp(s, i, p);
		else if (kind_is("rtcp"))
			s->lens[i] = make_rtcp(s, i, p);
		else
			s->lens[i] = make_other(i, s, p);
	}
}

#endif /* _SELFTESTS_NET_PACKETS_H */
