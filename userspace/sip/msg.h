/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A SIP message as slices over the bytes it arrived in (RFC 3261 §7, §25).
 * Parsing allocates nothing. Headers are a table; those that every message
 * needs are parsed once, here.
 */
#ifndef SIP_MSG_H
#define SIP_MSG_H

#include "base/addr.h"
#include "base/slice.h"
#include "sip/header.h"
#include "sip/uri.h"

#define SIP_MAX_HEADERS 256		/* that can be allowed */
#define SIP_SPARE_HEADERS 5		/* those of an answer, when there are too many */

/* What a message may be; 0 stands for the default. */
struct sip_limits {
	u32 message;			/* bytes; 65535 */
	u32 headers;			/* fields; 128, and never above SIP_MAX_HEADERS */
	u32 nesting;			/* multipart bodies in multipart bodies; 3 */
};

enum sip_method {
	SIP_METHOD_OTHER,
	SIP_INVITE, SIP_ACK, SIP_BYE, SIP_CANCEL, SIP_OPTIONS, SIP_REGISTER,
	SIP_PRACK, SIP_UPDATE, SIP_INFO, SIP_REFER,
	SIP_SUBSCRIBE, SIP_NOTIFY, SIP_PUBLISH, SIP_MESSAGE,
};

struct sip_hdr {
	enum sip_hdr_id id;
	struct slice name;	/* as written */
	struct slice value;	/* trimmed, folding still in it */
};

/* Top Via (RFC 3261 §20.42, RFC 3581). */
struct sip_via {
	struct slice value;	/* all of it, up to a comma */
	struct slice params;	/* from the first ';' */
	struct slice transport;	/* "UDP" */
	struct slice host;	/* without brackets */
	u16 port;		/* 0: absent */
	struct slice branch;
	struct slice received;
	struct slice maddr;
	bool rport;		/* parameter present */
	bool stamped;		/* rport or received present */
};

/* name-addr or addr-spec with header parameters. */
struct sip_nameaddr {
	struct slice display;	/* with quotes, as written */
	struct slice uri;	/* inside <> */
	struct slice params;	/* after the address, from the first ';' */
	struct slice tag;
	struct slice value;	/* display and <uri>, no parameters */
};

struct sip_contact {
	struct slice element;		/* of the header */
	struct sip_nameaddr address;
	struct sip_uri uri;
};

struct sip_msg {
	struct slice bytes;
	bool request;
	bool more_vias;			/* below the top one */
	bool folded;			/* there is a line end in a value */
	enum sip_method method;		/* of the request, or of CSeq */
	struct slice method_name;
	struct slice ruri;
	struct sip_uri uri;		/* ruri, parsed */
	u16 status;
	struct slice reason;
	struct slice body;
	struct slice content_type;
	struct sip_via via;
	struct sip_nameaddr from, to;
	struct sip_uri from_uri, to_uri;	/* parsed */
	struct slice call_id;
	u32 cseq;
	int max_forwards;		/* -1: absent */
	u64 has[SIP_HDR_COUNT / 64 + 1];	/* bit of each sip_hdr_id that is in hdrs */
	size_t nhdrs;
	const struct sip_contact *contact;	/* the first, once it was checked; NULL: parse it */
	u16 first[SIP_HDR_COUNT];	/* where the first is of those that has[] knows */
	/* from here on: copies are made without the unused ones, and without what is behind */
	struct sip_hdr hdrs[SIP_MAX_HEADERS + SIP_SPARE_HEADERS];
	struct sip_contact first_contact;
};

struct sip_error {
	u16 status;			/* what to answer: 400, 413, 501, 505, 513; 0: drop */
	enum sip_hdr_id header;		/* the one that is wrong, or SIP_HDR_OTHER */
	const char *text;		/* what is wrong; NULL: the status says it */
};

/*
 * One datagram. 0, or -EINVAL with err filled in. On error what could be read
 * is set; err->status is not 0 only if an answer has somewhere to go: the message
 * is a request and no ACK, and its top Via has a sent-by. What of From, To,
 * Call-ID and CSeq is there can be repeated.
 */
int sip_parse(struct slice bytes, struct sip_msg *msg, struct sip_error *err);
/*
 * The same with limits, all of them given: beyond them the body is answered with 413, the
 * header fields with 513, a body too deep in itself with 400.
 */
int sip_parse_within(struct slice bytes, const struct sip_limits *limits, struct sip_msg *msg,
		     struct sip_error *err);
/* Limits with the defaults in place of 0. */
struct sip_limits sip_limits_of(struct sip_limits limits);

/*
 * Of a request that was parsed: are Contact, Route and Record-Route lists of addresses, To of
 * a REGISTER an address-of-record, and has a PRACK its RAck? 0, or -EINVAL with err filled in.
 */
int sip_msg_check(struct sip_msg *msg, struct sip_error *err);
/* sip_parse_address() of an element of Contact, which that has mostly done already. */
bool sip_msg_contact(const struct sip_msg *msg, struct slice element, struct sip_nameaddr *out,
		     struct sip_uri *uri);

/*
 * A copy that lives by itself, bytes included; free() it. NULL: no memory. It has room for
 * nhdrs headers only: never assign to or from all of *msg.
 */
struct sip_msg *sip_msg_dup(const struct sip_msg *msg);
/* The same in two steps: how much memory it takes, and the copy, which cannot fail any more. */
size_t sip_msg_size(const struct sip_msg *msg);
void sip_msg_copy(struct sip_msg *room, const struct sip_msg *msg);

/* The first, or NULL, which is what there is mostly. */
static inline const struct sip_hdr *sip_msg_header(const struct sip_msg *msg, enum sip_hdr_id id)
{
	return msg->has[id / 64] & 1ull << id % 64 ? &msg->hdrs[msg->first[id]] : NULL;
}

const struct sip_hdr *sip_msg_header_next(const struct sip_msg *msg, const struct sip_hdr *hdr);
/* A list header, in one line or several, has the token: an option-tag, or a method of Allow. */
bool sip_msg_lists(const struct sip_msg *msg, enum sip_hdr_id id, const char *token);
/* Option-tags such as "100rel": what is required is supported too (RFC 3261 §20.32, §20.37). */
bool sip_msg_supports(const struct sip_msg *msg, const char *tag);
bool sip_msg_requires(const struct sip_msg *msg, const char *tag);
bool sip_parse_nameaddr(struct slice value, struct sip_nameaddr *out);
/* With its URI parsed. */
bool sip_parse_address(struct slice value, struct sip_nameaddr *out, struct sip_uri *uri);
bool sip_parse_via(struct slice element, struct sip_via *out);
/* "314159 INVITE"; method as written. */
bool sip_parse_cseq(struct slice value, u32 *number, struct slice *method);
/* "776656 1 INVITE" (RFC 3262 §7.2) */
bool sip_parse_rack(struct slice value, u32 *rseq, u32 *cseq, struct slice *method);

/* A dialog as the one who gets it knows it: to_tag is his own (RFC 3891 §6.1). */
struct sip_replaces {
	struct slice call_id, to_tag, from_tag;
	bool early_only;
};

bool sip_parse_replaces(struct slice value, struct sip_replaces *out);
/* RFC 4538 §7, where it is written as who sent it knows it. */
bool sip_parse_target_dialog(struct slice value, struct sip_replaces *out);
/* Takes the next element of a comma-separated header value off *rest. */
bool sip_next_element(struct slice *rest, struct slice *element);
/*
 * Takes ";name", ";name=value" off *rest, which begins at the ';'. 1; 0: no more; -EINVAL:
 * not parameters. *value is unquoted, but escapes stay in it; value.p NULL: none given.
 */
int sip_next_param(struct slice *rest, struct slice *name, struct slice *value);
/* Looks for ";name=value" or ";name"; *value as above, and value may be NULL. */
bool sip_param(struct slice params, const char *name, struct slice *value);

/* value without its parameters, and without white space around that. */
struct slice sip_plain(struct slice value);

/* Thousandths; RFC 3261 §25.1: 1, or 0 and at most three decimals. Anything else is 1. */
u16 sip_parse_q(struct slice text);

enum sip_method sip_method_of(struct slice name);
const char *sip_method_name(enum sip_method m);
const char *sip_reason_phrase(u16 status);

#endif
