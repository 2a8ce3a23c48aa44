// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What we can do (RFC 3261 §11), and the answer to what we cannot: a method
 * that is known and not in Allow is 405, one that nobody knows is 501. Requests
 * that belong to no call are sorted here.
 */
#include "call/call.h"
#include "call/exchange.h"
#include "call/register.h"
#include "call/watch.h"

static void say_allowed(struct call_engine *e, u64 now, const struct call_leg *leg,
			const struct sip_event *ev, u16 status, const char *more)
{
	struct buf lines;

	buf_init(&lines);
	if (leg)
		buf_str(&lines, CALL_ALLOW);
	else
		call_subscribe_lines(e, &lines);
	buf_str(&lines, more);
	call_respond(e, now, ev->server, leg ? leg->dialog : NULL, status,
		     lines.failed ? SLICE(CALL_ALLOW) : buf_slice(&lines));
	buf_free(&lines);
}

CALL_ACTION(call_options)
{
	say_allowed(e, now, leg, ev, 200, CALL_ACCEPT CALL_SUPPORTED);
}

CALL_ACTION(call_not_allowed)
{
	bool known = ev->msg->method != SIP_METHOD_OTHER;

	say_allowed(e, now, leg, ev, known ? 405 : 501, "");
}

CALL_ACTION(call_gone)
{
	call_respond(e, now, ev->server, leg ? leg->dialog : NULL, 481, SLICE(""));
}

/* Who sent it comes first: an unknown source learns nothing but that. */
void call_request(struct call_engine *e, u64 now, const struct sip_event *ev)
{
	struct call_source source;

	if (!call_source_admit(e, now, ev, &source))
		return;
	if (ev->msg->method != SIP_INVITE && ev->msg->method != SIP_REGISTER &&
	    call_turn_away(e, now, ev, CALL_KIND_OTHER, NULL))
		return;
	switch (ev->msg->method) {
	case SIP_INVITE:
		call_invite(e, now, ev, &source);
		break;
	case SIP_REGISTER:
		if (source.domain)
			call_register(e, now, ev, &source);
		else
			call_not_allowed(e, now, NULL, ev);
		break;
	case SIP_OPTIONS:
		call_options(e, now, NULL, ev);
		break;
	case SIP_SUBSCRIBE:
		if (!call_subscribe(e, now, ev, &source) &&
		    !call_exchange_routed(e, now, ev, &source))
			call_subscribe_unserved(e, now, ev);
		break;
	case SIP_PUBLISH:
		if (!call_publish(e, now, ev, &source) &&
		    !call_exchange_routed(e, now, ev, &source))
			call_subscribe_unserved(e, now, ev);
		break;
	case SIP_MESSAGE:
		call_exchange(e, now, ev, &source);
		break;
	case SIP_REFER:
		call_refer_apart(e, now, ev, &source);
		break;
	case SIP_NOTIFY:		/* of a subscription that is not ours (RFC 6665 §4.1.3) */
	case SIP_BYE:
		call_gone(e, now, NULL, ev);
		break;
	default:
		call_not_allowed(e, now, NULL, ev);
	}
}
