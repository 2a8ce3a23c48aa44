// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Dialogs by the names that they have on the other side. One with us is known there as the one
 * behind it; of others nothing is known there. A header tells what it names to nobody but the
 * side whose dialog that is.
 */
#include <stdlib.h>

#include "call/header_private.h"
#include "event/map.h"

struct way {
	const struct call_engine *e;
	const struct call_leg *to;
	bool asks;			/* it is from who watches: the notifier's tags are ours */
};

const struct call_leg *call_leg_behind(const struct call_engine *e, const struct sip_dialog *near)
{
	struct call_leg *leg = near ? call_leg_find(e, near->user) : NULL;
	const struct call_leg *other = leg ? call_other(leg) : NULL;

	if (!other || !other->dialog || !other->dialog->remote_tag ||
	    leg->call->state == CALL_ENDING)
		return NULL;
	return other;
}

static const struct sip_dialog *find_near(const struct way *way, const struct event_dialog *d)
{
	struct sip_engine *sip = way->e->sip;

	if (!way->asks)
		return sip_dialog_of_ids(sip, d->call_id, d->remote_tag, d->local_tag);
	if (!d->remote_tag.n)		/* any of them: the call is the same */
		return sip_dialog_of_invite(sip, d->call_id, d->local_tag);
	return sip_dialog_of_ids(sip, d->call_id, d->local_tag, d->remote_tag);
}

static bool map_dialog(void *user, const struct event_dialog *d, struct event_dialog *there)
{
	const struct way *way = user;
	const struct call_leg *behind = call_leg_behind(way->e, find_near(way, d));
	const struct sip_dialog *far = behind ? behind->dialog : NULL;

	if (!far || behind->realm != way->to->realm)
		return false;
	*there = (struct event_dialog){
		slice_str(far->call_id), slice_str(far->local_tag), slice_str(far->remote_tag),
	};
	if (way->asks) {
		there->local_tag = slice_str(far->remote_tag);
		there->remote_tag = slice_str(far->local_tag);
	}
	return true;
}

enum event_named call_event_there(const struct call_engine *e, const struct call_leg *to,
				  const struct sip_msg *msg, char **value)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_EVENT);
	struct way way = {
		.e = e, .to = to,
		.asks = (msg->method == SIP_SUBSCRIBE) == msg->request,
	};
	struct event_map map = { .user = &way, .dialog = map_dialog };
	enum event_named named;
	struct buf plain, there;

	*value = NULL;
	if (!hdr)
		return EVENT_NAMES_NONE;
	buf_init(&plain);
	buf_init(&there);
	call_add_unfolded(&plain, hdr->value);
	named = event_map_event(&map, buf_slice(&plain), &there);
	there.failed |= plain.failed;
	buf_free(&plain);
	buf_str(&there, "");
	*value = buf_take(&there);
	return named;
}
