// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The way of a branch to its peer (RFC 3263): the addresses of its trunk (hops.c) are tried
 * in order, until one answers with anything but 503, or what the trunk has for that
 * (§4.3): each with an offer of its own, since ports of one family are no good for the
 * other. A name is asked for first; whoever carries out effects says where it leads.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "call/register.h"
#include "call/trunk_state.h"

#define MAX_NAMES 65535

u32 call_name(struct call_engine *e, const char *text)
{
	char **names;
	u32 i;

	for (i = 0; i < e->nnames; i++)
		if (!strcmp(e->names[i], text))
			return i + 1;
	if (!*text || e->nnames == MAX_NAMES)
		return 0;
	names = realloc(e->names, (e->nnames + 1) * sizeof(*names));
	if (!names)
		return 0;
	e->names = names;
	names[e->nnames] = strdup(text);
	return names[e->nnames] ? ++e->nnames : 0;
}

const char *call_engine_name(const struct call_engine *e, u32 name)
{
	return name && name <= e->nnames ? e->names[name - 1] : NULL;
}

u32 call_engine_proved(struct call_engine *e, u32 listener,
		       bool (*is)(void *arg, const char *name), void *arg)
{
	const char *name = call_policy_tls_name(e->policy, listener, is, arg);

	return name ? call_name(e, name) : 0;
}

/* NULL: it goes to a contact. */
static const struct call_trunk *trunk_of(const struct call_leg *root)
{
	return root->trunk < 0 ? NULL : &root->call->policy->trunks[root->trunk];
}

/* The caller wants TLS on every hop (RFC 3261 §26.2.2). */
static bool caller_is_secure(const struct call_leg *root)
{
	return call_first_request(root->call)->uri.kind == SIP_URI_SIPS;
}

char *call_hop_uri(const struct call_leg *root)
{
	const struct call_hops *hops = root->hops;
	const char *uri = trunk_of(root)->targets[hops ? hops->list[hops->at].target : 0].uri;
	char *secure;

	if (!caller_is_secure(root) || strncasecmp(uri, "sip:", 4))
		return strdup(uri);
	return asprintf(&secure, "sips:%s", uri + 4) < 0 ? NULL : secure;
}

size_t call_hop_number(const struct call_leg *root)
{
	return root->hops ? root->hops->tried : 0;
}

void call_hops_clear(struct call_leg *root)
{
	call_hops_free(root->hops);
	root->hops = NULL;
}

/* --- forward --- */

/* The flow of a contact is known; is it what the caller wants? */
int call_hop_contact(const struct call_engine *e, const struct call_leg *root,
		     struct call_failure *f)
{
	if ((!root->contact->secure && !caller_is_secure(root)) ||
	    transport_secure(e->listeners[root->listener].transport))
		return 0;
	f->status = 480;
	f->headers = strdup(CALL_SIPS_WARNING);
	snprintf(f->text, sizeof(f->text), "sips: and no way by TLS");
	return -EPROTONOSUPPORT;
}

void call_hop_take(struct call_leg *root)
{
	const struct flow *flow = &root->hops->list[root->hops->at].flow;

	root->peer = flow->peer;
	root->listener = flow->listener;
	root->name = flow->name;
}

static int ask(struct call_engine *e, struct call_leg *root)
{
	struct call_ticket *t = call_ticket_new(e, root->call, CALL_TICKET_LOCATE);
	const struct call_hops *hops = root->hops;

	if (!t)
		return -ENOMEM;
	t->root = root;
	if (call_lookup_ask(e, t->ticket, hops->policy, hops->trunk, hops->order[hops->known],
			    hops->secure)) {
		call_ticket_free(t);
		return -ENOMEM;
	}
	return -EINPROGRESS;
}

/* To the next one, or to what leads there. As call_hop_first(). */
static int go_on(struct call_engine *e, u64 now, struct call_leg *root, struct call_failure *f)
{
	int err = call_hops_next(e, now, root->hops);

	if (!err)
		call_hop_take(root);
	if (err == -EINPROGRESS)
		return ask(e, root);
	if (err == -ENOENT && root->hops->last.status) {
		*f = root->hops->last;
		root->hops->last = (struct call_failure){ 0 };
	}
	return err;
}

int call_hop_first(struct call_engine *e, u64 now, struct call_leg *root, struct call_failure *f)
{
	if (!root->hops)
		root->hops = call_hops_new(e, root->call->policy, (size_t)root->trunk,
					   caller_is_secure(root));
	return root->hops ? go_on(e, now, root, f) : -ENOMEM;
}

static void try_next(struct call_engine *e, u64 now, struct call_leg *root)
{
	struct call_failure f = { .status = 503, .text = "no memory" };
	int err = go_on(e, now, root, &f);

	if (!err)
		err = call_branch_offer(e, now, root, &f);
	if (err && err != -EINPROGRESS)
		call_branch_failed(e, now, root, &f);
}

void call_engine_located(struct call_engine *e, u64 now, u64 ticket, int err, const char *text,
			 const char *domain, const struct hop *hops, size_t n)
{
	struct call_ticket *t = call_ticket_find(e, ticket);
	struct call_leg *root;
	struct call *call;

	e->clock = now;
	if (!t) {
		call_lookup_done(e, now, ticket, err, text, domain, hops, n);
		return;
	}
	if (t->kind != CALL_TICKET_LOCATE)
		return;
	root = t->root;
	call = t->call;
	call_ticket_free(t);
	if (root->state == CALL_LEG_NONE && call->state < CALL_ANSWERED) {
		call_hops_found(e, now, root->hops, err, text, domain, hops, n);
		try_next(e, now, root);
	}
	call_store(e, call);
	call_settle(e, now, call);
}

/* --- the next one --- */

/* Nobody there, or nobody who could (RFC 3263 §4.3). */
static bool was_unreached(const struct sip_event *ev)
{
	if (ev->type == SIP_EVENT_RESPONSE)
		return ev->msg->status == 503;
	return ev->type == SIP_EVENT_FAILED || ev->type == SIP_EVENT_TIMEOUT;
}

void call_hop_unreached(struct call_engine *e, u64 now, const struct call_leg *root)
{
	effects_flow(&e->effects, EFFECT_UNREACHED, &root->dialog->flow);
	if (trunk_of(root))
		call_way_failed(e, now, root->call->policy, (size_t)root->trunk,
				&root->dialog->flow);
}

/* Whoever rang is there, whatever he says then. */
bool call_hop_next(struct call_engine *e, u64 now, struct call_leg *root,
		   const struct sip_event *ev)
{
	const struct call_trunk *trunk = trunk_of(root);
	bool unreached = was_unreached(ev);

	if (root->state != CALL_LEG_INVITED || root->twin || !root->dialog ||
	    (!unreached && (ev->type != SIP_EVENT_RESPONSE ||
			    !trunk || !call_codes_have(&trunk->failover, ev->msg->status))))
		return false;
	if (unreached)
		call_hop_unreached(e, now, root);
	if (!root->hops || !call_hops_more(root->hops) || root->given_up ||
	    root->call->state >= CALL_ANSWERED)
		return false;
	call_failure_clear(&root->hops->last);
	call_failure_make(e, root, ev, &root->hops->last);
	timer_disarm(&e->timers, &root->timer);
	call_branch_close(e, now, root);
	root->state = CALL_LEG_NONE;
	try_next(e, now, root);
	return true;
}

/* --- silence --- */

void call_hop_invited(struct call_engine *e, u64 now, struct call_leg *root)
{
	u64 silence = root->hops ? trunk_of(root)->silence : 0;

	if (root->call->state >= CALL_ANSWERED)
		return;
	root->ring_until = root->ring ? now + root->ring : 0;
	root->silent_until = silence ? now + silence : 0;
	if (root->ring_until || root->silent_until)
		timer_arm(&e->timers, &root->timer,
			  root->silent_until && (!root->ring_until ||
						 root->silent_until < root->ring_until) ?
			  root->silent_until : root->ring_until);
}

/*
 * Nothing came back, not even 100. The INVITE is to be taken back, which takes as long as
 * its transaction does; so the next address gets a branch of its own, and this one may
 * still win if its answer comes first.
 */
void call_hop_silent(struct call_engine *e, u64 now, struct call_leg *root)
{
	struct call_hops *hops = root->hops;
	struct call_leg *next = NULL;

	call_hop_unreached(e, now, root);
	if (hops && call_hops_more(hops))
		next = call_branch_follow(e, root);
	call_branch_give_up(e, now, root, next);
	if (!next)
		return;
	call_failure_clear(&hops->last);
	hops->last = (struct call_failure){ .status = 408, .text = "no answer" };
	try_next(e, now, next);
}
