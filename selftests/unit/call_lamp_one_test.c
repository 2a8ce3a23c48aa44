// SPDX-License-Identifier: GPL-2.0-only
/*
 * Busy lamps of one dialog alone (RFC 4235 §3.2): alice has calls, and her device wants to hear of
 * the one that Event names.
 */
#include "call_watch.h"
#include "call_trunk_harness.h"

#include <jansson.h>

#define WALL (1700000000 * NSEC_PER_SEC)

FIXTURE(lamp_one) {
	struct harness h;
	struct aside lamp, first, second;	/* of STRANGER */
};

static void begin_world(struct harness *h)
{
	struct call_domain *d = add_watched_domain(h);

	d->events.dialog = true;
	d->events.interval = 0;
	let_subscribers_call(h);
}

FIXTURE_SETUP(lamp_one)
{
	harness_start(&self->h, _metadata);
	begin_world(&self->h);
}

FIXTURE_TEARDOWN(lamp_one)
{
	EXPECT_EQ(watches(&self->h), 0);
	drop_events(&self->h);
	harness_stop(&self->h);
}

#define SELF FIXTURE_DATA(lamp_one) *self

static void call_b(struct harness *h, struct aside *call)
{
	send_as(h, "INVITE", "alice", NULL);
	expect(h, STRANGER, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answered(h);
	put_aside(&h->ua[STRANGER], call);
}

static void hang_up_one(struct harness *h, const struct aside *call)
{
	take_back(&h->ua[STRANGER], call);
	hang_up_alice(h);
}

static void ask(struct harness *h, const char *target, const char *call_id, const char *to_tag,
		const char *from_tag)
{
	char lines[512];

	buf_print(lines, sizeof(lines), "Event: dialog;call-id=\"%s\";to-tag=%s%s%s\r\n", call_id,
		  to_tag, *from_tag ? ";from-tag=" : "", from_tag);
	send_subscribe(h, target, lines);
}

/* The other party's tag is that of who is watched; or hers, in her own name for it. */
static void watch_one(struct harness *h, const struct aside *call, bool own)
{
	ask(h, ALICE, call->call_id, own ? call->local_tag : call->remote_tag,
	    own ? call->remote_tag : call->local_tag);
	expect(h, STRANGER, "SIP/2.0 200");
	learn(&h->ua[STRANGER], &h->ua[STRANGER].msg);
}

static size_t dialogs(const struct ua *ua)
{
	const char *at = ua->last;
	size_t n = 0;

	for (; (at = strstr(at, "<dialog ")); at++)
		n++;
	return n;
}

static void shows_its_end(struct harness *h)
{
	struct __test_metadata *_metadata = h->_metadata;

	advance(h, 1);
	take_notify(h, STRANGER, "terminated;reason=noresource", "<state>terminated</state>");
	EXPECT_EQ(dialogs(&h->ua[STRANGER]), 1);
	EXPECT_EQ(watches(h), 0);
}

TEST_F(lamp_one, it_shows_that_call_and_ends_with_it)
{
	struct harness *h = &self->h;

	call_b(h, &self->first);
	call_b(h, &self->second);
	watch_one(h, &self->first, false);
	take_notify(h, STRANGER, "active", "<state>confirmed</state>");
	EXPECT_EQ(dialogs(&h->ua[STRANGER]), 1);
	put_aside(&h->ua[STRANGER], &self->lamp);
	hang_up_one(h, &self->second);
	advance(h, SECOND);
	EXPECT_FALSE(pending(h, STRANGER));
	hang_up_one(h, &self->first);
	take_back(&h->ua[STRANGER], &self->lamp);
	shows_its_end(h);
}

TEST_F(lamp_one, it_is_known_by_the_names_of_either_party)
{
	struct harness *h = &self->h;

	call_b(h, &self->first);
	watch_one(h, &self->first, true);
	take_notify(h, STRANGER, "active", "<state>confirmed</state>");
	unwatch(h, "Event: dialog\r\n");
	hang_up_one(h, &self->first);
}

/* B's names, as the one whom she called: to-tag is that of the INVITE which we sent it for her. */
TEST_F(lamp_one, one_tag_is_enough_for_all_that_an_invite_made)
{
	struct harness *h = &self->h;

	call_b(h, &self->first);
	ask(h, ALICE, h->ua[B].call_id, h->ua[B].remote_tag, "");
	expect(h, STRANGER, "SIP/2.0 200");
	learn(&h->ua[STRANGER], &h->ua[STRANGER].msg);
	take_notify(h, STRANGER, "active", "<state>confirmed</state>");
	put_aside(&h->ua[STRANGER], &self->lamp);
	hang_up_one(h, &self->first);
	take_back(&h->ua[STRANGER], &self->lamp);
	shows_its_end(h);
}

TEST_F(lamp_one, what_is_no_call_of_that_user_is_refused)
{
	struct harness *h = &self->h;

	call_b(h, &self->first);
	ask(h, ALICE, "1@x", "2", "3");
	expect(h, STRANGER, "SIP/2.0 481");
	ask(h, ALICE, "1@x", "2", "");
	expect(h, STRANGER, "SIP/2.0 481");
	ask(h, BOB, self->first.call_id, self->first.remote_tag, self->first.local_tag);
	expect(h, STRANGER, "SIP/2.0 481");
	send_subscribe(h, ALICE, "Event: dialog;call-id=x\r\n");
	expect(h, STRANGER, "SIP/2.0 481");
	/* of another package it is nothing */
	watch(h, ALICE, "Event: presence;call-id=x\r\n", OPEN);
	unwatch(h, "Event: presence\r\n");
	hang_up_one(h, &self->first);
}

/* --- a restart --- */

static const char *restore(struct harness *h, const char *text)
{
	const char *bad = call_engine_restore_event(h->engine, h->now, WALL + h->now, 7,
						    slice_str(text));

	run(h);
	return bad;
}

TEST_F(lamp_one, it_is_over_when_the_call_is_not_there_after_a_restart)
{
	struct harness *h = &self->h, before;

	harness_start(&before, _metadata);
	begin_world(&before);
	call_b(&before, &self->first);
	watch_one(&before, &self->first, false);
	take_notify(&before, STRANGER, "active", "<state>confirmed</state>");
	ASSERT_NE(before.event, NULL);
	ASSERT_EQ(restore(h, before.event), NULL);
	put_aside(&before.ua[STRANGER], &self->lamp);
	take_back(&h->ua[STRANGER], &self->lamp);
	h->branch = 1000;
	advance(h, SECOND);
	take_notify(h, STRANGER, "terminated;reason=noresource", "dialog-info");
	EXPECT_EQ(dialogs(&h->ua[STRANGER]), 0);
	hang_up_one(&before, &self->first);
	drop_events(&before);
	harness_stop(&before);
}

TEST_F(lamp_one, a_call_that_is_no_id_is_wrong_in_its_record)
{
	static const char *const wrong[] = {
		"7", "\"\"", "\"x123456789abcdef\"", "\"12\"", "\"fff0000000000001\"",
	};
	struct harness *h = &self->h;
	json_t *saved;
	size_t i;

	call_b(h, &self->first);
	watch_one(h, &self->first, false);
	take_notify(h, STRANGER, "active", "<state>confirmed</state>");
	saved = json_loads(h->event, 0, NULL);
	unwatch(h, "Event: dialog\r\n");
	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		char *text;

		json_object_set_new(saved, "call", json_loads(wrong[i], JSON_DECODE_ANY, NULL));
		text = json_dumps(saved, 0);
		EXPECT_STREQ(restore(h, text), "call");
		free(text);
	}
	json_decref(saved);
	hang_up_one(h, &self->first);
}

TEST_HARNESS_MAIN
