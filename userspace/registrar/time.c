// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What happens to bindings without a REGISTER: they expire, their connection breaks, or
 * nobody answers any more. One timer of each says what comes first, in a heap of all: no
 * second is spent on those for whom nothing is due.
 */
#include "registrar/binding.h"

#define MOST_UNANSWERED 3	/* keep-alives in a row */

static void drop(struct registrar *r, struct registrar_binding *b)
{
	struct registrar_user *user = b->user;

	registrar_binding_remove(r, b);
	registrar_user_stale(r, user);
	registrar_user_settle(r, user);
}

u64 registrar_deadline(const struct registrar *r)
{
	return timers_next(&r->timers);
}

enum registrar_due registrar_due(struct registrar *r, u64 now, struct registrar_contact *contact)
{
	struct timer *t = timers_due(&r->timers, now);
	struct registrar_binding *b;
	u64 next;

	if (!t)
		return REGISTRAR_NOTHING;
	b = t->owner;
	if (b->expires <= now) {
		drop(r, b);
		return REGISTRAR_EXPIRED;
	}
	next = registrar_next_keepalive(r, now, b, false);
	timer_arm(&r->timers, &b->timer, next < b->expires ? next : b->expires);
	*contact = registrar_contact_of(b);
	return REGISTRAR_KEEPALIVE;
}

bool registrar_answered(struct registrar *r, u64 id, bool answered)
{
	struct hash_node *node = hash_first(&r->ids, id);
	struct registrar_binding *b;

	if (!node)
		return false;
	b = hash_entry(node, struct registrar_binding, by_id);
	b->unanswered = answered ? 0 : b->unanswered + 1;
	if (b->unanswered < MOST_UNANSWERED)
		return true;
	drop(r, b);
	return false;
}

size_t registrar_closed(struct registrar *r, const struct flow *flow)
{
	const struct registrar_binding *at = NULL;
	size_t n = 0;

	if (!flow->connection)
		return 0;
	while (registrar_flow_user(r, flow, &at)) {
		drop(r, (struct registrar_binding *)(uintptr_t)at);
		at = NULL;
		n++;
	}
	return n;
}

bool registrar_delete(struct registrar *r, const char *aor)
{
	struct registrar_user *user = registrar_user_find(r, aor);

	if (!user || user->change)
		return false;
	registrar_user_clear(r, user, false);
	registrar_user_stale(r, user);
	registrar_user_settle(r, user);
	return true;
}
