/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Restarts in the random run: a call in which nothing is under way is written down, taken away
 * and read again, and so are subscriptions and publications, at any time.
 */
#ifndef CALL_RANDOM_RESTART_H
#define CALL_RANDOM_RESTART_H

#include <jansson.h>

#include "call_random.h"
#include "call/bridge.h"
#include "call/call.h"
#include "call/watch.h"

/* Nothing is under way that a restart would forget. */
static inline bool is_at_rest(const struct call *call)
{
	size_t i;

	if (call->state != CALL_UP || call->tickets || !list_empty(&call->outbox) ||
	    media_offer_pending(call->media) || call->transfer || call->transferred ||
	    call->joins || call->owes ||
	    (call->refer && !call_refer_is_done(call->refer)))
		return false;
	for (i = 0; i < call->nall; i++) {
		const struct call_leg *leg = call->all[i];

		if (!call_in_pair(leg) && leg->state != CALL_LEG_DONE)
			return false;
		if (leg->server || leg->invite || leg->update || leg->updating || leg->unacked ||
		    leg->refresh || leg->question || leg->asking || leg->bye || leg->hung_up ||
		    leg->notifying || leg->moving || leg->owed ||
		    (call_in_pair(leg) && leg->state != CALL_LEG_UP))
			return false;
	}
	return true;
}

static inline void forget_cseqs(json_t *record)
{
	static const char *const sides[] = { "a", "b", "from", "to" };
	size_t i;

	for (i = 0; i < 4; i++)
		json_object_del(json_object_get(json_object_get(record, sides[i]), "dialog"),
				"local_cseq");
	json_object_del(json_object_get(record, "dialog"), "local_cseq");
	/* a subscription is not written for each NOTIFY, nor for what is refused */
	for (i = 2; i < 4; i++)
		json_object_del(json_object_get(json_object_get(record, sides[i]), "dialog"),
				"remote_cseq");
	json_object_del(json_object_get(record, "dialog"), "remote_cseq");
	json_object_del(record, "notifies");
	json_object_del(record, "document");
}

/* The same is written of it again, but for the CSeqs, which jump ahead. */
static inline bool is_same(const char *saved, const char *again)
{
	json_t *records[2] = { json_loads(saved, 0, NULL), json_loads(again, 0, NULL) };
	json_int_t expires[2];		/* ms */
	bool same;
	size_t i;

	for (i = 0; i < 2; i++) {
		forget_cseqs(records[i]);
		expires[i] = json_integer_value(json_object_get(records[i], "expires"));
		json_object_del(records[i], "expires");
	}
	same = json_equal(records[0], records[1]) && llabs(expires[0] - expires[1]) < 3000;
	json_decref(records[0]);
	json_decref(records[1]);
	return same;
}

/* As if the daemon had been restarted. */
static inline void reload(struct world *w, struct call *call)
{
	struct __test_metadata *_metadata = w->_metadata;
	struct media_plan *plan = media_plan_copy(call->plan);
	u64 id = call->id, wall = WALL + w->now, again;
	char *saved, *resaved;
	const char *bad;

	ASSERT_EQ(call_engine_save(w->h.engine, w->now, wall, id, &saved), 0);
	call_free(w->h.engine, w->now, call);
	bad = call_engine_restore(w->h.engine, w->now, wall, slice_str(saved), &again);
	ASSERT_EQ(bad, NULL) {
		TH_LOG("%s is wrong in %s", bad, saved);
	}
	EXPECT_EQ(again, id);
	call = call_find(w->h.engine, id);
	EXPECT_TRUE(media_plan_equal(plan, call->plan)) {
		TH_LOG("another plan comes of %s", saved);
	}
	ASSERT_EQ(call_engine_save(w->h.engine, w->now, wall, id, &resaved), 0);
	EXPECT_TRUE(is_same(saved, resaved)) {
		TH_LOG("%s became %s", saved, resaved);
	}
	w->reloaded++;
	media_plan_put(plan);
	free(saved);
	free(resaved);
}

static inline void read_again(struct world *w, const struct kept *kept)
{
	struct __test_metadata *_metadata = w->_metadata;
	u64 wall = WALL + w->now;
	const char *bad;

	bad = call_engine_restore_event(w->h.engine, w->now, wall, kept->record,
					slice_str(kept->text));
	EXPECT_EQ(bad, NULL) {
		TH_LOG("%s is wrong in %s", bad, kept->text);
	}
}

/* As it would be written of it now; NULL: it would not. To be freed. */
static inline char *record_of(struct world *w, u64 record)
{
	char *text = NULL;

	call_engine_save_event(w->h.engine, w->now, WALL + w->now, record, &text);
	return text;
}

/* Nothing that was agreed on is another after it. */
static inline void reload_carried(struct world *w, const struct kept *kept, struct call_bridge *b)
{
	struct __test_metadata *_metadata = w->_metadata;
	struct call_engine *e = w->h.engine;
	u64 expires = b->leaves || b->ended || b->expires < w->now ? w->now : b->expires;
	struct hash_node *node;

	b->record.storing = true;	/* so that it stays in the store */
	call_bridge_free(e, b);
	read_again(w, kept);
	node = hash_first(&e->watchers->records, kept->record);
	ASSERT_NE(node, NULL);
	b = hash_entry(hash_entry(node, struct event_record, node), struct call_bridge, record);
	EXPECT_LE(b->expires, expires + 3 * NSEC_PER_SEC);
	EXPECT_GE(b->expires + 3 * NSEC_PER_SEC, expires);
	w->carried_reloaded++;
}

static inline void reload_served(struct world *w, const struct kept *kept,
				 struct event_record *r)
{
	r->storing = true;		/* so that it stays in the store */
	if (r->kind == EVENT_RECORD_PUBLICATION)
		call_publication_free(w->h.engine, hash_entry(r, struct event_publication, record));
	else
		call_watch_free(w->h.engine, hash_entry(r, struct call_watch, record));
	read_again(w, kept);
	w->kept_reloaded++;
}

/* From what was written last, as a daemon would that knew nothing else. */
static inline void reload_record(struct world *w, const struct kept *kept)
{
	struct hash_node *node = hash_first(&w->h.engine->watchers->records, kept->record);
	struct event_record *r = hash_entry(node, struct event_record, node);

	if (r->kind == EVENT_RECORD_CARRIED)
		reload_carried(w, kept, hash_entry(r, struct call_bridge, record));
	else
		reload_served(w, kept, r);
}

/* Something is under way in it, or it waits for its end: each restart gives it another while. */
static inline bool is_moving(struct world *w, u64 record)
{
	struct hash_node *node = hash_first(&w->h.engine->watchers->records, record);
	struct event_record *r = hash_entry(node, struct event_record, node);
	const struct call_bridge *b = hash_entry(r, struct call_bridge, record);

	return r->kind == EVENT_RECORD_CARRIED &&
	       (!list_empty(&b->crossings) || b->expires <= w->now);
}

/* It is the same again. Who asks what would be written of it lets it think that it was. */
static inline void reload_kept(struct world *w, const struct kept *kept)
{
	struct __test_metadata *_metadata = w->_metadata;
	char *live, *again;

	ASSERT_NE(hash_first(&w->h.engine->watchers->records, kept->record), NULL);
	if (w->calm && is_moving(w, kept->record))
		return;
	live = record_of(w, kept->record);
	reload_record(w, kept);
	again = record_of(w, kept->record);
	/* of one that has ended, and waits for the answer, the end is told again */
	EXPECT_TRUE(!live || (again && is_same(live, again))) {
		TH_LOG("%s (%s) became %s", live, kept->text, again);
	}
	free(live);
	free(again);
	reload_record(w, kept);
}

static inline void restart_some(struct world *w)
{
	struct list *at, *next;
	size_t i;

	for (i = 0; i < w->nkept; i++)
		if (w->calm || percent(w, 5))
			reload_kept(w, &w->kept[i]);

	for (at = w->h.engine->calls.next; at != &w->h.engine->calls; at = next) {
		struct call *call = list_entry(at, struct call, node);

		next = at->next;
		if (call->plan && is_at_rest(call) && percent(w, 20))
			reload(w, call);
	}
}

#endif
