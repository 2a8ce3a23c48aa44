// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reliable provisional responses (RFC 3262). Sending: each dialog of an INVITE has
 * a queue of them, for the caller sees each To-tag as a user agent with RSeq numbers
 * of its own. Only the head is under way; its PRACK takes it off and makes the timer
 * due at once, so that the next one follows whatever the call says to the PRACK.
 * Queues are on the lists of their transaction and of their dialog, and go with
 * either. Receiving: a dialog remembers the response taken last, and takes the next
 * only when its PRACK was sent; dropping one is no more than a loss on the way.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "sip/core.h"

/* Of one dialog of one INVITE. */
struct sip_reliable {
	struct list of_server, of_dialog;
	struct sip_server *server;
	struct sip_dialog *dialog;
	struct timer timer;		/* of the head */
	struct list queue;		/* struct response */
	size_t n;
	u32 rseq;			/* given last */
	u64 interval, end;
};

struct response {
	struct list node;
	u32 rseq;
	u16 status;
	bool sent;
	size_t n;
	char bytes[];
};

/* --- queues --- */

static struct response *head_of(const struct sip_reliable *r)
{
	return list_empty(&r->queue) ? NULL : list_entry(r->queue.next, struct response, node);
}

static struct sip_reliable *find(const struct sip_server *s, const struct sip_dialog *d)
{
	struct list *at;

	for (at = s->reliable.next; at != &s->reliable; at = at->next) {
		struct sip_reliable *r = list_entry(at, struct sip_reliable, of_server);

		if (r->dialog == d)
			return r;
	}
	return NULL;
}

static struct sip_reliable *new_queue(struct sip_engine *e, struct sip_server *s,
				      struct sip_dialog *d)
{
	struct sip_reliable *r = zalloc(sizeof(*r));

	if (!r)
		return NULL;
	if (timers_reserve(e->timers, 1)) {
		free(r);
		return NULL;
	}
	r->server = s;
	r->dialog = d;
	r->timer = (struct timer){ .kind = SIP_TIMER_RELIABLE, .owner = r };
	/* The first is in 1 .. 2^31 - 1: it never wraps around (RFC 3262 §3). */
	r->rseq = (u32)(sip_engine_random(e) % INT32_MAX);
	list_init(&r->queue);
	list_add_tail(&s->reliable, &r->of_server);
	list_add_tail(&d->priv->reliable, &r->of_dialog);
	return r;
}

static void drop(struct sip_reliable *r, struct response *response)
{
	list_del(&response->node);
	free(response);
	r->n--;
}

static void free_queue(struct sip_engine *e, struct sip_reliable *r)
{
	while (r->n)
		drop(r, head_of(r));
	timer_disarm(e->timers, &r->timer);
	timers_release(e->timers, 1);
	list_del(&r->of_server);
	list_del(&r->of_dialog);
	free(r);
}

void sip_reliable_forget_server(struct sip_engine *e, struct sip_server *s)
{
	while (!list_empty(&s->reliable))
		free_queue(e, list_entry(s->reliable.next, struct sip_reliable, of_server));
}

void sip_reliable_forget_dialog(struct sip_engine *e, struct sip_dialog *d)
{
	while (!list_empty(&d->priv->reliable))
		free_queue(e, list_entry(d->priv->reliable.next, struct sip_reliable,
					 of_dialog));
}

/* --- sending --- */

/* What e->out holds, at the end of the queue. NULL: no memory. */
static struct response *append(struct sip_engine *e, struct sip_reliable *r, u16 status)
{
	struct slice bytes = buf_slice(&e->out);
	struct response *response;

	response = e->out.failed ? NULL : malloc(sizeof(*response) + bytes.n);
	if (!response)
		return NULL;
	memcpy(response->bytes, bytes.p, bytes.n);
	response->n = bytes.n;
	response->status = status;
	response->sent = false;
	response->rseq = r->rseq + 1;
	list_add_tail(&r->queue, &response->node);
	r->n++;
	return response;
}

/* It is the one that answers an INVITE that comes again, too. */
static int send_first(struct sip_engine *e, struct sip_reliable *r, struct response *response)
{
	struct slice bytes = slice_of(response->bytes, response->n);
	struct sip_server *s = r->server;
	char *kept = slice_dup(bytes);

	if (!kept || effects_send(e->effects, &s->reply, bytes)) {
		free(kept);
		return -ENOMEM;
	}
	free(s->response);
	s->response = kept;
	s->response_n = response->n;
	response->sent = true;
	r->interval = e->t1;
	r->end = e->now + 64 * e->t1;
	timer_arm(e->timers, &r->timer, e->now + r->interval);
	sip_server_proceed(e, s);
	sip_count(e, SIP_COUNT_RESPONSES_OUT);
	sip_tally_response(&e->tally, SIP_OUT, SIP_INVITE, response->status);
	return 0;
}

int sip_respond_reliable(struct sip_engine *e, u64 now, struct sip_server *s,
			 struct sip_dialog *d, u16 status, const char *reason,
			 const struct sip_content *content)
{
	struct response *response;
	struct sip_reliable *r;

	if (s->method != SIP_INVITE || s->state >= SIP_SERVER_COMPLETED || !d ||
	    status < 101 || status > 199)
		return -EINVAL;
	if (!sip_msg_supports(s->request, "100rel"))
		return -EOPNOTSUPP;
	e->now = now;
	r = find(s, d);
	if (!r)
		r = new_queue(e, s, d);
	if (!r)
		return -ENOMEM;
	if (r->n == SIP_MAX_RELIABLE)
		return -ENOBUFS;
	sip_server_print(e, s, d, status, reason, content, r->rseq + 1);
	response = append(e, r, status);
	if (!response)
		return -ENOMEM;
	if (r->n == 1 && send_first(e, r, response)) {
		drop(r, response);
		return -ENOMEM;
	}
	r->rseq++;
	return 0;
}

size_t sip_server_unacknowledged(const struct sip_server *s, const struct sip_dialog *d)
{
	struct list *at;
	size_t n = 0;

	for (at = s->reliable.next; at != &s->reliable; at = at->next) {
		const struct sip_reliable *r = list_entry(at, struct sip_reliable, of_server);

		n += !d || r->dialog == d ? r->n : 0;
	}
	return n;
}

static void stop_queue(struct sip_engine *e, struct sip_reliable *r)
{
	struct response *head = head_of(r);

	timer_disarm(e->timers, &r->timer);
	while (r->n > 1)
		drop(r, list_entry(r->queue.prev, struct response, node));
	if (head && !head->sent)
		drop(r, head);
}

void sip_reliable_stop(struct sip_engine *e, struct sip_server *s)
{
	struct list *at;

	for (at = s->reliable.next; at != &s->reliable; at = at->next)
		stop_queue(e, list_entry(at, struct sip_reliable, of_server));
}

/* --- PRACK --- */

static bool acknowledges(const struct sip_reliable *r, u32 rseq, u32 cseq)
{
	const struct response *head = head_of(r);

	return head && head->sent && head->rseq == rseq && r->server->cseq == cseq;
}

static void advance(struct sip_engine *e, struct sip_reliable *r)
{
	drop(r, head_of(r));
	timer_disarm(e->timers, &r->timer);
	if (r->n)
		timer_arm(e->timers, &r->timer, e->now);
}

struct sip_server *sip_reliable_acked(struct sip_engine *e, struct sip_dialog *d,
				      const struct sip_msg *prack)
{
	const struct sip_hdr *hdr = sip_msg_header(prack, SIP_HDR_RACK);
	struct slice method;
	struct list *at;
	u32 rseq, cseq;

	if (!hdr || !sip_parse_rack(hdr->value, &rseq, &cseq, &method) ||
	    sip_method_of(method) != SIP_INVITE)
		return NULL;
	for (at = d->priv->reliable.next; at != &d->priv->reliable; at = at->next) {
		struct sip_reliable *r = list_entry(at, struct sip_reliable, of_dialog);

		if (!acknowledges(r, rseq, cseq))
			continue;
		advance(e, r);
		return r->server;
	}
	return NULL;
}

/* --- time --- */

static void send_again(struct sip_engine *e, struct sip_reliable *r,
		       const struct response *response)
{
	u64 next;

	sip_count(e, SIP_COUNT_RETRANSMITS_OUT);
	if (effects_send(e->effects, &r->server->reply, slice_of(response->bytes, response->n)))
		sip_count(e, SIP_COUNT_NO_MEMORY);
	r->interval *= 2;	/* T2 is no limit here */
	next = e->now + r->interval;
	timer_arm(e->timers, &r->timer, next < r->end ? next : r->end);
}

/* Without memory the first time it is as if it were lost. */
static void begin(struct sip_engine *e, struct sip_reliable *r, struct response *response)
{
	if (!send_first(e, r, response))
		return;
	sip_count(e, SIP_COUNT_NO_MEMORY);
	timer_arm(e->timers, &r->timer, e->now + e->t1);
}

void sip_reliable_timer(struct sip_engine *e, void *owner, struct sip_event *event)
{
	struct sip_reliable *r = owner;
	struct response *head = head_of(r);

	if (!head->sent) {
		begin(e, r, head);
		return;
	}
	if (e->now < r->end) {
		send_again(e, r, head);
		return;
	}
	stop_queue(e, r);
	sip_count(e, SIP_COUNT_NO_PRACK);
	if (!r->server->held)
		return;
	event->type = SIP_EVENT_NO_PRACK;
	event->flow = r->server->source;
	event->server = r->server;
	event->dialog = r->dialog;
	event->user = r->server->user;
}

/* --- receiving --- */

/* 0: it is not reliable. */
static u32 rseq_of(const struct sip_msg *msg)
{
	const struct sip_hdr *hdr;
	u32 rseq;

	if (msg->method != SIP_INVITE || msg->status <= 100 || msg->status >= 200 ||
	    !msg->to.tag.n)
		return 0;
	hdr = sip_msg_header(msg, SIP_HDR_RSEQ);
	if (!hdr || !slice_u32(hdr->value, &rseq) || !sip_msg_requires(msg, "100rel"))
		return 0;
	return rseq;
}

enum sip_rseq sip_rseq_of(const struct sip_dialog *d, const struct sip_msg *msg)
{
	u32 rseq = rseq_of(msg);

	if (!rseq)
		return SIP_RSEQ_UNRELIABLE;
	if (!d || !d->rack.rseq || d->rack.cseq != msg->cseq)
		return SIP_RSEQ_NEXT;
	return !d->rack.owed && rseq == d->rack.rseq + 1 ? SIP_RSEQ_NEXT : SIP_RSEQ_AGAIN;
}

void sip_rseq_take(struct sip_dialog *d, const struct sip_msg *msg)
{
	d->rack = (struct sip_rack){ .rseq = rseq_of(msg), .cseq = msg->cseq, .owed = true };
}
