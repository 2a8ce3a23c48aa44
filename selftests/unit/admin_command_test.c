// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commands of the control socket as a function from a line to an answer,
 * asked while a call is up: what the administrator sees of it, that hangup ends
 * it for both sides, and that each wrong request says what is wrong and where.
 */
#include "call_harness.h"

#include "admin/command.h"
#include "call/trunk.h"

FIXTURE(command) {
	struct harness h;
	struct control_conf conf;
	struct command_context ctx;
	struct command_answer answer;
};

FIXTURE_SETUP(command)
{
	harness_start(&self->h, _metadata);
	self->conf = (struct control_conf){ .node = 1, .engine = self->h.engine };
	self->ctx = (struct command_context){ .conf = &self->conf };
}

FIXTURE_TEARDOWN(command)
{
	harness_stop(&self->h);
}

/* The answer's object; freed by done(). */
static json_t *ask(struct harness *h, struct command_context *ctx, struct command_answer *answer,
		   const char *line)
{
	ctx->now = h->now;
	ctx->wall = WALL + h->now;
	admin_run(ctx, slice_str(line), answer);
	run(h);
	return answer->object;
}

static void done(struct command_answer *answer)
{
	json_decref(answer->object);
	json_decref(answer->id);
}

#define ask(line) ask(&self->h, &self->ctx, &self->answer, line)
#define done() done(&self->answer)

static const char *text(json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

/* "a.b.c" */
static json_t *member(json_t *object, const char *path)
{
	char copy[128], *key, *save = NULL;

	snprintf(copy, sizeof(copy), "%s", path);
	for (key = strtok_r(copy, ".", &save); key; key = strtok_r(NULL, ".", &save))
		object = json_object_get(object, key);
	return object;
}

TEST_F(command, hello_says_the_version)
{
	json_t *answer = ask("{\"id\": 7, \"cmd\": \"hello\"}");

	EXPECT_EQ(json_integer_value(json_object_get(answer, "id")), 7);
	EXPECT_EQ(json_integer_value(member(answer, "result.version")), 1);
	EXPECT_FALSE(self->answer.changed);
	done();
}

TEST_F(command, info_has_the_counters)
{
	json_t *answer;

	call_up(&self->h);
	answer = ask("{\"id\": \"x\", \"cmd\": \"info\", \"args\": {}}");
	EXPECT_STREQ(text(answer, "id"), "x");
	EXPECT_EQ(json_integer_value(member(answer, "result.calls")), 1);
	EXPECT_EQ(json_integer_value(member(answer, "result.counters.calls")), 1);
	EXPECT_TRUE(json_is_false(member(answer, "result.stopping")));
	done();
	hang_up(&self->h, A);
}

TEST_F(command, a_call_has_its_streams_and_its_ladder)
{
	struct call_view view;
	char line[128];
	json_t *answer, *stream, *way;

	call_up(&self->h);
	ASSERT_TRUE(view_call(&self->h, &view));
	snprintf(line, sizeof(line), "{\"id\": 1, \"cmd\": \"call.show\", \"args\": {\"id\": \"%llx\"}}",
		 (unsigned long long)view.id);
	answer = ask(line);
	stream = json_array_get(member(answer, "result.streams"), 0);
	EXPECT_STREQ(text(stream, "media"), "audio");
	EXPECT_STREQ(text(stream, "codec"), "PCMU/8000");
	way = json_array_get(member(stream, "directions"), 1);
	EXPECT_STREQ(text(way, "from"), "b");
	EXPECT_TRUE(json_is_true(member(way, "promised")));
	EXPECT_STREQ(text(way, "source"), IP_B ":6000");
	EXPECT_TRUE(json_is_null(member(way, "arrived")));	/* no relay to ask */
	done();

	answer = ask("{\"id\": 2, \"cmd\": \"call.trace\"}");
	way = json_array_get(member(answer, "result.steps"), 0);
	EXPECT_STREQ(text(way, "what"), "INVITE");
	EXPECT_STREQ(text(way, "leg"), "a");
	EXPECT_STREQ(text(way, "direction"), "in");
	EXPECT_STREQ(text(way, "peer"), IP_A ":5060");
	done();
	hang_up(&self->h, A);
	answer = ask("{\"id\": 3, \"cmd\": \"call.trace\", \"args\": {\"id\": \"77\"}}");
	EXPECT_STREQ(text(member(answer, "error"), "code"), "no-such-call");
	done();
}

TEST_F(command, a_call_is_shown)
{
	struct call_view view;
	char line[128], id[17];
	json_t *answer, *call;

	call_up(&self->h);
	ASSERT_TRUE(view_call(&self->h, &view));
	snprintf(id, sizeof(id), "%016llx", (unsigned long long)view.id);
	self->h.now += 1500 * NSEC_PER_MSEC;

	answer = ask("{\"id\": 1, \"cmd\": \"call.list\"}");
	ASSERT_EQ(json_array_size(member(answer, "result.calls")), 1);
	call = json_array_get(member(answer, "result.calls"), 0);
	EXPECT_STREQ(text(call, "id"), id);
	EXPECT_STREQ(text(call, "state"), "up");
	EXPECT_EQ(json_integer_value(member(call, "age_ms")), 1500);
	done();

	snprintf(line, sizeof(line),
		 "{\"id\": 2, \"cmd\": \"call.show\", \"args\": {\"id\": \"%s\"}}", id);
	answer = ask(line);
	call = json_object_get(answer, "result");
	EXPECT_STREQ(text(member(call, "a"), "trunk"), "phones");
	EXPECT_STREQ(text(member(call, "b"), "peer"), IP_B ":5060");
	EXPECT_STREQ(text(member(call, "b"), "dialog"), "confirmed");
	/* 2023-11-14T22:13:20 and the 1000 s at which the harness begins */
	EXPECT_STREQ(text(call, "created"), "2023-11-14T22:30:00.000000Z");
	done();
	hang_up(&self->h, A);
}

TEST_F(command, hangup_ends_the_call_for_both_sides)
{
	struct harness *h = &self->h;
	struct call_view view;
	char line[128];
	json_t *answer;

	call_up(h);
	ASSERT_TRUE(view_call(h, &view));
	snprintf(line, sizeof(line),
		 "{\"id\": 1, \"cmd\": \"call.hangup\","
		 " \"args\": {\"id\": \"%llx\", \"reason\": \"maintenance\"}}",
		 (unsigned long long)view.id);
	answer = ask(line);
	EXPECT_NE(json_object_get(answer, "result"), NULL);
	EXPECT_TRUE(self->answer.changed);
	done();
	EXPECT_TRUE(contains(header(expect(h, A, "BYE "), "Reason"), "maintenance"));
	reply(h, A, "200 OK", NULL);
	expect(h, B, "BYE ");
	reply(h, B, "200 OK", NULL);

	answer = ask(line);
	EXPECT_STREQ(text(member(answer, "error"), "code"), "no-such-call");
	EXPECT_FALSE(self->answer.changed);
	done();
}

TEST_F(command, drain_says_how_far_it_is)
{
	json_t *answer;

	call_up(&self->h);
	answer = ask("{\"id\": 1, \"cmd\": \"drain.on\"}");
	EXPECT_TRUE(self->answer.changed);
	EXPECT_TRUE(json_is_true(member(answer, "result.draining")));
	EXPECT_EQ(json_integer_value(member(answer, "result.calls")), 1);
	done();
	hang_up(&self->h, A);
	answer = ask("{\"id\": 2, \"cmd\": \"drain.status\"}");
	EXPECT_FALSE(self->answer.changed);
	EXPECT_EQ(json_integer_value(member(answer, "result.calls")), 0);
	EXPECT_EQ(json_integer_value(member(answer, "result.calls_at_start")), 1);
	done();
	answer = ask("{\"id\": 3, \"cmd\": \"info\"}");
	EXPECT_TRUE(json_is_true(member(answer, "result.drain.draining")));
	EXPECT_STREQ(text(member(answer, "result.overload"), "level"), "none");
	EXPECT_EQ(json_array_size(member(answer, "result.overload.causes")), CALL_OVERLOAD_CAUSES);
	done();
	answer = ask("{\"id\": 4, \"cmd\": \"drain.off\"}");
	EXPECT_TRUE(json_is_false(member(answer, "result.draining")));
	EXPECT_TRUE(json_is_null(member(answer, "result.since")));
	done();
	call_up(&self->h);
	hang_up(&self->h, A);
}

TEST_F(command, monitor_begins_a_stream)
{
	EXPECT_EQ(ask("{\"id\": 5, \"cmd\": \"monitor\","
		      " \"args\": {\"sources\": [\"call\"]}}"), NULL);
	EXPECT_EQ(self->answer.watch, WATCH_CALL);
	EXPECT_EQ(json_integer_value(self->answer.id), 5);
	done();
	EXPECT_EQ(ask("{\"id\": 5, \"cmd\": \"monitor\"}"), NULL);
	EXPECT_EQ(self->answer.watch, WATCH_CALL | WATCH_MEDIA);
	done();
	self->ctx.watching = true;
	EXPECT_STREQ(text(member(ask("{\"id\": 6, \"cmd\": \"monitor\"}"), "error"), "code"),
		     "busy");
	EXPECT_EQ(self->answer.watch, 0);
	done();
}

TEST_F(command, wrong_requests_say_what_is_wrong)
{
	static const struct {
		const char *line, *code, *where;
	} wrong[] = {
		{ "{", "bad-request", "" },
		{ "[]", "bad-request", "" },
		{ "\"hello\"", "bad-request", "" },
		{ "{\"id\": 1, \"id\": 2, \"cmd\": \"hello\"}", "bad-request", "" },
		{ "{\"id\": {}, \"cmd\": \"hello\"}", "bad-request", "id" },
		{ "{\"id\": 1}", "bad-request", "cmd" },
		{ "{\"id\": 1, \"cmd\": 5}", "bad-request", "cmd" },
		{ "{\"id\": 1, \"cmd\": \"reboot\"}", "unknown-command", "cmd" },
		{ "{\"id\": 1, \"cmd\": \"info\", \"args\": []}", "bad-request", "args" },
		{ "{\"id\": 1, \"cmd\": \"call.show\"}", "bad-argument", "args.id" },
		{ "{\"id\": 1, \"cmd\": \"call.show\", \"args\": {\"id\": 5}}",
		  "bad-argument", "args.id" },
		{ "{\"id\": 1, \"cmd\": \"call.show\", \"args\": {\"id\": \"0x5\"}}",
		  "bad-argument", "args.id" },
		{ "{\"id\": 1, \"cmd\": \"call.show\", \"args\": {\"id\": \"00000000000000001\"}}",
		  "bad-argument", "args.id" },
		{ "{\"id\": 1, \"cmd\": \"call.show\", \"args\": {\"id\": \"5\"}}",
		  "no-such-call", "args.id" },
		{ "{\"id\": 1, \"cmd\": \"call.hangup\", \"args\": {\"id\": \"5\", \"reason\": 1}}",
		  "bad-argument", "args.reason" },
		{ "{\"id\": 1, \"cmd\": \"trunk.show\"}", "bad-argument", "args.name" },
		{ "{\"id\": 1, \"cmd\": \"trunk.drain\", \"args\": {\"name\": \"x\"}}",
		  "no-such-trunk", "args.name" },
		{ "{\"id\": 1, \"cmd\": \"monitor\", \"args\": {\"sources\": []}}", "bad-argument",
		  "args.sources" },
		{ "{\"id\": 1, \"cmd\": \"monitor\", \"args\": {\"sources\": [\"call\", \"x\"]}}",
		  "bad-argument", "args.sources" },
	};
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		json_t *error = json_object_get(ask(wrong[i].line), "error");

		EXPECT_STREQ(text(error, "code"), wrong[i].code) {
			TH_LOG("request %s", wrong[i].line);
		}
		EXPECT_STREQ(text(error, "where"), wrong[i].where) {
			TH_LOG("request %s", wrong[i].line);
		}
		EXPECT_NE(*text(error, "message"), 0);
		EXPECT_EQ(self->answer.watch, 0);
		done();
	}
}

TEST_F(command, trunks_are_shown_and_drained)
{
	struct call_trunk *pbx = &self->h.policy->trunks[1];
	json_t *answer, *one;

	pbx->max_calls = 5;
	pbx->registering = (struct call_registering){
		.aor = strdup("sip:u@carrier.example"), .contact = strdup("u"),
	};
	ASSERT_EQ(call_engine_start(self->h.engine, self->h.now), 0);
	call_up(&self->h);
	answer = ask("{\"id\": 1, \"cmd\": \"trunk.list\"}");
	EXPECT_EQ(json_array_size(member(answer, "result.trunks")), 3);
	one = json_array_get(member(answer, "result.trunks"), 1);
	EXPECT_STREQ(text(one, "name"), "pbx");
	EXPECT_STREQ(text(one, "realm"), "inside");
	EXPECT_STREQ(text(one, "state"), "unknown");
	EXPECT_EQ(json_integer_value(member(one, "calls")), 1);
	EXPECT_EQ(json_integer_value(member(one, "max_calls")), 5);
	EXPECT_TRUE(json_is_null(member(one, "max_rate")));
	EXPECT_STREQ(text(member(one, "registration"), "state"), "none");
	done();

	answer = ask("{\"id\": 2, \"cmd\": \"trunk.show\", \"args\": {\"name\": \"pbx\"}}");
	one = json_array_get(member(answer, "result.addresses"), 0);
	EXPECT_STREQ(text(one, "address"), IP_B ":5060");
	EXPECT_STREQ(text(one, "transport"), "UDP");
	EXPECT_STREQ(text(one, "target"), "sip:" IP_B ":5060");
	EXPECT_TRUE(json_is_null(member(one, "probe_status")));
	done();

	answer = ask("{\"id\": 3, \"cmd\": \"trunk.drain\", \"args\": {\"name\": \"pbx\"}}");
	EXPECT_STREQ(text(member(answer, "result"), "state"), "drained");
	EXPECT_TRUE(self->answer.changed);
	done();
	hang_up(&self->h, A);
	answer = ask("{\"id\": 4, \"cmd\": \"trunk.enable\", \"args\": {\"name\": \"pbx\"}}");
	EXPECT_STREQ(text(member(answer, "result"), "state"), "unknown");
	EXPECT_EQ(json_integer_value(member(answer, "result.calls")), 0);
	done();
}

TEST_F(command, bytes_from_the_network_become_text)
{
	struct call_event event = { .type = CALL_EVENT_REFUSED, .time = 1, .status = 404 };
	json_t *object;

	memcpy(event.from, "caf\xe9 \"x\"", 9);
	self->ctx.now = 1;
	object = admin_call_event(&self->ctx, &event);
	ASSERT_NE(object, NULL);
	EXPECT_STREQ(text(object, "from"), "caf? \"x\"");
	EXPECT_STREQ(text(object, "type"), "refused");
	EXPECT_TRUE(json_is_null(json_object_get(object, "call")));
	json_decref(object);
}

/* What calls do is what the test of a route says: A's number takes "in", to B. */
TEST_F(command, a_route_test_says_which_and_why)
{
	json_t *answer, *step;

	answer = ask("{\"id\": 1, \"cmd\": \"route.test\", \"args\": {\"source\": \"" IP_A "\","
		     " \"uri\": \"sip:%34930@sbc.example\", \"from\": \"sip:+1@x\"}}");
	EXPECT_STREQ(text(member(answer, "result.request"), "realm"), "outside");
	EXPECT_STREQ(text(member(answer, "result.request"), "trunk"), "phones");
	EXPECT_STREQ(text(member(answer, "result.request"), "number"), "4930");
	EXPECT_STREQ(text(member(answer, "result"), "taken"), "in");
	EXPECT_EQ(member(answer, "result.status"), NULL);
	EXPECT_STREQ(text(json_array_get(member(answer, "result.to"), 0), "uri"),
		     "sip:%34930@" IP_B ":5060");
	step = json_array_get(member(answer, "result.routes"), 1);
	EXPECT_STREQ(text(step, "name"), "out");
	EXPECT_STREQ(text(step, "failed"), "realm");
	done();

	answer = ask("{\"id\": 1, \"cmd\": \"route.test\", \"args\": {\"realm\": \"outside\","
		     " \"source\": \"" IP_A "\", \"uri\": \"sip:50@sbc.example\"}}");
	EXPECT_TRUE(json_is_null(member(answer, "result.taken")));
	EXPECT_EQ(json_integer_value(member(answer, "result.status")), 404);
	step = json_array_get(member(answer, "result.routes"), 0);
	EXPECT_STREQ(text(step, "failed"), "number");
	done();

	answer = ask("{\"id\": 1, \"cmd\": \"route.test\", \"args\": {\"source\":"
		     " \"203.0.113.66\", \"uri\": \"sip:4930@sbc.example\"}}");
	EXPECT_EQ(json_integer_value(member(answer, "result.status")), 403);
	done();

	answer = ask("{\"id\": 1, \"cmd\": \"route.list\"}");
	step = json_array_get(member(answer, "result.routes"), 0);
	EXPECT_STREQ(text(json_array_get(json_object_get(step, "match"), 1), "key"), "number");
	EXPECT_STREQ(text(json_array_get(json_object_get(step, "match"), 1), "value"), "49");
	EXPECT_STREQ(text(json_array_get(json_object_get(step, "to"), 0), "trunk"), "pbx");
	done();
}

TEST_F(command, a_route_test_refuses_what_makes_no_request)
{
	static const struct {
		const char *args, *where;
	} wrong[] = {
		{ "{}", "args" },
		{ "{\"realm\": \"outside\"}", "args.uri" },
		{ "{\"realm\": \"nowhere\", \"uri\": \"sip:1@x\"}", "args.realm" },
		{ "{\"source\": \"x\", \"uri\": \"sip:1@x\"}", "args.source" },
		{ "{\"realm\": \"outside\", \"uri\": \"sip:1@x SIP/2.0\"}", "args.uri" },
		{ "{\"realm\": \"outside\", \"uri\": \"sip:1@x\\r\\nA: b\"}", "args.uri" },
		{ "{\"realm\": \"outside\", \"uri\": 1}", "args.uri" },
		{ "{\"realm\": \"outside\", \"uri\": \"sip:1@x\", \"method\": \"A B\"}",
		  "args.method" },
		{ "{\"realm\": \"outside\", \"uri\": \"sip:1@x\", \"from\": \"\\n\"}",
		  "args.from" },
		{ "{\"realm\": \"outside\", \"uri\": \"sip:1@x\", \"headers\": \"a: b\"}",
		  "args.headers" },
		{ "{\"realm\": \"outside\", \"uri\": \"sip:1@x\", \"headers\": [\"a\"]}",
		  "args.headers" },
		{ "{\"realm\": \"outside\", \"uri\": \"sip:1@x\", \"headers\": [\"CSeq: 1\"]}",
		  "args" },
	};
	char line[256];
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		json_t *answer;

		snprintf(line, sizeof(line), "{\"id\": 1, \"cmd\": \"route.test\", \"args\": %s}",
			 wrong[i].args);
		answer = ask(line);
		EXPECT_STREQ(text(member(answer, "error"), "code"), "bad-argument");
		EXPECT_STREQ(text(member(answer, "error"), "where"), wrong[i].where) {
			TH_LOG("%s", wrong[i].args);
		}
		done();
	}
}

TEST_HARNESS_MAIN
