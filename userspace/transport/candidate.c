// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rules, from the top: a numeric host is its own candidate; a port means that
 * only addresses are asked for; a transport means its SRV; else NAPTR says which
 * transports there are, or, without any, the SRV of each that we can do does. A domain
 * without SRV is a host with the default port.
 *
 * What is known so far is followed as far as it leads, so that questions that do not
 * depend on each other are asked at the same time. All is bounded: records of an
 * answer, questions, candidates; what comes behind is left out.
 */
#include <errno.h>
#include <stdio.h>
#include <strings.h>

#include "base/random.h"
#include "transport/candidate.h"

#define NUMERIC_TTL 86400

/* RFC 3263 §4.1, RFC 7118 §5; in the order in which we try what has no other order. */
static const struct {
	const char *service, *prefix;
} services[TRANSPORTS] = {
	[TRANSPORT_UDP] = { "SIP+D2U", "_sip._udp." },
	[TRANSPORT_TCP] = { "SIP+D2T", "_sip._tcp." },
	[TRANSPORT_TLS] = { "SIPS+D2T", "_sips._tcp." },
	[TRANSPORT_WS] = { "SIP+D2W", "_sip._ws." },
	[TRANSPORT_WSS] = { "SIPS+D2W", "_sips._ws." },
};

/* What became of a question. */
enum outcome {
	WAITING,
	ABSENT,		/* the DNS says that there is none */
	FAILED,		/* nobody could say */
	FOUND,
};

struct search {
	const struct locate_query *query;
	struct locate_facts *facts;
	struct locate_result *out;
	u32 transports;			/* that would do */
	bool waiting;
	bool withdrawn;			/* a service has the target "." */
	const struct locate_fact *failed, *absent;	/* the last ones */
};

/* --- questions --- */

/* The fact, whether answered or not; NULL: there are too many. */
static struct locate_fact *fact_of(struct locate_facts *facts, const char *name,
				   enum dns_type type)
{
	struct locate_fact *f;
	size_t i;

	for (i = 0; i < facts->n; i++) {
		f = &facts->facts[i];
		if (f->type == type && !strcasecmp(f->name, name))
			return f;
	}
	if (facts->n == LOCATE_QUESTIONS)
		return NULL;
	f = &facts->facts[facts->n++];
	memset(f, 0, sizeof(*f));
	f->type = type;
	strcpy(f->name, name);
	return f;
}

/* Follows an alias that the answer itself did not follow. */
static enum outcome look(struct search *s, const char *name, enum dns_type type,
			 const struct dns_answer **answer, u32 *ttl)
{
	struct locate_fact *f = NULL;
	int i;

	for (i = 0; i <= DNS_ALIASES; i++) {
		if (!dns_name_valid(slice_str(name)))
			return ABSENT;
		f = fact_of(s->facts, name, type);
		if (!f)
			return ABSENT;
		if (!f->answered) {
			s->waiting = true;
			return WAITING;
		}
		if (f->answer && f->ttl < *ttl)
			*ttl = f->ttl;
		if (!f->answer || f->answer->status != DNS_ALIAS)
			break;
		name = f->answer->alias;
	}
	if (!f->answer || (f->answer->status != DNS_NODATA && f->answer->status != DNS_NXDOMAIN &&
			   f->answer->status != DNS_OK)) {
		s->failed = f;
		return FAILED;
	}
	*answer = f->answer;
	if (f->answer->status == DNS_OK)
		return FOUND;
	s->absent = f;
	return ABSENT;
}

void locate_facts_free(struct locate_facts *facts)
{
	size_t i;

	for (i = 0; i < facts->n; i++)
		dns_answer_put(facts->facts[i].answer);
	facts->n = 0;
}

/* --- addresses --- */

/*
 * Addresses that no server has: who publishes one must not make us send to everybody,
 * or past a rule about IPv4 (mapped), or to a link that it does not name.
 */
static bool usable(const struct addr *a)
{
	u32 v4;

	if (a->family == AF_INET6)
		return !IN6_IS_ADDR_UNSPECIFIED(&a->ip.v6) && !IN6_IS_ADDR_MULTICAST(&a->ip.v6) &&
		       !IN6_IS_ADDR_V4MAPPED(&a->ip.v6) && !IN6_IS_ADDR_LINKLOCAL(&a->ip.v6);
	v4 = ntohl(a->ip.v4.s_addr);
	return v4 >> 24 && v4 >> 28 < 14;
}

static void add(struct search *s, enum transport t, struct addr addr, u16 port, u32 ttl)
{
	struct locate_result *out = s->out;
	size_t i;

	addr.port = port;
	for (i = 0; i < out->n; i++)
		if (out->candidates[i].transport == t && addr_eq(&out->candidates[i].addr, &addr))
			return;
	if (out->n < LOCATE_CANDIDATES)
		out->candidates[out->n++] = (struct locate_candidate){ t, addr, ttl };
}

static void addresses_of(struct search *s, const char *name, enum dns_type type,
			 enum transport t, u16 port, u32 ttl)
{
	const struct dns_answer *answer;
	size_t i;

	if (s->out->n == LOCATE_CANDIDATES || look(s, name, type, &answer, &ttl) != FOUND)
		return;
	for (i = 0; i < answer->n; i++)
		if (usable(&answer->records[i].addr))
			add(s, t, answer->records[i].addr, port, ttl);
}

static void addresses(struct search *s, const char *name, enum transport t, u16 port, u32 ttl)
{
	if (s->query->v6)
		addresses_of(s, name, DNS_AAAA, t, port, ttl);
	if (s->query->v4)
		addresses_of(s, name, DNS_A, t, port, ttl);
}

/* --- SRV --- */

static u64 below(struct random *r, u64 n)
{
	return random_u64(r) % n;
}

/* Equal weights have no order, whatever the answer's; those of 0 come first (RFC 2782). */
static void shuffle(const struct dns_srv *srv[], size_t n, struct random *r)
{
	const struct dns_srv *kept;
	size_t i, j, zeros = 0;

	for (i = n; i > 1; i--) {
		j = below(r, i);
		kept = srv[j];
		srv[j] = srv[i - 1];
		srv[i - 1] = kept;
	}
	for (i = 0; i < n; i++) {
		if (srv[i]->weight)
			continue;
		kept = srv[i];
		srv[i] = srv[zeros];
		srv[zeros++] = kept;
	}
}

/* One after the other is drawn, with a chance in proportion to its weight (RFC 2782). */
static void weigh(const struct dns_srv *srv[], size_t n, struct random *r)
{
	const struct dns_srv *drawn;
	u64 sum, at;
	size_t i;

	shuffle(srv, n, r);
	for (; n > 1; srv++, n--) {
		for (sum = i = 0; i < n; i++)
			sum += srv[i]->weight;
		at = below(r, sum + 1);
		sum = srv[0]->weight;
		for (i = 0; sum < at; sum += srv[i]->weight)
			i++;
		drawn = srv[i];
		memmove(srv + 1, srv, i * sizeof(*srv));
		srv[0] = drawn;
	}
}

static void order(const struct dns_answer *answer, const struct dns_srv *srv[], struct random *r)
{
	size_t i, at;

	for (i = 0; i < answer->n; i++) {
		const struct dns_srv *one = &answer->records[i].srv;

		for (at = i; at && srv[at - 1]->priority > one->priority; at--)
			srv[at] = srv[at - 1];
		srv[at] = one;
	}
	for (i = 0; i < answer->n; i = at) {
		for (at = i; at < answer->n && srv[at]->priority == srv[i]->priority;)
			at++;
		weigh(srv + i, at - i, r);
	}
}

/* The same draws each time the rules are gone through. */
static struct random generator(const struct search *s, enum transport t)
{
	u8 seed[32] = { [31] = (u8)t };
	struct random r;

	memcpy(seed, &s->query->seed, sizeof(s->query->seed));
	random_init(&r, seed);
	return r;
}

/* The servers of one service. The outcome is that of the SRV question. */
static enum outcome service(struct search *s, enum transport t, const char *name, u32 ttl)
{
	const struct dns_srv *srv[DNS_RECORDS];
	struct random r = generator(s, t);
	const struct dns_answer *answer;
	enum outcome outcome = look(s, name, DNS_SRV, &answer, &ttl);
	size_t i;

	if (outcome != FOUND)
		return outcome;
	order(answer, srv, &r);
	for (i = 0; i < answer->n; i++) {
		if (!srv[i]->target[0])
			s->withdrawn = true;
		else if (srv[i]->port)
			addresses(s, srv[i]->target, t, srv[i]->port, ttl);
	}
	return FOUND;
}

/* --- transports --- */

static bool can(const struct search *s, enum transport t)
{
	return s->transports & 1u << t;
}

/* When nothing says which (RFC 3263 §4.1): UDP, or TLS for sips; or the next that we have. */
static enum transport usual(const struct search *s)
{
	enum transport t = s->query->secure ? TRANSPORT_TLS : TRANSPORT_UDP;

	while (t < TRANSPORT_WSS && !can(s, t))
		t++;
	return t;
}

/* Of several services: one that is there is enough, and one that may be there is no "none". */
static enum outcome either(enum outcome a, enum outcome b)
{
	if (a == FOUND || b == FOUND)
		return FOUND;
	if (a == WAITING || b == WAITING)
		return WAITING;
	return a == FAILED || b == FAILED ? FAILED : ABSENT;
}

static enum outcome own_service(struct search *s, enum transport t)
{
	char name[2 * DNS_NAME];

	snprintf(name, sizeof(name), "%s%s", services[t].prefix, s->out->domain);
	return service(s, t, name, UINT32_MAX);
}

static enum outcome every_service(struct search *s)
{
	enum outcome outcome = ABSENT;
	enum transport t;

	for (t = 0; t < TRANSPORTS; t++)
		if (can(s, t))
			outcome = either(outcome, own_service(s, t));
	return outcome;
}

/* One that leads to the SRV of a transport that would do (RFC 3263 §4.1). */
static bool leads(const struct search *s, const struct dns_naptr *naptr, enum transport *t)
{
	if (naptr->regexp || !naptr->replacement[0] || strcasecmp(naptr->flags, "s"))
		return false;
	for (*t = 0; *t < TRANSPORTS; (*t)++)
		if (can(s, *t) && !strcasecmp(services[*t].service, naptr->service))
			return true;
	return false;
}

struct pointer {
	const struct dns_naptr *naptr;
	enum transport transport;
};

/*
 * Those that lead somewhere, by preference. Only the lowest order that has one counts:
 * what comes behind is not for who can do better (RFC 3403 §4.1).
 */
static size_t pointers(const struct search *s, const struct dns_answer *answer,
		       struct pointer out[DNS_RECORDS])
{
	size_t i, at, n = 0;

	for (i = 0; i < answer->n; i++) {
		const struct dns_naptr *naptr = &answer->records[i].naptr;
		enum transport t;

		if (!leads(s, naptr, &t) || (n && naptr->order > out[0].naptr->order))
			continue;
		if (n && naptr->order < out[0].naptr->order)
			n = 0;
		for (at = n++; at && out[at - 1].naptr->preference > naptr->preference; at--)
			out[at] = out[at - 1];
		out[at] = (struct pointer){ naptr, t };
	}
	return n;
}

static void by_default_port(struct search *s, enum transport t, u32 ttl)
{
	addresses(s, s->out->domain, t, transport_port(t), ttl);
}

/* No port and no transport is given. NAPTR that nobody answers is as good as none. */
static void by_naptr(struct search *s)
{
	struct pointer to[DNS_RECORDS];
	const struct dns_answer *answer;
	enum outcome outcome;
	u32 ttl = UINT32_MAX;
	size_t i, n = 0;

	outcome = look(s, s->out->domain, DNS_NAPTR, &answer, &ttl);
	if (outcome == WAITING)
		return;
	if (outcome == FOUND)
		n = pointers(s, answer, to);
	if (!n) {
		if (every_service(s) == ABSENT)
			by_default_port(s, usual(s), UINT32_MAX);
		return;
	}
	outcome = ABSENT;
	for (i = 0; i < n; i++)
		outcome = either(outcome,
				 service(s, to[i].transport, to[i].naptr->replacement, ttl));
	if (outcome == ABSENT)
		by_default_port(s, to[0].transport, ttl);
}

/* --- the whole --- */

static int fail(struct search *s, int err, const char *why)
{
	s->out->err = err;
	snprintf(s->out->text, sizeof(s->out->text), "%s: %s", s->out->domain, why);
	return 0;
}

static int fail_by(struct search *s, int err, const struct locate_fact *f)
{
	enum dns_status status = f->answer ? f->answer->status : DNS_SERVFAIL;

	s->out->err = err;
	snprintf(s->out->text, sizeof(s->out->text), "%s: %s %s: %s", s->out->domain, f->name,
		 dns_type_name(f->type), dns_status_text(status));
	return 0;
}

static int conclude(struct search *s)
{
	if (s->waiting)
		return -EINPROGRESS;
	if (s->out->n)
		return 0;
	if (s->failed)
		return fail_by(s, -EAGAIN, s->failed);
	if (s->withdrawn)
		return fail(s, -ENOENT, "its SRV says that it has no such service");
	if (s->absent)
		return fail_by(s, -ENOENT, s->absent);
	return fail(s, -ENOENT, "no address that could be used");
}

static int numeric(struct search *s, enum transport t, const struct addr *addr)
{
	const struct locate_query *q = s->query;

	addr_print_ip(addr, s->out->domain);
	if (addr->family == AF_INET ? !q->v4 : !q->v6)
		return fail(s, -EAFNOSUPPORT, "its address family is not ours");
	add(s, t, *addr, q->port ? q->port : transport_port(t), NUMERIC_TTL);
	return 0;
}

/* What sips makes of a transport that was asked for: the same, inside of TLS. */
static enum transport secured(enum transport t)
{
	if (t == TRANSPORT_WS)
		return TRANSPORT_WSS;
	return t == TRANSPORT_WSS ? t : TRANSPORT_TLS;
}

/* Which transports would do. */
static u32 wanted(const struct locate_query *q)
{
	u32 secure = 1u << TRANSPORT_TLS | 1u << TRANSPORT_WSS;

	if (q->has_transport)
		return q->transports & 1u << (q->secure ? secured(q->transport) : q->transport);
	return q->secure ? q->transports & secure : q->transports;
}

int locate_evaluate(const struct locate_query *query, struct locate_facts *facts,
		    struct locate_result *result)
{
	struct search s = { .query = query, .facts = facts, .out = result };
	struct addr addr;

	memset(result, 0, offsetof(struct locate_result, candidates));
	s.transports = wanted(query) & ((1u << TRANSPORTS) - 1);
	snprintf(result->domain, sizeof(result->domain), SLICE_FMT, SLICE_ARG(query->host));
	if (!s.transports)
		return fail(&s, -EPROTONOSUPPORT, "no transport that would do");
	if (addr_parse_ip(query->host, &addr))
		return numeric(&s, usual(&s), &addr);
	if (!dns_name_fold(query->host, result->domain))
		return fail(&s, -EINVAL, "not a name");
	if (query->port)
		addresses(&s, result->domain, usual(&s), query->port, UINT32_MAX);
	else if (!query->has_transport)
		by_naptr(&s);
	else if (own_service(&s, usual(&s)) == ABSENT)
		by_default_port(&s, usual(&s), UINT32_MAX);
	return conclude(&s);
}
