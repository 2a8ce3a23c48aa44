// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where a request outside of dialogs goes: to the contacts of one of our users, else to
 * whoever the routes lead to. What goes nowhere is a status and a reason; who asked refuses.
 */
#include <errno.h>
#include <stdio.h>

#include "call/register.h"
#include "call/trunk_state.h"

static struct call_nowhere nowhere(u16 status, const char *why)
{
	return (struct call_nowhere){ .status = status, .headers = "", .why = why };
}

/* No route, or one that takes no call. */
static struct call_nowhere refusal(const struct call_choice *choice)
{
	struct call_nowhere no = nowhere(0, "by");
	const struct call_route *route = choice->route;

	if (!route)
		return nowhere(404, "no route");
	no.by = route;
	if (choice->gave_up) {
		no.status = 500;
		no.why = "a pattern gave up in";
	} else if (route->reject) {
		no.status = route->reject;
		no.phrase = route->reject_phrase;
	}
	return no;
}

u16 call_user_called(const struct call_engine *e, const struct call_subject *s,
		     char aor[REGISTRAR_AOR])
{
	return call_is_emergency(e->policy, s) ? 404 :
						 call_contacts_find(e, s->msg->ruri, aor);
}

struct call_nowhere call_choose(const struct call_engine *e, const struct call_subject *s,
				char aor[REGISTRAR_AOR], struct call_choice *choice)
{
	u16 status = call_user_called(e, s, aor);

	*choice = (struct call_choice){ .route = &call_contacts_route };
	if (status != 404)
		return nowhere(status, "not registered");
	*choice = call_route_find(e->policy, s, NULL);
	return refusal(choice);
}

struct call_nowhere call_choose_take(const struct call_engine *e, const struct call_subject *s,
				     struct slice ruri, const struct call_choice *choice,
				     char aor[REGISTRAR_AOR], struct call_routed **routed)
{
	struct call_nowhere no = nowhere(503, "no memory");
	int err = call_routed_new(choice->route, s, routed);
	u16 status;

	no.headers = "Retry-After: 5\r\n";
	if (err)
		return err == -ENOMEM ? no : nowhere(484, "the number cannot be rewritten");
	/* his contacts, who has that number in the domain that the route leads to */
	status = call_contacts_routed(e, *routed, ruri, aor);
	if (status)
		call_routed_put(*routed);
	return nowhere(status, status == 480 ? "not registered" : "no such user");
}

bool call_choose_refuses(struct call_engine *e, u64 now, const struct sip_event *ev,
			 struct call_nowhere no)
{
	char why[96];

	if (!no.status)
		return false;
	e->counters[CALL_COUNT_REFUSED_ROUTE]++;
	snprintf(why, sizeof(why), no.by ? "%s route %s" : "%s", no.why, no.by ? no.by->name : "");
	call_refuse_saying(e, now, ev, no.status, no.phrase, no.headers, why);
	return true;
}
