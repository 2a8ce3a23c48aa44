// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The queue of effects: first in, first out, whoever put it there. Some are kept for when there
 * is no memory: a session that is not removed, and what stays in the store of something that is
 * over, would be there for ever.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/effect.h"

void effects_init(struct effects *q)
{
	list_init(&q->head);
	list_init(&q->spare);
	q->nspare = 0;
}

int effects_reserve(struct effects *q)
{
	struct effect *e;

	while (q->nspare < EFFECTS_SPARE) {
		e = malloc(sizeof(*e));
		if (!e)
			return -ENOMEM;
		list_add_tail(&q->spare, &e->node);
		q->nspare++;
	}
	return 0;
}

static void add(struct effects *q, struct effect *e, enum effect_kind kind, u64 ticket, size_t len)
{
	memset(e, 0, sizeof(*e));
	e->kind = kind;
	e->ticket = ticket;
	e->len = len;
	list_add_tail(&q->head, &e->node);
}

static struct effect *add_effect(struct effects *q, enum effect_kind kind, u64 ticket, size_t len)
{
	struct effect *e = malloc(sizeof(*e) + len);

	if (e)
		add(q, e, kind, ticket, len);
	return e;
}

static struct effect *add_spare(struct effects *q, enum effect_kind kind, u64 ticket)
{
	struct effect *e;

	if (list_empty(&q->spare))
		return NULL;
	e = list_entry(q->spare.next, struct effect, node);
	list_del(&e->node);
	q->nspare--;
	add(q, e, kind, ticket, 0);
	return e;
}

int effects_send(struct effects *q, const struct flow *flow, struct slice bytes)
{
	struct effect *e = add_effect(q, EFFECT_SEND, 0, bytes.n);

	if (!e)
		return -ENOMEM;
	e->flow = *flow;
	if (bytes.n)
		memcpy(e->bytes, bytes.p, bytes.n);
	return 0;
}

int effects_media_apply(struct effects *q, u64 ticket, struct media_plan *plan)
{
	struct effect *e = add_effect(q, EFFECT_MEDIA_APPLY, ticket, 0);

	if (!e)
		return -ENOMEM;
	e->plan = plan;
	return 0;
}

/* Of something that has a number, and nothing else to say. */
static int add_number(struct effects *q, enum effect_kind kind, u64 ticket, u64 number)
{
	struct effect *e = add_effect(q, kind, ticket, 0);

	if (e && q->nspare < EFFECTS_SPARE)
		effects_reserve(q);
	if (!e)
		e = add_spare(q, kind, ticket);
	if (!e)
		return -ENOMEM;
	e->session = number;
	return 0;
}

int effects_media_remove(struct effects *q, u64 ticket, u64 session)
{
	return add_number(q, EFFECT_MEDIA_REMOVE, ticket, session);
}

int effects_store_call(struct effects *q, u64 call)
{
	return add_number(q, EFFECT_STORE_CALL, 0, call);
}

int effects_store_bindings(struct effects *q, u64 ticket, u64 record)
{
	return add_number(q, EFFECT_STORE_BINDINGS, ticket, record);
}

int effects_store_event(struct effects *q, u64 record)
{
	return add_number(q, EFFECT_STORE_EVENT, 0, record);
}

int effects_locate(struct effects *q, u64 ticket, const char *name,
		   const struct effect_locate *locate)
{
	struct effect *e = add_effect(q, EFFECT_LOCATE, ticket, strlen(name) + 1);

	if (!e)
		return -ENOMEM;
	e->locate = *locate;
	memcpy(e->bytes, name, e->len);
	return 0;
}

int effects_flow(struct effects *q, enum effect_kind kind, const struct flow *flow)
{
	struct effect *e = add_effect(q, kind, 0, 0);

	if (!e)
		return -ENOMEM;
	e->flow = *flow;
	return 0;
}

struct effect *effects_pop(struct effects *q)
{
	struct effect *e;

	if (list_empty(&q->head))
		return NULL;
	e = list_entry(q->head.next, struct effect, node);
	list_del(&e->node);
	return e;
}

void effect_free(struct effect *e)
{
	free(e);
}

void effects_clear(struct effects *q)
{
	struct effect *e;

	while ((e = effects_pop(q)))
		effect_free(e);
	while (!list_empty(&q->spare)) {
		e = list_entry(q->spare.next, struct effect, node);
		list_del(&e->node);
		effect_free(e);
	}
	q->nspare = 0;
}
