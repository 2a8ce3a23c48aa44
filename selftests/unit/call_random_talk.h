/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is done in a call of the random run that is up: hold, changes, questions, REFER, silence.
 */
#ifndef CALL_RANDOM_TALK_H
#define CALL_RANDOM_TALK_H

#include "call_random_party.h"

/* Another call of his; NULL: he has none. */
static inline struct phone_call *other_call(const struct phone_call *c)
{
	const struct list *at;

	for (at = c->phone->calls.next; at != &c->phone->calls; at = at->next) {
		struct phone_call *other = list_entry(at, struct phone_call, node);

		if (other != c && other->phase == UP && other->dialog->remote_tag)
			return other;
	}
	return NULL;
}

/* To whom he is in that one with. */
static inline void refer_to(const struct sip_dialog *d, char *lines, size_t size)
{
	const char *at = strchr(d->call_id, '@');
	int n = (int)(at ? (size_t)(at - d->call_id) : strlen(d->call_id));

	snprintf(lines, size, "Refer-To: <sip:4930@sbc.example?Replaces=%.*s%s%s%%3Bto-tag%%3D%s"
		 "%%3Bfrom-tag%%3D%s>\r\n", n, d->call_id, at ? "%40" : "", at ? at + 1 : "",
		 d->remote_tag, d->local_tag);
}

static inline void send_refer(struct phone_call *c, const struct sip_content *content)
{
	struct phone *p = c->phone;

	sip_request(p->engine, p->world->now, c->dialog, SIP_REFER, content, c, &c->other);
	c->referred = true;
	c->referrals[c->nreferrals++ % MAX_REFERRALS] = c->dialog->local_cseq;
}

/* To both phones inside or to the one outside, to one, or to nobody. */
static inline void refer(struct phone_call *c)
{
	static const char *const targets[] = { "4930", "4930", "2000", "2000", "77" };
	struct phone *p = c->phone;
	struct world *w = p->world;
	struct sip_content content = { 0 };
	struct phone_call *other = percent(w, 50) ? other_call(c) : NULL;
	char lines[512];

	if (other)
		refer_to(other->dialog, lines, sizeof(lines));
	else
		snprintf(lines, sizeof(lines), "Refer-To: <sip:%s@sbc.example>\r\n",
			 targets[chance(w, 5)]);
	if (percent(w, 15))
		strcat(lines, "Refer-Sub: false\r\n");
	if (percent(w, 20))
		strcat(lines, "Referred-By: <sip:x@phone.example>\r\n");
	content.headers = slice_str(lines);
	send_refer(c, &content);
	w->refers++;
	w->attended += !!other;
}

/* He wants to hear of it for another while, or no more. */
static inline void ask_of_refer(struct phone_call *c)
{
	struct phone *p = c->phone;
	struct sip_content content = {
		.headers = percent(p->world, 50) ? SLICE("Event: refer\r\nExpires: 60\r\n") :
						   SLICE("Event: refer\r\nExpires: 0\r\n"),
	};

	sip_request(p->engine, p->world->now, c->dialog, SIP_SUBSCRIBE, &content, c, &c->other);
}

static inline void talk(struct phone_call *c)
{
	struct world *w = c->phone->world;

	if (percent(w, 40) && !c->patient) {
		hang_up(c);
		return;
	}
	if (c->refer_id && !c->telling) {
		tell_referrer(c, percent(w, 40));
		act_in(c, chance(w, 10000));
		return;
	}
	if (percent(w, 3) && c->dialog->remote_tag)
		refer_party(c);
	if (!c->other && percent(w, 5)) {
		refer(c);
		act_in(c, chance(w, percent(w, 30) ? 500 : 20000));
		return;
	}
	if (!c->other && c->referred && percent(w, 20)) {
		ask_of_refer(c);
		act_in(c, chance(w, 20000));
		return;
	}
	if (!c->invite && !c->server && !c->other && percent(w, 50)) {
		c->offered = percent(w, 85);
		c->invite = ask(c, SIP_INVITE, c->offered ? sdp_of(c) : NULL);
		w->reinvites++;
	} else if (!c->other && !c->invite && percent(w, 40)) {
		c->other = ask(c, SIP_UPDATE, percent(w, 80) ? sdp_of(c) : NULL);
		w->updates++;
	} else if (!c->other) {
		static const enum sip_method methods[] = { SIP_OPTIONS, SIP_INFO, SIP_MESSAGE };
		enum sip_method method = methods[chance(w, 3)];

		c->other = ask(c, method, NULL);
	}
	act_in(c, chance(w, 20000));
}

static inline void act_on_call(struct phone_call *c)
{
	struct phone *p = c->phone;

	if (c->phase == OVER)
		free_call(c);
	else if (c->server)
		decide(c);
	else if (c->phase == UP)
		talk(c);
	else if (c->invite && !sip_cancel(p->engine, p->world->now, c->invite, SLICE("")))
		p->world->cancelled++;
}

#endif
