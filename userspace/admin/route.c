// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Routes as JSON, and the question which of them a request takes: a message is made of
 * the arguments and goes through the functions that calls go through.
 */
#include <errno.h>
#include <stdio.h>

#include "admin/command.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/timer.h"
#include "call/route.h"

#define MAX_TEXT 1024
#define MAX_TEST_HEADERS 32

/* --- the list --- */

static json_t *text_or_null(const char *text)
{
	return text ? json_text(text) : json_null();
}

/* Keys as the configuration has them. */
static void add_key(json_t *list, const char *key, const char *value)
{
	if (value)
		json_array_append_new(list, json_pack("{s:s, s:o}", "key", key, "value",
						      json_text(value)));
}

static void add_pattern(json_t *list, const char *key, const struct call_pattern *pattern)
{
	if (pattern)
		add_key(list, key, call_pattern_text(pattern));
}

static void add_source(json_t *list, const struct call_match *match)
{
	char text[ADDR_STRLEN], prefix[ADDR_STRLEN + 8];

	if (!match->has_source)
		return;
	snprintf(prefix, sizeof(prefix), "%s/%u", addr_print_ip(&match->source.addr, text),
		 match->source.bits);
	add_key(list, "source", prefix);
}

static json_t *match_list(const struct call_policy *p, const struct call_route *route)
{
	const struct call_match *match = &route->match;
	json_t *list = json_array();
	size_t i;

	if (route->from_realm >= 0)
		add_key(list, "realm", p->realms[route->from_realm].name);
	if (route->from_trunk >= 0)
		add_key(list, "trunk", p->trunks[route->from_trunk].name);
	add_source(list, match);
	add_key(list, "method", match->method);
	add_key(list, "number", match->number.prefix);
	add_pattern(list, "number-pattern", match->number.pattern);
	add_key(list, "domain", match->domain);
	add_pattern(list, "domain-pattern", match->domain_pattern);
	add_key(list, "from-number", match->from.prefix);
	add_pattern(list, "from-number-pattern", match->from.pattern);
	for (i = 0; i < match->nheaders; i++) {
		char *text = buf_format("%s: %s", match->headers[i].name,
					call_pattern_text(match->headers[i].pattern));

		add_key(list, "headers", text);
		free(text);
	}
	return list;
}

static json_t *reject_object(const struct call_route *route)
{
	if (!route->reject)
		return json_null();
	return json_pack("{s:i, s:o}", "code", route->reject, "reason",
			 json_text(route->reject_phrase ? route->reject_phrase :
							  sip_reason_phrase(route->reject)));
}

/* number NULL: no particular one. */
static json_t *destinations(const struct call_policy *p, const struct call_route *route,
			    const struct slice *number)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < route->nto; i++) {
		const struct call_destination *to = &route->to[i];
		const struct call_trunk *trunk = &p->trunks[to->trunk];
		const char *first = trunk->ntargets ? trunk->targets[0].uri : NULL;
		char *uri = number && first ? call_target_uri(*number, first) : NULL;
		const char *target = uri ? uri : first;

		json_array_append_new(list, json_pack("{s:o, s:f, s:I, s:o}", "trunk",
						      json_text(trunk->name),
						      "q", to->q / 1000.0, "ring_ms",
						      (json_int_t)(to->ring / NSEC_PER_MSEC),
						      "uri", text_or_null(target)));
		free(uri);
	}
	return list;
}

static void add_route(json_t *list, const struct call_policy *p, const struct call_route *route)
{
	json_array_append_new(list, json_pack("{s:o, s:b, s:b, s:o, s:o, s:o, s:o}",
					      "name", json_text(route->name),
					      "emergency", route->emergency,
					      "rewrites", !!route->rewrite,
					      "match", match_list(p, route),
					      "reject", reject_object(route),
					      "registrar", text_or_null(route->registrar),
					      "to", destinations(p, route, NULL)));
}

json_t *admin_routes(const struct command_context *ctx)
{
	const struct call_policy *p = call_engine_policy(ctx->conf->engine);
	json_t *list = json_array();
	size_t i;

	for (i = 0; i < p->nroutes; i++)
		add_route(list, p, &p->routes[i]);
	return json_pack("{s:o}", "routes", list);
}

/* --- the test --- */

static bool fail(struct admin_mistake *m, const char *where, const char *text)
{
	m->where = where;
	snprintf(m->text, sizeof(m->text), "%s", text);
	return false;
}

/* One line, since lines are made of it. *text NULL: it is not there. */
static bool take_text(const json_t *value, const char **text)
{
	*text = json_string_value(value);
	if (!value)
		return true;
	if (!*text || !**text || strlen(*text) > MAX_TEXT)
		return false;
	return strcspn(*text, "\r\n") == json_string_length(value);
}

static bool add_headers(struct buf *b, const json_t *headers, struct admin_mistake *m)
{
	const char *text;
	json_t *header;
	size_t i;

	if (headers && (!json_is_array(headers) || json_array_size(headers) > MAX_TEST_HEADERS))
		return fail(m, "args.headers", "expected a list of at most 32");
	json_array_foreach(headers, i, header) {
		if (!take_text(header, &text) || !strchr(text, ':'))
			return fail(m, "args.headers", "expected texts such as \"Name: value\"");
		buf_printf(b, "%s\r\n", text);
	}
	return true;
}

static bool is_routed(const char *method)
{
	const char *const *known = call_route_methods;

	while (*known && strcmp(method, *known))
		known++;
	return *known;
}

/* What a caller would send, as far as routes can see it. */
static bool write_request(struct buf *b, const json_t *args, struct admin_mistake *m)
{
	const char *method, *uri, *from;

	if (!take_text(json_object_get(args, "uri"), &uri) || !uri || strchr(uri, ' '))
		return fail(m, "args.uri", "expected a URI such as sip:4930123@sbc.example");
	if (!take_text(json_object_get(args, "method"), &method) ||
	    (method && !is_routed(method)))
		return fail(m, "args.method",
			    "expected INVITE, MESSAGE, REFER, SUBSCRIBE or PUBLISH");
	if (!take_text(json_object_get(args, "from"), &from))
		return fail(m, "args.from", "expected a URI, or a name and a URI in <>");
	method = method ? method : "INVITE";
	if (!from)
		from = "sip:anonymous@anonymous.invalid";
	buf_printf(b, "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP jalur.invalid;branch=z9hG4bKtest\r\n"
		   "Max-Forwards: 70\r\nFrom: %s%s%s;tag=test\r\nTo: <%s>\r\n"
		   "Call-ID: test\r\nCSeq: 1 %s\r\nContact: <sip:jalur.invalid>\r\n", method, uri,
		   strchr(from, '<') ? "" : "<", from, strchr(from, '<') ? "" : ">", uri, method);
	if (!add_headers(b, json_object_get(args, "headers"), m))
		return false;
	buf_str(b, "Content-Length: 0\r\n\r\n");
	return true;
}

static bool realm_named(const struct call_policy *p, const char *name, u32 *listener)
{
	size_t i;

	for (i = 0; i < p->nrealms; i++)
		if (!strcmp(p->realms[i].name, name)) {
			*listener = (u32)p->realms[i].first_listener;
			return true;
		}
	return false;
}

/* The realm in which somebody is known at that address, else the first. */
static u32 listener_of(const struct call_policy *p, const struct addr *source)
{
	struct flow flow = { .peer = *source };
	size_t i;

	for (i = 0; i < p->nrealms; i++) {
		flow.listener = (u32)p->realms[i].first_listener;
		if (call_policy_trunk(p, &flow, NULL) >= 0)
			return flow.listener;
	}
	return p->nrealms ? (u32)p->realms[0].first_listener : 0;
}

static bool read_flow(const struct call_policy *p, const json_t *args, struct flow *flow,
		      struct admin_mistake *m)
{
	const char *realm, *source;

	*flow = (struct flow){ 0 };
	if (!take_text(json_object_get(args, "source"), &source) ||
	    (source && !addr_parse_ip(slice_str(source), &flow->peer) &&
	     !addr_parse(slice_str(source), &flow->peer)))
		return fail(m, "args.source", "expected an IP address");
	if (!take_text(json_object_get(args, "realm"), &realm))
		return fail(m, "args.realm", "expected the name of a realm");
	if (!realm && !source)
		return fail(m, "args", "expected \"realm\", \"source\" or both");
	if (!realm)
		flow->listener = listener_of(p, &flow->peer);
	else if (!realm_named(p, realm, &flow->listener))
		return fail(m, "args.realm", "there is no such realm");
	return true;
}

static void add_step(void *arg, const struct call_route *route, const char *failed,
		     const char *header)
{
	json_array_append_new(arg, json_pack("{s:o, s:b, s:b, s:o, s:o}",
					     "name", json_text(route->name),
					     "emergency", route->emergency, "matches", !failed,
					     "failed", text_or_null(failed),
					     "header", text_or_null(header)));
}

static json_t *slice_text(struct slice s)
{
	char *text = slice_dup(s);
	json_t *value = text_or_null(text);

	free(text);
	return value;
}

static json_t *request_object(const struct call_policy *p, const struct call_subject *s)
{
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}",
			 "realm", text_or_null(s->realm < 0 ? NULL : p->realms[s->realm].name),
			 "trunk", text_or_null(s->trunk < 0 ? NULL : p->trunks[s->trunk].name),
			 "method", slice_text(s->msg->method_name),
			 "number", slice_text(s->number), "domain", slice_text(s->domain),
			 "from_number", slice_text(s->from));
}

static json_t *lines_of(const char *lines)
{
	json_t *list = json_array();

	while (lines && *lines) {
		size_t n = strcspn(lines, "\r\n");

		json_array_append_new(list, slice_text(slice_of(lines, n)));
		lines += n + 2;
	}
	return list;
}

static json_t *names_of(const struct call_rewrite *rewrite)
{
	json_t *list = json_array();
	size_t i;

	for (i = 0; rewrite && i < rewrite->nremove; i++)
		json_array_append_new(list, json_text(rewrite->remove[i]));
	return list;
}

/* What becomes of it, into result. */
static void add_way(json_t *result, const struct call_policy *p, const struct call_route *route,
		    const struct call_subject *s)
{
	struct slice number = call_uri_user(s->msg->ruri);
	struct slice from = call_uri_user(s->msg->from.uri);
	struct call_routed *routed = NULL;
	int err = call_routed_new(route, s, &routed);

	if (err) {
		json_object_set_new(result, "status", json_integer(err == -ENOMEM ? 503 : 484));
		return;
	}
	if (routed->number)
		number = slice_str(routed->number);
	if (routed->from)
		from = slice_str(routed->from);
	json_object_set_new(result, "number", slice_text(number));
	json_object_set_new(result, "from_number", slice_text(from));
	json_object_set_new(result, "headers_removed", names_of(route->rewrite));
	json_object_set_new(result, "headers_added", lines_of(routed->lines));
	json_object_set_new(result, "registrar", text_or_null(route->registrar));
	json_object_set_new(result, "to", destinations(p, route, &number));
	call_routed_put(routed);
}

/* Whoever is none of its trunks may be a subscriber in that realm. */
static bool is_challenged(const struct call_policy *p, const struct call_subject *s)
{
	return s->source.family && s->trunk < 0 && s->realm >= 0 && p->realms[s->realm].challenges;
}

/* No route comes to it. status 0: it is not refused. */
static void take_none(json_t *result, u16 status)
{
	json_object_set_new(result, "taken", json_null());
	json_object_set_new(result, "reject", json_null());
	json_object_set_new(result, "emergency", json_false());
	if (status)
		json_object_set_new(result, "status", json_integer(status));
}

/* One of our users is called, or is not there, before any route is asked. */
static bool add_user(json_t *result, const struct call_engine *e, const struct call_subject *s)
{
	bool watches = s->msg->method == SIP_SUBSCRIBE || s->msg->method == SIP_PUBLISH;
	char aor[REGISTRAR_AOR];
	u16 status = watches ? 404 : call_user_called(e, s, aor);

	if (status == 404)
		return false;
	take_none(result, status);
	json_object_set_new(result, "user", json_text(aor));
	return true;
}

static json_t *test_request(const struct call_engine *e, const struct flow *flow,
			    const struct sip_msg *msg)
{
	const struct call_policy *p = call_engine_policy(e);
	struct call_choice choice;
	struct call_subject s;
	json_t *steps = json_array(), *result;

	call_subject_init(&s, call_policy_realm(p, flow->listener),
			  call_policy_trunk(p, flow, NULL), &flow->peer, msg);
	choice = call_route_find(p, &s, &(struct call_explain){ add_step, steps });
	result = json_pack("{s:o, s:o, s:o, s:o, s:b, s:b, s:n}", "request", request_object(p, &s),
			   "routes", steps,
			   "taken", text_or_null(choice.route ? choice.route->name : NULL),
			   "reject", choice.route ? reject_object(choice.route) : json_null(),
			   "emergency", choice.route && choice.route->emergency,
			   "challenged", is_challenged(p, &s), "user");
	if (s.source.family && s.trunk < 0 && !is_challenged(p, &s))
		take_none(result, 403);
	else if (add_user(result, e, &s))
		return result;
	else if (!choice.route)
		json_object_set_new(result, "status", json_integer(404));
	else if (choice.gave_up)
		json_object_set_new(result, "status", json_integer(500));
	else if (choice.route->reject)
		json_object_set_new(result, "status", json_integer(choice.route->reject));
	else
		add_way(result, p, choice.route, &s);
	return result;
}

json_t *admin_route_test(const struct command_context *ctx, const json_t *args,
			 struct admin_mistake *m)
{
	const struct call_policy *p = call_engine_policy(ctx->conf->engine);
	struct sip_error err = { 0 };
	json_t *result = NULL;
	struct sip_msg msg;
	struct flow flow;
	struct buf b;

	buf_init(&b);
	m->where = NULL;
	if (!read_flow(p, args, &flow, m) || !write_request(&b, args, m))
		goto out;
	if (b.failed)
		goto out;
	if (sip_parse(buf_slice(&b), &msg, &err))
		fail(m, "args", err.text ? err.text : "this makes no SIP request");
	else
		result = test_request(ctx->conf->engine, &flow, &msg);
out:
	buf_free(&b);
	return result;
}
