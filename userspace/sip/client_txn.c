// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Client transactions (RFC 3261 §17.1, RFC 6026). What ends one by itself is
 * told first and freed by a timer that is due at once: the caller still has the
 * pointer while it handles the event.
 *
 *	INVITE   CALLING -1xx-> PROCEEDING -3xx..6xx-> COMPLETED (ACK) -D-> end
 *	                             \-2xx-> ACCEPTED -M-> end
 *	others   CALLING -1xx-> PROCEEDING -final-> COMPLETED -K-> end
 */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "sip/core.h"
#include "sip/print.h"

#define TIMER_D (32 * NSEC_PER_SEC)	/* at least, on unreliable transports */

static u64 branch_hash(struct sip_engine *e, struct slice branch)
{
	struct hasher h;

	hash_begin(&h, &e->key);
	hash_add(&h, branch);
	return hash_end(&h);
}

/* --- life --- */

/* Nothing of it was sent. NULL: no memory. */
static struct sip_client *make_client(struct sip_engine *e, enum sip_method method,
				      const char *branch, const struct flow *flow)
{
	struct sip_client *c = zalloc(sizeof(*c));

	if (!c)
		return NULL;
	if (timers_reserve(e->timers, 2)) {
		free(c);
		return NULL;
	}
	c->method = method;
	c->flow = *flow;
	strcpy(c->branch, branch);
	c->send = (struct timer){ .kind = SIP_TIMER_CLIENT_SEND, .owner = c };
	c->end = (struct timer){ .kind = SIP_TIMER_CLIENT_END, .owner = c };
	c->interval = e->t1;
	hash_insert(&e->clients, &c->node, branch_hash(e, slice_str(branch)));
	list_add_tail(&e->all_clients, &c->all);
	return c;
}

struct sip_client *sip_client_new(struct sip_engine *e, enum sip_method method,
				  const char *branch, const struct flow *flow)
{
	struct sip_client *c = make_client(e, method, branch, flow);

	if (!c)
		return NULL;
	if (sip_engine_send(e, flow, &c->bytes, &c->n)) {
		sip_client_free(e, c);
		return NULL;
	}
	sip_count(e, SIP_COUNT_REQUESTS_OUT);
	sip_tally_request(&e->tally, SIP_OUT, method);
	if (!sip_engine_reliable(e, flow->listener))
		timer_arm(e->timers, &c->send, e->now + e->t1);
	timer_arm(e->timers, &c->end, e->now + 64 * e->t1);
	return c;
}

void sip_client_free(struct sip_engine *e, struct sip_client *c)
{
	size_t i;

	timer_disarm(e->timers, &c->send);
	timer_disarm(e->timers, &c->end);
	timers_release(e->timers, 2);
	hash_remove(&e->clients, &c->node);
	list_del(&c->all);
	for (i = 0; i < c->nforks; i++) {
		free(c->forks[i].tag);
		free(c->forks[i].ack);
	}
	free(c->forks);
	free(c->cancel_headers);
	free(c->bytes);
	free(c);
}

void sip_client_forget(struct sip_engine *e, struct sip_client *c)
{
	sip_client_free(e, c);
}

struct sip_client *sip_client_find(struct sip_engine *e, const struct sip_msg *msg)
{
	struct hash_node *node = hash_first(&e->clients, branch_hash(e, msg->via.branch));

	for (; node; node = hash_next(node)) {
		struct sip_client *c = hash_entry(node, struct sip_client, node);

		if (slice_eq(slice_str(c->branch), msg->via.branch) && c->method == msg->method &&
		    c->state != SIP_CLIENT_TERMINATED)
			return c;
	}
	return NULL;
}

static void enter_ended(struct sip_engine *e, struct sip_client *c, enum sip_client_state state,
			u64 linger)
{
	c->state = state;
	timer_disarm(e->timers, &c->send);
	timer_arm(e->timers, &c->end, e->now + linger);
	/* It may linger for long, and is not sent again. */
	free(c->bytes);
	c->bytes = NULL;
}

/* Timers D and K: nothing straggles in on a reliable transport. */
static u64 linger(const struct sip_engine *e, const struct sip_client *c, u64 unreliable)
{
	return sip_engine_reliable(e, c->flow.listener) ? 0 : unreliable;
}

static bool is_final(const struct sip_client *c)
{
	return c->state >= SIP_CLIENT_COMPLETED;
}

/* --- our own ACK and CANCEL --- */

static bool read_own(struct sip_engine *e, const struct sip_client *c)
{
	struct sip_error err;

	/* The caller's headers come last; what is wrong with them is not our concern here. */
	sip_parse(slice_of(c->bytes, c->n), &e->own, &err);
	return e->own.via.value.n && e->own.call_id.n;
}

/* NULL: too many, or no memory. */
static struct sip_client_fork *add_fork(struct sip_client *c, struct slice tag)
{
	struct sip_client_fork *forks;

	if (c->nforks == SIP_MAX_FORKS)
		return NULL;
	forks = realloc(c->forks, (c->nforks + 1) * sizeof(*forks));
	if (!forks)
		return NULL;
	c->forks = forks;
	forks[c->nforks] = (struct sip_client_fork){ .tag = slice_dup(tag) };
	return forks[c->nforks].tag ? &forks[c->nforks++] : NULL;
}

/* ACK of a failure is kept like that of a 2xx, under an empty tag. */
static void acknowledge_failure(struct sip_engine *e, struct sip_client *c,
				const struct sip_msg *msg)
{
	struct sip_client_fork *fork = read_own(e, c) ? add_fork(c, SLICE("")) : NULL;

	if (!fork)
		return;
	buf_reset(&e->out);
	sip_print_same_branch(&e->out, "ACK", &e->own, msg, SLICE(""));
	fork->flow = c->flow;
	sip_engine_send(e, &c->flow, &fork->ack, &fork->ack_n);
}

/* Without memory it is tried again: the INVITE itself is not sent any more. */
static void send_cancel(struct sip_engine *e, struct sip_client *c)
{
	struct sip_client *cancel;

	if (!read_own(e, c))
		return;
	buf_reset(&e->out);
	sip_print_same_branch(&e->out, "CANCEL", &e->own, NULL, slice_str(c->cancel_headers));
	cancel = sip_client_new(e, SIP_CANCEL, c->branch, &c->flow);
	if (!cancel) {
		timer_arm(e->timers, &c->send, e->now + e->t1);
		return;
	}
	cancel->internal = true;
	c->cancelled = true;
	/* RFC 3261 §9.1: a server that never ends the INVITE is not waited for. */
	timer_arm(e->timers, &c->end, e->now + 64 * e->t1);
}

static void resend_ack(struct sip_engine *e, const struct sip_client_fork *fork)
{
	if (!fork->ack)
		return;
	sip_count(e, SIP_COUNT_RETRANSMITS_OUT);
	if (effects_send(e->effects, &fork->flow, slice_of(fork->ack, fork->ack_n)))
		sip_count(e, SIP_COUNT_NO_MEMORY);
}

static struct sip_client_fork *find_fork(struct sip_client *c, struct slice tag)
{
	size_t i;

	for (i = 0; i < c->nforks; i++)
		if (slice_eq(slice_str(c->forks[i].tag), tag))
			return &c->forks[i];
	return NULL;
}

void sip_client_keep(struct sip_client *c)
{
	c->kept = true;
}

enum sip_method sip_client_method(const struct sip_client *c)
{
	return c->method;
}

void sip_client_set_user(struct sip_client *c, void *user)
{
	c->user = user;
}

void sip_client_put(struct sip_engine *e, u64 now, struct sip_client *c)
{
	c->kept = false;
	if (c->overdue)
		timer_arm(e->timers, &c->end, now);
}

void sip_client_leave(struct sip_engine *e, u64 now, struct sip_client *c)
{
	c->left = true;
	if (c->method == SIP_INVITE && c->state == SIP_CLIENT_PROCEEDING && !c->cancelled)
		timer_arm(e->timers, &c->end, now + 64 * e->t1);
}

int sip_ack(struct sip_engine *e, u64 now, struct sip_client *c, struct sip_dialog *dialog,
	    const struct sip_content *content)
{
	struct sip_client_fork *fork;
	char *ack;
	size_t n;
	int err;

	if (c->state != SIP_CLIENT_ACCEPTED)
		return -ENOENT;
	fork = find_fork(c, slice_str(dialog->remote_tag));
	if (!fork)
		return -ENOENT;
	e->now = now;
	err = sip_dialog_print(e, dialog, &dialog->flow, SIP_ACK, c->cseq, NULL, content);
	if (!err)
		err = sip_engine_send(e, &dialog->flow, &ack, &n);
	if (err)
		return err;
	sip_count(e, SIP_COUNT_REQUESTS_OUT);
	sip_tally_request(&e->tally, SIP_OUT, SIP_ACK);
	free(fork->ack);
	fork->ack = ack;
	fork->ack_n = n;
	fork->flow = dialog->flow;
	sip_client_put(e, now, c);
	return 0;
}

int sip_cancel(struct sip_engine *e, u64 now, struct sip_client *c, struct slice headers)
{
	if (c->method != SIP_INVITE || is_final(c))
		return -EINVAL;
	if (c->cancel_wanted)
		return 0;
	c->cancel_headers = slice_dup(headers);		/* without memory it goes without */
	e->now = now;
	c->cancel_wanted = true;
	if (c->state == SIP_CLIENT_PROCEEDING)
		send_cancel(e, c);
	return 0;
}

/* --- an INVITE that outlives the daemon --- */

char *sip_invite_save(struct sip_engine *e, const struct sip_client *c, struct flow *flow)
{
	if (c->method != SIP_INVITE || is_final(c) || !read_own(e, c))
		return NULL;
	buf_reset(&e->out);
	sip_print_same_branch(&e->out, "INVITE", &e->own, NULL, SLICE(""));
	*flow = c->flow;
	return e->out.failed ? NULL : slice_dup(buf_slice(&e->out));
}

static bool is_invite_of(const struct sip_msg *msg, const struct sip_dialog *d)
{
	return msg->request && msg->method == SIP_INVITE && msg->via.branch.n &&
	       msg->via.branch.n < sizeof(((struct sip_client *)NULL)->branch) &&
	       slice_eq(msg->from.tag, slice_str(d->local_tag)) &&
	       slice_eq(msg->call_id, slice_str(d->call_id));
}

struct sip_client *sip_invite_restore(struct sip_engine *e, struct slice text,
				      const struct sip_dialog *d, void *user)
{
	struct sip_client *c;
	struct sip_error err;
	char branch[sizeof(c->branch)];

	if (sip_parse(text, &e->own, &err) || !is_invite_of(&e->own, d))
		return NULL;
	slice_copy(branch, sizeof(branch), e->own.via.branch);
	c = make_client(e, SIP_INVITE, branch, &d->flow);
	if (!c)
		return NULL;
	c->state = SIP_CLIENT_PROCEEDING;
	c->bytes = slice_dup(text);
	c->n = text.n;
	c->cseq = e->own.cseq;
	c->user = user;
	strcpy(c->local_tag, d->local_tag);
	if (c->bytes)
		return c;
	sip_client_free(e, c);
	return NULL;
}

/* --- responses --- */

static bool take_success(struct sip_engine *e, struct sip_client *c, const struct sip_msg *msg)
{
	struct sip_client_fork *fork = find_fork(c, msg->to.tag);

	if (fork) {
		sip_count(e, SIP_COUNT_RETRANSMITS_IN);
		resend_ack(e, fork);
		return false;
	}
	if (!add_fork(c, msg->to.tag)) {
		sip_count(e, SIP_COUNT_FORKS_DROPPED);
		return false;
	}
	if (c->state != SIP_CLIENT_ACCEPTED)
		enter_ended(e, c, SIP_CLIENT_ACCEPTED, 64 * e->t1);
	return true;
}

static bool invite_response(struct sip_engine *e, struct sip_client *c, const struct sip_msg *msg)
{
	if (c->state == SIP_CLIENT_COMPLETED) {
		if (msg->status < 300)
			return false;
		sip_count(e, SIP_COUNT_RETRANSMITS_IN);
		if (c->nforks)
			resend_ack(e, &c->forks[0]);
		return false;
	}
	if (msg->status >= 200 && msg->status < 300)
		return take_success(e, c, msg);
	if (c->state == SIP_CLIENT_ACCEPTED)
		return false;
	if (msg->status >= 300) {
		acknowledge_failure(e, c, msg);
		enter_ended(e, c, SIP_CLIENT_COMPLETED, linger(e, c, TIMER_D));
		return true;
	}
	timer_disarm(e->timers, &c->send);
	if (c->state == SIP_CLIENT_CALLING && !c->left)
		timer_disarm(e->timers, &c->end);
	c->state = SIP_CLIENT_PROCEEDING;
	if (c->cancel_wanted && !c->cancelled)
		send_cancel(e, c);
	return true;
}

static bool other_response(struct sip_engine *e, struct sip_client *c, const struct sip_msg *msg)
{
	if (c->state == SIP_CLIENT_COMPLETED) {
		sip_count(e, SIP_COUNT_RETRANSMITS_IN);
		return false;
	}
	if (msg->status >= 200) {
		enter_ended(e, c, SIP_CLIENT_COMPLETED, linger(e, c, e->t4));
		return true;
	}
	c->state = SIP_CLIENT_PROCEEDING;
	return true;
}

static bool is_ours(struct sip_engine *e, const struct sip_client *c, const struct sip_via *via)
{
	const struct addr *sent_by = sip_engine_sent_by(e, c->flow.listener);
	struct addr host;

	return slice_eq(slice_str(c->branch), via->branch) && !is_final(c) &&
	       addr_parse_ip(via->host, &host) && addr_ip_eq(&host, sent_by) &&
	       (via->port ? via->port : 5060) == sent_by->port;
}

bool sip_client_sent(struct sip_engine *e, const struct sip_via *via)
{
	struct hash_node *node = hash_first(&e->clients, branch_hash(e, via->branch));

	for (; node; node = hash_next(node))
		if (is_ours(e, hash_entry(node, struct sip_client, node), via))
			return true;
	return false;
}

bool sip_client_response(struct sip_engine *e, struct sip_client *c, const struct sip_msg *msg)
{
	bool tell;

	tell = c->method == SIP_INVITE ? invite_response(e, c, msg) : other_response(e, c, msg);
	return tell && !c->internal;
}

/* --- timers and failures --- */

static void send_due(struct sip_engine *e, struct sip_client *c)
{
	if (c->cancel_wanted && !c->cancelled && c->state == SIP_CLIENT_PROCEEDING) {
		send_cancel(e, c);
		return;
	}
	sip_count(e, SIP_COUNT_RETRANSMITS_OUT);
	if (effects_send(e->effects, &c->flow, slice_of(c->bytes, c->n)))
		sip_count(e, SIP_COUNT_NO_MEMORY);
	c->interval *= 2;
	if (c->method != SIP_INVITE &&
	    (c->interval > e->t2 || c->state == SIP_CLIENT_PROCEEDING))
		c->interval = e->t2;
	timer_arm(e->timers, &c->send, e->now + c->interval);
}

static void tell_end(struct sip_engine *e, struct sip_client *c, enum sip_event_type type,
		     struct sip_event *event)
{
	enter_ended(e, c, SIP_CLIENT_TERMINATED, 0);
	if (c->internal)
		return;
	event->type = type;
	event->flow = c->flow;
	event->client = c;
	event->dialog = sip_dialog_by_tag(e, c->local_tag);
	event->user = c->user;
}

void sip_client_timer(struct sip_engine *e, struct sip_client *c, u32 kind,
		      struct sip_event *event)
{
	if (kind == SIP_TIMER_CLIENT_SEND) {
		send_due(e, c);
		return;
	}
	c->overdue = c->kept;
	if (c->overdue)
		return;
	if (is_final(c)) {
		sip_client_free(e, c);
		return;
	}
	sip_count(e, SIP_COUNT_TIMEOUTS);
	tell_end(e, c, SIP_EVENT_TIMEOUT, event);
}

/* An INVITE that rings has arrived: nothing of ours is on its way. */
static bool is_sending(const struct sip_client *c)
{
	return c->state == SIP_CLIENT_CALLING ||
	       (c->state == SIP_CLIENT_PROCEEDING && c->method != SIP_INVITE);
}

/* Who knows a connection waits for that one; who knows none, for whichever leads to its peer. */
static bool is_over(const struct sip_client *c, const struct flow *flow)
{
	if (c->flow.listener != flow->listener)
		return false;
	if (c->flow.connection && c->flow.connection == flow->connection)
		return true;
	return (!c->flow.connection || !flow->connection) && addr_eq(&c->flow.peer, &flow->peer);
}

void sip_engine_unreachable(struct sip_engine *e, u64 now, const struct flow *flow,
			    struct sip_event *event)
{
	struct list *at;

	e->now = now;
	*event = (struct sip_event){ .type = SIP_EVENT_NONE };
	for (at = e->all_clients.next; at != &e->all_clients; at = at->next) {
		struct sip_client *c = list_entry(at, struct sip_client, all);

		if (!is_sending(c) || !is_over(c, flow))
			continue;
		if (sip_large_fallback(e, c))
			continue;
		sip_count(e, SIP_COUNT_UNREACHABLE);
		tell_end(e, c, SIP_EVENT_FAILED, event);
		if (event->type != SIP_EVENT_NONE)
			return;
	}
}
