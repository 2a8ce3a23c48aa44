/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Users by their address-of-record. Among 100 000 of them nothing is in a cache, and each
 * line that is waited for costs more than all the rest of a look-up. So a slot has the whole
 * hash, and only the user that is meant is read; and it has a hint of the first binding,
 * which is fetched at the same time as the user and not after it.
 */
#ifndef REGISTRAR_USERS_H
#define REGISTRAR_USERS_H

#include "base/slice.h"

struct registrar_binding;
struct registrar_user;

struct registrar_slot {
	u64 hash;
	struct registrar_user *user;		/* NULL: free */
	const struct registrar_binding *first;	/* as hinted; only fetched, never read */
};

/* Open addressing: what does not fit in its slot is in one of the next ones. */
struct registrar_users {
	struct registrar_slot *slots;
	size_t nslots;				/* a power of two */
	size_t n;
};

int registrar_users_init(struct registrar_users *t);		/* 0 or -ENOMEM */
void registrar_users_free(struct registrar_users *t);		/* the table, not the users */
/* By user->hash; 0 or -ENOMEM. */
int registrar_users_insert(struct registrar_users *t, struct registrar_user *user);
void registrar_users_remove(struct registrar_users *t, const struct registrar_user *user);
/* NULL: there is none. */
struct registrar_user *registrar_users_find(const struct registrar_users *t, const char *aor,
					    u64 hash);
/* user->first is another one now, or none. */
void registrar_users_hint(struct registrar_users *t, const struct registrar_user *user);
/* The user of slot *at or one behind it, which *at then is; NULL: none. */
struct registrar_user *registrar_users_from(const struct registrar_users *t, size_t *at);

#endif
