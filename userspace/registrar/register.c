// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A REGISTER (RFC 3261 §10.3): every Contact is judged before anything changes. What it
 * brings is kept beside the table, and what it replaces or removes is marked; a commit
 * makes one of both, an abort forgets it.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "registrar/binding.h"
#include "sip/msg.h"

#define MALFORMED_EXPIRES 3600	/* RFC 3261 §10.2.1.1 */
#define AN_HOUR 3600		/* more is never too brief (§10.3 step 7) */
#define MAX_LISTED 48000	/* bytes of all Contacts: their 200 fits into a datagram */

struct judging {
	struct registrar *r;
	u64 now;
	const struct registrar_request *request;
	struct registrar_user *user;
	struct registrar_change *change;
	struct registrar_verdict verdict;
	struct buf params, path;	/* of one Contact; of all */
};

static bool refuse(struct judging *j, u16 status, const char *why)
{
	j->verdict.status = status;
	j->verdict.why = why;
	return false;
}

/* --- what was sent --- */

static struct slice header_value(const struct sip_msg *msg, enum sip_hdr_id id)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, id);

	return hdr ? hdr->value : SLICE("");
}

static u32 read_expires(struct slice text)
{
	u32 seconds;

	return slice_u32(text, &seconds) ? seconds : MALFORMED_EXPIRES;
}

static u32 wanted_expires(const struct judging *j, struct slice params)
{
	const struct sip_hdr *hdr = sip_msg_header(j->request->msg, SIP_HDR_EXPIRES);
	struct slice value;

	if (sip_param(params, "expires", &value))
		return read_expires(value);
	return hdr ? read_expires(hdr->value) : j->request->policy->standard;
}

/* What is said again in each 200; q and expires are numbers of the binding. */
static void copy_params(struct buf *to, struct slice params)
{
	const char *from = params.p;
	struct slice name, value;

	buf_reset(to);
	while (sip_next_param(&params, &name, &value) == 1) {
		if (!slice_caseeq(name, SLICE("q")) && !slice_caseeq(name, SLICE("expires")))
			buf_add(to, slice_of(from, (size_t)(params.p - from)));
		from = params.p;
	}
}

/* A name-addr, as Route wants it: what is kept here goes into a Route, and must be read again. */
static bool is_hop(struct slice element)
{
	struct sip_nameaddr address;
	struct sip_uri uri;

	return sip_parse_address(element, &address, &uri) &&
	       memchr(address.value.p, '<', address.value.n) &&
	       (uri.kind == SIP_URI_SIP || uri.kind == SIP_URI_SIPS);
}

/* All Path headers as one Route would have them (RFC 3327 §5.3). */
static bool copy_path(struct judging *j)
{
	const struct sip_msg *msg = j->request->msg;
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_PATH);
	struct slice rest, element;

	for (; hdr; hdr = sip_msg_header_next(msg, hdr)) {
		rest = hdr->value;
		while (sip_next_element(&rest, &element)) {
			if (!is_hop(element))
				return refuse(j, 400, "Path is no list of SIP URIs");
			if (j->path.n)
				buf_str(&j->path, ", ");
			buf_add(&j->path, element);
		}
	}
	return true;
}

static bool is_elsewhere(struct slice host, const struct addr *source)
{
	struct addr addr;

	return !addr_parse_ip(host, &addr) || !addr_ip_eq(&addr, source);
}

/*
 * An address in Contact or Via that is not the one it came from is one behind a NAT, and a
 * name is one that nobody asks for (RFC 7118 has names that lead nowhere). An edge proxy
 * that wrote a Path (RFC 3327) knows how to get there.
 */
static bool is_behind_nat(const struct judging *j, const struct sip_uri *uri)
{
	const struct sip_msg *msg = j->request->msg;
	const struct addr *source = &j->request->flow->peer;

	if (j->path.n)
		return false;
	return j->request->policy->nat || is_elsewhere(uri->host, source) ||
	       is_elsewhere(msg->via.host, source);
}

/* --- one Contact --- */

static struct registrar_binding *find_contact(const struct judging *j, struct slice uri)
{
	struct registrar_binding *b = j->user->first;

	while (b && !sip_uri_eq(registrar_binding_text(b, BINDING_URI), uri))
		b = b->next;
	return b;
}

/* Of a Contact that stands there twice the last one counts. */
static void forget_added(struct judging *j, struct slice uri)
{
	struct registrar_binding **at = &j->change->added, *b;

	while ((b = *at)) {
		if (!sip_uri_eq(registrar_binding_text(b, BINDING_URI), uri)) {
			at = &b->next;
			continue;
		}
		*at = b->next;
		registrar_binding_free(j->r, b);
	}
}

/* Of two requests of one user agent the later one counts, whichever came first. */
static bool is_out_of_order(const struct judging *j, const struct registrar_binding *b)
{
	const struct sip_msg *msg = j->request->msg;

	return slice_eq(registrar_binding_text(b, BINDING_CALL_ID), msg->call_id) &&
	       msg->cseq <= b->cseq;
}

static bool add_contact(struct judging *j, const struct sip_nameaddr *address,
			const struct sip_uri *uri, u32 expires)
{
	const struct sip_msg *msg = j->request->msg;
	const struct registrar_policy *policy = j->request->policy;
	struct slice texts[BINDING_TEXTS], q;
	struct registrar_binding *b, **end;

	copy_params(&j->params, address->params);
	texts[BINDING_URI] = address->uri;
	texts[BINDING_PARAMS] = buf_slice(&j->params);
	texts[BINDING_PATH] = buf_slice(&j->path);
	texts[BINDING_CALL_ID] = msg->call_id;
	texts[BINDING_AGENT] = header_value(msg, SIP_HDR_USER_AGENT);
	if (j->params.failed || j->path.failed)
		return refuse(j, 503, "no memory");
	if (registrar_texts_size(texts) > BINDING_MAX_TEXT)
		return refuse(j, 400, "a Contact that is too long");
	b = registrar_binding_new(j->r, texts);
	if (!b)
		return refuse(j, 503, "no memory");
	b->flow = *j->request->flow;
	b->expires = j->now + expires * NSEC_PER_SEC;
	b->cseq = msg->cseq;
	b->q = sip_param(address->params, "q", &q) ? sip_parse_q(q) : 1000;
	b->nat = is_behind_nat(j, uri);
	if (b->nat || b->flow.connection)
		b->keepalive = (u8)policy->keepalive;
	b->interval = policy->interval;
	for (end = &j->change->added; *end; end = &(*end)->next)
		;
	*end = b;
	return true;
}

/* RFC 3261 §10.3 step 7. */
static bool judge_contact(struct judging *j, struct slice element)
{
	const struct registrar_policy *policy = j->request->policy;
	struct registrar_binding *known;
	struct sip_nameaddr address;
	struct sip_uri uri;
	u32 expires;

	if (!sip_msg_contact(j->request->msg, element, &address, &uri) ||
	    (uri.kind != SIP_URI_SIP && uri.kind != SIP_URI_SIPS))
		return refuse(j, 400, "Contact is no SIP URI");
	expires = wanted_expires(j, address.params);
	if (expires && expires < policy->min && expires < AN_HOUR) {
		j->verdict.min_expires = policy->min;
		return refuse(j, 423, "Interval Too Brief");
	}
	if (expires > policy->max)
		expires = policy->max;
	known = find_contact(j, address.uri);
	if (known && is_out_of_order(j, known))
		return refuse(j, 500, "CSeq is not above the last one");
	if (known)
		known->going = true;
	forget_added(j, address.uri);
	return !expires || add_contact(j, &address, &uri, expires);
}

/* --- all of them --- */

/* RFC 3261 §10.3 step 6. */
static bool judge_all(struct judging *j)
{
	const struct sip_msg *msg = j->request->msg;
	const struct sip_hdr *contact = sip_msg_header(msg, SIP_HDR_CONTACT);
	const struct sip_hdr *expires = sip_msg_header(msg, SIP_HDR_EXPIRES);
	struct registrar_binding *b;

	if (sip_msg_header_next(msg, contact) || !expires || read_expires(expires->value))
		return refuse(j, 400, "\"*\" is for Expires: 0 alone");
	for (b = j->user->first; b; b = b->next) {
		if (is_out_of_order(j, b))
			return refuse(j, 500, "CSeq is not above the last one");
		b->going = true;
	}
	return true;
}

static bool is_all(const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_CONTACT);

	for (; hdr; hdr = sip_msg_header_next(msg, hdr))
		if (slice_eq(hdr->value, SLICE("*")))
			return true;
	return false;
}

static bool fits(struct judging *j)
{
	const struct registrar_binding *b;
	size_t bytes = 0;
	u32 n = 0;

	for (b = j->user->first; b; b = b->next) {
		n += !b->going;
		bytes += b->going ? 0 : registrar_printed_size(b);
	}
	for (b = j->change->added; b; b = b->next) {
		n++;
		bytes += registrar_printed_size(b);
	}
	if (n > j->request->policy->contacts || n > REGISTRAR_CONTACTS)
		return refuse(j, 403, "too many contacts");
	if (bytes > MAX_LISTED)
		return refuse(j, 403, "contacts that are too long together");
	return true;
}

static bool judge(struct judging *j)
{
	const struct sip_hdr *hdr = sip_msg_header(j->request->msg, SIP_HDR_CONTACT);
	struct slice rest, element;

	if (is_all(j->request->msg))
		return judge_all(j);
	for (; hdr; hdr = sip_msg_header_next(j->request->msg, hdr)) {
		rest = hdr->value;
		while (sip_next_element(&rest, &element))
			if (!judge_contact(j, element))
				return false;
	}
	return fits(j);
}

/* --- the change --- */

static bool begin(struct judging *j)
{
	const char *aor = j->request->aor;

	j->user = registrar_user_find(j->r, aor);
	if (j->user && j->user->change)
		return refuse(j, 503, "another change is under way");
	j->change = zalloc(sizeof(*j->change));
	if (j->change && !j->user)
		j->user = registrar_user_new(j->r, aor, 0);
	if (!j->change || !j->user) {
		free(j->change);
		return refuse(j, 503, "no memory");
	}
	j->r->nchanges++;
	j->change->user = j->user;
	j->user->change = j->change;
	return true;
}

/* A Contact that was never there, and goes: nothing to write. */
static bool is_empty(const struct registrar_change *change)
{
	const struct registrar_binding *b = change->user->first;

	while (b && !b->going)
		b = b->next;
	return !b && !change->added;
}

struct registrar_verdict registrar_register(struct registrar *r, u64 now,
					    const struct registrar_request *request)
{
	struct judging j = {
		.r = r, .now = now, .request = request, .verdict = { .status = 200 },
	};

	if (!sip_msg_header(request->msg, SIP_HDR_CONTACT) || !begin(&j))
		return j.verdict;
	buf_init(&j.params);
	buf_init(&j.path);
	if (!copy_path(&j) || !judge(&j) || is_empty(j.change)) {
		registrar_abort(r, j.change);
	} else {
		j.verdict.change = j.change;
		j.verdict.record = j.user->record;
	}
	buf_free(&j.params);
	buf_free(&j.path);
	return j.verdict;
}

bool registrar_is_busy(const struct registrar *r, const char *aor)
{
	const struct registrar_user *user = r->nchanges ? registrar_user_find(r, aor) : NULL;

	return user && user->change;
}

void registrar_commit(struct registrar *r, u64 now, struct registrar_change *change)
{
	struct registrar_user *user = change->user;
	struct registrar_binding *b;

	r->nchanges--;
	registrar_user_clear(r, user, true);
	while ((b = change->added)) {
		change->added = b->next;
		registrar_binding_add(r, user, b, registrar_next_keepalive(r, now, b, false));
	}
	user->change = NULL;
	free(change);
	registrar_user_settle(r, user);
}

void registrar_abort(struct registrar *r, struct registrar_change *change)
{
	struct registrar_user *user = change->user;
	struct registrar_binding *b;

	r->nchanges--;
	while ((b = change->added)) {
		change->added = b->next;
		registrar_binding_free(r, b);
	}
	for (b = user->first; b; b = b->next)
		b->going = false;
	user->change = NULL;
	free(change);
	registrar_user_settle(r, user);
}
