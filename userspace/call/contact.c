// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way to a contact: to the address in its URI, if nothing is in between; by the way
 * that its REGISTER came, if a NAT is, or a connection that only the phone can make; and
 * where a Path says so, by the proxy that is first in it (RFC 3327).
 */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/buf.h"
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

/* --- calls --- */

const struct call_route call_contacts_route = {
	.name = "registrar", .from_realm = -1, .from_trunk = -1,
	.early_media = CALL_EARLY_MEDIA_FIRST, .redirect = CALL_REDIRECT_PASS,
};

void call_contact_free(struct call_contact *c)
{
	if (!c)
		return;
	free(c->aor);
	free(c->uri);
	free(c->path);
	free(c);
}

struct call_contact *call_contact_new(const struct call_engine *e,
				      const struct registrar_contact *contact)
{
	struct call_contact *c = zalloc(sizeof(*c));
	struct sip_uri uri;

	if (!c)
		return NULL;
	call_contact_flow(e, contact, &c->flow);
	c->realm = call_policy_realm(e->policy, c->flow.listener);
	c->secure = sip_uri_parse(contact->uri, &uri) && uri.kind == SIP_URI_SIPS;
	c->nat = contact->nat;
	c->aor = strdup(contact->aor);
	c->uri = slice_dup(contact->uri);
	c->path = slice_dup(contact->path);
	if (c->aor && c->uri && c->path && c->realm >= 0)
		return c;
	call_contact_free(c);
	return NULL;
}

/* What leads there: route set and target of the dialog. */
static char *path_of(const struct sip_dialog *d)
{
	struct buf b;
	size_t i;

	buf_init(&b);
	for (i = 0; i < d->nroutes; i++)
		buf_printf(&b, "%s%s", i ? ", " : "", d->routes[i]);
	buf_str(&b, "");
	return buf_take(&b);
}

struct call_contact *call_contact_of(const struct call_engine *e, const struct call_leg *leg)
{
	const struct sip_dialog *d = leg->dialog;
	struct call_contact *c = zalloc(sizeof(*c));
	struct sip_uri uri;

	if (!c)
		return NULL;
	c->flow = d->flow;
	c->realm = call_policy_realm(e->policy, d->flow.listener);
	c->secure = sip_uri_parse(slice_str(d->remote_target), &uri) && uri.kind == SIP_URI_SIPS;
	c->nat = d->translated;
	c->aor = call_leg_subscriber(leg);
	c->uri = strdup(d->remote_target);
	c->path = path_of(d);
	if (c->aor && c->uri && c->path && c->realm >= 0)
		return c;
	call_contact_free(c);
	return NULL;
}

static bool is_user(const struct call_engine *e, const struct call_domain *domain,
		    const char *aor)
{
	return call_secret_of(e, domain, slice_of(aor, (size_t)(strrchr(aor, '@') - aor)));
}

u16 call_contacts_find(const struct call_engine *e, struct slice ruri, char aor[REGISTRAR_AOR])
{
	struct registrar_contact found[REGISTRAR_CONTACTS];
	const struct call_domain *domain;

	if (!registrar_aor_parse(ruri, aor))
		return 404;
	domain = call_policy_domain(e->policy, slice_str(strrchr(aor, '@') + 1));
	if (!domain)
		return 404;
	/* Who is no subscriber any more may still be registered: his phone is not his now. */
	if (!is_user(e, domain, aor))
		return 404;
	return registrar_lookup(e->registrar->table, e->clock, aor, found) ? 0 : 480;
}

u16 call_contacts_routed(const struct call_engine *e, const struct call_routed *routed,
			 struct slice ruri, char aor[REGISTRAR_AOR])
{
	struct slice number = routed->number ? slice_str(routed->number) : call_uri_user(ruri);
	char *uri;
	u16 status;

	if (!routed->route->registrar)
		return 0;
	uri = buf_format("sip:" SLICE_FMT "@%s", SLICE_ARG(number), routed->route->registrar);
	status = uri ? call_contacts_find(e, slice_str(uri), aor) : 503;
	free(uri);
	return status;
}

bool call_goes_to_contacts(const struct call *call)
{
	return call->route == &call_contacts_route || call->route->registrar;
}

static void add(struct call *call, struct call_contact *contact,
		const struct call_destination *to)
{
	struct call_redirect *r = zalloc(sizeof(*r));

	if (!r) {
		call_contact_free(contact);
		return;
	}
	r->to = *to;
	r->contact = contact;
	list_add_tail(&call->redirects, &r->node);
}

bool call_contacts_call(struct call_engine *e, u64 now, struct call *call, const char *aor)
{
	const struct call_domain *domain = call_policy_domain(e->policy,
							      slice_str(strrchr(aor, '@') + 1));
	struct registrar_contact found[REGISTRAR_CONTACTS];
	size_t i, n = registrar_lookup(e->registrar->table, now, aor, found);

	for (i = 0; domain && i < n; i++) {
		struct call_contact *contact = call_contact_new(e, &found[i]);
		struct call_destination to = {
			.q = domain->by_q ? found[i].q : 1000, .ring = domain->ring,
		};

		if (contact)
			add(call, contact, &to);
	}
	return call_branch_contacts(e, now, call);
}

bool call_contact_call(struct call_engine *e, u64 now, struct call *call, struct call_contact *c)
{
	add(call, c, &(struct call_destination){ .q = 1000 });
	return call_branch_contacts(e, now, call);
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
