// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table: users by their address-of-record and by the number of their record, bindings
 * by the flow that they came by and by their id; of domains, how many bindings they have. A
 * user without bindings is not kept, nor a domain without users.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "registrar/binding.h"

/* --- domains --- */

static u64 hash_text(const struct registrar *r, const char *text)
{
	struct hasher h;

	hash_begin(&h, &r->key);
	hash_add(&h, slice_str(text));
	return hash_end(&h);
}

static struct registrar_domain *find_domain(const struct registrar *r, const char *name)
{
	struct hash_node *node;

	if (r->recent && !strcmp(r->recent->name, name))
		return r->recent;
	for (node = hash_first(&r->domains, hash_text(r, name)); node; node = hash_next(node)) {
		struct registrar_domain *d = hash_entry(node, struct registrar_domain, by_name);

		if (!strcmp(d->name, name))
			return d;
	}
	return NULL;
}

/* That of an address-of-record; with one user more. NULL: no memory. */
static struct registrar_domain *take_domain(struct registrar *r, const char *aor)
{
	const char *at = strrchr(aor, '@'), *name = at ? at + 1 : aor;
	struct registrar_domain *d = find_domain(r, name);
	size_t n = strlen(name) + 1;

	if (!d) {
		d = zalloc(sizeof(*d) + n);
		if (!d)
			return NULL;
		memcpy(d->name, name, n);
		hash_insert(&r->domains, &d->by_name, hash_text(r, name));
	}
	d->users++;
	r->recent = d;
	return d;
}

static void put_domain(struct registrar *r, struct registrar_domain *d)
{
	if (--d->users)
		return;
	if (r->recent == d)
		r->recent = NULL;
	hash_remove(&r->domains, &d->by_name);
	free(d);
}

size_t registrar_count_of(const struct registrar *r, const char *domain)
{
	const struct registrar_domain *d;
	char name[REGISTRAR_AOR];
	size_t i, n = strlen(domain);

	if (n >= sizeof(name))
		return 0;
	for (i = 0; i <= n; i++)
		name[i] = (char)tolower((u8)domain[i]);
	d = find_domain(r, name);
	return d ? d->bindings : 0;
}

/* --- users --- */

struct registrar_user *registrar_user_find(const struct registrar *r, const char *aor)
{
	return registrar_users_find(&r->users, aor, hash_text(r, aor));
}

struct registrar_user *registrar_user_of_record(const struct registrar *r, u64 record)
{
	struct hash_node *node = hash_first(&r->records, record);

	return node ? hash_entry(node, struct registrar_user, by_record) : NULL;
}

struct registrar_user *registrar_user_new(struct registrar *r, const char *aor, u64 record)
{
	size_t n = strlen(aor) + 1;
	struct registrar_user *user = zalloc(sizeof(*user) + n);

	if (!user)
		return NULL;
	memcpy(user->aor, aor, n);
	user->hash = hash_text(r, aor);
	user->domain = take_domain(r, aor);
	if (!user->domain)
		goto err_user;
	if (registrar_users_insert(&r->users, user))
		goto err_domain;
	user->record = record ? record : r->last_record + 1;
	if (user->record > r->last_record)
		r->last_record = user->record;
	hash_insert(&r->records, &user->by_record, user->record);
	return user;

err_domain:
	put_domain(r, user->domain);
err_user:
	free(user);
	return NULL;
}

/* Without memory it is written when the user changes again, or read when it has expired. */
static void note_stale(struct registrar *r, u64 record)
{
	size_t cap = r->cstale ? r->cstale * 2 : 16;
	u64 *stale;

	if (r->nstale == r->cstale) {
		stale = realloc(r->stale, cap * sizeof(*stale));
		if (!stale)
			return;
		r->stale = stale;
		r->cstale = cap;
	}
	r->stale[r->nstale++] = record;
}

/* What is written while a change waits for the disk must not say less than the change. */
void registrar_user_stale(struct registrar *r, struct registrar_user *user)
{
	if (user->change) {
		user->deferred = true;
		return;
	}
	if (!user->stale)
		note_stale(r, user->record);
	user->stale = true;
}

void registrar_user_settle(struct registrar *r, struct registrar_user *user)
{
	if (user->change)
		return;
	if (user->deferred)
		registrar_user_stale(r, user);
	user->deferred = false;
	if (user->first)
		return;
	registrar_users_remove(&r->users, user);
	hash_remove(&r->records, &user->by_record);
	put_domain(r, user->domain);
	free(user);
}

u64 registrar_stale(struct registrar *r)
{
	struct registrar_user *user;
	u64 record;

	if (!r->nstale)
		return 0;
	record = r->stale[--r->nstale];
	user = registrar_user_of_record(r, record);
	if (user)
		user->stale = false;
	return record;
}

/* --- bindings --- */

/* A datagram says where it came from; of a stream only its connection can be told. */
static u64 hash_flow(const struct registrar *r, const struct flow *flow)
{
	struct hasher h;

	hash_begin(&h, &r->key);
	hash_add_u64(&h, flow->connection);
	if (!flow->connection) {
		hash_add_u64(&h, (u64)flow->listener << 32 | flow->peer.port);
		hash_add(&h, slice_of((const char *)&flow->peer.ip,
				      flow->peer.family == AF_INET ? 4 : 16));
	}
	return hash_end(&h);
}

static bool same_flow(const struct flow *a, const struct flow *b)
{
	if (a->connection || b->connection)
		return a->connection == b->connection;
	return a->listener == b->listener && addr_eq(&a->peer, &b->peer);
}

static void copy_text(char *to, struct slice text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		to[i] = (u8)text.p[i] < ' ' || text.p[i] == 0x7f ? ' ' : text.p[i];
	to[i] = 0;
}

size_t registrar_texts_size(const struct slice texts[BINDING_TEXTS])
{
	size_t i, n = 0;

	for (i = 0; i < BINDING_TEXTS; i++)
		n += texts[i].n + 1;
	return n;
}

struct registrar_binding *registrar_binding_new(struct registrar *r,
						const struct slice texts[BINDING_TEXTS])
{
	struct registrar_binding *b;
	size_t i, n = registrar_texts_size(texts);

	if (n > BINDING_MAX_TEXT || timers_reserve(&r->timers, 1))
		return NULL;
	b = malloc(sizeof(*b) + n);
	if (!b) {
		timers_release(&r->timers, 1);
		return NULL;
	}
	memset(b, 0, sizeof(*b));
	b->id = ++r->last_id;
	b->timer.owner = b;
	for (i = 0, n = 0; i < BINDING_TEXTS; i++) {
		b->lengths[i] = (u16)texts[i].n;
		copy_text(b->text + n, texts[i]);
		n += texts[i].n + 1;
	}
	return b;
}

void registrar_binding_free(struct registrar *r, struct registrar_binding *b)
{
	timers_release(&r->timers, 1);
	free(b);
}

struct slice registrar_binding_text(const struct registrar_binding *b, enum binding_text which)
{
	const char *at = b->text;
	size_t i;

	for (i = 0; i < which; i++)
		at += b->lengths[i] + 1;
	return slice_of(at, b->lengths[which]);
}

u64 registrar_next_keepalive(struct registrar *r, u64 now, const struct registrar_binding *b,
			     bool first)
{
	u64 interval = b->interval * NSEC_PER_SEC, part;
	struct hasher h;

	hash_begin(&h, &r->key);
	hash_add_u64(&h, b->id);
	hash_add_u64(&h, now);
	part = hash_end(&h) >> 44;		/* of 2^20 */
	if (first)
		return now + (interval >> 20) * (part + 1);
	return now + interval - (interval >> 22) * part;
}

static void arm(struct registrar *r, struct registrar_binding *b, u64 keepalive)
{
	timer_arm(&r->timers, &b->timer,
		  b->keepalive && keepalive < b->expires ? keepalive : b->expires);
}

struct registrar_note {
	struct list node;
	char aor[];
};

/* A REGISTER that refreshes takes away and adds: one note will do. */
static void note_changed(struct registrar *r, const struct registrar_user *user)
{
	size_t n = strlen(user->aor) + 1;
	struct registrar_note *note;

	if (!list_empty(&r->changed) &&
	    !strcmp(list_entry(r->changed.prev, struct registrar_note, node)->aor, user->aor))
		return;
	note = malloc(sizeof(*note) + n);
	if (!note)
		return;
	memcpy(note->aor, user->aor, n);
	list_add_tail(&r->changed, &note->node);
}

bool registrar_changed(struct registrar *r, char aor[REGISTRAR_AOR])
{
	struct registrar_note *note;

	if (list_empty(&r->changed))
		return false;
	note = list_entry(r->changed.next, struct registrar_note, node);
	list_del(&note->node);
	slice_copy(aor, REGISTRAR_AOR, slice_str(note->aor));
	free(note);
	return true;
}

void registrar_binding_add(struct registrar *r, struct registrar_user *user,
			   struct registrar_binding *b, u64 first)
{
	struct registrar_binding **at = &user->first;

	while (*at && (*at)->q > b->q)
		at = &(*at)->next;
	b->next = *at;
	*at = b;
	b->user = user;
	registrar_users_hint(&r->users, user);
	hash_insert(&r->flows, &b->by_flow, hash_flow(r, &b->flow));
	hash_insert(&r->ids, &b->by_id, b->id);
	arm(r, b, first);
	user->domain->bindings++;
	r->n++;
	note_changed(r, user);
}

void registrar_binding_remove(struct registrar *r, struct registrar_binding *b)
{
	struct registrar_binding **at = &b->user->first;

	while (*at != b)
		at = &(*at)->next;
	*at = b->next;
	registrar_users_hint(&r->users, b->user);
	timer_disarm(&r->timers, &b->timer);
	hash_remove(&r->flows, &b->by_flow);
	hash_remove(&r->ids, &b->by_id);
	b->user->domain->bindings--;
	note_changed(r, b->user);
	registrar_binding_free(r, b);
	r->n--;
}

void registrar_user_clear(struct registrar *r, struct registrar_user *user, bool going_only)
{
	struct registrar_binding *b = user->first, *next;

	for (; b; b = next) {
		next = b->next;
		if (b->going || !going_only)
			registrar_binding_remove(r, b);
	}
}

/* --- what others see --- */

struct registrar_contact registrar_contact_of(const struct registrar_binding *b)
{
	return (struct registrar_contact){
		.aor = b->user->aor, .id = b->id,
		.uri = registrar_binding_text(b, BINDING_URI),
		.params = registrar_binding_text(b, BINDING_PARAMS),
		.path = registrar_binding_text(b, BINDING_PATH),
		.call_id = registrar_binding_text(b, BINDING_CALL_ID),
		.agent = registrar_binding_text(b, BINDING_AGENT),
		.cseq = b->cseq, .q = b->q, .expires = b->expires, .nat = b->nat,
		.keepalive = b->keepalive, .flow = b->flow,
	};
}

size_t registrar_lookup(const struct registrar *r, u64 now, const char *aor,
			struct registrar_contact contacts[REGISTRAR_CONTACTS])
{
	const struct registrar_user *user = registrar_user_find(r, aor);
	const struct registrar_binding *b = user ? user->first : NULL;
	size_t n = 0;

	for (; b && n < REGISTRAR_CONTACTS; b = b->next)
		if (b->expires > now)
			contacts[n++] = registrar_contact_of(b);
	return n;
}

const char *registrar_flow_user(const struct registrar *r, const struct flow *flow,
				const struct registrar_binding **at)
{
	const struct hash_node *node = *at ? hash_next(&(*at)->by_flow) :
				       hash_first(&r->flows, hash_flow(r, flow));

	for (; node; node = hash_next(node)) {
		*at = hash_entry(node, struct registrar_binding, by_flow);
		if (same_flow(&(*at)->flow, flow))
			return (*at)->user->aor;
	}
	return NULL;
}

bool registrar_flow_is(const struct registrar *r, const struct flow *flow, const char *aor)
{
	const struct registrar_binding *at = NULL;
	const char *user;

	while ((user = registrar_flow_user(r, flow, &at)))
		if (!strcmp(user, aor))
			return true;
	return false;
}

size_t registrar_count(const struct registrar *r)
{
	return r->n;
}

size_t registrar_homeless(const struct registrar *r)
{
	return r->homeless;
}

void registrar_each(const struct registrar *r, u64 now,
		    void (*each)(void *arg, const struct registrar_contact *contact), void *arg)
{
	const struct registrar_binding *b;
	const struct registrar_user *user;
	size_t at = 0;

	for (; (user = registrar_users_from(&r->users, &at)); at++) {
		for (b = user->first; b; b = b->next) {
			struct registrar_contact contact = registrar_contact_of(b);

			if (b->expires > now)
				each(arg, &contact);
		}
	}
}

/* --- life --- */

struct registrar *registrar_new(const struct registrar_conf *conf)
{
	struct registrar *r = zalloc(sizeof(*r));

	if (!r)
		return NULL;
	r->listeners = conf->listeners;
	r->nlisteners = conf->nlisteners;
	r->key = conf->key;
	timers_init(&r->timers);
	list_init(&r->changed);
	if (registrar_users_init(&r->users) || hash_init(&r->records) || hash_init(&r->flows) ||
	    hash_init(&r->ids) || hash_init(&r->domains)) {
		registrar_free(r);
		return NULL;
	}
	return r;
}

void registrar_free(struct registrar *r)
{
	char aor[REGISTRAR_AOR];
	struct registrar_user *user;
	size_t at = 0;

	if (!r)
		return;
	while (r->users.slots && (user = registrar_users_from(&r->users, &at))) {
		if (user->change)
			registrar_abort(r, user->change);	/* which may free the user */
		else if (user->first)
			registrar_user_clear(r, user, false);
		else
			registrar_user_settle(r, user);
	}
	while (registrar_changed(r, aor))
		continue;
	registrar_users_free(&r->users);
	hash_free(&r->records);
	hash_free(&r->flows);
	hash_free(&r->ids);
	hash_free(&r->domains);
	timers_free(&r->timers);
	free(r->stale);
	free(r);
}
