/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What must not be left when the random run is over: no call, session, port, transaction,
 * timer or subscription, nothing in the store, and no more memory than tables keep that grew.
 */
#ifndef CALL_RANDOM_LEFT_H
#define CALL_RANDOM_LEFT_H

#include <malloc.h>

#include "call_random.h"
#include "call/call.h"
#include "call/watch.h"
#include "call/trunk.h"

/* Tables that grew stay so; calls and the like must not add up. */
#define MOST_KEPT (4u << 20)

static inline u64 jalur_counter(struct world *w, const char *name)
{
	const struct sip_counter *c;

	for (c = call_engine_counters(w->h.engine); c->name; c++)
		if (!strcmp(c->name, name))
			return c->value;
	return UINT64_MAX;
}

static inline void expect_no_calls(void *arg, const struct call_trunk_view *view)
{
	struct __test_metadata *_metadata = arg;

	EXPECT_EQ(view->calls, 0) {
		TH_LOG("of trunk %s", view->name);
	}
}

/* What the engine has of its own when nobody has asked for anything. */
struct idle {
	size_t errands, timers;
	size_t bytes;			/* of the whole program; 0 where nobody counts them */
};

static inline struct idle look(const struct world *w)
{
	struct mallinfo2 m = mallinfo2();

	return (struct idle){ w->h.engine->errands.n, w->h.engine->timers.reserved,
			      m.uordblks + m.hblkhd };
}

static inline void expect_none(struct world *w, const char *counter)
{
	struct __test_metadata *_metadata = w->_metadata;

	EXPECT_EQ(jalur_counter(w, counter), 0) {
		TH_LOG("%s", counter);
	}
}

static inline void expect_nothing_left(struct world *w, const struct idle *before)
{
	static const char *const tables[] = {
		"sip-server-transactions", "sip-client-transactions", "sip-dialogs",
		"subscriptions-now", "publications-now", "bindings-now", "exchanges-now",
		"carried-subscriptions-now",
	};
	struct __test_metadata *_metadata = w->_metadata;
	struct call_engine *e = w->h.engine;
	struct idle after = look(w);
	size_t i;

	EXPECT_EQ(call_engine_calls(e), 0);
	if (!nomem.failed)
		EXPECT_EQ(jalur_counter(w, "sip-no-memory"), 0);
	for (i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		expect_none(w, tables[i]);
	EXPECT_EQ(w->nkept, 0);
	EXPECT_EQ(w->nopen, 0);
	EXPECT_EQ(e->watchers->records.n, 0);
	EXPECT_TRUE(list_empty(&e->lookups));
	EXPECT_TRUE(list_empty(&e->tickets));
	EXPECT_EQ(after.errands, before->errands);
	EXPECT_EQ(after.timers, before->timers);
	EXPECT_LE(after.bytes, before->bytes + MOST_KEPT);
	call_engine_trunks(e, expect_no_calls, _metadata);
}

static inline void expect_one_answer_each(struct world *w)
{
	struct __test_metadata *_metadata = w->_metadata;

	if (!w->next)
		TH_LOG("requests %u, failed allocations %llu", w->wire.n,
		       (unsigned long long)nomem.failed);
	EXPECT_EQ(w->wire.unanswered, 0);
	EXPECT_EQ(w->wire.unasked, 0);
	EXPECT_EQ(w->wire.contradicted, 0);
	if (w->wire.example[0])
		TH_LOG("%s", w->wire.example);
}

#endif
