/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a request may be sent: RFC 3263 §4 as a function of the query and of what is
 * known of the DNS. What is not known and matters is written down as a question; when
 * that has its answer the function is called again, from the beginning, until it asks
 * nothing more. So there is no state but the list of questions and answers, and a test
 * needs no socket.
 */
#ifndef TRANSPORT_CANDIDATE_H
#define TRANSPORT_CANDIDATE_H

#include "base/transport.h"
#include "transport/dns_message.h"

#define LOCATE_CANDIDATES 32
#define LOCATE_QUESTIONS 48

struct locate_query {
	struct slice host;	/* of the URI: a name, or an address with or without brackets */
	u16 port;		/* 0: none */
	bool has_transport;
	enum transport transport;	/* that the URI or the configuration asks for */
	bool secure;		/* sips: TLS to the next hop, whatever was asked for */
	u32 transports;		/* that we can do, 1 << enum transport */
	bool v4, v6;		/* that we have */
	u64 seed;		/* of the choice between equal servers */
};

struct locate_candidate {
	enum transport transport;
	struct addr addr;
	u32 ttl;		/* seconds for which this may be relied on */
};

struct locate_result {
	int err;		/* 0 or -errno, see locate.h */
	char text[640];		/* with err: the name, and the question that failed */
	/* Which the certificate of any of them must be for (RFC 3263 §4, RFC 5922 §4). */
	char domain[DNS_NAME];
	size_t n;
	struct locate_candidate candidates[LOCATE_CANDIDATES];	/* in the order of trying */
};

struct locate_fact {
	char name[DNS_NAME];
	enum dns_type type;
	bool answered;
	struct dns_answer *answer;	/* counted; NULL: there was no memory for it */
	u32 ttl;
};

struct locate_facts {
	size_t n;
	struct locate_fact facts[LOCATE_QUESTIONS];
};

/* 0: result is complete. -EINPROGRESS: the facts that are not answered are needed. */
int locate_evaluate(const struct locate_query *query, struct locate_facts *facts,
		    struct locate_result *result);
void locate_facts_free(struct locate_facts *facts);	/* lets go of the answers */

#endif
