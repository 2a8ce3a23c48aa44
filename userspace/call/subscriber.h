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
/*
 * Adds one, or gives him other HA1s; domain in any case. The number of his record is in
 * *record: of a new one any number, or, with 0, one that is none's. 0, -ENOMEM.
 */
int call_subscribers_set(struct call_subscribers *s, struct slice domain, struct slice user,
			 const struct sip_secret *secret, u64 *record);
/* 0 with the number of his record; -ENOENT. */
int call_subscribers_del(struct call_subscribers *s, struct slice domain, struct slice user,
			 u64 *record);
/* NULL: there is none. Good until he changes or goes. */
const struct sip_secret *call_subscribers_find(const struct call_subscribers *s,
					       struct slice domain, struct slice user);
void call_subscribers_each(const struct call_subscribers *s,
			   void (*each)(void *arg, const char *domain, const char *user, u8 algs),
			   void *arg);
/* A user name that may be one: as of the configuration. */
bool call_subscriber_name(struct slice user);
/* What is written down of one: JSON, malloc'ed, that its owner wipes. NULL: no memory. */
char *call_subscriber_print(struct slice domain, struct slice user,
			    const struct sip_secret *secret);
/* And back, as record. NULL; or what is wrong: the name of a member, "JSON" or "memory". */
const char *call_subscribers_restore(struct call_subscribers *s, u64 record, struct slice text);
/* The HA1s of a password by every algorithm. false: there is none. */
bool call_subscriber_hash(struct sip_secret *secret, struct slice user, struct slice realm,
			  struct slice password);
/*
 * The algorithms that domain's users have, these and those of the configuration: what all of
 * them have, so that nobody is asked for what he cannot know; what any of them has, if there is
 * no such; and of these only what the configuration lets it offer. 0: nobody can prove anything.
 */
u8 call_subscribers_algs(const struct call_subscribers *s, const struct call_domain *domain);

#endif
