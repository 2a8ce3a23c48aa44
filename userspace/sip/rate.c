// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A bucket is one point in time: when it will be full again. A token taken moves that by
 * the time in which one comes back; a bucket is empty when it is so far ahead that burst
 * of them are out. So nothing has to be refilled, and a bucket that is full says nothing.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "base/timer.h"
#include "sip/rate.h"

#define SETS 4096		/* a power of two */
#define WAYS 4

struct bucket {
	u64 source;		/* IPv4 address, or the upper half of an IPv6 one */
	u64 full;		/* when; in the past: it is, and free to be used for another */
	u8 family;
	bool told;		/* that it is empty */
};

struct sip_rates {
	struct hash_key key;
	u64 interval;		/* ns for a token to come back */
	u64 depth;		/* how far ahead full may be for one more */
	struct bucket sets[SETS][WAYS];
};

struct sip_rates *sip_rates_new(const struct hash_key *key, const struct sip_rate *rate)
{
	struct sip_rates *r = zalloc(sizeof(*r));

	if (!r)
		return NULL;
	r->key = *key;
	r->interval = NSEC_PER_SEC / rate->rate;
	r->depth = (rate->burst ? rate->burst - 1 : 0) * r->interval;
	return r;
}

void sip_rates_free(struct sip_rates *r)
{
	free(r);
}

static u64 source_of(const struct addr *a)
{
	u64 upper;

	if (a->family == AF_INET)
		return a->ip.v4.s_addr;
	memcpy(&upper, &a->ip.v6, sizeof(upper));
	return upper;
}

/* That of source, or the one of its set that is or will be full first. */
static struct bucket *find_bucket(struct sip_rates *r, const struct addr *source)
{
	struct bucket *set, *best;
	u64 id = source_of(source);
	struct hasher h;
	size_t i;

	hash_begin(&h, &r->key);
	hash_add_u64(&h, id);
	hash_add_u64(&h, source->family);
	set = best = r->sets[hash_end(&h) % SETS];
	for (i = 0; i < WAYS; i++) {
		if (set[i].source == id && set[i].family == source->family)
			return &set[i];
		if (set[i].full < best->full)
			best = &set[i];
	}
	*best = (struct bucket){ .source = id, .family = source->family };
	return best;
}

enum sip_rate_verdict sip_rates_take(struct sip_rates *r, u64 now, const struct addr *source)
{
	struct bucket *b = find_bucket(r, source);
	u64 full = b->full > now ? b->full : now;
	bool told = b->told && full > now;

	if (full - now > r->depth) {
		b->told = true;
		return told ? SIP_RATE_ABOVE : SIP_RATE_FIRST_ABOVE;
	}
	b->told = told;
	b->full = full + r->interval;
	return SIP_RATE_WITHIN;
}
