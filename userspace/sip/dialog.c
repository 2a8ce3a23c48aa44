// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Dialogs (RFC 3261 §12). They are indexed by their local tag, which is ours
 * and unguessable; several may share one when an INVITE of ours forked.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "sip/core.h"
#include "sip/print.h"

#define MAX_ROUTES 64

static u64 tag_hash(struct sip_engine *e, struct slice tag)
{
	struct hasher h;

	hash_begin(&h, &e->key);
	hash_add(&h, tag);
	return hash_end(&h);
}

/* --- pieces --- */

/* A name-addr that may stand in a header of ours, as a string. */
static char *dup_address(const struct sip_nameaddr *a)
{
	struct buf b;
	size_t i;

	buf_init(&b);
	for (i = 0; i < a->value.n; i++)
		if ((u8)a->value.p[i] < ' ' && !strchr("\r\n\t", a->value.p[i] ? a->value.p[i] : 1))
			break;
	if (i < a->value.n)
		buf_printf(&b, "<" SLICE_FMT ">", SLICE_ARG(a->uri));
	else
		sip_print_value(&b, a->value);
	return buf_take(&b);
}

/* The URI of the first Contact. false: none that we could send to. */
static bool contact_of(const struct sip_msg *msg, struct slice *uri)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_CONTACT);
	struct sip_nameaddr address;
	struct slice rest, element;
	struct sip_uri parsed;

	if (!hdr)
		return false;
	rest = hdr->value;
	if (!sip_next_element(&rest, &element) || !sip_parse_nameaddr(element, &address) ||
	    !sip_uri_parse(address.uri, &parsed))
		return false;
	*uri = address.uri;
	return parsed.kind == SIP_URI_SIP || parsed.kind == SIP_URI_SIPS;
}

static bool is_sips(struct slice uri)
{
	return uri.n > 5 && slice_caseeq(slice_of(uri.p, 5), SLICE("sips:"));
}

/* secure: the dialog is one by sips:, and so is what leads back to us (RFC 3261 §12.1.1). */
char *sip_contact(struct sip_engine *e, u32 listener, struct slice user, bool secure)
{
	enum transport transport = e->listeners[listener].transport;
	struct buf b;

	buf_init(&b);
	buf_str(&b, secure ? "<sips:" : "<sip:");
	sip_print_value(&b, user);
	buf_str(&b, user.n ? "@" : "");
	sip_print_hostport(&b, sip_engine_sent_by(e, listener));
	if (transport != TRANSPORT_UDP)
		buf_printf(&b, ";transport=%s", transport_param(transport));
	buf_str(&b, ">");
	return buf_take(&b);
}

static void free_routes(struct sip_dialog *d)
{
	while (d->nroutes)
		free(d->routes[--d->nroutes]);
	free(d->routes);
	d->routes = NULL;
}

static bool add_route(struct sip_dialog *d, struct slice element)
{
	char **more = realloc(d->routes, (d->nroutes + 1) * sizeof(*more));
	struct buf b;

	if (!more)
		return false;
	d->routes = more;
	buf_init(&b);
	sip_print_value(&b, element);
	more[d->nroutes] = buf_take(&b);
	if (!more[d->nroutes])
		return false;
	d->nroutes++;
	return true;
}

static void reverse_routes(struct sip_dialog *d)
{
	size_t i;

	for (i = 0; i < d->nroutes / 2; i++) {
		char *other = d->routes[d->nroutes - 1 - i];

		d->routes[d->nroutes - 1 - i] = d->routes[i];
		d->routes[i] = other;
	}
}

/* Record-Route of a request in order, of a response in reverse (§12.1). */
static int learn_routes(struct sip_dialog *d, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_RECORD_ROUTE);
	struct slice rest, element;
	struct sip_nameaddr address;

	free_routes(d);
	for (; hdr; hdr = sip_msg_header_next(msg, hdr)) {
		rest = hdr->value;
		while (sip_next_element(&rest, &element)) {
			if (!sip_parse_nameaddr(element, &address) || d->nroutes == MAX_ROUTES)
				return -EINVAL;
			if (!add_route(d, element))
				return -ENOMEM;
		}
	}
	if (!msg->request)
		reverse_routes(d);
	return 0;
}

/* --- life --- */

static struct sip_dialog *new_dialog(struct sip_engine *e, struct slice local_tag)
{
	struct sip_dialog_priv *priv = zalloc(sizeof(*priv));
	struct sip_dialog *d;

	if (!priv)
		return NULL;
	d = &priv->dialog;
	d->priv = priv;
	list_init(&d->priv->unacked);
	list_init(&d->priv->reliable);
	memcpy(d->local_tag, local_tag.p, local_tag.n);
	hash_insert(&e->dialogs, &d->priv->node, tag_hash(e, local_tag));
	return d;
}

void sip_dialog_free(struct sip_engine *e, struct sip_dialog *d)
{
	if (!d)
		return;
	sip_server_forget_dialog(e, d);
	sip_reliable_forget_dialog(e, d);
	hash_remove(&e->dialogs, &d->priv->node);
	free_routes(d);
	free(d->remote_tag);
	free(d->call_id);
	free(d->local_uri);
	free(d->remote_uri);
	free(d->local_contact);
	free(d->remote_target);
	free(d->priv);	/* which d is in */
}

static bool is_complete(const struct sip_dialog *d)
{
	return d->call_id && d->local_uri && d->remote_uri && d->local_contact &&
	       d->remote_target;
}

static char *new_call_id(struct sip_engine *e)
{
	char text[33];

	sip_engine_token(e, text);
	sip_engine_token(e, text + 16);
	return slice_dup(slice_str(text));
}

/* A Request-URI has no method (RFC 3261 §19.1.5); headers are left out where it is printed. */
static char *dup_target(struct slice text)
{
	struct slice rest, name, value;
	struct sip_uri uri;
	const char *from;
	struct buf b;

	if (!sip_uri_parse(text, &uri) || !sip_param(uri.params, "method", &value))
		return slice_dup(text);
	buf_init(&b);
	buf_add(&b, slice_of(text.p, (size_t)(uri.params.p - text.p)));
	rest = uri.params;
	for (from = rest.p; sip_next_param(&rest, &name, &value) == 1; from = rest.p)
		if (!slice_caseeq(name, SLICE("method")))
			buf_add(&b, slice_of(from, (size_t)(rest.p - from)));
	/* and what is no parameter, with the headers */
	buf_add(&b, slice_of(from, (size_t)(text.p + text.n - from)));
	return buf_take(&b);
}

struct sip_dialog *sip_dialog_new_uac(struct sip_engine *e,
				      const struct sip_dialog_target *target, void *user)
{
	struct sip_dialog *d;
	char tag[17];

	sip_engine_token(e, tag);
	d = new_dialog(e, slice_str(tag));
	if (!d)
		return NULL;
	d->uac = true;
	d->user = user;
	d->flow = target->flow;
	d->call_id = new_call_id(e);
	d->local_uri = slice_dup(target->from);
	d->remote_uri = slice_dup(target->to);
	d->local_contact = sip_contact(e, target->flow.listener, target->contact_user,
				       is_sips(target->request_uri));
	d->remote_target = dup_target(target->request_uri);
	if (is_complete(d))
		return d;
	sip_dialog_free(e, d);
	return NULL;
}

int sip_dialog_new_uas(struct sip_engine *e, struct sip_server *server, void *user,
		       struct sip_dialog **out)
{
	const struct sip_msg *msg = server->request;
	struct slice contact;
	struct sip_dialog *d;
	char tag[17];
	int err;

	if (msg->to.tag.n || !contact_of(msg, &contact))
		return -EINVAL;
	if (server->tag_taken)
		sip_engine_token(e, tag);
	else
		strcpy(tag, sip_server_tag(e, server));
	d = new_dialog(e, slice_str(tag));
	if (!d)
		return -ENOMEM;
	d->user = user;
	d->flow = server->source;
	d->remote_cseq = msg->cseq;
	d->remote_tag = slice_dup(msg->from.tag);
	d->call_id = slice_dup(msg->call_id);
	d->local_uri = dup_address(&msg->to);
	d->remote_uri = dup_address(&msg->from);
	d->local_contact = sip_contact(e, server->source.listener, msg->uri.user,
				       msg->uri.kind == SIP_URI_SIPS);
	d->remote_target = slice_dup(contact);
	err = is_complete(d) && d->remote_tag ? learn_routes(d, msg) : -ENOMEM;
	if (err) {
		sip_dialog_free(e, d);
		return err;
	}
	d->translated = sip_is_translated(e, msg, &server->source);
	sip_dialog_follow(e, d);
	server->tag_taken = true;
	*out = d;
	return 0;
}

static bool copy_routes(struct sip_dialog *d, const struct sip_dialog *from)
{
	size_t i;

	for (i = 0; i < from->nroutes; i++)
		if (d->nroutes == MAX_ROUTES || !add_route(d, slice_str(from->routes[i])))
			return false;
	return true;
}

struct sip_dialog *sip_dialog_restore(struct sip_engine *e, const struct sip_dialog *from,
				      void *user)
{
	struct sip_dialog *d;

	bool early = from->uac && from->state == SIP_DIALOG_EARLY;

	if ((!from->remote_tag && !early) || !is_complete(from) || !from->local_tag[0])
		return NULL;
	d = new_dialog(e, slice_str(from->local_tag));
	if (!d)
		return NULL;
	d->state = early ? SIP_DIALOG_EARLY : SIP_DIALOG_CONFIRMED;
	d->uac = from->uac;
	d->user = user;
	d->flow = from->flow;
	d->translated = from->translated;
	d->local_cseq = from->local_cseq;
	d->remote_cseq = from->remote_cseq;
	d->restored = true;
	sip_dialog_expect(d, d->remote_cseq);
	memcpy(d->alias, from->alias, sizeof(d->alias));
	d->remote_tag = from->remote_tag ? strdup(from->remote_tag) : NULL;
	d->call_id = strdup(from->call_id);
	d->local_uri = strdup(from->local_uri);
	d->remote_uri = strdup(from->remote_uri);
	d->local_contact = strdup(from->local_contact);
	d->remote_target = strdup(from->remote_target);
	if (is_complete(d) && (d->remote_tag || !from->remote_tag) && copy_routes(d, from))
		return d;
	sip_dialog_free(e, d);
	return NULL;
}

struct sip_dialog *sip_dialog_fork(struct sip_engine *e, const struct sip_dialog *d,
				   const struct sip_msg *msg)
{
	struct sip_dialog *fork = new_dialog(e, slice_str(d->local_tag));

	if (!fork)
		return NULL;
	fork->uac = true;
	fork->user = d->user;
	fork->flow = d->flow;
	fork->datagrams = d->datagrams;
	fork->local_cseq = d->local_cseq;
	fork->call_id = slice_dup(slice_str(d->call_id));
	fork->local_uri = slice_dup(slice_str(d->local_uri));
	fork->remote_uri = slice_dup(slice_str(d->remote_uri));
	fork->local_contact = slice_dup(slice_str(d->local_contact));
	fork->remote_target = slice_dup(slice_str(d->remote_target));
	if (is_complete(fork) && !sip_dialog_response(e, fork, msg))
		return fork;
	sip_dialog_free(e, fork);
	return NULL;
}

/* --- numbers of its peer --- */

/* 0: it came too long ago, or never. */
static u32 bit_of(const struct sip_dialog *d, u32 cseq)
{
	u32 age = d->remote_cseq - cseq;

	return cseq && cseq <= d->remote_cseq && age < 32 ? 1u << age : 0;
}

void sip_dialog_expect(struct sip_dialog *d, u32 cseq)
{
	d->again |= bit_of(d, cseq);
}

bool sip_dialog_expects(const struct sip_dialog *d, u32 cseq)
{
	return d->again & bit_of(d, cseq);
}

void sip_dialog_take(struct sip_dialog *d, u32 cseq)
{
	u32 ahead = cseq - d->remote_cseq;

	if (cseq <= d->remote_cseq) {
		d->again &= ~bit_of(d, cseq);
		return;
	}
	d->again = ahead < 32 ? d->again << ahead : 0;
	d->remote_cseq = cseq;
}

/* --- what responses teach --- */

static int set_target(struct sip_dialog *d, const struct sip_msg *msg)
{
	struct slice uri;
	char *target;

	if (!contact_of(msg, &uri))
		return 0;	/* it stays as it is */
	target = slice_dup(uri);
	if (!target)
		return -ENOMEM;
	free(d->remote_target);
	d->remote_target = target;
	return 0;
}

void sip_dialog_refresh(struct sip_engine *e, struct sip_dialog *d, const struct sip_msg *msg)
{
	if (set_target(d, msg))
		return;
	sip_dialog_follow(e, d);
}

static bool refreshes(enum sip_method m)
{
	return m == SIP_INVITE || m == SIP_UPDATE || m == SIP_SUBSCRIBE || m == SIP_NOTIFY ||
	       m == SIP_REFER;
}

int sip_dialog_response(struct sip_engine *e, struct sip_dialog *d, const struct sip_msg *msg)
{
	bool success = msg->status >= 200 && msg->status < 300;
	/* Not the 2xx to a PRACK or UPDATE on the way there: it has no Record-Route. */
	bool confirms = success && d->state == SIP_DIALOG_EARLY && msg->method == SIP_INVITE;
	bool learns = !d->remote_tag || confirms;
	int err;

	if (msg->status <= 100 || msg->status >= 300 || (!success && !msg->to.tag.n))
		return 0;
	if (d->remote_tag && !slice_eq(slice_str(d->remote_tag), msg->to.tag))
		return -EEXIST;
	if (!d->remote_tag)
		d->remote_tag = slice_dup(msg->to.tag);
	if (!d->remote_tag)
		return -ENOMEM;
	err = learns ? learn_routes(d, msg) : 0;
	if (!err && (learns || (success && refreshes(msg->method))))
		err = set_target(d, msg);
	if (err)
		return err;
	sip_dialog_follow(e, d);
	if (sip_rseq_of(d, msg) == SIP_RSEQ_NEXT)
		sip_rseq_take(d, msg);
	if (confirms)
		d->state = SIP_DIALOG_CONFIRMED;
	return 0;
}

int sip_dialog_notified(struct sip_engine *e, struct sip_dialog *d, const struct sip_msg *msg)
{
	int err;

	d->remote_tag = slice_dup(msg->from.tag);
	err = d->remote_tag ? learn_routes(d, msg) : -ENOMEM;
	if (!err)
		err = set_target(d, msg);
	if (!err)
		sip_dialog_follow(e, d);
	return err;
}

bool sip_dialog_moved(struct sip_engine *e, u64 now, struct sip_dialog *d,
		      struct sip_server *server)
{
	e->now = now;
	if (!sip_check_order(e, d, server->request, &server->source))
		return false;
	sip_dialog_take(d, server->request->cseq);
	d->flow = server->source;
	d->translated = sip_is_translated(e, server->request, &server->source);
	return true;
}

/* --- lookups --- */

static struct sip_dialog *next_by_tag(struct hash_node *node, struct slice tag)
{
	for (; node; node = hash_next(node)) {
		struct sip_dialog *d = &hash_entry(node, struct sip_dialog_priv, node)->dialog;

		if (slice_eq(slice_str(d->local_tag), tag))
			return d;
	}
	return NULL;
}

static struct sip_dialog *first_by_tag(struct sip_engine *e, struct slice tag)
{
	return next_by_tag(hash_first(&e->dialogs, tag_hash(e, tag)), tag);
}

static struct sip_dialog *find_exact(struct sip_engine *e, struct slice local, struct slice remote,
				     struct slice call_id)
{
	struct sip_dialog *d = first_by_tag(e, local);

	for (; d; d = next_by_tag(hash_next(&d->priv->node), local))
		if (d->remote_tag && slice_eq(slice_str(d->remote_tag), remote) &&
		    slice_eq(slice_str(d->call_id), call_id))
			return d;
	return NULL;
}

const char *sip_dialog_alias(struct sip_engine *e, struct sip_dialog *d)
{
	if (!d->alias[0])
		sip_engine_token(e, d->alias);
	return d->alias;
}

static struct sip_dialog *find_alias(struct sip_engine *e, struct slice local, struct slice alias)
{
	struct sip_dialog *d = first_by_tag(e, local);

	for (; d; d = next_by_tag(hash_next(&d->priv->node), local))
		if (d->remote_tag && d->alias[0] && slice_eq(slice_str(d->alias), alias))
			return d;
	return NULL;
}

struct sip_dialog *sip_dialog_of_ids(struct sip_engine *e, struct slice call_id,
				     struct slice local_tag, struct slice remote_tag)
{
	struct sip_dialog *d = find_exact(e, local_tag, remote_tag, call_id);

	return d || !slice_eq(call_id, remote_tag) ? d : find_alias(e, local_tag, call_id);
}

struct sip_dialog *sip_dialog_of_invite(struct sip_engine *e, struct slice call_id,
					struct slice local_tag)
{
	struct sip_dialog *d = first_by_tag(e, local_tag);

	for (; d; d = next_by_tag(hash_next(&d->priv->node), local_tag))
		if (d->remote_tag && slice_eq(slice_str(d->call_id), call_id))
			return d;
	return NULL;
}

struct sip_dialog *sip_dialog_find(struct sip_engine *e, const struct sip_msg *msg)
{
	return find_exact(e, msg->to.tag, msg->from.tag, msg->call_id);
}

struct sip_dialog *sip_dialog_of_notify(struct sip_engine *e, const struct sip_msg *msg)
{
	struct sip_dialog *d = first_by_tag(e, msg->to.tag);

	if (msg->method != SIP_NOTIFY || !msg->from.tag.n)
		return NULL;
	for (; d; d = next_by_tag(hash_next(&d->priv->node), msg->to.tag))
		if (d->by_notify && !d->remote_tag &&
		    slice_eq(slice_str(d->call_id), msg->call_id))
			return d;
	return NULL;
}

struct sip_dialog *sip_dialog_of_response(struct sip_engine *e, const struct sip_msg *msg)
{
	struct sip_dialog *d = find_exact(e, msg->from.tag, msg->to.tag, msg->call_id);

	return d ? d : first_by_tag(e, msg->from.tag);
}

struct sip_dialog *sip_dialog_of_lost(struct sip_engine *e, const struct sip_msg *msg,
				      const struct flow *flow)
{
	struct sip_dialog *d = find_exact(e, msg->from.tag, msg->to.tag, msg->call_id);

	if (!d || !d->restored || sip_is_foreign(d, flow) || msg->cseq > d->local_cseq)
		return NULL;
	return d;
}

struct sip_dialog *sip_dialog_by_tag(struct sip_engine *e, const char *local_tag)
{
	return first_by_tag(e, slice_str(local_tag));
}
