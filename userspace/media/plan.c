// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Plans are plain data in one block: compared field by field, so that padding
 * and order of allocation do not matter.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "media/plan.h"

/* Ends, flows, payloads and tag in one block, with room for so many of each. */
static struct media_plan *new_plan(u64 session, size_t nends, size_t nflows, size_t npayloads,
				   const char *tag)
{
	struct media_plan *plan;
	char *end;

	plan = zalloc(sizeof(*plan) + nends * sizeof(*plan->ends) +
			 nflows * sizeof(*plan->flows) +
			 npayloads * sizeof(*plan->ends->payloads) + strlen(tag) + 1);
	if (!plan)
		return NULL;
	plan->refs = 1;
	plan->session = session;
	plan->nends = nends;
	plan->nflows = nflows;
	plan->ends = (struct media_end *)(plan + 1);
	plan->flows = (struct media_flow *)(plan->ends + nends);
	end = (char *)((struct media_payload *)(plan->flows + nflows) + npayloads);
	plan->tag = strcpy(end, tag);
	return plan;
}

struct media_plan *media_plan_get(struct media_plan *plan)
{
	plan->refs++;
	return plan;
}

void media_plan_put(struct media_plan *plan)
{
	if (plan && !--plan->refs)
		free(plan);
}

static struct media_payload *payloads_of(struct media_plan *plan)
{
	return (struct media_payload *)(plan->flows + plan->nflows);
}

struct media_plan *media_plan_new(u64 session, size_t nends, size_t nflows)
{
	struct media_plan *plan = new_plan(session, nends, nflows, nends * MEDIA_PLAN_PAYLOADS, "");
	size_t i;

	for (i = 0; plan && i < nends; i++)
		plan->ends[i].payloads = payloads_of(plan) + i * MEDIA_PLAN_PAYLOADS;
	return plan;
}

/* Ends with their payloads, which take room at *room. */
static void copy_ends(struct media_end *to, const struct media_end *from, size_t n,
		      struct media_payload **room)
{
	size_t i;

	for (i = 0; i < n; i++) {
		to[i] = from[i];
		to[i].payloads = *room;
		memcpy(*room, from[i].payloads, from[i].npayloads * sizeof(**room));
		*room += from[i].npayloads;
	}
}

static size_t count_payloads(const struct media_plan *plan)
{
	size_t i, n = 0;

	for (i = 0; i < plan->nends; i++)
		n += plan->ends[i].npayloads;
	return n;
}

struct media_plan *media_plan_join(struct media_plan *const *plans, size_t n)
{
	size_t i, nends = 0, nflows = 0, npayloads = 0;
	struct media_payload *room;
	struct media_plan *joined;

	for (i = 0; i < n; i++) {
		nends += plans[i]->nends;
		nflows += plans[i]->nflows;
		npayloads += count_payloads(plans[i]);
	}
	joined = new_plan(plans[0]->session, nends, nflows, npayloads, plans[0]->tag);
	if (!joined)
		return NULL;
	room = payloads_of(joined);
	nends = nflows = 0;
	for (i = 0; i < n; i++) {
		copy_ends(joined->ends + nends, plans[i]->ends, plans[i]->nends, &room);
		memcpy(joined->flows + nflows, plans[i]->flows,
		       plans[i]->nflows * sizeof(*joined->flows));
		nends += plans[i]->nends;
		nflows += plans[i]->nflows;
	}
	joined->digest = media_plan_digest(joined);
	return joined;
}

struct media_plan *media_plan_copy(const struct media_plan *plan)
{
	struct media_plan *copy = new_plan(plan->session, plan->nends, plan->nflows,
					   count_payloads(plan), plan->tag);
	struct media_payload *room;

	if (!copy)
		return NULL;
	copy->digest = plan->digest;
	room = payloads_of(copy);
	copy_ends(copy->ends, plan->ends, plan->nends, &room);
	memcpy(copy->flows, plan->flows, plan->nflows * sizeof(*copy->flows));
	return copy;
}

static bool payloads_equal(const struct media_end *a, const struct media_end *b)
{
	size_t i;

	if (a->npayloads != b->npayloads)
		return false;
	for (i = 0; i < a->npayloads; i++)
		if (a->payloads[i].pt != b->payloads[i].pt ||
		    a->payloads[i].kind != b->payloads[i].kind ||
		    a->payloads[i].clock_rate != b->payloads[i].clock_rate)
			return false;
	return true;
}

static bool end_equal(const struct media_end *a, const struct media_end *b)
{
	return a->id == b->id && addr_eq(&a->local, &b->local) &&
	       addr_eq(&a->remote, &b->remote) && a->accept == b->accept &&
	       a->latch == b->latch && a->latch_open == b->latch_open &&
	       a->latch_epoch == b->latch_epoch && a->idle_ms == b->idle_ms &&
	       payloads_equal(a, b);
}

bool media_plan_equal(const struct media_plan *a, const struct media_plan *b)
{
	size_t i;

	if (a->session != b->session || a->nends != b->nends || a->nflows != b->nflows ||
	    strcmp(a->tag, b->tag))
		return false;
	for (i = 0; i < a->nends; i++)
		if (!end_equal(&a->ends[i], &b->ends[i]))
			return false;
	for (i = 0; i < a->nflows; i++)
		if (a->flows[i].source != b->flows[i].source ||
		    a->flows[i].dest != b->flows[i].dest)
			return false;
	return true;
}

/* As splitmix64 does, a number at a time: a fingerprint, not a defence. */
static u64 mix(u64 hash, u64 value)
{
	hash = (hash ^ value) * 0xbf58476d1ce4e5b9ull;
	hash = (hash ^ hash >> 29) * 0x94d049bb133111ebull;
	return hash ^ hash >> 32;
}

static u64 mix_addr(u64 hash, const struct addr *a)
{
	u64 half[2] = { 0 };

	memcpy(half, &a->ip, a->family == AF_INET ? 4 : a->family == AF_INET6 ? 16 : 0);
	hash = mix(hash, (u64)a->scope << 32 | (u64)a->port << 16 | a->family);
	return mix(mix(hash, half[0]), half[1]);
}

u64 media_plan_digest(const struct media_plan *plan)
{
	u64 hash = mix(0xcbf29ce484222325ull, plan->session);
	size_t i, j;

	for (i = 0; i < plan->nends; i++) {
		const struct media_end *end = &plan->ends[i];

		hash = mix_addr(mix_addr(mix(hash, end->id), &end->local), &end->remote);
		hash = mix(mix(mix(hash, end->accept), end->latch), end->latch_open);
		hash = mix(mix(hash, end->latch_epoch), end->idle_ms);
		for (j = 0; j < end->npayloads; j++)
			hash = mix(mix(mix(hash, end->payloads[j].pt), end->payloads[j].kind),
				   end->payloads[j].clock_rate);
	}
	for (i = 0; i < plan->nflows; i++)
		hash = mix(mix(hash, plan->flows[i].source), plan->flows[i].dest);
	return hash;
}
