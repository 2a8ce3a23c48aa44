// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Changes wait in a list; the thread takes the whole list and commits it at once, so
 * that the more there is to do, the less each costs. A commit that fails is tried again
 * each second with what came meanwhile: the disk may be full for an hour and nothing is
 * lost, until too many wait. Then the newest go, since a record that was written before
 * something is better than none of it. Whoever waits with a ticket is told of the first
 * failure, and his change is forgotten: he tells his peer that nothing came of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <uv.h>

#include "base/list.h"
#include "base/log.h"
#include "base/timer.h"
#include "store/sqlite.h"

#define RETRY NSEC_PER_SEC

enum change_type { PUT, DELETE, CLEAR };

struct change {
	struct list node;
	enum change_type type;
	enum store_kind kind;
	u64 key;
	u64 ticket;			/* 0: nobody waits */
	int result;
	size_t n;
	char bytes[];
};

struct store {
	struct sqlite_file *file;
	char *path;
	size_t limit;
	void (*notify)(void *arg);
	void *arg;
	uv_thread_t thread;
	uv_mutex_t lock;		/* of all below, but for failing and batch: */
	uv_cond_t work;
	struct list waiting, done;
	struct store_figures figures;
	bool stop;
	bool reading;			/* the file, in another thread */
	/* of the thread */
	struct list batch;
	bool failing;			/* said in the log */
};

/* --- the thread --- */

static int write_change(struct sqlite_file *f, const struct change *c)
{
	switch (c->type) {
	case PUT:
		return sqlite_file_put(f, c->kind, c->key, slice_of(c->bytes, c->n));
	case DELETE:
		return sqlite_file_delete(f, c->kind, c->key);
	case CLEAR:
		break;
	}
	return sqlite_file_clear(f, c->kind);
}

static int write_batch(struct store *s)
{
	struct list *at;
	int err = sqlite_file_begin(s->file);

	for (at = s->batch.next; !err && at != &s->batch; at = at->next)
		err = write_change(s->file, list_entry(at, struct change, node));
	if (!err)
		err = sqlite_file_commit(s->file);
	if (err && !s->failing)
		log_text(LOG_ERROR, "store: %s cannot be written, trying again each second: %s",
			 s->path, sqlite_file_reason(s->file));
	else if (!err && s->failing)
		log_text(LOG_INFO, "store: %s is written again", s->path);
	if (err)
		sqlite_file_rollback(s->file);
	s->failing = err;
	return err;
}

/* There may be keys in it, and hashes of passwords. */
static void free_change(struct change *c)
{
	if (c)
		explicit_bzero(c->bytes, c->n);
	free(c);
}

static u64 free_changes(struct list *changes)
{
	u64 n = 0;

	while (!list_empty(changes)) {
		struct change *c = list_entry(changes->next, struct change, node);

		list_del(&c->node);
		free_change(c);
		n++;
	}
	return n;
}

static void take_waiting(struct store *s)
{
	while (!list_empty(&s->waiting)) {
		struct list *first = s->waiting.next;

		list_del(first);
		list_add_tail(&s->batch, first);
	}
}

/* What is over of the batch; how many. */
static u64 end_batch(struct store *s, int err)
{
	struct list *at, *next;
	bool told = false;
	u64 n = 0;

	for (at = s->batch.next; at != &s->batch; at = next) {
		struct change *c = list_entry(at, struct change, node);

		next = at->next;
		if (err && !c->ticket)
			continue;
		list_del(&c->node);
		n++;
		if (!c->ticket) {
			free_change(c);
			continue;
		}
		c->result = err;
		list_add_tail(&s->done, &c->node);
		told = true;
	}
	if (told && s->notify)
		s->notify(s->arg);
	return n;
}

/* Under the lock; let go of while the file is written. true: it was. */
static bool commit(struct store *s)
{
	u64 n;
	int err;

	take_waiting(s);
	uv_mutex_unlock(&s->lock);
	err = write_batch(s);
	uv_mutex_lock(&s->lock);
	n = end_batch(s, err);
	s->figures.written += err ? 0 : n;
	s->figures.waiting -= n;
	s->figures.failures += err != 0;
	return !err;
}

/* Until there is something, and nobody reads; after a failure, until it is worth another try. */
static void wait_for_work(struct store *s, bool failed)
{
	u64 until = uv_hrtime() + RETRY, now;

	while (s->reading || (!failed && !s->stop && list_empty(&s->waiting)))
		uv_cond_wait(&s->work, &s->lock);
	while (failed && !s->stop && (now = uv_hrtime()) < until)
		uv_cond_timedwait(&s->work, &s->lock, until - now);
}

static void writer(void *arg)
{
	struct store *s = arg;
	bool failed = false, stop = false;

	uv_mutex_lock(&s->lock);
	while (!stop) {
		wait_for_work(s, failed);
		stop = s->stop;
		failed = (!list_empty(&s->waiting) || !list_empty(&s->batch)) && !commit(s);
	}
	uv_mutex_unlock(&s->lock);
}

/* --- who writes --- */

static int add_change(struct store *s, enum change_type type, enum store_kind kind, u64 key,
		      struct slice bytes, u64 ticket)
{
	struct change *c = malloc(sizeof(*c) + bytes.n);
	bool full;

	if (c) {
		c->type = type;
		c->kind = kind;
		c->key = key;
		c->ticket = ticket;
		c->n = bytes.n;
		if (bytes.n)
			memcpy(c->bytes, bytes.p, bytes.n);
	}
	uv_mutex_lock(&s->lock);
	full = !c || s->figures.waiting >= s->limit;
	if (full) {
		s->figures.lost++;
	} else {
		list_add_tail(&s->waiting, &c->node);
		s->figures.waiting++;
	}
	uv_cond_signal(&s->work);
	uv_mutex_unlock(&s->lock);
	if (!full)
		return 0;
	free_change(c);
	return c ? -ENOBUFS : -ENOMEM;
}

int store_change(struct store *s, enum store_kind kind, u64 key, struct slice bytes, u64 ticket)
{
	return add_change(s, bytes.p ? PUT : DELETE, kind, key, bytes, ticket);
}

void store_done(struct store *s, void (*each)(void *arg, u64 ticket, int result), void *arg)
{
	struct change *c;

	uv_mutex_lock(&s->lock);
	while (!list_empty(&s->done)) {
		c = list_entry(s->done.next, struct change, node);
		list_del(&c->node);
		uv_mutex_unlock(&s->lock);
		each(arg, c->ticket, c->result);
		free_change(c);
		uv_mutex_lock(&s->lock);
	}
	uv_mutex_unlock(&s->lock);
}

void store_put(struct store *s, enum store_kind kind, u64 key, struct slice bytes)
{
	add_change(s, PUT, kind, key, bytes, 0);
}

void store_delete(struct store *s, enum store_kind kind, u64 key)
{
	add_change(s, DELETE, kind, key, SLICE(""), 0);
}

void store_clear(struct store *s, enum store_kind kind)
{
	add_change(s, CLEAR, kind, 0, SLICE(""), 0);
}

static void set_reading(struct store *s, bool reading)
{
	uv_mutex_lock(&s->lock);
	s->reading = reading;
	uv_cond_signal(&s->work);
	uv_mutex_unlock(&s->lock);
}

int store_each(struct store *s, enum store_kind kind,
	       void (*each)(void *arg, u64 key, struct slice bytes), void *arg,
	       struct store_error *err)
{
	int code;

	set_reading(s, true);
	code = sqlite_file_each(s->file, kind, each, arg, err);
	set_reading(s, false);
	return code;
}

void store_figures(struct store *s, struct store_figures *figures)
{
	uv_mutex_lock(&s->lock);
	*figures = s->figures;
	uv_mutex_unlock(&s->lock);
}

/* --- life --- */

static int start_thread(struct store *s)
{
	int err = uv_mutex_init(&s->lock);

	if (err)
		return err;
	err = uv_cond_init(&s->work);
	if (err)
		goto err_lock;
	err = uv_thread_create(&s->thread, writer, s);
	if (err)
		goto err_cond;
	return 0;

err_cond:
	uv_cond_destroy(&s->work);
err_lock:
	uv_mutex_destroy(&s->lock);
	return err;
}

int store_open(struct store **out, const struct store_conf *conf, struct store_error *err)
{
	struct store *s = calloc(1, sizeof(*s));
	int code = -ENOMEM;

	*err = (struct store_error){ .text = "no memory" };
	if (!s)
		return code;
	list_init(&s->waiting);
	list_init(&s->batch);
	list_init(&s->done);
	s->limit = conf->waiting;
	s->notify = conf->notify;
	s->arg = conf->arg;
	s->path = strdup(conf->file);
	if (s->path)
		code = sqlite_file_open(&s->file, conf, err);
	if (!code)
		code = start_thread(s);
	if (code) {
		sqlite_file_close(s->file);
		free(s->path);
		free(s);
		return code;
	}
	*out = s;
	return 0;
}

void store_close(struct store *s)
{
	u64 left;

	if (!s)
		return;
	uv_mutex_lock(&s->lock);
	s->stop = true;
	uv_cond_signal(&s->work);
	uv_mutex_unlock(&s->lock);
	uv_thread_join(&s->thread);
	left = free_changes(&s->batch);
	free_changes(&s->done);
	if (left)
		log_text(LOG_ERROR, "store: %llu changes could not be written to %s",
			 (unsigned long long)left, s->path);
	uv_cond_destroy(&s->work);
	uv_mutex_destroy(&s->lock);
	sqlite_file_close(s->file);
	free(s->path);
	free(s);
}
