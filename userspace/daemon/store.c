// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The store, wired to this daemon: calls are written down as they change, and read when
 * it starts. What was up goes on, with the session that the kernel kept or a new one;
 * what was not up, or cannot be read, is over, and gets its call record now.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "call/registration.h"
#include "call/watching.h"
#include "daemon/daemon.h"

/* --- what somebody waits for --- */

static void tell(void *arg, u64 ticket, int result)
{
	struct daemon *d = arg;

	call_engine_complete(d->engine, clock_now(), ticket, result, NULL);
}

static void stored(uv_async_t *async)
{
	struct daemon *d = async->data;

	store_done(d->store, tell, d);
	daemon_settle(d);
}

static void notify(void *arg)
{
	struct daemon *d = arg;

	uv_async_send(&d->stored);
}

int daemon_store_open(struct daemon *d)
{
	const struct config *c = d->config;
	struct store_conf conf = {
		.file = c->store_file, .waiting = c->store_waiting,
		.sync = c->store_power ? STORE_SYNC_POWER : STORE_SYNC_CRASH,
		.notify = notify, .arg = d,
	};
	struct store_error error;
	int err;

	if (!c->store_file)
		return 0;
	err = uv_async_init(&d->loop, &d->stored, stored);
	if (err)
		return err;
	d->stored.data = d;
	err = store_open(&d->store, &conf, &error);
	if (err)
		log_text(LOG_ERROR, "store: %s", error.text);
	return err;
}

void daemon_store_call(struct daemon *d, u64 call)
{
	char *text = NULL;
	int err = call_engine_save(d->engine, clock_now(), clock_wall(), call, &text);

	if (err == -ENOENT)
		store_delete(d->store, STORE_CALL, call);
	else if (!err)
		store_put(d->store, STORE_CALL, call, slice_str(text));
	else if (err != -EAGAIN)
		log_call(LOG_ERROR, call, "not stored: no memory");
	free(text);
}

static int write_bindings(struct daemon *d, const struct effect *effect)
{
	u64 record = effect->session;
	char *text = NULL;
	int err = call_engine_save_bindings(d->engine, clock_now(), clock_wall(), record, &text);

	if (!err || err == -ENOENT)
		err = store_change(d->store, STORE_BINDINGS, record, slice_str(text),
				   effect->ticket);
	free(text);
	return err;
}

/* Whoever waits is told at once of what could not even be queued. */
void daemon_store_bindings(struct daemon *d, const struct effect *effect)
{
	int err = write_bindings(d, effect);

	if (err && effect->ticket)
		tell(d, effect->ticket, err);
	else if (err)
		log_text(LOG_ERROR, "store: a registration that ended is not deleted: %s",
			 strerror(-err));
}

void daemon_store_event(struct daemon *d, u64 record)
{
	char *text = NULL;
	int err = call_engine_save_event(d->engine, clock_now(), clock_wall(), record, &text);

	if (err == -ENOENT)
		store_delete(d->store, STORE_EVENT, record);
	else if (!err)
		store_put(d->store, STORE_EVENT, record, slice_str(text));
	else
		log_text(LOG_ERROR, "store: a subscription is not stored: no memory");
	free(text);
}

/* --- after a restart --- */

struct restoring {
	struct daemon *daemon;
	size_t recovered, lost;
};

static void give_up(struct restoring *r, u64 key, struct slice text)
{
	daemon_record_lost(r->daemon, key, text);
	daemon_media_recorded(r->daemon, key);
	store_delete(r->daemon->store, STORE_CALL, key);
	r->lost++;
}

static void restore_call(void *arg, u64 key, struct slice text)
{
	struct restoring *r = arg;
	struct daemon *d = r->daemon;
	const char *bad;
	u64 id = key;

	bad = call_engine_restore(d->engine, clock_now(), clock_wall(), text, &id);
	if (bad) {
		if (strcmp(bad, "state"))
			log_call(LOG_ERROR, key, "cannot go on with it: wrong %s, or no longer configured",
				 bad);
		give_up(r, key, text);
		return;
	}
	r->recovered++;
	if (daemon_media_resume(d, id))
		call_engine_hangup(d->engine, clock_now(), id, "media could not be resumed");
}

static void restore_bindings(void *arg, u64 key, struct slice text)
{
	struct daemon *d = arg;
	const char *bad = call_engine_restore_bindings(d->engine, clock_now(), clock_wall(), key,
						       text);

	if (!bad)
		return;
	log_text(LOG_ERROR, "store: registration %llu is lost: wrong %s",
		 (unsigned long long)key, bad);
	store_delete(d->store, STORE_BINDINGS, key);
}

static void restore_event(void *arg, u64 key, struct slice text)
{
	struct daemon *d = arg;
	const char *bad = call_engine_restore_event(d->engine, clock_now(), clock_wall(), key,
						    text);

	if (!bad)
		return;
	log_text(LOG_ERROR, "store: subscription %llu is lost: wrong %s, or no longer configured",
		 (unsigned long long)key, bad);
	store_delete(d->store, STORE_EVENT, key);
}

static void tell_bindings(const struct registrar *registrar)
{
	size_t homeless = registrar_homeless(registrar);

	if (registrar_count(registrar))
		log_text(LOG_INFO, "%zu contacts of an earlier run are still registered",
			 registrar_count(registrar));
	if (homeless)
		log_text(LOG_WARNING,
			 "%zu contacts of an earlier run are not: they came by a listener that is no longer configured",
			 homeless);
}

int daemon_store_restore(struct daemon *d)
{
	struct restoring r = { .daemon = d };
	struct store_error error;
	int err;

	if (!d->store)
		return 0;
	err = store_each(d->store, STORE_CALL, restore_call, &r, &error);
	if (!err)
		err = store_each(d->store, STORE_BINDINGS, restore_bindings, d, &error);
	if (!err)
		err = store_each(d->store, STORE_EVENT, restore_event, d, &error);
	if (err) {
		log_text(LOG_ERROR, "store: %s: %s", d->config->store_file, error.text);
		return err;
	}
	if (r.recovered || r.lost)
		log_text(LOG_INFO, "%zu calls of an earlier run go on, %zu are lost",
			 r.recovered, r.lost);
	tell_bindings(call_engine_registrar(d->engine));
	return 0;
}

bool daemon_store_figures(const struct daemon *d, struct control_store *store)
{
	struct store_figures figures;

	if (!d->store)
		return false;
	store_figures(d->store, &figures);
	*store = (struct control_store){
		.written = figures.written, .waiting = figures.waiting,
		.lost = figures.lost, .failures = figures.failures,
	};
	return true;
}

/* Calls that were hung up are over, also those that did not end in time. */
void daemon_store_close(struct daemon *d)
{
	if (d->store && d->stopping)
		store_clear(d->store, STORE_CALL);
	store_close(d->store);
	d->store = NULL;
}
