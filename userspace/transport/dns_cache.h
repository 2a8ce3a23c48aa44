/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What name servers said, for as long as they allow. Positive answers are kept for
 * their TTL, at least 1 s and at most a day; "no such name" and "no such record" (RFC
 * 2308) from 5 s to 5 minutes; that nobody could say, 5 s, so that a name server in
 * trouble is not asked for each call. Of a full cache the answer that was not wanted
 * for longest goes. Pure: time is an argument.
 */
#ifndef TRANSPORT_DNS_CACHE_H
#define TRANSPORT_DNS_CACHE_H

#include "base/hash.h"
#include "transport/dns_message.h"

struct dns_cache;

/* At most max answers; NULL: no memory. */
struct dns_cache *dns_cache_new(const struct hash_key *key, size_t max);
void dns_cache_free(struct dns_cache *cache);
/*
 * Keeps its own reference. Without memory it is not kept, which costs a query later.
 * Names are in lower case here.
 */
void dns_cache_add(struct dns_cache *cache, struct slice name, enum dns_type type,
		   struct dns_answer *answer, u64 now);
/* A reference for the caller, good for *ttl seconds still; NULL: not known, or not any more. */
struct dns_answer *dns_cache_find(struct dns_cache *cache, struct slice name, enum dns_type type,
				  u64 now, u32 *ttl);
void dns_cache_clear(struct dns_cache *cache);
size_t dns_cache_size(const struct dns_cache *cache);
u64 dns_cache_evicted(const struct dns_cache *cache);	/* while they were still good */

#endif
