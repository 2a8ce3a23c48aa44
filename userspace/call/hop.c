// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way to a peer (RFC 3263). A trunk's target is an address, and then its one hop is
 * known at once; or it is a name, and whoever carries out effects says which addresses it
 * leads to. They are tried in order, until one answers with anything but 503 (§4.3):
 * each with an offer of its own, since ports of one family are no good for the other.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/call.h"
#include "call/register.h"

#define MAX_NAMES 65535

u32 call_name(struct call_engine *e, const char *text)
{
	char **names;
	u32 i;

	for (i = 0; i < e->nnames; i++)
		if (!strcmp(e->names[i], text))
			return i + 1;
	if (!*text || e->nnames == MAX_NAMES)
		return 0;
	names = realloc(e->names, (e->nnames + 1) * sizeof(*names));
	if (!names)
		return 0;
	e->names = names;
	names[e->nnames] = strdup(text);
	return names[e->nnames] ? ++e->nnames : 0;
}

const char *call_engine_name(const struct call_engine *e, u32 name)
{
	return name && name <= e->nnames ? e->names[name - 1] : NULL;
}

u32 call_engine_proved(struct call_engine *e, u32 listener,
		       bool (*is)(void *arg, const char *name), void *arg)
{
	const char *name = call_policy_tls_name(e->policy, listener, is, arg);

	return name ? call_name(e, name) : 0;
}

static const struct call_next_hop *hop_of(const struct call_leg *root)
{
	return &root->call->policy->trunks[root->trunk].hop;
}

bool call_hop_is_secure(const struct call_leg *root)
{
	const struct sip_msg *msg = sip_server_request(root->call->invite);

	if (root->contact ? root->contact->secure : root->trunk >= 0 && hop_of(root)->secure)
		return true;
	return msg->uri.kind == SIP_URI_SIPS;
}

static void set_failure(struct call_failure *f, u16 status, const char *headers, const char *text)
{
	f->status = status;
	f->headers = headers ? strdup(headers) : NULL;
	snprintf(f->text, sizeof(f->text), "%.95s", text);
}

static int refuse_insecure(struct call_failure *f)
{
	set_failure(f, 480, "Warning: 380 jalur \"SIPS Not Allowed\"\r\n",
		    "sips: and no way by TLS");
	return -EPROTONOSUPPORT;
}

/* The flow of a contact is known; is it what the caller wants? */
int call_hop_contact(const struct call_engine *e, const struct call_leg *root,
		     struct call_failure *f)
{
	if (!call_hop_is_secure(root) || transport_secure(e->listeners[root->listener].transport))
		return 0;
	return refuse_insecure(f);
}

static void take_hop(struct call_leg *root)
{
	const struct flow *flow = &root->hops->flows[root->hops->at];

	root->peer = flow->peer;
	root->listener = flow->listener;
	root->name = flow->name;
}

/* What the realm has a listener for. 0, -ENOMEM, -EPROTONOSUPPORT: nothing of all that. */
static int set_hops(struct call_engine *e, struct call_leg *root, const char *domain,
		    const struct hop *hops, size_t n)
{
	struct call_hops *to = zalloc(sizeof(*to) + n * sizeof(*to->flows));
	size_t i;

	if (!to)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		int listener = call_policy_listener(root->call->policy, (size_t)root->realm,
						    hops[i].transport, hops[i].addr.family,
						    e->listeners, e->nlisteners);

		if (listener < 0 ||
		    (call_hop_is_secure(root) && !transport_secure(hops[i].transport)))
			continue;
		to->flows[to->n++] = (struct flow){
			.listener = (u32)listener, .peer = hops[i].addr,
			.name = transport_secure(hops[i].transport) ? call_name(e, domain) : 0,
		};
	}
	free(root->hops);
	root->hops = to;
	if (!to->n)
		return -EPROTONOSUPPORT;
	take_hop(root);
	return 0;
}

/* --- an address --- */

static int take_address(struct call_engine *e, struct call_leg *root, struct call_failure *f)
{
	const struct call_next_hop *to = hop_of(root);
	struct hop hop = { .addr = to->addr, .transport = TRANSPORT_UDP };
	int err;

	if (to->has_transport)
		hop.transport = to->transport;
	if (to->secure && !transport_secure(hop.transport))
		hop.transport = hop.transport == TRANSPORT_WS ? TRANSPORT_WSS : TRANSPORT_TLS;
	err = set_hops(e, root, to->host, &hop, 1);
	if (err == -EPROTONOSUPPORT && call_hop_is_secure(root) && !transport_secure(hop.transport))
		return refuse_insecure(f);
	if (err == -EPROTONOSUPPORT)
		set_failure(f, 503, NULL, "the realm has no listener for its target");
	return err;
}

/* --- a name --- */

static void describe(const struct call_engine *e, const struct call_leg *root,
		     struct effect_locate *locate)
{
	const struct call_next_hop *to = hop_of(root);
	const struct call_realm *realm = &root->call->policy->realms[root->realm];
	size_t i, end = realm->first_listener + realm->nlisteners;

	*locate = (struct effect_locate){
		.port = to->port, .has_transport = to->has_transport, .transport = to->transport,
		.secure = call_hop_is_secure(root),
	};
	for (i = realm->first_listener; i < end && i < e->nlisteners; i++) {
		const struct sip_listener *l = &e->listeners[i];

		if (transport_websocket(l->transport))
			continue;	/* servers only */
		locate->transports |= 1u << l->transport;
		locate->v4 |= l->local.family == AF_INET;
		locate->v6 |= l->local.family == AF_INET6;
	}
}

static int ask(struct call_engine *e, struct call_leg *root)
{
	struct call_ticket *t = call_ticket_new(e, root->call, CALL_TICKET_LOCATE);
	struct effect_locate locate;

	if (!t)
		return -ENOMEM;
	t->root = root;
	describe(e, root, &locate);
	if (effects_locate(&e->effects, t->ticket, hop_of(root)->host, &locate)) {
		call_ticket_free(t);
		return -ENOMEM;
	}
	return -EINPROGRESS;
}

int call_hop_first(struct call_engine *e, struct call_leg *root, struct call_failure *f)
{
	return hop_of(root)->addr.family ? take_address(e, root, f) : ask(e, root);
}

/* As a proxy would say it (RFC 3263 §4.3, RFC 3261 §16.7): 503 is for what may pass. */
static void failure_of_name(const struct call_leg *root, int err, const char *text,
			    struct call_failure *f)
{
	if (err == -EPROTONOSUPPORT && call_hop_is_secure(root))
		refuse_insecure(f);
	else
		set_failure(f, err == -ENOENT ? 502 : 503, NULL, text);
}

static void found(struct call_engine *e, u64 now, struct call_leg *root, int err,
		  const char *text, const char *domain, const struct hop *hops, size_t n)
{
	struct call_failure f = { .status = 503, .text = "no memory" };

	if (!err) {
		text = "the realm has no listener for what its target's name leads to";
		err = set_hops(e, root, domain, hops, n);
	}
	if (err && err != -ENOMEM)
		failure_of_name(root, err, text, &f);
	if (!err)
		err = call_branch_offer(e, now, root, &f);
	if (err)
		call_branch_failed(e, now, root, &f);
}

void call_engine_located(struct call_engine *e, u64 now, u64 ticket, int err, const char *text,
			 const char *domain, const struct hop *hops, size_t n)
{
	struct call_ticket *t = call_ticket_find(e, ticket);
	struct call_leg *root;
	struct call *call;

	e->clock = now;
	if (!t || t->kind != CALL_TICKET_LOCATE)
		return;
	root = t->root;
	call = t->call;
	call_ticket_free(t);
	if (root->state == CALL_LEG_NONE && call->state < CALL_ANSWERED)
		found(e, now, root, err, text, domain, hops, n);
	call_store(e, call);
	call_settle(e, now, call);
}

/* --- the next one --- */

/* Nobody there, or nobody who could; whoever rang is there (RFC 3263 §4.3). */
static bool was_unreached(const struct call_leg *root, const struct sip_event *ev)
{
	if (root->twin)
		return false;
	if (ev->type == SIP_EVENT_RESPONSE)
		return ev->msg->status == 503;
	return ev->type == SIP_EVENT_FAILED || ev->type == SIP_EVENT_TIMEOUT;
}

bool call_hop_next(struct call_engine *e, u64 now, struct call_leg *root,
		   const struct sip_event *ev)
{
	struct call_failure f = { .status = 503, .text = "no memory" };

	if (root->state != CALL_LEG_INVITED || !was_unreached(root, ev) || !root->dialog)
		return false;
	effects_flow(&e->effects, EFFECT_UNREACHED, &root->dialog->flow);
	if (!root->hops || root->hops->at + 1 >= root->hops->n || root->given_up ||
	    root->call->state >= CALL_ANSWERED)
		return false;
	timer_disarm(&e->timers, &root->timer);
	call_branch_close(e, now, root);
	root->state = CALL_LEG_NONE;
	root->hops->at++;
	take_hop(root);
	if (call_branch_offer(e, now, root, &f))
		call_branch_failed(e, now, root, &f);
	return true;
}
