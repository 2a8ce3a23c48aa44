// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Subscribers, as the administrator adds and takes them away. A password comes in, its
 * hashes are kept, and it is wiped wherever it was; nothing tells it or them again.
 */
#include <errno.h>

#include "admin/command.h"
#include "base/json.h"
#include "call/subscriber.h"

#define MAX_PASSWORD 255

struct subscriber {
	const struct call_domain *domain;
	struct slice user, password;
};

static json_t *fail(struct admin_fault *fault, const char *code, const char *where,
		    const char *remedy, const char *message)
{
	*fault = (struct admin_fault){
		.code = code, .where = where, .remedy = remedy, .message = message,
	};
	return NULL;
}

static struct slice argument(const json_t *args, const char *key)
{
	const json_t *v = json_object_get(args, key);

	return slice_of(json_string_value(v), json_string_length(v));
}

static bool is_printable(struct slice text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		if ((u8)text.p[i] < ' ' || text.p[i] == 0x7f)
			return false;
	return text.n && text.n <= MAX_PASSWORD;
}

static bool is_stored(const struct control_conf *conf, const struct subscriber *s)
{
	return call_subscribers_find(call_engine_subscribers(conf->engine),
				     slice_str(s->domain->name), s->user);
}

/*
 * false: fault says what is wrong. Who is hidden by the configuration may leave the store, where
 * his old password would wait for the day that it has him no more.
 */
static bool read_arguments(const struct control_conf *conf, const json_t *args,
			   enum admin_subscriber what, struct subscriber *s,
			   struct admin_fault *fault)
{
	bool password = what != ADMIN_SUBSCRIBER_DEL;

	s->user = argument(args, "user");
	s->password = argument(args, "password");
	s->domain = call_policy_domain(call_engine_policy(conf->engine),
				       argument(args, "domain"));
	if (!s->domain)
		fail(fault, "no-such-domain", "args.domain", "section domains of the configuration",
		     "it is none of the configured domains");
	else if (!call_subscriber_name(s->user))
		fail(fault, "bad-argument", "args.user", NULL,
		     "expected letters, digits and -.!*_+'~, at most 63");
	else if (password && !is_printable(s->password))
		fail(fault, "bad-argument", "args.password", NULL,
		     "expected 1 to 255 bytes without control characters");
	else if (call_domain_subscriber(s->domain, s->user) && (password || !is_stored(conf, s)))
		fail(fault, "configured", "args.user", "change the configuration",
		     "the configuration has this subscriber");
	else
		return true;
	return false;
}

static int change(const struct control_conf *conf, enum admin_subscriber what,
		  const struct subscriber *s)
{
	struct sip_secret secret = { .has = 0 };
	int err;

	if (!conf->subscribers)
		return -EOPNOTSUPP;
	if (what == ADMIN_SUBSCRIBER_DEL)
		return conf->subscribers->del(conf->arg, slice_str(s->domain->name), s->user);
	if (!call_subscriber_hash(&secret, s->user, slice_str(s->domain->auth_realm), s->password))
		return -ENOMEM;
	err = conf->subscribers->set(conf->arg, slice_str(s->domain->name), s->user, &secret);
	sip_secret_wipe(&secret);
	return err;
}

static json_t *name_of(const struct subscriber *s)
{
	return json_pack("{s:s, s:s%}", "domain", s->domain->name, "user", s->user.p, s->user.n);
}

static json_t *run(const struct control_conf *conf, enum admin_subscriber what,
		   const json_t *args, struct admin_fault *fault)
{
	struct subscriber s;

	if (!read_arguments(conf, args, what, &s, fault))
		return NULL;
	if (what == ADMIN_SUBSCRIBER_ADD && is_stored(conf, &s))
		return fail(fault, "exists", "args.user", "subscriber.passwd changes the password",
			    "there is such a subscriber already");
	if (what != ADMIN_SUBSCRIBER_ADD && !is_stored(conf, &s))
		return fail(fault, "no-such-subscriber", "args.user",
			    "subscriber.list has the subscribers", "there is no such subscriber");
	switch (change(conf, what, &s)) {
	case 0:
		return name_of(&s);
	case -EOPNOTSUPP:
		return fail(fault, "no-store", "", "store.file of the configuration",
			    "nothing is stored, so subscribers are those of the configuration");
	default:
		return fail(fault, "no-memory", NULL, NULL, "no memory");
	}
}

json_t *admin_subscriber(const struct control_conf *conf, enum admin_subscriber what,
			 json_t *args, struct admin_fault *fault)
{
	json_t *result = run(conf, what, args, fault);
	struct slice password = argument(args, "password");

	/* It is ours: nobody else has the request. */
	if (password.n)
		explicit_bzero((char *)password.p, password.n);
	return result;
}

static json_t *algorithms(u8 algs)
{
	json_t *list = json_array();
	enum sip_digest_alg alg;

	for (alg = SIP_DIGEST_MD5; alg < SIP_DIGEST_ALGS; alg++)
		if (algs & SIP_DIGEST_BIT(alg))
			json_array_append_new(list, json_string(sip_digest_name(alg)));
	return list;
}

static void add(json_t *list, const char *domain, const char *user, u8 algs, const char *from)
{
	json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:s}", "domain", domain, "user",
					      user, "algorithms", algorithms(algs), "from", from));
}

static void add_stored(void *arg, const char *domain, const char *user, u8 algs)
{
	add(arg, domain, user, algs, "store");
}

json_t *admin_subscribers(const struct control_conf *conf)
{
	const struct call_policy *p = call_engine_policy(conf->engine);
	json_t *list = json_array();
	size_t i, j;

	for (i = 0; i < p->ndomains; i++)
		for (j = 0; j < p->domains[i].nsubscribers; j++)
			add(list, p->domains[i].name, p->domains[i].subscribers[j].user,
			    p->domains[i].subscribers[j].secret.has, "configuration");
	call_subscribers_each(call_engine_subscribers(conf->engine), add_stored, list);
	return json_pack("{s:o}", "subscribers", list);
}
