/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The header table: every header that somebody here asks for by name, with its
 * compact form (RFC 3261 §7.3.3 and the IANA registry) and what may be assumed
 * of it. Headers that are not in it are SIP_HDR_OTHER and known by their name.
 */
#ifndef SIP_HEADER_H
#define SIP_HEADER_H

#include "base/slice.h"

#define SIP_HDR_SINGLE	1	/* two of them make a message malformed */
#define SIP_HDR_LIST	2	/* values separated by commas, in one header or several */

/* In alphabetical order, for people. A new one needs its hash in header.c. */
#define SIP_HEADERS(X) \
	X(ACCEPT,		"Accept",		0,   SIP_HDR_LIST) \
	X(ACCEPT_CONTACT,	"Accept-Contact",	'a', SIP_HDR_LIST) \
	X(ACCEPT_ENCODING,	"Accept-Encoding",	0,   SIP_HDR_LIST) \
	X(ACCEPT_LANGUAGE,	"Accept-Language",	0,   SIP_HDR_LIST) \
	X(ALERT_INFO,		"Alert-Info",		0,   SIP_HDR_LIST) \
	X(ALLOW,		"Allow",		0,   SIP_HDR_LIST) \
	X(ALLOW_EVENTS,		"Allow-Events",		'u', SIP_HDR_LIST) \
	X(AUTHENTICATION_INFO,	"Authentication-Info",	0,   0) \
	X(AUTHORIZATION,	"Authorization",	0,   0) \
	X(CALL_ID,		"Call-ID",		'i', SIP_HDR_SINGLE) \
	X(CALL_INFO,		"Call-Info",		0,   SIP_HDR_LIST) \
	X(CONTACT,		"Contact",		'm', SIP_HDR_LIST) \
	X(CONTENT_DISPOSITION,	"Content-Disposition",	0,   SIP_HDR_SINGLE) \
	X(CONTENT_ENCODING,	"Content-Encoding",	'e', SIP_HDR_LIST) \
	X(CONTENT_LANGUAGE,	"Content-Language",	0,   SIP_HDR_LIST) \
	X(CONTENT_LENGTH,	"Content-Length",	'l', SIP_HDR_SINGLE) \
	X(CONTENT_TYPE,		"Content-Type",		'c', SIP_HDR_SINGLE) \
	X(CSEQ,			"CSeq",			0,   SIP_HDR_SINGLE) \
	X(DATE,			"Date",			0,   0) \
	X(DIVERSION,		"Diversion",		0,   SIP_HDR_LIST) \
	X(ERROR_INFO,		"Error-Info",		0,   SIP_HDR_LIST) \
	X(EVENT,		"Event",		'o', SIP_HDR_SINGLE) \
	X(EXPIRES,		"Expires",		0,   SIP_HDR_SINGLE) \
	X(FROM,			"From",			'f', SIP_HDR_SINGLE) \
	X(HISTORY_INFO,		"History-Info",		0,   SIP_HDR_LIST) \
	X(IDENTITY,		"Identity",		'y', SIP_HDR_LIST) \
	X(IN_REPLY_TO,		"In-Reply-To",		0,   SIP_HDR_LIST) \
	X(INFO_PACKAGE,		"Info-Package",		0,   SIP_HDR_SINGLE) \
	X(JOIN,			"Join",			0,   0) \
	X(MAX_FORWARDS,		"Max-Forwards",		0,   SIP_HDR_SINGLE) \
	X(MIME_VERSION,		"MIME-Version",		0,   0) \
	X(MIN_EXPIRES,		"Min-Expires",		0,   0) \
	X(MIN_SE,		"Min-SE",		0,   SIP_HDR_SINGLE) \
	X(ORGANIZATION,		"Organization",		0,   0) \
	X(P_ASSERTED_IDENTITY,	"P-Asserted-Identity",	0,   SIP_HDR_LIST) \
	X(P_PREFERRED_IDENTITY,	"P-Preferred-Identity",	0,   SIP_HDR_LIST) \
	X(PATH,			"Path",			0,   SIP_HDR_LIST) \
	X(PRIORITY,		"Priority",		0,   0) \
	X(PRIVACY,		"Privacy",		0,   0) \
	X(PROXY_AUTHENTICATE,	"Proxy-Authenticate",	0,   0) \
	X(PROXY_AUTHORIZATION,	"Proxy-Authorization",	0,   0) \
	X(PROXY_REQUIRE,	"Proxy-Require",	0,   SIP_HDR_LIST) \
	X(RACK,			"RAck",			0,   SIP_HDR_SINGLE) \
	X(REASON,		"Reason",		0,   SIP_HDR_LIST) \
	X(RECORD_ROUTE,		"Record-Route",		0,   SIP_HDR_LIST) \
	X(RECV_INFO,		"Recv-Info",		0,   SIP_HDR_LIST) \
	X(REFER_SUB,		"Refer-Sub",		0,   0) \
	X(REFER_TO,		"Refer-To",		'r', SIP_HDR_SINGLE) \
	X(REFERRED_BY,		"Referred-By",		'b', 0) \
	X(REJECT_CONTACT,	"Reject-Contact",	'j', SIP_HDR_LIST) \
	X(REPLACES,		"Replaces",		0,   SIP_HDR_SINGLE) \
	X(REPLY_TO,		"Reply-To",		0,   0) \
	X(REQUEST_DISPOSITION,	"Request-Disposition",	'd', SIP_HDR_LIST) \
	X(REQUIRE,		"Require",		0,   SIP_HDR_LIST) \
	X(RETRY_AFTER,		"Retry-After",		0,   0) \
	X(ROUTE,		"Route",		0,   SIP_HDR_LIST) \
	X(RSEQ,			"RSeq",			0,   SIP_HDR_SINGLE) \
	X(SERVER,		"Server",		0,   0) \
	X(SERVICE_ROUTE,	"Service-Route",	0,   SIP_HDR_LIST) \
	X(SESSION_EXPIRES,	"Session-Expires",	'x', SIP_HDR_SINGLE) \
	X(SIP_ETAG,		"SIP-ETag",		0,   0) \
	X(SIP_IF_MATCH,		"SIP-If-Match",		0,   0) \
	X(SUBJECT,		"Subject",		's', 0) \
	X(SUBSCRIPTION_STATE,	"Subscription-State",	0,   0) \
	X(SUPPORTED,		"Supported",		'k', SIP_HDR_LIST) \
	X(TARGET_DIALOG,	"Target-Dialog",	0,   0) \
	X(TIMESTAMP,		"Timestamp",		0,   0) \
	X(TO,			"To",			't', SIP_HDR_SINGLE) \
	X(UNSUPPORTED,		"Unsupported",		0,   SIP_HDR_LIST) \
	X(USER_AGENT,		"User-Agent",		0,   0) \
	X(VIA,			"Via",			'v', SIP_HDR_LIST) \
	X(WARNING,		"Warning",		0,   SIP_HDR_LIST) \
	X(WWW_AUTHENTICATE,	"WWW-Authenticate",	0,   0)

enum sip_hdr_id {
	SIP_HDR_OTHER,
#define SIP_HDR_ID(id, name, compact, flags) SIP_HDR_##id,
	SIP_HEADERS(SIP_HDR_ID)
#undef SIP_HDR_ID
	SIP_HDR_COUNT,
};

struct sip_hdr_info {
	const char *name;
	u8 len;
	char compact;		/* lower case; 0: none */
	u8 flags;
};

/* By long or compact name in any case; SIP_HDR_OTHER: not in the table. */
enum sip_hdr_id sip_hdr_id_of(struct slice name);
/* Not for SIP_HDR_OTHER. */
const struct sip_hdr_info *sip_hdr_info(enum sip_hdr_id id);

#endif
