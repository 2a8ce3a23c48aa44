// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each range keeps a byte a pair (free, used) and a queue of pairs that rest.
 * A draw begins at a random pair and takes the next free one, so that it ends
 * also when nearly all are taken; a guesser gains nothing from the neighbours,
 * since the pair of a call says little about the next draw.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/timer.h"
#include "media/port.h"

#define REST (30 * NSEC_PER_SEC)

enum pair_state { PAIR_FREE, PAIR_USED, PAIR_RESTING };

struct resting {
	u64 until;
	u32 pair;
};

struct pool {
	struct media_range range;
	u32 npairs, used;
	u8 *state;
	struct resting *queue;		/* ring of npairs */
	u32 head, nqueue;
};

struct media_ports {
	u64 random;
	bool scarce;			/* as it was seen last */
	size_t npools;
	struct pool pools[];
};

/* splitmix64: spreads draws; the seed comes from the engine's keyed generator. */
static u64 next_random(struct media_ports *p)
{
	u64 z = p->random += 0x9e3779b97f4a7c15ull;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static u16 first_port(const struct media_range *range)
{
	return range->min + (range->min & 1);
}

static int pool_init(struct pool *pool, const struct media_range *range)
{
	u32 first = first_port(range);

	pool->range = *range;
	pool->npairs = range->max > first ? (range->max - first + 1) / 2 : 0;
	if (!pool->npairs)
		return 0;
	pool->state = calloc(pool->npairs, 1);
	pool->queue = calloc(pool->npairs, sizeof(*pool->queue));
	return pool->state && pool->queue ? 0 : -ENOMEM;
}

struct media_ports *media_ports_new(const struct media_range *ranges, size_t n, u64 seed)
{
	struct media_ports *p = zalloc(sizeof(*p) + n * sizeof(p->pools[0]));
	size_t i;

	if (!p)
		return NULL;
	p->random = seed;
	p->npools = n;
	for (i = 0; i < n; i++) {
		if (pool_init(&p->pools[i], &ranges[i])) {
			media_ports_free(p);
			return NULL;
		}
	}
	return p;
}

void media_ports_free(struct media_ports *p)
{
	size_t i;

	if (!p)
		return;
	for (i = 0; i < p->npools; i++) {
		free(p->pools[i].state);
		free(p->pools[i].queue);
	}
	free(p);
}

static void wake_rested(struct pool *pool, u64 now)
{
	while (pool->nqueue && pool->queue[pool->head].until <= now) {
		pool->state[pool->queue[pool->head].pair] = PAIR_FREE;
		pool->head = (pool->head + 1) % pool->npairs;
		pool->nqueue--;
	}
}

static int pool_take(struct media_ports *p, struct pool *pool, u64 now,
		     struct addr *rtp, struct addr *advertised)
{
	u32 i, start, pair;

	wake_rested(pool, now);
	if (pool->used + pool->nqueue == pool->npairs)
		return -ENOSPC;
	start = next_random(p) % pool->npairs;
	for (i = 0; i < pool->npairs; i++) {
		pair = (start + i) % pool->npairs;
		if (pool->state[pair] != PAIR_FREE)
			continue;
		pool->state[pair] = PAIR_USED;
		pool->used++;
		*rtp = pool->range.address;
		rtp->port = first_port(&pool->range) + 2 * pair;
		*advertised = pool->range.advertise;
		advertised->port = rtp->port;
		return 0;
	}
	return -ENOSPC;
}

int media_ports_take(struct media_ports *p, u64 now, u8 family,
		     struct addr *rtp, struct addr *advertised)
{
	int err = -EAFNOSUPPORT;
	size_t i;

	for (i = 0; i < p->npools; i++) {
		if (family && p->pools[i].range.address.family != family)
			continue;
		err = pool_take(p, &p->pools[i], now, rtp, advertised);
		if (!err)
			return 0;
	}
	return err;
}

/* The pair of pool that rtp is in; npairs: none. */
static u32 pair_of(const struct pool *pool, const struct addr *rtp)
{
	u32 first = first_port(&pool->range), pair;

	if (!addr_ip_eq(&pool->range.address, rtp) || rtp->port < first)
		return pool->npairs;
	pair = (rtp->port - first) / 2;
	return pair < pool->npairs ? pair : pool->npairs;
}

/* It rests no longer: what is behind it in the queue moves up. */
static void unrest(struct pool *pool, u32 pair)
{
	u32 i = 0, at, next;

	while (pool->queue[(pool->head + i) % pool->npairs].pair != pair)
		i++;
	for (; i + 1 < pool->nqueue; i++) {
		at = (pool->head + i) % pool->npairs;
		next = (at + 1) % pool->npairs;
		pool->queue[at] = pool->queue[next];
	}
	pool->nqueue--;
}

int media_ports_claim(struct media_ports *p, const struct addr *rtp, struct addr *advertised)
{
	size_t i;

	for (i = 0; i < p->npools; i++) {
		struct pool *pool = &p->pools[i];
		u32 pair = pair_of(pool, rtp);

		if (pair == pool->npairs || rtp->port != first_port(&pool->range) + 2 * pair)
			continue;
		if (pool->state[pair] == PAIR_USED)
			return -EADDRINUSE;
		if (pool->state[pair] == PAIR_RESTING)
			unrest(pool, pair);
		pool->state[pair] = PAIR_USED;
		pool->used++;
		*advertised = pool->range.advertise;
		advertised->port = rtp->port;
		return 0;
	}
	return -EADDRNOTAVAIL;
}

void media_ports_release(struct media_ports *p, u64 now, const struct addr *rtp)
{
	size_t i;
	u32 pair;

	for (i = 0; i < p->npools; i++) {
		struct pool *pool = &p->pools[i];

		pair = pair_of(pool, rtp);
		if (pair == pool->npairs || pool->state[pair] != PAIR_USED)
			continue;
		pool->state[pair] = PAIR_RESTING;
		pool->used--;
		pool->queue[(pool->head + pool->nqueue++) % pool->npairs] =
			(struct resting){ now + REST, pair };
		return;
	}
}

static u32 pool_free_now(struct pool *pool, u64 now)
{
	wake_rested(pool, now);
	return pool->npairs - pool->used - pool->nqueue;
}

static bool family_scarce(struct media_ports *p, u64 now, u32 percent, u8 family)
{
	u64 pairs = 0, available = 0;
	size_t i;

	for (i = 0; i < p->npools; i++) {
		if (p->pools[i].range.address.family != family)
			continue;
		pairs += p->pools[i].npairs;
		available += pool_free_now(&p->pools[i], now);
	}
	return available * 100 < pairs * percent;
}

bool media_ports_scarce(struct media_ports *p, u64 now, u32 percent)
{
	u32 enough = p->scarce ? percent + percent / 3 : percent;

	p->scarce = family_scarce(p, now, enough, AF_INET) ||
		    family_scarce(p, now, enough, AF_INET6);
	return p->scarce;
}

size_t media_ports_used(const struct media_ports *p)
{
	size_t i, used = 0;

	for (i = 0; i < p->npools; i++)
		used += p->pools[i].used;
	return used;
}

size_t media_ports_free_now(struct media_ports *p, u64 now)
{
	size_t i, n = 0;

	for (i = 0; i < p->npools; i++)
		n += pool_free_now(&p->pools[i], now);
	return n;
}
