// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From values that are known to be right to struct config. Only memory can be
 * lacking here.
 */
#include <stdlib.h>

#include "base/log.h"
#include "base/timer.h"
#include "config/schema.h"

static char *dup_text(const struct value *map, const char *key)
{
	return strdup(value_get(map, key)->text);
}

static u64 number_of(const struct value *map, const char *key)
{
	return value_get(map, key)->number;
}

static int index_of(const struct value *named, const struct value *name)
{
	return name ? (int)value_get(named, name->text)->index : -1;
}

static struct addr with_port(const struct value *address, u16 port)
{
	struct addr a = address->addr;

	a.port = port;
	return a;
}

static void build_range(struct media_range *range, const struct value *v)
{
	const struct value *advertise = value_get(v, "advertise");

	range->address = with_port(value_get(v, "address"), 0);
	range->advertise = with_port(advertise ? advertise : value_get(v, "address"), 0);
	range->min = value_get(v, "ports")->port_min;
	range->max = value_get(v, "ports")->port_max;
}

static bool build_names(char ***names, size_t *n, const struct value *list)
{
	size_t i;

	if (!list || !list->n)
		return true;
	*names = calloc(list->n, sizeof(**names));
	for (i = 0; *names && i < list->n; i++) {
		(*names)[*n] = strdup(list->children[i]->text);
		if (!(*names)[*n])
			return false;
		++*n;
	}
	return *names;
}

static bool build_listener(struct config *c, const struct value *v, size_t realm)
{
	const struct value *advertise = value_get(v, "advertise"), *given = value_get(v, "port");
	struct config_listener *l = &c->listeners[c->nlisteners++];
	enum transport transport = (enum transport)number_of(v, "transport");
	u16 port = given ? (u16)given->number : transport_port(transport);

	*l = (struct config_listener){
		.realm = realm, .transport = transport,
		.local = with_port(value_get(v, "address"), port),
		.advertise = with_port(advertise ? advertise : value_get(v, "address"), port),
	};
	return build_names(&l->origins, &l->norigins, value_get(v, "origins"));
}

static bool build_headers(struct call_realm *realm, const struct value *headers)
{
	return !headers ||
	       (build_names(&realm->pass, &realm->npass, value_get(headers, "pass")) &&
		build_names(&realm->drop, &realm->ndrop, value_get(headers, "drop")));
}

static bool build_codecs(struct media_codecs *codecs, const struct value *v)
{
	return !v || (build_names(&codecs->allow, &codecs->nallow, value_get(v, "allow")) &&
		      build_names(&codecs->deny, &codecs->ndeny, value_get(v, "deny")) &&
		      build_names(&codecs->order, &codecs->norder, value_get(v, "order")));
}

static bool build_tls(struct config_tls *tls, const struct value *v)
{
	const struct value *list = v ? value_get(v, "certificates") : NULL;
	size_t i;

	tls->verify = tls->present = true;
	if (!v)
		return true;
	tls->configured = v->given;
	tls->clients = (enum config_clients)number_of(v, "clients");
	tls->verify = number_of(v, "verify");
	tls->present = number_of(v, "present");
	if (value_get(v, "ca")) {
		tls->ca = dup_text(v, "ca");
		if (!tls->ca)
			return false;
	}
	tls->certificates = calloc(list ? list->n + 1 : 1, sizeof(*tls->certificates));
	for (i = 0; tls->certificates && list && i < list->n; i++) {
		struct config_certificate *to = &tls->certificates[tls->ncertificates++];

		to->certificate = dup_text(list->children[i], "certificate");
		to->key = dup_text(list->children[i], "key");
		if (!to->certificate || !to->key)
			return false;
	}
	return tls->certificates;
}

static bool build_realm(struct config *c, const struct value *v)
{
	const struct value *signalling = value_get(v, "signalling");
	const struct value *media = value_get(v, "media");
	struct call_realm *realm = &c->policy->realms[c->policy->nrealms++];
	size_t i;

	realm->name = strdup(v->key);
	realm->first_listener = c->nlisteners;
	realm->nlisteners = signalling->n;
	/* The choices stand in the order of enum jalur_latch. */
	realm->latch = (u8)number_of(v, "latch");
	realm->media = calloc(media->n, sizeof(*realm->media));
	if (!realm->name || !realm->media)
		return false;
	realm->trusted = number_of(v, "trust");
	realm->challenges = number_of(v, "auth");
	realm->transfer = (enum call_transfer_mode)number_of(v, "transfer");
	if (!build_headers(realm, value_get(v, "headers")) ||
	    !build_codecs(&realm->codecs, value_get(v, "codecs")))
		return false;
	if (!build_tls(&c->tls[v->index], value_get(v, "tls")))
		return false;
	for (i = 0; i < signalling->n; i++)
		if (!build_listener(c, signalling->children[i], v->index))
			return false;
	for (i = 0; i < media->n; i++)
		build_range(&realm->media[realm->nmedia++], media->children[i]);
	return true;
}

static bool build_realms(struct config *c, const struct value *realms)
{
	size_t i, n = 0;

	for (i = 0; i < realms->n; i++)
		n += value_get(realms->children[i], "signalling")->n;
	c->listeners = calloc(n, sizeof(*c->listeners));
	c->policy->realms = calloc(realms->n, sizeof(*c->policy->realms));
	c->tls = calloc(realms->n, sizeof(*c->tls));
	if (!c->listeners || !c->policy->realms || !c->tls)
		return false;
	for (i = 0; i < realms->n; i++)
		if (!build_realm(c, realms->children[i]))
			return false;
	return true;
}

static bool build_credentials(struct call_trunk *trunk, const struct value *v)
{
	const struct value *realm = value_get(v, "realm");
	char *auth_realm = realm ? strdup(realm->text) : NULL;

	return !call_trunk_set_credentials(trunk, dup_text(v, "user"),
					   strdup(value_get(v, "password-file")->secret),
					   auth_realm) && (!realm || auth_realm);
}

static bool build_causes(struct call_trunk *trunk, const struct value *causes)
{
	size_t i;

	if (!causes || !causes->n)
		return true;
	trunk->causes = calloc(causes->n, sizeof(*trunk->causes));
	for (i = 0; trunk->causes && i < causes->n; i++)
		trunk->causes[trunk->ncauses++] = (struct call_cause){
			.ours = (u8)number_of(causes->children[i], "ours"),
			.theirs = (u8)number_of(causes->children[i], "theirs"),
		};
	return trunk->causes;
}

static bool build_proof(struct call_trunk *trunk, const struct value *root, const struct value *v)
{
	const struct value *digest = value_get(v, "digest");

	if (!build_names(&trunk->tls_names, &trunk->ntls_names, value_get(v, "tls-names")))
		return false;
	if (!digest)
		return true;
	trunk->digest_domain = (size_t)index_of(value_get(root, "domains"),
						value_get(digest, "domain"));
	trunk->digest_user = dup_text(digest, "user");
	return trunk->digest_user;
}

static bool build_trunk(struct call_policy *policy, const struct value *root,
			const struct value *v)
{
	const struct value *match = value_get(v, "match");
	const struct value *credentials = value_get(v, "credentials");
	struct call_trunk *trunk = &policy->trunks[policy->ntrunks++];
	size_t i;

	trunk->name = strdup(v->key);
	trunk->realm = (size_t)index_of(value_get(root, "realms"), value_get(v, "realm"));
	trunk->match = calloc(match ? match->n + 1 : 1, sizeof(*trunk->match));
	if (!trunk->name || !trunk->match)
		return false;
	for (i = 0; match && i < match->n; i++)
		trunk->match[trunk->nmatch++] = match->children[i]->prefix;
	if (!build_proof(trunk, root, v) ||
	    (credentials && !build_credentials(trunk, credentials)))
		return false;
	trunk->transfer = (enum call_transfer_mode)number_of(v, "transfer");
	trunk->rtp_stat = number_of(v, "rtp-stat");
	trunk->large_datagrams = number_of(v, "large");
	return build_causes(trunk, value_get(v, "causes")) && trunk_build(trunk, v);
}

static int by_q(const void *a, const void *b)
{
	const struct call_destination *one = a, *other = b;

	return (int)other->q - (int)one->q;
}

static bool build_destinations(struct call_route *route, const struct value *trunks,
			       const struct value *to)
{
	const struct value *fork = value_get(to, "fork");
	size_t i, n = fork ? fork->n : 1;

	if (value_get(to, "registrar")) {
		route->registrar = dup_text(to, "registrar");
		return route->registrar;
	}
	route->to = calloc(n, sizeof(*route->to));
	if (!route->to)
		return false;
	route->nto = n;
	if (!fork) {
		route->to[0] = (struct call_destination){
			.trunk = (size_t)index_of(trunks, value_get(to, "trunk")), .q = 1000,
		};
		return true;
	}
	for (i = 0; i < n; i++) {
		const struct value *v = fork->children[i];

		route->to[i] = (struct call_destination){
			.trunk = (size_t)index_of(trunks, value_get(v, "trunk")),
			.q = (u16)number_of(v, "q"),
			.ring = value_get(v, "ring") ? number_of(v, "ring") : 0,
		};
	}
	qsort(route->to, n, sizeof(*route->to), by_q);
	return true;
}

static bool build_route(struct call_policy *policy, const struct value *root,
			const struct value *v)
{
	const struct value *match = value_get(v, "match"), *to = value_get(v, "to");
	const struct value *trunks = value_get(root, "trunks");
	struct call_route *route = &policy->routes[policy->nroutes++];

	route->name = dup_text(v, "name");
	route->from_realm = index_of(value_get(root, "realms"), value_get(match, "realm"));
	route->from_trunk = index_of(trunks, value_get(match, "trunk"));
	route->early_media = (enum call_early_media)number_of(v, "early-media");
	route->redirect = (enum call_redirection)number_of(v, "redirect");
	return route->name && route_build(route, v) &&
	       (!to || build_destinations(route, trunks, to));
}

static bool build_trunks(struct call_policy *policy, const struct value *root)
{
	const struct value *trunks = value_get(root, "trunks");
	size_t i;

	if (!trunks || !trunks->n)
		return true;
	policy->trunks = calloc(trunks->n, sizeof(*policy->trunks));
	if (!policy->trunks)
		return false;
	for (i = 0; i < trunks->n; i++)
		if (!build_trunk(policy, root, trunks->children[i]))
			return false;
	return true;
}

static bool build_routes(struct call_policy *policy, const struct value *root)
{
	const struct value *routes = value_get(root, "routes");
	size_t i;

	if (!routes || !routes->n)
		return true;
	policy->routes = calloc(routes->n, sizeof(*policy->routes));
	if (!policy->routes)
		return false;
	/* emergency ones first */
	for (i = 0; i < 2 * routes->n; i++) {
		const struct value *route = routes->children[i % routes->n];
		bool first = i < routes->n;

		if (route_is_emergency(route) == first && !build_route(policy, root, route))
			return false;
	}
	return true;
}

static bool build_domains(struct call_policy *policy, const struct value *root)
{
	const struct value *domains = value_get(root, "domains");
	size_t i;

	if (!domains || !domains->n)
		return true;
	policy->domains = calloc(domains->n, sizeof(*policy->domains));
	for (i = 0; policy->domains && i < domains->n; i++)
		if (!domain_build(&policy->domains[policy->ndomains++], value_get(root, "realms"),
				  domains->children[i]))
			return false;
	return policy->domains;
}

static void build_timers(struct call_policy *policy, const struct value *timers)
{
	policy->media_idle_ms = (u32)(number_of(timers, "media-idle") / NSEC_PER_MSEC);
	policy->ring_timeout = number_of(timers, "ring");
	policy->max_duration = number_of(timers, "max-duration");
	policy->session = (struct sip_session_policy){
		.expires = (u32)(number_of(timers, "session") / NSEC_PER_SEC),
		.min_se = (u32)(number_of(timers, "session-min") / NSEC_PER_SEC),
		.refresh = true,
	};
	policy->failed_target = number_of(timers, "failed-target");
	policy->t1 = number_of(timers, "t1");
	policy->t2 = number_of(timers, "t2");
	policy->t4 = number_of(timers, "t4");
}

static void build_limits(struct sip_limits *limits, const struct value *sip)
{
	limits->message = (u32)number_of(sip, "max-message");
	limits->headers = (u32)number_of(sip, "max-headers");
	limits->nesting = (u32)number_of(sip, "max-nesting");
}

static void build_overload(struct call_overload_conf *to, const struct value *overload)
{
	static const struct {
		const char *key;
		enum call_overload_cause cause;
	} limits[] = {
		{ "lag", CALL_OVERLOAD_LAG }, { "dropped", CALL_OVERLOAD_DROPPED },
		{ "memory", CALL_OVERLOAD_MEMORY }, { "transactions", CALL_OVERLOAD_TRANSACTIONS },
		{ "store", CALL_OVERLOAD_STORE }, { "connections", CALL_OVERLOAD_CONNECTIONS },
		{ "names", CALL_OVERLOAD_NAMES }, { "relay", CALL_OVERLOAD_RELAY },
	};
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(*limits); i++)
		to->limits.of[limits[i].cause] = number_of(overload, limits[i].key);
	to->limits.of[CALL_OVERLOAD_MEMORY] <<= 20;
	to->ports = (u32)number_of(overload, "ports");
	to->retry_after = (u32)(number_of(overload, "retry-after") / NSEC_PER_SEC);
}

/* Before changes are lost; 0 stays no limit. */
static void cap_store(struct config *c)
{
	u64 *limit = &c->overload.limits.of[CALL_OVERLOAD_STORE];

	if (*limit > c->store_waiting / 2)
		*limit = c->store_waiting / 2;
}

static void build_strangers(struct sip_rate *to, const struct value *limits)
{
	to->rate = (u32)number_of(limits, "rate");
	to->burst = (u32)number_of(limits, "burst");
}

static void build_connections(struct config_connections *to, const struct value *v)
{
	to->max = (u32)number_of(v, "max");
	to->per_source = (u32)number_of(v, "per-source");
	to->handshakes = (u32)number_of(v, "handshakes");
	to->per_source_handshakes = (u32)number_of(v, "per-source-handshakes");
	to->handshake_timeout = number_of(v, "handshake-timeout");
	to->idle = number_of(v, "idle");
	to->message_timeout = number_of(v, "message-timeout");
	to->ping = number_of(v, "ping");
	to->queue = (u32)number_of(v, "queue");
	to->threads = (u32)number_of(v, "threads");
}

/* As c-ares takes them. */
static bool build_dns(struct config *c, const struct value *dns)
{
	const struct value *servers = value_get(dns, "servers");
	size_t i, n = servers ? servers->n : 0, size = n * (ADDR_STRLEN + 1) + 1;
	char text[ADDR_STRLEN];

	c->dns_timeout_ms = (u32)(number_of(dns, "timeout") / NSEC_PER_MSEC);
	c->dns_tries = (u32)number_of(dns, "tries");
	if (!n)
		return true;
	c->dns_servers = calloc(1, size);
	for (i = 0; c->dns_servers && i < n; i++) {
		strcat(c->dns_servers, i ? "," : "");
		strcat(c->dns_servers, addr_print(&servers->children[i]->addr, text));
	}
	return c->dns_servers;
}

static bool build_cdr(struct config *c, const struct value *cdr)
{
	c->cdr_ring = (u32)number_of(cdr, "ring");
	if (!value_get(cdr, "file"))
		return true;
	c->cdr_file = dup_text(cdr, "file");
	return c->cdr_file;
}

static bool build_metrics(struct config *c, const struct value *metrics)
{
	const struct value *listen = value_get(metrics, "listen");

	if (!listen)
		return true;
	c->metrics = listen->addr;
	if (!listen->addr.family)
		c->metrics_path = strdup(listen->text);
	return listen->addr.family || c->metrics_path;
}

static bool build_store(struct config *c, const struct value *store)
{
	c->store_power = number_of(store, "sync") == 1;
	c->store_waiting = (u32)number_of(store, "waiting");
	if (!value_get(store, "file"))
		return true;
	c->store_file = dup_text(store, "file");
	return c->store_file;
}

struct config *build_config(const struct value *root)
{
	static const int levels[] = { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };
	struct config *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->node = (u32)number_of(root, "node");
	c->log_level = levels[number_of(root, "log-level")];
	c->relay = (enum config_relay)number_of(root, "relay");	/* the schema's order */
	c->hangup_on_stop = number_of(root, "on-stop") == 1;
	c->control = dup_text(root, "control");
	c->control_group = dup_text(root, "control-group");
	c->policy = calloc(1, sizeof(*c->policy));
	if (!c->control || !c->control_group || !c->policy ||
	    !build_cdr(c, value_get(root, "cdr")) || !build_store(c, value_get(root, "store")) ||
	    !build_dns(c, value_get(root, "dns")) ||
	    !build_metrics(c, value_get(root, "metrics")))
		goto err_config;
	c->policy->refs = 1;
	build_timers(c->policy, value_get(root, "timers"));
	c->policy->message_max = (u32)number_of(value_get(root, "message"), "max-size");
	build_limits(&c->limits, value_get(root, "sip"));
	build_overload(&c->overload, value_get(root, "overload"));
	cap_store(c);
	build_strangers(&c->strangers, value_get(root, "limits-per-source"));
	build_connections(&c->connections, value_get(root, "connections"));
	if (!build_realms(c, value_get(root, "realms")) || !build_trunks(c->policy, root) ||
	    !build_domains(c->policy, root) || !build_routes(c->policy, root))
		goto err_config;
	return c;

err_config:
	config_free(c);
	return NULL;
}
