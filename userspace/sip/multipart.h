/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bodies of several parts (RFC 2046 §5.1, RFC 5621). A part is a view of the
 * message's bytes; nothing is decoded and nothing is kept.
 */
#ifndef SIP_MULTIPART_H
#define SIP_MULTIPART_H

#include "sip/msg.h"

/* A body, or a part of one. */
struct sip_part {
	struct slice type;		/* "text/plain;charset=utf-8"; empty: not given */
	struct slice disposition;	/* "session", without parameters; empty: not given */
	bool optional;			/* handling=optional, not required (RFC 3261 §20.11) */
	bool encoded;			/* compressed, or not sent as it is */
	struct slice body;
};

/* Parts in order; the fields are for multipart.c. */
struct sip_parts {
	struct slice rest;		/* from a delimiter's line on */
	struct slice boundary;
	bool ended;			/* the closing delimiter was seen */
};

/* The whole body of a message as a part; part->body is empty when it has none. */
void sip_part_of(const struct sip_msg *msg, struct sip_part *part);
/* Is its type main/sub? sub NULL: any. Case does not matter. */
bool sip_part_is(const struct sip_part *part, const char *main, const char *sub);

/* 0; -EINVAL: no multipart type, no usable boundary, or no first delimiter. */
int sip_parts_begin(const struct sip_part *part, struct sip_parts *parts);
/* 1; 0: no more; -EINVAL: the closing delimiter is missing. */
int sip_parts_next(struct sip_parts *parts, struct sip_part *part);

/* 0, or -E2BIG: multiparts in multiparts, more than max deep. What is malformed is not entered. */
int sip_part_depth(const struct sip_part *part, unsigned int max);

/*
 * The session description of a body: application/sdp, by itself or as a part, of which the
 * disposition is "session" or not given. *sdp.p is NULL when there is none. At most max deep.
 * 0; -ENOTSUP: a part that nobody here understands must be (RFC 5621 §5); -EINVAL: malformed,
 * too deep, or two descriptions that are no alternatives.
 */
int sip_find_sdp(const struct sip_part *part, unsigned int max, struct slice *sdp);

#endif
