// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A caller who is a subscriber: what he says of himself is held against who he proved
 * to be, those whom we trust are told the latter (RFC 3325 §5), and how many calls he has
 * is counted.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/header_private.h"

/* --- is it he? --- */

/* written has escapes, user has none. */
static bool is_user(struct slice written, struct slice user)
{
	bool escaped;
	size_t n = 0;

	if (slice_eq(written, user) && !memchr(user.p, '%', user.n))
		return true;
	while (written.n)
		if (n >= user.n || (u8)user.p[n++] != sip_uri_char(&written, &escaped))
			return false;
	return n == user.n;
}

static bool is_own(const struct call_source *source, const struct sip_uri *uri)
{
	if (!is_user(uri->user, slice_str(source->user)))
		return false;
	return uri->kind == SIP_URI_TEL ||
	       slice_caseeq(uri->host, slice_str(source->domain->name));
}

/* Who hides himself (RFC 3323 §4.1.1.3) says to be nobody else. */
static bool from_is_own(const struct call_source *source, const struct sip_msg *msg)
{
	if (is_own(source, &msg->from_uri))
		return true;
	return msg->method != SIP_REGISTER &&
	       call_hides_caller(&msg->from_uri);
}

static bool all_own(const struct call_source *source, const struct sip_msg *msg,
		    enum sip_hdr_id id)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, id);
	struct sip_nameaddr address;
	struct slice rest, element;
	struct sip_uri uri;

	for (; hdr; hdr = sip_msg_header_next(msg, hdr)) {
		rest = hdr->value;
		while (sip_next_element(&rest, &element))
			if (!sip_parse_address(element, &address, &uri) ||
			    !is_own(source, &uri))
				return false;
	}
	return true;
}

/* However his name is written (RFC 3261 §19.1.4). */
static bool is_subscriber(const struct call_engine *e, const struct call_domain *domain,
			  struct slice written)
{
	char user[SIP_AUTH_USER];
	bool escaped;
	size_t n = 0;

	while (written.n && n < sizeof(user))
		user[n++] = (char)sip_uri_char(&written, &escaped);
	return !written.n && call_secret_of(e, domain, slice_of(user, n));
}

/*
 * A Contact is the device's, whose name for itself may be anything; not the name of another
 * subscriber, though, nor another one at the domain itself.
 */
static bool names_another(const struct call_engine *e, const struct call_source *source,
			  const struct sip_uri *uri)
{
	if (!uri->user.n || is_user(uri->user, slice_str(source->user)))
		return false;
	return slice_caseeq(uri->host, slice_str(source->domain->name)) ||
	       is_subscriber(e, source->domain, uri->user);
}

static bool contact_is_own(const struct call_engine *e, const struct call_source *source,
			   const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_CONTACT);
	struct sip_nameaddr address;
	struct slice rest, element;
	struct sip_uri uri;

	for (; hdr; hdr = sip_msg_header_next(msg, hdr)) {
		rest = hdr->value;
		while (sip_next_element(&rest, &element))
			if (sip_msg_contact(msg, element, &address, &uri) &&
			    names_another(e, source, &uri))
				return false;
	}
	return true;
}

const char *call_caller_pretends(const struct call_engine *e, struct call_source *source,
				 const struct sip_msg *msg)
{
	const char *what = NULL;

	/* Whose bindings are changed is no matter of names. */
	if (msg->method == SIP_REGISTER && !is_own(source, &msg->to_uri))
		return "To is somebody else's";
	if (!from_is_own(source, msg))
		what = "From is somebody else's";
	else if (!all_own(source, msg, SIP_HDR_P_ASSERTED_IDENTITY) ||
		 !all_own(source, msg, SIP_HDR_P_PREFERRED_IDENTITY))
		what = "the asserted identity is somebody else's";
	else if (!contact_is_own(e, source, msg))
		what = "Contact is somebody else's";
	if (!what || source->domain->identity == CALL_IDENTITY_REJECT)
		return what;
	source->renamed = true;
	return NULL;
}

/* --- what the far side is told --- */

int call_caller_set(struct call *call, const struct call_source *source)
{
	if (!source->domain)
		return 0;
	call->domain = source->domain;
	call->renamed = source->renamed;
	call->user = strdup(source->user);
	return call->user ? 0 : -ENOMEM;
}

/* The first party of a call that was put through is not the one who pays for it. */
static char *caller_of(const struct call *call)
{
	char *aor, *at;

	if (!call->domain || call->transferred_from)
		return NULL;
	aor = buf_format("%s@%s", call->user, call->domain->name);
	for (at = aor ? strrchr(aor, '@') : NULL; at && *at; at++)
		*at = (char)tolower((u8)*at);
	return aor;
}

char *call_leg_subscriber(const struct call_leg *leg)
{
	const struct call *call = leg->call;
	struct sip_nameaddr address;
	char aor[REGISTRAR_AOR];

	if (leg->subscriber)
		return strdup(leg->subscriber);
	if (leg->trunk >= 0)
		return NULL;
	if (leg->side == MEDIA_LEG_A)
		return caller_of(call);
	if (!sip_parse_nameaddr(slice_str(leg->dialog->remote_uri), &address) ||
	    !registrar_aor_parse(address.uri, aor))
		return NULL;
	return strdup(aor);
}

/* By which somebody proved to us who he is; others may prove it to others. */
static bool is_for_us(const struct call_policy *p, struct slice value)
{
	struct sip_credentials c;
	size_t i;

	if (sip_credentials_parse(value, &c))
		return false;
	for (i = 0; i < p->ndomains; i++)
		if (sip_quoted_eq(c.realm, slice_str(p->domains[i].auth_realm)))
			return true;
	return false;
}

/* A subscriber's own words about who he is end here, and so does any proof to us. */
bool call_caller_keeps(const struct call_passage *p, const struct sip_hdr *hdr)
{
	const struct call *call = p->from->call;

	switch (hdr->id) {
	case SIP_HDR_P_ASSERTED_IDENTITY:
	case SIP_HDR_P_PREFERRED_IDENTITY:
		return p->from->subscriber ||
		       (call->domain && !call->transferred_from && p->from == call->all[0]);
	case SIP_HDR_AUTHORIZATION:
		return is_for_us(call->policy, hdr->value);
	default:
		return false;
	}
}

void call_caller_assert(struct call_passage *p)
{
	char *aor = p->out && p->out->trusted ? call_leg_subscriber(p->from) : NULL;

	if (aor)
		buf_printf(&p->lines, "P-Asserted-Identity: <sip:%s>\r\n", aor);
	free(aor);
}

/* --- how many calls he has --- */

struct call_usage {
	struct hash_node node;
	u32 calls;
	char who[];
};

static u64 hash_of(const struct call_engine *e, const char *who)
{
	struct hasher h;

	hash_begin(&h, &e->usage_key);
	hash_add(&h, slice_str(who));
	return hash_end(&h);
}

static struct call_usage *find_usage(const struct call_engine *e, const char *who)
{
	struct hash_node *node = hash_first(&e->usage, hash_of(e, who));

	for (; node; node = hash_next(node)) {
		struct call_usage *u = hash_entry(node, struct call_usage, node);

		if (!strcmp(u->who, who))
			return u;
	}
	return NULL;
}

static struct call_usage *need_usage(struct call_engine *e, const char *who)
{
	struct call_usage *u = find_usage(e, who);

	if (u)
		return u;
	u = zalloc(sizeof(*u) + strlen(who) + 1);
	if (!u)
		return NULL;
	strcpy(u->who, who);
	hash_insert(&e->usage, &u->node, hash_of(e, who));
	return u;
}

int call_usage_take(struct call_engine *e, struct call *call, u32 limit)
{
	char who[SIP_AUTH_USER + 64];

	snprintf(who, sizeof(who), "%s@%s", call->user, call->domain->name);
	call->usage = need_usage(e, who);
	if (!call->usage)
		return -ENOMEM;
	call->usage->calls++;
	return limit && call->usage->calls > limit ? -EBUSY : 0;
}

void call_usage_put(struct call_engine *e, struct call *call)
{
	if (!call->usage || --call->usage->calls)
		return;
	hash_remove(&e->usage, &call->usage->node);
	free(call->usage);
}
