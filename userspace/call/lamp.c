// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Calls as those see them who watch a user's lamp: he is the caller, or one of his devices is
 * called. Where several devices ring it is one call of his.
 */
#include <stdio.h>
#include <stdlib.h>

#include "call/call.h"
#include "call/watch.h"
#include "event/map.h"

/*
 * false: its caller is none of our users. While somebody is put through his lamp is that of his
 * old call.
 */
static bool caller_of(const struct call *call, char aor[REGISTRAR_AOR])
{
	const struct call_leg *leg = call->legs[0];
	char *who;

	if (call->transfer || (call->transferred && leg->state == CALL_LEG_DONE))
		return false;
	who = call_leg_subscriber(leg);
	if (!who)
		return false;
	snprintf(aor, REGISTRAR_AOR, "%s", who);
	free(who);
	return true;
}

void call_lamps_changed(struct call_engine *e, const struct call *call)
{
	char aor[REGISTRAR_AOR];

	if (!e->watchers->table.of[EVENT_DIALOG])
		return;
	if (caller_of(call, aor))
		call_watchers_changed(e, aor);
	if (call->callee)
		call_watchers_changed(e, call->callee);
}

void call_lamp_called(struct call_engine *e, struct call *call, const char *aor)
{
	if (!call->callee)
		call->callee = strdup(aor);
	call_lamps_changed(e, call);
}

void call_lamp_answered(struct call_engine *e, struct call *call)
{
	const struct call_leg *winner = call->legs[1];

	call_lamps_changed(e, call);
	if (winner->root && winner->root->contact)
		return;
	free(call->callee);		/* somebody else took it */
	call->callee = NULL;
}

static void add(const struct call_engine *e, const struct call *call, bool caller,
		bool identities, struct event_call *to)
{
	const char *remote = caller ? call->to : call->from;
	struct hasher h;
	struct sip_uri uri;

	hash_begin(&h, &e->watchers->table.key);
	hash_add_u64(&h, call->id);
	hash_add_u64(&h, caller);
	*to = (struct event_call){
		.id = hash_end(&h), .caller = caller,
		.state = call->state >= CALL_ANSWERED ? EVENT_CALL_CONFIRMED :
			 call->state == CALL_RINGING ? EVENT_CALL_EARLY : EVENT_CALL_TRYING,
	};
	if (identities && sip_uri_parse(slice_str(remote), &uri))
		to->remote = uri.user;
}

size_t call_lamp_calls(const struct call_engine *e, const char *aor, u64 only, bool identities,
		       struct event_call calls[EVENT_CALLS])
{
	const struct list *at;
	char caller[REGISTRAR_AOR];
	size_t n = 0;

	for (at = e->calls.next; at != &e->calls && n + 2 <= EVENT_CALLS; at = at->next) {
		const struct call *call = list_entry(at, struct call, node);

		if (call->state == CALL_ENDING || (only && call->id != only))
			continue;
		if (caller_of(call, caller) && !strcmp(caller, aor))
			add(e, call, true, identities, &calls[n++]);
		if (call->callee && !strcmp(call->callee, aor))
			add(e, call, false, identities, &calls[n++]);
	}
	return n;
}

/* --- one of them alone --- */

/* Either party's name for it, for who watches knows one or the other. */
static const struct sip_dialog *find_named(const struct call_engine *e,
					   const struct event_dialog *d)
{
	const struct sip_dialog *found;

	if (!d->remote_tag.n)
		return sip_dialog_of_invite(e->sip, d->call_id, d->local_tag);
	found = sip_dialog_of_ids(e->sip, d->call_id, d->local_tag, d->remote_tag);
	return found ? found :
	       sip_dialog_of_ids(e->sip, d->call_id, d->remote_tag, d->local_tag);
}

bool call_lamp_named(const struct call_engine *e, const struct call_wish *wish, u64 *call)
{
	struct event_call calls[EVENT_CALLS];
	char call_id[EVENT_CALL_ID];
	const struct sip_dialog *named;
	const struct call_leg *leg;
	struct event_dialog d;
	enum event_named is;

	*call = 0;
	is = wish->package == EVENT_DIALOG ? event_named(wish->event, &d, call_id) :
					     EVENT_NAMES_NONE;
	if (is != EVENT_NAMES_KNOWN)
		return is == EVENT_NAMES_NONE;
	named = find_named(e, &d);
	leg = named ? call_leg_find(e, named->user) : NULL;
	*call = leg ? leg->call->id : 0;
	return *call && call_lamp_calls(e, wish->aor, *call, false, calls);
}

bool call_lamp_is_out(const struct call_engine *e, const struct call_watch *watch)
{
	struct event_call calls[EVENT_CALLS];

	return watch->call && !call_lamp_calls(e, watch->sub.resource, watch->call, false, calls);
}

/* --- what is over --- */

static bool is_among(const struct event_call *call, const struct event_call *calls, size_t n)
{
	while (n && calls[n - 1].id != call->id)
		n--;
	return n;
}

/* First, for who looks at the last one alone. Where not all are told none is known to be over. */
size_t call_lamp_over(const struct call_watch *watch, size_t n,
		      struct event_call calls[2 * EVENT_CALLS])
{
	struct event_call over[EVENT_CALLS];
	size_t i, gone = 0;

	for (i = 0; i < watch->ntold && n + 2 <= EVENT_CALLS; i++)
		if (!is_among(&watch->told[i], calls, n))
			over[gone++] = watch->told[i];
	memmove(calls + gone, calls, n * sizeof(*calls));
	memcpy(calls, over, gone * sizeof(*calls));
	return gone + n;
}

/* Without memory for them, who watches sees no more of those that end than that they are gone. */
void call_lamp_told(const struct call_engine *e, struct call_watch *watch)
{
	struct event_call calls[EVENT_CALLS];
	size_t i, n = watch->sub.package == EVENT_DIALOG ?
		      call_lamp_calls(e, watch->sub.resource, watch->call, false, calls) : 0;

	free(watch->told);
	watch->told = n ? malloc(n * sizeof(*calls)) : NULL;
	watch->ntold = watch->told ? n : 0;
	for (i = 0; i < watch->ntold; i++)
		watch->told[i] = (struct event_call){
			.id = calls[i].id, .caller = calls[i].caller,
			.state = EVENT_CALL_TERMINATED,
		};
}
