// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Listeners and connections as JSON.
 */
#include "admin/command.h"
#include "base/json.h"
#include "base/timer.h"

static json_t *text_or_null(const char *text)
{
	return text ? json_text(text) : json_null();
}

static void add_listener(void *to, const struct control_listener *l)
{
	json_array_append_new(to, json_pack("{s:o, s:s, s:o}", "realm", json_text(l->realm),
					    "transport", transport_name(l->transport),
					    "local", json_addr(&l->local)));
}

static json_t *tls_object(const struct control_connection *c)
{
	if (!c->tls)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:b}", "version", json_text(c->tls),
			 "cipher", text_or_null(c->cipher), "subject", text_or_null(c->subject),
			 "verified", c->verified);
}

static void add_connection(void *to, const struct control_connection *c)
{
	json_t *object;

	object = json_pack("{s:o, s:o, s:s, s:s, s:s, s:o, s:o, s:I, s:o, s:o, s:o}",
			   "id", admin_hex(c->id), "realm", json_text(c->realm),
			   "transport", transport_name(c->transport), "state", c->state,
			   "direction", c->incoming ? "in" : "out", "peer", json_addr(&c->peer),
			   "local", json_addr(&c->local),
			   "age_ms", (json_int_t)(c->age / NSEC_PER_MSEC),
			   "server_name", text_or_null(c->server_name),
			   "origin", text_or_null(c->origin), "tls", tls_object(c));
	json_object_set_new(object, "bytes_in", json_integer((json_int_t)c->bytes_in));
	json_object_set_new(object, "bytes_out", json_integer((json_int_t)c->bytes_out));
	json_object_set_new(object, "messages_in", json_integer((json_int_t)c->messages_in));
	json_object_set_new(object, "messages_out", json_integer((json_int_t)c->messages_out));
	json_object_set_new(object, "queued", json_integer((json_int_t)c->queued));
	json_array_append_new(to, object);
}

json_t *admin_transports(const struct control_conf *conf)
{
	json_t *listeners = json_array(), *connections = json_array();

	if (conf->transports) {
		conf->transports->listeners(conf->arg, add_listener, listeners);
		conf->transports->connections(conf->arg, add_connection, connections);
	}
	return json_pack("{s:o, s:o}", "listeners", listeners, "connections", connections);
}

static void add_counter(void *to, const char *name, u64 value)
{
	json_object_set_new(to, name, json_integer((json_int_t)value));
}

void admin_transport_counters(const struct control_conf *conf, json_t *counters)
{
	if (conf->transports)
		conf->transports->counters(conf->arg, add_counter, counters);
}
