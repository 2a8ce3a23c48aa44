// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way to a contact: to the address in its URI, if nothing is in between; by the way
 * that its REGISTER came, if a NAT is, or a connection that only the phone can make; and
 * where a Path says so, by the proxy that is first in it (RFC 3327).
 */
#include <errno.h>
#include <stdlib.h>

#include "call/call.h"
#include "call/register.h"

/* The address that a URI names. false: it names none, or there is no listener for its transport. */
static bool flow_of_uri(const struct call_engine *e, const struct sip_uri *uri,
			const struct flow *registered, struct flow *flow)
{
	int realm = call_policy_realm(e->policy, registered->listener), listener;
	enum transport transport = e->listeners[registered->listener].transport;
	struct slice name;

	*flow = *registered;
	if (!sip_uri_addr(uri, &flow->peer))
		return false;
	if (sip_param(uri->params, "transport", &name) && !transport_parse(name, &transport))
		return false;
	if (transport == e->listeners[registered->listener].transport)
		return true;
	listener = realm < 0 ? -1 :
		   call_policy_listener(e->policy, (size_t)realm, transport,
					flow->peer.family, e->listeners, e->nlisteners);
	flow->listener = (u32)listener;
	flow->connection = 0;
	return listener >= 0;
}

/* A proxy may serve many phones by many connections: any that leads to it will do. */
static bool flow_of_path(const struct call_engine *e, const struct registrar_contact *contact,
			 struct flow *flow)
{
	struct slice rest = contact->path, element;
	struct sip_nameaddr first;
	struct sip_uri uri;

	if (!sip_next_element(&rest, &element) || !sip_parse_nameaddr(element, &first) ||
	    !sip_uri_parse(first.uri, &uri) || !flow_of_uri(e, &uri, &contact->flow, flow))
		return false;
	flow->connection = 0;
	return true;
}

void call_contact_flow(const struct call_engine *e, const struct registrar_contact *contact,
		       struct flow *flow)
{
	struct sip_uri uri;

	if (contact->path.n ? flow_of_path(e, contact, flow) :
	    !contact->nat && sip_uri_parse(contact->uri, &uri) &&
	    flow_of_uri(e, &uri, &contact->flow, flow))
		return;
	*flow = contact->flow;
}

int call_contact_route(struct sip_dialog *d, struct slice path)
{
	struct slice rest = path, element;
	size_t n = 0;

	while (sip_next_element(&rest, &element))
		n++;
	if (!n)
		return 0;
	d->routes = calloc(n, sizeof(*d->routes));
	if (!d->routes)
		return -ENOMEM;
	while (sip_next_element(&path, &element)) {
		d->routes[d->nroutes] = slice_dup(element);
		if (!d->routes[d->nroutes])
			return -ENOMEM;
		d->nroutes++;
	}
	return 0;
}
