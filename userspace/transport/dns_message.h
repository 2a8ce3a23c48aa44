/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers of the DNS (RFC 1035): from bytes to the records of one question, with
 * their time to live. c-ares sends and receives; what it parses of SRV and NAPTR
 * has no TTL, so we parse by ourselves. Pure: no I/O, no clock.
 *
 * Names are text without the last full stop; the root is "". A name that has
 * bytes which no host or service name has is nobody we could ask for: records
 * that lead to one are left out.
 */
#ifndef TRANSPORT_DNS_MESSAGE_H
#define TRANSPORT_DNS_MESSAGE_H

#include "base/addr.h"

#define DNS_NAME 256		/* the longest name, and NUL */
#define DNS_RECORDS 32		/* of an answer; further ones are left out */
#define DNS_ALIASES 8		/* that are followed */

enum dns_type {
	DNS_A = 1,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_AAAA = 28,
	DNS_SRV = 33,		/* RFC 2782 */
	DNS_NAPTR = 35,		/* RFC 3403 */
};

enum dns_status {
	DNS_OK,			/* there are records */
	DNS_ALIAS,		/* none here: ask for answer.alias */
	DNS_NODATA,		/* the name is there, but not with this type */
	DNS_NXDOMAIN,		/* nor the name */
	DNS_SERVFAIL,		/* the servers cannot say, or are not there */
	DNS_TIMEOUT,		/* nobody said anything */
};

struct dns_srv {
	u16 priority, weight, port;
	char target[DNS_NAME];
};

struct dns_naptr {
	u16 order, preference;
	char flags[8], service[32];
	bool regexp;		/* has one, which we do not apply */
	char replacement[DNS_NAME];
};

struct dns_record {
	union {
		struct addr addr;
		struct dns_srv srv;
		struct dns_naptr naptr;
	};
};

/* Counted, because a question may be asked by several at once, and kept in a cache. */
struct dns_answer {
	u32 refs;
	enum dns_status status;
	u32 ttl;		/* seconds: the least of all records that were used */
	char alias[DNS_NAME];	/* the name that the records are of; "": the one asked for */
	size_t n;
	struct dns_record records[];
};

/* With room for n records; NULL: no memory. */
struct dns_answer *dns_answer_new(enum dns_status status, u32 ttl, size_t n);
struct dns_answer *dns_answer_get(struct dns_answer *answer);
void dns_answer_put(struct dns_answer *answer);		/* NULL is fine */

const char *dns_type_name(enum dns_type type);
const char *dns_status_text(enum dns_status status);	/* "no such name" */

/*
 * Can it be asked for: labels of letters, digits, '-' and '_', none longer than 63,
 * all together not longer than 253? The last full stop may be there.
 */
bool dns_name_valid(struct slice name);
/* The same as the key of tables: in lower case, without the last full stop. */
bool dns_name_fold(struct slice name, char out[DNS_NAME]);

/*
 * The answer to the question (name, type). 0; -EBADMSG: malformed, or of another
 * question; -EMSGSIZE: cut short (TC); -ELOOP: too many aliases; -ENOMEM.
 */
int dns_message_parse(struct slice bytes, struct slice name, enum dns_type type,
		      struct dns_answer **out);

#endif
