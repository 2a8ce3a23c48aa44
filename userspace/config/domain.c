// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Domains and their subscribers. What is kept of a subscriber is HA1 for each
 * algorithm; a password is hashed here and forgotten.
 */
#include <stdlib.h>
#include <strings.h>

#include "call/subscriber.h"
#include "config/schema.h"

static const struct {
	const char *key;
	enum sip_digest_alg alg;
} hashes[] = {
	{ "ha1-md5-file", SIP_DIGEST_MD5 },
	{ "ha1-sha-256-file", SIP_DIGEST_SHA256 },
	{ "ha1-sha-512-256-file", SIP_DIGEST_SHA512_256 },
};

#define NHASHES (sizeof(hashes) / sizeof(hashes[0]))

static const char *auth_realm(const struct value *domain)
{
	const struct value *v = value_get(domain, "auth-realm");

	return v ? v->text : domain->key;
}

/* --- check --- */

static void check_hash(struct reader *r, const struct value *v, enum sip_digest_alg alg)
{
	u8 ha1[SIP_DIGEST_SIZE];

	if (v->bad || sip_digest_ha1_parse(alg, slice_str(v->secret), ha1))
		return;
	reader_mistake_at(r, v, "the line in \"%.60s\" is not HA1 by %s: %zu hex digits", v->text,
			  sip_digest_name(alg), 2 * sip_digest_size(alg));
}

static void check_secrets(struct reader *r, const struct value *subscriber)
{
	const struct value *password = value_get(subscriber, "password-file"), *hash;
	size_t i, n = 0;

	for (i = 0; i < NHASHES; i++) {
		hash = value_get(subscriber, hashes[i].key);
		if (!hash)
			continue;
		n++;
		check_hash(r, hash, hashes[i].alg);
	}
	if (!password == !n)
		reader_mistake_at(r, subscriber, password ?
				  "\"password-file\" and HA1s are given: one or the other" :
				  "expected \"password-file\", or HA1s in files");
}

static u8 algorithms(const struct value *domain)
{
	const struct value *list = value_get(domain, "algorithms");
	u8 algs = 0;
	size_t i;

	for (i = 0; list && i < list->n; i++)
		if (!list->children[i]->bad)
			algs |= SIP_DIGEST_BIT(list->children[i]->number + 1);
	return algs;
}

/* Who has HA1s, but none by what is offered, could never prove who he is. */
static void check_algorithms(struct reader *r, const struct value *domain,
			     const struct value *subscriber)
{
	u8 algs = algorithms(domain), has = 0;
	size_t i;

	for (i = 0; i < NHASHES; i++)
		if (value_get(subscriber, hashes[i].key))
			has |= SIP_DIGEST_BIT(hashes[i].alg);
	if (algs && has && !(algs & has))
		reader_mistake_at(r, subscriber,
				  "he has no HA1 by one of the domain's \"algorithms\"");
}

static void check_subscriber(struct reader *r, const struct value *domain, const struct value *v)
{
	const struct value *user = value_get(v, "user"), *other;
	size_t i;

	check_secrets(r, v);
	check_algorithms(r, domain, v);
	if (user && !user->bad && !call_subscriber_name(slice_str(user->text)))
		reader_mistake_at(r, user, "found \"%s\", expected no '%%' and no '`' in it",
				  user->text);
	for (i = 0; user && !user->bad && i < v->index; i++) {
		other = value_get(v->parent->children[i], "user");
		if (!other || other->bad || strcmp(other->text, user->text))
			continue;
		reader_mistake_at(r, user, "\"%s\" is given twice, first on line %d", user->text,
				  other->line);
		return;
	}
}

static void check_realm(struct reader *r, const struct value *root, const struct value *name)
{
	const struct value *realm = value_get(value_get(root, "realms"), name->text);
	const struct value *auth = realm ? value_get(realm, "auth") : NULL;

	if (auth && !auth->bad && !auth->number)
		reader_mistake_at(r, name, "realm \"%s\" has \"auth: none\": it takes nobody's word",
				  name->text);
}

static void check_name(struct reader *r, const struct value *domain)
{
	size_t i;

	for (i = 0; i < domain->index; i++) {
		const struct value *other = domain->parent->children[i];

		if (!slice_caseeq(slice_str(other->key), slice_str(domain->key)))
			continue;
		reader_mistake_at(r, domain, "the same domain is on line %d already", other->line);
		return;
	}
}

void domain_check(struct reader *r, const struct value *root, const struct value *domain)
{
	const struct value *realms = value_get(domain, "realms");
	const struct value *subscribers = value_get(domain, "subscribers");
	size_t i;

	if (domain->bad)
		return;
	check_name(r, domain);
	register_check(r, domain);
	event_check(r, domain);
	for (i = 0; realms && i < realms->n; i++)
		if (!realms->children[i]->bad)
			check_realm(r, root, realms->children[i]);
	for (i = 0; subscribers && i < subscribers->n; i++)
		if (!subscribers->children[i]->bad)
			check_subscriber(r, domain, subscribers->children[i]);
}

static bool serves(const struct value *domain, const char *realm)
{
	const struct value *realms = value_get(domain, "realms");
	size_t i;

	for (i = 0; realms && i < realms->n; i++)
		if (realms->children[i]->bad || !strcmp(realms->children[i]->text, realm))
			return true;
	return !realms || realms->bad;
}

static bool is_same(const struct value *a, const struct value *b)
{
	return a && b && !a->bad && !b->bad && !strcmp(a->text, b->text);
}

/* A trunk that another one of its realm is before it is never found. */
static void check_same_name(struct reader *r, const struct value *other, const struct value *name)
{
	const struct value *names = value_get(other, "tls-names");
	size_t i;

	for (i = 0; names && i < names->n && names->children[i] != name; i++)
		if (!name->bad && !names->children[i]->bad &&
		    !strcasecmp(names->children[i]->text, name->text))
			reader_mistake_at(r, name,
					  "found \"%.60s\", which trunk \"%s\" has on line %d already",
					  name->text, other->key, names->children[i]->line);
}

static void check_same_proof(struct reader *r, const struct value *root,
			     const struct value *trunk)
{
	const struct value *trunks = value_get(root, "trunks"), *digest = value_get(trunk, "digest");
	const struct value *names = value_get(trunk, "tls-names"), *realm = value_get(trunk, "realm");
	const struct value *user = digest ? value_get(digest, "user") : NULL;
	size_t i, j;

	for (i = 0; i <= trunk->index; i++) {
		const struct value *other = trunks->children[i];
		const struct value *its = value_get(other, "digest");

		if (!is_same(realm, value_get(other, "realm")))
			continue;
		for (j = 0; names && j < names->n; j++)
			check_same_name(r, other, names->children[j]);
		if (other != trunk && its && is_same(user, value_get(its, "user")) &&
		    is_same(value_get(digest, "domain"), value_get(its, "domain")))
			reader_mistake_at(r, user,
					  "found \"%s\", which trunk \"%s\" has on line %d already",
					  user->text, other->key, value_get(its, "user")->line);
	}
}

void domain_check_trunk(struct reader *r, const struct value *root, const struct value *realm,
			const struct value *trunk)
{
	const struct value *names = value_get(trunk, "tls-names");
	const struct value *tls = realm ? value_get(realm, "tls") : NULL;
	const struct value *clients = tls ? value_get(tls, "clients") : NULL;
	const struct value *digest = value_get(trunk, "digest");
	const struct value *name = digest ? value_get(digest, "domain") : NULL;
	const struct value *domain = name && !name->bad ?
				     value_get(value_get(root, "domains"), name->text) : NULL;

	if (names && realm && (!clients || (!clients->bad && !clients->number)))
		reader_mistake_at(r, names,
				  "realm \"%s\" asks no client for a certificate: tls.clients",
				  realm->key);
	if (domain && realm && !serves(domain, realm->key))
		reader_mistake_at(r, name, "domain \"%s\" is not served in realm \"%s\"",
				  name->text, realm->key);
	check_same_proof(r, root, trunk);
}

/* --- build --- */

static bool build_subscriber(struct call_domain *domain, const struct value *v)
{
	struct call_subscriber *to = &domain->subscribers[domain->nsubscribers++];
	const struct value *password = value_get(v, "password-file"), *hash;
	size_t i;

	to->user = strdup(value_get(v, "user")->text);
	if (!to->user)
		return false;
	if (password)
		call_subscriber_hash(&to->secret, slice_str(to->user),
				     slice_str(domain->auth_realm), slice_str(password->secret));
	for (i = 0; i < NHASHES; i++) {
		hash = value_get(v, hashes[i].key);
		if (hash && sip_digest_ha1_parse(hashes[i].alg, slice_str(hash->secret),
						 to->secret.ha1[hashes[i].alg]))
			to->secret.has |= SIP_DIGEST_BIT(hashes[i].alg);
	}
	return true;
}

static bool build_subscribers(struct call_domain *domain, const struct value *list)
{
	size_t i;

	if (!list || !list->n)
		return true;
	domain->subscribers = calloc(list->n, sizeof(*domain->subscribers));
	for (i = 0; domain->subscribers && i < list->n; i++)
		if (!build_subscriber(domain, list->children[i]))
			return false;
	call_domain_complete(domain);
	return domain->subscribers;
}

bool domain_build(struct call_domain *to, const struct value *realms, const struct value *v)
{
	const struct value *list = value_get(v, "realms"), *limits = value_get(v, "limits");

	to->name = strdup(v->key);
	to->auth_realm = strdup(auth_realm(v));
	to->realms = calloc(list->n, sizeof(*to->realms));
	if (!to->name || !to->auth_realm || !to->realms)
		return false;
	for (; to->nrealms < list->n; to->nrealms++)
		to->realms[to->nrealms] =
			value_get(realms, list->children[to->nrealms]->text)->index;
	to->algs = algorithms(v);
	to->identity = (enum call_identity)value_get(v, "identity")->number;
	to->flows = (enum call_flow_trust)value_get(v, "flows")->number;
	to->max_calls = limits ? (u32)value_get(limits, "calls")->number : 0;
	to->max_duration = limits ? value_get(limits, "duration")->number : 0;
	event_build(to, v);
	return register_build(to, v) && build_subscribers(to, value_get(v, "subscribers"));
}
