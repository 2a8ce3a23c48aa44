// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Server transactions (RFC 3261 §17.2, RFC 6026). A 2xx to INVITE belongs to
 * the user agent and not to the transaction (§13.3.1.4), but it is sent again
 * from here: Accepted lasts 64*T1, just as long as the wait for the ACK, so one
 * timer ends both.
 *
 *	INVITE   TRYING -1xx-> PROCEEDING -3xx..6xx-> COMPLETED -ACK-> CONFIRMED -I-> end
 *	                             \-2xx-> ACCEPTED -L-> end      \-H-> end
 *	others   TRYING -1xx-> PROCEEDING -final-> COMPLETED -J-> end
 */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "sip/core.h"
#include "sip/print.h"

#define ROOM 4096		/* bytes; most requests have room in it */
#define SPARE_STRINGS 1024
#define TRYING_DELAY (150 * NSEC_PER_MSEC)	/* RFC 3261 §17.2.1: within 200 ms */

/* --- keys --- */

static bool has_cookie(struct slice branch)
{
	return branch.n > 7 && slice_caseeq(slice_of(branch.p, 7), SLICE("z9hG4bK"));
}

/* ACK and CANCEL are looked up as the INVITE they belong to. */
static struct slice key_method(const struct sip_msg *msg)
{
	if (msg->method == SIP_ACK || msg->method == SIP_CANCEL)
		return SLICE("INVITE");
	return msg->method_name;
}

/* Of RFC 2543 branches nothing can be expected (RFC 3261 §17.2.3). */
static u64 branch_hash(struct sip_engine *e, const struct sip_msg *msg)
{
	struct hasher h;

	hash_begin(&h, &e->key);
	hash_add_field(&h, msg->via.branch);
	hash_add_field(&h, key_method(msg));
	if (!has_cookie(msg->via.branch)) {
		hash_add_field(&h, msg->call_id);
		hash_add_u64(&h, msg->cseq);
	}
	return hash_end(&h);
}

static u64 merge_hash(struct sip_engine *e, const struct sip_msg *msg)
{
	struct hasher h;

	hash_begin(&h, &e->key);
	hash_add_field(&h, msg->call_id);
	hash_add_field(&h, msg->from.tag);
	hash_add_field(&h, msg->method_name);
	hash_add_u64(&h, msg->cseq);
	return hash_end(&h);
}

static bool same_ids(const struct sip_server *s, const struct sip_msg *msg)
{
	return s->cseq == msg->cseq && slice_eq(s->call_id, msg->call_id) &&
	       slice_eq(s->from_tag, msg->from.tag);
}

static bool is_same(const struct sip_server *s, const struct sip_msg *msg)
{
	if (!slice_eq(s->branch, msg->via.branch) || s->port != msg->via.port ||
	    !slice_caseeq(s->host, msg->via.host) || !slice_eq(s->name, key_method(msg)))
		return false;
	return s->cookie || same_ids(s, msg);
}

struct sip_server *sip_server_find(struct sip_engine *e, const struct sip_msg *msg)
{
	struct hash_node *node;

	e->branch_hash = branch_hash(e, msg);
	node = hash_first(&e->servers, e->branch_hash);
	for (; node; node = hash_next(node)) {
		struct sip_server *s = hash_entry(node, struct sip_server, node);

		if (is_same(s, msg))
			return s;
	}
	return NULL;
}

bool sip_server_is_merged(struct sip_engine *e, const struct sip_msg *msg)
{
	struct hash_node *node;

	e->merge_hash = merge_hash(e, msg);
	node = hash_first(&e->merged, e->merge_hash);
	for (; node; node = hash_next(node)) {
		const struct sip_server *s = hash_entry(node, struct sip_server, merge);

		if (same_ids(s, msg) && slice_eq(s->name, msg->method_name))
			return true;
	}
	return false;
}

/* --- life --- */

struct flow sip_reply_flow(const struct sip_engine *e, const struct sip_msg *msg,
			   const struct flow *source)
{
	struct flow reply = *source;

	/*
	 * By the connection that the request came by; when that is gone, by one to the port
	 * that its sender listens at (§18.2.2).
	 */
	if (sip_engine_reliable(e, source->listener) || !msg->via.rport)
		reply.peer.port = msg->via.port ? msg->via.port :
				  transport_port(e->listeners[source->listener].transport);
	return reply;
}

static struct slice keep(char **at, struct slice text)
{
	char *from = *at;

	if (text.n)
		memcpy(from, text.p, text.n);
	*at += text.n;
	return slice_of(from, text.n);
}

static void keep_keys(struct sip_server *s, const struct sip_msg *msg)
{
	char *at = s->strings;

	s->cookie = has_cookie(msg->via.branch);
	s->port = msg->via.port;
	s->cseq = msg->cseq;
	s->branch = keep(&at, msg->via.branch);
	s->host = keep(&at, msg->via.host);
	s->name = keep(&at, msg->method_name);
	s->call_id = keep(&at, msg->call_id);
	s->from_tag = keep(&at, msg->from.tag);
}

/* Whatever becomes of the request: to keep it must not fail. */
static bool make_room(struct sip_engine *e, size_t size)
{
	if (size <= e->room_size)
		return true;
	free(e->room);
	e->room_size = size < ROOM ? ROOM : size;
	e->room = malloc(e->room_size);
	if (!e->room)
		e->room_size = 0;
	return e->room;
}

static size_t strings_of(const struct sip_msg *msg)
{
	return msg->via.branch.n + msg->via.host.n + msg->method_name.n + msg->call_id.n +
	       msg->from.tag.n;
}

static struct sip_server *make_server(struct sip_engine *e)
{
	struct sip_server *s = zalloc(sizeof(*s) + strings_of(&e->msg));

	if (!s)
		return NULL;
	if (make_room(e, sip_msg_size(&e->msg)) && !timers_reserve(e->timers, 2))
		return s;
	free(s);
	return NULL;
}

int sip_server_reserve(struct sip_engine *e)
{
	if (!e->spare_room)
		e->spare_room = malloc(ROOM);
	if (!e->spare && e->spare_room)
		e->spare = zalloc(sizeof(*e->spare) + SPARE_STRINGS);
	return e->spare ? 0 : -ENOMEM;
}

void sip_server_unreserve(struct sip_engine *e)
{
	free(e->spare);
	free(e->spare_room);
	e->spare = NULL;
	e->spare_room = NULL;
}

/* Whoever hung up does not hear of a failure any more: his call would go on without him. */
static struct sip_server *take_spare(struct sip_engine *e)
{
	struct sip_server *s = e->spare;

	if (!s || e->msg.method != SIP_BYE || strings_of(&e->msg) > SPARE_STRINGS ||
	    sip_msg_size(&e->msg) > ROOM || timers_reserve(e->timers, 2))
		return NULL;
	free(e->room);
	e->room = e->spare_room;
	e->room_size = ROOM;
	e->spare = NULL;
	e->spare_room = NULL;
	return s;
}

struct sip_server *sip_server_new(struct sip_engine *e, const struct flow *flow)
{
	struct sip_server *s = make_server(e);
	struct sip_msg *msg = &e->msg;

	if (!s)
		s = take_spare(e);
	else if (!e->spare)
		sip_server_reserve(e);
	if (!s)
		return NULL;
	keep_keys(s, msg);
	s->request = msg;
	s->method = msg->method;
	s->held = true;
	s->source = *flow;
	s->reply = sip_reply_flow(e, msg, flow);
	s->send = (struct timer){ .kind = SIP_TIMER_SERVER_SEND, .owner = s };
	s->end = (struct timer){ .kind = SIP_TIMER_SERVER_END, .owner = s };
	list_init(&s->unacked);
	list_init(&s->reliable);
	hash_insert(&e->servers, &s->node, e->branch_hash);
	if (!msg->to.tag.n) {
		hash_insert(&e->merged, &s->merge, e->merge_hash);
		s->in_merged = true;
	}
	if (s->method == SIP_INVITE)
		timer_arm(e->timers, &s->send, e->now + TRYING_DELAY);
	e->fresh = s;
	return s;
}

const char *sip_server_tag(struct sip_engine *e, struct sip_server *s)
{
	if (!s->tag[0])
		sip_engine_token(e, s->tag);
	return s->tag;
}

static void drop_request(struct sip_engine *e, struct sip_server *s)
{
	if (e->fresh == s)
		e->fresh = NULL;
	free(s->copy);
	s->copy = s->request = NULL;
}

void sip_server_free(struct sip_engine *e, struct sip_server *s)
{
	timer_disarm(e->timers, &s->send);
	timer_disarm(e->timers, &s->end);
	timers_release(e->timers, 2);
	sip_reliable_forget_server(e, s);
	list_del(&s->unacked);
	hash_remove(&e->servers, &s->node);
	if (s->in_merged)
		hash_remove(&e->merged, &s->merge);
	drop_request(e, s);
	free(s->response);
	free(s);
}

static bool is_final(const struct sip_server *s)
{
	return s->state >= SIP_SERVER_COMPLETED;
}

static bool is_reliable(const struct sip_engine *e, const struct sip_server *s)
{
	return sip_engine_reliable(e, s->source.listener);
}

/* --- what comes in --- */

static void send_again(struct sip_engine *e, struct sip_server *s)
{
	if (!s->response)
		return;
	sip_count(e, SIP_COUNT_RETRANSMITS_OUT);
	if (effects_send(e->effects, &s->reply, slice_of(s->response, s->response_n)))
		sip_count(e, SIP_COUNT_NO_MEMORY);
}

/* Nobody answers it any more, and there was no memory for the 500 that it gets instead. */
static bool is_owed(const struct sip_server *s)
{
	return !s->held && !is_final(s);
}

static void answer_owed(struct sip_engine *e, struct sip_server *s)
{
	if (sip_respond(e, e->now, s, NULL, 500, NULL, NULL))
		timer_arm(e->timers, &s->send, e->now + e->t1);
}

void sip_server_again(struct sip_engine *e, struct sip_server *s)
{
	sip_count(e, SIP_COUNT_RETRANSMITS_IN);
	if (is_owed(s)) {
		answer_owed(e, s);
		return;
	}
	/* Confirmed absorbs, and of Accepted the 2xx has its own pace (RFC 6026 §7.1). */
	if (s->state != SIP_SERVER_CONFIRMED && s->state != SIP_SERVER_ACCEPTED)
		send_again(e, s);
}

/* It lingers to absorb what comes again, and says nothing more. */
static void fall_silent(struct sip_engine *e, struct sip_server *s)
{
	timer_disarm(e->timers, &s->send);
	free(s->response);
	s->response = NULL;
}

void sip_server_ack(struct sip_engine *e, struct sip_server *s)
{
	if (s->state != SIP_SERVER_COMPLETED)
		return;
	s->state = SIP_SERVER_CONFIRMED;
	fall_silent(e, s);
	timer_arm(e->timers, &s->end, e->now + (is_reliable(e, s) ? 0 : e->t4));
}

struct sip_server *sip_server_acked(struct sip_engine *e, struct sip_dialog *d, u32 cseq)
{
	struct list *at;

	for (at = d->priv->unacked.next; at != &d->priv->unacked; at = at->next) {
		struct sip_server *s = list_entry(at, struct sip_server, unacked);

		if (s->cseq != cseq)
			continue;
		list_del(&s->unacked);
		s->dialog = NULL;
		fall_silent(e, s);
		return s;
	}
	return NULL;
}

void sip_server_forget_dialog(struct sip_engine *e, struct sip_dialog *d)
{
	while (!list_empty(&d->priv->unacked)) {
		struct sip_server *s = list_entry(d->priv->unacked.next, struct sip_server,
						  unacked);

		list_del(&s->unacked);
		s->dialog = NULL;
		timer_disarm(e->timers, &s->send);
	}
}

/* --- responses --- */

static bool may_make_dialog(enum sip_method m)
{
	return m == SIP_INVITE || m == SIP_SUBSCRIBE || m == SIP_REFER || m == SIP_NOTIFY;
}

static bool may_refresh(enum sip_method m)
{
	return may_make_dialog(m) || m == SIP_UPDATE;
}

void sip_server_print(struct sip_engine *e, struct sip_server *s,
		      const struct sip_dialog *dialog, u16 status, const char *reason,
		      const struct sip_content *content, u32 rseq)
{
	bool dialogue = status > 100 && status < 300 && dialog;
	struct sip_print_response r = {
		.request = s->request,
		.source = &s->source.peer,
		.status = status,
		.reason = reason,
		.to_tag = status == 100 ? NULL : dialog ? dialog->local_tag :
			  sip_server_tag(e, s),
		.contact = dialogue && may_refresh(s->method) ? dialog->local_contact : NULL,
		.record_route = dialogue && may_make_dialog(s->method) && !s->request->to.tag.n,
		.rseq = rseq,
		.software = e->software,
		.content = content,
	};

	buf_reset(&e->out);
	sip_print_response(&e->out, &r);
}

static int print_and_send(struct sip_engine *e, struct sip_server *s, struct sip_dialog *dialog,
			  u16 status, const char *reason, const struct sip_content *content)
{
	char *old = s->response;
	int err;

	sip_server_print(e, s, dialog, status, reason, content, 0);
	err = sip_engine_send(e, &s->reply, &s->response, &s->response_n);
	if (err)
		return err;
	free(old);
	sip_count(e, SIP_COUNT_RESPONSES_OUT);
	sip_tally_response(&e->tally, SIP_OUT, s->method, status);
	return 0;
}

/* The caller put it and it has answered: nobody reads the request any more. */
static void release_request(struct sip_engine *e, struct sip_server *s)
{
	if (!s->held && is_final(s))
		drop_request(e, s);
}

void sip_server_proceed(struct sip_engine *e, struct sip_server *s)
{
	timer_disarm(e->timers, &s->send);
	s->state = SIP_SERVER_PROCEEDING;
}

static void enter_final(struct sip_engine *e, struct sip_server *s, struct sip_dialog *dialog,
			u16 status)
{
	bool invite = s->method == SIP_INVITE, success = invite && status < 300;
	bool reliable = is_reliable(e, s);

	timer_disarm(e->timers, &s->send);
	sip_reliable_stop(e, s);
	s->state = SIP_SERVER_COMPLETED;
	if (success) {
		s->state = SIP_SERVER_ACCEPTED;
		s->dialog = dialog;
		list_add_tail(&dialog->priv->unacked, &s->unacked);
	}
	s->interval = e->t1;
	/* A 2xx goes from end to end, and any hop may lose it (§13.3.1.4). */
	if (success || (invite && !reliable))
		timer_arm(e->timers, &s->send, e->now + s->interval);
	timer_arm(e->timers, &s->end, e->now + (reliable && !invite ? 0 : 64 * e->t1));
}

static void tell_dialog(struct sip_engine *e, const struct sip_server *s, struct sip_dialog *d,
			u16 status)
{
	if (!d || status < 200 || status > 299)
		return;
	if (s->method == SIP_BYE)
		d->state = SIP_DIALOG_ENDED;
	if (s->method == SIP_INVITE && d->state == SIP_DIALOG_EARLY)
		d->state = SIP_DIALOG_CONFIRMED;
	/* The request that made it told its target then: an UPDATE since may know better. */
	if (may_refresh(s->method) && s->request->to.tag.n)
		sip_dialog_refresh(e, d, s->request);
}

int sip_respond(struct sip_engine *e, u64 now, struct sip_server *s, struct sip_dialog *dialog,
		u16 status, const char *reason, const struct sip_content *content)
{
	int err;

	if (is_final(s) || status < 100 || status > 699)
		return -EINVAL;
	if (s->method == SIP_INVITE && status >= 200 && status < 300 && !dialog)
		return -EINVAL;
	if (status == 100 && s->state != SIP_SERVER_TRYING)
		return 0;	/* said already, or more than that */
	e->now = now;
	err = print_and_send(e, s, dialog, status, reason, content);
	if (err)
		return err;
	if (status < 200) {
		sip_server_proceed(e, s);
		return 0;
	}
	enter_final(e, s, dialog, status);
	tell_dialog(e, s, dialog, status);
	release_request(e, s);
	return 0;
}

void sip_server_set_user(struct sip_server *server, void *user)
{
	server->user = user;
}

const struct sip_msg *sip_server_request(const struct sip_server *server)
{
	return server->request;
}

void sip_server_put(struct sip_engine *e, u64 now, struct sip_server *s)
{
	e->now = now;
	s->held = false;
	s->user = NULL;
	if (is_owed(s)) {
		timer_arm(e->timers, &s->end, now + 64 * e->t1);
		answer_owed(e, s);
	}
	release_request(e, s);
}

/* --- timers --- */

static void send_due(struct sip_engine *e, struct sip_server *s)
{
	if (is_owed(s)) {
		answer_owed(e, s);
		return;
	}
	if (!is_final(s)) {
		sip_respond(e, e->now, s, NULL, 100, NULL, NULL);
		return;
	}
	send_again(e, s);
	s->interval = s->interval * 2 < e->t2 ? s->interval * 2 : e->t2;
	timer_arm(e->timers, &s->send, e->now + s->interval);
}

static void end_due(struct sip_engine *e, struct sip_server *s, struct sip_event *event)
{
	bool missed = s->dialog || (s->method == SIP_INVITE && s->state == SIP_SERVER_COMPLETED);

	if (missed)
		sip_count(e, SIP_COUNT_NO_ACK);
	if (s->dialog) {
		event->type = SIP_EVENT_NO_ACK;
		event->flow = s->source;
		event->dialog = s->dialog;
		event->user = s->dialog->user;
	}
	/* The caller may still hold it: then its put() comes to a dead transaction. */
	if (s->held) {
		list_del(&s->unacked);
		s->dialog = NULL;
		timer_disarm(e->timers, &s->send);
		timer_arm(e->timers, &s->end, e->now + 64 * e->t1);
		return;
	}
	sip_server_free(e, s);
}

void sip_server_timer(struct sip_engine *e, struct sip_server *s, u32 kind,
		      struct sip_event *event)
{
	if (kind == SIP_TIMER_SERVER_SEND)
		send_due(e, s);
	else
		end_due(e, s, event);
}
