// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A leg: one dialog, and what is under way in it. How a leg is brought to its
 * end depends on how far it came, and on nothing else; that is the table here.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/call.h"
#include "call/register.h"

/*
 * A handle: four bits for the leg, the rest of the pointer for the low bits of
 * the call's counter. On a 32-bit machine those are the low 28, and the rest is
 * that of the newest call, or of the 2^28 before it.
 */
#define LEG_BITS 4
#define COUNTER_MASK ((u32)(UINTPTR_MAX >> LEG_BITS))

_Static_assert(CALL_NO_LEG < 1 << LEG_BITS, "there is no handle of no leg");
_Static_assert(CALL_NO_LEG >= CALL_MAX_LEGS, "a leg has no handle");

void *call_leg_handle(const struct call_leg *leg)
{
	return (void *)(uintptr_t)((leg->call->id << LEG_BITS) | leg->index);
}

static struct call_leg *call_leg_at(struct call *call, size_t index)
{
	return index < call->nall ? call->all[index] : NULL;
}

/* The rest of the id, from what a pointer could hold of it. */
static u64 id_of(const struct call_engine *e, uintptr_t value)
{
	u32 counter = (e->counter & ~COUNTER_MASK) | ((u32)value & COUNTER_MASK);

	if (UINTPTR_MAX > UINT32_MAX)	/* all but four bits of the node */
		return (u64)value | ((u64)(e->node & 0xf00) << 52);
	if (counter > e->counter)
		counter -= COUNTER_MASK + 1;
	return call_id(e, counter);
}

struct call_leg *call_leg_find(const struct call_engine *e, const void *handle)
{
	uintptr_t value = (uintptr_t)handle;
	struct call *call;

	if (!value)
		return NULL;
	call = call_find(e, id_of(e, value >> LEG_BITS));
	return call ? call_leg_at(call, value & ((1 << LEG_BITS) - 1)) : NULL;
}

struct call_leg *call_leg_new(struct call_engine *e, struct call *call, enum media_leg side)
{
	struct call_leg **all, *leg;

	if (call->nall == CALL_MAX_LEGS)
		return NULL;
	all = realloc(call->all, (call->nall + 1) * sizeof(*all));
	if (!all)
		return NULL;
	call->all = all;
	leg = zalloc(sizeof(*leg));
	if (!leg)
		return NULL;
	if (timers_reserve(&e->timers, 2)) {
		free(leg);
		return NULL;
	}
	leg->call = call;
	leg->index = (u8)call->nall;
	leg->side = side;
	leg->realm = leg->trunk = -1;
	leg->timer = (struct timer){ .kind = CALL_TIMER_RING, .owner = leg };
	leg->session_timer = (struct timer){ .kind = CALL_TIMER_SESSION, .owner = leg };
	call->all[call->nall++] = leg;
	return leg;
}

/* INVITEs that have been begun with may have no end (RFC 3261 §17.1.1.2). */
static void leave_invites(struct call_engine *e, u64 now, const struct call_leg *leg)
{
	struct sip_client *const invites[] = { leg->invite, leg->refresh, leg->moving };
	size_t i;

	for (i = 0; i < sizeof(invites) / sizeof(*invites); i++)
		if (invites[i])
			sip_client_leave(e->sip, now, invites[i]);
}

void call_leg_free(struct call_engine *e, u64 now, struct call_leg *leg)
{
	leave_invites(e, now, leg);
	timer_disarm(&e->timers, &leg->timer);
	timer_disarm(&e->timers, &leg->session_timer);
	timers_release(&e->timers, 2);
	if (leg->server)
		sip_server_put(e->sip, now, leg->server);
	if (leg->hung_up)
		sip_server_put(e->sip, now, leg->hung_up);
	if (leg->update)
		sip_server_put(e->sip, now, leg->update);
	if (leg->question)
		sip_server_put(e->sip, now, leg->question);
	if (leg->unacked)
		sip_client_put(e->sip, now, leg->unacked);
	if (leg->ack_owed)
		sip_client_put(e->sip, now, leg->ack_owed);
	call_auth_clear(leg);
	sip_dialog_free(e->sip, leg->dialog);
	media_negotiation_free(leg->media, now);
	free(leg->asked);
	free(leg->offer);
	free(leg->answer);
	free(leg->recv_info);
	free(leg->user);
	free(leg->subscriber);
	call_routed_put(leg->routed);
	call_hops_clear(leg);
	call_contact_free(leg->contact);
	free(leg);
}

bool call_in_pair(const struct call_leg *leg)
{
	return leg == leg->call->legs[0] || leg == leg->call->legs[1];
}

struct call_leg *call_other(struct call_leg *leg)
{
	return leg->twin ? leg->twin : leg->call->legs[!leg->side];
}

struct media_negotiation *call_leg_media(const struct call_leg *leg)
{
	if (leg->call->media)
		return leg->call->media;
	if (leg->side == MEDIA_LEG_A)
		leg = leg->twin;
	return leg ? leg->root->media : NULL;
}

struct sip_server *call_leg_server(const struct call_leg *leg)
{
	if (leg->server || leg->side == MEDIA_LEG_B)
		return leg->server;
	return leg->state == CALL_LEG_INVITED ? leg->call->invite : NULL;
}

struct sip_content call_content(struct slice headers, const char *sdp)
{
	return (struct sip_content){
		.headers = headers,
		.content_type = sdp ? SLICE("application/sdp") : SLICE(""),
		.body = slice_str(sdp),
	};
}

int call_leg_respond(struct call_engine *e, u64 now, struct call_leg *leg, u16 status,
		     const char *phrase, struct slice headers, const char *sdp)
{
	struct sip_content content = call_content(headers, sdp);
	struct sip_server *server = call_leg_server(leg);
	char *lines = NULL;
	int err;

	if (!server)
		return 0;
	if (status >= 200)
		lines = status < 300 ? call_session_answer(e, now, leg, headers) :
				       call_reason_for(leg, headers);
	if (lines)
		content.headers = slice_str(lines);
	err = status >= 200 && status < 300 && !lines ? -ENOMEM :
	      sip_respond(e->sip, now, server, leg->dialog, status, phrase, &content);
	free(lines);
	if (status < 200)
		return 0;
	if (status < 300 && err == -ENOMEM)
		return err;
	sip_server_put(e->sip, now, server);
	if (server == leg->call->invite)
		leg->call->invite = NULL;
	leg->server = NULL;
	call_session_answered(leg);
	return 0;
}

void call_leg_respond_reliably(struct call_engine *e, u64 now, struct call_leg *leg, u16 status,
			       const char *phrase, struct slice headers, const char *sdp)
{
	struct sip_content content = call_content(headers, sdp);

	if (leg->call->invite && !sip_respond_reliable(e->sip, now, leg->call->invite, leg->dialog,
						       status, phrase, &content))
		leg->answered |= content.body.n > 0;
	else
		call_leg_respond(e, now, leg, status, phrase, headers, sdp);
}

static struct sip_content ack_content(const struct call_leg *leg, const char *sdp)
{
	return call_content(call_auth_lines(leg), sdp);
}

int call_leg_keep_offer(struct call_leg *leg, const struct sip_event *ev)
{
	struct slice offer;

	leg->offer = call_has_sdp(ev->msg, &offer) ? slice_dup(offer) : NULL;
	sip_client_keep(ev->client);
	leg->unacked = ev->client;
	return leg->offer ? 0 : -ENOMEM;
}

int call_leg_ack_now(struct call_engine *e, u64 now, struct call_leg *leg,
		     const struct sip_event *ev)
{
	struct sip_content content;
	struct slice offer;
	char *sdp = NULL;
	int err;

	if (leg->late && !leg->settled && call_has_sdp(ev->msg, &offer))
		sdp = media_reject(leg->call->id, offer);
	content = ack_content(leg, sdp);
	err = sip_ack(e->sip, now, ev->client, leg->dialog, &content);
	if (err == -ENOMEM && !sdp && !leg->ack_owed) {
		sip_client_keep(ev->client);
		leg->ack_owed = ev->client;
		call_owe(e, now, leg->call);
		err = 0;
	}
	free(sdp);
	return err;
}

void call_leg_ack_owed(struct call_engine *e, u64 now, struct call_leg *leg)
{
	struct sip_client *client = leg->ack_owed;
	struct sip_content content = ack_content(leg, NULL);
	int err;

	if (!client)
		return;
	err = leg->dialog ? sip_ack(e->sip, now, client, leg->dialog, &content) : -ENOENT;
	if (err == -ENOMEM) {
		call_owe(e, now, leg->call);
		return;
	}
	if (err)
		sip_client_put(e->sip, now, client);
	leg->ack_owed = NULL;
}

int call_leg_ack_kept(struct call_engine *e, u64 now, struct call_leg *leg, const char *sdp)
{
	struct sip_client *client = leg->unacked;
	struct sip_content content;
	char *rejection = NULL;
	int err;

	if (!client)
		return 0;
	if (!sdp)
		rejection = media_reject(leg->call->id, slice_str(leg->offer));
	content = ack_content(leg, sdp ? sdp : rejection);
	err = sip_ack(e->sip, now, client, leg->dialog, &content);
	if (err)
		sip_client_put(e->sip, now, client);
	free(rejection);
	free(leg->offer);
	leg->offer = NULL;
	leg->unacked = NULL;
	return err;
}

/*
 * -errno of sip_request() leaves the far side alone: it has no way to hear of
 * the end, and a leg that cannot be told is a leg that is done. Memory may come back.
 */
void call_leg_bye(struct call_engine *e, u64 now, struct call_leg *leg, struct slice headers)
{
	char *mapped = call_reason_for(leg, headers);
	struct sip_content content = { .headers = mapped ? slice_str(mapped) : headers };
	int err;

	leg->state = CALL_LEG_BYE;
	err = call_auth_request(e, now, leg, SIP_BYE, &content, &leg->bye);
	if (err == -ENOMEM)
		call_owe(e, now, leg->call);
	else if (err)
		leg->state = CALL_LEG_DONE;
	free(mapped);
}

static void end_quietly(struct call_engine *e, u64 now, struct call_leg *leg,
			const struct call_reason *why)
{
	(void)e;
	(void)now;
	(void)why;
	leg->state = CALL_LEG_DONE;
}

/* The caller's INVITE is answered once, on the leg that counts. */
static void end_invited(struct call_engine *e, u64 now, struct call_leg *leg,
			const struct call_reason *why)
{
	char *mapped;

	if (leg->side == MEDIA_LEG_A) {
		if (call_in_pair(leg))
			call_leg_respond(e, now, leg, why->status, why->phrase, why->headers, NULL);
		leg->state = CALL_LEG_DONE;
		return;
	}
	leg->state = CALL_LEG_CANCELLED;
	mapped = call_reason_for(leg, why->bye_headers);
	if (!leg->invite || sip_cancel(e->sip, now, leg->invite,
				       mapped ? slice_str(mapped) : why->bye_headers))
		leg->state = CALL_LEG_DONE;
	free(mapped);
}

/*
 * A re-INVITE of theirs that waits is answered first (RFC 3261 §15.1.2), and a 2xx of theirs
 * has its ACK before the BYE.
 */
static void end_up(struct call_engine *e, u64 now, struct call_leg *leg,
		   const struct call_reason *why)
{
	call_leg_ack_kept(e, now, leg, NULL);
	call_leg_ack_owed(e, now, leg);
	call_leg_respond(e, now, leg, 487, NULL, SLICE(""), NULL);
	call_leg_bye(e, now, leg, why->bye_headers);
}

/*
 * CALL_LEG_ANSWERED: no BYE before the ACK, or before it is known to be lost
 * (RFC 3261 §15); call_ack() and call_ack_missing() do it.
 */
void call_leg_end(struct call_engine *e, u64 now, struct call_leg *leg,
		  const struct call_reason *why)
{
	static void (*const end[CALL_LEG_NSTATES])(struct call_engine *, u64, struct call_leg *,
						   const struct call_reason *) = {
		[CALL_LEG_NONE] = end_quietly,
		[CALL_LEG_INVITED] = end_invited,
		[CALL_LEG_UP] = end_up,
	};

	call_update_respond(e, now, leg, 487, SLICE(""), NULL);
	call_question_end(e, now, leg);
	call_carry_end(e, now, leg);
	if (leg == why->quiet) {
		call_leg_ack_kept(e, now, leg, NULL);
		call_leg_respond(e, now, leg, 487, NULL, SLICE(""), NULL);
		leg->state = CALL_LEG_DONE;
		return;
	}
	if (end[leg->state])
		end[leg->state](e, now, leg, why);
}

void call_leg_dialog_made(struct call_leg *leg)
{
	if (leg->trunk >= 0)
		leg->dialog->datagrams = leg->call->policy->trunks[leg->trunk].large_datagrams;
}

struct call_leg *call_leg_fork(struct call_engine *e, struct call_leg *leg,
			       const struct sip_msg *msg)
{
	struct call_leg *fork;

	if (!leg->dialog)
		return NULL;
	fork = call_leg_new(e, leg->call, leg->side);
	if (!fork)
		return NULL;
	fork->state = leg->state;
	fork->root = leg->root;
	fork->realm = leg->realm;
	fork->trunk = leg->trunk;
	fork->peer = leg->peer;
	fork->listener = leg->listener;
	fork->name = leg->name;
	fork->late = leg->late;
	fork->dialog = sip_dialog_fork(e->sip, leg->dialog, msg);
	if (!fork->dialog) {
		fork->state = CALL_LEG_DONE;
		return NULL;
	}
	fork->dialog->user = call_leg_handle(fork);
	return fork;
}
