// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The relay with sockets, for hosts without the module: plain RTP, one
 * descriptor a port, in the loop of whoever opened it. It keeps the module's
 * rules (source check, latching, counters, events), so that callers see one
 * interface; its sessions live as long as it does. Events wait in a ring that
 * is allocated with the relay: packets cause them, and must not cause
 * allocations. When it is full, what is lost is told, and the caller reads the
 * sessions anew.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/timer.h"
#include "media/user_private.h"

#define IDLE_MS 250
#define IDLE_MANY_MS 1000
#define MANY 4096		/* sessions, from which on idle ends are looked for less often */

static struct user_relay *user_of(struct media_relay *relay)
{
	return (struct user_relay *)relay;	/* its first member */
}

int user_fail(struct media_error *err, int code, const char *text)
{
	err->code = -code;
	snprintf(err->text, sizeof(err->text), "%s", text);
	return code;
}

/* --- events --- */

/* The number is taken also of an event that is lost. */
static struct media_event *push_event(struct user_relay *r, enum media_event_type type,
				      u64 session)
{
	struct media_event *event = &r->events[(r->head + r->nevents) % USER_EVENTS];

	r->sequence++;
	eventfd_write(r->bell, 1);
	if (r->nevents == USER_EVENTS) {
		r->lost = true;
		return NULL;
	}
	r->nevents++;
	*event = (struct media_event){
		.type = type, .owner = r->owner, .session = session, .sequence = r->sequence,
	};
	return event;
}

/* pkt: of which remote and SSRC are news, or NULL. */
void user_tell(struct user_relay *r, enum media_event_type type, const struct user_end *end,
	       const struct user_packet *pkt)
{
	struct media_event *event = push_event(r, type, end->session->plan->session);

	if (!event)
		return;
	event->end = end->conf->id;
	if (pkt && type == MEDIA_EVENT_SSRC)
		event->ssrc = pkt->ssrc;
	else if (pkt)
		event->remote = pkt->source;
}

static int user_event_fd(const struct media_relay *relay)
{
	return ((const struct user_relay *)relay)->bell;
}

static int user_event_next(struct media_relay *relay, struct media_event *event)
{
	struct user_relay *r = user_of(relay);
	eventfd_t rung;

	if (r->lost) {
		r->lost = false;
		*event = (struct media_event){ .type = MEDIA_EVENT_LOST, .owner = r->owner };
		return 1;
	}
	if (!r->nevents) {
		eventfd_read(r->bell, &rung);
		return 0;
	}
	*event = r->events[r->head];
	r->head = (r->head + 1) % USER_EVENTS;
	r->nevents--;
	return 1;
}

/* --- idle ends --- */

static void check_idle(struct user_relay *r, struct user_end *end, u64 now)
{
	u64 idle = end->conf->idle_ms * NSEC_PER_MSEC;

	if (!idle || end->timed_out || now - end->stats.last_rx < idle)
		return;
	end->timed_out = true;
	user_tell(r, MEDIA_EVENT_TIMED_OUT, end, NULL);
}

static void look_for_idle(uv_timer_t *timer)
{
	struct user_relay *r = timer->data;
	u64 now = uv_hrtime();
	struct list *at;
	size_t i;

	for (at = r->sessions.next; at != &r->sessions; at = at->next) {
		struct user_session *session = list_entry(at, struct user_session, list);

		for (i = 0; i < session->nends; i++)
			check_idle(r, session->ends[i], now);
	}
	if (!list_empty(&r->sessions))
		uv_timer_start(timer, look_for_idle, r->table.n > MANY ? IDLE_MANY_MS : IDLE_MS, 0);
}

/* --- sessions --- */

static u64 hash_of(const struct user_relay *r, u64 id)
{
	struct hasher h;

	hash_begin(&h, &r->key);
	hash_add_u64(&h, id);
	return hash_end(&h);
}

static struct user_session *find_session(const struct user_relay *r, u64 id)
{
	struct hash_node *node;

	for (node = hash_first(&r->table, hash_of(r, id)); node; node = hash_next(node)) {
		struct user_session *session = hash_entry(node, struct user_session, node);

		if (session->plan->session == id)
			return session;
	}
	return NULL;
}

static int no_session(struct media_error *err)
{
	return user_fail(err, -ENOENT, "there is no such session");
}

static int new_session(struct user_relay *r, struct media_plan *plan,
		       struct media_error *err)
{
	struct user_session *session = zalloc(sizeof(*session));
	int rc;

	if (!session)
		return user_fail(err, -ENOMEM, "out of memory");
	session->created = uv_hrtime();
	rc = user_session_apply(r, session, plan, err);
	if (rc) {
		free(session);
		return rc;
	}
	hash_insert(&r->table, &session->node, hash_of(r, plan->session));
	list_add_tail(&r->sessions, &session->list);
	if (!uv_is_active((uv_handle_t *)&r->idle))
		uv_timer_start(&r->idle, look_for_idle, IDLE_MS, 0);
	return 0;
}

static int user_apply(struct media_relay *relay, const struct media_plan *old,
		      struct media_plan *plan, struct media_error *err)
{
	struct user_relay *r = user_of(relay);
	struct user_session *session = find_session(r, plan->session);

	if (old)
		return session ? user_session_apply(r, session, plan, err) : no_session(err);
	if (session)
		return user_fail(err, -EEXIST, "there is a session of this id");
	return new_session(r, plan, err);
}

static void fill_end(const struct user_end *end, u64 now, struct media_end_figures *out)
{
	*out = (struct media_end_figures){
		.id = end->conf->id,
		.local = end->conf->local,
		.remote = end->latch.remote,
		.latched = end->latch.locked,
		.timed_out = end->timed_out,
	};
	user_stats_figures(&end->stats, now, out);
}

static void fill_figures(const struct user_session *session, struct media_figures *out)
{
	u64 now = uv_hrtime();
	size_t i;

	out->session = session->plan->session;
	out->age_ms = (now - session->created) / NSEC_PER_MSEC;
	out->nends = session->nends;
	for (i = 0; i < session->nends; i++)
		fill_end(session->ends[i], now, &out->ends[i]);
}

static int user_get(struct media_relay *relay, u64 id, struct media_figures *figures,
		    struct media_error *err)
{
	struct user_session *session = find_session(user_of(relay), id);

	if (!session)
		return no_session(err);
	if (figures)
		fill_figures(session, figures);
	return 0;
}

static void drop_session(struct user_relay *r, struct user_session *session)
{
	hash_remove(&r->table, &session->node);
	list_del(&session->list);
	user_session_free(session);
}

static int user_remove(struct media_relay *relay, u64 id, struct media_figures *figures,
		       struct media_error *err)
{
	struct user_relay *r = user_of(relay);
	struct user_session *session = find_session(r, id);

	if (!session)
		return no_session(err);
	if (figures)
		fill_figures(session, figures);
	drop_session(r, session);
	return 0;
}

static int user_each(struct media_relay *relay,
		     void (*each)(void *arg, const struct media_figures *figures, u64 digest),
		     void *arg, struct media_error *err)
{
	struct user_relay *r = user_of(relay);
	struct media_figures *figures = malloc(sizeof(*figures));
	struct list *at, *next;

	if (!figures)
		return user_fail(err, -ENOMEM, "out of memory");
	for (at = r->sessions.next; at != &r->sessions; at = next) {
		struct user_session *session = list_entry(at, struct user_session, list);

		next = at->next;	/* it may be removed by who hears of it */
		fill_figures(session, figures);
		each(arg, figures, session->plan->digest);
	}
	free(figures);
	return 0;
}

/* --- the relay --- */

static void relay_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void user_close(struct media_relay *relay)
{
	struct user_relay *r = user_of(relay);

	while (!list_empty(&r->sessions))
		drop_session(r, list_entry(r->sessions.next, struct user_session, list));
	hash_free(&r->table);
	user_burst_free(&r->burst);
	close(r->bell);
	uv_timer_stop(&r->idle);
	uv_close((uv_handle_t *)&r->idle, relay_closed);
}

static const struct media_relay_ops user_ops = {
	.name = "userspace",
	.close = user_close,
	.apply = user_apply,
	.remove = user_remove,
	.get = user_get,
	.each = user_each,
	.event_fd = user_event_fd,
	.event_next = user_event_next,
};

int media_user_open(struct media_relay **out, struct uv_loop_s *loop, u64 owner,
		    struct media_error *err)
{
	struct user_relay *r = zalloc(sizeof(*r));

	memset(err, 0, sizeof(*err));
	if (!r)
		return user_fail(err, -ENOMEM, "out of memory");
	r->relay.ops = &user_ops;
	r->loop = loop;
	r->owner = owner;
	list_init(&r->sessions);
	r->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (r->bell < 0) {
		user_fail(err, -errno, "no descriptor for events");
		goto err_relay;
	}
	if (getrandom(&r->key, sizeof(r->key), 0) != sizeof(r->key) ||
	    user_burst_init(&r->burst)) {
		user_fail(err, -ENOMEM, "out of memory");
		goto err_bell;
	}
	if (hash_init(&r->table)) {
		user_fail(err, -ENOMEM, "out of memory");
		goto err_burst;
	}
	uv_timer_init(loop, &r->idle);
	r->idle.data = r;
	*out = &r->relay;
	return 0;

err_burst:
	user_burst_free(&r->burst);
err_bell:
	close(r->bell);
err_relay:
	free(r);
	return -err->code;
}
