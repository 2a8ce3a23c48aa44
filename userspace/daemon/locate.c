// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names, for the engine: what it asks goes to the resolver, what comes back is sorted by
 * what is known of targets that failed a short while ago, and told to it.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/daemon.h"

#define MAX_FAILED 4096

struct question {
	struct list node;
	struct daemon *daemon;
	struct locate *locate;
	u64 ticket;
};

static u64 cache_clock(void *arg)
{
	(void)arg;
	return clock_now();
}

static void set_conf(struct dns_conf *conf, const struct config *c)
{
	conf->servers = c->dns_servers;
	conf->timeout_ms = c->dns_timeout_ms;
	conf->tries = c->dns_tries;
	conf->now = cache_clock;
}

int daemon_locate_open(struct daemon *d)
{
	struct dns_conf conf = { 0 };
	struct hash_key key;
	int err;

	list_init(&d->questions);
	if (getrandom(&conf.key, sizeof(conf.key), 0) != sizeof(conf.key) ||
	    getrandom(&key, sizeof(key), 0) != sizeof(key))
		return -EIO;
	set_conf(&conf, d->config);
	err = dns_new(&d->dns, &d->loop, &conf);
	if (err) {
		log_text(LOG_ERROR, "name servers: %s", strerror(-err));
		return err;
	}
	d->failed = failed_new(&key, MAX_FAILED);
	return d->failed ? 0 : -ENOMEM;
}

int daemon_locate_reload(struct daemon *d, const struct config *config)
{
	return dns_reload(d->dns, config->dns_servers);
}

static void answer(struct daemon *d, u64 ticket, struct locate_result *result)
{
	struct hop hops[LOCATE_CANDIDATES];
	size_t i;

	failed_sort(d->failed, result->candidates, result->n, clock_now());
	for (i = 0; i < result->n; i++)
		hops[i] = (struct hop){ .transport = result->candidates[i].transport,
					.addr = result->candidates[i].addr };
	if (result->err)
		log_text(LOG_WARNING, "%s", result->text);
	call_engine_located(d->engine, clock_now(), ticket, result->err, result->text,
			    result->domain, hops, result->n);
}

static void located(void *arg, const struct locate_result *result)
{
	struct question *q = arg;
	struct daemon *d = q->daemon;
	struct locate_result *copy = malloc(sizeof(*copy));

	list_del(&q->node);
	if (copy) {
		*copy = *result;
		answer(d, q->ticket, copy);
	} else {
		call_engine_located(d->engine, clock_now(), q->ticket, -ENOMEM, "no memory", "",
				    NULL, 0);
	}
	free(copy);
	free(q);
	daemon_settle(d);
}

void daemon_locate(struct daemon *d, const struct effect *effect)
{
	const struct effect_locate *l = &effect->locate;
	struct locate_query query = {
		.host = slice_str(effect->bytes), .port = l->port,
		.has_transport = l->has_transport, .transport = l->transport,
		.secure = l->secure, .transports = l->transports, .v4 = l->v4, .v6 = l->v6,
		.seed = clock_now(),
	};
	struct question *q = calloc(1, sizeof(*q));

	if (q) {
		q->daemon = d;
		q->ticket = effect->ticket;
		list_add_tail(&d->questions, &q->node);
		if (!locate_start(&q->locate, d->dns, &query, located, q))
			return;
		list_del(&q->node);
		free(q);
	}
	call_engine_located(d->engine, clock_now(), effect->ticket, -ENOMEM, "no memory", "",
			    NULL, 0);
}

void daemon_unreached(struct daemon *d, const struct flow *flow)
{
	u64 ns = d->config->policy->failed_target;

	if (ns)
		failed_mark(d->failed, daemon_transport_of(d, flow->listener), &flow->peer,
			    clock_now(), ns, "no answer, or 503");
}

void daemon_target_works(struct daemon *d, const struct flow *flow)
{
	if (failed_next(d->failed, NULL, clock_now()))
		failed_clear(d->failed, daemon_transport_of(d, flow->listener), &flow->peer);
}

void daemon_locate_close(struct daemon *d)
{
	while (d->questions.next && !list_empty(&d->questions)) {
		struct question *q = list_entry(d->questions.next, struct question, node);

		locate_cancel(q->locate);
		list_del(&q->node);
		free(q);
	}
	if (d->dns)
		dns_free(d->dns);
	if (d->failed)
		failed_free(d->failed);
}
