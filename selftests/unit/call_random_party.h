/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who is in a call refers the other party of it, or asks him to, in the random run: in the dialog
 * of the call, or outside of it with Target-Dialog (RFC 4538). Where that passes the other tells
 * what becomes of it; where Jalur carries it out, Jalur does. Once in a while it is the one, or
 * the other, in the configuration.
 */
#ifndef CALL_RANDOM_PARTY_H
#define CALL_RANDOM_PARTY_H

#include "call_random_apart.h"

/* Of the trunks of those who call. */
static inline void set_transfers(struct world *w, enum call_transfer_mode mode)
{
	size_t i;

	for (i = 0; i < 3; i++)
		w->h.policy->trunks[i].transfer = mode;
}

static inline bool passes(const struct world *w)
{
	return w->h.policy->trunks[0].transfer == CALL_TRANSFER_PASS;
}

/* What the administrator changes meanwhile. */
static inline void reconfigure(struct world *w)
{
	struct call_policy *p = w->h.policy;
	size_t i;

	set_transfers(w, passes(w) ? CALL_TRANSFER_HANDLE : CALL_TRANSFER_PASS);
	for (i = 0; i < p->nroutes; i++)
		if (!strcmp(p->routes[i].name, "in"))
			p->routes[i].redirect = percent(w, 50) ? CALL_REDIRECT_FOLLOW :
								 CALL_REDIRECT_PASS;
}

/* --- outside of the dialog --- */

static inline void refer_party(struct phone_call *c)
{
	struct phone *p = c->phone;
	const struct sip_dialog *d = c->dialog;
	struct apart *a;
	char line[300];

	a = begin_apart(p, OF_PARTIES | ++p->world->parties);
	/* what Jalur carries out it accepts by itself */
	*taken(p->world, a->number) = true;
	snprintf(line, sizeof(line), "Target-Dialog: %s;local-tag=%s;remote-tag=%s\r\n",
		 d->call_id, d->local_tag, d->remote_tag);
	say_refer(a, line);
}

/* --- inside --- */

/* Jalur's NOTIFYs of what it carries out have a body of another type. */
static inline void tell_referrer(struct phone_call *c, bool last)
{
	struct phone *p = c->phone;
	struct sip_content content = { .content_type = SLICE("text/plain") };
	char lines[120], text[16];

	snprintf(lines, sizeof(lines), "Event: refer;id=%u\r\nSubscription-State: %s\r\n",
		 c->refer_id, last ? "terminated;reason=noresource" : "active;expires=60");
	snprintf(text, sizeof(text), "%u", ++c->told);
	content.headers = slice_str(lines);
	content.body = slice_str(text);
	sip_request(p->engine, p->world->now, c->dialog, SIP_NOTIFY, &content, c, &c->telling);
	if (last)
		c->refer_id = 0;
}

static inline u16 referred(struct phone_call *c, const struct sip_msg *msg)
{
	struct world *w = c->phone->world;

	if (c->refer_id || c->phase != UP || percent(w, 20))
		return 603;
	c->refer_id = msg->cseq;
	w->passed++;
	return 202;
}

static inline void check_referral(struct phone_call *c, const struct sip_msg *msg)
{
	struct __test_metadata *_metadata = c->phone->world->_metadata;
	struct slice event = event_of(msg), id;
	u32 number = 0;
	bool mine = false;
	size_t i;

	if (event.n > 5 && sip_param(slice_of(event.p + 5, event.n - 5), "id", &id))
		slice_u32(id, &number);
	for (i = 0; i < c->nreferrals && i < MAX_REFERRALS; i++)
		mine |= c->referrals[i] == number;
	EXPECT_TRUE(!number || mine || c->nreferrals > MAX_REFERRALS) {
		TH_LOG("hears of REFER %u, which is not his", number);
	}
}

/* They come in the order in which they were sent, unless a restart forgot the last. */
static inline void heard_of_referral(struct phone_call *c, const struct sip_msg *msg)
{
	struct world *w = c->phone->world;
	struct __test_metadata *_metadata = w->_metadata;
	u32 serial = number_of_msg(msg);

	check_referral(c, msg);
	if (!slice_eq(msg->content_type, SLICE("text/plain")))
		return;
	w->passed_told++;
	if (!nomem.failed && c->heard_reloads == w->reloaded)
		EXPECT_GT(serial, c->heard_of);
	c->heard_of = serial;
	c->heard_reloads = w->reloaded;
}

/* true: that was what he said. */
static inline bool told_referrer(struct phone_call *c, const struct sip_event *ev, u16 status)
{
	if (!ev->client || ev->client != c->telling)
		return false;
	if (status < 200)
		return true;
	c->telling = NULL;
	if (status == 481)
		c->refer_id = 0;
	return status != 408;
}

#endif
