// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The registrar of a domain.
 */
#include <stdlib.h>

#include "base/timer.h"
#include "config/schema.h"

static void check_order(struct reader *r, const struct value *expires, const char *low,
			const char *high)
{
	const struct value *a = value_get(expires, low), *b = value_get(expires, high);

	if (!a->bad && !b->bad && a->number > b->number)
		reader_mistake_at(r, a->given ? a : b, "\"%s\" is above \"%s\"", low, high);
}

/* It is told to phones, which would not look for what is wrong with it. */
static void check_route(struct reader *r, const struct value *v)
{
	struct sip_uri uri;

	if (v->bad)
		return;
	if (strpbrk(v->text, " \t\r\n<>\"") || !sip_uri_parse(slice_str(v->text), &uri) ||
	    (uri.kind != SIP_URI_SIP && uri.kind != SIP_URI_SIPS) ||
	    !sip_param(uri.params, "lr", NULL))
		reader_mistake_at(r, v, "found \"%.60s\", expected a SIP URI with \";lr\"",
				  v->text);
}

void expires_check(struct reader *r, const struct value *expires)
{
	check_order(r, expires, "min", "default");
	check_order(r, expires, "default", "max");
}

void register_check(struct reader *r, const struct value *domain)
{
	const struct value *v = value_get(domain, "register");
	const struct value *expires = v && !v->bad ? value_get(v, "expires") : NULL;
	const struct value *routes = v && !v->bad ? value_get(v, "service-routes") : NULL;
	size_t i;

	if (expires && !expires->bad)
		expires_check(r, expires);
	for (i = 0; routes && !routes->bad && i < routes->n; i++)
		check_route(r, routes->children[i]);
}

u32 value_seconds(const struct value *map, const char *key)
{
	return (u32)((value_get(map, key)->number + NSEC_PER_SEC - 1) / NSEC_PER_SEC);
}

static bool build_routes(struct call_domain *to, const struct value *list)
{
	char *route;
	size_t i;

	if (!list || !list->n)
		return true;
	to->service_routes = calloc(list->n, sizeof(*to->service_routes));
	for (i = 0; to->service_routes && i < list->n; i++) {
		route = strdup(list->children[i]->text);
		if (!route)
			return false;
		to->service_routes[to->nservice_routes++] = route;
	}
	return to->service_routes;
}

bool register_build(struct call_domain *to, const struct value *domain)
{
	const struct value *v = value_get(domain, "register");
	const struct value *expires = value_get(v, "expires");

	to->registrar = (struct registrar_policy){
		.min = value_seconds(expires, "min"), .max = value_seconds(expires, "max"),
		.standard = value_seconds(expires, "default"),
		.contacts = (u32)value_get(v, "contacts")->number,
		.nat = value_get(v, "nat")->number,
		.keepalive = (enum registrar_keepalive)value_get(v, "keepalive")->number,
		.interval = value_seconds(v, "interval"),
	};
	to->by_q = value_get(v, "fork")->number;
	to->ring = value_get(v, "ring")->number;
	return build_routes(to, value_get(v, "service-routes"));
}
