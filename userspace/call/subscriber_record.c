// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A subscriber as JSON, for the store. The reader takes it for bytes from outside.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/json.h"
#include "call/subscriber.h"

#define VERSION 1
#define MAX_DOMAIN 63
#define MAX_USER 63

static const char *const members[SIP_DIGEST_ALGS] = {
	[SIP_DIGEST_MD5] = "md5",
	[SIP_DIGEST_SHA256] = "sha-256",
	[SIP_DIGEST_SHA512_256] = "sha-512-256",
};

/* What RFC 3261 §25.1 calls a token, but for what would have to be written otherwise in a URI. */
bool call_subscriber_name(struct slice user)
{
	static const char chars[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!*_+'~";
	size_t i;

	for (i = 0; i < user.n; i++)
		if (!user.p[i] || !strchr(chars, user.p[i]))
			return false;
	return user.n && user.n <= MAX_USER;
}

bool call_subscriber_hash(struct sip_secret *secret, struct slice user, struct slice realm,
			  struct slice password)
{
	enum sip_digest_alg alg;

	for (alg = SIP_DIGEST_MD5; alg < SIP_DIGEST_ALGS; alg++)
		if (!sip_digest_ha1(alg, user, realm, password, secret->ha1[alg]))
			secret->has |= SIP_DIGEST_BIT(alg);
	return secret->has;
}

char *call_subscriber_print(struct slice domain, struct slice user,
			    const struct sip_secret *secret)
{
	json_t *object = json_pack("{s:i, s:s%, s:s%}", "version", VERSION, "domain", domain.p,
				   domain.n, "user", user.p, user.n);
	char hex[SIP_DIGEST_HEX];
	enum sip_digest_alg alg;

	for (alg = SIP_DIGEST_MD5; alg < SIP_DIGEST_ALGS; alg++) {
		if (!(secret->has & SIP_DIGEST_BIT(alg)))
			continue;
		sip_digest_ha1_print(alg, secret->ha1[alg], hex);
		json_put(&object, members[alg], json_string(hex));
	}
	explicit_bzero(hex, sizeof(hex));
	return json_write(object);
}

static void read_hashes(struct json_reader *r, const json_t *saved, struct sip_secret *secret)
{
	enum sip_digest_alg alg;

	for (alg = SIP_DIGEST_MD5; alg < SIP_DIGEST_ALGS; alg++) {
		if (!json_object_get(saved, members[alg]))
			continue;
		if (sip_digest_ha1_parse(alg, slice_str(json_read_text(r, saved, members[alg],
								       SIP_DIGEST_HEX)),
					 secret->ha1[alg]))
			secret->has |= SIP_DIGEST_BIT(alg);
		else
			r->bad = r->bad ? r->bad : members[alg];
	}
	if (!secret->has)
		r->bad = r->bad ? r->bad : members[SIP_DIGEST_MD5];
}

const char *call_subscribers_restore(struct call_subscribers *s, u64 record, struct slice text)
{
	json_t *saved = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	struct json_reader r = { .bad = json_is_object(saved) ? NULL : "JSON" };
	struct sip_secret secret = { .has = 0 };
	const char *domain, *user;

	if (!r.bad && json_read_u64(&r, saved, "version", VERSION) != VERSION)
		r.bad = "version";
	domain = json_read_text(&r, saved, "domain", MAX_DOMAIN);
	user = json_read_text(&r, saved, "user", MAX_USER);
	if (!r.bad && !call_subscriber_name(slice_str(user)))
		r.bad = "user";
	if (!r.bad)
		read_hashes(&r, saved, &secret);
	if (!r.bad && call_subscribers_set(s, slice_str(domain), slice_str(user), &secret, &record))
		r.bad = "memory";
	sip_secret_wipe(&secret);
	json_decref(saved);
	return r.bad;
}
