// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands about the users of our domains: subscribers, where they are, who watches them.
 */
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

static void change_subscriber(const struct command_context *ctx, enum admin_subscriber what,
			      json_t *args, struct outcome *out)
{
	struct admin_fault fault;

	out->secret = true;
	out->result = admin_subscriber(ctx->conf, what, args, &fault);
	out->changed = out->result;
	if (!out->result)
		admin_fail(out, fault.code, fault.where, fault.remedy, "%s", fault.message);
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
	const json_t *domain = json_object_get(args, "domain");

	out->result = admin_registrations(ctx, slice_of(json_string_value(domain),
							json_string_length(domain)));
}

static void not_registered(struct outcome *out)
{
	admin_fail(out, "no-such-registration", "args.aor", "registration.list has those who are",
		   "nobody is registered by that name");
}

ADMIN_COMMAND(registration_show)
{
	const char *aor = json_string_value(json_object_get(args, "aor"));

	out->result = aor ? admin_registration(ctx, aor) : NULL;
	if (!out->result)
		not_registered(out);
}

ADMIN_COMMAND(registration_del)
{
	const char *aor = json_string_value(json_object_get(args, "aor"));
	int err = aor ? call_engine_unregister(ctx->conf->engine, ctx->now, aor) : -ENOENT;

	if (err == -EBUSY)
		admin_fail(out, "busy", "args.aor", "try again", "it registers at this moment");
	else if (err)
		not_registered(out);
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

static void no_subscription(struct outcome *out)
{
	admin_fail(out, "no-such-subscription", "args.id", "subscription.list has them",
		   "there is no such subscription");
}

ADMIN_COMMAND(subscription_show)
{
	u64 id;

	out->result = take_record(args, &id) ? admin_subscription(ctx, id) : NULL;
	if (!out->result)
		no_subscription(out);
}

ADMIN_COMMAND(subscription_del)
{
	u64 id;

	if (!take_record(args, &id) ||
	    call_engine_unsubscribe(ctx->conf->engine, ctx->now, id)) {
		no_subscription(out);
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
			   "there is no such user");
}
