// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Linear probing, so that the slots of a search are in one line or in the next, which
 * the processor fetches by itself; and no tombstones: who leaves is followed by those
 * behind him that had wanted to be where he was.
 */
#include <errno.h>
#include <stdlib.h>

#include "registrar/binding.h"

#define FIRST_SLOTS 64

int registrar_users_init(struct registrar_users *t)
{
	t->n = 0;
	t->nslots = FIRST_SLOTS;
	t->slots = calloc(t->nslots, sizeof(*t->slots));
	return t->slots ? 0 : -ENOMEM;
}

void registrar_users_free(struct registrar_users *t)
{
	free(t->slots);
	t->slots = NULL;
}

static size_t next_slot(const struct registrar_users *t, size_t at)
{
	return (at + 1) & (t->nslots - 1);
}

static struct registrar_slot *free_slot(const struct registrar_users *t, u64 hash)
{
	size_t at = hash & (t->nslots - 1);

	while (t->slots[at].user)
		at = next_slot(t, at);
	return &t->slots[at];
}

static bool grow(struct registrar_users *t)
{
	struct registrar_users wide = { .nslots = t->nslots * 2, .n = t->n };
	size_t i;

	wide.slots = calloc(wide.nslots, sizeof(*wide.slots));
	if (!wide.slots)
		return false;
	for (i = 0; i < t->nslots; i++)
		if (t->slots[i].user)
			*free_slot(&wide, t->slots[i].hash) = t->slots[i];
	free(t->slots);
	*t = wide;
	return true;
}

/* One slot stays free: there a search ends. */
int registrar_users_insert(struct registrar_users *t, struct registrar_user *user)
{
	if (t->n >= t->nslots / 5 * 4 && !grow(t) && t->n + 1 >= t->nslots)
		return -ENOMEM;
	*free_slot(t, user->hash) = (struct registrar_slot){
		.hash = user->hash, .user = user, .first = user->first,
	};
	t->n++;
	return 0;
}

static size_t slot_of(const struct registrar_users *t, const struct registrar_user *user)
{
	size_t at = user->hash & (t->nslots - 1);

	while (t->slots[at].user != user)
		at = next_slot(t, at);
	return at;
}

/* Does the search for what is in slot at pass by the slot that became free? */
static bool passes(const struct registrar_users *t, size_t at, size_t vacant)
{
	size_t mask = t->nslots - 1, wanted = t->slots[at].hash & mask;

	return ((at - wanted) & mask) >= ((at - vacant) & mask);
}

void registrar_users_remove(struct registrar_users *t, const struct registrar_user *user)
{
	size_t vacant = slot_of(t, user), at = next_slot(t, vacant);

	for (; t->slots[at].user; at = next_slot(t, at)) {
		if (!passes(t, at, vacant))
			continue;
		t->slots[vacant] = t->slots[at];
		vacant = at;
	}
	t->slots[vacant] = (struct registrar_slot){ 0 };
	t->n--;
}

/* All lines that registrar_lookup() reads: a prefetch of what is gone, or of NULL, is none. */
static void fetch(const struct registrar_slot *slot)
{
	const uintptr_t user = (uintptr_t)slot->user, first = (uintptr_t)slot->first;

	__builtin_prefetch((const void *)user);
	__builtin_prefetch((const void *)first);
	__builtin_prefetch((const void *)(user + 64));
	__builtin_prefetch((const void *)(first + 64));
	__builtin_prefetch((const void *)(first +
					  offsetof(struct registrar_binding, by_flow) - 1));
}

struct registrar_user *registrar_users_find(const struct registrar_users *t, const char *aor,
					    u64 hash)
{
	size_t at = hash & (t->nslots - 1);

	for (; t->slots[at].user; at = next_slot(t, at)) {
		if (t->slots[at].hash != hash)
			continue;
		fetch(&t->slots[at]);
		if (!strcmp(t->slots[at].user->aor, aor))
			return t->slots[at].user;
	}
	return NULL;
}

void registrar_users_hint(struct registrar_users *t, const struct registrar_user *user)
{
	t->slots[slot_of(t, user)].first = user->first;
}

struct registrar_user *registrar_users_from(const struct registrar_users *t, size_t *at)
{
	for (; *at < t->nslots; (*at)++)
		if (t->slots[*at].user)
			return t->slots[*at].user;
	return NULL;
}
