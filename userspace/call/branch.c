// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where a call goes. A route names destinations; those with the same q are invited
 * at the same time, those with a lower one when all of these have failed or rung
 * for long enough. Each has a branch: an INVITE, ports of its own on both sides,
 * and a leg for each dialog that the far side makes of it. Every such leg has a
 * twin towards the caller, with a To-tag of its own, so that the caller sees the
 * fork as it is (RFC 3261 §13.2.2.4). The first 2xx makes a pair of its leg and
 * that leg's twin, and takes everything else away.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <linux/jalur.h>

#include "call/register.h"
#include "call/watch.h"
#include "call/trunk_state.h"

/* Each negotiation of a call numbers its ends from there on. */
#define IDS_OF_A_BRANCH 1000000
#define IDS_OF_A_HOP 10000

static bool realm_has_family(const struct call_realm *realm, u8 family)
{
	size_t i;

	for (i = 0; i < realm->nmedia; i++)
		if (realm->media[i].address.family == family)
			return true;
	return false;
}

/* Media is offered in the family that signalling to this leg uses, if the realm has it. */
static u8 leg_family(const struct call_leg *leg)
{
	const struct call_realm *realm = &leg->call->policy->realms[leg->realm];

	if (realm_has_family(realm, leg->peer.family) || !realm->nmedia)
		return leg->peer.family;
	return realm->media[0].address.family;
}

void call_media_conf(struct media_negotiation_conf *conf, const struct call_leg *leg, size_t side)
{
	const struct call_realm *realm = &leg->call->policy->realms[leg->realm];

	conf->ports[side] = realm->ports;
	conf->latch[side] = realm->latch;
	conf->family[side] = leg_family(leg);
	conf->codecs[side] = &realm->codecs;
}

static struct media_negotiation *new_negotiation(const struct call_leg *root)
{
	const struct call *call = root->call;
	const struct call_leg *const legs[2] = { call->all[0], root };
	struct media_negotiation_conf conf = {
		.session = call->id,
		.idle_ms = call->policy->media_idle_ms,
		.first_id = root->index * IDS_OF_A_BRANCH +
			    call_hop_number(root) * IDS_OF_A_HOP + 1,
	};
	struct media_negotiation *media;
	char *tag = slice_dup(call_first_request(call)->call_id);
	size_t i;

	for (i = 0; i < 2; i++)
		call_media_conf(&conf, legs[i], i);
	if (call->transfer)
		conf.origin[MEDIA_LEG_A] = call->transfer->origin[MEDIA_LEG_A];
	conf.tag = tag ? tag : "";
	media = media_negotiation_new(&conf);
	free(tag);
	return media;
}

/* --- the end of a branch --- */

/* A branch that may still answer. */
static bool is_open(const struct call_leg *leg)
{
	return leg->root == leg && !leg->given_up &&
	       (leg->state == CALL_LEG_NONE || leg->state == CALL_LEG_INVITED);
}

static bool any_open(const struct call *call)
{
	size_t i;

	for (i = 0; i < call->nall; i++)
		if (is_open(call->all[i]))
			return true;
	return false;
}

static bool same_media_would_fit(const struct call *call)
{
	size_t i, ends = 0;

	for (i = 0; i < call->nall; i++)
		if (call->all[i]->media)
			ends += media_plan_ends(call->all[i]->media);
	return ends <= JALUR_MAX_ENDS;
}

/*
 * RFC 3261 §16.7 step 6: of the lowest class, and in it rather what the caller can do
 * something about. The one that came first stays when both are alike.
 */
static unsigned int badness(u16 status)
{
	static const u16 helpful[] = { 401, 407, 415, 420, 484 };
	size_t i;

	for (i = 0; i < sizeof(helpful) / sizeof(*helpful); i++)
		if (status == helpful[i])
			return 400;
	return status >= 600 ? 0 : status / 100 * 100 + 1;
}

void call_failure_keep(struct call *call, struct call_failure *f)
{
	if (!f->status)
		return;
	if (call->failure && badness(call->failure->status) <= badness(f->status)) {
		call_failure_clear(f);
		return;
	}
	call_failure_free(call);
	call->failure = malloc(sizeof(*f));
	if (call->failure)
		*call->failure = *f;
	else
		call_failure_clear(f);
}

static void close_media(u64 now, struct call_leg *root)
{
	media_negotiation_free(root->media, now);
	root->media = NULL;
	if (root->call->heard == root)
		root->call->heard = NULL;
}

static void close_forks(struct call_engine *e, u64 now, struct call_leg *root)
{
	struct call *call = root->call;
	size_t i;

	for (i = 0; i < call->nall; i++) {
		struct call_leg *leg = call->all[i];

		if (leg->root != root)
			continue;
		call_outbox_forget(leg);
		call_carry_end(e, now, leg);
		if (leg->twin)
			call_outbox_forget(leg->twin);
		if (leg != root && leg->state == CALL_LEG_INVITED)
			leg->state = CALL_LEG_DONE;
	}
}

static void end_failed(struct call_engine *e, u64 now, struct call *call)
{
	const struct call_failure *f = call->failure;

	if (!f) {
		call_end_without_memory(e, now, call);
		return;
	}
	call_end(e, now, call, &(struct call_reason){
		.status = f->status, .phrase = f->phrase, .headers = slice_str(f->headers),
		.text = f->text, .by = f->by,
	});
}

static bool any_redirected(const struct call *call)
{
	size_t i;

	for (i = 0; i < call->nall; i++)
		if (call->all[i]->redirected && is_open(call->all[i]))
			return true;
	return false;
}

/* Nobody else is asked then (RFC 3261 §21.6). */
static bool is_final(const struct call_failure *f)
{
	return f && f->status >= 600;
}

/* What is left of the call goes on, or the next destinations are tried, or it ends. */
static void go_on(struct call_engine *e, u64 now, struct call *call)
{
	if (!is_final(call->failure) && !any_redirected(call))
		call_redirect_next(e, now, call);
	if (is_final(call->failure) || (!any_open(call) && !call_branch_next(e, now, call)))
		end_failed(e, now, call);
	else if (call->state != CALL_ENDING && call_media_apply(e, call))
		call_end_without_memory(e, now, call);
}

void call_branch_close(struct call_engine *e, u64 now, struct call_leg *root)
{
	root->invite = NULL;
	close_forks(e, now, root);
	close_media(now, root);
	sip_dialog_free(e->sip, root->dialog);
	root->dialog = NULL;
}

void call_branch_failed(struct call_engine *e, u64 now, struct call_leg *root,
			struct call_failure *f)
{
	bool given_up = root->given_up;

	timer_disarm(&e->timers, &root->timer);
	root->invite = NULL;
	root->state = CALL_LEG_DONE;
	close_forks(e, now, root);
	close_media(now, root);
	if (given_up && f->status < 600) {
		call_failure_clear(f);
		return;
	}
	call_failure_keep(root->call, f);
	go_on(e, now, root->call);
}

/* It may still answer: whoever does first has the call. */
void call_branch_give_up(struct call_engine *e, u64 now, struct call_leg *root,
			 struct call_leg *next)
{
	struct call_failure f = { .status = 408, .text = "no answer" };

	root->given_up = true;
	sip_cancel(e->sip, now, root->invite,
		   SLICE("Reason: Q.850;cause=19;text=\"no answer\"\r\n"));
	if (next)
		return;
	call_failure_keep(root->call, &f);
	go_on(e, now, root->call);
}

/* A contact that nobody comes after rings as long as any call does. */
void call_branch_timer(struct call_engine *e, u64 now, struct call_leg *root)
{
	bool silent = root->silent_until && now >= root->silent_until;
	const struct call *call = root->call;

	if (root->state != CALL_LEG_INVITED || call->state >= CALL_ANSWERED)
		return;
	root->silent_until = 0;
	if (silent)
		call_hop_silent(e, now, root);
	else if (now < root->ring_until)
		timer_arm(&e->timers, &root->timer, root->ring_until);
	else if (root->ring_until && (!root->contact || !list_empty(&call->redirects)))
		call_branch_give_up(e, now, root, NULL);
}

/* --- its beginning --- */

/* trunk -1: it goes to a contact. */
static struct call_leg *new_root(struct call_engine *e, struct call *call, int trunk, int realm,
				 struct call_routed *routed)
{
	struct call_leg *root = call_leg_new(e, call, MEDIA_LEG_B);

	if (!root)
		return NULL;
	root->root = root;
	root->routed = call_routed_get(routed);
	root->trunk = trunk;
	root->realm = realm;
	if (!call->legs[1])
		call->legs[1] = root;
	return root;
}

static void failure_of_media(const struct media_refusal *refusal, struct call_failure *f)
{
	f->status = refusal->status;
	f->headers = call_warning(refusal);
	snprintf(f->text, sizeof(f->text), "%.90s", refusal->text);
}

/* Ports, kernel, INVITE. */
int call_branch_offer(struct call_engine *e, u64 now, struct call_leg *root,
		      struct call_failure *f)
{
	struct media_refusal refusal = { .status = 500 };
	const struct sip_msg *msg = call_first_request(root->call);
	struct slice offer;
	char *sdp = NULL;

	root->media = new_negotiation(root);
	if (!root->media)
		return -ENOMEM;
	if (call_has_sdp(msg, &offer) &&
	    media_offer(root->media, now, MEDIA_LEG_A, offer, &sdp, &refusal)) {
		e->counters[CALL_COUNT_REFUSED_MEDIA]++;
		failure_of_media(&refusal, f);
		return -EINVAL;
	}
	if (!same_media_would_fit(root->call) || call_media_apply(e, root->call)) {
		free(sdp);
		return -ENOMEM;
	}
	return call_outbox_request(e, now, root, SIP_INVITE,
				   call_invite_headers(e, root, sdp), sdp);
}

static void start(struct call_engine *e, u64 now, struct call_leg *root)
{
	struct call_failure f = { .status = 503, .text = "no memory" };
	int err = 0;

	if (root->contact)
		err = call_hop_contact(e, root, &f);
	else if (root->listener == CALL_NO_LISTENER)
		err = call_hop_first(e, now, root, &f);
	if (!err)
		err = call_branch_offer(e, now, root, &f);
	if (!err || err == -EINPROGRESS)
		return;
	root->state = CALL_LEG_DONE;
	close_media(now, root);
	call_failure_keep(root->call, &f);
}

void call_branch_start(struct call_engine *e, u64 now, struct call *call,
		       const struct call_destination *to, struct call_routed *routed,
		       char *user)
{
	struct call_leg *root = new_root(e, call, (int)to->trunk,
					 (int)call->policy->trunks[to->trunk].realm, routed);
	struct call_failure f = { 0 };

	if (!root) {
		free(user);
		return;
	}
	root->listener = CALL_NO_LISTENER;
	root->ring = to->ring;
	root->user = user;
	root->redirected = user;
	if (call_trunk_take(e, now, root, &f)) {
		start(e, now, root);
		return;
	}
	root->state = CALL_LEG_DONE;
	call_failure_keep(call, &f);
}

struct call_leg *call_branch_follow(struct call_engine *e, struct call_leg *root)
{
	char *user = root->user ? strdup(root->user) : NULL;
	struct call_leg *next = NULL;

	if (!root->user || user)
		next = new_root(e, root->call, root->trunk, root->realm, root->routed);
	if (!next) {
		free(user);
		return NULL;
	}
	next->listener = CALL_NO_LISTENER;
	next->user = user;
	next->redirected = root->redirected;
	next->ring = root->ring;
	next->hops = root->hops;
	next->counted = root->counted;
	root->hops = NULL;
	root->counted = NULL;
	return next;
}

void call_branch_contact(struct call_engine *e, u64 now, struct call *call,
			 struct call_redirect *r)
{
	struct call_leg *root = new_root(e, call, -1, r->contact->realm, call->routed);
	struct call_contact *contact = r->contact;

	if (!root)
		return;
	r->contact = NULL;
	root->contact = contact;
	call_lamp_called(e, call, contact->aor);
	root->peer = contact->flow.peer;
	root->listener = contact->flow.listener;
	root->connection = contact->flow.connection;
	root->ring = r->to.ring;
	root->redirected = true;
	start(e, now, root);
}

bool call_branch_contacts(struct call_engine *e, u64 now, struct call *call)
{
	while (!list_empty(&call->redirects) && !any_open(call) && call->state < CALL_ANSWERED)
		call_redirect_next(e, now, call);
	return any_open(call) || call->state >= CALL_ANSWERED;
}

/* By the way of the dialog that it takes over. */
bool call_branch_replace(struct call_engine *e, u64 now, struct call *call)
{
	const struct flow *flow = &call->replacement->flow;
	struct call_leg *root = new_root(e, call, call->replacement->trunk,
					 call_policy_realm(call->policy, flow->listener),
					 call->routed);

	call->next_to = call->route->nto;
	if (!root)
		return false;
	root->peer = flow->peer;
	root->listener = flow->listener;
	root->name = flow->name;
	root->connection = flow->connection;
	call_trunk_count(e, root);
	start(e, now, root);
	return any_open(call) || call->state >= CALL_ANSWERED;
}

bool call_branch_next(struct call_engine *e, u64 now, struct call *call)
{
	const struct call_route *route = call->route;

	while (call->next_to < route->nto && call->state < CALL_ANSWERED) {
		u16 q = route->to[call->next_to].q;

		while (call->next_to < route->nto && route->to[call->next_to].q == q &&
		       call->state < CALL_ANSWERED)
			call_branch_start(e, now, call, &route->to[call->next_to++], call->routed,
					  NULL);
		if (any_open(call))
			return true;
	}
	return call->state >= CALL_ANSWERED;
}

/* --- its dialogs --- */

static struct call_leg *leg_of_tag(struct call_leg *root, struct slice tag)
{
	struct call *call = root->call;
	size_t i;

	for (i = 0; i < call->nall; i++) {
		struct call_leg *leg = call->all[i];

		if (leg->root == root && leg->dialog && leg->dialog->remote_tag &&
		    slice_eq(slice_str(leg->dialog->remote_tag), tag))
			return leg;
	}
	return NULL;
}

static size_t forks_of(const struct call_leg *root)
{
	size_t i, n = 0;

	for (i = 0; i < root->call->nall; i++)
		n += root->call->all[i]->root == root;
	return n - 1;
}

static bool is_twin(const struct call *call, const struct call_leg *leg)
{
	size_t i;

	for (i = 0; i < call->nall; i++)
		if (call->all[i]->twin == leg)
			return true;
	return false;
}

static struct call_session_asked *copy_asked(const struct call_session_asked *asked)
{
	struct call_session_asked *copy = asked ? malloc(sizeof(*copy)) : NULL;

	if (copy)
		*copy = *asked;
	return copy;
}

/* The caller's first leg for the first of them; a further dialog for each of the others. */
static void add_twin(struct call_engine *e, struct call_leg *leg)
{
	struct call *call = leg->call;
	struct call_leg *twin = call->all[0];

	if (is_twin(call, twin)) {
		twin = call_leg_new(e, call, MEDIA_LEG_A);
		if (!twin)
			return;
		if (sip_dialog_new_uas(e->sip, call->invite, call_leg_handle(twin),
				       &twin->dialog)) {
			twin->state = CALL_LEG_DONE;
			return;
		}
		twin->state = CALL_LEG_INVITED;
		twin->realm = call->all[0]->realm;
		twin->trunk = call->all[0]->trunk;
		call_leg_dialog_made(twin);
		twin->peer = call->all[0]->peer;
		twin->updates = call->all[0]->updates;
		twin->recv_info = slice_dup(slice_str(call->all[0]->recv_info));
		twin->asked = copy_asked(call->all[0]->asked);
	}
	twin->twin = leg;
	leg->twin = twin;
}

struct call_leg *call_branch_leg(struct call_engine *e, struct call_leg *root,
				 const struct sip_msg *msg)
{
	struct call_leg *leg = msg->to.tag.n ? leg_of_tag(root, msg->to.tag) : root;
	int err;

	if (!leg)
		leg = root;
	err = sip_dialog_response(e->sip, leg->dialog, msg);
	if (err == -EEXIST && forks_of(root) < CALL_MAX_FORKS)
		leg = call_leg_fork(e, root, msg);
	else if (err)
		leg = NULL;
	if (leg)
		call_update_learn(leg, msg);
	if (leg && !leg->twin && msg->to.tag.n && root->call->invite &&
	    root->call->state < CALL_ANSWERED)
		add_twin(e, leg);
	return leg;
}

void call_branch_hear(struct call *call, struct call_leg *root)
{
	enum call_early_media policy = call->route->early_media;
	size_t i;

	if (policy == CALL_EARLY_MEDIA_LATEST || !call->heard)
		call->heard = root;
	for (i = 0; i < call->nall; i++)
		if (call->all[i]->media)
			media_negotiation_mute(call->all[i]->media,
					       policy == CALL_EARLY_MEDIA_NONE ||
					       call->all[i] != call->heard);
}

/* --- the answer --- */

static void drop_branch(struct call_engine *e, u64 now, struct call_leg *root)
{
	timer_disarm(&e->timers, &root->timer);
	close_media(now, root);
	close_forks(e, now, root);
	if (root->state == CALL_LEG_NONE)
		root->state = CALL_LEG_DONE;
	if (root->state != CALL_LEG_INVITED)
		return;
	root->state = CALL_LEG_CANCELLED;
	if (sip_cancel(e->sip, now, root->invite,
		       SLICE("Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n")))
		root->state = CALL_LEG_DONE;
}

static void drop_leg(struct call_engine *e, u64 now, struct call_leg *leg,
		     const struct call_leg *winner)
{
	leg->twin = NULL;
	if (call_in_pair(leg))
		return;
	call_carry_end(e, now, leg);
	if (leg->root == leg && leg != winner->root)
		drop_branch(e, now, leg);
	else if (leg->state == CALL_LEG_INVITED || leg->state == CALL_LEG_NONE)
		leg->state = CALL_LEG_DONE;
}

void call_branch_won(struct call_engine *e, u64 now, struct call_leg *leg)
{
	struct call *call = leg->call;
	size_t i;

	call_failure_free(call);
	timer_disarm(&e->timers, &leg->root->timer);
	leg->root->invite = NULL;
	call->legs[0] = leg->twin ? leg->twin : call->all[0];
	call->legs[1] = leg;
	call->media = leg->root->media;
	leg->root->media = NULL;
	for (i = 0; i < call->nall; i++) {
		drop_leg(e, now, call->all[i], leg);
		call_hops_clear(call->all[i]);
	}
}
