// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * UPDATE (RFC 3311): a new offer before the answer to INVITE or after it, which is
 * answered at once. It is carried as an UPDATE, since only that may be sent in an
 * early dialog and only that is answered without asking a person; to a peer that
 * does not allow it, it cannot be carried (504). Without an offer it means this leg
 * alone, whose target the engine has refreshed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "call/call.h"

void call_update_learn(struct call_leg *leg, const struct sip_msg *msg)
{
	call_info_learn(leg, msg);
	if (sip_msg_header(msg, SIP_HDR_ALLOW))
		leg->updates = sip_msg_lists(msg, SIP_HDR_ALLOW, "UPDATE");
}

static int respond(struct call_engine *e, u64 now, struct call_leg *leg,
		   struct sip_server *server, u16 status, struct slice headers, const char *sdp)
{
	bool refreshes = status < 300 && sip_server_request(server)->method == SIP_UPDATE;
	char *lines = refreshes ? call_session_answer(e, now, leg, headers) : NULL;
	struct sip_content content = call_content(lines ? slice_str(lines) : headers, sdp);
	int err = refreshes && !lines ? -ENOMEM :
		  sip_respond(e->sip, now, server, leg->dialog, status, NULL, &content);

	free(lines);
	return err;
}

static void answer(struct call_engine *e, u64 now, struct call_leg *leg, struct sip_server *server,
		   u16 status, struct slice headers, const char *sdp)
{
	respond(e, now, leg, server, status, headers, sdp);
	sip_server_put(e->sip, now, server);
	call_session_answered(leg);
}

int call_update_respond(struct call_engine *e, u64 now, struct call_leg *leg, u16 status,
			struct slice headers, const char *sdp)
{
	struct sip_server *server = leg->update;

	if (!server)
		return 0;
	if (respond(e, now, leg, server, status, headers, sdp) == -ENOMEM && status < 300)
		return -ENOMEM;
	leg->update = NULL;
	sip_server_put(e->sip, now, server);
	call_session_answered(leg);
	return 0;
}

int call_update_send(struct call_engine *e, u64 now, struct call_message *m)
{
	char *headers = call_session_request(m->leg, slice_str(m->headers));
	struct sip_content content = call_content(slice_str(headers), m->sdp);
	int err;

	err = call_auth_request(e, now, m->leg, SIP_UPDATE, &content, &m->leg->updating);
	free(headers);
	return err;
}

/* The answer of an early dialog counts for an UPDATE when the offerer surely has it. */
static void settle(struct call_leg *leg, struct call_leg *other, u64 now)
{
	const struct call_leg *a = leg->side == MEDIA_LEG_A ? leg : other;
	struct call_leg *b = leg->side == MEDIA_LEG_A ? other : leg;

	if (a->answered && b->answer && !sip_server_unacknowledged(leg->call->invite, a->dialog) &&
	    media_settle(call_leg_media(leg), now))
		b->settled = true;
}

/* RFC 3311 §5.2; 0: nothing stands against it. */
static u16 refusal_of(struct call_leg *leg, struct call_leg *other,
		      const struct media_negotiation *media)
{
	if (leg->update || leg->server)
		return 500;
	if (call_transfer_pending(leg->call) || call_reinvite_ours(leg) ||
	    call_reinvite_ours(other))
		return 491;
	if (media && media_offer_pending(media))
		return media_offerer(media) == leg->side ? 500 : 491;
	if (leg->invite && leg->call->media)
		return 491;
	/* its 2xx may be overtaken, and then nobody there knows the dialog */
	if (other->state == CALL_LEG_ANSWERED)
		return 491;
	if (other->update || other->server || other->unacked || leg->unacked)
		return 491;
	if (!media || !other->dialog || !other->updates)
		return 504;
	return 0;
}

static void carry(struct call_engine *e, u64 now, struct call_leg *leg, const struct sip_event *ev,
		  struct slice offer)
{
	struct call_leg *other = call_other(leg);
	struct media_negotiation *media = call_leg_media(leg);
	struct media_refusal refusal = { .status = 500 };
	char *sdp, *warning;

	if (media_offer(media, now, leg->side, offer, &sdp, &refusal)) {
		warning = call_warning(&refusal);
		e->counters[CALL_COUNT_REFUSED_MEDIA]++;
		answer(e, now, leg, ev->server, refusal.status, slice_str(warning), NULL);
		free(warning);
		return;
	}
	leg->update = ev->server;
	leg->call->redraws = 0;
	if (!call_media_apply(e, leg->call)) {
		if (!call_outbox_request(e, now, other, SIP_UPDATE,
					 call_headers_pass(e, leg, other, ev->msg), sdp))
			return;
	} else {
		free(sdp);
	}
	media_rollback(media, now);
	call_media_return(e, now, leg->call);
	call_update_respond(e, now, leg, 500, SLICE(""), NULL);
}

void call_update_offer(struct call_engine *e, u64 now, struct call_leg *leg,
		       const struct sip_event *ev, struct slice offer)
{
	struct call_leg *other = call_other(leg);
	u16 status;

	if (leg->call->invite && other)
		settle(leg, other, now);
	status = other ? refusal_of(leg, other, call_leg_media(leg)) : 500;
	if (!status) {
		carry(e, now, leg, ev, offer);
		return;
	}
	e->counters[CALL_COUNT_GLARE] += status == 491;
	if (status == 504 && ev->msg->method == SIP_PRACK) {
		answer(e, now, leg, ev->server, 488,
		       SLICE("Warning: 399 jalur \"the far side takes no offer now\"\r\n"), NULL);
		return;
	}
	answer(e, now, leg, ev->server, status,
	       status == 500 ? SLICE("Retry-After: 3\r\n") : SLICE(""), NULL);
}

CALL_ACTION(call_update)
{
	u16 status = call_body_refusal(ev->msg);
	char lines[SIP_SESSION_LINES];
	struct slice offer;
	u16 refused;

	call_update_learn(leg, ev->msg);
	refused = leg->update || leg->server ? 0 : call_session_asked(leg, ev->msg, lines);
	if (refused) {
		answer(e, now, leg, ev->server, refused, slice_str(lines), NULL);
		return;
	}
	if (status || !call_has_sdp(ev->msg, &offer)) {
		answer(e, now, leg, ev->server, status ? status : 200,
		       status == 415 ? SLICE(CALL_ACCEPT) : SLICE(CALL_ALLOW CALL_SUPPORTED), NULL);
		return;
	}
	call_update_offer(e, now, leg, ev, offer);
}

static void fail(struct call_engine *e, u64 now, struct call_leg *leg, const struct sip_event *ev)
{
	struct call *call = leg->call;
	struct call_failure f;

	media_rollback(call_leg_media(leg), now);
	call_failure_make(e, leg, ev, &f);
	call_media_return(e, now, call);
	if ((f.status == 408 || f.status == 481) && call->media)
		call_end(e, now, call, &(struct call_reason){
			.status = f.status, .text = f.text,
			.bye_headers = SLICE("Reason: Q.850;cause=41;text=\"dialog lost\"\r\n"),
			.quiet = f.status == 481 ? leg : NULL,
		});
	else
		call_update_respond(e, now, call_other(leg), f.status, slice_str(f.headers), NULL);
	call_failure_clear(&f);
}

CALL_ACTION(call_updated)
{
	struct media_refusal refusal = { .text = "2xx to UPDATE without an answer" };
	struct call_leg *other = call_other(leg);
	struct slice body;
	char *sdp, text[96];

	if (ev->client != leg->updating)
		return;
	leg->updating = NULL;
	if (ev->type != SIP_EVENT_RESPONSE || ev->msg->status >= 300) {
		fail(e, now, leg, ev);
		return;
	}
	call_session_agreed(e, now, leg, ev->msg);
	if (call_has_sdp(ev->msg, &body) &&
	    !media_answer(call_leg_media(leg), now, false, body, &sdp, &refusal)) {
		if (call_media_apply(e, leg->call)) {
			free(sdp);
			call_end_without_memory(e, now, leg->call);
			return;
		}
		if (call_outbox_updated(e, now, other, 200,
					call_headers_answer(e, leg, other, ev->msg), sdp))
			call_end_without_memory(e, now, leg->call);
		return;
	}
	snprintf(text, sizeof(text), "%.90s", refusal.text);
	call_end(e, now, leg->call, &(struct call_reason){
		.status = 502, .text = text,
		.bye_headers = SLICE("Reason: Q.850;cause=79;text=\"unusable answer\"\r\n"),
	});
}

CALL_ACTION(call_update_gone)
{
	(void)e;
	(void)now;
	if (ev->client == leg->updating)
		leg->updating = NULL;
}
