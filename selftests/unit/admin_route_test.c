// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the test of a route says where there are subscribers: who is no trunk is challenged
 * and then goes on, and one of our users is called whatever the routes say.
 */
#include "call_subscriber.h"

#include "admin/command.h"
#include "base/json.h"

FIXTURE(route) {
	struct harness h;
	struct control_conf conf;
	struct command_context ctx;
	struct command_answer answer;
};

FIXTURE_SETUP(route)
{
	harness_start(&self->h, _metadata);
	add_domain(&self->h, SIP_DIGEST_BIT(SIP_DIGEST_MD5));
	let_subscribers_call(&self->h);
	self->conf = (struct control_conf){ .node = 1, .engine = self->h.engine };
	self->ctx = (struct command_context){ .conf = &self->conf };
}

FIXTURE_TEARDOWN(route)
{
	harness_stop(&self->h);
}

/* Of a call of STRANGER to uri; more arguments, with a comma before, or "". */
static const json_t *test_call(FIXTURE_DATA(route) *self, const char *uri, const char *more)
{
	char line[512];

	snprintf(line, sizeof(line), "{\"id\":1,\"cmd\":\"route.test\",\"args\":{\"source\":"
		 "\"203.0.113.66\",\"uri\":\"%s\"%s}}", uri, more);
	self->ctx.now = self->h.now;
	admin_run(&self->ctx, slice_str(line), &self->answer);
	return json_object_get(self->answer.object, "result");
}

static void done(FIXTURE_DATA(route) *self)
{
	json_decref(self->answer.object);
	json_decref(self->answer.id);
}

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

static int status(const json_t *result)
{
	return (int)json_integer_value(json_object_get(result, "status"));
}

TEST_F(route, who_is_no_trunk_is_challenged_and_goes_on)
{
	const json_t *result = test_call(self, "sip:4930@sbc.example", "");

	EXPECT_TRUE(json_is_true(json_object_get(result, "challenged")));
	EXPECT_EQ(status(result), 0);
	EXPECT_STREQ(text(result, "taken"), self->h.policy->routes[0].name);
	done(self);

	self->h.policy->realms[0].challenges = false;
	result = test_call(self, "sip:4930@sbc.example", "");
	EXPECT_TRUE(json_is_false(json_object_get(result, "challenged")));
	EXPECT_EQ(status(result), 403);
	EXPECT_STREQ(text(result, "taken"), "");	/* it would not come to a route */
	done(self);
}

TEST_F(route, one_of_our_users_is_called_before_any_route)
{
	const json_t *result;

	result = test_call(self, "sip:%61lice@" DOMAIN, "");
	EXPECT_EQ(status(result), 480);
	EXPECT_STREQ(text(result, "user"), "alice@" DOMAIN);
	EXPECT_STREQ(text(result, "taken"), "");
	done(self);

	self->h.own_contacts = true;
	send_authentic(&self->h, "REGISTER", "alice", "secret",
		       "Contact: <sip:alice@203.0.113.66:5060>;expires=100\r\n");
	expect(&self->h, STRANGER, "SIP/2.0 200");
	result = test_call(self, "sip:alice@" DOMAIN, ",\"method\":\"MESSAGE\"");
	EXPECT_EQ(status(result), 0);
	EXPECT_STREQ(text(result, "user"), "alice@" DOMAIN);
	done(self);

	result = test_call(self, "sip:4930@" DOMAIN, "");	/* nobody of ours */
	EXPECT_STREQ(text(result, "user"), "");
	EXPECT_STREQ(text(result, "taken"), self->h.policy->routes[0].name);
	done(self);
	test_call(self, "sip:4930@" DOMAIN, ",\"method\":\"invite\"");
	EXPECT_STREQ(text(json_object_get(self->answer.object, "error"), "where"), "args.method");
	done(self);
}

TEST_HARNESS_MAIN
