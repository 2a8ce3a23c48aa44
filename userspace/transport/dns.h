/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names, without ever waiting for one: an answer that is known (/etc/hosts, the cache)
 * is there at once, any other is asked for through c-ares, whose sockets and timeouts
 * are watched by the daemon's loop. Who asks keeps a struct dns_lookup until it is
 * done or cancelled. Equal questions at the same time are one query. Everything
 * happens in the thread of the loop, and nothing is called back from inside a call.
 */
#ifndef TRANSPORT_DNS_H
#define TRANSPORT_DNS_H

#include <uv.h>

#include "base/hash.h"
#include "base/list.h"
#include "transport/dns_message.h"

struct dns;

struct dns_conf {
	const char *servers;		/* "ip:port,[ip6]:port"; NULL: those of resolv.conf */
	const char *resolv_conf;	/* NULL: /etc/resolv.conf */
	const char *hosts;		/* NULL: /etc/hosts */
	u32 timeout_ms, tries;		/* of each server; 0: 2000, 2 */
	u32 max_queries;		/* in flight; 0: 256 */
	u32 max_cached;			/* answers; 0: 2048 */
	struct hash_key key;
	u64 (*now)(void *arg);		/* the cache's clock, in ns; NULL: uv_hrtime() */
	void *now_arg;
};

/* The strings of conf are not kept. 0 or -errno; -EINVAL: servers cannot be read. */
int dns_new(struct dns **out, uv_loop_t *loop, const struct dns_conf *conf);
/*
 * Reads both files again, takes these servers and forgets what was said before. What
 * is being asked for is asked for again. On an error all stays as it was.
 */
int dns_reload(struct dns *dns, const char *servers);
/*
 * Lookups that are left hear nothing any more. Not from inside of one's done(). The
 * memory goes when the loop runs next.
 */
void dns_free(struct dns *dns);

struct dns_lookup {
	struct list node;
	void (*done)(struct dns_lookup *lookup);
	/* Counted for whoever asked; NULL: there was no memory for it. */
	struct dns_answer *answer;
	u32 ttl;			/* seconds that it is good for still */
};

/*
 * 0: known, lookup->answer is set. -EINPROGRESS: lookup->done() will be called, once.
 * -EINVAL: not a name that could be asked for. -ENOBUFS: too many are asked for. -ENOMEM.
 */
int dns_ask(struct dns *dns, struct slice name, enum dns_type type, struct dns_lookup *lookup);
/* lookup->done() is called at the loop's next turn, though nothing is asked for. */
void dns_later(struct dns *dns, struct dns_lookup *lookup);
/* Lets go of the answer; done() is not called any more. Harmless after it was. */
void dns_cancel(struct dns_lookup *lookup);

/* Ends with name NULL. */
struct dns_counter {
	const char *name;
	u64 value;
};
const struct dns_counter *dns_counters(struct dns *dns);

#endif
