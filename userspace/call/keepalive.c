// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way through a NAT is open only as long as something passes: contacts behind one are
 * asked what they can do (OPTIONS), which also says whether they are there, or get a line
 * end (RFC 5626 §3.5.1, §4.4), which costs less and says so of connections only.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/call.h"
#include "call/register.h"

struct keepalive {
	struct hash_node node;		/* by client */
	const struct sip_client *client;
	u64 contact;			/* id */
};

static u64 hash_client(const struct call_registrar *r, const struct sip_client *client)
{
	struct hasher h;

	hash_begin(&h, &r->key);
	hash_add_u64(&h, (uintptr_t)client);
	return hash_end(&h);
}

static struct keepalive *find(const struct call_registrar *r, const struct sip_client *client)
{
	struct hash_node *node = hash_first(&r->keepalives, hash_client(r, client));

	while (node && hash_entry(node, struct keepalive, node)->client != client)
		node = hash_next(node);
	return node ? hash_entry(node, struct keepalive, node) : NULL;
}

static void forget(struct call_registrar *r, struct keepalive *k)
{
	hash_remove(&r->keepalives, &k->node);
	free(k);
}

static int send_options(struct call_engine *e, u64 now, const struct registrar_contact *contact,
			const struct flow *flow, struct sip_client **client)
{
	struct sip_content content = { .headers = SLICE(CALL_ACCEPT) };
	char *to = buf_format("<sip:%s>", contact->aor);
	char *from = buf_format("<sip:%s>", strrchr(contact->aor, '@') + 1);
	struct sip_dialog_target target = {
		.request_uri = contact->uri, .from = slice_str(from), .to = slice_str(to),
		.flow = *flow,
	};
	struct sip_dialog *d = from && to ? sip_dialog_new_uac(e->sip, &target, NULL) : NULL;
	int err = d ? call_contact_route(d, contact->path) : -ENOMEM;

	if (!err)
		err = sip_request(e->sip, now, d, SIP_OPTIONS, &content, NULL, client);
	sip_dialog_free(e->sip, d);
	free(from);
	free(to);
	return err;
}

static void ask(struct call_engine *e, u64 now, const struct registrar_contact *contact,
		const struct flow *flow)
{
	struct keepalive *k = zalloc(sizeof(*k));
	struct sip_client *client;

	if (!k || send_options(e, now, contact, flow, &client)) {
		free(k);
		return;
	}
	k->client = client;
	k->contact = contact->id;
	hash_insert(&e->registrar->keepalives, &k->node, hash_client(e->registrar, client));
}

static void keep_alive(struct call_engine *e, u64 now, const struct registrar_contact *contact)
{
	bool datagram = e->listeners[contact->flow.listener].transport == TRANSPORT_UDP;
	struct flow flow;

	call_contact_flow(e, contact, &flow);
	if (contact->keepalive == REGISTRAR_OPTIONS)
		ask(e, now, contact, &flow);
	else if (datagram || flow.connection)
		effects_send(&e->effects, &flow, datagram ? SLICE("\r\n") : SLICE("\r\n\r\n"));
}

void call_registrar_timer(struct call_engine *e, u64 now)
{
	struct registrar_contact contact;
	enum registrar_due due;

	while ((due = registrar_due(e->registrar->table, now, &contact)))
		if (due == REGISTRAR_KEEPALIVE)
			keep_alive(e, now, &contact);
	call_registrar_settle(e);
}

/* Any answer will do: who refuses is there. */
bool call_keepalive_event(struct call_engine *e, u64 now, const struct sip_event *ev)
{
	struct keepalive *k = ev->client ? find(e->registrar, ev->client) : NULL;

	(void)now;
	if (!k)
		return false;
	if (ev->type == SIP_EVENT_RESPONSE && ev->msg->status < 200)
		return true;
	registrar_answered(e->registrar->table, k->contact, ev->type == SIP_EVENT_RESPONSE);
	forget(e->registrar, k);
	call_registrar_settle(e);
	return true;
}

void call_keepalive_clear(struct call_engine *e)
{
	struct hash_node *node;
	size_t bucket = 0;

	while ((node = hash_from(&e->registrar->keepalives, &bucket)))
		forget(e->registrar, hash_entry(node, struct keepalive, node));
}
