// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loop, sockets, signals, timer: everything that has effects, around an engine
 * that has none. Whatever goes into the engine is followed by daemon_settle(),
 * which carries out what came of it, in order.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "call/trunk.h"
#include "daemon/daemon.h"

#define STOP_MS 5000	/* for the parties to answer our BYE */

/* --- after every input --- */

static void carry_out(struct daemon *d, struct effect *effect)
{
	switch (effect->kind) {
	case EFFECT_SEND:
		daemon_send(d, &effect->flow, slice_of(effect->bytes, effect->len));
		break;
	case EFFECT_MEDIA_APPLY:
	case EFFECT_MEDIA_REMOVE:
		daemon_media_effect(d, effect);
		break;
	case EFFECT_STORE_CALL:
		daemon_store_call(d, effect->session);
		break;
	case EFFECT_STORE_BINDINGS:
		daemon_store_bindings(d, effect);
		break;
	case EFFECT_STORE_EVENT:
		daemon_store_event(d, effect->session);
		break;
	case EFFECT_LOCATE:
		daemon_locate(d, effect);
		break;
	case EFFECT_ALIAS:
		daemon_alias(d, &effect->flow);
		break;
	case EFFECT_UNREACHED:
		daemon_unreached(d, &effect->flow);
		break;
	}
}

static void expired(uv_timer_t *timer)
{
	struct daemon *d = timer->data;

	call_engine_tick(d->engine, clock_now());
	daemon_settle(d);
}

static void set_deadline(struct daemon *d)
{
	u64 at = call_engine_deadline(d->engine), now;

	if (at == d->deadline_at && uv_is_active((uv_handle_t *)&d->deadline))
		return;
	d->deadline_at = at;
	if (at == UINT64_MAX) {
		uv_timer_stop(&d->deadline);
		return;
	}
	now = clock_now();
	uv_update_time(&d->loop);
	uv_timer_start(&d->deadline, expired,
		       at > now ? (at - now + NSEC_PER_MSEC - 1) / NSEC_PER_MSEC : 0, 0);
}

/* Sending may fail, which the engine must hear, which may cause effects. */
void daemon_settle(struct daemon *d)
{
	struct effect *effect;
	bool more = true;

	while (more) {
		more = false;
		while ((effect = call_engine_effect(d->engine))) {
			carry_out(d, effect);
			effect_free(effect);
			more = true;
		}
		daemon_transport_flush(d);	/* STUN is answered without an effect */
	}
	daemon_events(d);
	set_deadline(d);
	if (d->stopping && !call_engine_calls(d->engine) && !call_engine_leaving(d->engine))
		uv_stop(&d->loop);
}

/* --- the engine --- */

static int new_engine(struct daemon *d)
{
	const struct config *c = d->config;
	struct call_engine_conf conf = {
		.node = c->node,
		.epoch = daemon_media_epoch(d, (u32)time(NULL)),
		.policy = c->policy,
		.store = d->store,
		.records = d->cdr,
		.overload = c->overload,
	};
	struct sip_listener *listeners = calloc(c->nlisteners + 1, sizeof(*listeners));
	size_t i;

	if (!listeners)
		return -ENOMEM;
	for (i = 0; i < c->nlisteners; i++) {
		listeners[i].local = c->listeners[i].local;
		listeners[i].advertise = c->listeners[i].advertise;
		listeners[i].transport = c->listeners[i].transport;
		listeners[i].realm = (u32)c->listeners[i].realm;
	}
	conf.sip.listeners = listeners;
	conf.sip.nlisteners = c->nlisteners;
	conf.sip.t1 = c->policy->t1;
	conf.sip.t2 = c->policy->t2;
	conf.sip.t4 = c->policy->t4;
	conf.sip.limits = c->limits;
	conf.sip.max_servers = 2 * (u32)c->overload.limits.of[CALL_OVERLOAD_TRANSACTIONS];
	conf.sip.retry_after = c->overload.retry_after;
	conf.sip.strangers = c->strangers;
	conf.sip.software = "jalur";
	if (getrandom(conf.sip.seed, sizeof(conf.sip.seed), 0) == sizeof(conf.sip.seed))
		d->engine = call_engine_new(&conf);
	free(listeners);
	return d->engine ? 0 : -ENOMEM;
}

/* --- reload and stop --- */

static void log_mistakes(const char *path, const struct config_mistakes *mistakes)
{
	size_t i;

	for (i = 0; i < mistakes->n; i++)
		log_text(LOG_ERROR, "%s:%d: %s", path, mistakes->list[i].line,
			 mistakes->list[i].text);
}

static void start_trunks(struct daemon *d)
{
	if (call_engine_start(d->engine, clock_now()))
		log_text(LOG_ERROR, "no memory: not every trunk is probed, or registered at");
}

static void adopt_config(struct daemon *d, struct config *config)
{
	call_engine_set_policy(d->engine, config->policy);
	start_trunks(d);
	log_set_level(config->log_level);
	config_free(d->config);
	d->config = config;
	log_text(LOG_INFO, "configuration loaded again; calls that are up keep the old one");
	daemon_settle(d);
}

/* All or nothing: what cannot be taken over whole leaves everything as it was. */
static void reload(uv_signal_t *signal, int number)
{
	struct daemon *d = signal->data;
	struct config_mistakes mistakes = { 0 };
	struct tls_context **tls;
	struct config *config;
	const char *why;

	(void)number;
	daemon_record_reopen(d);
	if (config_load(d->path, &config, &mistakes)) {
		log_mistakes(d->path, &mistakes);
		config_mistakes_free(&mistakes);
		log_text(LOG_ERROR, "configuration not changed");
		return;
	}
	why = config_restart_needed(d->config, config);
	if (!why && daemon_pools_fill(d, config->policy))
		why = "no memory";
	if (!why && daemon_tls_load(config, &tls))
		why = "certificates cannot be read";
	if (!why && daemon_locate_reload(d, config)) {
		why = "dns.servers cannot be used";
		daemon_tls_discard(config, tls);
	}
	if (!why) {
		daemon_tls_adopt(d, config, tls);
		adopt_config(d, config);
		return;
	}
	log_text(LOG_ERROR, "configuration not changed: %s", why);
	config_free(config);
}

static void stop_anyway(uv_timer_t *timer)
{
	struct daemon *d = timer->data;

	log_text(LOG_WARNING, "%zu calls and %zu registrations did not end in time",
		 call_engine_calls(d->engine), call_engine_leaving(d->engine));
	uv_stop(&d->loop);
}

static void stop(uv_signal_t *signal, int number)
{
	struct daemon *d = signal->data;
	bool keep = !d->config->hangup_on_stop && d->relay_is_kernel;

	(void)number;
	if (d->stopping || keep) {
		log_text(LOG_INFO, "stopping; %zu calls stay in the kernel",
			 call_engine_calls(d->engine));
		uv_stop(&d->loop);
		return;
	}
	log_text(LOG_INFO, "stopping; hanging up %zu calls", call_engine_calls(d->engine));
	d->stopping = true;
	call_engine_stop(d->engine, clock_now());
	call_engine_leave(d->engine, clock_now());
	uv_timer_start(&d->stop, stop_anyway, STOP_MS, 0);
	daemon_settle(d);
}

/* --- start --- */

static void init_handles(struct daemon *d)
{
	uv_loop_init(&d->loop);
	uv_timer_init(&d->loop, &d->deadline);
	uv_timer_init(&d->loop, &d->sweep);
	uv_timer_init(&d->loop, &d->load);
	uv_timer_init(&d->loop, &d->stop);
	uv_signal_init(&d->loop, &d->sigterm);
	uv_signal_init(&d->loop, &d->sigint);
	uv_signal_init(&d->loop, &d->sighup);
	d->deadline.data = d->sweep.data = d->load.data = d->stop.data = d;
	d->sigterm.data = d->sigint.data = d->sighup.data = d;
	uv_signal_start(&d->sigterm, stop, SIGTERM);
	uv_signal_start(&d->sigint, stop, SIGINT);
	uv_signal_start(&d->sighup, reload, SIGHUP);
}

int daemon_start(struct daemon *d, const char *path, struct config *config)
{
	int err;

	d->path = path;
	d->config = config;
	signal(SIGPIPE, SIG_IGN);
	init_handles(d);
	err = daemon_pools_fill(d, config->policy);
	if (!err)
		err = daemon_record_open(d);
	if (!err)
		err = daemon_store_open(d);
	if (!err)
		err = daemon_media_open(d);
	if (!err)
		err = new_engine(d);
	if (!err)
		err = daemon_tls_open(d);
	if (!err)
		err = daemon_locate_open(d);
	if (!err)
		err = daemon_transport_open(d);
	if (!err)
		err = daemon_media_watch(d);
	if (!err)
		err = daemon_subscribers_restore(d);
	if (!err)
		err = daemon_store_restore(d);
	if (!err)
		err = daemon_control_open(d);
	if (!err)
		err = daemon_metrics_open(d);
	if (!err)
		err = daemon_privilege_drop(d);
	return err;
}

int daemon_run(struct daemon *d)
{
	daemon_load_start(d);
	start_trunks(d);
	daemon_settle(d);
	log_text(LOG_INFO, "ready");
	uv_run(&d->loop, UV_RUN_DEFAULT);
	return d->status;
}

static void close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

void daemon_stop(struct daemon *d)
{
	daemon_control_close(d);
	daemon_metrics_close(d);
	daemon_transport_close(d);
	daemon_locate_close(d);
	uv_run(&d->loop, UV_RUN_NOWAIT);
	daemon_media_close(d);
	daemon_store_close(d);		/* its thread wakes the loop */
	uv_walk(&d->loop, close_handle, NULL);
	uv_run(&d->loop, UV_RUN_DEFAULT);
	uv_loop_close(&d->loop);
	daemon_record_close(d);
	daemon_load_stop(d);
	call_engine_free(d->engine);
	daemon_tls_close(d);
	daemon_pools_free(d);
	config_free(d->config);
	free(d->udp);
}
