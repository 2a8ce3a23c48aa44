// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What values mean together: names that must exist, addresses and ports that
 * must not be used twice, families that must fit, routes that can be reached.
 * Values that were reported already are left out here, so that one slip is one
 * line. Every check compares with what stands above it: the later of two that
 * collide is the one reported.
 */
#include <stdlib.h>

#include "config/schema.h"

/* A good value, or NULL. */
static const struct value *get(const struct value *map, const char *key)
{
	const struct value *v = value_get(map, key);

	return v && !v->bad ? v : NULL;
}

static const struct value *element(const struct value *list, size_t i)
{
	return list && i < list->n ? list->children[i] : NULL;
}

/* --- names --- */

/* "a, b, c", cut where it gets long. */
static void print_names(const char *const *names, size_t n, char *buf, size_t size)
{
	size_t i, used = 0;

	*buf = '\0';
	for (i = 0; i < n && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%s", i ? ", " : "", names[i]);
	if (used >= size)
		memcpy(buf + size - 4, "...", 4);
}

static void check_name(struct reader *r, const struct value *root, const struct value *name)
{
	const struct value *named = value_get(root, name->item->refers);
	size_t n = named ? named->n : 0, i;
	const char **names, *near;
	char list[80];

	if (value_get(named, name->text))
		return;
	names = calloc(n + 1, sizeof(*names));
	if (!names)
		return;
	for (i = 0; i < n; i++)
		names[i] = named->children[i]->key;
	near = nearest_name(name->text, names, n);
	print_names(names, n, list, sizeof(list));
	reader_mistake_at(r, name, "found \"%.60s\", expected one of the %s: %s%s%s%s", name->text,
			  name->item->refers, n ? list : "there are none",
			  near ? "; nearest: \"" : "", near ? near : "", near ? "\"" : "");
	free(names);
}

static void check_names(struct reader *r, const struct value *root, const struct value *v)
{
	size_t i;

	if (!v->bad && v->item->refers)
		check_name(r, root, v);
	for (i = 0; i < v->n; i++)
		check_names(r, root, v->children[i]);
}

/* --- realms: who listens where --- */

/* What a realm claims of the host: one port for signalling, many for media. */
struct claim {
	const struct value *at;
	const struct addr *addr;
	u16 min, max;
	bool media;
	bool stream;		/* of TCP's ports, which are not UDP's */
};

struct claims {
	struct claim *list;
	size_t n, cap;
};

static void check_advertise(struct reader *r, const struct value *map)
{
	const struct value *address = get(map, "address"), *advertise = get(map, "advertise");

	if (address && advertise && address->addr.family != advertise->addr.family)
		reader_mistake_at(r, advertise,
				  "found \"%s\", expected the family of the address \"%s\"",
				  advertise->text, address->text);
}

static void print_claim(const struct claim *claim, char *buf, size_t n)
{
	if (claim->min == claim->max)
		snprintf(buf, n, "port %u", claim->min);
	else
		snprintf(buf, n, "ports %u-%u", claim->min, claim->max);
}

static void add_claim(struct reader *r, struct claims *claims, const struct claim *claim)
{
	char ours[32], theirs[32], path[256];
	size_t i;

	for (i = 0; i < claims->n; i++) {
		const struct claim *other = &claims->list[i];

		if (!addr_ip_eq(claim->addr, other->addr) || claim->min > other->max ||
		    claim->max < other->min || claim->stream != other->stream)
			continue;
		print_claim(claim, ours, sizeof(ours));
		print_claim(other, theirs, sizeof(theirs));
		reader_mistake_at(r, claim->at,
				  "found %s, which %s %s of the same address on line %d (%.60s)",
				  ours, claim->min == claim->max ? "overlaps" : "overlap", theirs,
				  other->at->line, value_path(other->at, path, sizeof(path)));
		return;
	}
	if (claims->n < claims->cap)
		claims->list[claims->n++] = *claim;
}

static u16 port_of(const struct value *listener, enum transport transport)
{
	const struct value *port = value_get(listener, "port");

	return port ? (u16)port->number : transport_port(transport);
}

/* Browsers leave out the port that their scheme has anyway (RFC 6454 §6.2). */
static void check_origin(struct reader *r, const struct value *origin)
{
	static const struct {
		const char *scheme, *port;
	} usual[] = {
		{ "http://", ":80" }, { "https://", ":443" },
	};
	struct slice text = slice_str(origin->text);
	size_t i;

	for (i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		struct slice scheme = slice_str(usual[i].scheme), port = slice_str(usual[i].port);

		if (text.n > scheme.n + port.n &&
		    slice_caseeq(slice_of(text.p, scheme.n), scheme) &&
		    slice_eq(slice_of(text.p + text.n - port.n, port.n), port))
			reader_mistake_at(r, origin,
					  "found \"%.100s\", which no browser sends: leave out \"%s\"",
					  origin->text, usual[i].port);
	}
}

static void check_origins(struct reader *r, const struct value *origins, enum transport transport)
{
	size_t i;

	if (!transport_websocket(transport)) {
		reader_mistake_at(r, origins, "only WebSockets (ws, wss) come from a page");
		return;
	}
	for (i = 0; i < origins->n; i++)
		if (!origins->children[i]->bad)
			check_origin(r, origins->children[i]);
}

static void check_listener(struct reader *r, const struct value *realm, const struct value *v,
			   enum transport transport)
{
	const struct value *origins = value_get(v, "origins");
	const struct value *certificates = value_get(value_get(realm, "tls"), "certificates");

	if (origins)
		check_origins(r, origins, transport);
	if (transport_secure(transport) && (!certificates || !certificates->n))
		reader_mistake_at(r, v, "%s needs a certificate: tls.certificates of realm \"%s\"",
				  transport_name(transport), realm->key);
}

static void claim_listener(struct reader *r, struct claims *claims, const struct value *realm,
			   const struct value *v)
{
	const struct value *address = get(v, "address"), *given = value_get(v, "port");
	const struct value *transport = get(v, "transport");
	enum transport t = transport ? (enum transport)transport->number : TRANSPORT_UDP;

	check_advertise(r, v);
	if (transport)
		check_listener(r, realm, v, t);
	if (address && transport && (!given || !given->bad)) {
		struct claim claim = {
			v, &address->addr, port_of(v, t), port_of(v, t), false,
			transport_reliable(t),
		};

		add_claim(r, claims, &claim);
	}
}

static void claim_range(struct reader *r, struct claims *claims, const struct value *v)
{
	const struct value *address = get(v, "address"), *ports = get(v, "ports");

	check_advertise(r, v);
	if (address && ports) {
		struct claim claim = {
			ports, &address->addr, ports->port_min, ports->port_max, true, false,
		};

		add_claim(r, claims, &claim);
	}
}

/* Certificates of anybody's CA would be good else. */
static void check_clients(struct reader *r, const struct value *realm)
{
	const struct value *tls = get(realm, "tls"), *clients = tls ? get(tls, "clients") : NULL;

	if (clients && clients->number && !value_get(tls, "ca"))
		reader_mistake_at(r, clients, "\"%s\" needs \"ca\": whose certificates are good",
				  clients->text);
}

static void check_realms(struct reader *r, const struct value *realms, struct claims *claims)
{
	size_t i, j, n = 0;

	for (i = 0; i < realms->n; i++)
		for (j = 0; j < realms->children[i]->n; j++)
			n += realms->children[i]->children[j]->n;
	claims->list = calloc(n + 1, sizeof(*claims->list));
	claims->cap = claims->list ? n : 0;
	for (i = 0; i < realms->n; i++) {
		const struct value *list = get(realms->children[i], "signalling");

		check_clients(r, realms->children[i]);
		for (j = 0; list && j < list->n; j++)
			claim_listener(r, claims, realms->children[i], list->children[j]);
		list = get(realms->children[i], "media");
		for (j = 0; list && j < list->n; j++)
			claim_range(r, claims, list->children[j]);
	}
}

/* --- trunks --- */

static const char *family_name(int family)
{
	return family == AF_INET ? "IPv4" : "IPv6";
}

/* true when the realm listens on an address of family, or is not known well enough. */
static bool realm_speaks(const struct value *realm, int family)
{
	const struct value *list = get(realm, "signalling");
	size_t i;

	for (i = 0; list && i < list->n; i++) {
		const struct value *address = get(list->children[i], "address");

		if (!address || address->addr.family == family)
			return true;
	}
	return !list || !list->n;
}

static void check_family(struct reader *r, const struct value *realm, const struct value *v,
			 int family)
{
	if (!realm_speaks(realm, family))
		reader_mistake_at(r, v,
				  "found \"%.60s\", but realm \"%s\" listens on no %s address",
				  v->text, realm->key, family_name(family));
}

static void check_target(struct reader *r, const struct value *realm, const struct value *target,
			 const struct claims *claims)
{
	size_t i;

	target_check(r, realm, target);
	for (i = 0; i < claims->n; i++) {
		const struct claim *claim = &claims->list[i];

		if (!claim->media && addr_ip_eq(claim->addr, &target->hop.addr) &&
		    claim->min == target->hop.addr.port)
			reader_mistake_at(r, target,
					  "found \"%.60s\", which is Jalur's own listener on line %d",
					  target->text, claim->at->line);
	}
}

static void check_same_prefix(struct reader *r, const struct value *trunks,
			      const struct value *trunk, const struct value *prefix)
{
	const struct value *realm = get(trunk, "realm");
	size_t i, j;

	for (i = 0; realm && i <= trunk->index; i++) {
		const struct value *other = trunks->children[i], *list = get(other, "match");
		const struct value *other_realm = get(other, "realm");

		if (!other_realm || strcmp(other_realm->text, realm->text))
			continue;
		for (j = 0; list && j < list->n && list->children[j] != prefix; j++) {
			const struct value *v = list->children[j];

			if (v->bad || v->prefix.bits != prefix->prefix.bits ||
			    !addr_ip_eq(&v->prefix.addr, &prefix->prefix.addr))
				continue;
			reader_mistake_at(r, prefix,
					  "found \"%.60s\", which trunk \"%s\" has on line %d already",
					  prefix->text, other->key, v->line);
			return;
		}
	}
}

static void check_trunk(struct reader *r, const struct value *root, const struct value *trunk,
			const struct claims *claims)
{
	const struct value *name = get(trunk, "realm"), *match = value_get(trunk, "match");
	const struct value *realm = name ? value_get(value_get(root, "realms"), name->text) : NULL;
	const struct value *targets[TRUNK_TARGETS];
	size_t i, n = trunk_targets(trunk, targets);

	if (!trunk_has_target(trunk) && !value_get(trunk, "tls-names") &&
	    !value_get(trunk, "digest") && (!match || (!match->bad && !match->n)))
		reader_mistake_at(r, trunk, "\"match\", \"target\" or both are missing");
	domain_check_trunk(r, root, realm, trunk);
	for (i = 0; i < n; i++)
		check_target(r, realm, targets[i], claims);
	trunk_check(r, trunk);
	for (i = 0; match && i < match->n; i++) {
		const struct value *prefix = match->children[i];

		if (prefix->bad)
			continue;
		if (realm)
			check_family(r, realm, prefix, prefix->prefix.addr.family);
		check_same_prefix(r, value_get(root, "trunks"), trunk, prefix);
	}
}

/* --- routes --- */

/* A key of "match"; *bad when it was reported. */
static const char *match_text(const struct value *route, const char *key, bool *bad)
{
	const struct value *v = value_get(value_get(route, "match"), key);

	*bad |= v && v->bad;
	return v && !v->bad ? v->text : NULL;
}

static const char *realm_of_trunk(const struct value *root, const char *trunk)
{
	const struct value *v = trunk ? value_get(value_get(root, "trunks"), trunk) : NULL;
	const struct value *realm = get(v, "realm");

	return realm ? realm->text : NULL;
}

/* Whatever later takes, earlier took before. */
static bool covers(const struct value *root, const struct value *earlier,
		   const struct value *later)
{
	bool bad = value_get(earlier, "match") && value_get(earlier, "match")->bad;
	const char *trunk = match_text(earlier, "trunk", &bad);
	const char *realm = match_text(earlier, "realm", &bad);
	const char *number = match_text(earlier, "number", &bad);
	const char *later_trunk = match_text(later, "trunk", &bad);
	const char *later_realm = match_text(later, "realm", &bad);
	const char *later_number = match_text(later, "number", &bad);

	if (bad)
		return false;
	if (trunk && (!later_trunk || strcmp(trunk, later_trunk)))
		return false;
	if (!later_realm)
		later_realm = realm_of_trunk(root, later_trunk);
	if (realm && (!later_realm || strcmp(realm, later_realm)))
		return false;
	if (number && (!later_number || strncmp(number, later_number, strlen(number))))
		return false;
	return route_match_covers(value_get(earlier, "match"), value_get(later, "match"));
}

static void check_route_match(struct reader *r, const struct value *root,
			      const struct value *route)
{
	const struct value *match = get(route, "match");
	const struct value *trunk = get(match, "trunk"), *realm = get(match, "realm");
	const char *in = trunk ? realm_of_trunk(root, trunk->text) : NULL;
	const struct value *from;

	if (in && realm && strcmp(in, realm->text))
		reader_mistake_at(r, realm, "found \"%s\", but trunk \"%s\" is in realm \"%s\"",
				  realm->text, trunk->text, in);
	from = trunk ? value_get(value_get(root, "trunks"), trunk->text) : NULL;
	if (from && !value_get(from, "match") && !value_get(from, "tls-names") &&
	    !value_get(from, "digest"))
		reader_mistake_at(r, trunk,
				  "trunk \"%s\" has no \"match\": no call comes from it",
				  trunk->text);
}

static void check_destination(struct reader *r, const struct value *root, const struct value *to)
{
	const struct value *trunk = to ? value_get(value_get(root, "trunks"), to->text) : NULL;

	if (trunk && !trunk_has_target(trunk))
		reader_mistake_at(r, to,
				  "trunk \"%s\" has no \"target\": nothing can be sent to it",
				  to->text);
}

static void check_destinations(struct reader *r, const struct value *root,
			       const struct value *to)
{
	const struct value *trunk = value_get(to, "trunk"), *fork = value_get(to, "fork");
	const struct value *registrar = value_get(to, "registrar");
	size_t i;

	if (!!trunk + !!fork + !!registrar != 1)
		reader_mistake_at(r, to, "expected one of \"trunk\", \"fork\" and \"registrar\"");
	check_destination(r, root, get(to, "trunk"));
	if (fork && !fork->bad && (!fork->n || fork->n > CALL_MAX_DESTINATIONS))
		reader_mistake_at(r, fork, "expected 1 to %d destinations, found %zu",
				  CALL_MAX_DESTINATIONS, fork->n);
	for (i = 0; fork && i < fork->n; i++)
		check_destination(r, root, get(element(fork, i), "trunk"));
}

static bool goes_before(const struct value *other, const struct value *route)
{
	if (route_is_emergency(other) != route_is_emergency(route))
		return route_is_emergency(other);
	return other->index < route->index;
}

static void check_route(struct reader *r, const struct value *root, const struct value *route)
{
	const struct value *routes = route->parent, *name = get(route, "name");
	const struct value *to = get(route, "to");
	size_t i;

	check_route_match(r, root, route);
	route_check(r, route);
	if (to)
		check_destinations(r, root, to);
	for (i = 0; name && i < route->index; i++) {
		const struct value *other = get(element(routes, i), "name");

		if (other && !strcmp(other->text, name->text)) {
			reader_mistake_at(r, name, "\"%s\" is given twice, first on line %d",
					  name->text, other->line);
			break;
		}
	}
	for (i = 0; !route->bad && i < routes->n; i++) {
		const struct value *other = element(routes, i);

		if (other->bad || !goes_before(other, route) || !covers(root, other, route))
			continue;
		reader_mistake_at(r, route,
				  "never reached: the route on line %d takes all that it would",
				  other->line);
		break;
	}
}

/* --- limits and timers --- */

/* What is longer than the queue could never be sent: the connection would be closed for it. */
static void check_queue(struct reader *r, const struct value *root)
{
	const struct value *queue = get(get(root, "connections"), "queue");
	const struct value *message = get(get(root, "sip"), "max-message");
	char where[32] = "its default";

	if (!queue || !message || queue->number >= message->number)
		return;
	if (message->given)
		snprintf(where, sizeof(where), "on line %d", message->line);
	reader_mistake_at(r, queue,
			  "found %s, less than sip.max-message (%s, %s): such a message could never be sent",
			  queue->text, message->text, where);
}

static void check_timers(struct reader *r, const struct value *timers)
{
	const struct value *t1 = get(timers, "t1"), *t2 = get(timers, "t2");

	if (t1 && t2 && t2->number < t1->number)
		reader_mistake_at(r, t2->given ? t2 : t1, "t2 (%s) is shorter than t1 (%s)",
				  t2->text, t1->text);
}

void check_tree(struct reader *r, const struct value *root)
{
	const struct value *realms = get(root, "realms"), *trunks = get(root, "trunks");
	const struct value *routes = get(root, "routes"), *domains = get(root, "domains");
	struct claims claims = { 0 };
	size_t i;

	if (root->bad)
		return;
	check_names(r, root, root);
	if (realms)
		check_realms(r, realms, &claims);
	for (i = 0; domains && i < domains->n && !r->err; i++)
		domain_check(r, root, domains->children[i]);
	for (i = 0; trunks && i < trunks->n && !r->err; i++)
		check_trunk(r, root, trunks->children[i], &claims);
	for (i = 0; routes && i < routes->n && !r->err; i++)
		check_route(r, root, routes->children[i]);
	check_queue(r, root);
	check_timers(r, value_get(root, "timers"));
	free(claims.list);
}
