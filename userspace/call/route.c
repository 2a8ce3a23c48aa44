// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The route table: ordered, the first match decides; emergency routes stand in front. A
 * route matches on what it names and on nothing else. Calls and the administrator's
 * question which route a call would take go through the same function. A pattern that
 * gives up ends the search: what was to be refused by it must not pass by a later route.
 */
#include <errno.h>

#include "base/buf.h"
#include "call/header_private.h"

/* 1: met, 0: not, -E2BIG: nobody knows. */
typedef int condition_fn(const struct call_route *route, const struct call_subject *s);

static int from_realm(const struct call_route *route, const struct call_subject *s)
{
	return route->from_realm < 0 || route->from_realm == s->realm;
}

static int from_trunk(const struct call_route *route, const struct call_subject *s)
{
	return route->from_trunk < 0 || route->from_trunk == s->trunk;
}

static int has_source(const struct call_route *route, const struct call_subject *s)
{
	return !route->match.has_source ||
	       (s->source.family && prefix_contains(&route->match.source, &s->source));
}

const char *const call_route_methods[] = {
	"INVITE", "MESSAGE", "REFER", "SUBSCRIBE", "PUBLISH", NULL
};

static int has_method(const struct call_route *route, const struct call_subject *s)
{
	return !route->match.method ||
	       slice_eq(slice_str(route->match.method), s->msg->method_name);
}

static int fits(const struct call_pattern *pattern, struct slice text)
{
	return pattern ? call_pattern_match(pattern, text) : 1;
}

static int has_number(const struct call_route *route, const struct call_subject *s)
{
	return slice_begins(s->number, slice_str(route->match.number.prefix));
}

static int fits_number(const struct call_route *route, const struct call_subject *s)
{
	return fits(route->match.number.pattern, s->number);
}

static int has_domain(const struct call_route *route, const struct call_subject *s)
{
	return !route->match.domain || slice_caseeq(slice_str(route->match.domain), s->domain);
}

static int fits_domain(const struct call_route *route, const struct call_subject *s)
{
	return fits(route->match.domain_pattern, s->domain);
}

static int has_from(const struct call_route *route, const struct call_subject *s)
{
	return slice_begins(s->from, slice_str(route->match.from.prefix));
}

static int fits_from(const struct call_route *route, const struct call_subject *s)
{
	return fits(route->match.from.pattern, s->from);
}

static bool is_named(const struct sip_hdr *hdr, const char *name, enum sip_hdr_id id)
{
	return hdr->id == id &&
	       (id != SIP_HDR_OTHER || slice_caseeq(hdr->name, slice_str(name)));
}

/* A folded value counts as one line: it means the same (RFC 3261 §7.3.1). */
static int fits_value(const struct call_pattern *pattern, struct slice value)
{
	struct buf b;
	int fits;

	if (!memchr(value.p, '\n', value.n))
		return call_pattern_match(pattern, value);
	buf_init(&b);
	call_add_unfolded(&b, value);
	fits = b.failed ? -E2BIG : call_pattern_match(pattern, buf_slice(&b));
	buf_free(&b);
	return fits;
}

static int fits_header(const struct call_header_match *match, const struct sip_msg *msg)
{
	enum sip_hdr_id id = sip_hdr_id_of(slice_str(match->name));
	int found = 0;
	size_t i;

	for (i = 0; i < msg->nhdrs && !found; i++)
		if (is_named(&msg->hdrs[i], match->name, id))
			found = fits_value(match->pattern, msg->hdrs[i].value);
	return found;
}

/* Cheap ones first. */
static const struct {
	const char *key;
	condition_fn *met;
} conditions[] = {
	{ "realm", from_realm },
	{ "trunk", from_trunk },
	{ "source", has_source },
	{ "method", has_method },
	{ "number", has_number },
	{ "domain", has_domain },
	{ "from-number", has_from },
	{ "number-pattern", fits_number },
	{ "domain-pattern", fits_domain },
	{ "from-number-pattern", fits_from },
};

static bool has_target(const struct call_policy *p, const struct call_route *route)
{
	size_t i;

	for (i = 0; i < route->nto; i++)
		if (p->trunks[route->to[i].trunk].ntargets)
			return true;
	return route->reject || route->registrar;
}

/* The first condition that is not met; NULL: all are. *header: the one that it is about. */
static const char *failure_of(const struct call_policy *p, const struct call_route *route,
			      const struct call_subject *s, const char **header, bool *gave_up)
{
	int met = 1;
	size_t i;

	*header = NULL;
	for (i = 0; i < sizeof(conditions) / sizeof(*conditions); i++) {
		met = conditions[i].met(route, s);
		*gave_up = met < 0;
		if (met != 1)
			return conditions[i].key;
	}
	for (i = 0; i < route->match.nheaders; i++) {
		met = fits_header(&route->match.headers[i], s->msg);
		*gave_up = met < 0;
		*header = route->match.headers[i].name;
		if (met != 1)
			return "headers";
	}
	*header = NULL;
	return has_target(p, route) ? NULL : "to";
}

/* Among the first n. */
static struct call_choice find(const struct call_policy *p, size_t n,
			       const struct call_subject *s, const struct call_explain *explain)
{
	struct call_choice choice = { 0 };
	size_t i;

	for (i = 0; i < n && (explain || !choice.route); i++) {
		const struct call_route *route = &p->routes[i];
		const char *header, *failed;
		bool gave_up;

		failed = failure_of(p, route, s, &header, &gave_up);
		if (explain)
			explain->each(explain->arg, route, gave_up ? "limit" : failed, header);
		if (!choice.route && (!failed || gave_up))
			choice = (struct call_choice){ route, gave_up };
	}
	return choice;
}

struct call_choice call_route_find(const struct call_policy *p, const struct call_subject *s,
				   const struct call_explain *explain)
{
	return find(p, p->nroutes, s, explain);
}

bool call_is_emergency(const struct call_policy *p, const struct call_subject *s)
{
	struct call_choice choice;
	size_t n = 0;

	while (n < p->nroutes && p->routes[n].emergency)
		n++;
	if (!n)
		return false;
	choice = find(p, n, s, NULL);
	return choice.route && !choice.gave_up;
}

int call_policy_listener(const struct call_policy *p, size_t realm, enum transport transport,
			 u8 family, const struct sip_listener *listeners, size_t n)
{
	const struct call_realm *r = &p->realms[realm];
	size_t i;

	for (i = r->first_listener; i < n && i - r->first_listener < r->nlisteners; i++)
		if (listeners[i].transport == transport && listeners[i].local.family == family)
			return (int)i;
	return -1;
}
