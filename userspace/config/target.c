// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where requests to a trunk go: a URI with an address, or a name that is looked up when
 * a call goes there, and perhaps the transport.
 */
#include <ctype.h>
#include <stdlib.h>

#include "config/schema.h"

/* RFC 1123 §2.1: labels of letters, digits and hyphens; the last one is no number. */
static bool is_name(struct slice host)
{
	size_t i, label = 0;
	bool digits = true;

	for (i = 0; i < host.n; i++) {
		unsigned char c = (unsigned char)host.p[i];

		if (c == '.') {
			if (!label || host.p[i - 1] == '-')
				return false;
			label = 0;
			digits = i + 1 < host.n;
			continue;
		}
		if ((!isalnum(c) && c != '-') || (c == '-' && !label) || ++label > 63)
			return false;
		digits &= isdigit(c) != 0;
	}
	return host.n && host.n <= 253 && !digits && host.p[host.n - 1] != '-';
}

static const char *params_trouble(struct slice params, struct call_next_hop *hop)
{
	struct slice value;

	if (!params.n)
		return NULL;
	if (*params.p == ';')
		params = slice_of(params.p + 1, params.n - 1);
	if (params.n < 10 || !slice_caseeq(slice_of(params.p, 10), SLICE("transport=")))
		return "the only parameter that may be given is transport";
	value = slice_of(params.p + 10, params.n - 10);
	if (!transport_parse(value, &hop->transport))
		return "transport is one of udp, tcp, tls, ws, wss";
	hop->has_transport = true;
	return NULL;
}

static const char *together_trouble(const struct call_next_hop *hop)
{
	if (hop->secure && hop->has_transport && hop->transport == TRANSPORT_UDP)
		return "sips: goes by TLS, not by UDP";
	if (hop->has_transport && transport_websocket(hop->transport) && !hop->addr.family)
		return "WebSockets are opened by the peer: give its IP address, not a name";
	return NULL;
}

/* Of an address all is known now. */
static enum transport transport_of(const struct call_next_hop *hop)
{
	enum transport t = hop->has_transport ? hop->transport : TRANSPORT_UDP;

	if (!hop->secure || transport_secure(t))
		return t;
	return t == TRANSPORT_WS ? TRANSPORT_WSS : TRANSPORT_TLS;
}

static const char *host_trouble(const struct sip_uri *uri, struct call_next_hop *hop)
{
	if (addr_parse_ip(uri->host, &hop->addr))
		return scalar_address_trouble(&hop->addr);
	return is_name(uri->host) ? NULL : "the host is neither an IP address nor a name";
}

bool target_parse(struct value *v, const char **why)
{
	struct call_next_hop *hop = &v->hop;
	struct sip_uri uri;

	if (strpbrk(v->text, " \t\r\n<>\"") || !sip_uri_parse(slice_str(v->text), &uri) ||
	    (uri.kind != SIP_URI_SIP && uri.kind != SIP_URI_SIPS) || uri.headers.n)
		return false;
	hop->secure = uri.kind == SIP_URI_SIPS;
	hop->port = uri.port;
	*why = host_trouble(&uri, hop);
	if (!*why)
		*why = params_trouble(uri.params, hop);
	if (!*why)
		*why = together_trouble(hop);
	if (*why)
		return false;
	if (hop->addr.family)
		hop->addr.port = uri.port ? uri.port : transport_port(transport_of(hop));
	hop->host = slice_dup(uri.host);
	return hop->host;
}

bool target_build(struct call_next_hop *hop, const struct value *v)
{
	*hop = v->hop;
	hop->host = strdup(v->hop.host);
	return hop->host;
}

/* --- together with its realm --- */

static bool listener_suits(const struct value *listener, const struct call_next_hop *hop)
{
	const struct value *address = value_get(listener, "address");
	const struct value *transport = value_get(listener, "transport");
	enum transport t;

	if (!address || address->bad || !transport || transport->bad)
		return true;		/* reported already */
	t = (enum transport)transport->number;
	if (hop->addr.family)
		return address->addr.family == hop->addr.family && t == transport_of(hop);
	if (hop->secure)
		return t == TRANSPORT_TLS;
	return hop->has_transport ? t == hop->transport : !transport_websocket(t);
}

static bool realm_suits(const struct value *realm, const struct call_next_hop *hop)
{
	const struct value *list = value_get(realm, "signalling");
	size_t i;

	for (i = 0; list && i < list->n; i++)
		if (listener_suits(list->children[i], hop))
			return true;
	return !list || list->bad || !list->n;
}

void target_check(struct reader *r, const struct value *realm, const struct value *v)
{
	const char *transport = v->hop.addr.family || v->hop.has_transport || v->hop.secure ?
				transport_name(transport_of(&v->hop)) : "UDP, TCP or TLS";

	if (realm && !realm_suits(realm, &v->hop))
		reader_mistake_at(r, v,
				  "found \"%.60s\", but realm \"%s\" has no listener for that: %s%s",
				  v->text, realm->key, transport,
				  !v->hop.addr.family ? "" :
				  v->hop.addr.family == AF_INET ? " on IPv4" : " on IPv6");
}
