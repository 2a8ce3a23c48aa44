// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests of one side that the other had, or was about to get, when the daemon was killed.
 * Their senders have no answer and send them again. Then they go where they went before, under
 * the number and the branch that they had there: whoever has them takes that for a
 * retransmission, says what he said, and does nothing twice; whoever has not takes them as new.
 * So both are in the record of the call while there is no answer. The reader takes what is
 * there for bytes from outside.
 */
#include <stdlib.h>

#include "base/alloc.h"
#include "call/call.h"

struct call_again {
	struct list node;		/* in the call */
	enum media_leg from;
	u32 near;			/* CSeq there */
	struct sip_sent far;
};

static struct call_again *find(const struct call_leg *leg, u32 near)
{
	const struct list *at, *all = &leg->call->again;

	for (at = all->next; at != all; at = at->next) {
		struct call_again *a = list_entry(at, struct call_again, node);

		if (a->from == leg->side && a->near == near)
			return a;
	}
	return NULL;
}

static void forget(struct call_again *a)
{
	list_del(&a->node);
	free(a);
}

bool call_again_is(const struct call_leg *leg, const struct sip_msg *msg)
{
	return find(leg, msg->cseq);
}

void call_again_take(const struct call_leg *leg, const struct sip_msg *msg, struct sip_sent *far)
{
	struct call_again *a = find(leg, msg->cseq);

	if (!a)
		return;
	*far = a->far;
	forget(a);
}

void call_again_clear(struct call *call)
{
	while (!list_empty(&call->again))
		forget(list_entry(call->again.next, struct call_again, node));
}

/* --- the record --- */

static void save(json_t **all, enum media_leg from, u32 near, const struct sip_sent *far)
{
	if (json_array_size(*all) < CALL_MAX_AGAIN)
		json_append(all, json_pack("{s:b, s:I, s:I, s:s}",
					   "callee", from == MEDIA_LEG_B,
					   "near", (json_int_t)near, "far", (json_int_t)far->cseq,
					   "branch", far->branch));
}

void call_again_save(const struct call *call, json_t **object)
{
	json_t *all = json_array();
	const struct list *at;

	for (at = call->carried.next; at != &call->carried; at = at->next) {
		const struct call_carried *c = list_entry(at, struct call_carried, node);

		if (c->sent.cseq && call_in_pair(c->from))
			save(&all, c->from->side, sip_server_request(c->server)->cseq, &c->sent);
	}
	for (at = call->again.next; at != &call->again; at = at->next) {
		const struct call_again *a = list_entry(at, struct call_again, node);

		if (sip_dialog_expects(call->legs[a->from]->dialog, a->near))
			save(&all, a->from, a->near, &a->far);
	}
	if (!all || json_array_size(all))
		json_put(object, "carried", all);
	else
		json_decref(all);
}

static void restore(struct call *call, struct json_reader *r, const json_t *saved)
{
	enum media_leg from = json_read_bool(r, saved, "callee") ? MEDIA_LEG_B : MEDIA_LEG_A;
	struct sip_dialog *near = call->legs[from]->dialog, *far = call->legs[!from]->dialog;
	struct call_again again = {
		.from = from,
		.near = (u32)json_read_u64(r, saved, "near", UINT32_MAX),
		.far.cseq = (u32)json_read_u64(r, saved, "far", far ? far->local_cseq : 0),
	}, *a;

	slice_copy(again.far.branch, sizeof(again.far.branch),
		   slice_str(json_read_text(r, saved, "branch", SIP_BRANCH - 1)));
	if (!r->bad && !sip_sent_is_ours(&again.far))
		r->bad = "branch";
	if (r->bad || !near)
		return;
	sip_dialog_expect(near, again.near);
	if (!sip_dialog_expects(near, again.near))
		return;		/* others have come since, and it is late */
	a = malloc(sizeof(*a));
	if (!a) {
		r->bad = "memory";
		return;
	}
	*a = again;
	list_add_tail(&call->again, &a->node);
}

void call_again_restore(struct call *call, struct json_reader *r, const json_t *saved)
{
	const json_t *all;
	size_t i;

	if (r->bad || !json_object_get(saved, "carried"))
		return;
	all = json_read_array(r, saved, "carried", CALL_MAX_AGAIN);
	for (i = 0; all && !r->bad && i < json_array_size(all); i++) {
		if (json_is_object(json_array_get(all, i)))
			restore(call, r, json_array_get(all, i));
		else
			r->bad = "carried";
	}
}
