// SPDX-License-Identifier: GPL-2.0-only
/*
 * Event that names a dialog (RFC 4235 §3.2) in subscriptions that are carried: a call of A with B
 * is up, and one of them wants to hear of that one alone. Each side has its own names for it.
 */
#include <jansson.h>

#include "call_bridge.h"

#define LAST "Subscription-State: terminated;reason=noresource\r\n"

FIXTURE(bridge_dialog) {
	struct harness h;
	struct aside a, b;		/* the call, as they have it */
};

#define SELF FIXTURE_DATA(bridge_dialog) *self

static void begin_call(SELF, struct harness *h)
{
	call_up(h);
	put_aside(&h->ua[A], &self->a);
	put_aside(&h->ua[B], &self->b);
}

FIXTURE_SETUP(bridge_dialog)
{
	harness_start(&self->h, _metadata);
	begin_call(self, &self->h);
}

FIXTURE_TEARDOWN(bridge_dialog)
{
	struct harness *h = &self->h;

	EXPECT_EQ(counter(h, "exchanges-now"), 0);
	EXPECT_EQ(bridges(h), 0);
	if (call_engine_calls(h->engine))
		hang_up_aside(h, &self->a, &self->b);
	drop_events(h);
	harness_stop(h);
}

/* A value of Event; its: the tag of who is watched, in the call of who says so. */
static const char *named(char value[400], const struct aside *call, const char *its,
			 const char *other, const char *package)
{
	buf_print(value, 400, "%s;call-id=\"%s\";to-tag=%s;from-tag=%s", package, call->call_id, its,
		  other);
	return value;
}

/* B is watched, so to-tag is what B has for itself. */
static const char *by_a(SELF, char value[400])
{
	return named(value, &self->a, self->a.remote_tag, self->a.local_tag, "dialog;id=3");
}

static const char *by_b(SELF, char value[400])
{
	return named(value, &self->b, self->b.local_tag, self->b.remote_tag, "dialog;id=3");
}

static void ask(struct harness *h, const char *event)
{
	char lines[512];

	buf_print(lines, sizeof(lines), "Event: %s\r\nExpires: 600\r\n", event);
	begin_dialog(h, A, "4930123");
	send_request(h, A, "SUBSCRIBE", 1, lines, NULL);
}

static void has_event(struct harness *h, enum who who, const char *event)
{
	struct __test_metadata *_metadata = h->_metadata;

	EXPECT_TRUE(slice_eq(header(&h->ua[who].msg, "Event"), slice_str(event))) {
		TH_LOG("expected %s in %s", event, h->ua[who].last);
	}
}

/* B says that of it, and A hears it as this. */
static void tells(struct harness *h, const char *event, const char *state, const char *heard_as)
{
	char lines[600];

	buf_print(lines, sizeof(lines), "Event: %s\r\n%s", event, state);
	send_request(h, B, "NOTIFY", ++h->ua[B].cseq, lines, NULL);
	heard(h, "200 OK");
	has_event(h, A, heard_as);
	expect(h, B, "SIP/2.0 200");
}

static void asks_again(struct harness *h, const char *event, const char *lines)
{
	char all[600];

	buf_print(all, sizeof(all), "Event: %s\r\n%s", event, lines);
	send_request(h, A, "SUBSCRIBE", ++h->ua[A].cseq, all, NULL);
}

TEST_F(bridge_dialog, each_side_hears_of_the_call_by_its_own_names)
{
	struct harness *h = &self->h;
	char a[400], b[400];

	ask(h, by_a(self, a));
	expect(h, B, "SUBSCRIBE ");
	has_event(h, B, by_b(self, b));
	EXPECT_FALSE(contains(h->ua[B].msg.bytes, self->a.call_id));
	EXPECT_FALSE(contains(h->ua[B].msg.bytes, self->a.local_tag));
	granted(h);
	tells(h, by_b(self, b), "Subscription-State: active;expires=600\r\n", a);
	tells(h, "dialog;id=3", "Subscription-State: active;expires=600\r\n", a);
	asks_again(h, a, "");
	expect(h, B, "SUBSCRIBE ");
	has_event(h, B, b);
	accepted(h, "Expires: 600\r\n");
	h->ua[B].cseq = 120;
	tells(h, b, LAST, a);
}

/* The names stay those that it began with. */
TEST_F(bridge_dialog, it_is_given_up_when_the_call_is_over)
{
	struct harness *h = &self->h;
	struct aside watcher, notifier;
	char a[400], b[400];

	ask(h, by_a(self, a));
	expect(h, B, "SUBSCRIBE ");
	granted(h);
	tells(h, by_b(self, b), "Subscription-State: active;expires=600\r\n", a);
	put_aside(&h->ua[A], &watcher);
	put_aside(&h->ua[B], &notifier);
	hang_up_aside(h, &self->a, &self->b);
	take_back(&h->ua[A], &watcher);
	take_back(&h->ua[B], &notifier);
	asks_again(h, a, "Expires: 0\r\n");
	expect(h, B, "SUBSCRIBE ");
	has_event(h, B, b);
	accepted(h, "Expires: 0\r\n");
	h->ua[B].cseq = 120;
	tells(h, b, LAST, a);
}

TEST_F(bridge_dialog, ended_by_hand_it_is_named_to_each_as_he_knows_it)
{
	struct harness *h = &self->h;
	char a[400], b[400];

	ask(h, by_a(self, a));
	expect(h, B, "SUBSCRIBE ");
	granted(h);
	tells(h, by_b(self, b), "Subscription-State: active;expires=600\r\n", a);
	ASSERT_EQ(call_engine_unsubscribe(h->engine, h->now, h->event_record), 0);
	run(h);
	heard(h, "200 OK");
	has_event(h, A, a);
	expect(h, B, "SUBSCRIBE ");
	has_event(h, B, b);
	reply(h, B, "200 OK", NULL);
}

/* A, who called, is watched: all that came of one INVITE have its tag. */
TEST_F(bridge_dialog, without_a_second_tag_it_is_all_that_an_invite_made)
{
	struct harness *h = &self->h;
	char lines[400], there[400];

	begin_dialog(h, B, "1");
	buf_print(lines, sizeof(lines), "Event: dialog;to-tag=%s;call-id=%s\r\n",
		  self->b.remote_tag, self->b.call_id);
	send_request(h, B, "SUBSCRIBE", 1, lines, NULL);
	expect(h, A, "SUBSCRIBE ");
	buf_print(there, sizeof(there), "dialog;call-id=\"%s\";to-tag=%s", self->a.call_id,
		  self->a.local_tag);
	has_event(h, A, there);
	reply(h, A, "489 Bad Event", NULL);
	expect(h, B, "SIP/2.0 489");
}

static void refused(struct harness *h, const char *event)
{
	struct __test_metadata *_metadata = h->_metadata;

	ask(h, event);
	expect(h, A, "SIP/2.0 481");
	EXPECT_FALSE(pending(h, B));
	EXPECT_EQ(bridges(h), 0);
}

/* Without it another, or every call would be meant. */
TEST_F(bridge_dialog, one_that_has_no_name_there_is_refused)
{
	struct harness *h = &self->h;
	char value[400];

	refused(h, "dialog;call-id=\"1@" IP_A "\";to-tag=1;from-tag=2");
	refused(h, named(value, &self->a, self->a.local_tag, self->a.remote_tag, "dialog"));
	refused(h, named(value, &self->a, self->a.remote_tag, "x", "dialog"));
	refused(h, "dialog;call-id=x;from-tag=2");
	refused(h, "dialog;to-tag=x;from-tag=2");
	refused(h, "dialog;call-id=\"x;to-tag=2");
	/* nor is a side told what is of another one */
	h->policy->routes[0].to[0].trunk = 0;
	ask(h, by_a(self, value));
	expect(h, A, "SIP/2.0 481");
	EXPECT_FALSE(pending(h, A) || pending(h, B));
}

/* It is the watcher who says what he watches. */
TEST_F(bridge_dialog, what_a_notify_names_by_itself_is_left_out_where_it_is_not_known)
{
	struct harness *h = &self->h;
	char a[400], b[400];

	ask(h, "dialog;x=\"y z\"");
	expect(h, B, "SUBSCRIBE ");
	has_event(h, B, "dialog;x=\"y z\"");
	granted(h);
	tells(h, "dialog;call-id=\"1@" IP_B "\";x=1;to-tag=7;from-tag=8",
	      "Subscription-State: active\r\n", "dialog;x=1");
	tells(h, by_b(self, b), "Subscription-State: active\r\n", by_a(self, a));
	/* a watcher may say so later */
	asks_again(h, a, "");
	expect(h, B, "SUBSCRIBE ");
	has_event(h, B, b);
	accepted(h, "Expires: 600\r\n");
	asks_again(h, "dialog;call-id=x;to-tag=1;from-tag=2", "");
	expect(h, A, "SIP/2.0 481");
	EXPECT_FALSE(pending(h, B));
	h->ua[B].cseq = 120;
	tells(h, "dialog", LAST, "dialog");
}

TEST_F(bridge_dialog, what_is_said_of_another_subscription_is_nobodys)
{
	struct harness *h = &self->h;
	char a[400], b[400];

	ask(h, by_a(self, a));
	expect(h, B, "SUBSCRIBE ");
	granted(h);
	send_request(h, B, "NOTIFY", ++h->ua[B].cseq, "Event: dialog;id=4\r\n" LAST, NULL);
	expect(h, B, "SIP/2.0 481");
	send_request(h, B, "NOTIFY", ++h->ua[B].cseq, "Event: dialog\r\n" LAST, NULL);
	expect(h, B, "SIP/2.0 481");
	EXPECT_FALSE(pending(h, A));
	asks_again(h, "dialog;id=4", "");
	expect(h, A, "SIP/2.0 481");
	tells(h, by_b(self, b), LAST, a);
}

TEST_F(bridge_dialog, what_is_published_of_one_that_is_not_known_says_nothing_of_it)
{
	struct harness *h = &self->h;
	char lines[512], a[400];

	begin_dialog(h, A, "4930123");
	buf_print(lines, sizeof(lines), "Event: %s\r\n",
		  named(a, &self->a, "1", self->a.local_tag, "dialog"));
	send_request(h, A, "PUBLISH", 1, lines, NULL);
	expect(h, B, "PUBLISH ");
	has_event(h, B, "dialog");
	reply(h, B, "489 Bad Event", NULL);
	expect(h, A, "SIP/2.0 489");
}

/* The call is another daemon's: that the names are known is in the record. */
TEST_F(bridge_dialog, both_names_outlive_a_restart)
{
	struct harness *h = &self->h, before;
	struct aside a, b, call[2];
	char watched[400], told[400], lines[512];

	harness_start(&before, _metadata);
	call_up(&before);
	put_aside(&before.ua[A], &call[0]);
	put_aside(&before.ua[B], &call[1]);
	named(watched, &call[0], call[0].remote_tag, call[0].local_tag, "dialog");
	named(told, &call[1], call[1].local_tag, call[1].remote_tag, "dialog");
	ask(&before, watched);
	expect(&before, B, "SUBSCRIBE ");
	granted(&before);
	tells(&before, told, "Subscription-State: active;expires=600\r\n", watched);
	ASSERT_EQ(restore_event(h, before.event_record, before.event), NULL);
	put_aside(&before.ua[A], &a);
	put_aside(&before.ua[B], &b);
	hang_up_aside(&before, &call[0], &call[1]);
	take_back(&h->ua[A], &a);
	take_back(&h->ua[B], &b);
	h->branch = 1000;
	buf_print(lines, sizeof(lines), "Expires: 600\r\n");
	asks_again(h, watched, lines);
	expect(h, B, "SUBSCRIBE ");
	has_event(h, B, told);
	accepted(h, lines);
	h->ua[B].cseq = 120;
	tells(h, told, LAST, watched);
	drop_events(&before);
	harness_stop(&before);
}

TEST_F(bridge_dialog, a_name_that_is_empty_in_the_record_is_wrong)
{
	struct harness *h = &self->h;
	json_t *saved;
	char a[400], b[400], *text;

	ask(h, by_a(self, a));
	expect(h, B, "SUBSCRIBE ");
	granted(h);
	saved = json_loads(h->event, 0, NULL);
	tells(h, by_b(self, b), LAST, a);
	json_object_set_new(saved, "there", json_string(""));
	text = json_dumps(saved, 0);
	EXPECT_STREQ(restore_event(h, 7, text), "there");
	free(text);
	json_decref(saved);
}

TEST_HARNESS_MAIN
