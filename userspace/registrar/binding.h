/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inside of registrar/. There may be 100 000 bindings and more, so each is one block:
 * its strings stand behind it, one after the other, each with its NUL.
 */
#ifndef REGISTRAR_BINDING_H
#define REGISTRAR_BINDING_H

#include "base/list.h"
#include "registrar/registrar.h"
#include "registrar/users.h"

enum binding_text {
	BINDING_URI, BINDING_PARAMS, BINDING_PATH, BINDING_CALL_ID, BINDING_AGENT,
	BINDING_TEXTS,
};

#define BINDING_MAX_TEXT 4000	/* registrar_texts_size() */

struct registrar_domain {
	struct hash_node by_name;
	size_t users, bindings;
	char name[];			/* in lower case */
};

/* What a look-up reads is in front: a line or two. */
struct registrar_user {
	struct registrar_binding *first;	/* the highest q first, the newest of equal ones */
	struct registrar_change *change;	/* under way; or NULL */
	u64 hash;				/* of aor */
	u64 record;
	struct registrar_domain *domain;
	struct hash_node by_record;
	bool stale;			/* in registrar->stale */
	bool deferred;			/* will be, after the change */
	char aor[];
};

/* Here too: what a look-up reads ends before by_flow. */
struct registrar_binding {
	struct registrar_binding *next;		/* of the user, or of the change */
	struct registrar_user *user;
	u64 expires;
	u64 id;
	struct flow flow;
	u32 cseq;
	u32 interval;			/* s between keep-alives */
	u16 q;
	u8 keepalive;
	u8 unanswered;			/* in a row */
	bool nat;
	bool going;			/* the change under way takes it away */
	u16 lengths[BINDING_TEXTS];
	struct hash_node by_flow, by_id;
	struct timer timer;		/* expires, or the next keep-alive, which is sooner */
	char text[];
};

struct registrar_change {
	struct registrar_user *user;
	struct registrar_binding *added;
};

struct registrar {
	const struct sip_listener *listeners;
	size_t nlisteners;
	struct hash_key key;
	struct registrar_users users;
	struct hash records;		/* struct registrar_user */
	struct hash flows, ids;		/* struct registrar_binding */
	struct hash domains;		/* struct registrar_domain, of those that have users */
	struct registrar_domain *recent;	/* asked for last; NULL: none */
	struct timers timers;
	size_t n;			/* bindings, without those of changes */
	size_t homeless;		/* registrar_homeless() */
	u64 last_record, last_id;
	u64 *stale;			/* records */
	size_t nstale, cstale;
	size_t nchanges;		/* under way */
	struct list changed;		/* struct registrar_note */
};

/* table.c */
struct registrar_user *registrar_user_find(const struct registrar *r, const char *aor);
struct registrar_user *registrar_user_of_record(const struct registrar *r, u64 record);
/* record 0: the next. NULL: no memory. */
struct registrar_user *registrar_user_new(struct registrar *r, const char *aor, u64 record);
/* Frees a user of whom nothing is left. */
void registrar_user_settle(struct registrar *r, struct registrar_user *user);
void registrar_user_stale(struct registrar *r, struct registrar_user *user);
size_t registrar_texts_size(const struct slice texts[BINDING_TEXTS]);	/* with NULs */
/* With copies of texts, in which folding becomes spaces. NULL: no memory, or too long. */
struct registrar_binding *registrar_binding_new(struct registrar *r,
						const struct slice texts[BINDING_TEXTS]);
/* Of one that no user has. */
void registrar_binding_free(struct registrar *r, struct registrar_binding *b);
struct slice registrar_binding_text(const struct registrar_binding *b, enum binding_text which);
/* Gives b to user, and lets its time run. first: when its first keep-alive is due. */
void registrar_binding_add(struct registrar *r, struct registrar_user *user,
			   struct registrar_binding *b, u64 first);
void registrar_binding_remove(struct registrar *r, struct registrar_binding *b);
/* Lets go of all that are for the change, or of all. */
void registrar_user_clear(struct registrar *r, struct registrar_user *user, bool going_only);
struct registrar_contact registrar_contact_of(const struct registrar_binding *b);
/* When b is to get a keep-alive next: those of all contacts are spread over time. */
u64 registrar_next_keepalive(struct registrar *r, u64 now, const struct registrar_binding *b,
			     bool first);
/* print.c: of its line in a 200, at most */
size_t registrar_printed_size(const struct registrar_binding *b);

#endif
