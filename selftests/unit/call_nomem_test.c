// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory runs out while Jalur works, and is there again. Each story is told once to count how
 * often Jalur asks for memory, and then again and again, with the first of these failing, the
 * second, and so on to the last. Whatever that was, each request gets one final answer once
 * there is memory, nobody is left in a call, nothing is left of it in Jalur, in the relay and in
 * the store, and the next call is a call like any other.
 *
 * NOMEM=n in the environment says for how many ms all others fail after that one (make
 * check-nomem: not at all, 1, 700 and 5000); STORY=name and AT=n tell one story once, with a
 * breakpoint at nomem_now() to see who asked.
 */
#include "kselftest_harness.h"
#include "call_nomem.h"

#define A_PHONE 0
#define B_PHONE 1
#define C_PHONE 2
#define VISITOR NCALLERS
/* A story is given up when so many of its runs went wrong. */
#define ENOUGH 3

static const struct story stories[] = {
	{ "a call", RING_180, false, false, {
		{ 0, A_PHONE, begin, "sip:2000@sbc.example" },
		{ 8000, A_PHONE, leave, NULL },
	} },
	{ "a call without an offer", RING_180, false, false, {
		{ 0, A_PHONE, begin_without_offer, "sip:2000@sbc.example" },
		{ 8000, C_PHONE, leave, NULL },
	} },
	{ "a call with reliable responses", RING_RELIABLY, false, false, {
		{ 0, A_PHONE, begin, "sip:2000@sbc.example" },
		{ 9000, A_PHONE, leave, NULL },
	} },
	{ "a forked call", RING_180, false, false, {
		{ 0, A_PHONE, begin, "sip:4930@sbc.example" },
		{ 9000, A_PHONE, leave, NULL },
	} },
	{ "a call in vain", RING_BUSY, false, false, {
		{ 0, A_PHONE, begin, "sip:4930@sbc.example" },
		{ 5000, A_PHONE, begin, "sip:77@sbc.example" },
	} },
	{ "a cancelled call", RING_180, false, false, {
		{ 0, A_PHONE, begin, "sip:4930@sbc.example" },
		{ 1500, A_PHONE, cancel, NULL },
	} },
	{ "changes in a call", RING_NOT, false, false, {
		{ 0, A_PHONE, begin, "sip:2000@sbc.example" },
		{ 5000, A_PHONE, hold_other, NULL },
		{ 3000, A_PHONE, change, NULL },
		{ 3000, C_PHONE, ask_for_offer, NULL },
		{ 3000, C_PHONE, say, "UPDATE" },
		{ 3000, A_PHONE, say, "INFO" },
		{ 3000, A_PHONE, say, "OPTIONS" },
		{ 3000, A_PHONE, say, "MESSAGE" },
	} },
	{ "changes that are refused", RING_NOT, true, true, {
		{ 0, A_PHONE, begin, "sip:2000@sbc.example" },
		{ 5000, A_PHONE, hold_other, NULL },
		{ 3000, C_PHONE, ask_for_offer, NULL },
		{ 3000, A_PHONE, hold_other, NULL },
	} },
	{ "a trunk that wants credentials", RING_CHALLENGE, false, false, {
		{ 0, A_PHONE, begin, "sip:2000@sbc.example" },
		{ 8000, A_PHONE, hold_other, NULL },
		{ 3000, A_PHONE, leave, NULL },
		{ 3000, A_PHONE, begin, "sip:2000@sbc.example" },
	} },
	{ "a transfer", RING_180, false, false, {
		{ 0, A_PHONE, begin, "sip:4930@sbc.example" },
		{ 8000, A_PHONE, refer_other, "2000" },
		{ 20000, C_PHONE, leave, NULL },
	} },
	{ "a transfer with consultation", RING_NOT, false, false, {
		{ 0, A_PHONE, begin, "sip:4930@sbc.example" },
		{ 6000, A_PHONE, begin, "sip:2000@sbc.example" },
		{ 6000, A_PHONE, join_others, NULL },
		{ 20000, C_PHONE, leave, NULL },
	} },
	{ "a long call", RING_NOT, false, false, {
		{ 0, A_PHONE, begin, "sip:2000@sbc.example" },
		{ 320000, A_PHONE, leave, NULL },
	} },
	{ "a call of a subscriber's phone", RING_180, false, false, {
		{ 0, VISITOR, enrol, NULL },
		{ 3000, A_PHONE, begin, "sip:bob@example.com" },
		{ 20000, VISITOR, enrol_no_more, NULL },
	} },
	{ "registration", RING_NOT, false, false, {
		{ 0, VISITOR, enrol, NULL },
		{ 3000, VISITOR, enrol, NULL },
	} },
	{ "presence", RING_NOT, false, false, {
		{ 0, VISITOR, watch, "presence" },
		{ 3000, VISITOR, publish, NULL },
		{ 3000, VISITOR, enrol, NULL },
	} },
	{ "watching", RING_NOT, false, false, {
		{ 0, VISITOR, watch, "reg" },
		{ 3000, VISITOR, watch, "dialog" },
		{ 3000, VISITOR, enrol, NULL },
	} },
	{ "a message", RING_NOT, false, false, {
		{ 0, AUTHOR, go_by_plan, "message, then another" },
		{ 5000, AUTHOR, go_by_plan, "message to both" },
	} },
	{ "a carried publication", RING_NOT, false, false, {
		{ 0, AUTHOR, go_by_plan, "publish" },
	} },
	{ "a carried subscription", RING_NOT, false, false, {
		{ 0, AUTHOR, go_by_plan, "leave" },
	} },
	{ "a carried subscription that is refused", RING_NOT, false, false, {
		{ 0, AUTHOR, go_by_plan, "elsewhere" },
	} },
	{ "a message that is redirected", RING_NOT, false, false, {
		{ 0, AUTHOR, go_by_plan, "message led" },
		{ 5000, AUTHOR, go_by_plan, "message told where" },
	} },
	{ "a subscription that is redirected", RING_NOT, false, false, {
		{ 0, AUTHOR, go_by_plan, "led" },
	} },
	{ "a call that is watched through Jalur", RING_NOT, false, false, {
		{ 0, A_PHONE, begin, "sip:2000@sbc.example" },
		{ 5000, AUTHOR, go_by_plan, "no such dialog there" },
		{ 70000, A_PHONE, leave, NULL },
	} },
	{ "a REFER to somebody", RING_NOT, false, false, {
		{ 0, A_PHONE, let_pass, NULL },
		{ 0, AUTHOR, go_by_plan, "refer led" },
		{ 5000, AUTHOR, go_by_plan, "refer silently" },
	} },
	{ "a REFER that passes", RING_NOT, false, false, {
		{ 0, A_PHONE, let_pass, NULL },
		{ 0, A_PHONE, begin, "sip:2000@sbc.example" },
		{ 5000, A_PHONE, refer_other, "2000" },
		{ 3000, C_PHONE, tell_of_it, NULL },
		{ 5000, C_PHONE, tell_of_it, "last" },
		{ 5000, A_PHONE, leave, NULL },
	} },
	{ "a REFER from outside of the call", RING_NOT, false, false, {
		{ 0, A_PHONE, let_pass, NULL },
		{ 0, A_PHONE, begin, "sip:2000@sbc.example" },
		{ 5000, A_PHONE, refer_apart, NULL },
		{ 40000, A_PHONE, leave, NULL },
	} },
	{ "a transfer from outside of the call", RING_NOT, false, false, {
		{ 0, A_PHONE, begin, "sip:4930@sbc.example" },
		{ 5000, A_PHONE, refer_apart, NULL },
		{ 40000, C_PHONE, leave, NULL },
	} },
};

/* --- one run --- */

static u64 phone_counter(const struct phone *p, const char *name)
{
	const struct sip_counter *c;

	for (c = sip_engine_counters(p->engine); c->name; c++)
		if (!strcmp(c->name, name))
			return c->value;
	return UINT64_MAX;
}

/* Who asked was answered. */
static void expect_answers(struct world *w)
{
	struct __test_metadata *_metadata = w->_metadata;
	size_t i;

	for (i = 0; i < NPHONES; i++) {
		EXPECT_EQ(phone_counter(&w->phones[i], "sip-timeouts"), 0) {
			TH_LOG("of phone %zu", i);
		}
		EXPECT_EQ(phone_counter(&w->phones[i], "sip-client-transactions"), 0) {
			TH_LOG("of phone %zu", i);
		}
	}
	expect_one_answer_each(w);
}

static void tell_story(struct stage *stage, const struct story *story)
{
	struct world *w = &stage->world;

	stage->story = story;
	stage->step = 0;
	stage->up = false;
	w->started = 0;
	w->wanted = 1;
	timer_arm(&w->phones[0].timers, &w->phones[0].next, w->now + FIRST_STEP);
	live(w);
}

static void expect_a_call(struct stage *stage)
{
	static const struct story call = { "another", RING_180, false, false, {
		{ 0, A_PHONE, begin, "sip:2000@sbc.example" },
		{ 8000, A_PHONE, leave, NULL },
	} };
	struct world *w = &stage->world;
	struct __test_metadata *_metadata = w->_metadata;
	unsigned int answered = w->answered, sessions = w->sessions;

	nomem.first = nomem.until = 0;
	tell_story(stage, &call);
	EXPECT_EQ(w->answered, answered + 1);
	EXPECT_GT(w->sessions, sessions);
}

/* Before Jalur begins. */
static void arrange(struct world *w)
{
	struct call_trunk *t = &w->h.policy->trunks[2];
	struct __test_metadata *_metadata = w->_metadata;

	if (stage_of(w)->story->ringing == RING_CHALLENGE)
		ASSERT_EQ(call_trunk_set_credentials(t, strdup("jalur"), strdup("secret"), NULL), 0);
}

/* How often was memory asked for? first: of these the first that fails, 0: none does. */
static u64 run_once(struct __test_metadata *_metadata, const struct story *story, u64 first,
		    u64 lasts)
{
	struct stage *stage = calloc(1, sizeof(*stage));
	struct world *w = &stage->world;
	struct idle before;
	u64 asked;

	w->calm = true;
	w->next = next_by_story;
	w->act = act_by_story;
	nomem_start(0, 0);
	stage->story = story;
	w->arrange = arrange;
	world_start(w, _metadata);
	before = look(w);
	nomem_start(first, lasts);
	tell_story(stage, story);
	asked = nomem.asked;
	expect_a_call(stage);
	expect_nothing_left(w, &before);
	expect_answers(w);
	world_stop(w);
	EXPECT_EQ(w->deaf, 0);
	harness_stop(&w->h);
	free(stage);
	return asked;
}

/* --- after a restart --- */

/* Of text, with the n-th allocation failing. false: none did. */
static bool restore_call(struct world *w, u64 id, const char *text, u64 n)
{
	u64 wall = 1700000000 * NSEC_PER_SEC + w->now, again;
	struct __test_metadata *_metadata = w->_metadata;
	struct call_engine *e = w->h.engine;
	const char *bad;
	char *now = NULL;
	bool failed;

	call_free(e, w->now, call_find(e, id));
	nomem_start(n, 0);
	nomem_spare_json(true);
	memory_begin(w->now);
	bad = call_engine_restore(e, w->now, wall, slice_str(text), &again);
	memory_end();
	nomem_spare_json(false);
	failed = nomem.failed;
	nomem_start(0, 0);
	EXPECT_TRUE(failed || !bad);
	if (bad) {
		EXPECT_EQ(call_engine_calls(e), 0);
		ASSERT_EQ(call_engine_restore(e, w->now, wall, slice_str(text), &again), NULL);
	}
	ASSERT_EQ(call_engine_save(e, w->now, wall, id, &now), 0);
	EXPECT_TRUE(is_same(text, now)) {
		TH_LOG("allocation %llu: %s became %s", (unsigned long long)n, text, now);
	}
	free(now);
	return failed;
}

static void restart_again_and_again(struct phone *p, const char *text)
{
	struct world *w = p->world;
	struct __test_metadata *_metadata = w->_metadata;
	struct call_engine *e = w->h.engine;
	u64 wall = 1700000000 * NSEC_PER_SEC + w->now, n = 1;
	u64 id = list_entry(e->calls.next, struct call, node)->id;
	char *saved;

	ASSERT_EQ(call_engine_calls(e), 1);
	ASSERT_EQ(call_engine_save(e, w->now, wall, id, &saved), 0);
	while (restore_call(w, id, saved, n))
		n++;
	TH_LOG("restored %llu times", (unsigned long long)n);
	EXPECT_GT(n, 30);
	free(saved);
	carry_from_jalur(w);
}

/* --- all of them --- */

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>

#define STEP 5			/* so slow that not each has its turn */

static void expect_no_leak(struct __test_metadata *_metadata, size_t before)
{
	(void)before;
	EXPECT_EQ(__lsan_do_recoverable_leak_check(), 0);
}
#else
#define STEP 1

/* So much the C library may keep for itself; ASan is exact. */
#define KEPT (128u << 10)

static void expect_no_leak(struct __test_metadata *_metadata, size_t before)
{
	EXPECT_LE(mallinfo2().uordblks, before + KEPT);
}
#endif

static bool went_wrong(const struct __test_metadata *_metadata)
{
	return _metadata->exit_code == KSFT_FAIL;
}

static void tell_with_each_failing(struct __test_metadata *_metadata, const struct story *story,
				   u64 ms)
{
	u64 only = number_of("AT", 0), first = only ? only : 1, runs = 0, asked;
	unsigned int wrong = 0;
	size_t before;

	_metadata->exit_code = KSFT_PASS;
	asked = run_once(_metadata, story, 0, 0);
	if (went_wrong(_metadata)) {
		TH_LOG("%s, with memory", story->name);
		return;
	}
	before = mallinfo2().uordblks;
	while (first <= (only ? only : asked) && wrong < ENOUGH) {
		_metadata->exit_code = KSFT_PASS;
		run_once(_metadata, story, first, ms * MSEC);
		runs++;
		if (went_wrong(_metadata)) {
			wrong++;
			TH_LOG("STORY='%s' AT=%llu NOMEM=%llu", story->name,
			       (unsigned long long)first, (unsigned long long)ms);
		}
		first += STEP;
	}
	_metadata->exit_code = KSFT_PASS;
	expect_no_leak(_metadata, before);
	TH_LOG("%s: %llu runs", story->name, (unsigned long long)runs);
	if (wrong)
		_metadata->exit_code = KSFT_FAIL;
}

FIXTURE(nomem) { };

FIXTURE_SETUP(nomem) { }

FIXTURE_TEARDOWN(nomem) { }

TEST_F_TIMEOUT(nomem, what_memory_fails_costs_no_more_than_it_must, 1200)
{
	const char *name = getenv("STORY");
	bool wrong = false;
	size_t i;

	for (i = 0; i < sizeof(stories) / sizeof(*stories); i++) {
		if (name && strcmp(name, stories[i].name))
			continue;
		tell_with_each_failing(_metadata, &stories[i], number_of("NOMEM", 0));
		wrong |= went_wrong(_metadata);
	}
	_metadata->exit_code = wrong ? KSFT_FAIL : KSFT_PASS;
}

TEST_F(nomem, a_call_is_read_whole_after_a_restart_or_not_at_all)
{
	static const struct story story = { "restarts", RING_NOT, false, true, {
		{ 0, A_PHONE, begin, "sip:2000@sbc.example" },
		{ 5000, A_PHONE, restart_again_and_again, NULL },
		{ 5000, A_PHONE, hold_other, NULL },
	} };

	run_once(_metadata, &story, 0, 0);
}

TEST_HARNESS_MAIN
