// SPDX-License-Identifier: GPL-2.0-only
/*
 * Subscriptions that are carried, written down and read again by a daemon that knows nothing of
 * them. What was written is taken for bytes from outside.
 */
#include <jansson.h>

#include "call_bridge.h"

FIXTURE(bridge_kept) {
	struct harness h;
};

FIXTURE_SETUP(bridge_kept)
{
	harness_start(&self->h, _metadata);
}

FIXTURE_TEARDOWN(bridge_kept)
{
	EXPECT_EQ(bridges(&self->h), 0);
	harness_stop(&self->h);
}

TEST_F(bridge_kept, it_goes_on_after_a_restart)
{
	struct harness *h = &self->h, before;

	harness_start(&before, _metadata);
	begin(&before);
	take_over(h, &before);
	EXPECT_FALSE(pending(h, A) || pending(h, B));
	told_and_heard(h, ACTIVE, WAITING);
	resubscribe(h, "Expires: 600\r\n");
	expect(h, B, "SUBSCRIBE ");
	accepted(h, "Expires: 600\r\n");
	told_and_heard(h, ACTIVE, WAITING);
	leave(h);
	harness_stop(&before);
}

TEST_F(bridge_kept, it_is_written_before_its_numbers_are_used_up)
{
	struct harness *h = &self->h;
	char *first;
	size_t i;

	begin(h);
	first = strdup(h->event);
	for (i = 0; i < 25; i++)
		told_and_heard(h, ACTIVE, WAITING);
	EXPECT_STRNE(h->event, first);
	free(first);
	leave(h);
}

static u64 written_end(const struct harness *h)
{
	json_t *saved = json_loads(h->event, 0, NULL);
	u64 ms = (u64)json_integer_value(json_object_get(saved, "expires"));

	json_decref(saved);
	return ms * NSEC_PER_MSEC - WALL;
}

/* What who tells says of its end is more than a rounded second away from what was written. */
TEST_F(bridge_kept, it_is_written_that_it_ends_earlier_or_later)
{
	struct harness *h = &self->h;
	char *first;

	begin(h);
	EXPECT_EQ(written_end(h), h->now + 600 * SECOND);
	first = strdup(h->event);
	advance(h, 1500 * NSEC_PER_MSEC);
	told_and_heard(h, ACTIVE, WAITING);
	EXPECT_STREQ(h->event, first);
	told_and_heard(h, VOICE "Subscription-State: active;expires=60\r\n", WAITING);
	EXPECT_EQ(written_end(h), h->now + 60 * SECOND);
	told_and_heard(h, ACTIVE, WAITING);
	EXPECT_EQ(written_end(h), h->now + 600 * SECOND);
	free(first);
	leave(h);
}

/* The last NOTIFY never comes: after a restart nobody waits for it for as long as was granted. */
TEST_F(bridge_kept, who_left_has_left_after_a_restart_too)
{
	struct harness *h = &self->h;
	char *text;

	begin(h);
	resubscribe(h, "Expires: 0\r\n");
	expect(h, B, "SUBSCRIBE ");
	accepted(h, "Expires: 0\r\n");
	EXPECT_EQ(written_end(h), h->now);
	text = strdup(h->event);
	advance(h, 33 * SECOND);
	EXPECT_EQ(bridges(h), 0);
	EXPECT_EQ(restore_event(h, 7, text), NULL);
	EXPECT_EQ(bridges(h), 1);
	advance(h, 66 * SECOND);
	EXPECT_TRUE(slice_eq(header(expect(h, A, "NOTIFY "), "Subscription-State"),
			     SLICE("terminated;reason=timeout")));
	discard(h, A);
	free(text);
}

/* --- killed while something is under way --- */

/* A has heard it, or not: it is told how things are, once more. */
TEST_F(bridge_kept, a_notify_that_was_under_way_comes_again)
{
	struct harness *h = &self->h, before;
	u32 cseq;

	harness_start(&before, _metadata);
	begin(&before);
	tell(&before, B, VOICE "Subscription-State: active;expires=60\r\n", WAITING);
	cseq = expect(&before, A, "NOTIFY ")->cseq;
	take_over(h, &before);
	h->ua[B].cseq--;
	told_and_heard(h, VOICE "Subscription-State: active;expires=60\r\n", WAITING);
	EXPECT_GT(h->ua[A].msg.cseq, cseq);
	leave(h);
	harness_stop(&before);
}

TEST_F(bridge_kept, a_refresh_that_was_under_way_comes_again)
{
	struct harness *h = &self->h, before;
	u32 cseq;

	harness_start(&before, _metadata);
	begin(&before);
	resubscribe(&before, "Expires: 600\r\n");
	cseq = expect(&before, B, "SUBSCRIBE ")->cseq;
	told_and_heard(&before, VOICE "Subscription-State: active;expires=60\r\n", WAITING);
	take_over(h, &before);
	h->ua[A].cseq--;
	resubscribe(h, "Expires: 600\r\n");
	EXPECT_GT(expect(h, B, "SUBSCRIBE ")->cseq, cseq);
	accepted(h, "Expires: 600\r\n");
	leave(h);
	harness_stop(&before);
}

/* It never was: its exchange goes on, and nobody is to take it over. */
TEST_F(bridge_kept, what_is_over_before_its_answer_is_not_written_down)
{
	struct harness *h = &self->h;
	struct sip_msg *asked = sip_msg_dup(subscribe(h, VOICE));

	learn(&h->ua[B], asked);
	h->ua[B].cseq = 50;
	tell(h, B, GONE, NULL);
	expect(h, A, "NOTIFY ");
	EXPECT_EQ(h->event, NULL);
	learn(&h->ua[A], &h->ua[A].msg);
	reply(h, A, "200 OK", NULL);
	expect(h, B, "SIP/2.0 200");
	reply_tagged(h, B, asked, "200 OK", "tag-of-1", "Expires: 600\r\n", NULL);
	expect(h, A, "SIP/2.0 200");
	EXPECT_EQ(h->event, NULL);
	EXPECT_EQ(bridges(h), 0);
	free(asked);
}

/* The last NOTIFY is under way when h takes over. */
static void is_killed_at_the_end(struct harness *before, struct harness *h)
{
	harness_start(before, h->_metadata);
	begin(before);
	tell(before, B, GONE, NULL);
	expect(before, A, "NOTIFY ");
	take_over(h, before);
}

/* As if it had not been killed. */
static void is_put_away(struct harness *before)
{
	struct __test_metadata *_metadata = before->_metadata;

	reply(before, A, "200 OK", NULL);
	expect(before, B, "SIP/2.0 200");
	EXPECT_EQ(before->event, NULL);
	harness_stop(before);
}

TEST_F(bridge_kept, the_last_word_is_not_lost)
{
	struct harness *h = &self->h, before;

	is_killed_at_the_end(&before, h);
	h->ua[B].cseq--;
	tell(h, B, GONE, NULL);
	EXPECT_TRUE(slice_eq(header(heard(h, "200 OK"), "Subscription-State"),
			     SLICE("terminated;reason=noresource")));
	expect(h, B, "SIP/2.0 200");
	EXPECT_EQ(bridges(h), 0);
	EXPECT_EQ(h->event, NULL);
	is_put_away(&before);
}

TEST_F(bridge_kept, a_last_word_that_nobody_says_again_is_a_timeout)
{
	struct harness *h = &self->h, before;

	is_killed_at_the_end(&before, h);
	advance(h, 32 * SECOND);
	EXPECT_TRUE(slice_eq(header(heard(h, "200 OK"), "Subscription-State"),
			     SLICE("terminated;reason=timeout")));
	EXPECT_EQ(bridges(h), 0);
	is_put_away(&before);
}

/* More of them than one may be sent before it is written again. */
TEST_F(bridge_kept, our_own_numbers_go_on)
{
	struct harness *h = &self->h, before;
	char *written = NULL;
	u32 cseq;
	size_t i;

	harness_start(&before, _metadata);
	begin(&before);
	for (i = 0; i < 30; i++) {
		free(written);
		written = strdup(before.event);
		tell(&before, B, ACTIVE, WAITING);
		tell(&before, B, ACTIVE, WAITING);
		cseq = expect(&before, A, "NOTIFY ")->cseq + 1;
		reply(&before, A, "200 OK", NULL);
		heard(&before, "200 OK");
		expect(&before, B, "SIP/2.0 200");
		expect(&before, B, "SIP/2.0 200");
		before.ua[A].cseq = 1;
		if (strcmp(written, before.event))
			break;
	}
	ASSERT_LT(i, 30);
	/* the write that was asked for is not done yet */
	free(before.event);
	before.event = written;
	take_over(h, &before);
	h->ua[B].cseq += 1;
	told_and_heard(h, ACTIVE, WAITING);
	EXPECT_GT(h->ua[A].msg.cseq, cseq);
	leave(h);
	harness_stop(&before);
}

TEST_F(bridge_kept, what_is_wrong_with_a_record_is_named)
{
	static const struct {
		const char *key, *value, *wrong;
	} table[] = {
		{ "version", "2", "version" },
		{ "package", "\"\"", "package" },
		{ "event", "7", "event" },
		{ "resource", "null", "resource" },
		{ "watcher", "7", "watcher" },
		{ "expires", "1900000000000", "expires" },
		{ "domain", "\"elsewhere.example\"", "domain" },
		{ "notifies", "-1", "notifies" },
		{ "from", "{}", "realm" },
		{ "to", "7", "to" },
	};
	struct harness *h = &self->h, before;
	size_t i;

	harness_start(&before, _metadata);
	begin(&before);
	for (i = 0; i < sizeof(table) / sizeof(*table); i++) {
		json_t *saved = json_loads(before.event, 0, NULL);
		char *text;

		json_object_set_new(saved, table[i].key,
				    json_loads(table[i].value, JSON_DECODE_ANY, NULL));
		text = json_dumps(saved, 0);
		EXPECT_STREQ(restore_event(h, 7, text), table[i].wrong);
		EXPECT_EQ(bridges(h), 0);
		free(text);
		json_decref(saved);
	}
	free(h->policy->trunks[1].name);
	h->policy->trunks[1].name = strdup("renamed");
	call_policy_complete(h->policy);
	EXPECT_STREQ(restore_event(h, 7, before.event), "trunk");
	harness_stop(&before);
}

TEST_HARNESS_MAIN
