// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any SIP request against routes whose patterns are as bad as patterns get: the search ends
 * soon, explained it ends the same, and what a rewriting makes of it is a user without
 * anything that ends one, and header lines without another line in them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "call/route.h"
#include "config/config.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

static const char text[] =
	"realms:\n"
	"  a: {signalling: [{address: 192.0.2.1}], media: [{address: 192.0.2.1, ports: 20000-20999}]}\n"
	"trunks:\n"
	"  p: {realm: a, match: [192.0.2.2], target: \"sip:192.0.2.2\"}\n"
	"routes:\n"
	"  - {name: a, match: {number-pattern: '(\\d+)+x'}, to: {trunk: p},"
	" rewrite: {number: {pattern: '(.)(.)?', replacement: '$2$1'}}}\n"
	"  - {name: b, match: {domain-pattern: '(.*)*\\.\\1'}, to: {trunk: p},"
	" rewrite: {headers: {add: [{name: X-Number, value: '<$0>'}]}}}\n"
	"  - {name: c, match: {headers: [{name: Subject, pattern: '((a|b)+.?)*[cd]'}]},"
	" reject: {code: 603}}\n"
	"  - {name: d, match: {from-number-pattern: '(a|aa|aaa)*'}, to: {trunk: p},"
	" rewrite: {number: {strip: '0', prefix: '+'}, from-number: {pattern: '.*', replacement: '$0$0'}}}\n"
	"  - {name: e, emergency: yes, match: {number: '112', method: INVITE}, to: {trunk: p}}\n"
	"  - {name: f, to: {trunk: p}, rewrite: {from-number: {strip: '+', pattern: '(.*)(.)',"
	" replacement: '$2'}, headers: {replace: [{name: X-To, value: '\"$0\" $$'}]}}}\n";

static struct call_policy *make_policy(void)
{
	struct config_mistakes mistakes;
	struct call_policy *p;
	struct config *c = NULL;

	if (config_load_memory(slice_str(text), &c, &mistakes))
		abort();
	p = call_policy_get(c->policy);
	config_free(c);
	return p;
}

static void ignore(void *arg, const struct call_route *route, const char *failed,
		   const char *header)
{
	(void)arg;
	(void)route;
	(void)failed;
	(void)header;
}

static void check_user(const char *user)
{
	if (user && (!*user || strpbrk(user, "@<>\"\\ \r\n\t")))
		abort();
}

/* As many lines as there are headers to add, each with its end. */
static void check_lines(const struct call_routed *r)
{
	const char *at = r->lines ? r->lines : "";
	size_t n = 0;

	for (; *at; at += 2, n++) {
		at += strcspn(at, "\r\n");
		if (at[0] != '\r' || at[1] != '\n')
			abort();
	}
	if (n != (r->route->rewrite ? r->route->rewrite->nadd : 0))
		abort();
}

static void try_route(const struct call_route *route, const struct call_subject *s)
{
	struct call_routed *r;

	if (call_routed_new(route, s, &r))
		return;
	check_user(r->number);
	check_user(r->from);
	check_lines(r);
	call_routed_put(r);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct call_policy *policy;
	struct call_choice choice, explained;
	struct flow flow = { 0 };
	struct call_subject s;
	struct sip_error err;
	struct sip_msg msg;
	size_t i;

	if (!policy)
		policy = make_policy();
	if (sip_parse(slice_of((const char *)data, size), &msg, &err) || !msg.request)
		return 0;
	addr_parse_ip(SLICE("192.0.2.2"), &flow.peer);
	call_subject_init(&s, call_policy_realm(policy, flow.listener),
			  call_policy_trunk(policy, &flow, NULL), &flow.peer, &msg);
	choice = call_route_find(policy, &s, NULL);
	explained = call_route_find(policy, &s, &(struct call_explain){ ignore, NULL });
	if (choice.route != explained.route || choice.gave_up != explained.gave_up)
		abort();
	if (call_is_emergency(policy, &s) &&
	    (choice.gave_up || !choice.route->emergency))
		abort();
	for (i = 0; i < policy->nroutes; i++)
		try_route(&policy->routes[i], &s);
	return 0;
}
