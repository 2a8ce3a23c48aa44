// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands about the users of our domains: subscribers, where they are, who watches them.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "admin/outcome.h"
#include "base/json.h"
#include "call/registration.h"
#include "call/watching.h"

/* --- subscribers --- */

ADMIN_COMMAND(subscriber_list)
{
	(void)args;
	out->result = admin_subscribers(ctx->conf);
}

static const char *text_of(const json_t *args, const char *key)
{
	const char *text = json_string_value(json_object_get(args, key));

	return text ? text : "";
}

static void change_subscriber(const struct command_context *ctx, enum admin_subscriber what,
			      json_t *args, struct outcome *out)
{
	struct admin_fault fault;

	out->secret = true;
	out->result = admin_subscriber(ctx->conf, what, args, &fault);
	out->changed = out->result;
	if (!out->result)
		admin_fail(out, fault.code, fault.where, fault.remedy, "%s@%s: %s",
			   text_of(args, "user"), text_of(args, "domain"), fault.message);
}

ADMIN_COMMAND(subscriber_add)
{
	change_subscriber(ctx, ADMIN_SUBSCRIBER_ADD, args, out);
}

ADMIN_COMMAND(subscriber_passwd)
{
	change_subscriber(ctx, ADMIN_SUBSCRIBER_PASSWD, args, out);
}

ADMIN_COMMAND(subscriber_del)
{
	change_subscriber(ctx, ADMIN_SUBSCRIBER_DEL, args, out);
}

/* --- registrations --- */

ADMIN_COMMAND(registration_list)
{
	const char *domain = json_string_value(json_object_get(args, "domain"));
	const struct call_engine *e = ctx->conf->engine;

	if (domain && !call_policy_domain(call_engine_policy(e), slice_str(domain)) &&
	    !registrar_count_of(call_engine_registrar(e), domain))
		admin_fail(out, "no-such-domain", "args.domain",
			   "section domains of the configuration",
			   "\"%s\" is none of the configured domains", domain);
	else
		out->result = admin_registrations(ctx, slice_str(domain));
}

static void not_registered(const json_t *args, struct outcome *out)
{
	admin_fail(out, "no-such-registration", "args.aor", "registration.list has those who are",
		   "nobody is registered as \"%s\"", text_of(args, "aor"));
}

/* USER@DOMAIN with the domain as the registrar has it, in lower case. NULL: it is too long. */
static const char *aor_of(const json_t *args, char aor[REGISTRAR_AOR])
{
	const char *text = json_string_value(json_object_get(args, "aor"));
	char *at;

	if (!text || strlen(text) >= REGISTRAR_AOR)
		return NULL;
	strcpy(aor, text);
	for (at = strrchr(aor, '@'); at && *at; at++)
		*at = (char)tolower((u8)*at);
	return aor;
}

ADMIN_COMMAND(registration_show)
{
	char room[REGISTRAR_AOR];
	const char *aor = aor_of(args, room);

	out->result = aor ? admin_registration(ctx, aor) : NULL;
	if (!out->result)
		not_registered(args, out);
}

ADMIN_COMMAND(registration_del)
{
	char room[REGISTRAR_AOR];
	const char *aor = aor_of(args, room);
	int err = aor ? call_engine_unregister(ctx->conf->engine, ctx->now, aor) : -ENOENT;

	if (err == -EBUSY)
		admin_fail(out, "busy", "args.aor", "try again", "it registers at this moment");
	else if (err)
		not_registered(args, out);
	if (err)
		return;
	out->changed = true;
	out->result = json_pack("{s:o}", "aor", json_text(aor));
}

/* --- subscriptions and presence --- */

ADMIN_COMMAND(subscription_list)
{
	out->result = admin_subscriptions(ctx, json_string_value(json_object_get(args, "aor")));
}

/* 16 hex digits, as subscription.list has them. */
static bool take_record(json_t *args, u64 *id)
{
	const char *text = json_string_value(json_object_get(args, "id"));

	if (!text || strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16)
		return false;
	*id = strtoull(text, NULL, 16);
	return true;
}

static void no_subscription(const json_t *args, struct outcome *out)
{
	admin_fail(out, "no-such-subscription", "args.id", "subscription.list has them",
		   "there is no subscription \"%s\"", text_of(args, "id"));
}

ADMIN_COMMAND(subscription_show)
{
	u64 id;

	out->result = take_record(args, &id) ? admin_subscription(ctx, id) : NULL;
	if (!out->result)
		no_subscription(args, out);
}

ADMIN_COMMAND(subscription_del)
{
	u64 id;

	if (!take_record(args, &id) ||
	    call_engine_unsubscribe(ctx->conf->engine, ctx->now, id)) {
		no_subscription(args, out);
		return;
	}
	out->changed = true;
	out->result = json_pack("{s:o}", "id", admin_hex(id));
}

ADMIN_COMMAND(presence_show)
{
	const char *aor = json_string_value(json_object_get(args, "aor"));

	out->result = aor ? admin_presence(ctx, aor) : NULL;
	if (!out->result)
		admin_fail(out, "no-such-user", "args.aor",
			   "subscriber.list has the users of all domains",
			   "there is no user \"%s\"", text_of(args, "aor"));
}
