// SPDX-License-Identifier: GPL-2.0-only
/*
 * Subscriptions and presence by commands of the control socket.
 */
#include "call_watch.h"

#include "admin/command.h"

FIXTURE(admin) {
	struct harness h;
	struct control_conf conf;
	struct command_context ctx;
};

FIXTURE_SETUP(admin)
{
	harness_start(&self->h, _metadata);
	add_watched_domain(&self->h);
	self->conf = (struct control_conf){ .node = 1, .engine = self->h.engine };
	self->ctx = (struct command_context){ .conf = &self->conf };
	watch(&self->h, BOB, PRESENCE "Expires: 600\r\n", CLOSED);
}

FIXTURE_TEARDOWN(admin)
{
	harness_stop(&self->h);
}

static const char *text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* Its result; NULL: its error must have this code. */
static json_t *ask(FIXTURE_DATA(admin) *self, const char *cmd, const char *args, const char *code)
{
	struct __test_metadata *_metadata = self->h._metadata;
	struct command_answer answer;
	json_t *result;
	char line[512];

	self->ctx.now = self->h.now;
	snprintf(line, sizeof(line), "{\"id\":1,\"cmd\":\"%s\",\"args\":{%s}}", cmd, args);
	admin_run(&self->ctx, slice_str(line), &answer);
	result = json_incref(json_object_get(answer.object, "result"));
	if (code)
		EXPECT_STREQ(text(json_object_get(answer.object, "error"), "code"), code);
	EXPECT_EQ(!result, !!code);
	json_decref(answer.object);
	json_decref(answer.id);
	return result;
}

TEST_F(admin, subscriptions_are_listed_and_end_by_hand)
{
	struct harness *h = &self->h;
	json_t *list = ask(self, "subscription.list", "", NULL), *one, *same;
	char args[64];

	ASSERT_EQ(json_array_size(json_object_get(list, "subscriptions")), 1);
	one = json_array_get(json_object_get(list, "subscriptions"), 0);
	EXPECT_STREQ(text(one, "package"), "presence");
	EXPECT_STREQ(text(one, "resource"), BOB);
	EXPECT_STREQ(text(one, "watcher"), ALICE);
	EXPECT_STREQ(text(one, "state"), "active");
	EXPECT_STREQ(text(one, "peer"), "203.0.113.66:5060");
	EXPECT_TRUE(json_is_false(json_object_get(one, "carried")));
	EXPECT_TRUE(json_is_null(json_object_get(one, "notifier")));
	EXPECT_EQ(json_integer_value(json_object_get(one, "expires_in_ms")), 600000);
	snprintf(args, sizeof(args), "\"id\":\"%s\"", text(one, "id"));
	same = ask(self, "subscription.show", args, NULL);
	EXPECT_TRUE(json_equal(one, same));
	json_decref(same);
	json_decref(list);
	list = ask(self, "subscription.list", "\"aor\":\"carol@" DOMAIN "\"", NULL);
	EXPECT_EQ(json_array_size(json_object_get(list, "subscriptions")), 0);
	json_decref(list);
	json_decref(ask(self, "subscription.del", args, NULL));
	run(h);
	take_notify(h, STRANGER, "terminated;reason=rejected", "");
	EXPECT_EQ(watches(h), 0);
	ask(self, "subscription.del", args, "no-such-subscription");
	ask(self, "subscription.show", "\"id\":\"7\"", "no-such-subscription");
}

TEST_F(admin, those_that_are_carried_are_among_them)
{
	struct harness *h = &self->h;
	json_t *list, *one;
	char args[64];

	begin_dialog(h, A, "4930123");
	send_request(h, A, "SUBSCRIBE", 1, "Event: message-summary\r\nExpires: 600\r\n", NULL);
	expect(h, B, "SUBSCRIBE ");
	reply_tagged(h, B, &h->ua[B].msg, "200 OK", "b", "Expires: 600\r\n", NULL);
	expect(h, A, "SIP/2.0 200");
	list = ask(self, "subscription.list", "\"aor\":\"phones\"", NULL);
	ASSERT_EQ(json_array_size(json_object_get(list, "subscriptions")), 1);
	one = json_array_get(json_object_get(list, "subscriptions"), 0);
	EXPECT_STREQ(text(one, "package"), "message-summary");
	EXPECT_STREQ(text(one, "resource"), "4930123@sbc.example");
	EXPECT_STREQ(text(one, "watcher"), "phones");
	EXPECT_STREQ(text(one, "peer"), IP_A ":5060");
	EXPECT_STREQ(text(one, "notifier"), IP_B ":5060");
	EXPECT_TRUE(json_is_true(json_object_get(one, "carried")));
	EXPECT_EQ(json_integer_value(json_object_get(one, "expires_in_ms")), 600000);
	snprintf(args, sizeof(args), "\"id\":\"%s\"", text(one, "id"));
	json_decref(list);
	json_decref(ask(self, "subscription.del", args, NULL));
	run(h);
	expect(h, A, "NOTIFY ");
	reply(h, A, "200 OK", NULL);
	expect(h, B, "SUBSCRIBE ");
	reply(h, B, "200 OK", NULL);
	ask(self, "subscription.del", args, "no-such-subscription");
	unwatch(h, PRESENCE);
}

TEST_F(admin, presence_is_what_watchers_see)
{
	struct harness *h = &self->h;
	json_t *p;

	register_bob(h, BOB_PHONE "\r\n");
	p = ask(self, "presence.show", "\"aor\":\"" BOB "\"", NULL);
	ASSERT_NE(p, NULL);
	EXPECT_NE(strstr(text(p, "document"), OPEN), NULL);
	EXPECT_EQ(json_integer_value(json_object_get(p, "contacts")), 1);
	EXPECT_EQ(json_integer_value(json_object_get(p, "watchers")), 1);
	EXPECT_TRUE(json_is_true(json_object_get(p, "served")));
	json_decref(p);
	ask(self, "presence.show", "\"aor\":\"carol@" DOMAIN "\"", "no-such-user");
	ask(self, "presence.show", "\"aor\":\"bob\"", "no-such-user");
	ask(self, "presence.show", "", "no-such-user");
	advance(h, SECOND / 2);
	take_notify(h, STRANGER, "active", OPEN);
	unwatch(h, PRESENCE);
}

TEST_HARNESS_MAIN
