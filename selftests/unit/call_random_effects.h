/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What Jalur wants done in the random run: it sends, and asks the relay and the store.
 */
#ifndef CALL_RANDOM_EFFECTS_H
#define CALL_RANDOM_EFFECTS_H

#include "call_random_hide.h"

/* What is asked of the relay is done in that order, whenever it says so. */
static inline void note_session(struct world *w, u64 session, bool open)
{
	struct __test_metadata *_metadata = w->_metadata;
	size_t i;

	for (i = 0; i < w->nopen && w->open[i] != session; i++)
		;
	ASSERT_LT(i, MAX_OPEN);
	if (open && i == w->nopen)
		w->nopen++;
	if (open)
		w->open[i] = session;
	else if (i < w->nopen)
		w->open[i] = w->open[--w->nopen];
}

static inline void ask_relay(struct world *w, const struct effect *e)
{
	struct arrival *a = calloc(1, sizeof(*a));

	a->ticket = e->ticket;
	a->kind = e->kind;
	a->session = e->kind == EFFECT_MEDIA_APPLY ? e->plan->session : e->session;
	if (e->kind == EFFECT_MEDIA_APPLY && percent(w, 2) && !w->calm)
		a->result = percent(w, 80) ? -EADDRINUSE : -ENOMEM;
	if (!a->result)
		note_session(w, a->session, e->kind == EFFECT_MEDIA_APPLY);
	fly(w, a, chance(w, 10 * MSEC));
}

static inline void ask_store(struct world *w, const struct effect *e)
{
	u64 wall = WALL + w->now;
	struct arrival *a;
	char *text = NULL;

	memory_begin(w->now);
	call_engine_save_bindings(w->h.engine, w->now, wall, e->session, &text);
	memory_end();
	free(text);
	if (!e->ticket)
		return;
	a = calloc(1, sizeof(*a));
	a->ticket = e->ticket;
	a->kind = e->kind;
	a->result = !w->calm && percent(w, 2) ? -EIO : 0;
	fly(w, a, chance(w, 10 * MSEC));
}

/* Writes it down as it is now, or forgets it. */
static inline void keep_event(struct world *w, u64 record)
{
	struct __test_metadata *_metadata = w->_metadata;
	u64 wall = WALL + w->now;
	char *text = NULL;
	size_t i;

	for (i = 0; i < w->nkept && w->kept[i].record != record; i++)
		;
	memory_begin(w->now);
	call_engine_save_event(w->h.engine, w->now, wall, record, &text);
	memory_end();
	if (i < w->nkept)
		free(w->kept[i].text);
	if (!text && i < w->nkept)
		w->kept[i] = w->kept[--w->nkept];
	if (!text)
		return;
	ASSERT_LT(i, MAX_KEPT);
	w->kept[i] = (struct kept){ record, text };
	w->nkept += i == w->nkept;
}

/* All that Jalur wants done now. */
static inline void carry_from_jalur(struct world *w)
{
	struct call_event event;
	struct effect *e;

	while ((e = call_engine_effect(w->h.engine))) {
		if (e->kind == EFFECT_SEND) {
			struct phone *p = phone_at(w, &e->flow.peer);

			wire_said(&w->wire, w->now, slice_of(e->bytes, e->len));
			if (p)
				check_hidden(w, p, slice_of(e->bytes, e->len));
			if (p)
				send_bytes(w, p, &p->jalur, slice_of(e->bytes, e->len));
		} else if (e->kind == EFFECT_STORE_CALL) {
			w->h.now = w->now;
			store_call(&w->h, e->session);
		} else if (e->kind == EFFECT_STORE_BINDINGS) {
			ask_store(w, e);
		} else if (e->kind == EFFECT_STORE_EVENT) {
			keep_event(w, e->session);
		} else if (e->kind == EFFECT_MEDIA_APPLY || e->kind == EFFECT_MEDIA_REMOVE) {
			ask_relay(w, e);
		}
		effect_free(e);
	}
	while (call_engine_event(w->h.engine, &event))
		call_event_clear(&event);
}

#endif
