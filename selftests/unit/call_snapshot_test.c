// SPDX-License-Identifier: GPL-2.0-only
/*
 * A call written down and read again by a daemon that knows nothing of it: both
 * parties go on as if nothing had happened, and either may hang up. What was written
 * is taken for bytes from outside: each member that is missing or wrong is named, and
 * nothing is left of the attempt.
 */
#include "call_harness.h"

#include <jansson.h>

#include "call/record.h"


FIXTURE(snapshot) {
	struct harness h, after;	/* the daemon before its restart, and after it */
	char *saved;
	u64 id;
};

OVER_EACH_PAIR(snapshot);

FIXTURE_SETUP(snapshot)
{
	struct call_view view;

	harness_start_over(&self->h, _metadata, &variant->over);
	harness_start_over(&self->after, _metadata, &variant->over);
	call_up(&self->h);
	view_call(&self->h, &view);
	self->id = view.id;
	advance(&self->h, 5 * NSEC_PER_SEC);
	ASSERT_EQ(call_engine_save(self->h.engine, self->h.now, WALL, self->id, &self->saved), 0);
}

FIXTURE_TEARDOWN(snapshot)
{
	free(self->saved);
	hang_up(&self->h, A);
	harness_stop(&self->h);
	harness_stop(&self->after);
}

static const char *restore(struct harness *h, const char *text, u64 *id)
{
	return call_engine_restore(h->engine, h->now, WALL + 7 * NSEC_PER_SEC, slice_str(text), id);
}

/* The parties are the same, they only talk to another daemon now. */
static void take_over(struct harness *after, const struct harness *before)
{
	enum who who;

	for (who = A; who <= B; who++) {
		struct ua *to = &after->ua[who];
		const struct ua *from = &before->ua[who];

		memcpy(to->call_id, from->call_id, sizeof(to->call_id));
		memcpy(to->local_tag, from->local_tag, sizeof(to->local_tag));
		memcpy(to->remote_tag, from->remote_tag, sizeof(to->remote_tag));
		memcpy(to->from, from->from, sizeof(to->from));
		memcpy(to->to, from->to, sizeof(to->to));
		memcpy(to->target, from->target, sizeof(to->target));
		to->cseq = from->cseq;
	}
	after->branch = 1000;
}

TEST_F(snapshot, both_parties_go_on)
{
	struct harness *h = &self->after;
	struct call_view before, view;
	u64 id;

	ASSERT_EQ(restore(h, self->saved, &id), NULL);
	EXPECT_EQ(id, self->id);
	take_over(h, &self->h);
	view_call(&self->h, &before);
	ASSERT_TRUE(view_call(h, &view));
	EXPECT_TRUE(media_plan_equal(before.plan, view.plan));
	/* 5 s before it was written and 7 s until it was read */
	EXPECT_EQ((h->now - view.answered) / NSEC_PER_SEC, 12);
	EXPECT_EQ(h->applied, 0);

	send_request(h, A, "INVITE", ++h->ua[A].cseq, NULL, SDP_A_HOLD);
	expect(h, A, "SIP/2.0 100");
	EXPECT_TRUE(contains(expect(h, B, "INVITE ")->body, " 1 IN IP4 " IP_INSIDE));
	answer(h, B, "200 OK", SDP_B_HOLD);
	expect(h, B, "ACK ");
	EXPECT_TRUE(contains(expect(h, A, "SIP/2.0 200")->body, " 1 IN IP4 " IP_ADVERTISED));
	send_ack(h, A);
	h->ua[B].cseq = 200;
	hang_up(h, B);
}

TEST_F(snapshot, what_packages_each_takes)
{
	struct harness *h = &self->after;
	u64 id;

	send_request(&self->h, B, "UPDATE", ++self->h.ua[B].cseq, "Recv-Info: x-foo\r\n", NULL);
	expect(&self->h, B, "SIP/2.0 200");
	free(self->saved);
	ASSERT_EQ(call_engine_save(self->h.engine, self->h.now, WALL, self->id, &self->saved), 0);
	ASSERT_EQ(restore(h, self->saved, &id), NULL);
	take_over(h, &self->h);
	send_request(h, A, "INFO", ++h->ua[A].cseq, "Info-Package: x-foo\r\n", NULL);
	expect(h, B, "INFO ");
	reply(h, B, "200 OK", NULL);
	expect(h, A, "SIP/2.0 200");
	hang_up(h, A);
}

TEST_F(snapshot, the_other_one_may_hang_up)
{
	struct harness *h = &self->after;
	u64 id;

	ASSERT_EQ(restore(h, self->saved, &id), NULL);
	take_over(h, &self->h);
	hang_up(h, A);
	EXPECT_EQ(h->removed, 1);
}

/* Nobody knows a name of who came by TLS: he is heard of first, by a connection of his own. */
static void is_heard_of(struct harness *h, enum who who)
{
	if (h->ua[who].transport != TRANSPORT_TLS || h->ua[who].flow.connection)
		return;
	send_request(h, who, "UPDATE", ++h->ua[who].cseq, NULL, NULL);
	expect(h, who, "SIP/2.0 200");
}

TEST_F(snapshot, its_duration_goes_on_counting)
{
	struct harness *h = &self->after;
	u64 id;

	ASSERT_EQ(restore(h, self->saved, &id), NULL);
	take_over(h, &self->h);
	is_heard_of(h, A);
	advance(h, (3600 - 13) * NSEC_PER_SEC);
	EXPECT_FALSE(pending(h, A));
	advance(h, NSEC_PER_SEC);
	expect(h, A, "BYE ");
	expect(h, B, "BYE ");
	discard(h, A);			/* nobody answered while the second went on */
	discard(h, B);
	reply(h, A, "200 OK", NULL);
	reply(h, B, "200 OK", NULL);
}

/* Names in the alphabet of another time: what cannot be written is left out, not the call. */
TEST_F(snapshot, a_name_that_is_not_utf_8_does_no_harm)
{
	struct harness *h = &self->after;
	struct call_view view;
	char *text;
	u64 id;

	begin_dialog(h, A, "4930123");
	snprintf(h->ua[A].from, sizeof(h->ua[A].from), "\"J\xf6rg\" <sip:joerg@" IP_A ">");
	send_request(h, A, "INVITE", 1, NULL, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	acknowledge(h, A);
	view_call(h, &view);
	ASSERT_EQ(call_engine_save(h->engine, h->now, WALL, view.id, &text), 0);
	EXPECT_NE(strstr(text, "J?rg"), NULL);
	hang_up(h, A);
	EXPECT_EQ(restore(h, text, &id), NULL);
	free(text);
	hang_up(h, A);
}

TEST_F(snapshot, it_is_there_only_once)
{
	u64 id;

	EXPECT_STREQ(restore(&self->h, self->saved, &id), "id");
	EXPECT_EQ(call_engine_calls(self->h.engine), 1);
}

/* Nobody can go on with it, but its record must say that it was there. */
TEST_F(snapshot, a_call_that_is_not_up_is_lost_with_a_record)
{
	struct harness *h = &self->after;
	struct call_record *r;
	struct call_view view;
	char *text;
	u64 id;

	send_invite(h, A, SDP_A);
	view_call(h, &view);
	ASSERT_EQ(call_engine_save(h->engine, h->now, WALL, view.id, &text), 0);
	EXPECT_STREQ(restore(&self->h, text, &id), "state");
	r = call_record_lost(view.id, h->now + NSEC_PER_SEC, WALL + NSEC_PER_SEC, slice_str(text));
	ASSERT_NE(r, NULL);
	EXPECT_EQ(r->restart, CALL_LOST);
	EXPECT_EQ(r->id, view.id);
	EXPECT_EQ(r->setup, h->now);
	EXPECT_EQ(r->end, h->now + NSEC_PER_SEC);
	EXPECT_EQ(r->answer, 0);
	EXPECT_STREQ(r->route, "in");
	EXPECT_STREQ(r->a.trunk, "phones");
	EXPECT_STREQ(r->a.call_id, h->ua[A].call_id);
	EXPECT_STREQ(r->b.realm, "inside");
	call_record_free(r);
	free(text);
	EXPECT_EQ(call_engine_save(h->engine, h->now, WALL, 77, &text), -ENOENT);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answer(h, B, "486 Busy Here", NULL);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 486");
	send_same_branch(h, A, "ACK", h->branch, NULL);
}

/* What cannot be read leaves gaps, and never more than that. */
TEST_F(snapshot, any_text_makes_a_record_of_a_lost_call)
{
	static const char *const texts[] = {
		"", "{", "[]", "{\"a\": 1, \"b\": []}", "{\"created\": -1, \"route\": {}}",
		"{\"a\": {\"dialog\": 7, \"peer\": \"x\", \"realm\": \"\\u0001\"}}",
	};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct call_record *r = call_record_lost(9, self->h.now, WALL, slice_str(texts[i]));

		ASSERT_NE(r, NULL);
		EXPECT_EQ(r->id, 9);
		EXPECT_EQ(r->setup, 0);
		EXPECT_EQ(r->a.realm, NULL);
		EXPECT_EQ(r->restart, CALL_LOST);
		call_record_free(r);
	}
}

/* Whatever changes is written down by itself; what is over is forgotten. */
TEST_F(snapshot, a_call_is_stored_as_it_changes)
{
	struct harness *h = &self->after;
	u64 id;

	send_invite(h, A, SDP_A);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	EXPECT_EQ(h->nstored, 1);
	EXPECT_NE(strstr(h->written, "\"state\":\"attempt\""), NULL);
	answer(h, B, "200 OK", SDP_B);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	EXPECT_NE(strstr(h->written, "\"state\":\"up\""), NULL);
	acknowledge(h, A);
	send_request(h, A, "INVITE", ++h->ua[A].cseq, NULL, SDP_A_HOLD);
	expect(h, A, "SIP/2.0 100");
	expect(h, B, "INVITE ");
	answer(h, B, "200 OK", SDP_B_HOLD);
	expect(h, B, "ACK ");
	expect(h, A, "SIP/2.0 200");
	send_ack(h, A);
	EXPECT_NE(strstr(h->written, "a=inactive"), NULL);
	hang_up(h, A);
	EXPECT_EQ(h->nstored, 0);
	/* and what was written last is a call to go on with */
	ASSERT_EQ(restore(h, h->written, &id), NULL);
	h->ua[B].cseq = 100;
	hang_up(h, A);
}

/* Every member in turn: gone, and of another type. */
static void spoil(struct __test_metadata *_metadata, FIXTURE_DATA(snapshot) *self, json_t *root,
		  json_t *object)
{
	const char *key;
	json_t *value;
	void *next;
	u64 id;

	json_object_foreach_safe(object, next, key, value) {
		char *text;

		if (json_is_object(value))
			spoil(_metadata, self, root, value);
		json_incref(value);
		json_object_set_new(object, key, json_pack("[{}]"));
		text = json_dumps(root, 0);
		EXPECT_NE(restore(&self->after, text, &id), NULL) {
			TH_LOG("%s may be anything", key);
		}
		EXPECT_EQ(call_engine_calls(self->after.engine), 0);
		free(text);
		json_object_set_new(object, key, value);
	}
}

TEST_F(snapshot, whatever_is_wrong_is_named_and_leaves_nothing)
{
	json_t *root = json_loads(self->saved, 0, NULL);
	u64 id;

	spoil(_metadata, self, root, root);
	json_decref(root);
	EXPECT_STREQ(restore(&self->after, "{", &id), "JSON");
	EXPECT_STREQ(restore(&self->after, "[]", &id), "JSON");
	EXPECT_STREQ(restore(&self->after, "{\"version\": 2}", &id), "version");
	EXPECT_EQ(media_ports_used(self->after.ports[0]), 0);
	EXPECT_EQ(media_ports_used(self->after.ports[1]), 0);
	/* and after all that it is still good */
	ASSERT_EQ(restore(&self->after, self->saved, &id), NULL);
	take_over(&self->after, &self->h);
	hang_up(&self->after, A);
}

TEST_HARNESS_MAIN
