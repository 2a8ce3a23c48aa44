/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A zone, a query, and the rules of RFC 3263 over both, without a socket: answers are
 * those of the zone through the real parser. rounds counts how often the name server
 * had to be waited for.
 */
#ifndef CANDIDATE_HARNESS_H
#define CANDIDATE_HARNESS_H

#include <errno.h>
#include <stdlib.h>

#include "dns_zone.h"
#include "kselftest_harness.h"
#include "transport/candidate.h"

#define ALL 0x1f
#define ONLY(t) (1u << TRANSPORT_##t)

FIXTURE(candidate) {
	struct zone zone;
	struct locate_query query;
	struct locate_facts facts;
	struct locate_result result;
	unsigned int rounds;
	char text[64];
};

FIXTURE_SETUP(candidate)
{
	self->zone.soa_ttl = self->zone.soa_minimum = 60;
	self->query = (struct locate_query){
		.host = SLICE("example.com"), .transports = ALL, .v4 = true, .v6 = true, .seed = 1,
	};
}

FIXTURE_TEARDOWN(candidate)
{
	locate_facts_free(&self->facts);
}

static inline struct dns_answer *zone_answer(const struct zone *z, const char *name,
					     enum dns_type type)
{
	static struct wire query, response;
	struct dns_answer *answer;

	zone_query(&query, name, type);
	if (!zone_respond(z, query.b, query.n, false, &response))
		return dns_answer_new(DNS_TIMEOUT, 0, 0);
	if (dns_message_parse(slice_of((char *)response.b, response.n), slice_str(name), type,
			      &answer))
		return dns_answer_new(DNS_SERVFAIL, 0, 0);
	return answer;
}

static inline void locate_more(FIXTURE_DATA(candidate) *self)
{
	size_t i, from = 0;

	while (locate_evaluate(&self->query, &self->facts, &self->result)) {
		self->rounds++;
		for (i = from; i < self->facts.n; i++) {
			struct locate_fact *f = &self->facts.facts[i];

			f->answered = true;
			f->answer = zone_answer(&self->zone, f->name, f->type);
			f->ttl = f->answer->ttl;
		}
		from = i;
	}
}

static inline int locate(FIXTURE_DATA(candidate) *self)
{
	locate_facts_free(&self->facts);
	self->rounds = 0;
	locate_more(self);
	return self->result.err;
}

/* "UDP 192.0.2.1:5060" */
static inline const char *nth(FIXTURE_DATA(candidate) *self, size_t i)
{
	const struct locate_candidate *c = &self->result.candidates[i];
	char addr[ADDR_STRLEN];

	if (i >= self->result.n)
		return "none";
	snprintf(self->text, sizeof(self->text), "%s %.56s", transport_name(c->transport),
		 addr_print(&c->addr, addr));
	return self->text;
}

static inline bool asked(const FIXTURE_DATA(candidate) *self, const char *name, enum dns_type type)
{
	size_t i;

	for (i = 0; i < self->facts.n; i++)
		if (self->facts.facts[i].type == type && !strcmp(self->facts.facts[i].name, name))
			return true;
	return false;
}

#endif
