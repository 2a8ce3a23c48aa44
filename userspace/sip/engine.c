// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The pipeline below the call: datagram, message, transaction, dialog, event.
 * sip_engine_input() and what it calls here read from the bottom up.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "sip/core.h"

/*
 * By what came last the next is sent: an earlier connection may be gone. Who has to prove his
 * name does that where we call him; a request that he sent by a connection of his own has not.
 */
static void take_connection(struct sip_dialog *d, const struct flow *flow)
{
	if (flow->connection && flow->listener == d->flow.listener)
		d->flow.connection = flow->connection;
}

/* --- requests --- */

/* A stranger who asks too often is told so once. */
static bool is_above_rate(struct sip_engine *e, const struct flow *flow, bool answer)
{
	enum sip_rate_verdict verdict = SIP_RATE_WITHIN;

	if (e->msg.request && e->rates && sip_is_stranger(e, flow))
		verdict = sip_rates_take(e->rates, e->now, &flow->peer);
	if (verdict == SIP_RATE_WITHIN)
		return false;
	answer = answer && verdict == SIP_RATE_FIRST_ABOVE;
	sip_count(e, answer ? SIP_COUNT_RATE_ANSWERED : SIP_COUNT_RATE_DROPPED);
	if (answer)
		sip_reply(e, &e->msg, flow, 503, NULL, NULL, slice_str(e->retry_after));
	return true;
}

static void refuse_malformed(struct sip_engine *e, const struct flow *flow,
			     const struct sip_error *err)
{
	char reason[96];

	if (is_above_rate(e, flow, false))
		return;
	if (!err->status) {
		sip_count(e, SIP_COUNT_MALFORMED_DROPPED);
		return;
	}
	sip_count(e, err->status == 413 || err->status == 513 ? SIP_COUNT_TOO_LARGE
							       : SIP_COUNT_MALFORMED_ANSWERED);
	if (err->header)
		snprintf(reason, sizeof(reason), "%s: %s", sip_hdr_info(err->header)->name,
			 err->text);
	else if (err->text)
		snprintf(reason, sizeof(reason), "%s", err->text);
	sip_reply(e, &e->msg, flow, err->status, err->text ? reason : NULL, NULL, SLICE(""));
}

static void refuse_unknown(struct sip_engine *e, const struct flow *flow, enum sip_count count)
{
	if (is_above_rate(e, flow, false))
		return;
	sip_count(e, count);
	sip_reply(e, &e->msg, flow, 481, NULL, NULL, SLICE(""));
}

static void take_new(struct sip_engine *e, const struct flow *flow, struct sip_dialog *d,
		     struct sip_event *event)
{
	struct sip_server *s = sip_server_new(e, flow);

	if (!s) {
		sip_count(e, SIP_COUNT_NO_MEMORY);
		sip_reply(e, &e->msg, flow, 503, NULL, NULL, SLICE(""));
		return;
	}
	event->foreign = d && sip_is_foreign(d, flow);
	if (d && !event->foreign)
		sip_dialog_take(d, e->msg.cseq);
	event->type = SIP_EVENT_REQUEST;
	event->server = s;
	event->dialog = d;
	event->user = d ? d->user : NULL;
}

static void take_initial(struct sip_engine *e, const struct flow *flow, struct sip_event *event)
{
	if (e->msg.method == SIP_PRACK)
		refuse_unknown(e, flow, SIP_COUNT_STRAY_PRACKS);
	else if (!is_above_rate(e, flow, true) && sip_check_initial(e, &e->msg, flow) &&
		 sip_check_request(e, &e->msg, flow))
		take_new(e, flow, NULL, event);
}

static void take_in_dialog(struct sip_engine *e, const struct flow *flow, struct sip_event *event)
{
	struct sip_dialog *d = sip_dialog_find(e, &e->msg);
	struct sip_server *invite = NULL;

	if (!d)
		d = sip_dialog_of_notify(e, &e->msg);
	if (!d) {
		refuse_unknown(e, flow, SIP_COUNT_UNKNOWN_DIALOG);
		return;
	}
	if (addr_ip_eq(&flow->peer, &d->flow.peer))
		e->sender = SIP_SENDER_KNOWN;
	if (!sip_check_in_dialog(e, d, &e->msg, flow) || !sip_check_request(e, &e->msg, flow))
		return;
	if (!d->remote_tag && sip_dialog_notified(e, d, &e->msg)) {
		refuse_unknown(e, flow, SIP_COUNT_UNKNOWN_DIALOG);
		return;
	}
	if (!d->flow.name)
		take_connection(d, flow);
	if (e->msg.method == SIP_PRACK) {
		invite = sip_is_foreign(d, flow) ? NULL : sip_reliable_acked(e, d, &e->msg);
		if (!invite) {
			refuse_unknown(e, flow, SIP_COUNT_STRAY_PRACKS);
			return;
		}
	}
	take_new(e, flow, d, event);
	event->invite = invite;
}

/* To a failure it belongs to the transaction, to a 2xx to the dialog. */
static void take_ack(struct sip_engine *e, const struct flow *flow, struct sip_server *s,
		     struct sip_event *event)
{
	struct sip_dialog *d;

	if (s && s->state != SIP_SERVER_ACCEPTED && addr_ip_eq(&flow->peer, &s->source.peer)) {
		sip_server_ack(e, s);
		return;
	}
	d = e->msg.to.tag.n ? sip_dialog_find(e, &e->msg) : NULL;
	if (!d || !addr_ip_eq(&flow->peer, &d->flow.peer) ||
	    !sip_server_acked(e, d, e->msg.cseq)) {
		sip_count(e, SIP_COUNT_STRAY_ACKS);
		return;
	}
	if (!d->flow.name)
		take_connection(d, flow);
	event->type = SIP_EVENT_ACK;
	event->dialog = d;
	event->user = d->user;
}

/* The CANCEL has a response of its own, whatever becomes of the INVITE (RFC 3261 §9.2). */
static void take_cancel(struct sip_engine *e, const struct flow *flow, struct sip_server *s,
			struct sip_event *event)
{
	if (!s || !addr_ip_eq(&flow->peer, &s->source.peer)) {
		refuse_unknown(e, flow, SIP_COUNT_STRAY_CANCELS);
		return;
	}
	e->sender = SIP_SENDER_KNOWN;
	sip_reply(e, &e->msg, flow, 200, NULL, sip_server_tag(e, s), SLICE(""));
	if (s->cancelled || !s->held || s->state >= SIP_SERVER_COMPLETED)
		return;
	s->cancelled = true;
	event->type = SIP_EVENT_CANCEL;
	event->server = s;
	event->user = s->user;
}

/* RFC 5923 §4: the sender takes requests by this connection as if it were one to its port. */
static void take_alias(struct sip_engine *e, const struct flow *flow)
{
	struct flow alias = *flow;
	struct slice value;

	if (!flow->connection || !sip_engine_takes_alias(e, flow->listener) ||
	    !sip_param(e->msg.via.params, "alias", &value))
		return;
	alias.peer.port = e->msg.via.port ? e->msg.via.port :
			  transport_port(e->listeners[flow->listener].transport);
	effects_flow(e->effects, EFFECT_ALIAS, &alias);
}

static void take_request(struct sip_engine *e, const struct flow *flow, struct sip_event *event)
{
	struct sip_server *s = sip_server_find(e, &e->msg);
	struct sip_error err;

	sip_count(e, SIP_COUNT_REQUESTS_IN);
	if (!s || e->msg.method == SIP_ACK || e->msg.method == SIP_CANCEL)
		sip_tally_request(&e->tally, SIP_IN, e->msg.method);
	take_alias(e, flow);
	if (e->msg.method == SIP_ACK)
		take_ack(e, flow, s, event);
	else if (e->msg.method == SIP_CANCEL)
		take_cancel(e, flow, s, event);
	else if (s)
		sip_server_again(e, s);
	else if (sip_msg_check(&e->msg, &err))
		refuse_malformed(e, flow, &err);
	else if (e->msg.to.tag.n)
		take_in_dialog(e, flow, event);
	else
		take_initial(e, flow, event);
}

/* --- responses --- */

/*
 * true: the caller is to hear of it. Before it knows the dialog it has to learn from the
 * response; from then on we can tell what comes again.
 */
static bool take_rseq(struct sip_engine *e, struct sip_dialog *d, struct sip_event *event)
{
	bool known = d && d->remote_tag && slice_eq(slice_str(d->remote_tag), e->msg.to.tag);
	enum sip_rseq is = sip_rseq_of(known ? d : NULL, &e->msg);

	if (is == SIP_RSEQ_AGAIN)
		sip_count(e, SIP_COUNT_RELIABLE_DROPPED);
	else if (is == SIP_RSEQ_NEXT && known)
		sip_rseq_take(d, &e->msg);
	event->reliable = is == SIP_RSEQ_NEXT;
	return is != SIP_RSEQ_AGAIN;
}

/*
 * A 2xx to an INVITE from before a restart. Whoever waits for its ACK in vain ends the call
 * (RFC 3261 §13.3.1.4), which goes on as it was before that INVITE.
 */
static void take_stray(struct sip_engine *e, const struct flow *flow)
{
	bool success = e->msg.status >= 200 && e->msg.status < 300;
	struct sip_dialog *d = NULL;

	sip_count(e, SIP_COUNT_STRAY_RESPONSES);
	if (success && e->msg.method == SIP_INVITE && !e->msg.more_vias)
		d = sip_dialog_of_lost(e, &e->msg, flow);
	if (d && !sip_dialog_print(e, d, &d->flow, SIP_ACK, e->msg.cseq, NULL, NULL))
		sip_engine_send(e, &d->flow, NULL, NULL);
}

/* A response with a second Via is somebody else's (RFC 3261 §8.1.3.3). */
static void take_response(struct sip_engine *e, struct sip_event *event)
{
	struct sip_client *c = e->msg.more_vias ? NULL : sip_client_find(e, &e->msg);
	struct sip_dialog *d;

	sip_count(e, SIP_COUNT_RESPONSES_IN);
	if (!c) {
		take_stray(e, &event->flow);
		return;
	}
	if (!sip_client_response(e, c, &e->msg))
		return;
	sip_tally_response(&e->tally, SIP_IN, e->msg.method, e->msg.status);
	d = sip_dialog_of_response(e, &e->msg);
	if (d)
		take_connection(d, &event->flow);
	if (!take_rseq(e, d, event))
		return;
	event->type = SIP_EVENT_RESPONSE;
	event->client = c;
	event->dialog = d;
	event->user = c->user;
}

/* --- datagrams --- */

static bool is_keepalive(struct slice bytes)
{
	return !slice_trim(bytes).n;
}

void sip_engine_input(struct sip_engine *e, u64 now, const struct flow *flow, struct slice bytes,
		      struct sip_event *event)
{
	struct sip_error err;

	e->now = now;
	e->sender = SIP_SENDER_UNASKED;
	*event = (struct sip_event){ .type = SIP_EVENT_NONE, .flow = *flow, .msg = &e->msg };
	if (is_keepalive(bytes)) {
		sip_count(e, SIP_COUNT_KEEPALIVES);
		return;
	}
	if (sip_parse_within(bytes, &e->limits, &e->msg, &err))
		refuse_malformed(e, flow, &err);
	else if (e->msg.request)
		take_request(e, flow, event);
	else
		take_response(e, event);
}

void sip_engine_keep(struct sip_engine *e)
{
	struct sip_server *s = e->fresh;

	if (!s)
		return;
	/* No more than it takes, before there are pointers into it. */
	s->copy = realloc(e->room, sip_msg_size(s->request));
	if (!s->copy)
		s->copy = e->room;
	sip_msg_copy(s->copy, s->request);
	s->request = s->copy;
	e->room = NULL;
	e->room_size = 0;
	e->fresh = NULL;
}

void sip_engine_refuse(struct sip_engine *e, u64 now, const struct flow *flow,
		       const struct sip_frame *frame)
{
	struct sip_error err, answer = frame->err;

	e->now = now;
	e->sender = SIP_SENDER_UNASKED;
	if (sip_parse_within(frame->bytes, &e->limits, &e->msg, &err) ? !err.status
	    : !e->msg.request || e->msg.method == SIP_ACK)
		answer.status = 0;
	refuse_malformed(e, flow, &answer);
}

void sip_engine_timer(struct sip_engine *e, u64 now, struct timer *t, struct sip_event *event)
{
	e->now = now;
	*event = (struct sip_event){ .type = SIP_EVENT_NONE };
	if (t->kind == SIP_TIMER_SERVER_SEND || t->kind == SIP_TIMER_SERVER_END)
		sip_server_timer(e, t->owner, t->kind, event);
	else if (t->kind == SIP_TIMER_RELIABLE)
		sip_reliable_timer(e, t->owner, event);
	else
		sip_client_timer(e, t->owner, t->kind, event);
}

/* --- what the others need --- */

bool sip_is_stranger(struct sip_engine *e, const struct flow *flow)
{
	if (e->sender == SIP_SENDER_UNASKED)
		e->sender = e->knows && !e->knows(e->knows_arg, flow) ? SIP_SENDER_STRANGER
								      : SIP_SENDER_KNOWN;
	return e->sender == SIP_SENDER_STRANGER;
}

const struct addr *sip_engine_sent_by(const struct sip_engine *e, u32 listener)
{
	const struct sip_listener *l = &e->listeners[listener];

	return l->advertise.family ? &l->advertise : &l->local;
}

bool sip_engine_reliable(const struct sip_engine *e, u32 listener)
{
	return transport_reliable(e->listeners[listener].transport);
}

bool sip_engine_takes_alias(const struct sip_engine *e, u32 listener)
{
	enum transport t = e->listeners[listener].transport;

	return t == TRANSPORT_TCP || t == TRANSPORT_TLS;
}

int sip_engine_sibling(const struct sip_engine *e, u32 listener, enum transport t)
{
	const struct sip_listener *of = &e->listeners[listener];
	int found = -1;
	size_t i;

	if (of->transport == t)
		return (int)listener;
	for (i = 0; i < e->nlisteners; i++) {
		const struct sip_listener *l = &e->listeners[i];

		if (l->transport != t || l->realm != of->realm ||
		    l->local.family != of->local.family)
			continue;
		if (addr_ip_eq(&l->local, &of->local))
			return (int)i;
		if (found < 0)
			found = (int)i;
	}
	return found;
}

const char *sip_engine_transport(const struct sip_engine *e, u32 listener)
{
	return transport_name(e->listeners[listener].transport);
}

int sip_engine_send(struct sip_engine *e, const struct flow *flow, char **kept, size_t *n)
{
	struct slice bytes = buf_slice(&e->out);
	char *copy = NULL;

	if (e->out.failed)
		goto err_memory;
	if (kept) {
		copy = slice_dup(bytes);
		if (!copy)
			goto err_memory;
	}
	if (effects_send(e->effects, flow, bytes))
		goto err_memory;
	if (kept) {
		*kept = copy;
		*n = bytes.n;
	}
	return 0;

err_memory:
	free(copy);
	sip_count(e, SIP_COUNT_NO_MEMORY);
	return -ENOMEM;
}

u64 sip_engine_random(struct sip_engine *e)
{
	return random_u64(&e->random);
}

void sip_print_hex(u64 value, char out[17])
{
	size_t i;

	for (i = 16; i-- > 0; value >>= 4)
		out[i] = "0123456789abcdef"[value & 15];
	out[16] = '\0';
}

void sip_engine_token(struct sip_engine *e, char out[17])
{
	sip_print_hex(sip_engine_random(e), out);
}

void sip_branch(struct sip_engine *e, char branch[24])
{
	memcpy(branch, "z9hG4bK", 7);
	sip_engine_token(e, branch + 7);
}

size_t sip_engine_servers(const struct sip_engine *e)
{
	return e->servers.n;
}

const struct sip_tally *sip_engine_tally(const struct sip_engine *e)
{
	return &e->tally;
}

const struct sip_counter *sip_engine_counters(struct sip_engine *e)
{
	e->counters[SIP_COUNT_SERVERS].value = e->servers.n;
	e->counters[SIP_COUNT_CLIENTS].value = e->clients.n;
	e->counters[SIP_COUNT_DIALOGS].value = e->dialogs.n;
	return e->counters;
}

/* --- life --- */

static void name_counters(struct sip_engine *e)
{
	static const char *const names[SIP_COUNTS] = {
#define SIP_COUNT_NAME(id, name) [SIP_COUNT_##id] = name,
		SIP_COUNTERS(SIP_COUNT_NAME)
#undef SIP_COUNT_NAME
	};
	size_t i;

	for (i = 0; i < SIP_COUNTS; i++)
		e->counters[i].name = names[i];
}

static int copy_conf(struct sip_engine *e, const struct sip_engine_conf *conf)
{
	e->t1 = conf->t1 ? conf->t1 : 500 * NSEC_PER_MSEC;
	e->t2 = conf->t2 ? conf->t2 : 4 * NSEC_PER_SEC;
	e->t4 = conf->t4 ? conf->t4 : 5 * NSEC_PER_SEC;
	e->limits = sip_limits_of(conf->limits);
	e->max_servers = conf->max_servers ? conf->max_servers : 200000;
	e->methods = conf->methods;
	e->knows = conf->knows;
	e->knows_arg = conf->knows_arg;
	snprintf(e->retry_after, sizeof(e->retry_after), "Retry-After: %u\r\n",
		 conf->retry_after ? conf->retry_after : 10);
	e->nlisteners = conf->nlisteners;
	e->listeners = calloc(e->nlisteners + 1, sizeof(*e->listeners));
	if (!e->listeners)
		return -ENOMEM;
	memcpy(e->listeners, conf->listeners, e->nlisteners * sizeof(*e->listeners));
	if (conf->software)
		e->software = slice_dup(slice_str(conf->software));
	if (conf->supported)
		e->supported = slice_dup(slice_str(conf->supported));
	if ((conf->software && !e->software) || (conf->supported && !e->supported))
		return -ENOMEM;
	return 0;
}

static int init_tables(struct sip_engine *e)
{
	if (hash_init(&e->servers) || hash_init(&e->merged) || hash_init(&e->clients) ||
	    hash_init(&e->dialogs))
		return -ENOMEM;
	return 0;
}

static int init_rates(struct sip_engine *e, const struct sip_rate *rate)
{
	if (rate->rate)
		e->rates = sip_rates_new(&e->key, rate);
	return rate->rate && !e->rates ? -ENOMEM : 0;
}

struct sip_engine *sip_engine_new(const struct sip_engine_conf *conf, struct effects *effects,
				  struct timers *timers)
{
	struct sip_engine *e = zalloc(sizeof(*e));

	if (!e)
		return NULL;
	e->effects = effects;
	e->timers = timers;
	list_init(&e->all_clients);
	buf_init(&e->out);
	name_counters(e);
	random_init(&e->random, conf->seed);
	e->key = (struct hash_key){ { sip_engine_random(e), sip_engine_random(e) } };
	e->tag_key = (struct hash_key){ { sip_engine_random(e), sip_engine_random(e) } };
	if (copy_conf(e, conf) || init_tables(e) || init_rates(e, &conf->strangers) ||
	    sip_server_reserve(e)) {
		sip_engine_free(e);
		return NULL;
	}
	return e;
}

static void free_transactions(struct sip_engine *e)
{
	struct hash_node *node;
	size_t at = 0;

	while (e->servers.n && (node = hash_from(&e->servers, &at)))
		sip_server_free(e, hash_entry(node, struct sip_server, node));
	while (!list_empty(&e->all_clients))
		sip_client_free(e, list_entry(e->all_clients.next, struct sip_client, all));
}

void sip_engine_free(struct sip_engine *e)
{
	if (!e)
		return;
	free_transactions(e);
	hash_free(&e->servers);
	hash_free(&e->merged);
	hash_free(&e->clients);
	hash_free(&e->dialogs);
	sip_rates_free(e->rates);
	sip_server_unreserve(e);
	free(e->room);
	buf_free(&e->out);
	free(e->listeners);
	free(e->software);
	free(e->supported);
	free(e);
}
