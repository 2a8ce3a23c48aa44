// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What was asked of the outside, and is not answered yet: a call is not freed before.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "call/call.h"

struct call_ticket *call_ticket_new(struct call_engine *e, struct call *call,
				    enum call_ticket_kind kind)
{
	struct call_ticket *t = zalloc(sizeof(*t));

	if (!t)
		return NULL;
	t->ticket = ++e->next_ticket;
	t->kind = kind;
	t->call = call;
	list_add_tail(&e->tickets, &t->node);
	call->tickets++;
	return t;
}

void call_ticket_free(struct call_ticket *t)
{
	list_del(&t->node);
	t->call->tickets--;
	media_plan_put(t->plan);
	free(t);
}

struct call_ticket *call_ticket_find(const struct call_engine *e, u64 ticket)
{
	struct list *at;

	for (at = e->tickets.next; at != &e->tickets; at = at->next) {
		struct call_ticket *t = list_entry(at, struct call_ticket, node);

		if (t->ticket == ticket)
			return t;
	}
	return NULL;
}
