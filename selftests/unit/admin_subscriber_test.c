// SPDX-License-Identifier: GPL-2.0-only
/*
 * Subscribers of the store: added, changed and taken away by commands of the control
 * socket, written down as hashes, and read again. Who was added can call at once.
 */
#include "call_subscriber.h"

#include "admin/command.h"
#include "base/json.h"

#define MAX_RECORDS 8

FIXTURE(admin) {
	struct harness h;
	struct control_conf conf;
	struct command_context ctx;
	/* the store */
	char *records[MAX_RECORDS];
};

static int set(void *arg, struct slice domain, struct slice user, const struct sip_secret *secret)
{
	FIXTURE_DATA(admin) *self = arg;
	u64 record = 0;
	int err = call_subscribers_set(call_engine_subscribers(self->h.engine), domain, user,
				       secret, &record);

	free(self->records[record]);
	self->records[record] = call_subscriber_print(domain, user, secret);
	return err;
}

static int del(void *arg, struct slice domain, struct slice user)
{
	FIXTURE_DATA(admin) *self = arg;
	u64 record;
	int err = call_subscribers_del(call_engine_subscribers(self->h.engine), domain, user,
				       &record);

	if (err)
		return err;
	free(self->records[record]);
	self->records[record] = NULL;
	return 0;
}

static const struct control_subscribers subscribers = { .set = set, .del = del };

FIXTURE_SETUP(admin)
{
	harness_start(&self->h, _metadata);
	add_domain(&self->h, SIP_DIGEST_BIT(SIP_DIGEST_MD5));
	let_subscribers_call(&self->h);
	self->conf = (struct control_conf){
		.node = 1, .engine = self->h.engine, .subscribers = &subscribers, .arg = self,
	};
	self->ctx = (struct command_context){ .conf = &self->conf };
}

FIXTURE_TEARDOWN(admin)
{
	size_t i;

	for (i = 0; i < MAX_RECORDS; i++)
		free(self->records[i]);
	harness_stop(&self->h);
}

/* The code of the error, or "" and the result in *result, which may be NULL. */
static void ask(FIXTURE_DATA(admin) *self, const char *cmd, const char *args, const char *wanted,
		json_t **result)
{
	struct __test_metadata *_metadata = self->h._metadata;
	struct command_answer answer;
	const char *code;
	char line[512];

	snprintf(line, sizeof(line), "{\"id\":1,\"cmd\":\"%s\",\"args\":{%s}}", cmd, args);
	admin_run(&self->ctx, slice_str(line), &answer);
	code = json_string_value(json_object_get(json_object_get(answer.object, "error"), "code"));
	EXPECT_STREQ(code ? code : "", wanted);
	EXPECT_EQ(answer.secret, !strstr(cmd, "list"));
	if (result)
		*result = json_incref(json_object_get(answer.object, "result"));
	json_decref(answer.object);
	json_decref(answer.id);
}

#define CAROL "\"domain\":\"" DOMAIN "\",\"user\":\"carol\""

static void calls(FIXTURE_DATA(admin) *self, const char *password, bool may)
{
	struct harness *h = &self->h;

	send_authentic(h, "OPTIONS", "carol", password, "");
	expect(h, STRANGER, may ? "SIP/2.0 200" : "SIP/2.0 403");
}

TEST_F(admin, who_is_added_may_call_until_he_is_taken_away)
{
	calls(self, "first", false);
	ask(self, "subscriber.add", CAROL ",\"password\":\"first\"", "", NULL);
	calls(self, "first", true);
	ask(self, "subscriber.passwd", CAROL ",\"password\":\"second\"", "", NULL);
	calls(self, "first", false);
	calls(self, "second", true);
	ask(self, "subscriber.del", CAROL, "", NULL);
	calls(self, "second", false);
}

TEST_F(admin, what_is_written_down_has_no_password_and_is_enough_after_a_restart)
{
	struct call_subscribers *s = call_engine_subscribers(self->h.engine);
	char *record;
	u64 number;

	ask(self, "subscriber.add", CAROL ",\"password\":\"first\"", "", NULL);
	record = self->records[1];
	ASSERT_NE(record, NULL);
	EXPECT_EQ(strstr(record, "first"), NULL);
	EXPECT_NE(strstr(record, "\"sha-512-256\""), NULL);
	ASSERT_EQ(call_subscribers_del(s, SLICE(DOMAIN), SLICE("carol"), &number), 0);
	calls(self, "first", false);
	EXPECT_EQ(call_subscribers_restore(s, 1, slice_str(record)), NULL);
	calls(self, "first", true);
	/* The next one does not take his place in the store. */
	ask(self, "subscriber.add", "\"domain\":\"EXAMPLE.com\",\"user\":\"+4930\","
	    "\"password\":\"p\"", "", NULL);
	EXPECT_NE(self->records[2], NULL);
	EXPECT_EQ(self->records[1], record);
}

TEST_F(admin, the_list_says_where_everybody_is_and_nothing_secret)
{
	json_t *result, *list, *carol;
	char *text;

	ask(self, "subscriber.add", CAROL ",\"password\":\"first\"", "", NULL);
	ask(self, "subscriber.list", "", "", &result);
	list = json_object_get(result, "subscribers");
	ASSERT_EQ(json_array_size(list), 3);
	carol = json_array_get(list, 2);
	EXPECT_STREQ(json_string_value(json_object_get(carol, "user")), "carol");
	EXPECT_STREQ(json_string_value(json_object_get(carol, "from")), "store");
	EXPECT_EQ(json_array_size(json_object_get(carol, "algorithms")), 3);
	text = json_dumps(list, 0);
	/* No run of hex digits as long as the shortest hash. */
	EXPECT_LT(strlen(text), 3 * 120);
	free(text);
	json_decref(result);
}

TEST_F(admin, what_is_wrong_is_said_and_changes_nothing)
{
	static const struct {
		const char *cmd, *args, *code;
	} table[] = {
		{ "subscriber.add", "\"domain\":\"elsewhere\",\"user\":\"carol\",\"password\":\"p\"",
		  "no-such-domain" },
		{ "subscriber.add", "\"user\":\"carol\",\"password\":\"p\"", "no-such-domain" },
		{ "subscriber.add", CAROL, "bad-argument" },
		{ "subscriber.add", CAROL ",\"password\":\"\"", "bad-argument" },
		{ "subscriber.add", CAROL ",\"password\":\"a\\nb\"", "bad-argument" },
		{ "subscriber.add", CAROL ",\"password\":7", "bad-argument" },
		{ "subscriber.add", "\"domain\":\"" DOMAIN "\",\"user\":\"a b\",\"password\":\"p\"",
		  "bad-argument" },
		{ "subscriber.add", "\"domain\":\"" DOMAIN "\",\"user\":\"a%20b\","
		  "\"password\":\"p\"", "bad-argument" },
		{ "subscriber.add", "\"domain\":\"" DOMAIN "\",\"user\":\"alice\","
		  "\"password\":\"p\"", "configured" },
		{ "subscriber.del", "\"domain\":\"" DOMAIN "\",\"user\":\"alice\"", "configured" },
		{ "subscriber.passwd", CAROL ",\"password\":\"p\"", "no-such-subscriber" },
		{ "subscriber.del", CAROL, "no-such-subscriber" },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		ask(self, table[i].cmd, table[i].args, table[i].code, NULL);
	EXPECT_EQ(self->records[1], NULL);
	ask(self, "subscriber.add", CAROL ",\"password\":\"p\"", "", NULL);
	ask(self, "subscriber.add", CAROL ",\"password\":\"q\"", "exists", NULL);
	calls(self, "p", true);
	self->conf.subscribers = NULL;
	ask(self, "subscriber.passwd", CAROL ",\"password\":\"q\"", "no-store", NULL);
	calls(self, "p", true);
}

/* His old password would be good again on the day that the configuration has him no more. */
TEST_F(admin, whom_the_configuration_hides_can_leave_the_store)
{
	static const char alice[] = "\"domain\":\"" DOMAIN "\",\"user\":\"alice\"";
	struct call_subscribers *s = call_engine_subscribers(self->h.engine);
	struct sip_secret secret;
	u64 record = 0;

	make_secret(&secret, "alice", "old", SIP_DIGEST_ALL);
	ASSERT_EQ(call_subscribers_set(s, SLICE(DOMAIN), SLICE("alice"), &secret, &record), 0);
	ask(self, "subscriber.del", alice, "", NULL);
	EXPECT_EQ(call_subscribers_find(s, SLICE(DOMAIN), SLICE("alice")), NULL);
	ask(self, "subscriber.del", alice, "configured", NULL);
}

TEST_F(admin, the_password_is_gone_from_the_request)
{
	static const char args[] = CAROL ",\"password\":\"first\"";
	char line[256];
	struct admin_fault fault;
	json_t *request, *password;

	snprintf(line, sizeof(line), "{%s}", args);
	request = json_loads(line, 0, NULL);
	password = json_object_get(request, "password");
	json_decref(admin_subscriber(&self->conf, ADMIN_SUBSCRIBER_ADD, request, &fault));
	EXPECT_EQ(memcmp(json_string_value(password), "\0\0\0\0\0", 5), 0);
	json_decref(request);
}

TEST_HARNESS_MAIN
