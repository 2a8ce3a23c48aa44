// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The relay, driven: plans go in by effect, each answered before the next
 * effect is looked at; events come out by a descriptor. Which relay serves is
 * the configuration's word, and always logged: calls depend on it. Sessions that were
 * there before us belong to calls that the store has, which go on with them, or to calls
 * that nobody knows: those relay on, and go when the kernel says that they are silent, so
 * that a restart cuts nobody short.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/daemon.h"

#define SWEEP_MS 60000
#define SILENT_MS (3600 * 1000ull)	/* no end heard anything: whatever the idle timer says */

/* --- effects --- */

static void apply(struct daemon *d, struct effect *effect)
{
	struct media_error err = { 0 };
	struct call_view view;
	int result;

	if (!call_engine_view(d->engine, effect->plan->session, &view))
		view.plan = NULL;
	result = media_relay_apply(d->relay, view.plan, effect->plan, &err);
	if (result)
		log_call(LOG_WARNING, effect->plan->session, "media: %s", err.text);
	call_engine_complete(d->engine, clock_now(), effect->ticket, result, NULL);
}

/* The relay does not tell what we removed ourselves; who watches is told all the same. */
static void tell_removed(struct daemon *d, u64 session)
{
	daemon_media_tell(d, &(struct media_event){
		.type = MEDIA_EVENT_DELETED, .owner = d->config->node, .session = session });
}

static void remove_session(struct daemon *d, struct effect *effect)
{
	struct media_figures *figures = &d->figures;
	struct media_error err = { 0 };
	int result;

	result = media_relay_remove(d->relay, effect->session, figures, &err);
	if (result && result != -ENOENT)
		log_call(LOG_WARNING, effect->session, "media: %s", err.text);
	if (!result) {
		admin_metrics_add(&d->media_sum, figures);
		tell_removed(d, effect->session);
	}
	if (effect->ticket)
		call_engine_complete(d->engine, clock_now(), effect->ticket, result,
				     result ? NULL : figures);
}

void daemon_media_effect(struct daemon *d, struct effect *effect)
{
	if (effect->kind == EFFECT_MEDIA_APPLY)
		apply(d, effect);
	else
		remove_session(d, effect);
}

/* --- sessions of an earlier daemon --- */

struct adoption {
	struct daemon *daemon;
	int err;
};

static void adopt(void *arg, const struct media_figures *figures, u64 digest)
{
	struct adoption *a = arg;
	struct daemon *d = a->daemon;
	struct daemon_adopted *list;

	list = realloc(d->adopted, (d->nadopted + 1) * sizeof(*list));
	if (!list) {
		a->err = -ENOMEM;
		return;
	}
	d->adopted = list;
	d->adopted[d->nadopted++] = (struct daemon_adopted){
		.session = figures->session, .digest = digest,
	};
}

static bool is_silent(const struct media_figures *figures)
{
	bool told = false, old = figures->age_ms > SILENT_MS;
	size_t i;

	for (i = 0; i < figures->nends; i++) {
		const struct media_end_figures *end = &figures->ends[i];

		told |= end->timed_out;
		if (end->last_rx_ms < SILENT_MS)
			old = false;
	}
	for (i = 0; told && i < figures->nends; i++)
		if (figures->ends[i].rx_packets && !figures->ends[i].timed_out)
			told = false;
	return told || old;
}

/* true: it is gone, or we made it go. */
static bool retire(struct daemon *d, u64 session)
{
	struct media_figures *figures = calloc(1, sizeof(*figures));
	struct media_error err = { 0 };
	bool gone = false;
	int result;

	if (!figures)
		return false;
	result = media_relay_get(d->relay, session, figures, &err);
	if (result == -ENOENT) {
		gone = true;
	} else if (!result && is_silent(figures)) {
		gone = !media_relay_remove(d->relay, session, NULL, &err);
		if (gone)
			tell_removed(d, session);
		log_call(LOG_INFO, session, "silent session of an earlier run deleted");
	}
	free(figures);
	return gone;
}

/* Of a session that went, and so did whatever was known of its call. */
static void drop_adopted(struct daemon *d, size_t i)
{
	if (!d->adopted[i].recorded)
		daemon_record_lost(d, d->adopted[i].session, SLICE(""));
	d->adopted[i] = d->adopted[--d->nadopted];
}

static void sweep(uv_timer_t *timer)
{
	struct daemon *d = timer->data;
	size_t i;

	for (i = d->nadopted; i-- > 0;)
		if (retire(d, d->adopted[i].session))
			drop_adopted(d, i);
}

static struct daemon_adopted *find_adopted(const struct daemon *d, u64 session)
{
	size_t i;

	for (i = 0; i < d->nadopted; i++)
		if (d->adopted[i].session == session)
			return &d->adopted[i];
	return NULL;
}

static bool adopted_event(struct daemon *d, const struct media_event *event)
{
	struct daemon_adopted *a = find_adopted(d, event->session);

	if (!a)
		return false;
	if (event->type == MEDIA_EVENT_DELETED ||
	    (event->type == MEDIA_EVENT_TIMED_OUT && retire(d, event->session)))
		drop_adopted(d, (size_t)(a - d->adopted));
	return true;
}

bool daemon_media_recorded(struct daemon *d, u64 session)
{
	struct daemon_adopted *a = find_adopted(d, session);

	if (a)
		a->recorded = true;
	return a;
}

int daemon_media_resume(struct daemon *d, u64 session)
{
	struct daemon_adopted *a = find_adopted(d, session);
	bool there = a, same = false;
	struct media_error err = { 0 };
	struct media_plan *plan;
	struct call_view view;
	int result;

	if (!call_engine_view(d->engine, session, &view) || !view.plan) {
		daemon_media_recorded(d, session);	/* what is left of it ends by itself */
		return 0;
	}
	if (a) {
		same = a->digest == view.plan->digest;
		*a = d->adopted[--d->nadopted];		/* the call has it now */
	}
	if (same)
		return 0;
	plan = media_plan_copy(view.plan);
	if (!plan)
		return -ENOMEM;
	result = media_relay_apply(d->relay, there ? view.plan : NULL, plan, &err);
	if (result)
		log_call(LOG_WARNING, session, "media: %s", err.text);
	media_plan_put(plan);
	return result;
}

/* --- events --- */

/* Events were lost: say again what the sessions look like now. */
static void retell(void *arg, const struct media_figures *figures, u64 digest)
{
	struct daemon *d = arg;
	size_t i;

	(void)digest;
	for (i = 0; i < figures->nends; i++) {
		struct media_event event = {
			.type = figures->ends[i].timed_out ? MEDIA_EVENT_TIMED_OUT :
							     MEDIA_EVENT_RESUMED,
			.owner = d->config->node,
			.session = figures->session, .end = figures->ends[i].id,
		};

		call_engine_media_event(d->engine, clock_now(), &event);
	}
}

static void resynchronise(struct daemon *d)
{
	struct media_error err = { 0 };

	log_text(LOG_WARNING, "events of the relay were lost: reading its sessions");
	if (media_relay_each(d->relay, retell, d, &err))
		log_text(LOG_ERROR, "media: %s", err.text);
	sweep(&d->sweep);
}

/*
 * Somebody deleted a session by force, and the call that found it gone has made another one
 * by the same number: what it hears of is the end of the first.
 */
static bool is_there_again(struct daemon *d, u64 session)
{
	struct media_error err = { 0 };
	struct call_view view;

	return call_engine_view(d->engine, session, &view) && view.plan &&
	       !media_relay_get(d->relay, session, NULL, &err);
}

static void handle_event(struct daemon *d, const struct media_event *event)
{
	if (event->type == MEDIA_EVENT_DISPLACED) {
		log_text(LOG_ERROR, "another daemon took over node %u: leaving it the sessions",
			 d->config->node);
		d->status = 1;
		uv_stop(&d->loop);
		return;
	}
	if (event->type == MEDIA_EVENT_LOST) {
		resynchronise(d);
		return;
	}
	if (event->owner != d->config->node ||
	    (event->type == MEDIA_EVENT_DELETED && is_there_again(d, event->session)))
		return;
	daemon_media_tell(d, event);
	if (!adopted_event(d, event))
		call_engine_media_event(d->engine, clock_now(), event);
}

static void events_readable(uv_poll_t *poll, int status, int events)
{
	struct daemon *d = poll->data;
	struct media_event event;
	int got;

	(void)events;
	if (status < 0)
		return;
	while ((got = media_relay_event_next(d->relay, &event)) > 0)
		handle_event(d, &event);
	if (got < 0)
		log_text(LOG_ERROR, "media events: %s", strerror(-got));
	daemon_settle(d);
}

/* --- which relay --- */

static int open_kernel(struct daemon *d, struct media_error *err)
{
	int result = media_kernel_open(&d->relay, d->config->node, true, err);

	if (result)
		return result;
	d->relay_is_kernel = true;
	log_text(LOG_INFO, "media is relayed by the kernel, as node %u", d->config->node);
	return 0;
}

/* One descriptor a port: as many as this process may have. */
static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	log_text(LOG_INFO, "media is relayed in userspace, by at most %llu sockets",
		 (unsigned long long)limit.rlim_cur);
}

static int open_user(struct daemon *d, struct media_error *err)
{
	int result = media_user_open(&d->relay, &d->loop, d->config->node, err);

	if (!result)
		raise_descriptors();
	return result;
}

static int open_relay(struct daemon *d, struct media_error *err)
{
	int result;

	if (d->config->relay == CONFIG_RELAY_USERSPACE)
		return open_user(d, err);
	result = open_kernel(d, err);
	if (!result || d->config->relay == CONFIG_RELAY_KERNEL)
		return result;
	log_text(LOG_WARNING, "relay: auto takes userspace, since the kernel cannot: %s",
		 err->text);
	return open_user(d, err);
}

int daemon_media_open(struct daemon *d)
{
	struct adoption adoption = { .daemon = d };
	struct media_error err = { 0 };
	int result;

	result = open_relay(d, &err);
	if (result) {
		log_text(LOG_ERROR, "media: %s", err.text);
		return result;
	}
	result = media_relay_each(d->relay, adopt, &adoption, &err);
	if (result || adoption.err) {
		log_text(LOG_ERROR, "media: %s", result ? err.text : "no memory");
		return result ? result : adoption.err;
	}
	if (d->nadopted)
		log_text(LOG_INFO, "%zu sessions of an earlier run relay on", d->nadopted);
	return 0;
}

/* Ids carry the epoch: one that adopted sessions have would repeat theirs. */
u32 daemon_media_epoch(const struct daemon *d, u32 epoch)
{
	size_t i;

	epoch &= 0xfffff;
	for (i = 0; i < d->nadopted; i++) {
		if (((d->adopted[i].session >> 32) & 0xfffff) != epoch)
			continue;
		epoch = (epoch + 1) & 0xfffff;
		i = (size_t)-1;
	}
	return epoch;
}

int daemon_media_watch(struct daemon *d)
{
	int err;

	err = uv_poll_init(&d->loop, &d->media_events, media_relay_event_fd(d->relay));
	if (err)
		return err;
	d->media_events.data = d;
	uv_poll_start(&d->media_events, UV_READABLE, events_readable);
	uv_timer_start(&d->sweep, sweep, SWEEP_MS, SWEEP_MS);
	return 0;
}

void daemon_media_close(struct daemon *d)
{
	if (d->media_events.data)
		uv_poll_stop(&d->media_events);
	media_relay_close(d->relay);
	d->relay = NULL;
	free(d->adopted);
}
