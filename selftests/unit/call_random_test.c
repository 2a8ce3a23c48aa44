// SPDX-License-Identifier: GPL-2.0-only
/*
 * Phones call each other through Jalur, over a bad network and a moody relay: rings,
 * forks, cancellations, refusals, reliable and late offers, hold, changes from both
 * sides at once, questions, transfers, silence; subscribers register, publish and watch
 * each other; and somebody subscribes to what others tell, refers them, and writes to them,
 * through Jalur, and is sent elsewhere.
 * Each request gets one final answer. When all is over nothing may be left (call_random_left.h),
 * and who was in a call has heard of its end. CALLS=n and SEED=n in the environment say how many and which (make
 * check-random: 100 000). With NOMEM=n one in n allocations of Jalur fails.
 */
#include "kselftest_harness.h"
#include "call_random_run.h"

FIXTURE(random_calls) {
	struct world *w;
};

FIXTURE_SETUP(random_calls)
{
	self->w = calloc(1, sizeof(*self->w));
}

FIXTURE_TEARDOWN(random_calls)
{
	free(self->w);
}

static void expect_enough_of_all(struct world *w)
{
	struct __test_metadata *_metadata = w->_metadata;

	TH_LOG("answered %u, refused %u, cancelled %u, BYEs %u, re-INVITEs %u, UPDATEs %u, sessions %u, lost %u, reloaded %u",
	       w->answered, w->refused, w->cancelled, w->byes, w->reinvites, w->updates, w->sessions,
	       w->lost, w->reloaded);
	EXPECT_GT(w->answered, w->wanted / 4);
	EXPECT_GT(w->refused, w->wanted / 20);
	EXPECT_GT(w->cancelled, w->wanted / 50);
	EXPECT_GT(w->reinvites, w->wanted / 10);
	EXPECT_GT(w->updates, w->wanted / 20);
	EXPECT_GT(w->sessions, w->wanted / 2);
	EXPECT_GT(w->reloaded, w->wanted / 10);
	TH_LOG("REFERs %u (%u attended), NOTIFYs %u, transfers %llu, failed %llu, refused %llu",
	       w->refers, w->attended, w->told, (unsigned long long)jalur_counter(w, "transfers"),
	       (unsigned long long)jalur_counter(w, "transfers-failed"),
	       (unsigned long long)jalur_counter(w, "transfers-refused"));
	EXPECT_GT(jalur_counter(w, "transfers"), w->wanted / 100);
	TH_LOG("subscribed %u, NOTIFYs %u, published %u, registered %u, unplugged %u, kept and reloaded %u",
	       w->watches, w->notified, w->published, w->registered, w->vanished,
	       w->kept_reloaded);
	EXPECT_GT(w->watches, w->wanted / 50);
	EXPECT_GT(w->notified, w->wanted / 50);
	EXPECT_GT(w->published, w->wanted / 100);
	EXPECT_GT(w->kept_reloaded, w->wanted / 50);
	EXPECT_GT(w->parties, w->wanted / 50);
	EXPECT_GT(w->passed, w->wanted / 100);
	EXPECT_GT(w->passed_told, w->wanted / 100);
	EXPECT_GT(w->led, w->wanted / 200);
	EXPECT_GT(w->named, w->wanted / 500);
	EXPECT_GT(w->lamps, 0);
}

static void show_apart(const struct world *w)
{
	struct __test_metadata *_metadata = w->_metadata;

	TH_LOG("apart %u, answered %u, subscribed %u, left %u, NOTIFYs %u, ended by hand %u, reloaded %u, at phones %u",
	       w->aparts, w->apart_answers, w->subscribed, w->unsubscribed, w->heard, w->by_hand,
	       w->carried_reloaded, w->delivered);
	TH_LOG("parties referred %u, REFERs passed %u, NOTIFYs %u, 3xx %u, dialogs named %u, lamps of one %u",
	       w->parties, w->passed, w->passed_told, w->led, w->named, w->lamps);
}

TEST_F_TIMEOUT(random_calls, nothing_is_left_of_them_after_a_bad_network, 1200)
{
	struct world *w = self->w;
	struct idle before;
	size_t i;

	world_start(w, _metadata);
	before = look(w);
	nomem.one_in = number_of("NOMEM", 0);
	for (i = 0; i < NPHONES; i++)
		if (w->phones[i].start)
			timer_arm(&w->phones[i].timers, &w->phones[i].next, w->now + i);
	live(w);
	phones_leave(w);
	expect_nothing_left(w, &before);
	world_stop(w);
	EXPECT_EQ(w->deaf, 0);
	expect_enough_of_all(w);
	show_apart(w);
	expect_one_answer_each(w);
	harness_stop(&w->h);
}

static void register_phones(struct world *w)
{
	size_t i;

	for (i = 0; i < 2; i++) {
		struct visit *v = new_visit(&w->phones[NCALLERS], VISIT_REGISTER);

		v->alice = v->two = i;
		v->expires = 600;
		visit_begin(v, visitors[i]);
		carry_from(v->phone);
	}
}

/* Each plan, so often, ends as it has to; all that is kept is reloaded all the time. */
TEST_F_TIMEOUT(random_calls, outside_of_calls_all_goes_as_planned_when_nothing_is_lost, 120)
{
	struct phone *author = &self->w->phones[AUTHOR];
	struct world *w = self->w;
	const unsigned int times = 4;
	struct idle before;

	w->calm = true;
	world_start(w, _metadata);
	before = look(w);
	w->wanted = times * NPLANS;
	register_phones(w);
	timer_arm(&author->timers, &author->next, w->now + NSEC_PER_SEC);
	live(w);
	phones_leave(w);
	expect_nothing_left(w, &before);
	world_stop(w);
	show_apart(w);
	expect_one_answer_each(w);
	EXPECT_EQ(w->apart_answers, times * NPLANS);
	EXPECT_EQ(w->ended_as_planned, times * 17);
	EXPECT_EQ(w->by_hand, times);
	EXPECT_EQ(w->delivered, 2 * times);
	EXPECT_GT(w->carried_reloaded, times);
	harness_stop(&w->h);
}

TEST_HARNESS_MAIN
