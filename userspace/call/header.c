// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What passes from one leg to the other. One table says of each header whether
 * it belongs to a leg (and is written anew there, or ends here) or to the call
 * (and passes, as it is or in the words of the other side). Who may hear what of a
 * person is a matter of trust (identity.c), as is a header that is not in the table.
 * Whatever would show one leg's addresses, tags or Call-ID to the other, or
 * promise an extension that the other leg does not have, stays behind.
 */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "call/header_private.h"

enum passage {
	DROPPED,	/* would reveal the other leg, or name what we do not do */
	REGENERATED,	/* each leg has its own, written by sip/ or by call/ */
	CONSUMED,	/* meant for us */
	PASSED,
	OPAQUE,		/* what one end proves to the other: passes as it is or not at all */
	ADDRESSES,	/* those in it are mapped */
	WARNING,
	REASON,
	IDENTITY,	/* passes by trust, */
	IDENTITIES,	/* or is mapped then */
};

static const u8 passages[SIP_HDR_COUNT] = {
	[SIP_HDR_VIA]			= REGENERATED,
	[SIP_HDR_FROM]			= REGENERATED,
	[SIP_HDR_TO]			= REGENERATED,
	[SIP_HDR_CALL_ID]		= REGENERATED,
	[SIP_HDR_CSEQ]			= REGENERATED,
	[SIP_HDR_CONTACT]		= REGENERATED,
	[SIP_HDR_MAX_FORWARDS]		= REGENERATED,
	[SIP_HDR_CONTENT_LENGTH]	= REGENERATED,
	[SIP_HDR_CONTENT_TYPE]		= REGENERATED,
	[SIP_HDR_CONTENT_ENCODING]	= REGENERATED,
	[SIP_HDR_CONTENT_DISPOSITION]	= REGENERATED,
	[SIP_HDR_CONTENT_LANGUAGE]	= REGENERATED,
	[SIP_HDR_MIME_VERSION]		= REGENERATED,
	[SIP_HDR_USER_AGENT]		= REGENERATED,
	[SIP_HDR_SERVER]		= REGENERATED,
	[SIP_HDR_ALLOW]			= REGENERATED,
	[SIP_HDR_ACCEPT]		= REGENERATED,
	[SIP_HDR_ACCEPT_ENCODING]	= REGENERATED,
	[SIP_HDR_SUPPORTED]		= REGENERATED,
	[SIP_HDR_ALLOW_EVENTS]		= REGENERATED,

	[SIP_HDR_ROUTE]			= CONSUMED,
	[SIP_HDR_RECORD_ROUTE]		= CONSUMED,
	[SIP_HDR_REQUIRE]		= CONSUMED,
	[SIP_HDR_PROXY_REQUIRE]		= CONSUMED,
	[SIP_HDR_UNSUPPORTED]		= CONSUMED,
	[SIP_HDR_TIMESTAMP]		= CONSUMED,
	[SIP_HDR_RSEQ]			= CONSUMED,
	[SIP_HDR_RACK]			= CONSUMED,
	[SIP_HDR_SESSION_EXPIRES]	= CONSUMED,
	[SIP_HDR_MIN_SE]		= CONSUMED,
	[SIP_HDR_REPLACES]		= CONSUMED,

	[SIP_HDR_EVENT]			= DROPPED,
	[SIP_HDR_SUBSCRIPTION_STATE]	= DROPPED,
	[SIP_HDR_SIP_ETAG]		= DROPPED,
	[SIP_HDR_SIP_IF_MATCH]		= DROPPED,
	[SIP_HDR_MIN_EXPIRES]		= DROPPED,
	[SIP_HDR_PATH]			= DROPPED,
	[SIP_HDR_SERVICE_ROUTE]		= DROPPED,
	[SIP_HDR_JOIN]			= DROPPED,
	[SIP_HDR_IN_REPLY_TO]		= DROPPED,
	[SIP_HDR_TARGET_DIALOG]		= DROPPED,
	[SIP_HDR_REFER_TO]		= DROPPED,
	[SIP_HDR_REFERRED_BY]		= DROPPED,
	[SIP_HDR_REFER_SUB]		= DROPPED,
	[SIP_HDR_ACCEPT_CONTACT]	= DROPPED,
	[SIP_HDR_REJECT_CONTACT]	= DROPPED,
	[SIP_HDR_REQUEST_DISPOSITION]	= DROPPED,

	[SIP_HDR_ACCEPT_LANGUAGE]	= PASSED,
	[SIP_HDR_DATE]			= PASSED,
	[SIP_HDR_EXPIRES]		= PASSED,
	[SIP_HDR_PRIORITY]		= PASSED,
	[SIP_HDR_INFO_PACKAGE]		= PASSED,
	[SIP_HDR_RECV_INFO]		= PASSED,
	[SIP_HDR_RETRY_AFTER]		= PASSED,
	[SIP_HDR_IDENTITY]		= OPAQUE,
	[SIP_HDR_AUTHENTICATION_INFO]	= OPAQUE,
	[SIP_HDR_AUTHORIZATION]		= OPAQUE,
	[SIP_HDR_PROXY_AUTHENTICATE]	= OPAQUE,
	[SIP_HDR_PROXY_AUTHORIZATION]	= OPAQUE,
	[SIP_HDR_WWW_AUTHENTICATE]	= OPAQUE,
	[SIP_HDR_ALERT_INFO]		= ADDRESSES,
	[SIP_HDR_ERROR_INFO]		= ADDRESSES,
	[SIP_HDR_WARNING]		= WARNING,
	[SIP_HDR_REASON]		= REASON,
	[SIP_HDR_PRIVACY]		= IDENTITY,
	[SIP_HDR_SUBJECT]		= IDENTITY,
	[SIP_HDR_ORGANIZATION]		= IDENTITY,
	[SIP_HDR_P_ASSERTED_IDENTITY]	= IDENTITIES,
	[SIP_HDR_P_PREFERRED_IDENTITY]	= IDENTITIES,
	[SIP_HDR_HISTORY_INFO]		= IDENTITIES,
	[SIP_HDR_DIVERSION]		= IDENTITIES,
	[SIP_HDR_REPLY_TO]		= IDENTITIES,
	[SIP_HDR_CALL_INFO]		= IDENTITIES,
};

bool call_header_is_ours(struct slice name)
{
	u8 passage = passages[sip_hdr_id_of(name)];

	return passage == REGENERATED || passage == CONSUMED;
}

/* What sip/ never asks for has no id. */
static bool other_passes(const struct call_passage *p, struct slice name)
{
	/* RFC 7989, RFC 7433: from one end to the other, and meant to be the same there */
	static const char *const always[] = { "Session-ID", "User-to-User" };
	/* RFC 5626, RFC 5393, RFC 7315: between neighbours, and of the network that we hide */
	static const char *const never[] = {
		"Flow-Timer", "Max-Breadth", "P-Charging-Vector", "P-Charging-Function-Addresses",
		"P-RTP-Stat",
	};
	size_t i;

	for (i = 0; i < sizeof(always) / sizeof(*always); i++)
		if (slice_caseeq(name, slice_str(always[i])))
			return true;
	for (i = 0; i < sizeof(never) / sizeof(*never); i++)
		if (slice_caseeq(name, slice_str(never[i])))
			return false;
	return call_unknown_passes(p, name);
}

static void copy(struct call_passage *p, const struct sip_hdr *hdr)
{
	if (call_names_in(&p->names, hdr->value))
		return;
	if (hdr->id == SIP_HDR_OTHER)
		buf_add(&p->lines, hdr->name);
	else
		buf_str(&p->lines, sip_hdr_info(hdr->id)->name);
	buf_str(&p->lines, ": ");
	call_add_unfolded(&p->lines, hdr->value);
	buf_str(&p->lines, "\r\n");
}

static void pass(struct call_passage *p, const struct sip_hdr *hdr)
{
	switch (passages[hdr->id]) {
	case PASSED:
	case OPAQUE:
		copy(p, hdr);
		break;
	case ADDRESSES:
		call_map_addresses(p, hdr);
		break;
	case WARNING:
		call_map_warning(p, hdr);
		break;
	case REASON:
		call_map_reason(p, hdr);
		break;
	case IDENTITY:
		if (call_identity_passes(p, hdr))
			copy(p, hdr);
		break;
	case IDENTITIES:
		if (call_identity_passes(p, hdr))
			call_map_addresses(p, hdr);
		break;
	}
}

/* What the route says of the callee's side; a restored call has only its first route. */
static const struct call_rewrite *rewrite_of(const struct call_leg *to)
{
	const struct call_routed *routed = to->root ? to->root->routed : NULL;
	const struct call_route *route = routed ? routed->route : to->call->route;

	return to->side == MEDIA_LEG_B && route ? route->rewrite : NULL;
}

static void pass_all(struct call_passage *p)
{
	const struct call_rewrite *rewrite = rewrite_of(p->to);
	const struct sip_msg *msg = p->msg;
	size_t i;

	for (i = 0; i < msg->nhdrs; i++) {
		const struct sip_hdr *hdr = &msg->hdrs[i];
		struct slice name = hdr->id == SIP_HDR_OTHER ? hdr->name :
				    slice_str(sip_hdr_info(hdr->id)->name);

		if (call_dropped(p, name) || call_rewrite_removes(rewrite, name) ||
		    call_caller_keeps(p, hdr))
			continue;
		if (hdr->id != SIP_HDR_OTHER)
			pass(p, hdr);
		else if (other_passes(p, name))
			copy(p, hdr);
	}
}

static const struct call_realm *realm_of(const struct call_leg *leg)
{
	return leg->realm < 0 ? NULL : &leg->call->policy->realms[leg->realm];
}

static void begin(struct call_passage *p, const struct call_engine *e, const struct call_leg *from,
		  const struct call_leg *to, const struct sip_msg *msg)
{
	u32 listener = to->dialog ? to->dialog->flow.listener : to->listener;

	p->msg = msg;
	p->from = from;
	p->to = to;
	p->in = realm_of(from);
	p->out = realm_of(to);
	call_print_host(&e->listeners[listener], p->host, sizeof(p->host));
	call_names_init(&p->names, &from->peer, msg);
	call_names_ours(&p->names, p->host);
	buf_init(&p->lines);
}

/*
 * Max-Forwards is written here because what the next leg gets depends on what
 * this one had; 70 is the RFC's start value (RFC 3261 §8.1.1.6).
 */
static void add_max_forwards(struct call_passage *p)
{
	if (p->msg->request)
		buf_printf(&p->lines, "Max-Forwards: %u\r\n",
			   p->msg->max_forwards > 0 ? (u32)p->msg->max_forwards - 1 : 70);
}

/* What may be asked in to's dialog: of us, or of who sent msg, as he says. */
static void add_refer(struct call_passage *p)
{
	enum call_transfer_mode mode = call_refer_mode(p->to);

	if (mode == CALL_TRANSFER_HANDLE)
		buf_str(&p->lines, CALL_ALLOW_REFER);
	if (mode != CALL_TRANSFER_PASS || call_refer_mode(p->from) != mode)
		return;
	buf_str(&p->lines, sip_msg_lists(p->msg, SIP_HDR_ALLOW, "REFER") ?
		"Allow: REFER, NOTIFY\r\n" : "Allow: NOTIFY\r\n");
	if (sip_msg_supports(p->msg, "norefersub"))
		buf_str(&p->lines, "Supported: norefersub\r\n");
}

static char *take(struct call_passage *p)
{
	buf_str(&p->lines, "");
	return buf_take(&p->lines);
}

char *call_headers_pass(const struct call_engine *e, const struct call_leg *from,
			const struct call_leg *to, const struct sip_msg *msg)
{
	struct call_passage p;

	begin(&p, e, from, to, msg);
	add_max_forwards(&p);
	pass_all(&p);
	return take(&p);
}

/*
 * A body that passes as it is keeps what says how to read it; an answer, what says which ones
 * can be read.
 */
static const u8 of_bodies[] = {
	SIP_HDR_CONTENT_DISPOSITION, SIP_HDR_CONTENT_ENCODING, SIP_HDR_CONTENT_LANGUAGE,
	SIP_HDR_MIME_VERSION, SIP_HDR_ACCEPT, SIP_HDR_ACCEPT_ENCODING,
};

static const u8 of_events[] = {
	SIP_HDR_ALLOW_EVENTS, SIP_HDR_SUBSCRIPTION_STATE, SIP_HDR_SIP_ETAG, SIP_HDR_SIP_IF_MATCH,
	SIP_HDR_MIN_EXPIRES,
};

/* What may be unsupported there is what it requires (refer_map.c). */
static const u8 of_refer[] = { SIP_HDR_REFER_SUB, SIP_HDR_UNSUPPORTED };

/* Of what is said of one in a call; Event is another one there. */
static const u8 of_refers[] = {
	SIP_HDR_REFER_SUB, SIP_HDR_SUBSCRIPTION_STATE, SIP_HDR_ALLOW_EVENTS, SIP_HDR_MIN_EXPIRES,
	SIP_HDR_UNSUPPORTED,
};

static bool is_of_refer(enum sip_method method)
{
	return method == SIP_REFER || method == SIP_NOTIFY || method == SIP_SUBSCRIBE;
}

static void pass_these(struct call_passage *p, const u8 *ids, size_t n)
{
	size_t i;

	for (i = 0; i < p->msg->nhdrs; i++)
		if (memchr(ids, p->msg->hdrs[i].id, n))
			copy(p, &p->msg->hdrs[i]);
}

char *call_headers_carry(const struct call_engine *e, const struct call_leg *from,
			 const struct call_leg *to, const struct sip_msg *msg)
{
	struct call_passage p;

	begin(&p, e, from, to, msg);
	add_max_forwards(&p);
	pass_all(&p);
	pass_these(&p, of_bodies, sizeof(of_bodies));
	if (is_of_refer(msg->method))
		pass_these(&p, of_refers, sizeof(of_refers));
	return take(&p);
}

static void add_event(struct call_passage *p, const struct call_engine *e, const char *event)
{
	char *own = NULL;

	if (!event) {
		call_event_there(e, p->to, p->msg, &own);
		p->lines.failed |= !own && sip_msg_header(p->msg, SIP_HDR_EVENT);
		event = own && !call_names_in(&p->names, slice_str(own)) ? own : NULL;
	}
	if (event)
		buf_printf(&p->lines, "Event: %s\r\n", event);
	free(own);
}

/*
 * Both ends agree on a package, or on an entity-tag, and not with us. RFC 3261 §21.4.6: a 405
 * says what is allowed instead.
 */
char *call_headers_about(const struct call_engine *e, const struct call_leg *from,
			 const struct call_leg *to, const struct sip_msg *msg, const char *event)
{
	struct call_passage p;

	begin(&p, e, from, to, msg);
	if (!msg->request && msg->status == 405)
		call_allow_common(&p.lines, msg);
	add_max_forwards(&p);
	pass_all(&p);
	pass_these(&p, of_bodies, sizeof(of_bodies));
	pass_these(&p, of_events, sizeof(of_events));
	add_event(&p, e, event);
	if (msg->method == SIP_REFER)
		pass_these(&p, of_refer, sizeof(of_refer));
	if (msg->request && from == from->call->all[0])
		call_caller_assert(&p);
	if (msg->request && to->routed && to->routed->lines)
		buf_str(&p.lines, to->routed->lines);
	return take(&p);
}

char *call_headers_apart(const struct call_engine *e, const struct call_leg *from,
			 const struct call_leg *to, const struct sip_msg *msg)
{
	return call_headers_about(e, from, to, msg, NULL);
}

char *call_headers_answer(const struct call_engine *e, const struct call_leg *from,
			  const struct call_leg *to, const struct sip_msg *msg)
{
	struct call_passage p;

	begin(&p, e, from, to, msg);
	buf_str(&p.lines, CALL_ALLOW CALL_SUPPORTED);
	add_refer(&p);
	pass_all(&p);
	return take(&p);
}

/*
 * Without an offer a reliable response may make one, which the caller must be able to answer
 * in his PRACK.
 */
char *call_headers_invite(const struct call_engine *e, const struct call_leg *to,
			  const struct sip_msg *msg, bool offer)
{
	bool reliable = offer || sip_msg_supports(msg, "100rel");
	struct call_passage p;

	begin(&p, e, to->call->all[0], to, msg);
	buf_str(&p.lines, CALL_ALLOW);
	buf_str(&p.lines, reliable ? CALL_SUPPORTED : CALL_SUPPORTED_LATE);
	add_refer(&p);
	add_max_forwards(&p);
	pass_all(&p);
	call_caller_assert(&p);
	if (to->call->transfer)
		call_transfer_lines(e, to, &p.lines);
	buf_str(&p.lines, to->routed->lines ? to->routed->lines : "");
	return take(&p);
}

char *call_headers_reason(const struct call_engine *e, const struct call_leg *from,
			  const struct call_leg *to, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_REASON);
	struct call_passage p;

	if (!hdr)
		return NULL;
	begin(&p, e, from, to, msg);
	for (; hdr; hdr = sip_msg_header_next(msg, hdr))
		call_map_reason(&p, hdr);
	return take(&p);
}

/*
 * A text that the far side wrote is no place to learn of it either. NULL: the usual words,
 * which nearly all write.
 */
char *call_phrase_pass(const struct call_leg *from, const struct sip_msg *msg)
{
	struct call_names names;

	if (!msg->reason.n || slice_eq(msg->reason, slice_str(sip_reason_phrase(msg->status))))
		return NULL;
	call_names_init(&names, &from->peer, msg);
	if (call_names_in(&names, msg->reason))
		return NULL;
	return slice_dup(msg->reason);
}

/* Room for every header of msg. */
static char *new_lines(const struct sip_msg *msg)
{
	size_t size = 256, i;

	for (i = 0; i < msg->nhdrs; i++)
		size += msg->hdrs[i].name.n + msg->hdrs[i].value.n + 4;
	return malloc(size);
}

/* In CALL_SUPPORTED; a registrar knows Path (RFC 3327) besides, REFER RFC 4488 and RFC 4538. */
static bool is_supported(const struct sip_msg *msg, struct slice tag)
{
	return (msg->method == SIP_REGISTER && slice_caseeq(tag, SLICE("path"))) ||
	       (msg->method == SIP_REFER && (slice_caseeq(tag, SLICE("norefersub")) ||
					     slice_caseeq(tag, SLICE("tdialog")))) ||
	       slice_caseeq(tag, SLICE("100rel")) || slice_caseeq(tag, SLICE("timer")) ||
	       slice_caseeq(tag, SLICE("replaces"));
}

char *call_headers_unsupported(const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_REQUIRE);
	char *lines = new_lines(msg), *end = lines;
	const char *separator = "Unsupported: ";
	struct slice rest, tag;

	for (; lines && hdr; hdr = sip_msg_header_next(msg, hdr)) {
		rest = hdr->value;
		while (sip_next_element(&rest, &tag)) {
			if (is_supported(msg, tag))
				continue;
			end += sprintf(end, "%s" SLICE_FMT, separator, SLICE_ARG(tag));
			separator = ",";	/* no longer than theirs */
		}
	}
	if (end != lines) {
		strcpy(end, "\r\n");
		return lines;
	}
	free(lines);
	return NULL;
}

char *call_warning(const struct media_refusal *refusal)
{
	char *line, *at;

	if (asprintf(&line, "Warning: %u jalur \"%s\"\r\n",
		     refusal->warning ? refusal->warning : 399, refusal->text) < 0)
		return NULL;
	/* The text may quote the SDP: keep it one quoted string. */
	for (at = strchr(line, '"') + 1; at < line + strlen(line) - 3; at++)
		if (*at == '"' || *at == '\\' || (u8)*at < ' ')
			*at = '\'';
	return line;
}
