// SPDX-License-Identifier: GPL-2.0-only
/*
 * Subscriptions and publications written down and read again by a daemon that knows nothing
 * of them: watchers are told how things are, and go on. What was written is taken for bytes
 * from outside.
 */
#include "call_watch.h"

#include <jansson.h>


FIXTURE(kept) {
	struct harness h, after;	/* the daemon before its restart, and after it */
	char *saved;
	u64 record;
};

FIXTURE_SETUP(kept)
{
	struct harness *h = &self->h;

	harness_start(h, _metadata);
	harness_start(&self->after, _metadata);
	add_watched_domain(h);
	add_watched_domain(&self->after);
	watch(h, BOB, "Event: presence;id=7\r\nExpires: 600\r\n", CLOSED);
	ASSERT_NE(h->event, NULL);
	self->saved = strdup(h->event);
	self->record = h->event_record;
}

FIXTURE_TEARDOWN(kept)
{
	free(self->saved);
	harness_stop(&self->h);
	harness_stop(&self->after);
}

#define SELF FIXTURE_DATA(kept) *self

static const char *restore(struct harness *h, u64 record, u64 later, const char *text)
{
	const char *bad = call_engine_restore_event(h->engine, h->now, WALL + h->now + later,
						    record, slice_str(text));

	run(h);
	return bad;
}

/* alice's device is the same, it only talks to another daemon now. */
static void take_over(SELF)
{
	struct aside aside;

	put_aside(&self->h.ua[STRANGER], &aside);
	take_back(&self->after.ua[STRANGER], &aside);
	self->after.branch = 1000;
}

TEST_F(kept, a_watcher_is_told_after_a_restart_and_goes_on)
{
	struct harness *h = &self->after;
	struct ua *ua = &h->ua[STRANGER];
	size_t i;

	register_bob(h, BOB_PHONE "\r\n");
	ASSERT_EQ(restore(h, self->record, 7 * SECOND, self->saved), NULL);
	EXPECT_EQ(watches(h), 1);
	EXPECT_EQ(counter(h, "presence-now"), 1);
	take_over(self);
	for (i = 0; i < 100 && !pending(h, STRANGER); i++)
		advance(h, SECOND / 100);
	take_notify(h, STRANGER, "active;expires=59", OPEN);
	EXPECT_TRUE(has(ua, "Event: presence;id=7\r\n"));
	refresh(h, "Event: presence;id=7\r\nExpires: 600\r\n");
	expect(h, STRANGER, "SIP/2.0 200");
	take_notify(h, STRANGER, "active;expires=600", OPEN);
	unwatch(h, "Event: presence;id=7\r\n");
	EXPECT_EQ(watches(h), 0);
	EXPECT_EQ(h->event, NULL);
}

/* The 200 got lost when jalurd was killed. */
TEST_F(kept, a_refresh_that_was_not_answered_comes_again)
{
	struct harness *h = &self->after;
	size_t i;

	self->h.ua[STRANGER].cseq += 1;
	refresh(&self->h, "Event: presence;id=7\r\nExpires: 900\r\n");
	expect(&self->h, STRANGER, "SIP/2.0 200");
	take_notify(&self->h, STRANGER, "active;expires=900", CLOSED);
	ASSERT_EQ(restore(h, self->h.event_record, 0, self->h.event), NULL);
	take_over(self);
	for (i = 0; i < 100 && !pending(h, STRANGER); i++)
		advance(h, SECOND / 100);
	take_notify(h, STRANGER, "active;expires=", CLOSED);
	h->ua[STRANGER].cseq--;
	refresh(h, "Event: presence;id=7\r\nExpires: 900\r\n");
	expect(h, STRANGER, "SIP/2.0 200");
	take_notify(h, STRANGER, "active;expires=900", CLOSED);
	unwatch(h, "Event: presence;id=7\r\n");
}

TEST_F(kept, one_that_expired_meanwhile_is_told_so)
{
	struct harness *h = &self->after;

	ASSERT_EQ(restore(h, self->record, 700 * SECOND, self->saved), NULL);
	take_over(self);
	advance(h, 1);
	take_notify(h, STRANGER, "terminated;reason=timeout", CLOSED);
	EXPECT_EQ(watches(h), 0);
}

TEST_F(kept, it_is_written_again_before_its_numbers_are_used_up)
{
	struct harness *h = &self->h;
	size_t i;

	for (i = 0; i < 25; i++) {
		h->ua[STRANGER].cseq += 1;
		refresh(h, "Event: presence;id=7\r\nExpires: 600\r\n");
		expect(h, STRANGER, "SIP/2.0 200");
		take_notify(h, STRANGER, "active", CLOSED);
	}
	EXPECT_STRNE(h->event, self->saved);
	EXPECT_EQ(h->event_record, self->record);
}

TEST_F(kept, what_was_published_is_still_there)
{
	struct harness *h = &self->after;
	char tag[64], lines[128];

	send_to(&self->h, STRANGER, "PUBLISH", "alice", ALICE,
		PRESENCE "Content-Type: application/pidf+xml\r\n",
		"<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='sip:" ALICE "'>\n"
		"<tuple id='a'><status/><note>gone\nfishing</note></tuple></presence>");
	expect(&self->h, STRANGER, "SIP/2.0 200");
	copy_slice(tag, sizeof(tag), header(&self->h.ua[STRANGER].msg, "SIP-ETag"));
	ASSERT_EQ(restore(h, self->h.event_record, 0, self->h.event), NULL);
	EXPECT_EQ(counter(h, "publications-now"), 1);
	h->branch = 2000;
	watch(h, ALICE, PRESENCE, "gone\nfishing");
	unwatch(h, PRESENCE);
	snprintf(lines, sizeof(lines), PRESENCE "SIP-If-Match: %s\r\nExpires: 0\r\n", tag);
	send_to(h, STRANGER, "PUBLISH", "alice", ALICE, lines, NULL);
	expect(h, STRANGER, "SIP/2.0 200");
	EXPECT_EQ(counter(h, "publications-now"), 0);
	EXPECT_EQ(h->event, NULL);
}

TEST_F(kept, what_is_wrong_with_a_record_is_named)
{
	static const struct {
		const char *key, *value, *wrong;
	} table[] = {
		{ "version", "2", "version" },
		{ "kind", "\"x\"", "kind" },
		{ "package", "\"x\"", "package" },
		{ "id", "\"a b\"", "id" },
		{ "resource", "\"bob\"", "resource" },
		{ "watcher", "7", "watcher" },
		{ "expires", "1900000000000", "expires" },
		{ "document", "-1", "document" },
		{ "peer", "null", "peer" },
		{ "listener", "\"192.0.2.77:5060\"", "listener" },
		{ "transport", "\"pigeon\"", "transport" },
		{ "dialog", "{}", "uac" },
	};
	struct harness *h = &self->after;
	json_t *object = json_loads(self->saved, 0, NULL), *copy;
	char *text;
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(*table); i++) {
		copy = json_copy(object);
		json_object_set_new(copy, table[i].key,
				    json_loads(table[i].value, JSON_DECODE_ANY, NULL));
		text = json_dumps(copy, 0);
		EXPECT_STREQ(restore(h, 1, 0, text), table[i].wrong);
		free(text);
		json_decref(copy);
	}
	json_decref(object);
	EXPECT_STREQ(restore(h, 1, 0, "[]"), "JSON");
	EXPECT_STREQ(restore(h, 0, 0, self->saved), "record");
	EXPECT_EQ(watches(h), 0);
	ASSERT_EQ(restore(h, 1, 0, self->saved), NULL);
	EXPECT_STREQ(restore(h, 1, 0, self->saved), "record");
	h->late = true;
}

TEST_HARNESS_MAIN
