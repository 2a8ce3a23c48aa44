/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What must not be in what Jalur says in the random run: addresses of the other side, and the
 * identifiers of its dialogs.
 */
#ifndef CALL_RANDOM_HIDE_H
#define CALL_RANDOM_HIDE_H

#include "call_random.h"
#include "call/call.h"

static inline bool has_text(struct slice bytes, const char *text)
{
	return memmem(bytes.p, bytes.n, text, strlen(text));
}

static inline bool is_inside(const struct phone *p)
{
	return p->here.listener == INSIDE(TRANSPORT_UDP);
}

/* NULL: none of the other side's. */
static inline const char *address_of_others(const struct phone *to, struct slice bytes)
{
	static const char *const inside[] = { "10.0.0.", NULL };
	static const char *const outside[] = { "192.0.2.", "198.51.100.", "203.0.113.", NULL };
	const char *const *names = is_inside(to) ? outside : inside;

	while (*names && !has_text(bytes, *names))
		names++;
	return *names;
}

/* Jalur knows it: what somebody says of any other is his own affair. */
static inline bool is_known(struct world *w, const struct sip_dialog *d)
{
	struct sip_engine *sip = w->h.engine->sip;

	return d && d->remote_tag && sip_dialog_of_ids(sip, slice_str(d->call_id),
						       slice_str(d->remote_tag),
						       slice_str(d->local_tag));
}

/* Of those who are in calls. */
static inline const char *dialog_of_others(struct world *w, const struct phone *to,
					   struct slice bytes)
{
	struct list *at;
	size_t i;

	for (i = 0; i < NCALLERS; i++) {
		struct list *calls = &w->phones[i].calls;

		if (is_inside(&w->phones[i]) == is_inside(to))
			continue;
		for (at = calls->next; at != calls; at = at->next) {
			struct sip_dialog *d = list_entry(at, struct phone_call, node)->dialog;

			if (d && has_text(bytes, d->call_id) && is_known(w, d))
				return d->call_id;
			if (d && has_text(bytes, d->local_tag) && is_known(w, d))
				return d->local_tag;
		}
	}
	return NULL;
}

static inline void check_hidden(struct world *w, const struct phone *to, struct slice bytes)
{
	struct __test_metadata *_metadata = w->_metadata;
	const char *name = address_of_others(to, bytes);

	if (!name)
		name = dialog_of_others(w, to, bytes);
	EXPECT_EQ(name, NULL) {
		TH_LOG("%s is in " SLICE_FMT, name, SLICE_ARG(bytes));
	}
}

#endif
