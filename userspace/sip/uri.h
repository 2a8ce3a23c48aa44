/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * URIs: sip and sips (RFC 3261 §19.1), tel (RFC 3966), and of any other its
 * scheme.
 */
#ifndef SIP_URI_H
#define SIP_URI_H

#include "base/addr.h"
#include "base/slice.h"

enum sip_uri_kind {
	SIP_URI_OTHER,
	SIP_URI_SIP,
	SIP_URI_SIPS,
	SIP_URI_TEL,
};

struct sip_uri {
	enum sip_uri_kind kind;
	struct slice scheme;
	struct slice user;	/* as written, escapes in it; of tel: the number */
	struct slice password;
	struct slice host;	/* without brackets; of tel and others: empty */
	bool ip6;		/* host stood in brackets */
	u16 port;		/* 0: absent */
	struct slice params;	/* from the first ';' */
	struct slice headers;	/* from the '?' */
};

/* The whole slice must be one URI. false: it is not; *out is then undefined. */
bool sip_uri_parse(struct slice text, struct sip_uri *out);
/*
 * Where a sip or sips URI with a numeric host says to send to; default port
 * 5060 (5061). false: no numeric host, or a maddr.
 */
bool sip_uri_addr(const struct sip_uri *uri, struct addr *out);
/*
 * Do they name the same resource (RFC 3261 §19.1.4, RFC 3966 §5)? Of schemes that are not
 * known, and of more than 32 parameters or headers, only the same bytes do.
 */
bool sip_uri_eq(struct slice a, struct slice b);
/*
 * Takes one character off text, which has one: what an escape stands for (RFC 3261 §19.1.2) is
 * one. *escaped: it was written so.
 */
u8 sip_uri_char(struct slice *text, bool *escaped);

#endif
