/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session description (RFC 8866) as slices over its bytes: every line is
 * kept, in order; what offer and answer (RFC 3264) turn on is parsed once.
 * Parsing allocates nothing. Lines may end in CRLF or LF, as receivers must
 * accept (RFC 8866 §5).
 */
#ifndef SDP_SDP_H
#define SDP_SDP_H

#include "base/addr.h"

#define SDP_MAX_LINES 512
#define SDP_MAX_MEDIA 16
#define SDP_MAX_PAYLOADS 32

struct sdp_error {
	unsigned int line;	/* 1-based; 0: the whole */
	const char *text;
};

struct sdp_line {
	char type;
	unsigned int number;	/* 1-based, empty lines counted */
	struct slice value;	/* after "x=" */
};

/* Bits, so that what both sides allow is an and. */
enum sdp_direction {
	SDP_INACTIVE = 0,
	SDP_SEND = 1,
	SDP_RECV = 2,
	SDP_SENDRECV = 3,
};

enum sdp_kind {
	SDP_KIND_RTP,		/* RTP/AVP, RTP/AVPF */
	SDP_KIND_DATAGRAM,	/* udptl, udp, UDP/BFCP: any datagram */
	SDP_KIND_OTHER,		/* SRTP, TCP, ...: cannot be carried */
};

/* One host's address: multicast (RFC 3264 §5.2) is not carried. */
bool sdp_addr_unicast(const struct addr *a);

struct sdp_payload {
	u32 clock_rate;
	u8 pt;
	bool dtmf, comfort_noise;
};

struct sdp_media {
	size_t first, end;	/* its lines: [first, end); first is the m= line */
	struct slice media, proto, formats;
	enum sdp_kind kind;
	u16 port;
	u16 nports;		/* "port/n"; 1 mostly */
	struct addr connection;	/* its own c= or the session's; port as m=; family 0: none */
	bool held;		/* c=0.0.0.0 or ::, hold of RFC 2543 */
	enum sdp_direction direction;
	struct addr rtcp;	/* RTCP goes here (RFC 3605) unless multiplexed; port 0: nowhere */
	bool mux;		/* a=rtcp-mux (RFC 5761) */
	size_t npayloads;	/* SDP_MAX_PAYLOADS + 1: too many to list */
	struct sdp_payload payloads[SDP_MAX_PAYLOADS];
	bool chosen;		/* payloads, not formats, is what counts: set by who changes them */
	bool refused;		/* none of them is wanted */
};

struct sdp {
	struct sdp_line lines[SDP_MAX_LINES];
	size_t nlines;
	size_t session_end;	/* lines before the first m= */
	struct sdp_media media[SDP_MAX_MEDIA];
	size_t nmedia;
};

/* 0, or -EINVAL with the line and what is wrong with it. */
int sdp_parse(struct slice bytes, struct sdp *sdp, struct sdp_error *err);

/*
 * The codec that m has first, as in a=rtpmap ("PCMA/8000"); of what is not RTP, the formats.
 * Cut off where it does not fit into buf of n bytes.
 */
void sdp_print_codec(const struct sdp *sdp, const struct sdp_media *m, char *buf, size_t n);

/* The same of one payload type; the number itself where nothing names it. */
void sdp_print_payload(const struct sdp *sdp, const struct sdp_media *m, u8 pt, char *buf,
		       size_t n);
/* What a=fmtp says of it; n 0: nothing. */
struct slice sdp_fmtp(const struct sdp *sdp, const struct sdp_media *m, u8 pt);

/* What is ours to change when a description is passed on. */
struct sdp_rewrite_media {
	u16 port;		/* 0: rejected */
	struct addr address;	/* advertised; port unused */
	bool held;		/* say 0.0.0.0 instead */
	bool mux;
};

struct sdp_rewrite {
	u64 session, version;	/* of o= */
	struct sdp_rewrite_media media[SDP_MAX_MEDIA];
};

/*
 * Prints sdp with our origin, addresses and ports. Lines that speak of addresses,
 * of ICE, of keys or of other ways to set the stream up (RFC 5939) are left out,
 * everything else stays as it is; of a stream that is rejected here and not by its
 * sender only the m= line is left. malloc'ed, NUL terminated; NULL: no memory.
 */
char *sdp_rewrite(const struct sdp *sdp, const struct sdp_rewrite *how);

#endif
