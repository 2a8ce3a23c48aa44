// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The routes of jalurd, and which of them a request would take.
 */
#include "ctl.h"

/* --- list --- */

static void print_pairs(const json_t *list)
{
	json_t *pair;
	size_t i;

	json_array_foreach(list, i, pair)
		printf("    %s: %s\n", member_text(pair, "key"), member_text(pair, "value"));
}

static void print_destinations(const json_t *to)
{
	json_t *d;
	size_t i;

	json_array_foreach(to, i, d)
		printf("    to trunk %s, %s, q %.3g\n", member_text(d, "trunk"),
		       *member_text(d, "uri") ? member_text(d, "uri") : "no target",
		       json_number_value(json_object_get(d, "q")));
}

static void print_registrar(const json_t *route)
{
	if (*member_text(route, "registrar"))
		printf("    to the user of that number at %s\n", member_text(route, "registrar"));
}

static void print_routes(const json_t *result)
{
	json_t *route, *reject;
	size_t i;

	json_array_foreach(json_object_get(result, "routes"), i, route) {
		printf("%s%s%s\n", member_text(route, "name"),
		       member_true(route, "emergency") ? " (emergency)" : "",
		       member_true(route, "rewrites") ? " (rewrites)" : "");
		print_pairs(json_object_get(route, "match"));
		reject = json_object_get(route, "reject");
		if (json_is_object(reject))
			printf("    reject %d %s\n", (int)member_number(reject, "code"),
			       member_text(reject, "reason"));
		print_registrar(route);
		print_destinations(json_object_get(route, "to"));
	}
	printf("%zu route%s\n", i, i == 1 ? "" : "s");
}

int route_list(struct ctl *ctl, int argc, char **argv)
{
	(void)argv;
	return argc ? CTL_USAGE : ctl_answer(ctl, "route.list", NULL, print_routes);
}

/* --- test --- */

/* any: a route is taken. */
static void print_step(struct table *t, const json_t *step, bool taken, bool any)
{
	const char *header = member_text(step, "header");

	table_row(t);
	table_cell(t, "%s", member_text(step, "name"));
	if (!member_true(step, "matches"))
		table_cell(t, "no: %s%s%s", member_text(step, "failed"), *header ? " " : "",
			   header);
	else
		table_cell(t, "%s", taken ? "yes, taken" :
				    any ? "yes, but an earlier one is taken" : "yes, but is not asked");
}

static void print_steps(const json_t *steps, const char *taken)
{
	static const char *const heads[] = { "ROUTE", "MATCHES", NULL };
	struct table *t = table_new(heads);
	json_t *step;
	size_t i;

	json_array_foreach(steps, i, step)
		print_step(t, step, !strcmp(member_text(step, "name"), taken), *taken);
	table_print(t, "");
}

static void print_lines(const char *what, const json_t *list)
{
	json_t *text;
	size_t i;

	json_array_foreach(list, i, text)
		printf("    %s %s\n", what, json_string_value(text));
}

static void print_user(const char *user, int status)
{
	if (status)
		printf("refused with %d: our user %s is registered nowhere\n", status, user);
	else
		printf("to the contacts of our user %s; no route is asked\n", user);
}

static void print_outcome(const json_t *result)
{
	const char *taken = member_text(result, "taken");
	int status = (int)member_number(result, "status");

	if (member_true(result, "challenged"))
		puts("no trunk: challenged with 401; of a subscriber, then:");
	if (*member_text(result, "user"))
		print_user(member_text(result, "user"), status);
	else if (!*taken)
		printf("refused with %d: %s\n", status,
		       status == 403 ? "unknown source" : "no route");
	else if (status)
		printf("%s: refused with %d %s\n", taken, status,
		       member_text(json_object_get(result, "reject"), "reason"));
	if (!*taken || status)
		return;
	printf("%s%s\n    number %s\n    from   %s\n", taken,
	       member_true(result, "emergency") ? " (emergency)" : "",
	       member_text(result, "number"), member_text(result, "from_number"));
	print_lines("without", json_object_get(result, "headers_removed"));
	print_lines("with   ", json_object_get(result, "headers_added"));
	print_registrar(result);
	print_destinations(json_object_get(result, "to"));
}

static void print_test(const json_t *result)
{
	const json_t *request = json_object_get(result, "request");

	printf("%s from realm %s, trunk %s: number %s, domain %s, from %s\n\n",
	       member_text(request, "method"), member_text(request, "realm"),
	       *member_text(request, "trunk") ? member_text(request, "trunk") : "-",
	       member_text(request, "number"), member_text(request, "domain"),
	       member_text(request, "from_number"));
	print_steps(json_object_get(result, "routes"), member_text(result, "taken"));
	puts("");
	print_outcome(result);
}

static void set_text(json_t *args, const char *key, const char *text)
{
	if (text)
		json_object_set_new(args, key, json_string(text));
}

int route_test(struct ctl *ctl, int argc, char **argv)
{
	json_t *args;

	(void)argv;
	if (argc || !ctl->uri || (!ctl->realm && !ctl->source))
		return CTL_USAGE;
	args = json_object();
	set_text(args, "realm", ctl->realm);
	set_text(args, "source", ctl->source);
	set_text(args, "method", ctl->method);
	set_text(args, "uri", ctl->uri);
	set_text(args, "from", ctl->from);
	if (ctl->headers)
		json_object_set(args, "headers", ctl->headers);
	return ctl_answer(ctl, "route.test", args, print_test);
}
