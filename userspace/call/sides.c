// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Two sides that are no call, and what is asked on one of them: see exchange.h.
 */
#include <stdlib.h>

#include "call/exchange.h"

/* A call that nothing is asked of but who is who: it does not ring. */
void call_sides_shape(struct call_engine *e, u64 now, struct call_sides *s)
{
	struct call *call = &s->call;

	call->policy = call_policy_get(e->policy);
	call->created = now;
	call->state = CALL_UP;
	list_init(&call->redirects);
	call->all = &s->first;
	call->nall = 1;
	call->legs[0] = s->first = &s->from;
	s->from.call = call;
	s->from.side = MEDIA_LEG_A;
}

int call_sides_init(struct call_engine *e, u64 now, struct call_sides *s,
		    const struct sip_event *ev, const struct call_source *source)
{
	call_sides_shape(e, now, s);
	s->from.realm = source->realm;
	s->from.trunk = source->trunk;
	s->from.peer = ev->flow.peer;
	s->from.listener = ev->flow.listener;
	return call_caller_set(&s->call, source);
}

void call_sides_clear(struct call_sides *s)
{
	call_failure_free(&s->call);
	call_redirect_clear(&s->call);
	call_replaces_clear(&s->call);
	call_routed_put(s->call.routed);
	call_policy_put(s->call.policy);
	free(s->call.user);
}

int call_sides_request(struct call_engine *e, u64 now, const struct call_leg *leg,
		       struct sip_auth_attempt *auth, enum sip_method method,
		       const struct sip_content *content, void *handle,
		       struct sip_client **client)
{
	struct sip_auth_client *own = call_auth_of(leg);

	if (!own)
		return sip_request(e->sip, now, leg->dialog, method, content, handle, client);
	return sip_auth_request(e->sip, now, own, auth, leg->dialog, method, content, handle,
				client);
}
