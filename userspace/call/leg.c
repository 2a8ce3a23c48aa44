// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A leg: one dialog, and what is under way in it. How a leg is brought to its
 * end depends on how far it came, and on nothing else; that is the table here.
 */
#include <errno.h>
#include <stdlib.h>

#include "call/call.h"

/*
 * A handle: three bits for the leg, the rest of the pointer for the low bits of
 * the call's counter. On a 32-bit machine those are the low 29, and the rest is
 * that of the newest call, or of the 2^29 before it.
 */
#define LEG_BITS 3
#define COUNTER_MASK ((u32)(UINTPTR_MAX >> LEG_BITS))

void *call_leg_handle(const struct call_leg *leg)
{
	return (void *)(uintptr_t)((leg->call->id << LEG_BITS) | leg->index);
}

static struct call_leg *call_leg_at(struct call *call, size_t index)
{
	if (index < 2)
		return &call->legs[index];
	return index - 2 < call->nforks ? call->forks[index - 2] : NULL;
}

struct call_leg *call_leg_find(const struct call_engine *e, const void *handle)
{
	uintptr_t value = (uintptr_t)handle;
	u32 counter = (e->counter & ~COUNTER_MASK) | ((u32)(value >> LEG_BITS) & COUNTER_MASK);
	struct call *call;

	if (!value)
		return NULL;
	if (counter > e->counter)
		counter -= COUNTER_MASK + 1;
	call = call_find(e, call_id(e, counter));
	return call ? call_leg_at(call, value & ((1 << LEG_BITS) - 1)) : NULL;
}

enum media_leg call_media_leg(const struct call_leg *leg)
{
	return leg->index == 0 ? MEDIA_LEG_A : MEDIA_LEG_B;
}

struct call_leg *call_other(struct call_leg *leg)
{
	return &leg->call->legs[leg->index == 0 ? 1 : 0];
}

void call_leg_respond(struct call_engine *e, u64 now, struct call_leg *leg, u16 status,
		      const char *phrase, struct slice headers, const char *sdp)
{
	struct sip_content content = {
		.headers = headers,
		.content_type = sdp ? SLICE("application/sdp") : SLICE(""),
		.body = slice_str(sdp),
	};

	if (!leg->server)
		return;
	sip_respond(e->sip, now, leg->server, leg->dialog, status, phrase, &content);
	if (status < 200)
		return;
	sip_server_put(e->sip, now, leg->server);
	leg->server = NULL;
}

static struct sip_content sdp_content(const char *sdp)
{
	return (struct sip_content){
		.content_type = sdp ? SLICE("application/sdp") : SLICE(""),
		.body = slice_str(sdp),
	};
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

	if (leg->late && call_has_sdp(ev->msg, &offer))
		sdp = media_reject(leg->call->id, offer);
	content = sdp_content(sdp);
	err = sip_ack(e->sip, now, ev->client, leg->dialog, &content);
	free(sdp);
	return err;
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
	content = sdp_content(sdp ? sdp : rejection);
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
 * the end, and a leg that cannot be told is a leg that is done.
 */
void call_leg_bye(struct call_engine *e, u64 now, struct call_leg *leg, struct slice headers)
{
	struct sip_content content = { .headers = headers };

	leg->state = CALL_LEG_BYE;
	if (sip_request(e->sip, now, leg->dialog, SIP_BYE, &content, call_leg_handle(leg),
			&leg->bye))
		leg->state = CALL_LEG_DONE;
}

static void end_quietly(struct call_engine *e, u64 now, struct call_leg *leg,
			const struct call_reason *why)
{
	(void)e;
	(void)now;
	(void)why;
	leg->state = CALL_LEG_DONE;
}

static void end_invited(struct call_engine *e, u64 now, struct call_leg *leg,
			const struct call_reason *why)
{
	if (leg->server) {
		call_leg_respond(e, now, leg, why->status, why->phrase, why->headers, NULL);
		leg->state = CALL_LEG_DONE;
		return;
	}
	leg->state = CALL_LEG_CANCELLED;
	if (!leg->invite || sip_cancel(e->sip, now, leg->invite, why->bye_headers))
		leg->state = CALL_LEG_DONE;
}

/*
 * A re-INVITE of theirs that waits is answered first (RFC 3261 §15.1.2), and a 2xx of theirs
 * has its ACK before the BYE.
 */
static void end_up(struct call_engine *e, u64 now, struct call_leg *leg,
		   const struct call_reason *why)
{
	call_leg_ack_kept(e, now, leg, NULL);
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

	if (leg == why->quiet) {
		call_leg_ack_kept(e, now, leg, NULL);
		call_leg_respond(e, now, leg, 487, NULL, SLICE(""), NULL);
		leg->state = CALL_LEG_DONE;
		return;
	}
	if (end[leg->state])
		end[leg->state](e, now, leg, why);
}

/* A further 2xx to our INVITE: a dialog that nobody wants, but that exists. */
struct call_leg *call_leg_fork(struct call_engine *e, struct call_leg *leg,
			       const struct sip_msg *msg)
{
	struct call *call = leg->call;
	struct call_leg *fork;

	if (call->nforks == CALL_MAX_FORKS || !leg->dialog)
		return NULL;
	fork = calloc(1, sizeof(*fork));
	if (!fork)
		return NULL;
	*fork = (struct call_leg){
		.call = call, .index = (u8)(2 + call->nforks), .state = CALL_LEG_UP,
		.realm = leg->realm, .trunk = leg->trunk, .peer = leg->peer, .late = leg->late,
	};
	fork->dialog = sip_dialog_fork(e->sip, leg->dialog, msg);
	if (!fork->dialog) {
		free(fork);
		return NULL;
	}
	fork->dialog->user = call_leg_handle(fork);
	call->forks[call->nforks++] = fork;
	return fork;
}
