/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A trunk with two targets, B and C, for the stories of trunks.
 */
#ifndef CALL_TRUNK_HARNESS_H
#define CALL_TRUNK_HARNESS_H

#include "call_harness.h"
#include "call/trunk.h"

/* The trunk "pbx": B, and C behind it, or beside it with the same priority. */
static UNUSED struct call_trunk *two_targets(struct harness *h, u16 priority_of_c)
{
	struct call_trunk *trunk = &h->policy->trunks[1];

	trunk->targets = realloc(trunk->targets, 2 * sizeof(*trunk->targets));
	trunk->targets[1] = (struct call_trunk_target){ .priority = priority_of_c };
	set_target(&trunk->targets[1], IP_C ":5060");
	trunk->ntargets = 2;
	h->policy->failed_target = 30 * NSEC_PER_SEC;
	return trunk;
}

static UNUSED void set_codes(struct call_codes *codes, u16 status)
{
	codes->list = malloc(sizeof(*codes->list));
	codes->list[0] = status;
	codes->n = 1;
}

static UNUSED void start(struct harness *h)
{
	struct __test_metadata *_metadata = h->_metadata;

	ASSERT_EQ(call_engine_start(h->engine, h->now), 0);
	run(h);
}

/* A calls, and is told that it is tried. */
static UNUSED void call_trunk(struct harness *h)
{
	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
}

static UNUSED void fail_call(struct harness *h, const char *status)
{
	is_turned_down(h, A, status);
}

/* The INVITE is at who; he takes it. */
static UNUSED void take_call(struct harness *h, enum who who)
{
	expect(h, who, "INVITE ");
	answer(h, who, "200 OK", SDP_B);
	expect(h, who, "ACK ");
	is_answered(h, A);
}

static UNUSED void refuse_call(struct harness *h, enum who who, const char *status)
{
	expect(h, who, "INVITE ");
	refuses(h, who, status);
}

static UNUSED void end_call(struct harness *h, enum who who)
{
	hangs_up(h, A, who);
}

static UNUSED struct call_trunk_view view_trunk(struct harness *h, const char *name)
{
	struct __test_metadata *_metadata = h->_metadata;
	struct call_trunk_view view;

	ASSERT_TRUE(call_engine_trunk(h->engine, name, &view));
	return view;
}

struct way_search {
	const char *addr;
	struct call_way_view found;
	size_t n;
};

static UNUSED void match_way(void *arg, const struct call_way_view *view)
{
	struct way_search *s = arg;
	char text[ADDR_STRLEN];

	if (!strcmp(addr_print(&view->addr, text), s->addr))
		s->found = *view;
	s->n++;
}

/* Of "pbx"; n: how many addresses it has. */
static UNUSED struct call_way_view view_way(struct harness *h, const char *addr, size_t *n)
{
	struct way_search s = { .addr = addr };

	call_engine_ways(h->engine, h->now, "pbx", match_way, &s);
	if (n)
		*n = s.n;
	return s.found;
}

static UNUSED bool told(struct harness *h, const char *what)
{
	struct call_event event;
	bool same;

	if (!next_event(h, CALL_EVENT_TRUNK, &event))
		return false;
	same = strstr(event.reason, what);
	if (!same)
		printf("# told instead: %s\n", event.reason);
	call_event_clear(&event);
	return same;
}

/* What is told of trunks and nobody asked for. */
static UNUSED void drop_events(struct harness *h)
{
	struct call_event event;

	while (call_engine_event(h->engine, &event))
		call_event_clear(&event);
}

#endif
