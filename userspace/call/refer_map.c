// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a REFER that is passed on says, in the words of who gets it. Whom to call is called
 * through us: our address stands in Refer-To, but one of our domains stays, since it leads here.
 * The dialog in Replaces is one with the referrer, whose Call-ID and tag nobody else is to see:
 * it goes by its alias, by which call_replaces_find() knows it. What cannot be said there
 * is refused, since the rest of it would be another request.
 */
#include <stdlib.h>

#include "call/header_private.h"
#include "call/transfer_private.h"

static u16 refuse(const char **why, u16 status, const char *text)
{
	*why = text;
	return status;
}

/* Where to's peer finds us: host, port and transport of our Contact. */
static void add_our_place(struct buf *b, const struct call_leg *to)
{
	struct slice contact = slice_str(to->dialog->local_contact), transport;
	struct sip_nameaddr address;
	struct sip_uri uri;

	if (!sip_parse_nameaddr(contact, &address) || !sip_uri_parse(address.uri, &uri)) {
		b->failed = true;
		return;
	}
	buf_printf(b, memchr(uri.host.p, ':', uri.host.n) ? "[" SLICE_FMT "]" : SLICE_FMT,
		   SLICE_ARG(uri.host));
	if (uri.port)
		buf_printf(b, ":%u", uri.port);
	if (sip_param(uri.params, "transport", &transport))
		buf_printf(b, ";transport=" SLICE_FMT, SLICE_ARG(transport));
}

static void add_uri(struct call_engine *e, struct buf *b, const struct call_leg *to,
		    struct slice text)
{
	struct slice user = call_uri_user(text), phone;
	struct sip_uri uri;

	if (!sip_uri_parse(text, &uri) || uri.kind == SIP_URI_TEL) {
		buf_add(b, text);
		return;
	}
	buf_printf(b, "%s:" SLICE_FMT "%s", uri.kind == SIP_URI_SIPS ? "sips" : "sip",
		   SLICE_ARG(user), user.n ? "@" : "");
	if (call_policy_domain(e->policy, uri.host))
		buf_add(b, uri.host);
	else
		add_our_place(b, to);
	if (sip_param(uri.params, "user", &phone) && slice_caseeq(phone, SLICE("phone")))
		buf_str(b, ";user=phone");
}

/* RFC 4538: the leg whose dialog Target-Dialog names; NULL: none of ours. */
static struct call_leg *find_target(struct call_engine *e, const struct sip_msg *msg)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_TARGET_DIALOG);
	const struct sip_dialog *d;
	struct sip_replaces named;

	if (!hdr || !sip_parse_target_dialog(hdr->value, &named))
		return NULL;
	d = sip_dialog_of_ids(e->sip, named.call_id, named.to_tag, named.from_tag);
	return d ? call_leg_find(e, d->user) : NULL;
}

/* Only his own dialogs, as where we carry it out (attended.c). */
static u16 find_replaced(struct call_engine *e, const struct call_leg *from,
			 const struct sip_msg *msg, const struct call_refer_to *asked,
			 struct call_leg **leg, bool *early_only, const char **why)
{
	const struct call_leg *target = find_target(e, msg);
	struct call_source source;

	*leg = NULL;
	if (!asked->replaces[0])
		return 0;
	if (!call_transfer_source(e, from, &source))
		return refuse(why, 403, "who is there is in the configuration no more");
	if (!call_refer_to_is_ours(e, asked, leg, early_only) || !*leg ||
	    (*leg)->call == from->call || (target && target->call == (*leg)->call) ||
	    !call_transfer_is_his(e, *leg, &source))
		return refuse(why, 603, "Replaces names no other call of the referrer here");
	return (*leg)->call->state == CALL_ENDING ?
	       refuse(why, 603, "the call to replace is over") : 0;
}

static void add_replaced(struct call_engine *e, struct buf *b, struct call_leg *leg,
			 bool early_only)
{
	const char *alias = sip_dialog_alias(e->sip, leg->dialog);

	buf_printf(b, "?Replaces=%s%%3Bto-tag%%3D%s%%3Bfrom-tag%%3D%s%s", alias,
		   leg->dialog->local_tag, alias, early_only ? "%3Bearly-only" : "");
	call_store(e, leg->call);
}

static u16 add_refer_to(struct call_engine *e, struct buf *b, const struct call_leg *from,
			const struct call_leg *to, const struct sip_msg *msg, const char **why)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_REFER_TO);
	struct call_refer_to asked;
	struct call_names names;
	struct call_leg *replaced;
	bool early_only = false;
	size_t at;
	u16 status;

	if (!hdr || sip_msg_header_next(msg, hdr))
		return refuse(why, 400, "one Refer-To is needed");
	status = call_refer_to_read(hdr->value, &asked, why);
	if (!status)
		status = find_replaced(e, from, msg, &asked, &replaced, &early_only, why);
	if (status)
		return status;
	buf_str(b, "Refer-To: <");
	at = b->n;
	add_uri(e, b, to, asked.uri);
	call_names_init(&names, &from->peer, msg);
	if (!b->failed && call_names_in(&names, slice_of(b->p + at, b->n - at)))
		return refuse(why, 603, "Refer-To has a name of the referrer's side");
	if (replaced)
		add_replaced(e, b, replaced, early_only);
	buf_str(b, ">\r\n");
	return 0;
}

/* RFC 3892, as where we carry it out: a subscriber always, others as they say. */
static void add_referred_by(struct buf *b, const struct call_leg *from,
			    const struct sip_msg *msg, const char *host)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_REFERRED_BY);
	char *subscriber = call_leg_subscriber(from);
	struct slice user = SLICE("");
	struct sip_nameaddr address;

	if (hdr && sip_parse_nameaddr(hdr->value, &address))
		user = call_uri_user(address.uri);
	if (subscriber)
		buf_printf(b, "Referred-By: <sip:%s>\r\n", subscriber);
	else if (user.n)
		buf_printf(b, "Referred-By: <sip:" SLICE_FMT "@%s>\r\n", SLICE_ARG(user), host);
	free(subscriber);
}

/*
 * The dialog that both of them are in is another one there. A REFER outside of it was judged by
 * that alone, and has to be there, too.
 */
static void add_target_dialog(struct call_engine *e, struct buf *b, const struct call_leg *from,
			      const struct call_leg *to, const struct sip_msg *msg)
{
	const struct call_leg *target = find_target(e, msg), *behind = NULL;
	bool apart = from->call->replacement;

	if (target && target == from)
		behind = to;
	else if (target && apart)
		behind = call_leg_behind(e, target->dialog);
	if (!behind)
		return;
	buf_printf(b, "Target-Dialog: %s;local-tag=%s;remote-tag=%s\r\n",
		   behind->dialog->call_id, behind->dialog->local_tag,
		   behind->dialog->remote_tag);
	if (apart && sip_msg_requires(msg, "tdialog"))
		buf_str(b, "Require: tdialog\r\n");
}

u16 call_refer_map(struct call_engine *e, const struct call_leg *from, const struct call_leg *to,
		   const struct sip_msg *msg, char **lines, const char **why)
{
	char host[ADDR_STRLEN + 2];
	struct buf b;
	u16 status;

	*lines = NULL;
	buf_init(&b);
	status = add_refer_to(e, &b, from, to, msg, why);
	if (status) {
		buf_free(&b);
		return status;
	}
	call_print_host(&e->listeners[to->dialog->flow.listener], host, sizeof(host));
	if (to->realm >= 0 && to->call->policy->realms[to->realm].trusted)
		add_referred_by(&b, from, msg, host);
	add_target_dialog(e, &b, from, to, msg);
	if (sip_msg_requires(msg, "norefersub"))
		buf_str(&b, "Require: norefersub\r\n");
	else if (sip_msg_supports(msg, "norefersub"))
		buf_str(&b, "Supported: norefersub\r\n");
	buf_str(&b, "");
	*lines = buf_take(&b);
	return *lines ? 0 : refuse(why, 503, "no memory");
}
