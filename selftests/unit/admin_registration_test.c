// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registrations by commands of the control socket: what a phone registered is listed as
 * it said it, for its domain and its user; and it is gone when the administrator says so,
 * but not while its REGISTER is under way.
 */
#include "call_subscriber.h"

#include "admin/command.h"
#include "base/json.h"

#define ALICE "alice@" DOMAIN
#define DESK "Contact: <sip:alice@203.0.113.66:5060>;q=0.5;expires=100\r\n"
#define MOBILE "Contact: <sip:mobile@203.0.113.66:5070>;q=0.8;expires=300\r\n"
#define HOME "Contact: <sip:bob@203.0.113.66:5080>\r\n"

FIXTURE(admin) {
	struct harness h;
	struct control_conf conf;
	struct command_context ctx;
	bool changed;			/* by the last command */
};

FIXTURE_SETUP(admin)
{
	harness_start(&self->h, _metadata);
	add_domain(&self->h, SIP_DIGEST_BIT(SIP_DIGEST_MD5));
	self->h.own_contacts = true;
	self->conf = (struct control_conf){ .node = 1, .engine = self->h.engine };
	self->ctx = (struct command_context){ .conf = &self->conf };
}

FIXTURE_TEARDOWN(admin)
{
	harness_stop(&self->h);
}

/* Its result; NULL: the code of its error must be code, and there must be a remedy. */
static json_t *ask(FIXTURE_DATA(admin) *self, const char *cmd, const char *args, const char *code)
{
	struct __test_metadata *_metadata = self->h._metadata;
	struct command_answer answer;
	const json_t *error;
	json_t *result;
	char line[512];

	self->ctx.now = self->h.now;
	snprintf(line, sizeof(line), "{\"id\":1,\"cmd\":\"registration.%s\",\"args\":{%s}}", cmd,
		 args);
	admin_run(&self->ctx, slice_str(line), &answer);
	self->changed = answer.changed;
	result = json_incref(json_object_get(answer.object, "result"));
	error = json_object_get(answer.object, "error");
	if (code) {
		EXPECT_EQ(result, NULL);
		EXPECT_FALSE(answer.changed);
		EXPECT_STREQ(json_string_value(json_object_get(error, "code")), code);
		EXPECT_STREQ(json_string_value(json_object_get(error, "where")),
			     strcmp(cmd, "list") ? "args.aor" : "args.domain");
		EXPECT_GT(json_string_length(json_object_get(error, "remedy")), 0);
	} else {
		EXPECT_EQ(error, NULL);
		EXPECT_NE(result, NULL);
	}
	json_decref(answer.object);
	json_decref(answer.id);
	return result;
}

static void is_refused(FIXTURE_DATA(admin) *self, const char *cmd, const char *args,
		       const char *code)
{
	json_decref(ask(self, cmd, args, code));
}

static size_t how_many(FIXTURE_DATA(admin) *self, const char *cmd, const char *args)
{
	struct __test_metadata *_metadata = self->h._metadata;
	json_t *result = ask(self, cmd, args, NULL);
	size_t n = json_array_size(json_object_get(result, "registrations"));

	EXPECT_FALSE(self->changed);
	json_decref(result);
	return n;
}

static void registers(FIXTURE_DATA(admin) *self, const char *user, const char *password,
		      const char *contact)
{
	send_authentic(&self->h, "REGISTER", user, password, contact);
	expect(&self->h, STRANGER, "SIP/2.0 200");
}

static void text_is(FIXTURE_DATA(admin) *self, const json_t *object, const char *key,
		    const char *wanted)
{
	struct __test_metadata *_metadata = self->h._metadata;

	EXPECT_STREQ(json_string_value(json_object_get(object, key)), wanted);
}

TEST_F(admin, nobody_is_registered_at_first)
{
	EXPECT_EQ(how_many(self, "list", ""), 0);
	is_refused(self, "show", "\"aor\":\"" ALICE "\"", "no-such-registration");
	is_refused(self, "del", "\"aor\":\"" ALICE "\"", "no-such-registration");
}

TEST_F(admin, a_contact_is_shown_as_the_phone_said_it)
{
	json_t *result, *contact;

	registers(self, "alice", "secret", DESK);
	advance(&self->h, 40 * NSEC_PER_SEC);
	result = ask(self, "show", "\"aor\":\"" ALICE "\"", NULL);
	ASSERT_EQ(json_array_size(json_object_get(result, "registrations")), 1);
	contact = json_array_get(json_object_get(result, "registrations"), 0);
	text_is(self, contact, "aor", ALICE);
	text_is(self, contact, "contact", "sip:alice@203.0.113.66:5060");
	text_is(self, contact, "user_agent", "Phone 1.0");
	text_is(self, contact, "source", "203.0.113.66:5060");
	text_is(self, contact, "path", "");
	EXPECT_EQ(json_number_value(json_object_get(contact, "q")), 0.5);
	EXPECT_EQ(json_integer_value(json_object_get(contact, "expires_in_ms")), 60000);
	EXPECT_TRUE(json_is_null(json_object_get(contact, "connection")));
	EXPECT_TRUE(json_is_false(json_object_get(contact, "nat")));
	json_decref(result);
}

TEST_F(admin, the_preferred_contact_of_a_user_comes_first)
{
	json_t *result, *list;

	registers(self, "alice", "secret", DESK);
	registers(self, "alice", "secret", MOBILE);
	registers(self, "bob", "hidden", HOME);
	result = ask(self, "show", "\"aor\":\"" ALICE "\"", NULL);
	list = json_object_get(result, "registrations");
	ASSERT_EQ(json_array_size(list), 2);
	text_is(self, json_array_get(list, 0), "contact", "sip:mobile@203.0.113.66:5070");
	text_is(self, json_array_get(list, 1), "contact", "sip:alice@203.0.113.66:5060");
	json_decref(result);
}

TEST_F(admin, the_list_has_everybody_or_one_domain)
{
	registers(self, "alice", "secret", DESK);
	registers(self, "alice", "secret", MOBILE);
	registers(self, "bob", "hidden", HOME);
	EXPECT_EQ(how_many(self, "list", ""), 3);
	EXPECT_EQ(how_many(self, "list", "\"domain\":\"" DOMAIN "\""), 3);
	EXPECT_EQ(how_many(self, "list", "\"domain\":\"EXAMPLE.com\""), 3);
	EXPECT_EQ(how_many(self, "show", "\"aor\":\"alice@EXAMPLE.com\""), 2);
}

/* Nobody there would be a wrong answer to a slip of the pen. */
TEST_F(admin, a_domain_that_is_none_of_ours_has_no_list)
{
	registers(self, "alice", "secret", DESK);
	is_refused(self, "list", "\"domain\":\"example.org\"", "no-such-domain");
	is_refused(self, "list", "\"domain\":\"ample.com\"", "no-such-domain");
	is_refused(self, "list", "\"domain\":\"\"", "no-such-domain");
}

TEST_F(admin, who_has_expired_is_not_shown)
{
	registers(self, "alice", "secret", DESK);
	registers(self, "alice", "secret", MOBILE);
	advance(&self->h, 100 * NSEC_PER_SEC);
	EXPECT_EQ(how_many(self, "list", ""), 1);
	EXPECT_EQ(how_many(self, "show", "\"aor\":\"" ALICE "\""), 1);
	advance(&self->h, 200 * NSEC_PER_SEC);
	EXPECT_EQ(how_many(self, "list", ""), 0);
	is_refused(self, "show", "\"aor\":\"" ALICE "\"", "no-such-registration");
}

TEST_F(admin, whom_the_administrator_takes_away_is_gone_also_from_the_store)
{
	struct harness *h = &self->h;
	json_t *result;

	registers(self, "alice", "secret", DESK);
	registers(self, "alice", "secret", MOBILE);
	registers(self, "bob", "hidden", HOME);
	result = ask(self, "del", "\"aor\":\"" ALICE "\"", NULL);
	EXPECT_TRUE(self->changed);
	text_is(self, result, "aor", ALICE);
	json_decref(result);
	run(h);
	EXPECT_EQ(h->bindings, NULL);
	is_refused(self, "show", "\"aor\":\"" ALICE "\"", "no-such-registration");
	is_refused(self, "del", "\"aor\":\"" ALICE "\"", "no-such-registration");
	EXPECT_EQ(how_many(self, "list", ""), 1);
	/* The phone may come back. */
	registers(self, "alice", "secret", DESK);
	EXPECT_EQ(how_many(self, "show", "\"aor\":\"" ALICE "\""), 1);
}

TEST_F(admin, while_a_registration_is_being_written_nobody_takes_it_away)
{
	struct harness *h = &self->h;

	registers(self, "alice", "secret", DESK);
	h->late = true;
	send_authentic(h, "REGISTER", "alice", "secret", MOBILE);
	ASSERT_EQ(h->ntickets, 1);
	is_refused(self, "del", "\"aor\":\"" ALICE "\"", "busy");
	EXPECT_EQ(how_many(self, "list", ""), 1);
	complete(h);
	expect(h, STRANGER, "SIP/2.0 200");
	EXPECT_EQ(how_many(self, "list", ""), 2);
	json_decref(ask(self, "del", "\"aor\":\"" ALICE "\"", NULL));
	EXPECT_EQ(how_many(self, "list", ""), 0);
}

TEST_F(admin, an_address_that_is_none_is_nobody)
{
	static const char *const table[] = {
		"", "\"aor\":7", "\"aor\":null", "\"aor\":\"\"", "\"aor\":\"alice\"",
		"\"aor\":\"" ALICE "x\"", "\"aor\":\"@\"",
	};
	size_t i;

	registers(self, "alice", "secret", DESK);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		is_refused(self, "show", table[i], "no-such-registration");
		is_refused(self, "del", table[i], "no-such-registration");
	}
	EXPECT_EQ(how_many(self, "list", ""), 1);
}

TEST_HARNESS_MAIN
