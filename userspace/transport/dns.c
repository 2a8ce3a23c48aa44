// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A question is a flight while c-ares has it, with those who want to know on its
 * list. c-ares calls us back at times of its own choice, also from inside of a call to
 * it; so its callback only puts the answer into the cache and those who wait for it on
 * the ready list. From there they are called by the timer or behind a socket event,
 * where nobody is in the middle of anything. Who stops waiting leaves the list; the
 * flight goes on, for the cache.
 */
#include <ares.h>
#include <errno.h>
#include <stdlib.h>

#include "base/timer.h"
#include "transport/dns.h"
#include "transport/dns_cache.h"
#include "transport/hosts.h"

#define EDNS_BYTES 1232		/* not fragmented on any usual path */
#define CLASS_IN 1

#define DNS_COUNTERS(X) \
	X(QUERIES,	"dns-queries") \
	X(SHARED,	"dns-queries-shared") \
	X(HITS,		"dns-cache-hits") \
	X(NEGATIVE,	"dns-negative-hits") \
	X(HOSTS,	"dns-hosts-hits") \
	X(FAILURES,	"dns-failures") \
	X(TIMEOUTS,	"dns-timeouts") \
	X(MALFORMED,	"dns-malformed") \
	X(REFUSED,	"dns-refused") \
	X(EVICTED,	"dns-cache-evicted") \
	X(CACHED,	"dns-cached") \
	X(FLIGHTS,	"dns-in-flight")

enum dns_count {
#define DNS_COUNT_ID(id, name) DNS_COUNT_##id,
	DNS_COUNTERS(DNS_COUNT_ID)
#undef DNS_COUNT_ID
	DNS_COUNTS,
};

struct dns {
	uv_loop_t *loop;
	uv_timer_t timer;
	ares_channel channel;
	struct dns_conf conf;		/* strings are copies, or NULL */
	struct hosts *hosts;
	struct dns_cache *cache;
	struct hash flights;
	struct list watches;
	struct list ready;		/* lookups whose done() is to be called */
	bool reloading;
	struct dns_counter counters[DNS_COUNTS + 1];
};

struct flight {
	struct hash_node node;
	struct dns *dns;
	struct list lookups;
	enum dns_type type;
	char name[DNS_NAME];
};

/* A socket of c-ares. */
struct watch {
	struct list node;
	uv_poll_t poll;
	struct dns *dns;
	int fd;
};

static void count(struct dns *dns, enum dns_count which)
{
	dns->counters[which].value++;
}

static u64 now(const struct dns *dns)
{
	return dns->conf.now ? dns->conf.now(dns->conf.now_arg) : uv_hrtime();
}

/* --- turns of the loop --- */

static void due(uv_timer_t *timer);

/* When to be woken: at once for those who are ready, else when c-ares wants to be. */
static void schedule(struct dns *dns)
{
	struct timeval tv, *at = ares_timeout(dns->channel, NULL, &tv);
	u64 ms = 0;

	if (!at && list_empty(&dns->ready)) {
		uv_timer_stop(&dns->timer);
		return;
	}
	if (list_empty(&dns->ready))
		ms = (u64)tv.tv_sec * 1000 + ((u64)tv.tv_usec + 999) / 1000;
	uv_timer_start(&dns->timer, due, ms, 0);
}

/* Those who become ready by this have the next turn: the loop is not held up. */
static void deliver(struct dns *dns)
{
	struct list last;

	list_add_tail(&dns->ready, &last);
	while (dns->ready.next != &last) {
		struct dns_lookup *l = list_entry(dns->ready.next, struct dns_lookup, node);

		list_del(&l->node);
		l->done(l);
	}
	list_del(&last);
	schedule(dns);
}

static void due(uv_timer_t *timer)
{
	struct dns *dns = timer->data;

	ares_process_fd(dns->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	deliver(dns);
}

/* --- sockets --- */

static void socket_ready(uv_poll_t *poll, int status, int events)
{
	struct watch *w = poll->data;
	struct dns *dns = w->dns;
	int fd = w->fd;		/* the watch may end inside */

	/* of an error c-ares learns by reading */
	if (status < 0)
		events = UV_READABLE | UV_WRITABLE;
	ares_process_fd(dns->channel, events & UV_READABLE ? fd : ARES_SOCKET_BAD,
			events & UV_WRITABLE ? fd : ARES_SOCKET_BAD);
	deliver(dns);
}

static void watch_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void unwatch(struct watch *w)
{
	list_del(&w->node);
	uv_close((uv_handle_t *)&w->poll, watch_closed);
}

static struct watch *find_watch(struct dns *dns, int fd)
{
	struct list *at;

	for (at = dns->watches.next; at != &dns->watches; at = at->next) {
		struct watch *w = list_entry(at, struct watch, node);

		if (w->fd == fd)
			return w;
	}
	return NULL;
}

/* A socket that we cannot watch is silent: its queries end by their timeout. */
static struct watch *new_watch(struct dns *dns, int fd)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	if (uv_poll_init(dns->loop, &w->poll, fd)) {
		free(w);
		return NULL;
	}
	w->poll.data = w;
	w->dns = dns;
	w->fd = fd;
	list_add_tail(&dns->watches, &w->node);
	return w;
}

/* c-ares opened or closed a socket (both false), or waits for something else on it. */
static void socket_changed(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct dns *dns = arg;
	struct watch *w = find_watch(dns, fd);

	if (!readable && !writable) {
		if (w)
			unwatch(w);
		return;
	}
	if (!w)
		w = new_watch(dns, fd);
	if (w)
		uv_poll_start(&w->poll, (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0),
			      socket_ready);
}

/* --- questions --- */

static struct dns_answer *judge(struct dns *dns, const struct flight *f, int status,
				struct slice bytes)
{
	struct dns_answer *answer;

	if (bytes.n) {
		int err = dns_message_parse(bytes, slice_str(f->name), f->type, &answer);

		if (!err)
			return answer;
		if (err == -ENOMEM)
			return NULL;
		count(dns, DNS_COUNT_MALFORMED);
		return dns_answer_new(DNS_SERVFAIL, 0, 0);
	}
	switch (status) {
	case ARES_ENOTFOUND:	/* c-ares knows by itself: .onion */
		return dns_answer_new(DNS_NXDOMAIN, 0, 0);
	case ARES_ETIMEOUT:
		return dns_answer_new(DNS_TIMEOUT, 0, 0);
	case ARES_ENOMEM:
		return NULL;
	default:
		/* each of them refused or failed: c-ares calls both ARES_ECONNREFUSED */
		return dns_answer_new(DNS_SERVFAIL, 0, 0);
	}
}

static void drop(struct flight *f)
{
	while (!list_empty(&f->lookups))
		list_del(f->lookups.next);
	hash_remove(&f->dns->flights, &f->node);
	free(f);
}

static void land(struct flight *f, struct dns_answer *answer)
{
	struct dns *dns = f->dns;
	u32 ttl = 0;

	if (answer) {
		struct slice name = slice_str(f->name);

		if (answer->status == DNS_TIMEOUT)
			count(dns, DNS_COUNT_TIMEOUTS);
		else if (answer->status == DNS_SERVFAIL)
			count(dns, DNS_COUNT_FAILURES);
		dns_cache_add(dns->cache, name, f->type, answer, now(dns));
		/* what the cache makes of its TTL is what holds */
		dns_answer_put(dns_cache_find(dns->cache, name, f->type, now(dns), &ttl));
	}
	while (!list_empty(&f->lookups)) {
		struct dns_lookup *l = list_entry(f->lookups.next, struct dns_lookup, node);

		l->answer = answer ? dns_answer_get(answer) : NULL;
		l->ttl = ttl;
		list_del(&l->node);
		list_add_tail(&dns->ready, &l->node);
	}
	dns_answer_put(answer);
	drop(f);
}

static void answered(void *arg, int status, int timeouts, unsigned char *bytes, int n)
{
	struct flight *f = arg;
	struct dns *dns = f->dns;

	(void)timeouts;
	/* the channel goes away: with a new one in its place, or for good */
	if (status == ARES_EDESTRUCTION && dns->reloading)
		ares_query(dns->channel, f->name, CLASS_IN, f->type, answered, f);
	else if (status == ARES_EDESTRUCTION)
		drop(f);
	else
		land(f, judge(dns, f, status, slice_of((char *)bytes, bytes ? (size_t)n : 0)));
}

static u64 hash_of(const struct dns *dns, const char *name, enum dns_type type)
{
	struct hasher h;

	hash_begin(&h, &dns->conf.key);
	hash_add_u64(&h, type);
	hash_add(&h, slice_str(name));
	return hash_end(&h);
}

static struct flight *find_flight(struct dns *dns, const char *name, enum dns_type type)
{
	struct hash_node *node = hash_first(&dns->flights, hash_of(dns, name, type));

	for (; node; node = hash_next(node)) {
		struct flight *f = hash_entry(node, struct flight, node);

		if (f->type == type && !strcmp(f->name, name))
			return f;
	}
	return NULL;
}

static int launch(struct dns *dns, const char *name, enum dns_type type, struct dns_lookup *first)
{
	struct flight *f;

	if (dns->flights.n >= dns->conf.max_queries) {
		count(dns, DNS_COUNT_REFUSED);
		return -ENOBUFS;
	}
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	f->dns = dns;
	f->type = type;
	strcpy(f->name, name);
	list_init(&f->lookups);
	list_add_tail(&f->lookups, &first->node);
	hash_insert(&dns->flights, &f->node, hash_of(dns, name, type));
	count(dns, DNS_COUNT_QUERIES);
	/* may answer, and so free the flight, before it returns */
	ares_query(dns->channel, name, CLASS_IN, type, answered, f);
	schedule(dns);
	return -EINPROGRESS;
}

static bool known(struct dns *dns, struct slice name, enum dns_type type, struct dns_lookup *l)
{
	l->answer = hosts_find(dns->hosts, name, type);
	if (l->answer) {
		l->ttl = l->answer->ttl;
		count(dns, DNS_COUNT_HOSTS);
		return true;
	}
	l->answer = dns_cache_find(dns->cache, name, type, now(dns), &l->ttl);
	if (!l->answer)
		return false;
	count(dns, l->answer->status <= DNS_ALIAS ? DNS_COUNT_HITS : DNS_COUNT_NEGATIVE);
	return true;
}

int dns_ask(struct dns *dns, struct slice name, enum dns_type type, struct dns_lookup *lookup)
{
	char folded[DNS_NAME];
	struct flight *f;

	list_init(&lookup->node);
	lookup->answer = NULL;
	if (!dns_name_fold(name, folded))
		return -EINVAL;
	if (known(dns, slice_str(folded), type, lookup))
		return 0;
	f = find_flight(dns, folded, type);
	if (!f)
		return launch(dns, folded, type, lookup);
	count(dns, DNS_COUNT_SHARED);
	list_add_tail(&f->lookups, &lookup->node);
	return -EINPROGRESS;
}

void dns_later(struct dns *dns, struct dns_lookup *lookup)
{
	lookup->answer = NULL;
	list_add_tail(&dns->ready, &lookup->node);
	schedule(dns);
}

void dns_cancel(struct dns_lookup *lookup)
{
	list_del(&lookup->node);
	dns_answer_put(lookup->answer);
	lookup->answer = NULL;
}

const struct dns_counter *dns_counters(struct dns *dns)
{
	static const char *const names[] = {
#define DNS_COUNT_NAME(id, name) name,
		DNS_COUNTERS(DNS_COUNT_NAME)
#undef DNS_COUNT_NAME
	};
	size_t i;

	for (i = 0; i < DNS_COUNTS; i++)
		dns->counters[i].name = names[i];
	dns->counters[DNS_COUNT_EVICTED].value = dns_cache_evicted(dns->cache);
	dns->counters[DNS_COUNT_CACHED].value = dns_cache_size(dns->cache);
	dns->counters[DNS_COUNT_FLIGHTS].value = dns->flights.n;
	return dns->counters;
}

/* --- life --- */

static int errno_of(int status)
{
	switch (status) {
	case ARES_SUCCESS:
		return 0;
	case ARES_ENOMEM:
		return -ENOMEM;
	default:
		return -EINVAL;
	}
}

static int open_channel(struct dns *dns, const char *servers, ares_channel *out)
{
	struct ares_options options = {
		.flags = ARES_FLAG_EDNS | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
		.timeout = (int)dns->conf.timeout_ms,
		.tries = (int)dns->conf.tries,
		.ednspsz = EDNS_BYTES,
		.sock_state_cb = socket_changed,
		.sock_state_cb_data = dns,
		.resolvconf_path = (char *)dns->conf.resolv_conf,
	};
	int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ |
		   ARES_OPT_SOCK_STATE_CB;
	int status;

	if (options.resolvconf_path)
		mask |= ARES_OPT_RESOLVCONF;
	status = ares_init_options(out, &options, mask);
	if (status)
		return errno_of(status);
	if (servers && *servers)
		status = ares_set_servers_ports_csv(*out, servers);
	if (status)
		ares_destroy(*out);
	return errno_of(status);
}

static int load_hosts(struct dns *dns, struct hosts **out)
{
	const char *path = dns->conf.hosts ? dns->conf.hosts : "/etc/hosts";
	int err;

	*out = hosts_new(&dns->conf.key);
	if (!*out)
		return -ENOMEM;
	err = hosts_load(*out, path);
	if (err)
		hosts_free(*out);
	return err;
}

static void timer_closed(uv_handle_t *handle)
{
	struct dns *dns = handle->data;

	free((char *)dns->conf.resolv_conf);
	free((char *)dns->conf.hosts);
	free(dns);
}

static bool copy_conf(struct dns *dns, const struct dns_conf *conf)
{
	dns->conf = *conf;
	dns->conf.servers = NULL;
	dns->conf.resolv_conf = conf->resolv_conf ? strdup(conf->resolv_conf) : NULL;
	dns->conf.hosts = conf->hosts ? strdup(conf->hosts) : NULL;
	dns->conf.timeout_ms = conf->timeout_ms ? conf->timeout_ms : 2000;
	dns->conf.tries = conf->tries ? conf->tries : 2;
	dns->conf.max_queries = conf->max_queries ? conf->max_queries : 256;
	dns->conf.max_cached = conf->max_cached ? conf->max_cached : 2048;
	return !conf->resolv_conf == !dns->conf.resolv_conf && !conf->hosts == !dns->conf.hosts;
}

int dns_new(struct dns **out, uv_loop_t *loop, const struct dns_conf *conf)
{
	struct dns *dns = calloc(1, sizeof(*dns));
	int err = -ENOMEM;

	if (!dns)
		return -ENOMEM;
	dns->loop = loop;
	list_init(&dns->watches);
	list_init(&dns->ready);
	uv_timer_init(loop, &dns->timer);
	dns->timer.data = dns;
	if (!copy_conf(dns, conf) || hash_init(&dns->flights))
		goto err_timer;
	dns->cache = dns_cache_new(&conf->key, dns->conf.max_cached);
	if (!dns->cache)
		goto err_flights;
	err = load_hosts(dns, &dns->hosts);
	if (err)
		goto err_cache;
	err = errno_of(ares_library_init(ARES_LIB_INIT_ALL));
	if (err)
		goto err_hosts;
	err = open_channel(dns, conf->servers, &dns->channel);
	if (err)
		goto err_library;
	*out = dns;
	return 0;

err_library:
	ares_library_cleanup();
err_hosts:
	hosts_free(dns->hosts);
err_cache:
	dns_cache_free(dns->cache);
err_flights:
	hash_free(&dns->flights);
err_timer:
	uv_close((uv_handle_t *)&dns->timer, timer_closed);
	return err;
}

int dns_reload(struct dns *dns, const char *servers)
{
	ares_channel channel, old = dns->channel;
	struct hosts *hosts;
	int err = load_hosts(dns, &hosts);

	if (err)
		return err;
	err = open_channel(dns, servers, &channel);
	if (err) {
		hosts_free(hosts);
		return err;
	}
	hosts_free(dns->hosts);
	dns->hosts = hosts;
	dns_cache_clear(dns->cache);
	dns->channel = channel;
	dns->reloading = true;
	ares_destroy(old);
	dns->reloading = false;
	schedule(dns);
	return 0;
}

void dns_free(struct dns *dns)
{
	if (!dns)
		return;
	/* ends the flights and the watches */
	ares_destroy(dns->channel);
	ares_library_cleanup();
	while (!list_empty(&dns->ready))
		list_del(dns->ready.next);
	hosts_free(dns->hosts);
	dns_cache_free(dns->cache);
	hash_free(&dns->flights);
	uv_close((uv_handle_t *)&dns->timer, timer_closed);
}
