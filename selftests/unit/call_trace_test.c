// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is kept for the ladder: every message on either leg with its side, what the
 * media did, also after the call; of a call that is long gone, nothing; and whatever
 * bytes come, what is kept can be shown on a terminal.
 */
#include "call_harness.h"

FIXTURE(trace) {
	struct harness h;
	char text[4096];
};

OVER_EACH_PAIR(trace);

FIXTURE_SETUP(trace)
{
	harness_start_over(&self->h, _metadata, &variant->over);
}

FIXTURE_TEARDOWN(trace)
{
	harness_stop(&self->h);
}

/* "a<INVITE a>100 +session made ...": '<' came in, '>' went out. */
static void append(void *arg, const struct call_trace_entry *entry)
{
	char *text = (char *)arg + strlen(arg);

	if (entry->kind == CALL_TRACE_MEDIA)
		sprintf(text, "+%s ", entry->what);
	else if (entry->status)
		sprintf(text, "%c%c%u ", entry->side ? 'b' : 'a', entry->in ? '<' : '>',
			entry->status);
	else
		sprintf(text, "%c%c%s ", entry->side ? 'b' : 'a', entry->in ? '<' : '>',
			entry->what);
}

static const char *ladder(struct harness *h, u64 call, char *text)
{
	*text = 0;
	return call_engine_trace(h->engine, call, append, text) ? text : "none";
}

TEST_F(trace, a_call_from_its_first_message_to_its_last)
{
	struct harness *h = &self->h;
	u64 call;

	call_up(h);
	media_event(h, MEDIA_EVENT_LATCHED);
	hang_up(h, B);
	call = call_engine_trace_last(h->engine);
	EXPECT_STREQ(ladder(h, call, self->text),
		     "a<INVITE a>100 +session made b>INVITE b<180 a>180 b<200 b>ACK "
		     "+session changed a>200 a<ACK +media from here +media from here "
		     "b<BYE +session gone a>BYE b>200 a<200 ");
}

TEST_F(trace, what_comes_again_is_seen_again)
{
	struct harness *h = &self->h;

	send_invite(h, A, SDP_A);
	h->branch--;
	send_request(h, A, "INVITE", 1, NULL, SDP_A);
	discard(h, A);
	expect(h, B, "INVITE ");
	advance(h, 600 * NSEC_PER_MSEC);
	if (over_udp(h, B))
		expect(h, B, "INVITE ");
	EXPECT_STREQ(ladder(h, call_engine_trace_last(h->engine), self->text),
		     over_udp(h, B) ?
		     "a<INVITE a>100 +session made b>INVITE a<INVITE a>100 b>INVITE " :
		     "a<INVITE a>100 +session made b>INVITE a<INVITE a>100 ");
	answer(h, B, "486 Busy Here", NULL);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 486");
	send_same_branch(h, A, "ACK", h->branch, NULL);
}

TEST_F(trace, of_two_calls_each_has_its_own)
{
	struct harness *h = &self->h;
	u64 first;

	call_up(h);
	hang_up(h, A);
	first = call_engine_trace_last(h->engine);
	call_up(h);
	hang_up(h, B);
	EXPECT_NE(call_engine_trace_last(h->engine), first);
	ladder(h, first, self->text);
	EXPECT_NE(strstr(self->text, "a<BYE "), NULL);
	EXPECT_EQ(strstr(self->text, "b<BYE "), NULL);
	EXPECT_STREQ(ladder(h, first + 1000, self->text), "none");
}

TEST_F(trace, what_is_old_makes_room)
{
	struct harness *h = &self->h;
	char text[2200];
	size_t filled = 0;
	u64 first, last;
	int i;

	memset(text, 'x', sizeof(text));
	memcpy(text, "FOO sip:x SIP/2.0\r\n\r\n", 21);
	call_up(h);
	hang_up(h, A);
	first = call_engine_trace_last(h->engine);
	/* Of any size, so that they end anywhere in the ring, and more than once around it. */
	for (i = 0; filled < 3 * CALL_TRACE_SIZE; i++) {
		input(h, STRANGER, text, 21 + (size_t)i % 2100);
		filled += 21 + (size_t)i % 2100;
		discard(h, STRANGER);
	}
	EXPECT_STREQ(ladder(h, first, self->text), "none");
	EXPECT_EQ(call_engine_trace_last(h->engine), 0);
	call_up(h);
	hang_up(h, B);
	last = call_engine_trace_last(h->engine);
	EXPECT_EQ(strncmp(ladder(h, last, self->text), "a<INVITE a>100 ", 15), 0);
	EXPECT_NE(strstr(self->text, "b<BYE "), NULL);
}

static void only_printable(void *arg, const struct call_trace_entry *entry)
{
	const char *c;

	for (c = entry->what; *c; c++)
		if (*c < ' ' || *c > '~')
			*(bool *)arg = false;
}

TEST_F(trace, escapes_do_not_reach_a_terminal)
{
	struct harness *h = &self->h;
	bool clean = true;

	call_up(h);
	send_request(h, B, "BYE", 101, NULL, NULL);
	expect(h, B, "SIP/2.0 200");
	expect(h, A, "BYE ");
	reply(h, A, "200 \033[31mred\007", NULL);
	EXPECT_TRUE(call_engine_trace(h->engine, call_engine_trace_last(h->engine), only_printable,
				      &clean));
	EXPECT_TRUE(clean);
	advance(h, 40 * NSEC_PER_SEC);
	discard(h, A);
}

TEST_HARNESS_MAIN
