/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the first bytes of a datagram say: RTP and RTCP headers, read in place.
 *
 * Pure inline functions over bytes that came from outside, compiled into the
 * kernel module and into userspace alike, so that both agree on what is valid.
 * Nothing is copied, allocated or remembered. A function is told how many bytes
 * it may read, proves what it returns from them, and never reads beyond.
 */
#ifndef _JALUR_RTP_H
#define _JALUR_RTP_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#endif

#define RTP_HEADER_MIN		12
/* Fixed header, fifteen CSRCs, and the head of a header extension. */
#define RTP_HEADER_MAX		(RTP_HEADER_MIN + 15 * 4 + 4)

#define RTCP_HEADER_LEN		4
#define RTCP_SENDER_INFO_LEN	20
#define RTCP_REPORT_BLOCK_LEN	24

/* RTCP packet types (RFC 3550 section 12.1, RFC 4585, RFC 3611). */
#define RTCP_SR			200
#define RTCP_RR			201
#define RTCP_SDES		202
#define RTCP_BYE		203
#define RTCP_APP		204
#define RTCP_RTPFB		205
#define RTCP_PSFB		206
#define RTCP_XR			207

/* What a datagram is, by its first bytes (RFC 7983, RFC 5761). */
enum jalur_kind {
	JALUR_KIND_OTHER,
	JALUR_KIND_RTP,
	JALUR_KIND_RTCP,
	JALUR_KIND_STUN,
	JALUR_KIND_DTLS,
	JALUR_KIND_ZRTP,
	JALUR_KIND_TURN,
};

/**
 * struct rtp_header - a valid RTP header (RFC 3550 section 5.1)
 * @len: bytes before the payload: fixed header, CSRCs, header extension
 * @timestamp: as sent
 * @ssrc: sender
 * @seq: sequence number
 * @pt: payload type, 0 to 127
 * @marker: M bit
 * @padding: P bit; see rtp_padding_valid()
 */
struct rtp_header {
	__u32	len;
	__u32	timestamp;
	__u32	ssrc;
	__u16	seq;
	__u8	pt;
	bool	marker;
	bool	padding;
};

/**
 * struct rtcp_cursor - what is left of a compound packet
 * @data: next packet
 * @len: bytes left; not 0 after rtcp_next() returned false: malformed
 */
struct rtcp_cursor {
	const __u8	*data;
	__u32		len;
};

/**
 * struct rtcp_packet - one packet of a compound (RFC 3550 section 6.1)
 * @data: its header
 * @len: with header and padding; at least RTCP_HEADER_LEN, a multiple of four
 * @type: RTCP_SR and so on
 * @count: report count, or the feedback format
 * @padding: P bit
 */
struct rtcp_packet {
	const __u8	*data;
	__u32		len;
	__u8		type;
	__u8		count;
	bool		padding;
};

/**
 * struct rtcp_report - one report block (RFC 3550 section 6.4.1)
 * @ssrc: source that the report is about
 * @lost: cumulative packets lost; 24 bits, signed
 * @max_seq: extended highest sequence number received
 * @jitter: in RTP units
 * @lsr: middle 32 bits of the NTP time of the last SR, 0 for none
 * @dlsr: delay since that SR, in 1/65536 s
 * @fraction: lost since the last report, in 1/256
 */
struct rtcp_report {
	__u32	ssrc;
	__s32	lost;
	__u32	max_seq;
	__u32	jitter;
	__u32	lsr;
	__u32	dlsr;
	__u8	fraction;
};

static inline __u16 rtp_get_be16(const __u8 *p)
{
	return (__u16)(p[0] << 8 | p[1]);
}

static inline __u32 rtp_get_be32(const __u8 *p)
{
	return (__u32)p[0] << 24 | (__u32)p[1] << 16 | (__u32)p[2] << 8 | p[3];
}

/**
 * rtp_kind - tell apart what shares a port
 * @data: UDP payload
 * @len: bytes that may be read at @data
 *
 * The ranges of RFC 7983 section 7. Within RTP's, RFC 5761 section 4: packet
 * types 192 to 223 are RTCP, which reserves RTP payload types 64 to 95 with the
 * marker set.
 */
static inline enum jalur_kind rtp_kind(const __u8 *data, __u32 len)
{
	if (len < 2)
		return JALUR_KIND_OTHER;
	if (data[0] >= 128 && data[0] <= 191)
		return data[1] >= 192 && data[1] <= 223 ? JALUR_KIND_RTCP :
							  JALUR_KIND_RTP;
	if (data[0] <= 3)
		return JALUR_KIND_STUN;
	if (data[0] >= 16 && data[0] <= 19)
		return JALUR_KIND_ZRTP;
	if (data[0] >= 20 && data[0] <= 63)
		return JALUR_KIND_DTLS;
	if (data[0] >= 64 && data[0] <= 79)
		return JALUR_KIND_TURN;
	return JALUR_KIND_OTHER;
}

/**
 * rtp_header_parse - read an RTP header, or refuse it
 * @data: UDP payload
 * @avail: bytes that may be read: all @len of them, or RTP_HEADER_MAX at least
 * @len: length of the UDP payload
 * @header: filled in when valid
 *
 * Checks of RFC 3550 appendix A.1 that one packet allows: the version, and that
 * CSRCs and header extension lie inside the packet. With @header->padding, the
 * last byte needs rtp_padding_valid().
 */
static inline bool rtp_header_parse(const __u8 *data, __u32 avail, __u32 len,
				    struct rtp_header *header)
{
	__u32 n = RTP_HEADER_MIN;

	if (avail < RTP_HEADER_MIN || len < avail || data[0] >> 6 != 2)
		return false;
	n += (data[0] & 0x0f) * 4;
	if (data[0] & 0x10) {
		if (n + 4 > avail)
			return false;
		n += 4 + rtp_get_be16(data + n + 2) * 4;
	}
	if (n > len)
		return false;
	header->len = n;
	header->padding = data[0] & 0x20;
	header->marker = data[1] & 0x80;
	header->pt = data[1] & 0x7f;
	header->seq = rtp_get_be16(data + 2);
	header->timestamp = rtp_get_be32(data + 4);
	header->ssrc = rtp_get_be32(data + 8);
	return true;
}

/**
 * rtp_padding_valid - is the padding count possible (RFC 3550 section 5.1)
 * @header: of this packet, with the P bit
 * @len: length of the UDP payload
 * @last: its last byte, which counts the padding, itself included
 */
static inline bool rtp_padding_valid(const struct rtp_header *header,
				     __u32 len, __u8 last)
{
	return last && last <= len - header->len;
}

/**
 * rtcp_next - take the next packet of a compound
 * @cursor: at the whole UDP payload first; moves on
 * @packet: filled in when there is one
 *
 * Return: false at the end, and at a packet that is malformed; then
 * @cursor->len is not 0.
 */
static inline bool rtcp_next(struct rtcp_cursor *cursor,
			     struct rtcp_packet *packet)
{
	__u32 len;

	if (cursor->len < RTCP_HEADER_LEN || cursor->data[0] >> 6 != 2)
		return false;
	len = (rtp_get_be16(cursor->data + 2) + 1) * 4;
	if (len > cursor->len)
		return false;
	packet->data = cursor->data;
	packet->len = len;
	packet->type = cursor->data[1];
	packet->count = cursor->data[0] & 0x1f;
	packet->padding = cursor->data[0] & 0x20;
	cursor->data += len;
	cursor->len -= len;
	return true;
}

/**
 * rtcp_sender - SSRC of the packet's sender
 * @packet: of a valid compound
 *
 * Return: 0 when the packet names none (an empty BYE).
 */
static inline __u32 rtcp_sender(const struct rtcp_packet *packet)
{
	return packet->len < 8 ? 0 : rtp_get_be32(packet->data + 4);
}

/* Bytes that a packet of this type and count has at least, padding aside. */
static inline __u32 rtcp_least(const struct rtcp_packet *packet)
{
	switch (packet->type) {
	case RTCP_SR:
		return RTCP_HEADER_LEN + 4 + RTCP_SENDER_INFO_LEN +
		       packet->count * RTCP_REPORT_BLOCK_LEN;
	case RTCP_RR:
		return RTCP_HEADER_LEN + 4 +
		       packet->count * RTCP_REPORT_BLOCK_LEN;
	case RTCP_BYE:
		return RTCP_HEADER_LEN + packet->count * 4;
	case RTCP_APP:
	case RTCP_RTPFB:
	case RTCP_PSFB:
		return RTCP_HEADER_LEN + 8;
	case RTCP_XR:
		return RTCP_HEADER_LEN + 4;
	default:
		return RTCP_HEADER_LEN;
	}
}

/* Padding ends the packet, in words of four bytes, and leaves its body whole. */
static inline bool rtcp_packet_valid(const struct rtcp_packet *packet)
{
	__u32 pad = packet->padding ? packet->data[packet->len - 1] : 0;

	if (packet->padding && (!pad || pad % 4))
		return false;
	return rtcp_least(packet) + pad <= packet->len;
}

/**
 * rtcp_valid - is this an RTCP compound packet
 * @data: UDP payload
 * @len: its length, all of it readable
 *
 * RFC 3550 appendix A.2: versions, and lengths that add up to the datagram's;
 * padding only in the last packet. The first may be other than SR or RR, as RFC
 * 5506 allows, but must name its sender.
 */
static inline bool rtcp_valid(const __u8 *data, __u32 len)
{
	struct rtcp_cursor cursor = { .data = data, .len = len };
	struct rtcp_packet packet;

	if (len < RTCP_HEADER_LEN + 4 || rtp_get_be16(data + 2) == 0)
		return false;
	while (rtcp_next(&cursor, &packet)) {
		if (packet.padding && cursor.len)
			return false;
		if (!rtcp_packet_valid(&packet))
			return false;
	}
	return cursor.len == 0;
}

/* Where the report blocks of an SR or RR begin; NULL for other types. */
static inline const __u8 *rtcp_report_blocks(const struct rtcp_packet *packet)
{
	if (packet->type == RTCP_SR)
		return packet->data + RTCP_HEADER_LEN + 4 +
		       RTCP_SENDER_INFO_LEN;
	if (packet->type == RTCP_RR)
		return packet->data + RTCP_HEADER_LEN + 4;
	return NULL;
}

/**
 * rtcp_report_parse - read one report block
 * @packet: of a valid compound
 * @index: which one, from 0
 * @report: filled in
 *
 * Return: false when the packet has no such block.
 */
static inline bool rtcp_report_parse(const struct rtcp_packet *packet,
				     __u32 index, struct rtcp_report *report)
{
	const __u8 *p = rtcp_report_blocks(packet);

	if (!p || index >= packet->count)
		return false;
	p += index * RTCP_REPORT_BLOCK_LEN;
	report->ssrc = rtp_get_be32(p);
	report->fraction = p[4];
	/* 24 bits, signed: moved to the top and back to spread the sign */
	report->lost = (__s32)(rtp_get_be32(p + 4) << 8) / 256;
	report->max_seq = rtp_get_be32(p + 8);
	report->jitter = rtp_get_be32(p + 12);
	report->lsr = rtp_get_be32(p + 16);
	report->dlsr = rtp_get_be32(p + 20);
	return true;
}

/**
 * rtcp_sr_ntp - middle 32 bits of a sender report's NTP time
 * @packet: an SR of a valid compound
 *
 * What its receivers send back as LSR.
 */
static inline __u32 rtcp_sr_ntp(const struct rtcp_packet *packet)
{
	return rtp_get_be32(packet->data + 10);
}

#endif /* _JALUR_RTP_H */
