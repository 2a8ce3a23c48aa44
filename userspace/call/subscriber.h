/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The subscribers that are not in the configuration: those of the store, which
 * come and go while the daemon runs.
 */
#ifndef CALL_SUBSCRIBER_H
#define CALL_SUBSCRIBER_H

#include "base/hash.h"
#include "call/policy.h"

struct call_subscribers;

/* key: of the table, unguessable. NULL: no memory. */
struct call_subscribers *call_subscribers_new(const struct hash_key *key);
void call_subscribers_free(struct call_subscribers *s);		/* NULL allowed */
/* Adds one, or gives him other HA1s; domain in any case. 0, -ENOMEM. */
int call_subscribers_set(struct call_subscribers *s, struct slice domain, struct slice user,
			 const struct sip_secret *secret);
int call_subscribers_del(struct call_subscribers *s, struct slice domain, struct slice user);
/* NULL: there is none. Good until he changes or goes. */
const struct sip_secret *call_subscribers_find(const struct call_subscribers *s,
					       struct slice domain, struct slice user);
void call_subscribers_each(const struct call_subscribers *s,
			   void (*each)(void *arg, const char *domain, const char *user, u8 algs),
			   void *arg);
/*
 * The algorithms that domain's users have, these and those of the configuration: what all of
 * them have, so that nobody is asked for what he cannot know; what any of them has, if there is
 * no such. 0: it has no users.
 */
u8 call_subscribers_algs(const struct call_subscribers *s, const struct call_domain *domain);

#endif
