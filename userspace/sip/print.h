/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages as bytes. What is repeated from another message is written on one
 * line, whatever lines it came in.
 */
#ifndef SIP_PRINT_H
#define SIP_PRINT_H

#include "base/buf.h"
#include "sip/engine.h"

struct sip_print_response {
	const struct sip_msg *request;
	const struct addr *source;	/* of the request */
	u16 status;
	const char *reason;		/* NULL: the RFC's */
	const char *to_tag;		/* NULL: none to be added */
	const char *contact;		/* NULL: no Contact */
	bool record_route;		/* repeat it (RFC 3261 §12.1.1) */
	u32 rseq;			/* reliable (RFC 3262 §3); 0: not */
	const char *software;		/* NULL: no Server */
	const struct sip_content *content;	/* may be NULL */
	bool no_length;			/* a datagram need not say it (RFC 3261 §20.14) */
};

struct sip_print_request {
	const char *method;
	struct slice target;		/* Request-URI, or the last Route before a strict router */
	const char *transport;		/* "UDP" */
	const struct addr *sent_by;
	bool alias;			/* RFC 5923 */
	const char *branch;
	struct slice from, to;		/* name-addr without tag */
	const char *from_tag;
	const char *to_tag;		/* NULL or "": none */
	const char *call_id;
	u32 cseq;
	const struct sip_rack *rack;	/* of a PRACK; NULL: no RAck */
	const char *contact;		/* NULL: no Contact */
	char *const *routes;
	size_t nroutes;
	const char *software;		/* NULL: no User-Agent */
	const struct sip_content *content;	/* may be NULL */
};

void sip_print_response(struct buf *b, const struct sip_print_response *r);
void sip_print_request(struct buf *b, const struct sip_print_request *r);
/* The Request-URI: target, or what a strict router wants in its place (RFC 3261 §12.2.1.1). */
struct slice sip_print_ruri(struct slice target, char *const *routes, size_t nroutes);

/*
 * CANCEL of an INVITE, or ACK to its final response when response is not NULL
 * (RFC 3261 §9.1, §17.1.1.3): invite is our own INVITE, parsed again. headers:
 * complete lines, may be empty.
 */
void sip_print_same_branch(struct buf *b, const char *method, const struct sip_msg *invite,
			   const struct sip_msg *response, struct slice headers);

/* All headers with this id, under their long name. */
void sip_print_headers(struct buf *b, const struct sip_msg *msg, enum sip_hdr_id id);
/* "192.0.2.1:5060", "[2001:db8::1]:5060" */
void sip_print_hostport(struct buf *b, const struct addr *a);
/* A value on one line. */
void sip_print_value(struct buf *b, struct slice value);

#endif
