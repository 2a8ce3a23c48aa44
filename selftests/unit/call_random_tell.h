/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who is asked outside of calls in the random run: he answers by the plan, or once in a while
 * otherwise, and tells what he is subscribed for.
 */
#ifndef CALL_RANDOM_TELL_H
#define CALL_RANDOM_TELL_H

#include "call_random_belief.h"

/* --- who tells --- */

static inline void tell(struct apart *a, const char *terminated)
{
	u64 now = a->phone->world->now;
	char lines[400], state[64], text[32];

	if (terminated)
		snprintf(state, sizeof(state), "terminated;reason=%s", terminated);
	else
		snprintf(state, sizeof(state), "active;expires=%llu", a->until > now ?
			 (unsigned long long)((a->until - now) / NSEC_PER_SEC) : 0);
	snprintf(lines, sizeof(lines), "Event: %s\r\nSubscription-State: %s\r\n", a->event, state);
	snprintf(text, sizeof(text), "%u %u", a->id, ++a->serial);
	say_apart(a, SIP_NOTIFY, lines, text);
	if (terminated)
		apart_over(a);
}

static inline void grant(struct apart *a, struct sip_server *server, u32 seconds)
{
	struct world *w = a->phone->world;
	char line[32];

	if (!w->calm && seconds > 60 && percent(w, 30))
		seconds /= 2;
	a->up = true;
	a->before = a->until;
	a->granted = w->now;
	a->until = w->now + seconds * NSEC_PER_SEC;
	*taken(w, a->number) = true;
	*line = '\0';
	if (sip_server_request(server)->method == SIP_SUBSCRIBE)
		snprintf(line, sizeof(line), "Expires: %u\r\n", seconds);
	respond_apart(a->phone, server, a->dialog, 200, line);
	tell(a, seconds ? NULL : "timeout");
	if (seconds)
		apart_in(a, 10000);
}

/* Once in a while something else than planned. */
static inline u16 answer_by_plan(struct phone *p, const struct plan *plan)
{
	static const u16 others[] = { 0, 302, 403, 480, 486, 489, 500, 503, 603 };
	struct world *w = p->world;
	size_t i = (size_t)(p - w->phones);

	return w->calm || percent(w, 92) ? plan->answers[i > AUTHOR ? i - AUTHOR - 1 : 0] :
					   others[chance(w, 9)];
}

static inline void hold(struct phone *p, struct sip_server *server, u32 number)
{
	struct apart *a = new_apart(p, APART_HOLD, number);

	a->server = server;
	apart_over(a);
}

/* What it is called on this side: a REFER by its CSeq (RFC 3515 §2.4.6). */
static inline void take_event(struct apart *a, const struct sip_msg *msg)
{
	if (msg->method == SIP_REFER)
		snprintf(a->event, sizeof(a->event), "refer;id=%u", msg->cseq);
	else
		slice_copy(a->event, sizeof(a->event), event_of(msg));
}

static inline void subscribed(struct phone *p, const struct sip_event *ev, u32 number)
{
	struct apart *a = new_apart(p, APART_TELL, number);

	a->id = ++p->world->tellers;
	a->expires = ev->msg->method == SIP_REFER ? a->plan->expires : seconds_of(ev->msg);
	take_event(a, ev->msg);
	if (sip_dialog_new_uas(p->engine, ev->server, a, &a->dialog)) {
		respond_apart(p, ev->server, NULL, 400, "");
		apart_over(a);
		return;
	}
	if (a->plan->end == END_EARLY) {
		a->until = p->world->now + a->expires * NSEC_PER_SEC;
		a->server = ev->server;
		tell(a, NULL);
		apart_in(a, 200);
	} else {
		grant(a, ev->server, a->expires);
	}
}

/* A dialog that Event names is one of somebody here. */
static inline void check_named(struct world *w, const struct sip_msg *msg)
{
	struct __test_metadata *_metadata = w->_metadata;
	struct slice event = event_of(msg);
	struct list *at;
	bool found = false;
	size_t i;

	if (!slice_begins(event, SLICE("dialog;")))
		return;
	for (i = 1; i < NCALLERS; i++)
		for (at = w->phones[i].calls.next; at != &w->phones[i].calls; at = at->next)
			found |= has_text(event, list_entry(at, struct phone_call,
							    node)->dialog->call_id);
	w->named++;
	EXPECT_TRUE(found) {
		TH_LOG("nobody here has " SLICE_FMT, SLICE_ARG(event));
	}
}

/* Anything but a subscription; the header lines that this answer has. */
static inline const char *answer_lines(const struct sip_msg *msg, u16 status)
{
	if (status == 302)
		return "Contact: <sip:" ELSEWHERE "@" ANOTHER ">;q=0.7, <sip:" ELSEWHERE "@" TELLER ">;q=0.2\r\n";
	if (status >= 300)
		return "";
	return msg->method == SIP_PUBLISH ? "SIP-ETag: x\r\nExpires: 300\r\n" :
	       msg->method == SIP_REFER ? "Refer-Sub: false\r\n" : "";
}

static inline void asked_apart(struct phone *p, const struct sip_event *ev)
{
	u32 number = number_of_msg(ev->msg);
	const struct plan *plan = plan_of(number);
	enum sip_method method = ev->msg->method;
	struct world *w = p->world;
	bool begins = method == SIP_SUBSCRIBE || (method == SIP_REFER && plan->end != END_SILENT);
	u16 status;

	if (!w->calm && !chance(w, 400))
		p->gone_until = w->now + chance(w, 60000) * MSEC;
	check_named(w, ev->msg);
	status = answer_by_plan(p, plan);
	if (!status) {
		hold(p, ev->server, number);
	} else if (status >= 300 || !begins) {
		*taken(w, number) |= status < 300;
		respond_apart(p, ev->server, NULL, status, answer_lines(ev->msg, status));
	} else {
		subscribed(p, ev, number);
	}
}

static inline void asked_again(struct apart *a, const struct sip_event *ev)
{
	struct world *w = a->phone->world;

	if (a->over)
		respond_apart(a->phone, ev->server, a->dialog, 481, "");
	else if (a->server || (!w->calm && percent(w, 3)))
		respond_apart(a->phone, ev->server, a->dialog, 500, "");
	else
		grant(a, ev->server, seconds_of(ev->msg));
}

static inline void tell_on(struct apart *a)
{
	struct world *w = a->phone->world;
	struct sip_server *server = a->server;
	u64 left = a->until > w->now ? (a->until - w->now) / MSEC : 0;

	a->server = NULL;
	if (server) {
		grant(a, server, a->expires);
	} else if ((a->plan->end == END_TELLER || a->plan->end == END_EARLY) && a->serial > 2) {
		tell(a, "noresource");
	} else if (!left && a->plan->end == END_FORGOTTEN) {
		apart_over(a);
	} else if (!left) {
		tell(a, "timeout");
	} else {
		tell(a, NULL);
		apart_in(a, left < 10000 ? left : w->calm ? 10000 : chance(w, left));
	}
}

#endif
