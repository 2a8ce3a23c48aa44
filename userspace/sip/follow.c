// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where the requests of a dialog go (RFC 3261 §12.2.1.1, RFC 3263 §4): to what the first of its
 * route set names, or its remote target.
 *
 * That is not always where it says: behind a NAT its address leads nowhere, and a trunk is one
 * peer and no other. So it is followed when it names the IP address that the dialog already
 * talks to, and gives transport and port; everything else goes where the dialog began. By
 * another transport there must be a way out of the same realm, and never one by which others
 * can read what was kept from them so far. Who made the connection and cannot be called back
 * is talked to by that one.
 */
#include "sip/core.h"

static bool next_hop(const struct sip_dialog *d, struct sip_uri *uri)
{
	struct slice next = slice_str(d->remote_target);
	struct sip_nameaddr address;

	if (d->nroutes) {
		if (!sip_parse_nameaddr(slice_str(d->routes[0]), &address))
			return false;
		next = address.uri;
	}
	return sip_uri_parse(next, uri);
}

static bool names_peer(const struct sip_dialog *d, const struct sip_uri *uri)
{
	struct addr to;

	if (!sip_uri_addr(uri, &to))
		return false;
	to.scope = d->flow.peer.scope;
	return addr_ip_eq(&to, &d->flow.peer);
}

/* RFC 3263 §4.1, of a numeric host. false: one that we know nothing of. */
static bool transport_of(const struct sip_uri *uri, enum transport *t)
{
	struct slice name;

	*t = TRANSPORT_UDP;
	if (sip_param(uri->params, "transport", &name) && !transport_parse(name, t))
		return false;
	if (uri->kind == SIP_URI_SIPS)
		*t = transport_websocket(*t) ? TRANSPORT_WSS : TRANSPORT_TLS;
	return true;
}

/* UDP is what is meant by saying nothing, or what somebody does not know to say. */
static bool is_implied(const struct sip_uri *uri)
{
	return uri->kind == SIP_URI_SIP && !sip_param(uri->params, "transport", NULL);
}

static bool may_change(const struct sip_dialog *d, const struct sip_uri *uri,
		       enum transport from, enum transport to)
{
	if (transport_websocket(from) || transport_websocket(to))
		return false;		/* made by the peer alone (RFC 7118) */
	if (transport_secure(from) && !transport_secure(to))
		return false;
	return !d->translated && !sip_param(uri->params, "ob", NULL);	/* RFC 5626 §4.3 */
}

/* The listener to go by; -1: all stays as it is. */
static int choose(const struct sip_engine *e, const struct sip_dialog *d,
		  const struct sip_uri *uri)
{
	enum transport from = e->listeners[d->flow.listener].transport, to;
	int listener = -1;

	if (!transport_of(uri, &to))
		return -1;
	if (from == to || may_change(d, uri, from, to))
		listener = sip_engine_sibling(e, d->flow.listener, to);
	return listener < 0 && is_implied(uri) ? (int)d->flow.listener : listener;
}

void sip_dialog_follow(struct sip_engine *e, struct sip_dialog *d)
{
	bool datagrams = !sip_engine_reliable(e, d->flow.listener);
	struct sip_uri uri;
	int listener;

	if ((d->translated && datagrams) || !next_hop(d, &uri) || !names_peer(d, &uri))
		return;
	listener = choose(e, d, &uri);
	if (listener < 0)
		return;
	if ((u32)listener != d->flow.listener)
		d->flow.connection = 0;
	d->flow.listener = (u32)listener;
	d->flow.peer.port = uri.port ? uri.port :
			    transport_port(e->listeners[listener].transport);
}

/* The port of a datagram is the one that its sender listens at; a connection has any. */
bool sip_is_translated(const struct sip_engine *e, const struct sip_msg *msg,
		       const struct flow *source)
{
	u16 port = msg->via.port ? msg->via.port : 5060;
	struct addr host;

	if (!sip_engine_reliable(e, source->listener))
		return msg->via.rport && port != source->peer.port;
	if (!addr_parse_ip(msg->via.host, &host))
		return false;
	host.scope = source->peer.scope;
	return !addr_ip_eq(&host, &source->peer);
}
