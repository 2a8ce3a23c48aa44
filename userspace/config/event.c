// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The event packages of a domain.
 */
#include "config/schema.h"

void event_check(struct reader *r, const struct value *domain)
{
	const struct value *v = value_get(domain, "events");
	const struct value *expires = v && !v->bad ? value_get(v, "expires") : NULL;

	if (expires && !expires->bad)
		expires_check(r, expires);
}

void event_build(struct call_domain *to, const struct value *domain)
{
	const struct value *v = value_get(domain, "events");
	const struct value *expires = value_get(v, "expires");

	to->events = (struct event_policy){
		.presence = value_get(v, "presence")->number,
		.reg = (enum event_reg)value_get(v, "reg")->number,
		.dialog = value_get(v, "dialog")->number,
		.identities = value_get(v, "dialog-identities")->number,
		.min = value_seconds(expires, "min"), .max = value_seconds(expires, "max"),
		.standard = value_seconds(expires, "default"),
		.subscriptions = (u32)value_get(v, "subscriptions")->number,
		.interval = value_get(v, "interval")->number,
	};
}
