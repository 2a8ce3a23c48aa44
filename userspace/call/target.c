// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whom the far side's INVITE names: the caller's user and display name, with
 * our host, and the called user, with the trunk's. The hosts of one leg stay on
 * that leg.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "call/header_private.h"

/* RFC 3323 §4.1.1.3 */
#define ANONYMOUS "\"Anonymous\" <sip:anonymous@anonymous.invalid>"

/* What may stand before the '@' without quoting (RFC 3261 §25.1), escapes included. */
static bool user_is_plain(struct slice user)
{
	size_t i;

	for (i = 0; i < user.n; i++)
		if (user.p[i] <= ' ' || user.p[i] >= 0x7f || strchr("<>\"@\\`{|}^[]", user.p[i]))
			return false;
	return user.n > 0;
}

struct slice call_uri_user(struct slice text)
{
	struct sip_uri uri;

	if (!sip_uri_parse(text, &uri) || !user_is_plain(uri.user))
		return SLICE("");
	return uri.user;
}

/* A host that says "nobody" says it on every leg (RFC 3323 §4.1.1.3). */
bool call_hides_caller(const struct sip_uri *from)
{
	return slice_caseeq(from->host, SLICE("anonymous.invalid"));
}

static bool is_printable(struct slice text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		if ((u8)text.p[i] < ' ' || text.p[i] == 0x7f)
			return false;
	return true;
}

static bool hides_caller(const struct sip_msg *msg)
{
	struct sip_uri uri;

	return sip_uri_parse(msg->from.uri, &uri) && call_hides_caller(&uri);
}

/* What he calls himself, unless it is not his, or the route has it otherwise. */
static struct slice caller_of(const struct call_leg *to, const struct sip_msg *msg)
{
	if (to->routed->from)
		return slice_str(to->routed->from);
	if (to->call->renamed)
		return slice_str(to->call->user);
	/* what a subscriber puts in front of it is not proved to be his */
	return to->call->domain && hides_caller(msg) ? SLICE("anonymous") :
						       call_uri_user(msg->from.uri);
}

static char *print_from(const struct call_leg *to, const struct sip_msg *msg, const char *host)
{
	struct slice user = caller_of(to, msg);
	struct slice display = msg->from.display;
	struct call_names names;

	call_names_init(&names, &to->call->all[0]->peer, msg);
	if (to->call->renamed || !is_printable(display) ||
	    (display.n && call_names_in(&names, display)))
		display = SLICE("");
	if (!to->call->renamed && hides_caller(msg))
		host = "anonymous.invalid";
	return buf_format(SLICE_FMT "%s<sip:" SLICE_FMT "%s%s>", SLICE_ARG(display),
			  display.n ? " " : "", SLICE_ARG(user), user.n ? "@" : "", host);
}

char *call_target_uri(struct slice user, const char *target)
{
	const char *host = strchr(target, ':') ? strchr(target, ':') + 1 : target;

	if (!user.n || strchr(target, '@'))
		return strdup(target);
	return buf_format("%.*s" SLICE_FMT "@%s", (int)(host - target), target, SLICE_ARG(user),
			  host);
}

void call_print_host(const struct sip_listener *listener, char *host, size_t size)
{
	const struct addr *a = listener->advertise.family ? &listener->advertise : &listener->local;
	char text[ADDR_STRLEN];

	/* as it stands before a port, with brackets around IPv6 */
	addr_print(a, text);
	slice_copy(host, size, slice_of(text, (size_t)(strrchr(text, ':') - text)));
}

int call_target_make(struct call_target *target, const struct call_leg *to,
		     const struct sip_msg *msg, struct slice called, const char *uri,
		     const struct sip_listener *listener)
{
	bool anonymous = call_is_anonymous(to, msg);
	char host[ADDR_STRLEN + 2];

	call_print_host(listener, host, sizeof(host));
	*target = (struct call_target){
		.request_uri = call_target_uri(called, uri),
		.from = anonymous ? strdup(ANONYMOUS) : print_from(to, msg, host),
		.contact_user = slice_dup(anonymous ? SLICE("anonymous") :
						      caller_of(to, msg)),
	};
	target->to = target->request_uri ? buf_format("<%s>", target->request_uri) : NULL;
	if (!target->from || !target->to || !target->contact_user) {
		call_target_clear(target);
		return -ENOMEM;
	}
	target->dialog = (struct sip_dialog_target){
		.request_uri = slice_str(target->request_uri),
		.from = slice_str(target->from),
		.to = slice_str(target->to),
		.contact_user = slice_str(target->contact_user),
	};
	return 0;
}

void call_target_clear(struct call_target *target)
{
	free(target->request_uri);
	free(target->from);
	free(target->to);
	free(target->contact_user);
}
