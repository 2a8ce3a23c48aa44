// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The commands of the control socket: one table, searched by name. A command
 * gets its arguments as an object and gives a result, or an error that says
 * what is wrong, where, and what to do.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/command.h"
#include "admin/outcome.h"
#include "base/json.h"
#include "call/trunk.h"
#include "jalur/version.h"

struct command {
	const char *name;
	const char *args;	/* for help, "id, reason?" */
	const char *help;
	void (*run)(const struct command_context *ctx, json_t *args, struct outcome *out);
};


void admin_fail(struct outcome *out, const char *code, const char *where, const char *remedy,
		const char *fmt, ...)
{
	va_list args;

	out->code = code;
	out->where = where;
	out->remedy = remedy;
	va_start(args, fmt);
	vsnprintf(out->message, sizeof(out->message), fmt, args);
	va_end(args);
}

/* --- hello, info --- */

static json_t *hello(void)
{
	return json_pack("{s:i, s:s, s:s}", "version", CONTROL_PROTOCOL, "name", "jalurd",
			 "release", JALUR_VERSION);
}

json_t *admin_hello(void)
{
	return json_pack("{s:o}", "hello", hello());
}

static void run_hello(const struct command_context *ctx, json_t *args, struct outcome *out)
{
	(void)ctx;
	(void)args;
	out->result = hello();
}

static json_t *records(const struct control_conf *conf)
{
	struct control_records r;

	if (!conf->records || !conf->records(conf->arg, &r))
		return json_null();
	return json_pack("{s:I, s:I, s:I}", "written", (json_int_t)r.written,
			 "lost", (json_int_t)r.lost, "failed", (json_int_t)r.failed);
}

static json_t *stored(const struct control_conf *conf)
{
	struct control_store s;

	if (!conf->store || !conf->store(conf->arg, &s))
		return json_null();
	return json_pack("{s:I, s:I, s:I, s:I}", "written", (json_int_t)s.written,
			 "waiting", (json_int_t)s.waiting, "lost", (json_int_t)s.lost,
			 "failures", (json_int_t)s.failures);
}

static void run_info(const struct command_context *ctx, json_t *args, struct outcome *out)
{
	const struct control_conf *conf = ctx->conf;
	const struct sip_counter *counter;
	json_t *counters = json_object();

	(void)args;
	for (counter = call_engine_counters(conf->engine); counter->name; counter++)
		json_object_set_new(counters, counter->name,
				    json_integer((json_int_t)counter->value));
	admin_transport_counters(conf, counters);
	out->result = json_pack("{s:s, s:i, s:i, s:I, s:b, s:s, s:I, s:I, s:o, s:o, s:o}",
				"version", JALUR_VERSION, "pid", (int)getpid(),
				"node", (int)conf->node,
				"calls", (json_int_t)call_engine_calls(conf->engine),
				"stopping", conf->stopping && conf->stopping(conf->arg),
				"relay", conf->relay ? media_relay_name(conf->relay) : "none",
				"control_clients", (json_int_t)ctx->clients,
				"control_dropped", (json_int_t)ctx->dropped,
				"call_records", records(conf), "store", stored(conf),
				"counters", counters);
	json_object_set_new(out->result, "drain", admin_drain(ctx));
	json_object_set_new(out->result, "overload", admin_overload(ctx));
}

/* --- calls --- */

struct listing {
	const struct command_context *ctx;
	json_t *calls;
};

static void append_call(void *arg, const struct call_view *view)
{
	struct listing *l = arg;

	json_array_append_new(l->calls, admin_call(l->ctx, view));
}

static void run_call_list(const struct command_context *ctx, json_t *args, struct outcome *out)
{
	struct listing l = { .ctx = ctx, .calls = json_array() };

	(void)args;
	call_engine_each(ctx->conf->engine, append_call, &l);
	out->result = json_pack("{s:o}", "calls", l.calls);
}

/* The argument "id": 1 to 16 hex digits in a string. */
static bool take_id(json_t *args, u64 *id, struct outcome *out)
{
	const char *text = json_string_value(json_object_get(args, "id"));
	size_t n = text ? strspn(text, "0123456789abcdefABCDEF") : 0;

	if (n && n <= 16 && !text[n]) {
		*id = strtoull(text, NULL, 16);
		return true;
	}
	admin_fail(out, "bad-argument", "args.id", "call.list shows the ids",
		   "expected a string of 1 to 16 hex digits");
	return false;
}

static void no_call(u64 id, struct outcome *out)
{
	admin_fail(out, "no-such-call", "args.id", "call.list shows the calls that there are",
		   "no call %016llx", (unsigned long long)id);
}

/* Streams and figures; the relay may have no such session, or there may be no relay. */
static void show_media(const struct command_context *ctx, u64 id, const struct call_view *view,
		       json_t *call)
{
	struct media_stream_view streams[SDP_MAX_MEDIA];
	size_t n = call_engine_streams(ctx->conf->engine, id, streams);
	struct media_figures *figures = calloc(1, sizeof(*figures));
	struct media_error err;

	if (!figures || !view->plan || !ctx->conf->relay ||
	    media_relay_get(ctx->conf->relay, view->plan->session, figures, &err)) {
		free(figures);
		figures = NULL;
	}
	json_object_set_new(call, "streams", admin_streams(streams, n, figures));
	json_object_set_new(call, "media", figures ? admin_figures(figures) : json_null());
	free(figures);
}

static void run_call_show(const struct command_context *ctx, json_t *args, struct outcome *out)
{
	struct call_view view;
	u64 id;

	if (!take_id(args, &id, out))
		return;
	if (!call_engine_view(ctx->conf->engine, id, &view)) {
		no_call(id, out);
		return;
	}
	out->result = admin_call(ctx, &view);
	show_media(ctx, id, &view, out->result);
}

static void run_call_trace(const struct command_context *ctx, json_t *args, struct outcome *out)
{
	u64 id = call_engine_trace_last(ctx->conf->engine);

	if (json_object_get(args, "id") && !take_id(args, &id, out))
		return;
	out->result = id ? admin_ladder(ctx, id) : NULL;
	if (!out->result)
		admin_fail(out, "no-such-call", "args.id", "only the last messages are kept",
			   "nothing of such a call is kept");
}

static void run_call_hangup(const struct command_context *ctx, json_t *args,
			    struct outcome *out)
{
	json_t *reason = json_object_get(args, "reason");
	u64 id;

	if (!take_id(args, &id, out))
		return;
	if (reason && !json_is_string(reason)) {
		admin_fail(out, "bad-argument", "args.reason", NULL, "expected a string");
		return;
	}
	if (call_engine_hangup(ctx->conf->engine, ctx->now, id, json_string_value(reason))) {
		no_call(id, out);
		return;
	}
	out->changed = true;
	out->result = json_pack("{s:o}", "id", admin_hex(id));
}

/* --- transports --- */

static void run_transport_list(const struct command_context *ctx, json_t *args,
			       struct outcome *out)
{
	(void)args;
	out->result = admin_transports(ctx->conf);
}

static void run_transport_close(const struct command_context *ctx, json_t *args,
				struct outcome *out)
{
	const struct control_conf *conf = ctx->conf;
	u64 id;

	if (!take_id(args, &id, out))
		return;
	if (!conf->transports || conf->transports->close(conf->arg, id)) {
		admin_fail(out, "no-such-connection", "args.id", "transport.list has the connections",
			   "no connection %016llx", (unsigned long long)id);
		return;
	}
	out->changed = true;
	out->result = json_pack("{s:o}", "id", admin_hex(id));
}

/* --- drain --- */

static void drain(const struct command_context *ctx, struct outcome *out, bool on)
{
	call_engine_drain(ctx->conf->engine, ctx->now, on);
	out->changed = true;
	out->result = admin_drain(ctx);
}

static void run_drain_on(const struct command_context *ctx, json_t *args, struct outcome *out)
{
	(void)args;
	drain(ctx, out, true);
}

static void run_drain_off(const struct command_context *ctx, json_t *args, struct outcome *out)
{
	(void)args;
	drain(ctx, out, false);
}

static void run_drain_status(const struct command_context *ctx, json_t *args,
			     struct outcome *out)
{
	(void)args;
	out->result = admin_drain(ctx);
}

/* --- routes --- */

static void run_route_list(const struct command_context *ctx, json_t *args, struct outcome *out)
{
	(void)args;
	out->result = admin_routes(ctx);
}

static void run_route_test(const struct command_context *ctx, json_t *args, struct outcome *out)
{
	struct admin_mistake m;

	out->result = admin_route_test(ctx, args, &m);
	if (!out->result && m.where)
		admin_fail(out, "bad-argument", m.where, NULL, "%s", m.text);
}

/* --- trunks --- */

static void run_trunk_list(const struct command_context *ctx, json_t *args, struct outcome *out)
{
	(void)args;
	out->result = admin_trunks(ctx);
}

static const char *name_of(json_t *args)
{
	return json_string_value(json_object_get(args, "name"));
}

static void run_trunk_show(const struct command_context *ctx, json_t *args, struct outcome *out)
{
	const char *name = name_of(args);

	out->result = admin_trunk(ctx, name);
	if (!name)
		admin_fail(out, "bad-argument", "args.name", NULL, "expected a string");
	else if (!out->result)
		admin_fail(out, "no-such-trunk", "args.name",
			   "trunk.list shows the trunks that there are",
			   "no trunk \"%.63s\"", name);
}

static void set_drained(const struct command_context *ctx, json_t *args, struct outcome *out,
			bool drained)
{
	const char *name = name_of(args);

	out->changed = name && !call_engine_trunk_drain(ctx->conf->engine, name, drained);
	run_trunk_show(ctx, args, out);
}

static void run_trunk_drain(const struct command_context *ctx, json_t *args, struct outcome *out)
{
	set_drained(ctx, args, out, true);
}

static void run_trunk_enable(const struct command_context *ctx, json_t *args,
			     struct outcome *out)
{
	set_drained(ctx, args, out, false);
}

/* --- monitor --- */

static u32 source_bit(const json_t *name)
{
	const char *text = json_string_value(name);

	if (text && !strcmp(text, "call"))
		return WATCH_CALL;
	return text && !strcmp(text, "media") ? WATCH_MEDIA : 0;
}

static void run_monitor(const struct command_context *ctx, json_t *args, struct outcome *out)
{
	json_t *sources = json_object_get(args, "sources"), *name;
	u32 watch = sources ? 0 : WATCH_CALL | WATCH_MEDIA;
	size_t i;

	if (ctx->watching) {
		admin_fail(out, "busy", "cmd", "open another connection",
			   "this connection has a stream already");
		return;
	}
	json_array_foreach(sources, i, name) {
		if (!source_bit(name)) {
			watch = 0;
			break;
		}
		watch |= source_bit(name);
	}
	if (!watch)
		admin_fail(out, "bad-argument", "args.sources", NULL,
			   "expected a list of \"call\", \"media\"");
	out->watch = watch;
}

/* --- a line --- */

json_t *admin_error(json_t *id, const char *code, const char *where, const char *remedy,
		    const char *fmt, ...)
{
	char message[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	return json_pack("{s:O?, s:{s:s, s:o, s:s, s:s}}", "id", id, "error", "code", code,
			 "message", json_text(message), "where", where ? where : "",
			 "remedy", remedy ? remedy : "");
}

/* --- the table --- */

static void run_help(const struct command_context *ctx, json_t *args, struct outcome *out);

static const struct command commands[] = {
	{ "hello", "", "who this is and which version of the protocol it speaks", run_hello },
	{ "help", "", "the commands and their arguments", run_help },
	{ "info", "", "state of the daemon and its counters", run_info },
	{ "call.list", "", "all calls", run_call_list },
	{ "call.show", "id", "one call with live figures of its media", run_call_show },
	{ "call.trace", "id?", "the messages of a call; without id, of the last", run_call_trace },
	{ "call.hangup", "id, reason?", "end a call", run_call_hangup },
	{ "transport.list", "", "listeners and connections", run_transport_list },
	{ "transport.close", "id", "close a connection", run_transport_close },
	{ "drain.on", "", "take no new calls, serve those that there are", run_drain_on },
	{ "drain.off", "", "take new calls again", run_drain_off },
	{ "drain.status", "", "whether new calls are taken, and how many are left",
	  run_drain_status },
	{ "route.list", "", "the routes, in the order of looking", run_route_list },
	{ "route.test", "uri, realm?, source?, method?, from?, headers?",
	  "which route a request would take, and why", run_route_test },
	{ "trunk.list", "", "all trunks", run_trunk_list },
	{ "trunk.show", "name", "one trunk with its addresses", run_trunk_show },
	{ "trunk.drain", "name", "no new calls to or from it", run_trunk_drain },
	{ "trunk.enable", "name", "calls again", run_trunk_enable },
	{ "subscriber.list", "", "subscribers, without anything secret",
	  admin_run_subscriber_list },
	{ "subscriber.add", "domain, user, password", "a new one, in the store",
	  admin_run_subscriber_add },
	{ "subscriber.passwd", "domain, user, password", "another password of one in the store",
	  admin_run_subscriber_passwd },
	{ "subscriber.del", "domain, user", "takes one out of the store",
	  admin_run_subscriber_del },
	{ "registration.list", "domain?", "contacts that are registered",
	  admin_run_registration_list },
	{ "registration.show", "aor", "those of one user", admin_run_registration_show },
	{ "registration.del", "aor", "takes them away", admin_run_registration_del },
	{ "subscription.list", "aor?", "subscriptions, served and carried",
	  admin_run_subscription_list },
	{ "subscription.show", "id", "one of them", admin_run_subscription_show },
	{ "subscription.del", "id", "ends it", admin_run_subscription_del },
	{ "presence.show", "aor", "what watchers of a user see", admin_run_presence_show },
	{ "monitor", "sources?", "a stream of events until the client closes", run_monitor },
};

#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

static void run_help(const struct command_context *ctx, json_t *args, struct outcome *out)
{
	json_t *list = json_array();
	size_t i;

	(void)ctx;
	(void)args;
	for (i = 0; i < NCOMMANDS; i++)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "cmd", commands[i].name,
						      "args", commands[i].args, "help",
						      commands[i].help));
	out->result = json_pack("{s:o}", "commands", list);
}

static const struct command *find_command(const char *name)
{
	size_t i;

	for (i = 0; name && i < NCOMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static void run_command(const struct command_context *ctx, const struct command *command,
			json_t *args, struct command_answer *answer)
{
	struct outcome out = { 0 };

	answer->name = command->name;
	command->run(ctx, args, &out);
	answer->changed = out.changed;
	answer->secret = out.secret;
	answer->watch = out.code ? 0 : out.watch;
	if (out.code)
		answer->object = admin_error(answer->id, out.code, out.where, out.remedy, "%s",
					     out.message);
	else if (out.result)
		answer->object = json_pack("{s:O?, s:o}", "id", answer->id, "result", out.result);
	else if (!out.watch)
		answer->object = admin_error(answer->id, "no-memory", NULL, NULL, "no memory");
}

static void refuse(struct command_answer *answer, const char *code, const char *where,
		   const char *text)
{
	answer->object = admin_error(answer->id, code, where,
				     "{\"id\": 1, \"cmd\": \"help\"} lists the commands", "%s",
				     text);
}

void admin_run(const struct command_context *ctx, struct slice line,
	       struct command_answer *answer)
{
	const struct command *command;
	json_t *request, *args;
	json_error_t err;

	*answer = (struct command_answer){ 0 };
	request = json_loadb(line.p, line.n, JSON_REJECT_DUPLICATES, &err);
	if (!json_is_object(request)) {
		refuse(answer, "bad-request", "", request ? "expected an object" : err.text);
		json_decref(request);
		return;
	}
	answer->id = json_incref(json_object_get(request, "id"));
	command = find_command(json_string_value(json_object_get(request, "cmd")));
	args = json_object_get(request, "args");
	if (answer->id && !json_is_integer(answer->id) && !json_is_string(answer->id))
		refuse(answer, "bad-request", "id", "expected a number or a string");
	else if (!json_is_string(json_object_get(request, "cmd")))
		refuse(answer, "bad-request", "cmd", "expected the name of a command");
	else if (!command)
		refuse(answer, "unknown-command", "cmd", "there is no such command");
	else if (args && !json_is_object(args))
		refuse(answer, "bad-request", "args", "expected an object");
	else
		run_command(ctx, command, args, answer);
	json_decref(request);
}
