// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Session timers (RFC 4028), on each leg for itself: what one side agrees on with us
 * is nothing to the other. Where it falls to us we refresh at half of the interval,
 * by an UPDATE without an offer or, where that is not allowed, by an INVITE that
 * says again what we said last; where it falls to the peer and does not come, the
 * call ends. A refresh that fails for the moment is tried again until then.
 */
#include <stdio.h>
#include <stdlib.h>

#include "call/call.h"

#define TRY_AGAIN (10 * NSEC_PER_SEC)
#define MAX_REFUSALS 3

static char *join(struct slice headers, const char *lines)
{
	return buf_format(SLICE_FMT "%s", SLICE_ARG(headers), lines);
}

static void arm(struct call_engine *e, u64 now, struct call_leg *leg)
{
	leg->refreshed = now;
	if (leg->session.interval)
		timer_arm(&e->timers, &leg->session_timer, leg->session.local ?
			  sip_session_timer_refresh(&leg->session, now) :
			  sip_session_timer_bye(&leg->session, now));
	else
		timer_disarm(&e->timers, &leg->session_timer);
}

void call_session_resume(struct call_engine *e, struct call_leg *leg)
{
	arm(e, leg->refreshed, leg);
}

u16 call_session_asked(struct call_leg *leg, const struct sip_msg *msg,
		       char lines[SIP_SESSION_LINES])
{
	struct sip_session_timer t = leg->session;
	u16 status = sip_session_timer_uas(&leg->call->policy->session, msg, &t, lines);

	if (status)
		return status;
	if (!leg->asked)
		leg->asked = malloc(sizeof(*leg->asked));
	if (!leg->asked) {
		lines[0] = 0;
		return 503;
	}
	leg->asked->timer = t;
	memcpy(leg->asked->lines, lines, SIP_SESSION_LINES);
	return 0;
}

void call_session_answered(struct call_leg *leg)
{
	if (call_leg_server(leg) || leg->update)
		return;
	free(leg->asked);
	leg->asked = NULL;
}

char *call_session_answer(struct call_engine *e, u64 now, struct call_leg *leg,
			  struct slice headers)
{
	if (leg->asked)
		leg->session = leg->asked->timer;
	arm(e, now, leg);
	return join(headers, leg->asked ? leg->asked->lines : "");
}

char *call_session_request(struct call_leg *leg, struct slice headers)
{
	char lines[SIP_SESSION_LINES];

	sip_session_timer_request(&leg->call->policy->session, &leg->session, lines);
	return join(headers, lines);
}

void call_session_agreed(struct call_engine *e, u64 now, struct call_leg *leg,
			 const struct sip_msg *msg)
{
	sip_session_timer_uac(&leg->call->policy->session, msg, &leg->session);
	leg->refusals = 0;
	arm(e, now, leg);
}

static void end_expired(struct call_engine *e, u64 now, struct call_leg *leg)
{
	call_end(e, now, leg->call, &(struct call_reason){
		.status = 408, .text = "session expired",
		.bye_headers = SLICE("Reason: Q.850;cause=102;text=\"session expired\"\r\n"),
	});
}

/* Anything of theirs or ours that is open on the leg will refresh it, or fail loudly. */
static bool is_busy(const struct call_leg *leg)
{
	return leg->refresh || leg->invite || leg->updating || leg->server || leg->update ||
	       leg->unacked || leg->moving || call_transfer_pending(leg->call);
}

static int send_refresh(struct call_engine *e, u64 now, struct call_leg *leg)
{
	const char *said = media_said(leg->call->media, leg->side);
	char *headers = call_session_request(leg, SLICE(CALL_ALLOW CALL_SUPPORTED));
	bool update = leg->updates || !said;
	struct sip_content content = call_content(slice_str(headers), update ? NULL : said);
	int err;

	err = call_auth_request(e, now, leg, update ? SIP_UPDATE : SIP_INVITE, &content,
				&leg->refresh);
	free(headers);
	return err;
}

void call_session_say(struct call_engine *e, u64 now, struct call_leg *leg, const char *sdp)
{
	char *headers = call_session_request(leg, SLICE(CALL_ALLOW CALL_SUPPORTED));
	struct sip_content content = call_content(slice_str(headers), sdp);

	call_auth_request(e, now, leg, SIP_INVITE, &content, &leg->refresh);
	free(headers);
}

void call_session_timer(struct call_engine *e, u64 now, struct call_leg *leg)
{
	u64 bye = sip_session_timer_bye(&leg->session, leg->refreshed);

	if (leg->call->state == CALL_ENDING || (!leg->session.interval && !leg->owed))
		return;
	if (leg->owed) {
		if (!is_busy(leg))
			call_transfer_repeat(e, now, leg);
		timer_arm(&e->timers, &leg->session_timer, now + TRY_AGAIN);
		return;
	}
	if (now >= bye) {
		end_expired(e, now, leg);
		return;
	}
	if (leg->call->state == CALL_UP && leg->state == CALL_LEG_UP && !is_busy(leg))
		send_refresh(e, now, leg);
	timer_arm(&e->timers, &leg->session_timer, now + TRY_AGAIN < bye ? now + TRY_AGAIN : bye);
}

bool call_session_refused(struct call_engine *e, u64 now, struct call_leg *root,
			  const struct sip_event *ev)
{
	const char *said;

	if (ev->type != SIP_EVENT_RESPONSE || ev->msg->status != 422 || root->given_up ||
	    root->refusals++ >= MAX_REFUSALS ||
	    !sip_session_timer_refused(&root->call->policy->session, ev->msg, &root->session))
		return false;
	said = media_said(root->media, MEDIA_LEG_B);
	return !call_outbox_request(e, now, root, SIP_INVITE,
				    call_invite_headers(e, root, said),
				    said ? strdup(said) : NULL);
}

/* RFC 4028 §7.3: again with what the peer wants, as long as it wants more and more. */
static void ask_again(struct call_engine *e, u64 now, struct call_leg *leg,
		      const struct sip_event *ev)
{
	if (leg->refusals++ < MAX_REFUSALS &&
	    sip_session_timer_refused(&leg->call->policy->session, ev->msg, &leg->session))
		send_refresh(e, now, leg);
}

/* He has not answered the INVITE that went out before a restart (RFC 3261 §14.2). */
static bool is_behind(const struct sip_event *ev)
{
	return ev->type == SIP_EVENT_RESPONSE && ev->msg->status == 500 &&
	       sip_msg_header(ev->msg, SIP_HDR_RETRY_AFTER);
}

static bool is_glare(const struct sip_event *ev)
{
	return ev->type == SIP_EVENT_RESPONSE && ev->msg->status == 491;
}

/* After glare as long as the RFC says, but not past the time for a BYE; else a little longer. */
static void wait_again(struct call_engine *e, u64 now, struct call_leg *leg, bool glare)
{
	u64 bye = sip_session_timer_bye(&leg->session, leg->refreshed);
	u64 at = now + (glare ? call_reinvite_wait(e, leg) : TRY_AGAIN);

	if (!leg->owed && at > bye)
		at = bye;
	timer_arm(&e->timers, &leg->session_timer, at);
}

/* Who cannot be reached right after a restart may connect to us again. */
static bool try_again(struct call_engine *e, u64 now, struct call_leg *leg,
		      const struct sip_event *ev)
{
	bool glare = is_glare(ev);

	if (!leg->owed)
		return false;
	leg->owed = (glare || is_behind(ev) || ev->type == SIP_EVENT_FAILED) &&
		    leg->call->state == CALL_UP && leg->refusals++ < MAX_REFUSALS;
	if (leg->owed)
		wait_again(e, now, leg, glare);
	else
		call_session_resume(e, leg);
	return leg->owed;
}

CALL_ACTION(call_refreshed)
{
	struct sip_content content = { .headers = call_auth_lines(leg) };
	struct sip_client *client = ev->client;

	leg->refresh = NULL;
	if (try_again(e, now, leg, ev))
		return;
	if (ev->type != SIP_EVENT_RESPONSE || ev->msg->status == 408 || ev->msg->status == 481) {
		if (leg->call->state != CALL_ENDING)
			end_expired(e, now, leg);
		return;
	}
	if (ev->msg->status >= 300) {
		if (ev->msg->status == 422)
			ask_again(e, now, leg, ev);
		else if (is_glare(ev) && leg->session.interval)
			wait_again(e, now, leg, true);
		return;
	}
	sip_dialog_response(e->sip, leg->dialog, ev->msg);
	if (ev->msg->method == SIP_INVITE)
		sip_ack(e->sip, now, client, leg->dialog, &content);
	call_session_agreed(e, now, leg, ev->msg);
}
