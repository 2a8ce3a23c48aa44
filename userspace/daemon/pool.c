// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Port pools outlive the configuration that named them: calls that began before
 * a reload still hold ports, and a realm that did not change must not hand the
 * same port out twice. So pools are found by realm and ranges, and kept until
 * the daemon ends.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "daemon/daemon.h"

static bool same_range(const struct media_range *a, const struct media_range *b)
{
	return addr_ip_eq(&a->address, &b->address) && addr_ip_eq(&a->advertise, &b->advertise) &&
	       a->min == b->min && a->max == b->max;
}

static bool serves(const struct daemon_pool *pool, const struct call_realm *realm)
{
	size_t i;

	if (strcmp(pool->realm, realm->name) || pool->nranges != realm->nmedia)
		return false;
	for (i = 0; i < pool->nranges; i++)
		if (!same_range(&pool->ranges[i], &realm->media[i]))
			return false;
	return true;
}

static void free_pool(struct daemon_pool *pool)
{
	media_ports_free(pool->ports);
	free(pool->ranges);
	free(pool->realm);
	free(pool);
}

static struct daemon_pool *new_pool(const struct call_realm *realm)
{
	struct daemon_pool *pool = calloc(1, sizeof(*pool));
	u64 seed;

	if (!pool)
		return NULL;
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		goto err_pool;
	pool->realm = strdup(realm->name);
	pool->nranges = realm->nmedia;
	pool->ranges = calloc(realm->nmedia + 1, sizeof(*pool->ranges));
	if (!pool->realm || !pool->ranges)
		goto err_pool;
	memcpy(pool->ranges, realm->media, realm->nmedia * sizeof(*pool->ranges));
	pool->ports = media_ports_new(pool->ranges, pool->nranges, seed);
	if (!pool->ports)
		goto err_pool;
	return pool;

err_pool:
	free(pool->ranges);
	free(pool->realm);
	free(pool);
	return NULL;
}

int daemon_pools_fill(struct daemon *d, struct call_policy *policy)
{
	size_t i;

	for (i = 0; i < policy->nrealms; i++) {
		struct call_realm *realm = &policy->realms[i];
		struct daemon_pool *pool;

		for (pool = d->pools; pool; pool = pool->next)
			if (serves(pool, realm))
				break;
		if (!pool) {
			pool = new_pool(realm);
			if (!pool)
				return -ENOMEM;
			pool->next = d->pools;
			d->pools = pool;
		}
		realm->ports = pool->ports;
	}
	return 0;
}

void daemon_pools_free(struct daemon *d)
{
	while (d->pools) {
		struct daemon_pool *pool = d->pools;

		d->pools = pool->next;
		free_pool(pool);
	}
}
