// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Questions to the policy: who sent this, and where does it go. Pure functions
 * over plain data; the order of trunks does not matter (the longest prefix
 * wins), the order of routes does (the first that matches wins).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call/policy.h"
#include "call/policy_private.h"
#include "call/route.h"

void call_policy_complete(struct call_policy *p)
{
	call_source_index_free(p->index);
	p->index = call_source_index_new(p);
}

struct call_policy *call_policy_get(struct call_policy *p)
{
	p->refs++;
	return p;
}

static void free_names(char **names, size_t n)
{
	while (n)
		free(names[--n]);
	free(names);
}

static void free_realm(struct call_realm *realm)
{
	free(realm->name);
	free(realm->media);
	free_names(realm->pass, realm->npass);
	free_names(realm->drop, realm->ndrop);
	free_names(realm->codecs.allow, realm->codecs.nallow);
	free_names(realm->codecs.deny, realm->codecs.ndeny);
	free_names(realm->codecs.order, realm->codecs.norder);
}

bool call_codes_have(const struct call_codes *codes, u16 status)
{
	size_t i;

	for (i = 0; i < codes->n; i++)
		if (codes->list[i] == status)
			return true;
	return status == 503;
}

static void free_targets(struct call_trunk *trunk)
{
	while (trunk->ntargets) {
		struct call_trunk_target *target = &trunk->targets[--trunk->ntargets];

		free(target->hop.host);
		free(target->uri);
	}
	free(trunk->targets);
}

static void free_trunk(struct call_trunk *trunk)
{
	free(trunk->name);
	free(trunk->match);
	free_names(trunk->tls_names, trunk->ntls_names);
	free(trunk->digest_user);
	free(trunk->causes);
	free_targets(trunk);
	free(trunk->failover.list);
	free(trunk->probing.codes.list);
	free(trunk->registering.aor);
	free(trunk->registering.contact);
	sip_auth_client_free(trunk->auth);
	free(trunk->user);
	free(trunk->auth_realm);
	if (trunk->password)
		explicit_bzero(trunk->password, strlen(trunk->password));
	free(trunk->password);
}

int call_trunk_set_credentials(struct call_trunk *trunk, char *user, char *password,
			       char *auth_realm)
{
	trunk->user = user;
	trunk->password = password;
	trunk->auth_realm = auth_realm;
	trunk->account = (struct sip_auth_account){
		.realm = slice_str(auth_realm), .user = slice_str(user),
		.secret = { .password = slice_str(password) },
	};
	trunk->auth = sip_auth_client_new(&trunk->account, 1, SIP_DIGEST_ALL);
	return user && password && trunk->auth ? 0 : -ENOMEM;
}

static void free_route(struct call_route *route)
{
	free(route->name);
	free(route->reject_phrase);
	free(route->registrar);
	free(route->to);
	call_match_clear(&route->match);
	call_rewrite_free(route->rewrite);
}

void call_policy_put(struct call_policy *p)
{
	size_t i;

	if (!p || --p->refs > 0)
		return;
	for (i = 0; i < p->nrealms; i++)
		free_realm(&p->realms[i]);
	for (i = 0; i < p->ntrunks; i++)
		free_trunk(&p->trunks[i]);
	for (i = 0; i < p->nroutes; i++)
		free_route(&p->routes[i]);
	for (i = 0; i < p->ndomains; i++)
		call_domain_free(&p->domains[i]);
	call_source_index_free(p->index);
	free(p->domains);
	free(p->realms);
	free(p->trunks);
	free(p->routes);
	free(p);
}

int call_policy_realm(const struct call_policy *p, u32 listener)
{
	size_t i;

	for (i = 0; i < p->nrealms; i++) {
		const struct call_realm *realm = &p->realms[i];

		if (listener >= realm->first_listener &&
		    listener - realm->first_listener < realm->nlisteners)
			return (int)i;
	}
	return -1;
}

/* The longest prefix of the trunk that holds addr; -1: none does. */
static int match_bits(const struct call_trunk *trunk, const struct addr *addr)
{
	int best = -1;
	size_t i;

	for (i = 0; i < trunk->nmatch; i++) {
		if (!prefix_contains(&trunk->match[i], addr))
			continue;
		if (trunk->match[i].bits > best)
			best = trunk->match[i].bits;
	}
	return best;
}

static bool has_name(const struct call_trunk *trunk, const char *name)
{
	size_t i;

	for (i = 0; i < trunk->ntls_names; i++)
		if (slice_caseeq(slice_str(trunk->tls_names[i]), slice_str(name)))
			return true;
	return false;
}

static int trunk_of_name(const struct call_policy *p, int realm, const char *name)
{
	size_t i;

	if (name && p->index)
		return call_source_index_name(p->index, realm, name);
	for (i = 0; name && i < p->ntrunks; i++)
		if (p->trunks[i].realm == (size_t)realm && has_name(&p->trunks[i], name))
			return (int)i;
	return -1;
}

const char *call_policy_tls_name(const struct call_policy *p, u32 listener,
				 bool (*is)(void *arg, const char *name), void *arg)
{
	int realm = call_policy_realm(p, listener);
	size_t i, j;

	for (i = 0; realm >= 0 && i < p->ntrunks; i++)
		for (j = 0; p->trunks[i].realm == (size_t)realm && j < p->trunks[i].ntls_names; j++)
			if (is(arg, p->trunks[i].tls_names[j]))
				return p->trunks[i].tls_names[j];
	return NULL;
}

int call_policy_digest_trunk(const struct call_policy *p, int realm,
			     const struct call_domain *domain, const char *user)
{
	size_t i;

	if (p->index)
		return realm < 0 || !domain ? -1 :
		       call_source_index_user(p->index, realm, (size_t)(domain - p->domains), user);
	for (i = 0; i < p->ntrunks; i++) {
		const struct call_trunk *t = &p->trunks[i];

		if (t->digest_user && t->realm == (size_t)realm &&
		    &p->domains[t->digest_domain] == domain && !strcmp(t->digest_user, user))
			return (int)i;
	}
	return -1;
}

static int trunk_of_address(const struct call_policy *p, int realm, const struct addr *addr)
{
	int best = -1, bits = -1;
	size_t i;

	if (p->index)
		return call_source_index_address(p->index, realm, addr);
	for (i = 0; i < p->ntrunks; i++) {
		int n;

		if (p->trunks[i].realm != (size_t)realm)
			continue;
		n = match_bits(&p->trunks[i], addr);
		if (n > bits) {
			bits = n;
			best = (int)i;
		}
	}
	return best;
}

int call_policy_trunk(const struct call_policy *p, const struct flow *flow, const char *name)
{
	int realm = call_policy_realm(p, flow->listener);
	int best = realm < 0 ? -1 : trunk_of_name(p, realm, name);

	return realm < 0 || best >= 0 ? best : trunk_of_address(p, realm, &flow->peer);
}

/* --- by name --- */

int call_realm_called(const struct call_policy *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->nrealms; i++)
		if (!strcmp(p->realms[i].name, name))
			return (int)i;
	return -1;
}

const struct call_route *call_route_called(const struct call_policy *p, const char *name)
{
	size_t i;

	for (i = 0; i < p->nroutes; i++)
		if (!strcmp(p->routes[i].name, name))
			return &p->routes[i];
	return NULL;
}
