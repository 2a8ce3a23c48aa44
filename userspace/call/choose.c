// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where a request outside of dialogs goes: to the contacts of one of our users, else to
 * whoever the routes lead to. What goes nowhere is refused here.
 */
#include <errno.h>
#include <stdio.h>

#include "call/register.h"
#include "call/trunk_state.h"

/* No route, or one that takes no call. */
static bool refuses(struct call_engine *e, u64 now, const struct sip_event *ev,
		    const struct call_choice *choice)
{
	const struct call_route *route = choice->route;
	char why[96];

	if (route && !choice->gave_up && !route->reject)
		return false;
	e->counters[CALL_COUNT_REFUSED_ROUTE]++;
	if (!route) {
		call_refuse(e, now, ev, 404, "", "no route");
		return true;
	}
	snprintf(why, sizeof(why), choice->gave_up ? "a pattern of route %s gave up" :
		 "by route %s", route->name);
	if (choice->gave_up)
		call_refuse(e, now, ev, 500, "", why);
	else
		call_refuse_saying(e, now, ev, route->reject, route->reject_phrase, "", why);
	return true;
}

bool call_choose(struct call_engine *e, u64 now, const struct sip_event *ev,
		 const struct call_subject *s, char aor[REGISTRAR_AOR], struct call_choice *choice)
{
	u16 status = call_is_emergency(e->policy, s) ? 404 :
		     call_contacts_find(e, ev->msg->ruri, aor);

	*choice = (struct call_choice){ .route = &call_contacts_route };
	if (!status)
		return true;
	if (status == 404) {
		*choice = call_route_find(e->policy, s, NULL);
		return !refuses(e, now, ev, choice);
	}
	e->counters[CALL_COUNT_REFUSED_ROUTE]++;
	call_refuse(e, now, ev, status, "", "not registered");
	return false;
}

/* His contacts, who has that number in the domain that the route leads to. false: refused. */
static bool find_user(struct call_engine *e, u64 now, const struct sip_event *ev,
		      const struct call_routed *routed, char aor[REGISTRAR_AOR])
{
	u16 status = call_contacts_routed(e, routed, ev->msg->ruri, aor);

	if (!status)
		return true;
	e->counters[CALL_COUNT_REFUSED_ROUTE]++;
	call_refuse(e, now, ev, status, "", status == 480 ? "not registered" : "no such user");
	return false;
}

bool call_choose_take(struct call_engine *e, u64 now, const struct sip_event *ev,
		      const struct call_subject *s, const struct call_choice *choice,
		      char aor[REGISTRAR_AOR], struct call_routed **routed)
{
	int err = call_routed_new(choice->route, s, routed);

	if (!err && find_user(e, now, ev, *routed, aor))
		return true;
	if (!err) {
		call_routed_put(*routed);
		return false;
	}
	e->counters[CALL_COUNT_REFUSED_ROUTE]++;
	if (err == -ENOMEM)
		call_refuse(e, now, ev, 503, "Retry-After: 5\r\n", "no memory");
	else
		call_refuse(e, now, ev, 484, "", "the number cannot be rewritten");
	return false;
}
