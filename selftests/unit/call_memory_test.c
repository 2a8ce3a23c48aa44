// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a call costs in memory while nothing happens in it: what malloc holds for it when
 * it is up and its transactions are over. The relay is not in it.
 */
#include <malloc.h>

#include "call_harness.h"

#define CALLS 200
#define FIRST 5			/* before anything is measured: what is made once */
#define MOST 4400		/* bytes a call: 4342 when it was seen last */

#ifdef __SANITIZE_ADDRESS__
#define OWN_MALLOC false
#else
#define OWN_MALLOC true
#endif

FIXTURE(memory) {
	struct harness h;
	u64 ids[FIRST + CALLS];
	size_t n;
};

FIXTURE_SETUP(memory)
{
	harness_start(&self->h, _metadata);
	self->n = 0;
}

FIXTURE_TEARDOWN(memory)
{
	harness_stop(&self->h);
}

/* The daemon takes them at once. */
static void drop_events(struct harness *h)
{
	struct call_event event;

	while (call_engine_event(h->engine, &event))
		call_event_clear(&event);
}

static void make_calls(struct harness *h, size_t n)
{
	while (n--) {
		snprintf(h->ua[B].local_tag, sizeof(h->ua[B].local_tag), "callee-%04u", h->branch);
		call_up(h);
		drop_events(h);
	}
	advance(h, 64 * NSEC_PER_SEC);
}

static void note_id(void *arg, const struct call_view *view)
{
	FIXTURE_DATA(memory) *self = arg;

	self->ids[self->n++] = view->id;
}

static void end_calls(FIXTURE_DATA(memory) *self)
{
	struct harness *h = &self->h;

	call_engine_each(h->engine, note_id, self);
	for (; self->n; self->n--) {
		call_engine_hangup(h->engine, h->now, self->ids[self->n - 1], "over");
		run(h);
		expect(h, A, "BYE ");
		reply(h, A, "200 OK", NULL);
		expect(h, B, "BYE ");
		reply(h, B, "200 OK", NULL);
		drop_events(h);
	}
	advance(h, 64 * NSEC_PER_SEC);
}

static size_t held(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

TEST_F(memory, a_call_that_is_up_is_small)
{
	struct harness *h = &self->h;
	size_t before, each;

	if (!OWN_MALLOC)
		SKIP(return, "a sanitizer's malloc says nothing of what it holds");
	make_calls(h, FIRST);
	before = held();
	make_calls(h, CALLS);
	ASSERT_EQ(counter(h, "sip-server-transactions"), 0);
	ASSERT_EQ(counter(h, "sip-client-transactions"), 0);
	each = (held() - before) / CALLS;
	TH_LOG("%zu bytes a call", each);
	EXPECT_LE(each, MOST);
	end_calls(self);
}

TEST_HARNESS_MAIN
