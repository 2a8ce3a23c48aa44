// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Our domains and those of their subscribers that are in the configuration.
 */
#include <stdlib.h>

#include "call/policy.h"
#include "call/policy_private.h"

void call_domain_free(struct call_domain *domain)
{
	size_t i;

	for (i = 0; i < domain->nsubscribers; i++) {
		sip_secret_wipe(&domain->subscribers[i].secret);
		free(domain->subscribers[i].user);
	}
	free(domain->subscribers);
	free(domain->realms);
	while (domain->nservice_routes)
		free(domain->service_routes[--domain->nservice_routes]);
	free(domain->service_routes);
	free(domain->name);
	free(domain->auth_realm);
}

const struct call_domain *call_policy_domain(const struct call_policy *p, struct slice name)
{
	size_t i;

	for (i = 0; i < p->ndomains; i++)
		if (slice_caseeq(slice_str(p->domains[i].name), name))
			return &p->domains[i];
	return NULL;
}

bool call_domain_serves(const struct call_domain *domain, int realm)
{
	size_t i;

	for (i = 0; realm >= 0 && i < domain->nrealms; i++)
		if (domain->realms[i] == (size_t)realm)
			return true;
	return false;
}

static int compare(struct slice a, struct slice b)
{
	int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int by_user(const void *a, const void *b)
{
	const struct call_subscriber *one = a, *other = b;

	return compare(slice_str(one->user), slice_str(other->user));
}

static void count(struct call_domain *domain, const struct sip_secret *secret)
{
	size_t alg;

	for (alg = 0; alg < SIP_DIGEST_ALGS; alg++)
		if (secret->has & SIP_DIGEST_BIT(alg))
			domain->have[alg]++;
}

void call_domain_complete(struct call_domain *domain)
{
	size_t i;

	for (i = 0; i < domain->nsubscribers; i++)
		count(domain, &domain->subscribers[i].secret);
	if (domain->nsubscribers)
		qsort(domain->subscribers, domain->nsubscribers, sizeof(*domain->subscribers),
		      by_user);
}

const struct call_subscriber *call_domain_subscriber(const struct call_domain *domain,
						     struct slice user)
{
	size_t from = 0, to = domain->nsubscribers;

	while (from < to) {
		size_t at = from + (to - from) / 2;
		int order = user.n ? compare(user, slice_str(domain->subscribers[at].user)) : -1;

		if (!order)
			return &domain->subscribers[at];
		if (order < 0)
			to = at;
		else
			from = at + 1;
	}
	return NULL;
}
