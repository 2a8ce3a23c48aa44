// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * REGISTER (RFC 3261 §10.3), of a subscriber for himself. What it changes is written down
 * before its 200 leaves, so whoever got one is found after a restart; meanwhile the next
 * REGISTER for the same address-of-record waits.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "call/call.h"
#include "call/register.h"
#include "call/watch.h"

#define MAX_WAITING 1000
#define RETRY "Retry-After: 5\r\n"

/* A REGISTER without an answer. */
struct registration {
	struct hash_node node;		/* by ticket; while it is written */
	struct list waiting;		/* before that */
	struct sip_server *server;
	struct registrar_change *change;
	struct flow flow;
	char aor[];
};

/* --- its answer --- */

static void respond(struct call_engine *e, u64 now, struct sip_server *server, u16 status,
		    const char *phrase, struct slice headers)
{
	e->counters[status < 300 ? CALL_COUNT_REGISTERED : CALL_COUNT_REGISTER_REFUSED]++;
	call_respond_saying(e, now, server, NULL, status, phrase, headers);
}

static const struct call_domain *domain_of(const struct call_engine *e, const char *aor)
{
	return call_policy_domain(e->policy, slice_str(strrchr(aor, '@') + 1));
}

static void add_service_route(const struct call_engine *e, const char *aor, struct buf *lines)
{
	const struct call_domain *domain = domain_of(e, aor);
	size_t i;

	for (i = 0; domain && i < domain->nservice_routes; i++)
		buf_printf(lines, "Service-Route: <%s>\r\n", domain->service_routes[i]);
}

/* RFC 3327 §5.3: the phone is told the way that we will take, if it can understand it. */
static void add_path(const struct sip_msg *msg, struct buf *lines)
{
	const struct sip_hdr *hdr = sip_msg_header(msg, SIP_HDR_PATH);

	if (!sip_msg_supports(msg, "path"))
		return;
	for (; hdr; hdr = sip_msg_header_next(msg, hdr))
		buf_printf(lines, "Path: " SLICE_FMT "\r\n", SLICE_ARG(hdr->value));
}

static void confirm(struct call_engine *e, u64 now, struct sip_server *server, const char *aor)
{
	char room[512];
	struct buf lines;

	buf_init_lent(&lines, room, sizeof(room));
	registrar_print(e->registrar->table, now, aor, &lines);
	add_path(sip_server_request(server), &lines);
	add_service_route(e, aor, &lines);
	buf_str(&lines, "Supported: path\r\n");
	if (lines.failed)
		respond(e, now, server, 500, NULL, SLICE(RETRY));
	else
		respond(e, now, server, 200, NULL, buf_slice(&lines));
	buf_free(&lines);
}

static void refuse(struct call_engine *e, u64 now, struct sip_server *server,
		   const struct registrar_verdict *verdict)
{
	char line[48] = "";

	if (verdict->status == 423)
		snprintf(line, sizeof(line), "Min-Expires: %u\r\n", verdict->min_expires);
	respond(e, now, server, verdict->status, verdict->why,
		verdict->status == 503 ? SLICE(RETRY) : slice_str(line));
}

/* --- its change --- */

static void begin_change(struct call_engine *e, u64 now, struct registration *reg,
			 const struct registrar_verdict *verdict)
{
	u64 ticket = ++e->next_ticket;

	reg->change = verdict->change;
	if (!e->store) {
		registrar_commit(e->registrar->table, now, reg->change);
		confirm(e, now, reg->server, reg->aor);
		free(reg);
		return;
	}
	if (effects_store_bindings(&e->effects, ticket, verdict->record)) {
		registrar_abort(e->registrar->table, reg->change);
		respond(e, now, reg->server, 500, NULL, SLICE(RETRY));
		free(reg);
		return;
	}
	hash_insert(&e->registrar->changes, &reg->node, ticket);
}

/* Takes reg. */
static void take(struct call_engine *e, u64 now, struct registration *reg)
{
	const struct call_domain *domain = domain_of(e, reg->aor);
	struct registrar_verdict verdict = { .status = 403, .why = "no longer our domain" };

	if (domain)
		verdict = registrar_register(e->registrar->table, now, &(struct registrar_request){
			.aor = reg->aor, .msg = sip_server_request(reg->server),
			.flow = &reg->flow, .policy = &domain->registrar,
		});
	if (verdict.change) {
		begin_change(e, now, reg, &verdict);
		return;
	}
	if (verdict.status == 200)
		confirm(e, now, reg->server, reg->aor);
	else
		refuse(e, now, reg->server, &verdict);
	free(reg);
}

/* The next one for the same address-of-record, and more, until one of them changes something. */
static void take_waiting(struct call_engine *e, u64 now, const char *aor)
{
	struct call_registrar *r = e->registrar;
	struct list *at, *next;

	for (at = r->waiting.next; at != &r->waiting; at = next) {
		struct registration *reg = list_entry(at, struct registration, waiting);

		next = at->next;
		if (strcmp(reg->aor, aor))
			continue;
		if (registrar_is_busy(r->table, aor))
			return;
		list_del(&reg->waiting);
		r->nwaiting--;
		take(e, now, reg);
	}
}

bool call_register_done(struct call_engine *e, u64 now, u64 ticket, int result)
{
	struct hash_node *node = hash_first(&e->registrar->changes, ticket);
	struct registration *reg;

	if (!node)
		return false;
	reg = hash_entry(node, struct registration, node);
	hash_remove(&e->registrar->changes, node);
	if (result) {
		registrar_abort(e->registrar->table, reg->change);
		respond(e, now, reg->server, 500, NULL, SLICE(RETRY));
	} else {
		registrar_commit(e->registrar->table, now, reg->change);
		confirm(e, now, reg->server, reg->aor);
	}
	take_waiting(e, now, reg->aor);
	free(reg);
	call_registrar_settle(e);
	return true;
}

/* --- whose it is --- */

/* To is him at his domain: nobody registers for somebody else. */
static bool is_his(const struct call_source *source, const char *aor)
{
	const char *at = strrchr(aor, '@');

	return slice_eq(slice_of(aor, (size_t)(at - aor)), slice_str(source->user)) &&
	       slice_caseeq(slice_str(at + 1), slice_str(source->domain->name));
}

/* RFC 3261 §10.3 step 5. An address, or a name of the box, stands for all of our domains. */
static bool is_at_another(const struct call_engine *e, const struct call_source *source,
			  const struct sip_msg *msg)
{
	const struct call_domain *asked = call_policy_domain(e->policy, msg->uri.host);

	return asked && asked != source->domain;
}

static bool passes_checks(struct call_engine *e, u64 now, const struct sip_event *ev,
			  const struct call_source *source, char aor[REGISTRAR_AOR])
{
	char *extensions = call_headers_unsupported(ev->msg);

	if (extensions) {
		call_refuse(e, now, ev, 420, extensions, "required extension is not supported");
		free(extensions);
		return false;
	}
	if (!registrar_aor(&ev->msg->to_uri, aor)) {
		call_refuse(e, now, ev, 400, "", "To is no address-of-record");
		return false;
	}
	if (!is_his(source, aor)) {
		e->counters[CALL_COUNT_REGISTER_REFUSED]++;
		call_refuse(e, now, ev, 403, "", "registers for somebody else");
		return false;
	}
	if (is_at_another(e, source, ev->msg)) {
		e->counters[CALL_COUNT_REGISTER_REFUSED]++;
		call_refuse(e, now, ev, 404, "", "is at another of our domains");
		return false;
	}
	return true;
}

/* Who is there already comes before who is new: else all phones would come anew. */
static bool has_no_time(struct call_engine *e, u64 now, const struct sip_event *ev,
			const char *aor)
{
	struct registrar_contact found[REGISTRAR_CONTACTS];
	bool refresh;

	if (!e->stopping && !call_overload_any(e, now))
		return false;
	refresh = registrar_lookup(e->registrar->table, now, aor, found);
	return call_turn_away(e, now, ev, refresh ? CALL_KIND_REFRESH : CALL_KIND_REGISTRATION,
			      NULL);
}

void call_register(struct call_engine *e, u64 now, const struct sip_event *ev,
		   const struct call_source *source)
{
	struct call_registrar *r = e->registrar;
	char aor[REGISTRAR_AOR];
	struct registration *reg;
	bool busy;
	size_t n;

	if (!passes_checks(e, now, ev, source, aor) || has_no_time(e, now, ev, aor))
		return;
	n = strlen(aor) + 1;
	busy = registrar_is_busy(r->table, aor);
	reg = busy && r->nwaiting >= MAX_WAITING ? NULL : zalloc(sizeof(*reg) + n);
	if (!reg) {
		respond(e, now, ev->server, 503, NULL, SLICE(RETRY));
		return;
	}
	memcpy(reg->aor, aor, n);
	reg->server = ev->server;
	reg->flow = ev->flow;
	if (busy) {
		list_add_tail(&r->waiting, &reg->waiting);
		r->nwaiting++;
		return;
	}
	take(e, now, reg);
	call_registrar_settle(e);
}

/* --- the outside --- */

void call_registrar_settle(struct call_engine *e)
{
	struct call_registrar *r = e->registrar;
	u64 record, deadline = registrar_deadline(r->table);
	char aor[REGISTRAR_AOR];

	while (registrar_changed(r->table, aor))
		call_watchers_changed(e, aor);
	while ((record = registrar_stale(r->table)))
		if (e->store)
			effects_store_bindings(&e->effects, 0, record);
	if (deadline == UINT64_MAX)
		timer_disarm(&e->timers, &r->timer);
	else if (!r->timer.pos || r->timer.deadline != deadline)
		timer_arm(&e->timers, &r->timer, deadline);
}

int call_engine_save_bindings(struct call_engine *e, u64 now, u64 wall, u64 record, char **text)
{
	return registrar_save(e->registrar->table, now, wall, record, text);
}

const char *call_engine_restore_bindings(struct call_engine *e, u64 now, u64 wall, u64 record,
					 struct slice text)
{
	const char *bad = registrar_restore(e->registrar->table, now, wall, record, text);

	call_registrar_settle(e);
	return bad;
}

const struct registrar *call_engine_registrar(const struct call_engine *e)
{
	return e->registrar->table;
}

int call_engine_unregister(struct call_engine *e, u64 now, const char *aor)
{
	e->clock = now;
	if (registrar_is_busy(e->registrar->table, aor))
		return -EBUSY;
	if (!registrar_delete(e->registrar->table, aor))
		return -ENOENT;
	call_registrar_settle(e);
	return 0;
}

void call_engine_closed(struct call_engine *e, u64 now, const struct flow *flow)
{
	e->clock = now;
	if (registrar_closed(e->registrar->table, flow))
		call_registrar_settle(e);
}

/* --- life --- */

int call_registrar_init(struct call_engine *e, const struct hash_key *key)
{
	struct registrar_conf conf = {
		.listeners = e->listeners, .nlisteners = e->nlisteners, .key = *key,
	};
	struct call_registrar *r = zalloc(sizeof(*r));

	if (!r)
		return -ENOMEM;
	e->registrar = r;
	r->key = *key;
	r->timer.kind = CALL_TIMER_REGISTRAR;
	list_init(&r->waiting);
	r->table = registrar_new(&conf);
	if (!r->table || hash_init(&r->changes) || hash_init(&r->keepalives) ||
	    timers_reserve(&e->timers, 1))
		return -ENOMEM;
	return 0;
}

static void forget(struct call_engine *e, struct registration *reg)
{
	sip_server_put(e->sip, e->clock, reg->server);
	free(reg);
}

void call_registrar_clear(struct call_engine *e)
{
	struct call_registrar *r = e->registrar;
	struct hash_node *node;
	size_t bucket = 0;

	if (!r)
		return;
	timer_disarm(&e->timers, &r->timer);
	registrar_free(r->table);
	while (r->changes.buckets && (node = hash_from(&r->changes, &bucket))) {
		hash_remove(&r->changes, node);
		forget(e, hash_entry(node, struct registration, node));
	}
	while (!list_empty(&r->waiting)) {
		struct registration *reg = list_entry(r->waiting.next, struct registration,
						      waiting);

		list_del(&reg->waiting);
		forget(e, reg);
	}
	if (r->keepalives.buckets)
		call_keepalive_clear(e);
	hash_free(&r->changes);
	hash_free(&r->keepalives);
	free(r);
	e->registrar = NULL;
}
