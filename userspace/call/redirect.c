// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a 3xx says (RFC 3261 §8.1.3.4, §21.3). Followed, each of its Contacts runs
 * through the routes as if the one who redirects had sent the call there himself:
 * whom he may not call he cannot make us call for him. Those with the highest q
 * are called at once, the others when these have failed. Passed on, the Contacts
 * keep their numbers and get our host, so the caller comes back here and is routed
 * by his own rights. Requests outside of calls follow in the same way (exchange.c): what
 * they begin elsewhere is a way out instead of a branch.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/call.h"
#include "call/register.h"

#define MAX_REDIRECTS 8		/* of a call, followed */
#define MAX_CONTACTS 8		/* of a response, looked at */

struct contact {
	struct slice uri, user;
	u16 q;			/* thousandths */
};

static bool read_contact(struct slice element, struct contact *contact)
{
	struct sip_nameaddr addr;
	struct sip_uri uri;
	struct slice q;

	if (!sip_parse_nameaddr(element, &addr) || !sip_uri_parse(addr.uri, &uri) ||
	    (uri.kind != SIP_URI_SIP && uri.kind != SIP_URI_TEL))
		return false;
	contact->uri = addr.uri;
	contact->user = call_uri_user(addr.uri);
	contact->q = sip_param(addr.params, "q", &q) ? sip_parse_q(q) : 1000;
	return contact->user.n;
}

static size_t read_contacts(const struct sip_msg *msg, struct contact contacts[MAX_CONTACTS])
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_CONTACT);
	struct slice rest, element;
	size_t n = 0;

	for (; hdr; hdr = sip_msg_header_next(msg, hdr)) {
		rest = hdr->value;
		while (n < MAX_CONTACTS && sip_next_element(&rest, &element))
			n += read_contact(element, &contacts[n]);
	}
	return n;
}

/* --- followed --- */

bool call_redirect_led(const struct call_leg *root, size_t trunk, struct slice user)
{
	return root->trunk == (int)trunk &&
	       slice_eq(root->user ? slice_str(root->user) :
			call_uri_user(call_first_request(root->call)->ruri), user);
}

bool call_redirect_called(const struct call *call, size_t trunk, struct slice user)
{
	size_t i;

	for (i = 0; i < call->nall; i++) {
		const struct call_leg *leg = call->all[i];

		if (leg->root == leg && call_redirect_led(leg, trunk, user))
			return true;
	}
	return false;
}

static bool was_named(const struct call *call, size_t trunk, struct slice user)
{
	const struct list *at;

	for (at = call->redirects.next; at != &call->redirects; at = at->next) {
		const struct call_redirect *r = list_entry(at, struct call_redirect, node);

		if (!r->contact && r->to.trunk == trunk && slice_eq(slice_str(r->user), user))
			return true;
	}
	return false;
}

/* Behind all that have the same q, or a higher one. */
static bool add(struct call *call, const struct call_destination *to, struct call_routed *routed,
		const struct contact *contact)
{
	struct call_redirect *r = zalloc(sizeof(*r));
	struct list *at = call->redirects.next;

	if (!r)
		return false;
	r->to = *to;
	r->to.q = contact->q;
	r->user = slice_dup(contact->user);
	if (!r->user) {
		free(r);
		return false;
	}
	r->routed = call_routed_get(routed);
	while (at != &call->redirects &&
	       list_entry(at, struct call_redirect, node)->to.q >= contact->q)
		at = at->next;
	list_add_tail(at, &r->node);
	call->nredirects++;
	return true;
}

/* What is asked of the caller's INVITE is asked of it as if root's trunk had sent it. */
static struct call_routed *route_of(const struct call_leg *root, const struct contact *contact)
{
	const struct call *call = root->call;
	struct call_routed *routed = NULL;
	struct call_choice choice;
	struct call_subject s;

	call_subject_init(&s, root->realm, root->trunk, &root->peer,
			  call_first_request(call));
	if (call->domain)
		call_subject_proved(&s, call->renamed ? call->user : NULL);
	call_subject_redirect(&s, root->realm, root->trunk, &root->peer, contact->uri);
	choice = call_route_find(call->policy, &s, NULL);
	if (!choice.route || choice.gave_up || choice.route->reject ||
	    call_routed_new(choice.route, &s, &routed))
		return NULL;
	return routed;
}

/* A place is called once, however many send us there (RFC 3261 §8.1.3.4). */
static size_t follow(const struct call_leg *root, const struct contact *contact,
		     call_redirect_was *asked)
{
	struct call_routed *routed = route_of(root, contact);
	const struct call_route *route = routed ? routed->route : NULL;
	struct call *call = root->call;
	size_t i, n = 0;

	for (i = 0; route && i < route->nto; i++)
		if (call->nredirects < MAX_REDIRECTS &&
		    !asked(call, route->to[i].trunk, contact->user) &&
		    !was_named(call, route->to[i].trunk, contact->user))
			n += add(call, &route->to[i], routed, contact);
	call_routed_put(routed);
	return n;
}

bool call_redirect_follow(const struct call_leg *root, const struct sip_msg *msg,
			  call_redirect_was *asked)
{
	struct contact contacts[MAX_CONTACTS];
	size_t i, n, found = 0;

	if (root->call->route->redirect != CALL_REDIRECT_FOLLOW || root->given_up ||
	    root->call->replacement ||
	    msg->status < 300 || msg->status > 302)
		return false;
	n = read_contacts(msg, contacts);
	for (i = 0; i < n; i++)
		found += follow(root, &contacts[i], asked);
	return found;
}

void call_redirect_free(struct call_redirect *r)
{
	list_del(&r->node);
	call_routed_put(r->routed);
	call_contact_free(r->contact);
	free(r->user);
	free(r);
}

void call_redirect_next(struct call_engine *e, u64 now, struct call *call)
{
	struct call_redirect *r;
	u16 q;

	if (list_empty(&call->redirects))
		return;
	q = list_entry(call->redirects.next, struct call_redirect, node)->to.q;
	while (!list_empty(&call->redirects) && call->state < CALL_ANSWERED) {
		r = list_entry(call->redirects.next, struct call_redirect, node);
		if (r->to.q != q)
			return;
		if (r->contact)
			call_branch_contact(e, now, call, r);
		else
			call_branch_start(e, now, call, &r->to, r->routed, r->user);
		r->user = NULL;
		call_redirect_free(r);
	}
}

void call_redirect_clear(struct call *call)
{
	while (!list_empty(&call->redirects))
		call_redirect_free(list_entry(call->redirects.next, struct call_redirect, node));
}

/* --- passed on --- */

/* Whoever asks outside of calls has no dialog, maybe. */
static char *own_contact(const struct call_engine *e, const struct call_leg *to)
{
	const struct sip_msg *msg;

	if (to->dialog)
		return strdup(to->dialog->local_contact);
	msg = call_first_request(to->call);
	return sip_contact(e->sip, to->listener, msg->uri.user, msg->uri.kind == SIP_URI_SIPS);
}

/* Our Contact towards who asked, "<sip:user@host;transport=tcp>", with other users. */
static char *add_contacts(const char *ours, const struct sip_msg *msg, char *headers)
{
	const char *user = strchr(ours, ':') + 1, *at = strchr(ours, '@');
	struct contact contacts[MAX_CONTACTS];
	size_t i, n = read_contacts(msg, contacts);
	char *lines;

	for (i = 0; i < n && headers; i++) {
		int len = asprintf(&lines, "%sContact: %.*s" SLICE_FMT "@%s;q=%u.%03u\r\n",
				   headers, (int)(user - ours), ours,
				   SLICE_ARG(contacts[i].user), at ? at + 1 : user,
				   contacts[i].q / 1000, contacts[i].q % 1000);

		free(headers);
		headers = len < 0 ? NULL : lines;
	}
	return headers;
}

char *call_redirect_pass(const struct call_engine *e, const struct call_leg *to,
			 const struct sip_msg *msg, char *headers)
{
	char *ours = headers ? own_contact(e, to) : NULL;

	if (ours)
		headers = add_contacts(ours, msg, headers);
	free(ours);
	return headers;
}
