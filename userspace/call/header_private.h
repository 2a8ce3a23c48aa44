/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the header table share: header.c, header_map.c, identity.c, names.c. */
#ifndef CALL_HEADER_PRIVATE_H
#define CALL_HEADER_PRIVATE_H

#include "base/buf.h"
#include "call/call.h"

#define CALL_MAX_NAMES 32

/* What names a side to itself, and must not be seen on the other. */
struct call_names {
	const struct addr *from;		/* he sent msg, */
	const struct sip_msg *msg;
	struct slice ours;			/* what both sides call us, if they do; no name */
	bool found;				/* and these are its words: */
	struct slice words[CALL_MAX_NAMES];
	size_t n;
	char peer[ADDR_STRLEN];
};

/* A message on its way from one leg to the other. */
struct call_passage {
	const struct sip_msg *msg;
	const struct call_leg *from, *to;
	const struct call_realm *in, *out;	/* theirs */
	char host[ADDR_STRLEN + 2];		/* ours, as to sees it */
	struct call_names names;
	struct buf lines;
};

/* names.c */
/* Of who sent msg, a peer; both stay as long as names. */
void call_names_init(struct call_names *names, const struct addr *from,
		     const struct sip_msg *msg);
/* host, as it stands in a URI, is what the other side calls us; it stays as long as names. */
void call_names_ours(struct call_names *names, const char *host);
/* Looks for the words when it is asked first: most messages have nothing that could pass. */
bool call_names_in(struct call_names *names, struct slice text);

/* identity.c: who may tell whom who is calling (RFC 3323, 3325, 7044, 5806) */
bool call_identity_passes(const struct call_passage *p, const struct sip_hdr *hdr);
/* A header that the table does not know. */
bool call_unknown_passes(const struct call_passage *p, struct slice name);
/* The realm of either side says that it does not pass. */
bool call_dropped(const struct call_passage *p, struct slice name);

/* caller.c: of a caller who is a subscriber */
/* hdr is his word to us and to nobody else. */
bool call_caller_keeps(const struct call_passage *p, const struct sip_hdr *hdr);
/* What a trusted realm is told of him. */
void call_caller_assert(struct call_passage *p);

/* dialog_map.c */
/* The leg behind near, a dialog of ours or NULL, if its peer knows of one. NULL: there is none. */
const struct call_leg *call_leg_behind(const struct call_engine *e,
				       const struct sip_dialog *near);

/* header_map.c: values in the words of the other side, added to p->lines */
/* Addresses: those of sip: and sips: get our host. */
void call_map_addresses(struct call_passage *p, const struct sip_hdr *hdr);
/* A URI; of sip: and sips:, with that host instead of its own. */
void call_map_uri(struct buf *b, const char *host, struct slice text);
void call_map_warning(struct call_passage *p, const struct sip_hdr *hdr);
void call_map_reason(struct call_passage *p, const struct sip_hdr *hdr);
/* A folded value (RFC 3261 §7.3.1) becomes one line. */
void call_add_unfolded(struct buf *b, struct slice value);

#endif
