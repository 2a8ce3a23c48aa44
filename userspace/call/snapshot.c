// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A call as JSON. One that is up: what a daemon needs to go on with it after a restart,
 * beside the session that the kernel went on with meanwhile. What was under way, an
 * offer or a question, is not in it; its sender hears nothing and tries again, and what went to
 * the other side has then the number that it had (again.c). One that
 * is not up yet: what its record will say, for nobody can go on with it. One that was a part
 * in a transfer and has nothing left, or that a transfer began: whom to send a BYE, and whom a
 * CANCEL (invite_record.c). Times are those of the day, since the monotonic clock begins anew
 * with the machine. Realms, trunks and listeners go by their names and addresses, for the
 * configuration may be another one. The reader takes it for bytes from outside.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "call/dialog_record.h"
#include "call/trunk_state.h"
#include "media/store.h"

#define VERSION 1
#define MAX_TEXT 1024
#define MAX_AGE_MS (366ull * 24 * 3600 * 1000)

/* When ns was, in ms of the day. */
static json_t *save_time(u64 now, u64 wall, u64 ns)
{
	return json_integer((json_int_t)((wall - (now - ns)) / NSEC_PER_MSEC));
}

/* Whatever the far side named itself: an empty string where there is nothing. */
static json_t *save_text(const char *text)
{
	return json_text(text ? text : "");
}

static json_t *save_leg(const struct call_engine *e, u64 now, u64 wall, const struct call_leg *leg)
{
	const struct call_policy *p = leg->call->policy;
	json_t *saved;

	saved = json_pack("{s:s, s:s, s:b, s:o, s:I, s:I, s:b, s:b, s:o, s:o}",
			  "realm", leg->realm < 0 ? "" : p->realms[leg->realm].name,
			  "trunk", leg->trunk < 0 ? "" : p->trunks[leg->trunk].name,
			  "updates", leg->updates,
			  "recv_info", save_text(leg->recv_info),
			  "session_interval", (json_int_t)leg->session.interval,
			  "session_min", (json_int_t)leg->session.min_se,
			  "session_local", leg->session.local, "session_peer", leg->session.peer,
			  "refreshed", save_time(now, wall, leg->refreshed),
			  "dialog", call_dialog_save(leg->dialog));
	if (!saved)
		return NULL;
	call_flow_save(e, &leg->dialog->flow, &saved);
	if (call_transfer_is_told(e, leg))
		json_put(&saved, "moved", json_true());
	if (leg->subscriber) {
		json_put(&saved, "subscriber", save_text(leg->subscriber));
		json_put(&saved, "roams", json_boolean(leg->dialog->roams));
	}
	return saved;
}

/* Who is there: enough for a call record. */
static json_t *save_party(const struct call_leg *leg)
{
	const struct call_policy *p = leg->call->policy;
	const struct sip_dialog *d = leg->dialog;

	return json_pack("{s:s, s:s, s:o, s:{s:o, s:o, s:o}}",
			 "realm", leg->realm < 0 ? "" : p->realms[leg->realm].name,
			 "trunk", leg->trunk < 0 ? "" : p->trunks[leg->trunk].name,
			 "peer", json_addr(&leg->peer), "dialog",
			 "call_id", save_text(d ? d->call_id : NULL),
			 "local_uri", save_text(d ? d->local_uri : NULL),
			 "remote_uri", save_text(d ? d->remote_uri : NULL));
}

static json_t *save_call(const struct call *call, u64 now, u64 wall, const char *state)
{
	return json_pack("{s:i, s:o, s:s, s:s, s:o, s:o, s:o}",
			 "version", VERSION, "id", call_id_save(call->id), "state", state,
			 "route", call->route ? call->route->name : "",
			 "from", save_text(call->from), "to", save_text(call->to),
			 "created", save_time(now, wall, call->created));
}

/* Its 2xx may lack an ACK, whose loss is nothing that a restart could help. */
static bool is_up(const struct call_leg *leg)
{
	return leg && !leg->unacked &&
	       (leg->state == CALL_LEG_UP || leg->state == CALL_LEG_ANSWERED);
}

static void set_refer(const struct call_engine *e, json_t **object, const struct call *call)
{
	if (call->refer && !call->refer->ended)
		json_put(object, "refer", call_refer_save(e, call->refer));
	if (call->referred)
		json_put(object, "referred", json_true());
	if (call->transferred_from)
		json_put(object, "transferred_from", call_id_save(call->transferred_from));
}

static json_t *save_up(const struct call_engine *e, u64 now, u64 wall, const struct call *call)
{
	json_t *object = save_call(call, now, wall, "up");

	json_put(&object, "answered", save_time(now, wall, call->answered));
	json_put(&object, "a", save_leg(e, now, wall, call->legs[0]));
	json_put(&object, "b", save_leg(e, now, wall, call->legs[1]));
	json_put(&object, "media", media_negotiation_save(call->media));
	if (call->callee)
		json_put(&object, "callee", save_text(call->callee));
	if (call->domain)
		json_put(&object, "caller",
			 json_pack("{s:s, s:o}", "domain", call->domain->name,
				   "user", save_text(call->user)));
	set_refer(e, &object, call);
	call_passed_save(call, &object);
	call_again_save(call, &object);
	return object;
}

/* A part in a transfer that a restart ends by a BYE. */
static bool is_left(const struct call_leg *leg)
{
	return leg && leg->dialog && leg->dialog->remote_tag &&
	       (leg->state == CALL_LEG_UP || leg->state == CALL_LEG_ANSWERED ||
		leg->state == CALL_LEG_BYE);
}

static bool any_rings(const struct call *call)
{
	size_t i;

	for (i = 0; i < call->nall; i++)
		if (call_invite_rings(call->all[i]))
			return true;
	return false;
}

static bool is_parting(const struct call *call)
{
	return (call->transferred || call->transfer) &&
	       (is_left(call->legs[0]) || is_left(call->legs[1]) || any_rings(call));
}

static json_t *save_parting(const struct call_engine *e, u64 now, u64 wall,
			    const struct call *call)
{
	json_t *object = save_call(call, now, wall, "parting");
	size_t i;

	if (call->answered)
		json_put(&object, "answered", save_time(now, wall, call->answered));
	for (i = 0; i < 2; i++)
		if (is_left(call->legs[i]))
			json_put(&object, i ? "b" : "a", save_leg(e, now, wall, call->legs[i]));
	call_invites_save(e, call, &object);
	set_refer(e, &object, call);
	return object;
}

static json_t *save_attempt(u64 now, u64 wall, const struct call *call)
{
	json_t *object = save_call(call, now, wall, "attempt");

	json_put(&object, "a", save_party(call->legs[0]));
	if (call->legs[1])
		json_put(&object, "b", save_party(call->legs[1]));
	return object;
}

int call_engine_save(struct call_engine *e, u64 now, u64 wall, u64 id, char **text)
{
	struct call *call = call_find(e, id);
	json_t *object;

	if (!call)
		return -ENOENT;
	call->storing = false;
	if (is_parting(call))
		object = save_parting(e, now, wall, call);
	else if (call->transferred)
		return -ENOENT;		/* whose other party another call has now */
	else if (call->state == CALL_ENDING)
		return -EAGAIN;
	else if (call->state < CALL_ANSWERED)
		object = save_attempt(now, wall, call);
	else if (is_up(call->legs[0]) && is_up(call->legs[1]) && call->media)
		object = save_up(e, now, wall, call);
	else
		return -EAGAIN;
	*text = json_write(object);
	return *text ? 0 : -ENOMEM;
}

/* Without memory for it, the next change says so again. */
void call_store(struct call_engine *e, struct call *call)
{
	if (e->store && !call->storing)
		call->storing = !effects_store_call(&e->effects, call->id);
}

/* --- and back --- */

struct restoring {
	struct call_engine *e;
	struct json_reader r;
	u64 now, wall;
	struct call *call;
	bool parting;
};

/* Nothing of a call is older than a year, nor in the future. */
u64 call_time_read(struct json_reader *r, const json_t *saved, const char *key, u64 now, u64 wall)
{
	u64 at = json_read_u64(r, saved, key, INT64_MAX / NSEC_PER_MSEC) * NSEC_PER_MSEC;
	u64 age = wall > at ? wall - at : 0;

	if (age / NSEC_PER_MSEC > MAX_AGE_MS && !r->bad)
		r->bad = key;
	return now > age ? now - age : 1;
}

static u64 restore_time(struct restoring *s, const json_t *saved, const char *key)
{
	return call_time_read(&s->r, saved, key, s->now, s->wall);
}

/* Whoever takes no package is as good as who never spoke of one. */
static char *restore_packages(struct restoring *s, const json_t *saved)
{
	const char *text = json_read_text(&s->r, saved, "recv_info", MAX_TEXT);
	char *packages = *text ? strdup(text) : NULL;

	if (*text && !packages)
		s->r.bad = "memory";
	return packages;
}

/* Who had another call before, where it was known who he is. */
static void restore_subscriber(struct restoring *s, struct call_leg *leg, const json_t *saved)
{
	if (!json_object_get(saved, "subscriber"))
		return;
	leg->subscriber = strdup(json_read_text(&s->r, saved, "subscriber", REGISTRAR_AOR - 1));
	leg->dialog->roams = json_read_bool(&s->r, saved, "roams");
	if (!leg->subscriber)
		s->r.bad = "memory";
}

static void restore_leg(struct restoring *s, struct call_leg *leg, const json_t *saved)
{
	const struct call_policy *p = s->call->policy;
	struct flow flow = call_flow_restore(s->e, &s->r, saved);

	leg->state = CALL_LEG_UP;
	leg->realm = call_realm_called(p, json_read_text(&s->r, saved, "realm", MAX_TEXT));
	leg->trunk = call_trunk_index(p, json_read_text(&s->r, saved, "trunk", MAX_TEXT));
	leg->peer = flow.peer;
	leg->listener = flow.listener;
	leg->name = flow.name;
	leg->owed = json_object_get(saved, "moved") && json_read_bool(&s->r, saved, "moved");
	leg->updates = json_read_bool(&s->r, saved, "updates");
	leg->recv_info = restore_packages(s, saved);
	leg->session = (struct sip_session_timer){
		.interval = (u32)json_read_u64(&s->r, saved, "session_interval", INT32_MAX),
		.min_se = (u32)json_read_u64(&s->r, saved, "session_min", INT32_MAX),
		.local = json_read_bool(&s->r, saved, "session_local"),
		.peer = json_read_bool(&s->r, saved, "session_peer"),
	};
	leg->refreshed = restore_time(s, saved, "refreshed");
	if (!s->r.bad && leg->realm < 0)
		s->r.bad = "realm";
	if (!s->r.bad && !flow.peer.family)
		s->r.bad = "peer";
	leg->dialog = call_dialog_restore(s->e, &s->r, json_read_object(&s->r, saved, "dialog"),
					  &flow, call_leg_handle(leg));
	if (leg->dialog) {
		call_leg_dialog_made(leg);
		restore_subscriber(s, leg, saved);
	}
	call_trunk_count(s->e, leg);
}

static void restore_media(struct restoring *s, const json_t *saved)
{
	struct media_negotiation_conf conf = {
		.session = s->call->id, .idle_ms = s->call->policy->media_idle_ms,
	};
	bool empty;
	size_t i;

	for (i = 0; i < 2 && !s->r.bad; i++)
		call_media_conf(&conf, s->call->legs[i], i);
	if (!s->r.bad)
		s->call->media = media_negotiation_restore(&conf, &s->r, saved, s->now);
	if (!s->call->media) {
		s->r.bad = s->r.bad ? s->r.bad : "media";
		return;
	}
	s->call->plan = media_plan_make(s->call->media, &empty);
	if (!s->call->plan && !empty)
		s->r.bad = "memory";
	s->call->session = s->call->plan;
	s->call->idle_from = s->now;
}

/* A subscriber's call is his as long as his domain is ours. */
static void restore_caller(struct restoring *s, const json_t *saved)
{
	const json_t *caller = json_object_get(saved, "caller") ?
			       json_read_object(&s->r, saved, "caller") : NULL;
	struct call_source source = { .class = CALL_SOURCE_SUBSCRIBER };
	struct slice domain;

	if (!caller)
		return;
	domain = slice_str(json_read_text(&s->r, caller, "domain", MAX_TEXT));
	source.domain = call_policy_domain(s->call->policy, domain);
	slice_copy(source.user, sizeof(source.user),
		   slice_str(json_read_text(&s->r, caller, "user", SIP_AUTH_USER - 1)));
	if (s->r.bad || !source.domain)
		return;
	if (call_caller_set(s->call, &source) || call_usage_take(s->e, s->call, 0))
		s->r.bad = "memory";
	else if (!s->call->transferred_from)
		s->call->legs[0]->dialog->roams = true;
}

static void restore_callee(struct restoring *s, const json_t *saved)
{
	const char *aor = json_object_get(saved, "callee") ?
			  json_read_text(&s->r, saved, "callee", REGISTRAR_AOR - 1) : NULL;

	if (!s->r.bad && aor)
		s->call->callee = strdup(aor);
}

/* Whose call is a part in a transfer that came to an end: nothing but its BYE is left. */
static void restore_parting(struct restoring *s, const json_t *saved)
{
	size_t i, n = 0;

	for (i = 0; i < 2; i++) {
		const char *key = i ? "b" : "a";

		s->call->legs[i]->state = CALL_LEG_DONE;
		if (!json_object_get(saved, key))
			continue;
		restore_leg(s, s->call->legs[i], json_read_object(&s->r, saved, key));
		s->call->legs[i]->owed = false;
		n++;
	}
	if (json_object_get(saved, "ringing"))
		n += call_invites_restore(s->e, s->call, &s->r, saved);
	if (!n && !s->r.bad)
		s->r.bad = "a";
	if (json_object_get(saved, "answered"))
		s->call->answered = restore_time(s, saved, "answered");
	s->call->session = true;
}

static void restore_up(struct restoring *s, const json_t *saved)
{
	struct call *call = s->call;

	call->answered = restore_time(s, saved, "answered");
	restore_leg(s, call->legs[0], json_read_object(&s->r, saved, "a"));
	restore_leg(s, call->legs[1], json_read_object(&s->r, saved, "b"));
	restore_media(s, json_read_object(&s->r, saved, "media"));
	restore_caller(s, saved);
	restore_callee(s, saved);
	call_passed_restore(call, s->now, &s->r, saved);
	call_again_restore(call, &s->r, saved);
}

static void restore(struct restoring *s, const json_t *saved)
{
	const char *from = json_read_text(&s->r, saved, "from", CALL_MAX_URI);
	const char *to = json_read_text(&s->r, saved, "to", CALL_MAX_URI);
	struct call *call = s->call;

	call->state = CALL_UP;
	call->recovered = true;
	call->transferred = s->parting;
	call->referred = json_object_get(saved, "referred");
	call->route = call_route_called(call->policy,
					json_read_text(&s->r, saved, "route", MAX_TEXT));
	call->emergency = call->route && call->route->emergency;
	call->from = strdup(from);
	call->to = strdup(to);
	if (!call->from || !call->to)
		s->r.bad = "memory";
	call->created = restore_time(s, saved, "created");
	if (json_object_get(saved, "transferred_from") && !s->r.bad &&
	    !call_id_restore(s->e, &s->r, saved, "transferred_from", &call->transferred_from))
		s->r.bad = "transferred_from";
	if (s->parting)
		restore_parting(s, saved);
	else
		restore_up(s, saved);
	if (json_object_get(saved, "refer"))
		call_refer_restore(s->e, s->now, call, &s->r,
				   json_read_object(&s->r, saved, "refer"));
}

static bool begin(struct restoring *s, const json_t *saved)
{
	const char *state;
	u64 id;

	if (json_read_u64(&s->r, saved, "version", VERSION) != VERSION || s->r.bad) {
		s->r.bad = "version";
		return false;
	}
	state = json_read_text(&s->r, saved, "state", 16);
	s->parting = !strcmp(state, "parting");
	if (!s->parting && strcmp(state, "up")) {
		s->r.bad = "state";
		return false;
	}
	if (!call_id_restore(s->e, &s->r, saved, "id", &id) || call_find(s->e, id)) {
		s->r.bad = "id";
		return false;
	}
	s->call = call_make(s->e, s->now, id);
	if (s->call)
		s->call->legs[1] = call_leg_new(s->e, s->call, MEDIA_LEG_B);
	if (s->call && s->call->legs[1])
		s->call->legs[1]->root = s->call->legs[1];
	else
		s->r.bad = "memory";
	return !s->r.bad;
}

static void resume_leg(struct call_engine *e, u64 now, struct call_leg *leg)
{
	if (!leg->dialog)
		return;
	call_session_resume(e, leg);
	call_trace_leg(e->trace, now, leg->call->id, leg->side, leg->dialog->call_id);
	if (leg->owed)
		call_transfer_repeat(e, now, leg);
}

static void resume(struct restoring *s)
{
	struct call_engine *e = s->e;
	struct call *call = s->call;

	resume_leg(e, s->now, call->legs[0]);
	resume_leg(e, s->now, call->legs[1]);
	call_set_timer(e, s->now, call);
	call_media_check(e, s->now, call);
	if (s->parting)
		call_media_remove(e, call);
	if (s->parting && !call->refer)
		call_end(e, s->now, call, &(struct call_reason){
			.status = 503, .text = "a transfer was interrupted",
			.bye_headers = SLICE("Reason: Q.850;cause=41;text=\"transfer failed\"\r\n"),
		});
	call_store(e, call);
	call_settle(e, s->now, call);
}

const char *call_engine_restore(struct call_engine *e, u64 now, u64 wall, struct slice text,
				u64 *id)
{
	json_t *saved = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	struct restoring s = { .e = e, .now = now, .wall = wall };

	if (!json_is_object(saved))
		s.r.bad = "JSON";
	else if (begin(&s, saved))
		restore(&s, saved);
	if (!s.r.bad) {
		*id = s.call->id;
		resume(&s);
	} else if (s.call) {
		call_free(e, now, s.call);
	}
	json_decref(saved);
	return s.r.bad;
}
