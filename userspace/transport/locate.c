// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asks the resolver what the rules want to know, and goes through the rules again with
 * each answer. Answers that are known already cost no turn of the loop, but for the
 * last step: the caller is always called from the loop.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "transport/locate.h"

struct question {
	struct dns_lookup lookup;
	struct locate *locate;
};

struct locate {
	struct dns *dns;
	struct locate_query query;
	char host[DNS_NAME];		/* what query.host is of */
	struct locate_facts facts;
	struct question questions[LOCATE_QUESTIONS];	/* of the facts */
	size_t asked;			/* of the facts */
	struct question finish;		/* asks nothing: the turn in which the caller hears */
	locate_fn done;
	void *arg;
	struct locate_result result;
};

void locate_cancel(struct locate *l)
{
	size_t i;

	if (!l)
		return;
	for (i = 0; i < l->asked; i++)
		dns_cancel(&l->questions[i].lookup);
	dns_cancel(&l->finish.lookup);
	locate_facts_free(&l->facts);
	free(l);
}

static void take(struct locate *l, size_t i)
{
	struct locate_fact *f = &l->facts.facts[i];
	struct dns_lookup *lookup = &l->questions[i].lookup;

	f->answered = true;
	f->answer = lookup->answer;
	f->ttl = lookup->ttl;
	lookup->answer = NULL;
}

static void answered(struct dns_lookup *lookup);

/* Asks what is new. 0: something is known at once; -EINPROGRESS, or what refused it. */
static int ask(struct locate *l)
{
	int ret = -EINPROGRESS;

	while (l->asked < l->facts.n) {
		struct question *q = &l->questions[l->asked];
		struct locate_fact *f = &l->facts.facts[l->asked++];
		int err;

		q->locate = l;
		q->lookup.done = answered;
		err = dns_ask(l->dns, slice_str(f->name), f->type, &q->lookup);
		if (!err) {
			take(l, l->asked - 1);
			ret = 0;
		} else if (err != -EINPROGRESS) {
			l->result.err = err;
			snprintf(l->result.text, sizeof(l->result.text), "%s: %s %s: %s",
				 l->result.domain, f->name, dns_type_name(f->type),
				 err == -ENOBUFS ? "too many questions at once" : strerror(-err));
			return err;
		}
	}
	return ret;
}

/* As far as what is known leads. True: the result is complete. */
static bool advance(struct locate *l)
{
	int err;

	do {
		if (!locate_evaluate(&l->query, &l->facts, &l->result))
			return true;
		err = ask(l);
	} while (!err);
	if (err == -EINPROGRESS)
		return false;
	l->result.n = 0;
	return true;
}

static void finish(struct dns_lookup *lookup)
{
	struct locate *l = ((struct question *)lookup)->locate;
	struct locate_result result = l->result;
	locate_fn done = l->done;
	void *arg = l->arg;

	locate_cancel(l);
	done(arg, &result);
}

static void answered(struct dns_lookup *lookup)
{
	struct question *q = (struct question *)lookup;
	struct locate *l = q->locate;

	take(l, (size_t)(q - l->questions));
	if (advance(l))
		finish(&l->finish.lookup);
}

int locate_start(struct locate **out, struct dns *dns, const struct locate_query *query,
		 locate_fn done, void *arg)
{
	struct locate *l = calloc(1, sizeof(*l));
	/* cut or not, what is too long is not a name */
	size_t n = query->host.n < sizeof(l->host) ? query->host.n : sizeof(l->host);

	if (!l)
		return -ENOMEM;
	l->dns = dns;
	l->query = *query;
	if (n)
		memcpy(l->host, query->host.p, n);
	l->query.host = slice_of(l->host, n);
	l->done = done;
	l->arg = arg;
	l->finish.locate = l;
	l->finish.lookup.done = finish;
	list_init(&l->finish.lookup.node);
	if (advance(l))
		dns_later(dns, &l->finish.lookup);
	*out = l;
	return 0;
}
